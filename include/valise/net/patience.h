/*
 * How long a peer is waited for that is never idle and never done: one rule for all
 * protocols.
 */
#ifndef VALISE_NET_PATIENCE_H
#define VALISE_NET_PATIENCE_H

#include <stdint.h>

/*
 * The slowest line that mail still goes over (9,600 bit/s, shared by four connections)
 * has twice that.
 */
enum { PATIENCE_RATE = 100 /* octets a second */, PATIENCE_IDLES = 10 };

/*
 * What may be waited for an answer of which ${octets} have moved: ten idle times, and
 * their time at PATIENCE_RATE.
 */
static inline int64_t patience_ms(int64_t idle_ms, uint64_t octets)
{
	const uint64_t most = INT64_MAX / 4;
	uint64_t ms = octets / PATIENCE_RATE * 1000 + octets % PATIENCE_RATE * 1000 / PATIENCE_RATE;

	return idle_ms * PATIENCE_IDLES + (int64_t)(octets > most / 10 ? most : ms);
}

#endif
