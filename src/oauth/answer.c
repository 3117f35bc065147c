/*
 * What OAuth servers answer: tokens and errors (RFC 6749 5), device codes (RFC 8628 3.2),
 * metadata (RFC 8414), revocation (RFC 7009).
 */
#include "answer.h"
#include "form.h"
#include "id_token.h"
#include "valise/base/json.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define EXPIRES_MAX_S ((int64_t)10 * 366 * 86400)
#define CODE_MAX 256 /* of what a person types */

static json_t *load_object(const char *text, size_t n)
{
	/* a number that is too large, or a NUL, makes nothing of one member alone */
	const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL;
	json_t *v = n > ANSWER_MAX ? NULL : json_loadb(text, n, flags, NULL);

	if (v && !json_is_object(v)) {
		json_decref(v);
		v = NULL;
	}
	return v;
}

/* What was parsed holds copies of tokens. */
static void free_object(json_t *o)
{
	const char *key;
	json_t *v;

	json_object_foreach(o, key, v) if (json_is_string(v))
	        wipe((char *)(uintptr_t)json_string_value(v), json_string_length(v));
	json_decref(o);
}

/* A number, or one in quotes as some servers have it; ${fallback} else. */
static int64_t get_seconds(const json_t *o, const char *key, int64_t fallback)
{
	const json_t *v = json_object_get(o, key);
	const char *s = json_string_value(v);
	char *end = NULL;
	long long n = fallback;

	if (json_is_real(v) && json_real_value(v) >= 0 && json_real_value(v) < 1e9)
		n = (long long)json_real_value(v);
	else if (s && *s >= '0' && *s <= '9')
		n = strtoll(s, &end, 10);
	if (end && *end)
		return fallback;
	return n < 0 ? fallback : n > EXPIRES_MAX_S ? EXPIRES_MAX_S : n;
}

static const struct {
	const char *error;
	enum answer_next next;
	const char *say; /* NULL: what the server says */
} errors[] = {
        {"authorization_pending", NEXT_WAIT, NULL},
        {"slow_down", NEXT_SLOWER, NULL},
        {"invalid_grant", NEXT_SIGN_IN, NULL},
        {"expired_token", NEXT_FAIL, "nobody signed in before the code was too old"},
        {"access_denied", NEXT_FAIL, "the sign-in was refused in the browser"},
        {"invalid_client", NEXT_FAIL,
                "the server does not know the client (oauth-client-id, "
                "oauth-client-secret-command)"},
        {"unauthorized_client", NEXT_FAIL, "the client may not sign in this way"},
        {"invalid_scope", NEXT_FAIL, "the server does not know what is asked for (oauth-scopes)"},
};

/* NULL, or something else that is no text: it is none. */
static const char *get_error(const json_t *o)
{
	const char *error = json_get_str(o, "error");

	return error && *error ? error : NULL;
}

static bool is_busy(int status)
{
	return status == 429 || status >= 500;
}

static enum answer_next judge_error(const json_t *o, int status, struct err *err)
{
	const char *error = get_error(o), *more = json_get_str(o, "error_description");
	enum answer_next next = NEXT_FAIL;
	const char *say = NULL;
	bool known = false;

	if (!error) {
		err_set(err, is_busy(status) ? ERR_BUSY : ERR_PROTO, ERR_WHOLE,
		        "the token server's answer is not one of OAuth (HTTP %d)", status);
		return NEXT_FAIL;
	}
	for (size_t i = 0; i < COUNT(errors); i++)
		if (strcmp(error, errors[i].error) == 0) {
			known = true;
			next = errors[i].next;
			say = errors[i].say;
		}
	err_set(err, is_busy(status) && !known ? ERR_BUSY : ERR_AUTH, ERR_WHOLE,
	        "%s%sthe server says %.60s%s%.200s%s", say ? say : "", say ? ": " : "", error,
	        more ? " (" : "", more ? more : "", more ? ")" : "");
	return next;
}

/* What may stand in a header field and in a SASL message. */
static bool is_token(const char *s)
{
	if (!s || !*s)
		return false;
	for (; *s; s++)
		if (*s < 0x21 || *s > 0x7e)
			return false;
	return true;
}

/* First of all: the one before it may be void, whatever else stands in the answer. */
static int take_refresh(const json_t *o, struct oauth_tokens *out, struct err *err)
{
	const char *refresh = json_get_str(o, "refresh_token");
	int rc;

	if (!refresh || !*refresh)
		return 0;
	if (!is_token(refresh))
		return err_set(err, ERR_PROTO, ERR_WHOLE, "the refresh token cannot be sent");
	rc = secret_set(&out->refresh, refresh, strlen(refresh), err);
	if (rc == 0)
		secret_learn(&out->refresh);
	return rc;
}

static int take_access(const json_t *o, int64_t now_ms, struct oauth_tokens *out, struct err *err)
{
	const char *access = json_get_str(o, "access_token"), *type = json_get_str(o, "token_type");
	int64_t expires = get_seconds(o, "expires_in", -1);
	int rc;

	if (!is_token(access))
		return err_set(err, ERR_PROTO, ERR_WHOLE, "the token server gave no access token");
	if (type && strcasecmp(type, "Bearer") != 0)
		return err_set(err, ERR_UNSUPPORTED, ERR_WHOLE,
		        "the token server gave a token of type %.40s, not Bearer", type);
	rc = secret_set(&out->access, access, strlen(access), err);
	if (rc != 0)
		return rc;
	secret_learn(&out->access);
	if (json_get_str(o, "id_token"))
		id_token_read(json_get_str(o, "id_token"), &out->who);
	out->expires_ms = expires < 0 ? INT64_MAX : now_ms + expires * 1000;
	return 0;
}

int answer_tokens(int status, const char *text, size_t n, int64_t now_ms, struct oauth_tokens *out,
        enum answer_next *next_out, struct err *err)
{
	json_t *o = load_object(text, n);
	bool good = status >= 200 && status < 300;
	struct err why = {0};
	int rc = 0;

	*next_out = NEXT_FAIL;
	if (good && o && !get_error(o)) {
		rc = take_refresh(o, out, err);
		if (rc == 0)
			rc = take_access(o, now_ms, out, err);
		*next_out = rc == 0 ? NEXT_DONE : NEXT_FAIL;
	} else {
		*next_out = judge_error(o, status, &why);
		if (*next_out == NEXT_SIGN_IN || *next_out == NEXT_FAIL)
			rc = why.code;
		if (rc && err)
			*err = why;
	}
	if (o)
		free_object(o);
	return rc;
}

void device_answer_clear(struct device_answer *a)
{
	secret_clear(&a->device_code);
	free(a->user_code);
	free(a->url);
	free(a->whole);
	memset(a, 0, sizeof *a);
}

static bool is_web(const char *url)
{
	return url && strlen(url) < 2000 &&
	       (strncmp(url, "https://", 8) == 0 || strncmp(url, "http://", 7) == 0);
}

static int take_device(const json_t *o, struct device_answer *out, struct err *err)
{
	const char *code = json_get_str(o, "device_code"), *user = json_get_str(o, "user_code"),
	           *url = json_get_str(o, "verification_uri"),
	           *whole = json_get_str(o, "verification_uri_complete");
	int64_t interval = get_seconds(o, "interval", INTERVAL_DEFAULT_S),
	        expires = get_seconds(o, "expires_in", DEVICE_MAX_S);

	url = url ? url : json_get_str(o, "verification_url"); /* Google's, before the RFC */
	if (!is_token(code) || !user || !*user || strlen(user) > CODE_MAX || !is_web(url))
		return err_set(err, ERR_PROTO, ERR_WHOLE,
		        "the answer to the device request lacks its codes or its URL");
	out->user_code = xstrdup(user);
	out->url = xstrdup(url);
	out->whole = is_web(whole) ? xstrdup(whole) : NULL;
	out->interval_s = (unsigned)MIN(interval, INTERVAL_MAX_S);
	out->interval_s = out->interval_s ? out->interval_s : 1;
	out->expires_s = (unsigned)MIN(expires, DEVICE_MAX_S);
	return secret_set(&out->device_code, code, strlen(code), err);
}

int answer_device(
        int status, const char *text, size_t n, struct device_answer *out, struct err *err)
{
	json_t *o = load_object(text, n);
	struct err why = {0};
	int rc;

	if (status >= 200 && status < 300 && o && !get_error(o)) {
		rc = take_device(o, out, err);
	} else {
		(void)judge_error(o, status, &why);
		rc = why.code;
		if (err)
			*err = why;
	}
	if (o)
		free_object(o);
	if (rc != 0)
		device_answer_clear(out);
	return rc;
}

static void take_url(char **where, const json_t *o, const char *key)
{
	if (!*where)
		*where = xstrdup(json_get_str(o, key));
}

static int take_metadata(const json_t *o, struct oauth_client *c, struct err *err)
{
	const char *issuer = json_get_str(o, "issuer");

	if (!issuer || strcmp(issuer, c->issuer) != 0)
		return err_set(err, ERR_PROTO, ERR_WHOLE,
		        "the metadata of %.200s is that of %.200s", c->issuer,
		        issuer ? issuer : "nobody");
	take_url(&c->authorize, o, "authorization_endpoint");
	take_url(&c->device, o, "device_authorization_endpoint");
	take_url(&c->token, o, "token_endpoint");
	take_url(&c->revoke, o, "revocation_endpoint");
	c->iss_comes = json_get_bool(o, "authorization_response_iss_parameter_supported");
	return 0;
}

int answer_metadata(const char *text, size_t n, struct oauth_client *c, struct err *err)
{
	json_t *o = load_object(text, n);
	int rc = o ? take_metadata(o, c, err)
	           : err_set(err, ERR_PROTO, ERR_WHOLE, "the metadata of %.200s is no JSON",
	                     c->issuer);

	json_decref(o);
	return rc;
}

int answer_revoked(int status, const char *text, size_t n, struct err *err)
{
	json_t *o;

	if (status >= 200 && status < 300)
		return 0;
	o = load_object(text, n);
	(void)judge_error(o, status, err);
	json_decref(o);
	return err ? (int)err->code : ERR_AUTH;
}
