#include "peer.h"
#include "proto/imap/internal.h"

#define OK                                                                                         \
	{                                                                                          \
		'S', "%t OK done", 0                                                               \
	}
#define BYTES(s) (const uint8_t *)(s), strlen(s)

static void test_examine(void **state)
{
	struct peer p = {0};
	struct imap_selected s;
	struct err err = {0};
	struct imap *m = peer_open(&p, "CONDSTORE",
	        STEPS({'C', "EXAMINE \"a \\\"b\\\\\" (CONDSTORE)", 0}, {'S', "* 9 EXISTS", 0},
	                {'S', "* OK [CLOSED] x", 0}, {'S', "* FLAGS (\\Seen work a]b)", 0},
	                {'S', "* OK [PERMANENTFLAGS (\\Seen $L \\*)] Flags", 0},
	                {'S', "* 18 EXISTS", 0}, {'S', "* 0 RECENT", 0},
	                {'S', "* OK [UIDVALIDITY 4294967295] x", 0}, {'S', "* OK [UIDNEXT 7] x", 0},
	                {'S', "* OK [HIGHESTMODSEQ 90060115205545359]", 0},
	                {'S', "%t OK [READ-ONLY] x", 0}),
	        false);

	(void)state;
	assert_int_equal(imap_select(m, BYTES("a \"b\\"), false, &s, &err), 0);
	assert_int_equal(s.exists, 18);
	assert_true(s.uidvalidity == 4294967295u);
	assert_int_equal(s.uidnext, 7);
	assert_true(s.highestmodseq == 90060115205545359u);
	assert_true(s.read_only);
	assert_int_equal(s.n_flags, 3);
	assert_string_equal(s.flags[2], "a]b");
	assert_int_equal(s.n_permanent, 3);
	assert_string_equal(s.permanent[2], "\\*");
	imap_selected_clear(&s);
	peer_close(&p, m);
}

/*
 * Nothing said: STATUS is asked; the crash of libetpan's list is survived; 8-bit names
 * are literals.
 */
static void test_examine_odd(void **state)
{
	struct peer p = {0};
	struct imap_selected s;
	struct err err = {0};
	struct imap *m = peer_open(&p, "CONDSTORE LITERAL+",
	        STEPS({'C', "EXAMINE {2+}", 0}, {'A', "\xc3\xa4 (CONDSTORE)", 0},
	                {'S', "%t BAD parameter", 0}, {'C', "EXAMINE {2+}", 0},
	                {'A', "\xc3\xa4", 0}, {'S', "* OK [PERMANENTFLAGS ((\\Seen))] x", 0},
	                {'S', "* OK [UIDVALIDITY 4294967301] x", 0}, {'S', "%t OK", 0},
	                {'C', "STATUS {2+}", 0},
	                {'A', "\xc3\xa4 (MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ)", 0},
	                {'S', "* STATUS {2}", 0},
	                {'R', "\xc3\xa4 (UIDNEXT 12 UIDVALIDITY 5)\r\n", 0}, OK),
	        false);

	(void)state;
	assert_int_equal(imap_select(m, BYTES("\xc3\xa4"), false, &s, &err), 0);
	assert_int_equal(s.uidnext, 12);
	assert_int_equal(s.uidvalidity, 5);
	assert_int_equal(s.exists, 0);
	imap_selected_clear(&s);
	peer_close(&p, m);
}

static void test_select_refused(void **state)
{
	struct peer p = {0};
	struct imap_selected s;
	struct err err = {0};
	struct imap *m = peer_open(&p, "",
	        STEPS({'C', "SELECT \"x\"", 0}, {'S', "%t NO [NONEXISTENT] no such\x07 mailbox", 0},
	                {'C', "EXAMINE {1}", 0}, {'S', "* 1 EXISTS", 0},
	                {'S', "%t NO [TRYCREATE] no", 0}, {'C', "EXAMINE {1}", 0}, {'S', "+", 0},
	                {'A', "\xff", 0}, {'S', "* OK [UIDNEXT 5] x", 0}, OK),
	        true);

	(void)state;
	assert_int_equal(imap_select(m, BYTES("x"), true, &s, &err), ERR_REFUSED);
	assert_non_null(strstr(err.text, "[NONEXISTENT]"));
	assert_null(strchr(err.text, 7));
	assert_int_equal(imap_select(m, (const uint8_t *)"a\r\n1 DELETE b", 13, true, &s, &err),
	        ERR_REFUSED);
	assert_int_equal(imap_select(m, (const uint8_t *)"a\0b", 3, true, &s, &err), ERR_REFUSED);
	assert_int_equal(imap_select(m, BYTES("\xff"), false, &s, &err), ERR_REFUSED);
	assert_string_equal(m->last_code, "TRYCREATE");
	assert_int_equal(imap_select(m, BYTES("\xff"), false, &s, &err), 0);
	imap_selected_clear(&s);
	peer_close(&p, m);
}

static void test_status_many(void **state)
{
	struct imap_mailbox boxes[] = {{.name = (uint8_t *)(uintptr_t) "a", .name_len = 1},
	        {.name = (uint8_t *)(uintptr_t) "b\r\n", .name_len = 3},
	        {.name = (uint8_t *)(uintptr_t) "c", .name_len = 1},
	        {.name = (uint8_t *)(uintptr_t) "\xff", .name_len = 1},
	        {.name = (uint8_t *)(uintptr_t) "d", .name_len = 1},
	        {.name = (uint8_t *)(uintptr_t) "\xfe", .name_len = 1}};
	struct imap_status out[6];
	struct peer p = {0};
	struct err err = {0};
	struct imap *m = peer_open(&p, "",
	        STEPS({'C', "STATUS \"a\" (MESSAGES UIDNEXT UIDVALIDITY)", 0},
	                {'C', "STATUS \"c\" (MESSAGES UIDNEXT UIDVALIDITY)", 0},
	                {'S', "* STATUS c (MESSAGES 3)", 0}, {'S', "3 OK first", 0},
	                {'S', "* STATUS a (MESSAGES 1 X-NEW (a b) UIDNEXT 4 UIDVALIDITY 5)", 0},
	                {'S', "2 OK x", 0}, {'C', "STATUS {1}", 0}, {'S', "+ go", 0},
	                {'A', "\xff (MESSAGES UIDNEXT UIDVALIDITY)", 0},
	                {'S', "%t NO [NOPERM] no", 0},
	                {'C', "STATUS \"d\" (MESSAGES UIDNEXT UIDVALIDITY)", 0}, OK,
	                {'C', "STATUS {1}", 0}, {'S', "%t NO no", 0}, {'C', "NOOP", 0}, OK),
	        false);

	(void)state;
	assert_int_equal(imap_status_many(m, boxes, 6, false, out, &err), 0);
	assert_true(out[0].ok);
	assert_int_equal(out[0].messages, 1);
	assert_int_equal(out[0].uidnext, 4);
	assert_int_equal(out[0].uidvalidity, 5);
	assert_false(out[1].ok);
	assert_true(out[2].ok);
	assert_int_equal(out[2].messages, 3);
	assert_false(out[3].ok); /* refused */
	assert_false(out[4].ok); /* OK without an answer */
	assert_false(out[5].ok); /* the literal refused */
	assert_int_equal(imap_noop(m, &err), 0);
	peer_close(&p, m);
}

/* Names that a server did not quote; the lines after them are not waited for (mailutils). */
static void test_status_unquoted(void **state)
{
	struct imap_mailbox boxes[] = {{.name = (uint8_t *)(uintptr_t) "q \" \\", .name_len = 5},
	        {.name = (uint8_t *)(uintptr_t) "(a) {b}", .name_len = 7}};
	struct imap_status out[2];
	struct peer p = {0};
	struct err err = {0};
	struct imap *m = peer_open(&p, "",
	        STEPS({'C', "STATUS \"q \\\" \\\\\" (MESSAGES UIDNEXT UIDVALIDITY)", 0},
	                {'C', "STATUS \"(a) {b}\" (MESSAGES UIDNEXT UIDVALIDITY)", 0},
	                {'S', "* STATUS q \" \\ (MESSAGES 1 UIDNEXT 4)", 0}, {'S', "2 OK x", 0},
	                {'S', "* STATUS (a) {b} (MESSAGES 2 UIDNEXT 5)", 0}, {'S', "3 OK x", 0}),
	        false);

	(void)state;
	assert_int_equal(imap_status_many(m, boxes, 2, false, out, &err), 0);
	assert_true(out[0].ok);
	assert_int_equal(out[0].uidnext, 4);
	assert_true(out[1].ok);
	assert_int_equal(out[1].uidnext, 5);
	peer_close(&p, m);
}

/* SIZE (RFC 8438) where it is asked for and offered; an answer without it says so. */
static void test_status_sizes(void **state)
{
	struct imap_mailbox boxes[] = {{.name = (uint8_t *)(uintptr_t) "a", .name_len = 1},
	        {.name = (uint8_t *)(uintptr_t) "b", .name_len = 1}};
	struct imap_status out[2];
	struct peer p = {0};
	struct err err = {0};
	struct imap *m = peer_open(&p, "STATUS=SIZE",
	        STEPS({'C', "STATUS \"a\" (MESSAGES UIDNEXT UIDVALIDITY SIZE)", 0},
	                {'C', "STATUS \"b\" (MESSAGES UIDNEXT UIDVALIDITY SIZE)", 0},
	                {'S', "* STATUS a (MESSAGES 1 SIZE 8589934592 UIDNEXT 4)", 0},
	                {'S', "2 OK x", 0}, {'S', "* STATUS b (MESSAGES 2 UIDNEXT 4)", 0},
	                {'S', "3 OK x", 0}, {'C', "STATUS \"a\" (MESSAGES UIDNEXT UIDVALIDITY)", 0},
	                OK),
	        false);

	(void)state;
	assert_int_equal(imap_status_many(m, boxes, 2, true, out, &err), 0);
	assert_true(out[0].has_size);
	assert_true(out[0].size == 8589934592u);
	assert_int_equal(out[0].uidnext, 4);
	assert_true(out[1].ok);
	assert_false(out[1].has_size);
	assert_int_equal(imap_status_many(m, boxes, 1, false, out, &err), 0);
	peer_close(&p, m);
}

static void test_search(void **state)
{
	struct peer p = {0};
	struct err err = {0};
	uint32_t *uids;
	size_t n;
	struct buf key;
	struct imap *m = peer_open(&p, "LITERAL-",
	        STEPS({'C', "UID SEARCH ALL", 0}, {'S', "* SEARCH 9 2 4294967295 2", 0},
	                {'S', "* SEARCH 1", 0}, OK,
	                {'C', "UID SEARCH HEADER Message-ID \"<a\\\"b>\"", 0}, OK,
	                {'C', "UID SEARCH HEADER Message-ID {3+}", 0}, {'A', "<\xff>", 0},
	                {'S', "* SEARCH", 0}, {'S', "%t OK", 0}, {'C', "UID SEARCH ALL", 0},
	                {'S', "* SEARCH 9 7 9", 0}, {'S', "%t OK", 0}, {'X', NULL, 0}),
	        false);

	(void)state;
	assert_int_equal(imap_search(m, "ALL", &uids, &n, &err), 0);
	assert_int_equal(n, 4);
	assert_int_equal(uids[0], 1);
	assert_int_equal(uids[1], 2);
	assert_true(uids[3] == 4294967295u);
	free(uids);
	buf_init(&key, 1000);
	buf_puts(&key, "HEADER Message-ID ");
	assert_true(imap_quote(m, "<a\"b>", 5, &key));
	assert_false(imap_quote(m, "a\r", 2, &key));
	assert_false(imap_quote(m, "a\0", 2, &key));
	assert_int_equal(imap_search(m, buf_str(&key), &uids, &n, &err), 0);
	assert_int_equal(n, 0);
	free(uids);
	key.len = strlen("HEADER Message-ID ");
	assert_true(imap_quote(m, "<\xff>", 3, &key));
	assert_int_equal(imap_search(m, buf_str(&key), &uids, &n, &err), 0);
	assert_int_equal(n, 0);
	free(uids);
	/* An end without text: libetpan gives nothing, the line is read again. */
	assert_int_equal(imap_search(m, "ALL", &uids, &n, &err), 0);
	assert_int_equal(n, 2);
	assert_int_equal(uids[0], 7);
	free(uids);
	buf_clear(&key);
	peer_close(&p, m);
}

static void test_create(void **state)
{
	struct peer p = {0};
	struct err err = {0};
	struct imap *m = peer_open(&p, "CREATE-SPECIAL-USE",
	        STEPS({'C', "CREATE \"Sent\" (USE (\\Sent))", 0}, OK, {'C', "CREATE \"a\"", 0},
	                {'S', "%t NO [ALREADYEXISTS] x", 0}, {'C', "CREATE \"b*\"", 0},
	                {'S', "%t NO exists", 0}, {'C', "LIST \"\" \"b*\"", 0},
	                {'S', "* LIST () \"/\" bc", 0}, {'S', "* LIST () \"/\" b*", 0}, OK,
	                {'C', "CREATE \"c\"", 0}, {'S', "%t NO [CANNOT] bad name", 0},
	                {'C', "LIST \"\" \"c\"", 0}, {'S', "* LIST (\\NonExistent) \"/\" c", 0}, OK,
	                {'C', "CREATE \"d\"", 0}, {'S', "%t NO [OVERQUOTA] full", 0},
	                {'C', "SUBSCRIBE \"a\"", 0}, OK,
	                {'C', "UID STORE 1:5 +FLAGS.SILENT (\\Flagged work)", 0}, OK),
	        true);

	(void)state;
	assert_int_equal(imap_create(m, BYTES("Sent"), "\\Sent", &err), 0);
	assert_int_equal(imap_create(m, BYTES("a"), NULL, &err), ERR_EXISTS);
	assert_int_equal(imap_create(m, BYTES("b*"), NULL, &err), ERR_EXISTS);
	assert_int_equal(imap_create(m, BYTES("c"), NULL, &err), ERR_REFUSED);
	assert_non_null(strstr(err.text, "bad name"));
	assert_int_equal(imap_create(m, BYTES("d"), NULL, &err), ERR_BUSY);
	assert_int_equal(imap_subscribe(m, BYTES("a"), &err), 0);
	assert_int_equal(imap_store_add(m, "1:5", "(\\Flagged work)", &err), 0);
	assert_int_equal(imap_store_add(m, "1:5", "(a)\r\n9 LOGOUT", &err), ERR_USAGE);
	peer_close(&p, m);
}

/* The guard is the last line: a source cannot change anything, whatever is called. */
static void test_source_cannot_write(void **state)
{
	struct peer p = {.lenient = true};
	struct err err = {0};
	struct imap *m = peer_open(&p, "", STEPS({'A', "nothing may come", 0}), false);

	(void)state;
	assert_int_equal(imap_create(m, BYTES("a"), NULL, &err), ERR_GUARD);
	assert_false(imap_alive(m));
	peer_close(&p, m);
	assert_non_null(strstr(p.problem, "no line"));
}

static void test_quota(void **state)
{
	struct peer p = {0};
	struct err err = {0};
	struct imap_quota q;
	struct imap *m = peer_open(&p, "QUOTA",
	        STEPS({'C', "GETQUOTAROOT INBOX", 0}, {'S', "* QUOTAROOT INBOX \"\"", 0},
	                {'S', "* QUOTA \"\" (MESSAGE 1 2 STORAGE 5000000000 6000000000)", 0}, OK,
	                {'C', "GETQUOTAROOT INBOX", 0}, {'S', "* QUOTAROOT INBOX", 0}, OK,
	                {'C', "GETQUOTAROOT INBOX", 0}, {'S', "* QUOTAROOT INBOX a b c", 0},
	                {'S', "* QUOTA a (STORAGE 10 100)", 0},
	                {'S', "* QUOTA b (STORAGE 70 90 MESSAGE 8 7)", 0},
	                {'S', "* QUOTA c (MESSAGE 1 2 STORAGE 1 0 STORAGE 0 100)", 0}, OK),
	        true);

	(void)state;
	assert_int_equal(imap_quota(m, &q, &err), 0);
	assert_true(q.used == 5000000000u * 1024 && q.limit == 6000000000u * 1024);
	assert_true(q.messages == 1 && q.messages_limit == 2);
	assert_int_equal(imap_quota(m, &q, &err), 0);
	assert_true(!q.limit && !q.messages_limit);
	/* of several roots that with the least room */
	assert_int_equal(imap_quota(m, &q, &err), 0);
	assert_true(q.used == 70 * 1024 && q.limit == 90 * 1024);
	assert_true(q.messages == 8 && q.messages_limit == 7);
	peer_close(&p, m);
}

static void test_labels(void **state)
{
	static const char *const some[] = {"\\Inbox", "a \"b\"", "R&-D"};
	static const char *const bad[] = {"\\In box"}, *const line[] = {"a\r\n9 LOGOUT"};
	struct peer p = {0};
	struct err err = {0};
	struct imap *m = peer_open(&p, "X-GM-EXT-1 LITERAL-",
	        STEPS({'C', "UID STORE 7 +X-GM-LABELS (\\Inbox)", 0},
	                {'S', "* 1 FETCH (X-GM-LABELS (\\Inbox {3}", 0},
	                {'R', "x\"y) UID 7)\r\n", 0}, OK,
	                {'C', "UID STORE 1:5 +X-GM-LABELS (\\Inbox \"a \\\"b\\\"\" \"R&-D\")", 0},
	                {'S', "%t NO [CANNOT] x", 0}),
	        true);

	(void)state;
	assert_int_equal(imap_labels_send(m, "7", some, 1, &err), 0);
	assert_int_equal(imap_labels_wait(m, &err), 0);
	assert_int_equal(imap_labels_send(m, "2", bad, 1, &err), ERR_REFUSED);
	assert_int_equal(imap_labels_send(m, "2", line, 1, &err), ERR_REFUSED);
	assert_int_equal(imap_labels_send(m, "2 x", some, 1, &err), ERR_USAGE);
	assert_int_equal(imap_labels_send(m, "1:5", some, 3, &err), 0);
	assert_int_equal(imap_labels_wait(m, &err), ERR_REFUSED);
	peer_close(&p, m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_labels),
	        cmocka_unit_test(test_examine),
	        cmocka_unit_test(test_examine_odd),
	        cmocka_unit_test(test_select_refused),
	        cmocka_unit_test(test_status_many),
	        cmocka_unit_test(test_status_unquoted),
	        cmocka_unit_test(test_status_sizes),
	        cmocka_unit_test(test_search),
	        cmocka_unit_test(test_create),
	        cmocka_unit_test(test_source_cannot_write),
	        cmocka_unit_test(test_quota),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
