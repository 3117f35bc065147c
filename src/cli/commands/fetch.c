/* valise fetch: an account into a directory tree. */
#include <string.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
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

static int open_sink(struct take *t, struct err *err)
{
	const struct tree_dir_opts o = {.names = t->names,
	        .accept = t->accept,
	        .same_account = args_has(t->args, "same-account")};

	return tree_dir_sink(t->path, &t->who, &o, &t->ui->progress, &t->sink, err);
}

/* The outcome and the reports; people see a line, programs the report. */
static int tell_outcome(struct take *t, int rc)
{
	struct buf b = buf_of(4096);
	char safe[600];

	ui_stop(t->ui);
	put_text(t->outcome, "to", t->path);
	totals_text(&t->commit.totals, &b);
	if (t->ui->json)
		end_outcome(t->args, json_copy(t->outcome));
	else if (!ui_quiet(t->ui, rc))
		printf("%s: %s%s\n", term_escape(t->path, strlen(t->path), safe, sizeof safe),
		        buf_str(&b), t->commit.totals.complete ? "" : "; INCOMPLETE");
	buf_clear(&b);
	return take_report(t, rc);
}

static const struct take_to directory = {
        .sink = open_sink, .reader = tree_dir_reader, .tell = tell_outcome};

int cmd_fetch(const struct args *a)
{
	struct take t = {.args = a, .to = &directory};
	int rc;

	if (!args_get(a, "tree"))
		return usage_error(a, "where to? -t TREE names the directory");
	rc = args_names(a, &t.names);
	if (rc)
		return rc;
	t.path = xstrdup(args_get(a, "tree"));
	return take_run(&t);
}
