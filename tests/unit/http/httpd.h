/*
 * For tests of the HTTP client: a small HTTP/1.1 server in threads of this program, in
 * the clear and with TLS, and requests to it.
 */
#ifndef VALISE_TEST_HTTP_HTTPD_H
#define VALISE_TEST_HTTP_HTTPD_H

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
#include "http/internal.h"
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

static inline ssize_t conn_read(struct conn *c, void *p, size_t n)
{
	return c->tls ? gnutls_record_recv(c->tls, p, n) : recv(c->fd, p, n, 0);
}

static inline void conn_write(struct conn *c, const void *p, size_t n)
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

static inline void say(struct conn *c, const char *fmt, ...)
{
	char text[20000];
	va_list ap;

	va_start(ap, fmt);
	conn_write(c, text, (size_t)vsnprintf(text, sizeof text, fmt, ap));
	va_end(ap);
}

static inline void reply(struct conn *c, int status, const char *fields, const char *body)
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

static inline bool more(struct conn *c)
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

static inline void eat(struct conn *c, size_t n)
{
	memmove(c->in, c->in + n, c->len - n + 1);
	c->len -= n;
}

static inline bool read_chunked(struct conn *c, struct request *rq)
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

static inline bool read_request(struct conn *c, struct request *rq)
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

static inline bool shake_hands(struct conn *c)
{
	if (c->server->greets) {
		say(c, "220 hello\r\n");
		usleep(50000);
		return false;
	}
	if (!c->server->tls)
		return true;
	gnutls_init(&c->tls, GNUTLS_SERVER | GNUTLS_NO_SIGNAL);
	gnutls_set_default_priority(c->tls);
	gnutls_credentials_set(c->tls, GNUTLS_CRD_CERTIFICATE, credentials);
	gnutls_transport_set_int(c->tls, c->fd);
	return gnutls_handshake(c->tls) == 0;
}

static inline void *serve_conn(void *arg)
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

static inline void *accept_all(void *arg)
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
		assert_int_equal(pthread_create(&t, NULL, serve_conn, c), 0);
		pthread_detach(t);
	}
}

static inline struct server *server_start_at(uint16_t port, answer_fn *answer, bool tls)
{
	int on = 1;
	struct server *s = xcalloc(1, sizeof *s);
	struct sockaddr_in at = {.sin_family = AF_INET,
	        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	        .sin_port = htons(port)};
	socklen_t n = sizeof at;

	s->answer = answer;
	s->tls = tls;
	s->fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(s->fd, 64), 0);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)&at, &n), 0);
	s->port = ntohs(at.sin_port);
	assert_int_equal(pthread_create(&s->thread, NULL, accept_all, s), 0);
	return s;
}

static inline struct server *server_start(answer_fn *answer, bool tls)
{
	return server_start_at(0, answer, tls);
}

static inline void server_stop(struct server *s)
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

static inline int give_secret(void *ctx, int renew, struct secret *out, struct err *err)
{
	const char *text = renew ? "fresh" : ctx;

	secret_calls++;
	return secret_set(out, text, strlen(text), err);
}

static inline struct service service_at(const struct server *s)
{
	struct service service = {.kind = SERVICE_CALDAV, .name = "caldav"};

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

static inline struct http *open_at(const struct server *s, enum guard_role role)
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

static inline int keep_begin(void *ctx, const struct http_response *rs, struct err *err)
{
	struct result *r = ctx;

	(void)rs, (void)err;
	r->begun++;
	buf_reset(&r->body);
	return 0;
}

static inline int keep_body(void *ctx, const void *p, size_t n, struct err *err)
{
	struct result *r = ctx;

	if (buf_add(&r->body, p, n) != 0)
		return err_set(err, ERR_SPACE, ERR_ITEM, "full");
	return 0;
}

static inline void keep_done(struct http_request *rq, const struct http_response *rs,
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

static inline char *url_at(const struct server *s, const char *path)
{
	return xasprintf("%s://127.0.0.1:%u%s", s->tls ? "https" : "http", s->port, path);
}

/* One request alone; the buffer of the last result is freed with the next. */
static inline struct result *ask(
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

static inline struct result *get(struct http *h, const struct server *s, const char *path)
{
	return ask(h, s, (struct http_request){.method = "GET"}, path);
}
/* ---- a certificate for 127.0.0.1 ---- */

static inline int make_certificate(void **state)
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

static inline int drop_certificate(void **state)
{
	(void)state;
	gnutls_certificate_free_credentials(credentials);
	unlink(ca_file);
	return 0;
}

static inline void basic_answer(struct conn *c, const struct request *rq)
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

#endif
