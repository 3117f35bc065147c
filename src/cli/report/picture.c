/*
 * Mail by year, and in each year by folder: bars as inline SVG, whose text keeps its size at
 * any width, and the same as a table.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/base/progress.h"
#include "cli/report/html.h"
#include "cli/report/report.h"

enum {
	COLOURS = 6, /* of style.c; the last one is that of all other folders */
	HEIGHT = 150, /* of the tallest bar */
	TOP = 16, /* for the number above it */
	YEARS_MAX = 40, /* earlier ones are mostly those of wrong clocks */
	LABELS_MAX = 9, /* that a narrow screen has room for */
	MARGIN = 25, /* thousandths of the width: room for half a label */
};

struct picture {
	int first; /* the year of the first bar */
	const json_t *years[YEARS_MAX]; /* members of the report's list; NULL: no mail */
	size_t n_years;
	uint64_t left_out; /* messages of other years */
	const json_t *folders[COLOURS - 1]; /* those with the most mail */
	size_t n_folders;
	bool others; /* there are more */
	uint64_t most; /* items of a year */
};

static uint64_t items_of(const json_t *o)
{
	int64_t n = json_get_int(o, "items", 0);

	return n > 0 ? (uint64_t)n : 0;
}

/* Of a folder in a year. */
static uint64_t items_in(const json_t *folder, const char *year)
{
	return !year ? 0 : items_of(json_object_get(json_object_get(folder, "years"), year));
}

/* Into the list of the fullest, which is sorted. */
static void offer_folder(struct picture *p, const json_t *folder)
{
	size_t at = p->n_folders;

	while (at > 0 && items_of(p->folders[at - 1]) < items_of(folder))
		at--;
	p->others = p->others || p->n_folders == COUNT(p->folders);
	if (at == COUNT(p->folders))
		return;
	if (p->n_folders < COUNT(p->folders))
		p->n_folders++;
	memmove(&p->folders[at + 1], &p->folders[at], (p->n_folders - at - 1) * sizeof *p->folders);
	p->folders[at] = folder;
}

/* "2019"; 0: it is none. */
static int year_number(const char *text)
{
	return text && strspn(text, "0123456789") >= 4
	               ? (text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[2] - '0') * 10 +
	                         text[3] - '0'
	               : 0;
}

static int year_of(const json_t *year)
{
	return year_number(json_get_str(year, "year"));
}

/* Each year from the first to the last, but for those that nobody can mean. */
static void fill_years(struct picture *p, const json_t *years, int newest)
{
	int last = 0;
	size_t i;
	json_t *y;

	json_array_foreach(years, i, y)
	{
		if (items_of(y) && year_of(y) <= newest)
			last = MAX(last, year_of(y));
	}
	p->first = last;
	json_array_foreach(years, i, y)
	{
		if (items_of(y) && year_of(y) > last - YEARS_MAX && year_of(y) <= last)
			p->first = MIN(p->first, year_of(y));
	}
	p->n_years = last ? (size_t)(last - p->first) + 1 : 0;
	json_array_foreach(years, i, y)
	{
		if (year_of(y) < p->first || year_of(y) > last) {
			p->left_out += items_of(y);
			continue;
		}
		p->years[year_of(y) - p->first] = y;
		p->most = MAX(p->most, items_of(y));
	}
}

/* False: there is nothing to be seen. */
static bool fill_picture(struct picture *p, const json_t *o)
{
	const json_t *folders = json_object_get(o, "folders");
	int now = year_number(json_get_str(o, "ended"));
	size_t i;
	json_t *f;

	fill_years(p, json_object_get(o, "years"), now ? now + 1 : 9999);
	json_array_foreach(folders, i, f)
	{
		if (json_object_size(json_object_get(f, "years")))
			offer_folder(p, f);
	}
	return p->most > 0;
}

/* Thousandths of the picture's width. */
static void put_percent(struct buf *b, const char *attribute, size_t thousandths)
{
	buf_putf(b, " %s=\"%zu.%zu%%\"", attribute, thousandths / 10, thousandths % 10);
}

/* Below the bar its year, above it its number, as far as there is room. */
static void put_labels(struct buf *b, const struct picture *p, size_t at, size_t middle, double top)
{
	uint64_t total = p->years[at] ? items_of(p->years[at]) : 0;
	char n[32];

	if (at % ((p->n_years - 1) / LABELS_MAX + 1) == 0) {
		buf_puts(b, "<text text-anchor=\"middle\"");
		put_percent(b, "x", middle);
		buf_putf(b, " y=\"%d\">%d</text>", TOP + HEIGHT + 16, p->first + (int)at);
	}
	if (p->n_years > LABELS_MAX || !total)
		return;
	buf_puts(b, "<text class=\"count\" text-anchor=\"middle\"");
	put_percent(b, "x", middle);
	buf_putf(b, " y=\"%.1f\">%s</text>\n", top - 4, human_count(total, n));
}

/* One year: its folders upon each other, in colours, those of no colour on top. */
static void put_bar(struct buf *b, const struct picture *p, size_t at)
{
	uint64_t rest = p->years[at] ? items_of(p->years[at]) : 0;
	size_t step = (1000 - 2 * MARGIN) / p->n_years, start = MARGIN + at * step;
	char year[16];
	double y = TOP + HEIGHT;

	snprintf(year, sizeof year, "%04d", p->first + (int)at);
	for (size_t i = 0; i <= p->n_folders && rest; i++) {
		uint64_t items = i < p->n_folders ? MIN(items_in(p->folders[i], year), rest) : rest;
		double height = (double)items * (double)HEIGHT / (double)p->most;

		rest -= items;
		if (!items)
			continue;
		y -= height;
		buf_putf(b, "<rect class=\"c%zu\"", i < p->n_folders ? i : (size_t)COLOURS - 1);
		put_percent(b, "x", start + step / 8);
		put_percent(b, "width", step * 3 / 4);
		buf_putf(b, " y=\"%.1f\" height=\"%.1f\"/>", y, height);
	}
	put_labels(b, p, at, start + step / 2, y);
}

static void put_colour(struct buf *b, size_t colour, const char *name)
{
	buf_putf(b,
	        "<li><svg width=\"12\" height=\"12\" aria-hidden=\"true\"><rect class=\"c%zu\" "
	        "width=\"12\" height=\"12\" rx=\"2\"/></svg> ",
	        colour);
	markup_element(b, "span", name);
	buf_puts(b, "</li>\n");
}

static void put_legend(struct buf *b, const struct picture *p)
{
	buf_puts(b, "<ul class=\"legend\">\n");
	for (size_t i = 0; i < p->n_folders; i++)
		put_colour(b, i, json_get_str(p->folders[i], "name"));
	if (p->others)
		put_colour(b, COLOURS - 1, "other folders");
	buf_puts(b, "</ul>\n");
}

/* All years, and what the picture shows of each. */
static void put_table(struct buf *b, const struct picture *p, const json_t *years)
{
	static const char *const keys[COLOURS - 1] = {"f.0", "f.1", "f.2", "f.3", "f.4"};
	struct column columns[COLOURS + 2] = {{"year", "Year", CELL_TEXT},
	        {"items", "Messages", CELL_NUMBER}, {"bytes", "Bytes", CELL_BYTES}};
	json_t *rows = json_array(), *year;
	size_t i, n = 3;

	for (size_t k = 0; k < p->n_folders; k++) {
		const char *name = json_get_str(p->folders[k], "name");

		columns[n++] = (struct column){keys[k], name ? name : "", CELL_NUMBER};
	}
	json_array_foreach(years, i, year)
	{
		json_t *row = json_copy(year), *f = json_object();

		for (size_t k = 0; k < p->n_folders; k++)
			json_set_number(f, keys[k] + 2,
			        items_in(p->folders[k], json_get_str(year, "year")));
		json_object_set_new(row, "f", f);
		json_array_append_new(rows, row);
	}
	buf_puts(b, "<details><summary>The same as a table</summary>\n");
	html_table(b, NULL, rows, columns, n);
	buf_puts(b, "</details>\n");
	json_decref(rows);
}

void picture_years(const json_t *o, struct buf *b)
{
	struct picture p = {0};
	char n[COUNTED_SIZE];

	if (!fill_picture(&p, o))
		return;
	buf_puts(b, "<section>\n<h2>Mail by year and folder</h2>\n<figure>\n");
	buf_putf(b,
	        "<svg class=\"years\" role=\"img\" width=\"100%%\" height=\"%d\" "
	        "aria-label=\"Messages by year, from %d to %d; "
	        "the table below has the numbers\">\n",
	        TOP + HEIGHT + 22, p.first, p.first + (int)p.n_years - 1);
	for (size_t i = 0; i < p.n_years; i++)
		put_bar(b, &p, i);
	buf_putf(b, "<line x1=\"0\" x2=\"100%%\" y1=\"%d\" y2=\"%d\"/></svg>\n", TOP + HEIGHT,
	        TOP + HEIGHT);
	put_legend(b, &p);
	buf_puts(b, "</figure>\n");
	if (p.left_out)
		buf_putf(b, "<p>%s of other years: the table has them.</p>\n",
		        counted(p.left_out, "message", "messages", n));
	put_table(b, &p, json_object_get(o, "years"));
	buf_puts(b, "</section>\n");
}
