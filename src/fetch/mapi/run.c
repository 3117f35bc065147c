/* A mailbox over MAPI: its folders, and what is in them, into a sink. */
#include "valise/fetch/fetch.h"

static int run(const struct service *service, unsigned kinds, struct tree_sink *sink,
        const struct source_opts *opts, struct progress *progress, struct source_result *out,
        struct err *err)
{
	(void)kinds, (void)sink, (void)opts, (void)progress, (void)out;
	return err_set(err, ERR_UNSUPPORTED, ERR_WHOLE, "%s: not yet", service->at.host);
}

const struct source_ops source_mapi = {.run = run};
