/* The new provider's records: settings, zone files and lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "valise/base/mem.h"
#include "valise/migration/migration.h"

static char *shown(const struct dns_zone *z)
{
	char *all = xstrdup("");

	for (size_t i = 0; i < z->n; i++) {
		const struct dns_record *r = &z->list[i].record;
		char *more = xasprintf("%s%s %s %u %s\n", all, z->list[i].name,
		        dns_type_word(r->type), r->preference, r->text ? r->text : r->target);

		free(all);
		all = more;
	}
	return all;
}

static int read_file(const char *text, struct dns_zone *out, struct err *err)
{
	char path[] = "/tmp/valise-wanted-XXXXXX";
	int fd = mkstemp(path), rc;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	rc = migration_wanted(path, "us.example", out, err);
	unlink(path);
	return rc;
}

static const char settings[] = "; comment\n[@]\nMX = 10 mx.new.example\nmx = 20 mx2.new.example.\n"
                               "TXT = v=spf1 include:x.example -all; \"quoted\"\n"
                               "[_dmarc]\nTXT = \"v=DMARC1;\" \" p=none\"\n"
                               "[k._domainkey.us.example]\nCNAME = k.new.example\n"
                               "[_imaps._tcp]\nSRV = 0 1 993 mail.new.example\n";
static const char zone[] = "$TTL 60\n@ IN SOA a b 1 2 3 4 5\n IN NS ns.us.example.\n"
                           " MX 10 mx.new.example.\nk._domainkey TXT ( \"v=DKIM1;\"\n \"p=\" )\n"
                           "www CAA 0 issue \"x\"\nother.example. A 192.0.2.1\n";

static void files(void **state)
{
	static const struct {
		const char *text, *shown;
	} cases[] = {
	        {settings, "us.example MX 10 mx.new.example\nus.example MX 20 mx2.new.example\n"
	                   "us.example TXT 0 v=spf1 include:x.example -all; \"quoted\"\n"
	                   "_dmarc.us.example TXT 0 v=DMARC1; p=none\n"
	                   "k._domainkey.us.example CNAME 0 k.new.example\n"
	                   "_imaps._tcp.us.example SRV 0 mail.new.example\n"},
	        {zone, "us.example SOA 0 a.us.example\nus.example NS 0 ns.us.example\n"
	               "us.example MX 10 mx.new.example\nk._domainkey.us.example TXT 0 v=DKIM1;p=\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dns_zone z = {0};
		struct err err = {0};
		char *got;

		if (read_file(cases[i].text, &z, &err) != 0)
			fail_msg("%s", err.text);
		got = shown(&z);
		assert_string_equal(got, cases[i].shown);
		free(got);
		dns_zone_clear(&z);
	}
}

static void refused(void **state)
{
	static const struct {
		const char *text, *part;
	} cases[] = {
	        {"[@]\nMY = 10 mx.new.example\n", "line 2: the key is a type"},
	        {"[@]\nMX = mx.new.example\n", "line 2: no record"},
	        {"[mail.other.example.]\nA = 192.0.2.1\n", "is not below us.example"},
	        {"[@]\n", "no record at or below"},
	        {"", "no record at or below"},
	        {"@ MX ten mx.new.example.\n", "line 1"},
	        {"$INCLUDE /etc/passwd\n", "$INCLUDE"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dns_zone z = {0};
		struct err err = {0};

		assert_int_equal(read_file(cases[i].text, &z, &err), ERR_USAGE);
		if (!strstr(err.text, cases[i].part))
			fail_msg("%s, not %s", err.text, cases[i].part);
		dns_zone_clear(&z);
	}
}

static void lines(void **state)
{
	static const struct {
		const char *line, *shown; /* NULL: refused */
	} cases[] = {
	        {"MX 10 mx.new.example", "us.example MX 10 mx.new.example\n"},
	        {"@ MX 10 mx.new.example.", "us.example MX 10 mx.new.example\n"},
	        {"us.example. 3600 IN MX 10 mx.new.example.", "us.example MX 10 mx.new.example\n"},
	        {"_dmarc TXT v=DMARC1; p=none", "_dmarc.us.example TXT 0 v=DMARC1; p=none\n"},
	        {"a._domainkey CNAME a.new.example",
	                "a._domainkey.us.example CNAME 0 a.new.example\n"},
	        {"autoconfig A 192.0.2.1", "autoconfig.us.example A 0 192.0.2.1\n"},
	        {"MX", NULL},
	        {"MX mx.new.example", NULL},
	        {"mx.new.example", NULL},
	        {"", NULL},
	        {"A 300.0.0.1", NULL},
	        {"other.example. A 192.0.2.1", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dns_zone z = {0};
		struct err err = {0};
		int rc = migration_wanted_line(cases[i].line, "us.example", &z, &err);
		char *got = shown(&z);

		if (cases[i].shown ? rc != 0 || strcmp(got, cases[i].shown) != 0 : rc != ERR_USAGE)
			fail_msg("%s: %d %s%s", cases[i].line, rc, got, err.text);
		free(got);
		dns_zone_clear(&z);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(files),
	        cmocka_unit_test(refused),
	        cmocka_unit_test(lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
