/* The open file for libbfio: places and octets, nothing else. */
#include "outlook/read/window.h"
#include <stdio.h>
#include "valise/base/sys.h"

static int window_fine(intptr_t *w, libbfio_error_t **error)
{
	(void)w;
	(void)error;
	return 1;
}

static int window_open(intptr_t *w, int flags, libbfio_error_t **error)
{
	(void)flags;
	return window_fine(w, error);
}

static int window_close(intptr_t *w, libbfio_error_t **error)
{
	(void)w;
	(void)error;
	return 0;
}

static int window_free(intptr_t **w, libbfio_error_t **error)
{
	(void)error;
	*w = NULL; /* it is on somebody's stack */
	return 1;
}

static int window_clone(intptr_t **to, intptr_t *from, libbfio_error_t **error)
{
	(void)error;
	*to = from;
	return 1;
}

static ssize_t window_read(intptr_t *window, uint8_t *p, size_t n, libbfio_error_t **error)
{
	struct window *w = (struct window *)window;
	size_t done = 0;

	(void)error;
	while (done < n) {
		ssize_t k = sys_pread(w->fd, p + done, n - done, w->at);

		if (k < 0)
			return -1;
		if (k == 0)
			break;
		done += (size_t)k;
		w->at += k;
	}
	if (w->seen)
		w->seen(w, p, done);
	return (ssize_t)done;
}

static ssize_t window_write(intptr_t *window, const uint8_t *p, size_t n, libbfio_error_t **error)
{
	(void)window;
	(void)p;
	(void)n;
	(void)error;
	return -1;
}

static off64_t window_seek(intptr_t *window, off64_t to, int whence, libbfio_error_t **error)
{
	struct window *w = (struct window *)window;
	off64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? w->at : (off64_t)w->size;

	(void)error;
	if (to < -base || to > INT64_MAX - base)
		return -1;
	return w->at = base + to;
}

static int window_size(intptr_t *window, size64_t *size, libbfio_error_t **error)
{
	(void)error;
	*size = ((struct window *)window)->size;
	return 1;
}

libbfio_handle_t *window_handle(struct window *w)
{
	libbfio_handle_t *handle = NULL;
	libbfio_error_t *error = NULL;

	if (libbfio_handle_initialize(&handle, (intptr_t *)w, window_free, window_clone,
	            window_open, window_close, window_read, window_write, window_seek, window_fine,
	            window_fine, window_size, 0, &error) != 1)
		handle = NULL;
	libbfio_error_free(&error);
	return handle;
}
