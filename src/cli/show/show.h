#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include "valise/mime/mime.h"
#include "valise/winmail/winmail.h"
#include "valise/tree/sink.h"
#include "cli/cli.h"

/* One item for people: its fields and texts, its parts and files (valise show). */
struct shown_item {
	const struct args *args;
	struct tree_reader *reader;
	const struct tree_coll *coll;
	const struct tree_item *item;
};

/* mail.c: a message for people; as JSON "text" and "parts" into ${o}. 0 or a negative error. */
int show_mail(const struct shown_item *s, struct err *err) MUST_CHECK;
int mail_to_json(const struct shown_item *s, json_t *o, struct err *err) MUST_CHECK;
/* The octets of the part ${number}; at a terminal its text. 0, or an exit code after a message. */
int show_part(const struct shown_item *s, const char *number);
/* save.c: attachments, or the part ${number} (NULL: all), as new files in ${dir}. The same. */
int save_parts(const struct shown_item *s, const char *dir, const char *number);

/* resource.c: a calendar object or card. */
int show_resource(const struct shown_item *s, struct err *err) MUST_CHECK;
int resource_to_json(const struct shown_item *s, json_t *o, struct err *err) MUST_CHECK;
/* raw.c: a raw item (COLL_MAPI): all its properties, a line each; as JSON "properties". */
int show_raw(const struct shown_item *s, struct err *err) MUST_CHECK;
int raw_to_json(const struct shown_item *s, json_t *o, struct err *err) MUST_CHECK;
/* The fields of calendar objects and cards in ${p}; false: there are none. */
bool print_resource(const void *p, size_t n);

/* The message of an item, open. */
struct shown_message {
	struct mime_spool *spool, *opened;
	struct mime_message *m; /* as it is shown: what is a winmail.dat in it is opened */
	struct mime_message *as_is;
	char **notes; /* what is to be said of that */
	size_t n_notes, notes_cap;
};
/* To be closed in any case. */
int open_item(const struct shown_item *s, struct shown_message *out, struct err *err) MUST_CHECK;
void close_item(struct shown_message *g);
/*
 * The part with this number that has octets, and the one of the two messages that it is in: a
 * winmail.dat that was opened is in ${g}->as_is. SIZE_MAX after a message: there is none.
 */
size_t part_by_number(const struct args *a, struct shown_message *g, const char *number,
        struct mime_message **in_out);
/* Of a part of ${g}->m: the winmail.dat that it was, in ${g}->as_is; SIZE_MAX: none. */
size_t part_winmail(const struct shown_message *g, const struct mime_part *p);
/* How many octets part ${i} has, decoded. */
int part_size(struct mime_message *m, size_t i, uint64_t *out, struct err *err) MUST_CHECK;

/*
 * text.c: text from outside on standard output, in any pieces: escaped, tabs as blanks, long
 * lines broken between words where it is a terminal. ${printer} of shown_new fits
 * mime_write_fn.
 */
struct printer;
struct printer *printer_new(void);
int printer_write(void *printer, const void *p, size_t n, struct err *err) MUST_CHECK;
void printer_end(struct printer *p); /* the last line is whole; frees */
/* "From:     Ann"; of several lines each under the first. */
void print_field(const char *label, const char *text);
/* Octets as they are, to standard output; fits tree_write_fn. */
int print_octets(void *ctx, const void *p, size_t n, struct err *err) MUST_CHECK;
/* What the catalog knows of the item: folder, flags and so on. */
void print_listing(const struct shown_item *s);

#endif
