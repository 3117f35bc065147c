/*
 * Recurrences and time zones as octets: whatever they are, reading ends, days come in order, and a
 * rule that was written is one that others read.
 */
#include <stdint.h>
#include <stdlib.h>
#include <libical/ical.h>
#include "outlook/calendar/rule.h"
#include "outlook/calendar/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DAYS = 2000 };

static int put(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	buf_put(ctx, p, n);
	return 0;
}

static void try_recur(const uint8_t *p, size_t n, bool appointment)
{
	struct recur r;
	struct rule_walk w;
	struct err err;
	struct buf rule = buf_of(4096);
	uint32_t day, last = 0;

	if (recur_read(p, n, appointment, &r, &err) == 0) {
		rule_walk_init(&w, &r);
		for (int i = 0; i < DAYS && rule_walk_next(&w, &day); i++) {
			if ((i && day <= last) ||
			        day < r.start_date - r.start_date % RECUR_DAY_MINUTES)
				abort();
			recur_is_gone(&r, last = day);
		}
		if (rule_form(&r) == RULE_RRULE && rule_first(&r, &day)) {
			struct icalrecurrencetype read;

			rule_text(&r, day, "20260101T000000Z", &rule);
			read = icalrecurrencetype_from_string(buf_str(&rule));
			/* libical counts to 32,767 */
			if (read.freq == ICAL_NO_RECURRENCE && r.period < 32767 && r.count < 32767)
				abort();
		}
	}
	recur_clear(&r);
	buf_clear(&rule);
}

static void try_zone(struct zone *z, int rc)
{
	struct buf out = buf_of(16 << 20);
	struct lines l;
	struct err err;

	if (rc == 0) {
		for (int64_t t = -4000000000; t < 8000000000; t += 399999983) {
			int64_t off = zone_local(z, t) - t;

			if (off > 86400 || off < -86400 || zone_utc(z, t) - t > 86400)
				abort();
		}
		lines_init(&l, put, &out, &err);
		zone_write(&l, z, 2026);
		if (lines_flush(&l) < 0 || !out.len)
			abort();
	}
	zone_clear(z);
	buf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct zone z;
	struct err err;

	try_recur(data, size, true);
	try_recur(data, size, false);
	try_zone(&z, zone_read_definition(data, size, &z, &err));
	try_zone(&z, zone_read_struct(data, size, "A; zone", &z, &err));
	return 0;
}
