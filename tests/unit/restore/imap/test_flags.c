/* Which flags and keywords a message is to get, and what is told of the others. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include "valise/base/text.h"
#include "restore/imap/mailbox.h"

static uint32_t set_of(struct tree_coll *c, const char *words)
{
	char *text = xstrdup(words);
	size_t n;
	const char **list = words_split(text, &n);
	uint32_t set = tree_coll_keywords(c, list, n);

	free(list);
	free(text);
	return set;
}

static void owed(void **state)
{
	static const struct {
		const char *what, *permanent;
		unsigned flags, has;
		const char *words, *has_words;
		unsigned flags_owed;
		const char *words_owed, *lacks;
	} cases[] = {
	        {"it has nothing", "\\Seen \\*", FLAG_SEEN, 0, "Work", "", FLAG_SEEN, "Work", ""},
	        {"it has all", "\\Seen \\*", FLAG_SEEN, FLAG_SEEN, "Work", "Work", 0, "", ""},
	        {"it has more", "\\*", 0, FLAG_SEEN | FLAG_DRAFT, "", "Other", 0, "", ""},
	        {"RFC 3501 7.1: nothing is said", "", FLAG_FLAGGED, 0, "Work", "", FLAG_FLAGGED,
	                "Work", ""},
	        {"no new keywords", "\\Seen \\Flagged", FLAG_SEEN, 0, "Work Home", "", FLAG_SEEN,
	                "", "Home Work"},
	        {"some keywords", "\\Seen work", 0, 0, "Work Home", "", 0, "Work", "Home"},
	        {"no flag of this kind", "\\Seen \\Deleted", FLAG_SEEN | FLAG_DRAFT, 0, "", "",
	                FLAG_SEEN, "", "\\Draft"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *text = xstrdup(cases[i].permanent);
		struct mailbox m;
		unsigned flags;
		uint32_t words;
		struct tmsg t = {.flags = (uint16_t)cases[i].has};

		mailbox_init(&m, "10.1=1", "");
		m.box.sel.uidnext = 1;
		m.box.sel.permanent = (char **)(uintptr_t)words_split(text, &m.box.sel.n_permanent);
		m.box.coll->items[0].flags = (uint16_t)cases[i].flags;
		m.box.coll->items[0].keywords = set_of(m.box.coll, cases[i].words);
		t.keywords = set_of(m.box.words, cases[i].has_words);
		flags_owed(&m.box, 0, &t, &flags, &words);
		if (flags != cases[i].flags_owed ||
		        strcmp(tree_coll_keyword_text(m.box.words, words), cases[i].words_owed) !=
		                0 ||
		        strcmp(tree_coll_keyword_text(m.box.words, m.items[0].lacks),
		                cases[i].lacks) != 0)
			fail_msg("%s", cases[i].what);
		/* what it lacks makes it one altered message, told a word at a time */
		assert_int_equal(m.box.sum.altered, *cases[i].lacks != '\0');
		assert_int_equal(m.items[0].odd, *cases[i].lacks ? ODD_FLAGS : 0);
		assert_int_equal(m.box.n_lacking,
		        *cases[i].lacks ? 1 + (strchr(cases[i].lacks, ' ') != NULL) : 0);
		free(m.box.sel.permanent);
		free(text);
		mailbox_clear(&m);
	}
}

static void words(void **state)
{
	char text[] = " b a  c";
	struct mailbox m;
	size_t n;
	const char **list = words_split(text, &n);

	(void)state;
	assert_int_equal(n, 3);
	assert_string_equal(list[0], "b");
	assert_string_equal(list[2], "c");
	free(list);
	mailbox_init(&m, "", "");
	assert_string_equal(
	        tree_coll_keyword_text(m.box.words, words_minus(&m.box, "a b c", "B d")), "a c");
	assert_int_equal(words_minus(&m.box, "a", "a"), 0);
	mailbox_clear(&m);
}

/* What one command does not hold is noted, and the rest goes. */
static void too_many(void **state)
{
	struct buf text;
	struct mailbox m;
	const char **list;
	char *copy;
	size_t n;

	(void)state;
	buf_init(&text, 1 << 20);
	for (unsigned i = 0; i < 5000; i++)
		buf_putf(&text, "keyword-%04u ", i); /* 13 octets */
	copy = xstrdup(buf_str(&text));
	list = words_split(copy, &n);
	assert_int_equal(n, 5000);
	mailbox_init(&m, "10.1=1", "");
	item_words_cut(&m.box, 0, list, &n);
	assert_in_range(n, 2000, 2600);
	assert_true(text_has_word(
	        tree_coll_keyword_text(m.box.words, m.items[0].lacks), "keyword-4999", 12));
	assert_int_equal(m.items[0].odd, ODD_FLAGS);
	mailbox_clear(&m);
	free(list);
	free(copy);
	buf_clear(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(owed), cmocka_unit_test(words), cmocka_unit_test(too_many)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
