#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "account/csv.h"
#include "account/expand.h"
#include "account/settings.h"
#include "valise/account/inifile.h"

/* Also where NDEBUG silences assert. */
#define CHECK(x) ((x) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expand(const char *value)
{
	const struct variables v = {"../n", "a b@c"};
	struct err err = {0};
	char *text = NULL;

	for (int as = EXPAND_TEXT; as <= EXPAND_COMMAND; as++) {
		int rc = expand_value(value, &v, (enum expand_as)as, &text, &err);

		CHECK(rc == 0 ? text != NULL : rc == (int)err.code && *err.text);
		free(text);
	}
}

static int entry(void *ctx, const char *section, const char *key, const char *value, unsigned line,
        struct err *err)
{
	char near[64];
	unsigned *last = ctx;

	(void)err;
	CHECK(line > *last);
	CHECK(strlen(section) <= INIFILE_NAME_MAX && !key == !value && (*section || key));
	*last = line;
	if (!key)
		return 0;
	CHECK(strlen(key) < 50);
	CHECK(!strpbrk(value, "\r\n") || strchr(value, '\r'));
	(void)settings_is_file_key(key);
	(void)settings_nearest(key, near);
	expand(value);
	return 0;
}

static int row(void *ctx, const struct csv_cell *cells, size_t n, unsigned line, struct err *err)
{
	unsigned *last = ctx;

	(void)err;
	CHECK(n && n <= CSV_COLUMNS_MAX && line > *last);
	*last = line;
	for (size_t i = 0; i < n; i++)
		CHECK(strlen(cells[i].text) <= CSV_CELL_MAX && !strpbrk(cells[i].text, "\r\n"));
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = {0};
	unsigned last = 0;
	int rc = inifile_parse_headed((const char *)data, size, "accounts.ini", entry, &last, &err);

	CHECK(rc == 0 || (rc == (int)err.code && *err.text));
	last = 0;
	rc = csv_parse((const char *)data, size, "accounts.csv", row, &last, &err);
	CHECK(rc == 0 || (rc == (int)err.code && *err.text));
	(void)csv_is_likely((const char *)data, size);
	return 0;
}
