#ifndef VALISE_OUTLOOK_BAG_H
#define VALISE_OUTLOOK_BAG_H

#include "valise/base/buf.h"
#include "valise/outlook/props.h"

/*
 * A MAPI item (MS-OXCMSG, MS-OXCDATA): properties, recipients, attachments, and the items
 * embedded in these. Readers fill it (read.h, fx.h, tnef.h) and drop nothing; converters ask
 * it (convert.h). What is large is in a temporary file. Not thread-safe.
 */

/* Types of properties, MS-OXCDATA 2.11.1; BAG_MULTIPLE is added for several values. */
enum bag_type {
	BAG_INT16 = 0x0002,
	BAG_INT32 = 0x0003,
	BAG_FLOAT = 0x0004,
	BAG_DOUBLE = 0x0005,
	BAG_CURRENCY = 0x0006,
	BAG_APPTIME = 0x0007,
	BAG_ERROR = 0x000a,
	BAG_BOOLEAN = 0x000b, /* two octets, as in FastTransfer */
	BAG_OBJECT = 0x000d,
	BAG_INT64 = 0x0014,
	BAG_STRING8 = 0x001e, /* in the code page of the property, else of the bag */
	BAG_UNICODE = 0x001f, /* UTF-16LE */
	BAG_TIME = 0x0040, /* FILETIME */
	BAG_GUID = 0x0048,
	BAG_SERVER_ID = 0x00fb,
	BAG_RESTRICTION = 0x00fd,
	BAG_ACTIONS = 0x00fe,
	BAG_BINARY = 0x0102,
	BAG_MULTIPLE = 0x1000,
};

/* Octets of one value of a type, BAG_MULTIPLE left out; 0: each has its own number of them. */
size_t bag_type_size(unsigned type);

enum bag_role { BAG_MESSAGE, BAG_RECIPIENT, BAG_ATTACHMENT };

enum {
	BAG_PROPS_MAX = 65536, /* of one bag */
	BAG_CHILDREN_MAX = 65536, /* recipients, attachments of one item */
	BAG_DEPTH_MAX = 32, /* items within items */
	BAG_NAME_MAX = 1024, /* octets of a property's name, UTF-8 */
	BAG_MEMORY = 65536, /* a longer value goes to the temporary file */
	BAG_TEXT_MAX = 1 << 20, /* octets of what bag_text gives; the rest is cut off */
};
#define BAG_VALUE_MAX UINT32_MAX /* octets of one value: FastTransfer has 32 bits for it */

/* The name of a named property (MS-OXCDATA 2.6). */
struct bag_name {
	uint8_t set[16]; /* GUID, as it is on the wire */
	char *text; /* UTF-8; NULL: it has a number */
	uint32_t lid;
};

/*
 * One property. Its value is as in FastTransfer (MS-OXCFXICS 2.2.4.1): little-endian, texts
 * without an ending NUL, several values as their number (4 octets) and each of them, those
 * without a fixed length behind it (4 octets); texts among several may end in a NUL. A type
 * that is none of these, or octets that are not as many values as they say, is BAG_BINARY.
 */
struct bag_prop {
	uint16_t id; /* from 0x8000 on it is named, and the number itself means nothing */
	uint16_t type; /* enum bag_type */
	uint16_t code_page; /* of BAG_STRING8; 0: that of the bag */
	bool used; /* a converter found a home for it */
	struct bag_name *name; /* NULL: none. Owned */
	uint8_t *data; /* NULL: in the temporary file, at ${at} */
	uint64_t len, at;
	char *text; /* what bag_text lent; or NULL */
	uint32_t number; /* for bag_sort: the later one counts */
};

struct bag_store; /* the temporary file that an item and all within it share */
struct bag {
	enum bag_role role;
	uint16_t code_page; /* of texts that are BAG_STRING8; 0: not known (1252) */
	struct bag_prop *props; /* in the order of bag_sort */
	size_t n_props, props_cap;
	struct bag **recipients;
	size_t n_recipients, recipients_cap;
	struct bag **attachments;
	size_t n_attachments, attachments_cap;
	struct bag *embedded; /* of an attachment: the item that it holds; or NULL */
	struct bag_store *store;
	char **texts; /* that were lent */
	size_t n_texts, texts_cap;
	unsigned depth;
	const struct bag *parent; /* that it is a child of; NULL: none */
	bool is_sorted; /* since it was filled last */
};

/* ---- filling ---- */

struct bag *bag_new(void); /* BAG_MESSAGE */
void bag_free(struct bag *b);
/* A new child of ${b}, owned by it. NULL: a cap is met (ERR_LIMIT). */
struct bag *bag_add_recipient(struct bag *b, struct err *err);
struct bag *bag_add_attachment(struct bag *b, struct err *err);
struct bag *bag_embed(struct bag *attachment, struct err *err);

/*
 * A property whose octets come in pieces: bag_begin, bag_put as often as needed, bag_end.
 * ${name} is copied (NULL: not named). ERR_LIMIT: a cap; ERR_IO (ERR_WHOLE): the disk; the
 * property is not there then. One at a time in an item. A property that is there already is
 * replaced by the later one of the same type (by bag_sort).
 */
int bag_begin(struct bag *b, uint16_t id, uint16_t type, const struct bag_name *name,
        struct err *err) MUST_CHECK;
int bag_put(struct bag *b, const void *p, size_t n, struct err *err) MUST_CHECK;
int bag_end(struct bag *b, struct err *err) MUST_CHECK;
/* All three; ${key} says id or name. */
int bag_set(struct bag *b, bag_key key, uint16_t type, const void *p, size_t n,
        struct err *err) MUST_CHECK;
int bag_set_text(struct bag *b, bag_key key, const char *utf8, struct err *err) MUST_CHECK;
int bag_set_int(
        struct bag *b, bag_key key, uint16_t type, int64_t value, struct err *err) MUST_CHECK;
/* Forget the property of this id, below 0x8000, of whatever type. */
void bag_remove(struct bag *b, uint16_t id);
/*
 * Takes out each property that ${unwanted} says yes to, whatever it is a property of. Deep. No
 * property is being filled.
 */
void bag_drop(struct bag *b, bool (*unwanted)(void *ctx, const struct bag *of, struct bag_prop *p),
        void *ctx);
/*
 * The one order that a bag has, whatever its reader: by id, then those with a name by their
 * set (octets), number, text. Recipients and attachments stay as they came. Deep.
 */
void bag_sort(struct bag *b);

/* ---- asking: each of these but bag_peek marks the property used ---- */

/* NULL: it is not there. Of several types: not BAG_ERROR, and BAG_UNICODE before others. */
const struct bag_prop *bag_peek(const struct bag *b, bag_key key);
bool bag_has(struct bag *b, bag_key key);
/* Any whole number or BOOLEAN; ${otherwise}: it is not there. */
int64_t bag_int(struct bag *b, bag_key key, int64_t otherwise);
bool bag_bool(struct bag *b, bag_key key); /* false where it is not there */
/*
 * A text, in UTF-8 (what cannot be read becomes U+FFFD), lent as long as the bag lives, cut at
 * BAG_TEXT_MAX and before a NUL; NULL: it is not there or empty. Of an item whose texts take more
 * than 64 MiB the others are cut at 256 octets.
 */
const char *bag_text(struct bag *b, bag_key key);
/* How many values, and one of them, of a property with several; a single text is one. */
size_t bag_count(struct bag *b, bag_key key);
const char *bag_text_at(struct bag *b, bag_key key, size_t i);
/* Seconds since 1970 UTC of a FILETIME; false: not there, or 0 or beyond year 9999. */
bool bag_time(struct bag *b, bag_key key, int64_t *out);
/* Octets of a value, lent, if it is there and no longer than ${max}; else NULL. */
const uint8_t *bag_octets(struct bag *b, bag_key key, size_t max, size_t *n_out);
double bag_double(struct bag *b, bag_key key, double otherwise);

typedef int (*bag_write_fn)(void *ctx, const void *p, size_t n, struct err *err);
/* The octets of a value of any length, in pieces. Errors: the disk's, and those of ${write}. */
int bag_stream(struct bag *b, const struct bag_prop *p, bag_write_fn write, void *ctx,
        struct err *err) MUST_CHECK;
/* The same of a text (STRING8, UNICODE), as UTF-8, without NULs. */
int bag_stream_text(struct bag *b, const struct bag_prop *p, bag_write_fn write, void *ctx,
        struct err *err) MUST_CHECK;
/* Marks a property used. */
void bag_use(struct bag *b, bag_key key);

/* ---- comparing ---- */

/* Do both have the same id or name, whatever their type? 0: yes; else which comes first. */
int bag_prop_order(const struct bag_prop *a, const struct bag_prop *b);
/*
 * Do ${x} of ${a} and ${y} of ${b} say the same? Whole numbers of any size, texts in any code
 * page; else octets of one type. What the disk does not give is not the same.
 */
bool bag_prop_same(const struct bag *a, const struct bag_prop *x, const struct bag *b,
        const struct bag_prop *y);

/* ---- for people ---- */

/* "PidTagSubject", "0x3ff9", "{00062008-0000-0000-c000-000000000046} 0x8516", appended. */
void bag_prop_name(const struct bag_prop *p, struct buf *out);
/* Its value as bag_tell shows it, appended: texts safe for a terminal, what is long cut. */
void bag_prop_value(const struct bag *b, const struct bag_prop *p, struct buf *out);
enum { BAG_GUID_SIZE = 39 };
void bag_guid_text(const uint8_t guid[16], char out[BAG_GUID_SIZE]);
/*
 * All that is in it, a line for each property: its place, name, type and value, texts safe
 * for a terminal, what is long cut: "attachment 1: PidTagAttachMethod int32 1".
 */
void bag_tell(const struct bag *b, void (*tell)(void *ctx, const char *line), void *ctx);

/*
 * The code page that BAG_STRING8 of this bag are in: by the bag or those around it, else by
 * PidTagMessageCodepage, else 1252.
 */
unsigned bag_code_page(const struct bag *b);
/* The name of iconv for a code page of Windows ("WINDOWS-1252", "UTF-8"); NULL: unknown. */
const char *code_page_charset(unsigned page);

#endif
