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

/* The table, the outcome, the reports: an exit code. */
static int tell(const struct args *a, struct ui *ui, const struct migration *m)
{
	int rc = m->step == STEP_DONE ? EXIT_DONE : EXIT_INCOMPLETE;
	json_t *o = json_object();

	json_object_set_new(o, "dns", dns_json(m));
	if (ui->json)
		end_outcome(a, json_copy(o));
	else if (!ui_quiet(ui, rc))
		dns_table(m);
	if (m->step == STEP_ASK) {
		struct err err = {0};

		(void)err_set(&err, ERR_NET, ERR_WHOLE, "%s: %s", m->domain, m->next);
		rc = fail(a, &err);
	}
	if (ui_write_reports(ui, o, &(struct report){.rc = rc}))
		rc = EXIT_FAILED;
	json_decref(o);
	return rc;
}

int cmd_dns(const struct args *a)
{
	struct migration *m = NULL;
	struct ui ui;
	int rc;

	ui_start(&ui, a);
	rc = look_at_dns(a, a->pos[0], NULL, &m);
	if (rc == 0)
		rc = tell(a, &ui, m);
	ui_clear(&ui);
	migration_free(m);
	return rc;
}
