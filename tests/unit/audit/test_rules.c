/* The rules: what says NO, what flags and keywords are worth, and that AUDIT.md says the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include "valise/audit/audit.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"

static void verdicts(void **state)
{
	struct audit_finding f[3] = {{.what = AUDIT_ELSEWHERE},
	        {.what = AUDIT_ALTERED, .accepted = true}, {.what = AUDIT_NEWER}};

	(void)state;
	assert_true(audit_is_safe(f, 0));
	assert_true(audit_is_safe(f, 2));
	assert_false(audit_is_safe(f, 3));
	f[1].accepted = false;
	assert_false(audit_is_safe(f, 2));
}

/* --accept is kept for what may be accepted, and says nothing of what is fine. */
static void accepting(void **state)
{
	struct audit a;

	(void)state;
	audit_init(&a);
	a.accepts[AUDIT_ALTERED] = a.accepts[AUDIT_ELSEWHERE] = true;
	audit_say(&a, AUDIT_TARGET, AUDIT_ALTERED, COLL_MAIL, "INBOX", NULL);
	audit_say(&a, AUDIT_SOURCE, AUDIT_ELSEWHERE, COLL_MAIL, "INBOX", NULL);
	assert_true(a.items[0].accepted);
	assert_false(a.items[1].accepted);
	assert_true(audit_is_safe(a.items, a.n));
	audit_clear(&a);
}

static void flags(void **state)
{
	static const struct {
		unsigned was;
		const char *was_keywords;
		unsigned now;
		const char *now_keywords;
		bool only_lost;
		enum audit_what what;
		const char *text;
	} rows[] = {
	        {FLAG_SEEN, "work", FLAG_SEEN, "work", false, AUDIT_WHATS, NULL},
	        {FLAG_SEEN, "work", FLAG_SEEN, "WORK", false, AUDIT_WHATS, NULL},
	        {0, "", FLAG_SEEN, "", false, AUDIT_FLAGS, "there also \\Seen"},
	        {0, "", FLAG_SEEN, "", true, AUDIT_WHATS, NULL},
	        {FLAG_SEEN | FLAG_DRAFT, "", 0, "", true, AUDIT_FLAGS, "not there \\Seen \\Draft"},
	        {FLAG_SEEN, "a", FLAG_FLAGGED, "b", false, AUDIT_FLAGS,
	                "there also \\Flagged b; not there \\Seen a"},
	        {FLAG_DELETED, "", 0, "", false, AUDIT_MARKS, "not there \\Deleted"},
	        {0, "", 0, "$junk NonJunk", false, AUDIT_MARKS, "there also $junk NonJunk"},
	        {0, "$HasAttachment", 0, "$Forwarded", false, AUDIT_FLAGS,
	                "there also $Forwarded; not there $HasAttachment"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *text;

		assert_int_equal(audit_flags(rows[i].was, rows[i].was_keywords, rows[i].now,
		                         rows[i].now_keywords, rows[i].only_lost, &text),
		        rows[i].what);
		if (rows[i].text)
			assert_string_equal(text, rows[i].text);
		else
			assert_null(text);
		free(text);
	}
}

static void looks(void **state)
{
	static const struct {
		struct target_look look;
		unsigned warn;
		enum audit_what what;
	} rows[] = {
	        {{LOOK_SAME, NULL, NULL, 0}, 0, AUDIT_WHATS},
	        {{LOOK_MISSING, NULL, NULL, 0}, 0, AUDIT_MISSING},
	        {{LOOK_HELD_BACK, NULL, NULL, 0}, 0, AUDIT_HELD_BACK},
	        {{LOOK_UNREADABLE, NULL, NULL, 0}, 0, AUDIT_UNREADABLE},
	        {{LOOK_UNSEEN, NULL, NULL, 0}, 0, AUDIT_UNSEEN},
	        {{LOOK_OTHER, NULL, "x", 0}, 0, AUDIT_ALTERED}, /* DAV */
	        {{LOOK_OTHER, NULL, "x", LOOK_BY_CONTENT}, 0, AUDIT_ALTERED},
	        {{LOOK_OTHER, NULL, "x", LOOK_BY_DATE}, 0, AUDIT_ALTERED},
	        {{LOOK_OTHER, NULL, "x", LOOK_BY_FORM}, 0, AUDIT_OTHER_FORM},
	        {{LOOK_OTHER, NULL, "x", LOOK_BY_ENDS}, 0, AUDIT_OTHER_FORM},
	        {{LOOK_OTHER, NULL, "x", LOOK_BY_ENDS}, WARN_NUL, AUDIT_ALTERED},
	        {{LOOK_OTHER, NULL, "x; without a", LOOK_BY_FORM | LOOK_BY_FLAGS}, 0,
	                AUDIT_FLAGS_LOST},
	        {{LOOK_FLAGS, NULL, "without \\Seen", LOOK_BY_FLAGS}, 0, AUDIT_FLAGS_LOST},
	        {{LOOK_FLAGS, NULL, "without NonJunk $Junk", LOOK_BY_FLAGS}, 0, AUDIT_MARKS_LOST},
	        {{LOOK_FLAGS, NULL, "without NonJunk work", LOOK_BY_FLAGS}, 0, AUDIT_FLAGS_LOST},
	        {{LOOK_TWICE, "a", "without $Junk; there once more, as UID 7", LOOK_BY_FLAGS}, 0,
	                AUDIT_DOUBLED},
	        {{LOOK_TWICE, "a", "without work; there once more, as UID 7", LOOK_BY_FLAGS}, 0,
	                AUDIT_FLAGS_LOST},
	        {{LOOK_ELSEWHERE, "a", NULL, 0}, 0, AUDIT_ELSEWHERE},
	        {{LOOK_ELSEWHERE, "a", "x", LOOK_BY_CONTENT}, 0, AUDIT_ALTERED},
	        {{LOOK_TWICE, "a", "x", 0}, 0, AUDIT_DOUBLED},
	        {{LOOK_TWICE, "a", "x; without a", LOOK_BY_FLAGS}, 0, AUDIT_FLAGS_LOST},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct tree_item it = {.warn = (uint16_t)rows[i].warn};

		assert_int_equal(audit_judge_look(&it, &rows[i].look), rows[i].what);
	}
}

static void left_out(void **state)
{
	(void)state;
	assert_int_equal(audit_excluded(COLL_MAIL, "\\Trash", "Weg"), AUDIT_EXCLUDED_JUNK);
	assert_int_equal(audit_excluded(COLL_MAIL, NULL, "Spam"), AUDIT_EXCLUDED_JUNK);
	assert_int_equal(audit_excluded(COLL_MAIL, "\\Sent", "Trash"), AUDIT_EXCLUDED);
	assert_int_equal(audit_excluded(COLL_MAIL, NULL, "INBOX"), AUDIT_EXCLUDED);
	assert_int_equal(audit_excluded(COLL_CALENDAR, NULL, "Trash"), AUDIT_EXCLUDED);
}

/* The row of the document that begins with the word, "| `a`, `b` | YES | | ..."; its two cells. */
static void find_row(const char *text, const char *word, char rule[8], char accept[8])
{
	char *quoted = xasprintf("`%s`", word);

	rule[0] = accept[0] = '\0';
	for (const char *line = text; line; line = strchr(line, '\n')) {
		const char *cell, *at;

		line += *line == '\n';
		cell = strncmp(line, "| `", 3) == 0 ? strchr(line + 1, '|') : NULL;
		at = cell ? strstr(line, quoted) : NULL;
		if (at && at < cell)
			assert_true(sscanf(cell, "| %7[A-Z] | %7[^ |]", rule, accept) >= 1);
	}
	free(quoted);
}

static void documented(void **state)
{
	struct buf text = buf_of(1u << 20);
	struct err err = {0};

	(void)state;
	assert_int_equal(file_read(AT_FDCWD, FIXTURES "/../docs/AUDIT.md", &text, &err), 0);
	for (unsigned i = 0; i < AUDIT_WHATS; i++) {
		const struct audit_rule *r = &audit_rules[i];
		char rule[8], accept[8];
		enum audit_what what;

		assert_non_null(r->word);
		assert_non_null(r->title);
		assert_true(audit_what_parse(r->word, &what));
		assert_int_equal(what, i);
		find_row(buf_str(&text), r->word, rule, accept);
		assert_string_equal(rule, r->safe ? "YES" : "NO");
		assert_string_equal(accept, r->safe ? "" : r->acceptable ? "yes" : "-");
	}
	buf_clear(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(verdicts),
	        cmocka_unit_test(accepting),
	        cmocka_unit_test(flags),
	        cmocka_unit_test(looks),
	        cmocka_unit_test(left_out),
	        cmocka_unit_test(documented),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
