/*
 * PST and OST files, by libpff: the walk over folders and items. Items are those that the
 * node database has below a folder, as a damaged table of contents then costs none.
 */
#include "outlook/read/pst/pst.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include "outlook/read/pst/sums.h"
#include "outlook/read/window.h"

enum { CONTAINER_CLASS = 0x3613, CONTENT_COUNT = 0x3602, DISPLAY_NAME = 0x3001 };

const char *pst_why(libpff_error_t **error, char *why)
{
	char *text, *end;

	(void)snprintf(why, PST_WHY, "it is not there, or damaged");
	if (error && *error && libpff_error_sprint(*error, why, PST_WHY) < 0)
		(void)snprintf(why, PST_WHY, "libpff cannot read it");
	why[PST_WHY - 1] = '\0';
	text = strstr(why, ": "); /* behind the name of a function */
	text = text ? text + 2 : why;
	end = text + strlen(text);
	while (end > text && (end[-1] == '.' || end[-1] == '\n' || end[-1] == ' '))
		*--end = '\0';
	libpff_error_free(error);
	return text;
}

/* A folder on the way down; told of when it has something to tell, if it is the store's own. */
struct place {
	const struct place *up;
	struct outlook_folder folder;
	enum special use;
	char *path, *class;
	bool told, own;
};

static void tell(struct pst *p, struct place *at)
{
	if (!at->told)
		send_folder(p->to, &at->folder, at->use);
	at->told = true;
}

static void look_at(struct window *w, const uint8_t *p, size_t n)
{
	w->unsound = w->unsound || !pst_sound((enum pst_kind)w->kind, p, n);
}

void pst_tell_sums(struct pst *p, int of)
{
	if (p->window->unsound)
		send_lost(p->to, of, "some of its octets are not those that its checksums are of");
	p->window->unsound = false;
}

static void walk(struct pst *p, libpff_item_t *item, struct place *at, unsigned deep);

static char *path_below(const char *path, const char *name)
{
	char *out = xasprintf("%s%s%s", path, path[0] ? "/" : "", name);

	for (char *c = out + strlen(out) - strlen(name); *c; c++)
		if (*c == '/')
			*c = '_';
	return out;
}

static void one_item(struct pst *p, libpff_item_t *item, struct place *at, const char *shown)
{
	bool go = reading_step(p->r);

	if (!go || p->r->step < p->r->from)
		return;
	tell(p, at);
	send_step(p->to, p->r->step);
	pst_item(p, item, shown);
}

static void one_folder(
        struct pst *p, libpff_item_t *item, const struct place *up, uint32_t nid, unsigned deep)
{
	libpff_error_t *error = NULL;
	libpff_record_set_t *set = NULL;
	char *name = NULL, why[PST_WHY];
	struct place at = {.up = up, .own = up->own && nid != p->subtree};
	bool search = (nid & NID_TYPE_MASK) == NID_SEARCH_FOLDER;

	if (!reading_step(p->r))
		return;
	send_step(p->to, p->r->step);
	send_flush(p->to);
	if (libpff_item_get_record_set_by_index(item, 0, &set, &error) == 1) {
		name = pst_text(set, DISPLAY_NAME);
		at.class = pst_text(set, CONTAINER_CLASS);
		at.folder.items = pst_number(set, CONTENT_COUNT, 0);
	} else {
		send_lost(p->to, 0, "what the folder %#x is called: %s", nid, pst_why(&error, why));
	}
	if (!name || !name[0]) {
		free(name);
		name = xasprintf("folder %#x", nid);
	}
	at.path = nid == p->subtree ? xstrdup("") : path_below(up->path, name);
	at.folder.path = at.path;
	at.folder.container_class = at.class;
	at.folder.search = search;
	at.folder.deleted = up->folder.deleted;
	at.use = pst_special(p, nid);
	if (!at.own && nid != p->subtree)
		tell(p, &at);
	pst_tell_sums(p, 0);
	if (search && nid != p->subtree)
		; /* what it shows lies elsewhere */
	else if (deep < PST_FOLDERS_DEEP && strlen(at.path) < PST_PATH_MAX)
		walk(p, item, &at, deep + 1);
	else
		send_lost(p->to, 0, "folders too deep within others are left out");
	free(name);
	free(at.path);
	free(at.class);
	libpff_record_set_free(&set, &error);
	libpff_error_free(&error);
}

enum kind { KIND_OTHER, KIND_ITEM, KIND_FOLDER };

static enum kind kind_of(const struct pst *p, uint32_t nid)
{
	switch (nid & NID_TYPE_MASK) {
	case NID_MESSAGE:
		return KIND_ITEM;
	case NID_ASSOCIATED:
		return p->r->opts->associated ? KIND_ITEM : KIND_OTHER;
	case NID_FOLDER:
	case NID_SEARCH_FOLDER:
		return KIND_FOLDER;
	default:
		return KIND_OTHER;
	}
}

/* What is in the folder, of one kind after the other: a folder's items come before the next. */
static void walk_kind(
        struct pst *p, libpff_item_t *item, struct place *at, enum kind kind, unsigned deep)
{
	libpff_error_t *error = NULL;
	int n = 0, nth = 0;
	char why[PST_WHY], shown[80];

	if (libpff_item_get_number_of_sub_items(item, &n, &error) != 1)
		send_lost(p->to, 0, "what is in it: %s", pst_why(&error, why));
	for (int i = 0; i < n; i++) {
		libpff_item_t *child = NULL;
		uint32_t nid = 0;

		if (libpff_item_get_sub_item(item, i, &child, &error) != 1 ||
		        libpff_item_get_identifier(child, &nid, &error) != 1) {
			if (kind == KIND_ITEM)
				send_lost(p->to, 0, "something in it: %s", pst_why(&error, why));
		} else if (kind_of(p, nid) == kind && kind == KIND_ITEM) {
			(void)snprintf(shown, sizeof shown, "item %d (node %#x)", ++nth, nid);
			one_item(p, child, at, shown);
		} else if (kind_of(p, nid) == kind && kind == KIND_FOLDER) {
			one_folder(p, child, at, nid, deep);
		}
		if (child)
			libpff_item_free(&child, &error);
		libpff_error_free(&error);
	}
	libpff_error_free(&error);
}

static void walk(struct pst *p, libpff_item_t *item, struct place *at, unsigned deep)
{
	walk_kind(p, item, at, KIND_ITEM, deep);
	walk_kind(p, item, at, KIND_FOLDER, deep);
}

/* Items that lost their folder, then those that recovery finds. */
static void walk_deleted(struct pst *p, bool recovered)
{
	libpff_error_t *error = NULL;
	struct place at = {.folder = {.deleted = true}};
	int n = 0;
	char why[PST_WHY], shown[80];

	if (!reading_step(p->r))
		return;
	send_step(p->to, p->r->step);
	send_flush(p->to);
	at.path = xstrdup(recovered ? "Recovered" : "Orphans");
	at.folder.path = at.path;
	if (recovered && libpff_file_recover_items(p->file, 0, &error) != 1) {
		send_lost(p->to, 0, "items that were deleted: %s", pst_why(&error, why));
	} else if ((recovered ? libpff_file_get_number_of_recovered_items(p->file, &n, &error)
	                      : libpff_file_get_number_of_orphan_items(p->file, &n, &error)) != 1) {
		n = 0;
	}
	p->window->unsound = false; /* who looks for what was removed reads all sorts of things */
	at.folder.items = (uint64_t)n;
	for (int i = 0; i < n; i++) {
		libpff_item_t *item = NULL;
		uint32_t nid = 0;
		int rc =
		        recovered
		                ? libpff_file_get_recovered_item_by_index(p->file, i, &item, &error)
		                : libpff_file_get_orphan_item_by_index(p->file, i, &item, &error);

		(void)snprintf(shown, sizeof shown, "item %d of %d", i + 1, n);
		if (rc == 1 && libpff_item_get_identifier(item, &nid, &error) == 1) {
			if (kind_of(p, nid) == KIND_ITEM)
				one_item(p, item, &at, shown);
			else if (kind_of(p, nid) == KIND_FOLDER)
				one_folder(p, item, &at, nid, 1);
		}
		if (item)
			libpff_item_free(&item, &error);
		libpff_error_free(&error);
	}
	free(at.path);
	libpff_error_free(&error);
}

static void read_open(struct pst *p)
{
	libpff_error_t *error = NULL;
	libpff_item_t *root = NULL;
	struct place top = {.path = xstrdup("")};
	char why[PST_WHY];

	if (libpff_file_get_root_folder(p->file, &root, &error) == 1 && root) {
		pst_store(p, root);
		top.folder.path = top.path;
		top.own = p->subtree != 0;
		pst_tell_sums(p, 0);
		walk(p, root, &top, 0);
		libpff_item_free(&root, &error);
	} else {
		send_lost(p->to, 0, "its folders: %s", pst_why(&error, why));
	}
	libpff_error_free(&error);
	free(top.path);
	if (p->r->opts->deleted) {
		walk_deleted(p, false);
		walk_deleted(p, true);
	}
}

void pst_read(struct reading *r)
{
	struct window w = {.fd = r->fd, .size = r->size, .seen = look_at};
	struct pst p = {.r = r, .to = r->to, .window = &w};
	uint8_t head[16];
	libbfio_handle_t *handle = window_handle(&w);
	libpff_error_t *error = NULL;
	char why[PST_WHY];

	if (sys_pread(r->fd, head, sizeof head, 0) == (ssize_t)sizeof head)
		w.kind = (int)pst_kind_of(head, sizeof head);
	(void)reading_step(r);
	send_step(r->to, r->step);
	send_flush(r->to);
	if (handle && libpff_file_initialize(&p.file, &error) == 1 &&
	        libpff_file_open_file_io_handle(p.file, handle, LIBPFF_OPEN_READ, &error) == 1)
		read_open(&p);
	else
		send_lost(r->to, 0, "it cannot be opened: %s", pst_why(&error, why));
	/* Nothing is freed: the process ends. */
}
