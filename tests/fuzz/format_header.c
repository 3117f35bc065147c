/*
 * Header scanning stays inside its bytes, and what is for display holds no control
 * character.
 */
#include <stdint.h>
#include <stdlib.h>
#include "valise/base/escape.h"
#include "valise/format/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"Subject", "Message-ID", "Received", "X"};
	const char *s = (const char *)data, *source = NULL;
	struct buf value, shown;
	struct date d;

	if (header_length(s, size) > size)
		abort();
	buf_init(&value, 300);
	buf_init(&shown, 200);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		buf_reset(&value);
		buf_reset(&shown);
		if (!header_find(s, size, names[i], &value) && value.len != 0)
			abort();
		header_decode_text(buf_str(&value), value.len, &shown);
		header_decode_text(s, size, &shown);
		if (!utf8_valid(buf_str(&shown), shown.len))
			abort();
		for (size_t k = 0; k < shown.len; k++)
			if (shown.data[k] < 0x20 || shown.data[k] == 0x7f)
				abort();
	}
	if (header_arrival_date(s, size, &d, &source) && (!d.known || !source))
		abort();
	buf_clear(&value);
	buf_clear(&shown);
	return 0;
}
