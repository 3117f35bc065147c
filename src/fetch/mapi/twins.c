/*
 * What other services of the account show, too, is left out; it is remembered by what proves
 * that, for the time when they do not show it any more.
 */
#include "fetch/mapi/run.h"
#include <stdlib.h>
#include "valise/base/le.h"
#include "valise/base/mem.h"
#include "valise/tree/about.h"

enum {
	KEY = 22, /* octets of a source or change key of a server's own */
	TEXT_MAX = 3 << 20, /* of what a collection remembers: the line of its catalog has a cap */
};

bool twins_has(const struct box *b, size_t form, const struct item_twin *twin)
{
	const struct source_beside *o = b->run->base.opts->beside;

	return o && twin->n && o->has(o->ctx, b->pairs[form].stand_in, twin);
}

void twins_twin(size_t form, const char *uid, const void *p, size_t n, struct item_twin *out)
{
	struct item_about about;

	about_of_octets(plan_kind(form), p, n, &about);
	item_twin_of(plan_kind(form), uid, &about, out);
	about_clear(&about);
}

void twins_add(struct box *b, const struct arrived *a, size_t form, const struct item_twin *twin)
{
	struct known *old = folder_find(b, a->key), *k;

	if (old)
		old->is_over = true;
	k = ARR_PUSH(b->known, b->n_known, b->known_cap);
	k->key = xstrdup(a->key);
	k->change = xstrdup(a->change);
	k->is_owned = k->is_there = true;
	k->form = (uint8_t)form;
	k->id = a->id;
	k->twin = xmemdup(twin, sizeof *twin);
	text_index_add(&b->by_key, k->key, b->n_known - 1);
}

/* ---- from run to run ---- */

/* For each: source key, change key, form and number of proofs, these. */
char *twins_text(const struct box *b)
{
	struct buf out = buf_of(TEXT_MAX / 4 * 3);
	char *text;
	int rc = 0;

	for (size_t i = 0; i < b->n_known && rc == 0; i++) {
		const struct known *k = &b->known[i];
		uint8_t keys[2 * KEY];

		if (!k->twin || k->is_over || !k->is_there || strlen(k->key) != 2 * (size_t)KEY ||
		        strlen(k->change) != 2 * (size_t)KEY || !hex_parse(k->key, keys, KEY) ||
		        !hex_parse(k->change, keys + KEY, KEY))
			continue;
		rc = buf_add(&out, keys, sizeof keys);
		if (rc == 0)
			rc = buf_addc(&out, (char)((unsigned)k->form << 4 | k->twin->n));
		if (rc == 0)
			rc = buf_add(&out, k->twin->keys, (size_t)k->twin->n * TWIN_KEY);
	}
	text = rc == 0 && out.len ? base64_encode(out.data, out.len) : NULL;
	buf_clear(&out);
	return text;
}

/* The id by which the item is asked for; 0: nobody knows its replica's number. */
static mapi_id id_of(const struct box *b, const uint8_t key[KEY])
{
	uint8_t octets[8];

	for (size_t i = 0; i < b->replicas.n; i++)
		if (memcmp(b->replicas.list[i].guid, key, 16) == 0) {
			le_put(octets, b->replicas.list[i].id, 2);
			memcpy(octets + 2, key + 16, 6);
			return le64(octets);
		}
	return 0;
}

static size_t read_one(struct box *b, const uint8_t *p, size_t n)
{
	struct item_twin twin = {0};
	char key[2 * KEY + 1], change[2 * KEY + 1];
	struct arrived a = {.key = key, .change = change};
	size_t form, size;

	if (n < 2 * KEY + 1)
		return n;
	form = p[2 * KEY] >> 4;
	twin.n = p[2 * KEY] & 15;
	size = 2 * KEY + 1 + (size_t)twin.n * TWIN_KEY;
	if (form >= MAPI_FORMS || twin.n > TWIN_KEYS || size > n)
		return n;
	memcpy(twin.keys, p + 2 * KEY + 1, (size_t)twin.n * TWIN_KEY);
	hex_format(p, KEY, key);
	hex_format(p + KEY, KEY, change);
	a.id = id_of(b, p);
	if (b->pairs[form].is_wanted && !folder_find(b, key))
		twins_add(b, &a, form, &twin);
	return size;
}

void twins_read(struct box *b, const char *base64)
{
	size_t size = base64 ? strlen(base64) : 0;
	uint8_t *octets = xmalloc(size + 1);
	long n = size ? base64_decode(base64, size, octets, size) : 0;

	for (size_t i = 0; n > 0 && i < (size_t)n;)
		i += read_one(b, octets + i, (size_t)n - i);
	free(octets);
}

/* ---- what is known ---- */

/* What was made of it says that: its catalog has its names. */
static bool is_shown(struct box *b, const struct known *k, struct item_twin *twin)
{
	const struct tree_item *it = &k->made_in->items[k->made];
	const struct tree_ext *x = tree_item_ext(k->made_in, it);
	struct item_about about;

	if (!b->run->last)
		return false;
	tree_item_about(b->run->last, k->made_in, it, &about);
	item_twin_of(plan_kind(k->form), x ? x->uid : NULL, &about, twin);
	about_clear(&about);
	return twins_has(b, k->form, twin);
}

int twins_settle(struct mapi_worker *w, struct box *b, bool *changed_out, struct err *err)
{
	size_t n = 0, n_known = b->n_known;
	struct wanted *list;
	uint64_t elsewhere = 0;
	int rc;

	*changed_out = false;
	if (!b->run->base.opts->beside)
		return 0;
	list = xcalloc(n_known + 1, sizeof *list);
	pthread_mutex_lock(&b->run->naming);
	for (size_t i = 0; i < n_known; i++) {
		struct known *k = &b->known[i];
		struct item_twin twin;

		if (!k->is_there || k->is_over || k->is_new || k->is_asked)
			continue;
		k->is_asked = true;
		if (k->twin && !twins_has(b, k->form, k->twin))
			list[n++] = (struct wanted){k->key, k->change, k->id};
		else if (k->twin)
			elsewhere++;
		else if (k->made_in && is_shown(b, k, &twin)) {
			k->twin = xmemdup(&twin, sizeof twin);
			*changed_out = true;
			elsewhere++;
		}
	}
	pthread_mutex_unlock(&b->run->naming);
	run_count(&b->run->base, &(struct source_result){.elsewhere = elsewhere});
	*changed_out = *changed_out || n > 0;
	rc = n ? folder_copy(w, b, list, n, err) : 0;
	free(list);
	return rc;
}
