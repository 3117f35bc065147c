/* Dates that are read are written, and what is written is read again as the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/date.h"
#include "valise/base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct date *d)
{
	char once[DATE_TEXT_SIZE], twice[DATE_TEXT_SIZE];
	struct date again;
	int64_t utc;

	if (!d->known || d->zone_min < -1439 || d->zone_min > 1439)
		abort();
	date_format_imap(d, once);
	if (!date_parse_imap(once, &again) || strcmp(once, date_format_imap(&again, twice)) != 0)
		abort();
	date_format_iso(d->utc, once);
	if (!date_parse_iso(once, &utc) || strcmp(once, date_format_iso(utc, twice)) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size);
	struct date d;
	int64_t utc;

	if (date_parse_imap(text, &d))
		check(&d);
	if (date_parse_rfc5322((const char *)data, size, &d))
		check(&d);
	if (date_parse_iso(text, &utc)) {
		d = (struct date){utc, 0, true};
		check(&d);
	}
	if (size >= 10) { /* any number is printable */
		memcpy(&d.utc, data, 8);
		memcpy(&d.zone_min, data + 8, 2);
		d.known = true;
		date_format_imap(&d, (char[DATE_TEXT_SIZE]){0});
		d.zone_min = 0;
		check(&d);
	}
	free(text);
	return 0;
}
