/* Reading an archive: through valise, by hand, and what is left of a damaged one. */
#include "archive_help.h"
#include "valise/dir/dir.h"

static struct fake_coll account[] = {
        {.name = "INBOX", .text = {"one\r\n", "two\r\n", "one\r\n"}, .flags = FLAG_SEEN},
        {.name = "INBOX/Caf\303\251 & \"Co\" 100%",
                .text = {"two\r\n", "three\r\n"},
                .fill = 300000},
        {.name = "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u/v/w/x/y/z/"
                 "012345678901234567890123456789012345678901234567890123456789012345678901234567890"
                 "1234567890123456789/"
                 "012345678901234567890123456789012345678901234567890123456789012345678901234567890"
                 "1234567890123456789",
                .text = {"deep", "deeper"}},
        {.name = "Empty"},
        {.name = "Work", .kind = COLL_CALENDAR, .text = {"event"}},
        {.name = "People", .kind = COLL_CONTACTS, .text = {"card", "card two"}},
        {0},
};
static struct fake_coll later[] = {
        {.name = "INBOX", .text = {"one\r\n", "two\r\n", NULL, "four"}},
        {.name = "INBOX/Caf\303\251 & \"Co\" 100%", .keep = "same"},
        {.name = "Empty", .text = {"new"}},
        {.name = "Work", .kind = COLL_CALENDAR, .text = {"event"}},
        {0},
};

static int to_buf(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	return buf_add(ctx, p, n);
}

/* A mailbox of several members of catalog: each item alone is as it is among the others. */
static void one_of_many(void **state)
{
	enum { N = 3000 };
	static const uint32_t uids[] = {1, 2, 777, 1500, 2999, 3000};
	struct fake *f = *state;
	struct tree_sink *s = fake_open(f);
	struct tree_coll *c = tree_coll_new(COLL_MAIL, "Many"), *one;
	struct tree_commit done;
	struct tree_reader *r;
	struct tree_object o;
	struct tree_body *b;

	assert_int_equal(s->ops->body_open(s, COLL_MAIL, &b, &f->err), 0);
	assert_int_equal(s->ops->body_write(b, "one\r\n", 5, &f->err), 0);
	assert_int_equal(s->ops->body_close(b, &o, &f->err), 0);
	for (uint32_t uid = 1; uid <= N; uid++) {
		struct tree_item it = {.uid = uid, .size = o.size, .date_utc = uid};

		memcpy(it.sha256, o.sha256, SHA256_LEN);
		assert_int_equal(s->ops->item(s, c, &it, &f->err), 0);
	}
	assert_int_equal(s->ops->coll(s, c, &f->err), 0);
	assert_int_equal(s->ops->commit(s, &done, &f->err), 0);
	tree_sink_free(s);
	assert_int_equal(archive_reader(f->archive, 0, &r, &f->err), 0);
	for (size_t i = 0; i < sizeof uids / sizeof *uids; i++) {
		const struct tree_head *h = &r->ops->manifest(r)->heads[0];
		struct buf body = buf_of(100);

		assert_int_equal(tree_reader_one(r, h, uids[i], &one, &f->err), 0);
		assert_int_equal(one->n_items, 1);
		assert_int_equal(one->items[0].uid, uids[i]);
		assert_int_equal(one->items[0].date_utc, uids[i]);
		assert_int_equal(r->ops->body(r, one, &one->items[0], to_buf, &body, &f->err), 0);
		assert_string_equal(buf_str(&body), "one\r\n");
		buf_clear(&body);
		tree_coll_free(one);
	}
	/* what is not there is looked for among all of them */
	assert_int_equal(
	        tree_reader_one(r, &r->ops->manifest(r)->heads[0], N + 1, &one, &f->err), 0);
	assert_int_equal(one->n_items, N);
	tree_coll_free(one);
	tree_reader_free(r);
}

/*
 * Every item of a snapshot: its bytes by the reader, and, with ${out}, those of the file
 * that stands for it.
 */
static size_t check_items(struct fake *f, unsigned snapshot, const char *out)
{
	struct tree_reader *r;
	const struct tree_manifest *m;
	size_t n = 0;

	assert_int_equal(archive_reader(f->archive, snapshot, &r, &f->err), 0);
	m = r->ops->manifest(r);
	for (size_t i = 0; i < m->n_heads; i++) {
		struct tree_coll *c;

		assert_int_equal(r->ops->coll(r, &m->heads[i], &c, &f->err), 0);
		for (size_t k = 0; k < c->n_items; k++, n++) {
			struct buf body, path;
			uint8_t sum[SHA256_LEN];

			buf_init(&body, 1 << 20);
			assert_int_equal(
			        r->ops->body(r, c, &c->items[k], to_buf, &body, &f->err), 0);
			sha256_of(body.data, body.len, sum);
			assert_memory_equal(sum, c->items[k].sha256, SHA256_LEN);
			buf_clear(&body);
			if (!out)
				continue;
			buf_init(&path, 8192);
			buf_putf(&path, "%s/", out);
			tree_item_path(c, &c->items[k], &path);
			assert_int_equal(
			        file_sha256(AT_FDCWD, buf_str(&path), sum, NULL, &f->err), 0);
			assert_memory_equal(sum, c->items[k].sha256, SHA256_LEN);
			buf_clear(&path);
		}
		tree_coll_free(c);
	}
	tree_reader_free(r);
	return n;
}

static void make_both(struct fake *f)
{
	f->opts.accept.all = true;
	assert_int_equal(fake_run(f, account), 0);
	assert_int_equal(fake_run(f, later), 0);
	assert_int_equal(f->commit.snapshot, 2);
	assert_sound(f, 0);
}

static void test_bodies(void **state)
{
	struct fake *f = *state;
	struct tree_reader *r;

	make_both(f);
	assert_int_equal(check_items(f, 1, NULL), 10);
	assert_int_equal(check_items(f, 0, NULL), 7);
	assert_int_equal(archive_reader(f->archive, 3, &r, &f->err), ERR_NOTFOUND);
	assert_int_equal(archive_reader(f->path, 0, &r, &f->err), ERR_NO_ARCHIVE);
}

/* A file of the older snapshot that the newer one needs, too, and each other one: cut, then away.
 */
static void test_whole(void **state)
{
	static const char *const files[] = {"data/000001/part-000001.tar.gz",
	        "data/000002/part-000001.tar.gz", "data/000001/seal.json",
	        "data/000002/seal.sha256"};
	struct fake *f = *state;
	char path[200], aside[220], seal[SHA256_HEX_SIZE] = "";

	assert_int_equal(archive_whole(f->archive, seal, &f->err), ERR_NO_ARCHIVE);
	make_both(f);
	assert_int_equal(archive_whole(f->archive, seal, &f->err), 0);
	assert_string_equal(seal, f->commit.seal);
	for (size_t i = 0; i < COUNT(files); i++) {
		struct stat st;

		snprintf(path, sizeof path, "%s/%s", f->archive, files[i]);
		snprintf(aside, sizeof aside, "%s.aside", path);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(rename(path, aside), 0);
		assert_true(archive_whole(f->archive, seal, &f->err) < 0);
		assert_int_equal(rename(aside, path), 0);
		assert_int_equal(archive_whole(f->archive, seal, &f->err), 0);
		if (i >= 2)
			continue;
		assert_int_equal(truncate(path, st.st_size - 1), 0);
		assert_int_equal(archive_whole(f->archive, seal, &f->err), ERR_DAMAGED);
		assert_int_equal(truncate(path, st.st_size), 0);
	}
}

static void test_foreign_places_are_refused(void **state)
{
	struct fake *f = *state;
	struct tree_reader *r;
	const struct tree_manifest *m;
	struct tree_coll *c;
	struct tree_head h;
	struct buf b;

	make_both(f);
	assert_int_equal(archive_reader(f->archive, 0, &r, &f->err), 0);
	m = r->ops->manifest(r);
	assert_int_equal(
	        r->ops->coll(r, tree_manifest_find(m, COLL_MAIL, "INBOX"), &c, &f->err), 0);
	buf_init(&b, 1000);
	c->items[0].where.part = 9;
	assert_int_equal(r->ops->body(r, c, &c->items[0], to_buf, &b, &f->err), ERR_DAMAGED);
	c->items[0].where.part = 1;
	c->items[0].where.offset++;
	assert_int_equal(r->ops->body(r, c, &c->items[0], to_buf, &b, &f->err), ERR_DAMAGED);
	assert_int_equal(b.len, 0);
	tree_coll_free(c);
	tree_head_copy(&h, &m->heads[0]);
	free(h.catalog);
	h.catalog = xstrdup("../../etc/passwd");
	assert_int_equal(r->ops->coll(r, &h, &c, &f->err), ERR_NOTFOUND);
	tree_head_clear(&h);
	tree_reader_free(r);
}

/* The three lines of README.txt, run by sh, with the tar of ${bin} first. */
static void by_hand(struct fake *f, unsigned snapshot, const char *tar, char out[128])
{
	char *script = xasprintf("%s/by-hand", f->path), *cmd, *line, *rest;
	FILE *to = fopen(script, "w");
	struct buf readme;
	unsigned n = 0;

	assert_non_null(to);
	read_file(f, "README.txt", &readme);
	fprintf(to, "set -e\ncd '%s'\nrm -rf ../out\ntar() { command %s \"$@\"; }\n", f->archive,
	        tar);
	for (rest = (char *)readme.data; (line = strsep(&rest, "\n"));)
		if (strncmp(line, "    ", 4) == 0 && n++ < 3)
			fprintf(to, "%s\n%s", line + 4, n == 1 ? "" : "");
	fclose(to);
	buf_clear(&readme);
	cmd = xasprintf("sed -i 's/^N=000001/N=%06u/' '%s' && LC_ALL=C.UTF-8 sh '%s' >'%s.log' "
	                "2>&1 || { cat '%s.log' >&2; false; }",
	        snapshot, script, script, script, script);
	assert_int_equal(system(cmd), 0);
	free(cmd);
	free(script);
	snprintf(out, 128, "%s/out", f->path);
}

static void test_by_hand(void **state)
{
	static const char *const tars[] = {"tar", "bsdtar"};
	struct fake *f = *state;
	char out[128], *dir;
	struct stat st;

	make_both(f);
	for (unsigned i = 0; i < 2; i++) {
		by_hand(f, 1, tars[i], out);
		assert_int_equal(check_items(f, 1, out), 10);
		by_hand(f, 2, tars[i], out);
		assert_int_equal(check_items(f, 2, out), 7);
		dir = xasprintf("%s/mail/INBOX/tmp", out);
		assert_int_equal(stat(dir, &st), 0);
		free(dir);
		dir = xasprintf("%s/calendars/Work/displayname", out);
		assert_int_equal(stat(dir, &st), 0);
		free(dir);
	}
	/* A damaged file stops it. */
	write_file(f, "data/000001/part-000001.tar.gz", "no", 2);
	dir = xasprintf("cd '%s' && sha256sum --strict -c data/000002/seal.sha256 >/dev/null 2>&1",
	        f->archive);
	assert_int_not_equal(system(dir), 0);
	free(dir);
}

/* unpack and pack: a tree and another archive with the same roots. */
static void test_copy_there_and_back(void **state)
{
	struct fake *f = *state;
	char *tree = xasprintf("%s/tree", f->path), *packed = xasprintf("%s/b.valise", f->path);
	struct tree_dir_opts o = {.created = 1800000000};
	struct archive_opts ao = {.created = 1800000000};
	struct tree_reader *r;
	struct tree_sink *s;
	struct tree_commit c[3];

	assert_int_equal(fake_run(f, account), 0);
	c[0] = f->commit;
	assert_int_equal(archive_reader(f->archive, 0, &r, &f->err), 0);
	assert_int_equal(tree_dir_sink(tree, &f->account, &o, NULL, &s, &f->err), 0);
	assert_int_equal(tree_copy(r, s, 0, NULL, &f->err), 0);
	assert_int_equal(s->ops->commit(s, &c[1], &f->err), 0);
	s->ops->free(s);
	tree_reader_free(r);
	assert_int_equal(tree_dir_reader(tree, &r, &f->err), 0);
	assert_int_equal(archive_sink(packed, &f->account, &ao, NULL, &s, &f->err), 0);
	assert_int_equal(tree_copy(r, s, 0, NULL, &f->err), 0);
	assert_int_equal(s->ops->commit(s, &c[2], &f->err), 0);
	s->ops->free(s);
	tree_reader_free(r);
	for (unsigned i = 1; i < 3; i++) {
		assert_memory_equal(c[0].totals.content, c[i].totals.content, SHA256_LEN);
		assert_memory_equal(c[0].totals.state, c[i].totals.state, SHA256_LEN);
	}
	assert_string_equal(c[0].seal, c[2].seal);
	free(tree);
	free(packed);
}

static void salvage(struct fake *f, struct archive_verdict *v, struct tree_commit *c)
{
	char *tree = xasprintf("%s/saved", f->path);
	struct tree_account nobody = {0};
	struct tree_dir_opts o = {.accept.all = true, .same_account = true};
	struct tree_sink *s;

	f->findings[0] = '\0';
	assert_int_equal(dir_remove(AT_FDCWD, tree, &f->err), 0);
	assert_int_equal(tree_dir_sink(tree, &nobody, &o, NULL, &s, &f->err), 0);
	assert_int_equal(archive_salvage(f->archive, s, fake_finding, f, v, &f->err), 0);
	assert_int_equal(s->ops->commit(s, c, &f->err), 0);
	s->ops->free(s);
	free(tree);
}

static void damage(struct fake *f, const char *below, size_t at)
{
	struct buf b;

	read_file(f, below, &b);
	b.data[at < b.len ? at : b.len / 2] ^= 0x10;
	write_file(f, below, b.data, b.len);
	buf_clear(&b);
}

static void test_salvage(void **state)
{
	struct fake *f = *state;
	struct fake_coll c[] = {{.name = "A", .text = {"1", "2", "3", "4"}, .fill = 400000},
	        {.name = "B", .text = {"5"}}, {0}};
	struct archive_verdict v;
	struct tree_commit done;

	assert_int_equal(fake_run(f, c), 0);
	salvage(f, &v, &done);
	assert_int_equal(v.damages, 0);
	assert_int_equal(done.totals.items[COLL_MAIL], 5);
	assert_memory_equal(done.totals.content, f->commit.totals.content, SHA256_LEN);
	/* One member of the part: what it held is lost, by name; the rest is there. */
	damage(f, "data/000001/part-000001.tar.gz", 1000);
	salvage(f, &v, &done);
	assert_true(v.damages > 0);
	assert_non_null(strstr(f->findings, "A, UID 1, "));
	assert_in_range(done.totals.items[COLL_MAIL], 3, 4);
	assert_int_equal(done.totals.items[COLL_MAIL] + done.totals.errors, 5);
	/* Without the seal and a catalog: B's item has lost its name. */
	write_file(f, "data/000001/mail/B.jsonl.gz", "x", 1);
	salvage(f, &v, &done);
	assert_int_equal(done.totals.collections[COLL_MAIL], 2);
	assert_non_null(strstr(f->findings, "\"Salvaged\""));
	write_file(f, "data/000001/seal.json", "x", 1);
	salvage(f, &v, &done);
	assert_int_equal(done.totals.collections[COLL_MAIL], 1);
	assert_in_range(done.totals.items[COLL_MAIL], 3, 4);
}

/* What no catalog names is dated by its own header, as any message without INTERNALDATE. */
static void test_salvage_date(void **state)
{
	struct fake *f = *state;
	struct fake_coll c[] = {
	        {.name = "A",
	                .text = {"Received: from a by b; Thu, 01 Jan 1970 00:01:00 +0000\r\n"
	                         "Date: Thu, 01 Jan 1970 00:00:01 +0000\r\n\r\nx"}},
	        {0}};
	struct archive_verdict v;
	struct tree_commit done;
	char **names = NULL, *path = xasprintf("%s/saved/mail/Salvaged/cur", f->path);
	size_t n = 0;

	assert_int_equal(fake_run(f, c), 0);
	write_file(f, "data/000001/mail/A.jsonl.gz", "x", 1);
	salvage(f, &v, &done);
	assert_int_equal(done.totals.items[COLL_MAIL], 1);
	assert_int_equal(dir_list(AT_FDCWD, path, &names, &n, &f->err), 0);
	assert_int_equal(n, 1);
	assert_int_equal(strncmp(names[0], "60.V", 4), 0);
	free(names[0]);
	free(names);
	free(path);
}

static void test_salvage_older_catalog(void **state)
{
	struct fake *f = *state;
	struct archive_verdict v;
	struct tree_commit done;

	make_both(f);
	write_file(f, "data/000002/mail/INBOX.jsonl.gz", "x", 1);
	salvage(f, &v, &done);
	assert_int_equal(v.damages, 1);
	/*
	 * INBOX as it was in snapshot 1, the others as they are, and the one message that
	 * no catalog names any more.
	 */
	assert_int_equal(done.totals.items[COLL_MAIL], 3 + 2 + 1 + 1);
	assert_int_equal(done.totals.items[COLL_CALENDAR], 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        T(one_of_many),
	        T(test_bodies),
	        T(test_whole),
	        T(test_foreign_places_are_refused),
	        T(test_by_hand),
	        T(test_copy_there_and_back),
	        T(test_salvage),
	        T(test_salvage_date),
	        T(test_salvage_older_catalog),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
