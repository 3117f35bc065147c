/* Which of Gmail's labels a message is still to get. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include "restore/imap/mailbox.h"

static const struct {
	const char *what;
	bool gmail;
	const char *wanted; /* as the view lists them */
	const char *listed; /* X-GM-LABELS of the target */
	const char *had; /* by the journal */
	bool lacks, news;
} cases[] = {
        {"it has all", true, "[\"Work\"]", "(Work)", "Work", false, false},
        {"it has more", true, "[\"Work\"]", "(\\Inbox Work Home)", "Work", false, false},
        {"one is new", true, "[\"Home\",\"Work\"]", "(Work)", "Work", true, true},
        {"one was taken away there", true, "[\"Home\",\"Work\"]", "(Work)", "Home Work", true,
                false},
        {"system labels", true, "[\"\\\\Starred\"]", "(\\Starred)", "\\Starred", false, false},
        {"a blank in one", true, "[\"My label\"]", "(\"My label\")", "My\x1flabel", false, false},
        {"no ASCII", true, "[\"M\xc3\xbcll\"]", "(M&APw-ll)", "M&APw-ll", false, false},
        {"no record", true, "[\"Work\"]", "(Work)", NULL, false, true},
        {"none", true, NULL, "()", NULL, false, false},
        {"no Gmail", false, "[\"Work\"]", "()", NULL, false, false},
};

static void lacking(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mailbox m;

		mailbox_init(&m, "10.1", "1:10.1");
		m.run.plan.gmail = cases[i].gmail;
		if (cases[i].wanted)
			tree_coll_ext(m.box.coll, &m.box.coll->items[0].ext)->labels =
			        xstrdup(cases[i].wanted);
		labels_load(&m.box);
		m.there[0].labels = labels_there(&m.box, cases[i].listed);
		if (labels_lacking(&m.box, 0, &m.there[0]) != cases[i].lacks ||
		        labels_since(&m.box, 0, &m.there[0], cases[i].had) != cases[i].news)
			fail_msg("%s", cases[i].what);
		/* set again is only what is new since, and lacking */
		assert_int_equal(m.box.n_label, cases[i].lacks && cases[i].news);
		mailbox_clear(&m);
	}
}

/* What is said of those that it has not. */
static void told(void **state)
{
	static const struct {
		const char *wanted, *listed, *told;
	} labels[] = {
	        {"[\"Work\"]", "(Work)", ""},
	        {"[\"My label\",\"M\xc3\xbcll\"]", "(Work)", " M\xc3\xbcll My label"},
	        /* one came in a literal, and is not known */
	        {"[\"Work\"]", "({0}\r\n Home)", ""},
	        {"[\"Home\",\"Work\"]", "({0}\r\n)", " Home Work"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(labels); i++) {
		struct mailbox m;
		struct buf out = buf_of(100);

		mailbox_init(&m, "10.1", "1:10.1");
		m.run.plan.gmail = true;
		tree_coll_ext(m.box.coll, &m.box.coll->items[0].ext)->labels =
		        xstrdup(labels[i].wanted);
		labels_load(&m.box);
		m.there[0].labels = labels_there(&m.box, labels[i].listed);
		labels_put_lacking(&m.box, 0, &m.there[0], &out);
		assert_string_equal(buf_str(&out), labels[i].told);
		buf_clear(&out);
		mailbox_clear(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(lacking), cmocka_unit_test(told)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
