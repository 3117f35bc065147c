/*
 * A server that says of one operation that it is busy (ecServerBusy, RopBackoff): when it is
 * asked again (MS-OXCFXICS 3.3.5.9.1, MS-OXCROPS 2.2.15.2).
 */
#include "proto/mapi/rop.h"
#include "valise/base/clock.h"

enum {
	TIMES = 20, /* in a row, without anything between them */
	FIRST_MS = 1000,
	LONGEST_MS = 300 * 1000, /* of one wait, whatever it asks for */
	ALL_MS = 1800 * 1000,
};

int rop_wait(struct mapi_store *s, struct rop_patience *p, uint32_t ms, struct err *err)
{
	int64_t wait = clock_pause_ms(FIRST_MS, p->times, LONGEST_MS);

	if (ms > 0)
		wait = MIN((int64_t)ms, (int64_t)LONGEST_MS);
	if (p->times >= TIMES || p->waited_ms + wait > ALL_MS)
		return err_set(err, ERR_BUSY, ERR_WHOLE,
		        "the server is busy, still after %u pauses of %lld s in all", p->times,
		        (long long)(p->waited_ms / 1000));
	p->times++;
	p->waited_ms += wait;
	if (s->progress) {
		atomic_store(&s->progress->wait_until_ms, (uint64_t)(clock_ms() + wait));
		if (wait >= 5000)
			progress_say(s->progress, SAY_NOTE, "the server is busy: waiting %lld s",
			        (long long)((wait + 999) / 1000));
	}
	return clock_sleep(wait, err);
}
