/*
 * What a message and one that a server made of it have in common: keys of both sides.
 */
#include "run.h"

/* An item of the archive, as it is read. */
struct reading {
	struct loose loose;
	struct text text;
	struct buf head;
};

static int read_write(void *ctx, const void *p, size_t n, struct err *err)
{
	struct reading *r = ctx;

	loose_add(&r->loose, p, n);
	text_add(&r->text, p, n);
	buf_fill(&r->head, p, n);
	return stop_check(err);
}

int alike_item(struct box *b, size_t i, struct match_key key[ALIKE_KEYS],
        uint8_t fields[SHA256_LEN], struct err *err)
{
	struct tree_reader *reader = b->w->run->reader;
	const struct tree_item *it = &b->coll->items[i];
	struct reading r;
	bool has[ALIKE_KEYS] = {true};
	int rc;

	loose_start(&r.loose);
	text_start(&r.text);
	buf_init(&r.head, HEAD_CAP);
	rc = reader->ops->body(reader, b->coll, it, read_write, &r, err);
	for (unsigned k = 0; k < ALIKE_KEYS; k++)
		key[k] = (struct match_key){
		        .date = it->date_utc, .size = it->size, .index = (uint32_t)i};
	loose_end(&r.loose, key[ALIKE_LOOSE].key);
	there_msgid((const char *)r.head.data, r.head.len, key[ALIKE_MSGID].key, &has[ALIKE_MSGID]);
	has[ALIKE_TEXT] = text_end(
	        &r.text, (const char *)r.head.data, r.head.len, fields, key[ALIKE_TEXT].key);
	for (unsigned k = 0; k < ALIKE_KEYS; k++)
		key[k].none = rc < 0 || !has[k];
	buf_clear(&r.head);
	/* a damaged one is named when it is to be sent */
	return rc == ERR_STOPPED ? rc : 0;
}

const uint8_t *alike_seen(const struct seen *s, enum alike by)
{
	const uint8_t *const key[ALIKE_KEYS] = {
	        s->loose, s->has_msgid ? s->msgid : NULL, s->has_text ? s->text : NULL};

	return key[by];
}
