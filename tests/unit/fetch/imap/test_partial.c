/*
 * Pieces of a message against a scripted server: offsets beyond 4 GiB, short pieces,
 * answers that belong elsewhere.
 */
#include "proto/imap/peer.h"
#include "fetch/imap/run.h"

#define GIB4 4294967296u

static int take_open(
        struct tree_sink *s, enum coll_kind kind, struct tree_body **out, struct err *err)
{
	(void)s;
	(void)kind;
	(void)err;
	*out = (struct tree_body *)xcalloc(1, 4096);
	return 0;
}

static int take_write(struct tree_body *b, const void *p, size_t n, struct err *err)
{
	(void)err;
	strncat((char *)b, p, n);
	return 0;
}

static void take_abort(struct tree_body *b)
{
	free(b);
}

static const struct tree_sink_ops sink_ops = {
        .body_open = take_open, .body_write = take_write, .body_abort = take_abort};

struct fetching {
	const char *name;
	uint64_t size, from;
	const struct step *steps;
	int result;
	uint64_t at;
	const char *text; /* what was streamed */
};

#define ASK(at)                                                                                    \
	{                                                                                          \
		'C', "UID FETCH 7 (UID BODY.PEEK[]<" at ".4>)", 0                                  \
	}
#define OK                                                                                         \
	{                                                                                          \
		'S', "%t OK done", 0                                                               \
	}
#define NO                                                                                         \
	{                                                                                          \
		'S', "%t NO cannot", 0                                                             \
	}
#define GIVE(at, text)                                                                             \
	{                                                                                          \
		'S', "* 1 FETCH (UID 7 BODY[]" at " \"" text "\")", 0                              \
	}

static void run_one(const struct fetching *f)
{
	struct progress progress = {0};
	struct tree_sink sink = {&sink_ops};
	struct run run = {.base = {.sink = &sink, .progress = &progress}};
	struct mbox mb = {.name = (char *)(uintptr_t) "INBOX"};
	struct worker w = {.run = &run, .body.expect_mb = &mb};
	struct rec r = {.uid = 7, .size = f->size, .have = REC_SIZE};
	struct peer p = {0};
	uint64_t at = f->from;
	struct err err = {0};
	int rc;

	w.conn.m = peer_open(&p, "", f->steps, false);
	intake_begin(&w.body.in, &sink, COLL_MAIL, HEAD_MAX);
	rc = pieces_run(&w, &r, 4, &at, &err);
	if (rc != f->result || at != f->at)
		print_error("%s: %d at %llu: %s\n", f->name, rc, (unsigned long long)at, err.text);
	assert_int_equal(rc, f->result);
	assert_true(at == f->at);
	assert_string_equal(w.body.in.body ? (char *)w.body.in.body : "", f->text);
	fetch_drop(&w);
	intake_clear(&w.body.in);
	peer_close(&p, w.conn.m);
}

static void pieces(void **state)
{
	const struct fetching list[] = {
	        {"the last is short", 10, 0,
	                STEPS(ASK("0"), GIVE("<0>", "abcd"), OK, ASK("4"), GIVE("<4>", "efgh"), OK,
	                        ASK("8"), GIVE("<8>", "ij"), OK, ASK("12"), GIVE("<12>", ""), OK),
	                1, 10, "abcdefghij"},
	        {"the last is full", 8, 0,
	                STEPS(ASK("0"), GIVE("<0>", "abcd"), OK, ASK("4"), GIVE("<4>", "efgh"), OK,
	                        ASK("8"), GIVE("<8>", ""), OK, ASK("12"), GIVE("<12>", ""), OK),
	                1, 8, "abcdefgh"},
	        {"nothing but OK after the last", 8, 0,
	                STEPS(ASK("0"), GIVE("<0>", "abcd"), OK, ASK("4"), GIVE("<4>", "efgh"), OK,
	                        ASK("8"), OK, ASK("12"), OK, ASK("8"), OK, ASK("12"), OK),
	                1, 8, "abcdefgh"},
	        {"across 4 GiB", GIB4 + 6, GIB4 - 4,
	                STEPS(ASK("4294967292"), GIVE("<4294967292>", "abcd"), OK,
	                        ASK("4294967296"), GIVE("<4294967296>", "efgh"), OK,
	                        ASK("4294967300"), GIVE("<4294967300>", "ij"), OK,
	                        ASK("4294967304"), GIVE("<4294967304>", ""), OK),
	                1, GIB4 + 6, "abcdefghij"},
	        {"shorter than asked for, and going on", 10, 0,
	                STEPS(ASK("0"), GIVE("<0>", "ab"), OK, ASK("4"), GIVE("<4>", "xx"), OK,
	                        ASK("2"), GIVE("<2>", "cdef"), OK, ASK("6"), GIVE("<6>", "ghi"), OK,
	                        ASK("10"), GIVE("<10>", ""), OK, ASK("9"), GIVE("<9>", "j"), OK,
	                        ASK("13"), OK),
	                1, 10, "abcdefghij"},
	        {"the size is too large", 100, 0,
	                STEPS(ASK("0"), GIVE("<0>", "abcd"), OK, ASK("4"), GIVE("<4>", "ef"), OK,
	                        ASK("8"), GIVE("<8>", ""), OK, ASK("6"), GIVE("<6>", ""), OK,
	                        ASK("10"), GIVE("<10>", ""), OK),
	                1, 6, "abcdef"},
	        {"the size is too small", 3, 0,
	                STEPS(ASK("0"), GIVE("<0>", "abcd"), OK, ASK("4"), GIVE("<4>", "ef"), OK,
	                        ASK("8"), GIVE("<8>", ""), OK),
	                1, 6, "abcdef"},
	        {"whole each time", 7, 0,
	                STEPS(ASK("0"), GIVE("", "abcdefg"), OK, ASK("4"), GIVE("", "abcdefg"), OK),
	                1, 7, "abcdefg"},
	        {"refused in the middle", 10, 0,
	                STEPS(ASK("0"), GIVE("<0>", "abcd"), OK, ASK("4"), NO, ASK("8"),
	                        GIVE("<8>", "ij"), OK, ASK("4"), NO, ASK("8"), GIVE("<8>", "ij"),
	                        OK),
	                0, 4, "abcd"},
	        {"empty in the middle, after a full one", 10, 0,
	                STEPS(ASK("0"), GIVE("<0>", "abcd"), OK, ASK("4"), GIVE("<4>", ""), OK,
	                        ASK("8"), GIVE("<8>", "ij"), OK),
	                0, 4, "abcd"},
	        {"another message between", 8, 0,
	                STEPS(ASK("0"), {'S', "* 2 FETCH (UID 9 BODY[]<0> \"evil\")", 0},
	                        GIVE("<0>", "abcd"), OK, ASK("4"), GIVE("<4>", "efgh"), OK),
	                0, 8, "evilefgh"},
	        {"not given at all", 8, 0,
	                STEPS(ASK("0"), NO, ASK("4"), NO, ASK("0"), NO, ASK("4"), NO), 0, 0, ""},
	        {"the connection ends", 8, 0,
	                STEPS(ASK("0"), GIVE("<0>", "abcd"), OK, ASK("4"), {'X', NULL, 0}), ERR_NET,
	                4, "abcd"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof list / sizeof *list; i++)
		run_one(&list[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
