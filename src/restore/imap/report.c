/* What a person is told about a restore. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/lookup.h"
#include "valise/format/header.h"
#include "run.h"

static void say_line(
        struct run *r, enum say_level level, const char *coll, const char *item, const char *text)
{
	if (r->opts->report)
		r->opts->report(r->opts->ctx, level, coll, item, text);
}

void say_box(struct box *b, enum say_level level, const char *fmt, ...)
{
	char text[900];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	say_line(b->w->run, level, b->e->head->name, NULL, text);
}

void say_item(struct box *b, enum say_level level, const struct tree_item *it, const char *head,
        size_t head_len, const char *fmt, ...)
{
	char text[900], date[DATE_TEXT_SIZE];
	struct date d = {it->date_utc, it->zone_min, true};
	struct buf item, raw, subject;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	buf_init(&item, 2048);
	buf_init(&raw, 4096);
	buf_init(&subject, 400);
	buf_putf(&item, "UID %u, %s, %llu octets", it->uid, date_format_imap(&d, date),
	        (unsigned long long)it->size);
	if (head && header_find(head, head_len, "From", &raw)) {
		header_decode_text((const char *)raw.data, raw.len, &subject);
		buf_putf(&item, ", from %s", buf_str(&subject));
	}
	buf_reset(&raw);
	buf_reset(&subject);
	if (head && header_find(head, head_len, "Subject", &raw)) {
		header_decode_text((const char *)raw.data, raw.len, &subject);
		buf_putf(&item, ", \"%s\"", buf_str(&subject));
	}
	say_line(b->w->run, level, b->e->head->name, buf_str(&item), text);
	buf_clear(&item);
	buf_clear(&raw);
	buf_clear(&subject);
}

/* Stops the reading once there is enough; the message itself was found whole before. */
static int head_write(void *ctx, const void *p, size_t n, struct err *err)
{
	struct buf *b = ctx;

	buf_fill(b, p, n);
	if (b->len == HEAD_CAP || header_length((const char *)b->data, b->len) < b->len)
		return err_set(err, ERR_LIMIT, ERR_ITEM, "enough");
	return 0;
}

void item_head(struct box *b, const struct tree_item *it, struct buf *out)
{
	struct tree_reader *r = b->w->run->reader;
	struct err ignored = {0};
	int rc;

	/* What is missing here is only the subject in a report. */
	buf_init(out, HEAD_CAP);
	rc = r->ops->body(r, b->coll, it, head_write, out, &ignored);
	(void)rc;
}

void say_altered(struct box *b, uint32_t item, const char *fmt, ...)
{
	const struct tree_item *it = &b->coll->items[item];
	char text[900];
	struct buf head;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	item_head(b, it, &head);
	say_item(b, SAY_NOTE, it, (const char *)head.data, head.len, "%s", text);
	buf_clear(&head);
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

static const char *fate_text(const struct map_entry *e)
{
	if (e->implied)
		return "is there when the mailboxes below it are";
	if (!e->exists && strcmp(e->shown, "INBOX") == 0)
		return "the target does not show (where it does not make it either, --map "
		       "INBOX=NAME puts this elsewhere)";
	return e->exists ? "is there" : "will be made";
}

static void say_quota(struct run *r, uint64_t bytes, uint64_t used, uint64_t limit)
{
	char text[300];

	if (limit == 0 || used + bytes <= limit)
		return;
	snprintf(text, sizeof text,
	        "the target's quota has %llu octets left, the archive holds %llu: what does not "
	        "fit will be "
	        "listed",
	        (unsigned long long)(used < limit ? limit - used : 0), (unsigned long long)bytes);
	say_line(r, SAY_WARNING, NULL, NULL, text);
}

void say_mapping(struct run *r, const struct map_entry *e)
{
	char text[1400];

	if (e->implied || (map_keeps_name(e) && !e->why))
		return;
	snprintf(text, sizeof text, "goes to \"%.1000s\"%s%s", e->shown, e->why ? ": " : "",
	        e->why ? e->why : "");
	say_line(r, SAY_NOTE, e->head->name, NULL, text);
}

void say_plan(struct run *r, uint64_t quota_used, uint64_t quota_limit)
{
	bool dry = r->opts->dry_run;
	uint64_t bytes = 0;
	/* at least one mailbox is not there yet: this is no second run */
	bool fresh = false;
	char text[2600], n[COUNTED_SIZE];

	for (size_t i = 0; i < r->plan.n_map; i++) {
		const struct map_entry *e = &r->plan.map[i];

		if (!r->plan.selected[i])
			continue;
		bytes += e->head->roots.bytes;
		fresh |= !e->exists && e->head->roots.items;
		say_mapping(r, e);
		if (dry) {
			snprintf(text, sizeof text, "%s, %llu octets, to \"%.1000s\", which %s",
			        counted(e->head->roots.items, "message", "messages", n),
			        (unsigned long long)e->head->roots.bytes, e->shown, fate_text(e));
			say_line(r, SAY_INFO, e->head->name, NULL, text);
		}
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
	int c;

	if (a->entry != b->entry)
		return a->entry > b->entry ? 1 : -1;
	c = strcmp(a->source ? a->source : "", b->source ? b->source : "");
	if (c)
		return c;
	return (a->src_uid > b->src_uid) - (a->src_uid < b->src_uid);
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

static void say_left(struct run *r, const char *mailbox, const char *why)
{
	char text[1500];

	snprintf(text, sizeof text, "what was restored to this mailbox earlier is left; %s", why);
	say_line(r, SAY_NOTE, mailbox, NULL, text);
}

/* Mailboxes of an earlier restore that nothing goes to any more. */
static void say_gone_mailboxes(struct run *r)
{
	size_t n;
	const char *const *names = kept_mailboxes(r->journal, &n);

	for (size_t i = 0; i < n && !r->opts->under; i++) {
		const struct map_entry *now;
		bool found = false;
		char text[1400];

		for (size_t k = 0; k < r->plan.n_map && !found; k++)
			found = strcmp(r->plan.map[k].shown, names[i]) == 0;
		if (found)
			continue;
		now = goes_elsewhere(r, names[i]);
		snprintf(text, sizeof text, "the snapshot has no mailbox for it");
		if (now)
			snprintf(text, sizeof text, "its mailbox \"%.600s\" goes to \"%.600s\" now",
			        now->head->name, now->shown);
		say_left(r, names[i], text);
	}
}

/*
 * Messages of another mailbox of the archive, which came here while another mapping held.
 * Returns how many of the list they are.
 */
static size_t say_foreign(struct run *r, const struct gone *g, size_t n)
{
	const char *name = r->plan.map[g->entry].head->name;
	char count[COUNTED_SIZE], text[900];
	size_t k = 0, all = 0;

	if (!g->source || strcmp(g->source, name) == 0)
		return 0;
	for (; k < n && g[k].entry == g->entry && g[k].source &&
	        strcmp(g[k].source, g->source) == 0;
	        k++)
		all += k == 0 || g[k].src_uid != g[k - 1].src_uid;
	snprintf(text, sizeof text,
	        "\"%.600s\" was restored to this mailbox earlier; of that %s left here", g->source,
	        counted(all, "message is", "messages are", count));
	say_line(r, SAY_NOTE, name, NULL, text);
	return k;
}

void say_gone(struct run *r)
{
	say_gone_mailboxes(r);
	SORT(r->outcome.placed, r->outcome.n_placed, placed_cmp);
	SORT(r->outcome.gone, r->outcome.n_gone, gone_cmp);
	for (size_t i = 0; i < r->outcome.n_gone; i++) {
		const struct gone *g = &r->outcome.gone[i];
		struct placed key;
		const struct placed *to;
		char item[32], text[1400];
		size_t foreign = say_foreign(r, g, r->outcome.n_gone - i);

		if (foreign) {
			i += foreign - 1;
			continue;
		}
		memcpy(key.sha256, g->sha256, SHA256_LEN);
		to = FIND(&key, r->outcome.placed, r->outcome.n_placed, placed_cmp);
		snprintf(item, sizeof item, "UID %u", g->src_uid);
		if (to && to->entry != g->entry)
			snprintf(text, sizeof text,
			        "moved to \"%.1000s\" at the source since it was restored; the "
			        "message "
			        "here is left",
			        r->plan.map[to->entry].head->name);
		else
			snprintf(text, sizeof text,
			        "deleted at the source since it was restored; the message here is "
			        "left");
		say_line(r, SAY_NOTE, r->plan.map[g->entry].head->name, item, text);
	}
}
