/* Options, and the help that their tables print. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/base/near.h"
#include "cli/cli.h"
#include "cli/protocols.h"

/* Beside the URL of each protocol. Those of CMD_ALL are no keys of accounts.ini. */
static const struct option_def account_options[] = {
        {0, "user", 0, "NAME", "who signs in"},
        {0, "password-command", 0, "CMD",
                "run by sh -c; the first line of its output is the password"},
        {0, "password-fd", 0, "N", "read the password from this file descriptor"},
        {0, "auth", 0, "MECH", "sign in by this mechanism and no other"},
        {0, "oauth", 0, "PROVIDER",
                "sign in by OAuth: google, microsoft, yahoo, or the https:// URL of an issuer"},
        {0, "oauth-client-id", 0, "ID", "who valise is for the provider, as it was registered"},
        {0, "oauth-client-secret-command", 0, "CMD",
                "run by sh -c; the first line of its output is the client's secret"},
        {0, "oauth-scopes", 0, "SCOPES", "what is asked for, with blanks between"},
        {0, "oauth-authorize", 0, "URL", "where a browser signs in, with a provider of your own"},
        {0, "oauth-device", 0, "URL", "where codes for --device come from"},
        {0, "oauth-token", 0, "URL", "where tokens come from"},
        {0, "oauth-revoke", 0, "URL", "where valise logout gives them back"},
        {0, "authzid", 0, "NAME", "read or write the account of this user, as an administrator"},
        {0, "ca-file", 0, "FILE", "trust these certificate authorities instead of the system's"},
        {0, "pin", 0, "sha256:HEX", "accept just this certificate"},
        {0, "timeout", 0, "SECONDS",
                "how long a silent server is waited for (120; five times that where it may have "
                "much to do)"},
        {0, "proxy", 0, "URL",
                "go through a proxy: socks5h://HOST:PORT, socks5:// or http://, with "
                "USER:PASSWORD@ before HOST"},
        {0, "cleartext", 0, NULL, "speak imap://, pop3:// and http:// without TLS"},
        {CMD_ALL, "config", 0, "FILE", "accounts.ini to use"},
        {CMD_ALL, "nameserver", 0, "HOST:PORT",
                "ask this name server for the services of an address, not the system's"},
        {CMD_ALL & ~CMD_LOGIN, "yes", 0, NULL,
                "an address: let hosts have the password that nothing but its domain speaks for"},
        {CMD_LOGIN, "yes", 0, NULL,
                "the same; and another name that the server has for the user is fine"},
        {CMD_ALL, "trace", 0, "FILE", "write what goes over the wire there, without secrets"},
        {0, NULL, 0, NULL, NULL},
};

void talk(const char *fmt, ...)
{
	va_list ap;

	line_begin();
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	line_end();
}

int usage_error(const struct args *a, const char *fmt, ...)
{
	const struct command *cmd = a->cmd;
	char text[600], safe[700];
	struct buf named = buf_of(2 * sizeof text);
	struct err err = {0};
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	environment_names(a, text, &named);
	snprintf(text, sizeof text, "%s", buf_str(&named));
	buf_clear(&named);
	(void)err_set(&err, ERR_USAGE, ERR_WHOLE, "%s", text);
	end_why(a, &err);
	term_escape(text, strlen(text), safe, sizeof safe);
	if (cmd && *safe && safe[strlen(safe) - 1] == ')') /* it says where to look */
		talk("valise %s: %s", cmd->name, safe);
	else if (cmd)
		talk("valise %s: %s (see valise help %s)", cmd->name, safe, cmd->name);
	else
		talk("valise: %s (see valise help)", safe);
	return EXIT_USAGE;
}

/* The row of ${table} that the command ${bit} has by that name, or by its letter unless 0. */
static const struct option_def *find_option(
        const struct option_def *table, unsigned bit, const char *name, size_t n, char letter)
{
	for (const struct option_def *d = table; d->name; d++)
		if (d->commands & bit &&
		        (letter ? d->letter == letter
		                : strlen(d->name) == n && !memcmp(d->name, name, n)))
			return d;
	return NULL;
}

/* Hold ${name} against the names of ${table} that the command ${bit} has. */
static void weigh_table(
        struct nearest *best, const struct option_def *table, unsigned bit, const char *name)
{
	for (; table->name; table++)
		if (table->help && table->commands & bit)
			nearest_weigh(best, name, table->name);
}

/* What an argument like "--name=value" or "-o" means. */
struct one {
	const struct option_def *def;
	char key[ARGS_KEY_SIZE]; /* of an account setting, when def is NULL */
	bool takes_value;
	bool optional; /* it may stand without one */
	const char *value; /* after '=' */
};

static int parse_one(const struct args *a, const char *arg, struct one *o);

/* The commands that have the option, "backup and fetch"; how many they are. */
static size_t put_owners(const char *name, struct buf *out)
{
	const char *owners[32];
	size_t n = 0;

	for (const struct command *const *c = commands; *c && n < COUNT(owners); c++) {
		const struct args other = {.cmd = *c};
		struct one o;

		if (parse_one(&other, name, &o) == 0 && !(o.def && !o.def->help))
			owners[n++] = (*c)->name;
	}
	for (size_t i = 0; i < n; i++)
		buf_putf(out, "%s%s", i == 0 ? "" : i + 1 == n ? " and " : ", ", owners[i]);
	return n;
}

/* An option that does not exist, of which only the name is shown: its value may be secret. */
static int unknown_option(const struct args *a, const char *arg)
{
	int n = (int)(arg[1] == '-' ? strcspn(arg, "=") : 2);
	const struct command *c = a->cmd;
	char *name = xstrndup(arg, (size_t)n), key[64];
	struct nearest best = {0};
	struct buf owners = buf_of(1000);
	size_t n_owners = n > 3 ? put_owners(name, &owners) : 0;
	int rc;

	if (n > 3 && !n_owners) {
		weigh_table(&best, options, c->bit, name + 2);
		weigh_table(&best, account_options, c->account ? c->bit : 0, name + 2);
		if (c->account && account_nearest_key(name + 2, key))
			nearest_weigh(&best, name + 2, key);
	}
	if (n_owners && text_place(name + 2, "from|to|subject|text|item") >= 0)
		rc = usage_error(a,
		        "unknown option \"%s\": not %s: before a message is fetched its server "
		        "tells its date, size and flags, not what is in it; %s have it",
		        name, c->name, buf_str(&owners));
	else if (n_owners)
		rc = usage_error(a, "unknown option \"%s\": not %s, but %s %s it", name, c->name,
		        buf_str(&owners), n_owners == 1 ? "has" : "have");
	else if (best.word)
		rc = usage_error(
		        a, "unknown option \"%s\"; do you mean \"--%s\"?", name, best.word);
	else
		rc = usage_error(a, "unknown option \"%s\"", name);
	buf_clear(&owners);
	free(name);
	return rc;
}

/* A key of a protocol that can only be read: "pop3", "pop3-user". */
static bool is_read_only(const char *key)
{
	for (unsigned k = 0; k < SERVICE_KINDS; k++) {
		size_t n = strlen(protocols[k].name);

		if (strncmp(key, protocols[k].name, n) == 0 && (!key[n] || key[n] == '-'))
			return protocols[k].stores_as == GUARD_NONE;
	}
	return false;
}

/* Is it a key of accounts.ini, --config or --trace, and this command's? -1: no. */
static int account_key(const struct args *a, const char *name, size_t n, struct one *o)
{
	if (n >= sizeof o->key)
		return -1;
	memcpy(o->key, name, n);
	o->key[n] = '\0';
	if (!a->cmd->account || (a->cmd->stores && is_read_only(o->key)))
		return -1;
	o->def = find_option(account_options, a->cmd->bit, name, n, 0);
	if (o->def) {
		o->takes_value = o->def->arg != NULL;
		return 0;
	}
	if (!account_is_key(o->key))
		return -1;
	o->takes_value = !account_key_is_flag(o->key);
	return 0;
}

/* What the argument means; -1: the command knows no such option. */
static int parse_one(const struct args *a, const char *arg, struct one *o)
{
	const char *name, *eq;
	size_t n;

	memset(o, 0, sizeof *o);
	if (arg[1] != '-') {
		o->def = arg[2] ? NULL : find_option(options, a->cmd->bit, NULL, 0, arg[1]);
		if (!o->def)
			return -1;
		o->takes_value = o->def->arg != NULL;
		return 0;
	}
	name = arg + 2;
	eq = strchr(name, '=');
	n = eq ? (size_t)(eq - name) : strlen(name);
	o->value = eq ? eq + 1 : NULL;
	o->def = find_option(options, a->cmd->bit, name, n, 0);
	if (o->def) {
		o->takes_value = o->def->arg != NULL;
		o->optional = o->takes_value && o->def->arg[0] == '[';
		return 0;
	}
	return account_key(a, name, n, o);
}

/* Options of which each one given counts. */
static bool is_repeatable(const struct args *a, const char *option)
{
	static const char words[] = "include|exclude|exclude-use|folder|map|accept-shrink|report|"
	                            "keep-snapshot|"
	                            "old|authority|from|to|subject|text|item";

	if (a->cmd->bit == CMD_DNS && text_place(option, "expect|selector|nameserver") >= 0)
		return true;
	return text_place(option, words) >= 0;
}

/*
 * The last one would count, and what the first one asked for would be missing without a
 * word.
 */
static bool is_contradiction(const struct args *a, const struct one *o, const char *value)
{
	if (o->def) {
		const char *before = args_get(a, o->def->name);

		return before && value && strcmp(before, value) != 0 &&
		       !is_repeatable(a, o->def->name);
	}
	for (size_t i = 0; i < a->n_settings; i++)
		if (strcmp(a->settings[i].key, o->key) == 0 && o->takes_value)
			return strcmp(a->settings[i].value, value) != 0;
	return false;
}

/* Into a->given or a->settings; no option counts twice. */
static int keep_setting(struct args *a, const struct one *o, const char *value)
{
	if (is_contradiction(a, o, value))
		return usage_error(a, "--%s is given twice, with different values",
		        o->def ? o->def->name : o->key);
	if (a->n_settings == ARGS_MAX || a->n_given == ARGS_MAX)
		return usage_error(a, "too many options");
	if (o->def) {
		a->given[a->n_given].def = o->def;
		a->given[a->n_given++].value = value;
		return 0;
	}
	memcpy(a->keys[a->n_settings], o->key, sizeof o->key);
	a->settings[a->n_settings].key = a->keys[a->n_settings];
	a->settings[a->n_settings++].value = o->takes_value ? value : "yes";
	return 0;
}

/* A word that is no option; after an option that may have a value it may be that. */
struct word {
	const char *text;
	size_t given; /* index of that option, ARGS_MAX: none */
};

/*
 * How many words must be left for the command: an account has a name, but where a service
 * is named.
 */
static size_t words_needed(const struct args *a)
{
	if (args_has(a, "accounts")) /* which are those of the file */
		return 0;
	if (!a->cmd->account || a->cmd->min_pos)
		return a->cmd->min_pos;
	for (size_t i = 0; i < a->n_settings; i++)
		if (protocol_find(a->settings[i].key))
			return 0;
	return 1;
}

/* Positional arguments, and the values of options that may go without. */
static int place_words(struct args *a, const struct word *words, size_t n)
{
	size_t needed = words_needed(a), left = n;

	for (size_t i = 0; i < n; i++) {
		if (words[i].given < ARGS_MAX && left > needed) {
			a->given[words[i].given].value = words[i].text;
			left--;
			continue;
		}
		if (a->n_pos == a->cmd->max_pos)
			return usage_error(a, "one argument too many: \"%s\"", words[i].text);
		a->pos[a->n_pos++] = words[i].text;
	}
	if (a->n_pos < MIN(a->cmd->min_pos, needed))
		return usage_error(a, "an argument is missing: %s", a->cmd->synopsis);
	return 0;
}

/* --password and --imap-password, with a value or without. */
static bool names_password(const char *arg)
{
	static const char word[] = "-password";
	size_t n = strcspn(arg, "="), len = sizeof word - 1;

	return n > len && strncmp(arg, "--", 2) == 0 && strncmp(arg + n - len, word, len) == 0;
}

/* "-qo": letters in one word, of which the last one may take the next word as its value. */
static int parse_letters(struct args *a, int argc, char **argv, int *i)
{
	int rc = 0;

	for (const char *p = argv[*i] + 1; *p && rc == 0; p++) {
		char one[] = {'-', *p, '\0'};
		struct one o;

		if (parse_one(a, one, &o) < 0 || (o.takes_value && p[1]))
			return unknown_option(a, argv[*i]);
		if (o.takes_value && *i + 1 == argc)
			return usage_error(a, "\"%s\" needs a value", one);
		rc = keep_setting(a, &o, o.takes_value ? argv[++*i] : NULL);
		if (o.takes_value)
			break;
	}
	return rc;
}

/*
 * The option argv[*i]; moves *i on to its value. *may_take: index in a->given, if the
 * next word may be its value.
 */
static int parse_option(struct args *a, int argc, char **argv, int *i, size_t *may_take)
{
	const char *arg = argv[*i];
	struct one o;
	int rc;

	/* of login, which asks for it */
	if (names_password(arg) && !(a->cmd->bit == CMD_LOGIN && strcmp(arg, "--password") == 0))
		return usage_error(a, "a password on the command line can be read by every user of "
		                      "this machine: use --password-command or --password-fd");
	if (arg[1] != '-' && arg[2])
		return parse_letters(a, argc, argv, i);
	if (parse_one(a, arg, &o) < 0)
		return unknown_option(a, arg);
	if (!o.takes_value && o.value)
		return usage_error(a, "\"%s\" takes no value", arg);
	if (o.takes_value && !o.value && !o.optional) {
		if (*i + 1 == argc)
			return usage_error(a, "\"%s\" needs a value", arg);
		o.value = argv[++*i];
	}
	rc = keep_setting(a, &o, o.value);
	if (rc == 0 && o.optional && !o.value)
		*may_take = a->n_given - 1;
	return rc;
}

int args_parse(struct args *a, int argc, char **argv)
{
	struct word words[POS_MAX];
	bool plain = false;
	size_t n = 0;
	int rc = 0;

	for (int i = 0; i < argc && rc == 0; i++) {
		size_t may_take = ARGS_MAX;

		if (!plain && !strcmp(argv[i], "--")) {
			plain = true;
		} else if (!plain && argv[i][0] == '-' && argv[i][1]) {
			rc = parse_option(a, argc, argv, &i, &may_take);
			if (may_take < ARGS_MAX && i + 1 < argc && argv[i + 1][0] != '-' &&
			        n < POS_MAX)
				words[n++] = (struct word){argv[++i], may_take};
		} else if (n == POS_MAX) {
			rc = usage_error(a, "too many arguments");
		} else {
			words[n++] = (struct word){argv[i], ARGS_MAX};
		}
	}
	return rc ? rc : place_words(a, words, n);
}

struct tree_accept args_accept(const struct args *a, const char **names)
{
	struct tree_accept accept = {.names = names};

	for (size_t i = 0; i < a->n_given; i++)
		if (strcmp(a->given[i].def->name, "accept-shrink") != 0)
			continue;
		else if (a->given[i].value)
			names[accept.n_names++] = a->given[i].value;
		else
			accept.all = true;
	return accept;
}

const struct option_def *args_option(const struct args *a, const char *option)
{
	return find_option(options, a->cmd->bit, option, strlen(option), 0);
}

bool args_takes(const struct args *a, const char *option)
{
	return args_option(a, option) ||
	       (a->cmd->account &&
	               find_option(account_options, a->cmd->bit, option, strlen(option), 0));
}

const char *args_setting(const struct args *a, const char *key)
{
	for (size_t i = 0; i < a->n_settings; i++)
		if (strcmp(a->settings[i].key, key) == 0)
			return a->settings[i].value;
	return NULL;
}

bool args_name_service(const struct args *a)
{
	for (unsigned k = 0; k < SERVICE_KINDS; k++)
		if (args_setting(a, protocols[k].name))
			return true;
	return false;
}

bool args_has(const struct args *a, const char *option)
{
	for (size_t i = 0; i < a->n_given; i++)
		if (!strcmp(a->given[i].def->name, option))
			return true;
	return false;
}

const char *args_get(const struct args *a, const char *option)
{
	const char *v = NULL;

	for (size_t i = 0; i < a->n_given; i++)
		if (!strcmp(a->given[i].def->name, option))
			v = a->given[i].value;
	return v;
}

size_t args_all(const struct args *a, const char *option, const char **out, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n_given && n < max; i++)
		if (!strcmp(a->given[i].def->name, option))
			out[n++] = a->given[i].value;
	return n;
}

int args_number(const struct args *a, const char *option, uint64_t fallback, uint64_t *out)
{
	const char *v = args_get(a, option);
	char *end;

	*out = fallback;
	if (!v)
		return 0;
	errno = 0;
	*out = strtoull(v, &end, 10);
	if (errno || !isdigit((unsigned char)v[0]) || *end)
		return usage_error(a, "--%s wants a whole number, not \"%s\"", option, v);
	return 0;
}

int args_at_most(const struct args *a, const char *option, unsigned max, unsigned *out)
{
	uint64_t n;
	int rc = args_number(a, option, 0, &n);

	*out = (unsigned)MIN(n, max);
	return rc;
}

int args_snapshot(const struct args *a, unsigned *out)
{
	uint64_t n;
	int rc = args_number(a, "snapshot", 0, &n);

	if (rc == 0 && args_has(a, "snapshot") && (n == 0 || n > UINT_MAX))
		rc = usage_error(a,
		        "--snapshot wants the number of a snapshot (valise "
		        "snapshots lists them), not \"%s\"",
		        args_get(a, "snapshot"));
	*out = (unsigned)n;
	return rc;
}

bool kinds_read(const char *text, unsigned *out)
{
	const char *e;

	*out = 0;
	for (const char *v = text; *v; v = *e ? e + 1 : e) {
		unsigned k;

		e = strchrnul(v, ',');
		for (k = 0; k < COLL_KINDS; k++)
			if (strlen(coll_kind_dir(k)) == (size_t)(e - v) &&
			        !memcmp(coll_kind_dir(k), v, (size_t)(e - v)))
				break;
		if (k == COLL_KINDS)
			return false;
		*out |= 1u << k;
	}
	return *out != 0;
}

int args_only(const struct args *a, unsigned *out)
{
	const char *v = args_get(a, "only");

	*out = 0;
	if (v && !*v)
		return usage_error(a, "--only names nothing: mail, calendars or contacts");
	if (v && !kinds_read(v, out))
		return usage_error(
		        a, "--only takes mail, calendars and contacts, with commas between");
	if (!args_has(a, "flagged") && !args_has(a, "unseen") && !args_has(a, "to"))
		return 0;
	if (*out && !(*out & 1u << COLL_MAIL))
		return usage_error(
		        a, "--flagged, --unseen and --to mean mail, which --only leaves out");
	*out = 1u << COLL_MAIL;
	return 0;
}

int args_only_of(const struct args *a, unsigned only, unsigned have, const char *what)
{
	for (unsigned k = 0; k < COLL_KINDS; k++)
		if (only & ~have & 1u << k)
			return usage_error(
			        a, "--only names %s, of which %s has none", coll_kind_dir(k), what);
	return 0;
}

/* Which services (bits) an option is for alone; 0: it is for none in particular. */
static unsigned services_of(const char *option, unsigned when)
{
	unsigned services = 0;

	for (unsigned k = 0; k < SERVICE_KINDS; k++)
		if (protocol_option(&protocols[k], option, when))
			services |= 1u << k;
	return services;
}

int args_have_use(const struct args *a, unsigned when, unsigned services)
{
	if (args_has(a, "one-of-many"))
		return 0;
	for (size_t i = 0; i < a->n_given; i++) {
		unsigned use = services_of(a->given[i].def->name, when);
		struct buf b = buf_of(200);
		int rc;

		/* What is said once for all is not about each. */
		if (!use || use & services || a->given[i].in_environment || a->given[i].from)
			continue;
		for (unsigned k = 0; k < SERVICE_KINDS; k++)
			if (use & 1u << k)
				buf_putf(&b, "%s%s", b.len ? " and " : "", protocols[k].name);
		rc = usage_error(a, "--%s is for %s alone, which this is not about",
		        a->given[i].def->name, buf_str(&b));
		buf_clear(&b);
		return rc;
	}
	return 0;
}

/* "folders, keywords or first" */
static void put_words(struct buf *out, const char *words)
{
	for (const char *w = words; *w;) {
		size_t n = strcspn(w, "|");

		buf_putf(out, "%.*s", (int)n, w);
		w += n;
		if (*w)
			buf_puts(out, strchr(++w, '|') ? ", " : " or ");
	}
}

/* *out: the place of ${value} in ${words}, "close|quit"; else EXIT_USAGE after a message. */
static int check_word(const struct args *a, const char *option, const char *value,
        const char *words, unsigned *out)
{
	int place = text_place(value, words), rc;
	struct buf list = buf_of(200);

	*out = (unsigned)place;
	if (place >= 0)
		return 0;
	put_words(&list, words);
	rc = usage_error(a, "--%s takes %s", option, buf_str(&list));
	buf_clear(&list);
	return rc;
}

int args_word(const struct args *a, const char *option, const char *words, unsigned *out)
{
	const char *value = args_get(a, option);

	*out = 0;
	return value ? check_word(a, option, value, words, out) : 0;
}

int args_own(const struct args *a, struct source_option *out, size_t *n_out)
{
	int rc = 0;

	*n_out = 0;
	for (size_t i = 0; i < a->n_given && rc == 0; i++) {
		const char *name = a->given[i].def->name, *value = a->given[i].value;
		const struct protocol_option *o = NULL;

		for (unsigned k = 0; k < SERVICE_KINDS && !o; k++)
			o = protocol_option(&protocols[k], name, PROTOCOL_FETCH);
		if (!o)
			continue;
		value = value ? value : "";
		if (o->values)
			rc = check_word(a, o->name, value, o->values, &(unsigned){0});
		out[(*n_out)++] = (struct source_option){o->name, value};
	}
	return rc;
}

/* A key of accounts that each service has for itself, too: "imap-user". */
static void visit_own(const struct protocol *p, const struct option_def *d,
        void (*visit)(void *ctx, const struct option_def *d), void *ctx)
{
	char name[ARGS_KEY_SIZE], help[80];

	snprintf(name, sizeof name, "%s-%s", p->name, d->name);
	snprintf(help, sizeof help, "--%s for %s alone", d->name, p->name);
	if (account_is_key(name))
		visit(ctx, &(struct option_def){0, name, 0, d->arg, help});
}

/* One that it alone has: "mapi-mailbox". */
static void visit_own_key(
        const struct protocol *p, void (*visit)(void *ctx, const struct option_def *d), void *ctx)
{
	char name[ARGS_KEY_SIZE];

	snprintf(name, sizeof name, "%s-%s", p->name, p->own_key);
	visit(ctx, &(struct option_def){0, name, 0, p->own_key_arg, p->own_key_help});
}

void args_each(
        const struct command *c, void (*visit)(void *ctx, const struct option_def *d), void *ctx)
{
	for (const struct option_def *d = options; d->name; d++)
		if (d->commands & c->bit && d->help)
			visit(ctx, d);
	for (const struct option_def *d = account_options; c->account && d->name; d++)
		visit(ctx, d);
	for (unsigned k = 0; c->account && k < SERVICE_KINDS; k++) {
		if (c->stores && protocols[k].stores_as == GUARD_NONE)
			continue;
		visit(ctx, &(struct option_def){
		                   0, protocols[k].name, 0, "URL", protocols[k].url_help});
		for (const struct option_def *d = account_options; d->name; d++)
			visit_own(&protocols[k], d, visit, ctx);
		if (protocols[k].own_key)
			visit_own_key(&protocols[k], visit, ctx);
	}
}

enum {
	HELP_INDENT = 33, /* where an option's text begins */
	HELP_NARROW = 70, /* below so many columns it has a line of its own */
};

/* Columns of a terminal; 0: none is asked for, lines stay whole. */
static size_t help_columns(FILE *f)
{
	struct winsize size;

	return isatty(fileno(f)) && ioctl(fileno(f), TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/*
 * ${text}, broken between words; the cursor is ${at} columns from the left, further lines
 * begin at ${indent}.
 */
static void print_words(const char *text, size_t at, size_t indent, FILE *f)
{
	size_t columns = help_columns(f);
	bool begins = true; /* nothing of it is on this line */

	while (*text) {
		size_t n = strcspn(text, " \n");

		if (columns && !begins && at + 1 + n >= columns) {
			fprintf(f, "\n%*s", (int)indent, "");
			at = indent;
			begins = true;
		}
		fprintf(f, "%s%.*s", begins ? "" : " ", (int)n, text);
		at += n + !begins;
		begins = false;
		text += n;
		if (*text == '\n') {
			fprintf(f, "\n%*s", text[1] ? (int)indent : 0, "");
			at = indent;
			begins = true;
		}
		text += *text != '\0';
	}
	fputc('\n', f);
}

static void print_option(const struct option_def *d, FILE *f)
{
	size_t columns = help_columns(f),
	       indent = columns && columns < HELP_NARROW ? 8 : HELP_INDENT;
	char left[64];

	snprintf(left, sizeof left, "%s%c%s--%s%s%s", d->letter ? "-" : "",
	        d->letter ? d->letter : ' ', d->letter ? ", " : "   ", d->name,
	        d->arg && d->arg[0] != '[' ? " " : "", d->arg ? d->arg : "");
	if (indent == HELP_INDENT && (!columns || strlen(left) <= 30))
		fprintf(f, "  %-30s ", left);
	else
		fprintf(f, "  %s\n%*s", left, (int)indent, "");
	print_words(d->help, indent, indent, f);
}

static void show_option(void *f, const struct option_def *d)
{
	print_option(d, f);
}

int help_command(const struct command *c, FILE *f)
{
	char usage[200];

	snprintf(usage, sizeof usage, "valise %s %s%s\n", c->name, c->synopsis,
	        c->bit == CMD_SNAPSHOTS ? "" : " [OPTION ...]");
	print_words(usage, 0, 4, f);
	print_words(c->summary, 0, 0, f);
	if (c->details) {
		fputc('\n', f);
		print_words(c->details, 0, 0, f);
	}
	fprintf(f, "\nOptions:\n");
	for (const struct option_def *d = options; d->name; d++)
		if (d->commands & c->bit && d->help)
			print_option(d, f);
	if (c->account) {
		fputc('\n', f);
		print_words("The account (each of the first block also for one service: "
		            "--imap-user, --caldav-ca-file ...):",
		        0, 0, f);
		for (unsigned k = 0; k < SERVICE_KINDS; k++)
			if (!c->stores || protocols[k].stores_as != GUARD_NONE)
				print_option(&(struct option_def){0, protocols[k].name, 0, "URL",
				                     protocols[k].url_help},
				        f);
		for (const struct option_def *d = account_options; d->name; d++)
			print_option(d, f);
		for (unsigned k = 0; k < SERVICE_KINDS; k++)
			if (protocols[k].own_key)
				visit_own_key(&protocols[k], show_option, f);
	}
	return EXIT_DONE;
}

int help_all(FILE *f)
{
	print_words("valise: pack a whole account (mail, calendars, contacts) into an open "
	            "archive, carry it, unpack it anywhere\n",
	        0, 0, f);
	for (const struct command *const *c = commands; *c; c++) {
		fprintf(f, "  valise %-10s ", (*c)->name);
		print_words((*c)->summary, 20, 20, f);
	}
	fprintf(f, "\n");
	for (const struct help_topic *t = help_topics; t->name; t++) {
		fprintf(f, "  valise help %-12s ", t->name);
		print_words(t->summary, 27, 27, f);
	}
	fprintf(f, "\nvalise help COMMAND says more. To begin with:\n\n"
	           "  valise setup alice@old.example\n");
	return EXIT_DONE;
}
