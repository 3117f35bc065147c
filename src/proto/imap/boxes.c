/*
 * What the server's answers list, put together: doubles are one mailbox, and what one
 * command tells of and another does not is marked. No input or output.
 */
#include "boxes.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/lookup.h"
#include "valise/base/mem.h"

void boxes_clear(struct boxes *b)
{
	imap_list_free(b->list, b->n);
	memset(b, 0, sizeof *b);
}

void boxes_take(struct boxes *b, struct imap_mailbox *box)
{
	*ARR_PUSH(b->list, b->n, b->size) = *box;
	memset(box, 0, sizeof *box);
}

int boxes_order(const void *a, const void *b)
{
	const struct imap_mailbox *x = a, *y = b;
	size_t n = MIN(x->name_len, y->name_len);
	int order = n ? memcmp(x->name, y->name, n) : 0;

	return order ? order : x->name_len < y->name_len ? -1 : x->name_len > y->name_len;
}

struct imap_mailbox *boxes_find(const struct boxes *b, const struct imap_mailbox *like)
{
	return FIND(like, b->list, b->n, boxes_order);
}

/* All but what it is marked as. */
static void merge_rest(struct imap_mailbox *to, struct imap_mailbox *from)
{
	to->noinferiors |= from->noinferiors;
	to->subscribed |= from->subscribed;
	if (!to->delimiter)
		to->delimiter = from->delimiter;
	if (!to->gap) {
		to->gap = from->gap;
		from->gap = NULL;
	}
	for (const char *use = from->special_use; use && *use;) {
		size_t n = strcspn(use, " ");

		mailbox_flag(to, use, n);
		use += n + (use[n] == ' ');
	}
	mailbox_clear(from);
}

/* INBOX in any case is one mailbox (RFC 3501 5.1). */
static void fold_inbox(struct imap_mailbox *box)
{
	if (box->name_len == 5 && strncasecmp((char *)box->name, "INBOX", 5) == 0)
		memcpy(box->name, "INBOX", 5);
}

void boxes_sort(struct boxes *b)
{
	size_t kept = 0;

	for (size_t i = 0; i < b->n; i++)
		fold_inbox(&b->list[i]);
	SORT(b->list, b->n, boxes_order);
	for (size_t i = 0; i < b->n; i++) {
		struct imap_mailbox *box = &b->list[i], *last = kept ? &b->list[kept - 1] : NULL;

		if (!box->name_len) {
			mailbox_clear(box);
		} else if (last && boxes_order(last, box) == 0) {
			last->noselect |= box->noselect;
			last->nonexistent |= box->nonexistent;
			last->doubtful |= box->doubtful;
			if (!last->only)
				last->only = box->only;
			merge_rest(last, box);
		} else {
			b->list[kept++] = *box;
		}
	}
	b->n = kept;
}

/*
 * A mailbox that two commands list. Whether it can be opened is asked where they do not
 * agree.
 */
static void merge_told(struct imap_mailbox *to, struct imap_mailbox *from)
{
	to->doubtful |= from->doubtful || to->noselect != from->noselect;
	to->noselect |= from->noselect;
	to->nonexistent &= from->nonexistent;
	to->only = NULL;
	merge_rest(to, from);
}

void boxes_join(struct boxes *to, struct boxes *from, const char *to_is, const char *from_is)
{
	size_t known;

	boxes_sort(to);
	boxes_sort(from);
	known = to->n;
	for (size_t i = 0; i < known; i++)
		to->list[i].only = to->list[i].nonexistent ? NULL : to_is;
	for (size_t i = 0; i < from->n; i++) {
		struct boxes old = {.list = to->list, .n = known};
		struct imap_mailbox *box = boxes_find(&old, &from->list[i]);

		if (box) {
			merge_told(box, &from->list[i]);
		} else {
			from->list[i].only = from->list[i].nonexistent ? NULL : from_is;
			boxes_take(to, &from->list[i]);
		}
	}
	boxes_clear(from);
	boxes_sort(to);
}

void boxes_subscribe(struct boxes *to, struct boxes *lsub, bool believe)
{
	size_t known = to->n;

	boxes_sort(lsub);
	for (size_t i = 0; i < lsub->n; i++) {
		struct imap_mailbox *sub = &lsub->list[i];
		struct boxes old = {.list = to->list, .n = known};
		struct imap_mailbox *box = boxes_find(&old, sub);

		/* A parent of subscribed ones, not subscribed itself. */
		if (sub->noselect)
			continue;
		if (box) {
			box->subscribed = true;
			continue;
		}
		sub->subscribed = true;
		sub->only = "LSUB";
		sub->doubtful = !believe;
		boxes_take(to, sub);
	}
	boxes_clear(lsub);
	boxes_sort(to);
}
