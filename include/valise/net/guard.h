#ifndef VALISE_NET_GUARD_H
#define VALISE_NET_GUARD_H

#include <stdint.h>
#include <stddef.h>
#include <stdbool.h>
#include "valise/base/err.h"
#include "valise/net/transport.h"

/*
 * The wire guard: it reads all outgoing bytes, cuts them into commands (counted literals are skipped,
 * never parsed, RFC 3501 4.3, RFC 7888) and refuses a command that the role does not allow. Nothing of
 * a refused write is sent. It is the last line of defence: the code above does not send such commands.
 *
 * IMAP source: CAPABILITY ID STARTTLS AUTHENTICATE LOGIN ENABLE NAMESPACE LIST LSUB XLIST STATUS EXAMINE
 * UNSELECT "UID FETCH" (BODY only as BODY.PEEK; RFC822, RFC822.TEXT refused) "UID SEARCH" NOOP COMPRESS
 * GETQUOTAROOT LOGOUT. IMAP target adds CREATE SUBSCRIBE SELECT APPEND "UID STORE" with +FLAGS or
 * +X-GM-LABELS only. POP3: CAPA STLS AUTH USER PASS APOP UTF8 STAT LIST UIDL TOP RETR NOOP RSET QUIT.
 */
struct guard {
	enum guard_role role;
	bool secret;       /* a SASL exchange: lines are not commands */
	bool continued;    /* the next line continues a command after its literal */
	uint64_t literal;  /* octets of the current literal still to pass */
	size_t line_len;
	char line[65536];  /* the command line being collected */
};

void guard_init(struct guard *g, enum guard_role role);

/**
 * guard_check(g, p, n, err): take note of ${n} outgoing bytes. ERR_GUARD (sticky in the transport) for a command that is
 * not allowed, a NUL, a bare CR or LF in a command line, or a line longer than the buffer.
 */
int guard_check(struct guard *g, const void *p, size_t n, struct err *err) MUST_CHECK;

#endif
