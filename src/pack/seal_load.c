/* Seals from their files. */
#include "seal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"

int seal_load(int rootfd, const char *dir, unsigned snapshot, struct seal *out, struct err *err)
{
	char *json_path = xasprintf("%s/seal.json", dir),
	     *sums_path = xasprintf("%s/seal.sha256", dir);
	struct buf json, sums;
	int rc;

	buf_init(&json, SEAL_CAP);
	buf_init(&sums, SEAL_CAP);
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

static int load_one(int rootfd, unsigned number, struct seal *seals, size_t i, struct err *err)
{
	char dir[LAYOUT_PATH];
	int rc;

	snapshot_dir(number, dir);
	if (number != i + 1)
		return err_set(err, ERR_DAMAGED, ERR_WHOLE, "snapshot %zu is missing", i + 1);
	rc = seal_load(rootfd, dir, number, &seals[i], err);
	if (rc == 0 && i > 0 && memcmp(seals[i].parent, seals[i - 1].hash, SHA256_LEN) != 0) {
		seal_clear(&seals[i]);
		rc = err_set(err, ERR_DAMAGED, ERR_WHOLE,
		        "%s does not follow the seal of snapshot %zu", dir, i);
	}
	return rc;
}

int seals_load(int rootfd, struct seal **out, size_t *n_out, struct err *err)
{
	unsigned *numbers = NULL;
	struct seal *seals = NULL;
	size_t n = 0, done = 0;
	int rc = layout_snapshots(rootfd, &numbers, &n, err);

	*out = NULL;
	*n_out = 0;
	if (rc == 0)
		seals = xcalloc(n + 1, sizeof *seals);
	for (; done < n && rc == 0; done += rc == 0)
		rc = load_one(rootfd, numbers[done], seals, done, err);
	free(numbers);
	if (rc < 0) {
		seals_free(seals, done);
		return rc;
	}
	*out = seals;
	*n_out = n;
	return 0;
}

void seals_free(struct seal *seals, size_t n)
{
	for (size_t i = 0; i < n; i++)
		seal_clear(&seals[i]);
	free(seals);
}
