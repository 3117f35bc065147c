/* What a look at the target tells of each item of the archive. */
#include "internal.h"
#include "valise/base/mem.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* "without \\Seen work; there once more": is nothing lost that people set? */
static bool lacks_marks_only(const char *differs)
{
	static const char without[] = "without ";
	bool marks = true;

	if (!differs || strncmp(differs, without, sizeof without - 1) != 0)
		return false;
	for (const char *p = differs + sizeof without - 1; *p && *p != ';' && marks;) {
		size_t n = strcspn(p, " ;");
		char *word = xstrndup(p, n);

		marks = audit_is_mark(word);
		free(word);
		p += n + (p[n] == ' ');
	}
	return marks;
}

/* It is there; what is the worst of it? */
static enum audit_what judge_there(const struct tree_item *it, const struct target_look *look)
{
	bool nul = look->by & LOOK_BY_ENDS && it->warn & WARN_NUL;

	if (nul || look->by & (LOOK_BY_CONTENT | LOOK_BY_DATE) ||
	        (look->state == LOOK_OTHER && !look->by))
		return AUDIT_ALTERED;
	if (look->by & LOOK_BY_FLAGS && !lacks_marks_only(look->differs))
		return AUDIT_FLAGS_LOST;
	if (look->state == LOOK_ELSEWHERE)
		return AUDIT_ELSEWHERE;
	if (look->state == LOOK_TWICE)
		return AUDIT_DOUBLED;
	return look->state == LOOK_FLAGS ? AUDIT_MARKS_LOST : AUDIT_OTHER_FORM;
}

enum audit_what audit_judge_look(const struct tree_item *it, const struct target_look *look)
{
	switch (look->state) {
	case LOOK_SAME:
		return AUDIT_WHATS;
	case LOOK_MISSING:
		return AUDIT_MISSING;
	case LOOK_HELD_BACK:
		return AUDIT_HELD_BACK;
	case LOOK_UNREADABLE:
		return AUDIT_UNREADABLE;
	case LOOK_OTHER:
	case LOOK_FLAGS:
	case LOOK_ELSEWHERE:
	case LOOK_TWICE:
		return judge_there(it, look);
	default:
		return AUDIT_UNSEEN;
	}
}

void audit_looked(void *target, const struct tree_coll *c, const struct tree_item *it,
        const struct target_look *look)
{
	struct audit_target *t = target;
	enum audit_what what = audit_judge_look(it, look);
	struct audit_finding f;
	bool there;

	atomic_fetch_add(&t->told, 1);
	if (t->tells_rescued && it->warn & WARN_RESCUED)
		say_rescued(t->audit, t->archive, c, it);
	audit_count(t->audit, AUDIT_TARGET,
	        &(struct audit_counts){.items = 1, .same = what == AUDIT_WHATS});
	there = look->state == LOOK_SAME || look->state == LOOK_OTHER ||
	        look->state == LOOK_FLAGS || look->state == LOOK_ELSEWHERE ||
	        look->state == LOOK_TWICE;
	audit_count_coll(t->audit, AUDIT_TARGET, c->kind, c->name, there, there ? it->size : 0);
	if (what == AUDIT_WHATS)
		return;
	f = finding_of(AUDIT_TARGET, what, c, it);
	f.place = xstrdup(look->place);
	f.differs = xstrdup(look->differs);
	if (!audit_rules[what].safe || atomic_fetch_add(&t->named, 1) < NAMED_MAX)
		name_from(t->archive, c, it, &f.name);
	audit_add(t->audit, &f);
}
