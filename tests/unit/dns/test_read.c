/* What of a name server's message is the answer to a question. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <ldns/ldns.h>
#include "valise/base/mem.h"
#include "valise/dns/dns.h"

enum { ID = 4711 };

/* A message with this question, and records in the form of a zone file. */
struct made {
	const char *name;
	ldns_rr_type type;
	int rcode;
	unsigned flags; /* beside QR */
	const char *answer[12];
	const char *authority[2];
};

static void push(ldns_pkt *p, ldns_pkt_section section, const char *text)
{
	ldns_rr *rr = NULL;

	assert_int_equal(ldns_rr_new_frm_str(&rr, text, 0, NULL, NULL), LDNS_STATUS_OK);
	assert_true(ldns_pkt_push_rr(p, section, rr));
}

static uint8_t *make(const struct made *m, size_t *n_out)
{
	ldns_rdf *name = ldns_dname_new_frm_str(m->name);
	ldns_pkt *p = ldns_pkt_query_new(name, m->type, LDNS_RR_CLASS_IN, 0);
	uint8_t *wire = NULL, *copy;

	ldns_pkt_set_id(p, ID);
	ldns_pkt_set_qr(p, true);
	ldns_pkt_set_rcode(p, (uint8_t)m->rcode);
	ldns_pkt_set_flags(p, (uint16_t)(LDNS_QR | m->flags));
	for (size_t i = 0; i < COUNT(m->answer) && m->answer[i]; i++)
		push(p, LDNS_SECTION_ANSWER, m->answer[i]);
	for (size_t i = 0; i < COUNT(m->authority) && m->authority[i]; i++)
		push(p, LDNS_SECTION_AUTHORITY, m->authority[i]);
	assert_int_equal(ldns_pkt2wire(&wire, p, n_out), LDNS_STATUS_OK);
	ldns_pkt_free(p);
	copy = xmemdup(wire, *n_out);
	LDNS_FREE(wire);
	return copy;
}

#define SRV "_imaps._tcp.old.example."
static const struct dns_question ask_srv = {ID, "_imaps._tcp.Old.example", DNS_SRV, 0};

/* The outcome; ${out} is the caller's to clear. */
static bool read_made(
        const struct made *m, const struct dns_question *q, struct dns_answer *out, char **next)
{
	size_t n;
	uint8_t *wire = make(m, &n);
	bool cut, ours;

	memset(out, 0, sizeof *out);
	ours = dns_read(q, wire, n, out, next, &cut);
	assert_false(ours && cut && !(m->flags & LDNS_TC));
	free(wire);
	return ours;
}

static void outcomes(void **state)
{
	static const struct {
		struct made m;
		bool ours;
		enum dns_outcome outcome;
		size_t n;
		const char *next, *why;
	} cases[] = {
	        {{SRV, LDNS_RR_TYPE_SRV, 0, 0, {SRV " 60 IN SRV 1 2 993 Mail.Old.example."}, {0}},
	                true, DNS_FOUND, 1, NULL, NULL},
	        {{SRV, LDNS_RR_TYPE_SRV, 0, LDNS_AA, {0}, {0}}, true, DNS_NO_DATA, 0, NULL, NULL},
	        {{SRV, LDNS_RR_TYPE_SRV, 3, LDNS_AA, {0}, {0}}, true, DNS_NO_NAME, 0, NULL, NULL},
	        {{SRV, LDNS_RR_TYPE_SRV, 2, 0, {0}, {0}}, true, DNS_FAILED, 0, NULL, "SERVFAIL"},
	        {{SRV, LDNS_RR_TYPE_SRV, 5, 0, {0}, {0}}, true, DNS_FAILED, 0, NULL, "REFUSED"},
	        /* another question, or another type: not ours */
	        {{"_imaps._tcp.evil.example.", LDNS_RR_TYPE_SRV, 0, 0, {0}, {0}}, false, 0, 0, NULL,
	                NULL},
	        {{SRV, LDNS_RR_TYPE_TXT, 0, 0, {0}, {0}}, false, 0, 0, NULL, NULL},
	        /* records of another name count for nothing */
	        {{SRV, LDNS_RR_TYPE_SRV, 0, 0,
	                 {"_imaps._tcp.new.example. 60 IN SRV 0 0 993 evil.example."}, {0}},
	                true, DNS_NO_DATA, 0, NULL, NULL},
	        /* an alias within the message, out of it, and in a circle */
	        {{SRV, LDNS_RR_TYPE_SRV, 0, 0,
	                 {SRV " 60 IN CNAME x.example.", "x.example. 60 IN SRV 0 0 993 m.example.",
	                         "y.example. 60 IN SRV 0 0 993 n.example."},
	                 {0}},
	                true, DNS_FOUND, 1, NULL, NULL},
	        {{SRV, LDNS_RR_TYPE_SRV, 0, 0, {SRV " 60 IN CNAME x.example."}, {0}}, true,
	                DNS_NO_DATA, 0, "x.example", NULL},
	        {{SRV, LDNS_RR_TYPE_SRV, 0, 0,
	                 {SRV " 60 IN CNAME x.example.", "x.example. 60 IN CNAME " SRV}, {0}},
	                true, DNS_FAILED, 0, NULL, "circle"},
	        {{SRV, LDNS_RR_TYPE_SRV, 0, 0, {0}, {"old.example. 60 IN NS ns.example."}}, true,
	                DNS_FAILED, 0, NULL, "refers to others"},
	        {{SRV, LDNS_RR_TYPE_SRV, 0, LDNS_AA, {0}, {"old.example. 60 IN NS ns.example."}},
	                true, DNS_NO_DATA, 0, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dns_answer a;
		char *next = NULL;

		assert_int_equal(read_made(&cases[i].m, &ask_srv, &a, &next), cases[i].ours);
		if (cases[i].ours) {
			assert_int_equal(a.outcome, cases[i].outcome);
			assert_int_equal(a.n, cases[i].n);
			assert_true(next ? cases[i].next && !strcmp(next, cases[i].next)
			                 : !cases[i].next);
			assert_true(a.why ? cases[i].why && strstr(a.why, cases[i].why)
			                  : !cases[i].why);
		}
		free(next);
		dns_answer_clear(&a);
	}
}

static void fields(void **state)
{
	static const struct made srv = {SRV, LDNS_RR_TYPE_SRV, 0, LDNS_AA,
	                                 {SRV " 60 IN SRV 1 2 993 Mail.Old.example.",
	                                         SRV " 61 IN SRV 3 4 5 .",
	                                         SRV " 62 IN SRV 0 0 1 ev\\027il.example.",
	                                         SRV " 62 IN SRV 0 0 1 a\\.b.example.",
	                                         SRV " 62 IN SRV 0 0 1 -x.example."},
	                                 {0}},
	                         txt = {"old.example.", LDNS_RR_TYPE_TXT, 0, LDNS_AD,
	                                 {"old.example. 9 IN TXT \"path=/a\" \"\" \"b\\000c\""},
	                                 {0}},
	                         mx = {"old.example.", LDNS_RR_TYPE_MX, 0, 0,
	                                 {"old.example. 9 IN MX 10 mx.Example.net."}, {0}},
	                         a4 = {"old.example.", LDNS_RR_TYPE_A, 0, 0,
	                                 {"old.example. 9 IN A 192.0.2.7"}, {0}},
	                         a6 = {"old.example.", LDNS_RR_TYPE_AAAA, 0, 0,
	                                 {"old.example. 9 IN AAAA 2001:db8::7"}, {0}};
	struct dns_question q = {ID, "old.example.", DNS_TXT, 0};
	struct dns_answer a;
	char *next;

	(void)state;
	assert_true(read_made(&srv, &ask_srv, &a, &next));
	assert_int_equal(a.n, 5);
	assert_string_equal(a.list[0].target, "mail.old.example");
	assert_int_equal(a.list[0].preference, 1);
	assert_int_equal(a.list[0].weight, 2);
	assert_int_equal(a.list[0].port, 993);
	assert_int_equal(a.list[0].ttl, 60);
	assert_false(a.list[0].odd);
	assert_string_equal(a.list[1].target, "");
	assert_false(a.list[1].odd);
	for (int i = 2; i < 5; i++) {
		assert_true(a.list[i].odd);
		assert_null(strchr(a.list[i].target, 27));
	}
	assert_true(a.authoritative && !a.authentic);
	dns_answer_clear(&a);

	assert_true(read_made(&txt, &q, &a, &next));
	assert_int_equal(a.list[0].n_strings, 3);
	assert_string_equal(a.list[0].strings[0], "path=/a");
	assert_string_equal(a.list[0].text, "path=/ab?c");
	assert_true(a.authentic);
	dns_answer_clear(&a);
	q.type = DNS_MX;
	assert_true(read_made(&mx, &q, &a, &next));
	assert_string_equal(a.list[0].target, "mx.example.net");
	assert_int_equal(a.list[0].preference, 10);
	dns_answer_clear(&a);
	q.type = DNS_A;
	assert_true(read_made(&a4, &q, &a, &next));
	assert_string_equal(a.list[0].target, "192.0.2.7");
	dns_answer_clear(&a);
	q.type = DNS_AAAA;
	assert_true(read_made(&a6, &q, &a, &next));
	assert_string_equal(a.list[0].target, "2001:db8::7");
	dns_answer_clear(&a);
}

/* What the judgment of a migration looks at besides: aliases, signatures, SOA, referrals. */
static void marks(void **state)
{
	static const struct made beside = {"old.example.", LDNS_RR_TYPE_MX, 0, LDNS_AA,
	                                 {"old.example. 9 IN CNAME a.example.",
	                                         "old.example. 9 IN MX 1 b.example."},
	                                 {0}},
	                         away = {"old.example.", LDNS_RR_TYPE_MX, 0, LDNS_AA,
	                                 {"old.example. 7 IN CNAME a.example."}, {0}},
	                         soa = {"old.example.", LDNS_RR_TYPE_SOA, 0, LDNS_AA,
	                                 {"old.example. 9 IN SOA ns.old.example. h. 7 8 9 10 11"},
	                                 {0}},
	                         referral = {"old.example.", LDNS_RR_TYPE_NS, 0, 0, {0},
	                                 {"old.example. 60 IN NS ns1.example.",
	                                         "other.example. 60 IN NS ns2.example."}},
	                         failed = {"old.example.", LDNS_RR_TYPE_MX, 2, 0, {0}, {0}};
	struct dns_question q = {ID, "old.example.", DNS_MX, 0};
	struct dns_answer a;
	char *next;

	(void)state;
	assert_true(read_made(&beside, &q, &a, &next));
	assert_true(a.alias_beside);
	assert_string_equal(a.alias, "a.example");
	free(next);
	dns_answer_clear(&a);
	assert_true(read_made(&away, &q, &a, &next));
	assert_false(a.alias_beside);
	assert_string_equal(a.alias, "a.example");
	assert_int_equal(a.alias_ttl, 7);
	free(next);
	dns_answer_clear(&a);
	assert_true(read_made(&failed, &q, &a, &next));
	assert_true(a.servfail && !a.silent);
	dns_answer_clear(&a);
	q.type = DNS_SOA;
	assert_true(read_made(&soa, &q, &a, &next));
	assert_int_equal(a.list[0].serial, 7);
	assert_int_equal(a.list[0].refresh, 8);
	assert_int_equal(a.list[0].minimum, 11);
	dns_answer_clear(&a);
	q.type = DNS_NS;
	assert_true(read_made(&referral, &q, &a, &next));
	assert_int_equal(a.outcome, DNS_FAILED);
	dns_answer_clear(&a);
	q.how = DNS_REFERRED;
	assert_true(read_made(&referral, &q, &a, &next));
	assert_int_equal(a.outcome, DNS_FOUND);
	assert_int_equal(a.n, 1);
	assert_string_equal(a.list[0].target, "ns1.example");
	dns_answer_clear(&a);
}

static void damaged(void **state)
{
	static const struct made srv = {SRV, LDNS_RR_TYPE_SRV, 0, LDNS_AA,
	        {SRV " 60 IN SRV 1 2 993 mail.old.example."}, {0}};
	size_t n;
	uint8_t *wire = make(&srv, &n);
	struct dns_question other = ask_srv;

	(void)state;
	other.id++;
	for (size_t i = 0; i <= n; i++) {
		struct dns_answer a = {0};
		char *next = NULL;
		bool cut, ours = dns_read(&ask_srv, wire, i, &a, &next, &cut);

		assert_int_equal(ours, i >= 12);
		assert_true(i == n ? a.n == 1 : a.n == 0);
		assert_true(!ours || i == n || a.outcome == DNS_FAILED);
		dns_answer_clear(&a);
		assert_false(dns_read(&other, wire, i, &a, &next, &cut));
		free(next);
	}
	free(wire);
}

static void host_names(void **state)
{
	static const char *const good[] = {"a", "mail.old.example", "xn--bcher-kva.example",
	        "_x.y"},
	                         *const bad[] = {"", ".", "a..b", ".a", "a.", "-a", "a b", "a/b",
	                                 "a@b", "a:1", "b\xc3\xbc.example"};
	char longest[300];

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		assert_true(dns_is_host(good[i]));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(dns_is_host(bad[i]));
	memset(longest, 'a', sizeof longest);
	longest[64] = '\0';
	assert_false(dns_is_host(longest));
	longest[63] = '\0';
	assert_true(dns_is_host(longest));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(outcomes),
	        cmocka_unit_test(fields),
	        cmocka_unit_test(marks),
	        cmocka_unit_test(damaged),
	        cmocka_unit_test(host_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
