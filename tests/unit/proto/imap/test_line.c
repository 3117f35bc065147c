#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "proto/imap/line.h"
#include "valise/base/mem.h"

/* A token list as text: atoms as they are, strings in <>, brackets, "!" for bad. */
static void tokens_of(const char *text, char *out)
{
	struct line l = {text, text + strlen(text)};

	*out = '\0';
	for (;;) {
		struct token t = line_next(&l);
		char *copy =
		        t.kind == TOKEN_ATOM || t.kind == TOKEN_STRING ? token_dup(&t, NULL) : NULL;

		if (t.kind == TOKEN_ATOM)
			strcat(strcat(out, copy), " ");
		else if (t.kind == TOKEN_STRING)
			strcat(strcat(strcat(out, "<"), copy), "> ");
		else if (t.kind == TOKEN_OPEN || t.kind == TOKEN_CLOSE)
			strcat(out, t.kind == TOKEN_OPEN ? "( " : ") ");
		else
			strcat(out, t.kind == TOKEN_BAD ? "!" : "");
		free(copy);
		if (t.kind == TOKEN_END || t.kind == TOKEN_BAD)
			return;
	}
}

static void test_tokens(void **state)
{
	static const struct {
		const char *text, *tokens;
	} cases[] = {
	        {"", ""},
	        {"  a  b\r\n", "a b "},
	        {"(a (b) \"c d\")", "( a ( b ) <c d> ) "},
	        {"\"a\\\"b\\\\\"", "<a\"b\\> "},
	        {"{3}\r\na b c", "<a b> c "},
	        {"~{3+}\r\n(((x", "<(((> x "},
	        {"{3}\nabc", "<abc> "},
	        {"{0}\r\n)", "<> ) "},
	        {"{4}\r\nabc", "!"},
	        {"{99999999999999999999}\r\nabc", "!"},
	        {"\"open", "!"},
	        {"\"open\\", "!"},
	        {"BODY[HEADER.FIELDS (A B)]<0> NIL", "BODY[HEADER.FIELDS (A B)]<0> NIL "},
	        {"a[b c", "a[b c "},
	        {"{x}\r\n y", "{x} y "},
	        {"a\"b\"", "a <b> "},
	};
	char got[200];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		tokens_of(cases[i].text, got);
		assert_string_equal(got, cases[i].tokens);
	}
}

static void test_numbers(void **state)
{
	static const struct {
		const char *text;
		bool is64, is32;
		uint64_t value;
	} cases[] = {
	        {"0", true, true, 0},
	        {"4294967295", true, true, 4294967295u},
	        {"4294967296", true, false, 4294967296u},
	        {"18446744073709551615", true, false, UINT64_MAX},
	        {"99999999999999999999999", true, false, UINT64_MAX},
	        {"-1", false, false, 0},
	        {"1x", false, false, 0},
	        {"NIL", false, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct line l = {cases[i].text, cases[i].text + strlen(cases[i].text)};
		struct token t = line_next(&l);
		uint64_t v64 = 0;
		uint32_t v32 = 0;

		assert_int_equal(token_u64(&t, &v64), cases[i].is64);
		assert_int_equal(token_u32(&t, &v32), cases[i].is32);
		assert_true(v64 == cases[i].value);
	}
}

static void test_spans(void **state)
{
	static const struct {
		const char *text;
		size_t span;
	} cases[] = {{"a\r\nb\r\n", 3}, {"a\nb", 2}, {"a", 0}, {"", 0},
	        {"x {2}\r\nab\r\nc\r\n", 11}, {"x {2}\r\na", 0},
	        {"x {5}\r\na\r\nbc {1}\r\nz\r\n", 21}, {"x {2} \r\nab\r\n", 12}, {"{} x\r\n", 6},
	        /* text has no literals */
	        {"* OK [ALERT] {5}\r\nnext {1}\r\n", 18}, {"7 NO no {12}\r\n", 14},
	        {"* BYE {2}\r\n", 11}, {"* LIST () {2}\r\nab\r\n", 19}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(line_span(cases[i].text, strlen(cases[i].text)), cases[i].span);
}

static void test_status_lines(void **state)
{
	static const struct {
		const char *line;
		int status; /* -1: none */
		unsigned tag;
		const char *code, *args, *text;
	} cases[] = {
	        {"12 OK [UIDNEXT 5] fine\r\n", STATUS_OK, 12, "UIDNEXT", " 5", "fine"},
	        {"* OK [HIGHESTMODSEQ 12345]\r\n", STATUS_OK, 0, "HIGHESTMODSEQ", " 12345", ""},
	        {"3 NO\r\n", STATUS_NO, 3, "", "", ""},
	        {"3 bad what", STATUS_BAD, 3, "", "", "what"},
	        {"* BYE  [x] y", STATUS_BYE, 0, "X", "", "y"},
	        {"* PREAUTH", STATUS_PREAUTH, 0, "", "", ""},
	        {"4 NO [BADCHARSET (\"a]b\")] no", STATUS_NO, 4, "BADCHARSET", " (\"a]b\")", "no"},
	        {"4 NO [OPEN text", STATUS_NO, 4, "", "", "[OPEN text"},
	        {"4 NO [A\"B] text", STATUS_NO, 4, "A\"B", "", "text"},
	        {"* 5 EXISTS", -1, 0, NULL, NULL, NULL},
	        {"+ OK", -1, 0, NULL, NULL, NULL},
	        {"", -1, 0, NULL, NULL, NULL},
	        {"4294967296 OK", -1, 0, NULL, NULL, NULL},
	        {"abc OK x", -1, 0, NULL, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct status_line s;
		bool is = status_parse(cases[i].line, strlen(cases[i].line), &s);

		assert_int_equal(is, cases[i].status != -1);
		if (!is)
			continue;
		assert_int_equal(s.status, cases[i].status);
		assert_int_equal(s.tag, cases[i].tag);
		assert_string_equal(s.code, cases[i].code);
		assert_int_equal(s.args.end - s.args.p, strlen(cases[i].args));
		assert_memory_equal(s.args.p, cases[i].args, strlen(cases[i].args));
		assert_int_equal(s.text_len, strlen(cases[i].text));
		assert_memory_equal(s.text, cases[i].text, s.text_len);
	}
}

static void test_list_lines(void **state)
{
	static const struct {
		const char *line, *name; /* NULL: refused */
		char delimiter;
		const char *marks, *uses;
	} cases[] = {
	        {"* LIST (\\HasNoChildren) \"/\" foo\r\n", "foo", '/', "", NULL},
	        {"LIST () / foo", "foo", '/', "", NULL},
	        {"LIST () NIL foo", "foo", 0, "", NULL},
	        {"LIST () \"//\" foo", "foo", '/', "", NULL},
	        {"LIST () \"./\" foo", "foo", 0, "", NULL},
	        {"LIST () \"\" foo", "foo", 0, "", NULL},
	        {"LIST () \"\\\\\" foo", "foo", '\\', "", NULL},
	        {"LIST () \\ foo", "foo", '\\', "", NULL},
	        {"LIST (\\ \\Noselect) \"/\" foo", "foo", '/', "s", NULL},
	        {"LIST (\\NonExistent \\Noinferiors \\Subscribed) \"/\" foo", "foo", '/', "sniu",
	                NULL},
	        {"LIST \\HasNoChildren \\Trash \"/\" foo", "foo", '/', "", "\\Trash"},
	        {"LIST \"/\" foo", "foo", '/', "", NULL},
	        {"LIST (\\Sent \\Drafts \\sent \\All) \".\" \"a b\\\"c\"", "a b\"c", '.', "",
	                "\\All \\Drafts \\Sent"},
	        {"XLIST (\\Inbox \\AllMail \\Spam \\Starred) \"/\" x", "x", '/', "",
	                "\\All \\Flagged \\Junk"},
	        {"LSUB () \".\" {5}\r\nab cd\r\n", "ab cd", '.', "", NULL},
	        {"LIST () \"/\" My Folder\r\n", "My Folder", '/', "", NULL},
	        {"LIST () \"/\" 50% off (of) x", "50% off (of) x", '/', "", NULL},
	        {"LIST () \"/\" foo (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n", "foo", '/', "", NULL},
	        {"LIST () \"/\" \"foo\" (OLDNAME (\"bar\"))", "foo", '/', "", NULL},
	        {"LIST () \"/\" (foo", "(foo", '/', "", NULL},
	        {"LIST () \"/\" ~foo", "~foo", '/', "", NULL},
	        {"LIST () \"/\" \"\"", "", '/', "", NULL},
	        {"LIST () \"/\" ", NULL, 0, NULL, NULL},
	        {"LIST () \"/\" \"foo", NULL, 0, NULL, NULL},
	        {"LIST () \"/\" \"foo\"bar", NULL, 0, NULL, NULL},
	        {"LIST () \"/\" {5}\r\nab", NULL, 0, NULL, NULL},
	        {"LIST () \"/\" {5", NULL, 0, NULL, NULL},
	        {"LIST (\\A", NULL, 0, NULL, NULL},
	        {"LIST", NULL, 0, NULL, NULL},
	        {"LIST ((\\A)) \"/\" x", NULL, 0, NULL, NULL},
	        {"* 1 EXISTS", NULL, 0, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct imap_mailbox box;
		bool ok = list_parse(cases[i].line, strlen(cases[i].line), &box);

		if (ok != (cases[i].name != NULL))
			print_error("%s\n", cases[i].line);
		assert_int_equal(ok, cases[i].name != NULL);
		if (!ok)
			continue;
		assert_string_equal((char *)box.name, cases[i].name);
		assert_int_equal(box.name_len, strlen(cases[i].name));
		assert_int_equal(box.delimiter, cases[i].delimiter);
		assert_int_equal(box.noselect, strchr(cases[i].marks, 's') != NULL);
		assert_int_equal(box.nonexistent, strchr(cases[i].marks, 'n') != NULL);
		assert_int_equal(box.noinferiors, strchr(cases[i].marks, 'i') != NULL);
		assert_int_equal(box.subscribed, strchr(cases[i].marks, 'u') != NULL);
		if (cases[i].uses)
			assert_string_equal(box.special_use, cases[i].uses);
		else
			assert_null(box.special_use);
		mailbox_clear(&box);
	}
}

static void test_status_items(void **state)
{
	static const struct {
		const char *rest;
		bool ok;
		struct imap_status want;
	} cases[] = {
	        {"x (MESSAGES 5 UIDNEXT 6 UIDVALIDITY 7 HIGHESTMODSEQ 8589934592)", true,
	                {.messages = 5,
	                        .uidnext = 6,
	                        .uidvalidity = 7,
	                        .highestmodseq = 8589934592u}},
	        {"\"a b\" ()", true, {0}},
	        {"{3}\r\na b (MESSAGES 1)", true, {.messages = 1}},
	        {"a b (MESSAGES 1 SIZE 7 MAILBOXID (x) APPENDLIMIT NIL UIDNEXT 9)", true,
	                {.messages = 1, .uidnext = 9, .size = 7, .has_size = true}},
	        {"x (MESSAGES 99999999999)", true, {0}},
	        {"x (MESSAGES", false, {0}},
	        {"quote \" and \\ back (MESSAGES 2 UIDNEXT 3)", true,
	                {.messages = 2, .uidnext = 3}},
	        {"Re: (all) [x] {y} (MESSAGES 2 UIDNEXT 3)", true, {.messages = 2, .uidnext = 3}},
	        {"\"(MESSAGES 2)", false, {0}},
	        {"x (MESSAGES 2) (UIDNEXT 3", false, {0}},
	        {"x", false, {0}},
	        {"", false, {0}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct line rest = {cases[i].rest, cases[i].rest + strlen(cases[i].rest)};
		struct imap_status got;

		assert_int_equal(status_items_parse(rest, &got), cases[i].ok);
		if (cases[i].ok)
			assert_memory_equal(&got, &cases[i].want, sizeof got);
	}
}

static void test_fetch_lines(void **state)
{
	struct fetch_build b;
	const struct imap_msg *m;
	static const char whole[] =
	        "* 7 FETCH (UID 42 FLAGS (\\Seen \\Recent work $L \\Foo bad\"x\" \\*) "
	        "INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" RFC822.SIZE 8589934592 MODSEQ (77) "
	        "X-GM-MSGID 18446744073709551615 X-GM-LABELS (\\Inbox \"a b\") ENVELOPE (\"x\" "
	        "(NIL)) BODY[] {3}\r\nabc)\r\n";
	static const struct {
		const char *line;
		bool is;
		uint32_t uid;
	} cases[] = {{"1 FETCH (UID 5)", true, 5}, {"1 FETCH (UID 4294967301)", true, 0},
	        {"1 FETCH UID 5", true, 5}, {"1 FETCH (UID", true, 0},
	        {"1 FETCH (X ((( UID 5", true, 0}, {"1 FETCH (BODY[] {0}\r\n UID 6)", true, 6},
	        {"1 FETCH (BOGUS) UID 6)", true, 6}, {"1 FETCH (\"q\" UID 9)", true, 9},
	        {"1 FETCH", true, 0}, {"FETCH (UID 1)", false, 0}, {"1 EXPUNGE", false, 0},
	        {"", false, 0}};

	(void)state;
	fetch_init(&b);
	assert_true(fetch_parse(&b, whole, sizeof whole - 1));
	m = fetch_msg(&b);
	assert_int_equal(m->uid, 42);
	assert_true(m->has_flags && m->has_date && m->has_size && m->has_body);
	assert_int_equal(m->flags, 1);
	assert_string_equal(m->keywords[0], "work");
	assert_string_equal(m->keywords[1], "$L");
	assert_string_equal(m->keywords[2], "\\Foo");
	assert_true(m->date.known);
	assert_int_equal(m->date.utc, 837596665);
	assert_int_equal(m->date.zone_min, -420);
	assert_true(m->size == 8589934592u);
	assert_int_equal(m->modseq, 77);
	assert_true(m->gm_msgid == UINT64_MAX);
	assert_string_equal(m->labels, "(\\Inbox \"a b\")");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		fetch_reset(&b);
		assert_int_equal(
		        fetch_parse(&b, cases[i].line, strlen(cases[i].line)), cases[i].is);
		if (cases[i].is)
			assert_int_equal(fetch_msg(&b)->uid, cases[i].uid);
	}
	fetch_clear(&b);
}

/* What follows a body: an announced length that is a lie makes something else of it. */
static void test_fetch_ends(void **state)
{
#define AT "* 3 FETCH (UID 3 BODY[] {0}\r\n"
	static const struct {
		const char *line;
		bool well;
	} cases[] = {
	        {AT ")\r\n", true},
	        {AT ")\n", true},
	        {AT ")", true},
	        {AT " )  \r\n", true},
	        {AT " FLAGS (\\Seen $x) MODSEQ (12))\r\n", true},
	        {AT " flags () uid 3 X-GM-LABELS (\"a)\" b))\r\n", true},
	        {AT " BODY[HEADER.FIELDS (SUBJECT)]<0> {2}\r\n)\n)\r\n", true},
	        {AT " X-NEW NIL RFC822.SIZE 12)\r\n", true},
	        {AT " X-BAD)\r\n", true},
	        {"3 FETCH (BODY[]<12> \"a \\\"b\" UID 3)", true},
	        {"* 3 FETCH (BODY[] NIL UID 3)\r\n", true},
	        {"* 3 FETCH (FLAGS (a) X {3}\r\nBOD UID 3 BINARY[] {0}\r\n)\r\n", true},
	        /* one, two, three octets too long, and more */
	        {AT "\r\n", false},
	        {AT "\n", false},
	        {AT "* 4 FETCH (UID 4 BODY[] {0}\r\n", false},
	        {AT "12 OK done\r\n", false},
	        {AT " 4 FETCH (UID 4 BODY[] {0}\r\n", false},
	        {AT " FETCH (UID 4 BODY[] {9}\r\n", false},
	        {AT " (UID 4 BODY[] {0}\r\n)\r\n", false},
	        {AT " OK done\r\n", false},
	        {AT " done\r\n", false},
	        {AT " of text)\r\n", false},
	        {AT ") and so on\r\n", false},
	        {AT ") FLAGS (a))\r\n", false},
	        /* too short */
	        {AT "\r\n)\r\n", false},
	        {AT ".\r\n", false},
	        {AT ".)\r\n", false},
	        {AT " word and another\r\n", false},
	        {AT ")(\r\n", false},
	        {AT "  \r\n", false},
	        {AT "", false},
	        /* a quoted one that ends too early, no end, no body */
	        {"* 3 FETCH (UID 3 BODY[] \"he said \"x\"\")\r\n", false},
	        {"* 3 FETCH (UID 3 BODY[] \"abc\r\n", false},
	        {"* 3 FETCH (UID 3 BODY[]\r\n", false},
	        {"* 3 FETCH (UID 3 FLAGS ())\r\n", false},
	        {"", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t n = strlen(cases[i].line);
		char *exact = xmemdup(n ? cases[i].line : "x", n ? n : 1);

		if (fetch_ends_well(exact, n) != cases[i].well)
			print_error("%s\n", cases[i].line);
		assert_int_equal(fetch_ends_well(exact, n), cases[i].well);
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_tokens),
	        cmocka_unit_test(test_numbers),
	        cmocka_unit_test(test_spans),
	        cmocka_unit_test(test_status_lines),
	        cmocka_unit_test(test_list_lines),
	        cmocka_unit_test(test_fetch_ends),
	        cmocka_unit_test(test_status_items),
	        cmocka_unit_test(test_fetch_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
