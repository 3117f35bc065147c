#ifndef VALISE_BASE_NEAR_H
#define VALISE_BASE_NEAR_H

#include <stddef.h>

/* Number of single-character edits between two short texts. */
size_t edit_distance(const char *a, const char *b);

#endif
