/*
 * A server that says of one operation that it is busy (ecServerBusy and its like): when it is
 * asked again (MS-OXCFXICS 3.3.5.9.1).
 */
#include "proto/mapi/rop.h"
#include "valise/base/clock.h"

enum {
	TIMES = 20, /* in a row, without anything between them */
	FEW_TIMES = 2,
	FIRST_MS = 1000, /* of a server that does not say how long */
	LONGEST_MS = 120 * 1000,
};

int rop_wait(struct mapi_store *s, struct rop_patience *p, uint32_t ms, struct err *err)
{
	int64_t wait = ms > 0 ? ms : clock_pause_ms(FIRST_MS, p->times, LONGEST_MS);
	int rc;

	/* once it was in vain, the others hardly wait */
	if (p->times >= (s->gave_up ? FEW_TIMES : TIMES))
		rc = err_set(err, ERR_BUSY, ERR_COLLECTION,
		        "the server is busy, still after %u pauses", p->times);
	else
		rc = mapi_pause(s->session, wait, "ecServerBusy", err);
	p->times++;
	if (rc == ERR_BUSY) {
		s->gave_up++;
		if (err)
			err->scope = ERR_COLLECTION;
	}
	return rc;
}
