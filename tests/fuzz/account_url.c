/*
 * Input: a byte for the service and cleartext, then the URL. What is accepted must be fit
 * for use.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "account/service_url.h"
#include "valise/base/escape.h"

/* Also where NDEBUG silences assert. */
#define CHECK(x) ((x) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(
        enum service_kind kind, bool cleartext, const struct endpoint *at, const char *user)
{
	CHECK(at->host && *at->host && at->port);
	CHECK(!strpbrk(at->host, "/@[] %"));
	CHECK(cleartext || at->security != SECURITY_NONE);
	CHECK(protocols[kind].has_path ? at->path && at->path[0] == '/' : !at->path);
	for (const char *p = at->path; p && *p; p++)
		CHECK(*p > ' ' && *p < 127);
	if (user) {
		CHECK(*user && utf8_valid(user, strlen(user)));
		for (const char *p = user; *p; p++)
			CHECK((unsigned char)*p >= ' ' && *p != 127);
	}
	(void)host_is_loopback(at->host);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct endpoint at = {0};
	struct err err = {0};
	char *text, *user = NULL;
	enum service_kind kind;
	bool cleartext;
	int rc;

	if (!size)
		return 0;
	kind = (enum service_kind)(data[0] % SERVICE_KINDS);
	cleartext = data[0] & 4;
	text = malloc(size);
	CHECK(text);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	rc = service_url_parse(&protocols[kind], text, cleartext, &at, &user, &err);
	if (rc == 0)
		check(kind, cleartext, &at, user);
	else
		CHECK(rc == (int)err.code && *err.text);
	free(at.host);
	free(at.path);
	free(user);
	free(text);
	return 0;
}
