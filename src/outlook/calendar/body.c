/* The body of an item in a calendar object. */
#include "outlook/calendar/calendar.h"
#include "valise/base/mem.h"

void put_body(struct conv *c, const char *name, struct bag *b)
{
	static const bag_key texts[] = {PidTagBody, PidTagHtml};
	struct body body;
	struct err err = {0};

	if (body_read(b, &body, &err) < 0) {
		conv_lost(c, "its body: %s", err.text);
		return;
	}
	lines_text(&c->l, name, body.text);
	if (body.html && *body.html) {
		lines_puts(&c->l, "X-ALT-DESC;FMTTYPE=text/html:");
		lines_value(&c->l, body.html);
		lines_end(&c->l);
	}
	for (size_t i = 0; i < COUNT(texts); i++) {
		const struct bag_prop *p = bag_peek(b, texts[i]);

		if (p && p->len > BODY_MAX)
			conv_lost(c, "the end of its body, which has %llu octets",
			        (unsigned long long)p->len);
	}
	body_clear(&body);
}
