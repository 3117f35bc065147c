/* Notes of a contact: the text of its body. */
#include <string.h>
#include "outlook/body/body.h"
#include "outlook/contact/internal.h"
#include "valise/base/mem.h"

struct note {
	struct card *c;
	bool begun;
};

static int note_octets(void *ctx, const void *p, size_t n, struct err *err)
{
	struct note *f = ctx;

	(void)err;
	if (!f->begun && n)
		card_head(f->c, "NOTE:");
	f->begun |= n > 0;
	card_text_octets(f->c, p, n);
	return f->c->rc;
}

/* What is there as HTML or RTF alone. */
static void put_other(struct card *c, struct bag *b)
{
	struct body body;
	int rc = body_read(b, &body, c->err);

	if (rc < 0) {
		if (c->rc == 0)
			c->rc = rc;
		return;
	}
	card_line(c, "NOTE", body.text);
	body_clear(&body);
}

/* Outlook writes an empty line where nobody wrote anything. */
static bool is_blank(struct bag *b)
{
	const char *text = bag_text(b, PidTagBody);

	return !text || !text[strspn(text, " \t\r\n")];
}

void contact_notes(struct card *c, struct bag *b)
{
	static const bag_key others[] = {PidTagHtml, PidTagRtfCompressed};
	const struct bag_prop *text = bag_peek(b, PidTagBody);
	struct note f = {.c = c};
	int rc;

	if (!text || !text->len) {
		put_other(c, b);
		return;
	}
	for (size_t i = 0; i < COUNT(others); i++)
		bag_use(b, others[i]);
	if (text->len < 100 && is_blank(b))
		return;
	/* of any length */
	c->cr = false;
	rc = bag_stream_text(b, text, note_octets, &f, c->err);
	if (c->rc == 0)
		c->rc = rc;
	if (f.begun)
		card_end(c);
	bag_use(b, PidTagBody);
}
