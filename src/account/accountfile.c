/* accounts.ini: its sections, and what is wrong with their keys. */
#include "accountfile.h"
#include "valise/account/account.h"
#include "valise/account/inifile.h"
#include "valise/base/buf.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/near.h"
#include "valise/base/secret.h"
#include "valise/base/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define NEAR 3

char *accountfile_default_path(void)
{
	const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (base && *base == '/')
		return xasprintf("%s/valise/accounts.ini", base);
	if (home && *home == '/')
		return xasprintf("%s/.config/valise/accounts.ini", home);
	return NULL;
}

/* What accountfile_load collects. */
struct loading {
	const char *path, *name;
	struct settings *out;
	char *nearest;
	size_t nearest_distance;
	bool found, private_file;
	const char *untrusted; /* why no command of it is run; NULL: it is ours alone */
	struct settings seen; /* of the current section, to find what is given twice */
	char **names; /* of all sections */
	size_t n_names, names_cap;
};

static void enter_section(struct loading *l, const char *section)
{
	struct nearest best = {l->nearest && *l->nearest ? l->nearest : NULL, l->nearest_distance};

	settings_clear(&l->seen);
	*ARR_PUSH(l->names, l->n_names, l->names_cap) = xstrdup(section);
	l->found |= strcmp(section, l->name) == 0;
	if (!l->nearest)
		return;
	nearest_weigh(&best, l->name, section);
	if (best.word == section)
		snprintf(l->nearest, 64, "%s", section);
	l->nearest_distance = best.distance;
}

static int unknown_key(const struct loading *l, const char *key, unsigned line, struct err *err)
{
	char near[64];

	if (account_nearest_key(key, near))
		return err_set(err, ERR_USAGE, ERR_WHOLE,
		        "%s, line %u: there is no key \"%s\"; do you mean \"%s\"?", l->path, line,
		        key, near);
	return err_set(err, ERR_USAGE, ERR_WHOLE, "%s, line %u: there is no key \"%s\"", l->path,
	        line, key);
}

static bool is_command(const char *key)
{
	static const char end[] = "password-command";
	size_t n = strlen(key);

	return n >= sizeof end - 1 && !strcmp(key + n - (sizeof end - 1), end);
}

static int load_entry(void *ctx, const char *section, const char *key, const char *value,
        unsigned line, struct err *err)
{
	struct loading *l = ctx;

	if (!key) {
		enter_section(l, section);
		return 0;
	}
	if (!settings_is_file_key(key))
		return unknown_key(l, key, line, err);
	if (!*value)
		return err_set(err, ERR_USAGE, ERR_WHOLE, "%s, line %u: \"%s\" has no value",
		        l->path, line, key);
	if (settings_find(&l->seen, key))
		return err_set(err, ERR_USAGE, ERR_WHOLE, "%s, line %u: \"%s\" stands here twice",
		        l->path, line, key);
	settings_put(&l->seen, key, "", true);
	if (!l->private_file && settings_is_password(key, true) && !account_is_key(key))
		return err_set(err, ERR_USAGE, ERR_WHOLE,
		        "%s, line %u: others can read this password: chmod 600 the file, or use "
		        "password-command",
		        l->path, line);
	if (l->untrusted && is_command(key))
		return err_set(err, ERR_USAGE, ERR_WHOLE,
		        "%s, line %u: this is a command to run, and the file %s", l->path, line,
		        l->untrusted);
	if (strcmp(section, l->name) == 0)
		settings_put(l->out, key, value, true);
	return 0;
}

static int load_file(struct loading *l, struct err *err)
{
	struct buf text = buf_of(INIFILE_MAX);
	struct stat st = {0};
	int rc;

	rc = inifile_read(l->path, &text, &st, err);
	if (rc == 0) {
		l->private_file = (st.st_mode & 077) == 0;
		l->untrusted = inifile_untrusted(&st);
		rc = inifile_parse((const char *)text.data, text.len, l->path, load_entry, l, err);
	}
	settings_clear(&l->seen);
	wipe(text.data, text.len);
	buf_clear(&text);
	return rc;
}

static void free_names(struct loading *l)
{
	texts_free(l->names, l->n_names);
}

int accountfile_load(const char *path, const char *name, struct settings *out, bool *found_out,
        char nearest[64], struct err *err)
{
	struct loading l = {.path = path,
	        .name = name,
	        .out = out,
	        .nearest = nearest,
	        .nearest_distance = NEAR + 1};
	int rc;

	if (nearest)
		nearest[0] = '\0';
	rc = load_file(&l, err);
	*found_out = rc == 0 && l.found;
	free_names(&l);
	return rc;
}

int account_names(const char *path, char ***names_out, size_t *n_out, struct err *err)
{
	struct loading l = {.path = path, .name = ""}; /* no section is called so */
	int rc = load_file(&l, err);

	*names_out = NULL;
	*n_out = 0;
	if (rc != 0) {
		free_names(&l);
		return rc;
	}
	*names_out = l.names;
	*n_out = l.n_names;
	return 0;
}
