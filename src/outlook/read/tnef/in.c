/* The octets of a TNEF stream, and what is wrong with them. */
#include "outlook/read/tnef/in.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "valise/base/mem.h"

enum { WRONG_MAX = 100, LINE_SIZE = 320 };

int tnef_some(struct tnef_in *in, uint64_t end, const uint8_t **p_out, size_t *n, struct err *err)
{
	uint64_t left = end - MIN(in->taken, end);
	size_t got = 0;
	int rc;

	if (in->at == in->n && !in->ended && left > 0) {
		rc = in->read(in->ctx, in->data, sizeof in->data, &got, err);
		if (rc < 0)
			return rc;
		in->at = 0;
		in->n = got;
		in->ended = got == 0;
	}
	got = (size_t)MIN(MIN(left, in->n - in->at), *n);
	if (got == 0 && *n > 0)
		return TNEF_SHORT;
	*p_out = in->data + in->at;
	for (size_t i = 0; i < got; i++)
		in->sum = (uint16_t)(in->sum + in->data[in->at + i]);
	in->at += got;
	in->taken += got;
	*n = got;
	return 0;
}

int tnef_get(struct tnef_in *in, uint64_t end, void *to, size_t n, struct err *err)
{
	uint8_t *out = to;
	const uint8_t *p;

	while (n > 0) {
		size_t got = n;
		int rc = tnef_some(in, end, &p, &got, err);

		if (rc)
			return rc;
		memcpy(out, p, got);
		out += got;
		n -= got;
	}
	return 0;
}

int tnef_get32(struct tnef_in *in, uint64_t end, uint32_t *out, struct err *err)
{
	uint8_t p[4];
	int rc = tnef_get(in, end, p, sizeof p, err);

	if (rc == 0)
		*out = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
	return rc;
}

int tnef_skip(struct tnef_in *in, uint64_t to, struct err *err)
{
	const uint8_t *p;
	int rc = 0;

	while (in->taken < to && rc == 0) {
		size_t n = (size_t)MIN(to - in->taken, TNEF_BUFFER);

		rc = tnef_some(in, to, &p, &n, err);
	}
	return rc;
}

void tnef_wrong(struct tnef_in *in, const char *where, const char *fmt, ...)
{
	char line[LINE_SIZE];
	va_list ap;

	if (in->n_wrong++ >= WRONG_MAX) {
		if (in->n_wrong == WRONG_MAX + 1)
			buf_fill(in->wrong, "more of this kind\n", 18);
		return;
	}
	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	buf_fill(in->wrong, where, strlen(where));
	buf_fill(in->wrong, line, strlen(line));
	buf_fill(in->wrong, "\n", 1);
}
