/* Resources of a collection by key, ETags, batches, and when a collection is as it was. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "fetch/dav/run.h"

static void test_settle(void **state)
{
	/* listed: "href etag"; what is left, sorted by nothing but the look-up: "href etag flags"
	 */
	static const struct {
		const char *listed[4], *href, *etag;
		size_t n;
		bool shares, twin;
	} cases[] = {
	        {{"/c/a", "/c/b"}, "/c/a", "0", 2, false, false},
	        {{"/c/a", "/c/a"}, "/c/a", "1", 1, false,
	                false}, /* listed twice: the last counts */
	        {{"/c/a@b", "/c/a%40b"}, "/c/a@b", "0", 2, true, true},
	        {{"/c/a@b", "/c/a%40b"}, "/c/a%40b", "1", 2, true, false},
	        {{"/c/a@b", "/c/a%40b", "/c/a@b"}, "/c/a@b", "2", 2, true, true},
	        {{"http://other/c/x", "/c/y"}, "http://other/c/x", "0", 2, false, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct davcoll c = {.url = xstrdup("https://h/c/")};
		const struct davitem *found = NULL;
		char etag[2] = "0";

		for (size_t k = 0; cases[i].listed[k]; k++, etag[0]++)
			dav_item_add(&c, cases[i].listed[k], etag);
		dav_settle_items(&c);
		assert_int_equal(c.n_items, cases[i].n);
		for (size_t k = 0; k < c.n_items; k++) {
			assert_ptr_equal(dav_item_find(&c, c.items[k].key), &c.items[k]);
			if (strcmp(c.items[k].href, cases[i].href) == 0)
				found = &c.items[k];
		}
		assert_non_null(found);
		assert_string_equal(found->etag, cases[i].etag);
		assert_int_equal(found->shares, cases[i].shares);
		assert_int_equal(found->twin, cases[i].twin);
		assert_true((dav_item_twin(&c, found) != NULL) == cases[i].twin);
		assert_null(dav_find_among(&c, 0, found->key));
		dav_coll_clear(&c);
	}
}

static void test_etags(void **state)
{
	static const struct {
		const char *listed, *got;
		bool another;
	} cases[] = {
	        {NULL, "\"1\"", false},
	        {"\"1\"", NULL, false},
	        {"\"1\"", "\"1\"", false},
	        {"\"1\"", "1", false},
	        {"\"1\"", "W/\"1\"", false},
	        {"\"1\"", "\"1-gzip\"", false},
	        {"\"1\"", "\"1;gzip\"", false},
	        {"\"1\"", "\"2\"", true},
	        {"\"1\"", "\"11\"", true},
	        {"W/\"1\"", "W/\"2\"", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(
		        dav_is_another_etag(cases[i].listed, cases[i].got), cases[i].another);
}

static void test_batches(void **state)
{
	static const struct {
		struct davitem item;
		size_t n;
		uint64_t bytes;
		bool joins;
	} cases[] = {
	        {{.len = UINT64_MAX / 2, .has_len = true}, 0, 0,
	                true}, /* alone, whatever its size */
	        {{.len = 1, .has_len = true}, DAV_BATCH - 1, 0, true},
	        {{.len = 1, .has_len = true}, DAV_BATCH, 0, false},
	        {{.len = DAV_LARGE + 1, .has_len = true}, DAV_BATCH_LARGE - 1, 0, true},
	        {{.len = DAV_LARGE + 1, .has_len = true}, DAV_BATCH_LARGE, 0, false},
	        {{.len = 1, .has_len = true}, 1, DAV_BATCH_BYTES - 1, true},
	        {{.len = 2, .has_len = true}, 1, DAV_BATCH_BYTES - 1, false},
	        {{.len = 0}, 1, DAV_BATCH_BYTES - 1, false}, /* not said: 64 KiB */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(
		        dav_may_join(&cases[i].item, cases[i].n, cases[i].bytes), cases[i].joins);
}

static void set_text(char **where, const char *text)
{
	free(*where);
	*where = xstrdup(text);
}

static void test_unchanged(void **state)
{
	static const struct {
		const char *href, *token, *props, *prev_token, *prev_props;
		bool damaged, attrs, no_list, same;
	} cases[] = {
	        {.token = "t", .prev_token = "t", .same = true},
	        {.token = "u", .prev_token = "t"},
	        {.token = "t"},
	        {.prev_token = "t"},
	        {.token = "t", .prev_token = "t", .href = "/d/"},
	        {.token = "t", .prev_token = "t", .damaged = true},
	        {.token = "t", .prev_token = "t", .attrs = true},
	        {.token = "t", .prev_token = "t", .props = "{}"},
	        {.props = "{\"{http://calendarserver.org/ns/}getctag\":\"1\"}",
	                .prev_props = "{\"{http://calendarserver.org/ns/}getctag\":\"1\"}",
	                .same = true},
	        {.props = "{\"{http://calendarserver.org/ns/}getctag\":\"2\"}",
	                .prev_props = "{\"{http://calendarserver.org/ns/}getctag\":\"1\"}"},
	        {.props = "{\"x\":\"1\"}", .prev_props = "{\"x\":\"1\"}"},
	        {.no_list = true, .same = true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct davcoll c = {.coll = tree_coll_new(COLL_CALENDAR, "c"),
		        .prev = tree_coll_new(COLL_CALENDAR, "c"),
		        .no_list = cases[i].no_list};

		set_text(&c.coll->href, cases[i].href ? cases[i].href : "/c/");
		set_text(&c.prev->href, "/c/");
		set_text(&c.coll->sync_token, cases[i].token);
		set_text(&c.prev->sync_token, cases[i].prev_token);
		set_text(&c.coll->props, cases[i].props);
		set_text(&c.prev->props, cases[i].prev_props);
		c.coll->attrs = cases[i].attrs ? ATTR_READONLY : 0;
		c.prev->status = cases[i].damaged ? COLL_PARTIAL : COLL_COMPLETE;
		if (dav_unchanged(&c) != cases[i].same)
			fail_msg("case %zu", i);
		dav_coll_clear(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_settle),
	        cmocka_unit_test(test_etags),
	        cmocka_unit_test(test_batches),
	        cmocka_unit_test(test_unchanged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
