#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "valise/base/progress.h"
#include "valise/base/secret.h"

static void hear(void *ctx, enum say_level level, const char *text)
{
	char *out = ctx;

	out[0] = (char)('0' + (int)level);
	strncpy(out + 1, text, 98);
}

static void hear_name(
        void *ctx, enum say_level level, const char *collection, const char *item, const char *text)
{
	snprintf(ctx, 99, "%d %s %s: %s", (int)level, collection, item ? item : "-", text);
}

static void say_is_safe_text(void **state)
{
	(void)state;
	struct progress p;
	char heard[100] = "";
	struct secret secret = {NULL, 0};

	progress_init(&p);
	progress_say(&p, SAY_NOTE, "nobody hears %s", "this");
	progress_say(NULL, SAY_NOTE, "x");
	p.say = hear;
	p.ctx = heard;
	progress_say(&p, SAY_WARNING, "folder %s: %d", "a\x1b", 3);
	assert_string_equal(heard, "2folder a\\x1b: 3");
	assert_int_equal(secret_set(&secret, "canary-5", 8, NULL), 0);
	secret_learn(&secret);
	progress_say(&p, SAY_WARNING, "it says %s", "canary-5");
	assert_string_equal(heard, "2it says ***");
	progress_name(&p, SAY_NOTE, "a", "b", "nobody hears %s", "this");
	p.name = hear_name;
	progress_name(&p, SAY_WARNING, "INBOX", "UID 7", "it says %s", "canary-5");
	assert_string_equal(heard, "2 INBOX UID 7: it says ***");
	progress_name(&p, SAY_NOTE, "INBOX", NULL, "%s", "left out");
	assert_string_equal(heard, "1 INBOX -: left out");
	progress_name(NULL, SAY_NOTE, "INBOX", NULL, "x");
	secret_forget_all();
	secret_clear(&secret);
	progress_what(&p, "Entw\xc3\xbcrfe\n");
	assert_string_equal(p.what, "Entw\xc3\xbcrfe\\x0a");
	progress_what(NULL, "x");
	pthread_mutex_destroy(&p.lock);
}

/* In a child, so that the flag stays unset here. */
static int stopped_child(int signals)
{
	struct err err;
	pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		stop_install();
		if (stop_requested() || stop_check(&err) != 0)
			_exit(50);
		for (int i = 0; i < signals; i++)
			raise(i ? SIGTERM : SIGINT);
		_exit(stop_requested() && stop_check(&err) == ERR_STOPPED ? 60 : 51);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void stop_flag_and_second_signal(void **state)
{
	(void)state;
	assert_int_equal(stopped_child(1), 60);
	assert_int_equal(stopped_child(2), 130);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(say_is_safe_text),
	        cmocka_unit_test(stop_flag_and_second_signal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
