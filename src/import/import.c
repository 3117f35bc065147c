/*
 * An import: all names are seen first, then each file is read and given where the plan says.
 */
#include "valise/import/import.h"
#include <stdlib.h>
#include <string.h>
#include "import/names.h"
#include "import/walk.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

static const char *last_of(const char *place)
{
	const char *slash = strrchr(place, '/');

	return slash ? slash + 1 : place;
}

static void tell_lost(void *ctx, const char *shown, const struct err *err)
{
	struct walk *w = ctx;

	if (!w->looking)
		take_unread(w->run, shown, err->text);
}

static int walk_files(struct walk *w, struct import_files *files, struct err *err);

/* A zip or tar file in a folder is looked into, too; its names are below that folder. */
int walk_packed(struct walk *w, const struct import_file *f, struct err *err)
{
	struct import_files *inner = NULL;
	const char *slash = strrchr(f->place, '/');
	struct err why = {0};
	int rc;

	if (import_files_packed(f->path, &inner, &why) < 0) {
		if (!w->looking)
			take_unread(w->run, f->shown, why.text);
		return 0;
	}
	w->packed = xstrndup(f->place, slash ? (size_t)(slash - f->place) + 1 : 0);
	rc = walk_files(w, inner, err);
	free(w->packed);
	w->packed = NULL;
	inner->ops->free(inner);
	return rc;
}

/* The text of a file beside mail: as far as it may be needed. */
static void look_at_side(struct walk *w, struct import_file *f)
{
	struct buf text = buf_of(SIDE_MAX);
	char piece[4096];
	size_t got = 1;

	while (got > 0 && f->read(f, piece, sizeof piece, &got, NULL) == 0)
		if (buf_fill(&text, piece, got) < got)
			break;
	if (memchr(text.data, 0, text.len) || strncmp(buf_str(&text), "From ", 5) == 0)
		buf_clear(&text);
	else
		seen_take_side(&w->at->seen, f->place, buf_take(&text));
}

static int refuse_ours(const struct import_file *f, const char *place, struct err *err)
{
	size_t root;
	enum seen_ours ours = seen_ours_file(place, &root);

	if (ours == SEEN_TREE && root == 0)
		return err_set(err, ERR_USAGE, ERR_WHOLE,
		        "%s: this is a directory tree of valise: \"valise pack\" takes all of it",
		        f->shown);
	if (ours == SEEN_ARCHIVE && root == 0)
		return err_set(err, ERR_USAGE, ERR_WHOLE,
		        "%s: this is an archive of valise, which needs no import", f->shown);
	return 0;
}

/* An archive or a tree of ours that lies in a folder is told once, and not looked into. */
static bool pass_ours(struct walk *w, const struct import_file *f)
{
	const char *what = seen_is_ours(&w->at->seen, f->place);

	if (what && *what)
		take_unread(w->run, f->shown, what);
	return what;
}

static int look_at_file(struct walk *w, struct import_file *f, struct err *err)
{
	int rc = w->at->seen.is_dir && f->path ? refuse_ours(f, f->place, err) : 0;

	if (rc < 0)
		return rc;
	seen_add(&w->at->seen, f->place, false);
	if (place_is(&w->at->seen, f->place) == PLACE_SIDE || seen_is_vdir_file(last_of(f->place)))
		look_at_side(w, f);
	if (f->path && !w->packed && take_may_be_packed(last_of(f->place))) {
		struct err why = {0};
		struct again a;

		if (again_open(&a, f, w->run->progress, &why) == 0 && import_is_packed(a.head, a.n))
			return walk_packed(w, f, err);
	}
	if (f->size != UINT64_MAX)
		atomic_fetch_add(&w->run->progress->bytes_total, f->size);
	return 0;
}

static bool is_own(const struct walk *w, const char *place)
{
	size_t n = w->at->own ? strlen(w->at->own) : 0;

	return n && !w->packed && strncmp(place, w->at->own, n) == 0 &&
	       (!place[n] || place[n] == '/');
}

static int visit_file(void *ctx, struct import_file *f, struct err *err)
{
	struct walk *w = ctx;
	const char *place = f->place;
	char *joined = w->packed ? xasprintf("%s%s", w->packed, place) : NULL;
	int rc = stop_check(err);

	if (is_own(w, place))
		return rc;
	if (joined)
		f->place = joined;
	if (rc == 0 && w->looking)
		rc = look_at_file(w, f, err);
	else if (rc == 0 && seen_in_tmp(&w->at->seen, f->place))
		take_ignore(w, f, "it was never delivered: it is in tmp of a Maildir");
	else if (rc == 0 && !pass_ours(w, f))
		rc = take_file(w, f, err);
	f->place = place;
	free(joined);
	return rc;
}

static int visit_dir(void *ctx, const char *place, struct err *err)
{
	struct walk *w = ctx;
	char *joined = w->packed ? xasprintf("%s%s", w->packed, place) : NULL;

	(void)err;
	if (w->looking && !is_own(w, place))
		seen_add(&w->at->seen, joined ? joined : place, true);
	free(joined);
	return 0;
}

static int walk_files(struct walk *w, struct import_files *files, struct err *err)
{
	const struct import_visit v = {w, visit_file, visit_dir, tell_lost};

	return files->ops->each(files, &v, err);
}

/* A file that is read at its beginning alone, to know whether it is packed. */
struct first {
	uint8_t head[IMPORT_HEAD];
	size_t n;
};
static int see_first(void *ctx, struct import_file *f, struct err *err)
{
	struct first *first = ctx;
	struct err why = {0};

	(void)err;
	if (f->peek)
		(void)!f->peek(f, first->head, sizeof first->head, 0, &first->n, &why);
	return 0;
}

/* The archive's place below ${root}; NULL: it lies elsewhere. */
static char *own_place(const char *root, const char *archive)
{
	char *above = archive ? xstrdup(archive) : NULL, *full = NULL, *out = NULL;
	char *top = archive ? realpath(root, NULL) : NULL;
	const char *name = NULL;
	size_t n = top ? strlen(top) : 0;

	while (above && strlen(above) > 1 && above[strlen(above) - 1] == '/')
		above[strlen(above) - 1] = '\0';
	full = above ? realpath(above, NULL) : NULL;
	if (!full && above) { /* it is not there yet: where it will be */
		char *slash = strrchr(above, '/');

		name = slash ? slash + 1 : above;
		if (slash)
			*slash = '\0';
		full = realpath(!slash ? "." : *above ? above : "/", NULL);
	}
	n -= n == 1; /* "/" */
	if (top && full) {
		char *whole = name ? xasprintf("%s/%s", full, name) : xstrdup(full);

		if (strncmp(whole, top, n) == 0 && whole[n] == '/' && whole[n + 1])
			out = xstrdup(whole + n + 1);
		free(whole);
	}
	free(above);
	free(full);
	free(top);
	return out;
}

static int open_root(struct walk *w, const char *path, struct err *err)
{
	struct root *r = ARR_PUSH(w->roots, w->n, w->cap);
	struct first first = {.n = 0};
	const struct import_visit v = {&first, see_first, NULL, NULL};
	size_t n = strlen(path);
	int rc = import_files_disk(path, &r->seen.is_dir, &r->files, err);

	while (n > 1 && path[n - 1] == '/')
		n--;
	r->name = xstrndup(path, n);
	if (rc < 0)
		return rc;
	r->seen.root = last_of(r->name);
	r->own = r->seen.is_dir ? own_place(path, w->run->opts->archive) : NULL;
	if (r->seen.is_dir)
		return 0;
	rc = r->files->ops->each(r->files, &v, err);
	if (rc == 0 && import_is_packed(first.head, first.n)) {
		r->files->ops->free(r->files);
		r->files = NULL;
		rc = import_files_packed(path, &r->files, err);
		r->seen.root = "";
		r->seen.is_dir = true;
	}
	return rc;
}

/* The mailboxes of Maildirs in which there is no message. */
static int make_empty_maildirs(struct walk *w, struct err *err)
{
	const struct import_seen *s = &w->at->seen;
	int rc = 0;

	for (size_t i = 0; i < s->n && rc == 0; i++) {
		char *place =
		        xasprintf("%s%scur/x", s->list[i].place, s->list[i].place[0] ? "/" : "");
		const struct import_file f = {.shown = place, .place = place};
		struct buf name = buf_of(SIZE_MAX);
		struct import_box b;

		if (seen_in_maildir(s, place)) {
			plan_place(s, PLAN_MAILDIR, place, w->run->opts->into, &name);
			rc = box_open(&b, w->run, &f, COLL_MAIL, buf_str(&name), err);
			b.subscribed = take_is_subscribed(s, b.name, w->run->opts->into);
			if (rc == 0)
				rc = box_empty(&b, err);
			box_close(&b);
		}
		buf_clear(&name);
		free(place);
	}
	return rc;
}

static int walk_all(struct walk *w, bool looking, struct err *err)
{
	int rc = 0;

	w->looking = looking;
	for (size_t i = 0; i < w->n && rc == 0; i++) {
		w->at = &w->roots[i];
		w->run->path = (uint32_t)i + 1;
		rc = walk_files(w, w->at->files, err);
		if (rc == 0 && !looking)
			rc = make_empty_maildirs(w, err);
	}
	return rc;
}

/* ${names}, each ended by LF: volumes that are not there. */
static void tell_missing(struct import_run *run, const char *names)
{
	for (const char *p = names; *p; p += strcspn(p, "\n") + 1) {
		char *name = xstrndup(p, strcspn(p, "\n"));

		take_unread(run, name, "this volume is missing: what is in it is not imported");
		free(name);
	}
}

int import_run(const struct import_opts *opts, struct tree_sink *sink, struct progress *progress,
        struct import_result *out, struct err *err)
{
	struct import_run run = {.opts = opts, .sink = sink, .progress = progress};
	struct walk w = {.run = &run};
	struct buf missing = buf_of(SIZE_MAX);
	char **paths = NULL;
	size_t n = 0;
	int rc;

	rc = import_paths(opts->paths, opts->n_paths, &paths, &n, &missing, err);
	if (rc == 0)
		tell_missing(&run, buf_str(&missing));
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = open_root(&w, paths[i], err);
	if (rc == 0)
		rc = walk_all(&w, true, err);
	if (rc == 0 && opts->space_check)
		rc = opts->space_check(opts->space_ctx, progress->bytes_total, err);
	if (rc == 0)
		rc = walk_all(&w, false, err);
	if (rc == 0)
		rc = fill_end(&run, err);
	homeless_end(&run.homeless, opts);
	*out = run.result;
	for (size_t i = 0; i < w.n; i++) {
		if (w.roots[i].files)
			w.roots[i].files->ops->free(w.roots[i].files);
		seen_clear(&w.roots[i].seen);
		free(w.roots[i].name);
		free(w.roots[i].own);
	}
	free(w.roots);
	texts_free(paths, n);
	buf_clear(&missing);
	fill_clear(&run);
	return rc;
}
