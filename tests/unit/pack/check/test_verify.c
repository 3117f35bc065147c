/*
 * verify: every flipped bit (of each byte one or two, VALISE_EVERY=1: all), truncation
 * and missing file is damage; so is a message swapped with all checksums made new.
 */
#include "pack/archive_help.h"
#include <malloc.h>
#include <sys/wait.h>
#include "pack/part/member.h"
#include "pack/part/part.h"

static const struct fake_coll none = {0};

static struct fake_coll first[] = {
        {.name = "INBOX", .text = {"From: a\r\n\r\none\r\n", "From: b\r\n\r\ntwo\r\n"}}, {0}};
static struct fake_coll second[] = {
        {.name = "INBOX", .text = {"From: a\r\n\r\none\r\n", NULL, "three"}}, {0}};

static void make_two(struct fake *f)
{
	assert_int_equal(fake_run(f, first), 0);
	assert_int_equal(fake_run(f, second), 0);
	assert_int_equal(f->commit.snapshot, 2);
}

/*
 * Every seal again with the files as they are now, each naming the one before; then what
 * is derived.
 */
static void reseal(struct fake *f, unsigned n)
{
	struct seal *seals = calloc(n, sizeof *seals);
	int rootfd;

	assert_int_equal(dir_open(AT_FDCWD, f->archive, &rootfd, &f->err), 0);
	for (unsigned i = 0; i < n; i++) {
		char dir[LAYOUT_PATH], path[LAYOUT_PATH + 16];
		struct buf json, sums;

		snapshot_dir(i + 1, dir);
		assert_int_equal(seal_load(rootfd, dir, i + 1, &seals[i], &f->err), 0);
		for (size_t k = 0; k < seals[i].n_files; k++) {
			struct seal_file *file = &seals[i].files[k];

			assert_int_equal(
			        file_sha256(rootfd, file->path, file->sum, &file->size, &f->err),
			        0);
		}
		if (i > 0)
			memcpy(seals[i].parent, seals[i - 1].hash, SHA256_LEN);
		buf_init(&json, 1 << 20);
		buf_init(&sums, 1 << 20);
		seal_format(&seals[i], &json, &sums);
		snprintf(path, sizeof path, "%s/seal.json", dir);
		write_file(f, path, json.data, json.len);
		snprintf(path, sizeof path, "%s/seal.sha256", dir);
		write_file(f, path, sums.data, sums.len);
		buf_clear(&json);
		buf_clear(&sums);
	}
	assert_int_equal(bag_update(rootfd, seals, n, NULL, &f->err), 0);
	close(rootfd);
	seals_clear(&(struct seals){.v = seals, .n = n});
}

struct names {
	char **v;
	size_t n, cap;
};

static void list_files(struct names *l, const char *path)
{
	char **names;
	size_t n;
	struct err err;

	assert_int_equal(dir_list(AT_FDCWD, path, &names, &n, &err), 0);
	for (size_t i = 0; i < n; i++) {
		char *below = xasprintf("%s/%s", path, names[i]);
		struct stat st;

		assert_int_equal(stat(below, &st), 0);
		if (S_ISDIR(st.st_mode)) {
			list_files(l, below);
			free(below);
		} else {
			chmod(below, 0600);
			*ARR_PUSH(l->v, l->n, l->cap) = below;
		}
		free(names[i]);
	}
	free(names);
}

static void names_clear(struct names *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
}

static bool is_found(struct fake *f, bool quick)
{
	struct archive_verify_opts o = {.workers = 1, .quick = quick};
	int rc = archive_verify(f->archive, &o, NULL, &f->verdict, &f->err);

	return rc < 0 || f->verdict.damages > 0;
}

/*
 * A sanitizer makes each try several times slower: then a fixed part of them is enough.
 * Else 7: each byte with a bit, some with two; VALISE_EVERY=1: each with all.
 */
#define STEP (SANITIZED ? 37 : 7)

static unsigned step(void)
{
	return getenv("VALISE_EVERY") ? 1 : STEP;
}

/* How many tries of this process; how many were not found. */
struct tally {
	unsigned share, shares; /* this process takes every shares-th try */
	unsigned long n, tried, missed;
};

static bool is_mine(struct tally *t)
{
	bool mine = t->n++ % (t->shares * step()) == t->share * step();

	t->tried += mine;
	return mine;
}

static void try_now(
        struct fake *f, struct tally *t, const char *path, const char *what, unsigned long at)
{
	/*
	 * What nothing is inflated of is checked the same way in both modes; a few of
	 * them in full, too.
	 */
	if (is_found(f, !strstr(path, ".gz") && t->tried % 64))
		return;
	t->missed++;
	print_message("%s: %s %lu: not found\n", path, what, at);
}

static void flip_all(
        struct fake *f, struct tally *t, const char *path, int fd, const struct buf *whole)
{
	for (size_t bit = 0; bit < whole->len * 8; bit++) {
		uint8_t now = (uint8_t)(whole->data[bit / 8] ^ 1u << bit % 8);

		if (!is_mine(t))
			continue;
		t->missed += pwrite(fd, &now, 1, (off_t)(bit / 8)) != 1;
		try_now(f, t, path, "flipped bit", bit);
		t->missed += pwrite(fd, &whole->data[bit / 8], 1, (off_t)(bit / 8)) != 1;
	}
}

static void cut_all(
        struct fake *f, struct tally *t, const char *path, int fd, const struct buf *whole)
{
	for (size_t n = whole->len; n-- > 0;) {
		t->missed += ftruncate(fd, (off_t)n) != 0;
		if (is_mine(t))
			try_now(f, t, path, "cut to bytes", n);
	}
	/* One byte more is no less wrong. */
	t->missed += pwrite(fd, whole->data, whole->len, 0) != (ssize_t)whole->len;
	t->missed += pwrite(fd, "\n", 1, (off_t)whole->len) != 1;
	try_now(f, t, path, "a byte after", whole->len);
	t->missed += ftruncate(fd, (off_t)whole->len) != 0;
}

static void try_file(struct fake *f, struct tally *t, const char *path)
{
	char *away = xasprintf("%s/away", f->path);
	int fd = open(path, O_RDWR);
	struct buf whole;

	buf_init(&whole, 1 << 20);
	if (fd < 0 || file_read(AT_FDCWD, path, &whole, &f->err) < 0 || whole.len == 0) {
		t->missed++;
	} else {
		flip_all(f, t, path, fd, &whole);
		cut_all(f, t, path, fd, &whole);
		t->missed += rename(path, away) != 0;
		try_now(f, t, path, "removed", 0);
		t->missed += symlink(away, path) != 0;
		try_now(f, t, path, "a symbolic link", 0);
		t->missed += rename(away, path) != 0;
	}
	if (fd >= 0)
		close(fd);
	buf_clear(&whole);
	free(away);
}

/* An archive of two snapshots with next to nothing in README.txt and FORMAT.txt. */
static void make_tiny(struct fake *f)
{
	make_two(f);
	write_file(f, "README.txt", "read\n", 5);
	write_file(f, "FORMAT.txt", "format\n", 7);
	reseal(f, 2);
	assert_sound(f, 0);
}

static bool try_share(struct fake *f, unsigned share)
{
	struct tally t = {.share = share, .shares = 2};
	struct names l = {0};

	make_tiny(f);
	list_files(&l, f->archive);
	for (size_t i = 0; i < l.n; i++)
		try_file(f, &t, l.v[i]);
	assert_sound(f, 0);
	print_message("%zu files, %lu tries, %lu missed\n", l.n, t.tried, t.missed);
	names_clear(&l);
	return t.missed == 0;
}

/* Two processes, each with an archive of its own, for it takes a while. */
static void test_bits_and_lengths(void **state)
{
	struct fake *other;
	void *ctx;
	pid_t child;
	bool ok;
	int status = -1;

	assert_int_equal(fake_setup(&ctx), 0);
	other = ctx;
	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(try_share(other, 1) ? 0 : 1);
	ok = try_share(*state, 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_true(ok);
	assert_int_equal(fake_teardown(&ctx), 0);
}

/*
 * Write a part with one object of ${name} (its hash) whose bytes are ${text}, every
 * checksum of the part itself right.
 */
static void forge_part(
        struct fake *f, const char *below, const uint8_t name[SHA256_LEN], const char *text)
{
	char *path = fake_path(f, "data/000001"), real[PART_NAME_SIZE];
	struct part_opts o = {.snapshot = 1, .part_size = 1 << 30, .workers = 1, .first_part = 1};
	struct part_writer *w;
	struct part_place place;
	unsigned parts;
	int dirfd;

	part_name(1, real);
	assert_non_null(strstr(below, real));
	assert_int_equal(dir_open(AT_FDCWD, path, &dirfd, &f->err), 0);
	unlinkat(dirfd, real, 0);
	assert_int_equal(part_writer_open(dirfd, &o, &w, &f->err), 0);
	assert_int_equal(
	        part_writer_add(w, COLL_MAIL, name, strlen(text), text, -1, &place, &f->err), 0);
	assert_int_equal(part_writer_finish(w, &parts, &f->err), 0);
	part_writer_free(w);
	close(dirfd);
	free(path);
}

static void test_swapped_under_new_sums(void **state)
{
	struct fake *f = *state;
	struct fake_coll c[] = {{.name = "INBOX", .text = {"pay 1000 to Bob"}}, none};
	uint8_t was[SHA256_LEN], now[SHA256_LEN];

	assert_int_equal(fake_run(f, c), 0);
	sha256_of("pay 1000 to Bob", 15, was);
	sha256_of("pay 9000 to Eve", 15, now);
	/* The object keeps its name: its bytes do not have that hash. */
	forge_part(f, "part-000001.tar.gz", was, "pay 9000 to Eve");
	reseal(f, 1);
	assert_int_equal(fake_verify(f), 0);
	assert_true(f->verdict.damages >= 1);
	/*
	 * The object is named by its new bytes: no catalog means it, and what the catalog
	 * means is gone.
	 */
	forge_part(f, "part-000001.tar.gz", now, "pay 9000 to Eve");
	reseal(f, 1);
	assert_int_equal(fake_verify(f), 0);
	assert_true(f->verdict.damages >= 1);
	assert_non_null(strstr(f->findings, "INBOX, UID 1, "));
	/* And with the right bytes again all is well. */
	forge_part(f, "part-000001.tar.gz", was, "pay 1000 to Bob");
	reseal(f, 1);
	assert_sound(f, 0);
}

static void test_expect(void **state)
{
	struct fake *f = *state;
	struct archive_verify_opts o = {.workers = 1};
	char old[SHA256_HEX_SIZE];

	assert_int_equal(fake_run(f, first), 0);
	memcpy(old, f->commit.seal, sizeof old);
	assert_int_equal(fake_run(f, second), 0);
	o.expect = f->commit.seal;
	assert_int_equal(archive_verify(f->archive, &o, NULL, &f->verdict, &f->err), 0);
	assert_int_equal(f->verdict.damages, 0);
	assert_int_equal(f->verdict.expected, 0);
	o.expect = old; /* the archive is newer than that */
	assert_int_equal(archive_verify(f->archive, &o, NULL, &f->verdict, &f->err), 0);
	assert_int_equal(f->verdict.damages, 0);
	assert_int_equal(f->verdict.expected, 1);
	old[0] = old[0] == '0' ? '1' : '0';
	assert_int_equal(archive_verify(f->archive, &o, NULL, &f->verdict, &f->err), 0);
	assert_int_equal(f->verdict.damages, 1);
	assert_int_equal(f->verdict.expected, 0);
}

static void test_quick(void **state)
{
	struct fake *f = *state;
	struct archive_verify_opts o = {.workers = 1, .quick = true};
	struct buf b;

	make_two(f);
	assert_int_equal(archive_verify(f->archive, &o, NULL, &f->verdict, &f->err), 0);
	assert_int_equal(f->verdict.damages, 0);
	read_file(f, "data/000001/mail/INBOX.links.tar.gz", &b);
	b.data[b.len / 2] ^= 4;
	write_file(f, "data/000001/mail/INBOX.links.tar.gz", b.data, b.len);
	buf_clear(&b);
	assert_int_equal(archive_verify(f->archive, &o, NULL, &f->verdict, &f->err), 0);
	assert_int_equal(f->verdict.damages, 1);
}

/* A crash right after the commit. */
static void test_derived_files_one_behind(void **state)
{
	struct fake *f = *state;
	struct buf manifest, info;

	assert_int_equal(fake_run(f, first), 0);
	read_file(f, "manifest-sha256.txt", &manifest);
	read_file(f, "bag-info.txt", &info);
	assert_int_equal(fake_run(f, second), 0);
	write_file(f, "manifest-sha256.txt", manifest.data, manifest.len);
	write_file(f, "bag-info.txt", info.data, info.len);
	assert_sound(f, 2);
	buf_clear(&manifest);
	buf_clear(&info);
}

static void test_unknown_files_and_work_are_notes(void **state)
{
	struct fake *f = *state;
	struct tree_sink *s;

	make_two(f);
	write_file(f, "notes.txt", "x", 1);
	write_file(f, "data/000001/mail/x", "x", 1);
	s = fake_open(f);
	assert_non_null(s);
	assert_sound(f, 3);
	s->ops->free(s);
}

static void test_lost_snapshot(void **state)
{
	struct fake *f = *state;
	char *path = fake_path(f, "data/000001");

	make_two(f);
	assert_int_equal(dir_remove(AT_FDCWD, path, &f->err), 0);
	free(path);
	assert_int_equal(fake_verify(f), 0);
	assert_non_null(strstr(f->findings, "data/000001: the snapshot is missing"));
	/* A run goes on from the one that is there, and takes again what it lacks. */
	assert_int_equal(fake_run(f, second), 0);
	assert_true(f->commit.changed);
	assert_int_equal(f->commit.snapshot, 3);
	assert_true(f->commit.totals.complete);
	assert_true(f->commit.damaged > 0);
}

static void replace(struct fake *f, const char *below, const char *from, const char *to)
{
	struct buf b, out;
	char *at;

	read_file(f, below, &b);
	at = strstr(buf_str(&b), from);
	assert_non_null(at);
	buf_init(&out, 1 << 20);
	buf_put(&out, b.data, (size_t)(at - buf_str(&b)));
	buf_puts(&out, to);
	buf_puts(&out, at + strlen(from));
	write_file(f, below, out.data, out.len);
	buf_clear(&b);
	buf_clear(&out);
}

/* seal.json changed, its checksum in seal.sha256 made right. */
static void edit_seal(struct fake *f, const char *from, const char *to)
{
	char was[SHA256_HEX_SIZE], now[SHA256_HEX_SIZE];
	uint8_t sum[SHA256_LEN];
	char *path = fake_path(f, "data/000001/seal.json");

	assert_int_equal(file_sha256(AT_FDCWD, path, sum, NULL, &f->err), 0);
	hex_format(sum, SHA256_LEN, was);
	replace(f, "data/000001/seal.json", from, to);
	assert_int_equal(file_sha256(AT_FDCWD, path, sum, NULL, &f->err), 0);
	hex_format(sum, SHA256_LEN, now);
	replace(f, "data/000001/seal.sha256", was, now);
	free(path);
}

static void test_newer_format_is_refused(void **state)
{
	static const struct {
		const char *from, *to;
		int code;
	} cases[] = {
	        {"\"format\":1", "\"format\":2", ERR_UNSUPPORTED},
	        {"\"requires\":[]", "\"requires\":[\"age\"]", ERR_UNSUPPORTED},
	        {"\"requires\":[]", "\"requires\":[\"gone\",\"age\"]", ERR_UNSUPPORTED},
	        /* nothing is */
	        {"\"requires\":[]", "\"requires\":[\"gone\"]", ERR_DAMAGED},
	        {"\"format\":1", "\"format\":0", ERR_DAMAGED},
	        {"\"snapshot\":1", "\"snapshot\":2", ERR_DAMAGED},
	        {"\"parent\":null", "\"parent\":7", ERR_DAMAGED},
	        {"data/000001/mail/INBOX.jsonl.gz", "data/000001/mail/../../x.jsonl.gz",
	                ERR_DAMAGED},
	        {"data/000001/mail/INBOX.jsonl.gz", "/etc/passwd", ERR_DAMAGED},
	        {"\"requires\":[]", "\"requires\": []", ERR_DAMAGED},
	};
	struct fake *f = *state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct tree_reader *r;

		assert_int_equal(fake_run(f, first), 0);
		edit_seal(f, cases[i].from, cases[i].to);
		if (archive_reader(f->archive, 0, &r, &f->err) != cases[i].code)
			fail_msg("%s: %d %s", cases[i].to, f->err.code, f->err.text);
		assert_null(fake_open(f));
		assert_int_equal(f->err.code, cases[i].code);
		assert_true(is_found(f, false));
		assert_int_equal(dir_remove(AT_FDCWD, f->archive, &f->err), 0);
	}
}

static void test_no_archive(void **state)
{
	struct fake *f = *state;

	assert_int_equal(fake_verify(f), ERR_NO_ARCHIVE);
	assert_int_equal(mkdir(f->archive, 0700), 0);
	assert_int_equal(fake_verify(f), ERR_NO_ARCHIVE);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        T(test_bits_and_lengths),
	        T(test_swapped_under_new_sums),
	        T(test_expect),
	        T(test_quick),
	        T(test_derived_files_one_behind),
	        T(test_unknown_files_and_work_are_notes),
	        T(test_lost_snapshot),
	        T(test_newer_format_is_refused),
	        T(test_no_archive),
	};

	/*
	 * Tens of thousands of checks: memory that one gave back is there for the next.
	 */
	mallopt(M_MMAP_THRESHOLD, 1 << 30);
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
