/*
 * The texts of an item (MS-OXCMAIL 2.2.3.3, MS-OXBBODY): plain text in UTF-16, HTML as the octets
 * that came, with the code page that they are in.
 */
#include <stdlib.h>
#include <string.h>
#include "outlook/make/mail.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/format/header.h"

enum { UTF8 = 65001, ASCII = 20127, WESTERN = 1252, HTML_MAX = 16 << 20, HEAD_MAX = 8192 };

/* ---- plain text ---- */

/* UTF-8 in pieces as UTF-16LE with CRLF. */
struct wide {
	struct bag *b;
	char held[4]; /* of a character that was cut */
	size_t n_held;
	bool damaged; /* something could not be read */
	struct buf out;
};

static size_t char_size(uint8_t lead)
{
	return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

static int put_char(struct wide *w, struct err *err)
{
	enum { PIECE = 8192 };
	char text[8] = "\r\n";
	int rc = 0;

	if (w->held[0] != '\n') {
		memcpy(text, w->held, w->n_held);
		text[w->n_held] = '\0';
	}
	w->damaged |= strcmp(text, "\xef\xbf\xbd") == 0;
	in_utf16(text, &w->out);
	w->n_held = 0;
	if (w->out.len >= PIECE) {
		rc = bag_put(w->b, w->out.data, w->out.len, err);
		buf_reset(&w->out);
	}
	return rc;
}

static int wide_write(void *ctx, const void *p, size_t n, struct err *err)
{
	struct wide *w = ctx;
	const char *s = p;
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		w->held[w->n_held++] = s[i];
		if (w->n_held == char_size((uint8_t)w->held[0]))
			rc = put_char(w, err);
	}
	return rc;
}

static int set_page(struct in_item *in, unsigned page, struct err *err)
{
	return bag_set_int(in->b, PidTagInternetCodepage, BAG_INT32, page, err);
}

static int charset_of(struct in_item *in, size_t i, char out[IN_WORD_SIZE], struct err *err)
{
	struct buf fields = buf_of(IN_FIELDS_MAX);
	int rc = in_fields(in->all, i, &fields, err);

	in_param(&fields, "Content-Type", "charset", out);
	buf_clear(&fields);
	return rc;
}

int in_plain(struct in_item *in, size_t i, bool *damaged_out, struct err *err)
{
	struct wide w = {.b = in->b, .out = buf_of(SIZE_MAX)};
	char charset[IN_WORD_SIZE];
	int rc = charset_of(in, i, charset, err);
	unsigned page = in_page(charset);

	if (rc == 0 && !bag_peek(in->b, PidTagInternetCodepage))
		rc = set_page(in, page && page != ASCII ? page : UTF8, err);
	if (rc == 0)
		rc = bag_begin(in->b, PidTagBody, BAG_UNICODE, NULL, err);
	if (rc == 0)
		rc = mime_part_text(in->all->mime, i, UINT64_MAX, wide_write, &w, err);
	if (rc == 0 && w.out.len)
		rc = bag_put(in->b, w.out.data, w.out.len, err);
	if (rc == 0)
		rc = bag_end(in->b, err);
	*damaged_out = w.damaged;
	buf_clear(&w.out);
	return rc;
}

/* ---- HTML ---- */

/* What its octets are like. */
struct html {
	struct buf head; /* its beginning */
	bool wide, broken; /* octets beyond ASCII; they are no UTF-8 */
	char held[4];
	size_t n_held;
	uint64_t len;
};

static int html_look(void *ctx, const void *p, size_t n, struct err *err)
{
	struct html *h = ctx;
	const uint8_t *u = p;

	(void)err;
	buf_fill(&h->head, p, n);
	h->len += n;
	for (size_t i = 0; i < n; i++) {
		h->wide |= u[i] >= 0x80;
		if (h->n_held == 0 && u[i] < 0x80)
			continue;
		h->held[h->n_held++] = (char)u[i];
		if (h->n_held < char_size((uint8_t)h->held[0]))
			continue;
		h->broken |= !utf8_valid(h->held, h->n_held);
		h->n_held = 0;
	}
	return 0;
}

/* The charset that it says itself: <meta charset=...>, as Outlook's own does. */
static unsigned said_page(const struct buf *head)
{
	const char *s = strcasestr(buf_str(head), "charset=");
	char word[IN_WORD_SIZE] = "";
	size_t n;

	if (!s)
		return 0;
	s += strlen("charset=");
	s += strspn(s, " \"'");
	n = strcspn(s, " \"'>;/\r\n\t");
	memcpy(word, s, MIN(n, sizeof word - 1));
	return in_page(text_lower(word));
}

static unsigned choose_page(const struct html *h, unsigned page)
{
	bool utf8 = h->wide && !h->broken && h->n_held == 0;
	unsigned said = said_page(&h->head);

	if (page && !(page == ASCII && h->wide))
		return page;
	if (utf8)
		return UTF8;
	/* octets that are read one by one are not in UTF-16 or UTF-7, whatever they say */
	if (said && said != ASCII && said != 65000 && !(h->wide && said == UTF8))
		return said;
	return h->wide ? WESTERN : UTF8;
}

static int to_buf(void *buf, const void *p, size_t n, struct err *err)
{
	if (buf_add(buf, p, n) < 0)
		return err_set(err, ERR_LIMIT, ERR_ITEM, "HTML that is too large");
	return 0;
}

/* In a charset that has no code page: as UTF-8. */
static int set_converted(struct in_item *in, size_t i, const char *charset, struct err *err)
{
	struct buf raw = buf_of(HTML_MAX), text = buf_of(SIZE_MAX);
	int rc = mime_part_octets(in->all->mime, i, to_buf, &raw, err);

	if (rc == 0) {
		charset_to_utf8(charset, &raw, &text);
		rc = bag_set(in->b, PidTagHtml, BAG_BINARY, text.data, text.len, err);
	}
	if (rc == 0)
		rc = set_page(in, UTF8, err);
	buf_clear(&raw);
	buf_clear(&text);
	return rc;
}

static int to_bag(void *bag, const void *p, size_t n, struct err *err)
{
	return bag_put(bag, p, n, err);
}

int in_html(struct in_item *in, size_t i, struct err *err)
{
	struct html h = {.head = buf_of(HEAD_MAX)};
	char charset[IN_WORD_SIZE] = "";
	unsigned page;
	int rc = charset_of(in, i, charset, err);

	page = in_page(charset);
	if (rc == 0)
		rc = mime_part_octets(in->all->mime, i, html_look, &h, err);
	if (rc == 0 && !page && *charset && charset_known(charset) && h.len <= HTML_MAX) {
		rc = set_converted(in, i, charset, err);
	} else if (rc == 0) {
		rc = set_page(in, choose_page(&h, page), err);
		if (rc == 0)
			rc = bag_begin(in->b, PidTagHtml, BAG_BINARY, NULL, err);
		if (rc == 0)
			rc = mime_part_octets(in->all->mime, i, to_bag, in->b, err);
		if (rc == 0)
			rc = bag_end(in->b, err);
	}
	buf_clear(&h.head);
	return rc;
}
