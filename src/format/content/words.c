/* What two forms of an object differ in, in a person's words: no "~CATEGORIES". */
#include <string.h>
#include "valise/base/mem.h"
#include "compare.h"

/* Properties and components that people call otherwise. */
static const struct {
	const char *name, *words;
} known[] = {
        {"ADR", "the address"},
        {"ANNIVERSARY", "the anniversary"},
        {"ATTACH", "the attachments"},
        {"ATTENDEE", "the attendees"},
        {"BDAY", "the birthday"},
        {"CATEGORIES", "the categories"},
        {"CLASS", "the confidentiality"},
        {"COLOR", "the colour"},
        {"COMMENT", "the comment"},
        {"COMPLETED", "when it was completed"},
        {"CONTACT", "the contact"},
        {"CREATED", "when it was created"},
        {"DESCRIPTION", "the description"},
        {"DTEND", "the end"},
        {"DTSTART", "the start"},
        {"DUE", "the due date"},
        {"DURATION", "the duration"},
        {"EMAIL", "the mail address"},
        {"END", "a line that ends an object"},
        {"EXDATE", "the dates left out of the series"},
        {"FN", "the full name"},
        {"GEO", "the coordinates"},
        {"IMPP", "the messenger address"},
        {"KEY", "the key"},
        {"LOCATION", "the place"},
        {"LOGO", "the logo"},
        {"MEMBER", "the members"},
        {"N", "the name"},
        {"NICKNAME", "the nickname"},
        {"NOTE", "the note"},
        {"ORG", "the organisation"},
        {"ORGANIZER", "the organizer"},
        {"PERCENT-COMPLETE", "how much is done"},
        {"PHOTO", "the photo"},
        {"PRIORITY", "the priority"},
        {"RDATE", "the dates added to the series"},
        {"RECURRENCE-ID", "which date of the series it is"},
        {"RELATED-TO", "what it belongs to"},
        {"RRULE", "the repetition"},
        {"SEQUENCE", "the revision number"},
        {"SOUND", "the sound"},
        {"STATUS", "the status"},
        {"SUMMARY", "the title"},
        {"TEL", "the phone number"},
        {"TITLE", "the job title"},
        {"TRANSP", "whether the time is busy"},
        {"TRIGGER", "when it reminds"},
        {"TZ", "the time zone"},
        {"URL", "the link"},
        {"VALARM", "the reminder"},
        {"VEVENT", "an event"},
        {"VCARD", "a card"},
        {"VJOURNAL", "a journal entry"},
        {"VTIMEZONE", "the time zone"},
        {"VTODO", "a task"},
        {"X-ALT-DESC", "the formatted description"},
        {"X-APPLE-STRUCTURED-LOCATION", "the place on the map"},
};

void content_put_name(const char *name, size_t n, struct buf *out)
{
	for (size_t i = 0; i < COUNT(known); i++)
		if (strlen(known[i].name) == n && memcmp(known[i].name, name, n) == 0) {
			buf_putf(out, "%s (%s)", known[i].words, known[i].name);
			return;
		}
	buf_putf(out, "%.*s", (int)n, name);
}

/* The next "+NAME" of ${sign} from ${p} on; NULL: none. */
static const char *next_of(const char *p, char sign, size_t *n_out)
{
	for (; *p; p += *n_out + (p[*n_out] == ' ')) {
		*n_out = strcspn(p, " ");
		if (*p == sign && *n_out > 1)
			return p;
	}
	return NULL;
}

static void put_names(const char *differences, char sign, struct buf *out)
{
	size_t n, k;
	const char *p = next_of(differences, sign, &n), *next;

	for (bool first = true; p; first = false) {
		next = next_of(p + n, sign, &k);
		if (!first)
			buf_puts(out, next ? ", " : " and ");
		content_put_name(p + 1, n - 1, out);
		p = next;
		n = k;
	}
}

void content_say_differences(const char *differences, enum content_teller teller, struct buf *out)
{
	static const char signs[] = "-~+";
	static const char *const words[2][3] = {[CONTENT_DONE] = {"dropped ", "changed ", "added "},
	        [CONTENT_SEEN] = {"missing there: ", "different there: ", "only there: "}};
	const char *between = teller == CONTENT_DONE ? ", " : "; ";
	bool first = true;
	size_t n;

	for (size_t i = 0; signs[i]; i++) {
		if (!next_of(differences, signs[i], &n))
			continue;
		buf_putf(out, "%s%s", first ? "" : between, words[teller][i]);
		put_names(differences, signs[i], out);
		first = false;
	}
}
