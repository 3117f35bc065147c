/* Seals from their files. */
#include "seal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/file.h"
#include "valise/base/mem.h"

#define GAPS_MAX 1000 /* a number far off is no sign of so many snapshots */

int seal_load(int rootfd, const char *dir, unsigned snapshot, struct seal *out, struct err *err)
{
	char *json_path = xasprintf("%s/seal.json", dir),
	     *sums_path = xasprintf("%s/seal.sha256", dir);
	struct buf sums = buf_of(SEAL_CAP);
	struct buf json = buf_of(SEAL_CAP);
	int rc;

	rc = layout_read(rootfd, sums_path, &sums, err);
	if (rc == 0)
		rc = layout_read(rootfd, json_path, &json, err);
	if (rc == ERR_NOTFOUND || rc == ERR_LIMIT)
		rc = err_set(err, ERR_DAMAGED, ERR_WHOLE,
		        "%s/seal.sha256 or seal.json is missing or too large", dir);
	if (rc == 0) {
		rc = seal_parse(snapshot, json.data, json.len, sums.data, sums.len, out, err);
		if (rc < 0)
			rc = err_wrap(err, "%s", dir);
	}
	buf_clear(&json);
	buf_clear(&sums);
	free(json_path);
	free(sums_path);
	return rc;
}

const struct seal *seal_parent(const struct seal *s, const struct seal *seals, size_t n)
{
	for (size_t i = n; i-- > 0;)
		if (memcmp(s->parent, seals[i].hash, SHA256_LEN) == 0)
			return &seals[i];
	return NULL;
}

/* Where some were left out once, nobody can tell what was beside a seal that cannot be read. */
bool seal_lacks_between(const struct seal *s, const struct seal *before, bool next_to_it)
{
	if (!s)
		return !before || !before->has_origin;
	if (before ? s->has_parent && memcmp(s->parent, before->hash, SHA256_LEN) == 0
	           : !s->has_parent)
		return false;
	return next_to_it || !s->has_origin;
}

/* A snapshot that cannot be read; its why is the caller's to fill. */
static struct seal_gap *add_gap(struct seals *s, unsigned number)
{
	struct seal_gap *g = ARR_PUSH(s->gaps, s->n_gaps, s->gaps_cap);

	g->snapshot = number;
	return g;
}

/* The numbers from ${from} to ${number} have no directory. */
static void add_missing(struct seals *s, unsigned from, unsigned number)
{
	for (; from < number; from++) {
		err_set(&add_gap(s, from)->why, ERR_NOTFOUND, ERR_WHOLE, "snapshot %u is missing",
		        from);
		if (s->n_gaps > GAPS_MAX)
			return;
	}
}

/*
 * A seal that can be read and follows those before, else a gap. ${last}: the number of the
 * directory before, or 0.
 */
static void load_one(int rootfd, unsigned last, unsigned number, struct seals *s)
{
	struct seal *seal = &s->v[s->n];
	const struct seal *before = s->n ? &s->v[s->n - 1] : NULL;
	struct seal_gap *g;
	struct err why = {0};
	bool empty = false;
	char dir[LAYOUT_PATH];
	int rc;

	snapshot_dir(number, dir);
	rc = seal_load(rootfd, dir, number, seal, &why);
	if (seal_lacks_between(
	            rc < 0 ? NULL : seal, before, last == (before ? before->snapshot : 0)))
		add_missing(s, last + 1, number);
	if (rc == 0) {
		if (!before || before->snapshot + 1 != number || seal_parent(seal, s->v, s->n)) {
			s->n++;
			return;
		}
		seal_clear(seal);
		err_set(&why, ERR_DAMAGED, ERR_WHOLE, "%s does not follow the seal of snapshot %u",
		        dir, number - 1);
	} else if (layout_is_empty(rootfd, number)) {
		err_set(&why, ERR_DAMAGED, ERR_WHOLE, "%s is empty", dir);
		empty = true;
	}
	g = add_gap(s, number);
	g->empty = empty;
	g->why = why;
}

int seals_load(int rootfd, struct seals *out, struct err *err)
{
	unsigned *numbers = NULL;
	size_t n = 0;
	int rc = layout_snapshots(rootfd, &numbers, &n, err);

	memset(out, 0, sizeof *out);
	if (rc == 0)
		out->v = xcalloc(n + 1, sizeof *out->v);
	for (size_t i = 0; i < n && rc == 0; i++) {
		load_one(rootfd, i ? numbers[i - 1] : 0, numbers[i], out);
		if (out->n_gaps == 0 || out->gaps[out->n_gaps - 1].snapshot != numbers[i] ||
		        !out->gaps[out->n_gaps - 1].empty)
			out->newest = numbers[i];
	}
	free(numbers);
	return rc;
}

void seals_clear(struct seals *s)
{
	for (size_t i = 0; i < s->n; i++)
		seal_clear(&s->v[i]);
	free(s->v);
	free(s->gaps);
	memset(s, 0, sizeof *s);
}
