#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "valise/net/url.h"
#include "valise/base/mem.h"

#define BASE "https://dav.example/a/b/c?q=1"

static void join(void **state)
{
	(void)state;
	/* base, reference, result; NULL: ERR_PROTO */
	static const char *const rows[][3] = {
	        {BASE, "", "https://dav.example/a/b/c?q=1"},
	        {BASE, "  \r\n", "https://dav.example/a/b/c?q=1"},
	        {BASE, "#top", "https://dav.example/a/b/c?q=1"},
	        {BASE, "?x", "https://dav.example/a/b/c?x"},
	        {BASE, "d", "https://dav.example/a/b/d"},
	        {BASE, "d/", "https://dav.example/a/b/d/"},
	        {BASE, "./d", "https://dav.example/a/b/d"},
	        {BASE, ".", "https://dav.example/a/b/"},
	        {BASE, "..", "https://dav.example/a/"},
	        {BASE, "../d", "https://dav.example/a/d"},
	        {BASE, "../../../../d", "https://dav.example/d"},
	        {BASE, "/d", "https://dav.example/d"},
	        {BASE, "/d/./e/../f", "https://dav.example/d/f"},
	        {BASE, "/d/%2e%2E/f", "https://dav.example/f"},
	        {BASE, "/d/%2e./", "https://dav.example/"},
	        {BASE, "/...", "https://dav.example/..."},
	        {BASE, "/d//e", "https://dav.example/d//e"},
	        {BASE, "/d?x=../y", "https://dav.example/d?x=../y"},
	        {BASE, "\n /d e/\xc3\xa4.ics \t", "https://dav.example/d%20e/%C3%A4.ics"},
	        {BASE, "/a%40b/c@d", "https://dav.example/a%40b/c@d"},
	        {BASE, "/100%/%zz/%4", "https://dav.example/100%25/%25zz/%254"},
	        {BASE, "/a\\b<c>\"^`{|}[]",
	                "https://dav.example/a%5Cb%3Cc%3E%22%5E%60%7B%7C%7D%5B%5D"},
	        {BASE, "/a\r\nHost: x", "https://dav.example/a%0D%0AHost:%20x"},
	        {BASE, "//Other.example/x", "https://other.example/x"},
	        {BASE, "https://other.example", "https://other.example/"},
	        {BASE, "HTTPS://OTHER.example:443/X", "https://other.example/X"},
	        {BASE, "http://other.example:80?x", "http://other.example/?x"},
	        {BASE, "https://other.example:8443/../x", "https://other.example:8443/x"},
	        {BASE, "https://other.example:/x", "https://other.example/x"},
	        {BASE, "https://user:pw@other.example/x", "https://other.example/x"},
	        {BASE, "https://good.example@evil.example/x", "https://evil.example/x"},
	        {BASE, "https://[2001:DB8::1]:8443/", "https://[2001:db8::1]:8443/"},
	        {BASE, "https://M\xc3\xbcller.example/x", "https://xn--mller-kva.example/x"},
	        {BASE, "https://\xff.example/x", NULL},
	        {"https://u@Dav.Example:443", "x", "https://dav.example/x"},
	        {"http://127.0.0.1:5232/u/", "c/", "http://127.0.0.1:5232/u/c/"},
	        {NULL, "https://other.example/x", "https://other.example/x"},
	        {NULL, "/x", NULL},
	        {"/a", "x", NULL},
	        {BASE, "mailto:a@b.example", NULL},
	        {BASE, "urn:uuid:1", NULL},
	        {BASE, "file:///etc/passwd", NULL},
	        {BASE, "https:/x", NULL},
	        {BASE, "https:x", NULL},
	        {BASE, "https://", NULL},
	        {BASE, "https:///x", NULL},
	        {BASE, "//", NULL},
	        {BASE, "https://a b/", NULL},
	        {BASE, "https://good.example\\@evil.example/", "https://evil.example/"},
	        {BASE, "https://good.example\\.evil.example/", NULL},
	        {BASE, "https://evil.example%2f.good.example/", NULL},
	        {BASE, "https://[::1/", NULL},
	        {BASE, "https://[zz]/", NULL},
	        {BASE, "https://other.example:0/", NULL},
	        {BASE, "https://other.example:65536/", NULL},
	        {BASE, "https://other.example:4294967739/", NULL},
	        {BASE, "https://other.example:8o/", NULL},
	};
	struct buf out;
	struct url u;

	buf_init(&out, 1000);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int rc = url_join(rows[i][0], rows[i][1], &out, NULL);

		if (!rows[i][2]) {
			assert_int_equal(rc, ERR_PROTO);
			assert_int_equal(out.len, 0);
			continue;
		}
		assert_int_equal(rc, 0);
		assert_string_equal(buf_str(&out), rows[i][2]);
		assert_true(url_cut(buf_str(&out), &u));
		buf_reset(&out);
	}
	buf_clear(&out);
}

static void join_has_a_cap(void **state)
{
	(void)state;
	char *longer = xmalloc(40000);
	struct buf out;

	memset(longer, 'x', 39999);
	longer[39999] = '\0';
	buf_init(&out, 100000);
	assert_int_equal(url_join(BASE, longer, &out, NULL), ERR_LIMIT);
	buf_clear(&out);
	free(longer);
}

static void origin(void **state)
{
	(void)state;
	assert_true(url_same_origin("https://a.example/x", "HTTPS://A.example:443/y?z"));
	assert_true(url_same_origin("http://a.example:80", "http://a.example/"));
	assert_false(url_same_origin("https://a.example/", "http://a.example/"));
	assert_false(url_same_origin("https://a.example/", "https://a.example:444/"));
	assert_false(url_same_origin("https://a.example/", "https://b.example/"));
	assert_false(url_same_origin("https://a.example/", "/"));
	assert_false(url_same_origin("junk", "junk"));
}

static void key(void **state)
{
	(void)state;
	struct buf a, b;

	buf_init(&a, 1000);
	buf_init(&b, 1000);
	assert_true(url_key("https://A.example/u%40x/%C3%A4%20b.ics", &a));
	assert_true(url_key("https://a.example:443/u@x/\xc3\xa4 b.ics", &b));
	assert_string_equal(buf_str(&a), buf_str(&b));
	assert_string_equal(buf_str(&a), "https://a.example/u@x/\xc3\xa4 b.ics");
	assert_false(url_key("/u", &a));
	buf_clear(&a);
	buf_clear(&b);
}

static void of_service(void **state)
{
	(void)state;
	static const struct {
		struct endpoint at;
		const char *url;
	} rows[] = {
	        {{.host = (char *)"a.example", .port = 443}, "https://a.example"},
	        {{.host = (char *)"a.example"}, "https://a.example"},
	        {{.host = (char *)"a.example", .port = 8443}, "https://a.example:8443"},
	        {{.host = (char *)"::1", .port = 5232, .security = SECURITY_NONE},
	                "http://[::1]:5232"},
	};
	struct buf out;

	buf_init(&out, 1000);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct service s = {.at = rows[i].at};

		url_of_service(&s, &out);
		assert_string_equal(buf_str(&out), rows[i].url);
		buf_reset(&out);
	}
	buf_clear(&out);
}

static void escape(void **state)
{
	(void)state;
	struct buf out;

	buf_init(&out, 1000);
	url_escape_segment("a/b c@\xc3\xa4.~-_%", 13, &out);
	assert_string_equal(buf_str(&out), "a%2Fb%20c%40%C3%A4.~-_%25");
	buf_reset(&out);
	assert_true(url_unescape("a%2fb%00c", 9, &out));
	assert_int_equal(out.len, 5);
	assert_memory_equal(out.data, "a/b\0c", 5);
	buf_reset(&out);
	assert_false(url_unescape("%4", 2, &out));
	assert_false(url_unescape("%zz", 3, &out));
	assert_false(url_unescape("%", 1, &out));
	buf_clear(&out);
}

static void trust(void **state)
{
	(void)state;
	static const struct {
		const char *home, *host;
		bool yes;
	} rows[] = {
	        {"dav.example", "dav.example", true},
	        {"dav.example", "DAV.example.", true},
	        {"caldav.icloud.com", "p42-caldav.icloud.com", true},
	        {"icloud.com", "p42.icloud.com", true},
	        {"caldav.icloud.com", "icloud.com", true},
	        {"caldav.icloud.com", "icloud.com.evil.example", false},
	        {"caldav.icloud.com", "notmyicloud.com", false},
	        {"a.co.uk", "b.co.uk", false},
	        {"dav.a.co.uk", "b.a.co.uk", true},
	        {"a.com.au", "b.com.au", false},
	        {"co.uk", "b.co.uk", false},
	        {"me.duckdns.org", "you.duckdns.org", false},
	        {"dav.me.duckdns.org", "x.me.duckdns.org", true},
	        {"a.pages.dev", "b.pages.dev", false},
	        {"a.web.app", "b.web.app", false},
	        {"a.github.io", "b.github.io", false},
	        {"x.a.github.io", "y.a.github.io", true},
	        {"a.com.br", "b.com.br", false},
	        {"mail.a.gov.uk", "dav.a.gov.uk", true},
	        {"dav.xn--mller-kva.de", "www.xn--mller-kva.de", true},
	        {"localhost", "evil.localhost", false},
	        {"localhost", "localhost", true},
	        {"127.0.0.1", "127.0.0.1", true},
	        {"127.0.0.1", "10.0.0.1", false},
	        {"1.2.3.4", "5.6.3.4", false},
	        {"127.0.0.1", "localhost", false},
	        {"2001:db8::1", "2001:db8::2", false},
	        {"example", "com", false},
	        {"", "com", false},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (url_host_trusted(rows[i].home, rows[i].host) != rows[i].yes)
			fail_msg("%s, %s", rows[i].home, rows[i].host);
	}
}

static void may_sign_in(void **state)
{
	(void)state;
	static const struct {
		enum security security;
		uint16_t port;
		const char *url;
		bool yes;
	} rows[] = {
	        {SECURITY_TLS, 443, "https://dav.a.example/x", true},
	        {SECURITY_TLS, 0, "https://p7.a.example/x", true},
	        {SECURITY_TLS, 443, "https://dav.a.example:8443/x", false},
	        {SECURITY_TLS, 8443, "https://dav.a.example:8443/x", true},
	        {SECURITY_TLS, 8443, "https://p7.a.example:8443/x", true},
	        {SECURITY_TLS, 8443, "https://dav.a.example/x", false},
	        {SECURITY_TLS, 443, "http://dav.a.example/x", false},
	        {SECURITY_TLS, 443, "http://dav.a.example:443/x", false},
	        {SECURITY_TLS, 443, "https://dav.b.example/x", false},
	        {SECURITY_NONE, 80, "http://dav.a.example/x", true},
	        {SECURITY_NONE, 80, "https://dav.a.example/x", true},
	        {SECURITY_NONE, 80, "http://dav.a.example:8080/x", false},
	        {SECURITY_NONE, 8080, "https://dav.a.example/x", false},
	        {SECURITY_NONE, 8080, "https://dav.a.example:8080/x", false},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct endpoint at = {.host = (char *)(uintptr_t) "dav.a.example",
		        .port = rows[i].port,
		        .security = rows[i].security};
		struct url u;

		assert_true(url_cut(rows[i].url, &u));
		if (url_may_sign_in(&at, &u) != rows[i].yes)
			fail_msg("row %zu", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(join),
	        cmocka_unit_test(join_has_a_cap),
	        cmocka_unit_test(origin),
	        cmocka_unit_test(key),
	        cmocka_unit_test(of_service),
	        cmocka_unit_test(escape),
	        cmocka_unit_test(trust),
	        cmocka_unit_test(may_sign_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
