/* Birthdays: the day of a time whose zone nobody knows (MS-OXOCNTC 2.2.1.5). */
#include "outlook/contact/internal.h"

enum { HOUR = 3600, DAY = 24 * HOUR };

struct day contact_day(int64_t utc, bool is_local)
{
	/*
	 * Midnight of zones east of Greenwich is the day before in UTC, 23:00 to 10:00; of
	 * those west of it the same day, 00:00 to 12:00. They meet where few people live: 10:00
	 * is Hawaii, rather than the Line Islands; 11:00 New Zealand in summer, rather than
	 * Samoa.
	 */
	return day_of(is_local ? utc : utc + 14 * HOUR - 1);
}
