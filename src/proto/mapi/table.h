#ifndef VALISE_PROTO_MAPI_TABLE_H
#define VALISE_PROTO_MAPI_TABLE_H

#include "proto/mapi/rop.h"

/*
 * Tables: rows of values in the order of the columns that were set (MS-OXCTABL, MS-OXCDATA
 * 2.8), and the properties of one object, which are such a row, too.
 */

enum rop_type {
	ROP_INTEGER16 = 0x02,
	ROP_INTEGER32 = 0x03,
	ROP_FLOATING32 = 0x04,
	ROP_FLOATING64 = 0x05,
	ROP_CURRENCY = 0x06,
	ROP_FLOATING_TIME = 0x07,
	ROP_ERROR = 0x0a,
	ROP_BOOLEAN = 0x0b,
	ROP_INTEGER64 = 0x14,
	ROP_STRING8 = 0x1e,
	ROP_STRING = 0x1f,
	ROP_TIME = 0x40,
	ROP_GUID = 0x48,
	ROP_BINARY = 0x102,
	ROP_MULTIPLE_BINARY = 0x1102,
};

/* What a row has in one of its columns; nothing where it has no value, or an error. */
struct rop_value {
	bool is_there;
	uint64_t number; /* of types that have a size of their own up to 8 octets */
	const uint8_t *p; /* lent: octets, UTF-16 without its NUL, or what is behind a count */
	size_t n;
};

enum { ROP_COLUMNS_MAX = 32 };

/* One PropertyRow: false, ${in}->is_short or not, where it is none. */
bool row_read(struct rop_in *in, const uint32_t *tags, size_t n, struct rop_value *out);
/* The next of several octets, of ROP_MULTIPLE_BINARY. */
bool row_next_binary(struct rop_value *several, struct rop_value *out);
/* Text of ROP_STRING as UTF-8, cut to ${most} octets at a character; NULL: there is none. */
char *row_text(const struct rop_value *v, size_t most, bool *cut_out);
/* PtypTime as seconds since 1970, INT64_MIN: none. */
int64_t row_time(const struct rop_value *v);

/* A table that is opened, asked for its rows, and read to its end. */
struct table {
	struct mapi_store *store;
	const uint32_t *tags;
	size_t n_tags;
	/* open(ctx, t): puts what opens it; the slot of the table's handle */
	unsigned (*open)(void *ctx, struct table *t);
	int (*row)(void *ctx, const struct rop_value *values, struct err *err);
	void *ctx;
	size_t most; /* rows, ERR_LIMIT beyond */
	/* of the reading */
	struct rop_fate fate;
	size_t rows;
	size_t count; /* that it says it has, which is no promise */
	unsigned idle; /* answers in a row without a row, and without an end */
	bool is_done;
};
/* Errors: those of ${t}->row; ERR_COLLECTION: the server refuses it, or it does not end. */
int table_read(struct table *t, struct err *err) MUST_CHECK;
/* What RopGetHierarchyTable and RopGetContentsTable answer with, ${ctx} the table. */
int table_take_count(void *ctx, struct rop_in *in, uint32_t value, struct err *err);

/* RopGetPropertiesSpecific of what is at ${slot}; ${p} has what is asked for. */
struct properties {
	const uint32_t *tags;
	size_t n_tags;
	/* take(ctx, values, err): once; not if it is refused */
	int (*take)(void *ctx, const struct rop_value *values, struct err *err);
	void *ctx;
};
void properties_ask(
        struct mapi_store *s, unsigned slot, struct properties *p, struct rop_fate *fate);

#endif
