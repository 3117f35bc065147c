/* valise dns: does the world know of the new provider already? */
#include "valise/migration/migration.h"
#include "cli/cli.h"

const struct command dns_command = {
        .name = "dns",
        .synopsis = "DOMAIN",
        .summary = "say what the DNS of a domain still has of the old provider, what is wrong "
                   "with it, and what to do next",
        .details = "Each server of the zone is asked by itself, and the resolver. Exit code 0: all "
                   "is as it is to be; 3: something differs, is wrong or on its way; 1: it could "
                   "not be asked.",
        .bit = CMD_DNS,
        .min_pos = 1,
        .max_pos = 1,
        .run = cmd_dns,
};

int cmd_dns(const struct args *a)
{
	struct migration *m = NULL;
	int rc = look_at_dns(a, a->pos[0], NULL, &m);
	json_t *o;

	if (rc)
		return rc;
	rc = m->step == STEP_DONE ? EXIT_DONE : EXIT_INCOMPLETE;
	o = json_object();
	json_object_set_new(o, "dns", dns_json(m));
	end_outcome(a, o);
	if (!args_has(a, "json") && !(args_has(a, "quiet") && rc == EXIT_DONE))
		dns_table(m);
	if (m->step == STEP_ASK) {
		struct err err = {0};

		(void)err_set(&err, ERR_NET, ERR_WHOLE, "%s: %s", m->domain, m->next);
		rc = fail(a, &err);
	}
	migration_free(m);
	return rc;
}
