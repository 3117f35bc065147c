#ifndef VALISE_BASE_SECRET_H
#define VALISE_BASE_SECRET_H

#include <stddef.h>
#include "valise/base/err.h"

/* A password or token: wiped when cleared, never logged, at most SECRET_MAX bytes. */
#define SECRET_MAX 16384

struct secret {
	char *data; /* NUL-terminated; NULL when unset */
	size_t len;
};

int secret_set(struct secret *s, const char *p, size_t n, struct err *err) MUST_CHECK;
void secret_clear(struct secret *s);
void wipe(void *p, size_t n); /* memset that is not optimised away */

#endif
