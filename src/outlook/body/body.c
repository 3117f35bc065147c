/* The body of an item as text and as HTML. */
#include <stdlib.h>
#include <strings.h>
#include "outlook/body/body.h"
#include "outlook/body/plain.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/outlook/rtf.h"

enum { UTF8 = 65001 };

char *decode_text(unsigned code_page, enum bag_type type, const void *p, size_t n)
{
	struct bag *t = bag_new();
	const char *text = NULL;
	struct err err = {0};

	t->code_page = (uint16_t)code_page;
	if (bag_set(t, PidTagBody, (uint16_t)type, p, n, &err) == 0)
		text = bag_text(t, PidTagBody);
	text = xstrdup(text ? text : "");
	bag_free(t);
	return (char *)text;
}

/* PidTagHtml: octets in the item's code page, or a text. */
static char *read_html(struct bag *b)
{
	const struct bag_prop *p = bag_peek(b, PidTagHtml);
	unsigned page = (unsigned)bag_int(b, PidTagInternetCodepage, 0);
	const uint8_t *octets;
	size_t n;

	if (!p || !p->len)
		return NULL;
	if (p->type != BAG_BINARY)
		return xstrdup(bag_text(b, PidTagHtml));
	octets = bag_octets(b, PidTagHtml, BODY_MAX, &n);
	if (!octets)
		return NULL;
	if (page == 0 && utf8_valid((const char *)octets, n))
		page = UTF8;
	return decode_text(page, BAG_STRING8, octets, n);
}

static int read_rtf(struct bag *b, struct body *out, struct err *err)
{
	size_t n;
	const uint8_t *p = bag_octets(b, PidTagRtfCompressed, RTF_MAX, &n);
	struct buf rtf, text;
	int rc;

	if (!p)
		return 0;
	rtf = buf_of(RTF_MAX);
	text = buf_of(RTF_MAX);
	rc = lzfu_inflate(p, n, &rtf, err);
	/* what a damaged one gives is more than nothing */
	rc = err_pardon(err, err_pardon(err, rc, ERR_DAMAGED), ERR_LIMIT);
	if (rc == 0 && rtf.len) {
		enum rtf_was was = rtf_what(rtf.data, rtf.len);
		bool wanted = was == RTF_WAS_HTML ? !out->html : !out->text;

		if (wanted && was != RTF_NONE)
			rc = err_pardon(err, rtf_extract(rtf.data, rtf.len, &text, err), ERR_LIMIT);
		if (rc == 0 && wanted && text.len)
			*(was == RTF_WAS_HTML ? &out->html : &out->text) = buf_take(&text);
	}
	buf_clear(&rtf);
	buf_clear(&text);
	return rc;
}

int body_read(struct bag *b, struct body *out, struct err *err)
{
	int rc;

	memset(out, 0, sizeof *out);
	out->text = xstrdup(bag_text(b, PidTagBody));
	out->html = read_html(b);
	if ((rc = read_rtf(b, out, err)) < 0) {
		body_clear(out);
		return rc;
	}
	if (!out->text && out->html)
		out->text = plain_of_html(out->html);
	return 0;
}

void body_clear(struct body *out)
{
	free(out->text);
	free(out->html);
	memset(out, 0, sizeof *out);
}
