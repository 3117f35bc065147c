/* Journal entries and sticky notes as VJOURNAL: MS-OXOJRNL, MS-OXONOTE, RFC 5545 3.6.3. */
#include "outlook/calendar/calendar.h"
#include "valise/base/mem.h"

static const bag_key covered[] = {PidTagMessageClass, PidTagSubject, PidTagNormalizedSubject,
        PidTagMessageFlags, PidTagIconIndex, PidTagStartDate, PidTagEndDate, PidTagRtfCompressed,
        PidTagCreationTime, PidTagLastModificationTime, PidTagSearchKey, (bag_key)PidLidSideEffects,
        (bag_key)PidLidCommonStart, (bag_key)PidLidCommonEnd, (bag_key)PidLidLogTypeDesc,
        (bag_key)PidLidLogFlags, PidTagSentRepresentingName, PidTagSentRepresentingAddressType,
        PidTagSentRepresentingEmailAddress, PidTagSentRepresentingSmtpAddress, PidTagSenderName,
        PidTagSenderAddressType, PidTagSenderEmailAddress, PidTagSenderSmtpAddress};

static void begin(struct conv *c)
{
	lines_add(&c->l, "BEGIN:VJOURNAL");
	lines_text(&c->l, "UID", c->uid);
	put_stamps(c, c->b);
}

static void end(struct conv *c)
{
	put_body(c, "DESCRIPTION", c->b);
	put_common(c, c->b);
	put_attachments(c, c->b);
	lines_add(&c->l, "END:VJOURNAL");
	cover(c->b, covered, COUNT(covered));
}

/* What documents an entry went through. */
static void put_documents(struct conv *c)
{
	static const struct {
		bag_key key;
		const char *name;
	} flags[] = {
	        {(bag_key)PidLidLogDocumentPrinted, "X-OUTLOOK-DOCUMENT-PRINTED"},
	        {(bag_key)PidLidLogDocumentSaved, "X-OUTLOOK-DOCUMENT-SAVED"},
	        {(bag_key)PidLidLogDocumentRouted, "X-OUTLOOK-DOCUMENT-ROUTED"},
	        {(bag_key)PidLidLogDocumentPosted, "X-OUTLOOK-DOCUMENT-POSTED"},
	};

	for (size_t i = 0; i < COUNT(flags); i++)
		if (bag_bool(c->b, flags[i].key))
			lines_add(&c->l, "%s:TRUE", flags[i].name);
}

void put_journal(struct conv *c)
{
	int64_t t, minutes = bag_int(c->b, (bag_key)PidLidLogDuration, 0);

	begin(c);
	if (bag_time(c->b, (bag_key)PidLidLogStart, &t) ||
	        bag_time(c->b, (bag_key)PidLidCommonStart, &t))
		put_utc(&c->l, "DTSTART", t);
	/* VJOURNAL has no end */
	if (bag_time(c->b, (bag_key)PidLidLogEnd, &t))
		put_utc(&c->l, "X-OUTLOOK-END", t);
	if (minutes > 0)
		lines_add(&c->l, "X-OUTLOOK-DURATION:PT%lldM", (long long)minutes);
	lines_text(&c->l, "SUMMARY", bag_text(c->b, PidTagSubject));
	lines_text(&c->l, "X-OUTLOOK-TYPE", bag_text(c->b, (bag_key)PidLidLogType));
	put_documents(c);
	end(c);
}

void put_note(struct conv *c)
{
	static const char *const colors[] = {"blue", "green", "pink", "yellow", "white"};
	static const struct {
		bag_key key;
		const char *name;
	} places[] = {
	        {(bag_key)PidLidNoteX, "X-OUTLOOK-NOTE-X"},
	        {(bag_key)PidLidNoteY, "X-OUTLOOK-NOTE-Y"},
	        {(bag_key)PidLidNoteWidth, "X-OUTLOOK-NOTE-WIDTH"},
	        {(bag_key)PidLidNoteHeight, "X-OUTLOOK-NOTE-HEIGHT"},
	};
	int64_t color = bag_int(c->b, (bag_key)PidLidNoteColor, -1);

	begin(c);
	lines_text(&c->l, "SUMMARY", bag_text(c->b, PidTagSubject));
	if (color >= 0 && color < (int64_t)COUNT(colors))
		lines_add(&c->l, "COLOR:%s", colors[color]);
	for (size_t i = 0; i < COUNT(places); i++)
		if (bag_has(c->b, places[i].key))
			lines_add(&c->l, "%s:%lld", places[i].name,
			        (long long)bag_int(c->b, places[i].key, 0));
	end(c);
}
