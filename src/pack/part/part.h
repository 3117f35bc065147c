#ifndef VALISE_PACK_PART_PART_H
#define VALISE_PACK_PART_PART_H

#include <stdint.h>
#include <stddef.h>
#include <stdbool.h>
#include "valise/base/progress.h"
#include "valise/tree/sink.h"

/*
 * Parts: data/NNNNNN/part-NNNNNN.tar.gz, being written. Objects come from any thread in
 * any order; tar bytes are collected into members, members are deflated by worker threads
 * and written in order by one writer thread.
 */
struct part_writer;

#define PART_NAME_SIZE 32
void part_name(uint32_t part, char out[PART_NAME_SIZE]); /* "part-000001.tar.gz" */

struct part_opts {
	unsigned snapshot;
	/*
	 * a part is closed when the next object would bring its plain tar bytes beyond;
	 * one larger object has its own
	 */
	uint64_t part_size;
	unsigned workers;
	unsigned first_part; /* 1, or the part to go on with */
	/* its size to keep; 0: a fresh part. The file is truncated to it */
	uint64_t resume_offset;
	uint32_t resume_seq; /* members in it so far */
	uint64_t resume_plain, resume_entries;
};

/* A place that gets final when its member is on disk. */
struct part_place {
	uint32_t part;
	uint32_t member_seq;
	uint64_t offset; /* in the member's plain bytes */
};

/*
 * How far the bytes are durable. Everything of earlier parts is; of ${part} what lies
 * before ${offset}.
 */
struct part_mark {
	uint32_t part;
	uint64_t offset;
	uint32_t seq; /* members before offset */
	uint64_t plain, entries;
};

/*
 * ${dirfd}: .work/NNNNNN, borrowed until the writer is freed. What a run before left
 * beyond the place to go on from (the tail of the part, later parts) is removed.
 * ERR_DAMAGED if the part to go on with is shorter than resume_offset.
 */
int part_writer_open(int dirfd, const struct part_opts *opts, struct part_writer **out,
        struct err *err) MUST_CHECK;

/**
 * part_writer_add(w, kind, sha256, size, mem, fd, place_out, err): append the tar entry
 * of one object; its ${size} bytes are ${mem}, or when that is NULL are read from offset
 * 0 of ${fd}. Thread-safe. Blocks while too many members wait (bounded memory: workers +
 * 2 members).
 */
int part_writer_add(struct part_writer *w, enum coll_kind kind, const uint8_t sha256[SHA256_LEN],
        uint64_t size, const void *mem, int fd, struct part_place *place_out,
        struct err *err) MUST_CHECK;

/*
 * Close the open member, however small: a sync that follows covers everything that was
 * added before.
 */
void part_writer_flush(struct part_writer *w);

/*
 * Wait until every closed member is written, fdatasync, and say how far it is durable: up
 * to the last member that ends at a border of tar entries (the open member is not forced
 * out). After a part was closed the mark is {its number + 1, 0, 0, 0, 0}.
 */
int part_writer_sync(struct part_writer *w, struct part_mark *mark_out, struct err *err) MUST_CHECK;

/*
 * The offset of a member on disk: true when the whole object at ${p} lies before ${mark}.
 */
bool part_writer_resolve(struct part_writer *w, const struct part_place *p,
        const struct part_mark *mark, uint64_t *member_out);
/*
 * Offsets of members of parts from a resumed run are not known here: places of those come
 * from the journal.
 */

/*
 * Close the last part (tar end, end member), fsync all and the directory. Afterwards
 * every place resolves (mark NULL). No parts if nothing was added and nothing resumed.
 */
int part_writer_finish(struct part_writer *w, unsigned *parts_out, struct err *err) MUST_CHECK;
/* NULL is fine; unfinished: threads are ended, files stay */
void part_writer_free(struct part_writer *w);

/*
 * Reading. A stream over one file of members, strict in every header field; it can stop
 * at ${limit} (a mark) and go on later.
 * ${fn} gets each object after its hash was found right, in order; its error ends the run
 * and is passed on.
 */
/*
 * hashes the file, inflates each member, walks the tar entries, checks each object
 * against its name
 */
struct part_checker;
typedef int (*part_object_fn)(void *ctx, enum coll_kind kind, const uint8_t sha256[SHA256_LEN],
        uint64_t size, uint64_t member, uint64_t offset, struct err *err);
int part_checker_open(int dirfd, const char *name, part_object_fn fn, void *ctx,
        struct part_checker **out, struct err *err) MUST_CHECK;
/*
 * Further threads read and inflate, of a file that is whole; before it is run. 0: none.
 */
void part_checker_ahead(struct part_checker *c, unsigned threads);
/*
 * Check on up to the file offset ${limit} (a member border; UINT64_MAX: to the end, where
 * the end member must be). ERR_DAMAGED. Page cache of what was written is dropped before
 * it is read.
 */
int part_checker_run(struct part_checker *c, uint64_t limit, struct err *err) MUST_CHECK;
/* After the end: the file's SHA-256 and size. */
void part_checker_sum(
        const struct part_checker *c, uint8_t sum_out[SHA256_LEN], uint64_t *size_out);
void part_checker_free(struct part_checker *c);

/*
 * Objects by seeking; the bytes are given out only after their hash was found right
 * (objects beyond one member are read twice). The tar header at the place must name this
 * very object. A few inflated members and open files are kept, so that objects read about
 * in the order of storage cost one inflate a member. Thread-safe.
 * ${dirfd}: data/ or whatever the names are relative to, borrowed. ${write} must not call
 * the reader.
 */
struct part_reader;
struct part_reader *part_reader_new(int dirfd);
int part_reader_object(struct part_reader *r, const char *name, const struct object_place *place,
        const uint8_t sha256[SHA256_LEN], uint64_t size, enum coll_kind kind, tree_write_fn write,
        void *ctx, struct err *err) MUST_CHECK;
void part_reader_free(struct part_reader *r);

/*
 * Salvage: every whole object of a damaged part, resynchronised at member headers; gaps
 * are reported through ${gap}.
 */
int part_scan(int dirfd, const char *name, part_object_fn fn,
        void (*gap)(void *ctx, uint64_t from, uint64_t to), void *ctx, struct err *err) MUST_CHECK;

/*
 * A small file of members (catalog, links): written whole from a stream, fsynced; read
 * back with all checks.
 */
struct members_writer;
int members_writer_open(
        int dirfd, const char *name, struct members_writer **out, struct err *err) MUST_CHECK;
/*
 * Before anything is added: members that come out as those of the file ${name} are copied
 * from there. It was found to be what was sealed, and is checked all the same; where it cannot
 * be read, nothing is copied.
 */
void members_writer_like(struct members_writer *w, int dirfd, const char *name);
/*
 * Is a tree_write_fn. What one call adds is whole lines or tar entries: members are closed
 * only between calls (or at MEMBER_MAX).
 */
int members_writer_add(void *members_writer, const void *p, size_t n, struct err *err) MUST_CHECK;
/*
 * ${entries}: for the end member. Consumes w, fsyncs, checks the file by reading it back
 * with the page cache dropped; sum and size of the file.
 */
int members_writer_finish(struct members_writer *w, uint64_t entries, uint8_t sum_out[SHA256_LEN],
        uint64_t *size_out, struct err *err) MUST_CHECK;
void members_writer_abort(struct members_writer *w);

/* strict: any deviation is ERR_DAMAGED; the end member must be there */
struct members_reader;
int members_reader_open(
        int dirfd, const char *name, struct members_reader **out, struct err *err) MUST_CHECK;
/* is a tree_read_fn */
int members_reader_read(
        void *members_reader, void *p, size_t n, size_t *got_out, struct err *err) MUST_CHECK;
/*
 * After the end (a read gave 0 bytes): the end member's count; the file's SHA-256 and
 * size.
 */
uint64_t members_reader_entries(const struct members_reader *r);
void members_reader_sum(
        const struct members_reader *r, uint8_t sum_out[SHA256_LEN], uint64_t *size_out);
void members_reader_free(struct members_reader *r);

/*
 * The same file member by member, in any order. The bytes are lent until the next call; the
 * second function is a catalog_piece_fn. Of what is not asked for only the header is read.
 */
struct members_picker;
int members_picker_open(
        int dirfd, const char *name, struct members_picker **out, struct err *err) MUST_CHECK;
int members_picker_get(void *members_picker, size_t i, const char **p_out, size_t *n_out,
        struct err *err) MUST_CHECK;
size_t members_picker_count(const struct members_picker *k);
void members_picker_free(struct members_picker *k);

#endif
