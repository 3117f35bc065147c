/* A VJOURNAL as a journal entry or a note: MS-OXOJRNL 2.2.1, MS-OXONOTE 2.2.1, RFC 5545 3.6.3. */
#include "outlook/make/calendar/cal.h"
#include "valise/base/mem.h"

enum { ICON_JOURNAL = 0x601, ICON_NOTE = 0x300, YELLOW = 3, SIDE_EFFECTS = 0x110 };

static void put_note(struct cal *c)
{
	struct line *l = part_peek(c->main, "COLOR");
	int color = l ? word_place(color_words, l->value) : -1;

	into_text(&c->k, c->b, PidTagMessageClass, "IPM.StickyNote");
	/* other colors are kept as they were */
	if (color >= 0)
		l->used = true;
	if (l)
		into_int(&c->k, c->b, (bag_key)PidLidNoteColor, color >= 0 ? color : YELLOW);
	into_int(&c->k, c->b, PidTagIconIndex, ICON_NOTE + (color >= 0 ? color : YELLOW));
	take_names(c, c->main, c->b, &note_names);
}

static void put_entry(struct cal *c)
{
	struct line *l = part_take(c->main, "DTSTART");
	struct when w;

	into_text(&c->k, c->b, PidTagMessageClass, "IPM.Activity");
	into_int(&c->k, c->b, PidTagIconIndex, ICON_JOURNAL);
	take_names(c, c->main, c->b, &journal_span_names);
	take_names(c, c->main, c->b, &journal_names);
	if (!l || !when_read(c, l, &w))
		return;
	into_time(&c->k, c->b, (bag_key)PidLidLogStart, w.utc);
	into_time(&c->k, c->b, (bag_key)PidLidCommonStart, w.utc);
	if (w.is_date) {
		into_kept(&c->k, "that it is of a whole day: it is kept as it was");
		object_raw_line(&c->o, l, &c->kept);
	}
}

void make_journal(struct cal *c, bool is_note)
{
	into_int(&c->k, c->b, (bag_key)PidLidSideEffects, SIDE_EFFECTS);
	take_uid(c, c->main, 0);
	if (is_note)
		put_note(c);
	else
		put_entry(c);
	take_common(c, c->main, c->b);
	take_attachments(c, c->main, c->b);
}
