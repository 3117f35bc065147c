/* A winmail.dat that is a file of its own: one item. */
#include <string.h>
#include "outlook/read/tnef/in.h"
#include "valise/base/file.h"

enum { WRONG_MAX = 16 << 10 };

struct place {
	int fd;
	uint64_t at;
};

static int give(void *ctx, void *p, size_t n, size_t *got, struct err *err)
{
	struct place *o = ctx;
	int rc = fd_pread(o->fd, p, n, o->at, got, err);

	if (rc == 0)
		o->at += *got;
	return rc;
}

int tnef_file(int fd, const struct outlook_visit *visit, struct err *err)
{
	const struct outlook_folder folder = {.path = "", .items = 1};
	struct place o = {.fd = fd};
	struct buf wrong = buf_of(WRONG_MAX);
	struct bag *b = NULL;
	struct err own = {0};
	int rc = visit->folder(visit->ctx, &folder, err);

	if (rc < 0)
		return rc;
	rc = tnef_read(give, &o, &b, &wrong, &own);
	if (rc < 0 && own.scope == ERR_ITEM) {
		visit->lost(visit->ctx, &folder, "item 1 of 1", own.text);
		rc = 0;
	} else if (rc < 0) {
		err_copy(err, &own);
	} else {
		for (char *p = (char *)wrong.data, *lf; (lf = strchr(p, '\n')); p = lf + 1) {
			*lf = '\0';
			visit->lost(visit->ctx, &folder, "item 1 of 1", p);
		}
		rc = visit->item(visit->ctx, &folder, b, err);
	}
	bag_free(b);
	buf_clear(&wrong);
	return rc;
}
