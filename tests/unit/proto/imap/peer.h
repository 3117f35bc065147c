#ifndef VALISE_TEST_PROTO_IMAP_PEER_H
#define VALISE_TEST_PROTO_IMAP_PEER_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <poll.h>
#include <pthread.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <cmocka.h>
#include "valise/proto/imap/imap.h"

/*
 * A scripted IMAP server on loopback: it expects exact lines and sends canned ones. The
 * first difference is kept in problem[] and ends the connection.
 */
struct step {
	/*
	 * C: a command line, without its tag. A: a line as it is. L: octets. S: a line to
	 * send, "%t" is the tag of the last command. R: octets to send. X: close. Q:
	 * nothing comes for a while.
	 */
	char kind;
	const char *text;
	size_t n; /* 0: strlen */
};

#define STEPS(...) ((const struct step[]){__VA_ARGS__, {0, NULL, 0}})

struct peer {
	int listen_fd;
	uint16_t port;
	pthread_t thread;
	const char *caps;
	const struct step *steps;
	/* of the connections after the first, NULL at the end; or NULL: there are none */
	const struct step *const *further;
	unsigned connections;
	bool bytewise; /* every octet on its own */
	bool no_login; /* steps begin with the greeting */
	bool lenient; /* the script need not be played to its end */
	int fd;
	char in[1 << 16];
	size_t in_len;
	char tag[32];
	char problem[1000];
};

static int peer_secret(void *ctx, int renew, struct secret *out, struct err *err)
{
	int *asked = ctx;

	if (asked)
		(*asked) += 1 + renew * 100;
	return secret_set(out, renew ? "fresh" : "pw", renew ? 5 : 2, err);
}

static void peer_send(struct peer *p, const char *s, size_t n)
{
	for (size_t i = 0; i < n;) {
		ssize_t w = send(p->fd, s + i, p->bytewise ? 1 : n - i, MSG_NOSIGNAL);

		if (w <= 0)
			return;
		i += (size_t)w;
	}
}

static bool peer_fill(struct peer *p)
{
	ssize_t r = recv(p->fd, p->in + p->in_len, sizeof p->in - p->in_len, 0);

	if (r <= 0)
		return false;
	p->in_len += (size_t)r;
	return true;
}

static void peer_drop(struct peer *p, size_t n)
{
	memmove(p->in, p->in + n, p->in_len - n);
	p->in_len -= n;
}

static void peer_send_line(struct peer *p, const char *text)
{
	const char *t;

	while ((t = strstr(text, "%t")) != NULL) {
		peer_send(p, text, (size_t)(t - text));
		peer_send(p, p->tag, strlen(p->tag));
		text = t + 2;
	}
	peer_send(p, text, strlen(text));
	peer_send(p, "\r\n", 2);
}

static bool peer_line(struct peer *p, const struct step *s)
{
	char *end, *line = p->in;
	size_t n, skip = 0;

	while ((end = memmem(p->in, p->in_len, "\r\n", 2)) == NULL)
		if (p->in_len == sizeof p->in || !peer_fill(p)) {
			snprintf(p->problem, sizeof p->problem, "no line, wanted \"%.300s\"",
			        s->text);
			return false;
		}
	n = (size_t)(end - p->in);
	if (s->kind == 'C') {
		char *blank = memchr(p->in, ' ', n);

		skip = blank ? (size_t)(blank - p->in) + 1 : n;
		snprintf(p->tag, sizeof p->tag, "%.*s", skip ? (int)skip - 1 : 0, p->in);
	}
	if (n - skip != strlen(s->text) || memcmp(line + skip, s->text, n - skip) != 0) {
		snprintf(p->problem, sizeof p->problem, "got \"%.*s\", wanted \"%.300s\"",
		        (int)(n > 300 ? 300 : n), line, s->text);
		return false;
	}
	peer_drop(p, n + 2);
	return true;
}

static bool peer_octets(struct peer *p, const char *s, size_t n)
{
	size_t done = 0;

	while (done < n) {
		size_t k;

		if (!p->in_len && !peer_fill(p)) {
			snprintf(p->problem, sizeof p->problem, "octets cut short");
			return false;
		}
		k = p->in_len < n - done ? p->in_len : n - done;
		if (memcmp(p->in, s + done, k) != 0) {
			snprintf(p->problem, sizeof p->problem, "octets differ");
			return false;
		}
		peer_drop(p, k);
		done += k;
	}
	return true;
}

static bool peer_run(struct peer *p, const struct step *steps)
{
	for (const struct step *s = steps; s->kind; s++) {
		size_t n = s->n ? s->n : strlen(s->text ? s->text : "");

		switch (s->kind) {
		case 'C':
		case 'A':
			if (!peer_line(p, s))
				return false;
			break;
		case 'L':
			if (!peer_octets(p, s->text, n))
				return false;
			break;
		case 'S':
			peer_send_line(p, s->text);
			break;
		case 'R':
			peer_send(p, s->text, n);
			break;
		case 'Q': {
			struct pollfd more = {.fd = p->fd, .events = POLLIN};

			if (p->in_len || poll(&more, 1, 50) > 0) {
				snprintf(p->problem, sizeof p->problem, "too early");
				return false;
			}
			break;
		}
		default:
			return false;
		}
	}
	return true;
}

static void peer_serve(struct peer *p, const struct step *steps)
{
	int one = 1;
	char hello[2000];

	p->fd = accept(p->listen_fd, NULL, NULL);
	if (p->fd < 0)
		return;
	p->connections++;
	p->in_len = 0;
	setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	snprintf(
	        hello, sizeof hello, "%%t OK [CAPABILITY IMAP4rev1 %s] in", p->caps ? p->caps : "");
	if ((p->no_login ||
	            peer_run(p,
	                    STEPS({'S', "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hello", 0},
	                            {'C', "AUTHENTICATE PLAIN AGFsaWNlAHB3", 0},
	                            {'S', hello, 0}))) &&
	        peer_run(p, steps))
		while (!memmem(p->in, p->in_len, "LOGOUT", 6) && peer_fill(p))
			;
	close(p->fd);
}

static void *peer_main(void *ctx)
{
	struct peer *p = ctx;
	const struct step *const *next = p->further;

	peer_serve(p, p->steps);
	while (next && *next && !p->problem[0])
		peer_serve(p, *next++);
	return NULL;
}

static void peer_start(struct peer *p, const char *caps, const struct step *steps)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof at;

	p->caps = caps;
	p->steps = steps;
	p->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(p->listen_fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(p->listen_fd, 1), 0);
	assert_int_equal(getsockname(p->listen_fd, (struct sockaddr *)&at, &len), 0);
	p->port = ntohs(at.sin_port);
	assert_int_equal(pthread_create(&p->thread, NULL, peer_main, p), 0);
}

static void peer_join(struct peer *p)
{
	shutdown(p->listen_fd, SHUT_RDWR);
	pthread_join(p->thread, NULL);
	close(p->listen_fd);
	if (p->lenient)
		return;
	if (p->problem[0])
		print_error("peer: %s\n", p->problem);
	assert_string_equal(p->problem, "");
}

static struct service peer_service(
        const struct peer *p, enum security security, const char *mech, int *asked)
{
	struct service s = {.kind = SERVICE_IMAP, .name = "imap"};

	s.at.host = (char *)(uintptr_t) "127.0.0.1";
	s.at.port = p->port;
	s.at.security = security;
	s.at.connect_timeout_ms = 5000;
	s.at.idle_timeout_ms = 5000;
	s.login.user = (char *)(uintptr_t) "alice";
	s.login.mech = (char *)(uintptr_t)mech;
	s.login.get_secret = peer_secret;
	s.login.ctx = asked;
	return s;
}

/* A session that is signed in and runs ${steps}. */
__attribute__((unused)) static struct imap *peer_open(
        struct peer *p, const char *caps, const struct step *steps, bool target)
{
	struct imap *m = NULL;
	struct err err = {0};
	struct service s;

	peer_start(p, caps, steps);
	s = peer_service(p, SECURITY_NONE, NULL, NULL);
	if (imap_open(&s, target, NULL, &m, &err) != 0)
		print_error("open: %s\n", err.text);
	assert_non_null(m);
	return m;
}

static void peer_close(struct peer *p, struct imap *m)
{
	imap_close(m);
	peer_join(p);
}

#endif
