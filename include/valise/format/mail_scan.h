#ifndef VALISE_FORMAT_MAIL_SCAN_H
#define VALISE_FORMAT_MAIL_SCAN_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What names a message, found while its octets pass: fields of its header (RFC 5322 3.6),
 * and the file names of its parts (RFC 2183 2.3, RFC 2045 5.1), of those of messages in it,
 * too. It never fails, holds one line and a field (each HEADER_TEXT_MAX octets of it), and
 * MAIL_SCAN_DEPTH boundaries; parts that are deeper are not looked into.
 */
enum mail_word {
	MAIL_CC,
	MAIL_DATE,
	MAIL_FROM,
	MAIL_MESSAGE_ID,
	MAIL_SUBJECT,
	MAIL_TO,
	MAIL_FILE, /* once for each part that has a name */
	MAIL_WORDS
};
enum { MAIL_SCAN_DEPTH = 16, MAIL_SCAN_TEXT = 512 };

struct mail_scan;

/*
 * ${fn} gets each text as by header_text, MAIL_SCAN_TEXT bytes of it at most, lent, never
 * empty; of a field that is there several times the first one. False: no further words are
 * wanted of this message.
 */
typedef bool mail_word_fn(void *ctx, enum mail_word what, const char *text);
struct mail_scan *mail_scan_new(mail_word_fn *fn, void *ctx);
void mail_scan_free(struct mail_scan *s);

/* The next octets of the message, however they are cut. */
void mail_scan_add(struct mail_scan *s, const void *p, size_t n);
/* It ends here; the next one may begin. */
void mail_scan_end(struct mail_scan *s);

#endif
