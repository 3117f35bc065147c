/* Line 1 of a catalog, read: there is one a collection, so a parser may do it. */
#include "internal.h"
#include "valise/tree/words.h"
#include "valise/base/mem.h"
#include <string.h>

static int fail_head(const char *what, struct err *err)
{
	return err_set(err, ERR_DAMAGED, ERR_COLLECTION, "catalog line 1 %s", what);
}

/* Octets of a name that is no text; false: no base64. */
static bool parse_raw(const json_t *o, struct tree_coll *c)
{
	const char *text = json_get_str(o, "raw");
	size_t n;
	long len;

	if (!text)
		return true;
	n = strlen(text);
	c->raw = xmalloc(n + 1);
	len = base64_decode(text, n, c->raw, n);
	c->raw_len = len > 0 ? (size_t)len : 0;
	return len > 0;
}

/* UIDVALIDITY, UIDNEXT, HIGHESTMODSEQ, what was left out; false: out of their ranges. */
static bool parse_numbers(const json_t *o, struct tree_coll *c)
{
	int64_t validity = json_get_int(o, "uidvalidity", 0), next = json_get_int(o, "uidnext", 0);
	int64_t modseq = json_get_int(o, "highestmodseq", 0);
	int64_t left_out = json_get_int(o, "left_out", 0);

	if (left_out < 0 || validity < 0 || validity > UINT32_MAX || next < 0 ||
	        next > UINT32_MAX || modseq < 0)
		return false;
	c->uidvalidity = (uint32_t)validity;
	c->uidnext = (uint32_t)next;
	c->highestmodseq = (uint64_t)modseq;
	c->left_out = (uint64_t)left_out;
	return true;
}

/* All other members; false: one is not what it has to be. */
static bool parse_texts(const json_t *o, struct tree_coll *c)
{
	const char *delimiter = json_get_str(o, "delimiter"), *status = json_get_str(o, "status");
	const json_t *props = json_object_get(o, "props");

	if (delimiter && (strlen(delimiter) != 1 || (unsigned char)*delimiter < 0x20))
		return false;
	if (status && !coll_status_parse(status, &c->status))
		return false;
	c->delimiter = delimiter ? *delimiter : 0;
	c->prefix = xstrdup(json_get_str(o, "prefix"));
	c->special_use = xstrdup(json_get_str(o, "special_use"));
	c->href = xstrdup(json_get_str(o, "href"));
	c->sync_token = xstrdup(json_get_str(o, "sync_token"));
	c->path = xstrdup(json_get_str(o, "path"));
	c->reason = xstrdup(json_get_str(o, "reason"));
	c->selection = xstrdup(json_get_str(o, "selection"));
	if (json_is_object(props)) {
		struct buf text = buf_of(SIZE_MAX);

		json_put(&text, props);
		c->props = buf_take(&text);
	}
	return coll_path_ok(c->kind, c->path) &&
	       words_from_json(json_object_get(o, "attrs"), attr_words, &c->attrs);
}

/*
 * What was understood, written again, must be the line: nothing unknown, nothing of
 * another type, nothing out of place.
 */
static bool is_canonical(const struct tree_coll *c, const char *line, size_t n)
{
	struct buf again = buf_of(SIZE_MAX);
	bool same;

	catalog_put_head(&again, c);
	same = again.len == n + 1 && memcmp(again.data, line, n) == 0;
	buf_clear(&again);
	return same;
}

int catalog_parse_head(const char *line, size_t n, struct tree_coll **out, struct err *err)
{
	struct tree_coll *c = NULL;
	const char *name;
	enum coll_kind kind;
	json_t *o = NULL;
	int64_t version;
	int rc = json_read(line, n, CATALOG_LINE_MAX, &o, err);

	*out = NULL;
	if (rc != 0)
		return err_wrap(err, "catalog line 1");
	version = json_get_int(o, "catalog", 0);
	name = json_get_str(o, "name");
	if (version > CATALOG_VERSION)
		rc = err_set(err, ERR_UNSUPPORTED, ERR_COLLECTION,
		        "the catalog is of version %lld; this program knows %d", (long long)version,
		        CATALOG_VERSION);
	else if (version != CATALOG_VERSION || !name || !kind_parse(json_get_str(o, "kind"), &kind))
		rc = fail_head("is not the head of a catalog", err);
	if (rc != 0)
		goto out;
	c = tree_coll_new(kind, name);
	if (!parse_texts(o, c) || !parse_numbers(o, c) || !parse_raw(o, c) ||
	        !is_canonical(c, line, n)) {
		tree_coll_free(c);
		rc = fail_head("holds something that has no place in the head of a catalog", err);
		goto out;
	}
	*out = c;
out:
	json_decref(o);
	return rc;
}
