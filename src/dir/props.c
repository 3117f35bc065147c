/* displayname and color of a vdir, as files. */
#include "internal.h"
#include "valise/base/file.h"
#include "valise/base/sys.h"
#include <stdlib.h>
#include <string.h>

static int write_if_new(int workfd, int dirfd, const char *file, const char *text, struct err *err)
{
	struct buf have = buf_of(4096);
	bool same;
	int rc;

	if (!text)
		return 0;
	same = file_read(dirfd, file, &have, NULL) == 0 && strcmp(buf_str(&have), text) == 0;
	buf_clear(&have);
	if (same)
		return 0;
	/* By way of .work: what a cut leaves there goes with it. */
	rc = file_write(workfd, file, text, strlen(text), err);
	if (rc == 0 && sys_renameat(workfd, file, dirfd, file) != 0)
		rc = err_sys(err, ERR_WHOLE, "cannot write %s", file);
	return rc;
}

int props_write(int workfd, int dirfd, const struct tree_coll *c, struct err *err)
{
	char *name, *color;
	int rc;

	tree_coll_vdir(c, &name, &color);
	rc = write_if_new(workfd, dirfd, "displayname", name, err);
	if (rc == 0)
		rc = write_if_new(workfd, dirfd, "color", color, err);
	free(name);
	free(color);
	return rc;
}
