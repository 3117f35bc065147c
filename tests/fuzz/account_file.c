#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "account/settings.h"
#include "valise/account/account.h"
#include "valise/account/inifile.h"

/* Also where NDEBUG silences assert. */
#define CHECK(x) ((x) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int entry(void *ctx, const char *section, const char *key, const char *value, unsigned line,
        struct err *err)
{
	char near[64];
	unsigned *last = ctx;

	(void)err;
	CHECK(*section && line > *last);
	CHECK(strlen(section) < 50 && !key == !value);
	*last = line;
	if (!key)
		return 0;
	CHECK(strlen(key) < 50);
	CHECK(!strpbrk(value, "\r\n") || strchr(value, '\r'));
	(void)settings_is_file_key(key);
	(void)account_nearest_key(key, near);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = {0};
	unsigned last = 0;
	int rc = inifile_parse((const char *)data, size, "accounts.ini", entry, &last, &err);

	CHECK(rc == 0 || (rc == (int)err.code && *err.text));
	return 0;
}
