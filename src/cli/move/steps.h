#ifndef VALISE_CLI_MOVE_STEPS_H
#define VALISE_CLI_MOVE_STEPS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The way of an account from one server to another: rounds, each of some steps. The first
 * one copies everything, while the owner goes on working at the old server. Each later one
 * brings what came since, and asks whether the old account may be closed. Pure: what is
 * next follows from what was done.
 */

enum move_step {
	MOVE_SIGN_IN, /* check of the source */
	MOVE_BACKUP,
	MOVE_VERIFY,
	MOVE_CHECK, /* of the target, with what it is to take */
	MOVE_RESTORE,
	MOVE_DNS,
	MOVE_AUDIT,
	MOVE_STEPS
};
/* "sign-in", "backup" ...: words of the state file */
const char *move_step_word(enum move_step s);
/* The word's step; MOVE_STEPS: it is none. */
enum move_step move_step_of(const char *word);

/* What is asked of all rounds. */
struct move_wish {
	bool dns; /* there is a domain to look at */
	bool cut_over; /* new mail goes to the target already: the first round asks, too */
};

/* The last round, as it stands. */
struct move_round {
	unsigned number; /* from 1 on; 0: there was none */
	bool copy; /* it copies (the first one) */
	bool over; /* all of its steps are done */
	bool safe; /* its audit said that the old account may be closed */
	int64_t began; /* seconds since 1970 */
	bool done[MOVE_STEPS];
};

/* Is the step one of this round's? */
bool move_has(const struct move_round *r, const struct move_wish *w, enum move_step s);
/**
 * move_begin(last, now, out): the round that is at work from ${now} on: ${last} where it
 * was stopped less than a day ago, with what it has done (but the looks at its end, which
 * are taken again); a new one else. A copy that was never done is begun again as a copy.
 * True: ${last} goes on.
 */
bool move_begin(const struct move_round *last, int64_t now, struct move_round *out);
/* Its next step that is not done; MOVE_STEPS: it is over. */
enum move_step move_next(const struct move_round *r, const struct move_wish *w);

enum move_after {
	MOVE_ON, /* to the next step */
	MOVE_ASK, /* a person decides whether to go on; else it goes on */
	MOVE_STOP, /* the round ends here; the next run does this step again */
};
/* What an exit code of a step means for the round (enum exit_code). */
enum move_after move_judge(enum move_step s, int exit);

/* What a person has to do now that the round is over or was ended. */
enum move_now {
	MOVE_NOW_AGAIN, /* run it again: it was stopped, or a step failed */
	MOVE_NOW_SWITCH, /* let new mail come to the target, then run it again */
	MOVE_NOW_RESOLVE, /* see to what the audit names, then run it again */
	MOVE_NOW_CLOSE, /* the old account may be closed */
};
enum move_now move_advise(const struct move_round *r);

#endif
