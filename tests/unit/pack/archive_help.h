/*
 * What the tests of archives share: a made-up account that is given to a sink, the way a
 * source does.
 */
#ifndef VALISE_TEST_PACK_ARCHIVE_HELP_H
#define VALISE_TEST_PACK_ARCHIVE_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/pack/archive.h"
#include "sanitized.h"
#include "pack/bag.h"
#include "pack/layout.h"
#include "pack/seal.h"

#define UNUSED __attribute__((unused))
#define MAX_ITEMS 64

/*
 * A message by its text; a collection by its messages: uid i + 1 has text[i], NULL is
 * none.
 */
struct fake_coll {
	const char *name;
	enum coll_kind kind;
	const char *text[MAX_ITEMS];
	unsigned flags; /* of every item */
	const char *keep; /* given as kept: "same", "stale", "skipped" */
	const char *error; /* UID 99 could not be fetched */
	uint64_t fill; /* every text is followed by so many made-up bytes */
};

struct fake {
	char path[64]; /* of the scratch directory */
	char archive[96];
	struct archive_opts opts;
	struct tree_account account;
	struct tree_commit commit;
	struct err err;
	struct archive_verdict verdict;
	char findings[8192];
};

UNUSED static int fake_setup(void **state)
{
	struct fake *f = calloc(1, sizeof *f);

	snprintf(f->path, sizeof f->path, "/tmp/valise-arch-XXXXXX");
	if (!mkdtemp(f->path))
		return -1;
	snprintf(f->archive, sizeof f->archive, "%s/a.valise", f->path);
	f->account.name = xstrdup("alice@old.example");
	tree_account_add(&f->account, "imap", "mail.old.example", 993, "alice");
	f->opts.created = 1800000000;
	f->opts.workers = 1;
	*state = f;
	return 0;
}

UNUSED static int fake_teardown(void **state)
{
	struct fake *f = *state;
	struct err err;
	int rc = dir_remove(AT_FDCWD, f->path, &err);

	tree_account_clear(&f->account);
	free(f);
	return rc;
}

UNUSED static struct tree_sink *fake_open(struct fake *f)
{
	struct tree_sink *s = NULL;

	err_clear(&f->err);
	if (archive_sink(f->archive, &f->account, &f->opts, NULL, &s, &f->err) < 0)
		return NULL;
	return s;
}

UNUSED static void fake_bytes(
        struct tree_sink *s, struct tree_body *b, const char *text, uint64_t fill)
{
	struct err err = {0};
	char block[4096];
	uint32_t x = 1;

	for (const char *p = text; *p; p++)
		x = x * 31 + (unsigned char)*p;
	assert_int_equal(s->ops->body_write(b, text, strlen(text), &err), 0);
	while (fill) {
		size_t n = fill < sizeof block ? (size_t)fill : sizeof block;

		for (size_t i = 0; i < n; i++)
			block[i] = (char)('!' + ((x = x * 1664525 + 1013904223) >> 24) % 90);
		assert_int_equal(s->ops->body_write(b, block, n, &err), 0);
		fill -= n;
	}
}

/*
 * One item, unless ${prev} has it: then it is taken from there, as a source does. Returns
 * whether it was fetched.
 */
UNUSED static bool fake_item(struct tree_sink *s, struct tree_coll *c, const struct fake_coll *f,
        uint32_t uid, const struct tree_coll *prev, const struct tree_coll *run)
{
	struct tree_item it = {.uid = uid,
	        .date_utc = 1000000000 + uid,
	        .zone_min = 60,
	        .flags = (uint16_t)f->flags};
	const struct tree_item *was = prev ? tree_coll_find(prev, uid) : NULL;
	struct tree_object o;
	struct tree_body *b;
	struct err err = {0};
	bool fetch;

	if (!was && run)
		was = tree_coll_find(run, uid);
	if (f->kind != COLL_MAIL) {
		struct tree_ext *e = tree_coll_ext(c, &it.ext);

		e->href = xasprintf("/dav/%u.%s", uid, coll_kind_ext(f->kind));
		it.uid = 0;
		was = prev ? tree_coll_find_href(prev, e->href) : NULL;
	}
	fetch = !was;
	if (fetch) {
		assert_int_equal(s->ops->body_open(s, f->kind, &b, &err), 0);
		fake_bytes(s, b, f->text[uid - 1], f->fill);
		assert_int_equal(s->ops->body_close(b, &o, &err), 0);
		memcpy(it.sha256, o.sha256, SHA256_LEN);
		it.size = o.size;
	} else {
		memcpy(it.sha256, was->sha256, SHA256_LEN);
		it.size = was->size;
	}
	assert_int_equal(s->ops->item(s, c, &it, &err), 0);
	return fetch;
}

/*
 * Returns how many bodies were fetched. ${stop}: items after which the run breaks off,
 * the collection not given; 0: never.
 */
UNUSED static unsigned fake_give(struct tree_sink *s, const struct fake_coll *f, unsigned stop)
{
	struct tree_coll *prev = NULL, *run = NULL, *c;
	struct err err = {0};
	unsigned fetched = 0;

	if (f->keep) {
		enum coll_status st = *f->keep == 's' && f->keep[1] == 't'   ? COLL_STALE
		                      : *f->keep == 's' && f->keep[1] == 'k' ? COLL_SKIPPED
		                                                             : COLL_COMPLETE;

		assert_int_equal(s->ops->keep(s, f->kind, f->name, st,
		                         st == COLL_STALE ? "no answer" : NULL, &err),
		        0);
		return 0;
	}
	assert_int_equal(s->ops->prev(s, PREV_SNAPSHOT, f->kind, f->name, &prev, &err), 0);
	assert_int_equal(s->ops->prev(s, PREV_RUN, f->kind, f->name, &run, &err), 0);
	c = tree_coll_new(f->kind, f->name);
	c->delimiter = f->kind == COLL_MAIL ? '/' : 0;
	c->uidvalidity = f->kind == COLL_MAIL ? 7 : 0;
	for (uint32_t i = 0; i < MAX_ITEMS && (!stop || i < stop); i++)
		if (f->text[i])
			fetched += fake_item(s, c, f, i + 1, prev, run);
	if (f->error)
		tree_coll_error(c, 99, NULL, NULL, NULL, f->error);
	tree_coll_free(prev);
	tree_coll_free(run);
	if (stop)
		tree_coll_free(c);
	else
		assert_int_equal(s->ops->coll(s, c, &err), 0);
	return fetched;
}

/*
 * A whole run. The list ends with a collection without a name. Returns the result of the
 * commit.
 */
UNUSED static int fake_run(struct fake *f, const struct fake_coll *colls)
{
	struct tree_sink *s = fake_open(f);
	int rc;

	if (!s)
		return f->err.code;
	for (; colls->name; colls++)
		fake_give(s, colls, 0);
	rc = s->ops->commit(s, &f->commit, &f->err);
	s->ops->free(s);
	return rc;
}

UNUSED static void fake_finding(void *ctx, const struct archive_finding *d)
{
	struct fake *f = ctx;
	size_t n = strlen(f->findings);

	snprintf(f->findings + n, sizeof f->findings - n, "%s%s: %s%s%s\n",
	        d->level == FINDING_DAMAGE ? "" : "note: ", d->file ? d->file : "-",
	        d->item ? d->item : "", d->item ? ": " : "", d->text);
}

UNUSED static int fake_verify(struct fake *f)
{
	struct archive_verify_opts o = {.finding = fake_finding, .ctx = f, .workers = 1};

	f->findings[0] = '\0';
	return archive_verify(f->archive, &o, NULL, &f->verdict, &f->err);
}

UNUSED static void assert_sound(struct fake *f, unsigned notes)
{
	int rc = fake_verify(f);

	if (rc || f->verdict.damages || f->verdict.notes != notes)
		print_message("%d %s\n%s", rc, f->err.text, f->findings);
	assert_int_equal(rc, 0);
	assert_int_equal(f->verdict.damages, 0);
	assert_int_equal(f->verdict.notes, notes);
}

UNUSED static char *fake_path(const struct fake *f, const char *below)
{
	return xasprintf("%s/%s", f->archive, below);
}

UNUSED static bool fake_exists(const struct fake *f, const char *below)
{
	char *path = fake_path(f, below);
	bool there = access(path, F_OK) == 0;

	free(path);
	return there;
}

UNUSED static void read_file(const struct fake *f, const char *below, struct buf *out)
{
	char *path = fake_path(f, below);
	struct err err = {0};

	buf_init(out, 64 << 20);
	assert_int_equal(file_read(AT_FDCWD, path, out, &err), 0);
	free(path);
}

UNUSED static void write_file(const struct fake *f, const char *below, const void *p, size_t n)
{
	char *path = fake_path(f, below);
	struct err err = {0};

	chmod(path, 0600);
	assert_int_equal(file_write(AT_FDCWD, path, p, n, &err), 0);
	free(path);
}

#endif
