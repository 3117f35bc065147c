/* Texts of a bag: UTF-16 and code pages as UTF-8. */
#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include "outlook/bag/internal.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"

enum { PIECE = 16384, REST = 32, STOP = 1, LENT_COST = 64 /* octets of memory beside a text */ };
static const char unreadable[] = "\xef\xbf\xbd"; /* U+FFFD */

struct code_page {
	uint32_t page;
	const char *charset;
};

static const struct code_page pages[] = {
        {437, "CP437"},
        {708, "ISO-8859-6"},
        {737, "CP737"},
        {775, "CP775"},
        {850, "CP850"},
        {852, "CP852"},
        {855, "CP855"},
        {857, "CP857"},
        {858, "CP858"},
        {860, "CP860"},
        {861, "CP861"},
        {862, "CP862"},
        {863, "CP863"},
        {864, "CP864"},
        {865, "CP865"},
        {866, "CP866"},
        {869, "CP869"},
        {874, "CP874"},
        {932, "CP932"},
        {936, "GBK"},
        {949, "CP949"},
        {950, "BIG5"},
        {1200, "UTF-16LE"},
        {1201, "UTF-16BE"},
        {1250, "WINDOWS-1250"},
        {1251, "WINDOWS-1251"},
        {1252, "WINDOWS-1252"},
        {1253, "WINDOWS-1253"},
        {1254, "WINDOWS-1254"},
        {1255, "WINDOWS-1255"},
        {1256, "WINDOWS-1256"},
        {1257, "WINDOWS-1257"},
        {1258, "WINDOWS-1258"},
        {1361, "JOHAB"},
        {10000, "MACINTOSH"},
        {10007, "MAC-CYRILLIC"},
        {10029, "MAC-CENTRALEUROPE"},
        {12000, "UTF-32LE"},
        {12001, "UTF-32BE"},
        {20127, "WINDOWS-1252"}, /* US-ASCII, and what else is met in it */
        {20866, "KOI8-R"},
        {20932, "EUC-JP"},
        {20936, "GB2312"},
        {20949, "EUC-KR"},
        {21866, "KOI8-U"},
        {28591, "ISO-8859-1"},
        {28592, "ISO-8859-2"},
        {28593, "ISO-8859-3"},
        {28594, "ISO-8859-4"},
        {28595, "ISO-8859-5"},
        {28596, "ISO-8859-6"},
        {28597, "ISO-8859-7"},
        {28598, "ISO-8859-8"},
        {28599, "ISO-8859-9"},
        {28603, "ISO-8859-13"},
        {28605, "ISO-8859-15"},
        {38598, "ISO-8859-8"},
        {50220, "ISO-2022-JP"},
        {50221, "ISO-2022-JP"},
        {50222, "ISO-2022-JP"},
        {50225, "ISO-2022-KR"},
        {51932, "EUC-JP"},
        {51936, "GB2312"},
        {51949, "EUC-KR"},
        {51950, "EUC-TW"},
        {54936, "GB18030"},
        {65000, "UTF-7"},
        {65001, "UTF-8"},
};

const char *code_page_charset(unsigned page)
{
	size_t i = 0;

	LOOKUP_FIRST(i, COUNT(pages), pages[i].page < page);
	return i < COUNT(pages) && pages[i].page == page ? pages[i].charset : NULL;
}

unsigned prop_code_page(const struct bag *b, const struct bag_prop *p)
{
	unsigned page = p ? p->code_page : 0;

	for (; b && !page; b = b->parent)
		page = b->code_page;
	return page;
}

static unsigned code_page_of(const struct bag *b, const struct bag_prop *p)
{
	unsigned page = prop_code_page(b, p);

	for (; b && !page; b = b->parent) {
		const struct bag_prop *said = bag_peek(b, PidTagMessageCodepage);

		if (said && said->type == BAG_INT32)
			page = le32(said->data);
	}
	return code_page_charset(page) ? page : 1252;
}

unsigned bag_code_page(const struct bag *b)
{
	return code_page_of(b, NULL);
}

/* ---- as UTF-8 ---- */

struct decoder {
	iconv_t conv;
	size_t unit; /* octets to pass over where nothing can be read */
	uint8_t in[PIECE + REST];
	size_t n; /* octets of ${in} */
	bag_write_fn write;
	void *ctx;
};

/* All of ${d}->in but an end that needs what follows it. */
static int decode_piece(struct decoder *d, bool is_last, struct err *err)
{
	char out[PIECE], *from = (char *)d->in;
	size_t left = d->n;
	int rc = 0;

	while (rc == 0 && left > 0) {
		char *to = out;
		size_t room = sizeof out - sizeof unreadable;
		int why = iconv(d->conv, &from, &left, &to, &room) == (size_t)-1 ? errno : 0;

		if (why == EILSEQ || (why == EINVAL && (is_last || left > REST))) {
			size_t over = MIN(left, d->unit);

			memcpy(to, unreadable, 3);
			to += 3;
			from += over;
			left -= over;
		}
		if (to > out)
			rc = d->write(d->ctx, out, (size_t)(to - out), err);
		if (why == EINVAL && !is_last && left <= REST)
			break;
	}
	memmove(d->in, from, left);
	d->n = left;
	return rc;
}

/* What a charset holds back for a mark that could follow. */
static int decode_end(struct decoder *d, struct err *err)
{
	char out[64], *to = out;
	size_t room = sizeof out;

	iconv(d->conv, NULL, NULL, &to, &room);
	return to > out ? d->write(d->ctx, out, (size_t)(to - out), err) : 0;
}

/* ${len} octets at ${off} of a value: a text in the charset of its type. */
static int decode(const struct bag *b, const struct bag_prop *p, uint64_t off, uint64_t len,
        struct decoder *d, struct err *err)
{
	bool is_wide = (p->type & ~BAG_MULTIPLE) == BAG_UNICODE;
	unsigned page = is_wide ? 1200 : code_page_of(b, p);
	int rc = 0;

	d->n = 0;
	d->unit = page == 1200 || page == 1201 ? 2 : 1;
	d->conv = iconv_open("UTF-8", code_page_charset(page));
	if (d->conv == (iconv_t)-1)
		return err_sys(err, ERR_WHOLE, "iconv does not know %s", code_page_charset(page));
	while (rc == 0 && len > 0) {
		size_t n = (size_t)MIN(len, (uint64_t)PIECE);

		rc = prop_read(b, p, off, d->in + d->n, n, err);
		d->n += n;
		off += n;
		len -= n;
		if (rc == 0)
			rc = decode_piece(d, len == 0, err);
	}
	if (rc == 0)
		rc = decode_end(d, err);
	iconv_close(d->conv);
	return rc;
}

struct without_nul {
	bag_write_fn write;
	void *ctx;
};

static int write_without_nul(void *ctx, const void *p, size_t n, struct err *err)
{
	const struct without_nul *w = ctx;
	const char *s = p, *end = s + n;
	int rc = 0;

	while (rc == 0 && s < end) {
		size_t k = strnlen(s, (size_t)(end - s));

		if (k)
			rc = w->write(w->ctx, s, k, err);
		s += k + 1;
	}
	return rc;
}

int bag_stream_text(
        struct bag *b, const struct bag_prop *p, bag_write_fn write, void *ctx, struct err *err)
{
	struct without_nul w = {write, ctx};
	struct decoder *d;
	int rc;

	if (p->type != BAG_STRING8 && p->type != BAG_UNICODE)
		return 0;
	d = xcalloc(1, sizeof *d);
	d->write = write_without_nul;
	d->ctx = &w;
	rc = decode(b, p, 0, p->len, d, err);
	free(d);
	return rc;
}

/* ---- texts that are lent ---- */

static int write_head(void *ctx, const void *p, size_t n, struct err *err)
{
	struct buf *out = ctx;
	size_t k = strnlen(p, n);
	uint8_t lead;

	(void)err;
	if (buf_fill(out, p, k) == k)
		return k < n ? STOP : 0;
	/* Cut between characters: how many octets has the last one, and how many should it have? */
	for (k = 1; k < 4 && k < out->len && (out->data[out->len - k] & 0xc0) == 0x80; k++)
		;
	lead = out->data[out->len - k];
	if (lead >= 0xc0 && k < 2u + (lead >= 0xe0) + (lead >= 0xf0))
		out->len -= k;
	out->data[out->len] = '\0';
	return STOP;
}

char *prop_text(
        const struct bag *b, const struct bag_prop *p, uint64_t off, uint64_t len, size_t cap)
{
	struct buf out = buf_of(cap);
	struct decoder *d = xcalloc(1, sizeof *d);
	struct err err;
	char *text = NULL;

	d->write = write_head;
	d->ctx = &out;
	if (decode(b, p, off, len, d, &err) >= 0 && out.len > 0)
		text = buf_take(&out);
	buf_clear(&out);
	free(d);
	return text;
}

static char *lend(struct bag *b, const struct bag_prop *p, uint64_t off, uint64_t len)
{
	size_t cap = b->store->lent < LENT_MAX ? BAG_TEXT_MAX : LENT_SHORT;
	char *text = prop_text(b, p, off, len, cap);

	if (text)
		b->store->lent += strlen(text) + LENT_COST;
	return text;
}

const char *bag_text(struct bag *b, bag_key key)
{
	struct bag_prop *p = (struct bag_prop *)bag_peek(b, key);

	bag_use(b, key);
	if (!p || (p->type != BAG_STRING8 && p->type != BAG_UNICODE))
		return NULL;
	if (!p->text)
		p->text = lend(b, p, 0, p->len);
	return p->text;
}

size_t bag_count(struct bag *b, bag_key key)
{
	const struct bag_prop *p = bag_peek(b, key);
	uint8_t four[4];
	struct err err;

	bag_use(b, key);
	if (!p || p->type == BAG_ERROR)
		return 0;
	if (!(p->type & BAG_MULTIPLE))
		return 1;
	if (prop_read(b, p, 0, four, sizeof four, &err) < 0)
		return 0;
	return MIN(le32(four), (uint32_t)VALUES_MAX);
}

/* Where value ${i} begins, from the last one that was asked for on; false: the disk. */
static bool find_value(struct bag_store *s, const struct bag *b, const struct bag_prop *p, size_t i,
        uint32_t *len_out)
{
	uint8_t four[4];
	struct err err;

	if (s->several != p || s->i > i) {
		s->several = p;
		s->i = 0;
		s->i_at = 4;
	}
	for (;;) {
		if (prop_read(b, p, s->i_at, four, sizeof four, &err) < 0)
			return false;
		*len_out = le32(four);
		if (s->i == i)
			return true;
		s->i_at += 4 + (uint64_t)*len_out;
		s->i++;
	}
}

const char *bag_text_at(struct bag *b, bag_key key, size_t i)
{
	const struct bag_prop *p = bag_peek(b, key);
	char *text;
	uint32_t len;

	if (i >= bag_count(b, key) || !type_is_text(p->type))
		return NULL;
	if (!(p->type & BAG_MULTIPLE))
		return bag_text(b, key);
	if (b->store->lent >= LENT_MAX || !find_value(b->store, b, p, i, &len))
		return NULL;
	text = lend(b, p, b->store->i_at + 4, len);
	if (text)
		*ARR_PUSH(b->texts, b->n_texts, b->texts_cap) = text;
	return text;
}

int bag_set_text(struct bag *b, bag_key key, const char *utf8, struct err *err)
{
	size_t n = strlen(utf8), room = 2 * n + 2, size = room;
	iconv_t conv = iconv_open("UTF-16LE", "UTF-8");
	char *wide = xmalloc(room), *to = wide, *from = (char *)utf8;
	int rc;

	if (conv == (iconv_t)-1 || iconv(conv, &from, &n, &to, &room) == (size_t)-1)
		rc = err_sys(err, ERR_ITEM, "a text that is not UTF-8");
	else
		rc = bag_set(b, key, BAG_UNICODE, wide, size - room, err);
	if (conv != (iconv_t)-1)
		iconv_close(conv);
	free(wide);
	return rc;
}
