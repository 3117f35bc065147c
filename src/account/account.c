/* Accounts from accounts.ini and options: each value checked, services made of them. */
#include "valise/account/account.h"
#include "accountfile.h"
#include "account/secret/credentials.h"
#include "account/secret/oauth.h"
#include "settings.h"
#include "service_url.h"
#include "valise/base/escape.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include "valise/base/text.h"
#include "valise/net/proxy.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CONNECT_TIMEOUT_MS 30000
#define IDLE_TIMEOUT_MS 120000
#define TIMEOUT_MAX_S 86400
#define USER_MAX 512
#define MECH_MAX 32
#define FD_MAX 1048576
#define PIN_PREFIX "sha256:"
#define PIN_DIGITS 64

/* ERR_USAGE: "imap: WHAT "VALUE"". */
static int refuse_value(
        struct err *err, enum service_kind kind, const char *what, const char *value)
{
	return err_set(err, ERR_USAGE, ERR_WHOLE, "%s: %s%s%s%s", protocols[kind].name, what,
	        value ? " \"" : "", value ? value : "", value ? "\"" : "");
}

/* Where the setting stands, if that is a file. */
static int at_place(const struct setting *s, struct err *err)
{
	return s && s->file ? err_wrap(err, "%s, line %u", s->file, s->line) : (int)err->code;
}

static int parse_bool(const char *key, const char *value, bool *out, struct err *err)
{
	static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};

	for (size_t i = 0; i < COUNT(words); i++)
		if (strcasecmp(value, words[i]) == 0) {
			*out = i % 2 != 0;
			return 0;
		}
	return err_set(
	        err, ERR_USAGE, ERR_WHOLE, "%s is \"yes\" or \"no\", not \"%s\"", key, value);
}

/*
 * "sha256:" and 64 digits, with or without the colons that openssl prints between them.
 */
static int parse_pin(enum service_kind kind, const char *s, char **out, struct err *err)
{
	char hex[PIN_DIGITS + 1];
	size_t n = 0;

	if (strncasecmp(s, PIN_PREFIX, strlen(PIN_PREFIX)) != 0)
		return refuse_value(
		        err, kind, "a pin is sha256: and 64 hexadecimal digits, not", s);
	for (const char *p = s + strlen(PIN_PREFIX); *p; p++) {
		if (*p == ':' && n && n % 2 == 0)
			continue;
		if (!isxdigit((unsigned char)*p) || n == PIN_DIGITS)
			return refuse_value(err, kind, "not a pin of 64 hexadecimal digits:", s);
		hex[n++] = (char)tolower((unsigned char)*p);
	}
	if (n != PIN_DIGITS)
		return refuse_value(err, kind, "not a pin of 64 hexadecimal digits:", s);
	hex[n] = '\0';
	*out = xstrdup(hex);
	return 0;
}

static int parse_mech(enum service_kind kind, const char *s, char **out, struct err *err)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && !strchr("-_", s[i]))
			return refuse_value(err, kind, "not the name of a SASL mechanism:", s);
	if (!n || n > MECH_MAX)
		return refuse_value(err, kind, "not the name of a SASL mechanism:", s);
	*out = text_upper(xstrdup(s));
	return 0;
}

/* Of the service: both waiting for a connection and for an answer. */
static int take_timeout(
        enum service_kind kind, const char *value, struct service *s, struct err *err)
{
	char *end = NULL;
	long n = strtol(value, &end, 10);

	if (!isdigit((unsigned char)*value) || *end || n < 1 || n > TIMEOUT_MAX_S)
		return refuse_value(
		        err, kind, "timeout is a number of seconds from 1 to 86400, not", value);
	s->at.connect_timeout_ms = s->at.idle_timeout_ms = (int)n * 1000;
	return 0;
}

/* UTF-8 without control characters, of at most 512 octets. */
static bool name_is_plain(const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++)
		if (iscntrl((unsigned char)s[i]))
			return false;
	return n > 0 && n <= USER_MAX && utf8_valid(s, n);
}

static int check_fd(enum service_kind kind, const char *s, struct err *err)
{
	char *end = NULL;
	long n = strtol(s, &end, 10);

	if (!isdigit((unsigned char)*s) || *end || n > FD_MAX)
		return refuse_value(err, kind, "password-fd is the number of an open file", NULL);
	return 0;
}

/*
 * On one level, the service's own (${own}) or the account's: how many sources, and the
 * last.
 */
static int password_source(const struct settings *set, enum service_kind kind, bool own,
        enum source_type *type_out, const struct setting **out)
{
	static const struct {
		const char *key;
		enum source_type type;
	} kinds[] = {{"password-command", SOURCE_COMMAND}, {"password-fd", SOURCE_FD},
	        {"password", SOURCE_TEXT}, {"oauth", SOURCE_OAUTH}, {"oauth-token", SOURCE_OAUTH}};
	int n = 0;

	for (size_t i = 0; i < COUNT(kinds); i++) {
		const struct setting *found = own ? settings_own(set, kind, kinds[i].key)
		                                  : settings_find(set, kinds[i].key);

		if (!found ||
		        (n == 1 && *type_out == SOURCE_OAUTH && kinds[i].type == SOURCE_OAUTH))
			continue;
		*type_out = kinds[i].type;
		*out = found;
		n++;
	}
	return n;
}

/* Of a service that signs in by OAuth. */
static int build_oauth(struct account *a, const struct settings *set, struct service *s,
        const char *name, const char *label, struct err *err)
{
	static const char *const ways[] = {"OAUTHBEARER", "XOAUTH2", "BEARER"};
	struct oauth_source *o;
	bool fits = !s->login.mech;
	int rc;

	for (size_t i = 0; i < COUNT(ways); i++)
		fits |= s->login.mech && strcmp(s->login.mech, ways[i]) == 0;
	if (!fits)
		return refuse_value(err, s->kind,
		        "a token of OAuth is sent by OAUTHBEARER or XOAUTH2, not by auth =",
		        s->login.mech);
	/* behind a proxy 127.0.0.1 is another machine */
	if (s->at.security == SECURITY_NONE && (!host_is_loopback(s->at.host) || s->at.proxy))
		return refuse_value(err, s->kind,
		        "a token of OAuth is sent over TLS alone, or to this machine, not to",
		        s->at.host);
	rc = oauth_source_new(set, s, name, &o, err);
	if (rc != 0)
		return rc;
	s->login.token = true;
	s->login.ctx = secrets_user(secrets_oauth(a->secrets, o, label), label);
	return 0;
}

/*
 * Asked for once a place: others get a password of their own, and one that was typed for
 * TLS is not sent in clear.
 */
static void build_terminal(struct account *a, struct service *s)
{
	char *place = service_url_place(&protocols[s->kind], &s->at);
	char *label = xasprintf("%s at %s", s->name, place);
	char *text = xasprintf("%s\n%s%s", s->login.user, text_lower(place),
	        s->at.security == SECURITY_NONE ? "\ncleartext" : "");

	s->login.ctx =
	        secrets_user(secrets_source(a->secrets, SOURCE_TERMINAL, text, label), label);
	s->login.typed = true;
	free(text);
	free(label);
	free(place);
}

/* Where the password of a service comes from: one way, its own before the account's. */
static int build_password(struct account *a, const struct settings *set, struct service *s,
        const char *name, struct err *err)
{
	enum source_type type = SOURCE_TERMINAL;
	const struct setting *from = NULL;
	char *label;
	int n = password_source(set, s->kind, true, &type, &from), rc = 0;

	if (n == 0)
		n = password_source(set, s->kind, false, &type, &from);
	if (n > 1)
		rc = refuse_value(
		        err, s->kind, "the password is given in two ways; keep one", NULL);
	else if (type == SOURCE_FD)
		rc = check_fd(s->kind, from->value, err);
	if (rc != 0)
		return at_place(from, err);
	label = xasprintf("%s at %s", s->name, s->at.host);
	s->login.command = xasprintf("valise login %s", name ? name : "(with the same options)");
	if (type == SOURCE_OAUTH)
		rc = build_oauth(a, set, s, name, label, err);
	else if (type == SOURCE_TERMINAL)
		build_terminal(a, s);
	else
		s->login.ctx =
		        secrets_user(secrets_source(a->secrets, type, from->value, label), label);
	s->login.get_secret = secrets_get;
	s->login.let_in = secrets_let_in;
	free(label);
	return rc;
}

/*
 * The service's own key, then the user of its URL, then the account's, then an address as
 * the name; what counts more than the URL, as an option over one of the file, wins over its
 * user.
 */
static const char *find_user(const struct settings *set, enum service_kind kind, const char *name,
        const char *from_url, const struct setting **place_out)
{
	const struct setting *url = settings_find(set, protocols[kind].name);
	const struct setting *own = settings_own(set, kind, "user"),
	                     *all = settings_find(set, "user");

	if (!own && all && (!from_url || all->from > url->from))
		own = all;
	*place_out = own ? own : url;
	if (own)
		return own->value;
	if (!from_url && name && strchr(name, '@'))
		return name;
	return from_url;
}

/* Who signs in, and for whom; *passed_over: a --user that the URL outranks. */
static int build_user(const struct settings *set, const char *name, const char *from_url,
        struct service *s, char **passed_over, struct err *err)
{
	const struct setting *all = settings_find(set, "user"), *place;
	const struct setting *url = settings_find(set, s->name);
	const char *user = find_user(set, s->kind, name, from_url, &place);
	const struct setting *as = settings_of(set, s->kind, "authzid");
	const char *authzid = as ? as->value : NULL;

	if (!user)
		return refuse_value(err, s->kind, "no user; add user (--user NAME)", NULL);
	if (!name_is_plain(user))
		return refuse_value(err, s->kind, "not a user name:", user), at_place(place, err);
	if (authzid && !name_is_plain(authzid))
		(void)refuse_value(err, s->kind, "not an authorization identity:", authzid);
	else if (authzid && protocols[s->kind].no_authzid)
		(void)refuse_value(err, s->kind, protocols[s->kind].no_authzid, NULL);
	else
		as = NULL;
	if (as)
		return at_place(as, err);
	if (all && all->from == FROM_OPTIONS && url->from == FROM_OPTIONS && user == from_url &&
	        strcmp(user, all->value) != 0)
		*passed_over = xstrdup(all->value);
	s->login.user = xstrdup(user);
	if (authzid)
		s->login.authzid = xstrdup(authzid);
	return 0;
}

/* It is read much later, and by a library that would wait for a FIFO. */
static int take_ca_file(
        enum service_kind kind, const char *value, struct service *s, struct err *err)
{
	struct err why = {0};
	int fd, rc;

	s->at.ca_file = accountfile_expand_home(value);
	rc = file_open_given(s->at.ca_file, &fd, &why);
	if (rc == 0)
		(void)sys_close(fd);
	return rc == ERR_USAGE ? refuse_value(err, kind, "ca-file is no regular file:", value) : 0;
}

static int take_pin(enum service_kind kind, const char *value, struct service *s, struct err *err)
{
	return parse_pin(kind, value, &s->at.pin, err);
}

/* The value is not repeated: it may hold a password. */
static int take_proxy(enum service_kind kind, const char *value, struct service *s, struct err *err)
{
	struct secret password = {0};
	struct proxy p;
	int rc = proxy_read(value, &p, err);

	if (rc == 0 && p.signs_in && *p.password)
		rc = secret_set(&password, p.password, strlen(p.password), err);
	if (rc == 0) {
		secret_learn(&password);
		s->at.proxy = xstrdup(value);
	} else {
		(void)err_wrap(err, "%s: proxy", protocols[kind].name);
	}
	secret_clear(&password);
	wipe(&p, sizeof p);
	return rc;
}

static int take_mech(enum service_kind kind, const char *value, struct service *s, struct err *err)
{
	return parse_mech(kind, value, &s->login.mech, err);
}

/* Host, port and security of the URL; *user_out: the user in it, or NULL. */
static int take_endpoint(const struct settings *set, const struct setting *url, struct service *s,
        char **user_out, struct err *err)
{
	const struct setting *plain = settings_of(set, s->kind, "cleartext");
	bool cleartext = false;

	if (plain && parse_bool("cleartext", plain->value, &cleartext, err) != 0)
		return at_place(plain, err);
	if (service_is_place(&protocols[s->kind], url->value)) {
		if (service_place_parse(&protocols[s->kind], url->value, &s->at, user_out, err) !=
		        0)
			return at_place(url, err);
		s->at_domain = *user_out != NULL;
		s->lookup = xstrdup(*user_out);
		return 0;
	}
	if (service_url_parse(&protocols[s->kind], url->value, cleartext, &s->at, user_out, err) !=
	        0)
		return at_place(url, err);
	if (protocols[s->kind].is_found && strcmp(s->at.path, "/") == 0) {
		free(s->at.path); /* a host, and nothing of a mailbox */
		s->at.path = NULL;
	}
	return 0;
}

/*
 * Whose mailbox it is, where that is not the one of who signs in: what is kept of it is kept by
 * this name, as it is by an authorization identity elsewhere.
 */
static int take_mailbox(const struct settings *set, struct service *s, struct err *err)
{
	const char *key = protocols[s->kind].own_key;
	const struct setting *own = key ? settings_own(set, s->kind, key) : NULL;

	if (!own)
		return 0;
	if (*own->value != '/' && !strchr(own->value, '@')) {
		(void)refuse_value(err, s->kind,
		        "a mailbox is an address, or the name that begins with /o=, not",
		        own->value);
		return at_place(own, err);
	}
	if (!name_is_plain(own->value)) {
		(void)refuse_value(err, s->kind, "not the name of a mailbox:", own->value);
		return at_place(own, err);
	}
	s->login.authzid = xstrdup(own->value);
	if (*own->value == '/') {
		s->mailbox = xstrdup(own->value);
	} else {
		free(s->lookup);
		s->lookup = xstrdup(own->value);
	}
	return 0;
}

/* All of the endpoint: its URL, and the keys that are about it. */
static int build_endpoint(const struct settings *set, const struct setting *url, FILE *trace,
        struct service *s, char **user_out, struct err *err)
{
	static const struct {
		const char *key;
		int (*take)(enum service_kind kind, const char *value, struct service *s,
		        struct err *err);
	} keys[] = {{"ca-file", take_ca_file}, {"pin", take_pin}, {"timeout", take_timeout},
	        {"proxy", take_proxy}, {"auth", take_mech}};
	int rc = take_endpoint(set, url, s, user_out, err);

	s->at.connect_timeout_ms = CONNECT_TIMEOUT_MS;
	s->at.idle_timeout_ms = IDLE_TIMEOUT_MS;
	s->at.trace = trace;
	for (size_t i = 0; i < COUNT(keys) && rc == 0; i++) {
		const struct setting *value = settings_of(set, s->kind, keys[i].key);

		if (value && keys[i].take(s->kind, value->value, s, err) != 0)
			rc = at_place(value, err);
	}
	return rc;
}

/* One service of the account, if a URL names it. */
static int build_service(struct account *a, const struct settings *set, const char *name,
        enum service_kind kind, FILE *trace, struct err *err)
{
	const struct setting *url = settings_find(set, protocols[kind].name);
	struct service *s = &a->services[kind];
	char *user = NULL;
	int rc;

	s->kind = kind;
	s->name = protocols[kind].name;
	if (!url)
		return 0;
	rc = build_endpoint(set, url, trace, s, &user, err);
	if (s->at_domain && settings_of(set, kind, "user")) { /* whose it is, not who signs in */
		free(user);
		user = NULL;
	}
	if (rc == 0)
		rc = take_mailbox(set, s, err);
	if (rc == 0)
		rc = build_user(set, name, user, s, &a->passed_over[kind], err);
	/* the name of the account is an address, if who signs in has none */
	if (rc == 0 && protocols[kind].is_found && !s->lookup && !strchr(s->login.user, '@') &&
	        name && strchr(name, '@'))
		s->lookup = xstrdup(name);
	if (rc == 0)
		rc = build_password(a, set, s, name, err);
	a->present[kind] = rc == 0;
	free(user);
	return rc;
}

/* A key for one service, of a service that the account has not, is a mistake. */
static int check_owners(const struct settings *set, struct err *err)
{
	for (size_t i = 0; i < set->n; i++)
		for (int k = 0; k < SERVICE_KINDS; k++) {
			const char *name = protocols[k].name;
			size_t n = strlen(name);

			if (set->items[i].from == FROM_DEFAULTS || /* not each has what they name */
			        strncmp(set->items[i].key, name, n) != 0 ||
			        set->items[i].key[n] != '-' || settings_find(set, name))
				continue;
			(void)err_set(err, ERR_USAGE, ERR_WHOLE, "\"%s\" is given, but no %s",
			        set->items[i].key, name);
			return at_place(&set->items[i], err);
		}
	return 0;
}

/*
 * USER@HOST of who is read, not of who signs in; a user that is an address already names
 * the account.
 */
static char *default_name(const struct account *a)
{
	for (int k = 0; k < SERVICE_KINDS; k++) {
		const struct service *s = &a->services[k];

		if (!a->present[k])
			continue;
		if (strchr(service_owner(s), '@'))
			return xstrdup(service_owner(s));
		return xasprintf("%s@%s", service_owner(s), s->at.host);
	}
	return xstrdup("");
}

/* All services, and the name of the account. */
static int build_account(struct account *a, const struct settings *set, const char *name,
        FILE *trace, struct err *err)
{
	bool any = false;
	int rc = check_owners(set, err);

	for (int k = 0; k < SERVICE_KINDS && rc == 0; k++) {
		rc = build_service(a, set, name, (enum service_kind)k, trace, err);
		any |= a->present[k];
		if (a->present[k])
			a->services[k].facts = a->facts[k] = facts_new();
	}
	if (rc == 0 && !any)
		rc = err_set(err, ERR_USAGE, ERR_WHOLE,
		        "%s%sno service is named; add one, as in --imap imaps://mail.example.org",
		        name ? name : "", name ? ": " : "");
	if (rc == 0)
		a->name = name ? xstrdup(name) : default_name(a);
	return rc;
}

/* Options over the file; *service_out: one of them names a service. */
static int overlay_settings(struct settings *set, const struct account_setting *given, size_t n,
        bool *service_out, struct err *err)
{
	char near[64];

	for (size_t i = 0; i < n; i++) {
		const char *key = given[i].key;

		if (!account_is_key(key))
			return err_set(err, ERR_USAGE, ERR_WHOLE, "there is no key \"%s\"%s%s", key,
			        account_nearest_key(key, near) ? "; do you mean " : "",
			        account_nearest_key(key, near) ? near : "");
		if (!given[i].value || !*given[i].value)
			return err_set(err, ERR_USAGE, ERR_WHOLE, "\"%s\" has no value", key);
		if (settings_is_password(key, false))
			settings_drop_passwords(set, key, FROM_OPTIONS);
		settings_put(set, key, given[i].value, FROM_OPTIONS);
		*service_out |= protocol_find(key) != NULL;
	}
	return 0;
}

/* ERR_NOTFOUND, with the name that is near. */
static int not_found(const char *name, const struct accounts *list, struct err *err)
{
	const char *where = list ? list->files[0] : "accounts.ini";
	const char *nearest = list ? accounts_nearest(list, name) : NULL;

	if (strstr(name, "://")) /* which may hold a password */
		return err_set(err, ERR_NOTFOUND, ERR_WHOLE,
		        "an address is no account's name: give it with its service, as in --imap "
		        "imaps://mail.example.org --user NAME");
	if (nearest)
		return err_set(err, ERR_NOTFOUND, ERR_WHOLE,
		        "no account \"%s\" in %s; do you mean \"%s\"?", name, where, nearest);
	return err_set(err, ERR_NOTFOUND, ERR_WHOLE,
	        "no account \"%s\" in %s; add it there, or name its services, as in --imap "
	        "imaps://mail.example.org --user %s",
	        name, where, name);
}

/* The values that are options of commands, for those. */
static void take_options(struct account_options *out, const struct settings *set)
{
	for (size_t i = 0; i < set->n; i++) {
		const struct setting *s = &set->items[i];
		struct account_option *o;

		if (!settings_is_option(s->key))
			continue;
		o = ARR_PUSH(out->items, out->n, out->cap);
		o->key = xstrdup(s->key);
		o->value = strcmp(s->key, "archive") == 0 ? accountfile_beside(s->file, s->value)
		                                          : xstrdup(s->value);
		o->written = xstrdup(s->value);
		o->file = xstrdup(s->file);
		o->line = s->line;
		o->shared = s->from == FROM_DEFAULTS;
	}
}

void account_options_clear(struct account_options *o)
{
	for (size_t i = 0; i < o->n; i++) {
		free(o->items[i].key);
		free(o->items[i].value);
		free(o->items[i].written);
		free(o->items[i].file);
	}
	free(o->items);
	memset(o, 0, sizeof *o);
}

int accounts_options(
        const struct accounts *list, const char *name, struct account_options *out, struct err *err)
{
	const struct account_section *section = accounts_section(list, name);
	struct settings set = {NULL, 0, 0};
	int rc = section ? accounts_settings(list, section, NULL, 0, &set, err)
	                 : not_found(name, list, err);

	if (rc == 0)
		take_options(out, &set);
	settings_clear(&set);
	return rc;
}

static int no_account_defaults(const struct accounts *list, struct err *err)
{
	return err_set(err, ERR_USAGE, ERR_WHOLE,
	        "no account can be called \"defaults\": [defaults]%s%s is what all accounts share; "
	        "give that section another name, and user = defaults",
	        list ? " in " : "", list ? list->files[0] : "");
}

int account_from(const struct accounts *list, const char *name, const struct account_setting *given,
        size_t n, FILE *trace, struct account **out, struct err *err)
{
	const struct account_section *section = list && name ? accounts_section(list, name) : NULL;
	struct settings set = {NULL, 0, 0};
	struct account *a = xcalloc(1, sizeof *a);
	bool service = false;
	int rc = 0;

	*out = NULL;
	a->secrets = secrets_new();
	if (name && strcmp(name, "defaults") == 0)
		rc = no_account_defaults(list, err);
	if (rc == 0 && section)
		rc = accounts_settings(list, section, given, n, &set, err);
	if (rc == 0)
		rc = overlay_settings(&set, given, n, &service, err);
	if (rc == 0 && section)
		rc = accounts_check_sources(list, section, &set, err);
	if (rc == 0 && name && !section && !service)
		rc = not_found(name, list, err);
	if (rc == 0)
		rc = build_account(a, &set, name, trace, err);
	if (rc == 0)
		take_options(&a->options, &set);
	settings_clear(&set);
	if (rc == 0)
		*out = a;
	else
		account_free(a);
	return rc;
}

int account_load(const char *name, const char *config, const struct account_setting *given,
        size_t n, FILE *trace, struct account **out, struct err *err)
{
	struct accounts *list = NULL;
	char *path = NULL;
	int rc = 0;

	*out = NULL;
	if (name)
		path = config ? xstrdup(config) : account_default_path();
	if (path)
		rc = accounts_open(path, &list, err);
	/* Only the default file may be missing. */
	if (rc == 0 || (rc == ERR_NOTFOUND && !config))
		rc = account_from(list, name, given, n, trace, out, err);
	accounts_close(list);
	free(path);
	return rc;
}

void account_free(struct account *a)
{
	if (!a || (a->held && a->held--))
		return;
	for (int k = 0; k < SERVICE_KINDS; k++) {
		service_clear(&a->services[k]);
		facts_free(a->facts[k]);
		free(a->passed_over[k]);
	}
	secrets_free(a->secrets);
	account_options_clear(&a->options);
	free(a->name);
	free(a);
}

struct account *account_hold(struct account *a)
{
	a->held++;
	return a;
}

static void warn_cleartext(const struct service *s, char line[256])
{
	char raw[512];

	snprintf(raw, sizeof raw,
	        "%s://%s: without TLS, the password of %.100s and all data can be read and "
	        "changed by anyone on the way",
	        service_url_scheme(&protocols[s->kind], s->at.security), s->at.host, s->login.user);
	term_escape(raw, strlen(raw), line, 256);
}

static void warn_user(const struct service *s, const char *passed_over, char line[256])
{
	char raw[512];

	snprintf(raw, sizeof raw,
	        "%s: its URL names the user %.80s, and --user %.80s does not count for it", s->name,
	        s->login.user, passed_over);
	term_escape(raw, strlen(raw), line, 256);
}

size_t account_warnings(const struct account *a, char lines[][256], size_t n)
{
	size_t made = 0;

	for (int k = 0; k < SERVICE_KINDS; k++) {
		const struct service *s = &a->services[k];

		if (a->present[k] && made < n && s->at.security == SECURITY_NONE &&
		        (!host_is_loopback(s->at.host) || s->at.proxy))
			warn_cleartext(s, lines[made++]);
		if (a->present[k] && made < n && a->passed_over[k])
			warn_user(s, a->passed_over[k], lines[made++]);
	}
	return made;
}
