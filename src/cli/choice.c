/*
 * --include, --folder, --exclude: a pattern that means nothing is a slip of the pen, and
 * ends the command before anything is done.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "cli.h"

#define NAMES_MAX 100000 /* kept for hints */
#define SHOWN 4

void choice_init(struct choice *c, const struct args *a)
{
	memset(c, 0, sizeof *c);
	c->args = a;
	c->of.n_include = args_all(a, "include", c->include, ARGS_MAX);
	c->of.n_include += args_all(a, "folder", c->include + c->of.n_include, ARGS_MAX);
	c->of.n_exclude = args_all(a, "exclude", c->exclude, ARGS_MAX);
	c->of.include = c->include;
	c->of.exclude = c->exclude;
}

void choice_clear(struct choice *c)
{
	texts_free(c->names, c->n);
	c->names = NULL;
	c->n = 0;
}

void choice_see(void *choice, const struct pattern_name *name, bool taken)
{
	struct choice *c = choice;

	for (size_t i = 0; i < c->of.n_include && taken; i++)
		c->included[i] |= pattern_matches(c->include[i], name, true);
	for (size_t i = 0; i < c->of.n_exclude; i++)
		c->excluded[i] |= pattern_matches(c->exclude[i], name, false);
	c->taken += taken;
	c->chosen += taken && pattern_chooses(&c->of, name);
	if (c->n < NAMES_MAX)
		*ARR_PUSH(c->names, c->n, c->cap) =
		        xstrdup(name->content ? name->content : name->full);
}

static const char *find_unmatched(const char *const *patterns, const bool *hit, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!hit[i])
			return patterns[i];
	return NULL;
}

bool choice_settled(const struct choice *c)
{
	return !find_unmatched(c->include, c->included, c->of.n_include) &&
	       !find_unmatched(c->exclude, c->excluded, c->of.n_exclude) &&
	       (c->chosen || (!c->of.n_include && !c->of.n_exclude));
}

void choice_near(const struct choice *c, const char *pattern, struct buf *out)
{
	size_t shown = 0;

	for (size_t near = 1; near < 16 && !shown; near++)
		for (size_t i = 0; i < c->n && shown < SHOWN; i++)
			if (pattern_nearness(pattern, c->names[i]) == near)
				buf_putf(out, "%s\"%s\"",
				        shown++ ? ", " : "; near to it: ", c->names[i]);
}

int no_such_head(const struct args *a, const struct tree_manifest *m, const char *name, size_t n)
{
	char *wanted = xstrndup(name, n);
	struct choice c = {.args = a};
	struct buf near = buf_of(1u << 20);
	int rc;

	for (size_t i = 0; i < m->n_heads; i++) {
		struct pattern_name head = {m->heads[i].name, m->heads[i].content_name, 0, false};

		choice_see(&c, &head, true);
	}
	choice_near(&c, wanted, &near);
	rc = usage_error(
	        a, "there is no collection \"%s\" in this snapshot%s", wanted, buf_str(&near));
	buf_clear(&near);
	choice_clear(&c);
	free(wanted);
	return rc;
}

static int nothing_matches(const struct choice *c, const char *option, const char *pattern)
{
	struct buf near = buf_of(1u << 20);
	char place[OPTION_PLACE_SIZE];
	int rc;

	choice_near(c, pattern, &near);
	rc = usage_error(c->args, "%s \"%s\": nothing is called so%s",
	        option_place(c->args, option, pattern, place), pattern, buf_str(&near));
	buf_clear(&near);
	return rc;
}

int choice_check(const struct choice *c)
{
	const char *in = find_unmatched(c->include, c->included, c->of.n_include);
	const char *ex = find_unmatched(c->exclude, c->excluded, c->of.n_exclude);

	if (in && (!c->chosen || !option_is_shared(c->args, "include")))
		return nothing_matches(c, args_has(c->args, "folder") ? "folder" : "include", in);
	if (ex && !option_is_shared(c->args, "exclude"))
		return nothing_matches(c, "exclude", ex);
	if (!c->chosen && (c->of.n_include || (c->of.n_exclude && c->taken)))
		return usage_error(c->args, "--include and --exclude leave nothing; what is "
		                            "excluded is left out even if "
		                            "it is included");
	return 0;
}
