/* Days of a contact's life, and what is marked on it: privacy, categories, flags, reminders. */
#include <stdio.h>
#include <inttypes.h>
#include "outlook/contact/internal.h"
#include "valise/base/mem.h"
#include "valise/outlook/props.h"

/* 4501-01-01 is Outlook's word for none. */
#define NO_TIME INT64_C(79870665600)

static bool time_of(struct bag *b, bag_key key, int64_t *out)
{
	return bag_time(b, key, out) && *out < NO_TIME;
}

/* The day itself, where somebody has written it, else that of a midnight somewhere. */
static bool day_of_item(struct bag *b, bag_key local, bag_key somewhere, struct day *out)
{
	int64_t utc, day;
	bool is_local = time_of(b, local, &day);
	bool is = time_of(b, somewhere, &utc) || is_local;

	if (is)
		*out = contact_day(is_local ? day : utc, is_local);
	return is && day_is_valid(out);
}

void contact_days(struct card *c, struct bag *b)
{
	char text[48];
	struct day d;

	if (day_of_item(b, PidLidBirthdayLocal, PidTagBirthday, &d)) {
		snprintf(text, sizeof text, "%04d-%02d-%02d", d.year, d.month, d.day);
		/* Of a birthday without a year Outlook and Apple make 1604. */
		card_line(c, d.year == 1604 ? "BDAY;X-APPLE-OMIT-YEAR=1604" : "BDAY", text);
	}
	if (day_of_item(b, PidLidWeddingAnniversaryLocal, PidTagWeddingAnniversary, &d)) {
		snprintf(text, sizeof text, "%04d-%02d-%02d", d.year, d.month, d.day);
		card_labelled(c, "X-ABDATE", "_$!<Anniversary>!$_", text);
	}
}

static void put_time(struct card *c, struct bag *b, const char *head, bag_key key)
{
	char text[DATE_TEXT_SIZE];
	int64_t utc;

	if (time_of(b, key, &utc))
		card_line(c, head, date_format_iso(utc, text));
}

const char *const contact_classes[4] = {NULL, "X-PERSONAL", "PRIVATE", "CONFIDENTIAL"};
const struct contact_time contact_flag_times[FLAG_TIMES] = {
        {"X-OUTLOOK-FLAG-START", PidLidCommonStart},
        {"X-OUTLOOK-FLAG-DUE", PidLidCommonEnd},
        {"X-OUTLOOK-FLAG-COMPLETED", PidTagFlagCompleteTime},
};

static void put_class(struct card *c, struct bag *b)
{
	int64_t how = bag_int(b, PidTagSensitivity, 0);
	bool is_private = bag_bool(b, PidLidPrivate);

	if (how > 0 && how < (int64_t)COUNT(contact_classes))
		card_line(c, "CLASS", contact_classes[how]);
	else if (is_private)
		card_line(c, "CLASS", "PRIVATE");
}

static void put_categories(struct card *c, struct bag *b)
{
	size_t n = bag_count(b, PidNameKeywords);
	bag_key key = PidNameKeywords;
	bool any = false;

	if (n == 0) {
		key = PidLidCategories; /* as they were before they had a name */
		n = bag_count(b, key);
	}
	for (size_t i = 0; i < n; i++) {
		const char *word = bag_text_at(b, key, i);

		if (!word || !*word)
			continue;
		card_head(c, any ? "," : "CATEGORIES:");
		card_text(c, word);
		any = true;
	}
	if (any)
		card_end(c);
}

static void put_flag(struct card *c, struct bag *b)
{
	const char *request = contact_text(c, b, PidLidFlagRequest);
	int64_t status = bag_int(b, PidTagFlagStatus, 0), icon = bag_int(b, PidTagFollowupIcon, 0);
	char text[24];

	if (status == 1 || status == 2) {
		card_head(c, "X-OUTLOOK-FLAG;X-STATUS=");
		card_raw(c, status == 2 ? "FLAGGED:" : "COMPLETE:");
		card_text(c, request);
		card_end(c);
	} else {
		card_line(c, "X-OUTLOOK-FLAG", request);
	}
	if (icon) {
		snprintf(text, sizeof text, "%" PRId64, icon);
		card_line(c, "X-OUTLOOK-FLAG-COLOR", text);
	}
	for (size_t i = 0; i < FLAG_TIMES; i++)
		put_time(c, b, contact_flag_times[i].name, contact_flag_times[i].key);
}

static void put_reminder(struct card *c, struct bag *b)
{
	bool is_set = bag_bool(b, PidLidReminderSet);
	bag_key when = bag_peek(b, PidLidReminderSignalTime) ? PidLidReminderSignalTime
	                                                     : PidLidReminderTime;

	bag_use(b, PidLidReminderDelta);
	bag_use(b, PidLidReminderTime);
	bag_use(b, PidLidReminderSignalTime);
	if (is_set)
		put_time(c, b, "X-OUTLOOK-REMINDER", when);
}

void contact_marks(struct card *c, struct bag *b)
{
	int64_t importance = bag_int(b, PidTagImportance, 1);

	put_class(c, b);
	put_categories(c, b);
	if (importance == 0 || importance == 2)
		card_line(c, "X-OUTLOOK-IMPORTANCE", importance ? "HIGH" : "LOW");
	put_flag(c, b);
	put_reminder(c, b);
	put_time(c, b, "REV", PidTagLastModificationTime);
}
