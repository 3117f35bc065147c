/*
 * valise backup --accounts FILE -o DIR: each account of the file in a worker process of
 * its own.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "valise/base/clock.h"
#include "valise/base/escape.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include "valise/base/text.h"
#include "batch.h"

#define JOBS_DEFAULT 4
#define JOBS_MAX 64
#define SLICE_MS 200
#define EVENT_MAX (1u << 20)

/* Options that the workers get in another form, or not at all. */
static bool is_own_option(const char *name)
{
	return text_place(name, "accounts|jobs|output|json|quiet|progress|report") >= 0;
}

/*
 * What the worker of ${j} is called with. No password is among it: the worker reads the
 * file, and asks the commands, itself.
 */
static char **worker_args(const struct args *a, const struct job *j)
{
	char **v = NULL;
	size_t n = 0, cap = 0;

	*ARR_PUSH(v, n, cap) = xstrdup("valise");
	*ARR_PUSH(v, n, cap) = xstrdup(a->cmd->name);
	*ARR_PUSH(v, n, cap) = xasprintf("--config=%s", args_get(a, "accounts"));
	*ARR_PUSH(v, n, cap) = xasprintf("--output=%s", j->archive);
	*ARR_PUSH(v, n, cap) = xstrdup("--json");
	*ARR_PUSH(v, n, cap) = xstrdup("--progress");
	*ARR_PUSH(v, n, cap) = xstrdup("--quiet");
	*ARR_PUSH(v, n, cap) = xstrdup("--one-of-many");
	for (size_t i = 0; i < a->n_given; i++) {
		const char *name = a->given[i].def->name, *value = a->given[i].value;

		if (!is_own_option(name))
			*ARR_PUSH(v, n, cap) =
			        xasprintf("--%s%s%s", name, value ? "=" : "", value ? value : "");
	}
	for (size_t i = 0; i < a->n_settings; i++) {
		const char *key = a->settings[i].key;
		bool flag = account_key_is_flag(key);

		*ARR_PUSH(v, n, cap) = xasprintf(
		        "--%s%s%s", key, flag ? "" : "=", flag ? "" : a->settings[i].value);
	}
	*ARR_PUSH(v, n, cap) = xstrdup("--");
	*ARR_PUSH(v, n, cap) = xstrdup(j->name);
	*ARR_PUSH(v, n, cap) = NULL;
	return v;
}

static void keep_error(struct job *j, enum weight weight, const char *text)
{
	if (j->weight >= weight)
		return;
	free(j->error);
	j->error = xstrdup(text);
	j->weight = weight;
}

/* A line for people, which the worker escaped. */
static void on_text(struct job *j, const char *text)
{
	static const char failed[] = "valise backup: ", warned[] = "warning: ";
	bool is_failure = strncmp(text, failed, strlen(failed)) == 0;
	bool is_warning = strncmp(text, warned, strlen(warned)) == 0;
	char *line;

	if (is_failure)
		text += strlen(failed);
	line = xasprintf("%s: %s", j->name, text);
	ui_talk(&j->batch->ui, line);
	free(line);
	if (is_warning)
		text += strlen(warned);
	keep_error(j,
	        is_failure   ? WEIGHT_FAILURE
	        : is_warning ? WEIGHT_WARNING
	                     : WEIGHT_TALK,
	        text);
}

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

static void end_job(struct job *j, enum outcome outcome)
{
	j->ended = clock_ms();
	j->outcome = outcome;
	if (j->batch->ui.json)
		put_json(batch_event(j));
}

static void start_job(struct batch *b, struct job *j)
{
	char **argv = worker_args(b->args, j);
	struct err err = {0};

	j->started = clock_ms();
	if (worker_start(&j->worker, argv, &err) == 0) {
		b->running++;
	} else {
		keep_error(j, WEIGHT_FAILURE, err.text);
		end_job(j, OUTCOME_FAILED);
	}
	for (size_t i = 0; argv[i]; i++)
		free(argv[i]);
	free(argv);
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
		keep_error(j, WEIGHT_END, text);
		return OUTCOME_FAILED;
	}
	if (j->done && j->code == EXIT_INCOMPLETE)
		return OUTCOME_INCOMPLETE;
	if (j->done && j->code == EXIT_DONE)
		return json_get_bool(j->done, "changed") ? OUTCOME_SEALED : OUTCOME_UNCHANGED;
	snprintf(text, sizeof text, "the worker ended with exit code %d", j->code);
	keep_error(j, WEIGHT_TALK, text);
	return OUTCOME_FAILED;
}

/* Who is at work, for the line of progress. */
static void say_who(struct batch *b)
{
	struct buf who = buf_of(SIZE_MAX);

	buf_putf(&who, "%zu of %s done", b->started - b->running,
	        counted(b->n, "account", "accounts", (char[COUNTED_SIZE]){0}));
	for (size_t i = 0, k = 0; i < b->started; i++)
		if (b->jobs[i].worker.pid)
			buf_putf(&who, "%s%s", k++ ? ", " : ": ", b->jobs[i].name);
	progress_what(&b->ui.progress, buf_str(&who));
	buf_clear(&who);
}

static void wait_for_output(const struct batch *b)
{
	struct pollfd p[2 * JOBS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < b->started; i++)
		if (b->jobs[i].worker.pid)
			n += worker_poll(&b->jobs[i].worker, p + n);
	/*
	 * A worker whose pipes are closed ends at once. A signal wakes us; one that came
	 * just before is seen a slice later.
	 */
	(void)sys_poll(p, n, n < 2 * b->running ? 10 : SLICE_MS);
}

static void stop_all(struct batch *b)
{
	b->stopping = true;
	ui_talk(&b->ui, "stopping: each account ends at a clean point");
	for (size_t i = 0; i < b->started; i++)
		worker_stop(&b->jobs[i].worker);
}

static void run_jobs(struct batch *b)
{
	for (;;) {
		if (stop_requested() && !b->stopping)
			stop_all(b);
		while (!b->stopping && b->running < b->at_once && b->started < b->n)
			start_job(b, &b->jobs[b->started++]);
		if (b->running == 0)
			return;
		say_who(b);
		wait_for_output(b);
		for (size_t i = 0; i < b->started; i++)
			if (b->jobs[i].worker.pid &&
			        worker_read(&b->jobs[i].worker, on_line, &b->jobs[i])) {
				b->running--;
				end_job(&b->jobs[i], judge_end(&b->jobs[i]));
			}
	}
}

/*
 * Every account is looked at before the first is read: a slip of the pen costs nothing
 * then.
 */
static int check_account(const struct args *a, const struct accounts *list, const char *name)
{
	struct account *account = NULL;
	struct err err = {0};
	char lines[ACCOUNT_WARNINGS][256];
	size_t n;

	if (account_from(list, name, a->settings, a->n_settings, NULL, &account, &err) < 0) {
		(void)err_wrap(&err, "account %s", name);
		return fail(a, &err);
	}
	n = account_warnings(account, lines, ACCOUNT_WARNINGS);
	for (size_t i = 0; i < n; i++) {
		char safe[250];

		talk("warning: %s: %s", term_escape(name, strlen(name), safe, sizeof safe),
		        lines[i]);
	}
	account_free(account);
	return 0;
}

static int load_jobs(struct batch *b, const char *dir)
{
	const char *file = args_get(b->args, "accounts");
	struct err err = {0};
	struct accounts *list = NULL;
	struct stat st;
	int rc = 0;

	/* A pipe can be read once; each worker reads it. */
	if (stat(file, &st) == 0 && !S_ISREG(st.st_mode))
		return usage_error(b->args, "--accounts %s: not a regular file", file);
	if (accounts_open(file, &list, &err) < 0)
		return fail(b->args, &err);
	b->n = accounts_count(list);
	b->jobs = xcalloc(b->n + 1, sizeof *b->jobs);
	for (size_t i = 0; i < b->n; i++)
		b->jobs[i] = (struct job){.batch = b,
		        .name = xstrdup(accounts_name(list, i)),
		        .archive = archive_name(dir, accounts_name(list, i)),
		        .code = -1};
	if (b->n == 0)
		rc = usage_error(b->args, "%s holds no account, as in [alice]", file);
	for (size_t i = 0; i < b->n && rc == 0; i++)
		rc = check_account(b->args, list, b->jobs[i].name);
	accounts_close(list);
	return rc;
}

/* What makes sense for one account alone. */
static int check_options(const struct args *a)
{
	static const char *const alone[] = {"config", "tree", "trace"};

	if (a->n_pos)
		return usage_error(a, "name an account, or --accounts FILE; not both");
	if (args_has(a, "names"))
		return usage_error(a, "--names goes with --tree: an archive has no such names");
	for (size_t i = 0; i < COUNT(alone); i++)
		if (args_has(a, alone[i]))
			return usage_error(a, "--%s does not go with --accounts", alone[i]);
	for (size_t i = 0; i < a->n_settings; i++)
		if (strstr(a->settings[i].key, "password-fd"))
			return usage_error(a,
			        "--%s does not go with --accounts: each account is read by a "
			        "process of its own; use password-command",
			        a->settings[i].key);
	return 0;
}

static void clear_batch(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		free(b->jobs[i].name);
		free(b->jobs[i].archive);
		free(b->jobs[i].error);
		json_decref(b->jobs[i].done);
		json_decref(b->jobs[i].failed);
	}
	free(b->jobs);
}

int backup_accounts(const struct args *a)
{
	const char *dir = args_get(a, "output");
	struct batch b = {.args = a};
	struct err err = {0};
	uint64_t at_once;
	int rc = args_number(a, "jobs", JOBS_DEFAULT, &at_once);

	if (rc == 0 && (at_once < 1 || at_once > JOBS_MAX))
		rc = usage_error(a, "--jobs is a number from 1 to %d", JOBS_MAX);
	if (rc == 0)
		rc = check_options(a);
	if (rc == 0)
		rc = load_jobs(&b, dir);
	if (rc == 0 && dir && dir_make(AT_FDCWD, dir, &err) < 0)
		rc = fail(a, &err);
	if (rc == 0) {
		b.at_once = (size_t)at_once;
		ui_start(&b.ui, a);
		run_jobs(&b);
		ui_stop(&b.ui);
		rc = batch_tell(&b);
		ui_clear(&b.ui);
	}
	clear_batch(&b);
	return rc;
}
