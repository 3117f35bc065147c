/* Text from outside in HTML stays text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "valise/base/markup.h"
#include "valise/base/mem.h"

static void elements(void **state)
{
	struct buf b = buf_of(4096);

	(void)state;
	markup_element(
	        &b, "p class=\"x\"", "<script>'a' & \"b\"</script>\x1b\n\xe2\x80\xae.exe\xff");
	assert_string_equal(buf_str(&b),
	        "<p class=\"x\">&lt;script&gt;&#39;a&#39; &amp; &quot;b&quot;&lt;/script&gt;"
	        "\\x1b\\x0a\\u202e.exe\\xff</p>");
	buf_reset(&b);
	markup_element(&b, "td", NULL);
	assert_string_equal(buf_str(&b), "<td></td>");
	buf_clear(&b);
}

static void lines(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
	        {"", ""},
	        {"a\nb\r\nc\rd\r", "a\nb\nc\nd\n"},
	        {"a\tb", "a\tb"},
	        {"</pre><img src=x onerror='a()'>",
	                "&lt;/pre&gt;&lt;img src=x onerror=&#39;a()&#39;&gt;"},
	        {"gpj.\xe2\x80\xae"
	         "exe\xe2\x81\xa6\xe2\x80\x8f",
	                "gpj.exe"},
	        {"\x1b[2J\x7f\xc2\x85", "\\x1b[2J\\x7f\\x85"},
	        {"\xff\xc3\xa4\xc3", "\xef\xbf\xbd\xc3\xa4\xef\xbf\xbd"},
	};
	struct buf b = buf_of(4096);

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		buf_reset(&b);
		markup_lines(&b, cases[i].in, strlen(cases[i].in));
		assert_string_equal(buf_str(&b), cases[i].out);
	}
	buf_reset(&b);
	markup_lines(&b, "a\0b", 3);
	assert_string_equal(buf_str(&b), "a\\x00b");
	buf_clear(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(elements), cmocka_unit_test(lines)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
