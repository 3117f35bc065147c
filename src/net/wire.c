/* Bytes at the socket, under TLS or bare. Every socket byte is counted here. */
#include "transport_internal.h"
#include "valise/base/sys.h"
#include <errno.h>
#include <string.h>
#include <strings.h>

static void count_in(struct transport *t, size_t n)
{
	t->in += n;
	if (t->progress)
		t->progress->wire_in += n;
}

/* As an error of the socket; the sticky one says what it is. */
static int may_move(struct transport *t, size_t *n)
{
	struct err err;

	if (rate_wait(t->rate, n, &err) == 0)
		return 0;
	errno = ECANCELED;
	return transport_fail_with(t, &err);
}

ssize_t wire_fill(struct transport *t)
{
	size_t room = sizeof t->raw;
	ssize_t n = may_move(t, &room);

	t->raw_pos = t->raw_len = 0;
	if (n == 0)
		n = sys_recv(t->fd, t->raw, room);
	if (n > 0) {
		t->raw_len = (size_t)n;
		count_in(t, (size_t)n);
		rate_spend(t->rate, (size_t)n);
	}
	return n;
}

ssize_t wire_push(struct transport *t, const void *p, size_t n)
{
	ssize_t sent = may_move(t, &n);

	if (sent == 0)
		sent = sys_send(t->fd, p, n);
	if (sent > 0) {
		t->out += (uint64_t)sent;
		if (t->progress)
			t->progress->wire_out += (uint64_t)sent;
		rate_spend(t->rate, (size_t)sent);
	}
	return sent;
}

int wire_closed(struct transport *t)
{
	char line[256];

	if (*t->via)
		return transport_fail(t, ERR_NET, "it closed the connection in its handshake");
	transport_last_line(t, line, sizeof line);
	if (!t->secret && (strncasecmp(line, "* BYE", 5) == 0 || strncmp(line, "-ERR", 4) == 0))
		return transport_fail(
		        t, ERR_NET, "the server closed the connection, saying \"%s\"", line);
	return transport_fail(t, ERR_NET, "the server closed the connection");
}

/* wire_recv without TLS. */
static ssize_t socket_recv(struct transport *t, void *p, size_t n, bool wait)
{
	while (t->raw_pos == t->raw_len) {
		ssize_t got = wire_fill(t);

		if (got > 0)
			break;
		if (got == 0 || (*t->via && errno == ECONNRESET))
			return wire_closed(t);
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return transport_fail(t, ERR_NET, "cannot read: %s", strerror(errno));
		if (!wait)
			return 0;
		if (net_wait_idle(t, POLLIN) != 0)
			return -1;
	}
	if (n > t->raw_len - t->raw_pos)
		n = t->raw_len - t->raw_pos;
	memcpy(p, t->raw + t->raw_pos, n);
	t->raw_pos += n;
	return (ssize_t)n;
}

/* wire_send without TLS. */
static int socket_send(struct transport *t, const char *p, size_t n)
{
	while (n) {
		ssize_t sent = wire_push(t, p, n);

		if (sent >= 0) {
			p += sent;
			n -= (size_t)sent;
		} else if (errno != EAGAIN && errno != EWOULDBLOCK) {
			return transport_fail(t, ERR_NET, "cannot send: %s", strerror(errno));
		} else if (net_wait_idle(t, POLLOUT) != 0) {
			return -1;
		}
	}
	return 0;
}

ssize_t wire_recv(struct transport *t, void *p, size_t n, bool wait)
{
	return t->tls ? tls_recv(t, p, n, wait) : socket_recv(t, p, n, wait);
}

int wire_send(struct transport *t, const void *p, size_t n)
{
	return t->tls ? tls_send(t, p, n) : socket_send(t, p, n);
}
