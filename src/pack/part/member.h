#ifndef VALISE_PACK_PART_MEMBER_H
#define VALISE_PACK_PART_MEMBER_H

#include <stdint.h>
#include <stddef.h>
#include <stdbool.h>
#include "valise/base/err.h"
#include "valise/base/hash.h"

/*
 * Gzip members (RFC 1952) as parts, links and catalogs are made of. Each file is a run of
 * data members and one end member.
 *
 * The header of a data member, 40 bytes, numbers little-endian:
 *   1f 8b 08 04 (FEXTRA alone), MTIME 0, XFL 0, OS 255
 *   XLEN 28; one subfield 'V' 'L' of length 24:
 *     u32 sequence (0, 1, ...)
 *     u64 size of this member in the file
 *     u64 plain size
 *     u32 CRC-32 of "VL" and these 20 bytes
 * then raw deflate data, CRC32, ISIZE.
 * The end member: XLEN 40, subfield 'V' 'E' of length 36:
 *     u32 sequence
 *     u64 size of the whole file, this member included
 *     u64 plain size of the whole file
 *     u64 count of entries (tar entries or lines)
 *     u32 reserved, 0
 *     u32 CRC-32 of "VE" and the 32 bytes before
 * then 03 00 (an empty deflate block), CRC32 0, ISIZE 0.
 */
#define MEMBER_MIN (256u << 10) /* plain bytes after which a member is closed */
/* an item beyond this spans members; no data member is larger */
#define MEMBER_MAX (4u << 20)
#define MEMBER_HEAD 40 /* bytes of a data member before the deflate data */
#define MEMBER_TAIL 8 /* CRC32 and ISIZE */
#define MEMBER_END_SIZE 62

/* Room that a data member of ${n} plain bytes can take in a file. */
#define MEMBER_SIZE_MAX(n) ((size_t)(n) + (size_t)(n) / 256 + 128)
#define MEMBER_BUF_SIZE MEMBER_SIZE_MAX(MEMBER_MAX)

struct member_head {
	bool end;
	uint32_t seq;
	uint64_t size; /* of the member in the file; end: of the whole file */
	uint64_t plain; /* of the member; end: of the whole file */
	uint64_t entries; /* end alone */
};

void member_put_end(const struct member_head *h, uint8_t out[MEMBER_END_SIZE]);

/**
 * member_parse(p, n, out): the head of a member at ${p}; an end member must be there
 * whole. False unless every byte is as we write it, its CRC is right, and the sizes are
 * in bounds.
 */
bool member_parse(const uint8_t *p, size_t n, struct member_head *out);

/* One compressor, for one thread at a time. */
enum member_for {
	MEMBER_PARTS, /* mail in bulk: our own encoder, fast where it is base64 */
	MEMBER_TEXT, /* catalogs and links: libdeflate, packed tighter */
};
struct member_maker;
struct member_maker *member_maker_new(enum member_for what);
void member_maker_free(struct member_maker *m);
/*
 * A whole data member in ${out}, of MEMBER_SIZE_MAX(n) bytes; returns its size. 1 <= n <=
 * MEMBER_MAX.
 */
size_t member_make(
        struct member_maker *m, uint32_t seq, const uint8_t *plain, size_t n, uint8_t *out);

/*
 * A buffer of fixed size whose pages become resident only as they are used; trim gives
 * back all but the first ${keep} bytes, so that one large item does not stay in memory.
 */
struct pages {
	uint8_t *p;
	size_t size;
};
void pages_init(struct pages *b, size_t size);
void pages_trim(struct pages *b, size_t used, size_t keep);
void pages_clear(struct pages *b);

/* One file of members, being read at any offset. */
struct member_file {
	int fd;
	char *name; /* for messages */
	struct member_head head; /* of the member last read */
	/* the member last read: head.size raw bytes; end: MEMBER_END_SIZE, no plain ones */
	struct pages raw, plain;
	struct libdeflate_decompressor *inflate;
};

/* Open ${name} for reading. */
int member_file_open(
        struct member_file *f, int dirfd, const char *name, struct err *err) MUST_CHECK;
/* Take an open descriptor, the caller's. ${name} is copied. */
void member_file_init(struct member_file *f, int fd, const char *name);
void member_file_close(struct member_file *f); /* closes the descriptor, too */
void member_file_clear(struct member_file *f); /* all but the descriptor */

/**
 * member_read(f, off, err): the member at ${off} into f->head, f->raw, f->plain, all
 * checks done. Memory is taken only for sizes whose head was found right. ERR_DAMAGED
 * (nothing there, or anything wrong), ERR_IO.
 */
int member_read(struct member_file *f, uint64_t off, struct err *err) MUST_CHECK;
/*
 * The same in two steps: f->head and f->raw alone; then, of a data member, f->plain.
 */
int member_load(struct member_file *f, uint64_t off, struct err *err) MUST_CHECK;
int member_inflate(struct member_file *f, uint64_t off, struct err *err) MUST_CHECK;

/*
 * A file of members from its start to its end: their order, their sizes against the end
 * member, and the sum of the whole file are checked on the way.
 */
struct member_stream {
	struct member_file file;
	uint64_t off; /* behind what was read */
	uint64_t plain; /* bytes so far */
	uint32_t seq;
	bool load_only; /* the next member is read, and not inflated */
	bool ended; /* by its end member, which file.head has then */
	struct sha256 hash;
	uint8_t sum[SHA256_LEN]; /* once it ended */
	struct members_ahead *ahead; /* or NULL */
};
int member_stream_open(
        struct member_stream *s, int dirfd, const char *name, struct err *err) MUST_CHECK;
/*
 * Read and inflate ahead by so many threads from here on; without them where none can be
 * started. What the stream reads is whole and does not grow.
 */
void member_stream_ahead(struct member_stream *s, unsigned threads);
void member_stream_close(struct member_stream *s); /* its file, too */
/* The next member, or the end. */
int member_stream_next(struct member_stream *s, struct err *err) MUST_CHECK;
/* ERR_DAMAGED: ${what} is wrong with the file at this place. */
int member_stream_fail(const struct member_stream *s, const char *what, struct err *err);

/* Let the page cache forget [from, to), so that what is read next comes from the disk. */
void member_drop_cache(int fd, uint64_t from, uint64_t to);

#endif
