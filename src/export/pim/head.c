/* The head of an exported calendar. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "ics.h"

enum { NAME_MAX_LEN = 1024, FOLD = 75 };

/* Colours of CSS that are well apart, as their names are to be understood by people. */
static const struct {
	const char *name;
	int rgb[3];
} colors[] = {
        {"black", {0, 0, 0}},
        {"dimgray", {105, 105, 105}},
        {"gray", {128, 128, 128}},
        {"silver", {192, 192, 192}},
        {"white", {255, 255, 255}},
        {"maroon", {128, 0, 0}},
        {"brown", {165, 42, 42}},
        {"crimson", {220, 20, 60}},
        {"red", {255, 0, 0}},
        {"tomato", {255, 99, 71}},
        {"salmon", {250, 128, 114}},
        {"pink", {255, 192, 203}},
        {"hotpink", {255, 105, 180}},
        {"fuchsia", {255, 0, 255}},
        {"orchid", {218, 112, 214}},
        {"purple", {128, 0, 128}},
        {"indigo", {75, 0, 130}},
        {"slateblue", {106, 90, 205}},
        {"navy", {0, 0, 128}},
        {"blue", {0, 0, 255}},
        {"royalblue", {65, 105, 225}},
        {"dodgerblue", {30, 144, 255}},
        {"skyblue", {135, 206, 235}},
        {"steelblue", {70, 130, 180}},
        {"aqua", {0, 255, 255}},
        {"turquoise", {64, 224, 208}},
        {"teal", {0, 128, 128}},
        {"green", {0, 128, 0}},
        {"seagreen", {46, 139, 87}},
        {"limegreen", {50, 205, 50}},
        {"lime", {0, 255, 0}},
        {"lightgreen", {144, 238, 144}},
        {"olive", {128, 128, 0}},
        {"khaki", {240, 230, 140}},
        {"yellow", {255, 255, 0}},
        {"gold", {255, 215, 0}},
        {"orange", {255, 165, 0}},
        {"darkorange", {255, 140, 0}},
        {"chocolate", {210, 105, 30}},
        {"tan", {210, 180, 140}},
};

const char *ics_color_name(const char *rgb)
{
	const char *best = NULL;
	long least = 0;

	for (size_t i = 0; i < COUNT(colors); i++) {
		long far = 0;

		for (int k = 0; k < 3; k++) {
			long d = hex_octet(rgb + 1 + 2 * k) - colors[i].rgb[k];

			far += d * d;
		}
		if (!best || far < least) {
			best = colors[i].name;
			least = far;
		}
	}
	return best;
}

/* A line of TEXT (RFC 5545 3.3.11), folded between characters. */
static void put_text(struct buf *out, const char *property, const char *text)
{
	size_t column;

	buf_putf(out, "%s:", property);
	column = strlen(property) + 1;
	for (size_t n = strlen(text), k; n; text += k, n -= k) {
		bool escaped = strchr("\\;,", *text) != NULL;

		k = utf8_next(text, n, NULL);
		k = k ? k : 1;
		if (column + k + escaped > FOLD) {
			buf_puts(out, "\r\n ");
			column = 1;
		}
		if (escaped)
			buf_putc(out, '\\');
		buf_put(out, text, k);
		column += k + escaped;
	}
	buf_puts(out, "\r\n");
}

void ics_head(const struct tree_coll *c, struct buf *out)
{
	struct buf line = buf_of(NAME_MAX_LEN);
	char *name, *color;

	tree_coll_vdir(c, &name, &color);
	text_one_line(name, strlen(name), NAME_MAX_LEN, &line);
	buf_puts(out, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//valise//EN\r\n"
	              "CALSCALE:GREGORIAN\r\n");
	put_text(out, "NAME", buf_str(&line));
	put_text(out, "X-WR-CALNAME", buf_str(&line));
	if (color) {
		put_text(out, "COLOR", ics_color_name(color));
		put_text(out, "X-APPLE-CALENDAR-COLOR", color);
	}
	buf_clear(&line);
	free(name);
	free(color);
}
