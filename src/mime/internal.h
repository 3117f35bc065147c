#ifndef MIME_INTERNAL_H
#define MIME_INTERNAL_H

#include "valise/mime/mime.h"

/* Where the octets of a message are: a file, or memory. */
struct mime_octets {
	int fd; /* -1: memory */
	const uint8_t *p;
	uint64_t size;
};
/* At most ${n} octets from ${at} on; *got_out 0 behind the end. */
int mime_read(const struct mime_octets *o, uint64_t at, void *p, size_t n, size_t *got_out,
        struct err *err) MUST_CHECK;

enum mime_encoding { MIME_PLAIN, MIME_BASE64, MIME_QUOTED, MIME_UUENCODED };

/* A part, with what only this room wants to know. */
struct mime_entry {
	struct mime_part part;
	size_t parent; /* its index; of the message itself: its own */
	uint64_t head, body, end; /* offsets: of its header, of what it holds, behind that */
	char *charset, *boundary, *start; /* as the parameters say; NULL: none */
	enum mime_encoding encoding;
	bool attached, inlined; /* its disposition */
	bool flowed, delsp; /* RFC 3676 */
	bool shown; /* one of the body's parts */
};

struct mime_message {
	struct mime_octets octets;
	struct mime_entry *entries;
	struct mime_part *parts; /* copies of theirs, for the caller */
	size_t n, cap;
	char *cut; /* or NULL */
};

/* scan.c: find the parts of ${m}->octets. */
int mime_scan(struct mime_message *m, struct err *err) MUST_CHECK;
/* fields.c: the header of a part has this field, one of those that scan.c wants. */
void mime_entry_field(struct mime_entry *e, const char *name, const char *value, size_t n);
/* The same, once all its fields were seen; ${digest}: RFC 2046 5.1.5. */
void mime_entry_settle(struct mime_entry *e, bool digest);
/* body.c: which entries are shown, and which are attachments. */
void mime_choose_body(struct mime_message *m);

/* Steps that octets go through on their way to a ${write}. Each end gives what is left. */
struct mime_step {
	mime_write_fn write;
	void *ctx;
};

/* octets.c: a transfer encoding undone. */
int mime_decode(const struct mime_message *m, const struct mime_entry *e, mime_write_fn write,
        void *ctx, struct err *err) MUST_CHECK;

/* charset.c: text of a charset as UTF-8 without NUL. */
struct mime_charset;
bool mime_charset_known(const char *name); /* NULL is not */
/* ${name} that is not known: UTF-8, octets that are none of it as Windows-1252. */
struct mime_charset *mime_charset_new(const char *name, struct mime_step to);
int mime_charset_write(void *charset, const void *p, size_t n, struct err *err) MUST_CHECK;
int mime_charset_end(struct mime_charset *c, struct err *err) MUST_CHECK;
void mime_charset_free(struct mime_charset *c);

/* plain.c: LF line ends, lines of format=flowed put together. */
struct mime_plain;
struct mime_plain *mime_plain_new(bool flowed, bool delsp, struct mime_step to);
int mime_plain_write(void *plain, const void *p, size_t n, struct err *err) MUST_CHECK;
int mime_plain_end(struct mime_plain *t, struct err *err) MUST_CHECK;
void mime_plain_free(struct mime_plain *t);

/* html.c: HTML, in any pieces; ${charset} of its part, or NULL. */
struct mime_html;
struct mime_html *mime_html_new(const char *charset, struct mime_step to);
int mime_html_write(void *html, const void *p, size_t n, struct err *err) MUST_CHECK;
int mime_html_end(struct mime_html *h, struct err *err) MUST_CHECK;
void mime_html_free(struct mime_html *h);

#endif
