#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "valise/base/columns.h"
#include "valise/base/mem.h"
#include "valise/base/progress.h"

static void what_has_no_room_goes(void **state)
{
	static const struct progress_view begins = {.what = "mail.old.example"},
	                                  counts = {.items = 3, .what = "INBOX"},
	                                  some = {.items = 1234,
	                                          .items_total = 56789,
	                                          .bytes = 12345678,
	                                          .bytes_total = 500000000,
	                                          .seconds = 10,
	                                          .what = "Archiv/Größere Vorhaben"},
	                                  all = {.items = 2,
	                                          .items_total = 2,
	                                          .bytes = 500,
	                                          .bytes_total = 500,
	                                          .seconds = 10,
	                                          .what = "日本の友人からの手紙"},
	                                  slow = {.items = 1,
	                                          .items_total = 2,
	                                          .bytes = 1000,
	                                          .bytes_total = 1000000,
	                                          .seconds = 10,
	                                          .what = "x"};
	static const struct {
		const struct progress_view *v;
		size_t columns;
		const char *line;
	} table[] = {
	        {&begins, 79, "mail.old.example"},
	        {&begins, 10, "mail.ol..."},
	        {&counts, 39, "3  INBOX"},
	        {&some, 199,
	                "1,234 of 56,789  12.3 MB  1.2 MB/s  6:35 left  Archiv/Größere Vorhaben"},
	        {&some, 67, "1,234 of 56,789  12.3 MB  1.2 MB/s  6:35 left  Archiv/Größere Vo..."},
	        {&some, 66, "1,234 of 56,789  12.3 MB  6:35 left  Archiv/Größere Vorhaben"},
	        {&some, 48, "1,234 of 56,789  6:35 left  Archiv/Größere Vo..."},
	        {&some, 39, "1,234 of 56,789  Archiv/Größere Vorh..."},
	        {&some, 20, "1,234 of 56,789  ..."},
	        {&all, 79, "2 of 2  500 bytes  50 bytes/s  日本の友人からの手紙"},
	        {&all, 39, "2 of 2  500 bytes  日本の友人からの手紙"},
	        {&slow, 79, "1 of 2  1.0 kB  100 bytes/s  2:46:30 left  x"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		char out[512];

		assert_string_equal(progress_line(table[i].v, table[i].columns, out, sizeof out),
		        table[i].line);
		assert_true(text_columns(out) <= table[i].columns);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(what_has_no_room_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
