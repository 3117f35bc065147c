#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "account/service_url.h"
#include "valise/base/mem.h"

#define I SERVICE_IMAP
#define P SERVICE_POP3
#define C SERVICE_CALDAV
#define D SERVICE_CARDDAV

struct good {
	enum service_kind kind;
	const char *url;
	bool cleartext;
	const char *user, *host;
	unsigned port;
	enum security security;
	const char *path;
};

static const struct good good[] = {
        {I, "imaps://mail.old.example", false, NULL, "mail.old.example", 993, SECURITY_TLS, NULL},
        {I, "IMAPS://Mail.old.example/", false, NULL, "Mail.old.example", 993, SECURITY_TLS, NULL},
        {I, "imap://h", false, NULL, "h", 143, SECURITY_STARTTLS, NULL},
        {I, "imap://h:1430", true, NULL, "h", 1430, SECURITY_NONE, NULL},
        {I, "imaps://h", true, NULL, "h", 993, SECURITY_TLS, NULL},
        {I, "imaps://alice%40old.example@h", false, "alice@old.example", "h", 993, SECURITY_TLS,
                NULL},
        {I, "imaps://a%2Bb%25@h", false, "a+b%", "h", 993, SECURITY_TLS, NULL},
        {I, "imaps://j%c3%bcrgen@h", false, "j\xc3\xbcrgen", "h", 993, SECURITY_TLS, NULL},
        {I, "imaps://[::1]", false, NULL, "::1", 993, SECURITY_TLS, NULL},
        {I, "imaps://alice@[2001:db8::1]:10993", false, "alice", "2001:db8::1", 10993, SECURITY_TLS,
                NULL},
        {I, "imaps://127.0.0.1:65535", false, NULL, "127.0.0.1", 65535, SECURITY_TLS, NULL},
        {I, "imaps://m\xc3\xbcnchen.example", false, NULL, "m\xc3\xbcnchen.example", 993,
                SECURITY_TLS, NULL},
        {I, "imaps://h.example.", false, NULL, "h.example.", 993, SECURITY_TLS, NULL},
        {P, "pop3s://h", false, NULL, "h", 995, SECURITY_TLS, NULL},
        {P, "pop3://h", false, NULL, "h", 110, SECURITY_STARTTLS, NULL},
        {P, "pop3://h", true, NULL, "h", 110, SECURITY_NONE, NULL},
        {C, "https://dav.example", false, NULL, "dav.example", 443, SECURITY_TLS, "/"},
        {C, "https://dav.example:8443/dav/alice%40x/?a=b", false, NULL, "dav.example", 8443,
                SECURITY_TLS, "/dav/alice%40x/?a=b"},
        {D, "https://dav.example?x", false, NULL, "dav.example", 443, SECURITY_TLS, "/?x"},
        {D, "https://dav.example/K\xc3\xb6ln und", false, NULL, "dav.example", 443, SECURITY_TLS,
                "/K%C3%B6ln%20und"},
        {D, "http://localhost:5232/x", true, NULL, "localhost", 5232, SECURITY_NONE, "/x"},
        {D, "https://h/a@b:c", false, NULL, "h", 443, SECURITY_TLS, "/a@b:c"},
};

struct bad {
	enum service_kind kind;
	const char *url, *word;
};

static const struct bad bad[] = {
        {I, "", "no scheme"},
        {I, "mail.old.example", "imaps://mail.example.org"},
        {I, "imaps:mail.old.example", "no scheme"},
        {I, "://h", "does not fit"},
        {I, "pop3s://h", "does not fit"},
        {I, "https://h", "does not fit"},
        {P, "imaps://h", "pop3s://mail.example.org"},
        {C, "caldav://h", "https://dav.example.org/"},
        {C, "http://h/", "readable for everyone"},
        {I, "imaps://", "host"},
        {I, "imaps:///", "host"},
        {I, "imaps://alice@", "host"},
        {I, "imaps://@h", "user name"},
        {I, "imaps://alice:hunter2@h", "holds a password"},
        {I, "imaps://:hunter2@h", "holds a password"},
        {I, "imaps://alice@old.example@h", "%40"},
        {I, "imaps://alice;AUTH=PLAIN@h", "auth"},
        {I, "imaps://a%4@h", "user name"},
        {I, "imaps://a%4g@h", "user name"},
        {I, "imaps://a%@h", "user name"},
        {I, "imaps://a%00b@h", "user name"},
        {I, "imaps://a%0d%0aA1%20x@h", "user name"},
        {I, "imaps://a%ff@h", "user name"},
        {I, "imaps://h:0", "port"},
        {I, "imaps://h:65536", "port"},
        {I, "imaps://h:99999999999999999999", "port"},
        {I, "imaps://h:", "port"},
        {I, "imaps://h:+993", "port"},
        {I, "imaps://h:99x", "port"},
        {I, "imaps://::1", "host"},
        {I, "imaps://[::1", "']'"},
        {I, "imaps://[127.0.0.1]", "host"},
        {I, "imaps://[fe80::1%25eth0]", "host"},
        {I, "imaps://[::1]x", "after its address"},
        {I, "imaps://1.2.3", "host"},
        {I, "imaps://1.2.3.256", "host"},
        {I, "imaps://a..b", "host"},
        {I, "imaps://.a", "host"},
        {I, "imaps://-a", "host"},
        {I, "imaps://a b", "host"},
        {I, "imaps://a%41", "host"},
        {I, "imaps://a\\b", "host"},
        {I, "imaps://h\n", "control"},
        {I, "imaps://h\x1b[31m", "control"},
        {I, "imaps://h/INBOX", "path"},
        {I, "imaps://h?x", "path"},
        {C, "https://h/#x", "fragment"},
        {I, "imap://alice@h:993", "begins with TLS: write imaps://h"},
        {I, "imap://[::1]:993", "imaps://[::1]"},
        {I, "imaps://h:143", "STARTTLS: write imap://h"},
        {P, "pop3://h:995", "begins with TLS: write pop3s://h"},
        {P, "pop3s://h:110", "STARTTLS: write pop3://h"},
        {C, "https://h:80/dav", "port 80 is that of http://"},
        {D, "http://h:443/", "readable for everyone"},
};

static void clear(struct endpoint *at, char *user)
{
	free(at->host);
	free(at->path);
	free(user);
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void good_urls(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		const struct good *g = &good[i];
		struct endpoint at = {0};
		char *user = NULL;
		struct err err;
		int rc = service_url_parse(
		        &protocols[g->kind], g->url, g->cleartext, &at, &user, &err);

		if (rc != 0)
			fail_msg("%s: %s", g->url, err.text);
		if (!same(user, g->user) || !same(at.host, g->host) || at.port != g->port ||
		        at.security != g->security || !same(at.path, g->path))
			fail_msg("%s: %s %s %u %d %s", g->url, user ? user : "-", at.host, at.port,
			        at.security, at.path ? at.path : "-");
		clear(&at, user);
	}
}

static void bad_urls_say_what_to_write(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct endpoint at = {0};
		char *user = NULL;
		struct err err;
		int rc = service_url_parse(
		        &protocols[bad[i].kind], bad[i].url, false, &at, &user, &err);

		if (rc != ERR_USAGE || !strstr(err.text, bad[i].word))
			fail_msg("%s: %d %s", bad[i].url, rc, rc ? err.text : "");
		assert_null(strstr(err.text, "hunter2"));
		clear(&at, user);
	}
}

static void crossing_without_tls_is_refused(void **state)
{
	struct endpoint at = {0};
	char *user = NULL;
	struct err err;

	(void)state;
	assert_int_equal(service_url_parse(&protocols[C], "http://h:443/", true, &at, &user, &err),
	        ERR_USAGE);
	assert_non_null(strstr(err.text, "begins with TLS: write https://h/"));
	clear(&at, user);
}

static void endless_url_is_refused(void **state)
{
	char *url = xmalloc(100000);
	struct endpoint at = {0};
	char *user = NULL;
	struct err err;

	(void)state;
	memset(url, 'a', 99999);
	memcpy(url, "imaps://", 8);
	url[99999] = '\0';
	assert_int_equal(service_url_parse(&protocols[I], url, false, &at, &user, &err), ERR_LIMIT);
	clear(&at, user);
	free(url);
}

static void loopback_is_known(void **state)
{
	static const struct {
		const char *host;
		bool loopback;
	} cases[] = {
	        {"localhost", true},
	        {"LOCALHOST", true},
	        {"localhost.", true},
	        {"a.localhost", true},
	        {"127.0.0.1", true},
	        {"127.9.9.9", true},
	        {"::1", true},
	        {"::ffff:127.0.0.1", true},
	        {"notlocalhost", false},
	        {"localhost.example", false},
	        {"128.0.0.1", false},
	        {"::2", false},
	        {"::ffff:10.0.0.1", false},
	        {"", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (host_is_loopback(cases[i].host) != cases[i].loopback)
			fail_msg("%s", cases[i].host);
}

static void a_place_has_its_port_where_it_tells_servers_apart(void **state)
{
	static const struct {
		const char *host;
		enum service_kind kind;
		uint16_t port;
		const char *want;
	} cases[] = {
	        {"h.example", SERVICE_IMAP, 993, "h.example"},
	        {"h.example", SERVICE_IMAP, 143, "h.example"},
	        {"h.example", SERVICE_IMAP, 443, "h.example:443"},
	        {"h.example", SERVICE_POP3, 995, "h.example"},
	        {"h.example", SERVICE_CALDAV, 443, "h.example"},
	        {"h.example", SERVICE_CARDDAV, 80, "h.example"},
	        {"h.example", SERVICE_CARDDAV, 8443, "h.example:8443"},
	        {"2001:db8::1", SERVICE_IMAP, 1143, "[2001:db8::1]:1143"},
	        {"2001:db8::1", SERVICE_IMAP, 993, "2001:db8::1"},
	        {"127.0.0.1", SERVICE_CALDAV, 443, "127.0.0.1:443"},
	        {"localhost", SERVICE_IMAP, 993, "localhost:993"},
	        {"::1", SERVICE_IMAP, 993, "[::1]:993"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char host[32];
		struct endpoint at = {.host = host, .port = cases[i].port};
		char *place;

		snprintf(host, sizeof host, "%s", cases[i].host);
		place = service_url_place(&protocols[cases[i].kind], &at);
		assert_string_equal(place, cases[i].want);
		free(place);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(good_urls),
	        cmocka_unit_test(bad_urls_say_what_to_write),
	        cmocka_unit_test(crossing_without_tls_is_refused),
	        cmocka_unit_test(endless_url_is_refused),
	        cmocka_unit_test(loopback_is_known),
	        cmocka_unit_test(a_place_has_its_port_where_it_tells_servers_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
