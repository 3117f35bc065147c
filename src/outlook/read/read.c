/* Outlook's files, each by its reader. */
#include "valise/outlook/read.h"
#include "outlook/read/fence.h"
#include "outlook/read/msg/msg.h"
#include "outlook/read/pst/pst.h"
#include "outlook/read/tnef/in.h"

int outlook_read(int fd, enum outlook_file what, const struct outlook_read_opts *opts,
        const struct outlook_visit *visit, struct err *err)
{
	struct fence_job job = {.fd = fd, .opts = opts, .visit = visit};

	switch (what) {
	case OUTLOOK_PST:
		job.read = pst_read;
		break;
	case OUTLOOK_MSG:
		job.read = msg_read;
		break;
	case OUTLOOK_TNEF:
		return tnef_file(fd, visit, err);
	default:
		return err_set(err, ERR_UNSUPPORTED, ERR_WHOLE, "not one of Outlook's files");
	}
	return fence_read(&job, err);
}
