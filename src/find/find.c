/* A search: by the index of the archive, which is made first, or by reading all items. */
#include "valise/base/file.h"
#include "valise/base/lock.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "internal.h"

enum {
	POLL_MS = 200, /* how often is looked whether another process has made the index */
	PATIENCE_MS = 120000, /* how long for one that does not grow */
	NAME_DIGITS = 32,
};

struct finding {
	const struct find_options *o;
	struct tree_reader *from;
	const char *const *words;
	struct find_hits *hits;
	int dirfd;
	char *name, *path; /* of the index: in its directory, and as SQLite opens it */
	struct lock lock;
	bool failed; /* it is the index that fails */
};

static void note(const struct finding *f, const char *fmt, const char *why)
{
	if (f->o->progress)
		progress_say(f->o->progress, SAY_NOTE, fmt, why);
}

int find_check(const char *const *words, struct err *err)
{
	struct find_query *q = NULL;
	struct find_index x;
	int rc = find_index_new(&x, err);

	if (rc < 0)
		return rc;
	rc = find_query_new(words, x.tokens, &q, err);
	find_query_free(q);
	find_index_close(&x);
	return rc;
}

/* What it lacks is taken in; then it is asked, or was on the way. */
static int use(struct finding *f, struct find_index *x, bool take, struct err *err)
{
	struct find_take t = {
	        .from = f->from, .progress = f->o->progress, .index = x, .hits = f->hits};
	struct find_query *q = NULL;
	int rc = find_query_new(f->words, x->tokens, &q, err);

	t.query = q;
	f->hits->cut = 0;
	if (rc == 0 && take)
		rc = find_take(&t, err);
	if (rc == 0 && x->kept)
		rc = find_search(x, q, f->hits, err);
	f->hits->unread = t.unread;
	f->failed = x->failed;
	find_query_free(q);
	return rc;
}

/* 1: the file has all items; 0: it has not. */
static int is_complete(struct finding *f, struct find_index *x, struct err *err)
{
	const struct tree_manifest *m = f->from->ops->manifest(f->from);
	int rc = 1;

	for (size_t i = 0; i < m->n_heads && rc == 1; i++)
		if (find_is_searched(&m->heads[i]))
			rc = find_index_done(x, m->heads[i].roots.state, err);
	return rc;
}

/* An index that is made needs no lock. 1: it was asked; 0: it is not there, or not whole. */
static int ask_kept(struct finding *f, struct err *err)
{
	struct err why = {0};
	struct find_index x;
	struct stat st;
	int rc;

	if (fstatat(f->dirfd, f->name, &st, AT_SYMLINK_NOFOLLOW) != 0 || st.st_size == 0)
		return 0;
	if (find_index_open(&x, f->path, false, &why) < 0)
		return 0;
	rc = is_complete(f, &x, &why);
	if (rc == 1 && (rc = use(f, &x, false, &why)) == 0)
		rc = 1;
	if (rc < 0 && (!x.failed || why.code == ERR_STOPPED))
		(void)err_copy(err, &why);
	else if (rc < 0) /* it is looked at again with the lock held */
		rc = 0;
	find_index_close(&x);
	f->hits->n = rc == 1 ? f->hits->n : 0;
	f->failed = false;
	return rc;
}

static void drop_file(struct finding *f)
{
	char *journal = xasprintf("%s-journal", f->name);

	(void)sys_unlinkat(f->dirfd, f->name, 0);
	(void)sys_unlinkat(f->dirfd, journal, 0);
	free(journal);
}

/* The file is there, and nobody else reads it. */
static int make_file(struct finding *f, struct err *err)
{
	int fd = sys_openat(f->dirfd, f->name, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);

	if (fd < 0)
		return err_sys(err, ERR_WHOLE, "%s", f->path);
	if (sys_close(fd) < 0)
		return err_sys(err, ERR_WHOLE, "%s", f->path);
	return 0;
}

/* With the lock held. */
static int build_once(struct finding *f, struct err *err)
{
	struct find_index x;
	int rc = make_file(f, err);

	f->hits->n = 0;
	f->failed = true;
	if (rc == 0)
		rc = find_index_open(&x, f->path, true, err);
	if (rc < 0)
		return rc;
	rc = use(f, &x, true, err);
	find_index_close(&x);
	return rc;
}

/* One that is damaged, or of another version, is made again. */
static int build(struct finding *f, struct err *err)
{
	int rc = build_once(f, err);

	if (rc < 0 && f->failed && err->code == ERR_DAMAGED) {
		err_clear(err);
		drop_file(f);
		rc = build_once(f, err);
	}
	/* What has no room is not left there to take it. */
	if (rc < 0 && f->failed && (err->code == ERR_SPACE || err->code == ERR_DAMAGED))
		drop_file(f);
	return rc;
}

static int64_t changed_at(const struct finding *f)
{
	struct stat st;

	if (fstatat(f->dirfd, f->name, &st, 0) != 0)
		return 0;
	return (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
}

/* As long as another process that has it gets on with its work. */
static int wait_lock(struct finding *f, const char *lock, struct err *err)
{
	int64_t last = changed_at(f), now;
	int rc, waited = 0;
	bool told = false;

	while ((rc = lock_take(f->dirfd, lock, "another run makes the index", &f->lock, err)) ==
	                ERR_LOCKED &&
	        waited < PATIENCE_MS) {
		if (!told)
			note(f, "%s: waiting for it", err->text);
		told = true;
		err_clear(err);
		if ((rc = stop_check(err)) < 0)
			return rc;
		(void)usleep(POLL_MS * 1000);
		now = changed_at(f);
		waited = now == last ? waited + POLL_MS : 0;
		last = now;
	}
	f->failed = rc < 0;
	return rc;
}

/* By the index that is kept; f->failed: there can be none. */
static int by_index(struct finding *f, struct err *err)
{
	char *lock = xasprintf("%s.lock", f->name);
	int rc = dir_make(AT_FDCWD, f->o->dir, err);

	f->failed = true;
	if (rc == 0)
		rc = dir_open(AT_FDCWD, f->o->dir, &f->dirfd, err);
	if (rc == 0)
		rc = ask_kept(f, err);
	if (rc == 0) {
		f->failed = true;
		rc = wait_lock(f, lock, err);
		if (rc == 0)
			rc = build(f, err);
		if (f->lock.fd >= 0)
			lock_drop(f->dirfd, lock, &f->lock);
	}
	free(lock);
	return MIN(rc, 0);
}

/* Batch by batch through an index in memory. */
static int by_reading(struct finding *f, struct err *err)
{
	struct find_index x;
	int rc = find_index_new(&x, err);

	f->hits->n = 0;
	f->hits->unread = 0;
	if (rc < 0)
		return rc;
	rc = use(f, &x, true, err);
	find_index_close(&x);
	return rc;
}

static void start_progress(struct progress *p)
{
	if (p)
		p->items_done = p->items_total = p->bytes_done = p->bytes_total = 0;
}

static void note_cut(const struct finding *f)
{
	char n[COUNTED_SIZE];

	note(f,
	        "%s more than is searched (4 MiB of text, 1,000 parts): words in the rest are not "
	        "found (valise export writes files for grep)",
	        counted(f->hits->cut, "item of this archive that was not found has",
	                "items of this archive that were not found have", n));
}

int find_contents(const struct find_options *o, struct tree_reader *r, const char *const *words,
        struct find_hits **out, struct err *err)
{
	struct finding f = {.o = o,
	        .from = r,
	        .words = words,
	        .hits = xcalloc(1, sizeof *f.hits),
	        .dirfd = -1,
	        .lock = LOCK_NONE};
	struct err why = {0};
	int rc = find_check(words, &why);

	if (rc == 0 && o->dir) {
		f.name = xasprintf("%.*s.db", NAME_DIGITS, o->archive);
		f.path = xasprintf("%s/%s", o->dir, f.name);
		rc = by_index(&f, &why);
	}
	if (rc < 0 && o->dir && f.failed && why.code != ERR_STOPPED) {
		note(&f, "no index can be kept (%s): all items are read for this search alone",
		        why.text);
		err_clear(&why);
		start_progress(o->progress);
		rc = by_reading(&f, &why);
	} else if (rc == 0 && !o->dir) {
		rc = by_reading(&f, &why);
	}
	if (rc == 0 && f.hits->cut)
		note_cut(&f);
	start_progress(o->progress); /* of what comes next */
	fd_close(f.dirfd);
	free(f.name);
	free(f.path);
	find_hits_sort(f.hits);
	*out = rc == 0 ? f.hits : NULL;
	if (rc < 0)
		find_hits_free(f.hits);
	return err_copy(err, &why);
}

int find_drop(const char *dir, const char *archive, struct err *err)
{
	static const char *const ends[] = {"", "-journal"};
	int rc = 0;

	for (size_t i = 0; i < COUNT(ends) && rc == 0; i++) {
		char *path = xasprintf("%s/%.*s.db%s", dir, NAME_DIGITS, archive, ends[i]);

		if (sys_unlinkat(AT_FDCWD, path, 0) < 0 && errno != ENOENT)
			rc = err_sys(err, ERR_WHOLE, "%s", path);
		free(path);
	}
	return rc;
}
