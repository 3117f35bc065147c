/*
 * The tokenizer of the index: text is folded (fold.c), and cut into words by unicode61 of
 * FTS5, which knows what is a letter.
 */
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include <stdlib.h>
#include <string.h>
#include "internal.h"

enum { SEEN = 1 << 16 }; /* hashes of words that were met not long ago */

typedef int token_fn(void *ctx, int flags, const char *token, int n, int start, int end);

struct find_tokens {
	fts5_tokenizer inner;
	Fts5Tokenizer *cutter;
	struct buf folded, met;
	uint64_t seen[SEEN];
	/* of the call that is under way */
	token_fn *fn;
	void *ctx;
	bool indexing;
};

/* FNV-1a */
static uint64_t hash_word(const char *s, size_t n)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)s[i]) * UINT64_C(0x100000001b3);
	return h;
}

/* For the list of all words. */
static void note_word(struct find_tokens *t, const char *s, size_t n)
{
	uint64_t hash = hash_word(s, n), *seen = &t->seen[(hash ^ hash >> 32) % SEEN];

	if (*seen == hash)
		return;
	*seen = hash;
	buf_put(&t->met, s, n);
	buf_putc(&t->met, '\0');
}

static int on_token(void *ctx, int flags, const char *token, int n, int start, int end)
{
	struct find_tokens *t = ctx;
	size_t len = (size_t)n;

	if (len > FIND_WORD_MAX)
		for (len = FIND_WORD_MAX; len > 0 && ((unsigned char)token[len] & 0xc0) == 0x80;)
			len--;
	if (t->indexing)
		note_word(t, token, len);
	return t->fn(t->ctx, flags, token, (int)len, start, end);
}

static int tokenize(
        Fts5Tokenizer *self, void *ctx, int flags, const char *text, int n, token_fn *fn)
{
	struct find_tokens *t = (struct find_tokens *)self;

	buf_reset(&t->folded);
	find_fold(text, (size_t)n, &t->folded);
	if (t->folded.len > INT32_MAX)
		return SQLITE_TOOBIG;
	t->fn = fn;
	t->ctx = ctx;
	t->indexing = flags & FTS5_TOKENIZE_DOCUMENT;
	return t->inner.xTokenize(
	        t->cutter, t, flags, buf_str(&t->folded), (int)t->folded.len, on_token);
}

/* The one of the connection. */
static int share(void *user, const char **args, int n, Fts5Tokenizer **out)
{
	(void)args;
	(void)n;
	*out = user;
	return SQLITE_OK;
}

static void give_back(Fts5Tokenizer *self)
{
	(void)self;
}

static void tokens_free(void *user)
{
	struct find_tokens *t = user;

	if (t->cutter)
		t->inner.xDelete(t->cutter);
	buf_clear(&t->folded);
	buf_clear(&t->met);
	free(t);
}

static fts5_api *find_api(sqlite3 *db)
{
	fts5_api *api = NULL;
	sqlite3_stmt *s = NULL;

	if (sqlite3_prepare_v2(db, "SELECT fts5(?1)", -1, &s, NULL) == SQLITE_OK &&
	        sqlite3_bind_pointer(s, 1, &api, "fts5_api_ptr", NULL) == SQLITE_OK)
		(void)sqlite3_step(s);
	(void)sqlite3_finalize(s);
	return api;
}

int find_tokens_new(sqlite3 *db, struct find_tokens **out, struct err *err)
{
	/* Marks that case folding left are part of the words that they stand in. */
	const char *args[] = {"remove_diacritics", "0", "categories", "L* N* Co M*"};
	fts5_tokenizer ours = {share, give_back, tokenize};
	struct find_tokens *t = xcalloc(1, sizeof *t);
	fts5_api *api = find_api(db);
	void *user = NULL;

	t->folded = buf_of(SIZE_MAX);
	t->met = buf_of(SIZE_MAX);
	if (!api || api->xFindTokenizer(api, "unicode61", &user, &t->inner) != SQLITE_OK ||
	        t->inner.xCreate(user, args, COUNT(args), &t->cutter) != SQLITE_OK) {
		tokens_free(t);
		return err_set(err, ERR_UNSUPPORTED, ERR_WHOLE,
		        "the SQLite library of this machine has no FTS5");
	}
	*out = t;
	/* It is freed with the connection, and where this fails. */
	if (api->xCreateTokenizer(api, "valise", t, &ours, tokens_free) != SQLITE_OK)
		return err_set(err, ERR_IO, ERR_WHOLE, "SQLite takes no tokenizer");
	return 0;
}

struct listing {
	struct buf *out;
	size_t n;
};

static int list_token(void *ctx, int flags, const char *token, int n, int start, int end)
{
	struct listing *l = ctx;

	(void)flags;
	(void)start;
	(void)end;
	buf_put(l->out, token, (size_t)n);
	buf_putc(l->out, '\0');
	l->n++;
	return SQLITE_OK;
}

size_t find_tokens_of(struct find_tokens *t, const char *text, struct buf *out)
{
	struct listing l = {out, 0};

	(void)tokenize(
	        (Fts5Tokenizer *)t, &l, FTS5_TOKENIZE_QUERY, text, (int)strlen(text), list_token);
	return l.n;
}

struct buf *find_tokens_met(struct find_tokens *t)
{
	return &t->met;
}

void find_tokens_forget(struct find_tokens *t)
{
	memset(t->seen, 0, sizeof t->seen);
}
