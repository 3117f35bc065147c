/*
 * Catalogs and links of the collections that differ: each is a file of its own, so some
 * threads share the work.
 */
#include "sink.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/file.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include "valise/base/workers.h"
#include "pack/part/hardlinks.h"

#define THREADS_MAX 2

struct job {
	struct archive_sink *s;
	struct workers workers;
	size_t next; /* slot */
};

/* Note part and offset of each item, and in slot->parts the parts used. */
static int fill_places(struct archive_sink *s, struct slot *slot, struct err *err)
{
	struct tree_coll *c = slot->coll;
	struct part_id last = {0};
	size_t cap = 0, n = 0;

	for (size_t i = 0; i < c->n_items + c->n_gone; i++) {
		struct tree_item *it = tree_coll_any(c, i);
		const struct object *o = object_map_find(&s->objects, slot->kind, it->sha256);
		struct part_id id;

		if (!o || !(o->flags & OBJECT_PLACED) || o->size != it->size)
			return err_set(err, ERR_DAMAGED, ERR_WHOLE, "%s: an item without bytes",
			        slot->name);
		object_get_place(o, &it->where);
		id = (struct part_id){it->where.snapshot, it->where.part};
		if (part_id_cmp(&id, &last) == 0)
			continue;
		last = id;
		*ARR_PUSH(slot->parts, n, cap) = id;
	}
	SORT(slot->parts, n, part_id_cmp);
	slot->n_parts = 0;
	for (size_t i = 0; i < n; i++)
		if (i == 0 || part_id_cmp(&slot->parts[i], &slot->parts[i - 1]) != 0)
			slot->parts[slot->n_parts++] = slot->parts[i];
	return 0;
}

/* With the directories above it. ${last}: the same file of the last state, or NULL. */
static int open_writer(struct archive_sink *s, const char *path, const char *last,
        struct members_writer **out, struct err *err)
{
	char *parent = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	int rc = dir_make(s->snapfd, parent, err);

	free(parent);
	if (rc == 0)
		rc = members_writer_open(s->snapfd, path, out, err);
	if (rc == 0 && last)
		members_writer_like(*out, s->rootfd, last);
	return rc;
}

/* What new files of the slot may go on from. */
static const struct tree_head *last_head(const struct slot *slot)
{
	return slot->broken ? NULL : slot->prev;
}

/* slot->catalog_file; the roots must be those that the head has. */
static int write_catalog(
        struct archive_sink *s, struct slot *slot, const char *path, struct err *err)
{
	const struct tree_head *last = last_head(slot);
	struct members_writer *w = NULL;
	struct tree_roots roots;
	int rc = open_writer(s, path, last ? last->catalog : NULL, &w, err);

	if (rc == 0)
		rc = catalog_write(slot->coll, true, s->abouts, members_writer_add, w, &roots, err);
	if (rc == 0 && memcmp(roots.state, slot->head.roots.state, SHA256_LEN) != 0)
		rc = err_set(err, ERR_DAMAGED, ERR_WHOLE,
		        "%s: the catalog changed while it was written", slot->name);
	if (rc < 0) {
		members_writer_abort(w);
		return rc;
	}
	return members_writer_finish(
	        w, catalog_lines(&roots), slot->catalog_file.sum, &slot->catalog_file.size, err);
}

static int write_links(struct archive_sink *s, struct slot *slot, const char *path, struct err *err)
{
	const struct tree_head *last = last_head(slot);
	struct members_writer *w = NULL;
	uint64_t entries = 0;
	int rc = open_writer(s, path, last ? last->links : NULL, &w, err);

	if (rc == 0)
		rc = links_write(slot->coll, members_writer_add, w, &entries, err);
	if (rc < 0) {
		members_writer_abort(w);
		return rc;
	}
	return members_writer_finish(w, entries, slot->links_file.sum, &slot->links_file.size, err);
}

/* A tar of links that is the very same as the last one is not stored again. */
static int reuse_links(struct archive_sink *s, struct slot *slot, const char *path, struct err *err)
{
	const struct seal_file *old =
	        slot->prev ? seal_find(&s->seals[slot->seal], slot->prev->links) : NULL;

	if (!old || slot->broken || old->size != slot->links_file.size ||
	        memcmp(old->sum, slot->links_file.sum, SHA256_LEN) != 0)
		return 0;
	if (sys_unlinkat(s->snapfd, path, 0) < 0)
		return err_sys(err, ERR_WHOLE, "%s", path);
	free(slot->head.links);
	slot->head.links = xstrdup(slot->prev->links);
	return 0;
}

/* Both files of one collection; it is in memory no more afterwards. */
static int write_slot(struct archive_sink *s, struct slot *slot, struct err *err)
{
	char *catalog = xasprintf("%s" CATALOG_SUFFIX, slot->head.path);
	char *links = xasprintf("%s" LINKS_SUFFIX, slot->head.path);
	int rc = sink_unspill(s, slot, err);

	if (rc == 0)
		rc = fill_places(s, slot, err);
	if (rc == 0)
		rc = sink_name_items(s, slot, err);
	slot->head.catalog = xasprintf("data/%06u/%s", s->snapshot, catalog);
	slot->head.links = xasprintf("data/%06u/%s", s->snapshot, links);
	if (rc == 0)
		rc = write_catalog(s, slot, catalog, err);
	if (rc == 0)
		rc = write_links(s, slot, links, err);
	if (rc == 0)
		rc = reuse_links(s, slot, links, err);
	tree_coll_free(slot->coll);
	slot->coll = NULL;
	free(catalog);
	free(links);
	return rc;
}

/* The next one to write; NULL: none is left, or a thread has failed. */
static struct slot *take_slot(struct job *j)
{
	struct archive_sink *s = j->s;
	struct slot *found = NULL;

	pthread_mutex_lock(&j->workers.lock);
	while (!j->workers.failed && !found && j->next < s->n_slots) {
		struct slot *slot = &s->slots[j->next++];

		if (slot->state == SLOT_GIVEN)
			found = slot;
	}
	pthread_mutex_unlock(&j->workers.lock);
	return found;
}

/* What each thread does. */
static int write_slots(void *arg, struct err *err)
{
	struct job *j = arg;
	struct slot *slot;
	int rc = 0;

	while (rc == 0 && (slot = take_slot(j)))
		rc = write_slot(j->s, slot, err);
	return rc;
}

int sink_write_files(struct archive_sink *s, struct err *err)
{
	struct job j = {.s = s};
	size_t want = MIN(s->opts.workers, THREADS_MAX);
	int rc;

	workers_init(&j.workers);
	rc = workers_run(&j.workers, MIN(want, s->n_slots), write_slots, &j, err);
	workers_clear(&j.workers);
	return rc;
}
