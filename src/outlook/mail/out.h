#ifndef VALISE_OUTLOOK_MAIL_OUT_H
#define VALISE_OUTLOOK_MAIL_OUT_H

#include "valise/outlook/bag.h"

/*
 * Where the octets of a message go. After an error nothing more is written: who writes asks
 * for ${rc} at the end.
 */
struct mail_out {
	bag_write_fn write;
	void *ctx;
	struct err *err;
	int rc;
	uint8_t last[2]; /* octets that were written */
};
void mail_put(struct mail_out *o, const void *p, size_t n);
void mail_puts(struct mail_out *o, const char *s);
/* CRLF, unless the last line has it. */
void mail_end_line(struct mail_out *o);

/* Content-Transfer-Encoding, RFC 2045 6. */
enum mail_coding { CODING_7BIT, CODING_QUOTED, CODING_BASE64 };
const char *mail_coding_name(enum mail_coding c);

/* Octets on their way into an encoding. mail_code_write is a bag_write_fn. */
struct mail_code {
	struct mail_out *out;
	enum mail_coding coding;
	size_t column;
	uint8_t held[57]; /* of base64: a line; of quoted-printable: a blank or CR at its end */
	size_t n_held;
};
void mail_code_start(struct mail_code *c, struct mail_out *out, enum mail_coding coding);
int mail_code_write(void *code, const void *p, size_t n, struct err *err);
void mail_code_end(struct mail_code *c);

/* CR, LF and CRLF as CRLF, on to another writer. mail_lines_write is a bag_write_fn. */
struct mail_lines {
	bag_write_fn write;
	void *ctx;
	bool cr; /* the last octet was one */
};
int mail_lines_write(void *lines, const void *p, size_t n, struct err *err);

/* What octets are like; mail_scan_write is a bag_write_fn. */
struct mail_look {
	uint64_t len, odd; /* octets; those that no text of ASCII has: 8 bits, controls */
	uint64_t high; /* of ${odd} those with 8 bits */
	uint64_t longest; /* line, in octets */
	uint64_t line;
	bool bare; /* CR or LF that is no CRLF */
	bool boundary; /* a line begins as one of our delimiters does */
	bool written; /* something that is no blank */
	uint8_t last;
	uint8_t start[4]; /* of the line */
};
int mail_look_write(void *look, const void *p, size_t n, struct err *err);
/* Can it stand in a message as it is: 7-bit, lines of RFC 5322 2.1.1, no delimiter in it? */
bool mail_look_clean(const struct mail_look *k);
/* The encoding for a text. */
enum mail_coding mail_look_coding(const struct mail_look *k);

/* The first octets of each of our boundaries: neither base64 nor quoted-printable holds them. */
#define MAIL_BOUNDARY "=_"

/* A bag_write_fn that appends to a struct buf: ERR_LIMIT. */
int mail_to_buf(void *buf, const void *p, size_t n, struct err *err);

#endif
