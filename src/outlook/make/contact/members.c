/* Members of a group: MS-OXOCNTC 2.2.2.2, MS-OXCDATA 2.2.5.1. */
#include <stdlib.h>
#include <strings.h>
#include "outlook/contact/entry.h"
#include "outlook/make/contact/cont.h"
#include "valise/base/le.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

enum {
	LISTS_MAX = 15000, /* octets of the members; beyond it they are a stream */
	STREAM_VERSION = 1,
	STREAM_ENDS = 8,
};

/* Percent signs decoded, without what follows a '?'; malloc'ed. */
static char *address_of(const char *uri)
{
	char *out = xmalloc(strlen(uri) + 1);
	size_t n = 0;

	for (; *uri && *uri != '?'; uri++) {
		int octet = *uri == '%' ? hex_octet(uri + 1) : -1;

		out[n++] = (char)(octet > 0 ? octet : *uri);
		uri += octet > 0 ? 2 : 0;
	}
	out[n] = '\0';
	return out;
}

/* A member that has an address, or a name; else false: another card is meant, by its UID. */
static bool entry_of(const struct line *l, struct buf *out)
{
	const bool mail = strncasecmp(l->value, "mailto:", 7) == 0,
	           ours = strcmp(l->name, "X-OUTLOOK-MEMBER") == 0;
	const char *name = line_param(l, "X-CN"), *type = line_param(l, "X-ADDRESS-TYPE");
	char *address;

	if (!mail && !ours)
		return false;
	address = mail ? address_of(l->value + 7) : line_text(l);
	if (!type)
		type = "SMTP";
	if (*address || (name && *name))
		entry_one_off(name && *name ? name : address, type, address, out);
	free(address);
	return out->len > 0;
}

static void put_number(struct buf *out, uint64_t v, size_t n)
{
	uint8_t octets[8];

	le_put(octets, v, n);
	buf_put(out, octets, n);
}

/* PidLidDistributionListStream: MS-OXOCNTC 2.2.2.2.4. */
static void put_stream(struct cont *c, const struct buf *entries, const struct several *ids)
{
	struct buf out = buf_of(SIZE_MAX);
	size_t octets = entries->len - 4 * (size_t)ids->n;

	put_number(&out, STREAM_VERSION, 2);
	put_number(&out, 0, 2);
	put_number(&out, 0, 4); /* build */
	put_number(&out, 0, 4); /* flags */
	put_number(&out, ids->n, 4);
	put_number(&out, octets, 4);
	put_number(&out, octets, 4);
	put_number(&out, 0, 4);
	/* each as entry id, as its copy, and with nothing more */
	for (size_t at = 0; at < entries->len;) {
		size_t n = 4 + le32(entries->data + at);

		buf_put(&out, entries->data + at, n);
		buf_put(&out, entries->data + at, n);
		put_number(&out, 0, 4);
		at += n;
	}
	put_number(&out, 0, STREAM_ENDS);
	into_buf(&c->k, c->b, PidLidDistributionListStream, &out);
}

void cont_members(struct cont *c)
{
	static const char *const names[] = {
	        "X-ADDRESSBOOKSERVER-MEMBER", "MEMBER", "X-OUTLOOK-MEMBER"};
	struct several ids, copies;
	struct buf entry = buf_of(SIZE_MAX), entries = buf_of(SIZE_MAX);

	several_init(&ids);
	several_init(&copies);
	for (size_t i = 0; i < c->p->n_lines; i++) {
		struct line *l = &c->p->lines[i];

		buf_reset(&entry);
		if (l->used || !text_among(l->name, names, COUNT(names)) || !entry_of(l, &entry))
			continue;
		l->used = true;
		several_add(&ids, entry.data, entry.len);
		several_add(&copies, entry.data, entry.len);
		put_number(&entries, entry.len, 4);
		buf_put(&entries, entry.data, entry.len);
	}
	if (entries.len > LISTS_MAX) {
		put_stream(c, &entries, &ids);
		ids.n = copies.n = 0;
	}
	into_several(&c->k, c->b, PidLidDistributionListMembers, BAG_BINARY, &ids);
	into_several(&c->k, c->b, PidLidDistributionListOneOffMembers, BAG_BINARY, &copies);
	buf_clear(&entry);
	buf_clear(&entries);
}
