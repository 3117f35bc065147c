/* Lines of calendar objects and cards that an item keeps, read back. */
#include "outlook/kept.h"
#include <stdlib.h>
#include "valise/base/escape.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/format/content.h"

enum { DEPTH_MAX = 8 };

struct walk {
	struct content_parser *parser;
	const char *at; /* the next line */
	char *open[DEPTH_MAX];
	int depth; /* of components around the line */
	bool is_wrong; /* BEGIN and END do not match */
};

static bool is_clean(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (((unsigned char)s[i] < 0x20 && s[i] != '\t') || s[i] == 0x7f)
			return false;
	/* a soft break of quoted-printable would take what follows for its own */
	return utf8_valid(s, n) && !(n && s[n - 1] == '=' && content_soft_ends(s, n));
}

static void nest(struct walk *w, const struct content_line *l)
{
	char *name = content_component(l);

	if (strcmp(l->name, "BEGIN") == 0 && w->depth < DEPTH_MAX) {
		w->open[w->depth++] = name;
		return;
	}
	if (w->depth && strcmp(l->name, "END") == 0 && strcmp(w->open[w->depth - 1], name) == 0)
		free(w->open[--w->depth]);
	else
		w->is_wrong = true;
	free(name);
}

/* The next line that is one; its depth is that of the components around it. */
static bool next(struct walk *w, const char **s_out, size_t *n_out, struct content_line *l)
{
	while (*w->at) {
		size_t n = strcspn(w->at, "\r\n");
		const char *s = w->at;

		w->at += n + strspn(w->at + n, "\r\n");
		if (!n || !is_clean(s, n) || !content_parse(w->parser, s, n, l))
			continue;
		l->depth = w->depth;
		if (strcmp(l->name, "BEGIN") == 0 || strcmp(l->name, "END") == 0)
			nest(w, l);
		l->depth = MIN(l->depth, w->depth);
		*s_out = s;
		*n_out = n;
		return true;
	}
	return false;
}

static void walk_begin(struct walk *w, const char *text)
{
	*w = (struct walk){.parser = content_parser_new(), .at = text};
}

static void walk_end(struct walk *w)
{
	while (w->depth)
		free(w->open[--w->depth]);
	content_parser_free(w->parser);
}

static bool is_balanced(const char *text)
{
	struct content_line l;
	struct walk w;
	const char *s;
	size_t n;
	bool is;

	walk_begin(&w, text);
	while (!w.is_wrong && next(&w, &s, &n, &l))
		;
	is = !w.is_wrong && w.depth == 0;
	walk_end(&w);
	return is;
}

/* Of which kind is the outermost component around the line, or that it begins or ends? */
static enum kept_what kind_of(const struct walk *w, const struct content_line *l)
{
	char *name = w->depth ? xstrdup(w->open[0]) : content_component(l);
	enum kept_what kind = strcmp(name, "VEVENT") == 0      ? KEPT_EVENTS
	                      : strcmp(name, "VTIMEZONE") == 0 ? KEPT_ZONES
	                                                       : KEPT_WITHIN;

	free(name);
	return kind;
}

void kept_lines(struct bag *b, enum kept_what what, const char *never, kept_fn fn, void *ctx)
{
	const char *text = bag_text(b, PidNameContentLines), *s;
	struct content_line l;
	struct walk w;
	size_t n;

	if (!text || !is_balanced(text))
		return;
	walk_begin(&w, text);
	while (next(&w, &s, &n, &l)) {
		bool border = strcmp(l.name, "BEGIN") == 0 || strcmp(l.name, "END") == 0;
		bool within = border || l.depth > 0;

		if (within && kind_of(&w, &l) != what)
			continue;
		if (!within &&
		        (what == KEPT_EVENTS || what == KEPT_ZONES || text_in(l.name, never)))
			continue;
		fn(ctx, s, n);
	}
	walk_end(&w);
}

char *kept_line(struct bag *b, const char *name)
{
	const char *text = bag_text(b, PidNameContentLines), *s;
	struct content_line l;
	struct walk w;
	char *line = NULL;
	size_t n;

	if (!text || !is_balanced(text))
		return NULL;
	walk_begin(&w, text);
	while (!line && next(&w, &s, &n, &l))
		if (l.depth == 0 && strcmp(l.name, name) == 0)
			line = xstrndup(s, n);
	walk_end(&w);
	return line;
}

/* ---- forms ---- */

struct form {
	const char *line, *form;
	size_t number;
	bool used;
};
struct forms {
	char *text;
	struct form *list;
	size_t n;
};

static int form_order(const void *a, const void *b)
{
	const struct form *x = a, *y = b;
	int order = strcmp(x->line, y->line);

	return order ? order : ORDER_OF(x->number, y->number);
}

/* The line at *at, ended there; *at goes behind it. NULL: no more. */
static char *cut_line(char **at)
{
	char *line = *at, *end = strstr(line, "\r\n");

	if (!end)
		return NULL;
	*end = '\0';
	*at = end + 2;
	return line;
}

static bool is_form(struct content_parser *parser, const char *form)
{
	struct content_line l;
	size_t n = strlen(form);

	return !n || (is_clean(form, n) && content_parse(parser, form, n, &l) &&
	                     !text_in(l.name, "BEGIN|END|VERSION"));
}

struct forms *forms_read(struct bag *b)
{
	const char *text = bag_text(b, PidNameContentForms);
	struct content_parser *parser;
	struct forms *f;
	char *at, *line, *form;
	size_t cap = 0;

	if (!text)
		return NULL;
	parser = content_parser_new();
	f = xcalloc(1, sizeof *f);
	f->text = xstrdup(text);
	at = f->text;
	while (f->n < FORMS_MAX && (line = cut_line(&at)) && (form = cut_line(&at)))
		if (is_form(parser, form))
			*ARR_PUSH(f->list, f->n, cap) = (struct form){line, form, f->n - 1, false};
	SORT(f->list, f->n, form_order);
	content_parser_free(parser);
	return f;
}

void forms_free(struct forms *f)
{
	if (!f)
		return;
	free(f->list);
	free(f->text);
	free(f);
}

const char *forms_take(struct forms *f, const char *line, size_t n)
{
	size_t i = 0;
	char *text;

	if (n >= FORM_MAX)
		return NULL;
	text = xstrndup(line, n);
	LOOKUP_FIRST(i, f->n, strcmp(f->list[i].line, text) < 0);
	while (i < f->n && f->list[i].used && strcmp(f->list[i].line, text) == 0)
		i++;
	if (i == f->n || strcmp(f->list[i].line, text) != 0) {
		free(text);
		return NULL;
	}
	free(text);
	f->list[i].used = true;
	return f->list[i].form;
}

bool forms_put(struct buf *out, const char *line, const char *form)
{
	size_t n = strlen(line), m = strlen(form);

	if (n + m >= FORM_MAX || out->len + n + m + 4 > BAG_TEXT_MAX - 4 || !is_clean(line, n) ||
	        !is_clean(form, m))
		return false;
	buf_putf(out, "%s\r\n%s\r\n", line, form);
	return true;
}
