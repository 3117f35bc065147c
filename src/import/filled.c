/* Collections that are being filled: what the last snapshot has, and what is new. */
#include "import/run.h"
#include <stdlib.h>
#include <string.h>
#include "valise/base/escape.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/tree/words.h"

/* What is looked for: the href, of the properties of items their own name. */
static const char *href_of(const struct tree_coll *c, const struct tree_item *it)
{
	const struct tree_ext *e = tree_item_ext(c, it);
	const char *name = e && c->kind == COLL_MAPI ? e->path : e ? e->href : NULL;

	return name ? name : "";
}

/* What the last snapshot has, as it has it. */
static int take_past(
        struct import_run *run, struct filled *f, const struct tree_coll *prev, struct err *err)
{
	for (size_t i = 0; i < prev->n_items; i++) {
		struct tree_item it;
		int rc;

		tree_item_copy(f->coll, prev, &prev->items[i], &it);
		rc = run->sink->ops->item(run->sink, f->coll, &it, err);
		if (rc < 0)
			return err_widen(err, ERR_WHOLE);
		f->next_uid = MAX(f->next_uid, it.uid + 1);
		known_add(f);
		if (f->kind != COLL_MAIL)
			text_index_add(&f->by_href, href_of(f->coll, &it), f->coll->n_items - 1);
	}
	f->had = prev->n_items;
	for (size_t i = 0; i < prev->n_errors; i++) {
		const struct tree_error *e = &prev->errors[i];

		f->old = xrealloc(f->old, (f->n_old + 1) * sizeof *f->old);
		f->old[f->n_old++] = (struct tree_error){.uid = e->uid,
		        .href = xstrdup(e->href),
		        .date = xstrdup(e->date),
		        .from = xstrdup(e->from),
		        .subject = xstrdup(e->subject),
		        .reason = xstrdup(e->reason)};
	}
	return 0;
}

static char *key_of(enum coll_kind kind, const char *name)
{
	return xasprintf("%s/%s", coll_kind_dir(kind), name);
}

static struct filled *find_filled(struct import_run *run, enum coll_kind kind, const char *key)
{
	size_t cursor = 0, at;

	while ((at = text_index_next(&run->by_name, key, &cursor)) != SIZE_MAX)
		if (run->list[at].kind == kind &&
		        strcmp(run->list[at].coll->name, strchr(key, '/') + 1) == 0)
			return &run->list[at];
	return NULL;
}

static struct tree_coll *new_coll(
        enum coll_kind kind, const char *name, const struct tree_coll *prev)
{
	struct tree_coll *c = prev ? tree_coll_like(prev) : tree_coll_new(kind, name);

	free(c->path);
	free(c->reason);
	c->path = c->reason = NULL;
	c->status = COLL_COMPLETE;
	if (kind == COLL_MAIL)
		c->delimiter = '/';
	return c;
}

int fill_find(struct import_run *run, enum coll_kind kind, const char *name, bool make,
        bool subscribed, struct filled **out, struct err *err)
{
	char *key = key_of(kind, name);
	struct tree_coll *prev = NULL;
	struct filled *f = find_filled(run, kind, key);
	int rc = 0;

	if (!f)
		rc = run->sink->ops->prev(run->sink, PREV_SNAPSHOT, kind, name, &prev, err);
	if (rc == 0 && !f && (make || prev)) {
		f = ARR_PUSH(run->list, run->n, run->cap);
		f->kind = kind;
		f->next_uid = 1;
		f->coll = new_coll(kind, name, prev);
		text_index_add(&run->by_name, key, run->n - 1);
		if (prev)
			rc = take_past(run, f, prev, err);
	}
	if (f && rc == 0 && make && subscribed && kind == COLL_MAIL)
		f->coll->attrs |= ATTR_SUBSCRIBED;
	tree_coll_free(prev);
	free(key);
	*out = f;
	return rc < 0 ? err_widen(err, ERR_WHOLE) : 0;
}

/* An import only adds: flags and keywords that are new are set, none is taken away. */
static void merge_flags(struct filled *f, struct tree_item *it, const struct import_item *from)
{
	struct buf words = buf_of(SIZE_MAX);
	uint16_t flags = it->flags | from->flags;
	uint32_t keywords;

	buf_puts(&words, tree_coll_keyword_text(f->coll, it->keywords));
	if (from->keywords)
		buf_putf(&words, "%s%s", words.len ? " " : "", from->keywords);
	keywords = tree_coll_words(f->coll, buf_str(&words), word_is_keyword, NULL);
	f->changed += flags != it->flags || keywords != it->keywords;
	it->flags = flags;
	it->keywords = keywords;
	buf_clear(&words);
}

static int fill_mail(struct import_run *run, struct filled *f, const struct import_item *it,
        const struct tree_item *octets, struct err *err)
{
	struct tree_item *known = known_claim(f, octets, run->path, it->folders != NULL),
	                 new = *octets;
	int rc;

	if (known) {
		merge_flags(f, known, it);
		f->last_uid = known->uid;
		return 0;
	}
	if (f->next_uid == UINT32_MAX)
		return err_set(err, ERR_LIMIT, ERR_WHOLE, "%s: no UID is left", f->coll->name);
	new.uid = f->last_uid = f->next_uid++;
	new.flags = it->flags;
	if (it->keywords)
		new.keywords = tree_coll_words(f->coll, it->keywords, word_is_keyword, NULL);
	if (it->labels || it->msgid || it->thrid) {
		struct tree_ext *e = tree_coll_ext(f->coll, &new.ext);

		e->labels = xstrdup(it->labels);
		e->gm_msgid = it->msgid;
		e->gm_thrid = it->thrid;
	}
	rc = run->sink->ops->item(run->sink, f->coll, &new, err);
	if (rc < 0)
		return rc;
	known_add(f);
	f->claimed[f->coll->n_items - 1] = run->path;
	f->added++;
	return 0;
}

static size_t find_href(const struct filled *f, const char *href)
{
	size_t cursor = 0, at;

	while ((at = text_index_next(&f->by_href, href, &cursor)) != SIZE_MAX)
		if (strcmp(href_of(f->coll, &f->coll->items[at]), href) == 0)
			return at;
	return SIZE_MAX;
}

/* The name of the resource: as the reader has it, made of the octets where it has none. */
static char *resource_name(const struct import_item *it, const struct tree_item *octets)
{
	struct buf safe = buf_of(SIZE_MAX);
	char hex[SHA256_HEX_SIZE];

	if (it->path && *it->path && path_escape(it->path, strlen(it->path), &safe) == 0)
		return buf_take(&safe);
	buf_clear(&safe);
	hex_format(octets->sha256, SHA256_LEN, hex);
	return xstrndup(hex, 32);
}

/* As by a resource's UID, for one of another content beside it. */
static char *twin_name(const char *path, const struct tree_item *octets)
{
	char hex[SHA256_HEX_SIZE];

	hex_format(octets->sha256, SHA256_LEN, hex);
	return xasprintf("%s_%.16s", path, hex);
}

static size_t find_resource(const struct filled *f, const char *path)
{
	char *href = xasprintf("%s.%s", path, coll_kind_ext(f->kind));
	size_t at = find_href(f, f->kind == COLL_MAPI ? path : href);

	free(href);
	return at;
}

static bool has_octets(const struct filled *f, size_t at, const struct tree_item *octets)
{
	return at != SIZE_MAX && !memcmp(f->coll->items[at].sha256, octets->sha256, SHA256_LEN);
}

/* What an earlier file of this run gave is kept, another content of its name beside it. */
static void pass_twin(struct import_run *run, struct filled *f, const struct tree_item *octets,
        char **path, size_t *at)
{
	bool here = *at != SIZE_MAX && f->claimed[*at];
	char *twin = twin_name(*path, octets);
	size_t twin_at = find_resource(f, twin);

	if (!has_octets(f, *at, octets) && (here || has_octets(f, twin_at, octets))) {
		if (here && !has_octets(f, twin_at, octets) && f->kind != COLL_MAPI)
			progress_name(run->progress, SAY_NOTE, f->coll->name, *path,
			        "another version of it is in an earlier file: both are kept");
		*at = twin_at;
		free(*path);
		*path = twin;
		return;
	}
	free(twin);
}

static int put_resource(struct import_run *run, struct filled *f, const struct import_item *it,
        const struct tree_item *octets, const char *path, size_t at, struct err *err)
{
	struct tree_coll *c = f->coll;
	struct tree_item new = *octets;
	struct tree_ext *e;
	int rc;

	new.date_utc = 0;
	if (f->kind == COLL_MAPI)
		new.warn = 0; /* these have NULs in them */
	e = tree_coll_ext(c, &new.ext);
	e->href = it->href ? xstrdup(it->href) : xasprintf("%s.%s", path, coll_kind_ext(f->kind));
	e->path = xstrdup(path);
	e->uid = xstrdup(it->uid);
	e->note = xstrdup(it->note);
	rc = run->sink->ops->item(run->sink, c, &new, err);
	if (rc < 0)
		return rc;
	if (at != SIZE_MAX) {
		c->items[at] = c->items[--c->n_items];
		f->changed++;
		return 0;
	}
	f->claimed = arr_grow(f->claimed, &f->claimed_cap, c->n_items, sizeof *f->claimed);
	f->claimed[c->n_items - 1] = 0;
	text_index_add(&f->by_href, href_of(c, &c->items[c->n_items - 1]), c->n_items - 1);
	f->added++;
	return 0;
}

/*
 * Of what has the same name the later one stays, where the earlier one stood, if that is of an
 * earlier run: its snapshot has it.
 */
static int fill_resource(struct import_run *run, struct filled *f, const struct import_item *it,
        const struct tree_item *octets, struct err *err)
{
	char *path = resource_name(it, octets);
	size_t at = find_resource(f, path);
	int rc = 0;

	pass_twin(run, f, octets, &path, &at);
	if (!has_octets(f, at, octets))
		rc = put_resource(run, f, it, octets, path, at, err);
	if (rc == 0)
		f->claimed[at != SIZE_MAX ? at : f->coll->n_items - 1] = run->path;
	free(f->last_path);
	f->last_path = path;
	return rc;
}

int fill_item(struct import_run *run, struct filled *f, const struct import_item *it,
        struct tree_item *octets, struct err *err)
{
	if (f->kind != COLL_MAPI) {
		run->result.items++;
		atomic_fetch_add(&run->progress->items_done, 1);
	}
	return f->kind == COLL_MAIL ? fill_mail(run, f, it, octets, err)
	                            : fill_resource(run, f, it, octets, err);
}

void fill_left_out(struct filled *f, const struct import_item *it, const uint8_t sha[SHA256_LEN])
{
	struct tree_item octets = {0};
	bool there;
	char *path;

	memcpy(octets.sha256, sha, SHA256_LEN);
	if (f->kind == COLL_MAIL) {
		there = known_has(f, sha);
	} else {
		path = resource_name(it, &octets);
		there = has_octets(f, find_resource(f, path), &octets);
		free(path);
	}
	f->left_out += !there;
}

/*
 * How many items of its files the collection lacks, and by which options. What earlier runs left
 * out are those that this one did not add; a run that reads the same files again counts the same
 * ones.
 */
static void count_left_out(struct import_run *run, struct filled *f)
{
	struct tree_coll *c = f->coll;
	uint64_t before = c->left_out > f->added ? c->left_out - f->added : 0;
	struct buf words = buf_of(SIZE_MAX);

	if (f->left_out) {
		selection_words(run->opts->selection, &words);
		progress_say(run->progress, SAY_INFO, "%s: %s left out (%s)", c->name,
		        counted(f->left_out, "item is", "items are", (char[COUNTED_SIZE]){0}),
		        buf_str(&words));
		free(c->selection);
		c->selection = buf_take(&words);
	}
	buf_clear(&words);
	c->left_out = MAX(f->left_out, before);
	if (!c->left_out) {
		free(c->selection);
		c->selection = NULL;
	}
	run->result.left_out += f->left_out;
}

static void drop_filled(struct filled *f)
{
	for (size_t i = 0; i < f->n_old; i++) {
		free(f->old[i].href);
		free(f->old[i].date);
		free(f->old[i].from);
		free(f->old[i].subject);
		free(f->old[i].reason);
	}
	free(f->old);
	known_clear(f);
	free(f->last_path);
	text_index_clear(&f->by_href);
	tree_coll_free(f->coll);
}

void fill_clear(struct import_run *run)
{
	for (size_t i = 0; i < run->n; i++)
		drop_filled(&run->list[i]);
	free(run->list);
	text_index_clear(&run->by_name);
}

/* What earlier imports could not read, of files that this one did not look at. */
static void add_old_errors(struct filled *f)
{
	for (size_t i = 0; i < f->n_old; i++) {
		const struct tree_error *e = &f->old[i];

		tree_coll_error(f->coll, e->uid, e->href, e->date, e->subject, e->reason);
		tree_coll_error_from(f->coll, e->from);
	}
}

int fill_end(struct import_run *run, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < run->n && rc == 0; i++) {
		struct filled *f = &run->list[i];
		struct tree_coll *c = f->coll;

		if (f->kind != COLL_MAPI) { /* these stand beside what is counted */
			run->result.added += f->added;
			run->result.changed += f->changed;
		}
		add_old_errors(f);
		count_left_out(run, f);
		if (run->opts->told && f->kind != COLL_MAPI)
			run->opts->told(run->opts->told_ctx,
			        &(struct import_told){f->kind, c->name, f->had, f->added,
			                f->changed, f->left_out, c->n_errors});
		f->coll = NULL;
		rc = run->sink->ops->coll(run->sink, c, err);
	}
	for (unsigned k = 0; k < COLL_KINDS && rc == 0; k++)
		rc = run->sink->ops->keep(
		        run->sink, (enum coll_kind)k, NULL, COLL_COMPLETE, NULL, err);
	return rc < 0 ? err_widen(err, ERR_WHOLE) : 0;
}
