/* SRV records in the order in which they are tried; paths of TXT records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "discover/facts.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

static void add_srv(
        struct dns_answer *a, uint16_t priority, uint16_t weight, uint16_t port, const char *target)
{
	struct dns_record *r = ARR_PUSH(a->list, a->n, a->cap);

	r->type = DNS_SRV;
	r->preference = priority;
	r->weight = weight;
	r->port = port;
	r->target = xstrdup(target);
	r->odd = *target && !dns_is_host(target);
}

static void ranking(void **state)
{
	static const char *const order[] = {"a3", "a2", "a1", "b1", "c1"};
	struct dns_answer a = {0};
	char *note;

	(void)state;
	add_srv(&a, 20, 9, 993, "c1");
	add_srv(&a, 10, 5, 993, "b1");
	add_srv(&a, 10, 5, 993, "a1");
	add_srv(&a, 1, 0, 993, "a2");
	add_srv(&a, 1, 7, 993, "a3");
	assert_int_equal(srv_choose(&a, &note), TOLD_PLACE);
	assert_null(note);
	for (size_t i = 0; i < a.n; i++)
		assert_string_equal(a.list[i].target, order[i]);
	dns_answer_clear(&a);
}

static void what_does_not_count(void **state)
{
	struct dns_answer a = {0};
	char *note;

	(void)state;
	add_srv(&a, 0, 0, 0, "");
	assert_int_equal(srv_choose(&a, &note), TOLD_NONE);
	assert_null(note);
	add_srv(&a, 5, 0, 993, "mail.old.example");
	assert_int_equal(srv_choose(&a, &note), TOLD_PLACE);
	assert_non_null(strstr(note, "\".\""));
	free(note);
	assert_int_equal(a.n, 1);
	add_srv(&a, 0, 0, 993, "ev\\027il.example");
	assert_int_equal(srv_choose(&a, &note), TOLD_PLACE);
	assert_non_null(strstr(note, "no host"));
	free(note);
	assert_string_equal(a.list[0].target, "mail.old.example");
	dns_answer_clear(&a);
	add_srv(&a, 0, 0, 0, "mail.old.example");
	assert_int_equal(srv_choose(&a, &note), TOLD_NOTHING);
	assert_non_null(strstr(note, "port 0"));
	free(note);
	dns_answer_clear(&a);
	assert_int_equal(srv_choose(&a, &note), TOLD_NOTHING);
	assert_null(note);
}

static void paths(void **state)
{
	static const struct {
		const char *strings[3]; /* of one record; NULL ends */
		const char *path, *note;
	} cases[] = {
	        {{"path=/dav/"}, "/dav/", NULL},
	        {{"txtvers=1", "Path=/dav"}, "/dav", NULL},
	        {{"path=/dav", "path=/dav"}, "/dav", NULL},
	        {{"path=/dav", "path=/other"}, NULL, "another path"},
	        {{"v=spf1 -all"}, NULL, "names no path"},
	        {{"path=https://evil.example/"}, NULL, "what is no path"},
	        {{"path=//evil.example/"}, NULL, "what is no path"},
	        {{"path=/a b"}, NULL, "what is no path"},
	        {{"path=/\033[2J"}, NULL, "\\x1b[2J"},
	        {{"path="}, NULL, "what is no path"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dns_answer a = {0};
		struct dns_record *r = ARR_PUSH(a.list, a.n, a.cap);
		char *note, *path;

		r->strings = xcalloc(3, sizeof *r->strings);
		for (; r->n_strings < 3 && cases[i].strings[r->n_strings]; r->n_strings++)
			r->strings[r->n_strings] = xstrdup(cases[i].strings[r->n_strings]);
		r->text = xstrdup(cases[i].strings[0]);
		path = srv_path(&a, &note);
		assert_true(path ? cases[i].path && !strcmp(path, cases[i].path) : !cases[i].path);
		assert_true(note ? cases[i].note && strstr(note, cases[i].note) : !cases[i].note);
		free(path);
		free(note);
		dns_answer_clear(&a);
	}
}

static void two_labels(void **state)
{
	static const struct {
		enum told first, second;
		bool second_counts;
	} cases[] = {{TOLD_PLACE, TOLD_NOT_ASKED, false}, {TOLD_NOTHING, TOLD_NOT_ASKED, false},
	        {TOLD_NOTHING, TOLD_NOTHING, true}, {TOLD_NOTHING, TOLD_NONE, true},
	        {TOLD_NOTHING, TOLD_FAILED, true}, {TOLD_NOTHING, TOLD_PLACE, true},
	        {TOLD_NONE, TOLD_PLACE, true}, {TOLD_NONE, TOLD_NOTHING, false},
	        {TOLD_NONE, TOLD_NONE, false}, {TOLD_NONE, TOLD_FAILED, true},
	        {TOLD_FAILED, TOLD_PLACE, true}, {TOLD_FAILED, TOLD_NONE, false},
	        {TOLD_FAILED, TOLD_NOTHING, false}, {TOLD_FAILED, TOLD_FAILED, false}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(
		        srv_second_counts(cases[i].first, cases[i].second), cases[i].second_counts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(ranking),
	        cmocka_unit_test(what_does_not_count),
	        cmocka_unit_test(paths),
	        cmocka_unit_test(two_labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
