/* The HTTP client: bodies, cuts, redirects, the guard. */
#include "httpd.h"
#include "net/peer.h"

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
	struct http *h = open_at(s, GUARD_DAV_SOURCE);
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
	struct http *h = open_at(s, GUARD_DAV_SOURCE);
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
	struct http *h = open_at(s, GUARD_DAV_TARGET);
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
	struct http *h = open_at(s, GUARD_DAV_SOURCE);
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
	struct http *h = open_at(s, GUARD_DAV_SOURCE);
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
		struct http *h = open_at(s, GUARD_DAV_SOURCE);
		struct result *r = get(h, s, rows[i].path);

		assert_int_equal(r->code, rows[i].code);
		assert_int_equal(s->requests, rows[i].tries);
		http_close(h);
		server_stop(s);
	}
}

/*
 * Answers that no server means well: ${say}, then ${flood} until nobody listens any more.
 */
static const struct hostile {
	const char *say, *flood;
	enum err_code code;
	const char *words; /* of the error, or the body of an answer that is taken */
} hostile[] = {
#define OK "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK "Transfer-Encoding: chunked\r\n\r\n"
#define GZIP OK "Content-Encoding: gzip\r\n\r\n"
        {"HTTP/1.1 200 ", "a", ERR_LIMIT, "longer than the 100 kB"},
        {OK "X: ", "a", ERR_LIMIT, "longer than the 100 kB"},
        {OK "X: 1", "\r\n x", ERR_LIMIT, "longer than 128 KiB"},
        {"", "HTTP/1.1 100 Continue\r\n\r\n", ERR_LIMIT, "longer than 128 KiB"},
        {CHUNKED "5\r\nhello\r\n0\r\n", "X: 1\r\n", ERR_LIMIT, "longer than"},
        {CHUNKED, "0", ERR_NET, "hex"},
        {CHUNKED "7fffffffffffffff\r\n", "x", ERR_LIMIT, "longer than 1000000 octets"},
        {CHUNKED "FFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n", NULL, ERR_NET, "hex"},
        {CHUNKED "-5\r\nhello\r\n0\r\n\r\n", NULL, ERR_NET, "hex"},
        {CHUNKED "\r\nhello\r\n0\r\n\r\n", NULL, ERR_NET, "hex"},
        {CHUNKED "7\r\nhello\r\n0\r\n\r\n", NULL, ERR_NET, ""},
        {CHUNKED "4\r\nhello\r\n0\r\n\r\n", NULL, ERR_NET, ""},
        {CHUNKED "5\r\nhello0\r\n\r\n", NULL, ERR_NET, ""},
        {OK "Content-Length: -5\r\n\r\nhello", NULL, ERR_PROTO, "Content-Length"},
        {OK "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", NULL,
                0, "hello"},
        {"HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\n", NULL, ERR_NET, ""},
        {"HTTP/1.1 000 No\r\n\r\n", NULL, ERR_PROTO, ""},
        {"hello", NULL, ERR_PROTO, "HTTP/0.9"},
        {GZIP "\x1f\x8b\x07", "x", ERR_PROTO, "damaged"},
        {GZIP "\x1f\x8b\x08\x08xxxxxx", "name", ERR_LIMIT, "nothing in it"},
        {GZIP, "(empty)", ERR_LIMIT, "nothing in it"},
        {OK "Content-Encoding: gzip, gzip\r\n\r\n", "x", ERR_PROTO, "not asked for"},
        {"HTTP/1.1 500 No\r\nContent-Encoding: gzip\r\n\r\n", "(empty)", ERR_LIMIT,
                "nothing in it"},
};

static void hostile_answer(struct conn *c, const struct request *rq)
{
	const struct hostile *a = &hostile[atoi(rq->path + 1)];
	char block[60000];
	uint8_t empty[40];
	const char *flood = a->flood;
	size_t n = flood ? strlen(flood) : 0, len = 0;

	if (n && strcmp(flood, "(empty)") == 0) {
		n = gzip("", 0, empty, sizeof empty);
		flood = (char *)empty;
	}
	for (; n && len + n <= sizeof block; len += n)
		memcpy(block + len, flood, n);
	c->close = true;
	conn_write(c, a->say, strlen(a->say));
	for (c->close = !n; !c->close;)
		conn_write(c, block, len);
}

static void hostile_answers(void **state)
{
	enum { N = sizeof hostile / sizeof *hostile };
	static struct result results[N];
	(void)state;
	struct server *s = server_start(hostile_answer, false);
	struct http *h = open_at(s, GUARD_DAV_SOURCE);
	struct http_request list[N];

	for (size_t i = 0; i < N; i++) {
		buf_init(&results[i].body, 1 << 20);
		list[i] = (struct http_request){.method = "GET",
		        .max_response = 1000000,
		        .url = xasprintf("http://127.0.0.1:%u/%zu", s->port, i),
		        .body_fn = keep_body,
		        .done = keep_done,
		        .ctx = &results[i]};
	}
	assert_int_equal(http_run(h, list, N, N, NULL), 0);
	for (size_t i = 0; i < N; i++) {
		struct result *r = &results[i];

		if (r->code != hostile[i].code ||
		        !strstr(r->code ? r->text : buf_str(&r->body), hostile[i].words))
			fail_msg("row %zu: %d, %s", i, r->code, r->text);
		buf_clear(&r->body);
		free((char *)(uintptr_t)list[i].url);
	}
	http_close(h);
	server_stop(s);
}

static void cut_and_begun_again(void **state)
{
	(void)state;
	struct server *s = server_start(cut_answer, false);
	struct http *h = open_at(s, GUARD_DAV_SOURCE);
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
		struct http *h = open_at(s, GUARD_DAV_TARGET);
		struct http_request rq = {.method = methods[i],
		        .body = "x",
		        .body_size = 1,
		        .header = {"If-None-Match: *"}};
		struct result *r;

		/* the same connection then */
		assert_int_equal(get(h, s, "/warm")->code, 0);
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
	if (strcmp(rq->path, "/extension") == 0) /* of a chunk, and it has no end */
		say(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;");
	while (rq->path[1] == 'e' && !c->close)
		say(c, "%1000d", 0);
	while (more(c)) /* until the other side has enough of it */
		;
	c->close = true;
}

static void silence(void **state)
{
	(void)state;
	struct server *s = server_start(silent_answer, false);
	struct service service = service_at(s);
	struct result *r;
	struct http *h;

	service.at.idle_timeout_ms = 50;
	assert_int_equal(http_open(&service, GUARD_DAV_TARGET, NULL, &h, NULL), 0);
	r = ask(h, s, (struct http_request){.method = "PUT", .header = {"If-None-Match: *"}}, "/x");
	assert_int_equal(r->code, ERR_NET);
	assert_non_null(strstr(r->text, "nothing came for "));
	r = get(h, s, "/extension");
	assert_int_equal(r->code, ERR_NET);
	assert_non_null(strstr(r->text, "nothing came for "));
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
	h = open_at(&gone, GUARD_DAV_SOURCE);
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
	} else if (strcmp(rq->path, "/downgrade/long") == 0) {
		char *far = xasprintf("Location: http://127.0.0.1/%016366d\r\n", 0);

		reply(c, 308, far, "");
		free(far);
	} else if (strcmp(rq->path, "/downgrade/stranger") == 0) {
		reply(c, 308, "Location: http://localhost/end\r\n", "");
	} else if (sscanf(rq->path, "/port/%d", &status) == 1) {
		snprintf(location, sizeof location, "Location: http://127.0.0.1:%d/protected\r\n",
		        status);
		reply(c, 307, location, "");
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
	struct http *h = open_at(s, GUARD_DAV_TARGET);

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
	struct http *h = open_at(s, GUARD_DAV_SOURCE);
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

/* The same host on another port is another service. */
static void credentials_stay_at_their_port(void **state)
{
	(void)state;
	struct server *s = server_start(redirect_answer, false),
	              *other = server_start(redirect_answer, false);
	struct http *h = open_at(s, GUARD_DAV_TARGET);
	struct http_request put = {.method = "PUT", .header = {"If-None-Match: *"}};
	struct result *r = get(h, s, "/protected");
	char path[40];

	assert_int_equal(r->status, 207);
	snprintf(path, sizeof path, "/port/%u", other->port);
	r = get(h, s, path);
	assert_int_equal(r->code, ERR_AUTH);
	assert_non_null(strstr(r->text, "another port"));
	assert_int_equal(other->requests, 1);
	assert_string_equal(other->seen[0], "GET /protected|");
	r = ask(h, s, put, path);
	assert_int_equal(r->code, ERR_REFUSED);
	assert_int_equal(other->requests, 1);
	http_close(h);
	server_stop(s);
	server_stop(other);
}

static void never_down_to_http(void **state)
{
	(void)state;
	struct server *s = server_start(redirect_answer, true);
	struct http *h = open_at(s, GUARD_DAV_SOURCE);
	struct http_request rq = {.method = "GET", .done = keep_done};
	struct result *r = get(h, s, "/downgrade/stranger"), plain = {0};

	assert_int_equal(r->code, ERR_TLS);
	assert_non_null(strstr(r->text, "redirected to http://localhost/end, without TLS"));
	assert_int_equal(s->requests, 1);
	/* One letter more is one too many. */
	assert_int_equal(get(h, s, "/downgrade/long")->code, ERR_TLS);
	/* A server that does not know of its proxy's TLS. */
	r = get(h, s, "/downgrade");
	assert_int_equal(r->code, 0);
	assert_non_null(strstr(r->url, "https://127.0.0.1:"));
	rq.url = "http://127.0.0.1/";
	rq.ctx = &plain;
	assert_int_equal(http_run(h, &rq, 1, 0, NULL), 0);
	assert_int_equal(plain.code, ERR_TLS);
	assert_int_equal(get(h, s, "/fine")->code, 0);
	http_close(h);
	server_stop(s);
}
/* ---- the guard ---- */

#define DISPOSITION "Content-Disposition: attachment; filename=\"a\""

static void guard(void **state)
{
	(void)state;
	static const struct {
		enum guard_role role;
		const char *method, *path, *h1, *h2;
		bool refused;
	} rows[] = {
	        {GUARD_DAV_SOURCE, "GET", "/x", NULL, NULL, false},
	        {GUARD_DAV_SOURCE, "OPTIONS", "/x", NULL, NULL, false},
	        {GUARD_DAV_SOURCE, "HEAD", "/x", NULL, NULL, false},
	        {GUARD_DAV_SOURCE, "PROPFIND", "/x", "Depth: 1", NULL, false},
	        {GUARD_DAV_SOURCE, "REPORT", "/x", NULL, NULL, false},
	        {GUARD_DAV_SOURCE, "PUT", "/x", "If-None-Match: *", NULL, true},
	        {GUARD_DAV_SOURCE, "MKCOL", "/x", NULL, NULL, true},
	        {GUARD_DAV_SOURCE, "MKCALENDAR", "/x", NULL, NULL, true},
	        {GUARD_DAV_SOURCE, "PROPPATCH", "/x", NULL, NULL, true},
	        {GUARD_DAV_SOURCE, "DELETE", "/x", NULL, NULL, true},
	        {GUARD_DAV_SOURCE, "POST", "/x", NULL, NULL, true},
	        {GUARD_DAV_SOURCE, "get", "/x", NULL, NULL, true},
	        {GUARD_DAV_SOURCE, "GET /y HTTP/1.1\r\nX: y\r\n\r\nDELETE", "/x", NULL, NULL, true},
	        {GUARD_DAV_SOURCE, "", "/x", NULL, NULL, true},
	        {GUARD_DAV_TARGET, "PUT", "/x", "If-None-Match: *", "Scheduling-Enabled: F", false},
	        {GUARD_DAV_TARGET, "PUT", "/x", NULL, NULL, true},
	        {GUARD_DAV_TARGET, "PUT", "/x", "If-None-Match: \"e\"", NULL, true},
	        {GUARD_DAV_TARGET, "PUT", "/x", "If-None-Match: *", "If-Match: \"e\"", true},
	        {GUARD_DAV_TARGET, "PUT", "/x", "If-None-Match: *", "If-None-Match: \"e\"", true},
	        {GUARD_DAV_TARGET, "PUT", "/x", "X: y\r\nIf-None-Match: *", NULL, true},
	        {GUARD_DAV_TARGET, "PUT", "/x/", "If-None-Match: *", NULL, true},
	        {GUARD_DAV_TARGET, "PUT", "/x/?y", "If-None-Match: *", NULL, true},
	        {GUARD_DAV_TARGET, "PUT", "/x/..", "If-None-Match: *", NULL, true},
	        {GUARD_DAV_TARGET, "PUT", "/x", "If-Match: \"e\"", NULL, true},
	        {GUARD_DAV_UPDATE, "PUT", "/x", "If-Match: \"e\"", NULL, false},
	        {GUARD_DAV_UPDATE, "PUT", "/x", "If-None-Match: *", NULL, false},
	        {GUARD_DAV_UPDATE, "PUT", "/x", NULL, NULL, true},
	        {GUARD_DAV_UPDATE, "PUT", "/x", "If-Match: *", NULL, true},
	        {GUARD_DAV_UPDATE, "PUT", "/x", "If-Match: \"e\", \"f\"", NULL, true},
	        {GUARD_DAV_UPDATE, "PUT", "/x", "If-Match: W/\"e\"", NULL, true},
	        {GUARD_DAV_UPDATE, "PUT", "/x", "If-Match: \"\"", NULL, true},
	        {GUARD_DAV_UPDATE, "PUT", "/x", "If-Match: \"e\"", "If-Match: \"f\"", true},
	        {GUARD_DAV_UPDATE, "PUT", "/x", "If-Match: \"e\"", "If-None-Match: *", true},
	        {GUARD_DAV_UPDATE, "PUT", "/x/", "If-Match: \"e\"", NULL, true},
	        {GUARD_DAV_UPDATE, "DELETE", "/x", "If-Match: \"e\"", NULL, true},
	        {GUARD_DAV_UPDATE, "MOVE", "/x", NULL, NULL, true},
	        {GUARD_DAV_TARGET, "MKCOL", "/x/", NULL, NULL, false},
	        {GUARD_DAV_TARGET, "MKCALENDAR", "/x/", NULL, NULL, false},
	        {GUARD_DAV_TARGET, "PROPPATCH", "/x/", NULL, NULL, false},
	        {GUARD_DAV_TARGET, "DELETE", "/x", NULL, NULL, true},
	        {GUARD_DAV_TARGET, "MOVE", "/x", NULL, NULL, true},
	        {GUARD_DAV_TARGET, "COPY", "/x", NULL, NULL, true},
	        {GUARD_DAV_TARGET, "PATCH", "/x", NULL, NULL, true},
	        {GUARD_DAV_TARGET, "ACL", "/x", NULL, NULL, true},
	        {GUARD_DAV_TARGET, "POST", "/x", NULL, NULL, true},
	        {GUARD_DAV_TARGET, "POST", "/x?action=attachment-add", DISPOSITION, NULL, false},
	        {GUARD_DAV_SOURCE, "POST", "/x?action=attachment-add", DISPOSITION, NULL, true},
	        {GUARD_DAV_TARGET, "POST", "/x?action=attachment-add", NULL, NULL, true},
	        {GUARD_DAV_TARGET, "POST", "/x/?action=attachment-add", DISPOSITION, NULL, true},
	        {GUARD_DAV_TARGET, "POST", "/x", DISPOSITION, NULL, true},
	        {GUARD_DAV_TARGET, "POST", "/x?action=attachment-remove", DISPOSITION, NULL, true},
	        {GUARD_DAV_TARGET, "POST", "/x?action=attachment-add&managed-id=1", DISPOSITION,
	                NULL, true},
	        {GUARD_DAV_SOURCE, "REPORT", "/x", "X-HTTP-Method-Override: DELETE", NULL, true},
	        {GUARD_DAV_SOURCE, "GET", "/x", "Authorization: Basic x", NULL, true},
	        {GUARD_DAV_SOURCE, "GET", "/x", "Transfer-Encoding: chunked", NULL, true},
	        {GUARD_DAV_SOURCE, "GET", "/x", "no colon", NULL, true},
	        {GUARD_DAV_SOURCE, "GET", "/x", "@file", NULL, true},
	        {GUARD_DAV_SOURCE, "GET", "/x", ": x", NULL, true},
	        {GUARD_DAV_SOURCE, "GET", "/x", "X: a\nY: b", NULL, true},
	};
	struct server *s = server_start(bodies_answer, false);

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

/* ---- a "no" before all was sent ---- */

static void early_no(struct peer *p)
{
	struct linger now = {1, 0};

	if (p->id && !peer_tls(p))
		return;
	while (!strstr(p->seen, "\r\n\r\n"))
		if (peer_byte(p) < 0)
			return;
	peer_say(p, "HTTP/1.1 413 Too Large\r\nContent-Length: 20000\r\n\r\ntoo large");
	usleep(500000); /* so long, that it was read even where the machine is busy */
	/* What is on its way to us is thrown away: a reset for the other side. */
	setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

static void too_large_said_early(void **state)
{
	(void)state;
	struct identity_options options = {.name = "test", .address = "127.0.0.1"};
	struct http_request rq = {.method = "PUT",
	        .header = {"If-None-Match: *"},
	        .body_size = 10 << 20,
	        .done = keep_done};
	char *body = xcalloc(1, rq.body_size);
	struct identity id;

	identity_make(&id, &options);
	rq.body = body;
	for (int tls = 0; tls < 2; tls++) {
		struct server at = {.tls = tls};
		struct service service;
		struct result r = {0};
		struct peer p;
		struct http *h;
		char *url;

		assert_true(peer_start(&p, AF_INET, tls ? &id : NULL, early_no, NULL));
		at.port = p.port;
		service = service_at(&at);
		service.at.pin = tls ? id.sum : NULL;
		assert_int_equal(http_open(&service, GUARD_DAV_TARGET, NULL, &h, NULL), 0);
		url = url_at(&at, "/x");
		rq.url = url;
		rq.ctx = &r;
		assert_int_equal(http_run(h, &rq, 1, 1, NULL), 0);
		if (r.status != 413 || r.code)
			fail_msg("tls %d: HTTP %d, %s", tls, r.status, r.text);
		assert_string_equal(r.error_body, "too large");
		http_close(h);
		peer_stop(&p);
		free(url);
	}
	identity_clear(&id);
	free(body);
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
	        cmocka_unit_test(hostile_answers),
	        cmocka_unit_test(cut_and_begun_again),
	        cmocka_unit_test(writes_are_not_sent_again),
	        cmocka_unit_test(silence),
	        cmocka_unit_test(nobody_there),
	        cmocka_unit_test(redirects),
	        cmocka_unit_test(credentials_stay_home),
	        cmocka_unit_test(credentials_stay_at_their_port),
	        cmocka_unit_test(never_down_to_http),
	        cmocka_unit_test(guard),
	        cmocka_unit_test(too_large_said_early),
	};

	return cmocka_run_group_tests(tests, make_certificate, drop_certificate);
}
