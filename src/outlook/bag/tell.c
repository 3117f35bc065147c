/* A bag as lines for people: what each property is called, its type and its value. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "outlook/bag/internal.h"
#include "valise/base/date.h"
#include "valise/base/escape.h"
#include "valise/base/hash.h"
#include "valise/base/mem.h"

enum { SHOWN_TEXT = 500, SHOWN_OCTETS = 32, SHOWN_VALUES = 20, LINE_LEN = 65536 };

struct teller {
	void (*tell)(void *ctx, const char *line);
	void *ctx;
};

static const char *type_name(unsigned type)
{
	switch (type & ~(unsigned)BAG_MULTIPLE) {
	case BAG_INT16:
		return "int16";
	case BAG_INT32:
		return "int32";
	case BAG_FLOAT:
		return "float";
	case BAG_DOUBLE:
		return "double";
	case BAG_CURRENCY:
		return "currency";
	case BAG_APPTIME:
		return "apptime";
	case BAG_ERROR:
		return "error";
	case BAG_BOOLEAN:
		return "boolean";
	case BAG_OBJECT:
		return "object";
	case BAG_INT64:
		return "int64";
	case BAG_STRING8:
		return "string8";
	case BAG_UNICODE:
		return "unicode";
	case BAG_TIME:
		return "time";
	case BAG_GUID:
		return "guid";
	case BAG_SERVER_ID:
		return "server-id";
	case BAG_RESTRICTION:
		return "restriction";
	case BAG_ACTIONS:
		return "actions";
	default:
		return "binary";
	}
}

void bag_guid_text(const uint8_t g[16], char out[BAG_GUID_SIZE])
{
	snprintf(out, BAG_GUID_SIZE,
	        "{%08" PRIx32 "-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x}", le32(g),
	        g[5], g[4], g[7], g[6], g[8], g[9], g[10], g[11], g[12], g[13], g[14], g[15]);
}

void bag_prop_name(const struct bag_prop *p, struct buf *out)
{
	bag_key key = p->id;
	enum bag_set set = p->name ? bag_set_of(p->name->set) : (enum bag_set)0;
	char guid[BAG_GUID_SIZE];
	const char *name = NULL;
	char *text;

	if (p->name && p->name->text)
		name = set ? bag_text_name(set, p->name->text) : NULL;
	else if (p->name && set && p->name->lid <= 0xffffff)
		key = BAG_LID(set, p->name->lid);
	if (!p->name || (!p->name->text && set))
		name = bag_key_name(key);
	if (name) {
		buf_puts(out, name);
	} else if (!p->name) {
		buf_putf(out, "0x%04x", p->id);
	} else {
		bag_guid_text(p->name->set, guid);
		buf_putf(out, "%s ", guid);
		if (p->name->text) {
			text = term_escape_dup(p->name->text);
			buf_puts(out, text);
			free(text);
		} else {
			buf_putf(out, "0x%04" PRIx32, p->name->lid);
		}
	}
}

static void put_text(const char *text, struct buf *line)
{
	char shown[SHOWN_TEXT];

	buf_putf(line, "\"%s\"",
	        term_escape(text ? text : "", text ? strlen(text) : 0, shown, sizeof shown));
}

static void put_hex(const uint8_t *p, size_t n, uint64_t of, struct buf *line)
{
	char hex[2 * SHOWN_OCTETS + 1];

	n = MIN(n, SHOWN_OCTETS);
	hex_format(p, n, hex);
	buf_putf(line, "%s", hex);
	if (of > n)
		buf_putf(line, "... (%" PRIu64 " octets)", of);
}

static void put_time(uint64_t filetime, struct buf *line)
{
	int64_t seconds = (int64_t)(filetime / 10000000) - 11644473600;
	char text[DATE_TEXT_SIZE];

	if (filetime == 0 || seconds > 253402300799) {
		buf_putf(line, "0x%016" PRIx64, filetime);
		return;
	}
	buf_puts(line, date_format_iso(seconds, text));
}

/* One value of a type that has a size. */
static void put_fixed(unsigned type, const uint8_t *v, struct buf *line)
{
	char guid[BAG_GUID_SIZE];
	double real;
	float less;

	switch (type & ~(unsigned)BAG_MULTIPLE) {
	case BAG_INT16:
		buf_putf(line, "%d", (int16_t)(v[0] | v[1] << 8));
		return;
	case BAG_INT32:
		buf_putf(line, "%" PRId32, (int32_t)le32(v));
		return;
	case BAG_ERROR:
		buf_putf(line, "0x%08" PRIx32, le32(v));
		return;
	case BAG_BOOLEAN:
		buf_puts(line, v[0] || v[1] ? "true" : "false");
		return;
	case BAG_FLOAT:
		memcpy(&less, v, sizeof less);
		buf_putf(line, "%.7g", (double)less);
		return;
	case BAG_DOUBLE:
	case BAG_APPTIME:
		memcpy(&real, v, sizeof real);
		buf_putf(line, "%.15g", real);
		return;
	case BAG_TIME:
		put_time(le64(v), line);
		return;
	case BAG_GUID:
		bag_guid_text(v, guid);
		buf_puts(line, guid);
		return;
	default:
		buf_putf(line, "%" PRId64, (int64_t)le64(v));
	}
}

/* One of the values that each have a length: ${len} octets at ${off}. */
static void put_long(
        const struct bag *b, const struct bag_prop *p, uint64_t off, uint64_t len, struct buf *line)
{
	uint8_t octets[SHOWN_OCTETS];
	size_t n = (size_t)MIN(len, (uint64_t)sizeof octets);
	struct err err;
	char *text;

	if (type_is_text(p->type)) {
		text = prop_text(b, p, off, len, BAG_TEXT_MAX);
		put_text(text, line);
		free(text);
	} else if (prop_read(b, p, off, octets, n, &err) == 0) {
		put_hex(octets, n, len, line);
	}
}

static void put_several(const struct bag *b, const struct bag_prop *p, struct buf *line)
{
	size_t size = bag_type_size(p->type);
	uint64_t at = 4;
	uint8_t v[16];
	struct err err;

	buf_putc(line, '[');
	for (int i = 0; at < p->len; i++) {
		uint64_t n = size;

		buf_puts(line, i ? ", " : "");
		if (i == SHOWN_VALUES) {
			buf_puts(line, "...");
			break;
		}
		if (prop_read(b, p, at, v, size ? size : 4, &err) < 0)
			break;
		if (size) {
			put_fixed(p->type, v, line);
		} else {
			n = le32(v);
			at += 4;
			put_long(b, p, at, n, line);
		}
		at += n;
	}
	buf_putc(line, ']');
}

void bag_prop_value(const struct bag *b, const struct bag_prop *p, struct buf *out)
{
	if (p->type & BAG_MULTIPLE)
		put_several(b, p, out);
	else if (bag_type_size(p->type))
		put_fixed(p->type, p->data, out);
	else
		put_long(b, p, 0, p->len, out);
}

static void tell_prop(
        const struct bag *b, const struct bag_prop *p, const char *where, const struct teller *t)
{
	struct buf line = buf_of(LINE_LEN);

	buf_puts(&line, where);
	bag_prop_name(p, &line);
	buf_putf(&line, " %s%s ", p->type & BAG_MULTIPLE ? "several " : "", type_name(p->type));
	bag_prop_value(b, p, &line);
	t->tell(t->ctx, buf_str(&line));
	buf_clear(&line);
}

static void tell_bag(const struct bag *b, const char *where, const struct teller *t)
{
	char *in;

	for (size_t i = 0; i < b->n_props; i++)
		tell_prop(b, &b->props[i], where, t);
	for (size_t i = 0; i < b->n_recipients; i++) {
		in = xasprintf("%srecipient %zu: ", where, i + 1);
		tell_bag(b->recipients[i], in, t);
		free(in);
	}
	for (size_t i = 0; i < b->n_attachments; i++) {
		in = xasprintf("%sattachment %zu: ", where, i + 1);
		tell_bag(b->attachments[i], in, t);
		free(in);
	}
	if (b->embedded) {
		in = xasprintf("%sitem: ", where);
		tell_bag(b->embedded, in, t);
		free(in);
	}
}

void bag_tell(const struct bag *b, void (*tell)(void *ctx, const char *line), void *ctx)
{
	struct teller t = {tell, ctx};

	tell_bag(b, "", &t);
}
