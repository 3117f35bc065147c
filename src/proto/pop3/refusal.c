/*
 * POP3: what a refusal means: the response codes (RFC 2449 8, RFC 3206), and the words of
 * servers that have none.
 */
#include <string.h>
#include <strings.h>
#include "valise/base/mem.h"
#include "internal.h"

/* "-ERR [IN-USE] Do you have another POP session running?" */
enum err_code pop3_refusal(const char *text, enum err_code otherwise)
{
	static const struct {
		const char *word;
		enum err_code code;
	} known[] = {
	        {"[IN-USE]", ERR_BUSY},
	        {"[LOGIN-DELAY", ERR_BUSY},
	        {"[SYS/TEMP]", ERR_BUSY},
	        {"[SYS/PERM]", ERR_REFUSED},
	        {"[AUTH]", ERR_AUTH},
	};

	for (size_t i = 0; i < COUNT(known); i++)
		if (!strncasecmp(text, known[i].word, strlen(known[i].word)))
			return known[i].code;
	return otherwise;
}

static bool has_any(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strcasestr(text, *words))
			return true;
	return false;
}

/* "lock", "locked", but not "unlock" or "blocked". */
static bool says_lock(const char *text)
{
	for (const char *s = text; (s = strcasestr(s, "lock")) != NULL; s++)
		if (s == text ||
		        !strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", s[-1]))
			return true;
	return strcasestr(text, "dotlock") != NULL;
}

/**
 * RFC 1939 7 has "maildrop already locked" and "unable to lock maildrop"; others:
 * "Mailbox is locked by POP server", "Your mailbox is already locked", "mailbox in use",
 * "Server busy, try again later". What speaks of the password, or of the account, is no
 * lock.
 */
bool pop3_says_later(const char *text)
{
	static const char *const final[] = {"password", "passwd", "credential", "invalid",
	        "incorrect", "bad login", "bad user", "unknown user", "no such user",
	        "authentication failed", "authentication failure", "not authenticated", "disabled",
	        "suspended", "denied", "not allowed", "not permitted", "blocked", "locked out",
	        "too many failed", "too many invalid", "too many bad", "administrator", "support",
	        "expired", NULL};
	static const char *const place[] = {"maildrop", "mail drop", "mailbox", "mail box", "spool",
	        "mbox", "inbox", "maildir", "drop file", "unable to", "cannot", "can't", "can not",
	        "could not", "couldn't", "already", "obtain", "acquire", "lock file", "lockfile",
	        "locked by", "lock busy", "session", NULL};
	static const char *const later[] = {"in use", "being used", "being accessed",
	        "already open", "already logged", "already connected", "already active",
	        "already accessed", "another session", "another process", "another client",
	        "another connection", "another pop", "other session", "mailbox busy",
	        "mailbox is busy", "maildrop busy", "maildrop is busy", "server busy",
	        "server is busy", "system busy", "too busy", "overload", "try again later",
	        "try later", "try again in", "try again after", "try again soon", "again in a",
	        "retry later", "retry in", "temporar", "service unavailable",
	        "service not available", "server unavailable", "currently unavailable",
	        "too many connections", "too many simultaneous", "too many concurrent",
	        "too many sessions", "connection limit", NULL};

	/* "Temporary authentication failure" is no word about the password. */
	if (strcasestr(text, "temporary authentication failure"))
		return true;
	if (has_any(text, final))
		return false;
	return has_any(text, later) || (says_lock(text) && has_any(text, place));
}
