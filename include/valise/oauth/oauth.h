#ifndef VALISE_OAUTH_OAUTH_H
#define VALISE_OAUTH_OAUTH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "valise/base/err.h"
#include "valise/base/progress.h"
#include "valise/base/secret.h"

/*
 * OAuth 2.0 as a native app speaks it: RFC 6749, 7636 (PKCE), 8252 (loopback), 8414
 * (metadata), 8628 (device), 7009 (revocation), 9207 (iss). Tokens go to the URLs of the
 * client below alone, over TLS (without only to this machine, with ${cleartext}), and
 * follow no redirect.
 */

struct oauth_client {
	/* all owned; NULL: not known */
	char *issuer; /* where the URLs below come from, if they are not given */
	char *authorize, *device, *token, *revoke;
	char *scopes, *id;
	char *user; /* for whom: login_hint */
	/* a client secret, where one was issued; NULL: none */
	int (*get_secret)(void *ctx, struct secret *out, struct err *err);
	void *ctx;
	bool iss_comes; /* answers are promised to name their issuer (RFC 9207 3) */
	bool cleartext; /* http:// to this machine is fine */
	char *ca_file, *proxy;
	int timeout_ms;
	FILE *trace; /* borrowed, may be NULL */
};
void oauth_client_clear(struct oauth_client *c);

/*
 * Who signed in, as the server names them (claims of OpenID Connect Core 5.1); owned; NULL:
 * it does not say.
 */
struct oauth_who {
	char *email, *username, *subject;
};
void oauth_who_clear(struct oauth_who *w);
/* What is said of them: foreign text, or NULL. */
const char *oauth_who_name(const struct oauth_who *w);
/*
 * Is that ${user}, without regard to case? Unknown where there is nothing to compare
 * with: a subject alone is any word that the server likes.
 */
enum oauth_match { OAUTH_SAME, OAUTH_OTHER, OAUTH_UNKNOWN };
enum oauth_match oauth_who_matches(const struct oauth_who *w, const char *user);

/* What a token endpoint gives. */
struct oauth_tokens {
	struct secret access;
	struct secret refresh; /* unset: the one before stays good */
	int64_t expires_ms; /* clock_ms() at which it is too old; INT64_MAX: never said */
	struct oauth_who who; /* of an id_token, which scopes with "openid" ask for */
};
void oauth_tokens_clear(struct oauth_tokens *t);

/*
 * What stands for a person while somebody signs in. ${code} is NULL but in the device
 * flow, where it is typed at ${url}; ${whole} then has the code in it, or is NULL. All of
 * it is foreign text.
 */
struct oauth_ui {
	void (*show)(void *ctx, const char *url, const char *whole, const char *code);
	void (*note)(void *ctx, const char *text); /* a request that was turned away */
	void *ctx;
	unsigned wait_s; /* how long a browser is waited for */
};

/*
 * The URLs that are missing from the metadata of the issuer. ERR_PROTO where they name
 * another issuer.
 */
int oauth_discover(struct oauth_client *c, struct err *err) MUST_CHECK;
/**
 * The authorization code flow: a port of 127.0.0.1 takes one answer with our state and is
 * closed; all else gets 404. ERR_AUTH: refused, or nobody came; ERR_STOPPED.
 */
int oauth_browse(struct oauth_client *c, const struct oauth_ui *ui, struct oauth_tokens *out,
        struct err *err) MUST_CHECK;
/* The device flow; its codes last as long as the server says. */
int oauth_ask_device(struct oauth_client *c, const struct oauth_ui *ui, struct oauth_tokens *out,
        struct err *err) MUST_CHECK;
/**
 * A new access token. ERR_AUTH: the refresh token is no good any more (invalid_grant),
 * and asking again is of no use. ERR_BUSY: the server said so, once. Whatever the result,
 * a refresh token in ${out} takes the place of the one before.
 */
int oauth_refresh(struct oauth_client *c, const struct secret *refresh, struct oauth_tokens *out,
        struct err *err) MUST_CHECK;
/* ERR_UNSUPPORTED where the server has no endpoint for it. */
int oauth_revoke(struct oauth_client *c, const struct secret *refresh, struct err *err) MUST_CHECK;

#endif
