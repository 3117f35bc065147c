#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "proto/dav/internal.h"
#include "valise/base/mem.h"

#define BASE "https://dav.example/principals/alice/"
#define HEAD "<?xml version=\"1.0\"?><d:multistatus xmlns:d=\"DAV:\" xmlns:c=\"" NS_CALDAV "\">"
#define TAIL "</d:multistatus>"
#define ONE(inner) HEAD "<d:response>" inner "</d:response>" TAIL
#define PROP(inner)                                                                                \
	ONE("<d:href>/x</d:href><d:propstat><d:prop>" inner                                        \
	    "</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>")

/* All responses as one line of text. */
static int describe(void *ctx, struct dav_response *r, struct err *err)
{
	struct buf *out = ctx;

	(void)err;
	buf_putf(out, "[%s %d", r->href, r->status);
	for (size_t i = 0; i < r->n_props; i++)
		buf_putf(out, " %s=%d:%s", r->props[i].name, r->props[i].status, r->props[i].text);
	if (r->data)
		buf_putf(out, " data=%.*s", (int)r->data_len, (char *)r->data);
	if (r->error)
		buf_putf(out, " error=%s", r->error);
	buf_puts(out, "]");
	return 0;
}

/* In pieces of ${step}, as the network may cut it. */
static int parse_steps(const char *xml, size_t n, size_t step, dav_response_fn fn, void *ctx,
        struct dav_answer *a, struct err *err)
{
	struct dav_parser *p = dav_parser_new(BASE, fn, ctx, 0);
	int rc = 0;

	for (size_t off = 0; rc == 0 && off < n; off += step)
		rc = dav_parser_feed(p, xml + off, step < n - off ? step : n - off, err);
	if (rc == 0)
		rc = dav_parser_end(p, err);
	dav_parser_take(p, a);
	dav_parser_free(p);
	return rc;
}

static void answers(void **state)
{
	(void)state;
	static const struct {
		const char *xml, *want;
	} rows[] = {
	        {HEAD TAIL, ""},
	        {ONE("<d:href>/a</d:href><d:status>HTTP/1.1 404 Not Found</d:status>"), "[/a 404]"},
	        {ONE("<d:status>HTTP/1.1 404 Not Found</d:status><d:href> /a\n</d:href>"),
	                "[/a 404]"},
	        {ONE("<d:href>/a</d:href><d:href>/b</d:href><d:status>HTTP/2 423</d:status>"),
	                "[/a 423][/b 423]"},
	        {ONE("<d:href>/a</d:href><d:status>404 x</d:status>"), "[/a 404]"},
	        {ONE("<d:href>/a</d:href><d:status>nonsense</d:status>"), "[/a 0]"},
	        {ONE(""), "[ 0]"},
	        {ONE("<d:href/>"), "[ 0]"},
	        /* propstats */
	        {PROP("<d:getetag>\"1\"</d:getetag>"), "[/x 0 {DAV:}getetag=200:\"1\"]"},
	        {ONE("<d:href>/a</d:href><d:propstat><d:status>HTTP/1.1 200 OK</d:status><d:prop>"
	             "<d:getetag>1</d:getetag></d:prop></d:propstat><d:propstat><d:prop><c:x/>"
	             "</d:prop><d:status>HTTP/1.1 404 No</d:status></d:propstat>"),
	                "[/a 0 {DAV:}getetag=200:1 {" NS_CALDAV "}x=404:]"},
	        {ONE("<d:href>/a</d:href><d:propstat><d:prop><d:getetag>1</d:getetag></d:prop>"
	             "</d:propstat>"),
	                "[/a 0 {DAV:}getetag=200:1]"},
	        {ONE("<d:href>/a</d:href><d:propstat><d:status>HTTP/1.1 200 OK</d:status>"
	             "</d:propstat>"),
	                "[/a 0]"},
	        /* data */
	        {PROP("<c:calendar-data>BEGIN:X&#13;\nA&amp;B\r\nEND</c:calendar-data>"),
	                "[/x 0 data=BEGIN:X\r\nA&B\nEND]"},
	        {PROP("<c:calendar-data><![CDATA[BEGIN<x>&amp;]]]]><![CDATA[>]]></"
	              "c:calendar-data>"),
	                "[/x 0 data=BEGIN<x>&amp;]]>]"},
	        {PROP("<a:address-data xmlns:a=\"" NS_CARDDAV "\">CARD</a:address-data>"),
	                "[/x 0 data=CARD]"},
	        {PROP("<c:calendar-data/>"), "[/x 0 data=]"},
	        {ONE("<d:href>/a</d:href><d:propstat><d:prop><c:calendar-data>x</c:calendar-data>"
	             "</d:prop><d:status>HTTP/1.1 404 No</d:status></d:propstat>"),
	                "[/a 0]"},
	        /* foreign parts */
	        {HEAD "<x:y xmlns:x=\"urn:x\"><d:response><d:href>/no</d:href></d:response></x:y>"
	              "<d:response><z/><d:href>/a</d:href><d:propstat><d:prop><response "
	              "xmlns=\"urn:x\">v</response></d:prop></d:propstat></d:response>" TAIL,
	                "[/a 0 {urn:x}response=200:v]"},
	        {PROP("<d:response><d:href>/inner</d:href></d:response>"),
	                "[/x 0 {DAV:}response=200:/inner]"},
	        {PROP("<bare xmlns=\"\">v</bare>"), "[/x 0 bare=200:v]"},
	        {"<multistatus xmlns=\"DAV:\"><response><href>/a</href></response></multistatus>",
	                "[/a 0]"},
	        {"<response xmlns=\"DAV:\"><href>/a</href></response>", "[/a 0]"},
	        {"<mkcol-response xmlns=\"DAV:\"><propstat><prop><x/></prop><status>HTTP/1.1 403 "
	         "F</status><error><need/></error></propstat></mkcol-response>",
	                "[ 0 {DAV:}x=403: error={DAV:}need]"},
	        {"\xef\xbb\xbf" HEAD "<d:response><d:href>/a</d:href></d:response>" TAIL, "[/a 0]"},
	        {"\n\r\n " HEAD TAIL, ""},
	        {HEAD TAIL "\n<b>Warning</b>: junk & more", ""},
	        {"<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><d:multistatus xmlns:d=\"DAV:\">"
	         "<d:response><d:href>/\xe4</d:href></d:response></d:multistatus>",
	                "[/\xc3\xa4 0]"},
	        {ONE("<d:href>/a</d:href><d:status>HTTP/1.1 403 "
	             "F</d:status><d:error><d:lock-token/>"
	             "<c:b/></d:error><d:responsedescription>x</d:responsedescription>"),
	                "[/a 403 error={DAV:}lock-token {" NS_CALDAV "}b]"},
	};
	static const size_t steps[] = {100000, 1, 7};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (size_t j = 0; j < 3; j++) {
			struct dav_answer a = {0};
			struct err err = {0};
			struct buf out;

			buf_init(&out, 100000);
			if (parse_steps(rows[i].xml, strlen(rows[i].xml), steps[j], describe, &out,
			            &a, &err) != 0)
				fail_msg("row %zu: %s", i, err.text);
			assert_string_equal(buf_str(&out), rows[i].want);
			dav_answer_clear(&a);
			buf_clear(&out);
		}
}

/* The same, with what cannot stand in XML made good. */
static void repaired(void **state)
{
	(void)state;
	static const struct {
		const char *xml, *want;
	} rows[] = {
	        {PROP("<d:x>R&D</d:x>"), "[/x 0 {DAV:}x=200:R&D]"},
	        {PROP("<d:x>&amp;&lt;&#65;&#x42;</d:x>"), "[/x 0 {DAV:}x=200:&<AB]"},
	        {PROP("<d:x>a &nbsp;b&uuml;c&nosuch;d&</d:x>"), "[/x 0 {DAV:}x=200:a \xc2\xa0"
	                                                        "b\xc3\xbc"
	                                                        "c&nosuch;d&]"},
	        {PROP("<d:x>a&#11;b&#xB;c&#xFFFFFFFF;&#;&#x;</d:x>"),
	                "[/x 0 {DAV:}x=200:a\xef\xbf\xbd"
	                "b\xef\xbf\xbd"
	                "c\xef\xbf\xbd&#;&#x;]"},
	        {PROP("<d:x>a\x0b"
	              "b\xfc\xe2\x82</d:x>"),
	                "[/x 0 {DAV:}x=200:a\xef\xbf\xbd"
	                "b\xc3\xbc\xc3\xa2\xef\xbf\xbd]"},
	        {PROP("<d:x>a < b <c d</d:x>"), "[/x 0 {DAV:}x=200:a < b <c d]"},
	        {PROP("<d:x>I <3 U</d:x>"), "[/x 0 {DAV:}x=200:I <3 U]"},
	        {PROP("<d:x><![CDATA[a & <b> &#11;]]></d:x>"), "[/x 0 {DAV:}x=200:a & <b> &#11;]"},
	        {PROP("<!-- & < --><d:x a='&' b=\"x&y\">v</d:x>"), "[/x 0 {DAV:}x=200:v]"},
	        {ONE("<d:href>/a&b <c.ics</d:href><d:status>HTTP/1.1 200 OK</d:status>"),
	                "[/a&b <c.ics 200]"},
	        {ONE("<d:href>/gr\xfcn\x01.ics</d:href>"), "[/gr%FCn%01.ics 0]"},
	        /* what stands before it */
	        {"<br />\n<b>Warning</b>: x & y\n" HEAD TAIL, ""},
	        {"\xef\xbb\xbfnotice" ONE("<d:href>/a</d:href>"), "[/a 0]"},
	        {"junk<d:multistatus xmlns:d='DAV:'><d:response><d:href>/a</d:href>"
	         "</d:response></d:multistatus>",
	                "[/a 0]"},
	        {"<?xml version='1.0' encoding='utf8'?><multistatus xmlns='DAV:'><response>"
	         "<href>/\xc3\xbc</href></response></multistatus>",
	                "[/\xc3\xbc 0]"},
	        {"<?xml version='1.0' encoding='utf-16'?><multistatus xmlns='DAV:'><response>"
	         "<href>/\xc3\xbc</href></response></multistatus>",
	                "[/\xc3\xbc 0]"},
	        {"<?xml version='1.0' encoding='windows-1252'?><multistatus xmlns='DAV:'>"
	         "<response><href>/\x80&x</href></response></multistatus>",
	                "[/\xe2\x82\xac&x 0]"},
	        {"<?xml version='1.0' encoding='latin1'?><multistatus xmlns='DAV:'>"
	         "<response><href>/\xfc</href></response></multistatus>",
	                "[/\xc3\xbc 0]"},
	};
	static const size_t steps[] = {100000, 1, 7};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (size_t j = 0; j < 3; j++) {
			struct dav_parser *p;
			size_t n = strlen(rows[i].xml);
			struct buf out;
			int rc = 0;

			buf_init(&out, 100000);
			p = dav_parser_new(BASE, describe, &out, DAV_MENDS);
			for (size_t off = 0; rc == 0 && off < n; off += steps[j])
				rc = dav_parser_feed(p, rows[i].xml + off,
				        steps[j] < n - off ? steps[j] : n - off, NULL);
			if (rc == 0)
				rc = dav_parser_end(p, NULL);
			if (rc != 0 || strcmp(buf_str(&out), rows[i].want) != 0)
				fail_msg("row %zu: %d %s", i, rc, buf_str(&out));
			dav_parser_free(p);
			buf_clear(&out);
		}
}

static void broken(void **state)
{
	(void)state;
	static const struct {
		const char *xml;
		enum err_code code;
	} rows[] = {
	        {"", ERR_PROTO},
	        {"   ", ERR_PROTO},
	        {"<html><body>Hello</body></html>", ERR_PROTO},
	        {"{\"json\": true}", ERR_PROTO},
	        {"<multistatus/>", ERR_PROTO}, /* not in DAV: */
	        {HEAD, ERR_PROTO},
	        {HEAD "<d:response><d:href>/a</d:href>", ERR_PROTO},
	        {HEAD "</d:wrong>", ERR_PROTO},
	        {HEAD "<e:x/>" TAIL, ERR_PROTO}, /* a prefix that nobody declared */
	        {PROP("<d:x>a\x01z</d:x>"), ERR_PROTO},
	        {PROP("<d:x>&#1;</d:x>"), ERR_PROTO},
	        {PROP("<d:x>\xff\xfe</d:x>"), ERR_PROTO},
	        {PROP("<d:x>&nbsp;</d:x>"), ERR_PROTO},
	        {"<!DOCTYPE d:multistatus>" HEAD TAIL, ERR_PROTO},
	        {"<?xml version=\"1.0\"?><!DOCTYPE m [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b "
	         "\"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]>"
	         "<multistatus xmlns=\"DAV:\"><response><href>&c;</href></response></multistatus>",
	                ERR_PROTO},
	        {"<!DOCTYPE m [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><multistatus "
	         "xmlns=\"DAV:\"><response><href>&x;</href></response></multistatus>",
	                ERR_PROTO},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct dav_answer a = {0};
		struct err err = {0};

		if (parse_steps(rows[i].xml, strlen(rows[i].xml), 3, NULL, NULL, &a, &err) !=
		        rows[i].code)
			fail_msg("row %zu", i);
		assert_int_equal(err.code, rows[i].code);
		assert_true(*err.text);
		dav_answer_clear(&a);
	}
}

/* ${before}, then ${unit} ${n} times, then ${after}. */
static int parse_repeated(const char *before, const char *unit, size_t n, const char *after)
{
	size_t len = strlen(unit);
	struct dav_answer a = {0};
	char *text = xmalloc(strlen(before) + n * len + strlen(after) + 1), *s;
	int rc;

	s = stpcpy(text, before);
	for (size_t i = 0; i < n; i++)
		s = stpcpy(s, unit);
	stpcpy(s, after);
	rc = parse_steps(text, strlen(text), 16384, NULL, NULL, &a, NULL);
	dav_answer_clear(&a);
	free(text);
	return rc;
}

static void limits(void **state)
{
	(void)state;
	static const char open[] = HEAD "<d:response><d:propstat><d:prop>";
	static const char shut[] = "</d:prop></d:propstat></d:response>" TAIL;

	assert_int_equal(parse_repeated(HEAD, "<x>", 100000, ""), ERR_LIMIT);
	assert_int_equal(parse_repeated(open, "<x>", 100000, ""), ERR_LIMIT);
	assert_int_equal(parse_repeated(open, "<x/>", 1000, shut), 0);
	assert_int_equal(parse_repeated(open, "<x/>", 1001, shut), ERR_LIMIT);
	assert_int_equal(parse_repeated(HEAD "<", "x", 2000, "/>" TAIL), ERR_LIMIT);
	assert_int_equal(parse_repeated(HEAD "<d:response><d:href>", "x", 70000, ""), ERR_LIMIT);
	assert_int_equal(parse_repeated(PROP("<d:x>"), "x", 10, ""), ERR_PROTO);
	/* data may be larger, and is no token to be looked at again */
	assert_int_equal(
	        parse_repeated(HEAD "<d:response><d:propstat><d:prop><c:calendar-data>", "1234567",
	                1500000, "</c:calendar-data></d:prop></d:propstat></d:response>" TAIL),
	        0);
	assert_int_equal(parse_repeated(HEAD "<d:response><d:propstat><d:prop><c:calendar-data>",
	                         "0123456789abcdef0123456789abcde\n", 2200000, ""),
	        ERR_LIMIT);
	/* a comment or attribute without an end */
	assert_int_equal(parse_repeated(HEAD "<!--", "x", 6000000, "-->" TAIL), ERR_LIMIT);
	assert_int_equal(parse_repeated(HEAD "<x a='", "x", 6000000, "'/>" TAIL), ERR_LIMIT);
	assert_int_equal(parse_repeated(HEAD "<d:response><d:error>", "<d:error-of-some-length/>",
	                         10000, ""),
	        ERR_LIMIT);
}

static int on_too_large(void *ctx, struct dav_response *r, struct err *err)
{
	(void)err;
	assert_int_equal(r->n_props, 3);
	for (size_t i = 0; i < 3; i++) {
		bool large = i == 1;

		assert_int_equal(r->props[i].status, large ? DAV_TOO_LARGE : 200);
		assert_string_equal(r->props[i].text, large ? "" : "small");
		assert_true((dav_prop_find(r, r->props[i].name) == NULL) == large);
	}
	++*(int *)ctx;
	return 0;
}

/* One property that is too large costs itself. */
static void too_large(void **state)
{
	(void)state;
	static const char *const inner[] = {"0123456789abcdef", "<d:y/>", "<d:y a='0123456789'/>"};

	for (size_t k = 0; k < 3; k++) {
		struct buf b;
		int n = 0;

		buf_init(&b, SIZE_MAX);
		buf_puts(&b, HEAD "<d:response><d:propstat><d:prop><d:a>small</d:a><d:x>");
		for (int i = 0; i < 200000; i++)
			buf_puts(&b, inner[k]);
		buf_puts(&b, "</d:x><d:z>small</d:z></d:prop></d:propstat></d:response>" TAIL);
		assert_int_equal(dav_parse("https://a.example/", b.data, b.len, on_too_large, &n,
		                         NULL, NULL),
		        0);
		assert_int_equal(n, 1);
		buf_clear(&b);
	}
}

static int keep_xml(void *ctx, struct dav_response *r, struct err *err)
{
	(void)err;
	assert_int_equal(r->n_props, 1);
	free(*(char **)ctx);
	*(char **)ctx = xstrdup(r->props[0].xml);
	return 0;
}

static void raw_xml(void **state)
{
	(void)state;
	static const struct {
		const char *xml, *want;
	} rows[] = {
	        {"<d:x/>", ""},
	        {"<d:x> a &lt;b&gt; &amp;amp; \"c\" &#13;\n</d:x>",
	                " a &lt;b&gt; &amp;amp; \"c\" &#13;\n"},
	        {"<d:x><![CDATA[<&>]]></d:x>", "&lt;&amp;&gt;"},
	        {"<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>",
	                "<d:collection xmlns:d=\"DAV:\"/><c:calendar xmlns:c=\"" NS_CALDAV "\"/>"},
	        {"<d:x><d:a><d:b>t</d:b></d:a></d:x>", "<d:a xmlns:d=\"DAV:\"><d:b>t</d:b></d:a>"},
	        {"<c:s><c:comp name=\"VEVENT\"/></c:s>",
	                "<c:comp xmlns:c=\"" NS_CALDAV "\" name=\"VEVENT\"/>"},
	        {"<d:x><a xmlns=\"urn:a\"><b/><c xmlns=\"\"><e/></c></a></d:x>",
	                "<a xmlns=\"urn:a\"><b/><c xmlns=\"\"><e/></c></a>"},
	        {"<d:x><bare/></d:x>", "<bare/>"},
	        {"<d:x><y p=\"&quot;&amp;&lt;&#10;\" d:q=\"1\" xml:lang=\"de\"/></d:x>",
	                "<y p=\"&quot;&amp;&lt;&#10;\" xmlns:d=\"DAV:\" d:q=\"1\" "
	                "xml:lang=\"de\"/>"},
	        {"<d:x><p:a xmlns:p=\"urn:1\"><p:a "
	         "xmlns:p=\"urn:2\"><p:b/></p:a><p:c/></p:a></d:x>",
	                "<p:a xmlns:p=\"urn:1\"><p:a xmlns:p=\"urn:2\"><p:b/></p:a><p:c/></p:a>"},
	        {"<d:x><a><!-- gone --><?gone too?>t</a></d:x>", "<a>t</a>"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *doc = xasprintf("%s%s%s", HEAD "<d:response><d:propstat><d:prop>",
		        rows[i].xml, "</d:prop></d:propstat></d:response>" TAIL);
		char *want = xstrdup(rows[i].want), *q, *got = NULL;

		/* A quotation mark in an attribute is written as a number. */
		while ((q = strstr(want, "&quot;"))) {
			memcpy(q, "&#34;", 5);
			memmove(q + 5, q + 6, strlen(q + 6) + 1);
		}
		assert_int_equal(dav_parse(BASE, doc, strlen(doc), keep_xml, &got, NULL, NULL), 0);
		assert_string_equal(got, want);
		assert_true(dav_scan(got, NULL, NULL)); /* it stands alone */
		free(got);
		free(want);
		free(doc);
	}
}

static int keep_urls(void *ctx, struct dav_response *r, struct err *err)
{
	(void)err;
	buf_putf(ctx, "%s\n", r->url);
	return 0;
}

static void urls(void **state)
{
	(void)state;
	static const char doc[] =
	        HEAD "<d:response><d:href>/cal/a%20b.ics</d:href></d:response>"
	             "<d:response><d:href>c.ics</d:href></d:response>"
	             "<d:response><d:href>HTTPS://p7.Example/x y</d:href></d:response>"
	             "<d:response><d:href>http://10.0.0.1:8080/d/e.ics?f</d:href></d:response>"
	             "<d:response><d:href>//other/g</d:href></d:response>"
	             "<d:response><d:href>https://other</d:href></d:response>"
	             "<d:response><d:href>mailto:a@b</d:href></d:response>"
	             "<d:response><d:href/></d:response>" TAIL;
	struct buf out;

	buf_init(&out, 10000);
	assert_int_equal(dav_parse(BASE, doc, strlen(doc), keep_urls, &out, NULL, NULL), 0);
	assert_string_equal(buf_str(&out),
	        "https://dav.example/cal/a%20b.ics\nhttps://dav.example/principals/alice/c.ics\n"
	        "https://dav.example/x%20y\nhttps://dav.example/d/e.ics?f\n"
	        "https://dav.example/g\nhttps://dav.example/\n"
	        "\nhttps://dav.example/principals/alice/\n");
	buf_clear(&out);
}

static int look(void *ctx, struct dav_response *r, struct err *err)
{
	char **list;
	size_t n;

	(void)ctx, (void)err;
	assert_string_equal(dav_prop_text(r, "{DAV:}displayname"), "Work & play");
	assert_null(dav_prop_text(r, "{DAV:}missing"));
	assert_null(dav_prop_text(r, "{DAV:}refused"));
	assert_true(dav_prop_has(r, "{DAV:}resourcetype", "{" NS_CALDAV "}calendar"));
	assert_false(dav_prop_has(r, "{DAV:}resourcetype", "{DAV:}calendar"));
	assert_true(dav_prop_has(r, "{DAV:}privs", "{DAV:}write"));
	n = dav_prop_hrefs(r, "{" NS_CALDAV "}calendar-home-set", BASE, &list);
	assert_int_equal(n, 2);
	assert_string_equal(list[0], "https://dav.example/a/");
	assert_string_equal(list[1], "https://p9.example/b/");
	free(list[0]);
	free(list[1]);
	free(list);
	n = dav_prop_attributes(r, "{" NS_CALDAV "}set", "{" NS_CALDAV "}comp", "name", &list);
	assert_int_equal(n, 2);
	assert_string_equal(list[0], "VEVENT");
	assert_string_equal(list[1], "VTODO");
	free(list[0]);
	free(list[1]);
	free(list);
	assert_int_equal(dav_prop_hrefs(r, "{DAV:}missing", BASE, &list), 0);
	assert_null(list);
	return 0;
}

static void properties(void **state)
{
	(void)state;
	static const char doc[] = PROP(
	        "<d:displayname> Work &amp; play\n</d:displayname>"
	        "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>"
	        "<d:privs><d:privilege><d:write/></d:privilege></d:privs>"
	        "<c:calendar-home-set><d:href> /a/ </d:href><d:href/><d:href>mailto:x</d:href>"
	        "<d:href>https://p9.example/b/</d:href></c:calendar-home-set>"
	        "<c:set><c:comp name='VEVENT'/><d:comp name='no'/><c:comp name='VTODO'/></c:set>"
	        "</d:prop></d:propstat><d:propstat><d:prop><d:refused>x</d:refused>");
	char *broken_doc = xstrdup(doc), *last = strstr(broken_doc, "refused>x");
	int calls = 0;

	/* the last propstat of the macro is the refused one's */
	last = strstr(last, "200 OK");
	memcpy(last, "403 OK", 6);
	assert_int_equal(
	        dav_parse(BASE, broken_doc, strlen(broken_doc), look, &calls, NULL, NULL), 0);
	free(broken_doc);
}

static void outside_of_responses(void **state)
{
	(void)state;
	static const char sync[] =
	        HEAD "<d:response><d:href>/principals/alice</d:href><d:status>HTTP/1.1 507 "
	             "Full</d:status></d:response><d:sync-token> data:,1 "
	             "</d:sync-token>" TAIL;
	static const char error[] =
	        "<?xml version=\"1.0\"?><d:error xmlns:d=\"DAV:\" "
	        "xmlns:s=\"http://sabredav.org/ns\">"
	        "<s:exception>E</s:exception><s:message>No\nway</s:message><c:no-uid-conflict "
	        "xmlns:c=\"" NS_CALDAV "\"><d:href>/a/b.ics</d:href></c:no-uid-conflict></d:error>";
	struct dav_parser *p = dav_parser_new(BASE, NULL, NULL, DAV_SYNC);
	struct dav_answer a = {0};

	assert_int_equal(dav_parser_feed(p, sync, strlen(sync), NULL), 0);
	assert_int_equal(dav_parser_end(p, NULL), 0);
	assert_int_equal(dav_parser_delivered(p), 0);
	dav_parser_take(p, &a);
	dav_parser_free(p);
	assert_true(a.truncated);
	assert_string_equal(a.sync_token, "data:,1");
	dav_answer_clear(&a);
	assert_int_equal(dav_parse(BASE, error, strlen(error), NULL, NULL, &a, NULL), 0);
	assert_string_equal(a.error, "{" NS_CALDAV "}no-uid-conflict");
	assert_string_equal(a.error_href, "/a/b.ics");
	assert_string_equal(a.error_text, "No\nway");
	dav_answer_clear(&a);
}

static int refuse(void *ctx, struct dav_response *r, struct err *err)
{
	(void)r;
	++*(int *)ctx;
	return err_set(err, ERR_SPACE, ERR_WHOLE, "full");
}

static void receiver_says_no(void **state)
{
	(void)state;
	static const char doc[] = HEAD "<d:response/><d:response/>" TAIL;
	struct err err = {0};
	int calls = 0;

	assert_int_equal(dav_parse(BASE, doc, strlen(doc), refuse, &calls, NULL, &err), ERR_SPACE);
	assert_int_equal(calls, 1);
	assert_string_equal(err.text, "full");
}

static void outgoing(void **state)
{
	(void)state;
	static const struct {
		const char *name, *xml, *want; /* NULL: ERR_PROTO */
	} rows[] = {
	        {"{DAV:}displayname", "a &amp; b", "<D:displayname>a &amp; b</D:displayname>"},
	        {"{" NS_APPLE "}calendar-color", "#ff0000",
	                "<A:calendar-color>#ff0000</A:calendar-color>"},
	        {"{urn:x\"<}y", "<z xmlns=\"\"/>",
	                "<X:y xmlns:X=\"urn:x&#34;&#60;\"><z xmlns=\"\"/></X:y>"},
	        {"bare", "", "<bare></bare>"},
	        {"{DAV:}x", "</D:x><D:evil/>", NULL},
	        {"{DAV:}x", "<a>", NULL},
	        {"{DAV:}x", "<p:a/>", NULL},
	        {"{DAV:}x", "<!--", NULL},
	        {"{DAV:}x", "<![CDATA[", NULL},
	        {"{DAV:}x", "a & b", NULL},
	        {"{DAV:}x", "&xxe;", NULL},
	        {"{DAV:}x", "\xff", NULL},
	        {"{DAV:}x y", "", NULL},
	        {"{DAV:}x/><evil", "", NULL},
	        {"{DAV:}", "", NULL},
	        {"{}x", "", NULL},
	        {"{DAV:x", "", NULL},
	        {"{DAV:}1x", "", NULL},
	        {"", "", NULL},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct dav_set set = {rows[i].name, rows[i].xml};
		struct buf out;
		int rc;

		buf_init(&out, 10000);
		rc = dav_put_set(&out, &set, NULL);
		assert_int_equal(rc, rows[i].want ? 0 : ERR_PROTO);
		if (rows[i].want)
			assert_string_equal(buf_str(&out), rows[i].want);
		buf_clear(&out);
	}
}

static void outgoing_text(void **state)
{
	(void)state;
	static const struct {
		const char *text, *want;
	} rows[] = {
	        {"", ""},
	        {"/a%20b/\xc3\xa4&<>\"'", "/a%20b/\xc3\xa4&#38;&#60;&#62;&#34;'"},
	        {"a\r\nb\t", "a&#13;\nb\t"},
	        {"a\x01", NULL},
	        {"\xc3", NULL},
	        {"\xed\xa0\x80", NULL},
	        {"\xef\xbf\xbf", NULL},
	};
	struct buf out;

	buf_init(&out, 10000);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		buf_reset(&out);
		assert_int_equal(
		        dav_text_xml(rows[i].text, &out, NULL), rows[i].want ? 0 : ERR_PROTO);
		if (rows[i].want) {
			assert_string_equal(buf_str(&out), rows[i].want);
			assert_true(dav_scan(buf_str(&out), NULL, NULL));
		}
	}
	buf_clear(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(answers),
	        cmocka_unit_test(repaired),
	        cmocka_unit_test(broken),
	        cmocka_unit_test(limits),
	        cmocka_unit_test(too_large),
	        cmocka_unit_test(raw_xml),
	        cmocka_unit_test(urls),
	        cmocka_unit_test(properties),
	        cmocka_unit_test(outside_of_responses),
	        cmocka_unit_test(receiver_says_no),
	        cmocka_unit_test(outgoing),
	        cmocka_unit_test(outgoing_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
