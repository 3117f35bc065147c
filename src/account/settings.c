/* The keys of an account: which there are, and their values, options over the file. */
#include "settings.h"
#include "valise/account/account.h"
#include "valise/account/protocols.h"
#include "valise/base/mem.h"
#include "valise/base/near.h"
#include "valise/base/secret.h"
#include "valise/base/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX 64

static const char *const keys[] = {"user", "password-command", "password-fd", "auth", "ca-file",
        "pin", "authzid", "timeout", "proxy", "cleartext", "oauth", "oauth-authorize",
        "oauth-device", "oauth-token", "oauth-revoke", "oauth-scopes", "oauth-client-id",
        "oauth-client-secret-command", "oauth-ca-file"};
#define N_KEYS COUNT(keys)
/* What is an account's own of the options of commands; "old" names another account's archive. */
static const char *const option_keys[] = {"archive", "old", "include", "exclude", "exclude-use",
        "only", "labels", "max-rate", "daily-limit", "connections", "since", "until", "larger",
        "smaller"};

/* What follows "imap-", "pop3-" ...; ${key} itself without such a prefix. */
static const char *base_of(const char *key)
{
	for (int k = 0; k < SERVICE_KINDS; k++) {
		const char *name = protocols[k].name;
		size_t n = strlen(name);

		if (strncmp(key, name, n) == 0 && key[n] == '-')
			return key + n + 1;
	}
	return key;
}

/* "mapi-mailbox" */
static bool is_own_key(const char *key)
{
	for (int k = 0; k < SERVICE_KINDS; k++) {
		const char *own = protocols[k].own_key;
		size_t n = strlen(protocols[k].name);

		if (own && strncmp(key, protocols[k].name, n) == 0 && key[n] == '-' &&
		        strcmp(key + n + 1, own) == 0)
			return true;
	}
	return false;
}

bool account_is_key(const char *key)
{
	return protocol_find(key) || text_among(base_of(key), keys, N_KEYS) || is_own_key(key);
}

bool account_key_is_flag(const char *key)
{
	return strcmp(base_of(key), "cleartext") == 0;
}

bool settings_is_option(const char *key)
{
	return text_among(key, option_keys, COUNT(option_keys));
}

bool settings_is_repeated(const char *key)
{
	return text_in(key, "include|exclude|exclude-use");
}

bool settings_is_file_key(const char *key)
{
	return account_is_key(key) || settings_is_option(key) ||
	       strcmp(base_of(key), "password") == 0;
}

bool settings_is_command(const char *key)
{
	return text_in(base_of(key), "password-command|oauth-client-secret-command");
}

bool settings_is_password(const char *key, bool file)
{
	const char *base = base_of(key);

	return text_in(base, "password-command|password-fd|oauth|oauth-token") ||
	       (file && strcmp(base, "password") == 0);
}

bool settings_steers_password(const char *key)
{
	return protocol_find(key) || text_in(base_of(key), "pin|ca-file|proxy|cleartext");
}

/* SERVICE_x of "imap" and "imap-pin"; SERVICE_KINDS: all. */
static int kind_of(const char *key)
{
	size_t prefix = (size_t)(base_of(key) - key);
	int kind = 0;

	for (; kind < SERVICE_KINDS; kind++) {
		const char *name = protocols[kind].name;

		if (strcmp(key, name) == 0 ||
		        (prefix == strlen(name) + 1 && strncmp(key, name, prefix - 1) == 0))
			break;
	}
	return kind;
}

bool settings_meet(const char *a, const char *b)
{
	int x = kind_of(a), y = kind_of(b);

	return x == y || x == SERVICE_KINDS || y == SERVICE_KINDS;
}

static void clear_one(struct setting *s)
{
	if (s->value)
		wipe(s->value, strlen(s->value));
	free(s->value);
	free(s->key);
}

void settings_clear(struct settings *s)
{
	for (size_t i = 0; i < s->n; i++)
		clear_one(&s->items[i]);
	free(s->items);
	memset(s, 0, sizeof *s);
}

/* The setting at ${i}; those behind it move up. */
static void settings_remove(struct settings *s, size_t i)
{
	clear_one(&s->items[i]);
	s->n--;
	memmove(&s->items[i], &s->items[i + 1], (s->n - i) * sizeof *s->items);
}

const struct setting *settings_find(const struct settings *s, const char *key)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->items[i].key, key) == 0)
			return &s->items[i];
	return NULL;
}

struct setting *settings_add(
        struct settings *s, const char *key, const char *value, enum setting_from from)
{
	struct setting *item;

	if (!settings_is_repeated(key))
		settings_drop(s, key);
	item = ARR_PUSH(s->items, s->n, s->cap);
	item->key = xstrdup(key);
	item->value = xstrdup(value);
	item->from = from;
	return item;
}

struct setting *settings_put(
        struct settings *s, const char *key, const char *value, enum setting_from from)
{
	settings_drop(s, key);
	return settings_add(s, key, value, from);
}

void settings_drop(struct settings *s, const char *key)
{
	for (size_t i = s->n; i-- > 0;)
		if (strcmp(s->items[i].key, key) == 0)
			settings_remove(s, i);
}

const struct setting *settings_own(
        const struct settings *s, enum service_kind kind, const char *key)
{
	char full[WORD_MAX];

	snprintf(full, sizeof full, "%s-%s", protocols[kind].name, key);
	return settings_find(s, full);
}

const struct setting *settings_of(const struct settings *s, enum service_kind kind, const char *key)
{
	const struct setting *own = settings_own(s, kind, key);

	return own ? own : settings_find(s, key);
}

void settings_drop_passwords(struct settings *s, const char *like, enum setting_from from)
{
	size_t prefix = (size_t)(base_of(like) - like);

	for (size_t i = s->n; i-- > 0;) {
		const char *key = s->items[i].key;

		if (s->items[i].from < from && settings_is_password(key, true) &&
		        (size_t)(base_of(key) - key) == prefix && strncmp(key, like, prefix) == 0)
			settings_remove(s, i);
	}
}

/* Hold one name against the nearest so far; the best is kept in ${out}. */
static void weigh_candidate(
        const char *key, const char *candidate, struct nearest *best, char out[64])
{
	const char *before = best->word;

	nearest_weigh(best, key, candidate);
	if (best->word != before)
		best->word = (snprintf(out, 64, "%s", candidate), out);
}

static void weigh_account_keys(const char *key, struct nearest *best, char out[64])
{
	char full[WORD_MAX];

	for (size_t i = 0; i < N_KEYS; i++)
		weigh_candidate(key, keys[i], best, out);
	for (int k = 0; k < SERVICE_KINDS; k++) {
		const char *name = protocols[k].name;

		weigh_candidate(key, name, best, out);
		for (size_t i = 0; i < N_KEYS; i++) {
			snprintf(full, sizeof full, "%s-%s", name, keys[i]);
			weigh_candidate(key, full, best, out);
		}
		if (protocols[k].own_key) {
			snprintf(full, sizeof full, "%s-%s", name, protocols[k].own_key);
			weigh_candidate(key, full, best, out);
		}
	}
}

const char *account_nearest_key(const char *key, char out[64])
{
	struct nearest best = {0};

	weigh_account_keys(key, &best, out);
	return best.word;
}

const char *settings_nearest(const char *key, char out[64])
{
	struct nearest best = {0};

	weigh_account_keys(key, &best, out);
	for (size_t i = 0; i < COUNT(option_keys); i++)
		weigh_candidate(key, option_keys[i], &best, out);
	return best.word;
}
