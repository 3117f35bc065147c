/* SPF records with all that they include: look-ups, loops, what is malformed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "migration/judge.h"
#include "valise/base/mem.h"

/* The world: records of names, "" of one that is there without any. */
static const struct {
	const char *name;
	enum dns_type type;
	const char *data;
} world[] = {
        {"one.example", DNS_TXT, "v=spf1 ip4:192.0.2.0/24 -all"},
        {"two.example", DNS_TXT, "v=spf1 include:one.example include:one.example ~all"},
        {"four.example", DNS_TXT, "v=spf1 include:two.example include:one.example -all"},
        {"loop.example", DNS_TXT, "v=spf1 include:back.example -all"},
        {"back.example", DNS_TXT, "v=spf1 redirect=loop.example"},
        {"none.example", DNS_TXT, "something else"},
        {"twice.example", DNS_TXT, "v=spf1 -all"},
        {"twice.example", DNS_TXT, "v=spf1 ~all"},
        {"bad.example", DNS_TXT, "v=spf1 mxx -all"},
        {"open.example", DNS_TXT, "v=spf1 +all"},
        {"host.example", DNS_A, "192.0.2.1"},
        {"six.example", DNS_AAAA, "2001:db8::1"},
        {"mail.example", DNS_MX, "mx.example"},
        {"down.example", DNS_SOA, "SERVFAIL"},
};

static int ask(
        void *ctx, const char *name, enum dns_type type, struct dns_answer *out, struct err *err)
{
	(void)ctx;
	(void)err;
	memset(out, 0, sizeof *out);
	out->outcome = DNS_NO_NAME;
	for (size_t i = 0; i < COUNT(world); i++) {
		if (strcmp(world[i].name, name) != 0)
			continue;
		if (world[i].type == DNS_SOA) {
			out->outcome = DNS_FAILED;
			out->why = xstrdup(world[i].data);
		} else if (world[i].type == type) {
			struct dns_record *r = ARR_PUSH(out->list, out->n, out->cap);

			out->outcome = DNS_FOUND;
			r->type = type;
			*(type == DNS_TXT ? &r->text : &r->target) = xstrdup(world[i].data);
		} else if (out->outcome == DNS_NO_NAME) {
			out->outcome = DNS_NO_DATA;
		}
	}
	return 0;
}

static void records(void **state)
{
	static const struct {
		const char *record;
		unsigned lookups, voids;
		char all;
		const char *wrong, *doubt; /* within it; NULL: nothing */
	} cases[] = {
	        {"v=spf1 -all", 0, 0, '-', NULL, NULL},
	        {"v=spf1", 0, 0, 0, NULL, NULL},
	        {"V=SPF1 ip4:192.0.2.1 ip6:2001:db8::/32 ?ALL", 0, 0, '?', NULL, NULL},
	        {"v=spf1 all", 0, 0, '+', NULL, NULL},
	        {"v=spf1  a:host.example  a:six.example/24//64 mx:mail.example ~all", 3, 0, '~',
	                NULL, NULL},
	        {"v=spf1 a//64 -all", 1, 1, '-', NULL, NULL},
	        {"v=spf1 ptr exists:%{ir}.x.example -all", 2, 0, '-', NULL, NULL},
	        {"v=spf1 foo=bar exp=x.example -all", 0, 0, '-', NULL, NULL},
	        {"v=spf1 include:one.example -all", 1, 0, '-', NULL, NULL},
	        /* what is included says nothing about the rest of the world */
	        {"v=spf1 include:open.example -all", 1, 0, '-', NULL, NULL},
	        {"v=spf1 redirect=one.example", 1, 0, '-', NULL, NULL},
	        {"v=spf1 redirect=open.example", 1, 0, '+', NULL, NULL},
	        /* behind "all" nothing counts */
	        {"v=spf1 -all include:loop.example redirect=none.example", 0, 0, '-', NULL, NULL},
	        {"v=spf1 include:four.example include:four.example -all", 10, 0, '-', NULL, NULL},
	        {"v=spf1 include:four.example include:four.example a:host.example -all", 11, 0, '-',
	                "11 look-ups", NULL},
	        {"v=spf1 a:x1.example a:x2.example -all", 2, 2, '-', NULL, NULL},
	        {"v=spf1 a:x1.example mx:host.example a:x3.example -all", 3, 3, '-',
	                "3 of its look-ups find nothing", NULL},
	        {"v=spf1 include:loop.example -all", 3, 0, '-', "circle", NULL},
	        {"v=spf1 include:me.example -all", 1, 0, '-', "circle", NULL},
	        {"v=spf1 redirect=me.example", 1, 0, 0, "circle", NULL},
	        {"v=spf1 include:none.example -all", 1, 0, '-', "none.example has no SPF", NULL},
	        {"v=spf1 include:nobody.example -all", 1, 0, '-', "has no SPF", NULL},
	        {"v=spf1 include:twice.example -all", 1, 0, '-', "more than one", NULL},
	        {"v=spf1 include:bad.example -all", 1, 0, '-', "\"mxx\"", NULL},
	        {"v=spf1 include:down.example -all", 1, 0, '-', NULL, "SERVFAIL"},
	        {"v=spf1 a:down.example -all", 1, 0, '-', NULL, "SERVFAIL"},
	        {"v=spf1 ipv4:192.0.2.1 -all", 0, 0, '-', "\"ipv4:192.0.2.1\"", NULL},
	        {"v=spf1 ip4:192.0.2.999 -all", 0, 0, '-', "no network", NULL},
	        {"v=spf1 ip4:192.0.2.0/33 -all", 0, 0, '-', "no network", NULL},
	        {"v=spf1 ip6:192.0.2.0 -all", 0, 0, '-', "no network", NULL},
	        {"v=spf1 a/33 -all", 0, 0, '-', "malformed", NULL},
	        {"v=spf1 a: -all", 0, 0, '-', "malformed", NULL},
	        {"v=spf1 include -all", 0, 0, '-', "malformed", NULL},
	        {"v=spf1 all:x.example", 0, 0, 0, "malformed", NULL},
	        {"v=spf1 include:a..b -all", 1, 0, '-', "no domain", NULL},
	        {"v=spf1 redirect=a.example redirect=one.example", 1, 0, '-', "two of", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct spf s;

		assert_int_equal(spf_walk("me.example", cases[i].record, ask, NULL, &s, NULL), 0);
		if (s.lookups != cases[i].lookups || s.voids != cases[i].voids ||
		        s.all != cases[i].all ||
		        (cases[i].wrong ? !s.wrong || !strstr(s.wrong, cases[i].wrong)
		                        : s.wrong != NULL) ||
		        (cases[i].doubt ? !s.doubt || !strstr(s.doubt, cases[i].doubt)
		                        : s.doubt != NULL))
			fail_msg("%s: %u look-ups, %u find nothing, all %c, wrong: %s, doubt: %s",
			        cases[i].record, s.lookups, s.voids, s.all ? s.all : '0',
			        s.wrong ? s.wrong : "-", s.doubt ? s.doubt : "-");
		spf_clear(&s);
	}
}

static void versions(void **state)
{
	(void)state;
	assert_true(spf_is("v=spf1") && spf_is("v=spf1 -all") && spf_is("V=SPF1 -all"));
	assert_false(
	        spf_is("v=spf10 -all") || spf_is("v=spf1-all") || spf_is(" v=spf1") || spf_is(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(records), cmocka_unit_test(versions)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
