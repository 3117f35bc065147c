/* valise unpack: an archive into a directory tree. */
#include "valise/pack/archive.h"
#include "valise/tree/gone.h"
#include "cli/cli.h"

const struct command unpack_command = {
        .name = "unpack",
        .synopsis = "ARCHIVE -t TREE",
        .summary = "unpack an archive into a directory tree",
        .bit = CMD_UNPACK,
        .min_pos = 1,
        .max_pos = 1,
        .run = cmd_unpack,
};

static int check_only(const struct args *a, struct tree_reader *from, unsigned only)
{
	const struct tree_manifest *m = from->ops->manifest(from);
	unsigned have = 0;

	for (size_t i = 0; i < m->n_heads; i++)
		have |= 1u << m->heads[i].kind;
	return args_only_of(a, only, have, "this snapshot");
}

int cmd_unpack(const struct args *a)
{
	const char *dir = args_get(a, "tree");
	struct tree_reader *from = NULL;
	struct tree_sink *to = NULL;
	struct err err = {0};
	struct ui ui;
	unsigned snapshot;
	unsigned only;
	int rc = args_snapshot(a, &snapshot);

	if (rc == 0)
		rc = args_only(a, &only);
	if (rc)
		return rc;
	if (!dir)
		return usage_error(a, "where to? -t TREE names the directory");
	ui_start(&ui, a);
	if (archive_reader(a->pos[0], snapshot, &from, &err) < 0)
		rc = fail(a, &err);
	else if (!args_has(a, "with-gone"))
		from = tree_gone_view(from, false);
	if (rc == 0)
		rc = check_only(a, from, only);
	if (rc == 0)
		rc = open_tree(dir, from->ops->manifest(from), &ui, &to);
	if (rc == 0)
		rc = copy_tree(from, to, only, dir, &ui);
	tree_sink_free(to);
	tree_reader_free(from);
	ui_clear(&ui);
	return rc;
}
