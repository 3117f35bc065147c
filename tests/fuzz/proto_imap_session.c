/*
 * A whole session against a server that says what the input holds and hangs up: opening,
 * then each kind of command as long as the session lives. Tags count from 1, so that an
 * input can answer them.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "valise/proto/imap/imap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libetpan loses some bytes on answers that it refuses. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libetpan.so\n";
}

static struct server {
	int fd;
	uint16_t port;
	pthread_mutex_t lock;
	pthread_cond_t ready;
	const uint8_t *data; /* to be said to the next client */
	size_t size;
	bool armed;
} server = {.lock = PTHREAD_MUTEX_INITIALIZER, .ready = PTHREAD_COND_INITIALIZER};

static void serve_one(int fd)
{
	const struct linger reset = {.l_onoff = 1};
	char sink[4096];
	size_t done = 0;

	pthread_mutex_lock(&server.lock);
	while (!server.armed)
		pthread_cond_wait(&server.ready, &server.lock);
	while (done < server.size) {
		ssize_t n = send(fd, server.data + done, server.size - done, MSG_NOSIGNAL);

		if (n <= 0)
			break;
		done += (size_t)n;
	}
	server.armed = false;
	pthread_cond_signal(&server.ready);
	pthread_mutex_unlock(&server.lock);
	shutdown(fd, SHUT_WR);
	while (recv(fd, sink, sizeof sink, 0) > 0)
		;
	/* No TIME_WAIT: there are many connections. */
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
	close(fd);
}

static void *serve(void *ctx)
{
	(void)ctx;
	for (;;) {
		int fd = accept(server.fd, NULL, NULL);

		if (fd >= 0)
			serve_one(fd);
	}
	return NULL;
}

static void start(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof at;
	pthread_t thread;

	server.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(server.fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(server.fd, 8) != 0 ||
	        getsockname(server.fd, (struct sockaddr *)&at, &len) != 0 ||
	        pthread_create(&thread, NULL, serve, NULL) != 0)
		abort();
	server.port = ntohs(at.sin_port);
}

static int secret(void *ctx, int renew, struct secret *out, struct err *err)
{
	(void)ctx;
	(void)renew;
	return secret_set(out, "pw", 2, err);
}

static int take_body(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	*(uint64_t *)ctx += n;
	return p && n ? 0 : -1;
}

static int take_message(void *ctx, const struct imap_msg *m, struct err *err)
{
	(void)err;
	if (m->body_octets > *(uint64_t *)ctx)
		abort();
	for (size_t i = 0; i < m->n_keywords; i++)
		if (!*m->keywords[i])
			abort();
	return 0;
}

static void take_vanished(void *ctx, uint32_t first, uint32_t last)
{
	(void)ctx;
	if (first > last)
		abort();
}

static int give(void *ctx, int (*write)(void *wctx, const void *p, size_t n, struct err *err),
        void *wctx, struct err *err)
{
	(void)ctx;
	return write(wctx, "a: b\r\n\r\n", 8, err);
}

static void read_mailbox(struct imap *m, struct err *err)
{
	static const struct imap_fetch_ops ops = {
	        .body = take_body, .message = take_message, .vanished = take_vanished};
	struct imap_selected selected;
	uint32_t *uids = NULL;
	uint64_t octets = 0;
	size_t n;

	if (imap_select(m, (const uint8_t *)"x", 1, false, &selected, err) == 0)
		imap_selected_clear(&selected);
	if (imap_fetch_send(m, "1:*", "(UID FLAGS INTERNALDATE RFC822.SIZE)", err) == 0 &&
	        imap_fetch_send(m, "1:*", "(UID BODY.PEEK[])", err) == 0) {
		(void)!imap_fetch_wait(m, &ops, &octets, err);
		(void)!imap_fetch_wait(m, &ops, &octets, err);
	}
	(void)!imap_search(m, "ALL", &uids, &n, err);
	free(uids);
}

static void fill_mailbox(struct imap *m, struct err *err)
{
	struct imap_append list[3];
	struct imap_quota quota;

	memset(list, 0, sizeof list);
	for (size_t i = 0; i < 3; i++) {
		list[i].size = 8;
		list[i].give = give;
	}
	(void)!imap_create(m, (const uint8_t *)"x", 1, NULL, err);
	(void)!imap_append(m, (const uint8_t *)"x", 1, list, 3, err);
	(void)!imap_quota(m, &quota, err);
}

static void use(struct imap *m)
{
	struct err err = {0};
	struct imap_mailbox *boxes = NULL;
	struct imap_status status[3];
	size_t n;

	if (imap_list(m, true, &boxes, &n, &err) == 0 && n)
		(void)!imap_status_many(m, boxes, n < 3 ? n : 3, true, status, &err);
	else
		n = 0;
	imap_list_free(boxes, n);
	if (imap_alive(m))
		read_mailbox(m, &err);
	if (imap_alive(m))
		fill_mailbox(m, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char host[] = "127.0.0.1", user[] = "alice", mech[] = "PLAIN";
	struct service s = {.kind = SERVICE_IMAP, .name = "imap"};
	struct imap *m = NULL;
	struct err err = {0};

	if (!server.port)
		start();
	pthread_mutex_lock(&server.lock);
	server.data = data;
	server.size = size;
	server.armed = true;
	pthread_cond_signal(&server.ready);
	pthread_mutex_unlock(&server.lock);
	s.at.host = host;
	s.at.port = server.port;
	s.at.security = SECURITY_NONE;
	s.at.connect_timeout_ms = s.at.idle_timeout_ms = 10000;
	s.login.user = user;
	s.login.mech = mech;
	s.login.get_secret = secret;
	if (imap_open(&s, true, NULL, &m, &err) == 0)
		use(m);
	imap_close(m);
	/* The server has done with the input. */
	pthread_mutex_lock(&server.lock);
	while (server.armed)
		pthread_cond_wait(&server.ready, &server.lock);
	pthread_mutex_unlock(&server.lock);
	return 0;
}
