#ifndef VALISE_BASE_PROGRESS_H
#define VALISE_BASE_PROGRESS_H

#include <stdint.h>
#include <stdatomic.h>
#include <pthread.h>
#include <stdbool.h>
#include "valise/base/err.h"

/*
 * What a running source, target or pack tells whoever watches. Lower rooms count and say;
 * only cli prints. All members may be touched from several threads.
 */
enum say_level {
	SAY_INFO,
	SAY_NOTE,
	SAY_WARNING,
	/* one of many, for reports and JSON: people get a line with their number */
	SAY_LISTED,
};

struct progress {
	_Atomic uint64_t items_done, items_total; /* total 0: not known yet */
	_Atomic uint64_t bytes_done, bytes_total;
	/* answers waited for: one for all commands that were sent together */
	_Atomic uint64_t round_trips;
	_Atomic uint64_t wire_in, wire_out;
	/* CLOCK_MONOTONIC: the server asked for silence until then */
	_Atomic uint64_t wait_until_ms;
	/* ${text} is one line, already safe for a terminal. Thread-safe. May be NULL. */
	void (*say)(void *ctx, enum say_level level, const char *text);
	/*
	 * The same of one item or, ${item} NULL, one collection; nothing is escaped. Thread-safe,
	 * with the same ctx. May be NULL.
	 */
	void (*name)(void *ctx, enum say_level level, const char *collection, const char *item,
	        const char *text);
	void *ctx;
	pthread_mutex_t lock; /* guards what[] */
	char what[160]; /* the collection in work, safe for a terminal */
};

void progress_init(struct progress *p);
void progress_what(struct progress *p, const char *name); /* escapes */
void progress_say(struct progress *p, enum say_level level, const char *fmt, ...) PRINTF_LIKE(3, 4);

void progress_name(struct progress *p, enum say_level level, const char *collection,
        const char *item, const char *fmt, ...) PRINTF_LIKE(5, 6);

/* "1,234" */
char *human_count(uint64_t n, char out[32]);
/* "1.2 MB" */
char *human_bytes(uint64_t n, char out[32]);
#define COUNTED_SIZE 96
/* "1,234 messages are", "1 message is": ${one} or ${many} as ${n} wants it. */
char *counted(uint64_t n, const char *one, const char *many, char out[COUNTED_SIZE]);

/*
 * Who writes to the terminal: a question and its answer are not drawn over, nor written
 * into. A question takes it (and waits for a line that is being drawn), what is drawn
 * again and again only tries; what has to be said waits until the question is answered.
 * There is one terminal: this is global.
 */
void terminal_take(void);
bool terminal_try(void); /* false: somebody is being asked */
void terminal_release(void);

/* How far a run is, at one moment. */
struct progress_view {
	uint64_t items, items_total, bytes, bytes_total; /* totals 0: not known */
	double seconds; /* since it began */
	const char *what; /* the collection in work, safe for a terminal */
};
/*
 * ${v} in at most ${columns} columns, for a terminal: how many, how much, how fast, how
 * long still, and where. What has no room goes: the rate first, the collection's name last.
 */
char *progress_line(const struct progress_view *v, size_t columns, char *out, size_t size);

/*
 * SIGINT and SIGTERM set a flag that long loops ask for; the second signal ends at once
 * (exit 130).
 */
void stop_install(void);
/*
 * What the second signal writes to standard error before it ends the process, so that no
 * progress line is left there: a constant, or NULL.
 */
void stop_says(const char *text);
int stop_requested(void);
/* ERR_STOPPED with a fitting text if a stop was requested, else 0. */
int stop_check(struct err *err) MUST_CHECK;

#endif
