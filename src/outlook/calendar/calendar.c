/* Items as calendar objects: what all kinds of them have in common. MS-OXCICAL, RFC 5545. */
#include "outlook/lost.h"
#include "outlook/calendar/calendar.h"
#include <stdarg.h>
#include <stdlib.h>
#include <strings.h>
#include "valise/base/mem.h"

void conv_lost(struct conv *c, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	lost_say(c->to, fmt, args);
	va_end(args);
}

void conv_clear(struct conv *c)
{
	free(c->uid);
	zone_clear(&c->zone);
	zone_clear(&c->end_zone);
	recur_clear(&c->recur);
	body_clear(&c->body);
}

void conv_begin(struct conv *c)
{
	lines_add(&c->l, "BEGIN:VCALENDAR");
	lines_add(&c->l, "VERSION:2.0");
	lines_add(&c->l, "PRODID:-//valise//Outlook//EN");
	if (c->method)
		lines_add(&c->l, "METHOD:%s", c->method);
}

void cover(struct bag *b, const bag_key *keys, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bag_use(b, keys[i]);
}

void put_stamps(struct conv *c, struct bag *b)
{
	/* who changed it last in a way that others are to know of, else who changed it at all */
	const bag_key stamps[] = {c->method && strcmp(c->method, "REPLY") == 0
	                                  ? (bag_key)PidLidAttendeeCriticalChange
	                                  : (bag_key)PidLidOwnerCriticalChange,
	        PidTagLastModificationTime, PidTagClientSubmitTime, PidTagMessageDeliveryTime,
	        PidTagCreationTime, (bag_key)PidLidAppointmentStartWhole};
	int64_t t = 0;

	for (size_t i = 0; i < COUNT(stamps); i++)
		if (bag_time(b, stamps[i], &t))
			break;
	put_utc(&c->l, "DTSTAMP", t);
	if (bag_time(b, PidTagCreationTime, &t))
		put_utc(&c->l, "CREATED", t);
	if (bag_time(b, PidTagLastModificationTime, &t))
		put_utc(&c->l, "LAST-MODIFIED", t);
}

/* "NAME:one,two" of a property with several values. */
static void put_texts(struct conv *c, const char *name, struct bag *b, bag_key key)
{
	size_t n = bag_count(b, key);
	bool begun = false;

	for (size_t i = 0; i < n; i++) {
		const char *text = bag_text_at(b, key, i);

		if (!text || !*text)
			continue;
		lines_putf(&c->l, "%s%s", begun ? "," : name, begun ? "" : ":");
		lines_value(&c->l, text);
		begun = true;
	}
	if (begun)
		lines_end(&c->l);
}

/* A number, where the kind of line has one. */
static void put_number(struct conv *c, const struct name *n, int64_t value)
{
	if (n->kind == NAME_MINUTES && value > 0)
		lines_add(&c->l, "%s:PT%lldM", n->name, (long long)value);
	else if (n->kind == NAME_TRUE && value)
		lines_add(&c->l, "%s:TRUE", n->name);
	else if (n->kind == NAME_PLACE || (n->kind == NAME_NUMBER && value))
		lines_add(&c->l, "%s:%lld", n->name, (long long)value);
}

void put_names(struct conv *c, struct bag *b, const struct names *names)
{
	for (size_t i = 0; i < names->n; i++) {
		const struct name *n = &names->list[i];
		int64_t t;

		if (n->kind == NAME_TEXT)
			lines_text(&c->l, n->name, bag_text(b, n->key));
		else if (n->kind == NAME_TEXTS)
			put_texts(c, n->name, b, n->key);
		else if (n->kind == NAME_TIME && bag_time(b, n->key, &t))
			put_utc(&c->l, n->name, t);
		else if (n->kind != NAME_TIME && bag_has(b, n->key))
			put_number(c, n, bag_int(b, n->key, 0));
	}
}

static void put_contacts(struct conv *c, struct bag *b)
{
	const bag_key key = (bag_key)PidLidContacts;

	for (size_t i = 0, n = bag_count(b, key); i < n; i++)
		lines_text(&c->l, "CONTACT", bag_text_at(b, key, i));
}

void put_common(struct conv *c, struct bag *b)
{
	static const int priorities[] = {9, 5, 1};
	const char *class = word_at(class_words, bag_int(b, PidTagSensitivity, 0));
	int64_t importance = bag_int(b, PidTagImportance, -1);

	/* threads are of mail: every item has them, and the topic is the subject once more */
	cover(b, (const bag_key[]){PidTagConversationTopic, PidTagConversationIndex}, 2);
	if (class)
		lines_add(&c->l, "CLASS:%s", class);
	if (importance >= 0 && importance < (int64_t)COUNT(priorities))
		lines_add(&c->l, "PRIORITY:%d", priorities[importance]);
	put_texts(c, "CATEGORIES", b, PidNameKeywords);
	put_contacts(c, b);
	put_names(c, b, &common_names);
}

void put_alarm(struct conv *c, int64_t minutes, int64_t utc, const char *summary)
{
	const int64_t most = 10 * 366 * 1440;

	if (utc == INT64_MIN && (minutes < -most || minutes > most)) {
		conv_lost(c, "its reminder: %lld minutes before it", (long long)minutes);
		return;
	}
	lines_add(&c->l, "BEGIN:VALARM");
	lines_add(&c->l, "ACTION:DISPLAY");
	if (utc != INT64_MIN)
		put_utc(&c->l, "TRIGGER;VALUE=DATE-TIME", utc);
	else
		lines_add(&c->l, "TRIGGER:%sPT%lldM", minutes > 0 ? "-" : "",
		        (long long)llabs(minutes));
	lines_text(&c->l, "DESCRIPTION", summary && *summary ? summary : "Reminder");
	lines_add(&c->l, "END:VALARM");
}

/* Whole components of the class, any case. */
static bool is_class(const char *class, const char *name)
{
	size_t n = strlen(name);

	return strncasecmp(class, name, n) == 0 && (!class[n] || class[n] == '.');
}

static void put_item(struct conv *c, const char *class)
{
	if (is_class(class, "IPM.Task")) {
		c->uid = uid_of_task(c->b);
		conv_begin(c);
		put_task(c);
	} else if (is_class(class, "IPM.Activity")) {
		c->uid = uid_of_meeting(c->b);
		conv_begin(c);
		put_journal(c);
	} else if (is_class(class, "IPM.StickyNote")) {
		c->uid = uid_of_meeting(c->b);
		conv_begin(c);
		put_note(c);
	} else {
		c->uid = uid_of_meeting(c->b);
		event_prepare(c);
		conv_begin(c);
		put_zones(c);
		put_kept_zones(c);
		put_vevents(c);
	}
	lines_add(&c->l, "END:VCALENDAR");
}

int outlook_calendar(
        struct bag *b, const struct outlook_to *to, struct outlook_made *made, struct err *err)
{
	struct conv c = {.to = to, .b = b, .room = ATTACH_ROOM};
	struct err unheard = {0};
	const char *class = bag_text(b, PidTagMessageClass);
	int rc;

	memset(made, 0, sizeof *made);
	made->form = OUTLOOK_CALENDAR;
	if (!bag_time(b, PidTagLastModificationTime, &made->date_utc))
		made->date_utc = INT64_MIN;
	lines_init(&c.l, to->write, to->ctx, err ? err : &unheard);
	lines_keep(&c.l, b);
	put_item(&c, class ? class : "");
	rc = lines_flush(&c.l);
	if (rc == 0) {
		made->uid = c.uid;
		c.uid = NULL;
	}
	conv_clear(&c);
	return rc;
}
