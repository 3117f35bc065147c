#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>
#include "given.h"
#include "cli/many/batch.h"

static void bytes_have_units_of_a_thousand(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes; /* 0: it is none */
	} table[] = {{"1", 1}, {"500", 500}, {"64K", 64000}, {"64k", 64000}, {"2M", 2000000},
	        {"3g", UINT64_C(3000000000)}, {"1T", UINT64_C(1000000000000)}, {"0", 0}, {"", 0},
	        {"K", 0}, {"1KB", 0}, {"1P", 0}, {"-1", 0}, {" 1", 0}, {"1.5M", 0},
	        {"18446744073709551615", UINT64_MAX}, {"18446744073709551616", 0},
	        {"18446744073709551K", UINT64_C(18446744073709551000)}, {"18446744073709552K", 0}};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		uint64_t bytes;

		if (bytes_read(table[i].text, &bytes) != (table[i].bytes != 0))
			fail_msg("\"%s\"", table[i].text);
		if (table[i].bytes)
			assert_int_equal(bytes, table[i].bytes);
	}
}

static void ages_and_shards(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds; /* 0: it is none */
	} ages[] = {{"90m", 5400}, {"12h", 43200}, {"3d", 259200}, {"2w", 1209600}, {"0h", 0},
	        {"12", 0}, {"12hh", 0}, {"-1h", 0}, {"h", 0}, {"12s", 0}, {"100001m", 0}};
	static const struct {
		const char *text;
		unsigned i, n; /* 0: it is none */
	} shards[] = {{"1/1", 1, 1}, {"2/8", 2, 8}, {"8/8", 8, 8}, {"0/8", 0, 0}, {"9/8", 0, 0},
	        {"1", 0, 0}, {"1/", 0, 0}, {"/8", 0, 0}, {"1/8x", 0, 0}, {"1/100001", 0, 0}};
	unsigned count[4] = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(ages); i++) {
		int64_t seconds;

		if (duration_read(ages[i].text, &seconds) != (ages[i].seconds != 0))
			fail_msg("\"%s\"", ages[i].text);
		if (ages[i].seconds)
			assert_int_equal(seconds, ages[i].seconds);
	}
	for (size_t i = 0; i < COUNT(shards); i++) {
		unsigned k, n;

		if (shard_read(shards[i].text, &k, &n) != (shards[i].n != 0))
			fail_msg("\"%s\"", shards[i].text);
		if (shards[i].n)
			assert_true(k == shards[i].i && n == shards[i].n);
	}
	/* by the name alone, and each gets some */
	for (unsigned i = 0; i < 100; i++) {
		char name[16];

		snprintf(name, sizeof name, "user%u", i);
		assert_int_equal(shard_of(name, 1), 0);
		assert_int_equal(shard_of(name, 4), shard_of(name, 4));
		count[shard_of(name, 4)]++;
	}
	for (unsigned i = 0; i < 4; i++)
		assert_in_range(count[i], 10, 40);
}

/* A note that cannot be taken back would be believed. */
static void what_was_done_is_forgotten_or_said(void **state)
{
	char file[] = "done.XXXXXX", directory[] = "done.XXXXXX";
	struct job none = {0}, plain = {.record = file}, stays = {.record = directory};
	struct err err = {0};
	int fd = mkstemp(file);

	(void)state;
	assert_true(fd >= 0 && close(fd) == 0 && mkdtemp(directory));
	assert_int_equal(done_forget(&none, &err), 0);
	assert_int_equal(done_forget(&plain, &err), 0);
	assert_int_equal(access(file, F_OK), -1);
	assert_int_equal(done_forget(&plain, &err), 0); /* it was not there */
	assert_int_equal(done_forget(&stays, &err), ERR_IO);
	assert_non_null(strstr(err.text, directory));
	assert_int_equal(rmdir(directory), 0);
}

/* What a worker compares: whose account, where, and what its section says of commands. */
static void an_account_has_a_sum(void **state)
{
	char host[16] = "new.example", user[16] = "alice", key[] = "archive",
	     value[16] = "a.valise";
	struct account account = {.present[SERVICE_IMAP] = true};
	struct account_option option = {.key = key, .value = value};
	struct account_options own = {.items = &option, .n = 1};
	char *changed[] = {host, user, value}, *before;

	(void)state;
	account.services[SERVICE_IMAP] = (struct service){
	        .name = "imap", .at = {.host = host, .port = 993}, .login = {.user = user}};
	before = account_sum(&account, &own);
	for (size_t i = 0; i < COUNT(changed); i++) {
		char was = *changed[i], *now;

		*changed[i] = 'x';
		now = account_sum(&account, &own);
		assert_string_not_equal(before, now);
		free(now);
		*changed[i] = was;
		now = account_sum(&account, &own);
		assert_string_equal(before, now);
		free(now);
	}
	free(before);
}

static void values_of_a_section_are_checked(void **state)
{
	static const struct {
		const char *key, *value;
		bool right;
	} table[] = {{"max-rate", "500K", true}, {"max-rate", "fast", false},
	        {"daily-limit", "1G", true}, {"connections", "4", true},
	        {"connections", "four", false}, {"connections", "1234567890", false},
	        {"only", "mail,contacts", true}, {"only", "post", false},
	        {"labels", "keywords", true}, {"labels", "some", false}, {"since", "18m", true},
	        {"until", "2024-01", true}, {"since", "soon", false}, {"larger", "2M", true},
	        {"smaller", "small", false}, {"archive", "anything", true}};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		char key[32], value[32], file[] = "accounts.ini";
		struct account_option option = {
		        .key = key, .value = value, .file = file, .line = 7};
		struct account_options all = {.items = &option, .n = 1};
		struct err err = {0};

		snprintf(key, sizeof key, "%s", table[i].key);
		snprintf(value, sizeof value, "%s", table[i].value);
		assert_int_equal(section_check(&all, &err), table[i].right ? 0 : ERR_USAGE);
		if (!table[i].right)
			assert_ptr_equal(strstr(err.text, "accounts.ini, line 7: "), err.text);
	}
}

static void variables_stand_for_harmless_options(void **state)
{
	static const struct {
		const char *option;
		bool may;
	} table[] = {{"max-rate", true}, {"ca-file", true}, {"timeout", true}, {"output", true},
	        {"user", false}, {"imap", false}, {"password-command", false}, {"yes", false},
	        {"accept-shrink", false}, {"same-account", false}, {"help", false}};
	char *name = environment_name("max-rate");

	(void)state;
	assert_string_equal(name, "VALISE_MAX_RATE");
	free(name);
	for (size_t i = 0; i < COUNT(table); i++)
		if (environment_has(table[i].option) != table[i].may)
			fail_msg("%s", table[i].option);
}

/* Each has one of its own: programs tell errors apart by them. */
static void errors_have_words(void **state)
{
	(void)state;
	for (int code = ERR_IO; code >= ERR_SECRET; code--) {
		assert_string_not_equal(code_word((enum err_code)code), "failed");
		for (int other = ERR_IO; other > code; other--)
			assert_string_not_equal(
			        code_word((enum err_code)code), code_word((enum err_code)other));
	}
	assert_string_equal(code_word(ERR_AUTH), "sign-in");
	assert_string_equal(code_word(ERR_NO_ARCHIVE), "no-archive");
	assert_string_equal(code_word(ERR_OK), "failed");
	assert_string_equal(code_word((enum err_code)(ERR_SECRET - 1)), "failed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(bytes_have_units_of_a_thousand),
	        cmocka_unit_test(ages_and_shards),
	        cmocka_unit_test(what_was_done_is_forgotten_or_said),
	        cmocka_unit_test(an_account_has_a_sum),
	        cmocka_unit_test(values_of_a_section_are_checked),
	        cmocka_unit_test(variables_stand_for_harmless_options),
	        cmocka_unit_test(errors_have_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
