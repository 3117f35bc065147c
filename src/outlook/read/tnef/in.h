#ifndef VALISE_OUTLOOK_READ_TNEF_IN_H
#define VALISE_OUTLOOK_READ_TNEF_IN_H

#include "valise/outlook/read.h"
#include "valise/outlook/tnef.h"

/* What the files that read TNEF share: the octets, one message, its properties. */

enum { TNEF_BUFFER = 16384 };
enum { TNEF_SHORT = 1 }; /* an attribute or the stream ends before what it should hold */

/* ---- in.c: octets, which are counted and summed as they are taken ---- */

struct tnef_in {
	tnef_source_fn read;
	void *ctx;
	uint8_t data[TNEF_BUFFER];
	size_t at, n;
	uint64_t taken; /* octets since the beginning */
	uint16_t sum; /* of them */
	bool ended;
	struct buf *wrong;
	unsigned n_wrong; /* lines of it */
};
/* Exactly ${n} octets, of which none is behind ${end}. 0, TNEF_SHORT, or an error. */
int tnef_get(struct tnef_in *in, uint64_t end, void *p, size_t n, struct err *err) MUST_CHECK;
int tnef_get32(struct tnef_in *in, uint64_t end, uint32_t *out, struct err *err) MUST_CHECK;
/* As many octets as are there now, at most ${n}; none: TNEF_SHORT. */
int tnef_some(struct tnef_in *in, uint64_t end, const uint8_t **p_out, size_t *n,
        struct err *err) MUST_CHECK;
/* All up to there. */
int tnef_skip(struct tnef_in *in, uint64_t to, struct err *err) MUST_CHECK;
void tnef_wrong(struct tnef_in *in, const char *where, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* ---- tnef.c: one message, that of the stream or an embedded one ---- */

struct tnef_message {
	struct tnef_in *in;
	struct bag *bag;
	struct bag *old; /* what attributes say for who knows no properties: counts where these
	                  * say nothing */
	struct bag *attachment, *old_attachment; /* that is read now; or NULL */
	unsigned seen; /* bits of its attributes that were there */
	uint64_t end; /* of its octets in the stream */
	const char *where; /* for people: "" or "attachment 2: " */
};
/*
 * A TNEF stream up to ${end} into ${b}. *is_out false: its first octets are no signature, and
 * these ${head} were all that was taken.
 */
int tnef_message(struct tnef_in *in, uint64_t end, struct bag *b, const char *where,
        uint8_t head[4], bool *is_out, struct err *err) MUST_CHECK;

/* ---- props.c: lists of properties (MS-OXTNEF 2.1.3.4) ---- */

/* 0, TNEF_SHORT, or the disk's and the source's; what a cap keeps out is named. */
int tnef_props(struct tnef_message *m, struct bag *b, uint64_t end, struct err *err) MUST_CHECK;
int tnef_recipients(struct tnef_message *m, uint64_t end, struct err *err) MUST_CHECK;
/* ${len} octets that come now as a property. */
int tnef_value(struct tnef_message *m, struct bag *b, uint16_t id, uint16_t type, uint64_t len,
        uint64_t end, struct err *err) MUST_CHECK;
/* 0 if it was the cap of a bag, which is named; else ${rc}. */
int tnef_pardon(struct tnef_message *m, const char *what, int rc, struct err *err) MUST_CHECK;

/* ---- old.c: attributes that stand for one property (MS-OXTNEF 2.1.3.3) ---- */

struct tnef_attribute {
	uint32_t id;
	const char *name;
	uint8_t how; /* enum tnef_how */
	uint16_t tag; /* the property that it stands for; 0: none, or several */
};
enum tnef_how {
	TNEF_STRING,
	TNEF_DATE,
	TNEF_LONG,
	TNEF_BOOL,
	TNEF_OCTETS,
	TNEF_HEX, /* octets in hexadecimal */
	TNEF_CLASS,
	TNEF_PRIORITY,
	TNEF_STATUS,
	TNEF_FROM,
	TNEF_OWNER,
	TNEF_PASS, /* nothing comes of it */
	/* those with a form of their own: */
	TNEF_CODE_PAGE,
	TNEF_PROPS,
	TNEF_RECIPIENTS,
	TNEF_RENDDATA,
	TNEF_ATTACHMENT,
};
/* NULL: it is not known. */
const struct tnef_attribute *tnef_attribute_of(uint32_t id);
/* The octets of one that is no longer than TNEF_OLD_MAX, into ${old}. */
enum { TNEF_OLD_MAX = 4096 };
int tnef_old(struct bag *old, const struct tnef_attribute *a, const uint8_t *p, size_t n,
        struct err *err) MUST_CHECK;
/* What ${b} has not, but ${old}, into ${b}. */
int tnef_merge(struct bag *b, struct bag *old, struct err *err) MUST_CHECK;

/* ---- file.c: the file, as outlook_read has it; in this process: the reader is ours ---- */

int tnef_file(int fd, const struct outlook_visit *visit, struct err *err) MUST_CHECK;

#endif
