/*
 * What may be asked of the endpoints of OAuth 2.0: forms (RFC 6749 4.1.3, 6; RFC 8628 3.1,
 * 3.4; RFC 7009 2.1) that ask for tokens, or give one back.
 */
#include "guard.h"
#include "valise/base/mem.h"
#include <string.h>

/* The grants may be used once: never sent twice. */
static const struct post_operation allowed[] = {
        {"authorization_code", true},
        {"refresh_token", true},
        {"urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code", true},
        {"device", false},
        {"revoke", false},
        {NULL, false},
};

static const char *const fields[] = {"grant_type", "code", "redirect_uri", "code_verifier",
        "client_id", "client_secret", "refresh_token", "device_code", "scope", "token",
        "token_type_hint"};

static bool is_field(const char *p, size_t n, const char *name)
{
	return strlen(name) == n && memcmp(p, name, n) == 0;
}

/* Unreserved characters and escapes alone: read by everybody as it is meant. */
static bool is_plain(const char *p, size_t n)
{
	static const char ok[] =
	        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%";

	for (size_t i = 0; i < n; i++)
		if (!p[i] || !strchr(ok, p[i]))
			return false;
	return true;
}

/*
 * A form with a grant_type is what that says; one with a token revokes it; one with
 * neither asks for device codes. A field that is not known, or there twice, is not
 * understood.
 */
static bool read_form(const struct http_request *rq, post_operation_fn *each, void *ctx)
{
	const char *s = rq->body, *end = s + rq->body_size, *grant = NULL;
	size_t grant_len = 0;
	unsigned seen = 0;
	bool token = false;

	while (s < end) {
		const char *amp = memchr(s, '&', (size_t)(end - s)), *stop = amp ? amp : end;
		const char *eq = memchr(s, '=', (size_t)(stop - s));
		size_t i = 0;

		while (eq && i < COUNT(fields) && !is_field(s, (size_t)(eq - s), fields[i]))
			i++;
		if (!eq || i == COUNT(fields) || seen & 1u << i ||
		        !is_plain(eq + 1, (size_t)(stop - eq) - 1))
			return false;
		seen |= 1u << i;
		if (is_field(s, (size_t)(eq - s), "grant_type")) {
			grant = eq + 1;
			grant_len = (size_t)(stop - grant);
		}
		token |= is_field(s, (size_t)(eq - s), "token");
		s = stop + (amp != NULL);
	}
	if (grant)
		return !token && each(ctx, grant, grant_len);
	return token ? each(ctx, "revoke", 6) : each(ctx, "device", 6);
}

const struct post_rules http_oauth_posts = {
        "application/x-www-form-urlencoded", read_form, allowed};
