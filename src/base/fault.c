/* Faults injected into the seam, by the plan in the environment variable VALISE_FAULT. */
#include "fault.h"
#include "valise/base/mem.h"

#ifdef VALISE_FAULTS
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum action { NOTHING, KILL, FAIL, FAIL_FROM, SHORT };

#define BIT(kind) (1u << (kind))
#define SPACE_KINDS (BIT(FAULT_CREATE) | BIT(FAULT_WRITE) | BIT(FAULT_SYNC) | BIT(FAULT_NAME))
#define RW_KINDS (BIT(FAULT_READ) | BIT(FAULT_WRITE) | BIT(FAULT_RECV) | BIT(FAULT_SEND))

static const struct {
	const char *name;
	int number;
	unsigned kinds; /* that can give it */
} errors[] = {
        {"ENOSPC", ENOSPC, SPACE_KINDS},
        {"EDQUOT", EDQUOT, SPACE_KINDS},
        {"EIO", EIO, SPACE_KINDS | BIT(FAULT_READ) | BIT(FAULT_OPEN) | BIT(FAULT_REMOVE)},
        {"ECONNRESET", ECONNRESET, BIT(FAULT_NET) | BIT(FAULT_RECV) | BIT(FAULT_SEND)},
        {"EINVAL", EINVAL, BIT(FAULT_NAME)},
        {"EACCES", EACCES,
                BIT(FAULT_OPEN) | BIT(FAULT_CREATE) | BIT(FAULT_NAME) | BIT(FAULT_REMOVE)},
};

/*
 * Set once from the environment, read only afterwards; the counter is the only thing that
 * moves.
 */
static struct {
	enum action action;
	uint64_t at;
	int number;
	unsigned kinds;
	char name[16]; /* empty: calls of every name */
	const char *count_file;
} plan;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Atomic uint64_t calls;

static _Noreturn void bad_plan(const char *text)
{
	fprintf(stderr, "VALISE_FAULT is not understood: %s\n", text);
	_exit(2);
}

static void write_count(void)
{
	FILE *f = fopen(plan.count_file, "w");

	if (!f)
		return;
	fprintf(f, "%ju\n", (uintmax_t)atomic_load(&calls));
	fclose(f);
}

static void set_error(const char *name, const char *text)
{
	for (size_t i = 0; name && i < COUNT(errors); i++)
		if (strcmp(errors[i].name, name) == 0) {
			plan.number = errors[i].number;
			plan.kinds = errors[i].kinds;
			return;
		}
	bad_plan(text);
}

static void parse_plan(const char *text)
{
	static const char names[][9] = {
	        [KILL] = "kill", [FAIL] = "fail", [FAIL_FROM] = "failfrom", [SHORT] = "short"};
	char copy[128], *rest = copy, *word, *end;

	snprintf(copy, sizeof copy, "%s", text);
	word = strsep(&rest, ":");
	for (int i = KILL; i <= SHORT; i++)
		if (strcmp(word, names[i]) == 0)
			plan.action = (enum action)i;
	word = strsep(&rest, ":");
	if (plan.action == NOTHING || !word || !*word)
		bad_plan(text);
	plan.at = strtoull(word, &end, 10);
	if (*end)
		bad_plan(text);
	if (plan.action == FAIL || plan.action == FAIL_FROM)
		set_error(strsep(&rest, ":"), text);
	if (rest)
		snprintf(plan.name, sizeof plan.name, "%s", rest);
}

static void plan_init(void)
{
	const char *text = getenv("VALISE_FAULT");

	plan.count_file = getenv("VALISE_FAULT_COUNT");
	if (text && *text)
		parse_plan(text);
	if (plan.count_file && *plan.count_file)
		atexit(write_count);
}

/* Is the call among those that are counted? */
static bool is_counted(enum fault_kind kind, const char *name)
{
	if (plan.action == SHORT && !(RW_KINDS & BIT(kind)))
		return false;
	return plan.name[0] ? strcmp(plan.name, name) == 0 : kind != FAULT_POLL;
}

bool fault_hit(enum fault_kind kind, const char *name, size_t *n)
{
	uint64_t number;

	pthread_once(&once, plan_init);
	if ((plan.action == NOTHING && !plan.count_file) || !is_counted(kind, name))
		return false;
	number = atomic_fetch_add(&calls, 1) + 1;
	if (plan.at == 0)
		return false;
	if (number == plan.at && plan.action == KILL)
		kill(getpid(), SIGKILL);
	if (number == plan.at && plan.action == SHORT && n && *n > 1)
		*n = 1;
	if ((number == plan.at && plan.action == FAIL) ||
	        (number >= plan.at && plan.action == FAIL_FROM && (plan.kinds & BIT(kind)))) {
		errno = plan.number;
		return true;
	}
	return false;
}
#else
typedef int fault_is_off; /* ISO C wants a declaration in every file */
#endif
