#ifndef VALISE_PACK_TEXTS_H
#define VALISE_PACK_TEXTS_H

#include <stdint.h>
#include <stddef.h>

/*
 * src/pack/readme.txt and docs/FORMAT.md, made part of the program by cmake/texts.cmake.
 */
extern const uint8_t text_readme[], text_format[];
extern const size_t text_readme_size, text_format_size;

#endif
