/* A report of whatever JSON: its page holds no markup of anybody else. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "cli/report/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	json_t *o = json_loadb((const char *)p, n, JSON_ALLOW_NUL, NULL);
	struct buf b = buf_of(64u << 20);

	if (json_is_object(o)) {
		report_page(o, &b);
		if (strstr(buf_str(&b), "<script") || strstr(buf_str(&b), "<img") ||
		        strchr(buf_str(&b), '\x1b'))
			abort();
	}
	buf_clear(&b);
	json_decref(o);
	return 0;
}
