/* Runs into an archive: first, again, changed, kept, interrupted. */
#include "pack/archive_help.h"

static const struct fake_coll none = {0};

static void test_first_snapshot(void **state)
{
	struct fake *f = *state;
	struct fake_coll c[] = {{.name = "INBOX", .text = {"one\r\n", "two\r\n", "one\r\n"}},
	        {.name = "INBOX/Sent", .text = {"two\r\n", "three\r\n"}}, {.name = "Empty"}, none};
	struct archive_snapshot *list;
	size_t n;

	assert_int_equal(fake_run(f, c), 0);
	assert_true(f->commit.changed);
	assert_int_equal(f->commit.snapshot, 1);
	assert_int_equal(f->commit.totals.items[COLL_MAIL], 5);
	assert_int_equal(f->commit.objects_new, 3);
	assert_true(f->commit.totals.complete);
	assert_sound(f, 0);
	assert_int_equal(f->verdict.objects, 3);
	assert_string_equal(f->verdict.seal, f->commit.seal);
	assert_false(fake_exists(f, ".work"));
	assert_int_equal(archive_snapshots(f->archive, &list, &n, &f->err), 0);
	assert_int_equal(n, 1);
	assert_string_equal(list[0].seal, f->commit.seal);
	assert_string_equal(list[0].parent, "");
	free(list);
}

static void test_empty_account(void **state)
{
	struct fake *f = *state;

	assert_int_equal(fake_run(f, &none), 0);
	assert_true(f->commit.changed);
	assert_sound(f, 0);
	assert_int_equal(fake_run(f, &none), 0);
	assert_false(f->commit.changed);
	assert_int_equal(f->commit.snapshot, 1);
}

static void test_second_snapshot(void **state)
{
	struct fake *f = *state;
	struct fake_coll c[] = {
	        {.name = "A", .text = {"one", "two"}}, {.name = "B", .text = {"x"}}, none};
	struct fake_coll d[] = {
	        {.name = "A", .text = {"one", "two", "three"}}, {.name = "B", .text = {"x"}}, none};

	assert_int_equal(fake_run(f, c), 0);
	f->opts.created++;
	assert_int_equal(fake_run(f, c), 0);
	assert_false(f->commit.changed);
	assert_int_equal(f->commit.snapshot, 1);
	assert_int_equal(f->commit.totals.items[COLL_MAIL], 3);
	assert_false(fake_exists(f, ".work"));
	assert_sound(f, 0);
	assert_int_equal(fake_run(f, d), 0);
	assert_true(f->commit.changed);
	assert_int_equal(f->commit.snapshot, 2);
	assert_int_equal(f->commit.objects_new, 1);
	assert_sound(f, 0);
	assert_true(fake_exists(f, "data/000002/mail/A.jsonl.gz"));
	/* unchanged: the old one is named */
	assert_false(fake_exists(f, "data/000002/mail/B.jsonl.gz"));
}

static void test_flags_and_moves_cost_no_bytes(void **state)
{
	struct fake *f = *state;
	struct fake_coll c[] = {{.name = "A", .text = {"one", "two"}}, {.name = "B"}, none};
	struct fake_coll d[] = {{.name = "A", .text = {"one"}, .flags = FLAG_SEEN},
	        {.name = "B", .text = {"two"}}, none};

	assert_int_equal(fake_run(f, c), 0);
	assert_int_equal(fake_run(f, d), 0);
	assert_true(f->commit.changed);
	assert_int_equal(f->commit.objects_new, 0);
	assert_false(fake_exists(f, "data/000002/part-000001.tar.gz"));
	assert_sound(f, 0);
}

static void test_kept(void **state)
{
	struct fake *f = *state;
	struct fake_coll c[] = {
	        {.name = "A", .text = {"one"}}, {.name = "B", .text = {"two"}}, none};
	struct fake_coll same[] = {
	        {.name = "A", .keep = "same"}, {.name = "B", .keep = "skipped"}, none};
	struct fake_coll stale[] = {
	        {.name = "A", .keep = "same"}, {.name = "B", .keep = "stale"}, none};

	assert_int_equal(fake_run(f, c), 0);
	assert_int_equal(fake_run(f, same), 0);
	assert_false(f->commit.changed);
	assert_true(f->commit.totals.complete);
	assert_int_equal(fake_run(f, stale), 0);
	assert_true(f->commit.changed);
	assert_false(f->commit.totals.complete);
	assert_int_equal(fake_run(f, stale), 0);
	assert_false(f->commit.changed); /* stale as before */
	assert_int_equal(fake_run(f, same), 0);
	assert_false(f->commit.totals.complete); /* skipped, but still not read */
	assert_int_equal(fake_run(f, c), 0);
	assert_true(f->commit.changed);
	assert_true(f->commit.totals.complete);
	assert_sound(f, 0);
}

static void test_stale_without_a_past(void **state)
{
	struct fake *f = *state;
	struct fake_coll c[] = {
	        {.name = "A", .keep = "stale"}, {.name = "B", .keep = "same"}, none};

	assert_int_equal(fake_run(f, c), 0);
	assert_int_equal(f->commit.totals.collections[COLL_MAIL], 1);
	assert_false(f->commit.totals.complete);
	assert_sound(f, 0);
}

static void test_errors_make_it_incomplete(void **state)
{
	struct fake *f = *state;
	struct fake_coll c[] = {{.name = "A", .text = {"one"}, .error = "NO"}, none};

	assert_int_equal(fake_run(f, c), 0);
	assert_int_equal(f->commit.totals.errors, 1);
	assert_false(f->commit.totals.complete);
	assert_sound(f, 0);
	assert_false(f->verdict.complete);
}

/* How many items the last state has by its head alone; -1: it does not say. */
static long head_items(struct fake *f, const char *name)
{
	struct tree_sink *s = fake_open(f);
	struct tree_coll *c = NULL;
	size_t items = 0;

	assert_int_equal(s->ops->head(s, COLL_MAIL, name, &c, &items, &f->err), 0);
	if (c) {
		assert_string_equal(c->name, name);
		assert_int_equal(c->status, COLL_COMPLETE);
		assert_int_equal(c->n_items, 0);
	}
	s->ops->free(s);
	if (!c)
		return -1;
	tree_coll_free(c);
	return (long)items;
}

/* Only of what is whole: all else is told with the items. */
static void test_head(void **state)
{
	struct fake *f = *state;
	struct fake_coll c[] = {{.name = "A", .text = {"one", "two"}},
	        {.name = "B", .text = {"three"}, .error = "NO"}, {.name = "C"}, none};
	struct fake_coll stale[] = {{.name = "A", .keep = "stale"}, {.name = "B", .keep = "same"},
	        {.name = "C", .keep = "same"}, none};
	struct buf b;

	assert_int_equal(fake_run(f, c), 0);
	assert_int_equal(head_items(f, "A"), 2);
	assert_int_equal(head_items(f, "B"), -1);
	assert_int_equal(head_items(f, "C"), 0);
	assert_int_equal(head_items(f, "D"), -1);
	assert_int_equal(fake_run(f, stale), 0);
	assert_int_equal(head_items(f, "A"), -1);
	read_file(f, "data/000001/mail/C.jsonl.gz", &b);
	b.data[60] ^= 1;
	write_file(f, "data/000001/mail/C.jsonl.gz", b.data, b.len);
	buf_clear(&b);
	assert_int_equal(head_items(f, "C"), -1);
}

/*
 * Mailbox A in two states: 30 messages, of which 25 are lost, and one that is new; B has
 * one of its own.
 */
struct lossy {
	char text[31][8];
	struct fake_coll all[3], lost[3];
};

static void make_lossy(struct lossy *l)
{
	memset(l, 0, sizeof *l);
	for (unsigned i = 0; i < 31; i++) {
		snprintf(l->text[i], sizeof l->text[i], "m%u", i);
		l->all[0].text[i] = i < 30 ? l->text[i] : NULL;
		l->lost[0].text[i] = i < 5 || i == 30 ? l->text[i] : NULL;
	}
	l->all[0].name = l->lost[0].name = "A";
	l->all[1] = l->lost[1] = (struct fake_coll){.name = "B", .text = {"b"}};
}

static void expect_state(
        struct fake *f, struct fake_coll *c, uint64_t items, uint64_t gone, unsigned shrunk)
{
	assert_int_equal(fake_run(f, c), 0);
	assert_int_equal(f->commit.totals.items[COLL_MAIL], items);
	assert_int_equal(f->commit.totals.gone, gone);
	assert_int_equal(f->commit.shrunk, shrunk);
	assert_true(f->commit.totals.complete);
	assert_sound(f, 0);
}

static void test_what_is_lost_stays(void **state)
{
	struct fake *f = *state;
	struct lossy l;
	uint8_t content[SHA256_LEN];

	make_lossy(&l);
	expect_state(f, l.all, 31, 0, 0);
	expect_state(f, l.lost, 7, 25, 1);
	assert_int_equal(f->commit.objects_new, 1); /* the new one is there at once */
	memcpy(content, f->commit.totals.content, SHA256_LEN);
	expect_state(f, l.lost, 7, 25, 0); /* said once */
	assert_memory_equal(content, f->commit.totals.content, SHA256_LEN);
	assert_true(f->commit.changed); /* the count of the runs is in the archive */
	expect_state(f, l.lost, 7, 0, 0);
	assert_memory_equal(content, f->commit.totals.content, SHA256_LEN);
	expect_state(f, l.lost, 7, 0, 0);
	assert_false(f->commit.changed);
}

static void test_what_is_gone_comes_back(void **state)
{
	struct fake *f = *state;
	struct lossy l;
	uint8_t content[SHA256_LEN];

	make_lossy(&l);
	expect_state(f, l.all, 31, 0, 0);
	memcpy(content, f->commit.totals.content, SHA256_LEN);
	expect_state(f, l.lost, 7, 25, 1);
	expect_state(f, l.all, 31, 0, 0);
	assert_int_equal(f->commit.objects_new, 0);
	assert_memory_equal(content, f->commit.totals.content, SHA256_LEN);
	expect_state(f, l.lost, 7, 25, 1); /* it was another time */
}

/* A run that did not look says nothing; one that found nothing changed does. */
static void test_which_runs_agree(void **state)
{
	struct fake *f = *state;
	struct fake_coll stale[] = {
	        {.name = "A", .keep = "stale"}, {.name = "B", .keep = "same"}, none};
	struct fake_coll skipped[] = {
	        {.name = "A", .keep = "skipped"}, {.name = "B", .keep = "same"}, none};
	struct fake_coll same[] = {
	        {.name = "A", .keep = "same"}, {.name = "B", .keep = "same"}, none};
	struct lossy l;

	make_lossy(&l);
	expect_state(f, l.all, 31, 0, 0);
	expect_state(f, l.lost, 7, 25, 1);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(fake_run(f, stale), 0);
		assert_int_equal(f->commit.totals.gone, 25);
		assert_int_equal(fake_run(f, skipped), 0);
		assert_int_equal(f->commit.totals.gone, 25);
	}
	expect_state(f, same, 7, 25, 0);
	expect_state(f, same, 7, 0, 0);
	expect_state(f, same, 7, 0, 0);
	assert_false(f->commit.changed);
}

static void test_a_mailbox_is_lost(void **state)
{
	struct fake *f = *state;
	struct lossy l;
	struct tree_reader *r;
	const struct tree_head *h;

	make_lossy(&l);
	expect_state(f, l.all, 31, 0, 0);
	expect_state(f, l.lost + 1, 1, 30, 1);
	assert_int_equal(f->commit.totals.collections[COLL_MAIL], 1);
	assert_int_equal(archive_reader(f->archive, 0, &r, &f->err), 0);
	h = tree_manifest_find(r->ops->manifest(r), COLL_MAIL, "A");
	assert_non_null(h);
	assert_true(h->attrs & ATTR_GONE);
	assert_int_equal(h->roots.gone, 30);
	r->ops->free(r);
	expect_state(f, l.lost + 1, 1, 30, 0);
	expect_state(f, l.lost + 1, 1, 0, 0);
	assert_int_equal(archive_reader(f->archive, 0, &r, &f->err), 0);
	assert_null(tree_manifest_find(r->ops->manifest(r), COLL_MAIL, "A"));
	r->ops->free(r);
	expect_state(f, l.all, 31, 0, 0); /* and is there again */
}

/*
 * What only older snapshots have is found again where reading their catalogs costs less than
 * storing it; a few octets are stored once more.
 */
static void test_what_only_older_ones_have(void **state)
{
	struct fake *f = *state;
	struct fake_coll large[] = {{.name = "A", .text = {"one", "two", "three"}, .fill = 50000},
	        {.name = "B", .text = {"b"}}, none};
	struct fake_coll small[] = {{.name = "A", .text = {NULL, NULL, NULL, "four"}},
	        {.name = "B", .text = {"b"}}, none};
	struct fake_coll neither[] = {{.name = "A"}, {.name = "B", .text = {"b"}}, none};

	f->opts.accept = (struct tree_accept){.all = true};
	assert_int_equal(fake_run(f, large), 0);
	assert_int_equal(fake_run(f, small), 0);
	assert_int_equal(fake_run(f, neither), 0);
	assert_int_equal(fake_run(f, large), 0);
	assert_int_equal(f->commit.objects_new, 0);
	assert_int_equal(fake_run(f, small), 0);
	assert_int_equal(f->commit.objects_new, 1);
	assert_true(f->commit.bytes_new < 100);
	assert_sound(f, 0);
}

static void test_the_users_word(void **state)
{
	struct fake *f = *state;
	const char *a[] = {"A"}, *b[] = {"C"};
	struct lossy l;

	make_lossy(&l);
	expect_state(f, l.all, 31, 0, 0);
	f->opts.accept = (struct tree_accept){.names = b, .n_names = 1};
	assert_null(fake_open(f));
	assert_int_equal(f->err.code, ERR_USAGE);
	f->opts.accept = (struct tree_accept){.names = a, .n_names = 1};
	expect_state(f, l.lost, 7, 0, 0);
	f->opts.accept = (struct tree_accept){0};
	expect_state(f, l.all, 31, 0, 0);
	expect_state(f, l.lost, 7, 25, 1);
	f->opts.accept.all = true;
	expect_state(f, l.lost, 7, 0, 0);
}

static void test_everything_is_lost(void **state)
{
	struct fake *f = *state;
	struct fake_coll c[] = {{.name = "A", .text = {"1", "2"}}, {.name = "B", .text = {"3"}},
	        {.name = "Work", .kind = COLL_CALENDAR, .text = {"event"}}, none};
	struct fake_coll empty[] = {
	        {.name = "A"}, {.name = "Work", .kind = COLL_CALENDAR, .text = {"event"}}, none};

	assert_int_equal(fake_run(f, c), 0);
	expect_state(f, empty, 0, 3, 2);
	expect_state(f, c, 3, 0, 0);
}

/*
 * The archive lost the part with the bytes of all: what the server still shows is taken
 * again, what is gone is lost.
 */
static void test_gone_and_damaged(void **state)
{
	struct fake *f = *state;
	struct fake_coll skipped[] = {
	        {.name = "A", .keep = "skipped"}, {.name = "B", .keep = "skipped"}, none};
	struct lossy l;
	char *part = xasprintf("%s/data/000001/part-000001.tar.gz", f->archive);

	make_lossy(&l);
	expect_state(f, l.all, 31, 0, 0);
	expect_state(f, l.lost, 7, 25, 1);
	assert_int_equal(unlink(part), 0);
	assert_int_equal(fake_run(f, l.lost), 0);
	assert_int_equal(f->commit.totals.items[COLL_MAIL], 7);
	assert_int_equal(f->commit.totals.gone, 0);
	assert_int_equal(fake_run(f, l.lost), 0);
	assert_false(f->commit.changed);
	assert_int_equal(fake_run(f, skipped), 0);
	free(part);
}

/* The same, and the run leaves the mailbox out: all of it is named, and the run ends. */
static void test_gone_and_damaged_and_left_out(void **state)
{
	struct fake *f = *state;
	struct fake_coll skipped[] = {
	        {.name = "A", .keep = "skipped"}, {.name = "B", .keep = "skipped"}, none};
	struct lossy l;
	char *part = xasprintf("%s/data/000001/part-000001.tar.gz", f->archive);

	make_lossy(&l);
	expect_state(f, l.all, 31, 0, 0);
	expect_state(f, l.lost, 7, 25, 1);
	assert_int_equal(unlink(part), 0);
	assert_int_equal(fake_run(f, skipped), 0);
	/* the new one has a part of its own */
	assert_int_equal(f->commit.totals.errors, 6);
	assert_int_equal(f->commit.totals.gone, 0);
	free(part);
}

static void test_calendars(void **state)
{
	struct fake *f = *state;
	struct fake_coll c[] = {{.name = "A", .text = {"same bytes"}},
	        {.name = "Work", .kind = COLL_CALENDAR, .text = {"same bytes", "event"}},
	        {.name = "People", .kind = COLL_CONTACTS, .text = {"card"}}, none};

	assert_int_equal(fake_run(f, c), 0);
	assert_int_equal(f->commit.objects_new, 4); /* an object has a kind */
	assert_sound(f, 0);
	assert_int_equal(fake_run(f, c), 0);
	assert_false(f->commit.changed);
}

/* Large enough for several members, parts and spools. */
static struct fake_coll large[] = {
        {.name = "A", .text = {"1", "2", "3", "4", "5", "6", "7", "8"}, .fill = 700000}, {0}};

static void copy_bytes(const struct fake *f, const char *below, struct buf *all)
{
	struct buf b;

	read_file(f, below, &b);
	assert_int_equal(buf_add(all, b.data, b.len), 0);
	buf_clear(&b);
}

static void test_same_twice(void **state)
{
	struct fake *f = *state;
	struct buf a, b;

	buf_init(&a, 64 << 20);
	buf_init(&b, 64 << 20);
	f->opts.part_size = 2 << 20;
	f->opts.workers = 2;
	assert_int_equal(fake_run(f, large), 0);
	assert_true(fake_exists(f, "data/000001/part-000002.tar.gz"));
	assert_sound(f, 0);
	for (unsigned i = 0; i < 2; i++) {
		struct buf *to = i ? &b : &a;

		copy_bytes(f, "data/000001/part-000001.tar.gz", to);
		copy_bytes(f, "data/000001/part-000002.tar.gz", to);
		copy_bytes(f, "data/000001/seal.sha256", to);
		copy_bytes(f, "manifest-sha256.txt", to);
		copy_bytes(f, "bag-info.txt", to);
		if (i == 0) {
			assert_int_equal(dir_remove(AT_FDCWD, f->archive, &f->err), 0);
			assert_int_equal(fake_run(f, large), 0);
		}
	}
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.data, b.data, a.len);
	buf_clear(&a);
	buf_clear(&b);
}

static void append_garbage(const struct fake *f, const char *below)
{
	char *path = fake_path(f, below);
	int fd = open(path, O_WRONLY | O_APPEND);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "garbage", 7), 7);
	close(fd);
	free(path);
}

static void interrupted(struct fake *f, uint64_t part_size, bool garbage)
{
	struct tree_sink *s;
	char undisturbed[SHA256_HEX_SIZE];
	uint8_t state[SHA256_LEN];

	f->opts.part_size = part_size;
	f->opts.batch_bytes = 1 << 20;
	assert_int_equal(fake_run(f, large), 0);
	memcpy(undisturbed, f->commit.seal, sizeof undisturbed);
	memcpy(state, f->commit.totals.state, sizeof state);
	assert_int_equal(dir_remove(AT_FDCWD, f->archive, &f->err), 0);

	s = fake_open(f);
	assert_non_null(s);
	assert_int_equal(fake_give(s, large, 6), 6);
	s->ops->free(s);
	assert_true(fake_exists(f, ".work/journal"));
	assert_false(fake_exists(f, "data"));
	if (garbage) {
		append_garbage(f, ".work/journal");
		/* The tail that a crash can leave is that of the last part. */
		append_garbage(f, fake_exists(f, ".work/000001/part-000003.tar.gz")
		                          ? ".work/000001/part-000003.tar.gz"
		                  : fake_exists(f, ".work/000001/part-000002.tar.gz")
		                          ? ".work/000001/part-000002.tar.gz"
		                          : ".work/000001/part-000001.tar.gz");
	}
	/*
	 * Taken up, interrupted once more, taken up again: what was durable is not
	 * fetched again.
	 */
	s = fake_open(f);
	assert_non_null(s);
	assert_in_range(fake_give(s, large, 7), 1, 4);
	s->ops->free(s);
	s = fake_open(f);
	assert_non_null(s);
	assert_in_range(fake_give(s, large, 0), 1, 4);
	assert_int_equal(s->ops->commit(s, &f->commit, &f->err), 0);
	s->ops->free(s);
	assert_sound(f, 0);
	assert_memory_equal(state, f->commit.totals.state, sizeof state);
	/* the same order gives the same bytes, even so */
	assert_string_equal(undisturbed, f->commit.seal);
	assert_false(fake_exists(f, ".work"));
}

/* One message of its own, given as a source does. */
static struct tree_coll *give_one(struct fake *f, struct tree_sink *s, unsigned warn)
{
	struct tree_coll *c = tree_coll_new(COLL_MAIL, "INBOX");
	struct tree_item it = {.uid = 4, .date_utc = 9, .warn = (uint16_t)warn};
	struct tree_object o;
	struct tree_body *b;

	c->uidvalidity = 7;
	assert_int_equal(s->ops->body_open(s, COLL_MAIL, &b, &f->err), 0);
	assert_int_equal(s->ops->body_write(b, "a\0b", 3, &f->err), 0);
	assert_int_equal(s->ops->body_close(b, &o, &f->err), 0);
	memcpy(it.sha256, o.sha256, SHA256_LEN);
	it.size = o.size;
	assert_int_equal(s->ops->item(s, c, &it, &f->err), 0);
	return c;
}

/* What was odd about an item is known when the run is taken up. */
static void test_interrupted_keeps_warnings(void **state)
{
	struct fake *f = *state;
	struct tree_coll *c;

	for (unsigned warn = 0; warn < 2; warn++) {
		struct tree_sink *s = fake_open(f);

		tree_coll_free(give_one(f, s, warn * (WARN_NUL | WARN_RESCUED)));
		assert_int_equal(s->ops->sync(s, &f->err), 0);
		s->ops->free(s);
		s = fake_open(f);
		assert_int_equal(s->ops->prev(s, PREV_RUN, COLL_MAIL, "INBOX", &c, &f->err), 0);
		assert_int_equal(c->n_items, 1);
		assert_int_equal(c->items[0].warn, warn * (WARN_NUL | WARN_RESCUED));
		assert_null(tree_item_ext(c, &c->items[0]));
		tree_coll_free(c);
		s->ops->free(s);
		assert_int_equal(dir_remove(AT_FDCWD, f->archive, &f->err), 0);
	}
}

/* HIGHESTMODSEQ alone makes no snapshot when it grows; when it goes back it does. */
static void test_modseq_alone(void **state)
{
	static const uint64_t modseqs[] = {50, 60, 40, 41};
	static const unsigned snapshots[] = {1, 1, 2, 2};
	struct fake *f = *state;

	for (size_t i = 0; i < 4; i++) {
		struct tree_sink *s = fake_open(f);
		struct tree_coll *c = give_one(f, s, 0);

		c->highestmodseq = modseqs[i];
		assert_int_equal(s->ops->coll(s, c, &f->err), 0);
		assert_int_equal(s->ops->commit(s, &f->commit, &f->err), 0);
		s->ops->free(s);
		assert_int_equal(f->commit.snapshot, snapshots[i]);
	}
	assert_sound(f, 0);
}

/* The last snapshot can be read while the next is being made. */
static void test_last(void **state)
{
	struct fake *f = *state;
	struct fake_coll c[] = {{.name = "A", .text = {"one", "two"}}, none};
	struct tree_sink *s = fake_open(f);
	struct tree_reader *r;

	assert_int_equal(s->ops->last(s, &r, &f->err), 0);
	assert_null(r);
	s->ops->free(s);
	assert_int_equal(fake_run(f, c), 0);
	s = fake_open(f);
	assert_int_equal(s->ops->last(s, &r, &f->err), 0);
	assert_int_equal(r->ops->manifest(r)->n_heads, 1);
	r->ops->free(r);
	s->ops->free(s);
}

static void test_interrupted(void **state)
{
	interrupted(*state, 0, false);
}

static void test_interrupted_with_garbage(void **state)
{
	interrupted(*state, 0, true);
}

static void test_interrupted_with_parts(void **state)
{
	interrupted(*state, 2 << 20, true);
}

static void test_interrupted_after_all(void **state)
{
	struct fake *f = *state;
	struct tree_sink *s;

	f->opts.part_size = 2 << 20;
	f->opts.batch_bytes = 1 << 20;
	s = fake_open(f);
	assert_int_equal(fake_give(s, large, 6), 6);
	s->ops->free(s);
	/* Nothing new comes: the part is closed from the journal alone. */
	s = fake_open(f);
	fake_give(s, &(struct fake_coll){.name = "A", .text = {"1", "2"}, .fill = 700000}, 0);
	assert_int_equal(s->ops->commit(s, &f->commit, &f->err), 0);
	s->ops->free(s);
	assert_int_equal(f->commit.totals.items[COLL_MAIL], 2);
	assert_sound(f, 0);
}

static void test_damaged_work_begins_anew(void **state)
{
	struct fake *f = *state;
	struct tree_sink *s;
	struct buf part;

	f->opts.batch_bytes = 1 << 20;
	s = fake_open(f);
	fake_give(s, large, 6);
	s->ops->free(s);
	read_file(f, ".work/000001/part-000001.tar.gz", &part);
	part.data[part.len / 2] ^= 1;
	write_file(f, ".work/000001/part-000001.tar.gz", part.data, part.len);
	buf_clear(&part);
	s = fake_open(f);
	assert_non_null(s);
	fake_give(s, large, 0);
	assert_int_equal(s->ops->commit(s, &f->commit, &f->err), ERR_DAMAGED);
	s->ops->free(s);
	assert_int_equal(fake_run(f, large), 0);
	assert_sound(f, 0);
}

/* More items than are held in memory, 110,000: collections wait in files. */
#define MANY (SANITIZED ? 37000u : 40000u)

static void test_many_items(void **state)
{
	struct fake *f = *state;
	struct tree_commit first;

	for (unsigned run = 0; run < 3; run++) {
		struct tree_sink *s = fake_open(f);

		for (unsigned k = 0; k < 4; k++) {
			struct tree_coll *c, *prev;
			struct tree_item it = {.date_utc = 1};
			char name[8];

			snprintf(name, sizeof name, "F%u", k);
			assert_int_equal(
			        s->ops->prev(s, PREV_SNAPSHOT, COLL_MAIL, name, &prev, &f->err), 0);
			c = tree_coll_new(COLL_MAIL, name);
			for (uint32_t uid = 1; uid <= (run == 2 && k == 1 ? 100 : MANY + run);
			        uid++) {
				struct tree_object o;
				struct tree_body *b;

				if (uid % 1000 == 1) {
					assert_int_equal(
					        s->ops->body_open(s, COLL_MAIL, &b, &f->err), 0);
					fake_bytes(s, b, name, uid);
					assert_int_equal(s->ops->body_close(b, &o, &f->err), 0);
				}
				memcpy(it.sha256, o.sha256, SHA256_LEN);
				it.size = o.size;
				it.uid = uid;
				assert_int_equal(s->ops->item(s, c, &it, &f->err), 0);
			}
			tree_coll_free(prev);
			assert_int_equal(s->ops->coll(s, c, &f->err), 0);
		}
		assert_int_equal(fake_exists(f, ".work/coll-1"), true);
		assert_int_equal(s->ops->commit(s, &f->commit, &f->err), 0);
		s->ops->free(s);
		assert_true(f->commit.changed);
		assert_sound(f, 0);
		if (run == 0)
			first = f->commit;
		assert_int_equal(f->commit.shrunk, run == 2);
		assert_int_equal(f->commit.totals.gone, run == 2 ? MANY + 1 - 1000 : 0);
	}
	assert_int_equal(first.totals.items[COLL_MAIL], 4 * MANY);
	assert_int_equal(f->commit.totals.items[COLL_MAIL], 3 * (MANY + 2) + 100);
}

static void test_nothing_half_done(void **state)
{
	struct fake *f = *state;
	struct tree_sink *s = fake_open(f);

	assert_non_null(s);
	s->ops->free(s);
	assert_int_not_equal(access(f->archive, F_OK), 0);
}

static void test_lock(void **state)
{
	struct fake *f = *state;
	struct tree_sink *s = fake_open(f);

	assert_non_null(s);
	assert_null(fake_open(f));
	assert_int_equal(f->err.code, ERR_LOCKED);
	s->ops->free(s);
	s = fake_open(f);
	assert_non_null(s);
	s->ops->free(s);
}

static void test_something_else(void **state)
{
	struct fake *f = *state;
	char *path;

	assert_int_equal(mkdir(f->archive, 0700), 0);
	write_file(f, "notes.txt", "x", 1);
	assert_null(fake_open(f));
	assert_int_equal(f->err.code, ERR_EXISTS);
	path = fake_path(f, "notes.txt");
	snprintf(f->archive, sizeof f->archive, "%s", path);
	free(path);
	assert_null(fake_open(f));
	assert_int_equal(f->err.code, ERR_EXISTS);
}

static void test_other_account(void **state)
{
	struct fake *f = *state;
	struct fake_coll c[] = {{.name = "A", .text = {"one"}}, none};
	struct tree_sink *s;

	assert_int_equal(fake_run(f, c), 0);
	free(f->account.services[0].login);
	f->account.services[0].login = xstrdup("bob");
	assert_null(fake_open(f));
	assert_int_equal(f->err.code, ERR_ACCOUNT);
	assert_false(fake_exists(f, ".work"));
	free(f->account.services[0].login);
	f->account.services[0].login = xstrdup("alice");
	free(f->account.services[0].host);
	f->account.services[0].host = xstrdup("new.example");
	assert_null(fake_open(f));
	assert_int_equal(f->err.code, ERR_ACCOUNT);
	f->opts.same_account = true;
	s = fake_open(f);
	assert_non_null(s);
	s->ops->free(s);
	assert_int_equal(fake_run(f, c), 0);
	assert_true(f->commit.changed); /* the new name of the host is worth a seal */
	f->opts.same_account = false;
	assert_int_equal(fake_run(f, c), 0);
	assert_false(f->commit.changed);
}

static void test_repairs(void **state)
{
	struct fake *f = *state;
	struct fake_coll c[] = {{.name = "A", .text = {"one"}}, none};

	assert_int_equal(fake_run(f, c), 0);
	write_file(f, "manifest-sha256.txt", "old", 3);
	write_file(f, "bag-info.txt", "old", 3);
	write_file(f, "README.txt", "old", 3);
	assert_int_equal(fake_verify(f), 0);
	assert_int_equal(f->verdict.damages, 3);
	assert_int_equal(fake_run(f, c), 0);
	assert_false(f->commit.changed);
	assert_sound(f, 0);
}

static void test_given_twice(void **state)
{
	struct fake *f = *state;
	struct tree_sink *s = fake_open(f);

	fake_give(s, &(struct fake_coll){.name = "A"}, 0);
	assert_int_equal(s->ops->coll(s, tree_coll_new(COLL_MAIL, "A"), &f->err), ERR_EXISTS);
	s->ops->free(s);
}

static void test_unknown_item(void **state)
{
	struct fake *f = *state;
	struct tree_sink *s = fake_open(f);
	struct tree_coll *c = tree_coll_new(COLL_MAIL, "A");
	struct tree_item it = {.uid = 1, .size = 3};

	assert_int_equal(s->ops->item(s, c, &it, &f->err), ERR_USAGE);
	tree_coll_free(c);
	s->ops->free(s);
}

static void test_space_check(void **state)
{
	struct fake *f = *state;
	char *deep = fake_path(f, "not/there");

	assert_int_equal(archive_space_check(deep, 1000, &f->err), 0);
	assert_int_equal(archive_space_check(deep, UINT64_C(1) << 62, &f->err), ERR_SPACE);
	assert_int_equal(
	        archive_space_check("valise-not-there", UINT64_C(1) << 62, &f->err), ERR_SPACE);
	free(deep);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        T(test_first_snapshot),
	        T(test_empty_account),
	        T(test_second_snapshot),
	        T(test_flags_and_moves_cost_no_bytes),
	        T(test_kept),
	        T(test_stale_without_a_past),
	        T(test_errors_make_it_incomplete),
	        T(test_head),
	        T(test_what_is_lost_stays),
	        T(test_what_is_gone_comes_back),
	        T(test_which_runs_agree),
	        T(test_a_mailbox_is_lost),
	        T(test_what_only_older_ones_have),
	        T(test_the_users_word),
	        T(test_everything_is_lost),
	        T(test_gone_and_damaged),
	        T(test_gone_and_damaged_and_left_out),
	        T(test_calendars),
	        T(test_same_twice),
	        T(test_interrupted),
	        T(test_interrupted_keeps_warnings),
	        T(test_modseq_alone),
	        T(test_last),
	        T(test_interrupted_with_garbage),
	        T(test_interrupted_with_parts),
	        T(test_interrupted_after_all),
	        T(test_damaged_work_begins_anew),
	        T(test_many_items),
	        T(test_nothing_half_done),
	        T(test_lock),
	        T(test_something_else),
	        T(test_other_account),
	        T(test_repairs),
	        T(test_given_twice),
	        T(test_unknown_item),
	        T(test_space_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
