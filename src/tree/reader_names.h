#ifndef VALISE_TREE_READER_NAMES_H
#define VALISE_TREE_READER_NAMES_H

#include "valise/tree/sink.h"

/* What tree_item_what keeps with a reader. */
void reader_names_free(struct tree_reader *r);

#endif
