#ifndef VALISE_CLI_WORKER_H
#define VALISE_CLI_WORKER_H

#include <poll.h>
#include <stdbool.h>
#include <sys/types.h>
#include "valise/base/buf.h"
#include "valise/base/err.h"

/*
 * This program once more, as a child process. It is in a session of its own, without a
 * terminal and with nothing on standard input: a Ctrl-C reaches the parent alone, which
 * decides. When the parent dies, it gets SIGTERM, and stops as cleanly as at any SIGTERM.
 */
struct worker {
	pid_t pid; /* 0: none runs */
	int fd[2]; /* standard output, standard error; -1 at their end */
	struct buf line[2]; /* what has come of a line */
	int status; /* of waitpid, once it ended */
};

/* ${argv}: with the program's name, closed by NULL. */
int worker_start(struct worker *w, char *const *argv, struct err *err) MUST_CHECK;
/* What to poll: fills up to two, returns how many. */
size_t worker_poll(const struct worker *w, struct pollfd p[2]);
/**
 * worker_read(w, line, ctx): hand over the whole lines that are there, without waiting;
 * ${is_error}: of standard error. A line over 1 MiB comes in pieces. True once the
 * process has ended and all of its output was handed over.
 */
typedef void worker_line(void *ctx, bool is_error, char *text, size_t n);
bool worker_read(struct worker *w, worker_line *line, void *ctx);
void worker_stop(const struct worker *w); /* ask it to stop */

#endif
