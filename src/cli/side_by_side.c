/* The services of an account, read at the same time: each waits for its own server. */
#include "side_by_side.h"
#include <stdlib.h>
#include "valise/base/mem.h"
#include "valise/base/workers.h"

/* A service, and in its thread all that come after it. */
struct chain {
	const struct service *services;
	struct service_read *list;
	size_t n, first;
	struct progress *progress;
};

static void read_one(const struct chain *c, struct service_read *s)
{
	const struct service *of = &c->services[s->kind];

	s->left_out = s->after && (s->after->left_out || s->after->rc < 0);
	if (s->left_out)
		return;
	if (of->unfound) {
		s->rc = err_copy(&s->err, of->unfound);
		return;
	}
	progress_what(c->progress, of->at.host);
	s->rc = protocol_ops[s->kind].source->run(
	        of, s->kinds, s->sink, s->opts, c->progress, &s->result, &s->err);
}

/* The first of those that ${s} comes after, itself if there is none. */
static const struct service_read *head_of(const struct service_read *s)
{
	while (s->after)
		s = s->after;
	return s;
}

/* What went wrong stays with the service: it ends none of the others. */
static int read_chain(void *chain, struct err *err)
{
	const struct chain *c = chain;

	(void)err;
	for (size_t i = c->first; i < c->n; i++)
		if (head_of(&c->list[i]) == &c->list[c->first])
			read_one(c, &c->list[i]);
	return 0;
}

void read_side_by_side(const struct service *services, struct service_read *list, size_t n,
        struct progress *progress)
{
	struct chain *chains = xcalloc(n ? n : 1, sizeof *chains);
	struct workers workers;
	struct err none = {0}; /* a chain has no error of its own */
	size_t mine = n; /* the last chain is for this thread */

	workers_init(&workers);
	for (size_t i = 0; i < n; i++)
		if (!list[i].after)
			mine = i;
	for (size_t i = 0; i < n; i++) {
		chains[i] = (struct chain){services, list, n, i, progress};
		if (list[i].after)
			continue;
		if (i == mine || !workers_start(&workers, read_chain, &chains[i]))
			(void)read_chain(&chains[i], &none);
	}
	if (workers_join(&workers, &none) == 0)
		workers_clear(&workers);
	free(chains);
}
