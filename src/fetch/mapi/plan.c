/* Where the items of folders go: names of collections, from a list of folders. Pure. */
#include "fetch/mapi/plan.h"
#include <stdlib.h>
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/textindex.h"

enum { PATH_MAX_OCTETS = 65536 };

enum coll_kind plan_kind(size_t form)
{
	static const enum coll_kind kinds[MAPI_FORMS] = {
	        [OUTLOOK_MAIL] = COLL_MAIL,
	        [OUTLOOK_CALENDAR] = COLL_CALENDAR,
	        [OUTLOOK_CONTACT] = COLL_CONTACTS,
	};

	return kinds[form];
}

/* Places in the list, sorted by the ids that are there. */
struct by_id {
	mapi_id id;
	size_t at;
};

static int id_order(const void *p, const void *q)
{
	const struct by_id *a = p, *b = q;

	return ORDER_OF(a->id, b->id);
}

/* A slash in a name is none between levels. */
static void put_level(struct buf *out, const char *name)
{
	if (out->len)
		buf_putc(out, '/');
	for (const char *p = name && *name ? name : "_"; *p; p++)
		buf_putc(out, *p == '/' ? '_' : *p);
}

/* The paths of all folders: parents come first, and who has none of these is at the top. */
static char **make_paths(const struct mapi_folders *f, const char *above)
{
	struct by_id *ids = xcalloc(f->n + 1, sizeof *ids);
	char **paths = xcalloc(f->n + 1, sizeof *paths);

	for (size_t i = 0; i < f->n; i++)
		ids[i] = (struct by_id){f->list[i].id, i};
	SORT(ids, f->n, id_order);
	for (size_t i = 0; i < f->n; i++) {
		struct by_id key = {.id = f->list[i].parent};
		const struct by_id *up = FIND(&key, ids, f->n, id_order);
		struct buf path = buf_of(SIZE_MAX);

		if (up && up->at < i && strlen(paths[up->at]) < PATH_MAX_OCTETS)
			buf_puts(&path, paths[up->at]);
		else if (above)
			buf_puts(&path, above);
		put_level(&path, f->list[i].name);
		paths[i] = buf_take(&path);
	}
	free(ids);
	return paths;
}

/* Default folders are what they are, whether or not they say so. */
static const char *class_of(const struct mapi_folder *f)
{
	static const struct {
		const char *use, *class;
	} defaults[] = {
	        {"calendar", "IPF.Appointment"},
	        {"contacts", "IPF.Contact"},
	        {"tasks", "IPF.Task"},
	        {"notes", "IPF.StickyNote"},
	        {"journal", "IPF.Journal"},
	};

	if (f->container_class && *f->container_class)
		return f->container_class;
	for (size_t i = 0; f->use && i < COUNT(defaults); i++)
		if (strcmp(f->use, defaults[i].use) == 0)
			return defaults[i].class;
	return f->use && *f->use == '\\' ? "IPF.Note" : NULL;
}

static bool is_taken(const struct text_index *x, const struct planned *list, const char *name)
{
	size_t cursor = 0, at;

	while ((at = text_index_next(x, name, &cursor)) != SIZE_MAX)
		if (strcmp(list[at].place.name, name) == 0)
			return true;
	return false;
}

/* Two folders may have one name: what stands in them has one line each, and no slash. */
static void make_unique(struct text_index *x, struct planned *list, size_t i)
{
	char *name = list[i].place.name;

	for (unsigned n = 2; is_taken(x, list, list[i].place.name); n++) {
		if (list[i].place.name != name)
			free(list[i].place.name);
		list[i].place.name = xasprintf("%s (%u)", name, n);
	}
	if (list[i].place.name != name)
		free(name);
	text_index_add(x, list[i].place.name, i);
}

void plan_folders(const struct mapi_folders *f, const char *above, bool hidden, struct planned *out)
{
	char **paths = make_paths(f, above);
	const char *inbox = NULL;
	struct text_index names = {0};

	for (size_t i = 0; i < f->n && !inbox; i++)
		if (f->list[i].use && strcmp(f->list[i].use, "\\Inbox") == 0)
			inbox = paths[i];
	for (size_t i = 0; i < f->n; i++) {
		const struct mapi_folder *m = &f->list[i];
		struct outlook_folder o = {.path = paths[i],
		        .container_class = class_of(m),
		        .special_use = m->use && *m->use == '\\' ? m->use : NULL,
		        .search = m->type == MAPI_FOLDER_SEARCH,
		        .items = m->items};

		outlook_place(&o, inbox, "INBOX", NULL, &out[i].place);
		out[i].why = PLAN_TAKEN;
		if (m->type == MAPI_FOLDER_SEARCH)
			out[i].why = PLAN_SEARCH;
		else if (m->hidden && !hidden)
			out[i].why = PLAN_HIDDEN;
		make_unique(&names, out, i);
	}
	for (size_t i = 0; i < f->n; i++)
		free(paths[i]);
	free(paths);
	text_index_clear(&names);
}

char *plan_coll_name(const struct outlook_place *p, size_t form)
{
	const char *name = p->name;
	bool is_inbox = strncmp(name, "INBOX", 5) == 0 && (!name[5] || name[5] == '/');

	if (form == OUTLOOK_MAIL || !is_inbox)
		return xstrdup(name);
	return xasprintf("Inbox%s", name + 5);
}
