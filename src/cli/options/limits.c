/*
 * Limits of a run: how much goes over the wire, and how long is waited for a server in
 * trouble. --daily-limit counts in a file for each account, so that a second run of the
 * same day knows; it is written every megabyte, without fsync: after a power failure a
 * day may have a little more.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include "valise/net/rate.h"
#include "cli/cli.h"

#define DAY_SIZE 11 /* 2026-11-22 */

struct limits {
	struct account *account;
	struct rate *rate;
	char *ledger; /* path, NULL: no daily limit */
};

bool bytes_read(const char *v, uint64_t *out)
{
	static const char units[] = "KMGT";
	const char *unit;
	uint64_t factor = 1;
	char *end;

	errno = 0;
	*out = strtoull(v, &end, 10);
	unit = *end ? strchr(units, *end >= 'a' ? *end - 'a' + 'A' : *end) : NULL;
	for (const char *u = units; unit && u <= unit; u++)
		factor *= 1000;
	if (errno || v[0] < '0' || v[0] > '9' || (*end && (!unit || end[1])) || !*out ||
	        *out > UINT64_MAX / factor)
		return false;
	*out *= factor;
	return true;
}

/* The value of the option, 0 without it; EXIT_USAGE after a message. */
static int bytes_option(const struct args *a, const char *option, uint64_t *out)
{
	const char *v = args_get(a, option);

	*out = 0;
	if (v && !bytes_read(v, out))
		return usage_error(a, "--%s wants " BYTES_WANTED ", not \"%s\"", option, v);
	return 0;
}

/* The day by local time: limits of people begin at their midnight. */
static void format_today(char out[DAY_SIZE])
{
	time_t now = time(NULL);
	struct tm t;

	localtime_r(&now, &t);
	strftime(out, DAY_SIZE, "%Y-%m-%d", &t);
}

/* "2026-11-22 12345\n": what today's runs have moved; 0 where the day is another one. */
static uint64_t entry_parse(const char *text, const char *day)
{
	uint64_t n;

	if (strncmp(text, day, DAY_SIZE - 1) != 0 ||
	        sscanf(text + DAY_SIZE - 1, " %" SCNu64, &n) != 1)
		return 0;
	return n;
}

/* Add to today's sum; runs at the same time take turns. */
static int ledger_add(const char *path, uint64_t add, uint64_t *sum_out, struct err *err)
{
	char day[DAY_SIZE], text[64] = "";
	int fd = sys_openat(AT_FDCWD, path, O_RDWR | O_CREAT, 0600), rc = 0, len;
	size_t got = 0;

	if (fd < 0)
		return err_sys(err, ERR_WHOLE, "%s", path);
	format_today(day);
	if (flock(fd, LOCK_EX) != 0)
		rc = err_sys(err, ERR_WHOLE, "%s: cannot lock", path);
	if (rc == 0)
		rc = fd_pread(fd, text, sizeof text - 1, 0, &got, err);
	text[got] = '\0';
	*sum_out = entry_parse(text, day) + add;
	/*
	 * The same length each time: a shorter line would leave the end of the last one.
	 */
	len = snprintf(text, sizeof text, "%s %020" PRIu64 "\n", day, *sum_out);
	if (rc == 0 && add && sys_pwrite(fd, text, (size_t)len, 0) != len)
		rc = err_sys(err, ERR_WHOLE, "%s", path);
	(void)sys_close(fd);
	return rc;
}

/* Of rate: what went over the wire is counted for the day. */
static void note_spent(void *ctx, uint64_t bytes)
{
	const struct limits *l = ctx;
	struct err ignored;
	uint64_t sum;
	int rc = l->ledger ? ledger_add(l->ledger, bytes, &sum, &ignored) : 0;

	/*
	 * a ledger that cannot be written is no reason to end: this run's own count goes
	 * on
	 */
	(void)rc;
}

int limits_start(const struct args *a, struct account *account, struct limits **out)
{
	struct limits *l = xcalloc(1, sizeof *l);
	struct rate_opts o = {.total = UINT64_MAX, .spent = note_spent, .ctx = l};
	uint64_t daily, had = 0;
	struct err err;
	int rc = bytes_option(a, "max-rate", &o.per_second);

	*out = NULL;
	l->account = account;
	if (rc == 0)
		rc = bytes_option(a, "daily-limit", &daily);
	if (rc == 0 && daily &&
	        (state_ledger(account, &l->ledger, &err) < 0 ||
	                ledger_add(l->ledger, 0, &had, &err) < 0))
		rc = fail(a, &err);
	if (rc) {
		limits_end(l);
		return rc;
	}
	if (daily)
		o.total = had < daily ? daily - had : 0;
	if (daily || o.per_second)
		l->rate = rate_new(&o);
	for (unsigned k = 0; k < SERVICE_KINDS; k++)
		account->services[k].at.rate = l->rate;
	*out = l;
	return 0;
}

void limits_end(struct limits *l)
{
	if (!l)
		return;
	for (unsigned k = 0; k < SERVICE_KINDS; k++)
		l->account->services[k].at.rate = NULL;
	rate_free(l->rate);
	free(l->ledger);
	free(l);
}
