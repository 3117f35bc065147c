/* Which snapshots stay: tables of days and rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "valise/base/mem.h"
#include "cli/forget/keep.h"

#define SNAPSHOTS 40

/* "2026-03-29 02:30"; the day of the week is reckoned, as no zone plays a part. */
static struct tm at(const char *text)
{
	struct tm t = {0};
	time_t when;

	if (sscanf(text, "%d-%d-%d %d:%d", &t.tm_year, &t.tm_mon, &t.tm_mday, &t.tm_hour,
	            &t.tm_min) != 5)
		fail_msg("%s", text);
	t.tm_year -= 1900;
	t.tm_mon--;
	when = timegm(&t);
	assert_non_null(gmtime_r(&when, &t));
	return t;
}

/* The numbers of those that stay: "1 3 4". */
static void check(
        const char *what, const struct keep_rules *rules, const char *const *days, const char *want)
{
	struct keep_one list[SNAPSHOTS] = {0};
	char have[200] = "";
	size_t n;

	for (n = 0; days[n]; n++)
		list[n] = (struct keep_one){.number = (unsigned)n + 1, .at = at(days[n])};
	keep_choose(rules, list, n);
	for (size_t i = 0; i < n; i++)
		if (list[i].why)
			snprintf(have + strlen(have), sizeof have - strlen(have), "%s%u",
			        *have ? " " : "", list[i].number);
	if (strcmp(have, want) != 0)
		fail_msg("%s: \"%s\" instead of \"%s\"", what, have, want);
}

static const char *const year[] = {
        "2023-12-30 10:00", /* 1 Saturday */
        "2023-12-31 10:00", /* 2 Sunday, the same week */
        "2024-01-01 10:00", /* 3 Monday */
        "2024-02-28 23:59", /* 4 */
        "2024-02-29 00:00", /* 5 a leap day */
        "2024-02-29 23:59", /* 6 */
        "2024-03-01 00:00", /* 7 */
        "2024-03-31 01:30", /* 8 clocks change in Europe */
        "2024-03-31 03:30", /* 9 */
        "2024-12-29 10:00", /* 10 Sunday */
        "2024-12-30 10:00", /* 11 Monday, of ISO week 1 of 2025 */
        "2025-01-01 10:00", /* 12 Wednesday of that week */
        NULL,
};

static void test_rules(void **state)
{
	static const struct {
		const char *what;
		struct keep_rules rules;
		const char *want;
	} rows[] = {
	        {"the newest alone", {.last = 1}, "12"},
	        {"last", {.last = 3}, "10 11 12"},
	        {"more than there are", {.last = 100}, "1 2 3 4 5 6 7 8 9 10 11 12"},
	        {"the last of each day", {.daily = 4}, "9 10 11 12"},
	        {"several a day count once", {.daily = 6}, "6 7 9 10 11 12"},
	        {"weeks begin on Monday", {.weekly = 3}, "9 10 12"},
	        {"a week of two years is one", {.weekly = 7}, "2 3 7 9 10 12"},
	        {"months", {.monthly = 3}, "9 11 12"},
	        {"all months", {.monthly = 99}, "2 3 6 9 11 12"},
	        {"years", {.yearly = 2}, "11 12"},
	        {"all years", {.yearly = 3}, "2 11 12"},
	        {"rules add up", {.last = 1, .daily = 2, .yearly = 3}, "2 11 12"},
	        {"nothing but the newest", {0}, "12"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check(rows[i].what, &rows[i].rules, year, rows[i].want);
}

static void check_within(const char *age, const char *const *days, const char *want)
{
	struct keep_rules r = {.has_within = true};

	assert_true(age_read(age, &r.within));
	check(age, &r, days, want);
}

/* Before the newest one; a month is as long as it is. */
static void test_within(void **state)
{
	static const char *const march[] = {"2023-02-28 11:59", "2023-02-28 12:00",
	        "2023-03-03 12:00", "2023-03-30 12:00", "2023-03-31 11:00", "2023-03-31 12:00",
	        NULL};
	static const char *const leap[] = {
	        "2023-02-28 12:00", "2023-03-01 12:00", "2024-02-29 12:00", NULL};
	static const char *const ages[] = {
	        "1900-01-01 00:00", "1970-01-01 00:00", "2024-01-01 00:00", NULL};

	(void)state;
	check_within("1m", march, "2 3 4 5 6");
	check_within("24h", march, "4 5 6");
	check_within("1h", march, "5 6");
	check_within("4w", march, "3 4 5 6");
	check_within("0d", march, "6");
	check_within("1y", leap, "1 2 3");
	check_within("11m", leap, "3");
	check_within("12m", leap, "1 2 3");
	check_within("54y", ages, "2 3");
	check_within("124y", ages, "1 2 3");
	check_within("99999y", ages, "1 2 3");
}

/* The order is that of the numbers, whatever the clock said. */
static void test_clock(void **state)
{
	static const char *const days[] = {"2026-01-02 10:00", "2036-01-01 10:00",
	        "2026-01-03 10:00", "2026-01-03 11:00", NULL};

	(void)state;
	check("newest", &(struct keep_rules){.last = 1}, days, "4");
	check("daily", &(struct keep_rules){.daily = 2}, days, "2 4");
	check("within", &(struct keep_rules){.has_within = true, .within = {.days = 7}}, days,
	        "2 4");
}

static void test_numbers(void **state)
{
	static const unsigned numbers[] = {5, 2};

	(void)state;
	check("numbers", &(struct keep_rules){.numbers = numbers, .n_numbers = 2}, year, "2 5 12");
}

static void test_words(void **state)
{
	char text[KEEP_TEXT_SIZE];

	(void)state;
	assert_string_equal(keep_text(0, text), "");
	assert_string_equal(keep_text(KEEP_LAST | KEEP_MONTHLY, text), "last, monthly");
	assert_string_equal(keep_text(255, text),
	        "last, within, daily, weekly, monthly, yearly, snapshot, newest");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_rules),
	        cmocka_unit_test(test_within),
	        cmocka_unit_test(test_clock),
	        cmocka_unit_test(test_numbers),
	        cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
