/*
 * Content codings (RFC 9110 8.4.1, RFC 1952). Done here and not by libcurl, which takes a
 * gzip stream that was cut off for a whole one.
 */
#include "internal.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include <string.h>
#include <strings.h>

/* names without end, members with nothing in them */
#define IN_VAIN_MAX ((size_t)1 << 20)

/*
 * No coding, though some servers write it there: the name of a character set, a content
 * type, a word for "none".
 */
static bool is_no_coding(const char *s, size_t n)
{
	static const char *const words[] = {
	        "identity", "none", "null", "utf-8", "utf8", "us-ascii", "8bit", "7bit", "binary"};

	for (size_t i = 0; i < COUNT(words); i++)
		if (text_is(s, n, words[i]))
			return true;
	return n == 0 || strncasecmp(s, "iso-8859-", 9) == 0 || strncasecmp(s, "text/", 5) == 0 ||
	       strncasecmp(s, "application/", 12) == 0;
}

bool http_decoder_set(struct http_decoder *d, const char *coding)
{
	size_t n = strlen(coding);

	if (is_no_coding(coding, n))
		return true;
	if (d->gzip || !(text_is(coding, n, "gzip") || text_is(coding, n, "x-gzip")))
		return false;
	memset(&d->z, 0, sizeof d->z);
	/* 16: a gzip header and its CRC are demanded. */
	d->gzip = inflateInit2(&d->z, 15 + 16) == Z_OK;
	return d->gzip;
}

void http_decoder_clear(struct http_decoder *d)
{
	if (d->gzip)
		inflateEnd(&d->z);
	memset(d, 0, sizeof *d);
}

bool http_decoder_whole(const struct http_decoder *d)
{
	return !d->gzip || !d->began || d->ended;
}

/*
 * One member ended with input left: another member follows, or padding that nobody needs.
 */
static bool next_member(struct http_decoder *d)
{
	if (d->z.next_in[0] != 0x1f)
		return false;
	d->ended = false;
	return inflateReset(&d->z) == Z_OK;
}

int http_decode(struct http_decoder *d, const void *p, size_t n,
        int (*sink)(void *ctx, const void *p, size_t n), void *ctx, struct err *err)
{
	uint8_t out[16384];
	int rc, z = Z_OK;

	if (!d->gzip)
		return sink(ctx, p, n);
	d->began = d->began || n;
	d->in_vain += n;
	if (d->in_vain > IN_VAIN_MAX)
		return err_set(err, ERR_LIMIT, ERR_ITEM,
		        "the gzip coding goes on and on, and there is nothing in it");
	d->z.next_in = (z_const Bytef *)(uintptr_t)p;
	d->z.avail_in = (uInt)n;
	do {
		if (d->ended && (d->z.avail_in == 0 || !next_member(d)))
			return 0;
		d->z.next_out = out;
		d->z.avail_out = sizeof out;
		z = inflate(&d->z, Z_NO_FLUSH);
		if (z != Z_OK && z != Z_STREAM_END && z != Z_BUF_ERROR)
			return err_set(err, ERR_PROTO, ERR_ITEM, "the gzip coding is damaged: %s",
			        d->z.msg ? d->z.msg : "no reason known");
		d->ended = z == Z_STREAM_END;
		if (d->z.avail_out < sizeof out)
			d->in_vain = 0;
		rc = sink(ctx, out, sizeof out - d->z.avail_out);
	} while (rc == 0 && (d->z.avail_in || d->z.avail_out == 0));
	return rc;
}
