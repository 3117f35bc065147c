/* Requests on the wire and what their answers become. */
#include "server.h"

static int collect(void *ctx, struct dav_response *r, struct err *err)
{
	(void)err;
	buf_putf(ctx, "[%s %d", r->href, r->status);
	for (size_t i = 0; i < r->n_props; i++)
		buf_putf(ctx, " %s", r->props[i].text);
	if (r->data)
		buf_putf(ctx, " %s", (char *)r->data);
	buf_puts(ctx, "]");
	return 0;
}

static const char *const props[] = {"{DAV:}getetag", "{urn:x}y", "{" NS_CALDAV "}z"};

static void propfind(void **state)
{
	(void)state;
	static const char answer[] =
	        "HTTP/1.1 207 Multi\r\nDAV: 1, calendar-access\r\n\r\n" MULTI
	        "<d:response><d:href>a.ics</d:href><d:propstat><d:prop><d:getetag>\"e\"</d:getetag>"
	        "</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>" END;
	struct setup t;
	const char *seen;

	set_up(&t, answer);
	assert_int_equal(dav_propfind(t.h, t.url, 1, props, 3, collect, &t.got, &t.a, &t.err), 0);
	assert_string_equal(buf_str(&t.got), "[a.ics 0 \"e\"]");
	assert_int_equal(t.a.status, 207);
	assert_string_equal(t.a.dav, "1, calendar-access");
	assert_string_equal(t.a.url, t.url);
	seen = t.server->seen[0];
	assert_non_null(strstr(seen, "PROPFIND /cal/ HTTP/1.1\r\n"));
	assert_non_null(strstr(seen, "\r\nDepth: 1\r\n"));
	assert_non_null(strstr(seen, "\r\nContent-Type: application/xml; charset=utf-8\r\n"));
	assert_non_null(strstr(seen, "<D:prop><D:getetag/><X:y xmlns:X=\"urn:x\"/><C:z/></D:prop>"
	                             "</D:propfind>"));
	tear_down(&t);
}

static void refusals(void **state)
{
	(void)state;
	static const struct {
		const char *answer;
		enum err_code code;
		int status;
		const char *text, *error, *error_text;
	} rows[] = {
	        {"HTTP/1.1 404 No\r\nContent-Type: text/plain\r\n\r\n\n Not here\x1b[1m\nmore",
	                ERR_REFUSED, 404, "HTTP 404 (not found): Not here\\x1b[1m", NULL,
	                "Not here\\x1b[1m"},
	        {"HTTP/1.1 403 No\r\n\r\n<?xml version=\"1.0\"?><d:error xmlns:d=\"DAV:\">"
	         "<d:need-privileges/></d:error>",
	                ERR_REFUSED, 403, "HTTP 403 (forbidden): need-privileges",
	                "{DAV:}need-privileges", NULL},
	        {"HTTP/1.1 403 No\r\n\r\n<d:error xmlns:d=\"DAV:\"><d:a/><d:responsedescription>"
	         " it must\n</d:responsedescription></d:error>",
	                ERR_REFUSED, 403, "HTTP 403 (forbidden): a: it must", "{DAV:}a", "it must"},
	        {"HTTP/1.1 403 No\r\n\r\n<error xmlns=\"DAV:\"><error-description "
	         "xmlns=\"http://twistedmatrix.com/xml_namespace/dav/\">No time</error-description>"
	         "</error>",
	                ERR_REFUSED, 403, "HTTP 403 (forbidden): No time", NULL, "No time"},
	        {"HTTP/1.1 400 No\r\n\r\n{\n \"error\": {\"code\": 400, \"message\": \"Not an "
	         "argument.\"}}",
	                ERR_REFUSED, 400, "HTTP 400 (bad request): Not an argument.", NULL,
	                "Not an argument."},
	        {"HTTP/1.1 400 No\r\n\r\n{\"error\": \"invalid\", \"error_description\": "
	         "\"too old\"}",
	                ERR_REFUSED, 400, "HTTP 400 (bad request): too old", NULL, "too old"},
	        {"HTTP/1.1 400 No\r\n\r\n{\"error\": ", ERR_REFUSED, 400, "HTTP 400 (bad request)",
	                NULL, NULL},
	        {"HTTP/1.1 500 No\r\n\r\n<!DOCTYPE html><html><title>x</title></html>", ERR_REFUSED,
	                500, "HTTP 500 (server error)", NULL, NULL},
	        {"HTTP/1.1 200 OK\r\n\r\n<html>Log in</html>", ERR_REFUSED, 200, "HTTP 200", NULL,
	                NULL},
	        {"HTTP/1.1 418 Tea\r\n\r\n", ERR_REFUSED, 418, "HTTP 418 (unexpected)", NULL, NULL},
	        {"HTTP/1.1 207 Multi\r\n\r\n<html>", ERR_PROTO, 207, "XML of the answer", NULL,
	                NULL},
	        {"HTTP/1.1 207 Multi\r\n\r\n", ERR_PROTO, 207, "XML of the answer", NULL, NULL},
	        {"HTTP/1.1 207 Multi\r\n\r\n" MULTI "<d:response>", ERR_PROTO, 207, "", NULL, NULL},
	        {"HTTP/1.1 207 Multi\r\nContent-Length: 1000\r\n\r\n" MULTI
	         "<d:response><d:href>/a</d:href></d:response>",
	                ERR_NET, 207, "connection was lost in the answer", NULL, NULL},
	        {"HTTP/1.1 401 Who\r\n\r\n", ERR_AUTH, 401, "no user", NULL, NULL},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct setup t;

		set_up(&t, rows[i].answer);
		assert_int_equal(
		        dav_propfind(t.h, t.url, 0, props, 1, collect, &t.got, &t.a, &t.err),
		        rows[i].code);
		assert_int_equal(t.err.code, rows[i].code);
		if (!strstr(t.err.text, rows[i].text))
			fail_msg("row %zu: %s", i, t.err.text);
		assert_int_equal(t.a.status, rows[i].status);
		assert_int_equal(!t.a.error, !rows[i].error);
		assert_int_equal(!t.a.error_text, !rows[i].error_text);
		if (rows[i].error)
			assert_string_equal(t.a.error, rows[i].error);
		if (rows[i].error_text)
			assert_string_equal(t.a.error_text, rows[i].error_text);
		tear_down(&t);
	}
}

static void lost_before_the_first_response(void **state)
{
	(void)state;
	static const char *const answers[] = {
	        "HTTP/1.1 207 Multi\r\nContent-Length: 1000\r\n\r\n" MULTI "<d:response><d:href>/a",
	        "HTTP/1.1 207 Multi\r\n\r\n" MULTI
	        "<d:response><d:href>/a</d:href></d:response>" END,
	        NULL};
	struct setup t;

	set_up_with(&t, answers);
	assert_int_equal(dav_propfind(t.h, t.url, 0, props, 1, collect, &t.got, &t.a, &t.err), 0);
	assert_string_equal(buf_str(&t.got), "[/a 0]");
	assert_int_equal(t.server->served, 2);
	tear_down(&t);
}

static void sync_collection(void **state)
{
	(void)state;
	static const char answer[] =
	        "HTTP/1.1 207 Multi\r\n\r\n" MULTI
	        "<d:response><d:href>/cal/a.ics</d:href><d:propstat><d:prop><d:getetag>1</"
	        "d:getetag>"
	        "</d:prop></d:propstat></d:response>"
	        "<d:response><d:href>/cal/b.ics</d:href><d:status>HTTP/1.1 404 No</d:status>"
	        "</d:response><d:response><d:href>/cal/</d:href><d:status>HTTP/1.1 507 "
	        "Full</d:status>"
	        "</d:response><d:sync-token>t2</d:sync-token>" END;
	struct setup t;

	set_up(&t, answer);
	assert_int_equal(dav_sync(t.h, t.url, "t&1", collect, &t.got, &t.a, &t.err), 0);
	assert_string_equal(buf_str(&t.got), "[/cal/a.ics 0 1][/cal/b.ics 404]");
	assert_true(t.a.truncated);
	assert_string_equal(t.a.sync_token, "t2");
	assert_non_null(strstr(t.server->seen[0], "<D:sync-token>t&#38;1</D:sync-token>"));
	assert_non_null(strstr(t.server->seen[0], "\r\nDepth: 0\r\n"));
	tear_down(&t);
}

static void multiget(void **state)
{
	(void)state;
	static const char *const hrefs[] = {"/cal/a%20&b.ics", "/cal/c.ics"};
	static const char *const bad[] = {"/cal/\xff.ics"};
	static const char *const answers[] = {
	        "HTTP/1.1 207 Multi\r\n\r\n" MULTI "<d:response><d:href>/cal/c.ics</"
	        "d:href><d:propstat><d:prop><c:calendar-data>B&#13;\nE"
	        "</c:calendar-data></d:prop></d:propstat></d:response>" END,
	        "HTTP/1.1 507 Full\r\n\r\n", NULL};
	struct dav_multiget list[3] = {0};
	struct setup t;

	set_up_with(&t, answers);
	list[0] = (struct dav_multiget){.url = t.url, .hrefs = bad, .n_hrefs = 1};
	list[1] = (struct dav_multiget){.url = t.url, .hrefs = hrefs, .n_hrefs = 2};
	list[2] = (struct dav_multiget){
	        .url = t.url, .hrefs = hrefs, .n_hrefs = 2, .contacts = true, .version = "4.0"};
	assert_int_equal(dav_multiget_run(t.h, list, 3, 1, collect, &t.got, &t.err), 0);
	assert_int_equal(list[0].err.code, ERR_PROTO);
	assert_int_equal(list[1].err.code, 0);
	assert_int_equal(list[2].err.code, ERR_REFUSED);
	assert_int_equal(list[2].answer.status, 507);
	assert_string_equal(buf_str(&t.got), "[/cal/c.ics 0 B\r\nE]");
	assert_non_null(strstr(t.server->seen[0],
	        "<D:href>/cal/a%20&#38;b.ics</D:href><D:href>/cal/c.ics</D:href>"));
	assert_non_null(strstr(t.server->seen[1],
	        "<CR:address-data content-type=\"text/vcard\" version=\"4.0\"/>"));
	for (size_t i = 0; i < 3; i++)
		dav_answer_clear(&list[i].answer);
	tear_down(&t);
}

static void collections(void **state)
{
	(void)state;
	static const struct dav_set set[] = {{"{DAV:}displayname", "W &amp; p"},
	        {"{" NS_CALDAV "}supported-calendar-component-set",
	                "<x:comp xmlns:x=\"" NS_CALDAV "\" name=\"VEVENT\"/>"}};
	static const char *const types = "{DAV:}collection {" NS_CARDDAV "}addressbook";
	static const char inner[] =
	        "HTTP/1.1 207 Multi\r\n\r\n" MULTI
	        "<d:response><d:href>/cal/</d:href><d:status>HTTP/1.1 403 Forbidden</d:status>"
	        "<d:error><d:resource-must-be-null/></d:error></d:response>" END;
	struct setup t;

	set_up(&t, "HTTP/1.1 201 Created\r\n\r\nCreated");
	assert_int_equal(dav_mkcalendar(t.h, t.url, set, 2, &t.a, &t.err), 0);
	assert_int_equal(t.a.status, 201);
	assert_int_equal(t.a.inner, 0);
	assert_non_null(strstr(t.server->seen[0],
	        "<D:set><D:prop><D:displayname>W &amp; p</D:displayname>"
	        "<C:supported-calendar-component-set><x:comp xmlns:x=\"" NS_CALDAV
	        "\" name=\"VEVENT\"/></C:supported-calendar-component-set></D:prop></D:set>"
	        "</C:mkcalendar>"));
	assert_non_null(strstr(t.server->seen[0], "\r\nScheduling-Enabled: F\r\n"));
	tear_down(&t);

	set_up(&t, inner); /* Xandikos says no like this */
	assert_int_equal(dav_mkcol(t.h, t.url, types, set, 1, &t.a, &t.err), 0);
	assert_int_equal(t.a.status, 207);
	assert_int_equal(t.a.inner, 403);
	assert_string_equal(t.a.error, "{DAV:}resource-must-be-null");
	assert_non_null(strstr(t.server->seen[0],
	        "<D:resourcetype><D:collection/><CR:addressbook/></D:resourcetype>"));
	tear_down(&t);

	set_up(&t, "HTTP/1.1 409 Conflict\r\n\r\n");
	assert_int_equal(dav_mkcol(t.h, t.url, NULL, NULL, 0, &t.a, &t.err), 0);
	assert_int_equal(t.a.status, 409);
	assert_null(strstr(t.server->seen[0], "Content-Type"));
	tear_down(&t);

	set_up(&t, "");
	assert_int_equal(dav_mkcalendar(t.h, t.url, set, 2, &t.a, &t.err), ERR_NET);
	assert_int_equal(t.server->served, 1);
	tear_down(&t);
}

static void proppatch(void **state)
{
	(void)state;
	static const struct {
		const char *answer;
		bool done;
		int inner;
	} rows[] = {
	        {"HTTP/1.1 207 Multi\r\n\r\n" MULTI
	         "<d:response><d:href>/cal/</d:href><d:propstat><d:prop><d:displayname/></d:prop>"
	         "<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>" END,
	                true, 0},
	        {"HTTP/1.1 207 Multi\r\n\r\n" MULTI
	         "<d:response><d:href>/cal/</d:href><d:propstat><d:prop><d:displayname/></d:prop>"
	         "<d:status>HTTP/1.1 403 "
	         "No</d:status></d:propstat><d:propstat><d:prop><d:x/></d:prop>"
	         "<d:status>HTTP/1.1 424 No</d:status></d:propstat></d:response>" END,
	                false, 403},
	        {"HTTP/1.1 204 Fine\r\n\r\n", true, 0},
	        {"HTTP/1.1 405 No\r\n\r\n", false, 0},
	};
	static const struct dav_set set = {"{DAV:}displayname", "x"};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct setup t;
		bool done;

		set_up(&t, rows[i].answer);
		assert_int_equal(dav_proppatch(t.h, t.url, &set, &done, &t.a, &t.err), 0);
		assert_int_equal(done, rows[i].done);
		assert_int_equal(t.a.inner, rows[i].inner);
		tear_down(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(propfind),
	        cmocka_unit_test(refusals),
	        cmocka_unit_test(lost_before_the_first_response),
	        cmocka_unit_test(sync_collection),
	        cmocka_unit_test(multiget),
	        cmocka_unit_test(collections),
	        cmocka_unit_test(proppatch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
