#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "given.h"
#include "cli/many/batch.h"

/* "imap alice new.example 993": one service each, parted by commas. */
static struct target *target_from(const char *text)
{
	struct account account = {0};
	char kind[8], owner[64], host[64], hosts[4][64], owners[4][64];
	const char *at = text;

	for (unsigned n = 0; n < 4; n++) {
		unsigned port, k;

		assert_int_equal(sscanf(at, "%7s %63s %63s %u", kind, owner, host, &port), 4);
		k = strcmp(kind, "imap") == 0 ? SERVICE_IMAP : SERVICE_CALDAV;
		snprintf(hosts[n], sizeof hosts[n], "%s", host);
		snprintf(owners[n], sizeof owners[n], "%s", owner);
		account.present[k] = true;
		account.services[k].at.host = hosts[n];
		account.services[k].at.port = (uint16_t)port;
		account.services[k].login.user = owners[n];
		at = strchr(at, ',');
		if (!at++)
			break;
	}
	return target_of(&account);
}

static void who_takes_turns(void **state)
{
	static const struct {
		const char *a, *b;
		enum likeness is;
	} table[] = {
	        {"imap alice h 993", "imap alice h 993", TARGETS_SAME},
	        {"imap alice New.Example 993", "imap Alice new.example 993", TARGETS_SAME},
	        {"imap alice 127.0.0.1 993", "imap alice localhost 993", TARGETS_UNSURE},
	        {"imap alice h 993", "imap alice h 143", TARGETS_UNSURE},
	        {"imap alice h 993", "imap alice@new.example h 993", TARGETS_UNSURE},
	        {"imap alice@a h 993", "imap alice@b h 993", TARGETS_APART},
	        {"imap alice h 993", "imap bob h 993", TARGETS_APART},
	        {"imap alice h 993", "imap alic h 993", TARGETS_APART},
	        {"imap alice h 993", "caldav alice h 443", TARGETS_UNSURE},
	        {"imap alice h 993", "caldav bob h 443", TARGETS_APART},
	        {"imap alice h 993, caldav a h 443", "imap bob h 993, caldav a h 443",
	                TARGETS_SAME}, /* the first service is not all */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct target *a = target_from(table[i].a), *b = target_from(table[i].b);

		if (target_compare(a, b) != table[i].is || target_compare(b, a) != table[i].is)
			fail_msg("%s / %s", table[i].a, table[i].b);
		target_free(a);
		target_free(b);
	}
	target_free(NULL);
}

static void what_is_no_pair(void **state)
{
	static const struct {
		const char *line, *target[3], *archive[3];
		int rc;
	} table[] = {
	        {"d", {"imap a h 1", "imap b h 1", "imap c h 1"}, {"A", "B", "C"}, 0},
	        {"d", {"imap a h 1", "imap b h 1", "imap c h 1"}, {"A", "B", "A"}, EXIT_USAGE},
	        {"d --accept-pairs", {"imap a h 1", "imap b h 1", "imap c h 1"}, {"A", "B", "A"},
	                0},
	        /* a server for mail, another one for calendars */
	        {"d", {"imap a h 1", "imap b h 1", "caldav a@x g 2"}, {"A", "B", "A"}, 0},
	        {"d", {"imap a h 1", "imap b h 1", "imap a h 1"}, {"A", "B", "A"}, 0},
	        {"d", {"imap a h 1", "imap b h 1", "imap A H 1"}, {"A", "B", "C"}, EXIT_USAGE},
	        {"d --accept-pairs", {"imap a h 1", "imap b h 1", "imap A H 1"}, {"A", "B", "C"},
	                0},
	        /* two servers, perhaps */
	        {"d", {"imap a h 1", "imap b h 1", "imap a g 1"}, {"A", "B", "C"}, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct job jobs[3] = {0};
		struct given g;
		struct batch b = {.args = &g.args, .jobs = jobs, .n = 3};

		assert_int_equal(give(&g, CMD_RESTORE, true, table[i].line), 0);
		for (size_t k = 0; k < 3; k++) {
			jobs[k].name = xasprintf("row%zu", k);
			jobs[k].archive = xasprintf("no-such-directory/%s", table[i].archive[k]);
			jobs[k].target = target_from(table[i].target[k]);
		}
		if (target_check(&b) != table[i].rc)
			fail_msg("%zu: %s", i, table[i].line);
		for (size_t k = 0; k < 3; k++) {
			free(jobs[k].name);
			free(jobs[k].archive);
			target_free(jobs[k].target);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(who_takes_turns),
	        cmocka_unit_test(what_is_no_pair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
