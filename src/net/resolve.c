/*
 * Looking up the host. getaddrinfo cannot be interrupted and may take minutes: it runs in
 * a thread of its own, which is left behind, with what it holds, when the wait for it
 * ends early. Whoever is last frees.
 */
#include "transport_internal.h"
#include "valise/net/url.h"
#include "valise/base/mem.h"
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct lookup {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool done, left_behind;
	char *host, port[8];
	int rc, why; /* of getaddrinfo, and errno */
	struct addrinfo *list;
};

static struct lookup *lookup_new(const char *host, unsigned port)
{
	struct lookup *l = xcalloc(1, sizeof *l);
	pthread_condattr_t attr;

	l->host = url_host_ace(host);
	snprintf(l->port, sizeof l->port, "%u", port);
	pthread_mutex_init(&l->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&l->changed, &attr);
	pthread_condattr_destroy(&attr);
	return l;
}

static void lookup_free(struct lookup *l)
{
	if (l->list)
		freeaddrinfo(l->list);
	pthread_cond_destroy(&l->changed);
	pthread_mutex_destroy(&l->lock);
	free(l->host);
	free(l);
}

/* The thread; it frees ${arg} if it was left behind. */
static void *lookup_run(void *arg)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct lookup *l = arg;
	bool mine;

	l->rc = getaddrinfo(l->host, l->port, &hints, &l->list);
	l->why = errno;
	pthread_mutex_lock(&l->lock);
	l->done = true;
	mine = l->left_behind;
	pthread_cond_signal(&l->changed);
	pthread_mutex_unlock(&l->lock);
	if (mine)
		lookup_free(l);
	return NULL;
}

/* With the lock held, until it is done, in slices; -1 with the sticky error. */
static int lookup_wait(struct transport *t, struct lookup *l, int64_t deadline)
{
	struct err stop;

	while (!l->done) {
		int64_t now = clock_ms(), until = now + STOP_SLICE_MS;
		const struct timespec at = {until / 1000, until % 1000 * 1000000};

		if (stop_check(&stop) != 0)
			return transport_fail_with(t, &stop);
		if (now >= deadline)
			return transport_fail(t, ERR_NET,
			        "looking up the host took longer than %d seconds",
			        t->connect_timeout_ms / 1000);
		(void)pthread_cond_timedwait(&l->changed, &l->lock, &at);
	}
	return 0;
}

/* The addresses, or what getaddrinfo says. */
static int lookup_result(struct transport *t, struct lookup *l, struct addrinfo **out)
{
	if (l->rc == EAI_NONAME || l->rc == EAI_NODATA)
		return transport_fail(t, ERR_NET, "unknown host; check the name");
	if (l->rc != 0)
		return transport_fail(t, ERR_NET, "cannot look up the host: %s",
		        l->rc == EAI_SYSTEM ? strerror(l->why) : gai_strerror(l->rc));
	*out = l->list;
	l->list = NULL;
	return 0;
}

int net_resolve(struct transport *t, const char *host, uint16_t port, int64_t deadline,
        struct addrinfo **out)
{
	struct lookup *l = lookup_new(host, port);
	pthread_t thread;
	bool mine;
	int rc = pthread_create(&thread, NULL, lookup_run, l);

	if (rc != 0) {
		lookup_free(l);
		return transport_fail(t, ERR_NET, "cannot look up the host: %s", strerror(rc));
	}
	(void)pthread_detach(thread);
	pthread_mutex_lock(&l->lock);
	rc = lookup_wait(t, l, deadline);
	mine = l->done;
	l->left_behind = !mine;
	pthread_mutex_unlock(&l->lock);
	if (!mine)
		return rc;
	if (rc == 0)
		rc = lookup_result(t, l, out);
	lookup_free(l);
	return rc;
}
