/* Attachments as files: new ones, whose names every file system takes. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "valise/base/escape.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include "valise/base/text.h"
#include "valise/base/textindex.h"
#include "cli/show/show.h"

enum { NAME_MAX_OCTETS = 150, EXTENSION_MAX = 16, TWINS_MAX = 10000 };

/* The names that people know types by. */
static const struct {
	const char *type, *extension;
} types[] = {{"text/plain", ".txt"}, {"text/html", ".html"}, {"text/calendar", ".ics"},
        {"text/vcard", ".vcf"}, {"text/csv", ".csv"}, {"message/rfc822", ".eml"},
        {"message/global", ".eml"}, {"image/png", ".png"}, {"image/jpeg", ".jpg"},
        {"image/gif", ".gif"}, {"image/svg+xml", ".svg"}, {"application/pdf", ".pdf"},
        {"application/zip", ".zip"}, {"application/ms-tnef", ".dat"},
        {"application/pgp-signature", ".asc"}, {"application/pkcs7-signature", ".p7s"}};

static const char *extension_of(const char *type)
{
	for (size_t i = 0; i < COUNT(types); i++)
		if (strcmp(types[i].type, type) == 0)
			return types[i].extension;
	return ".bin";
}

/* Where the extension of a name begins, or its end. */
static size_t stem_length(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && dot != name && strlen(dot) > 1 && strlen(dot) <= EXTENSION_MAX
	               ? (size_t)(dot - name)
	               : strlen(name);
}

/* A name of the part that is no path, in two: before and from the last dot. */
static void split_name(const struct mime_part *p, char **stem_out, char **extension_out)
{
	char *name = p->name ? xstrdup(p->name)
	                     : xasprintf("part-%s%s", p->number, extension_of(p->type));
	size_t n = stem_length(name);
	char cut[NAME_MAX_OCTETS + 1];
	struct buf stem = buf_of(SIZE_MAX), extension = buf_of(SIZE_MAX);

	/* The extension says what it is: a long name loses its middle. */
	text_one_line(name, n, NAME_MAX_OCTETS, &stem);
	snprintf(cut, sizeof cut, "%s", buf_str(&stem));
	buf_reset(&stem);
	if (path_escape(cut, strlen(cut), &stem) < 0 ||
	        path_escape(name + n + (name[n] == '.'), strlen(name + n + (name[n] == '.')),
	                &extension) < 0)
		buf_reset(&extension);
	*extension_out = name[n] == '.' ? xasprintf(".%s", buf_str(&extension)) : xstrdup("");
	*stem_out = buf_take(&stem);
	buf_clear(&stem);
	buf_clear(&extension);
	free(name);
}

/* Where files go, and the names that are taken there, folded (path_fold). */
struct folder {
	int fd;
	const char *path; /* as it was given */
	char **taken;
	size_t n, cap;
	struct text_index index;
};

static bool is_taken(const struct folder *f, const char *folded)
{
	size_t cursor = 0, at;

	while ((at = text_index_next(&f->index, folded, &cursor)) != SIZE_MAX)
		if (strcmp(f->taken[at], folded) == 0)
			return true;
	return false;
}

/* False: it was taken, or its twin on a file system that folds case. */
static bool take_name(struct folder *f, const char *name)
{
	struct buf folded = buf_of(SIZE_MAX);
	bool taken;

	path_fold(name, &folded);
	taken = is_taken(f, buf_str(&folded));
	if (!taken) {
		text_index_add(&f->index, buf_str(&folded), f->n);
		*ARR_PUSH(f->taken, f->n, f->cap) = buf_take(&folded);
	}
	buf_clear(&folded);
	return !taken;
}

static int open_folder(const char *path, struct folder *f, struct err *err)
{
	char **names = NULL;
	size_t n = 0;
	int rc = dir_make(AT_FDCWD, path, err);

	*f = (struct folder){.fd = -1, .path = path};
	if (rc == 0)
		rc = dir_open(AT_FDCWD, path, &f->fd, err);
	if (rc == 0)
		rc = dir_list(AT_FDCWD, path, &names, &n, err);
	for (size_t i = 0; i < n; i++)
		(void)take_name(f, names[i]);
	texts_free(names, n);
	return rc;
}

static void close_folder(struct folder *f)
{
	fd_close(f->fd);
	texts_free(f->taken, f->n);
	text_index_clear(&f->index);
}

/* A new file for the part; nothing that is there is touched. The caller frees *name_out. */
static int create(
        struct folder *f, const struct mime_part *p, char **name_out, int *fd_out, struct err *err)
{
	char *stem, *extension;
	int fd = -1;

	split_name(p, &stem, &extension);
	*name_out = NULL;
	for (unsigned n = 1; n < TWINS_MAX && fd < 0; n++) {
		free(*name_out);
		*name_out = n == 1 ? xasprintf("%s%s", stem, extension)
		                   : xasprintf("%s_%u%s", stem, n, extension);
		errno = EEXIST;
		if (!take_name(f, *name_out))
			continue;
		fd = sys_openat(f->fd, *name_out, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	free(stem);
	free(extension);
	*fd_out = fd;
	return fd < 0 ? err_sys(err, ERR_WHOLE, "cannot create %s", *name_out) : 0;
}

struct target {
	int fd;
	uint64_t size;
};

static int to_file(void *ctx, const void *p, size_t n, struct err *err)
{
	struct target *t = ctx;

	t->size += n;
	return fd_write_all(t->fd, p, n, err);
}

static void tell_saved(
        const struct mime_part *p, const char *name, uint64_t size, const char *dir, json_t *saved)
{
	char *safe, *path = xasprintf("%s/%s", dir, name), bytes[32];
	json_t *o;

	if (saved) {
		o = json_object();
		json_set_text(o, "number", p->number);
		json_set_text(o, "type", p->type);
		put_text(o, "file", path);
		json_set_number(o, "bytes", size);
		json_array_append_new(saved, o);
	} else {
		safe = term_escape_dup(path);
		printf("%s  %s\n", safe, human_bytes(size, bytes));
		free(safe);
	}
	free(path);
}

static int save(struct mime_message *m, size_t i, struct folder *f, json_t *saved, struct err *err)
{
	const struct mime_part *parts;
	struct target t = {.fd = -1};
	char *name;
	int rc;

	mime_parts(m, &parts);
	rc = create(f, &parts[i], &name, &t.fd, err);
	if (rc == 0) {
		rc = mime_part_octets(m, i, to_file, &t, err);
		if (rc == 0 && sys_fsync(t.fd) != 0 && errno != EINVAL)
			rc = err_sys(err, ERR_WHOLE, "cannot write %s", name);
		if (sys_close(t.fd) != 0 && rc == 0)
			rc = err_sys(err, ERR_WHOLE, "cannot write %s", name);
		if (rc < 0) /* half a file looks like a whole one */
			(void)sys_unlinkat(f->fd, name, 0);
	}
	if (rc == 0)
		tell_saved(&parts[i], name, t.size, f->path, saved);
	free(name);
	return rc;
}

/* All that is attached, or the part ${only}. */
static int save_all(
        struct mime_message *m, size_t only, const char *path, json_t *saved, struct err *err)
{
	const struct mime_part *parts;
	size_t n = mime_parts(m, &parts);
	struct folder f;
	int rc = open_folder(path, &f, err);

	for (size_t i = 0; i < n && rc == 0; i++) {
		bool wanted = parts[i].attachment || (parts[i].name && !parts[i].multipart);

		if (only == SIZE_MAX ? wanted : i == only)
			rc = save(m, i, &f, saved, err);
	}
	if (rc == 0)
		rc = dir_sync(f.fd, err);
	close_folder(&f);
	return rc;
}

int save_parts(const struct shown_item *s, const char *dir, const char *number)
{
	struct shown_message g;
	struct mime_message *in;
	struct err err = {0};
	json_t *saved = args_has(s->args, "json") ? json_array() : NULL, *outcome;
	int rc = open_item(s, &g, &err);
	size_t only = SIZE_MAX;

	in = g.m;
	if (rc == 0 && number) {
		only = part_by_number(s->args, &g, number, &in);
		rc = only == SIZE_MAX ? EXIT_USAGE : 0;
	}
	if (rc == 0)
		rc = save_all(in, only, dir, saved, &err);
	if (rc == 0 && saved) {
		outcome = item_json(s->reader, s->coll, s->item);
		json_object_set_new(outcome, "saved", saved);
		end_outcome(s->args, outcome);
		saved = NULL;
	}
	json_decref(saved);
	close_item(&g);
	return rc < 0 ? fail(s->args, &err) : rc;
}
