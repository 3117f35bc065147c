/* valise diff: what came, went, moved and changed between two snapshots. */
#include <limits.h>
#include <stdlib.h>
#include "valise/pack/archive.h"
#include "cli/cli.h"
#include "cli/options/selection.h"
#include "cli/tell/diff.h"

const struct command diff_command = {
        .name = "diff",
        .synopsis = "ARCHIVE [N [M]]",
        .summary = "what came, went, moved and changed between two snapshots",
        .details =
                "From snapshot N (else the one before the newest) to snapshot M (else the newest). "
                "Folders are the same by their names, else one that is not there any more was "
                "renamed where most of its items are in a new one. Items are the same by UID, href "
                "or content; one that is in another folder now was moved.",
        .bit = CMD_DIFF,
        .min_pos = 1,
        .max_pos = 3,
        .run = cmd_diff,
};

static int read_number(const struct args *a, size_t i, unsigned *out)
{
	char *end;
	unsigned long n;

	*out = 0;
	if (i >= a->n_pos)
		return 0;
	n = strtoul(a->pos[i], &end, 10);
	if (n == 0 || n > UINT_MAX || *end || a->pos[i][0] == '-')
		return usage_error(a,
		        "\"%s\" is no number of a snapshot (valise snapshots lists them)",
		        a->pos[i]);
	*out = (unsigned)n;
	return 0;
}

/* The snapshot before the newest one. */
static int find_last_but_one(const struct args *a, unsigned *out)
{
	struct archive_snapshot *list;
	struct err err = {0};
	size_t n;

	if (archive_snapshots(a->pos[0], &list, &n, &err) < 0)
		return fail(a, &err);
	*out = n > 1 ? list[n - 2].number : 0;
	free(list);
	return n > 1 ? 0
	             : usage_error(a, "%s has one snapshot: there is nothing to compare it with",
	                       a->pos[0]);
}

static int open_snapshot(const struct args *a, unsigned n, struct tree_reader **out)
{
	struct err err = {0};

	return archive_reader(a->pos[0], n, out, &err) < 0 ? fail(a, &err) : 0;
}

/* What is meant of both: a pattern has to name something in one of them. */
static int select_both(struct diff_run *r, struct selected *s)
{
	struct err err = {0};
	int rc;

	choice_see_heads(&s->choice, r->from->ops->manifest(r->from), s->of.kinds);
	choice_see_heads(&s->choice, r->to->ops->manifest(r->to), s->of.kinds);
	rc = choice_check(&s->choice);
	if (rc == 0 && selection_view(r->from, &s->of, &r->from, &err) < 0) {
		r->from = NULL;
		rc = fail(r->args, &err);
	}
	if (rc == 0 && selection_view(r->to, &s->of, &r->to, &err) < 0) {
		r->to = NULL;
		rc = fail(r->args, &err);
	}
	return rc;
}

static int compare(struct diff_run *r, struct selected *s)
{
	struct err err = {0};
	int rc = 0;

	if (r->before == 0)
		rc = find_last_but_one(r->args, &r->before);
	if (rc == 0)
		rc = open_snapshot(r->args, r->before, &r->from);
	if (rc == 0)
		rc = open_snapshot(r->args, r->after, &r->to);
	if (rc == 0) {
		r->after = archive_reader_number(r->to);
		rc = select_both(r, s);
	}
	if (rc == 0 && tree_diff(r->from, r->to, diff_tell, r, &err) < 0)
		rc = fail(r->args, &err);
	if (rc == 0)
		diff_tell_all(r);
	return rc;
}

int cmd_diff(const struct args *a)
{
	struct diff_run r = {.args = a, .json = args_has(a, "json"), .stat = args_has(a, "stat")};
	struct selected s;
	int rc = args_selection(a, &s);

	if (rc == 0)
		rc = read_number(a, 1, &r.before);
	if (rc == 0)
		rc = read_number(a, 2, &r.after);
	if (rc == 0)
		rc = compare(&r, &s);
	tree_reader_free(r.from);
	tree_reader_free(r.to);
	selected_clear(&s);
	return rc;
}
