/* One mailbox from its making to the last look at it. */
#include <stdlib.h>
#include <string.h>
#include "run.h"

struct box *box_new(struct worker *w, size_t entry)
{
	struct box *b = xcalloc(1, sizeof *b);

	b->w = w;
	b->e = &w->run->plan.map[entry];
	b->entry = entry;
	return b;
}

void box_free(struct box *b)
{
	imap_selected_clear(&b->sel);
	for (size_t i = 0; i < b->n_lacking; i++)
		free(b->lacking[i].word);
	free(b->lacking);
	free(b->there);
	free(b->on_target);
	free(b->claimed);
	free(b->unread);
	for (size_t i = 0; b->items && i < b->coll->n_items; i++)
		form_free(b->items[i].form);
	free(b->items);
	free(b->store);
	free(b->label);
	tree_coll_free(b->coll);
	tree_coll_free(b->words);
	free(b);
}

int box_load(struct box *b, struct err *err)
{
	struct run *r = b->w->run;
	size_t n;
	int rc;

	pthread_mutex_lock(&r->reader_lock);
	rc = r->reader->ops->coll(r->reader, b->e->head, &b->coll, err);
	pthread_mutex_unlock(&r->reader_lock);
	if (rc < 0)
		return rc;
	tree_coll_sort(b->coll);
	n = b->coll->n_items;
	b->words = tree_coll_new(COLL_MAIL, "");
	b->items = xcalloc(n + 1, sizeof *b->items);
	b->sum.items = n;
	b->quota = UINT64_MAX;
	labels_load(b);
	return 0;
}

/* What is there before this archive's restores begin is none of theirs. */
static void note_base(struct box *b)
{
	struct kept_journal *k = b->w->run->journal;

	if (!b->base)
		b->base = kept_first(k, b->e->shown, b->sel.uidvalidity);
	if (b->base)
		return;
	b->base = b->next_uid ? b->next_uid : 1;
	kept_begin(k, b->e->shown, b->sel.uidvalidity, b->base);
}

/* What is there, and which of it is the archive's. */
static int box_compare(struct box *b, struct err *err)
{
	struct attempts a = {.limit = ATTEMPTS};
	int rc;

	do {
		for (size_t i = 0; i < b->coll->n_items; i++)
			b->items[i].odd = 0;
		b->sum.altered = b->sum.doubled = b->sum.unseen = 0;
		rc = box_select(b, err);
		b->is_open = rc == 0;
		if (rc == 0 && b->sel.exists)
			rc = there_from(b, 1, err);
		if (rc == 0)
			rc = box_pair(b, err);
	} while (box_again(b, &a, &rc, err));
	if (rc < 0)
		return rc;
	b->next_uid = b->sel.uidnext;
	if (b->n_there && b->there[b->n_there - 1].uid >= b->next_uid)
		b->next_uid = b->there[b->n_there - 1].uid + 1;
	note_base(b);
	return 0;
}

/* What was counted instead of told for each message. */
static void say_lacking(struct box *b)
{
	char n[COUNTED_SIZE];

	if (b->over_quota > 1)
		say_box(b, SAY_WARNING,
		        "%s not restored, as the target is over quota (--report FILE lists them)",
		        counted(b->over_quota, "message is", "messages are", n));
	for (size_t i = 0; i < b->n_lacking; i++)
		say_box(b, SAY_NOTE, "the target does not keep the %s %s: %s without it",
		        b->lacking[i].word[0] == '\\' ? "flag" : "keyword", b->lacking[i].word,
		        counted(b->lacking[i].messages, "message is", "messages are", n));
}

/* What would be stored, and what the mailbox would not keep of it. */
static void count_dry(struct box *b)
{
	for (size_t i = 0; i < b->coll->n_items; i++)
		if (b->items[i].state == ITEM_TODO && !item_is_too_large(b, (uint32_t)i)) {
			static const struct tmsg bare = {0};
			unsigned flags;
			uint32_t words;

			b->sum.added++;
			b->sum.bytes += b->coll->items[i].size;
			flags_owed(b, (uint32_t)i, &bare, &flags, &words);
		}
	if (b->w->run->opts->predictor)
		predict_box(b);
	say_box(b, SAY_INFO, "%llu to be added, %s there already", (unsigned long long)b->sum.added,
	        counted(b->sum.already, "is", "are", (char[COUNTED_SIZE]){0}));
}

/* What could not be looked at is counted and told, and the next run looks at it. */
static void count_unseen(
        struct box *b, enum item_state state, const char *what, const struct err *err)
{
	uint64_t n = 0;

	for (size_t i = 0; b->coll && i < b->coll->n_items; i++)
		n += b->items[i].state == state;
	b->sum.unseen += n;
	b->seen = false;
	if (n)
		say_box(b, SAY_WARNING, "%s could not be looked at afterwards: %s", what,
		        err->text);
}

/* It could not be seen whether what stands there is as it was sent; the run goes on. */
static int pass_over(
        struct box *b, enum item_state state, const char *what, int rc, struct err *err)
{
	if (rc == 0 || imap_conn_is_over(&b->w->conn, err))
		return rc;
	count_unseen(b, state, what, err);
	if (b->w->conn.m && imap_in_flight(b->w->conn.m))
		imap_conn_close(&b->w->conn);
	return 0;
}

/* What a run brought that was ended before it could look, or --verify full asks for. */
static int look_at_earlier(struct box *b, struct err *err)
{
	bool all = b->w->run->opts->read_all;

	b->e->unseen |= kept_unseen(b->w->run->journal, b->e->shown);
	if (!all && !b->e->unseen)
		return 0;
	return pass_over(b, ITEM_THERE, "what is there already", box_read_there(b, all, err), err);
}

/* All that was ever brought there was looked at, and the journal has what came of it. */
static void box_seen(struct box *b)
{
	struct err ignored;

	/* If this is lost, the next run looks once more. */
	if (b->e->unseen && b->seen &&
	        kept_out(b->w->run->journal, b->e->shown, 0, true, &ignored) == 0)
		b->e->unseen = false;
}

/* What is there already is dealt with; afterwards only what is to be added is left. */
static int box_known(struct box *b, struct err *err)
{
	bool dry = b->w->run->opts->dry_run;
	struct progress *p = b->w->run->progress;
	bool waited = false;
	int rc = 0;

	b->seen = true;
	if (b->e->fresh) {
		/* if this has to be done again, it is not empty any more */
		b->e->fresh = false;
		b->next_uid = b->base = 1;
		kept_begin(b->w->run->journal, b->e->shown, 0, 1);
		return imap_conn_alive(&b->w->conn) ? 0 : imap_conn_open(&b->w->conn, err);
	}
	if (!dry || b->e->exists)
		rc = box_compare(b, err);
	if (rc == 0 && b->on_target)
		rc = late_of_earlier(b, &waited, err);
	if (rc == 0 && waited)
		rc = box_compare(b, err);
	if (rc == 0 && b->on_target)
		rc = box_flags(b, err);
	if (rc == 0 && b->on_target)
		rc = look_at_earlier(b, err);
	if (rc == 0 && b->on_target)
		rc = box_count(b, b->base, b->claimed, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < b->coll->n_items; i++)
		if (b->items[i].state == ITEM_THERE) {
			atomic_fetch_add(&p->items_done, 1);
			atomic_fetch_add(&p->bytes_done, b->coll->items[i].size);
		}
	return 0;
}

/* A last look at a mailbox of its own. */
static int look_alone(struct box *b, struct err *err)
{
	int rc = 0;

	if (b->sum.added == 0)
		return 0;
	if (!b->is_open || !imap_conn_alive(&b->w->conn))
		rc = box_select(b, err);
	b->is_open = rc == 0;
	if (rc == 0)
		rc = box_verify(b, b->first, err);
	if (rc == 0)
		late_settled(b);
	return pass_over(b, ITEM_ADDED, "what was added", rc, err);
}

/* May the last look at it be one for several mailboxes together? */
static bool can_wait(const struct box *b)
{
	const struct worker *w = b->w;

	if (b->is_open || b->sum.added == 0 || w->n_later == LATER_BOXES ||
	        w->later_items + b->coll->n_items > LATER_ITEMS)
		return false;
	return !learn_any(b);
}

/* All that is missing is sent; *later_out: only the last look is left. */
static int box_fill(struct box *b, bool *later_out, struct err *err)
{
	int rc = box_known(b, err);

	*later_out = false;
	if (rc < 0)
		return rc;
	if (b->w->run->opts->dry_run) {
		count_dry(b);
		return 0;
	}
	b->first = b->next_uid;
	rc = box_append(b, err);
	if (rc < 0)
		return rc;
	*later_out = can_wait(b);
	return *later_out ? 0 : look_alone(b, err);
}

/* A program cannot make an INBOX (RFC 3501 6.3.3). */
static bool lacks_inbox(const struct box *b)
{
	const struct plan *p = &b->w->run->plan;

	return strcmp(b->e->shown, "INBOX") == 0 && !map_listed(p->list, p->n_list, "INBOX", 5);
}

/* The mailbox cannot be filled: each message that is not there is named. */
static void box_lost(struct box *b, const char *why)
{
	struct err ignored;
	uint64_t missing = 0;

	if (!b->coll && box_load(b, &ignored) < 0) {
		missing = b->e->head->roots.items;
		b->sum.items = b->sum.failed = b->sum.unreadable = missing;
	}
	for (size_t i = 0; b->coll && i < b->coll->n_items; i++) {
		if (b->items[i].state != ITEM_TODO)
			continue;
		item_failed(b, (uint32_t)i, SAY_LISTED, why);
		missing++;
	}
	say_box(b, SAY_WARNING, "%s not restored: %s%s",
	        counted(missing, "message is", "messages are", (char[COUNTED_SIZE]){0}), why,
	        lacks_inbox(b) ? "; the target has no INBOX: --map INBOX=NAME finds another place"
	                       : "");
}

bool box_is_known(const struct run *r, const struct map_entry *e)
{
	size_t n;
	const char *const *names = kept_mailboxes(r->journal, &n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], e->shown) == 0)
			return true;
	return false;
}

/* What came of the mailbox goes into the result of the run. */
void box_counted(struct box *b)
{
	struct run *r = b->w->run;

	b->sum.collections = 1;
	pthread_mutex_lock(&r->workers.lock);
	target_result_add(&r->outcome.sum, &b->sum);
	if (r->opts->counted)
		r->opts->counted(r->opts->ctx, b->e->head, &b->sum);
	pthread_mutex_unlock(&r->workers.lock);
}

/* The end of a mailbox, with the result of the work on it. */
static int box_end(struct box *b, int rc, struct err *err)
{
	struct worker *w = b->w;
	struct run *r = w->run;

	if (rc < 0 && !imap_conn_is_over(&w->conn, err)) {
		/* no answers of this mailbox may reach the next one */
		if (imap_conn_alive(&w->conn) && imap_in_flight(w->conn.m))
			imap_conn_close(&w->conn);
		count_unseen(b, ITEM_ADDED, "what was added", err);
		box_lost(b, err->text);
		rc = 0;
	}
	if (rc == 0 && b->coll)
		rc = box_remember_odd(b, err);
	if (rc == 0)
		box_seen(b);
	if (b->coll)
		say_lacking(b);
	/* A mailbox that goes back to the others is counted by who finishes it. */
	if (rc == 0 || b->filled || imap_pool_ended(&r->pool, NULL))
		box_counted(b);
	box_free(b);
	return rc;
}

int box_restore(struct worker *w, size_t entry, struct err *err)
{
	struct run *r = w->run;
	struct box *b = box_new(w, entry);
	bool later = false;
	int rc = 0;

	progress_what(r->progress, b->e->head->name);
	if (!r->opts->dry_run)
		rc = box_make(w, b->e, &b->sum, err);
	/* the name alone does not say so: the next restore goes there, too */
	if (rc == 0 && b->e->why)
		kept_place(r->journal, b->e->head->name, b->e->shown);
	/* of what an earlier restore knows it is told what went away, even if none is left */
	if (rc == 0 && (b->e->head->roots.items || box_is_known(r, b->e)) &&
	        !(b->e->head->attrs & ATTR_NOSELECT)) {
		rc = box_load(b, err);
		if (rc == 0)
			rc = box_fill(b, &later, err);
	}
	if (!later)
		return box_end(b, rc, err);
	b->filled = true;
	w->later[w->n_later++] = b;
	w->later_items += b->coll->n_items;
	return 0;
}

/* EXAMINE and list of all of them in flight. */
static int later_send(struct worker *w, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < w->n_later && rc == 0; i++) {
		struct map_entry *e = w->later[i]->e;

		rc = imap_examine_send(w->conn.m, e->raw, e->raw_len, err);
		if (rc == 0)
			rc = imap_fetch_send(w->conn.m, "1:*", there_items(w->run), err);
	}
	return rc;
}

/* The answers about one. */
static int later_wait(struct box *b, listed_fn *is_right, bool *right, struct err *err)
{
	struct imap_selected sel;
	int opened = imap_examine_wait(b->w->conn.m, &sel, err), rc = opened;

	if (!imap_conn_broke(&b->w->conn, opened))
		rc = there_take(b, err);
	if (!imap_conn_broke(&b->w->conn, rc)) {
		*right = opened == 0 && rc == 0 && is_right(b, &sel);
		rc = 0;
	}
	imap_selected_clear(&sel);
	return rc;
}

int box_list_later(struct worker *w, listed_fn *is_right, bool *right, struct err *err)
{
	int rc = 0;

	if (!w->n_later || !imap_conn_alive(&w->conn))
		return 0;
	rc = later_send(w, err);
	for (size_t i = 0; i < w->n_later && rc == 0; i++)
		rc = later_wait(w->later[i], is_right, &right[i], err);
	if (rc < 0 && imap_in_flight(w->conn.m))
		imap_conn_close(&w->conn);
	return rc < 0 && err->code == ERR_STOPPED ? rc : 0;
}

/* The mailbox is still the one that was filled, and nothing is left to do in it. */
static bool is_finished(struct box *b, const struct imap_selected *sel)
{
	return sel->uidvalidity == b->sel.uidvalidity && box_looks_right(b);
}

int box_finish_later(struct worker *w, struct err *err)
{
	bool right[LATER_BOXES] = {false};
	size_t n = w->n_later;
	int rc = box_list_later(w, is_finished, right, err);

	/* What does not look right, or was not looked at, is gone through on its own. */
	for (size_t i = 0; i < n; i++) {
		struct box *b = w->later[i];
		struct err why = *err;
		int done = rc;

		if (rc == 0 && !right[i])
			done = look_alone(b, &why);
		if (done < 0)
			count_unseen(b, ITEM_ADDED, "what was added", &why);
		done = box_end(b, done, &why);
		if (done < 0 && rc == 0) {
			rc = done;
			*err = why;
		}
	}
	w->n_later = w->later_items = 0;
	return rc;
}
