/* valise backup: an account into an archive. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/pack/archive.h"
#include "valise/dir/dir.h"
#include "cli/cli.h"

const struct command backup_command = {
        .name = "backup",
        .synopsis = "[ACCOUNT]",
        .summary = "fetch an account into a sealed archive; again: only what changed",
        .details = "The source is only read. A new snapshot is made only if something changed.\n"
                   "Exit codes: 0 done, 1 failed, 2 usage, 3 done but incomplete, 11 locked by\n"
                   "another run, 12 sign-in refused, 130 interrupted.",
        .bit = CMD_BACKUP,
        .account = true,
        .max_pos = 1,
        .run = cmd_backup,
};

char *archive_name(const char *dir, const char *account)
{
	struct buf b = buf_of(4096);
	char *path;

	if (path_escape(account, strlen(account), &b) < 0)
		buf_puts(&b, "account");
	path = xasprintf("%s%s%s.valise", dir ? dir : "", dir ? "/" : "", buf_str(&b));
	buf_clear(&b);
	return path;
}

static int open_newest(const char *path, struct tree_reader **out, struct err *err)
{
	return archive_reader(path, 0, out, err);
}

/* --tree: what was sealed, in a directory, too. */
static int copy_to_tree(struct take *t, const char *dir)
{
	struct tree_dir_opts o = {.names = t->names, .accept.all = true, .same_account = true};
	struct tree_commit done;
	struct tree_reader *from = NULL;
	struct tree_sink *to = NULL;
	struct err err = {0};
	int rc = open_newest(t->path, &from, &err);

	if (rc == 0) {
		o.created = from->ops->manifest(from)->created;
		rc = tree_dir_sink(dir, &t->who, &o, &t->ui->progress, &to, &err);
	}
	if (rc == 0)
		rc = tree_copy(from, to, 0, &t->ui->progress, &err);
	if (rc == 0)
		rc = to->ops->commit(to, &done, &err);
	tree_sink_free(to);
	tree_reader_free(from);
	return rc ? fail(t->args, &err) : 0;
}

static int check_space(void *path, uint64_t bytes, struct err *err)
{
	return archive_space_check(path, bytes, err);
}

/* The archive, by -o or by the account's name. */
static int open_sink(struct take *t, struct err *err)
{
	const struct archive_opts o = {.accept = t->accept,
	        .same_account = args_has(t->args, "same-account"),
	        .heal = args_has(t->args, "heal"),
	        .part_size = t->part_size};

	if (!t->path)
		t->path = archive_name(NULL, t->account->name);
	return archive_sink(t->path, &t->who, &o, &t->ui->progress, &t->sink, err);
}

/* One line of what was sealed, and what is odd about it. */
static void tell_outcome(const struct take *t, int rc)
{
	const struct tree_commit *c = &t->commit;
	struct buf b = buf_of(4096);
	char lost[COUNTED_SIZE], safe[600], n[32], m[32];

	ui_stop(t->ui);
	if (t->ui->json) {
		end_outcome(t->args, json_copy(t->outcome));
		return;
	}
	if (ui_quiet(t->ui, rc))
		return;
	totals_text(&c->totals, &b);
	term_escape(t->path, strlen(t->path), safe, sizeof safe);
	if (!c->changed)
		printf("%s: nothing changed since snapshot %u: %s\n", safe, c->snapshot,
		        buf_str(&b));
	else
		printf("%s: snapshot %u sealed: %s; %s of it new, %s on disk\n", safe, c->snapshot,
		        buf_str(&b), human_bytes(c->bytes_new, n), human_bytes(c->disk_new, m));
	if (c->changed)
		printf("seal %s (keep this number elsewhere: valise verify --expect)\n", c->seal);
	if (c->shrunk)
		printf("GONE: what is named above was missing on the server all at once. If that "
		       "is as it should be, there is nothing to do\n");
	if (c->unhealed)
		puts("DAMAGED: the newest snapshot needs what is named above");
	else if (c->found)
		printf("DAMAGED: older snapshots, as named above; snapshot %u needs none of it\n",
		        c->snapshot);
	if (!c->totals.complete)
		printf("INCOMPLETE: %s; valise list shows what; run backup again%s to try again\n",
		        c->totals.errors ? counted(c->totals.errors, "item could not be fetched",
		                                   "items could not be fetched", lost)
		                         : "a folder could not be read, or only by a rescue",
		        t->kept_links ? " with --fetch-links" : "");
	buf_clear(&b);
}

/* The directory of --tree, the outcome, the reports. */
static int end_backup(struct take *t, int rc)
{
	const char *tree = args_get(t->args, "tree");
	int extra = tree ? copy_to_tree(t, tree) : 0;

	put_text(t->outcome, "archive", t->path);
	tell_outcome(t, rc);
	rc = take_report(t, extra ? extra : rc);
	return extra ? extra : rc;
}

static const struct take_to archive = {
        .sink = open_sink, .reader = open_newest, .tell = end_backup, .space_check = check_space};

int cmd_backup(const struct args *a)
{
	struct take t = {.args = a, .to = &archive};
	int rc = args_number(a, "part-size", 0, &t.part_size);

	if (rc == 0)
		rc = args_names(a, &t.names);
	if (rc == 0 && args_has(a, "names") && !args_has(a, "tree"))
		rc = usage_error(a, "--names goes with --tree: an archive has no such names");
	if (rc)
		return rc;
	t.path = xstrdup(args_get(a, "output"));
	return take_run(&t);
}
