/* What a look at the target tells of each item of the archive. */
#include "internal.h"
#include "valise/base/mem.h"
#include <stdatomic.h>
#include <stdlib.h>

static enum audit_what what_of(const struct target_look *look)
{
	static const enum audit_what of[LOOK_STATES] = {
	        [LOOK_SAME] = AUDIT_WHATS,
	        [LOOK_OTHER] = AUDIT_ALTERED,
	        [LOOK_FLAGS] = AUDIT_FLAGS_LOST,
	        [LOOK_ELSEWHERE] = AUDIT_ELSEWHERE,
	        [LOOK_TWICE] = AUDIT_DOUBLED,
	        [LOOK_MISSING] = AUDIT_MISSING,
	        [LOOK_HELD_BACK] = AUDIT_HELD_BACK,
	        [LOOK_UNREADABLE] = AUDIT_UNREADABLE,
	        [LOOK_UNSEEN] = AUDIT_UNSEEN,
	};

	return of[look->state];
}

void audit_looked(void *target, const struct tree_coll *c, const struct tree_item *it,
        const struct target_look *look)
{
	struct audit_target *t = target;
	enum audit_what what = what_of(look);
	struct audit_finding f;

	atomic_fetch_add(&t->told, 1);
	audit_count(t->audit, AUDIT_TARGET,
	        &(struct audit_counts){.items = 1, .same = what == AUDIT_WHATS});
	if (what == AUDIT_WHATS)
		return;
	f = finding_of(AUDIT_TARGET, what, c, it);
	f.place = xstrdup(look->place);
	f.differs = xstrdup(look->differs);
	if (!audit_rules[what].safe || atomic_fetch_add(&t->named, 1) < NAMED_MAX)
		name_from(t->archive, c, it, &f.name);
	audit_add(t->audit, &f);
}
