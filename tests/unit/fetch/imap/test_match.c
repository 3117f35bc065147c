#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>
#include "fetch/imap/match.h"

#define HEAD(id, subject) "Message-ID: <" id ">\r\nDate: x\r\nSubject: " subject "\r\n\r\n"

static struct want want(int64_t date, uint64_t size, const char *head)
{
	struct want w = {.is = {.date_utc = date, .size = size}};

	if (head)
		match_key(&w.is, head, strlen(head));
	return w;
}

static struct have have(int64_t date, uint64_t size, const char *head, uint8_t content)
{
	struct have h = {
	        .is = {.date_utc = date, .size = size}, .sha256 = {content}, .given = true};

	match_key(&h.is, head, strlen(head));
	return h;
}

/* The same from a whole header as from what a server cuts out of it. */
static void keys(void **state)
{
	static const char whole[] =
	        "Received: a\r\nsubject: one\r\n two\r\nX: y\r\nMessage-Id:<1@x>\r\n"
	        "Subject: second\r\n\r\nDate: in the body\r\n";
	static const char cut[] = "Subject: one\r\n two\r\nMessage-ID: <1@x>\r\n\r\n";
	struct trait a = {0}, b = {0}, none = {0}, other = {0};

	(void)state;
	match_key(&a, whole, strlen(whole));
	match_key(&b, cut, strlen(cut));
	assert_true(a.has_key && a.has_id);
	assert_memory_equal(a.key, b.key, MATCH_KEY);
	match_key(&other, "Subject: one two\r\nFrom: <1@x>\r\n\r\n", 34);
	assert_true(other.has_key && !other.has_id);
	assert_memory_not_equal(a.key, other.key, MATCH_KEY);
	match_key(&none, "X: y\r\n\r\n", 8);
	assert_false(none.has_key || none.has_id);
}

static void one_of_each(void **state)
{
	struct want w[] = {want(5, 10, HEAD("b", "s")), want(5, 10, HEAD("a", "s")),
	        want(6, 10, HEAD("a", "s")), want(5, 11, HEAD("a", "s")), want(7, 1, NULL)};
	struct have h[] = {have(5, 10, HEAD("a", "s"), 1), have(5, 10, HEAD("b", "s"), 2),
	        have(7, 1, HEAD("a", "s"), 1)};

	(void)state;
	match_decide(w, 5, h, 3);
	for (size_t i = 0; i < 5; i++) {
		bool there = w[i].is.date_utc == 5 && w[i].is.size == 10;

		assert_int_equal(w[i].found != 0, there);
		if (there)
			assert_memory_equal(h[w[i].found - 1].is.key, w[i].is.key, MATCH_KEY);
	}
}

static void in_doubt_it_is_none(void **state)
{
	static const char with_id[] = HEAD("a", "s"), without[] = "Subject: s\r\n\r\n";
	static const struct {
		const char *want[2], *have[2];
		uint8_t content[2];
		size_t found;
	} cases[] = {
	        {{with_id}, {with_id}, {1}, 1},
	        /* a copy in another mailbox */
	        {{with_id}, {with_id, with_id}, {1, 1}, 1},
	        {{with_id}, {with_id, with_id}, {1, 2},
	                0}, /* the header is the same, the body is not */
	        {{with_id, with_id}, {with_id}, {1}, 0}, /* one more than there were */
	        {{with_id, with_id}, {with_id, with_id}, {1, 1}, 2}, {{with_id}, {without}, {1}, 0},
	        {{without}, {without}, {1}, 1}, {{without}, {without, without}, {1, 2}, 0},
	        {{without}, {without, with_id}, {1, 2},
	                0}, /* something else agrees in date and size */
	        {{without, with_id}, {without}, {1}, 0},
	        {{without, without}, {without, without}, {1, 1}, 2},
	        {{"\r\n"}, {"\r\n"}, {1}, 0}, /* no header field at all */
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct want w[2];
		struct have h[2];
		size_t n_w = 0, n_h = 0, found = 0;

		for (; n_w < 2 && cases[i].want[n_w]; n_w++)
			w[n_w] = want(1, 2, cases[i].want[n_w]);
		for (; n_h < 2 && cases[i].have[n_h]; n_h++)
			h[n_h] = have(1, 2, cases[i].have[n_h], cases[i].content[n_h]);
		match_decide(w, n_w, h, n_h);
		for (size_t k = 0; k < n_w; k++)
			found += w[k].found != 0;
		assert_int_equal(found, cases[i].found);
		/* What the sink was not given is not there. */
		for (size_t k = 0; k < n_h; k++)
			h[k].given = false;
		for (size_t k = 0; k < n_w; k++)
			w[k].found = 0;
		match_decide(w, n_w, h, n_h);
		assert_true(w[0].found == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(keys),
	        cmocka_unit_test(one_of_each),
	        cmocka_unit_test(in_doubt_it_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
