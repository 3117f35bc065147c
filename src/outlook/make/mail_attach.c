/* Attachments: files, pictures that the HTML shows, messages (MS-OXCMAIL 2.2.3.4). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "outlook/make/mail.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/format/header.h"

/* PidTagAttachMethod, PidTagAttachFlags: MS-OXCMSG 2.2.2.9, 2.2.2.18 */
enum { BY_VALUE = 1, EMBEDDED = 5, IN_HTML_BODY = 4 };
enum { ENDING_MAX = 32 };

/* What has no name is given one, as Exchange does: Outlook opens files by their ending. */
static const struct {
	const char *type, *ending;
} endings[] = {
        {"application/pdf", "pdf"},
        {"application/pgp-encrypted", "pgp"},
        {"application/pgp-signature", "asc"},
        {"application/pkcs7-mime", "p7m"},
        {"application/pkcs7-signature", "p7s"},
        {"application/rtf", "rtf"},
        {"application/zip", "zip"},
        {"audio/mpeg", "mp3"},
        {"image/bmp", "bmp"},
        {"image/gif", "gif"},
        {"image/jpeg", "jpg"},
        {"image/png", "png"},
        {"image/svg+xml", "svg"},
        {"image/tiff", "tif"},
        {"message/rfc822", "eml"},
        {"text/calendar", "ics"},
        {"text/html", "htm"},
        {"text/vcard", "vcf"},
        {"text/x-vcard", "vcf"},
        {"video/mp4", "mp4"},
};

static const char *ending_of(const char *type)
{
	for (size_t i = 0; i < COUNT(endings); i++)
		if (strcmp(type, endings[i].type) == 0)
			return endings[i].ending;
	return strncmp(type, "text/", 5) == 0 || strncmp(type, "message/", 8) == 0 ? "txt" : "dat";
}

static int set_name(
        struct in_item *in, struct bag *a, const char *name, const char *type, struct err *err)
{
	const char *dot;
	char made[32];
	int rc;

	if (!name) {
		snprintf(made, sizeof made, "ATT%05u.%s", ++in->unnamed, ending_of(type));
		name = made;
	}
	dot = strrchr(name, '.');
	rc = bag_set_text(a, PidTagAttachLongFilename, name, err);
	if (rc == 0)
		rc = bag_set_text(a, PidTagDisplayName, name, err);
	if (rc == 0 && dot && dot[1] && strlen(dot) <= ENDING_MAX && !strpbrk(dot, "/\\"))
		rc = bag_set_text(a, PidTagAttachExtension, dot, err);
	return rc;
}

/* A new one: how it is there, where it stands. */
static struct bag *new_attachment(struct in_item *in, int method, bool shown, struct err *err)
{
	struct bag *a = bag_add_attachment(in->b, err);
	int rc = a ? bag_set_int(a, PidTagAttachMethod, BAG_INT32, method, err) : -1;

	if (rc == 0)
		rc = bag_set_int(a, PidTagRenderingPosition, BAG_INT32, -1, err);
	if (rc == 0)
		rc = bag_set_int(a, PidTagAttachFlags, BAG_INT32, shown ? IN_HTML_BODY : 0, err);
	if (rc == 0 && shown)
		rc = bag_set_int(a, PidTagAttachmentHidden, BAG_BOOLEAN, 1, err);
	return rc < 0 ? NULL : a;
}

/* ---- what the fields of the part say ---- */

static int set_field(
        struct bag *a, const struct buf *fields, const char *name, bag_key key, struct err *err)
{
	struct buf raw = buf_of(IN_FIELDS_MAX), text = buf_of(SIZE_MAX);
	int rc = 0;

	if (header_find(buf_str(fields), fields->len, name, &raw))
		header_whole_text(buf_str(&raw), raw.len, IN_TEXT_MAX, &text);
	if (text.len)
		rc = bag_set_text(a, key, buf_str(&text), err);
	buf_clear(&raw);
	buf_clear(&text);
	return rc;
}

static int set_date(
        struct bag *a, const struct buf *fields, const char *param, bag_key key, struct err *err)
{
	char text[IN_WORD_SIZE];
	struct date d;

	in_param(fields, "Content-Disposition", param, text);
	if (!*text || !date_parse_rfc5322(text, strlen(text), &d))
		return 0;
	return in_set_time(a, key, d.utc, err);
}

static int set_charset(struct bag *a, const struct buf *fields, const char *type, struct err *err)
{
	char charset[IN_WORD_SIZE];

	if (strncmp(type, "text/", 5) != 0)
		return 0;
	in_param(fields, "Content-Type", "charset", charset);
	if (!*charset || !utf8_valid(charset, strlen(charset)))
		return 0;
	return bag_set_text(a, PidTagTextAttachmentCharset, charset, err);
}

static int set_face(struct in_item *in, struct bag *a, size_t i, struct err *err)
{
	const struct mime_part *p = &in->all->parts[i];
	struct buf fields = buf_of(IN_FIELDS_MAX);
	int rc = in_fields(in->all, i, &fields, err);

	if (rc == 0)
		rc = bag_set_text(a, PidTagAttachMimeTag, p->type, err);
	if (rc == 0 && p->content_id)
		rc = bag_set_text(a, PidTagAttachContentId, p->content_id, err);
	if (rc == 0)
		rc = set_field(a, &fields, "Content-Location", PidTagAttachContentLocation, err);
	if (rc == 0)
		rc = set_charset(a, &fields, p->type, err);
	if (rc == 0)
		rc = set_date(a, &fields, "creation-date", PidTagCreationTime, err);
	if (rc == 0)
		rc = set_date(a, &fields, "modification-date", PidTagLastModificationTime, err);
	buf_clear(&fields);
	return rc;
}

/* ---- files ---- */

static int to_bag(void *bag, const void *p, size_t n, struct err *err)
{
	return bag_put(bag, p, n, err);
}

struct lines {
	struct bag *a;
	char last;
};

/* Reports and the like are lines, which end in CRLF wherever they are kept. */
static int lines_to_bag(void *lines, const void *p, size_t n, struct err *err)
{
	struct lines *l = lines;
	const char *s = p;
	int rc = 0;

	for (size_t from = 0, i; rc == 0 && from < n; from = i) {
		for (i = from; i < n && (s[i] != '\n' || l->last == '\r'); i++)
			l->last = s[i];
		if (i > from)
			rc = bag_put(l->a, s + from, i - from, err);
		if (rc == 0 && i < n)
			rc = bag_put(l->a, "\r", 1, err);
		l->last = '\r';
	}
	if (n)
		l->last = s[n - 1];
	return rc;
}

/* A message that no item holds: its octets as they stand there. */
static int put_data(struct in_item *in, struct bag *a, size_t i, struct err *err)
{
	const struct mime_part *p = &in->all->parts[i];
	struct lines lines = {.a = a};
	bool text = strncmp(p->type, "message/", 8) == 0 && strcmp(p->type, "message/rfc822") != 0;
	int rc = bag_begin(a, PidTagAttachDataBinary, BAG_BINARY, NULL, err);

	if (rc == 0 && p->message)
		rc = mime_octets(in->all->mime, p->body, p->end, to_bag, a, err);
	else if (rc == 0 && text)
		rc = mime_part_octets(in->all->mime, i, lines_to_bag, &lines, err);
	else if (rc == 0)
		rc = mime_part_octets(in->all->mime, i, to_bag, a, err);
	return rc < 0 ? rc : bag_end(a, err);
}

/* What says more in its type than an item keeps of one: the part with its fields. */
static bool needs_fields(const struct mime_part *p)
{
	return strcmp(p->type, "message/external-body") == 0 ||
	       strcmp(p->type, "message/partial") == 0;
}

int in_file(struct in_item *in, size_t i, bool shown, struct err *err)
{
	const struct mime_part *p = &in->all->parts[i];
	struct in_range whole = {.type = "message/rfc822", .from = p->head, .to = p->end};
	struct bag *a;
	int rc;

	if (needs_fields(p))
		return in_octets(in, &whole, err);
	a = new_attachment(in, BY_VALUE, shown, err);
	if (!a)
		return err->code;
	rc = set_name(in, a, p->name, p->type, err);
	if (rc == 0)
		rc = set_face(in, a, i, err);
	return rc < 0 ? rc : put_data(in, a, i, err);
}

int in_octets(struct in_item *in, const struct in_range *r, struct err *err)
{
	struct bag *a = new_attachment(in, BY_VALUE, false, err);
	int rc;

	if (!a)
		return err->code;
	rc = set_name(in, a, r->name, r->type, err);
	if (rc == 0)
		rc = bag_set_text(a, PidTagAttachMimeTag, r->type, err);
	if (rc == 0)
		rc = bag_begin(a, PidTagAttachDataBinary, BAG_BINARY, NULL, err);
	if (rc == 0 && r->head)
		rc = bag_put(a, r->head->data, r->head->len, err);
	if (rc == 0)
		rc = mime_octets(in->all->mime, r->from, r->to, to_bag, a, err);
	return rc < 0 ? rc : bag_end(a, err);
}

/* ---- messages ---- */

/* Outlook shows the subject. */
static int set_item_name(struct in_item *in, struct bag *a, size_t i, struct err *err)
{
	const char *name = in->all->parts[i].name;
	struct buf subject = buf_of(IN_TEXT_MAX);
	int rc;

	if (name) {
		rc = set_name(in, a, name, "message/rfc822", err);
	} else {
		if (!mime_message_field(in->all->mime, i, "Subject", &subject))
			buf_puts(&subject, "message");
		rc = bag_set_text(a, PidTagDisplayName, buf_str(&subject), err);
	}
	buf_clear(&subject);
	return rc;
}

int in_message(struct in_item *in, size_t i, struct err *err)
{
	const struct mime_part *p = &in->all->parts[i];
	const char *why = NULL;
	struct bag *a, *item;
	int rc = in_judge(in->all, i + 1, &why, err);

	if (rc < 0)
		return rc;
	if (why || in->b->depth >= BAG_DEPTH_MAX)
		return in_file(in, i, false, err);
	a = new_attachment(in, EMBEDDED, false, err);
	if (!a)
		return err->code;
	rc = set_item_name(in, a, i, err);
	if (rc == 0)
		rc = set_face(in, a, i, err);
	item = rc == 0 ? bag_embed(a, err) : NULL;
	if (!item)
		return err->code;
	return in_fill(in->all, item, i + 1, p->end, err);
}
