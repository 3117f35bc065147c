#ifndef VALISE_BASE_FAULT_H
#define VALISE_BASE_FAULT_H

#include <stdbool.h>
#include <stddef.h>

/* Fault injection for the seam; what it obeys is told in valise/base/sys.h. */

/* Calls that can fail for the same reasons. */
enum fault_kind {
	FAULT_OPEN,
	FAULT_CREATE,
	FAULT_READ,
	FAULT_WRITE,
	FAULT_SYNC,
	FAULT_NAME, /* makes or changes a directory entry */
	FAULT_REMOVE, /* frees space or changes attributes */
	FAULT_NET,
	FAULT_RECV,
	FAULT_SEND,
	FAULT_POLL,
};

#ifdef VALISE_FAULTS
/**
 * fault_hit(kind, name, n):
 * Count one call. True: the call is to fail, errno is set. ${n} (may be NULL) is its
 * size, which a short read or write makes 1.
 */
bool fault_hit(enum fault_kind kind, const char *name, size_t *n);
#else
#define fault_hit(kind, name, n) ((void)(n), false)
#endif

#endif
