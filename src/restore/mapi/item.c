/* An item of the archive as a bag: the one that was kept beside it, else made of its octets. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "run.h"
#include "valise/base/mem.h"
#include "valise/base/spool.h"
#include "valise/format/content.h"
#include "valise/outlook/fx.h"

enum {
	CLASS_OCTETS = 16 << 20,
	KEY_OCTETS = 16,
	SEARCH_KEY_MAX = 4096,
	MF_READ = 0x01,
	LOST_MAX = 2000
};

const struct tree_item *mapi_item_of(const struct acoll *a, const struct mitem *it)
{
	return &a->coll->items[it->index];
}

static const char *href_of(const struct tree_coll *c, const struct tree_item *it)
{
	const struct tree_ext *e = tree_item_ext(c, it);

	return e && e->href ? e->href : "";
}

/* ---- octets that come ---- */

struct one_bag {
	struct bag *bag;
};

static int take_bag(void *ctx, struct bag *b, struct err *err)
{
	struct one_bag *one = ctx;

	if (one->bag) {
		bag_free(b);
		return err_set(err, ERR_PROTO, ERR_ITEM, "more than one item in its octets");
	}
	one->bag = b;
	return 0;
}

static int read_bag(void *ctx, const void *p, size_t n, struct err *err)
{
	return fx_read(ctx, p, n, err);
}

/* The properties that were kept. */
static int load_kept(struct tree_reader *reader, const struct tree_coll *c,
        const struct tree_item *it, struct bag **out, struct err *err)
{
	struct one_bag one = {NULL};
	struct fx_reader *fx = fx_reader_new(take_bag, &one);
	int rc = reader->ops->body(reader, c, it, read_bag, fx, err);

	if (rc == 0)
		rc = fx_read_end(fx, err);
	fx_reader_free(fx);
	if (rc == 0 && !one.bag)
		rc = err_set(err, ERR_PROTO, ERR_ITEM, "no item in its octets");
	if (rc < 0) {
		bag_free(one.bag);
		one.bag = NULL;
	}
	*out = one.bag;
	return rc;
}

static int add_octets(void *ctx, const void *p, size_t n, struct err *err)
{
	return spool_add(ctx, p, n, err);
}

static enum outlook_form form_of(enum coll_kind kind)
{
	return kind == COLL_CALENDAR   ? OUTLOOK_CALENDAR
	       : kind == COLL_CONTACTS ? OUTLOOK_CONTACT
	                               : OUTLOOK_MAIL;
}

static void take_lost(void *ctx, const char *what)
{
	struct buf *lost = ctx;

	if (lost && lost->len + strlen(what) < LOST_MAX)
		buf_putf(lost, "%s%s", lost->len ? "\n" : "", what);
}

static int load_made(const struct acoll *a, const struct tree_item *it, struct bag **out,
        struct buf *lost, struct err *err)
{
	struct spool octets;
	struct outlook_make m = {.form = form_of(a->coll->kind),
	        .octets = &octets,
	        .flags = it->flags,
	        .keywords = tree_coll_keyword_text(a->coll, it->keywords),
	        .date_utc = it->date_utc || it->zone_min ? it->date_utc : INT64_MIN,
	        .lost = take_lost,
	        .ctx = lost};
	int rc;

	*out = NULL;
	if (m.keywords && !*m.keywords)
		m.keywords = NULL;
	spool_init(&octets);
	rc = a->reader->ops->body(a->reader, a->coll, it, add_octets, &octets, err);
	if (rc == 0)
		rc = outlook_make(&m, out, err);
	spool_clear(&octets);
	return rc;
}

/*
 * Reading a message changes no property that was kept: whether it was read the archive says of
 * the item.
 */
static int set_read(struct bag *b, bool seen, struct err *err)
{
	int64_t was = bag_int(b, PidTagMessageFlags, MF_READ);
	int64_t is = seen ? was | MF_READ : was & ~(int64_t)MF_READ;
	int rc = was == is ? 0 : bag_set_int(b, PidTagMessageFlags, BAG_INT32, is, err);

	bag_sort(b); /* it takes the place of the one that was there */
	return rc;
}

static int load_beside(
        const struct acoll *a, const struct mitem *it, struct bag **out, struct err *err)
{
	int rc = load_kept(a->reader, a->raw, &a->raw->items[it->raw], out, err);

	if (rc == 0 && a->coll->kind == COLL_MAIL)
		rc = set_read(*out, (mapi_item_of(a, it)->flags & FLAG_SEEN) != 0, err);
	if (rc < 0) {
		bag_free(*out);
		*out = NULL;
	}
	return rc;
}

int mapi_item_load(const struct acoll *a, const struct mitem *it, struct bag **out,
        struct buf *lost, struct err *err)
{
	int rc;

	if (a->coll->kind == COLL_MAPI)
		rc = load_kept(a->reader, a->coll, mapi_item_of(a, it), out, err);
	else if (it->raw != PAIR_NONE && !it->reformed)
		rc = load_beside(a, it, out, err);
	else
		rc = load_made(a, mapi_item_of(a, it), out, lost, err);
	if (rc == 0)
		outlook_fit(*out);
	return rc;
}

/* ---- what stands beside an item ---- */

static int nothing(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	sha256_add(ctx, p, n);
	return 0;
}

/* Do these properties give the octets of the item? */
static bool is_of_item(
        const struct acoll *a, const struct tree_item *it, const struct tree_item *raw)
{
	struct outlook_made made = {.date_utc = INT64_MIN};
	uint8_t sum[SHA256_LEN];
	struct sha256 h;
	struct outlook_to to = {nothing, NULL, &h};
	struct bag *b;
	struct err err;
	bool is = false;

	if (load_kept(a->reader, a->raw, raw, &b, &err) < 0)
		return false;
	sha256_start(&h);
	if (outlook_convert(b, &to, &made, &err) == 0) {
		sha256_end(&h, sum);
		is = memcmp(sum, it->sha256, SHA256_LEN) == 0;
	}
	outlook_made_clear(&made);
	bag_free(b);
	return is;
}

/*
 * Where several stand beside one item (other imports of it had other properties), the one that
 * it was made of, else the last.
 */
static uint32_t find_raw(const struct acoll *a, const struct tree_item *it)
{
	char uid[24];
	const char *name = href_of(a->coll, it);
	const struct tree_item *first;
	size_t i, end;

	if (!a->raw)
		return PAIR_NONE;
	if (a->coll->kind == COLL_MAIL) {
		snprintf(uid, sizeof uid, "%" PRIu32, it->uid);
		name = uid;
	}
	first = *name ? tree_coll_find_href(a->raw, name) : NULL;
	if (!first)
		return PAIR_NONE;
	i = (size_t)(first - a->raw->items);
	while (i > 0 && strcmp(href_of(a->raw, &a->raw->items[i - 1]), name) == 0)
		i--;
	for (end = i; end < a->raw->n_items; end++)
		if (strcmp(href_of(a->raw, &a->raw->items[end]), name) != 0)
			break;
	for (; i + 1 < end; i++)
		if (is_of_item(a, it, &a->raw->items[i]))
			break;
	return (uint32_t)i;
}

/* Of a class that nothing else was made of. */
static bool is_lone(const struct tree_coll *c, const struct tree_item *it)
{
	const struct tree_ext *e = tree_item_ext(c, it);

	return e && e->note;
}

static void take_items(struct acoll *a)
{
	a->items = xcalloc(a->coll->n_items + 1, sizeof *a->items);
	for (size_t i = 0; i < a->coll->n_items; i++) {
		const struct tree_item *it = &a->coll->items[i];
		struct mitem *m = &a->items[a->n_items];

		if (a->coll->kind == COLL_MAPI && !is_lone(a->coll, it))
			continue;
		*m = (struct mitem){.index = (uint32_t)i, .raw = PAIR_NONE, .node = a->to->node};
		if (a->coll->kind != COLL_MAPI)
			m->raw = find_raw(a, it);
		a->n_items++;
	}
}

/* "mail: INBOX" */
static char *beside_name(enum coll_kind kind, const char *name)
{
	return xasprintf("%s: %s", coll_kind_dir(kind), name);
}

static int load_raw(struct mrun *r, struct acoll *a, struct err *err)
{
	const struct tree_manifest *m = r->archive->ops->manifest(r->archive);
	const struct tree_head *h = tree_manifest_find(m, COLL_MAPI, a->key);
	int rc = h ? r->archive->ops->coll(r->archive, h, &a->raw, err) : 0;

	if (rc == 0 || err_ends(err))
		return rc;
	mapi_say_coll(r, SAY_WARNING, a->head->name,
	        "the properties beside it cannot be read from the archive, so its items are made "
	        "of their octets: %s",
	        err->text);
	err_clear(err);
	a->raw = NULL;
	return 0;
}

int mapi_coll_load(struct mrun *r, struct map_coll *c, struct acoll *out, struct err *err)
{
	bool lone = c->kind == COLL_MAPI;
	int rc;

	*out = (struct acoll){.to = c,
	        .head = c->head,
	        .reader = c->kind == COLL_MAIL && r->view ? r->view : r->archive};
	out->key = lone ? xstrdup(c->head->name) : beside_name(c->kind, c->head->name);
	rc = out->reader->ops->coll(out->reader, c->head, &out->coll, err);
	if (rc < 0 && !err_ends(err)) {
		mapi_say_coll(r, SAY_WARNING, c->head->name, "cannot be read from the archive: %s",
		        err->text);
		out->sum.items = out->sum.failed = out->sum.unreadable = c->head->roots.items;
		err_clear(err);
		return 0;
	}
	if (rc == 0 && !lone)
		rc = load_raw(r, out, err);
	if (rc < 0)
		return rc;
	take_items(out);
	out->sum.items = out->n_items;
	return 1;
}

void mapi_coll_clear(struct acoll *a)
{
	for (size_t i = 0; i < a->n_items; i++) {
		free(a->items[i].differs);
		free(a->items[i].lost);
	}
	free(a->items);
	tree_coll_free(a->coll);
	tree_coll_free(a->raw);
	free(a->key);
	*a = (struct acoll){0};
}

/* ---- what it is known by ---- */

/* What people see of it does not tell two classes apart that one server may make another. */
static void about(
        const char *message_id, int64_t date, enum folder_class class, struct pair_key *out)
{
	mapi_pair_about(message_id, date, folder_class_word(class), out->about);
}

void mapi_item_key_of_bag(struct bag *b, struct pair_key *out)
{
	size_t n;
	const uint8_t *key = bag_octets(b, PidTagSearchKey, SEARCH_KEY_MAX, &n);
	enum folder_class class = folder_class_for(bag_text(b, PidTagMessageClass));
	int64_t date;

	memset(out, 0, sizeof *out);
	mapi_pair_sum(key, n, out->key);
	if (bag_time(b, PidTagMessageDeliveryTime, &date))
		about(bag_text(b, PidTagInternetMessageId), date, class, out);
}

/* Nothing has to be made for that: outlook/make.h says what its search key is. */
static void key_of_octets(const struct acoll *a, const struct tree_item *it, struct pair_key *out)
{
	struct item_about what = {0};

	memset(out, 0, sizeof *out);
	mapi_pair_sum(it->sha256, KEY_OCTETS, out->key);
	if (a->coll->kind != COLL_MAIL || (!it->date_utc && !it->zone_min))
		return;
	tree_item_about(a->reader, a->coll, it, &what);
	about(what.text[ABOUT_MESSAGE_ID], it->date_utc, FOLDER_NOTE, out);
	about_clear(&what);
}

int mapi_item_key(
        const struct acoll *a, const struct mitem *it, struct pair_key *out, struct err *err)
{
	struct bag *b;
	int rc;

	if (a->coll->kind != COLL_MAPI && it->raw == PAIR_NONE) {
		key_of_octets(a, mapi_item_of(a, it), out);
		return 0;
	}
	rc = mapi_item_load(a, it, &b, NULL, err);
	if (rc < 0)
		return rc;
	mapi_item_key_of_bag(b, out);
	bag_free(b);
	return 0;
}

/* ---- where it belongs ---- */

static enum folder_class class_of_component(const char *component)
{
	if (component && strcmp(component, "VTODO") == 0)
		return FOLDER_TASK;
	if (component && strcmp(component, "VJOURNAL") == 0)
		return FOLDER_JOURNAL;
	return FOLDER_APPOINTMENT;
}

static int class_of_octets(
        const struct acoll *a, const struct tree_item *it, enum folder_class *out, struct err *err)
{
	struct buf octets = buf_of(CLASS_OCTETS);
	struct content_summary s;
	int rc = tree_reader_octets(a->reader, a->coll, it, &octets, err);

	if (rc == 0)
		rc = content_summarize(octets.data, octets.len, &s, err);
	if (rc == 0) {
		*out = class_of_component(s.component);
		content_summary_clear(&s);
	}
	buf_clear(&octets);
	return rc;
}

int mapi_item_class(
        const struct acoll *a, const struct mitem *it, enum folder_class *out, struct err *err)
{
	struct bag *b;
	int rc;

	*out = a->to->class;
	if (a->coll->kind != COLL_CALENDAR)
		return 0;
	if (it->raw == PAIR_NONE)
		return class_of_octets(a, mapi_item_of(a, it), out, err);
	rc = mapi_item_load(a, it, &b, NULL, err);
	if (rc == 0) {
		*out = folder_class_for(bag_text(b, PidTagMessageClass));
		bag_free(b);
	}
	return rc;
}
