/*
 * What names a message, in one pass: lines of headers, and of what is between boundaries
 * (RFC 2046 5.1.1) nothing but these.
 */
#include "valise/format/mail_scan.h"
#include "valise/format/header.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { BOUNDARY_MAX = 200 };

/* Fields of any header, beside those that are given out. */
enum { FIELD_NONE = -1, FIELD_TYPE = MAIL_WORDS, FIELD_DISPOSITION, FIELDS };

static const struct {
	const char *name;
	int field;
} wanted[] = {{"cc", MAIL_CC}, {"date", MAIL_DATE}, {"from", MAIL_FROM},
        {"message-id", MAIL_MESSAGE_ID}, {"subject", MAIL_SUBJECT}, {"to", MAIL_TO},
        {"content-type", FIELD_TYPE}, {"content-disposition", FIELD_DISPOSITION}};

struct mail_scan {
	mail_word_fn *fn;
	void *ctx;
	struct buf line; /* the beginning of a line that has not ended yet */
	enum { IN_HEADER, IN_TEXT, DONE } state;
	bool first; /* the header is the message's own */
	/* the header: */
	unsigned seen; /* bits of its fields */
	int field; /* whose value is being read */
	struct buf value;
	struct buf file, name; /* of Content-Disposition, of Content-Type */
	enum { TYPE_OTHER, TYPE_MULTIPART, TYPE_MESSAGE } type;
	struct buf boundary;
	char *open[MAIL_SCAN_DEPTH]; /* boundaries, "--" before each */
	int depth;
};

static void begin_header(struct mail_scan *s)
{
	s->state = IN_HEADER;
	s->seen = 0;
	s->field = FIELD_NONE;
	s->type = TYPE_OTHER;
	buf_reset(&s->value);
	buf_reset(&s->file);
	buf_reset(&s->name);
	buf_reset(&s->boundary);
}

static void begin_message(struct mail_scan *s)
{
	begin_header(s);
	s->first = true;
	while (s->depth > 0)
		free(s->open[--s->depth]);
	buf_reset(&s->line);
}

struct mail_scan *mail_scan_new(mail_word_fn *fn, void *ctx)
{
	struct mail_scan *s = xcalloc(1, sizeof *s);

	s->fn = fn;
	s->ctx = ctx;
	buf_init(&s->line, HEADER_TEXT_MAX);
	buf_init(&s->value, HEADER_TEXT_MAX);
	buf_init(&s->file, MAIL_SCAN_TEXT);
	buf_init(&s->name, MAIL_SCAN_TEXT);
	buf_init(&s->boundary, BOUNDARY_MAX);
	begin_message(s);
	return s;
}

void mail_scan_free(struct mail_scan *s)
{
	if (!s)
		return;
	begin_message(s);
	buf_clear(&s->line);
	buf_clear(&s->value);
	buf_clear(&s->file);
	buf_clear(&s->name);
	buf_clear(&s->boundary);
	free(s);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The field that the line begins, and where its value is; FIELD_NONE: no other. */
static int field_of(const struct mail_scan *s, const char *p, size_t n, size_t *value_at_out)
{
	const char *colon = n > 0 && strchr("cdfmstCDFMST", *p)
	                            ? memchr(p, ':', MIN(n, HEADER_COLON_MAX))
	                            : NULL;
	size_t len = colon ? (size_t)(colon - p) : 0;

	if (!colon)
		return FIELD_NONE;
	*value_at_out = len + 1;
	while (len > 0 && is_blank(p[len - 1]))
		len--;
	for (size_t i = 0; i < COUNT(wanted); i++)
		if (text_is(p, len, wanted[i].name))
			return wanted[i].field < MAIL_WORDS && !s->first ? FIELD_NONE
			                                                 : wanted[i].field;
	return FIELD_NONE;
}

static void give(struct mail_scan *s, enum mail_word what, const char *text)
{
	if (*text && !s->fn(s->ctx, what, text))
		s->state = DONE;
}

/* Content-Type: what is in the part, and the name that old writers give there. */
static void read_type(struct mail_scan *s, const char *v, size_t n)
{
	struct buf name = buf_of(SIZE_MAX);

	if (strncasecmp(v, "multipart/", 10) == 0 && header_param(v, n, "boundary", &s->boundary))
		s->type = s->boundary.len > 0 ? TYPE_MULTIPART : TYPE_OTHER;
	else if (strncasecmp(v, "message/rfc822", 14) == 0 ||
	         strncasecmp(v, "message/global", 14) == 0)
		s->type = TYPE_MESSAGE;
	if (header_param_text(v, n, "name", MAIL_SCAN_TEXT, &name))
		buf_fill(&s->name, name.data, name.len);
	buf_clear(&name);
}

/* The value of a field is whole. */
static void end_field(struct mail_scan *s)
{
	const char *v = buf_str(&s->value);
	size_t n = s->value.len;
	struct buf text = buf_of(SIZE_MAX);
	int field = s->field;

	s->field = FIELD_NONE;
	/* as header_find has it */
	for (; n && is_blank(*v); n--)
		v++;
	while (n && is_blank(v[n - 1]))
		n--;
	if (field == FIELD_TYPE) {
		read_type(s, v, n);
	} else if (field == FIELD_DISPOSITION) {
		if (header_param_text(v, n, "filename", MAIL_SCAN_TEXT, &text))
			buf_fill(&s->file, text.data, text.len);
	} else if (field != FIELD_NONE) {
		header_text(v, n, MAIL_SCAN_TEXT, &text);
		give(s, (enum mail_word)field, buf_str(&text));
	}
	buf_clear(&text);
	buf_reset(&s->value);
}

/* The empty line: what follows is text, parts, or the header of a message within. */
static void end_header(struct mail_scan *s)
{
	if (s->field != FIELD_NONE)
		end_field(s);
	if (s->state == DONE)
		return;
	give(s, MAIL_FILE, s->file.len ? buf_str(&s->file) : buf_str(&s->name));
	s->first = false;
	if (s->state == DONE)
		return;
	if (s->type == TYPE_MESSAGE) {
		begin_header(s);
		return;
	}
	if (s->type == TYPE_MULTIPART && s->depth < MAIL_SCAN_DEPTH)
		s->open[s->depth++] = xasprintf("--%s", buf_str(&s->boundary));
	s->state = s->depth > 0 ? IN_TEXT : DONE;
}

static void take_header_line(struct mail_scan *s, const char *p, size_t n)
{
	size_t at = 0;
	int field;

	if (n == 0) {
		end_header(s);
		return;
	}
	if (is_blank(*p)) {
		if (s->field != FIELD_NONE)
			buf_fill(&s->value, p, n);
		return;
	}
	if (s->field != FIELD_NONE)
		end_field(s);
	field = field_of(s, p, n, &at);
	if (s->state == DONE || field == FIELD_NONE || s->seen & 1u << field)
		return;
	s->seen |= 1u << field;
	s->field = field;
	buf_fill(&s->value, p + at, n - at);
}

/* Is the line a delimiter of an open multipart? The innermost first. */
static bool take_delimiter(struct mail_scan *s, const char *p, size_t n)
{
	for (int i = s->depth - 1; i >= 0; i--) {
		size_t len = strlen(s->open[i]);
		bool last = n >= len + 2 && p[len] == '-' && p[len + 1] == '-';

		if (n < len || memcmp(p, s->open[i], len) != 0)
			continue;
		while (n > len + (last ? 2 : 0) && is_blank(p[n - 1]))
			n--;
		if (n != len + (last ? 2 : 0))
			continue;
		if (s->state == IN_HEADER)
			end_header(s);
		if (s->state == DONE)
			return true;
		while (s->depth > i + !last)
			free(s->open[--s->depth]);
		begin_header(s);
		if (last)
			s->state = s->depth > 0 ? IN_TEXT : DONE;
		return true;
	}
	return false;
}

/* A line without its end. */
static void take_line(struct mail_scan *s, const char *p, size_t n)
{
	if (n > 0 && p[n - 1] == '\r')
		n--;
	if (n > 2 && p[0] == '-' && p[1] == '-' && take_delimiter(s, p, n))
		return;
	if (s->state == IN_HEADER)
		take_header_line(s, p, n);
}

void mail_scan_add(struct mail_scan *s, const void *octets, size_t n)
{
	const char *p = octets, *end = p + n;

	while (p < end && s->state != DONE) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((lf ? lf : end) - p);

		if (!lf || s->line.len > 0)
			buf_fill(&s->line, p, len);
		if (!lf)
			break;
		if (s->line.len > 0) {
			take_line(s, buf_str(&s->line), s->line.len);
			buf_reset(&s->line);
		} else {
			take_line(s, p, len);
		}
		p = lf + 1;
	}
}

void mail_scan_end(struct mail_scan *s)
{
	if (s->line.len > 0 && s->state != DONE)
		take_line(s, buf_str(&s->line), s->line.len);
	if (s->state == IN_HEADER)
		end_header(s);
	begin_message(s);
}
