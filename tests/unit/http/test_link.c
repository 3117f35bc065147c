#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <string.h>
#include "http/internal.h"

static bool is_public(const char *text)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};
	struct sockaddr_in four = {.sin_family = AF_INET};

	if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
		return http_address_is_public((struct sockaddr *)&four);
	assert_int_equal(inet_pton(AF_INET6, text, &six.sin6_addr), 1);
	return http_address_is_public((struct sockaddr *)&six);
}

/* Where a link in an invitation may lead. */
static void addresses(void **state)
{
	static const char *const out[] = {"8.8.8.8", "1.0.0.1", "9.255.255.255", "11.0.0.0",
	        "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0",
	        "192.167.1.1", "198.17.0.1", "198.20.0.1", "223.255.255.255", "2a00:1450::1",
	        "2001:4860::8888", "3fff::1"};
	static const char *const no[] = {"0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255",
	        "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.0.1", "169.254.169.254",
	        "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.168.0.1", "198.18.0.1",
	        "198.19.255.255", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1",
	        "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::a00:1", "fc00::1", "fd12::1",
	        "fe80::1", "ff02::1", "2001::1", "2002:7f00:1::"};

	(void)state;
	for (size_t i = 0; i < sizeof out / sizeof *out; i++)
		assert_true(is_public(out[i]));
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		assert_false(is_public(no[i]));
	assert_false(http_address_is_public(&(struct sockaddr){.sa_family = AF_UNIX}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(addresses)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
