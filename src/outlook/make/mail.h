#ifndef VALISE_OUTLOOK_MAKE_MAIL_H
#define VALISE_OUTLOOK_MAKE_MAIL_H

#include <stdbool.h>
#include "valise/mime/mime.h"
#include "valise/outlook/make.h"

/*
 * Within this folder: a message on its way into an item (MS-OXCMAIL 2.2, "inbound"). Properties
 * and texts have a cap each, and all messages within a message share one of recipients, so
 * that no message takes more memory than an item may.
 */
enum {
	IN_HEADER_MAX = BAG_TEXT_MAX - 1, /* octets of UTF-8: what a reader asks a bag for */
	IN_HEADERS_MAX = 32 << 20, /* of all messages within a message */
	IN_RECIPIENTS_MAX = 10000, /* the same */
	IN_TEXT_MAX = 1024, /* octets of a subject, a name, an address */
	IN_LIST_MAX = 65536, /* of a list of message ids */
	IN_FIELDS_MAX = 65536, /* octets of the fields of a part */
};

/* The whole message. */
struct in_all {
	const struct outlook_make *m;
	struct mime_message *mime;
	const struct mime_part *parts;
	size_t n;
	size_t recipients; /* that there are already */
	uint64_t headers; /* octets of them */
	bool is_even; /* it is a copy with other line ends */
};

/* One item that is made of it. */
struct in_item {
	struct in_all *all;
	struct bag *b;
	size_t root; /* its first part, which has its header */
	uint64_t end; /* of its octets */
	struct buf header; /* octets, without the empty line */
	unsigned unnamed; /* attachments that were given a name */
};

/* A line for ${all}->m->lost. */
void in_lost(const struct in_all *all, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The first part behind ${i} and all that is in it. */
size_t in_after(const struct in_all *all, size_t i);
/* The fields of part ${i}, at most IN_FIELDS_MAX octets of them; errors: the disk's. */
int in_fields(const struct in_all *all, size_t i, struct buf *out, struct err *err) MUST_CHECK;
/* A parameter of the field, small letters, or "". */
enum { IN_WORD_SIZE = 64 };
void in_param(
        const struct buf *fields, const char *field, const char *param, char out[IN_WORD_SIZE]);

/* ---- mail_header.c ---- */

struct in_field {
	const char *name, *value; /* the value as it stands there, folded, with its line end */
	size_t name_len, value_len;
	const char *line; /* the whole field */
	size_t line_len;
};
/* The next field of ${header} from *at on; ${name_len} is 0 where a line is no field. */
bool in_next_field(const struct buf *header, size_t *at, struct in_field *out);
/*
 * Octets of the header as UTF-8: fields that are none as Windows-1252, without NUL; a CR that
 * ends no line is a blank. At most ${max} octets, in whole fields; false: some were left out.
 */
bool in_header_text(const struct buf *header, size_t max, struct buf *out);
/* The first field of the name: decoded, one line; false: none, or it is empty. */
bool in_text(const struct in_item *in, const char *name, size_t cap, struct buf *out);
/* All that comes of the header. */
int in_header(struct in_item *in, struct err *err) MUST_CHECK;
int in_set_time(struct bag *b, bag_key key, int64_t utc, struct err *err) MUST_CHECK;

/* ---- mail_people.c, mail_list.c ---- */

/* Sender, recipients, whom answers and receipts go to. */
int in_people(struct in_item *in, struct err *err) MUST_CHECK;
struct in_person {
	char *name, *address; /* UTF-8, one line; ${name} NULL: none */
};
/*
 * Each address of a field (RFC 5322 3.4 and its obsolete forms); non-zero from ${give} ends it.
 * The person is lent.
 */
typedef int (*in_person_fn)(void *ctx, const struct in_person *p, struct err *err);
int in_addresses(const char *s, size_t n, in_person_fn give, void *ctx, struct err *err) MUST_CHECK;

/* ---- mail_state.c ---- */

/* Flags, keywords, date of arrival: what the mailbox says of the message. */
int in_state(struct in_item *in, struct err *err) MUST_CHECK;

/* ---- mail_parts.c ---- */

enum in_role {
	IN_NONE, /* what holds others, or is within a message */
	IN_PLAIN,
	IN_HTML,
	IN_SHOWN, /* by the HTML */
	IN_FILE,
	IN_MESSAGE,
};
/* What each part of the item is: *roles_out has one for each part of ${in}->all. */
int in_choose(struct in_item *in, enum in_role *roles, struct err *err) MUST_CHECK;

/* ---- mail_text.c ---- */

/* *damaged_out: some of it is no text of its charset. */
int in_plain(struct in_item *in, size_t i, bool *damaged_out, struct err *err) MUST_CHECK;
int in_html(struct in_item *in, size_t i, struct err *err) MUST_CHECK;
/* The code page of Windows for a charset; 0: it has none. */
unsigned in_page(const char *charset);
/* UTF-8 as UTF-16LE, appended. */
void in_utf16(const char *utf8, struct buf *out);

/* ---- mail_attach.c ---- */

int in_file(struct in_item *in, size_t i, bool shown, struct err *err) MUST_CHECK;
/* Octets of the message from ${from} to ${to} as a file; those of ${head} before them. */
struct in_range {
	const char *name, *type;
	const struct buf *head; /* or NULL */
	uint64_t from, to;
};
int in_octets(struct in_item *in, const struct in_range *r, struct err *err) MUST_CHECK;
int in_message(struct in_item *in, size_t i, struct err *err) MUST_CHECK;

/* ---- mail_secure.c ---- */

/*
 * Signed and encrypted messages, whose octets may not change: *done_out, if it is one and the
 * item has all of it.
 */
int in_secure(struct in_item *in, bool *done_out, struct err *err) MUST_CHECK;
/* The class of a report; else "IPM.Note". */
int in_class(struct in_item *in, const char **class_out, struct err *err) MUST_CHECK;

/* ---- mail.c ---- */

/* May the message whose first part is ${root} be an item? NULL: yes; else why not. */
#define IN_ODD_ENDS "its lines have odd ends"
int in_judge(struct in_all *all, size_t root, const char **why_out, struct err *err) MUST_CHECK;
/* The message of part ${root}, which ends at ${end}, into ${b}. */
int in_fill(
        struct in_all *all, struct bag *b, size_t root, uint64_t end, struct err *err) MUST_CHECK;

#endif
