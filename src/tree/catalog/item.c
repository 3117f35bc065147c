/* Items, errors and the end line of a catalog, scanned into the model. */
#include "internal.h"
#include "valise/tree/words.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include <stdlib.h>
#include <string.h>

struct bits {
	const struct word *table;
	unsigned bits, last;
};

/* The words of a table stand in its order. */
static void add_bit(void *ctx, struct scan *s, const char *text, size_t n)
{
	struct bits *b = ctx;
	unsigned i = 0;

	while (b->table[i].text &&
	        (strlen(b->table[i].text) != n || memcmp(b->table[i].text, text, n) != 0))
		i++;
	if (!b->table[i].text || (b->bits != 0 && i <= b->last)) {
		s->bad = true;
		return;
	}
	b->bits |= b->table[i].bit;
	b->last = i;
}

/* A list of words of the table, as bits. */
static uint16_t scan_bits(struct scan *s, const struct word *table)
{
	struct bits b = {.table = table};

	scan_strings(s, add_bit, &b);
	return (uint16_t)b.bits;
}

struct word_list {
	char **words;
	size_t n, cap;
};

/* Keywords stand sorted, each once. */
static void add_word(void *ctx, struct scan *s, const char *text, size_t n)
{
	struct word_list *l = ctx;

	if (n == 0 || memchr(text, ' ', n) || (l->n > 0 && strcmp(l->words[l->n - 1], text) >= 0))
		s->bad = true;
	else
		*ARR_PUSH(l->words, l->n, l->cap) = xstrndup(text, n);
}

static uint32_t scan_keywords(struct scan *s, struct tree_coll *c)
{
	struct word_list l = {0};
	uint32_t set = 0;

	scan_strings(s, add_word, &l);
	if (!s->bad)
		set = tree_coll_keywords(c, (const char *const *)l.words, l.n);
	texts_free(l.words, l.n);
	return set;
}

static void any_string(void *ctx, struct scan *s, const char *text, size_t n)
{
	(void)ctx;
	(void)s;
	(void)text;
	(void)n;
}

/* A list of strings, or an empty one, kept as the text that it is. */
static char *scan_labels(struct scan *s)
{
	const char *from = s->p;

	if (s->end - s->p >= 2 && memcmp(s->p, "[]", 2) == 0)
		s->p += 2;
	else
		scan_strings(s, any_string, NULL);
	return s->bad ? NULL : xstrndup(from, (size_t)(s->p - from));
}

static uint64_t scan_positive(struct scan *s, uint64_t max)
{
	uint64_t v = scan_u64(s, max);

	/* 0 is left out */
	if (v == 0)
		s->bad = true;
	return v;
}

/* In which part of which snapshot the octets are. */
static void scan_where(struct scan *s, struct object_place *w)
{
	bool inside = s->inside;
	char part[PART_NAME_SIZE], *end;
	const char *text;
	unsigned long snapshot, number = 0;
	size_t n;

	s->inside = false;
	w->member = scan_need(s, "member") ? scan_u64(s, INT64_MAX) : 0;
	w->offset = scan_need(s, "offset") ? scan_u64(s, INT64_MAX) : 0;
	text = scan_need(s, "part") ? scan_string(s, &n) : "";
	snapshot = strtoul(text, &end, 10);
	if (strncmp(end, "/part-", 6) == 0)
		number = strtoul(end + 6, NULL, 10);
	if (snapshot == 0 || snapshot > UINT32_MAX || number == 0 || number > UINT32_MAX)
		s->bad = true;
	w->snapshot = (uint32_t)snapshot;
	w->part = (uint32_t)number;
	if (strcmp(place_part_name(w, part), text) != 0)
		s->bad = true;
	scan_char(s, '}');
	s->inside = inside;
}

/*
 * The number in "cur/<seconds>.V<hex>[_<dup>].valise:2,<flags>"; that the rest is right
 * shows when the path is made again.
 */
static uint32_t dup_of(const char *path)
{
	const char *p = strstr(path, ".V");
	unsigned long v;

	if (!p || strlen(p) < 20 || p[18] != '_')
		return 0;
	v = strtoul(p + 19, NULL, 10);
	/* the second of its name is _2 */
	return v > 1 && v < UINT32_MAX ? (uint32_t)v : 0;
}

/* The path must be the one that the item has by its other members. */
static void check_path(
        struct scan *s, struct tree_coll *c, struct tree_item *it, struct tree_ext *e, char *path)
{
	size_t n = strlen(path), m = strlen(coll_kind_ext(c->kind)) + 1;
	struct buf want;

	if (c->kind == COLL_MAIL) {
		it->dup = dup_of(path);
		buf_init(&want, SIZE_MAX);
		item_local_path(c, it, &want);
		if (strcmp(buf_str(&want), path) != 0)
			s->bad = true;
		buf_clear(&want);
		return;
	}
	if (n <= m || path[n - m] != '.' || strcmp(path + n - m + 1, coll_kind_ext(c->kind)) != 0) {
		s->bad = true;
		return;
	}
	e->path = xstrndup(path, n - m);
	if (!resource_name_ok(e->path))
		s->bad = true;
}

/* A date that is written as we write it. */
static void scan_date(struct scan *s, struct tree_item *it)
{
	char again[DATE_TEXT_SIZE];
	struct date d;
	size_t n;
	const char *text = scan_string(s, &n);

	if (s->bad || !date_parse_imap(text, &d) ||
	        strcmp(date_format_imap(&d, again), text) != 0 || (d.utc == 0 && d.zone_min == 0)) {
		s->bad = true;
		return;
	}
	it->date_utc = d.utc;
	it->zone_min = d.zone_min;
}

/* A text that may be left out: NULL. */
static char *member_dup(struct scan *s, const char *key)
{
	return scan_member(s, key) ? scan_dup(s) : NULL;
}

/* A number that may be left out, which is 0. */
static uint64_t member_number(struct scan *s, const char *key, uint64_t max)
{
	return scan_member(s, key) ? scan_positive(s, max) : 0;
}

/* The members of an item in their order, up to its path among them. */
static void scan_item(struct scan *s, struct tree_coll *c, struct tree_item *it, struct tree_ext *e,
        char **path_out)
{
	if (scan_member(s, "date"))
		scan_date(s, it);
	e->etag = member_dup(s, "etag");
	if (scan_member(s, "flags"))
		it->flags = scan_bits(s, flag_words);
	it->gone = (uint16_t)member_number(s, "gone", UINT16_MAX);
	e->href = member_dup(s, "href");
	e->uid = member_dup(s, "id");
	if (scan_member(s, "keywords"))
		it->keywords = scan_keywords(s, c);
	if (scan_member(s, "labels"))
		e->labels = scan_labels(s);
	e->gm_msgid = member_number(s, "msgid", UINT64_MAX);
	e->note = member_dup(s, "note");
	*path_out = scan_need(s, "path") ? scan_dup(s) : NULL;
	if (scan_need(s, "sha256"))
		scan_sha256(s, it->sha256);
	it->size = member_number(s, "size", INT64_MAX);
	e->gm_thrid = member_number(s, "thrid", UINT64_MAX);
	it->uid = (uint32_t)member_number(s, "uid", UINT32_MAX);
	if (scan_member(s, "warnings"))
		it->warn = scan_bits(s, warn_words);
}

static bool ext_is_used(const struct tree_ext *e)
{
	return e->href || e->etag || e->path || e->labels || e->note || e->uid || e->gm_msgid ||
	       e->gm_thrid;
}

/* The item at ${line} into ${c}; false: it is not canonical. */
static bool add_item(
        struct scan *s, struct tree_coll *c, const char *line, struct line_parts *parts)
{
	struct tree_item it = {0};
	struct tree_ext e = {0};
	char *path = NULL;

	scan_item(s, c, &it, &e, &path);
	if (!s->bad)
		check_path(s, c, &it, &e, path);
	parts->plain_len = (size_t)(s->p - line);
	if (scan_member(s, "what")) {
		parts->what = s->p;
		catalog_scan_what(s, NULL);
		parts->what_len = (size_t)(s->p - parts->what);
	}
	if (scan_member(s, "where"))
		scan_where(s, &it.where);
	scan_end(s);
	if (!s->bad && ext_is_used(&e))
		*tree_coll_ext(c, &it.ext) = e;
	else
		tree_ext_clear(&e);
	if (!s->bad && it.gone)
		tree_coll_add_gone(c, &it);
	else if (!s->bad)
		tree_coll_add(c, &it);
	free(path);
	return !s->bad;
}

/* The error at ${line} into ${c}; the status stays as line 1 has it. */
static bool add_error(struct scan *s, struct tree_coll *c)
{
	struct tree_error e = {0};

	e.date = member_dup(s, "date");
	if (scan_need(s, "error"))
		e.reason = scan_dup(s);
	e.from = member_dup(s, "from");
	e.href = member_dup(s, "href");
	e.subject = member_dup(s, "subject");
	e.uid = (uint32_t)member_number(s, "uid", UINT32_MAX);
	scan_end(s);
	if (!s->bad) {
		enum coll_status status = c->status;

		tree_coll_error(c, e.uid, e.href, e.date, e.subject, e.reason);
		tree_coll_error_from(c, e.from);
		c->status = status; /* line 1 has said it */
	}
	free(e.date);
	free(e.from);
	free(e.reason);
	free(e.href);
	free(e.subject);
	return !s->bad;
}

/*
 * An error line opens with its date or with "error"; no item has a member of that name.
 */
static bool is_error_line(struct scan s)
{
	size_t n;

	if (scan_member(&s, "date"))
		scan_string(&s, &n);
	return scan_member(&s, "error");
}

bool catalog_scan_line(
        const char *line, size_t n, struct tree_coll *c, struct buf *text, struct line_parts *parts)
{
	struct scan s = {.p = line, .end = line + n, .text = text};

	memset(parts, 0, sizeof *parts);
	if (is_error_line(s)) {
		parts->plain_len = n - 1;
		return add_error(&s, c);
	}
	return add_item(&s, c, line, parts);
}

bool catalog_scan_end(const char *line, size_t n, struct tree_roots *out, struct buf *text)
{
	struct scan s = {.p = line, .end = line + n, .text = text};

	memset(out, 0, sizeof *out);
	if (!scan_member(&s, "bytes"))
		return false;
	out->bytes = scan_u64(&s, UINT64_MAX);
	if (scan_need(&s, "content"))
		scan_sha256(&s, out->content);
	out->items = scan_need(&s, "end") ? scan_u64(&s, UINT64_MAX) : 0;
	out->errors = scan_need(&s, "errors") ? scan_u64(&s, UINT64_MAX) : 0;
	out->gone = member_number(&s, "gone", UINT64_MAX);
	if (scan_need(&s, "state"))
		scan_sha256(&s, out->state);
	scan_end(&s);
	return !s.bad;
}
