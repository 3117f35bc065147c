/* What converters ask of a bag. */
#include <stdlib.h>
#include "outlook/bag/internal.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"

static int place_of(const struct bag_ident *who, const struct bag_prop *p)
{
	struct bag_ident here = ident_of(p);

	return ident_order(&here, who);
}

/* Of several types of one property: which is worth more? */
static int worth(const struct bag_prop *p)
{
	if (p->type == BAG_ERROR)
		return 0;
	return p->type == BAG_UNICODE ? 2 : 1;
}

const struct bag_prop *bag_peek(const struct bag *b, bag_key key)
{
	struct bag_ident who = ident_of_key(key);
	const struct bag_prop *best = NULL;
	size_t i = 0;

	if (b->is_sorted)
		LOOKUP_FIRST(i, b->n_props, place_of(&who, &b->props[i]) < 0);
	for (; i < b->n_props; i++) {
		const struct bag_prop *p = &b->props[i];

		if (place_of(&who, p) == 0) {
			if (!best || worth(p) > worth(best) ||
			        (!b->is_sorted && worth(p) == worth(best)))
				best = p;
		} else if (b->is_sorted) {
			break;
		}
	}
	return best;
}

/* The same, marked: every type of it, for what another says is the same. */
static struct bag_prop *find(struct bag *b, bag_key key)
{
	struct bag_prop *best = (struct bag_prop *)bag_peek(b, key);
	struct bag_ident who = ident_of_key(key);
	size_t i;

	if (!best)
		return NULL;
	best->used = true;
	for (i = (size_t)(best - b->props); i > 0 && place_of(&who, &b->props[i - 1]) == 0; i--)
		b->props[i - 1].used = true;
	for (i = (size_t)(best - b->props); i < b->n_props && place_of(&who, &b->props[i]) == 0;
	        i++)
		b->props[i].used = true;
	return best;
}

bool bag_has(struct bag *b, bag_key key)
{
	struct bag_prop *p = find(b, key);

	return p && p->type != BAG_ERROR;
}

void bag_use(struct bag *b, bag_key key)
{
	find(b, key);
}

int64_t bag_int(struct bag *b, bag_key key, int64_t otherwise)
{
	const struct bag_prop *p = find(b, key);

	switch (p ? p->type : BAG_ERROR) {
	case BAG_INT16:
		return (int16_t)le32((const uint8_t[]){p->data[0], p->data[1], 0, 0});
	case BAG_BOOLEAN:
		return p->data[0] || p->data[1];
	case BAG_INT32:
		return (int32_t)le32(p->data);
	case BAG_INT64:
	case BAG_CURRENCY:
	case BAG_TIME:
		return (int64_t)le64(p->data);
	default:
		return otherwise;
	}
}

bool bag_bool(struct bag *b, bag_key key)
{
	return bag_int(b, key, 0) != 0;
}

double bag_double(struct bag *b, bag_key key, double otherwise)
{
	const struct bag_prop *p = find(b, key);
	union {
		uint64_t whole;
		double real;
	} eight;
	union {
		uint32_t whole;
		float real;
	} four;

	switch (p ? p->type : BAG_ERROR) {
	case BAG_FLOAT:
		four.whole = le32(p->data);
		return (double)four.real;
	case BAG_DOUBLE:
	case BAG_APPTIME:
		eight.whole = le64(p->data);
		return eight.real;
	default:
		return otherwise;
	}
}

bool bag_time(struct bag *b, bag_key key, int64_t *out)
{
	const uint64_t to_1970 = 116444736000000000u, to_10000 = 2650467744000000000u;
	const struct bag_prop *p = find(b, key);
	uint64_t t = p && p->type == BAG_TIME ? le64(p->data) : 0;

	if (t == 0 || t >= to_10000)
		return false;
	/* Rounded down, before 1970 too. */
	*out = (int64_t)(t / 10000000) - (int64_t)(to_1970 / 10000000);
	return true;
}

const uint8_t *bag_octets(struct bag *b, bag_key key, size_t max, size_t *n_out)
{
	struct bag_prop *p = find(b, key);
	struct err err;

	*n_out = 0;
	if (!p || p->len > max || p->type == BAG_ERROR)
		return NULL;
	if (!p->data) { /* from now on it is in memory */
		uint8_t *data;

		if (p->len > LENT_OCTETS - MIN(b->store->lent, (size_t)LENT_OCTETS))
			return NULL;
		b->store->lent += (size_t)p->len;
		data = xmalloc((size_t)p->len + 1);

		if (prop_read(b, p, 0, data, (size_t)p->len, &err) < 0) {
			free(data);
			return NULL;
		}
		p->data = data;
	}
	*n_out = (size_t)p->len;
	return p->data;
}

int prop_read(const struct bag *b, const struct bag_prop *p, uint64_t off, void *to, size_t n,
        struct err *err)
{
	if (!p->data)
		return spool_read(&b->store->spool, p->at + off, to, n, err);
	memcpy(to, p->data + off, n);
	return 0;
}

int bag_stream(
        struct bag *b, const struct bag_prop *p, bag_write_fn write, void *ctx, struct err *err)
{
	if (p->data)
		return p->len ? write(ctx, p->data, (size_t)p->len, err) : 0;
	return spool_copy(&b->store->spool, p->at, p->at + p->len, write, ctx, err);
}
