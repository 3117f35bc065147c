/*
 * What the last snapshot and an interrupted run have of a folder, by source keys; and what the
 * server is told of it.
 */
#include "fetch/mapi/run.h"
#include <stdlib.h>
#include "valise/base/json.h"
#include "valise/base/le.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

enum { PROPS_MAX = 4 << 20 };

static int load(struct box *b, enum tree_prev which, enum coll_kind kind, const char *name,
        struct tree_coll **out, struct err *err)
{
	struct tree_sink *s = b->run->base.sink;
	int rc = s->ops->prev(s, which, kind, name, out, err);

	return rc < 0 ? err_widen(err, ERR_WHOLE) : 0;
}

static int load_pair(struct box *b, struct pair *p, struct err *err)
{
	int rc = load(b, PREV_SNAPSHOT, p->kind, p->name, &p->was, err);

	if (rc == 0)
		rc = load(b, PREV_SNAPSHOT, COLL_MAPI, p->raw_name, &p->raw_was, err);
	if (rc == 0)
		rc = load(b, PREV_RUN, p->kind, p->name, &p->run, err);
	return rc < 0 ? rc : load(b, PREV_RUN, COLL_MAPI, p->raw_name, &p->raw_run, err);
}

/* ---- items ---- */

struct known *folder_find(struct box *b, const char *key)
{
	struct known *found = NULL;
	size_t cursor = 0, at;

	while ((at = text_index_next(&b->by_key, key, &cursor)) != SIZE_MAX)
		if (strcmp(b->known[at].key, key) == 0 && !b->known[at].is_over)
			found = &b->known[at];
	return found;
}

/* What was made of it, by the href of its properties; NULL: it is not there. */
static const struct tree_item *made_of(const struct tree_coll *made, const struct tree_ext *x)
{
	const struct tree_item *it;
	char *end;
	unsigned long uid;

	if (!made || !x->href)
		return NULL;
	if (made->kind != COLL_MAIL) {
		it = tree_coll_find_href(made, x->href);
	} else {
		uid = strtoul(x->href, &end, 10);
		it = *end || !uid || uid > UINT32_MAX ? NULL : tree_coll_find(made, (uint32_t)uid);
	}
	return it && !it->gone ? it : NULL;
}

/*
 * An item whose properties are in ${raw_in}. false: what was made of it is not there, so that it
 * has to come again.
 */
static bool add_known(struct box *b, size_t form, const struct tree_coll *raw_in, size_t at,
        const struct tree_coll *made_in)
{
	const struct tree_item *raw = &raw_in->items[at];
	const struct tree_ext *x = tree_item_ext(raw_in, raw);
	const struct tree_item *made = x ? made_of(made_in, x) : NULL;
	struct known *before, *k;

	if (raw->gone || !x || !x->uid || !*x->uid || (!made && !x->note))
		return false;
	before = folder_find(b, x->uid);
	if (before && text_same(before->change, x->etag))
		return true;
	if (before)
		before->is_over = true;
	k = ARR_PUSH(b->known, b->n_known, b->known_cap);
	k->key = x->uid;
	k->change = x->etag ? x->etag : "";
	k->raw_in = raw_in;
	k->raw = at;
	k->made_in = made ? made_in : NULL;
	k->made = made ? (size_t)(made - made_in->items) : 0;
	k->form = (uint8_t)form;
	text_index_add(&b->by_key, k->key, b->n_known - 1);
	if (form != OUTLOOK_MAIL || !made)
		pair_add_path(&b->pairs[form], x->path);
	return true;
}

/* Items of the last snapshot; false: not all of them are of use. */
static bool add_snapshot(struct box *b, size_t form)
{
	const struct pair *p = &b->pairs[form];
	size_t made = 0, n_made = 0;
	bool all = true;

	for (size_t i = 0; p->raw_was && i < p->raw_was->n_items; i++) {
		size_t n = b->n_known;

		all = add_known(b, form, p->raw_was, i, p->was) && all;
		made += b->n_known > n && b->known[n].made_in;
	}
	for (size_t i = 0; p->was && i < p->was->n_items; i++)
		n_made += !p->was->items[i].gone;
	return all && made == n_made;
}

/* Of an interrupted run what is durable: it is newer than the last snapshot. */
static size_t add_run(struct box *b, size_t form)
{
	const struct pair *p = &b->pairs[form];
	size_t n = b->n_known;

	if (!p->raw_run || !p->run)
		return 0;
	if (p->kind == COLL_MAIL && p->was && p->run->uidvalidity != p->was->uidvalidity)
		return 0;
	for (size_t i = 0; i < p->raw_run->n_items; i++)
		(void)add_known(b, form, p->raw_run, i, p->run);
	return b->n_known - n;
}

static void count_uids(struct box *b, const struct tree_coll *c)
{
	if (c)
		b->next_uid = MAX(b->next_uid, c->uidnext);
	for (size_t i = 0; c && i < c->n_items; i++)
		b->next_uid = MAX(b->next_uid, c->items[i].uid + 1);
}

/* ---- what the server is told ---- */

static void read_props(struct box *b, const struct tree_coll *raw, bool is_ours)
{
	json_t *props = NULL, *id;
	const char *guid;

	if (!raw->props || json_read(raw->props, strlen(raw->props), PROPS_MAX, &props, NULL) < 0)
		return;
	json_object_foreach(json_object_get(props, "replicas"), guid, id)
	{
		size_t n = b->replicas.n;

		if (n < REPLICAS_MAX && strlen(guid) == 32 &&
		        hex_parse(guid, b->replicas.list[n].guid, 16) && json_is_integer(id)) {
			b->replicas.list[n].id = (uint16_t)json_integer_value(id);
			b->replicas.n++;
		}
	}
	if (is_ours && b->run->base.opts->beside)
		twins_read(b, json_get_str(props, "elsewhere"));
	json_decref(props);
}

/*
 * Were associated items among them then as they are to be now? *lacks: some were left out, as
 * another service had them that is none of this run, or none asked for their kind.
 */
static bool is_of_like(const struct box *b, const struct tree_coll *raw, bool *lacks)
{
	json_t *props = NULL;
	bool is_like;

	if (!raw->props || json_read(raw->props, strlen(raw->props), PROPS_MAX, &props, NULL) < 0)
		return false;
	is_like = json_get_int(props, "associated", -1) == b->run->associated;
	*lacks = json_get_str(props, "elsewhere") && !b->run->base.opts->beside;
	for (size_t i = 0; i < MAPI_FORMS; i++)
		*lacks = *lacks ||
		         (b->pairs[i].is_wanted && !json_object_get(json_object_get(props, "items"),
		                                           coll_kind_dir(b->pairs[i].kind)));
	json_decref(props);
	return is_like;
}

/* The server's own state of the last time, if all that it speaks of is here. */
static bool take_token(struct box *b, bool all)
{
	const struct tree_coll *own = b->pairs[b->place.form].raw_was;
	bool lacks = false;
	uint8_t *octets;
	size_t n;
	long got;

	if (!all || !own || !own->sync_token || !text_same(own->href, b->href) ||
	        !is_of_like(b, own, &lacks) || lacks)
		return false;
	for (size_t i = 0; i < MAPI_FORMS; i++) {
		const struct tree_coll *raw = b->pairs[i].raw_was;

		if (raw && (!text_same(raw->sync_token, own->sync_token) ||
		                   !text_same(raw->href, own->href)))
			return false;
	}
	n = strlen(own->sync_token);
	octets = xmalloc(n + 1);
	got = base64_decode(own->sync_token, n, octets, n);
	buf_reset(&b->given_state);
	if (got > 0 && buf_add(&b->given_state, octets, (size_t)got) < 0)
		got = 0;
	free(octets);
	return got > 0;
}

/* Another mailbox has other ids: nothing that is here says anything of it. */
static bool is_of_store(const struct box *b, const struct tree_coll *raw)
{
	bool lacks;

	return raw && raw->href && strncmp(raw->href, b->href, 2 * 16 + 1) == 0 &&
	       is_of_like(b, raw, &lacks);
}

/*
 * To the server's own state, or to nothing, what came since: items that are there as far as it
 * is known. A state that cannot be made is no loss: more comes then.
 */
int folder_compose(struct box *b, struct err *err)
{
	struct sync_state s = {0};
	struct err ignored = {0};
	struct buf out = buf_of(FX_STATE_MAX);
	int rc = 0;

	if (b->given_state.len)
		rc = sync_state_read(&s, b->given_state.data, b->given_state.len, &ignored);
	for (size_t i = 0; i < b->n_known && rc == 0; i++)
		if (b->known[i].is_there && !b->known[i].is_over)
			rc = sync_state_add(&s, b->known[i].key, b->known[i].change, &ignored);
	for (size_t i = 0; i < b->n_broken && rc == 0; i++)
		rc = sync_state_add(&s, b->broken[i].key, b->broken[i].change, &ignored);
	if (rc == 0 && (s.given.n || b->given_state.len))
		rc = sync_state_write(&s, &out, &ignored);
	if (rc == 0)
		buf_swap(&b->given_state, &out);
	buf_clear(&out);
	sync_state_clear(&s);
	return stop_check(err);
}

void folder_forget_state(struct box *b)
{
	buf_reset(&b->given_state);
	b->is_own_state = false;
	for (size_t i = 0; i < b->n_known; i++)
		b->known[i].is_there = b->known[i].is_new;
}

static int choose_state(struct box *b, bool all, size_t n_snapshot, struct err *err)
{
	const struct tree_coll *own = b->pairs[b->place.form].raw_was;
	bool is_ours = own ? is_of_store(b, own) : true;
	size_t n_known = b->n_known;

	b->is_own_state = take_token(b, all);
	for (size_t i = 0; i < b->n_known; i++)
		b->known[i].is_there = is_ours && (b->is_own_state || i >= n_snapshot || own);
	if (own)
		read_props(b, own, is_ours);
	if (own && !is_ours)
		progress_name(b->run->base.progress, SAY_NOTE, b->place.name, NULL,
		        "its last state is of another mailbox, or was read in another way: all of "
		        "it is asked for");
	if (b->is_own_state && n_known == n_snapshot)
		return 0;
	return folder_compose(b, err);
}

/* ---- open and closed ---- */

int folder_open(struct box *b, struct err *err)
{
	bool all = true;
	size_t n_snapshot;
	int rc = 0;

	b->state = BOX_OPEN;
	b->is_open = true;
	b->next_uid = 1;
	buf_init(&b->given_state, FX_STATE_MAX);
	buf_init(&b->new_state, FX_STATE_MAX);
	for (size_t i = 0; i < MAPI_FORMS && rc == 0; i++)
		if (b->pairs[i].is_wanted)
			rc = load_pair(b, &b->pairs[i], err);
	for (size_t i = 0; i < MAPI_FORMS && rc == 0; i++)
		all = add_snapshot(b, i) && all;
	n_snapshot = b->n_known;
	for (size_t i = 0; i < MAPI_FORMS && rc == 0; i++)
		(void)add_run(b, i);
	count_uids(b, b->pairs[OUTLOOK_MAIL].was);
	count_uids(b, b->pairs[OUTLOOK_MAIL].run);
	return rc < 0 ? rc : choose_state(b, all, n_snapshot, err);
}

static void close_pair(struct pair *p)
{
	tree_coll_free(p->was);
	tree_coll_free(p->raw_was);
	tree_coll_free(p->run);
	tree_coll_free(p->raw_run);
	tree_coll_free(p->made);
	tree_coll_free(p->raw);
	p->was = p->raw_was = p->run = p->raw_run = p->made = p->raw = NULL;
	text_index_clear(&p->by_path);
	texts_free(p->paths, p->n_paths);
	p->paths = NULL;
	p->n_paths = p->paths_cap = 0;
}

void folder_close(struct box *b)
{
	for (size_t i = 0; i < b->n_known; i++) {
		if (b->known[i].is_owned) {
			free((char *)b->known[i].key);
			free((char *)b->known[i].change);
		}
		free(b->known[i].twin);
	}
	free(b->known);
	text_index_clear(&b->by_key);
	for (size_t i = 0; i < b->n_broken; i++) {
		free(b->broken[i].key);
		free(b->broken[i].change);
		free(b->broken[i].why);
	}
	free(b->broken);
	text_index_clear(&b->broken_by_key);
	b->known = NULL;
	b->broken = NULL;
	b->n_known = b->known_cap = b->n_broken = b->broken_cap = 0;
	for (size_t i = 0; i < MAPI_FORMS; i++)
		close_pair(&b->pairs[i]);
	if (b->is_open) {
		buf_clear(&b->given_state);
		buf_clear(&b->new_state);
	}
	b->is_open = false;
	sync_ids_clear(&b->ids);
}

void folder_apply_ids(struct box *b)
{
	for (size_t i = 0; i < b->n_known; i++) {
		struct known *k = &b->known[i];

		if (ids_have(&b->ids.gone, &b->replicas, k->key) && !k->is_new) {
			k->is_there = false;
			/* the table of the folder shows it if it was another one */
			b->is_doubted = b->is_doubted || !replicas_know(&b->replicas, k->key);
		}
		if (ids_have(&b->ids.read, &b->replicas, k->key))
			k->has_seen = k->seen = true;
		else if (ids_have(&b->ids.unread, &b->replicas, k->key)) {
			k->has_seen = true;
			k->seen = false;
		}
	}
}

/* The state that it was given speaks of changes that the server has not come to. */
static bool is_set_back(const struct box *b)
{
	struct sync_state was = {0}, is = {0};
	struct err ignored = {0};
	bool ahead = false;

	if (b->given_state.len && b->has_new_state &&
	        sync_state_read(&was, b->given_state.data, b->given_state.len, &ignored) == 0 &&
	        sync_state_read(&is, b->new_state.data, b->new_state.len, &ignored) == 0)
		ahead = sync_state_is_ahead(&was, &is);
	sync_state_clear(&was);
	sync_state_clear(&is);
	return ahead;
}

/* Are there fewer than the server counts? Only where all that comes is kept. */
static bool lacks_some(const struct box *b)
{
	uint64_t most = (uint64_t)b->folder.items + (b->run->associated ? b->folder.associated : 0);
	uint64_t n = b->left_out + b->n_broken;

	for (size_t i = 0; i < MAPI_FORMS; i++)
		if (!b->pairs[i].is_wanted)
			return false;
	for (size_t i = 0; i < b->n_known; i++)
		n += b->known[i].is_there && !b->known[i].is_over;
	return n < most;
}

void folder_doubt(struct box *b)
{
	if (b->has_new_state && (is_set_back(b) || lacks_some(b)))
		b->is_doubted = true;
}
