#ifndef VALISE_NET_GUARD_H
#define VALISE_NET_GUARD_H

#include <stdint.h>
#include <stddef.h>
#include <stdbool.h>
#include "valise/base/err.h"
#include "valise/base/guard_role.h"

/*
 * The wire guard: it reads all outgoing bytes, cuts them into commands (counted literals
 * are skipped, never parsed, RFC 3501 4.3, RFC 7888) and refuses a command that the role
 * does not allow. Nothing of a refused write is sent. It is the last line of defence: the
 * code above does not send such commands.
 *
 * IMAP source: CAPABILITY ID STARTTLS AUTHENTICATE LOGIN ENABLE NAMESPACE LIST LSUB XLIST
 * STATUS EXAMINE UNSELECT "UID FETCH" (BODY only as BODY.PEEK; RFC822, RFC822.TEXT
 * refused) "UID SEARCH" NOOP COMPRESS GETQUOTAROOT LOGOUT. IMAP target adds CREATE
 * SUBSCRIBE SELECT APPEND "UID STORE" with +FLAGS or +X-GM-LABELS only. POP3: CAPA STLS
 * AUTH USER PASS APOP UTF8 STAT LIST UIDL TOP RETR NOOP RSET QUIT.
 *
 * It also refuses what a server could read in another way than the guard does: a quoted
 * string that does not end in its line, a '{' outside quotes that is not a literal at the
 * end of its line, a literal in UID FETCH, a tag with other characters than letters,
 * digits, '.', '-', '_'.
 */
struct guard {
	enum guard_role role;
	bool secret; /* a SASL exchange: a line of base64 is not a command */
	/* STARTTLS is demanded and not done: only what leads to it is allowed */
	bool before_tls;
	bool refused; /* sticky */
	bool continued; /* the line continues a command after its literal */
	bool at_cr; /* the line was vetted at its CR, LF must follow */
	uint64_t announced; /* size of the literal that the line ends with */
	uint64_t literal; /* octets of the current literal still to pass */
	size_t line_len;
	char line[65536]; /* the command line being collected */
};

void guard_init(struct guard *g, enum guard_role role);

/**
 * guard_check(g, p, n, err): take note of ${n} outgoing bytes. ERR_GUARD (sticky) for a
 * command that is not allowed, a NUL, a bare CR or LF in a command line, or a line longer
 * than the buffer.
 */
int guard_check(struct guard *g, const void *p, size_t n, struct err *err) MUST_CHECK;

/* True between two commands: no line begun, no literal due. */
bool guard_idle(const struct guard *g);

/**
 * guard_literal_refused(g, err): the server answered a synchronising literal with a
 * tagged NO or BAD, so that its octets are not sent and the next line is a new command.
 * ERR_GUARD when some were.
 */
int guard_literal_refused(struct guard *g, struct err *err) MUST_CHECK;

#endif
