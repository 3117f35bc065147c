#ifndef VALISE_FORMAT_MEND_INTERNAL_H
#define VALISE_FORMAT_MEND_INTERNAL_H

#include <stdbool.h>
#include "valise/base/buf.h"
#include "valise/format/mend.h"

enum {
	MEND_LINE_MAX = 998, /* RFC 5322 2.1.1, without its CRLF */
	PIECE_MAX = 1024, /* of a line that is longer */
	FIELD_MAX = 256 << 10, /* of a longer field the rest is not understood */
	DEPTH_MAX = 32, /* multiparts in multiparts */
	PARTS_MAX = 100000,
	BOUNDARY_SIZE = 201,
	OUT_MAX = 4 << 10,
};

enum cte { CTE_PLAIN, CTE_BASE64, CTE_OTHER };
enum place { IN_HEADER, IN_LEAF, IN_BETWEEN };
enum eol { EOL_NONE, EOL_LF, EOL_CRLF };

/* A multipart that is open. */
struct frame {
	char boundary[BOUNDARY_SIZE];
	size_t len;
	bool sealed; /* signed or encrypted, or inside of such */
	bool digest;
};

/* The entity (message or part) whose header or body is being read. */
struct entity {
	enum cte cte;
	bool has_type, has_mime, multipart, rfc822, other_message, sealed, digest;
	char boundary[BOUNDARY_SIZE];
	bool encode, fold; /* its body becomes quoted-printable; its base64 is cut again */
};

enum { PART_LONG = 1, PART_NUL = 2 };

struct mend {
	unsigned what, flaws;
	uint8_t sha256[SHA256_LEN];
	uint64_t size;
	bool looking;

	/* what comes in */
	bool cr; /* a CR was the last octet */
	uint8_t last;

	/* its structure */
	struct buf line; /* of the current line what was not passed on */
	bool line_begun; /* some of it was */
	uint64_t line_len; /* without its end */
	enum place place;
	struct buf field;
	bool field_over; /* what is in field is not its start */
	bool top; /* the header of the message itself */
	struct entity now;
	struct frame stack[DEPTH_MAX];
	size_t depth;
	uint8_t *parts; /* PART_*, by number */
	size_t n_parts, parts_cap, part;

	/* what goes out */
	mend_write_fn write;
	void *ctx;
	struct buf out;
	struct err *err;
	int rc;
	uint8_t out_last;
	unsigned column;
	enum eol eol; /* kept back: it belongs to a boundary that may follow */
	bool cr_held; /* a CR of a part that is encoded: the first half of a line end? */

	struct buf cover; /* header fields of the cover message */
	uint8_t rest[3];
	size_t n_rest;
};

/* mend.c */
void mend_emit(struct mend *m, const void *p, size_t n);
/* walk.c: the structure of what comes in, and its parts as they go out. */
void walk_start(struct mend *m);
void walk_add(struct mend *m, const uint8_t *p, size_t n);
void walk_end(struct mend *m);
/* encode.c: the body of a part that is encoded. */
void quote_add(struct mend *m, const uint8_t *p, size_t n);
void quote_end(struct mend *m, bool at_boundary);
void base64_fold(struct mend *m, const uint8_t *p, size_t n);
void base64_fold_end(struct mend *m);
/*
 * field.c: a field with its line ends. Its value is not touched but for what m->what asks
 * for.
 */
bool field_is_bad(const uint8_t *p, size_t n);
bool field_foldable(const uint8_t *p, size_t n);
bool field_named(const uint8_t *p, size_t n, const char *name);
void field_encode(const uint8_t *p, size_t n, struct buf *out);
void field_fold(const uint8_t *p, size_t n, struct buf *out);
bool octets_8bit(const uint8_t *p, size_t n);
/* cover.c */
void cover_field(struct mend *m, const uint8_t *p, size_t n);
void cover_start(struct mend *m);
void cover_add(struct mend *m, const uint8_t *p, size_t n);
void cover_end(struct mend *m);

#endif
