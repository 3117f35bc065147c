/* Sets of ids, as a few commands for a stack of octets say them (MS-OXCFXICS 2.2.2.4 to 2.2.2.6).
 */
#include <stdlib.h>
#include "valise/base/le.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/outlook/idset.h"

/* GLOBSET, 2.2.2.6: from 1 to 6 so many octets are pushed. */
enum { CMD_END = 0x00, CMD_BITMASK = 0x42, CMD_POP = 0x50, CMD_RANGE = 0x52 };
enum { REPLID_SIZE = 2, REPLGUID_SIZE = 16 };

void idset_clear(struct idset *s)
{
	free(s->list);
	*s = (struct idset){0};
}

uint64_t idset_counter(const uint8_t p[IDSET_COUNTER])
{
	uint64_t v = 0;

	for (size_t i = 0; i < IDSET_COUNTER; i++)
		v = v << 8 | p[i];
	return v;
}

void idset_replid(uint64_t id, uint8_t replica[16])
{
	memset(replica, 0, 16);
	le_put(replica, id & 0xffff, REPLID_SIZE);
}

uint64_t idset_counter_of(uint64_t id)
{
	uint8_t octets[8];

	le_put(octets, id, sizeof octets);
	return idset_counter(octets + REPLID_SIZE);
}

static int by_place(const void *p, const void *q)
{
	const struct idset_range *a = p, *b = q;
	int order = memcmp(a->replica, b->replica, sizeof a->replica);

	return order ? order : ORDER_OF(a->low, b->low);
}

void idset_settle(struct idset *s)
{
	size_t kept = 0;

	SORT(s->list, s->n, by_place);
	for (size_t i = 0; i < s->n; i++) {
		struct idset_range *last = kept ? &s->list[kept - 1] : NULL, *r = &s->list[i];

		if (last && memcmp(last->replica, r->replica, sizeof r->replica) == 0 &&
		        r->low <= last->high + 1)
			last->high = MAX(last->high, r->high);
		else
			s->list[kept++] = *r;
	}
	s->n = kept;
}

int idset_add(
        struct idset *s, const uint8_t replica[16], uint64_t low, uint64_t high, struct err *err)
{
	bool is_full = s->n == IDSET_RANGES_MAX;
	struct idset_range *r;

	if (is_full)
		idset_settle(s);
	/* a set that is nearly full is not sorted again and again */
	if (is_full && s->n > IDSET_RANGES_MAX / 2)
		return err_set(err, ERR_LIMIT, ERR_COLLECTION,
		        "a set of more than %d ranges of ids", IDSET_RANGES_MAX);
	r = ARR_PUSH(s->list, s->n, s->cap);
	memcpy(r->replica, replica, sizeof r->replica);
	r->low = low;
	r->high = high;
	return 0;
}

bool idset_has(const struct idset *s, const uint8_t replica[16], uint64_t counter)
{
	struct idset_range key = {.low = counter};
	size_t i = 0;

	memcpy(key.replica, replica, sizeof key.replica);
	LOOKUP_FIRST(i, s->n, by_place(&s->list[i], &key) < 0);
	if (i < s->n && by_place(&s->list[i], &key) == 0)
		return true;
	return i > 0 && memcmp(s->list[i - 1].replica, replica, 16) == 0 &&
	       s->list[i - 1].high >= counter;
}

/* ---- reading ---- */

/* The octets that are on the stack: the first ones of all counters that follow. */
struct globset {
	struct idset *to;
	uint8_t replica[16];
	const uint8_t *p;
	size_t n;
	uint8_t octets[IDSET_COUNTER];
	size_t depth; /* octets */
	uint8_t pushed[IDSET_COUNTER]; /* how many each command pushed */
	size_t n_pushed;
};

static int no_set(struct err *err)
{
	return err_set(err, ERR_PROTO, ERR_COLLECTION, "a set of ids that is none");
}

static const uint8_t *take(struct globset *g, size_t n)
{
	const uint8_t *p = g->p;

	if (g->n < n)
		return NULL;
	g->p += n;
	g->n -= n;
	return p;
}

static int push(struct globset *g, size_t n, struct err *err)
{
	const uint8_t *p = n <= IDSET_COUNTER - g->depth ? take(g, n) : NULL;
	uint64_t whole;

	if (!p)
		return no_set(err);
	memcpy(g->octets + g->depth, p, n);
	if (g->depth + n == IDSET_COUNTER) { /* a counter, which does not stay */
		whole = idset_counter(g->octets);
		return idset_add(g->to, g->replica, whole, whole, err);
	}
	g->depth += n;
	g->pushed[g->n_pushed++] = (uint8_t)n;
	return 0;
}

/* The octets that are missing are those at ${p}. */
static uint64_t counter_with(struct globset *g, const uint8_t *p)
{
	memcpy(g->octets + g->depth, p, IDSET_COUNTER - g->depth);
	return idset_counter(g->octets);
}

static int range(struct globset *g, struct err *err)
{
	size_t n = IDSET_COUNTER - g->depth;
	const uint8_t *p = take(g, 2 * n);
	uint64_t low, high;

	if (!p)
		return no_set(err);
	low = counter_with(g, p);
	high = counter_with(g, p + n);
	return low > high ? no_set(err) : idset_add(g->to, g->replica, low, high, err);
}

/* Five octets are on the stack: the last one, and which of the eight behind it are there. */
static int bitmask(struct globset *g, struct err *err)
{
	const uint8_t *p = g->depth == IDSET_COUNTER - 1 ? take(g, 2) : NULL;
	uint64_t first;
	int rc;

	if (!p)
		return no_set(err);
	first = counter_with(g, p);
	rc = idset_add(g->to, g->replica, first, first, err);
	for (unsigned i = 0; i < 8 && rc == 0; i++) {
		if (!(p[1] >> i & 1))
			continue;
		if (p[0] + i + 1 > 0xff)
			return no_set(err);
		rc = idset_add(g->to, g->replica, first + i + 1, first + i + 1, err);
	}
	return rc;
}

static int pop(struct globset *g, struct err *err)
{
	if (!g->n_pushed)
		return no_set(err);
	g->depth -= g->pushed[--g->n_pushed];
	return 0;
}

static int read_globset(struct globset *g, struct err *err)
{
	int rc = 0;

	g->depth = g->n_pushed = 0;
	while (rc == 0) {
		const uint8_t *command = take(g, 1);

		if (!command)
			return no_set(err);
		switch (*command) {
		case CMD_END:
			return g->n_pushed ? no_set(err) : 0;
		case CMD_BITMASK:
			rc = bitmask(g, err);
			break;
		case CMD_POP:
			rc = pop(g, err);
			break;
		case CMD_RANGE:
			rc = range(g, err);
			break;
		default:
			rc = *command <= IDSET_COUNTER ? push(g, *command, err) : no_set(err);
		}
	}
	return rc;
}

int idset_read(struct idset *s, enum idset_form form, const void *p, size_t n, struct err *err)
{
	struct globset g = {.to = s, .p = p, .n = n};
	int rc = 0;

	while (rc == 0 && g.n > 0) {
		size_t size = form == IDSET_REPLID ? REPLID_SIZE : REPLGUID_SIZE;
		const uint8_t *replica = take(&g, size);

		if (!replica)
			return no_set(err);
		memset(g.replica, 0, sizeof g.replica);
		memcpy(g.replica, replica, size);
		rc = read_globset(&g, err);
	}
	idset_settle(s);
	return rc;
}

/* ---- writing ---- */

static int put_counter(struct buf *out, uint64_t v)
{
	uint8_t octets[IDSET_COUNTER];

	for (size_t i = IDSET_COUNTER; i-- > 0; v >>= 8)
		octets[i] = (uint8_t)v;
	return buf_add(out, octets, sizeof octets);
}

static int put_range(struct buf *out, const struct idset_range *r)
{
	bool is_one = r->low == r->high;
	int rc = buf_addc(out, (char)(is_one ? IDSET_COUNTER : CMD_RANGE));

	if (rc == 0)
		rc = put_counter(out, r->low);
	return rc < 0 || is_one ? rc : put_counter(out, r->high);
}

int idset_write(const struct idset *s, struct buf *out, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < s->n; i++) {
		const struct idset_range *r = &s->list[i];
		bool is_first = !i || memcmp(s->list[i - 1].replica, r->replica, 16) != 0;
		bool is_last = i + 1 == s->n || memcmp(r->replica, r[1].replica, 16) != 0;

		if (is_first)
			rc = buf_add(out, r->replica, sizeof r->replica);
		if (rc == 0)
			rc = put_range(out, r);
		if (rc == 0 && is_last)
			rc = buf_addc(out, CMD_END);
	}
	return rc == 0 ? 0
	               : err_set(err, ERR_LIMIT, ERR_COLLECTION, "a set of ids that is too long");
}
