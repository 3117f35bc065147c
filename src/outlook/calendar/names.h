#ifndef VALISE_OUTLOOK_CALENDAR_NAMES_H
#define VALISE_OUTLOOK_CALENDAR_NAMES_H

#include "valise/outlook/bag.h"

/*
 * Properties that are a line of a calendar object, and the words of values: read in one direction
 * by this folder, in the other by make/calendar.
 */
enum name_kind {
	NAME_TEXT,
	NAME_TEXTS, /* several, between commas */
	NAME_TIME, /* in UTC */
	NAME_NUMBER, /* but for 0 */
	NAME_PLACE, /* a number, 0 too */
	NAME_MINUTES, /* "PT90M"; more than 0 */
	NAME_TRUE, /* "TRUE", where it is */
};
struct name {
	bag_key key;
	const char *name;
	enum name_kind kind;
};
struct names {
	const struct name *list;
	size_t n;
};
extern const struct names common_names, event_names, task_names, journal_span_names, journal_names,
        note_names;

/* Words by their number; NULL ends them. */
extern const char *const class_words[]; /* PidTagSensitivity */
extern const char *const busy_words[]; /* PidLidBusyStatus */
extern const char *const color_words[]; /* PidLidNoteColor */
/* -1: it is none of them. */
int word_place(const char *const *words, const char *word);
/* NULL: there is none of that number. */
const char *word_at(const char *const *words, int64_t place);

/* PidLidTaskStatus. */
enum task_status { NOT_STARTED, IN_PROGRESS, COMPLETE, WAITING, DEFERRED };

/* Where one meets online, the first one first. */
enum { CONFERENCES = 4 };
extern const bag_key conference_keys[CONFERENCES];

#endif
