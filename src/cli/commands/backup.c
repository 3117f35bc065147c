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
        .details =
                "The source is only read. A new snapshot is made only if something changed.\n"
                "With --accounts the other options are for all accounts, one that fails stops no\n"
                "other, and the exit code is 1 if any failed, else 3 if any is incomplete.\n"
                "Exit codes: 0 done, 1 failed, 2 usage, 3 done but incomplete, 130 interrupted.",
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

static int copy_to_tree(
        const char *archive, const char *dir, const struct tree_account *who, struct ui *ui)
{
	struct tree_dir_opts o = {.accept.all = true, .same_account = true};
	struct tree_commit done;
	struct tree_reader *from = NULL;
	struct tree_sink *to = NULL;
	struct err err = {0};
	int rc = args_names(ui->args, &o.names);

	if (rc)
		return rc;
	rc = archive_reader(archive, 0, &from, &err);
	if (rc == 0) {
		o.created = from->ops->manifest(from)->created;
		rc = tree_dir_sink(dir, who, &o, &ui->progress, &to, &err);
	}
	if (rc == 0)
		rc = tree_copy(from, to, 0, &ui->progress, &err);
	if (rc == 0)
		rc = to->ops->commit(to, &done, &err);
	if (to)
		to->ops->free(to);
	if (from)
		from->ops->free(from);
	return rc ? fail(ui->args, &err) : 0;
}

static int check_space(void *ctx, uint64_t bytes, struct err *err)
{
	return archive_space_check(ctx, bytes, err);
}

/* --fetch-links: a snapshot more, of what the one just sealed links to. */
static int backup_links(
        struct take *t, const char *path, const struct tree_account *who, struct archive_opts *o)
{
	struct tree_reader *from = NULL;
	struct err err = {0};
	int rc = archive_reader(path, 0, &from, &err);

	o->accept = (struct tree_accept){0}; /* it was heard */
	if (rc == 0)
		rc = archive_sink(path, who, o, &t->ui->progress, &t->sink, &err);
	return take_links(t, from, rc, &err);
}

static void tell_outcome(struct take *t, const char *path, int rc)
{
	const struct tree_commit *c = &t->commit;
	struct buf b;
	char lost[COUNTED_SIZE], safe[600], n[32], m[32];

	ui_stop(t->ui);
	if (t->ui->json) {
		json_t *e = json_copy(t->outcome);

		json_set_text(e, "event", "done");
		put_json(e);
		return;
	}
	if (args_quiet(t->args, rc))
		return;
	buf_init(&b, 4096);
	totals_text(&c->totals, &b);
	term_escape(path, strlen(path), safe, sizeof safe);
	if (!c->changed && c->damaged)
		printf("%s: DAMAGED: the warnings name what older snapshots have lost; snapshot %u "
		       "has everything: %s\n",
		        safe, c->snapshot, buf_str(&b));
	else if (!c->changed)
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
	if (!c->totals.complete)
		printf("INCOMPLETE: %s; valise list shows what; run backup again to try again\n",
		        c->totals.errors ? counted(c->totals.errors, "item could not be fetched",
		                                   "items could not be fetched", lost)
		                         : "a folder could not be read, or only by a rescue");
	buf_clear(&b);
}

static int run_backup(const struct args *a, struct account *account, struct ui *ui,
        const char *path, uint64_t part_size)
{
	const char *names[ARGS_MAX];
	struct archive_opts o = {.accept = args_accept(a, names),
	        .same_account = args_has(a, "same-account"),
	        .part_size = part_size};
	struct take t = {.args = a,
	        .account = account,
	        .ui = ui,
	        .accept = &o.accept,
	        .space_check = check_space,
	        .space_ctx = (void *)(uintptr_t)path,
	        .outcome = json_object()};
	struct tree_account who;
	struct err err = {0};
	const char *tree = args_get(a, "tree");
	int rc;

	account_to_tree(account, &who);
	if (archive_sink(path, &who, &o, &ui->progress, &t.sink, &err) < 0) {
		ui_stop(ui);
		rc = fail(a, &err);
		goto out;
	}
	rc = take_account(&t);
	t.sink->ops->free(t.sink);
	if (args_has(a, "fetch-links") && (rc == EXIT_DONE || rc == EXIT_INCOMPLETE))
		rc = backup_links(&t, path, &who, &o);
	if (rc == EXIT_DONE || rc == EXIT_INCOMPLETE) {
		int extra = tree ? copy_to_tree(path, tree, &who, ui) : 0;

		tell_outcome(&t, path, rc);
		json_set_text(t.outcome, "archive", path);
		if (extra == 0)
			extra = ui_write_reports(ui, t.outcome);
		rc = extra ? extra : rc;
	}
	ui_stop(ui);
	ui_stats(ui);
out:
	json_decref(t.outcome);
	tree_account_clear(&who);
	return rc;
}

int cmd_backup(const struct args *a)
{
	struct account *account = NULL;
	struct ui ui;
	enum dir_names names;
	uint64_t part_size;
	char *path;
	int rc = args_number(a, "part-size", 0, &part_size);

	if (rc == 0)
		rc = args_names(a, &names);
	if (rc == 0 && args_has(a, "accounts") && args_get(a, "accept-shrink"))
		return usage_error(a->cmd, "--accept-shrink=FOLDER is for one account");
	if (rc == 0 && args_has(a, "accounts"))
		return backup_accounts(a);
	if (rc == 0 && args_has(a, "jobs"))
		rc = usage_error(a->cmd, "--jobs goes with --accounts");
	if (rc == 0 && args_has(a, "names") && !args_has(a, "tree"))
		rc = usage_error(a->cmd, "--names goes with --tree: an archive has no such names");
	if (rc == 0)
		rc = load_account(a, a->n_pos ? a->pos[0] : NULL, &account);
	if (rc == 0)
		rc = take_check(a, account);
	if (rc) {
		account_free(account);
		return rc;
	}
	path = args_get(a, "output") ? xstrdup(args_get(a, "output"))
	                             : archive_name(NULL, account->name);
	ui_start(&ui, a);
	rc = run_backup(a, account, &ui, path, part_size);
	ui_clear(&ui);
	free(path);
	account_free(account);
	return rc;
}
