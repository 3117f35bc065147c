#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "valise/base/mem.h"
#include "valise/base/near.h"

static void the_likest_is_meant(void **state)
{
	static const char *const words[] = {
	        "backup", "restore", "verify", "list", "show", "snapshots", "check", "fetch"};
	static const struct {
		const char *asked, *meant;
	} table[] = {
	        {"bakcup", "backup"},
	        {"verfy", "verify"},
	        {"snapshot", "snapshots"},
	        {"snap", "snapshots"},
	        {"lsit", "list"},
	        {"lose", NULL}, /* two of four letters */
	        {"lst", "list"},
	        {"restroe", "restore"},
	        {"frobnicate", NULL},
	        {"x", NULL},
	        {"", NULL},
	        {"fetch-all-of-it", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct nearest n = {0};

		for (size_t k = 0; k < COUNT(words); k++)
			nearest_weigh(&n, table[i].asked, words[k]);
		if (table[i].meant) {
			assert_non_null(n.word);
			assert_string_equal(n.word, table[i].meant);
		} else {
			assert_null(n.word);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(the_likest_is_meant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
