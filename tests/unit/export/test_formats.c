#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/export/export.h"

/* The table of docs/EXPORT.md has a row for each format, with the very words of its loss. */
static void losses_are_documented(void **state)
{
	struct buf text = buf_of(1u << 20);
	unsigned n = 0;

	(void)state;
	assert_int_equal(file_read(AT_FDCWD, FIXTURES "/../docs/EXPORT.md", &text, NULL), 0);
	for (unsigned f = 0; f < EXPORT_FORMATS; f++) {
		const char *word = export_format_word(f), *row;
		char *begin, *line;

		if (!word)
			continue;
		begin = xasprintf("\n| `%s` |", word);
		row = strstr(buf_str(&text), begin);
		assert_non_null(row);
		line = xstrndup(row + 1, strcspn(row + 1, "\n"));
		if (export_format_loss(f))
			assert_non_null(strstr(line, export_format_loss(f)));
		assert_true(export_format_kinds(f) != 0);
		free(begin);
		free(line);
		n++;
	}
	assert_true(n >= 4);
	buf_clear(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(losses_are_documented),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
