/*
 * The cover message: who, when and what about as in the original, which is attached,
 * octet for octet, in base64.
 */
#include <string.h>
#include "valise/base/mem.h"
#include "internal.h"

enum { COVER_FIELD_MAX = 4096, ROW = 57 };

static const char *const names[] = {"From", "To", "Date", "Subject", "Message-ID"};

/* Has the cover message a field of that name already? */
static bool cover_has(const struct mend *m, const char *name)
{
	size_t from = 0;

	while (from < m->cover.len) {
		const uint8_t *p = m->cover.data + from;

		if (field_named(p, m->cover.len - from, name))
			return true;
		from += (size_t)((const uint8_t *)memchr(p, '\n', m->cover.len - from) - p) + 1;
	}
	return false;
}

/* The first of each of the names is taken over, on clean lines. */
void cover_field(struct mend *m, const uint8_t *p, size_t n)
{
	struct buf plain = buf_of(COVER_FIELD_MAX + 2), coded = buf_of(20 * COVER_FIELD_MAX);
	bool wanted = false;

	for (size_t i = 0; i < COUNT(names); i++)
		wanted |= !field_is_bad(p, n) && field_named(p, n, names[i]) &&
		          !cover_has(m, names[i]);
	if (!wanted || n > COVER_FIELD_MAX)
		return;
	for (size_t i = 0; i < n; i++)
		if (p[i] != '\r' && p[i] != '\n' && p[i])
			buf_put(&plain, &p[i], 1);
	buf_puts(&plain, "\r\n");
	if (octets_8bit(plain.data, plain.len))
		field_encode(plain.data, plain.len, &coded);
	else
		buf_put(&coded, plain.data, plain.len);
	if (m->cover.len + 2 * coded.len < m->cover.cap)
		field_fold(coded.data, coded.len, &m->cover);
	buf_clear(&plain);
	buf_clear(&coded);
}

void cover_start(struct mend *m)
{
	char hex[SHA256_HEX_SIZE];
	struct buf b = buf_of(128u << 10);

	hex_format(m->sha256, SHA256_LEN, hex);
	if (!cover_has(m, "From"))
		buf_puts(&b, "From: valise <nobody@valise.invalid>\r\n");
	buf_put(&b, m->cover.data, m->cover.len);
	buf_putf(&b,
	        "X-Valise-Original: sha256=%s\r\nMIME-Version: 1.0\r\n"
	        "Content-Type: multipart/mixed; boundary=\"valise-%.32s\"\r\n\r\n"
	        "--valise-%.32s\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n"
	        "This mail server did not take the message as it was, so it is attached whole.\r\n"
	        "Save original.eml to have it back: %llu octets, SHA-256\r\n%s.\r\n"
	        "\r\n--valise-%.32s\r\nContent-Type: application/octet-stream; "
	        "name=\"original.eml\"\r\n"
	        "Content-Disposition: attachment; filename=\"original.eml\"\r\n"
	        "Content-Transfer-Encoding: base64\r\n\r\n",
	        hex, hex, hex, (unsigned long long)m->size, hex, hex);
	mend_emit(m, b.data, b.len);
	buf_clear(&b);
}

/* Three octets, or the last ones, as four characters; a line is 57 octets. */
static void put_three(struct mend *m)
{
	static const char digits[] =
	        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = (uint32_t)m->rest[0] << 16 | (uint32_t)m->rest[1] << 8 | m->rest[2];
	char four[4];

	for (size_t i = 0; i < 4; i++)
		four[i] = i > m->n_rest ? '=' : digits[bits >> (18 - 6 * i) & 63];
	mend_emit(m, four, 4);
	m->column += 3;
	if (m->column == ROW) {
		mend_emit(m, "\r\n", 2);
		m->column = 0;
	}
	memset(m->rest, 0, sizeof m->rest);
	m->n_rest = 0;
}

void cover_add(struct mend *m, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		m->rest[m->n_rest++] = p[i];
		if (m->n_rest == 3)
			put_three(m);
	}
}

void cover_end(struct mend *m)
{
	char hex[SHA256_HEX_SIZE];
	struct buf b = buf_of(128);

	if (m->n_rest)
		put_three(m);
	hex_format(m->sha256, SHA256_LEN, hex);
	buf_putf(&b, "%s--valise-%.32s--\r\n", m->column ? "\r\n" : "", hex);
	mend_emit(m, b.data, b.len);
	buf_clear(&b);
}
