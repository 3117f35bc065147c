#ifndef VALISE_CLI_BATCH_H
#define VALISE_CLI_BATCH_H

#include "cli.h"
#include "worker.h"

/* Several accounts, each backed up by a worker. */

enum outcome {
	OUTCOME_NONE, /* was not started, as a stop was asked for */
	OUTCOME_SEALED,
	OUTCOME_UNCHANGED,
	OUTCOME_INCOMPLETE,
	OUTCOME_STOPPED,
	OUTCOME_FAILED,
	OUTCOMES
};

/* Of several lines, the first of the weightiest kind says why. */
enum weight { WEIGHT_NONE, WEIGHT_TALK, WEIGHT_WARNING, WEIGHT_FAILURE, WEIGHT_END };

struct batch;
struct job {
	struct batch *batch;
	char *name, *archive;
	struct worker worker;
	int64_t started, ended; /* clock_ms */
	uint64_t counted[4]; /* as it last said: items, of how many, bytes, of how many */
	enum outcome outcome;
	int code; /* exit code, -1: none */
	json_t *done, *failed; /* its last event, of either kind, or NULL */
	char *error;
	enum weight weight;
};

struct batch {
	const struct args *args;
	struct ui ui;
	struct job *jobs;
	size_t n, at_once;
	size_t started, running;
	bool stopping;
};

/* batch_tell.c */
json_t *batch_event(const struct job *j); /* how it ended */
/* The table, or the last event; the reports. Returns the exit code of all. */
int batch_tell(struct batch *b);

#endif
