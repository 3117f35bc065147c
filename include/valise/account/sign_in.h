#ifndef VALISE_ACCOUNT_SIGN_IN_H
#define VALISE_ACCOUNT_SIGN_IN_H

#include <stdbool.h>
#include <stddef.h>
#include "valise/account/account.h"
#include "valise/oauth/oauth.h"

/*
 * What is kept of an account from run to run, so that nobody has to be asked: refresh
 * tokens of OAuth, passwords in the keyring. Made by "valise login", and deleted by
 * "valise logout".
 */

/* One for all services of an account that have it in common. */
struct sign_in {
	bool oauth; /* else a password */
	const char *user, *label; /* lent: "alice", "imap and caldav at mail.example.org" */
	struct secret_source *source;
};

/*
 * Those of ${a}, at most one a service: by OAuth; with ${passwords} those whose password
 * is asked for instead.
 */
size_t account_sign_ins(const struct account *a, bool passwords, struct sign_in out[SERVICE_KINDS]);

/**
 * account_fill_oauth(a, trace, fill, ctx, err): ${trace} (borrowed, may be NULL) is that of
 * the services; "oauth = NAME" is a row of the table of
 * providers, which is above this room: ${fill} is called for each, to set what is still
 * NULL in ${c}. A negative result ends it.
 */
typedef int account_fill_fn(
        void *ctx, const char *provider, struct oauth_client *c, struct err *err);
int account_fill_oauth(struct account *a, FILE *trace, account_fill_fn *fill, void *ctx,
        struct err *err) MUST_CHECK;
/* Where a sign-in tells what does not end the run; ${text} is safe for a terminal. */
void account_warn_oauth(struct account *a, void (*warn)(void *ctx, const char *text), void *ctx);

enum sign_in_how {
	SIGN_IN_AS_FITS, /* by a browser where there is a display, else by the device flow */
	SIGN_IN_BROWSER,
	SIGN_IN_DEVICE,
};
struct sign_in_wish {
	enum sign_in_how how;
	bool in_file; /* though there is a keyring */
	bool alias; /* whoever the server names is fine: the user is another name of theirs */
};
/* What came of it: for people. */
struct signed_in {
	char where[900]; /* the place where it is kept */
	char who[330]; /* whom the server names; "": nobody */
	enum oauth_match match; /* with the user of the account */
};
/**
 * Let a person sign in, and keep the refresh token, in the keyring, or (where there is
 * none, or it is wished) in a file. Where the server names somebody else than the user of
 * the account, nothing is kept and the new token is revoked: ERR_AUTH. ERR_USAGE,
 * ERR_STOPPED ...
 */
int sign_in_oauth(const struct sign_in *s, const struct sign_in_wish *wish,
        const struct oauth_ui *ui, struct signed_in *out, struct err *err) MUST_CHECK;
/*
 * Ask for the password on the terminal and put it into the keyring; ${known}: the one that
 * this run has asked for already, if it has. ERR_UNSUPPORTED: there is no keyring.
 */
int sign_in_password(const struct sign_in *s, bool known, struct err *err) MUST_CHECK;

/*
 * Revoke what can be revoked and delete it. *there_out: there was something. ${revoked}:
 * why the server still takes it (code 0: it does not).
 */
int sign_in_forget(
        const struct sign_in *s, bool *there_out, struct err *revoked, struct err *err) MUST_CHECK;

/*
 * $XDG_STATE_HOME/valise/${name}, or NULL when there is no such place; the caller frees.
 */
char *state_path(const char *name);

#endif
