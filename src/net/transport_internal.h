#ifndef VALISE_NET_TRANSPORT_INTERNAL_H
#define VALISE_NET_TRANSPORT_INTERNAL_H

#include "valise/base/clock.h"
#include <gnutls/gnutls.h>
#include "valise/net/guard.h"
#include "valise/net/proxy.h"
#include "valise/net/rate.h"
#include "valise/net/transport.h"

/* one recv; GnuTLS would ask for 5 bytes, then for a record */
#define SOCKET_BUFFER 65536
#define STREAM_BUFFER 8192 /* libetpan moves its buffer after each line: small is fast */
#define PEEK_BUFFER 4096
#define TAIL_SIZE 512
/* how soon a request to stop is noticed by a thread that got no signal */
#define STOP_SLICE_MS 200

/* Finds "{123}", "{123+}", "~{123}" at the end of a line; a byte at a time. */
struct literal_scan {
	int state;
	unsigned digits;
	uint64_t n; /* saturated */
};
void literal_scan_byte(struct literal_scan *s, char c);
/* At LF: true if the line ended with a literal of s->n octets. Starts over. */
bool literal_scan_end(struct literal_scan *s);

/* What comes in, looked at for its limits (see valise/net/transport.h). */
struct inbound {
	struct literal_scan scan;
	uint64_t literal; /* octets of the current literal still to come */
	/*
	 * octets outside bodies since the last write or answer, and what their lines cost
	 */
	uint64_t plain;
	uint64_t idle; /* octets of untagged OK, NO and BAD since the last write */
	uint64_t line; /* octets of the response so far */
	unsigned depth; /* of parentheses, outside of quotes */
	bool quoted, escaped;
	bool body; /* the brace just seen stood after a FETCH item that is streamed */
	char head[32]; /* how the response begins */
	size_t head_len;
	char recent[16]; /* ring of the last bytes of the line */
	unsigned at;
};
/* 0, or ERR_LIMIT with the reason in ${err}. */
int inbound_take(struct inbound *in, const char *p, size_t n, struct err *err) MUST_CHECK;

/* One direction of the trace. */
struct trace_line {
	char mark; /* 'C' or 'S' */
	struct literal_scan scan;
	char text[400];
	size_t kept, len;
	uint64_t literal;
	bool continued, redact;
	bool secret; /* redaction was on at some time during this line */
	uint64_t hidden; /* lines of a message not shown */
};
struct trace {
	FILE *out; /* NULL: off */
	int id;
	bool imap;
	bool bodies; /* POP3: lines of messages may come */
	struct trace_line sent, received;
};
void trace_start(struct trace *t, FILE *out, int id, bool imap);
void trace_note(struct trace *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
void trace_sent(struct trace *t, const char *p, size_t n, bool secret);
void trace_received(struct trace *t, const char *p, size_t n, bool secret);

struct squeeze;

struct transport {
	char *host, *address, *ca_file, *pin, *proxy;
	char via[PROXY_NAME_SIZE]; /* whose words come, until the server's do; else "" */
	char where[300]; /* host:port for messages */
	uint16_t port;
	enum security security;
	int connect_timeout_ms, idle_timeout_ms;
	int64_t silence_ms; /* that is waited for now: transport_patient */
	unsigned tag_first,
	        tag_last; /* whose tagged lines end what is waited for: transport_tags */
	struct progress *progress;
	struct rate *rate;
	int fd;
	int io_errno; /* of the last socket call under GnuTLS */
	int64_t deadline; /* of the handshake, 0: none */
	struct err error;
	bool timed_out;
	bool asked_tls; /* no greeting came: whether the port begins with TLS was tried */
	bool waited_out; /* the error is that of a wait, however it ended */
	bool swallowed; /* the error is that of transport_tags */
	gnutls_session_t tls;
	gnutls_certificate_credentials_t trust;
	char describe[64];
	struct squeeze *deflate;
	uint8_t raw[SOCKET_BUFFER]; /* from the socket, not yet asked for */
	size_t raw_pos, raw_len;
	uint8_t peek[PEEK_BUFFER]; /* plain, read ahead by transport_readable */
	size_t peek_pos, peek_len;
	char tail[TAIL_SIZE]; /* the last plain bytes received */
	size_t tail_len;
	uint64_t in, out;
	uint64_t written_at; /* in + out at the last plain write */
	int64_t waited_ms; /* for the peer, since then */
	bool secret;
	struct guard guard;
	struct inbound inbound;
	struct trace trace;
	struct buf *tee; /* NULL: none */
	mailstream *stream;
};

/* Set the sticky error (the first one stays) with "host:port: " before it; returns -1. */
int transport_fail(struct transport *t, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* As it is; returns -1. */
int transport_fail_with(struct transport *t, const struct err *err);

/* In a literal, and what came last is the tagged line that was to come after it. */
bool literal_swallowed(const struct transport *t);

/*
 * resolve.c: the addresses of ${host}, for freeaddrinfo; until ${deadline} (clock_ms). -1
 * with the sticky error.
 */
struct addrinfo;
int net_resolve(struct transport *t, const char *host, uint16_t port, int64_t deadline,
        struct addrinfo **out);
/*
 * connect.c: t->fd becomes a connected non-blocking socket, to the server, through
 * t->proxy where there is one.
 */
int net_connect(struct transport *t);
int net_connect_to(struct transport *t, const char *host, uint16_t port);
/* tunnel.c: the same through t->proxy. */
int net_tunnel(struct transport *t);
/*
 * Waiting for the peer: idle_timeout_ms at a time, and since the last write in all as
 * long as patience_ms (patience.h) allows for what moved. So a peer that gives 100 octets
 * a second is waited for as long as the answer may be, one that gives 12 is not.
 */
int net_wait_idle(struct transport *t, short events);

/* tls.c, and verify.c with the check of the certificate. */
int tls_start(struct transport *t);
void tls_end(struct transport *t);
int tls_verify(gnutls_session_t session);

/*
 * wire.c: bytes as they cross the socket, TLS taken off. recv: > 0, 0 nothing there yet
 * (wait false), -1 sticky error; the end of the stream is an error. send: all or -1.
 */
ssize_t tls_recv(struct transport *t, void *p, size_t n, bool wait);
int tls_send(struct transport *t, const void *p, size_t n);
ssize_t wire_recv(struct transport *t, void *p, size_t n, bool wait);
int wire_send(struct transport *t, const void *p, size_t n);
/* One recv into t->raw, which must be empty: as sys_recv. */
ssize_t wire_fill(struct transport *t);
ssize_t wire_push(struct transport *t, const void *p, size_t n);
/* The peer closed: the sticky error, with its last words where it said BYE or -ERR. */
int wire_closed(struct transport *t);

/* squeeze.c; same results. */
struct squeeze *squeeze_new(void);
void squeeze_free(struct squeeze *d);
/* Compressed bytes that were read before the switch; false when too many. */
bool squeeze_feed(struct squeeze *d, const void *p, size_t n);
ssize_t squeeze_recv(struct transport *t, void *p, size_t n, bool wait);
int squeeze_send(struct transport *t, const void *p, size_t n);

/* transport.c: plain bytes, guarded, traced, bounded; same results. */
ssize_t plain_recv(struct transport *t, void *p, size_t n, bool wait);
int plain_send(struct transport *t, const void *p, size_t n);

/* stream.c: NULL-safe; the stream forgets its transport. */
void stream_end(struct transport *t);

#endif
