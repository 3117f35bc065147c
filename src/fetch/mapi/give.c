/*
 * An item on its way into the sink: what is made of it in the collection of its form, and its
 * properties as they are beside that.
 */
#include "fetch/mapi/run.h"
#include <inttypes.h>
#include <stdlib.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/tree/words.h"

enum { HEAD_OCTETS = 65536, LOSSES_MAX = 4000, PATH_DIGITS = 32, TWIN_DIGITS = 16, FLAG_READ = 1 };

/* One item on its way. */
struct one {
	struct box *box;
	const struct arrived *as;
	struct bag *item;
	size_t form; /* of the collections that it goes to */
	bool is_raw; /* no message, event or card is made of it */
	const struct known *before; /* its last version; NULL: it is new */
	struct intake in;
	struct buf losses; /* what did not come over */
	char *shown; /* ', "Lunch?"' */
	/* the path and href of its properties: as what was made of it; or NULL */
	char *path, *href;
	char *note;
	size_t made, raw; /* its places */
	bool is_made, is_left_out;
	struct item_twin twin;
	bool is_elsewhere; /* another service shows it: ${twin} proves that */
};

/* ---- collections ---- */

/* Not 0, and the same for the same folder of the same mailbox for ever. */
static uint32_t validity_of(const struct box *b)
{
	uint8_t hash[SHA256_LEN];
	uint32_t v;

	sha256_of(b->href, strlen(b->href), hash);
	v = (uint32_t)hash[0] << 24 | (uint32_t)hash[1] << 16 | (uint32_t)hash[2] << 8 | hash[3];
	return v ? v : 1;
}

struct tree_coll *folder_made(struct box *b, size_t form)
{
	struct pair *p = &b->pairs[form];

	if (p->made)
		return p->made;
	p->made = tree_coll_new(p->kind, p->name);
	if (p->kind == COLL_MAIL) {
		p->made->delimiter = '/';
		p->made->attrs = ATTR_SUBSCRIBED;
		p->made->href = xstrdup(b->href);
		p->made->special_use = xstrdup(b->place.special_use);
		p->made->uidvalidity = validity_of(b);
		if (p->was && p->was->uidvalidity && text_same(p->was->href, b->href))
			p->made->uidvalidity = p->was->uidvalidity;
	}
	return p->made;
}

struct tree_coll *folder_raw(struct box *b, size_t form)
{
	struct pair *p = &b->pairs[form];

	if (!p->raw) {
		p->raw = tree_coll_new(COLL_MAPI, p->raw_name);
		p->raw->href = xstrdup(b->href);
	}
	return p->raw;
}

static bool has_path(const struct pair *p, const char *path)
{
	size_t cursor = 0, at;

	while ((at = text_index_next(&p->by_path, path, &cursor)) != SIZE_MAX)
		if (strcmp(p->paths[at], path) == 0)
			return true;
	return false;
}

void pair_add_path(struct pair *p, const char *path)
{
	if (!path)
		return;
	*ARR_PUSH(p->paths, p->n_paths, p->paths_cap) = xstrdup(path);
	text_index_add(&p->by_path, path, p->n_paths - 1);
}

/* ---- errors ---- */

static void name_error(
        struct box *b, size_t form, const char *key, const char *subject, const char *why)
{
	tree_coll_error(folder_made(b, form), 0, key && *key ? key : NULL, NULL, subject, why);
	run_count(&b->run->base, &(struct source_result){.errors = 1});
	progress_name(b->run->base.progress, SAY_WARNING, b->place.name,
	        subject ? subject : (key && *key ? key : "an item"), "%s", why);
}

void folder_lose(struct box *b, const char *key, const char *subject, const char *why)
{
	struct known *k = key ? folder_find(b, key) : NULL;
	char *text = xasprintf("%s%s", why, k ? "; its last version stays" : "");

	if (k)
		k->is_there = true;
	b->missing++;
	name_error(b, (size_t)b->place.form, key, subject, text);
	free(text);
}

bool folder_add_broken(struct box *b, const struct arrived *a, const char *why)
{
	const char *key = a->key ? a->key : "";
	size_t cursor = 0, at;
	struct broken *x;

	while (*key && (at = text_index_next(&b->broken_by_key, key, &cursor)) != SIZE_MAX)
		if (strcmp(b->broken[at].key, key) == 0)
			return false;
	x = ARR_PUSH(b->broken, b->n_broken, b->broken_cap);
	x->id = a->id;
	x->key = xstrdup(key);
	x->change = xstrdup(a->change ? a->change : "");
	x->why = xstrdup(why);
	text_index_add(&b->broken_by_key, key, b->n_broken - 1);
	return true;
}

static void take_loss(void *ctx, const char *what)
{
	struct one *one = ctx;
	size_t n = strlen(what);

	if (one->losses.len + n + 2 < LOSSES_MAX)
		buf_putf(&one->losses, "%s%s", one->losses.len ? "; " : "", what);
}

/* ---- what is made of it ---- */

static int write_made(void *ctx, const void *p, size_t n, struct err *err)
{
	struct one *one = ctx;

	return intake_write(&one->in, p, n, err);
}

/* By options, now that all is known of it; what was here before stays. */
static bool leaves_out(const struct one *one, const struct outlook_made *made)
{
	const struct selection *s = one->box->run->base.opts->selection;
	const struct tree_item it = {.size = one->in.len,
	        .flags = made->flags,
	        .date_utc = made->date_utc == INT64_MIN ? 0 : made->date_utc};

	return s && !one->before && one->form == OUTLOOK_MAIL &&
	       !selection_listed(s, COLL_MAIL, &it);
}

/* The name of a resource that is nobody else's: its last one, that of its UID, of its key. */
static char *choose_path(struct one *one, const char *uid)
{
	struct pair *p = &one->box->pairs[one->form];
	const struct known *k = one->before;
	const struct tree_ext *x = NULL;
	struct buf path = buf_of(SIZE_MAX), safe = buf_of(SIZE_MAX);
	char hex[SHA256_HEX_SIZE];

	if (k && k->made_in && k->form == one->form)
		x = tree_item_ext(k->made_in, &k->made_in->items[k->made]);
	sha256_hex(one->as->key, strlen(one->as->key), hex);
	if (uid && *uid)
		outlook_path(uid, &path);
	else
		buf_putf(&path, "%.*s", PATH_DIGITS, hex);
	if (path_escape(buf_str(&path), path.len, &safe) < 0)
		buf_putf(&safe, "%.*s", PATH_DIGITS, hex);
	/* the same UID: it keeps its name, whatever that was */
	if (x && x->path && text_same(x->uid, uid)) {
		buf_reset(&safe);
		buf_puts(&safe, x->path);
	} else if (has_path(p, buf_str(&safe))) {
		buf_putf(&safe, "_%.*s", TWIN_DIGITS, hex);
	}
	buf_clear(&path);
	pair_add_path(p, buf_str(&safe));
	return buf_take(&safe);
}

static int put_made(struct one *one, const struct outlook_made *made, struct err *err)
{
	struct box *b = one->box;
	struct tree_coll *c = folder_made(b, one->form);
	const struct known *k = one->before;
	bool has_date = made->date_utc != INT64_MIN;
	struct tree_item it = {.date_utc = has_date ? made->date_utc : 0};
	struct tree_ext *x;
	int rc = intake_finish(&one->in, &it, has_date ? INTAKE_DATE : 0, err);

	if (rc == 0 && b->next_uid == UINT32_MAX)
		rc = err_set(err, ERR_LIMIT, ERR_WHOLE, "%s: no UID is left", c->name);
	if (rc < 0)
		return rc;
	if (c->kind == COLL_MAIL) {
		it.uid = k && k->made_in && k->form == one->form ? k->made_in->items[k->made].uid
		                                                 : b->next_uid++;
		it.flags = made->flags;
		if (made->keywords)
			it.keywords = tree_coll_words(c, made->keywords, word_is_keyword, NULL);
		one->path = xasprintf("%" PRIu32, it.uid);
		one->href = xstrdup(one->path);
	} else {
		it.date_utc = 0;
		one->path = choose_path(one, made->uid);
		one->href = xasprintf("%s.%s", one->path, coll_kind_ext(c->kind));
		x = tree_coll_ext(c, &it.ext);
		x->href = xstrdup(one->href);
		x->path = xstrdup(one->path);
		x->uid = xstrdup(made->uid);
	}
	one->is_made = true;
	one->made = c->n_items;
	run_count(&b->run->base, &(struct source_result){.bytes_fetched = it.size});
	return run_item(&b->run->base, c, &it, err);
}

static void ask_others(struct one *one, const struct outlook_made *made)
{
	const struct intake *in = &one->in;

	if (!one->box->run->base.opts->beside)
		return;
	twins_twin(one->form, made->uid, in->head.data, in->head.len, &one->twin);
	one->is_elsewhere = twins_has(one->box, one->form, &one->twin);
}

/* An error of the item costs what would be made of it, and not its properties. */
static int make(struct one *one, struct err *err)
{
	const struct outlook_to to = {write_made, take_loss, one};
	struct outlook_made made = {.date_utc = INT64_MIN};
	struct box *b = one->box;
	int rc;

	intake_begin(&one->in, b->run->base.sink, b->pairs[one->form].kind, HEAD_OCTETS);
	rc = outlook_convert(one->item, &to, &made, err);
	if (rc == 0)
		one->is_left_out = leaves_out(one, &made);
	if (rc == 0 && !one->is_left_out)
		ask_others(one, &made);
	if (rc == 0 && !one->is_left_out && !one->is_elsewhere) {
		rc = put_made(one, &made, err);
		if (rc == 0 && one->losses.len)
			name_error(b, one->form, one->as->key, one->shown, buf_str(&one->losses));
	} else if (rc < 0 && !one->in.failed && !err_ends(err)) {
		name_error(b, one->form, one->as->key, one->shown, err->text);
		err_clear(err);
		rc = 0;
	}
	intake_clear(&one->in);
	outlook_made_clear(&made);
	return rc;
}

/* ---- its properties ---- */

static void name_raw(struct one *one, const struct tree_item *it)
{
	struct pair *p = &one->box->pairs[one->form];
	char hex[SHA256_HEX_SIZE];

	if (one->path)
		return;
	hex_format(it->sha256, SHA256_LEN, hex);
	one->path = xasprintf("%.*s", PATH_DIGITS, hex);
	if (has_path(p, one->path)) { /* two of them are equal but for their keys */
		free(one->path);
		sha256_hex(one->as->key, strlen(one->as->key), hex);
		one->path = xasprintf("%.*s", PATH_DIGITS, hex);
	}
	pair_add_path(p, one->path);
	one->href = xstrdup(one->path);
	one->note = xasprintf("%s (%s)", one->shown, outlook_class(one->item));
}

static int put_raw(struct one *one, struct err *err)
{
	struct box *b = one->box;
	struct tree_coll *c = folder_raw(b, one->form);
	struct tree_item it = {0};
	struct tree_ext *x;
	int rc;

	intake_begin(&one->in, b->run->base.sink, COLL_MAPI, HEAD_OCTETS);
	rc = fx_write(one->item, intake_write, &one->in, err);
	if (rc == 0)
		rc = intake_finish(&one->in, &it, INTAKE_DATE, err);
	intake_clear(&one->in);
	if (rc < 0)
		return rc;
	name_raw(one, &it);
	it.warn = 0; /* these have NULs in them */
	x = tree_coll_ext(c, &it.ext);
	x->uid = xstrdup(one->as->key);
	x->etag = xstrdup(one->as->change);
	x->href = xstrdup(one->href);
	x->path = xstrdup(one->path);
	x->note = xstrdup(one->note);
	one->raw = c->n_items;
	return run_item(&b->run->base, c, &it, err);
}

/* ---- both ---- */

/*
 * Another version of an item that this run gave already: it takes the place of that, as both
 * were given to the sink one behind the other.
 */
static void take_place(struct tree_coll *c, size_t old, size_t *new)
{
	if (*new != c->n_items - 1)
		return;
	c->items[old] = c->items[--c->n_items];
	*new = old;
}

static void note_known(struct one *one)
{
	struct box *b = one->box;
	struct known *old = folder_find(b, one->as->key), *k;

	if (old && old->is_new && old->form == one->form) {
		if (one->is_made && old->made_in)
			take_place(b->pairs[one->form].made, old->made, &one->made);
		take_place(b->pairs[one->form].raw, old->raw, &one->raw);
	}
	if (old)
		old->is_over = true;
	k = ARR_PUSH(b->known, b->n_known, b->known_cap);
	k->key = xstrdup(one->as->key);
	k->change = xstrdup(one->as->change);
	k->raw_in = b->pairs[one->form].raw;
	k->made_in = one->is_made ? b->pairs[one->form].made : NULL;
	k->made = one->made;
	k->raw = one->raw;
	k->form = (uint8_t)one->form;
	k->is_new = k->is_owned = k->is_there = true;
	k->id = one->as->id;
	text_index_add(&b->by_key, k->key, b->n_known - 1);
}

/* Of a class that has no form its properties are all that there is. */
static int take_item(struct one *one, struct err *err)
{
	struct box *b = one->box;
	int rc = one->is_raw ? 0 : make(one, err);

	if (rc == 0 && one->is_left_out) {
		b->left_out++;
		return 0;
	}
	if (rc == 0 && one->is_elsewhere) {
		twins_add(b, one->as, one->form, &one->twin);
		b->known[b->n_known - 1].is_asked = true;
		run_count(&b->run->base, &(struct source_result){.elsewhere = 1});
		return 0;
	}
	if (rc == 0)
		rc = put_raw(one, err);
	if (rc < 0)
		return rc;
	if (one->is_raw)
		progress_name(b->run->base.progress, SAY_LISTED, b->place.name, one->note,
		        "its properties alone are kept: there is no form for its class");
	note_known(one);
	b->gained++;
	run_count(&b->run->base, &(struct source_result){.items = 1, .fetched = 1});
	return 0;
}

/* What is here already as the server has it: but for \Seen, which has no change number. */
static bool is_here(struct box *b, const struct arrived *a, struct bag *item)
{
	struct known *k = folder_find(b, a->key);

	/* one that was left out is here only until no other service shows it */
	if (!k || !*a->change || strcmp(k->change, a->change) != 0 || (k->twin && k->is_asked))
		return false;
	k->is_there = true;
	if (bag_peek(item, PidTagMessageFlags)) {
		k->has_seen = true;
		k->seen = (bag_int(item, PidTagMessageFlags, 0) & FLAG_READ) != 0;
	}
	return true;
}

static int take_new(struct box *b, const struct arrived *a, struct bag *item, struct err *err)
{
	enum outlook_form form = outlook_form_of(item);
	struct one one = {.box = b, .as = a, .item = item, .losses = buf_of(LOSSES_MAX)};
	const struct known *k = folder_find(b, a->key);
	struct known before;
	struct buf shown = buf_of(SIZE_MAX);
	int rc = 0;

	one.is_raw = form == OUTLOOK_UNKNOWN;
	one.form = one.is_raw ? OUTLOOK_MAIL : (size_t)form;
	if (one.is_raw && !b->pairs[OUTLOOK_MAIL].is_wanted)
		one.form = (size_t)b->place.form;
	if (k) { /* the list moves when it grows */
		before = *k;
		one.before = &before;
	}
	outlook_put_subject(item, &shown);
	one.shown = xstrdup(shown.len > 2 ? buf_str(&shown) + 2 : "an item without a subject");
	buf_clear(&shown);
	if (k && k->is_new && k->id && a->id && k->id != a->id)
		folder_lose(b, NULL, one.shown, "another item has the same source key");
	else if (b->pairs[one.form].is_wanted)
		rc = take_item(&one, err);
	b->is_fatal = b->is_fatal || (rc < 0 && err_ends(err));
	free(one.shown);
	free(one.path);
	free(one.href);
	free(one.note);
	buf_clear(&one.losses);
	return rc;
}

int folder_take_item(struct box *b, const struct arrived *a, struct bag *item, struct err *err)
{
	int rc = stop_check(err);

	b->is_fatal = b->is_fatal || rc < 0;
	b->arrived++;
	atomic_fetch_add(&b->run->base.progress->items_done, 1);
	if (rc == 0 && !is_here(b, a, item)) {
		fx_forget_place(item);
		rc = take_new(b, a, item, err);
	}
	bag_free(item);
	return rc;
}
