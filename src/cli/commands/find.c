/* valise find: the items that hold words, newest first. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/columns.h"
#include "valise/base/escape.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/pack/archive.h"
#include "valise/tree/gone.h"
#include "cli/list/list.h"
#include "cli/options/selection.h"

static int cmd_find(const struct args *a);
const struct command find_command = {
        .name = "find",
        .synopsis = "ARCHIVE WORDS...",
        .summary = "list the items that hold words: in messages, names of attachments, calendars "
                   "and contacts",
        .details =
                "An item has to hold all of the words, in any order and case. word* and *word* are "
                "parts of words, '\"two words\"' stand one after the other, and what holds a word "
                "behind a minus is left out: 'invoice -draft'. The first search makes an index of "
                "the archive, in $XDG_CACHE_HOME/valise/find; it may be deleted at any time. Exit "
                "codes: 0 done, whatever was found, 3 something could not be searched.",
        .bit = CMD_FIND,
        .min_pos = 2,
        .max_pos = POS_MAX,
        .run = cmd_find,
};

enum { PLACE_MAX = 30 }; /* columns that places are made equally wide for */

/* An item that was found, as it is printed. */
struct found {
	char *when; /* for their order */
	char *place; /* how "valise show" takes it, safe for a terminal */
	char *line;
	size_t number;
};

struct finds {
	const struct args *args;
	struct selected selected;
	struct tree_reader *reader;
	size_t columns; /* that lines may have beside the places; 0: no terminal */
	struct found *v;
	size_t n, cap;
	unsigned unread; /* collections */
};

/* How "valise show" takes it. */
static char *place_of(const struct tree_coll *c, const struct list_row *row)
{
	char *text = c->kind == COLL_MAIL ? xasprintf("%s/%u", c->name, row->uid)
	                                  : xasprintf("%s/%s/%s", coll_kind_dir(c->kind), c->name,
	                                            row->key ? row->key : "");
	char *safe = term_escape_dup(text);

	free(text);
	return safe;
}

static void put_item_json(
        struct finds *f, const struct tree_coll *c, const struct tree_item *it, struct buf *out)
{
	json_t *o = item_json(f->reader, c, it);

	json_put_shown(out, o);
	json_decref(o);
}

/* Of a message INTERNALDATE, of an event its start, of a card nothing. */
static char *when_of(
        const struct tree_coll *c, const struct tree_item *it, const struct item_about *about)
{
	char text[DATE_TEXT_SIZE];

	if (c->kind != COLL_MAIL)
		return xstrdup(about->text[ABOUT_START] ? about->text[ABOUT_START] : "");
	date_format_iso(it->date_utc, text);
	return xstrdup(text);
}

static void add_item(struct finds *f, const struct tree_coll *c, const struct tree_item *it)
{
	struct item_about about = {0};
	struct list_row row = list_row_of(c, it, &about);
	struct buf line = buf_of(SIZE_MAX);
	struct found *one = ARR_PUSH(f->v, f->n, f->cap);

	tree_item_about(f->reader, c, it, &about);
	one->place = place_of(c, &row);
	row.placed = true;
	if (args_has(f->args, "json"))
		put_item_json(f, c, it, &line);
	else
		list_line(&row, f->columns, &line);
	one->when = when_of(c, it, &about);
	one->line = buf_take(&line);
	one->number = f->n;
	about_clear(&about);
}

static int newest_first(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	int order = strcmp(y->when, x->when);

	return order ? order : ORDER_OF(x->number, y->number);
}

/* One that is among the hits: the view is of what other options leave. */
static bool is_hit(const struct finds *f, const struct tree_coll *c, const struct tree_item *it)
{
	return find_has(f->selected.hits, c->kind, it->sha256);
}

static void collect(struct finds *f)
{
	const struct tree_manifest *m = f->reader->ops->manifest(f->reader);

	for (size_t i = 0; i < m->n_heads; i++) {
		struct tree_coll *c = NULL;
		struct err err = {0};

		if (f->reader->ops->coll(f->reader, &m->heads[i], &c, &err) < 0) {
			(void)err_wrap(&err, "%s", m->heads[i].name);
			(void)fail(f->args, &err);
			f->unread++;
			continue;
		}
		for (size_t k = 0; k < c->n_items; k++)
			if (is_hit(f, c, &c->items[k]))
				add_item(f, c, &c->items[k]);
		tree_coll_free(c);
	}
	SORT(f->v, f->n, newest_first);
}

static void print_all(const struct finds *f)
{
	size_t wide = 0;

	for (size_t i = 0; i < f->n; i++)
		wide = MAX(wide, MIN(text_columns(f->v[i].place), (size_t)PLACE_MAX));
	for (size_t i = 0; i < f->n; i++) {
		const char *place = f->v[i].place;
		size_t pad = wide - MIN(wide, text_columns(place));

		if (args_has(f->args, "json"))
			puts(f->v[i].line);
		else
			printf("%s%*s  %s\n", place, (int)pad, "", f->v[i].line);
	}
	if (f->n == 0 && !args_has(f->args, "json"))
		talk("nothing found (a part of a word: 'word*' or '*word*')");
}

/* Who reads the archive: all of it, or what options leave. An exit code after a message. */
static int search(struct finds *f, struct ui *ui)
{
	const char *const *words = f->args->pos + 1;
	struct err err = {0};

	if (selected_search(&f->selected, f->args->pos[0], words, f->reader, &ui->progress, &err) <
	        0)
		return err.code == ERR_USAGE ? usage_error(f->args, "%s", err.text)
		                             : fail(f->args, &err);
	f->reader = tree_gone_view(f->reader, args_has(f->args, "with-gone"));
	/* Where words alone decide, no catalog is read for the view. */
	f->selected.of.text = NULL;
	if (selection_by_item(&f->selected.of))
		selected_holds(&f->selected);
	return selected_view(&f->selected, &f->reader);
}

static int finish(struct finds *f, struct ui *ui)
{
	uint64_t unread = selected_unread(&f->selected);
	char n[COUNTED_SIZE];
	json_t *out;

	ui_stop(ui);
	collect(f);
	print_all(f);
	if (ui->json) {
		out = json_object();
		put_text(out, "archive", f->args->pos[0]);
		json_set_number(out, "found", f->n);
		json_set_number(out, "unread", unread);
		end_outcome(f->args, out);
	} else if (unread) {
		talk("%s not searched: named above", counted(unread, "item was", "items were", n));
	}
	return unread || f->unread ? EXIT_INCOMPLETE : EXIT_DONE;
}

static int cmd_find(const struct args *a)
{
	size_t columns = reading_columns();
	struct finds f = {
	        .args = a, .columns = columns > 2 * PLACE_MAX ? columns - PLACE_MAX - 2 : columns};
	struct err err = {0};
	struct ui ui;
	unsigned snapshot;
	int rc = args_selection(a, &f.selected);

	rc = rc ? rc : args_snapshot(a, &snapshot);
	if (rc) {
		selected_clear(&f.selected);
		return rc;
	}
	ui_start(&ui, a);
	if (archive_reader(a->pos[0], snapshot, &f.reader, &err) < 0)
		rc = fail(a, &err);
	else
		rc = search(&f, &ui);
	if (rc == 0)
		rc = finish(&f, &ui);
	for (size_t i = 0; i < f.n; i++) {
		free(f.v[i].when);
		free(f.v[i].place);
		free(f.v[i].line);
	}
	free(f.v);
	tree_reader_free(f.reader);
	selected_clear(&f.selected);
	ui_clear(&ui);
	return rc;
}
