#ifndef VALISE_TEST_OUTLOOK_BLOBS_H
#define VALISE_TEST_OUTLOOK_BLOBS_H

/* Recurrences and time zones as octets: the examples of MS-OXOCAL 4.1, and a writer of others. */
#include "outlook/make.h"
#include "outlook/calendar/recur.h"

/* 4.1.1.1: Monday, Thursday, Friday, 12 times from 26 March 2007 on, 10:00 to 10:30. */
#define BLOB_WEEKLY                                                                                \
	"043004300b2001000000c0210000010000000000000032000000222000000c000000000000000000000000"   \
	"0000008020bc0c20adbc0c0630000009300000580200007602000000000000000000000000"
/* 4.1.1.2: the same; 16 April 2007 at 11:00, with another subject and location. */
#define BLOB_WEEKLY_CHANGED                                                                        \
	"043004300b2001000000c0210000010000000000000032000000222000000c0000000000000001000000a0"   \
	"96bc0c01000000a096bc0c8020bc0c20adbc0c0630000009300000580200007602000001003499bc0c5299"   \
	"bc0cf898bc0c11002200210053696d706c6520526563757272656e6365207769746820657863657074696f"   \
	"6e730800070033342f34313431000000000400000000000000000000003499bc0c5299bc0cf898bc0c2100"   \
	"530069006d0070006c006500200052006500630075007200720065006e0063006500200077006900740068"   \
	"00200065007800630065007000740069006f006e0073000700330034002f00340031003400310000000000"   \
	"00000000"
/* 4.1.1.3: every third day from 7 April to 4 May 2011, 8:00 to 8:30, without 19 and 22 April. */
#define BLOB_DAILY                                                                                 \
	"043004300a2000000000a0050000e010000000000000212000000a0000000000000002000000a0c1dc0c80"   \
	"d2dc0c00000000207edc0c0016dd0c0630000009300000e0010000fe01000000000000000000000000"
/* 4.1.1.4: the third day of a weekend every third month, 10 times from 9 February 2008 on, 14:00
 * to 17:00; that of 10 May is on 11 May, that of 9 August elsewhere */
#define BLOB_NTH                                                                                   \
	"043004300c200300000060ae000003000000000000004100000003000000222000000a0000000000000002"   \
	"0000006028c50c4028c70c02000000002ec50c4028c70c8028c30c6027d50c063000000930000048030000"   \
	"fc03000002004831c50cfc31c50ca82bc50c0000882bc70c3c2cc70c882bc70c10000d000c006e6577206c"   \
	"6f636174696f6e00000000040000000000000000000000040000000000000000000000882bc70c3c2cc70c"   \
	"882bc70c0c006e006500770020006c006f0063006100740069006f006e000000000000000000"
/* 4.1.1.6: 3 Nisan of every year, by the Hebrew calendar; one instance is tentative. */
#define BLOB_HEBREW                                                                                \
	"043004300d200200080080750a000c0000000000000003000000232000000a0000000000000001000000207e" \
	"dc0c01000000207edc0c6074c40cdf80e95a0630000009300000e0010000fe01000001000080dc0c1e80dc"   \
	"0c0080dc0c24023c000000010000000000000004000000000000000000000000000000"
/* 4.1.4: Pacific Standard Time, by the rule of 2006 and by that of 2007. */
#define BLOB_PACIFIC                                                                               \
	"0201300002001500500061006300690066006900630020005300740061006e0064006100720064002000"     \
	"540069006d006500020002013e000000d6070000000000000000000000000000e001000000000000c4ffff"   \
	"ff00000a000000050002000000000000000000040000000100020000000000000002013e000200d7070000"   \
	"000000000000000000000000e001000000000000c4ffffff00000b00000001000200000000000000000003"   \
	"00000002000200000000000000"
/* 4.1.5: the rule of 2007 as PidLidTimeZoneStruct. */
#define BLOB_PACIFIC_STRUCT                                                                        \
	"e001000000000000c4ffffff000000000b00000001000200000000000000000000000300000002000200"     \
	"000000000000"
/* 4.1.2: an instance of 25 March 2008. */
#define BLOB_ID                                                                                    \
	"040000008200e00074c5b7101a82e00807d803195025d461e473c8010000000000000000100000002a5844b3" \
	"a444f74a9c246c60886f116b"

static inline struct buf blob_of_hex(const char *hex)
{
	struct buf out = buf_of(1 << 20);
	unsigned octet;

	for (; sscanf(hex, "%2x", &octet) == 1; hex += 2)
		buf_putc(&out, (char)octet);
	return out;
}

static inline void blob_put(struct buf *b, uint32_t v, size_t size)
{
	for (size_t i = 0; i < size; i++)
		buf_putc(b, (char)(v >> 8 * i));
}

/* A time zone of one rule: offsets in minutes east, months, the last Sunday of them. */
static inline struct buf blob_of_zone(const char *name, int standard, int summer)
{
	struct buf b = buf_of(4096);
	uint32_t len = (uint32_t)strlen(name);

	blob_put(&b, 0x0102, 2);
	blob_put(&b, 6 + 2 * len, 2);
	blob_put(&b, 2, 2);
	blob_put(&b, len, 2);
	for (uint32_t i = 0; i < len; i++)
		blob_put(&b, (uint32_t)name[i], 2);
	blob_put(&b, 1, 2);
	blob_put(&b, 0x0102, 2);
	blob_put(&b, 0x3e, 2);
	blob_put(&b, 2, 2);
	blob_put(&b, 1601, 2);
	for (int i = 0; i < 7; i++)
		blob_put(&b, 0, 2);
	blob_put(&b, (uint32_t)-standard, 4);
	blob_put(&b, 0, 4);
	blob_put(&b, (uint32_t)(standard - summer), 4);
	for (int month = 10; month > 0; month -= 7) { /* October, March */
		const uint32_t words[8] = {0, (uint32_t)month, 0, 5, month == 10 ? 3 : 2, 0, 0, 0};

		for (int i = 0; i < 8; i++)
			blob_put(&b, standard == summer ? 0 : words[i], 2);
	}
	return b;
}

/* The octets of a recurrence; its exceptions with their texts in Unicode (ASCII alone). */
static inline void blob_put_text(struct buf *b, const char *text, bool wide)
{
	uint32_t n = (uint32_t)strlen(text);

	if (!wide)
		blob_put(b, n + 1, 2);
	blob_put(b, n, 2);
	for (uint32_t i = 0; i < n; i++)
		blob_put(b, (uint32_t)text[i], wide ? 2 : 1);
}

static inline void blob_put_exceptions(struct buf *b, const struct recur *r, bool wide)
{
	for (size_t i = 0; i < r->n_exceptions; i++) {
		const struct recur_exception *x = &r->exceptions[i];
		const uint32_t values[] = {x->busy, x->attachment, x->all_day, x->color};

		if (wide) {
			blob_put(b, 4, 4);
			blob_put(b, x->highlight, 4);
			blob_put(b, 0, 4);
			if (!(x->flags & (OVERRIDE_SUBJECT | OVERRIDE_LOCATION)))
				continue;
		}
		blob_put(b, x->start, 4);
		blob_put(b, x->end, 4);
		blob_put(b, x->original, 4);
		if (!wide)
			blob_put(b, x->flags, 2);
		if (x->flags & OVERRIDE_SUBJECT)
			blob_put_text(b, (const char *)x->subject, wide);
		if (!wide && (x->flags & OVERRIDE_MEETING))
			blob_put(b, x->meeting, 4);
		if (!wide && (x->flags & OVERRIDE_DELTA))
			blob_put(b, x->reminder_delta, 4);
		if (!wide && (x->flags & OVERRIDE_REMINDER))
			blob_put(b, x->reminder_set, 4);
		if (x->flags & OVERRIDE_LOCATION)
			blob_put_text(b, (const char *)x->location, wide);
		for (unsigned k = 0; !wide && k < 4; k++)
			if (x->flags & (unsigned)OVERRIDE_BUSY << k)
				blob_put(b, values[k], 4);
		if (wide)
			blob_put(b, 0, 4);
	}
}

static inline struct buf blob_of(const struct recur *r)
{
	struct buf b = buf_of(1 << 20);

	blob_put(&b, 0x30043004, 4);
	blob_put(&b, r->frequency ? r->frequency : 0x200a, 2);
	blob_put(&b, r->pattern, 2);
	blob_put(&b, r->calendar, 2);
	blob_put(&b, r->first, 4);
	blob_put(&b, r->period, 4);
	blob_put(&b, r->sliding, 4);
	if (r->pattern == RECUR_WEEK || r->pattern == RECUR_MONTH_NTH ||
	        r->pattern == RECUR_HIJRI_NTH)
		blob_put(&b, r->days, 4);
	else if (r->pattern != RECUR_DAY)
		blob_put(&b, r->day, 4);
	if (r->pattern == RECUR_MONTH_NTH || r->pattern == RECUR_HIJRI_NTH)
		blob_put(&b, r->nth, 4);
	blob_put(&b, 0x2021 + (uint32_t)r->end, 4);
	blob_put(&b, r->end == RECUR_COUNT ? r->count : 10, 4);
	blob_put(&b, r->week_start, 4);
	blob_put(&b, (uint32_t)r->n_deleted, 4);
	for (size_t i = 0; i < r->n_deleted; i++)
		blob_put(&b, r->deleted[i], 4);
	blob_put(&b, (uint32_t)r->n_modified, 4);
	for (size_t i = 0; i < r->n_modified; i++)
		blob_put(&b, r->modified[i], 4);
	blob_put(&b, r->start_date, 4);
	blob_put(&b, r->end == RECUR_NEVER ? RECUR_END_OF_TIME : r->end_date, 4);
	if (!r->appointment)
		return b;
	blob_put(&b, 0x3006, 4);
	blob_put(&b, 0x3009, 4);
	blob_put(&b, r->start_minute, 4);
	blob_put(&b, r->end_minute, 4);
	blob_put(&b, (uint32_t)r->n_exceptions, 2);
	blob_put_exceptions(&b, r, false);
	blob_put(&b, 0, 4);
	blob_put_exceptions(&b, r, true);
	blob_put(&b, 0, 4);
	return b;
}

/* Minutes since 1601 of a day. */
static inline uint32_t blob_day(int year, int month, int day)
{
	/* days of a civil date, from 1601 on */
	int64_t y = year - (month <= 2), era = y / 400, yoe = y - era * 400;
	int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return (uint32_t)(era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 584694 + 0) *
	       RECUR_DAY_MINUTES;
}

#endif
