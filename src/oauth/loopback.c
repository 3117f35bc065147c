/*
 * The loopback port of RFC 8252 7.3: one answer is taken, everything else is 404. Browsers
 * open connections that they never use, so several are listened to at a time.
 */
#include "loopback.h"
#include "peer.h"
#include "valise/base/clock.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	CLIENTS_MAX = 16,
	SLICE_MS = 200, /* how late a stop may be noticed */
	HEAD_MS = 10000, /* for a request to arrive */
	PAGE_MS = 2000, /* for its answer to leave */
};

struct client {
	int fd;
	int64_t since_ms;
	struct buf head;
};

struct waiting {
	int fd;
	struct client clients[CLIENTS_MAX];
	size_t n;
	bool told; /* that something was turned away */
	const struct oauth_ui *ui;
};

int loopback_open(int *fd_out, unsigned *port_out, struct err *err)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 16) == 0 &&
	        getsockname(fd, (struct sockaddr *)&at, &size) == 0) {
		*fd_out = fd;
		*port_out = ntohs(at.sin_port);
		return 0;
	}
	err_sys(err, ERR_WHOLE, "no port of 127.0.0.1 for the browser's answer");
	if (fd >= 0)
		(void)sys_close(fd);
	return err ? (int)err->code : ERR_IO;
}

static void drop_client(struct waiting *w, size_t i)
{
	struct client *c = &w->clients[i];

	(void)sys_close(c->fd);
	wipe(c->head.data, c->head.size);
	buf_clear(&c->head);
	*c = w->clients[--w->n];
}

static void tell_once(struct waiting *w, const char *text)
{
	if (!w->told && w->ui->note)
		w->ui->note(w->ui->ctx, text);
	w->told = true;
}

static void take_client(struct waiting *w)
{
	int fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	size_t oldest = 0;
	enum peer peer;

	if (fd < 0)
		return;
	peer = peer_of(fd);
	if (peer == PEER_OTHER)
		tell_once(w, "a connection of another user of this machine was turned away: it "
		             "is not of this sign-in");
	if (peer == PEER_OTHER || peer == PEER_GONE) {
		(void)sys_close(fd);
		return;
	}
	for (size_t i = 1; i < w->n; i++)
		if (w->clients[i].since_ms < w->clients[oldest].since_ms)
			oldest = i;
	if (w->n == CLIENTS_MAX)
		drop_client(w, oldest);
	w->clients[w->n] = (struct client){.fd = fd, .since_ms = clock_ms()};
	buf_init(&w->clients[w->n++].head, REQUEST_MAX);
}

static void send_page(int fd, const char *status, const char *text)
{
	char *page = xasprintf("HTTP/1.1 %s\r\nContent-Type: text/html; charset=utf-8\r\n"
	                       "Content-Length: %zu\r\nCache-Control: no-store\r\n"
	                       "Referrer-Policy: no-referrer\r\nConnection: close\r\n\r\n%s",
	        status, strlen(text), text);
	size_t n = strlen(page), sent = 0;
	int64_t until = clock_ms() + PAGE_MS;

	while (sent < n && clock_ms() < until) {
		struct pollfd p = {.fd = fd, .events = POLLOUT};
		ssize_t got = sys_send(fd, page + sent, n - sent);

		if (got > 0)
			sent += (size_t)got;
		else if (got < 0 && errno != EAGAIN)
			break;
		else
			(void)sys_poll(&p, 1, SLICE_MS);
	}
	(void)shutdown(fd, SHUT_WR);
	free(page);
}

/* What the octets of one client come to; it is gone unless more is to come. */
static enum redirect serve_client(struct waiting *w, size_t i, const struct redirect_want *want,
        struct secret *code, struct err *err)
{
	struct client *c = &w->clients[i];
	enum redirect r = REDIRECT_MORE;
	char chunk[4096];
	ssize_t got = sys_recv(c->fd, chunk, sizeof chunk);

	if (got < 0 && errno == EAGAIN)
		return r;
	if (got > 0 && buf_add(&c->head, chunk, (size_t)got) == 0)
		r = redirect_read((const char *)c->head.data, c->head.len, want, code, err);
	else
		r = REDIRECT_OTHER;
	wipe(chunk, sizeof chunk);
	if (r == REDIRECT_MORE)
		return r;
	if (r == REDIRECT_CODE)
		send_page(c->fd, "200 OK",
		        "<!doctype html><title>valise</title><p>valise has the "
		        "answer. You can close this page.\n");
	else if (r == REDIRECT_ERROR)
		send_page(c->fd, "200 OK",
		        "<!doctype html><title>valise</title><p>valise was not "
		        "let in; it says why in its terminal.\n");
	else
		send_page(c->fd, "404 Not Found",
		        "<!doctype html><title>valise</title><p>Nothing "
		        "is here.\n");
	if (r == REDIRECT_FORGED)
		tell_once(w, "a request with a wrong state was turned away: it is not of this "
		             "sign-in");
	drop_client(w, i);
	return r;
}

static int wait_slice(struct waiting *w, struct pollfd *p, struct err *err)
{
	int rc = stop_check(err);

	for (size_t i = w->n; i-- > 0;)
		if (clock_ms() - w->clients[i].since_ms > HEAD_MS)
			drop_client(w, i);
	p[0] = (struct pollfd){.fd = w->fd, .events = POLLIN};
	for (size_t i = 0; i < w->n; i++)
		p[i + 1] = (struct pollfd){.fd = w->clients[i].fd, .events = POLLIN};
	if (rc == 0 && sys_poll(p, (nfds_t)w->n + 1, SLICE_MS) < 0 && errno != EINTR)
		rc = err_sys(err, ERR_WHOLE, "cannot wait for the browser");
	return rc;
}

static int wait_answer(struct waiting *w, const struct redirect_want *want,
        const struct oauth_ui *ui, struct secret *code, struct err *err)
{
	int64_t until = clock_ms() + (int64_t)ui->wait_s * 1000;

	while (clock_ms() < until) {
		struct pollfd p[CLIENTS_MAX + 1];
		int rc = wait_slice(w, p, err);

		if (rc != 0)
			return rc;
		for (size_t i = w->n; i-- > 0;) {
			enum redirect r = REDIRECT_MORE;

			if (p[i + 1].revents)
				r = serve_client(w, i, want, code, err);
			if (r == REDIRECT_CODE)
				return 0;
			if (r == REDIRECT_ERROR)
				return ERR_AUTH;
		}
		if (p[0].revents)
			take_client(w);
	}
	return err_set(err, ERR_AUTH, ERR_WHOLE, "nobody signed in within %u seconds", ui->wait_s);
}

int loopback_wait(int fd, const struct redirect_want *want, const struct oauth_ui *ui,
        struct secret *code, struct err *err)
{
	struct waiting w = {.fd = fd, .ui = ui};
	int rc = wait_answer(&w, want, ui, code, err);

	/* what came beside it */
	while (w.n) {
		send_page(w.clients[w.n - 1].fd, "404 Not Found", "");
		drop_client(&w, w.n - 1);
	}
	(void)sys_close(fd);
	return rc;
}
