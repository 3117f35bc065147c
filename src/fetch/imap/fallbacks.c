/*
 * The rescue ladder: a message that BODY.PEEK[] does not give, also not on a fresh
 * connection, is asked for in pieces, then as header and text, then as header and parts
 * (RFC 3501 6.4.5). Pieces that come to RFC822.SIZE are the message. Whatever else is put
 * together is marked as rescued. Each rung is tried once; one that breaks the connection
 * is not tried again.
 */
#include <string.h>
#include "valise/format/header.h"
#include "run.h"

enum { HEADER_CAP = 1 << 20, PARTS_MAX = 1000, BOUNDARY_CAP = 200 };

/* One section of a message on its way. */
struct section {
	struct worker *w;
	uint32_t uid;
	struct buf *keep; /* kept here, else streamed as the body that comes in */
	uint64_t n;
	bool came, spoiled;
};

/* Octets of the section: kept, or streamed as the body. */
static int on_section(void *ctx, const void *p, size_t n, struct err *err)
{
	struct section *s = ctx;

	s->n += n;
	if (!s->keep)
		return fetch_ops.body(s->w, p, n, err);
	s->spoiled |= buf_add(s->keep, p, n) != 0;
	return 0;
}

/* Was it the section of this message, and was its length true? */
static int on_section_end(void *ctx, const struct imap_msg *msg, struct err *err)
{
	struct section *s = ctx;

	(void)err;
	s->spoiled |= msg->spoiled;
	if (msg->uid == s->uid)
		s->came |= msg->has_body;
	else
		s->spoiled |= msg->has_body;
	return 0;
}

/*
 * Ask for BODY.PEEK[name]. 1: it was given, ${*n_out} octets (may be NULL); 0: it was
 * not.
 */
static int section_get(struct worker *w, const struct rec *r, const char *name, struct buf *keep,
        uint64_t *n_out, struct err *err)
{
	static const struct imap_fetch_ops ops = {.body = on_section, .message = on_section_end};
	struct section s = {.w = w, .uid = r->uid, .keep = keep};
	char items[48];
	int rc;

	if (keep)
		buf_reset(keep);
	snprintf(items, sizeof items, "(UID BODY.PEEK[%s])", name);
	rc = imap_fetch_one(w->conn.m, r->uid, items, &ops, &s, err);
	if (n_out)
		*n_out = s.n;
	if (rc == ERR_REFUSED || rc == ERR_BUSY)
		return 0;
	return rc < 0 ? rc : s.came && !s.spoiled;
}

static int put_octets(struct worker *w, const void *p, size_t n, struct err *err)
{
	return n ? fetch_ops.body(w, p, n, err) : 0;
}

static void note_size(struct worker *w, const struct rec *r)
{
	size_t n = strlen(w->body.note);

	if (r->have & REC_SIZE)
		snprintf(w->body.note + n, sizeof w->body.note - n,
		        "; %llu octets, RFC822.SIZE says %llu", (unsigned long long)w->body.in.len,
		        (unsigned long long)r->size);
}

/* 1: the message came in pieces, with a note unless its size is right. */
static int by_pieces(struct worker *w, struct rec *r, struct err *err)
{
	uint64_t at = 0;
	int rc = pieces_run(w, r, RESCUE_PIECE, &at, err);

	if (rc == 1 && (r->have & REC_SIZE) && at == r->size) {
		progress_say(w->run->base.progress, SAY_NOTE,
		        "%s: UID %u is given only in pieces; all of them were fetched",
		        w->body.expect_mb->name, r->uid);
		return 1;
	}
	if (rc != 1)
		return rc;
	snprintf(w->body.note, sizeof w->body.note, "given only in pieces");
	note_size(w, r);
	return 1;
}

/* The header into ${header}, and from there into the body. 1: given, and not empty. */
static int put_header(struct worker *w, struct rec *r, struct buf *header, struct err *err)
{
	int rc = section_get(w, r, "HEADER", header, NULL, err);

	if (rc == 1 && header->len == 0)
		return 0;
	if (rc == 1)
		rc = put_octets(w, header->data, header->len, err);
	return rc < 0 ? rc : header->len > 0;
}

/* 1: it came as header and text. */
static int by_text(struct worker *w, struct rec *r, struct err *err)
{
	struct buf header = buf_of(HEADER_CAP);
	uint64_t n = 0;
	int rc;

	rc = put_header(w, r, &header, err);
	if (rc == 1)
		rc = section_get(w, r, "TEXT", NULL, &n, err);
	/* Servers give nothing for what they cannot read. */
	if (rc == 1 && n == 0 && header.len != r->size)
		rc = 0;
	if (rc == 1) {
		snprintf(w->body.note, sizeof w->body.note, "given only as header and text");
		note_size(w, r);
	}
	buf_clear(&header);
	return rc;
}

/*
 * Part ${number} between boundaries. 1: there is one, ${*lost} counted where its octets
 * are not given; 0: there is none.
 */
static int put_part(struct worker *w, struct rec *r, const char *boundary, unsigned number,
        unsigned *lost, struct err *err)
{
	struct buf mime = buf_of(HEADER_CAP);
	char name[24];
	uint64_t n = 0;
	int rc;

	snprintf(name, sizeof name, "%u.MIME", number);
	rc = section_get(w, r, name, &mime, NULL, err);
	if (rc == 1 && mime.len == 0)
		rc = 0;
	if (rc == 1) {
		char line[BOUNDARY_CAP + 8];
		int len = snprintf(line, sizeof line, "--%s\r\n", boundary), given;

		rc = put_octets(w, line, (size_t)len, err);
		rc = rc < 0 ? rc : put_octets(w, mime.data, mime.len, err);
		snprintf(name, sizeof name, "%u", number);
		given = rc < 0 ? rc : section_get(w, r, name, NULL, &n, err);
		*lost += given == 0 || n == 0;
		rc = given < 0 ? given : put_octets(w, "\r\n", 2, err);
		rc = rc < 0 ? rc : 1;
	}
	buf_clear(&mime);
	return rc;
}

/* All parts from the first on, and the end of the multipart; 0: none was given. */
static int put_parts(struct worker *w, struct rec *r, const char *boundary, struct err *err)
{
	char line[BOUNDARY_CAP + 8];
	unsigned n = 0, lost = 0;
	int rc = 1, len = snprintf(line, sizeof line, "--%s--\r\n", boundary);

	while (rc == 1 && n < PARTS_MAX) {
		rc = put_part(w, r, boundary, n + 1, &lost, err);
		n += rc == 1;
	}
	if (rc < 0 || n == lost)
		return rc < 0 ? rc : 0;
	rc = put_octets(w, line, (size_t)len, err);
	if (lost)
		snprintf(w->body.note, sizeof w->body.note,
		        "given only as header and parts, %u of %u parts not at all", lost, n);
	else
		snprintf(w->body.note, sizeof w->body.note, "given only as header and parts");
	note_size(w, r);
	return rc < 0 ? rc : 1;
}

/* 1: it came as header and parts between the boundaries of its Content-Type. */
static int by_parts(struct worker *w, struct rec *r, struct err *err)
{
	struct buf boundary = buf_of(BOUNDARY_CAP);
	struct buf type = buf_of(8192);
	struct buf header = buf_of(HEADER_CAP);
	int rc;

	rc = put_header(w, r, &header, err);
	/* one part alone is the text */
	if (rc == 1 &&
	        (!header_find((const char *)header.data, header.len, "Content-Type", &type) ||
	                !header_param((const char *)type.data, type.len, "boundary", &boundary) ||
	                boundary.len == 0))
		rc = 0;
	if (rc == 1)
		rc = put_parts(w, r, buf_str(&boundary), err);
	buf_clear(&boundary);
	buf_clear(&type);
	buf_clear(&header);
	return rc;
}

int fetch_ladder(struct worker *w, struct mbox *mb, struct rec *r, struct err *err)
{
	static int (*const rungs[RUNG_END])(struct worker *, struct rec *, struct err *) = {
	        [RUNG_PIECES] = by_pieces, [RUNG_TEXT] = by_text, [RUNG_PARTS] = by_parts};
	struct imap_msg msg = {.uid = r->uid, .has_body = true};
	int rc = 0;

	w->body.expect_mb = mb;
	w->body.expect = (struct job){(size_t)(r - mb->recs), 1, 0};
	if (r->rung == RUNG_PLAIN)
		r->rung = RUNG_PIECES;
	while (rc == 0 && !r->done && r->rung < RUNG_END) {
		/* When the connection breaks, the next one goes on with the next rung. */
		rc = rungs[r->rung++](w, r, err);
		if (rc == 1)
			rc = fetch_ops.message(w, &msg, err);
		if (rc == 0)
			fetch_drop(w);
	}
	return rc;
}
