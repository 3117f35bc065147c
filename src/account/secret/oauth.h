#ifndef VALISE_ACCOUNT_OAUTH_H
#define VALISE_ACCOUNT_OAUTH_H

#include "account/settings.h"
#include "valise/account/sign_in.h"
#include "valise/base/service.h"

/* One sign-in by OAuth: how it is made, what is kept of it, and its tokens of this run. */

struct oauth_source;

/*
 * From the keys of ${kind}; ${user}: who signs in; ${account}: what "valise login" is
 * told, or NULL. ERR_USAGE.
 */
int oauth_source_new(const struct settings *set, const struct service *s, const char *account,
        struct oauth_source **out, struct err *err) MUST_CHECK;
void oauth_source_free(struct oauth_source *o); /* wipes; NULL is fine */

/* By what one is the same as another one: lent. */
const char *oauth_source_id(const struct oauth_source *o);
struct oauth_client *oauth_source_client(struct oauth_source *o);
/* The row of the table of providers that it wants, or NULL. */
const char *oauth_source_provider(const struct oauth_source *o);

/* ${warn}, which may be called from any thread, is told what does not end the run. */
void oauth_source_warn(
        struct oauth_source *o, void (*warn)(void *ctx, const char *text), void *ctx);

/**
 * A new access token; *fresh_until_out: clock_ms() at which it is better renewed; after a
 * failure that at which to ask again, if one is known that still goes. What is
 * kept is renewed, too, if the server gives another refresh token, before anybody can ask
 * again: room for it is taken before the server is asked; if it cannot be kept after all,
 * this run goes on with it, and a warning says so. ERR_AUTH: somebody has to sign in, and the text
 * says how.
 */
int oauth_source_token(struct oauth_source *o, struct secret *out, int64_t *fresh_until_out,
        struct err *err) MUST_CHECK;

int oauth_source_sign_in(struct oauth_source *o, const struct sign_in_wish *wish,
        const struct oauth_ui *ui, struct signed_in *out, struct err *err) MUST_CHECK;
int oauth_source_forget(
        struct oauth_source *o, bool *there_out, struct err *revoked, struct err *err) MUST_CHECK;

#endif
