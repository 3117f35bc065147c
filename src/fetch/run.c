/* What the runs of all sources share. */
#include "run.h"
#include <string.h>

enum {
	FEW = 4, /* wrong sizes in all */
	SIZES_RIGHT = 4, /* right ones for each wrong one */
};

void run_begin(struct fetch_run *r, const struct service *service, struct tree_sink *sink,
        const struct source_opts *opts, struct progress *progress, enum coll_kind kind)
{
	*r = (struct fetch_run){
	        .service = service, .sink = sink, .opts = opts, .progress = progress, .kind = kind};
	workers_init(&r->workers);
}

/* Add what is counted in ${add}. */
static void add_result(struct source_result *to, const struct source_result *add)
{
	to->collections += add->collections;
	to->items += add->items;
	to->fetched += add->fetched;
	to->bytes_fetched += add->bytes_fetched;
	to->errors += add->errors;
	to->unchanged += add->unchanged;
	to->elsewhere += add->elsewhere;
	to->unlisted |= add->unlisted;
}

static int widen_error(int rc, struct err *err)
{
	if (rc < 0)
		err_widen(err, ERR_WHOLE);
	return rc;
}

int run_finish(struct fetch_run *r, int rc, struct source_result *out, struct err *err)
{
	add_result(out, &r->result);
	workers_clear(&r->workers);
	return widen_error(rc, err);
}

void run_count(struct fetch_run *r, const struct source_result *add)
{
	pthread_mutex_lock(&r->workers.lock);
	add_result(&r->result, add);
	pthread_mutex_unlock(&r->workers.lock);
}

void run_lose(struct fetch_run *r, struct tree_coll *c, uint32_t uid, const char *name,
        const char *reason)
{
	tree_coll_error(c, uid, name, NULL, NULL, reason);
	run_count(r, &(struct source_result){.errors = 1});
}

const char *source_option(const struct source_opts *opts, const char *name)
{
	for (size_t i = 0; i < opts->n_own; i++)
		if (strcmp(opts->own[i].name, name) == 0)
			return opts->own[i].value;
	return NULL;
}

bool source_ends_run(int code)
{
	return code == ERR_STOPPED || code == ERR_IO || code == ERR_SPACE || code == ERR_DAMAGED ||
	       code == ERR_USAGE || code == ERR_LOCKED || code == ERR_ACCOUNT;
}

static struct pattern_name name_of(const struct fetch_run *r, const char *name)
{
	return (struct pattern_name){.full = name, .content = name, .mail = r->kind == COLL_MAIL};
}

bool run_trusts_sizes(uint64_t right, uint64_t wrong)
{
	return right >= SIZES_RIGHT * wrong;
}

bool run_is_miscounted(uint64_t came, uint64_t said)
{
	return came > said && (came - said <= 8 || came - said <= said / 64);
}

const char *run_misfit_text(bool cut, uint64_t came, uint64_t said, char out[MISFIT_TEXT])
{
	snprintf(out, MISFIT_TEXT,
	        cut ? "the server gives %ju of %ju octets: it may be cut; what came is kept"
	            : "the server gives %ju octets instead of %ju: it may be another "
	              "message; what came is kept",
	        (uintmax_t)came, (uintmax_t)said);
	return out;
}

bool run_doubts_sizes(const struct tree_coll *last_run)
{
	size_t wrong = 0;

	for (size_t i = 0; i < last_run->n_items; i++)
		wrong += (last_run->items[i].warn & WARN_SIZE) != 0;
	return wrong <= FEW || run_trusts_sizes(last_run->n_items - wrong, wrong);
}

bool run_wants(const struct fetch_run *r, const char *name)
{
	const struct pattern_name n = name_of(r, name);

	return pattern_chooses(&r->opts->choice, &n);
}

void run_tell(const struct fetch_run *r, const char *name)
{
	const struct pattern_name n = name_of(r, name);

	r->opts->listed(r->opts->listed_ctx, &n, true);
}

int run_item(
        const struct fetch_run *r, struct tree_coll *c, const struct tree_item *it, struct err *err)
{
	return widen_error(r->sink->ops->item(r->sink, c, it, err), err);
}

int run_keep(const struct fetch_run *r, const char *name, enum coll_status status,
        const char *reason, struct err *err)
{
	if (r->opts->dry)
		return 0;
	return widen_error(r->sink->ops->keep(r->sink, r->kind, name, status, reason, err), err);
}

int run_coll(const struct fetch_run *r, struct tree_coll **c, struct err *err)
{
	struct tree_coll *given = *c;

	*c = NULL;
	return widen_error(r->sink->ops->coll(r->sink, given, err), err);
}

int run_last(const struct fetch_run *r, struct tree_reader **out, struct err *err)
{
	*out = NULL;
	if (!r->sink || !r->sink->ops->last)
		return 0;
	return widen_error(r->sink->ops->last(r->sink, out, err), err);
}

int run_load(const struct fetch_run *r, const char *name, struct tree_coll **snapshot,
        struct tree_coll **last_run, struct err *err)
{
	struct tree_sink *s = r->sink;
	int rc = 0;

	*snapshot = *last_run = NULL;
	if (s)
		rc = s->ops->prev(s, PREV_SNAPSHOT, r->kind, name, snapshot, err);
	if (s && rc == 0)
		rc = s->ops->prev(s, PREV_RUN, r->kind, name, last_run, err);
	return widen_error(rc, err);
}
