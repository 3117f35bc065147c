/* Files of a folder, one after the other, by name; or a single file. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "import/file.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/progress.h"
#include "valise/base/sys.h"
#include "valise/base/text.h"
#include "valise/base/textindex.h"

enum { DEPTH_MAX = 100 };

struct disk {
	struct import_files base;
	char *path;
	bool is_dir;
	/* what the folder cur that was visited last had in it, and its place */
	char *cur;
	char **in_cur;
	size_t n_in_cur;
};

/* A file that is being visited; opened when it is first read. */
struct disk_file {
	struct import_file base;
	int dirfd; /* AT_FDCWD: it is the PATH itself */
	const char *name;
	int fd;
};

static int open_late(struct disk_file *f, struct err *err)
{
	int rc;

	if (f->fd >= 0)
		return 0;
	rc = f->dirfd == AT_FDCWD ? file_open_given(f->name, &f->fd, err)
	                          : file_open_plain(f->dirfd, f->name, &f->fd, err);
	if (rc < 0 && err)
		err->scope = ERR_ITEM;
	return rc;
}

static int read_disk(struct import_file *base, void *p, size_t n, size_t *got, struct err *err)
{
	struct disk_file *f = (struct disk_file *)base;
	int rc = open_late(f, err);

	*got = 0;
	if (rc < 0)
		return rc;
	rc = fd_read_next(&f->fd, p, n, got, err);
	if (rc < 0 && err && !stop_requested())
		err->scope = ERR_ITEM;
	return rc;
}

static int peek_disk(
        struct import_file *base, void *p, size_t n, uint64_t off, size_t *got, struct err *err)
{
	struct disk_file *f = (struct disk_file *)base;
	int rc = open_late(f, err);

	*got = 0;
	return rc < 0 ? rc : fd_pread(f->fd, p, n, off, got, err);
}

static int visit_file(
        const struct import_visit *v, struct disk_file *f, const struct stat *st, struct err *err)
{
	int rc;

	f->base.path = f->base.shown;
	f->base.size = S_ISREG(st->st_mode) ? (uint64_t)st->st_size : UINT64_MAX;
	f->base.mtime = S_ISREG(st->st_mode) ? (int64_t)st->st_mtime : INT64_MIN;
	f->base.read = read_disk;
	f->base.peek = S_ISREG(st->st_mode) ? peek_disk : NULL;
	f->fd = -1;
	rc = v->file(v->ctx, &f->base, err);
	fd_close(f->fd);
	return rc;
}

static int visit_dir(struct disk *d, const struct import_visit *v, int dirfd, const char *name,
        const char *place, unsigned depth, struct err *err);

/* ${place}: "" for PATH itself; what is in it is shown below it. */
static char *below(const char *above, const char *name)
{
	size_t n = strlen(above);

	return xasprintf("%s%s%s", above, n && above[n - 1] != '/' ? "/" : "", name);
}

static int visit_entry(struct disk *d, const struct import_visit *v, int fd, const char *name,
        const char *above, unsigned depth, struct err *err)
{
	char *place = below(above, name), *shown = below(d->path, place);
	struct disk_file f = {.base = {.shown = shown, .place = place}, .dirfd = fd, .name = name};
	struct err why = {0};
	struct stat st;
	int rc = stop_check(err);

	if (rc == 0 && fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
		(void)err_sys(&why, ERR_ITEM, "cannot look at it");
		v->lost(v->ctx, shown, &why);
	} else if (rc == 0 && S_ISDIR(st.st_mode)) {
		rc = v->dir(v->ctx, place, err);
		if (rc == 0)
			rc = visit_dir(d, v, fd, name, place, depth + 1, err);
	} else if (rc == 0 && S_ISREG(st.st_mode)) {
		rc = visit_file(v, &f, &st, err);
	} else if (rc == 0 && S_ISLNK(st.st_mode)) {
		(void)err_set(&why, ERR_NOTFOUND, ERR_ITEM, "a symbolic link, not followed");
		v->lost(v->ctx, shown, &why);
	}
	free(place);
	free(shown);
	return rc;
}

/* The octets of a Maildir's name that stay when its flags change. */
static size_t base_of(const char *name)
{
	return strcspn(name, ":;!");
}

static void index_cur(const struct disk *d, struct text_index *out)
{
	for (size_t i = 0; i < d->n_in_cur; i++) {
		char *base = xstrndup(d->in_cur[i], base_of(d->in_cur[i]));

		text_index_add(out, base, i);
		free(base);
	}
}

static bool was_in_cur(const struct disk *d, const struct text_index *index, const char *name)
{
	size_t n = base_of(name), cursor = 0, at;
	char *base = xstrndup(name, n);

	while ((at = text_index_next(index, base, &cursor)) != SIZE_MAX)
		if (base_of(d->in_cur[at]) == n && strncmp(d->in_cur[at], base, n) == 0)
			break;
	free(base);
	return at != SIZE_MAX;
}

static bool has_name(char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static void keep_cur(struct disk *d, const char *place, char **names, size_t n)
{
	texts_free(d->in_cur, d->n_in_cur);
	free(d->cur);
	d->cur = place ? xstrdup(place) : NULL;
	d->in_cur = names;
	d->n_in_cur = n;
}

/*
 * A Maildir that is in use: what went from new to cur after cur was read, and before new was,
 * is there now.
 */
static int visit_moved(
        struct disk *d, const struct import_visit *v, int dirfd, const char *place, struct err *err)
{
	char *cur = below(place, "cur"), **names = NULL;
	size_t n = 0;
	int fd = -1, rc = 0;
	struct text_index index = {0};
	struct err ignored;

	if (d->cur && strcmp(d->cur, cur) == 0 && dir_open(dirfd, "cur", &fd, &ignored) == 0)
		(void)!dir_list(fd, ".", &names, &n, &ignored);
	if (n)
		index_cur(d, &index);
	for (size_t i = 0; i < n && rc == 0; i++)
		if (!was_in_cur(d, &index, names[i]))
			rc = visit_entry(d, v, fd, names[i], cur, DEPTH_MAX, err);
	text_index_clear(&index);
	texts_free(names, n);
	fd_close(fd);
	free(cur);
	return rc;
}

/* What cannot be listed is told; nothing else of it is lost. */
static int visit_dir(struct disk *d, const struct import_visit *v, int dirfd, const char *name,
        const char *place, unsigned depth, struct err *err)
{
	struct err why = {0};
	char **names = NULL;
	size_t n = 0;
	int fd = -1, rc = 0;

	if (depth > DEPTH_MAX)
		(void)err_set(&why, ERR_LIMIT, ERR_ITEM, "nested too deep");
	else if (dir_open(dirfd, name, &fd, &why) == 0)
		(void)!dir_list(fd, ".", &names, &n, &why);
	if (why.code) {
		char *shown = below(d->path, place);

		v->lost(v->ctx, shown, &why);
		free(shown);
	}
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = visit_entry(d, v, fd, names[i], place, depth, err);
	if (rc == 0 && has_name(names, n, "new"))
		rc = visit_moved(d, v, fd, place, err);
	if (strcmp(name, "cur") == 0)
		keep_cur(d, place, names, n);
	else
		texts_free(names, n);
	fd_close(fd);
	return rc;
}

static int each_on_disk(struct import_files *s, const struct import_visit *v, struct err *err)
{
	struct disk *d = (struct disk *)s;
	const char *name = strrchr(d->path, '/');
	struct disk_file f = {.base = {.shown = d->path, .place = name ? name + 1 : d->path},
	        .dirfd = AT_FDCWD,
	        .name = d->path};
	struct stat st;

	if (d->is_dir)
		return visit_dir(d, v, AT_FDCWD, d->path, "", 0, err);
	if (fstatat(AT_FDCWD, d->path, &st, 0) != 0)
		return err_sys(err, ERR_WHOLE, "%s", d->path);
	return visit_file(v, &f, &st, err);
}

static void free_disk(struct import_files *s)
{
	struct disk *d = (struct disk *)s;

	keep_cur(d, NULL, NULL, 0);
	free(d->path);
	free(d);
}

int import_files_disk(const char *path, bool *dir_out, struct import_files **out, struct err *err)
{
	static const struct import_files_ops ops = {each_on_disk, free_disk};
	struct disk *d;
	struct stat st;
	size_t n = strlen(path);

	*out = NULL;
	if (fstatat(AT_FDCWD, path, &st, 0) != 0)
		return err_sys(err, ERR_WHOLE, "%s", path);
	d = xcalloc(1, sizeof *d);
	d->base.ops = &ops;
	while (n > 1 && path[n - 1] == '/')
		n--;
	d->path = xstrndup(path, n);
	d->is_dir = S_ISDIR(st.st_mode);
	*dir_out = d->is_dir;
	*out = &d->base;
	return 0;
}
