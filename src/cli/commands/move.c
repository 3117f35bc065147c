/* valise move: the whole way of an account from one server to another, step by step. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "valise/base/clock.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "cli/cli.h"
#include "cli/move/state.h"
#include "cli/target.h"

const struct command move_command = {
        .name = "move",
        .synopsis = "FROM TO",
        .summary = "the whole way of an account: backup, verify, restore, and whether it may be "
                   "closed",
        .details =
                "Run it, let new mail come to the new server, and run it again until it says "
                "that the old account may be closed. It can be stopped at any time, and goes on "
                "where it was.\n"
                "Exit codes: 0 the old account may be closed, 3 not yet: the last line says what "
                "to do now; else that of the step that failed.",
        .bit = CMD_MOVE,
        .account = true,
        .min_pos = 2,
        .max_pos = 2,
        .run = cmd_move,
};

struct move {
	const struct args *args;
	const char *from, *to;
	char *archive;
	struct known_accounts known;
	struct move_wish wish;
	struct move_state state;
	struct move_round round;
	json_t *advice; /* of the last look at the DNS, or NULL */
};

/* What a step is called with: words that are freed as a list. */
struct words {
	char **v;
	size_t n, cap;
};

static void add_word(struct words *w, const char *text)
{
	*ARR_PUSH(w->v, w->n, w->cap) = xstrdup(text);
}

static void add_option(struct words *w, const char *name, const char *value)
{
	*ARR_PUSH(w->v, w->n, w->cap) =
	        xasprintf("--%s%s%s", name, value ? "=" : "", value ? value : "");
}

/* A step is called as its command is; who signs in checks. */
static const struct command *command_of(enum move_step s)
{
	const char *name = move_step_word(s == MOVE_SIGN_IN ? MOVE_CHECK : s);
	const struct command *const *c = commands;

	while (*c && strcmp((*c)->name, name) != 0)
		c++;
	return *c;
}

/* Does an option that was given to move go to the step, if that has one of this name? */
static bool is_for(enum move_step s, const char *name)
{
	static const char own[] = "output|report|for|domain|cut-over|dry-run|trace";

	if (s == MOVE_SIGN_IN) /* all of the account is counted */
		return text_in(name, "config|nameserver|yes|json|quiet|progress");
	if (strcmp(name, "expect") == 0) /* verify has another one */
		return s == MOVE_DNS;
	return !text_in(name, own);
}

static void pass_options(
        const struct move *m, enum move_step s, const struct args *step, struct words *w)
{
	for (size_t i = 0; i < m->args->n_given; i++) {
		const char *name = m->args->given[i].def->name;

		if (is_for(s, name) && args_takes(step, name))
			add_option(w, name, m->args->given[i].value);
	}
	for (size_t i = 0; i < m->args->n_settings && step->cmd->account; i++) {
		const struct account_setting *key = &m->args->settings[i];

		add_option(w, key->key, account_key_is_flag(key->key) ? NULL : key->value);
	}
}

/* The certificate is where the archive is; whoever wants it elsewhere, too, says so. */
static void add_reports(const struct move *m, struct words *w)
{
	static const char *const ends[] = {"html", "json"};
	const char *more[ARGS_MAX];
	size_t n = args_all(m->args, "report", more, ARGS_MAX);

	for (size_t i = 0; i < COUNT(ends); i++) {
		char *path = xasprintf("%s.certificate.%s", m->archive, ends[i]);

		add_option(w, "report", path);
		free(path);
	}
	for (size_t i = 0; i < n; i++)
		add_option(w, "report", more[i]);
}

static void fill_words(
        const struct move *m, enum move_step s, const struct args *step, struct words *w)
{
	pass_options(m, s, step, w);
	switch (s) {
	case MOVE_BACKUP:
		add_option(w, "output", m->archive);
		add_word(w, "--");
		add_word(w, m->from);
		break;
	case MOVE_CHECK:
		add_option(w, "for", m->archive);
		add_word(w, "--");
		add_word(w, m->to);
		break;
	case MOVE_VERIFY:
		add_word(w, "--");
		add_word(w, m->archive);
		break;
	case MOVE_RESTORE:
		add_option(w, "update", NULL);
		add_word(w, "--");
		add_word(w, m->archive);
		add_word(w, m->to);
		break;
	case MOVE_DNS:
		add_option(w, "old", m->from);
		if (args_has(m->args, "for"))
			add_option(w, "for", args_get(m->args, "for"));
		add_word(w, "--");
		add_word(w, args_get(m->args, "domain"));
		break;
	case MOVE_AUDIT:
		add_option(w, "source", m->from);
		add_option(w, "target", m->to);
		if (m->wish.dns)
			add_option(w, "dns", args_get(m->args, "domain"));
		add_reports(m, w);
		add_word(w, "--");
		add_word(w, m->archive);
		break;
	default:
		add_word(w, "--");
		add_word(w, m->from);
	}
}

/* What the step is, for people. */
static char *step_text(const struct move *m, enum move_step s)
{
	switch (s) {
	case MOVE_BACKUP:
		return xasprintf("backup of %s into %s", m->from, m->archive);
	case MOVE_VERIFY:
		return xasprintf("verify %s", m->archive);
	case MOVE_CHECK:
		return xasprintf("check what %s will refuse or change", m->to);
	case MOVE_RESTORE:
		return xasprintf("restore into %s", m->to);
	case MOVE_DNS:
		return xasprintf("dns: what the records of %s say", args_get(m->args, "domain"));
	case MOVE_AUDIT:
		return xasprintf("audit: may %s be closed? With a certificate", m->from);
	default:
		return xasprintf("check %s: sign in, and count", m->from);
	}
}

static void tell(const struct move *m, const char *text)
{
	char *safe = term_escape_dup(text);

	if (!args_has(m->args, "json") && !args_has(m->args, "quiet")) {
		line_begin();
		puts(safe);
		fflush(stdout);
		line_end();
	}
	free(safe);
}

/* What is going to be done, before anything is. */
static void tell_plan(const struct move *m, bool goes_on)
{
	unsigned n = 0;
	char *line = xasprintf("%s round %u, %s:", goes_on ? "going on with" : "this is",
	        m->round.number,
	        m->round.copy ? "the copy; nobody has to stop working at the old account"
	                      : "what came since the last one");

	tell(m, line);
	free(line);
	for (unsigned s = 0; s < MOVE_STEPS; s++) {
		char *text;

		if (!move_has(&m->round, &m->wish, (enum move_step)s))
			continue;
		text = step_text(m, (enum move_step)s);
		line = xasprintf("  %u. %s%s", ++n, text, m->round.done[s] ? " (done)" : "");
		tell(m, line);
		free(line);
		free(text);
	}
}

/* --yes, and where nobody can be asked, is a yes. */
static bool may_go_on(const struct move *m, const char *question)
{
	return args_has(m->args, "yes") || args_has(m->args, "json") || !isatty(STDIN_FILENO) ||
	       ask_yes(question, true) == 1; /* not ^C, and not the end of the answers */
}

static void put_step(const struct move *m, enum move_step s, int rc, const json_t *outcome)
{
	json_t *e;

	if (!args_has(m->args, "json"))
		return;
	e = outcome ? json_copy((json_t *)(uintptr_t)outcome) : json_object();
	json_set_text(e, "event", "step");
	json_set_text(e, "step", move_step_word(s));
	json_set_number(e, "round", m->round.number);
	json_object_set_new(e, "exit", json_integer(rc));
	put_json(e);
}

/* One step, as if it were a command of its own; its ending is the move's where it stops it. */
static int run_step(struct move *m, enum move_step s)
{
	struct ending ending = {.started = clock_ms()};
	struct args step = {.cmd = command_of(s), .ending = &ending, .known = &m->known};
	struct words w = {0};
	enum move_after after;
	struct err err = {0};
	bool refused;
	int rc;

	fill_words(m, s, &step, &w);
	rc = run_words(&step, (int)w.n, w.v);
	after = move_judge(s, rc);
	put_step(m, s, rc, ending.outcome);
	refused = after == MOVE_ASK &&
	          !may_go_on(m, "Restore all the same? What is named above is as it says [Y/n] ");
	m->round.done[s] = after != MOVE_STOP && !refused;
	if (s == MOVE_AUDIT)
		m->round.safe = rc == EXIT_DONE;
	if (s == MOVE_DNS) {
		json_decref(m->advice);
		m->advice = json_incref(
		        json_object_get(json_object_get(ending.outcome, "dns"), "next"));
	}
	m->round.over = move_next(&m->round, &m->wish) == MOVE_STEPS;
	move_state_step(&m->state, s, rc, m->round.done[s], (int64_t)time(NULL), ending.outcome);
	if (after == MOVE_STOP)
		end_why(m->args, &ending.why);
	json_decref(ending.outcome);
	texts_free(w.v, w.n);
	if (move_state_put(&m->state, &m->round, &err) < 0)
		return fail(m->args, &err);
	if (refused)
		return stop_check(NULL) ? EXIT_INTERRUPTED : EXIT_INCOMPLETE;
	return after == MOVE_STOP ? rc : 0;
}

/* The steps of the round that are left; an exit code where one of them ends it. */
static int run_round(struct move *m)
{
	enum move_step s;
	int rc = 0;

	while (rc == 0 && (s = move_next(&m->round, &m->wish)) < MOVE_STEPS) {
		char *text = step_text(m, s), *line = xasprintf("== %s", text);

		tell(m, line);
		free(line);
		free(text);
		rc = run_step(m, s);
	}
	return rc;
}

static char *advice_text(const struct move *m, enum move_now now)
{
	const char *dns = m->advice ? json_string_value(m->advice) : NULL;

	switch (now) {
	case MOVE_NOW_CLOSE:
		return xasprintf(
		        "%s may be closed. Keep %s, and its certificate %s.certificate.html",
		        m->from, m->archive, m->archive);
	case MOVE_NOW_RESOLVE:
		return xasprintf(
		        "%s must not be closed yet: see to what is named above%s%s, then run "
		        "the same command again",
		        m->from, dns ? "; " : "", dns ? dns : "");
	case MOVE_NOW_SWITCH:
		return xasprintf("%s has what %s had. Now let new mail come to the new server%s%s "
		                 "and, when nothing comes to the old one any more, run the same "
		                 "command again",
		        m->to, m->from, dns ? ": " : " (change the MX of its domain, or forward),",
		        dns ? dns : "");
	default:
		return xasprintf("the round is not done; the same command goes on with it");
	}
}

static json_t *outcome_json(const struct move *m, enum move_now now, const char *text)
{
	static const char *const words[] = {"again", "switch", "resolve", "close"};
	json_t *o = json_object();

	put_text(o, "archive", m->archive);
	put_text(o, "from", m->from);
	put_text(o, "to", m->to);
	json_set_number(o, "round", m->round.number);
	json_object_set_new(o, "safe", json_boolean(m->round.over && m->round.safe));
	json_set_text(o, "now", words[now]);
	put_text(o, "text", text);
	return o;
}

/* What a person has to do now, and the exit code. */
static int end_round(struct move *m, int rc)
{
	enum move_now now = move_advise(&m->round);
	char *text = advice_text(m, now);
	char *line = xasprintf("now: %s", text);

	end_outcome(m->args, outcome_json(m, now, text));
	tell(m, line);
	free(line);
	free(text);
	if (rc)
		return rc;
	return now == MOVE_NOW_CLOSE ? EXIT_DONE : EXIT_INCOMPLETE;
}

/* The account ${name} as the command of ${s} sees it, and where its archive is, if it says. */
static int know_account(struct move *m, enum move_step s, const char *name)
{
	const char *archive = m->archive ? m->archive : args_get(m->args, "output");
	struct ending ending = {0};
	struct args step = {.cmd = command_of(s), .ending = &ending};
	struct known_account *k = &m->known.items[m->known.n];
	struct words w = {0};
	int rc;

	pass_options(m, s, &step, &w);
	if (s == MOVE_BACKUP && archive)
		add_option(&w, "output", archive);
	add_word(&w, "--");
	if (s == MOVE_RESTORE)
		add_word(&w, archive);
	add_word(&w, name);
	rc = args_parse(&step, (int)w.n, w.v);
	rc = rc ? rc : section_apply(&step);
	rc = rc ? rc : load_account(&step, name, &k->account);
	if (rc == 0) {
		k->name = name;
		m->known.n++;
		if (!m->archive)
			m->archive = args_get(&step, "output")
			                     ? xstrdup(args_get(&step, "output"))
			                     : archive_name(NULL, k->account->name);
	} else {
		end_why(m->args, &ending.why);
	}
	section_clear(&step);
	texts_free(w.v, w.n);
	return rc;
}

/* To what it is at itself nothing can be moved, and it would be said that it may be closed. */
static int refuse_same(const struct move *m)
{
	struct target *from = target_of(m->known.items[0].account);
	struct target *to = target_of(m->known.items[1].account);
	enum likeness same = target_compare(from, to);

	target_free(from);
	target_free(to);
	return same == TARGETS_SAME ? usage_error(m->args,
	                                      "\"%s\" and \"%s\" are the same account of the same "
	                                      "server",
	                                      m->from, m->to)
	                            : 0;
}

/* A name: "a.valise/" would have its files in the archive. */
static void cut_slashes(char *path)
{
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		path[--n] = '\0';
}

/* Both accounts, and what earlier runs have done. */
static int open_move(struct move *m)
{
	struct move_round last;
	struct err err = {0};
	int rc = know_account(m, MOVE_BACKUP, m->from);

	rc = rc ? rc : know_account(m, MOVE_RESTORE, m->to);
	rc = rc ? rc : refuse_same(m);
	if (rc)
		return rc;
	cut_slashes(m->archive);
	if (move_state_open(m->archive, m->from, m->to, &m->state, &err) < 0)
		return fail(m->args, &err);
	move_state_round(&m->state, &last);
	if (access(m->archive, F_OK) != 0 && errno == ENOENT) /* it was taken away */
		memset(last.done, 0, sizeof last.done);
	tell_plan(m, move_begin(&last, (int64_t)time(NULL), &m->round));
	/* with another wish than when it was stopped nothing may be left of it */
	m->round.over = move_next(&m->round, &m->wish) == MOVE_STEPS;
	return 0;
}

static int do_move(struct move *m)
{
	struct err err = {0};
	int rc = open_move(m);

	if (rc || args_has(m->args, "dry-run"))
		return rc;
	if (!may_go_on(m, "Begin? [Y/n] "))
		return EXIT_INTERRUPTED;
	if (move_state_put(&m->state, &m->round, &err) < 0)
		return fail(m->args, &err);
	return end_round(m, run_round(m));
}

int cmd_move(const struct args *a)
{
	struct move *m = xcalloc(1, sizeof *m);
	int rc = 0;

	m->args = a;
	m->from = a->pos[0];
	m->to = a->pos[1];
	m->wish = (struct move_wish){args_has(a, "domain"), args_has(a, "cut-over")};
	if (args_name_service(a))
		rc = usage_error(a, "both accounts are named, each a section of accounts.ini or an "
		                    "address");
	else if (strcmp(m->from, m->to) == 0)
		rc = usage_error(a, "\"%s\" cannot be moved to itself", m->from);
	else if (args_has(a, "for") && !m->wish.dns)
		rc = usage_error(a, "--for says what the records of --domain are to be: name it");
	rc = rc ? rc : do_move(m);
	if (m->state.path)
		move_state_close(&m->state);
	for (size_t i = 0; i < m->known.n; i++)
		account_free(m->known.items[i].account);
	json_decref(m->advice);
	free(m->archive);
	free(m);
	return rc;
}
