#ifndef IMPORT_MAIL_MAIL_H
#define IMPORT_MAIL_MAIL_H

#include "import/detect.h"
#include "import/give.h"

/* What the readers of mail share. */

/*
 * A file as lines. A line that is longer than LINE_PIECE comes in pieces; an error of the file
 * is its end, and ${why} says it.
 */
enum { LINE_PIECE = 65536, LINES_ROOM = 4 * LINE_PIECE };
struct lines {
	struct import_file *f;
	uint8_t *room;
	size_t pos, end;
	uint64_t at; /* offset in the file of room[pos] */
	bool eof;
	struct err why;
};
void lines_open(struct lines *l, struct import_file *f);
void lines_close(struct lines *l);
/* The next piece, lent until the next call; 0 at the end. With its line end if it has one. */
size_t lines_next(struct lines *l, const char **p);
/* What comes next, at least ${n} octets of it (at most LINE_PIECE) or all up to the end. */
size_t lines_peek(struct lines *l, size_t n, const char **p);
/* No more than ${n} octets of what comes next, wherever lines end; 0 at the end. */
size_t lines_take(struct lines *l, size_t n, const char **p);

/*
 * A message on its way into a box: each line end becomes CRLF, but where the first one is that
 * already: then octets are as they are. Its header is kept, as far as
 * flags may be in it.
 */
enum { MAIL_HEAD_MAX = 1 << 18 };
struct mail_out {
	struct import_box *box;
	struct buf head;
	bool in_head;
	bool made_lines; /* a line end was another one */
	/* told: by its first line, which ends in CRLF; then LF alone is no line end of its file */
	bool told, as_it_is;
	bool after_cr; /* the last octet was a CR */
	bool at_start; /* of a line */
	uint64_t len;
	uint8_t *room; /* octets that wait */
	size_t n;
};
void mail_begin(struct mail_out *o, struct import_box *b);
void mail_clear(struct mail_out *o);
/* The next octets of the message, as they are in the file. */
int mail_out_put(struct mail_out *o, const char *p, size_t n, struct err *err) MUST_CHECK;
/* What it is; ${it} may have its date and name. The next message may begin. */
int mail_end(struct mail_out *o, struct import_item *it, struct err *err) MUST_CHECK;
/* The same, where nothing in its header speaks of its flags. */
int mail_end_as(struct mail_out *o, struct import_item *it, struct err *err) MUST_CHECK;
void mail_drop(struct mail_out *o);

/* What the header says of the flags of a message: Status, X-Status, X-Mozilla-Status ... */
struct mail_status {
	uint16_t flags;
	char *keywords; /* parted by one blank, or NULL */
	bool expunged; /* Thunderbird has deleted it, and not yet taken its octets away */
	bool internal; /* no mail, but what c-client keeps of its mailbox */
};
void mail_status_read(const char *head, size_t n, struct mail_status *out);
void mail_status_clear(struct mail_status *s);

/* Of the property list at the end of a file of Apple Mail. */
struct emlx_says {
	uint16_t flags;
	int64_t date_utc; /* INT64_MIN: not known */
};
void emlx_read_list(const char *s, size_t n, struct emlx_says *out);

/*
 * Takeout: the octets at the beginning of a message (${n} of it are here) that its fields take,
 * 0: there are none; X-GM-MSGID of a line "From 1234567890123456789@xxx Sat ...", 0: it is
 * another one. takeout_item: what these fields say; without them, and without a number,
 * nothing. ${it} borrows from ${labels}.
 */
size_t takeout_top(const char *p, size_t n);
uint64_t takeout_msgid(const char *line, size_t n);
void takeout_item(const char *head, size_t n, uint64_t msgid, struct import_labels *labels,
        struct import_item *it);

/*
 * Proton's NAME.metadata.json, with the text of labels.json (NULL: it is not there): flags,
 * keywords and folders of NAME.eml, and when it arrived; INT64_MIN: it does not say. False: it
 * is no such text.
 */
bool proton_read(const char *text, size_t n, const char *labels, struct import_labels *out,
        int64_t *date_out);

#endif
