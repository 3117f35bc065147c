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

/*
 * qsort() and bsearch() of ${n} elements of an array, which may be NULL where there are
 * none. FIND: NULL if no element is like ${key}, a pointer to one.
 */
#define SORT(list, n, order) lookup_sort((list), (n), sizeof *(list), (order))
#define FIND(key, list, n, order) lookup_find((key), (list), (n), sizeof *(list), (order))

/* What an order says of two numbers. */
#define ORDER_OF(a, b) (((a) > (b)) - ((a) < (b)))

typedef int lookup_order(const void *a, const void *b);
/* Of elements that are, or begin with, a uint32_t. */
int lookup_by_number(const void *a, const void *b);
void lookup_sort(void *list, size_t n, size_t size, lookup_order *order);
void *lookup_find(const void *key, const void *list, size_t n, size_t size, lookup_order *order);

#endif
