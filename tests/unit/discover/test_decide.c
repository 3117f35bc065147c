/* Which of all that the ways said counts, and who may have the password. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "discover/facts.h"
#include "valise/base/mem.h"

#define TABLE FIXTURES "/../share/valise/providers.ini"

/* What a case has of one way: a URL, or what it told. */
struct way {
	const char *url;
	enum told told;
};

struct one {
	const char *row, *mx_row; /* ids of the table */
	struct way srv, autoconfig, well_known;
	bool mx_failed, http;
	/* what follows */
	enum found_state state;
	const char *url;
	enum found_by by;
	enum found_trust trust;
	const char *why;
};

#define IMAPS "imaps://mail.old.example"
#define FOREIGN "imaps://mail.hoster.example"
#define AT_URL(u)                                                                                  \
	{                                                                                          \
		u, TOLD_PLACE                                                                      \
	}
#define TOLD(t)                                                                                    \
	{                                                                                          \
		NULL, t                                                                            \
	}

static const struct one mail[] = {
        /* the table by the domain is the last word, even that there is none */
        {"google", NULL, AT_URL(IMAPS), AT_URL(IMAPS), TOLD(0), false, false, FOUND_SERVICE,
                "imaps://imap.gmail.com", FOUND_TABLE, TRUST_TABLE, "table of providers"},
        {"proton", NULL, AT_URL(IMAPS), TOLD(0), TOLD(0), false, false, FOUND_NONE, NULL, 0, 0,
                "Bridge"},
        /* SRV before the MX, the MX before autoconfig */
        {NULL, "google", AT_URL(IMAPS), TOLD(0), TOLD(0), false, false, FOUND_SERVICE, IMAPS,
                FOUND_SRV, TRUST_DOMAIN, "SRV"},
        {NULL, "google", TOLD(TOLD_NOTHING), AT_URL(IMAPS), TOLD(0), false, false, FOUND_SERVICE,
                "imaps://imap.gmail.com", FOUND_TABLE_MX, TRUST_TABLE, "MX mx.test"},
        {NULL, "proton", TOLD(TOLD_NOTHING), AT_URL(IMAPS), TOLD(0), false, false, FOUND_NONE,
                NULL, 0, 0, "Bridge"},
        {NULL, NULL, TOLD(TOLD_NOTHING), AT_URL(FOREIGN), TOLD(0), false, false, FOUND_SERVICE,
                FOREIGN, FOUND_AUTOCONFIG, TRUST_ASK, "AUTO"},
        {NULL, NULL, TOLD(TOLD_NOTHING), AT_URL(IMAPS), TOLD(0), false, true, FOUND_SERVICE,
                IMAPS, FOUND_AUTOCONFIG_HTTP, TRUST_ASK, "AUTO"},
        {NULL, NULL, TOLD(TOLD_NOTHING), AT_URL("imaps://imap.gmail.com"), TOLD(0), false, true,
                FOUND_SERVICE, "imaps://imap.gmail.com", FOUND_AUTOCONFIG_HTTP, TRUST_ASK, "AUTO"},
        /* a null SRV ends the search; one that failed does not */
        {NULL, "google", TOLD(TOLD_NONE), AT_URL(IMAPS), TOLD(0), false, false, FOUND_NONE, NULL,
                0, 0, "names \".\""},
        {NULL, NULL, TOLD(TOLD_FAILED), AT_URL(IMAPS), TOLD(0), false, false, FOUND_SERVICE,
                IMAPS, FOUND_AUTOCONFIG, TRUST_DOMAIN, "AUTO"},
        {NULL, NULL, TOLD(TOLD_FAILED), TOLD(TOLD_NOTHING), TOLD(0), false, false, FOUND_UNKNOWN,
                NULL, 0, 0, "SRV"},
        {NULL, NULL, TOLD(TOLD_NOTHING), TOLD(TOLD_NOTHING), TOLD(0), true, false, FOUND_UNKNOWN,
                NULL, 0, 0, "MX"},
        {NULL, NULL, TOLD(TOLD_NOTHING), TOLD(TOLD_NOTHING), TOLD(0), false, false, FOUND_NONE,
                NULL, 0, 0, "no autoconfig"},
        /* hosts */
        {NULL, NULL, AT_URL("imaps://IMAP.gmail.com:993"), TOLD(0), TOLD(0), false, false,
                FOUND_SERVICE, "imaps://IMAP.gmail.com:993", FOUND_SRV, TRUST_TABLE, "SRV"},
        {NULL, NULL, AT_URL("imaps://old.example.evil.example"), TOLD(0), TOLD(0), false, false,
                FOUND_SERVICE, "imaps://old.example.evil.example", FOUND_SRV, TRUST_ASK, "SRV"},
        {NULL, NULL, AT_URL("imaps://xold.example"), TOLD(0), TOLD(0), false, false,
                FOUND_SERVICE, "imaps://xold.example", FOUND_SRV, TRUST_ASK, "SRV"},
        {NULL, NULL, AT_URL("imaps://127.0.0.1:1143"), TOLD(0), TOLD(0), false, false,
                FOUND_SERVICE, "imaps://127.0.0.1:1143", FOUND_SRV, TRUST_ASK, "SRV"},
}, dav[] = {
        /* who keeps the mail need not keep the calendars */
        {NULL, "microsoft", TOLD(TOLD_NOTHING), TOLD(TOLD_NOTHING),
                AT_URL("https://cloud.old.example/dav/"), false, false, FOUND_SERVICE,
                "https://cloud.old.example/dav/", FOUND_WELL_KNOWN, TRUST_DOMAIN, "WELL"},
        {NULL, "fastmail", TOLD(TOLD_NOTHING), TOLD(TOLD_NOTHING),
                AT_URL("https://cloud.old.example/dav/"), false, false, FOUND_SERVICE,
                "https://caldav.fastmail.com/", FOUND_TABLE_MX, TRUST_TABLE, "MX mx.test"},
        {NULL, NULL, TOLD(TOLD_NOTHING), TOLD(TOLD_NOTHING), TOLD(TOLD_NOTHING), false, false,
                FOUND_NONE, NULL, 0, 0, ".well-known"},
        {NULL, NULL, TOLD(TOLD_NOTHING), TOLD(TOLD_NOTHING), TOLD(TOLD_FAILED), false, false,
                FOUND_UNKNOWN, NULL, 0, 0, "WELL"},
        {NULL, NULL, TOLD(TOLD_NOTHING), TOLD(TOLD_FAILED), TOLD(TOLD_NOTHING), false, false,
                FOUND_UNKNOWN, NULL, 0, 0, "AUTO"},
};

static void set_fact(struct fact *f, const struct way *w, const char *source)
{
	f->told = w->told;
	f->place.url = xstrdup(w->url);
	f->place.source = xstrdup(source);
}

static void check_case(const struct providers *table, enum service_kind kind, const struct one *c)
{
	const struct way failed = TOLD(TOLD_FAILED);
	struct facts f = {.address = "alice@old.example",
	        .domain = "old.example",
	        .table = table,
	        .want = 1u << kind,
	        .row = c->row ? providers_by_id(table, c->row) : NULL,
	        .mx_row = c->mx_row ? providers_by_id(table, c->mx_row) : NULL,
	        .mx_host = xstrdup("mx.test"),
	        .autoconfig_http = c->http};
	struct finding out;

	set_fact(&f.srv[kind], &c->srv, "SRV");
	set_fact(&f.autoconfig[kind], &c->autoconfig, "AUTO");
	set_fact(&f.well_known[kind], &c->well_known, "WELL");
	if (c->mx_failed)
		set_fact(&f.mx, &failed, "MX");
	facts_decide(&f, kind, &out);
	assert_int_equal(out.state, c->state);
	if (!strstr(out.why, c->why))
		fail_msg("\"%s\" does not say \"%s\"", out.why, c->why);
	if (c->state == FOUND_SERVICE) {
		assert_string_equal(out.url, c->url);
		assert_string_equal(out.user, "alice@old.example");
		assert_int_equal(out.by, c->by);
		assert_int_equal(out.trust, c->trust);
	} else {
		assert_null(out.url);
	}
	finding_clear(&out);
	f.want = 0;
	facts_decide(&f, kind, &out);
	assert_int_equal(out.state, f.want ? c->state : FOUND_UNWANTED);
	finding_clear(&out);
	facts_clear(&f);
}

static void decisions(void **state)
{
	struct providers *table;
	struct err err = {0};

	(void)state;
	assert_int_equal(providers_load(TABLE, "/nonexistent", &table, &err), 0);
	for (size_t i = 0; i < COUNT(mail); i++)
		check_case(table, SERVICE_IMAP, &mail[i]);
	for (size_t i = 0; i < COUNT(dav); i++)
		check_case(table, SERVICE_CALDAV, &dav[i]);
	providers_free(table);
}

/* Without TLS nobody but the address signs in. */
static void users_over_http(void **state)
{
	static const struct {
		const char *user, *https, *http;
	} cases[] = {{NULL, "alice@old.example", "alice@old.example"}, {"alice", "alice", "alice"},
	        {"mallory@old.example", "mallory@old.example", "alice@old.example"},
	        {"ali", "ali", "alice@old.example"},
	        {"alice@evil.example", "alice@evil.example", "alice@old.example"}};
	struct providers table = {0};

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(cases); i++) {
		struct facts f = {.address = "alice@old.example",
		        .domain = "old.example",
		        .table = &table,
		        .want = 1u << SERVICE_IMAP,
		        .autoconfig_http = i % 2};
		struct finding out;

		set_fact(&f.autoconfig[SERVICE_IMAP], &(struct way)AT_URL(IMAPS), "AUTO");
		f.autoconfig[SERVICE_IMAP].place.user = xstrdup(cases[i / 2].user);
		facts_decide(&f, SERVICE_IMAP, &out);
		assert_string_equal(out.user, i % 2 ? cases[i / 2].http : cases[i / 2].https);
		finding_clear(&out);
		facts_clear(&f);
	}
}

static void troubles_of_the_web(void **state)
{
	static const int passing[] = {500, 502, 503, 504, 429, 408},
	                 answers[] = {200, 207, 301, 401, 403, 404, 405, 410, 501};

	(void)state;
	for (size_t i = 0; i < COUNT(passing); i++)
		assert_true(web_is_trouble(passing[i]));
	for (size_t i = 0; i < COUNT(answers); i++)
		assert_false(web_is_trouble(answers[i]));
}

static void hosts_of_urls(void **state)
{
	static const char *const cases[][2] = {{"imaps://Mail.Old.example", "mail.old.example"},
	        {"imaps://al%40ice@h.example:1143/", "h.example"},
	        {"https://[::1]:8443/x@y", "::1"}, {"https://h.example?x@y", "h.example"},
	        {"https://b\xc3\xbc"
	         "cher.example/",
	                "xn--bcher-kva.example"}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *host = url_host_of(cases[i][0]);

		assert_string_equal(host, cases[i][1]);
		free(host);
	}
	assert_null(url_host_of("h.example"));
	assert_null(url_host_of("https://"));
}

static void urls_of_places(void **state)
{
	static const struct {
		enum service_kind kind;
		enum security security;
		const char *host;
		uint16_t port;
		const char *path, *url;
	} cases[] = {
	        {SERVICE_IMAP, SECURITY_TLS, "h.example", 993, NULL, "imaps://h.example"},
	        {SERVICE_IMAP, SECURITY_STARTTLS, "h.example", 143, NULL, "imap://h.example"},
	        {SERVICE_POP3, SECURITY_TLS, "h.example", 110, NULL, "pop3s://h.example:110"},
	        {SERVICE_CALDAV, SECURITY_TLS, "h.example", 443, "/dav", "https://h.example/dav"},
	        {SERVICE_CARDDAV, SECURITY_TLS, "h.example", 8443, NULL, "https://h.example:8443/"},
	        {SERVICE_IMAP, SECURITY_TLS, "h.example/x", 993, NULL, NULL},
	        {SERVICE_IMAP, SECURITY_TLS, "a@b", 993, NULL, NULL},
	        {SERVICE_IMAP, SECURITY_TLS, "h.example", 0, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *url = place_url(cases[i].kind, cases[i].security, cases[i].host,
		        cases[i].port, cases[i].path);

		assert_true(url ? cases[i].url && !strcmp(url, cases[i].url) : !cases[i].url);
		free(url);
	}
}

static void addresses(void **state)
{
	static const char *const good[] = {"alice@old.example", "a+b.c@old.example",
	        "alice@m\xc3\xbcnster.example", "\xc3\xa4@old.example"},
	                         *const bad[] = {"alice", "@old.example", "alice@", "a@b@c",
	                                 "alice@old..example", "alice@[::1]", "a b@old.example",
	                                 "alice@127.0.0.1", "alice@old.example/x",
	                                 "a\x1b@old.example", "imaps://alice@old.example",
	                                 "\xff@old.example", ""};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		assert_true(discover_is_address(good[i]));
	for (size_t i = 0; i < COUNT(bad); i++)
		if (discover_is_address(bad[i]))
			fail_msg("\"%s\" is taken for an address", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(decisions),
	        cmocka_unit_test(users_over_http),
	        cmocka_unit_test(troubles_of_the_web),
	        cmocka_unit_test(hosts_of_urls),
	        cmocka_unit_test(urls_of_places),
	        cmocka_unit_test(addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
