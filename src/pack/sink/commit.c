/*
 * The end of a run: what is the new state, does it differ, and if it does, a new
 * snapshot.
 */
#include "sink.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/mem.h"
#include "pack/bag.h"

#define TOOL "valise " VALISE_VERSION

/* What was neither given nor kept is gone. */
static void settle_rest(struct archive_sink *s)
{
	for (size_t i = 0; i < s->n_slots; i++)
		if (s->slots[i].state == SLOT_OPEN)
			s->slots[i].state = SLOT_GONE;
}

/* Left out on purpose is no change, and neither is being taken again. */
static bool status_differs(enum coll_status was, enum coll_status now)
{
	if (was == COLL_SKIPPED || now == COLL_SKIPPED)
		return was == COLL_STALE || now == COLL_STALE;
	return was != now;
}

/* From the last snapshot: given and not the same, gone, or of another status. */
static bool slot_differs(const struct slot *slot)
{
	if (slot->state == SLOT_GIVEN || slot->state == SLOT_GONE)
		return slot->state == SLOT_GIVEN || slot->prev;
	return status_differs(slot->prev->status, slot->status);
}

static bool same_service(const struct tree_service *a, const struct tree_service *b)
{
	return a->port == b->port && strcmp(a->kind, b->kind) == 0 &&
	       strcasecmp(a->host, b->host) == 0 && strcmp(a->login, b->login) == 0;
}

/* In its services, whatever their order. */
static bool account_differs(const struct tree_account *a, const struct tree_account *b)
{
	size_t same = 0;

	for (size_t i = 0; i < a->n_services; i++)
		for (size_t k = 0; k < b->n_services; k++)
			same += same_service(&a->services[i], &b->services[k]);
	return same != a->n_services || a->n_services != b->n_services;
}

/* Does the run make a new snapshot? */
static bool is_changed(const struct archive_sink *s)
{
	bool d = !s->prev || s->must_seal || s->like ||
	         account_differs(&s->prev->manifest.account, &s->account);

	for (size_t i = 0; i < s->n_slots && !d; i++)
		d = slot_differs(&s->slots[i]);
	return d;
}

/* What the new manifest says of a slot that is not gone. */
static void add_head(const struct slot *slot, struct tree_manifest *m)
{
	struct tree_head *added;

	if (slot->state == SLOT_GIVEN) {
		tree_manifest_add(m, &slot->head);
		return;
	}
	added = tree_manifest_add(m, slot->prev);
	added->status = slot->status;
	free(added->reason);
	added->reason = xstrdup(slot->reason);
}

/* The new state; what is gone is not in it. */
static void build_manifest(const struct archive_sink *s, struct tree_manifest *m)
{
	tree_manifest_init(m);
	tree_account_copy(&m->account, &s->account);
	m->created = s->opts.created;
	m->tool = xstrdup(s->like ? s->like->seal->manifest.tool : TOOL);
	for (size_t i = 0; i < s->n_slots; i++)
		if (s->slots[i].state != SLOT_GONE)
			add_head(&s->slots[i], m);
	tree_manifest_sort(m);
}

/*
 * The last part, and the proof that everything that the new state names is in the parts
 * and whole.
 */
static int finish_objects(struct archive_sink *s, struct err *err)
{
	int rc = 0;

	if (s->mark.part && !s->writer)
		rc = sink_start(s, err);
	sink_keeper_stop(s);
	if (rc == 0 && s->writer)
		rc = sink_finish_parts(s, err);
	part_writer_free(s->writer); /* its memory is needed no more */
	s->writer = NULL;
	for (size_t i = 0; i < s->objects.n && rc == 0; i++) {
		const struct object *o = object_map_at(&s->objects, i);

		if ((o->flags & OBJECT_NEW) && !(o->flags & OBJECT_VERIFIED))
			rc = err_set(err, ERR_DAMAGED, ERR_WHOLE,
			        "%s: an object was not found when the parts were read back",
			        s->path);
	}
	return rc;
}

/* Objects, files, seal; with it s->seals has the new one. */
static int make_snapshot(struct archive_sink *s, struct err *err)
{
	struct seal *seal;
	int rc = finish_objects(s, err);

	if (rc == 0)
		rc = sink_write_files(s, err);
	if (rc < 0)
		return rc;
	s->seals = xrealloc(s->seals, (s->n_seals + 1) * sizeof *s->seals);
	s->prev = s->n_seals ? &s->seals[s->n_seals - 1] : NULL;
	seal = &s->seals[s->n_seals];
	seal_init(seal);
	seal->snapshot = s->snapshot;
	/* Where no older seal can be read, the parent is 64 zeros. */
	seal->has_parent = s->like ? s->prev != NULL : s->snapshot > 1;
	if (s->prev)
		memcpy(seal->parent, s->prev->hash, SHA256_LEN);
	seal->has_origin = s->like || (s->prev && s->prev->has_origin);
	if (seal->has_origin)
		memcpy(seal->origin, s->like ? s->like->origin : s->prev->origin, SHA256_LEN);
	build_manifest(s, &seal->manifest);
	rc = sink_seal(s, seal, err);
	if (rc < 0) {
		seal_clear(seal);
		return rc;
	}
	s->n_seals++;
	s->committed = true;
	return 0;
}

/*
 * Only what is derived, or of no use any more: the snapshot stands, whatever happens
 * here.
 */
static void tidy_up(struct archive_sink *s)
{
	struct err err = {0};

	if (s->gaps == 0 && bag_update(s->rootfd, s->seals, s->n_seals, NULL, &err) < 0)
		progress_say(s->progress, SAY_WARNING,
		        "%s: the snapshot is sealed, but its bag files are not: %s", s->path,
		        err.text);
	err_clear(&err);
	if (sink_work_remove(s, &err) < 0)
		progress_say(s->progress, SAY_NOTE, "%s", err.text);
}

/* The shrink rule, over what the manifest would be without it. */
static int keep_gone(struct archive_sink *s, unsigned *shrunk_out, struct err *err)
{
	struct tree_manifest after;
	int rc;

	build_manifest(s, &after);
	rc = sink_shrink(s, &after, shrunk_out, err);
	tree_manifest_clear(&after);
	return rc;
}

/* Nothing to seal; but statuses may differ because of what was excluded. */
static void drop_run(struct archive_sink *s, struct tree_totals *totals_out)
{
	struct tree_manifest now;

	build_manifest(s, &now);
	tree_manifest_totals(&now, totals_out);
	tree_manifest_clear(&now);
	sink_keeper_stop(s);
	part_writer_free(s->writer);
	s->writer = NULL;
	s->committed = true;
}

/* What the new state is, where what was given does not say all of it. */
static int settle_run(struct archive_sink *s, unsigned *shrunk_out, struct err *err)
{
	int rc = sink_mend(s, err);

	if (rc == 0)
		rc = keep_gone(s, shrunk_out, err);
	if (rc == 0)
		sink_mend_say(s);
	if (rc == 0)
		rc = sink_name_past(s, err);
	return rc ? rc : sink_past_again(s, err);
}

int sink_commit(struct tree_sink *t, struct tree_commit *out, struct err *err)
{
	struct archive_sink *s = (struct archive_sink *)t;
	int rc = sink_failed(s, err);

	memset(out, 0, sizeof *out);
	settle_rest(s);
	if (rc == 0 && !s->like)
		rc = settle_run(s, &out->shrunk, err);
	if (rc < 0)
		return rc;
	if (is_changed(s)) {
		rc = make_snapshot(s, err);
		if (rc < 0)
			return sink_fail(s, err);
		out->changed = true;
		out->objects_new = s->objects_new;
		out->bytes_new = s->bytes_new;
		out->disk_new = seal_disk_size(&s->seals[s->n_seals - 1]);
		tree_manifest_totals(&s->seals[s->n_seals - 1].manifest, &out->totals);
	} else {
		drop_run(s, &out->totals);
	}
	out->snapshot = s->seals[s->n_seals - 1].snapshot;
	out->damaged = (unsigned)(s->n_bad + s->n_rotten) + s->gaps;
	out->unhealed = (unsigned)s->n_rotten;
	/* With --heal only what was not healed: that which nobody can give again. */
	out->found = s->n_given_up +
	             (s->opts.heal ? s->gaps : s->n_found + out->unhealed + s->must_seal);
	hex_format(s->seals[s->n_seals - 1].hash, SHA256_LEN, out->seal);
	tidy_up(s);
	return 0;
}
