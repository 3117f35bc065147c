/* Objects of one UID together, and how they are given. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "import/pim/objects.h"
#include "valise/base/hash.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

enum { TWINS_MAX = 8 }; /* objects of one instance that another one is held against */

static int into_hash(void *ctx, const void *s, size_t n, struct err *err)
{
	(void)err;
	sha256_add(ctx, s, n);
	return 0;
}

/* Of its octets. */
static int hash_of(
        struct pim *p, const struct pim_object *o, uint8_t out[SHA256_LEN], struct err *err)
{
	struct sha256 h;

	sha256_start(&h);
	if (spool_copy(&p->spool, o->from, o->to, into_hash, &h, err) < 0)
		return err->code;
	sha256_end(&h, out);
	return 0;
}

/* ---- which belong together ---- */

static int by_key(const void *a, const void *b)
{
	const struct pim_object *x = a, *y = b;
	int c = memcmp(x->key, y->key, PIM_KEY);

	return c ? c : ORDER_OF(x->from, y->from);
}

/* The newest first: by SEQUENCE (RFC 5545 3.8.7.4), then by its time, then the later one. */
static int by_first(const void *a, const void *b)
{
	const struct pim_object *x = a, *y = b;
	int c = ORDER_OF(x->first, y->first);

	if (!c)
		c = ORDER_OF(x->instance, y->instance);
	if (!c)
		c = ORDER_OF(y->sequence, x->sequence);
	if (!c)
		c = ORDER_OF(y->changed, x->changed);
	return c ? c : ORDER_OF(y->from, x->from);
}

static int by_place(const void *a, const void *b)
{
	return ORDER_OF(((const struct pim_object *)a)->from, ((const struct pim_object *)b)->from);
}

int objects_sort(struct pim *p, struct err *err)
{
	for (size_t i = 0; i < p->n; i++) {
		struct pim_object *o = &p->objects[i];
		uint8_t sum[SHA256_LEN];

		if (object_long_uid(p, o, err) < 0)
			return err->code;
		if (o->has_uid)
			continue;
		if (hash_of(p, o, sum, err) < 0)
			return err->code;
		memcpy(o->key, sum, PIM_KEY);
		p->named++;
	}
	SORT(p->objects, p->n, by_key);
	for (size_t i = 0; i < p->n; i++) {
		bool same = i && !memcmp(p->objects[i].key, p->objects[i - 1].key, PIM_KEY);

		p->objects[i].first = same ? p->objects[i - 1].first : p->objects[i].from;
	}
	SORT(p->objects, p->n, by_first);
	return 0;
}

/* *out: an object before ${i} of the same instance that was kept has the same octets. */
static int is_there(struct pim *p, const struct pim_object *o, size_t kept, size_t i, bool *out,
        struct err *err)
{
	uint8_t mine[SHA256_LEN], other[SHA256_LEN];

	*out = false;
	if (kept && o[kept - 1].instance == o[i].instance && hash_of(p, &o[i], mine, err) < 0)
		return err->code;
	for (size_t k = kept;
	        k > 0 && kept - k < TWINS_MAX && o[k - 1].instance == o[i].instance && !*out; k--) {
		if (o[k - 1].to - o[k - 1].from != o[i].to - o[i].from)
			continue;
		if (hash_of(p, &o[k - 1], other, err) < 0)
			return err->code;
		*out = memcmp(mine, other, SHA256_LEN) == 0;
	}
	return 0;
}

static void swap(struct pim_object *a, struct pim_object *b)
{
	struct pim_object t = *a;

	*a = *b;
	*b = t;
}

int objects_pick(struct pim *p, struct pim_object *o, size_t n, size_t *newest_out,
        size_t *older_out, struct err *err)
{
	size_t kept = 0, newest = 0;
	uint64_t before = 0;

	for (size_t i = 0; i < n; i++) {
		bool same;

		if (is_there(p, o, kept, i, &same, err) < 0)
			return err->code;
		if (same)
			p->equal++;
		else
			swap(&o[kept++], &o[i]);
	}
	SORT(o, kept, by_first);
	for (size_t i = 0; i < kept; i++) {
		bool first = !i || o[i].instance != before;

		before = o[i].instance;
		if (first)
			swap(&o[newest++], &o[i]);
	}
	SORT(o, newest, by_place);
	*newest_out = newest;
	*older_out = kept - newest;
	p->older += kept - newest;
	return 0;
}

/* ---- writing ---- */

static int write_octets(void *ctx, const void *s, size_t n, struct err *err)
{
	struct pim *p = ctx;

	if (n)
		p->last = ((const char *)s)[n - 1];
	return box_write(p->box, s, n, err);
}

int pimfile_copy(struct pim *p, uint64_t from, uint64_t to, struct err *err)
{
	return spool_copy(&p->spool, from, to, write_octets, p, err);
}

int pimfile_text(struct pim *p, const char *text, struct err *err)
{
	return write_octets(p, text, strlen(text), err);
}

int pimfile_line_end(struct pim *p, struct err *err)
{
	return p->last == '\n' || p->last == '\r' ? 0 : pimfile_text(p, "\r\n", err);
}

static void own_uid(const struct pim_object *o, char *out)
{
	memcpy(out, "valise-", 7);
	hex_format(o->key, PIM_KEY, out + 7);
}

bool pimfile_whole(const struct pim *p)
{
	return p->n == 1 && p->objects[0].has_uid && !p->stray && !p->broken;
}

int pimfile_uid_line(struct pim *p, const struct pim_object *o, struct err *err)
{
	char uid[8 + 2 * PIM_KEY];
	struct buf line = buf_of(SIZE_MAX);
	uint8_t end[2] = {0, 0};
	int rc = spool_read(&p->spool, o->head_to - 2, end, 2, err);

	own_uid(o, uid);
	buf_putf(&line, "UID:%s%s", uid, end[1] == '\n' && end[0] != '\r' ? "\n" : "\r\n");
	if (rc == 0)
		rc = pimfile_text(p, buf_str(&line), err);
	buf_clear(&line);
	return rc;
}

/* A UID that any server takes as the last segment of a URL. */
static bool is_plain(const char *s)
{
	size_t n = strlen(s);

	return n && n <= 128 && *s != '.' && *s != '-' &&
	       strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@._+-") ==
	               n;
}

static void put_path(const struct pim_object *o, struct buf *out)
{
	const char *uid = o->uid ? o->uid : "";
	char own[8 + 2 * PIM_KEY];

	if (strncasecmp(uid, "urn:uuid:", 9) == 0)
		uid += 9;
	own_uid(o, own);
	buf_puts(out, is_plain(uid) ? uid : own);
}

int pimfile_item(struct pim *p, const struct pim_object *o, bool older, struct err *err)
{
	struct import_item it = {.date_utc = INT64_MIN};
	struct buf path = buf_of(SIZE_MAX), shown = buf_of(SIZE_MAX);
	char own[8 + 2 * PIM_KEY], hex[17];
	uint8_t sum[SHA256_LEN];
	int rc = 0;

	own_uid(o, own);
	it.uid = o->has_uid ? o->uid : own;
	put_path(o, &path);
	if (older) {
		rc = hash_of(p, o, sum, err);
		if (rc == 0) {
			hex_format(sum, 8, hex);
			buf_putf(&path, "_%s", hex);
		}
	}
	buf_putf(&shown, "UID %s", it.uid ? it.uid : buf_str(&path));
	it.path = buf_str(&path);
	it.shown = buf_str(&shown);
	p->last = '\0';
	if (rc == 0)
		rc = box_item(p->box, &it, err);
	buf_clear(&path);
	buf_clear(&shown);
	return rc;
}

static void note(struct pim *p, uint64_t n, const char *format)
{
	struct buf text = buf_of(SIZE_MAX);

	if (n) {
		buf_putf(&text, "%" PRIu64 " %s", n, format);
		box_note(p->box, buf_str(&text));
	}
	buf_clear(&text);
}

void pimfile_tell(struct pim *p, const char *what)
{
	struct buf text = buf_of(SIZE_MAX);

	note(p, p->named, "without a UID: each gets one, made of its content");
	note(p, p->equal, "stand there twice, octet for octet: kept once");
	note(p, p->older, "are other versions of a UID that is there: kept beside the newest");
	if (p->stray) {
		buf_putf(&text, "%" PRIu64 " lines belong to no %s, and are left out", p->stray,
		        what);
		box_error(p->box, NULL, buf_str(&text));
	}
	buf_clear(&text);
}
