/* The HTTP client: TLS, pins, the trace. */
#include "httpd.h"

/* ---- TLS ---- */

static void tls(void **state)
{
	(void)state;
	struct server *s = server_start(basic_answer, true);
	struct service service = service_at(s);
	struct result *r;
	struct http *h;

	service.at.ca_file = NULL;
	assert_int_equal(http_open(&service, GUARD_DAV_SOURCE, NULL, &h, NULL), 0);
	r = get(h, s, "/x");
	assert_int_equal(r->code, ERR_TLS);
	assert_non_null(strstr(r->text, pin)); /* what a person may compare */
	http_close(h);
	service.at.ca_file = ca_file;
	service.at.host = (char *)(uintptr_t) "localhost";
	assert_int_equal(http_open(&service, GUARD_DAV_SOURCE, NULL, &h, NULL), 0);
	/* 127.0.0.1 is not localhost */
	assert_int_equal(get(h, s, "/x")->code, ERR_AUTH);
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
	assert_int_equal(http_open(&service, GUARD_DAV_SOURCE, NULL, &h, NULL), 0);
	assert_int_equal(http_run(h, &rq, 1, 0, NULL), ERR_TLS);
	assert_int_equal(s->requests, 0);
	http_close(h);
	/* The pin stands for the name as well. */
	service.at.pin = pin;
	assert_int_equal(http_open(&service, GUARD_DAV_SOURCE, NULL, &h, NULL), 0);
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
	assert_int_equal(http_open(&service, GUARD_DAV_SOURCE, NULL, &h, NULL), 0);
	assert_int_equal(get(h, s, "/x")->status, 200);
	assert_int_equal(get(h, s, "/x")->status, 200);
	http_close(h);
	assert_int_equal(s->requests, 3);
	memcpy(other, pin, sizeof other);
	other[0] = other[0] == '0' ? '1' : '0';
	service.at.pin = other;
	service.at.ca_file = ca_file; /* a good chain does not make up for it */
	assert_int_equal(http_open(&service, GUARD_DAV_SOURCE, NULL, &h, NULL), 0);
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
	struct http *h = open_at(s, GUARD_DAV_SOURCE);

	assert_int_equal(get(h, s, "/x")->code, ERR_NET);
	http_close(h);
	server_stop(s);
}

static void no_tls_there(void **state)
{
	(void)state;
	struct server *s = server_start(basic_answer, false);
	struct http *h;

	s->tls = true;
	h = open_at(s, GUARD_DAV_SOURCE);
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

/* A host that takes the connection and says nothing is waited for once. */
static void nothing_but_a_port(void **state)
{
	(void)state;
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one;
	struct server mute = {.tls = true};
	socklen_t n = sizeof at;
	struct service service;
	struct http *h;

	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
	mute.port = ntohs(at.sin_port);
	service = service_at(&mute);
	service.at.connect_timeout_ms = 400;
	assert_int_equal(http_open(&service, GUARD_DAV_SOURCE, NULL, &h, NULL), 0);
	assert_int_equal(get(h, &mute, "/x")->code, ERR_NET);
	http_close(h);
	one = accept(fd, NULL, NULL);
	assert_true(one >= 0);
	assert_int_equal(accept(fd, NULL, NULL), -1);
	close(one);
	close(fd);
}

static void expect_fact(struct service_facts *f, enum service_fact which, const char *part)
{
	char *text = facts_get(f, which);

	if (!text || !strstr(text, part))
		fail_msg("fact %d: \"%s\" without \"%s\"", which, text ? text : "", part);
	free(text);
}

/* What the server shows of itself while somebody signs in. */
static void facts(void **state)
{
	(void)state;
	struct server *s = server_start(basic_answer, true);
	struct service service = service_at(s);
	struct http *h;
	char *sum;

	service.facts = facts_new();
	assert_int_equal(http_open(&service, GUARD_DAV_SOURCE, NULL, &h, NULL), 0);
	assert_int_equal(get(h, s, "/x")->status, 200);
	http_close(h);
	expect_fact(service.facts, FACT_TLS, "TLS1.");
	expect_fact(service.facts, FACT_SIGN_IN, "Basic");
	expect_fact(service.facts, FACT_CERT_NAMES, "127.0.0.1");
	expect_fact(service.facts, FACT_CERT_UNTIL, "Z");
	sum = facts_get(service.facts, FACT_CERT_SHA256);
	assert_int_equal(strlen(sum), 64);
	free(sum);
	facts_free(service.facts);
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
	assert_int_equal(http_open(&service, GUARD_DAV_SOURCE, NULL, &h, NULL), 0);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(tls),
	        cmocka_unit_test(wrong_name),
	        cmocka_unit_test(pins),
	        cmocka_unit_test(cut_tls),
	        cmocka_unit_test(no_tls_there),
	        cmocka_unit_test(nothing_but_a_port),
	        cmocka_unit_test(trace),
	        cmocka_unit_test(facts),
	};

	return cmocka_run_group_tests(tests, make_certificate, drop_certificate);
}
