/* The table of providers: share/valise/providers.ini, and the user's own before it. */
#include "valise/discover/providers.h"
#include "valise/account/inifile.h"
#include "valise/account/protocols.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/near.h"
#include "valise/net/url.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define TABLE "share/valise/providers.ini"
#define EXE_SIZE 4096
#define PATH_CAP 16384

/* The keys with a plain text, and where it goes. The URLs have those of the protocols. */
static const struct text_key {
	const char *name;
	size_t offset;
} text_keys[] = {
        {"name", offsetof(struct provider, name)},
        {"domains", offsetof(struct provider, domains)},
        {"mx", offsetof(struct provider, mx)},
        {"restore-imap", offsetof(struct provider, restore_imap)},
        {"user", offsetof(struct provider, user)},
        {"sign-in", offsetof(struct provider, sign_in)},
        {"app-password", offsetof(struct provider, app_password)},
        {"limits", offsetof(struct provider, limits)},
        {"note", offsetof(struct provider, note)},
        {"oauth-authorize", offsetof(struct provider, oauth_authorize)},
        {"oauth-device", offsetof(struct provider, oauth_device)},
        {"oauth-token", offsetof(struct provider, oauth_token)},
        {"oauth-revoke", offsetof(struct provider, oauth_revoke)},
        {"oauth-scopes", offsetof(struct provider, oauth_scopes)},
        {"oauth-client-id", offsetof(struct provider, oauth_client_id)},
};

static const struct {
	const char *name;
	unsigned bit;
} sign_ins[] = {
        {"password", SIGN_IN_PASSWORD},
        {"app-password", SIGN_IN_APP_PASSWORD},
        {"oauth", SIGN_IN_OAUTH},
};

struct loading {
	struct providers *out;
	const char *label;
	bool own;
	bool hidden; /* a section of the same name is there already */
};

static void clear_provider(struct provider *p)
{
	for (size_t i = 0; i < COUNT(text_keys); i++)
		free(*(char **)((char *)p + text_keys[i].offset));
	for (int k = 0; k < SERVICE_KINDS; k++)
		free(p->urls[k]);
	free(p->id);
}

void providers_free(struct providers *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++)
		clear_provider(&p->list[i]);
	free(p->list);
	free(p->path);
	free(p->own_path);
	free(p);
}

static int refuse_line(const struct loading *l, unsigned line, const char *what, const char *value,
        struct err *err)
{
	return err_set(
	        err, ERR_USAGE, ERR_WHOLE, "%s, line %u: %s \"%s\"", l->label, line, what, value);
}

/* Where the text of ${key} goes in ${p}; NULL: there is no such key. */
static char **find_text(struct provider *p, const char *key)
{
	for (size_t i = 0; i < COUNT(text_keys); i++)
		if (strcmp(text_keys[i].name, key) == 0)
			return (char **)((char *)p + text_keys[i].offset);
	for (int k = 0; k < SERVICE_KINDS; k++)
		if (strcmp(protocols[k].name, key) == 0)
			return &p->urls[k];
	return NULL;
}

static bool next_word(const char **s, const char **word, size_t *n)
{
	*s += strspn(*s, " \t");
	*word = *s;
	*n = strcspn(*s, " \t");
	*s += *n;
	return *n > 0;
}

static int take_sign_in(const struct loading *l, struct provider *p, unsigned line, struct err *err)
{
	const char *s = p->sign_in, *word;
	size_t n, i;

	while (next_word(&s, &word, &n)) {
		for (i = 0; i < COUNT(sign_ins); i++)
			if (strlen(sign_ins[i].name) == n && memcmp(sign_ins[i].name, word, n) == 0)
				break;
		if (i == COUNT(sign_ins))
			return refuse_line(l, line,
			        "sign-in is of password, app-password and oauth, not", p->sign_in,
			        err);
		p->sign_ins |= sign_ins[i].bit;
	}
	return 0;
}

static int take_limit(const struct loading *l, struct provider *p, const char *value, unsigned line,
        struct err *err)
{
	char *end = NULL;

	errno = 0;
	p->daily_limit = strtoull(value, &end, 10);
	if (errno || !isdigit((unsigned char)*value) || *end)
		return refuse_line(l, line, "daily-limit is a number of bytes, not", value, err);
	return 0;
}

static int check_user(const struct loading *l, const char *value, unsigned line, struct err *err)
{
	if (strcmp(value, "address") == 0 || strcmp(value, "local part") == 0)
		return 0;
	return refuse_line(l, line, "user is \"address\" or \"local part\", not", value, err);
}

static int unknown_key(const struct loading *l, const char *key, unsigned line, struct err *err)
{
	struct nearest near = {NULL, 0};

	for (size_t i = 0; i < COUNT(text_keys); i++)
		nearest_weigh(&near, key, text_keys[i].name);
	for (int k = 0; k < SERVICE_KINDS; k++)
		nearest_weigh(&near, key, protocols[k].name);
	return err_set(err, ERR_USAGE, ERR_WHOLE, "%s, line %u: there is no key \"%s\"%s%s",
	        l->label, line, key, near.word ? "; do you mean " : "", near.word ? near.word : "");
}

static int take_key(
        struct loading *l, const char *key, const char *value, unsigned line, struct err *err)
{
	struct provider *p = &l->out->list[l->out->n - 1];
	char **text = find_text(p, key);

	if (strcmp(key, "daily-limit") == 0)
		return take_limit(l, p, value, line, err);
	if (!text)
		return unknown_key(l, key, line, err);
	if (*text)
		return refuse_line(l, line, "stands here twice:", key, err);
	if (!*value)
		return 0;
	*text = xstrdup(value);
	if (text == &p->sign_in)
		return take_sign_in(l, p, line, err);
	return text == &p->user ? check_user(l, value, line, err) : 0;
}

static int load_entry(void *ctx, const char *section, const char *key, const char *value,
        unsigned line, struct err *err)
{
	struct loading *l = ctx;
	struct provider *p;

	if (!key) {
		l->hidden = !l->own && providers_by_id(l->out, section);
		if (l->hidden)
			return 0;
		p = ARR_PUSH(l->out->list, l->out->n, l->out->cap);
		p->id = xstrdup(section);
		p->own = l->own;
		return 0;
	}
	return l->hidden ? 0 : take_key(l, key, value, line, err);
}

static int load_file(struct providers *p, const char *path, bool own, struct err *err)
{
	struct loading l = {.out = p, .label = path, .own = own};
	struct buf text = buf_of(INIFILE_MAX);
	const char *untrusted;
	struct stat st;
	int rc = inifile_read(path, &text, &st, err);

	untrusted = rc == 0 && own ? inifile_untrusted(&st) : NULL;
	if (untrusted)
		rc = err_set(err, ERR_USAGE, ERR_WHOLE, "%s says where passwords go, and it %s",
		        path, untrusted);
	if (rc == 0)
		rc = inifile_parse((const char *)text.data, text.len, path, load_entry, &l, err);
	buf_clear(&text);
	return rc;
}

static bool is_there(const char *path)
{
	return access(path, R_OK) == 0;
}

/*
 * PREFIX/bin/valise has it in PREFIX/share; in the build tree it lies beside the program
 * or, for tests, above it.
 */
static char *find_table(void)
{
	static const char *const from[] = {"../", "", "../../", "../../../"};
	char exe[EXE_SIZE], *slash, *path;
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);

	if (n <= 0)
		return NULL;
	exe[n] = '\0';
	slash = strrchr(exe, '/');
	if (!slash)
		return NULL;
	*slash = '\0';
	for (size_t i = 0; i < COUNT(from); i++) {
		path = xasprintf("%s/%s%s", exe, from[i], TABLE);
		if (is_there(path))
			return path;
		free(path);
	}
	return NULL;
}

static char *default_own_path(void)
{
	const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (base && *base == '/')
		return xasprintf("%s/valise/providers.ini", base);
	if (home && *home == '/')
		return xasprintf("%s/.config/valise/providers.ini", home);
	return NULL;
}

int providers_load(const char *path, const char *own, struct providers **out, struct err *err)
{
	struct providers *p = xcalloc(1, sizeof *p);
	int rc = 0;

	*out = p;
	p->path = path ? xstrdup(path) : find_table();
	p->own_path = own ? xstrdup(own) : default_own_path();
	if (p->own_path)
		rc = load_file(p, p->own_path, true, err);
	if (rc == ERR_NOTFOUND) {
		err_clear(err);
		rc = 0;
	}
	if (rc == 0 && p->path)
		rc = load_file(p, p->path, false, err);
	for (size_t i = 0; i < p->n; i++)
		if (!p->list[i].name)
			p->list[i].name = xstrdup(p->list[i].id);
	return rc;
}

const struct provider *providers_by_id(const struct providers *p, const char *id)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->list[i].id, id) == 0)
			return &p->list[i];
	return NULL;
}

/* Is one of ${words} the name? With ${ends}: or an end of it, at a dot. */
static bool has_name(const char *words, const char *name, bool ends)
{
	size_t len = strlen(name), n;
	const char *word;

	if (len && name[len - 1] == '.')
		len--;
	while (words && next_word(&words, &word, &n)) {
		if (n > len || (n < len && (!ends || name[len - n - 1] != '.')))
			continue;
		if (strncasecmp(name + len - n, word, n) == 0)
			return true;
	}
	return false;
}

const struct provider *providers_by_domain(const struct providers *p, const char *domain)
{
	for (size_t i = 0; i < p->n; i++)
		if (has_name(p->list[i].domains, domain, false))
			return &p->list[i];
	return NULL;
}

const struct provider *providers_by_mx(const struct providers *p, const char *host)
{
	for (size_t i = 0; i < p->n; i++)
		if (has_name(p->list[i].mx, host, true))
			return &p->list[i];
	return NULL;
}

/* What a %{WORD} stands for; false: nothing. */
static bool put_word(const char *word, size_t n, const char *address, struct buf *out)
{
	const char *at = strrchr(address, '@');
	size_t user = at ? (size_t)(at - address) : strlen(address);

	if (n == 7 && memcmp(word, "address", n) == 0)
		url_escape_segment(address, strlen(address), out);
	else if (n == 4 && memcmp(word, "user", n) == 0)
		url_escape_segment(address, user, out);
	else if (n == 6 && memcmp(word, "domain", n) == 0 && at)
		url_escape_segment(at + 1, strlen(at + 1), out);
	else
		return false;
	return true;
}

char *provider_url(
        const struct provider *p, enum service_kind kind, bool stores, const char *address)
{
	struct buf out = buf_of(PATH_CAP);
	bool other = stores && kind == SERVICE_IMAP && p->restore_imap;
	const char *s = other ? p->restore_imap : p->urls[kind];
	char *url;

	if (!s || strlen(address) > 512)
		return NULL;
	while (*s) {
		const char *end = strncmp(s, "%{", 2) == 0 ? strchr(s, '}') : NULL;

		if (end && put_word(s + 2, (size_t)(end - s) - 2, address, &out))
			s = end + 1;
		else
			buf_putc(&out, *s++);
	}
	url = buf_take(&out);
	buf_clear(&out);
	return url;
}

char *provider_user(const struct provider *p, const char *address)
{
	const char *at = strrchr(address, '@');

	if (p->user && strcmp(p->user, "local part") == 0 && at)
		return xstrndup(address, (size_t)(at - address));
	return xstrdup(address);
}
