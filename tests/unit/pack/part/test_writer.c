#include "parts_help.h"
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

static void check_seen(const struct seen *seen, const struct object *o, size_t n)
{
	assert_int_equal(seen->n, n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(seen->o[i].kind, o[i].kind);
		assert_int_equal(seen->o[i].size, o[i].size);
		assert_memory_equal(seen->o[i].sha256, o[i].sha256, SHA256_LEN);
		assert_int_equal(seen->offset[i], o[i].place.offset);
	}
}

/* Sizes around every border; read back in order, with the place that was promised. */
static void borders(void **state)
{
	static const uint64_t sizes[] = {0, 1, 511, 512, 513, 0, 30000, MEMBER_MIN - 512,
	        MEMBER_MIN - 513, MEMBER_MIN - 1024, MEMBER_MIN, MEMBER_MIN - 511, 100,
	        MEMBER_MAX - 1024, MEMBER_MAX - 512, MEMBER_MAX - 511, MEMBER_MAX, MEMBER_MAX + 1,
	        77, MEMBER_MAX - 512 - 1024, 2 * MEMBER_MAX - 512, 9000001, 3};
	enum { N = sizeof sizes / sizeof sizes[0] };
	struct object o[N];
	struct seen *seen = xcalloc(1, sizeof *seen);
	struct err err = {0};
	uint8_t sum[SHA256_LEN], again[SHA256_LEN];
	uint64_t size, size2;
	struct scratch s;

	(void)state;
	scratch_open(&s);
	for (size_t i = 0; i < N; i++)
		o[i] = object_make(sizes[i], (uint32_t)i);
	assert_int_equal(write_all(&s, o, N, 2, 1u << 30), 1);
	if (check_file(&s, "part-000001.tar.gz", seen, sum, &size, &err) != 0)
		fail_msg("%s", err.text);
	check_seen(seen, o, N);
	assert_int_equal(file_sha256(s.fd, "part-000001.tar.gz", again, &size2, &err), 0);
	assert_int_equal(size, size2);
	assert_memory_equal(sum, again, SHA256_LEN);
	free(seen);
	scratch_close(&s);
}

static void nothing(void **state)
{
	struct scratch s;
	char **names;
	size_t n;
	struct err err;

	(void)state;
	scratch_open(&s);
	assert_int_equal(write_all(&s, NULL, 0, 1, 1u << 30), 0);
	assert_int_equal(dir_list(s.fd, ".", &names, &n, &err), 0);
	assert_int_equal(n, 0);
	free(names);
	scratch_close(&s);
}

/*
 * Parts are closed before they outgrow their size; an object that is larger has its own.
 */
static void several_parts(void **state)
{
	static const uint64_t sizes[] = {400000, 400000, 100000, 3000000, 10, 20, 900000};
	static const uint32_t part[] = {1, 1, 1, 2, 3, 3, 3};
	enum { N = sizeof sizes / sizeof sizes[0] };
	struct object o[N];
	struct scratch s;
	struct err err = {0};
	uint8_t sum[SHA256_LEN];
	uint64_t size;

	(void)state;
	scratch_open(&s);
	for (size_t i = 0; i < N; i++)
		o[i] = object_make(sizes[i], (uint32_t)i);
	assert_int_equal(write_all(&s, o, N, 2, 1000000), 3);
	for (uint32_t p = 1; p <= 3; p++) {
		struct seen *seen = xcalloc(1, sizeof *seen);
		char name[PART_NAME_SIZE];

		part_name(p, name);
		if (check_file(&s, name, seen, sum, &size, &err) != 0)
			fail_msg("%s", err.text);
		for (size_t i = 0; i < N; i++) {
			assert_int_equal(o[i].place.part, part[i]);
			assert_int_equal(seen_has(seen, &o[i]), part[i] == p);
		}
		free(seen);
	}
	scratch_close(&s);
}

static void deterministic(void **state)
{
	enum { N = 200 };
	static const unsigned workers[] = {1, 2, 4};
	struct object *o = xcalloc(N, sizeof *o);
	struct buf first, other;

	(void)state;
	for (uint32_t i = 0; i < N; i++)
		o[i] = object_make(i == 50 ? 9u << 20 : (i * 7919u) % 40000, i);
	for (int i = 0; i < 3; i++) {
		struct scratch s;

		scratch_open(&s);
		assert_int_equal(write_all(&s, o, N, workers[i], 6u << 20), 3);
		for (uint32_t p = 1; p <= 3; p++) {
			char name[PART_NAME_SIZE];

			part_name(p, name);
			if (i == 0 && p == 3) {
				read_whole(&s, name, &first);
			} else if (p == 3) {
				read_whole(&s, name, &other);
				assert_int_equal(first.len, other.len);
				assert_memory_equal(first.data, other.data, first.len);
				buf_clear(&other);
			}
		}
		scratch_close(&s);
	}
	buf_clear(&first);
	free(o);
}

/* The content from a file is the same as from memory. */
static void from_file(void **state)
{
	static const uint64_t sizes[] = {0, 5, 512, MEMBER_MIN, 5000000};
	struct buf a, b;
	struct scratch s;

	(void)state;
	for (int from_fd = 0; from_fd < 2; from_fd++) {
		struct part_writer *w;
		struct err err = {0};

		scratch_open(&s);
		w = writer_open(&s, 2, 1u << 30);
		for (uint32_t i = 0; i < 5; i++) {
			struct object o = object_make(sizes[i], i);
			uint8_t *p = object_bytes(&o);
			int fd;

			put_file_bytes(&s, "spool", p, o.size);
			fd = openat(s.fd, "spool", O_RDONLY);
			assert_int_equal(
			        part_writer_add(w, o.kind, o.sha256, o.size, from_fd ? NULL : p,
			                from_fd ? fd : -1, &o.place, &err),
			        0);
			close(fd);
			free(p);
		}
		writer_finish(w);
		part_writer_free(w);
		read_whole(&s, "part-000001.tar.gz", from_fd ? &b : &a);
		scratch_close(&s);
	}
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.data, b.data, a.len);
	buf_clear(&a);
	buf_clear(&b);
}

static void short_file(void **state)
{
	struct object o = object_make(100, 1);
	struct part_writer *w;
	struct err err = {0};
	unsigned parts;
	struct scratch s;
	int fd;

	(void)state;
	scratch_open(&s);
	put_file_bytes(&s, "spool", "x", 1);
	fd = openat(s.fd, "spool", O_RDONLY);
	w = writer_open(&s, 1, 1u << 30);
	assert_int_equal(
	        part_writer_add(w, o.kind, o.sha256, o.size, NULL, fd, &o.place, &err), ERR_IO);
	assert_int_equal(object_add(w, &o, &err), ERR_IO);
	assert_int_equal(part_writer_finish(w, &parts, &err), ERR_IO);
	part_writer_free(w);
	close(fd);
	scratch_close(&s);
}

enum { THREADS = 6, EACH = 60 };

struct adder {
	struct part_writer *w;
	struct object o[EACH];
};

static void *add_some(void *arg)
{
	struct adder *a = arg;
	struct part_mark mark;
	struct err err;

	for (int i = 0; i < EACH; i++) {
		if (object_add(a->w, &a->o[i], &err) != 0)
			return "add";
		if (i % 40 == 7 && part_writer_sync(a->w, &mark, &err) != 0)
			return "sync";
	}
	return NULL;
}

static void many_threads(void **state)
{
	struct adder *a = xcalloc(THREADS, sizeof *a);
	struct seen *seen = xcalloc(1, sizeof *seen);
	pthread_t t[THREADS];
	struct part_writer *w;
	struct err err = {0};
	uint8_t sum[SHA256_LEN];
	struct scratch s;
	uint64_t size;
	unsigned parts;

	(void)state;
	scratch_open(&s);
	w = writer_open(&s, 3, 4u << 20);
	for (uint32_t k = 0; k < THREADS; k++) {
		a[k].w = w;
		for (uint32_t i = 0; i < EACH; i++)
			a[k].o[i] = object_make(
			        i == 3 && k < 2 ? 5u << 20 : (i * k * 6151u) % 60000, k * EACH + i);
		assert_int_equal(pthread_create(&t[k], NULL, add_some, &a[k]), 0);
	}
	for (int k = 0; k < THREADS; k++) {
		void *res;

		pthread_join(t[k], &res);
		assert_null(res);
	}
	parts = writer_finish(w);
	for (uint32_t p = 1; p <= parts; p++) {
		char name[PART_NAME_SIZE];

		part_name(p, name);
		if (check_file(&s, name, seen, sum, &size, &err) != 0)
			fail_msg("%s", err.text);
	}
	assert_int_equal(seen->n, THREADS * EACH);
	for (int k = 0; k < THREADS; k++)
		for (int i = 0; i < EACH; i++)
			assert_true(seen_has(seen, &a[k].o[i]));
	part_writer_free(w);
	free(seen);
	free(a);
	scratch_close(&s);
}

/*
 * Marks: what lies before one is on the disk, whole and checkable; the checker goes from
 * mark to mark.
 */
static void marks(void **state)
{
	enum { N = 120 };
	struct object *o = xcalloc(N, sizeof *o);
	struct seen *seen = xcalloc(1, sizeof *seen);
	struct part_checker *c = NULL;
	struct part_mark mark = {0};
	struct part_writer *w;
	struct err err = {0};
	uint64_t member;
	struct scratch s;

	(void)state;
	scratch_open(&s);
	w = writer_open(&s, 2, 1u << 30);
	assert_int_equal(part_writer_sync(w, &mark, &err), 0);
	assert_int_equal(mark.part, 1);
	assert_int_equal(mark.offset, 0);
	for (uint32_t i = 0; i < N; i++) {
		o[i] = object_make(i == 60 ? 10u << 20 : (i * 7919u) % 50000, i);
		assert_int_equal(object_add(w, &o[i], &err), 0);
		if (i % 20 != 19)
			continue;
		if (part_writer_sync(w, &mark, &err) != 0)
			fail_msg("%s", err.text);
		assert_int_equal(mark.part, 1);
		assert_true(mark.offset > 0);
		if (!c)
			assert_int_equal(
			        part_checker_open(s.fd, "part-000001.tar.gz", see, seen, &c, &err),
			        0);
		if (part_checker_run(c, mark.offset, &err) != 0)
			fail_msg("%s", err.text);
		assert_int_equal(seen->n, mark.entries);
		for (uint32_t k = 0; k <= i; k++) {
			bool durable = part_writer_resolve(w, &o[k].place, &mark, &member);

			assert_int_equal(durable, seen_has(seen, &o[k]));
			if (durable)
				assert_int_equal(member, seen->member[k]);
		}
	}
	writer_finish(w);
	if (part_checker_run(c, UINT64_MAX, &err) != 0)
		fail_msg("%s", err.text);
	check_seen(seen, o, N);
	part_checker_free(c);
	part_writer_free(w);
	free(seen);
	free(o);
	scratch_close(&s);
}

/*
 * A run is left after a mark, its tail is cut or garbage; going on gives the very bytes
 * of an undisturbed run.
 */
static void resume_one(
        struct object *o, uint32_t n, uint32_t stop, const char *tail, const struct buf *whole)
{
	struct part_opts opts = {
	        .snapshot = 1, .part_size = 1u << 30, .workers = 2, .first_part = 1};
	struct part_mark mark = {0};
	struct part_writer *w;
	struct err err = {0};
	struct buf got;
	struct scratch s;
	uint32_t next = 0;
	int fd;

	scratch_open(&s);
	w = writer_open(&s, 2, 1u << 30);
	add_all(w, o, stop);
	assert_int_equal(part_writer_sync(w, &mark, &err), 0);
	add_all(w, o + stop, n - stop > 10 ? 10 : n - stop);
	part_writer_free(w);
	if (mark.offset > 0) {
		fd = openat(s.fd, "part-000001.tar.gz", O_WRONLY | O_APPEND);
		if (!tail)
			assert_int_equal(ftruncate(fd, (off_t)mark.offset), 0);
		else
			assert_int_equal(write(fd, tail, strlen(tail)), strlen(tail));
		close(fd);
	}
	put_file_bytes(&s, "part-000002.tar.gz", "left over", 9);
	while (next < n && (uint64_t)next < mark.entries)
		next++;
	opts.first_part = mark.part;
	opts.resume_offset = mark.offset;
	opts.resume_seq = mark.seq;
	opts.resume_plain = mark.plain;
	opts.resume_entries = mark.entries;
	if (part_writer_open(s.fd, &opts, &w, &err) != 0)
		fail_msg("%s", err.text);
	add_all(w, o + next, n - next);
	assert_int_equal(writer_finish(w), 1);
	part_writer_free(w);
	read_whole(&s, "part-000001.tar.gz", &got);
	assert_int_equal(got.len, whole->len);
	assert_memory_equal(got.data, whole->data, got.len);
	assert_int_equal(faccessat(s.fd, "part-000002.tar.gz", F_OK, 0), -1);
	buf_clear(&got);
	scratch_close(&s);
}

static void resume(void **state)
{
	enum { N = 60 };
	static const uint32_t stops[] = {0, 1, 30, 31, 60};
	struct object *o = xcalloc(N, sizeof *o);
	struct scratch s;
	struct buf whole;

	(void)state;
	for (uint32_t i = 0; i < N; i++)
		o[i] = object_make(i == 30 ? 5u << 20 : (i * 7919u) % 50000, i);
	scratch_open(&s);
	write_all(&s, o, N, 1, 1u << 30);
	read_whole(&s, "part-000001.tar.gz", &whole);
	for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++) {
		resume_one(o, N, stops[i], NULL, &whole);
		resume_one(o, N, stops[i], "", &whole);
		resume_one(o, N, stops[i], "garbage after the mark", &whole);
	}
	buf_clear(&whole);
	free(o);
	scratch_close(&s);
}

static void resume_short(void **state)
{
	struct part_opts opts = {
	        .part_size = 1u << 30, .first_part = 1, .resume_offset = 100, .resume_seq = 1};
	struct part_writer *w = NULL;
	struct err err = {0};
	struct scratch s;

	(void)state;
	scratch_open(&s);
	assert_int_equal(part_writer_open(s.fd, &opts, &w, &err), ERR_NOTFOUND);
	put_file_bytes(&s, "part-000001.tar.gz", "short", 5);
	assert_int_equal(part_writer_open(s.fd, &opts, &w, &err), ERR_DAMAGED);
	assert_null(w);
	scratch_close(&s);
}

/*
 * The file may not grow on: every call says so, nobody waits for ever, and what the last
 * mark said stays true.
 */
static void disk_full(void **state)
{
	struct rlimit before, small;
	struct part_mark mark = {0}, ignored;
	struct part_writer *w;
	struct err err = {0};
	struct scratch s;
	uint32_t i = 0;
	unsigned parts;
	int rc = 0;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	small = before;
	small.rlim_cur = 3u << 20;
	scratch_open(&s);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	w = writer_open(&s, 3, 1u << 30);
	for (; i < 40; i++) {
		struct object o = object_make(50000, i);

		assert_int_equal(object_add(w, &o, &err), 0);
	}
	assert_int_equal(part_writer_sync(w, &mark, &err), 0);
	for (; rc == 0 && i < 1000; i++) {
		struct object o = object_make(50000, i);

		rc = object_add(w, &o, &err);
	}
	assert_int_equal(rc, ERR_SPACE);
	assert_int_equal(part_writer_sync(w, &ignored, &err), ERR_SPACE);
	assert_int_equal(part_writer_finish(w, &parts, &err), ERR_SPACE);
	part_writer_free(w);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	struct part_checker *c = NULL;

	assert_int_equal(part_checker_open(s.fd, "part-000001.tar.gz", NULL, NULL, &c, &err), 0);
	assert_int_equal(part_checker_run(c, mark.offset, &err), 0);
	assert_int_equal(part_checker_run(c, UINT64_MAX, &err), ERR_DAMAGED);
	part_checker_free(c);
	scratch_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(borders),
	        cmocka_unit_test(nothing),
	        cmocka_unit_test(several_parts),
	        cmocka_unit_test(deterministic),
	        cmocka_unit_test(from_file),
	        cmocka_unit_test(short_file),
	        cmocka_unit_test(many_threads),
	        cmocka_unit_test(marks),
	        cmocka_unit_test(resume),
	        cmocka_unit_test(resume_short),
	        cmocka_unit_test(disk_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
