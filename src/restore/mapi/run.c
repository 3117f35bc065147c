/* What an archive has into a mailbox over MAPI. */
#include "valise/restore/restore.h"

static int run(const struct service *service, enum coll_kind kind, struct tree_reader *reader,
        const struct target_opts *opts, struct progress *progress, struct target_result *out,
        struct err *err)
{
	(void)kind, (void)reader, (void)opts, (void)progress, (void)out;
	return err_set(err, ERR_UNSUPPORTED, ERR_WHOLE, "%s: not yet", service->at.host);
}

const struct target_ops target_mapi = {.run = run};
