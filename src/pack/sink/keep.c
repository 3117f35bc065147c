/*
 * Durability in batches. One thread, the keeper, syncs the part, writes the journal and
 * reads back what is durable, so that a source never waits for a disk, and at commit only
 * the tail remains to be checked.
 */
#include "sink.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "valise/base/mem.h"
#include "valise/base/sys.h"

/*
 * Places that are durable become final; their records go into the batch. With the lock
 * held.
 */
static void collect_durable(struct archive_sink *s, const struct part_mark *m, bool *any)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n_objects_waiting; i++) {
		struct pending_object p = s->objects_waiting[i];
		struct object_place w = {
		        .snapshot = s->snapshot, .part = p.place.part, .offset = p.place.offset};

		if (!part_writer_resolve(s->writer, &p.place, m, &w.member)) {
			s->objects_waiting[kept++] = p;
			continue;
		}
		if (object_set_place(p.object, &w))
			p.object->flags |= OBJECT_PLACED;
		sink_journal_object(s, p.object);
		*any = true;
	}
	s->n_objects_waiting = kept;
	kept = 0;
	sink_journal_runs(s);
	for (size_t i = 0; i < s->n_items_waiting; i++) {
		struct pending_item *p = &s->items_waiting[i];

		if (!(p->object->flags & OBJECT_PLACED)) {
			s->items_waiting[kept++] = *p;
			continue;
		}
		sink_journal_item(s, p);
		*any = true;
		free(p->href);
		free(p->etag);
		free(p->id);
		free(p->keywords);
	}
	s->n_items_waiting = kept;
}

/* Sync the part, journal what is durable now, read it back; with s->barrier held. */
static int pass_barrier(struct archive_sink *s, struct err *err)
{
	struct part_mark m;
	bool any = false;
	int rc = part_writer_sync(s->writer, &m, err);

	if (rc < 0)
		return rc;
	pthread_mutex_lock(&s->lock);
	if (m.part != s->mark.part || m.offset != s->mark.offset) {
		sink_journal_mark(s, &m);
		any = true;
	}
	collect_durable(s, &m, &any);
	pthread_mutex_unlock(&s->lock);
	if (any)
		rc = journal_commit(s->journal, err);
	if (rc < 0)
		return rc;
	pthread_mutex_lock(&s->lock);
	s->mark = m;
	pthread_mutex_unlock(&s->lock);
	return sink_check_parts(s, m.part, m.offset, err);
}

int sink_barrier(struct archive_sink *s, struct err *err)
{
	int rc;

	pthread_mutex_lock(&s->barrier);
	rc = pass_barrier(s, err);
	pthread_mutex_unlock(&s->barrier);
	return rc;
}

int sink_sync(struct tree_sink *t, struct err *err)
{
	struct archive_sink *s = (struct archive_sink *)t;
	int rc = sink_failed(s, err);

	if (rc < 0 || !s->writer)
		return rc;
	part_writer_flush(s->writer);
	rc = sink_barrier(s, err);
	return rc < 0 ? sink_fail(s, err) : 0;
}

/*
 * An object that was read back: it must be where the table says, or now the table knows.
 */
static int on_object(void *ctx, enum coll_kind kind, const uint8_t sha256[SHA256_LEN],
        uint64_t size, uint64_t member, uint64_t offset, struct err *err)
{
	struct archive_sink *s = ctx;
	struct object_place w = {s->snapshot, s->checking, member, offset}, have;
	struct object *o;
	bool same = false;

	pthread_mutex_lock(&s->lock);
	o = object_map_find(&s->objects, kind, sha256);
	if (o && (o->flags & OBJECT_NEW) && o->size == size) {
		object_get_place(o, &have);
		same = !(o->flags & OBJECT_PLACED) || memcmp(&have, &w, sizeof w) == 0;
		same = same && object_set_place(o, &w);
		o->flags |= OBJECT_PLACED | OBJECT_VERIFIED;
	}
	pthread_mutex_unlock(&s->lock);
	return same ? 0
	            : err_set(err, ERR_DAMAGED, ERR_WHOLE,
	                      "%s/.work: part %u holds an object that should not be there", s->path,
	                      s->checking);
}

/* Read the part that is being checked on, up to ${limit}. */
static int check_one(struct archive_sink *s, uint64_t limit, struct err *err)
{
	char name[PART_NAME_SIZE];
	int rc = 0;

	part_name(s->checking, name);
	if (!s->checker)
		rc = part_checker_open(s->snapfd, name, on_object, s, &s->checker, err);
	return rc ? rc : part_checker_run(s->checker, limit, err);
}

/* The sum of a part that was read to its end. */
static void take_sum(struct archive_sink *s)
{
	struct slot_file *f = ARR_PUSH(s->part_sums, s->n_part_sums, s->part_sums_cap);

	part_checker_sum(s->checker, f->sum, &f->size);
	part_checker_free(s->checker);
	s->checker = NULL;
}

int sink_check_parts(struct archive_sink *s, uint32_t part, uint64_t offset, struct err *err)
{
	int rc = 0;

	if (s->checking == 0)
		s->checking = 1;
	for (; rc == 0 && s->checking < part; s->checking++) {
		rc = check_one(s, UINT64_MAX, err);
		if (rc < 0)
			break;
		take_sum(s);
	}
	if (rc == 0 && offset > 0)
		rc = check_one(s, offset, err);
	if (rc == ERR_DAMAGED) {
		struct err ignored = {0};

		/*
		 * What is in .work is of no use: without its journal the next run starts
		 * over.
		 */
		if (sys_unlinkat(s->workfd, "journal", 0) < 0)
			err_set(&ignored, ERR_IO, ERR_WHOLE, "journal");
		rc = err_wrap(
		        err, "%s: what was written could not be read back unchanged", s->path);
	}
	return rc;
}

/* Is there enough, or has something waited long enough? */
static bool is_due(const struct archive_sink *s, bool timed_out)
{
	return s->batch >= s->opts.batch_bytes ||
	       (timed_out && (s->n_objects_waiting || s->n_items_waiting));
}

/* A barrier for each batch, until it is stopped or one fails. */
static void *keeper_main(void *arg)
{
	struct archive_sink *s = arg;

	pthread_mutex_lock(&s->lock);
	while (!s->keeper_stop && !s->failed.code) {
		struct timespec until;
		struct err err = {0};
		int waited = 0;

		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += BATCH_SECONDS;
		while (!s->keeper_stop && waited != ETIMEDOUT && s->batch < s->opts.batch_bytes)
			waited = pthread_cond_timedwait(&s->wake, &s->lock, &until);
		if (s->keeper_stop || !is_due(s, waited == ETIMEDOUT))
			continue;
		s->batch = 0;
		pthread_mutex_unlock(&s->lock);
		if (sink_barrier(s, &err) < 0)
			sink_fail(s, &err);
		pthread_mutex_lock(&s->lock);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

void sink_keeper_stop(struct archive_sink *s)
{
	if (!s->keeper_runs)
		return;
	pthread_mutex_lock(&s->lock);
	s->keeper_stop = true;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->keeper, NULL);
	s->keeper_runs = false;
}

/* Goes on at the journal's mark, if there is one; with the lock held. */
static int start_writer(struct archive_sink *s, struct err *err)
{
	struct part_opts o = {.snapshot = s->snapshot,
	        .part_size = s->opts.part_size,
	        .workers = s->opts.workers,
	        .first_part = 1};
	bool fits;
	int rc = s->journal ? 0 : sink_journal_open(s, &fits, err);

	if (rc < 0)
		return rc;
	if (s->mark.part) {
		o.first_part = s->mark.part;
		o.resume_offset = s->mark.offset;
		o.resume_seq = s->mark.seq;
		o.resume_plain = s->mark.plain;
		o.resume_entries = s->mark.entries;
	}
	rc = part_writer_open(s->snapfd, &o, &s->writer, err);
	if (rc == 0 && pthread_create(&s->keeper, NULL, keeper_main, s) != 0)
		rc = err_set(err, ERR_IO, ERR_WHOLE, "cannot start a thread");
	s->keeper_runs = rc == 0;
	return rc;
}

int sink_start(struct archive_sink *s, struct err *err)
{
	int rc = 0;

	pthread_mutex_lock(&s->lock);
	if (!s->writer)
		rc = start_writer(s, err);
	pthread_mutex_unlock(&s->lock);
	return rc;
}

int sink_finish_parts(struct archive_sink *s, struct err *err)
{
	unsigned parts = 0;
	int rc = sink_barrier(s, err);

	if (rc == 0)
		rc = part_writer_finish(s->writer, &parts, err);
	if (rc == 0)
		rc = sink_check_parts(s, parts + 1, 0, err);
	return rc;
}
