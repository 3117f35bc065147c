/*
 * Who wrote a message and to whom (MS-OXCMAIL 2.2.3.1): senders, the table of recipients, whom
 * answers and receipts go to. Each is an SMTP address with a one-off entry id (MS-OXCDATA
 * 2.2.5.1), which a server needs to send something to them.
 */
#include <stdlib.h>
#include <string.h>
#include "outlook/make/mail.h"
#include "valise/base/escape.h"
#include "valise/base/le.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/format/header.h"

enum { RECIPIENT_TO = 1, RECIPIENT_CC = 2, RECIPIENT_BCC = 3, MAIL_USER = 6 };

/* ---- octets ---- */

void in_utf16(const char *utf8, struct buf *out)
{
	size_t n = strlen(utf8), k;
	uint32_t point;
	uint8_t two[2];

	for (; n && (k = utf8_next(utf8, n, &point)) > 0; utf8 += k, n -= k) {
		if (point >= 0x10000) {
			le_put(two, 0xd800 + ((point - 0x10000) >> 10), 2);
			buf_put(out, two, 2);
			point = 0xdc00 + ((point - 0x10000) & 0x3ff);
		}
		le_put(two, point, 2);
		buf_put(out, two, 2);
	}
}

static void put_text(struct buf *out, const char *utf8)
{
	in_utf16(utf8, out);
	buf_put(out, "\0", 2);
}

/* Unicode, MIME, and nobody looks for it in an address book. */
static void put_one_off(struct buf *out, const struct in_person *p)
{
	static const uint8_t head[24] = {0, 0, 0, 0, 0x81, 0x2b, 0x1f, 0xa4, 0xbe, 0xa3, 0x10, 0x19,
	        0x9d, 0x6e, 0x00, 0xdd, 0x01, 0x0f, 0x54, 0x02, 0, 0, 0x01, 0x90};

	buf_put(out, head, sizeof head);
	put_text(out, p->name ? p->name : p->address);
	put_text(out, "SMTP");
	put_text(out, p->address);
}

static int set_one_off(struct bag *b, bag_key key, const struct in_person *p, struct err *err)
{
	struct buf id = buf_of(SIZE_MAX);
	int rc;

	put_one_off(&id, p);
	rc = bag_set(b, key, BAG_BINARY, id.data, id.len, err);
	buf_clear(&id);
	return rc;
}

/* "SMTP:ANN@B.EXAMPLE" with its NUL. */
static int set_search_key(struct bag *b, bag_key key, const struct in_person *p, struct err *err)
{
	char *text = text_upper(xasprintf("SMTP:%s", p->address));
	int rc = bag_set(b, key, BAG_BINARY, text, strlen(text) + 1, err);

	free(text);
	return rc;
}

/* ---- one person ---- */

static void person_clear(struct in_person *p)
{
	free(p->name);
	free(p->address);
	memset(p, 0, sizeof *p);
}

enum { FOUND = 1 };

static int keep_first(void *ctx, const struct in_person *p, struct err *err)
{
	struct in_person *out = ctx;

	(void)err;
	out->name = xstrdup(p->name);
	out->address = xstrdup(p->address);
	return FOUND;
}

/* The first address of the first field of the name; false: none. */
static bool find_person(struct in_item *in, const char *field, struct in_person *out)
{
	struct buf raw = buf_of(IN_HEADER_MAX);
	int rc = 0;

	memset(out, 0, sizeof *out);
	if (header_find(buf_str(&in->header), in->header.len, field, &raw))
		rc = in_addresses(buf_str(&raw), raw.len, keep_first, out, NULL);
	buf_clear(&raw);
	return rc == FOUND;
}

/* The properties of one who wrote it. */
static const struct writer {
	bag_key name, type, email, smtp, id, key;
} sender = {PidTagSenderName, PidTagSenderAddressType, PidTagSenderEmailAddress,
        PidTagSenderSmtpAddress, PidTagSenderEntryId, PidTagSenderSearchKey},
  represented = {PidTagSentRepresentingName, PidTagSentRepresentingAddressType,
          PidTagSentRepresentingEmailAddress, PidTagSentRepresentingSmtpAddress,
          PidTagSentRepresentingEntryId, PidTagSentRepresentingSearchKey};

static int set_writer(
        struct in_item *in, const struct writer *w, const struct in_person *p, struct err *err)
{
	struct bag *b = in->b;
	int rc = bag_set_text(b, w->name, p->name ? p->name : p->address, err);

	if (rc == 0)
		rc = bag_set_text(b, w->type, "SMTP", err);
	if (rc == 0)
		rc = bag_set_text(b, w->email, p->address, err);
	if (rc == 0)
		rc = bag_set_text(b, w->smtp, p->address, err);
	if (rc == 0)
		rc = set_one_off(b, w->id, p, err);
	return rc < 0 ? rc : set_search_key(b, w->key, p, err);
}

/* Of two who wrote it, one missing is the other (MS-OXCMAIL 2.2.3.1.1). */
static int set_writers(struct in_item *in, struct err *err)
{
	struct in_person from, sent;
	bool has_from = find_person(in, "From", &from), has_sent = find_person(in, "Sender", &sent);
	int rc = 0;

	if (has_from || has_sent)
		rc = set_writer(in, &represented, has_from ? &from : &sent, err);
	if (rc == 0 && (has_from || has_sent))
		rc = set_writer(in, &sender, has_sent ? &sent : &from, err);
	person_clear(&from);
	person_clear(&sent);
	return rc;
}

/* ---- recipients ---- */

struct to_table {
	struct in_item *in;
	int type;
};

static int put_recipient(struct in_item *in, int type, const struct in_person *p, struct err *err)
{
	const char *name = p->name ? p->name : p->address;
	struct bag *r = bag_add_recipient(in->b, err);
	int rc;

	if (!r)
		return err->code;
	rc = bag_set_int(r, PidTagRecipientType, BAG_INT32, type, err);
	if (rc == 0)
		rc = bag_set_int(r, PidTagObjectType, BAG_INT32, MAIL_USER, err);
	if (rc == 0)
		rc = bag_set_int(r, PidTagDisplayType, BAG_INT32, 0, err);
	if (rc == 0)
		rc = bag_set_text(r, PidTagDisplayName, name, err);
	if (rc == 0)
		rc = bag_set_text(r, PidTagAddressType, "SMTP", err);
	if (rc == 0)
		rc = bag_set_text(r, PidTagEmailAddress, p->address, err);
	if (rc == 0)
		rc = bag_set_text(r, PidTagSmtpAddress, p->address, err);
	if (rc == 0)
		rc = set_one_off(r, PidTagEntryId, p, err);
	return rc < 0 ? rc : set_search_key(r, PidTagSearchKey, p, err);
}

static int add_recipient(void *ctx, const struct in_person *p, struct err *err)
{
	const struct to_table *t = ctx;
	struct in_all *all = t->in->all;

	if (all->recipients == IN_RECIPIENTS_MAX)
		in_lost(all, "recipients beyond %d: the header alone has them", IN_RECIPIENTS_MAX);
	if (all->recipients++ >= IN_RECIPIENTS_MAX)
		return 0;
	return put_recipient(t->in, t->type, p, err);
}

static int set_recipients(struct in_item *in, struct err *err)
{
	static const struct {
		const char *field;
		int type;
	} kinds[] = {{"To", RECIPIENT_TO}, {"Cc", RECIPIENT_CC}, {"Bcc", RECIPIENT_BCC}};
	struct in_field f;
	int rc = 0;

	for (size_t at = 0; rc == 0 && in_next_field(&in->header, &at, &f);)
		for (size_t k = 0; f.name_len && rc == 0 && k < COUNT(kinds); k++) {
			struct to_table t = {in, kinds[k].type};

			if (text_is(f.name, f.name_len, kinds[k].field))
				rc = in_addresses(f.value, f.value_len, add_recipient, &t, err);
		}
	return rc;
}

/* ---- answers and receipts ---- */

struct flat {
	struct buf entries, names; /* of FLATENTRYLIST (MS-OXCDATA 2.3.3); "Ann; Bob" */
	uint32_t n;
};

static int add_flat(void *ctx, const struct in_person *p, struct err *err)
{
	static const uint8_t zeros[4];
	struct flat *f = ctx;
	struct buf id = buf_of(SIZE_MAX);
	uint8_t four[4];

	(void)err;
	if (f->entries.len > IN_LIST_MAX / 2)
		return 0;
	put_one_off(&id, p);
	le_put(four, id.len, 4);
	buf_put(&f->entries, four, 4);
	buf_put(&f->entries, id.data, id.len);
	buf_put(&f->entries, zeros, (4 - id.len % 4) % 4);
	buf_putf(&f->names, "%s%s", f->n ? "; " : "", p->name ? p->name : p->address);
	f->n++;
	buf_clear(&id);
	return 0;
}

static int set_reply_to(struct in_item *in, struct err *err)
{
	struct buf raw = buf_of(IN_HEADER_MAX), list = buf_of(SIZE_MAX);
	struct flat f = {buf_of(SIZE_MAX), buf_of(SIZE_MAX), 0};
	uint8_t head[8];
	int rc = 0;

	if (header_find(buf_str(&in->header), in->header.len, "Reply-To", &raw))
		rc = in_addresses(buf_str(&raw), raw.len, add_flat, &f, err);
	if (rc == 0 && f.n) {
		le_put(head, f.n, 4);
		le_put(head + 4, f.entries.len, 4);
		buf_put(&list, head, sizeof head);
		buf_put(&list, f.entries.data, f.entries.len);
		rc = bag_set(
		        in->b, PidTagReplyRecipientEntries, BAG_BINARY, list.data, list.len, err);
		if (rc == 0)
			rc = bag_set_text(in->b, PidTagReplyRecipientNames, buf_str(&f.names), err);
	}
	buf_clear(&raw);
	buf_clear(&list);
	buf_clear(&f.entries);
	buf_clear(&f.names);
	return rc;
}

/* Was the receipt sent, or refused for good (RFC 3503)? */
static bool is_receipt_done(const struct in_item *in)
{
	const char *words = in->all->m->keywords;

	return in->root == 0 && words && text_has_word(words, "$MDNSent", 8);
}

static int set_receipts(struct in_item *in, struct err *err)
{
	struct in_person p;
	int rc = 0;

	if (find_person(in, "Disposition-Notification-To", &p)) {
		if (!is_receipt_done(in))
			rc = bag_set_int(in->b, PidTagReadReceiptRequested, BAG_BOOLEAN, 1, err);
		if (rc == 0)
			rc = bag_set_text(
			        in->b, PidTagReadReceiptName, p.name ? p.name : p.address, err);
		if (rc == 0)
			rc = bag_set_text(in->b, PidTagReadReceiptEmailAddress, p.address, err);
		if (rc == 0)
			rc = bag_set_text(in->b, PidTagReadReceiptSmtpAddress, p.address, err);
		if (rc == 0)
			rc = set_one_off(in->b, PidTagReadReceiptEntryId, &p, err);
	}
	person_clear(&p);
	if (rc == 0 && find_person(in, "Return-Receipt-To", &p))
		rc = bag_set_int(
		        in->b, PidTagOriginatorDeliveryReportRequested, BAG_BOOLEAN, 1, err);
	person_clear(&p);
	return rc;
}

int in_people(struct in_item *in, struct err *err)
{
	int rc = set_writers(in, err);

	if (rc == 0)
		rc = set_recipients(in, err);
	if (rc == 0)
		rc = set_reply_to(in, err);
	return rc < 0 ? rc : set_receipts(in, err);
}
