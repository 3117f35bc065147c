/* What becomes of an item, by its PidTagMessageClass (MS-OXCMSG 2.2.1.3). */
#include <string.h>
#include <strings.h>
#include "valise/base/mem.h"
#include "valise/outlook/convert.h"
#include <stdlib.h>

enum { CLASS_MAX = 255 };

/*
 * The longest of these whole components counts. What Outlook keeps for itself in folders
 * (rules, views, settings) is no item of an account.
 */
static const struct {
	const char *class;
	enum outlook_form form;
} classes[] = {
        {"IPM", OUTLOOK_MAIL},
        {"REPORT", OUTLOOK_MAIL},
        {"IPM.Appointment", OUTLOOK_CALENDAR},
        {"IPM.Task", OUTLOOK_CALENDAR},
        {"IPM.StickyNote", OUTLOOK_CALENDAR},
        {"IPM.Activity", OUTLOOK_CALENDAR},
        /* an exception of a series (MS-OXOCAL 2.2.10.1) */
        {"IPM.OLE.CLASS.{00061055-0000-0000-C000-000000000046}", OUTLOOK_CALENDAR},
        {"IPM.Contact", OUTLOOK_CONTACT},
        {"IPM.DistList", OUTLOOK_CONTACT},
        {"IPM.AbchPerson", OUTLOOK_CONTACT}, /* as Windows Live keeps contacts */
        {"IPM.Aggregation", OUTLOOK_UNKNOWN},
        {"IPM.Configuration", OUTLOOK_UNKNOWN},
        {"IPM.ExtendedRule", OUTLOOK_UNKNOWN},
        {"IPM.Microsoft", OUTLOOK_UNKNOWN},
        {"IPM.Rule", OUTLOOK_UNKNOWN},
};

/* Octets of the components that both begin with: all of ${class}, or 0. */
static size_t matches(const char *of, const char *class)
{
	size_t n = strlen(class);

	return strncasecmp(of, class, n) == 0 && (!of[n] || of[n] == '.') ? n : 0;
}

/* The text is not marked: converters ask for it. */
static void class_of(const struct bag *b, char out[CLASS_MAX + 1])
{
	const struct bag_prop *p = bag_peek(b, PidTagMessageClass);
	size_t step = p && p->type == BAG_UNICODE ? 2 : 1, n = 0;

	if (p && p->data && (p->type == BAG_UNICODE || p->type == BAG_STRING8))
		for (uint64_t i = 0; i < p->len && p->data[i] && n < CLASS_MAX; i += step)
			out[n++] = (char)p->data[i];
	out[n] = '\0';
}

enum outlook_form outlook_form_of(const struct bag *b)
{
	char class[CLASS_MAX + 1];
	enum outlook_form form = OUTLOOK_UNKNOWN;
	size_t longest = 0;

	class_of(b, class);
	if (!*class) /* nobody says what it is: what Outlook would show is a message */
		return OUTLOOK_MAIL;
	for (size_t i = 0; i < COUNT(classes); i++) {
		size_t n = matches(class, classes[i].class);

		if (n > longest) {
			longest = n;
			form = classes[i].form;
		}
	}
	return form;
}

void outlook_made_clear(struct outlook_made *m)
{
	free(m->keywords);
	free(m->uid);
	*m = (struct outlook_made){.date_utc = INT64_MIN};
}
