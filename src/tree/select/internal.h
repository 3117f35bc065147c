#ifndef VALISE_TREE_SELECT_INTERNAL_H
#define VALISE_TREE_SELECT_INTERNAL_H

#include "valise/tree/select.h"

/* Is one of these texts part of ${text}, whatever the case? ${addresses}: they are some. */
bool select_in_text(const char *const *list, const char *text, bool addresses);
/* May the value, the list of a catalog lack its end? */
bool select_is_cut(const char *text);
bool select_is_full_list(const char *text);
/* Does ${text} begin as ${form}, in which d is a digit, and all else itself? */
bool select_digits(const char *text, const char *form);

/* What is behind the name of the collection in "FOLDER/UID", in one of its forms; or NULL. */
enum { SELECT_ITEM_FORMS = 4 };
const char *select_item_key(const char *text, const struct tree_head *h, unsigned form);

#endif
