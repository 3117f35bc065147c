/* What is said of a message of the target by what is known of it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>
#include "restore/imap/look/look.h"
#include "valise/format/mend.h"

#define NO_DATE INT64_MIN

static const struct {
	struct tmsg_facts f;
	enum look_state state;
	const char *differs;
} cases[] = {
        {{10, 10, 5, 5, 0, "", "", 0, false, false}, LOOK_SAME, ""},
        /* RFC822.SIZE is a lie where the octets were seen to be equal */
        {{10, 12, 5, 5, 0, "", "", 0, false, false}, LOOK_SAME, ""},
        {{10, 10, 5, NO_DATE, 0, "", "", 0, false, false}, LOOK_SAME, ""},
        {{10, 12, 5, 5, UNLIKE_ENDS, "", "", 0, false, false}, LOOK_OTHER,
                "line ends or NUL differ, 12 octets instead of 10"},
        {{10, 10, 5, 5, UNLIKE_HEAD, "", "", 0, false, false}, LOOK_OTHER, "the header differs"},
        {{10, 10, 5, 5, UNLIKE_TEXT, "", "", 0, false, false}, LOOK_OTHER, "the text differs"},
        {{10, 9, 5, 5, UNLIKE_HEAD | UNLIKE_TEXT, "", "", 0, false, false}, LOOK_OTHER,
                "header and text differ, 9 octets instead of 10"},
        {{10, 12, 5, 5, UNLIKE_ENDS, "line ends", "", 0, false, false}, LOOK_OTHER,
                "in another form (line ends), 12 octets instead of 10"},
        {{10, 10, 0, 86400, 0, "", "", 0, false, false}, LOOK_OTHER,
                "INTERNALDATE  2-Jan-1970 00:00:00 +0000 instead of "
                " 1-Jan-1970 00:00:00 +0000"},
        {{10, 10, 5, 5, 0, "", "\\Seen work", 0, false, false}, LOOK_FLAGS, "without \\Seen work"},
        {{10, 10, 5, 5, 0, "", "", 7, false, false}, LOOK_TWICE, "there once more, as UID 7"},
        {{10, 10, 5, 5, 0, "", "\\Seen", 7, false, false}, LOOK_TWICE,
                "without \\Seen; there once more, as UID 7"},
        {{10, 11, 0, 1, UNLIKE_TEXT, "", "\\Seen", 7, false, false}, LOOK_OTHER,
                "the text differs, 11 octets instead of 10; "
                "INTERNALDATE  1-Jan-1970 00:00:01 +0000 instead of "
                " 1-Jan-1970 00:00:00 +0000; without \\Seen; there once more, as UID 7"},
        {{10, 10, 5, 5, 0, "", "", 0, true, false}, LOOK_ELSEWHERE, ""},
        {{10, 10, 5, 5, 0, "", "", 0, false, true}, LOOK_FLAGS,
                "marked \\Deleted there: it goes when a program clears up"},
        {{10, 10, 5, 5, UNLIKE_TEXT, "", "", 0, true, false}, LOOK_ELSEWHERE, "the text differs"},
};

static void judges(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf differs = buf_of(1000);

		assert_int_equal(imap_look_judge(&cases[i].f, &differs), cases[i].state);
		assert_string_equal(buf_str(&differs), cases[i].differs);
		buf_clear(&differs);
	}
}

static void says_by_what(void **state)
{
	static const struct {
		struct tmsg_facts f;
		unsigned mended, by;
	} by[] = {
	        {{10, 10, 5, 5, 0, "", "", 0, false, false}, 0, 0},
	        {{10, 12, 5, 5, UNLIKE_ENDS, "", "", 0, false, false}, 0, LOOK_BY_ENDS},
	        {{10, 12, 5, 5, UNLIKE_HEAD, "", "", 0, false, false}, 0, LOOK_BY_CONTENT},
	        {{10, 12, 5, 5, UNLIKE_HEAD, "x", "", 0, false, false}, MEND_8BIT, LOOK_BY_FORM},
	        {{10, 12, 5, 5, UNLIKE_TEXT, "x", "", 0, false, false}, MEND_WRAP, LOOK_BY_FORM},
	        {{10, 12, 5, 5, 0, "x", "", 0, false, false}, MEND_END, LOOK_BY_FORM},
	        {{10, 12, 5, 5, 0, "x", "", 0, false, false}, MEND_NUL | MEND_END, LOOK_BY_ENDS},
	        {{10, 10, 5, 6, 0, "", "", 0, false, false}, 0, LOOK_BY_DATE},
	        {{10, 10, 5, NO_DATE, 0, "", "a", 7, true, false}, 0, LOOK_BY_FLAGS},
	        {{10, 10, 5, 5, 0, "", "", 0, false, true}, 0, LOOK_BY_FLAGS},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(by); i++)
		assert_int_equal(imap_look_by(&by[i].f, by[i].mended), by[i].by);
}

/* Hashes are one octet here: all, header, body. */
static struct seen seen_of(const char *hashes)
{
	struct seen s = {0};

	s.sha256[0] = (uint8_t)hashes[0];
	s.head[0] = (uint8_t)hashes[1];
	s.body[0] = (uint8_t)hashes[2];
	return s;
}

static void what_is_unlike(void **state)
{
	static const struct {
		const char *item, *there;
		unsigned unlike;
	} pairs[] = {
	        {"ahb", "ahb", 0},
	        {"ahb", "chb", UNLIKE_ENDS},
	        {"ahb", "cib", UNLIKE_HEAD},
	        {"ahb", "chd", UNLIKE_TEXT},
	        {"ahb", "cid", UNLIKE_HEAD | UNLIKE_TEXT},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++) {
		struct seen item = seen_of(pairs[i].item), there = seen_of(pairs[i].there);

		assert_int_equal(seen_unlike(&item, &there), pairs[i].unlike);
		if (pairs[i].unlike != UNLIKE_ENDS)
			continue;
		item.n_80 = 1; /* a letter less, unless it was NUL there */
		assert_int_equal(seen_unlike(&item, &there), UNLIKE_TEXT);
		item.has_nul = true;
		assert_int_equal(seen_unlike(&item, &there), UNLIKE_ENDS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(judges), cmocka_unit_test(says_by_what),
	        cmocka_unit_test(what_is_unlike)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
