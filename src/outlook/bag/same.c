/* Do two properties say the same? Types and code pages that mean the same value are. */
#include <string.h>
#include <stdlib.h>
#include "outlook/bag/internal.h"
#include "valise/base/hash.h"
#include "valise/base/mem.h"

int bag_prop_order(const struct bag_prop *a, const struct bag_prop *b)
{
	struct bag_ident x = ident_of(a), y = ident_of(b);

	return ident_order(&x, &y);
}

static bool is_whole_number(unsigned type)
{
	return type == BAG_INT16 || type == BAG_INT32 || type == BAG_INT64 || type == BAG_BOOLEAN;
}

static int64_t number_of(const struct bag_prop *p)
{
	switch (p->type) {
	case BAG_INT16:
		return (int16_t)le16(p->data);
	case BAG_BOOLEAN:
		return le16(p->data) != 0;
	case BAG_INT32:
		return (int32_t)le32(p->data);
	default:
		return (int64_t)le64(p->data);
	}
}

static int add_octets(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	sha256_add(ctx, p, n);
	return 0;
}

/* Several texts: the length and octets of each, as UTF-8. */
static int add_texts(
        const struct bag *b, const struct bag_prop *p, struct sha256 *into, struct err *err)
{
	uint64_t at = 4;
	uint8_t four[4];
	int rc = 0;

	while (rc == 0 && at < p->len) {
		uint64_t len;
		char *text = NULL;

		rc = prop_read(b, p, at, four, sizeof four, err);
		len = rc == 0 ? le32(four) : 0;
		if (rc == 0)
			text = prop_text(b, p, at + 4, len, BAG_TEXT_MAX);
		sha256_add(into, text ? text : "", (text ? strlen(text) : 0) + 1);
		free(text);
		at += 4 + len;
	}
	return rc;
}

/* Octets as they are, or texts as UTF-8. bag_stream changes nothing of the bag. */
static int sum_of(const struct bag *b, const struct bag_prop *p, bool as_text,
        uint8_t out[SHA256_LEN], struct err *err)
{
	struct sha256 h;
	int rc;

	sha256_start(&h);
	if (!as_text)
		rc = bag_stream((struct bag *)b, p, add_octets, &h, err);
	else if (p->type & BAG_MULTIPLE)
		rc = add_texts(b, p, &h, err);
	else
		rc = bag_stream_text((struct bag *)b, p, add_octets, &h, err);
	sha256_end(&h, out);
	return rc;
}

static bool same_sum(const struct bag *a, const struct bag_prop *x, const struct bag *b,
        const struct bag_prop *y, bool as_text)
{
	uint8_t of_a[SHA256_LEN], of_b[SHA256_LEN];
	struct err err;

	return sum_of(a, x, as_text, of_a, &err) == 0 && sum_of(b, y, as_text, of_b, &err) == 0 &&
	       memcmp(of_a, of_b, sizeof of_a) == 0;
}

bool bag_prop_same(const struct bag *a, const struct bag_prop *x, const struct bag *b,
        const struct bag_prop *y)
{
	if (is_whole_number(x->type) && is_whole_number(y->type))
		return number_of(x) == number_of(y);
	if (type_is_text(x->type) && type_is_text(y->type) &&
	        (x->type & BAG_MULTIPLE) == (y->type & BAG_MULTIPLE))
		return same_sum(a, x, b, y, true);
	if (x->type != y->type || x->len != y->len)
		return false;
	if (x->data && y->data)
		return memcmp(x->data, y->data, (size_t)x->len) == 0;
	return same_sum(a, x, b, y, false);
}
