/* valise COMMAND --accounts FILE: each account of the file in a worker process of its own. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include "valise/base/clock.h"
#include "valise/base/escape.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include "valise/base/text.h"
#include "batch.h"

#define SLICE_MS 200
#define EVENT_MAX (1u << 20)

/* Options that the workers get in another form, or not at all. */
static bool is_own_option(const char *name)
{
	static const char own[] = "accounts|jobs|shard|skip-done|done-within|output|json|quiet|"
	                          "progress|report|accept-pairs";

	return text_place(name, own) >= 0;
}

/*
 * What the worker of ${j} is called with. No password is among it: the worker reads the
 * file, and asks the commands, itself. It may say something else by then: hence the sum.
 */
static char **worker_args(const struct args *a, const struct job *j)
{
	const struct verb *verb = j->batch->verb;
	char **v = NULL;
	size_t n = 0, cap = 0;

	*ARR_PUSH(v, n, cap) = xstrdup("valise");
	*ARR_PUSH(v, n, cap) = xstrdup(a->cmd->name);
	if (verb->signs_in)
		*ARR_PUSH(v, n, cap) = xasprintf("--config=%s", args_get(a, "accounts"));
	if (verb->archive == ARCHIVE_WRITTEN)
		*ARR_PUSH(v, n, cap) = xasprintf("--output=%s", j->archive);
	*ARR_PUSH(v, n, cap) = xstrdup("--json");
	*ARR_PUSH(v, n, cap) = xstrdup("--progress");
	*ARR_PUSH(v, n, cap) = xstrdup("--quiet");
	*ARR_PUSH(v, n, cap) = xstrdup("--one-of-many");
	if (j->sum)
		*ARR_PUSH(v, n, cap) = xasprintf("--as-listed=%s", j->sum);
	for (size_t i = 0; i < a->n_given; i++) {
		const char *name = a->given[i].def->name, *value = a->given[i].value;

		if (!is_own_option(name))
			*ARR_PUSH(v, n, cap) =
			        xasprintf("--%s%s%s", name, value ? "=" : "", value ? value : "");
	}
	for (size_t i = 0; i < a->n_settings; i++) {
		const char *key = a->settings[i].key;
		bool flag = account_key_is_flag(key);

		/* may hold a password, which everybody would see among the arguments */
		if (strcmp(key, "proxy") == 0 &&
		        setenv("VALISE_PROXY", a->settings[i].value, 1) == 0)
			continue;
		*ARR_PUSH(v, n, cap) = xasprintf(
		        "--%s%s%s", key, flag ? "" : "=", flag ? "" : a->settings[i].value);
	}
	*ARR_PUSH(v, n, cap) = xstrdup("--");
	if (verb->archive == ARCHIVE_READ)
		*ARR_PUSH(v, n, cap) = xstrdup(j->archive);
	if (verb->signs_in)
		*ARR_PUSH(v, n, cap) = xstrdup(j->name);
	*ARR_PUSH(v, n, cap) = NULL;
	return v;
}

/* A line that is to stand in the table is kept back: each thing is told once. */
static void tell_held(struct job *j)
{
	if (j->held)
		ui_talk(&j->batch->ui, j->held);
	free(j->held);
	j->held = NULL;
}

/*
 * The weightiest line is what the table tells of the account. Is it this one, until now? Then what
 * it was before is told.
 */
static bool keep_error(struct job *j, enum weight weight, const char *text)
{
	if (j->weight >= weight)
		return false;
	tell_held(j);
	free(j->error);
	j->error = xstrdup(text);
	j->weight = weight;
	return true;
}

/* A line for people, which the worker escaped. */
static void on_text(struct job *j, const char *text)
{
	static const char warned[] = "warning: ";
	char *failed = xasprintf("valise %s: ", j->batch->args->cmd->name);
	bool is_failure = strncmp(text, failed, strlen(failed)) == 0;
	bool is_warning = strncmp(text, warned, strlen(warned)) == 0;
	char *line;

	if (is_failure)
		text += strlen(failed);
	free(failed);
	line = xasprintf("%s: %s", j->name, text);
	if (is_warning)
		text += strlen(warned);
	if (keep_error(j,
	            is_failure   ? WEIGHT_FAILURE
	            : is_warning ? WEIGHT_WARNING
	                         : WEIGHT_TALK,
	            text) &&
	        !j->batch->ui.json) {
		j->held = line;
		return;
	}
	ui_talk(&j->batch->ui, line);
	free(line);
}

/* What a worker has done, into the sum of all. */
static void on_progress(struct job *j, const json_t *e)
{
	struct progress *p = &j->batch->ui.progress;
	_Atomic uint64_t *sum[] = {
	        &p->items_done, &p->items_total, &p->bytes_done, &p->bytes_total};
	static const char *const key[] = {"items", "items_total", "bytes", "bytes_total"};

	for (size_t i = 0; i < 4; i++) {
		uint64_t value = (uint64_t)json_get_int(e, key[i], 0);

		/* unsigned: what was counted before is taken away */
		atomic_fetch_add(sum[i], value - j->counted[i]);
		j->counted[i] = value;
	}
}

/*
 * Kept for the report, and handed on to a program, with the account's name. Its text for
 * people came on standard error.
 */
static void on_note(struct job *j, json_t *e)
{
	const char *where = json_get_str(e, "collection");
	char *full = where ? xasprintf("%s: %s", j->name, where) : xstrdup(j->name);
	json_t *note = json_copy(e);

	json_object_del(note, "event");
	put_text(note, "collection", full);
	put_text(e, "account", j->name);
	if (j->batch->ui.json)
		put_json(json_incref(e));
	json_array_append_new(j->batch->ui.notes, note);
	free(full);
}

/* An event of a worker, or a line for people. */
static void on_line(void *ctx, bool is_error, char *text, size_t n)
{
	struct job *j = ctx;
	struct err ignored = {0};
	const char *event;
	json_t *e;

	if (is_error) {
		on_text(j, text);
		return;
	}
	if (json_read(text, n, EVENT_MAX, &e, &ignored) < 0)
		return;
	event = json_get_str(e, "event");
	if (event && !strcmp(event, "progress"))
		on_progress(j, e);
	else if (event && !strcmp(event, "note"))
		on_note(j, e);
	else if (event && !strcmp(event, "done") && !j->done)
		j->done = json_incref(e);
	else if (event && !strcmp(event, "failed") && !j->failed)
		j->failed = json_incref(e);
	json_decref(e);
}

/* Its outcome is known: noted as done, and told to programs. */
static void end_job(struct job *j, enum outcome outcome)
{
	j->ended = clock_ms();
	j->outcome = outcome;
	j->batch->ended++;
	if (!batch_row_has_reason(j))
		tell_held(j);
	if (outcome == OUTCOME_DONE || outcome == OUTCOME_UNCHANGED)
		done_write(j);
	if (j->batch->ui.json)
		put_json(batch_event(j));
}

/* The worker of an account; if it cannot be started, that is its outcome. */
static void start_job(struct batch *b, struct job *j)
{
	char **argv = worker_args(b->args, j);
	struct err err = {0};

	j->begun = true;
	j->started = clock_ms();
	j->started_utc = (int64_t)time(NULL);
	if (done_forget(j, &err) == 0 && worker_start(&j->worker, argv, &err) == 0) {
		b->running++;
	} else {
		(void)keep_error(j, WEIGHT_FAILURE, err.text);
		end_job(j, OUTCOME_FAILED);
	}
	for (size_t i = 0; argv[i]; i++)
		free(argv[i]);
	free(argv);
}

static bool did_something(const struct job *j)
{
	const char *key = j->batch->verb->changed;

	return !key || json_get_bool(j->done, key) || json_get_int(j->done, key, 0) > 0;
}

/* What the end of its process means. */
static enum outcome judge_end(struct job *j)
{
	int status = j->worker.status;
	char text[64];

	j->code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	if (j->code == EXIT_INTERRUPTED || (WIFSIGNALED(status) && j->batch->stopping))
		return OUTCOME_STOPPED;
	if (WIFSIGNALED(status)) {
		snprintf(text, sizeof text, "the worker was killed by signal %d", WTERMSIG(status));
		(void)keep_error(j, WEIGHT_END, text);
		return OUTCOME_FAILED;
	}
	if (j->done && j->code == EXIT_INCOMPLETE)
		return OUTCOME_INCOMPLETE;
	if (j->done && j->code == EXIT_DONE)
		return did_something(j) ? OUTCOME_DONE : OUTCOME_UNCHANGED;
	snprintf(text, sizeof text, "the worker ended with exit code %d", j->code);
	(void)keep_error(j, WEIGHT_TALK, text);
	return OUTCOME_FAILED;
}

/* Who is at work, for the line of progress. */
static void say_who(struct batch *b)
{
	struct buf who = buf_of(SIZE_MAX);

	buf_putf(&who, "%zu of %s done", b->ended,
	        counted(b->n, "account", "accounts", (char[COUNTED_SIZE]){0}));
	for (size_t i = 0, k = 0; i < b->n && k < b->running; i++)
		if (b->jobs[i].worker.pid)
			buf_putf(&who, "%s%s", k++ ? ", " : ": ", b->jobs[i].name);
	progress_what(&b->ui.progress, buf_str(&who));
	buf_clear(&who);
}

/* Until a worker prints or ends, or a slice is over. */
static void wait_for_output(const struct batch *b)
{
	struct pollfd p[2 * JOBS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < b->n && n + 2 <= COUNT(p); i++)
		if (b->jobs[i].worker.pid)
			n += worker_poll(&b->jobs[i].worker, p + n);
	/*
	 * A worker whose pipes are closed ends at once. A signal wakes us; one that came
	 * just before is seen a slice later.
	 */
	(void)sys_poll(p, n, n < 2 * b->running ? 10 : SLICE_MS);
}

/* Each worker is asked to end. */
static void stop_all(struct batch *b)
{
	b->stopping = true;
	ui_talk(&b->ui, "stopping: each account ends at a clean point");
	for (size_t i = 0; i < b->n; i++)
		worker_stop(&b->jobs[i].worker);
}

/* Nobody else is at work on what it writes to. */
static bool is_free(const struct batch *b, const struct job *j)
{
	for (size_t i = 0; i < b->n && j->target; i++)
		if (b->jobs[i].worker.pid &&
		        target_compare(b->jobs[i].target, j->target) != TARGETS_APART)
			return false;
	return true;
}

/* *first: before it all have begun. NULL: nobody can begin now. */
static struct job *next_job(struct batch *b, size_t *first)
{
	while (*first < b->n && b->jobs[*first].begun)
		++*first;
	for (size_t i = *first; i < b->n; i++)
		if (!b->jobs[i].begun && is_free(b, &b->jobs[i]))
			return &b->jobs[i];
	return NULL;
}

/* All accounts, as many at once as asked for, until the last has ended. */
static void run_jobs(struct batch *b)
{
	size_t first = 0;
	struct job *j;

	for (;;) {
		if (stop_requested() && !b->stopping)
			stop_all(b);
		while (!b->stopping && b->running < b->at_once && (j = next_job(b, &first)) != NULL)
			start_job(b, j);
		if (b->running == 0)
			return;
		say_who(b);
		wait_for_output(b);
		for (size_t i = 0; i < b->n; i++)
			if (b->jobs[i].worker.pid &&
			        worker_read(&b->jobs[i].worker, on_line, &b->jobs[i])) {
				b->running--;
				end_job(&b->jobs[i], judge_end(&b->jobs[i]));
			}
	}
}

static const struct verb *find_verb(const struct command *cmd)
{
	for (const struct verb *v = batch_verbs; v->command; v++)
		if (v->command == cmd->bit)
			return v;
	return NULL;
}

int batch_run(const struct args *a)
{
	struct batch b = {.args = a, .verb = find_verb(a->cmd)};
	const char *dir = args_get(a, "output");
	struct err err = {0};
	int rc = batch_load(&b);

	if (rc == 0 && dir && dir_make(AT_FDCWD, dir, &err) < 0)
		rc = fail(a, &err);
	if (rc == 0) {
		ui_start(&b.ui, a);
		run_jobs(&b);
		batch_tell_unmatched(&b);
		ui_stop(&b.ui);
		rc = batch_tell(&b);
		ui_clear(&b.ui);
	}
	batch_clear(&b);
	return rc;
}
