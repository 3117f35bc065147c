/* valise check: can this account be read? */
#include "cli/cli.h"
#include "cli/protocols.h"

const struct command check_command = {
        .name = "check",
        .synopsis = "[ACCOUNT]",
        .summary =
                "sign in to each service of an account and count what is there; nothing is fetched",
        .bit = CMD_CHECK,
        .account = true,
        .max_pos = 1,
        .run = cmd_check,
};

/* One run that fetches nothing; ${choice} sees what is there, or limits what is counted. */
static int visit_service(const struct service *s, struct choice *choice, bool list, struct ui *ui,
        struct source_result *r, struct err *err)
{
	struct source_opts o = {.dry = true};

	if (choice)
		o.choice = choice->of;
	if (list) {
		o.listed = choice_see;
		o.listed_ctx = choice;
	}
	return protocol_ops[s->kind].source->run(
	        s, protocols[s->kind].kinds, NULL, &o, &ui->progress, r, err);
}

static json_t *service_event(const struct service *s)
{
	json_t *e = json_object();

	json_set_text(e, "event", "service");
	put_text(e, "service", s->name);
	put_text(e, "user", s->login.user);
	put_text(e, "account", service_owner(s));
	return e;
}

/* Told, and named for the report and for programs: the last event has the last one alone. */
static int fail_service(
        const struct args *a, const struct service *s, struct ui *ui, const struct err *err)
{
	json_t *note = json_object();

	json_set_text(note, "level", "warning");
	put_text(note, "collection", s->name);
	put_text(note, "text", err->text);
	json_array_append_new(ui->notes, note);
	if (ui->json) {
		json_t *e = service_event(s);

		json_set_text(e, "code", code_word(err->code));
		put_text(e, "text", err->text);
		put_json(e);
	}
	return fail(a, err);
}

int check_service(const struct args *a, const struct service *s, struct choice *choice,
        struct ui *ui, struct source_result *sum)
{
	struct source_result r = {0};
	struct err err = {0};
	char n[COUNTED_SIZE], b[COUNTED_SIZE];
	bool chooses = choice && (choice->of.n_include || choice->of.n_exclude);

	if (chooses && visit_service(s, choice, true, ui, &r, &err) < 0)
		return fail_service(a, s, ui, &err);
	if (visit_service(s, choice, false, ui, &r, &err) < 0)
		return fail_service(a, s, ui, &err);
	sum->items += r.items;
	sum->collections += r.collections;
	if (ui->json) {
		json_t *e = service_event(s);

		json_set_number(e, "items", r.items);
		json_set_number(e, "collections", r.collections);
		put_json(e);
		return 0;
	}
	if (args_has(a, "quiet"))
		return 0;
	line_begin();
	printf("%s: signed in as %s%s%s: %s in %s\n", s->name, s->login.user,
	        s->login.authzid ? " for " : "", s->login.authzid ? s->login.authzid : "",
	        counted(r.items, "item", "items", n),
	        counted(r.collections, "collection", "collections", b));
	fflush(stdout);
	line_end();
	return 0;
}

int cmd_check(const struct args *a)
{
	struct account *account;
	struct source_result sum = {0};
	unsigned services = 0;
	struct ui ui;
	json_t *o;
	int rc = load_account(a, a->pos[0], &account), worst = 0;

	if (rc)
		return rc;
	ui_start(&ui, a);
	for (unsigned k = 0; k < SERVICE_KINDS; k++)
		if (account->present[k]) {
			rc = check_service(a, &account->services[k], NULL, &ui, &sum);
			services += rc == 0;
			worst = rc ? rc : worst;
		}
	ui_stop(&ui);
	o = json_object();
	json_set_number(o, "services", services);
	json_set_number(o, "items", sum.items);
	json_set_number(o, "collections", sum.collections);
	if (ui.json)
		end_outcome(a, json_copy(o));
	if (ui_write_reports(&ui, o, &(struct report){.rc = worst, .account = account}))
		worst = EXIT_FAILED;
	json_decref(o);
	ui_stats(&ui);
	ui_clear(&ui);
	account_free(account);
	return worst;
}
