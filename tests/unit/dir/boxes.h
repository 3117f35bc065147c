#ifndef VALISE_TEST_DIR_BOXES_H
#define VALISE_TEST_DIR_BOXES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dir/internal.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"

/*
 * A small source: mailboxes as tables of messages, given to the sink as a real one would.
 */
struct msg {
	uint32_t uid;
	const char *text;
	int64_t date;
	unsigned flags;
};
struct box {
	const char *name;
	struct msg msgs[6]; /* up to the first without text */
};

static _Atomic unsigned fetched; /* bodies that a run asked the "server" for */

static char tree[64 + 8];

static inline int setup(void **state)
{
	(void)state;
	strcpy(tree, "/dev/shm/valise-tree-XXXXXX"); /* syncing costs nothing there */
	if (mkdtemp(tree))
		return 0;
	strcpy(tree, "/tmp/valise-tree-XXXXXX");
	return mkdtemp(tree) ? 0 : -1;
}

static inline int teardown(void **state)
{
	(void)state;
	return dir_remove(AT_FDCWD, tree, NULL);
}

#define OK(call)                                                                                   \
	do {                                                                                       \
		struct err err = {0};                                                              \
		if ((call) != 0)                                                                   \
			fail_msg("%s: %s", #call, err.text);                                       \
	} while (0)

static inline struct tree_sink *open_sink(const struct tree_dir_opts *opts)
{
	struct tree_account account = {0};
	struct tree_dir_opts plain = {.created = 1795281360};
	struct tree_sink *s;

	tree_account_add(&account, "imap", "mail.old.example", 993, "alice");
	OK(tree_dir_sink(tree, &account, opts ? opts : &plain, NULL, &s, &err));
	tree_account_clear(&account);
	return s;
}

static inline void store(struct tree_sink *s, enum coll_kind kind, const char *text, size_t n,
        struct tree_object *out)
{
	struct tree_body *b;

	fetched++;
	OK(s->ops->body_open(s, kind, &b, &err));
	for (size_t at = 0; at < n; at += 100000)
		OK(s->ops->body_write(b, text + at, n - at < 100000 ? n - at : 100000, &err));
	OK(s->ops->body_close(b, out, &err));
}

static inline void give_item(
        struct tree_sink *s, struct tree_coll *c, const struct msg *m, struct tree_coll **prev)
{
	struct tree_item it = {.uid = m->uid, .date_utc = m->date, .flags = (uint16_t)m->flags};
	struct tree_object o;

	for (int i = 0; i < 2; i++) {
		const struct tree_item *was = prev[i] ? tree_coll_find(prev[i], m->uid) : NULL;

		if (!was)
			continue;
		memcpy(it.sha256, was->sha256, SHA256_LEN);
		it.size = was->size;
		OK(s->ops->item(s, c, &it, &err));
		return;
	}
	store(s, COLL_MAIL, m->text, strlen(m->text), &o);
	memcpy(it.sha256, o.sha256, SHA256_LEN);
	it.size = o.size;
	OK(s->ops->item(s, c, &it, &err));
}

static inline void give_box(struct tree_sink *s, const struct box *box, bool finish)
{
	struct tree_coll *c = tree_coll_new(COLL_MAIL, box->name), *prev[2];

	c->delimiter = '/';
	c->uidvalidity = 7;
	c->uidnext = 100;
	OK(s->ops->prev(s, PREV_SNAPSHOT, COLL_MAIL, box->name, &prev[0], &err));
	OK(s->ops->prev(s, PREV_RUN, COLL_MAIL, box->name, &prev[1], &err));
	for (size_t i = 0; i < 6 && box->msgs[i].text; i++)
		give_item(s, c, &box->msgs[i], prev);
	tree_coll_free(prev[0]);
	tree_coll_free(prev[1]);
	if (finish)
		OK(s->ops->coll(s, c, &err));
	else
		tree_coll_free(c);
}

static inline struct tree_commit run_with(
        const struct box *boxes, size_t n, const struct tree_dir_opts *opts)
{
	struct tree_sink *s = open_sink(opts);
	struct tree_commit done;

	fetched = 0;
	for (size_t i = 0; i < n; i++)
		give_box(s, &boxes[i], true);
	OK(s->ops->commit(s, &done, &err));
	s->ops->free(s);
	return done;
}

static inline struct tree_commit run(const struct box *boxes, size_t n)
{
	return run_with(boxes, n, NULL);
}

static inline char *at(const char *path)
{
	static char full[4][512];
	static unsigned next;

	next = (next + 1) % 4;
	snprintf(full[next], sizeof full[0], *tree ? "%s/%s" : "%s%s", tree, path);
	return full[next];
}

static inline bool there(const char *path)
{
	return access(at(path), F_OK) == 0;
}

/* The files in a directory, sorted, one a line. */
static inline char *files_in(const char *path)
{
	struct buf out;
	char **names;
	size_t n;

	buf_init(&out, 10000);
	OK(dir_list(AT_FDCWD, at(path), &names, &n, &err));
	for (size_t i = 0; i < n; i++) {
		buf_putf(&out, "%s\n", names[i]);
		free(names[i]);
	}
	free(names);
	return buf_take(&out);
}

static inline void expect_files(const char *path, const char *want)
{
	char *have = files_in(path);

	assert_string_equal(have, want);
	free(have);
}

static inline char *text_of(const char *path)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	OK(file_read(AT_FDCWD, at(path), &b, &err));
	return buf_take(&b);
}

/*
 * "<date>.V<16 hex of the text's hash>.valise:2," + flags; in turn one of a few buffers.
 */
static inline const char *name_of(const struct msg *m, const char *tail)
{
	static char names[6][128];
	static unsigned next;
	uint8_t sum[SHA256_LEN];
	char hex[17];

	next = (next + 1) % 6;
	sha256_of(m->text, strlen(m->text), sum);
	hex_format(sum, 8, hex);
	snprintf(names[next], sizeof names[0], "%lld.V%s%s", (long long)m->date, hex, tail);
	return names[next];
}

static inline char *path_of(const char *dir, const struct msg *m, const char *tail)
{
	static char paths[4][256];
	static unsigned next;

	next = (next + 1) % 4;
	snprintf(paths[next], sizeof paths[0], "%s/%s", dir, name_of(m, tail));
	return paths[next];
}

static inline int to_buf(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	buf_put(ctx, p, n);
	return 0;
}

/*
 * Reads the whole tree; each item must be there and have its bytes. Returns the number of
 * items.
 */
static inline uint64_t read_all(struct tree_totals *totals)
{
	const struct tree_manifest *m;
	struct tree_reader *r;
	uint64_t items = 0;

	OK(tree_dir_reader(tree, &r, &err));
	m = r->ops->manifest(r);
	for (size_t i = 0; i < m->n_heads; i++) {
		struct tree_coll *c;

		OK(r->ops->coll(r, &m->heads[i], &c, &err));
		for (size_t k = 0; k < c->n_items; k++) {
			struct buf b;

			buf_init(&b, 1 << 24);
			OK(r->ops->body(r, c, &c->items[k], to_buf, &b, &err));
			assert_int_equal(b.len, c->items[k].size);
			buf_clear(&b);
			items++;
		}
		tree_coll_free(c);
	}
	if (totals)
		tree_manifest_totals(m, totals);
	r->ops->free(r);
	return items;
}

#endif
