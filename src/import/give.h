#ifndef IMPORT_GIVE_H
#define IMPORT_GIVE_H

#include "import/file.h"
#include "valise/tree/model.h"

/*
 * What the readers of formats give: items, one after the other. All of it is about one
 * collection, which the plan has chosen for the file.
 */
struct import_item {
	int64_t date_utc; /* of arrival, where the file knows it; INT64_MIN: not known */
	int16_t zone_min;
	uint16_t flags; /* FLAG_* */
	const char *keywords; /* parted by one blank, or NULL */
	const char *labels; /* Gmail's: a JSON list, canonical; or NULL */
	const char *path; /* calendars, contacts: name of the resource, without extension */
	/* how it is called where it came from: "message 17", the file's name; for messages */
	const char *shown;
};
struct import_box; /* a collection that is being filled: import.c */

/* The octets of an item, and then what it is; box_drop: what came is none. */
int box_write(void *box, const void *p, size_t n, struct err *err) MUST_CHECK;
int box_item(struct import_box *b, const struct import_item *it, struct err *err) MUST_CHECK;
void box_drop(struct import_box *b);
/* An item that cannot be read: an error line of the collection. */
void box_error(struct import_box *b, const char *shown, const char *reason);

/*
 * The readers: each reads ${f} to its end and gives what it holds. An error is only what costs
 * the run (the sink's); what is wrong with the file is told by box_error.
 */
int read_mbox(struct import_file *f, struct import_box *b, struct err *err) MUST_CHECK;
int read_eml(struct import_file *f, struct import_box *b, struct err *err) MUST_CHECK;
int read_emlx(struct import_file *f, struct import_box *b, struct err *err) MUST_CHECK;
int read_ics(struct import_file *f, struct import_box *b, struct err *err) MUST_CHECK;
int read_vcf(struct import_file *f, struct import_box *b, struct err *err) MUST_CHECK;

#endif
