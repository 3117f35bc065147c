#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "account/secret/oauth.h"
#include "valise/base/clock.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/progress.h"

struct fixture {
	char dir[64];
	struct settings set;
	struct service service;
};

static void setup(struct fixture *f, const char *secret_command)
{
	memset(f, 0, sizeof *f);
	strcpy(f->dir, "/tmp/valise-oauth-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	assert_int_equal(setenv("XDG_STATE_HOME", f->dir, 1), 0);
	assert_int_equal(setenv("DBUS_SESSION_BUS_ADDRESS", "disabled:", 1), 0);
	settings_add(&f->set, "oauth-token", "https://as.example/token", FROM_SECTION);
	settings_add(&f->set, "oauth-client-id", "valise", FROM_SECTION);
	if (secret_command)
		settings_add(&f->set, "oauth-client-secret-command", secret_command, FROM_SECTION);
	f->service.name = "imap";
	f->service.kind = SERVICE_IMAP;
	f->service.login.user = (char *)(uintptr_t) "alice";
}

static void teardown(struct fixture *f)
{
	settings_clear(&f->set);
	assert_int_equal(dir_remove(AT_FDCWD, f->dir, NULL), 0);
}

/* A failure is no reason to ask for each request. */
static void a_failure_is_not_repeated_at_once(void **state)
{
	struct fixture f;
	struct oauth_source *o;
	struct secret token = {0};
	int64_t fresh = 0, before = clock_ms();
	struct err err = {0};

	(void)state;
	setup(&f, NULL);
	assert_int_equal(oauth_source_new(&f.set, &f.service, "a", &o, &err), 0);
	assert_int_equal(oauth_source_token(o, &token, &fresh, &err), ERR_AUTH);
	assert_true(fresh > before);
	assert_null(token.data);
	oauth_source_free(o);
	teardown(&f);
}

/* What is kept for one token endpoint is not found for another one. */
static void one_is_of_its_endpoints(void **state)
{
	static const char *const keys[][2] = {{"oauth-token", "https://evil.example/token"},
	        {"oauth-revoke", "https://evil.example/revoke"}};
	struct service service = {.name = "imap", .login.user = (char *)(uintptr_t) "alice"};
	struct oauth_source *a, *b;

	(void)state;
	for (size_t i = 0; i < COUNT(keys); i++) {
		struct settings set = {0};

		settings_add(&set, "oauth", "google", FROM_SECTION);
		assert_int_equal(oauth_source_new(&set, &service, "a", &a, NULL), 0);
		settings_add(&set, keys[i][0], keys[i][1], FROM_SECTION);
		assert_int_equal(oauth_source_new(&set, &service, "a", &b, NULL), 0);
		assert_string_not_equal(oauth_source_id(a), oauth_source_id(b));
		oauth_source_free(a);
		oauth_source_free(b);
		settings_clear(&set);
	}
}

/* Who stands for the service's certificate does not stand for a provider of the table. */
static void authorities_are_its_own(void **state)
{
	static const struct {
		const char *oauth, *own, *ca_file;
	} rows[] = {
	        {"google", NULL, NULL},
	        {"google", "/own.pem", "/own.pem"},
	        {"https://as.example", NULL, "/service.pem"},
	        {"https://as.example", "/own.pem", "/own.pem"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct service service = {.name = "imap",
		        .login.user = (char *)(uintptr_t) "alice",
		        .at.ca_file = (char *)(uintptr_t) "/service.pem"};
		struct settings set = {0};
		struct oauth_source *o;
		const char *got;

		settings_add(&set, "oauth", rows[i].oauth, FROM_SECTION);
		if (rows[i].own)
			settings_add(&set, "oauth-ca-file", rows[i].own, FROM_SECTION);
		assert_int_equal(oauth_source_new(&set, &service, "a", &o, NULL), 0);
		got = oauth_source_client(o)->ca_file;
		if (!got != !rows[i].ca_file || (got && strcmp(got, rows[i].ca_file) != 0))
			fail_msg("row %zu: %s", i, got ? got : "none");
		oauth_source_free(o);
		settings_clear(&set);
	}
}

static void *get_secret(void *ctx)
{
	struct oauth_client *c = ctx;
	struct secret s = {0};
	int rc = c->get_secret(c->ctx, &s, NULL);

	assert_int_equal(rc, 0);
	assert_string_equal(s.data, "geheim");
	secret_clear(&s);
	return NULL;
}

/* The command may ask on it. */
static void a_client_secret_has_the_terminal(void **state)
{
	struct fixture f;
	struct oauth_source *o;
	char *fifo, *command;
	pthread_t thread;
	int fd;

	(void)state;
	setup(&f, NULL);
	fifo = xasprintf("%s/fifo", f.dir);
	command = xasprintf("cat %s", fifo);
	settings_add(&f.set, "oauth-client-secret-command", command, FROM_SECTION);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(oauth_source_new(&f.set, &f.service, "a", &o, NULL), 0);
	assert_int_equal(pthread_create(&thread, NULL, get_secret, oauth_source_client(o)), 0);
	fd = open(fifo, O_WRONLY | O_CLOEXEC); /* waits until the command runs */
	assert_true(fd >= 0);
	assert_false(terminal_try());
	assert_int_equal(write(fd, "geheim\n", 7), 7);
	close(fd);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(terminal_try());
	terminal_release();
	oauth_source_free(o);
	free(fifo);
	free(command);
	teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_failure_is_not_repeated_at_once),
	        cmocka_unit_test(one_is_of_its_endpoints),
	        cmocka_unit_test(authorities_are_its_own),
	        cmocka_unit_test(a_client_secret_has_the_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
