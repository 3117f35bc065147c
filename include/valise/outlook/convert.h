#ifndef VALISE_OUTLOOK_CONVERT_H
#define VALISE_OUTLOOK_CONVERT_H

#include "valise/outlook/bag.h"

/*
 * A MAPI item as message, calendar object or card: MS-OXCMAIL, MS-OXCICAL, MS-OXVCARD, where
 * these keep what the item has. The same item gives the same octets, always and everywhere:
 * no clock, no random number, no locale, no time zone of the machine.
 */
enum outlook_form {
	OUTLOOK_MAIL, /* a message, RFC 5322 */
	OUTLOOK_CALENDAR, /* VEVENT, VTODO or VJOURNAL, with its time zones: RFC 5545 */
	OUTLOOK_CONTACT, /* a card or a group */
	OUTLOOK_UNKNOWN, /* no form for this class of item: its bag alone is kept */
};
/*
 * By PidTagMessageClass, longest match of whole components, any case: IPM.Note.*, REPORT.*,
 * IPM.Schedule.* and all else that stands among mail are mail; IPM.Appointment.*, IPM.Task.*,
 * IPM.StickyNote.*, IPM.Activity.* calendar; IPM.Contact.*, IPM.DistList.* contact.
 */
enum outlook_form outlook_form_of(const struct bag *b);

struct outlook_made {
	enum outlook_form form;
	uint16_t flags; /* of mail: 1 \Seen, 2 \Answered, 4 \Flagged, 16 \Draft, as FLAG_* */
	char *keywords; /* of mail: parted by one blank ("$Forwarded Work"); or NULL. Owned */
	int64_t date_utc; /* when it arrived or was sent; INT64_MIN: nobody knows */
	char *uid; /* of calendar and contact, as in its octets. Owned; or NULL */
};
void outlook_made_clear(struct outlook_made *m);

/*
 * What happened on the way, for people: "attachment 2: an OLE object that holds no file".
 * Called for what did not come over, never for what has another form there.
 */
typedef void (*outlook_loss_fn)(void *ctx, const char *what);
struct outlook_to {
	bag_write_fn write; /* octets of the result, in pieces */
	outlook_loss_fn lost; /* or NULL */
	void *ctx; /* of both */
};
/**
 * outlook_convert(b, to, made, err): ${b} was sorted. Errors: those of ${to}->write, the
 * disk's; ERR_ITEM ERR_LIMIT: a cap. What it finds no home for stays unused in ${b}:
 * outlook_homeless.
 */
int outlook_convert(struct bag *b, const struct outlook_to *to, struct outlook_made *made,
        struct err *err) MUST_CHECK;
/* The three of them; each calls the others for what is in it (an invitation, a vCard). */
int outlook_mail(struct bag *b, const struct outlook_to *to, struct outlook_made *made,
        struct err *err) MUST_CHECK;
int outlook_calendar(struct bag *b, const struct outlook_to *to, struct outlook_made *made,
        struct err *err) MUST_CHECK;
int outlook_contact(struct bag *b, const struct outlook_to *to, struct outlook_made *made,
        struct err *err) MUST_CHECK;
/*
 * An IPM.Schedule.Meeting.* item as text/calendar with its METHOD (RFC 5546). *is_out false:
 * it is none, nothing was written.
 */
int outlook_invitation(struct bag *b, const struct outlook_to *to, const char **method_out,
        bool *is_out, struct err *err) MUST_CHECK;

/*
 * Properties with a value that no converter used, deep, but those that only a store means
 * (entry ids, change keys: list in homeless.c): one line each, "PidTagImportance (attachment
 * 2)" or "{00062008-...} 0x8516". To be called behind outlook_convert.
 */
void outlook_homeless(const struct bag *b, void (*tell)(void *ctx, const char *line), void *ctx);

#endif
