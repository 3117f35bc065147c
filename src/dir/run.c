/* The journal of a run: which items' bytes are durable in .work. */
#include "internal.h"
#include "valise/tree/account_json.h"
#include "valise/base/mem.h"
#include <stdlib.h>
#include <string.h>

struct tree_coll *run_find(const struct run *r, enum coll_kind kind, const char *name)
{
	for (size_t i = 0; i < r->n_colls; i++)
		if (r->colls[i]->kind == kind && strcmp(r->colls[i]->name, name) == 0)
			return r->colls[i];
	return NULL;
}

/*
 * The collection that a record belongs to. Another UIDVALIDITY makes the earlier records
 * worthless.
 */
static struct tree_coll *coll_of(
        struct run *r, enum coll_kind kind, const char *name, uint32_t uidvalidity)
{
	struct tree_coll *c = run_find(r, kind, name);

	if (!c) {
		c = tree_coll_new(kind, name);
		c->uidvalidity = uidvalidity;
		*ARR_PUSH(r->colls, r->n_colls, r->colls_cap) = c;
	} else if (c->uidvalidity != uidvalidity) {
		c->n_items = 0;
		c->uidvalidity = uidvalidity;
	}
	return c;
}

/* What a record says of href, ETag and UIDL. */
static void add_ext(struct tree_coll *c, struct tree_item *it, const json_t *o)
{
	const char *href = json_get_str(o, "href"), *etag = json_get_str(o, "etag"),
	           *id = json_get_str(o, "id");
	struct tree_ext *e;

	if (!href && !etag && !id)
		return;
	e = tree_coll_ext(c, &it->ext);
	e->href = xstrdup(href);
	e->etag = xstrdup(etag);
	e->uid = xstrdup(id);
}

int run_replay(void *ctx, const json_t *o, struct err *err)
{
	struct run *r = ctx;
	const json_t *account = json_object_get(o, "account");
	const char *name = json_get_str(o, "coll"), *hash = json_get_str(o, "sha256"),
	           *date = json_get_str(o, "date");
	int64_t uid = json_get_int(o, "uid", 0), size = json_get_int(o, "size", 0),
	        file = json_get_int(o, "file", -1);
	int64_t validity = json_get_int(o, "uidvalidity", 0);
	struct tree_item it = {0};
	struct tree_coll *c;
	enum coll_kind kind;
	struct date d;

	if (account) {
		tree_account_clear(&r->account);
		r->has_account = account_from_json(account, &r->account);
		return 0;
	}
	if (!name || !hash || !hex_parse(hash, it.sha256, SHA256_LEN) ||
	        !kind_parse(json_get_str(o, "kind"), &kind) || uid < 0 || uid > UINT32_MAX ||
	        size < 0 || file < 0 || file >= UINT32_MAX || validity < 0 || validity > UINT32_MAX)
		return err_set(err, ERR_DAMAGED, ERR_WHOLE,
		        "the journal of the interrupted run holds a record that is not understood");
	if (date && date_parse_imap(date, &d)) {
		it.date_utc = d.utc;
		it.zone_min = d.zone_min;
	}
	it.uid = (uint32_t)uid;
	it.size = (uint64_t)size;
	it.warn = (uint16_t)json_get_int(o, "warn", 0);
	it.flags = (uint16_t)json_get_int(o, "flags", 0);
	c = coll_of(r, kind, name, (uint32_t)validity);
	if (json_get_str(o, "keywords"))
		it.keywords = tree_coll_words(c, json_get_str(o, "keywords"), NULL, NULL);
	add_ext(c, &it, o);
	tree_coll_add(c, &it);
	objects_put(r->objects, it.sha256, it.size, (uint32_t)file)->old = true;
	return 0;
}

void run_clear(struct run *r)
{
	for (size_t i = 0; i < r->n_colls; i++)
		tree_coll_free(r->colls[i]);
	free(r->colls);
	tree_account_clear(&r->account);
	memset(r, 0, sizeof *r);
}

char *run_item_text(const struct tree_coll *c, const struct tree_item *it, uint32_t file)
{
	const struct tree_ext *e = tree_item_ext(c, it);
	char date[DATE_TEXT_SIZE];
	json_t *o = json_object();

	json_set_text(o, "coll", c->name);
	json_set_text(o, "date",
	        date_format_imap(&(struct date){it->date_utc, it->zone_min, true}, date));
	json_set_number(o, "file", file);
	json_set_text(o, "kind", coll_kind_dir(c->kind));
	json_set_hex(o, "sha256", it->sha256, SHA256_LEN);
	json_set_number(o, "size", it->size);
	json_set_number(o, "uid", it->uid);
	json_set_number(o, "uidvalidity", c->uidvalidity);
	if (it->warn)
		json_set_number(o, "warn", it->warn);
	if (c->kind == COLL_MAIL && c->href && (it->flags || it->keywords)) {
		json_set_number(o, "flags", it->flags);
		json_set_text(o, "keywords", tree_coll_keyword_text(c, it->keywords));
	}
	if (e) {
		json_set_text(o, "href", e->href);
		json_set_text(o, "etag", e->etag);
		json_set_text(o, "id", e->uid);
	}
	return json_text(o);
}

char *run_account_text(const struct tree_account *a)
{
	json_t *o = json_object();

	json_object_set_new(o, "account", account_to_json(a));
	return json_text(o);
}
