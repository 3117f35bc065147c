/* One connection's life: opened, read, written, its errors and time-outs, closed. */
#include "transport_internal.h"
#include "valise/base/mem.h"
#include "valise/base/secret.h"
#include "valise/base/sys.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

int transport_fail_with(struct transport *t, const struct err *err)
{
	if (!t->error.code) {
		t->error = *err;
		t->error.scope = ERR_WHOLE;
		trace_note(&t->trace, "%s", err->text);
	}
	return -1;
}

int transport_fail(struct transport *t, enum err_code code, const char *fmt, ...)
{
	char text[sizeof((struct err *)NULL)->text];
	struct err err;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	err_set(&err, code, ERR_WHOLE, "%s: %s%s%s", t->where, t->via, *t->via ? ": " : "", text);
	return transport_fail_with(t, &err);
}

void transport_patient(struct transport *t, bool slow, uint64_t octets)
{
	t->silence_ms = slow ? slow_timeout_ms(t->idle_timeout_ms, octets) : t->idle_timeout_ms;
}

void transport_tags(struct transport *t, unsigned first, unsigned last)
{
	t->tag_first = first;
	t->tag_last = last;
}

bool transport_swallowed(const struct transport *t)
{
	return t->swallowed;
}

bool literal_swallowed(const struct transport *t)
{
	char line[64], word[4] = "";
	unsigned tag = 0;

	/* The last octet that came ends a line. */
	if (!t->inbound.literal || !t->tag_first || !t->tail_len ||
	        t->tail[t->tail_len - 1] != '\n')
		return false;
	transport_last_line(t, line, sizeof line);
	return isdigit((unsigned char)*line) && sscanf(line, "%9u %3[A-Z]", &tag, word) == 2 &&
	       tag >= t->tag_first && tag <= t->tag_last &&
	       (strcmp(word, "OK") == 0 || strcmp(word, "NO") == 0 || strcmp(word, "BAD") == 0);
}

void transport_answered(struct transport *t)
{
	t->inbound.plain = 0;
}

bool transport_waited_out(const struct transport *t)
{
	return t->waited_out;
}

bool transport_timed_out(const struct transport *t)
{
	return t->timed_out;
}

enum err_code transport_error(const struct transport *t, struct err *err)
{
	if (err)
		*err = t->error;
	return t->error.code;
}

/* Not connected yet, with the time-outs of ${at} or our own. */
static struct transport *transport_new(
        const struct endpoint *at, enum guard_role role, struct progress *progress)
{
	struct transport *t = xcalloc(1, sizeof *t);

	t->host = xstrdup(at->host);
	t->address = xstrdup(at->address);
	t->ca_file = xstrdup(at->ca_file);
	t->pin = xstrdup(at->pin);
	t->proxy = xstrdup(at->proxy);
	t->port = at->port;
	t->security = at->security;
	t->connect_timeout_ms = at->connect_timeout_ms > 0 ? at->connect_timeout_ms : 30000;
	t->idle_timeout_ms = at->idle_timeout_ms > 0 ? at->idle_timeout_ms : 120000;
	t->silence_ms = t->idle_timeout_ms;
	t->progress = progress;
	t->rate = at->rate;
	t->fd = -1;
	snprintf(t->where, sizeof t->where, strchr(t->host, ':') ? "[%s]:%u" : "%s:%u", t->host,
	        (unsigned)t->port);
	snprintf(t->describe, sizeof t->describe, "none");
	guard_init(&t->guard, role);
	t->guard.before_tls = at->security == SECURITY_STARTTLS;
	t->asked_tls = at->security == SECURITY_TLS;
	return t;
}

int transport_open(const struct endpoint *at, enum guard_role role, struct progress *progress,
        struct transport **out, struct err *err)
{
	struct transport *t = transport_new(at, role, progress);
	int rc = net_connect(t);

	*out = NULL;
	trace_start(&t->trace, at->trace, t->fd, role != GUARD_POP3_SOURCE);
	if (rc == 0) {
		trace_note(&t->trace, "connected to %s%s", t->where,
		        t->proxy ? " through the proxy" : "");
		if (t->security == SECURITY_TLS)
			rc = tls_start(t);
	} else {
		trace_note(&t->trace, "%s", t->error.text);
	}
	if (rc == 0) {
		*out = t;
		return 0;
	}
	rc = (int)transport_error(t, err);
	transport_free(t);
	return rc;
}

void transport_free(struct transport *t)
{
	if (!t)
		return;
	stream_end(t);
	tls_end(t);
	squeeze_free(t->deflate);
	if (t->fd >= 0)
		(void)sys_close(t->fd);
	free(t->host);
	free(t->address);
	free(t->ca_file);
	free(t->pin);
	if (t->proxy)
		wipe(t->proxy, strlen(t->proxy));
	free(t->proxy);
	/* Credentials may stand in its lines and buffers. */
	wipe(t, sizeof *t);
	free(t);
}

bool transport_is_tls(const struct transport *t)
{
	return t->tls != NULL;
}

void transport_kill(struct transport *t, const char *why)
{
	(void)transport_fail(t, ERR_PROTO, "%s", why);
}

/* The end of the stream, for transport_last_line. */
static void keep_tail(struct transport *t, const char *p, size_t n)
{
	if (n >= TAIL_SIZE) {
		memcpy(t->tail, p + n - TAIL_SIZE, TAIL_SIZE);
		t->tail_len = TAIL_SIZE;
		return;
	}
	if (t->tail_len + n > TAIL_SIZE) {
		size_t drop = t->tail_len + n - TAIL_SIZE;

		memmove(t->tail, t->tail + drop, t->tail_len - drop);
		t->tail_len -= drop;
	}
	memcpy(t->tail + t->tail_len, p, n);
	t->tail_len += n;
}

char *transport_last_line(const struct transport *t, char *out, size_t size)
{
	const char *end = memrchr(t->tail, '\n', t->tail_len), *start;
	size_t n;

	out[0] = '\0';
	if (!end)
		return out;
	start = memrchr(t->tail, '\n', (size_t)(end - t->tail));
	start = start ? start + 1 : t->tail;
	if (end > start && end[-1] == '\r')
		end--;
	n = (size_t)(end - start);
	n = n < size ? n : size - 1;
	memcpy(out, start, n);
	out[n] = '\0';
	return out;
}

ssize_t plain_recv(struct transport *t, void *p, size_t n, bool wait)
{
	struct err err;
	ssize_t got;

	if (t->peek_pos < t->peek_len) { /* was looked at already */
		if (n > t->peek_len - t->peek_pos)
			n = t->peek_len - t->peek_pos;
		memcpy(p, t->peek + t->peek_pos, n);
		t->peek_pos += n;
		return (ssize_t)n;
	}
	if (t->error.code)
		return -1;
	got = t->deflate ? squeeze_recv(t, p, n, wait) : wire_recv(t, p, n, wait);
	if (got <= 0)
		return got;
	keep_tail(t, p, (size_t)got);
	trace_received(&t->trace, p, (size_t)got, t->secret);
	if (t->trace.imap && inbound_take(&t->inbound, p, (size_t)got, &err) != 0)
		return transport_fail(t, err.code, "%s", err.text);
	if (t->tee && buf_add(t->tee, p, (size_t)got) != 0)
		return transport_fail(t, ERR_LIMIT, "more octets than may be kept");
	return got;
}

void transport_tee(struct transport *t, struct buf *to)
{
	t->tee = to;
}

int plain_send(struct transport *t, const void *p, size_t n)
{
	struct err err;

	if (t->error.code)
		return -1;
	if (!n)
		return 0;
	if (guard_check(&t->guard, p, n, &err) != 0)
		return transport_fail(t, err.code, "%s", err.text);
	trace_sent(&t->trace, p, n, t->secret);
	t->inbound.plain = t->inbound.idle = 0;
	t->written_at = t->in + t->out;
	t->waited_ms = 0;
	return t->deflate ? squeeze_send(t, p, n) : wire_send(t, p, n);
}

static int flush_stream(struct transport *t)
{
	if (t->stream && t->stream->write_buffer_len && mailstream_flush(t->stream) < 0)
		return -1;
	return t->error.code ? -1 : 0;
}

int transport_write(struct transport *t, const void *p, size_t n, struct err *err)
{
	if (flush_stream(t) == 0 && plain_send(t, p, n) == 0)
		return 0;
	return (int)transport_error(t, err);
}

int transport_read(struct transport *t, void *p, size_t size, size_t *got_out, struct err *err)
{
	mailstream *s = t->stream;
	ssize_t got;

	*got_out = 0;
	if (s && s->read_buffer_len) {
		if (size > s->read_buffer_len)
			size = s->read_buffer_len;
		memcpy(p, s->read_buffer, size);
		s->read_buffer_len -= size;
		memmove(s->read_buffer, s->read_buffer + size, s->read_buffer_len);
		*got_out = size;
		return 0;
	}
	got = plain_recv(t, p, size, true);
	if (got <= 0)
		return (int)transport_error(t, err);
	*got_out = (size_t)got;
	return 0;
}

bool transport_readable(struct transport *t)
{
	ssize_t got;

	if ((t->stream && t->stream->read_buffer_len) || t->peek_pos < t->peek_len)
		return true;
	got = plain_recv(t, t->peek, sizeof t->peek, false);
	t->peek_pos = 0;
	t->peek_len = got > 0 ? (size_t)got : 0;
	return got != 0;
}

void transport_secret(struct transport *t, bool on)
{
	int rc = flush_stream(t);

	if (rc == 0 && !on && t->stream)
		wipe(t->stream->write_buffer, t->stream->buffer_max_size);
	if (rc == 0 && !on && guard_idle(&t->guard))
		wipe(t->guard.line, sizeof t->guard.line);
	t->secret = on;
	t->guard.secret = on;
}

int transport_literal_refused(struct transport *t, struct err *err)
{
	struct err why;

	if (flush_stream(t) != 0)
		return (int)transport_error(t, err);
	if (guard_literal_refused(&t->guard, &why) != 0) {
		(void)transport_fail(t, why.code, "%s", why.text);
		return (int)transport_error(t, err);
	}
	t->trace.sent.literal = 0;
	t->trace.sent.continued = t->trace.sent.redact = false;
	return 0;
}

/* The plain stream must stand still where its nature changes. */
static int quiet_line(struct transport *t, const char *what)
{
	if (flush_stream(t) != 0)
		return -1;
	if (!guard_idle(&t->guard))
		return transport_fail(t, ERR_GUARD, "%s in the middle of a command", what);
	return 0;
}

int transport_starttls(struct transport *t, struct err *err)
{
	if (quiet_line(t, "STARTTLS") != 0)
		return (int)transport_error(t, err);
	if (t->tls || t->deflate)
		(void)transport_fail(t, ERR_TLS, "STARTTLS on an encrypted connection");
	else if (transport_readable(t))
		(void)transport_fail(t, ERR_TLS,
		        "the server (or someone between) sent more after "
		        "its OK to STARTTLS: not trusted");
	else if (tls_start(t) == 0)
		t->guard.before_tls = false;
	/* What was said in the clear does not count as its last words. */
	t->tail_len = 0;
	memset(&t->inbound, 0, sizeof t->inbound);
	return (int)transport_error(t, err);
}

int transport_compress(struct transport *t, struct err *err)
{
	mailstream *s = t->stream;
	struct squeeze *d = NULL;

	if (quiet_line(t, "COMPRESS") != 0)
		return (int)transport_error(t, err);
	if (!t->deflate)
		d = squeeze_new();
	/* What came after the OK and was read already is compressed. */
	if (!d || (s && !squeeze_feed(d, s->read_buffer, s->read_buffer_len)) ||
	        !squeeze_feed(d, t->peek + t->peek_pos, t->peek_len - t->peek_pos)) {
		squeeze_free(d);
		(void)transport_fail(t, ERR_PROTO, "cannot begin to compress");
		return (int)transport_error(t, err);
	}
	if (s)
		s->read_buffer_len = 0;
	t->peek_pos = t->peek_len = 0;
	/* Those bytes were taken for lines. */
	t->tail_len = 0;
	memset(&t->inbound, 0, sizeof t->inbound);
	t->trace.received.literal = t->trace.received.kept = t->trace.received.len = 0;
	t->trace.received.text[0] = '\0';
	t->deflate = d;
	trace_note(&t->trace, "compressed both ways");
	return 0;
}
