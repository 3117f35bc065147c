#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "fetch/imap/run.h"

static void names(void **state)
{
	static const struct {
		const char *raw;
		size_t n;
		const char *name;
		bool keep;
	} cases[] = {
	        {"INBOX", 5, "INBOX", false},
	        {"Entw&APw-rfe", 12, "Entw\xc3\xbcrfe", false},
	        {"A&-B", 4, "A&B", false},
	        {"A&B", 3, "A&B", true}, /* not modified UTF-7 */
	        {"&AGE-", 5, "&AGE-", true}, /* not the form that encoding gives back */
	        {"&AAA-", 5, "&AAA-", true}, /* U+0000 */
	        {"M\xc3\xbcll", 5, "M\xc3\xbcll", true}, /* raw UTF-8 */
	        {"M\xfcll", 4, "M=FCll", true}, /* Latin-1 */
	        {"a\0b", 3, "a=00b", true},
	        {"", 0, "=", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		bool keep;
		char *name = plan_name((const uint8_t *)cases[i].raw, cases[i].n, &keep);

		assert_string_equal(name, cases[i].name);
		assert_int_equal(keep, cases[i].keep);
		free(name);
	}
}

static void twin_names_differ(void **state)
{
	static const char *const raw[] = {"A&-B", "A&B", "A&B_2", "B"};
	struct imap_mailbox list[4] = {{0}};
	struct mbox boxes[4] = {{0}};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		list[i].name = (uint8_t *)(uintptr_t)raw[i];
		list[i].name_len = strlen(raw[i]);
		boxes[i].box = &list[i];
		boxes[i].name = plan_name(list[i].name, list[i].name_len, &boxes[i].keep_raw);
	}
	plan_unique(boxes, 4);
	assert_string_equal(boxes[0].name, "A&B");
	assert_false(boxes[0].keep_raw);
	assert_string_equal(boxes[1].name, "A&B_3"); /* _2 is a mailbox of its own */
	assert_true(boxes[1].keep_raw);
	assert_string_equal(boxes[2].name, "A&B_2");
	assert_string_equal(boxes[3].name, "B");
	for (size_t i = 0; i < 4; i++)
		free(boxes[i].name);
}

static bool wanted(const struct source_opts *o, const char *name, const char *content)
{
	struct tree_coll *c = tree_coll_new(COLL_MAIL, name);
	struct pattern_name names;
	bool yes;

	c->delimiter = '.';
	plan_names(c, content, &names);
	yes = pattern_chooses(&o->choice, &names);
	tree_coll_free(c);
	return yes;
}

static void patterns(void **state)
{
	const char *exclude[] = {"Trash", "Lists/*"}, *include[] = {"INBOX*", "Lists/*"};
	struct source_opts o = {.choice = {.exclude = exclude, .n_exclude = 2}};

	(void)state;
	assert_true(wanted(&o, "INBOX", "INBOX"));
	/* the content name counts as well */
	assert_false(wanted(&o, "INBOX.Trash", "Trash"));
	assert_false(wanted(&o, "Lists.a.b", "Lists/a/b"));
	o.choice.include = include;
	o.choice.n_include = 2;
	assert_true(wanted(&o, "INBOX.x", "x"));
	assert_false(wanted(&o, "Work", "Work"));
	assert_false(wanted(&o, "Lists.a", "Lists/a")); /* excluding wins */
}

static void unchanged(void **state)
{
	static const struct {
		const char *what;
		struct imap_status s;
		enum coll_status status;
		unsigned attrs;
		bool same;
	} cases[] = {
	        {"all equal", {true, false, 2, 10, 7, 99, 0, false}, COLL_COMPLETE, 0, true},
	        {"no STATUS", {false, false, 2, 10, 7, 99, 0, false}, COLL_COMPLETE, 0, false},
	        {"one message less", {true, false, 1, 10, 7, 99, 0, false}, COLL_COMPLETE, 0,
	                false},
	        {"UIDNEXT", {true, false, 2, 11, 7, 99, 0, false}, COLL_COMPLETE, 0, false},
	        {"UIDVALIDITY", {true, false, 2, 10, 8, 99, 0, false}, COLL_COMPLETE, 0, false},
	        {"no UIDVALIDITY", {true, false, 2, 10, 0, 99, 0, false}, COLL_COMPLETE, 0, false},
	        {"flags", {true, false, 2, 10, 7, 100, 0, false}, COLL_COMPLETE, 0, false},
	        {"no mod-sequence", {true, false, 2, 10, 7, 0, 0, false}, COLL_COMPLETE, 0, false},
	        {"was stale", {true, false, 2, 10, 7, 99, 0, false}, COLL_STALE, 0, false},
	        {"was partial", {true, false, 2, 10, 7, 99, 0, false}, COLL_PARTIAL, 0, false},
	        {"unsubscribed since", {true, false, 2, 10, 7, 99, 0, false}, COLL_COMPLETE,
	                ATTR_SUBSCRIBED, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct imap_mailbox box = {
		        .name = (uint8_t *)(uintptr_t) "A", .name_len = 1, .delimiter = '/'};
		struct mbox mb = {
		        .box = &box, .name = (char *)(uintptr_t) "A", .status = cases[i].s};
		struct tree_coll *now = plan_coll(&mb), *prev = plan_coll(&mb);
		struct tree_item it = {.uid = 1};

		prev->uidvalidity = 7;
		prev->uidnext = 10;
		prev->highestmodseq = 99;
		prev->attrs |= cases[i].attrs;
		tree_coll_add(prev, &it);
		it.uid = 2;
		tree_coll_add(prev, &it);
		prev->status = cases[i].status;
		if (plan_unchanged(prev, prev->n_items, &mb, now, NULL) != cases[i].same)
			fail_msg("%s", cases[i].what);
		assert_false(plan_unchanged(NULL, 0, &mb, now, NULL));
		/* What options left out counts, and stays so only for the same options. */
		prev->left_out = 5;
		prev->selection = xstrdup("--since 2024-01-01");
		assert_false(plan_unchanged(prev, prev->n_items, &mb, now, "--since 2024-01-01"));
		mb.status.messages += 5;
		assert_int_equal(
		        plan_unchanged(prev, prev->n_items, &mb, now, "--since 2024-01-01"),
		        cases[i].same);
		assert_false(plan_unchanged(prev, prev->n_items, &mb, now, "--since 2023-01-01"));
		assert_false(plan_unchanged(prev, prev->n_items, &mb, now, NULL));
		struct since since;

		plan_since(prev, prev->n_items, &mb.status, &since);
		assert_int_equal(since.modseq, 0);
		tree_coll_free(prev);
		tree_coll_free(now);
	}
}

static void head_of_a_mailbox(void **state)
{
	struct imap_mailbox box = {.name = (uint8_t *)(uintptr_t) "INBOX.S&APw-",
	        .name_len = 12,
	        .delimiter = '.',
	        .nonexistent = true,
	        .noinferiors = true,
	        .subscribed = true,
	        .special_use = (char *)(uintptr_t) "\\Sent"};
	struct mbox mb = {.box = &box, .prefix = "INBOX."};
	struct tree_coll *c;

	(void)state;
	mb.name = plan_name(box.name, box.name_len, &mb.keep_raw);
	c = plan_coll(&mb);
	assert_string_equal(c->name, "INBOX.S\xc3\xbc");
	assert_null(c->raw);
	assert_string_equal(c->prefix, "INBOX.");
	assert_string_equal(c->special_use, "\\Sent");
	assert_int_equal(
	        c->attrs, ATTR_NOSELECT | ATTR_NONEXISTENT | ATTR_NOINFERIORS | ATTR_SUBSCRIBED);
	tree_coll_free(c);
	free(mb.name);
}

static void ranges(void **state)
{
	static const struct {
		uint32_t exists, uidnext;
		const char *want[4];
	} cases[] = {
	        {0, 1, {"1:*"}}, {5000, 9000, {"1:*"}}, {5001, 10001, {"1:5000", "5001:*"}},
	        {12000, 12001, {"1:4000", "4001:8000", "8001:*"}},
	        {12000, 0, {"1:*"}}, /* UIDNEXT not said */
	        {4000000000u, 3, {"1:1", "2:*"}}, /* EXISTS lies */
	};
	char range[32];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint32_t k;

		for (k = 0; cases[i].want[k]; k++) {
			assert_true(plan_range(cases[i].exists, cases[i].uidnext, k, range));
			assert_string_equal(range, cases[i].want[k]);
		}
		assert_false(plan_range(cases[i].exists, cases[i].uidnext, k, range));
	}
	/* The highest UIDs there are. */
	assert_true(plan_range(10000, UINT32_MAX, 1, range));
	assert_string_equal(range, "2147483648:*");
}

static void records_are_sorted_and_merged(void **state)
{
	struct rec r[] = {
	        {.uid = 9, .have = REC_ALL, .size = 90, .flags = 1},
	        {.uid = 3, .have = REC_SIZE, .size = 30},
	        {.uid = 3, .have = REC_FLAGS, .flags = 2},
	        {.uid = 1},
	};
	size_t n = 4;

	(void)state;
	rec_sort(r, &n);
	assert_int_equal(n, 3);
	assert_int_equal(r[0].uid, 1);
	assert_int_equal(r[1].uid, 3);
	assert_int_equal(r[1].size, 30);
	assert_int_equal(r[1].flags, 2);
	assert_int_equal(r[1].have, REC_SIZE | REC_FLAGS);
	assert_ptr_equal(rec_find(r, n, 9), &r[2]);
	assert_null(rec_find(r, n, 2));
	assert_null(rec_find(NULL, 0, 2));
}

static void what_is_known(void **state)
{
	static const struct {
		uint16_t warn;
		uint8_t have;
		uint64_t size;
		int64_t date;
		bool known;
	} cases[] = {
	        {0, REC_ALL, 100, 5, true},
	        {0, REC_ALL, 101, 5, false}, /* another message under the same UID */
	        {0, REC_ALL, 100, 6, false},
	        {WARN_SIZE, REC_ALL, 101, 5, true}, /* RFC822.SIZE lied then, too */
	        {WARN_DATE, REC_ALL, 100, 6, true}, /* the date was derived */
	        {0, REC_FLAGS, 0, 0, true},
	        {WARN_RESCUED, REC_ALL, 100, 5, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct tree_item old = {.size = 100, .date_utc = 5, .warn = cases[i].warn};
		struct rec r = {
		        .have = cases[i].have, .size = cases[i].size, .date_utc = cases[i].date};

		assert_int_equal(plan_known(&old, &r), cases[i].known);
	}
}

static void jobs(void **state)
{
	struct rec r[JOB_MESSAGES + 10] = {{0}};
	uint64_t bytes;

	(void)state;
	for (uint32_t i = 0; i < JOB_MESSAGES + 10; i++) {
		r[i].uid = i + 1;
		r[i].size = 1000;
	}
	assert_int_equal(plan_cut(r, 0, JOB_MESSAGES + 10, &bytes), JOB_MESSAGES);
	assert_int_equal(bytes, JOB_MESSAGES * 1000);
	assert_int_equal(plan_cut(r, JOB_MESSAGES, JOB_MESSAGES + 10, &bytes), 10);
	/* "1000000,1000002,..." */
	for (uint32_t i = 0; i < JOB_MESSAGES + 10; i++)
		r[i].uid = 1000000 + 2 * i;
	assert_int_equal(plan_cut(r, 0, JOB_MESSAGES + 10, &bytes), SET_SHORT / 8);
	/* "1000000:1000002,1000004:..." */
	for (uint32_t i = 0; i < JOB_MESSAGES + 10; i++)
		r[i].uid = 1000000 + i + i / 3;
	assert_int_equal(plan_cut(r, 0, JOB_MESSAGES + 10, &bytes), (SET_SHORT / 16) * 3 + 1);
	/* a job of its own, the small ones before it not held up */
	r[2].size = JOB_BYTES;
	assert_int_equal(plan_cut(r, 0, 5, &bytes), 2);
	assert_int_equal(plan_cut(r, 2, 5, &bytes), 1);
	r[3].size = BIG_MESSAGE;
	assert_int_equal(plan_cut(r, 2, 5, &bytes), 1);
	assert_int_equal(plan_cut(r, 3, 5, &bytes), 1);
	assert_int_equal(bytes, BIG_MESSAGE);
}

static void sets(void **state)
{
	static const struct {
		uint32_t uid[6];
		uint8_t done[6];
		const char *set;
	} cases[] = {
	        {{1, 2, 3, 4, 5, 6}, {0}, "1:6"},
	        {{1, 2, 4, 5, 9, 11}, {0}, "1:2,4:5,9,11"},
	        {{1, 2, 3, 4, 5, 6}, {0, 1, 0, 0, 1, 0}, "1,3:4,6"},
	        {{1, 2, 3, 4, 5, 4294967295u}, {1, 1, 1, 1, 1, 0}, "4294967295"},
	        {{1, 2, 3, 4, 5, 6}, {1, 1, 1, 1, 1, 1}, ""},
	};
	struct job j = {0, 6, 0};
	struct buf b;

	(void)state;
	buf_init(&b, SET_MAX);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct rec r[6] = {{0}};

		for (size_t k = 0; k < 6; k++) {
			r[k].uid = cases[i].uid[k];
			r[k].done = cases[i].done[k];
		}
		assert_int_equal(plan_set(r, &j, &b), cases[i].set[0] != 0);
		assert_string_equal(buf_str(&b), cases[i].set);
	}
	buf_clear(&b);
}

/* The longest set of a job fits a command line that every server reads. */
static void longest_set(void **state)
{
	struct rec *r = calloc(JOB_MESSAGES, sizeof *r);
	struct job j = {0, JOB_MESSAGES, 0};
	struct buf b;

	(void)state;
	assert_non_null(r);
	for (uint32_t i = 0; i < JOB_MESSAGES; i++)
		r[i].uid = UINT32_MAX - 2 * (JOB_MESSAGES - i);
	buf_init(&b, SET_MAX);
	assert_true(plan_set(r, &j, &b));
	buf_clear(&b);
	free(r);
}

static void connections(void **state)
{
	struct source_opts o = {0};

	(void)state;
	assert_int_equal(plan_listers(&o, 1, 0), 1);
	assert_int_equal(plan_listers(&o, 25, 20000), 1);
	assert_int_equal(plan_listers(&o, 25, 1000000), CONNECTIONS);
	assert_int_equal(plan_fetchers(&o, 10, 100000), 1);
	assert_int_equal(plan_fetchers(&o, 2000, 5000000), 2);
	assert_int_equal(plan_fetchers(&o, 1, 500000000), CONNECTIONS);
	assert_int_equal(plan_fetchers(&o, UINT64_MAX, UINT64_MAX), CONNECTIONS);
	o.connections = 2;
	assert_int_equal(plan_listers(&o, 25, 1000000), 2);
	assert_int_equal(plan_fetchers(&o, 20000, 500000000), 2);
}

static struct tree_coll *snapshot(const uint32_t *uids, size_t n)
{
	struct tree_coll *c = tree_coll_new(COLL_MAIL, "INBOX");

	c->uidvalidity = 5;
	c->uidnext = 100;
	c->highestmodseq = 50;
	for (size_t i = 0; i < n; i++)
		tree_coll_add(c, &(struct tree_item){.uid = uids[i], .size = 10});
	tree_coll_sort(c);
	return c;
}

static const uint32_t some_uids[] = {2, 4, 6, 8, 90};

static void changes_can_be_asked_for(void **state)
{
	static const struct {
		struct imap_status now;
		bool yes, maybe_gone;
	} cases[] = {
	        {{true, false, 5, 100, 5, 60, 0, false}, true, false},
	        {{true, false, 4, 100, 5, 60, 0, false}, true, true},
	        {{true, false, 5, 101, 5, 60, 0, false}, true, true}, /* one came, one went */
	        {{true, false, 6, 101, 5, 60, 0, false}, true, false},
	        /* another name or subscription */
	        {{true, false, 5, 100, 5, 50, 0, false}, true, false},
	        {{true, false, 6, 101, 5, 50, 0, false}, false, false}, /* it never moves */
	        {{true, false, 4, 100, 5, 50, 0, false}, false, false},
	        {{true, false, 5, 100, 5, 49, 0, false}, false, false}, /* it goes back */
	        {{true, false, 5, 100, 5, 0, 0, false}, false, false},
	        {{true, false, 5, 100, 6, 60, 0, false}, false, false}, /* UIDVALIDITY */
	        {{true, false, 5, 99, 5, 60, 0, false}, false, false}, /* UIDNEXT goes back */
	        /* more than can have come */
	        {{true, false, 9, 101, 5, 60, 0, false}, false, false},
	        {{true, false, 6000, 6100, 5, 60, 0, false}, false,
	                false}, /* so many are better listed in pieces */
	        {{false, false, 5, 100, 5, 60, 0, false}, false, false},
	};
	struct tree_coll *c = snapshot(some_uids, 5);
	struct since s;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		plan_since(c, c->n_items, &cases[i].now, &s);
		assert_int_equal(s.modseq != 0, cases[i].yes);
		assert_int_equal(s.maybe_gone, cases[i].maybe_gone);
	}
	plan_since(NULL, 0, &cases[0].now, &s);
	assert_true(s.modseq == 0);
	c->items[2].warn = WARN_RESCUED; /* perhaps it can be fetched verbatim now */
	plan_since(c, c->n_items, &cases[0].now, &s);
	assert_true(s.modseq == 0);
	c->items[2].warn = 0;
	tree_coll_error(c, 3, NULL, NULL, NULL, "not had");
	plan_since(c, c->n_items, &cases[0].now, &s);
	assert_true(s.modseq == 0);
	tree_coll_free(c);
}

static void changes_that_do_not_fit(void **state)
{
	const struct since since = {.modseq = 50, .uidnext = 100, .items = 5};
	struct imap_selected now = {.uidnext = 100, .highestmodseq = 60};

	(void)state;
	assert_true(plan_since_fits(&since, &now, 1, 0));
	assert_true(plan_since_fits(&since, &now, 0, 1));
	assert_false(plan_since_fits(&since, &now, 0, 0)); /* what changed? */
	now.uidnext = 101; /* one came and went */
	assert_true(plan_since_fits(&since, &now, 0, 0));
	now.uidnext = 99;
	assert_false(plan_since_fits(&since, &now, 1, 0));
	now = (struct imap_selected){.uidnext = 100, .highestmodseq = 50};
	assert_true(plan_since_fits(&since, &now, 0, 0));
	now.highestmodseq = 0; /* NOMODSEQ */
	assert_false(plan_since_fits(&since, &now, 1, 0));
}

static void changes_make_a_listing(void **state)
{
	struct tree_coll *c = snapshot(some_uids, 5);
	struct uid_range gone[] = {{7, 89}, {1, 3}, {2, 2}};
	struct rec *recs = NULL;
	size_t n = 0, cap = 0;

	(void)state;
	*ARR_PUSH(recs, n, cap) = (struct rec){.uid = 4, .flags = 1, .have = REC_FLAGS};
	*ARR_PUSH(recs, n, cap) = (struct rec){.uid = 101, .size = 7, .have = REC_ALL};
	plan_changes(c, false, gone, 3, &recs, &n, &cap);
	assert_int_equal(n, 4);
	assert_int_equal(recs[0].uid, 4);
	assert_int_equal(recs[0].have, REC_FLAGS | REC_KEPT);
	assert_int_equal(recs[1].uid, 6);
	assert_int_equal(recs[1].have, REC_KEPT);
	assert_int_equal(recs[2].uid, 90);
	assert_int_equal(recs[3].have, REC_ALL);
	assert_true(plan_is_listed(&recs[0]) && plan_is_listed(&recs[3]));
	/*
	 * Told of by their UIDs: the others are gone, and an unknown one is not known
	 * enough.
	 */
	n = 0;
	for (uint32_t uid = 6; uid <= 8; uid++)
		*ARR_PUSH(recs, n, cap) = (struct rec){.uid = uid};
	plan_changes(c, true, NULL, 0, &recs, &n, &cap);
	assert_int_equal(n, 3);
	assert_true(plan_is_listed(&recs[0]) && plan_is_listed(&recs[2]));
	assert_false(plan_is_listed(&recs[1]));
	/* No ranges at all, or one over everything. */
	n = 0;
	plan_changes(c, false, NULL, 0, &recs, &n, &cap);
	assert_int_equal(n, 5);
	n = 0;
	plan_changes(c, false, &(struct uid_range){0, UINT32_MAX}, 1, &recs, &n, &cap);
	assert_int_equal(n, 0);
	free(recs);
	tree_coll_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(names),
	        cmocka_unit_test(twin_names_differ),
	        cmocka_unit_test(patterns),
	        cmocka_unit_test(unchanged),
	        cmocka_unit_test(head_of_a_mailbox),
	        cmocka_unit_test(ranges),
	        cmocka_unit_test(records_are_sorted_and_merged),
	        cmocka_unit_test(what_is_known),
	        cmocka_unit_test(jobs),
	        cmocka_unit_test(sets),
	        cmocka_unit_test(longest_set),
	        cmocka_unit_test(connections),
	        cmocka_unit_test(changes_can_be_asked_for),
	        cmocka_unit_test(changes_that_do_not_fit),
	        cmocka_unit_test(changes_make_a_listing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
