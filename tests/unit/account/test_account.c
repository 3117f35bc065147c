#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "account/secret/credentials.h"
#include "valise/account/account.h"
#include "valise/account/inifile.h"
#include "valise/base/mem.h"

#define N(a) (sizeof(a) / sizeof *(a))
#define SUM "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static char path[64];

static int make_path(void **state)
{
	int fd;

	(void)state;
	snprintf(path, sizeof path, "/tmp/valise-test-accounts-XXXXXX");
	fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

static int drop_path(void **state)
{
	(void)state;
	return unlink(path);
}

static void write_text(const char *text, size_t n, mode_t mode)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void write_file(const char *text, mode_t mode)
{
	write_text(text, strlen(text), mode);
}

static struct account *load(const char *name, const struct account_setting *set, size_t n)
{
	struct account *a = NULL;
	struct err err;

	if (account_load(name, path, set, n, NULL, &a, &err) != 0)
		fail_msg("%s", err.text);
	return a;
}

static void must_fail(
        const char *name, const struct account_setting *set, size_t n, int code, const char *word)
{
	struct account *a = NULL;
	struct err err = {0};
	int rc = account_load(name, path, set, n, NULL, &a, &err);

	if (rc != code || !strstr(err.text, word))
		fail_msg("want %d \"%s\", got %d \"%s\"", code, word, rc, err.text);
	assert_null(a);
}

static const char *password_of(const struct account *a, enum service_kind kind)
{
	static char text[256];
	const struct login *l = &a->services[kind].login;
	struct secret s = {NULL, 0};
	struct err err;

	if (l->get_secret(l->ctx, 0, &s, &err) != 0)
		fail_msg("%s", err.text);
	snprintf(text, sizeof text, "%s", s.data);
	secret_clear(&s);
	return text;
}

static void section_of_the_file(void **state)
{
	struct account *a;

	(void)state;
	write_file("\xef\xbb\xbf; accounts\n# of ours\n\n[bob]\nimap = imaps://b.example\n\n"
	           "[alice]\r\n  imap = imaps://mail.old.example\r\n"
	           "caldav: https://dav.old.example/dav/\n"
	           "user = alice@old.example\n\tpassword = pass ; # word = x \n"
	           "caldav-user = al\ncaldav-password-command = echo one ; echo two\n"
	           "auth = scram-sha-256\npin = SHA256:"
	           "00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:EE:FF:"
	           "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\n"
	           "caldav-ca-file = ca.pem\nimap-authzid = master",
	        0600);
	a = load("alice", NULL, 0);
	assert_string_equal(a->name, "alice");
	assert_true(a->present[SERVICE_IMAP] && a->present[SERVICE_CALDAV]);
	assert_false(a->present[SERVICE_POP3] || a->present[SERVICE_CARDDAV]);
	assert_string_equal(a->services[SERVICE_IMAP].login.user, "alice@old.example");
	assert_string_equal(a->services[SERVICE_CALDAV].login.user, "al");
	assert_string_equal(a->services[SERVICE_IMAP].login.mech, "SCRAM-SHA-256");
	assert_string_equal(a->services[SERVICE_IMAP].login.authzid, "master");
	assert_string_equal(a->services[SERVICE_IMAP].at.pin, SUM);
	assert_null(a->services[SERVICE_IMAP].at.ca_file);
	assert_string_equal(a->services[SERVICE_CALDAV].at.ca_file, "/tmp/ca.pem");
	assert_string_equal(a->services[SERVICE_CALDAV].at.path, "/dav/");
	assert_true(a->services[SERVICE_IMAP].at.connect_timeout_ms > 0);
	assert_true(a->services[SERVICE_IMAP].at.idle_timeout_ms > 0);
	/* No comment after a value: a password is never cut in silence. */
	assert_string_equal(password_of(a, SERVICE_IMAP), "pass ; # word = x");
	assert_string_equal(password_of(a, SERVICE_CALDAV), "one");
	account_free(a);
}

static void options_alone(void **state)
{
	const struct account_setting set[] = {
	        {"imap", "imaps://alice%40old.example@mail.old.example"},
	        {"password-command", "printf 'a b\\r\\nc\\n'"},
	};
	const struct account_setting patient[] = {{"imap", "imaps://h.example"},
	        {"pop3", "pop3s://h.example"}, {"user", "a"}, {"timeout", "300"},
	        {"pop3-timeout", "7"}};
	const struct account_setting short_user[] = {
	        {"pop3", "pop3s://mail.old.example"}, {"user", "alice"}, {"password-fd", "9"}};
	struct account *a = load(NULL, set, N(set));

	(void)state;
	assert_string_equal(a->name, "alice@old.example");
	assert_string_equal(password_of(a, SERVICE_IMAP), "a b");
	account_free(a);
	a = load(NULL, short_user, N(short_user));
	assert_string_equal(a->name, "alice@mail.old.example");
	account_free(a);
	a = load(NULL, patient, N(patient));
	assert_int_equal(a->services[SERVICE_IMAP].at.idle_timeout_ms, 300000);
	assert_int_equal(a->services[SERVICE_POP3].at.idle_timeout_ms, 7000);
	assert_int_equal(a->services[SERVICE_POP3].at.connect_timeout_ms, 7000);
	account_free(a);
}

static void options_win_over_the_file(void **state)
{
	const struct account_setting host[] = {{"imap", "imaps://new.example:1"}, {"user", "x"}};
	const struct account_setting own[] = {{"imap-user", "own"}, {"cleartext", "yes"}};
	const struct account_setting word[] = {{"password-command", "echo option"}};
	const struct account_setting for_imap[] = {{"imap-password-command", "echo own"}};
	struct account *a;

	(void)state;
	write_file("[a]\nimap = imap://u@old.example\npop3 = pop3s://old.example\nuser = all\n"
	           "password = file\n",
	        0600);
	a = load("a", NULL, 0);
	assert_string_equal(a->services[SERVICE_IMAP].login.user, "u");
	assert_string_equal(a->services[SERVICE_POP3].login.user, "all");
	assert_string_equal(password_of(a, SERVICE_IMAP), "file");
	assert_ptr_equal(secret_user_source(a->services[SERVICE_IMAP].login.ctx),
	        secret_user_source(a->services[SERVICE_POP3].login.ctx));
	account_free(a);
	a = load("a", host, N(host));
	assert_string_equal(a->services[SERVICE_IMAP].at.host, "new.example");
	assert_string_equal(a->services[SERVICE_IMAP].login.user, "x");
	assert_string_equal(a->services[SERVICE_POP3].login.user, "x");
	account_free(a);
	a = load("a", &host[1], 1); /* over the user in the file's URL too */
	assert_string_equal(a->services[SERVICE_IMAP].login.user, "x");
	account_free(a);
	a = load("a", own, N(own));
	assert_string_equal(a->services[SERVICE_IMAP].login.user, "own");
	assert_int_equal(a->services[SERVICE_IMAP].at.security, SECURITY_NONE);
	assert_int_equal(a->services[SERVICE_POP3].at.security, SECURITY_TLS);
	account_free(a);
	a = load("a", word, N(word));
	assert_string_equal(password_of(a, SERVICE_POP3), "option");
	account_free(a);
	a = load("a", for_imap, N(for_imap));
	assert_string_equal(password_of(a, SERVICE_IMAP), "own");
	assert_string_equal(password_of(a, SERVICE_POP3), "file");
	account_free(a);
}

static void an_address_with_options(void **state)
{
	const struct account_setting set[] = {{"imap", "imaps://mail.old.example"}};
	struct account *a = NULL;
	struct err err;

	(void)state;
	write_file("[b]\nimap = imaps://h\n", 0644);
	a = load("alice@old.example", set, 1);
	assert_string_equal(a->name, "alice@old.example");
	assert_string_equal(a->services[SERVICE_IMAP].login.user, "alice@old.example");
	account_free(a);
	must_fail("alice@old.example", NULL, 0, ERR_NOTFOUND, "--imap");
	/* The default file may be missing, one that was named may not. */
	setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
	assert_int_equal(account_load("a@b", NULL, set, 1, NULL, &a, &err), 0);
	account_free(a);
	assert_int_equal(account_load("a@b", "/nonexistent", set, 1, NULL, &a, &err), ERR_NOTFOUND);
}

static void bad_files_name_the_line(void **state)
{
	static const struct {
		const char *text;
		const char *word;
	} cases[] = {
	        {"[a]\nimapp = imaps://h\n",
	                "line 2: there is no key \"imapp\"; do you mean \"imap\"?"},
	        {"[a]\nimap = imaps://h\n\npasword-command = x\n",
	                "do you mean \"password-command\"?"},
	        {"[b]\nzzzzzzzzz = x\n[a]\nimap = imaps://h\n",
	                "line 2: there is no key \"zzzzzzzzz\""},
	        {"imap = imaps://h\n[a]\n", "line 1: a key before the first"},
	        {"[a]\nimap imaps\n", "line 2: not of the form"},
	        {"[a]\nimap imaps://h\n", "line 2: there is no key"},
	        {"[a]\n\n[a\nimap = imaps://h\n", "line 3: a section ends"},
	        {"[a]\nuser = x\n[b]\nuser = x\n[a]\nimap = imaps://h\n", "line 5: this section"},
	        {"[a]\nuser = x\nuser = y\n", "line 3: \"user\" stands here twice"},
	        {"[a]\nuser =\n", "line 2: \"user\" has no value"},
	        {"[]\nuser = x\n", "line 1: a section needs a name"},
	        {"[a]\n= x\n", "line 2: there is no key \"\""},
	        {"[a]\n12345678901234567890123456789012345678901234567890 = x\n", "49 bytes"},
	        {"[a]\nus\033[31mer = x\n", "line 2: there is no key \"us\\x1b[31mer\""},
	};
	char *text;

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		write_file(cases[i].text, 0600);
		must_fail("a", NULL, 0, ERR_USAGE, cases[i].word);
	}
	write_text("[a]\nuser = a\0b\n", 15, 0600);
	must_fail("a", NULL, 0, ERR_USAGE, "line 2: the line holds a NUL");
	text = xmalloc(2 << 20);
	memset(text, 'x', 2 << 20);
	memcpy(text, "[a]\nuser = ", 11);
	write_text(text, 4004 + 4, 0600);
	must_fail("a", NULL, 0, ERR_USAGE, "line 2: the line is too long");
	free(text);
	text = xmalloc(INIFILE_MAX + 1);
	memset(text, '#', INIFILE_MAX + 1);
	write_text(text, INIFILE_MAX + 1, 0600);
	must_fail("a", NULL, 0, ERR_USAGE, "larger than 16 MiB");
	free(text);
}

/* As many as a table may hold, with the lines that an account takes. */
static void ten_thousand_accounts(void **state)
{
	struct buf text = buf_of(INIFILE_MAX);
	struct accounts *list = NULL;
	struct err err = {0};

	(void)state;
	for (unsigned i = 0; i < 10000; i++)
		buf_putf(&text,
		        "[user%u@old.example]\nimap = imaps://imap.old.example\nuser = user%u\n"
		        "password-command = pass show old/user%u\narchive = user%u.valise\n\n",
		        i, i, i, i);
	write_text(buf_str(&text), text.len, 0600);
	buf_clear(&text);
	if (accounts_open(path, &list, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(accounts_count(list), 10000);
	assert_string_equal(accounts_name(list, 9999), "user9999@old.example");
	accounts_close(list);
}

static void private_files(void **state)
{
	static const char with[] =
	        "[b]\nimap-password = hunter2\n[a]\nimap = imaps://h\nuser = u\n";
	static const char without[] = "[a]\nimap = imaps://h\nuser = u\npassword-command = x\n";

	(void)state;
	write_file(with, 0640);
	must_fail("a", NULL, 0, ERR_USAGE, "line 2: others can read this password: chmod 600");
	write_file(with, 0604);
	must_fail("a", NULL, 0, ERR_USAGE, "chmod 600");
	write_file("[a]\nimap = imaps://h\nuser = u\nproxy = socks5h://x:y@h:1\n", 0644);
	must_fail("a", NULL, 0, ERR_USAGE, "line 4: others can read this proxy's password");
	write_file(with, 0600);
	must_fail("b", NULL, 0, ERR_USAGE, "\"imap-password\" is given, but no imap");
	account_free(load("a", NULL, 0));
	write_file(without, 0644);
	account_free(load("a", NULL, 0));
	write_file(without, 0664);
	must_fail("a", NULL, 0, ERR_USAGE,
	        "line 4: this is a command to run, and the file can be changed by others: chmod "
	        "600");
	write_file("[a]\nimap = imaps://h\nuser = u\n", 0664);
	account_free(load("a", NULL, 0));
	write_file(without, 0602);
	must_fail("a", NULL, 0, ERR_USAGE, "can be changed by everyone");
}

static void bad_settings(void **state)
{
	static const struct {
		struct account_setting set[3];
		const char *word;
	} cases[] = {
	        {{{"imap", "imaps://h"}}, "no user"},
	        {{{"user", "a"}}, "no service is named"},
	        {{{"imap", "imaps://h"}, {"user", "a\r\nb"}}, "not a user name"},
	        {{{"imap", "imaps://h"}, {"user", "a\xff"}}, "not a user name"},
	        {{{"imap", "imaps://h"}, {"user", ""}}, "no value"},
	        {{{"imap", "imaps://u@h"}, {"password", "hunter2"}}, "no key \"password\""},
	        {{{"imap", "imaps://u@h"}, {"imap-password", "hunter2"}}, "no key"},
	        {{{"imap", "imaps://u@h"}, {"imap-usr", "x"}}, "do you mean imap-user"},
	        {{{"imap", "imaps://u@h"}, {"caldav-user", "x"}}, "no caldav"},
	        {{{"imap", "imaps://u@h"}, {"cleartext", "maybe"}}, "yes"},
	        {{{"imap", "imaps://u@h"}, {"pin", SUM}}, "sha256:"},
	        {{{"imap", "imaps://u@h"}, {"pin", "sha256:" SUM "0"}}, "64"},
	        {{{"imap", "imaps://u@h"}, {"pin", "sha256:0:0"}}, "64"},
	        {{{"imap", "imaps://u@h"}, {"pin", "sha256:"}}, "64"},
	        {{{"imap", "imaps://u@h"}, {"timeout", "0"}}, "timeout is a number of seconds"},
	        {{{"imap", "imaps://u@h"}, {"timeout", "2m"}}, "timeout is a number of seconds"},
	        {{{"imap", "imaps://u@h"}, {"imap-timeout", "86401"}}, "from 1 to 86400"},
	        {{{"imap", "imaps://u@h"}, {"timeout", "-5"}}, "timeout is a number of seconds"},
	        {{{"imap", "imaps://u@h"}, {"auth", "PL AIN"}}, "mechanism"},
	        {{{"imap", "imaps://u@h"}, {"password-fd", "-1"}}, "number of an open file"},
	        {{{"imap", "imaps://u@h"}, {"password-fd", "hunter2"}}, "number of an open file"},
	        {{{"imap", "imaps://u@h"}, {"password-fd", "3"}, {"password-command", "x"}},
	                "two ways"},
	        {{{"imap", "imaps://u:hunter2@h"}}, "holds a password"},
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		size_t n = 0;

		while (n < 3 && cases[i].set[n].key)
			n++;
		must_fail(NULL, cases[i].set, n, ERR_USAGE, cases[i].word);
	}
}

static void long_values_are_whole(void **state)
{
	char text[2200] = "[a]\nimap = imaps://u@h\npassword = ", want[256];
	struct account *a;

	(void)state;
	memset(text + strlen(text), 'p', 2000);
	write_file(text, 0600);
	a = load("a", NULL, 0);
	memset(want, 'p', sizeof want - 1);
	want[sizeof want - 1] = '\0';
	/* as much as that shows */
	assert_string_equal(password_of(a, SERVICE_IMAP), want);
	account_free(a);
}

static void unknown_names(void **state)
{
	(void)state;
	write_file("[alice-old]\nimap = imaps://h\n[bob]\nimap = imaps://h\n", 0600);
	must_fail("alice-odl", NULL, 0, ERR_NOTFOUND, "do you mean \"alice-old\"?");
	must_fail("completely-else", NULL, 0, ERR_NOTFOUND, "no account \"completely-else\"");
}

static void list_fails(const char *word)
{
	struct accounts *list = NULL;
	struct err err = {0};
	int rc = accounts_open(path, &list, &err);

	if (rc != ERR_USAGE || !strstr(err.text, word))
		fail_msg("want \"%s\", got %d \"%s\"", word, rc, err.text);
	assert_null(list);
}

/* The names of the list, with a comma after each. */
static void list_is(const char *want)
{
	struct accounts *list = NULL;
	struct err err = {0};
	char got[1000] = "";

	if (accounts_open(path, &list, &err) != 0)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < accounts_count(list); i++) {
		strcat(got, accounts_name(list, i));
		strcat(got, ",");
	}
	assert_string_equal(got, want);
	accounts_close(list);
}

static void names_in_order(void **state)
{
	(void)state;
	write_file("[b]\nimap = imaps://h\n\n[nothing but a name]\n[a]\nuser = a\n", 0600);
	list_is("b,nothing but a name,a,");
	must_fail("nothing but a name", NULL, 0, ERR_USAGE, "no service is named");
	write_file("", 0600);
	list_is("");
	write_file("[a]\nuser = a\n[b]\nuser = b\n[a]\n", 0600);
	list_fails("line 5");
	write_file("[a]\nuser = a\n[b]\nusr = b\n", 0600);
	list_fails("line 4: there is no key \"usr\"");
}

/* "exclude=Spam include=A include=B ..." of the account, with + where it is shared. */
static void options_are(const char *name, const char *want)
{
	struct account *a = load(name, NULL, 0);
	char got[1000] = "";

	for (size_t i = 0; i < a->options.n; i++) {
		const struct account_option *o = &a->options.items[i];

		snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s=%s%s", i ? " " : "",
		        o->key, o->written, o->shared ? "+" : "");
	}
	assert_string_equal(got, want);
	account_free(a);
}

static void defaults_and_options(void **state)
{
	const struct account_setting host[] = {{"user", "u"}, {"imap", "imaps://h"}};

	(void)state;
	write_file("[defaults]\nimap = imaps://d@h.example\npassword = all\nmax-rate = 2M\n"
	           "exclude = Spam\nexclude = Trash\ncaldav-pin = sha256:" SUM "\n"
	           "[a]\n[b]\nimap = imaps://b.example\nuser = bob\npassword-command = echo own\n"
	           "exclude = Junk\ninclude = X\ninclude = Y\nmax-rate = 1M\narchive = b.valise\n"
	           "[c]\nuser = carol\n",
	        0600);
	options_are("a", "max-rate=2M+ exclude=Spam+ exclude=Trash+");
	options_are("b", "exclude=Junk include=X include=Y max-rate=1M archive=b.valise");
	struct account *a = load("a", NULL, 0);
	assert_string_equal(a->services[SERVICE_IMAP].login.user, "d");
	assert_string_equal(password_of(a, SERVICE_IMAP), "all");
	account_free(a);
	a = load("b", NULL, 0);
	assert_string_equal(a->services[SERVICE_IMAP].at.host, "b.example");
	assert_string_equal(password_of(a, SERVICE_IMAP), "own");
	assert_string_equal(a->options.items[4].value, "/tmp/b.valise");
	account_free(a);
	a = load("c", NULL, 0); /* a section's user wins over a URL's of [defaults] */
	assert_string_equal(a->services[SERVICE_IMAP].login.user, "carol");
	account_free(a);
	list_is("a,b,c,");
	must_fail("defaults", NULL, 0, ERR_USAGE, "[defaults] in /tmp/valise-test-accounts-");
	must_fail("defaults", host, 2, ERR_USAGE, "no account can be called \"defaults\"");
	must_fail("d", NULL, 0, ERR_NOTFOUND, "no account \"d\"");
}

static void values_have_variables(void **state)
{
	static const struct {
		const char *name, *key, *value; /* in the section ${name} */
		const char *word; /* of the error; NULL: none */
		const char *user, *path;
	} cases[] = {
	        {"al@x.org", "user", "%{name}*master", NULL, "al@x.org*master", NULL},
	        {"al@x.org", "user", "%{local}", NULL, "al", NULL},
	        {"al@x.org", "user", "100%%of %d", NULL, "100%of %d", NULL},
	        {"al@x.org", "caldav", "https://%{domain}/%{user}/", NULL, NULL, "/al@x.org/"},
	        {"al@x.org", "imap", "imaps://%{user}@h", NULL, "al@x.org", NULL},
	        {"../al", "archive", "d/%{name}.v", NULL, NULL, "/tmp/d/=2E.=2Fal.v"},
	        {"al", "user", "%{nam}", "line 2: user: there is no %{nam}, do you mean %{name}?",
	                NULL, NULL},
	        {"al", "auth", "%{user", "line 2: auth: \"%{\" without", NULL, NULL},
	        {"al", "auth", "%{domain}", "line 2: auth: %{domain}: the user \"al\" has none",
	                NULL, NULL},
	        {"a;b", "password-command", "echo %{name}",
	                "line 2: password-command: \"a;b\" does not go into a command", NULL, NULL},
	        {"-rf", "password-command", "echo %{name}", "does not go into a command", NULL,
	                NULL},
	        {"a$(x)", "password-command", "echo %{user}", "does not go into", NULL, NULL},
	        {"../al", "password-command", "cat d/%{name}", "\"../al\" does not go into", NULL,
	                NULL},
	        {"a/../../b", "password-command", "cat d/%{user}", "does not go into", NULL, NULL},
	        {"a/..", "password-command", "cat d/%{user}", "does not go into", NULL, NULL},
	        {"/al", "password-command", "cat %{user}", "begins with \"/\"", NULL, NULL},
	        {"@x.org", "password-command", "cat d/%{local}", "\"\" does not go into", NULL,
	                NULL},
	        {"a/..b@x.org", "password-command", "echo %{name}", NULL, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		bool url = !strcmp(cases[i].key, "imap"), dav = !strcmp(cases[i].key, "caldav");
		struct account *a;
		char text[500];

		snprintf(text, sizeof text, "[%s]\n%s = %s\n%s%s%s", cases[i].name, cases[i].key,
		        cases[i].value, url ? "" : "imap = imaps://h\n", "",
		        strcmp(cases[i].key, "user") && !url && !strchr(cases[i].name, '@')
		                ? "imap-user = x\n"
		                : "");
		write_file(text, 0600);
		if (cases[i].word) {
			must_fail(cases[i].name, NULL, 0, ERR_USAGE, cases[i].word);
			continue;
		}
		a = load(cases[i].name, NULL, 0);
		if (cases[i].user)
			assert_string_equal(a->services[SERVICE_IMAP].login.user, cases[i].user);
		if (cases[i].path)
			assert_string_equal(dav ? a->services[SERVICE_CALDAV].at.path
			                        : a->options.items[0].value,
			        cases[i].path);
		account_free(a);
	}
	/* A password is nobody's to change; what a command gets is, and where a token is. */
	write_file("[al]\nimap = imaps://u@h\noauth = %{usr}\n", 0600);
	must_fail("al", NULL, 0, ERR_USAGE, "line 3: oauth: there is no %{usr}");
	write_file("[al]\nimap = imaps://u@h\nimap-oauth-token = %{usr}\n", 0600);
	must_fail("al", NULL, 0, ERR_USAGE, "line 3: imap-oauth-token: there is no %{usr}");
	write_file("[al]\nimap = imaps://u@h\npassword = 5%%{user}\n", 0600);
	struct account *a = load("al", NULL, 0);
	assert_string_equal(password_of(a, SERVICE_IMAP), "5%%{user}");
	account_free(a);
	write_file("[al]\nuser = m\nimap = imaps://h\npassword-command = echo %{name}-%{user}\n",
	        0600);
	a = load("al", NULL, 0);
	assert_string_equal(password_of(a, SERVICE_IMAP), "al-m");
	account_free(a);
}

/* Other files beside ${path}, which is in /tmp. */
static char *beside(const char *end)
{
	return xasprintf("%s%s", path, end);
}

static void write_beside(const char *end, const char *text, mode_t mode)
{
	char *name = beside(end);
	FILE *f = fopen(name, "wb");

	assert_non_null(f);
	assert_int_equal(fputs(text, f) < 0, 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(name, mode), 0);
	free(name);
}

static void drop_beside(const char *end)
{
	char *name = beside(end);

	assert_int_equal(unlink(name), 0);
	free(name);
}

static void write_includer(const char *end, const char *text)
{
	char *all = xasprintf("include = %s%s\n%s", strrchr(path, '/') + 1, end, text);

	write_file(all, 0600);
	free(all);
}

static void files_include_files(void **state)
{
	struct account *a;
	char *text;

	(void)state;
	write_beside(".ini",
	        "[defaults]\nuser = shared\nca-file = ca.pem\nexclude = A\n"
	        "[x]\nimap = imaps://x.example\n",
	        0600);
	write_includer(".ini", "[defaults]\nexclude = B\n[y]\nimap = imaps://y.example\n");
	list_is("x,y,");
	options_are("x", "exclude=B+");
	a = load("y", NULL, 0);
	assert_string_equal(a->services[SERVICE_IMAP].login.user, "shared");
	assert_string_equal(a->services[SERVICE_IMAP].at.ca_file, "/tmp/ca.pem");
	account_free(a);
	write_includer(".ini", "[x]\nimap = imaps://y.example\n");
	list_fails("line 2: the account \"x\" stands in /tmp/valise-test-accounts-");
	/* Each file's own mode counts. */
	write_beside(".ini", "[x]\npassword = p\n", 0644);
	write_includer(".ini", "");
	list_fails(".ini, line 2: others can read this password");
	write_beside(".ini", "[x]\npassword-command = p\n", 0664);
	list_fails(".ini, line 2: this is a command to run");
	write_beside(".ini", "[x]\nusr = p\n", 0600);
	list_fails(", line 1: /tmp/valise-test-accounts-");
	list_fails(".ini, line 2: there is no key \"usr\"; do you mean \"user\"?");
	/* A table, too. */
	write_beside(".csv", "name,user\nx,\ny,yu\n", 0600);
	write_includer(".csv", "[defaults]\nimap = imaps://h\nuser = %{name}*m\n");
	a = load("x", NULL, 0);
	assert_string_equal(a->services[SERVICE_IMAP].login.user, "x*m");
	account_free(a);
	a = load("y", NULL, 0);
	assert_string_equal(a->services[SERVICE_IMAP].login.user, "yu");
	account_free(a);
	/* Circles, missing files, other keys. */
	text = xasprintf("include = %s\n", strrchr(path, '/') + 1);
	write_beside(".ini", text, 0600);
	free(text);
	write_includer(".ini", "");
	list_fails("includes itself");
	drop_beside(".ini");
	list_fails(", line 1: ");
	must_fail("x", NULL, 0, ERR_USAGE, "No such file");
	write_file("\n\nuser = x\n[a]\n", 0600);
	list_fails("line 3: a key before the first [account]; for all accounts it goes below");
	write_file("include = \n", 0600);
	list_fails("line 1: \"include\" has no value");
	drop_beside(".csv");
}

/* Whoever can write to a file does not get the password of another one. */
static void passwords_stay_with_their_file(void **state)
{
	static const struct {
		const char *table; /* others can write to it */
		const char *defaults;
		const char *word; /* of the error; NULL: none */
	} cases[] = {
	        {"name,imap\nx,imaps://evil\n", "password-command = echo p",
	                ".csv, line 2: imap says where the password of /tmp/valise-test-accounts-"},
	        {"name,imap-pin\nx,sha256:" SUM "\n", "imap = imaps://h\npassword = p",
	                "imap-pin says where"},
	        {"name,proxy\nx,http://evil:80\n", "imap = imaps://h\npassword = p",
	                "proxy says where"},
	        {"name,user\nx,x@evil\n", "imap = imaps://mail.%{domain}\npassword = p",
	                "imap says where"},
	        {"name,user\nx,x@y\n", "imap = imaps://%{user}@h\npassword = p", NULL},
	        {"name,user\nx,u\n", "imap = imaps://h\npassword = p", NULL},
	        {"name,caldav\nx,https://h/\n", "imap = imaps://h\nimap-password = p", NULL},
	        {"name,imap,user\nx,imaps://h,u\n", "max-rate = 1M", NULL},
	};
	const struct account_setting own[] = {{"imap", "imaps://h"}};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		char *text = xasprintf("[defaults]\nuser = u\n%s\n", cases[i].defaults);

		write_beside(".csv", cases[i].table, 0664);
		write_includer(".csv", text);
		if (cases[i].word)
			must_fail("x", NULL, 0, ERR_USAGE, cases[i].word);
		else
			account_free(load("x", NULL, 0));
		write_beside(".csv", cases[i].table, 0644);
		account_free(load("x", NULL, 0));
		free(text);
	}
	write_beside(".csv", cases[0].table, 0664);
	account_free(load("x", own, 1));
	drop_beside(".csv");
}

static void deep_includes_end(void **state)
{
	char end[16];

	(void)state;
	for (int i = 0; i < 9; i++) {
		char *text = xasprintf("include = %s.%d\n", strrchr(path, '/') + 1, i + 1);

		snprintf(end, sizeof end, ".%d", i);
		write_beside(end, i < 8 ? text : "[a]\n", 0600);
		free(text);
	}
	write_includer(".1", "");
	list_is("a,");
	write_includer(".0", "");
	list_fails("more than 8 deep");
	for (int i = 0; i < 9; i++) {
		snprintf(end, sizeof end, ".%d", i);
		drop_beside(end);
	}
}

static void tables(void **state)
{
	static const struct {
		const char *text,
		        *word; /* word: of the error; NULL: the names are as in ${names} */
		const char *names;
	} cases[] = {
	        {"name,imap\na,imaps://h\n", NULL, "a,"},
	        {"\xef\xbb\xbfName , IMAP,User\r\n\r\n\"a, b\" , imaps://h , x\r\n,,\r\nc,,y", NULL,
	                NULL},
	        {"imap,user\nimaps://h,a@x\nimaps://h,\"b \"\"q\"\"\"\n", NULL, "a@x,b \"q\","},
	        {"old,new,imap\na,b,imaps://h\n", NULL, "b,"},
	        {"exclude,user,exclude\nx,a,y\n", NULL, "a,"},
	        {"user,imap\n", NULL, ""},
	        {"user,usr\na,b\n", "line 1: there is no column \"usr\"; do you mean \"user\"?",
	                NULL},
	        {"user,imap,imap\na,b,c\n", "line 1: the column \"imap\" stands here twice", NULL},
	        {"name,new\na,b\n", "\"name\" and \"new\" are the same", NULL},
	        {"user;imap,x\na;b,c\n", "line 1: columns are separated by commas", NULL},
	        {"user,imap\na,b\nb\n", "line 3: 1 cells, and 2 columns in the header", NULL},
	        {"user,imap\na,b,c\n", "line 2: 3 cells", NULL},
	        {"user,imap\n\"a,b\n",
	                "line 2: a line break in a cell, or a quote that is not closed", NULL},
	        {"user,imap\n\"a\",\"b", "line 2: a quote is not closed", NULL},
	        {"user,imap\na\"b\",c\n", "line 2: a quote inside a cell", NULL},
	        {"user,imap\n\"a\"b,c\n", "line 2: text after the quote", NULL},
	        {"user,imap\ra,c\r", "line 1: a line ends in CR alone", NULL},
	        {"user,imap\na,h\nb,h\na,h\n", "line 4: the account \"a\" stands in ", NULL},
	        {"imap,pop3\na,h\n", "line 2: neither \"name\" nor \"user\"", NULL},
	        {"user,imap\ndefaults,h\n", "line 2: no account can be called \"defaults\"", NULL},
	        {"user,,imap\na,,h\n", "line 1: there is no column \"\"", NULL},
	};
	struct account *a;

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		write_file(cases[i].text, 0600);
		if (cases[i].word)
			list_fails(cases[i].word);
		else if (cases[i].names)
			list_is(cases[i].names);
	}
	write_file(cases[1].text, 0600);
	a = load("a, b", NULL, 0);
	assert_string_equal(a->services[SERVICE_IMAP].at.host, "h");
	assert_string_equal(a->services[SERVICE_IMAP].login.user, "x");
	account_free(a);
	write_file("user,imap,password\na,imaps://h, p \nb,imaps://h,\n", 0644);
	list_fails("line 1: others can read this password");
	write_file("user,imap,password\na,imaps://h, p \nb,imaps://h,\n", 0600);
	a = load("a", NULL, 0);
	assert_string_equal(password_of(a, SERVICE_IMAP), " p ");
	account_free(a);
	write_file("user,imap,password-command\na,imaps://h,x\n", 0620);
	list_fails("line 1: this is a command to run");
	write_text("user,imap\na\0b,c\n", 17, 0600);
	list_fails("line 2: the line holds a NUL");
}

static void values_name_their_place(void **state)
{
	static const struct {
		const char *text, *word;
	} cases[] = {
	        {"[a]\nuser = u\nimap = gopher://h\n", "line 3: imap: "},
	        {"[a]\nimap = imaps://h\nuser = u\npin = x\n", "line 4: imap: a pin is"},
	        {"[a]\nimap = imaps://h\nuser = u\nimap-timeout = 0\n", "line 4: imap: timeout"},
	        {"[a]\nimap = imaps://h\ncleartext = maybe\nuser = u\n", "line 3: cleartext is"},
	        {"[defaults]\nauth = P L\n[a]\nimap = imaps://h\nuser = u\n",
	                "line 2: imap: not the"},
	        {"[a]\nimap = imaps://h\nuser = u\ncaldav-user = v\n",
	                "line 4: \"caldav-user\" is"},
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		write_file(cases[i].text, 0600);
		must_fail("a", NULL, 0, ERR_USAGE, cases[i].word);
	}
}

/* What is given of a MAPI service, and what is left to be found. */
static void mailboxes_of_mapi(void **state)
{
	static const struct {
		const char *name, *keys; /* "key=value key=value" */
		const char *host;
		unsigned port;
		const char *path, *user, *mailbox, *lookup, *owner;
		bool domain;
	} cases[] = {
	        {NULL, "mapi=https://h/mapi/emsmdb/?MailboxId=a@b user=u", "h", 443,
	                "/mapi/emsmdb/?MailboxId=a@b", "u", NULL, NULL, "u", false},
	        {NULL, "mapi=https://u@h:8443/ mapi-mailbox=/o=a/cn=u", "h", 8443, NULL, "u",
	                "/o=a/cn=u", NULL, "/o=a/cn=u", false},
	        {NULL, "mapi=mail.new.example user=alice@new.example", "mail.new.example", 443,
	                NULL, "alice@new.example", NULL, NULL, "alice@new.example", false},
	        {NULL, "mapi=mail.new.example:444 user=NEW\\alice mapi-mailbox=alice@new.example",
	                "mail.new.example", 444, NULL, "NEW\\alice", NULL, "alice@new.example",
	                "alice@new.example", false},
	        {NULL, "mapi=[::1]:8443 user=u", "::1", 8443, NULL, "u", NULL, NULL, "u", false},
	        {NULL, "mapi=alice@new.example", "new.example", 443, NULL, "alice@new.example",
	                NULL, "alice@new.example", "alice@new.example", true},
	        {NULL, "mapi=alice@new.example user=al", "new.example", 443, NULL, "al", NULL,
	                "alice@new.example", "al", true},
	        {NULL, "mapi=alice@new.example mapi-mailbox=bob@new.example", "new.example", 443,
	                NULL, "alice@new.example", NULL, "bob@new.example", "bob@new.example",
	                true},
	        {"alice@new.example", "mapi=h", "h", 443, NULL, "alice@new.example", NULL, NULL,
	                "alice@new.example", false},
	        {"alice@new.example", "mapi=h user=al", "h", 443, NULL, "al", NULL,
	                "alice@new.example", "al", false},
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct account_setting set[4];
		char *text = xstrdup(cases[i].keys), *save = NULL;
		const struct service *s;
		struct account *a;
		size_t n = 0;

		for (char *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
			char *eq = strchr(w, '=');

			*eq = '\0';
			set[n++] = (struct account_setting){w, eq + 1};
		}
		a = load(cases[i].name, set, n);
		s = &a->services[SERVICE_MAPI];
		if (!a->present[SERVICE_MAPI] || strcmp(s->at.host, cases[i].host) != 0 ||
		        s->at.port != cases[i].port || s->at_domain != cases[i].domain ||
		        strcmp(s->login.user, cases[i].user) != 0 ||
		        strcmp(service_owner(s), cases[i].owner) != 0)
			fail_msg("%s: %s:%u %d %s %s", cases[i].keys, s->at.host, s->at.port,
			        s->at_domain, s->login.user, service_owner(s));
		if (strcmp(s->at.path ? s->at.path : "", cases[i].path ? cases[i].path : "") != 0 ||
		        strcmp(s->mailbox ? s->mailbox : "",
		                cases[i].mailbox ? cases[i].mailbox : "") != 0 ||
		        strcmp(s->lookup ? s->lookup : "",
		                cases[i].lookup ? cases[i].lookup : "") != 0)
			fail_msg("%s: path %s, mailbox %s, lookup %s", cases[i].keys, s->at.path,
			        s->mailbox, s->lookup);
		account_free(a);
		free(text);
	}
}

static void bad_mailboxes_of_mapi(void **state)
{
	static const struct {
		struct account_setting set[2];
		const char *word;
	} cases[] = {
	        {{{"mapi", "h"}, {"mapi-mailbox", "alice"}}, "begins with /o="},
	        {{{"mapi", "h"}, {"mapi-mailbox", "/o=a\x1b"}}, "not the name of a mailbox"},
	        {{{"mapi", "@h"}, {"user", "u"}}, "address without a name"},
	        {{{"mapi", "h/mapi"}, {"user", "u"}}, "nor a host or an address"},
	        {{{"mapi", "h:80"}, {"user", "u"}}, "port 80"},
	        {{{"mapi", "a@h"}, {"mapi-authzid", "x"}}, "mapi-mailbox"},
	        {{{"mapi", "h"}, {"imap-mailbox", "x@y"}}, "there is no key"},
	        {{{"mapi", "h"}, {"mailbox", "x@y"}}, "there is no key"},
	        {{{"mapi", "h"}, {"mapi-mailbx", "x@y"}}, "do you mean mapi-mailbox"},
	        {{{"mapi-mailbox", "x@y"}, {"imap", "imaps://h"}}, "but no mapi"},
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++)
		must_fail(NULL, cases[i].set, 2, ERR_USAGE, cases[i].word);
}

static void keys(void **state)
{
	static const char *const valid[] = {"imap", "pop3", "caldav", "carddav", "user", "pin",
	        "imap-user", "carddav-password-command", "pop3-cleartext", "ca-file", "authzid",
	        "timeout", "pop3-timeout"};
	static const char *const invalid[] = {"", "password", "imap-password", "imap-", "imap-imap",
	        "-user", "smtp", "imap-user-x"};

	(void)state;
	for (size_t i = 0; i < N(valid); i++)
		assert_true(account_is_key(valid[i]));
	for (size_t i = 0; i < N(invalid); i++)
		assert_false(account_is_key(invalid[i]));
	assert_true(account_key_is_flag("cleartext") && account_key_is_flag("imap-cleartext"));
	assert_false(account_key_is_flag("imap") || account_key_is_flag("user"));
}

static void a_user_that_does_not_count_is_told(void **state)
{
	const struct account_setting set[] = {{"imap", "imaps://bob@h.example"},
	        {"pop3", "pop3s://alice@h.example"}, {"caldav", "https://h.example/"},
	        {"user", "alice"}};
	char lines[ACCOUNT_WARNINGS][256];
	struct account *a = load(NULL, set, N(set));

	(void)state;
	assert_int_equal(account_warnings(a, lines, ACCOUNT_WARNINGS), 1);
	assert_non_null(strstr(lines[0], "imap: its URL names the user bob, and --user alice"));
	account_free(a);
}

static void cleartext_is_warned_about(void **state)
{
	const struct account_setting set[] = {{"imap", "imap://h.example"}, {"user", "u\033"},
	        {"pop3", "pop3://127.0.0.1"}, {"caldav", "http://dav.example/"},
	        {"carddav", "https://dav.example/"}, {"cleartext", "yes"}, {"user", "u"}};
	char lines[4][256];
	struct account *a = load(NULL, set, N(set));

	(void)state;
	assert_int_equal(account_warnings(a, lines, 4), 2);
	assert_non_null(strstr(lines[0], "imap://h.example"));
	assert_non_null(strstr(lines[1], "http://dav.example"));
	assert_int_equal(account_warnings(a, lines, 1), 1);
	account_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(section_of_the_file),
	        cmocka_unit_test(options_alone),
	        cmocka_unit_test(options_win_over_the_file),
	        cmocka_unit_test(an_address_with_options),
	        cmocka_unit_test(bad_files_name_the_line),
	        cmocka_unit_test(ten_thousand_accounts),
	        cmocka_unit_test(private_files),
	        cmocka_unit_test(bad_settings),
	        cmocka_unit_test(long_values_are_whole),
	        cmocka_unit_test(unknown_names),
	        cmocka_unit_test(names_in_order),
	        cmocka_unit_test(defaults_and_options),
	        cmocka_unit_test(values_have_variables),
	        cmocka_unit_test(files_include_files),
	        cmocka_unit_test(passwords_stay_with_their_file),
	        cmocka_unit_test(deep_includes_end),
	        cmocka_unit_test(tables),
	        cmocka_unit_test(values_name_their_place),
	        cmocka_unit_test(keys),
	        cmocka_unit_test(mailboxes_of_mapi),
	        cmocka_unit_test(bad_mailboxes_of_mapi),
	        cmocka_unit_test(cleartext_is_warned_about),
	        cmocka_unit_test(a_user_that_does_not_count_is_told),
	};

	return cmocka_run_group_tests(tests, make_path, drop_path);
}
