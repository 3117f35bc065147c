#ifndef VALISE_CLI_MOVE_STATE_H
#define VALISE_CLI_MOVE_STATE_H

#include "valise/base/json.h"
#include "valise/base/lock.h"
#include "steps.h"

/*
 * What a move has done, in a file beside the archive, ARCHIVE.move.json (docs/JSON.md):
 * one line of canonical JSON, replaced as a whole after each step.
 */
struct move_state {
	char *path;
	json_t *json; /* {"format","from","to","rounds":[{"began","copy","over","safe","steps"}]} */
	int dir;
	struct lock lock;
};

/**
 * move_state_open(archive, from, to, out, err): read the file, or begin one in memory; one
 * move at a time has it. ERR_LOCKED; ERR_USAGE: it is about other accounts; ERR_DAMAGED,
 * ERR_IO. move_state_close is due in any case.
 */
int move_state_open(const char *archive, const char *from, const char *to, struct move_state *out,
        struct err *err) MUST_CHECK;
void move_state_close(struct move_state *s);
/* The last round. */
void move_state_round(const struct move_state *s, struct move_round *out);
/*
 * ${r} is the last one from now on, a new one if its number is. To the disk with it:
 * ERR_IO, ERR_SPACE.
 */
int move_state_put(struct move_state *s, const struct move_round *r, struct err *err) MUST_CHECK;
/* A step of the last round: how it ended, and what it did (${outcome} may be NULL). */
void move_state_step(struct move_state *s, enum move_step step, int exit, bool done, int64_t now,
        const json_t *outcome);

#endif
