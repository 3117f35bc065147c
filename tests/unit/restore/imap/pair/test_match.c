#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "restore/imap/pair/match.h"

enum { MOST = 8 };

/*
 * Keys from text: one letter a message, '.' for one without a key; its date is the digit
 * after it, the size the next.
 */
static size_t keys(const char *text, struct match_key *out)
{
	size_t n = 0;

	for (const char *p = text; *p; p += 3, n++) {
		memset(&out[n], 0, sizeof out[n]);
		out[n].key[0] = (uint8_t)p[0];
		out[n].date = p[1];
		out[n].size = (uint64_t)p[2];
		out[n].index = (uint32_t)n;
		out[n].none = p[0] == '.';
	}
	return n;
}

static void pairs(void **state)
{
	static const struct {
		const char *what, *archive, *target;
		unsigned rule;
		uint32_t mate[MOST];
		size_t paired;
	} cases[] = {
	        {"nothing there", "a11b11", "", 0, {0, 0}, 0},
	        {"nothing to restore", "", "a11", 0, {0}, 0},
	        {"in any order", "a11b11c11", "c11a11b11", 0, {2, 3, 1}, 3},
	        {"two equal ones need two", "a11a11", "a11", 0, {1, 0}, 1},
	        {"two equal ones have three", "a11a11", "a11a11a11", 0, {1, 2}, 2},
	        {"dates decide which", "a21a11", "a11a21", MATCH_DATE, {2, 1}, 2},
	        {"another date is another", "a11", "a21", MATCH_DATE, {0}, 0},
	        {"another date is the same", "a11", "a21", 0, {1}, 1},
	        {"only other sizes", "a11a12", "a11", MATCH_OTHER_SIZE, {0, 1}, 1},
	        {"nothing equals nothing", ".11", ".11", 0, {0}, 0},
	        {"no content", "", "", MATCH_DATE, {0}, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct match_key a[MOST], b[MOST];
		size_t na = keys(cases[i].archive, a), nb = keys(cases[i].target, b);
		uint32_t mate[MOST] = {0};
		uint8_t claimed[MOST] = {0};
		size_t n = match_pairs(a, na, b, nb, cases[i].rule, mate, claimed);

		if (n != cases[i].paired || memcmp(mate, cases[i].mate, sizeof mate) != 0)
			fail_msg("%s", cases[i].what);
	}
}

static void pairs_made_before_stay(void **state)
{
	struct match_key a[MOST], b[MOST];
	size_t na = keys("a11a11a11", a), nb = keys("a11a11a11", b);
	uint32_t mate[MOST] = {0, 3, 0};
	uint8_t claimed[MOST] = {0, 0, 1};

	(void)state;
	assert_int_equal(match_pairs(a, na, b, nb, 0, mate, claimed), 2);
	assert_int_equal(mate[0], 1);
	assert_int_equal(mate[1], 3);
	assert_int_equal(mate[2], 2);
}

static void worth_a_look(void **state)
{
	struct match_key a[2] = {match_by_size(100, 7, 0), match_by_size(200, 8, 1)};
	struct match_key b[3] = {
	        match_by_size(100, 7, 0), match_by_size(200, 9, 1), match_by_size(300, 7, 2)};
	uint8_t wanted[3] = {0};

	(void)state;
	assert_int_equal(match_wanted(a, 2, b, 3, MATCH_DATE, wanted), 1);
	assert_int_equal(wanted[0], 1);
	assert_int_equal(match_wanted(a, 2, b, 3, 0, wanted), 1);
	assert_int_equal(wanted[1], 1);
	assert_int_equal(wanted[2], 0);
}

/* A folder full of equal messages takes no quadratic time. */
static void many_equal(void **state)
{
	enum { MANY = 50000 };
	struct match_key *a = calloc(MANY, sizeof *a), *b = calloc(MANY, sizeof *b);
	uint32_t *mate = calloc(MANY, sizeof *mate);
	uint8_t *claimed = calloc(MANY, 1);

	(void)state;
	assert_true(a && b && mate && claimed);
	for (uint32_t i = 0; i < MANY; i++)
		a[i].index = b[i].index = i;
	assert_int_equal(match_pairs(a, MANY, b, MANY, MATCH_DATE, mate, claimed), MANY);
	free(a);
	free(b);
	free(mate);
	free(claimed);
}

static void loose_hash(const char *s, size_t n, size_t step, uint8_t out[SHA256_LEN])
{
	struct loose l;

	loose_start(&l);
	for (size_t i = 0; i < n; i += step)
		loose_add(&l, s + i, n - i < step ? n - i : step);
	loose_end(&l, out);
}

static void what_servers_rewrite(void **state)
{
	static const struct {
		const char *a;
		size_t na;
		const char *b;
		size_t nb;
		bool equal;
	} cases[] = {
	        {"a\r\nb\r\n", 6, "a\nb\n", 4, true},
	        {"a\r\nb\r\n", 6, "a\r\nb", 4, true}, /* a final CRLF added or lost */
	        {"a\r\r\nb", 5, "a\r\nb", 4, true}, /* CR CR LF */
	        {"a\0b", 3,
	                "a\x80"
	                "b",
	                3, true}, /* NUL as Dovecot gives it */
	        {"a\r\n\r\nb", 6, "a\r\nb", 4, false},
	        {"a b", 3, "ab", 2, false},
	        {"", 0, "\r\n", 2, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (size_t step = 1; step < 4; step++) {
			uint8_t a[SHA256_LEN], b[SHA256_LEN];

			loose_hash(cases[i].a, cases[i].na, 100, a);
			loose_hash(cases[i].b, cases[i].nb, step, b);
			assert_int_equal(memcmp(a, b, sizeof a) == 0, cases[i].equal);
		}
}

static bool text_hash(const char *s, size_t step, uint8_t out[SHA256_LEN])
{
	size_t n = strlen(s);
	uint8_t fields[SHA256_LEN], body[SHA256_LEN];
	struct text t;

	text_start(&t);
	for (size_t i = 0; i < n; i += step)
		text_add(&t, s + i, n - i < step ? n - i : step);
	return text_end(&t, s, n, fields, body, out);
}

static void what_headers_leave(void **state)
{
	static const struct {
		const char *a, *b;
		bool known, equal;
	} cases[] = {
	        {"Subject: s\r\n\r\nb\r\n", "Received: x\r\nSubject: s\r\nX: y\r\n\r\nb\r\n", true,
	                true},
	        {"Subject: s\n\nb", "Message-ID: <new>\r\nSubject: s\r\n\r\nb\r\n", true, true},
	        {"Subject: s\r\n\r\nb\r\n", "Subject: t\r\n\r\nb\r\n", true, false},
	        {"Subject: s\r\n\r\nb\r\n", "Subject: s\r\n\r\nc\r\n", true, false},
	        {"From: s\r\n\r\nb\r\n", "To: s\r\n\r\nb\r\n", true, false},
	        /* no body */
	        {"Subject: s\r\n\r\n\r\n", "Subject: s\r\n\r\n", false, true},
	        {"X: s\r\n\r\nb\r\n", "Y: s\r\n\r\nb\r\n", false, true}, /* no field */
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (size_t step = 1; step < 4; step++) {
			uint8_t a[SHA256_LEN], b[SHA256_LEN];

			assert_int_equal(text_hash(cases[i].a, 100, a), cases[i].known);
			assert_int_equal(text_hash(cases[i].b, step, b), cases[i].known);
			assert_int_equal(memcmp(a, b, sizeof a) == 0, cases[i].equal);
		}
}

/* Two keys of one size and date are twins; a date or size of its own is none. */
static void twins(void **state)
{
	static const struct {
		uint64_t size;
		int64_t date;
		bool twin;
	} all[] = {{9, 1, true}, {8, 1, false}, {9, 2, false}, {9, 1, true}, {7, 5, true},
	        {7, 5, true}, {7, 5, true}};
	enum { N = sizeof all / sizeof all[0] };
	struct match_key k[N] = {0};
	uint8_t wanted[N] = {1};

	(void)state;
	for (size_t i = 0; i < N; i++)
		k[i] = match_by_size(all[i].size, all[i].date, i);
	assert_int_equal(match_twins(k, N, wanted), 4); /* one was wanted before */
	for (size_t i = 0; i < N; i++)
		assert_int_equal(wanted[i], all[i].twin);
	assert_int_equal(match_twins(NULL, 0, wanted), 0);
}

/* As many as there are: each is one of them, in order; else all are possible. */
static void taken(void **state)
{
	static const uint32_t uids[] = {3, 7, 8};
	static const struct {
		size_t nth, n, n_uids;
		uint32_t from, to;
	} cases[] = {{0, 3, 3, 3, 3}, {2, 3, 3, 8, 8}, {0, 1, 3, 3, 8}, {1, 2, 3, 3, 8},
	        {4, 5, 2, 3, 7}, {0, 1, 0, 0, 0}};
	static const struct {
		uint32_t from, to;
		bool there;
	} left[] = {{1, 2, false}, {3, 3, true}, {4, 6, false}, {4, 7, true}, {8, 9, true},
	        {9, 20, false}, {0, 0, false}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct taken t = taken_of(cases[i].nth, cases[i].n, uids, cases[i].n_uids);

		assert_int_equal(t.from, cases[i].from);
		assert_int_equal(t.to, cases[i].to);
	}
	for (size_t i = 0; i < sizeof left / sizeof left[0]; i++)
		assert_int_equal(taken_is_there((struct taken){left[i].from, left[i].to}, uids, 3),
		        left[i].there);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(pairs),
	        cmocka_unit_test(pairs_made_before_stay),
	        cmocka_unit_test(worth_a_look),
	        cmocka_unit_test(many_equal),
	        cmocka_unit_test(twins),
	        cmocka_unit_test(taken),
	        cmocka_unit_test(what_servers_rewrite),
	        cmocka_unit_test(what_headers_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
