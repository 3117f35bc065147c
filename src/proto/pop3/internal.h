#ifndef VALISE_PROTO_POP3_INTERNAL_H
#define VALISE_PROTO_POP3_INTERNAL_H

#include "valise/net/transport.h"
#include "valise/proto/pop3/pop3.h"

#define POP3_LINE_MAX 8192 /* RFC 2449 says 512; UIDLs of up to 1,000 octets are met */
#define POP3_LINE_LIMIT (1u << 20) /* a line without end */
#define POP3_UIDL_MAX 1000u
#define POP3_ENTRIES_MAX 5000000u
/* lines of LIST and UIDL beyond twice what there should be */
#define POP3_ENTRIES_SLACK 100000u
/*
 * Messages in flight with PIPELINING: where nobody says how many, and at most. So many
 * commands have room in what lies between us and a server that is busy sending, so that
 * neither waits for the other for ever.
 */
#define POP3_DEPTH 8
#define POP3_DEPTH_MAX 600

struct pop3 {
	struct transport *t;
	struct progress *progress;
	const struct service *service;
	struct pop3_caps before, after;
	char stamp[256]; /* "<1896.697170952@host>" of the greeting, for APOP, or "" */
	uint32_t count; /* of messages, as STAT has said in this session */
	size_t pos, len;
	bool odd; /* line[] was cut at its size, or held NUL */
	char line[POP3_LINE_MAX];
	uint8_t in[65536];
};

/* Send one line (CRLF added). */
int pop3_send(struct pop3 *p, struct err *err, const char *fmt, ...) PRINTF_LIKE(3, 4) MUST_CHECK;
/*
 * The next line into p->line, without its line end; p->odd if that is not all of it.
 * ERR_PROTO if it has no end.
 */
int pop3_line(struct pop3 *p, struct err *err) MUST_CHECK;
/*
 * The next line must be +OK; -ERR becomes an error by its response code (RFC 2449 8,
 * 3206). ${what}: for its text.
 */
int pop3_ok(struct pop3 *p, const char *what, struct err *err) MUST_CHECK;
/* Send it and read the line that answers it. */
int pop3_ask(struct pop3 *p, const char *command, struct err *err) MUST_CHECK;
/*
 * What a refusal means by its response code (RFC 2449 8, RFC 3206), or else ${otherwise}.
 */
enum err_code pop3_refusal(const char *text, enum err_code otherwise);
/*
 * Without such a code: does a refusal to sign in say that the maildrop is locked, or the
 * server busy for now?
 */
bool pop3_says_later(const char *text);
int pop3_fill(struct pop3 *p, struct err *err) MUST_CHECK;
/*
 * One line of a multi-line answer: 1 a line (dot-stuffing undone, in p->line), 0 the end.
 */
int pop3_item(struct pop3 *p, struct err *err) MUST_CHECK;

/* The octets of a multi-line answer: a machine that ends at CRLF "." CRLF alone. */
enum dot_state { DOT_LINE_START, DOT_TEXT, DOT_CR, DOT_DOT, DOT_DOT_CR, DOT_END };
struct dot {
	enum dot_state state;
	uint64_t octets; /* given out */
	uint64_t lines; /* CRLF among them */
	uint64_t doubled; /* lines that began with two dots */
	/* lines that began with one dot and went on: no server that stuffs sends them */
	uint64_t single;
	bool keep_single; /* such a dot belongs to the message */
};
/*
 * Feed ${n} octets; ${give} gets those of the message. Returns how many were taken (fewer
 * at the end), or an error.
 */
long dot_feed(struct dot *d, const uint8_t *p, size_t n,
        int (*give)(void *ctx, const void *p, size_t n, struct err *err), void *ctx,
        struct err *err) MUST_CHECK;

/*
 * A decimal number and the blank or end behind it; false when it is none or beyond
 * ${max}.
 */
bool pop3_number(const char **s, uint64_t max, uint64_t *out);

int pop3_read_caps(struct pop3 *p, struct pop3_caps *out, struct err *err) MUST_CHECK;

#endif
