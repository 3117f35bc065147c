/* The mailboxes of the plan that wait for a worker. */
#include "run.h"

bool queue_next(struct run *r, size_t *out)
{
	bool found = false;

	pthread_mutex_lock(&r->workers.lock);
	while (!r->workers.failed && !found) {
		if (!r->plan.ready) {
			pthread_cond_wait(&r->workers.wake, &r->workers.lock);
		} else if (r->queue.n_back) {
			*out = r->queue.back[--r->queue.n_back];
			found = true;
		} else if (r->queue.next < r->plan.n_order) {
			*out = r->plan.order[r->queue.next++];
			found = true;
		} else if (r->queue.busy) {
			pthread_cond_wait(&r->workers.wake, &r->workers.lock);
		} else {
			break;
		}
	}
	r->queue.busy += found;
	pthread_mutex_unlock(&r->workers.lock);
	return found;
}

void queue_give_back(struct run *r, size_t entry)
{
	pthread_mutex_lock(&r->workers.lock);
	*ARR_PUSH(r->queue.back, r->queue.n_back, r->queue.back_cap) = entry;
	pthread_mutex_unlock(&r->workers.lock);
}

void queue_done(struct run *r)
{
	pthread_mutex_lock(&r->workers.lock);
	r->queue.busy--;
	pthread_cond_broadcast(&r->workers.wake);
	pthread_mutex_unlock(&r->workers.lock);
}
