/* Organizer and attendees as recipients: MS-OXCICAL 2.1.3.1.1.20.2, .16; MS-OXOCAL 2.2.4.10. */
#include <stdlib.h>
#include <strings.h>
#include "outlook/contact/entry.h"
#include "outlook/make/calendar/cal.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

enum { TO = 1, CC = 2, BCC = 3 };
enum { SENDABLE = 1, ORGANIZER = 2 }; /* PidTagRecipientFlags */
enum { DISPLAY_LIST = 1, DISPLAY_ROOM = 7, DISPLAY_EQUIPMENT = 8, MAIL_USER = 6 };
/* PidTagObjectType, MS-OXCPRPT. */
#define OBJECT_TYPE ((bag_key)0x0ffe)

/* Who is meant; malloc'ed. */
struct person {
	char *name, *smtp, *other; /* other: an address of an inside directory */
};

static void person_clear(struct person *who)
{
	free(who->name);
	free(who->smtp);
	free(who->other);
}

static char *decode_percent(const char *s)
{
	char *out = xmalloc(strlen(s) + 1);
	size_t n = 0;

	for (; *s; s++) {
		int octet = *s == '%' ? hex_octet(s + 1) : -1;

		out[n++] = (char)(octet > 0 ? octet : *s);
		s += octet > 0 ? 2 : 0;
	}
	out[n] = '\0';
	return out;
}

/* The address of a "mailto:"; NULL: it is none. */
static char *mail_of(const char *uri)
{
	char *address;

	if (strncasecmp(uri, "mailto:", 7) == 0)
		uri += 7;
	else if (strchr(uri, ':') || !strchr(uri, '@'))
		return NULL;
	address = decode_percent(uri);
	if (!*address) {
		free(address);
		return NULL;
	}
	return address;
}

static struct person person_of(const struct line *l)
{
	const char *name = line_param(l, "CN"), *other = line_param(l, "X-OUTLOOK-ADDRESS"),
	           *email = line_param(l, "EMAIL");
	struct person who = {NULL, mail_of(l->value), NULL};

	if (name && *name)
		who.name = xstrdup(name);
	if (!who.smtp && email && *email)
		who.smtp = xstrdup(email);
	if (!who.smtp && other && *other)
		who.other = xstrdup(other);
	return who;
}

static bool is_anybody(const struct person *who)
{
	return who->name || who->smtp || who->other;
}

struct address_keys {
	bag_key name, type, address, smtp, entry;
};
static const struct address_keys recipient = {PidTagDisplayName, PidTagAddressType,
                                         PidTagEmailAddress, PidTagSmtpAddress, PidTagEntryId},
                                 represented = {PidTagSentRepresentingName,
                                         PidTagSentRepresentingAddressType,
                                         PidTagSentRepresentingEmailAddress,
                                         PidTagSentRepresentingSmtpAddress,
                                         PidTagSentRepresentingEntryId},
                                 sender = {PidTagSenderName, PidTagSenderAddressType,
                                         PidTagSenderEmailAddress, PidTagSenderSmtpAddress,
                                         PidTagSenderEntryId};

static void put_person(
        struct cal *c, struct bag *b, const struct address_keys *keys, const struct person *who)
{
	const char *type = who->smtp ? "SMTP" : "EX", *address = who->smtp ? who->smtp : who->other;
	struct buf entry = buf_of(SIZE_MAX);

	into_text(&c->k, b, keys->name, who->name);
	if (address) {
		into_text(&c->k, b, keys->type, type);
		into_text(&c->k, b, keys->address, address);
		into_text(&c->k, b, keys->smtp, who->smtp);
		entry_one_off(who->name ? who->name : address, type, address, &entry);
		into_octets(&c->k, b, keys->entry, entry.data, entry.len);
	}
	buf_clear(&entry);
}

static int64_t track_status(const struct line *l)
{
	static const struct {
		const char *word;
		int status;
	} words[] = {{"ACCEPTED", 3}, {"TENTATIVE", 2}, {"DECLINED", 4}};
	const char *said = line_param(l, "PARTSTAT");

	for (size_t i = 0; said && i < COUNT(words); i++)
		if (strcasecmp(said, words[i].word) == 0)
			return words[i].status;
	return 0;
}

static int64_t type_of(const struct line *l)
{
	const char *role = line_param(l, "ROLE"), *kind = line_param(l, "CUTYPE");
	bool thing = kind && (strcasecmp(kind, "RESOURCE") == 0 || strcasecmp(kind, "ROOM") == 0);

	if (role && strcasecmp(role, "OPT-PARTICIPANT") == 0)
		return CC;
	/* somebody who is to know of it is no resource */
	if (role && strcasecmp(role, "NON-PARTICIPANT") == 0)
		return thing ? BCC : CC;
	return TO;
}

static void put_kind(struct cal *c, struct bag *r, const struct line *l)
{
	static const struct {
		const char *word;
		int type;
	} words[] = {
	        {"ROOM", DISPLAY_ROOM}, {"RESOURCE", DISPLAY_EQUIPMENT}, {"GROUP", DISPLAY_LIST}};
	const char *kind = line_param(l, "CUTYPE");
	int type = 0;

	for (size_t i = 0; kind && i < COUNT(words); i++)
		if (strcasecmp(kind, words[i].word) == 0)
			type = words[i].type;
	into_int(&c->k, r, OBJECT_TYPE, MAIL_USER);
	into_int(&c->k, r, PidTagDisplayType, type == DISPLAY_LIST ? type : 0);
	if (type)
		into_int(&c->k, r, PidTagDisplayTypeEx, type);
}

/* What of the line says nothing that a recipient has. */
static void tell_params(struct cal *c, const struct line *l, bool *told)
{
	static const char *const known[] = {
	        "CN", "ROLE", "CUTYPE", "PARTSTAT", "RSVP", "EMAIL", "X-OUTLOOK-ADDRESS"};
	const char *role = line_param(l, "ROLE"), *status = line_param(l, "PARTSTAT");

	for (size_t i = 0; i < l->n_params && !*told; i++)
		if (!text_among(l->params[i].name, known, COUNT(known))) {
			into_lost(&c->k, "%s of attendees: a recipient has no such thing",
			        l->params[i].name);
			*told = true;
		}
	if (role && strcasecmp(role, "CHAIR") == 0 && !*told) {
		into_lost(&c->k, "who is the chair");
		*told = true;
	}
	if (status && strcasecmp(status, "DELEGATED") == 0)
		into_lost(&c->k, "PARTSTAT=DELEGATED of an attendee");
}

static void put_attendee(
        struct cal *c, struct bag *b, const struct line *l, const struct person *who)
{
	struct bag *r = into_recipient(&c->k, b);
	int64_t status = track_status(l);

	if (!r)
		return;
	into_int(&c->k, r, PidTagRecipientType, type_of(l));
	into_int(&c->k, r, PidTagRecipientFlags, SENDABLE);
	into_int(&c->k, r, PidTagRecipientTrackStatus, status);
	put_person(c, r, &recipient, who);
	put_kind(c, r, l);
}

/* A row of the organizer, who is in no other one: Outlook has one. */
static void put_organizer_row(struct cal *c, struct bag *b, const struct person *who)
{
	struct bag *r = into_recipient(&c->k, b);

	if (!r)
		return;
	into_int(&c->k, r, PidTagRecipientType, TO);
	into_int(&c->k, r, PidTagRecipientFlags, SENDABLE | ORGANIZER);
	into_int(&c->k, r, PidTagRecipientTrackStatus, 0);
	put_person(c, r, &recipient, who);
}

static void take_organizer(struct cal *c, struct part *p, struct bag *b, struct person *out)
{
	struct line *l = part_take(p, "ORGANIZER");
	const char *by = l ? line_param(l, "SENT-BY") : NULL;
	struct person behind = {NULL, by ? mail_of(by) : NULL, NULL};

	*out = (struct person){NULL, NULL, NULL};
	if (l)
		*out = person_of(l);
	if (l && !is_anybody(out))
		into_lost(&c->k, "its organizer, %.200s: no address of mail", l->value);
	if (is_anybody(out)) {
		put_person(c, b, &represented, out);
		put_person(c, b, &sender, behind.smtp ? &behind : out);
	}
	person_clear(&behind);
}

static bool is_listed(const struct part *p, const struct person *organizer)
{
	bool listed = false;

	for (size_t i = 0; i < p->n_lines && organizer->smtp; i++) {
		char *smtp = strcmp(p->lines[i].name, "ATTENDEE") == 0 ? mail_of(p->lines[i].value)
		                                                       : NULL;

		listed |= smtp && strcasecmp(smtp, organizer->smtp) == 0;
		free(smtp);
	}
	return listed;
}

size_t take_people(struct cal *c, struct part *p, struct bag *b)
{
	bool rsvp = false, told = false;
	struct person organizer;
	struct line *l;
	size_t i = 0, n = 0;

	take_organizer(c, p, b, &organizer);
	if (is_anybody(&organizer) && !is_listed(p, &organizer))
		put_organizer_row(c, b, &organizer);
	while ((l = part_each(p, "ATTENDEE", &i))) {
		struct person who = person_of(l);
		const char *wanted = line_param(l, "RSVP");

		rsvp |= wanted && strcasecmp(wanted, "TRUE") == 0;
		tell_params(c, l, &told);
		if (is_anybody(&who)) {
			put_attendee(c, b, l, &who);
			n++;
		} else {
			l->used = false;
		}
		person_clear(&who);
	}
	if (rsvp)
		into_bool(&c->k, b, PidTagResponseRequested, true);
	person_clear(&organizer);
	return n;
}
