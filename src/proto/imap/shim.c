/*
 * libetpan 1.9.4 walks and frees lists that a hostile answer leaves NULL
 * ("[PERMANENTFLAGS ((\Seen))]") and crashes.
 * These two take the place of the library's own for the whole program, since a symbol of
 * the executable comes first.
 */
#include "internal.h"
#include <stdlib.h>

void shim_link(void)
{
	/* Called so that this object of the static library is part of the program. */
}

void clist_foreach(clist *list, clist_func func, void *data)
{
	if (!list)
		return;
	for (clistiter *i = list->first; i; i = i->next)
		func(i->data, data);
}

void clist_free(clist *list)
{
	clistiter *next;

	if (!list)
		return;
	for (clistiter *i = list->first; i; i = next) {
		next = i->next;
		free(i);
	}
	free(list);
}
