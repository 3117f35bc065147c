/*
 * Opening and closing (RFC 3501 2.2, 6.1.3, 6.2.1, 7.1.4, 7.1.5; RFC 8314; RFC 4978).
 */
#include "internal.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "valise/base/mem.h"
#include "valise/base/text.h"

#define COMMAND_MAX ((size_t)1 << 20)
#define LOGOUT_WAIT_MS 300

static pthread_once_t registered = PTHREAD_ONCE_INIT;

static struct imap *session_new(struct transport *t, bool target, struct progress *progress)
{
	struct imap *m = xcalloc(1, sizeof *m);

	m->t = t;
	m->target = target;
	m->progress = progress;
	buf_init(&m->cmd, COMMAND_MAX);
	buf_init(&m->lines, LINES_MAX);
	fetch_init(&m->build);
	m->stream = transport_stream(t);
	m->lib = mailimap_new(0, NULL);
	if (m->lib) {
		m->lib->imap_stream = m->stream;
		fetch_hooks(m);
	}
	return m;
}

static void session_free(struct imap *m)
{
	lines_forget(m, false);
	free(m->raw);
	for (size_t i = 0; i < m->n_pending; i++)
		free(m->pending[i].later);
	free(m->pending);
	caps_forget(m);
	texts_free(m->foreign, m->n_foreign);
	free(m->ns_prefix);
	fetch_clear(&m->build);
	free(m->held_raw);
	buf_clear(&m->cmd);
	buf_clear(&m->lines);
	if (m->lib) {
		/* Else libetpan would send its own LOGOUT and wait. */
		m->lib->imap_stream = NULL;
		mailimap_free(m->lib);
	}
	transport_free(m->t);
	free(m);
}

static void note_text(struct imap *m, enum service_fact which, const char *p, size_t n)
{
	char *text = xstrndup(p ? p : "", n);

	facts_set(m->facts, which, text);
	free(text);
}

/* The greeting; *authenticated: by PREAUTH. */
static int read_greeting(
        struct imap *m, const struct endpoint *at, bool *authenticated, struct err *err)
{
	struct status_line s;
	const char *p;
	size_t n;
	int r;

	count_wait(m);
	if ((r = read_line(m, &p, &n, err)) != 0)
		return r;
	if (!status_parse(p, n, &s) || s.tag || s.status == STATUS_NO || s.status == STATUS_BAD) {
		err_set(err, ERR_PROTO, ERR_WHOLE, "%s does not greet as an IMAP server: \"%.*s\"",
		        at->host, (int)MIN(n, 100), p);
		return session_fail(m, ERR_PROTO, NULL, "no IMAP greeting");
	}
	if (s.status == STATUS_BYE) {
		struct err why;

		r = bye(&s, "the server refuses the connection", &why);
		(void)session_fail(m, ERR_BUSY, NULL, "refused by the greeting");
		/* A server that says BYE at once has no room, or no time. */
		r = err_set(
		        err, r == ERR_NET ? ERR_BUSY : r, ERR_WHOLE, "%s: %s", at->host, why.text);
		if (err)
			err->wait_ms = why.wait_ms;
		return r;
	}
	note_text(m, FACT_GREETING, s.text, s.text_len);
	*authenticated = s.status == STATUS_PREAUTH;
	if (strcmp(s.code, "CAPABILITY") == 0)
		caps_take(m, s.args);
	return 0;
}

/* Nothing that was said before TLS counts after it. */
static int start_tls(struct imap *m, const struct endpoint *at, bool authenticated, struct err *err)
{
	int r;

	if (authenticated) {
		(void)session_fail(m, ERR_TLS, NULL, "PREAUTH before TLS");
		return err_set(err, ERR_TLS, ERR_WHOLE,
		        "%s greets with PREAUTH, which leaves no way to begin TLS: not trusted",
		        at->host);
	}
	r = command_ask(m, "STARTTLS", NULL, NULL, err);
	if (r != 0 && !m->dead) {
		(void)session_fail(m, ERR_TLS, NULL, "no TLS");
		return err_set(err, ERR_TLS, ERR_WHOLE,
		        "%s offers no TLS (STARTTLS: \"%.200s\"); its TLS port may (imaps://)",
		        at->host, m->last_text);
	}
	if (r == 0 && (r = transport_starttls(m->t, err)) != 0)
		m->dead = true;
	caps_forget(m);
	return r;
}

/* All up to NAMESPACE. */
static int begin_session(
        struct imap *m, const struct service *service, struct secret *used, struct err *err)
{
	bool authenticated = false;
	int r;

	if (!m->lib || !m->stream)
		return session_fail(m, ERR_LIMIT, err, "out of memory");
	if ((r = read_greeting(m, &service->at, &authenticated, err)) != 0)
		return r;
	if (service->at.security == SECURITY_STARTTLS &&
	        (r = start_tls(m, &service->at, authenticated, err)) != 0)
		return r;
	transport_facts(m->t, m->facts);
	if (authenticated)
		facts_set(m->facts, FACT_SIGN_IN, "PREAUTH");
	r = authenticated ? caps_ask(m, err) : session_login(m, service, used, err);
	return r ? r : session_namespace(m, err);
}

/* One connection; *hung_up_out: it ended while signing in. */
static int open_once(const struct service *service, bool target, struct progress *progress,
        struct secret *used, struct imap **out, bool *hung_up_out, struct err *err)
{
	struct transport *t = NULL;
	struct imap *m;
	int r = transport_open(
	        &service->at, target ? GUARD_IMAP_TARGET : GUARD_IMAP_SOURCE, progress, &t, err);

	*hung_up_out = false;
	if (r != 0)
		return r;
	m = session_new(t, target, progress);
	m->found_one_by_one = service->one_by_one;
	m->facts = service->facts;
	m->one_by_one = service->one_by_one && atomic_load(service->one_by_one);
	r = begin_session(m, service, used, err);
	if (r != 0) {
		*hung_up_out = !imap_alive(m);
		imap_close(m);
		err_widen(err, ERR_WHOLE);
		return r;
	}
	*out = m;
	return 0;
}

int imap_open(const struct service *service, bool target, struct progress *progress,
        struct imap **out, struct err *err)
{
	bool known = !service->one_by_one || atomic_load(service->one_by_one);
	struct secret used = {0};
	struct err again = {0};
	bool hung_up;
	int r;

	*out = NULL;
	pthread_once(&registered, tolerant_register);
	r = open_once(service, target, progress, &used, out, &hung_up, err);
	if (r != 0 && !known && atomic_load(service->one_by_one))
		r = open_once(service, target, progress, &used, out, &hung_up, err);
	/*
	 * The server hung up over an expired token, or a wrong password that a person can
	 * type again: a fresh one needs a fresh connection.
	 */
	if (r == ERR_AUTH && hung_up &&
	        (session_uses_token(&service->login) || service->login.typed)) {
		r = open_once(service, target, progress, &used, out, &hung_up, &again);
		if (r == 0)
			err_clear(err);
		else if (r != ERR_NET && err)
			*err = again;
		else
			r = ERR_AUTH;
	}
	secret_clear(&used);
	return r;
}

/*
 * A server that reads LOGOUT after our end is gone may log an error, no more: a short
 * wait is enough.
 */
static void send_logout(struct imap *m)
{
	const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};

	command_start(m, "LOGOUT");
	buf_puts(&m->cmd, "\r\n");
	if (write_bytes(m, m->cmd.data, m->cmd.len, NULL) != 0 || command_flush(m, NULL) != 0)
		return;
	for (int waited = 0; waited < LOGOUT_WAIT_MS && !transport_readable(m->t); waited += 10)
		nanosleep(&pause, NULL);
}

void imap_close(struct imap *m)
{
	if (!m)
		return;
	/* With answers still to come, reading up to the BYE could take for ever. */
	if (imap_alive(m) && !m->n_pending)
		send_logout(m);
	if (m->found_one_by_one && ignores_pipelining(m))
		atomic_store(m->found_one_by_one, true);
	session_free(m);
}

bool imap_waited_out(const struct imap *m)
{
	return transport_waited_out(m->t);
}

bool imap_lied(const struct imap *m)
{
	return transport_swallowed(m->t);
}

bool imap_alive(const struct imap *m)
{
	return !m->dead && transport_error(m->t, NULL) == ERR_OK;
}

int imap_compress(struct imap *m, struct err *err)
{
	int r;

	if (!imap_has(m, "COMPRESS=DEFLATE"))
		return 0;
	r = command_ask(m, "COMPRESS DEFLATE", NULL, NULL, err);
	if (r != 0)
		return m->dead ? r : 0;
	if ((r = transport_compress(m->t, err)) != 0)
		m->dead = true;
	return r;
}

int imap_noop(struct imap *m, struct err *err)
{
	return command_ask(m, "NOOP", NULL, NULL, err);
}
