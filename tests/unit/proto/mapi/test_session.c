/*
 * Sessions of MAPI over HTTP with a server in this program: the recorded exchanges octet
 * for octet, and servers that are slow, busy, gone or wrong.
 */
#include "http/httpd.h"
#include "proto/mapi/wire.h"
#include "valise/base/clock.h"
#include "valise/base/file.h"
#include "valise/base/le.h"
#include <fcntl.h>
#include <stdio.h>

#define DN "/o=x/cn=alice"
#define PATH "/mapi/emsmdb/?MailboxId=a@b"
#define LAST 51

/* ---- a server ---- */

#define OK                                                                                         \
	{                                                                                          \
		.head = NULL                                                                       \
	}

/* Answers of one server, one after the other; the last one stays. */
struct step {
	const char *head; /* further fields, each with its CRLF */
	const char *prelude; /* NULL: PROCESSING and DONE */
	const char *octets; /* NULL: those of a success */
	size_t n;
	int status; /* 0: 200 */
	const char *type; /* NULL: application/mapi-http */
	int cut; /* octets that are missing at its end */
	bool silent; /* closes the connection without an answer */
};

static const struct step *steps;
static size_t n_steps;
static char bodies[64][600], heads[64][2000];
static size_t body_lens[64];

static const char connected[] = "\0\0\0\0\0\0\0\0\x60\xea\0\0\6\0\0\0\x10\x27\0\0"
                                "dn\0"
                                "A\0\xfc\0\x3d\xd8\0\xde\0\0"
                                "\0\0\0\0";
/* RopRelease has no answer: a payload with one handle */
static const char executed[] = "\0\0\0\0\0\0\0\0\0\0\0\0\x10\0\0\0"
                               "\0\0\4\0\x8\0\x8\0\4\0ok\1\0\0\0"
                               "\0\0\0\0";

/* Where the X-RequestType of a request is. */
static bool is_type(const struct request *rq, const char *type)
{
	const char *value = field(rq, "\r\nX-RequestType");

	return value && strcmp(value, type) == 0;
}

static void give_octets(struct conn *c, const struct request *rq, const struct step *st)
{
	const char *prelude = st->prelude ? st->prelude : "PROCESSING\r\nDONE\r\n\r\n";
	bool connect = is_type(rq, "Connect");
	const char *octets = connect ? connected : executed;
	size_t n = connect ? sizeof connected - 1 : sizeof executed - 1;

	if (st->octets) {
		octets = st->octets;
		n = st->n;
	} else if (is_type(rq, "Disconnect") || is_type(rq, "PING")) {
		n = 0;
	}
	say(c, "HTTP/1.1 %d Text\r\nContent-Type: %s\r\n%sContent-Length: %zu\r\n\r\n%s",
	        st->status ? st->status : 200, st->type ? st->type : "application/mapi-http",
	        st->head ? st->head : "X-ResponseCode: 0\r\n", strlen(prelude) + n, prelude);
	conn_write(c, octets, n - (size_t)MIN(st->cut, (int)n));
	c->close |= st->cut > 0;
}

static void by_steps(struct conn *c, const struct request *rq)
{
	const struct step *st = &steps[MIN((size_t)rq->number, n_steps - 1)];

	if (rq->number < 64) {
		body_lens[rq->number] = rq->body_len;
		memcpy(bodies[rq->number], rq->body, MIN(rq->body_len, sizeof bodies[0]));
		snprintf(heads[rq->number], sizeof heads[0], "%.1990s", rq->head);
	}
	if (st->silent)
		c->close = true;
	else
		give_octets(c, rq, st);
}

#define SERVER(list) server_of(list, sizeof(list) / sizeof *(list))
static struct server *server_of(const struct step *list, size_t n)
{
	steps = list;
	n_steps = n;
	return server_start(by_steps, false);
}

static struct service mailbox_at(const struct server *s)
{
	struct service service = service_at(s);

	service.kind = SERVICE_MAPI;
	service.name = "mapi";
	service.at.path = (char *)(uintptr_t)PATH;
	service.mailbox = (char *)(uintptr_t)DN;
	return service;
}

static struct mapi_session *open_session(const struct server *s)
{
	struct service service = mailbox_at(s);
	struct mapi_session *m = NULL;
	struct err err = {0};

	if (mapi_connect(&service, GUARD_MAPI_SOURCE, NULL, &m, &err) != 0)
		fail_msg("%s", err.text);
	return m;
}

static int keep_rops(void *ctx, const struct mapi_answer *a, struct err *err)
{
	struct buf *out = ctx;

	(void)err;
	buf_put(out, a->rops, a->n_rops);
	for (size_t i = 0; i < a->n_handles; i++)
		buf_putf(out, " %x", (unsigned)a->handles[i]);
	return 0;
}

/* One RopRelease; the answer's ROPs and handles as text in ${out}. */
static int release(struct mapi_session *m, struct buf *out, struct err *err)
{
	static const uint8_t rops[] = {1, 0, 0};
	static const uint32_t handles[] = {7};
	struct mapi_request rq = {.rops = rops,
	        .n_rops = sizeof rops,
	        .handles = handles,
	        .n_handles = 1,
	        .answer = keep_rops,
	        .ctx = out};

	buf_reset(out);
	return mapi_execute(m, &rq, err);
}

/* ---- the recorded exchanges ---- */

struct exchange {
	char type[16];
	struct buf head, rq, rs;
};
static struct exchange recorded[LAST + 1];

static void read_part(int i, const char *type, const char *ext, struct buf *out)
{
	char path[400];
	struct err err = {0};

	snprintf(path, sizeof path, "%s/mapi/recorded/%03d-%s.%s", FIXTURES, i, type, ext);
	buf_init(out, 1 << 20);
	if (file_read(AT_FDCWD, path, out, &err) != 0)
		fail_msg("%s", err.text);
}

static int read_recorded(void **state)
{
	(void)state;
	for (int i = 1; i <= LAST; i++) {
		struct exchange *x = &recorded[i];

		snprintf(x->type, sizeof x->type, "%s",
		        i == 1 ? "Connect" : (i == LAST ? "Disconnect" : "Execute"));
		read_part(i, x->type, "hdr", &x->head);
		read_part(i, x->type, "req", &x->rq);
		read_part(i, x->type, "rsp", &x->rs);
	}
	return 0;
}

static int drop_recorded(void **state)
{
	(void)state;
	for (int i = 1; i <= LAST; i++) {
		buf_clear(&recorded[i].head);
		buf_clear(&recorded[i].rq);
		buf_clear(&recorded[i].rs);
	}
	return 0;
}

static int mismatch; /* the first request that was not as recorded */

static void replay(struct conn *c, const struct request *rq)
{
	const struct exchange *x = &recorded[MIN(rq->number + 1, LAST)];
	const char *fields = strstr(buf_str(&x->head), "\n\n200\n");
	const char *cookie = strstr(buf_str(&x->head), "\nCookie: "), *line;
	char want[300] = "";

	if (cookie && cookie < fields)
		snprintf(want, sizeof want, "%.*s", (int)strcspn(cookie + 9, "\n"), cookie + 9);
	line = field(rq, "\r\nCookie");
	if (rq->body_len != x->rq.len || memcmp(rq->body, x->rq.data, x->rq.len) != 0 ||
	        strcmp(line ? line : "", want) != 0 || !is_type(rq, x->type))
		mismatch = mismatch ? mismatch : rq->number + 1;
	say(c, "HTTP/1.1 200 OK\r\n");
	for (line = fields + 6; *line; line += strcspn(line, "\n") + 1)
		say(c, "%.*s\r\n", (int)strcspn(line, "\n"), line);
	say(c, "\r\n%zx\r\n", x->rs.len);
	conn_write(c, x->rs.data, x->rs.len);
	say(c, "\r\n0\r\n\r\n");
}

/* All octets of all payloads' ROPs together. */
static int count_rops(void *ctx, const struct mapi_answer *a, struct err *err)
{
	size_t *counts = ctx;

	(void)err;
	counts[0]++;
	counts[1] += a->n_rops;
	return 0;
}

/* The request of a recorded body, as a caller gives it. */
static struct mapi_request request_of(const struct buf *body, uint32_t *handles)
{
	const uint8_t *p = body->data + 16;
	size_t size = le16(p), n = (le32(body->data + 4) - 8 - size) / 4;

	for (size_t i = 0; i < n; i++)
		handles[i] = le32(p + size + 4 * i);
	return (struct mapi_request){.rops = p + 2,
	        .n_rops = size - 2,
	        .handles = handles,
	        .n_handles = n,
	        .chain = body->data[0] & 4,
	        .answer = count_rops};
}

static void recorded_octets(void **state)
{
	(void)state;
	struct server *s = server_start(replay, false);
	struct service service = mailbox_at(s);
	struct mapi_session *m = NULL;
	size_t counts[2] = {0, 0};
	struct err err = {0};

	service.mailbox = (char *)(uintptr_t)buf_str(&recorded[1].rq);
	assert_int_equal(mapi_connect(&service, GUARD_MAPI_TARGET, NULL, &m, &err), 0);
	assert_string_equal(mapi_greeting(m)->display_name, "Fixture User");
	assert_string_equal(mapi_greeting(m)->server, "Exchange/15.00.0847.4040");
	for (int i = 2; i < LAST; i++) {
		uint32_t handles[MAPI_HANDLES_MAX];
		struct mapi_request rq = request_of(&recorded[i].rq, handles);

		rq.ctx = counts;
		if (mapi_execute(m, &rq, &err) != 0)
			fail_msg("%d: %s", i, err.text);
		if (i == 9) /* eight payloads, with all of the Inbox's first octets */
			assert_int_equal(counts[0], 8 + 7);
	}
	assert_true(counts[1] > 500000);
	assert_int_equal(mapi_requests(m), LAST - 1);
	mapi_disconnect(m);
	assert_int_equal(s->requests, LAST);
	assert_int_equal(mismatch, 0);
	server_stop(s);
}

/* ---- what a session is made of ---- */

static void one_session(void **state)
{
	(void)state;
	static const struct step list[] = {
	        {.head = "X-ResponseCode: 0\r\nSet-Cookie: sid=1; path=/\r\n"
	                 "Set-Cookie: seq=a\r\n"},
	        {.head = "X-ResponseCode: 0\r\nSet-Cookie: seq=b\r\n"},
	        {.type = "application/octet-stream"},
	};
	struct server *s = SERVER(list);
	struct mapi_session *m = open_session(s);
	struct buf out = buf_of(1000);

	assert_string_equal(mapi_greeting(m)->display_name, "A\xc3\xbc\xf0\x9f\x98\x80");
	assert_null(mapi_greeting(m)->server);
	assert_int_equal(release(m, &out, NULL), 0);
	assert_string_equal(buf_str(&out), "ok 1");
	assert_int_equal(release(m, &out, NULL), 0);
	assert_int_equal(mapi_requests(m), 3);
	assert_false(mapi_is_lost(m));
	mapi_disconnect(m);
	assert_int_equal(s->requests, 4);
	assert_memory_equal(bodies[0], DN, sizeof DN);
	assert_null(strstr(heads[0], "Cookie"));
	assert_non_null(strstr(heads[1], "\r\nCookie: sid=1; seq=a\r\n"));
	assert_non_null(strstr(heads[2], "\r\nCookie: sid=1; seq=b\r\n"));
	assert_non_null(strstr(heads[0], "}:1\r\n"));
	assert_non_null(strstr(heads[3], "}:4\r\n"));
	assert_non_null(strstr(heads[3], "X-RequestType: Disconnect\r\n"));
	assert_non_null(strstr(heads[3], "POST " PATH " HTTP"));
	buf_clear(&out);
	server_stop(s);
}

static void signs_in_first(struct conn *c, const struct request *rq)
{
	if (!field(rq, "\r\nAuthorization"))
		reply(c, 401, "WWW-Authenticate: Basic realm=\"r\"\r\nSet-Cookie: lb=9\r\n", "");
	else
		by_steps(c, rq);
}

/* A 401 is answered, and its cookie goes along with what follows. */
static void signs_in(void **state)
{
	(void)state;
	static const struct step list[] = {{.head = NULL}};
	struct server *s;
	struct mapi_session *m;
	struct buf out = buf_of(1000);

	steps = list;
	n_steps = 1;
	s = server_start(signs_in_first, false);
	m = open_session(s);
	assert_int_equal(s->requests, 2);
	assert_int_equal(release(m, &out, NULL), 0);
	assert_non_null(strstr(heads[2], "\r\nCookie: lb=9\r\n"));
	mapi_disconnect(m);
	buf_clear(&out);
	server_stop(s);
}

static void refuses_in_between(struct conn *c, const struct request *rq)
{
	if (!field(rq, "\r\nAuthorization") || rq->number == 2 || rq->number > 3)
		reply(c, 401, "WWW-Authenticate: Basic realm=\"r\"\r\n", "");
	else
		by_steps(c, rq);
}

/* A 401 in the middle is asked once more, as nothing was done; a second one ends it. */
static void signs_in_again(void **state)
{
	(void)state;
	static const struct step list[] = {OK};
	struct server *s;
	struct mapi_session *m;
	struct buf out = buf_of(1000);

	steps = list;
	n_steps = 1;
	s = server_start(refuses_in_between, false);
	m = open_session(s);
	assert_int_equal(release(m, &out, NULL), 0);
	assert_int_equal(s->requests, 4);
	assert_false(mapi_is_lost(m));
	assert_int_equal(release(m, &out, NULL), ERR_AUTH);
	assert_int_equal(s->requests, 6);
	assert_true(mapi_is_lost(m));
	mapi_disconnect(m);
	buf_clear(&out);
	server_stop(s);
}

/* ---- an Execute that goes wrong ---- */

#define CODE(n)                                                                                    \
	{                                                                                          \
		.head = "X-ResponseCode: " #n "\r\n"                                               \
	}

static const struct execute_row {
	struct step step;
	int rc;
	bool lost;
	const char *says;
} wrong[] = {
        {{.prelude = "PROCESSING\r\nPENDING\r\nPENDING\r\nDONE\r\nX-ResponseCode: 0\r\n\r\n"}, 0,
                false, ""},
        {{.prelude = "PROCESSING\r\nDONE\r\nX-ResponseCode: 10\r\n\r\n"}, ERR_NET, true,
                "X-ResponseCode 10"},
        {CODE(10), ERR_NET, true, "does not know the session"},
        {CODE(13), ERR_NET, true, "cookies"},
        {CODE(15), ERR_NET, true, "out of order"},
        {CODE(11), ERR_AUTH, true, "another user"},
        {CODE(16), ERR_REFUSED, true, "switched off"},
        {CODE(77), ERR_PROTO, true, "not known"},
        {{.head = "X-ResponseCode: 12\r\n", .prelude = "a diagnosis"}, ERR_PROTO, true,
                "(X-ResponseCode 12): a diagnosis"},
        /* gromox */
        {{.head = "X-ResponseCode: 2\r\n",
                 .type = "text/html",
                 .prelude = "<h1>Diagnostic</h1>\r\n<p>The request has an invalid session "
                            "context cookie.</p>",
                 .octets = "",
                 .n = 0},
                ERR_NET, true, "Diagnostic The request has an invalid session context cookie."},
        {{.type = "text/html", .prelude = "<b>sign in</b>\x1b[2J"}, ERR_PROTO, true,
                "none of MAPI over HTTP: sign in"},
        {{.head = ""}, ERR_PROTO, true, "none of MAPI"},
        {{.prelude = "HELLO\r\n"}, ERR_PROTO, true, "HELLO"},
        {{.prelude = "PROCESSING\r\n", .octets = "", .n = 0}, ERR_PROTO, true, "ends before"},
        {{.cut = 3}, ERR_NET, true, ""},
        {{.silent = true}, ERR_NET, true, "unknown whether"},
        {{.status = 500}, ERR_NET, true, "HTTP 500"},
        {{.status = 504}, ERR_NET, true, "HTTP 504"},
        {{.status = 502}, ERR_NET, true, "HTTP 502"},
        {{.status = 404}, ERR_NET, true, "HTTP 404"},
        {{.status = 403}, ERR_AUTH, true, "HTTP 403"},
        {{.status = 302, .head = "Location: https://evil.example/\r\n"}, ERR_NET, true,
                "redirected to https://evil.example/"},
        {{.octets = "\0\0\0\0\0\0\0\0\0\0\0\0\x10\0\0\0", .n = 16}, ERR_PROTO, true, "cut short"},
        {{.octets = "\0\0\0", .n = 3}, ERR_PROTO, true, "cut short"},
        {{.octets = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", .n = 20}, ERR_PROTO, true,
                "not marked"},
        {{.octets = "\0\0\0\0\0\0\0\0\0\0\0\0\x0a\0\0\0\0\0\4\0\2\0\2\0\3\0", .n = 26}, ERR_PROTO,
                true, "size of its ROPs"},
        {{.octets = "\0\0\0\0\xb6\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0", .n = 20}, ERR_REFUSED, false,
                "ecRpcFormat"},
        {{.octets = "\x15\1\4\x80\0\0\0\0", .n = 8}, ERR_REFUSED, false, "ecRpcFailed"},
        {{.octets = "\0\0\0\0\5\0\7\x80\0\0\0\0\0\0\0\0\0\0\0\0", .n = 20}, ERR_AUTH, false,
                "ecAccessDenied"},
};

static void wrong_answers(void **state)
{
	(void)state;
	struct buf out = buf_of(1000);

	for (size_t i = 0; i < COUNT(wrong); i++) {
		const struct step list[] = {OK, wrong[i].step, OK};
		struct server *s = SERVER(list);
		struct mapi_session *m = open_session(s);
		struct err err = {0};
		int rc = release(m, &out, &err);

		if (rc != wrong[i].rc || mapi_is_lost(m) != wrong[i].lost ||
		        !strstr(err.text, wrong[i].says))
			fail_msg("row %zu: %d %d %s", i, rc, mapi_is_lost(m), err.text);
		assert_int_equal(s->requests, 2);
		/* a session that is gone asks for nothing more, and says no goodbye */
		if (wrong[i].lost)
			assert_int_equal(release(m, &out, &err), ERR_NET);
		mapi_disconnect(m);
		assert_int_equal(s->requests, wrong[i].lost ? 2 : 3);
		server_stop(s);
	}
	buf_clear(&out);
}

static int stop_reading(void *ctx, const struct mapi_answer *a, struct err *err)
{
	(void)ctx, (void)a;
	return err_set(err, ERR_DAMAGED, ERR_ITEM, "enough");
}

/* At work for three idle times, and it says so. */
static void pends(struct conn *c, const struct request *rq)
{
	if (!is_type(rq, "Execute")) {
		by_steps(c, rq);
		return;
	}
	say(c, "HTTP/1.1 200 OK\r\nContent-Type: application/mapi-http\r\n"
	       "X-ResponseCode: 0\r\nTransfer-Encoding: chunked\r\n\r\nc\r\nPROCESSING\r\n\r\n");
	for (int i = 0; i < 15; i++) {
		usleep(60000);
		say(c, "9\r\nPENDING\r\n\r\n");
	}
	say(c, "8\r\nDONE\r\n\r\n\r\n%zx\r\n", sizeof executed - 1);
	conn_write(c, executed, sizeof executed - 1);
	say(c, "\r\n0\r\n\r\n");
}

static void pending_is_no_silence(void **state)
{
	(void)state;
	static const struct step list[] = {OK};
	struct server *s;
	struct service service;
	struct mapi_session *m;
	struct buf out = buf_of(1000);

	steps = list;
	n_steps = 1;
	s = server_start(pends, false);
	service = mailbox_at(s);
	service.at.idle_timeout_ms = 300;
	assert_int_equal(mapi_connect(&service, GUARD_MAPI_SOURCE, NULL, &m, NULL), 0);
	assert_int_equal(release(m, &out, NULL), 0);
	assert_string_equal(buf_str(&out), "ok 1");
	assert_int_equal(m->body.pending, 15);
	mapi_disconnect(m);
	buf_clear(&out);
	server_stop(s);
}

static int pending_lines;

/* One that never ends. */
static void pends_for_ever(struct conn *c, const struct request *rq)
{
	if (!is_type(rq, "Execute")) {
		by_steps(c, rq);
		return;
	}
	say(c, "HTTP/1.1 200 OK\r\nContent-Type: application/mapi-http\r\n"
	       "X-ResponseCode: 0\r\n\r\nPROCESSING\r\n");
	for (pending_lines = 0; !c->close && pending_lines < 40; pending_lines++) {
		usleep(250000);
		say(c, "PENDING\r\n");
	}
	c->close = true;
}

/* Ten idle times, and their octets at 100 a second: patience.h. */
static void pending_has_an_end(void **state)
{
	(void)state;
	static const struct step list[] = {OK};
	struct server *s;
	struct service service;
	struct mapi_session *m;
	struct buf out = buf_of(1000);
	struct err err = {0};

	steps = list;
	n_steps = 1;
	s = server_start(pends_for_ever, false);
	service = mailbox_at(s);
	service.at.idle_timeout_ms = 60;
	assert_int_equal(mapi_connect(&service, GUARD_MAPI_SOURCE, NULL, &m, NULL), 0);
	assert_int_equal(release(m, &out, &err), ERR_NET);
	assert_true(mapi_is_lost(m));
	mapi_disconnect(m);
	buf_clear(&out);
	server_stop(s);
	assert_true(pending_lines < 40);
}

/* What the caller says of an answer ends its request, and not the session. */
static void caller_ends(void **state)
{
	(void)state;
	static const struct step list[] = {OK};
	struct server *s = SERVER(list);
	struct mapi_session *m = open_session(s);
	static const uint8_t rops[] = {1, 0, 0};
	static const uint32_t handles[] = {7};
	struct mapi_request rq = {rops, sizeof rops, handles, 1, false, stop_reading, NULL};

	assert_int_equal(mapi_execute(m, &rq, NULL), ERR_DAMAGED);
	assert_false(mapi_is_lost(m));
	rq.answer = count_rops;
	rq.ctx = (size_t[2]){0, 0};
	assert_int_equal(mapi_execute(m, &rq, NULL), 0);
	rq.n_rops = MAPI_ROPS_MAX + 1;
	assert_int_equal(mapi_execute(m, &rq, NULL), ERR_LIMIT);
	rq.n_rops = sizeof rops;
	rq.n_handles = MAPI_HANDLES_MAX + 1;
	assert_int_equal(mapi_execute(m, &rq, NULL), ERR_LIMIT);
	assert_false(mapi_is_lost(m));
	mapi_disconnect(m);
	server_stop(s);
}

/* The guard stands before the session: what a source asks for only reads. */
static void guard_refuses(void **state)
{
	(void)state;
	static const struct step list[] = {OK};
	static const uint8_t submit[] = {0x32, 0, 0, 0};
	static const uint32_t handles[] = {7};
	struct server *s = SERVER(list);
	struct mapi_session *m = open_session(s);
	size_t counts[2] = {0, 0};
	struct mapi_request rq = {submit, sizeof submit, handles, 1, false, count_rops, counts};
	struct err err = {0};

	assert_int_equal(mapi_execute(m, &rq, &err), ERR_GUARD);
	assert_non_null(strstr(err.text, "RopSubmitMessage"));
	assert_int_equal(s->requests, 1);
	assert_false(mapi_is_lost(m));
	mapi_disconnect(m);
	server_stop(s);
}

/* ---- busy servers ---- */

static const struct step refused_for_now = {
        .octets = "\0\0\0\0\x80\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0", .n = 20};
/* RopBackoff of 30 ms, with one ROP of 40 ms and two octets more */
static const struct step backs_off = {
        .octets = "\0\0\0\0\0\0\0\0\0\0\0\0\x1a\0\0\0"
                  "\0\0\4\0\x12\0\x12\0\x12\0\xf9\0\x1e\0\0\0\1\x15\x28\0\0\0\2\0xy"
                  "\0\0\0\0",
        .n = 46};

static void count_said(void *ctx, enum say_level level, const char *text)
{
	int *said = ctx;

	*said += level == SAY_NOTE && strstr(text, "asks for a pause");
}

static void busy_servers(void **state)
{
	(void)state;
	const struct step rows[] = {
	        {.status = 503, .head = "Retry-After: 1\r\n"},
	        {.status = 429},
	        refused_for_now,
	};
	struct buf out = buf_of(1000);

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct step list[] = {OK, rows[i], OK};
		struct server *s = SERVER(list);
		struct service service = mailbox_at(s);
		struct progress progress;
		struct mapi_session *m = NULL;
		int64_t before = clock_ms();
		int said = 0;

		progress_init(&progress);
		progress.say = count_said;
		progress.ctx = &said;
		assert_int_equal(mapi_connect(&service, GUARD_MAPI_SOURCE, &progress, &m, NULL), 0);

		assert_int_equal(release(m, &out, NULL), 0);
		assert_true(clock_ms() - before >= 1000);
		assert_int_equal(s->requests, 3);
		assert_int_equal(said, 1);
		mapi_disconnect(m);
		server_stop(s);
	}
	buf_clear(&out);
}

static void server_backs_off(void **state)
{
	(void)state;
	const struct step list[] = {OK, backs_off, OK};
	struct server *s = SERVER(list);
	struct mapi_session *m = open_session(s);
	struct buf out = buf_of(1000);
	int64_t before = clock_ms();

	assert_int_equal(release(m, &out, NULL), 0);
	assert_string_equal(buf_str(&out), "ok 1");
	assert_true(clock_ms() - before >= 40);
	assert_int_equal(s->requests, 3);
	mapi_disconnect(m);
	buf_clear(&out);
	server_stop(s);
}

/* It is not waited for without an end, and the session is not lost by that. */
static void patience_ends(void **state)
{
	(void)state;
	const struct step list[] = {OK, backs_off};
	struct server *s = SERVER(list);
	struct mapi_session *m = open_session(s);
	struct buf out = buf_of(1000);
	struct err err = {0};

	m->waited_ms = 30 * 60 * 1000 - 100;
	m->paused = true;
	assert_int_equal(release(m, &out, &err), ERR_BUSY);
	assert_non_null(strstr(err.text, "try again later"));
	assert_true(s->requests > 2 && s->requests < 6);
	assert_false(mapi_is_lost(m));
	assert_int_equal(mapi_pause(m, -1, "x", NULL), ERR_BUSY);
	/* once something goes without a pause, it begins anew */
	m->paused = false;
	m->waited_ms = 30 * 60 * 1000;
	steps = (struct step[]){OK};
	n_steps = 1;
	assert_int_equal(release(m, &out, &err), 0);
	assert_int_equal(m->waited_ms, 0);
	mapi_disconnect(m);
	buf_clear(&out);
	server_stop(s);
}

/* A 429 that is too much did nothing: what comes later finds the session as it was. */
static void busy_is_not_lost(void **state)
{
	(void)state;
	static const struct step list[] = {OK, {.status = 429}, OK};
	struct server *s = SERVER(list);
	struct mapi_session *m = open_session(s);
	struct buf out = buf_of(1000);

	m->http->common->waited_ms = 30 * 60 * 1000;
	assert_int_equal(release(m, &out, NULL), ERR_BUSY);
	assert_false(mapi_is_lost(m));
	assert_int_equal(release(m, &out, NULL), 0);
	mapi_disconnect(m);
	buf_clear(&out);
	server_stop(s);
}

static void hangs_at_goodbye(struct conn *c, const struct request *rq)
{
	if (is_type(rq, "Disconnect"))
		usleep(4500000);
	by_steps(c, rq);
}

static void goodbye_is_short(void **state)
{
	(void)state;
	static const struct step list[] = {OK};
	struct server *s;
	struct mapi_session *m;
	int64_t before;

	steps = list;
	n_steps = 1;
	s = server_start(hangs_at_goodbye, false);
	m = open_session(s);
	before = clock_ms();
	mapi_disconnect(m);
	assert_true(clock_ms() - before < 4000);
	server_stop(s);
}

static void idle_session_is_kept(void **state)
{
	(void)state;
	static const struct step list[] = {
	        {.head = "X-ResponseCode: 0\r\nX-ExpirationInfo: 600000\r\n"}};
	struct server *s = SERVER(list);
	struct mapi_session *m = open_session(s);

	assert_int_equal(mapi_ping(m, NULL), 0);
	assert_int_equal(s->requests, 1);
	m->last_ms -= 300001;
	assert_int_equal(mapi_ping(m, NULL), 0);
	assert_int_equal(s->requests, 2);
	assert_non_null(strstr(heads[1], "X-RequestType: PING\r\n"));
	assert_int_equal(body_lens[1], 0);
	mapi_disconnect(m);
	server_stop(s);
}

/* ---- Connect ---- */

static const struct connect_row {
	struct step step;
	int rc, requests;
	const char *says;
} refused[] = {
        {{.octets = "\0\0\0\0\xeb\3\0\0", .n = 8}, ERR_AUTH, 1, "ecUnknownUser"},
        {{.octets = "\5\0\7\x80\5\0\7\x80", .n = 8}, ERR_AUTH, 1, "ecAccessDenied"},
        {{.octets = "\1\2\3\4\0\0\0\0", .n = 8}, ERR_REFUSED, 1, "0x04030201"},
        {{.octets = "\0\0\0\0", .n = 4}, ERR_PROTO, 1, "too short"},
        {{.octets = connected, .n = 22}, ERR_PROTO, 1, "too short"},
        {{.octets = connected, .n = 30}, ERR_PROTO, 1, "too short"},
        {{.head = "X-ResponseCode: 2\r\n"}, ERR_PROTO, 1, "method"},
        {{.head = "X-ResponseCode: 8\r\n"}, ERR_AUTH, 1, "sign-in"},
        {{.status = 404}, ERR_REFUSED, 1, "HTTP 404"},
        {{.status = 302, .head = "Location: https://127.0.0.1:1/mapi\r\n"}, ERR_REFUSED, 1,
                "redirected to https://127.0.0.1:1/mapi"},
        {{.status = 302, .head = "Location: http://evil.example/\r\n"}, ERR_REFUSED, 1,
                "redirected"},
        {{.status = 302}, ERR_REFUSED, 1, "nowhere"},
        {{.status = 307, .head = "Location: /again\r\n"}, ERR_REFUSED, 4, "/again"},
};

static void connect_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		const struct step list[] = {refused[i].step};
		struct server *s = SERVER(list);
		struct service service = mailbox_at(s);
		struct mapi_session *m = (void *)1;
		struct err err = {0};
		int rc = mapi_connect(&service, GUARD_MAPI_SOURCE, NULL, &m, &err);

		if (rc != refused[i].rc || m || !strstr(err.text, refused[i].says) ||
		        s->requests != refused[i].requests)
			fail_msg("row %zu: %d %d %s", i, rc, s->requests, err.text);
		server_stop(s);
	}
}

/* To another path of the same server, as front ends do it. */
static void connect_moves(void **state)
{
	(void)state;
	static const struct step list[] = {{.status = 302,
	                                           .head = "Location: /mapi2/?x=%40y\r\n"
	                                                   "Set-Cookie: old=1\r\n"},
	        OK};
	struct server *s = SERVER(list);
	struct mapi_session *m = open_session(s);

	assert_int_equal(s->requests, 2);
	assert_non_null(strstr(heads[1], "POST /mapi2/?x=%40y HTTP"));
	assert_null(strstr(heads[1], "Cookie"));
	mapi_disconnect(m);
	assert_non_null(strstr(heads[2], "POST /mapi2/?x=%40y HTTP"));
	server_stop(s);
}

static void too_many_cookies(void **state)
{
	(void)state;
	struct buf head = buf_of(10000);
	struct step list[1] = {{0}};
	struct service service;
	struct mapi_session *m;
	struct server *s;

	buf_puts(&head, "X-ResponseCode: 0\r\n");
	for (int i = 0; i <= MAPI_COOKIES_MAX; i++)
		buf_putf(&head, "Set-Cookie: c%d=1\r\n", i);
	list[0].head = buf_str(&head);
	s = SERVER(list);
	service = mailbox_at(s);
	assert_int_equal(mapi_connect(&service, GUARD_MAPI_SOURCE, NULL, &m, NULL), ERR_LIMIT);
	service.mailbox = NULL;
	assert_int_equal(mapi_connect(&service, GUARD_MAPI_SOURCE, NULL, &m, NULL), ERR_USAGE);
	buf_clear(&head);
	server_stop(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(recorded_octets, read_recorded, drop_recorded),
	        cmocka_unit_test(one_session),
	        cmocka_unit_test(signs_in),
	        cmocka_unit_test(signs_in_again),
	        cmocka_unit_test(wrong_answers),
	        cmocka_unit_test(pending_is_no_silence),
	        cmocka_unit_test(pending_has_an_end),
	        cmocka_unit_test(caller_ends),
	        cmocka_unit_test(guard_refuses),
	        cmocka_unit_test(busy_servers),
	        cmocka_unit_test(server_backs_off),
	        cmocka_unit_test(patience_ends),
	        cmocka_unit_test(busy_is_not_lost),
	        cmocka_unit_test(goodbye_is_short),
	        cmocka_unit_test(idle_session_is_kept),
	        cmocka_unit_test(connect_is_refused),
	        cmocka_unit_test(connect_moves),
	        cmocka_unit_test(too_many_cookies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
