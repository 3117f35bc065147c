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
	return how == SAME_NAME || (a->l->value_len == b->l->value_len &&
	                                   memcmp(a->l->value, b->l->value, a->l->value_len) == 0);
}

static void pair(struct beside *s, struct sides *was, struct sides *is, enum likeness how)
{
	for (size_t i = 0; i < is->n; i++)
		for (size_t k = 0; k < was->n && !is->list[i].done; k++) {
			if (was->list[k].done || !are_alike(&was->list[k], &is->list[i], how))
				continue;
			is->list[i].done = was->list[k].done = true;
			/* what is too long for that comes back as properties say it */
			if (how != SAME_LINE)
				(void)!forms_put(&s->forms, is->list[i].text, was->list[k].text);
		}
}

void beside_part(struct beside *s, struct part *was_part, struct part *is_part)
{
	struct sides was, is;

	if (was_part->n_lines > PAIRS_MAX / (is_part->n_lines + 1))
		return;
	was = read_side(s->was, was_part);
	is = read_side(s->is, is_part);
	for (int how = SAME_LINE; how <= SAME_NAME; how++)
		pair(s, &was, &is, (enum likeness)how);
	for (size_t i = 0; i < is.n; i++)
		if (!is.list[i].done && !text_in(is.list[i].l->name, s->never))
			(void)!forms_put(&s->forms, is.list[i].text, "");
	for (size_t i = 0; i < was.n; i++)
		if (!was.list[i].done) {
			buf_fill(&s->left, was.list[i].text, strlen(was.list[i].text));
			buf_fill(&s->left, "\r\n", 2);
		}
	side_clear(&was);
	side_clear(&is);
}
