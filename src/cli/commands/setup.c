/* valise setup: from an address to a section of accounts.ini that was tried. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "valise/account/inifile.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/discover/autodiscover.h"
#include "valise/discover/discover.h"
#include "cli/cli.h"
#include "cli/protocols.h"

/* What no shell takes for something of its own. */
#define SHELL_SAFE "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@%+=:,./_-"

enum { SETTINGS_MAX = 2 * ARGS_MAX + FOUND_SETTINGS + 2, SHOWN_SIZE = 600, TRIES = 3 };

const struct command setup_command = {
        .name = "setup",
        .synopsis = "[ADDRESS]",
        .summary = "find the services of an address, sign in, count, and write it to accounts.ini",
        .details =
                "It asks for what the options do not say, and changes nothing on the servers.\n"
                "What is written is a section of accounts.ini (or of --config FILE), after which\n"
                "valise backup NAME is enough.",
        .bit = CMD_SETUP,
        .account = true,
        .max_pos = 1,
        .run = cmd_setup,
};

struct setup {
	const struct args *args;
	char address[ASK_SIZE], name[ASK_SIZE];
	char *path; /* of accounts.ini */
	struct found_settings found;
	struct autodiscovered mailbox; /* of MAPI */
	/* what the account is made of: given, found, decided; keys and values are lent */
	struct account_setting list[SETTINGS_MAX];
	size_t n;
	struct account_setting kept[SETTINGS_MAX]; /* of the section; values owned */
	size_t n_kept;
	struct account *account;
	struct choice choice;
	unsigned left_out; /* bits 1 << SERVICE_x */
	bool keep_asked; /* the password is in the keyring */
};

static void add_setting(struct setup *s, const char *key, const char *value)
{
	s->list[s->n++] = (struct account_setting){key, value};
}

static int stopped_or(const struct args *a, const char *what)
{
	return stop_check(NULL) != 0 ? EXIT_INTERRUPTED : usage_error(a, "%s", what);
}

/* Whose account it is; --imap and the like go without an address. */
static int choose_address(struct setup *s)
{
	const char *given = s->args->pos[0];
	unsigned tries = given || args_name_service(s->args) ? 0 : TRIES;

	if (given)
		snprintf(s->address, sizeof s->address, "%s", given);
	for (unsigned i = 0; i < tries && !discover_is_address(s->address); i++)
		if (ask_line("Address of the account: ", s->address, sizeof s->address) < 0)
			*s->address = '\0';
	if (tries && !*s->address)
		return stopped_or(s->args,
		        "which account? Give its address, as in valise setup alice@old.example");
	if (*s->address && !discover_is_address(s->address))
		return usage_error(
		        s->args, "\"%s\" is no address, as alice@old.example is one", s->address);
	if (!*s->address && !args_setting(s->args, "user"))
		return usage_error(s->args, "who signs in? Give the address, or --user NAME");
	return 0;
}

/* A section of that name is somebody's work: it is never replaced. */
static int check_name(const struct setup *s)
{
	struct accounts *list = NULL;
	struct err err = {0};
	int rc = accounts_open(s->path, &list, &err);

	if (rc == ERR_NOTFOUND)
		return 0;
	if (rc < 0)
		return fail(s->args, &err);
	for (size_t i = 0; i < accounts_count(list) && rc == 0; i++)
		if (strcmp(accounts_name(list, i), s->name) == 0)
			rc = usage_error(s->args,
			        "%s has an account %s already: give another --name, or change it "
			        "there",
			        s->path, s->name);
	accounts_close(list);
	return rc;
}

static bool name_is_right(const char *name)
{
	bool plain = *name && strlen(name) <= INIFILE_NAME_MAX && *name != ' ' &&
	             name[strlen(name) - 1] != ' ' && strcmp(name, "defaults") != 0;

	for (const char *c = name; *c && plain; c++)
		plain = *c != ']' && *c != '[' && *c != '/' && (unsigned char)*c >= ' ' &&
		        *c != 0x7f;
	return plain;
}

static int choose_name(struct setup *s)
{
	const char *given = args_get(s->args, "name");
	const char *usual = *s->address ? s->address : args_setting(s->args, "user");
	char question[ASK_SIZE + 64];

	snprintf(question, sizeof question, "Name of the account in accounts.ini [%s]: ", usual);
	if (given)
		snprintf(s->name, sizeof s->name, "%s", given);
	else if (args_has(s->args, "yes") || ask_line(question, s->name, sizeof s->name) < 0 ||
	         !*s->name)
		snprintf(s->name, sizeof s->name, "%s", usual);
	if (stop_check(NULL) != 0)
		return EXIT_INTERRUPTED;
	if (!name_is_right(s->name))
		return usage_error(s->args,
		        "\"%s\" cannot be the name of an account: no brackets, "
		        "no slash, not \"defaults\"",
		        s->name);
	return check_name(s);
}

/* Services that nobody named, and by whose sign-in they open. */
static int find_services(struct setup *s, FILE *trace)
{
	int rc = *s->address ? find_settings(s->args, s->address, NULL, trace, &s->found) : 0;

	if (rc)
		return rc;
	for (size_t i = 0; i < s->found.n; i++)
		add_setting(s, s->found.list[i].key, s->found.list[i].value);
	if (*s->address && !args_setting(s->args, "user"))
		add_setting(s, "user", s->address);
	return 0;
}

/* One that does not let in can be left out, if somebody says so. */
static int try_service(struct setup *s, unsigned kind, bool alone, struct ui *ui)
{
	struct source_result sum = {0};
	char question[SHOWN_SIZE];
	int rc = check_service(s->args, &s->account->services[kind], &s->choice, ui, &sum), yes;

	if (rc == 0 || rc == EXIT_INTERRUPTED)
		return rc;
	snprintf(question, sizeof question, "Leave %s out? [y/N] ", protocols[kind].name);
	yes = alone || args_has(s->args, "yes") ? -1 : ask_yes(question, false);
	if (yes != 1)
		return rc;
	s->left_out |= 1u << kind;
	return 0;
}

static int try_services(struct setup *s)
{
	struct ui ui;
	unsigned there = 0;
	int rc = 0;

	for (unsigned k = 0; k < SERVICE_KINDS; k++)
		there |= s->account->present[k] ? 1u << k : 0;
	ui_start(&ui, s->args);
	for (unsigned k = 0; k < SERVICE_KINDS && rc == 0; k++)
		if (there & 1u << k)
			rc = try_service(s, k, (there & ~s->left_out) == 1u << k, &ui);
	ui_stop(&ui);
	ui_clear(&ui);
	if (rc == 0)
		rc = choice_check(&s->choice);
	if (rc && rc != EXIT_INTERRUPTED)
		talk("valise setup: %s was not written", s->path);
	return rc;
}

/* By OAuth before the services are tried. */
static int sign_in_oauth_first(struct setup *s)
{
	struct sign_in list[SERVICE_KINDS];

	return account_sign_ins(s->account, false, list) ? login_account(s->args, s->account) : 0;
}

/* A password that was typed and let in. Where there is no keyring, it is asked for again. */
static int keep_passwords(struct setup *s)
{
	struct sign_in list[SERVICE_KINDS];
	size_t n = account_sign_ins(s->account, true, list);
	bool wanted = args_has(s->args, "keep-password");

	for (size_t i = 0; i < n; i++) {
		struct err err = {0};
		char shown[SHOWN_SIZE];

		if (list[i].oauth)
			continue;
		if (!wanted &&
		        (args_has(s->args, "yes") ||
		                ask_yes("Keep the password in the keyring? [Y/n] ", true) != 1))
			return 0;
		if (sign_in_password(&list[i], true, &err) == 0)
			s->keep_asked = true;
		else if (wanted || err.code != ERR_UNSUPPORTED)
			return fail(s->args, &err);
		else
			talk("%s", term_escape(err.text, strlen(err.text), shown, sizeof shown));
	}
	return 0;
}

/* Relative paths count from the file there, from the working directory here. */
static char *absolute_path(const char *path)
{
	char cwd[PATH_MAX];

	if (*path == '/' || *path == '~' || !getcwd(cwd, sizeof cwd))
		return xstrdup(path);
	return xasprintf("%s/%s", cwd, path);
}

static bool is_left_out(const struct setup *s, const char *key)
{
	for (unsigned k = 0; k < SERVICE_KINDS; k++) {
		size_t n = strlen(protocols[k].name);

		if (s->left_out & 1u << k && strncmp(key, protocols[k].name, n) == 0 &&
		        (key[n] == '\0' || key[n] == '-'))
			return true;
	}
	return false;
}

static void keep_line(struct setup *s, const char *key, const char *value)
{
	bool path = strcmp(key, "archive") == 0 || text_ends_with(key, "ca-file");

	if (is_left_out(s, key) || text_ends_with(key, "password-fd")) /* of this run alone */
		return;
	s->kept[s->n_kept++] =
	        (struct account_setting){key, path ? absolute_path(value) : xstrdup(value)};
}

static void clear_kept(struct setup *s)
{
	for (size_t i = 0; i < s->n_kept; i++)
		free((char *)(uintptr_t)s->kept[i].value);
	s->n_kept = 0;
}

/* The keys of the section: what was given, found and decided. */
static void choose_kept(struct setup *s)
{
	static const char options_kept[] =
	        "output|include|exclude|exclude-use|only|labels|max-rate|daily-limit|connections";
	const struct args *a = s->args;

	clear_kept(s);
	for (size_t i = 0; i < s->n; i++) {
		/* a host that somebody agreed to: nobody does in a run without a terminal */
		bool agreed = s->mailbox.asked &&
		              strcmp(s->list[i].key, protocols[SERVICE_MAPI].name) == 0;

		keep_line(s, s->list[i].key, agreed ? s->mailbox.url : s->list[i].value);
	}
	for (size_t i = 0; i < a->n_given; i++) {
		const char *option = a->given[i].def->name;

		if (text_place(option, options_kept) >= 0 && !a->given[i].in_environment)
			keep_line(s, text_place(option, "output") == 0 ? "archive" : option,
			        a->given[i].value);
	}
}

/* For pasting into a shell. */
static void put_word(struct buf *b, const char *word)
{
	char shown[SHOWN_SIZE];

	term_escape(word, strlen(word), shown, sizeof shown);
	if (*shown && shown[strspn(shown, SHELL_SAFE)] == '\0') {
		buf_puts(b, shown);
		return;
	}
	buf_putc(b, '\'');
	for (const char *c = shown; *c; c++)
		buf_puts(b, *c == '\'' ? "'\\''" : (char[]){*c, '\0'});
	buf_putc(b, '\'');
}

static bool asks_password(const struct setup *s)
{
	struct sign_in list[SERVICE_KINDS];
	bool given = false;

	for (size_t i = 0; i < s->n; i++)
		given |= text_ends_with(s->list[i].key, "password-fd");
	return given || (!s->keep_asked && account_sign_ins(s->account, true, list) >
	                                           account_sign_ins(s->account, false, list));
}

static void tell_next(const struct setup *s)
{
	const char *config = args_get(s->args, "config");
	struct buf next = buf_of(8 * SHOWN_SIZE);
	char name[SHOWN_SIZE], path[SHOWN_SIZE];

	if (args_has(s->args, "quiet"))
		return;
	put_word(&next, s->name);
	if (config) {
		buf_puts(&next, " --config ");
		put_word(&next, config);
	}
	term_escape(s->name, strlen(s->name), name, sizeof name);
	term_escape(s->path, strlen(s->path), path, sizeof path);
	printf("%s has the account %s now%s.\nNext:\n\n    valise backup %s\n", path, name,
	        s->keep_asked      ? "; its password is in the keyring"
	        : asks_password(s) ? "; its password is asked for in each run"
	                           : "",
	        buf_str(&next));
	buf_clear(&next);
}

/* What becomes keys of the section is such as the commands take. */
static int check_values(const struct setup *s)
{
	const struct args *a = s->args;
	struct limits *limits = NULL;
	unsigned ignored;
	int rc = args_only(a, &ignored);

	rc = rc ? rc : args_word(a, "labels", "folders|keywords|first", &ignored);
	rc = rc ? rc : args_at_most(a, "connections", CONNECTIONS_MAX, &ignored);
	rc = rc ? rc : limits_start(a, s->account, &limits);
	limits_end(limits);
	return rc;
}

/* How many passwords would be asked for, and how many sign-ins are by OAuth. */
static size_t count_sign_ins(const struct account *a)
{
	struct sign_in list[SERVICE_KINDS];

	return account_sign_ins(a, true, list);
}

/* What [defaults] of the file would make of the account behind our back; NULL: nothing. */
static const char *find_change(const struct account *ours, const struct account *written)
{
	for (unsigned k = 0; k < SERVICE_KINDS; k++) {
		const struct service *a = &ours->services[k], *b = &written->services[k];

		if (ours->present[k] != written->present[k])
			return protocols[k].name;
		if (ours->present[k] &&
		        (strcmp(a->at.host, b->at.host) != 0 || a->at.port != b->at.port ||
		                a->at.security != b->at.security ||
		                strcmp(a->login.user, b->login.user) != 0 ||
		                strcmp(service_owner(a), service_owner(b)) != 0))
			return protocols[k].name;
	}
	return count_sign_ins(ours) == count_sign_ins(written) ? NULL : "password";
}

/*
 * What is tried is what is written: the section as the file would give it. A [defaults]
 * that adds a service or a password was meant for other accounts.
 */
static int check_written(const struct setup *s)
{
	struct account *ours = NULL, *written = NULL;
	struct account_setting keys[SETTINGS_MAX];
	struct err err = {0};
	const char *change = NULL;
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < s->n_kept; i++)
		if (account_is_key(s->kept[i].key))
			keys[n++] = s->kept[i];
	rc = account_load(NULL, NULL, keys, n, NULL, &ours, &err);
	if (rc == 0)
		rc = section_preview(s->path, s->name, s->kept, s->n_kept, &written, &err);
	if (rc == 0)
		change = find_change(ours, written);
	account_free(ours);
	account_free(written);
	if (rc < 0)
		return fail(s->args, &err);
	return change ? usage_error(s->args,
	                        "[defaults] of %s would change %s of this account: write it to "
	                        "a file of its own (--config FILE)",
	                        s->path, change)
	              : 0;
}

/* The options of the command line, and what was found as if it had been given. */
static int load_settings(struct setup *s, FILE *trace)
{
	struct err err = {0};

	if (account_load(NULL, NULL, s->list, s->n, trace, &s->account, &err) < 0)
		return fail(s->args, &err);
	for (unsigned k = 0; k < SERVICE_KINDS; k++)
		if (s->found.at[k] && !s->account->services[k].at.address)
			s->account->services[k].at.address = xstrdup(s->found.at[k]);
	return prepare_account(s->args, s->account, trace);
}

static int write_section(struct setup *s)
{
	struct err err = {0};

	choose_kept(s); /* without what was left out */
	return section_add(s->path, s->name, s->kept, s->n_kept, &err) < 0 ? fail(s->args, &err)
	                                                                   : 0;
}

static int run_setup(struct setup *s)
{
	FILE *trace;
	int rc = choose_address(s);

	rc = rc ? rc : choose_name(s);
	rc = rc ? rc : open_trace(s->args, &trace);
	rc = rc ? rc : find_services(s, trace);
	if (rc == 0)
		choose_kept(s);
	rc = rc ? rc : check_written(s);
	rc = rc ? rc : load_settings(s, trace);
	rc = rc ? rc : check_values(s);
	rc = rc ? rc : sign_in_oauth_first(s);
	rc = rc ? rc : find_mailbox(s->args, s->account, &s->mailbox);
	rc = rc ? rc : try_services(s);
	rc = rc ? rc : keep_passwords(s);
	rc = rc ? rc : write_section(s);
	if (rc == 0)
		tell_next(s);
	return rc;
}

int cmd_setup(const struct args *a)
{
	const char *config = args_get(a, "config");
	struct setup s = {.args = a, .path = config ? xstrdup(config) : account_default_path()};
	int rc;

	rc = choice_init(&s.choice, a);
	for (size_t i = 0; i < a->n_settings; i++)
		add_setting(&s, a->settings[i].key, a->settings[i].value);
	if (rc == 0)
		rc = s.path ? run_setup(&s)
		            : usage_error(a, "where is accounts.ini? Give --config FILE, as HOME "
		                             "is not set");
	account_free(s.account);
	choice_clear(&s.choice);
	found_settings_clear(&s.found);
	autodiscovered_clear(&s.mailbox);
	clear_kept(&s);
	free(s.path);
	return rc;
}
