#ifndef VALISE_CLI_BATCH_H
#define VALISE_CLI_BATCH_H

#include "cli/cli.h"
#include "cli/target.h"
#include "worker.h"

/* A command for many accounts, each by a worker. */

#define JOBS_MAX 64

enum outcome {
	OUTCOME_NONE, /* was not started, as a stop was asked for */
	OUTCOME_SKIPPED, /* --skip-done */
	OUTCOME_DONE,
	OUTCOME_UNCHANGED, /* done, and there was nothing to do */
	OUTCOME_INCOMPLETE,
	OUTCOME_STOPPED,
	OUTCOME_FAILED,
	OUTCOMES
};

/* Of several lines, the first of the weightiest kind says why. */
enum weight { WEIGHT_NONE, WEIGHT_TALK, WEIGHT_WARNING, WEIGHT_FAILURE, WEIGHT_END };

/* A column of the table: a number of the worker's last event. */
struct verb_column {
	const char *title, *key;
	enum { COLUMN_COUNT, COLUMN_BYTES, COLUMN_KINDS } as; /* KINDS: the sum over all kinds */
};

/* What is peculiar to a command; batch_verbs.c has a row for each. */
struct verb {
	unsigned command; /* CMD_x */
	enum { ARCHIVE_NONE, ARCHIVE_WRITTEN, ARCHIVE_READ } archive;
	bool signs_in; /* the account's services count */
	/* Are two of the list that may name one target to take turns? */
	bool takes_turns;
	const char *done, *unchanged; /* words for these outcomes */
	/* member of the last event: it is true, or not 0, if there was something to do; NULL:
	 * always */
	const char *changed;
	const char *alone[6]; /* its options that make sense for one account only */
	struct verb_column columns[3];
};
extern const struct verb batch_verbs[]; /* ends with command 0 */

struct batch;
struct job {
	struct batch *batch;
	char *name, *archive; /* archive: NULL if the command has none */
	struct target *target; /* of takes_turns; NULL: none */
	char *sum; /* account_sum; NULL: it does not sign in */
	char *record, *question; /* of done.c; record NULL: there is no place for it */
	struct worker worker;
	bool begun;
	int64_t started, ended; /* clock_ms */
	int64_t started_utc;
	uint64_t counted[4]; /* as it last said: items, of how many, bytes, of how many */
	enum outcome outcome;
	int code; /* exit code, -1: none */
	json_t *done, *failed; /* its last event, of either kind, or NULL */
	char *error; /* the reason, as the table has it */
	enum weight weight;
	char *held; /* its line, NULL if it was told: the table tells it, or the account's end */
};

struct batch {
	const struct args *args;
	const struct verb *verb;
	struct ui ui;
	struct job *jobs;
	size_t n, at_once;
	size_t ended, running;
	bool stopping;
	bool unmatched; /* an --include means nothing in any account */
};

/*
 * batch_list.c: the accounts of this shard, after all of the list was looked at: a slip of the
 * pen costs nothing then. 0, or an exit code after a message.
 */
int batch_load(struct batch *b);
void batch_clear(struct batch *b);

/*
 * pairs.c: no archive goes into two accounts, and no account gets two archives, unless
 * --accept-pairs; every job has a target and an archive. 0, or EXIT_USAGE after a message.
 */
int target_check(const struct batch *b);

/* done.c: what --skip-done goes by. */
/*
 * Where it is written down that the job was done, and what is done: the options of the command
 * line and ${own}, and of whom (NULL: of no importance).
 */
void done_find(struct job *j, const struct account *account, const struct account_options *own);
/*
 * Was just this done since ${since_utc}, and is the archive's newest snapshot complete and
 * still the one of then, with files of the same size?
 */
bool done_since(const struct job *j, int64_t since_utc);
/*
 * It begins: until it is done again, nothing is known. ERR_IO, ERR_SPACE: what is known stays, and
 * would be believed.
 */
int done_forget(const struct job *j, struct err *err) MUST_CHECK;
/*
 * It was done, without anything missing, with the snapshot whose seal the worker named: a newer one
 * may be there already. Trouble is no reason to fail: it is then done again.
 */
void done_write(const struct job *j);
/* "90m", "12h", "3d", "2w" */
bool duration_read(const char *text, int64_t *seconds_out);
/* "2/8": counted from 1. */
bool shard_read(const char *text, unsigned *i_out, unsigned *n_out);
/* Of ${n} shards, from 0: decided by the name alone. */
unsigned shard_of(const char *name, unsigned n);

/*
 * unmatched.c: say which patterns mean nothing in any account that was looked at; what such an
 * --include left out was not done, and is not to be skipped.
 */
void batch_tell_unmatched(struct batch *b);

/* batch_tell.c */
/* Does its row of the table say why? Then nothing else does. */
bool batch_row_has_reason(const struct job *j);
json_t *batch_event(const struct job *j); /* how it ended */
/* The table, or the last event; the reports. Returns the exit code of all. */
int batch_tell(struct batch *b);

#endif
