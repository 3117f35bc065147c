/* What the header of a part says of it (RFC 2045, RFC 2183). */
#include <gmime/gmime.h>
#include "mime/internal.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/format/header.h"
#include <stdlib.h>
#include <string.h>

enum { TYPE_MAX = 127, BOUNDARY_MAX = 200, WORD_MAX = 100, FILE_NAME_MAX = 1000, ID_MAX = 500 };

/* A parameter as it stands there, or NULL. */
static char *param(const char *v, size_t n, const char *name, size_t max)
{
	struct buf b = buf_of(max);
	bool there = header_param(v, n, name, &b) && b.len > 0 && !memchr(b.data, '\0', b.len);
	char *text = there ? buf_take(&b) : NULL;

	buf_clear(&b);
	return text;
}

/* A parameter as text for people, or NULL. */
static char *param_text(const char *v, size_t n, const char *name)
{
	struct buf b = buf_of(SIZE_MAX);
	char *text = header_param_text(v, n, name, FILE_NAME_MAX, &b) ? buf_take(&b) : NULL;

	buf_clear(&b);
	return text;
}

static bool param_is(const char *v, size_t n, const char *name, const char *word)
{
	char *text = param(v, n, name, WORD_MAX);
	bool is = text && text_is(text, strlen(text), word);

	free(text);
	return is;
}

/* "type/subtype" in small letters; what is none is text (RFC 2045 5.2). */
static char *read_type(const char *v, size_t n)
{
	static const char no[] = "()<>@,;:\\\"[]?=";
	size_t len = 0, slashes = 0;

	while (len < n && v[len] > ' ' && v[len] < 0x7f && !strchr(no, v[len]))
		slashes += v[len++] == '/';
	if (slashes != 1 || *v == '/' || v[len - 1] == '/' || len > TYPE_MAX)
		return NULL;
	return text_lower(xstrndup(v, len));
}

static void take_type(struct mime_entry *e, const char *v, size_t n)
{
	e->part.type = read_type(v, n);
	e->boundary = param(v, n, "boundary", BOUNDARY_MAX);
	e->charset = param(v, n, "charset", WORD_MAX);
	e->start = param(v, n, "start", ID_MAX);
	e->flowed = param_is(v, n, "format", "flowed");
	e->delsp = param_is(v, n, "delsp", "yes");
	if (!e->part.name)
		e->part.name = param_text(v, n, "name");
}

static void take_disposition(struct mime_entry *e, const char *v, size_t n)
{
	size_t len = strcspn(v, "; \t");
	char *name = param_text(v, n, "filename");

	e->attached = text_is(v, len, "attachment");
	e->inlined = text_is(v, len, "inline");
	if (name) {
		free(e->part.name);
		e->part.name = name;
	}
}

static enum mime_encoding read_encoding(const char *v)
{
	switch (g_mime_content_encoding_from_string(v)) {
	case GMIME_CONTENT_ENCODING_BASE64:
		return MIME_BASE64;
	case GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE:
		return MIME_QUOTED;
	case GMIME_CONTENT_ENCODING_UUENCODE:
		return MIME_UUENCODED;
	default:
		return MIME_PLAIN;
	}
}

void mime_entry_field(struct mime_entry *e, const char *name, const char *v, size_t n)
{
	if (strcmp(name, "content-type") == 0) {
		take_type(e, v, n);
	} else if (strcmp(name, "content-disposition") == 0) {
		take_disposition(e, v, n);
	} else if (strcmp(name, "content-transfer-encoding") == 0) {
		e->encoding = read_encoding(v);
	} else {
		n -= n > 0 && v[n - 1] == '>';
		v += n > 0 && *v == '<' ? (n--, 1) : 0;
		if (n > 0 && n <= ID_MAX) {
			struct buf b = buf_of(SIZE_MAX);

			text_one_line(v, n, ID_MAX, &b);
			e->part.content_id = buf_take(&b);
			buf_clear(&b);
		}
	}
}

/* Whole messages; one that is encoded (RFC 2046 5.2.1 forbids it) stays a file. */
static bool is_message(const struct mime_entry *e)
{
	return e->encoding == MIME_PLAIN && (strcmp(e->part.type, "message/rfc822") == 0 ||
	                                            strcmp(e->part.type, "message/global") == 0);
}

void mime_entry_settle(struct mime_entry *e, bool digest)
{
	if (!e->part.type)
		e->part.type = xstrdup(digest ? "message/rfc822" : "text/plain");
	e->part.multipart = strncmp(e->part.type, "multipart/", 10) == 0 && e->boundary;
	e->part.message = is_message(e);
}
