/* The pieces of a session of MAPI over HTTP: cookies, bodies, buffers, codes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "proto/mapi/wire.h"
#include "valise/base/le.h"
#include "valise/base/mem.h"

/* ---- cookies ---- */

static bool take(struct mapi_cookies *c, const char *value)
{
	char *exact = xstrndup(value, strlen(value));
	char *octets = xmemdup(exact, strlen(exact) ? strlen(exact) : 1);
	bool ok = mapi_cookies_take(c, octets, strlen(exact));

	free(exact);
	free(octets);
	return ok;
}

static void cookies_replace_each_other(void **state)
{
	(void)state;
	static const struct {
		const char *set, *line;
	} rows[] = {
	        {"sid=abc; path=/mapi; secure; HttpOnly", "Cookie: sid=abc"},
	        {"sequence=1", "Cookie: sid=abc; sequence=1"},
	        {"sequence=2", "Cookie: sid=abc; sequence=2"},
	        {"  sequence =  2  ", "Cookie: sid=abc; sequence=2"},
	        {"si=d=x", "Cookie: sid=abc; sequence=2; si=d=x"},
	        {"SID=other", "Cookie: sid=abc; sequence=2; si=d=x; SID=other"},
	        {"si=; Expires=Thu, 01-Jan-1970 00:00:00 GMT",
	                "Cookie: sid=abc; sequence=2; SID=other"},
	        {"SID=x; Max-Age=0", "Cookie: sid=abc; sequence=2"},
	        {"sid=; Path=/", "Cookie: sid=; sequence=2"},
	        {"sid=\"a b, c\"; Version=1", "Cookie: sid=\"a b, c\"; sequence=2"},
	        {"sid=a\tb", "Cookie: sequence=2"},
	        {"=nameless", "Cookie: sequence=2"},
	        {"", "Cookie: sequence=2"},
	        {";", "Cookie: sequence=2"},
	        {"valueless", "Cookie: sequence=2"},
	        {"sequence=3; Max-Age=60; Expires=Thu, 01 Jan 2970 00:00:00 GMT",
	                "Cookie: sequence=3"},
	};
	struct mapi_cookies c = {0};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf line = buf_of(10000);

		assert_true(take(&c, rows[i].set));
		mapi_cookies_put(&c, &line);
		if (strcmp(buf_str(&line), rows[i].line) != 0)
			fail_msg("row %zu: %s", i, buf_str(&line));
		buf_clear(&line);
	}
	mapi_cookies_clear(&c);
	assert_int_equal(c.n, 0);
}

static void cookies_have_caps(void **state)
{
	(void)state;
	struct mapi_cookies c = {0};
	char text[MAPI_COOKIE_MAX + 2];

	for (int i = 0; i < MAPI_COOKIES_MAX; i++) {
		snprintf(text, sizeof text, "c%d=x", i);
		assert_true(take(&c, text));
	}
	assert_false(take(&c, "more=x"));
	assert_true(take(&c, "c7=y"));
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	text[2] = '=';
	assert_false(take(&c, text));
	assert_int_equal(c.n, MAPI_COOKIES_MAX);
	mapi_cookies_clear(&c);
}

/* ---- the body ---- */

#define P "PROCESSING\r\n"
#define D "DONE\r\n"

static const struct body_row {
	const char *text, *octets; /* NULL: no answer */
	int code; /* of X-ResponseCode, or the error */
} bodies[] = {
        {P D "\r\nabc", "abc", -1},
        {P "PENDING\r\nPENDING\r\n" D "\r\nabc", "abc", -1},
        {P D "X-ElapsedTime: 4\r\nX-ResponseCode: 0\r\n\r\n\r\nabc", "\r\nabc", 0},
        {P D "x-responsecode:10\r\nX-StartTime: now\r\n\r\n", "", 10},
        {D "\r\nDONE\r\n", "DONE\r\n", -1},
        {"PROCESSING\nDONE\n\nabc", "abc", -1},
        {P D "X-ResponseCode: ten\r\n\r\n", "", -1},
        {P D "X-ResponseCode: 99999999999\r\n\r\n", "", -1},
        {P "PENDING\r\n", NULL, ERR_PROTO},
        {P D "X-ElapsedTime: 4\r\n", NULL, ERR_PROTO},
        {P D, NULL, ERR_PROTO},
        {"", NULL, ERR_PROTO},
        {P "pending\r\n" D "\r\n", NULL, ERR_PROTO},
        {P "\r\n" D "\r\n", NULL, ERR_PROTO},
        {"<html>\r\n" D "\r\n", NULL, ERR_PROTO},
        {P "DONE \r\n\r\n", NULL, ERR_PROTO},
};

static int feed_all(struct mapi_body *b, const char *text, size_t n, size_t step, struct err *err)
{
	int rc = 0;

	mapi_body_reset(b);
	for (size_t at = 0; rc == 0 && at < n; at += step) {
		size_t len = MIN(step, n - at);
		char *exact = xmemdup(text + at, len);

		rc = mapi_body_feed(b, exact, len, err);
		free(exact);
	}
	return rc < 0 ? rc : mapi_body_end(b, err);
}

static void bodies_in_any_pieces(void **state)
{
	(void)state;
	struct mapi_body b;

	mapi_body_init(&b);
	for (size_t i = 0; i < COUNT(bodies); i++)
		for (size_t step = 1; step < 40; step++) {
			const struct body_row *r = &bodies[i];
			struct err err = {0};
			int rc = feed_all(&b, r->text, strlen(r->text), step, &err);

			if (r->octets ? rc != 0 || b.response_code != r->code ||
			                        strcmp(buf_str(&b.octets), r->octets) != 0
			              : rc != r->code)
				fail_msg("row %zu, step %zu: %d %s", i, step, rc, err.text);
		}
	mapi_body_clear(&b);
}

static void bodies_have_caps(void **state)
{
	(void)state;
	size_t n = MAPI_ANSWER_MAX + 1;
	struct buf long_one = buf_of(SIZE_MAX);
	struct mapi_body b;

	mapi_body_init(&b);
	/* hours of PENDING are no prelude */
	buf_puts(&long_one, P);
	for (int i = 0; i < 20000; i++)
		buf_puts(&long_one, "PENDING\r\n");
	buf_puts(&long_one, D "\r\nabc");
	assert_int_equal(feed_all(&b, buf_str(&long_one), long_one.len, 65536, NULL), 0);
	assert_int_equal(b.pending, 20000);
	/* but other lines without an end are */
	buf_reset(&long_one);
	while (long_one.len < MAPI_PRELUDE_MAX + 100)
		buf_puts(&long_one, P);
	assert_int_equal(feed_all(&b, buf_str(&long_one), long_one.len, 4096, NULL), ERR_LIMIT);
	buf_reset(&long_one);
	buf_puts(&long_one, D);
	while (long_one.len < MAPI_PRELUDE_MAX + 100)
		buf_puts(&long_one, "X-Y: z\r\n");
	assert_int_equal(feed_all(&b, buf_str(&long_one), long_one.len, 4096, NULL), ERR_LIMIT);
	buf_reset(&long_one);
	while (long_one.len < 10000)
		buf_puts(&long_one, "PENDING");
	assert_int_equal(feed_all(&b, buf_str(&long_one), long_one.len, 100, NULL), ERR_LIMIT);
	buf_reset(&long_one);
	buf_puts(&long_one, D "\r\n");
	while (long_one.len < n + 8)
		buf_puts(&long_one, "0123456789abcdef");
	assert_int_equal(feed_all(&b, buf_str(&long_one), long_one.len, 65536, NULL), ERR_LIMIT);
	buf_clear(&long_one);
	mapi_body_clear(&b);
}

static void fields_of_lines(void **state)
{
	(void)state;
	size_t n = 0;
	const char *line = "X-A :b";

	assert_null(mapi_field("X-A", 3, "X-A", &n));
	assert_null(mapi_field(line, strlen(line), "X-A", &n));
	assert_ptr_equal(mapi_field("x-a:", 4, "X-A", &n) != NULL, true);
	assert_int_equal(n, 0);
	assert_int_equal(mapi_field_number("", 0), -1);
	assert_int_equal(mapi_field_number("12", 2), 12);
	assert_int_equal(mapi_field_number("1 2", 3), -1);
	assert_int_equal(mapi_field_number("-1", 2), -1);
}

/* ---- LZXPRESS: MS-XCA 3.1, and what is beyond it ---- */

static const char abc_26[] = "\x3f\0\0\0abcdefghijklmnopqrstuvwxyz";
static const char abc_300[] = "\xff\xff\xff\x1f"
                              "abc\x17\0\x0f\xff\x26\x01";

static bool expand(const char *p, size_t n, size_t out_n, char *out)
{
	uint8_t *exact = xmemdup(p, n ? n : 1), *to = xmalloc(out_n ? out_n : 1);
	bool ok = mapi_lzxpress(exact, n, to, out_n);

	memcpy(out, to, out_n);
	free(exact);
	free(to);
	return ok;
}

static void lzxpress_known_answers(void **state)
{
	(void)state;
	char out[70000], want[301] = "";

	assert_true(expand(abc_26, sizeof abc_26 - 1, 26, out));
	assert_memory_equal(out, "abcdefghijklmnopqrstuvwxyz", 26);
	for (int i = 0; i < 100; i++)
		strcat(want, "abc");
	assert_true(expand(abc_300, sizeof abc_300 - 1, 300, out));
	assert_memory_equal(out, want, 300);
	assert_true(expand("", 0, 0, out));
}

/* Each way in which a length is written, by octets "a" again: flags 0x7..., then matches. */
static void lzxpress_lengths(void **state)
{
	(void)state;
	static const struct {
		const char *p;
		size_t n, out; /* 0: refused */
	} rows[] = {
	        {"\0\0\0\x40"
	         "a\0\0",
	                7, 4}, /* three bits */
	        {"\0\0\0\x40"
	         "a\x06\0",
	                7, 10},
	        {"\0\0\0\x40"
	         "a\x07\0\x0e",
	                8, 25}, /* half an octet */
	        {"\0\0\0\x60"
	         "a\x07\0\xe1\x07\0",
	                10, 36}, /* and the other half: 1 + 11 + 24 */
	        {"\0\0\0\x40"
	         "a\x07\0\x0f\x00",
	                9, 26}, /* an octet */
	        {"\0\0\0\x40"
	         "a\x07\0\x0f\xfe",
	                9, 280},
	        {"\0\0\0\x40"
	         "a\x07\0\x0f\xff\x16\0",
	                11, 26}, /* two octets: at least 22 */
	        {"\0\0\0\x40"
	         "a\x07\0\x0f\xff\x15\0",
	                11, 0},
	        {"\0\0\0\x40"
	         "a\x07\0\x0f\xff\0\0\0\0\x01\0",
	                15, 65540}, /* four octets */
	        {"\0\0\0\x40"
	         "a\x07\0\x0f\xff\0\0\xff\xff\xff\xff",
	                15, 0}, /* more than there is room for */
	        {"\0\0\0\x40"
	         "a\x08\0",
	                7, 0}, /* from before the beginning */
	        {"\0\0\0\x80\0\0", 6, 0},
	};
	char out[70000];

	for (size_t i = 0; i < COUNT(rows); i++) {
		bool ok = expand(rows[i].p, rows[i].n, rows[i].out ? rows[i].out : 60000, out);

		if (ok != (rows[i].out != 0))
			fail_msg("row %zu", i);
		for (size_t k = 0; k < rows[i].out; k++)
			assert_int_equal(out[k], 'a');
		/* one octet less on either side is none */
		if (ok && (expand(rows[i].p, rows[i].n - 1, rows[i].out, out) ||
		                  (rows[i].out > 4 &&
		                          expand(rows[i].p, rows[i].n, rows[i].out - 1, out))))
			fail_msg("row %zu is cut and taken", i);
	}
}

static void lzxpress_cut_anywhere(void **state)
{
	(void)state;
	char out[400];

	for (size_t n = 0; n < sizeof abc_300 - 1; n++)
		assert_false(expand(abc_300, n, 300, out));
	for (size_t n = 0; n < sizeof abc_26 - 1; n++)
		assert_false(expand(abc_26, n, 26, out));
	assert_false(expand(abc_300, sizeof abc_300 - 1, 301, out));
	assert_false(expand(abc_26, sizeof abc_26 - 1, 27, out));
}

/* ---- extended buffers ---- */

static void put_header(struct buf *b, unsigned version, unsigned flags, size_t n, size_t actual)
{
	uint8_t h[8];

	le_put(h, version, 2);
	le_put(h + 2, flags, 2);
	le_put(h + 4, n, 2);
	le_put(h + 6, actual, 2);
	buf_put(b, h, sizeof h);
}

static int join(void *ctx, const uint8_t *p, size_t n, struct err *err)
{
	struct buf *out = ctx;

	(void)err;
	if (n == 1 && *p == '!')
		return ERR_STOPPED;
	buf_put(out, p, n);
	buf_putc(out, '|');
	return 0;
}

static int payloads(const struct buf *b, struct buf *out)
{
	uint8_t *exact = xmemdup(b->data, b->len ? b->len : 1);
	int rc;

	buf_reset(out);
	rc = mapi_payloads(exact, b->len, join, out, NULL);
	free(exact);
	return rc;
}

static void buffers_in_chains(void **state)
{
	(void)state;
	struct buf b = buf_of(SIZE_MAX), out = buf_of(SIZE_MAX);
	char hidden[sizeof abc_26 - 1];

	for (size_t i = 0; i < sizeof hidden; i++)
		hidden[i] = (char)(abc_26[i] ^ 0xa5);
	put_header(&b, 0, 0, 3, 3);
	buf_puts(&b, "one");
	put_header(&b, 0, 1, sizeof abc_26 - 1, 26);
	buf_put(&b, abc_26, sizeof abc_26 - 1);
	put_header(&b, 0, 2, 3, 3);
	buf_put(&b, "\xd1\xd2\xca", 3); /* two */
	put_header(&b, 0, 7, sizeof hidden, 26);
	buf_put(&b, hidden, sizeof hidden);
	assert_int_equal(payloads(&b, &out), 0);
	assert_string_equal(
	        buf_str(&out), "one|abcdefghijklmnopqrstuvwxyz|two|abcdefghijklmnopqrstuvwxyz|");
	/* cut anywhere, or with more behind it, it is none */
	while (b.len) {
		b.data[--b.len] = '\0';
		assert_int_equal(payloads(&b, &out), ERR_PROTO);
	}
	put_header(&b, 0, 4, 1, 1);
	buf_puts(&b, "a");
	assert_int_equal(payloads(&b, &out), 0);
	buf_puts(&b, "b");
	assert_int_equal(payloads(&b, &out), ERR_PROTO);
	buf_clear(&b);
	buf_clear(&out);
}

static void buffers_that_are_none(void **state)
{
	(void)state;
	static const struct {
		unsigned version, flags;
		size_t n, actual;
		int rc;
	} rows[] = {
	        {0, 4, 1, 1, 0},
	        {0, 4, 0, 0, 0},
	        {1, 4, 1, 1, ERR_PROTO},
	        {0, 0xc, 1, 1, ERR_PROTO},
	        {0, 0x8004, 1, 1, ERR_PROTO},
	        {0, 4, 1, 2, ERR_PROTO},
	        {0, 4, 1, 0, ERR_PROTO},
	        {0, 4, 2, 2, ERR_PROTO},
	        {0, 5, 1, 1, ERR_PROTO},
	        {0, 0, 1, 1, ERR_PROTO},
	};
	struct buf b = buf_of(SIZE_MAX), out = buf_of(SIZE_MAX);

	for (size_t i = 0; i < COUNT(rows); i++) {
		buf_reset(&b);
		put_header(&b, rows[i].version, rows[i].flags, rows[i].n, rows[i].actual);
		if (rows[i].n)
			buf_puts(&b, "x");
		if (payloads(&b, &out) != rows[i].rc)
			fail_msg("row %zu", i);
	}
	/* who is given it ends it */
	buf_reset(&b);
	put_header(&b, 0, 0, 1, 1);
	buf_puts(&b, "!");
	assert_int_equal(payloads(&b, &out), ERR_STOPPED);
	buf_clear(&b);
	buf_clear(&out);
}

/* "ROPS 1,2," */
static int note(void *ctx, const struct mapi_answer *a, struct err *err)
{
	struct buf *out = ctx;

	(void)err;
	buf_put(out, a->rops, a->n_rops);
	for (size_t i = 0; i < a->n_handles; i++)
		buf_putf(out, " %u", (unsigned)a->handles[i]);
	return 0;
}

static void rops_and_handles(void **state)
{
	(void)state;
	static const struct {
		const char *p;
		size_t n;
		const char *told; /* NULL: it is none */
	} rows[] = {
	        {"\x04\0ab\1\0\0\0\2\1\0\0", 12, "ab 1 258"},
	        {"\x04\0ab\xff\xff\xff\xff", 8, "ab 4294967295"},
	        {"\x02\0", 2, ""},
	        {"\x02\0\7\0\0\0", 6, " 7"},
	        {"\x01\0", 2, NULL},
	        {"\x02", 1, NULL},
	        {"", 0, NULL},
	        {"\x04\0a", 3, NULL},
	        {"\x04\0ab\1\0\0", 7, NULL},
	};
	char many[2 + 4 * (MAPI_HANDLES_MAX + 1)] = "\x02";

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf out = buf_of(1000);
		uint8_t *exact = xmemdup(rows[i].p, rows[i].n ? rows[i].n : 1);
		int rc = mapi_rop_answer(exact, rows[i].n, note, &out, NULL);

		if (rc != (rows[i].told ? 0 : ERR_PROTO) ||
		        (rows[i].told && strcmp(buf_str(&out), rows[i].told) != 0))
			fail_msg("row %zu: %d %s", i, rc, buf_str(&out));
		free(exact);
		buf_clear(&out);
	}
	assert_int_equal(
	        mapi_rop_answer((uint8_t *)many, sizeof many, note, NULL, NULL), ERR_LIMIT);
}

/* ---- codes ---- */

static void codes_mean_something(void **state)
{
	(void)state;
	static const struct {
		int code;
		bool begun;
		enum err_code err;
	} rows[] = {
	        {0, true, ERR_OK},
	        {1, true, ERR_NET},
	        {2, false, ERR_PROTO},
	        {2, true, ERR_NET}, /* of gromox */
	        {3, true, ERR_PROTO},
	        {6, true, ERR_NET},
	        {7, false, ERR_PROTO},
	        {7, true, ERR_NET},
	        {8, false, ERR_AUTH},
	        {10, true, ERR_NET},
	        {11, true, ERR_AUTH},
	        {12, true, ERR_PROTO},
	        {13, true, ERR_NET},
	        {15, true, ERR_NET},
	        {16, false, ERR_REFUSED},
	        {18, true, ERR_NET},
	        {19, true, ERR_PROTO},
	        {-1, true, ERR_PROTO},
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (mapi_response_code(rows[i].code, rows[i].begun).err != rows[i].err)
			fail_msg("row %zu", i);
	assert_int_equal(mapi_error_code(0x480).err, ERR_BUSY);
	assert_int_equal(mapi_error_code(0x3eb).err, ERR_AUTH);
	assert_int_equal(mapi_error_code(0x12345).err, ERR_REFUSED);
	assert_null(mapi_error_code(0x12345).text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(cookies_replace_each_other),
	        cmocka_unit_test(cookies_have_caps),
	        cmocka_unit_test(bodies_in_any_pieces),
	        cmocka_unit_test(bodies_have_caps),
	        cmocka_unit_test(fields_of_lines),
	        cmocka_unit_test(lzxpress_known_answers),
	        cmocka_unit_test(lzxpress_lengths),
	        cmocka_unit_test(lzxpress_cut_anywhere),
	        cmocka_unit_test(buffers_in_chains),
	        cmocka_unit_test(buffers_that_are_none),
	        cmocka_unit_test(rops_and_handles),
	        cmocka_unit_test(codes_mean_something),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
