/* What a move does next, decided from what it has done. */
#include <string.h>
#include "cli/cli.h"
#include "steps.h"

enum { DAY_S = 24 * 60 * 60 };

static const char *const words[MOVE_STEPS] = {
        [MOVE_SIGN_IN] = "sign-in",
        [MOVE_BACKUP] = "backup",
        [MOVE_VERIFY] = "verify",
        [MOVE_CHECK] = "check",
        [MOVE_RESTORE] = "restore",
        [MOVE_DNS] = "dns",
        [MOVE_AUDIT] = "audit",
};

const char *move_step_word(enum move_step s)
{
	return words[s];
}

enum move_step move_step_of(const char *word)
{
	unsigned s = 0;

	while (s < MOVE_STEPS && strcmp(words[s], word) != 0)
		s++;
	return (enum move_step)s;
}

bool move_has(const struct move_round *r, const struct move_wish *w, enum move_step s)
{
	switch (s) {
	case MOVE_SIGN_IN:
	case MOVE_CHECK:
		return r->copy;
	case MOVE_DNS:
		return w->dns;
	case MOVE_AUDIT:
		return !r->copy || w->cut_over;
	default:
		return s < MOVE_STEPS;
	}
}

bool move_begin(const struct move_round *last, int64_t now, struct move_round *out)
{
	bool copied = last->number && (last->over || !last->copy);

	if (last->number && !last->over && now >= last->began && now - last->began < DAY_S) {
		*out = *last;
		/* what is said at the end is of today */
		out->done[MOVE_DNS] = out->done[MOVE_AUDIT] = out->safe = false;
		return true;
	}
	*out = (struct move_round){.number = last->number + 1, .copy = !copied, .began = now};
	return false;
}

enum move_step move_next(const struct move_round *r, const struct move_wish *w)
{
	unsigned s = 0;

	while (s < MOVE_STEPS && (r->done[s] || !move_has(r, w, s)))
		s++;
	return (enum move_step)s;
}

enum move_after move_judge(enum move_step s, int exit)
{
	if (exit == EXIT_DONE)
		return MOVE_ON;
	/* What is missing was named; the audit at the end has the last word on it. */
	if (exit == EXIT_INCOMPLETE)
		return s == MOVE_CHECK ? MOVE_ASK : MOVE_ON;
	/* Records that nobody can look up keep no mail back: the audit says what they mean. */
	if (s == MOVE_DNS && exit == EXIT_FAILED)
		return MOVE_ON;
	return MOVE_STOP;
}

enum move_now move_advise(const struct move_round *r)
{
	if (!r->over)
		return MOVE_NOW_AGAIN;
	if (!r->done[MOVE_AUDIT])
		return MOVE_NOW_SWITCH;
	return r->safe ? MOVE_NOW_CLOSE : MOVE_NOW_RESOLVE;
}
