/* Whose account a target is: may two of them be the same one? */
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "target.h"

struct target *target_of(const struct account *a)
{
	struct target *t = xcalloc(1, sizeof *t);

	for (unsigned k = 0; k < SERVICE_KINDS; k++)
		if (a->present[k]) {
			const struct service *s = &a->services[k];

			t->at[k] = text_lower(xasprintf("%s:%u", s->at.host, s->at.port));
			t->owner[k] = text_lower(xstrdup(service_owner(s)));
		}
	return t;
}

void target_free(struct target *t)
{
	for (unsigned k = 0; t && k < SERVICE_KINDS; k++) {
		free(t->at[k]);
		free(t->owner[k]);
	}
	free(t);
}

/* "alice" may be alice@new.example, but never alice@other.example at once. */
static bool may_be_one(const char *a, const char *b)
{
	size_t n = strcspn(a, "@");

	if (a[n] && b[strcspn(b, "@")])
		return strcmp(a, b) == 0;
	return n == strcspn(b, "@") && strncmp(a, b, n) == 0;
}

enum likeness target_compare(const struct target *a, const struct target *b)
{
	enum likeness found = TARGETS_APART;

	for (unsigned i = 0; i < SERVICE_KINDS; i++)
		for (unsigned k = 0; k < SERVICE_KINDS; k++) {
			if (!a->owner[i] || !b->owner[k])
				continue;
			if (i == k && strcmp(a->at[i], b->at[k]) == 0 &&
			        strcmp(a->owner[i], b->owner[k]) == 0)
				return TARGETS_SAME;
			if (may_be_one(a->owner[i], b->owner[k]))
				found = TARGETS_UNSURE;
		}
	return found;
}
