#ifndef EXPORT_STAGING_H
#define EXPORT_STAGING_H

#include <stdbool.h>
#include "valise/base/err.h"
#include "valise/base/lock.h"

/*
 * Something is made beside its place, in ".NAME.valise-export/out", and put there as a whole. One
 * run at a time; what a run that was killed has left there is taken away first.
 */
struct staging {
	char *path; /* as given, for messages */
	char *name, *stage; /* in the directory parentfd */
	int parentfd, stagefd;
	unsigned mode; /* of an empty folder that is there already, 0: none is */
	struct lock lock;
};
/* There may be an empty folder at ${path} where ${folder} is wanted; else nothing. */
int staging_open(struct staging *p, const char *path, bool folder, struct err *err) MUST_CHECK;
/* "out" is done, and on the disk: it gets its name, which is durable then. */
int staging_take(struct staging *p, struct err *err) MUST_CHECK;
/* What did not get its name is taken away. */
void staging_clear(struct staging *p);
#define STAGING_OUT "out" /* in stagefd */

#endif
