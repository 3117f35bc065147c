/* Which of the places of a message are restored, by the classes of their mailboxes. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/tree/use.h"
#include "pick.h"

static enum label_class class_of_use(const char *use)
{
	enum label_class class = use ? label_class_named(use) : CLASSES;

	return class == CLASSES ? CLASS_USER : class;
}

enum label_class label_class_of(const struct tree_head *h)
{
	const char *view = use_view(h->special_use);

	if (strcasecmp(h->content_name, "INBOX") == 0)
		return CLASS_INBOX;
	return class_of_use(view ? view : use_announced(h->special_use));
}

enum label_class label_class_by_name(const struct tree_head *h)
{
	return class_of_use(use_by_name(h->content_name));
}

enum label_class label_class_named(const char *label)
{
	static const struct {
		const char *label;
		enum label_class class;
	} labels[] = {{"\\Inbox", CLASS_INBOX}, {"\\Sent", CLASS_SENT}, {"\\Draft", CLASS_DRAFTS},
	        {"\\Drafts", CLASS_DRAFTS}, {"\\Starred", CLASS_FLAGGED},
	        {"\\Flagged", CLASS_FLAGGED}, {"\\Important", CLASS_IMPORTANT},
	        {"\\All", CLASS_ALL}, {"\\AllMail", CLASS_ALL}, {"\\Trash", CLASS_TRASH},
	        {"\\Junk", CLASS_JUNK}, {"\\Spam", CLASS_JUNK}};

	for (size_t i = 0; i < COUNT(labels); i++)
		if (strcasecmp(label, labels[i].label) == 0)
			return labels[i].class;
	return CLASSES;
}

/*
 * Where a message goes that is to stand once: the first of these. On Gmail, what cannot
 * be set as a label; then \All, where a message stays when its labels change, so that the
 * next restore finds it.
 */
static const enum label_class gmail[CLASSES] = {CLASS_DRAFTS, CLASS_SENT, CLASS_ALL, CLASS_INBOX,
        CLASS_USER, CLASS_IMPORTANT, CLASS_FLAGGED, CLASS_JUNK, CLASS_TRASH};
static const enum label_class first[CLASSES] = {CLASS_INBOX, CLASS_DRAFTS, CLASS_SENT, CLASS_USER,
        CLASS_ALL, CLASS_IMPORTANT, CLASS_FLAGGED, CLASS_JUNK, CLASS_TRASH};
static const enum label_class keywords[CLASSES] = {CLASS_INBOX, CLASS_DRAFTS, CLASS_SENT,
        CLASS_JUNK, CLASS_TRASH, CLASS_ALL, CLASS_USER, CLASS_IMPORTANT, CLASS_FLAGGED};

struct picking {
	bool gmail;
	int rank[CLASSES]; /* lowest first */
	struct pick_coll *colls;
	struct tree_coll *sets;
	struct pick_counts *counts;
};

/* The order of messages; on Gmail their content alone counts. */
static int same_message(const struct picking *p, const struct place *a, const struct place *b)
{
	int c = memcmp(a->sha256, b->sha256, SHA256_LEN);

	if (c == 0 && !p->gmail)
		c = ORDER_OF(a->msgid, b->msgid);
	return c;
}

static int place_cmp(const void *pa, const void *pb, void *ctx)
{
	const struct picking *p = ctx;
	const struct place *a = pa, *b = pb;
	int c = same_message(p, a, b);

	if (c == 0)
		c = p->rank[p->colls[a->coll].class] - p->rank[p->colls[b->coll].class];
	if (c == 0)
		c = ORDER_OF(a->coll, b->coll);
	return c ? c : ORDER_OF(a->item, b->item);
}

/* The message is restored there; ${set}: where it is besides. */
static void keep_place(struct picking *p, const struct place *at, uint32_t set)
{
	p->colls[at->coll].set[at->item] = set;
	if (p->colls[at->coll].class == CLASS_ALL)
		p->counts->all_kept++;
}

/* All stay, but those of \All that stand elsewhere, one for one. */
static void pick_copies(struct picking *p, const struct place *g, size_t n)
{
	size_t elsewhere = 0;

	for (size_t i = 0; i < n; i++)
		elsewhere += p->colls[g[i].coll].class != CLASS_ALL;
	for (size_t i = 0; i < n; i++) {
		if (p->colls[g[i].coll].class == CLASS_ALL && elsewhere) {
			elsewhere--;
			p->counts->all_left++;
		} else {
			keep_place(p, &g[i], 0);
		}
	}
}

/* The mailboxes of a group but the first one, each once. */
static uint32_t other_colls(struct picking *p, const struct place *g, size_t n)
{
	char(*text)[12] = xcalloc(n, sizeof *text);
	const char **words = xcalloc(n, sizeof *words);
	size_t k = 0;
	uint32_t set;

	for (size_t i = 1; i < n; i++) {
		if (g[i].coll == g[i - 1].coll)
			continue;
		snprintf(text[k], sizeof text[k], "%u", g[i].coll);
		words[k] = text[k];
		k++;
	}
	set = tree_coll_keywords(p->sets, words, k);
	free(text);
	free(words);
	return set;
}

/* One mailbox has it; the group is sorted by rank. */
static void pick_one(struct picking *p, const struct place *g, size_t n)
{
	uint32_t set = n > 1 ? other_colls(p, g, n) : 0;
	size_t here = 1;

	while (here < n && g[here].coll == g[0].coll)
		here++;
	for (size_t i = 0; i < here; i++) {
		if (i == 0 || !p->gmail)
			keep_place(p, &g[i], set);
		else
			p->counts->equal++;
	}
	p->counts->shared += here < n;
	for (size_t i = here; i < n; i++) {
		enum label_class class = p->colls[g[i].coll].class;

		p->counts->all_left += class == CLASS_ALL;
		p->counts->spared += class == CLASS_JUNK || class == CLASS_TRASH;
	}
}

void label_pick(enum pick_how how, struct place *places, size_t n, struct pick_coll *colls,
        struct tree_coll *sets, struct pick_counts *out)
{
	const enum label_class *order = how == PICK_GMAIL      ? gmail
	                                : how == PICK_KEYWORDS ? keywords
	                                                       : first;
	struct picking p = {.gmail = how == PICK_GMAIL || how == PICK_GMAIL_FOLDERS,
	        .colls = colls,
	        .sets = sets,
	        .counts = out};

	memset(out, 0, sizeof *out);
	for (int i = 0; i < CLASSES; i++)
		p.rank[order[i]] = i;
	if (n)
		qsort_r(places, n, sizeof *places, place_cmp, &p);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && same_message(&p, &places[i], &places[end]) == 0; end++)
			;
		if (p.gmail || (how != PICK_FOLDERS && places[i].msgid))
			pick_one(&p, &places[i], end - i);
		else
			pick_copies(&p, &places[i], end - i);
	}
}
