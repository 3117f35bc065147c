/* The client against a small HTTP/1.1 server in threads of this program, in the clear and with TLS. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>
#include "http_internal.h"
#include "valise/base/hash.h"
#include "valise/base/mem.h"

#define UA(s) (s), sizeof(s) - 1

struct request {
	char method[16], path[512], head[8192];
	size_t body_len;
	char body[70000];
	int number; /* of the requests to this server, from 0 */
};

struct conn;
typedef void answer_fn(struct conn *c, const struct request *rq);

struct server {
	int fd;
	uint16_t port;
	bool tls, greets;
	answer_fn *answer;
	pthread_t thread;
	atomic_int requests, connections, live, open, most_open;
	atomic_bool stop;
	char seen[64][600]; /* "METHOD path|Authorization" */
};

struct conn {
	struct server *server;
	int fd;
	gnutls_session_t tls;
	char in[80000];
	size_t len;
	bool close;
};

static gnutls_certificate_credentials_t credentials;
static char ca_file[64], pin[SHA256_HEX_SIZE];

/* ---- the server ---- */

static ssize_t conn_read(struct conn *c, void *p, size_t n)
{
	return c->tls ? gnutls_record_recv(c->tls, p, n) : recv(c->fd, p, n, 0);
}

static void conn_write(struct conn *c, const void *p, size_t n)
{
	const char *s = p;

	while (n) {
		ssize_t sent =
		        c->tls ? gnutls_record_send(c->tls, s, n) : send(c->fd, s, n, MSG_NOSIGNAL);

		if (sent <= 0) {
			c->close = true;
			return;
		}
		s += sent;
		n -= (size_t)sent;
	}
}

static void say(struct conn *c, const char *fmt, ...)
{
	char text[20000];
	va_list ap;

	va_start(ap, fmt);
	conn_write(c, text, (size_t)vsnprintf(text, sizeof text, fmt, ap));
	va_end(ap);
}

static void reply(struct conn *c, int status, const char *fields, const char *body)
{
	say(c, "HTTP/1.1 %d Text\r\n%sContent-Length: %zu\r\n\r\n%s", status, fields, strlen(body),
	        body);
}

static const char *field(const struct request *rq, const char *name)
{
	static _Thread_local char value[4096];
	const char *s = strcasestr(rq->head, name);

	if (!s)
		return NULL;
	s += strlen(name);
	s += strspn(s, ": ");
	snprintf(value, sizeof value, "%.*s", (int)strcspn(s, "\r\n"), s);
	return value;
}

static bool more(struct conn *c)
{
	ssize_t got = c->len < sizeof c->in - 1
	                      ? conn_read(c, c->in + c->len, sizeof c->in - 1 - c->len)
	                      : -1;

	if (got <= 0)
		return false;
	c->len += (size_t)got;
	c->in[c->len] = '\0';
	return true;
}

static void eat(struct conn *c, size_t n)
{
	memmove(c->in, c->in + n, c->len - n + 1);
	c->len -= n;
}

static bool read_chunked(struct conn *c, struct request *rq)
{
	for (;;) {
		unsigned long n;
		char *end;

		while (!strstr(c->in, "\r\n"))
			if (!more(c))
				return false;
		n = strtoul(c->in, &end, 16);
		eat(c, (size_t)(end + 2 - c->in));
		while (c->len < n + 2)
			if (!more(c))
				return false;
		if (rq->body_len + n >= sizeof rq->body)
			return false;
		memcpy(rq->body + rq->body_len, c->in, n);
		rq->body_len += n;
		eat(c, n + 2);
		if (!n)
			return true;
	}
}

static bool read_request(struct conn *c, struct request *rq)
{
	const char *end, *length;

	memset(rq, 0, sizeof *rq);
	while (!(end = strstr(c->in, "\r\n\r\n")))
		if (!more(c))
			return false;
	snprintf(rq->head, sizeof rq->head, "%.*s", (int)(end + 2 - c->in), c->in);
	sscanf(rq->head, "%15s %511s", rq->method, rq->path);
	eat(c, (size_t)(end + 4 - c->in));
	if (strcasestr(rq->head, "Transfer-Encoding: chunked"))
		return read_chunked(c, rq);
	length = field(rq, "\r\nContent-Length");
	rq->body_len = length ? (size_t)atol(length) : 0;
	while (c->len < rq->body_len)
		if (!more(c))
			return false;
	memcpy(rq->body, c->in, rq->body_len);
	eat(c, rq->body_len);
	return true;
}

static bool shake_hands(struct conn *c)
{
	if (c->server->greets) {
		say(c, "220 hello\r\n");
		usleep(50000);
		return false;
	}
	if (!c->server->tls)
		return true;
	gnutls_init(&c->tls, GNUTLS_SERVER);
	gnutls_set_default_priority(c->tls);
	gnutls_credentials_set(c->tls, GNUTLS_CRD_CERTIFICATE, credentials);
	gnutls_transport_set_int(c->tls, c->fd);
	return gnutls_handshake(c->tls) == 0;
}

static void *serve(void *arg)
{
	struct conn *c = arg;
	struct server *s = c->server;
	struct request *rq = xmalloc(sizeof *rq);

	if (shake_hands(c))
		while (!c->close && read_request(c, rq)) {
			const char *auth = field(rq, "\r\nAuthorization");
			int now = ++s->open;

			rq->number = s->requests++;
			if (rq->number < 64)
				snprintf(s->seen[rq->number], sizeof s->seen[0], "%s %s|%s",
				        rq->method, rq->path, auth ? auth : "");
			if (now > s->most_open)
				s->most_open = now;
			s->answer(c, rq);
			s->open--;
		}
	if (c->tls) {
		if (!c->close)
			gnutls_bye(c->tls, GNUTLS_SHUT_WR);
		gnutls_deinit(c->tls);
	}
	close(c->fd);
	free(rq);
	free(c);
	s->live--;
	return NULL;
}

static void *accept_all(void *arg)
{
	struct server *s = arg;

	for (;;) {
		int fd = accept(s->fd, NULL, NULL);
		struct timeval patience = {5, 0};
		struct conn *c;
		pthread_t t;

		if (fd < 0 || s->stop)
			return NULL;
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
		c = xcalloc(1, sizeof *c);
		c->server = s;
		c->fd = fd;
		s->connections++;
		s->live++;
		assert_int_equal(pthread_create(&t, NULL, serve, c), 0);
		pthread_detach(t);
	}
}

static struct server *server_start(answer_fn *answer, bool tls)
{
	struct server *s = xcalloc(1, sizeof *s);
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof at;

	s->answer = answer;
	s->tls = tls;
	s->fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(s->fd, 64), 0);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)&at, &n), 0);
	s->port = ntohs(at.sin_port);
	assert_int_equal(pthread_create(&s->thread, NULL, accept_all, s), 0);
	return s;
}

static void server_stop(struct server *s)
{
	s->stop = true;
	shutdown(s->fd, SHUT_RDWR);
	close(s->fd);
	pthread_join(s->thread, NULL);
	while (s->live)
		usleep(1000);
	free(s);
}

/* ---- the client ---- */

static int secret_calls;

static int give_secret(void *ctx, int renew, struct secret *out, struct err *err)
{
	const char *text = renew ? "fresh" : ctx;

	secret_calls++;
	return secret_set(out, text, strlen(text), err);
}

static struct service service_at(const struct server *s)
{
	struct service service = {.kind = SERVICE_CALDAV};

	service.at.host = (char *)(uintptr_t) "127.0.0.1";
	service.at.port = s->port;
	service.at.security = s->tls ? SECURITY_TLS : SECURITY_NONE;
	service.at.ca_file = s->tls ? ca_file : NULL;
	service.at.connect_timeout_ms = 3000;
	service.at.idle_timeout_ms = 3000;
	service.login.user = (char *)(uintptr_t) "alice";
	service.login.get_secret = give_secret;
	service.login.ctx = (void *)(uintptr_t) "secret";
	return service;
}

static struct http *open_at(const struct server *s, enum http_role role)
{
	struct service service = service_at(s);
	struct http *h;

	assert_int_equal(http_open(&service, role, NULL, &h, NULL), 0);
	return h;
}

struct result {
	int done, begun, status;
	enum err_code code;
	char text[640], error_body[300], url[300], etag[100], dav[200], type[100];
	struct buf body;
};

static int keep_begin(void *ctx, const struct http_response *rs, struct err *err)
{
	struct result *r = ctx;

	(void)rs, (void)err;
	r->begun++;
	buf_reset(&r->body);
	return 0;
}

static int keep_body(void *ctx, const void *p, size_t n, struct err *err)
{
	struct result *r = ctx;

	if (buf_add(&r->body, p, n) != 0)
		return err_set(err, ERR_SPACE, ERR_ITEM, "full");
	return 0;
}

static void keep_done(struct http_request *rq, const struct http_response *rs,
        const char *error_body, const struct err *err)
{
	struct result *r = rq->ctx;

	r->done++;
	r->status = rs->status;
	r->code = err->code;
	snprintf(r->text, sizeof r->text, "%s", err->code ? err->text : "");
	snprintf(r->error_body, sizeof r->error_body, "%s", error_body);
	snprintf(r->url, sizeof r->url, "%s", rs->url);
	snprintf(r->etag, sizeof r->etag, "%s", rs->etag ? rs->etag : "");
	snprintf(r->dav, sizeof r->dav, "%s", rs->dav ? rs->dav : "");
	snprintf(r->type, sizeof r->type, "%s", rs->content_type ? rs->content_type : "");
}

static char *url_at(const struct server *s, const char *path)
{
	return xasprintf("%s://127.0.0.1:%u%s", s->tls ? "https" : "http", s->port, path);
}

/* One request alone; the buffer of the last result is freed with the next. */
static struct result *ask(
        struct http *h, const struct server *s, struct http_request rq, const char *path)
{
	static struct result r;
	char *url = url_at(s, path);
	struct err err = {0};

	buf_clear(&r.body);
	memset(&r, 0, sizeof r);
	buf_init(&r.body, 1 << 20);
	rq.url = url;
	rq.ctx = &r;
	rq.body_fn = keep_body;
	rq.done = keep_done;
	if (http_run(h, &rq, 1, 1, &err) != 0)
		assert_int_equal(err.code, r.code);
	assert_int_equal(r.done, 1);
	free(url);
	return &r;
}

static struct result *get(struct http *h, const struct server *s, const char *path)
{
	return ask(h, s, (struct http_request){.method = "GET"}, path);
}

/* ---- plain answers ---- */

static void bodies_answer(struct conn *c, const struct request *rq)
{
	if (strcmp(rq->path, "/plain") == 0)
		reply(c, 200,
		        "ETag: \"a b\"\r\nDAV: 1, 2\r\nDav:  calendar-access \r\nContent-Type: "
		        "text/calendar\r\n",
		        "hello");
	else if (strcmp(rq->path, "/chunked") == 0)
		say(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
		       "chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n "
		       "world\r\n0\r\nETag: \"trailer\"\r\n\r\n");
	else if (strcmp(rq->path, "/interim") == 0)
		say(c, "HTTP/1.1 103 Early\r\nETag: \"no\"\r\n\r\nHTTP/1.1 200 "
		       "OK\r\nContent-Length: "
		       "2\r\n\r\nok");
	else if (strcmp(rq->path, "/empty") == 0)
		say(c, "HTTP/1.1 204 None\r\n\r\n");
	else if (strcmp(rq->path, "/echo") == 0)
		reply(c, 207, "", rq->body);
	else if (strcmp(rq->path, "/head") == 0)
		reply(c, 207, "", rq->head);
	else if (strcmp(rq->path, "/until-close") == 0) {
		say(c, "HTTP/1.0 200 OK\r\n\r\nall");
		c->close = true;
	} else
		reply(c, 404, "Content-Type: text/plain\r\n", "no such thing\x1b[31m");
}

static void bodies(void **state)
{
	(void)state;
	struct server *s = server_start(bodies_answer, false);
	struct http *h = open_at(s, HTTP_SOURCE);
	struct result *r = get(h, s, "/plain");

	assert_int_equal(r->status, 200);
	assert_string_equal(buf_str(&r->body), "hello");
	assert_string_equal(r->etag, "\"a b\"");
	assert_string_equal(r->dav, "1, 2, calendar-access");
	assert_string_equal(r->type, "text/calendar");
	r = get(h, s, "/chunked");
	assert_string_equal(buf_str(&r->body), "hello world");
	assert_string_equal(r->etag, "");
	r = get(h, s, "/interim");
	assert_int_equal(r->status, 200);
	assert_string_equal(r->etag, "");
	assert_string_equal(buf_str(&r->body), "ok");
	r = get(h, s, "/empty");
	assert_int_equal(r->status, 204);
	r = ask(h, s, (struct http_request){.method = "REPORT", .body = "<x/>", .body_size = 4},
	        "/echo");
	assert_int_equal(r->status, 207);
	assert_string_equal(buf_str(&r->body), "<x/>");
	r = ask(h, s, (struct http_request){.method = "HEAD"}, "/plain");
	assert_int_equal(r->status, 200);
	assert_int_equal(r->body.len, 0);
	r = get(h, s, "/until-close");
	assert_string_equal(buf_str(&r->body), "all");
	r = get(h, s, "/missing");
	assert_int_equal(r->code, 0);
	assert_int_equal(r->status, 404);
	assert_int_equal(r->body.len, 0);
	assert_string_equal(r->error_body, "no such thing\x1b[31m");
	http_close(h);
	server_stop(s);
}

static void request_head(void **state)
{
	(void)state;
	struct server *s = server_start(bodies_answer, false);
	struct http *h = open_at(s, HTTP_SOURCE);
	struct http_request rq = {.method = "PROPFIND",
	        .body = "<x/>",
	        .body_size = 4,
	        .header = {"Depth: 1", "Content-Type: application/xml; charset=utf-8"}};
	struct result *r = ask(h, s, rq, "/head");
	const char *head = buf_str(&r->body);

	assert_non_null(strstr(head, "PROPFIND /head HTTP/1.1\r\n"));
	assert_non_null(strstr(head, "\r\nDepth: 1\r\n"));
	assert_non_null(strstr(head, "\r\nContent-Length: 4\r\n"));
	assert_non_null(strstr(head, "\r\nAccept-Encoding: gzip\r\n"));
	assert_non_null(strstr(head, "\r\nUser-Agent: valise/"));
	assert_null(strstr(head, "Expect"));
	assert_null(strstr(head, "Authorization"));
	rq.identity = true;
	r = ask(h, s, rq, "/head");
	assert_non_null(strstr(buf_str(&r->body), "\r\nAccept-Encoding: identity\r\n"));
	http_close(h);
	server_stop(s);
}

static int give_text(void *ctx, uint64_t off, void *p, size_t n, size_t *got_out, struct err *err)
{
	static const char text[] = "BEGIN:VCARD\r\nEND:VCARD\r\n";

	(void)ctx, (void)err;
	*got_out = sizeof text - 1 - off;
	if (*got_out > n)
		*got_out = n;
	if (*got_out > 7)
		*got_out = 7;
	memcpy(p, text + off, *got_out);
	return 0;
}

static void streamed_bodies(void **state)
{
	(void)state;
	struct server *s = server_start(bodies_answer, false);
	struct http *h = open_at(s, HTTP_TARGET);
	struct http_request rq = {
	        .method = "PUT", .header = {"If-None-Match: *"}, .give = give_text};
	struct result *r;

	for (int known = 0; known < 2; known++) {
		rq.body_size = known ? 24 : 0;
		r = ask(h, s, rq, "/echo");
		assert_int_equal(r->status, 207);
		assert_string_equal(buf_str(&r->body), "BEGIN:VCARD\r\nEND:VCARD\r\n");
	}
	r = ask(h, s,
	        (struct http_request){.method = "PUT", .header = {"If-None-Match: *"}, .body = ""},
	        "/head");
	assert_non_null(strstr(buf_str(&r->body), "\r\nContent-Length: 0\r\n"));
	http_close(h);
	server_stop(s);
}

/* ---- codings, caps, cuts ---- */

static size_t gzip(const void *p, size_t n, uint8_t *out, size_t size)
{
	z_stream z = {0};

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (z_const Bytef *)(uintptr_t)p;
	z.avail_in = (uInt)n;
	z.next_out = out;
	z.avail_out = (uInt)size;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return size - z.avail_out;
}

static void send_coded(struct conn *c, const char *coding, const uint8_t *p, size_t n, size_t said)
{
	say(c, "HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %zu\r\n\r\n", coding,
	        said);
	conn_write(c, p, n);
}

static void coded_answer(struct conn *c, const struct request *rq)
{
	static uint8_t zeros[1 << 20];
	uint8_t z[4096];
	size_t n = gzip("hello ", 6, z, sizeof z);

	if (strcmp(rq->path, "/gzip") == 0)
		send_coded(c, "gzip", z, n, n);
	else if (strcmp(rq->path, "/members") == 0) {
		n += gzip("world", 5, z + n, sizeof z - n);
		memset(z + n, 0, 10);
		send_coded(c, "x-gzip", z, n + 10, n + 10);
	} else if (strcmp(rq->path, "/cut") == 0)
		send_coded(c, "gzip", z, n - 9, n - 9);
	else if (strcmp(rq->path, "/crc") == 0) {
		z[n - 8] ^= 1;
		send_coded(c, "gzip", z, n, n);
	} else if (strcmp(rq->path, "/bomb") == 0) {
		n = gzip(zeros, sizeof zeros, z, sizeof z);
		send_coded(c, "gzip", z, n, n);
	} else if (strcmp(rq->path, "/error") == 0) {
		say(c, "HTTP/1.1 403 No\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n",
		        n);
		conn_write(c, z, n);
	} else
		send_coded(c, rq->path + 1, z, n, n);
}

static void codings(void **state)
{
	(void)state;
	struct server *s = server_start(coded_answer, false);
	struct http *h = open_at(s, HTTP_SOURCE);
	struct result *r = get(h, s, "/gzip");

	assert_string_equal(buf_str(&r->body), "hello ");
	r = get(h, s, "/members");
	assert_int_equal(r->code, 0);
	assert_string_equal(buf_str(&r->body), "hello world");
	r = get(h, s, "/error");
	assert_int_equal(r->status, 403);
	assert_string_equal(r->error_body, "hello ");
	assert_int_equal(get(h, s, "/cut")->code, ERR_NET);
	assert_int_equal(get(h, s, "/crc")->code, ERR_PROTO);
	assert_int_equal(get(h, s, "/br")->code, ERR_PROTO);
	assert_int_equal(get(h, s, "/gzip,")->code, ERR_PROTO);
	r = ask(h, s, (struct http_request){.method = "GET", .max_response = 100000}, "/bomb");
	assert_int_equal(r->code, ERR_LIMIT);
	assert_true(r->body.len <= 100000);
	r = ask(h, s, (struct http_request){.method = "GET", .max_response = 1 << 20}, "/bomb");
	assert_int_equal(r->code, 0);
	assert_int_equal(r->body.len, 1 << 20);
	assert_int_equal(get(h, s, "/gzip")->code, 0);
	http_close(h);
	server_stop(s);
}

static void caps_answer(struct conn *c, const struct request *rq)
{
	static const char line[] = "X-Long: 0123456789012345678901234567890123456789\r\n";

	if (strcmp(rq->path, "/head") == 0 || strcmp(rq->path, "/interim") == 0) {
		bool interim = rq->path[1] == 'i';

		say(c, "HTTP/1.1 %s\r\n", interim ? "103 Early" : "200 OK");
		for (int i = 0; i < 20000 && !c->close; i++)
			say(c, "%s%s", line, interim ? "\r\nHTTP/1.1 103 Early\r\n" : "");
		c->close = true;
	} else if (strcmp(rq->path, "/exact") == 0)
		reply(c, 200, "", "12345678");
	else if (strcmp(rq->path, "/endless-error") == 0) {
		say(c, "HTTP/1.1 500 No\r\n\r\n");
		for (int i = 0; i < 200000 && !c->close; i++)
			say(c, "%s", line);
		c->close = true;
	} else
		say(c, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n123456789"),
		        c->close = true;
}

static void caps(void **state)
{
	(void)state;
	struct server *s = server_start(caps_answer, false);
	struct http *h = open_at(s, HTTP_SOURCE);
	struct result *r = get(h, s, "/head");

	assert_int_equal(r->code, ERR_LIMIT);
	assert_int_equal(get(h, s, "/interim")->code, ERR_LIMIT);
	r = ask(h, s, (struct http_request){.method = "GET", .max_response = 8}, "/exact");
	assert_int_equal(r->code, 0);
	r = ask(h, s, (struct http_request){.method = "GET", .max_response = 7}, "/exact");
	assert_int_equal(r->code, ERR_LIMIT);
	r = ask(h, s, (struct http_request){.method = "GET", .max_response = 8}, "/big");
	assert_int_equal(r->code, ERR_LIMIT);
	r = get(h, s, "/endless-error");
	assert_int_equal(r->code, 0);
	assert_int_equal(r->status, 500);
	http_close(h);
	server_stop(s);
}

static void cut_answer(struct conn *c, const struct request *rq)
{
	const char *path = rq->path;

	c->close = true;
	if (strcmp(path, "/length") == 0)
		say(c, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345");
	else if (strcmp(path, "/chunk") == 0)
		say(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n");
	else if (strcmp(path, "/header") == 0)
		say(c, "HTTP/1.1 200 OK\r\nContent-Le");
	else if (strcmp(path, "/junk") == 0)
		say(c, "+OK ready\r\n");
	else if (strcmp(path, "/second") == 0 && rq->number < 2)
		say(c, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345");
	else if (strcmp(path, "/second") == 0)
		reply(c, 200, "", "1234567890");
	else if (strcmp(path, "/warm") == 0) {
		c->close = false;
		reply(c, 200, "", "");
	}
}

static void cuts(void **state)
{
	(void)state;
	static const struct {
		const char *path;
		enum err_code code;
		int tries;
	} rows[] = {
	        {"/length", ERR_NET, 1}, /* body_fn had octets: not again */
	        {"/chunk", ERR_NET, 1},
	        {"/header", ERR_NET, 3},
	        {"/junk", ERR_PROTO, 1},
	        {"/nothing", ERR_NET, 3},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct server *s = server_start(cut_answer, false);
		struct http *h = open_at(s, HTTP_SOURCE);
		struct result *r = get(h, s, rows[i].path);

		assert_int_equal(r->code, rows[i].code);
		assert_int_equal(s->requests, rows[i].tries);
		http_close(h);
		server_stop(s);
	}
}

static void cut_and_begun_again(void **state)
{
	(void)state;
	struct server *s = server_start(cut_answer, false);
	struct http *h = open_at(s, HTTP_SOURCE);
	struct result *r =
	        ask(h, s, (struct http_request){.method = "GET", .begin = keep_begin}, "/second");

	assert_int_equal(r->code, 0);
	assert_int_equal(r->begun, 3);
	assert_string_equal(buf_str(&r->body), "1234567890");
	http_close(h);
	server_stop(s);
}

static void writes_are_not_sent_again(void **state)
{
	(void)state;
	static const char *const methods[] = {"PUT", "MKCALENDAR", "MKCOL"};

	for (size_t i = 0; i < 3; i++) {
		struct server *s = server_start(cut_answer, false);
		struct http *h = open_at(s, HTTP_TARGET);
		struct http_request rq = {.method = methods[i],
		        .body = "x",
		        .body_size = 1,
		        .header = {"If-None-Match: *"}};
		struct result *r;

		assert_int_equal(get(h, s, "/warm")->code, 0); /* the same connection then */
		r = ask(h, s, rq, "/nothing");
		assert_int_equal(r->code, ERR_NET);
		assert_non_null(strstr(r->text, "unknown"));
		assert_int_equal(s->requests, 2);
		http_close(h);
		server_stop(s);
	}
}

static void silent_answer(struct conn *c, const struct request *rq)
{
	(void)rq;
	usleep(600000);
	c->close = true;
}

static void silence(void **state)
{
	(void)state;
	struct server *s = server_start(silent_answer, false);
	struct service service = service_at(s);
	struct result *r;
	struct http *h;

	service.at.idle_timeout_ms = 150;
	assert_int_equal(http_open(&service, HTTP_TARGET, NULL, &h, NULL), 0);
	r = ask(h, s, (struct http_request){.method = "PUT", .header = {"If-None-Match: *"}}, "/x");
	assert_int_equal(r->code, ERR_NET);
	assert_non_null(strstr(r->text, "nothing came for 1 s"));
	http_close(h);
	server_stop(s);
}

static void nobody_there(void **state)
{
	(void)state;
	struct server *s = server_start(bodies_answer, false);
	struct server gone = {.port = s->port};
	struct http *h;

	server_stop(s);
	h = open_at(&gone, HTTP_SOURCE);
	assert_int_equal(get(h, &gone, "/x")->code, ERR_NET);
	http_close(h);
}

/* ---- redirects ---- */

static void redirect_answer(struct conn *c, const struct request *rq)
{
	char location[300], body[800];
	int status;

	if (sscanf(rq->path, "/status/%d", &status) == 1)
		reply(c, status, "Location: ../end\r\n", "moved");
	else if (strcmp(rq->path, "/loop") == 0)
		reply(c, 302, "Location: /loop\r\n", "");
	else if (strcmp(rq->path, "/bare") == 0)
		reply(c, 302, "", "");
	else if (strcmp(rq->path, "/stranger") == 0) {
		snprintf(location, sizeof location, "Location: http://localhost:%u/end\r\n",
		        c->server->port);
		reply(c, 307, location, "");
	} else if (strcmp(rq->path, "/downgrade") == 0) {
		snprintf(location, sizeof location, "Location: http://127.0.0.1:%u/end\r\n",
		        c->server->port);
		reply(c, 308, location, "");
	} else if (strcmp(rq->path, "/file") == 0)
		reply(c, 302, "Location: file:///etc/passwd\r\n", "");
	else if (strcmp(rq->path, "/collection") == 0)
		reply(c, 302, "Location: /coll/\r\n", "");
	else if (strcmp(rq->path, "/protected") == 0 && !field(rq, "\r\nAuthorization"))
		reply(c, 401, "WWW-Authenticate: Basic realm=\"x\"\r\n", "");
	else {
		snprintf(body, sizeof body, "%s %s %.*s", rq->method, rq->path, (int)rq->body_len,
		        rq->body);
		reply(c, 207, "", body);
	}
}

static void redirects(void **state)
{
	(void)state;
	static const struct {
		const char *method, *path, *body;
		int status;
		enum err_code code;
	} rows[] = {
	        {"PROPFIND", "/status/301", "PROPFIND /end <x/>", 207, 0},
	        {"PROPFIND", "/status/302", "PROPFIND /end <x/>", 207, 0},
	        {"PROPFIND", "/status/307", "PROPFIND /end <x/>", 207, 0},
	        {"REPORT", "/status/308", "REPORT /end <x/>", 207, 0},
	        {"PROPFIND", "/status/303", "", 303, 0},
	        {"GET", "/status/303", "GET /end ", 207, 0},
	        {"PROPFIND", "/status/304", "", 304, 0},
	        {"PUT", "/status/308", "PUT /end <x/>", 207, 0},
	        {"PUT", "/status/303", "", 303, 0},
	        {"PROPFIND", "/loop", "", 302, ERR_PROTO},
	        {"PROPFIND", "/bare", "", 302, 0},
	        {"PROPFIND", "/file", "", 302, ERR_PROTO},
	        {"PROPFIND", "/stranger", "PROPFIND /end <x/>", 207, 0},
	        {"PUT", "/stranger", "", 307, ERR_REFUSED},
	        {"PUT", "/collection", "", 0, ERR_GUARD},
	};
	struct server *s = server_start(redirect_answer, false);
	struct http *h = open_at(s, HTTP_TARGET);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct http_request rq = {.method = rows[i].method,
		        .header = {"If-None-Match: *"},
		        .body = "<x/>",
		        .body_size = 4};
		struct result *r;
		int before = s->requests;

		if (strcmp(rows[i].method, "GET") == 0)
			rq.body = NULL;
		r = ask(h, s, rq, rows[i].path);
		assert_int_equal(r->code, rows[i].code);
		assert_int_equal(r->status, rows[i].status);
		assert_string_equal(buf_str(&r->body), rows[i].body);
		if (strcmp(rows[i].path, "/loop") == 0)
			assert_int_equal(s->requests - before, 6);
		if (r->status == 207)
			assert_non_null(strstr(r->url, "/end"));
	}
	http_close(h);
	server_stop(s);
}

static void credentials_stay_home(void **state)
{
	(void)state;
	struct server *s = server_start(redirect_answer, false);
	struct http *h = open_at(s, HTTP_SOURCE);
	struct result *r = get(h, s, "/protected");

	assert_int_equal(r->status, 207);
	assert_string_equal(s->seen[1], "GET /protected|Basic YWxpY2U6c2VjcmV0");
	(void)get(h, s, "/stranger");
	assert_string_equal(s->seen[2], "GET /stranger|Basic YWxpY2U6c2VjcmV0");
	assert_string_equal(s->seen[3], "GET /end|");
	r = get(h, s, "/status/301");
	assert_string_equal(s->seen[5], "GET /end|Basic YWxpY2U6c2VjcmV0");
	assert_non_null(strstr(r->url, "http://127.0.0.1:"));
	http_close(h);
	server_stop(s);
}

static void never_down_to_http(void **state)
{
	(void)state;
	struct server *s = server_start(redirect_answer, true);
	struct http *h = open_at(s, HTTP_SOURCE);
	struct http_request rq = {.method = "GET", .done = keep_done};
	struct result *r = get(h, s, "/downgrade"), plain = {0};

	assert_int_equal(r->code, ERR_TLS);
	assert_int_equal(s->requests, 1);
	rq.url = "http://127.0.0.1/";
	rq.ctx = &plain;
	assert_int_equal(http_run(h, &rq, 1, 0, NULL), 0);
	assert_int_equal(plain.code, ERR_TLS);
	assert_int_equal(get(h, s, "/fine")->code, 0);
	http_close(h);
	server_stop(s);
}

/* ---- sign-in ---- */

static void challenge_table(void **state)
{
	(void)state;
	static const struct {
		const char *value;
		size_t n;
		enum auth_scheme first;
		const char *realm, *nonce;
		bool sha256, qop, stale;
	} rows[] = {
	        {"Basic realm=\"x\"", 1, AUTH_BASIC, "x", NULL, 0, 0, 0},
	        {"basic", 1, AUTH_BASIC, NULL, NULL, 0, 0, 0},
	        {"Basic realm = \"a\\\"b, c\" , charset=\"UTF-8\"", 1, AUTH_BASIC, "a\"b, c", NULL,
	                0, 0, 0},
	        {"Digest realm=\"r\", nonce=\"n,=\", qop=\"auth,auth-int\", algorithm=SHA-256, "
	         "stale=TRUE",
	                1, AUTH_DIGEST, "r", "n,=", 1, 1, 1},
	        {"Digest realm=\"r\", nonce=n, algorithm=MD5", 1, AUTH_DIGEST, "r", "n", 0, 0, 0},
	        {"Digest realm=\"r\", nonce=\"n\", algorithm=SHA-512-256", 1, AUTH_NONE, "r", "n",
	                0, 0, 0},
	        {"Digest nonce=\"n\", qop=\"auth-int\"", 1, AUTH_NONE, NULL, "n", 0, 0, 0},
	        {"Negotiate", 1, AUTH_NONE, NULL, NULL, 0, 0, 0},
	        {"Negotiate YWJj==, Basic realm=\"x\"", 2, AUTH_NONE, NULL, NULL, 0, 0, 0},
	        {"Bearer realm=\"x\", Basic realm=y", 2, AUTH_BEARER, "x", NULL, 0, 0, 0},
	        {",,, Basic realm=\"open", 1, AUTH_BASIC, "open", NULL, 0, 0, 0},
	        {"realm=\"x\"", 0, AUTH_NONE, NULL, NULL, 0, 0, 0},
	        {"", 0, AUTH_NONE, NULL, NULL, 0, 0, 0},
	        {"\"", 0, AUTH_NONE, NULL, NULL, 0, 0, 0},
	        {"a a a a a a a a a a a", 8, AUTH_NONE, NULL, NULL, 0, 0, 0},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct challenges c = {0};

		challenges_parse(&c, rows[i].value);
		assert_int_equal(c.n, rows[i].n);
		if (c.n) {
			assert_int_equal(c.list[0].scheme, rows[i].first);
			if (rows[i].realm)
				assert_string_equal(c.list[0].realm, rows[i].realm);
			if (rows[i].nonce && c.list[0].scheme)
				assert_string_equal(c.list[0].nonce, rows[i].nonce);
			assert_int_equal(c.list[0].sha256, rows[i].sha256);
			assert_int_equal(c.list[0].qop, rows[i].qop);
			assert_int_equal(c.list[0].stale, rows[i].stale);
		}
		challenges_clear(&c);
	}
}

static void hash_hex(bool sha256, char *out, const char *fmt, ...)
{
	char text[2000];
	uint8_t sum[32];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	gnutls_hash_fast(sha256 ? GNUTLS_DIG_SHA256 : GNUTLS_DIG_MD5, text, strlen(text), sum);
	hex_format(sum, sha256 ? 32 : 16, out);
}

static void param(const char *header, const char *name, char *out)
{
	const char *s = strstr(header, name);

	*out = '\0';
	if (!s)
		return;
	s += strlen(name);
	s += *s == '"';
	snprintf(out, 200, "%.*s", (int)strcspn(s, "\","), s);
}

/* The server's half of RFC 7616: nonce "n<generation>", password "secret". */
static bool digest_right(const struct request *rq, bool sha256, bool qop, const char *want_nonce)
{
	char ha1[65], ha2[65], all[65];
	char nonce[200], uri[200], response[200], cnonce[200], nc[200];
	const char *auth = field(rq, "\r\nAuthorization");

	if (!auth || strncmp(auth, "Digest ", 7) != 0)
		return false;
	param(auth, " nonce=", nonce);
	param(auth, " uri=", uri);
	param(auth, " response=", response);
	param(auth, " cnonce=", cnonce);
	param(auth, " nc=", nc);
	hash_hex(sha256, ha1, "alice:the \"realm\":secret");
	hash_hex(sha256, ha2, "%s:%s", rq->method, rq->path);
	if (qop)
		hash_hex(sha256, all, "%s:%s:%s:%s:auth:%s", ha1, nonce, nc, cnonce, ha2);
	else
		hash_hex(sha256, all, "%s:%s:%s", ha1, nonce, ha2);
	return strcmp(all, response) == 0 && strcmp(nonce, want_nonce) == 0 &&
	       strcmp(uri, rq->path) == 0;
}

static void digest_answer(struct conn *c, const struct request *rq)
{
	bool sha256 = strncmp(rq->path, "/sha", 4) == 0, qop = strncmp(rq->path, "/old", 4) != 0;
	bool stale = strncmp(rq->path, "/stale", 6) == 0 && rq->number == 1;
	char nonce[20], fields[400];

	snprintf(nonce, sizeof nonce, "n%d", rq->number > 1 && c->server->seen[0][0] == 'P');
	if (!stale && digest_right(rq, sha256, qop, nonce)) {
		reply(c, 207, "", rq->body);
		return;
	}
	snprintf(fields, sizeof fields,
	        "WWW-Authenticate: Digest realm=\"the \\\"realm\\\"\", nonce=\"n%d\"%s%s%s, "
	        "opaque=\"o\"\r\n",
	        stale || (rq->number > 0 && c->server->seen[0][0] == 'P'),
	        sha256 ? ", algorithm=SHA-256" : "", qop ? ", qop=\"auth\"" : "",
	        stale ? ", stale=true" : "");
	reply(c, 401, fields, "");
}

static void digest(void **state)
{
	(void)state;
	static const char *const paths[] = {"/md5/x?q=1", "/sha", "/old"};

	for (size_t i = 0; i < 3; i++) {
		struct server *s = server_start(digest_answer, false);
		struct http *h = open_at(s, HTTP_SOURCE);

		for (int round = 0; round < 3; round++) {
			struct http_request rq = {
			        .method = "REPORT", .body = "<x/>", .body_size = 4};
			struct result *r = ask(h, s, rq, paths[i]);

			assert_int_equal(r->status, 207);
			assert_string_equal(buf_str(&r->body), "<x/>");
		}
		assert_int_equal(s->requests, 4); /* one challenge for all */
		assert_null(strstr(s->seen[0], "Digest"));
		if (i != 2) {
			assert_non_null(strstr(s->seen[1], "nc=00000001"));
			assert_non_null(strstr(s->seen[3], "nc=00000003"));
		}
		assert_non_null(strstr(s->seen[1], "opaque=\"o\""));
		http_close(h);
		server_stop(s);
	}
}

static void digest_stale_and_wrong(void **state)
{
	(void)state;
	struct server *s = server_start(digest_answer, false);
	struct http *h = open_at(s, HTTP_SOURCE);
	struct service service = service_at(s);
	struct http_request rq = {.method = "PROPFIND", .body = "<x/>", .body_size = 4};

	assert_int_equal(ask(h, s, rq, "/stale")->status, 207);
	assert_int_equal(s->requests, 3);
	http_close(h);
	service.login.ctx = (void *)(uintptr_t) "wrong";
	assert_int_equal(http_open(&service, HTTP_SOURCE, NULL, &h, NULL), 0);
	assert_int_equal(ask(h, s, rq, "/md5")->code, ERR_AUTH);
	assert_int_equal(s->requests, 5);
	http_close(h);
	server_stop(s);
}

static void basic_answer(struct conn *c, const struct request *rq)
{
	const char *auth = field(rq, "\r\nAuthorization");

	if (strcmp(rq->path, "/other") == 0 || !auth || strcmp(auth, "Basic YWxpY2U6c2VjcmV0") != 0)
		reply(c, 401,
		        "WWW-Authenticate: Negotiate\r\nWWW-Authenticate: Digest realm=\"r\", "
		        "nonce=\"n\", qop=\"auth\", Basic realm=\"r\"\r\n",
		        "who are you");
	else
		reply(c, 200, "", "in");
}

static void basic(void **state)
{
	(void)state;
	struct server *s = server_start(basic_answer, true);
	struct http *h = open_at(s, HTTP_SOURCE);

	secret_calls = 0;
	assert_int_equal(get(h, s, "/x")->status, 200);
	assert_int_equal(get(h, s, "/x")->status, 200);
	assert_int_equal(s->requests, 3); /* without being asked the second time */
	assert_int_equal(secret_calls, 1);
	/* Once in, a 401 costs only its request. */
	assert_int_equal(get(h, s, "/other")->code, ERR_AUTH);
	assert_int_equal(get(h, s, "/x")->status, 200);
	http_close(h);
	server_stop(s);
}

static void basic_preempted(void **state)
{
	(void)state;
	struct server *s = server_start(basic_answer, true),
	              *clear = server_start(basic_answer, false);
	struct http *h = open_at(s, HTTP_SOURCE);

	http_preempt(h);
	assert_int_equal(get(h, s, "/x")->status, 200);
	assert_int_equal(s->requests, 1);
	http_close(h);
	h = open_at(clear, HTTP_SOURCE);
	http_preempt(h);
	assert_int_equal(get(h, clear, "/x")->code, ERR_AUTH);
	/* In the clear Digest goes before Basic. */
	assert_null(strstr(clear->seen[0], "Basic"));
	assert_non_null(strstr(clear->seen[1], "Digest"));
	http_close(h);
	server_stop(s);
	server_stop(clear);
}

static void refused_sign_in(void **state)
{
	(void)state;
	struct server *s = server_start(basic_answer, true);
	struct service service = service_at(s);
	struct http_request list[4] = {0};
	struct result results[4] = {0};
	char *url = url_at(s, "/x");
	struct err err;
	struct http *h;

	service.login.ctx = (void *)(uintptr_t) "wrong";
	assert_int_equal(http_open(&service, HTTP_SOURCE, NULL, &h, NULL), 0);
	for (size_t i = 0; i < 4; i++)
		list[i] = (struct http_request){
		        .method = "GET", .url = url, .done = keep_done, .ctx = &results[i]};
	assert_int_equal(http_run(h, list, 4, 0, &err), ERR_AUTH);
	assert_non_null(strstr(err.text, "as alice"));
	assert_int_equal(s->requests, 2);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(results[i].done, 1);
		assert_int_equal(results[i].code, ERR_AUTH);
	}
	http_close(h);
	service.login.user = NULL;
	assert_int_equal(http_open(&service, HTTP_SOURCE, NULL, &h, NULL), 0);
	assert_int_equal(get(h, s, "/x")->code, ERR_AUTH);
	assert_int_equal(s->requests, 3);
	http_close(h);
	free(url);
	server_stop(s);
}

static void mechanisms(void **state)
{
	(void)state;
	static const struct {
		const char *mech, *sent;
		enum err_code code;
	} rows[] = {
	        {"BASIC", "|Basic ", 0},
	        {"PLAIN", "|Basic ", 0},
	        {"DIGEST", "|Digest ", ERR_AUTH},
	        {"BEARER", "|Bearer fresh", ERR_AUTH},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct server *s = server_start(basic_answer, true);
		struct service service = service_at(s);
		struct http *h;

		service.login.mech = (char *)(uintptr_t)rows[i].mech;
		assert_int_equal(http_open(&service, HTTP_SOURCE, NULL, &h, NULL), 0);
		assert_int_equal(get(h, s, "/x")->code, rows[i].code);
		assert_non_null(strstr(s->seen[1], rows[i].sent));
		http_close(h);
		server_stop(s);
	}
}

static void bearer_answer(struct conn *c, const struct request *rq)
{
	const char *auth = field(rq, "\r\nAuthorization");

	if (!auth || strcmp(auth, "Bearer fresh") != 0)
		reply(c, 401, "WWW-Authenticate: Bearer error=\"invalid_token\"\r\n", "");
	else
		reply(c, 200, "", "in");
}

static void bearer(void **state)
{
	(void)state;
	struct server *s = server_start(bearer_answer, true);
	struct service service = service_at(s);
	struct http *h;

	service.login.mech = (char *)(uintptr_t) "XOAUTH2";
	assert_int_equal(http_open(&service, HTTP_SOURCE, NULL, &h, NULL), 0);
	assert_int_equal(get(h, s, "/x")->status, 200);
	assert_int_equal(get(h, s, "/x")->status, 200);
	assert_int_equal(s->requests, 3);
	assert_string_equal(s->seen[0], "GET /x|Bearer secret");
	http_close(h);
	server_stop(s);
}

/* ---- busy servers ---- */

static void retry_after_table(void **state)
{
	(void)state;
	static const struct {
		const char *value;
		int64_t now, seconds;
	} rows[] = {
	        {"0", 0, 0},
	        {"120", 0, 120},
	        {"99999999999999999999", 0, 999999999},
	        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777 - 30, 30},
	        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777 + 30, 0},
	        {"-1", 0, -1},
	        {"soon", 0, -1},
	        {"", 0, -1},
	        {"12 s", 0, -1},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(http_retry_after(rows[i].value, rows[i].now), rows[i].seconds);
}

static void busy_answer(struct conn *c, const struct request *rq)
{
	bool first = rq->number == 0;

	if (strcmp(rq->path, "/429") == 0 && first)
		reply(c, 429, "Retry-After: 1\r\n", "");
	else if (strcmp(rq->path, "/503") == 0 && first)
		reply(c, 503, "", "");
	else if (strcmp(rq->path, "/google") == 0 && first)
		reply(c, 403, "", "{\"error\": {\"errors\": [{\"domain\": \"usageLimits\"}]}}");
	else
		reply(c, 201, "", "");
}

static void busy_servers(void **state)
{
	(void)state;
	static const char *const paths[] = {"/429", "/503", "/google"};

	for (size_t i = 0; i < 3; i++) {
		struct server *s = server_start(busy_answer, false);
		struct http *h = open_at(s, HTTP_TARGET);
		int64_t before = http_now_ms();
		struct result *r = ask(h, s,
		        (struct http_request){.method = "PUT", .header = {"If-None-Match: *"}},
		        paths[i]);

		assert_int_equal(r->status, 201);
		assert_int_equal(s->requests, 2);
		assert_true(http_now_ms() - before >= 1000);
		http_close(h);
		server_stop(s);
	}
}

static void busy_for_too_long(void **state)
{
	(void)state;
	struct server *s = server_start(busy_answer, false);
	struct http *h = open_at(s, HTTP_SOURCE);
	struct result *r;

	h->waited_ms = (int64_t)30 * 60 * 1000 - 500;
	r = get(h, s, "/429");
	assert_int_equal(r->code, ERR_BUSY);
	assert_int_equal(r->status, 429);
	http_close(h);
	server_stop(s);
}

/* ---- many at once ---- */

static void slow_answer(struct conn *c, const struct request *rq)
{
	usleep(30000);
	reply(c, 200, "", rq->path);
}

static void many(void **state)
{
	(void)state;
	enum { N = 60 };
	struct server *s = server_start(slow_answer, false);
	struct http *h = open_at(s, HTTP_SOURCE);
	static struct http_request list[N];
	static struct result results[N];
	char path[20];

	for (size_t i = 0; i < N; i++) {
		snprintf(path, sizeof path, "/%zu", i);
		buf_init(&results[i].body, 100);
		list[i] = (struct http_request){.method = "GET",
		        .url = url_at(s, path),
		        .body_fn = keep_body,
		        .done = keep_done,
		        .ctx = &results[i]};
	}
	assert_int_equal(http_run(h, list, N, 6, NULL), 0);
	for (size_t i = 0; i < N; i++) {
		snprintf(path, sizeof path, "/%zu", i);
		assert_int_equal(results[i].done, 1);
		assert_string_equal(buf_str(&results[i].body), path);
		buf_clear(&results[i].body);
		free((char *)(uintptr_t)list[i].url);
	}
	assert_true(s->most_open > 2 && s->most_open <= 6);
	assert_true(s->connections <= 7);
	http_close(h);
	server_stop(s);
}

/* The next request goes out when the last one ended, not when a clock ticks. */
static void one_after_the_other(void **state)
{
	(void)state;
	enum { N = 30 };
	struct server *s = server_start(bodies_answer, false);
	struct http *h = open_at(s, HTTP_SOURCE);
	static struct http_request list[N];
	static struct result results[N];
	char *url = url_at(s, "/plain");
	int64_t before = http_now_ms();

	for (size_t i = 0; i < N; i++)
		list[i] = (struct http_request){
		        .method = "GET", .url = url, .done = keep_done, .ctx = &results[i]};
	assert_int_equal(http_run(h, list, N, 1, NULL), 0);
	assert_true(http_now_ms() - before < N * 100);
	assert_int_equal(results[N - 1].status, 200);
	assert_int_equal(s->connections, 1);
	free(url);
	http_close(h);
	server_stop(s);
}

static void sink_says_no(void **state)
{
	(void)state;
	struct server *s = server_start(bodies_answer, false);
	struct http *h = open_at(s, HTTP_SOURCE);
	struct result r = {0};
	struct http_request rq = {
	        .method = "GET", .body_fn = keep_body, .done = keep_done, .ctx = &r};
	char *url = url_at(s, "/plain");

	buf_init(&r.body, 2);
	rq.url = url;
	assert_int_equal(http_run(h, &rq, 1, 0, NULL), 0);
	assert_int_equal(r.code, ERR_SPACE);
	buf_clear(&r.body);
	free(url);
	http_close(h);
	server_stop(s);
}

/* ---- the guard ---- */

static void guard(void **state)
{
	(void)state;
	static const struct {
		enum http_role role;
		const char *method, *path, *h1, *h2;
		bool refused;
	} rows[] = {
	        {HTTP_SOURCE, "GET", "/x", NULL, NULL, false},
	        {HTTP_SOURCE, "OPTIONS", "/x", NULL, NULL, false},
	        {HTTP_SOURCE, "HEAD", "/x", NULL, NULL, false},
	        {HTTP_SOURCE, "PROPFIND", "/x", "Depth: 1", NULL, false},
	        {HTTP_SOURCE, "REPORT", "/x", NULL, NULL, false},
	        {HTTP_SOURCE, "PUT", "/x", "If-None-Match: *", NULL, true},
	        {HTTP_SOURCE, "MKCOL", "/x", NULL, NULL, true},
	        {HTTP_SOURCE, "MKCALENDAR", "/x", NULL, NULL, true},
	        {HTTP_SOURCE, "PROPPATCH", "/x", NULL, NULL, true},
	        {HTTP_SOURCE, "DELETE", "/x", NULL, NULL, true},
	        {HTTP_SOURCE, "POST", "/x", NULL, NULL, true},
	        {HTTP_SOURCE, "get", "/x", NULL, NULL, true},
	        {HTTP_SOURCE, "GET /y HTTP/1.1\r\nX: y\r\n\r\nDELETE", "/x", NULL, NULL, true},
	        {HTTP_SOURCE, "", "/x", NULL, NULL, true},
	        {HTTP_TARGET, "PUT", "/x", "If-None-Match: *", "Scheduling-Enabled: F", false},
	        {HTTP_TARGET, "PUT", "/x", NULL, NULL, true},
	        {HTTP_TARGET, "PUT", "/x", "If-None-Match: \"e\"", NULL, true},
	        {HTTP_TARGET, "PUT", "/x", "If-None-Match: *", "If-Match: \"e\"", true},
	        {HTTP_TARGET, "PUT", "/x", "If-None-Match: *", "If-None-Match: \"e\"", true},
	        {HTTP_TARGET, "PUT", "/x", "X: y\r\nIf-None-Match: *", NULL, true},
	        {HTTP_TARGET, "PUT", "/x/", "If-None-Match: *", NULL, true},
	        {HTTP_TARGET, "PUT", "/x/?y", "If-None-Match: *", NULL, true},
	        {HTTP_TARGET, "PUT", "/x/..", "If-None-Match: *", NULL, true},
	        {HTTP_TARGET, "MKCOL", "/x/", NULL, NULL, false},
	        {HTTP_TARGET, "MKCALENDAR", "/x/", NULL, NULL, false},
	        {HTTP_TARGET, "PROPPATCH", "/x/", NULL, NULL, false},
	        {HTTP_TARGET, "DELETE", "/x", NULL, NULL, true},
	        {HTTP_TARGET, "MOVE", "/x", NULL, NULL, true},
	        {HTTP_TARGET, "COPY", "/x", NULL, NULL, true},
	        {HTTP_TARGET, "PATCH", "/x", NULL, NULL, true},
	        {HTTP_TARGET, "ACL", "/x", NULL, NULL, true},
	        {HTTP_TARGET, "POST", "/x", NULL, NULL, true},
	        {HTTP_SOURCE, "REPORT", "/x", "X-HTTP-Method-Override: DELETE", NULL, true},
	        {HTTP_SOURCE, "GET", "/x", "Authorization: Basic x", NULL, true},
	        {HTTP_SOURCE, "GET", "/x", "Transfer-Encoding: chunked", NULL, true},
	        {HTTP_SOURCE, "GET", "/x", "no colon", NULL, true},
	        {HTTP_SOURCE, "GET", "/x", "@file", NULL, true},
	        {HTTP_SOURCE, "GET", "/x", ": x", NULL, true},
	        {HTTP_SOURCE, "GET", "/x", "X: a\nY: b", NULL, true},
	};
	struct server *s = server_start(slow_answer, false);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct http *h = open_at(s, rows[i].role);
		struct http_request rq = {
		        .method = rows[i].method, .header = {rows[i].h1, rows[i].h2}};
		int before = s->requests;
		struct result *r = ask(h, s, rq, rows[i].path);

		if (r->code != (rows[i].refused ? ERR_GUARD : 0))
			fail_msg("row %zu: %s: %s", i, rows[i].method, r->text);
		assert_int_equal(s->requests - before, rows[i].refused ? 0 : 1);
		http_close(h);
	}
	server_stop(s);
}

/* ---- TLS ---- */

static void tls(void **state)
{
	(void)state;
	struct server *s = server_start(basic_answer, true);
	struct service service = service_at(s);
	struct result *r;
	struct http *h;

	service.at.ca_file = NULL;
	assert_int_equal(http_open(&service, HTTP_SOURCE, NULL, &h, NULL), 0);
	r = get(h, s, "/x");
	assert_int_equal(r->code, ERR_TLS);
	assert_non_null(strstr(r->text, pin)); /* what a person may compare */
	http_close(h);
	service.at.ca_file = ca_file;
	service.at.host = (char *)(uintptr_t) "localhost";
	assert_int_equal(http_open(&service, HTTP_SOURCE, NULL, &h, NULL), 0);
	assert_int_equal(get(h, s, "/x")->code, ERR_AUTH); /* 127.0.0.1 is not localhost */
	http_close(h);
	assert_int_equal(s->requests, 1);
	server_stop(s);
}

static void wrong_name(void **state)
{
	(void)state;
	struct server *s = server_start(basic_answer, true);
	struct service service = service_at(s);
	struct result r = {0};
	struct http_request rq = {.method = "GET", .done = keep_done, .ctx = &r};
	char *url = xasprintf("https://localhost:%u/x", s->port);
	struct http *h;

	rq.url = url;
	service.at.host = (char *)(uintptr_t) "localhost";
	assert_int_equal(http_open(&service, HTTP_SOURCE, NULL, &h, NULL), 0);
	assert_int_equal(http_run(h, &rq, 1, 0, NULL), ERR_TLS);
	assert_int_equal(s->requests, 0);
	http_close(h);
	/* The pin stands for the name as well. */
	service.at.pin = pin;
	assert_int_equal(http_open(&service, HTTP_SOURCE, NULL, &h, NULL), 0);
	assert_int_equal(http_run(h, &rq, 1, 0, NULL), 0);
	assert_int_equal(r.status, 200);
	http_close(h);
	free(url);
	server_stop(s);
}

static void pins(void **state)
{
	(void)state;
	struct server *s = server_start(basic_answer, true);
	struct service service = service_at(s);
	char other[SHA256_HEX_SIZE];
	struct result *r;
	struct http *h;

	service.at.ca_file = NULL;
	service.at.pin = pin;
	assert_int_equal(http_open(&service, HTTP_SOURCE, NULL, &h, NULL), 0);
	assert_int_equal(get(h, s, "/x")->status, 200);
	assert_int_equal(get(h, s, "/x")->status, 200);
	http_close(h);
	assert_int_equal(s->requests, 3);
	memcpy(other, pin, sizeof other);
	other[0] = other[0] == '0' ? '1' : '0';
	service.at.pin = other;
	service.at.ca_file = ca_file; /* a good chain does not make up for it */
	assert_int_equal(http_open(&service, HTTP_SOURCE, NULL, &h, NULL), 0);
	http_preempt(h);
	r = get(h, s, "/x");
	assert_int_equal(r->code, ERR_TLS);
	assert_non_null(strstr(r->text, "not the pinned one"));
	assert_non_null(strstr(r->text, pin));
	assert_int_equal(s->requests, 3); /* nothing was said */
	http_close(h);
	server_stop(s);
}

static void cut_tls_answer(struct conn *c, const struct request *rq)
{
	(void)rq;
	say(c, "HTTP/1.0 200 OK\r\n\r\nhalf");
	c->close = true; /* without close_notify */
}

static void cut_tls(void **state)
{
	(void)state;
	struct server *s = server_start(cut_tls_answer, true);
	struct http *h = open_at(s, HTTP_SOURCE);

	assert_int_equal(get(h, s, "/x")->code, ERR_NET);
	http_close(h);
	server_stop(s);
}

static void no_tls_there(void **state)
{
	(void)state;
	struct server *s = server_start(slow_answer, false);
	struct http *h;

	s->tls = true;
	h = open_at(s, HTTP_SOURCE);
	s->tls = false;
	s->greets = true;
	{
		struct result r = {0};
		char *url = xasprintf("https://127.0.0.1:%u/", s->port);
		struct http_request rq = {
		        .method = "GET", .url = url, .done = keep_done, .ctx = &r};

		assert_int_equal(http_run(h, &rq, 1, 0, NULL), ERR_TLS);
		assert_int_equal(r.code, ERR_TLS);
		free(url);
	}
	http_close(h);
	server_stop(s);
}

static void trace(void **state)
{
	(void)state;
	struct server *s = server_start(basic_answer, true);
	struct service service = service_at(s);
	char *text = NULL;
	size_t n = 0;
	struct http *h;

	service.at.trace = open_memstream(&text, &n);
	assert_int_equal(http_open(&service, HTTP_SOURCE, NULL, &h, NULL), 0);
	assert_int_equal(get(h, s, "/x")->status, 200);
	http_close(h);
	fclose(service.at.trace);
	assert_non_null(strstr(text, "#1 C: GET /x HTTP/1.1\n"));
	assert_non_null(strstr(text, "#1 C: Authorization: <redacted>\n"));
	assert_non_null(strstr(text, "#1 S: HTTP/1.1 200 Text\n"));
	assert_null(strstr(text, "YWxpY2U6c2VjcmV0"));
	free(text);
	server_stop(s);
}

/* ---- a certificate for 127.0.0.1 ---- */

static int make_certificate(void **state)
{
	static const uint8_t address[4] = {127, 0, 0, 1};
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;
	gnutls_datum_t pem, der;
	uint8_t sum[SHA256_LEN];
	FILE *f;

	(void)state;
	gnutls_x509_privkey_init(&key);
	gnutls_x509_privkey_generate(
	        key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
	gnutls_x509_crt_init(&crt);
	gnutls_x509_crt_set_version(crt, 3);
	gnutls_x509_crt_set_serial(crt, UA("\x01"));
	gnutls_x509_crt_set_dn(crt, "CN=test", NULL);
	gnutls_x509_crt_set_activation_time(crt, time(NULL) - 3600);
	gnutls_x509_crt_set_expiration_time(crt, time(NULL) + 3600);
	gnutls_x509_crt_set_key(crt, key);
	gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, address, 4, 0);
	gnutls_x509_crt_set_basic_constraints(crt, 1, -1);
	gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE | GNUTLS_KEY_KEY_CERT_SIGN);
	if (gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0) != 0)
		return -1;
	gnutls_certificate_allocate_credentials(&credentials);
	if (gnutls_certificate_set_x509_key(credentials, &crt, 1, key) < 0)
		return -1;
	gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem);
	gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_DER, &der);
	sha256_of(der.data, der.size, sum);
	hex_format(sum, sizeof sum, pin);
	snprintf(ca_file, sizeof ca_file, "/tmp/test_http.%ld.pem", (long)getpid());
	f = fopen(ca_file, "w");
	fwrite(pem.data, 1, pem.size, f);
	fclose(f);
	gnutls_free(pem.data);
	gnutls_free(der.data);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
	return 0;
}

static int drop_certificate(void **state)
{
	(void)state;
	gnutls_certificate_free_credentials(credentials);
	unlink(ca_file);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(bodies),
	        cmocka_unit_test(request_head),
	        cmocka_unit_test(streamed_bodies),
	        cmocka_unit_test(codings),
	        cmocka_unit_test(caps),
	        cmocka_unit_test(cuts),
	        cmocka_unit_test(cut_and_begun_again),
	        cmocka_unit_test(writes_are_not_sent_again),
	        cmocka_unit_test(silence),
	        cmocka_unit_test(nobody_there),
	        cmocka_unit_test(redirects),
	        cmocka_unit_test(credentials_stay_home),
	        cmocka_unit_test(never_down_to_http),
	        cmocka_unit_test(challenge_table),
	        cmocka_unit_test(digest),
	        cmocka_unit_test(digest_stale_and_wrong),
	        cmocka_unit_test(basic),
	        cmocka_unit_test(basic_preempted),
	        cmocka_unit_test(refused_sign_in),
	        cmocka_unit_test(mechanisms),
	        cmocka_unit_test(bearer),
	        cmocka_unit_test(retry_after_table),
	        cmocka_unit_test(busy_servers),
	        cmocka_unit_test(busy_for_too_long),
	        cmocka_unit_test(many),
	        cmocka_unit_test(one_after_the_other),
	        cmocka_unit_test(sink_says_no),
	        cmocka_unit_test(guard),
	        cmocka_unit_test(tls),
	        cmocka_unit_test(wrong_name),
	        cmocka_unit_test(pins),
	        cmocka_unit_test(cut_tls),
	        cmocka_unit_test(no_tls_there),
	        cmocka_unit_test(trace),
	};

	return cmocka_run_group_tests(tests, make_certificate, drop_certificate);
}
