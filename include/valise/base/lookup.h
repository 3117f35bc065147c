#ifndef VALISE_BASE_LOOKUP_H
#define VALISE_BASE_LOOKUP_H

#include <stddef.h>

/*
 * Binary search: sets the size_t ${i} to the first of ${n} elements that is not before
 * what is looked for, ${n} if all are. ${before} says of element ${i} whether it is.
 */
#define LOOKUP_FIRST(i, n, before)                                                                 \
	do {                                                                                       \
		size_t lookup_low = 0, lookup_high = (n);                                          \
                                                                                                   \
		while (lookup_low < lookup_high) {                                                 \
			(i) = lookup_low + (lookup_high - lookup_low) / 2;                         \
			if (before)                                                                \
				lookup_low = (i) + 1;                                              \
			else                                                                       \
				lookup_high = (i);                                                 \
		}                                                                                  \
		(i) = lookup_low;                                                                  \
	} while (0)

#endif
