/* Which items are meant: what collections, listings and names say. */
#include "valise/tree/select.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "internal.h"

void selection_all(struct selection *s)
{
	*s = (struct selection){.since = INT64_MIN, .until = INT64_MAX, .smaller = UINT64_MAX};
}

static bool by_date(const struct selection *s)
{
	return s->since != INT64_MIN || s->until != INT64_MAX;
}

static bool by_name(const struct selection *s)
{
	return s->from || s->to || s->subject || s->items || s->text;
}

bool selection_by_item(const struct selection *s)
{
	return by_date(s) || s->larger || s->smaller != UINT64_MAX || s->flagged || s->unseen ||
	       by_name(s);
}

bool selection_coll(const struct selection *s, enum coll_kind kind, const struct pattern_name *n)
{
	return (!s->kinds || s->kinds & 1u << kind) && pattern_chooses(&s->choice, n);
}

/* Has it a date at all, and is it between? */
static bool date_is_meant(const struct selection *s, const struct tree_item *it)
{
	int64_t own = it->date_utc + (int64_t)it->zone_min * 60;

	return (it->date_utc == 0 && it->zone_min == 0) || (s->since <= own && own < s->until);
}

bool selection_listed(const struct selection *s, enum coll_kind kind, const struct tree_item *it)
{
	if (it->size >= s->smaller || (s->larger && it->size <= s->larger))
		return false;
	if (kind != COLL_MAIL)
		return !s->flagged && !s->unseen && !s->to;
	if ((s->flagged && !(it->flags & FLAG_FLAGGED)) || (s->unseen && it->flags & FLAG_SEEN))
		return false;
	return date_is_meant(s, it);
}

/* Of "Ann <ann@example.org>" the address counts. */
static void fold_part(const char *part, bool address, struct buf *out)
{
	const char *open = address ? strrchr(part, '<') : NULL;
	size_t n = open ? strlen(open) : 0;
	char *copy = NULL;

	if (n > 2 && open[n - 1] == '>')
		part = copy = xstrndup(open + 1, n - 2);
	path_fold(part, out);
	free(copy);
}

bool select_in_text(const char *const *list, const char *text, bool addresses)
{
	struct buf whole = buf_of(SIZE_MAX);
	bool found = false;

	path_fold(text, &whole);
	for (; *list && !found; list++) {
		struct buf part = buf_of(SIZE_MAX);

		fold_part(*list, addresses, &part);
		found = strstr(buf_str(&whole), buf_str(&part)) != NULL;
		buf_clear(&part);
	}
	buf_clear(&whole);
	return found;
}

/* Of the fields: is one of ${list} in one of them, or may it be in what was cut off? */
static enum select_answer in_fields(const struct selection *s, const char *const *list,
        const struct item_about *a, enum about_field first, enum about_field second)
{
	const enum about_field fields[] = {first, second};
	enum select_answer answer = SELECT_NO;
	bool addresses = list == s->from || list == s->to;

	for (int i = 0; i < (first == second ? 1 : 2); i++) {
		const char *text = a->text[fields[i]];

		if (!text)
			continue;
		if (select_in_text(list, text, addresses))
			return SELECT_YES;
		if (fields[i] == ABOUT_MAIL ? select_is_full_list(text) : select_is_cut(text))
			answer = SELECT_ASK;
	}
	return answer;
}

bool select_is_cut(const char *text)
{
	/* at a character, which has up to four bytes; a blank before it went, too */
	return strlen(text) > ABOUT_VALUE_MAX - 4 - 1;
}

/* May there have been more addresses than a catalog keeps? */
bool select_is_full_list(const char *text)
{
	size_t n = 1;

	for (const char *p = text; *p; p++)
		n += *p == '\n';
	return n >= ABOUT_LIST_VALUES || strlen(text) > ABOUT_LIST_MAX - ABOUT_VALUE_MAX;
}

/* "2024-11-03", "2024-11-03T10:00:00Z", "2024-11-03T10:00:00 Europe/Berlin" on its own clock. */
static bool read_start(const char *text, int64_t *out)
{
	int h = 0, m = 0, s = 0;
	struct day d;

	if (!text || !select_digits(text, "dddd-dd-dd"))
		return false;
	d = (struct day){atoi(text), atoi(text + 5), atoi(text + 8)};
	if (!day_is_valid(&d))
		return false;
	if (select_digits(text + 10, "Tdd:dd:dd")) {
		h = atoi(text + 11);
		m = atoi(text + 14);
		s = atoi(text + 17);
	}
	*out = day_start(&d) + h * 3600 + m * 60 + s;
	return true;
}

static enum select_answer start_answer(const struct selection *s, const struct item_about *a)
{
	int64_t start;

	if (!by_date(s) || !read_start(a->text[ABOUT_START], &start))
		return SELECT_YES;
	if (start >= s->until)
		return SELECT_NO;
	return start < s->since ? SELECT_ASK : SELECT_YES;
}

enum select_answer selection_named(
        const struct selection *s, enum coll_kind kind, const struct item_about *a, bool known)
{
	static const enum about_field from[] = {ABOUT_FROM, ABOUT_ORGANIZER, ABOUT_MAIL},
	                              title[] = {ABOUT_SUBJECT, ABOUT_SUMMARY, ABOUT_NAME};
	enum select_answer answer[4] = {SELECT_YES, SELECT_YES, SELECT_YES, SELECT_YES};
	enum select_answer all = SELECT_YES;

	if (coll_is_beside(kind))
		return s->from || s->to || s->subject ? SELECT_NO : SELECT_YES;
	if (!known)
		return s->from || s->to || s->subject || (kind == COLL_CALENDAR && by_date(s))
		               ? SELECT_ASK
		               : SELECT_YES;
	if (s->from)
		answer[0] = in_fields(s, s->from, a, from[kind], from[kind]);
	if (s->to)
		answer[1] = in_fields(s, s->to, a, ABOUT_TO, ABOUT_CC);
	if (s->subject)
		answer[2] = in_fields(s, s->subject, a, title[kind], title[kind]);
	if (kind == COLL_CALENDAR)
		answer[3] = start_answer(s, a);
	for (int i = 0; i < 4; i++) {
		if (answer[i] == SELECT_NO)
			return SELECT_NO;
		if (answer[i] == SELECT_ASK)
			all = SELECT_ASK;
	}
	return all;
}

/* The rest of ${text} behind ${name} and a slash; NULL: it does not begin so. */
static const char *behind(const char *text, const char *name)
{
	size_t n = name ? strlen(name) : 0;

	return n && strncmp(text, name, n) == 0 && text[n] == '/' ? text + n + 1 : NULL;
}

bool selection_is_called(const char *key, const struct tree_coll *c, const struct tree_item *it)
{
	const struct tree_ext *x = tree_item_ext(c, it);
	const char *last = x && x->href ? strrchr(x->href, '/') : NULL;
	char uid[16];

	snprintf(uid, sizeof uid, "%" PRIu32, it->uid);
	if (it->uid && strcmp(uid, key) == 0)
		return true;
	return x && ((x->href && strcmp(x->href, key) == 0) ||
	                    (last && last[1] && strcmp(last + 1, key) == 0) ||
	                    (x->path && strcmp(x->path, key) == 0) ||
	                    (x->uid && strcmp(x->uid, key) == 0));
}

const char *select_item_key(const char *text, const struct tree_head *h, unsigned form)
{
	const char *const names[] = {h->name, h->content_name, h->path}, *rest;

	if (form < COUNT(names))
		return behind(text, names[form]);
	rest = behind(text, coll_kind_dir(h->kind)); /* calendars/NAME */
	return rest ? behind(rest, h->name) : NULL;
}

bool selection_is_item(const char *text, const struct tree_head *h, const struct tree_coll *c,
        const struct tree_item *it)
{
	for (unsigned form = 0; form < SELECT_ITEM_FORMS; form++) {
		const char *key = select_item_key(text, h, form);

		if (key && selection_is_called(key, c, it))
			return true;
	}
	return false;
}
