#include "parts_help.h"

static uint8_t *line_bytes(size_t n, uint32_t seed)
{
	struct object o = {.size = n, .seed = seed};

	return object_bytes(&o);
}

static void write_file(const struct scratch *s, const char *name, const uint8_t *p, size_t n,
        size_t step, uint64_t entries)
{
	struct members_writer *w = NULL;
	struct err err = {0};
	uint8_t sum[SHA256_LEN], again[SHA256_LEN];
	uint64_t size, size2;

	assert_int_equal(members_writer_open(s->fd, name, &w, &err), 0);
	for (size_t at = 0; at < n; at += step)
		assert_int_equal(
		        members_writer_add(w, p + at, n - at < step ? n - at : step, &err), 0);
	if (members_writer_finish(w, entries, sum, &size, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(file_sha256(s->fd, name, again, &size2, &err), 0);
	assert_int_equal(size, size2);
	assert_memory_equal(sum, again, SHA256_LEN);
}

static int read_file(const struct scratch *s, const char *name, struct buf *out, uint64_t *entries,
        struct err *err)
{
	struct members_reader *r = NULL;
	uint8_t chunk[10007];
	size_t got = 1;
	int rc = members_reader_open(s->fd, name, &r, err);

	buf_init(out, 64u << 20);
	while (rc == 0 && got > 0) {
		rc = members_reader_read(r, chunk, sizeof chunk, &got, err);
		assert_int_equal(buf_add(out, chunk, got), 0);
	}
	*entries = rc == 0 ? members_reader_entries(r) : 0;
	members_reader_free(r);
	return rc;
}

static void round_trips(void **state)
{
	static const size_t sizes[] = {0, 1, 100, MEMBER_MIN - 1, MEMBER_MIN, MEMBER_MIN + 1,
	        1000000, MEMBER_MAX, MEMBER_MAX + 1, MEMBER_MAX + 70000};
	static const size_t steps[] = {251, 70000, SIZE_MAX / 2};
	struct scratch s;

	(void)state;
	scratch_open(&s);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		for (int k = 0; k < 3; k++) {
			uint8_t *p = line_bytes(sizes[i], 5);
			uint64_t entries;
			struct err err = {0};
			struct buf got;

			write_file(&s, "x.gz", p, sizes[i], steps[k], 77);
			if (read_file(&s, "x.gz", &got, &entries, &err) != 0)
				fail_msg("%s", err.text);
			assert_int_equal(got.len, sizes[i]);
			assert_memory_equal(got.data, p, got.len);
			assert_int_equal(entries, 77);
			buf_clear(&got);
			free(p);
		}
	}
	scratch_close(&s);
}

static void damage(void **state)
{
	uint8_t *p = line_bytes(400, 1);
	uint64_t entries, unnoticed = 0;
	struct scratch s;
	struct buf b, got;
	struct err err;

	(void)state;
	scratch_open(&s);
	write_file(&s, "x.gz", p, 400, 100, 4);
	read_whole(&s, "x.gz", &b);
	for (size_t n = 0; n < b.len; n++) {
		put_file_bytes(&s, "x.gz", b.data, n);
		assert_int_equal(read_file(&s, "x.gz", &got, &entries, &err), ERR_DAMAGED);
		buf_clear(&got);
	}
	for (size_t bit = 0; bit < b.len * 8; bit++) {
		b.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		put_file_bytes(&s, "x.gz", b.data, b.len);
		b.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (read_file(&s, "x.gz", &got, &entries, &err) == 0) {
			/*
			 * bits that deflate does not count: the bytes are right all the
			 * same
			 */
			unnoticed++;
			assert_int_equal(got.len, 400);
			assert_memory_equal(got.data, p, 400);
		}
		buf_clear(&got);
	}
	assert_in_range(unnoticed, 0, 16);
	put_file_bytes(&s, "x.gz", b.data, b.len);
	int fd = openat(s.fd, "x.gz", O_WRONLY | O_APPEND);
	assert_int_equal(write(fd, "", 1), 1);
	close(fd);
	assert_int_equal(read_file(&s, "x.gz", &got, &entries, &err), ERR_DAMAGED);
	buf_clear(&got);
	assert_int_equal(read_file(&s, "missing.gz", &got, &entries, &err), ERR_NOTFOUND);
	buf_clear(&got);
	buf_clear(&b);
	free(p);
	scratch_close(&s);
}

/* The same octets in members of another encoder: what is copied from it can be told. */
static void write_other(const struct scratch *s, const char *name, const uint8_t *p, size_t n)
{
	struct member_maker *m = member_maker_new(MEMBER_PARTS);
	uint8_t *out = xmalloc(MEMBER_BUF_SIZE), end[MEMBER_END_SIZE];
	struct member_head h = {.end = true, .plain = n};
	struct buf b = buf_of(64u << 20);

	for (size_t at = 0; at < n; at += MEMBER_MIN) {
		size_t now = MIN(n - at, (size_t)MEMBER_MIN);

		buf_put(&b, out, member_make(m, h.seq++, p + at, now, out));
	}
	h.size = b.len + MEMBER_END_SIZE;
	member_put_end(&h, end);
	buf_put(&b, end, sizeof end);
	put_file_bytes(s, name, b.data, b.len);
	buf_clear(&b);
	free(out);
	member_maker_free(m);
}

/* ${p} written beside old.gz; returns how many of the first octets of the files are equal. */
static size_t write_like(const struct scratch *s, const uint8_t *p, size_t n)
{
	struct members_writer *w = NULL;
	struct err err = {0};
	uint8_t sum[SHA256_LEN];
	uint64_t size, entries;
	struct buf old, new, got;
	size_t same = 0;

	assert_int_equal(members_writer_open(s->fd, "new.gz", &w, &err), 0);
	members_writer_like(w, s->fd, "old.gz");
	for (size_t at = 0; at < n; at += MEMBER_MIN)
		assert_int_equal(
		        members_writer_add(w, p + at, MIN(n - at, (size_t)MEMBER_MIN), &err), 0);
	if (members_writer_finish(w, 1, sum, &size, &err) != 0)
		fail_msg("%s", err.text);
	if (read_file(s, "new.gz", &got, &entries, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(got.len, n);
	assert_memory_equal(got.data, p, n);
	read_whole(s, "old.gz", &old);
	read_whole(s, "new.gz", &new);
	while (same < MIN(old.len, new.len) && old.data[same] == new.data[same])
		same++;
	buf_clear(&old);
	buf_clear(&new);
	buf_clear(&got);
	return same;
}

/* Members that come again are copied; what differs, is damaged or not there is made. */
static void copies(void **state)
{
	size_t n = 4 * MEMBER_MIN, after = 0;
	uint8_t *p = line_bytes(n + 100, 1);
	struct scratch s;
	struct buf b;

	(void)state;
	scratch_open(&s);
	write_other(&s, "old.gz", p, n);
	read_whole(&s, "old.gz", &b);
	assert_int_equal(
	        write_like(&s, p, n), b.len - MEMBER_END_SIZE + 36); /* the count differs */
	after = write_like(&s, p, n + 100);
	assert_in_range(after, b.len - MEMBER_END_SIZE, b.len);
	p[3 * MEMBER_MIN] ^= 1;
	after = write_like(&s, p, n);
	assert_in_range(after, b.len / 2, b.len - MEMBER_MIN / 4);
	p[3 * MEMBER_MIN] ^= 1;
	b.data[b.len / 2] ^= 1;
	put_file_bytes(&s, "old.gz", b.data, b.len);
	assert_in_range(write_like(&s, p, n), MEMBER_HEAD, b.len / 2);
	put_file_bytes(&s, "old.gz", b.data, 10);
	write_like(&s, p, n);
	buf_clear(&b);
	free(p);
	scratch_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(round_trips),
	        cmocka_unit_test(damage),
	        cmocka_unit_test(copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
