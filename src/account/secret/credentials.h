#ifndef VALISE_ACCOUNT_CREDENTIALS_H
#define VALISE_ACCOUNT_CREDENTIALS_H

#include "valise/account/account.h"
#include "valise/base/secret.h"

/*
 * Where the passwords of an account come from. Services with the same source share it and
 * its answer.
 */

enum source_type {
	SOURCE_COMMAND, /* text: for sh -c */
	SOURCE_FD, /* text: the number */
	SOURCE_TEXT, /* text: the password itself */
	SOURCE_TERMINAL, /* text: the user to ask about, LF, the host that gets it */
	SOURCE_OAUTH, /* text: oauth_source_id */
};

struct account_secrets;
struct secret_source;
struct secret_user;
struct oauth_source;

struct account_secrets *secrets_new(void);
void secrets_free(struct account_secrets *s); /* wipes; NULL is fine */

/**
 * secrets_source(s, type, text, label): the source, made or shared; lent until
 * secrets_free. ${label} names the service in messages. A descriptor is no longer
 * inherited by commands from now on.
 */
struct secret_source *secrets_source(
        struct account_secrets *s, enum source_type type, const char *text, const char *label);

/* The same for one that signs in by OAuth; ${o} is taken. */
struct secret_source *secrets_oauth(
        struct account_secrets *s, struct oauth_source *o, const char *label);
struct oauth_source *secret_source_oauth(const struct secret_source *s); /* NULL: another */
enum source_type secret_source_type(const struct secret_source *s);
const char *secret_source_text(const struct secret_source *s);
/*
 * Of SOURCE_TERMINAL: ask, whatever is known; what let a service in (ERR_NOTFOUND: nothing
 * did).
 */
int secret_source_ask(struct secret_source *s, struct secret *out, struct err *err) MUST_CHECK;
int secret_source_proven(struct secret_source *s, struct secret *out, struct err *err) MUST_CHECK;
/* "imap and caldav at mail.example.org": the services that it is for. */
const char *secret_source_label(const struct secret_source *s);

/*
 * One service of those that share the source, at most 32; ${label} names it alone. Lent
 * until secrets_free. Each has refusals of its own: a typed password that let another one in
 * stays that one's.
 */
struct secret_user *secrets_user(struct secret_source *s, const char *label);
struct secret_source *secret_user_source(const struct secret_user *u);

/*
 * The get_secret and let_in of struct login; ctx is a secret_user. See
 * valise/base/service.h.
 */
int secrets_get(void *ctx, int renew, struct secret *out, struct err *err) MUST_CHECK;
void secrets_let_in(void *ctx, const struct secret *s);

/* terminal.c: ask on ${path} (the controlling terminal: "/dev/tty") without echo. */
int terminal_ask(
        const char *path, const char *prompt, struct secret *out, struct err *err) MUST_CHECK;
/* Run by sh -c, standard input empty; the first line of its output. */
int command_secret(
        const char *command, const char *label, struct secret *out, struct err *err) MUST_CHECK;

/**
 * line_secret(fd, whole, label, out, err): one line from ${fd}, without its LF or CRLF.
 * ${whole}: read on to the end and drop the rest; else not a byte after the LF is taken.
 * Waits end when a stop is asked for.
 */
int line_secret(
        int fd, bool whole, const char *label, struct secret *out, struct err *err) MUST_CHECK;

#endif
