/* What counts for one account: [defaults], its section, the options; variables and paths. */
#include "accountfile.h"
#include "expand.h"
#include "valise/account/protocols.h"
#include "valise/base/mem.h"
#include "valise/base/secret.h"
#include <stdlib.h>
#include <string.h>

static bool ends_with(const char *key, const char *end)
{
	size_t n = strlen(key), k = strlen(end);

	return n >= k && strcmp(key + n - k, end) == 0;
}

/* How variables in the value of a key are escaped. */
static enum expand_as manner_of(const char *key)
{
	if (protocol_find(key))
		return EXPAND_URL;
	if (settings_is_command(key))
		return EXPAND_COMMAND;
	return strcmp(key, "archive") == 0 || ends_with(key, "ca-file") ? EXPAND_PATH : EXPAND_TEXT;
}

/* A password is nobody's text to change. */
static bool is_literal(const char *key)
{
	return ends_with(key, "password") || ends_with(key, "password-fd");
}

/* One setting with its variables expanded and its path made whole. */
static int put_expanded(
        struct settings *out, const struct setting *s, const struct variables *v, struct err *err)
{
	char *text = NULL;
	struct setting *made;

	if (is_literal(s->key)) {
		text = xstrdup(s->value);
	} else if (expand_value(s->value, v, manner_of(s->key), &text, err) != 0) {
		(void)err_wrap(err, "%s, line %u: %s", s->file, s->line, s->key);
		return err->code;
	}
	if (ends_with(s->key, "ca-file")) {
		char *full = accountfile_beside(s->file, text);

		free(text);
		text = full;
	}
	made = settings_add(out, s->key, text, s->from);
	made->file = s->file;
	made->line = s->line;
	made->untrusted = s->untrusted;
	wipe(text, strlen(text));
	free(text);
	return 0;
}

/* ${user_out}: the caller's. */
static int find_user(const struct accounts *list, const struct account_section *section,
        const struct account_setting *given, size_t n, char **user_out, struct err *err)
{
	/* In the user's own value it is the name that can be taken apart. */
	const struct variables v = {section->name, section->name};
	const struct setting *s = settings_find(&section->set, "user");
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		if (strcmp(given[i].key, "user") == 0) {
			*user_out = xstrdup(given[i].value);
			return 0;
		}
	if (!s)
		s = settings_find(&list->defaults, "user");
	if (s)
		rc = expand_value(s->value, &v, EXPAND_TEXT, user_out, err);
	else
		*user_out = xstrdup(section->name);
	return rc == 0 ? 0 : err_wrap(err, "%s, line %u: user", s->file, s->line);
}

int accounts_settings(const struct accounts *list, const struct account_section *section,
        const struct account_setting *given, size_t n, struct settings *out, struct err *err)
{
	struct variables v = {section->name, NULL}, own = {section->name, section->name};
	char *user = NULL;
	int rc = find_user(list, section, given, n, &user, err);

	v.user = user;
	for (size_t i = 0; i < list->defaults.n && rc == 0; i++) {
		const struct setting *s = &list->defaults.items[i];

		if (!settings_find(&section->set, s->key))
			rc = put_expanded(out, s, strcmp(s->key, "user") ? &v : &own, err);
	}
	for (size_t i = 0; i < section->set.n && rc == 0; i++) {
		const struct setting *s = &section->set.items[i];

		if (settings_is_password(s->key, true))
			settings_drop_passwords(out, s->key, FROM_SECTION);
		rc = put_expanded(out, s, strcmp(s->key, "user") ? &v : &own, err);
	}
	free(user);
	return rc;
}

/* Does a variable choose the host of this URL? A user before the host cannot. */
static bool has_variable_host(const char *url)
{
	const char *host = strstr(url, "://"), *end, *at;

	if (!host)
		return false;
	host += 3;
	end = host + strcspn(host, "/?#");
	at = memrchr(host, '@', (size_t)(end - host));
	host = at ? at : host;
	return memmem(host, (size_t)(end - host), "%{", 2) != NULL;
}

/*
 * Whoever can write to a file must not send the password of another one to a server of his:
 * by a URL there, or by the name or the user that becomes the host in a URL.
 */
static int check_source(const struct settings *set, const struct account_section *section,
        const struct setting *s, bool by_name, struct err *err)
{
	const char *why = s->untrusted, *file = s->file;
	unsigned line = s->line;

	if (!why && by_name && section->untrusted) {
		why = section->untrusted;
		file = section->file;
		line = section->line;
	}
	for (size_t i = 0; i < set->n && why; i++) {
		const struct setting *p = &set->items[i];

		if (settings_is_password(p->key, true) && settings_meet(p->key, s->key) &&
		        p->file && strcmp(p->file, file) != 0)
			return err_at(err, file, line,
			        "%s says where the password of %s, line %u goes, and this file %s",
			        s->key, p->file, p->line, why);
	}
	return 0;
}

int accounts_check_sources(const struct accounts *list, const struct account_section *section,
        const struct settings *set, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < set->n && rc == 0; i++) {
		const struct setting *s = &set->items[i],
		                     *raw = settings_find(&section->set, s->key);

		if (!s->file || !settings_steers_password(s->key))
			continue;
		if (!raw)
			raw = settings_find(&list->defaults, s->key);
		rc = check_source(set, section, s, raw && has_variable_host(raw->value), err);
	}
	return rc;
}
