/* valise salvage: what is still whole in a damaged archive, into a directory tree. */
#include "valise/pack/archive.h"
#include "cli/cli.h"

const struct command salvage_command = {
        .name = "salvage",
        .synopsis = "ARCHIVE -t TREE",
        .summary = "get everything that is still whole out of a damaged archive",
        .bit = CMD_SALVAGE,
        .min_pos = 1,
        .max_pos = 1,
        .run = cmd_salvage,
};

int cmd_salvage(const struct args *a)
{
	const char *dir = args_get(a, "tree");
	struct archive_verdict v = {0};
	struct tree_sink *to = NULL;
	struct err err = {0};
	struct ui ui;
	int rc;

	if (!dir)
		return usage_error(a, "where to? -t TREE names the directory");
	ui_start(&ui, a);
	rc = open_tree(dir, NULL, &ui, &to);
	if (rc == 0 && archive_salvage(a->pos[0], to, ui_finding, &ui, &v, &err) < 0)
		rc = fail(a, &err);
	if (rc == 0)
		rc = finish_tree(to, dir, v.damages > 0, &ui);
	tree_sink_free(to);
	ui_clear(&ui);
	return rc;
}
