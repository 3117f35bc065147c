/* Compressed RTF: MS-OXRTFCP. */
#include "valise/base/le.h"
#include "valise/outlook/rtf.h"
#include <string.h>
#include <zlib.h>
#include "valise/base/mem.h"

enum {
	HEADER_LEN = 16,
	DICTIONARY_SIZE = 4096,
	COMPRESSED = 0x75465a4c, /* "LZFu" */
	UNCOMPRESSED = 0x414c454d, /* "MELA" */
};
/* What the dictionary begins with, 2.1.2.1. */
static const char initial[] =
        "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss "
        "\\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier"
        "{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

/* 2.1.3.2: that of RFC 1952 without its two inversions. */
static uint32_t crc_of(const uint8_t *p, size_t n)
{
	return ~(uint32_t)crc32_z(UINT32_MAX, p, n);
}

struct lzfu {
	uint8_t dictionary[DICTIONARY_SIZE];
	unsigned at; /* where the next octet is written */
	struct buf *out;
	size_t room;
};

static int put(struct lzfu *z, uint8_t octet)
{
	z->dictionary[z->at] = octet;
	z->at = (z->at + 1) % DICTIONARY_SIZE;
	if (z->room == 0)
		return ERR_LIMIT;
	z->room--;
	return buf_addc(z->out, (char)octet);
}

/* 2.2.3. *ended_out: the reference that is the end was there. */
static int expand(struct lzfu *z, const uint8_t *p, size_t n, bool *ended_out)
{
	const uint8_t *end = p + n;
	int rc = 0;

	*ended_out = false;
	while (p < end) {
		uint8_t control = *p++;

		for (int bit = 0; bit < 8 && p < end && rc == 0; bit++) {
			unsigned from, len;

			if (!(control >> bit & 1)) {
				rc = put(z, *p++);
				continue;
			}
			if (end - p < 2)
				return 0;
			from = (unsigned)p[0] << 4 | p[1] >> 4;
			len = (p[1] & 15u) + 2;
			p += 2;
			if (from == z->at) {
				*ended_out = true;
				return 0;
			}
			for (; len > 0 && rc == 0; len--, from = (from + 1) % DICTIONARY_SIZE)
				rc = put(z, z->dictionary[from]);
		}
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int damaged(struct err *err, const char *what)
{
	return err_set(err, ERR_DAMAGED, ERR_ITEM, "compressed RTF: %s", what);
}

static int inflate_checked(const uint8_t *p, size_t n, uint32_t raw_size, uint32_t crc,
        struct buf *out, struct err *err)
{
	struct lzfu z = {.at = sizeof initial - 1, .out = out, .room = RTF_MAX};
	size_t before = out->len;
	bool ended;

	memcpy(z.dictionary, initial, sizeof initial - 1);
	memset(z.dictionary + z.at, ' ', DICTIONARY_SIZE - z.at);
	if (expand(&z, p, n, &ended) < 0)
		return err_set(
		        err, ERR_LIMIT, ERR_ITEM, "compressed RTF: more than %d octets", RTF_MAX);
	if (!ended)
		return damaged(err, "its end is missing");
	if (out->len - before != raw_size)
		return damaged(err, "it has another length than it says");
	return crc_of(p, n) == crc ? 0 : damaged(err, "its checksum is wrong");
}

int lzfu_inflate(const void *octets, size_t n, struct buf *out, struct err *err)
{
	const uint8_t *p = octets;
	uint32_t size, raw_size, kind;
	size_t rest;

	if (n >= 5 && memcmp(p, "{\\rtf", 5) == 0) { /* some programs do not know of the format */
		if (n > RTF_MAX || buf_add(out, p, n) < 0)
			return err_set(
			        err, ERR_LIMIT, ERR_ITEM, "RTF of more than %d octets", RTF_MAX);
		return damaged(err, "it is not compressed");
	}
	if (n < HEADER_LEN)
		return damaged(err, "its header is cut off");
	size = le32(p);
	raw_size = le32(p + 4);
	kind = le32(p + 8);
	/* The size counts all but itself. */
	rest = n - HEADER_LEN;
	if (size >= HEADER_LEN - 4 && size - (HEADER_LEN - 4) < rest)
		rest = size - (HEADER_LEN - 4);
	if (kind == COMPRESSED)
		return inflate_checked(p + HEADER_LEN, rest, raw_size, le32(p + 12), out, err);
	if (kind != UNCOMPRESSED)
		return damaged(err, "it is of an unknown kind");
	if (MIN(rest, raw_size) > RTF_MAX || buf_add(out, p + HEADER_LEN, MIN(rest, raw_size)) < 0)
		return err_set(err, ERR_LIMIT, ERR_ITEM, "RTF of more than %d octets", RTF_MAX);
	return rest < raw_size ? damaged(err, "its end is missing") : 0;
}
