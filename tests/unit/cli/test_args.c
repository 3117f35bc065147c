#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "valise/account/protocols.h"
#include "valise/fetch/fetch.h"
#include "given.h"

static void words_find_their_places(void **state)
{
	static const struct {
		unsigned command;
		bool account;
		const char *line;
		int rc;
		size_t n_pos, n_given, n_settings;
	} table[] = {
	        {CMD_BACKUP, true, "alice -o a.valise", 0, 1, 1, 0},
	        {CMD_BACKUP, true, "--output=a.valise -- -alice", 0, 1, 1, 0},
	        {CMD_BACKUP, true, "--imap imaps://h --user u", 0, 0, 0, 2},
	        {CMD_BACKUP, true, "--pop3=pop3s://h --pop3-user u", 0, 0, 0, 2},
	        {CMD_BACKUP, true, "--cleartext alice", 0, 1, 0, 1},
	        {CMD_BACKUP, true, "--cleartext=no alice", EXIT_USAGE, 0, 0, 0}, /* a flag */
	        {CMD_BACKUP, true, "alice --nothing", EXIT_USAGE, 0, 0, 0},
	        {CMD_BACKUP, true, "alice -x", EXIT_USAGE, 0, 0, 0},
	        {CMD_BACKUP, true, "alice -o", EXIT_USAGE, 0, 0, 0}, /* without its value */
	        {CMD_BACKUP, true, "a b c", EXIT_USAGE, 2, 0, 0},
	        {CMD_BACKUP, true, "alice --password=x", EXIT_USAGE, 0, 0, 0},
	        {CMD_BACKUP, true, "alice --imap-password x", EXIT_USAGE, 0, 0, 0},
	        /* the last one would count, and the first be lost without a word */
	        {CMD_BACKUP, true, "alice -o a -o b", EXIT_USAGE, 0, 1, 0},
	        {CMD_BACKUP, true, "alice -o a -o a", 0, 1, 2, 0},
	        {CMD_BACKUP, true, "alice --include a --include b", 0, 1, 2, 0},
	        {CMD_BACKUP, true, "--user a --user b", EXIT_USAGE, 0, 0, 1},
	        /* a value that may be left out is taken where a word is left */
	        {CMD_BACKUP, true, "--accept-shrink alice", 0, 1, 1, 0},
	        {CMD_BACKUP, true, "--accept-shrink INBOX alice", 0, 1, 1, 0},
	        {CMD_BACKUP, true, "--accept-shrink=INBOX alice", 0, 1, 1, 0},
	        {CMD_LIST, false, "a.valise", 0, 1, 0, 0},
	        {CMD_LIST, false, "", EXIT_USAGE, 0, 0, 0},
	        {CMD_LIST, false, "a.valise --imap imaps://h", EXIT_USAGE, 0, 0, 0},
	        /* nothing can be stored by POP3 */
	        {CMD_RESTORE, true, "a.valise --pop3 pop3s://h", EXIT_USAGE, 0, 0, 0},
	        {CMD_RESTORE, true, "a.valise --imap imaps://h", 0, 1, 0, 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct given g;
		int rc = give(&g, table[i].command, table[i].account, table[i].line);

		if (rc != table[i].rc)
			fail_msg("%s: %d", table[i].line, rc);
		assert_int_equal(g.ending.why.code, rc ? ERR_USAGE : ERR_OK);
		if (rc)
			continue;
		assert_int_equal(g.args.n_pos, table[i].n_pos);
		assert_int_equal(g.args.n_given, table[i].n_given);
		assert_int_equal(g.args.n_settings, table[i].n_settings);
	}
}

static void what_is_given_is_found(void **state)
{
	const char *all[4], *names[ARGS_MAX];
	struct tree_accept accept;
	struct given g;

	(void)state;
	assert_int_equal(give(&g, CMD_BACKUP, true,
	                         "-o a.valise --include A --include B --accept-shrink=X "
	                         "--accept-shrink alice"),
	        0);
	assert_true(args_has(&g.args, "output"));
	assert_false(args_has(&g.args, "tree"));
	assert_string_equal(args_get(&g.args, "output"), "a.valise");
	assert_string_equal(args_get(&g.args, "include"), "B");
	assert_null(args_get(&g.args, "tree"));
	assert_int_equal(args_all(&g.args, "include", all, COUNT(all)), 2);
	assert_string_equal(all[0], "A");
	assert_int_equal(args_all(&g.args, "include", all, 1), 1);
	assert_true(args_takes(&g.args, "tree"));
	assert_false(args_takes(&g.args, "map"));
	accept = args_accept(&g.args, names);
	assert_true(accept.all);
	assert_int_equal(accept.n_names, 1);
	assert_string_equal(names[0], "X");
}

static void numbers_are_whole(void **state)
{
	static const struct {
		const char *line;
		int rc;
		uint64_t n;
		unsigned most;
	} table[] = {
	        {"alice", 0, 7, 0},
	        {"alice --connections 4", 0, 4, 4},
	        {"alice --connections 4000", 0, 4000, 32},
	        {"alice --connections -4", EXIT_USAGE, 0, 0},
	        {"alice --connections 4x", EXIT_USAGE, 0, 0},
	        {"alice --connections= ", EXIT_USAGE, 0, 0},
	        {"alice --connections 99999999999999999999", EXIT_USAGE, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		unsigned most = 0;
		struct given g;
		uint64_t n;

		assert_int_equal(give(&g, CMD_BACKUP, true, table[i].line), 0);
		assert_int_equal(args_number(&g.args, "connections", 7, &n), table[i].rc);
		if (table[i].rc)
			continue;
		assert_int_equal(n, table[i].n);
		assert_int_equal(args_at_most(&g.args, "connections", 32, &most), 0);
		assert_int_equal(most, table[i].most);
	}
}

static void snapshots_count_from_one(void **state)
{
	static const struct {
		const char *line;
		int rc;
		unsigned snapshot;
	} table[] = {{"a", 0, 0}, {"a --snapshot 3", 0, 3}, {"a --snapshot 0", EXIT_USAGE, 0},
	        {"a --snapshot 4294967296", EXIT_USAGE, 0}, {"a --snapshot x", EXIT_USAGE, 0}};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		unsigned snapshot;
		struct given g;

		assert_int_equal(give(&g, CMD_LIST, false, table[i].line), 0);
		assert_int_equal(args_snapshot(&g.args, &snapshot), table[i].rc);
		if (!table[i].rc)
			assert_int_equal(snapshot, table[i].snapshot);
	}
}

static void words_are_those_of_a_list(void **state)
{
	static const struct {
		const char *line;
		int rc;
		unsigned place;
	} table[] = {{"a", 0, 0}, {"a --labels folders", 0, 0}, {"a --labels first", 0, 2},
	        {"a --labels last", EXIT_USAGE, 0}, {"a --labels fir", EXIT_USAGE, 0}};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		unsigned place = 9;
		struct given g;

		assert_int_equal(give(&g, CMD_RESTORE, false, table[i].line), 0);
		assert_int_equal(args_word(&g.args, "labels", "folders|keywords|first", &place),
		        table[i].rc);
		if (!table[i].rc)
			assert_int_equal(place, table[i].place);
	}
}

static void kinds_are_told_apart(void **state)
{
	enum { MAIL = 1 << COLL_MAIL, CALENDARS = 1 << COLL_CALENDAR, CARDS = 1 << COLL_CONTACTS };
	static const struct {
		const char *text;
		bool right;
		unsigned kinds;
	} table[] = {
	        {"mail", true, MAIL},
	        {"mail,contacts", true, MAIL | CARDS},
	        {"calendars,calendars", true, CALENDARS},
	        {"mail,", true, MAIL},
	        {"", false, 0},
	        {"mails", false, 0},
	        {"mail,,contacts", false, 0},
	        {"mail contacts", false, 0},
	};
	struct given g;
	unsigned only;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		unsigned kinds;

		assert_int_equal(kinds_read(table[i].text, &kinds), table[i].right);
		if (table[i].right)
			assert_int_equal(kinds, table[i].kinds);
	}
	assert_int_equal(give(&g, CMD_BACKUP, true, "alice"), 0);
	assert_int_equal(args_only(&g.args, &only), 0);
	assert_int_equal(only, 0);
	assert_int_equal(give(&g, CMD_BACKUP, true, "alice --only=mail"), 0);
	assert_int_equal(args_only(&g.args, &only), 0);
	assert_int_equal(only, MAIL);
	assert_int_equal(args_only_of(&g.args, only, MAIL | CARDS, "this account"), 0);
	assert_int_equal(args_only_of(&g.args, only, CARDS, "this account"), EXIT_USAGE);
	assert_int_equal(give(&g, CMD_BACKUP, true, "alice --only="), 0);
	assert_int_equal(args_only(&g.args, &only), EXIT_USAGE);
}

static void options_of_one_protocol_need_it(void **state)
{
	enum { IMAP = 1 << SERVICE_IMAP, POP3 = 1 << SERVICE_POP3, DAV = 1 << SERVICE_CALDAV };
	static const struct {
		const char *line;
		unsigned services;
		int rc;
	} table[] = {
	        {"alice", POP3, 0},
	        {"alice --all-namespaces", IMAP | POP3, 0},
	        {"alice --all-namespaces", POP3, EXIT_USAGE},
	        {"alice --exact", DAV, 0},
	        {"alice --exact", IMAP, EXIT_USAGE},
	        {"alice --pop3-end quit", IMAP, EXIT_USAGE},
	        /* what is said once for many is not about each */
	        {"alice --exact --one-of-many", IMAP, 0},
	};
	struct source_option own[ARGS_MAX];
	struct given g;
	size_t n;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		assert_int_equal(give(&g, CMD_BACKUP, true, table[i].line), 0);
		assert_int_equal(
		        args_have_use(&g.args, PROTOCOL_FETCH, table[i].services), table[i].rc);
	}
	assert_int_equal(give(&g, CMD_BACKUP, true, "alice --pop3-end quit -o a --exact"), 0);
	assert_int_equal(args_own(&g.args, own, &n), 0);
	assert_int_equal(n, 2);
	assert_string_equal(own[0].name, "pop3-end");
	assert_string_equal(own[0].value, "quit");
	assert_string_equal(own[1].value, "");
	assert_int_equal(give(&g, CMD_BACKUP, true, "alice --pop3-end go"), 0);
	assert_int_equal(args_own(&g.args, own, &n), EXIT_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(words_find_their_places),
	        cmocka_unit_test(what_is_given_is_found),
	        cmocka_unit_test(numbers_are_whole),
	        cmocka_unit_test(snapshots_count_from_one),
	        cmocka_unit_test(words_are_those_of_a_list),
	        cmocka_unit_test(kinds_are_told_apart),
	        cmocka_unit_test(options_of_one_protocol_need_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
