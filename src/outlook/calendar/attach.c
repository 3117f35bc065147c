/* Attachments of items as ATTACH: RFC 5545 3.8.1.1, names as in RFC 8607. */
#include <stdlib.h>
#include <strings.h>
#include "outlook/calendar/calendar.h"
#include "valise/base/hash.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

/* PidTagAttachMethod, MS-OXCMSG 2.2.2.9. */
enum { BY_VALUE = 1, BY_REFERENCE = 2, BY_REFERENCE_ONLY = 4, EMBEDDED = 5, OLE = 6, BY_WEB = 7 };
static const char exception_class[] = "IPM.OLE.CLASS.{00061055-0000-0000-C000-000000000046}";

bool is_exception(const struct bag *at)
{
	const char *class;

	if (!at->embedded)
		return false;
	if (bag_peek(at, PidTagExceptionStartTime) || bag_peek(at, PidTagExceptionReplaceTime))
		return true;
	class = bag_text(at->embedded, PidTagMessageClass);
	return class && strcasecmp(class, exception_class) == 0;
}

/* Base64 that comes in pieces. */
struct base64 {
	struct lines *l;
	uint8_t left[3];
	size_t n;
};

static int put_base64(void *ctx, const void *p, size_t n, struct err *err)
{
	struct base64 *b = ctx;
	const uint8_t *at = p;
	char *text;

	(void)err;
	while (n && b->n) {
		b->left[b->n++] = *at++;
		n--;
		if (b->n == 3) {
			text = base64_encode(b->left, 3);
			lines_puts(b->l, text);
			free(text);
			b->n = 0;
		}
	}
	while (n >= 3) {
		size_t piece = MIN(n / 3 * 3, (size_t)3072);

		text = base64_encode(at, piece);
		lines_puts(b->l, text);
		free(text);
		at += piece;
		n -= piece;
	}
	memcpy(b->left + b->n, at, n);
	b->n += n;
	return b->l->rc;
}

static void end_base64(struct base64 *b)
{
	char *text = b->n ? base64_encode(b->left, b->n) : NULL;

	if (text)
		lines_puts(b->l, text);
	free(text);
}

struct file {
	const char *name, *type; /* lent; or NULL */
	size_t number; /* from 1 */
};

static void put_head(struct conv *c, const struct file *f)
{
	bool usual = f->type && strchr(f->type, '/') && !strpbrk(f->type, " ;:,\"\r\n");

	lines_puts(&c->l, "ATTACH");
	lines_param(&c->l, "FMTTYPE", usual ? f->type : "application/octet-stream");
	if (f->name) {
		lines_param(&c->l, "FILENAME", f->name);
		lines_param(&c->l, "X-FILENAME", f->name);
	}
	lines_puts(&c->l, ";ENCODING=BASE64;VALUE=BINARY:");
}

static const char *shown(const struct file *f)
{
	return f->name ? f->name : "without a name";
}

static void put_file(struct conv *c, struct bag *at, const struct file *f)
{
	const struct bag_prop *p = bag_peek(at, PidTagAttachDataBinary);
	struct base64 b = {&c->l, {0}, 0};

	if (!p || p->type == BAG_OBJECT) {
		conv_lost(c, "attachment %zu (%s): it holds no octets", f->number, shown(f));
		return;
	}
	if (p->len > c->room) {
		conv_lost(c,
		        "attachment %zu (%s), %llu octets: too large for a calendar object, only "
		        "the raw item has it",
		        f->number, shown(f), (unsigned long long)p->len);
		return;
	}
	c->room -= (size_t)p->len;
	put_head(c, f);
	if (bag_stream(at, p, put_base64, &b, c->l.err) < 0 && c->l.rc == 0)
		c->l.rc = c->l.err->code;
	end_base64(&b);
	lines_end(&c->l);
	bag_use(at, PidTagAttachDataBinary);
}

/* What is made of an item within the item. */
struct within {
	struct buf octets;
	struct conv *c;
	size_t number;
};

static int to_buf(void *ctx, const void *p, size_t n, struct err *err)
{
	if (buf_add(&((struct within *)ctx)->octets, p, n) < 0)
		return err_set(err, ERR_LIMIT, ERR_ITEM, "larger than %d octets", ATTACH_ROOM);
	return 0;
}

static void lost_within(void *ctx, const char *what)
{
	const struct within *w = ctx;

	conv_lost(w->c, "attachment %zu: %s", w->number, what);
}

/* An item within the item: a message, an appointment, a card. */
static void put_item(struct conv *c, struct bag *at, struct file f)
{
	static const char *const types[] = {[OUTLOOK_MAIL] = "message/rfc822",
	        [OUTLOOK_CALENDAR] = "text/calendar",
	        [OUTLOOK_CONTACT] = "text/vcard"};
	enum outlook_form form = outlook_form_of(at->embedded);
	struct within w = {buf_of(c->room), c, f.number};
	struct outlook_to to = {to_buf, lost_within, &w};
	struct outlook_made made = {0};
	struct base64 b = {&c->l, {0}, 0};
	struct err err = {0};
	int rc;

	rc = form == OUTLOOK_UNKNOWN ? err_set(&err, ERR_UNSUPPORTED, ERR_ITEM,
	                                       "an item that has no form outside of Outlook")
	                             : outlook_convert(at->embedded, &to, &made, &err);
	outlook_made_clear(&made);
	if (rc < 0 && err_ends(&err)) {
		if (c->l.rc == 0)
			c->l.rc = err_copy(c->l.err, &err);
	} else if (rc < 0) {
		conv_lost(c, "attachment %zu (%s): %s", f.number, shown(&f), err.text);
	} else {
		f.type = types[form];
		c->room -= w.octets.len;
		put_head(c, &f);
		rc = put_base64(&b, w.octets.data, w.octets.len, NULL);
		end_base64(&b);
		lines_end(&c->l);
	}
	buf_clear(&w.octets);
}

/* A file or page that lies elsewhere. */
static void put_link(struct conv *c, struct bag *at, const struct file *f)
{
	const char *path = bag_text(at, PidTagAttachLongPathname);

	if (!path)
		path = bag_text(at, PidTagAttachPathname);
	if (!path) {
		conv_lost(c, "attachment %zu (%s): a link that leads nowhere", f->number, shown(f));
		return;
	}
	lines_puts(&c->l, "ATTACH");
	if (f->name)
		lines_param(&c->l, "FILENAME", f->name);
	lines_puts(&c->l, ":");
	if (!strstr(path, "://")) {
		/* \\server\share\file and C:\file, as file URIs: RFC 8089 */
		bool share = strncmp(path, "\\\\", 2) == 0;

		lines_puts(&c->l, share ? "file://" : "file:///");
		for (path += share ? 2 : 0; *path; path++)
			lines_uri(&c->l, (const char[]){*path == '\\' ? '/' : *path, '\0'});
	} else {
		lines_uri(&c->l, path);
	}
	lines_end(&c->l);
}

void put_attachments(struct conv *c, struct bag *b)
{
	for (size_t i = 0; i < b->n_attachments; i++) {
		struct bag *at = b->attachments[i];
		struct file f = {NULL, NULL, i + 1};
		int64_t method;

		if (is_exception(at))
			continue;
		method = bag_int(at, PidTagAttachMethod, at->embedded ? EMBEDDED : BY_VALUE);
		f.name = bag_text(at, PidTagAttachLongFilename);
		if (!f.name)
			f.name = bag_text(at, PidTagAttachFilename);
		if (!f.name)
			f.name = bag_text(at, PidTagDisplayName);
		f.type = bag_text(at, PidTagAttachMimeTag);
		if (at->embedded)
			put_item(c, at, f);
		else if (method == OLE)
			conv_lost(c, "attachment %zu (%s): an OLE object", f.number, shown(&f));
		else if (method == BY_WEB ||
		         (method >= BY_REFERENCE && method <= BY_REFERENCE_ONLY))
			put_link(c, at, &f);
		else
			put_file(c, at, &f);
	}
}
