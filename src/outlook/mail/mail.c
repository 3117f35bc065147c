/* A MAPI item as a message: MS-OXCMAIL 2.1, with the structure that mail has for it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "outlook/lost.h"
#include "outlook/mail/mail.h"
#include "valise/base/mem.h"

/* Levels of a message's structure, each with a boundary of its own. */
enum { LEVEL_MIXED = 'm', LEVEL_ALTERNATIVE = 'a', LEVEL_RELATED = 'r' };

void mail_lost(const struct mail *m, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	lost_say(m->to, fmt, args);
	va_end(args);
}

void mail_within_lost(void *within, const char *what)
{
	struct mail_within *w = within;

	mail_lost(w->m, "%s%s", w->prefix ? w->prefix : "", what);
}

bool mail_class_is(const struct bag *b, const char *words)
{
	/* asking marks, but this is known to have a home in what comes of it */
	const char *class = bag_text((struct bag *)b, PidTagMessageClass);
	size_t n = strlen(words);

	return class && strncasecmp(class, words, n) == 0 && (class[n] == '\0' || class[n] == '.');
}

/* ---- multipart ---- */

void mail_boundary(const struct mail *m, char level, char out[MAIL_BOUNDARY_SIZE])
{
	snprintf(out, MAIL_BOUNDARY_SIZE, MAIL_BOUNDARY "%c%u_%s", level, m->depth, m->boundary);
}

void mail_open(struct mail *m, const char *subtype, const char *more, char level)
{
	char boundary[MAIL_BOUNDARY_SIZE], line[256];

	mail_boundary(m, level, boundary);
	snprintf(line, sizeof line, "Content-Type: multipart/%s;%s\r\n boundary=\"%s\"\r\n\r\n",
	        subtype, more, boundary);
	mail_puts(&m->out, line);
	m->fresh = true;
}

void mail_next(struct mail *m, char level)
{
	char boundary[MAIL_BOUNDARY_SIZE], line[128];

	mail_boundary(m, level, boundary);
	snprintf(line, sizeof line, "%s--%s\r\n", m->fresh ? "" : "\r\n", boundary);
	mail_puts(&m->out, line);
	m->fresh = false;
}

void mail_close(struct mail *m, char level)
{
	char boundary[MAIL_BOUNDARY_SIZE], line[128];

	mail_boundary(m, level, boundary);
	snprintf(line, sizeof line, "\r\n--%s--\r\n", boundary);
	mail_puts(&m->out, line);
}

/* ---- structure ---- */

/* The HTML, with the pictures that it shows: RFC 2387. */
static int write_html(struct mail *m, struct mail_body *body, struct err *err)
{
	size_t shown = 0;
	int rc;

	for (size_t i = 0; i < m->b->n_attachments; i++)
		shown += mail_attach_inline(m->b->attachments[i], body);
	if (shown == 0)
		return mail_body_part(m, body, MAIL_HTML, err);
	mail_open(m, "related", " type=\"text/html\";", LEVEL_RELATED);
	mail_next(m, LEVEL_RELATED);
	rc = mail_body_part(m, body, MAIL_HTML, err);
	for (size_t i = 0; rc == 0 && i < m->b->n_attachments; i++) {
		if (!mail_attach_inline(m->b->attachments[i], body))
			continue;
		mail_next(m, LEVEL_RELATED);
		rc = mail_attach(m, i, true, err);
	}
	mail_close(m, LEVEL_RELATED);
	return rc;
}

static size_t count_texts(const struct mail_body *body)
{
	size_t n = 0;

	for (size_t i = 0; i < MAIL_TEXTS; i++)
		n += body->texts[i].there;
	return n;
}

static int write_text(struct mail *m, struct mail_body *body, enum mail_text which, struct err *err)
{
	return which == MAIL_HTML ? write_html(m, body, err) : mail_body_part(m, body, which, err);
}

/* All texts; an empty one, if there is none. */
static int write_texts(struct mail *m, struct mail_body *body, struct err *err)
{
	size_t n = count_texts(body);
	int rc = 0;

	if (n == 0)
		return mail_body_part(m, body, MAIL_PLAIN, err);
	if (n > 1)
		mail_open(m, "alternative", "", LEVEL_ALTERNATIVE);
	for (int i = 0; rc == 0 && i < MAIL_TEXTS; i++) {
		if (!body->texts[i].there)
			continue;
		if (n > 1)
			mail_next(m, LEVEL_ALTERNATIVE);
		rc = write_text(m, body, (enum mail_text)i, err);
	}
	if (n > 1)
		mail_close(m, LEVEL_ALTERNATIVE);
	return rc;
}

/* What is no text: the RTF, and the attachments that neither the HTML shows nor are ${done}. */
static int write_files(struct mail *m, struct mail_body *body, size_t done, struct err *err)
{
	int rc = 0;

	if (body->rtf.len) {
		mail_next(m, LEVEL_MIXED);
		rc = mail_body_rtf(m, body, err);
	}
	for (size_t i = 0; rc == 0 && i < m->b->n_attachments; i++) {
		if (i == done || mail_attach_inline(m->b->attachments[i], body))
			continue;
		mail_next(m, LEVEL_MIXED);
		rc = mail_attach(m, i, false, err);
	}
	return rc;
}

static int write_report(struct mail *m, struct mail_body *body, const char *type, struct err *err)
{
	size_t done = SIZE_MAX;
	char more[64];
	int rc;

	snprintf(more, sizeof more, " report-type=%s;", type);
	mail_open(m, "report", more, LEVEL_MIXED);
	mail_next(m, LEVEL_MIXED);
	rc = write_texts(m, body, err);
	mail_next(m, LEVEL_MIXED);
	if (rc == 0)
		rc = mail_report_part(m, &done, err);
	if (rc == 0)
		rc = write_files(m, body, done, err);
	mail_close(m, LEVEL_MIXED);
	return rc;
}

static int write_structure(struct mail *m, struct mail_body *body, struct err *err)
{
	const char *report = mail_report_type(m);
	size_t files = body->rtf.len > 0;
	int rc = 0;

	if (report)
		return write_report(m, body, report, err);
	for (size_t i = 0; i < m->b->n_attachments; i++)
		files += !mail_attach_inline(m->b->attachments[i], body);
	if (files == 0)
		return write_texts(m, body, err);
	/* a file that lies in a folder by itself: MS-OXODOC */
	if (files == 1 && count_texts(body) == 0 && mail_class_is(m->b, "IPM.Document"))
		return mail_attach(m, 0, false, err);
	mail_open(m, "mixed", "", LEVEL_MIXED);
	if (count_texts(body)) {
		mail_next(m, LEVEL_MIXED);
		rc = write_texts(m, body, err);
	}
	if (rc == 0)
		rc = write_files(m, body, SIZE_MAX, err);
	mail_close(m, LEVEL_MIXED);
	return rc;
}

/* The boundaries are a digest of what stands between them. */
static void make_boundary(struct mail *m)
{
	uint8_t sum[SHA256_LEN];

	sha256_add(&m->sum, m->header.data, m->header.len);
	for (size_t i = 0; i < m->b->n_attachments; i++)
		mail_attach_sum(m, m->b->attachments[i]);
	sha256_end(&m->sum, sum);
	hex_format(sum, (sizeof m->boundary - 1) / 2, m->boundary);
}

static int write_message(struct mail *m, struct err *err)
{
	struct mail_body body;
	int rc = mail_body_read(m, &body, err);

	if (rc == 0) {
		make_boundary(m);
		mail_put(&m->out, m->header.data, m->header.len);
		mail_puts(&m->out, "MIME-Version: 1.0\r\n");
		rc = write_structure(m, &body, err);
		mail_end_line(&m->out);
	}
	mail_body_clear(&body);
	return rc;
}

int mail_message(struct bag *b, const struct outlook_to *to, unsigned depth, struct err *err)
{
	struct mail m = {.b = b, .to = to, .depth = depth};
	enum mail_secure secure = SECURE_NONE;
	int rc;

	m.out.write = to->write;
	m.out.ctx = to->ctx;
	m.out.err = err;
	sha256_start(&m.sum);
	buf_init(&m.header, SIZE_MAX);
	rc = mail_header(&m, err);
	if (rc == 0)
		rc = mail_secure_what(&m, &secure, err);
	if (rc == 0)
		rc = secure == SECURE_NONE ? write_message(&m, err)
		                           : mail_secure_write(&m, secure, err);
	buf_clear(&m.header);
	return rc < 0 ? rc : m.out.rc;
}

int outlook_mail(
        struct bag *b, const struct outlook_to *to, struct outlook_made *made, struct err *err)
{
	memset(made, 0, sizeof *made);
	mail_state(b, made);
	bag_use(b, PidTagMessageClass);
	bag_use(b, PidTagHasAttachments);
	/* when this store made and changed its copy: a message has its own dates */
	bag_use(b, PidTagCreationTime);
	bag_use(b, PidTagLastModificationTime);
	return mail_message(b, to, 0, err);
}
