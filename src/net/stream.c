/*
 * The mailstream driver. libetpan loops for ever on a read or write of 0 bytes, so that
 * these move something or fail; the reason stays in the transport.
 */
#include "transport_internal.h"
#include <stdlib.h>

static ssize_t stream_read(mailstream_low *low, void *p, size_t n)
{
	struct transport *t = low->data;

	return n ? plain_recv(t, p, n, true) : -1;
}

static ssize_t stream_write(mailstream_low *low, const void *p, size_t n)
{
	struct transport *t = low->data;

	return plain_send(t, p, n) == 0 ? (ssize_t)n : -1;
}

static int stream_close(mailstream_low *low)
{
	(void)low;
	return 0;
}

static int stream_fd(mailstream_low *low)
{
	const struct transport *t = low->data;

	return t->fd;
}

static void stream_free(mailstream_low *low)
{
	struct transport *t = low->data;

	/* libetpan frees the stream around this: the transport must not do it again. */
	t->stream = NULL;
	free(low);
}

static void stream_cancel(mailstream_low *low)
{
	(void)low;
}

static const mailstream_low_driver driver = {
        .mailstream_read = stream_read,
        .mailstream_write = stream_write,
        .mailstream_close = stream_close,
        .mailstream_get_fd = stream_fd,
        .mailstream_free = stream_free,
        .mailstream_cancel = stream_cancel,
};

mailstream *transport_stream(struct transport *t)
{
	mailstream_low *low;

	if (t->stream)
		return t->stream;
	/* The library only reads the table; its type lacks the const. */
	low = mailstream_low_new(t, (mailstream_low_driver *)(uintptr_t)&driver);
	t->stream = low ? mailstream_new(low, STREAM_BUFFER) : NULL;
	if (!t->stream) {
		free(low);
		(void)transport_fail(t, ERR_LIMIT, "out of memory");
	}
	return t->stream;
}

void stream_end(struct transport *t)
{
	if (t->stream)
		(void)mailstream_close(t->stream);
	t->stream = NULL;
}
