/* What is told of an item that is only looked at. */
#include "look.h"

/* Lists of flags, keywords and labels. */
#define LACKS_CAP (1u << 20)

void imap_look_tell(
        struct box *b, uint32_t item, enum look_state state, const char *place, const char *differs)
{
	const struct target_opts *o = b->w->run->opts;
	const struct tree_item *it = &b->coll->items[item];
	const struct target_look look = {state, place, differs, b->items[item].by};

	switch (state) {
	case LOOK_MISSING:
		b->sum.failed++;
		break;
	case LOOK_UNREADABLE:
		b->sum.failed++;
		b->sum.unreadable++;
		break;
	case LOOK_UNSEEN:
		b->sum.unseen++;
		break;
	default:
		b->sum.already++;
		b->sum.altered += state == LOOK_OTHER || state == LOOK_FLAGS;
		b->sum.doubled += state == LOOK_TWICE;
	}
	b->items[item].told = true;
	b->sum.bytes += it->size;
	o->looked(o->ctx, b->coll, it, &look);
	imap_look_note(b->w->run, it, &look);
	atomic_fetch_add(&b->w->run->progress->items_done, 1);
	atomic_fetch_add(&b->w->run->progress->bytes_done, it->size);
}

/*
 * What it has not of the item's flags, keywords and labels. \Deleted is none of them: no
 * restore marks for deletion what is there.
 */
static void put_lacks(struct box *b, uint32_t item, const struct tmsg *t, struct buf *out)
{
	const struct tree_item *it = &b->coll->items[item];
	unsigned flags = it->flags & ~(unsigned)t->flags & ~(unsigned)FLAG_DELETED;

	for (unsigned bit = 1; bit <= FLAG_DRAFT; bit <<= 1)
		if (flags & bit)
			buf_putf(out, " %s", flag_name(bit));
	if (it->keywords) {
		uint32_t words = words_minus(b, tree_coll_keyword_text(b->coll, it->keywords),
		        tree_coll_keyword_text(b->words, t->keywords));

		buf_putf(out, "%s%s", words ? " " : "", tree_coll_keyword_text(b->words, words));
	}
	labels_put_lacking(b, item, t, out);
}

static bool is_doomed(const struct tree_item *it, const struct tmsg *t)
{
	return t->flags & ~(unsigned)it->flags & FLAG_DELETED;
}

/* Most are: nothing has to be put into words. */
static bool is_plainly_same(const struct box *b, uint32_t item, const struct tmsg *t)
{
	const struct tree_item *it = &b->coll->items[item];
	const struct restored *x = &b->items[item];

	return !x->unlike && !x->copy && !form_code(b, item) && t->date_utc == it->date_utc &&
	       !(it->flags & ~(unsigned)t->flags) && !is_doomed(it, t) && !it->keywords &&
	       !b->w->run->plan.gmail;
}

/* Put into words, and told. */
static void tell_judged(
        struct box *b, uint32_t item, const struct tmsg *t, const char *place, bool elsewhere)
{
	const struct tree_item *it = &b->coll->items[item];
	struct buf lacks = buf_of(LACKS_CAP), form = buf_of(700), differs = buf_of(2 * LACKS_CAP);
	struct tmsg_facts f = {.size = it->size,
	        .size_there = t->size,
	        .date_utc = it->date_utc,
	        .date_there = there_date(t),
	        .unlike = b->items[item].unlike,
	        .copy = b->items[item].copy,
	        .elsewhere = elsewhere,
	        .doomed = is_doomed(it, t)};
	enum look_state state;

	put_lacks(b, item, t, &lacks);
	form_say(b, item, &form);
	f.lacks = lacks.len ? buf_str(&lacks) + 1 : "";
	f.form = buf_str(&form);
	state = imap_look_judge(&f, &differs);
	b->items[item].by = (uint8_t)imap_look_by(&f, form_code(b, item));
	imap_look_tell(b, item, state, place, differs.len ? buf_str(&differs) : NULL);
	buf_clear(&lacks);
	buf_clear(&form);
	buf_clear(&differs);
}

void imap_look_tell_found(
        struct box *b, uint32_t item, const struct tmsg *t, const char *place, bool elsewhere)
{
	if (!elsewhere && is_plainly_same(b, item, t))
		imap_look_tell(b, item, LOOK_SAME, place, NULL);
	else
		tell_judged(b, item, t, place, elsewhere);
}
