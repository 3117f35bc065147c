#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/net/guard.h"

enum { S = 1, T = 2, P = 4 }; /* IMAP source, IMAP target, POP3 */

struct line {
	const char *text;
	unsigned allowed;
};

static const struct line lines[] = {
        {"A1 CAPABILITY\r\n", S | T},
        {"a1 capability\r\n", S | T},
        {"A1 ID (\"name\" \"valise\")\r\n", S | T},
        {"A1 STARTTLS\r\n", S | T},
        {"A1 AUTHENTICATE PLAIN\r\n", S | T},
        {"A1 LOGIN alice \"a\\\"b{3}\"\r\n", S | T},
        {"A1 LOGIN {5}\r\nalice {6+}\r\nsecret\r\n", S | T},
        {"A1 ENABLE CONDSTORE\r\n", S | T},
        {"A1 NAMESPACE\r\n", S | T},
        {"A1 LIST \"\" \"*\" RETURN (SPECIAL-USE)\r\n", S | T},
        {"A1 LSUB \"\" *\r\n", S | T},
        {"A1 XLIST \"\" *\r\n", S | T},
        {"A1 STATUS INBOX (MESSAGES)\r\n", S | T},
        {"A1 EXAMINE INBOX (CONDSTORE)\r\n", S | T},
        {"A1 UNSELECT\r\n", S | T},
        {"A1 UID SEARCH RETURN (ALL) UNDELETED\r\n", S | T},
        {"A1 NOOP\r\n", S | T},
        {"A1 COMPRESS DEFLATE\r\n", S | T},
        {"A1 GETQUOTAROOT INBOX\r\n", S | T},
        {"A1 LOGOUT\r\n", S | T},
        /* UID FETCH */
        {"A1 UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE BODYSTRUCTURE ENVELOPE)\r\n", S | T},
        {"A1 UID FETCH 1 BODY.PEEK[]\r\n", S | T},
        {"A1 uid fetch 1 (body.peek[]<0.4096> rfc822.size)\r\n", S | T},
        {"A1 UID FETCH 1 BODY.PEEK[HEADER.FIELDS (MESSAGE-ID DATE)]\r\n", S | T},
        {"A1 UID FETCH 1 RFC822.HEADER\r\n", S | T},
        {"A1 UID FETCH 1 BINARY.PEEK[]\r\n", S | T},
        {"A1 UID FETCH 1:* (FLAGS) (CHANGEDSINCE 12 VANISHED)\r\n", S | T},
        {"A1 UID FETCH 1 BODY\r\n", S | T},
        {"A1 UID FETCH 1 BODY[]\r\n", 0},
        {"A1 UID FETCH 1 (UID body[TEXT])\r\n", 0},
        {"A1 UID FETCH 1 (BODY.PEEK[HEADER] BODY[TEXT])\r\n", 0},
        {"A1 UID FETCH 1 BODY []\r\n", 0},
        {"A1 UID FETCH 1 BODY<0.5>\r\n", 0},
        {"A1 UID FETCH 1 BODY.PEEKX[]\r\n", 0},
        {"A1 UID FETCH 1 RFC822\r\n", 0},
        {"A1 UID FETCH 1 (rfc822)\r\n", 0},
        {"A1 UID FETCH 1 RFC822.TEXT\r\n", 0},
        {"A1 UID FETCH 1 RFC822.PEEK\r\n", 0},
        {"A1 UID FETCH 1 BINARY[]\r\n", 0},
        {"A1 UID FETCH 1 (BODY.PEEK[HEADER.FIELDS ({4+}\r\nDate)] BODY[])\r\n", 0},
        {"A1 UID FETCH\r\n", 0},
        {"A1 FETCH 1 BODY.PEEK[]\r\n", 0},
        /* what changes a server */
        {"A1 SELECT INBOX\r\n", T},
        {"A1 CREATE \"a b\"\r\n", T},
        {"A1 CREATE {3+}\r\na b\r\n", T},
        {"A1 SUBSCRIBE x\r\n", T},
        {"A1 APPEND INBOX (\\Seen) \"17-Jul-1996 02:44:25 -0700\" {5+}\r\nhello\r\n", T},
        {"A1 APPEND x {1+}\r\na {2+}\r\nbc (\\Seen) {0+}\r\n\r\n", T},
        {"A1 APPEND x UTF8 (~{3+}\r\na\rb)\r\n", T},
        {"A1 APPEND x ~{2+}\r\n\r\n\r\n", T},
        {"A1 UID STORE 1,3:5 +FLAGS (\\Seen)\r\n", T},
        {"A1 UID STORE 1 +flags.silent (\\Deleted x)\r\n", T},
        {"A1 UID STORE 1 (UNCHANGEDSINCE 7) +FLAGS (x)\r\n", T},
        {"A1 UID STORE 1 +X-GM-LABELS (a)\r\n", T},
        {"A1 UID STORE 1 -FLAGS (\\Seen)\r\n", 0},
        {"A1 UID STORE 1 FLAGS (\\Seen)\r\n", 0},
        {"A1 UID STORE 1 +FLAGSX (\\Seen)\r\n", 0},
        {"A1 UID STORE 1 +FLAGS\r\n", 0},
        {"A1 UID STORE 1  +FLAGS (x)\r\n", 0},
        {"A1 UID STORE 1 (UNCHANGEDSINCE 7) FLAGS (x)\r\n", 0},
        {"A1 UID STORE 1 {6+}\r\nFLAGS (x)\r\n", 0},
        {"A1 STORE 1 +FLAGS (x)\r\n", 0},
        {"A1 EXPUNGE\r\n", 0},
        {"A1 UID EXPUNGE 1\r\n", 0},
        {"A1 CLOSE\r\n", 0},
        {"A1 DELETE x\r\n", 0},
        {"A1 RENAME x y\r\n", 0},
        {"A1 UID MOVE 1 x\r\n", 0},
        {"A1 UID COPY 1 x\r\n", 0},
        {"A1 SETMETADATA x (/private/a NIL)\r\n", 0},
        {"A1 SETACL x y z\r\n", 0},
        {"A1 UNSUBSCRIBE x\r\n", 0},
        {"A1 IDLE\r\n", 0},
        /* injections */
        {"A1 LIST \"\" x\r\nA2 DELETE y\r\n", 0},
        {"A1 LIST \"\" \"x\r\nA2 DELETE y\r\n", 0},
        {"A1 NOOP\nA2 DELETE y\r\n", 0},
        {"A1 NOOP\rA2 DELETE y\r\n", 0},
        {"A1 LOGIN {5}\r\nalice {6}\r\nsecret\r\nA2 DELETE y\r\n", 0},
        {"A1 CREATE {1+}\r\nx\r\nA2 CLOSE\r\n", 0},
        {"A1 CREATE {0+}\r\n\r\nA2 CLOSE\r\n", 0},
        {"A1 LIST \"\" {14-}\r\nA2 DELETE y\r\n\r\n", 0},
        {"A1 LIST \"\" x{14}\r\nA2 DELETE y\r\n\r\n", 0},
        {"A1 LIST \"\" { 4}\r\nA2 DELETE y\r\n\r\n", 0},
        {"A1 LIST \"\" {}\r\n", 0},
        {"A1 LIST \"\" {+}\r\n", 0},
        {"A1 LIST \"\" {99999999999999999999}\r\n", 0},
        {"A1 LIST \"\" {4} x\r\n", 0},
        {"A1  NOOP\r\n", 0},
        {" NOOP\r\n", 0},
        {"A1\r\n", 0},
        {"\r\n", 0},
        {"* NOOP\r\n", 0},
        {"+ NOOP\r\n", 0},
        {"A1 NOOPX\r\n", 0},
        {"A1 \"NOOP\"\r\n", 0},
        {"A1 {4+}\r\nNOOP\r\n", 0},
        {"A1 UID  FETCH 1 FLAGS\r\n", 0},
        {"A1 UID\r\n", 0},
        {"AGFsaWNlAHNlY3JldA==\r\n", 0},
        /* POP3 */
        {"CAPA\r\n", P},
        {"stls\r\n", P},
        {"AUTH PLAIN\r\n", P},
        {"USER alice\r\n", P},
        {"PASS a \"b {3}\r\n", P},
        {"APOP alice c4c9334bac560ecc979e58001b3e22fb\r\n", P},
        {"UTF8\r\n", P},
        {"STAT\r\n", P},
        {"LIST\r\n", P},
        {"UIDL\r\nRETR 1\r\nTOP 2 0\r\n", P},
        {"NOOP\r\nRSET\r\nQUIT\r\n", P},
        {"DELE 1\r\n", 0},
        {"dele 1\r\n", 0},
        {"RETR 1\r\nDELE 1\r\n", 0},
        {"USER alice\nDELE 1\r\n", 0},
        {" DELE 1\r\n", 0},
        {"XTND\r\n", 0},
};

static const enum guard_role roles[] = {GUARD_IMAP_SOURCE, GUARD_IMAP_TARGET, GUARD_POP3_SOURCE};

static int feed(struct guard *g, const char *p, size_t n, size_t step, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i += step)
		rc = guard_check(g, p + i, n - i < step ? n - i : step, err);
	return rc;
}

static void each_role_lets_out_its_commands_only(void **state)
{
	struct guard *g = xmalloc(sizeof *g);
	size_t steps[] = {1, 7, 100000};
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		for (unsigned r = 0; r < 3; r++)
			for (size_t s = 0; s < 3; s++) {
				bool want = lines[i].allowed & (1U << r);
				int rc;

				guard_init(g, roles[r]);
				rc = feed(g, lines[i].text, strlen(lines[i].text), steps[s], &err);
				if ((rc == 0) != want || (rc && rc != ERR_GUARD))
					fail_msg("role %u: %s: %d %s", r, lines[i].text, rc,
					        rc ? err.text : "");
				if (want)
					assert_true(guard_idle(g));
			}
	free(g);
}

static void refusal_is_sticky(void **state)
{
	struct guard *g = xmalloc(sizeof *g);
	struct err err;

	(void)state;
	guard_init(g, GUARD_IMAP_SOURCE);
	assert_int_equal(feed(g, "A1 CLOSE\r\n", 10, 10, &err), ERR_GUARD);
	assert_non_null(strstr(err.text, "CLOSE"));
	assert_int_equal(feed(g, "A1 NOOP\r\n", 9, 9, &err), ERR_GUARD);
	free(g);
}

static void secret_lets_base64_pass_and_nothing_else(void **state)
{
	static const struct {
		const char *text;
		bool ok;
	} cases[] = {
	        {"AGFsaWNlAHNlY3JldA==\r\n", true},
	        {"*\r\n", true},
	        {"\r\n", true},
	        {"A1 AUTHENTICATE PLAIN\r\nAGFsaWNl\r\nA2 NOOP\r\n", true},
	        {"A1 LOGIN {1+}\r\na {1+}\r\nb\r\n", true},
	        {"A1 DELETE x\r\n", false},
	        {"AGFs\r\nA1 DELETE x\r\n", false},
	        {"AGF-\r\n", false},
	        {"AGFs\n", false},
	};
	struct guard *g = xmalloc(sizeof *g);
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		guard_init(g, GUARD_IMAP_SOURCE);
		g->secret = true;
		if ((feed(g, cases[i].text, strlen(cases[i].text), 3, &err) == 0) != cases[i].ok)
			fail_msg("%s", cases[i].text);
	}
	guard_init(g, GUARD_POP3_SOURCE);
	g->secret = true;
	assert_int_equal(feed(g, "AUTH PLAIN\r\nAGFs\r\n", 18, 18, &err), 0);
	assert_int_equal(feed(g, "DELE 1\r\n", 8, 8, &err), ERR_GUARD);
	free(g);
}

static void nothing_secret_before_tls(void **state)
{
	static const struct {
		const char *text;
		enum guard_role role;
		bool ok;
	} cases[] = {
	        {"A1 CAPABILITY\r\nA2 STARTTLS\r\n", GUARD_IMAP_SOURCE, true},
	        {"A1 LOGIN a b\r\n", GUARD_IMAP_SOURCE, false},
	        {"A1 AUTHENTICATE PLAIN\r\n", GUARD_IMAP_TARGET, false},
	        {"AGFsaWNl\r\n", GUARD_IMAP_SOURCE, false},
	        {"A1 LIST \"\" *\r\n", GUARD_IMAP_SOURCE, false},
	        {"CAPA\r\nSTLS\r\n", GUARD_POP3_SOURCE, true},
	        {"USER alice\r\n", GUARD_POP3_SOURCE, false},
	        {"AUTH PLAIN\r\n", GUARD_POP3_SOURCE, false},
	        {"QUIT\r\n", GUARD_POP3_SOURCE, true},
	};
	struct guard *g = xmalloc(sizeof *g);
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		guard_init(g, cases[i].role);
		g->before_tls = g->secret = true;
		if ((feed(g, cases[i].text, strlen(cases[i].text), 5, &err) == 0) != cases[i].ok)
			fail_msg("%s", cases[i].text);
	}
	free(g);
}

static void literal_octets_are_never_commands(void **state)
{
	static const char text[] =
	        "A1 APPEND x {24+}\r\nA2 DELETE y\r\n\0\n\rzzzzzzzz\r\nA3 NOOP\r\n";
	struct guard *g = xmalloc(sizeof *g);
	struct err err;

	(void)state;
	for (size_t step = 1; step < sizeof text; step++) {
		guard_init(g, GUARD_IMAP_TARGET);
		assert_int_equal(feed(g, text, sizeof text - 1, step, &err), 0);
		assert_true(guard_idle(g));
	}
	free(g);
}

static void refused_literal_ends_its_command(void **state)
{
	struct guard *g = xmalloc(sizeof *g);
	struct err err;

	(void)state;
	guard_init(g, GUARD_IMAP_TARGET);
	assert_int_equal(feed(g, "A1 APPEND x {100}\r\n", 19, 19, &err), 0);
	assert_false(guard_idle(g));
	assert_int_equal(guard_literal_refused(g, &err), 0);
	assert_int_equal(feed(g, "A2 NOOP\r\n", 9, 9, &err), 0);
	/* Not once some of it is on its way. */
	assert_int_equal(feed(g, "A3 APPEND x {100}\r\nabc", 22, 22, &err), 0);
	assert_int_equal(guard_literal_refused(g, &err), ERR_GUARD);
	guard_init(g, GUARD_IMAP_TARGET);
	assert_int_equal(guard_literal_refused(g, &err), ERR_GUARD);
	free(g);
}

static void long_lines_and_nul_are_refused(void **state)
{
	struct guard *g = xmalloc(sizeof *g);
	char *line = xmalloc(70000);
	struct err err;

	(void)state;
	memset(line, '1', 70000);
	memcpy(line, "A1 UID SEARCH UID ", 18);
	guard_init(g, GUARD_IMAP_SOURCE);
	assert_int_equal(feed(g, line, 65535, 1000, &err), 0);
	assert_int_equal(feed(g, line + 65535, 1, 1, &err), ERR_GUARD);
	guard_init(g, GUARD_IMAP_SOURCE);
	assert_int_equal(feed(g, "A1 NO\0OP\r\n", 10, 10, &err), ERR_GUARD);
	free(line);
	free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(each_role_lets_out_its_commands_only),
	        cmocka_unit_test(refusal_is_sticky),
	        cmocka_unit_test(secret_lets_base64_pass_and_nothing_else),
	        cmocka_unit_test(nothing_secret_before_tls),
	        cmocka_unit_test(literal_octets_are_never_commands),
	        cmocka_unit_test(refused_literal_ends_its_command),
	        cmocka_unit_test(long_lines_and_nul_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
