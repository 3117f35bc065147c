/* Notes of a contact: the text of its body. */
#include "outlook/contact/internal.h"

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

void contact_notes(struct card *c, struct bag *b)
{
	const struct bag_prop *body = bag_peek(b, PidTagBody);
	struct note f = {.c = c};
	int rc = 0;

	c->cr = false;
	bag_use(b, PidTagBody);
	if (body)
		rc = bag_stream_text(b, body, note_octets, &f, c->err);
	if (c->rc == 0)
		c->rc = rc;
	if (f.begun)
		card_end(c);
}
