/* Resources as octets: GET, PUT, attachments, and OPTIONS (proto/dav/client.h). */
#include "server.h"
#include "valise/proto/dav/client.h"

struct taken {
	struct buf got;
	unsigned restarts, ends;
	bool fails;
};

static int take_octets(void *ctx, const void *p, size_t n, struct err *err)
{
	struct taken *t = ctx;

	if (t->fails)
		return err_set(err, ERR_SPACE, ERR_ITEM, "the disk is full");
	return buf_add(&t->got, p, n);
}

static void restart_taken(void *ctx)
{
	struct taken *t = ctx;

	t->restarts++;
	buf_reset(&t->got);
}

static void end_taken(void *ctx)
{
	((struct taken *)ctx)->ends++;
}

#define CUT "HTTP/1.1 200 OK\r\nETag: \"1\"\r\nContent-Length: 100\r\n\r\nhal"
#define WHOLE "HTTP/1.1 200 OK\r\nETag: \"2\"\r\nContent-Type: text/calendar\r\n\r\nwhole"

static const struct row {
	const char *name;
	const char *answers[3];
	uint64_t max;
	bool fails;
	enum err_code code;
	const char *text; /* of the error */
	int status;
	const char *etag, *got;
	bool is_html;
	unsigned restarts;
} rows[] = {
        {"a resource", {WHOLE}, 100, false, 0, "", 200, "\"2\"", "whole", false, 1},
        {"cut, then whole", {CUT, WHOLE}, 100, false, 0, "", 200, "\"2\"", "whole", false, 2},
        {"a page", {"HTTP/1.1 200 OK\r\nContent-Type: text/html; x=y\r\n\r\n<p>"}, 100, false, 0,
                "", 200, NULL, "<p>", true, 1},
        {"nothing", {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}, 100, false, 0, "", 200, NULL,
                "", false, 1},
        {"not there", {"HTTP/1.1 404 No\r\nETag: \"e\"\r\n\r\nno such thing"}, 100, false, 0, "",
                404, NULL, "", false, 0},
        {"more than the cap", {WHOLE}, 4, false, ERR_LIMIT, "longer than 4 octets", 200, "\"2\"",
                "", false, 1},
        {"nobody takes it", {WHOLE}, 100, true, ERR_SPACE, "the disk is full", 200, "\"2\"", "",
                false, 1},
};

static void resources(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct row *r = &rows[i];
		struct taken taken = {.fails = r->fails};
		struct dav_get g = {.accept = "Accept: text/calendar",
		        .max = r->max,
		        .write = take_octets,
		        .restart = restart_taken,
		        .done = end_taken,
		        .ctx = &taken};
		struct setup t;

		print_message("%s\n", r->name);
		set_up_with(&t, r->answers);
		buf_init(&taken.got, 1000);
		g.url = t.url;
		assert_int_equal(dav_get_run(t.h, &g, 1, 1, &t.err), 0);
		assert_int_equal(g.err.code, r->code);
		assert_non_null(strstr(g.err.text, r->text));
		assert_int_equal(g.status, r->status);
		assert_int_equal(!g.etag, !r->etag);
		if (r->etag)
			assert_string_equal(g.etag, r->etag);
		assert_int_equal(g.is_html, r->is_html);
		assert_string_equal(buf_str(&taken.got), r->got);
		assert_int_equal(taken.restarts, r->restarts);
		assert_int_equal(taken.ends, 1);
		assert_non_null(strstr(t.server->seen[0], "GET /cal/ HTTP/1.1\r\n"));
		assert_non_null(strstr(t.server->seen[0], "\r\nAccept: text/calendar\r\n"));
		dav_get_clear(&g);
		buf_clear(&taken.got);
		tear_down(&t);
	}
}

static void into_a_buffer(void **state)
{
	(void)state;
	static const char *const answers[] = {CUT, WHOLE, WHOLE, NULL};
	struct dav_get g[2];
	struct buf text[2];
	struct setup t;

	set_up_with(&t, answers);
	for (size_t i = 0; i < 2; i++) {
		buf_init(&text[i], i == 0 ? 100 : 4);
		g[i] = (struct dav_get){
		        .url = t.url, .accept = "Accept: */*", .max = 100, .into = &text[i]};
	}
	assert_int_equal(dav_get_run(t.h, g, 2, 1, &t.err), 0);
	assert_int_equal(g[0].err.code, 0);
	assert_string_equal(buf_str(&text[0]), "whole");
	assert_int_equal(g[1].err.code, ERR_LIMIT);
	assert_non_null(strstr(g[1].err.text, "it is larger than"));
	for (size_t i = 0; i < 2; i++) {
		dav_get_clear(&g[i]);
		buf_clear(&text[i]);
	}
	assert_int_equal(dav_get_run(t.h, NULL, 0, 1, &t.err), 0);
	tear_down(&t);
}

/* No invitation leaves with a PUT, whatever the server. */
static const char *const silence[] = {"\r\nScheduling-Enabled: F\r\n", "\r\nSchedule-Reply: F\r\n",
        "\r\nX-NC-Scheduling: false\r\n", "\r\nX-SOGo-Send-Appointment-Notifications: NO\r\n"};

static void sent(void **state)
{
	(void)state;
	static const struct {
		const char *answer;
		int status, inner;
		const char *etag, *location, *error, *text;
	} sends[] = {
	        {"HTTP/1.1 201 Made\r\nETag: \"e\"\r\nLocation: /x\r\nContent-Length: 2\r\n\r\nok",
	                201, 0, "\"e\"", "/x", NULL, NULL},
	        {"HTTP/1.1 207 Multi\r\n\r\n" MULTI
	         "<d:response><d:href>/a</d:href><d:status>HTTP/1.1 507 Full</d:status><d:error>"
	         "<d:full/></d:error></d:response>" END,
	                207, 507, NULL, NULL, "{DAV:}full", NULL},
	        {"HTTP/1.1 207 Multi\r\n\r\n" MULTI
	         "<d:response><d:href>/a</d:href><d:status>HTTP/1.1 403 No</d:status></d:response>",
	                207, 403, NULL, NULL, NULL, NULL},
	        {"HTTP/1.1 403 No\r\n\r\n<d:error xmlns:d=\"DAV:\"><d:need/></d:error>", 403, 0,
	                NULL, NULL, "{DAV:}need", NULL},
	        {"HTTP/1.1 400 No\r\n\r\nNot today", 400, 0, NULL, NULL, NULL, "Not today"},
	};

	for (size_t i = 0; i < sizeof sends / sizeof *sends; i++) {
		struct dav_send s = {.type = "text/calendar; charset=utf-8",
		        .data = "BEGIN",
		        .len = 5,
		        .strict = i == 0};
		const struct dav_answer *a = &s.answer;
		char url[120];
		struct setup t;
		const char *seen;

		set_up(&t, sends[i].answer);
		snprintf(url, sizeof url, "%sa.ics", t.url);
		s.url = url;
		/* Twice: nothing of the first is left. */
		for (int k = 0; k < 2; k++)
			assert_int_equal(
			        dav_send_run(t.h, (struct dav_send *[]){&s}, 1, 1, &t.err), 0);
		assert_int_equal(s.err.code, 0);
		assert_int_equal(a->status, sends[i].status);
		assert_int_equal(a->inner, sends[i].inner);
		assert_true(s.answer.took_ms >= 0 && s.answer.took_ms < 1000000);
		assert_string_equal(a->etag ? a->etag : "-", sends[i].etag ? sends[i].etag : "-");
		assert_string_equal(a->location ? a->location : "-",
		        sends[i].location ? sends[i].location : "-");
		assert_string_equal(
		        a->error ? a->error : "-", sends[i].error ? sends[i].error : "-");
		assert_string_equal(
		        a->error_text ? a->error_text : "-", sends[i].text ? sends[i].text : "-");
		seen = t.server->seen[0];
		assert_non_null(strstr(seen, "PUT /cal/a.ics HTTP/1.1\r\n"));
		assert_non_null(strstr(seen, "\r\nIf-None-Match: *\r\n"));
		for (size_t k = 0; k < sizeof silence / sizeof *silence; k++)
			assert_non_null(strstr(seen, silence[k]));
		assert_non_null(strstr(seen, "\r\nContent-Type: text/calendar; charset=utf-8\r\n"));
		assert_int_equal(!strstr(seen, "\r\nPrefer: handling=strict\r\n"), i != 0);
		assert_non_null(strstr(seen, "\r\n\r\nBEGIN"));
		dav_answer_clear(&s.answer);
		tear_down(&t);
	}
}

static void attachments(void **state)
{
	(void)state;
	static const struct {
		const char *file, *disposition;
	} names[] = {
	        {"a b.pdf", "attachment; filename=\"a b.pdf\"\r\n"},
	        {"\"\xc3\xbc.pdf", "attachment; filename=\"___.pdf\"; "
	                           "filename*=UTF-8''%22%C3%BC.pdf\r\n"},
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct dav_send s = {.type = "application/pdf", .file = names[i].file, .data = ""};
		const char *seen;
		char url[120];
		struct setup t;

		set_up(&t, "HTTP/1.1 201 Made\r\nContent-Length: 0\r\n\r\n");
		snprintf(url, sizeof url, "%sa.ics", t.url);
		s.url = url;
		assert_int_equal(dav_send_run(t.h, (struct dav_send *[]){&s}, 1, 1, &t.err), 0);
		assert_int_equal(s.answer.status, 201);
		seen = t.server->seen[0];
		assert_non_null(strstr(seen, "POST /cal/a.ics?action=attachment-add HTTP/1.1\r\n"));
		assert_non_null(strstr(seen, names[i].disposition));
		assert_non_null(strstr(seen, "\r\nScheduling-Enabled: F\r\n"));
		assert_non_null(strstr(seen, "\r\nContent-Type: application/pdf\r\n"));
		assert_null(strstr(seen, "If-None-Match"));
		dav_answer_clear(&s.answer);
		tear_down(&t);
	}
}

static void options(void **state)
{
	(void)state;
	static const char *const answers[] = {
	        "HTTP/1.1 200 OK\r\nDAV: 1\r\nDAV: calendar-access\r\nContent-Length: 0\r\n\r\n",
	        "HTTP/1.1 404 No\r\nDAV: 3\r\nContent-Length: 0\r\n\r\n",
	        "HTTP/1.1 200 OK\r\nDAV: 2\r\nContent-Length: 0\r\n\r\n", NULL};
	struct setup t;
	const char *urls[3];
	char *dav;

	set_up_with(&t, answers);
	urls[0] = urls[1] = urls[2] = t.url;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(dav_options(t.h, urls + i, 1, &dav, &t.err), 0);
		assert_string_equal(dav ? dav : "-", i == 0   ? "1, calendar-access"
		                                     : i == 1 ? "-"
		                                              : "2");
		free(dav);
	}
	assert_int_equal(dav_options(t.h, urls, 3, &dav, &t.err), 0);
	assert_string_equal(dav, "2, 2, 2");
	free(dav);
	tear_down(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(resources),
	        cmocka_unit_test(into_a_buffer),
	        cmocka_unit_test(sent),
	        cmocka_unit_test(attachments),
	        cmocka_unit_test(options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
