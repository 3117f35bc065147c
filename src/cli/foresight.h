#ifndef VALISE_CLI_FORESIGHT_H
#define VALISE_CLI_FORESIGHT_H

#include "valise/restore/predict.h"
#include "cli/cli.h"

/* check --for: what a restore of an archive would meet, gathered and told (foresight.c). */
struct foreseen_line {
	enum predict what; /* PREDICTS: a line of the dry run */
	bool sure;
	enum say_level level;
	char *collection, *item, *text;
	uint64_t items;
};
struct foresees {
	struct ui *ui;
	struct foreseen_line *lines;
	size_t n, cap;
	pthread_mutex_t lock; /* guards lines: the dry run reports from several threads */
	uint64_t will, may; /* lines that make a restore's exit code 3, about items */
	uint64_t low_s, high_s; /* of the restore */
};

/* 0 all will go, EXIT_INCOMPLETE something will not or may not go as it is, or what went wrong. */
int foresight_check(const struct args *a, struct account *account, struct ui *ui, json_t *outcome);
/* Is an option on the command line that goes with --for alone? Its name, or NULL. */
const char *foresight_option(const struct args *a);

#endif
