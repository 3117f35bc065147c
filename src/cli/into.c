/* Into which service, with which options and journal: what a restore and an audit share. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/pack/archive.h"
#include "valise/restore/restore.h"
#include "cli.h"
#include "protocols.h"

static bool takes_kind(enum service_kind service, enum coll_kind kind)
{
	return protocol_ops[service].target && protocols[service].kinds & 1u << kind;
}

enum service_kind target_service(const struct account *account, enum coll_kind kind)
{
	unsigned first = SERVICE_KINDS;

	for (unsigned k = SERVICE_KINDS; k-- > 0;)
		if (takes_kind(k, kind) &&
		        (first == SERVICE_KINDS || account->present[k] || !account->present[first]))
			first = k;
	return first;
}

int target_journal(const struct service *s, const struct target_opts *o, struct progress *progress,
        char **out, struct err *err)
{
	const struct state_target t = {.archive_id = o->archive_id,
	        .under = o->under,
	        .into = o->into,
	        .make = !o->dry_run};
	bool untold = false;
	int rc = state_journal(s, &t, out, &untold, err);

	if (rc == 0 && untold)
		progress_say(progress, SAY_NOTE,
		        "the restore journal of login \"%s\" does not say for whom it was written "
		        "(an older version did) and is not used: what \"%s\" has already is found "
		        "by "
		        "its content",
		        s->login.user, service_owner(s));
	return rc;
}

int archive_identity(const char *path, char out[SHA256_HEX_SIZE], struct err *err)
{
	struct archive_snapshot *list;
	size_t n, i = 0;
	int rc = archive_snapshots(path, &list, &n, err);

	if (rc < 0)
		return rc;
	while (i < n && list[i].damage[0])
		i++;
	if (i < n)
		snprintf(out, SHA256_HEX_SIZE, "%s",
		        list[i].origin[0]                          ? list[i].origin
		        : list[i].number == 2 && list[i].parent[0] ? list[i].parent
		                                                   : list[i].seal);
	free(list);
	return 0;
}

int target_options(const struct args *a, const struct choice *choice, struct target_opts *o)
{
	unsigned labels = 0;
	int rc = args_at_most(a, "connections", CONNECTIONS_MAX, &o->connections);

	if (rc == 0)
		rc = args_word(a, "labels", "folders|keywords|first", &labels);
	if (rc == 0)
		rc = args_at_most(a, "max-wait", MAX_WAIT_S, &o->max_wait_s);
	if (rc)
		return rc;
	o->labels = (enum label_policy)labels; /* named in its order */
	o->choice = choice->of;
	o->under = args_get(a, "under");
	if (o->under && maps_empty_level(o->under))
		return usage_error(a, "--under names a folder, not \"%s\"", o->under);
	o->into = args_get(a, "into");
	o->with_attendees = args_has(a, "with-attendees");
	return 0;
}
