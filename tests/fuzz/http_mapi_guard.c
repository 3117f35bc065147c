/*
 * Requests of MAPI over HTTP before the guard: what it lets a source send, a target may
 * send, too; one octet less or more is another request, and refused.
 */
#include <stdint.h>
#include <stdlib.h>
#include "http/guard.h"
#include "valise/base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool may_go(enum guard_role role, const char *type, const uint8_t *p, size_t n)
{
	uint8_t *exact = n ? xmemdup(p, n) : xmalloc(1);
	struct http_request rq = {.method = "POST",
	        .header = {"Content-Type: application/mapi-http", type},
	        .body = exact,
	        .body_size = n};
	bool may = http_guard_check(http_guard_of(role), &rq, "https://h.example/", NULL) == 0;

	free(exact);
	return may;
}

/* The ROPs that the first one of an Execute can never be, by their ids alone. */
static bool writes(uint8_t id)
{
	static const uint8_t ids[] = {0x06, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x11, 0x1c, 0x1d, 0x1e,
	        0x20, 0x23, 0x24, 0x25, 0x26, 0x2d, 0x2f, 0x30, 0x32, 0x33, 0x35, 0x36, 0x39, 0x40,
	        0x41, 0x4a, 0x53, 0x54, 0x57, 0x58, 0x5d, 0x64, 0x66, 0x67, 0x72, 0x73, 0x74, 0x78,
	        0x79, 0x7a, 0x7e, 0x80, 0x8a, 0x90, 0x91, 0x92, 0x9d, 0xa3};

	for (size_t i = 0; i < COUNT(ids); i++)
		if (ids[i] == id)
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const types[] = {"X-RequestType: Execute", "X-RequestType: Connect",
	        "X-RequestType: Disconnect", "X-RequestType: PING", "X-RequestType: Other"};
	const char *type;
	uint8_t *more;

	if (!size)
		return 0;
	type = types[data[0] % COUNT(types)];
	data++;
	size--;
	if (!may_go(GUARD_MAPI_TARGET, type, data, size)) {
		if (may_go(GUARD_MAPI_SOURCE, type, data, size))
			abort();
		return 0;
	}
	if (type == types[0] && may_go(GUARD_MAPI_SOURCE, type, data, size) && writes(data[18]))
		abort();
	more = xcalloc(1, size + 1);
	memcpy(more, data, size);
	if (may_go(GUARD_MAPI_TARGET, type, more, size + 1) ||
	        (size && may_go(GUARD_MAPI_TARGET, type, data, size - 1)))
		abort();
	free(more);
	return 0;
}
