/*
 * Calendar objects in one: any octets, in two halves. What is taken from an object is whole, and
 * can be taken again.
 */
#include <stdint.h>
#include <stdlib.h>
#include "valise/format/content.h"
#include "valise/format/merge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int nothing(void *ctx, const struct content_line *l, struct err *err)
{
	(void)ctx;
	(void)l;
	(void)err;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *half[2] = {data, data + size / 2};
	size_t n[2] = {size / 2, size - size / 2}, object[2];
	struct merge *m = merge_new();
	struct merge_piece piece;
	bool noted[2];

	merge_piece_init(&piece, 1 << 20);
	for (int i = 0; i < 2; i++)
		noted[i] = merge_note(m, half[i], n[i], &object[i], NULL) == 0;
	merge_decide(m);
	for (int i = 0; i < 2; i++) {
		unsigned wrong;

		if (!noted[i] || merge_piece(m, object[i], half[i], n[i], &piece, NULL) < 0)
			continue;
		if (content_read(piece.text.data, piece.text.len, nothing, NULL, &wrong, NULL) ==
		                0 &&
		        wrong)
			abort();
		for (size_t k = 0; k < piece.n_zones; k++)
			if (!merge_zone(m, piece.zones[k])->len)
				abort();
	}
	merge_piece_clear(&piece);
	merge_free(m);
	return 0;
}
