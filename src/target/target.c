#include "valise/target/target.h"
#include <fnmatch.h>
#include <string.h>

static const struct target_ops *const targets[] = {
        &target_imap,
        &target_caldav,
        &target_carddav,
};

static bool matches(const char *const *patterns, size_t n, const struct tree_head *h)
{
	for (size_t i = 0; i < n; i++)
		if (fnmatch(patterns[i], h->content_name, 0) == 0 ||
		        fnmatch(patterns[i], h->name, 0) == 0)
			return true;
	return false;
}

bool target_selects(const struct target_opts *o, const struct tree_head *h)
{
	if (o->n_folder && !matches(o->folder, o->n_folder, h))
		return false;
	return !matches(o->exclude, o->n_exclude, h);
}

bool target_map_names(const struct target_map *m, const struct tree_head *h)
{
	return strcmp(m->from, h->name) == 0 || strcmp(m->from, h->content_name) == 0;
}

const struct target_ops *target_for(enum coll_kind coll)
{
	for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++)
		if (targets[i]->coll == coll)
			return targets[i];
	return NULL;
}
