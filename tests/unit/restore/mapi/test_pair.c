/* Which message of a folder is which item: by the journal, search key, Message-ID; as often as it
 * is there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "restore/mapi/pair.h"
#include "valise/base/mem.h"

/* A letter a key, '-' none: "Ax" has the search key A, and x of Message-ID, date and class. */
static struct pair_key key_of(const char *s)
{
	const char about[2] = {s[1], '\0'};
	struct pair_key k;

	memset(&k, 0, sizeof k);
	if (s[0] != '-')
		mapi_pair_sum((const uint8_t *)s, 1, k.key);
	if (s[1] != '-')
		mapi_pair_about(about, 5, "mail", k.about);
	return k;
}

/* ${items}, ${rows}: pairs of letters, blanks between them; ${want}: the row of each item, or '.'.
 */
static void expect(const char *items, const char *rows, const char *noted, const char *want)
{
	struct pair_item it[8] = {0};
	struct pair_row row[8] = {0};
	size_t n_items = 0, n_rows = 0;
	char got[9] = "";

	for (; *items; items += items[2] ? 3 : 2, n_items++) {
		it[n_items].k = key_of(items);
		it[n_items].is_meant = true;
		if (noted && noted[n_items] != '.')
			it[n_items].noted = (mapi_id)(noted[n_items] - '0') + 100;
	}
	for (; *rows; rows += rows[2] ? 3 : 2, n_rows++) {
		row[n_rows].k = key_of(rows);
		row[n_rows].id = n_rows + 100;
	}
	mapi_pair_match(it, n_items, row, n_rows);
	for (size_t i = 0; i < n_items; i++) {
		got[i] = it[i].row == PAIR_NONE ? '.' : (char)('0' + it[i].row);
		if (it[i].row != PAIR_NONE)
			assert_int_equal(row[it[i].row].item, i);
	}
	assert_string_equal(got, want);
}

static void matches(void **state)
{
	(void)state;
	expect("", "A-", NULL, "");
	expect("A- B-", "", NULL, "..");
	expect("A- B-", "B- A-", NULL, "10");
	/* As often as it is there. */
	expect("A- A- A-", "A- A-", NULL, "01.");
	expect("A- A-", "A- A- A-", NULL, "01");
	/* Keys of the server's own: by what people know. */
	expect("Ax By", "Cy Dx", NULL, "10");
	expect("Ax Ax", "Cx", NULL, "0.");
	/* Its own key first, for whoever else could be it. */
	expect("Ax Bx", "Bx", NULL, ".0");
	expect("Ax Bx", "Bx Cx", NULL, "10");
	/* Nothing known is nobody's. */
	expect("-- --", "-- --", NULL, "..");
	/* What was noted, also where the keys are others; but once. */
	expect("A- B-", "C- D-", "10", "10");
	expect("A- A-", "A- C-", "11", "10");
	expect("A-", "A-", "7", "0");
}

static void others_are_passed_over(void **state)
{
	struct pair_item it[2] = {{.is_meant = false}, {.is_meant = true}};
	struct pair_row row = {.id = 1};

	(void)state;
	it[0].k = it[1].k = row.k = key_of("A-");
	mapi_pair_match(it, 2, &row, 1);
	assert_int_equal(it[0].row, PAIR_NONE);
	assert_int_equal(it[1].row, 0);
}

static void take_more(void *ctx, uint32_t item, mapi_id id)
{
	mapi_id *sum = ctx;

	*sum = *sum * 1000 + id + item;
}

static void surplus(void **state)
{
	struct pair_item it[2] = {{.is_meant = true}, {.is_meant = true}};
	struct pair_row row[4] = {{.id = 10}, {.id = 20}, {.id = 30}, {.id = 40}};
	mapi_id sum = 0;

	(void)state;
	it[0].k = row[0].k = row[2].k = key_of("A-");
	it[1].k = row[1].k = key_of("B-");
	row[3].k = key_of("C-");
	mapi_pair_match(it, 2, row, 4);
	mapi_pair_surplus(it, 2, row, 4, take_more, &sum);
	assert_true(sum == 30); /* item 0, once more as the message 30 */
	assert_int_equal(mapi_pair_find(row, 4, 30), 2);
	assert_int_equal(mapi_pair_find(row, 4, 31), PAIR_NONE);
	assert_int_equal(mapi_pair_find(NULL, 0, 31), PAIR_NONE);
}

static void abouts(void **state)
{
	uint8_t a[16], b[16];

	(void)state;
	mapi_pair_about("<1@x>", 7, "mail", a);
	assert_true(mapi_pair_is_set(a));
	mapi_pair_about(" <1@x>\r\n", 7, "Mail", b);
	assert_memory_equal(a, b, 16);
	mapi_pair_about("<1@x>", 8, "mail", b);
	assert_memory_not_equal(a, b, 16);
	mapi_pair_about("<1@x>", 7, "tasks", b);
	assert_memory_not_equal(a, b, 16);
	mapi_pair_about(NULL, 7, "mail", b);
	assert_false(mapi_pair_is_set(b));
	mapi_pair_about("  ", 7, "mail", b);
	assert_false(mapi_pair_is_set(b));
	mapi_pair_about("<1@x>", INT64_MIN, "mail", b);
	assert_false(mapi_pair_is_set(b));
	mapi_pair_sum(NULL, 0, b);
	assert_false(mapi_pair_is_set(b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(matches),
	        cmocka_unit_test(others_are_passed_over),
	        cmocka_unit_test(surplus),
	        cmocka_unit_test(abouts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
