/* What a proxy is called, and what its answers mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "valise/net/proxy.h"

#define LONG_200                                                                                           \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaabbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" \
	"bbbb"

static void urls(void **state)
{
	static const struct {
		const char *text;
		int kind; /* -1: it is none */
		const char *host;
		unsigned port;
		const char *user, *password;
	} cases[] = {
	        {"socks5h://127.0.0.1:1080", PROXY_SOCKS5H, "127.0.0.1", 1080, NULL, NULL},
	        {"socks5://p.example:1", PROXY_SOCKS5, "p.example", 1, NULL, NULL},
	        {"http://[::1]:65535/", PROXY_HTTP, "::1", 65535, NULL, NULL},
	        {"http://u:p@h:80", PROXY_HTTP, "h", 80, "u", "p"},
	        {"http://u@h:80", PROXY_HTTP, "h", 80, "u", ""},
	        {"http://u:@h:80", PROXY_HTTP, "h", 80, "u", ""},
	        {"socks5h://a%40b:c%3Ad%25@h:80", PROXY_SOCKS5H, "h", 80, "a@b", "c:d%"},
	        {"socks5h://u:p:q@r@h:80", PROXY_SOCKS5H, "h", 80, "u", "p:q@r"},
	        {"127.0.0.1:1080", -1, NULL, 0, NULL, NULL},
	        {"https://h:80", -1, NULL, 0, NULL, NULL},
	        {"socks4://h:80", -1, NULL, 0, NULL, NULL},
	        {"://h:80", -1, NULL, 0, NULL, NULL},
	        {"averylongkind://h:80", -1, NULL, 0, NULL, NULL},
	        {"http://h", -1, NULL, 0, NULL, NULL},
	        {"http://h:", -1, NULL, 0, NULL, NULL},
	        {"http://h:0", -1, NULL, 0, NULL, NULL},
	        {"http://h:65536", -1, NULL, 0, NULL, NULL},
	        {"http://h:99999999999999999999", -1, NULL, 0, NULL, NULL},
	        {"http://h:80/x", -1, NULL, 0, NULL, NULL},
	        {"http://h:-1", -1, NULL, 0, NULL, NULL},
	        {"http://:80", -1, NULL, 0, NULL, NULL},
	        {"http://[::1:80", -1, NULL, 0, NULL, NULL},
	        {"http://[]:80", -1, NULL, 0, NULL, NULL},
	        {"http://[x]:80", -1, NULL, 0, NULL, NULL},
	        {"http://a b:80", -1, NULL, 0, NULL, NULL},
	        {"http://h\r\nX: y:80", -1, NULL, 0, NULL, NULL},
	        {"http://@h:80", -1, NULL, 0, NULL, NULL},
	        {"http://u:%00x@h:80", -1, NULL, 0, NULL, NULL},
	        {"http://u:%zz@h:80", -1, NULL, 0, NULL, NULL},
	        {"http://u:" LONG_200 LONG_200 "@h:80", -1, NULL, 0, NULL, NULL},
	        {"http://" LONG_200 LONG_200 ":80", -1, NULL, 0, NULL, NULL},
	        {"", -1, NULL, 0, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct err err = {0};
		struct proxy p;
		int rc = proxy_read(cases[i].text, &p, &err);

		if (cases[i].kind < 0) {
			if (rc != ERR_USAGE)
				fail_msg("\"%s\" was taken", cases[i].text);
			assert_null(strstr(err.text, LONG_200));
			assert_false(proxy_resolves(cases[i].text));
			continue;
		}
		if (rc != 0 || (int)p.kind != cases[i].kind || strcmp(p.host, cases[i].host) != 0 ||
		        p.port != cases[i].port || p.signs_in != (cases[i].user != NULL) ||
		        strcmp(p.user, cases[i].user ? cases[i].user : "") != 0 ||
		        strcmp(p.password, cases[i].password ? cases[i].password : "") != 0)
			fail_msg("\"%s\": %s", cases[i].text, err.text);
		assert_int_equal(proxy_resolves(cases[i].text), p.kind != PROXY_SOCKS5);
	}
	assert_false(proxy_resolves(NULL));
}

static void requests(void **state)
{
	uint8_t out[SOCKS_REQUEST_MAX], in[SOCKS_SIGN_IN_MAX];
	struct proxy p = {.signs_in = true, .user = "ab", .password = "xyz"};
	char name[260];

	(void)state;
	assert_int_equal(proxy_socks_request("1.2.3.4", 0x1234, out), 10);
	assert_memory_equal(out, "\5\1\0\1\1\2\3\4\x12\x34", 10);
	assert_int_equal(proxy_socks_request("::1", 1, out), 22);
	assert_memory_equal(out, "\5\1\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\1", 22);
	assert_int_equal(proxy_socks_request("a.b", 993, out), 10);
	assert_memory_equal(out, "\5\1\0\3\3a.b\3\xe1", 10);
	memset(name, 'x', sizeof name);
	name[255] = '\0';
	assert_int_equal(proxy_socks_request(name, 1, out), SOCKS_REQUEST_MAX);
	name[255] = 'x';
	name[256] = '\0';
	assert_int_equal(proxy_socks_request(name, 1, out), 0);
	assert_int_equal(proxy_socks_request("", 1, out), 0);
	assert_int_equal(proxy_socks_sign_in(&p, in), 8);
	assert_memory_equal(in, "\1\2ab\3xyz", 8);
}

static void answers(void **state)
{
	static const struct {
		const char *line;
		unsigned status;
	} lines[] = {{"HTTP/1.1 200 Connection established", 200}, {"HTTP/1.0 407", 407},
	        {"HTTP/1.1 2000", 0}, {"HTTP/1.1 20", 0}, {"HTTP/1.", 0}, {"HTTP/1.1", 0},
	        {"HTTP/2 200", 0}, {"220 mail.example", 0}, {"", 0}, {"HTTP/1.1 -20 x", 0}};
	char why[PROXY_WHY_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		if (proxy_http_status(lines[i].line) != lines[i].status)
			fail_msg("\"%s\"", lines[i].line);
	assert_string_equal(proxy_http_text(407, true, why), "it refused the sign-in (407)");
	assert_string_equal(
	        proxy_http_text(407, false, why), "it wants a sign-in (USER:PASSWORD@) (407)");
	assert_string_equal(proxy_http_text(502, false, why), "it cannot reach this server (502)");
	assert_string_equal(proxy_http_text(418, false, why), "it answers 418");
	for (unsigned i = 0; i < 256; i++)
		assert_true(*proxy_socks_text(i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(urls), cmocka_unit_test(requests), cmocka_unit_test(answers)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
