/* Members of distribution lists (MS-OXOCNTC 2.2.2.2). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/le.h"
#include "outlook/contact/entry.h"
#include "outlook/contact/internal.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

enum {
	STREAM_MAX = 16 << 20, /* octets of all members */
	STREAM_HEAD = 28, /* version, build, flags, number, three sizes */
};

struct members {
	struct card *c;
	const char *charset;
	size_t n; /* so far */
	size_t lost; /* without name and address */
};

/* A URI of RFC 6068: what is special in one is escaped; '@' is the last one. */
static void put_mailto(struct card *c, const char *address)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	                            "-._~!$'*+@";
	char one[4];

	card_raw(c, "mailto:");
	for (; *address; address++) {
		snprintf(one, sizeof one, strchr(plain, *address) ? "%c" : "%%%02X",
		        (unsigned char)*address);
		card_raw(c, one);
	}
}

/*
 * A member by its address: which card of the archive is it, only its store knows. Lists in it,
 * and whoever has no address, by name and type.
 */
static void put_member(struct members *m, const struct entry *e, enum entry_kind kind)
{
	bool is_mail = e->address && strchr(e->address, '@');

	if (!e->name && !e->address) {
		m->lost++;
		return;
	}
	card_head(m->c, is_mail ? "X-ADDRESSBOOKSERVER-MEMBER" : "X-OUTLOOK-MEMBER");
	if (e->name && !text_same(e->name, e->address)) {
		char *name = xstrndup(e->name, entry_name_len(e->name, e->address));

		card_param(m->c, "X-CN", name);
		free(name);
	}
	if (kind == ENTRY_LIST)
		card_param(m->c, "X-KIND", "group");
	if (e->type && strcasecmp(e->type, "SMTP") != 0)
		card_param(m->c, "X-ADDRESS-TYPE", e->type);
	card_raw(m->c, ":");
	if (is_mail)
		put_mailto(m->c, e->address);
	else
		card_text(m->c, e->address);
	card_end(m->c);
}

/* One member: what its entry id says, else the copy of it that the list keeps. */
static void take_member(
        struct members *m, const uint8_t *id, size_t n, const uint8_t *copy, size_t copy_n)
{
	struct entry entry, kept = {0};

	m->n++;
	entry_read(id, n, m->charset, &entry);
	if (copy)
		entry_read(copy, copy_n, m->charset, &kept);
	put_member(m, kept.name || kept.address ? &kept : &entry, entry.kind);
	entry_clear(&entry);
	entry_clear(&kept);
}

/* Octets with their number before them; *at goes behind them. */
static bool take_sized(const uint8_t **at, const uint8_t *end, const uint8_t **p_out, size_t *n_out)
{
	if (end - *at < 4)
		return false;
	*n_out = le32(*at);
	*p_out = *at + 4;
	if (*n_out > (size_t)(end - *p_out))
		return false;
	*at = *p_out + *n_out;
	return true;
}

/* PidLidDistributionListStream, of long lists: it counts alone. */
static void read_stream(struct members *m, const uint8_t *p, size_t n)
{
	const uint8_t *end = p + n, *at = p + STREAM_HEAD, *id, *copy, *extra;
	uint32_t count = le32(p + 12);
	size_t id_n, copy_n, extra_n;

	for (uint32_t i = 0; i < count; i++) {
		if (!take_sized(&at, end, &id, &id_n) || !take_sized(&at, end, &copy, &copy_n) ||
		        !take_sized(&at, end, &extra, &extra_n)) {
			m->lost += count - i;
			return;
		}
		take_member(m, id, id_n, copy_n ? copy : NULL, copy_n);
	}
}

static void read_lists(struct members *m, struct bag *b)
{
	struct binaries ids = binaries_of(b, PidLidDistributionListMembers);
	struct binaries copies = binaries_of(b, PidLidDistributionListOneOffMembers);
	const uint8_t *id, *copy;
	size_t id_n, copy_n;

	for (;;) {
		bool has_id = binaries_next(&ids, &id, &id_n);
		bool has_copy = binaries_next(&copies, &copy, &copy_n);

		if (!has_id && !has_copy)
			return;
		take_member(m, has_id ? id : copy, has_id ? id_n : copy_n, has_copy ? copy : NULL,
		        has_copy ? copy_n : 0);
	}
}

void contact_members(struct card *c, struct bag *b)
{
	struct members m = {.c = c, .charset = code_page_charset(b->code_page)};
	size_t n = 0;
	const uint8_t *stream = bag_octets(b, PidLidDistributionListStream, STREAM_MAX, &n);
	char line[80];

	card_line(c, "X-ADDRESSBOOKSERVER-KIND", "group");
	if (stream && n >= STREAM_HEAD)
		read_stream(&m, stream, n);
	else
		read_lists(&m, b);
	bag_use(b, PidLidDistributionListMembers);
	bag_use(b, PidLidDistributionListOneOffMembers);
	bag_use(b, PidLidDistributionListChecksum);
	snprintf(line, sizeof line, "%zu members of the list: neither name nor address", m.lost);
	if (m.lost && c->to->lost)
		c->to->lost(c->to->ctx, line);
}
