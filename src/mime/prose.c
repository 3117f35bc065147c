/* HTML's elements as lines of text. */
#include "mime/prose.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OUT_SIZE = 4096,
	LEVELS = 8, /* of lists and quotes that are indented */
	CELLS = 32, /* tables in cells of tables */
	LINK_MAX = 2000, /* of an address that is compared */
	SHOWN_MAX = 300, /* of one that is shown */
};

enum block {
	INLINE,
	LINE,
	PARAGRAPH,
	ITEM,
	ROW,
	CELL,
	LIST,
	QUOTE,
	LINK,
	BREAK,
	RULE,
	IMAGE,
	HIDDEN
};

static const struct {
	const char *element;
	enum block block;
} elements[] = {{"a", LINK}, {"address", LINE}, {"article", LINE}, {"aside", LINE},
        {"blockquote", QUOTE}, {"body", LINE}, {"br", BREAK}, {"caption", LINE}, {"center", LINE},
        {"dd", LINE}, {"div", LINE}, {"dl", PARAGRAPH}, {"dt", LINE}, {"fieldset", LINE},
        {"figure", LINE}, {"footer", LINE}, {"form", LINE}, {"h1", PARAGRAPH}, {"h2", PARAGRAPH},
        {"h3", PARAGRAPH}, {"h4", PARAGRAPH}, {"h5", PARAGRAPH}, {"h6", PARAGRAPH},
        {"header", LINE}, {"hr", RULE}, {"img", IMAGE}, {"li", ITEM}, {"main", LINE}, {"nav", LINE},
        {"ol", LIST}, {"option", LINE}, {"p", PARAGRAPH}, {"pre", PARAGRAPH}, {"script", HIDDEN},
        {"section", LINE}, {"style", HIDDEN}, {"table", LINE}, {"td", CELL}, {"template", HIDDEN},
        {"th", CELL}, {"title", HIDDEN}, {"tr", ROW}, {"ul", LIST}};

struct prose {
	struct mime_step to;
	struct err err;
	int rc;
	char out[OUT_SIZE];
	size_t n_out;
	unsigned newlines, blanks; /* before the next text */
	bool any, fresh_cell; /* there was text; in the cell there was none */
	size_t lines; /* that were begun */
	unsigned hidden, pre, quotes;
	unsigned lists; /* that are open */
	int numbers[LEVELS]; /* of the next item; -1: a bullet */
	bool item; /* its mark comes before the next text */
	unsigned cells; /* that are open */
	size_t cell_lines[CELLS]; /* lines when it began */
	bool in_link;
	struct buf href, shown; /* of the link */
};

struct prose *prose_new(struct mime_step to)
{
	struct prose *l = xcalloc(1, sizeof *l);

	l->to = to;
	buf_init(&l->href, LINK_MAX);
	buf_init(&l->shown, LINK_MAX);
	return l;
}

void prose_free(struct prose *l)
{
	if (!l)
		return;
	buf_clear(&l->href);
	buf_clear(&l->shown);
	free(l);
}

int prose_state(const struct prose *l)
{
	return l->rc;
}

static void flush(struct prose *l)
{
	if (l->n_out > 0 && l->rc == 0)
		l->rc = l->to.write(l->to.ctx, l->out, l->n_out, &l->err);
	l->n_out = 0;
}

static void put(struct prose *l, const char *p, size_t n)
{
	if (l->n_out + n > sizeof l->out)
		flush(l);
	if (n > sizeof l->out && l->rc == 0)
		l->rc = l->to.write(l->to.ctx, p, n, &l->err);
	if (n > sizeof l->out)
		return;
	memcpy(l->out + l->n_out, p, n);
	l->n_out += n;
}

static void puts_text(struct prose *l, const char *s)
{
	put(l, s, strlen(s));
}

int prose_end(struct prose *l, struct err *err)
{
	if (l->any)
		puts_text(l, "\n");
	flush(l);
	if (l->rc < 0)
		err_copy(err, &l->err);
	return l->rc;
}

/* What the next text begins on: a new line (1), or one after an empty line (2). */
static void want_lines(struct prose *l, unsigned n)
{
	if (l->fresh_cell)
		return;
	l->newlines = MAX(l->newlines, n);
	l->blanks = 0;
}

/* The beginning of a line: quotes, and the item's mark. */
static void begin_line(struct prose *l)
{
	unsigned levels = MIN(l->lists, (unsigned)LEVELS);
	char mark[16] = "* ";

	l->lines++;
	for (unsigned i = 0; i < MIN(l->quotes, (unsigned)LEVELS); i++)
		puts_text(l, "> ");
	for (unsigned i = 1; i < levels; i++)
		puts_text(l, "  ");
	if (l->item && levels > 0 && l->numbers[levels - 1] >= 0)
		snprintf(mark, sizeof mark, "%d. ", l->numbers[levels - 1]++);
	if (l->item)
		puts_text(l, mark);
	else if (levels > 0)
		puts_text(l, "  ");
	l->item = false;
}

/* Text without blanks at its ends. */
static void put_word(struct prose *l, const char *p, size_t n)
{
	if (!l->any)
		begin_line(l);
	for (unsigned i = 0; l->any && i < l->newlines; i++) {
		puts_text(l, "\n");
		if (i + 1 == l->newlines)
			begin_line(l);
	}
	if (l->any && l->newlines == 0)
		put(l, "   ", MIN(l->blanks, 3u));
	if (l->in_link && l->shown.len > 0 && (l->newlines || l->blanks))
		buf_fill(&l->shown, " ", 1);
	if (l->in_link)
		buf_fill(&l->shown, p, n);
	l->newlines = l->blanks = 0;
	l->any = true;
	l->fresh_cell = false;
	put(l, p, n);
}

/* Octets of a blank at ${p}; 0: it is none. Also what takes no room. */
static size_t blank_length(const char *p, size_t n, bool *shown_out)
{
	static const char *const odd[] = {"\xc2\xa0", "\xc2\xad", "\xcd\x8f", "\xe2\x80\x8b",
	        "\xe2\x80\xa8", "\xe2\x80\xa9", "\xef\xbb\xbf"};

	*shown_out = true;
	if (*p == ' ' || (*p >= '\t' && *p <= '\r'))
		return 1;
	if ((unsigned char)*p < 0xc2)
		return 0;
	for (size_t i = 0; i < COUNT(odd); i++) {
		size_t len = strlen(odd[i]);

		*shown_out = i == 0 || i == 4 || i == 5;
		if (len <= n && memcmp(p, odd[i], len) == 0)
			return len;
	}
	return 0;
}

/* The lines of a <pre>. */
static void put_pre(struct prose *l, const char *p, size_t n)
{
	while (n > 0) {
		const char *lf = memchr(p, '\n', n);
		size_t len = lf ? (size_t)(lf - p) : n;

		if (len > 0 && p[len - 1] == '\r')
			len--;
		if (len > 0)
			put_word(l, p, len);
		if (lf)
			l->newlines++;
		n -= lf ? (size_t)(lf + 1 - p) : n;
		p = lf ? lf + 1 : p;
	}
}

void prose_text(struct prose *l, const char *p, size_t n)
{
	size_t from = 0, i = 0;

	if (l->hidden || l->rc != 0)
		return;
	if (l->pre) {
		put_pre(l, p, n);
		return;
	}
	while (i < n) {
		bool shown;
		size_t blank = blank_length(p + i, n - i, &shown);

		if (blank == 0) {
			i++;
			continue;
		}
		if (i > from)
			put_word(l, p + from, i - from);
		if (shown)
			l->blanks = MAX(l->blanks, 1u);
		i += blank;
		from = i;
	}
	if (i > from)
		put_word(l, p + from, i - from);
}

static enum block block_of(const char *element)
{
	for (size_t i = 0; i < COUNT(elements); i++)
		if (strcmp(elements[i].element, element) == 0)
			return elements[i].block;
	return INLINE;
}

static const char *att(const char **atts, const char *name)
{
	for (; atts && atts[0]; atts += 2)
		if (strcmp(atts[0], name) == 0)
			return atts[1] ? atts[1] : "";
	return "";
}

static void open_list(struct prose *l, const char *element, const char **atts)
{
	int start = atoi(att(atts, "start"));

	want_lines(l, l->lists ? 1 : 2);
	if (l->lists < LEVELS)
		l->numbers[l->lists] = strcmp(element, "ol") != 0 ? -1 : start > 0 ? start : 1;
	l->lists++;
	l->item = false;
}

static void open_cell(struct prose *l)
{
	if (l->cells < CELLS)
		l->cell_lines[l->cells] = l->lines;
	l->cells++;
	l->fresh_cell = l->newlines == 0 && l->any;
}

/* Two blanks before the next cell, or a new line where it had several lines. */
static void close_cell(struct prose *l)
{
	bool several;

	if (l->cells == 0)
		return;
	l->cells--;
	several = l->cells >= CELLS || l->lines > l->cell_lines[l->cells] + 1;
	if (!l->fresh_cell && l->any) {
		l->newlines = several ? 1 : 0;
		l->blanks = several ? 0 : 3;
	}
	l->fresh_cell = false;
}

static void close_link(struct prose *l)
{
	struct buf one_line = buf_of(SIZE_MAX);

	l->in_link = false;
	if (!link_says_it(buf_str(&l->href), buf_str(&l->shown))) {
		text_one_line(buf_str(&l->href), l->href.len, SHOWN_MAX, &one_line);
		l->blanks = MAX(l->blanks, 1u);
		put_word(l, "<", 1);
		put(l, buf_str(&one_line), one_line.len);
		puts_text(l, l->href.len > SHOWN_MAX ? "...>" : ">");
	}
	buf_clear(&one_line);
	buf_reset(&l->href);
	buf_reset(&l->shown);
}

static void open_link(struct prose *l, const char **atts)
{
	const char *href = att(atts, "href");

	if (l->in_link)
		close_link(l);
	l->in_link = *href != '\0';
	buf_fill(&l->href, href, strlen(href));
}

static void show_image(struct prose *l, const char *alt)
{
	if (!*alt)
		return;
	put_word(l, "[", 1);
	prose_text(l, alt, strlen(alt));
	l->blanks = 0;
	put_word(l, "]", 1);
}

void prose_open(struct prose *l, const char *element, const char **atts)
{
	enum block b = block_of(element);

	if (b == HIDDEN)
		l->hidden++;
	if (l->hidden || l->rc != 0)
		return;
	if (strcmp(element, "pre") == 0)
		l->pre++;
	switch (b) {
	case PARAGRAPH:
		want_lines(l, 2);
		break;
	case QUOTE:
		want_lines(l, 2);
		l->quotes++;
		break;
	case LIST:
		open_list(l, element, atts);
		break;
	case ITEM:
		want_lines(l, 1);
		l->item = true;
		break;
	case CELL:
		open_cell(l);
		break;
	case LINK:
		open_link(l, atts);
		break;
	case IMAGE:
		show_image(l, att(atts, "alt"));
		break;
	case BREAK:
		want_lines(l, MIN(l->newlines + 1, 2u));
		break;
	case RULE:
		want_lines(l, 1);
		put_word(l, "----", 4);
		want_lines(l, 1);
		break;
	case LINE:
	case ROW:
		want_lines(l, 1);
		break;
	default:
		break;
	}
}

void prose_close(struct prose *l, const char *element)
{
	enum block b = block_of(element);

	if (b == HIDDEN && l->hidden > 0) {
		l->hidden--;
		return;
	}
	if (l->hidden || l->rc != 0)
		return;
	if (strcmp(element, "pre") == 0 && l->pre > 0)
		l->pre--;
	if (b == QUOTE && l->quotes > 0)
		l->quotes--;
	if (b == LIST && l->lists > 0)
		l->lists--;
	if (b == CELL)
		close_cell(l);
	else if (b == LINK && l->in_link)
		close_link(l);
	else if (b == PARAGRAPH || b == QUOTE || (b == LIST && l->lists == 0))
		want_lines(l, 2);
	else if (b == LINE || b == ROW || b == ITEM || b == LIST)
		want_lines(l, 1);
}
