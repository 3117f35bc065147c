/*
 * The page of a report is a function of its JSON. With a file as argument: its page, on
 * standard output (tests/e2e/long-pictures.sh).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "valise/base/mem.h"
#include "cli/report/html.h"
#include "cli/report/report.h"

static json_t *parse(const char *text)
{
	json_error_t why;
	json_t *o = json_loads(text, JSON_ALLOW_NUL, &why);

	if (!o)
		fail_msg("line %d: %s", why.line, why.text);
	return o;
}

/* The page of a report; the caller frees. */
static char *page_of(const char *text)
{
	struct buf b = buf_of(SIZE_MAX / 2);
	json_t *o = parse(text);
	char *page;

	report_page(o, &b);
	page = xstrdup(buf_str(&b));
	buf_clear(&b);
	json_decref(o);
	return page;
}

static void expect_part(const char *page, const char *part, bool there)
{
	if ((strstr(page, part) != NULL) != there)
		fail_msg("%s \"%s\" in:\n%s", there ? "no" : "a", part, page);
}

static void text_is_escaped(void **state)
{
	static const struct {
		const char *in;
		size_t n;
		const char *out;
	} table[] = {
	        {"plain", 5, "plain"},
	        {"<b>", 3, "&lt;b&gt;"},
	        {"&amp;", 5, "&amp;amp;"},
	        {"\" onload='x'", 12, "&quot; onload=&#39;x&#39;"},
	        {"a\0b", 3, "a\\x00b"},
	        {"\x1b[31m\x7f\r\n", 8, "\\x1b[31m\\x7f\\x0d\\x0a"},
	        {"\xe2\x80\xae", 3, "\\u202e"},
	        {"\xff\xfe", 2, "\\xff\\xfe"},
	        {"\xd7\xa9\xd7\x9c", 4, "\xd7\xa9\xd7\x9c"},
	        {"]]>--><!--", 10, "]]&gt;--&gt;&lt;!--"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct buf b = buf_of(1000);

		markup_octets(&b, table[i].in, table[i].n);
		assert_string_equal(buf_str(&b), table[i].out);
		buf_clear(&b);
	}
}

/* A long word is not cut, as it would be on a terminal. */
static void nothing_is_cut(void **state)
{
	char word[20001];
	struct buf b = buf_of(SIZE_MAX / 2);

	(void)state;
	memset(word, '\x01', sizeof word - 1);
	word[sizeof word - 1] = '\0';
	markup_text(&b, word);
	assert_int_equal(b.len, 4 * (sizeof word - 1));
	buf_clear(&b);
}

static void values(void **state)
{
	static const struct {
		const char *json;
		enum cell kind;
		const char *out;
	} table[] = {
	        {"1234567", CELL_NUMBER, "1,234,567"},
	        {"1234567", CELL_BYTES, "1.2 MB"},
	        {"-5", CELL_NUMBER, "0"},
	        {"1234567", CELL_TEXT, "1234567"},
	        {"true", CELL_TEXT, "yes"},
	        {"false", CELL_TEXT, "no"},
	        {"null", CELL_TEXT, ""},
	        {"{}", CELL_TEXT, ""},
	        {"\"2026-11-22T17:16:00Z\"", CELL_TIME, "<time>2026-11-22 17:16:00 UTC</time>"},
	        {"\"2026-11-22T17:16:00+02:00\"", CELL_TIME,
	                "<time>2026-11-22 17:16:00 +02:00</time>"},
	        {"\"2026-11-22T17:16:00<i>\"", CELL_TIME, "2026-11-22T17:16:00&lt;i&gt;"},
	        {"\"2026-11-22T17:1<:00Z\"", CELL_TIME, "<time>2026-11-22 17:1&lt;:00 UTC</time>"},
	        {"\"soon\"", CELL_TIME, "soon"},
	        {"\"a/<b>/c/\"", CELL_TEXT, "a/<wbr>&lt;b&gt;/<wbr>c/"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		char text[100];
		struct buf b = buf_of(1000);
		json_t *o;

		snprintf(text, sizeof text, "{\"v\":%s}", table[i].json);
		o = parse(text);
		html_value(&b, json_at(o, "v"), table[i].kind);
		assert_string_equal(buf_str(&b), table[i].out);
		buf_clear(&b);
		json_decref(o);
	}
}

/* How a run ended, in words and in colour. */
static void verdicts(void **state)
{
	static const struct {
		const char *json, *says, *class;
	} table[] = {
	        {"{\"command\":\"backup\",\"exit\":0}", "Complete: ", "verdict good"},
	        {"{\"command\":\"backup\",\"exit\":3,\"verdict\":\"incomplete\"}",
	                "Incomplete: what is missing is named below.", "verdict part"},
	        {"{\"command\":\"backup\",\"exit\":3,\"damaged\":1,\"verdict\":\"complete\"}",
	                "Done; older snapshots are damaged", "verdict part"},
	        {"{\"command\":\"backup\",\"exit\":3,\"unhealed\":1}", "(--heal)", "verdict bad"},
	        {"{\"command\":\"backup\",\"exit\":12,\"text\":\"no <sign-in>\"}",
	                "Why: no &lt;sign-in&gt;", "verdict bad"},
	        {"{\"command\":\"restore\",\"exit\":0,\"dry_run\":true}",
	                "Dry run: ", "verdict good"},
	        {"{\"command\":\"verify\",\"exit\":1,\"unexpected\":true,\"damages\":1}",
	                "Not the expected archive", "verdict bad"},
	        {"{\"command\":\"verify\",\"exit\":1,\"damages\":2}", "DAMAGED: ", "verdict bad"},
	        {"{\"command\":\"check\",\"exit\":1}", "A service could not be read.",
	                "verdict bad"},
	        {"{\"command\":\"audit\",\"exit\":0,\"verdict\":\"yes\"}",
	                "SAFE TO DEACTIVATE: YES", "verdict good"},
	        {"{\"command\":\"audit\",\"exit\":3,\"verdict\":\"no\"}", "SAFE TO DEACTIVATE: NO",
	                "verdict bad"},
	        /* whatever the exit code may be, a NO is never a YES */
	        {"{\"command\":\"audit\",\"exit\":0,\"verdict\":\"no\"}", "SAFE TO DEACTIVATE: NO",
	                "verdict bad"},
	        {"{\"command\":\"audit\",\"exit\":12,\"text\":\"x\"}", "SAFE TO DEACTIVATE: NO",
	                "verdict bad"},
	        {"{}", "Failed.", "verdict bad"},
	        {"{\"command\":\"new\",\"exit\":0}", "Done.", "verdict good"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		char *page = page_of(table[i].json);

		expect_part(page, table[i].says, true);
		expect_part(page, table[i].class, true);
		expect_part(page, "SAFE TO DEACTIVATE: YES", strstr(table[i].json, "yes") != NULL);
		free(page);
	}
}

/* What stands below an audit's verdict says no more than what is so. */
static void more_of_a_verdict(void **state)
{
	static const struct {
		const char *json, *says;
	} table[] = {
	        {"{\"command\":\"audit\",\"exit\":3,\"verdict\":\"no\",\"reasons\":2,\"findings\":[]}",
	                "2 reasons, each named below."},
	        {"{\"command\":\"audit\",\"exit\":0,\"verdict\":\"yes\",\"target\":{}}",
	                ">What was looked at is safe in the archive and in the new account. What was "
	                "not examined is named below.<"},
	        {"{\"command\":\"audit\",\"exit\":0,\"verdict\":\"yes\",\"target\":{},\"findings\":["
	         "{\"accepted\":true},{\"safe\":true}]}",
	                "in the new account. Somebody has accepted 1 finding that would say NO."},
	        {"{\"command\":\"audit\",\"exit\":0,\"verdict\":\"yes\",\"source\":{}}",
	                "That is the only copy: no new account was looked at."},
	        {"{\"command\":\"audit\",\"exit\":1,\"verdict\":\"yes\",\"target\":{}}", NULL},
	        {"{\"command\":\"backup\",\"exit\":0,\"verdict\":\"complete\"}", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		char *page = page_of(table[i].json);

		expect_part(page, table[i].says ? table[i].says : "class=\"why\"",
		        table[i].says != NULL);
		free(page);
	}
}

/* The archive is named where another side stands beside it, and sums are of all columns. */
static void folders(void **state)
{
	char *page =
	        page_of("{\"folders\":[{\"kind\":\"mail\",\"name\":\"A\",\"items\":3,\"bytes\":30,"
	                "\"errors\":0,\"source\":{\"items\":4,\"bytes\":40}},{\"kind\":\"mail\","
	                "\"name\":\"B\",\"items\":2,\"bytes\":20,\"errors\":0}]}");

	(void)state;
	expect_part(page, ">Archive items</th>", true);
	expect_part(page, ">Source items</th>", true);
	expect_part(page, ">Items</th>", false);
	expect_part(page, ">Missing</th>", false);
	expect_part(page, "data-label=\"Archive items\">5</td>", true);
	expect_part(page, "data-label=\"Source items\">4</td>", true);
	expect_part(page, "<rect width=\"66.6%\"", true);
	free(page);
	page = page_of(
	        "{\"folders\":[{\"kind\":\"mail\",\"name\":\"A\",\"items\":3,\"errors\":2}]}");
	expect_part(page, ">Items</th>", true);
	expect_part(page, "<tr role=\"row\" class=\"warning\">", true);
	expect_part(page, ">Share</th>", false);
	free(page);
}

/* The order of years, folders that have most mail, and a number for each of them. */
static void picture(void **state)
{
	char *page = page_of(
	        "{\"years\":[{\"year\":\"2019\",\"items\":10,\"bytes\":100},"
	        "{\"year\":\"2020\",\"items\":5,\"bytes\":50}],\"folders\":["
	        "{\"kind\":\"mail\",\"name\":\"A\",\"items\":12,\"years\":{\"2019\":{\"items\":8},"
	        "\"2020\":{\"items\":4}}},{\"kind\":\"mail\",\"name\":\"B\",\"items\":3,\"years\":{"
	        "\"2019\":{\"items\":2},\"2020\":{\"items\":1}}}]}");

	(void)state;
	expect_part(page, "aria-label=\"Messages by year, from 2019 to 2020;", true);
	expect_part(page,
	        "<rect class=\"c0\" x=\"8.4%\" width=\"35.6%\" y=\"46.0\" height=\"120.0\"/>",
	        true);
	expect_part(page,
	        "<rect class=\"c1\" x=\"8.4%\" width=\"35.6%\" y=\"16.0\" height=\"30.0\"/>", true);
	expect_part(page, "class=\"c5\"", false);
	expect_part(page, "data-label=\"A\">8</td>", true);
	free(page);
	/* a year without mail has its place; one that a wrong clock made has none */
	page = page_of(
	        "{\"ended\":\"2026-11-29T13:53:39Z\",\"years\":[{\"year\":\"1969\",\"items\":2},"
	        "{\"year\":\"2023\",\"items\":10},{\"year\":\"2026\",\"items\":5},"
	        "{\"year\":\"9999\",\"items\":1}],\"folders\":[]}");
	expect_part(page, "from 2023 to 2026;", true);
	expect_part(page, ">2024</text>", true);
	expect_part(page, "3 messages of other years: the table has them.", true);
	expect_part(page, ">9999</th>", true);
	free(page);
	page = page_of("{\"years\":[],\"folders\":[]}");
	expect_part(page, "<svg class=\"years\"", false);
	free(page);
}

/* Each of ten thousand is there. */
static void all_are_listed(void **state)
{
	json_t *o = json_object(), *list = json_array();
	struct buf b = buf_of(SIZE_MAX / 2);
	char uid[32];

	(void)state;
	for (int i = 0; i < 10000; i++)
		json_array_append_new(list, json_pack("{s:s,s:s,s:b,s:i}", "side", "archive",
		                                    "finding", "missing", "safe", i % 2, "uid", i));
	json_object_set_new(o, "findings", list);
	report_page(o, &b);
	for (int i = 0; i < 10000; i++) {
		snprintf(uid, sizeof uid, ">%d</", i);
		assert_non_null(strstr(buf_str(&b), uid));
	}
	assert_non_null(strstr(buf_str(&b),
	        "In the archive and not in the new account. What mends it: valise restore <b>5,000</b>"));
	buf_clear(&b);
	json_decref(o);
}

/* What may stand in a page: nothing else does, whatever a report holds. */
static const char *const tags[] = {"!doctype", "html", "head", "meta", "style", "title", "body",
        "main", "header", "section", "h1", "h2", "h3", "p", "div", "span", "b", "time", "dl", "dt",
        "dd", "ul", "li", "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td",
        "details", "summary", "wbr", "figure", "svg", "path", "rect", "line", "text"};

static void expect_known_tags(const char *page)
{
	for (const char *p = strchr(page, '<'); p; p = strchr(p + 1, '<')) {
		const char *name = p + 1 + (p[1] == '/');
		size_t n = strcspn(name, " >\n"), i = 0;

		while (i < COUNT(tags) && (strlen(tags[i]) != n || memcmp(tags[i], name, n)))
			i++;
		if (i == COUNT(tags))
			fail_msg("a tag <%.*s>", (int)n, name);
	}
}

static const char *const hostile[] = {"<script>alert(1)</script>",
        "\\\"><img src=x onerror=alert(1)>", "' onmouseover='alert(1)", "</td></table><h1>YES</h1>",
        "a\\u0000<b>b</b>", "\\u202egnp.exe<svg onload=alert(1)>", "\\u001b]0;x\\u0007<i>",
        "&lt;script&gt;<script>", "<!--<x>", "</style><style>*{display:none}",
        "<a href=javascript:alert(1)>x</a>", "\\u2028\\u2029\\u0085<p onclick=x>"};

/* The text at every place that a report has, and as the names of members. */
static char *hostile_report(const char *h)
{
	struct buf b = buf_of(100000);
	static const char *const lists[] = {"notes", "findings", "not_examined", "folders", "seals",
	        "servers", "accounts", "years", "dns", "other"};
	static const char *const members[] = {"level", "collection", "item", "text", "side",
	        "finding", "kind", "name", "href", "date", "from", "subject", "start", "summary",
	        "differs", "place", "what", "why", "status", "reason", "damage", "created", "seal",
	        "service", "host", "user", "account", "security", "software", "greeting", "dav",
	        "sign_in", "outcome", "error", "archive", "year", "verdict"};
	static const char *const scalars[] = {"command", "account", "archive", "to", "began",
	        "ended", "began_local", "ended_local", "version", "verdict", "text", "code", "seal",
	        "content", "state", "odd"};

	buf_putc(&b, '{');
	for (size_t i = 0; i < COUNT(lists); i++) {
		buf_putf(&b, "\"%s\":[{\"x%s\":\"%s\",", lists[i], strchr(h, '\\') ? "" : h, h);
		for (size_t k = 0; k < COUNT(members); k++)
			buf_putf(&b, "\"%s\":\"%s\",", members[k], h);
		buf_putf(&b,
		        "\"tls\":{\"version\":\"%s\",\"cipher\":\"%s\",\"subject\":\"%s\","
		        "\"issuer\":\"%s\",\"names\":\"%s\",\"valid_from\":\"%s\",\"valid_until\":"
		        "\"%s\",\"sha256\":\"%s\"},\"items\":1},{\"kind\":\"mail\",\"name\":\"%s\","
		        "\"level\":\"warning\",\"text\":\"%s\",\"items\":3,\"year\":\"%s\",\"years\":{"
		        "\"%s\":{\"items\":3}}}],",
		        h, h, h, h, h, h, h, h, h, h, h, strchr(h, '\\') ? "2019" : h);
	}
	for (size_t i = 0; i < COUNT(scalars); i++)
		buf_putf(&b, "\"%s\":\"%s\",", scalars[i], h);
	buf_putf(&b, "\"exit\":0}");
	h = xstrdup(buf_str(&b));
	buf_clear(&b);
	return (char *)(uintptr_t)h;
}

static void hostile_text_stays_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(hostile); i++) {
		char *json = hostile_report(hostile[i]), *page = page_of(json);

		expect_known_tags(page);
		expect_part(page, "\xe2\x80\xae", false);
		expect_part(page, "\x1b", false);
		expect_part(page, "\xe2\x80\xa8", false);
		free(page);
		free(json);
	}
}

/* A connection of which nothing is known but that it is one. */
static void tls_without_details(void **state)
{
	char *page = page_of("{\"command\":\"check\",\"servers\":[{\"host\":\"h\",\"tls\":{}},"
	                     "{\"host\":\"i\",\"tls\":{\"version\":\"TLS1.3\"}}]}");

	(void)state;
	expect_part(page, "(null)", false);
	expect_part(page, "<dd>TLS</dd>", true);
	expect_part(page, "<dd>TLS1.3</dd>", true);
	free(page);
}

/* What each server says of each record, and what is wanted. */
static void dns(void **state)
{
	char *page = page_of(
	        "{\"command\":\"audit\",\"dns\":{\"domain\":\"a.example\",\"zone\":\"<z>\",\"next\":"
	        "\"wait\",\"mx\":\"old\",\"servers\":[{\"name\":\"ns1.a.example\",\"address\":"
	        "\"192.0.2.1\",\"state\":\"good\",\"serial\":2026112901}],\"records\":[{\"record\":"
	        "\"MX\",\"name\":\"a.example\",\"type\":\"MX\",\"state\":\"propagating\",\"wanted\":["
	        "\"10 mx1.new.example\",\"20 mx2.new.example\"],\"notes\":[{\"level\":\"wrong\","
	        "\"text\":\"<b>two\"}],\"answers\":[{\"from\":\"resolver\",\"outcome\":\"found\","
	        "\"records\":[\"10 old.example\"],\"ttl\":3600},{\"from\":\"zone\",\"server\":"
	        "\"ns1.a.example\",\"outcome\":\"no-name\",\"records\":[],\"ttl\":60},{\"from\":"
	        "\"zone\",\"server\":\"ns2\",\"outcome\":\"failed\",\"why\":\"<i>late\"}]}],"
	        "\"notes\":[{\"level\":\"note\",\"text\":\"one\"},{\"level\":\"note\",\"text\":\"two\"}]}}");

	(void)state;
	expect_part(page, "&lt;z&gt;", true);
	expect_part(page, ">10 mx1.new.example; 20 mx2.new.example</td>", true);
	expect_part(page, ">&lt;b&gt;two</td>", true);
	expect_part(page, ">10 old.example</td>", true);
	expect_part(page, ">no such name</td>", true);
	expect_part(page, ">&lt;i&gt;late</td>", true);
	expect_part(page, ">2026112901</td>", true);
	expect_part(page, "<dd>one; two</dd>", true);
	free(page);
}

/* Members of other types than they should have end nothing. */
static void odd_types(void **state)
{
	static const char *const list[] = {"{\"findings\":{},\"notes\":1,\"folders\":\"x\"}",
	        "{\"findings\":[1,null,[],\"x\",{}],\"notes\":[null],\"folders\":[7],\"years\":[8],"
	        "\"servers\":[{}],\"seals\":[[]],\"other\":[3,{\"a\":[]}],\"accounts\":[{}]}",
	        "{\"years\":[{\"year\":7,\"items\":-1},{\"items\":5}],\"folders\":[{\"kind\":\"mail\","
	        "\"items\":-3,\"years\":{\"x\":3}},{\"kind\":\"mail\",\"years\":[]}]}",
	        "{\"dns\":{\"servers\":7,\"records\":[3,{\"answers\":[1,{}],\"wanted\":{},\"notes\":[2]}],"
	        "\"notes\":\"x\"},\"command\":\"audit\",\"source\":[],\"target\":3,\"findings\":[{}]}",
	        "{\"exit\":\"0\",\"command\":7,\"began\":3,\"ended_local\":null}"};

	(void)state;
	for (size_t i = 0; i < COUNT(list); i++) {
		char *page = page_of(list[i]);

		expect_known_tags(page);
		free(page);
	}
}

static int render(const char *path)
{
	json_error_t why;
	json_t *o = json_load_file(path, JSON_ALLOW_NUL, &why);
	struct buf b = buf_of(SIZE_MAX / 2);

	if (!o) {
		fprintf(stderr, "%s: %s\n", path, why.text);
		return 1;
	}
	report_page(o, &b);
	fwrite(b.data, 1, b.len, stdout);
	buf_clear(&b);
	json_decref(o);
	return fflush(stdout) ? 1 : 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(text_is_escaped),
	        cmocka_unit_test(nothing_is_cut),
	        cmocka_unit_test(values),
	        cmocka_unit_test(verdicts),
	        cmocka_unit_test(more_of_a_verdict),
	        cmocka_unit_test(folders),
	        cmocka_unit_test(picture),
	        cmocka_unit_test(all_are_listed),
	        cmocka_unit_test(hostile_text_stays_text),
	        cmocka_unit_test(tls_without_details),
	        cmocka_unit_test(dns),
	        cmocka_unit_test(odd_types),
	};

	return argc > 1 ? render(argv[1]) : cmocka_run_group_tests(tests, NULL, NULL);
}
