#ifndef IMPORT_GIVE_H
#define IMPORT_GIVE_H

#include "import/file.h"
#include "valise/tree/model.h"

/*
 * What the readers of formats give: the items of one file, one after the other. They go into
 * the collection that the plan has chosen for the file (plan.h), or where an item says.
 */
struct import_item {
	int64_t date_utc; /* of arrival, where the file knows it; INT64_MIN: not known */
	int16_t zone_min;
	uint16_t flags; /* FLAG_* */
	uint16_t warn; /* WARN_LINES: line ends were made CRLF */
	const char *keywords; /* parted by one blank, or NULL */
	const char *labels; /* Gmail's: a JSON list, canonical; or NULL */
	uint64_t msgid, thrid; /* X-GM-MSGID and X-GM-THRID; 0: none */
	/*
	 * Mail: the mailboxes that the message is in, '/' between their levels, NULL-ended; NULL:
	 * the one of its file.
	 */
	const char *const *folders;
	/*
	 * Calendars, contacts: name of the resource, without extension, made of its UID where it
	 * has one: what has the same name in its collection is the same resource, of which the
	 * later one stays.
	 */
	const char *path;
	const char *uid; /* calendars, contacts: its UID; or NULL */
	/* COLL_MAPI: the item that it belongs to (its UID as a number, its href); and what it is */
	const char *href, *note;
	/* how it is called within its file, for messages: "message 17"; NULL: the file is the item
	 */
	const char *shown;
};
struct import_box; /* where the items of a file go: box.c */

/* The octets of an item (a tree_write_fn), and then what it is; box_drop: what came is none. */
int box_write(void *box, const void *p, size_t n, struct err *err) MUST_CHECK;
int box_item(struct import_box *b, const struct import_item *it, struct err *err) MUST_CHECK;
void box_drop(struct import_box *b);
/*
 * What the file says of its calendar or address book, before its first item: how it is called
 * (X-WR-CALNAME), its colour "#RRGGBB", what it is about. Each may be NULL.
 */
void box_called(struct import_box *b, const char *name, const char *color, const char *about);
/*
 * The file is one object, as servers and address books give them, before this is given: the
 * folder around the file is the calendar or address book, where there is one.
 */
void box_single(struct import_box *b);
/* An item that cannot be read: an error line of the collection. ${shown} as in import_item. */
void box_error(struct import_box *b, const char *shown, const char *reason);
/* What is left out on purpose, and why (a note): "3 messages that were deleted". */
void box_note(struct import_box *b, const char *text);

/*
 * The readers: each reads ${f} to its end and gives what it holds. An error is only what costs
 * the run (the sink's); what is wrong with the file, an error of its read() too, is told by
 * box_error.
 */
int read_mbox(struct import_file *f, struct import_box *b, struct err *err) MUST_CHECK;
int read_eml(struct import_file *f, struct import_box *b, struct err *err) MUST_CHECK;
int read_emlx(struct import_file *f, struct import_box *b, struct err *err) MUST_CHECK;
int read_ics(struct import_file *f, struct import_box *b, struct err *err) MUST_CHECK;
int read_vcf(struct import_file *f, struct import_box *b, struct err *err) MUST_CHECK;

/*
 * X-Gmail-Labels (Takeout): ${field}, unfolded, as it stands in the header. What it says of
 * flags, keywords, labels and folders, owned by ${out} until labels_clear.
 */
struct import_labels {
	uint16_t flags;
	char *keywords, *labels; /* as in import_item */
	char **folders; /* NULL-ended, or NULL */
};
void labels_read(const char *field, size_t n, struct import_labels *out);
void labels_clear(struct import_labels *l);
/* The special use (RFC 6154) of such a folder, "\\All" of "[Gmail]/All Mail"; NULL: none. */
const char *labels_use(const char *folder);
extern const char labels_all[]; /* "[Gmail]/All Mail" */

#endif
