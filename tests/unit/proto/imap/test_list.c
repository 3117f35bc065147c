#include "peer.h"

/* With "@" for NUL. */
static const char *shown_name(const struct imap_mailbox *box, char out[100])
{
	assert_true(box->name_len < 100);
	for (size_t i = 0; i < box->name_len; i++)
		out[i] = box->name[i] ? (char)box->name[i] : '@';
	out[box->name_len] = '\0';
	return out;
}

/* The list as text: name, delimiter, marks and uses of each. */
static void as_text(const struct imap_mailbox *list, size_t n, bool only, char *out, size_t size)
{
	char name[100];
	size_t at = 0;

	*out = '\0';
	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(out + at, size - at, "%s|%c|%s%s%s%s|%s;",
		        shown_name(&list[i], name), list[i].delimiter ? list[i].delimiter : '0',
		        list[i].noselect ? "s" : "", list[i].nonexistent ? "n" : "",
		        list[i].noinferiors ? "i" : "", list[i].subscribed ? "u" : "",
		        list[i].special_use    ? list[i].special_use
		        : only && list[i].only ? list[i].only
		                               : "");
}

struct listing {
	const char *name, *caps;
	const struct step *steps;
	int result;
	const char *text;
};

static void run_listings(const struct listing *list, size_t n, bool only)
{
	char text[4000];

	for (size_t i = 0; i < n; i++)
		for (int bytewise = 0; bytewise < 2; bytewise++) {
			struct peer p = {.bytewise = bytewise};
			struct imap *m = peer_open(&p, list[i].caps, list[i].steps, false);
			struct imap_mailbox *boxes = NULL;
			struct err err = {0};
			size_t count = 0;
			int r = imap_list(m, false, &boxes, &count, &err);

			if (r != list[i].result)
				print_error("%s: %d %s\n", list[i].name, r, err.text);
			assert_int_equal(r, list[i].result);
			if (r == 0) {
				as_text(boxes, count, only, text, sizeof text);
				if (strcmp(text, list[i].text) != 0)
					print_error("%s\n", list[i].name);
				assert_string_equal(text, list[i].text);
			}
			imap_list_free(boxes, count);
			peer_close(&p, m);
		}
}

#define EXTENDED "LIST-EXTENDED SPECIAL-USE"
#define LIST_EXT                                                                                   \
	{                                                                                          \
		'C', "LIST \"\" \"*\" RETURN (SUBSCRIBED SPECIAL-USE)", 0                          \
	}
#define INBOX                                                                                      \
	{                                                                                          \
		'S', "* LIST (\\Subscribed) \"/\" INBOX", 0                                        \
	}
/* The rest of the first flight, where it adds nothing. */
#define PLAIN                                                                                      \
	{                                                                                          \
		'C', "LIST \"\" \"*\"", 0                                                          \
	}
#define LSUB                                                                                       \
	{                                                                                          \
		'C', "LSUB \"\" \"*\"", 0                                                          \
	}
#define STATUS(name)                                                                               \
	{                                                                                          \
		'C', "STATUS \"" name "\" (MESSAGES UIDNEXT UIDVALIDITY)", 0                       \
	}
#define REST PLAIN, OK, LSUB, OK
#define OK                                                                                         \
	{                                                                                          \
		'S', "%t OK done", 0                                                               \
	}

static void test_forms(void **state)
{
	const struct listing list[] = {
	        {"extended", EXTENDED,
	                STEPS(LIST_EXT,
	                        {'S',
	                                "* LIST (\\Sent \\Subscribed \\HasNoChildren) \"/\" \"Sent "
	                                "mail\"",
	                                0},
	                        {'S', "* LIST (\\NonExistent \\HasChildren) \"/\" \"a\"", 0},
	                        {'S', "* LIST (\\Noinferiors) NIL \"&AOQ-\"", 0},
	                        {'S', "* LIST (\\Subscribed) \"/\" inbox", 0}, OK, REST),
	                0, "&AOQ-|0|i|;INBOX|/|u|;Sent mail|/|u|\\Sent;a|/|sn|;"},
	        {"doubles are one", EXTENDED,
	                STEPS(LIST_EXT, INBOX, {'S', "* LIST (\\Trash) NIL x", 0},
	                        {'S', "* LIST (\\Junk \\Subscribed) \".\" x", 0}, OK, REST),
	                0, "INBOX|/|u|;x|.|u|\\Junk \\Trash;"},
	        {"plain, with LSUB", "",
	                STEPS({'C', "LIST \"\" \"*\"", 0}, {'S', "* LIST () \"/\" INBOX", 0},
	                        {'S', "* LIST (\\Noselect) \"/\" a", 0},
	                        {'S', "* LIST () \"/\" a/b", 0}, OK, {'C', "LSUB \"\" \"*\"", 0},
	                        {'S', "* LSUB () \"/\" a/b", 0},
	                        {'S', "* LSUB (\\Noselect) \"/\" a", 0},
	                        {'S', "* LSUB () \"/\" gone", 0}, OK, STATUS("gone"),
	                        {'S', "%t NO [NONEXISTENT] no", 0}),
	                0, "INBOX|/||;a|/|s|;a/b|/|u|;"},
	        {"XLIST", "XLIST",
	                STEPS({'C', "XLIST \"\" \"*\"", 0},
	                        {'S', "* XLIST (\\HasNoChildren \\Inbox) \"/\" \"Posteingang\"", 0},
	                        {'S',
	                                "* XLIST (\\HasNoChildren \\AllMail) \"/\" \"[Gmail]/All "
	                                "Mail\"",
	                                0},
	                        OK, PLAIN, {'S', "* LIST () \"/\" INBOX", 0},
	                        {'S', "* LIST (\\HasNoChildren) \"/\" \"[Gmail]/All Mail\"", 0}, OK,
	                        LSUB, {'S', "%t NO no", 0}),
	                0, "INBOX|/||;[Gmail]/All Mail|/||\\All;"},
	        {"refused extension", EXTENDED,
	                STEPS(LIST_EXT, {'S', "%t BAD what?", 0}, PLAIN,
	                        {'S', "* LIST () \"/\" INBOX", 0}, OK, LSUB, OK),
	                0, "INBOX|/||;"},
	        {"INBOX not listed", EXTENDED,
	                STEPS(LIST_EXT, {'S', "* LIST () \"/\" x", 0}, OK, REST,
	                        {'C', "LIST \"\" INBOX", 0}, {'S', "* LIST () \"/\" INBOX", 0}, OK),
	                0, "INBOX|/||;x|/||;"},
	        {"level by level", EXTENDED,
	                STEPS(LIST_EXT, OK, REST, {'C', "LIST \"\" \"%\"", 0},
	                        {'S', "* LIST () \"/\" INBOX", 0},
	                        {'S', "* LIST () \"/\" \"a \\\"b\"", 0}, OK,
	                        {'C', "LIST \"\" \"INBOX/%\"", 0}, OK,
	                        {'C', "LIST \"\" \"a \\\"b/%\"", 0},
	                        {'S', "* LIST (\\Noinferiors) \"/\" \"a \\\"b/c\"", 0}, OK),
	                0, "INBOX|/||;a \"b|/||;a \"b/c|/|i|;"},
	        {"an account without mail", EXTENDED,
	                STEPS(LIST_EXT, OK, REST, {'C', "LIST \"\" \"%\"", 0}, OK,
	                        {'C', "LIST \"\" INBOX", 0}, OK),
	                0, ""},
	        {"busy", EXTENDED, STEPS(LIST_EXT, {'S', "%t NO [UNAVAILABLE] later", 0}, REST),
	                ERR_BUSY, NULL},
	};

	(void)state;
	run_listings(list, sizeof list / sizeof *list, false);
}

/* What libetpan refuses or swallows must be there all the same, or fail loudly. */
static void test_hostile(void **state)
{
	const struct listing list[] = {
	        {"literal names", EXTENDED,
	                STEPS(LIST_EXT, INBOX,
	                        {'R',
	                                "* LIST () \"/\" {5}\r\na b\"c\r\n* LIST () \"/\" "
	                                "{2}\r\n\xe4\xff\r\n",
	                                0},
	                        OK, REST),
	                0, "INBOX|/|u|;a b\"c|/||;\xe4\xff|/||;"},
	        {"unquoted delimiter", EXTENDED,
	                STEPS(LIST_EXT, INBOX, {'S', "* LIST (\\Sent) / foo", 0}, OK, REST), 0,
	                "INBOX|/|u|;foo|/||\\Sent;"},
	        {"unquoted delimiter, literal", EXTENDED,
	                STEPS(LIST_EXT, INBOX,
	                        {'R', "* LIST () / {3}\r\nf o\r\n* LIST () \"/\" x\r\n", 0}, OK,
	                        REST),
	                0, "INBOX|/|u|;f o|/||;x|/||;"},
	        {"delimiter of two characters", EXTENDED,
	                STEPS(LIST_EXT, INBOX, {'S', "* LIST () \"//\" foo", 0}, OK, REST), 0,
	                "INBOX|/|u|;foo|/||;"},
	        {"flags without parentheses", EXTENDED,
	                STEPS(LIST_EXT, INBOX, {'S', "* LIST \\Trash \"/\" foo", 0}, OK, REST), 0,
	                "INBOX|/|u|;foo|/||\\Trash;"},
	        {"empty flag", EXTENDED,
	                STEPS(LIST_EXT, INBOX, {'S', "* LIST (\\ \\Noselect) \"/\" foo", 0}, OK,
	                        REST),
	                0, "INBOX|/|u|;foo|/|s|;"},
	        {"no flags at all", EXTENDED,
	                STEPS(LIST_EXT, INBOX, {'S', "* LIST \"/\" foo", 0}, OK, REST), 0,
	                "INBOX|/|u|;foo|/||;"},
	        {"two unquoted words", EXTENDED,
	                STEPS(LIST_EXT, INBOX, {'S', "* LIST () \"/\" My Folder", 0},
	                        {'S', "* LIST () \"/\" z", 0}, OK, REST),
	                0, "INBOX|/|u|;My Folder|/||;z|/||;"},
	        {"parenthesis in a bare name, several of them", EXTENDED,
	                STEPS(LIST_EXT, {'S', "* LIST () \"/\" a(b", 0}, INBOX,
	                        {'S', "* LIST () \"/\" 50% x", 0}, OK, REST),
	                0, "50% x|/||;INBOX|/|u|;a(b|/||;"},
	        {"extended data", EXTENDED,
	                STEPS(LIST_EXT, INBOX,
	                        {'S', "* LIST () \"/\" foo (\"CHILDINFO\" (\"SUBSCRIBED\"))", 0},
	                        {'S', "* LIST () \"/\" \"b\" (\"OLDNAME\" (\"c\"))", 0}, OK, REST),
	                0, "INBOX|/|u|;b|/||;foo|/||;"},
	        {"tagged OK without text", EXTENDED,
	                STEPS(LIST_EXT, INBOX, {'S', "%t OK", 0}, REST), 0, "INBOX|/|u|;"},
	        {"names that cannot go out again", EXTENDED,
	                STEPS(LIST_EXT, INBOX, {'R', "* LIST () \"/\" {4}\r\na\r\nb\r\n", 0}, OK,
	                        REST),
	                0, "INBOX|/|u|;a\r\nb|/||;"},
	        {"NUL in names", EXTENDED,
	                STEPS(LIST_EXT, INBOX,
	                        {'R',
	                                "* LIST (\\Sent) \"/\" {3}\r\na\0b\r\n* LIST () \"/\" "
	                                "{2}\r\n\0c\r\n* LIST () \"/\" d\r\n* LIST () \"/\" "
	                                "\"d\0e\"\r\n* LIST () \"/\" {6}\r\ninbox\0\r\n",
	                                117},
	                        OK, PLAIN, {'R', "* LIST () \"/\" {3}\r\na\0b\r\n", 24}, OK, LSUB,
	                        OK),
	                0, "@c|/||;INBOX|/|u|;a@b|/||\\Sent;d|/||;d@e|/||;inbox@|/||;"},
	        {"empty name", EXTENDED,
	                STEPS(LIST_EXT, INBOX, {'S', "* LIST (\\Noselect) \"/\" \"\"", 0}, OK,
	                        REST),
	                0, "INBOX|/|u|;"},
	        {"no name", EXTENDED,
	                STEPS(LIST_EXT, INBOX, {'S', "* LIST () \"/\" ", 0}, OK, PLAIN, LSUB,
	                        {'X', NULL, 0}),
	                ERR_PROTO, NULL},
	        {"literal name and more", EXTENDED,
	                STEPS(LIST_EXT, INBOX, {'R', "* LIST () \"/\" {1}\r\na b\r\n", 0}, OK,
	                        PLAIN, LSUB, {'X', NULL, 0}),
	                ERR_PROTO, NULL},
	        {"cut in a literal", EXTENDED,
	                STEPS(LIST_EXT, INBOX, {'R', "* LIST () \"/\" {9}\r\nab", 0}, PLAIN, LSUB,
	                        {'X', NULL, 0}),
	                ERR_NET, NULL},
	        {"cut before the end", EXTENDED,
	                STEPS(LIST_EXT, INBOX, PLAIN, LSUB, {'X', NULL, 0}), ERR_NET, NULL},
	        {"giant literal", EXTENDED,
	                STEPS(LIST_EXT, {'S', "* LIST () \"/\" {4294967301}", 0}, PLAIN, LSUB,
	                        {'X', NULL, 0}),
	                ERR_LIMIT, NULL},
	        {"lying literal", EXTENDED,
	                STEPS(LIST_EXT, {'S', "* LIST () \"/\" {999999999}", 0}, PLAIN, LSUB,
	                        {'X', NULL, 0}),
	                ERR_LIMIT, NULL},
	};

	(void)state;
	run_listings(list, sizeof list / sizeof *list, false);
}

/* No command is believed alone; what one hides another tells, and that is marked. */
static void test_selections(void **state)
{
	const struct listing list[] = {
	        {"RETURN selects", EXTENDED,
	                STEPS(LIST_EXT, INBOX, OK, PLAIN, {'S', "* LIST () \"/\" INBOX", 0},
	                        {'S', "* LIST (\\HasChildren) \"/\" Old", 0},
	                        {'S', "* LIST () \"/\" Old/x", 0}, OK, LSUB,
	                        {'S', "* LSUB () \"/\" INBOX", 0}, OK),
	                0, "INBOX|/|u|;Old|/||plain LIST;Old/x|/||plain LIST;"},
	        {"a use selects", "SPECIAL-USE",
	                STEPS({'C', "LIST \"\" \"*\" RETURN (SPECIAL-USE)", 0},
	                        {'S', "* LIST (\\Sent) \"/\" Sent", 0}, OK, PLAIN,
	                        {'S', "* LIST () \"/\" INBOX", 0}, {'S', "* LIST () \"/\" Sent", 0},
	                        OK, LSUB, {'S', "* LSUB () \"/\" Sent", 0}, OK),
	                0, "INBOX|/||plain LIST;Sent|/|u|\\Sent;"},
	        {"the plain one selects", EXTENDED,
	                STEPS(LIST_EXT, INBOX, {'S', "* LIST () \"/\" x", 0},
	                        {'S', "* LIST (\\NonExistent) \"/\" y", 0}, OK, PLAIN, INBOX, OK,
	                        LSUB, OK),
	                0, "INBOX|/|u|;x|/||LIST with RETURN;y|/|sn|;"},
	        {"LSUB knows more, and its children", "",
	                STEPS(PLAIN, {'S', "* LIST () \"/\" INBOX", 0}, OK, LSUB,
	                        {'S', "* LSUB () \"/\" hidden", 0},
	                        {'S', "* LSUB () \"/\" gone", 0},
	                        {'S', "* LSUB () \"/\" now\\ not", 0}, OK, STATUS("gone"),
	                        {'S', "%t NO no such mailbox", 0}, STATUS("hidden"),
	                        {'S', "* STATUS hidden (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 1)", 0},
	                        OK, STATUS("now\\\\ not"), {'S', "%t NO [INUSE] busy", 0},
	                        {'C', "LIST \"\" \"hidden/*\"", 0},
	                        {'S', "* LIST () \"/\" hidden/a", 0}, OK,
	                        {'C', "LIST \"\" \"now\\\\ not/*\"", 0}, {'S', "%t NO no", 0}),
	                0, "INBOX|/||;hidden|/|u|LSUB;hidden/a|/||;now\\ not|/|u|LSUB;"},
	        {"LSUB answered with LIST", "",
	                STEPS(PLAIN, {'S', "* LIST () \"/\" INBOX", 0}, OK, LSUB, INBOX,
	                        {'S', "* LIST () \"/\" gone", 0}, OK, STATUS("gone"),
	                        {'S', "%t NO no", 0}),
	                0, "INBOX|/|u|;"},
	        {"other attributes", EXTENDED,
	                STEPS(LIST_EXT, INBOX, {'S', "* LIST (\\Noselect) \"/\" a", 0},
	                        {'S', "* LIST () \"/\" b", 0},
	                        {'S', "* LIST (\\NonExistent \\HasChildren) \"/\" c", 0}, OK, PLAIN,
	                        INBOX, {'S', "* LIST (\\Trash) \".\" a", 0},
	                        {'S', "* LIST (\\Noselect) NIL b", 0},
	                        {'S', "* LIST (\\Noselect) \"/\" c", 0}, OK, LSUB, OK, STATUS("a"),
	                        {'S', "* STATUS a (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 1)", 0}, OK,
	                        STATUS("b"), {'S', "%t NO no", 0}),
	                0, "INBOX|/|u|;a|/||\\Trash;b|/|s|;c|/|s|;"},
	        {"the first refused, the plain one limited", EXTENDED,
	                STEPS(LIST_EXT, {'S', "%t BAD what?", 0}, PLAIN, INBOX,
	                        {'S', "%t NO mount", 0}, LSUB, OK, {'C', "LIST \"\" \"%\"", 0},
	                        INBOX, {'S', "* LIST () NIL z", 0}, OK,
	                        {'C', "LIST \"\" \"INBOX/%\"", 0}, OK),
	                0, "INBOX|/|u|;z|0||;"},
	        {"throttled in mid-flight", EXTENDED,
	                STEPS(LIST_EXT, INBOX, OK, PLAIN, {'S', "%t NO [THROTTLED] later", 0}, LSUB,
	                        OK),
	                ERR_THROTTLED, NULL},
	};

	(void)state;
	run_listings(list, sizeof list / sizeof *list, true);
}

/*
 * Whose mailboxes are whose (RFC 2342); a namespace that "*" does not show is asked for
 * by its prefix.
 */
static void test_namespaces(void **state)
{
	const struct step steps[] = {{'C', "NAMESPACE", 0},
	        {'S',
	                "* NAMESPACE ((\"\" \".\")({8}\r\nuser.me. \".\")) (({5}\r\nuser. \".\")) "
	                "((\"shared/\" \"/\")(\"\" \".\"))",
	                0},
	        OK, PLAIN, INBOX, {'S', "* LIST () \".\" users", 0},
	        {'S', "* LIST () \".\" user", 0}, {'S', "* LIST () \".\" user.bob", 0}, OK, LSUB,
	        OK, {'C', "LIST \"\" \"user.*\"", 0}, {'S', "* LIST () \".\" user.bob", 0}, OK,
	        {'C', "LIST \"\" \"shared/*\"", 0}, {'S', "* LIST () \"/\" shared/x", 0}, OK,
	        {0, NULL, 0}};
	static const bool foreign[] = {false, true, true, true, false};
	struct peer p = {0};
	struct imap *m = peer_open(&p, "NAMESPACE", steps, false);
	struct imap_mailbox *boxes = NULL;
	struct err err = {0};
	size_t n = 0;

	(void)state;
	assert_int_equal(imap_list(m, true, &boxes, &n, &err), 0);
	assert_int_equal(n, 5);
	assert_string_equal((char *)boxes[3].name, "user.bob");
	for (size_t i = 0; i < n; i++)
		assert_int_equal(boxes[i].foreign, foreign[i]);
	imap_list_free(boxes, n);
	peer_close(&p, m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_forms),
	        cmocka_unit_test(test_hostile),
	        cmocka_unit_test(test_selections),
	        cmocka_unit_test(test_namespaces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
