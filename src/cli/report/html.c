/* The elements that a report's page is made of: text, values, tables, lists of facts. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/json.h"
#include "valise/base/mem.h"
#include "valise/base/progress.h"
#include "cli/report/html.h"

#define WORD_MAX 20

/* Is there a word that no column of a table is wide enough for? */
static bool has_long_word(const char *s)
{
	size_t n;

	for (; s && *s; s += n + (s[n] != '\0'))
		if ((n = strcspn(s, " /")) > WORD_MAX)
			return true;
	return false;
}

/* "2026-11-22T17:16:00Z" or "...+02:00", else as it is. */
static void put_time(struct buf *b, const json_t *v)
{
	const char *s = json_string_value(v);
	size_t n = json_string_length(v);

	if (n < 20 || strlen(s) != n || s[10] != 'T' || strspn(s + 20, "0123456789:") != n - 20) {
		markup_octets(b, s, n);
		return;
	}
	buf_puts(b, "<time>");
	markup_octets(b, s, 10);
	buf_putc(b, ' ');
	markup_octets(b, s + 11, 8);
	buf_puts(b, s[19] == 'Z' ? " UTC" : " ");
	markup_text(b, s[19] == 'Z' ? "" : s + 19);
	buf_puts(b, "</time>");
}

/* A line may end behind each '/' of a name. */
static void put_soft(struct buf *b, const char *s, size_t n)
{
	while (n) {
		const char *slash = memchr(s, '/', n);
		size_t piece = slash ? (size_t)(slash - s) + 1 : n;

		markup_octets(b, s, piece);
		s += piece;
		n -= piece;
		if (n && slash)
			buf_puts(b, "<wbr>");
	}
}

static uint64_t number_of(const json_t *v)
{
	return json_integer_value(v) > 0 ? (uint64_t)json_integer_value(v) : 0;
}

void html_value(struct buf *b, const json_t *v, enum cell kind)
{
	char text[32];

	for (size_t i = 0; i < json_array_size(v); i++) {
		const char *one = json_string_value(json_array_get(v, i));

		buf_puts(b, i ? ", " : "");
		markup_octets(b, one ? one : "", one ? strlen(one) : 0);
	}
	if (json_is_integer(v) && kind == CELL_BYTES)
		buf_puts(b, human_bytes(number_of(v), text));
	else if (json_is_integer(v) && kind == CELL_TEXT)
		buf_putf(b, "%lld", (long long)json_integer_value(v));
	else if (json_is_integer(v))
		buf_puts(b, human_count(number_of(v), text));
	else if (json_is_boolean(v))
		buf_puts(b, json_is_true(v) ? "yes" : "no");
	else if (json_is_string(v) && kind == CELL_TIME)
		put_time(b, v);
	else if (json_is_string(v) && kind == CELL_TEXT)
		put_soft(b, json_string_value(v), json_string_length(v));
	else if (json_is_string(v))
		markup_octets(b, json_string_value(v), json_string_length(v));
}

json_t *json_at(const json_t *o, const char *path)
{
	const char *dot = strchr(path, '.');
	char *first;
	json_t *v;

	if (!dot)
		return json_object_get(o, path);
	first = xstrndup(path, (size_t)(dot - path));
	v = json_object_get(o, first);
	free(first);
	return v ? json_at(v, dot + 1) : NULL;
}

static bool has_value(const json_t *v)
{
	return json_is_string(json_array_get(v, 0)) || json_is_integer(v) || json_is_boolean(v) ||
	       (json_is_string(v) && json_string_length(v));
}

void html_used(const json_t *rows, const struct column *columns, size_t n, bool used[COLUMNS_MAX])
{
	size_t i;
	json_t *o;

	memset(used, 0, COLUMNS_MAX * sizeof *used);
	json_array_foreach(rows, i, o)
	{
		for (size_t k = 0; k < n; k++)
			used[k] = used[k] || has_value(json_at(o, columns[k].path));
	}
}

static bool is_right(enum cell kind)
{
	return kind == CELL_NUMBER || kind == CELL_BYTES;
}

void html_titles(
        struct buf *b, const struct column *columns, size_t n, const bool used[COLUMNS_MAX])
{
	buf_puts(b, "<thead role=\"rowgroup\"><tr role=\"row\">");
	for (size_t k = 0; k < n; k++)
		if (used[k]) {
			buf_putf(b, "<th scope=\"col\" role=\"columnheader\"%s>",
			        is_right(columns[k].kind) ? " class=\"n\"" : "");
			markup_text(b, columns[k].title);
			buf_puts(b, "</th>");
		}
	buf_puts(b, "</tr></thead>\n");
}

static void put_bar(struct buf *b, const json_t *v)
{
	uint64_t share = MIN(number_of(v), 1000);

	buf_puts(b, "<svg width=\"100%\" height=\"10\" aria-hidden=\"true\">");
	if (share)
		buf_putf(b, "<rect width=\"%llu.%llu%%\" height=\"10\" rx=\"2\"/>",
		        (unsigned long long)share / 10, (unsigned long long)share % 10);
	buf_puts(b, "</svg>");
}

/*
 * On a narrow screen a row is a block of its own, where each cell tells its title; the roles
 * keep it a table for who cannot see it.
 */
static void put_cell(struct buf *b, const json_t *v, const struct column *c, bool first)
{
	static const char *const classes[] = {[CELL_NUMBER] = " class=\"n\"",
	        [CELL_BYTES] = " class=\"n\"",
	        [CELL_TEXT] = " class=\"i\"",
	        [CELL_TIME] = " class=\"t\"",
	        [CELL_HASH] = " class=\"h\""};
	const char *class = (size_t)c->kind < COUNT(classes) ? classes[c->kind] : NULL;

	if (c->kind == CELL_TEXT && !json_is_integer(v))
		class = json_is_array(v) || has_long_word(json_string_value(v)) ? " class=\"w\""
		                                                                : NULL;
	if (!class)
		class = "";
	if (first) {
		buf_putf(b, "<th scope=\"row\" role=\"rowheader\"%s>", class);
		html_value(b, v, c->kind);
		buf_puts(b, "</th>");
		return;
	}
	if (!has_value(v)) {
		buf_putf(b, "<td role=\"cell\" class=\"%s\"></td>", is_right(c->kind) ? "n" : "e");
		return;
	}
	if (c->kind == CELL_SHARE) {
		buf_puts(b, "<td role=\"cell\" class=\"bar\">");
		put_bar(b, v);
		buf_puts(b, "</td>");
		return;
	}
	buf_putf(b, "<td role=\"cell\"%s data-label=\"", class);
	markup_text(b, c->title);
	buf_puts(b, "\">");
	html_value(b, v, c->kind);
	buf_puts(b, "</td>");
}

void html_cells(struct buf *b, const json_t *o, const struct column *columns, size_t n,
        const bool used[COLUMNS_MAX])
{
	bool first = true;

	for (size_t k = 0; k < n; k++)
		if (used[k]) {
			put_cell(b, json_at(o, columns[k].path), &columns[k], first);
			first = false;
		}
}

static bool is_marked(const json_t *o)
{
	const char *level = json_get_str(o, "level");

	return json_object_get(o, "error") || json_object_get(o, "damage") ||
	       (level && strcmp(level, "warning") == 0);
}

void html_table(struct buf *b, const char *caption, const json_t *rows,
        const struct column *columns, size_t n)
{
	bool used[COLUMNS_MAX];
	size_t i;
	json_t *o;

	html_used(rows, columns, n, used);
	buf_puts(b, "<table role=\"table\">\n");
	if (caption)
		markup_element(b, "caption", caption);
	html_titles(b, columns, n, used);
	buf_puts(b, "<tbody role=\"rowgroup\">\n");
	json_array_foreach(rows, i, o)
	{
		buf_puts(b,
		        is_marked(o) ? "<tr role=\"row\" class=\"warning\">" : "<tr role=\"row\">");
		html_cells(b, o, columns, n, used);
		buf_puts(b, "</tr>\n");
	}
	buf_puts(b, "</tbody>\n</table>\n");
}

void html_fact(struct buf *b, const char *name, const json_t *value, enum cell kind)
{
	if (!has_value(value))
		return;
	markup_element(b, "dt", name);
	buf_puts(b, kind == CELL_HASH ? "<dd class=\"h\">" : "<dd>");
	html_value(b, value, kind);
	buf_puts(b, "</dd>\n");
}

void html_fact_text(struct buf *b, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	markup_element(b, "dt", name);
	markup_element(b, "dd", value);
	buf_putc(b, '\n');
}

char *html_words(const char *key)
{
	char *name = xstrdup(key);

	for (char *p = name; *p; p++)
		*p = (char)(*p == '_' ? ' ' : *p);
	if (name[0] >= 'a' && name[0] <= 'z')
		name[0] = (char)(name[0] - 32);
	return name;
}
