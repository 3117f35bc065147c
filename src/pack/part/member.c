/* Gzip members with our extra field: RFC 1952, RFC 1951. */
#include "member.h"
#include "ahead.h"
#include "deflate.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include <assert.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define GZIP_HEAD 12 /* with XLEN */
#define DATA_FIELD 24 /* length of the subfield VL */
#define END_FIELD 36 /* and of VE */
#define FIELD_AT 16 /* where the subfield's data start */

_Static_assert(FIELD_AT + DATA_FIELD == MEMBER_HEAD, "head of a data member");
_Static_assert(FIELD_AT + END_FIELD + 2 + MEMBER_TAIL == MEMBER_END_SIZE, "end member");
_Static_assert(MEMBER_MAX % 512 == 0 && MEMBER_MIN < MEMBER_MAX, "members hold tar blocks");

static void put_32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static void put_64(uint8_t *p, uint64_t v)
{
	put_32(p, (uint32_t)v);
	put_32(p + 4, (uint32_t)(v >> 32));
}

static uint32_t get_32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint64_t get_64(const uint8_t *p)
{
	return get_32(p) | (uint64_t)get_32(p + 4) << 32;
}

/* All that stands before the subfield's data: the same for every member of a kind. */
static void put_gzip_head(uint8_t *out, char kind, uint8_t field_len)
{
	static const uint8_t fixed[GZIP_HEAD - 2] = {0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255};

	memcpy(out, fixed, sizeof fixed);
	out[10] = (uint8_t)(4 + field_len);
	out[11] = 0;
	out[12] = 'V';
	out[13] = (uint8_t)kind;
	out[14] = field_len;
	out[15] = 0;
}

/*
 * The CRC of the subfield stands in its last 4 bytes and covers its name and what is
 * between.
 */
static uint32_t field_crc(const uint8_t *p, uint8_t field_len)
{
	uint32_t crc = libdeflate_crc32(0, p + 12, 2);

	return libdeflate_crc32(crc, p + FIELD_AT, (size_t)field_len - 4);
}

static void put_data_head(uint8_t *out, uint32_t seq, uint64_t size, uint64_t plain)
{
	put_gzip_head(out, 'L', DATA_FIELD);
	put_32(out + FIELD_AT, seq);
	put_64(out + FIELD_AT + 4, size);
	put_64(out + FIELD_AT + 12, plain);
	put_32(out + FIELD_AT + 20, field_crc(out, DATA_FIELD));
}

void member_put_end(const struct member_head *h, uint8_t out[MEMBER_END_SIZE])
{
	memset(out, 0, MEMBER_END_SIZE);
	put_gzip_head(out, 'E', END_FIELD);
	put_32(out + FIELD_AT, h->seq);
	put_64(out + FIELD_AT + 4, h->size);
	put_64(out + FIELD_AT + 12, h->plain);
	put_64(out + FIELD_AT + 20, h->entries);
	put_32(out + FIELD_AT + 32, field_crc(out, END_FIELD));
	out[FIELD_AT + END_FIELD] = 3; /* the empty block; CRC32 and ISIZE are 0 */
}

static bool parse_end(const uint8_t *p, size_t n, struct member_head *out)
{
	uint8_t same[MEMBER_END_SIZE];

	if (n < MEMBER_END_SIZE)
		return false;
	*out = (struct member_head){.end = true, .seq = get_32(p + FIELD_AT)};
	out->size = get_64(p + FIELD_AT + 4);
	out->plain = get_64(p + FIELD_AT + 12);
	out->entries = get_64(p + FIELD_AT + 20);
	member_put_end(out, same);
	return memcmp(p, same, MEMBER_END_SIZE) == 0;
}

bool member_parse(const uint8_t *p, size_t n, struct member_head *out)
{
	uint8_t same[MEMBER_HEAD];

	if (n < MEMBER_HEAD)
		return false;
	if (p[13] == 'E')
		return parse_end(p, n, out);
	*out = (struct member_head){.seq = get_32(p + FIELD_AT)};
	out->size = get_64(p + FIELD_AT + 4);
	out->plain = get_64(p + FIELD_AT + 12);
	put_data_head(same, out->seq, out->size, out->plain);
	return memcmp(p, same, MEMBER_HEAD) == 0 && out->plain > 0 && out->plain <= MEMBER_MAX &&
	       out->size > MEMBER_HEAD + MEMBER_TAIL && out->size <= MEMBER_SIZE_MAX(out->plain);
}

#define TEXT_LEVEL 6

_Static_assert(
        MEMBER_SIZE_MAX(1) >= MEMBER_HEAD + DEFLATE_BOUND(1) + MEMBER_TAIL, "room for a member");

struct member_maker {
	struct deflater *mail; /* one of them */
	struct libdeflate_compressor *text;
};

struct member_maker *member_maker_new(enum member_for what)
{
	struct member_maker *m = xcalloc(1, sizeof *m);

	if (what == MEMBER_PARTS) {
		m->mail = deflater_new();
		return m;
	}
	m->text = libdeflate_alloc_compressor(TEXT_LEVEL);
	/* out of memory: ends the process as any other */
	if (!m->text)
		(void)xmalloc(SIZE_MAX);
	return m;
}

void member_maker_free(struct member_maker *m)
{
	if (!m)
		return;
	deflater_free(m->mail);
	libdeflate_free_compressor(m->text);
	free(m);
}

size_t member_make(
        struct member_maker *m, uint32_t seq, const uint8_t *plain, size_t n, uint8_t *out)
{
	size_t room = MEMBER_SIZE_MAX(n) - MEMBER_HEAD - MEMBER_TAIL, len, size;

	assert(n > 0 && n <= MEMBER_MAX);
	len = m->mail ? deflater_run(m->mail, plain, n, out + MEMBER_HEAD)
	              : libdeflate_deflate_compress(m->text, plain, n, out + MEMBER_HEAD, room);
	assert(len > 0 && len <= room); /* ${room} is above the bound of both */
	size = MEMBER_HEAD + len + MEMBER_TAIL;
	put_data_head(out, seq, size, n);
	put_32(out + MEMBER_HEAD + len, libdeflate_crc32(0, plain, n));
	put_32(out + MEMBER_HEAD + len + 4, (uint32_t)n);
	return size;
}

void pages_init(struct pages *b, size_t size)
{
	/*
	 * Of its own, not the heap's: what is never used is never resident, and clearing
	 * gives all of it back.
	 */
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	/* as any other lack of memory: ends the process */
	if (p == MAP_FAILED)
		p = xmalloc(SIZE_MAX);
	b->p = p;
	b->size = size;
}

/* The whole pages inside [p + from, p + to). */
static void forget_pages(uint8_t *p, size_t from, size_t to)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t start = ((uintptr_t)p + from + page - 1) / page * page;
	uintptr_t end = ((uintptr_t)p + to) / page * page;

	if (end > start)
		(void)madvise((void *)start, end - start, MADV_DONTNEED);
}

void pages_trim(struct pages *b, size_t used, size_t keep)
{
	if (b->p && used > keep)
		forget_pages(b->p, keep, used);
}

void pages_clear(struct pages *b)
{
	if (b->p)
		(void)munmap(b->p, b->size);
	*b = (struct pages){0};
}

void member_file_init(struct member_file *f, int fd, const char *name)
{
	*f = (struct member_file){.fd = fd, .name = xstrdup(name)};
	pages_init(&f->raw, MEMBER_BUF_SIZE);
	pages_init(&f->plain, MEMBER_MAX);
	f->inflate = libdeflate_alloc_decompressor();
	if (!f->inflate)
		(void)xmalloc(SIZE_MAX);
}

int member_file_open(struct member_file *f, int dirfd, const char *name, struct err *err)
{
	int fd, rc = file_open_plain(dirfd, name, &fd, err);

	*f = (struct member_file){.fd = -1};
	if (rc != 0)
		return rc;
	member_file_init(f, fd, name);
	return 0;
}

void member_file_clear(struct member_file *f)
{
	pages_clear(&f->raw);
	pages_clear(&f->plain);
	libdeflate_free_decompressor(f->inflate);
	free(f->name);
	*f = (struct member_file){.fd = -1};
}

void member_file_close(struct member_file *f)
{
	/* nothing was written */
	fd_close(f->fd);
	member_file_clear(f);
}

static int fail_member(struct member_file *f, uint64_t off, const char *what, struct err *err)
{
	return err_set(
	        err, ERR_DAMAGED, ERR_ITEM, "%s: %s at offset %ju", f->name, what, (uintmax_t)off);
}

int member_inflate(struct member_file *f, uint64_t off, struct err *err)
{
	size_t size = (size_t)f->head.size, plain = (size_t)f->head.plain, in = 0, out = 0;
	const uint8_t *tail = f->raw.p + size - MEMBER_TAIL;
	enum libdeflate_result res;

	res = libdeflate_deflate_decompress_ex(f->inflate, f->raw.p + MEMBER_HEAD,
	        size - MEMBER_HEAD - MEMBER_TAIL, f->plain.p, plain, &in, &out);
	if (res != LIBDEFLATE_SUCCESS || out != plain || in != size - MEMBER_HEAD - MEMBER_TAIL)
		return fail_member(f, off, "bad compressed data in the member", err);
	if (get_32(tail + 4) != (uint32_t)plain ||
	        get_32(tail) != libdeflate_crc32(0, f->plain.p, plain))
		return fail_member(f, off, "wrong checksum of the member", err);
	return 0;
}

#define FIRST_READ (256u << 10)

/* What one member left in memory beyond the usual is given back before the next. */
static void trim_pages(struct member_file *f)
{
	if (f->head.end)
		return;
	pages_trim(&f->raw, (size_t)f->head.size, 2 * MEMBER_MIN);
	pages_trim(&f->plain, (size_t)f->head.plain, 2 * MEMBER_MIN);
}

int member_load(struct member_file *f, uint64_t off, struct err *err)
{
	size_t got = 0, more = 0;
	int rc;

	trim_pages(f);
	f->head = (struct member_head){0};
	/* Mostly the whole member comes with the first read. */
	if ((rc = fd_pread(f->fd, f->raw.p, FIRST_READ, off, &got, err)) != 0)
		return err_wrap(err, "%s", f->name);
	if (got == 0)
		return fail_member(f, off, "the file ends without its end member", err);
	if (!member_parse(f->raw.p, got, &f->head)) {
		f->head = (struct member_head){0};
		return fail_member(f, off, "no member header", err);
	}
	if (f->head.end)
		return 0;
	if (f->head.size > got) {
		rc = fd_pread(
		        f->fd, f->raw.p + got, (size_t)f->head.size - got, off + got, &more, err);
		if (rc != 0)
			return err_wrap(err, "%s", f->name);
		if (got + more < f->head.size)
			return fail_member(f, off, "the file is cut off inside the member", err);
	}
	return 0;
}

int member_read(struct member_file *f, uint64_t off, struct err *err)
{
	int rc = member_load(f, off, err);

	return rc || f->head.end ? rc : member_inflate(f, off, err);
}

int member_stream_open(struct member_stream *s, int dirfd, const char *name, struct err *err)
{
	memset(s, 0, sizeof *s);
	sha256_start(&s->hash);
	return member_file_open(&s->file, dirfd, name, err);
}

void member_stream_ahead(struct member_stream *s, unsigned threads)
{
	s->ahead = members_ahead_new(&s->file, s->off, threads);
}

void member_stream_close(struct member_stream *s)
{
	members_ahead_free(s->ahead);
	member_file_close(&s->file);
}

int member_stream_fail(const struct member_stream *s, const char *what, struct err *err)
{
	return err_set(err, ERR_DAMAGED, ERR_ITEM, "%s: %s at offset %ju", s->file.name, what,
	        (uintmax_t)s->off);
}

/* The end member says what was read, and the file ends with it. */
static int end_stream(struct member_stream *s, struct err *err)
{
	const struct member_head *h = &s->file.head;
	struct stat st;

	if (h->size != s->off + MEMBER_END_SIZE || h->plain != s->plain)
		return member_stream_fail(s, "the end member counts other sizes", err);
	if (fstat(s->file.fd, &st) != 0)
		return err_sys(err, ERR_WHOLE, "cannot look at %s", s->file.name);
	if ((uint64_t)st.st_size != h->size)
		return member_stream_fail(s, "bytes after the end member", err);
	sha256_add(&s->hash, s->file.raw.p, MEMBER_END_SIZE);
	sha256_end(&s->hash, s->sum);
	s->off = h->size;
	s->ended = true;
	return 0;
}

int member_stream_next(struct member_stream *s, struct err *err)
{
	const struct member_head *h = &s->file.head;
	int rc = s->ahead       ? members_ahead_next(s->ahead, &s->file, err)
	         : s->load_only ? member_load(&s->file, s->off, err)
	                        : member_read(&s->file, s->off, err);

	if (rc != 0)
		return rc;
	if (h->seq != s->seq++)
		return member_stream_fail(s, "a member is missing or out of order", err);
	if (h->end)
		return end_stream(s, err);
	sha256_add(&s->hash, s->file.raw.p, (size_t)h->size);
	s->off += h->size;
	s->plain += h->plain;
	return 0;
}

void member_drop_cache(int fd, uint64_t from, uint64_t to)
{
	(void)posix_fadvise(fd, (off_t)from, (off_t)(to - from), POSIX_FADV_DONTNEED);
}
