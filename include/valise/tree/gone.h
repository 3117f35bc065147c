#ifndef VALISE_TREE_GONE_H
#define VALISE_TREE_GONE_H

#include "valise/tree/sink.h"

/**
 * tree_gone_view(from, with): a reader of ${from} (which it owns from now on) that knows
 * no marks: it shows what the server showed or, ${with}, as items like all others also
 * those that are gone (tree/shrink.h), and collections that were kept for them.
 */
struct tree_reader *tree_gone_view(struct tree_reader *from, bool with);

#endif
