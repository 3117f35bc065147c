/*
 * Rows of tables and of properties (MS-OXCDATA 2.8.1), and the reading of a table to its end
 * (MS-OXCTABL 2.2.2.5), where one request may have many answers.
 */
#include <stdlib.h>
#include "proto/mapi/table.h"
#include "valise/base/escape.h"
#include "valise/base/le.h"

enum {
	IDLE_MAX = 5,
	AT_ONCE = 1000, /* rows of one RopQueryRows and all that the server adds to it */
	ORIGIN_END = 2, /* BOOKMARK_END */
	ROW_STANDARD = 0,
	ROW_FLAGGED = 1,
	FLAG_VALUE = 0,
	FLAG_NONE = 1,
	FLAG_ERROR = 0x0a,
};

/* ---- one value ---- */

/* Octets until a NUL of ${width} octets, and it. */
static bool read_text(struct rop_in *in, size_t width, struct rop_value *out)
{
	static const uint8_t nul[2];

	for (size_t at = 0; at + width <= in->n; at += width)
		if (memcmp(in->p + at, nul, width) == 0) {
			out->n = at;
			out->p = rop_get_octets(in, at);
			rop_get_octets(in, width);
			return true;
		}
	in->is_short = true;
	return false;
}

static bool read_binaries(struct rop_in *in, struct rop_value *out)
{
	uint32_t n = (uint32_t)rop_get(in, 4);

	out->p = in->p;
	for (uint32_t i = 0; i < n && !in->is_short; i++)
		rop_get_octets(in, (size_t)rop_get(in, 2));
	out->n = in->is_short ? 0 : (size_t)(in->p - out->p);
	return !in->is_short;
}

/* Octets of a type that has a size of its own, 0: it has none. */
static size_t size_of(unsigned type)
{
	switch (type) {
	case ROP_BOOLEAN:
		return 1;
	case ROP_INTEGER16:
		return 2;
	case ROP_INTEGER32:
	case ROP_FLOATING32:
	case ROP_ERROR:
		return 4;
	case ROP_FLOATING64:
	case ROP_CURRENCY:
	case ROP_FLOATING_TIME:
	case ROP_INTEGER64:
	case ROP_TIME:
		return 8;
	default:
		return 0;
	}
}

static bool read_value(struct rop_in *in, unsigned type, struct rop_value *out)
{
	size_t n = size_of(type);

	out->is_there = true;
	if (n > 0) {
		out->number = rop_get(in, n);
		return !in->is_short;
	}
	switch (type) {
	case ROP_STRING8:
		return read_text(in, 1, out);
	case ROP_STRING:
		return read_text(in, 2, out);
	case ROP_GUID:
		out->n = 16;
		out->p = rop_get_octets(in, 16);
		return !in->is_short;
	case ROP_BINARY:
		out->n = (size_t)rop_get(in, 2);
		out->p = rop_get_octets(in, out->n);
		return !in->is_short;
	case ROP_MULTIPLE_BINARY:
		return read_binaries(in, out);
	default:
		return false;
	}
}

static bool read_flagged(struct rop_in *in, unsigned type, struct rop_value *out)
{
	switch (rop_get(in, 1)) {
	case FLAG_VALUE:
		return read_value(in, type, out);
	case FLAG_NONE:
		return true;
	case FLAG_ERROR:
		rop_get(in, 4);
		return !in->is_short;
	default:
		return false;
	}
}

bool row_read(struct rop_in *in, const uint32_t *tags, size_t n, struct rop_value *out)
{
	uint64_t kind = rop_get(in, 1);

	memset(out, 0, n * sizeof *out);
	if (in->is_short || kind > ROW_FLAGGED)
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned type = tags[i] & 0xffff;

		if (!(kind == ROW_FLAGGED ? read_flagged(in, type, &out[i])
		                          : read_value(in, type, &out[i])))
			return false;
	}
	return !in->is_short;
}

bool row_next_binary(struct rop_value *several, struct rop_value *out)
{
	struct rop_in in = {several->p, several->n, false};

	*out = (struct rop_value){.is_there = true};
	if (!several->is_there || several->n == 0)
		return false;
	out->n = (size_t)rop_get(&in, 2);
	out->p = rop_get_octets(&in, out->n);
	several->p = in.p;
	several->n = in.n;
	return !in.is_short;
}

/* The character at ${at}; a half of a pair that stands alone is U+FFFD. */
static uint32_t next_point(const uint8_t *p, size_t n, size_t *at)
{
	uint32_t unit = le16(p + *at), low;

	*at += 2;
	if (unit < 0xd800 || unit > 0xdfff)
		return unit;
	if (unit > 0xdbff || *at + 2 > n)
		return 0xfffd;
	low = le16(p + *at);
	if (low < 0xdc00 || low > 0xdfff)
		return 0xfffd;
	*at += 2;
	return 0x10000 + ((unit - 0xd800) << 10 | (low - 0xdc00));
}

char *row_text(const struct rop_value *v, size_t most, bool *cut_out)
{
	struct buf text = buf_of(most);
	char *out;

	*cut_out = false;
	if (!v->is_there)
		return NULL;
	for (size_t at = 0; !*cut_out && at + 2 <= v->n;) {
		char utf8[4];
		size_t n = utf8_put(next_point(v->p, v->n, &at), utf8);

		*cut_out = text.len + n > most;
		if (!*cut_out)
			buf_put(&text, utf8, n);
	}
	out = buf_take(&text);
	buf_clear(&text);
	return out;
}

int64_t row_time(const struct rop_value *v)
{
	const uint64_t second = 10000000, to_1970 = 11644473600;

	return v->is_there ? (int64_t)(v->number / second) - (int64_t)to_1970 : INT64_MIN;
}

/* ---- tables ---- */

static int take_rows(void *ctx, struct rop_in *in, uint32_t value, struct err *err)
{
	struct table *t = ctx;
	struct rop_value values[ROP_COLUMNS_MAX];
	uint8_t origin = (uint8_t)rop_get(in, 1);
	size_t n;
	int rc = 0;

	(void)value;
	n = (size_t)rop_get(in, 2);
	t->is_done = origin == ORIGIN_END || (n == 0 && t->rows > 0 && t->rows >= t->count);
	t->idle = n > 0 ? 0 : t->idle + 1;
	if (n > t->most - t->rows)
		return err_set(err, ERR_LIMIT, ERR_COLLECTION,
		        "a table of the server has more than %zu rows", t->most);
	t->rows += n;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		if (!row_read(in, t->tags, t->n_tags, values))
			return in->is_short ? 0
			                    : err_set(err, ERR_PROTO, ERR_WHOLE,
			                              "a row of the server's table is none");
		rc = t->row(t->ctx, values, err);
	}
	return rc;
}

int table_take_count(void *ctx, struct rop_in *in, uint32_t value, struct err *err)
{
	struct table *t = ctx;

	(void)value;
	(void)err;
	t->count = (size_t)rop_get(in, 4);
	return 0;
}

static void query_rows(struct table *t, unsigned slot)
{
	struct rop_call *c = &t->store->call;

	rop_begin(c, ROP_QUERY_ROWS, slot, &t->fate, take_rows, t);
	rop_put(c, 0, 1); /* QueryRowsFlags: advance */
	rop_put(c, 1, 1); /* ForwardRead */
	rop_put(c, AT_ONCE, 2);
}

/* RopSetColumns answers with TableStatus. */
static int take_octet(void *ctx, struct rop_in *in, uint32_t value, struct err *err)
{
	(void)ctx;
	(void)value;
	(void)err;
	rop_get(in, 1);
	return 0;
}

static int begin(struct table *t, uint32_t *handle, struct err *err)
{
	struct rop_call *c = rop_start(t->store);
	unsigned slot = t->open(t->ctx, t);
	int rc;

	rop_begin(c, ROP_SET_COLUMNS, slot, &t->fate, take_octet, NULL);
	rop_put(c, 0, 1); /* not asynchronous */
	rop_put(c, t->n_tags, 2);
	for (size_t i = 0; i < t->n_tags; i++)
		rop_put(c, t->tags[i], 4);
	query_rows(t, slot);
	rc = rop_execute(t->store, true, err);
	*handle = c->handles[slot];
	return rc;
}

/* 0: the next request may go; more rows of a table that has none for ever are not asked for. */
static int may_go_on(struct table *t, struct rop_patience *patience, struct err *err)
{
	int rc;

	if (t->fate.is_left)
		return err_set(err, ERR_BUSY, ERR_COLLECTION, "the server left a table undone");
	if (t->idle > IDLE_MAX)
		return err_set(err, ERR_PROTO, ERR_COLLECTION,
		        "a table of the server ends behind %zu of %zu rows", t->rows, t->count);
	if (!t->fate.value) {
		*patience = (struct rop_patience){0};
		return 0;
	}
	if (t->fate.rop != ROP_QUERY_ROWS || rop_kind_of(t->fate.value) != ROP_BUSY)
		return rop_judge(&t->fate, ERR_COLLECTION, err);
	rc = rop_wait(t->store, patience, 0, err);
	t->fate = (struct rop_fate){0};
	return rc;
}

int table_read(struct table *t, struct err *err)
{
	struct rop_patience patience = {0};
	uint32_t handle;
	int rc = begin(t, &handle, err);

	if (rc == 0 && t->fate.is_left && t->rows == 0) {
		/* no room, or RopBackoff: where its rows are is not known */
		t->fate = (struct rop_fate){0};
		rc = begin(t, &handle, err);
	}
	while (rc == 0 && !t->is_done) {
		struct rop_call *c;

		rc = may_go_on(t, &patience, err);
		if (rc != 0)
			break;
		c = rop_start(t->store);
		query_rows(t, rop_slot(c, handle));
		rc = rop_execute(t->store, true, err);
	}
	return rc;
}

/* ---- properties ---- */

static int take_properties(void *ctx, struct rop_in *in, uint32_t value, struct err *err)
{
	struct properties *p = ctx;
	struct rop_value values[ROP_COLUMNS_MAX];

	(void)value;
	if (!row_read(in, p->tags, p->n_tags, values))
		return in->is_short ? 0
		                    : err_set(err, ERR_PROTO, ERR_WHOLE,
		                              "properties that the server gives are none");
	return p->take(p->ctx, values, err);
}

void properties_ask(
        struct mapi_store *s, unsigned slot, struct properties *p, struct rop_fate *fate)
{
	struct rop_call *c = &s->call;

	rop_begin(c, ROP_GET_PROPERTIES_SPECIFIC, slot, fate, take_properties, p);
	rop_put(c, 0, 2); /* PropertySizeLimit: none */
	rop_put(c, 1, 2); /* WantUnicode */
	rop_put(c, p->n_tags, 2);
	for (size_t i = 0; i < p->n_tags; i++)
		rop_put(c, p->tags[i], 4);
}
