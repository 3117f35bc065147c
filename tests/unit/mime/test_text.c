/* Texts of parts: charsets, flowed lines, HTML. */
#include "mime/read.h"

#define TYPE(type) "Content-Type: " type "\n\n"

static void test_charsets(void **state)
{
	static const struct {
		const char *message, *want;
	} cases[] = {
	        {TYPE("text/plain; charset=utf-8") "caf\u00e9 \xff\xc3", "caf\u00e9 \ufffd\ufffd"},
	        {TYPE("text/plain; charset=iso-8859-1") "caf\xe9", "caf\u00e9"},
	        {TYPE("text/plain; charset=\"koi8-r\"") "\xd0\xd2\xc9", "\u043f\u0440\u0438"},
	        {TYPE("text/plain; charset=iso-2022-jp") "\x1b$B;3\x1b(B", "\u5c71"},
	        {TYPE("text/plain; charset=utf-7") "+ANw-ber", "\u00dcber"},
	        {TYPE("text/plain") "caf\xe9 \x80 caf\u00e9", "caf\u00e9 \u20ac caf\u00e9"},
	        {TYPE("text/plain; charset=us-ascii") "\x93q\x94", "\u201cq\u201d"},
	        {TYPE("text/plain; charset=x-nonsense") "caf\u00e9", "caf\u00e9"},
	        {TYPE("text/plain; charset=\"../../etc\"") "x", "x"},
	        {TYPE("text/plain; charset=iso-2022-cn-ext") "x", "x"},
	        {TYPE("text/plain") "a\r\nb\rc\n\r\nd", "a\nb\nc\n\nd"},
	        {TYPE("image/png") "no text", ""},
	        {TYPE("multipart/mixed; boundary=b") "--b\n\nx\n--b--", ""},
	        {TYPE("message/rfc822") "From: A\nSubject: =?utf-8?q?=C3=A4?=\nX: y\n\nz",
	                "From: A\nSubject: \u00e4\n"},
	};
	static const char nul[] = TYPE("text/plain; charset=utf-16le") "a\0b\0\0\0";
	struct mime_message *m = open_octets(nul, sizeof nul - 1);
	char *got = part_of(m, 0, true);

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_text(cases[i].message, cases[i].want);
	assert_string_equal(got, "ab\ufffd");
	free(got);
	mime_free(m);
}

/* RFC 3676 */
static void test_flowed(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
	        {"one \ntwo\nthree\n", "one two\nthree\n"},
	        {"> a \n> b\n>> c \n> d\n", "> a b\n>> c \n> d\n"},
	        {" >stuffed\n From \nx", ">stuffed\nFrom x\n"},
	        {"text\n-- \nname\n", "text\n-- \nname\n"},
	        {"ends \n", "ends \n"},
	        {"a \n\nb", "a \nb\n"},
	        {">", "> \n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *message = xasprintf(TYPE("text/plain; format=flowed") "%s", cases[i].text);

		assert_text(message, cases[i].want);
		free(message);
	}
	assert_text(
	        TYPE("text/plain; format=Flowed; DelSp=Yes") "\u5c71 \n\u7530\n", "\u5c71\u7530\n");
}

static void test_html(void **state)
{
	static const struct {
		const char *html, *want;
	} cases[] = {
	        {"", ""},
	        {"<p>one<p>two &amp; &#x20ac;&nbsp; <b>bold</b>\n text",
	                "one\n\ntwo & \u20ac bold text\n"},
	        {"a<br>b<br><br><br>c", "a\nb\n\nc\n"},
	        {"<div>a</div><div><br></div><div>b</div>", "a\n\nb\n"},
	        {"<title>t</title><style>p{}</style><script>if (a<b) x()</script>a<!-- c -->b",
	                "ab\n"},
	        {"<ul><li>a<li>b<ol start=3><li>c<li>d</ol></ul>e",
	                "* a\n* b\n  3. c\n  4. d\n\ne\n"},
	        {"<table><tr><td><p>Pears</p></td><td>4</td></tr><tr><td>Figs<td>5</table>",
	                "Pears   4\nFigs   5\n"},
	        {"<table><tr><td>a<br>b</td><td>c</td></tr></table>", "a\nb\nc\n"},
	        {"<blockquote>q<br>r<blockquote>s</blockquote></blockquote>t",
	                "> q\n> r\n\n> > s\n\nt\n"},
	        {"<pre>a  b\n  c\n\nd</pre>e", "a  b\n  c\n\nd\n\ne\n"},
	        {"<h1>T</h1>x<hr>y", "T\n\nx\n----\ny\n"},
	        {"<img alt='a  dog'><img alt=''><img>", "[a dog]\n"},
	        {"soft\u00adhyphen\u200b \ufeffx", "softhyphen x\n"},
	        {"</p>a</body></html>b<html><body>c", "abc\n"},
	        {"a < b > c <3", "a < b > c <3\n"},
	        {"a\0b", "a\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf got = buf_of(SIZE_MAX);
		struct err err = {0};

		assert_int_equal(html_text(cases[i].html, strlen(cases[i].html), NULL, UINT64_MAX,
		                         to_buf, &got, &err),
		        0);
		assert_string_equal(buf_str(&got), cases[i].want);
		buf_clear(&got);
	}
}

/* Where a link leads is said, unless the text says it. */
static void test_links(void **state)
{
	static const struct {
		const char *href, *text, *want;
	} cases[] = {
	        {"http://evil.example/", "https://bank.example",
	                "https://bank.example <http://evil.example/>\n"},
	        {"https://ok.example/", "ok.example", "ok.example\n"},
	        {"HTTPS://OK.example", "https://ok.example/", "https://ok.example/\n"},
	        {"mailto:a@b.c", "a@b.c", "a@b.c\n"},
	        {"mailto:a@b.c", "Ann", "Ann <mailto:a@b.c>\n"},
	        {"#top", "top", "top\n"},
	        {"javascript:x()", "x", "x\n"},
	        {"cid:a", "x", "x\n"},
	        {"", "x", "x\n"},
	        {"http://a.example/", "", "<http://a.example/>\n"},
	        {"http://a.example/\n b", "x", "x <http://a.example/  b>\n"},
	        {"http://bank.example@evil.example", "bank.example",
	                "bank.example <http://bank.example@evil.example>\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *html = xasprintf("<a href=\"%s\">%s</a>", cases[i].href, cases[i].text);
		struct buf got = buf_of(SIZE_MAX);
		struct err err = {0};

		assert_int_equal(
		        html_text(html, strlen(html), NULL, UINT64_MAX, to_buf, &got, &err), 0);
		assert_string_equal(buf_str(&got), cases[i].want);
		buf_clear(&got);
		free(html);
	}
}

static void test_html_charset(void **state)
{
	static const struct {
		const char *message, *want;
	} cases[] = {
	        {TYPE("text/html; charset=iso-8859-1") "<meta charset=utf-8>caf\xe9",
	                "caf\u00e9\n"},
	        {TYPE("text/html") "<meta charset='koi8-r'>\xd0", "\u043f\n"},
	        {TYPE("text/html; charset=us-ascii") "<meta http-equiv=x content='text/html; charset=koi8-r'>\xd0",
	                "\u043f\n"},
	        {TYPE("text/html") "<meta charset=utf-16>caf\u00e9 \xe9", "caf\u00e9 \u00e9\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_text(cases[i].message, cases[i].want);
}

/* None of it takes long, or more than its text. */
static void test_html_bombs(void **state)
{
	static const struct {
		const char *head, *body, *tail, *ends;
		size_t n;
	} cases[] = {
	        {"", "<b>", "end", "end\n", 500000},
	        {"", "<div><i>", "</u></b>end", "end\n", 100000},
	        {"", "<blockquote>", "end", "> > end\n", 100000},
	        {"", "<table><tr><td>", "end", "end\n", 100000},
	        {"<ul>", "<li>x", "end", "* xend\n", 100000},
	        {"a<!--", "x y ", "-->end", "aend\n", 1000000},
	        {"a<img src=\"data:", "QUJD", "\">end", "aend\n", 1000000},
	        {"<a ", "x=y ", ">end</a>", "end\n", 1000000},
	        {"", "</x>", "end", "end\n", 500000},
	        {"", "&", "end", "end\n", 500000},
	        {"", "<", "end", "<\n", 500000},
	        {"<script>", "</x ", "</script>end", "end\n", 500000},
	        {"", "word ", "", "\n[the rest is left out]\n", 3000000},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf html = buf_of(SIZE_MAX), got = buf_of(SIZE_MAX);
		struct err err = {0};
		size_t len = strlen(cases[i].ends);

		buf_puts(&html, cases[i].head);
		for (size_t k = 0; k < cases[i].n; k++)
			buf_puts(&html, cases[i].body);
		buf_puts(&html, cases[i].tail);
		assert_int_equal(
		        html_text(html.data, html.len, NULL, UINT64_MAX, to_buf, &got, &err), 0);
		if (got.len < len)
			fail_msg("case %zu: %s", i, buf_str(&got));
		assert_string_equal(buf_str(&got) + got.len - len, cases[i].ends);
		buf_clear(&html);
		buf_clear(&got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_charsets),
	        cmocka_unit_test(test_flowed),
	        cmocka_unit_test(test_html),
	        cmocka_unit_test(test_links),
	        cmocka_unit_test(test_html_charset),
	        cmocka_unit_test(test_html_bombs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
