/* What contents and their differences say of two that may be one. Pure decisions. */
#include <stdlib.h>
#include <string.h>
#include "restore/dav/run.h"

#define DIFFERENCES_TOLD 500 /* a list that is longer may not be all of it */

uint64_t alike_key(const struct content_summary *s)
{
	uint64_t key;
	char *text;

	if (!s->title && !s->start)
		return 0;
	text = xasprintf("%s\n%s\n%s", s->component ? s->component : "", s->title ? s->title : "",
	        s->start ? s->start : "");
	key = key_of(text);
	free(text);
	return key ? key : 1;
}

bool alike_holds(const char *differences)
{
	static const char *const harmless[] = {"UID", "SEQUENCE", "X-"};
	const char *at = differences ? differences : "";

	if (strlen(at) > DIFFERENCES_TOLD)
		return false;
	for (size_t n; *at; at += n + (at[n] == ' ')) {
		bool fine = *at == '+';

		n = strcspn(at, " ");
		for (size_t i = 0; i < COUNT(harmless) && !fine; i++) {
			size_t k = strlen(harmless[i]);

			fine = n > k && strncmp(at + 1, harmless[i], k) == 0 &&
			       (n == k + 1 || harmless[i][k - 1] == '-');
		}
		if (!fine)
			return false;
	}
	return true;
}

bool alike_lacks(const struct res *x)
{
	static const char *const objects[] = {
	        "-VEVENT", "-VTODO", "-VJOURNAL", "-VFREEBUSY", "-VCARD", "-VCALENDAR"};
	const char *differences = x->grade == CONTENT_ALTERED ? x->differences : NULL;

	for (size_t i = 0; i < COUNT(objects) && differences; i++)
		if (strstr(differences, objects[i]))
			return true;
	return false;
}
