/*
 * The outcome of many accounts: a table for people, events for programs, one exit code.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/base/columns.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "batch.h"

#define WIDTH_MAX 60 /* of names; longer ones push their row aside */

/* What went wrong stands first. */
static const enum outcome order[OUTCOMES] = {OUTCOME_FAILED, OUTCOME_STOPPED, OUTCOME_INCOMPLETE,
        OUTCOME_NONE, OUTCOME_DONE, OUTCOME_UNCHANGED, OUTCOME_SKIPPED};

static const char *outcome_word(const struct verb *v, enum outcome o)
{
	static const char *const words[OUTCOMES] = {
	        [OUTCOME_NONE] = "not started",
	        [OUTCOME_SKIPPED] = "skipped",
	        [OUTCOME_INCOMPLETE] = "incomplete",
	        [OUTCOME_STOPPED] = "stopped",
	        [OUTCOME_FAILED] = "failed",
	};

	if (o == OUTCOME_DONE)
		return v->done;
	return o == OUTCOME_UNCHANGED ? v->unchanged : words[o];
}

bool batch_row_has_reason(const struct job *j)
{
	return j->error && j->outcome >= OUTCOME_INCOMPLETE;
}

json_t *batch_event(const struct job *j)
{
	json_t *o = j->done ? json_copy(j->done) : json_object();

	json_set_text(o, "event", "account");
	put_text(o, "account", j->name);
	if (j->archive)
		put_text(o, "archive", j->archive);
	json_set_text(o, "outcome", outcome_word(j->batch->verb, j->outcome));
	json_object_set_new(o, "exit", json_integer(j->code));
	json_object_set_new(o, "milliseconds", json_integer(j->ended - j->started));
	if (batch_row_has_reason(j))
		put_text(o, "error", j->error);
	if (j->failed)
		json_set_text(o, "code", json_get_str(j->failed, "code"));
	return o;
}

/* Of all kinds: "collections" or "items". */
static uint64_t sum_of(const json_t *done, const char *key)
{
	int64_t n = 0;

	for (unsigned k = 0; k < COLL_KINDS; k++)
		n += json_get_int(json_object_get(done, coll_kind_dir(k)), key, 0);
	return (uint64_t)n;
}

/* A name in its column, safe for a terminal. */
static void put_name(const char *name, size_t width)
{
	char *safe = term_escape_dup(name);
	size_t n = text_columns(safe);

	printf("%s%*s", safe, n < width ? (int)(width - n) : 0, "");
	free(safe);
}

/* A sum of the outcome as its column shows it; "-" where there is none. */
static void format_cell(const struct verb_column *c, const json_t *done, char out[32])
{
	uint64_t n = c->as == COLUMN_KINDS ? sum_of(done, c->key)
	                                   : (uint64_t)json_get_int(done, c->key, 0);

	if (!done)
		snprintf(out, 32, "-");
	else if (c->as == COLUMN_BYTES)
		human_bytes(n, out);
	else
		human_count(n, out);
}

/* One account in the table, with its error if it has one. */
static void put_row(const struct job *j, size_t width)
{
	const struct verb *v = j->batch->verb;

	put_name(j->name, width);
	printf("  %-11s", outcome_word(v, j->outcome));
	for (size_t i = 0; i < COUNT(v->columns); i++) {
		char cell[32];

		format_cell(&v->columns[i], j->done, cell);
		printf(" %11s", cell);
	}
	printf(" %8.1f s", (double)(j->ended - j->started) / 1000);
	if (batch_row_has_reason(j)) {
		char *safe = term_escape_dup(j->error);

		printf("  %s", safe);
		free(safe);
	}
	putchar('\n');
}

static size_t name_width(const struct batch *b)
{
	size_t width = strlen("account");

	for (size_t i = 0; i < b->n; i++) {
		char *safe = term_escape_dup(b->jobs[i].name);
		size_t n = text_columns(safe);

		if (n > width)
			width = MIN(n, WIDTH_MAX);
		free(safe);
	}
	return width;
}

/* All accounts, worst first, and how many of each outcome. */
static void put_table(const struct batch *b, const size_t count[OUTCOMES])
{
	size_t width = name_width(b);
	const char *comma = "";

	put_name("account", width);
	printf("  %-11s", "outcome");
	for (size_t i = 0; i < COUNT(b->verb->columns); i++)
		printf(" %11s", b->verb->columns[i].title);
	printf(" %10s\n", "time");
	for (unsigned k = 0; k < OUTCOMES; k++)
		for (size_t i = 0; i < b->n && count[order[k]]; i++)
			if (b->jobs[i].outcome == order[k])
				put_row(&b->jobs[i], width);
	printf("%s%s", counted(b->n, "account", "accounts", (char[COUNTED_SIZE]){0}),
	        b->n ? ": " : "");
	for (unsigned k = 0; k < OUTCOMES; k++)
		if (count[order[k]]) {
			printf("%s%zu %s", comma, count[order[k]], outcome_word(b->verb, order[k]));
			comma = ", ";
		}
	putchar('\n');
}

static json_t *counts_json(const struct batch *b, const size_t count[OUTCOMES])
{
	json_t *o = json_object();

	json_set_number(o, "total", b->n);
	for (unsigned k = 0; k < OUTCOMES; k++) {
		const char *word = outcome_word(b->verb, k);

		if (word)
			json_set_number(o, word, count[k]);
	}
	return o;
}

static int write_reports(const struct batch *b, const size_t count[OUTCOMES], int ends)
{
	json_t *o = counts_json(b, count), *list = json_array();
	int rc;

	for (unsigned k = 0; k < OUTCOMES; k++)
		for (size_t i = 0; i < b->n && count[order[k]]; i++) {
			json_t *e;

			if (b->jobs[i].outcome != order[k])
				continue;
			e = batch_event(&b->jobs[i]);
			json_object_del(e, "event");
			json_array_append_new(list, e);
		}
	json_object_set_new(o, "accounts", list);
	rc = ui_write_reports(&b->ui, o, &(struct report){.rc = ends});
	json_decref(o);
	return rc;
}

int batch_tell(struct batch *b)
{
	size_t count[OUTCOMES] = {0};
	struct err stopped = {0};
	int rc;

	for (size_t i = 0; i < b->n; i++)
		count[b->jobs[i].outcome]++;
	if (b->ui.json) {
		end_outcome(b->args, counts_json(b, count));
	} else if (!args_has(b->args, "quiet") || b->stopping || count[OUTCOME_FAILED] ||
	           count[OUTCOME_STOPPED] || count[OUTCOME_INCOMPLETE] || b->unmatched) {
		put_table(b, count);
	}
	rc = count[OUTCOME_FAILED] || count[OUTCOME_STOPPED] ? EXIT_FAILED
	     : count[OUTCOME_INCOMPLETE] || b->unmatched     ? EXIT_INCOMPLETE
	                                                     : EXIT_DONE;
	if (b->stopping) {
		(void)err_set(&stopped, ERR_STOPPED, ERR_WHOLE, "interrupted");
		end_why(b->args, &stopped);
		rc = EXIT_INTERRUPTED;
	}
	if (write_reports(b, count, rc) && rc != EXIT_INTERRUPTED)
		rc = EXIT_FAILED;
	return rc;
}
