/* Text from outside on standard output. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/columns.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/tree/words.h"
#include "cli/show/show.h"

enum {
	LINE_MAX_OCTETS = 64 << 10, /* of a line that is printed as one */
	WIDE = 100, /* columns that people like to read at most */
	TAB = 8,
	LABEL = 13,
};

struct printer {
	struct buf line;
	size_t columns; /* 0: lines stay as they are */
};

struct printer *printer_new(void)
{
	struct printer *p = xcalloc(1, sizeof *p);

	buf_init(&p->line, LINE_MAX_OCTETS + TAB);
	p->columns = MIN(reading_columns(), (size_t)WIDE);
	return p;
}

/*
 * Words of ${text} in lines of so many columns; quotes stay quotes, but those deeper than half a
 * line: a message of nothing else would be printed a thousand times its length.
 */
static void print_words(const char *text, size_t columns)
{
	size_t quote = MIN(strspn(text, "> "), columns / 2), used = 0;
	const char *p = text + quote;

	printf("%.*s", (int)quote, text);
	used = quote;
	while (*p) {
		size_t n = strcspn(p, " "), blanks = strspn(p + n, " ");
		char *word = xstrndup(p, n);
		size_t wide = text_columns(word);

		if (used + wide > columns && used > quote) {
			printf("\n%.*s", (int)quote, text);
			used = quote;
		}
		fputs(word, stdout);
		used += wide;
		p += n + blanks;
		if (*p && used + blanks < columns)
			printf("%*s", (int)blanks, "");
		used += blanks;
		free(word);
	}
	putchar('\n');
}

static void print_line(struct printer *p)
{
	char *safe = term_escape_dup(buf_str(&p->line));

	if (p->columns > 0 && text_columns(safe) > p->columns)
		print_words(safe, p->columns);
	else
		puts(safe);
	free(safe);
	buf_reset(&p->line);
}

int printer_write(void *printer, const void *octets, size_t n, struct err *err)
{
	struct printer *p = printer;
	const char *text = octets;

	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\n')
			print_line(p);
		else if (text[i] == '\t')
			buf_put(&p->line, "        ", TAB - p->line.len % TAB);
		else
			buf_putc(&p->line, text[i]);
		if (p->line.len >= LINE_MAX_OCTETS)
			print_line(p);
	}
	return ferror(stdout) ? err_sys(err, ERR_WHOLE, "standard output") : 0;
}

void printer_end(struct printer *p)
{
	if (p->line.len > 0)
		print_line(p);
	buf_clear(&p->line);
	free(p);
}

void print_field(const char *label, const char *text)
{
	for (bool first = true; *text || first; first = false) {
		size_t n = strcspn(text, "\r\n");
		char *line = xstrndup(text, n), *safe = term_escape_dup(line);
		char head[LABEL + 2];

		snprintf(head, sizeof head, "%s%s", first ? label : "", first ? ":" : "");
		printf("%-*s %s\n", LABEL, head, safe);
		free(line);
		free(safe);
		text += n;
		text += *text == '\r' && text[1] == '\n';
		text += *text != '\0';
	}
}

/* "\Seen \Flagged work" */
static void put_flags(const struct shown_item *s, struct buf *out)
{
	for (unsigned bit = 1; bit <= FLAG_DRAFT; bit <<= 1)
		if (s->item->flags & bit)
			buf_putf(out, "%s%s", out->len ? " " : "", flag_name(bit));
	if (s->item->keywords)
		buf_putf(out, "%s%s", out->len ? " " : "",
		        tree_coll_keyword_text(s->coll, s->item->keywords));
}

void print_listing(const struct shown_item *s)
{
	const struct tree_ext *x = tree_item_ext(s->coll, s->item);
	struct date arrived = {s->item->date_utc, s->item->zone_min, true};
	char date[DATE_TEXT_SIZE];
	struct buf b = buf_of(SIZE_MAX);

	if (s->coll->kind == COLL_MAIL) {
		date_format_imap(&arrived, date);
		print_field("Arrived", date + strspn(date, " "));
		put_flags(s, &b);
		if (b.len)
			print_field("Flags", buf_str(&b));
		buf_reset(&b);
		if (x && x->labels)
			print_field("Labels", x->labels);
		buf_putf(&b, "%s, UID %u", s->coll->name, s->item->uid);
	} else {
		buf_putf(&b, "%s%s%s", s->coll->name, x && x->href ? ", " : "",
		        x && x->href ? x->href : "");
	}
	print_field("Folder", buf_str(&b));
	if (x && x->note)
		print_field("Note", x->note);
	if (s->item->gone)
		print_field("Gone", "the server shows it no longer");
	buf_clear(&b);
}
