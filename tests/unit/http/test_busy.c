/* The HTTP client: busy and slow servers, many requests, several clients. */
#include "valise/base/clock.h"
#include "httpd.h"

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

static void passing_table(void **state)
{
	(void)state;
	static const struct {
		int status;
		const char *text;
		bool passing;
	} rows[] = {
	        {423, "", true},
	        {504, "<html>", true},
	        {500, "SQLSTATE[HY000]: General error: 5 database is locked", true},
	        {500, "<s:message>Deadlock found when trying to get lock</s:message>", true},
	        {500, "SQLSTATE[40001]: Serialization failure: 1213", true},
	        {500, "ERROR: could not serialize access due to concurrent update", true},
	        {500, "Server BUSY", true},
	        {500, "Call to undefined method", false},
	        {500, "", false},
	        {403, "the database is locked", false},
	        {404, "locked", false},
	        {200, "locked", false},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (http_is_passing(rows[i].status, rows[i].text) != rows[i].passing)
			fail_msg("row %zu", i);
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
		struct http *h = open_at(s, GUARD_DAV_TARGET);
		int64_t before = clock_ms();
		struct result *r = ask(h, s,
		        (struct http_request){.method = "PUT", .header = {"If-None-Match: *"}},
		        paths[i]);

		assert_int_equal(r->status, 201);
		assert_int_equal(s->requests, 2);
		assert_true(clock_ms() - before >= 1000);
		http_close(h);
		server_stop(s);
	}
}

static void busy_for_too_long(void **state)
{
	(void)state;
	struct server *s = server_start(busy_answer, false);
	struct http *h = open_at(s, GUARD_DAV_SOURCE);
	struct result *r;

	h->common->waited_ms = (int64_t)30 * 60 * 1000 - 500;
	r = get(h, s, "/429");
	assert_int_equal(r->code, ERR_BUSY);
	assert_int_equal(r->status, 429);
	http_close(h);
	server_stop(s);
}

/*
 * A socket that has a port and does not listen: no other program gets that port while its
 * server is away.
 */
static int keep_port(uint16_t *out)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
	socklen_t n = sizeof at;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
	*out = ntohs(at.sin_port);
	return fd;
}

/* A server that is started again while it is used. */
static struct server *back;

static void *start_again(void *arg)
{
	uint16_t *port = arg;

	usleep(2500000);
	back = server_start_at(*port, busy_answer, false);
	return NULL;
}

static void away_for_a_while(void **state)
{
	(void)state;
	struct server gone = {0};
	int kept = keep_port(&gone.port);
	struct server *s = server_start_at(gone.port, busy_answer, false);
	struct http_request put = {.method = "PUT", .header = {"If-None-Match: *"}};
	struct http *h = open_at(s, GUARD_DAV_TARGET);
	pthread_t t;

	assert_int_equal(get(h, s, "/x")->status, 201);
	server_stop(s);
	assert_int_equal(pthread_create(&t, NULL, start_again, &gone.port), 0);
	assert_int_equal(ask(h, &gone, put, "/x")->status, 201);
	pthread_join(t, NULL);
	assert_int_equal(back->requests, 1);
	/* For good: what is known of that is not found out again by every request. */
	server_stop(back);
	h->common->away_ms = clock_ms() - 60000;
	assert_int_equal(get(h, &gone, "/x")->code, ERR_NET);
	http_close(h);
	close(kept);
}

/*
 * A proxy whose server is starting again: a reading is asked again, a writing is for the
 * caller to look at.
 */
static void gateway_answer(struct conn *c, const struct request *rq)
{
	reply(c, rq->number == 0 ? 502 : 200, "", "");
}

static void bad_gateway(void **state)
{
	(void)state;
	static const struct {
		const char *method;
		int status, requests;
	} rows[] = {{"GET", 200, 2}, {"PUT", 502, 1}};

	for (size_t i = 0; i < 2; i++) {
		struct server *s = server_start(gateway_answer, false);
		struct http *h = open_at(s, GUARD_DAV_TARGET);
		struct http_request rq = {.method = rows[i].method, .header = {"If-None-Match: *"}};

		assert_int_equal(ask(h, s, rq, "/x")->status, rows[i].status);
		assert_int_equal(s->requests, rows[i].requests);
		http_close(h);
		server_stop(s);
	}
}

/* ---- many at once ---- */

static void hello_answer(struct conn *c, const struct request *rq)
{
	(void)rq;
	reply(c, 200, "", "hello");
}

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
	struct http *h = open_at(s, GUARD_DAV_SOURCE);
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
	assert_true(s->connections <= N / 2); /* they are used again */
	http_close(h);
	server_stop(s);
}

static int64_t last_done, shortest;

static void time_done(struct http_request *rq, const struct http_response *rs,
        const char *error_body, const struct err *err)
{
	int64_t now = clock_ms();

	if (now - last_done < shortest)
		shortest = now - last_done;
	last_done = now;
	keep_done(rq, rs, error_body, err);
}

/*
 * The next request goes out when the last one ended, not when a clock ticks: then none
 * would end sooner than that.
 */
static void one_after_the_other(void **state)
{
	(void)state;
	enum { N = 30 };
	struct server *s = server_start(hello_answer, false);
	struct http *h = open_at(s, GUARD_DAV_SOURCE);
	static struct http_request list[N];
	static struct result results[N];
	char *url = url_at(s, "/plain");

	last_done = clock_ms();
	shortest = INT64_MAX;
	for (size_t i = 0; i < N; i++)
		list[i] = (struct http_request){
		        .method = "GET", .url = url, .done = time_done, .ctx = &results[i]};
	assert_int_equal(http_run(h, list, N, 1, NULL), 0);
	assert_true(shortest < 100);
	assert_int_equal(results[N - 1].status, 200);
	assert_int_equal(s->connections, 1);
	free(url);
	http_close(h);
	server_stop(s);
}

static void sink_says_no(void **state)
{
	(void)state;
	struct server *s = server_start(hello_answer, false);
	struct http *h = open_at(s, GUARD_DAV_SOURCE);
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

/* "Retry-After: 0" for ever is no reason to ask without end. */
static void at_once_answer(struct conn *c, const struct request *rq)
{
	if (rq->number == 0)
		reply(c, 503, "Retry-After: 0\r\n", "");
	else if (rq->number == 1)
		reply(c, 429, "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n", "");
	else
		reply(c, 200, "", "");
}

static void busy_at_once(void **state)
{
	(void)state;
	struct server *s = server_start(at_once_answer, false);
	struct http *h = open_at(s, GUARD_DAV_SOURCE);
	int64_t before = clock_ms();

	assert_int_equal(get(h, s, "/x")->status, 200);
	assert_int_equal(s->requests, 3);
	assert_true(clock_ms() - before >= 3000);
	http_close(h);
	server_stop(s);
}

static void run_many(struct http *h, const struct server *s, size_t n, unsigned parallel)
{
	struct http_request *list = xcalloc(n, sizeof *list);
	struct result *results = xcalloc(n, sizeof *results);
	char *url = url_at(s, "/x");

	for (size_t i = 0; i < n; i++)
		list[i] = (struct http_request){
		        .method = "GET", .url = url, .done = keep_done, .ctx = &results[i]};
	assert_int_equal(http_run(h, list, n, parallel, NULL), 0);
	for (size_t i = 0; i < n; i++) {
		if (results[i].status != 200)
			fail_msg("%zu: HTTP %d %s", i, results[i].status, results[i].text);
		assert_int_equal(results[i].done, 1);
	}
	free(url);
	free(list);
	free(results);
}

static void flood_answer(struct conn *c, const struct request *rq)
{
	bool busy = rq->number > 0 && rq->number <= 8;

	usleep(20000);
	reply(c, busy ? 429 : 200, busy ? "Retry-After: 1\r\n" : "", "");
}

/* What was in flight together slows down once, and not for ever. */
static void slower_then_faster(void **state)
{
	(void)state;
	struct server *s = server_start(flood_answer, false);
	struct http *h = open_at(s, GUARD_DAV_SOURCE);

	run_many(h, s, 1, 1);
	run_many(h, s, 8, 8);
	assert_int_equal(h->limit, 4);
	run_many(h, s, 60, 8);
	assert_int_equal(h->limit, 6);
	http_close(h);
	server_stop(s);
}

/*
 * Two clients of one service: the second signs in unasked, and waits when the first was
 * told to.
 */
static void beside_answer(struct conn *c, const struct request *rq)
{
	if (!field(rq, "\r\nAuthorization"))
		reply(c, 401, "WWW-Authenticate: Basic realm=\"x\"\r\n", "");
	else if (rq->number == 3)
		reply(c, 503, "Retry-After: 1\r\n", "");
	else
		reply(c, 200, "", "");
}

static void beside(void **state)
{
	(void)state;
	struct server *s = server_start(beside_answer, true);
	struct http *first = open_at(s, GUARD_DAV_SOURCE), *second;
	int64_t before;

	assert_int_equal(get(first, s, "/1")->status, 200);
	assert_int_equal(http_open_beside(first, &second, NULL), 0);
	assert_int_equal(get(second, s, "/2")->status, 200);
	assert_int_equal(s->requests, 3);
	assert_int_equal(get(first, s, "/3")->status, 200);
	before = clock_ms();
	first->common->hold_ms = before + 300;
	assert_int_equal(get(second, s, "/4")->status, 200);
	assert_true(clock_ms() - before >= 300);
	http_close(first);
	assert_int_equal(get(second, s, "/5")->status, 200);
	http_close(second);
	server_stop(s);
}

/*
 * On one connection of HTTP/2 an answer has to wait for others: nobody is given up while
 * anything comes.
 */
static void late_answer(struct conn *c, const struct request *rq)
{
	if (strcmp(rq->path, "/late") == 0)
		usleep(3000000);
	else if (strcmp(rq->path, "/drip") == 0) {
		say(c, "HTTP/1.1 200 OK\r\nContent-Length: 35\r\n\r\n");
		for (int i = 0; i < 35; i++) {
			say(c, "x");
			usleep(100000);
		}
		return;
	}
	reply(c, 200, "", "");
}

static void late_but_not_silent(void **state)
{
	(void)state;
	struct server *s = server_start(late_answer, false);
	struct service service = service_at(s);
	struct result results[2] = {0};
	struct http_request list[2];
	char *urls[] = {url_at(s, "/late"), url_at(s, "/drip")};
	struct http *h;

	service.at.idle_timeout_ms = 2000;
	assert_int_equal(http_open(&service, GUARD_DAV_SOURCE, NULL, &h, NULL), 0);
	assert_int_equal(get(h, s, "/first")->status, 200);
	for (size_t i = 0; i < 2; i++)
		list[i] = (struct http_request){
		        .method = "GET", .url = urls[i], .done = keep_done, .ctx = &results[i]};
	assert_int_equal(http_run(h, list, 2, 2, NULL), 0);
	assert_int_equal(results[0].status, 200);
	assert_int_equal(results[1].status, 200);
	assert_int_equal(s->requests, 3);
	http_close(h);
	free(urls[0]);
	free(urls[1]);
	server_stop(s);
}

/* An octet now and then keeps nobody: time is set, not waited for. */
static int make_old(void *ctx, const void *p, size_t n, struct err *err)
{
	struct http *h = ctx;

	(void)p, (void)n, (void)err;
	h->slots[0]->began_ms -= 3600 * 1000;
	return 0;
}

static void next_to_nothing(void **state)
{
	(void)state;
	struct server *s = server_start(late_answer, false);
	struct http *h = open_at(s, GUARD_DAV_SOURCE);
	struct http_request rq = {.method = "GET", .body_fn = make_old, .ctx = h};
	char *url = url_at(s, "/drip");

	rq.url = url;
	assert_int_equal(http_run(h, &rq, 1, 1, NULL), 0);
	assert_non_null(strstr(h->slots[0]->curl_text, "less than 100 octets a second"));
	http_close(h);
	free(url);
	server_stop(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(retry_after_table),
	        cmocka_unit_test(passing_table),
	        cmocka_unit_test(busy_servers),
	        cmocka_unit_test(busy_for_too_long),
	        cmocka_unit_test(away_for_a_while),
	        cmocka_unit_test(bad_gateway),
	        cmocka_unit_test(many),
	        cmocka_unit_test(one_after_the_other),
	        cmocka_unit_test(sink_says_no),
	        cmocka_unit_test(busy_at_once),
	        cmocka_unit_test(slower_then_faster),
	        cmocka_unit_test(beside),
	        cmocka_unit_test(late_but_not_silent),
	        cmocka_unit_test(next_to_nothing),
	};

	return cmocka_run_group_tests(tests, make_certificate, drop_certificate);
}
