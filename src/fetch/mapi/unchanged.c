/*
 * The folders that need no question, by what the server says of all folders at once and what
 * the last catalogs say of each; and what these are told for the next time.
 */
#include "fetch/mapi/run.h"
#include <stdlib.h>
#include "valise/base/json.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

enum { PROPS_MAX = 4 << 20 };

/* ---- what is kept ---- */

char *folder_props(const struct box *b)
{
	char *elsewhere = twins_text(b);
	json_t *o = json_object(), *items = json_object(), *replicas = json_object();

	json_set_number(o, "associated", b->run->associated);
	json_set_text(o, "changed", b->mark);
	json_set_text(o, "elsewhere", elsewhere);
	free(elsewhere);
	for (size_t i = 0; i < MAPI_FORMS; i++) {
		const struct pair *p = &b->pairs[i];
		json_t *n = json_object();

		if (!p->is_wanted) {
			json_decref(n);
			continue;
		}
		json_set_number(n, "made", p->made ? p->made->n_items : 0);
		json_set_number(n, "raw", p->raw ? p->raw->n_items : 0);
		(void)json_object_set_new(items, coll_kind_dir(p->kind), n);
	}
	(void)json_object_set_new(o, "items", items);
	for (size_t i = 0; i < b->replicas.n; i++) {
		char hex[33];

		hex_format(b->replicas.list[i].guid, 16, hex);
		json_set_number(replicas, hex, b->replicas.list[i].id);
	}
	(void)json_object_set_new(o, "replicas", replicas);
	return json_text(o);
}

int folder_keep(struct box *b, enum coll_status status, const char *reason, struct err *err)
{
	struct tree_sink *s = b->run->base.sink;
	int rc = 0;

	b->state = BOX_KEPT;
	for (size_t i = 0; i < MAPI_FORMS && rc == 0 && !b->run->base.opts->dry; i++) {
		const struct pair *p = &b->pairs[i];
		/* one collection stands for a folder that cannot be read */
		bool is_stale = status == COLL_STALE && i == (size_t)b->place.form;
		enum coll_status rest = status == COLL_STALE ? COLL_SKIPPED : status;

		if (!p->is_wanted)
			continue;
		rc = s->ops->keep(s, p->kind, p->name, is_stale ? status : rest,
		        is_stale ? reason : NULL, err);
		if (rc == 0)
			rc = s->ops->keep(s, COLL_MAPI, p->raw_name, rest, NULL, err);
	}
	return rc < 0 ? err_widen(err, ERR_WHOLE) : 0;
}

/* ---- what was kept ---- */

static int head_of(const struct box *b, enum coll_kind kind, const char *name,
        struct tree_coll **out, size_t *n, struct err *err)
{
	struct tree_sink *s = b->run->base.sink;
	int rc = 0;

	*out = NULL;
	*n = 0;
	if (s && s->ops->head)
		rc = s->ops->head(s, kind, name, out, n, err);
	return rc < 0 ? err_widen(err, ERR_WHOLE) : 0;
}

/* Is it a state of this folder that was read with what is wanted now? */
static bool is_usable(const struct box *b, const struct tree_coll *raw, const json_t *props)
{
	const json_t *items = json_object_get(props, "items");

	if (!raw || !props || !text_same(raw->href, b->href) || !raw->sync_token ||
	        json_get_int(props, "associated", -1) != b->run->associated ||
	        (json_get_str(props, "elsewhere") && !b->run->base.opts->beside))
		return false;
	for (size_t i = 0; i < MAPI_FORMS; i++)
		if (b->pairs[i].is_wanted &&
		        !json_object_get(items, coll_kind_dir(b->pairs[i].kind)))
			return false;
	return true;
}

/* Has each collection as many items as it was given, and none an error? */
static int is_whole(struct box *b, const json_t *items, bool *out, struct err *err)
{
	int rc = 0;

	*out = true;
	for (size_t i = 0; i < MAPI_FORMS && rc == 0 && *out; i++) {
		struct pair *p = &b->pairs[i];
		const json_t *said = json_object_get(items, coll_kind_dir(p->kind));
		struct tree_coll *made = NULL, *raw = NULL;
		size_t n_made, n_raw;

		if (!p->is_wanted)
			continue;
		rc = head_of(b, p->kind, p->name, &made, &n_made, err);
		if (rc == 0)
			rc = head_of(b, COLL_MAPI, p->raw_name, &raw, &n_raw, err);
		if (rc == 0) {
			p->n_made = n_made;
			p->n_raw = n_raw;
			*out = json_get_int(said, "made", -1) == (json_int_t)n_made &&
			       json_get_int(said, "raw", -1) == (json_int_t)n_raw &&
			       (made || n_made || i != (size_t)b->place.form || !b->place.empty);
		}
		tree_coll_free(made);
		tree_coll_free(raw);
	}
	return rc;
}

static void count_kept(const struct box *b)
{
	struct source_result r = {.collections = 1, .unchanged = 1};

	for (size_t i = 0; i < MAPI_FORMS; i++)
		r.items += b->pairs[i].n_made;
	run_count(&b->run->base, &r);
}

/*
 * Of read states the mark knows how many items are unread: where some are and others are not,
 * one may be read now and another one unread (PidTagLocalCommitTimeMax is of messages that were
 * saved, and reading one is none of that).
 */
static bool tells_read(const struct mapi_folder *f)
{
	return f->unread == 0 || f->unread >= f->items;
}

int folder_look(struct box *b, bool *same_out, struct err *err)
{
	struct tree_coll *raw = NULL;
	json_t *props = NULL;
	bool is_same = false;
	size_t n;
	int rc = head_of(b, COLL_MAPI, b->pairs[b->place.form].raw_name, &raw, &n, err);

	*same_out = false;
	if (rc == 0 && raw && raw->props &&
	        json_read(raw->props, strlen(raw->props), PROPS_MAX, &props, NULL) < 0)
		props = NULL;
	b->is_light = rc == 0 && is_usable(b, raw, props);
	if (b->is_light && b->mark && tells_read(&b->folder) &&
	        text_same(json_get_str(props, "changed"), b->mark))
		rc = is_whole(b, json_object_get(props, "items"), &is_same, err);
	json_decref(props);
	tree_coll_free(raw);
	if (rc < 0 || !is_same)
		return rc;
	b->is_same = true;
	if (b->run->base.opts->beside) /* what others show may have changed */
		return 0;
	*same_out = true;
	return folder_keep_same(b, err);
}

int folder_keep_same(struct box *b, struct err *err)
{
	count_kept(b);
	return folder_keep(b, COLL_COMPLETE, NULL, err);
}
