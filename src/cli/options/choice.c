/*
 * --include, --folder, --exclude, --exclude-use: a pattern that means nothing is a slip of the pen,
 * and ends the command before anything is done.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/base/near.h"
#include "valise/base/text.h"
#include "valise/tree/use.h"
#include "cli/cli.h"
#include "cli/protocols.h"

#define NAMES_MAX 100000 /* kept for hints */
#define SHOWN 4

static int no_such_use(const struct args *a, const char *list, const char *bad, size_t n)
{
	static const char *const words[] = {
	        "junk", "trash", "drafts", "sent", "archive", "all", "flagged", "important"};
	struct nearest near = {0};
	char *word = xstrndup(bad, n), place[OPTION_PLACE_SIZE];
	int rc;

	for (size_t i = 0; i < COUNT(words); i++)
		nearest_weigh(&near, word, words[i]);
	rc = usage_error(a,
	        "%s takes junk, trash, drafts, sent, archive, all, flagged and important, with "
	        "commas between, not \"%s\"%s%s%s",
	        option_place(a, "exclude-use", list, place), word,
	        near.word ? "; do you mean \"" : "", near.word ? near.word : "",
	        near.word ? "\"?" : "");
	free(word);
	return rc;
}

/* The uses that are left out, of all --exclude-use together. */
static int read_uses(struct choice *c)
{
	const char *lists[ARGS_MAX], *bad;
	size_t n = args_all(c->args, "exclude-use", lists, ARGS_MAX), len;

	for (size_t i = 0; i < n; i++) {
		unsigned set;

		if (!use_set_read(lists[i], &set, &bad, &len))
			return no_such_use(c->args, lists[i], bad, len);
		c->of.exclude_uses |= set;
	}
	return 0;
}

int choice_init(struct choice *c, const struct args *a)
{
	memset(c, 0, sizeof *c);
	c->args = a;
	c->of.n_include = args_all(a, "include", c->include, ARGS_MAX);
	c->of.n_include += args_all(a, "folder", c->include + c->of.n_include, ARGS_MAX);
	c->of.n_exclude = args_all(a, "exclude", c->exclude, ARGS_MAX);
	c->of.include = c->include;
	c->of.exclude = c->exclude;
	return read_uses(c);
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

void choice_see_heads(struct choice *c, const struct tree_manifest *m, unsigned only)
{
	for (size_t i = 0; i < m->n_heads; i++) {
		struct pattern_name name;

		target_name(&m->heads[i], &name);
		if (!coll_is_beside(m->heads[i].kind) && (!only || only & 1u << m->heads[i].kind))
			choice_see(c, &name, true);
	}
}

int choice_ask(struct choice *c, const struct account *account, unsigned only,
        const struct source_opts *o, bool *known_out)
{
	struct source_opts ask = *o;

	*known_out = false;
	ask.dry = true;
	ask.listed = choice_see;
	ask.listed_ctx = c;
	for (unsigned k = 0; k < SERVICE_KINDS; k++) {
		unsigned kinds = protocols[k].kinds & (only ? only : ~0u);
		struct source_result r = {0};
		struct progress quiet;
		struct err err = {0};
		int rc;

		if (!account->present[k] || !kinds)
			continue;
		progress_init(&quiet);
		rc = protocol_ops[k].source->run(
		        &account->services[k], kinds, NULL, &ask, &quiet, &r, &err);
		if (rc == ERR_STOPPED || rc == ERR_BUDGET)
			return fail(c->args, &err);
		if (rc < 0)
			return 0;
	}
	*known_out = true;
	return 0;
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

/* A mailbox and a calendar may have one name. */
static bool is_among(const char *const *names, size_t n, const char *name)
{
	while (n && strcmp(names[n - 1], name) != 0)
		n--;
	return n > 0;
}

void choice_near(const struct choice *c, const char *pattern, struct buf *out)
{
	const char *shown[SHOWN];
	size_t n = 0;

	for (size_t near = 1; near < 16 && !n; near++)
		for (size_t i = 0; i < c->n && n < SHOWN; i++) {
			if (pattern_nearness(pattern, c->names[i]) != near ||
			        is_among(shown, n, c->names[i]))
				continue;
			buf_putf(out, "%s\"%s\"", n ? ", " : "; near to it: ", c->names[i]);
			shown[n++] = c->names[i];
		}
}

int no_such_head(const struct args *a, const struct tree_manifest *m, const char *name, size_t n)
{
	char *wanted = xstrndup(name, n);
	struct choice c = {.args = a};
	struct buf near = buf_of(1u << 20);
	int rc;

	for (size_t i = 0; i < m->n_heads; i++) {
		struct pattern_name head = {
		        m->heads[i].name, m->heads[i].content_name, 0, false, NULL};

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

/* Each that has not matched. */
static void list_unmatched(
        json_t *out, const char *option, const char *const *patterns, const bool *hit, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		json_t *o;

		if (hit[i])
			continue;
		o = json_object();
		json_set_text(o, "option", option);
		put_text(o, "pattern", patterns[i]);
		json_array_append_new(out, o);
	}
}

void choice_put_unmatched(const struct choice *c, json_t *outcome)
{
	json_t *list = json_array();

	if (args_has(c->args, "one-of-many")) {
		list_unmatched(list, "include", c->include, c->included, c->of.n_include);
		list_unmatched(list, "exclude", c->exclude, c->excluded, c->of.n_exclude);
	}
	if (json_array_size(list))
		json_object_set(outcome, "unmatched", list);
	json_decref(list);
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
		return usage_error(c->args,
		        "--include%s%s leave nothing; what is excluded is left out even if it is "
		        "included",
		        c->of.n_exclude ? " and --exclude" : "",
		        c->of.exclude_uses ? " and --exclude-use" : "");
	return 0;
}
