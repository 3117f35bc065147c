#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/escape.h"
#include "valise/base/hash.h"
#include "valise/base/mem.h"
#include "valise/format/mutf7.h"
#include "imap_map.h"

#define NAME_CAP (256u << 10)

/* A mailbox of the target. */
struct there {
	const struct imap_mailbox *box;
	char *content;
	char *shown;
	bool taken;
};

struct mapping {
	const struct map_target *t;
	char *prefix; /* UTF-8 */
	struct there *there;
	size_t n_there;
	struct map_entry *map;
	size_t n;
};

static const char *const mappable[] = {"\\Sent", "\\Drafts", "\\Trash", "\\Junk", "\\Archive"};

/* Is ${word} one of the words of ${list} (may be NULL)? */
static bool has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = list; p && *p;) {
		size_t k = strcspn(p, " ");

		if (k == n && strncasecmp(p, word, n) == 0)
			return true;
		p += k + (p[k] == ' ');
	}
	return false;
}

/* The special use that both have, of those that may be mapped; NULL: none. */
static const char *common_use(const char *a, const char *b)
{
	for (size_t i = 0; i < sizeof mappable / sizeof mappable[0]; i++)
		if (has_word(a, mappable[i]) && (!b || has_word(b, mappable[i])))
			return mappable[i];
	return NULL;
}

/* Bytes on the wire as text; not decodable ones stay as they are, escaped where they are not UTF-8. */
static char *shown_name(const uint8_t *raw, size_t n)
{
	struct buf b;

	buf_init(&b, NAME_CAP + 4 * n);
	if (!mutf7_decode((const char *)raw, n, &b) || memchr(b.data, 0, b.len)) {
		buf_reset(&b);
		for (size_t i = 0; i < n;) {
			size_t k = raw[i] ? utf8_next((const char *)raw + i, n - i, NULL) : 0;

			if (k)
				buf_put(&b, raw + i, k);
			else
				buf_putf(&b, "=%02X", (unsigned)raw[i]);
			i += k ? k : 1;
		}
	}
	return buf_take(&b);
}

static char *content_name(const char *shown, char delimiter, const char *prefix)
{
	struct tree_coll *c = tree_coll_new(COLL_MAIL, shown);
	struct buf b;

	c->delimiter = delimiter;
	if (prefix && *prefix && strncmp(shown, prefix, strlen(prefix)) == 0)
		c->prefix = xstrdup(prefix);
	buf_init(&b, NAME_CAP);
	tree_content_name(c, &b);
	tree_coll_free(c);
	return buf_take(&b);
}

static int there_cmp(const void *a, const void *b)
{
	return strcmp(((const struct there *)a)->content, ((const struct there *)b)->content);
}

static void read_there(struct mapping *m)
{
	m->there = xcalloc(m->t->n ? m->t->n : 1, sizeof *m->there);
	for (size_t i = 0; i < m->t->n; i++) {
		struct there *t = &m->there[m->n_there++];

		t->box = &m->t->list[i];
		t->shown = shown_name(t->box->name, t->box->name_len);
		t->content = content_name(t->shown, t->box->delimiter, m->prefix);
	}
	qsort(m->there, m->n_there, sizeof *m->there, there_cmp);
}

static struct there *find_there(struct mapping *m, const char *content)
{
	struct there key = {.content = (char *)(uintptr_t)content};

	return bsearch(&key, m->there, m->n_there, sizeof *m->there, there_cmp);
}

static bool selectable(const struct there *t)
{
	return !t->box->noselect && !t->box->nonexistent;
}

static void take(struct map_entry *e, struct there *t)
{
	t->taken = true;
	e->raw = xmemdup(t->box->name, t->box->name_len);
	e->raw_len = t->box->name_len;
	e->shown = xstrdup(t->shown);
	e->content = xstrdup(t->content);
	e->exists = selectable(t);
	e->subscribed = t->box->subscribed;
}

/* "a=2Fb" back to "a/b". */
static void component_decode(const char *s, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t c;

		if (s[i] == '=' && i + 2 < n &&
		        (strncmp(s + i, "=2F", 3) == 0 || strncmp(s + i, "=3D", 3) == 0)) {
			c = s[i + 1] == '2' ? '/' : '=';
			i += 2;
		} else {
			c = (uint8_t)s[i];
		}
		buf_put(out, &c, 1);
	}
}

typedef void (*soften_fn)(struct buf *component);

/* A content name as a name of the target, UTF-8, without prefix. */
static char *target_name(const char *content, char delimiter, soften_fn soften, const char **why)
{
	struct buf out, part;

	buf_init(&out, NAME_CAP);
	buf_init(&part, NAME_CAP);
	for (const char *p = content;; p++) {
		size_t n = strcspn(p, "/");

		buf_reset(&part);
		component_decode(p, n, &part);
		if (part.len == 0)
			buf_puts(&part, "_");
		for (size_t i = 0; i < part.len; i++)
			if (delimiter && part.data[i] == (uint8_t)delimiter) {
				part.data[i] = '_';
				*why = "the target's separator stands in the name";
			}
		if (soften)
			soften(&part);
		buf_put(&out, part.data, part.len);
		p += n;
		if (!*p)
			break;
		buf_putc(&out, delimiter ? delimiter : '_');
		if (!delimiter)
			*why = "the target has no hierarchy";
	}
	buf_clear(&part);
	return buf_take(&out);
}

/* Is INBOX itself meant? It has no prefix. */
static bool is_inbox(const char *name)
{
	return strcasecmp(name, "INBOX") == 0;
}

static void name_entry(struct mapping *m, struct map_entry *e, char *name)
{
	struct buf raw;

	if (m->prefix && *m->prefix && !is_inbox(name)) {
		char *full = xasprintf("%s%s", m->prefix, name);

		free(name);
		name = full;
	}
	buf_init(&raw, 4 * NAME_CAP);
	if (!mutf7_encode(name, strlen(name), &raw)) {
		buf_reset(&raw);
		buf_puts(&raw, name);
	}
	free(e->raw);
	free(e->shown);
	free(e->content);
	e->raw_len = raw.len;
	e->raw = (uint8_t *)buf_take(&raw);
	e->shown = name;
	e->content = content_name(name, m->t->delimiter, m->prefix);
}

static bool same_raw(const struct map_entry *a, const struct map_entry *b)
{
	return a->raw && b->raw && a->raw_len == b->raw_len &&
	       memcmp(a->raw, b->raw, a->raw_len) == 0;
}

static bool is_shared(const struct mapping *m, const struct map_entry *e)
{
	for (size_t i = 0; i < m->n; i++)
		if (&m->map[i] != e && same_raw(&m->map[i], e))
			return true;
	return false;
}

/* A mailbox that the target lists under the very name that was made up: of an earlier restore. */
static void notice_there(struct mapping *m, struct map_entry *e)
{
	struct there *t = find_there(m, e->content);

	if (t && t->box->name_len == e->raw_len && memcmp(t->box->name, e->raw, e->raw_len) == 0) {
		t->taken = true;
		e->exists = selectable(t);
		e->subscribed = t->box->subscribed;
	}
}

/* The special use to give to a new mailbox: one that no mailbox of the target has. */
static const char *free_use(const struct mapping *m, const char *uses)
{
	const char *use = common_use(uses, NULL);

	for (size_t i = 0; use && i < m->n_there; i++)
		if (has_word(m->there[i].box->special_use, use))
			return NULL;
	return use;
}

static void make_up(struct mapping *m, struct map_entry *e, const char *want)
{
	char *name = target_name(want, m->t->delimiter, NULL, &e->why);
	char *base = xstrdup(name);

	name_entry(m, e, name);
	for (unsigned k = 2; is_shared(m, e); k++) {
		name_entry(m, e, xasprintf("%s_%u", base, k));
		e->why = "another mailbox has that name on the target";
	}
	free(base);
	notice_there(m, e);
	if (!e->exists)
		e->special_use = xstrdup(free_use(m, e->head->special_use));
}

/* The content name that a mailbox should have on the target. */
static char *wanted(const struct tree_head *h, const char *under)
{
	if (!under || !*under)
		return xstrdup(h->content_name);
	return xasprintf("%s/%s", under, h->content_name);
}

static void map_same_name(struct mapping *m, struct map_entry *e, const char *want)
{
	struct there *t = find_there(m, want);
	const char *mine = e->head->special_use;

	if (!t || t->taken)
		return;
	if (!is_inbox(want) && common_use(mine, NULL) && common_use(t->box->special_use, NULL) &&
	        !common_use(mine, t->box->special_use))
		return;
	take(e, t);
}

static bool is_wanted_name(const struct mapping *m, const char *content)
{
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->map[i].head->content_name, content) == 0)
			return true;
	return false;
}

static void map_special(struct mapping *m, struct map_entry *e)
{
	if (!common_use(e->head->special_use, NULL) || (e->head->attrs & ATTR_NOSELECT))
		return;
	for (size_t i = 0; i < m->n_there; i++) {
		struct there *t = &m->there[i];

		if (t->taken || !selectable(t) || !t->box->special_use || is_inbox(t->content) ||
		        !common_use(e->head->special_use, t->box->special_use) ||
		        is_wanted_name(m, t->content))
			continue;
		take(e, t);
		e->why = "it is the target's mailbox for the same special use";
		return;
	}
}

/* Is there a mailbox below it? Then a \Noselect parent needs no making. */
static bool has_child(const struct mapping *m, const struct map_entry *e)
{
	size_t n = strlen(e->head->content_name);

	for (size_t i = 0; i < m->n; i++) {
		const char *other = m->map[i].head->content_name;

		if (strncmp(other, e->head->content_name, n) == 0 && other[n] == '/')
			return true;
	}
	return false;
}

struct map_entry *map_plan(const struct tree_head *const *heads, size_t n,
        const struct map_target *t, const char *under)
{
	struct mapping m = {.t = t, .n = n, .map = xcalloc(n ? n : 1, sizeof *m.map)};
	bool below = under && *under;
	char **want = xcalloc(n ? n : 1, sizeof *want);

	if (t->prefix && *t->prefix)
		m.prefix = shown_name((const uint8_t *)t->prefix, strlen(t->prefix));
	read_there(&m);
	for (size_t i = 0; i < n; i++) {
		m.map[i].head = heads[i];
		want[i] = wanted(heads[i], under);
	}
	for (size_t i = 0; i < n; i++) {
		map_same_name(&m, &m.map[i], want[i]);
		m.map[i].implied = (heads[i]->attrs & ATTR_NOSELECT) && has_child(&m, &m.map[i]);
	}
	for (size_t i = 0; i < n && !below; i++)
		if (!m.map[i].raw)
			map_special(&m, &m.map[i]);
	for (size_t i = 0; i < n; i++)
		if (!m.map[i].raw)
			make_up(&m, &m.map[i], want[i]);
	for (size_t i = 0; i < n; i++)
		free(want[i]);
	for (size_t i = 0; i < m.n_there; i++) {
		free(m.there[i].content);
		free(m.there[i].shown);
	}
	free(want);
	free(m.there);
	free(m.prefix);
	return m.map;
}

void map_free(struct map_entry *map, size_t n)
{
	for (size_t i = 0; map && i < n; i++) {
		free(map[i].raw);
		free(map[i].shown);
		free(map[i].content);
		free(map[i].special_use);
	}
	free(map);
}

static bool plain_char(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr(" ._-()", c));
}

static void soften_some(struct buf *b)
{
	size_t start = 0;

	for (size_t i = 0; i < b->len; i++)
		if (b->data[i] < 0x80 && !plain_char(b->data[i]))
			b->data[i] = '_';
	while (b->len > 1 && b->data[b->len - 1] == ' ')
		b->data[--b->len] = 0;
	while (start + 1 < b->len && b->data[start] == ' ')
		start++;
	buf_drop(b, start);
}

static void soften_all(struct buf *b)
{
	enum { LONG = 48 };
	uint8_t sum[SHA256_LEN];
	char hex[SHA256_HEX_SIZE];

	sha256_of(b->data, b->len, sum);
	hex_format(sum, sizeof sum, hex);
	soften_some(b);
	for (size_t i = 0; i < b->len; i++)
		if (b->data[i] >= 0x80 || strchr(".()", b->data[i]))
			b->data[i] = '_';
	if (b->len > LONG) {
		b->data[b->len = LONG] = 0;
		buf_putf(b, "~%.8s", hex);
	}
}

bool map_soften(
        struct map_entry *map, size_t n, size_t i, const struct map_target *t, unsigned level)
{
	struct mapping m = {.t = t, .map = map, .n = n};
	struct map_entry *e = &map[i], old = *e;
	const char *why = NULL;
	bool fresh;

	if (t->prefix && *t->prefix)
		m.prefix = shown_name((const uint8_t *)t->prefix, strlen(t->prefix));
	e->raw = NULL;
	e->shown = e->content = NULL;
	name_entry(&m, e,
	        target_name(
	                old.content, t->delimiter, level == 1 ? soften_some : soften_all, &why));
	fresh = !same_raw(e, &old) && !is_shared(&m, e);
	free(fresh ? old.raw : e->raw);
	free(fresh ? old.shown : e->shown);
	free(fresh ? old.content : e->content);
	if (fresh) {
		e->why = "the target refuses its name";
	} else {
		e->raw = old.raw;
		e->raw_len = old.raw_len;
		e->shown = old.shown;
		e->content = old.content;
	}
	free(m.prefix);
	return fresh;
}
