/* Organizer and attendees: RFC 5545 3.8.4.1, 3.8.4.3, MS-OXCICAL 2.1.3.1.1.20.2. */
#include <stdlib.h>
#include <strings.h>
#include "outlook/calendar/calendar.h"
#include "valise/base/mem.h"

enum { RECIPIENT_ORGANIZER = 0x2, RECIPIENT_GONE = 0x20 };
enum { ORIGINATOR = 0, TO = 1, CC = 2, BCC = 3 };
enum { DISPLAY_LIST = 1, DISPLAY_FORUM = 2, DISPLAY_ROOM = 7, DISPLAY_EQUIPMENT = 8 };

/* Where an address and its name stand. */
struct address_keys {
	bag_key smtp, type, address, name;
};
static const struct address_keys recipient_keys = {
        PidTagSmtpAddress, PidTagAddressType, PidTagEmailAddress, PidTagDisplayName};
static const struct address_keys organizer_keys = {PidTagSentRepresentingSmtpAddress,
        PidTagSentRepresentingAddressType, PidTagSentRepresentingEmailAddress,
        PidTagSentRepresentingName};
static const struct address_keys sender_keys = {PidTagSenderSmtpAddress, PidTagSenderAddressType,
        PidTagSenderEmailAddress, PidTagSenderName};

struct address {
	const char *smtp, *other, *name; /* lent; or NULL */
};

static bool is_smtp(const char *s)
{
	const char *at = s ? strchr(s, '@') : NULL;

	return at && at != s && at[1] && s[0] != '/' && !strpbrk(s, " \t\r\n<>\"");
}

static struct address address_of(struct bag *b, const struct address_keys *keys)
{
	const char *smtp = bag_text(b, keys->smtp), *type = bag_text(b, keys->type),
	           *address = bag_text(b, keys->address);
	struct address a = {NULL, NULL, bag_text(b, keys->name)};

	if (is_smtp(smtp))
		a.smtp = smtp;
	else if (is_smtp(address) && (!type || strcasecmp(type, "SMTP") == 0))
		a.smtp = address;
	else if (is_smtp(a.name))
		a.smtp = a.name;
	if (!a.smtp && address)
		a.other = address;
	return a;
}

static bool is_anybody(const struct address *a)
{
	return a->smtp || a->other || a->name;
}

/*
 * Who has no address of the Internet, but one of an inside directory, keeps it as a parameter;
 * "invalid:nomail" is what Exchange writes.
 */
static void put_address(struct conv *c, const struct address *a)
{
	if (a->name)
		lines_param(&c->l, "CN", a->name);
	if (!a->smtp && a->other)
		lines_param(&c->l, "X-OUTLOOK-ADDRESS", a->other);
	lines_puts(&c->l, a->smtp ? ":mailto:" : ":invalid:nomail");
	if (a->smtp)
		lines_uri(&c->l, a->smtp);
	lines_end(&c->l);
}

static int64_t flags_of(struct bag *r)
{
	return bag_int(r, PidTagRecipientFlags, 0);
}

/* By a flag, or as the one who sent it (MAPI_ORIG, olOrganizer). */
static bool is_organizer(struct bag *r)
{
	return flags_of(r) & RECIPIENT_ORGANIZER ||
	       (bag_int(r, PidTagRecipientType, TO) & 0xf) == ORIGINATOR;
}

void put_organizer(struct conv *c, struct bag *b)
{
	struct address a = address_of(b, &organizer_keys), sender = address_of(b, &sender_keys);

	for (size_t i = 0; i < b->n_recipients; i++)
		if (is_organizer(b->recipients[i])) {
			struct address r = address_of(b->recipients[i], &recipient_keys);

			a.smtp = a.smtp ? a.smtp : r.smtp;
			a.name = a.name ? a.name : r.name;
		}
	if (!is_anybody(&a))
		a = sender;
	if (!is_anybody(&a))
		return;
	lines_puts(&c->l, "ORGANIZER");
	/* somebody else sent it for the organizer */
	if (sender.smtp && a.smtp && strcasecmp(sender.smtp, a.smtp) != 0) {
		char *uri = xasprintf("mailto:%s", sender.smtp);

		lines_param(&c->l, "SENT-BY", uri);
		free(uri);
	}
	put_address(c, &a);
}

static const char *partstat(int64_t status)
{
	switch (status) {
	case 1:
	case 3:
		return "ACCEPTED";
	case 2:
		return "TENTATIVE";
	case 4:
		return "DECLINED";
	}
	return "NEEDS-ACTION";
}

static const char *cutype(struct bag *r, int64_t type)
{
	/* the low octet of PidTagDisplayTypeEx is what it is at home */
	int64_t shown = bag_int(r, PidTagDisplayType, 0);
	int64_t there = bag_int(r, PidTagDisplayTypeEx, shown) & 0xff;

	if (there == DISPLAY_ROOM)
		return "ROOM";
	if (there == DISPLAY_EQUIPMENT || type == BCC)
		return "RESOURCE";
	return there == DISPLAY_LIST || there == DISPLAY_FORUM ? "GROUP" : "INDIVIDUAL";
}

static void put_attendee(struct conv *c, struct bag *item, struct bag *r)
{
	static const bag_key elsewhere[] = {
	        PidTagRecipientDisplayName, PidTagRecipientTrackStatusTime, PidTagSearchKey};
	int64_t type = bag_int(r, PidTagRecipientType, TO) & 0xf;
	int64_t status = bag_int(r, PidTagRecipientTrackStatus, 0);
	struct address a = address_of(r, &recipient_keys);

	cover(r, elsewhere, COUNT(elsewhere));
	if (!is_anybody(&a))
		return;
	lines_puts(&c->l, "ATTENDEE");
	lines_putf(&c->l, ";CUTYPE=%s", cutype(r, type));
	if (type == CC)
		lines_puts(&c->l, ";ROLE=OPT-PARTICIPANT");
	else if (type == BCC)
		lines_puts(&c->l, ";ROLE=NON-PARTICIPANT");
	else
		lines_puts(&c->l, ";ROLE=REQ-PARTICIPANT");
	if (!c->method || status)
		lines_putf(&c->l, ";PARTSTAT=%s", partstat(status));
	if (bag_bool(item, PidTagResponseRequested))
		lines_puts(&c->l, ";RSVP=TRUE");
	put_address(c, &a);
}

void put_attendees(struct conv *c, const struct event *e)
{
	struct bag *from = e->own && e->own->n_recipients ? e->own : e->b;

	for (size_t i = 0; i < from->n_recipients; i++) {
		struct bag *r = from->recipients[i];

		if (!is_organizer(r) && !(flags_of(r) & RECIPIENT_GONE))
			put_attendee(c, e->b, r);
	}
}

void put_answer(struct conv *c, const char *answer)
{
	struct address a = address_of(c->b, &organizer_keys),
	               sender = address_of(c->b, &sender_keys);

	if (!is_anybody(&a))
		a = sender;
	/* who gets the answer is the organizer */
	for (size_t i = 0; i < c->b->n_recipients; i++) {
		struct address to = address_of(c->b->recipients[i], &recipient_keys);

		if (bag_int(c->b->recipients[i], PidTagRecipientType, TO) != TO || !is_anybody(&to))
			continue;
		lines_puts(&c->l, "ORGANIZER");
		put_address(c, &to);
		break;
	}
	if (!is_anybody(&a))
		return;
	lines_putf(&c->l, "ATTENDEE;PARTSTAT=%s", answer);
	put_address(c, &a);
}
