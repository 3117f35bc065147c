/* WWW-Authenticate of a hostile server. */
#include <stdint.h>
#include <stdlib.h>
#include "http/internal.h"
#include "valise/base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int no_secret(void *ctx, int renew, struct secret *out, struct err *err)
{
	(void)ctx, (void)renew;
	return secret_set(out, "x", 1, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size);
	struct login login = {.user = (char *)(uintptr_t) "u", .get_secret = no_secret};
	struct http_auth auth = {.login = &login};
	struct challenges c = {0};
	struct buf out;

	buf_init(&out, 100000);
	challenges_parse(&c, text);
	if (c.n > CHALLENGES_MAX)
		abort();
	/* libcurl writes the fields of what signs in a connection */
	if (auth_choose(&auth, &c, "https://a.example/", false, NULL) == 0 &&
	        auth.used.scheme != AUTH_NTLM && auth.used.scheme != AUTH_NEGOTIATE &&
	        auth_header(&auth, "GET", "https://a.example/x", &out, NULL) == 0 && !out.len)
		abort();
	auth_clear(&auth);
	challenges_clear(&c);
	buf_clear(&out);
	free(text);
	return 0;
}
