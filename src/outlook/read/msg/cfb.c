/* Compound files as octets: MS-CFB 2, version 3, sectors of 512 octets. */
#include "outlook/read/msg/cfb.h"
#include <stdlib.h>
#include <string.h>
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/le.h"

enum {
	SECTOR = 512,
	MINI = 64,
	CUTOFF = 4096, /* a shorter stream lies among the mini sectors */
	ENTRY = 128,
	PER_FAT = SECTOR / 4,
	DIFAT_HEAD = 109,
	PER_DIFAT = PER_FAT - 1,
	HEAD_DIFAT_AT = 76,
};
#define FREE_SECTOR 0xffffffffu
#define END_OF_CHAIN 0xfffffffeu
#define FAT_SECTOR 0xfffffffdu
#define DIFAT_SECTOR 0xfffffffcu
#define NO_ENTRY 0xffffffffu

struct node { /* of the directory */
	uint32_t left, right, child, start;
	bool red;
};
struct plan {
	const struct cfb_entry *e;
	const struct cfb_source *to;
	struct node *node;
	size_t n;
	uint64_t difat, fat, dir, minifat, mini, big; /* sectors of each, in this order */
	uint64_t mini_len; /* octets of the mini stream */
};

static uint64_t units(uint64_t size, uint64_t unit)
{
	return (size + unit - 1) / unit;
}

static bool is_mini(const struct cfb_entry *e)
{
	return !e->storage && e->size < CUTOFF;
}

static size_t name_len(const struct cfb_entry *e)
{
	size_t n = 0;

	while (n < 31 && e->name[n])
		n++;
	return n;
}

static unsigned upper(uint16_t c)
{
	return c >= 'a' && c <= 'z' ? (unsigned)(c - 'a' + 'A') : c;
}

/* MS-CFB 2.6.4: the shorter name first. */
static int name_order(const struct cfb_entry *a, const struct cfb_entry *b)
{
	size_t n = name_len(a), m = name_len(b);

	if (n != m)
		return ORDER_OF(n, m);
	for (size_t i = 0; i < n; i++)
		if (upper(a->name[i]) != upper(b->name[i]))
			return ORDER_OF(upper(a->name[i]), upper(b->name[i]));
	return 0;
}

struct sibling {
	const struct cfb_entry *e;
	uint32_t place;
};

static int sibling_order(const void *a, const void *b)
{
	const struct sibling *x = a, *y = b;
	int order = x->e->parent != y->e->parent ? ORDER_OF(x->e->parent, y->e->parent)
	                                         : name_order(x->e, y->e);

	return order ? order : ORDER_OF(x->place, y->place);
}

/*
 * A red-black tree of names in order: balanced, and red where it is deeper than it is filled.
 * Its depth is that of a binary search.
 */
static uint32_t plant(struct plan *p, const struct sibling *s, size_t n, unsigned depth)
{
	size_t middle = n / 2;
	struct node *node;

	if (n == 0)
		return NO_ENTRY;
	node = &p->node[s[middle].place];
	node->red = depth == 0;
	node->left = plant(p, s, middle, depth - 1);
	node->right = plant(p, s + middle + 1, n - middle - 1, depth - 1);
	return s[middle].place;
}

static unsigned full_levels(size_t n)
{
	unsigned levels = 0;

	while ((((size_t)1 << (levels + 1)) - 1) <= n)
		levels++;
	return levels;
}

static void plan_tree(struct plan *p)
{
	struct sibling *s = xcalloc(p->n, sizeof *s);
	size_t from = 0;

	for (size_t i = 0; i < p->n; i++) {
		p->node[i] = (struct node){NO_ENTRY, NO_ENTRY, NO_ENTRY, END_OF_CHAIN, false};
		s[i] = (struct sibling){&p->e[i], (uint32_t)i};
	}
	SORT(s + 1, p->n - 1, sibling_order);
	for (size_t i = 1; i < p->n; i = from) {
		for (from = i; from < p->n && s[from].e->parent == s[i].e->parent;)
			from++;
		p->node[s[i].e->parent].child = plant(p, s + i, from - i, full_levels(from - i));
	}
	free(s);
}

/* How many sectors of each kind, and where each stream begins. */
static void plan_sectors(struct plan *p)
{
	uint64_t mini = 0, at, total;

	for (size_t i = 1; i < p->n; i++)
		if (is_mini(&p->e[i]) && p->e[i].size) {
			p->node[i].start = (uint32_t)mini;
			mini += units(p->e[i].size, MINI);
		} else if (!p->e[i].storage) {
			p->big += units(p->e[i].size, SECTOR);
		}
	p->mini_len = mini * MINI;
	p->dir = units(p->n * ENTRY, SECTOR);
	p->minifat = units(mini * 4, SECTOR);
	p->mini = units(p->mini_len, SECTOR);
	do { /* the table has a place for itself, too */
		total = p->difat + p->fat + p->dir + p->minifat + p->mini + p->big;
		p->fat = units(total, PER_FAT);
		p->difat = p->fat > DIFAT_HEAD ? units(p->fat - DIFAT_HEAD, PER_DIFAT) : 0;
	} while (total != p->difat + p->fat + p->dir + p->minifat + p->mini + p->big);
	at = p->difat + p->fat + p->dir + p->minifat;
	if (p->mini)
		p->node[0].start = (uint32_t)at;
	at += p->mini;
	for (size_t i = 1; i < p->n; i++)
		if (!p->e[i].storage && !is_mini(&p->e[i])) {
			p->node[i].start = (uint32_t)at;
			at += units(p->e[i].size, SECTOR);
		}
}

static void put32(struct plan *p, uint64_t v)
{
	uint8_t b[4];

	le_put(b, v, sizeof b);
	p->to->write(p->to->ctx, b, sizeof b);
}

static void fill(struct plan *p, uint64_t n, uint32_t with)
{
	while (n--)
		put32(p, with);
}

static void chain(struct plan *p, uint64_t at, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		put32(p, i + 1 < n ? at + i + 1 : END_OF_CHAIN);
}

static void write_head(struct plan *p)
{
	static const uint8_t magic[8] = {0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1};
	uint8_t h[SECTOR] = {0};
	uint64_t dir = p->difat + p->fat;

	memcpy(h, magic, sizeof magic);
	le_put(h + 24, 0x3e, 2);
	le_put(h + 26, 3, 2);
	le_put(h + 28, 0xfffe, 2);
	le_put(h + 30, 9, 2); /* sectors and mini sectors as powers of two */
	le_put(h + 32, 6, 2);
	le_put(h + 44, p->fat, 4);
	le_put(h + 48, dir, 4);
	le_put(h + 56, CUTOFF, 4);
	le_put(h + 60, p->minifat ? dir + p->dir : END_OF_CHAIN, 4);
	le_put(h + 64, p->minifat, 4);
	le_put(h + 68, p->difat ? 0 : END_OF_CHAIN, 4);
	le_put(h + 72, p->difat, 4);
	for (size_t i = 0; i < DIFAT_HEAD; i++)
		le_put(h + HEAD_DIFAT_AT + 4 * i, i < p->fat ? p->difat + i : FREE_SECTOR, 4);
	p->to->write(p->to->ctx, h, sizeof h);
}

static void write_tables(struct plan *p)
{
	uint64_t at = p->difat + p->fat, nth = DIFAT_HEAD;

	for (uint64_t d = 0; d < p->difat; d++) {
		for (size_t i = 0; i < PER_DIFAT; i++, nth++)
			put32(p, nth < p->fat ? p->difat + nth : FREE_SECTOR);
		put32(p, d + 1 < p->difat ? d + 1 : END_OF_CHAIN);
	}
	fill(p, p->difat, DIFAT_SECTOR);
	fill(p, p->fat, FAT_SECTOR);
	chain(p, at, p->dir);
	at += p->dir;
	chain(p, at, p->minifat);
	at += p->minifat;
	chain(p, at, p->mini);
	for (size_t i = 1; i < p->n; i++)
		if (!p->e[i].storage && !is_mini(&p->e[i]))
			chain(p, p->node[i].start, units(p->e[i].size, SECTOR));
	at += p->mini + p->big;
	fill(p, p->fat * PER_FAT - at, FREE_SECTOR);
}

static void write_directory(struct plan *p)
{
	uint8_t b[ENTRY];

	for (size_t i = 0; i < p->dir * (SECTOR / ENTRY); i++) {
		memset(b, 0, sizeof b);
		if (i < p->n) {
			const struct cfb_entry *e = &p->e[i];
			size_t len = name_len(e);
			bool none = e->storage && i != 0;

			for (size_t c = 0; c < len; c++)
				le_put(b + 2 * c, e->name[c], 2);
			le_put(b + 64, 2 * (len + 1), 2);
			b[66] = i == 0 ? 5 : e->storage ? 1 : 2;
			b[67] = !p->node[i].red;
			le_put(b + 68, p->node[i].left, 4);
			le_put(b + 72, p->node[i].right, 4);
			le_put(b + 76, p->node[i].child, 4);
			le_put(b + 116, none ? 0 : p->node[i].start, 4);
			le_put(b + 120, i == 0 ? p->mini_len : none ? 0 : e->size, 8);
		} else {
			memset(b + 68, 0xff, 12);
		}
		p->to->write(p->to->ctx, b, sizeof b);
	}
}

static void write_minifat(struct plan *p)
{
	uint64_t at = 0;

	for (size_t i = 1; i < p->n; i++)
		if (is_mini(&p->e[i])) {
			chain(p, at, units(p->e[i].size, MINI));
			at += units(p->e[i].size, MINI);
		}
	fill(p, p->minifat * PER_FAT - at, FREE_SECTOR);
}

static void write_stream(struct plan *p, size_t i, size_t unit)
{
	uint8_t b[CUTOFF];
	uint64_t size = p->e[i].size, whole = units(size, unit) * unit;

	for (uint64_t off = 0; off < whole;) {
		size_t n = (size_t)MIN(sizeof b, whole - off);
		size_t k = off < size ? (size_t)MIN(n, size - off) : 0;

		memset(b, 0, sizeof b);
		if (k)
			p->to->read(p->to->ctx, i, off, b, k);
		p->to->write(p->to->ctx, b, n);
		off += n;
	}
}

static void write_streams(struct plan *p)
{
	static const uint8_t zeros[SECTOR];

	for (size_t i = 1; i < p->n; i++)
		if (is_mini(&p->e[i]))
			write_stream(p, i, MINI);
	p->to->write(p->to->ctx, zeros, (size_t)(p->mini * SECTOR - p->mini_len));
	for (size_t i = 1; i < p->n; i++)
		if (!p->e[i].storage && !is_mini(&p->e[i]))
			write_stream(p, i, SECTOR);
}

int cfb_write(const struct cfb_entry *e, size_t n, const struct cfb_source *source, struct err *err)
{
	struct plan p = {.e = e, .to = source, .n = n};
	uint64_t size = 0;

	for (size_t i = 0; i < n; i++)
		size = e[i].size > INT32_MAX ? UINT32_MAX : size + e[i].size;
	if (n == 0 || n > CFB_ENTRIES_MAX || size > INT32_MAX)
		return err_set(err, ERR_LIMIT, ERR_ITEM, "an object of more than 2 GiB");
	p.node = xcalloc(n, sizeof *p.node);
	plan_tree(&p);
	plan_sectors(&p);
	write_head(&p);
	write_tables(&p);
	write_directory(&p);
	write_minifat(&p);
	write_streams(&p);
	free(p.node);
	return 0;
}
