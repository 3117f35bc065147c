#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <pthread.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "account/secret/answers.h"
#include "account/secret/credentials.h"
#include "valise/base/progress.h"

static struct account_secrets *secrets;

static int set_up(void **state)
{
	(void)state;
	secrets = secrets_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	secrets_free(secrets);
	return 0;
}

static struct secret_user *user_of(enum source_type type, const char *text, const char *label)
{
	return secrets_user(secrets_source(secrets, type, text, label), label);
}

static void expect(struct secret_user *s, int renew, const char *want)
{
	struct secret got = {NULL, 0};
	struct err err;

	if (secrets_get(s, renew, &got, &err) != 0)
		fail_msg("%s", err.text);
	assert_string_equal(got.data, want);
	secret_clear(&got);
}

static void expect_error(struct secret_user *s, int code, const char *word)
{
	struct secret got = {NULL, 0};
	struct err err = {0};
	int rc = secrets_get(s, 0, &got, &err);

	if (rc != code || !strstr(err.text, word))
		fail_msg("want %d \"%s\", got %d \"%s\"", code, word, rc, err.text);
	assert_null(strstr(err.text, "hunter2"));
	assert_null(got.data);
}

static void commands(void **state)
{
	static const struct {
		const char *command, *want;
	} good[] = {
	        {"echo hunter2", "hunter2"},
	        {"printf hunter2", "hunter2"},
	        {"printf ' a b \\r\\nuser: alice\\n'", " a b "},
	        {"cat; echo x", "x"}, /* standard input is empty */
	        {"printf 'p\\303\\244\\377\\n'", "p\xc3\xa4\xff"},
	        {"echo first; yes | head -c 30000", "first"},
	};
	static const struct {
		const char *command;
		int code;
		const char *word;
	} bad[] = {
	        {"echo hunter2; exit 3", ERR_SECRET, "status 3"},
	        {"echo hunter2; kill -9 $$", ERR_SECRET, "signal 9"},
	        {"exec /nonexistent/hunter2-helper 2>&-", ERR_SECRET, "status 127"},
	        {"true", ERR_USAGE, "missing"},
	        {"echo", ERR_USAGE, "empty line"},
	        {"printf '\\nhunter2\\n'", ERR_USAGE, "empty line"},
	        {"printf 'a\\0b\\n'", ERR_USAGE, "NUL"},
	        {"yes", ERR_LIMIT, "too much output"},
	        {"head -c 20000 /dev/zero | tr '\\0' x", ERR_LIMIT, "longer than"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		expect(user_of(SOURCE_COMMAND, good[i].command, "imap at h"), 0, good[i].want);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		expect_error(user_of(SOURCE_COMMAND, bad[i].command, "imap at h"), bad[i].code,
		        bad[i].word);
}

static void a_command_is_asked_once_until_renewed(void **state)
{
	char file[] = "/tmp/valise-test-count-XXXXXX", command[128];
	struct secret_user *s;

	(void)state;
	close(mkstemp(file));
	snprintf(command, sizeof command, "echo x >> %s; wc -l < %s", file, file);
	s = user_of(SOURCE_COMMAND, command, "imap at h");
	assert_ptr_equal(secret_user_source(s),
	        secrets_source(secrets, SOURCE_COMMAND, command, "caldav at h"));
	expect(s, 0, "1");
	expect(s, 0, "1");
	expect(s, 1, "2");
	expect(s, 0, "2");
	unlink(file);
}

static void *ask(void *arg)
{
	expect(arg, 0, "1");
	return NULL;
}

static void threads_share_one_question(void **state)
{
	char file[] = "/tmp/valise-test-count-XXXXXX", command[128];
	struct secret_user *s;
	pthread_t threads[6];

	(void)state;
	close(mkstemp(file));
	snprintf(command, sizeof command, "sleep 0.1; echo x >> %s; wc -l < %s", file, file);
	s = user_of(SOURCE_COMMAND, command, "imap at h");
	for (int i = 0; i < 6; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask, s), 0);
	for (int i = 0; i < 6; i++)
		pthread_join(threads[i], NULL);
	unlink(file);
}

/* A session whose token "1" was refused. */
static void *ask_anew(void *arg)
{
	struct secret token = {NULL, 0};
	struct err err;

	assert_int_equal(secret_set(&token, "1", 1, &err), 0);
	assert_int_equal(secrets_get(arg, 1, &token, &err), 0);
	assert_string_equal(token.data, "2");
	secret_clear(&token);
	return NULL;
}

static void an_expired_token_is_one_question(void **state)
{
	char file[] = "/tmp/valise-test-count-XXXXXX", command[128];
	struct secret_user *s;
	pthread_t threads[6];

	(void)state;
	close(mkstemp(file));
	snprintf(command, sizeof command, "sleep 0.1; echo x >> %s; wc -l < %s", file, file);
	s = user_of(SOURCE_COMMAND, command, "imap at h");
	expect(s, 0, "1");
	for (int i = 0; i < 6; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask_anew, s), 0);
	for (int i = 0; i < 6; i++)
		pthread_join(threads[i], NULL);
	unlink(file);
}

/* It has no fresh token yet: sessions that try again do not make it a storm. */
static void a_command_that_repeats_itself_is_left_alone(void **state)
{
	char file[] = "/tmp/valise-test-count-XXXXXX", command[128];
	struct stat st;
	struct secret_user *s;

	(void)state;
	close(mkstemp(file));
	snprintf(command, sizeof command, "echo x >> %s; echo 1", file);
	s = user_of(SOURCE_COMMAND, command, "imap at h");
	expect(s, 0, "1");
	for (int i = 0; i < 5; i++)
		expect(s, 1, "1");
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_size, 4); /* asked twice */
	unlink(file);
}

static void a_descriptor_is_read_once_and_by_the_line(void **state)
{
	char number[16], other[16], c;
	struct secret_user *s;
	int ends[2], bad = open("/dev/null", O_RDONLY);

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "hunter2\r\nz", 10), 10);
	snprintf(number, sizeof number, "%d", ends[0]);
	s = user_of(SOURCE_FD, number, "imap at h");
	assert_ptr_equal(
	        secret_user_source(s), secrets_source(secrets, SOURCE_FD, number, "pop3 at h"));
	assert_int_equal(fcntl(ends[0], F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	expect(s, 0, "hunter2");
	expect(s, 1, "hunter2");
	assert_int_equal(read(ends[0], &c, 1), 1); /* the rest belongs to others */
	assert_int_equal(c, 'z');
	close(ends[0]);
	close(ends[1]);
	snprintf(other, sizeof other, "%d", bad);
	expect_error(user_of(SOURCE_FD, other, "imap at h"), ERR_USAGE, "missing");
	close(bad);
	expect_error(user_of(SOURCE_FD, "1000", "imap at h"), ERR_IO, "password");
}

/* What a child with a terminal of its own shows; it ends with 0 when it got "hunter2". */
static int on_terminal(const char *type, char *shown, size_t size)
{
	int master, status = -1;
	size_t n = 0;
	ssize_t got;
	pid_t child = forkpty(&master, NULL, NULL, NULL);

	assert_true(child >= 0);
	if (child == 0) {
		struct secret s = {NULL, 0};
		struct err err;
		struct secret_user *source = user_of(SOURCE_TERMINAL, "al\033ice", "imap at h");
		int rc;

		stop_install();
		rc = secrets_get(source, 0, &s, &err);
		_exit(rc == 0 ? strcmp(s.data, "hunter2") != 0 : -rc);
	}
	while (n < size - 1 && (got = read(master, shown + n, 1)) > 0) {
		n += (size_t)got;
		shown[n] = '\0';
		if (n > 2 && strcmp(shown + n - 3, "): ") == 0)
			assert_true(write(master, type, strlen(type)) > 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	close(master);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void the_terminal_asks_without_echo(void **state)
{
	char shown[1024] = "";

	(void)state;
	assert_int_equal(on_terminal("hunter2\n", shown, sizeof shown), 0);
	assert_non_null(strstr(shown, "Password for al\\x1bice (imap at h): "));
	assert_null(strstr(shown, "hunter2"));
	assert_int_equal(on_terminal("\003", shown, sizeof shown), -ERR_STOPPED);
	assert_int_equal(on_terminal("\004", shown, sizeof shown), -ERR_USAGE);
}

static void without_a_terminal_it_says_what_to_do(void **state)
{
	struct secret s = {NULL, 0};
	struct err err;

	(void)state;
	assert_int_equal(terminal_ask("/dev/null", "?", &s, &err), ERR_USAGE);
	assert_int_equal(terminal_ask("/nonexistent", "?", &s, &err), ERR_USAGE);
	assert_non_null(strstr(err.text, "--password-command"));
}

enum { IMAP = 1, CALDAV = 2, CARDDAV = 4 };

static void know(struct answers *a, const char *text)
{
	struct secret s = {NULL, 0};
	struct err err;

	assert_int_equal(secret_set(&s, text, strlen(text), &err), 0);
	(void)answers_add(a, &s);
	secret_clear(&s);
}

/*
 * Each step: the service tries what it picks, and is let in with what is good for it; else
 * there is another answer, as long as there were no three refusals.
 */
static void answers_are_tried_service_by_service(void **state)
{
	static const struct {
		const char *name, *answers; /* that a person gives: one letter each */
		const char *good[3]; /* for each of the services, in their order */
		const char *tried[3]; /* by each, until it is let in, or it is enough */
	} cases[] = {
	        {"all take it", "a", {"a", "a", "a"}, {"a", "a", "a"}},
	        {"the third one", "xya", {"a", "a", "a"}, {"xya", "a", "a"}},
	        {"three are enough for all", "xyza", {"a", "a", "a"}, {"xyz", "", ""}},
	        {"another wants its own", "ab", {"a", "b", "b"}, {"a", "ab", "b"}},
	        {"... after two that were wrong", "xyabc", {"a", "c", "a"}, {"xya", "abc", "ca"}},
	        {"one takes none", "axy", {"a", "q", "a"}, {"a", "axy", "a"}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct answers known = {NULL, 0, 0};
		const char *next = cases[i].answers;

		for (unsigned k = 0; k < 3; k++) {
			const char *want = cases[i].tried[k];
			char tried[8] = "";
			bool in = false;

			while (!in) {
				const struct secret *s = answers_pick(&known, 1u << k, true);

				if (!s && answers_refused(&known, 1u << k) >= 3)
					break;
				if (!s) {
					char one[2] = {*next++, '\0'};

					assert_true(*one);
					know(&known, one);
					continue;
				}
				strcat(tried, s->data);
				in = strcmp(s->data, cases[i].good[k]) == 0;
				if (in)
					answers_let_in(&known, 1u << k, s);
				else
					answers_refuse(&known, 1u << k, s);
			}
			if (strcmp(tried, want) != 0)
				fail_msg("%s: %u tried \"%s\", not \"%s\"", cases[i].name, k, tried,
				        want);
			if (in)
				assert_string_equal(answers_pick(&known, 1u << k, true)->data,
				        cases[i].good[k]);
		}
		answers_clear(&known);
	}
}

/* A server that is out of sorts: what was good is kept for a later try, unless asked anew. */
static void what_let_in_once_is_not_forgotten(void **state)
{
	struct answers known = {NULL, 0, 0};
	const struct secret *s;

	(void)state;
	assert_null(answers_proven(&known));
	know(&known, "a");
	s = answers_pick(&known, IMAP, false);
	answers_let_in(&known, IMAP, s);
	answers_refuse(&known, IMAP, s);
	assert_null(answers_pick(&known, IMAP, false));
	assert_string_equal(answers_pick(&known, IMAP, true)->data, "a");
	assert_string_equal(answers_pick(&known, CALDAV, false)->data, "a");
	know(&known, "b");
	answers_let_in(&known, CARDDAV, answers_pick(&known, CARDDAV, false));
	assert_string_equal(answers_pick(&known, IMAP, false)->data, "b");
	assert_string_equal(answers_proven(&known)->data, "a");
	answers_clear(&known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(commands, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(
	                a_command_is_asked_once_until_renewed, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(threads_share_one_question, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(
	                an_expired_token_is_one_question, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(
	                a_command_that_repeats_itself_is_left_alone, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(
	                a_descriptor_is_read_once_and_by_the_line, set_up, tear_down),
	        cmocka_unit_test(answers_are_tried_service_by_service),
	        cmocka_unit_test(what_let_in_once_is_not_forgotten),
	        cmocka_unit_test_setup_teardown(the_terminal_asks_without_echo, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(
	                without_a_terminal_it_says_what_to_do, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
