/* --include and --exclude of many accounts: what means nothing in any of them. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "batch.h"

static bool lists(const json_t *done, const json_t *pattern)
{
	const json_t *list = json_object_get(done, "unmatched");

	for (size_t i = 0; i < json_array_size(list); i++)
		if (json_equal(json_array_get(list, i), pattern))
			return true;
	return false;
}

static void tell_pattern(struct batch *b, const json_t *pattern)
{
	const char *option = json_get_str(pattern, "option"), *p = json_get_str(pattern, "pattern");
	bool is_include = option && strcmp(option, "include") == 0;
	struct err err = {0};
	size_t looked = 0;
	char *text;

	for (size_t i = 0; i < b->n; i++) {
		const struct job *j = &b->jobs[i];

		/* What was done before is believed to have it, or it would not be skipped. */
		if (j->outcome == OUTCOME_SKIPPED || (j->done && !lists(j->done, pattern)))
			return;
		looked += j->done != NULL;
	}
	text = xasprintf("%s \"%s\": nothing is called so in any account (%zu looked at)",
	        option ? option : "", p ? p : "", looked);
	ui_report(&b->ui, SAY_WARNING, NULL, NULL, text);
	free(text);
	for (size_t i = 0; i < b->n && is_include; i++)
		if (b->jobs[i].done && done_forget(&b->jobs[i], &err) < 0)
			ui_report(&b->ui, SAY_WARNING, b->jobs[i].name, NULL, err.text);
	b->unmatched |= is_include;
}

void batch_tell_unmatched(struct batch *b)
{
	const json_t *list;
	size_t first = 0;

	while (first < b->n && !b->jobs[first].done)
		first++;
	if (first == b->n)
		return;
	/* what is in none is not in the first */
	list = json_object_get(b->jobs[first].done, "unmatched");
	for (size_t i = 0; i < json_array_size(list); i++)
		tell_pattern(b, json_array_get(list, i));
}
