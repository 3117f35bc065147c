/* Paths of an archive, the table of objects, tars of links. */
#include "archive_help.h"
#include "pack/part/hardlinks.h"
#include "pack/part/objects.h"

static void test_kinds_of_paths(void **state)
{
	static const struct {
		const char *path;
		enum layout_kind kind;
		unsigned snapshot;
	} cases[] = {
	        {"data/000001/part-000001.tar.gz", LAYOUT_PART, 1},
	        {"data/999999/part-999999.tar.gz", LAYOUT_PART, 999999},
	        {"data/000000/part-000001.tar.gz", LAYOUT_OTHER, 0},
	        {"data/000001/part-000000.tar.gz", LAYOUT_OTHER, 1},
	        {"data/000001/part-1.tar.gz", LAYOUT_OTHER, 1},
	        {"data/1/part-000001.tar.gz", LAYOUT_OTHER, 0},
	        {"data/0000001/part-000001.tar.gz", LAYOUT_OTHER, 0},
	        {"data/000001/seal.json", LAYOUT_SEAL, 1},
	        {"data/000001/seal.sha256", LAYOUT_SEAL_SUM, 1},
	        {"data/000001/mail/INBOX.jsonl.gz", LAYOUT_CATALOG, 1},
	        {"data/000002/calendars/a/b.links.tar.gz", LAYOUT_LINKS, 2},
	        {"data/000002/contacts/x.jsonl.gz", LAYOUT_CATALOG, 2},
	        {"data/000001/mails/INBOX.jsonl.gz", LAYOUT_OTHER, 1},
	        {"data/000001/mail/../x.jsonl.gz", LAYOUT_OTHER, 1},
	        {"data/000001/mail//x.jsonl.gz", LAYOUT_OTHER, 1},
	        {"data/000001/mail/INBOX", LAYOUT_OTHER, 1},
	        {"data/000001/mail/a\nb.jsonl.gz", LAYOUT_OTHER, 1},
	        {"bagit.txt", LAYOUT_TAG, 0},
	        {"README.txt", LAYOUT_TAG, 0},
	        {"FORMAT.txt", LAYOUT_TAG, 0},
	        {"bag-info.txt", LAYOUT_OTHER, 0},
	        {"/etc/passwd", LAYOUT_OTHER, 0},
	        {"data", LAYOUT_OTHER, 0},
	        {"", LAYOUT_OTHER, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		unsigned snapshot = 77;

		if (layout_kind(cases[i].path, &snapshot) != cases[i].kind ||
		        snapshot != cases[i].snapshot)
			fail_msg("%s: kind %d, snapshot %u", cases[i].path,
			        layout_kind(cases[i].path, NULL), snapshot);
	}
}

static void test_objects(void **state)
{
	struct object_map t;
	struct object_place w = {7, 8, 123456789012, 4000000}, got;
	uint8_t sum[SHA256_LEN];
	bool is_new;

	(void)state;
	object_map_init(&t);
	assert_null(object_map_find(&t, COLL_MAIL, (const uint8_t[SHA256_LEN]){0}));
	for (unsigned i = 0; i < 20000; i++) {
		sha256_of(&i, sizeof i, sum);
		object_map_add(&t, COLL_MAIL, sum, i, &is_new);
		assert_true(is_new);
	}
	for (unsigned i = 0; i < 20000; i++) {
		sha256_of(&i, sizeof i, sum);
		assert_int_equal(object_map_find(&t, COLL_MAIL, sum)->size, i);
		assert_ptr_equal(object_map_at(&t, i), object_map_find(&t, COLL_MAIL, sum));
	}
	/* a kind has its own objects */
	assert_null(object_map_find(&t, COLL_CALENDAR, sum));
	object_map_add(&t, COLL_CALENDAR, sum, 5, &is_new);
	assert_true(is_new);
	object_map_add(&t, COLL_MAIL, sum, 5, &is_new);
	assert_false(is_new);
	assert_true(object_set_place(object_map_at(&t, 3), &w));
	object_get_place(object_map_at(&t, 3), &got);
	assert_memory_equal(&w, &got, sizeof w);
	w.member = OBJECT_MEMBER_LIMIT;
	assert_false(object_set_place(object_map_at(&t, 3), &w));
	object_map_clear(&t);
}

struct bytes {
	struct buf b;
	size_t at;
};

static int put(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	return buf_add(&((struct bytes *)ctx)->b, p, n);
}

static int get(void *ctx, void *p, size_t n, size_t *got_out, struct err *err)
{
	struct bytes *b = ctx;
	size_t left = b->b.len - b->at;

	(void)err;
	*got_out = n < left ? n : left;
	memcpy(p, b->b.data + b->at, *got_out);
	b->at += *got_out;
	return 0;
}

static struct tree_coll *make_coll(enum coll_kind kind, const char *path)
{
	struct tree_coll *c = tree_coll_new(kind, "name");

	c->path = xstrdup(path);
	for (uint32_t i = 1; i <= 3; i++) {
		struct tree_item it = {.uid = i, .size = 3, .date_utc = 1000};

		if (kind != COLL_MAIL)
			tree_coll_ext(c, &it.ext)->path = xasprintf("event %u", i);
		sha256_of(&i, sizeof i, it.sha256);
		tree_coll_add(c, &it);
	}
	return c;
}

static void test_links(void **state)
{
	/* Short, at the limits of a tar's name and prefix, beyond them, and not ASCII. */
	static const unsigned lengths[] = {
	        1, 35, 36, 37, 38, 39, 90, 91, 95, 96, 140, 150, 151, 155, 156, 200, 900};
	struct err err = {0};

	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths * 2; i++) {
		enum coll_kind kind = i % 2 ? COLL_CALENDAR : COLL_MAIL;
		struct bytes tar = {0};
		struct tree_coll *c;
		uint64_t n = 0, m = 0;
		char path[1000];

		snprintf(path, sizeof path, "%s/", coll_kind_dir(kind));
		for (unsigned k = 0; k + 1 < lengths[i / 2]; k += 2)
			strcat(path, k % 50 == 48 ? "/x" : "\303\251");
		strcat(path, "e");
		c = make_coll(kind, path);
		if (kind == COLL_CALENDAR)
			c->props = xstrdup(
			        "{\"{http://apple.com/ns/ical/}calendar-color\":\"#11AA22FF\"}");
		buf_init(&tar.b, 1 << 20);
		assert_int_equal(links_write(c, put, &tar, &n, &err), 0);
		assert_int_equal(tar.b.len % 512, 0);
		if (links_check(c, get, &tar, &m, &err) < 0)
			fail_msg("%s: %s", path, err.text);
		assert_int_equal(n, m);
		/*
		 * The same tar for a collection that differs in an item, has one more, or
		 * one less.
		 */
		c->items[1].sha256[31] ^= 1;
		tar.at = 0;
		assert_int_equal(links_check(c, get, &tar, &m, &err), ERR_DAMAGED);
		c->items[1].sha256[31] ^= 1;
		c->n_items = 2;
		tar.at = 0;
		assert_int_equal(links_check(c, get, &tar, &m, &err), ERR_DAMAGED);
		c->n_items = 3;
		tree_coll_add(c, &c->items[0]);
		tar.at = 0;
		assert_int_equal(links_check(c, get, &tar, &m, &err), ERR_DAMAGED);
		tree_coll_free(c);
		buf_clear(&tar.b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_kinds_of_paths),
	        cmocka_unit_test(test_objects),
	        cmocka_unit_test(test_links),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
