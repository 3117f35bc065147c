/* valise check --for: what a restore of an archive would meet at this account. */
#include "foresight.h"
#include <stdlib.h>
#include <string.h>
#include "valise/base/escape.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "survey.h"

enum { SHOWN = 20 }; /* lines of the dry run for people; the rest is counted */

static const char *const with_for[] = {"snapshot", "with-gone", "only", "folder", "include",
        "exclude", "exclude-use", "map", "under", "into", "labels", "with-attendees",
        "attach-links", "strict", "since", "until", "larger", "smaller", "flagged", "unseen",
        "from", "to", "subject", "item"};

const char *foresight_option(const struct args *a)
{
	/* What a section or the environment says is for other commands, too. */
	for (size_t i = 0; i < a->n_given; i++)
		for (size_t k = 0; k < COUNT(with_for); k++)
			if (!a->given[i].from && !a->given[i].in_environment &&
			        strcmp(a->given[i].def->name, with_for[k]) == 0)
				return with_for[k];
	return NULL;
}

/* ---- gathered ---- */

static void add_line(struct foresees *f, const struct foreseen_line *l, const char *collection,
        const char *item, const char *text)
{
	struct foreseen_line *to;

	pthread_mutex_lock(&f->lock);
	to = ARR_PUSH(f->lines, f->n, f->cap);
	*to = *l;
	to->collection = xstrdup(collection);
	to->item = xstrdup(item);
	to->text = xstrdup(text);
	pthread_mutex_unlock(&f->lock);
}

static void take_prediction(void *ctx, const struct prediction *p)
{
	struct foresees *f = ctx;

	add_line(f,
	        &(struct foreseen_line){
	                .what = p->what, .sure = p->sure, .level = SAY_NOTE, .items = p->items},
	        p->collection, p->item, p->text);
	if (predict_counts(p->what)) {
		f->will += p->sure ? p->items : 0;
		f->may += p->sure ? 0 : p->items;
	}
}

/* What every dry run says; what it only remarks is none of this. */
static void take_line(
        void *ctx, enum say_level level, const char *collection, const char *item, const char *text)
{
	if (level != SAY_INFO)
		add_line(ctx,
		        &(struct foreseen_line){.what = PREDICTS,
		                .sure = true,
		                .level = level,
		                .items = item != NULL},
		        collection, item, text);
}

static void take_cost(void *ctx, const struct predict_cost *c)
{
	struct foresees *f = ctx;
	uint64_t low, high;

	predict_seconds(c, &low, &high);
	f->low_s += low;
	f->high_s += high;
}

/* ---- told ---- */

static const char *what_of(const struct foreseen_line *l)
{
	return l->what == PREDICTS ? "noted" : predict_word(l->what);
}

/* For programs, and the report. */
static void put_line(const struct foresees *f, const struct foreseen_line *l)
{
	json_t *note = json_object();

	json_set_text(note, "level", l->level == SAY_WARNING ? "warning" : "note");
	put_text(note, "collection", l->collection);
	put_text(note, "item", l->item);
	put_text(note, "text", l->text);
	if (f->ui->json) {
		json_t *e = json_copy(note);

		json_object_del(e, "level");
		json_set_text(e, "event", "predicted");
		json_set_text(e, "what", what_of(l));
		json_object_set_new(e, "sure", json_boolean(l->sure));
		json_set_number(e, "items", l->items);
		put_json(e);
	}
	json_array_append_new(f->ui->notes, note);
}

static void tell_place(const char *collection, const char *item)
{
	char *c = term_escape_dup(collection ? collection : ""),
	     *i = term_escape_dup(item ? item : "");

	printf("%s%s%s", c, *c && *i ? ": " : "", i);
	free(c);
	free(i);
}

/* A kind of prediction, of which there are ${n} lines about ${items} items in all. */
static void tell_kind(const struct foreseen_line *first, size_t n, uint64_t items)
{
	char *text = term_escape_dup(first->text), count[COUNTED_SIZE];

	printf("  %s%s%s: %s\n    %s", first->sure ? "will" : "may", items ? ", " : "",
	        items ? counted(items, "item", "items", count) : "", text,
	        n > 1 ? "first of them: " : "");
	tell_place(first->collection, first->item);
	putchar('\n');
	free(text);
}

static int line_cmp(const void *a, const void *b)
{
	const struct foreseen_line *x = a, *y = b;
	int c = ORDER_OF(y->sure, x->sure);

	c = c ? c : ORDER_OF(x->what, y->what);
	c = c ? c : text_cmp(x->text, y->text);
	c = c ? c : text_cmp(x->collection, y->collection);
	return c ? c : text_cmp(x->item, y->item);
}

/* Lines of one kind and text stand together. */
static void tell_lines(const struct foresees *f)
{
	size_t shown = 0, hidden = 0;

	for (size_t i = 0, n; i < f->n; i += n) {
		const struct foreseen_line *l = &f->lines[i];
		uint64_t items = l->items;

		for (n = 1; i + n < f->n && f->lines[i + n].what == l->what &&
		            f->lines[i + n].sure == l->sure &&
		            text_cmp(f->lines[i + n].text, l->text) == 0;
		        n++)
			items += f->lines[i + n].items;
		if (l->what == PREDICTS && shown++ >= SHOWN)
			hidden += n;
		else
			tell_kind(l, n, items);
	}
	if (hidden)
		printf("  and %zu more lines of the dry run (--report FILE has them)\n", hidden);
}

static void tell_verdict(const struct foresees *f, const struct foresight *sight, int rc)
{
	char a[SPAN_SIZE], b[SPAN_SIZE], n[3][32];
	uint64_t added = (uint64_t)json_get_int(sight->outcome, "added", 0),
	         bytes = (uint64_t)json_get_int(sight->outcome, "bytes", 0);

	printf("%s to be added%s%s, %s there already\n",
	        counted(added, "item", "items", (char[COUNTED_SIZE]){0}), bytes ? ", " : "",
	        bytes ? human_bytes(bytes, n[0]) : "",
	        human_count((uint64_t)json_get_int(sight->outcome, "already", 0), n[1]));
	printf("a restore takes between %s (answers as fast as now, 1 Gbit/s) and %s (10 Mbit/s)\n",
	        span_text(f->low_s, a), span_text(f->high_s, b));
	if (rc == 0)
		printf("all of it will go as it is\n");
	else if (!f->will && !sight->incomplete)
		printf("nothing is refused or changed for certain; what may be: see above\n");
	else
		printf("not all of it will go as it is: see above\n");
}

/* ---- the command ---- */

/* What the members of the last event are. */
static void put_outcome(const struct foresees *f, const struct foresight *sight, json_t *outcome)
{
	static const char *const taken[] = {
	        "archive", "seal", "added", "already", "altered", "failed", "doubled"};

	for (size_t i = 0; i < COUNT(taken); i++) {
		json_t *v = json_object_get(sight->outcome, taken[i]);

		if (v)
			json_object_set(outcome, taken[i], v);
	}
	json_set_number(outcome, "predicted", f->n);
	json_set_number(outcome, "will", f->will);
	json_set_number(outcome, "may", f->may);
	json_set_number(outcome, "restore_seconds_low", f->low_s);
	json_set_number(outcome, "restore_seconds_high", f->high_s);
}

int foresight_check(const struct args *a, struct account *account, struct ui *ui, json_t *outcome)
{
	struct foresees f = {.ui = ui};
	const struct predictor to = {.ctx = &f, .said = take_prediction, .cost = take_cost};
	struct foresight sight = {
	        .archive = args_get(a, "for"), .to = &to, .report = take_line, .ctx = &f};
	int rc;

	pthread_mutex_init(&f.lock, NULL);
	rc = restore_foresee(a, account, ui, &sight);
	if (f.n)
		SORT(f.lines, f.n, line_cmp);
	for (size_t i = 0; i < f.n; i++)
		put_line(&f, &f.lines[i]);
	if (sight.outcome)
		put_outcome(&f, &sight, outcome);
	if (rc == 0 && (f.will || f.may || sight.incomplete))
		rc = EXIT_INCOMPLETE;
	if ((rc == 0 || rc == EXIT_INCOMPLETE) && !ui->json && !args_has(a, "quiet")) {
		line_begin();
		tell_lines(&f);
		tell_verdict(&f, &sight, rc);
		fflush(stdout);
		line_end();
	}
	json_decref(sight.outcome);
	for (size_t i = 0; i < f.n; i++) {
		free(f.lines[i].collection);
		free(f.lines[i].item);
		free(f.lines[i].text);
	}
	free(f.lines);
	pthread_mutex_destroy(&f.lock);
	return rc;
}
