#include "peer.h"
#include "valise/base/mem.h"

struct message {
	const char *text;
	size_t give; /* octets given out; SIZE_MAX: all */
	int fail;
};

static int give(void *ctx, int (*write)(void *wctx, const void *p, size_t n, struct err *err),
        void *wctx, struct err *err)
{
	struct message *m = ctx;
	size_t n = m->give < strlen(m->text) ? m->give : strlen(m->text), half = n / 2;
	int r = half ? write(wctx, m->text, half, err) : 0;

	if (r == 0 && m->fail)
		return err_set(err, ERR_DAMAGED, ERR_ITEM, "a part is damaged");
	return r ? r : write(wctx, m->text + half, n - half, err);
}

static struct imap_append message(struct message *m)
{
	return (struct imap_append){.size = strlen(m->text), .give = give, .ctx = m};
}

#define MESSAGES 4
struct appending {
	const char *name, *caps;
	const char *texts[MESSAGES + 1]; /* NULL: the end */
	const struct step *steps;
	int result;
	const char *outcome; /* "+uid" OK, "-code" refused, "?" unknown, "." not sent */
};

static void outcome_of(const struct imap_append *list, size_t n, char *out)
{
	*out = '\0';
	for (size_t i = 0; i < n; i++)
		switch (list[i].result) {
		case APPEND_OK:
			sprintf(out + strlen(out), "+%u ", list[i].uid);
			break;
		case APPEND_REFUSED:
			sprintf(out + strlen(out), "-%s ", list[i].code);
			break;
		default:
			strcat(out, list[i].result == APPEND_UNKNOWN ? "? " : ". ");
		}
}

static void run_appends(const struct appending *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (int bytewise = 0; bytewise < 2; bytewise++) {
			struct peer p = {.bytewise = bytewise};
			struct imap *m = peer_open(&p, cases[i].caps, cases[i].steps, true);
			struct message texts[MESSAGES];
			struct imap_append list[MESSAGES];
			struct err err = {0};
			size_t count = 0;
			char outcome[500];
			int r;

			for (; cases[i].texts[count]; count++) {
				texts[count] = (struct message){cases[i].texts[count], SIZE_MAX, 0};
				list[count] = message(&texts[count]);
			}
			r = imap_append(m, (const uint8_t *)"x", 1, list, count, &err);
			outcome_of(list, count, outcome);
			if (r != cases[i].result || strcmp(outcome, cases[i].outcome) != 0)
				print_error("%s: %d %s\n", cases[i].name, r, err.text);
			assert_int_equal(r, cases[i].result);
			assert_string_equal(outcome, cases[i].outcome);
			assert_int_equal(imap_alive(m), r == 0);
			peer_close(&p, m);
		}
}

#define OK                                                                                         \
	{                                                                                          \
		'S', "%t OK done", 0                                                               \
	}
#define A "a\r\nb\n\rc" /* odd line ends go out as they are */
#define B "second"

static void test_single(void **state)
{
	const struct appending cases[] = {
	        {"LITERAL+, pipelined", "LITERAL+", {A, B},
	                STEPS({'C', "APPEND \"x\" {7+}", 0}, {'L', A "\r\n", 0},
	                        {'C', "APPEND \"x\" {6+}", 0}, {'L', B "\r\n", 0},
	                        {'S', "2 OK [APPENDUID 38505 3955] done", 0},
	                        {'S', "3 OK done", 0}),
	                0, "+3955 +0 "},
	        {"answers in another order", "LITERAL+", {A, B},
	                STEPS({'C', "APPEND \"x\" {7+}", 0}, {'L', A "\r\n", 0},
	                        {'C', "APPEND \"x\" {6+}", 0}, {'L', B "\r\n", 0},
	                        {'S', "* 5 EXISTS", 0}, {'S', "3 OK [APPENDUID 1 9] x", 0},
	                        {'S', "2 NO [TOOBIG] x", 0}),
	                0, "-TOOBIG +9 "},
	        {"LITERAL- for the small ones", "LITERAL-", {B},
	                STEPS({'C', "APPEND \"x\" {6+}", 0}, {'L', B "\r\n", 0}, OK), 0, "+0 "},
	        {"synchronising, with untagged lines before +", "", {A, B},
	                STEPS({'C', "APPEND \"x\" {7}", 0}, {'S', "* 5 EXISTS", 0},
	                        {'S', "* 1 FETCH (BODY[] {3}", 0}, {'R', "abc)\r\n", 0},
	                        {'S', "+ [BADCHARSET (\"x\")] go", 0}, {'L', A "\r\n", 0},
	                        {'C', "APPEND \"x\" {6}", 0}, {'S', "2 OK [APPENDUID 1 2] x", 0},
	                        {'S', "+", 0}, {'L', B "\r\n", 0}, OK),
	                0, "+2 +0 "},
	        {"synchronising, refused", "", {A, B},
	                STEPS({'C', "APPEND \"x\" {7}", 0}, {'S', "%t NO [TRYCREATE] no", 0},
	                        {'C', "APPEND \"x\" {6}", 0}, {'S', "+ go", 0}, {'L', B "\r\n", 0},
	                        {'S', "%t NO [OVERQUOTA] full", 0}),
	                0, "-TRYCREATE -OVERQUOTA "},
	        {"an empty message", "LITERAL+", {""},
	                STEPS({'C', "APPEND \"x\" {0+}", 0}, {'L', "\r\n", 0}, OK), 0, "+0 "},
	        {"cut before the answer", "LITERAL+", {A, B},
	                STEPS({'C', "APPEND \"x\" {7+}", 0}, {'L', A "\r\n", 0},
	                        {'C', "APPEND \"x\" {6+}", 0}, {'L', B "\r\n", 0},
	                        {'S', "2 OK x", 0}, {'X', NULL, 0}),
	                ERR_NET, "+0 ? "},
	        {"cut before the octets", "", {A, B},
	                STEPS({'C', "APPEND \"x\" {7}", 0}, {'X', NULL, 0}), ERR_NET, ". . "},
	        {"OK before the octets", "", {A},
	                STEPS({'C', "APPEND \"x\" {7}", 0}, OK, {'X', NULL, 0}), ERR_PROTO, ". "},
	        {"answer to nothing", "LITERAL+", {A},
	                STEPS({'C', "APPEND \"x\" {7+}", 0}, {'L', A "\r\n", 0},
	                        {'S', "77 OK x", 0}, {'X', NULL, 0}),
	                ERR_PROTO, "? "},
	};

	(void)state;
	run_appends(cases, sizeof cases / sizeof *cases);
}

#define MULTI "MULTIAPPEND LITERAL+"
#define THREE                                                                                      \
	{'C', "APPEND \"x\" {7+}", 0},                                                             \
	{                                                                                          \
		'L', A " {6+}\r\n" B " {1+}\r\nc\r\n", 0                                           \
	}

static void test_multi(void **state)
{
	const struct appending cases[] = {
	        {"all at once", MULTI, {A, B, "c"},
	                STEPS(THREE, {'S', "%t OK [APPENDUID 7 5:7] x", 0}), 0, "+5 +6 +7 "},
	        {"set with holes", MULTI, {A, B, "c"},
	                STEPS(THREE, {'S', "%t OK [APPENDUID 7 5:6,9] x", 0}), 0, "+5 +6 +9 "},
	        {"set in reverse", MULTI, {A, B, "c"},
	                STEPS(THREE, {'S', "%t OK [APPENDUID 7 7:5] x", 0}), 0, "+5 +6 +7 "},
	        {"too few UIDs", MULTI, {A, B, "c"},
	                STEPS(THREE, {'S', "%t OK [APPENDUID 7 5:6] x", 0}), 0, "+0 +0 +0 "},
	        {"too many UIDs", MULTI, {A, B, "c"},
	                STEPS(THREE, {'S', "%t OK [APPENDUID 7 1:4294967295] x", 0}), 0,
	                "+0 +0 +0 "},
	        {"one more", MULTI, {A, B, "c"},
	                STEPS(THREE, {'S', "%t OK [APPENDUID 7 1:3,9] x", 0}), 0, "+0 +0 +0 "},
	        {"nonsense UIDs", MULTI, {A, B, "c"},
	                STEPS(THREE, {'S', "%t OK [APPENDUID 7 5,x,,9] x", 0}), 0, "+0 +0 +0 "},
	        {"wide UIDs", MULTI, {A, B, "c"},
	                STEPS(THREE, {'S', "%t OK [APPENDUID 7 4294967296:4294967298] x", 0}), 0,
	                "+0 +0 +0 "},
	        {"no APPENDUID", MULTI, {A, B, "c"}, STEPS(THREE, OK), 0, "+0 +0 +0 "},
	        {"refused: one by one", MULTI, {A, B, "c"},
	                STEPS(THREE, {'S', "%t NO [TOOBIG] one is", 0},
	                        {'C', "APPEND \"x\" {7+}", 0}, {'L', A "\r\n", 0},
	                        {'C', "APPEND \"x\" {6+}", 0}, {'L', B "\r\n", 0},
	                        {'C', "APPEND \"x\" {1+}", 0}, {'L', "c\r\n", 0},
	                        {'S', "3 OK [APPENDUID 7 1] x", 0},
	                        {'S', "4 NO [TOOBIG] this one", 0},
	                        {'S', "5 OK [APPENDUID 7 2] x", 0}),
	                0, "+1 -TOOBIG +2 "},
	        {"refused for good", MULTI, {A, B, "c"},
	                STEPS(THREE, {'S', "%t NO [TRYCREATE] none", 0}), 0,
	                "-TRYCREATE -TRYCREATE -TRYCREATE "},
	        {"not understood: one by one", MULTI, {B, "c"},
	                STEPS({'C', "APPEND \"x\" {6+}", 0}, {'L', B " {1+}\r\nc\r\n", 0},
	                        {'S', "%t BAD one only", 0}, {'C', "APPEND \"x\" {6+}", 0},
	                        {'L', B "\r\n", 0}, {'C', "APPEND \"x\" {1+}", 0},
	                        {'L', "c\r\n", 0}, {'S', "3 OK x", 0}, {'S', "4 OK x", 0}),
	                0, "+0 +0 "},
	        {"an empty one would cancel all", MULTI, {B, "", "c"},
	                STEPS({'C', "APPEND \"x\" {6+}", 0}, {'L', B "\r\n", 0},
	                        {'C', "APPEND \"x\" {0+}", 0}, {'L', "\r\n", 0},
	                        {'C', "APPEND \"x\" {1+}", 0}, {'L', "c\r\n", 0},
	                        {'S', "2 OK x", 0}, {'S', "3 NO empty", 0}, {'S', "4 OK x", 0}),
	                0, "+0 - +0 "},
	        {"synchronising literals", "MULTIAPPEND", {B, "c"},
	                STEPS({'C', "APPEND \"x\" {6}", 0}, {'S', "+", 0}, {'L', B " {1}\r\n", 0},
	                        {'S', "+", 0}, {'L', "c\r\n", 0},
	                        {'S', "%t OK [APPENDUID 7 1:2] x", 0}),
	                0, "+1 +2 "},
	        {"synchronising, refused in the middle", "MULTIAPPEND", {B, "c"},
	                STEPS({'C', "APPEND \"x\" {6}", 0}, {'S', "+", 0}, {'L', B " {1}\r\n", 0},
	                        {'S', "%t NO [TOOBIG] x", 0}, {'C', "APPEND \"x\" {6}", 0},
	                        {'S', "+", 0}, {'L', B "\r\n", 0}, OK, {'C', "APPEND \"x\" {1}", 0},
	                        {'S', "%t NO [TOOBIG] x", 0}),
	                0, "+0 -TOOBIG "},
	        {"cut", MULTI, {A, B, "c"}, STEPS(THREE, {'X', NULL, 0}), ERR_NET, "? ? ? "},
	};

	(void)state;
	run_appends(cases, sizeof cases / sizeof *cases);
}

static void test_options(void **state)
{
	static const char *const words[] = {"work", "$L"}, *const bad[] = {"a) {5+}"},
	                         *const bad2[] = {""};
	struct message text = {"m", SIZE_MAX, 0};
	struct peer p = {0};
	struct err err = {0};
	struct imap_append list[5];
	struct imap *m = peer_open(&p, "LITERAL+",
	        STEPS({'C',
	                      "APPEND \"&AOQ-\" (\\Seen \\Draft work $L) \"17-Jul-1996 02:44:25 "
	                      "-0700\" {1+}",
	                      0},
	                {'L', "m\r\n", 0}, {'C', "APPEND \"&AOQ-\" ($L) {1+}", 0},
	                {'L', "m\r\n", 0}, {'C', "APPEND \"&AOQ-\" (\\Flagged) {1+}", 0},
	                {'L', "m\r\n", 0}, {'S', "2 OK x", 0}, {'S', "3 OK x", 0},
	                {'S', "4 OK x", 0}),
	        true);

	(void)state;
	for (size_t i = 0; i < 5; i++)
		list[i] = message(&text);
	list[0].flags = 17;
	list[0].keywords = words;
	list[0].n_keywords = 2;
	list[0].date = (struct date){.utc = 837596665, .zone_min = -420, .known = true};
	list[1].keywords = words + 1;
	list[1].n_keywords = 1;
	list[2].keywords = bad;
	list[2].n_keywords = 1;
	list[3].flags = 4;
	list[4].keywords = bad2;
	list[4].n_keywords = 1;
	assert_int_equal(imap_append(m, (const uint8_t *)"&AOQ-", 5, list, 5, &err), 0);
	assert_int_equal(list[0].result, APPEND_OK);
	assert_int_equal(list[2].result, APPEND_REFUSED);
	assert_int_equal(list[3].result, APPEND_OK);
	assert_int_equal(list[4].result, APPEND_REFUSED);
	peer_close(&p, m);
}

/*
 * What cannot be given in full is never stored, and the messages before it are unknown,
 * not lost.
 */
static void test_giver_fails(void **state)
{
	for (int what = 0; what < 3; what++) {
		struct message texts[2] = {
		        {"first", SIZE_MAX, 0}, {"second", what == 0 ? 3 : SIZE_MAX, what == 1}};
		struct peer p = {.lenient = true};
		struct err err = {0};
		struct imap_append list[2];
		struct imap *m = peer_open(&p, "LITERAL+",
		        STEPS({'C', "APPEND \"x\" {5+}", 0}, {'L', "first\r\n", 0},
		                {'C', "APPEND \"x\" {6+}", 0}, {'L', "second\r\n", 0}),
		        true);

		(void)state;
		list[0] = message(&texts[0]);
		list[1] = message(&texts[1]);
		if (what == 2)
			list[1].size = 4;
		assert_int_equal(
		        imap_append(m, (const uint8_t *)"x", 1, list, 2, &err), ERR_DAMAGED);
		assert_int_equal(list[0].result, APPEND_UNKNOWN);
		assert_int_equal(list[1].result, APPEND_NOT_SENT);
		assert_false(imap_alive(m));
		peer_close(&p, m);
	}
}

static void test_names(void **state)
{
	struct message text = {"m", SIZE_MAX, 0};
	struct peer p = {0};
	struct err err = {0};
	struct imap_append list[2];
	struct imap *m = peer_open(&p, "",
	        STEPS({'C', "APPEND {1}", 0}, {'S', "+", 0}, {'A', "\xff {1}", 0}, {'S', "+", 0},
	                {'L', "m\r\n", 0}, OK, {'C', "APPEND {1}", 0},
	                {'S', "%t NO [NOPERM] bad name", 0}),
	        true);

	(void)state;
	list[0] = message(&text);
	list[1] = message(&text);
	assert_int_equal(imap_append(m, (const uint8_t *)"a\nb", 3, list, 1, &err), 0);
	assert_int_equal(list[0].result, APPEND_REFUSED);
	assert_int_equal(imap_append(m, (const uint8_t *)"\xff", 1, list, 2, &err), 0);
	assert_int_equal(list[0].result, APPEND_OK);
	assert_int_equal(list[1].result, APPEND_REFUSED);
	assert_string_equal(list[1].code, "NOPERM");
	assert_int_equal(imap_append(m, (const uint8_t *)"x", 1, list, 0, &err), 0);
	peer_close(&p, m);
}

/*
 * A server that answers at length while we send: neither side may wait for the other for
 * ever.
 */
static void test_back_pressure(void **state)
{
	enum { N = 400, NOISE = 100 };
	struct step *steps = xcalloc(N * 4 + 1, sizeof *steps);
	struct imap_append *list = xcalloc(N, sizeof *list);
	char *noise = xcalloc(1, NOISE * 80 + 1), (*answers)[24] = xcalloc(N, sizeof *answers);
	char *big = xcalloc(1, 30001), *wire = xmalloc(30003);
	struct message text = {big, SIZE_MAX, 0};
	struct peer p = {0};
	struct err err = {0};
	struct imap *m;

	(void)state;
	memset(big, 'm', 30000);
	memcpy(wire, big, 30000);
	memcpy(wire + 30000, "\r\n", 3);
	for (int i = 0; i < NOISE; i++)
		strcat(noise, "* OK still at it, please bear with us for a little longer than you "
		              "may expect\r\n");
	for (int i = 0; i < N; i++) {
		struct step *s = steps + i * 4;

		snprintf(answers[i], sizeof *answers, "%d OK x", i + 2);
		s[0] = (struct step){'C', "APPEND \"x\" {30000+}", 0};
		s[1] = (struct step){'L', wire, 0};
		s[2] = (struct step){'R', noise, 0};
		s[3] = (struct step){'S', answers[i], 0};
		list[i] = message(&text);
	}
	m = peer_open(&p, "LITERAL+", steps, true);
	assert_int_equal(imap_append(m, (const uint8_t *)"x", 1, list, N, &err), 0);
	for (int i = 0; i < N; i++)
		assert_int_equal(list[i].result, APPEND_OK);
	peer_close(&p, m);
	free(wire);
	free(big);
	free(answers);
	free(noise);
	free(list);
	free(steps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_single),
	        cmocka_unit_test(test_multi),
	        cmocka_unit_test(test_options),
	        cmocka_unit_test(test_giver_fails),
	        cmocka_unit_test(test_names),
	        cmocka_unit_test(test_back_pressure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
