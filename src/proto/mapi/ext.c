/* Extended buffers, and the ROP answers in them: MS-OXCRPC 2.2.2.1, MS-OXCROPS 2.2.1. */
#include "wire.h"
#include "valise/base/le.h"
#include "valise/base/mem.h"
#include <stdlib.h>

enum {
	HEADER = 8,
	COMPRESSED = 1,
	XOR_MAGIC = 2,
	LAST = 4,
	MAGIC = 0xa5,
	PAYLOAD_MAX = 65535, /* as a size of two octets has it */
};

static int malformed(struct err *err, const char *why)
{
	return err_set(err, ERR_PROTO, ERR_ITEM, "a buffer of the answer is malformed: %s", why);
}

/* A payload whose flags are ${flags}, decoded: *p, *n. ${room}: 2 * PAYLOAD_MAX octets. */
static int decode(
        uint32_t flags, const uint8_t **p, size_t *n, size_t actual, uint8_t *room, struct err *err)
{
	uint8_t *plain = room + PAYLOAD_MAX;

	if (flags & XOR_MAGIC) {
		for (size_t i = 0; i < *n; i++)
			room[i] = (*p)[i] ^ MAGIC;
		*p = room;
	}
	if (flags & COMPRESSED) {
		if (!mapi_lzxpress(*p, *n, plain, actual))
			return malformed(err, "what is compressed in it is damaged");
		*p = plain;
		*n = actual;
	}
	return *n == actual ? 0 : malformed(err, "its two sizes differ");
}

/* One header and its payload; *used: octets of both. */
static int read_one(
        const uint8_t *p, size_t n, uint8_t *room, mapi_payload_fn each, void *ctx, struct err *err)
{
	uint32_t flags = le16(p + 2);
	size_t size = le16(p + 4), actual = le16(p + 6);
	int rc;

	if (le16(p) != 0 || flags & ~(uint32_t)(COMPRESSED | XOR_MAGIC | LAST))
		return malformed(err, "its version or flags are not known");
	if (size > n - HEADER)
		return malformed(err, "it is cut short");
	p += HEADER;
	rc = decode(flags, &p, &size, actual, room, err);
	return rc < 0 ? rc : each(ctx, p, size, err);
}

int mapi_payloads(const uint8_t *p, size_t n, mapi_payload_fn each, void *ctx, struct err *err)
{
	uint8_t *room = xmalloc((size_t)2 * PAYLOAD_MAX);
	bool last = false;
	int rc = 0;

	while (rc >= 0 && n >= HEADER && !last) {
		rc = read_one(p, n, room, each, ctx, err);
		if (rc < 0)
			break;
		last = le16(p + 2) & LAST;
		n -= HEADER + le16(p + 4);
		p += HEADER + le16(p + 4);
	}
	free(room);
	if (rc < 0)
		return rc;
	if (!last)
		return malformed(err, "the last one is not marked");
	return n ? malformed(err, "something follows the last one") : 0;
}

int mapi_rop_answer(const uint8_t *p, size_t n, mapi_answer_fn each, void *ctx, struct err *err)
{
	uint32_t handles[MAPI_HANDLES_MAX];
	struct mapi_answer a = {.handles = handles};
	size_t size = n >= 2 ? le16(p) : 0;

	if (size < 2 || size > n || (n - size) % 4)
		return malformed(err, "the size of its ROPs is wrong");
	a.n_handles = (n - size) / 4;
	if (a.n_handles > MAPI_HANDLES_MAX)
		return err_set(err, ERR_LIMIT, ERR_ITEM, "an answer has %zu handles", a.n_handles);
	for (size_t i = 0; i < a.n_handles; i++)
		handles[i] = le32(p + size + 4 * i);
	a.rops = p + 2;
	a.n_rops = size - 2;
	return each(ctx, &a, err);
}
