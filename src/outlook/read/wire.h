#ifndef VALISE_OUTLOOK_READ_WIRE_H
#define VALISE_OUTLOOK_READ_WIRE_H

#include <stddef.h>
#include <stdint.h>

/* Little-endian numbers of ${n} octets, as all of Outlook's files have them. */
static inline uint64_t wire_get(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | p[n];
	return v;
}

static inline void wire_put(uint8_t *p, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++, v >>= 8)
		p[i] = (uint8_t)v;
}

#endif
