/*
 * A name server that does not answer: this getaddrinfo takes the place of the C
 * library's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <netdb.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "valise/base/progress.h"
#include "valise/net/transport.h"

static sem_t answer, answered;

int getaddrinfo(
        const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **out)
{
	(void)host, (void)port, (void)hints, (void)out;
	while (sem_wait(&answer) != 0)
		;
	sem_post(&answered);
	return EAI_AGAIN;
}

static int open_slow(int timeout_ms, struct err *err)
{
	const struct endpoint at = {.host = (char *)"slow.example",
	        .port = 143,
	        .security = SECURITY_NONE,
	        .connect_timeout_ms = timeout_ms};
	struct transport *t = NULL;

	return transport_open(&at, GUARD_IMAP_SOURCE, NULL, &t, err);
}

static void the_time_to_connect_bounds_it(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(open_slow(20, &err), ERR_NET);
	assert_non_null(strstr(err.text, "slow.example:143: looking up the host took longer"));
	sem_post(&answer); /* the thread left behind ends, and frees what it holds */
	sem_wait(&answered);
	sem_post(&answer);
	assert_int_equal(open_slow(60000, &err), ERR_NET);
	assert_non_null(strstr(err.text, "cannot look up the host"));
	sem_wait(&answered);
}

static void a_request_to_stop_ends_it(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	if (child == 0) {
		struct err err;

		stop_install();
		raise(SIGTERM);
		_exit(open_slow(60000, &err) == ERR_STOPPED ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_request_to_stop_ends_it),
	        cmocka_unit_test(the_time_to_connect_bounds_it),
	};

	sem_init(&answer, 0, 0);
	sem_init(&answered, 0, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
