/* The octets of a part: read, and their transfer encoding undone (RFC 2045 6). */
#include <gmime/gmime.h>
#include "mime/internal.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 64 << 10 };

int mime_read(const struct mime_octets *o, uint64_t at, void *p, size_t n, size_t *got_out,
        struct err *err)
{
	*got_out = 0;
	if (at >= o->size)
		return 0;
	n = (size_t)MIN((uint64_t)n, o->size - at);
	if (o->fd >= 0)
		return fd_pread(o->fd, p, n, at, got_out, err);
	memcpy(p, o->p + at, n);
	*got_out = n;
	return 0;
}

int mime_octets(struct mime_message *m, uint64_t from, uint64_t to, mime_write_fn write, void *ctx,
        struct err *err)
{
	char *chunk = xmalloc(CHUNK);
	size_t got = 1;
	int rc = 0;

	while (from < to && got > 0 && rc == 0) {
		rc = mime_read(&m->octets, from, chunk, (size_t)MIN((uint64_t)CHUNK, to - from),
		        &got, err);
		if (rc == 0 && got > 0)
			rc = write(ctx, chunk, got, err);
		from += got;
	}
	free(chunk);
	return rc;
}

static void start_gmime(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, g_mime_init);
}

/* Where the encoded lines begin: behind "begin MODE NAME"; the body's begin where that lacks. */
static int find_begin(
        const struct mime_message *m, const struct mime_entry *e, uint64_t *at_out, struct err *err)
{
	char *p = xmalloc(CHUNK);
	const char *line = p, *end;
	size_t got;
	int rc = mime_read(
	        &m->octets, e->body, p, (size_t)MIN((uint64_t)CHUNK, e->end - e->body), &got, err);

	*at_out = e->body;
	for (end = p + got; rc == 0 && line < end; line++) {
		const char *lf = memchr(line, '\n', (size_t)(end - line));

		if (lf && lf - line > 6 && memcmp(line, "begin ", 6) == 0) {
			*at_out = e->body + (uint64_t)(lf + 1 - p);
			break;
		}
		line = lf ? lf : end;
	}
	free(p);
	return rc;
}

struct decoder {
	GMimeEncoding state;
	bool coded; /* there is something to undo */
	unsigned char *out; /* room for what a chunk becomes */
};

static int decoder_init(struct decoder *d, const struct mime_message *m, const struct mime_entry *e,
        uint64_t *at_out, struct err *err)
{
	static const GMimeContentEncoding codes[] = {[MIME_BASE64] = GMIME_CONTENT_ENCODING_BASE64,
	        [MIME_QUOTED] = GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE,
	        [MIME_UUENCODED] = GMIME_CONTENT_ENCODING_UUENCODE};
	int rc = 0;

	*d = (struct decoder){.coded = e->encoding != MIME_PLAIN};
	*at_out = e->body;
	if (!d->coded)
		return 0;
	start_gmime();
	g_mime_encoding_init_decode(&d->state, codes[e->encoding]);
	if (e->encoding == MIME_UUENCODED) {
		rc = find_begin(m, e, at_out, err);
		d->coded = *at_out > e->body;
		d->state.state |= GMIME_UUDECODE_STATE_BEGIN;
	}
	d->out = xmalloc(g_mime_encoding_outlen(&d->state, CHUNK));
	return rc;
}

static int decode_chunk(
        struct decoder *d, const char *p, size_t n, mime_write_fn write, void *ctx, struct err *err)
{
	if (d->coded) {
		n = g_mime_encoding_step(&d->state, p, n, (char *)d->out);
		p = (const char *)d->out;
	}
	return n > 0 ? write(ctx, p, n, err) : 0;
}

/*
 * How much of base64 there is up to the padding that ends it (RFC 2045 6.8): what mailing lists
 * put behind it is none, whatever a version of GMime makes of it.
 */
static size_t until_padding(const char *p, size_t n, bool *ended_out)
{
	const char *pad = memchr(p, '=', n);

	*ended_out = pad != NULL;
	if (!pad)
		return n;
	while (pad < p + n && *pad == '=')
		pad++;
	return (size_t)(pad - p);
}

int mime_decode(const struct mime_message *m, const struct mime_entry *e, mime_write_fn write,
        void *ctx, struct err *err)
{
	struct decoder d;
	char *chunk = xmalloc(CHUNK);
	bool ended = false;
	uint64_t at;
	int rc = decoder_init(&d, m, e, &at, err);

	while (at < e->end && rc == 0 && !ended) {
		size_t n = (size_t)MIN((uint64_t)CHUNK, e->end - at), got;

		rc = mime_read(&m->octets, at, chunk, n, &got, err);
		if (rc < 0 || got == 0)
			break;
		at += got;
		if (e->encoding == MIME_BASE64)
			got = until_padding(chunk, got, &ended);
		rc = decode_chunk(&d, chunk, got, write, ctx, err);
	}
	/* What was cut before its padding has its last octets, too. */
	if (rc == 0 && e->encoding == MIME_BASE64)
		rc = decode_chunk(&d, "=", 1, write, ctx, err);
	free(d.out);
	free(chunk);
	return rc;
}
int mime_part_octets(
        struct mime_message *m, size_t i, mime_write_fn write, void *ctx, struct err *err)
{
	const struct mime_entry *e = &m->entries[i];
	int rc = e->part.multipart ? 0 : mime_decode(m, e, write, ctx, err);

	return MIN(rc, 0);
}
