#ifndef VALISE_OUTLOOK_CALENDAR_RECUR_H
#define VALISE_OUTLOOK_CALENDAR_RECUR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "valise/base/buf.h"

/*
 * The recurrence of appointments and tasks: PidLidAppointmentRecur (MS-OXOCAL 2.2.1.44.5) and
 * PidLidTaskRecurrence (2.2.1.44.1) as a plain struct. Times are minutes since 1601-01-01 on
 * the clock of the item's time zone.
 */
enum recur_pattern { /* PatternType */
	RECUR_DAY = 0,
	RECUR_WEEK = 1,
	RECUR_MONTH = 2,
	RECUR_MONTH_NTH = 3,
	RECUR_MONTH_END = 4,
	RECUR_HIJRI_MONTH = 10,
	RECUR_HIJRI_NTH = 11,
	RECUR_HIJRI_END = 12,
};
enum recur_end { RECUR_UNTIL, RECUR_COUNT, RECUR_NEVER };
enum { /* OverrideFlags: what of an instance is not as in the series */
	OVERRIDE_SUBJECT = 0x0001,
	OVERRIDE_MEETING = 0x0002,
	OVERRIDE_DELTA = 0x0004,
	OVERRIDE_REMINDER = 0x0008,
	OVERRIDE_LOCATION = 0x0010,
	OVERRIDE_BUSY = 0x0020,
	OVERRIDE_ATTACHMENT = 0x0040,
	OVERRIDE_ALL_DAY = 0x0080,
	OVERRIDE_COLOR = 0x0100,
	OVERRIDE_BODY = 0x0200,
};
enum {
	RECUR_BLOB_MAX = 8 << 20, /* octets */
	RECUR_INSTANCES_MAX = 8192, /* deleted ones, modified ones */
	RECUR_DAY_MINUTES = 1440,
};
#define RECUR_END_OF_TIME 0x5ae980dfu /* EndDate of what never ends */

/* A modified instance: ExceptionInfo and ExtendedException. */
struct recur_exception {
	uint32_t start, end, original; /* minutes; the original one with its time of day */
	unsigned flags; /* OVERRIDE_... */
	/* Only what ${flags} names. Texts: octets in the code page of the item, or UTF-16LE where
	 * the wide ones are there (after the ${n} of each: is_wide); lent by the blob */
	const uint8_t *subject, *location;
	size_t subject_len, location_len;
	bool wide_subject, wide_location;
	uint32_t meeting, reminder_delta, reminder_set, busy, attachment, all_day, color;
	uint32_t highlight; /* ChangeHighlight; 0: none */
};
struct recur {
	enum recur_pattern pattern;
	unsigned frequency; /* 0x200a daily ... 0x200d yearly */
	unsigned calendar; /* CalendarType; 0 and 1 are Gregorian */
	uint32_t first; /* FirstDateTime */
	uint32_t period; /* minutes of RECUR_DAY, weeks, months; at least 1 */
	bool sliding; /* a task whose next one is made once it is done */
	unsigned days; /* of RECUR_WEEK and ..._NTH: bits, Sunday is 1 */
	unsigned day; /* of RECUR_MONTH: of the month */
	unsigned nth; /* of ..._NTH: 1 to 4, 5 the last one */
	enum recur_end end;
	uint32_t count; /* of RECUR_COUNT */
	unsigned week_start; /* 0 Sunday ... 6 */
	uint32_t *deleted; /* days, minutes; modified instances are among them */
	size_t n_deleted;
	uint32_t *modified; /* days of modified instances */
	size_t n_modified;
	uint32_t start_date, end_date; /* days, minutes */
	/* only with PidLidAppointmentRecur */
	bool appointment;
	uint32_t start_minute, end_minute; /* after midnight of each instance's day */
	struct recur_exception *exceptions;
	size_t n_exceptions;
};

/**
 * recur_read(p, n, appointment, out, err): strict; ${p} is lent as long as ${out} lives.
 * ERR_DAMAGED: it is none; ERR_LIMIT: more than the caps allow. ${out} is to be cleared in
 * any case.
 */
int recur_read(const uint8_t *p, size_t n, bool appointment, struct recur *out,
        struct err *err) MUST_CHECK;
void recur_clear(struct recur *r);
/*
 * The other way: its octets, appended, as Outlook writes them (versions 0x3006, 0x3009; what
 * FirstDateTime follows from the rest). Texts of exceptions are UTF-16LE.
 */
void recur_write(const struct recur *r, struct buf *out);
/* The day (minutes) was deleted, and no exception has it as its original one. */
bool recur_is_gone(const struct recur *r, uint32_t day);

#endif
