#ifndef VALISE_TEST_OUTLOOK_ITEMS_H
#define VALISE_TEST_OUTLOOK_ITEMS_H

/* Items of calendars by hand, and what becomes of them. */
#include "outlook/calendar/blobs.h"
#include "valise/outlook/convert.h"

struct made {
	char *text; /* unfolded, LF; free it */
	struct buf octets; /* as they were written */
	struct buf lost; /* a line each */
	struct outlook_made made;
	const char *method;
};

static inline int items_put(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	buf_put(&((struct made *)ctx)->octets, p, n);
	return 0;
}

static inline void items_lost(void *ctx, const char *what)
{
	buf_putf(&((struct made *)ctx)->lost, "%s\n", what);
}

/* Lines as RFC 5545 3.1 reads them; each is within 75 octets, whole characters, CRLF. */
static inline char *items_unfold(const struct buf *b)
{
	struct buf out = buf_of(b->len + 1);
	size_t column = 0;
	char *text;

	for (size_t i = 0; i < b->len; i++) {
		if (b->data[i] == '\r') {
			if (column > 75 || b->data[i + 1] != '\n')
				abort();
			column = 0;
			i++;
			if (b->data[i + 1] == ' ') {
				if ((b->data[i + 2] & 0xc0) == 0x80)
					abort(); /* within a character */
				i++;
				column = 1;
			} else {
				buf_putc(&out, '\n');
			}
		} else {
			buf_putc(&out, (char)b->data[i]);
			column++;
		}
	}
	text = buf_take(&out);
	buf_clear(&out);
	return text;
}

static inline struct made items_make(struct bag *b, bool invitation)
{
	struct made m = {.octets = buf_of(64 << 20), .lost = buf_of(1 << 16)};
	struct outlook_to to = {items_put, items_lost, &m};
	struct err err = {0};
	bool is;

	bag_sort(b);
	if (invitation)
		make_check(outlook_invitation(b, &to, &m.method, &is, &err), &err);
	else
		make_check(outlook_calendar(b, &to, &m.made, &err), &err);
	m.text = items_unfold(&m.octets);
	return m;
}

static inline void items_fail(const char *what, const char *line, const struct made *m)
{
	fprintf(stderr, "%s: \"%s\"\n%s%s", what, line, m->text, buf_str(&m->lost));
	abort();
}

/* Whole text of its lines. */
static inline void has(const struct made *m, const char *line)
{
	if (!strstr(m->text, line))
		items_fail("not in it", line, m);
}

static inline void has_not(const struct made *m, const char *line)
{
	if (strstr(m->text, line))
		items_fail("in it", line, m);
}

static inline void items_clear(struct made *m)
{
	free(m->text);
	buf_clear(&m->octets);
	buf_clear(&m->lost);
	outlook_made_clear(&m->made);
}

static inline void items_blob(struct bag *b, bag_key key, struct buf octets)
{
	make_octets(b, key, BAG_BINARY, octets.data, octets.len);
	buf_clear(&octets);
}

static inline void items_hex(struct bag *b, bag_key key, const char *hex)
{
	items_blob(b, key, blob_of_hex(hex));
}

enum { ITEMS_MARCH = 1772438400 }; /* 2026-03-02T08:00:00Z, 9:00 in Berlin */

/* An appointment of an hour in Berlin. */
static inline struct bag *items_appointment(const char *subject)
{
	struct bag *b = bag_new();

	make_text(b, PidTagMessageClass, "IPM.Appointment");
	make_text(b, PidTagSubject, subject);
	make_octets(b, PidTagSearchKey, BAG_BINARY, "0123456789abcdef", 16);
	make_time(b, PidTagCreationTime, 1767225600);
	make_time(b, PidTagLastModificationTime, 1767312000);
	make_time(b, (bag_key)PidLidAppointmentStartWhole, ITEMS_MARCH);
	make_time(b, (bag_key)PidLidAppointmentEndWhole, ITEMS_MARCH + 3600);
	make_int(b, (bag_key)PidLidBusyStatus, 2);
	items_blob(b, (bag_key)PidLidAppointmentTimeZoneDefinitionStartDisplay,
	        blob_of_zone("W. Europe Standard Time", 60, 120));
	return b;
}

/* A series of it: ${r} without its times of day. */
static inline void items_recur(struct bag *b, struct recur *r)
{
	r->appointment = true;
	if (!r->start_date)
		r->start_date = blob_day(2026, 3, 2);
	if (!r->end_minute) {
		r->start_minute = 540;
		r->end_minute = 600;
	}
	items_blob(b, (bag_key)PidLidAppointmentRecur, blob_of(r));
	make_bool(b, (bag_key)PidLidRecurring, true);
	items_blob(b, (bag_key)PidLidAppointmentTimeZoneDefinitionRecur,
	        blob_of_zone("W. Europe Standard Time", 60, 120));
}

#endif
