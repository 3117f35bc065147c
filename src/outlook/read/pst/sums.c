/* Checksums of blocks and pages: MS-PST 5.3, a CRC-32 that begins with 0 and ends as it is. */
#include "outlook/read/pst/sums.h"
#include <string.h>
#include <zlib.h>
#include "valise/base/mem.h"
#include "valise/base/le.h"

enum { VERSION_AT = 10, VERSION_ANSI = 15, VERSION_UNICODE = 23 };

/* Where things are, by the end of a page or block. */
static const struct layout {
	size_t page, page_end, page_sum; /* octets of both, and where the sum is in the latter */
	size_t block_end, block_sum, unit; /* blocks are so many units of octets */
} layouts[] = {
        [PST_ANSI] = {512, 12, 8, 12, 8, 64},
        [PST_UNICODE] = {512, 16, 4, 16, 4, 64},
        [PST_4K] = {4096, 24, 4, 24, 4, 512},
};

enum pst_kind pst_kind_of(const uint8_t *head, size_t n)
{
	unsigned version = n < VERSION_AT + 2 ? 0 : (unsigned)le_get(head + VERSION_AT, 2);

	if (version == 0)
		return PST_NO_SUMS;
	return version <= VERSION_ANSI      ? PST_ANSI
	       : version <= VERSION_UNICODE ? PST_UNICODE
	                                    : PST_4K;
}

/* zlib's begins and ends with all bits changed. */
static uint32_t sum_of(const uint8_t *p, size_t n)
{
	return ~(uint32_t)crc32_z(UINT32_MAX, p, n);
}

static bool matches(const uint8_t *p, size_t n, const uint8_t *sum)
{
	return le_get(sum, 4) == sum_of(p, n);
}

/* Its type, twice, at its end: 0x80 (a B-tree of blocks) to 0x86. */
static bool is_page(const struct layout *l, const uint8_t *p, size_t n)
{
	const uint8_t *end = p + n - l->page_end;

	return n == l->page && end[0] == end[1] && end[0] >= 0x80 && end[0] <= 0x86;
}

bool pst_sound(enum pst_kind kind, const uint8_t *p, size_t n)
{
	const struct layout *l = &layouts[kind];
	size_t len;

	if (kind == PST_NO_SUMS || n == 0 || n % l->unit != 0)
		return true; /* a part of the head */
	len = (size_t)le_get(p + n - l->block_end, 2);
	if (len && (len + l->block_end + l->unit - 1) / l->unit * l->unit == n)
		return matches(p, len, p + n - l->block_end + l->block_sum);
	return is_page(l, p, n) && matches(p, n - l->page_end, p + n - l->page_end + l->page_sum);
}
