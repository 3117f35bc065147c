/* Whatever the name, its path component is one safe component. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *s = (const char *)data;
	char *text = xstrndup(s, size);
	struct buf out, key, again;

	buf_init(&out, 200);
	if (path_escape(s, size, &out) != 0 || out.len == 0)
		abort();
	if (!path_is_safe(buf_str(&out)) || strchr(buf_str(&out), '/') || out.data[0] == '.' ||
	        out.data[0] == '-' || !utf8_valid(buf_str(&out), out.len))
		abort();
	buf_clear(&out);
	path_is_safe(text);

	/*
	 * No folded name is wider than three times the name, and folding again changes
	 * nothing.
	 */
	buf_init(&key, 3 * size + 16);
	buf_init(&again, 3 * size + 16);
	path_fold(text, &key);
	path_fold(buf_str(&key), &again);
	if (utf8_valid(text, strlen(text)) && strcmp(buf_str(&key), buf_str(&again)) != 0)
		abort();
	buf_clear(&key);
	buf_clear(&again);
	free(text);
	return 0;
}
