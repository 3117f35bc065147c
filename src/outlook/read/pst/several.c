/* Properties with several values: MS-PST 2.3.3.4 into MS-OXCDATA 2.11.1. */
#include "outlook/read/pst/pst.h"
#include "valise/base/le.h"

static bool add_number(struct buf *out, uint64_t v)
{
	uint8_t b[4];

	le_put(b, v, sizeof b);
	return buf_add(out, b, sizeof b) == 0;
}

/* Texts end without a NUL. */
static size_t without_nul(uint16_t type, const uint8_t *p, size_t n)
{
	if (type == (BAG_STRING8 | BAG_MULTIPLE) && n >= 1 && p[n - 1] == 0)
		return n - 1;
	if (type == (BAG_UNICODE | BAG_MULTIPLE) && n >= 2 && n % 2 == 0 && p[n - 1] == 0 &&
	        p[n - 2] == 0)
		return n - 2;
	return n;
}

bool pst_several(uint16_t type, const uint8_t *p, size_t n, struct buf *out)
{
	size_t width = bag_type_size(type), count;

	if (width)
		return n % width == 0 && add_number(out, n / width) && buf_add(out, p, n) == 0;
	if (n == 0)
		return add_number(out, 0);
	if (n < 4)
		return false;
	count = (size_t)le_get(p, 4);
	if (count > (n - 4) / 4 || !add_number(out, count))
		return false;
	for (size_t i = 0; i < count; i++) {
		size_t from = (size_t)le_get(p + 4 + 4 * i, 4);
		size_t to = i + 1 < count ? (size_t)le_get(p + 8 + 4 * i, 4) : n;
		size_t len;

		if (from < 4 + 4 * count || from > to || to > n)
			return false;
		len = without_nul(type, p + from, to - from);
		if (!add_number(out, len) || buf_add(out, p + from, len) < 0)
			return false;
	}
	return true;
}
