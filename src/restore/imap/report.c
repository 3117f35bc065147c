/* What a person is told about a restore. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/escape.h"
#include "valise/base/lookup.h"
#include "valise/base/text.h"
#include "valise/format/header.h"
#include "run.h"

void say_box(struct box *b, enum say_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	target_vsay(b->w->run->opts, level, b->e->head->name, NULL, fmt, ap);
	va_end(ap);
}

/* From and subject, as the archive's catalog says them; false: it does not know. */
static bool put_about(struct buf *out, struct box *b, const struct tree_item *it)
{
	struct item_about a;
	char shown[400];
	bool known;

	tree_item_about(b->w->run->reader, b->coll, it, &a);
	known = a.text[ABOUT_FROM] || a.text[ABOUT_SUBJECT];
	if (a.text[ABOUT_FROM])
		buf_putf(out, ", from %s",
		        term_escape(a.text[ABOUT_FROM], strlen(a.text[ABOUT_FROM]), shown,
		                sizeof shown));
	if (a.text[ABOUT_SUBJECT])
		buf_putf(out, ", \"%s\"",
		        term_escape(a.text[ABOUT_SUBJECT], strlen(a.text[ABOUT_SUBJECT]), shown,
		                sizeof shown));
	about_clear(&a);
	return known;
}

/* A header field as text behind ${before} and before ${after}, if the message has it. */
static void put_field(struct buf *out, const struct buf *head, const char *name, const char *before,
        const char *after)
{
	struct buf raw = buf_of(4096), text = buf_of(400);

	if (header_find((const char *)head->data, head->len, name, &raw)) {
		header_decode_text((const char *)raw.data, raw.len, &text);
		buf_putf(out, "%s%s%s", before, buf_str(&text), after);
	}
	buf_clear(&raw);
	buf_clear(&text);
}

/* "UID 7, 1-Jan-2026 12:00:00 +0000, 300 octets, from a@b, "Hello"" */
void name_item(struct box *b, uint32_t item, bool read, struct buf *out)
{
	const struct tree_item *it = &b->coll->items[item];
	struct date d = {it->date_utc, it->zone_min, true};
	struct buf head = buf_of(HEAD_CAP);
	char date[DATE_TEXT_SIZE];

	buf_putf(out, "UID %u, %s, %llu octets", it->uid, date_format_imap(&d, date),
	        (unsigned long long)it->size);
	if (!put_about(out, b, it) && read) /* the archive is of an older version */
		item_head(b, item, &head);
	put_field(out, &head, "From", ", from ", "");
	put_field(out, &head, "Subject", ", \"", "\"");
	buf_clear(&head);
}

/* Its name and a text. */
static void say_of(
        struct box *b, enum say_level level, uint32_t item, bool read, const char *fmt, va_list ap)
{
	struct buf name;

	if (!b->w->run->opts->report)
		return;
	name = buf_of(2048);
	name_item(b, item, read, &name);
	target_vsay(b->w->run->opts, level, b->e->head->name, buf_str(&name), fmt, ap);
	buf_clear(&name);
}

void say_item(struct box *b, enum say_level level, uint32_t item, bool read, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say_of(b, level, item, read, fmt, ap);
	va_end(ap);
}

void say_altered(struct box *b, uint32_t item, enum odd how, bool read, const char *fmt, ...)
{
	va_list ap;

	item_altered(b, item, how);
	va_start(ap, fmt);
	say_of(b, SAY_NOTE, item, read, fmt, ap);
	va_end(ap);
}

void say_unread(struct box *b, size_t n, const char *so)
{
	b->sum.unseen += n;
	b->seen = false;
	say_box(b, SAY_WARNING, "%s on the target cannot be read: %s",
	        counted(n, "message", "messages", (char[COUNTED_SIZE]){0}), so);
}

const char *taken_text(const struct taken *t, char out[TAKEN_SIZE])
{
	if (t->from == t->to)
		snprintf(out, TAKEN_SIZE, "UID %u perhaps", t->from);
	else
		snprintf(out, TAKEN_SIZE, "one of the UIDs %u to %u", t->from, t->to);
	return out;
}

/* What becomes of the mailbox, for the plan. */
static const char *fate_text(const struct map_entry *e)
{
	if (e->implied)
		return "is there when the mailboxes below it are";
	if (!e->exists && strcmp(e->shown, "INBOX") == 0)
		return "the target does not show (where it does not make it either, --map "
		       "INBOX=NAME puts this elsewhere)";
	return e->exists ? "is there" : "will be made";
}

/* Told before anything is sent, where it will not do. */
static void say_quota(struct run *r, uint64_t bytes, uint64_t used, uint64_t limit)
{
	if (limit == 0 || used + bytes <= limit)
		return;
	target_say(r->opts, SAY_WARNING, NULL, NULL,
	        "the target's quota has %llu octets left, the archive holds %llu: what does not "
	        "fit will be listed",
	        (unsigned long long)(used < limit ? limit - used : 0), (unsigned long long)bytes);
}

void say_mapping(struct run *r, const struct map_entry *e)
{
	if (e->implied || (map_keeps_name(e) && !e->why))
		return;
	target_say(r->opts, SAY_NOTE, e->head->name, NULL, "goes to \"%.1000s\"%s%s", e->shown,
	        e->why ? ": " : "", e->why ? e->why : "");
}

void say_plan(struct run *r, uint64_t quota_used, uint64_t quota_limit)
{
	uint64_t bytes = 0;
	/* at least one mailbox is not there yet: this is no second run */
	bool fresh = false;
	char n[COUNTED_SIZE];

	for (size_t i = 0; i < r->plan.n_map; i++) {
		const struct map_entry *e = &r->plan.map[i];

		if (!r->plan.selected[i])
			continue;
		bytes += e->head->roots.bytes;
		fresh |= !e->exists && e->head->roots.items;
		say_mapping(r, e);
		if (r->opts->dry_run)
			target_say(r->opts, SAY_INFO, e->head->name, NULL,
			        "%s, %llu octets, to \"%.1000s\", which %s",
			        counted(e->head->roots.items, "message", "messages", n),
			        (unsigned long long)e->head->roots.bytes, e->shown, fate_text(e));
	}
	if (fresh)
		say_quota(r, bytes, quota_used, quota_limit);
}

static int placed_cmp(const void *a, const void *b)
{
	return memcmp(
	        ((const struct placed *)a)->sha256, ((const struct placed *)b)->sha256, SHA256_LEN);
}

static int gone_cmp(const void *pa, const void *pb)
{
	const struct gone *a = pa, *b = pb;
	int c = ORDER_OF(a->entry, b->entry);

	c = c ? c : text_cmp(a->source, b->source);
	if (c)
		return c;
	return ORDER_OF(a->src_uid, b->src_uid);
}

/*
 * What was restored to a mailbox earlier and is restored to another one now; NULL:
 * nothing.
 */
static const struct map_entry *goes_elsewhere(const struct run *r, const char *earlier)
{
	const char *source = kept_source_of(r->journal, earlier);

	for (size_t k = 0; k < r->plan.n_map; k++) {
		const struct tree_head *h = r->plan.map[k].head;

		if (strcmp(source ? h->name : h->content_name, source ? source : earlier) == 0)
			return &r->plan.map[k];
	}
	return NULL;
}

/* Mailboxes of an earlier restore that nothing goes to any more. */
static void say_gone_mailboxes(struct run *r)
{
	size_t n;
	const char *const *names = kept_mailboxes(r->journal, &n);

	for (size_t i = 0; i < n && !r->opts->under; i++) {
		const struct map_entry *now;
		bool found = false;

		for (size_t k = 0; k < r->plan.n_map && !found; k++)
			found = strcmp(r->plan.map[k].shown, names[i]) == 0;
		if (found)
			continue;
		now = goes_elsewhere(r, names[i]);
		if (now)
			target_say(r->opts, SAY_NOTE, names[i], NULL,
			        "what was restored to this mailbox earlier is left; its mailbox "
			        "\"%.600s\" goes to \"%.600s\" now",
			        now->head->name, now->shown);
		else
			target_say(r->opts, SAY_NOTE, names[i], NULL,
			        "what was restored to this mailbox earlier is left; the snapshot "
			        "has no mailbox for it");
	}
}

/*
 * Messages of another mailbox of the archive, which came here while another mapping held.
 * Returns how many of the list they are.
 */
static size_t say_foreign(struct run *r, const struct gone *g, size_t n)
{
	const char *name = r->plan.map[g->entry].head->name;
	char count[COUNTED_SIZE];
	size_t k = 0, all = 0;

	if (!g->source || strcmp(g->source, name) == 0)
		return 0;
	for (; k < n && g[k].entry == g->entry && g[k].source &&
	        strcmp(g[k].source, g->source) == 0;
	        k++)
		all += k == 0 || g[k].src_uid != g[k - 1].src_uid;
	target_say(r->opts, SAY_NOTE, name, NULL,
	        "\"%.600s\" was restored to this mailbox earlier; of that %s left here", g->source,
	        counted(all, "message is", "messages are", count));
	return k;
}

void say_gone(struct run *r)
{
	say_gone_mailboxes(r);
	SORT(r->outcome.placed, r->outcome.n_placed, placed_cmp);
	SORT(r->outcome.gone, r->outcome.n_gone, gone_cmp);
	for (size_t i = 0; i < r->outcome.n_gone; i++) {
		const struct gone *g = &r->outcome.gone[i];
		const char *name = r->plan.map[g->entry].head->name;
		struct placed key;
		const struct placed *to;
		char item[32];
		size_t foreign = say_foreign(r, g, r->outcome.n_gone - i);

		if (foreign) {
			i += foreign - 1;
			continue;
		}
		memcpy(key.sha256, g->sha256, SHA256_LEN);
		to = FIND(&key, r->outcome.placed, r->outcome.n_placed, placed_cmp);
		snprintf(item, sizeof item, "UID %u", g->src_uid);
		if (to && to->entry != g->entry)
			target_say(r->opts, SAY_NOTE, name, item,
			        "moved to \"%.1000s\" at the source since it was restored; the "
			        "message here is left",
			        r->plan.map[to->entry].head->name);
		else
			target_say(r->opts, SAY_NOTE, name, item,
			        "deleted at the source since it was restored; the message here is "
			        "left");
	}
}
