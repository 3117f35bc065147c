/* valise check: can this account be read, how much is there, how long will it take? */
#include "cli/cli.h"
#include "cli/foresight.h"
#include "cli/protocols.h"
#include "cli/survey.h"

const struct command check_command = {
        .name = "check",
        .synopsis = "[ACCOUNT]",
        .details = "With --for ARCHIVE it says what a restore of that archive into the account "
                   "would do, and what\n"
                   "the server will refuse or change; the options of restore say how it would be "
                   "restored.\n"
                   "Exit codes: 0 done, with --for: all will go; 1 failed, 2 usage, 3 something "
                   "will not or may\n"
                   "not go as it is, 10 no such archive, 12 sign-in refused, 130 interrupted.",
        .summary =
                "sign in to each service of an account: what is there, and how long a backup takes",
        .bit = CMD_CHECK,
        .account = true,
        .max_pos = 1,
        .run = cmd_check,
};

/* One run that stores nothing; ${choice} sees what is there, or limits what is counted. */
static int visit_service(const struct service *s, struct choice *choice, bool list,
        const struct survey *survey, struct ui *ui, struct source_result *r, struct err *err)
{
	struct source_opts o = {.dry = true, .survey = survey};

	if (s->unfound)
		return err_copy(err, s->unfound);
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

/* What was counted, for people; ${known}: with octets, and what the server is like. */
static void tell_service(
        const struct service *s, const struct source_result *r, const struct surveyed *known)
{
	char n[COUNTED_SIZE], b[COUNTED_SIZE], bytes[32];

	line_begin();
	printf("%s: signed in as %s%s%s: %s in %s", s->name, s->login.user,
	        s->login.authzid ? " for " : "", s->login.authzid ? s->login.authzid : "",
	        counted(r->items, "item", "items", n),
	        counted(r->collections, "collection", "collections", b));
	if (known && known->bytes)
		printf(", %s%s", known->part ? "about " : "", human_bytes(known->bytes, bytes));
	putchar('\n');
	if (known)
		surveyed_tell(known);
	fflush(stdout);
	line_end();
}

static void put_service(
        const struct service *s, const struct source_result *r, const struct surveyed *known)
{
	json_t *e = service_event(s);

	json_set_number(e, "items", r->items);
	json_set_number(e, "collections", r->collections);
	if (known)
		surveyed_put(known, s, e);
	put_json(e);
}

/* As check_service; ${known} NULL: items and collections are counted, and nothing else. */
static int look_at(const struct args *a, const struct service *s, struct choice *choice,
        struct surveyed *known, struct ui *ui, struct source_result *sum)
{
	struct source_result r = {0};
	struct err err = {0};
	bool chooses = choice && (choice->of.n_include || choice->of.n_exclude);

	if (chooses && visit_service(s, choice, true, NULL, ui, &r, &err) < 0)
		return fail_service(a, s, ui, &err);
	if (visit_service(s, choice, false, known ? &known->to : NULL, ui, &r, &err) < 0)
		return fail_service(a, s, ui, &err);
	sum->items += r.items;
	sum->collections += r.collections;
	if (known)
		surveyed_end(known);
	if (ui->json)
		put_service(s, &r, known);
	else if (!args_has(a, "quiet"))
		tell_service(s, &r, known);
	return 0;
}

int check_service(const struct args *a, const struct service *s, struct choice *choice,
        struct ui *ui, struct source_result *sum)
{
	return look_at(a, s, choice, NULL, ui, sum);
}

/* One service, and what it adds to ${all}. */
static int survey_service(const struct args *a, const struct service *s, struct ui *ui,
        struct source_result *sum, struct surveyed *all)
{
	struct surveyed known;
	int rc;

	surveyed_begin(&known);
	rc = look_at(a, s, NULL, &known, ui, sum);
	if (rc == 0)
		surveyed_add(all, &known, s);
	surveyed_clear(&known);
	return rc;
}

/* 0, or EXIT_USAGE after a message: an option of a restore that is not asked about. */
static int misused(const struct args *a)
{
	const char *option = args_has(a, "for") ? NULL : foresight_option(a);

	if (!option)
		return 0;
	return usage_error(
	        a, "--%s goes with --for ARCHIVE: it says how that would be restored", option);
}

int cmd_check(const struct args *a)
{
	struct account *account;
	struct source_result sum = {0};
	struct surveyed all = {0};
	unsigned services = 0;
	struct ui ui;
	json_t *o;
	int rc = misused(a), worst = 0;

	rc = rc ? rc : load_account(a, a->pos[0], &account);
	if (rc)
		return rc;
	ui_start(&ui, a);
	for (unsigned k = 0; k < SERVICE_KINDS; k++)
		if (account->present[k]) {
			rc = survey_service(a, &account->services[k], &ui, &sum, &all);
			services += rc == 0;
			worst = rc ? rc : worst;
		}
	o = json_object();
	json_set_number(o, "services", services);
	json_set_number(o, "items", sum.items);
	json_set_number(o, "collections", sum.collections);
	surveyed_outcome(&all, o);
	if (worst == 0 && args_has(a, "for"))
		worst = foresight_check(a, account, &ui, o);
	ui_stop(&ui);
	if (ui.json)
		end_outcome(a, json_copy(o));
	else if (!args_has(a, "quiet") && !args_has(a, "for"))
		surveyed_tell_all(&all);
	if (ui_write_reports(&ui, o,
	            &(struct report){.rc = worst,
	                    .account = account,
	                    .collections = all.folders,
	                    .offers = all.offers}))
		worst = EXIT_FAILED;
	json_decref(all.folders);
	json_decref(all.offers);
	json_decref(o);
	ui_stats(&ui);
	ui_clear(&ui);
	account_free(account);
	return worst;
}
