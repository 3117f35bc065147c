/* Options from the environment: VALISE_ and the option's name, as VALISE_MAX_RATE for --max-rate.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "cli/cli.h"

char *environment_name(const char *option)
{
	char *name = xasprintf("VALISE_%s", option);

	for (char *p = name; *p; p++)
		*p = *p == '-' ? '_' : (char)toupper((unsigned char)*p);
	return name;
}

/*
 * All but what must stand where it is seen: whose account it is and how to sign in there (a
 * restore would go to the wrong one), secrets, and what agrees to something.
 */
bool environment_has(const char *option)
{
	static const char never[] = "help|accounts|yes|accept-shrink|accept-pairs|same-account|"
	                            "with-attendees|pop3-accept-deletion-by-server";

	if (account_is_key(option))
		return text_place(option, "ca-file|timeout|proxy") >= 0;
	return text_place(option, never) < 0 && !strstr(option, "password");
}

/* A flag: 1 or 0 in *out; false: the value is neither. */
static bool read_flag(const char *value, bool *out)
{
	int place = text_place(value, "1|yes|true|on|0|no|false|off|");

	*out = place >= 0 && place < 4;
	return place >= 0;
}

bool environment_json(void)
{
	const char *value = getenv("VALISE_JSON");
	bool on = false;

	return value && read_flag(value, &on) && on;
}

struct visit {
	struct args *args;
	int rc;
};

/* Without what it goes with it means nothing, which is no mistake of whoever set it for all
 * commands. */
static bool is_idle(const struct args *a, const char *option)
{
	if (text_place(option, "jobs|shard|skip-done") >= 0)
		return !args_has(a, "accounts");
	if (strcmp(option, "done-within") == 0)
		return !args_has(a, "accounts") || !args_has(a, "skip-done");
	/* which is the seal of an archive there */
	if (strcmp(option, "expect") == 0 && a->cmd->bit == CMD_DNS)
		return true;
	if (strcmp(option, "names") == 0 && a->cmd->bit == CMD_BACKUP)
		return !args_has(a, "tree");
	if (text_place(option, "config|trace|tree|expect|snapshot") >= 0)
		return args_has(a, "accounts");
	return strcmp(option, "with-gone") == 0 && a->cmd->bit == CMD_LIST &&
	       !args_has(a, "items") && a->n_pos < 2;
}

static bool is_given(const struct args *a, const char *option)
{
	for (size_t i = 0; i < a->n_settings; i++)
		if (strcmp(a->settings[i].key, option) == 0)
			return true;
	return args_has(a, option) || (strcmp(option, "include") == 0 && args_has(a, "folder")) ||
	       (strcmp(option, "folder") == 0 && args_has(a, "include"));
}

static int add_option(struct args *a, const struct option_def *d, const char *value)
{
	if (a->n_settings == ARGS_MAX || a->n_given == ARGS_MAX)
		return usage_error(a, "too many options");
	if (strcmp(d->name, "timeout") == 0 &&
	        (strspn(value, "0123456789") != strlen(value) || strlen(value) > 5 ||
	                atoi(value) < 1 || atoi(value) > 86400))
		return usage_error(a,
		        "VALISE_TIMEOUT is a number of seconds from 1 to 86400, "
		        "not \"%s\"",
		        value);
	if (account_is_key(d->name)) {
		snprintf(a->keys[a->n_settings], ARGS_KEY_SIZE, "%s", d->name);
		a->settings[a->n_settings].key = a->keys[a->n_settings];
		a->settings[a->n_settings++].value = value;
		return 0;
	}
	a->given[a->n_given].def = d;
	a->given[a->n_given].in_environment = true;
	a->given[a->n_given++].value = value;
	return 0;
}

static void take_one(void *ctx, const struct option_def *d)
{
	struct visit *v = ctx;
	char *name = environment_name(d->name);
	const char *value = getenv(name);
	bool on = false;

	if (args_has(v->args, "one-of-many") && strcmp(d->name, "proxy") != 0)
		goto out; /* a worker was told all the rest */
	if (v->rc || !value || !environment_has(d->name) || is_given(v->args, d->name) ||
	        is_idle(v->args, d->name))
		goto out;
	if (!d->arg && !read_flag(value, &on))
		v->rc = usage_error(v->args, "%s is 1 or 0, not \"%s\"", name, value);
	else if (d->arg && !*value)
		v->rc = usage_error(v->args, "%s is empty: unset it", name);
	else if (d->arg || on)
		v->rc = add_option(v->args, d, d->arg ? value : NULL);
out:
	free(name);
}

int environment_apply(struct args *a)
{
	struct visit v = {.args = a};

	args_each(a->cmd, take_one, &v);
	return v.rc;
}

/* Is ${value} a path that ${text} tells of, and the one that the environment has for ${option}? */
static bool is_told(const char *option, const char *value, const char *text, char **name_out)
{
	char *name = environment_name(option);
	bool yes = value && strchr(value, '/') && getenv(name) == value && strstr(text, value);

	if (yes)
		*name_out = name;
	else
		free(name);
	return yes;
}

char *environment_told(const struct args *a, const char *text)
{
	char *name = NULL;

	for (size_t i = 0; i < a->n_given; i++)
		if (a->given[i].in_environment &&
		        is_told(a->given[i].def->name, a->given[i].value, text, &name))
			return name;
	for (size_t i = 0; i < a->n_settings; i++)
		if (is_told(a->settings[i].key, a->settings[i].value, text, &name))
			return name;
	return NULL;
}

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '-';
}

void environment_names(const struct args *a, const char *text, struct buf *out)
{
	for (const char *p = text; *p; p++) {
		size_t n = 0, at = a->n_given;

		while (strncmp(p, "--", 2) == 0 && is_name_char(p[2 + n]))
			n++;
		for (size_t i = 0; i < a->n_given && n; i++)
			if (a->given[i].in_environment && strlen(a->given[i].def->name) == n &&
			        memcmp(a->given[i].def->name, p + 2, n) == 0)
				at = i;
		if (at < a->n_given) {
			char *name = environment_name(a->given[at].def->name);

			buf_puts(out, name);
			free(name);
			p += n + 1;
		} else {
			buf_putc(out, *p);
		}
	}
}
