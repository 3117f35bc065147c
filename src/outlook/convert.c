/* An item as message, calendar object or card: by its class. */
#include "valise/outlook/convert.h"

int outlook_convert(
        struct bag *b, const struct outlook_to *to, struct outlook_made *made, struct err *err)
{
	*made = (struct outlook_made){.form = outlook_form_of(b), .date_utc = INT64_MIN};
	switch (made->form) {
	case OUTLOOK_MAIL:
		return outlook_mail(b, to, made, err);
	case OUTLOOK_CALENDAR:
		return outlook_calendar(b, to, made, err);
	case OUTLOOK_CONTACT:
		return outlook_contact(b, to, made, err);
	default:
		return 0;
	}
}
