/* --accounts FILE: who is in the list, and what is wrong with it, before anything starts. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include "valise/base/escape.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "batch.h"

#define JOBS_DEFAULT 4
#define AGE_DEFAULT (12 * 3600)

/* The list as it is read. */
struct list {
	struct batch *b;
	struct accounts *accounts;
	const char *dir; /* of the archives, NULL: none is given */
	unsigned shard, shards; /* from 1; shards 0: all */
	bool skip;
	int64_t since_utc;
};

static const struct account_option *find_option(const struct account_options *o, const char *key)
{
	for (size_t i = 0; i < o->n; i++)
		if (strcmp(o->items[i].key, key) == 0)
			return &o->items[i];
	return NULL;
}

/* What is there already, as it is or with the suffix: "alice" may mean alice.valise. */
static char *with_suffix(char *path)
{
	struct stat st;
	char *full;

	if (stat(path, &st) == 0)
		return path;
	full = xasprintf("%s.valise", path);
	if (stat(full, &st) == 0) {
		free(path);
		return full;
	}
	free(full);
	return path;
}

/* Where the account's archive is; what is relative counts from DIR, if one is given. */
static char *find_archive(const struct list *l, const char *name, const struct account_options *own)
{
	const struct account_option *archive = find_option(own, "archive");
	const struct account_option *old = find_option(own, "old");
	char *path;

	if (l->b->verb->archive == ARCHIVE_NONE)
		return NULL;
	if (!archive && old && l->b->verb->archive == ARCHIVE_READ)
		return archive_name(l->dir, old->value);
	if (!archive)
		return archive_name(l->dir, name);
	path = l->dir && !strchr("/~", *archive->written)
	               ? xasprintf("%s/%s", l->dir, archive->written)
	               : xstrdup(archive->value);
	return l->b->verb->archive == ARCHIVE_READ ? with_suffix(path) : path;
}

/* Where its archive is said to be: one place, and for a restore it is there. */
static int check_archive(const struct job *j, const struct account_options *own, struct err *err)
{
	const struct account_option *archive = find_option(own, "archive");
	const struct account_option *old = find_option(own, "old");
	const struct account_option *from = archive ? archive : old;
	struct stat st;

	if (archive && old)
		return err_at(err, old->file, old->line,
		        "\"archive\" and \"old\" both say where the archive is; keep "
		        "one");
	if (j->batch->verb->command != CMD_RESTORE || stat(j->archive, &st) == 0)
		return 0;
	/* Who is paired with whom is a matter of the list. */
	if (from)
		return err_at(err, from->file, from->line, "%s: there is no archive %s", from->key,
		        j->archive);
	return err_set(err, ERR_USAGE, ERR_WHOLE,
	        "there is no archive %s; \"archive\" or \"old\" says which is this account's",
	        j->archive);
}

static void tell_warnings(const char *name, const struct account *account)
{
	char lines[ACCOUNT_WARNINGS][256], safe[1200];
	size_t n = account_warnings(account, lines, ACCOUNT_WARNINGS);

	term_escape(name, strlen(name), safe, sizeof safe);
	for (size_t i = 0; i < n; i++)
		talk("warning: %s: %s", safe, lines[i]);
}

static bool is_ours(const struct list *l, const char *name)
{
	return !l->shards || shard_of(name, l->shards) == l->shard - 1;
}

/* ${own}, ${account}: filled; account stays NULL if the command does not sign in. */
static int read_account(const struct list *l, const char *name, struct account_options *own,
        struct account **account, struct err *err)
{
	const struct args *a = l->b->args;
	int rc;

	if (!l->b->verb->signs_in)
		return accounts_options(l->accounts, name, own, err);
	rc = account_from(l->accounts, name, a->settings, a->n_settings, NULL, account, err);
	if (rc < 0)
		return rc;
	*own = (*account)->options;
	(*account)->options = (struct account_options){0};
	return 0;
}

/* One of the list, whether or not it is in this shard. */
static int add_job(struct list *l, const char *name)
{
	struct account_options own = {0};
	struct account *account = NULL;
	struct job *j = &l->b->jobs[l->b->n];
	struct err err = {0};
	int rc;

	*j = (struct job){.batch = l->b, .name = xstrdup(name), .code = -1};
	l->b->n++;
	rc = read_account(l, name, &own, &account, &err);
	if (rc == 0)
		rc = section_check(&own, &err);
	if (rc == 0) {
		if (account && l->b->verb->takes_turns)
			j->target = target_of(account);
		j->archive = find_archive(l, name, &own);
		rc = check_archive(j, &own, &err);
	}
	if (rc == 0 && is_ours(l, name)) {
		if (account)
			tell_warnings(name, account);
		if (account)
			j->sum = account_sum(account, &own);
		done_find(j, account, &own);
		if (l->skip && done_since(j, l->since_utc)) {
			j->outcome = OUTCOME_SKIPPED;
			j->begun = true;
			l->b->ended++;
		}
	}
	account_free(account);
	account_options_clear(&own);
	if (rc == 0)
		return 0;
	(void)err_wrap(&err, "account %s", name);
	return fail(l->b->args, &err);
}

static int by_archive(const void *a, const void *b)
{
	const struct job *const *x = a, *const *y = b;

	return strcmp((*x)->archive, (*y)->archive);
}

/* Two accounts in one archive: the second one would be refused, in the middle of the run. */
static int check_shared(const struct batch *b)
{
	struct job **list = xcalloc(b->n + 1, sizeof *list);
	int rc = 0;

	for (size_t i = 0; i < b->n; i++)
		list[i] = &b->jobs[i];
	SORT(list, b->n, by_archive);
	for (size_t i = 1; i < b->n && rc == 0; i++)
		if (strcmp(list[i - 1]->archive, list[i]->archive) == 0)
			rc = usage_error(b->args,
			        "the accounts \"%s\" and \"%s\" have the same archive, %s (archive "
			        "= DIR/%%{name}.valise gives each its own)",
			        list[i - 1]->name, list[i]->name, list[i]->archive);
	free(list);
	return rc;
}

static void clear_job(struct job *j)
{
	free(j->name);
	free(j->archive);
	target_free(j->target);
	free(j->sum);
	free(j->record);
	free(j->question);
	free(j->error);
	free(j->held);
	json_decref(j->done);
	json_decref(j->failed);
}

/* What is another shard's was looked at, too. */
static void drop_others(struct list *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->b->n; i++)
		if (is_ours(l, l->b->jobs[i].name))
			l->b->jobs[n++] = l->b->jobs[i];
		else
			clear_job(&l->b->jobs[i]);
	l->b->n = n;
}

static int load_jobs(struct list *l)
{
	const char *file = args_get(l->b->args, "accounts");
	struct err err = {0};
	struct stat st;
	size_t n;
	int rc = 0;

	/* A pipe can be read once; each worker reads it. */
	if (stat(file, &st) == 0 && !S_ISREG(st.st_mode))
		return usage_error(l->b->args, "--accounts %s: not a regular file", file);
	if (accounts_open(file, &l->accounts, &err) < 0)
		return fail(l->b->args, &err);
	n = accounts_count(l->accounts);
	l->b->jobs = xcalloc(n + 1, sizeof *l->b->jobs);
	if (n == 0)
		rc = usage_error(l->b->args, "%s holds no account, as in [alice]", file);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = add_job(l, accounts_name(l->accounts, i));
	accounts_close(l->accounts);
	if (rc == 0 && l->b->verb->archive == ARCHIVE_WRITTEN)
		rc = check_shared(l->b);
	if (rc == 0 && l->b->verb->takes_turns)
		rc = target_check(l->b);
	if (rc == 0)
		drop_others(l);
	return rc;
}

/* What makes sense for one account alone. */
static int check_alone(const struct batch *b)
{
	const struct args *a = b->args;

	for (size_t i = 0; i < COUNT(b->verb->alone) && b->verb->alone[i]; i++)
		if (args_has(a, b->verb->alone[i]))
			return usage_error(
			        a, "--%s does not go with --accounts", b->verb->alone[i]);
	if (args_has(a, "names"))
		return usage_error(a, "--names goes with --tree: an archive has no such names");
	if (args_get(a, "accept-shrink"))
		return usage_error(a, "--accept-shrink=FOLDER is for one account");
	for (size_t i = 0; i < a->n_settings; i++)
		if (strstr(a->settings[i].key, "password-fd"))
			return usage_error(a,
			        "--%s does not go with --accounts: each account is read by a "
			        "process of its own; use password-command",
			        a->settings[i].key);
	return 0;
}

/* The archives of commands that read them lie in DIR, which stands where one archive does. */
static int find_dir(struct list *l)
{
	const struct batch *b = l->b;
	struct stat st;

	if (b->verb->archive != ARCHIVE_READ) {
		l->dir = args_get(b->args, "output");
		return b->args->n_pos ? usage_error(b->args,
		                                "name an account, or --accounts FILE; not both")
		                      : 0;
	}
	if (b->args->n_pos > 1)
		return usage_error(b->args, "name an account, or --accounts FILE; not both");
	l->dir = b->args->n_pos ? b->args->pos[0] : NULL;
	if (l->dir && (stat(l->dir, &st) != 0 || !S_ISDIR(st.st_mode)))
		return usage_error(b->args,
		        "%s: with --accounts this is the directory in which the archives are",
		        l->dir);
	return 0;
}

static int read_options(struct list *l)
{
	const struct args *a = l->b->args;
	const char *shard = args_get(a, "shard"), *within = args_get(a, "done-within");
	int64_t age = AGE_DEFAULT;
	uint64_t jobs = JOBS_DEFAULT;
	int rc = args_number(a, "jobs", JOBS_DEFAULT, &jobs);

	if (rc == 0 && (jobs < 1 || jobs > JOBS_MAX))
		rc = usage_error(a, "--jobs is a number from 1 to %d", JOBS_MAX);
	if (rc == 0 && shard && !shard_read(shard, &l->shard, &l->shards))
		rc = usage_error(a, "--shard takes I/N, as in 1/8 to 8/8, not \"%s\"", shard);
	if (rc == 0 && within && !duration_read(within, &age))
		rc = usage_error(a,
		        "--done-within takes an age such as 90m, 12h, 3d or 2w, not \"%s\"",
		        within);
	if (rc == 0 && within && !args_has(a, "skip-done"))
		rc = usage_error(a, "--done-within goes with --skip-done");
	l->b->at_once = (size_t)jobs;
	l->skip = args_has(a, "skip-done");
	l->since_utc = (int64_t)time(NULL) - age;
	return rc;
}

int batch_misused(const struct args *a)
{
	static const char *const own[] = {
	        "jobs", "shard", "skip-done", "done-within", "accept-pairs"};

	for (size_t i = 0; i < COUNT(own); i++)
		if (args_has(a, own[i]) && !args_has(a, "accounts"))
			return usage_error(a, "--%s goes with --accounts", own[i]);
	return 0;
}

int batch_load(struct batch *b)
{
	struct list l = {.b = b};
	int rc = read_options(&l);

	if (rc == 0)
		rc = check_alone(b);
	if (rc == 0)
		rc = find_dir(&l);
	return rc ? rc : load_jobs(&l);
}

void batch_clear(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		clear_job(&b->jobs[i]);
	free(b->jobs);
}
