/* The services of an account, read or written at the same time: each waits for its own server. */
#include "side_by_side.h"
#include <stdlib.h>
#include "cli.h"
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

/* What others gave of a kind is not known: nothing of it. */
static void read_last(struct service_read *list, size_t n, const struct chain *c)
{
	for (size_t i = 0; i < n; i++) {
		struct service_read *s = &list[i];

		if (!s->last)
			continue;
		for (size_t k = 0; k < n; k++)
			if (!list[k].last && (list[k].rc < 0 || list[k].left_out))
				s->without |= list[k].kinds & s->kinds;
		s->left_out = !(s->kinds & ~s->without & ~(1u << COLL_MAPI));
		s->kinds &= ~s->without;
		if (!s->left_out)
			read_one(c, s);
	}
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
		if (!list[i].after && !list[i].last)
			mine = i;
	for (size_t i = 0; i < n; i++) {
		chains[i] = (struct chain){services, list, n, i, progress};
		if (list[i].after || list[i].last)
			continue;
		if (i == mine || !workers_start(&workers, read_chain, &chains[i]))
			(void)read_chain(&chains[i], &none);
	}
	if (workers_join(&workers, &none) == 0)
		workers_clear(&workers);
	read_last(list, n, &(struct chain){services, list, n, 0, progress});
	free(chains);
}

/* What goes to one service. */
struct storing {
	const struct service *services;
	struct kind_stored *list;
	size_t n;
	enum service_kind to;
	struct tree_reader *reader;
	const struct target_opts *opts;
	struct progress *progress;
};

static int store_kind(const struct storing *t, struct kind_stored *k)
{
	const struct service *s = &t->services[k->to];
	struct target_opts opts = *t->opts;
	char *journal = NULL;

	k->is_done = true;
	k->rc = target_journal(s, &opts, t->progress, &journal, &k->err);
	opts.journal = journal;
	if (k->rc == 0)
		k->rc = target_run(protocol_ops[k->to].target, s, k->kind, t->reader, &opts,
		        t->progress, &k->result, &k->err);
	free(journal);
	return k->result.no_into ? 0 : k->rc;
}

/* What went wrong stays with its kind; it ends what the same service had to take. */
static int store_service(void *storing, struct err *err)
{
	const struct storing *t = storing;
	int rc = 0;

	(void)err;
	for (size_t i = 0; i < t->n && rc == 0; i++)
		if (t->list[i].to == t->to)
			rc = store_kind(t, &t->list[i]);
	return 0;
}

void store_side_by_side(const struct service *services, struct kind_stored *list, size_t n,
        struct tree_reader *reader, const struct target_opts *opts, struct progress *progress)
{
	struct storing all[SERVICE_KINDS];
	struct workers workers;
	struct err none = {0}; /* a service's errors stay with its kinds */
	int rc = 0;

	for (unsigned k = 0; k < SERVICE_KINDS; k++)
		all[k] = (struct storing){services, list, n, k, reader, opts, progress};
	if (opts->dry_run) {
		for (size_t i = 0; i < n && rc == 0; i++)
			rc = store_kind(&all[list[i].to], &list[i]);
		return;
	}
	workers_init(&workers);
	for (unsigned k = 0; k < SERVICE_KINDS; k++) {
		size_t i = 0;

		while (i < n && list[i].to != k)
			i++;
		if (i < n && !workers_start(&workers, store_service, &all[k]))
			(void)store_service(&all[k], &none);
	}
	if (workers_join(&workers, &none) == 0)
		workers_clear(&workers);
}
