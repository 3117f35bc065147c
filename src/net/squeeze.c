/*
 * COMPRESS=DEFLATE (RFC 4978): raw deflate (RFC 1951) both ways, flushed after each
 * write.
 */
#include "transport_internal.h"
#include "valise/base/mem.h"
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define CHUNK 16384

struct squeeze {
	z_stream in, out;
	uint8_t packed[CHUNK];
};

struct squeeze *squeeze_new(void)
{
	struct squeeze *d = xcalloc(1, sizeof *d);

	/*
	 * Commands are short and mail is mostly base64: higher levels cost time and gain
	 * little.
	 */
	if (inflateInit2(&d->in, -MAX_WBITS) != Z_OK)
		goto out;
	if (deflateInit2(&d->out, Z_BEST_SPEED, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) !=
	        Z_OK) {
		inflateEnd(&d->in);
		goto out;
	}
	return d;
out:
	free(d);
	return NULL;
}

void squeeze_free(struct squeeze *d)
{
	if (!d)
		return;
	inflateEnd(&d->in);
	deflateEnd(&d->out);
	free(d);
}

bool squeeze_feed(struct squeeze *d, const void *p, size_t n)
{
	size_t have = d->in.avail_in;

	if (n > sizeof d->packed - have)
		return false;
	if (have)
		memmove(d->packed, d->in.next_in, have);
	if (n)
		memcpy(d->packed + have, p, n);
	d->in.next_in = d->packed;
	d->in.avail_in = (unsigned)(have + n);
	return true;
}

ssize_t squeeze_recv(struct transport *t, void *p, size_t n, bool wait)
{
	struct squeeze *d = t->deflate;
	unsigned room = n > INT32_MAX ? INT32_MAX : (unsigned)n;

	d->in.next_out = p;
	d->in.avail_out = room;
	for (;;) {
		int rc = inflate(&d->in, Z_SYNC_FLUSH);
		ssize_t got;

		if (d->in.avail_out < room)
			return (ssize_t)(room - d->in.avail_out);
		if (rc == Z_STREAM_END)
			return transport_fail(t, ERR_NET, "the server ended the compressed stream");
		if (rc != Z_OK && rc != Z_BUF_ERROR)
			return transport_fail(
			        t, ERR_PROTO, "the compressed data from the server is corrupt");
		got = wire_recv(t, d->packed, sizeof d->packed, wait);
		if (got <= 0)
			return got;
		d->in.next_in = d->packed;
		d->in.avail_in = (unsigned)got;
	}
}

/* Compress ${n} octets and send what comes of it. */
static int deflate_chunk(struct transport *t, const uint8_t *p, size_t n, int flush)
{
	z_stream *z = &t->deflate->out;
	uint8_t packed[CHUNK];

	/* zlib does not write to its input; its type only lacks the const. */
	z->next_in = (uint8_t *)(uintptr_t)p;
	z->avail_in = (unsigned)n;
	do {
		z->next_out = packed;
		z->avail_out = sizeof packed;
		(void)deflate(z, flush); /* Z_BUF_ERROR: nothing left to flush */
		if (z->avail_out < sizeof packed &&
		        wire_send(t, packed, sizeof packed - z->avail_out) != 0)
			return -1;
	} while (z->avail_out == 0);
	return 0;
}

int squeeze_send(struct transport *t, const void *p, size_t n)
{
	const uint8_t *s = p;

	while (n > INT32_MAX) {
		if (deflate_chunk(t, s, INT32_MAX, Z_NO_FLUSH) != 0)
			return -1;
		s += INT32_MAX;
		n -= INT32_MAX;
	}
	return deflate_chunk(t, s, n, Z_SYNC_FLUSH);
}
