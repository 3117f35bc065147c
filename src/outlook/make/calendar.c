/* A calendar object as a MAPI item: to come. */
#include "valise/outlook/make.h"

int outlook_make_calendar(const struct outlook_make *m, struct bag *into, struct err *err)
{
	(void)m;
	(void)into;
	return err_set(err, ERR_PROTO, ERR_ITEM, "not made yet");
}
