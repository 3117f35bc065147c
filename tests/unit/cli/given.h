/* The arguments of a command, as a person gives them. */
#ifndef TESTS_CLI_GIVEN_H
#define TESTS_CLI_GIVEN_H

#include <string.h>
#include "valise/base/mem.h"
#undef fail /* cmocka has one, and cli */
#include "cli/cli.h"
#define fail() _fail(__FILE__, __LINE__)

/* main's: the help alone looks there. */
const struct command *const commands[] = {NULL};

struct given {
	struct command command;
	struct ending ending;
	struct args args;
};

/* The words of ${line}, parted by blanks; what args_parse says of them. */
static inline int give(struct given *g, unsigned command, bool account, const char *line)
{
	static char words[4096];
	char *argv[ARGS_MAX], *rest = NULL;
	int n = 0;

	memset(g, 0, sizeof *g);
	g->command = (struct command){.name = "test",
	        .synopsis = "ARGUMENT",
	        .bit = command,
	        .account = account,
	        .stores = command == CMD_RESTORE,
	        .min_pos = command == CMD_RESTORE || command == CMD_LIST,
	        .max_pos = 2};
	g->args.cmd = &g->command;
	g->args.ending = &g->ending;
	snprintf(words, sizeof words, "%s", line);
	for (char *w = strtok_r(words, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
		argv[n++] = w;
	return args_parse(&g->args, n, argv);
}

#endif
