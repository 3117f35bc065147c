#ifndef VALISE_TEST_OUTLOOK_AWAY_H
#define VALISE_TEST_OUTLOOK_AWAY_H

/* Converters of what is in an appointment, for tests that look at the appointment alone. */
#include "valise/outlook/convert.h"

__attribute__((weak)) int outlook_mail(
        struct bag *b, const struct outlook_to *to, struct outlook_made *made, struct err *err)
{
	static const char message[] = "Subject: inner\r\n\r\n";

	(void)b;
	(void)made;
	return to->write(to->ctx, message, sizeof message - 1, err);
}

__attribute__((weak)) int outlook_contact(
        struct bag *b, const struct outlook_to *to, struct outlook_made *made, struct err *err)
{
	(void)b;
	(void)to;
	(void)made;
	return err_set(err, ERR_UNSUPPORTED, ERR_ITEM, "a card");
}

#endif
