/* What the answer to a PUT means, by a table of statuses and conditions (RFC 4918 16). */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "outcome.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"

/*
 * A condition by name or by what the server writes; any status of ${statuses} (0 ends;
 * none: every one above 299).
 */
static const struct rule {
	const char *error, *text;
	int statuses[4];
	enum put_verdict verdict;
} rules[] = {
        {"no-uid-conflict", NULL, {0}, PUT_UID},
        /* Cyrus, Apple: one scheduling object of a UID in an account */
        {"unique-scheduling-object-resource", NULL, {0}, PUT_UID},
        /* SOGo */
        {NULL, "UID already in use", {409, 403}, PUT_UID},
        /* Nextcloud's trash bin */
        {NULL, "Deleted calendar object with uid", {400}, PUT_REFUSED},
        /* Nextcloud */
        {NULL, "with uid already exists", {400, 409}, PUT_UID},
        {"quota-not-exceeded", NULL, {0}, PUT_FULL},
        {"sufficient-disk-space", NULL, {0}, PUT_FULL},
        {"supported-calendar-component", NULL, {0}, PUT_REFUSED},
        {"max-resource-size", NULL, {0}, PUT_REFUSED},
        {"valid-calendar-data", NULL, {0}, PUT_REFUSED},
        {"valid-address-data", NULL, {0}, PUT_REFUSED},
        {NULL, NULL, {507}, PUT_FULL},
        {NULL, NULL, {423}, PUT_AGAIN},
        /* What databases say of two who write at once */
        {NULL, "is locked", {500}, PUT_AGAIN},
        {NULL, "deadlock", {500}, PUT_AGAIN},
        {NULL, "serializ", {500}, PUT_AGAIN},
        {NULL, "busy", {500}, PUT_AGAIN},
        {NULL, "lock wait timeout", {500}, PUT_AGAIN},
        {NULL, "try restarting transaction", {500}, PUT_AGAIN},
        {NULL, NULL, {429, 503}, PUT_LATER},
        {NULL, NULL, {412}, PUT_EXISTS},
        /* Radicale: a UID that is in the collection already, without a name for it */
        {NULL, NULL, {409}, PUT_UID},
        {NULL, NULL, {408, 502, 504}, PUT_UNKNOWN},
};

static const struct {
	int status;
	const char *name;
} names[] = {{400, "bad request"}, {401, "not allowed here"}, {403, "forbidden"},
        {404, "not found"}, {405, "method not allowed"}, {409, "conflict"},
        {412, "precondition failed"}, {413, "too large"}, {415, "content not supported"},
        {423, "locked"}, {429, "too many requests"}, {500, "server error"},
        {501, "not implemented"}, {502, "bad gateway"}, {503, "service unavailable"},
        {507, "no space left"}};

static bool has_status(const struct rule *r, int status)
{
	if (!r->statuses[0])
		return status >= 300;
	for (size_t i = 0; i < 4 && r->statuses[i]; i++)
		if (r->statuses[i] == status)
			return true;
	return false;
}

/* Are status, condition and words those of the rule? */
static bool rule_applies(const struct rule *r, const struct put_reply *p, int status)
{
	if (!has_status(r, status))
		return false;
	if (r->error && !(p->error && strstr(p->error, r->error)))
		return false;
	return !r->text || (p->text && strcasestr(p->text, r->text));
}

enum put_verdict put_judge(const struct put_reply *p)
{
	int status = p->inner ? p->inner : p->status;

	if (p->busy)
		return PUT_LATER;
	if (status == 0)
		return PUT_UNKNOWN;
	if (status >= 200 && status < 300)
		return PUT_STORED;
	for (size_t i = 0; i < COUNT(rules); i++)
		if (rule_applies(&rules[i], p, status))
			return rules[i].verdict;
	if (p->strict && (status == 415 || status == 400))
		return PUT_LENIENT;
	return PUT_REFUSED;
}

struct put_reply put_reply_of(const struct dav_answer *a, const struct err *err, bool strict)
{
	return (struct put_reply){.status = err->code ? 0 : a->status,
	        .inner = err->code ? 0 : a->inner,
	        .error = a->error,
	        .text = a->error_text,
	        .strict = strict,
	        .busy = err->code == ERR_BUSY};
}

enum put_verdict put_judge_sent(const struct dav_send *s)
{
	struct put_reply reply = put_reply_of(&s->answer, &s->err, s->strict);
	enum err_code code = s->err.code;

	return code && code != ERR_NET && code != ERR_BUSY ? PUT_REFUSED : put_judge(&reply);
}

/* What the server says, as far as a person wants to read it. */
static void put_words(const char *text, struct buf *out)
{
	char *line = dav_plain_reason(text);
	char *safe = term_escape_dup(line ? line : "");

	if (*safe)
		buf_putf(out, ": %.300s", safe);
	free(safe);
	free(line);
}

void put_reason(const struct put_reply *p, struct buf *out)
{
	int status = p->inner ? p->inner : p->status;
	const char *name = NULL;

	for (size_t i = 0; i < COUNT(names); i++)
		if (names[i].status == status)
			name = names[i].name;
	if (!status)
		buf_puts(out, "no answer came");
	else
		buf_putf(out, "HTTP %d%s%s", status, name ? " " : "", name ? name : "");
	if (p->error && *p->error) {
		buf_puts(out, ": ");
		dav_put_conditions(p->error, out);
	}
	if (p->text)
		put_words(p->text, out);
}

void put_reason_sent(const struct dav_send *s, struct buf *out)
{
	struct put_reply reply = put_reply_of(&s->answer, &s->err, s->strict);

	if (s->err.code)
		buf_putf(out, "%s", s->err.text);
	else
		put_reason(&reply, out);
}
