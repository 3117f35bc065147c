/* Content lines as they are written: RFC 5545 3.1, 3.2, 3.3.11. */
#include "outlook/calendar/lines.h"
#include "outlook/kept.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

enum { LINE_MAX_OCTETS = 75 };

void lines_init(struct lines *l, bag_write_fn write, void *ctx, struct err *err)
{
	memset(l, 0, sizeof *l);
	l->write = write;
	l->ctx = ctx;
	l->err = err;
}

void lines_keep(struct lines *l, struct bag *b)
{
	l->forms = forms_read(b);
	l->line = buf_of(2 * FORM_MAX);
}

bool lines_counts(const char *component)
{
	static const char *const those[] = {"VEVENT", "VTODO", "VJOURNAL", "VALARM"};

	return text_among(component, those, COUNT(those));
}

static int flush(struct lines *l)
{
	if (l->rc == 0 && l->n)
		l->rc = l->write(l->ctx, l->held, l->n, l->err);
	l->n = 0;
	return l->rc;
}

int lines_flush(struct lines *l)
{
	forms_free(l->forms);
	l->forms = NULL;
	buf_clear(&l->line);
	return flush(l);
}

static void hold(struct lines *l, const char *s, size_t n)
{
	if (sizeof l->held - l->n < n && flush(l) < 0)
		return;
	memcpy(l->held + l->n, s, n);
	l->n += n;
	l->total += n;
}

static void emit(struct lines *l, const char *s, size_t n)
{
	if (l->column + n > LINE_MAX_OCTETS) {
		hold(l, "\r\n ", 3);
		l->column = 1;
	}
	hold(l, s, n);
	l->column += n;
}

/* A line that was held, or its form: characters, and escapes, are not parted. */
static void emit_line(struct lines *l, const char *s, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t one = s[i] == '\\' && i + 1 < n && (unsigned char)s[i + 1] < 0x80
		                     ? 2
		                     : utf8_next(s + i, n - i, NULL);

		emit(l, s + i, one ? one : 1);
		i += one ? one : 1;
	}
}

/* One character, or an escape, never parted. */
static void put_char(struct lines *l, const char *s, size_t n)
{
	if (!l->forms || l->is_long) {
		emit(l, s, n);
		return;
	}
	buf_put(&l->line, s, n);
	if (l->line.len >= FORM_MAX) {
		emit_line(l, buf_str(&l->line), l->line.len);
		buf_reset(&l->line);
		l->is_long = true;
	}
}

void lines_put(struct lines *l, const char *s, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t one = utf8_next(s + i, n - i, NULL);

		put_char(l, one ? s + i : "\xef\xbf\xbd", one ? one : 3);
		i += one ? one : 1;
	}
}

void lines_puts(struct lines *l, const char *s)
{
	lines_put(l, s, strlen(s));
}

static void put_args(struct lines *l, const char *fmt, va_list args)
{
	char text[512];
	int n = vsnprintf(text, sizeof text, fmt, args);

	/* all that is put so is ours and short; texts of items go the other ways */
	if (n > 0)
		lines_put(l, text, MIN((size_t)n, sizeof text - 1));
}

void lines_putf(struct lines *l, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	put_args(l, fmt, args);
	va_end(args);
}

/* What was held; false: nothing is to be written. */
static bool give_line(struct lines *l)
{
	const char *line = buf_str(&l->line), *form;
	char *key = xasprintf("%u %s", l->begun, line);

	form = forms_take(l->forms, key, strlen(key));
	emit_line(l, form ? form : line, form ? strlen(form) : l->line.len);
	if (strncmp(line, "BEGIN:", 6) == 0 && lines_counts(line + 6))
		l->begun++;
	buf_reset(&l->line);
	free(key);
	return !form || *form;
}

void lines_end(struct lines *l)
{
	bool was_long = l->is_long;

	l->is_long = false;
	if (l->forms && !was_long && !give_line(l))
		return;
	hold(l, "\r\n", 2);
	l->column = 0;
}

void lines_add(struct lines *l, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	put_args(l, fmt, args);
	va_end(args);
	lines_end(l);
}

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

void lines_param(struct lines *l, const char *name, const char *value)
{
	bool quote = strpbrk(value, ":;,\"^\r\n") != NULL;

	lines_putf(l, ";%s=%s", name, quote ? "\"" : "");
	for (size_t i = 0, n = strlen(value); i < n;) {
		size_t one = utf8_next(value + i, n - i, NULL);

		if (value[i] == '"')
			lines_puts(l, "^'");
		else if (value[i] == '^')
			lines_puts(l, "^^");
		else if (value[i] == '\n')
			lines_puts(l, "^n");
		else if (!is_control(value[i]))
			lines_put(l, value + i, one ? one : 1);
		i += one ? one : 1;
	}
	lines_puts(l, quote ? "\"" : "");
}

void lines_value(struct lines *l, const char *text)
{
	for (size_t i = 0, n = strlen(text); i < n;) {
		size_t one = utf8_next(text + i, n - i, NULL);

		if (text[i] == '\r' || text[i] == '\n') {
			if (text[i] == '\r' && text[i + 1] == '\n')
				i++;
			lines_put(l, "\\n", 2);
		} else if (strchr("\\;,", text[i])) {
			put_char(l, (const char[]){'\\', text[i]}, 2);
		} else if (text[i] == '\t' || !is_control(text[i])) {
			lines_put(l, text + i, one ? one : 1);
		}
		i += one ? one : 1;
	}
}

void lines_text(struct lines *l, const char *name, const char *text)
{
	if (!text || !*text)
		return;
	lines_putf(l, "%s:", name);
	lines_value(l, text);
	lines_end(l);
}

void lines_uri(struct lines *l, const char *uri)
{
	for (; *uri; uri++) {
		bool stray = *uri == '%' && hex_octet(uri + 1) < 0;

		if (stray || (unsigned char)*uri <= 0x20 || (unsigned char)*uri >= 0x7f ||
		        strchr("\"<>\\^`{|}", *uri))
			lines_putf(l, "%%%02X", (unsigned char)*uri);
		else
			lines_put(l, uri, 1);
	}
}
