/*
 * What earlier runs could not fetch and this one did not ask for is missing all the same:
 * it is named in each run, not only in its exit code.
 */
#include <stdlib.h>
#include "valise/base/mem.h"
#include "cli.h"
#include "protocols.h"

/* The kinds that the run reads, COLL_LINKED by its option. */
static int asked_kinds(const struct take *t, unsigned *out)
{
	unsigned only;
	int rc = args_only(t->args, &only);

	*out = args_has(t->args, "fetch-links") ? 1u << COLL_LINKED : 0;
	for (unsigned k = 0; k < SERVICE_KINDS; k++)
		if (t->account->present[k])
			*out |= protocols[k].kinds & (only ? only : ~0u);
	return rc;
}

static bool is_asked(const struct tree_head *h, unsigned kinds, const struct pattern_choice *choice)
{
	struct pattern_name name;

	if (h->kind != COLL_LINKED) {
		target_name(h, &name);
		return kinds & 1u << h->kind && pattern_chooses(choice, &name);
	}
	for (unsigned k = 0; k < COLL_LINKED; k++)
		if (coll_is_linked(k, h->name))
			return kinds & 1u << COLL_LINKED && kinds & 1u << k;
	return kinds & 1u << COLL_LINKED;
}

/* Each error line of a collection that was kept. */
static int say_lines(
        struct take *t, struct tree_reader *from, const struct tree_head *h, struct err *err)
{
	struct tree_coll *c = NULL;
	int rc = from->ops->coll(from, h, &c, err);

	for (size_t i = 0; rc == 0 && i < c->n_errors; i++) {
		const struct tree_error *e = &c->errors[i];
		char *item = e->href ? xstrdup(e->href) : xasprintf("UID %u", e->uid);
		char *text = xasprintf("missing since an earlier run, and not asked for in this "
		                       "one: %s",
		        e->reason);

		ui_report(t->ui, SAY_WARNING, h->name, item, text);
		t->kept_links += h->kind == COLL_LINKED;
		free(text);
		free(item);
	}
	tree_coll_free(c);
	return rc;
}

int take_say_kept(struct take *t)
{
	struct choice *choice = xcalloc(1, sizeof *choice);
	struct tree_reader *from = NULL;
	struct err err = {0};
	unsigned kinds;
	int rc = asked_kinds(t, &kinds);

	if (rc == 0)
		rc = choice_init(choice, t->args);
	if (rc == 0 && t->to->reader(t->path, &from, &err) < 0)
		rc = fail(t->args, &err);
	for (size_t i = 0; rc == 0 && i < from->ops->manifest(from)->n_heads; i++) {
		const struct tree_head *h = &from->ops->manifest(from)->heads[i];

		if (h->roots.errors && !is_asked(h, kinds, &choice->of) &&
		        say_lines(t, from, h, &err) < 0)
			rc = fail(t->args, &err);
	}
	tree_reader_free(from);
	choice_clear(choice);
	free(choice);
	return rc;
}
