/*
 * mbox: messages one after the other (RFC 4155 and what programs make of it). docs/INTEROP.md
 * says how its variants are read.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "import/mail/mail.h"
#include "valise/base/mem.h"
#include "valise/base/progress.h"
#include "valise/base/text.h"
#include "valise/format/header.h"
#include "valise/format/mbox.h"

struct mbox {
	struct import_box *box;
	struct lines lines;
	struct mail_out out;
	struct from_line from;
	uint64_t number; /* of the message, from 1; 0: none has begun */
	uint64_t gm_msgid; /* of Takeout's From line; 0: it has none */
	uint64_t expunged, internal;
	uint64_t before; /* octets that stand before the first message, empty lines apart */
	bool at_start; /* of a line */
	bool verbatim; /* its length was believed: nothing in it was escaped */
	bool in_body;
	bool ours; /* written by us, mboxrd: what its top says is taken away (format/mbox.h) */
	struct import_item top; /* of ours: flags and keywords, which are the message's own */
	char *keywords; /* what top points to */
	struct buf google; /* what Takeout has put before the header; empty: nothing */
	/* an empty line that may be what parts two messages: "", "\n", "\r\n" */
	char held[3];
};

static size_t line_end(const char *p, size_t n)
{
	return n >= 1 && p[0] == '\n' ? 1 : n >= 2 && p[0] == '\r' && p[1] == '\n' ? 2 : 0;
}

/* Does a message begin with this text, whose first line is its From line? */
static bool begins_message(const char *p, size_t n, bool after_empty)
{
	const char *end = memchr(p, '\n', n);
	struct from_line from;
	size_t rest;

	if (!from_line_read(p, end ? (size_t)(end - p) : n, &from))
		return false;
	if (!end)
		return after_empty; /* the file ends with it */
	rest = n - (size_t)(end + 1 - p);
	return looks_like_field(end + 1, rest) || (rest > 5 && !strncmp(end + 1, ">From ", 6)) ||
	       (after_empty && (rest == 0 || line_end(end + 1, rest)));
}

/* The next octets of the file at ${off}; without seeking there, as far as they are here. */
static size_t look_ahead(struct mbox *m, uint64_t off, char *p, size_t n)
{
	struct import_file *f = m->lines.f;
	const char *here;
	size_t got = 0, there = lines_peek(&m->lines, LINE_PIECE, &here);
	uint64_t ahead = off - m->lines.at;

	if (ahead + n <= there || (ahead <= there && m->lines.eof)) {
		got = MIN(n, there - (size_t)ahead);
		memcpy(p, here + ahead, got);
		return got;
	}
	if (!f->peek || (f->size != UINT64_MAX && off > f->size) ||
	        f->peek(f, p, n, off, &got, NULL) < 0)
		return SIZE_MAX;
	return got;
}

/*
 * Content-Length is often wrong: it is believed where what follows so many octets is the next
 * message, or the end of the file.
 */
static bool believe_length(struct mbox *m, uint64_t length)
{
	char p[2048];
	size_t n, skip = 1; /* the last octet of the body */

	if (length > UINT64_MAX / 2)
		return false;
	n = look_ahead(m, m->lines.at + length - 1, p, sizeof p);
	/* no body ends in the middle of a CRLF */
	if (n == SIZE_MAX || n == 0 || (n > 1 && p[0] == '\r' && p[1] == '\n'))
		return false;
	for (unsigned i = 0; i < 2 && skip < n; i++)
		skip += line_end(p + skip, n - skip);
	return skip == n || (p[skip - 1] == '\n' && begins_message(p + skip, n - skip, skip > 1));
}

/* The octets of the body, by its length. */
static int put_body(struct mbox *m, uint64_t left, struct err *err)
{
	const char *p;
	size_t n;
	int rc = 0;

	m->verbatim = true;
	while (rc == 0 && left > 0 &&
	        (n = lines_take(&m->lines, (size_t)MIN(left, (uint64_t)LINE_PIECE), &p)) > 0) {
		rc = mail_out_put(&m->out, p, n, err);
		left -= n;
	}
	m->at_start = true;
	return rc;
}

static int put_held(struct mbox *m, struct err *err)
{
	size_t n = strlen(m->held);
	char held[3];

	memcpy(held, m->held, sizeof held);
	m->held[0] = '\0';
	return n ? mail_out_put(&m->out, held, n, err) : 0;
}

/* The header has ended: is the length of the body told? */
static int end_header(struct mbox *m, struct err *err)
{
	struct buf value = buf_of(64);
	uint64_t length = 0;
	char *end = NULL;
	int rc = 0;

	m->in_body = true;
	if (m->ours)
		return 0;
	/* ours is mboxrd, and what a message says itself is of other line ends */
	if (!m->ours &&
	        header_find(buf_str(&m->out.head), m->out.head.len, "Content-Length", &value) &&
	        value.len > 0 && value.len < 19) {
		length = strtoull(buf_str(&value), &end, 10);
		if (*end == '\0' && length > 0 && believe_length(m, length)) {
			rc = put_held(m, err);
			if (rc == 0)
				rc = put_body(m, length, err);
		}
	}
	buf_clear(&value);
	return rc;
}

/* One that we have written: nothing of its header is for an mbox. */
static int end_ours(struct mbox *m, const char *shown, struct err *err)
{
	struct import_item it = {.date_utc = m->from.utc,
	        .zone_min = (int16_t)m->from.zone_min,
	        .flags = m->top.flags,
	        .keywords = m->top.keywords,
	        .shown = shown};

	return mail_end_as(&m->out, &it, err);
}

/* Deleted by its program, or what it keeps of the mailbox as the first message; counted. */
static bool is_left_out(struct mbox *m)
{
	struct mail_status s;
	bool internal;

	mail_status_read(buf_str(&m->out.head), m->out.head.len, &s);
	internal = s.internal && m->number == 1;
	m->expunged += s.expunged;
	m->internal += internal && !s.expunged;
	mail_status_clear(&s);
	return s.expunged || internal;
}

/* The message that was read is an item, unless its program has deleted it. */
static int end_message(struct mbox *m, struct err *err)
{
	char shown[48];
	struct import_item it = {.date_utc = INT64_MIN, .shown = shown};
	struct import_labels labels = {0};
	int rc = 0;

	m->held[0] = '\0';
	if (m->number == 0)
		return 0;
	snprintf(shown, sizeof shown, "message %" PRIu64, m->number);
	if (m->ours)
		return end_ours(m, shown, err);
	if (!m->from.thunderbird && m->from.utc != INT64_MIN) {
		it.date_utc = m->from.utc;
		it.zone_min = (int16_t)m->from.zone_min;
	}
	if (m->google.len)
		takeout_item(buf_str(&m->google), m->google.len, m->gm_msgid, &labels, &it);
	else
		takeout_item(buf_str(&m->out.head), m->out.head.len, m->gm_msgid, &labels, &it);
	if (m->out.len == 0 || (!it.folders && is_left_out(m)))
		mail_drop(&m->out);
	else if (it.folders) /* its labels say all; a Status is of another program */
		rc = mail_end_as(&m->out, &it, err);
	else
		rc = mail_end(&m->out, &it, err);
	labels_clear(&labels);
	return rc;
}

/* Take what our own top says, if it is one. */
static void read_top(struct mbox *m)
{
	struct mbox_top top;
	const char *p;
	size_t n = lines_peek(&m->lines, LINE_PIECE, &p), len = mbox_top_read(p, n, &top);

	m->ours = len > 0;
	free(m->keywords);
	m->keywords = m->ours ? xstrndup(top.keywords, top.n_keywords) : NULL;
	m->top = (struct import_item){.keywords = m->keywords};
	if (!m->ours)
		return;
	m->top.flags |= top.seen ? FLAG_SEEN : 0;
	m->top.flags |= top.answered ? FLAG_ANSWERED : 0;
	m->top.flags |= top.flagged ? FLAG_FLAGGED : 0;
	m->top.flags |= top.deleted ? FLAG_DELETED : 0;
	m->top.flags |= top.draft ? FLAG_DRAFT : 0;
	while (len > 0 && (n = lines_take(&m->lines, len, &p)) > 0)
		len -= n;
}

/* The same of Takeout. */
static void read_google(struct mbox *m)
{
	const char *p;
	size_t n = lines_peek(&m->lines, LINE_PIECE, &p), len = takeout_top(p, n);

	buf_reset(&m->google);
	buf_fill(&m->google, p, len);
	while (len > 0 && (n = lines_take(&m->lines, len, &p)) > 0)
		len -= n;
}

static int begin_message(struct mbox *m, const char *line, size_t n, struct err *err)
{
	int rc = end_message(m, err);

	(void)from_line_read(line, n, &m->from);
	m->gm_msgid = takeout_msgid(line, n);
	m->number++;
	m->at_start = true;
	m->verbatim = m->in_body = false;
	read_top(m);
	if (!m->ours)
		read_google(m);
	return rc;
}

/* The octets of the line's beginning that who wrote the mbox has put there. */
static size_t added(const struct mbox *m, const char *p, size_t n)
{
	size_t k = strlen(MBOX_ORIGINAL), name = 0;

	if ((m->in_body || m->ours) && mbox_is_quoted(p, n))
		return 1;
	if (!m->ours || m->in_body || n <= k || !text_is(p, k, MBOX_ORIGINAL))
		return 0;
	while (k + name < n && p[k + name] > ' ' && p[k + name] != ':' && p[k + name] != 127)
		name++;
	return name <= MBOX_FIELD_MAX && mbox_is_field(p + k, name) ? k : 0;
}

/* One line, or a piece of one. */
static int take_line(struct mbox *m, const char *p, size_t n, struct err *err)
{
	bool start = m->at_start, ends = p[n - 1] == '\n';
	int rc;

	m->at_start = ends;
	if (m->verbatim && m->in_body) /* what parts it from the next one */
		return 0;
	if (start && line_end(p, n) == n) {
		rc = put_held(m, err);
		memcpy(m->held, p, n);
		m->held[n] = '\0';
		return rc == 0 && !m->in_body ? end_header(m, err) : rc;
	}
	rc = put_held(m, err);
	if (rc == 0 && start) {
		size_t more = added(m, p, n);

		p += more;
		n -= more;
	}
	return rc ? rc : mail_out_put(&m->out, p, n, err);
}

/*
 * Does a message begin here? An empty line, or the end of a body whose length was believed, is
 * before its From line; programs forget the empty line.
 */
static bool at_message(struct mbox *m)
{
	bool after_empty = m->number == 0 || m->held[0] || m->verbatim;
	const char *p;
	size_t n;

	if (!m->at_start || lines_peek(&m->lines, 5, &p) < 5 || memcmp(p, "From ", 5) != 0)
		return false;
	n = lines_peek(&m->lines, 4096, &p);
	return begins_message(p, MIN(n, 4096), after_empty);
}

/* No message has begun yet. */
static void see_before(struct mbox *m, const char *p, size_t n)
{
	m->at_start = p[n - 1] == '\n';
	m->before += line_end(p, n) == n ? 0 : n;
}

static int read_all(struct mbox *m, struct err *err)
{
	const char *p;
	size_t n;
	int rc = 0;

	while (rc == 0) {
		bool begins = at_message(m);

		n = lines_next(&m->lines, &p);
		if (n == 0)
			break;
		if (begins)
			rc = begin_message(m, p, n, err);
		else if (m->number > 0)
			rc = take_line(m, p, n, err);
		else
			see_before(m, p, n);
	}
	return rc;
}

/* What was read of the message that an error cut is none; what follows is not known. */
static int end_by_error(struct mbox *m, struct err *err)
{
	char shown[48];

	if (m->lines.why.code == ERR_STOPPED)
		return err_copy(err, &m->lines.why);
	mail_drop(&m->out);
	snprintf(shown, sizeof shown, "from message %" PRIu64 " on", MAX(m->number, 1));
	box_error(m->box, shown, m->lines.why.text);
	return 0;
}

static void tell_left_out(struct mbox *m)
{
	char text[160], n[COUNTED_SIZE];

	if (m->before) {
		snprintf(text, sizeof text, "%s before its first message %s left out",
		        counted(m->before, "octet", "octets", n), m->before == 1 ? "is" : "are");
		box_error(m->box, NULL, m->number ? text : "no message begins in it");
	}
	if (m->expunged) {
		snprintf(text, sizeof text, "%s left out: Thunderbird has deleted them",
		        counted(m->expunged, "message is", "messages are", n));
		box_note(m->box, text);
	}
	if (m->internal)
		box_note(m->box, "a message of its mail program about the folder itself is left "
		                 "out");
}

int read_mbox(struct import_file *f, struct import_box *b, struct err *err)
{
	struct mbox m = {.box = b, .at_start = true};
	int rc;

	lines_open(&m.lines, f);
	mail_begin(&m.out, b);
	buf_init(&m.google, LINE_PIECE);
	rc = read_all(&m, err);
	if (rc == 0 && m.lines.why.code)
		rc = end_by_error(&m, err);
	else if (rc == 0)
		rc = end_message(&m, err);
	if (rc == 0)
		tell_left_out(&m);
	mail_clear(&m.out);
	buf_clear(&m.google);
	free(m.keywords);
	lines_close(&m.lines);
	return rc;
}
