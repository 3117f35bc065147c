/*
 * What options leave out (--since ...): of the listed messages those that they do not mean and
 * that the last snapshot cannot have are not fetched. Its own stay, as the server still has
 * them: so nothing that was left out is ever taken for lost.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "run.h"

/* What is not known of a message leaves it out by none. */
static bool is_meant(const struct selection *s, const struct rec *r)
{
	const struct tree_item it = plan_item(r);

	return !plan_is_listed(r) || !(r->have & REC_DATE) || !(r->have & REC_SIZE) ||
	       selection_listed(s, COLL_MAIL, &it);
}

bool leave_any(const struct run *run, const struct mbox *mb)
{
	for (size_t i = 0; run->selection && i < mb->n_recs; i++)
		if (!is_meant(run->base.opts->selection, &mb->recs[i]))
			return true;
	return false;
}

/* The same options, with other days or sizes? */
static bool same_options(const char *a, const char *b)
{
	while (*a && *b &&
	        (*a == *b || (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)))) {
		a++;
		b++;
	}
	return !*a && !*b;
}

/*
 * The words that left out the same last time stay: where nothing is new they are as true, and
 * an age such as 18m makes no new snapshot a day. Flags change.
 */
static bool words_stay(const struct mbox *mb, uint64_t n, const char *selection)
{
	return mb->past_selection && mb->past_left_out == n &&
	       same_options(mb->past_selection, selection) && !strstr(selection, "--flagged") &&
	       !strstr(selection, "--unseen");
}

static void note_left_out(struct run *run, struct mbox *mb, uint64_t n)
{

	mb->coll->left_out = n;
	mb->coll->selection =
	        xstrdup(words_stay(mb, n, run->selection) ? mb->past_selection : run->selection);
	progress_say(run->base.progress, SAY_INFO, "%s: %s left out (%s)", mb->name,
	        counted(n, "message is", "messages are", (char[COUNTED_SIZE]){0}), run->selection);
}

void leave_all(struct run *run)
{
	for (size_t i = 0; run->selection && i < run->plan.n_boxes; i++) {
		struct mbox *mb = &run->plan.boxes[i];
		size_t kept = 0;

		if (mb->state != MB_BODIES || !mb->unmeant)
			continue;
		for (size_t k = 0; k < mb->n_recs; k++)
			if (mb->recs[k].had || is_meant(run->base.opts->selection, &mb->recs[k]))
				mb->recs[kept++] = mb->recs[k];
		if (kept < mb->n_recs)
			note_left_out(run, mb, mb->n_recs - kept);
		mb->n_recs = kept;
		plan_weigh(mb);
	}
}
