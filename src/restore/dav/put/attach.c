/*
 * Files that items link to (docs/FORMAT.md "Linked files"), put into the items:
 * --attach-links.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/base/lookup.h"
#include "put.h"

#define FILE_LIMIT ((uint64_t)10 << 20) /* larger ones stay links */
#define ITEM_LIMIT ((uint64_t)32 << 20) /* of an item with its files */
#define LINE_COST 400 /* of what is around the octets */
#define MANAGED_LIMIT ((uint64_t)64 << 20) /* larger ones --fetch-links does not keep */

struct file {
	const char *url;
	const struct tree_item *item;
};

/* Of one calendar or address book. */
struct linked {
	struct tree_coll *coll; /* NULL: there are none */
	struct file *files; /* by URL */
	size_t n;
};

static int file_cmp(const void *a, const void *b)
{
	return strcmp(((const struct file *)a)->url, ((const struct file *)b)->url);
}

void linked_free(struct linked *l)
{
	if (!l)
		return;
	tree_coll_free(l->coll);
	free(l->files);
	free(l);
}

static void index_files(struct linked *l)
{
	l->files = xcalloc(l->coll->n_items + 1, sizeof *l->files);
	for (size_t i = 0; i < l->coll->n_items; i++) {
		const struct tree_ext *x = tree_item_ext(l->coll, &l->coll->items[i]);

		if (x && x->href)
			l->files[l->n++] = (struct file){x->href, &l->coll->items[i]};
	}
	SORT(l->files, l->n, file_cmp);
}

/* The linked files of its collection, looked for once. */
static struct linked *linked_of(struct drun *r, const struct entry *e)
{
	struct acoll *a = &r->acolls[e->acoll];
	const struct tree_manifest *m = r->reader->ops->manifest(r->reader);
	struct err err = {0};
	char *name;

	if (a->linked)
		return a->linked;
	a->linked = xcalloc(1, sizeof *a->linked);
	name = xasprintf("%s: %s", coll_kind_dir(r->kind), a->head->name);
	for (size_t i = 0; i < m->n_heads; i++)
		if (m->heads[i].kind == COLL_LINKED && strcmp(m->heads[i].name, name) == 0 &&
		        r->reader->ops->coll(r->reader, &m->heads[i], &a->linked->coll, &err) < 0)
			say_coll(r, SAY_WARNING, name, "its links stay links: %s", err.text);
	free(name);
	if (a->linked->coll)
		index_files(a->linked);
	return a->linked;
}

static const struct tree_item *find_file(const struct linked *l, const char *url)
{
	struct file key = {url, NULL};
	const struct file *f = FIND(&key, l->files, l->n, file_cmp);

	return f ? f->item : NULL;
}

struct attaching {
	struct drun *r;
	const struct linked *linked;
	const struct tcoll *to; /* of managed attachments, or NULL: none are wanted */
	uint64_t room; /* octets that the item may still grow by */
	struct attached *out;
};

int dav_attach_file(struct drun *r, const struct entry *e, const struct wanted *w, struct buf *out,
        struct err *err)
{
	buf_init(out, (size_t)w->item->size);
	return tree_reader_octets(r->reader, linked_of(r, e)->coll, w->item, out, err);
}

/* What the file is called, where the link does not say. */
static char *name_of(const char *url)
{
	char *segment = dav_last_segment(url);

	segment[strcspn(segment, "?#")] = '\0';
	if (*segment)
		return segment;
	free(segment);
	return xstrdup("attachment");
}

/* To be a managed attachment, if the target takes it as one. */
static bool want_file(
        struct attaching *t, const struct attach_link *link, const struct tree_item *it)
{
	uint64_t most = t->to && t->to->max_file ? t->to->max_file : MANAGED_LIMIT;
	struct wanted *w;

	if (!t->to || !link->main || it->size > most || it->size > MANAGED_LIMIT ||
	        (t->to->max_files && t->out->n_wanted >= t->to->max_files))
		return false;
	w = ARR_PUSH(t->out->wanted, t->out->n_wanted, t->out->cap_wanted);
	w->item = it;
	w->url = xstrdup(link->url);
	w->name = link->name && *link->name ? xstrdup(link->name) : name_of(link->url);
	w->type = xstrdup(link->type);
	return true;
}

static void note_stays(struct attaching *t, const char *url, const char *why)
{
	buf_putf(&t->out->which, "%s%.200s (%s)", t->out->large++ ? ", " : "", url, why);
}

/* A link in the item: 1 its file is in ${file}, 2 the line goes, 0 it stays a link. */
static int on_link(void *ctx, const struct attach_link *link, struct buf *file, struct err *err)
{
	struct attaching *t = ctx;
	const char *url = link->url;
	const struct tree_item *it = find_file(t->linked, url);
	/* base64, and its folding */
	uint64_t cost = it ? it->size + it->size / 2 + LINE_COST : 0;
	int rc;

	if (!it) {
		t->out->missing++;
		return 0;
	}
	if (want_file(t, link, it))
		return 2;
	if (it->size > FILE_LIMIT || cost > t->room) {
		note_stays(t, url,
		        it->size > FILE_LIMIT ? "larger than 10 MiB"
		                              : "the item becomes too large");
		return 0;
	}
	rc = tree_reader_octets(t->r->reader, t->linked->coll, it, file, err);
	if (rc < 0 && err_ends(err))
		return rc;
	if (rc < 0) {
		note_stays(t, url, err->text);
		err_clear(err);
		return 0;
	}
	t->room -= cost;
	t->out->n++;
	return 1;
}

/*
 * An attachment is added to all components of a resource, and who attends may be told:
 * for such items a file in each line is the safer way.
 */
static bool may_be_managed(const struct buf *body)
{
	struct content_summary s = {0};
	bool may = content_summarize(body->data, body->len, &s, NULL) == 0 && s.components == 1 &&
	           !s.attendees && !s.organizer;

	content_summary_clear(&s);
	return may;
}

int dav_attach(struct drun *r, const struct entry *e, bool managed, struct buf *body,
        struct attached *out, struct err *err)
{
	uint32_t to = r->acolls[e->acoll].to;
	uint64_t most = to == NONE ? 0 : r->tcolls[to].max_size;
	const struct tcoll fresh = {0}; /* to be made */
	struct attached unsaid = {0};
	struct attaching t = {.r = r, .linked = linked_of(r, e), .out = out ? out : &unsaid};
	struct err why = {0};
	struct buf next;
	int rc;

	if (!t.linked->n)
		return 0;
	if (!most || most > ITEM_LIMIT)
		most = ITEM_LIMIT;
	t.room = most > body->len ? most - body->len : 0;
	if (managed && may_be_managed(body))
		t.to = to == NONE ? &fresh : &r->tcolls[to];
	buf_init(&t.out->which, 4096);
	buf_init(&next, SIZE_MAX);
	rc = content_attach(body->data, body->len, on_link, &t, &next, &why);
	if (rc == 1)
		buf_swap(body, &next);
	buf_clear(&next);
	attached_clear(&unsaid);
	if (rc < 0 && err_ends(&why)) {
		if (err)
			*err = why;
		return rc;
	}
	return 0; /* what cannot be read goes as it is */
}

void attached_clear(struct attached *a)
{
	buf_clear(&a->which);
	for (size_t i = 0; i < a->n_wanted; i++) {
		free(a->wanted[i].url);
		free(a->wanted[i].name);
		free(a->wanted[i].type);
	}
	free(a->wanted);
	memset(a, 0, sizeof *a);
}

char *attached_text(struct attached *a)
{
	struct buf b;

	if (!a->n && !a->large)
		return NULL;
	buf_init(&b, 8192);
	if (a->n)
		buf_putf(&b, "%u linked file%s inlined", a->n, a->n == 1 ? "" : "s");
	if (a->large)
		buf_putf(&b, "%sstill on the old server, as links: %s", a->n ? "; " : "",
		        buf_str(&a->which));
	if (a->missing)
		buf_putf(&b, "; %u link%s whose file the archive does not have", a->missing,
		        a->missing == 1 ? "" : "s");
	return buf_take(&b);
}

static void on_counted(void *ctx, const char *name, const char *url)
{
	const struct attaching *t = ctx;

	(void)name;
	t->r->outcome.links += find_file(t->linked, url) != NULL;
}

void dav_count_links(struct drun *r, const struct entry *e, const struct buf *body)
{
	struct attaching t = {.r = r, .linked = linked_of(r, e)};

	/* what cannot be read has none */
	if (t.linked->n)
		(void)!content_links(body->data, body->len, on_counted, &t, NULL);
}
struct finding {
	struct attached *a;
	/* the same size and name, the same size, what has no size but the name */
	int pass;
};

#define TRIES 3
#define AGAINS 6

/* ---- what is there ---- */

static bool is_same(const struct wanted *w, const char *name, const char *size, int pass)
{
	bool same_size = size && strtoull(size, NULL, 10) == w->item->size;
	bool same_name = name && strcasecmp(name, w->name) == 0;

	return pass == 0 ? same_size && same_name : pass == 1 ? same_size : !size && same_name;
}

/* A line of the target that is one of our files: it is taken out of the view. */
static bool on_managed(void *ctx, const char *name, const char *size)
{
	struct finding *f = ctx;

	for (size_t i = 0; i < f->a->n_wanted; i++) {
		struct wanted *w = &f->a->wanted[i];

		if (!w->there && is_same(w, name, size, f->pass)) {
			w->there = true;
			return true;
		}
	}
	return false;
}

bool managed_view(struct attached *a, const void *text, size_t n, struct buf *view)
{
	struct finding f = {.a = a};
	bool any = false;

	for (size_t i = 0; i < a->n_wanted; i++)
		a->wanted[i].there = false;
	for (; f.pass < 3; f.pass++) {
		struct buf next = buf_of(ITEM_MAX);
		int rc;

		rc = content_managed(
		        any ? view->data : text, any ? view->len : n, on_managed, &f, &next, NULL);
		if (rc == 1) {
			buf_reset(view);
			buf_put(view, next.data, next.len);
			any = true;
		}
		buf_clear(&next);
	}
	return any;
}

/* Octets of base64 once it is decoded. */
static uint64_t decoded_size(const struct content_line *l)
{
	uint64_t n = 0;

	for (size_t i = 0; i < l->value_len; i++)
		n += l->value[i] != '=' && l->value[i] != ' ';
	return n * 3 / 4;
}

/* An earlier restore left the link, or put the file in. */
static int on_line(void *ctx, const struct content_line *l, struct err *err)
{
	struct attached *a = ctx;
	bool base64 = false;

	(void)err;
	if (strcmp(l->name, "ATTACH") != 0)
		return 0;
	for (size_t i = 0; i < l->n_params; i++)
		base64 |= strcmp(l->params[i].name, "ENCODING") == 0;
	for (size_t i = 0; i < a->n_wanted; i++) {
		struct wanted *w = &a->wanted[i];

		if (base64 ? decoded_size(l) == w->item->size : strcmp(w->url, l->value) == 0)
			w->otherwise = true;
	}
	return 0;
}

bool managed_open(struct attached *a, const void *text, size_t n)
{
	if (content_read(text, n, on_line, a, NULL, NULL) < 0)
		return false;
	for (size_t i = 0; i < a->n_wanted; i++)
		if (!a->wanted[i].there && !a->wanted[i].otherwise)
			return true;
	return false;
}

int entry_body(struct drun *r, const struct entry *e, struct buf *out, struct err *err)
{
	int rc = entry_original(r, e, out, err);

	if (rc == 0 && r->opts->attach_links && !e->as_links)
		rc = dav_attach(r, e, e->managed, out, NULL, err);
	return rc;
}
