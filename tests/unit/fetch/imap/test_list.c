/* What of a listing is believed to be what the last snapshot has. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "fetch/imap/list.h"

static struct tree_coll *had_coll(uint16_t warn, uint32_t uidnext)
{
	struct tree_coll *c = tree_coll_new(COLL_MAIL, "INBOX");
	struct tree_item it = {.uid = 7, .size = 100, .date_utc = 1000, .flags = 1, .warn = warn};

	c->uidnext = uidnext;
	tree_coll_add(c, &it);
	return c;
}

static void test_renumbered(void **state)
{
	static const struct {
		struct rec rec;
		uint16_t warn;
		uint32_t uidnext, uidnext_now;
		bool renumbered;
	} cases[] = {
	        {{.uid = 7, .size = 100, .date_utc = 1000, .have = REC_ALL}, 0, 8, 8, false},
	        {{.uid = 7, .size = 101, .date_utc = 1000, .have = REC_ALL}, 0, 8, 8, true},
	        {{.uid = 7, .size = 100, .date_utc = 1001, .have = REC_ALL}, 0, 8, 8, true},
	        {{.uid = 7, .size = 101, .have = REC_FLAGS}, 0, 8, 8, false},
	        {{.uid = 7, .size = 101, .have = REC_ALL}, WARN_RESCUED, 8, 8, false},
	        {{.uid = 7, .size = 101, .date_utc = 1000, .have = REC_ALL}, WARN_SIZE, 8, 8,
	                false},
	        {{.uid = 8, .size = 101, .have = REC_ALL}, 0, 8, 9, false},
	        {{.uid = 7, .size = 100, .date_utc = 1000, .have = REC_ALL}, 0, 8, 7, true},
	        {{.uid = 7, .size = 100, .date_utc = 1000, .have = REC_ALL}, 0, 8, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct tree_coll *had = had_coll(cases[i].warn, cases[i].uidnext);
		struct rec rec = cases[i].rec;
		struct listing l = {
		        .coll = tree_coll_new(COLL_MAIL, "INBOX"), .recs = &rec, .n = 1};

		l.coll->uidnext = cases[i].uidnext_now;
		if (list_renumbered(&l, had) != cases[i].renumbered)
			fail_msg("case %zu", i);
		assert_false(list_renumbered(&l, NULL));
		tree_coll_free(l.coll);
		tree_coll_free(had);
	}
}

/* What the server tells now counts, of the rest what the last snapshot has. */
static void test_known_item(void **state)
{
	static const struct {
		struct rec rec;
		uint16_t warn;
		uint8_t flags;
		int64_t date_utc;
		uint16_t warn_now;
	} cases[] = {
	        {{.uid = 7, .have = REC_KEPT}, WARN_NUL, 1, 1000, WARN_NUL},
	        {{.uid = 7, .flags = 4, .have = REC_FLAGS}, 0, 4, 1000, 0},
	        {{.uid = 7, .date_utc = 9, .have = REC_DATE}, WARN_DATE, 1, 9, 0},
	        {{.uid = 7, .size = 100, .have = REC_SIZE}, WARN_SIZE, 1, 1000, 0},
	        {{.uid = 7, .size = 99, .have = REC_SIZE}, 0, 1, 1000, WARN_SIZE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct tree_coll *had = had_coll(cases[i].warn, 8);
		struct tree_coll *now = tree_coll_new(COLL_MAIL, "INBOX");
		struct tree_item it;

		list_known_item(now, had, &had->items[0], &cases[i].rec, &it);
		assert_int_equal(it.uid, 7);
		assert_int_equal(it.size, 100);
		assert_int_equal(it.flags, cases[i].flags);
		assert_int_equal(it.date_utc, cases[i].date_utc);
		assert_int_equal(it.warn, cases[i].warn_now);
		tree_coll_free(now);
		tree_coll_free(had);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_renumbered),
	        cmocka_unit_test(test_known_item),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
