/* What a look at the target makes of one item. Pure decisions. */
#include "judge.h"

enum look_state look_judge(const struct look_facts *f)
{
	if (f->unreadable)
		return LOOK_UNREADABLE;
	if (f->there && f->altered)
		return LOOK_OTHER;
	if (f->there && !f->home)
		return LOOK_ELSEWHERE;
	if (f->there)
		return f->again ? LOOK_TWICE : LOOK_SAME;
	if (f->asked == LOOK_FAILED || f->hidden)
		return LOOK_UNSEEN;
	return f->held ? LOOK_HELD_BACK : LOOK_MISSING;
}

static bool is_there(enum look_state s)
{
	return s == LOOK_SAME || s == LOOK_OTHER || s == LOOK_ELSEWHERE || s == LOOK_TWICE;
}

enum look_state look_join(enum look_state a, enum look_state b)
{
	/* the first one that either has */
	static const enum look_state order[] = {LOOK_UNREADABLE, LOOK_UNSEEN, LOOK_OTHER,
	        LOOK_MISSING, LOOK_HELD_BACK, LOOK_ELSEWHERE, LOOK_TWICE};

	for (size_t i = 0; i < COUNT(order); i++)
		if (a == order[i] || b == order[i])
			/* a part of it is there */
			return !is_there(order[i]) && order[i] != LOOK_UNREADABLE &&
			                       order[i] != LOOK_UNSEEN &&
			                       (is_there(a) || is_there(b))
			               ? LOOK_OTHER
			               : order[i];
	return LOOK_SAME;
}

bool look_hidden(bool gone, bool unlisted, size_t holes, enum look_asked asked, bool by_journal)
{
	if (gone)
		return false;
	/* A server that names resources itself has it under another name, if at all. */
	return holes || (unlisted && !(asked == LOOK_GONE && by_journal));
}
