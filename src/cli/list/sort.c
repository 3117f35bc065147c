/* The order of items by what people see of them. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/escape.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "cli/list/list.h"

enum { KEY_MAX = 120 }; /* bytes of a text that count */

struct key {
	char *text; /* or NULL */
	int64_t number;
	uint32_t at;
};

const char *list_base_subject(const char *s)
{
	static const char *const marks[] = {
	        "re:", "fwd:", "fw:", "aw:", "wg:", "sv:", "vs:", "tr:", "rv:", "antw:"};

	for (size_t i = 0; i < COUNT(marks);) {
		s += strspn(s, " ");
		if (strncasecmp(s, marks[i], strlen(marks[i])) == 0) {
			s += strlen(marks[i]);
			i = 0;
		} else {
			i++;
		}
	}
	return s;
}

/* As people look it up: whatever the case and the accents. */
static char *fold(const char *text)
{
	struct buf b = buf_of(SIZE_MAX);
	char *some, *folded;

	text += strspn(text, " \"'<");
	some = xstrndup(text, KEY_MAX);
	path_fold(some, &b);
	folded = buf_take(&b);
	buf_clear(&b);
	free(some);
	return folded;
}

static const char *sender_of(const struct item_about *a)
{
	static const enum about_field who[] = {ABOUT_FROM, ABOUT_ORGANIZER, ABOUT_MAIL};

	for (size_t i = 0; i < COUNT(who); i++)
		if (a->text[who[i]])
			return a->text[who[i]];
	return "";
}

/* Of a message when it arrived; of the rest its start, which sorts as text. */
static void set_key(struct tree_reader *r, const struct tree_coll *c, const struct tree_item *it,
        enum list_sort sort, struct key *key)
{
	struct item_about a = {0};
	const char *title;

	key->number = sort == SORT_SIZE ? (int64_t)it->size : 0;
	if (sort == SORT_DATE && c->kind == COLL_MAIL)
		key->number = it->date_utc;
	else if (sort == SORT_SIZE || sort == SORT_NONE)
		return;
	else
		tree_item_about(r, c, it, &a);
	title = about_title(&a);
	if (sort == SORT_FROM)
		key->text = fold(sender_of(&a));
	else if (sort == SORT_SUBJECT)
		key->text = fold(list_base_subject(title ? title : ""));
	else if (a.text[ABOUT_START])
		key->text = xstrdup(a.text[ABOUT_START]);
	about_clear(&a);
}

static int by_key(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	int order = strcmp(x->text ? x->text : "", y->text ? y->text : "");

	if (order == 0)
		order = ORDER_OF(x->number, y->number);
	return order ? order : ORDER_OF(x->at, y->at);
}

uint32_t *list_order(struct tree_reader *r, const struct tree_coll *c, enum list_sort sort,
        bool reverse, bool with_gone, size_t *n_out)
{
	size_t n = c->n_items + (with_gone ? c->n_gone : 0);
	uint32_t *order = xcalloc(n + 1, sizeof *order);
	struct key *keys = xcalloc(n + 1, sizeof *keys);

	for (size_t i = 0; i < n; i++) {
		keys[i].at = (uint32_t)i;
		set_key(r, c, tree_coll_any(c, i), sort, &keys[i]);
	}
	if (sort != SORT_NONE)
		SORT(keys, n, by_key);
	for (size_t i = 0; i < n; i++) {
		order[reverse ? n - 1 - i : i] = keys[i].at;
		free(keys[i].text);
	}
	free(keys);
	*n_out = n;
	return order;
}
