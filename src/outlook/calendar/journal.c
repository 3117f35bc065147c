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
	put_kept(c, c->b);
	put_attachments(c, c->b);
	lines_add(&c->l, "END:VJOURNAL");
	cover(c->b, covered, COUNT(covered));
}

void put_journal(struct conv *c)
{
	int64_t t;

	begin(c);
	if (bag_time(c->b, (bag_key)PidLidLogStart, &t) ||
	        bag_time(c->b, (bag_key)PidLidCommonStart, &t))
		if (!put_kept_time(c, "DTSTART", t))
			put_utc(&c->l, "DTSTART", t);
	put_names(c, c->b, &journal_span_names);
	lines_text(&c->l, "SUMMARY", bag_text(c->b, PidTagSubject));
	put_names(c, c->b, &journal_names);
	end(c);
}

void put_note(struct conv *c)
{
	const char *color = word_at(color_words, bag_int(c->b, (bag_key)PidLidNoteColor, -1));

	begin(c);
	lines_text(&c->l, "SUMMARY", bag_text(c->b, PidTagSubject));
	if (color)
		lines_add(&c->l, "COLOR:%s", color);
	put_names(c, c->b, &note_names);
	end(c);
}
