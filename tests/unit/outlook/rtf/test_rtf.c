/* Texts of RTF, and what was put into it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include "outlook/rtf/internal.h"
#include "valise/base/mem.h"

static char *extract(const char *rtf)
{
	struct buf out = buf_of(SIZE_MAX);
	struct err err = {0};

	assert_int_equal(rtf_extract(rtf, strlen(rtf), &out, &err), 0);
	return buf_take(&out);
}

struct rtf_case {
	const char *rtf, *want;
};

static void check(const struct rtf_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *got = extract(cases[i].rtf);

		assert_string_equal(got, cases[i].want);
		free(got);
	}
}

static void test_words_in_order(void **state)
{
	size_t n;
	const struct rtf_word *w = rtf_words(&n);

	(void)state;
	for (size_t i = 0; i < n; i++)
		assert_ptr_equal(rtf_word_of(w[i].name), &w[i]);
	assert_null(rtf_word_of("pard"));
}

static void test_what(void **state)
{
	static const struct {
		const char *rtf;
		enum rtf_was was;
	} cases[] = {
	        {"{\\rtf1\\ansi\\ansicpg1252\\fromtext \\deff0{\\fonttbl", RTF_WAS_TEXT},
	        {"{\\rtf1\\ansi\\ansicpg1252\\fromhtml1 \\deff0{\\fonttbl", RTF_WAS_HTML},
	        {"\r\n {\\rtf\\fromhtml", RTF_WAS_HTML},
	        {"{\\rtf1\\ansi\\fromhtml0 x", RTF_IS_RTF},
	        {"{\\rtf1{\\fonttbl}\\fromhtml1", RTF_IS_RTF},
	        {"{\\rtf1 text \\fromtext}", RTF_IS_RTF},
	        {"{\\rtf1}", RTF_IS_RTF},
	        {"{\\urtf1}", RTF_NONE},
	        {"<html>", RTF_NONE},
	        {"", RTF_NONE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(rtf_what(cases[i].rtf, strlen(cases[i].rtf)), cases[i].was);
}

#define HTML "{\\rtf1\\ansi\\ansicpg1252\\fromhtml1 \\deff0"
#define TEXT "{\\rtf1\\ansi\\ansicpg1252\\fromtext \\deff0"
#define RTF "{\\rtf1\\ansi\\ansicpg1252\\deff0"
#define FONTS                                                                                      \
	"{\\fonttbl{\\f0\\fswiss\\fcharset0 Arial;}{\\f1\\fcharset204 Arial;}"                     \
	"{\\f2\\fnil\\fcharset2{\\*\\panose 0}Symbol{\\*\\falt x};}{\\f3\\fcharset128 MS Mincho;}" \
	"{\\f4\\fcharset1\\cpg1253 X;}}"

/* After the example of MS-OXRTFEX 3.1. */
static void test_html_example(void **state)
{
	static const char rtf[] =
	        "{\\rtf1\\ANSI\\ansicpg1251\\fromhtml1 \\deff0\r\n"
	        "{\\fonttbl {\\f0\\fmodern Courier New;}{\\f1\\fswiss Arial;}"
	        "{\\f2\\fswiss\\fcharset0 Arial;}}\r\n"
	        "{\\colortbl\\red0\\green0\\blue0;\\red0\\green0\\blue255;}\r\n"
	        "{\\*\\htmltag64}\r\n\\uc1\\pard\\plain\\deftab360 \\f0\\fs24\r\n"
	        "{\\*\\htmltag <HTML><head>\\par\r\n<style>\\par\r\n<!--\\par\r\n"
	        "p.MsoNormal, li.MsoNormal \\{font-family:Arial;\\}\\par\r\n-->\\par\r\n</style>\\par"
	        "\r\n\\tab <!-- This is a HTML comment. -->\\par\r\n</head>\\par\r\n<body>\\par\r\n"
	        "<p\\par\r\nclass=\"MsoNormal\">}\r\n"
	        "{\\htmlrtf \\f1 \\htmlrtf0 Note the line break inside a P tag. {\\*\\htmltag <b>}"
	        "{\\htmlrtf \\b \\htmlrtf0 This is {\\*\\htmltag <u>}{\\htmlrtf \\ul \\htmlrtf0 bold"
	        "\\htmlrtf\\ul0\\htmlrtf0 {\\*\\htmltag </u>}} text\\htmlrtf\\b0\\htmlrtf0 "
	        "{\\*\\htmltag </b>}}\r\n\\htmlrtf\\par\\htmlrtf0}\r\n"
	        "\\htmlrtf \\par \\htmlrtf0\r\n{\\*\\htmltag </p>\\par\r\n"
	        "<p class=\"MsoNormal\">\\par}\r\n{\\htmlrtf \\f1 \\htmlrtf0\r\n"
	        "Character references: {\\*\\htmltag &nbsp;}\\htmlrtf \\'a0\\htmlrtf0  "
	        "{\\*\\htmltag &lt;}\\htmlrtf <\\htmlrtf0  {\\*\\htmltag &uml;}\\htmlrtf {\\f2\\'a8}"
	        "\\htmlrtf0{\\*\\htmltag <br>\\par}\\htmlrtf\\line\\htmlrtf0\r\n"
	        "special meaning in RTF: \\{\\}\\\\{\\*\\htmltag <br>\\par}\\htmlrtf\\line\\htmlrtf0"
	        "\\htmlrtf\\par\\htmlrtf0}\r\n{\\*\\htmltag </p>\\par\r\n<ol>\\par\r\n"
	        "    <li class=\"MsoNormal\">}{\\pntext 1.\\tab}{\\*\\pn\\pnlvlbody}\r\n"
	        "{\\htmlrtf \\f1 \\htmlrtf0 This is a list item}\\htmlrtf\\par\\htmlrtf0\r\n"
	        "{\\*\\htmltag \\par\r\n</ol>\\par\r\n</body>\\par\r\n</HTML>\\par }}\r\n";
	static const char want[] =
	        "<HTML><head>\r\n<style>\r\n<!--\r\np.MsoNormal, li.MsoNormal {font-family:Arial;}"
	        "\r\n-->\r\n</style>\r\n\t<!-- This is a HTML comment. -->\r\n</head>\r\n<body>\r\n"
	        "<p\r\nclass=\"MsoNormal\">Note the line break inside a P tag. <b>This is <u>bold</u> "
	        "text</b></p>\r\n<p class=\"MsoNormal\">\r\nCharacter references: &nbsp; &lt; "
	        "&uml;<br>\r\nspecial meaning in RTF: {}\\<br>\r\n</p>\r\n<ol>\r\n"
	        "    <li class=\"MsoNormal\">This is a list item\r\n</ol>\r\n</body>\r\n</HTML>\r\n";
	char *got = extract(rtf);

	(void)state;
	assert_string_equal(got, want);
	free(got);
}

static void test_html(void **state)
{
	static const struct rtf_case cases[] = {
	        {HTML "{\\*\\htmltag1 <a>}\\htmlrtf {\\b \\htmlrtf0 x\\htmlrtf }\\htmlrtf0 y}",
	                "<a>xy"},
	        {HTML "{\\*\\mhtmltag84 <a href=3D>}{\\*\\htmltag84 <a href=1>}z}", "<a href=1>z"},
	        {HTML "\\htmlrtf a{\\*\\htmltag <b>}\\htmlrtf0 c}", "c"},
	        {HTML "{\\*\\generator x;}{\\info{\\title t}}\\emdash\\~\\_\\-\\bullet\\lquote}",
	                "\u2014\u00a0\u00ad\u00ad\u2022\u2018"},
	        /* of a tag the code page is the document's, of text the font's */
	        {HTML FONTS "\\f1 \\'cf{\\*\\htmltag \\'cf}{\\f3 \\'93\\'fa\\'96{}{\\'7b}}}",
	                "\u041f\u00cf\u65e5\u672c"},
	        {HTML "{\\*\\htmltag <p title=\"\\u8364?\">}\\u-10179?\\u-8704?}",
	                "<p title=\"\u20ac\">\U0001f600"},
	        {HTML "{\\v x}{\\field{\\*\\fldinst HYPERLINK \"u\"}{\\fldrslt y}}", "xy"},
	        {HTML "\\intbl a\\cell\\row b}", "ab"},
	        {HTML "{\\*\\htmltag <meta http-equiv=Content-Type content=\"text/html; "
	              "charset=iso-8859-1\"><META CHARSET='koi8-r'>}{\\*\\htmltag <body>charset=x}}",
	                "<meta http-equiv=Content-Type content=\"text/html; charset=utf-8\">"
	                "<META CHARSET='utf-8'><body>charset=x"},
	        {HTML "{\\*\\htmltag <?xml version=\"1.0\" encoding=\"us-ascii\"?><meta name=x>"
	              "<body><meta charset=x>}}",
	                "<?xml version=\"1.0\" encoding=\"utf-8\"?><meta name=x><body><meta "
	                "charset=x>"},
	        {HTML "{\\*\\htmltag <meta }", "<meta "},
	        {HTML "{\\*\\htmltag <meta charset=}", "<meta charset="},
	};

	(void)state;
	check(cases, COUNT(cases));
}

static void test_text(void **state)
{
	static const struct rtf_case cases[] = {
	        {TEXT FONTS "\\pard a\\par\r\nb\\line c\\tab d\\par\n}\0x", "a\r\nb\r\nc\td\r\n"},
	        {TEXT "{\\field{\\*\\fldinst HYPERLINK \"http://x\"}{\\fldrslt y}}}", "y"},
	        {TEXT "\\\r\nx\\\nz\\\ty\\'0d\\'0aq\\'0av}", "\r\nx\r\nz\ty\r\nq\r\nv"},
	        {TEXT "{\\*\\htmltag <b>}{\\v hidden}}", "hidden"},
	};

	(void)state;
	check(cases, COUNT(cases));
}

static void test_code_pages(void **state)
{
	static const struct rtf_case cases[] = {
	        {RTF "\\'80\\'e9}", "\u20ac\u00e9"},
	        {"{\\rtf1\\mac\\'8e}", "\u00e9"},
	        {"{\\rtf1\\pc\\'82}", "\u00e9"},
	        {"{\\rtf1\\pca\\'82}", "\u00e9"},
	        {"{\\rtf1\\ansi\\ansicpg65001\\'c3\\'a9\xc3\xa9}", "\u00e9\u00e9"},
	        {"{\\rtf1\\ansi\\ansicpg932\\'93\\'fa\\'96{}{\\'7b}}", "\u65e5\u672c"},
	        {"{\\rtf1\\ansi\\ansicpg932\\'83\\\\\\'83\\{x}", "\u30bd\u30dcx"},
	        {"{\\rtf1\\ansi\\ansicpg932\\'83}", "\ufffd"},
	        {"{\\rtf1\\ansi\\ansicpg99999\\'e9}", "\u00e9"},
	        {RTF FONTS "\\f1\\'cf\\f0\\'cf{\\f4\\'e1}\\plain\\'cf}",
	                "\u041f\u00cf\u03b1\u00cf"},
	        {RTF FONTS "\\f99\\'cf\\f-3\\'cf\\f\\'cf}", "\u00cf\u00cf\u00cf"},
	        {RTF FONTS "{\\cchs204\\'cf}{\\cchs161\\'e1\\plain\\'e1}", "\u041f\u03b1\u00e1"},
	        {RTF FONTS "\\loch\\af0\\hich\\af0\\dbch\\af3\\'93\\'fa\\loch\\f0\\'e9}",
	                "\u65e5\u00e9"},
	        {RTF "{\\fonttbl\\f0\\fcharset204 A;\\f1\\fcharset161 B;}\\'cf{\\f1\\'e1}}",
	                "\u041f\u03b1"},
	};

	(void)state;
	check(cases, COUNT(cases));
}

static void test_unicode(void **state)
{
	static const struct rtf_case cases[] = {
	        {RTF "\\u8364?x}", "\u20acx"},
	        {RTF "\\u8364 ?x}", "\u20acx"},
	        {RTF "\\uc0\\u8364 x}", "\u20acx"},
	        {RTF "\\uc2\\u8364\\'80\\'81x}", "\u20acx"},
	        {RTF "{\\uc3\\u8364 abcd}\\u8364 ef}", "\u20acd\u20acf"},
	        {RTF "\\u8220\\ldblquote x\\u8364\\{y\\u8364\\~z}", "\u201cx\u20acy\u20acz"},
	        {RTF "\\u8364\\u8364?x}", "\u20ac\u20acx"},
	        {RTF "{\\u8364}x}", "\u20acx"},
	        {RTF "\\u-3913?x}", "\uf0b7x"},
	        {RTF "\\u55357?\\u56832?x\\u128512?y}", "\U0001f600x\U0001f600y"},
	        {RTF "\\u55357?x\\u56832?}", "\ufffdx\ufffd"},
	        {RTF "\\u0?\\u99999999?\\u x}", "\ufffdx"},
	        {RTF "\\u8364\\bin3 }}}?x}", "\u20ac?x"},
	        {RTF "{\\upr{a{\\*\\bkmkstart x}b}{\\*\\ud{c{\\*\\bkmkstart x}\\u8364?}}}d}",
	                "c\u20acd"},
	        {RTF "{\\*\\unknown{\\*\\ud x}}}", ""},
	};

	(void)state;
	check(cases, COUNT(cases));
}

static void test_plain(void **state)
{
	static const struct rtf_case cases[] = {
	        {RTF "{\\stylesheet{\\s0 Normal;}}{\\info{\\author A}}{\\*\\generator G;}x}", "x"},
	        {RTF "{\\header h}{\\footer f}{\\*\\bkmkstart b}x{\\*\\bkmkend b}}", "x"},
	        {RTF "a{\\v b{\\v0 c}d}e\\v f\\plain g{\\deleted h}}", "aceg"},
	        {RTF "a{\\pict\\pngblip 89504e47}{\\*\\shppict{\\pict 00}}{\\nonshppict{\\pict 0}}b}",
	                "ab"},
	        {RTF "{\\object\\objemb{\\*\\objclass Word}{\\*\\objdata 0105}{\\result{r}}}x}",
	                "rx"},
	        {RTF "a\\bin5 }{\\{}b}", "ab"},
	        {RTF "{\\pntext\\f1 1.\\tab}one\\par{\\listtext\\f2 \\'b7\\tab}two\\par}",
	                "1.\tone\r\n\u00b7\ttwo\r\n"},
	        {RTF FONTS "{\\listtext\\f2 \\'a8 \\u-3929?\\tab}x\\f2\\'b7}",
	                "\u2022 \u2022\tx\u00b7"},
	        {RTF "\\trowd\\intbl a\\cell b\\cell\\row c\\cell\\row}", "a\tb\r\nc\r\n"},
	        {RTF "a\\nestcell{\\*\\nesttableprops\\trowd\\nestrow}{\\nonesttables\\par}\\cell"
	             "\\row}",
	                "a\r\n\r\n"},
	        {RTF "x{\\footnote y}z\\emspace\\enspace\\ltrmark\\zwj}",
	                "x [y]z\u2003\u2002\u200e\u200d"},
	        {RTF "{\\shp{\\*\\shpinst\\shpleft0{\\sp{\\sn n}{\\sv v}}{\\shptxt in a box}}"
	             "{\\shprslt{\\*\\do{\\dptxbxtext in a box}}}}}",
	                "in a box"},
	        {RTF "soft\\-hyphen hard\\_hyphen\\~\\|}", "softhyphen hard\u2011hyphen\u00a0"},
	        {RTF "a\\page b\\sect c\\column d}", "a\r\nb\r\nc\r\nd"},
	        {RTF "\\'4\\'zz x}", "4zz x"},
	        {RTF "{{{x}", "x"},
	        {RTF "x}}}y", "x"},
	        {RTF "x\\", "x"},
	        {RTF "\\averyveryveryveryveryveryverylongword12345678901234567890 x}", "x"},
	};

	(void)state;
	check(cases, COUNT(cases));
}

#define LINK(inst, text) RTF "{\\field{\\*\\fldinst" inst "}{\\fldrslt " text "}}.}"
static void test_fields(void **state)
{
	static const struct rtf_case cases[] = {
	        {LINK(" HYPERLINK \"http://e.example/a\" ", "here"), "here <http://e.example/a>."},
	        {LINK("{HYPERLINK \"http://e.example/\"}", "{\\ul http://e.example}"),
	                "http://e.example."},
	        {LINK(" HYPERLINK mailto:a@e.example", "a@e.example"), "a@e.example."},
	        {LINK(" HYPERLINK \\\\l \"part\"", "p"), "p <#part>."},
	        {LINK(" hyperlink \"http://x\" \\\\l \"y\" \\\\o \"tip\" \\\\t \"_blank\" \\\\n",
	                 "p"),
	                "p <http://x#y>."},
	        {LINK(" HYPERLINK \"\\\\\\\\\\\\\\\\srv\\\\\\\\a\"", "p"), "p <\\\\srv\\a>."},
	        {LINK(" HYPERLINK \"http://\\u8364?\"", "p"), "p <http://\u20ac>."},
	        {LINK(" HYPERLINK \"http://x\"", ""), "<http://x>."},
	        {LINK(" PAGE", "3"), "3."},
	        {LINK(" HYPERLINK", "3"), "3."},
	        {LINK(" HYPERLINK \"x\"", "{\\field{\\*\\fldinst HYPERLINK \"y\"}{\\fldrslt z}}"),
	                "z <y> <x>."},
	        {LINK(" HYPERLINK \"{\\field{\\*\\fldinst A}{\\fldrslt y}}\"", "z"), "z <Ay>."},
	        {RTF "{\\v{\\field{\\*\\fldinst HYPERLINK \"x\"}{\\fldrslt z}}}}", ""},
	        {RTF "{\\field{\\*\\fldinst HYPERLINK \"x\"}{\\fldrslt z", "z"},
	        {RTF "{\\field{\\*\\fldinst HYPERLINK \"x", ""},
	        {RTF "{\\field{\\*\\fldinst HYPERLINK \"x\"}{\\fldrslt a\\cell{\\fldrslt\\row}}}}",
	                "a\r\n <x>"},
	};

	(void)state;
	check(cases, COUNT(cases));
}

/* What is deep, long or many takes no more time and room than it has octets. */
static void test_hostile(void **state)
{
	static const char *const pieces[] = {"{", "}", "{\\*\\x", "\\f1\\'93", "\\u55357?",
	        "{\\field{\\*\\fldinst HYPERLINK \"x\"}{\\fldrslt ", "{\\upr", "\\cell\\row ",
	        "\\'", "<meta ", "{\\*\\htmltag <meta charset=x",
	        "\\ansicpg932 \\'93\\ansicpg936 \\'93"};
	static const char *const heads[] = {HTML FONTS, TEXT FONTS, RTF FONTS};

	(void)state;
	for (size_t i = 0; i < COUNT(pieces) * COUNT(heads); i++) {
		struct buf b = buf_of(SIZE_MAX);
		const char *piece = pieces[i / COUNT(heads)];

		buf_puts(&b, heads[i % COUNT(heads)]);
		while (b.len < 256 << 10)
			buf_puts(&b, piece);
		free(extract(buf_str(&b)));
		buf_clear(&b);
	}
}

static void test_limit(void **state)
{
	struct buf rtf = buf_of(SIZE_MAX), out = buf_of(SIZE_MAX);
	struct err err = {0};

	(void)state;
	buf_puts(&out, "before");
	buf_puts(&rtf, RTF);
	while (rtf.len < RTF_MAX + 1000)
		buf_puts(&rtf, "a line of some length of which there are too many\n");
	assert_int_equal(rtf_extract(rtf.data, rtf.len, &out, &err), 0);
	assert_memory_equal(out.data, "beforea line", 12);
	buf_reset(&out);
	while (rtf.len < 3 * (RTF_MAX / 2))
		buf_puts(&rtf, "a line of some length of which there are too many\n");
	assert_int_equal(rtf_extract(rtf.data, rtf.len, &out, &err), ERR_LIMIT);
	assert_in_range(out.len, RTF_MAX - 4 * RTF_RUN_SIZE, RTF_MAX);
	buf_clear(&rtf);
	buf_clear(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_words_in_order),
	        cmocka_unit_test(test_what),
	        cmocka_unit_test(test_html_example),
	        cmocka_unit_test(test_html),
	        cmocka_unit_test(test_text),
	        cmocka_unit_test(test_code_pages),
	        cmocka_unit_test(test_unicode),
	        cmocka_unit_test(test_plain),
	        cmocka_unit_test(test_fields),
	        cmocka_unit_test(test_hostile),
	        cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
