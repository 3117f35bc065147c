/* Properties in TNEF: MS-OXTNEF 2.1.3.4. */
#include "outlook/read/tnef/in.h"
#include <stdlib.h>
#include <string.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"

enum { NAME_IS_TEXT = 1, GUID_LEN = 16 };
/* IID_IMessage: {00020307-0000-0000-C000-000000000046} */
static const uint8_t iid_message[GUID_LEN] = {
        0x07, 0x03, 0x02, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46};

/* Of a value; 0: it says its own length; -1: no such type. */
static int size_of(unsigned type)
{
	switch (type & ~(unsigned)BAG_MULTIPLE) {
	case BAG_STRING8:
	case BAG_UNICODE:
	case BAG_BINARY:
	case BAG_OBJECT:
	case BAG_SERVER_ID:
		return 0;
	default:
		return bag_type_size(type) ? (int)bag_type_size(type) : -1;
	}
}

int tnef_pardon(struct tnef_message *m, const char *what, int rc, struct err *err)
{
	if (rc >= 0 || err->code != ERR_LIMIT || err->scope != ERR_ITEM)
		return rc;
	tnef_wrong(m->in, m->where, "%s: %s", what, err->text);
	err_clear(err);
	return 0;
}

/* The next ${len} octets into the property that is being filled. */
static int put(struct tnef_message *m, struct bag *b, uint64_t len, uint64_t end, struct err *err)
{
	const uint8_t *p;
	int rc = 0;

	while (len > 0 && rc == 0) {
		size_t n = (size_t)MIN(len, TNEF_BUFFER);

		rc = tnef_some(m->in, end, &p, &n, err);
		if (rc == 0) {
			rc = bag_put(b, p, n, err);
			len -= n;
		}
	}
	return rc;
}

static int put32(struct bag *b, uint32_t n, struct err *err)
{
	uint8_t p[4] = {(uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16), (uint8_t)(n >> 24)};

	return bag_put(b, p, sizeof p, err);
}

/* After an error of the bag's own the property is not there; what was short is kept. */
static int end_value(struct bag *b, int rc, struct err *err)
{
	int ended;

	if (rc < 0)
		return rc;
	ended = bag_end(b, err);
	return ended < 0 ? ended : rc;
}

int tnef_value(struct tnef_message *m, struct bag *b, uint16_t id, uint16_t type, uint64_t len,
        uint64_t end, struct err *err)
{
	int rc = bag_begin(b, id, type, NULL, err);

	if (rc == 0)
		rc = put(m, b, len, end, err);
	return end_value(b, rc, err);
}

struct tag {
	uint16_t type, id;
	struct bag_name name;
	bool named;
	char text[4 * BAG_NAME_MAX + 1]; /* of the name */
};

/* UTF-16LE with its NUL. */
static void take_name(struct tag *t, const uint8_t *p, size_t units)
{
	size_t n = 0;

	for (size_t i = 0; i < units; i++) {
		uint32_t point = p[2 * i] | (uint32_t)p[2 * i + 1] << 8;

		if (point >= 0xd800 && point < 0xdc00 && i + 1 < units) {
			uint32_t low = p[2 * i + 2] | (uint32_t)p[2 * i + 3] << 8;

			if (low >= 0xdc00 && low < 0xe000) {
				point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
				i++;
			}
		}
		if (point == 0)
			break;
		n += utf8_put(point >= 0xd800 && point < 0xe000 ? 0xfffd : point, t->text + n);
	}
	t->text[n] = '\0';
	t->name.text = t->text;
}

static int read_name(struct tnef_message *m, struct tag *t, uint64_t end, struct err *err)
{
	uint8_t units[2 * BAG_NAME_MAX];
	uint32_t kind, n = 0;
	uint64_t behind;
	int rc = tnef_get(m->in, end, t->name.set, GUID_LEN, err);

	t->named = true;
	if (rc == 0)
		rc = tnef_get32(m->in, end, &kind, err);
	if (rc == 0 && kind != NAME_IS_TEXT)
		return tnef_get32(m->in, end, &t->name.lid, err);
	if (rc == 0)
		rc = tnef_get32(m->in, end, &n, err);
	if (rc)
		return rc;
	behind = m->in->taken + n + (4 - n % 4) % 4;
	rc = tnef_get(m->in, end, units, MIN(n, sizeof units), err);
	if (rc == 0)
		take_name(t, units, MIN(n, sizeof units) / 2);
	return rc ? rc : tnef_skip(m->in, MIN(behind, end), err);
}

static int read_tag(struct tnef_message *m, struct tag *t, uint64_t end, struct err *err)
{
	uint32_t tag;
	int rc = tnef_get32(m->in, end, &tag, err);

	if (rc)
		return rc;
	t->type = (uint16_t)tag;
	t->id = (uint16_t)(tag >> 16);
	t->named = false;
	t->name = (struct bag_name){0};
	return t->id >= 0x8000 ? read_name(m, t, end, err) : 0;
}

static int begin(struct bag *b, const struct tag *t, struct err *err)
{
	return bag_begin(b, t->id, t->type, t->named ? &t->name : NULL, err);
}

/* Values of a fixed size, each filled up to four octets. */
static int read_fixed(
        struct tnef_message *m, struct bag *b, const struct tag *t, uint64_t end, struct err *err)
{
	int size = size_of(t->type), rc = begin(b, t, err);
	uint32_t n = 1;
	uint8_t value[GUID_LEN];

	if (rc == 0 && t->type & BAG_MULTIPLE) {
		rc = tnef_get32(m->in, end, &n, err);
		if (rc == 0)
			rc = put32(b, n, err);
	}
	for (; n > 0 && rc == 0; n--) {
		rc = tnef_get(m->in, end, value, (size_t)MAX(size, 4), err);
		if (rc == 0)
			rc = bag_put(b, value, (size_t)size, err);
	}
	return end_value(b, rc, err);
}

/* An embedded message. *is false: these octets, of which ${head} is taken, are none. */
static int read_embedded(struct tnef_message *m, struct bag *b, uint64_t end, uint8_t head[4],
        bool *is, struct err *err)
{
	struct bag *embedded = bag_embed(b, err);
	char *where;
	int rc;

	*is = false;
	if (!embedded) {
		rc = tnef_pardon(m, "embedded message", err->code, err);
		return rc ? rc : tnef_get(m->in, end, head, 4, err);
	}
	where = xasprintf("%sattachment %zu: ", m->where, m->bag->n_attachments);
	rc = tnef_message(m->in, end, embedded, where, head, is, err);
	free(where);
	if (!*is) {
		bag_free(embedded);
		b->embedded = NULL;
	}
	return rc;
}

/* PidTagAttachDataObject: what it is stands before it. */
static int read_object(
        struct tnef_message *m, struct bag *b, const struct tag *t, uint64_t end, struct err *err)
{
	uint8_t iid[GUID_LEN], head[4];
	bool is = false;
	size_t taken = 0;
	int rc = tnef_get(m->in, end, iid, sizeof iid, err);

	if (rc == 0 && memcmp(iid, iid_message, sizeof iid) == 0 && b->role == BAG_ATTACHMENT &&
	        !b->embedded) {
		rc = read_embedded(m, b, end, head, &is, err);
		taken = sizeof head;
	}
	if (rc || is)
		return rc;
	rc = begin(b, t, err);
	if (rc == 0 && taken > 0)
		rc = bag_put(b, head, taken, err);
	if (rc == 0)
		rc = put(m, b, end - m->in->taken, end, err);
	return end_value(b, rc, err);
}

/* A value that says its length, and what fills it up. */
static int read_one(
        struct tnef_message *m, struct bag *b, const struct tag *t, uint64_t end, struct err *err)
{
	uint64_t value_end, behind;
	uint32_t len;
	int rc = tnef_get32(m->in, end, &len, err), skipped;

	if (rc)
		return rc;
	value_end = m->in->taken + len;
	behind = value_end + (4 - len % 4) % 4;
	if (value_end > end)
		tnef_wrong(m->in, m->where, "a property is longer than what it stands in");
	if (t->type == BAG_OBJECT) {
		rc = read_object(m, b, t, MIN(value_end, end), err);
		rc = rc == TNEF_SHORT ? 0 : rc;
	} else if (t->type & BAG_MULTIPLE) {
		rc = put32(b, len, err);
		if (rc == 0)
			rc = put(m, b, len, end, err);
	} else {
		rc = begin(b, t, err);
		if (rc == 0)
			rc = put(m, b, len, end, err);
		rc = end_value(b, rc, err);
	}
	rc = t->type & BAG_MULTIPLE ? rc : tnef_pardon(m, "property", rc, err);
	skipped = rc < 0 ? 0 : tnef_skip(m->in, MIN(behind, end), err);
	return rc ? rc : skipped;
}

static int read_several(
        struct tnef_message *m, struct bag *b, const struct tag *t, uint64_t end, struct err *err)
{
	uint32_t n;
	int rc = tnef_get32(m->in, end, &n, err);

	if (rc)
		return rc;
	if (!(t->type & BAG_MULTIPLE)) {
		if (n != 1)
			tnef_wrong(m->in, m->where, "property 0x%04x has %u values", t->id, n);
		for (; n > 0 && rc == 0; n--)
			rc = read_one(m, b, t, end, err);
		return rc;
	}
	rc = begin(b, t, err);
	if (rc == 0)
		rc = put32(b, n, err);
	for (; n > 0 && rc == 0; n--)
		rc = read_one(m, b, t, end, err);
	return end_value(b, rc, err);
}

int tnef_props(struct tnef_message *m, struct bag *b, uint64_t end, struct err *err)
{
	struct tag *t = xmalloc(sizeof *t);
	uint32_t n;
	int rc = tnef_get32(m->in, end, &n, err);

	for (; rc == 0 && n > 0; n--) {
		int size;

		rc = read_tag(m, t, end, err);
		if (rc)
			break;
		size = size_of(t->type);
		if (size < 0) {
			tnef_wrong(m->in, m->where, "property 0x%04x is of unknown type 0x%04x",
			        t->id, t->type);
			rc = TNEF_SHORT;
		} else if (size > 0) {
			rc = read_fixed(m, b, t, end, err);
		} else {
			rc = read_several(m, b, t, end, err);
		}
	}
	free(t);
	return rc;
}

int tnef_recipients(struct tnef_message *m, uint64_t end, struct err *err)
{
	uint32_t n;
	int rc = tnef_get32(m->in, end, &n, err);

	for (; rc == 0 && n > 0; n--) {
		struct bag *b = bag_add_recipient(m->bag, err);

		rc = b ? tnef_props(m, b, end, err) : err->code;
	}
	return rc;
}
