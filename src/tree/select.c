/* Which items are meant. */
#include "valise/tree/select.h"

void selection_all(struct selection *s)
{
	*s = (struct selection){.since = INT64_MIN, .until = INT64_MAX, .smaller = UINT64_MAX};
}
