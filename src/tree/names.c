/*
 * Paths of collections: readable, safe on any file system, distinct, and kept once given.
 */
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/textindex.h"
#include "valise/tree/manifest.h"
#include "valise/tree/words.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct given {
	enum coll_kind kind;
	char *name, *path, *key;
	/* numbers that were given, or found taken, because this path was */
	unsigned twins;
};

struct tree_names {
	pthread_mutex_t lock;
	struct given *given;
	size_t n, cap;
	struct text_index by_name, by_key;
};

struct tree_names *tree_names_new(void)
{
	struct tree_names *n = xcalloc(1, sizeof *n);

	pthread_mutex_init(&n->lock, NULL);
	return n;
}

void tree_names_free(struct tree_names *n)
{
	if (!n)
		return;
	for (size_t i = 0; i < n->n; i++) {
		free(n->given[i].name);
		free(n->given[i].path);
		free(n->given[i].key);
	}
	free(n->given);
	text_index_clear(&n->by_name);
	text_index_clear(&n->by_key);
	pthread_mutex_destroy(&n->lock);
	free(n);
}

static char *path_key(const char *path)
{
	struct buf key = buf_of(SIZE_MAX);

	path_fold(path, &key);
	return buf_take(&key);
}

/* Who has this path or a twin of it. */
static struct given *find_holder(const struct tree_names *n, const char *path)
{
	char *key = path_key(path);
	struct given *found = NULL;
	size_t i, cursor = 0;

	while (!found && (i = text_index_next(&n->by_key, key, &cursor)) != SIZE_MAX)
		if (strcmp(n->given[i].key, key) == 0)
			found = &n->given[i];
	free(key);
	return found;
}

static bool is_taken(const struct tree_names *n, const char *path)
{
	return find_holder(n, path) != NULL;
}

static const char *known_path(const struct tree_names *n, enum coll_kind kind, const char *name)
{
	size_t i, cursor = 0;

	while ((i = text_index_next(&n->by_name, name, &cursor)) != SIZE_MAX)
		if (n->given[i].kind == kind && strcmp(n->given[i].name, name) == 0)
			return n->given[i].path;
	return NULL;
}

static void give_path(struct tree_names *n, enum coll_kind kind, const char *name, const char *path)
{
	struct given *g = ARR_PUSH(n->given, n->n, n->cap);

	g->twins = 0;
	g->kind = kind;
	g->name = xstrdup(name);
	g->path = xstrdup(path);
	g->key = path_key(path);
	text_index_add(&n->by_name, name, n->n - 1);
	text_index_add(&n->by_key, g->key, n->n - 1);
}

static bool has_path(const struct tree_names *n, const char *path)
{
	char *key = path_key(path);
	size_t i, cursor = 0;
	bool found = false;

	while (!found && (i = text_index_next(&n->by_key, key, &cursor)) != SIZE_MAX)
		found = strcmp(n->given[i].path, path) == 0;
	free(key);
	return found;
}

void tree_names_keep(struct tree_names *n, enum coll_kind kind, const char *name, const char *path)
{
	pthread_mutex_lock(&n->lock);
	if (coll_path_ok(kind, path) && !known_path(n, kind, name) && !has_path(n, path))
		give_path(n, kind, name, path);
	pthread_mutex_unlock(&n->lock);
}

/* Does every file system take all components? */
static bool is_portable(const char *path)
{
	for (size_t n; *path; path += n + (path[n] == '/')) {
		n = strcspn(path, "/");
		if (!path_travels(path, n))
			return false;
	}
	return true;
}

void tree_names_keep_portable(
        struct tree_names *n, enum coll_kind kind, const char *name, const char *path)
{
	bool taken;

	pthread_mutex_lock(&n->lock);
	taken = is_taken(n, path);
	pthread_mutex_unlock(&n->lock);
	if (!taken && is_portable(path))
		tree_names_keep(n, kind, name, path);
}

/*
 * One component. The dot of an ending that a catalog or links file could have is escaped,
 * too.
 */
static void put_component(struct buf *out, const char *name, size_t n)
{
	static const char *const endings[] = {".jsonl", ".gz"};
	size_t from = out->len;

	if (path_escape(name, n, out) != 0)
		buf_puts(out, "=");
	for (size_t i = 0; i < 2; i++) {
		size_t len = strlen(endings[i]), have = out->len - from;
		char tail[8];

		if (have < len || strcasecmp(buf_str(out) + out->len - len, endings[i]) != 0)
			continue;
		memcpy(tail, out->data + out->len - len, len);
		out->len -= len;
		buf_puts(out, "=2E");
		buf_put(out, tail + 1, len - 1);
	}
}

static void plain_path(const struct tree_coll *c, struct buf *out)
{
	const char *p = c->name;
	uint8_t sum[SHA256_LEN];
	char hex[17];

	buf_puts(out, coll_kind_dir(c->kind));
	for (;;) {
		size_t n = c->delimiter && c->kind == COLL_MAIL
		                   ? strcspn(p, (char[]){c->delimiter, 0})
		                   : strlen(p);

		buf_putc(out, '/');
		put_component(out, p, n);
		p += n;
		if (*p == '\0')
			break;
		p++;
	}
	if (out->len <= COLL_PATH_MAX - 16)
		return;
	/*
	 * Too deep to be a path: the beginning of the first component and a hash of the
	 * whole name.
	 */
	sha256_of(c->name, strlen(c->name), sum);
	hex_format(sum, 8, hex);
	buf_reset(out);
	buf_putf(out, "%s/=~%s", coll_kind_dir(c->kind), hex);
}

/* A path that nobody has: the plain one, or with the next number. */
static void free_path(struct tree_names *n, const struct tree_coll *c, struct buf *out)
{
	struct given *first;
	size_t plain;

	plain_path(c, out);
	plain = out->len;
	first = find_holder(n, buf_str(out));
	while (first && is_taken(n, buf_str(out))) {
		out->len = plain;
		buf_putf(out, "_%u", 2 + first->twins++);
	}
}

char *tree_names_path(struct tree_names *n, const struct tree_coll *c)
{
	const char *known;
	struct buf path = buf_of(SIZE_MAX);
	char *result;

	pthread_mutex_lock(&n->lock);
	known = known_path(n, c->kind, c->name);
	if (!known) {
		if (c->path && coll_path_ok(c->kind, c->path) && is_portable(c->path) &&
		        !is_taken(n, c->path))
			buf_puts(&path, c->path);
		else
			free_path(n, c, &path);
		give_path(n, c->kind, c->name, buf_str(&path));
		known = buf_str(&path);
	}
	result = xstrdup(known);
	pthread_mutex_unlock(&n->lock);
	buf_clear(&path);
	return result;
}
