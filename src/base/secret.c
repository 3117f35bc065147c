/* Passwords and tokens in memory: set, and wiped when cleared. */
#include "valise/base/secret.h"
#include "valise/base/mem.h"
#include <stdlib.h>
#include <string.h>

void wipe(void *p, size_t n)
{
	if (n)
		explicit_bzero(p, n);
}

int secret_set(struct secret *s, const char *p, size_t n, struct err *err)
{
	char *copy;

	if (n > SECRET_MAX)
		return err_set(err, ERR_LIMIT, ERR_WHOLE,
		        "the password or token is longer than %d bytes", SECRET_MAX);
	if (n && memchr(p, '\0', n))
		return err_set(
		        err, ERR_USAGE, ERR_WHOLE, "the password or token contains a NUL byte");
	copy = xmalloc(n + 1);
	if (n)
		memcpy(copy, p, n);
	copy[n] = '\0';
	secret_clear(s);
	s->data = copy;
	s->len = n;
	return 0;
}

void secret_clear(struct secret *s)
{
	if (s->data)
		wipe(s->data, s->len);
	free(s->data);
	s->data = NULL;
	s->len = 0;
}
