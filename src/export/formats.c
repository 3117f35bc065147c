/* The table of the formats that are written. */
#include "valise/export/export.h"

static const struct {
	const char *word;
	unsigned kinds;
	const char *loss;
} formats[EXPORT_FORMATS] = {
        [EXPORT_MBOX] = {"mbox", 1u << COLL_MAIL, "labels of Gmail are left out"},
        [EXPORT_EML] = {"eml", 1u << COLL_MAIL, "flags, keywords and labels are left out"},
        [EXPORT_MAILDIR] = {"maildir", 1u << COLL_MAIL, NULL},
        [EXPORT_MH] = {"mh", 1u << COLL_MAIL, "keywords and labels are left out"},
        [EXPORT_ICS] = {"ics", 1u << COLL_CALENDAR, NULL},
        [EXPORT_VCF] = {"vcf", 1u << COLL_CONTACTS, NULL},
        [EXPORT_HTML] = {"html", 1u << COLL_MAIL | 1u << COLL_CALENDAR | 1u << COLL_CONTACTS,
                "pages are for reading: no program takes items from them"},
};

const char *export_format_word(enum export_format f)
{
	return formats[f].word;
}

unsigned export_format_kinds(enum export_format f)
{
	return formats[f].kinds;
}

const char *export_format_loss(enum export_format f)
{
	return formats[f].loss;
}
