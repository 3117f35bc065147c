/*
 * --map OLD=NEW: what it may mean. A slip of the pen must not put things where nothing
 * can take them away again.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/format/mutf7.h"
#include "valise/restore/restore.h"
#include "cli/cli.h"

#define NAME_CAP (64u << 10)

/* What a mapping is held against. */
struct field {
	const struct tree_manifest *manifest;
	const struct target_opts *opts;
	unsigned kinds;
};

/* *itself_out: a mailbox is called just so, not only what is above it. */
static bool has_use(const struct field *f, const char *from, bool *mail_out, bool *itself_out)
{
	const struct target_map map = {.from = from};
	bool any = false;

	*mail_out = *itself_out = false;
	for (size_t i = 0; i < f->manifest->n_heads; i++) {
		const struct tree_head *h = &f->manifest->heads[i];
		const char *rest;

		if (!(f->kinds & 1u << h->kind) || !target_selects(f->opts, h) ||
		        !target_map_names(&map, h, h->content_name, &rest))
			continue;
		any = true;
		*mail_out |= h->kind == COLL_MAIL;
		*itself_out |= h->kind == COLL_MAIL && !*rest;
	}
	return any;
}

/* "inbox" and "Entw&APw-rfe" as the archive has them; NULL: they are no such thing. */
static char *other_spelling(const char *from)
{
	struct buf b = buf_of(NAME_CAP);

	if (strncasecmp(from, "INBOX", 5) == 0 && strncmp(from, "INBOX", 5) != 0)
		return xasprintf("INBOX%s", from + 5);
	if (strchr(from, '&') && mutf7_decode(from, strlen(from), &b))
		return buf_take(&b);
	buf_clear(&b);
	return NULL;
}

bool maps_empty_level(const char *name)
{
	size_t n = strlen(name);

	return n == 0 || name[0] == '/' || name[n - 1] == '/' || strstr(name, "//") != NULL;
}

/* EXIT_USAGE: nothing is called so, or what is called so is left out. */
static int no_such(const struct field *f, const struct choice *c, const char *from)
{
	const struct target_opts everything = {0};
	const struct field all = {f->manifest, &everything, ~0u};
	bool mail, itself;
	struct buf near = buf_of(1u << 20);
	int rc;

	if (has_use(&all, from, &mail, &itself))
		return usage_error(c->args, "--map: \"%s\" is left out by the other options", from);
	choice_near(c, from, &near);
	rc = usage_error(c->args,
	        "--map: nothing that is to be restored is called \"%s\"%s (valise list shows the "
	        "names)",
	        from, buf_str(&near));
	buf_clear(&near);
	return rc;
}

/* Two mailboxes never share one, and one has but one place. */
static int check_pair(const struct choice *c, const struct target_map *a,
        const struct target_map *b, const bool itself[2])
{
	bool from = strcmp(a->from, b->from) == 0, to = strcmp(a->to, b->to) == 0;

	if (from && !to)
		return usage_error(c->args, "--map sends \"%s\" to \"%s\" and to \"%s\"", a->from,
		        a->to, b->to);
	if (to && !from && itself[0] && itself[1])
		return usage_error(c->args,
		        "--map sends the mailboxes \"%s\" and \"%s\" to one, \"%s\": give each "
		        "its own, such as \"%s/%s\"",
		        a->from, b->from, a->to, b->to, b->from);
	return 0;
}

/* "OLD=NEW"; an equals sign inside OLD is written =3D, as content names have it. */
static int read_one(struct maps *m, const struct field *f, const char *word, bool *itself_out,
        const struct choice *c)
{
	const char *eq = strchr(word, '=');
	struct target_map *map = &m->list[m->n];
	char *from, *other;
	bool mail;

	while (eq && (strncmp(eq, "=3D", 3) == 0 || strncmp(eq, "=2F", 3) == 0))
		eq = strchr(eq + 1, '=');
	if (!eq || eq == word || !eq[1])
		return usage_error(c->args, "--map takes OLD=NEW, not \"%s\"", word);
	from = m->from[m->n++] = xstrndup(word, (size_t)(eq - word));
	if (!has_use(f, from, &mail, itself_out)) {
		other = other_spelling(from);
		if (!other || !has_use(f, other, &mail, itself_out)) {
			free(other);
			/* of many accounts not each has it */
			if (!args_has(c->args, "one-of-many"))
				return no_such(f, c, from);
			other = xstrdup(from);
			mail = true;
			*itself_out = false;
		}
		m->from[m->n - 1] = other;
		free(from);
	}
	map->from = m->from[m->n - 1];
	map->to = eq + 1;
	if (mail && maps_empty_level(map->to))
		return usage_error(c->args, "--map: \"%s\" is no name of a mailbox", map->to);
	return 0;
}

int maps_read(struct maps *m, const struct tree_manifest *manifest, struct target_opts *opts,
        unsigned kinds, const struct choice *choice)
{
	const struct field f = {.manifest = manifest, .opts = opts, .kinds = kinds};
	const char *words[ARGS_MAX];
	bool itself[ARGS_MAX];
	size_t n = args_all(choice->args, "map", words, ARGS_MAX);
	int rc = 0;

	m->list = xcalloc(n + 1, sizeof *m->list);
	m->from = xcalloc(n + 1, sizeof *m->from);
	for (size_t i = 0; i < n && rc == 0; i++) {
		rc = read_one(m, &f, words[i], &itself[i], choice);
		for (size_t k = 0; k < i && rc == 0; k++)
			rc = check_pair(choice, &m->list[k], &m->list[i],
			        (const bool[2]){itself[k], itself[i]});
	}
	opts->maps = m->list;
	opts->n_maps = m->n;
	return rc;
}

void maps_clear(struct maps *m)
{
	texts_free(m->from, m->n);
	free(m->list);
}
