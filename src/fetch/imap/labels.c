/* Gmail's labels and numbers (X-GM-EXT-1), read with the listing. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/json.h"
#include "valise/base/lookup.h"
#include "valise/base/text.h"
#include "valise/format/mutf7.h"
#include "run.h"

#define LABELS_CAP (2u << 20)

const char *labels_items(const struct imap *m)
{
	return imap_has(m, "X-GM-EXT-1") ? "(UID FLAGS INTERNALDATE RFC822.SIZE X-GM-MSGID "
	                                   "X-GM-THRID X-GM-LABELS)"
	                                 : "(UID FLAGS INTERNALDATE RFC822.SIZE)";
}

struct label_list {
	char **list;
	size_t n, cap;
};

/*
 * Labels are in modified UTF-7 as mailbox names are; what cannot be decoded stays as it
 * is.
 */
static void add_label(void *ctx, const char *s, size_t n)
{
	struct label_list *l = ctx;
	struct buf text = buf_of(4 * n + 16);

	if (!mutf7_decode(s, n, &text))
		buf_put(&text, s, n);
	*ARR_PUSH(l->list, l->n, l->cap) = buf_take(&text);
}

char *labels_json(const char *raw)
{
	struct label_list l = {0};
	struct buf out = buf_of(LABELS_CAP);
	char *text = NULL;

	/* Of a list that is cut, what came before counts. */
	(void)imap_labels_each(raw, add_label, &l);
	SORT(l.list, l.n, text_by_bytes);
	for (size_t i = 0; i < l.n; i++) {
		if (i && strcmp(l.list[i], l.list[i - 1]) == 0)
			continue;
		buf_putc(&out, i ? ',' : '[');
		json_put_string(&out, l.list[i], strlen(l.list[i]));
	}
	if (l.n) {
		buf_putc(&out, ']');
		text = buf_take(&out);
	}
	texts_free(l.list, l.n);
	buf_clear(&out);
	return text;
}

uint32_t labels_note(struct tree_coll *c, const struct imap_msg *msg)
{
	struct tree_ext *e;
	uint32_t index;

	if (!msg->gm_msgid && !msg->gm_thrid && !msg->labels)
		return 0;
	e = tree_coll_ext(c, &index);
	e->gm_msgid = msg->gm_msgid;
	e->gm_thrid = msg->gm_thrid;
	e->labels = msg->labels ? labels_json(msg->labels) : NULL;
	return index;
}
