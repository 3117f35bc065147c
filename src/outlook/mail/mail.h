#ifndef VALISE_OUTLOOK_MAIL_MAIL_H
#define VALISE_OUTLOOK_MAIL_MAIL_H

#include "outlook/mail/field.h"
#include "outlook/mail/out.h"
#include "valise/base/hash.h"
#include "valise/outlook/convert.h"

/* Within this folder: one item on its way to a message. */

enum {
	MAIL_HEADER_MAX = 16 << 20, /* octets of a header */
	MAIL_INVITATION_MAX = 64 << 20,
	MAIL_ADDRESS_MAX = 4096, /* octets of an entry id that is looked into */
};

struct mail {
	struct bag *b;
	const struct outlook_to *to;
	unsigned depth; /* of items around it */
	struct mail_out out;
	struct buf header; /* its fields without those of MIME */
	struct sha256 sum; /* of what is written, for the boundaries */
	char boundary[25]; /* a part of each of them */
	bool fresh; /* a multipart was opened, and has no part yet */
};

/* A line for ${m}->to->lost. */
void mail_lost(const struct mail *m, const char *fmt, ...) PRINTF_LIKE(2, 3);
/*
 * One item as a message: the outermost one (${depth} 0), or one within it.
 */
int mail_message(
        struct bag *b, const struct outlook_to *to, unsigned depth, struct err *err) MUST_CHECK;
/* What is within an item goes to ${target}; what is lost of it is told with ${prefix}. */
struct mail_within {
	struct mail *m;
	void *target;
	const char *prefix; /* "attachment 2: "; NULL: none */
};
void mail_within_lost(void *within, const char *what); /* an outlook_loss_fn */

/* ---- mail.c, multipart ---- */

enum { MAIL_BOUNDARY_SIZE = 64 };
void mail_boundary(const struct mail *m, char level, char out[MAIL_BOUNDARY_SIZE]);
/* Its field and an empty line; ${more}: further parameters, " a=b;". */
void mail_open(struct mail *m, const char *subtype, const char *more, char level);
void mail_next(struct mail *m, char level); /* the next part begins */
void mail_close(struct mail *m, char level);

/* Does the class of the item begin with these components, in any case? */
bool mail_class_is(const struct bag *b, const char *words);

/* ---- address.c ---- */

/* An address; ${name} of it may be NULL. */
void mail_address_clear(struct field_address *a);
/* False: nothing is known of such a person. */
bool mail_from(struct mail *m, struct field_address *out);
bool mail_sender(struct mail *m, struct field_address *out);
struct mail_list {
	struct field_address *list;
	size_t n, cap;
};
void mail_list_clear(struct mail_list *l);
/* Recipients of a type (1 To, 2 Cc, 3 Bcc). */
void mail_recipients(struct mail *m, int type, struct mail_list *out);
/* Of one recipient. */
void mail_recipient(struct mail *m, struct bag *recipient, struct field_address *out);
void mail_reply_to(struct mail *m, struct mail_list *out);
/* Who wants to hear that it was read; false: nobody is named. */
bool mail_receipt_to(struct mail *m, struct field_address *out);

/* ---- header.c ---- */

/* All fields but those of MIME, into ${m}->header. */
int mail_header(struct mail *m, struct err *err) MUST_CHECK;
/* Of the transport headers: the value of a field that mail_header leaves out; false: none. */
bool mail_header_was(struct mail *m, const char *name, struct buf *out);

/* ---- flags.c ---- */

/* Flags, keywords and date of ${b}. */
void mail_state(struct bag *b, struct outlook_made *made);

/* ---- body.c ---- */

enum mail_text { MAIL_PLAIN, MAIL_HTML, MAIL_INVITATION, MAIL_TEXTS };
/* A text of the message: a property, or octets that were made of one. */
struct mail_part {
	bool there;
	const struct bag_prop *prop; /* NULL: ${made} */
	bool as_text; /* by bag_stream_text */
	bool blank; /* nothing is written in it */
	struct buf made;
	char charset[32];
	enum mail_coding coding;
};
struct mail_body {
	struct mail_part texts[MAIL_TEXTS];
	const char *method; /* of the invitation */
	struct buf rtf; /* to be attached; empty: none */
	char **cids; /* that the HTML shows */
	size_t n_cids, cids_cap;
};
int mail_body_read(struct mail *m, struct mail_body *body, struct err *err) MUST_CHECK;
void mail_body_clear(struct mail_body *body);
bool mail_body_shows(const struct mail_body *body, const char *cid);
/* A part: its fields, an empty line, its octets. */
int mail_body_part(
        struct mail *m, struct mail_body *body, enum mail_text which, struct err *err) MUST_CHECK;
/* RTF as a file. */
int mail_body_rtf(struct mail *m, struct mail_body *body, struct err *err) MUST_CHECK;

/* ---- attach.c ---- */

/* Is the attachment shown within the HTML? */
bool mail_attach_inline(struct bag *a, const struct mail_body *body);
/* What of it decides on boundaries. */
void mail_attach_sum(struct mail *m, struct bag *a);
/* Part ${i} + 1 of the attachments: its fields, an empty line, its octets. */
int mail_attach(struct mail *m, size_t i, bool shown, struct err *err) MUST_CHECK;
/* "3705" of MS-OXPROPS 2.601 */
enum {
	ATTACH_NONE = 0,
	ATTACH_VALUE = 1,
	ATTACH_REFERENCE = 2,
	ATTACH_REFERENCE_RESOLVE = 3,
	ATTACH_REFERENCE_ONLY = 4,
	ATTACH_ITEM = 5,
	ATTACH_OLE = 6,
	ATTACH_WEB = 7,
};
/* The property with its octets; NULL: it has none. */
const struct bag_prop *mail_attach_data(struct bag *a);
/* Can the item stand in message/rfc822 as it is (RFC 2046 5.2.1)? */
bool mail_attach_clean(struct mail *m, struct bag *item);

/* ---- type.c ---- */

/* A media type by the ending of a file's name; NULL: none is known. */
const char *mail_type_of(const char *name);
/* The name of charsets in messages for a code page; NULL: octets are better given in UTF-8. */
const char *mail_charset_of(unsigned page);

/* ---- ole.c ---- */

/* What an OLE object holds (MS-OLEDS, MS-CFB). */
struct mail_ole {
	struct buf octets;
	char *name; /* UTF-8; NULL: it says none */
	const char *type;
	bool whole; /* the object itself is the file: ${octets} is empty */
};
/* False: nothing that has a name in the world; the object itself is to be given. */
bool mail_ole_read(const uint8_t *p, size_t n, struct mail_ole *out);
void mail_ole_clear(struct mail_ole *o);
enum { MAIL_OLE_MAX = 16 << 20 }; /* octets of an object that is looked into */

/* ---- secure.c ---- */

enum mail_secure {
	SECURE_NONE,
	SECURE_SIGNED, /* one attachment is the rest of the message with its own MIME fields */
	SECURE_OPAQUE, /* one attachment is the body, of one type */
	SECURE_PGP, /* two attachments: multipart/encrypted of RFC 3156 */
};
int mail_secure_what(struct mail *m, enum mail_secure *out, struct err *err) MUST_CHECK;
/* Fields of MIME, an empty line, the octets. */
int mail_secure_write(struct mail *m, enum mail_secure what, struct err *err) MUST_CHECK;

/* ---- report.c ---- */

/* The type of RFC 6522 for an item that is a report; NULL: it is none. */
const char *mail_report_type(const struct mail *m);
/*
 * Its second part: fields, an empty line, octets; made of properties, or the attachment that
 * it came as, which is *used_out then (SIZE_MAX: none).
 */
int mail_report_part(struct mail *m, size_t *used_out, struct err *err) MUST_CHECK;

#endif
