/* Every service of an account into one sink: what backup and fetch share. */
#include <string.h>
#include "valise/base/escape.h"
#include "valise/source/source.h"
#include "cli.h"

static const enum coll_kind coll_of[SERVICE_KINDS] = {
        [SERVICE_IMAP] = COLL_MAIL,
        [SERVICE_POP3] = COLL_MAIL,
        [SERVICE_CALDAV] = COLL_CALENDAR,
        [SERVICE_CARDDAV] = COLL_CONTACTS,
};

struct tally {
	unsigned tried, failed;
	bool lost[COLL_KINDS]; /* a service of this kind could not be read */
	struct err last;
};

static int source_options(
        struct take *t, struct source_opts *o, const char **exclude, const char **include)
{
	uint64_t connections;
	int rc = args_number(t->args, "connections", 0, &connections);

	memset(o, 0, sizeof *o);
	o->n_exclude = args_all(t->args, "exclude", exclude, ARGS_MAX);
	o->n_include = args_all(t->args, "include", include, ARGS_MAX);
	o->exclude = exclude;
	o->include = include;
	o->connections = connections > 32 ? 32 : (unsigned)connections;
	o->space_check = t->space_check;
	o->space_ctx = t->space_ctx;
	return rc;
}

/* 0 to go on (also after a service that failed), else an exit code. */
static int take_service(
        struct take *t, enum service_kind kind, const struct source_opts *o, struct tally *y)
{
	const struct source_ops *ops = source_for(kind);
	struct source_result r = {0};
	struct err err = {0}, kept = {0};

	if (!ops) {
		talk("valise %s: %s is not supported by this version", t->args->cmd->name,
		        service_name(kind));
		return EXIT_USAGE;
	}
	y->tried++;
	if (ops->run(&t->account->services[kind], t->sink, o, &t->ui->progress, &r, &err) == 0)
		return 0;
	if (err.code == ERR_STOPPED || err.code == ERR_IO || err.code == ERR_SPACE ||
	        err.code == ERR_DAMAGED || err.code == ERR_USAGE || err.code == ERR_LOCKED)
		return fail(t->args, &err);
	ui_report(t->ui, SAY_WARNING, NULL, service_name(kind), err.text);
	y->failed++;
	y->lost[coll_of[kind]] = true;
	y->last = err;
	if (t->sink->ops->keep(t->sink, coll_of[kind], NULL, COLL_STALE, err.text, &kept) < 0)
		return fail(t->args, &kept);
	return 0;
}

static int skip_rest(struct take *t, unsigned taken)
{
	struct err err = {0};

	for (unsigned k = 0; k < COLL_KINDS; k++)
		if (!(taken & 1u << k) &&
		        t->sink->ops->keep(t->sink, k, NULL, COLL_SKIPPED, NULL, &err) < 0)
			return fail(t->args, &err);
	return 0;
}

static int take_services(struct take *t, struct tally *y)
{
	const char *exclude[ARGS_MAX], *include[ARGS_MAX];
	struct source_opts o;
	unsigned only, taken = 0;
	int rc = args_only(t->args, &only);

	if (rc == 0)
		rc = source_options(t, &o, exclude, include);
	for (unsigned k = 0; k < SERVICE_KINDS && rc == 0; k++) {
		if (!t->account->present[k] || (only && !(only & 1u << coll_of[k])))
			continue;
		taken |= 1u << coll_of[k];
		rc = take_service(t, k, &o, y);
	}
	if (rc == 0 && y->tried == 0)
		rc = usage_error(t->args->cmd, "--only leaves nothing of this account");
	return rc ? rc : skip_rest(t, taken);
}

int take_account(struct take *t)
{
	struct tally y = {0};
	struct err err = {0};
	int rc = take_services(t, &y);

	if (rc)
		return rc;
	if (y.failed == y.tried)
		return fail(t->args, &y.last); /* nothing was read: nothing is sealed */
	if (t->sink->ops->commit(t->sink, &t->commit, &err) < 0)
		return fail(t->args, &err);
	totals_to_json(&t->commit.totals, t->outcome);
	json_object_set_new(t->outcome, "snapshot", json_integer(t->commit.snapshot));
	json_object_set_new(t->outcome, "changed", json_boolean(t->commit.changed));
	json_object_set_new(
	        t->outcome, "objects_new", json_integer((json_int_t)t->commit.objects_new));
	json_object_set_new(t->outcome, "bytes_new", json_integer((json_int_t)t->commit.bytes_new));
	if (t->commit.seal[0])
		json_object_set_new(t->outcome, "seal", json_string(t->commit.seal));
	return y.failed || !t->commit.totals.complete ? EXIT_INCOMPLETE : EXIT_DONE;
}
