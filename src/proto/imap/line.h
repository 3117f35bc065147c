#ifndef VALISE_PROTO_IMAP_LINE_H
#define VALISE_PROTO_IMAP_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "valise/proto/imap/imap.h"

/*
 * Our own reading of single server lines: status lines and their response codes, the
 * counts that libetpan cuts to 32 bits, and the fallback for LIST, STATUS and FETCH lines
 * that libetpan does not understand. Works on memory alone; lines are octets with their
 * CRLF or without, literals inline.
 */
enum token_kind { TOKEN_END, TOKEN_ATOM, TOKEN_STRING, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_BAD };

struct token {
	enum token_kind kind;
	const char *p; /* the octets of an atom, or of a string without its quotes */
	size_t n;
	bool escaped; /* a quoted string with backslashes */
};

struct line {
	const char *p, *end;
};

/*
 * The next token; brackets in an atom hold blanks and parentheses together
 * ("BODY[HEADER.FIELDS (A)]").
 */
struct token line_next(struct line *l);
struct token line_peek(const struct line *l);
/*
 * Past one value: an atom, a string, or a list with all that is inside. False when there
 * is none.
 */
bool line_skip(struct line *l);
/* The octets of an atom or string, malloc'ed, NUL added. */
char *token_dup(const struct token *t, size_t *n_out);
bool token_is(const struct token *t, const char *word); /* an atom, any case */
/* The number of an atom, UINT64_MAX when larger; false if it is none. */
bool token_u64(const struct token *t, uint64_t *out);
bool token_u32(const struct token *t, uint32_t *out); /* false when it does not fit */

/*
 * The length of "{123}CRLF" at ${p}, with "~" before and "+" or "-" inside; its count
 * goes to *${size}. 0: it is none.
 */
size_t literal_header(const char *p, const char *end, uint64_t *size);

/*
 * The length of the first whole response of ${n} octets: up to its LF, literals counted.
 * 0 if it is cut.
 */
size_t line_span(const char *p, size_t n);

enum line_status { STATUS_NONE, STATUS_OK, STATUS_NO, STATUS_BAD, STATUS_PREAUTH, STATUS_BYE };

/* "12 NO [CODE args] text", "* OK [CODE args] text" */
struct status_line {
	enum line_status status;
	unsigned tag; /* 0: untagged */
	char code[32];
	struct line args; /* of the code */
	const char *text;
	size_t text_len;
};
/* False if the line is no status line. Codes without text are accepted. */
bool status_parse(const char *p, size_t n, struct status_line *out);

/* "* 12 EXISTS ...": the word of an untagged response, and what follows it. */
struct untagged {
	bool numbered;
	uint64_t number;
	struct token word;
	struct line rest;
};
bool untagged_parse(const char *p, size_t n, struct untagged *out);

/* A flag list into ${list}: "(\\Seen work)". Members malloc'ed. */
void flags_parse(struct line *l, char ***list, size_t *n_out);

/**
 * list_parse(p, n, out): the tolerant reading of a LIST, LSUB or XLIST line, after "* "
 * or with it: flags without parentheses, an unquoted or missing delimiter, unquoted names
 * with blanks, trailing extended data.
 * False when the name cannot be known.
 */
bool list_parse(const char *p, size_t n, struct imap_mailbox *out);
/* One flag of a mailbox, with its backslash. */
void mailbox_flag(struct imap_mailbox *box, const char *flag, size_t n);
void mailbox_clear(struct imap_mailbox *box);

/* The attributes of a STATUS line. */
bool status_items_parse(struct line rest, struct imap_status *out);

/* What a FETCH answer is gathered in. */
struct fetch_build {
	struct imap_msg msg;
	char **keywords;
	size_t n_keywords, keywords_size;
	struct buf labels;
};
void fetch_init(struct fetch_build *b);
void fetch_reset(struct fetch_build *b);
void fetch_clear(struct fetch_build *b);
/* The message, its lists pointing into ${b}. */
const struct imap_msg *fetch_msg(struct fetch_build *b);
enum { SYSTEM_FLAGS = 5 };
extern const char *const system_flags[SYSTEM_FLAGS]; /* in the order of their bits */
void fetch_flag(struct fetch_build *b, const char *flag, size_t n);
/*
 * One item and its value at ${l}; false if there is none to be read. Bodies are only
 * noted.
 */
bool fetch_item(struct fetch_build *b, struct line *l);
/**
 * fetch_ends_well(p, n): does the answer "* 12 FETCH (...)" end, after the body that is
 * its value, as RFC 3501 has it: with nothing, or items and their values, and then ")"
 * and the line's end? A literal that is longer or shorter than announced makes something
 * else of what follows it. False without a body.
 */
bool fetch_ends_well(const char *p, size_t n);
/*
 * "12 FETCH (...)", after "* " or with it. False when it is no FETCH; what can be read of
 * it counts.
 */
bool fetch_parse(struct fetch_build *b, const char *p, size_t n);

#endif
