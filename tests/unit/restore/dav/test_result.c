/* What is on the target more often than in the archive. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include "restore/dav/run.h"

/*
 * Items a and a (of one UID) and b, and an item without a UID, all of a collection that
 * goes to 0; resources as "UID of the item, collection, URL" one after the other.
 */
static void copies(void **state)
{
	static const struct {
		const char *what;
		struct {
			uint32_t entry, tcoll;
			const char *url;
		} there[4];
		size_t n, copies;
	} cases[] = {
	        {"each once", {{0, 0, "1"}, {2, 0, "2"}}, 2, 0},
	        {"two items of a UID are two", {{0, 0, "1"}, {1, 0, "2"}}, 2, 0},
	        {"three are one too many", {{0, 0, "1"}, {1, 0, "2"}, {0, 0, "3"}}, 3, 1},
	        {"seen again", {{2, 0, "1"}, {2, 0, "1"}}, 2, 0},
	        {"in another collection", {{2, 0, "1"}, {2, 1, "2"}}, 2, 0},
	        {"without a UID", {{3, 0, "1"}, {3, 0, "2"}}, 2, 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct entry e[] = {{.uid = "a"}, {.uid = "a"}, {.uid = "b"}, {.uid = NULL}};
		struct acoll a = {.to = 0};
		struct drun r = {.entries = e, .n_entries = COUNT(e), .acolls = &a};

		for (size_t k = 0; k < COUNT(e); k++)
			e[k].uid_key = e[k].uid ? key_of(e[k].uid) : 0;
		index_uids(&r);
		for (size_t k = 0; k < cases[i].n; k++) {
			const struct res x = {.url = (char *)(uintptr_t)cases[i].there[k].url,
			        .key = key_of(cases[i].there[k].url),
			        .tcoll = cases[i].there[k].tcoll};

			count_copy(&r, cases[i].there[k].entry, &x);
		}
		if (r.outcome.n_copies != cases[i].copies)
			fail_msg("%s", cases[i].what);
		for (size_t k = 0; k < r.outcome.n_copies; k++)
			free(r.outcome.copies[k].url);
		free(r.outcome.copies);
		keys_clear(&r.outcome.counted);
		free(r.by_uid);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(copies)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
