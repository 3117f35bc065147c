/*
 * An mbox in pieces of any size: the same messages come of it, each line of them ends with CRLF
 * (of an mbox that knows none: a message that begins with CRLF keeps its octets), and no octet is
 * there twice.
 */
#include "../unit/import/give_help.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct import_box *read_once(const char *p, size_t n, size_t piece)
{
	struct import_box *b = box_new();
	struct text_file t;
	struct err err = {0};

	text_file(&t, p, n, piece);
	if (read_mbox(&t.file, b, &err) != 0)
		abort();
	return b;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct import_box *b = read_once((const char *)data, size, size ? 1 + data[0] % 90u : 1);
	struct import_box *whole = read_once((const char *)data, size, 65536);
	bool converted = !memmem(data, size, "\r\n", 2);
	size_t sum = 0;

	if (b->n != whole->n || strcmp(buf_str(&b->said), buf_str(&whole->said)) != 0)
		abort();
	for (size_t i = 0; i < b->n; i++) {
		const char *p = b->items[i].text;
		size_t n = b->items[i].len;

		if (n != whole->items[i].len || memcmp(p, whole->items[i].text, n) != 0)
			abort();
		for (size_t k = 0; converted && k < n; k++)
			if (p[k] == '\n' && (k == 0 || p[k - 1] != '\r'))
				abort();
		sum += n;
	}
	if (sum > 2 * size)
		abort();
	box_free(b);
	box_free(whole);
	return 0;
}
