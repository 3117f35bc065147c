#ifndef VALISE_PROTO_POP3_POP3_H
#define VALISE_PROTO_POP3_POP3_H

#include <stdint.h>
#include <stdbool.h>
#include "valise/base/err.h"
#include "valise/base/progress.h"
#include "valise/base/service.h"

/*
 * A POP3 session (RFC 1939, 2449, 2595, 5034, 6856) on the transport; our own reader,
 * pipelined and byte-exact. There is no function that deletes, and the guard lets none
 * out.
 * After ERR_NET, ERR_TLS, ERR_PROTO, ERR_GUARD, or any error of pop3_retr, a session is
 * dead. [IN-USE], [LOGIN-DELAY] and [SYS/TEMP] (RFC 2449, 3206) are ERR_BUSY, [AUTH]
 * ERR_AUTH.
 */
struct pop3;

struct pop3_caps {
	bool known; /* CAPA was answered */
	bool top, pipelining, utf8;
	bool expire_given, expire_never; /* EXPIRE (RFC 2449 6.7) */
	unsigned expire_days;
	unsigned login_delay; /* seconds, 0: none */
	char sasl[256]; /* mechanisms, blank-separated */
	char implementation[128];
	/*
	 * as they came, each ended by LF, escaped as for a terminal; those that do not
	 * fit are left out
	 */
	char lines[4096];
};

/*
 * Connect, greet (APOP timestamp kept), CAPA, STLS where demanded, sign in
 * (SCRAM-SHA-256, SCRAM-SHA-1, PLAIN, LOGIN, APOP without TLS, USER/PASS; XOAUTH2,
 * OAUTHBEARER when demanded: a refused token is renewed once), CAPA again.
 */
int pop3_open(const struct service *service, struct progress *progress, struct pop3 **out,
        struct err *err) MUST_CHECK;
/* End without QUIT: the server must not remove anything (RFC 1939 6). NULL is fine. */
void pop3_close(struct pop3 *p);
/*
 * The session ended as the server was waited for, and nothing came, or next to nothing.
 */
bool pop3_waited_out(const struct pop3 *p);
/* QUIT: the server enters UPDATE. Frees p. */
int pop3_quit(struct pop3 *p, struct err *err) MUST_CHECK;

const struct pop3_caps *pop3_caps(const struct pop3 *p); /* as after login */
const struct pop3_caps *pop3_caps_before(const struct pop3 *p); /* as before login */

int pop3_stat(
        struct pop3 *p, uint32_t *count_out, uint64_t *octets_out, struct err *err) MUST_CHECK;

struct pop3_entry {
	uint32_t number;
	uint64_t size; /* LIST */
	/*
	 * as sent (any length up to 1,000, any bytes but CR LF and NUL), NULL when there
	 * is none
	 */
	char *uidl;
};
/*
 * LIST and UIDL joined, by number; hostile numbers, gaps and doubles are an error or left
 * out, never followed.
 */
int pop3_list(struct pop3 *p, struct pop3_entry **out, size_t *n_out, struct err *err) MUST_CHECK;
void pop3_list_free(struct pop3_entry *list, size_t n);

/* How the dots at the start of lines are read. */
enum pop3_dots {
	POP3_STUFFED, /* RFC 1939 3: one less at each line that begins with one */
	/* for servers that double only some: one less where there are two */
	POP3_DOUBLED,
	/*
	 * for servers that double none: all octets stay, and LIST says how many there are
	 */
	POP3_BY_SIZE,
};

/* One message to be fetched. */
struct pop3_want {
	uint32_t number;
	uint64_t size; /* as LIST has it; 0: unknown */
	bool top; /* by TOP with more lines than any message has, instead of RETR */
	bool check; /* STAT behind it, whose answer must be the next thing that comes */
	enum pop3_dots dots;
};

/* What came. */
struct pop3_shape {
	uint64_t octets; /* given to the sink */
	uint64_t lines; /* CRLF among them; 0 with POP3_BY_SIZE, as the next two */
	uint64_t doubled; /* lines that began with two dots */
	/* lines that began with one dot and went on, which no server that stuffs sends */
	uint64_t single;
	/*
	 * what followed it (with .check, or POP3_BY_SIZE) is no answer: it did not end
	 * there
	 */
	bool astray;
};

struct pop3_sink {
	/*
	 * May number ${index} be asked for, while those before it are on their way or taken?
	 * *want, as it stands in the list, may be changed before. NULL: a few at a time.
	 */
	bool (*ask)(void *ctx, size_t index, struct pop3_want *want);
	/* octets, dot-stuffing undone, the final CRLF before the dot kept */
	int (*body)(void *ctx, const void *p, size_t n, struct err *err);
	/* refused: -ERR for this one */
	int (*end)(void *ctx, size_t index, const struct pop3_shape *shape,
	        const struct err *refused, struct err *err);
};
/**
 * pop3_retr(p, wants, n, sink, ctx, err):
 * Several messages, pipelined as far as the server (depth 1 without PIPELINING) and
 * sink->ask allow. index counts from 0 in ${wants}. What is not asked for, when all that
 * was has come, is left.
 * A message that went astray ends the session with ERR_PROTO, after its end was told; one
 * of more than pop3_most octets with ERR_LIMIT, without.
 */
int pop3_retr(struct pop3 *p, struct pop3_want *wants, size_t n, const struct pop3_sink *sink,
        void *ctx, struct err *err) MUST_CHECK;
/* The most octets that are taken of a message which LIST names with ${size}. */
uint64_t pop3_most(uint64_t size);

/**
 * pop3_imap_host(service, progress, out, size): does the host of ${service}, or the one
 * named imap. instead of pop., speak IMAP over verified TLS on port 993? Its name into
 * ${out}. Asked only where POP3 is at its own ports (110, 995), for a few seconds.
 */
bool pop3_imap_host(
        const struct service *service, struct progress *progress, char *out, size_t size);

#endif
