/* valise pack: a directory tree into an archive, without a server. */
#include "valise/pack/archive.h"
#include "valise/dir/dir.h"
#include "cli/cli.h"

const struct command pack_command = {
        .name = "pack",
        .synopsis = "TREE -o ARCHIVE",
        .summary = "pack a directory tree into an archive",
        .bit = CMD_PACK,
        .min_pos = 1,
        .max_pos = 1,
        .run = cmd_pack,
};

int cmd_pack(const struct args *a)
{
	const char *names[ARGS_MAX];
	struct archive_opts o = {
	        .accept = args_accept(a, names), .same_account = args_has(a, "same-account")};
	const char *path = args_get(a, "output");
	struct tree_reader *from = NULL;
	struct tree_sink *to = NULL;
	struct err err = {0};
	uint64_t strangers = 0;
	struct ui ui;
	int rc = args_number(a, "part-size", 0, &o.part_size);

	if (rc)
		return rc;
	if (!path)
		return usage_error(a, "where to? -o ARCHIVE names the archive");
	ui_start(&ui, a);
	if (tree_dir_reader(a->pos[0], &from, &err) < 0) {
		rc = fail(a, &err);
		goto out;
	}
	/*
	 * The snapshot is as old as the tree, so that the same tree gives the same bytes.
	 */
	o.created = from->ops->manifest(from)->created;
	if (archive_sink(path, &from->ops->manifest(from)->account, &o, &ui.progress, &to, &err) <
	        0)
		rc = fail(a, &err);
	else if (tree_dir_strangers(from, &ui.progress, &strangers, &err) < 0)
		rc = fail(a, &err);
	else
		rc = copy_tree(from, to, 0, path, &ui);
	if (rc == EXIT_DONE && strangers)
		rc = EXIT_INCOMPLETE;
out:
	tree_sink_free(to);
	tree_reader_free(from);
	ui_clear(&ui);
	return rc;
}
