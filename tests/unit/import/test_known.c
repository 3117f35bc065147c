#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "import/run.h"
#include "valise/base/mem.h"

static struct tree_item item(char content, int64_t date)
{
	struct tree_item it = {.date_utc = date};

	memset(it.sha256, content, sizeof it.sha256);
	return it;
}

static void add(struct filled *f, char content, int64_t date)
{
	const struct tree_item it = item(content, date);

	tree_coll_add(f->coll, &it);
	known_add(f);
}

/* The place of the one that is claimed, -1: none. */
static int claim(struct filled *f, char content, int64_t date, uint32_t path, bool named)
{
	const struct tree_item it = item(content, date), *is = known_claim(f, &it, path, named);

	return is ? (int)(is - f->coll->items) : -1;
}

static void begin(struct filled *f)
{
	memset(f, 0, sizeof *f);
	f->coll = tree_coll_new(COLL_MAIL, "a");
}

static void end(struct filled *f)
{
	known_clear(f);
	tree_coll_free(f->coll);
}

/* Each PATH as many as there are; the one of its time first, else the first one. */
static void test_claims(void **state)
{
	struct filled f;

	(void)state;
	begin(&f);
	assert_int_equal(claim(&f, 'a', 1, 1, false), -1);
	add(&f, 'a', 1);
	add(&f, 'b', 1);
	add(&f, 'a', 2);
	add(&f, 'a', 2);
	add(&f, 'a', 3);
	for (uint32_t path = 1; path < 4; path++) {
		assert_int_equal(claim(&f, 'a', 2, path, false), 2);
		assert_int_equal(claim(&f, 'a', 2, path, false), 3);
		assert_int_equal(claim(&f, 'a', 2, path, false), 0);
		assert_int_equal(claim(&f, 'a', 9, path, false), 4);
		assert_int_equal(claim(&f, 'a', 3, path, false), -1);
		assert_int_equal(claim(&f, 'b', 0, path, false), 1);
		assert_int_equal(claim(&f, 'b', 0, path, false), -1);
		assert_int_equal(claim(&f, 'c', 0, path, false), -1);
	}
	/* What a PATH claims the next one may claim, with what was added meanwhile. */
	add(&f, 'a', 5);
	assert_int_equal(claim(&f, 'a', 5, 4, false), 5);
	assert_int_equal(claim(&f, 'a', 5, 4, false), 0);
	assert_int_equal(claim(&f, 'a', 0, 4, true), 0);
	assert_int_equal(claim(&f, 'a', 3, 4, true), 4);
	assert_true(known_has(&f, f.coll->items[1].sha256));
	end(&f);
}

/* As many as in a long mailbox: each is found, and so often as it is there. */
static void test_many(void **state)
{
	enum { N = 30000 };
	struct filled f;

	(void)state;
	begin(&f);
	for (int i = 0; i < N; i++)
		add(&f, 'a', i);
	for (int i = 0; i < N; i++) {
		uint32_t n = (uint32_t)i;
		struct tree_item it = item('b', 0);

		memcpy(it.sha256, &n, sizeof n);
		tree_coll_add(f.coll, &it);
		known_add(&f);
	}
	for (int i = 0; i < N; i++) {
		struct tree_item it = item('b', 0), *is;
		uint32_t n = (uint32_t)i;

		assert_int_equal(claim(&f, 'a', -1, 1, false), i);
		memcpy(it.sha256, &n, sizeof n);
		is = known_claim(&f, &it, 1, false);
		assert_non_null(is);
		assert_int_equal(is - f.coll->items, N + i);
	}
	assert_int_equal(claim(&f, 'a', 0, 1, false), -1);
	for (int i = 0; i < N; i++)
		assert_int_equal(claim(&f, 'a', i, 2, false), i);
	end(&f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_claims), cmocka_unit_test(test_many)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
