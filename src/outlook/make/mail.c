/*
 * A message as a MAPI item (MS-OXCMAIL 2.2): what its parts become, and what is done with one
 * that no item can hold part by part.
 */
#include "outlook/make/mail.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/format/header.h"

void in_lost(const struct in_all *all, const char *fmt, ...)
{
	char text[512];
	va_list args;

	if (!all->m->lost)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	all->m->lost(all->m->ctx, text);
}

/* ---- parts ---- */

size_t in_after(const struct in_all *all, size_t i)
{
	unsigned depth = all->parts[i].depth;

	for (i++; i < all->n && all->parts[i].depth > depth; i++)
		;
	return i;
}

static int fill_buf(void *buf, const void *p, size_t n, struct err *err)
{
	(void)err;
	buf_fill(buf, p, n);
	return 0;
}

int in_fields(const struct in_all *all, size_t i, struct buf *out, struct err *err)
{
	const struct mime_part *p = &all->parts[i];
	uint64_t end = MIN(p->body, p->head + IN_FIELDS_MAX);

	return mime_octets(all->mime, p->head, end, fill_buf, out, err);
}

void in_param(
        const struct buf *fields, const char *field, const char *param, char out[IN_WORD_SIZE])
{
	struct buf value = buf_of(IN_FIELDS_MAX), word = buf_of(IN_WORD_SIZE - 1);

	if (header_find(buf_str(fields), fields->len, field, &value))
		header_param(buf_str(&value), value.len, param, &word);
	snprintf(out, IN_WORD_SIZE, "%s", buf_str(&word));
	text_lower(out);
	buf_clear(&value);
	buf_clear(&word);
}

/* ---- the item ---- */

/* Octets of the header at ${s} without the empty line that ends it. */
static size_t without_end(const char *s, size_t n)
{
	size_t end = n > 0 && s[n - 1] == '\n' ? 1 : 0;

	if (!end)
		return n;
	end += n > 1 && s[n - 2] == '\r';
	return n == end || s[n - end - 1] == '\n' ? n - end : n;
}

static int read_header(struct in_item *in, struct err *err)
{
	const struct mime_part *p = &in->all->parts[in->root];
	struct buf *h = &in->header;
	int rc = mime_octets(
	        in->all->mime, p->head, MIN(p->body, p->head + IN_HEADER_MAX), fill_buf, h, err);

	h->len = without_end(buf_str(h), header_length(buf_str(h), h->len));
	h->data[h->len] = '\0';
	return rc;
}

/*
 * Does a line hold nothing but several CRs, or end by CR alone? Who reads the header again
 * takes the one for its end, and the other for a line's, as some programs mean it.
 */
static bool has_odd_ends(const struct buf *header)
{
	const char *s = buf_str(header), *end = s + header->len;
	bool lf = memchr(s, '\n', header->len) != NULL;

	if (!lf)
		return memchr(s, '\r', header->len) != NULL;
	while (s < end) {
		size_t crs = strspn(s, "\r");
		const char *next = memchr(s, '\n', (size_t)(end - s));

		if (s[crs] == '\n')
			return true;
		s = next ? next + 1 : end;
	}
	return false;
}

int in_judge(struct in_all *all, size_t root, const char **why_out, struct err *err)
{
	const struct mime_part *p = &all->parts[root];
	struct in_item in = {.all = all, .root = root};
	struct buf text = buf_of(SIZE_MAX);
	int rc = 0;

	buf_init(&in.header, SIZE_MAX);
	*why_out = NULL;
	if (p->body - p->head > IN_HEADER_MAX)
		*why_out = "its header is too long";
	else
		rc = read_header(&in, err);
	if (rc == 0 && !*why_out && !in_header_text(&in.header, IN_HEADER_MAX, &text))
		*why_out = "its header is too long";
	if (!*why_out && has_odd_ends(&in.header))
		*why_out = IN_ODD_ENDS;
	all->headers += text.len;
	if (!*why_out && all->headers > IN_HEADERS_MAX)
		*why_out = "the headers in it are too long";
	buf_clear(&text);
	buf_clear(&in.header);
	return rc;
}

static int set_class(struct in_item *in, struct err *err)
{
	const char *class = "IPM.Note";
	int rc = in_class(in, &class, err);

	return rc < 0 ? rc : bag_set_text(in->b, PidTagMessageClass, class, err);
}

static int put_part(struct in_item *in, size_t i, enum in_role role, struct err *err)
{
	bool damaged = false;
	int rc = 0;

	switch (role) {
	case IN_PLAIN:
		rc = in_plain(in, i, &damaged, err);
		/* its octets say more than what could be read of them */
		return rc < 0 || !damaged ? rc : in_file(in, i, false, err);
	case IN_HTML:
		return in_html(in, i, err);
	case IN_SHOWN:
	case IN_FILE:
		return in_file(in, i, role == IN_SHOWN, err);
	case IN_MESSAGE:
		return in_message(in, i, err);
	default:
		return 0;
	}
}

static int see_text(void *seen, const void *p, size_t n, struct err *err)
{
	const uint8_t *u = p;

	(void)err;
	for (size_t i = 0; i < n; i++)
		*(bool *)seen |= u[i] > ' ';
	return 0;
}

/* What stands behind the last part, which nobody shows (RFC 2046 5.1.1). */
static int tell_epilogue(struct in_item *in, struct err *err)
{
	const struct mime_part *p = &in->all->parts[in->root];
	bool seen = false;
	int rc = 0;

	if (p->multipart && p->end < in->end)
		rc = mime_octets(in->all->mime, p->end, in->end, see_text, &seen, err);
	if (rc == 0 && seen)
		in_lost(in->all, "what stands behind the last part of the message: %llu octets",
		        (unsigned long long)(in->end - p->end));
	return rc;
}

static int put_parts(struct in_item *in, struct err *err)
{
	enum in_role *roles = xcalloc(in->all->n, sizeof *roles);
	size_t end = in_after(in->all, in->root);
	int rc = in_choose(in, roles, err);

	for (size_t i = in->root; rc == 0 && i < end; i++)
		rc = put_part(in, i, roles[i], err);
	free(roles);
	return rc < 0 ? rc : tell_epilogue(in, err);
}

static int fill(struct in_item *in, struct err *err)
{
	bool done = false;
	int rc = read_header(in, err);

	if (rc == 0)
		rc = in_header(in, err);
	if (rc == 0)
		rc = in_people(in, err);
	if (rc == 0)
		rc = in_state(in, err);
	if (rc == 0)
		rc = in_secure(in, &done, err);
	if (rc == 0 && !done)
		rc = set_class(in, err);
	if (rc == 0 && !done)
		rc = put_parts(in, err);
	return rc;
}

int in_fill(struct in_all *all, struct bag *b, size_t root, uint64_t end, struct err *err)
{
	struct in_item in = {.all = all, .b = b, .root = root, .end = end};
	int rc;

	buf_init(&in.header, SIZE_MAX);
	rc = fill(&in, err);
	buf_clear(&in.header);
	return rc;
}

/* ---- the message as a file ---- */

/* All that is too much or too deep for an item: the message as it came, with a word of why. */
static int fill_cover(struct in_item *in, const char *why, struct err *err)
{
	struct in_range whole = {.name = "message.eml", .type = "message/rfc822"};
	char *text = xasprintf("This message is in the attached file as it came: %s.\r\n", why);
	int rc = read_header(in, err);

	whole.to = in->all->m->octets->len;
	if (rc == 0)
		rc = in_header(in, err);
	if (rc == 0)
		rc = in_people(in, err);
	if (rc == 0)
		rc = in_state(in, err);
	if (rc == 0)
		rc = bag_set_text(in->b, PidTagMessageClass, "IPM.Note", err);
	if (rc == 0)
		rc = bag_set_text(in->b, PidTagBody, text, err);
	free(text);
	return rc < 0 ? rc : in_octets(in, &whole, err);
}

/* ---- line ends ---- */

struct even {
	struct spool *to;
	size_t crs; /* that were not given yet */
	bool all; /* CR alone ends a line, too */
};

static int put_crs(struct even *e, struct err *err)
{
	int rc = 0;

	for (; rc == 0 && e->crs; e->crs--)
		rc = spool_add(e->to, "\r\n", e->all ? 2 : 1, err);
	return rc;
}

/* CR CR LF as CRLF, and CR as well where it ends lines. */
static int even_write(void *even, const void *p, size_t n, struct err *err)
{
	struct even *e = even;
	const char *s = p;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n;) {
		size_t k = 0;

		while (i + k < n && s[i + k] != '\r' && s[i + k] != '\n')
			k++;
		if (k) {
			rc = put_crs(e, err);
			if (rc == 0)
				rc = spool_add(e->to, s + i, k, err);
		} else if (s[i] == '\r') {
			e->crs++;
			k = 1;
		} else {
			rc = spool_add(e->to, "\r\n", 2, err);
			e->crs = 0;
			k = 1;
		}
		i += k;
	}
	return rc;
}

static int open_spool(struct in_all *all, struct spool *s, struct err *err)
{
	int rc = s->fd >= 0 ? mime_open(s->fd, &all->mime, err)
	                    : mime_open_octets(s->memory.data, s->memory.len, &all->mime, err);

	if (rc == 0)
		all->n = mime_parts(all->mime, &all->parts);
	return rc;
}

static int make_all(struct in_all *all, struct bag *into, struct err *err);

/* The message with the line ends that others mean. */
static int make_even(struct in_all *all, struct bag *into, struct err *err)
{
	struct outlook_make m = *all->m;
	struct in_all copy = {.m = &m, .is_even = true};
	struct spool octets;
	struct even e = {.to = &octets};
	const struct mime_part *p = all->parts;
	struct in_item in = {.all = all};
	int rc;

	spool_init(&octets);
	buf_init(&in.header, SIZE_MAX);
	rc = read_header(&in, err);
	e.all = p->body - p->head == in.header.len && !memchr(in.header.data, '\n', in.header.len);
	buf_clear(&in.header);
	m.octets = &octets;
	if (rc == 0)
		rc = spool_copy(all->m->octets, 0, all->m->octets->len, even_write, &e, err);
	if (rc == 0)
		rc = put_crs(&e, err);
	if (rc == 0)
		rc = open_spool(&copy, &octets, err);
	if (rc == 0)
		rc = make_all(&copy, into, err);
	mime_free(copy.mime);
	spool_clear(&octets);
	return rc;
}

static int make_all(struct in_all *all, struct bag *into, struct err *err)
{
	struct in_item in = {.all = all, .b = into, .end = all->m->octets->len};
	const char *why = mime_cut(all->mime);
	int rc;

	if (!why) {
		rc = in_judge(all, 0, &why, err);
		if (rc < 0 || !why)
			return rc < 0 ? rc : in_fill(all, into, 0, in.end, err);
		if (strcmp(why, IN_ODD_ENDS) == 0 && !all->is_even)
			return make_even(all, into, err);
	}
	buf_init(&in.header, SIZE_MAX);
	rc = fill_cover(&in, why, err);
	buf_clear(&in.header);
	return rc;
}

int outlook_make_mail(const struct outlook_make *m, struct bag *into, struct err *err)
{
	struct in_all all = {.m = m};
	int rc = open_spool(&all, m->octets, err);

	if (rc < 0)
		return rc;
	rc = make_all(&all, into, err);
	mime_free(all.mime);
	return rc;
}
