/* That the new snapshots are the old ones, before these go. */
#include <stdio.h>
#include <string.h>
#include "valise/base/sys.h"
#include "forget.h"

/* The first that verify found. */
struct findings {
	char text[400];
};

static void take_finding(void *ctx, const struct archive_finding *one)
{
	struct findings *f = ctx;

	if (!f->text[0])
		snprintf(f->text, sizeof f->text, "%s%s%s", one->file ? one->file : "",
		        one->file ? ": " : "", one->text);
}

static int verify(const struct forget *f, struct err *err)
{
	struct findings found = {0};
	struct archive_verify_opts o = {.finding = take_finding, .ctx = &found};
	struct archive_verdict v;
	int rc = archive_verify(f->at, &o, f->progress, &v, err);

	if (rc < 0 || v.damages + v.notes == 0)
		return rc;
	return err_set(err, ERR_DAMAGED, ERR_WHOLE,
	        "%s: what was written is not right, and nothing was changed: %s", f->path,
	        found.text);
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_roots(const struct tree_roots *a, const struct tree_roots *b)
{
	return memcmp(a->state, b->state, SHA256_LEN) == 0 &&
	       memcmp(a->content, b->content, SHA256_LEN) == 0 && a->items == b->items &&
	       a->bytes == b->bytes && a->errors == b->errors && a->gone == b->gone;
}

static bool same_head(const struct tree_head *a, const struct tree_head *b)
{
	return a->kind == b->kind && strcmp(a->name, b->name) == 0 &&
	       strcmp(a->path, b->path) == 0 && a->status == b->status && a->attrs == b->attrs &&
	       same_text(a->reason, b->reason) && same_text(a->special_use, b->special_use) &&
	       same_roots(&a->roots, &b->roots);
}

/* All that it says of the account; files alone differ. */
static bool same_snapshot(const struct seal *a, const struct seal *b)
{
	const struct tree_manifest *x = &a->manifest, *y = &b->manifest;
	struct tree_totals s, t;
	bool same = a->snapshot == b->snapshot && x->created == y->created &&
	            x->n_heads == y->n_heads && same_text(x->tool, y->tool);

	tree_manifest_totals(x, &s);
	tree_manifest_totals(y, &t);
	same = same && memcmp(s.content, t.content, SHA256_LEN) == 0 &&
	       memcmp(s.state, t.state, SHA256_LEN) == 0 && s.gone == t.gone;
	for (size_t i = 0; i < x->n_heads && same; i++)
		same = same_head(&x->heads[i], &y->heads[i]);
	return same;
}

int forget_prove(const struct forget *f, struct seals *seals_out, struct err *err)
{
	int rootfd, rc = verify(f, err);

	if (rc == 0)
		rc = layout_open(f->at, &rootfd, err);
	if (rc < 0)
		return rc;
	rc = seals_load(rootfd, seals_out, err);
	sys_close(rootfd);
	if (rc == 0 && (seals_out->n != f->n || seals_out->n_gaps))
		rc = err_set(err, ERR_DAMAGED, ERR_WHOLE,
		        "%s: another number of snapshots was written, and nothing was changed",
		        f->path);
	for (size_t i = 0; i < f->n && rc == 0; i++)
		if (!same_snapshot(&seals_out->v[i], f->keep[i]))
			rc = err_set(err, ERR_DAMAGED, ERR_WHOLE,
			        "%s: snapshot %u would not be the same, and nothing was changed",
			        f->path, f->keep[i]->snapshot);
	return rc;
}
