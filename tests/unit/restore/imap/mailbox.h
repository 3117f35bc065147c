/* A mailbox of a target in memory, for the decisions about it: no connection, no archive. */
#ifndef VALISE_TEST_RESTORE_IMAP_MAILBOX_H
#define VALISE_TEST_RESTORE_IMAP_MAILBOX_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "restore/imap/run.h"

enum { MAILBOX_MOST = 8 };

struct mailbox {
	struct target_opts opts;
	struct progress progress;
	struct tree_reader reader;
	struct run run;
	struct worker worker;
	struct map_entry entry;
	struct tree_head head;
	struct tmsg there[MAILBOX_MOST];
	struct restored items[MAILBOX_MOST];
	struct box box;
};

static int no_body(struct tree_reader *r, const struct tree_coll *c, const struct tree_item *it,
        tree_write_fn write, void *ctx, struct err *err)
{
	(void)r;
	(void)c;
	(void)it;
	(void)write;
	(void)ctx;
	return err_set(err, ERR_NOTFOUND, ERR_ITEM, "no archive");
}

/*
 * ${items}: "10.1=3 20.2": size, date, and of those added by this run the UID that the
 * server said; equal sizes and dates have different octets. ${there}: "3:10.1": UID, size
 * and date.
 */
static void mailbox_init(struct mailbox *m, const char *items, const char *there)
{
	static const struct tree_reader_ops ops = {.body = no_body};
	unsigned size, date, uid, n;
	int end;

	memset(m, 0, sizeof *m);
	progress_init(&m->progress);
	m->reader.ops = &ops;
	m->head.name = (char *)(uintptr_t) "INBOX";
	m->entry.head = &m->head;
	m->entry.shown = m->head.name;
	m->run.opts = &m->opts;
	m->run.progress = &m->progress;
	m->run.reader = &m->reader;
	m->worker.run = &m->run;
	m->box = (struct box){.w = &m->worker,
	        .e = &m->entry,
	        .coll = tree_coll_new(COLL_MAIL, "INBOX"),
	        .words = tree_coll_new(COLL_MAIL, ""),
	        .there = m->there,
	        .items = m->items};
	for (; sscanf(items, " %u.%u%n", &size, &date, &end) == 2; items += end) {
		struct tree_item it = {.size = size, .date_utc = date};

		n = (unsigned)m->box.coll->n_items;
		it.uid = n + 1;
		it.sha256[0] = (uint8_t)(n + 1);
		tree_coll_add(m->box.coll, &it);
		if (items[end] == '=') {
			m->items[n].state = ITEM_ADDED;
			m->items[n].got = (uint32_t)strtoul(items + end + 1, NULL, 10);
			end += 1 + (int)strspn(items + end + 1, "0123456789");
		}
	}
	for (; sscanf(there, " %u:%u.%u%n", &uid, &size, &date, &end) == 3; there += end)
		m->there[m->box.n_there++] =
		        (struct tmsg){.uid = uid, .size = size, .date_utc = date, .has_date = true};
}

static void mailbox_clear(struct mailbox *m)
{
	tree_coll_free(m->box.coll);
	tree_coll_free(m->box.words);
	for (size_t i = 0; i < m->box.n_lacking; i++)
		free(m->box.lacking[i].word);
	free(m->box.lacking);
	free(m->box.store);
	free(m->box.label);
}

#endif
