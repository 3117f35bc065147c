/* Members read and inflated ahead of who asks for them, by several threads. */
#include "ahead.h"
#include "valise/base/mem.h"
#include "valise/base/workers.h"
#include <pthread.h>
#include <stdlib.h>

/* One member, on its way from the file to who asks. */
struct ahead_slot {
	struct member_file file;
	enum { SLOT_FREE, SLOT_BUSY, SLOT_READY } state;
	int rc; /* of a ready one */
	struct err err;
};

struct members_ahead {
	struct workers workers; /* its lock guards all of this but the members' bytes */
	pthread_mutex_t reading; /* members are read one after the other, inflated at once */
	uint64_t off; /* of the next one; with ${reading} */
	size_t filled; /* slots that were given out, with ${reading} */
	bool ended; /* nothing comes after what was read; with ${reading} */
	bool stopped; /* nobody asks any more */
	size_t taken; /* members that were asked for */
	struct ahead_slot *slots;
	size_t n_slots;
};

/* Wait for the slot of the next member; false: nobody wants more. */
static bool claim(struct members_ahead *a, struct ahead_slot *s)
{
	bool claimed;

	pthread_mutex_lock(&a->workers.lock);
	while (s->state != SLOT_FREE && !a->stopped)
		pthread_cond_wait(&a->workers.wake, &a->workers.lock);
	claimed = !a->stopped;
	if (claimed)
		s->state = SLOT_BUSY;
	pthread_mutex_unlock(&a->workers.lock);
	return claimed;
}

/* The next member, not inflated yet; *slot_out NULL: there is none, or nobody wants it. */
static int read_next(
        struct members_ahead *a, struct ahead_slot **slot_out, uint64_t *off_out, struct err *err)
{
	struct ahead_slot *s;
	int rc = 0;

	*slot_out = NULL;
	pthread_mutex_lock(&a->reading);
	s = &a->slots[a->filled % a->n_slots];
	if (!a->ended && claim(a, s)) {
		*slot_out = s;
		*off_out = a->off;
		a->filled++;
		rc = member_load(&s->file, a->off, err);
		a->ended = rc != 0 || s->file.head.end;
		a->off += s->file.head.size;
	}
	pthread_mutex_unlock(&a->reading);
	return rc;
}

/* What each thread does. An error stands in its slot, until that is asked for. */
static int read_ahead(void *ahead, struct err *err)
{
	struct members_ahead *a = ahead;
	struct ahead_slot *s;
	uint64_t off;

	(void)err;
	for (;;) {
		struct err why = {0};
		int rc = read_next(a, &s, &off, &why);

		if (!s)
			return 0;
		if (rc == 0 && !s->file.head.end)
			rc = member_inflate(&s->file, off, &why);
		pthread_mutex_lock(&a->workers.lock);
		s->state = SLOT_READY;
		s->rc = rc;
		s->err = why;
		pthread_cond_broadcast(&a->workers.wake);
		pthread_mutex_unlock(&a->workers.lock);
	}
}

struct members_ahead *members_ahead_new(const struct member_file *f, uint64_t off, unsigned threads)
{
	struct members_ahead *a = xcalloc(1, sizeof *a);
	unsigned started = 0;

	workers_init(&a->workers);
	pthread_mutex_init(&a->reading, NULL);
	a->off = off;
	a->n_slots = threads + 1;
	a->slots = xcalloc(a->n_slots, sizeof *a->slots);
	for (size_t i = 0; i < a->n_slots; i++)
		member_file_init(&a->slots[i].file, f->fd, f->name);
	while (started < threads && workers_start(&a->workers, read_ahead, a))
		started++;
	if (started)
		return a;
	members_ahead_free(a);
	return NULL;
}

/* The bytes change hands, so that the slot can be used again at once. */
static void swap_bytes(struct member_file *a, struct member_file *b)
{
	struct member_file was = *a;

	a->head = b->head;
	a->raw = b->raw;
	a->plain = b->plain;
	b->head = was.head;
	b->raw = was.raw;
	b->plain = was.plain;
}

int members_ahead_next(struct members_ahead *a, struct member_file *f, struct err *err)
{
	struct ahead_slot *s = &a->slots[a->taken++ % a->n_slots];
	int rc;

	pthread_mutex_lock(&a->workers.lock);
	while (s->state != SLOT_READY)
		pthread_cond_wait(&a->workers.wake, &a->workers.lock);
	swap_bytes(f, &s->file);
	rc = s->rc;
	if (rc != 0)
		(void)err_copy(err, &s->err);
	s->state = SLOT_FREE;
	pthread_cond_broadcast(&a->workers.wake);
	pthread_mutex_unlock(&a->workers.lock);
	return rc;
}

void members_ahead_free(struct members_ahead *a)
{
	struct err none = {0}; /* the threads have no errors of their own */

	if (!a)
		return;
	pthread_mutex_lock(&a->workers.lock);
	a->stopped = true;
	pthread_cond_broadcast(&a->workers.wake);
	pthread_mutex_unlock(&a->workers.lock);
	if (workers_join(&a->workers, &none) == 0)
		workers_clear(&a->workers);
	for (size_t i = 0; i < a->n_slots; i++)
		member_file_clear(&a->slots[i].file);
	pthread_mutex_destroy(&a->reading);
	free(a->slots);
	free(a);
}
