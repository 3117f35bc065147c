/* One message a file: as it is, and as Apple Mail keeps it (.emlx). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "import/mail/mail.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/format/header.h"

/* What came of the message is none; the run goes on, unless it is to end. */
static int give_up(struct import_box *b, struct mail_out *o, const struct err *why, struct err *err)
{
	mail_drop(o);
	if (why->code == ERR_STOPPED)
		return err_copy(err, why);
	box_error(b, NULL, why->text);
	return 0;
}

int read_eml(struct import_file *f, struct import_box *b, struct err *err)
{
	struct import_item it = {.date_utc = INT64_MIN};
	struct mail_out o;
	struct lines l;
	const char *p;
	size_t n;
	int rc = 0;

	lines_open(&l, f);
	mail_begin(&o, b);
	while (rc == 0 && (n = lines_take(&l, LINE_PIECE, &p)) > 0)
		rc = mail_out_put(&o, p, n, err);
	if (rc == 0 && l.why.code)
		rc = give_up(b, &o, &l.why, err);
	else if (rc == 0)
		rc = mail_end(&o, &it, err);
	mail_clear(&o);
	lines_close(&l);
	return rc;
}

/* The whole number behind <key>NAME</key>; false: there is none. */
static bool read_number(const char *s, const char *key, int64_t *out)
{
	char *mark = xasprintf("<key>%s</key>", key), *end;
	const char *p = strstr(s, mark);

	if (p)
		p += strlen(mark);
	free(mark);
	if (!p)
		return false;
	p += strspn(p, " \t\r\n");
	if (strncmp(p, "<integer>", 9) != 0 && strncmp(p, "<real>", 6) != 0)
		return false;
	p = strchr(p, '>') + 1;
	*out = strtoll(p, &end, 10);
	return end != p;
}

void emlx_read_list(const char *s, size_t n, struct emlx_says *out)
{
	static const struct {
		int64_t bit;
		uint16_t flag;
	} bits[] = {{1, FLAG_SEEN}, {1 << 1, FLAG_DELETED}, {1 << 2, FLAG_ANSWERED},
	        {1 << 4, FLAG_FLAGGED}, {1 << 6, FLAG_DRAFT}};
	char *text = xstrndup(s, n);
	int64_t flags;

	*out = (struct emlx_says){.date_utc = INT64_MIN};
	if (read_number(text, "flags", &flags))
		for (size_t i = 0; i < COUNT(bits); i++)
			out->flags |= flags & bits[i].bit ? bits[i].flag : 0;
	if (!read_number(text, "date-received", &out->date_utc) || out->date_utc <= 0)
		out->date_utc = INT64_MIN;
	free(text);
}

/* The message is ${len} octets long; *left_out: how many are missing. */
static int put_octets(
        struct lines *l, uint64_t len, struct mail_out *o, uint64_t *left_out, struct err *err)
{
	const char *p;
	size_t n;
	int rc = 0;

	while (rc == 0 && len > 0 &&
	        (n = lines_take(l, (size_t)MIN(len, (uint64_t)LINE_PIECE), &p)) > 0) {
		rc = mail_out_put(o, p, n, err);
		len -= n;
	}
	*left_out = len;
	return rc;
}

/* What is behind the message, and what it says; then the message is an item. */
static int end_emlx(struct lines *l, struct mail_out *o, const char *name, struct err *err)
{
	struct import_item it = {.date_utc = INT64_MIN};
	struct emlx_says says;
	const char *p;
	size_t n = lines_peek(l, LINE_PIECE, &p);
	int rc;

	emlx_read_list(p, n, &says);
	it.flags = says.flags;
	it.date_utc = says.date_utc;
	rc = mail_end(o, &it, err);
	if (rc == 0 && text_ends_with(name, ".partial.emlx"))
		box_error(o->box, NULL,
		        "Apple Mail keeps the attachments of this message in other files: it is "
		        "here without them");
	return rc;
}

int read_emlx(struct import_file *f, struct import_box *b, struct err *err)
{
	struct mail_out o;
	struct lines l;
	struct err why = {0};
	const char *p;
	uint64_t left = 0;
	int rc;

	lines_open(&l, f);
	mail_begin(&o, b);
	(void)lines_next(&l, &p); /* of digits, as it was told by */
	rc = put_octets(&l, strtoull(p, NULL, 10), &o, &left, err);
	if (rc == 0 && left && !l.why.code)
		(void)err_set(&l.why, ERR_DAMAGED, ERR_ITEM,
		        "the file is cut: %" PRIu64 " octets of the message are missing", left);
	why = l.why;
	if (rc == 0 && why.code)
		rc = give_up(b, &o, &why, err);
	else if (rc == 0)
		rc = end_emlx(&l, &o, f->place, err);
	mail_clear(&o);
	lines_close(&l);
	return rc;
}
