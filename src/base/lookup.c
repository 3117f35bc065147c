/* Arrays sorted and searched, also those that are NULL as they are empty. */
#include "valise/base/lookup.h"
#include <stdint.h>
#include <stdlib.h>

void lookup_sort(void *list, size_t n, size_t size, lookup_order *order)
{
	if (n > 1)
		qsort(list, n, size, order);
}

void *lookup_find(const void *key, const void *list, size_t n, size_t size, lookup_order *order)
{
	return n > 0 ? bsearch(key, list, n, size, order) : NULL;
}

int lookup_by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}
