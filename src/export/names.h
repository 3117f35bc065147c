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

/* The same without an extension, where names are twins only if they are equal, as on Unix. */
void names_take_exact(struct export_names *names, const char *stem, struct buf *out);

/**
 * names_folder(tree_path, clash, out): append the path of a collection without its kind,
 * "mail/INBOX/Work" -> "INBOX/Work". A component that files beside it could be called has a
 * character as =XX: nothing else is written so (path_escape). ${clash} (may be NULL) says of a
 * component which character that is, SIZE_MAX: none.
 */
typedef size_t names_clash_fn(const char *component, size_t n);
void names_folder(const char *tree_path, names_clash_fn *clash, struct buf *out);
/* Of a component that ends in ${ext} (".eml"), in any case, the place of that dot; else SIZE_MAX.
 */
size_t names_extension(const char *component, size_t n, const char *ext);

/**
 * name_of_item(when, title, out): append "2024-03-05 1412 Lunch" for people: the moment in its
 * zone, and the title as far as file systems take it (others become '_'), NAME_TITLE bytes of
 * it. ${when} not known: without it. ${title} may be NULL.
 */
enum { NAME_TITLE = 80 };
void name_of_item(const struct date *when, const char *title, struct buf *out);

#endif
