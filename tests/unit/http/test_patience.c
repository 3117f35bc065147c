/*
 * How long a peer is waited for that is never quite idle. No test waits for real time to
 * pass: what was waited is set.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "valise/net/patience.h"
#include "net/peer.h"
#include "net/transport_internal.h"

#define IDLE_MS 60000
#define PATIENCE_MS (10 * IDLE_MS)

static void serve_lines(struct peer *p)
{
	peer_say(p, "* OK ready\r\n");
	while (peer_line(p))
		peer_say(p, "A1 OK\r\n");
}

static struct transport *open_peer(struct peer *p)
{
	struct endpoint at = {.host = (char *)"127.0.0.1", .security = SECURITY_NONE};
	struct transport *t = NULL;
	struct err err;
	char line[64];
	size_t n;

	assert_true(peer_start(p, AF_INET, NULL, serve_lines, NULL));
	at.port = p->port;
	at.connect_timeout_ms = at.idle_timeout_ms = IDLE_MS;
	assert_int_equal(transport_open(&at, GUARD_IMAP_SOURCE, NULL, &t, &err), 0);
	for (n = 0; !memchr(line, '\n', n);) {
		size_t got;

		assert_int_equal(transport_read(t, line + n, sizeof line - n, &got, &err), 0);
		n += got;
	}
	return t;
}

static void a_trickle_ends(void **state)
{
	struct transport *t;
	struct peer p;
	struct err err;
	size_t n;
	char c;

	(void)state;
	t = open_peer(&p);
	t->written_at = t->in + t->out - 50; /* 50 octets have come: half a second more */
	t->waited_ms = PATIENCE_MS + 500 - 20;
	assert_int_equal(transport_read(t, &c, 1, &n, &err), ERR_NET);
	assert_non_null(
	        strstr(err.text, "less than 100 octets a second have come for 600 seconds"));
	transport_free(t);
	peer_stop(&p);
}

/*
 * 12 octets a second are given up after a while, 240 (a modem shared by four) never, and
 * nothing overflows.
 */
static void the_rule(void **state)
{
	static const struct {
		int64_t idle_ms;
		uint64_t octets;
		int64_t ms;
	} cases[] = {{120000, 0, 1200000}, {120000, 99, 1200990}, {120000, 100, 1201000},
	        {1000, 12, 10120}, {0, (uint64_t)4 << 30, 42949672960}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(patience_ms(cases[i].idle_ms, cases[i].octets), cases[i].ms);
	assert_true(patience_ms(86400000, UINT64_MAX) > 0);
	for (int64_t s = 1; s < 1000000; s *= 2) {
		assert_true(s * 1000 < patience_ms(120000, (uint64_t)s * 240));
		assert_int_equal(s * 1000 < patience_ms(120000, (uint64_t)s * 12), s < 1364);
	}
}

/* 100 octets a second, whatever it takes in all; and a command begins again. */
static void slow_but_honest_goes_on(void **state)
{
	struct transport *t;
	struct peer p;
	struct err err;
	size_t n;
	char c;

	(void)state;
	t = open_peer(&p);
	t->waited_ms = PATIENCE_MS;
	assert_int_equal(transport_write(t, "A1 NOOP\r\n", 9, &err), 0);
	assert_int_equal(t->waited_ms, 0);
	t->in += 100000; /* in 1,000 seconds, and all that is allowed at once */
	t->waited_ms = PATIENCE_MS + 1000000;
	assert_int_equal(transport_read(t, &c, 1, &n, &err), 0);
	transport_free(t);
	peer_stop(&p);
}

/*
 * Where there may be much to do, the silence itself is longer, too; and what is stored
 * counts.
 */
static void work_takes_its_time(void **state)
{
	struct transport *t;
	struct peer p;
	struct err err;
	size_t n;
	char c;

	(void)state;
	assert_int_equal(slow_timeout_ms(120000, 0), 600000);
	assert_int_equal(slow_timeout_ms(120000, (uint64_t)100 << 20), 600000 + 1048576);
	assert_int_equal(slow_timeout_ms(86400000, (uint64_t)1 << 40), 432000000 + 10995116277);
	t = open_peer(&p);
	assert_int_equal(t->silence_ms, IDLE_MS);
	transport_patient(t, true, 1000000);
	assert_int_equal(t->silence_ms, 5 * IDLE_MS + 10000);
	t->idle_timeout_ms = 10;
	transport_patient(t, true, 0);
	assert_int_equal(transport_read(t, &c, 1, &n, &err), ERR_NET);
	assert_non_null(strstr(err.text, "no answer for 0 seconds (--timeout allows for more)"));
	assert_true(t->waited_ms >= 50 && transport_timed_out(t));
	transport_free(t);
	peer_stop(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(the_rule),
	        cmocka_unit_test(a_trickle_ends),
	        cmocka_unit_test(work_takes_its_time),
	        cmocka_unit_test(slow_but_honest_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
