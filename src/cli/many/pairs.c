/*
 * What is no pair of an archive and an account in a list of --accounts: two accounts for one
 * archive, two archives for one account.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "batch.h"

/* A row by what may stand only once in a list. */
struct entry {
	char *key;
	const struct job *job;
};

static int by_key(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = strcmp(x->key, y->key);

	return order ? order : (x->job > y->job) - (x->job < y->job);
}

/* The archive, by whatever name. */
static char *archive_key(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0
	               ? xasprintf("%ju %ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino)
	               : xstrdup(path);
}

static void free_entries(struct entry *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(list[i].key);
	free(list);
}

/* What one person had would go to another. */
static int check_archives(const struct batch *b)
{
	struct entry *list = xcalloc(b->n + 1, sizeof *list);
	int rc = 0;

	for (size_t i = 0; i < b->n; i++)
		list[i] = (struct entry){archive_key(b->jobs[i].archive), &b->jobs[i]};
	SORT(list, b->n, by_key);
	for (size_t i = 1, first = 0; i < b->n && rc == 0; i++) {
		const struct job *x = list[first].job, *y = list[i].job;

		if (strcmp(list[first].key, list[i].key) != 0)
			first = i;
		else if (target_compare(x->target, y->target) == TARGETS_APART)
			rc = usage_error(b->args,
			        "\"%s\" and \"%s\" are two accounts, and are both to get the "
			        "archive %s; --accept-pairs agrees to that",
			        x->name, y->name, x->archive);
	}
	free_entries(list, b->n);
	return rc;
}

/* What two people had would become one. */
static int check_targets(const struct batch *b)
{
	struct entry *list = xcalloc(b->n * SERVICE_KINDS + 1, sizeof *list);
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < b->n; i++)
		for (unsigned k = 0; k < SERVICE_KINDS; k++) {
			const struct target *t = b->jobs[i].target;

			if (t->at[k])
				list[n++] = (struct entry){
				        xasprintf("%u %s %s", k, t->at[k], t->owner[k]),
				        &b->jobs[i]};
		}
	SORT(list, n, by_key);
	for (size_t i = 1; i < n && rc == 0; i++) {
		const struct job *x = list[i - 1].job, *y = list[i].job;
		char *from, *other;

		if (strcmp(list[i - 1].key, list[i].key) != 0)
			continue;
		from = archive_key(x->archive);
		other = archive_key(y->archive);
		if (strcmp(from, other) != 0)
			rc = usage_error(b->args,
			        "\"%s\" and \"%s\" are one account, and are to get two archives, "
			        "%s and %s; --accept-pairs agrees to that",
			        x->name, y->name, x->archive, y->archive);
		free(from);
		free(other);
	}
	free_entries(list, n);
	return rc;
}

int target_check(const struct batch *b)
{
	int rc = args_has(b->args, "accept-pairs") ? 0 : check_archives(b);

	return rc || args_has(b->args, "accept-pairs") ? rc : check_targets(b);
}
