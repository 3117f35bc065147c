/*
 * The guard over bodies, by an invented protocol that is POST alone: lines of
 * "OPERATION argument".
 */
#include "httpd.h"
#include "http/guard.h"
#include "http/internal.h"

#define TYPE "Content-Type: application/x-lines"

/* A line that does not end, or has no word, is not understood. */
static bool read_lines(const struct http_request *rq, post_operation_fn *each, void *ctx)
{
	const char *s = rq->body, *end = s + rq->body_size;

	while (s < end) {
		const char *eol = memchr(s, '\n', (size_t)(end - s));
		size_t n = 0;

		while (eol && s + n < eol && s[n] != ' ')
			n++;
		if (!n || !each(ctx, s, n))
			return false;
		s = eol + 1;
	}
	return true;
}

/* One that goes on where it was told to end: the guard must not depend on it. */
static bool read_on(const struct http_request *rq, post_operation_fn *each, void *ctx)
{
	(void)rq;
	(void)each(ctx, "delete", 6);
	(void)each(ctx, "list", 4);
	return true;
}

static const struct post_operation allowed[] = {
        {"list", false}, {"get", false}, {"add", true}, {NULL, false}};
static const struct post_rules lines = {"application/x-lines", read_lines, allowed};
static const struct post_rules lines_on = {"application/x-lines", read_on, allowed};
static const struct http_guard source = {.posts = &lines},
                               target = {.target = true, .posts = &lines},
                               careless = {.target = true, .posts = &lines_on};

struct row {
	const struct http_guard *guard;
	const char *method, *h1, *h2, *body;
	const char *refused; /* NULL: it may be sent */
};

static const struct row rows[] = {
        {&source, "POST", TYPE, NULL, "list\nget 1\nget 2\n", NULL},
        {&source, "POST", "content-type: Application/X-Lines; charset=utf-8", NULL, "list\n", NULL},
        {&target, "POST", TYPE, NULL, "list\nadd x\n", NULL},
        {&source, "GET", NULL, NULL, NULL, NULL},
        {&source, "POST", TYPE, NULL, "list\nadd x\n", "add"},
        {&source, "POST", TYPE, NULL, "list\ndelete 1\n", "delete"},
        {&target, "POST", TYPE, NULL, "delete 1\n", "delete"},
        {&target, "POST", TYPE, NULL, "add x\ndelete 1\nlist\n", "delete"},
        {&target, "POST", TYPE, NULL, "LIST\n", "LIST"},
        {&target, "POST", TYPE, NULL, "lis\n", "lis"},
        {&target, "POST", TYPE, NULL, "listen\n", "listen"},
        {&target, "POST", TYPE, NULL, "list", "not understood"},
        {&target, "POST", TYPE, NULL, "list\n\n", "not understood"},
        {&target, "POST", TYPE, NULL, "", "nothing"},
        {&target, "POST", TYPE, NULL, NULL, "looked into"},
        {&target, "POST", NULL, NULL, "list\n", "type"},
        {&target, "POST", "Content-Type: application/x-linesmen", NULL, "list\n", "type"},
        {&target, "POST", "Content-Type: text/plain", TYPE, "list\n", "type"},
        {&target, "POST", TYPE, TYPE, "list\n", "type"},
        {&target, "POST", TYPE, "Content-Encoding: gzip", "list\n", "type"},
        {&target, "POST", TYPE, "X-HTTP-Method-Override: DELETE", "list\n", "Override"},
        {&target, "PUT", "If-None-Match: *", NULL, "list\n", "method"},
        {&target, "PROPFIND", NULL, NULL, NULL, "method"},
        {&target, "DELETE", NULL, NULL, NULL, "method"},
        {&careless, "POST", TYPE, NULL, "list\n", "delete"},
        {NULL, "GET", NULL, NULL, NULL, "method"},
};

static struct http_request request_of(const struct row *r)
{
	return (struct http_request){.method = r->method,
	        .header = {r->h1, r->h2},
	        .body = r->body,
	        .body_size = r->body ? strlen(r->body) : 0};
}

static void bodies_are_vetted(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct http_request rq = request_of(&rows[i]);
		struct err err = {0};
		int rc = http_guard_check(rows[i].guard, &rq, "https://h.example/all", &err);

		if (rc != (rows[i].refused ? ERR_GUARD : 0) ||
		        (rows[i].refused && !strstr(err.text, rows[i].refused)))
			fail_msg("row %zu: %d %s", i, rc, err.text);
	}
}

static int give_line(void *ctx, uint64_t off, void *p, size_t n, size_t *got_out, struct err *err)
{
	(void)ctx, (void)off, (void)p, (void)n, (void)err;
	*got_out = 0;
	return 0;
}

static void streamed_body_is_refused(void **state)
{
	(void)state;
	struct http_request rq = {
	        .method = "POST", .header = {TYPE}, .body = "list\n", .give = give_line};
	struct err err = {0};

	assert_int_equal(http_guard_check(&target, &rq, "https://h.example/", &err), ERR_GUARD);
}

/* A POST that only reads may be sent again and follows redirects; one that adds may not. */
static void reading_posts_are_known(void **state)
{
	(void)state;
	struct http_request list = {
	        .method = "POST", .header = {TYPE}, .body = "list\n", .body_size = 5};
	struct http_request add = {
	        .method = "POST", .header = {TYPE}, .body = "list\nadd x\n", .body_size = 11};
	const struct http_guard *dav = http_guard_of(GUARD_DAV_TARGET);

	assert_true(http_guard_reads(&target, &list) && http_guard_repeatable(&target, &list));
	assert_false(http_guard_reads(&target, &add) || http_guard_repeatable(&target, &add));
	assert_false(http_guard_reads(dav, &list) || http_guard_repeatable(dav, &list));
	assert_null(http_guard_of(GUARD_NONE));
	assert_null(http_guard_of(GUARD_IMAP_TARGET));
}

static void echo(struct conn *c, const struct request *rq)
{
	reply(c, 200, "", rq->method);
}

static void nothing_refused_leaves(void **state)
{
	(void)state;
	struct server *s = server_start(echo, false);
	struct http *h = open_at(s, GUARD_DAV_SOURCE);

	h->guard = &source;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int before = s->requests;
		struct result *r;

		if (rows[i].guard != &source)
			continue;
		r = ask(h, s, request_of(&rows[i]), "/all");
		assert_int_equal(r->code, rows[i].refused ? ERR_GUARD : 0);
		assert_int_equal(s->requests - before, rows[i].refused ? 0 : 1);
	}
	http_close(h);
	server_stop(s);
}

#define FORM "Content-Type: application/x-www-form-urlencoded"

/* OAuth: what is not wholly understood as asking for tokens, or giving one back. */
static void forms_of_oauth_are_vetted(void **state)
{
	static const struct {
		const char *method, *body, *refused;
		bool repeatable;
	} forms[] = {
	        {"POST",
	                "grant_type=authorization_code&code=c&redirect_uri=http%3A%2F%2Fx&"
	                "code_verifier=v&client_id=i",
	                NULL, false},
	        {"POST", "grant_type=refresh_token&refresh_token=r&client_id=i&client_secret=s",
	                NULL, false},
	        {"POST",
	                "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_"
	                "code=d",
	                NULL, false},
	        {"POST", "scope=mail&client_id=i", NULL, true},
	        {"POST", "token=t&token_type_hint=refresh_token&client_id=i", NULL, true},
	        {"GET", NULL, NULL, true},
	        {"POST", "grant_type=password&client_id=i", "password", false},
	        {"POST", "grant_type=client_credentials", "client_credentials", false},
	        {"POST", "grant_type=refresh_token&token=t", "not understood", false},
	        {"POST", "grant_type=refresh_token&grant_type=password", "not understood", false},
	        {"POST", "grant_type=refresh_token&username=u", "not understood", false},
	        {"POST", "grant_type=refresh_token&refresh_token=a b", "not understood", false},
	        {"POST", "grant_type=refresh_token&&client_id=i", "not understood", false},
	        {"POST", "{}", "not understood", false},
	        {"PUT", "token=t", "method", false},
	        {"DELETE", NULL, "method", false},
	        {"PROPFIND", NULL, "method", false},
	};
	const struct http_guard *g = http_guard_of(GUARD_OAUTH);

	(void)state;
	for (size_t i = 0; i < COUNT(forms); i++) {
		struct http_request rq = {.method = forms[i].method,
		        .header = {forms[i].body ? FORM : NULL},
		        .body = forms[i].body,
		        .body_size = forms[i].body ? strlen(forms[i].body) : 0};
		struct err err = {0};
		int rc = http_guard_check(g, &rq, "https://as.example/t", &err);

		if (rc != (forms[i].refused ? ERR_GUARD : 0) ||
		        (forms[i].refused && !strstr(err.text, forms[i].refused)))
			fail_msg("form %zu: %d %s", i, rc, err.text);
		if (!rc)
			assert_int_equal(http_guard_repeatable(g, &rq), forms[i].repeatable);
	}
}

#define ASKS                                                                                       \
	"<?xml version=\"1.0\" encoding=\"utf-8\"?>"                                               \
	"<Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/outlook/"        \
	"requestschema/2006\"><Request><EMailAddress>"
#define SCHEMA                                                                                     \
	"<AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/outlook/"    \
	"responseschema/2006a</AcceptableResponseSchema></Request></Autodiscover>"
#define FOR "</EMailAddress>"

/* The address is all that may differ in the one question of Autodiscover. */
static void autodiscover_asks_one_question(void **state)
{
	static const struct {
		const char *method, *type, *body, *refused;
	} cases[] = {
	        {"POST", "Content-Type: text/xml; charset=utf-8", ASKS "u@a" FOR SCHEMA, NULL},
	        {"POST", "Content-Type: text/xml", ASKS "a&amp;b&lt;\xc3\xbc@a" FOR SCHEMA, NULL},
	        {"GET", NULL, NULL, NULL},
	        {"POST", "Content-Type: text/xml", ASKS "" FOR SCHEMA, "not understood"},
	        {"POST", "Content-Type: text/xml", ASKS "u@a<x/>" FOR SCHEMA, "not understood"},
	        {"POST", "Content-Type: text/xml", ASKS "u@a" FOR "<EMailAddress>b" FOR SCHEMA,
	                "not understood"},
	        {"POST", "Content-Type: text/xml", ASKS "&u;@a" FOR SCHEMA, "not understood"},
	        {"POST", "Content-Type: text/xml", ASKS "u@a\n" FOR SCHEMA, "not understood"},
	        {"POST", "Content-Type: text/xml", ASKS "u@a" FOR SCHEMA "\n", "not understood"},
	        {"POST", "Content-Type: text/xml", ASKS "u@a" FOR, "not understood"},
	        {"POST", "Content-Type: text/xml",
	                "<s:Envelope><s:Body><m:DeleteItem/></s:Body></s:Envelope>",
	                "not understood"},
	        {"POST", "Content-Type: application/mapi-http", ASKS "u@a" FOR SCHEMA,
	                "another type"},
	        {"POST", NULL, ASKS "u@a" FOR SCHEMA, "another type"},
	        {"PUT", "Content-Type: text/xml", ASKS "u@a" FOR SCHEMA, "method"},
	        {"PROPFIND", NULL, NULL, "method"},
	        {"DELETE", NULL, NULL, "method"},
	};
	const struct http_guard *g = http_guard_of(GUARD_AUTODISCOVER);

	(void)state;
	assert_true(g->one_url && !g->target);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct http_request rq = {.method = cases[i].method,
		        .header = {cases[i].type},
		        .body = cases[i].body,
		        .body_size = cases[i].body ? strlen(cases[i].body) : 0};
		struct err err = {0};
		int rc = http_guard_check(g, &rq, "https://a.example/autodiscover/", &err);

		if (rc != (cases[i].refused ? ERR_GUARD : 0) ||
		        (cases[i].refused && !strstr(err.text, cases[i].refused)))
			fail_msg("case %zu: %d %s", i, rc, err.text);
	}
}

static void send_on(struct conn *c, const struct request *rq)
{
	(void)rq;
	reply(c, 307, "Location: /other\r\n", "");
}

/* A form with a secret goes to its own URL and nowhere else. */
static void forms_of_oauth_follow_nothing(void **state)
{
	(void)state;
	struct server *s = server_start(send_on, false);
	struct http *h = open_at(s, GUARD_OAUTH);
	struct http_request rq = {
	        .method = "POST", .header = {FORM}, .body = "scope=x", .body_size = 7};
	struct result *r;

	free(h->common->service.at.path);
	h->common->service.at.path = xstrdup("/token");
	r = ask(h, s, rq, "/token");
	assert_int_equal(r->code, ERR_REFUSED);
	assert_int_equal(s->requests, 1);
	r = ask(h, s, rq, "/token?x=y");
	assert_int_equal(r->code, ERR_GUARD);
	r = ask(h, s, rq, "/other");
	assert_int_equal(r->code, ERR_GUARD);
	assert_int_equal(s->requests, 1);
	http_close(h);
	server_stop(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(bodies_are_vetted),
	        cmocka_unit_test(streamed_body_is_refused),
	        cmocka_unit_test(reading_posts_are_known),
	        cmocka_unit_test(nothing_refused_leaves),
	        cmocka_unit_test(forms_of_oauth_are_vetted),
	        cmocka_unit_test(forms_of_oauth_follow_nothing),
	        cmocka_unit_test(autodiscover_asks_one_question),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
