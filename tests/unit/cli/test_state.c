#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>
#include "given.h"

static char root[] = "/tmp/valise-state-XXXXXX";

static int make_root(void **state)
{
	(void)state;
	return mkdtemp(root) && setenv("XDG_STATE_HOME", root, 1) == 0 ? 0 : -1;
}

static int remove_root(void **state)
{
	char line[100];

	(void)state;
	snprintf(line, sizeof line, "rm -rf '%s'", root);
	return system(line);
}

struct who {
	const char *host;
	uint16_t port;
	const char *user, *authzid, *under, *archive;
};

/* The caller frees. */
static char *journal_of(const struct who *w, bool *untold)
{
	const struct state_target t = {
	        .archive_id = w->archive ? w->archive : "id", .under = w->under};
	struct service s = {.kind = SERVICE_IMAP, .name = "imap"};
	struct err err = {0};
	char *path = NULL;

	s.at.host = xstrdup(w->host);
	s.at.port = w->port;
	s.login.user = xstrdup(w->user);
	s.login.authzid = xstrdup(w->authzid);
	assert_int_equal(state_journal(&s, &t, &path, untold, &err), 0);
	service_clear(&s);
	return path;
}

static void a_journal_belongs_to_who_is_written(void **state)
{
	static const struct who first = {.host = "mail.example.org", .port = 993, .user = "a"};
	static const struct {
		struct who who;
		bool same;
	} table[] = {
	        {{.host = "Mail.Example.ORG", .port = 993, .user = "a"}, true},
	        /* an administrator who writes for her */
	        {{.host = "mail.example.org", .port = 993, .user = "m", .authzid = "a"}, true},
	        {{.host = "mail.example.org", .port = 993, .user = "A"}, false},
	        {{.host = "mail.example.org", .port = 143, .user = "a"}, false},
	        {{.host = "mail.example.net", .port = 993, .user = "a"}, false},
	        {{.host = "mail.example.org", .port = 993, .user = "a", .under = "b"}, false},
	        {{.host = "mail.example.org", .port = 993, .user = "a", .archive = "b"}, false},
	};
	bool untold;
	char *one = journal_of(&first, &untold);

	(void)state;
	assert_false(untold);
	assert_ptr_equal(strstr(one, root), one);
	for (size_t i = 0; i < COUNT(table); i++) {
		char *other = journal_of(&table[i].who, &untold);

		assert_int_equal(strcmp(one, other) == 0, table[i].same);
		assert_false(untold);
		free(other);
	}
	free(one);
}

/* A run of an older version that did not say for whom it was. */
static void an_older_journal_is_told(void **state)
{
	static const struct who admin = {.host = "h", .port = 993, .user = "m"},
	                        hers = {.host = "h", .port = 993, .user = "m", .authzid = "a"};
	bool untold;
	char *older = journal_of(&admin, &untold), *now, *slash = strrchr(older, '/');
	char line[300];

	(void)state;
	snprintf(line, sizeof line, "mkdir -p '%.*s' && touch '%s'", (int)(slash - older), older,
	        older);
	assert_int_equal(system(line), 0);
	now = journal_of(&hers, &untold);
	assert_true(untold);
	assert_string_not_equal(now, older);
	free(now);
	free(older);
}

static void bytes_of_the_day_are_the_owners(void **state)
{
	static const struct {
		const char *host, *user, *authzid;
		bool same;
	} table[] = {{"h", "a", NULL, true}, {"H", "a", NULL, true}, {"h", "m", "a", true},
	        {"h", "m", NULL, false}, {"i", "a", NULL, false}};
	char *first = NULL;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct account *a = xcalloc(1, sizeof *a);
		struct service *s = &a->services[SERVICE_CALDAV];
		struct err err = {0};
		char *path = NULL;

		a->present[SERVICE_CALDAV] = true;
		s->at.host = xstrdup(table[i].host);
		s->login.user = xstrdup(table[i].user);
		s->login.authzid = xstrdup(table[i].authzid);
		assert_int_equal(state_ledger(a, &path, &err), 0);
		if (!first)
			first = xstrdup(path);
		assert_int_equal(strcmp(first, path) == 0, table[i].same);
		free(path);
		service_clear(s);
		free(a);
	}
	free(first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_journal_belongs_to_who_is_written),
	        cmocka_unit_test(an_older_journal_is_told),
	        cmocka_unit_test(bytes_of_the_day_are_the_owners),
	};

	return cmocka_run_group_tests(tests, make_root, remove_root);
}
