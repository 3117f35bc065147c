/* The lines of a catalog, written. Items by hand: there may be a million of them. */
#include "internal.h"
#include "valise/tree/words.h"
#include <stdlib.h>
#include <string.h>

/* A line being written at the end of a buffer. */
struct line {
	struct buf *out;
	bool inside; /* it has a member */
};

static void put_key(struct line *l, const char *key)
{
	buf_put(l->out, l->inside ? ",\"" : "{\"", 2);
	buf_puts(l->out, key);
	buf_put(l->out, "\":", 2);
	l->inside = true;
}

static void put_text(struct line *l, const char *key, const char *text)
{
	if (!text)
		return;
	put_key(l, key);
	json_puts(l->out, text);
}

/* What a server gave empty is not written. */
static const char *if_any(const char *text)
{
	return text && *text ? text : NULL;
}

static void put_number(struct line *l, const char *key, uint64_t v)
{
	if (v == 0)
		return;
	put_key(l, key);
	put_u64(l->out, v);
}

static void put_words(struct line *l, const char *key, const struct word *table, unsigned bits)
{
	if (bits == 0)
		return;
	put_key(l, key);
	words_put(l->out, table, bits);
}

static void put_raw(struct line *l, const char *key, const char *json)
{
	if (!json)
		return;
	put_key(l, key);
	buf_puts(l->out, json);
}

static void put_hash(struct line *l, const char *key, const uint8_t sum[SHA256_LEN])
{
	char hex[SHA256_HEX_SIZE];

	put_key(l, key);
	hex_format(sum, SHA256_LEN, hex);
	buf_putc(l->out, '"');
	buf_put(l->out, hex, SHA256_HEX_SIZE - 1);
	buf_putc(l->out, '"');
}

void catalog_put_head(struct buf *out, const struct tree_coll *c)
{
	struct line l = {out, false};
	char delimiter[2] = {c->delimiter, 0};
	char *raw = c->raw ? base64_encode(c->raw, c->raw_len) : NULL;

	put_words(&l, "attrs", attr_words, c->attrs);
	put_number(&l, "catalog", CATALOG_VERSION);
	put_text(&l, "delimiter", c->delimiter ? delimiter : NULL);
	put_number(&l, "highestmodseq", c->highestmodseq <= INT64_MAX ? c->highestmodseq : 0);
	put_text(&l, "href", if_any(c->href));
	put_text(&l, "kind", coll_kind_dir(c->kind));
	put_number(&l, "left_out", c->left_out);
	put_text(&l, "name", c->name);
	put_text(&l, "path", c->path);
	put_text(&l, "prefix", if_any(c->prefix));
	put_raw(&l, "props", c->props);
	put_text(&l, "raw", raw);
	put_text(&l, "reason", if_any(c->reason));
	put_text(&l, "selection", c->left_out ? if_any(c->selection) : NULL);
	put_text(&l, "special_use", if_any(c->special_use));
	put_text(&l, "status", c->status == COLL_COMPLETE ? NULL : status_word(c->status));
	put_text(&l, "sync_token", if_any(c->sync_token));
	put_number(&l, "uidnext", c->uidnext);
	put_number(&l, "uidvalidity", c->uidvalidity);
	buf_put(out, "}\n", 2);
	free(raw);
}

static void put_keywords(struct line *l, const char *text)
{
	char sep = '[';

	if (*text == '\0')
		return;
	put_key(l, "keywords");
	for (size_t n; *text; text += n + (text[n] == ' ')) {
		n = strcspn(text, " ");
		buf_putc(l->out, sep);
		json_put_string(l->out, text, n);
		sep = ',';
	}
	buf_putc(l->out, ']');
}

static void put_path(struct line *l, const struct tree_coll *c, const struct tree_item *it)
{
	struct buf name = buf_of(SIZE_MAX);

	put_key(l, "path");
	if (c->kind == COLL_MAIL) {
		buf_putc(l->out, '"');
		item_local_path(c, it, l->out); /* holds nothing that JSON escapes */
		buf_putc(l->out, '"');
		return;
	}
	item_local_path(c, it, &name);
	json_put_string(l->out, buf_str(&name), name.len);
	buf_clear(&name);
}

static void put_where(struct line *l, const struct object_place *w)
{
	char part[PART_NAME_SIZE];

	put_key(l, "where");
	buf_put(l->out, "{\"member\":", 10);
	put_u64(l->out, w->member);
	buf_put(l->out, ",\"offset\":", 10);
	put_u64(l->out, w->offset);
	buf_put(l->out, ",\"part\":\"", 9);
	buf_puts(l->out, place_part_name(w, part));
	buf_put(l->out, "\"}", 2);
}

void catalog_put_item(struct buf *out, const struct tree_coll *c, const struct tree_item *it,
        const struct buf *what, bool place, size_t *plain_len_out)
{
	static const struct tree_ext none;
	const struct tree_ext *e = tree_item_ext(c, it);
	struct line l = {out, false};
	size_t from = out->len;
	char date[DATE_TEXT_SIZE];

	if (!e)
		e = &none;
	if (it->date_utc != 0 || it->zone_min != 0)
		put_text(&l, "date",
		        date_format_imap(&(struct date){it->date_utc, it->zone_min, true}, date));
	put_text(&l, "etag", if_any(e->etag));
	put_words(&l, "flags", flag_words, it->flags);
	put_number(&l, "gone", it->gone);
	put_text(&l, "href", if_any(e->href));
	put_text(&l, "id", if_any(e->uid));
	put_keywords(&l, tree_coll_keyword_text(c, it->keywords));
	put_raw(&l, "labels", e->labels);
	put_number(&l, "msgid", e->gm_msgid);
	put_text(&l, "note", if_any(e->note));
	put_path(&l, c, it);
	put_hash(&l, "sha256", it->sha256);
	put_number(&l, "size", it->size);
	put_number(&l, "thrid", e->gm_thrid);
	put_number(&l, "uid", it->uid);
	put_words(&l, "warnings", warn_words, it->warn);
	*plain_len_out = out->len - from;
	if (what->len > 0) {
		put_key(&l, "what");
		buf_put(out, what->data, what->len);
	}
	if (place && it->where.part > 0)
		put_where(&l, &it->where);
	buf_put(out, "}\n", 2);
}

void catalog_put_error(struct buf *out, const struct tree_error *e)
{
	struct line l = {out, false};

	put_text(&l, "date", if_any(e->date));
	put_text(&l, "error", e->reason);
	put_text(&l, "from", if_any(e->from));
	put_text(&l, "href", if_any(e->href));
	put_text(&l, "subject", if_any(e->subject));
	put_number(&l, "uid", e->uid);
	buf_put(out, "}\n", 2);
}

void catalog_put_end(struct buf *out, const struct tree_roots *r)
{
	struct line l = {out, false};

	put_key(&l, "bytes");
	put_u64(out, r->bytes);
	put_hash(&l, "content", r->content);
	put_key(&l, "end");
	put_u64(out, r->items);
	put_key(&l, "errors");
	put_u64(out, r->errors);
	put_number(&l, "gone", r->gone);
	put_hash(&l, "state", r->state);
	buf_put(out, "}\n", 2);
}
