#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/tree/about.h"
#include <stdlib.h>
#include <string.h>

/* Whatever the octets are: within the caps, the same in pieces, and read as it is written. */
static void check(enum coll_kind kind, const uint8_t *data, size_t size)
{
	struct about_scan *s = about_scan_new(kind);
	struct item_about a, again;
	struct buf whole = buf_of(ABOUT_JSON_MAX), pieces = buf_of(ABOUT_JSON_MAX);

	about_of_octets(kind, data, size, &a);
	about_put(&a, &whole);
	about_clear(&a);
	for (size_t at = 0, n; at < size; at += n) {
		n = MIN(size - at, 1 + at % 7);
		about_scan_add(s, data + at, n);
	}
	about_scan_end(s, &a);
	about_put(&a, &pieces);
	about_clear(&a);
	about_scan_free(s);
	if (whole.len != pieces.len || memcmp(whole.data, pieces.data, whole.len) != 0)
		abort();
	if (whole.len > 0) {
		if (!utf8_valid(buf_str(&whole), whole.len) ||
		        !about_parse(buf_str(&whole), whole.len, &again))
			abort();
		about_clear(&again);
	}
	buf_clear(&whole);
	buf_clear(&pieces);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct item_about a;

	check(COLL_MAIL, data, size);
	check(COLL_CALENDAR, data, size);
	check(COLL_CONTACTS, data, size);
	if (about_parse((const char *)data, size, &a)) {
		struct buf out = buf_of(ABOUT_JSON_MAX);

		about_put(&a, &out);
		if (out.len != size || memcmp(out.data, data, size) != 0)
			abort();
		buf_clear(&out);
		about_clear(&a);
	}
	return 0;
}
