/* The table of providers: what is installed, what a user's own file does to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "valise/account/account.h"
#include "valise/account/protocols.h"
#include "valise/base/mem.h"
#include "valise/discover/providers.h"

#define TABLE FIXTURES "/../share/valise/providers.ini"

static char dir[] = "/tmp/valise-providers-XXXXXX";

static char *write_file(const char *name, const char *text, mode_t mode)
{
	char *path = xasprintf("%s/%s", dir, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
	return path;
}

static int load_own(const char *text, mode_t mode, struct providers **out, struct err *err)
{
	char *own = write_file("own.ini", text, mode);
	int rc = providers_load(TABLE, own, out, err);

	free(own);
	return rc;
}

/* Every URL of the table makes a service, as it would in accounts.ini. */
static void table_is_sound(void **state)
{
	struct providers *p;
	struct err err = {0};
	char *none = write_file("own.ini", "", 0600);

	(void)state;
	assert_int_equal(providers_load(TABLE, "/nonexistent", &p, &err), 0);
	assert_true(p->n > 10);
	for (size_t i = 0; i < p->n; i++) {
		const struct provider *r = &p->list[i];

		assert_non_null(r->domains);
		assert_false(r->own);
		/* either there is a way in, or it is said why there is none */
		assert_true(r->note || (r->urls[SERVICE_IMAP] && r->sign_ins));
		for (int k = 0; k < SERVICE_KINDS; k++) {
			char *url =
			        provider_url(r, (enum service_kind)k, false, "al+ice@old.example");
			struct account_setting s = {protocols[k].name, url};
			struct account *a;

			if (!url)
				continue;
			assert_null(strstr(url, "%{"));
			if (account_load("al+ice@old.example", none, &s, 1, NULL, &a, &err))
				fail_msg("%s: %s", r->id, err.text);
			assert_int_equal(a->services[k].at.security, SECURITY_TLS);
			account_free(a);
			free(url);
		}
	}
	free(none);
	providers_free(p);
}

static void look_up(void **state)
{
	static const struct {
		const char *domain, *id;
	} domains[] = {{"gmail.com", "google"}, {"GMail.COM", "google"}, {"gmail.com.", "google"},
	        {"xgmail.com", NULL}, {"mail.gmail.com", NULL}, {"", NULL}, {"web.de", "web.de"}},
	  hosts[] = {{"aspmx.l.google.com", "google"}, {"aspmx.l.google.com.", "google"},
	          {"old-example.mail.protection.outlook.com", "microsoft"},
	          {"mail.notgoogle.com", NULL}, {"google.com.evil.example", NULL},
	          {"in1-smtp.messagingengine.com", "fastmail"}, {"", NULL}};
	struct providers *p;
	struct err err = {0};

	(void)state;
	assert_int_equal(providers_load(TABLE, "/nonexistent", &p, &err), 0);
	for (size_t i = 0; i < COUNT(domains); i++) {
		const struct provider *r = providers_by_domain(p, domains[i].domain);

		assert_true(r ? domains[i].id && !strcmp(r->id, domains[i].id) : !domains[i].id);
	}
	for (size_t i = 0; i < COUNT(hosts); i++) {
		const struct provider *r = providers_by_mx(p, hosts[i].domain);

		assert_true(r ? hosts[i].id && !strcmp(r->id, hosts[i].id) : !hosts[i].id);
	}
	providers_free(p);
}

static void own_file_wins(void **state)
{
	struct providers *p;
	const struct provider *r;
	struct err err = {0};
	char *url;

	(void)state;
	assert_int_equal(load_own("[google]\ndomains = mine.example gmail.com\n"
	                          "imap = imaps://127.0.0.1:1/\nuser = local part\n"
	                          "caldav = https://h/%{user}/%{domain}/%{address}/%{x}/%{\n"
	                          "oauth-client-id = abc\nsign-in = password oauth\n"
	                          "restore-imap = imaps://127.0.0.1:2/\n"
	                          "daily-limit = 12\n[new]\ndomains=other.example\n",
	                         0600, &p, &err),
	        0);
	r = providers_by_domain(p, "gmail.com");
	assert_string_equal(r->id, "google");
	assert_true(r->own);
	assert_string_equal(r->name, "google");
	assert_string_equal(r->oauth_client_id, "abc");
	assert_null(r->oauth_token); /* the whole section is replaced */
	assert_int_equal(r->sign_ins, SIGN_IN_PASSWORD | SIGN_IN_OAUTH);
	assert_int_equal(r->daily_limit, 12);
	assert_null(providers_by_domain(p, "googlemail.com"));
	assert_string_equal(providers_by_domain(p, "other.example")->id, "new");
	url = provider_url(r, SERVICE_CALDAV, true, "a/b@old.example");
	assert_string_equal(url, "https://h/a%2Fb/old.example/a%2Fb%40old.example/%{x}/%{");
	free(url);
	url = provider_url(r, SERVICE_IMAP, false, "alice@old.example");
	assert_string_equal(url, "imaps://127.0.0.1:1/");
	free(url);
	url = provider_url(r, SERVICE_IMAP, true, "alice@old.example");
	assert_string_equal(url, "imaps://127.0.0.1:2/");
	free(url);
	url = provider_user(r, "alice@old.example");
	assert_string_equal(url, "alice");
	free(url);
	assert_null(provider_url(r, SERVICE_POP3, false, "alice@old.example"));
	providers_free(p);
}

static void what_is_wrong_is_named(void **state)
{
	static const struct {
		const char *text, *says;
		mode_t mode;
	} cases[] = {
	        {"[a]\ncarddva = https://h\n",
	                "line 2: there is no key \"carddva\"; do you mean carddav", 0600},
	        {"[a]\nsign-in = pasword\n", "line 2: sign-in is of", 0600},
	        {"[a]\nuser = me\n", "line 2: user is", 0600},
	        {"[a]\ndaily-limit = 5G\n", "line 2: daily-limit is a number", 0600},
	        {"[a]\nname = x\nname = y\n", "line 3: stands here twice", 0600},
	        {"[a]\nname = x\n", "can be changed by", 0666},
	        {"[a]\nname = x\n", "can be changed by others", 0620},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct providers *p;
		struct err err = {0};

		assert_int_equal(load_own(cases[i].text, cases[i].mode, &p, &err), ERR_USAGE);
		if (!strstr(err.text, cases[i].says))
			fail_msg("\"%s\" does not say \"%s\"", err.text, cases[i].says);
		providers_free(p);
	}
}

static int setup(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	char *own = xasprintf("%s/own.ini", dir);

	(void)state;
	(void)unlink(own);
	free(own);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(table_is_sound),
	        cmocka_unit_test(look_up),
	        cmocka_unit_test(own_file_wins),
	        cmocka_unit_test(what_is_wrong_is_named),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
