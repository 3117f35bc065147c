/* valise pack, unpack and salvage: between a directory tree and an archive, without a server. */
#include <string.h>
#include "valise/base/escape.h"
#include "valise/pack/archive.h"
#include "valise/tree/dir.h"
#include "cli.h"

static const struct option_def pack_options[] = {
        {"output", 'o', "ARCHIVE", "the archive, a directory"},
        {"accept-shrink", 0, NULL, "believe that a folder which lost most of its items did so"},
        {"same-account", 0, NULL,
                "believe that a renamed host or a new service is the same account"},
        {"part-size", 0, "BYTES", "size of a part of the archive (default: 1 GiB)"},
        {NULL, 0, NULL, NULL},
};
const struct command pack_command = {
        .name = "pack",
        .synopsis = "TREE -o ARCHIVE",
        .summary = "pack a directory tree into an archive",
        .options = pack_options,
        .min_pos = 1,
        .max_pos = 1,
        .run = cmd_pack,
};

static const struct option_def unpack_options[] = {
        {"tree", 't', "TREE", "the directory"},
        {"snapshot", 0, "N", "this snapshot instead of the newest"},
        {"only", 0, "LIST", "mail,calendars,contacts"},
        {NULL, 0, NULL, NULL},
};
const struct command unpack_command = {
        .name = "unpack",
        .synopsis = "ARCHIVE -t TREE",
        .summary = "unpack an archive into a directory tree",
        .options = unpack_options,
        .min_pos = 1,
        .max_pos = 1,
        .run = cmd_unpack,
};

static const struct option_def salvage_options[] = {
        {"tree", 't', "TREE", "the directory"},
        {NULL, 0, NULL, NULL},
};
const struct command salvage_command = {
        .name = "salvage",
        .synopsis = "ARCHIVE -t TREE",
        .summary = "get everything that is still whole out of a damaged archive",
        .options = salvage_options,
        .min_pos = 1,
        .max_pos = 1,
        .run = cmd_salvage,
};

static int finish(struct tree_sink *to, const char *where, struct ui *ui, struct err *err)
{
	struct tree_commit c;
	struct buf b;
	char safe[600];

	if (to->ops->commit(to, &c, err) < 0)
		return fail(ui->args, err);
	ui_stop(ui);
	buf_init(&b, 4096);
	totals_text(&c.totals, &b);
	printf("%s: %s%s%s\n", term_escape(where, strlen(where), safe, sizeof safe), buf_str(&b),
	        c.changed ? "" : "; nothing changed", c.totals.complete ? "" : "; INCOMPLETE");
	buf_clear(&b);
	return c.totals.complete ? EXIT_DONE : EXIT_INCOMPLETE;
}

static int copy(const struct args *a, struct tree_reader *from, struct tree_sink *to, unsigned only,
        const char *where, struct ui *ui)
{
	struct err err = {0};

	if (tree_copy(from, to, only, &err) < 0)
		return fail(a, &err);
	return finish(to, where, ui, &err);
}

int cmd_pack(const struct args *a)
{
	struct archive_opts o = {.accept_shrink = args_has(a, "accept-shrink"),
	        .same_account = args_has(a, "same-account")};
	const char *path = args_get(a, "output");
	struct tree_reader *from = NULL;
	struct tree_sink *to = NULL;
	struct err err = {0};
	struct ui ui;
	int rc = args_number(a, "part-size", 0, &o.part_size);

	if (rc)
		return rc;
	if (!path)
		return usage_error(a->cmd, "where to? -o ARCHIVE names the archive");
	ui_start(&ui, a);
	if (tree_dir_reader(a->pos[0], &from, &err) < 0) {
		rc = fail(a, &err);
		goto out;
	}
	/* The snapshot is as old as the tree, so that the same tree gives the same bytes. */
	o.created = from->ops->manifest(from)->created;
	if (archive_sink(path, &from->ops->manifest(from)->account, &o, &ui.progress, &to, &err) <
	        0)
		rc = fail(a, &err);
	else
		rc = copy(a, from, to, 0, path, &ui);
out:
	if (to)
		to->ops->free(to);
	if (from)
		from->ops->free(from);
	ui_clear(&ui);
	return rc;
}

/* A tree for what an archive holds, with the account of its manifest. */
static int open_tree(const struct args *a, const char *dir, const struct tree_manifest *m,
        struct ui *ui, struct tree_sink **to)
{
	struct tree_dir_opts o = {
	        .accept_shrink = true, .same_account = true, .created = m ? m->created : 0};
	struct tree_account nobody = {0};
	struct err err = {0};

	if (tree_dir_sink(dir, m ? &m->account : &nobody, &o, &ui->progress, to, &err) < 0)
		return fail(a, &err);
	return 0;
}

int cmd_unpack(const struct args *a)
{
	const char *dir = args_get(a, "tree");
	struct tree_reader *from = NULL;
	struct tree_sink *to = NULL;
	struct err err = {0};
	struct ui ui;
	uint64_t snapshot;
	unsigned only;
	int rc = args_number(a, "snapshot", 0, &snapshot);

	if (rc == 0)
		rc = args_only(a, &only);
	if (rc)
		return rc;
	if (!dir)
		return usage_error(a->cmd, "where to? -t TREE names the directory");
	ui_start(&ui, a);
	if (archive_reader(a->pos[0], (unsigned)snapshot, &from, &err) < 0)
		rc = fail(a, &err);
	if (rc == 0)
		rc = open_tree(a, dir, from->ops->manifest(from), &ui, &to);
	if (rc == 0)
		rc = copy(a, from, to, only, dir, &ui);
	if (to)
		to->ops->free(to);
	if (from)
		from->ops->free(from);
	ui_clear(&ui);
	return rc;
}

static void salvage_finding(void *ctx, const struct archive_finding *f)
{
	ui_report(ctx, f->level == FINDING_DAMAGE ? SAY_WARNING : SAY_NOTE, f->file, f->item,
	        f->text);
}

int cmd_salvage(const struct args *a)
{
	const char *dir = args_get(a, "tree");
	struct archive_verdict v = {0};
	struct tree_sink *to = NULL;
	struct err err = {0};
	struct ui ui;
	int rc;

	if (!dir)
		return usage_error(a->cmd, "where to? -t TREE names the directory");
	ui_start(&ui, a);
	rc = open_tree(a, dir, NULL, &ui, &to);
	if (rc == 0 && archive_salvage(a->pos[0], to, salvage_finding, &ui, &v, &err) < 0)
		rc = fail(a, &err);
	if (rc == 0)
		rc = finish(to, dir, &ui, &err);
	if (rc == EXIT_DONE && v.damages)
		rc = EXIT_INCOMPLETE;
	if (to)
		to->ops->free(to);
	ui_clear(&ui);
	return rc;
}
