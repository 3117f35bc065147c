#include "peer.h"
#include "proto/imap/internal.h"

/* Greeting to signing in: what the peer sends, and how opening ends. */
struct opening {
	const char *name;
	const struct step *steps;
	enum security security;
	const char *mech;
	int result;
	const char *says; /* part of the error's text */
	int asked; /* calls of get_secret; 100 more for a renewal */
};

#define HELLO(caps)                                                                                \
	{                                                                                          \
		'S', "* OK [CAPABILITY IMAP4rev1 " caps "] hello", 0                               \
	}
#define DONE                                                                                       \
	{                                                                                          \
		'S', "%t OK [CAPABILITY IMAP4rev1] in", 0                                          \
	}

static void run_openings(const struct opening *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct opening *o = &list[i];

		for (int bytewise = 0; bytewise < 2; bytewise++) {
			struct peer *p = calloc(1, sizeof *p);
			struct imap *m = NULL;
			struct err err = {0};
			struct service s;
			int asked = 0, r;

			p->no_login = true;
			p->bytewise = bytewise;
			peer_start(p, NULL, o->steps);
			s = peer_service(p, o->security, o->mech, &asked);
			r = imap_open(&s, false, NULL, &m, &err);
			if (r != o->result || (o->says && !strstr(err.text, o->says)))
				print_error("%s: %d \"%s\"\n", o->name, r, err.text);
			assert_int_equal(r, o->result);
			if (o->says)
				assert_non_null(strstr(err.text, o->says));
			assert_int_equal(asked, o->asked);
			if (r != 0) {
				assert_null(m);
				assert_int_equal(err.scope, ERR_WHOLE);
			}
			peer_close(p, m);
			free(p);
		}
	}
}

static void test_greetings(void **state)
{
	const struct opening list[] = {
	        {"PREAUTH", STEPS({'S', "* PREAUTH [CAPABILITY IMAP4rev1] root", 0}), SECURITY_NONE,
	                NULL, 0, NULL, 0},
	        {"PREAUTH without capabilities",
	                STEPS({'S', "* PREAUTH root", 0}, {'C', "CAPABILITY", 0},
	                        {'S', "* CAPABILITY IMAP4rev1 X", 0}, {'S', "%t OK", 0}),
	                SECURITY_NONE, NULL, 0, NULL, 0},
	        {"PREAUTH before TLS", STEPS({'S', "* PREAUTH root", 0}), SECURITY_STARTTLS, NULL,
	                ERR_TLS, "PREAUTH", 0},
	        {"BYE", STEPS({'S', "* BYE [UNAVAILABLE] too many\x1b[31m", 0}), SECURITY_NONE,
	                NULL, ERR_BUSY, "too many\\x1b", 0},
	        {"BAD", STEPS({'S', "* BAD no", 0}), SECURITY_NONE, NULL, ERR_PROTO,
	                "does not greet", 0},
	        {"POP3", STEPS({'S', "+OK pop", 0}), SECURITY_NONE, NULL, ERR_PROTO, "+OK pop", 0},
	        {"HTTP", STEPS({'S', "HTTP/1.1 400 Bad Request", 0}, {'X', NULL, 0}), SECURITY_NONE,
	                NULL, ERR_PROTO, "HTTP/1.1", 0},
	        {"tagged", STEPS({'S', "1 OK hello", 0}), SECURITY_NONE, NULL, ERR_PROTO, "1 OK",
	                0},
	        {"nothing", STEPS({'X', NULL, 0}), SECURITY_NONE, NULL, ERR_NET, NULL, 0},
	        {"half a line", STEPS({'R', "* OK he", 0}, {'X', NULL, 0}), SECURITY_NONE, NULL,
	                ERR_NET, NULL, 0},
	        {"code that crashes libetpan's own",
	                STEPS({'S', "* OK [PERMANENTFLAGS (\\Seen)] hi", 0}, {'C', "CAPABILITY", 0},
	                        {'S', "* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR", 0},
	                        {'S', "%t OK x", 0}, {'C', "AUTHENTICATE PLAIN AGFsaWNlAHB3", 0},
	                        DONE),
	                SECURITY_NONE, NULL, 0, NULL, 1},
	        {"LF only",
	                STEPS({'R', "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hi\n", 0},
	                        {'C', "AUTHENTICATE PLAIN AGFsaWNlAHB3", 0}, DONE),
	                SECURITY_NONE, NULL, 0, NULL, 1},
	};

	(void)state;
	run_openings(list, sizeof list / sizeof *list);
}

static void test_starttls(void **state)
{
	const struct opening list[] = {
	        {"NO", STEPS(HELLO("STARTTLS"), {'C', "STARTTLS", 0}, {'S', "%t NO not now", 0}),
	                SECURITY_STARTTLS, NULL, ERR_TLS, "not now", 0},
	        {"BAD", STEPS(HELLO("AUTH=PLAIN"), {'C', "STARTTLS", 0}, {'S', "%t BAD what?", 0}),
	                SECURITY_STARTTLS, NULL, ERR_TLS, "offers no TLS", 0},
	        {"injected answer",
	                STEPS(HELLO("STARTTLS"), {'C', "STARTTLS", 0},
	                        {'R', "1 OK go\r\n2 OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] x\r\n",
	                                0}),
	                SECURITY_STARTTLS, NULL, ERR_TLS, NULL, 0},
	        {"OK before the command",
	                STEPS({'R', "* OK hi\r\n1 OK go\r\n", 0}, {'C', "STARTTLS", 0},
	                        {'S', "* garbage that is not TLS", 0}, {'X', NULL, 0}),
	                SECURITY_STARTTLS, NULL, ERR_TLS, NULL, 0},
	        {"closed", STEPS(HELLO("STARTTLS"), {'C', "STARTTLS", 0}, {'X', NULL, 0}),
	                SECURITY_STARTTLS, NULL, ERR_NET, NULL, 0},
	};

	(void)state;
	run_openings(list, sizeof list / sizeof *list);
}

#define XOAUTH "AUTHENTICATE XOAUTH2 dXNlcj1hbGljZQFhdXRoPUJlYXJlciBwdwEB"
#define XOAUTH_FRESH "dXNlcj1hbGljZQFhdXRoPUJlYXJlciBmcmVzaAEB"

static void test_auth(void **state)
{
	const struct opening list[] = {
	        {"PLAIN, initial response",
	                STEPS(HELLO("AUTH=PLAIN AUTH=LOGIN SASL-IR"),
	                        {'C', "AUTHENTICATE PLAIN AGFsaWNlAHB3", 0}, DONE),
	                SECURITY_NONE, NULL, 0, NULL, 1},
	        {"PLAIN after a challenge, capabilities untagged",
	                STEPS(HELLO("AUTH=PLAIN"), {'C', "AUTHENTICATE PLAIN", 0}, {'S', "+", 0},
	                        {'A', "AGFsaWNlAHB3", 0}, {'S', "* CAPABILITY IMAP4rev1 ID", 0},
	                        {'S', "%t OK in", 0},
	                        {'C', "ID (\"name\" \"valise\" \"version\" \"" VALISE_VERSION "\")",
	                                0},
	                        {'S', "* ID (\"name\" NIL)", 0}, {'S', "%t BAD ID", 0}),
	                SECURITY_NONE, NULL, 0, NULL, 1},
	        {"capabilities asked for after login",
	                STEPS(HELLO("AUTH=PLAIN SASL-IR"),
	                        {'C', "AUTHENTICATE PLAIN AGFsaWNlAHB3", 0}, {'S', "* 3 EXISTS", 0},
	                        {'S', "%t OK in", 0}, {'C', "CAPABILITY", 0},
	                        {'S', "* CAPABILITY IMAP4rev1 NAMESPACE", 0}, {'S', "%t OK x", 0},
	                        {'C', "NAMESPACE", 0},
	                        {'S',
	                                "* NAMESPACE ((\"INBOX.\" \".\" \"X-PARAM\" (\"a\"))) NIL "
	                                "NIL",
	                                0},
	                        {'S', "%t OK x", 0}),
	                SECURITY_NONE, NULL, 0, NULL, 1},
	        {"LOGIN mechanism",
	                STEPS(HELLO("AUTH=LOGIN SASL-IR"), {'C', "AUTHENTICATE LOGIN", 0},
	                        {'S', "+ VXNlcm5hbWU6", 0}, {'A', "YWxpY2U=", 0},
	                        {'S', "+ UGFzcw==", 0}, {'A', "cHc=", 0}, DONE),
	                SECURITY_NONE, NULL, 0, NULL, 1},
	        {"LOGIN command", STEPS(HELLO(""), {'C', "LOGIN \"alice\" \"pw\"", 0}, DONE),
	                SECURITY_NONE, NULL, 0, NULL, 1},
	        {"LOGIN command demanded",
	                STEPS(HELLO("AUTH=PLAIN"), {'C', "LOGIN \"alice\" \"pw\"", 0}, DONE),
	                SECURITY_NONE, "LOGIN", 0, NULL, 1},
	        {"nothing that we can", STEPS(HELLO("LOGINDISABLED AUTH=GSSAPI AUTH=XOAUTH2")),
	                SECURITY_NONE, NULL, ERR_AUTH, "GSSAPI XOAUTH2", 0},
	        {"unknown mechanism demanded", STEPS(HELLO("AUTH=PLAIN")), SECURITY_NONE,
	                "KERBEROS_V4", ERR_USAGE, "KERBEROS_V4", 0},
	        {"wrong password",
	                STEPS(HELLO("AUTH=PLAIN SASL-IR"),
	                        {'C', "AUTHENTICATE PLAIN AGFsaWNlAHB3", 0},
	                        {'S', "%t NO [AUTHENTICATIONFAILED] Authentication failed.", 0}),
	                SECURITY_NONE, NULL, ERR_AUTH, "Authentication failed.", 1},
	        {"wrong password, without a code",
	                STEPS(HELLO(""), {'C', "LOGIN \"alice\" \"pw\"", 0},
	                        {'S', "%t NO sorry", 0}),
	                SECURITY_NONE, NULL, ERR_AUTH, "alice", 1},
	        {"too many connections",
	                STEPS(HELLO("AUTH=PLAIN SASL-IR"),
	                        {'C', "AUTHENTICATE PLAIN AGFsaWNlAHB3", 0},
	                        {'S', "%t NO [UNAVAILABLE] Maximum number of connections", 0}),
	                SECURITY_NONE, NULL, ERR_THROTTLED, "Maximum", 1},
	        {"BYE instead of an answer",
	                STEPS(HELLO("AUTH=PLAIN SASL-IR"),
	                        {'C', "AUTHENTICATE PLAIN AGFsaWNlAHB3", 0},
	                        {'S', "* BYE come later", 0}, {'X', NULL, 0}),
	                SECURITY_NONE, NULL, ERR_NET, "come later", 1},
	        {"challenge that is not base64",
	                STEPS(HELLO("AUTH=PLAIN"), {'C', "AUTHENTICATE PLAIN", 0},
	                        {'S', "+ !!!", 0}, {'A', "*", 0}, {'S', "%t BAD cancelled", 0}),
	                SECURITY_NONE, NULL, ERR_AUTH, "not base64", 1},
	};

	(void)state;
	run_openings(list, sizeof list / sizeof *list);
}

/* What the server says of itself is kept as it says it: its greeting, its ID, how it let us in. */
static void test_facts(void **state)
{
	static const struct {
		const char *id, *software;
	} list[] = {
	        {"* ID (\"name\" \"Dovecot\" \"version\" \"2.3.19\")", "Dovecot 2.3.19"},
	        {"* ID (\"os\" NIL \"Version\" \"1\" \"NAME\" {4}\r\nname)", "name 1"},
	        {"* ID (\"vendor\" \"Example\")", "Example"},
	        {"* ID (\"name\" NIL)", NULL},
	        {"* ID NIL", NULL},
	        {"* ID (\"name\"", NULL},
	        {"* ID ((\"name\" \"x\"))", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		struct peer *p = calloc(1, sizeof *p);
		struct imap *m = NULL;
		struct err err = {0};
		struct service s;
		int asked = 0;
		char *text;

		p->no_login = true;
		peer_start(p, NULL,
		        STEPS(HELLO("AUTH=PLAIN SASL-IR"),
		                {'C', "AUTHENTICATE PLAIN AGFsaWNlAHB3", 0},
		                {'S', "%t OK [CAPABILITY IMAP4rev1 ID] in", 0},
		                {'C', "ID (\"name\" \"valise\" \"version\" \"" VALISE_VERSION "\")",
		                        0},
		                {'S', list[i].id, 0}, {'S', "%t OK ID", 0}));
		s = peer_service(p, SECURITY_NONE, NULL, &asked);
		s.facts = facts_new();
		assert_int_equal(imap_open(&s, false, NULL, &m, &err), 0);
		text = facts_get(s.facts, FACT_SOFTWARE);
		if (list[i].software)
			assert_string_equal(text, list[i].software);
		else
			assert_null(text);
		free(text);
		text = facts_get(s.facts, FACT_GREETING);
		assert_string_equal(text, "hello");
		free(text);
		text = facts_get(s.facts, FACT_SIGN_IN);
		assert_string_equal(text, "PLAIN");
		free(text);
		assert_false(facts_has(s.facts, FACT_TLS));
		peer_close(p, m);
		facts_free(s.facts);
		free(p);
	}
}

static void test_token_renewed(void **state)
{
	const struct opening list[] = {
	        {"fresh token taken",
	                STEPS(HELLO("AUTH=XOAUTH2 SASL-IR"), {'C', XOAUTH, 0},
	                        {'S', "+ eyJ4IjoxfQ==", 0}, {'A', "", 0},
	                        {'S', "%t NO [AUTHENTICATIONFAILED] expired", 0},
	                        {'C', "AUTHENTICATE XOAUTH2", 0}, {'S', "+ ", 0},
	                        {'A', XOAUTH_FRESH, 0}, DONE),
	                SECURITY_NONE, "XOAUTH2", 0, NULL, 102},
	        {"fresh token refused as well",
	                STEPS(HELLO("AUTH=XOAUTH2 SASL-IR"), {'C', XOAUTH, 0},
	                        {'S', "+ eyJ4IjoxfQ==", 0}, {'A', "", 0},
	                        {'S', "%t NO [AUTHENTICATIONFAILED] expired", 0},
	                        {'C', "AUTHENTICATE XOAUTH2", 0},
	                        {'S', "%t NO [AUTHENTICATIONFAILED] still", 0}),
	                SECURITY_NONE, "XOAUTH2", ERR_AUTH, "still", 102},
	        {"refused with a reason, then closed",
	                STEPS(HELLO("AUTH=XOAUTH2 SASL-IR"), {'C', XOAUTH, 0},
	                        {'S', "+ eyJ4IjoxfQ==", 0}, {'A', "", 0}, {'S', "%t NO expired", 0},
	                        {'X', NULL, 0}),
	                SECURITY_NONE, "XOAUTH2", ERR_AUTH, "{\"x\":1}", 102},
	};

	(void)state;
	run_openings(list, sizeof list / sizeof *list);
}

/* Without the server's proof a SCRAM exchange is not done, whatever the server says. */
static void test_scram_without_proof(void **state)
{
	const struct opening list[] = {
	        {"OK at once",
	                STEPS(HELLO("AUTH=SCRAM-SHA-256 AUTH=PLAIN"),
	                        {'C', "AUTHENTICATE SCRAM-SHA-256", 0},
	                        {'S', "%t OK [CAPABILITY IMAP4rev1] in", 0}),
	                SECURITY_NONE, NULL, ERR_AUTH, "did not prove", 1},
	        {"refused challenge",
	                STEPS(HELLO("AUTH=SCRAM-SHA-1"), {'C', "AUTHENTICATE SCRAM-SHA-1", 0},
	                        {'S', "* OK still there", 0},
	                        {'S', "%t NO [AUTHENTICATIONFAILED] no", 0}),
	                SECURITY_NONE, NULL, ERR_AUTH, "SCRAM-SHA-1", 1},
	};

	(void)state;
	run_openings(list, sizeof list / sizeof *list);
}

static void test_capabilities(void **state)
{
	struct peer p = {0};
	struct imap *m = peer_open(&p, "AppendLimit=35651584 COMPRESS=DEFLATE LITERAL-",
	        STEPS({'C', "NOOP", 0}, {'S', "%t OK x", 0}), false);
	struct err err = {0};

	(void)state;
	assert_true(imap_has(m, "literal-"));
	assert_false(imap_has(m, "LITERAL"));
	assert_false(imap_has(m, "LITERAL+"));
	assert_true(imap_has(m, "COMPRESS=DEFLATE"));
	assert_true(imap_has(m, "APPENDLIMIT"));
	assert_string_equal(imap_capability_value(m, "APPENDLIMIT"), "35651584");
	assert_int_equal(imap_append_limit(m), 35651584);
	assert_null(imap_capability_value(m, "IMAP4rev1"));
	assert_false(imap_has(m, "AUTH=PLAIN")); /* that was before signing in */
	assert_int_equal(imap_noop(m, &err), 0);
	assert_true(imap_alive(m));
	peer_close(&p, m);
}

static void test_namespaces(void **state)
{
	struct peer p = {0};
	char delimiter;
	struct imap *m = peer_open(&p, "NAMESPACE",
	        STEPS({'C', "NAMESPACE", 0},
	                {'S',
	                        "* NAMESPACE ((\"INBOX.\" \".\")(\"x\" NIL)) ((\"user.\" \".\")) "
	                        "((\"shared.\" \".\")(\"#news\" \"/\"))",
	                        0},
	                {'S', "%t OK x", 0}),
	        false);

	(void)state;
	assert_string_equal(imap_namespace(m, &delimiter), "INBOX.");
	assert_int_equal(delimiter, '.');
	peer_close(&p, m);
}

/* How a NO or BAD is told apart. */
static void test_refusals(void **state)
{
	static const struct {
		const char *line;
		int result;
	} cases[] = {{"%t NO [THROTTLED] slow down", ERR_THROTTLED},
	        {"%t NO [OVERQUOTA] full", ERR_BUSY},
	        {"%t NO [LIMIT] Rate limit hit", ERR_THROTTLED}, {"%t NO [INUSE] locked", ERR_BUSY},
	        {"%t NO [UNAVAILABLE] x", ERR_BUSY},
	        {"%t NO Request is throttled. Suggested Backoff Time: 92415 milliseconds",
	                ERR_THROTTLED},
	        {"%t BAD Server error - try again later", ERR_BUSY},
	        {"%t NO [AUTHORIZATIONFAILED] x", ERR_AUTH}, {"%t NO [EXPIRED] x", ERR_AUTH},
	        {"%t NO [NOPERM] not yours", ERR_REFUSED}, {"%t BAD what?", ERR_REFUSED},
	        {"%t NO", ERR_REFUSED}, {"%t BAD [", ERR_REFUSED},
	        {"%t NO [BADCHARSET (\"x]\")] text ]", ERR_REFUSED}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct peer p = {0};
		struct err err = {0};
		struct imap *m = peer_open(&p, "",
		        STEPS({'C', "NOOP", 0}, {'S', cases[i].line, 0}, {'C', "NOOP", 0},
		                {'S', "%t OK x", 0}),
		        false);
		int r = imap_noop(m, &err);

		if (r != cases[i].result)
			print_error("%s: %d %s\n", cases[i].line, r, err.text);
		assert_int_equal(r, cases[i].result);
		if (i == 0) {
			assert_string_equal(m->last_code, "THROTTLED");
			assert_string_equal(m->last_text, "slow down");
		}
		assert_true(imap_alive(m));
		assert_int_equal(imap_noop(m, &err), 0);
		peer_close(&p, m);
	}
}

/* Untagged answers of every kind, in the middle of anything, are survived. */
static void test_unsolicited(void **state)
{
	static const char *const lines[] = {"* 5 EXISTS", "* 1 RECENT", "* 3 EXPUNGE",
	        "* OK still here", "* OK [ALERT] going down", "* OK [HIGHESTMODSEQ 99]",
	        "* OK [PERMANENTFLAGS ((\\Seen))] x", "* OK [PERMANENTFLAGS NIL] x",
	        "* OK [BADCHARSET (\"a\")] x", "* FLAGS (\\Seen)", "* FLAGS NIL",
	        "* 1 FETCH (FLAGS (\\Seen))", "* 1 FETCH (FLAGS NIL)", "* 1 FETCH ()", "* 1 FETCH",
	        "* 4294967301 FETCH (UID 4294967301)", "* ESEARCH (TAG \"x\") ALL 1:5",
	        "* VANISHED 1:5", "* SEARCH", "* METADATA \"\" (/shared/x \"y\")",
	        "* LIST () / x y", "* LIST (", "* STATUS x ()",
	        "* STATUS x (SIZE 5 MAILBOXID (abc) APPENDLIMIT NIL)", "* QUOTA \"\" (STORAGE 1 2)",
	        "* X-STRANGE (((", "* ", "*", "", "* NO something", "* BAD something", "+ go ahead",
	        "* CAPABILITY IMAP4rev1", "* ENABLED X", "* ID NIL", "* ID (\"a\" NIL)",
	        "* NAMESPACE NIL NIL NIL", "* NAMESPACE ((\"\" \"//\")) NIL NIL",
	        "* -1 FETCH (FLAGS ())", "* 1 FETCH (X-GM-LABELS (\\Inbox \"\\\\Sent\" foo))"};

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		for (int bytewise = 0; bytewise < 2; bytewise++) {
			struct peer p = {.bytewise = bytewise};
			struct err err = {0};
			struct imap *m = peer_open(&p, "",
			        STEPS({'C', "NOOP", 0}, {'S', lines[i], 0}, {'S', "%t OK x", 0},
			                {'C', "NOOP", 0}, {'S', "%t OK x", 0}),
			        false);
			int r = imap_noop(m, &err);

			/* Lines that are no IMAP at all may end a session, loudly. */
			if (r != 0 && (lines[i][0] != '*' || strlen(lines[i]) < 3))
				assert_int_equal(r, ERR_PROTO);
			else if (r != 0)
				fail_msg("%s: %s", lines[i], err.text);
			else
				assert_int_equal(imap_noop(m, &err), 0);
			p.lenient = r != 0;
			peer_close(&p, m);
		}
}

static void test_cut(void **state)
{
	struct peer p = {0};
	struct err err = {0};
	struct imap *m = peer_open(&p, "",
	        STEPS({'C', "NOOP", 0}, {'S', "* BYE idle for \x1b too long", 0}, {'X', NULL, 0}),
	        false);

	(void)state;
	assert_int_equal(imap_noop(m, &err), ERR_NET);
	assert_non_null(strstr(err.text, "too long"));
	assert_null(strchr(err.text, '\x1b'));
	assert_false(imap_alive(m));
	assert_int_equal(imap_noop(m, &err), ERR_NET);
	peer_close(&p, m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_greetings),
	        cmocka_unit_test(test_starttls),
	        cmocka_unit_test(test_auth),
	        cmocka_unit_test(test_facts),
	        cmocka_unit_test(test_token_renewed),
	        cmocka_unit_test(test_scram_without_proof),
	        cmocka_unit_test(test_capabilities),
	        cmocka_unit_test(test_namespaces),
	        cmocka_unit_test(test_refusals),
	        cmocka_unit_test(test_unsolicited),
	        cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
