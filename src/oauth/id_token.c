/* Whose tokens they are: the claims of an id_token (OpenID Connect Core 2, RFC 7519). */
#include "id_token.h"
#include "valise/base/buf.h"
#include "valise/base/hash.h"
#include "valise/base/json.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PAYLOAD_MAX ((size_t)64 << 10)
#define CLAIM_MAX 320 /* of an address: RFC 5321 4.5.3.1 */

/* The payload of "header.payload.signature", or NULL; the caller frees. */
static char *decode_payload(const char *token, size_t *n_out)
{
	const char *from = strchr(token, '.'), *to = from ? strchr(from + 1, '.') : NULL;
	size_t n = to ? (size_t)(to - from) - 1 : 0, padded = (n + 3) / 4 * 4;
	char *text, *out;
	long got;

	if (!n || n > PAYLOAD_MAX)
		return NULL;
	text = xmalloc(padded + 1);
	out = xmalloc(padded);
	memset(text, '=', padded);
	for (size_t i = 0; i < n; i++)
		text[i] = (char)(from[1 + i] == '-' ? '+' : from[1 + i] == '_' ? '/' : from[1 + i]);
	text[padded] = '\0';
	got = base64_decode(text, padded, (uint8_t *)out, padded);
	free(text);
	if (got < 0) {
		free(out);
		return NULL;
	}
	*n_out = (size_t)got;
	return out;
}

static void take_claim(char **where, const json_t *o, const char *key)
{
	const char *s = json_get_str(o, key);

	if (s && *s && strlen(s) <= CLAIM_MAX && !*where)
		*where = xstrdup(s);
}

void id_token_read(const char *token, struct oauth_who *out)
{
	size_t n = 0;
	char *text = decode_payload(token, &n);
	json_t *o =
	        text ? json_loadb(text, n,
	                       JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL,
	                       NULL)
	             : NULL;

	/* an address that its owner only claims says nothing */
	if (!json_is_false(json_object_get(o, "email_verified")))
		take_claim(&out->email, o, "email");
	take_claim(&out->username, o, "preferred_username");
	take_claim(&out->subject, o, "sub");
	json_decref(o);
	free(text);
}

static bool is_user(const char *claim, const char *user)
{
	return claim && user && strcasecmp(claim, user) == 0;
}

enum oauth_match oauth_who_matches(const struct oauth_who *w, const char *user)
{
	if (is_user(w->email, user) || is_user(w->username, user) || is_user(w->subject, user))
		return OAUTH_SAME;
	/* a subject may be any word: it tells nothing of a name that it is not */
	return w->email || w->username ? OAUTH_OTHER : OAUTH_UNKNOWN;
}

const char *oauth_who_name(const struct oauth_who *w)
{
	return w->email ? w->email : w->username ? w->username : w->subject;
}

void oauth_who_clear(struct oauth_who *w)
{
	free(w->email);
	free(w->username);
	free(w->subject);
	memset(w, 0, sizeof *w);
}
