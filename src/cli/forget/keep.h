#ifndef VALISE_CLI_FORGET_KEEP_H
#define VALISE_CLI_FORGET_KEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include "valise/base/date.h"

/*
 * Which snapshots stay, by the rules that people know from restic and borg: of each day (week,
 * month, year) that has a snapshot the last one, from the newest such day on, for as many days
 * as are asked for. What one rule keeps, no other takes away.
 */

enum keep_why {
	KEEP_LAST = 1,
	KEEP_WITHIN = 2,
	KEEP_DAILY = 4,
	KEEP_WEEKLY = 8,
	KEEP_MONTHLY = 16,
	KEEP_YEARLY = 32,
	KEEP_NUMBER = 64, /* its number was given */
	KEEP_NEWEST = 128, /* it always stays */
};
#define KEEP_WORDS 8
const char *keep_word(unsigned i); /* "last" of bit 1 << 0, and so on */
#define KEEP_TEXT_SIZE 96
/* "last, monthly"; empty for none. */
char *keep_text(unsigned why, char out[KEEP_TEXT_SIZE]);

struct keep_rules {
	uint64_t last, daily, weekly, monthly, yearly; /* 0: no such rule */
	bool has_within;
	struct age within; /* before the newest snapshot, not before today */
	const unsigned *numbers; /* ${n_numbers} snapshots, lent */
	size_t n_numbers;
};

struct keep_one {
	unsigned number;
	/* when it was made, where people count days: tm_year to tm_sec, tm_wday */
	struct tm at;
	unsigned why; /* out: KEEP_x; 0: it is forgotten */
};

/**
 * keep_choose(rules, list, n): why[] of ${n} snapshots in the order of their numbers, which is
 * that of their making, whatever the clock said.
 */
void keep_choose(const struct keep_rules *rules, struct keep_one *list, size_t n);

#endif
