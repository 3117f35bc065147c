/*
 * The outcome of many accounts: a table for people, events for programs, one exit code.
 */
#include <string.h>
#include "valise/base/columns.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "batch.h"

#define NAME_SIZE 250 /* of 49 bytes, each escaped */

static const char *const outcome_word[OUTCOMES] = {
        [OUTCOME_NONE] = "not started",
        [OUTCOME_SEALED] = "sealed",
        [OUTCOME_UNCHANGED] = "unchanged",
        [OUTCOME_INCOMPLETE] = "incomplete",
        [OUTCOME_STOPPED] = "stopped",
        [OUTCOME_FAILED] = "failed",
};

json_t *batch_event(const struct job *j)
{
	json_t *o = j->done ? json_copy(j->done) : json_object();

	json_set_text(o, "event", "account");
	put_text(o, "account", j->name);
	put_text(o, "archive", j->archive);
	json_set_text(o, "outcome", outcome_word[j->outcome]);
	json_object_set_new(o, "exit", json_integer(j->code));
	json_object_set_new(o, "milliseconds", json_integer(j->ended - j->started));
	if (j->error && j->outcome >= OUTCOME_INCOMPLETE)
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

static void put_name(const char *name, size_t width)
{
	char safe[NAME_SIZE];
	size_t n;

	term_escape(name, strlen(name), safe, sizeof safe);
	n = text_columns(safe);
	printf("%s%*s", safe, n < width ? (int)(width - n) : 0, "");
}

static void put_row(const struct job *j, size_t width)
{
	char collections[32] = "-", items[32] = "-", fresh[32] = "-";

	if (j->done) {
		human_count(sum_of(j->done, "collections"), collections);
		human_count(sum_of(j->done, "items"), items);
		human_bytes((uint64_t)json_get_int(j->done, "bytes_new", 0), fresh);
	}
	put_name(j->name, width);
	printf("  %-11s %11s %11s %11s %8.1f s", outcome_word[j->outcome], collections, items,
	        fresh, (double)(j->ended - j->started) / 1000);
	if (j->error && j->outcome >= OUTCOME_INCOMPLETE) {
		char *safe = term_escape_dup(j->error);

		printf("  %s", safe);
		free(safe);
	}
	putchar('\n');
}

static void put_table(const struct batch *b, const size_t count[OUTCOMES])
{
	size_t width = strlen("account");
	const char *comma = "";

	for (size_t i = 0; i < b->n; i++) {
		char safe[NAME_SIZE];
		size_t n = text_columns(
		        term_escape(b->jobs[i].name, strlen(b->jobs[i].name), safe, sizeof safe));

		if (n > width)
			width = n;
	}
	put_name("account", width);
	printf("  %-11s %11s %11s %11s %10s\n", "outcome", "collections", "items", "new", "time");
	for (size_t i = 0; i < b->n; i++)
		put_row(&b->jobs[i], width);
	printf("%s: ", counted(b->n, "account", "accounts", (char[COUNTED_SIZE]){0}));
	for (unsigned k = 0; k < OUTCOMES; k++)
		if (count[k]) {
			printf("%s%zu %s", comma, count[k], outcome_word[k]);
			comma = ", ";
		}
	putchar('\n');
}

static json_t *counts_json(const struct batch *b, const size_t count[OUTCOMES])
{
	json_t *o = json_object();

	json_set_number(o, "total", b->n);
	for (unsigned k = 0; k < OUTCOMES; k++)
		json_set_number(o, outcome_word[k], count[k]);
	return o;
}

static int write_reports(const struct batch *b, const size_t count[OUTCOMES])
{
	json_t *o = counts_json(b, count), *list = json_array();
	int rc;

	for (size_t i = 0; i < b->n; i++) {
		json_t *e = batch_event(&b->jobs[i]);

		json_object_del(e, "event");
		json_array_append_new(list, e);
	}
	json_object_set_new(o, "accounts", list);
	rc = ui_write_reports(&b->ui, o);
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
	           count[OUTCOME_STOPPED] || count[OUTCOME_INCOMPLETE]) {
		put_table(b, count);
	}
	rc = write_reports(b, count);
	if (b->stopping) {
		(void)err_set(&stopped, ERR_STOPPED, ERR_WHOLE, "interrupted");
		end_why(b->args, &stopped);
		return EXIT_INTERRUPTED;
	}
	if (rc || count[OUTCOME_FAILED] || count[OUTCOME_STOPPED])
		return EXIT_FAILED;
	return count[OUTCOME_INCOMPLETE] ? EXIT_INCOMPLETE : EXIT_DONE;
}
