/*
 * POP3: the machine of dots at every border, CAPA, LIST and UIDL from scripted servers,
 * RETR, refusals.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <pthread.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <cmocka.h>
#include "valise/base/buf.h"
#include "valise/base/mem.h"
#include "valise/proto/pop3/pop3.h"
#include "proto/pop3/internal.h"

struct text {
	char data[4096];
	size_t n;
};

static int take(void *ctx, const void *p, size_t n, struct err *err)
{
	struct text *t = ctx;

	(void)err;
	assert_true(t->n + n <= sizeof t->data);
	memcpy(t->data + t->n, p, n);
	t->n += n;
	return 0;
}

#define B(s) s, sizeof(s) - 1

static const struct dot_case {
	const char *name, *wire;
	size_t wire_len;
	const char *body;
	size_t body_len;
	bool ends;
} dots[] = {
        {"empty", B(".\r\n"), B(""), true},
        {"one line", B("a\r\n.\r\n"), B("a\r\n"), true},
        {"a stuffed dot", B("..\r\n.\r\n"), B(".\r\n"), true},
        {"a stuffed line", B("a\r\n..b\r\n.\r\n"), B("a\r\n.b\r\n"), true},
        {"two dots", B("...\r\n.\r\n"), B("..\r\n"), true},
        {"a dot that was not stuffed", B(".b\r\n.\r\n"), B("b\r\n"), true},
        {"bare LF is no line end", B("a\n.\n.\r\n\r\n.\r\n"), B("a\n.\n.\r\n\r\n"), true},
        {"bare CR", B("a\r.\r\n.\r\n"), B("a\r.\r\n"), true},
        {"dot, CR and more", B(".\rx\r\n.\r\n"), B("\rx\r\n"), true},
        {"dot, two CR", B(".\r\r\n.\r\n"), B("\r\r\n"), true},
        {"NUL", B("a\0b\r\n.\r\n"), B("a\0b\r\n"), true},
        {"CR CR LF", B("a\r\r\n.\r\n"), B("a\r\r\n"), true},
        {"empty lines", B("\r\n\r\n.\r\n"), B("\r\n\r\n"), true},
        {"no end", B("a\r\n.\r"), B("a\r\n"), false},
        {"what follows stays", B("a\r\n.\r\n+OK\r\n"), B("a\r\n"), true},
};

/* Every way to cut the octets in two, and octet by octet. */
static void test_dots_at_every_border(void **state)
{
	(void)state;
	for (size_t c = 0; c < sizeof dots / sizeof *dots; c++)
		for (size_t cut = 0; cut <= dots[c].wire_len + 1; cut++) {
			const struct dot_case *k = &dots[c];
			struct dot d = {.state = DOT_LINE_START};
			struct text out = {.n = 0};
			size_t at = 0;

			while (at < k->wire_len && d.state != DOT_END) {
				size_t n = cut > k->wire_len ? 1
				           : at < cut        ? cut - at
				                             : k->wire_len - at;
				long got = dot_feed(
				        &d, (const uint8_t *)k->wire + at, n, take, &out, NULL);

				assert_true(got > 0);
				at += (size_t)got;
			}
			if (out.n != k->body_len || memcmp(out.data, k->body, out.n) != 0)
				fail_msg("%s, cut at %zu: \"%.*s\"", k->name, cut, (int)out.n,
				        out.data);
			assert_int_equal(d.octets, out.n);
			assert_int_equal(d.state == DOT_END, k->ends);
			if (k->ends && strstr(k->wire, "+OK"))
				assert_string_equal(k->wire + at, "+OK\r\n");
		}
}

static int peer_password(void *ctx, int renew, struct secret *out, struct err *err)
{
	(void)ctx;
	(void)renew;
	return secret_set(out, "pw", 2, err);
}

/*
 * A server that plays ${script}, whatever it is asked: the client's lines are only
 * counted.
 */
struct player {
	int fd;
	const char *script;
	size_t n, step;
	pthread_t thread;
};

static void *play(void *arg)
{
	struct player *p = arg;
	int fd = accept(p->fd, NULL, NULL);
	char in[4096];

	for (size_t i = 0; i < p->n; i += p->step) {
		size_t k = p->n - i < p->step ? p->n - i : p->step;

		if (send(fd, p->script + i, k, MSG_NOSIGNAL) < 0)
			break;
	}
	shutdown(fd, SHUT_WR);
	while (recv(fd, in, sizeof in, 0) > 0)
		;
	close(fd);
	return NULL;
}

/* A session over the script; the service is the caller's to clear. */
static int open_script(struct player *p, const char *script, size_t n, size_t step,
        struct service *s, struct pop3 **out, struct err *err)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof a;

	*p = (struct player){.script = script, .n = n, .step = step};
	p->fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(p->fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(p->fd, 1), 0);
	assert_int_equal(getsockname(p->fd, (struct sockaddr *)&a, &len), 0);
	assert_int_equal(pthread_create(&p->thread, NULL, play, p), 0);
	*s = (struct service){.kind = SERVICE_POP3,
	        .name = "pop3",
	        .at = {.host = xstrdup("127.0.0.1"),
	                .port = ntohs(a.sin_port),
	                .security = SECURITY_NONE,
	                .connect_timeout_ms = 5000,
	                .idle_timeout_ms = 5000},
	        .login = {.user = xstrdup("alice"), .get_secret = peer_password}};
	return pop3_open(s, NULL, out, err);
}

static void end_script(struct player *p, struct service *s, struct pop3 *m)
{
	pop3_close(m);
	pthread_join(p->thread, NULL);
	close(p->fd);
	service_clear(s);
}

#define HELLO "+OK hi\r\n+OK\r\nUIDL\r\nPIPELINING\r\n.\r\n+OK\r\n+OK\r\n"
#define CAPS_AFTER "+OK\r\nUIDL\r\nPIPELINING\r\n.\r\n"

static const struct caps_case {
	const char *line;
	bool given, never;
	unsigned days, delay;
} caps[] = {
        {"EXPIRE 0", true, false, 0, 0},
        {"EXPIRE 60 USER", true, false, 60, 0},
        {"expire never", true, true, 0, 0},
        {"EXPIRENEVER", true, true, 0, 0},
        {"EXPIRE", false, false, 0, 0},
        {"EXPIRE soon", false, false, 0, 0},
        {"EXPIRE -1", false, false, 0, 0},
        {"EXPIRE 99999999999999999999", false, false, 0, 0},
        {"LOGIN-DELAY 900", false, false, 0, 900},
        {"LOGIN-DELAY x", false, false, 0, 0},
        {"LOGIN-DELAY 99999999", false, false, 0, 0},
};

static void test_caps(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof caps / sizeof *caps; i++) {
		char script[512];
		struct player p;
		struct service s;
		struct pop3 *m;
		struct err err = {0};
		const struct pop3_caps *c;

		snprintf(script, sizeof script, HELLO "+OK\r\n%s\r\n.\r\n", caps[i].line);
		assert_int_equal(open_script(&p, script, strlen(script), 4096, &s, &m, &err), 0);
		c = pop3_caps(m);
		assert_int_equal(c->expire_given, caps[i].given);
		assert_int_equal(c->expire_never, caps[i].never);
		assert_int_equal(c->expire_days, caps[i].days);
		assert_int_equal(c->login_delay, caps[i].delay);
		end_script(&p, &s, m);
	}
}

/* Kept as they came, escaped, and never beyond the room there is. */
static void test_caps_are_kept(void **state)
{
	struct buf script;
	struct player p;
	struct service s;
	struct pop3 *m;
	struct err err = {0};
	const char *lines;

	(void)state;
	buf_init(&script, 1 << 20);
	buf_puts(&script, HELLO "+OK\r\nTOP\r\n..X \x1b\xff\r\n");
	for (int i = 0; i < 900; i++)
		buf_putf(&script, "X-%d\r\n", i);
	buf_puts(&script, ".\r\n");
	assert_int_equal(open_script(&p, buf_str(&script), script.len, 4096, &s, &m, &err), 0);
	lines = pop3_caps(m)->lines;
	assert_memory_equal(lines, "TOP\n.X \\x1b\\xff\nX-0\nX-1\n", 24);
	assert_true(strlen(lines) > 4080 && strlen(lines) < sizeof pop3_caps(m)->lines);
	assert_int_equal(lines[strlen(lines) - 1], '\n');
	end_script(&p, &s, m);
	buf_clear(&script);
}

static void test_list(void **state)
{
	static const char script[] = HELLO CAPS_AFTER
	        "+OK\r\n2 20\r\n1 10\r\n0 5\r\n2 99\r\nx\r\n99999999999999999999 1\r\n7\r\n.\r\n"
	        "+OK\r\n1 first\r\n2 \r\n3 unknown\r\n7 a\0b\r\n1 again\r\n.\r\n";
	static const size_t steps[] = {4096, 1, 3};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct player p;
		struct service s;
		struct pop3 *m;
		struct pop3_entry *list;
		struct err err = {0};
		size_t n;

		assert_int_equal(
		        open_script(&p, script, sizeof script - 1, steps[i], &s, &m, &err), 0);
		assert_int_equal(pop3_list(m, &list, &n, &err), 0);
		assert_int_equal(n, 3);
		assert_int_equal(list[0].number, 1);
		assert_int_equal(list[0].size, 10);
		assert_string_equal(list[0].uidl, "first");
		assert_int_equal(list[1].number, 2);
		assert_int_equal(list[1].size, 20);
		assert_null(list[1].uidl);
		assert_int_equal(list[2].number, 7);
		assert_int_equal(list[2].size, 0);
		assert_null(list[2].uidl);
		pop3_list_free(list, n);
		end_script(&p, &s, m);
	}
}

struct got {
	struct text body;
	struct pop3_shape last;
	size_t ended, refused;
};

static int got_body(void *ctx, const void *p, size_t n, struct err *err)
{
	return take(&((struct got *)ctx)->body, p, n, err);
}

static int got_end(void *ctx, size_t index, const struct pop3_shape *came,
        const struct err *refused, struct err *err)
{
	struct got *g = ctx;

	(void)err;
	g->last = *came;
	assert_int_equal(index, g->ended);
	g->ended++;
	g->refused += refused != NULL;
	return 0;
}

static void test_retr(void **state)
{
	static const struct pop3_sink sink = {.body = got_body, .end = got_end};
	static const char script[] = HELLO CAPS_AFTER
	        "+OK 5\r\na\r\n..\r\n.\r\n-ERR gone\r\n+OK\r\n.\r\n+OK\r\nb\0c\r\n.\r\n";
	struct pop3_want wants[] = {
	        {.number = 1}, {.number = 2}, {.number = 3}, {.number = 4}, {.number = 5}};

	(void)state;
	for (size_t step = 1; step < 90; step += 4) {
		struct got g = {.ended = 0};
		struct player p;
		struct service s;
		struct pop3 *m;
		struct err err = {0};

		assert_int_equal(open_script(&p, script, sizeof script - 1, step, &s, &m, &err), 0);
		assert_int_equal(pop3_retr(m, wants, 4, &sink, &g, &err), 0);
		assert_int_equal(g.ended, 4);
		assert_int_equal(g.refused, 1);
		assert_int_equal(g.body.n, 11);
		assert_memory_equal(g.body.data, "a\r\n.\r\nb\0c\r\n", 11);
		/* the server has no more to say */
		assert_int_equal(pop3_retr(m, wants + 4, 1, &sink, &g, &err), ERR_NET);
		end_script(&p, &s, m);
	}
}

/* Two of three may be asked for, the second one by its size. */
static bool ask_two(void *ctx, size_t index, struct pop3_want *want)
{
	struct got *g = ctx;

	assert_true(index >= g->ended);
	*want = (struct pop3_want){.number = (uint32_t)index + 7, .size = 4};
	want->dots = index ? POP3_BY_SIZE : POP3_STUFFED;
	return index < 2;
}

static void test_ask(void **state)
{
	static const struct pop3_sink sink = {.ask = ask_two, .body = got_body, .end = got_end};
	static const char script[] =
	        HELLO CAPS_AFTER "+OK\r\n..\r\n.\r\n+OK\r\n..\r\n.\r\n+OK\r\nc\r\n.\r\n";
	struct pop3_want wants[3] = {{0}};
	struct got g = {.ended = 0};
	struct player p;
	struct service s;
	struct pop3 *m;
	struct err err = {0};

	(void)state;
	assert_int_equal(open_script(&p, script, sizeof script - 1, 5, &s, &m, &err), 0);
	assert_int_equal(pop3_retr(m, wants, 3, &sink, &g, &err), 0);
	assert_int_equal(g.ended, 2);
	assert_int_equal(g.body.n, 7);
	assert_memory_equal(g.body.data, ".\r\n..\r\n", 7);
	assert_int_equal(wants[1].number, 8);
	assert_int_equal(wants[2].number, 9);
	end_script(&p, &s, m);
}

/*
 * What stands behind a message tells whether it ended there; without stuffing its size
 * does.
 */
static const struct {
	const char *name, *answer; /* to RETR and STAT, after a STAT of "+OK 2 320" */
	struct pop3_want want;
	const char *body;
	struct pop3_shape came;
	int code;
} shapes[] = {
        {"in step", "+OK\r\na\r\n..\r\n.b\r\n.\r\n+OK 2 320\r\n",
                {.number = 1, .size = 9, .check = true}, "a\r\n.\r\nb\r\n",
                {.octets = 9, .lines = 3, .doubled = 1, .single = 1}, 0},
        {"single dots kept", "+OK\r\na\r\n..\r\n.b\r\n.\r\n",
                {.number = 1, .size = 9, .dots = POP3_DOUBLED}, "a\r\n.\r\n.b\r\n",
                {.octets = 10, .lines = 3, .doubled = 1, .single = 1}, 0},
        {"no answer follows", "+OK\r\na\r\n.\r\nb\r\n.\r\n+OK 2 320\r\n",
                {.number = 1, .size = 9, .check = true}, "a\r\n",
                {.octets = 3, .lines = 1, .astray = true}, ERR_PROTO},
        {"something like one follows", "+OK\r\na\r\n.\r\n+OK 3 320\r\n.\r\n+OK 2 320\r\n",
                {.number = 1, .size = 9, .check = true}, "a\r\n",
                {.octets = 3, .lines = 1, .astray = true}, ERR_PROTO},
        {"by its size", "+OK\r\na\r\n.\r\n..\r\n.\r\n+OK 2 320\r\n",
                {.number = 1, .size = 10, .check = true, .dots = POP3_BY_SIZE}, "a\r\n.\r\n..\r\n",
                {.octets = 10}, 0},
        {"by its size, a line end lent", "+OK\r\na\r\n.\r\nb\r\n.\r\n+OK 2 320\r\n",
                {.number = 1, .size = 7, .check = true, .dots = POP3_BY_SIZE}, "a\r\n.\r\nb",
                {.octets = 7}, 0},
        {"by a wrong size", "+OK\r\na\r\n.\r\nb\r\n.\r\n+OK 2 320\r\n",
                {.number = 1, .size = 5, .check = true, .dots = POP3_BY_SIZE}, "a\r\n.\r",
                {.octets = 5, .astray = true}, ERR_PROTO},
};

static void test_shapes(void **state)
{
	static const struct pop3_sink sink = {.body = got_body, .end = got_end};

	(void)state;
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
		for (size_t step = 1; step < 70; step += 3) {
			struct pop3_want want = shapes[i].want;
			struct got g = {.ended = 0};
			char script[512];
			struct player p;
			struct service s;
			struct pop3 *m;
			struct err err = {0};
			uint32_t count;
			uint64_t octets;

			snprintf(script, sizeof script, HELLO CAPS_AFTER "+OK 2 320\r\n%s",
			        shapes[i].answer);
			assert_int_equal(
			        open_script(&p, script, strlen(script), step, &s, &m, &err), 0);
			assert_int_equal(pop3_stat(m, &count, &octets, &err), 0);
			assert_int_equal(pop3_retr(m, &want, 1, &sink, &g, &err), shapes[i].code);
			if (g.ended != 1 || g.body.n != strlen(shapes[i].body) ||
			        memcmp(g.body.data, shapes[i].body, g.body.n) != 0)
				fail_msg(
				        "%s: \"%.*s\"", shapes[i].name, (int)g.body.n, g.body.data);
			assert_memory_equal(&g.last, &shapes[i].came, sizeof g.last);
			end_script(&p, &s, m);
		}
}

static void test_most(void **state)
{
	(void)state;
	assert_int_equal(pop3_most(0), 1 << 30);
	assert_int_equal(pop3_most(100), (64 << 20) + 200);
	assert_int_equal(pop3_most(1ull << 40), 1ull << 32);
	assert_int_equal(pop3_most(UINT64_MAX), 1ull << 32);
}

static void test_refusals(void **state)
{
	static const struct {
		const char *answer;
		int code;
	} cases[] = {{"-ERR [IN-USE] locked", ERR_BUSY}, {"-ERR [LOGIN-DELAY] soon", ERR_BUSY},
	        {"-ERR [SYS/TEMP] later", ERR_BUSY}, {"-ERR [AUTH] no", ERR_AUTH},
	        {"-ERR no", ERR_AUTH}, {"-ERR Your mailbox is already locked", ERR_BUSY},
	        {"BYE", ERR_PROTO}, {"+OKAY", ERR_PROTO}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char script[256];
		struct player p;
		struct service s;
		struct pop3 *m;
		struct err err = {0};

		snprintf(script, sizeof script, "+OK hi\r\n+OK\r\n.\r\n+OK\r\n%s\r\n",
		        cases[i].answer);
		assert_int_equal(
		        open_script(&p, script, strlen(script), 4096, &s, &m, &err), cases[i].code);
		assert_null(m);
		end_script(&p, &s, m);
	}
}

static void test_later(void **state)
{
	static const char
	        *const later[] = {"Unable to lock maildrop: Mailbox is locked by POP server",
	                "Your mailbox is already locked", "maildrop already locked",
	                "unable to lock maildrop", "can't lock mailbox", "Mailbox in use",
	                "mailbox already open", "Is another session active?",
	                "There is another session using this maildrop, locked",
	                "Server Busy. Try again later",
	                "Temporary authentication failure. [host:2026]", "temporarily unavailable",
	                "cannot get dotlock", "Too many connections",
	                "account is currently locked by another session",
	                "login failed: spool file locked",
	                "The mailbox is being accessed by another program"},
	               *const final[] = {"no", "invalid password", "Authentication failed.",
	                       "Invalid login, try again later", "account is locked",
	                       "Your account was blocked", "user locked out",
	                       "password expired; unlock your mailbox on the web",
	                       "Your mailbox has been locked by the administrator",
	                       "too many failed logins, try again later", "POP access is disabled",
	                       "use APOP", "no such user: clocky"};

	(void)state;
	for (size_t i = 0; i < sizeof later / sizeof *later; i++)
		if (!pop3_says_later(later[i]))
			fail_msg("final: %s", later[i]);
	for (size_t i = 0; i < sizeof final / sizeof *final; i++)
		if (pop3_says_later(final[i]))
			fail_msg("later: %s", final[i]);
}

static void test_a_line_without_end(void **state)
{
	size_t n = 3 << 20;
	char *script = xmalloc(n);
	struct player p;
	struct service s;
	struct pop3 *m;
	struct err err = {0};

	(void)state;
	memset(script, 'x', n);
	memcpy(script, "+OK ", 4);
	assert_int_equal(open_script(&p, script, n, 65536, &s, &m, &err), ERR_PROTO);
	end_script(&p, &s, m);
	free(script);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_dots_at_every_border),
	        cmocka_unit_test(test_caps),
	        cmocka_unit_test(test_caps_are_kept),
	        cmocka_unit_test(test_list),
	        cmocka_unit_test(test_retr),
	        cmocka_unit_test(test_ask),
	        cmocka_unit_test(test_shapes),
	        cmocka_unit_test(test_most),
	        cmocka_unit_test(test_refusals),
	        cmocka_unit_test(test_later),
	        cmocka_unit_test(test_a_line_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
