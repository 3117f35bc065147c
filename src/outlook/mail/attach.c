/* Attachments: MS-OXCMAIL 2.1.3.4, MS-OXCMSG 2.2.2. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "outlook/mail/mail.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

enum { FLAG_IN_HTML = 4 }; /* PidTagAttachFlags: attRenderedInBody */

const struct bag_prop *mail_attach_data(struct bag *a)
{
	const struct bag_prop *p = bag_peek(a, PidTagAttachDataBinary);

	if (!p || (p->type != BAG_BINARY && p->type != BAG_OBJECT))
		return NULL;
	bag_use(a, PidTagAttachDataBinary);
	return p;
}

/* Its Content-ID without brackets; NULL: none that a field can have. */
static char *take_cid(struct bag *a)
{
	const char *s = bag_text(a, PidTagAttachContentId);
	size_t n = s ? strlen(s) : 0;

	text_trim(&s, &n);
	if (n > 1 && s[0] == '<' && s[n - 1] == '>') {
		s++;
		n -= 2;
	}
	for (size_t i = 0; i < n; i++)
		if (s[i] <= ' ' || s[i] >= 127 || s[i] == '<' || s[i] == '>')
			return NULL;
	return n && n < 900 ? xstrndup(s, n) : NULL;
}

bool mail_attach_inline(struct bag *a, const struct mail_body *body)
{
	char *cid;
	bool is;

	if (!body->texts[MAIL_HTML].there || a->embedded)
		return false;
	cid = take_cid(a);
	is = cid && (mail_body_shows(body, cid) || bag_int(a, PidTagAttachFlags, 0) & FLAG_IN_HTML);
	free(cid);
	return is;
}

void mail_attach_sum(struct mail *m, struct bag *a)
{
	static const bag_key keys[] = {PidTagAttachLongFilename, PidTagAttachFilename,
	        PidTagAttachContentId, PidTagDisplayName};
	const struct bag_prop *data = bag_peek(a, PidTagAttachDataBinary);
	char text[32];

	snprintf(text, sizeof text, "%llu\n", data ? (unsigned long long)data->len : 0);
	sha256_add(&m->sum, text, strlen(text));
	for (size_t i = 0; i < COUNT(keys); i++) {
		const char *s = bag_text(a, keys[i]);

		sha256_add(&m->sum, s ? s : "", s ? strlen(s) + 1 : 1);
	}
}

/* ---- the fields of a part ---- */

/* What is said of an attachment. */
struct face {
	const char *name; /* of the file, or NULL */
	const char *type; /* "image/png" */
	const char *charset; /* or NULL */
	enum mail_coding coding;
	bool shown;
};

static void put_face(struct mail *m, struct bag *a, const struct face *f)
{
	struct buf h = buf_of(SIZE_MAX);
	char *cid = take_cid(a), date[FIELD_DATE_SIZE];
	const char *location = bag_text(a, PidTagAttachContentLocation);
	int64_t t;

	buf_putf(&h, "Content-Type: %s", f->type);
	if (f->charset && field_is_token(f->charset, strlen(f->charset)))
		buf_putf(&h, "; charset=%s", f->charset);
	/* what programs before RFC 2231 look for; others take filename */
	if (f->name)
		field_plain_param(&h, "name", f->name);
	buf_putf(&h, "\r\nContent-Transfer-Encoding: %s\r\nContent-Disposition: %s",
	        mail_coding_name(f->coding), f->shown ? "inline" : "attachment");
	if (f->name)
		field_param(&h, "filename", f->name);
	if (bag_time(a, PidTagCreationTime, &t))
		field_plain_param(&h, "creation-date", field_date_text(t, date));
	if (bag_time(a, PidTagLastModificationTime, &t))
		field_plain_param(&h, "modification-date", field_date_text(t, date));
	buf_puts(&h, "\r\n");
	if (cid)
		buf_putf(&h, "Content-ID: <%s>\r\n", cid);
	if (location)
		field_tokens(&h, "Content-Location", location);
	buf_puts(&h, "\r\n");
	mail_put(&m->out, h.data, h.len);
	buf_clear(&h);
	free(cid);
}

/* The name of the file; NULL: none. */
static const char *name_of(struct bag *a)
{
	const char *name = bag_text(a, PidTagAttachLongFilename);

	bag_use(a, PidTagAttachExtension);
	name = name ? name : bag_text(a, PidTagAttachFilename);
	bag_use(a, PidTagAttachFilename);
	if (!name)
		return bag_text(a, PidTagDisplayName);
	bag_use(a, PidTagDisplayName);
	return name;
}

/* Octets of a property in an encoding. */
static int put_value(struct mail *m, struct bag *a, const struct bag_prop *data,
        enum mail_coding coding, struct err *err)
{
	struct mail_code code;
	int rc = 0;

	mail_code_start(&code, &m->out, coding);
	if (data)
		rc = bag_stream(a, data, mail_code_write, &code, err);
	mail_code_end(&code);
	return rc < 0 ? rc : m->out.rc;
}

static int put_octets(struct mail *m, const struct buf *octets, struct err *err)
{
	struct mail_code code;
	int rc;

	mail_code_start(&code, &m->out, CODING_BASE64);
	rc = mail_code_write(&code, octets->data, octets->len, err);
	mail_code_end(&code);
	return rc < 0 ? rc : m->out.rc;
}

/* ---- by value ---- */

/* MacBinary (MS-OXCMSG 2.2.2.20): the file alone, if it has no resources. */
static bool is_mac_file(struct bag *a)
{
	static const uint8_t oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x14, 0x03, 0x0b, 0x01};
	size_t n = 0;
	const uint8_t *p = bag_octets(a, PidTagAttachEncoding, 64, &n);

	return p && n == sizeof oid && memcmp(p, oid, n) == 0;
}

/*
 * A type that the octets may have in base64: a multipart has none, and a message only if it
 * can stand there as it is (RFC 2046 5.1, 5.2.1).
 */
static int choose_type(struct bag *a, const struct bag_prop *data, struct face *f, struct err *err)
{
	const char *tag = bag_text(a, PidTagAttachMimeTag);
	const char *by_name = mail_type_of(f->name);
	struct mail_look look = {0};
	int rc = 0;

	f->type = tag && field_is_type(tag) ? tag : by_name ? by_name : "application/octet-stream";
	if (is_mac_file(a))
		f->type = "application/macbinary";
	if (strncasecmp(f->type, "multipart/", 10) == 0) {
		f->type = "application/octet-stream";
	} else if (strncasecmp(f->type, "message/", 8) == 0) {
		if (data)
			rc = bag_stream(a, data, mail_look_write, &look, err);
		if (rc == 0 && look.len && mail_look_clean(&look))
			f->coding = CODING_7BIT;
		else
			f->type = "application/octet-stream";
	}
	if (strncasecmp(f->type, "text/", 5) == 0)
		f->charset = bag_text(a, PidTagTextAttachmentCharset);
	return rc;
}

static int put_by_value(struct mail *m, size_t i, bool shown, struct err *err)
{
	struct bag *a = m->b->attachments[i];
	const struct bag_prop *data = mail_attach_data(a);
	struct face f = {.name = name_of(a), .coding = CODING_BASE64, .shown = shown};
	int rc = choose_type(a, data, &f, err);

	if (!data)
		mail_lost(m, "attachment %zu: the item does not hold its octets", i + 1);
	if (rc < 0)
		return rc;
	put_face(m, a, &f);
	return put_value(m, a, data, f.coding, err);
}

/* ---- by reference ---- */

/* Where it is, RFC 2046 5.2.3 and 2017. */
static int put_reference(struct mail *m, size_t i, const char *where, struct err *err)
{
	struct bag *a = m->b->attachments[i];
	const char *name = name_of(a);
	struct buf h = buf_of(SIZE_MAX);
	bool url = strstr(where, "://") != NULL;

	(void)err;
	buf_putf(&h, "Content-Type: message/external-body; access-type=%s",
	        url ? "URL" : "local-file");
	field_param(&h, url ? "URL" : "name", where);
	buf_puts(&h, "\r\nContent-Disposition: attachment");
	if (name)
		field_param(&h, "filename", name);
	buf_putf(&h, "\r\n\r\nContent-Type: %s\r\n\r\n",
	        mail_type_of(name) ? mail_type_of(name) : "application/octet-stream");
	mail_put(&m->out, h.data, h.len);
	buf_clear(&h);
	return m->out.rc;
}

static const char *reference_of(struct bag *a)
{
	const char *where = bag_text(a, PidTagAttachLongPathname);
	const char *path = bag_text(a, PidTagAttachPathname);

	return where ? where : path;
}

/* ---- items ---- */

struct item_target {
	struct mail_within within; /* first: what is lost comes with its address */
	struct mail_code code;
};

static int write_item(void *ctx, const void *p, size_t n, struct err *err)
{
	struct item_target *t = ctx;

	return mail_code_write(&t->code, p, n, err);
}

bool mail_attach_clean(struct mail *m, struct bag *item)
{
	struct mail in = {.b = item, .to = m->to};
	struct mail_look look = {0};
	enum mail_secure what = SECURE_NONE;
	const struct bag_prop *data;

	if (mail_secure_what(&in, &what, NULL) < 0 || what != SECURE_SIGNED)
		return true;
	data = mail_attach_data(item->attachments[0]);
	return bag_stream(item->attachments[0], data, mail_look_write, &look, NULL) == 0 &&
	       mail_look_clean(&look);
}

/* "Subject.eml", "Ann.vcf"; never NULL. */
static char *item_name(struct bag *a, struct bag *item, const char *ending)
{
	const char *name = name_of(a);
	struct buf b = buf_of(SIZE_MAX);

	if (!name && bag_peek(item, PidTagNormalizedSubject))
		name = bag_text(item, PidTagNormalizedSubject);
	if (name)
		text_one_line(name, strlen(name), 200, &b);
	if (b.len == 0)
		buf_puts(&b, "message");
	if (!text_ends_with(buf_str(&b), ending))
		buf_puts(&b, ending);
	return buf_take(&b);
}

/* The octets of the item in the encoding of ${t}. */
static int convert_item(struct mail *m, struct bag *item, enum outlook_form form,
        struct item_target *t, struct err *err)
{
	struct outlook_to to = {write_item, mail_within_lost, t};
	struct outlook_made made = {.date_utc = INT64_MIN};
	int rc;

	if (form == OUTLOOK_CALENDAR)
		rc = outlook_calendar(item, &to, &made, err);
	else if (form == OUTLOOK_CONTACT)
		rc = outlook_contact(item, &to, &made, err);
	else
		rc = mail_message(item, &to, m->depth + 1, err);
	outlook_made_clear(&made);
	return rc;
}

static int put_item(struct mail *m, size_t i, struct err *err)
{
	struct bag *a = m->b->attachments[i], *item = a->embedded;
	enum outlook_form form = outlook_form_of(item);
	struct face f = {.type = "message/rfc822", .coding = CODING_7BIT};
	char prefix[48], *name;
	struct item_target t = {.within = {.m = m, .prefix = prefix}};
	int rc;

	if (form == OUTLOOK_CALENDAR || form == OUTLOOK_CONTACT) {
		f.type = form == OUTLOOK_CALENDAR ? "text/calendar" : "text/vcard";
		f.charset = "utf-8";
		f.coding = CODING_QUOTED;
	} else if (!mail_attach_clean(m, item)) {
		/* signed octets that no encoding of a message may touch */
		f.type = "application/octet-stream";
		f.coding = CODING_BASE64;
	}
	bag_use(a, PidTagAttachMimeTag);
	bag_use(a, PidTagAttachExtension);
	bag_use(item, PidTagMessageFlags); /* only in a mailbox is an item read or not */
	name = item_name(a, item,
	        form == OUTLOOK_CALENDAR  ? ".ics"
	        : form == OUTLOOK_CONTACT ? ".vcf"
	                                  : ".eml");
	f.name = name;
	bag_use(item, PidTagMessageClass);
	put_face(m, a, &f);
	snprintf(prefix, sizeof prefix, "attachment %zu: ", i + 1);
	mail_code_start(&t.code, &m->out, f.coding);
	rc = convert_item(m, item, form, &t, err);
	mail_code_end(&t.code);
	free(name);
	return rc < 0 ? rc : m->out.rc;
}

/* ---- OLE objects ---- */

/* The storage itself, as Outlook keeps it. */
static int put_storage(
        struct mail *m, struct bag *a, const struct bag_prop *data, bool shown, struct err *err)
{
	struct face f = {.name = name_of(a), .coding = CODING_BASE64, .shown = shown};

	f.type = "application/x-ole-storage";
	if (!f.name)
		f.name = "object.ole";
	put_face(m, a, &f);
	return put_value(m, a, data, CODING_BASE64, err);
}

static int put_ole(struct mail *m, size_t i, bool shown, struct err *err)
{
	struct bag *a = m->b->attachments[i];
	const struct bag_prop *data = mail_attach_data(a);
	struct face f = {.coding = CODING_BASE64, .shown = shown};
	struct mail_ole ole;
	size_t n = 0;
	const uint8_t *p;
	int rc;

	if (!data)
		return put_by_value(m, i, shown, err);
	p = bag_octets(a, PidTagAttachDataBinary, MAIL_OLE_MAX, &n);
	if (!p || !mail_ole_read(p, n, &ole))
		return put_storage(m, a, data, shown, err);
	f.name = ole.name;
	f.type = ole.type;
	bag_use(a, PidTagDisplayName); /* of the object: "Picture (Device Independent Bitmap)" */
	put_face(m, a, &f);
	rc = ole.whole ? put_value(m, a, data, CODING_BASE64, err)
	               : put_octets(m, &ole.octets, err);
	mail_ole_clear(&ole);
	return rc;
}

int mail_attach(struct mail *m, size_t i, bool shown, struct err *err)
{
	struct bag *a = m->b->attachments[i];
	int64_t method = bag_int(a, PidTagAttachMethod, ATTACH_VALUE);
	const char *where;

	/* where it stood in the text, how it looked: nothing has that but RTF */
	bag_use(a, PidTagRenderingPosition);
	bag_use(a, PidTagAttachRendering);
	bag_use(a, PidTagAttachNumber);
	bag_use(a, PidTagAttachSize);
	bag_use(a, PidTagAttachTag); /* TNEF, OLE: its octets say it */
	bag_use(a, PidTagAttachFlags);
	if (a->embedded)
		return put_item(m, i, err);
	if (method == ATTACH_OLE)
		return put_ole(m, i, shown, err);
	where = method == ATTACH_VALUE ? NULL : reference_of(a);
	if (where && !mail_attach_data(a))
		return put_reference(m, i, where, err);
	return put_by_value(m, i, shown, err);
}
