#include "peer.h"
#include "proto/imap/internal.h"
#include "valise/base/mem.h"

/* What came, as text. */
struct got {
	char text[8000];
	size_t at;
	char body[4000];
	size_t body_len;
	uint64_t octets;
	size_t chunks, largest;
	int fail_body, fail_message;
};

static int on_body(void *ctx, const void *p, size_t n, struct err *err)
{
	struct got *g = ctx;

	(void)err;
	assert_true(n > 0);
	if (n < sizeof g->body - g->body_len) {
		memcpy(g->body + g->body_len, p, n);
		g->body_len += n;
	}
	g->octets += n;
	g->chunks++;
	g->largest = n > g->largest ? n : g->largest;
	if (g->fail_body)
		return err_set(err, ERR_SPACE, ERR_WHOLE, "disk full");
	return 0;
}

static int on_message(void *ctx, const struct imap_msg *m, struct err *err)
{
	struct got *g = ctx;
	size_t size = sizeof g->text - g->at;
	char *out = g->text + g->at;
	int n = snprintf(out, size, "%u", m->uid);

	if (m->has_flags)
		n += snprintf(out + n, size - (size_t)n, " f%u", m->flags);
	for (size_t i = 0; i < m->n_keywords; i++)
		n += snprintf(out + n, size - (size_t)n, " %s", m->keywords[i]);
	if (m->has_date && m->date.known)
		n += snprintf(out + n, size - (size_t)n, " d%lld%+d", (long long)m->date.utc,
		        m->date.zone_min);
	else if (m->has_date)
		n += snprintf(out + n, size - (size_t)n, " d?");
	if (m->has_size)
		n += snprintf(out + n, size - (size_t)n, " s%llu", (unsigned long long)m->size);
	if (m->modseq)
		n += snprintf(out + n, size - (size_t)n, " m%llu", (unsigned long long)m->modseq);
	if (m->gm_msgid)
		n += snprintf(out + n, size - (size_t)n, " g%llu/%llu",
		        (unsigned long long)m->gm_msgid, (unsigned long long)m->gm_thrid);
	if (m->labels)
		n += snprintf(out + n, size - (size_t)n, " l%s", m->labels);
	if (m->has_body)
		n += snprintf(out + n, size - (size_t)n, " b%llu[%.*s]",
		        (unsigned long long)m->body_octets,
		        (int)(g->body_len > 60 ? 60 : g->body_len), g->body);
	if (m->raw)
		n += snprintf(out + n, size - (size_t)n, " raw");
	n += snprintf(out + n, size - (size_t)n, ";");
	if (m->has_body)
		assert_int_equal(m->body_octets, g->octets);
	g->at += (size_t)n;
	g->body_len = 0;
	g->octets = 0;
	if (g->fail_message)
		return err_set(err, ERR_STOPPED, ERR_WHOLE, "stop");
	return 0;
}

static const struct imap_fetch_ops ops = {.body = on_body, .message = on_message};

struct fetching {
	const char *name, *items;
	const struct step *answer; /* after the command */
	int result;
	const char *text;
};

static void run_one(const struct fetching *f, bool bytewise)
{
	struct peer p = {.bytewise = bytewise};
	struct imap *m;
	struct err err = {0};
	struct got *g = xcalloc(1, sizeof *g);
	struct step *steps;
	char command[200];
	size_t n = 0;
	int r;

	while (f->answer[n].kind)
		n++;
	steps = xcalloc(n + 2, sizeof *steps);
	snprintf(command, sizeof command, "UID FETCH 1:9 %s", f->items);
	steps[0] = (struct step){'C', command, 0};
	memcpy(steps + 1, f->answer, n * sizeof *steps);
	m = peer_open(&p, "", steps, false);
	assert_int_equal(imap_fetch_send(m, "1:9", f->items, &err), 0);
	assert_int_equal(imap_in_flight(m), 1);
	r = imap_fetch_wait(m, &ops, g, &err);
	if (r != f->result || strcmp(g->text, f->text) != 0)
		print_error("%s: %d %s\n", f->name, r, err.text);
	assert_int_equal(r, f->result);
	assert_string_equal(g->text, f->text);
	peer_close(&p, m);
	free(steps);
	free(g);
}

static void run_fetches(const struct fetching *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		run_one(&list[i], false);
		run_one(&list[i], true);
	}
}

#define META "(UID FLAGS INTERNALDATE RFC822.SIZE)"
#define BODY "(UID BODY.PEEK[])"
#define OK                                                                                         \
	{                                                                                          \
		'S', "%t OK done", 0                                                               \
	}

static void test_items(void **state)
{
	const struct fetching list[] = {
	        {"all of them", META,
	                STEPS({'S',
	                              "* 1 FETCH (UID 3 FLAGS (\\Seen \\Answered \\Flagged "
	                              "\\Deleted \\Draft \\Recent $L work) INTERNALDATE "
	                              "\"17-Jul-1996 02:44:25 -0700\" RFC822.SIZE 44)",
	                              0},
	                        OK),
	                0, "3 f31 $L work d837596665-420 s44;"},
	        {"other orders, none", META,
	                STEPS({'S', "* 1 FETCH (RFC822.SIZE 1 FLAGS () UID 4)", 0},
	                        {'S', "* 2 FETCH (UID 5)", 0}, OK),
	                0, "4 f0 s1;5;"},
	        {"dates", META,
	                STEPS({'S', "* 1 FETCH (UID 1 INTERNALDATE \" 1-Jan-1985 00:00:00 +1345\")",
	                              0},
	                        {'S', "* 2 FETCH (UID 2 INTERNALDATE NIL)", 0},
	                        {'S', "* 3 FETCH (UID 3 INTERNALDATE \"\")", 0},
	                        {'S', "* 4 FETCH (UID 4 INTERNALDATE \"yesterday\")", 0},
	                        {'S',
	                                "* 5 FETCH (UID 5 INTERNALDATE \"31-Dec-2030 23:59:60 "
	                                "-0030\")",
	                                0},
	                        OK),
	                0, "1 d473336100+825;2 d?;3 d?;4 d?;5 d1924993800-30;"},
	        {"odd flags", META,
	                STEPS({'S', "* 1 FETCH (UID 1 FLAGS NIL)", 0},
	                        {'S', "* 2 FETCH (UID 2 FLAGS (a]b [c] \\Custom \\*))", 0},
	                        {'S', "* 3 FETCH (UID 3 FLAGS (\\Seen \"quoted\" x))", 0},
	                        {'S', "* 4 FETCH (UID 4 FLAGS (\xc3\xa4))", 0},
	                        {'S', "* 5 FETCH (FLAGS (Seen) UID 5)", 0},
	                        {'S', "* 6 FETCH (UID 6 FLAGS (\\Seen {5}))", 0},
	                        {'S', "* 7 FETCH (FLAGS ({500} x{2+} {} {5}) UID 7)", 0},
	                        {'S', "* FLAGS ({500} \\Seen)", 0},
	                        {'S', "* 8 FETCH (UID 8 FLAGS ({4}", 0}, {'S', "work))", 0}, OK),
	                0,
	                "1 f0;2 f0 a]b [c] \\Custom;3 f1 quoted x;4 f0 \xc3\xa4;5 f0 Seen;6 f1 {5} "
	                "raw;7 f0 {500} x{2+} {} {5} raw;8 f0 work;"},
	        {"numbers beyond 32 bits", META,
	                STEPS({'S', "* 1 FETCH (UID 1 RFC822.SIZE 5368709120)", 0},
	                        {'S', "* 1 FETCH (RFC822.SIZE 4294967297 UID 2)", 0},
	                        {'S', "* 1 FETCH (UID 4294967301 RFC822.SIZE 1)", 0}, OK),
	                0, "1 s5368709120;2 s4294967297;0 s1;"},
	        {"unsolicited", META,
	                STEPS({'S', "* 5 EXISTS", 0}, {'S', "* 1 FETCH (FLAGS (\\Seen))", 0},
	                        {'S', "* 2 EXPUNGE", 0},
	                        {'S', "* 1 FETCH (UID 3 RFC822.SIZE 4)", 0},
	                        {'S', "* OK [ALERT] x", 0}, OK),
	                0, "0 f1;3 s4;"},
	        {"modseq and Gmail", "(UID MODSEQ X-GM-MSGID X-GM-THRID X-GM-LABELS)",
	                STEPS({'S',
	                              "* 1 FETCH (UID 1 MODSEQ (18446744073709551) X-GM-MSGID "
	                              "1278455344230334865 X-GM-THRID 1266894439832287888 "
	                              "X-GM-LABELS (\"\\\\Sent\" \"a b\" foo))",
	                              0},
	                        {'S', "* 2 FETCH (UID 2 X-GM-LABELS (\\Inbox \"x\"))", 0}, OK),
	                0,
	                "1 m18446744073709551 g1278455344230334865/1266894439832287888 "
	                "l(\"\\\\Sent\" \"a b\" \"foo\");2 l(\\Inbox \"x\");"},
	        {"unknown items", META,
	                STEPS({'S', "* 1 FETCH (UID 1 EMAILID (M1) SAVEDATE NIL PREVIEW {3}", 0},
	                        {'R', "a)b RFC822.SIZE 7)\r\n", 0},
	                        {'S', "* 2 FETCH (X-FOO (a (\"b\" {2}", 0},
	                        {'R', "))) c) UID 2)\r\n", 0}, OK),
	                0, "1 s7;2;"},
	        {"lines that libetpan refuses", META,
	                STEPS({'S', "* 1 FETCH (UID 1 X-BAD)", 0},
	                        {'S', "* 2 FETCH (UID 2 FLAGS (\\Seen)", 0},
	                        {'S', "* 3 FETCH UID 3 FLAGS (x)", 0},
	                        {'S', "* 4 FETCH (UID 4  RFC822.SIZE x)", 0},
	                        {'S', "* 5 FETCH (UID 5)", 0}, OK),
	                0, "1 raw;2 f1 raw;3 f0 x raw;4;5;"},
	        {"refused", META,
	                STEPS({'S', "* 1 FETCH (UID 1)", 0}, {'S', "%t NO [SERVERBUG] x", 0}),
	                ERR_BUSY, "1;"},
	        {"bad", META, STEPS({'S', "%t BAD x", 0}), ERR_REFUSED, ""},
	        {"tagged OK without text", META,
	                STEPS({'S', "* 1 FETCH (UID 1)", 0}, {'S', "%t OK", 0}), 0, "1;"},
	        {"another tag", META, STEPS({'S', "99 OK x", 0}, {'X', NULL, 0}), ERR_PROTO, ""},
	        {"cut", META,
	                STEPS({'S', "* 1 FETCH (UID 1)", 0}, {'R', "* 2 FETCH (UID 2", 0},
	                        {'X', NULL, 0}),
	                ERR_NET, "1;"},
	};

	(void)state;
	run_fetches(list, sizeof list / sizeof *list);
}

static void test_bodies(void **state)
{
	const struct fetching list[] = {
	        {"before and after the UID", BODY,
	                STEPS({'R',
	                              "* 1 FETCH (UID 1 BODY[] {3}\r\nabc)\r\n* 2 FETCH (BODY[] "
	                              "{4}\r\nd\r\ne UID 2)\r\n",
	                              0},
	                        OK),
	                0, "1 b3[abc];2 b4[d\r\ne];"},
	        {"empty and NIL", BODY,
	                STEPS({'R',
	                              "* 1 FETCH (UID 1 BODY[] {0}\r\n)\r\n* 2 FETCH (BODY[] \"\" "
	                              "UID 2)\r\n* 3 FETCH (UID 3 BODY[] NIL)\r\n",
	                              0},
	                        OK),
	                0, "1 b0[];2 b0[];3;"},
	        {"quoted", BODY, STEPS({'S', "* 1 FETCH (UID 1 BODY[] \"a \\\"b\\\\ c\")", 0}, OK),
	                0, "1 b7[a \"b\\ c];"},
	        {"literal8", BODY,
	                STEPS({'R',
	                              "* 1 FETCH (UID 1 BODY[] ~{3}\r\nabc)\r\n* 2 FETCH (BODY[] "
	                              "~{5}\r\nd)\r\ne UID 2)\r\n",
	                              0},
	                        OK),
	                0, "1 b3[abc];2 b5[d)\r\ne];"},
	        {"NUL in a body", BODY,
	                STEPS({'R', "* 1 FETCH (UID 1 BODY[] {3}\r\na\0b)\r\n", 35}, OK), 0,
	                "1 b3[a];"},
	        {"pieces", "(UID BODY.PEEK[]<3.10>)",
	                STEPS({'R', "* 1 FETCH (UID 1 BODY[]<3> {3}\r\nabc)\r\n", 0}, OK), 0,
	                "1 b3[abc];"},
	        {"header fields", "(UID BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])",
	                STEPS({'R',
	                              "* 1 FETCH (UID 1 BODY[HEADER.FIELDS (MESSAGE-ID)] {5}\r\na: "
	                              "b\n)\r\n",
	                              0},
	                        OK),
	                0, "1 b5[a: b\n];"},
	        {"a part that was not asked for", BODY,
	                STEPS({'R', "* 1 FETCH (UID 1 BODY[TEXT] {3}\r\nxyz BODY[] {3}\r\nabc)\r\n",
	                              0},
	                        OK),
	                0, "1 b3[abc];"},
	        {"RFC822 was not asked for", BODY,
	                STEPS({'R', "* 1 FETCH (UID 1 RFC822 {3}\r\nxyz)\r\n", 0}, OK), 0, "1;"},
	        {"LF-only lines", BODY,
	                STEPS({'R', "* 1 FETCH (UID 1 BODY[] {3}\nabc)\n* 2 FETCH (UID 2)\n", 0},
	                        OK),
	                0, "1 b3[abc];2;"},
	        {"blanks and blank lines", BODY,
	                STEPS({'R', "\r\n* 1 FETCH (UID 1 BODY[] {3} \r\nabc)\r\n\r\n", 0}, OK), 0,
	                "1 b3[abc];"},
	        {"an item after the body that libetpan refuses", BODY,
	                STEPS({'R',
	                              "* 1 FETCH (UID 1 BODY[] {3}\r\nabc X-BAD)\r\n* 2 FETCH (UID "
	                              "2 BODY[] {2}\r\nde)\r\n",
	                              0},
	                        OK),
	                0, "1 b3[abc] raw;2 b2[de];"},
	        {"an item before the body that libetpan refuses", BODY,
	                STEPS({'R',
	                              "* 1 FETCH (X-BAD) UID 1 BODY[] {3}\r\nabc)\r\n* 2 FETCH "
	                              "(UID 2 BODY[] {2}\r\nde)\r\n",
	                              0},
	                        OK),
	                0, "1 b3[abc] raw;2 b2[de];"},
	        {"tagged line in a body", BODY,
	                STEPS({'R', "* 1 FETCH (UID 1 BODY[] {11}\r\n2 OK done\r\n)\r\n", 0}, OK),
	                0, "1 b11[2 OK done\r\n];"},
	        {"cut in the body", BODY,
	                STEPS({'R', "* 1 FETCH (UID 1 BODY[] {30}\r\nabc", 0}, {'X', NULL, 0}),
	                ERR_NET, ""},
	        {"cut after the body", BODY,
	                STEPS({'R', "* 1 FETCH (UID 1 BODY[] {3}\r\nabc", 0}, {'X', NULL, 0}),
	                ERR_NET, ""},
	        {"cut between messages", BODY,
	                STEPS({'R', "* 1 FETCH (UID 1 BODY[] {3}\r\nabc)\r\n", 0}, {'X', NULL, 0}),
	                ERR_NET, "1 b3[abc];"},
	        {"4 GiB and 3", BODY,
	                STEPS({'R', "* 1 FETCH (UID 1 BODY[] {4294967299}\r\nabc)\r\n", 0}, OK,
	                        {'X', NULL, 0}),
	                ERR_LIMIT, ""},
	        {"giant quoted attribute", BODY,
	                STEPS({'R', "* 1 FETCH (UID 1 X-FOO {9000000}\r\nabc)\r\n", 0},
	                        {'X', NULL, 0}),
	                ERR_LIMIT, ""},
	        {"two bodies", BODY,
	                STEPS({'R', "* 1 FETCH (UID 1 BODY[] {3}\r\nabc BODY[] {3}\r\nabc)\r\n", 0},
	                        OK, {'X', NULL, 0}),
	                ERR_PROTO, ""},
	};

	(void)state;
	run_fetches(list, sizeof list / sizeof *list);
}

/* Several in flight; answers in another order than asked. */
static void test_pipeline(void **state)
{
	struct peer p = {0};
	struct imap *m = peer_open(&p, "",
	        STEPS({'C', "UID FETCH 1 (UID)", 0}, {'C', "UID FETCH 2 (UID)", 0},
	                {'C', "UID FETCH 3 (UID)", 0},
	                {'R',
	                        "* 1 FETCH (UID 1)\r\n* 2 FETCH (UID 2)\r\n3 OK x\r\n2 NO [INUSE] "
	                        "y\r\n",
	                        0},
	                {'S', "* 3 FETCH (UID 3)", 0}, OK, {'C', "NOOP", 0}, OK),
	        false);
	struct got *g = xcalloc(1, sizeof *g);
	struct err err = {0};

	(void)state;
	assert_int_equal(imap_fetch_send(m, "1", "(UID)", &err), 0);
	assert_int_equal(imap_fetch_send(m, "2", "(UID)", &err), 0);
	assert_int_equal(imap_fetch_send(m, "3", "(UID)", &err), 0);
	assert_int_equal(imap_in_flight(m), 3);
	assert_int_equal(imap_fetch_wait(m, &ops, g, &err), ERR_BUSY);
	assert_string_equal(g->text, "1;2;");
	assert_string_equal(m->last_code, "INUSE");
	assert_int_equal(imap_fetch_wait(m, &ops, g, &err), 0);
	assert_string_equal(g->text, "1;2;");
	assert_int_equal(imap_fetch_wait(m, &ops, g, &err), 0);
	assert_string_equal(g->text, "1;2;3;");
	assert_int_equal(imap_in_flight(m), 0);
	assert_int_equal(imap_noop(m, &err), 0);
	peer_close(&p, m);
	free(g);
}

/* The next mailbox is opened before the answer to a FETCH in the one before has ended. */
static void test_opened_early(void **state)
{
	struct peer p = {0};
	struct imap *m = peer_open(&p, "",
	        STEPS({'C', "UID FETCH 1:2 (UID)", 0}, {'C', "EXAMINE \"b\"", 0},
	                {'C', "UID FETCH 1 (UID)", 0},
	                {'R',
	                        "* 1 FETCH (UID 1)\r\n* OK [UIDVALIDITY 9] new\r\n* 1 FETCH (UID "
	                        "2)\r\n2 OK x\r\n3 OK x\r\n4 OK x\r\n",
	                        0},
	                {'C', "NOOP", 0}, OK),
	        false);
	struct got *g = xcalloc(1, sizeof *g);
	struct imap_selected sel;
	struct err err = {0};

	(void)state;
	assert_int_equal(imap_fetch_send(m, "1:2", "(UID)", &err), 0);
	assert_int_equal(imap_examine_send(m, (const uint8_t *)"b", 1, &err), 0);
	assert_int_equal(imap_fetch_send(m, "1", "(UID)", &err), 0);
	assert_int_equal(imap_fetch_wait(m, &ops, g, &err), ERR_PROTO);
	assert_true(imap_alive(m));
	assert_int_equal(imap_examine_wait(m, &sel, &err), 0);
	assert_int_equal(sel.uidvalidity, 0);
	assert_int_equal(imap_fetch_wait(m, &ops, g, &err), 0);
	assert_int_equal(imap_noop(m, &err), 0);
	imap_selected_clear(&sel);
	peer_close(&p, m);
	free(g);
}

/* Held back until the one before is answered; other commands, too. */
static void test_one_by_one(void **state)
{
	const struct step *steps = STEPS({'C', "UID FETCH 1 (UID)", 0}, {'Q', NULL, 0},
	        {'S', "* 1 FETCH (UID 1)", 0}, OK, {'C', "UID FETCH 2 (UID)", 0}, {'Q', NULL, 0},
	        {'S', "%t NO x", 0}, {'C', "UID FETCH 3 (UID)", 0}, {'S', "* 3 FETCH (UID 3)", 0},
	        OK, {'C', "NOOP", 0}, OK, {'C', "UID FETCH 4 (UID)", 0});
	struct got *g = xcalloc(1, sizeof *g);
	atomic_bool one_by_one = true;
	struct imap *m = NULL;
	struct peer p = {0};
	struct err err = {0};
	struct service s;

	(void)state;
	peer_start(&p, "", steps);
	s = peer_service(&p, SECURITY_NONE, NULL, NULL);
	s.one_by_one = &one_by_one;
	assert_int_equal(imap_open(&s, false, NULL, &m, &err), 0);
	assert_int_equal(imap_fetch_send(m, "1", "(UID)", &err), 0);
	assert_int_equal(imap_fetch_send(m, "2", "(UID)", &err), 0);
	assert_int_equal(imap_fetch_send(m, "3", "(UID)", &err), 0);
	assert_int_equal(imap_in_flight(m), 3);
	assert_int_equal(imap_fetch_wait(m, &ops, g, &err), 0);
	assert_int_equal(imap_fetch_wait(m, &ops, g, &err), ERR_REFUSED);
	assert_int_equal(imap_fetch_wait(m, &ops, g, &err), 0);
	assert_string_equal(g->text, "1;3;");
	assert_int_equal(imap_noop(m, &err), 0);
	assert_int_equal(imap_fetch_send(m, "4", "(UID)", &err), 0);
	assert_int_equal(imap_fetch_send(m, "5", "(UID)", &err), 0);
	peer_close(&p, m); /* with one that was never sent */
	free(g);
}

/* Only silence after the first of several commands is a sign of it. */
static void test_ignores_pipelining(void **state)
{
	const struct {
		const struct step *steps;
		bool ignores;
	} cases[] = {
	        {STEPS({'C', "UID FETCH 1 (UID)", 0}, {'C', "UID FETCH 2 (UID)", 0}), false},
	        {STEPS({'C', "UID FETCH 1 (UID)", 0}, OK, {'C', "UID FETCH 2 (UID)", 0}), true},
	        {STEPS({'C', "UID FETCH 1 (UID)", 0}, OK, {'X', NULL, 0}), false},
	        {STEPS({'C', "UID FETCH 1 (UID)", 0}, OK, {'C', "UID FETCH 2 (UID)", 0}, OK),
	                false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct peer p = {0};
		struct got *g = xcalloc(1, sizeof *g);
		struct imap *m = NULL;
		struct err err = {0};
		atomic_bool found = false;
		struct service s;
		int rc = 0;

		peer_start(&p, "", cases[i].steps);
		s = peer_service(&p, SECURITY_NONE, NULL, NULL);
		s.at.idle_timeout_ms = 1000;
		s.one_by_one = &found;
		assert_int_equal(imap_open(&s, false, NULL, &m, &err), 0);
		for (unsigned k = 1; k <= 3 && rc == 0; k++)
			rc = imap_fetch_send(m, k == 1 ? "1" : k == 2 ? "2" : "3", "(UID)", &err);
		while (rc == 0 && imap_in_flight(m))
			rc = imap_fetch_wait(m, &ops, g, &err);
		assert_int_equal(rc, ERR_NET);
		peer_close(&p, m);
		assert_int_equal(found, cases[i].ignores);
		free(g);
	}
}

static void on_vanished(void *ctx, uint32_t first, uint32_t last)
{
	struct got *g = ctx;

	g->at += (size_t)snprintf(g->text + g->at, sizeof g->text - g->at, "%u-%u;", first, last);
}

/*
 * VANISHED before, between and after other answers, with ranges either way round; what is
 * no UID is read over.
 */
static void test_vanished(void **state)
{
	static const struct imap_fetch_ops watching = {
	        .body = on_body, .message = on_message, .vanished = on_vanished};
	struct peer p = {0};
	struct imap *m = peer_open(&p, "ENABLE QRESYNC",
	        STEPS({'C', "ENABLE QRESYNC", 0}, {'S', "* ENABLED QRESYNC CONDSTORE", 0}, OK,
	                {'C', "ENABLE QRESYNC", 0}, {'S', "* ENABLED", 0}, OK,
	                {'C', "ENABLE QRESYNC", 0}, {'S', "%t BAD what", 0},
	                {'C', "UID FETCH 1:* (UID) (CHANGEDSINCE 5 VANISHED)", 0},
	                {'S', "* VANISHED (EARLIER) 41,43:116", 0},
	                {'S', "* 1 FETCH (UID 3 MODSEQ (9))", 0}, {'S', "* VANISHED 118:117", 0},
	                {'S', "* VANISHED (EARLIER) x,7,4294967296,,9:", 0}, {'S', "* VANISHED", 0},
	                OK),
	        false);
	struct got *g = xcalloc(1, sizeof *g);
	struct err err = {0};
	bool on;

	(void)state;
	assert_int_equal(imap_enable_qresync(m, &on, &err), 0);
	assert_true(on);
	assert_int_equal(imap_enable_qresync(m, &on, &err), 0);
	assert_false(on);
	assert_int_equal(imap_enable_qresync(m, &on, &err), 0);
	assert_false(on);
	assert_int_equal(imap_fetch_send(m, "1:*", "(UID) (CHANGEDSINCE 5 VANISHED)", &err), 0);
	assert_int_equal(imap_fetch_wait(m, &watching, g, &err), 0);
	assert_string_equal(g->text, "3 m9;41-41;43-116;117-118;7-7;");
	peer_close(&p, m);
	free(g);
}

/* What a callback refuses ends the session with the callback's error. */
static void test_callbacks_fail(void **state)
{
	for (int what = 0; what < 2; what++) {
		struct peer p = {.lenient = true};
		struct imap *m = peer_open(&p, "",
		        STEPS({'C', "UID FETCH 1:2 (UID BODY.PEEK[])", 0},
		                {'R',
		                        "* 1 FETCH (UID 1 BODY[] {3}\r\nabc)\r\n* 2 FETCH (UID 2 "
		                        "BODY[] {3}\r\nabc)\r\n",
		                        0},
		                OK),
		        false);
		struct got *g = xcalloc(1, sizeof *g);
		struct err err = {0};

		(void)state;
		g->fail_body = what == 0;
		g->fail_message = what == 1;
		assert_int_equal(imap_fetch_send(m, "1:2", "(UID BODY.PEEK[])", &err), 0);
		assert_int_equal(imap_fetch_wait(m, &ops, g, &err), what ? ERR_STOPPED : ERR_SPACE);
		assert_string_equal(g->text, what ? "1 b3[abc];" : "");
		assert_false(imap_alive(m));
		assert_int_equal(imap_noop(m, &err), what ? ERR_STOPPED : ERR_SPACE);
		peer_close(&p, m);
		free(g);
	}
}

static void test_malformed_requests(void **state)
{
	static const char *const sets[] = {"", "1 2", "1\r\n2 DELETE x", "a", "{1}", "1:*)"};
	struct peer p = {0};
	struct imap *m = peer_open(&p, "", STEPS({'C', "NOOP", 0}, OK), false);
	struct got g = {0};
	struct err err = {0};

	(void)state;
	for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
		assert_int_equal(imap_fetch_send(m, sets[i], "(UID)", &err), ERR_USAGE);
	assert_int_equal(imap_fetch_send(m, "1", "(UID)\r\n", &err), ERR_USAGE);
	assert_int_equal(imap_fetch_wait(m, &ops, &g, &err), ERR_USAGE);
	assert_int_equal(imap_noop(m, &err), 0);
	peer_close(&p, m);
}

/* A large body comes in large pieces, byte for byte, also when quoted. */
static void test_large(void **state)
{
	const size_t size = 5000000;
	char *answer = xmalloc(size + 200);
	int head = snprintf(answer, 200, "* 1 FETCH (UID 1 BODY[] {%zu}\r\n", size), n;
	struct peer p = {0};
	struct imap *m;
	struct got *g = xcalloc(1, sizeof *g);
	struct err err = {0};

	(void)state;
	for (size_t i = 0; i < size; i++)
		answer[(size_t)head + i] = (char)(i * 31);
	n = snprintf(answer + head + size, 100, ")\r\n* 2 FETCH (UID 2 BODY[] \"%060d\")\r\n", 7);
	m = peer_open(&p, "",
	        STEPS({'C', "UID FETCH 1:2 (UID BODY.PEEK[])", 0},
	                {'R', answer, (size_t)head + size + (size_t)n}, OK),
	        false);
	assert_int_equal(imap_fetch_send(m, "1:2", "(UID BODY.PEEK[])", &err), 0);
	assert_int_equal(imap_fetch_wait(m, &ops, g, &err), 0);
	assert_non_null(strstr(g->text, "1 b5000000["));
	assert_non_null(strstr(g->text, "2 b60[00"));
	assert_true(g->chunks < 2000);
	peer_close(&p, m);
	free(answer);
	free(g);
}

/* ---- lengths that lie ---- */

#define MESSAGES 3

struct true_bodies {
	const char *const *body;
	unsigned got[MESSAGES];
	char in[4000];
	size_t n;
	bool wrong;
};

static int on_any_body(void *ctx, const void *p, size_t n, struct err *err)
{
	struct true_bodies *t = ctx;

	(void)err;
	if (t->n + n <= sizeof t->in)
		memcpy(t->in + t->n, p, n);
	t->n += n;
	return 0;
}

static int on_true_body(void *ctx, const struct imap_msg *m, struct err *err)
{
	struct true_bodies *t = ctx;

	(void)err;
	if (m->has_body && m->uid >= 1 && m->uid <= MESSAGES) {
		const char *is = t->body[m->uid - 1];

		t->got[m->uid - 1]++;
		t->wrong |= t->n != strlen(is) || memcmp(t->in, is, t->n) != 0;
	}
	t->n = 0;
	return 0;
}

/*
 * Three answers, the literal of the ${liar}-th announced ${lie} octets longer than it is.
 */
static void answers(
        const char *const *body, unsigned liar, int lie, bool tail, char *out, size_t size)
{
	size_t at = 0;

	for (unsigned i = 0; i < MESSAGES; i++)
		at += (size_t)snprintf(out + at, size - at,
		        "* %u FETCH (UID %u BODY[] {%d}\r\n%s%s)\r\n", i + 1, i + 1,
		        (int)strlen(body[i]) + (i == liar ? lie : 0), body[i],
		        tail ? " FLAGS (\\Seen)" : "");
}

static bool lie_is_kept(const char *const *body, unsigned liar, int lie, bool tail)
{
	static const struct imap_fetch_ops any = {.body = on_any_body, .message = on_true_body};
	struct true_bodies t = {.body = body};
	char text[4000];
	const struct step steps[] = {{'C', "UID FETCH 1:3 (UID BODY.PEEK[])", 0}, {'R', text, 0},
	        {'S', "%t OK done", 0}, {'X', NULL, 0}, {0, NULL, 0}};
	struct peer p = {.lenient = true};
	struct err err = {0};
	struct imap *m;
	bool all;
	int rc;

	answers(body, liar, lie, tail, text, sizeof text);
	m = peer_open(&p, "", steps, false);
	assert_int_equal(imap_fetch_send(m, "1:3", "(UID BODY.PEEK[])", &err), 0);
	rc = imap_fetch_wait(m, &any, &t, &err);
	all = t.got[0] && t.got[1] && t.got[2];
	if (lie == 0)
		assert_true(rc == 0 && t.got[0] == 1 && t.got[1] == 1 && t.got[2] == 1);
	else
		assert_true((rc < 0 && !imap_alive(m)) || !all);
	/* What came before the lie is whole. */
	for (unsigned i = 0; i < liar; i++)
		assert_int_equal(t.got[i], 1);
	peer_close(&p, m);
	/*
	 * One that swallows whole answers is told by those that are missing, and by its
	 * size.
	 */
	return t.wrong && all;
}

/* Whatever the length says: no message is handed on that is not what the server holds. */
static void test_lengths_that_lie(void **state)
{
	static const char *const bodies[][MESSAGES] = {
	        {"Subject: a\r\n\r\none (of) two\r\n",
	                "Subject: b\r\n\r\nwords and words (FLAGS ()) and )\r\n",
	                "Subject: c\r\n\r\n* 9 FETCH (UID 9)\r\n9 OK done\r\n"},
	        {"a)\r\n", "b)\r\n)\r\n", "c\r\n"},
	};

	(void)state;
	for (size_t b = 0; b < sizeof bodies / sizeof *bodies; b++)
		for (unsigned liar = 0; liar < MESSAGES; liar++)
			for (int tail = 0; tail < 2; tail++) {
				int size = (int)strlen(bodies[b][liar]);

				assert_false(lie_is_kept(bodies[b], liar, 0, tail));
				for (int lie = -size; lie <= 70; lie++)
					/* All of " FLAGS (\\Seen)": nobody can tell. */
					if (lie && !(tail && lie == 14) &&
					        lie_is_kept(bodies[b], liar, lie, tail)) {
						print_error("%zu, %u, %d\n", b, liar, lie);
						fail();
					}
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_lengths_that_lie),
	        cmocka_unit_test(test_items),
	        cmocka_unit_test(test_bodies),
	        cmocka_unit_test(test_pipeline),
	        cmocka_unit_test(test_opened_early),
	        cmocka_unit_test(test_one_by_one),
	        cmocka_unit_test(test_ignores_pipelining),
	        cmocka_unit_test(test_vanished),
	        cmocka_unit_test(test_callbacks_fail),
	        cmocka_unit_test(test_malformed_requests),
	        cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
