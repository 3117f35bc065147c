#ifndef VALISE_DISCOVER_PROVIDERS_H
#define VALISE_DISCOVER_PROVIDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "valise/base/err.h"
#include "valise/base/service.h"

/*
 * The table of providers: share/valise/providers.ini, which says what its keys mean, and
 * the user's own file beside accounts.ini, whose sections count first and take the place
 * of those of the same name.
 */

enum { SIGN_IN_PASSWORD = 1, SIGN_IN_APP_PASSWORD = 2, SIGN_IN_OAUTH = 4 };

/* A section. Texts are NULL where the key is not there or has no value. */
struct provider {
	char *id; /* the section's name */
	bool own; /* of the user's own file */
	char *name; /* the id, where no name is given */
	char *domains, *mx; /* divided by blanks */
	char *urls[SERVICE_KINDS]; /* with %{address} ... as in the file */
	char *restore_imap; /* of a server that only gives: where a restore goes; or NULL */
	char *user; /* "address" or "local part" */
	char *sign_in; /* as in the file, the best first */
	unsigned sign_ins; /* SIGN_IN_x of them */
	char *app_password; /* URL */
	char *limits, *note;
	uint64_t daily_limit; /* bytes; 0: not known */
	char *oauth_authorize, *oauth_device, *oauth_token, *oauth_revoke;
	char *oauth_scopes; /* divided by blanks */
	char *oauth_client_id;
};

struct providers {
	struct provider *list; /* the user's own first */
	size_t n, cap;
	char *path; /* of the installed table; NULL: there is none */
	char *own_path; /* of the user's own, there or not; NULL without HOME */
};

/**
 * providers_load(path, own, out, err):
 * Read the table ${path} (NULL: the one that was installed with the program, found from
 * where the program is; where it is missing, out->path is NULL) and the user's own
 * ${own} (NULL: $XDG_CONFIG_HOME/valise/providers.ini, else ~/.config/...; it may be
 * missing). Free with providers_free, after an error too.
 * ERR_USAGE names the line that is not understood, and refuses an own file that somebody
 * else could change, as it says where passwords go.
 */
int providers_load(
        const char *path, const char *own, struct providers **out, struct err *err) MUST_CHECK;
void providers_free(struct providers *p); /* NULL is fine */

/* By the domain of an address (in any case of letters), lent; NULL: none has it. */
const struct provider *providers_by_domain(const struct providers *p, const char *domain);
/* By the host of an MX record: one whose "mx" is it, or an end of it at a dot; or NULL. */
const struct provider *providers_by_mx(const struct providers *p, const char *host);
const struct provider *providers_by_id(const struct providers *p, const char *id);

/**
 * provider_url(p, kind, stores, address): the URL of the service for ${address}, of the one
 * that is stored into if ${stores}; what stands in %{} is escaped for a path. NULL where
 * there is none. The caller frees.
 */
char *provider_url(
        const struct provider *p, enum service_kind kind, bool stores, const char *address);
/* Who signs in: the address, or the part before the @. The caller frees. */
char *provider_user(const struct provider *p, const char *address);

#endif
