/* An item as a line of a table. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/columns.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "cli/list/list.h"

enum {
	NARROW = 90, /* columns: less have no room for times of day */
	UID = 6,
	FLAGS = 3,
	SIZE = 9,
	WHO_MIN = 12,
	WHO_MAX = 30,
	TEXT_MIN = 10,
	TEXT_SIZE = 4096,
	START_SIZE = 100,
};

char *list_flags(unsigned flags, char out[LIST_FLAGS_SIZE])
{
	static const struct {
		unsigned bit;
		char letter;
	} letters[] = {
	        {FLAG_FLAGGED, 'F'}, {FLAG_ANSWERED, 'R'}, {FLAG_DRAFT, 'D'}, {FLAG_DELETED, 'T'}};
	size_t n = 0;

	if (!(flags & FLAG_SEEN))
		out[n++] = 'N';
	for (size_t i = 0; i < COUNT(letters); i++)
		if (flags & letters[i].bit)
			out[n++] = letters[i].letter;
	out[n] = '\0';
	return out;
}

/* ${text}, cut at ${columns} (0: not at all) and as wide with blanks if ${pad}; then two blanks. */
static void put_cell(struct buf *out, const char *text, size_t columns, size_t pad)
{
	char *safe = term_escape_dup(text ? text : ""), cut[TEXT_SIZE];
	const char *shown = columns ? text_cut(safe, columns, cut, sizeof cut) : safe;
	size_t wide = text_columns(shown);

	buf_puts(out, shown);
	for (; wide < pad; wide++)
		buf_putc(out, ' ');
	buf_puts(out, "  ");
	free(safe);
}

/* "Ann" of "Ann <ann@example.org>, Bob <...>" where there is little room. */
static void put_person(struct buf *out, const char *text, bool sent, size_t columns, size_t pad)
{
	const char *angle = text ? strchr(text, '<') : NULL;
	size_t n = text ? strlen(text) : 0;
	struct buf shown = buf_of(SIZE_MAX);

	if (columns && angle && angle > text + 1)
		n = (size_t)(angle - text);
	while (columns && n > 0 && (text[n - 1] == ' ' || text[n - 1] == '"'))
		n--;
	if (columns && n > 0 && *text == '"') {
		text++;
		n--;
	}
	if (sent && n > 0)
		buf_puts(&shown, "To: ");
	buf_put(&shown, text ? text : "", n);
	put_cell(out, n > 0 ? buf_str(&shown) : "-", columns, pad);
	buf_clear(&shown);
}

static void put_marks(const struct list_row *row, size_t columns, struct buf *out)
{
	/* how it was fetched is nothing that a reader asks for */
	unsigned warn = columns ? row->warn & ~(unsigned)(WARN_EXACT | WARN_LINES) : row->warn;
	const char *before = "[";

	if (row->gone)
		buf_puts(out, "[gone]  ");
	for (unsigned bit = 1; bit <= warn; bit <<= 1)
		if (warn & bit) {
			buf_putf(out, "%s%s", before, warn_name(bit));
			before = ", ";
		}
	buf_puts(out, warn ? "]  " : "");
}

/* The time of an event for a column: "2024-11-03 10:00". */
static void start_text(const char *start, size_t columns, char out[START_SIZE])
{
	char *t;

	snprintf(out, START_SIZE, "%.*s", columns ? (columns < NARROW ? 10 : 16) : START_SIZE - 1,
	        start ? start : "");
	t = strchr(out, 'T');
	if (t == out + 10 && columns)
		*t = ' ';
}

static void put_date(const struct list_row *row, size_t columns, struct buf *out)
{
	char text[DATE_TEXT_SIZE];
	int zone = row->date.zone_min;

	date_format_iso(row->date.utc + zone * 60, text);
	text[10] = ' ';
	if (columns)
		buf_putf(out, "%.*s  ", columns < NARROW ? 10 : 16, text);
	else
		buf_putf(out, "%.19s %c%02d%02d  ", text, zone < 0 ? '-' : '+', abs(zone) / 60,
		        abs(zone) % 60);
}

static void put_size(uint64_t size, size_t columns, struct buf *out)
{
	char text[32];

	if (columns && size < 1000)
		buf_putf(out, "%*" PRIu64 " B ", SIZE - 2, size);
	else if (columns)
		buf_putf(out, "%*s ", SIZE, human_bytes(size, text));
	else
		buf_putf(out, "%10" PRIu64 " ", size);
	buf_putc(out, ' ');
}

/* What ${used} columns and those for marks leave; at least so many that one sees what it is. */
static size_t room(size_t columns, size_t used)
{
	if (columns == 0)
		return 0;
	return columns > used + TEXT_MIN ? columns - used : TEXT_MIN;
}

static size_t who_columns(size_t columns)
{
	return columns ? MIN(MAX(columns / 5, (size_t)WHO_MIN), (size_t)WHO_MAX) : 0;
}

static void put_mail(const struct list_row *row, size_t columns, size_t marks, struct buf *out)
{
	size_t from = out->len, who = who_columns(columns), used;
	char flags[LIST_FLAGS_SIZE];

	if (!row->placed)
		buf_putf(out, "%*u  ", columns ? UID : 10, row->uid);
	put_date(row, columns, out);
	buf_putf(out, "%-*s  ", FLAGS, list_flags(row->flags, flags));
	put_size(row->size, columns, out);
	put_person(out, row->about->text[row->sent ? ABOUT_TO : ABOUT_FROM], row->sent, who,
	        columns ? who : WHO_MAX);
	used = text_columns(buf_str(out) + from);
	put_cell(out, row->about->text[ABOUT_SUBJECT], room(columns, used + marks), 0);
}

/* The key is what "show" takes: never cut. */
static void put_resource(const struct list_row *row, size_t columns, size_t marks, struct buf *out)
{
	const char *tail = row->placed ? NULL : row->key;
	size_t from = out->len, used, key = tail ? text_columns(tail) + 2 : 0, text;
	char start[START_SIZE];

	if (row->kind == COLL_CALENDAR) {
		start_text(row->about->text[ABOUT_START], columns, start);
		put_cell(out, start, 0, columns ? (columns < NARROW ? 10 : 16) : 16);
	}
	put_size(row->size, columns, out);
	used = text_columns(buf_str(out) + from);
	text = room(columns, used + key + marks);
	put_cell(out, about_title(row->about), text, columns ? text - MIN(text, 2u) : WHO_MAX);
	if (row->kind == COLL_CONTACTS && !columns) {
		const char *mail = row->about->text[ABOUT_MAIL];
		char *first = xstrndup(mail ? mail : "-", mail ? strcspn(mail, "\n") : 1);

		put_cell(out, first, 0, WHO_MAX);
		free(first);
	}
	put_cell(out, tail, 0, 0);
}

void list_line(const struct list_row *row, size_t columns, struct buf *out)
{
	struct buf marks = buf_of(SIZE_MAX);

	put_marks(row, columns, &marks);
	if (row->kind == COLL_MAIL)
		put_mail(row, columns, marks.len, out);
	else
		put_resource(row, columns, marks.len, out);
	buf_put(out, marks.data, marks.len);
	while (out->len > 0 && out->data[out->len - 1] == ' ')
		out->data[--out->len] = '\0';
	buf_clear(&marks);
}

void list_heading(enum coll_kind kind, size_t columns, struct buf *out)
{
	int date = columns < NARROW ? 10 : 16;

	if (columns == 0 || coll_is_beside(kind))
		return;
	if (kind == COLL_MAIL)
		buf_putf(out, "%*s  %-*s  %-*s  %*s  %-*s  %s", UID, "UID", date, "DATE", FLAGS, "",
		        SIZE, "SIZE", (int)who_columns(columns), "FROM", "SUBJECT");
	else if (kind == COLL_CALENDAR)
		buf_putf(out, "%-*s  %*s  %s", date, "START", SIZE, "SIZE", "TITLE");
	else
		buf_putf(out, "%*s  %s", SIZE, "SIZE", "NAME");
}
