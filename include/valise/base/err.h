#ifndef VALISE_BASE_ERR_H
#define VALISE_BASE_ERR_H

/*
 * Errors. A function that can fail returns int: 0 is done, a negative value is an enum
 * err_code; the details go into the explicit struct err, always the last parameter.
 */

#include <stdbool.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

enum err_code {
	ERR_OK = 0,
	ERR_IO = -1, /* a local read, write or fsync failed */
	ERR_SPACE = -2, /* the disk is full or a local quota is reached */
	/* resolving, connecting, reading or writing a connection; time-outs */
	ERR_NET = -3,
	ERR_TLS = -4, /* no TLS, a bad certificate */
	ERR_AUTH = -5, /* the server refused the credentials */
	ERR_PROTO = -6, /* the peer broke its protocol */
	ERR_REFUSED = -7, /* the peer said no to one command (NO, BAD, -ERR, HTTP 4xx) */
	ERR_LIMIT = -8, /* a size from outside exceeds a cap */
	ERR_NOTFOUND = -9, /* named thing does not exist */
	ERR_EXISTS = -10, /* it exists already, or is something else */
	ERR_DAMAGED = -11, /* an archive or tree does not match its checksums */
	/* a newer format, a required feature that this program lacks */
	ERR_UNSUPPORTED = -12,
	/* the guard refused an outgoing command: a bug of ours or an injection */
	ERR_GUARD = -13,
	ERR_LOCKED = -14, /* another run holds the lock */
	ERR_USAGE = -15, /* wrong options or configuration */
	ERR_STOPPED = -16, /* the user asked to stop (SIGINT, SIGTERM) */
	ERR_BUSY = -17, /* throttled, over quota for now, in use: worth trying later */
	ERR_ACCOUNT = -18, /* the archive belongs to another account */
	/* the server wants to be asked less: wait (wait_ms), then go on */
	ERR_THROTTLED = -19,
	ERR_BUDGET = -20, /* the daily limit that the user has set is reached */
	ERR_NO_ARCHIVE = -21, /* there is no archive at that path */
	ERR_SECRET = -22, /* the command for the password failed */
};

/* How much is lost by the error. */
enum err_scope { ERR_ITEM, ERR_COLLECTION, ERR_WHOLE };

struct err {
	enum err_code code;
	enum err_scope scope;
	/* ERR_THROTTLED: how long the server asked to wait; 0: it did not say */
	unsigned wait_ms;
	/* one line, no final dot, safe for a terminal (err_set escapes it) */
	char text[640];
};

/**
 * err_set(e, code, scope, fmt, ...):
 * Fill ${e} (may be NULL) and return ${code}, so that `return err_set(...)` is the idiom.
 * Control characters that arguments bring in are escaped as by term_escape.
 */
int err_set(struct err *e, enum err_code code, enum err_scope scope, const char *fmt, ...)
        PRINTF_LIKE(4, 5);
/* ERR_USAGE of a line of a file that somebody writes: "FILE, line N: ...". */
int err_at(struct err *e, const char *file, unsigned line, const char *fmt, ...) PRINTF_LIKE(4, 5);

/**
 * err_sys(e, scope, fmt, ...):
 * As err_set, with ": " and the text of errno appended; the code follows errno: ERR_SPACE
 * for ENOSPC, EDQUOT, EFBIG; ERR_NOTFOUND for ENOENT; ERR_EXISTS for EEXIST; else ERR_IO.
 */
int err_sys(struct err *e, enum err_scope scope, const char *fmt, ...) PRINTF_LIKE(3, 4);

/**
 * err_wrap(e, fmt, ...):
 * Put "<fmt>: " before the text of ${e}; all else stays. Returns e->code (ERR_IO when e
 * is NULL).
 */
int err_wrap(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The scope widened to at least ${scope}; returns e->code. */
int err_widen(struct err *e, enum err_scope scope);

/* Does it end all that is under way: by its scope, or since a stop was asked for? */
bool err_ends(const struct err *e);

/* Give ${from}, if it is one, to ${e} (may be NULL); returns from->code. */
int err_copy(struct err *e, const struct err *from);

/* 0, and forgotten, if ${rc} is the ${code}; else ${rc}. */
int err_pardon(struct err *e, int rc, enum err_code code);

/* Forget: code ERR_OK, empty text. */
void err_clear(struct err *e);

#endif
