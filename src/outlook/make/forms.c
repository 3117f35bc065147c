/* How lines of an object or card come back that properties say otherwise. */
#include "outlook/make/forms.h"
#include <stdlib.h>
#include "outlook/kept.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

/* A line of one of both texts. */
struct side {
	char *text; /* as it was written; malloc'ed */
	const struct line *l;
	bool done;
};
struct sides {
	struct side *list;
	size_t n;
};

static struct sides read_side(const struct object *o, const struct part *p)
{
	struct sides s = {xcalloc(p->n_lines + 1, sizeof *s.list), 0};

	for (size_t i = 0; i < p->n_lines; i++)
		s.list[s.n++] = (struct side){object_line(o, &p->lines[i]), &p->lines[i], false};
	return s;
}

static void side_clear(struct sides *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->list[i].text);
	free(s->list);
}

enum { PAIRS_MAX = 1 << 22 /* of lines that are compared */ };
enum likeness { SAME_LINE, SAME_VALUE, SAME_NAME };

static bool are_alike(const struct side *a, const struct side *b, enum likeness how)
{
	if (how == SAME_LINE)
		return strcmp(a->text, b->text) == 0;
	if (strcmp(a->l->name, b->l->name) != 0)
		return false;
	/* another zone is not defined there */
	if (line_param(a->l, "TZID") &&
	        text_cmp(line_param(a->l, "TZID"), line_param(b->l, "TZID")) != 0)
		return false;
	return how == SAME_NAME || (a->l->value_len == b->l->value_len &&
	                                   memcmp(a->l->value, b->l->value, a->l->value_len) == 0);
}

static bool put_form(struct beside *s, const char *line, const char *form)
{
	char *key = s->number ? xasprintf("%u %s", s->number, line) : xstrdup(line);
	bool is = forms_put(&s->forms, key, form);

	free(key);
	return is;
}

static size_t count_left(const struct sides *s, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += !s->list[i].done && strcmp(s->list[i].l->name, name) == 0;
	return n;
}

/*
 * Several lines may say what fewer say on the other side: then none stands for another; nor does
 * one that means something beside others alone.
 */
static bool may_pair(
        const struct sides *was, const struct sides *is, const char *name, enum likeness how)
{
	return how != SAME_NAME ||
	       (count_left(was, name) == count_left(is, name) && strcmp(name, "TRIGGER") != 0);
}

static void pair(struct beside *s, struct sides *was, struct sides *is, enum likeness how)
{
	for (size_t i = 0; i < is->n; i++) {
		if (is->list[i].done || !may_pair(was, is, is->list[i].l->name, how))
			continue;
		for (size_t k = 0; k < was->n && !is->list[i].done; k++) {
			if (was->list[k].done || !are_alike(&was->list[k], &is->list[i], how))
				continue;
			is->list[i].done = was->list[k].done = true;
			/* what is too long for that comes back as properties say it */
			if (how != SAME_LINE)
				(void)!put_form(s, is->list[i].text, was->list[k].text);
		}
	}
}

void beside_part(struct beside *s, const struct part *was_part, const struct part *is_part)
{
	struct sides was, is;

	if (was_part->n_lines > PAIRS_MAX / (is_part->n_lines + 1))
		return;
	was = read_side(s->was, was_part);
	is = read_side(s->is, is_part);
	for (int how = SAME_LINE; how <= SAME_NAME; how++)
		pair(s, &was, &is, (enum likeness)how);
	for (size_t i = 0; i < is.n; i++)
		if (!is.list[i].done && !count_left(&was, is.list[i].l->name) &&
		        !text_in(is.list[i].l->name, s->never))
			(void)!put_form(s, is.list[i].text, "");
	for (size_t i = 0; i < was.n; i++)
		if (!was.list[i].done && !count_left(&is, was.list[i].l->name)) {
			buf_fill(&s->left, was.list[i].text, strlen(was.list[i].text));
			buf_fill(&s->left, "\r\n", 2);
		}
	side_clear(&was);
	side_clear(&is);
}

static int to_buf(void *ctx, const void *p, size_t n, struct err *err)
{
	if (buf_add(ctx, p, n) < 0)
		return err_set(err, ERR_LIMIT, ERR_ITEM, "larger than %d MiB", OBJECT_MAX >> 20);
	return 0;
}

int beside_read(struct making *k, struct bag *b, const char *kind, struct object *again)
{
	struct buf text = buf_of(4 * OBJECT_MAX);
	struct outlook_to to = {to_buf, NULL, &text};
	struct outlook_made made = {0};
	int rc;

	*again = (struct object){.text = buf_of(0)};
	bag_sort(b);
	rc = outlook_convert(b, &to, &made, k->err);
	if (rc == 0)
		rc = object_parse(&text, kind, again, k->err);
	if (rc < 0)
		object_clear(again);
	outlook_made_clear(&made);
	buf_clear(&text);
	/* what is too large to be laid beside comes back as its properties say */
	return err_pardon(k->err, rc, ERR_LIMIT);
}

void beside_end(struct beside *s, struct making *k, struct bag *b)
{
	const char *kept = bag_text(b, PidNameContentLines);
	struct buf all = buf_of(BAG_TEXT_MAX);

	if (s->left.len) {
		buf_fill(&all, kept ? kept : "", kept ? strlen(kept) : 0);
		if (all.len + s->left.len < BAG_TEXT_MAX - 4)
			buf_put(&all, s->left.data, s->left.len);
		into_text(k, b, PidNameContentLines, buf_str(&all));
	}
	into_text(k, b, PidNameContentForms, buf_str(&s->forms));
	buf_clear(&all);
	buf_clear(&s->forms);
	buf_clear(&s->left);
}
