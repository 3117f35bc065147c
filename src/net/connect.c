/* Connecting and waiting; the addresses in turn, IPv6 first. */
#include "valise/net/patience.h"
#include "transport_internal.h"
#include "valise/base/sys.h"
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#define MAX_ADDRESSES 16
#define SWALLOWED_MS 3000
#define GREETING_MS 4000 /* without a greeting it is asked whether the port is for TLS */

/* 1: ready, 0: the deadline passed, -1: sticky error. */
static int wait_until(struct transport *t, int fd, short events, int64_t deadline)
{
	struct pollfd p = {.fd = fd, .events = events};
	struct err stop;

	for (;;) {
		int64_t left = deadline - clock_ms();
		int rc;

		if (stop_check(&stop) != 0)
			return transport_fail_with(t, &stop);
		rc = sys_poll(&p, 1,
		        (int)(left < 0                 ? 0
		                : left < STOP_SLICE_MS ? left
		                                       : STOP_SLICE_MS));
		if (rc > 0)
			return 1;
		if (rc < 0 && errno != EINTR)
			return transport_fail(t, ERR_NET, "poll: %s", strerror(errno));
		if (rc == 0 && left <= 0)
			return 0;
	}
}

/*
 * Wait for ${events} until ${deadline} (clock_ms); -1 with the sticky error on time-out
 * and stop.
 */
static int net_wait(struct transport *t, int fd, short events, int64_t deadline)
{
	int rc = wait_until(t, fd, events, deadline);

	if (rc == 0)
		return transport_fail(t, ERR_NET, "the handshake took longer than %d seconds",
		        t->connect_timeout_ms / 1000);
	return rc < 0 ? -1 : 0;
}

/* What may still be waited since the last write. */
static int64_t patience_left(const struct transport *t)
{
	uint64_t moved = t->in + t->out - t->written_at;
	uint64_t told = moved > t->inbound.idle ? moved - t->inbound.idle : 0;

	int64_t all = patience_ms(t->idle_timeout_ms, told),
	        silence = patience_ms(0, told) + t->silence_ms;

	return (all > silence ? all : silence) - t->waited_ms;
}

/*
 * A TLS server waits for us to begin, as we wait for its greeting: a connection of its
 * own shows which it is.
 */
static bool speaks_tls(const struct transport *t)
{
	/*
	 * No certificate has this sum: the handshake never succeeds, and says so of the
	 * certificate.
	 */
	static char none[] = "0000000000000000000000000000000000000000000000000000000000000000";
	struct endpoint at = {.host = t->host,
	        .address = t->address,
	        .proxy = t->proxy,
	        .port = t->port,
	        .security = SECURITY_TLS,
	        .pin = none,
	        .connect_timeout_ms = GREETING_MS,
	        .idle_timeout_ms = GREETING_MS};
	struct transport *probe = NULL;
	struct err err = {0};
	int rc = transport_open(&at, t->guard.role, NULL, &probe, &err);

	transport_free(probe);
	return rc == 0 || (rc == ERR_TLS && strstr(err.text, "certificate"));
}

/* Nothing has come yet on a connection that does not begin with TLS. 0: wait on. */
static int no_greeting(struct transport *t)
{
	bool tls = speaks_tls(t);

	t->asked_tls = true;
	if (stop_check(&t->error) != 0)
		return -1;
	if (!tls)
		return 0;
	return transport_fail(t, ERR_TLS,
	        "the server does not greet, as this port begins with TLS: write %s:// instead of "
	        "%s://",
	        t->guard.role == GUARD_POP3_SOURCE ? "pop3s" : "imaps",
	        t->guard.role == GUARD_POP3_SOURCE ? "pop3" : "imap");
}

int net_wait_idle(struct transport *t, short events)
{
	int64_t began = clock_ms(), left = patience_left(t), silence = t->silence_ms;
	bool swallowed = literal_swallowed(t), last;
	int rc;

	if (swallowed && silence > SWALLOWED_MS)
		silence = SWALLOWED_MS;
	if (t->deadline)
		return net_wait(t, t->fd, events, t->deadline);
	if (t->in == 0 && !t->asked_tls && events == POLLIN && silence > GREETING_MS) {
		rc = wait_until(t, t->fd, events, began + GREETING_MS);
		if (rc != 0 || no_greeting(t) != 0)
			return rc > 0 ? 0 : -1;
	}
	last = left < silence;
	rc = wait_until(t, t->fd, events, began + (last ? left : silence));
	t->waited_ms += clock_ms() - began;
	t->waited_out = rc == 0;
	if (rc == 0 && last)
		return transport_fail(t, ERR_NET,
		        "less than %d octets a second have come for %lld seconds: given up "
		        "(--timeout allows for more)",
		        PATIENCE_RATE, (long long)(t->waited_ms / 1000));
	if (rc == 0 && swallowed) {
		t->swallowed = true;
		return transport_fail(t, ERR_PROTO,
		        "the server announced a message as longer than it is: its end does not "
		        "come");
	}
	if (rc == 0) {
		t->timed_out = true;
		return transport_fail(t, ERR_NET, "no answer for %s (--timeout allows for more)",
		        counted((uint64_t)(silence / 1000), "second", "seconds",
		                (char[COUNTED_SIZE]){0}));
	}
	return rc < 0 ? -1 : 0;
}

/* Failures here are only reasons to try the next address. */
static void set_options(int fd)
{
	int one = 1, idle = 60, interval = 20, count = 4;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

/*
 * The connected socket; -1 with *why_out an errno, or with the sticky error when stopped.
 */
static int try_address(
        struct transport *t, const struct addrinfo *a, int64_t deadline, int *why_out)
{
	int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), rc;
	socklen_t len = sizeof *why_out;

	*why_out = errno;
	if (fd < 0)
		return -1;
	rc = sys_connect(fd, a->ai_addr, a->ai_addrlen);
	*why_out = rc == 0 ? 0 : errno;
	if (rc != 0 && errno == EINPROGRESS) {
		rc = wait_until(t, fd, POLLOUT, deadline);
		*why_out = ETIMEDOUT;
		if (rc > 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, why_out, &len) != 0)
			*why_out = errno;
	}
	if (*why_out == 0) {
		set_options(fd);
		return fd;
	}
	(void)sys_close(fd);
	return -1;
}

int net_connect_to(struct transport *t, const char *host, uint16_t port)
{
	int64_t deadline = clock_ms() + t->connect_timeout_ms;
	struct addrinfo *list = NULL, *order[MAX_ADDRESSES];
	int why = ETIMEDOUT;
	size_t n = 0;

	if (net_resolve(t, host, port, deadline, &list) != 0)
		return -1;
	for (int v6 = 1; v6 >= 0; v6--)
		for (struct addrinfo *a = list; a && n < MAX_ADDRESSES; a = a->ai_next)
			if ((a->ai_family == AF_INET6) == v6)
				order[n++] = a;
	/* An address that swallows packets gets its share of the time, not all of it. */
	for (size_t i = 0; i < n && t->fd < 0 && !t->error.code; i++) {
		int64_t now = clock_ms(), share = (deadline - now) / (int64_t)(n - i);

		t->fd = try_address(t, order[i], now + share, &why);
	}
	freeaddrinfo(list);
	if (t->fd < 0)
		return transport_fail(t, ERR_NET, "cannot connect: %s%s", strerror(why),
		        why == ECONNREFUSED ? " (nothing listens at this port)" : "");
	return 0;
}

int net_connect(struct transport *t)
{
	return t->proxy ? net_tunnel(t)
	                : net_connect_to(t, t->address ? t->address : t->host, t->port);
}
