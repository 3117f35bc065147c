#ifndef VALISE_PACK_PART_QUEUE_H
#define VALISE_PACK_PART_QUEUE_H

#include "part.h"
#include "member.h"

/*
 * The lower half of the part writer: closed members wait here in their order, workers
 * deflate any of them, and the worker that finds the first of the queue deflated writes
 * it and what follows it. So the bytes depend on the order of the members alone.
 */
struct part_queue;

enum job_state { JOB_WAITS, JOB_TAKEN, JOB_DEFLATED };

/*
 * A member, from its first byte to the disk. The filling side sets what is above the
 * line.
 */
struct part_job {
	struct pages plain; /* MEMBER_MAX */
	size_t plain_len;
	uint32_t part, seq;
	bool border; /* ends where a tar entry ends */
	bool last; /* of its part: the end member follows */
	uint64_t part_plain, part_entries; /* of the part up to the end of this member */

	/* ---- the queue's own */
	struct part_job *next;
	enum job_state state;
	struct pages out;
	size_t out_len;
	size_t charged; /* against the budget for large members */
};

int part_queue_open(int dirfd, const struct part_opts *opts, struct part_queue **out,
        struct err *err) MUST_CHECK;
void part_queue_free(struct part_queue *q);

/* An empty job; waits until one is free. */
int part_queue_take(struct part_queue *q, struct part_job **out, struct err *err) MUST_CHECK;
/*
 * The job will hold ${size} plain bytes (more than MEMBER_MAX counts as that): waits
 * while large ones on their way leave no room.
 */
int part_queue_charge(
        struct part_queue *q, struct part_job *j, uint64_t size, struct err *err) MUST_CHECK;
/* Hand a job over. */
void part_queue_put(struct part_queue *q, struct part_job *j);

/* The first error is final: all calls give it from then on. */
int part_queue_failed(struct part_queue *q, struct err *err) MUST_CHECK;
void part_queue_fail(struct part_queue *q, const struct err *err);

/* Wait until all that was put is written and synced; the mark as in part.h. */
int part_queue_sync(struct part_queue *q, struct part_mark *mark_out, struct err *err) MUST_CHECK;
/*
 * Where a member starts in its part's file; false if it is not written yet, or not by
 * this queue.
 */
bool part_queue_offset(struct part_queue *q, uint32_t part, uint32_t seq, uint64_t *off_out);

#endif
