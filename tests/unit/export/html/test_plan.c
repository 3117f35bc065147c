/* Pages of an export: which item stands where, and what files are called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <string.h>
#include "export/html/plan.h"
#include "valise/base/mem.h"

static void safe_files(void **state)
{
	static const struct {
		const char *name, *type, *want;
		bool picture;
	} cases[] = {
	        {"report.pdf", "application/pdf", "1-report.pdf", false},
	        {"a.HTML", "text/plain", "1-a.html.txt", false},
	        {"a.xhtml", "image/png", "1-a.xhtml.txt", false},
	        {"x.svg", "image/png", "1-x.svg.txt", false},
	        {"../../etc/passwd", "text/plain", "1-etc_passwd.txt", false},
	        {"..", "image/png", "1-.png", true},
	        {"a.exe ", "image/png", "1-a.exe.png", true},
	        {"a.pdf.exe", "application/pdf", "1-a.pdf.exe.bin", false},
	        {"a.lnk", "application/pdf", "1-a.lnk.bin", false},
	        {"a.", "application/pdf", "1-a.pdf", false},
	        {"README", "application/octet-stream", "1-README.bin", false},
	        {NULL, "text/html", "1-part.html.txt", false},
	        {NULL, "message/rfc822", "1-part.eml", false},
	        {NULL, NULL, "1-part.bin", false},
	        {"\xe2\x80\xaegpj.exe", "image/jpeg", "1-gpj.exe.bin", false},
	        {"a.png\n.html", "image/png", "1-a.png.html.txt", false},
	        {"pic.PNG", "image/png", "1-pic.png", true},
	        {"pic.png", "text/html", "1-pic.png", false},
	        {"CON", "text/plain", "1-CON.txt", false},
	        {"a.verylongextension", "text/plain", "1-a.verylongextension.txt", false},
	        {"012345678901234567890123456789012345678901234567890123456789.pdf", "x/y",
	                "1-012345678901234567890123456789012345678901234567.pdf", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf out = buf_of(256);

		assert_int_equal(
		        html_safe_file(1, cases[i].name, cases[i].type, &out), cases[i].picture);
		assert_string_equal(buf_str(&out), cases[i].want);
		buf_clear(&out);
	}
}

static void folder_dirs(void **state)
{
	struct buf a = buf_of(256), b = buf_of(256);

	(void)state;
	html_folder_dir("INBOX/Gr\xc3\xb6\xc3\x9f"
	                "e & more",
	        &a);
	assert_memory_equal(buf_str(&a), "inbox-gr-e-more-", 16);
	assert_int_equal(a.len, 16 + 8);
	html_folder_dir("inbox/gr\xc3\xb6\xc3\x9f"
	                "e & more",
	        &b);
	assert_string_not_equal(buf_str(&a), buf_str(&b));
	buf_reset(&a);
	html_folder_dir("\xe6\x97\xa5", &a);
	assert_int_equal(a.len, 8);
	buf_clear(&a);
	buf_clear(&b);
}

/* The month and the local time that an item has. */
static void dates(void **state)
{
	static const struct {
		enum coll_kind kind;
		const char *said; /* Date or DTSTART */
		int64_t utc;
		int16_t zone;
		uint32_t year, month; /* 0: none */
		int64_t local;
	} cases[] = {
	        {COLL_MAIL, "Fri, 31 Dec 1999 23:30:00 -0100", 5, 0, 1999, 12, 946683000},
	        {COLL_MAIL, "1 Jan 2000 00:30:00 +0100", 5, 0, 2000, 1, 946686600},
	        {COLL_MAIL, "nonsense", 946686600, 60, 2000, 1, 946690200},
	        {COLL_MAIL, NULL, 946686600, -60, 1999, 12, 946683000},
	        {COLL_MAIL, "1 Jan 0001 00:00:00 +0000", 946686600, 0, 2000, 1, 946686600},
	        {COLL_MAIL, "nonsense", 0, 0, 0, 0, 0},
	        {COLL_MAIL, NULL, INT64_MAX / 4, 0, 0, 0, INT64_MAX / 4},
	        {COLL_CALENDAR, "2024-07-01T10:00:00 Europe/Berlin", 5, 0, 2024, 7, 1719828000},
	        {COLL_CALENDAR, "2024-07-01", 5, 0, 2024, 7, 1719792000},
	        {COLL_CALENDAR, "2024-07-01T", 5, 0, 2024, 7, 1719792000},
	        {COLL_CALENDAR, "2024-13-01", 5, 0, 0, 0, 0},
	        {COLL_CALENDAR, NULL, 946686600, 0, 0, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct tree_item it = {.date_utc = cases[i].utc, .zone_min = cases[i].zone};
		struct item_about about = {0};
		struct html_entry e = {0};

		about.text[cases[i].kind == COLL_MAIL ? ABOUT_DATE : ABOUT_START] =
		        (char *)(uintptr_t)cases[i].said;
		html_date_entry(cases[i].kind, &it, &about, &e);
		assert_int_equal(
		        e.month, cases[i].year ? cases[i].year * 12 + cases[i].month - 1 : 0);
		if (cases[i].year)
			assert_int_equal(e.local, cases[i].local);
	}
}

/* Many items: pages of 500, every item on one of them, no name twice in a folder. */
static void pages(void **state)
{
	enum { N = 1201 };
	struct tree_coll *c = tree_coll_new(COLL_MAIL, "INBOX");
	struct html_entry *entries = xcalloc(N, sizeof *entries);
	struct html_plan plan = {0};

	(void)state;
	for (size_t i = 0; i < N; i++) {
		struct tree_item it = {.uid = (uint32_t)i + 1, .sha256 = {(uint8_t)(i % 7)}};

		tree_coll_add(c, &it);
		entries[i] = (struct html_entry){
		        .item = i, .order = (int64_t)(N - i), .month = i < 100 ? 24290 : 24289};
	}
	html_plan_make(&plan, entries, N, c);
	assert_int_equal(plan.n_pages, 4);
	assert_int_equal(plan.n_months, 2);
	assert_int_equal(plan.months[0].items, N - 100);
	assert_int_equal(plan.pages[2].n, 101);
	assert_int_equal(plan.pages[2].number, 3);
	assert_int_equal(plan.pages[3].number, 1);
	assert_int_equal(plan.entries[0].item, N - 1);
	for (size_t i = 0; i < N; i++) {
		const struct html_entry *e = &plan.entries[i];

		assert_int_equal(plan.place[e->item], i);
		assert_true(i >= plan.pages[e->page].first &&
		            i < plan.pages[e->page].first + plan.pages[e->page].n);
		for (size_t k = plan.pages[e->page].first; k < i; k++)
			assert_string_not_equal(plan.entries[k].name, e->name);
	}
	html_plan_clear(&plan);
	tree_coll_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(safe_files),
	        cmocka_unit_test(folder_dirs), cmocka_unit_test(dates), cmocka_unit_test(pages)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
