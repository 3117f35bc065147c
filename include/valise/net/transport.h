#ifndef VALISE_NET_TRANSPORT_H
#define VALISE_NET_TRANSPORT_H

#include <stdint.h>
#include <stddef.h>
#include <stdbool.h>
#include <libetpan/mailstream.h>
#include "valise/base/buf.h"
#include "valise/base/err.h"
#include "valise/base/progress.h"
#include "valise/base/service.h"
#include "valise/base/guard_role.h"

/*
 * One verified connection: TCP (IPv6, then IPv4), TLS 1.2 or later with chain and host
 * name checked inside the handshake (RFC 5280, RFC 6125, RFC 8314), the wire guard over
 * every outgoing command, byte counters and the redacted trace. It is driven either
 * directly (transport_read, transport_write) or through the mailstream that libetpan
 * reads from. One thread at a time.
 *
 * Errors are sticky: after the first, every call fails with the same one.
 *
 * What an IMAP server can make us hold is bounded here, because libetpan keeps every
 * octet outside a streamed literal until the tagged line: 64 MiB of such octets (a line
 * counts for 128 more, one of LIST for 384) since our last write or the last whole
 * answer, and a literal of more than 1 MiB only as a BODY, BINARY or RFC822 item of a
 * FETCH response, below 4 GiB (libetpan counts in 32 bits). More is ERR_LIMIT. POP3 has
 * no literals: who reads its lines caps them.
 */

struct transport;

/**
 * transport_open(at, role, progress, out, err):
 * Connect to ${at}; with SECURITY_TLS the handshake is done. ${progress} (may be NULL)
 * gets the wire counts. Every address is tried within connect_timeout_ms, and the
 * handshake has as much again.
 * SECURITY_NONE is accepted as given; with SECURITY_STARTTLS the guard lets nothing out
 * but what leads to it, until transport_starttls. ${at} is copied, but for its trace.
 * Errors: ERR_NET (unknown host, refused, time-out), ERR_TLS (certificate, with what is
 * wrong with it and what to do), ERR_STOPPED.
 */
int transport_open(const struct endpoint *at, enum guard_role role, struct progress *progress,
        struct transport **out, struct err *err) MUST_CHECK;

/* Close the socket at once, without a protocol good-bye, and free. NULL is fine. */
void transport_free(struct transport *t);

/**
 * transport_stream(t): the mailstream over ${t}, made at the first call, lent:
 * transport_free ends it. It never returns 0 from a read (libetpan would spin), writes
 * all or fails. A mailstream_close by libetpan is survived: the socket stays until
 * transport_free.
 */
mailstream *transport_stream(struct transport *t);

/*
 * STARTTLS or STLS was answered with OK: no byte may be waiting (RFC 3501 6.2.1, RFC
 * 2595), then the handshake.
 */
int transport_starttls(struct transport *t, struct err *err) MUST_CHECK;

/*
 * COMPRESS=DEFLATE (RFC 4978) was answered with OK: from now on both directions are raw
 * deflate.
 */
int transport_compress(struct transport *t, struct err *err) MUST_CHECK;

bool transport_is_tls(const struct transport *t);
/* What TLS says of the server; nothing without it. */
void transport_facts(const struct transport *t, struct service_facts *f);

/**
 * transport_secret(t, on): credentials are being sent. Lines of base64 pass the guard as
 * SASL continuation, and what goes out, and the text of what comes in, is redacted in the
 * trace until switched off: keep it on until the answer is read. What the mailstream
 * still buffers is sent first.
 */
void transport_secret(struct transport *t, bool on);

/**
 * transport_literal_refused(t, err): a synchronising literal (RFC 3501 4.3) was answered
 * with a tagged NO or BAD instead of "+": its octets will not be sent, the guard expects
 * a new command.
 */
int transport_literal_refused(struct transport *t, struct err *err) MUST_CHECK;

/*
 * Plain bytes outside the mailstream; what the mailstream holds in its buffers goes
 * first. read: *got_out >= 1 or an error.
 */
int transport_write(struct transport *t, const void *p, size_t n, struct err *err) MUST_CHECK;
int transport_read(
        struct transport *t, void *p, size_t size, size_t *got_out, struct err *err) MUST_CHECK;
/* True if bytes (or an error) can be read without waiting. */
bool transport_readable(struct transport *t);

/*
 * Until it is called with NULL, plain bytes that come in are added to ${to} as well; more
 * than it holds ends the connection (ERR_LIMIT).
 */
void transport_tee(struct transport *t, struct buf *to);

/* The sticky error: ERR_OK if there is none yet. */
enum err_code transport_error(const struct transport *t, struct err *err);

/*
 * From now on silence is waited for as long as slow_timeout_ms says (${slow}), or
 * idle_timeout_ms.
 */
void transport_patient(struct transport *t, bool slow, uint64_t octets);

/**
 * transport_tags(t, first, last): answers to the commands with these tags are waited for.
 * When the octets of a literal end with such a tagged line and nothing follows for some
 * seconds, the literal was announced longer than it is: ERR_PROTO, instead of a wait for
 * octets that never come. 0: none.
 */
void transport_tags(struct transport *t, unsigned first, unsigned last);
/* The error is that one. */
bool transport_swallowed(const struct transport *t);

/* An answer is whole and handed over: the limits count from zero again. */
void transport_answered(struct transport *t);
/* The error is that the peer was waited for and nothing came, or next to nothing. */
bool transport_waited_out(const struct transport *t);

/* The error is that the peer said nothing for that long. */
bool transport_timed_out(const struct transport *t);

/* Declare the connection dead (a stream out of step): later calls fail at once. */
void transport_kill(struct transport *t, const char *why);

/*
 * The last whole line received, without its CRLF, for the text of a BYE that libetpan
 * drops. Returns ${out}; "" if none.
 */
char *transport_last_line(const struct transport *t, char *out, size_t size);

#endif
