/*
 * Items of Outlook's files: each as message, calendar object or card in a collection that is
 * called as its folder, and its properties beside it as they are.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "import/run.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/outlook/fx.h"
#include "valise/outlook/place.h"

enum { LOSSES_MAX = 4000 };
static const enum coll_kind kinds[] = {
        [OUTLOOK_MAIL] = COLL_MAIL,
        [OUTLOOK_CALENDAR] = COLL_CALENDAR,
        [OUTLOOK_CONTACT] = COLL_CONTACTS,
        [OUTLOOK_UNKNOWN] = COLL_MAPI,
};

/* Where items of one kind go in the folder in work, and their properties. */
struct pair {
	struct import_box box, raw;
	bool is_open, is_raw_open;
};
struct taking {
	struct import_run *run;
	struct import_file *file;
	const char *alone; /* the name for items without a folder */
	char *inbox; /* the path of the inbox */
	char *path; /* of the folder in work; NULL: none was begun */
	bool deleted; /* it is of what was deleted */
	struct outlook_place plan;
	struct pair pairs[COUNT(kinds)];
	uint64_t in_folder; /* items so far */
	uint64_t left; /* octets of a file on disk that the progress has not seen */
};
/* One item on its way. */
struct one {
	struct taking *t;
	struct import_box *box;
	char *shown;
	struct buf losses; /* what did not come over */
	/* the path and href of its properties: as the item that was made; or NULL */
	char *path, *href;
	bool is_left_out; /* by options */
};

/* ---- folders ---- */

static void close_folder(struct taking *t)
{
	for (size_t i = 0; i < COUNT(t->pairs); i++) {
		if (t->pairs[i].is_open)
			box_close(&t->pairs[i].box);
		if (t->pairs[i].is_raw_open)
			box_close(&t->pairs[i].raw);
	}
	memset(t->pairs, 0, sizeof t->pairs);
	free(t->path);
	outlook_place_clear(&t->plan);
	t->path = NULL;
}

/*
 * Items without a folder are in the INBOX, which is no name for what is no mail.
 */
static char *coll_name(const struct taking *t, enum coll_kind kind)
{
	const char *name = t->plan.name;
	size_t n = strlen(name), k = strlen("INBOX");

	if (kind == COLL_MAIL || (t->path && *t->path) || n < k || strcmp(name + n - k, "INBOX"))
		return xstrdup(name);
	return xasprintf(
	        "%.*s%s", (int)(n - k), name, kind == COLL_CALENDAR ? "Calendar" : "Contacts");
}

/* The collection of items of this form; made when the first of them comes. */
static int open_box(struct taking *t, enum coll_kind kind, struct import_box **out, struct err *err)
{
	size_t i = 0;
	int rc = 0;

	while (kinds[i] != kind)
		i++;
	*out = &t->pairs[i].box;
	if (!t->pairs[i].is_open) {
		char *name = coll_name(t, kind);

		rc = box_open(*out, t->run, t->file, kind, name, err);
		t->pairs[i].is_open = true;
		free(name);
	}
	return rc;
}

/* "mail: INBOX": the properties of what is in that mailbox. */
static int open_raw(struct taking *t, size_t form, struct import_box **out, struct err *err)
{
	struct pair *p = &t->pairs[form];
	enum coll_kind of = kinds[form] == COLL_MAPI ? COLL_MAIL : kinds[form];
	char *name, *beside;
	int rc = 0;

	if (of != kinds[form])
		p = &t->pairs[OUTLOOK_MAIL];
	*out = &p->raw;
	if (!p->is_raw_open) {
		beside = coll_name(t, of);
		name = xasprintf("%s: %s", coll_kind_dir(of), beside);
		rc = box_open(*out, t->run, t->file, COLL_MAPI, name, err);
		p->is_raw_open = true;
		free(name);
		free(beside);
	}
	return rc;
}

static void take_use(struct taking *t, struct import_box *b, struct filled *f)
{
	if (b->kind != COLL_MAIL || !t->plan.special_use || !f || f->coll->special_use)
		return;
	f->coll->special_use = xstrdup(t->plan.special_use);
}

static int begin_folder(struct taking *t, const struct outlook_folder *f, struct err *err)
{
	close_folder(t);
	if (f->special_use && !strcmp(f->special_use, "\\Inbox") && !t->inbox && *f->path)
		t->inbox = xstrdup(f->path);
	t->path = xstrdup(f->path);
	t->deleted = f->deleted;
	t->in_folder = 0;
	outlook_place(f, t->inbox, t->alone, t->run->opts->into, &t->plan);
	progress_what(t->run->progress, t->plan.name);
	return stop_check(err);
}

static int visit_folder(void *ctx, const struct outlook_folder *f, struct err *err)
{
	struct taking *t = ctx;
	struct import_box *b;
	struct filled *filled = NULL;
	int rc = begin_folder(t, f, err);

	if (rc < 0 || !t->plan.empty)
		return rc;
	rc = open_box(t, kinds[t->plan.form], &b, err);
	if (rc == 0)
		rc = box_empty(b, err);
	if (rc == 0)
		rc = fill_find(
		        t->run, kinds[t->plan.form], t->plan.name, false, true, &filled, err);
	take_use(t, b, filled);
	return rc;
}

/* ---- items ---- */

static char *shown_item(struct taking *t, struct bag *item)
{
	struct buf out = buf_of(SIZE_MAX);

	buf_putf(&out, "item %" PRIu64, t->in_folder);
	outlook_put_subject(item, &out);
	return buf_take(&out);
}

static void take_loss(void *ctx, const char *what)
{
	struct one *one = ctx;
	size_t n = strlen(what);

	if (one->losses.len + n + 2 < LOSSES_MAX)
		buf_putf(&one->losses, "%s%s", one->losses.len ? "; " : "", what);
}

/* The file is read elsewhere: how far, what comes of it tells about. */
static void count_read(struct taking *t, uint64_t n)
{
	n = MIN(n, t->left);
	t->left -= n;
	atomic_fetch_add(&t->run->progress->bytes_done, n);
}

static int write_made(void *ctx, const void *p, size_t n, struct err *err)
{
	struct one *one = ctx;

	count_read(one->t, n);
	return box_write(one->box, p, n, err);
}

/* What was made of the item is one of its collection. */
static int give_made(struct one *one, const struct outlook_made *made, struct err *err)
{
	struct buf path = buf_of(SIZE_MAX);
	struct import_item it = {.date_utc = made->date_utc,
	        .flags = made->flags,
	        .keywords = made->keywords,
	        .uid = made->uid,
	        .shown = one->shown};
	int rc;

	if (made->uid && *made->uid)
		outlook_path(made->uid, &path);
	it.path = buf_str(&path);
	if (one->box->kind == COLL_MAIL)
		it.uid = it.path = NULL;
	rc = box_item(one->box, &it, err);
	one->is_left_out = rc == 0 && one->box->left_out;
	if (rc == 0)
		take_use(one->t, one->box, one->box->last);
	if (rc == 0 && !one->is_left_out) {
		const struct filled *f = one->box->last;

		one->path = f->kind == COLL_MAIL ? xasprintf("%" PRIu32, f->last_uid)
		                                 : xstrdup(f->last_path);
		one->href = f->kind == COLL_MAIL
		                    ? xstrdup(one->path)
		                    : xasprintf("%s.%s", one->path, coll_kind_ext(f->kind));
	}
	buf_clear(&path);
	return rc;
}

/* The octets of the item's properties, beside what it became. */
static int give_raw(struct one *one, struct bag *item, size_t form, struct err *err)
{
	struct import_item it = {.date_utc = INT64_MIN,
	        .shown = one->shown,
	        .path = one->path,
	        .href = one->href,
	        .note = one->path ? NULL : one->shown};
	struct import_box *raw;
	int rc = open_raw(one->t, form, &raw, err);

	if (rc == 0)
		rc = fx_write(item, box_write, raw, err);
	if (rc < 0) {
		if (err_ends(err))
			return rc;
		box_drop(raw);
		box_error(raw, one->shown, err->text);
		return 0;
	}
	return box_item(raw, &it, err);
}

static void take_homeless(void *ctx, const char *line)
{
	struct one *one = ctx;

	one->t->run->result.homeless++;
	homeless_add(&one->t->run->homeless, line, one->shown);
}

/* Of the item that was made: what found no place in it. */
static void tell_homeless(struct one *one, const struct bag *item)
{
	char *place = box_place(one->box, one->shown);
	struct import_homeless_item of = {
	        .kind = one->box->kind, .collection = one->box->name, .item = place};

	outlook_homeless(item, take_homeless, one);
	homeless_item_end(&one->t->run->homeless, one->t->run->opts, &of);
	free(place);
}

/* Of a class that has no form: its properties are all that there is of it. */
static int take_unknown(struct one *one, struct bag *item, struct err *err)
{
	struct taking *t = one->t;
	char *what = xasprintf("%s (%s)", one->shown, outlook_class(item));
	int rc = 0;

	free(one->shown);
	one->shown = what;
	if (t->run->opts->no_raw) {
		rc = open_box(t, COLL_MAIL, &one->box, err);
		if (rc == 0)
			box_error(one->box, one->shown,
			        "no message, event or card is made of items of this class, and "
			        "--no-raw leaves out their properties");
		return rc;
	}
	t->run->result.raw_only++;
	progress_name(t->run->progress, SAY_LISTED, t->plan.name, one->shown,
	        "its properties alone are kept: there is no form for its class");
	return give_raw(one, item, OUTLOOK_UNKNOWN, err);
}

/* Message, calendar object or card. An error of the item costs it, and not its properties. */
static int take_known(struct one *one, struct bag *item, enum outlook_form form, struct err *err)
{
	const struct outlook_to to = {write_made, take_loss, one};
	const struct import_opts *opts = one->t->run->opts;
	struct outlook_made made = {.date_utc = INT64_MIN};
	int rc = open_box(one->t, kinds[form], &one->box, err);

	if (rc == 0)
		rc = outlook_convert(item, &to, &made, err);
	if (rc < 0 && err_ends(err)) {
		outlook_made_clear(&made);
		return rc;
	}
	if (rc < 0) {
		box_drop(one->box);
		box_error(one->box, one->shown, err->text);
		err_clear(err);
		rc = 0;
	} else {
		rc = give_made(one, &made, err);
		if (rc == 0 && one->losses.len && !one->is_left_out)
			box_error(one->box, one->shown, buf_str(&one->losses));
		if (!one->is_left_out)
			tell_homeless(one, item);
	}
	outlook_made_clear(&made);
	if (rc < 0 || opts->no_raw || one->is_left_out)
		return rc;
	return give_raw(one, item, form, err);
}

static int visit_item(void *ctx, const struct outlook_folder *f, struct bag *item, struct err *err)
{
	struct taking *t = ctx;
	struct one one = {.t = t, .losses = buf_of(LOSSES_MAX)};
	enum outlook_form form = outlook_form_of(item);
	int rc = 0;

	if (!t->path || strcmp(t->path, f->path) != 0 || t->deleted != f->deleted)
		rc = begin_folder(t, f, err);
	t->in_folder++;
	t->run->homeless.looked_at++;
	one.shown = shown_item(t, item);
	if (rc == 0)
		rc = stop_check(err);
	if (rc == 0)
		rc = form == OUTLOOK_UNKNOWN ? take_unknown(&one, item, err)
		                             : take_known(&one, item, form, err);
	free(one.shown);
	free(one.path);
	free(one.href);
	buf_clear(&one.losses);
	return rc;
}

static void visit_lost(
        void *ctx, const struct outlook_folder *f, const char *shown, const char *why)
{
	struct taking *t = ctx;
	struct import_box *b;
	struct err err = {0};
	char *all;

	if (!f) { /* where the sink does not work any more, the next call says so */
		take_unread(t->run, t->file->shown, why);
		return;
	}
	if ((!t->path || strcmp(t->path, f->path) != 0) && begin_folder(t, f, &err) < 0)
		return;
	all = shown ? xstrdup(shown) : xasprintf("folder \"%s\"", t->plan.name);
	if (open_box(t, kinds[t->plan.form], &b, &err) == 0)
		box_error(b, all, why);
	free(all);
}

/* ---- the file ---- */

/* As a file on disk, which the reading process can seek in. */
static int open_file(struct import_file *f, int *fd, struct err *err)
{
	uint8_t piece[65536];
	size_t got = 1;
	int rc;

	*fd = -1;
	if (f->path)
		return file_open_given(f->path, fd, err);
	rc = file_temporary(fd, err);
	while (rc == 0 && got > 0) {
		rc = f->read(f, piece, sizeof piece, &got, err);
		if (rc == 0 && got)
			rc = fd_write_all(*fd, piece, got, err) < 0 ? err_widen(err, ERR_WHOLE) : 0;
	}
	return rc;
}

int outlook_take(struct import_run *run, struct import_file *f, enum outlook_file what,
        const char *name, struct err *err)
{
	struct taking t = {.run = run, .file = f, .alone = name};
	const struct outlook_read_opts opts = {.deleted = run->opts->recover};
	const struct outlook_visit visit = {&t, visit_folder, visit_item, visit_lost};
	struct err why = {0};
	int fd, rc;

	if (f->path && f->size != UINT64_MAX)
		t.left = f->size - MIN(f->size, IMPORT_HEAD);
	rc = open_file(f, &fd, &why);
	if (rc == 0) {
		rc = outlook_read(fd, what, &opts, &visit, &why);
		if (rc < 0)
			(void)err_widen(&why, ERR_WHOLE);
	}
	if (rc < 0 && !err_ends(&why)) {
		take_unread(run, f->shown, why.text);
		rc = 0;
	}
	fd_close(fd);
	count_read(&t, t.left);
	close_folder(&t);
	free(t.inbox);
	return rc < 0 ? err_copy(err, &why) : 0;
}
