/* Errors: code, scope and one escaped line of text, in which secrets are masked. */
#include "valise/base/err.h"
#include "valise/base/escape.h"
#include "valise/base/secret.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define RAW_SIZE 2048

/* ${raw} is masked already, each part of it with what is ours of it. */
static int fill_err(struct err *e, enum err_code code, enum err_scope scope, const char *raw)
{
	e->code = code;
	e->scope = scope;
	e->wait_ms = 0;
	term_escape(raw, strlen(raw), e->text, sizeof e->text);
	return code;
}

int err_set(struct err *e, enum err_code code, enum err_scope scope, const char *fmt, ...)
{
	char raw[RAW_SIZE];
	va_list ap;

	if (!e)
		return code;
	va_start(ap, fmt);
	vsnprintf(raw, sizeof raw, fmt, ap);
	va_end(ap);
	return fill_err(e, code, scope, secret_mask(raw, fmt));
}

int err_at(struct err *e, const char *file, unsigned line, const char *fmt, ...)
{
	char raw[RAW_SIZE];
	va_list ap;

	if (!e)
		return ERR_USAGE;
	va_start(ap, fmt);
	vsnprintf(raw, sizeof raw, fmt, ap);
	va_end(ap);
	(void)fill_err(e, ERR_USAGE, ERR_WHOLE, secret_mask(raw, fmt));
	return err_wrap(e, "%s, line %u", file, line);
}

static enum err_code code_of_errno(int number)
{
	switch (number) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return ERR_SPACE;
	case ENOENT:
		return ERR_NOTFOUND;
	case EEXIST:
		return ERR_EXISTS;
	case EINTR: /* only once a stop was requested: see sys.h */
		return ERR_STOPPED;
	default:
		return ERR_IO;
	}
}

int err_sys(struct err *e, enum err_scope scope, const char *fmt, ...)
{
	int number = errno;
	char raw[RAW_SIZE / 2], all[RAW_SIZE], why[128];
	va_list ap;

	if (!e)
		return code_of_errno(number);
	va_start(ap, fmt);
	vsnprintf(raw, sizeof raw, fmt, ap);
	va_end(ap);
	snprintf(all, sizeof all, "%s: %s", secret_mask(raw, fmt),
	        strerror_r(number, why, sizeof why));
	return fill_err(e, code_of_errno(number), scope, all);
}

int err_wrap(struct err *e, const char *fmt, ...)
{
	unsigned wait_ms = e ? e->wait_ms : 0;
	char raw[RAW_SIZE / 2], all[RAW_SIZE];
	va_list ap;

	if (!e)
		return ERR_IO;
	va_start(ap, fmt);
	vsnprintf(raw, sizeof raw, fmt, ap);
	va_end(ap);
	snprintf(all, sizeof all, "%s: %s", secret_mask(raw, fmt), e->text);
	fill_err(e, e->code, e->scope, all);
	e->wait_ms = wait_ms;
	return e->code;
}

int err_widen(struct err *e, enum err_scope scope)
{
	if (!e)
		return ERR_IO;
	if (e->scope < scope)
		e->scope = scope;
	return e->code;
}

bool err_ends(const struct err *e)
{
	return e->scope == ERR_WHOLE || e->code == ERR_STOPPED;
}

int err_copy(struct err *e, const struct err *from)
{
	if (e && from->code)
		*e = *from;
	return from->code;
}

int err_pardon(struct err *e, int rc, enum err_code code)
{
	if (rc != (int)code)
		return rc;
	err_clear(e);
	return 0;
}

void err_clear(struct err *e)
{
	if (!e)
		return;
	e->code = ERR_OK;
	e->scope = ERR_ITEM;
	e->wait_ms = 0;
	e->text[0] = '\0';
}
