/* Members on their way to the part: deflated by workers, written in order. */
#include "queue.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include "valise/base/text.h"
#include "valise/base/workers.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Members above this count against LARGE_BUDGET, by their size; nothing waits when it is
 * alone.
 */
#define LARGE_MEMBER (1u << 20)
#define LARGE_BUDGET (9u << 20)
/* What stays resident of a buffer between two uses. */
#define KEEP (2 * MEMBER_MIN)

/* Where the members of a part start, from ${first_seq} on. */
struct offsets {
	uint32_t part, first_seq;
	uint64_t *at;
	size_t n, cap;
};

struct part_queue {
	int dirfd;
	struct workers workers; /* the lock guards all but the disk side */
	struct part_job *queue; /* in order, until they are written */
	struct part_job *spare;
	struct part_job *jobs;
	size_t n_jobs;
	size_t charged;
	uint64_t put, written; /* members so far */
	bool stop;
	bool writing; /* a thread has the disk side */
	bool new_file; /* in the directory since it was last synced */
	struct part_mark mark;
	struct offsets *parts;
	size_t n_parts, parts_cap;

	/* the disk side */
	int fd; /* of the part being written, -1 between parts */
	uint64_t disk_off;
};

void part_name(uint32_t part, char out[PART_NAME_SIZE])
{
	snprintf(out, PART_NAME_SIZE, "part-%06u.tar.gz", part);
}

/* Under ${lock}. */
static int why_failed(struct part_queue *q, struct err *err)
{
	return err_copy(err, &q->workers.fatal);
}

int part_queue_failed(struct part_queue *q, struct err *err)
{
	int rc;

	pthread_mutex_lock(&q->workers.lock);
	rc = why_failed(q, err);
	pthread_mutex_unlock(&q->workers.lock);
	return rc;
}

void part_queue_fail(struct part_queue *q, const struct err *err)
{
	workers_fail(&q->workers, err);
}

/* The disk side: only the thread that set ${writing} is here. */

/* A new file, and its row in q->parts. */
static int open_part(struct part_queue *q, uint32_t part, const char *name, struct err *err)
{
	q->fd = sys_openat(q->dirfd, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (q->fd < 0)
		return err_sys(err, ERR_WHOLE, "cannot create");
	q->disk_off = 0;
	pthread_mutex_lock(&q->workers.lock);
	ARR_PUSH(q->parts, q->n_parts, q->parts_cap)->part = part;
	q->new_file = true;
	pthread_mutex_unlock(&q->workers.lock);
	return 0;
}

/* With the end member; durable. */
static int close_part(struct part_queue *q, const struct part_job *j, struct err *err)
{
	struct member_head h = {.end = true, .seq = j->seq + 1};
	uint8_t end[MEMBER_END_SIZE];
	int rc;

	h.size = q->disk_off + MEMBER_END_SIZE;
	h.plain = j->part_plain;
	h.entries = j->part_entries;
	member_put_end(&h, end);
	if ((rc = fd_write_all(q->fd, end, sizeof end, err)) != 0)
		return rc;
	if (sys_fdatasync(q->fd) != 0)
		return err_sys(err, ERR_WHOLE, "cannot sync");
	rc = sys_close(q->fd);
	q->fd = -1;
	return rc == 0 ? 0 : err_sys(err, ERR_WHOLE, "cannot close");
}

/* Where the member is, and how far the part would be durable. */
static void note_written(struct part_queue *q, const struct part_job *j, uint64_t at)
{
	struct offsets *o;

	pthread_mutex_lock(&q->workers.lock);
	o = &q->parts[q->n_parts - 1];
	*ARR_PUSH(o->at, o->n, o->cap) = at;
	if (j->last)
		q->mark = (struct part_mark){.part = j->part + 1};
	else if (j->border)
		q->mark = (struct part_mark){
		        j->part, q->disk_off, j->seq + 1, j->part_plain, j->part_entries};
	pthread_mutex_unlock(&q->workers.lock);
}

/* One member; it opens and closes the part as needed. */
static int write_job(struct part_queue *q, struct part_job *j, struct err *err)
{
	char name[PART_NAME_SIZE];
	uint64_t at;
	int rc = 0;

	part_name(j->part, name);
	if (q->fd < 0)
		rc = open_part(q, j->part, name, err);
	at = q->disk_off;
	if (rc == 0)
		rc = fd_write_all(q->fd, j->out.p, j->out_len, err);
	q->disk_off += j->out_len;
	if (rc == 0 && j->last)
		rc = close_part(q, j, err);
	if (rc != 0)
		return err_wrap(err, "%s", name);
	note_written(q, j, at);
	return 0;
}

/* Under ${lock}, which is given up while a member is deflated or written: */

/* Free again; of its buffers little stays resident. */
static void recycle_job(struct part_queue *q, struct part_job *j)
{
	pages_trim(&j->out, j->out_len, KEEP);
	j->out_len = 0;
	q->charged -= j->charged;
	j->charged = 0;
	j->next = q->spare;
	q->spare = j;
}

/* Write what is ready, unless another thread does already: it will see ours, too. */
static void write_ready(struct part_queue *q)
{
	if (q->writing)
		return;
	q->writing = true;
	while (q->queue && q->queue->state == JOB_DEFLATED) {
		struct part_job *j = q->queue;
		bool skip = q->workers.failed;
		struct err err = {0};

		q->queue = j->next;
		pthread_mutex_unlock(&q->workers.lock);
		if (!skip && write_job(q, j, &err) != 0)
			part_queue_fail(q, &err);
		pthread_mutex_lock(&q->workers.lock);
		q->written++;
		recycle_job(q, j);
		pthread_cond_broadcast(&q->workers.wake);
	}
	q->writing = false;
}

/* The first that no worker has taken yet, or NULL. */
static struct part_job *first_waiting(struct part_queue *q)
{
	struct part_job *j = q->queue;

	while (j && j->state != JOB_WAITS)
		j = j->next;
	return j;
}

/* What each worker does, until the queue stops. */
static int make_members(void *arg, struct err *err)
{
	struct part_queue *q = arg;
	struct member_maker *maker = member_maker_new(MEMBER_PARTS);
	struct part_job *j;

	(void)err;
	pthread_mutex_lock(&q->workers.lock);
	while (!q->stop) {
		j = first_waiting(q);
		if (!j) {
			pthread_cond_wait(&q->workers.wake, &q->workers.lock);
			continue;
		}
		j->state = JOB_TAKEN;
		pthread_mutex_unlock(&q->workers.lock);
		j->out_len = member_make(maker, j->seq, j->plain.p, j->plain_len, j->out.p);
		pages_trim(&j->plain, j->plain_len, KEEP);
		pthread_mutex_lock(&q->workers.lock);
		j->state = JOB_DEFLATED;
		write_ready(q);
	}
	pthread_mutex_unlock(&q->workers.lock);
	member_maker_free(maker);
	return 0;
}

int part_queue_take(struct part_queue *q, struct part_job **out, struct err *err)
{
	int rc;

	*out = NULL;
	pthread_mutex_lock(&q->workers.lock);
	while ((rc = why_failed(q, err)) == 0 && !q->spare)
		pthread_cond_wait(&q->workers.wake, &q->workers.lock);
	if (rc == 0) {
		*out = q->spare;
		q->spare = q->spare->next;
		(*out)->next = NULL;
		(*out)->plain_len = 0;
	}
	pthread_mutex_unlock(&q->workers.lock);
	return rc;
}

int part_queue_charge(struct part_queue *q, struct part_job *j, uint64_t size, struct err *err)
{
	size_t want = size < MEMBER_MAX ? (size_t)size : MEMBER_MAX;
	int rc;

	if (want <= LARGE_MEMBER || j->charged >= want)
		return 0;
	pthread_mutex_lock(&q->workers.lock);
	q->charged -= j->charged;
	j->charged = 0;
	while ((rc = why_failed(q, err)) == 0 && q->charged > 0 && q->charged + want > LARGE_BUDGET)
		pthread_cond_wait(&q->workers.wake, &q->workers.lock);
	q->charged += want;
	j->charged = want;
	pthread_mutex_unlock(&q->workers.lock);
	return rc;
}

void part_queue_put(struct part_queue *q, struct part_job *j)
{
	struct part_job **end = &q->queue;

	pthread_mutex_lock(&q->workers.lock);
	j->state = JOB_WAITS;
	while (*end)
		end = &(*end)->next;
	*end = j;
	q->put++;
	pthread_cond_broadcast(&q->workers.wake);
	pthread_mutex_unlock(&q->workers.lock);
}

/*
 * Under ${lock}: wait for the members put so far, then take the mark and a copy of the
 * descriptor to sync (-1: nothing of the current part counts; parts before it were synced
 * when they were closed).
 */
static int take_mark(struct part_queue *q, struct part_mark *mark, int *fd, struct err *err)
{
	uint64_t target = q->put;
	int rc;

	while ((rc = why_failed(q, err)) == 0 && (q->written < target || q->writing))
		pthread_cond_wait(&q->workers.wake, &q->workers.lock);
	if (rc != 0)
		return rc;
	*mark = q->mark;
	if (q->mark.offset == 0)
		return 0;
	*fd = fcntl(q->fd, F_DUPFD_CLOEXEC, 0);
	return *fd >= 0 ? 0 : err_sys(err, ERR_WHOLE, "cannot sync");
}

int part_queue_sync(struct part_queue *q, struct part_mark *mark_out, struct err *err)
{
	struct err local = {0};
	bool new_file;
	int fd = -1, rc;

	pthread_mutex_lock(&q->workers.lock);
	rc = take_mark(q, mark_out, &fd, &local);
	new_file = q->new_file;
	q->new_file = false;
	pthread_mutex_unlock(&q->workers.lock);
	if (rc == 0 && fd >= 0 && sys_fdatasync(fd) != 0)
		rc = err_sys(&local, ERR_WHOLE, "cannot sync");
	/* a copy: the write errors are fdatasync's */
	fd_close(fd);
	if (rc == 0 && new_file)
		rc = dir_sync(q->dirfd, &local);
	if (rc != 0) {
		/*
		 * After a failed sync nobody knows what is on the disk: this queue is at
		 * its end.
		 */
		part_queue_fail(q, &local);
		(void)err_copy(err, &local);
	}
	return rc;
}

bool part_queue_offset(struct part_queue *q, uint32_t part, uint32_t seq, uint64_t *off_out)
{
	bool known = false;

	pthread_mutex_lock(&q->workers.lock);
	for (size_t i = q->n_parts; i-- > 0;) {
		const struct offsets *o = &q->parts[i];

		if (o->part != part)
			continue;
		known = seq >= o->first_seq && seq - o->first_seq < o->n;
		if (known)
			*off_out = o->at[seq - o->first_seq];
		break;
	}
	pthread_mutex_unlock(&q->workers.lock);
	return known;
}

/* What an older run left from part ${part} on. */
static int remove_from(int dirfd, uint32_t part, struct err *err)
{
	char name[PART_NAME_SIZE], **names;
	unsigned number;
	size_t n;
	int rc = dir_list(dirfd, ".", &names, &n, err);

	for (size_t i = 0; i < n; i++) {
		number = 0;
		if (rc == 0 && sscanf(names[i], "part-%u", &number) == 1 && number >= part) {
			part_name(number, name);
			if (strcmp(names[i], name) == 0 && sys_unlinkat(dirfd, name, 0) != 0)
				rc = err_sys(err, ERR_WHOLE, "cannot remove %s", name);
		}
	}
	texts_free(names, n);
	return rc;
}

/* Go on in a part of an interrupted run, cut to what its journal says. */
static int resume_part(struct part_queue *q, const struct part_opts *opts, struct err *err)
{
	char name[PART_NAME_SIZE];
	struct offsets *o;
	struct stat st;

	part_name(opts->first_part, name);
	q->fd = sys_openat(q->dirfd, name, O_WRONLY | O_NOFOLLOW, 0);
	if (q->fd < 0)
		return err_sys(err, ERR_WHOLE, "cannot open %s", name);
	if (fstat(q->fd, &st) != 0)
		return err_sys(err, ERR_WHOLE, "cannot look at %s", name);
	if ((uint64_t)st.st_size < opts->resume_offset)
		return err_set(
		        err, ERR_DAMAGED, ERR_WHOLE, "%s is shorter than its journal says", name);
	if (sys_ftruncate(q->fd, (off_t)opts->resume_offset) != 0)
		return err_sys(err, ERR_WHOLE, "cannot cut %s", name);
	if (lseek(q->fd, (off_t)opts->resume_offset, SEEK_SET) < 0)
		return err_sys(err, ERR_WHOLE, "cannot seek in %s", name);
	q->disk_off = opts->resume_offset;
	q->mark = (struct part_mark){opts->first_part, opts->resume_offset, opts->resume_seq,
	        opts->resume_plain, opts->resume_entries};
	o = ARR_PUSH(q->parts, q->n_parts, q->parts_cap);
	o->part = opts->first_part;
	o->first_seq = opts->resume_seq;
	return 0;
}

static void make_jobs(struct part_queue *q, unsigned workers)
{
	/* The open one, one in each worker, two that wait. */
	q->n_jobs = workers + 3;
	q->jobs = xcalloc(q->n_jobs, sizeof *q->jobs);
	for (size_t i = 0; i < q->n_jobs; i++) {
		pages_init(&q->jobs[i].plain, MEMBER_MAX);
		pages_init(&q->jobs[i].out, MEMBER_BUF_SIZE);
		q->jobs[i].next = q->spare;
		q->spare = &q->jobs[i];
	}
}

/* As many as can be started of ${want}; none is an error. */
static int start_threads(struct part_queue *q, unsigned want, struct err *err)
{
	unsigned n = 0;

	while (n < want && workers_start(&q->workers, make_members, q))
		n++;
	return n ? 0 : err_set(err, ERR_IO, ERR_WHOLE, "cannot start a thread");
}

int part_queue_open(
        int dirfd, const struct part_opts *opts, struct part_queue **out, struct err *err)
{
	struct part_queue *q = xcalloc(1, sizeof *q);
	unsigned workers = opts->workers ? opts->workers : 1;
	bool resumed = opts->resume_offset > 0;
	int rc = 0;

	*out = NULL;
	q->dirfd = dirfd;
	q->fd = -1;
	q->mark.part = opts->first_part;
	workers_init(&q->workers);
	if (resumed)
		rc = resume_part(q, opts, err);
	if (rc == 0)
		rc = remove_from(dirfd, opts->first_part + (resumed ? 1 : 0), err);
	if (rc == 0) {
		make_jobs(q, workers);
		rc = start_threads(q, workers, err);
	}
	if (rc != 0)
		part_queue_free(q);
	else
		*out = q;
	return rc;
}

void part_queue_free(struct part_queue *q)
{
	if (!q)
		return;
	pthread_mutex_lock(&q->workers.lock);
	q->stop = true;
	pthread_cond_broadcast(&q->workers.wake);
	pthread_mutex_unlock(&q->workers.lock);
	/* what failed was told by who asked */
	(void)!workers_join(&q->workers, NULL);
	/* not finished: nobody relies on it */
	fd_close(q->fd);
	for (size_t i = 0; i < q->n_jobs; i++) {
		pages_clear(&q->jobs[i].plain);
		pages_clear(&q->jobs[i].out);
	}
	for (size_t i = 0; i < q->n_parts; i++)
		free(q->parts[i].at);
	free(q->parts);
	free(q->jobs);
	workers_clear(&q->workers);
	free(q);
}
