/*
 * What arrives at the loopback port: RFC 8252 7.3, RFC 6749 4.1.2, RFC 9207. Anything on
 * this machine, and any web page, can send something there: what has not our state is not
 * listened to.
 */
#include "redirect.h"
#include "valise/base/buf.h"
#include "valise/base/mem.h"
#include "valise/net/url.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The parameters that count; each once. */
struct params {
	char *code, *state, *iss, *error, *description;
	bool twice;
};

static void clear_params(struct params *q)
{
	if (q->code)
		wipe(q->code, strlen(q->code));
	free(q->code);
	free(q->state);
	free(q->iss);
	free(q->error);
	free(q->description);
}

static void take_param(struct params *q, const char *name, size_t n, const char *value, size_t len)
{
	const struct {
		const char *name;
		char **where;
	} known[] = {{"code", &q->code}, {"state", &q->state}, {"iss", &q->iss},
	        {"error", &q->error}, {"error_description", &q->description}};
	struct buf b = buf_of(REQUEST_MAX);
	char *plain = xstrndup(value, len);

	for (char *s = plain; *s; s++)
		*s = (char)(*s == '+' ? ' ' : *s);
	for (size_t i = 0; i < COUNT(known); i++) {
		if (strlen(known[i].name) != n || strncmp(known[i].name, name, n) != 0)
			continue;
		if (*known[i].where || !url_unescape(plain, len, &b) ||
		        strlen(buf_str(&b)) != b.len)
			q->twice = true;
		else
			*known[i].where = xstrdup(buf_str(&b));
	}
	wipe(plain, len);
	wipe(b.data, b.size);
	free(plain);
	buf_clear(&b);
}

static void take_query(struct params *q, const char *s, size_t n)
{
	const char *end = s + n;

	while (s < end) {
		size_t part = strcspn(s, "& "), name = strcspn(s, "=& ");

		part = MIN(part, (size_t)(end - s));
		if (name < part)
			take_param(q, s, name, s + name + 1, part - name - 1);
		s += part + 1;
	}
}

/* DNS may be made to name us: our own name alone is listened to. */
static bool is_for_us(const char *head, unsigned port)
{
	char want[32];
	bool found = false;

	snprintf(want, sizeof want, "127.0.0.1:%u", port);
	for (const char *s = strstr(head, "\r\n"); s; s = strstr(s + 2, "\r\n")) {
		const char *v = s + 2 + 5;

		if (strncasecmp(s + 2, "Host:", 5) != 0)
			continue;
		v += strspn(v, " \t");
		if (found || strcspn(v, " \t\r\n") != strlen(want) ||
		        strncmp(v, want, strlen(want)) != 0)
			return false;
		found = true;
	}
	return found;
}

static enum redirect end_it(struct err *err, const char *text)
{
	err_set(err, ERR_AUTH, ERR_WHOLE, "%s", text);
	return REDIRECT_ERROR;
}

static enum redirect judge_params(const struct params *q, const struct redirect_want *want,
        struct secret *code, struct err *err)
{
	if (!q->state || q->twice || strcmp(q->state, want->state) != 0)
		return REDIRECT_FORGED;
	if (q->iss && want->issuer && strcmp(q->iss, want->issuer) != 0)
		return end_it(err, "the answer in the browser is of another server than was asked "
		                   "(iss): nothing was sent to it");
	if (!q->iss && want->issuer && want->iss_needed)
		return end_it(err, "the answer in the browser does not say which server it is of "
		                   "(iss), though the server promises that");
	if (q->error) {
		err_set(err, ERR_AUTH, ERR_WHOLE, "the server says %.60s%s%.200s%s", q->error,
		        q->description ? " (" : "", q->description ? q->description : "",
		        q->description ? ")" : "");
		return REDIRECT_ERROR;
	}
	if (!q->code || !*q->code)
		return end_it(err, "the answer in the browser holds no code");
	if (secret_set(code, q->code, strlen(q->code), err) != 0)
		return REDIRECT_ERROR;
	secret_learn(code);
	return REDIRECT_CODE;
}

enum redirect redirect_read(const char *p, size_t n, const struct redirect_want *want,
        struct secret *code, struct err *err)
{
	static const char get[] = "GET /?";
	enum redirect r = REDIRECT_OTHER;
	struct params q = {0};
	char *head;

	if (memchr(p, '\0', n))
		return REDIRECT_OTHER;
	if (!memmem(p, n, "\r\n\r\n", 4))
		return n < REQUEST_MAX ? REDIRECT_MORE : REDIRECT_OTHER;
	head = xstrndup(p, n);
	if (strncmp(head, get, sizeof get - 1) == 0 && is_for_us(head, want->port)) {
		const char *query = head + sizeof get - 1;

		take_query(&q, query, strcspn(query, " \r\n"));
		r = judge_params(&q, want, code, err);
	}
	clear_params(&q);
	wipe(head, n);
	free(head);
	return r;
}
