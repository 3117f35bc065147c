#ifndef EXPORT_NAMES_H
#define EXPORT_NAMES_H

#include <stdint.h>
#include "valise/base/buf.h"
#include "valise/base/date.h"
#include "valise/base/textindex.h"

/*
 * Names of files that every file system takes, no two of them twins on one that folds case
 * or normalizes (path_fold). Fill with zeros first; names_clear also forgets what was taken.
 */
struct export_names {
	char **taken; /* folded */
	size_t n, cap;
	struct text_index index;
};
void names_clear(struct export_names *names);
/**
 * names_take(names, stem, ext, out): append "STEM.EXT", or "STEM_2.EXT" and so on where that
 * is taken; ${stem} is a path that is safe already, ${ext} begins with its dot or is "".
 */
void names_take(struct export_names *names, const char *stem, const char *ext, struct buf *out);

/**
 * names_folder(tree_path, ext, out): append the path of a collection without its kind,
 * "mail/INBOX/Work" -> "INBOX/Work". A component that ends as the files beside it do, in ${ext},
 * has that dot as =2E: nothing else is written so (path_escape).
 */
void names_folder(const char *tree_path, const char *ext, struct buf *out);

/**
 * name_of_item(when, title, out): append "2024-03-05 1412 Lunch" for people: the moment in its
 * zone, and the title as far as file systems take it (others become '_'), NAME_TITLE bytes of
 * it. ${when} not known: without it. ${title} may be NULL.
 */
enum { NAME_TITLE = 80 };
void name_of_item(const struct date *when, const char *title, struct buf *out);

#endif
