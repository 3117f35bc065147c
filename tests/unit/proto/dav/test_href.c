#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "valise/proto/dav/webdav.h"

#define BASE "https://h/c/"

/* The forms of an href, joined by blanks. */
static void forms_of(const char *href, struct buf *out)
{
	char *list[DAV_FORMS_MAX];
	size_t n = dav_member_forms(BASE, href, list);

	for (size_t i = 0; i < n; i++) {
		buf_putf(out, "%s%s", i ? " " : "",
		        strncmp(list[i], "https://h", 9) == 0 ? list[i] + 9 : list[i]);
		free(list[i]);
	}
}

static void an_href_has_several_forms(void **state)
{
	(void)state;
	static const struct {
		const char *href, *want;
	} rows[] = {
	        {"/c/a.ics", "/c/a.ics"},
	        {"/c/a%20b.ics", "/c/a%20b.ics /c/a%2520b.ics"},
	        {"/c/a b.ics", "/c/a%20b.ics"},
	        {"/c/ev#1.ics", "/c/ev%231.ics"},
	        {"https://other:8443/c/ev#1.ics", "/c/ev%231.ics"},
	        {"ev#1.ics", "/c/ev%231.ics"},
	        {"/c/q?1.ics", "/c/q?1.ics /c/q%3F1.ics"},
	        {"/c?/q.ics", "/c?/q.ics /c%3F/q.ics"},
	        {"/c/a@b.ics", "/c/a@b.ics /c/a%40b.ics"},
	        {"/c/a%40b.ics", "/c/a%40b.ics /c/a@b.ics /c/a%2540b.ics"},
	        {"/c/x%15.ics", "/c/x%15.ics /c/x%2515.ics"},
	        {"/c/100%.ics", "/c/100%25.ics"},
	        {"/c/a+b.ics", "/c/a+b.ics /c/a%2Bb.ics /c/a%20b.ics"},
	        {"/c/a;b.ics", "/c/a;b.ics /c/a%3Bb.ics"},
	        {"/c/a%3bb.ics", "/c/a%3bb.ics /c/a%3Bb.ics /c/a;b.ics /c/a%253bb.ics"},
	        {"/c/a%2Fb.ics", "/c/a%2Fb.ics /c/a%252Fb.ics"},
	        {"/c/a%2520b.ics", "/c/a%2520b.ics /c/a%252520b.ics /c/a%20b.ics"},
	        {"//dav/c/a.ics", "/c/a.ics /dav/c/a.ics"},
	        {"/c//a.ics", "/c//a.ics /c/a.ics"},
	        {"/c/gr\xc3\xb6\xc3\x9f"
	         "e.ics",
	                "/c/gr%C3%B6%C3%9Fe.ics"},
	        {"", "/c/"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf out;

		buf_init(&out, 100000);
		forms_of(rows[i].href, &out);
		if (strcmp(buf_str(&out), rows[i].want) != 0)
			fail_msg("%s: %s", rows[i].href, buf_str(&out));
		buf_clear(&out);
	}
}

static void members_follow_their_collection(void **state)
{
	(void)state;
	static const struct {
		const char *from, *href, *want;
	} rows[] = {
	        {"/c?/", "/c?/a.ics", "https://h/x/c%3F/a.ics"},
	        {"/c/", "https://inner/c/a#b.ics", "https://h/x/c%3F/a%23b.ics"},
	        {"/c", "/c/", "https://h/x/c%3F/"},
	        {"/c/", "/cc/a.ics", "https://h/cc/a.ics"},
	        {"/c/", "a.ics", "https://h/x/c%3F/a.ics"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf out;

		buf_init(&out, 100000);
		assert_true(dav_moved_url(rows[i].from, "https://h/x/c%3F/", rows[i].href, &out));
		assert_string_equal(buf_str(&out), rows[i].want);
		buf_clear(&out);
	}
}

static void prefixes(void **state)
{
	(void)state;
	static const struct {
		const char *asked, *listed, *prefix;
	} rows[] = {
	        {"https://h/my/dav/c/", "https://h/dav/c/", "/my"},
	        {"https://h/my/dav/c", "/dav/c/", "/my"},
	        {"https://h/a/b/c/", "/c", "/a/b"},
	        {"https://h/dav/c/", "https://h/dav/c/", NULL},
	        {"https://h/dav/c/", "https://h/", NULL},
	        {"https://h/dav/c/", "c/", NULL},
	        {"https://h/xdav/c/", "/av/c/", NULL},
	        {"https://h/c/", "/my/c/", NULL},
	};
	struct buf out;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *prefix = dav_prefix_of(rows[i].asked, rows[i].listed);

		if (!prefix != !rows[i].prefix || (prefix && strcmp(prefix, rows[i].prefix) != 0))
			fail_msg("row %zu: %s", i, prefix ? prefix : "-");
		free(prefix);
	}
	buf_init(&out, 1000);
	assert_true(dav_prefixed_url("/my", "https://h/dav/c/", &out));
	assert_string_equal(buf_str(&out), "https://h/my/dav/c/");
	assert_false(dav_prefixed_url("/my", "https://h/my/dav/c/", &out));
	buf_clear(&out);
}

static void where_an_answer_points_to(void **state)
{
	(void)state;
	static const struct {
		const char *location, *want; /* NULL: nowhere */
	} rows[] = {
	        {"/c/b.ics", "https://h/c/b.ics"},
	        {"b.ics", "https://h/c/b.ics"},
	        {"https://H:443/x", "https://h/x"},
	        {"http://h/x", NULL},
	        {"https://evil/x", NULL},
	        {"//evil/x", NULL},
	        {"mailto:x", NULL},
	};
	struct buf out;

	buf_init(&out, 1000);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		buf_reset(&out);
		buf_puts(&out, "of before");
		assert_int_equal(dav_location_url(BASE "a.ics", rows[i].location, &out),
		        rows[i].want != NULL);
		assert_string_equal(buf_str(&out), rows[i].want ? rows[i].want : "");
	}
	buf_clear(&out);
}

static void members_and_paths(void **state)
{
	(void)state;
	static const struct {
		const char *href, *path;
	} rows[] = {
	        {"/a%20b/c/", "/a b/c"},
	        {"https://h:8443/a//b", "/a//b"},
	        {"//h/a", "/a"},
	        {"https://h", ""},
	        {"/a%zz/", "/a%zz"},
	};
	struct buf out;

	buf_init(&out, 1000);
	dav_child_url("https://h/c", "a b/1.ics", false, &out);
	assert_string_equal(buf_str(&out), "https://h/c/a%20b%2F1.ics");
	dav_child_url(BASE, "x", true, &out);
	assert_string_equal(buf_str(&out), BASE "x/");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		buf_reset(&out);
		dav_put_path(rows[i].href, &out);
		assert_int_equal(out.len, strlen(rows[i].path));
		assert_memory_equal(out.data, rows[i].path, out.len);
	}
	buf_clear(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(an_href_has_several_forms),
	        cmocka_unit_test(members_follow_their_collection),
	        cmocka_unit_test(prefixes),
	        cmocka_unit_test(where_an_answer_points_to),
	        cmocka_unit_test(members_and_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
