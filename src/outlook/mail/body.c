/*
 * The texts of an item (MS-OXBBODY): plain, HTML in the charset that it was written in, RTF as
 * what was put into it; and an invitation, which stands among them (RFC 6047).
 */
#include "outlook/mail/body.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/format/header.h"

struct mail_choice mail_body_choose(int64_t native, bool text, bool html, enum rtf_was rtf)
{
	struct mail_choice c = {.text = text, .html = html};

	if (native == NATIVE_TEXT && text) {
		c.html = false; /* made of the text by a store */
		return c;
	}
	if (rtf == RTF_WAS_HTML && !html)
		c.rtf_html = true;
	if (rtf == RTF_WAS_TEXT && !text && !html)
		c.rtf_text = true;
	if (rtf == RTF_IS_RTF && (native == NATIVE_RTF || !html)) {
		c.attach = true;
		c.rtf_text = !text && !html;
	}
	return c;
}

/* ---- what is in HTML ---- */

/* HTML as it passes: the URLs "cid:..." and its beginning, where a charset may be said. */
struct html_look {
	struct mail_look look;
	struct mail_body *body;
	struct mail *m;
	struct buf head, cid;
	unsigned matched; /* octets of "cid:" */
	unsigned follow; /* octets of a character of UTF-8 that are still to come */
	bool wide, broken; /* it has such characters; something is none */
};
enum { HEAD_MAX = 8192, CID_MAX = 1024, CIDS_MAX = 4096 };

static void end_cid(struct html_look *l)
{
	struct mail_body *body = l->body;
	struct buf plain = buf_of(CID_MAX);

	/* RFC 2392: a URL, so with percents */
	for (size_t i = 0; i < l->cid.len; i++) {
		const char *s = buf_str(&l->cid) + i;
		int c = *s == '%' ? hex_octet(s + 1) : -1;

		buf_putc(&plain, c > 0 ? (char)c : *s);
		i += c > 0 ? 2 : 0;
	}
	if (plain.len && body->n_cids < CIDS_MAX)
		*ARR_PUSH(body->cids, body->n_cids, body->cids_cap) = buf_take(&plain);
	buf_clear(&plain);
	buf_reset(&l->cid);
	l->matched = 0;
}

static void look_cid(struct html_look *l, char c)
{
	static const char word[] = "cid:";

	if (l->matched < 4) {
		char small = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;

		l->matched = small == word[l->matched] ? l->matched + 1 : small == 'c';
	} else if (c <= ' ' && c >= 0) {
		end_cid(l);
	} else if (strchr("\"'<>)&;", c) || buf_addc(&l->cid, c) < 0) {
		end_cid(l);
	}
}

static void look_utf8(struct html_look *l, uint8_t o)
{
	if (l->follow) {
		l->broken |= (o & 0xc0) != 0x80;
		l->follow--;
	} else if (o >= 0x80) {
		l->wide = true;
		l->follow = o >= 0xf0 ? 3 : o >= 0xe0 ? 2 : 1;
		l->broken |= o < 0xc2 || o > 0xf4;
	}
}

static int html_write(void *ctx, const void *p, size_t n, struct err *err)
{
	struct html_look *l = ctx;
	const char *s = p;

	buf_fill(&l->head, p, n);
	for (size_t i = 0; i < n; i++) {
		look_cid(l, s[i]);
		look_utf8(l, (uint8_t)s[i]);
	}
	sha256_add(&l->m->sum, p, n);
	return mail_look_write(&l->look, p, n, err);
}

/* The charset that the beginning says, in small letters; false: none. */
static bool said_charset(const struct buf *head, char out[32])
{
	const char *s = strcasestr(buf_str(head), "charset=");
	size_t n;

	if (!s)
		return false;
	s += strlen("charset=");
	s += strspn(s, " \"'");
	n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");
	n = MIN(n, 31);
	memcpy(out, s, n);
	out[n] = '\0';
	text_lower(out);
	return n > 0;
}

/* Is the code page's charset one that the octets cannot be in? */
static bool is_wrong(const char *of_page, bool utf8, const char *said)
{
	if (strcmp(of_page, "us-ascii") == 0)
		return true;
	return strcmp(of_page, "utf-8") == 0 && !utf8 && charset_known(said) &&
	       strncmp(said, "utf", 3) != 0;
}

/*
 * The charset of octets of HTML: the item's code page, but what is UTF-8 and says so, or of
 * which nothing else is known, is that; and what the page cannot be is what it says.
 */
static void choose_charset(const struct html_look *l, unsigned page, struct mail_part *part)
{
	bool utf8 = l->wide && !l->broken && l->follow == 0;
	const char *of_page = page ? mail_charset_of(page) : NULL;
	char said[32] = "";
	bool says = said_charset(&l->head, said);

	if (l->wide && of_page && is_wrong(of_page, utf8, said))
		of_page = NULL;
	/* octets that are read one by one are not in these, whatever they say */
	says &= strncmp(said, "utf-", 4) != 0 && strcmp(said, "us-ascii") != 0;
	if (!l->wide && !(of_page && strncmp(of_page, "iso-2022", 8) == 0))
		snprintf(part->charset, sizeof part->charset, "%s",
		        of_page && !utf8 ? of_page : "us-ascii");
	else if (utf8 && (!of_page || strcmp(said, "utf-8") == 0))
		snprintf(part->charset, sizeof part->charset, "%s", "utf-8");
	else if (of_page)
		snprintf(part->charset, sizeof part->charset, "%s", of_page);
	else
		snprintf(part->charset, sizeof part->charset, "%s",
		        says && charset_known(said) ? said : "windows-1252");
}

/* ---- reading ---- */

static bool is_text(const struct bag_prop *p)
{
	return p->type == BAG_UNICODE || p->type == BAG_STRING8;
}

/* The octets of a part, lines ended by CRLF, to ${write}. */
static int part_stream(
        struct mail *m, struct mail_part *p, bag_write_fn write, void *ctx, struct err *err)
{
	struct mail_lines lines = {write, ctx, false};

	if (!p->prop)
		return mail_lines_write(&lines, p->made.data, p->made.len, err);
	return p->as_text ? bag_stream_text(m->b, p->prop, mail_lines_write, &lines, err)
	                  : bag_stream(m->b, p->prop, mail_lines_write, &lines, err);
}

/* Octets in a code page that no message names, or of two octets a character: as UTF-8. */
static int make_utf8(struct mail *m, struct mail_part *p, unsigned page, struct err *err)
{
	struct buf raw = buf_of(RTF_MAX);
	const char *charset = code_page_charset(page);
	int rc = bag_stream(m->b, p->prop, mail_to_buf, &raw, err);

	if (rc == 0) {
		p->made.cap = 4 * (size_t)RTF_MAX + 16; /* no octet becomes more than four */
		charset_to_utf8(charset ? charset : "WINDOWS-1252", &raw, &p->made);
		p->prop = NULL;
	}
	buf_clear(&raw);
	return rc;
}

/* Looks at a part that is there: encoding, charset, what the HTML shows. */
static int look_at(struct mail *m, struct mail_body *body, enum mail_text which, unsigned page,
        struct err *err)
{
	struct mail_part *p = &body->texts[which];
	struct html_look l = {
	        .body = body, .m = m, .head = buf_of(HEAD_MAX), .cid = buf_of(CID_MAX)};
	int rc = part_stream(m, p, html_write, &l, err);

	if (which != MAIL_HTML)
		snprintf(p->charset, sizeof p->charset, "%s", l.look.high ? "utf-8" : "us-ascii");
	else if (p->as_text || !p->prop)
		snprintf(p->charset, sizeof p->charset, "%s", "utf-8");
	else
		choose_charset(&l, page, p);
	p->coding = mail_look_coding(&l.look);
	p->blank = !l.look.written;
	buf_clear(&l.head);
	buf_clear(&l.cid);
	return rc;
}

static int read_plain(struct mail *m, struct mail_body *body, struct err *err)
{
	struct mail_part *p = &body->texts[MAIL_PLAIN];
	static const bag_key keys[] = {PidTagBody, PidTagReportText};

	for (size_t i = 0; i < COUNT(keys) && !p->there; i++) {
		const struct bag_prop *prop = bag_peek(m->b, keys[i]);

		if (!prop || !is_text(prop) || prop->len == 0)
			continue;
		bag_use(m->b, keys[i]);
		p->prop = prop;
		p->there = p->as_text = true;
	}
	return p->there ? look_at(m, body, MAIL_PLAIN, 0, err) : 0;
}

static int head_write(void *head, const void *p, size_t n, struct err *err)
{
	(void)err;
	buf_fill(head, p, n);
	return 0;
}

/* UTF-16 by its mark or its first "<", whatever code page the item says. */
static int find_utf16(struct mail *m, const struct bag_prop *prop, int64_t *page, struct err *err)
{
	struct buf head = buf_of(2);
	int rc = bag_stream(m->b, prop, head_write, &head, err);

	if (rc == 0 && head.len == 2) {
		const uint8_t *p = head.data;

		if ((p[0] == 0xff && p[1] == 0xfe) || (p[0] == '<' && p[1] == 0))
			*page = 1200;
		else if ((p[0] == 0xfe && p[1] == 0xff) || (p[0] == 0 && p[1] == '<'))
			*page = 1201;
	}
	buf_clear(&head);
	return rc;
}

static int read_html(struct mail *m, struct mail_body *body, struct err *err)
{
	struct mail_part *p = &body->texts[MAIL_HTML];
	const struct bag_prop *prop = bag_peek(m->b, PidTagHtml);
	int64_t page = bag_int(m->b, PidTagInternetCodepage, 0);
	int rc = 0;

	if (!prop || prop->len == 0 || (!is_text(prop) && prop->type != BAG_BINARY))
		return 0;
	bag_use(m->b, PidTagHtml);
	page = page > 0 && page < 65536 ? page : bag_int(m->b, PidTagMessageCodepage, 0);
	page = page > 0 && page < 65536 ? page : 0;
	p->there = true;
	p->prop = prop;
	p->as_text = is_text(prop);
	if (!p->as_text)
		rc = find_utf16(m, prop, &page, err);
	if (rc == 0 && !p->as_text && page && !mail_charset_of((unsigned)page))
		rc = make_utf8(m, p, (unsigned)page, err);
	return rc < 0 ? rc : look_at(m, body, MAIL_HTML, (unsigned)page, err);
}

static size_t le32(const uint8_t *p)
{
	return p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;
}

/*
 * Is as much there as the property says (MS-OXRTFCP 2.1.3.1)? Some programs leave out the mark
 * at its end, and some count the header to what is not compressed.
 */
static bool is_whole(const uint8_t *p, size_t n, size_t have)
{
	enum { COUNTED = 12 }; /* octets of the header that a size counts */

	if (n < COUNTED)
		return false;
	return have >= le32(p + 4) || (memcmp(p + 8, "MELA", 4) == 0 && le32(p) == le32(p + 4) &&
	                                      have + COUNTED >= le32(p));
}

/* The RTF of the item, and what it was; what is damaged of it counts as far as it goes. */
static int read_rtf(struct mail *m, struct buf *rtf, enum rtf_was *was, struct err *err)
{
	size_t n = 0;
	const uint8_t *p = bag_octets(m->b, PidTagRtfCompressed, RTF_MAX, &n);
	struct err wrong = {0};
	int rc;

	*was = RTF_NONE;
	if (!p || n == 0)
		return 0;
	rc = lzfu_inflate(p, n, rtf, &wrong);
	if (rc < 0 && wrong.code != ERR_DAMAGED && wrong.code != ERR_LIMIT)
		return err_copy(err, &wrong);
	if (rc < 0 && !is_whole(p, n, rtf->len))
		mail_lost(m, "the text is damaged: %s", wrong.text);
	*was = rtf_what(rtf->data, rtf->len);
	return 0;
}

/* What was in the RTF, as a part. */
static int take_from_rtf(struct mail *m, struct mail_body *body, enum mail_text which,
        const struct buf *rtf, struct err *err)
{
	struct mail_part *p = &body->texts[which];
	struct err wrong = {0};
	int rc = rtf_extract(rtf->data, rtf->len, &p->made, &wrong);

	if (rc < 0 && wrong.code != ERR_LIMIT && wrong.code != ERR_DAMAGED)
		return err_copy(err, &wrong);
	if (rc < 0)
		mail_lost(m, "the end of the text: %s", wrong.text);
	if (p->made.len == 0)
		return 0;
	p->there = true;
	p->prop = NULL;
	return look_at(m, body, which, 0, err);
}

static int to_invitation(void *ctx, const void *p, size_t n, struct err *err)
{
	struct mail_within *w = ctx;

	return mail_to_buf(w->target, p, n, err);
}

static int read_invitation(struct mail *m, struct mail_body *body, struct err *err)
{
	struct mail_part *p = &body->texts[MAIL_INVITATION];
	struct mail_within w = {.m = m, .target = &p->made};
	struct outlook_to to = {to_invitation, mail_within_lost, &w};
	bool is = false;
	int rc;

	if (!mail_class_is(m->b, "IPM.Schedule.Meeting"))
		return 0;
	rc = outlook_invitation(m->b, &to, &body->method, &is, err);
	p->there = is && p->made.len > 0;
	return rc < 0 || !p->there ? rc : look_at(m, body, MAIL_INVITATION, 0, err);
}

int mail_body_read(struct mail *m, struct mail_body *body, struct err *err)
{
	int64_t native = bag_int(m->b, PidTagNativeBody, 0);
	struct mail_part *plain = &body->texts[MAIL_PLAIN], *html = &body->texts[MAIL_HTML];
	enum rtf_was was = RTF_NONE;
	struct mail_choice c;
	int rc;

	memset(body, 0, sizeof *body);
	buf_init(&body->rtf, RTF_MAX);
	for (size_t i = 0; i < MAIL_TEXTS; i++)
		buf_init(
		        &body->texts[i].made, i == MAIL_INVITATION ? MAIL_INVITATION_MAX : RTF_MAX);
	bag_use(m->b, PidTagRtfInSync);
	rc = read_plain(m, body, err);
	if (rc == 0)
		rc = read_html(m, body, err);
	if (rc == 0 && (native == NATIVE_RTF || !html->there))
		rc = read_rtf(m, &body->rtf, &was, err);
	else
		bag_use(m->b, PidTagRtfCompressed); /* a copy of what is there */
	c = mail_body_choose(
	        native, plain->there && !plain->blank, html->there && !html->blank, was);
	plain->there = c.text;
	html->there = c.html;
	if (rc == 0 && c.rtf_html)
		rc = take_from_rtf(m, body, MAIL_HTML, &body->rtf, err);
	if (rc == 0 && c.rtf_text)
		rc = take_from_rtf(m, body, MAIL_PLAIN, &body->rtf, err);
	if (!c.attach)
		buf_reset(&body->rtf);
	return rc < 0 ? rc : read_invitation(m, body, err);
}

void mail_body_clear(struct mail_body *body)
{
	for (size_t i = 0; i < MAIL_TEXTS; i++)
		buf_clear(&body->texts[i].made);
	buf_clear(&body->rtf);
	texts_free(body->cids, body->n_cids);
}

bool mail_body_shows(const struct mail_body *body, const char *cid)
{
	for (size_t i = 0; body->texts[MAIL_HTML].there && i < body->n_cids; i++)
		if (strcasecmp(body->cids[i], cid) == 0)
			return true;
	return false;
}

/* ---- writing ---- */

int mail_body_part(struct mail *m, struct mail_body *body, enum mail_text which, struct err *err)
{
	static const char *const types[] = {"text/plain", "text/html", "text/calendar"};
	struct mail_part *p = &body->texts[which];
	struct buf fields = buf_of(SIZE_MAX);
	struct mail_code code;
	int rc;

	buf_putf(&fields, "Content-Type: %s; charset=%s", types[which],
	        p->there ? p->charset : "us-ascii");
	if (which == MAIL_INVITATION && body->method)
		buf_putf(&fields, "; method=%s", body->method);
	buf_putf(&fields, "\r\nContent-Transfer-Encoding: %s\r\n\r\n",
	        mail_coding_name(p->there ? p->coding : CODING_7BIT));
	mail_put(&m->out, fields.data, fields.len);
	buf_clear(&fields);
	if (!p->there)
		return m->out.rc;
	mail_code_start(&code, &m->out, p->coding);
	rc = part_stream(m, p, mail_code_write, &code, err);
	mail_code_end(&code);
	return rc < 0 ? rc : m->out.rc;
}

int mail_body_rtf(struct mail *m, struct mail_body *body, struct err *err)
{
	struct mail_code code;
	int rc;

	mail_puts(&m->out, "Content-Type: application/rtf; name=\"body.rtf\"\r\n"
	                   "Content-Transfer-Encoding: base64\r\n"
	                   "Content-Disposition: attachment; filename=\"body.rtf\"\r\n\r\n");
	mail_code_start(&code, &m->out, CODING_BASE64);
	rc = mail_code_write(&code, body->rtf.data, body->rtf.len, err);
	mail_code_end(&code);
	return rc < 0 ? rc : m->out.rc;
}
