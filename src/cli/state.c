/*
 * Where state lies that outlives a run: below $XDG_STATE_HOME/valise, by the account that
 * is read or written.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "valise/base/file.h"
#include "valise/base/hash.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "cli.h"

/* The path of a directory for state, made if asked for; the caller frees. */
static int state_dir(const char *name, bool make, char **out, struct err *err)
{
	*out = state_path(name);
	if (!*out)
		return err_set(err, ERR_USAGE, ERR_WHOLE,
		        "neither XDG_STATE_HOME nor HOME is set to a directory: there is no place "
		        "for what valise keeps in %s",
		        name);
	return make ? dir_make(AT_FDCWD, *out, err) : 0;
}

char *cache_path(const char *name)
{
	const char *x = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (x && *x == '/')
		return xasprintf("%s/valise/%s", x, name);
	return home && *home == '/' ? xasprintf("%s/.cache/valise/%s", home, name) : NULL;
}

/* Names of hosts are equal in any case; logins may not be. */
static char *host_folded(const char *host)
{
	return text_lower(xstrdup(host));
}

/* A file whose name tells nobody whose it is. */
static char *hash_name(const char *dir, const char *key, const char *end)
{
	char hex[SHA256_HEX_SIZE];

	sha256_hex(key, strlen(key), hex);
	return xasprintf("%s/%.32s%s", dir, hex, end);
}

/* The path of a journal by archive, service, host and person; the caller frees. */
static char *journal_of(const char *dir, const struct service *s, const struct state_target *t,
        const char *host, const char *who)
{
	char *key = xasprintf("%s\n%s\n%s\n%u\n%s\n%s\n%s", t->archive_id, s->name, host,
	        s->at.port, who, t->under ? t->under : "", t->into ? t->into : "");
	char *path = hash_name(dir, key, ".journal");

	free(key);
	return path;
}

static bool is_there(const char *path)
{
	return access(path, F_OK) == 0;
}

int state_journal(const struct service *s, const struct state_target *t, char **out,
        bool *untold_out, struct err *err)
{
	char *dir = NULL, *host = host_folded(s->at.host), *typed, *older;
	int rc = state_dir("restore", t->make, &dir, err);

	*untold_out = false;
	if (rc == 0) {
		*out = journal_of(dir, s, t, host, service_owner(s));
		typed = journal_of(dir, s, t, s->at.host, service_owner(s));
		older = journal_of(dir, s, t, s->at.host, s->login.user);
		/* Older versions took the host as it was typed. */
		if (!is_there(*out) && is_there(typed)) {
			free(*out);
			*out = typed;
			typed = NULL;
		}
		*untold_out = strcmp(service_owner(s), s->login.user) != 0 && !is_there(*out) &&
		              is_there(older);
		free(typed);
		free(older);
	}
	free(host);
	free(dir);
	return rc;
}

int state_ledger(const struct account *account, char **out, struct err *err)
{
	char *dir = NULL;
	int rc = state_dir("daily", true, &dir, err);

	for (unsigned k = 0; k < SERVICE_KINDS && rc == 0; k++) {
		const struct service *s = &account->services[k];
		char *host, *who;

		if (!account->present[k])
			continue;
		host = host_folded(s->at.host);
		who = xasprintf("%s\n%s", host, service_owner(s));
		*out = hash_name(dir, who, "");
		free(who);
		free(host);
		break;
	}
	free(dir);
	return rc;
}
