#ifndef VALISE_MIME_MIME_H
#define VALISE_MIME_MIME_H

#include "valise/base/buf.h"
#include "valise/base/err.h"

/*
 * What is in a message, for people: its parts, decoded (RFC 2045 to 2049, 2231, 2047), by
 * GMime, on a copy. Hostile messages are shown as far as the caps go. The octets of an
 * archive are never changed by it.
 */
enum { MIME_PARTS_MAX = 1000, MIME_DEPTH_MAX = 50 };

struct mime_message;

struct mime_part {
	char *number; /* of the section, RFC 3501 6.4.5: "1.2"; "1" of a message without parts */
	char *type; /* "text/plain", lower case */
	char *name; /* of the file, one line of UTF-8; NULL: it has none */
	char *content_id; /* without brackets; NULL */
	bool attachment; /* it is none of the texts that are shown */
	bool multipart; /* it has no octets of its own */
	unsigned depth; /* of the message itself: 0 */
	uint64_t encoded; /* octets that it takes in the message */
};

/**
 * mime_open(fd, out, err): the message that the file ${fd} holds from its beginning; ${fd} is
 * lent and read at its own pace until mime_free. ERR_LIMIT, ERR_IO; a message that is no
 * MIME is one part.
 */
int mime_open(int fd, struct mime_message **out, struct err *err) MUST_CHECK;
int mime_open_octets(
        const void *p, size_t n, struct mime_message **out, struct err *err) MUST_CHECK;
void mime_free(struct mime_message *m);

/* What was left out as it is too deep or too much, in words; NULL: nothing. */
const char *mime_cut(const struct mime_message *m);
size_t mime_parts(const struct mime_message *m, const struct mime_part **out); /* lent */
/* A field of the message's own header, decoded to UTF-8, unfolded, appended; false: none. */
bool mime_field(struct mime_message *m, const char *name, struct buf *out);

typedef int (*mime_write_fn)(void *ctx, const void *p, size_t n, struct err *err);
/* The octets of part ${i}, its transfer encoding undone. */
int mime_part_octets(struct mime_message *m, size_t i, mime_write_fn write, void *ctx,
        struct err *err) MUST_CHECK;
/* Its text as UTF-8, LF line ends, HTML as text; nothing of what is no text. At most ${max}. */
int mime_part_text(struct mime_message *m, size_t i, uint64_t max, mime_write_fn write, void *ctx,
        struct err *err) MUST_CHECK;
/* Which parts are the text of the message, best alternatives alone; returns how many. */
size_t mime_body_parts(const struct mime_message *m, size_t *out, size_t max);

/* UTF-8 of HTML (any charset that it names; ${charset} before that; may be NULL), as text. */
int html_text(const void *p, size_t n, const char *charset, uint64_t max, mime_write_fn write,
        void *ctx, struct err *err) MUST_CHECK;

#endif
