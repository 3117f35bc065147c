#ifndef VALISE_OUTLOOK_READ_WINDOW_H
#define VALISE_OUTLOOK_READ_WINDOW_H

#include <libbfio.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The open file, as libpff and libolecf read it: none of them opens anything by its name. */
struct window {
	int fd;
	off_t at;
	uint64_t size;
	/* told of all octets that were read at once; or NULL */
	void (*seen)(struct window *w, const uint8_t *p, size_t n);
	int kind; /* for it: enum pst_kind */
	bool unsound; /* by it */
};
/* NULL: there is no memory. It lends ${w}. */
libbfio_handle_t *window_handle(struct window *w);

#endif
