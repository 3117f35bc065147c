/* The manifest as JSON: docs/FORMAT.md, "Manifest". */
#include "valise/base/lookup.h"
#include "valise/base/text.h"
#include "valise/tree/account_json.h"
#include "valise/tree/words.h"
#include "valise/base/date.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/tree/manifest.h"
#include <stdlib.h>
#include <string.h>

static json_t *head_to_json(const struct tree_head *h)
{
	json_t *o = json_object();

	if (h->attrs)
		json_object_set_new(o, "attrs", words_to_json(attr_words, h->attrs));
	json_set_number(o, "bytes", h->roots.bytes);
	json_set_text(o, "catalog", h->catalog);
	json_set_hex(o, "content", h->roots.content, SHA256_LEN);
	json_set_text(o, "content_name", h->content_name);
	json_set_number(o, "errors", h->roots.errors);
	if (h->roots.gone)
		json_set_number(o, "gone", h->roots.gone);
	json_set_number(o, "items", h->roots.items);
	json_set_text(o, "kind", coll_kind_dir(h->kind));
	if (h->left_out)
		json_set_number(o, "left_out", h->left_out);
	json_set_text(o, "links", h->links);
	json_set_text(o, "name", h->name);
	json_set_text(o, "path", h->path);
	json_set_text(o, "reason", h->reason);
	json_set_text(o, "selection", h->selection);
	json_set_text(o, "special_use", h->special_use);
	json_set_hex(o, "state", h->roots.state, SHA256_LEN);
	json_set_text(o, "status", status_word(h->status));
	if (h->what)
		json_set_number(o, "what", h->what);
	return o;
}

json_t *account_to_json(const struct tree_account *a)
{
	json_t *o = json_object(), *services = json_array();

	for (size_t i = 0; i < a->n_services; i++) {
		json_t *s = json_object();

		json_set_text(s, "authcid", a->services[i].authcid);
		json_set_text(s, "host", a->services[i].host);
		json_set_text(s, "kind", a->services[i].kind);
		json_set_text(s, "login", a->services[i].login);
		json_set_number(s, "port", a->services[i].port);
		json_array_append_new(services, s);
	}
	json_set_text(o, "name", a->name);
	json_object_set_new(o, "services", services);
	return o;
}

static json_t *counts_to_json(const struct tree_totals *t)
{
	json_t *o = json_object();

	json_set_number(o, "bytes", t->bytes);
	json_set_number(o, "errors", t->errors);
	if (t->gone)
		json_set_number(o, "gone", t->gone);
	if (t->left_out)
		json_set_number(o, "left_out", t->left_out);
	for (unsigned k = 0; k < COLL_KINDS; k++) {
		json_t *kind;

		if (coll_is_beside((enum coll_kind)k) && !t->collections[k])
			continue;
		kind = json_object();
		json_set_number(kind, "collections", t->collections[k]);
		json_set_number(kind, "items", t->items[k]);
		json_object_set_new(o, coll_kind_dir((enum coll_kind)k), kind);
	}
	return o;
}

void tree_manifest_to_json(const struct tree_manifest *m, json_t *o)
{
	json_t *heads = json_array();
	char created[DATE_TEXT_SIZE];
	struct tree_totals t;

	tree_manifest_totals(m, &t);
	for (size_t i = 0; i < m->n_heads; i++)
		json_array_append_new(heads, head_to_json(&m->heads[i]));
	json_object_set_new(o, "account", account_to_json(&m->account));
	json_object_set_new(o, "collections", heads);
	json_set_hex(o, "content", t.content, SHA256_LEN);
	json_object_set_new(o, "counts", counts_to_json(&t));
	json_set_text(o, "created", date_format_iso(m->created, created));
	json_set_hex(o, "state", t.state, SHA256_LEN);
	json_set_text(o, "tool", m->tool);
	json_set_text(o, "verdict", t.complete ? "complete" : "incomplete");
}

static int fail_manifest(struct err *err, const char *what)
{
	return err_set(err, ERR_DAMAGED, ERR_WHOLE, "the manifest is damaged: %s", what);
}

static bool get_count(const json_t *o, const char *key, uint64_t *out)
{
	int64_t v = json_get_int(o, key, -1);

	*out = v < 0 ? 0 : (uint64_t)v;
	return v >= 0;
}

static bool get_hash(const json_t *o, const char *key, uint8_t out[SHA256_LEN])
{
	const char *s = json_get_str(o, key);

	return s && hex_parse(s, out, SHA256_LEN);
}

/* A text that may be absent, but not of another type. */
static bool get_text(const json_t *o, const char *key, char **out)
{
	const char *s = json_get_str(o, key);

	*out = xstrdup(s);
	return s || !json_object_get(o, key);
}

/* A file of the archive or tree. */
static bool get_path(const json_t *o, const char *key, char **out)
{
	return get_text(o, key, out) && (!*out || (path_is_safe(*out) && strlen(*out) <= 4096));
}

/* A number that is only written where there is something to count. */
static bool get_some(const json_t *o, const char *key, uint64_t *out)
{
	return !json_object_get(o, key) || (get_count(o, key, out) && *out > 0);
}

static bool head_from_json(const json_t *o, struct tree_head *h)
{
	const char *name = json_get_str(o, "name"), *content = json_get_str(o, "content_name");
	bool ok = json_is_object(o) && name && content &&
	          kind_parse(json_get_str(o, "kind"), &h->kind) &&
	          coll_status_parse(json_get_str(o, "status"), &h->status) &&
	          words_from_json(json_object_get(o, "attrs"), attr_words, &h->attrs);

	if (!ok)
		return false;
	h->name = xstrdup(name);
	h->content_name = xstrdup(content);
	h->path = xstrdup(json_get_str(o, "path"));
	ok = get_path(o, "catalog", &h->catalog);
	ok = get_path(o, "links", &h->links) && ok;
	ok = get_text(o, "reason", &h->reason) && ok;
	ok = get_text(o, "special_use", &h->special_use) && ok;
	if (json_object_get(o, "what")) {
		int64_t what = json_get_int(o, "what", 0);

		ok = what > 0 && what <= UINT16_MAX && ok;
		h->what = (unsigned)what;
	}
	ok = get_text(o, "selection", &h->selection) && ok;
	ok = get_some(o, "gone", &h->roots.gone) && get_some(o, "left_out", &h->left_out) && ok;
	return ok && coll_path_ok(h->kind, h->path) && get_count(o, "bytes", &h->roots.bytes) &&
	       get_count(o, "errors", &h->roots.errors) && get_count(o, "items", &h->roots.items) &&
	       get_hash(o, "content", h->roots.content) && get_hash(o, "state", h->roots.state);
}

bool account_from_json(const json_t *o, struct tree_account *a)
{
	const json_t *services = json_object_get(o, "services");

	if (!json_is_array(services) || !get_text(o, "name", &a->name))
		return false;
	for (size_t i = 0; i < json_array_size(services); i++) {
		const json_t *s = json_array_get(services, i);
		const char *kind = json_get_str(s, "kind"), *host = json_get_str(s, "host");
		const char *login = json_get_str(s, "login");
		int64_t port = json_get_int(s, "port", -1);

		if (!kind || !host || !login || port < 0 || port > UINT16_MAX)
			return false;
		if (!get_text(s, "authcid",
		            &tree_account_add(a, kind, host, (uint16_t)port, login)->authcid))
			return false;
	}
	return true;
}

/* No two collections have one path, or one name and kind; they are sorted. */
static bool heads_differ(const struct tree_manifest *m)
{
	char **paths = xcalloc(m->n_heads + 1, sizeof *paths);
	bool ok = true;

	for (size_t i = 0; i < m->n_heads; i++) {
		const struct tree_head *h = &m->heads[i], *last = i > 0 ? h - 1 : NULL;

		paths[i] = h->path;
		if (last && (last->kind > h->kind ||
		                    (last->kind == h->kind && strcmp(last->name, h->name) >= 0)))
			ok = false;
	}
	SORT(paths, m->n_heads, text_by_bytes);
	for (size_t i = 1; i < m->n_heads; i++)
		if (strcmp(paths[i - 1], paths[i]) == 0)
			ok = false;
	free(paths);
	return ok;
}

static bool totals_fit(const struct tree_manifest *m, const json_t *o)
{
	const json_t *counts = json_object_get(o, "counts");
	const char *verdict = json_get_str(o, "verdict");
	uint8_t content[SHA256_LEN], state[SHA256_LEN];
	struct tree_totals t;
	json_t *want;
	bool ok;

	tree_manifest_totals(m, &t);
	if (!get_hash(o, "content", content) || !get_hash(o, "state", state) || !verdict)
		return false;
	want = counts_to_json(&t);
	ok = json_equal(want, counts) && memcmp(content, t.content, SHA256_LEN) == 0 &&
	     memcmp(state, t.state, SHA256_LEN) == 0 &&
	     strcmp(verdict, t.complete ? "complete" : "incomplete") == 0;
	json_decref(want);
	return ok;
}

static int fill_manifest(struct tree_manifest *m, const json_t *o, struct err *err)
{
	const json_t *heads = json_object_get(o, "collections");
	const char *created = json_get_str(o, "created");

	if (!account_from_json(json_object_get(o, "account"), &m->account))
		return fail_manifest(err, "the account is missing or not well formed");
	if (!created || !date_parse_iso(created, &m->created) || !get_text(o, "tool", &m->tool))
		return fail_manifest(err, "the time or tool is missing or not well formed");
	if (!json_is_array(heads))
		return fail_manifest(err, "the list of collections is missing");
	for (size_t i = 0; i < json_array_size(heads); i++) {
		struct tree_head *h = ARR_PUSH(m->heads, m->n_heads, m->heads_cap);

		if (!head_from_json(json_array_get(heads, i), h))
			return fail_manifest(err, "a collection is not well formed");
	}
	if (!heads_differ(m))
		return fail_manifest(
		        err, "collections are out of order, or two have the same name or path");
	if (!totals_fit(m, o))
		return fail_manifest(err, "counts, roots or verdict do not fit its collections");
	return 0;
}

int tree_manifest_from_json(const json_t *o, struct tree_manifest *out, struct err *err)
{
	int rc;

	tree_manifest_init(out);
	rc = fill_manifest(out, o, err);
	if (rc != 0)
		tree_manifest_clear(out);
	return rc;
}
