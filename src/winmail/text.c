/* The texts of a message, to see whether two say the same. */
#include "winmail/internal.h"
#include <ctype.h>
#include "valise/base/mem.h"

static int add(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	buf_fill(ctx, p, n);
	return 0;
}

/* Blanks of any number are one; none at the ends. */
static void fold_blanks(const struct buf *text, struct buf *out)
{
	bool blank = false;

	for (size_t i = 0; i < text->len; i++) {
		size_t wide =
		        i + 1 < text->len && text->data[i] == 0xc2 && text->data[i + 1] == 0xa0;

		if (wide || isspace(text->data[i])) {
			blank = out->len > 0;
			i += wide;
			continue;
		}
		if (blank)
			buf_fill(out, " ", 1);
		blank = false;
		buf_fill(out, &text->data[i], 1);
	}
}

int winmail_text(struct mime_message *m, struct buf *out, struct err *err)
{
	const struct mime_part *parts;
	size_t body[MIME_PARTS_MAX], n = mime_body_parts(m, body, COUNT(body));
	struct buf text = buf_of(WINMAIL_TEXT_MAX);
	int rc = 0;

	mime_parts(m, &parts);
	for (size_t k = 0; k < n && rc == 0; k++)
		if (!parts[body[k]].message)
			rc = mime_part_text(m, body[k], text.cap - text.len, add, &text, err);
	fold_blanks(&text, out);
	buf_clear(&text);
	return rc;
}
