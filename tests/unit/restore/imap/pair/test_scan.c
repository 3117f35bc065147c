/* What is listed, whose it is, and what a message is known by. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include "restore/imap/mailbox.h"

static void whose(void **state)
{
	const uint8_t claimed[3] = {1, 0, 0};
	struct mailbox m;
	uint8_t *marks;
	uint32_t *uids;
	size_t n;

	(void)state;
	mailbox_init(&m, "10.1=3 20.2", "1:10.1 3:10.1 7:20.2");
	assert_ptr_equal(there_find(&m.box, 7), &m.there[2]);
	assert_null(there_find(&m.box, 2));
	assert_null(there_find(&m.box, 0));
	assert_ptr_equal(there_of(&m.box, 0), &m.there[1]);
	assert_null(there_of(&m.box, 1));
	marks = there_claimed(&m.box);
	assert_memory_equal(marks, ((uint8_t[]){0, 1, 0}), 3);
	free(marks);
	marks = there_strange(&m.box, &n);
	assert_memory_equal(marks, ((uint8_t[]){1, 0, 1}), 3);
	assert_int_equal(n, 2);
	free(marks);
	uids = there_unclaimed(&m.box, claimed, &n);
	assert_int_equal(n, 2);
	assert_memory_equal(uids, ((uint32_t[]){3, 7}), 2 * sizeof *uids);
	free(uids);
	m.there[0].has_date = false;
	assert_true(there_date(&m.there[0]) == INT64_MIN);
	assert_int_equal(there_date(&m.there[2]), 2);
	mailbox_clear(&m);
}

/* By which keys one is known; what the archive does not give is known by none. */
static void keys(void **state)
{
	static const struct seen seen[] = {{.index = 0,
	                                           .sha256 = {1},
	                                           .loose = {2},
	                                           .msgid = {3},
	                                           .text = {4},
	                                           .has_msgid = true,
	                                           .has_text = true},
	        {.index = 1, .sha256 = {5}, .loose = {6}, .msgid = {7}, .text = {8}},
	        {.index = 2, .has_msgid = true, .has_text = true, .broken = true}};
	static const struct {
		enum alike by;
		uint8_t skip[3];
		const char *keys; /* first octets as digits */
	} cases[] = {{ALIKE_OCTETS, {0}, "15"}, {ALIKE_LOOSE, {0}, "26"}, {ALIKE_MSGID, {0}, "3"},
	        {ALIKE_TEXT, {0}, "4"}, {ALIKE_LOOSE, {1, 0, 0}, "6"},
	        {ALIKE_MSGID, {1, 0, 0}, ""}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct match_key out[3];
		size_t n = seen_keys(seen, COUNT(seen), cases[i].by, cases[i].skip, out);

		assert_int_equal(n, strlen(cases[i].keys));
		for (size_t k = 0; k < n; k++)
			assert_int_equal(out[k].key[0], cases[i].keys[k] - '0');
	}
}

static void message_ids(void **state)
{
	static const char with[] = "Subject: x\r\nMessage-ID: <a@b>\r\n\r\nMessage-ID: <c@d>\r\n",
	                  same[] = "message-id: <a@b>\r\n\r\n", without[] = "Subject: x\r\n\r\n";
	uint8_t a[SHA256_LEN], b[SHA256_LEN];

	(void)state;
	assert_true(there_msgid(with, strlen(with), a));
	assert_true(there_msgid(same, strlen(same), b));
	assert_memory_equal(a, b, sizeof a);
	assert_false(there_msgid(without, strlen(without), b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(whose), cmocka_unit_test(keys), cmocka_unit_test(message_ids)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
