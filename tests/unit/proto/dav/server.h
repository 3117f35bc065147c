#ifndef TESTS_PROTO_DAV_SERVER_H
#define TESTS_PROTO_DAV_SERVER_H

/* A server in a thread of the test, and a client of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "proto/dav/internal.h"
#include "valise/base/mem.h"

#define MULTI "<?xml version=\"1.0\"?><d:multistatus xmlns:d=\"DAV:\" xmlns:c=\"" NS_CALDAV "\">"
#define END "</d:multistatus>"

#define UNUSED __attribute__((unused))

/*
 * A canned answer for each request in turn; the last one stays. "" closes the connection.
 */
struct server {
	int fd;
	uint16_t port;
	pthread_t thread;
	atomic_bool stop;
	atomic_int served;
	const char *answers[4];
	char seen[4][8192];
};

static bool read_request(int fd, char *out, size_t size)
{
	size_t len = 0, want = 0;
	const char *end = NULL, *length;

	while (!end || len < want) {
		ssize_t got = len < size - 1 ? recv(fd, out + len, size - 1 - len, 0) : -1;

		if (got <= 0)
			return false;
		len += (size_t)got;
		out[len] = '\0';
		end = strstr(out, "\r\n\r\n");
		length = strstr(out, "Content-Length: ");
		if (end)
			want = (size_t)(end + 4 - out) + (length ? (size_t)atol(length + 16) : 0);
	}
	return true;
}

/* It says that the connection ends: no request is sent on one that is just being closed. */
static void send_answer(int fd, const char *answer)
{
	static const char ends[] = "Connection: close\r\n";
	const char *line = strstr(answer, "\r\n");
	size_t n = line ? (size_t)(line + 2 - answer) : 0;

	if (n)
		(void)!send(fd, answer, n, MSG_NOSIGNAL | MSG_MORE);
	if (n)
		(void)!send(fd, ends, sizeof ends - 1, MSG_NOSIGNAL | MSG_MORE);
	(void)!send(fd, answer + n, strlen(answer + n), MSG_NOSIGNAL);
}

static void *serve(void *arg)
{
	struct server *s = arg;

	while (!s->stop) {
		int fd = accept(s->fd, NULL, NULL), i = s->served < 4 ? s->served : 3;
		const char *answer;

		if (fd < 0)
			break;
		if (read_request(fd, s->seen[i], sizeof s->seen[0])) {
			while (i && !s->answers[i])
				i--;
			answer = s->answers[i];
			s->served++;
			send_answer(fd, answer);
		}
		close(fd);
	}
	return NULL;
}

UNUSED static struct server *start(const char *const *answers)
{
	struct server *s = xcalloc(1, sizeof *s);
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof at;

	for (size_t i = 0; i < 4 && answers[i]; i++)
		s->answers[i] = answers[i];
	s->fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(s->fd, 16), 0);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)&at, &n), 0);
	s->port = ntohs(at.sin_port);
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
	return s;
}

UNUSED static void stop(struct server *s)
{
	s->stop = true;
	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->fd);
	free(s);
}

/* One test: a server, a client, an answer, the responses as text. */
struct setup {
	struct server *server;
	struct http *h;
	char url[100];
	struct dav_answer a;
	struct err err;
	struct buf got;
};

UNUSED static void set_up_with(struct setup *t, const char *const *answers)
{
	struct service service = {.kind = SERVICE_CALDAV, .name = "caldav"};

	memset(t, 0, sizeof *t);
	t->server = start(answers);
	service.at.host = (char *)(uintptr_t) "127.0.0.1";
	service.at.port = t->server->port;
	service.at.security = SECURITY_NONE;
	service.at.connect_timeout_ms = service.at.idle_timeout_ms = 3000;
	assert_int_equal(http_open(&service, GUARD_DAV_TARGET, NULL, &t->h, NULL), 0);
	snprintf(t->url, sizeof t->url, "http://127.0.0.1:%u/cal/", t->server->port);
	buf_init(&t->got, 100000);
}

UNUSED static void set_up(struct setup *t, const char *answer)
{
	const char *const answers[] = {answer, NULL};

	set_up_with(t, answers);
}

UNUSED static void tear_down(struct setup *t)
{
	dav_answer_clear(&t->a);
	http_close(t->h);
	stop(t->server);
	buf_clear(&t->got);
}

#endif
