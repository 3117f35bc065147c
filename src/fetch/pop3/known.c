/* POP3 source: what earlier runs know, by UIDL and by content. */
#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/buf.h"
#include "valise/base/file.h"
#include "valise/base/lookup.h"
#include "run.h"

#define SEEN_FILE_MAX (512u << 20)

struct key {
	const char *uidl;
	const struct tree_item *item;
};

struct known {
	struct tree_coll *coll;
	struct key *by_uidl, *by_content;
	size_t n_uidl;
	uint8_t *used;
};

static int compare_uidl(const void *a, const void *b)
{
	return strcmp(((const struct key *)a)->uidl, ((const struct key *)b)->uidl);
}

static int compare_content(const void *a, const void *b)
{
	return memcmp(((const struct key *)a)->item->sha256, ((const struct key *)b)->item->sha256,
	        SHA256_LEN);
}

struct known *known_new(struct tree_coll *c)
{
	struct known *k;

	if (!c)
		return NULL;
	k = xcalloc(1, sizeof *k);
	k->coll = c;
	k->by_uidl = xcalloc(c->n_items + 1, sizeof *k->by_uidl);
	k->by_content = xcalloc(c->n_items + 1, sizeof *k->by_content);
	k->used = xcalloc(c->n_items + 1, 1);
	for (size_t i = 0; i < c->n_items; i++) {
		const struct tree_ext *x = tree_item_ext(c, &c->items[i]);
		struct key key = {x ? x->uid : NULL, &c->items[i]};

		k->by_content[i] = key;
		if (key.uidl)
			k->by_uidl[k->n_uidl++] = key;
	}
	SORT(k->by_uidl, k->n_uidl, compare_uidl);
	SORT(k->by_content, c->n_items, compare_content);
	return k;
}

void known_free(struct known *k)
{
	if (!k)
		return;
	tree_coll_free(k->coll);
	free(k->by_uidl);
	free(k->by_content);
	free(k->used);
	free(k);
}

const struct tree_coll *known_coll(const struct known *k)
{
	return k ? k->coll : NULL;
}

size_t known_count(const struct known *k)
{
	return k ? k->coll->n_items : 0;
}

uint32_t known_next_uid(const struct known *k)
{
	uint32_t next = 1;

	for (size_t i = 0; k && i < k->coll->n_items; i++)
		if (k->coll->items[i].uid >= next)
			next = k->coll->items[i].uid + 1;
	return next;
}

static bool is_used(const struct known *k, const struct tree_item *it)
{
	return k->used[it - k->coll->items];
}

static const struct tree_item *use_item(struct known *k, const struct tree_item *it)
{
	k->used[it - k->coll->items] = 1;
	return it;
}

/* The first of ${n} sorted keys that is not below ${key}. */
static size_t lower_bound(const struct key *keys, size_t n, const struct key *key,
        int (*compare)(const void *, const void *))
{
	size_t i;

	LOOKUP_FIRST(i, n, compare(&keys[i], key) < 0);
	return i;
}

/*
 * A UIDL that came back for another message is told by the size; sizes that lied before
 * do not count.
 */
const struct tree_item *known_claim_uidl(
        struct known *k, const char *uidl, uint64_t size, bool exact)
{
	const struct key key = {uidl, NULL};

	if (!k)
		return NULL;
	for (size_t i = lower_bound(k->by_uidl, k->n_uidl, &key, compare_uidl);
	        i < k->n_uidl && !strcmp(k->by_uidl[i].uidl, uidl); i++) {
		const struct tree_item *it = k->by_uidl[i].item;
		bool lied = it->warn & WARN_SIZE;

		if (!is_used(k, it) && (lied ? !exact : it->size == size))
			return use_item(k, it);
	}
	return NULL;
}

const struct tree_item *known_claim_content(struct known *k, const uint8_t sha256[SHA256_LEN])
{
	struct tree_item wanted = {0};
	const struct key key = {NULL, &wanted};
	size_t n = known_count(k);

	if (n == 0)
		return NULL;
	memcpy(wanted.sha256, sha256, SHA256_LEN);
	for (size_t i = lower_bound(k->by_content, n, &key, compare_content);
	        i < n && compare_content(&k->by_content[i], &key) == 0; i++)
		if (!is_used(k, k->by_content[i].item))
			return use_item(k, k->by_content[i].item);
	return NULL;
}

const struct tree_item *known_unclaimed(struct known *k, size_t *at, const char **uidl_out)
{
	for (; *at < known_count(k); ++*at) {
		const struct tree_item *it = &k->coll->items[*at];
		const struct tree_ext *x = tree_item_ext(k->coll, it);

		if (is_used(k, it))
			continue;
		*uidl_out = x ? x->uid : NULL;
		return use_item(k, it);
	}
	return NULL;
}

struct tally {
	void *tree; /* of struct counted */
	unsigned pass;
};

struct counted {
	uint8_t sha256[SHA256_LEN]; /* first: the key */
	unsigned pass; /* that .seen counts */
	uint64_t given, seen;
};

static int compare_counted(const void *a, const void *b)
{
	return memcmp(a, b, SHA256_LEN);
}

struct tally *tally_new(void)
{
	return xcalloc(1, sizeof(struct tally));
}

void tally_free(struct tally *t)
{
	if (!t)
		return;
	tdestroy(t->tree, free);
	free(t);
}

void tally_pass(struct tally *t)
{
	t->pass++;
}

bool tally_add(struct tally *t, const uint8_t sha256[SHA256_LEN])
{
	struct counted *c = xcalloc(1, sizeof *c);
	void *found;

	memcpy(c->sha256, sha256, SHA256_LEN);
	found = tsearch(c, &t->tree, compare_counted);
	if (!found) {
		free(c);
		return true; /* out of memory: rather twice than not at all */
	}
	if (*(struct counted **)found != c) {
		free(c);
		c = *(struct counted **)found;
	}
	if (c->pass != t->pass) {
		c->pass = t->pass;
		c->seen = 0;
	}
	if (++c->seen <= c->given)
		return false;
	c->given = c->seen;
	return true;
}

struct seen_entry {
	char *uidl;
	uint64_t size; /* as LIST says; 0: not noted */
	uint8_t sha256[SHA256_LEN];
};

struct seen_file {
	char *dir, name[64];
	struct seen_entry *old, *now;
	size_t n_old, old_cap, n_now, now_cap;
};

static int compare_entry(const void *a, const void *b)
{
	return strcmp(((const struct seen_entry *)a)->uidl, ((const struct seen_entry *)b)->uidl);
}

/*
 * Lines "<hash>:<size> <UIDL>", earlier "<hash> <UIDL>". What is not understood is left
 * out: the message is retrieved again.
 */
static bool parse_entry(char *line, struct seen_entry *e)
{
	char *at = line + 2 * SHA256_LEN;

	if (strlen(line) <= 2 * SHA256_LEN + 1)
		return false;
	e->size = *at == ':' ? strtoull(at + 1, &at, 10) : 0;
	if (*at != ' ' || !at[1])
		return false;
	line[2 * SHA256_LEN] = '\0';
	if (!hex_parse(line, e->sha256, SHA256_LEN))
		return false;
	e->uidl = xstrdup(at + 1);
	return true;
}

/* The lines of the file, sorted by UIDL. */
static void parse_seen(struct seen_file *f, char *text)
{
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		struct seen_entry e;

		if (parse_entry(line, &e))
			*ARR_PUSH(f->old, f->n_old, f->old_cap) = e;
	}
	SORT(f->old, f->n_old, compare_entry);
}

/* Another port is another maildrop; those of POP3 itself are one. */
static char *maildrop_text(const struct service *s)
{
	if (s->at.port == 110 || s->at.port == 995)
		return xasprintf("%s %s", s->at.host, service_owner(s));
	return xasprintf("%s/%u %s", s->at.host, (unsigned)s->at.port, service_owner(s));
}

struct seen_file *seen_file_open(const char *dir, const struct service *service)
{
	struct seen_file *f;
	uint8_t sum[SHA256_LEN];
	char hex[SHA256_HEX_SIZE], *who, *path;
	struct buf text = buf_of(SEEN_FILE_MAX);

	if (!dir)
		return NULL;
	f = xcalloc(1, sizeof *f);
	f->dir = xstrdup(dir);
	who = maildrop_text(service);
	sha256_of(who, strlen(who), sum);
	free(who);
	hex_format(sum, SHA256_LEN, hex);
	snprintf(f->name, sizeof f->name, "%.32s.uidls", hex);
	path = xasprintf("%s/%s", dir, f->name);
	if (file_read(AT_FDCWD, path, &text, NULL) == 0 && !memchr(text.data, 0, text.len)) {
		char *copy = buf_take(&text);

		parse_seen(f, copy);
		free(copy);
	}
	buf_clear(&text);
	free(path);
	return f;
}

const uint8_t *seen_file_find(const struct seen_file *f, const char *uidl, uint64_t size)
{
	const struct seen_entry key = {.uidl = (char *)(uintptr_t)uidl}, *e;

	if (!f || !f->n_old)
		return NULL;
	e = FIND(&key, f->old, f->n_old, compare_entry);
	return e && (!e->size || e->size == size) ? e->sha256 : NULL;
}

void seen_file_add(
        struct seen_file *f, const char *uidl, uint64_t size, const uint8_t sha256[SHA256_LEN])
{
	struct seen_entry *e;

	if (!f || !uidl)
		return;
	e = ARR_PUSH(f->now, f->n_now, f->now_cap);
	e->uidl = xstrdup(uidl);
	e->size = size;
	memcpy(e->sha256, sha256, SHA256_LEN);
}

int seen_file_write(struct seen_file *f, struct err *err)
{
	struct buf text = buf_of(SIZE_MAX);
	char *path;
	int rc;

	if (!f)
		return 0;
	for (size_t i = 0; i < f->n_now; i++) {
		char hex[SHA256_HEX_SIZE];

		hex_format(f->now[i].sha256, SHA256_LEN, hex);
		buf_putf(&text, "%s:%ju %s\n", hex, (uintmax_t)f->now[i].size, f->now[i].uidl);
	}
	path = xasprintf("%s/%s", f->dir, f->name);
	rc = dir_make(AT_FDCWD, f->dir, err);
	if (rc == 0)
		rc = file_write(AT_FDCWD, path, buf_str(&text), text.len, err);
	free(path);
	buf_clear(&text);
	return rc;
}

static void free_entries(struct seen_entry *e, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(e[i].uidl);
	free(e);
}

void seen_file_free(struct seen_file *f)
{
	if (!f)
		return;
	free_entries(f->old, f->n_old);
	free_entries(f->now, f->n_now);
	free(f->dir);
	free(f);
}
