/* ATTACH as attachments: RFC 5545 3.8.1.1, MS-OXCMSG 2.2.2. */
#include <stdlib.h>
#include <strings.h>
#include "outlook/make/calendar/cal.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

enum { BY_VALUE = 1, BY_REFERENCE_ONLY = 4, BY_WEB = 7 };

static const char *name_of(const struct line *l)
{
	static const char *const names[] = {
	        "FILENAME", "X-FILENAME", "X-ORACLE-FILENAME", "X-APPLE-FILENAME", "X-LABEL"};

	for (size_t i = 0; i < COUNT(names); i++)
		if (line_param(l, names[i]))
			return line_param(l, names[i]);
	return NULL;
}

static bool is_binary(const struct line *l)
{
	const char *value = line_param(l, "VALUE"), *encoding = line_param(l, "ENCODING");

	return (value && strcasecmp(value, "BINARY") == 0) ||
	       (encoding &&
	               (strcasecmp(encoding, "BASE64") == 0 || strcasecmp(encoding, "B") == 0));
}

static struct bag *add(struct cal *c, struct bag *b, const struct line *l, int method)
{
	struct bag *a = into_attachment(&c->k, b);

	if (!a)
		return NULL;
	into_int(&c->k, a, PidTagAttachMethod, method);
	into_text(&c->k, a, PidTagAttachLongFilename, name_of(l));
	into_text(&c->k, a, PidTagDisplayName, name_of(l));
	if (name_of(l) && strrchr(name_of(l), '.'))
		into_text(&c->k, a, PidTagAttachExtension, strrchr(name_of(l), '.'));
	into_text(&c->k, a, PidTagAttachMimeTag, line_param(l, "FMTTYPE"));
	into_int(&c->k, a, PidTagRenderingPosition, -1);
	return a;
}

static bool put_file(struct cal *c, struct bag *b, const struct line *l)
{
	struct buf octets = buf_of(OBJECT_MAX);
	struct bag *a = NULL;
	bool is = base64_read(l->value, l->value_len, &octets);

	if (is && (a = add(c, b, l, BY_VALUE)))
		into_octets(&c->k, a, PidTagAttachDataBinary, octets.data, octets.len);
	buf_clear(&octets);
	return is;
}

/* file:///C:/a%20b and file://server/share/a as Windows writes them (RFC 8089 E.3); NULL. */
static char *path_of(const char *uri)
{
	char *path;
	size_t n = 0;

	if (strncasecmp(uri, "file://", 7) != 0)
		return NULL;
	uri += 7;
	if (*uri == '/' && !(uri[1] && uri[2] == ':'))
		return NULL; /* of another system */
	path = xmalloc(strlen(uri) + 3);
	if (*uri == '/')
		uri++;
	else
		n = 2;
	memcpy(path, "\\\\", n);
	for (; *uri; uri++) {
		int octet = *uri == '%' ? hex_octet(uri + 1) : -1;

		path[n++] = (char)(octet > 0 ? octet : *uri == '/' ? '\\' : *uri);
		uri += octet > 0 ? 2 : 0;
	}
	path[n] = '\0';
	return path;
}

static bool put_link(struct cal *c, struct bag *b, const struct line *l)
{
	char *uri = line_text(l), *path = path_of(uri);
	struct bag *a;
	bool is = strstr(uri, "://") != NULL;

	if (is && (a = add(c, b, l, path ? BY_REFERENCE_ONLY : BY_WEB)))
		into_text(&c->k, a, PidTagAttachLongPathname, path ? path : uri);
	free(path);
	free(uri);
	return is;
}

void take_attachments(struct cal *c, struct part *p, struct bag *b)
{
	struct line *l;
	size_t i = 0;

	while ((l = part_each(p, "ATTACH", &i)))
		l->used = is_binary(l) ? put_file(c, b, l) : put_link(c, b, l);
}
