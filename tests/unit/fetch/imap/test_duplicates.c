#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "fetch/imap/run.h"

static void labels_are_canonical(void **state)
{
	static const struct {
		const char *raw, *json;
	} cases[] = {
	        {"()", NULL},
	        {"NIL", NULL},
	        {"(b a \"b\")", "[\"a\",\"b\"]"},
	        {"(\\Inbox \"\\\\Sent\" work)", "[\"\\\\Inbox\",\"\\\\Sent\",\"work\"]"},
	        {"(\"a b\" {3}\r\nx\"y R&-D)", "[\"R&D\",\"a b\",\"x\\\"y\"]"},
	        {"(M&APw-ll Work/Sub)", "[\"M\xc3\xbcll\",\"Work/Sub\"]"},
	        {"(&bad \"\")", "[\"\",\"&bad\"]"}, /* not modified UTF-7: as it is */
	        {"(a \"b", "[\"a\"]"},
	        {"x", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char *json = labels_json(cases[i].raw);

		if (cases[i].json)
			assert_string_equal(json, cases[i].json);
		else
			assert_null(json);
		free(json);
	}
}

/* ---- rounds ---- */

static int take_item(
        struct tree_sink *s, struct tree_coll *c, const struct tree_item *it, struct err *err)
{
	(void)s;
	(void)err;
	tree_coll_add(c, it);
	return 0;
}

static const struct tree_sink_ops ops = {.item = take_item};
static struct tree_sink sink = {&ops};
static const struct source_opts opts = {0};

enum { BOXES = 3 };

struct account {
	struct imap_mailbox list[BOXES];
	struct mbox boxes[BOXES];
	struct run run;
};

/* Three mailboxes, the second one \All. */
static void account_init(struct account *a)
{
	memset(a, 0, sizeof *a);
	a->list[1].special_use = (char *)(uintptr_t) "\\All";
	a->run = (struct run){.base.sink = &sink,
	        .base.opts = &opts,
	        .plan.boxes = a->boxes,
	        .plan.n_boxes = BOXES,
	        .sched.phase = 1};
	for (size_t i = 0; i < BOXES; i++) {
		a->boxes[i].box = &a->list[i];
		a->boxes[i].state = MB_BODIES;
		a->boxes[i].coll = tree_coll_new(COLL_MAIL, "x");
	}
	twins_init(&a->run.twins);
	a->run.twins.on = true;
}

static void account_clear(struct account *a)
{
	for (size_t i = 0; i < BOXES; i++)
		mbox_reset(&a->boxes[i]);
	twins_clear(&a->run.twins);
}

static void listed(struct account *a, size_t box, uint32_t uid, uint64_t msgid, uint64_t size)
{
	struct mbox *mb = &a->boxes[box];
	struct imap_msg msg = {.gm_msgid = msgid};
	struct rec *r;

	mb->recs = xrealloc(mb->recs, (mb->n_recs + 1) * sizeof *mb->recs);
	r = &mb->recs[mb->n_recs++];
	*r = (struct rec){.uid = uid, .size = size, .have = REC_ALL};
	r->ext = labels_note(mb->coll, &msg);
}

/* Of a mailbox: to be fetched, waiting for another one, had. */
static void expect(struct account *a, size_t box, size_t fetch, size_t wait, size_t items)
{
	struct mbox *mb = &a->boxes[box];

	assert_int_equal(mb->n_recs, fetch);
	assert_int_equal(mb->n_twins, wait);
	assert_int_equal(mb->coll->n_items, items);
}

static void round_of(struct account *a)
{
	struct err err = {0};

	assert_int_equal(twins_round(&a->run, &err), 0);
}

/* All that is to be fetched from a mailbox comes (${ok}), or cannot be fetched. */
static void fetched(struct account *a, size_t box, bool ok)
{
	struct mbox *mb = &a->boxes[box];

	for (size_t i = 0; i < mb->n_recs; i++) {
		struct rec *r = &mb->recs[i];
		struct tree_item it = {.uid = r->uid, .size = r->size, .ext = r->ext};

		it.sha256[0] = (uint8_t)r->size;
		if (ok) {
			tree_coll_add(mb->coll, &it);
			twins_know(&a->run.twins, mb->coll, &it, r->size);
		}
		r->done = 1;
	}
	mb->next = mb->n_recs;
}

static void fetched_once(void **state)
{
	struct account a;

	(void)state;
	account_init(&a);
	listed(&a, 0, 1, 77, 10);
	listed(&a, 0, 2, 88, 20);
	listed(&a, 1, 5, 77, 10);
	listed(&a, 2, 9, 77, 10);
	listed(&a, 2, 10, 0, 10); /* no number: on its own */
	round_of(&a);
	expect(&a, 0, 1, 1, 0);
	expect(&a, 1, 1, 0, 0); /* \All is asked first */
	expect(&a, 2, 1, 1, 0);
	assert_true(twins_wait(&a.run));
	for (size_t i = 0; i < BOXES; i++)
		fetched(&a, i, true);
	round_of(&a);
	expect(&a, 0, 0, 0, 2);
	expect(&a, 2, 0, 0, 2);
	assert_false(twins_wait(&a.run));
	assert_int_equal(a.boxes[2].coll->items[1].sha256[0], 10);
	assert_int_equal(a.boxes[2].coll->items[1].uid, 9);
	account_clear(&a);
}

static void asked_of_the_next_where_one_fails(void **state)
{
	struct account a;

	(void)state;
	account_init(&a);
	for (uint32_t i = 0; i < BOXES; i++)
		listed(&a, i, i + 1, 77, 10);
	round_of(&a);
	fetched(&a, 1, false);
	round_of(&a);
	expect(&a, 0, 1, 0, 0);
	expect(&a, 2, 0, 1, 0);
	fetched(&a, 0, false);
	round_of(&a);
	expect(&a, 2, 1, 0, 0);
	fetched(&a, 2, true);
	assert_false(twins_wait(&a.run));
	expect(&a, 2, 1, 0, 1);
	account_clear(&a);
}

static void number_and_size_must_agree(void **state)
{
	struct account a;
	struct tree_item rescued = {.size = 30, .warn = WARN_RESCUED}, lied = {.warn = WARN_SIZE};
	struct tree_coll *c;

	(void)state;
	account_init(&a);
	listed(&a, 0, 1, 77, 10);
	listed(&a, 1, 1, 77, 11);
	listed(&a, 2, 1, 99, 30);
	listed(&a, 2, 2, 55, 0);
	/* What was only rescued is no copy to take, nor is a size that was a lie. */
	c = tree_coll_new(COLL_MAIL, "");
	tree_coll_ext(c, &rescued.ext)->gm_msgid = 99;
	tree_coll_ext(c, &lied.ext)->gm_msgid = 55;
	tree_coll_add(c, &rescued);
	tree_coll_add(c, &lied);
	twins_know_all(&a.run.twins, c);
	round_of(&a);
	expect(&a, 0, 1, 0, 0);
	expect(&a, 1, 1, 0, 0);
	expect(&a, 2, 2, 0, 0);
	tree_coll_free(c);
	account_clear(&a);
}

static void known_from_the_last_snapshot(void **state)
{
	struct account a;
	struct tree_item old = {.size = 10, .warn = WARN_NUL};
	struct tree_coll *c = tree_coll_new(COLL_MAIL, "");

	(void)state;
	account_init(&a);
	tree_coll_ext(c, &old.ext)->gm_msgid = 77;
	tree_coll_add(c, &old);
	twins_know_all(&a.run.twins, c);
	for (uint32_t i = 0; i < 3000; i++) /* the table grows */
		listed(&a, 1, i + 10, 1000 + i, 7);
	listed(&a, 0, 4, 77, 10);
	round_of(&a);
	expect(&a, 0, 0, 0, 1);
	expect(&a, 1, 3000, 0, 0);
	assert_int_equal(a.boxes[0].coll->items[0].warn, WARN_NUL);
	assert_int_equal(tree_item_ext(a.boxes[0].coll, &a.boxes[0].coll->items[0])->gm_msgid, 77);
	tree_coll_free(c);
	account_clear(&a);
}

static void nothing_without_the_extension(void **state)
{
	struct account a;

	(void)state;
	account_init(&a);
	a.run.twins.on = false;
	listed(&a, 0, 1, 77, 10);
	listed(&a, 1, 1, 77, 10);
	round_of(&a);
	expect(&a, 0, 1, 0, 0);
	expect(&a, 1, 1, 0, 0);
	account_clear(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(labels_are_canonical),
	        cmocka_unit_test(fetched_once),
	        cmocka_unit_test(asked_of_the_next_where_one_fails),
	        cmocka_unit_test(number_and_size_must_agree),
	        cmocka_unit_test(known_from_the_last_snapshot),
	        cmocka_unit_test(nothing_without_the_extension),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
