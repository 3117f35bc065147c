#ifndef VALISE_OUTLOOK_READ_MSG_CFB_H
#define VALISE_OUTLOOK_READ_MSG_CFB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "valise/base/err.h"

/*
 * A compound file (MS-CFB) of storages and streams: what a .msg keeps as a storage within it
 * becomes the file that it would be elsewhere. The same storages give the same octets: no
 * times, no class ids (a stream "\1CompObj" says the class).
 */
struct cfb_entry {
	uint16_t name[32]; /* UTF-16, ended by NUL */
	bool storage;
	size_t parent; /* place of the storage that it is in; entry 0 is the root */
	uint64_t size; /* of a stream */
};
struct cfb_source {
	/* ${n} octets at ${off} of the stream that is entry ${i}; what it cannot give is zeros */
	void (*read)(void *ctx, size_t i, uint64_t off, void *p, size_t n);
	void (*write)(void *ctx, const void *p, size_t n);
	void *ctx;
};
enum { CFB_ENTRIES_MAX = 65536 };
/*
 * Entry 0 is the root, a parent comes before what is in it. ERR_LIMIT: more than fits a file of
 * this kind (2 GiB); nothing was written.
 */
int cfb_write(const struct cfb_entry *e, size_t n, const struct cfb_source *source,
        struct err *err) MUST_CHECK;

#endif
