/*
 * What a run builds on, looked at before it is believed. A seal that cannot be read is
 * passed over. Every file that a seal names is there with its size, and a catalog has its
 * sum; what is not so counts as not there, so that a source gives it again. What no
 * source gives any more is named in the catalog that lacks it.
 */
#include "sink.h"
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "valise/base/file.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include "valise/base/text.h"

#define FILES_SAID 10 /* one by one; the rest as a number */

bool sink_past_is_damage(int rc)
{
	return rc == ERR_DAMAGED || rc == ERR_NOTFOUND || rc == ERR_LIMIT || rc == ERR_EXISTS;
}

int sink_past_unsure(const struct archive_sink *s, struct err *err)
{
	err_wrap(err,
	        "%s: nothing was sealed, for nobody can tell whether this file is damaged; if it "
	        "can never be read again, move it away, and it counts as lost",
	        s->path);
	return err_widen(err, ERR_WHOLE);
}

bool sink_past_is_bad(const struct archive_sink *s, const char *path)
{
	return FIND(&path, s->bad, s->n_bad, text_by_bytes) != NULL;
}

bool sink_past_lacks(const struct archive_sink *s, const struct object_place *w)
{
	char path[LAYOUT_PATH];

	if (!s->bad_parts || w->part == 0)
		return false;
	part_path_format((struct part_id){w->snapshot, w->part}, path);
	return sink_past_is_bad(s, path);
}

/* Are its bytes nowhere? With the lock held and all catalogs loaded. */
bool sink_past_lost(const struct archive_sink *s, enum coll_kind kind, const struct tree_item *it)
{
	return sink_past_lacks(s, &it->where) && !object_map_find(&s->objects, kind, it->sha256);
}

/* Is the file there, plain, readable and as long as its seal says? */
static int look_at(const struct archive_sink *s, const struct seal_file *f, struct err *err)
{
	struct stat st;
	int rc = layout_stat(s->rootfd, f->path, &st, err);

	if (rc == 0 && (uint64_t)st.st_size != f->size)
		rc = err_set(err, ERR_DAMAGED, ERR_COLLECTION,
		        "%s has %ju bytes instead of %" PRIu64, f->path, (uintmax_t)st.st_size,
		        f->size);
	if (rc == 0 && faccessat(s->rootfd, f->path, R_OK, AT_EACCESS) < 0)
		rc = err_sys(err, ERR_COLLECTION, "%s", f->path);
	return rc;
}

void sink_past_bad(struct archive_sink *s, const char *path, const char *why)
{
	*ARR_PUSH(s->bad, s->n_bad, s->bad_cap) = xstrdup(path);
	s->bad_parts = s->bad_parts || layout_kind(path, NULL) == LAYOUT_PART;
	/* What only older snapshots have is verify's affair. */
	if (seal_find(s->prev, path) && ++s->n_found <= FILES_SAID)
		progress_say(s->progress, SAY_WARNING, "%s: %s", s->path, why);
}

void sink_past_tag(struct archive_sink *s, const char *path)
{
	progress_say(s->progress, SAY_WARNING,
	        "%s: %s is damaged or missing, and was another version's: this version's takes its "
	        "place",
	        s->path, path);
	*ARR_PUSH(s->bad, s->n_bad, s->bad_cap) = xstrdup(path);
	SORT(s->bad, s->n_bad, text_by_bytes);
	s->must_seal = true;
}

/* Can the seal of that snapshot be read? */
static bool is_readable(const struct archive_sink *s, unsigned snapshot)
{
	for (size_t i = 0; i < s->n_seals; i++)
		if (s->seals[i].snapshot == snapshot)
			return true;
	return false;
}

/*
 * Each file once: with the seal of its own directory, or where that cannot be read, with
 * the first that names it.
 */
bool sink_past_is_turn(const struct archive_sink *s, size_t seal, const struct seal_file *f)
{
	unsigned snapshot;

	if (layout_kind(f->path, &snapshot) == LAYOUT_TAG) /* repair_tags looks at them */
		return false;
	if (snapshot == s->seals[seal].snapshot)
		return true;
	return s->gaps && !is_readable(s, snapshot) &&
	       (seal == 0 || !seal_find(&s->seals[seal - 1], f->path));
}

/* s->bad, sorted; people are told. */
static int look_at_all(struct archive_sink *s, struct err *err)
{
	for (size_t i = 0; i < s->n_seals; i++)
		for (size_t k = 0; k < s->seals[i].n_files; k++) {
			const struct seal_file *f = &s->seals[i].files[k];
			struct err why = {0};
			int rc = sink_past_is_turn(s, i, f) ? look_at(s, f, &why) : 0;

			if (rc < 0 && !sink_past_is_damage(rc)) {
				err_copy(err, &why);
				return sink_past_unsure(s, err);
			}
			if (rc < 0)
				sink_past_bad(s, f->path, why.text);
		}
	SORT(s->bad, s->n_bad, text_by_bytes);
	return 0;
}

/* A file of the slot's head that must be written again, or a part that its items need. */
static bool is_broken(const struct archive_sink *s, const struct slot *slot)
{
	const struct seal_file *f = seal_find(&s->seals[slot->seal], slot->prev->catalog);

	if (sink_past_is_bad(s, slot->prev->links))
		return true;
	for (size_t i = 0; f && i < f->n_parts; i++)
		if (sink_past_lacks(s, &(struct object_place){.snapshot = f->parts[i].snapshot,
		                               .part = f->parts[i].part}))
			return true;
	return false;
}

/*
 * The last state of the collection cannot be read: an older one stands for it, or none.
 */
static void go_back(struct archive_sink *s, struct slot *slot, const char *why)
{
	const struct tree_head *h = NULL;

	progress_say(s->progress, SAY_WARNING, "%s: %s: the last state of %s is lost", s->path, why,
	        slot->name);
	for (size_t i = slot->seal; i-- > 0 && !h;) {
		h = tree_manifest_find(&s->seals[i].manifest, slot->kind, slot->name);
		if (h && strcmp(h->catalog, slot->prev->catalog) == 0)
			h = NULL;
		slot->seal = i;
	}
	slot->prev = h;
	slot->lost = !h;
	slot->broken = true;
	slot->went_back = true;
	free(slot->why);
	slot->why = xstrdup(why);
}

void sink_past_forget(struct archive_sink *s, struct slot *slot)
{
	s->held_before -= slot->before ? slot->before->n_items : 0;
	tree_coll_free(slot->before);
	slot->before = NULL;
}

/* For the comparison that follows once a source has given what it is now. */
static void keep_before(struct archive_sink *s, struct slot *slot, const struct tree_coll *c)
{
	if (!slot->asked || slot->state != SLOT_OPEN || c->kind != COLL_MAIL || c->n_gone ||
	        c->n_ext > 1 || s->held_before + c->n_items > HELD_ITEMS)
		return;
	slot->before = tree_coll_copy(c);
	s->held_before += c->n_items;
}

int sink_past_catalog(
        struct archive_sink *s, struct slot *slot, struct tree_coll **out, struct err *err)
{
	*out = slot->before ? tree_coll_copy(slot->before) : NULL;
	if (*out)
		return 0;
	while (slot->prev) {
		struct err why = {0};
		struct abouts *names = slot->asked && slot->prev->what ? s->abouts : NULL;
		int rc = sealed_catalog(s->rootfd, &s->seals[slot->seal], slot->prev,
		        slot->prev->catalog, names, out, &why);

		if (rc == 0) {
			keep_before(s, slot, *out);
			return 0;
		}
		if (!sink_past_is_damage(rc)) {
			err_copy(err, &why);
			return sink_past_unsure(s, err);
		}
		s->n_found++;
		go_back(s, slot, why.text);
	}
	return 0;
}

/* In place; what stays keeps its order. */
static size_t drop_lost(const struct archive_sink *s, struct tree_coll *c)
{
	size_t kept = 0, n = c->n_items;

	for (size_t i = 0; i < n; i++)
		if (!sink_past_lost(s, c->kind, &c->items[i]))
			c->items[kept++] = c->items[i];
	c->n_items = kept;
	kept = 0;
	for (size_t i = 0; i < c->n_gone; i++)
		if (!sink_past_lost(s, c->kind, &c->gone[i]))
			c->gone[kept++] = c->gone[i];
	c->n_gone = kept;
	return n - c->n_items;
}

void sink_past_offer(const struct archive_sink *s, struct tree_coll *c)
{
	if (!s->bad_parts || !drop_lost(s, c))
		return;
	/* Nothing may take it for complete. */
	c->uidnext = 0;
	c->highestmodseq = 0;
	free(c->sync_token);
	c->sync_token = NULL;
}

/*
 * Counts and tells them; an empty directory at the end is removed, a newer format is
 * an error.
 */
static int say_gaps(struct archive_sink *s, const struct seals *p, struct err *err)
{
	for (size_t i = 0; i < p->n_gaps; i++) {
		const struct seal_gap *g = &p->gaps[i];
		char dir[LAYOUT_PATH];

		snapshot_dir(g->snapshot, dir);
		if (g->why.code == ERR_UNSUPPORTED)
			return err_copy(err, &g->why);
		if (!sink_past_is_damage(g->why.code)) {
			err_copy(err, &g->why);
			return sink_past_unsure(s, err);
		}
		if (g->empty && g->snapshot > p->newest) {
			progress_say(s->progress, SAY_WARNING,
			        "%s: %s is empty: no snapshot, or all of one is lost; removed",
			        s->path, dir);
			if (sys_unlinkat(s->rootfd, dir, AT_REMOVEDIR) < 0)
				return err_sys(err, ERR_WHOLE, "%s/%s", s->path, dir);
			continue;
		}
		s->gaps++;
		/* What a readable seal came after is verify's affair. */
		if (p->n == 0 || g->snapshot > p->v[p->n - 1].snapshot)
			progress_say(s->progress, SAY_WARNING, "%s: %s", s->path, g->why.text);
	}
	return 0;
}

int sink_past_seals(struct archive_sink *s, struct err *err)
{
	struct seals p;
	int rc = seals_load(s->rootfd, &p, err);

	if (rc == 0)
		rc = say_gaps(s, &p, err);
	s->seals = p.v;
	s->n_seals = p.n;
	s->snapshot = p.newest + 1;
	p.v = NULL;
	p.n = 0;
	seals_clear(&p);
	if (rc < 0)
		return rc;
	if (s->n_seals)
		s->prev = &s->seals[s->n_seals - 1];
	if (s->like) {
		s->snapshot = s->like->seal->snapshot;
		return 0;
	}
	if (s->prev && s->prev->snapshot + 1 < s->snapshot)
		progress_say(s->progress, SAY_WARNING,
		        "%s: this run goes on from snapshot %u; what is only in newer ones is "
		        "taken from the source again",
		        s->path, s->prev->snapshot);
	s->must_seal = s->prev && s->prev->snapshot + 1 < s->snapshot;
	if (s->prev || s->snapshot == 1 || s->opts.same_account)
		return 0;
	return err_set(err, ERR_DAMAGED, ERR_WHOLE,
	        "no seal can be read, so nobody can tell whose archive this is: valise salvage "
	        "gets out what is whole; with --same-account this run takes everything again");
}

int sink_past_look(struct archive_sink *s, struct err *err)
{
	int rc = look_at_all(s, err);

	if (rc == 0)
		rc = sink_heal_look(s, err);
	if (rc < 0)
		return rc;
	if (s->n_found > FILES_SAID)
		progress_say(s->progress, SAY_WARNING, "%s: and %s like these", s->path,
		        counted(s->n_found - FILES_SAID, "more file", "more files",
		                (char[COUNTED_SIZE]){0}));
	for (size_t i = 0; i < s->n_slots; i++) {
		struct slot *slot = &s->slots[i];

		while (slot->prev && sink_past_is_bad(s, slot->prev->catalog)) {
			char *why = xasprintf("%s is missing or damaged", slot->prev->catalog);

			go_back(s, slot, why);
			free(why);
		}
		slot->broken = slot->broken || (slot->prev && is_broken(s, slot));
	}
	return 0;
}

int sink_past_again(const struct archive_sink *s, struct err *err)
{
	for (size_t i = 0; i < s->n_seals; i++)
		for (size_t k = 0; k < s->seals[i].n_files; k++) {
			const struct seal_file *f = &s->seals[i].files[k];

			if (sink_past_is_turn(s, i, f) && !sink_past_is_bad(s, f->path) &&
			        look_at(s, f, err) < 0)
				return err_wrap(err,
				        "%s changes while this run is at work, and nothing was "
				        "sealed; run backup again, it takes what is lost from the "
				        "source",
				        s->path);
		}
	return 0;
}

/* Has a catalog that nobody has read in this run the sum that its seal names? */
int sink_past_unread(struct archive_sink *s, struct slot *slot, struct err *err)
{
	while (slot->prev && !slot->loaded) {
		const struct seal_file *f = seal_find(&s->seals[slot->seal], slot->prev->catalog);
		uint8_t sum[SHA256_LEN];
		uint64_t size;
		char *why;
		int rc = f ? file_sha256(s->rootfd, f->path, sum, &size, err) : ERR_NOTFOUND;

		if (rc == 0 && memcmp(sum, f->sum, SHA256_LEN) == 0)
			return 0;
		if (rc < 0 && !sink_past_is_damage(rc))
			return sink_past_unsure(s, err);
		err_clear(err);
		why = xasprintf("%s is damaged", slot->prev->catalog);
		s->n_found++;
		go_back(s, slot, why);
		free(why);
	}
	return 0;
}
