/* valise fetch: an account into a directory tree. */
#include <string.h>
#include "valise/base/escape.h"
#include "valise/dir/dir.h"
#include "cli/cli.h"

const struct command fetch_command = {
        .name = "fetch",
        .synopsis = "[ACCOUNT] -t TREE",
        .summary = "fetch an account into a directory of Maildir, ICS and VCF files",
        .bit = CMD_FETCH,
        .account = true,
        .max_pos = 1,
        .run = cmd_fetch,
};

/* --fetch-links: what the tree links to. */
static int fetch_links(
        struct take *t, const char *dir, const struct tree_account *who, struct tree_dir_opts *o)
{
	struct tree_reader *from = NULL;
	struct err err = {0};
	int rc = tree_dir_reader(dir, &from, &err);

	o->accept = (struct tree_accept){0}; /* it was heard */
	if (rc == 0)
		rc = tree_dir_sink(dir, who, o, &t->ui->progress, &t->sink, &err);
	return take_links(t, from, rc, &err);
}

static int run_fetch(const struct args *a, struct account *account, const char *dir, struct ui *ui)
{
	const char *names[ARGS_MAX];
	struct tree_dir_opts o = {
	        .accept = args_accept(a, names), .same_account = args_has(a, "same-account")};
	struct take t = {.args = a,
	        .account = account,
	        .ui = ui,
	        .accept = &o.accept,
	        .outcome = json_object()};
	struct tree_account who;
	struct err err = {0};
	struct buf b;
	int rc;

	account_to_tree(account, &who);
	rc = args_names(a, &o.names);
	if (rc)
		goto out;
	if (tree_dir_sink(dir, &who, &o, &ui->progress, &t.sink, &err) < 0) {
		rc = fail(a, &err);
		goto out;
	}
	rc = take_account(&t);
	t.sink->ops->free(t.sink);
	if (args_has(a, "fetch-links") && (rc == EXIT_DONE || rc == EXIT_INCOMPLETE))
		rc = fetch_links(&t, dir, &who, &o);
	ui_stop(ui);
	if (rc == EXIT_DONE || rc == EXIT_INCOMPLETE) {
		char safe[600];
		int extra = ui_write_reports(ui, t.outcome);

		buf_init(&b, 4096);
		totals_text(&t.commit.totals, &b);
		if (ui->json)
			put_json(json_incref(t.outcome));
		else
			printf("%s: %s%s\n", term_escape(dir, strlen(dir), safe, sizeof safe),
			        buf_str(&b), t.commit.totals.complete ? "" : "; INCOMPLETE");
		buf_clear(&b);
		rc = extra ? extra : rc;
	}
	ui_stats(ui);
out:
	json_decref(t.outcome);
	tree_account_clear(&who);
	return rc;
}

int cmd_fetch(const struct args *a)
{
	const char *dir = args_get(a, "tree");
	struct account *account = NULL;
	struct ui ui;
	int rc;

	if (!dir)
		return usage_error(a->cmd, "where to? -t TREE names the directory");
	rc = load_account(a, a->n_pos ? a->pos[0] : NULL, &account);
	if (rc == 0)
		rc = take_check(a, account);
	if (rc) {
		account_free(account);
		return rc;
	}
	ui_start(&ui, a);
	rc = run_fetch(a, account, dir, &ui);
	ui_clear(&ui);
	account_free(account);
	return rc;
}
