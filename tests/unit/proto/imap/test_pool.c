#include "peer.h"
#include "valise/base/progress.h"
#include "valise/proto/imap/pool.h"

#define OK                                                                                         \
	{                                                                                          \
		'S', "%t OK", 0                                                                    \
	}
#define CUT                                                                                        \
	{                                                                                          \
		'X', NULL, 0                                                                       \
	}
#define GREET                                                                                      \
	{'S', "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hello", 0},                          \
	{                                                                                          \
		'C', "AUTHENTICATE PLAIN AGFsaWNlAHB3", 0                                          \
	}
#define HELLO                                                                                      \
	GREET,                                                                                     \
	{                                                                                          \
		'S', "%t OK [CAPABILITY IMAP4rev1] in", 0                                          \
	}
#define SELECT                                                                                     \
	{                                                                                          \
		'C', "SELECT \"x\"", 0                                                             \
	}
#define FULL                                                                                       \
	{                                                                                          \
		'S', "* BYE [UNAVAILABLE] too many", 0                                             \
	}
#define SLOWER "[THROTTLED] Backoff 20"

/* A run with one connection, against a peer. */
struct run {
	struct peer peer;
	struct service service;
	struct progress progress;
	struct imap_pool pool;
	struct imap_conn conn;
	unsigned closed; /* sessions */
	unsigned told;
	struct workers workers;
};

static void on_closed(void *ctx)
{
	struct run *r = ctx;

	r->closed++;
}

static void count_told(void *ctx, enum say_level level, const char *text)
{
	struct run *r = ctx;

	(void)level;
	(void)text;
	r->told++;
}

/* Each list of steps is a connection. */
static struct run *run_start(const struct step *const *connections)
{
	struct run *r = calloc(1, sizeof *r);

	progress_init(&r->progress);
	r->progress.say = count_told;
	r->progress.ctx = r;
	r->peer.no_login = true;
	r->peer.further = connections + 1;
	peer_start(&r->peer, NULL, connections[0]);
	r->service = peer_service(&r->peer, SECURITY_NONE, NULL, NULL);
	r->pool = (struct imap_pool){.service = &r->service,
	        .target = true,
	        .progress = &r->progress,
	        .max_wait_s = 20,
	        .workers = &r->workers};
	workers_init(&r->workers);
	imap_pool_init(&r->pool);
	r->conn = (struct imap_conn){.pool = &r->pool, .closed = on_closed, .ctx = r};
	return r;
}

static void run_end(struct run *r)
{
	imap_conn_close(&r->conn);
	assert_int_equal(r->pool.open, 0);
	peer_close(&r->peer, NULL);
	imap_pool_clear(&r->pool);
	workers_clear(&r->workers);
	free(r);
}

/* ---- opening ---- */

struct opening {
	const char *name;
	const struct step *connections[5];
	unsigned number;
	bool was_open, over;
	int result;
	unsigned told; /* "...; trying again" and the like */
};

static void run_opening(const struct opening *o)
{
	struct run *r = run_start(o->connections);
	struct err err = {0};
	unsigned n = 0;
	int rc;

	while (o->connections[n])
		n++;
	r->conn.number = o->number;
	r->conn.was_open = o->was_open;
	if (o->over)
		workers_fail(&r->workers, &(struct err){.code = ERR_IO});
	rc = imap_conn_open(&r->conn, &err);
	if (rc != o->result || r->peer.connections != n)
		print_error("%s: %d after %u: %s\n", o->name, rc, r->peer.connections, err.text);
	assert_int_equal(rc, o->result);
	assert_int_equal(r->peer.connections, n);
	assert_int_equal(imap_conn_alive(&r->conn), rc == 0);
	assert_int_equal(r->conn.lost, rc < 0);
	assert_int_equal(r->conn.was_open, o->was_open || rc == 0);
	assert_int_equal(r->pool.open, rc == 0);
	assert_int_equal(r->told, o->told);
	assert_int_equal(r->closed, 0);
	if (rc < 0)
		assert_int_equal(err.scope, ERR_WHOLE);
	run_end(r);
}

static void opening_with_pauses(void **state)
{
	const struct opening list[] = {
	        {"first, no room twice", {STEPS(FULL), STEPS(FULL), STEPS(HELLO)}, 0, false, false,
	                0, 1},
	        {"first, asked to wait twice",
	                {STEPS({'S', "* BYE " SLOWER, 0}), STEPS({'S', "* BYE " SLOWER, 0}),
	                        STEPS(HELLO)},
	                0, false, false, 0, 2},
	        {"first, asked to wait for ever",
	                {STEPS({'S', "* BYE " SLOWER, 0}), STEPS({'S', "* BYE " SLOWER, 0}),
	                        STEPS({'S', "* BYE " SLOWER, 0})},
	                0, false, false, ERR_THROTTLED, 2},
	        {"first, cut three times", {STEPS(CUT), STEPS(CUT), STEPS(CUT)}, 0, false, false,
	                ERR_NET, 1},
	        {"first, no IMAP", {STEPS({'S', "+OK pop", 0})}, 0, false, false, ERR_PROTO, 0},
	        {"further, no room", {STEPS(FULL)}, 1, false, false, ERR_BUSY, 0},
	        {"further, asked to wait", {STEPS({'S', "* BYE " SLOWER, 0})}, 1, false, false,
	                ERR_THROTTLED, 0},
	        {"again, cut twice", {STEPS(CUT), STEPS(CUT), STEPS(HELLO)}, 0, true, false, 0, 2},
	        {"again, asked to wait", {STEPS({'S', "* BYE " SLOWER, 0}), STEPS(HELLO)}, 1, true,
	                false, 0, 1},
	        {"again, no IMAP once", {STEPS({'S', "+OK pop", 0}), STEPS(HELLO)}, 0, true, false,
	                0, 1},
	        {"again, not worth it any more", {STEPS(CUT)}, 0, true, true, ERR_NET, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof list / sizeof *list; i++)
		run_opening(&list[i]);
}

/* ---- selecting ---- */

struct selecting {
	const char *name;
	const struct step *connections[4];
	int result;
	unsigned closed; /* sessions */
};

static void run_selecting(const struct selecting *s)
{
	struct run *r = run_start(s->connections);
	struct imap_selected sel = {0};
	struct err err = {0};
	unsigned n = 0;
	int rc;

	while (s->connections[n])
		n++;
	assert_int_equal(imap_conn_open(&r->conn, &err), 0);
	rc = imap_conn_select(&r->conn, (const uint8_t *)"x", 1, true, "x", &sel, &err);
	if (rc != s->result || r->peer.connections != n)
		print_error("%s: %d after %u: %s\n", s->name, rc, r->peer.connections, err.text);
	assert_int_equal(rc, s->result);
	assert_int_equal(r->peer.connections, n);
	assert_int_equal(sel.exists, rc == 0 ? 3 : 0);
	assert_int_equal(r->closed, s->closed);
	if (rc < 0)
		assert_true(err.scope >= ERR_COLLECTION);
	imap_selected_clear(&sel);
	run_end(r);
}

#define SELECTED                                                                                   \
	SELECT, {'S', "* 3 EXISTS", 0}, {'S', "* OK [UIDVALIDITY 7] x", 0},                        \
	        {'S', "* OK [UIDNEXT 9] x", 0},                                                    \
	{                                                                                          \
		'S', "%t OK [READ-WRITE] done", 0                                                  \
	}
#define LATER                                                                                      \
	SELECT,                                                                                    \
	{                                                                                          \
		'S', "%t NO [UNAVAILABLE] later", 0                                                \
	}
#define WAIT                                                                                       \
	SELECT,                                                                                    \
	{                                                                                          \
		'S', "%t NO " SLOWER, 0                                                            \
	}

static void selecting_again(void **state)
{
	const struct selecting list[] = {
	        {"at once", {STEPS(HELLO, SELECTED)}, 0, 0},
	        {"refused", {STEPS(HELLO, SELECT, {'S', "%t NO [NONEXISTENT] no", 0})}, ERR_REFUSED,
	                0},
	        {"not now, twice", {STEPS(HELLO, LATER, LATER, SELECTED)}, 0, 0},
	        {"not now, ever", {STEPS(HELLO, LATER, LATER, LATER)}, ERR_BUSY, 0},
	        {"to wait does not count", {STEPS(HELLO, WAIT, LATER, WAIT, LATER, WAIT, SELECTED)},
	                0, 0},
	        {"nor at the last", {STEPS(HELLO, LATER, LATER, WAIT, LATER)}, ERR_BUSY, 0},
	        {"lost, and opened again",
	                {STEPS(HELLO, SELECT, CUT), STEPS(HELLO, SELECT, CUT),
	                        STEPS(HELLO, SELECTED)},
	                0, 2},
	        {"lost each time",
	                {STEPS(HELLO, SELECT, CUT), STEPS(HELLO, SELECT, CUT),
	                        STEPS(HELLO, SELECT, CUT)},
	                ERR_NET, 2},
	        {"BYE, and opened again",
	                {STEPS(HELLO, SELECT, {'S', "* BYE " SLOWER, 0}, CUT),
	                        STEPS(HELLO, SELECTED)},
	                0, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof list / sizeof *list; i++)
		run_selecting(&list[i]);
}

/* ---- a session that ends ---- */

static void lost_and_ready_again(void **state)
{
	const struct step *const connections[] = {
	        STEPS(HELLO, {'C', "NOOP", 0}, CUT), STEPS(HELLO, {'C', "NOOP", 0}, OK), NULL};
	struct run *r = run_start(connections);
	struct attempts a = {.limit = ATTEMPTS};
	struct err err = {0};
	int rc;

	(void)state;
	assert_int_equal(imap_conn_ready(&r->conn, &err), 0);
	assert_int_equal(imap_conn_ready(&r->conn, &err), 0);
	assert_int_equal(r->peer.connections, 1);
	rc = imap_noop(r->conn.m, &err);
	assert_int_equal(rc, ERR_NET);
	assert_true(imap_conn_broke(&r->conn, rc));
	assert_true(imap_conn_retry(&r->conn, &a, &rc, NULL, &err));
	assert_int_equal(a.failures, 1);
	assert_int_equal(imap_conn_ready(&r->conn, &err), 0);
	assert_int_equal(imap_noop(r->conn.m, &err), 0);
	assert_false(imap_conn_broke(&r->conn, 0));
	run_end(r);
}

/* What was sent together with the command that is to wait is not waited for. */
static void answers_still_to_come(void **state)
{
	const struct step *const connections[] = {
	        STEPS(HELLO, SELECTED, {'C', "UID FETCH 1 (UID FLAGS)", 0},
	                {'S', "%t NO " SLOWER, 0}, {'C', "UID FETCH 2 (UID FLAGS)", 0}),
	        NULL};
	static const struct imap_fetch_ops ops = {0};
	struct run *r = run_start(connections);
	struct attempts a = {.limit = 1};
	struct imap_selected sel = {0};
	struct err err = {0};
	int rc;

	(void)state;
	assert_int_equal(imap_conn_open(&r->conn, &err), 0);
	assert_int_equal(
	        imap_conn_select(&r->conn, (const uint8_t *)"x", 1, true, "x", &sel, &err), 0);
	assert_int_equal(imap_fetch_send(r->conn.m, "1", "(UID FLAGS)", &err), 0);
	assert_int_equal(imap_fetch_send(r->conn.m, "2", "(UID FLAGS)", &err), 0);
	rc = imap_fetch_wait(r->conn.m, &ops, NULL, &err);
	assert_int_equal(rc, ERR_THROTTLED);
	assert_true(imap_conn_retry(&r->conn, &a, &rc, "x", &err));
	assert_null(r->conn.m);
	imap_selected_clear(&sel);
	run_end(r);
}

/* ---- what the connections share ---- */

static void half_of_them_end(void **state)
{
	struct imap_pool pool = {.open = 5};
	struct imap_conn c[5];
	struct err err = {0};

	(void)state;
	imap_pool_init(&pool);
	for (size_t i = 0; i < 5; i++) {
		c[i] = (struct imap_conn){.pool = &pool};
		imap_conn_begin(&c[i]);
	}
	assert_int_equal(imap_pool_allowed(&pool, 5), 5);
	assert_false(imap_conn_is_spare(&c[0]));
	err_set(&err, ERR_THROTTLED, ERR_WHOLE, "slower");
	err.wait_ms = 1;
	assert_int_equal(imap_pool_throttled(&pool, NULL, &err), 0);
	assert_int_equal(imap_pool_allowed(&pool, 5), 2);
	assert_true(imap_conn_is_spare(&c[3]));
	assert_true(imap_conn_is_spare(&c[3])); /* it stays so, and counts once */
	assert_false(imap_conn_end(&c[0])); /* ends by itself */
	assert_true(imap_conn_is_spare(&c[1]));
	assert_false(imap_conn_is_spare(&c[2]));
	assert_false(imap_conn_is_spare(&c[4]));
	assert_false(imap_conn_end(&c[3]));
	assert_false(imap_conn_end(&c[2]));
	assert_true(imap_conn_end(&c[4]));
	imap_pool_clear(&pool);
}

/* As long as the server asks, and no longer than anybody waits. */
static void patience_ends(void **state)
{
	struct imap_pool pool = {.max_wait_s = 2};
	struct attempts a = {.limit = ATTEMPTS};
	struct err err = {0};
	int rc = ERR_THROTTLED;

	(void)state;
	imap_pool_init(&pool);
	err_set(&err, ERR_THROTTLED, ERR_WHOLE, "slower");
	err.wait_ms = 5;
	assert_true(attempt_again(&pool, &a, &rc, false, NULL, &err));
	assert_false(imap_pool_ended(&pool, NULL));
	err.wait_ms = 5000;
	assert_false(attempt_again(&pool, &a, &rc, false, NULL, &err));
	assert_int_equal(rc, ERR_BUSY);
	assert_int_equal(err.code, ERR_BUSY);
	assert_int_equal(err.scope, ERR_WHOLE);
	assert_true(imap_pool_ended(&pool, &err));
	assert_non_null(strstr(err.text, "slower"));
	imap_pool_clear(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(opening_with_pauses),
	        cmocka_unit_test(selecting_again),
	        cmocka_unit_test(lost_and_ready_again),
	        cmocka_unit_test(answers_still_to_come),
	        cmocka_unit_test(half_of_them_end),
	        cmocka_unit_test(patience_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
