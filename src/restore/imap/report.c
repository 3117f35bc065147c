/* What a person is told about a restore. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "valise/format/header.h"
#include "run.h"

static void say(
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
	say(b->w->run, level, b->e->head->name, NULL, text);
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
	say(b->w->run, level, b->e->head->name, buf_str(&item), text);
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

static const char *fate(const struct map_entry *e)
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
	say(r, SAY_WARNING, NULL, NULL, text);
}

void say_mapping(struct run *r, const struct map_entry *e)
{
	char text[1400];

	if (e->implied || (map_keeps_name(e) && !e->why))
		return;
	snprintf(text, sizeof text, "goes to \"%.1000s\"%s%s", e->shown, e->why ? ": " : "",
	        e->why ? e->why : "");
	say(r, SAY_NOTE, e->head->name, NULL, text);
}

void say_plan(struct run *r, uint64_t quota_used, uint64_t quota_limit)
{
	bool dry = r->opts->dry_run;
	uint64_t bytes = 0;
	/* at least one mailbox is not there yet: this is no second run */
	bool fresh = false;
	char text[2600], n[COUNTED_SIZE];

	for (size_t i = 0; i < r->n_map; i++) {
		const struct map_entry *e = &r->map[i];

		if (!r->selected[i])
			continue;
		bytes += e->head->roots.bytes;
		fresh |= !e->exists && e->head->roots.items;
		say_mapping(r, e);
		if (dry) {
			snprintf(text, sizeof text, "%s, %llu octets, to \"%.1000s\", which %s",
			        counted(e->head->roots.items, "message", "messages", n),
			        (unsigned long long)e->head->roots.bytes, e->shown, fate(e));
			say(r, SAY_INFO, e->head->name, NULL, text);
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

	if (a->entry != b->entry)
		return a->entry > b->entry ? 1 : -1;
	return (a->src_uid > b->src_uid) - (a->src_uid < b->src_uid);
}

/* Mailboxes of an earlier restore that the snapshot does not have any more. */
static void say_gone_mailboxes(struct run *r)
{
	size_t n;
	const char *const *names = kept_mailboxes(r->journal, &n);

	for (size_t i = 0; i < n && !r->opts->under; i++) {
		bool found = false;

		for (size_t k = 0; k < r->n_map && !found; k++)
			found = strcmp(r->map[k].shown, names[i]) == 0;
		if (!found)
			say(r, SAY_NOTE, names[i], NULL,
			        "what was restored to this mailbox earlier is left; the snapshot "
			        "has "
			        "no mailbox for it");
	}
}

void say_gone(struct run *r)
{
	say_gone_mailboxes(r);
	if (r->n_placed)
		qsort(r->placed, r->n_placed, sizeof *r->placed, placed_cmp);
	if (r->n_gone)
		qsort(r->gone, r->n_gone, sizeof *r->gone, gone_cmp);
	for (size_t i = 0; i < r->n_gone; i++) {
		const struct gone *g = &r->gone[i];
		struct placed key;
		const struct placed *to;
		char item[32], text[1400];

		memcpy(key.sha256, g->sha256, SHA256_LEN);
		to = r->n_placed ? bsearch(&key, r->placed, r->n_placed, sizeof key, placed_cmp)
		                 : NULL;
		snprintf(item, sizeof item, "UID %u", g->src_uid);
		if (to && to->entry != g->entry)
			snprintf(text, sizeof text,
			        "moved to \"%.1000s\" at the source since it was restored; the "
			        "message "
			        "here is left",
			        r->map[to->entry].head->name);
		else
			snprintf(text, sizeof text,
			        "deleted at the source since it was restored; the message here is "
			        "left");
		say(r, SAY_NOTE, r->map[g->entry].head->name, item, text);
	}
}
