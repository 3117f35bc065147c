/*
 * A message in another form: what comes in is made into lines, what goes out is gathered.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "internal.h"

const char *mend_name(unsigned bit)
{
	static const char *const names[] = {"a final CRLF", "line ends made CRLF",
	        "NUL encoded or left out", "invalid header lines made fields",
	        "8-bit header fields as encoded words", "long lines re-encoded or folded"};

	for (unsigned i = 0; i < COUNT(names); i++)
		if (bit == 1u << i)
			return names[i];
	return "wrapped as an attachment";
}

struct mend *mend_new(unsigned what, const uint8_t sha256[SHA256_LEN])
{
	struct mend *m = xcalloc(1, sizeof *m);

	m->what = what;
	memcpy(m->sha256, sha256, SHA256_LEN);
	buf_init(&m->line, PIECE_MAX);
	buf_init(&m->field, FIELD_MAX);
	buf_init(&m->out, OUT_MAX);
	buf_init(&m->cover, 64u << 10);
	m->looking = true;
	walk_start(m);
	return m;
}

void mend_free(struct mend *m)
{
	if (!m)
		return;
	buf_clear(&m->line);
	buf_clear(&m->field);
	buf_clear(&m->out);
	buf_clear(&m->cover);
	free(m->parts);
	free(m);
}

/* ---- going out ---- */

static void flush_out(struct mend *m)
{
	if (m->out.len && m->rc == 0)
		m->rc = m->write(m->ctx, m->out.data, m->out.len, m->err);
	buf_reset(&m->out);
}

/* Octets without NUL, handed on in pieces. */
static void emit_run(struct mend *m, const uint8_t *p, size_t n)
{
	while (n) {
		size_t k = buf_fill(&m->out, p, n);

		if (m->out.len == OUT_MAX)
			flush_out(m);
		m->out_last = p[k - 1];
		p += k;
		n -= k;
	}
}

void mend_emit(struct mend *m, const void *p, size_t n)
{
	const uint8_t *s = p, *end = s + n;

	if (m->looking || m->rc < 0)
		return;
	while (s < end) {
		const uint8_t *nul = m->what & MEND_NUL ? memchr(s, 0, (size_t)(end - s)) : NULL;

		emit_run(m, s, (size_t)((nul ? nul : end) - s));
		s = nul ? nul + 1 : end;
	}
}

/* ---- coming in ---- */

static void note_flaws(struct mend *m, const uint8_t *p, size_t n)
{
	bool cr = m->cr;

	if (memchr(p, 0, n))
		m->flaws |= MEND_NUL;
	for (size_t i = 0; i < n; i++) {
		if ((p[i] == '\n') != cr)
			m->flaws |= MEND_LINES;
		cr = p[i] == '\r';
	}
	if (n)
		m->last = p[n - 1];
}

/* Bare CR and LF made CRLF. */
static void straighten_lines(struct mend *m, const uint8_t *p, size_t n)
{
	size_t from = 0;

	for (size_t i = 0; i < n; i++) {
		if (p[i] != '\r' && p[i] != '\n' && !m->cr)
			continue;
		walk_add(m, p + from, i - from);
		from = i;
		if (m->cr || p[i] == '\n')
			walk_add(m, (const uint8_t *)"\r\n", 2);
		if (p[i] == '\r' || p[i] == '\n')
			from = i + 1;
		m->cr = p[i] == '\r';
	}
	walk_add(m, p + from, n - from);
}

/* A piece of the message: looked at, or its lines made straight and walked through. */
static void take_octets(struct mend *m, const uint8_t *p, size_t n)
{
	if (m->looking) {
		note_flaws(m, p, n);
		m->size += n;
	}
	if (n == 0)
		return;
	if (m->what & MEND_LINES) {
		straighten_lines(m, p, n);
	} else {
		m->cr = p[n - 1] == '\r';
		walk_add(m, p, n);
	}
}

/* A CR that nothing follows, and the end of the walk. */
static void take_end(struct mend *m)
{
	if (m->cr && m->what & MEND_LINES)
		walk_add(m, (const uint8_t *)"\r\n", 2);
	walk_end(m);
}

void mend_look(struct mend *m, const void *p, size_t n)
{
	take_octets(m, p, n);
}

static void finish_look(struct mend *m)
{
	if (!m->looking)
		return;
	if (m->cr)
		m->flaws |= MEND_LINES;
	if (m->last != '\n')
		m->flaws |= MEND_END;
	take_end(m);
	m->looking = false;
}

unsigned mend_flaws(struct mend *m)
{
	finish_look(m);
	return m->flaws;
}

void mend_start(struct mend *m, mend_write_fn write, void *ctx)
{
	finish_look(m);
	m->write = write;
	m->ctx = ctx;
	m->rc = 0;
	m->cr = false;
	m->out_last = 0;
	buf_reset(&m->out);
	walk_start(m);
	if (m->what == MEND_WRAP)
		cover_start(m);
}

int mend_add(struct mend *m, const void *p, size_t n, struct err *err)
{
	m->err = err;
	if (m->what == MEND_WRAP)
		cover_add(m, p, n);
	else if (m->rc == 0)
		take_octets(m, p, n);
	return m->rc;
}

int mend_end(struct mend *m, struct err *err)
{
	m->err = err;
	if (m->what == MEND_WRAP)
		cover_end(m);
	else
		take_end(m);
	if (m->what & MEND_END && m->out_last != '\n')
		mend_emit(m, m->out_last == '\r' ? "\n" : "\r\n", m->out_last == '\r' ? 1 : 2);
	flush_out(m);
	return m->rc;
}
