/*
 * Where a stream of FastTransfer may be cut into buffers, found without an understanding of
 * what it says (MS-OXCFXICS 2.2.4.1).
 */
#include "proto/mapi/put.h"
#include "valise/base/le.h"
#include "valise/base/mem.h"

enum {
	AT_TAG,
	AT_NAME, /* set and kind of a named property */
	AT_LID,
	AT_TEXT, /* of its name, until a NUL */
	AT_LENGTH,
	AT_COUNT,
	AT_VALUE,
	AT_NOTHING, /* no stream: it may be cut anywhere */
	NAME_OCTETS = 17,
	MULTIPLE = 0x1000,
	CODE_PAGE = 0x8000, /* a text in the code page of the other bits */
	TYPE_UNICODE = 0x1f,
};

static bool is_marker(uint32_t tag)
{
	static const uint32_t markers[] = {0x40000003, 0x40010003, 0x40020003, 0x40030003,
	        0x40040003, 0x40090003, 0x400a0003, 0x400b0003, 0x400c0003, 0x400d0003, 0x400e0003,
	        0x40100003, 0x40120003, 0x40130003, 0x40140003, 0x40150003, 0x40180003, 0x402f0003,
	        0x403a0003, 0x403b0003, 0x4074000b, 0x4075000b, 0x407b0102, 0x407d0003};

	for (size_t i = 0; i < COUNT(markers); i++)
		if (markers[i] == tag)
			return true;
	return false;
}

/* Octets of a value that has no length of its own, 0: it has one; -1: no such type. */
static int size_of(unsigned type)
{
	switch (type) {
	case 0x02:
	case 0x0b: /* a boolean has two, here */
		return 2;
	case 0x03:
	case 0x04:
	case 0x0a:
		return 4;
	case 0x05:
	case 0x06:
	case 0x07:
	case 0x14:
	case 0x40:
		return 8;
	case 0x48:
		return 16;
	case 0x0d:
	case 0x1e:
	case TYPE_UNICODE:
	case 0xfb:
	case 0xfd:
	case 0xfe:
	case 0x102:
		return 0;
	default:
		return type & CODE_PAGE ? 0 : -1;
	}
}

static unsigned type_of_one(const struct fx_cut *c)
{
	return c->type & CODE_PAGE ? c->type : c->type & ~(unsigned)MULTIPLE;
}

static bool is_wide(const struct fx_cut *c)
{
	return type_of_one(c) == TYPE_UNICODE;
}

static void next_value(struct fx_cut *c)
{
	int size = size_of(type_of_one(c));

	if (c->values == 0) {
		c->state = AT_TAG;
	} else if (size == 0) {
		c->values--;
		c->state = AT_LENGTH;
	} else {
		c->values--;
		c->left = (uint32_t)size;
		c->may_cut = false;
		c->state = AT_VALUE;
	}
}

/* A value, or several, begin. */
static void begin_value(struct fx_cut *c)
{
	if (size_of(type_of_one(c)) < 0) {
		c->state = AT_NOTHING;
	} else if (!(c->type & CODE_PAGE) && c->type & MULTIPLE) {
		c->state = AT_COUNT;
	} else {
		c->values = 1;
		next_value(c);
	}
}

/* Four octets are whole. */
static void take_number(struct fx_cut *c)
{
	uint32_t v = le32(c->few);

	switch (c->state) {
	case AT_TAG:
		c->type = (uint16_t)v;
		if (is_marker(v))
			return;
		if (v >> 16 < 0x8000) {
			begin_value(c);
		} else {
			c->left = NAME_OCTETS;
			c->state = AT_NAME;
		}
		return;
	case AT_LID:
		begin_value(c);
		return;
	case AT_COUNT:
		c->values = v;
		next_value(c);
		return;
	default: /* AT_LENGTH */
		c->left = v;
		c->may_cut = true;
		c->state = AT_VALUE;
		if (v == 0)
			next_value(c);
	}
}

/* One octet where octets count one by one. */
static void take_octet(struct fx_cut *c, uint8_t octet)
{
	if (c->state == AT_NAME) {
		if (--c->left == 0)
			c->state = octet ? AT_TEXT : AT_LID;
		return;
	}
	c->few[c->n_few++] = octet;
	if (c->state == AT_TEXT && c->n_few == 2) {
		c->n_few = 0;
		if (le16(c->few) == 0)
			begin_value(c);
	} else if (c->n_few == 4) {
		c->n_few = 0;
		take_number(c);
	}
}

/* As much of a value as there is: the place behind it where it may be cut, else ${best}. */
static size_t take_value(struct fx_cut *c, size_t n, size_t *at, size_t best)
{
	size_t k = MIN((size_t)c->left, n - *at);

	*at += k;
	c->left -= (uint32_t)k;
	if (c->may_cut && !(is_wide(c) && c->left % 2))
		best = *at;
	else if (c->may_cut && k > 1)
		best = *at - 1;
	if (c->left == 0)
		next_value(c);
	return best;
}

size_t fx_cut(struct fx_cut *c, const uint8_t *p, size_t n)
{
	size_t best = 0;

	for (size_t at = 0; at < n;) {
		if (c->state == AT_NOTHING)
			return n;
		if (c->state == AT_VALUE)
			best = take_value(c, n, &at, best);
		else
			take_octet(c, p[at++]);
		if (c->state == AT_TAG && c->n_few == 0)
			best = at;
	}
	return best;
}
