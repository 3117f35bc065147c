#ifndef VALISE_MIME_MIME_H
#define VALISE_MIME_MIME_H

#include <stdbool.h>
#include "valise/base/buf.h"
#include "valise/base/err.h"

/*
 * What is in a message, for people: its parts, decoded (RFC 2045 to 2049, 2231, 2047), on a
 * copy. Hostile messages are shown as far as the caps go: in memory is what is known of its
 * parts, never what they hold.
 */
enum { MIME_PARTS_MAX = 1000, MIME_DEPTH_MAX = 50 };

struct mime_message;

struct mime_part {
	/*
	 * of the section, RFC 3501 6.4.5: "1.2"; "1" of a message without parts. A multipart
	 * that is a whole message has the number of that, "" at the top
	 */
	char *number;
	char *type; /* "text/plain", lower case */
	char *name; /* of the file, one line of UTF-8; NULL: it has none */
	char *content_id; /* without brackets; NULL */
	bool attachment; /* a file for people, and none of the texts that are shown */
	bool multipart; /* it has no octets of its own */
	bool message; /* a message in this one, of which the next part is the first */
	unsigned depth; /* of the message itself: 0 */
	uint64_t encoded; /* octets that it takes in the message, without its header */
	/* where in the message its header, what it holds and its end are */
	uint64_t head, body, end;
};

/**
 * mime_open(fd, out, err): the message that the file ${fd} holds from its beginning; ${fd} is
 * lent and read at its own pace until mime_free. ERR_IO. A message that is no MIME is one
 * part, one that is broken as many as can be told apart. mime_open_octets: ${p} is lent, too.
 */
int mime_open(int fd, struct mime_message **out, struct err *err) MUST_CHECK;
int mime_open_octets(
        const void *p, size_t n, struct mime_message **out, struct err *err) MUST_CHECK;
void mime_free(struct mime_message *m); /* NULL is fine */

/* What was left out as it is too deep or too much, in words; NULL: nothing. */
const char *mime_cut(const struct mime_message *m);
size_t mime_parts(const struct mime_message *m, const struct mime_part **out); /* lent */
/*
 * A field of the message's own header, decoded to UTF-8, in one line (text_one_line), appended;
 * the first one of the name; false: none, or it is empty.
 */
bool mime_field(struct mime_message *m, const char *name, struct buf *out);
/* The same of the message that part ${i} is. */
bool mime_message_field(struct mime_message *m, size_t i, const char *name, struct buf *out);

typedef int (*mime_write_fn)(void *ctx, const void *p, size_t n, struct err *err);
/* The octets of the message from ${from} to ${to}, as they stand there; UINT64_MAX: its end. */
int mime_octets(struct mime_message *m, uint64_t from, uint64_t to, mime_write_fn write, void *ctx,
        struct err *err) MUST_CHECK;
/*
 * The octets of part ${i}, its transfer encoding undone; of a multipart none. Errors: ERR_IO,
 * and those of ${write}.
 */
int mime_part_octets(struct mime_message *m, size_t i, mime_write_fn write, void *ctx,
        struct err *err) MUST_CHECK;
/**
 * mime_part_text(m, i, max, write, ctx, err): its text as UTF-8 without NUL, LF line ends, HTML
 * as text; of a message in it the fields that name it; nothing of what is no text. At most
 * ${max} bytes, cut at a character.
 */
int mime_part_text(struct mime_message *m, size_t i, uint64_t max, mime_write_fn write, void *ctx,
        struct err *err) MUST_CHECK;
/*
 * Which parts are the text of the message, best alternatives alone, in their order: texts,
 * invitations (text/calendar), and messages in it, whose texts follow them. Returns how many
 * there are, at most ${max}.
 */
size_t mime_body_parts(const struct mime_message *m, size_t *out, size_t max);

/* The last words of HTML that goes on behind what is read of it. */
#define MIME_LEFT_OUT "[the rest is left out]"

/**
 * mime_search_text(m, max, write, ctx, err): all words that a person may look for: fields of
 * the message and of those in it, names of files, the text of each part that has some, in
 * all alternatives. Lines of UTF-8; at most ${max} bytes.
 */
int mime_search_text(struct mime_message *m, uint64_t max, mime_write_fn write, void *ctx,
        struct err *err) MUST_CHECK;

/*
 * HTML as text, UTF-8: its blocks as lines, links with their address where that is not what
 * they show. ${charset}: of its part, else (NULL) what it says itself. At most ${max} bytes.
 */
int html_text(const void *p, size_t n, const char *charset, uint64_t max, mime_write_fn write,
        void *ctx, struct err *err) MUST_CHECK;

/*
 * Octets on their way into a message: in memory, the more of them in a file that has no name
 * (file_temporary). mime_spool_write fits tree_write_fn. mime_spool_open: *out lives no
 * longer than the spool.
 */
struct mime_spool;
struct mime_spool *mime_spool_new(void);
int mime_spool_write(void *spool, const void *p, size_t n, struct err *err) MUST_CHECK;
int mime_spool_open(struct mime_spool *s, struct mime_message **out, struct err *err) MUST_CHECK;
void mime_spool_free(struct mime_spool *s);

#endif
