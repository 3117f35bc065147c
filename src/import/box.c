/* What one file gives: octets into the sink, items into their collections. */
#include "import/run.h"
#include <stdlib.h>
#include <string.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

enum { HEAD_OCTETS = 65536 };

char *box_place(const struct import_box *b, const char *shown)
{
	struct buf safe = buf_of(SIZE_MAX);

	text_one_line(b->file->place, strlen(b->file->place), 1000, &safe);
	if (shown)
		buf_putf(&safe, ": %s", shown);
	return buf_take(&safe);
}

/* Is an old error line about something of this file? */
static bool is_about(const char *href, const char *file)
{
	size_t n = strlen(file);

	return href && strncmp(href, file, n) == 0 &&
	       (!href[n] || (href[n] == ':' && href[n + 1] == ' '));
}

static void forget_errors(struct filled *f, const char *file)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n_old; i++) {
		struct tree_error *e = &f->old[i];

		if (!is_about(e->href, file)) {
			f->old[n++] = *e;
			continue;
		}
		free(e->href);
		free(e->date);
		free(e->from);
		free(e->subject);
		free(e->reason);
	}
	f->n_old = n;
}

/* The collection that the file's errors are told of: those of earlier runs are read again. */
static int begin_errors(struct import_box *b, struct err *err)
{
	struct filled *known = NULL;
	int rc = fill_find(b->run, b->kind, b->name, false, false, &known, err);
	char *place = box_place(b, NULL);

	if (rc == 0 && known)
		forget_errors(known, place);
	free(place);
	return rc;
}

int box_open(struct import_box *b, struct import_run *run, const struct import_file *f,
        enum coll_kind kind, const char *name, struct err *err)
{
	*b = (struct import_box){.run = run,
	        .file = f,
	        .kind = kind,
	        .date_utc = INT64_MIN,
	        .date_last = INT64_MIN,
	        .subscribed = true};
	b->name = xstrdup(name);
	return begin_errors(b, err);
}

void box_close(struct import_box *b)
{
	intake_clear(&b->in);
	free(b->name);
	free(b->folder);
	free(b->title);
	free(b->about);
	free(b->color);
	free(b->keywords);
	for (size_t i = 0; b->folders && b->folders[i]; i++)
		free(b->folders[i]);
	free(b->folders);
}

static void begin(struct import_box *b)
{
	if (b->begun)
		return;
	intake_begin(&b->in, b->run->sink, b->kind, MAX(HEAD_OCTETS, chosen_octets(b)));
	sha256_start(&b->hash);
	b->begun = true;
}

int box_write(void *box, const void *p, size_t n, struct err *err)
{
	struct import_box *b = box;

	begin(b);
	if (b->run->opts->selection)
		sha256_add(&b->hash, p, n);
	return intake_write(&b->in, p, n, err);
}

void box_drop(struct import_box *b)
{
	if (b->begun)
		intake_drop(&b->in);
	sha256_start(&b->hash);
}

void box_called(struct import_box *b, const char *name, const char *color, const char *about)
{
	const char *into = b->run->opts->into;
	struct buf safe = buf_of(4096);

	if (name)
		text_one_line(name, strlen(name), 255, &safe);
	if (safe.len && !into) {
		free(b->name);
		b->name = buf_take(&safe);
	}
	buf_clear(&safe);
	if (color && !b->color)
		b->color = xstrdup(color);
	if (about && !b->about)
		b->about = xstrdup(about);
}

void box_single(struct import_box *b)
{
	struct err ignored;

	if (!b->folder)
		return;
	free(b->name);
	b->name = b->folder;
	b->folder = NULL;
	/* where the sink does not work any more, the next call says so */
	(void)!begin_errors(b, &ignored);
	if (b->beside && b->beside->displayname)
		b->title = xstrdup(b->beside->displayname);
	if (b->beside && b->beside->color && *b->beside->color == '#' && !b->color)
		b->color = xstrdup(b->beside->color);
}

static void set_prop(json_t *o, const char *name, const char *text)
{
	struct buf xml = buf_of(SIZE_MAX);

	for (const char *s = text; s && *s; s++) {
		if (*s == '&' || *s == '<' || *s == '>')
			buf_putf(&xml, "&#%d;", *s);
		else
			buf_putc(&xml, *s);
	}
	if (xml.len)
		json_set_text(o, name, buf_str(&xml));
	buf_clear(&xml);
}

/* What the file says of the collection, as DAV has it. */
static char *make_props(const struct import_box *b)
{
	bool calendar = b->kind == COLL_CALENDAR;
	json_t *o = json_object();

	set_prop(o, "{DAV:}displayname", b->title);
	set_prop(o,
	        calendar ? "{http://apple.com/ns/ical/}calendar-color"
	                 : "{http://inf-it.com/ns/ab/}addressbook-color",
	        b->color);
	if (calendar)
		set_prop(o, "{urn:ietf:params:xml:ns:caldav}calendar-description", b->about);
	return json_text(o);
}

static int find_box(struct import_box *b, const char *name, struct filled **out, struct err *err)
{
	struct tree_coll *c;
	int rc = fill_find(b->run, b->kind, name, true, b->subscribed, out, err);

	if (rc < 0)
		return rc;
	c = (*out)->coll;
	if ((b->color || b->title || b->about) && !c->props)
		c->props = make_props(b);
	return 0;
}

int box_empty(struct import_box *b, struct err *err)
{
	struct filled *f;

	return find_box(b, b->name, &f, err);
}

/* The date of arrival: as the file says, else as the message does, else of the file. */
static int finish(
        struct import_box *b, const struct import_item *it, struct tree_item *out, struct err *err)
{
	bool told = it->date_utc != INT64_MIN || b->date_utc != INT64_MIN;
	int rc;

	*out = (struct tree_item){.warn = it->warn};
	if (told) {
		out->date_utc = it->date_utc != INT64_MIN ? it->date_utc : b->date_utc;
		out->zone_min = it->date_utc != INT64_MIN ? it->zone_min : 0;
	}
	rc = intake_finish(&b->in, out, told ? INTAKE_DATE : 0, err);
	if (rc == 0 && b->kind == COLL_MAIL && out->warn & WARN_DATE && out->date_utc == 0 &&
	        b->date_last != INT64_MIN)
		out->date_utc = b->date_last;
	return rc;
}

/* What cannot be read of a file whose messages name their mailboxes is told of All Mail. */
static int name_by_labels(struct import_box *b, struct err *err)
{
	const char *into = b->run->opts->into;

	if (b->labelled)
		return 0;
	free(b->name);
	b->name = into ? xasprintf("%s/%s", into, labels_all) : xstrdup(labels_all);
	b->labelled = true;
	return begin_errors(b, err);
}

/* Into one of its collections. */
static int put_item(struct import_box *b, const char *name, const struct import_item *it,
        bool left_out, struct tree_item *octets, struct err *err)
{
	const char *into = b->run->opts->into;
	char *full = it->folders && into ? xasprintf("%s/%s", into, name) : xstrdup(name);
	struct filled *f;
	int rc = find_box(b, full, &f, err);

	if (rc == 0 && it->folders && !f->coll->special_use)
		f->coll->special_use = xstrdup(labels_use(name));
	if (rc == 0 && left_out)
		fill_left_out(f, it, octets->sha256);
	else if (rc == 0)
		rc = fill_item(b->run, f, it, octets, err);
	b->last = rc == 0 ? f : NULL;
	b->left_out = left_out;
	free(full);
	return rc;
}

int box_item(struct import_box *b, const struct import_item *it, struct err *err)
{
	struct buf words = buf_of(SIZE_MAX);
	struct import_item all = *it;
	struct tree_item octets;
	const char *const own[] = {b->name, NULL};
	bool left_out;
	int rc;

	begin(b);
	rc = it->folders ? name_by_labels(b, err) : 0;
	if (!it->folders)
		all.folders = (const char *const *)b->folders;
	if (b->says_flags) {
		all.flags = b->flags;
		all.keywords = NULL;
	}
	all.flags |= b->flags;
	if (b->keywords && all.keywords) {
		buf_putf(&words, "%s %s", all.keywords, b->keywords);
		all.keywords = buf_str(&words);
	} else if (b->keywords) {
		all.keywords = b->keywords;
	}
	left_out = chosen_leaves_out(b, &all, octets.sha256);
	if (rc == 0 && !left_out)
		rc = finish(b, it, &octets, err);
	for (const char *const *name = all.folders ? all.folders : own; *name && rc == 0; name++)
		rc = put_item(b, *name, &all, left_out, &octets, err);
	b->given += rc == 0;
	buf_clear(&words);
	return rc < 0 ? err_widen(err, ERR_WHOLE) : 0;
}

void box_error(struct import_box *b, const char *shown, const char *reason)
{
	struct err err = {0};
	struct filled *f;
	char *place = box_place(b, shown);

	b->failed++;
	b->run->result.errors++;
	progress_name(b->run->progress, SAY_WARNING, b->name, place, "%s", reason);
	/* where the sink does not work any more, the next call says so */
	if (find_box(b, b->name, &f, &err) == 0)
		tree_coll_error(f->coll, 0, place, NULL, NULL, reason);
	free(place);
}

void box_note(struct import_box *b, const char *text)
{
	progress_name(b->run->progress, SAY_NOTE, b->name, b->file->shown, "%s", text);
}
