/* Header fields of a message (RFC 5322 2.2), their parameters, its date of arrival. */
#include "valise/base/mem.h"
#include "valise/format/header.h"
#include <string.h>
#include <strings.h>

enum { RECEIVED_MAX = 65536, DATE_MAX = 1024 };

/* The end of the line at ${p}, behind its LF. */
static const char *line_end(const char *p, const char *end)
{
	const char *lf = memchr(p, '\n', (size_t)(end - p));

	return lf ? lf + 1 : end;
}

/* An empty line: LF or CRLF alone. */
static bool is_empty(const char *p, const char *next)
{
	return next[-1] == '\n' && (next - p == 1 || (next - p == 2 && *p == '\r'));
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

size_t header_length(const char *msg, size_t n)
{
	const char *end = msg + n, *p = msg;

	while (p < end) {
		const char *next = line_end(p, end);

		if (is_empty(p, next))
			return (size_t)(next - msg);
		p = next;
	}
	return n;
}

/*
 * The start of the value if the line is the field ${name}; blanks before the colon are
 * let pass (RFC 5322 4.5).
 */
static const char *field_value(const char *p, const char *next, const char *name, size_t name_len)
{
	const char *start = p;

	if ((size_t)(next - p) <= name_len || strncasecmp(p, name, name_len) != 0)
		return NULL;
	for (p += name_len; p < next && p - start < HEADER_COLON_MAX - 1 && is_blank(*p); p++)
		;
	return p < next && *p == ':' ? p + 1 : NULL;
}

/* Append a line without its end. */
static void add_line(struct buf *out, const char *p, const char *next)
{
	if (next > p && next[-1] == '\n')
		next--;
	if (next > p && next[-1] == '\r')
		next--;
	buf_fill(out, p, (size_t)(next - p));
}

static void trim_end(struct buf *out, size_t from)
{
	while (out->len > from && is_blank((char)out->data[out->len - 1]))
		out->data[--out->len] = '\0';
}

/*
 * Append the value at ${p}, whose first line ends at ${next}, with the continuation
 * lines.
 */
static void add_value(struct buf *out, const char *p, const char *next, const char *end)
{
	size_t from = out->len;

	for (;;) {
		if (out->len == from)
			while (p < next && is_blank(*p))
				p++;
		add_line(out, p, next);
		if (next == end || !is_blank(*next))
			break;
		p = next;
		next = line_end(p, end);
	}
	trim_end(out, from);
}

int header_find(const char *msg, size_t n, const char *name, struct buf *out)
{
	const char *end = msg + n, *p = msg;
	size_t name_len = strlen(name);

	while (p < end) {
		const char *next = line_end(p, end);
		const char *value = field_value(p, next, name, name_len);

		if (is_empty(p, next))
			break;
		if (value) {
			add_value(out, value, next, end);
			return 1;
		}
		p = next;
	}
	return 0;
}

/*
 * The date in the first field of the name, of ${cap} octets at most; of a Received the date
 * follows the last ";" (RFC 5321 4.4).
 */
static bool field_date(const char *msg, size_t n, const char *name, size_t cap, struct date *out)
{
	struct buf value = buf_of(cap);
	bool received = strcmp(name, "Received") == 0, ok;
	const char *date = NULL;

	if (header_find(msg, n, name, &value))
		date = received ? memrchr(value.data, ';', value.len) : buf_str(&value);
	if (date && received)
		date++;
	ok = date && date_parse_rfc5322(date, value.len - (size_t)(date - buf_str(&value)), out);
	buf_clear(&value);
	return ok;
}

int header_arrival_date(const char *msg, size_t n, struct date *out, const char **source_out)
{
	const char *source = NULL;

	if (field_date(msg, n, "Received", RECEIVED_MAX, out))
		source = "received";
	else if (field_date(msg, n, "Date", DATE_MAX, out))
		source = "date";
	if (source && source_out)
		*source_out = source;
	return source != NULL;
}

/* The value at ${p}, quoted or not, to ${out} (may be NULL). Returns what follows it. */
static const char *param_value(const char *p, const char *end, struct buf *out)
{
	bool quoted = p < end && *p == '"';

	for (p += quoted; p < end; p++) {
		if (quoted ? *p == '"' : *p == ';' || is_blank(*p))
			return p + quoted;
		if (quoted && *p == '\\' && p + 1 < end)
			p++;
		if (out)
			buf_fill(out, p, 1);
	}
	return p;
}

int header_param(const char *value, size_t n, const char *name, struct buf *out)
{
	const char *p = value, *end = value + n;

	while ((p = memchr(p, ';', (size_t)(end - p))) != NULL) {
		const char *word = p + 1, *equals;
		size_t len;

		while (word < end && (is_blank(*word) || *word == ';')) /* none between two */
			word++;
		equals = memchr(word, '=', (size_t)(end - word));
		if (!equals)
			return 0;
		for (len = (size_t)(equals - word); len && is_blank(word[len - 1]); len--)
			;
		for (equals++; equals < end && is_blank(*equals); equals++)
			;
		if (len == strlen(name) && strncasecmp(word, name, len) == 0) {
			param_value(equals, end, out);
			return 1;
		}
		p = param_value(equals, end, NULL);
	}
	return 0;
}
