/*
 * shape --to PORT [--delay MS] [--rate BITS] : a link between here and a server, as a TCP proxy
 * on 127.0.0.1: one-way delay, and so many bits a second in each direction for all connections
 * together. Prints PORT=N. Octets pass as they are; a connection begins after a round trip.
 * cc -O2 -o shape shape.c -lpthread
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PIECE = 16 << 10, WAITING = 16 << 20 };

static int64_t delay_ns, rate; /* bits a second; 0: as many as there are */
static int to;

/* One direction of the link, for all connections: until when it is taken. */
static struct wire {
	pthread_mutex_t lock;
	int64_t free_at;
} wires[2] = {{PTHREAD_MUTEX_INITIALIZER, 0}, {PTHREAD_MUTEX_INITIALIZER, 0}};

struct piece {
	struct piece *next;
	int64_t at; /* when it is there; its length may be 0: the end */
	size_t n;
	char data[PIECE];
};

struct pipe_end {
	int from, to;
	struct wire *wire;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct piece *first, **last;
	size_t waiting;
};

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void sleep_until(int64_t at)
{
	struct timespec t = {at / 1000000000, at % 1000000000};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

/* When ${n} octets that are sent now have left the wire. */
static int64_t take_wire(struct wire *w, size_t n)
{
	int64_t end, now = now_ns();

	if (!rate)
		return now;
	pthread_mutex_lock(&w->lock);
	if (w->free_at < now)
		w->free_at = now;
	w->free_at += (int64_t)n * 8 * 1000000000 / rate;
	end = w->free_at;
	pthread_mutex_unlock(&w->lock);
	return end;
}

static void *read_side(void *arg)
{
	struct pipe_end *e = arg;
	ssize_t n;

	do {
		struct piece *p = malloc(sizeof *p);
		int64_t sent;

		n = recv(e->from, p->data, sizeof p->data, 0);
		p->n = n > 0 ? (size_t)n : 0;
		p->next = NULL;
		sent = take_wire(e->wire, p->n);
		p->at = sent + delay_ns;
		pthread_mutex_lock(&e->lock);
		while (e->waiting > WAITING)
			pthread_cond_wait(&e->changed, &e->lock);
		*e->last = p;
		e->last = &p->next;
		e->waiting += p->n;
		pthread_cond_broadcast(&e->changed);
		pthread_mutex_unlock(&e->lock);
		sleep_until(sent); /* a sender is not faster than the wire */
	} while (n > 0);
	return NULL;
}

static void *write_side(void *arg)
{
	struct pipe_end *e = arg;
	size_t n;

	do {
		struct piece *p;
		size_t sent = 0;

		pthread_mutex_lock(&e->lock);
		while (!e->first)
			pthread_cond_wait(&e->changed, &e->lock);
		p = e->first;
		e->first = p->next;
		if (!e->first)
			e->last = &e->first;
		pthread_mutex_unlock(&e->lock);
		sleep_until(p->at);
		n = p->n;
		while (sent < n) {
			ssize_t k = send(e->to, p->data + sent, n - sent, MSG_NOSIGNAL);

			if (k <= 0)
				break;
			sent += (size_t)k;
		}
		pthread_mutex_lock(&e->lock);
		e->waiting -= n;
		pthread_cond_broadcast(&e->changed);
		pthread_mutex_unlock(&e->lock);
		free(p);
	} while (n);
	(void)shutdown(e->to, SHUT_WR);
	return NULL;
}

static void *run(void *arg)
{
	struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons((uint16_t)to)};
	int client = (int)(intptr_t)arg, server = socket(AF_INET, SOCK_STREAM, 0), one = 1;
	struct pipe_end ends[2];
	pthread_t t[4];

	sleep_until(now_ns() + 2 * delay_ns); /* the handshake */
	there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(server, (struct sockaddr *)&there, sizeof there) < 0) {
		close(client);
		close(server);
		return NULL;
	}
	(void)setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	(void)setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	for (int i = 0; i < 2; i++) {
		ends[i] = (struct pipe_end){.from = i ? server : client,
		        .to = i ? client : server,
		        .wire = &wires[i],
		        .lock = PTHREAD_MUTEX_INITIALIZER,
		        .changed = PTHREAD_COND_INITIALIZER};
		ends[i].last = &ends[i].first;
		if (pthread_create(&t[2 * i], NULL, read_side, &ends[i]) != 0 ||
		        pthread_create(&t[2 * i + 1], NULL, write_side, &ends[i]) != 0)
			abort();
	}
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	close(client);
	close(server);
	return NULL;
}

int main(int argc, char **argv)
{
	struct sockaddr_in here = {.sin_family = AF_INET};
	socklen_t len = sizeof here;
	int s = socket(AF_INET, SOCK_STREAM, 0);

	for (int i = 1; i + 1 < argc; i += 2) {
		if (!strcmp(argv[i], "--to"))
			to = atoi(argv[i + 1]);
		else if (!strcmp(argv[i], "--delay"))
			delay_ns = (int64_t)(atof(argv[i + 1]) * 1e6);
		else if (!strcmp(argv[i], "--rate"))
			rate = (int64_t)atof(argv[i + 1]);
	}
	here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (!to || bind(s, (struct sockaddr *)&here, sizeof here) < 0 || listen(s, 64) < 0 ||
	        getsockname(s, (struct sockaddr *)&here, &len) < 0)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	printf("PORT=%d\n", ntohs(here.sin_port));
	fflush(stdout);
	for (;;) {
		int client = accept(s, NULL, NULL);
		pthread_t t;

		if (client >= 0 && pthread_create(&t, NULL, run, (void *)(intptr_t)client) == 0)
			pthread_detach(t);
	}
}
