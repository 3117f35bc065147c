#include "parts_help.h"

static const char part1[] = "part-000001.tar.gz";

/*
 * A small part of a few members: objects of several sizes, one of them over three
 * members.
 */
enum { N = 9 };
static void make_part(const struct scratch *s, struct object o[N], bool large)
{
	static const uint64_t sizes[N] = {
	        10, 0, 700, MEMBER_MIN, 30, 5000, MEMBER_MIN - 100, 60, 80};

	for (uint32_t i = 0; i < N; i++)
		o[i] = object_make(large && i == 5 ? MEMBER_MAX + 5000 : sizes[i], i);
	write_all(s, o, N, 1, 1u << 30);
}

/* The members of a whole file. */
static size_t list_members(const struct buf *b, uint64_t off[16])
{
	struct member_head h;
	uint64_t at = 0;
	size_t n = 0;

	while (at < b->len) {
		assert_true(member_parse(b->data + at, b->len - at, &h));
		off[n++] = at;
		at += h.end ? MEMBER_END_SIZE : h.size;
	}
	return n;
}

/* Few and small objects, so that every bit of the file can be tried. */
static void make_tiny(const struct scratch *s, struct buf *b)
{
	struct object o[3];

	for (uint32_t i = 0; i < 3; i++)
		o[i] = object_make(i * 100, i);
	write_all(s, o, 3, 1, 1u << 30);
	read_whole(s, part1, b);
	assert_true(b->len < 2000);
}

static void every_truncation(void **state)
{
	struct scratch s;
	struct buf b;
	uint8_t sum[SHA256_LEN];
	uint64_t size;
	struct err err;

	(void)state;
	scratch_open(&s);
	make_tiny(&s, &b);
	for (size_t n = 0; n < b.len; n++) {
		put_file_bytes(&s, part1, b.data, n);
		assert_int_equal(check_file(&s, part1, NULL, sum, &size, &err), ERR_DAMAGED);
	}
	put_file_bytes(&s, part1, b.data, b.len);
	assert_int_equal(check_file(&s, part1, NULL, sum, &size, &err), 0);
	assert_int_equal(buf_addc(&b, '\0'), 0);
	put_file_bytes(&s, part1, b.data, b.len);
	assert_int_equal(check_file(&s, part1, NULL, sum, &size, &err), ERR_DAMAGED);
	buf_clear(&b);
	scratch_close(&s);
}

/* At every member border of a larger part, too. */
static void truncation_at_borders(void **state)
{
	struct object o[N];
	struct scratch s;
	struct buf b;
	uint64_t off[16], size;
	uint8_t sum[SHA256_LEN];
	struct err err;
	size_t n;

	(void)state;
	scratch_open(&s);
	make_part(&s, o, true);
	read_whole(&s, part1, &b);
	n = list_members(&b, off);
	assert_true(n >= 5);
	for (size_t i = 0; i < n; i++) {
		put_file_bytes(&s, part1, b.data, off[i]);
		assert_int_equal(check_file(&s, part1, NULL, sum, &size, &err), ERR_DAMAGED);
		/* And without each of its members. */
		struct member_head h;
		size_t len;

		assert_true(member_parse(b.data + off[i], b.len - off[i], &h));
		len = h.end ? MEMBER_END_SIZE : (size_t)h.size;
		put_file_bytes(&s, "less", b.data, off[i]);
		int fd = openat(s.fd, "less", O_WRONLY | O_APPEND);
		assert_int_equal(write(fd, b.data + off[i] + len, b.len - off[i] - len),
		        b.len - off[i] - len);
		close(fd);
		assert_int_equal(check_file(&s, "less", NULL, sum, &size, &err), ERR_DAMAGED);
	}
	buf_clear(&b);
	scratch_close(&s);
}

/*
 * Every flipped bit: the checker notices it, or (deflate has bits that do not count:
 * unused ones before a byte border, other codes for the same bytes) the sum of the file
 * does.
 */
static void every_bit(void **state)
{
	struct scratch s;
	struct buf b;
	uint8_t right[SHA256_LEN], sum[SHA256_LEN];
	uint64_t size, unnoticed = 0;
	struct err err;

	(void)state;
	scratch_open(&s);
	make_tiny(&s, &b);
	assert_int_equal(check_file(&s, part1, NULL, right, &size, &err), 0);
	for (size_t bit = 0; bit < b.len * 8; bit++) {
		b.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		put_file_bytes(&s, part1, b.data, b.len);
		b.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (check_file(&s, part1, NULL, sum, &size, &err) == 0) {
			unnoticed++;
			assert_memory_not_equal(sum, right, SHA256_LEN);
		}
	}
	assert_in_range(unnoticed, 0, 32);
	buf_clear(&b);
	scratch_close(&s);
}

static int collect(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	assert_int_equal(buf_add(ctx, p, n), 0);
	return 0;
}

static struct object_place place_of(const struct seen *seen, const struct object *o)
{
	struct object_place p = {.snapshot = 1, .part = 1};

	for (size_t i = 0; i < seen->n; i++) {
		if (memcmp(seen->o[i].sha256, o->sha256, SHA256_LEN) == 0) {
			p.member = seen->member[i];
			p.offset = seen->offset[i];
		}
	}
	return p;
}

static void random_access(void **state)
{
	struct object o[N];
	struct seen *seen = xcalloc(1, sizeof *seen);
	struct part_reader *r;
	struct err err = {0};
	uint8_t sum[SHA256_LEN];
	struct object_place p;
	struct scratch s;
	uint64_t size;

	(void)state;
	scratch_open(&s);
	make_part(&s, o, true);
	assert_int_equal(check_file(&s, part1, seen, sum, &size, &err), 0);
	r = part_reader_new(s.fd);
	for (int i = 0; i < 4 * N; i++) {
		struct object *want = &o[(i * 5) % N];
		uint8_t *bytes = object_bytes(want);
		struct buf got;
		int rc;

		buf_init(&got, 64u << 20);
		p = place_of(seen, want);
		if (i < N) { /* nothing is kept of the one before */
			part_reader_free(r);
			r = part_reader_new(s.fd);
		}
		rc = part_reader_object(
		        r, part1, &p, want->sha256, want->size, want->kind, collect, &got, &err);
		if (rc != 0)
			fail_msg("%s", err.text);
		assert_int_equal(got.len, want->size);
		assert_memory_equal(got.data, bytes, got.len);
		buf_clear(&got);
		free(bytes);
	}
	/* Wrong places and names give nothing. */
	struct buf got;

	buf_init(&got, 64u << 20);
	p = place_of(seen, &o[3]);
	p.offset += 512;
	assert_int_equal(part_reader_object(r, part1, &p, o[3].sha256, o[3].size, o[3].kind,
	                         collect, &got, &err),
	        ERR_DAMAGED);
	p.offset = UINT64_MAX - 100;
	assert_int_equal(part_reader_object(r, part1, &p, o[3].sha256, o[3].size, o[3].kind,
	                         collect, &got, &err),
	        ERR_DAMAGED);
	p = place_of(seen, &o[3]);
	p.member += 1;
	assert_int_equal(part_reader_object(r, part1, &p, o[3].sha256, o[3].size, o[3].kind,
	                         collect, &got, &err),
	        ERR_DAMAGED);
	p.member = UINT64_MAX - 3;
	assert_int_equal(part_reader_object(r, part1, &p, o[3].sha256, o[3].size, o[3].kind,
	                         collect, &got, &err),
	        ERR_DAMAGED);
	p = place_of(seen, &o[3]);
	assert_int_equal(part_reader_object(r, part1, &p, o[2].sha256, o[3].size, o[3].kind,
	                         collect, &got, &err),
	        ERR_DAMAGED);
	assert_int_equal(part_reader_object(r, part1, &p, o[3].sha256, o[3].size + 1, o[3].kind,
	                         collect, &got, &err),
	        ERR_DAMAGED);
	assert_int_equal(part_reader_object(r, part1, &p, o[3].sha256, o[3].size,
	                         (o[3].kind + 1) % COLL_KINDS, collect, &got, &err),
	        ERR_DAMAGED);
	assert_int_equal(part_reader_object(r, "part-000009.tar.gz", &p, o[3].sha256, o[3].size,
	                         o[3].kind, collect, &got, &err),
	        ERR_NOTFOUND);
	assert_int_equal(err.scope, ERR_ITEM);
	assert_int_equal(got.len, 0);
	buf_clear(&got);
	part_reader_free(r);
	free(seen);
	scratch_close(&s);
}

/*
 * One damaged member costs the objects in it and no others; nothing of a damaged object
 * is given out.
 */
static void scan_after_damage(void **state)
{
	struct object o[N];
	struct scratch s;
	struct buf b;
	uint64_t off[16], size;
	struct seen *whole = xcalloc(1, sizeof *whole), *seen = xcalloc(1, sizeof *seen);
	uint8_t sum[SHA256_LEN];
	struct err err = {0};
	size_t n;

	(void)state;
	scratch_open(&s);
	make_part(&s, o, true);
	read_whole(&s, part1, &b);
	n = list_members(&b, off);
	assert_int_equal(check_file(&s, part1, whole, sum, &size, &err), 0);
	assert_int_equal(part_scan(s.fd, part1, see, see_gap, seen, &err), 0);
	assert_int_equal(seen->n, N);
	assert_int_equal(seen->gaps, 0);
	for (size_t i = 0; i + 1 < n; i++) {
		for (uint64_t at = 0; at < 3; at++) {
			/* in its head, its data, its tail */
			uint64_t byte = at == 0   ? off[i] + 3
			                : at == 1 ? (off[i] + off[i + 1]) / 2
			                          : off[i + 1] - 1;

			b.data[byte] ^= 0x10;
			put_file_bytes(&s, part1, b.data, b.len);
			b.data[byte] ^= 0x10;
			memset(seen, 0, sizeof *seen);
			assert_int_equal(part_scan(s.fd, part1, see, see_gap, seen, &err), 0);
			assert_true(seen->gaps > 0);
			for (size_t k = 0; k < N; k++) {
				uint64_t from = place_of(whole, &o[k]).member;
				uint64_t next =
				        k + 1 < N ? place_of(whole, &o[k + 1]).member : from;
				bool hurt =
				        from == off[i] ||
				        (o[k].size > MEMBER_MAX && off[i] > from && off[i] <= next);

				assert_int_equal(seen_has(seen, &o[k]), !hurt);
			}
		}
	}
	/* Cut short, and with foreign bytes before. */
	for (size_t i = 1; i < n; i++) {
		put_file_bytes(&s, part1, b.data + off[i] - 7, b.len - off[i] + 7);
		memset(seen, 0, sizeof *seen);
		assert_int_equal(part_scan(s.fd, part1, see, see_gap, seen, &err), 0);
		for (size_t k = 0; k < N; k++)
			if (place_of(whole, &o[k]).member >= off[i])
				assert_true(seen_has(seen, &o[k]));
		put_file_bytes(&s, part1, b.data, off[i] - 1);
		memset(seen, 0, sizeof *seen);
		assert_int_equal(part_scan(s.fd, part1, see, see_gap, seen, &err), 0);
		for (size_t k = 0; k < N; k++)
			if (place_of(whole, &o[k]).member < off[i - 1] && o[k].size <= MEMBER_MAX)
				assert_true(seen_has(seen, &o[k]));
	}
	buf_clear(&b);
	free(seen);
	free(whole);
	scratch_close(&s);
}

/*
 * A mail that holds a part of its own, whole: nothing of it is taken while the outer one
 * is in step.
 */
static void part_in_a_mail(void **state)
{
	struct object o[N], outer;
	struct scratch s;
	struct buf b;
	struct part_writer *w;
	struct err err = {0};
	struct seen *seen = xcalloc(1, sizeof *seen);
	uint8_t sum[SHA256_LEN];
	uint64_t size;

	(void)state;
	scratch_open(&s);
	make_part(&s, o, false);
	read_whole(&s, part1, &b);
	sha256_of(b.data, b.len, outer.sha256);
	w = writer_open(&s, 1, 1u << 30);
	assert_int_equal(
	        part_writer_add(w, COLL_MAIL, outer.sha256, b.len, b.data, -1, &outer.place, &err),
	        0);
	writer_finish(w);
	part_writer_free(w);
	assert_int_equal(check_file(&s, part1, seen, sum, &size, &err), 0);
	assert_int_equal(seen->n, 1);
	seen->n = 0;
	assert_int_equal(part_scan(s.fd, part1, see, see_gap, seen, &err), 0);
	assert_int_equal(seen->n, 1);
	buf_clear(&b);
	free(seen);
	scratch_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(every_truncation),
	        cmocka_unit_test(truncation_at_borders),
	        cmocka_unit_test(every_bit),
	        cmocka_unit_test(random_access),
	        cmocka_unit_test(scan_after_damage),
	        cmocka_unit_test(part_in_a_mail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
