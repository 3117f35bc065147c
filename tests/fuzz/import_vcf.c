/*
 * An address book in pieces of any size: each card that comes of it is read again as
 * one card, of the UID that it is given with.
 */
#include "../unit/import/give_help.h"
#include "valise/format/content.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct import_box *read_once(const char *p, size_t n, size_t piece)
{
	struct import_box *b = box_new();
	struct text_file t;
	struct err err = {0};

	text_file(&t, p, n, piece);
	if (read_vcf(&t.file, b, &err) != 0)
		abort();
	return b;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct import_box *b = read_once((const char *)data, size, size ? 1 + data[0] % 90u : 1);
	struct import_box *whole = read_once((const char *)data, size, 65536);

	if (b->n != whole->n || strcmp(buf_str(&b->said), buf_str(&whole->said)) != 0)
		abort();
	for (size_t i = 0; i < b->n; i++) {
		struct content_summary s;

		if (b->items[i].len != whole->items[i].len ||
		        memcmp(b->items[i].text, whole->items[i].text, b->items[i].len) != 0)
			abort();
		if (content_summarize(b->items[i].text, b->items[i].len, &s, NULL) < 0)
			continue;
		if (s.wrong == 0 && s.components != 1)
			abort();
		if (s.wrong == 0 && b->items[i].uid &&
		        (!s.uid || strcmp(s.uid, b->items[i].uid) != 0))
			abort();
		content_summary_clear(&s);
	}
	box_free(b);
	box_free(whole);
	return 0;
}
