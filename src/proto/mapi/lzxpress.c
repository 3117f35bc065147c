/* Plain LZ77 of payloads: MS-XCA 2.4 (DIRECT2 of MS-OXCRPC 3.1.4.2.1.2.2). */
#include "wire.h"
#include "valise/base/le.h"

struct input {
	const uint8_t *p, *end;
	const uint8_t *half; /* the octet whose upper half is a length still */
	bool bad;
};

static uint32_t next(struct input *in, size_t n)
{
	const uint8_t *p = in->p;

	in->bad |= (size_t)(in->end - p) < n;
	if (in->bad)
		return 0;
	in->p += n;
	return (uint32_t)le_get(p, n);
}

/* The length of a match whose three bits are not enough, less 3. */
static size_t long_length(struct input *in)
{
	uint32_t v;

	if (in->half) {
		v = *in->half >> 4;
		in->half = NULL;
	} else {
		const uint8_t *half = in->p;

		v = next(in, 1) & 15;
		in->half = in->bad ? NULL : half;
	}
	if (v < 15)
		return (size_t)v + 7;
	v = next(in, 1);
	if (v < 255)
		return (size_t)v + 15 + 7;
	v = next(in, 2);
	if (!v)
		v = next(in, 4);
	in->bad |= v < 15 + 7;
	return v;
}

/* Octets of the output again, from a place where it has some already. */
static bool copy_match(struct input *in, uint8_t *out, size_t *done, size_t out_n)
{
	uint32_t match = next(in, 2);
	size_t back = (match >> 3) + 1, length = match & 7;

	if (length == 7)
		length = long_length(in);
	length += 3;
	if (in->bad || back > *done || length > out_n - *done)
		return false;
	for (; length; length--, ++*done)
		out[*done] = out[*done - back];
	return true;
}

bool mapi_lzxpress(const uint8_t *p, size_t n, uint8_t *out, size_t out_n)
{
	struct input in = {.p = p, .end = p + n};
	uint32_t flags = 0;
	unsigned left = 0;
	size_t done = 0;

	while (done < out_n && !in.bad) {
		if (!left) {
			flags = next(&in, 4);
			left = 32;
		}
		if (flags >> --left & 1) {
			if (!copy_match(&in, out, &done, out_n))
				return false;
		} else {
			out[done++] = (uint8_t)next(&in, 1);
		}
	}
	return !in.bad;
}
