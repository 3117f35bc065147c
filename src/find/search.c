/* The contents that hold the words of a person. */
#include "valise/base/mem.h"
#include <stdlib.h>
#include <string.h>
#include "internal.h"

/* Words that follow one another: one word of the person, or what stood in quotes. */
struct phrase {
	char *text; /* blanks between them */
	char *first; /* of them the first one, the others behind it: rest */
	const char *rest;
	bool more_before, more_after, without;
};

struct find_query {
	struct phrase *v;
	size_t n, cap;
};

/* The items of the index, a bit each, by their number. */
struct bits {
	uint8_t *v;
	size_t size; /* in octets */
};

static void bits_set(struct bits *b, uint64_t at)
{
	if (at / 8 < b->size)
		b->v[at / 8] |= (uint8_t)(1u << at % 8);
}

static bool bits_has(const struct bits *b, uint64_t at)
{
	return b->v[at / 8] >> at % 8 & 1;
}

static void add_phrase(struct find_query *q, struct find_tokens *t, const struct find_word *w)
{
	struct buf tokens = buf_of(SIZE_MAX);
	struct phrase p = {
	        .more_before = w->more_before, .more_after = w->more_after, .without = w->without};
	size_t n = find_tokens_of(t, w->text, &tokens), len;

	if (n > 0) {
		len = strlen(buf_str(&tokens));
		p.first = xstrdup(buf_str(&tokens));
		for (size_t i = 0; i + 1 < tokens.len; i++)
			if (tokens.data[i] == '\0')
				tokens.data[i] = ' ';
		p.text = buf_take(&tokens);
		p.rest = p.text + len + (n > 1);
		*ARR_PUSH(q->v, q->n, q->cap) = p;
	}
	buf_clear(&tokens);
}

int find_query_new(
        const char *const *words, struct find_tokens *t, struct find_query **out, struct err *err)
{
	struct find_query *q = xcalloc(1, sizeof *q);
	struct find_words w = {0};

	for (; *words; words++)
		find_words_add(&w, *words);
	for (size_t i = 0; i < w.n; i++)
		add_phrase(q, t, &w.v[i]);
	find_words_clear(&w);
	*out = q;
	if (q->n > 0)
		return 0;
	find_query_free(q);
	*out = NULL;
	return err_set(err, ERR_USAGE, ERR_WHOLE,
	        "there is nothing to look for: words are of letters and digits");
}

void find_query_free(struct find_query *q)
{
	for (size_t i = 0; q && i < q->n; i++) {
		free(q->v[i].text);
		free(q->v[i].first);
	}
	if (q)
		free(q->v);
	free(q);
}

/* One search. */
struct search {
	struct find_index *x;
	sqlite3_stmt *match, *parts, *key;
	uint64_t max; /* the greatest number of an item */
};

static int search_fail(struct search *s, struct err *err)
{
	return find_index_fail(s->x, err);
}

static int prepare(struct search *s, const char *sql, sqlite3_stmt **out, struct err *err)
{
	return sqlite3_prepare_v2(s->x->db, sql, -1, out, NULL) == SQLITE_OK ? 0
	                                                                     : search_fail(s, err);
}

/* What holds the words one after the other; what FTS5 reads has no other syntax in it. */
static int match(struct search *s, const char *first, const char *rest, bool more_after,
        struct bits *found, struct err *err)
{
	char *text =
	        xasprintf("\"%s%s%s\"%s", first, *rest ? " " : "", rest, more_after ? " *" : "");
	int rc;

	(void)sqlite3_bind_text(s->match, 1, text, -1, SQLITE_STATIC);
	while ((rc = sqlite3_step(s->match)) == SQLITE_ROW)
		bits_set(found, (uint64_t)sqlite3_column_int64(s->match, 0));
	rc = rc == SQLITE_DONE ? 0 : search_fail(s, err);
	(void)sqlite3_reset(s->match);
	free(text);
	return rc;
}

/* A pattern of GLOB for words that end in, or hold, the ${word}, which has none of its signs. */
static char *glob_of(const char *word, bool more_after)
{
	return xasprintf("*%s%s", word, more_after ? "*" : "");
}

/* Each word that the first one of the phrase is part of takes its place. */
static int match_parts(
        struct search *s, const struct phrase *p, struct bits *found, struct err *err)
{
	bool alone = !*p->rest;
	char *glob = glob_of(p->first, p->more_after && alone);
	int row = SQLITE_DONE, rc = 0;

	(void)sqlite3_bind_text(s->parts, 1, glob, -1, SQLITE_STATIC);
	while (rc == 0 && (row = sqlite3_step(s->parts)) == SQLITE_ROW)
		rc = match(s, (const char *)sqlite3_column_text(s->parts, 0), p->rest,
		        p->more_after && !alone, found, err);
	if (rc == 0 && row != SQLITE_DONE)
		rc = search_fail(s, err);
	(void)sqlite3_reset(s->parts);
	free(glob);
	return rc;
}

/* Of ${all} what the phrase leaves. */
static int narrow(struct search *s, const struct phrase *p, struct bits *all, struct err *err)
{
	struct bits found = {xcalloc(1, all->size), all->size};
	int rc = p->more_before ? match_parts(s, p, &found, err)
	                        : match(s, p->first, p->rest, p->more_after, &found, err);

	for (size_t i = 0; i < all->size; i++)
		all->v[i] &= (uint8_t)(p->without ? ~found.v[i] : found.v[i]);
	free(found.v);
	return rc;
}

/* Items of which the index has not all, and that are not found by what it has. */
static int count_cut(struct search *s, const struct bits *all, struct find_hits *h, struct err *err)
{
	struct bits cut = {xcalloc(1, all->size), all->size};
	int rc = match(s, FIND_CUT, "", false, &cut, err);

	for (uint64_t id = 1; id <= s->max && rc == 0; id++)
		h->cut += bits_has(&cut, id) && !bits_has(all, id);
	free(cut.v);
	return rc;
}

static int greatest(struct search *s, struct err *err)
{
	sqlite3_stmt *q = NULL;
	int rc = prepare(s, "SELECT max(id) FROM item", &q, err);

	if (rc == 0 && sqlite3_step(q) == SQLITE_ROW)
		s->max = (uint64_t)sqlite3_column_int64(q, 0);
	else if (rc == 0)
		rc = search_fail(s, err);
	(void)sqlite3_finalize(q);
	return rc;
}

/* Which contents these are. */
static int give(struct search *s, const struct bits *all, struct find_hits *h, struct err *err)
{
	int rc = 0;

	for (uint64_t id = 1; id <= s->max && rc == 0; id++) {
		if (!bits_has(all, id))
			continue;
		(void)sqlite3_bind_int64(s->key, 1, (sqlite3_int64)id);
		switch (sqlite3_step(s->key)) {
		case SQLITE_ROW:
			if (sqlite3_column_bytes(s->key, 0) == FIND_KEY_LEN)
				find_hits_add(h, sqlite3_column_blob(s->key, 0));
			break;
		case SQLITE_DONE:
			break;
		default:
			rc = search_fail(s, err);
		}
		(void)sqlite3_reset(s->key);
	}
	return rc;
}

int find_search(
        struct find_index *x, const struct find_query *q, struct find_hits *h, struct err *err)
{
	struct search s = {.x = x};
	struct bits all = {0};
	int rc = prepare(&s, "SELECT rowid FROM body WHERE body MATCH ?1", &s.match, err);

	if (rc == 0)
		rc = prepare(&s, "SELECT word FROM word WHERE word GLOB ?1", &s.parts, err);
	if (rc == 0)
		rc = prepare(&s, "SELECT key FROM item WHERE id = ?1", &s.key, err);
	if (rc == 0)
		rc = greatest(&s, err);
	if (rc == 0) {
		all.size = (size_t)(s.max / 8 + 1);
		all.v = xmalloc(all.size);
		memset(all.v, 0xff, all.size);
	}
	for (size_t i = 0; i < q->n && rc == 0; i++)
		rc = narrow(&s, &q->v[i], &all, err);
	if (rc == 0)
		rc = count_cut(&s, &all, h, err);
	if (rc == 0)
		rc = give(&s, &all, h, err);
	free(all.v);
	(void)sqlite3_finalize(s.match);
	(void)sqlite3_finalize(s.parts);
	(void)sqlite3_finalize(s.key);
	return rc;
}
