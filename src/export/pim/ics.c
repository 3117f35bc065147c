/*
 * A file a calendar (RFC 5545, RFC 7986): one VCALENDAR with the components of all objects, each
 * time zone once and before them. The objects are read twice, so that time zones come together
 * without a time that moves (valise/format/merge.h); with --split once more, as each file has
 * the time zones that it needs.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/base/hash.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/format/merge.h"
#include "ics.h"
#include "pim.h"

enum { END_LEN = 15 }; /* of "END:VCALENDAR" and CRLF */

/* What is known of an item before it is written. */
struct place {
	size_t object; /* of the merge; SIZE_MAX: it is not among the others */
	unsigned file; /* from 1 */
	bool apart; /* it has a file of its own, which is written */
	bool doubled; /* another item has its UID */
};
struct uid {
	uint64_t sum;
	size_t item;
};
/* The time zones of a file: ${n} of ${list} from ${first} on. */
struct file_zones {
	size_t first, n;
};

struct ics {
	struct pim pim;
	struct merge *merge;
	struct merge_piece piece;
	struct place *places; /* one an item */
	size_t n_places;
	struct uid *uids;
	size_t n_uids, uids_cap;
	struct buf head; /* of each file, without time zones */
	/* with --split; else each file has all time zones */
	struct file_zones *files;
	size_t n_files, files_cap;
	size_t *zones, n_zones, zones_cap;
};

static void *ics_open(struct export_run *run)
{
	struct ics *x = xcalloc(1, sizeof *x);

	pim_init(&x->pim, run, ".ics");
	merge_piece_init(&x->piece, PIM_TEXT_MAX);
	buf_init(&x->head, PIM_PATH_CAP);
	return x;
}

static void forget_coll(struct ics *x)
{
	merge_free(x->merge);
	free(x->places);
	x->merge = NULL;
	x->places = NULL;
	x->n_uids = x->n_files = x->n_zones = 0;
}

/* ---- first reading ---- */

static void note_uid(struct ics *x, size_t item, const struct buf *text)
{
	struct content_summary s = {0};
	uint8_t sum[SHA256_LEN];
	struct uid *u;

	if (content_summarize(text->data, text->len, &s, NULL) == 0 && s.uid) {
		sha256_of(s.uid, strlen(s.uid), sum);
		u = ARR_PUSH(x->uids, x->n_uids, x->uids_cap);
		u->item = item;
		memcpy(&u->sum, sum, sizeof u->sum);
	}
	content_summary_clear(&s);
}

static int by_uid(const void *a, const void *b)
{
	const struct uid *u = a, *v = b;

	return u->sum != v->sum ? ORDER_OF(u->sum, v->sum) : ORDER_OF(u->item, v->item);
}

static void find_doubled(struct ics *x)
{
	SORT(x->uids, x->n_uids, by_uid);
	for (size_t i = 1; i < x->n_uids; i++)
		x->places[x->uids[i].item].doubled = x->uids[i].sum == x->uids[i - 1].sum;
}

/* The item as it can stand among others: 1, in *text_out. 0: it has too many octets. */
static int take_text(struct ics *x, const struct tree_coll *c, const struct tree_item *it,
        const struct buf **text_out, const char **mended_out, struct err *err)
{
	int rc = pim_read(&x->pim, c, it, err);

	*mended_out = NULL;
	if (rc <= 0)
		return rc;
	*mended_out = pim_mend(&x->pim);
	*text_out = *mended_out ? &x->pim.other : &x->pim.octets;
	return 1;
}

/* What cannot be read is met again when the item is written, and told then. */
static int note_item(struct ics *x, const struct tree_coll *c, size_t i, struct err *err)
{
	const struct tree_item *it = &c->items[i];
	struct place *place = &x->places[i];
	const struct buf *text;
	const char *mended;
	struct err why = {0};
	int rc = take_text(x, c, it, &text, &mended, &why);

	*place = (struct place){.object = SIZE_MAX, .file = 1};
	if (rc < 0)
		return 0;
	if (rc == 0)
		err_set(&why, ERR_LIMIT, ERR_ITEM, "it is too large to stand among others");
	else if (merge_note(x->merge, text->data, text->len, &place->object, &why) == 0)
		return note_uid(x, i, text), 0;
	place->object = SIZE_MAX;
	rc = pim_apart(&x->pim, c, it, why.text, err);
	place->apart = rc > 0;
	return MIN(rc, 0);
}

/* ---- which file ---- */

static bool has_zone(const struct ics *x, const struct file_zones *f, size_t zone)
{
	for (size_t i = 0; i < f->n; i++)
		if (x->zones[f->first + i] == zone)
			return true;
	return false;
}

/* Octets of the time zones that the piece needs and the file has not. */
static uint64_t new_zones(const struct ics *x, const struct file_zones *f)
{
	uint64_t octets = 0;

	for (size_t i = 0; i < x->piece.n_zones; i++)
		if (!has_zone(x, f, x->piece.zones[i]))
			octets += merge_zone(x->merge, x->piece.zones[i])->len;
	return octets;
}

static void add_zones(struct ics *x, struct file_zones *f)
{
	for (size_t i = 0; i < x->piece.n_zones; i++)
		if (!has_zone(x, f, x->piece.zones[i])) {
			*ARR_PUSH(x->zones, x->n_zones, x->zones_cap) = x->piece.zones[i];
			f->n++;
		}
}

static struct file_zones *add_file(struct ics *x)
{
	struct file_zones *f = ARR_PUSH(x->files, x->n_files, x->files_cap);

	f->first = x->n_zones;
	return f;
}

/* Fill one file after the other. */
static int plan_files(struct ics *x, const struct tree_coll *c, struct err *err)
{
	uint64_t split = x->pim.run->opts->split, in_file = x->head.len + END_LEN;
	struct file_zones *f = add_file(x);
	bool has_item = false;
	int rc = 0;

	for (size_t i = 0; i < c->n_items && rc >= 0; i++) {
		const struct buf *text;
		const char *mended;
		struct err why = {0};

		rc = stop_check(err);
		if (rc < 0 || x->places[i].object == SIZE_MAX ||
		        take_text(x, c, &c->items[i], &text, &mended, &why) != 1 ||
		        merge_piece(x->merge, x->places[i].object, text->data, text->len, &x->piece,
		                &why) < 0)
			continue;
		if (has_item && in_file + new_zones(x, f) + x->piece.text.len > split) {
			f = add_file(x);
			in_file = x->head.len + END_LEN;
		}
		in_file += new_zones(x, f) + x->piece.text.len;
		add_zones(x, f);
		has_item = true;
		x->places[i].file = (unsigned)x->n_files;
	}
	return rc < 0 ? rc : 0;
}

/* ---- writing ---- */

static int begin_file(struct ics *x, struct err *err)
{
	const struct file_zones *f = x->n_files ? &x->files[x->pim.number] : NULL;
	size_t n = f ? f->n : merge_zones(x->merge);
	int rc = pim_begin(&x->pim, err);

	if (rc == 0)
		rc = pim_write(&x->pim, x->head.data, x->head.len, err);
	for (size_t i = 0; i < n && rc == 0; i++) {
		const struct buf *zone = merge_zone(x->merge, f ? x->zones[f->first + i] : i);

		rc = pim_write(&x->pim, zone->data, zone->len, err);
	}
	return rc;
}

static int end_file(struct ics *x, struct err *err)
{
	int rc = pim_write(&x->pim, "END:VCALENDAR\r\n", END_LEN, err);

	return rc == 0 ? export_out_end(x->pim.run->out, err) : rc;
}

static int ics_coll(
        void *state, const struct tree_head *h, const struct tree_coll *c, struct err *err)
{
	struct ics *x = state;
	int rc = 0;

	forget_coll(x);
	pim_coll(&x->pim, h, c);
	buf_reset(&x->head);
	ics_head(c, &x->head);
	x->merge = merge_new();
	x->places = xcalloc(c->n_items ? c->n_items : 1, sizeof *x->places);
	for (size_t i = 0; i < c->n_items && rc == 0; i++) {
		rc = stop_check(err);
		rc = rc == 0 ? note_item(x, c, i, err) : rc;
	}
	if (rc < 0)
		return rc;
	merge_decide(x->merge);
	find_doubled(x);
	if (x->pim.run->opts->split)
		rc = plan_files(x, c, err);
	return rc == 0 ? begin_file(x, err) : rc;
}

static void say_piece(struct ics *x, const struct place *place, const char *mended)
{
	const struct merge_piece *piece = &x->piece;

	if (piece->left_out.len)
		pim_say(&x->pim, "properties of the object itself are left out: %s",
		        buf_str(&piece->left_out));
	if (piece->otherwise.len)
		pim_say(&x->pim,
		        "its times are by the time zone %s as others define it: it defines it "
		        "otherwise",
		        buf_str(&piece->otherwise));
	if (piece->undefined.len)
		pim_say(&x->pim,
		        "its times are by the time zone %s as others define it: it does not "
		        "define it itself",
		        buf_str(&piece->undefined));
	if (place->doubled)
		pim_say(&x->pim, "another one has its UID: programs may take both for one");
	if (mended)
		pim_say(&x->pim, "%s", mended);
}

static int put_piece(struct ics *x, const struct tree_coll *c, const struct tree_item *it,
        const struct place *place, const char *mended, struct err *err)
{
	int rc = 0;

	while (x->pim.number < place->file && rc == 0) {
		rc = end_file(x, err);
		rc = rc == 0 ? begin_file(x, err) : rc;
	}
	if (rc == 0)
		rc = pim_write(&x->pim, x->piece.text.data, x->piece.text.len, err);
	if (rc == 0) {
		say_piece(x, place, mended);
		pim_tell(&x->pim, c, it);
	}
	return rc;
}

static int ics_item(
        void *state, const struct tree_coll *c, const struct tree_item *it, struct err *err)
{
	struct ics *x = state;
	const struct place *place = &x->places[it - c->items];
	const struct buf *text;
	const char *mended;
	int rc = place->apart ? 0 : take_text(x, c, it, &text, &mended, err);

	if (place->apart || rc < 0)
		return rc;
	if (rc == 0 || place->object == SIZE_MAX)
		return err_set(err, ERR_DAMAGED, ERR_ITEM, "it was not read at first");
	rc = merge_piece(x->merge, place->object, text->data, text->len, &x->piece, err);
	return rc == 0 ? put_piece(x, c, it, place, mended, err) : rc;
}

static int ics_coll_end(void *state, const struct tree_coll *c, struct err *err)
{
	(void)c;
	return end_file(state, err);
}

static void ics_free(void *state)
{
	struct ics *x = state;

	forget_coll(x);
	pim_clear(&x->pim);
	merge_piece_clear(&x->piece);
	buf_clear(&x->head);
	free(x->uids);
	free(x->files);
	free(x->zones);
	free(x);
}

const struct export_format_ops export_ics = {
        .word = "ics",
        .kinds = 1u << COLL_CALENDAR,
        .loss = "hrefs, ETags, and of each object PRODID, METHOD and CALSCALE are left out",
        .open = ics_open,
        .coll = ics_coll,
        .item = ics_item,
        .coll_end = ics_coll_end,
        .free = ics_free,
};
