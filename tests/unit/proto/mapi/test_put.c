/*
 * What a target does: new folders, and messages in pieces that servers take, in part or not
 * at all; where a stream may be cut.
 */
#include "proto/mapi/put.h"
#include "proto/mapi/server.h"

/* ---- folders ---- */

static void test_make_folder(void **state)
{
	static const struct {
		uint32_t value, problem;
		mapi_id id;
		enum err_code code;
		const char *text;
		bool is_made;
	} cases[] = {
	        {0, 0, 77, ERR_OK, "", true},
	        {0x80040604, 0, 77, ERR_EXISTS, "Termine", false},
	        {0x80070005, 0, 77, ERR_REFUSED, "no right", false},
	        {0x4d9, 0, 77, ERR_REFUSED, "no space", false},
	        {0, 0x80070005, 77, ERR_REFUSED, "RopSetProperties", true},
	        {0, 0, 0, ERR_PROTO, "no id", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mapi_store *s;
		struct err err = {0};
		mapi_id made;

		server_begin();
		add_folder(20, NULL, 0);
		server.create_value = cases[i].value;
		server.problem = cases[i].problem;
		server.created = cases[i].id;
		s = open_store(MAPI_MAILBOX);
		assert_int_equal(mapi_make_folder(s, 20, "Termine", "IPF.Appointment", &made, &err),
		        cases[i].code);
		assert_non_null(strstr(err.text, cases[i].text));
		assert_int_equal(made, cases[i].is_made ? 77 : 0);
		assert_string_equal(buf_str(&server.log), "Open Create Set \n");
		if (cases[i].value == 0)
			assert_string_equal(server.made, "Termine||IPF.Appointment|");
		if (!cases[i].code) {
			assert_int_equal(mapi_make_folder(s, 20, "N", NULL, &made, &err), 0);
			assert_string_equal(server.made, "N||");
		}
		mapi_close(s);
		server_end();
	}
}

/* ---- messages ---- */

struct source {
	const uint8_t *p;
	size_t n, at, step;
	int fails; /* after so many octets */
};

static int give(void *ctx, void *p, size_t n, size_t *got_out, struct err *err)
{
	struct source *s = ctx;
	size_t k = MIN(n, MIN(s->step, s->n - s->at));

	if (s->fails && s->at >= (size_t)s->fails)
		return err_set(err, ERR_IO, ERR_ITEM, "the source ends");
	memcpy(p, s->p + s->at, k);
	s->at += k;
	*got_out = k;
	return 0;
}

static void put(struct buf *b, uint64_t v, size_t n)
{
	uint8_t le[8];

	le_put(le, v, n);
	buf_put(b, le, n);
}

/* A message with a long text, a named property and an attachment of ${n} octets. */
static struct buf message(size_t n)
{
	struct buf b = buf_of(SIZE_MAX);

	put(&b, 0x400c0003, 4);
	put(&b, 0x0037001f, 4);
	put(&b, 8, 4);
	buf_put(&b, "a\0b\0c\0\0", 8);
	put(&b, 0x0e1b000b, 4);
	put(&b, 1, 2);
	put(&b, 0x80010003, 4); /* with a LID */
	buf_put(&b, "GUIDGUIDGUIDGUID", 16);
	put(&b, 0, 1);
	put(&b, 0x8501, 4);
	put(&b, 7, 4);
	put(&b, 0x8002101f, 4); /* with a name, several texts */
	buf_put(&b, "GUIDGUIDGUIDGUID\1", 17);
	buf_put(&b, "K\0e\0y\0\0", 8);
	put(&b, 2, 4);
	put(&b, 2, 4);
	buf_put(&b, "\0", 2);
	put(&b, 4, 4);
	buf_put(&b, "x\0\0", 4);
	put(&b, 0x00711003, 4); /* several numbers */
	put(&b, 3, 4);
	buf_put(&b, "123412341234", 12);
	put(&b, 0x40000003, 4);
	put(&b, 0x37010102, 4);
	put(&b, n, 4);
	for (size_t i = 0; i < n; i++)
		put(&b, i * 31 >> 3, 1);
	put(&b, 0x400e0003, 4);
	put(&b, 0x400d0003, 4);
	return b;
}

static void test_put(void **state)
{
	static const struct {
		size_t n; /* octets of its attachment */
		unsigned requests;
		const char *log; /* NULL: whatever */
	} cases[] = {
	        {10, 1, "Open Destination Put Release Release \n"},
	        {29000, 1, NULL},
	        {30000, 2, "Open Destination Put \nPut Release Release \n"},
	        {59900, 3, NULL},
	        {300000, 11, NULL},
	};
	static const size_t steps[] = {1, 1000, 30000, 1 << 20};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		for (size_t k = 0; k < COUNT(steps); k++) {
			struct buf m = message(cases[i].n);
			struct source from = {m.data, m.len, 0, steps[k], 0};
			struct server_folder *f;
			struct mapi_store *s;
			struct err err;

			server_begin();
			f = add_folder(20, NULL, 0);
			s = open_store(MAPI_MAILBOX);
			assert_int_equal(mapi_put(s, 20, give, &from, &err), 0);
			assert_int_equal(f->puts, 1); /* before anything else is asked */
			assert_int_equal(f->put.len, m.len);
			assert_memory_equal(f->put.data, m.data, m.len);
			assert_int_equal(server_open_handles(), 0);
			assert_int_equal(server.requests, cases[i].requests);
			if (cases[i].log)
				assert_string_equal(buf_str(&server.log), cases[i].log);
			mapi_close(s);
			buf_clear(&m);
			server_end();
		}
}

/* Servers that take a part of what they are given, or are busy: each message stands there once. */
static void test_taken_in_part(void **state)
{
	static const struct {
		size_t n, take;
		unsigned takes;
		uint32_t busy;
		enum err_code first; /* of the first message */
		unsigned puts; /* of three */
	} cases[] = {
	        {10, 100, 1, 0, ERR_REFUSED, 2}, /* and the release went with it */
	        {100000, 20000, 2, 0, ERR_OK, 3},
	        {100000, 9000, 0, 0, ERR_REFUSED, 2},
	        {10, 0, 0, 0x480, ERR_OK, 3},
	        {100000, 0, 0, 0x480, ERR_OK, 3},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf m = message(cases[i].n);
		struct server_folder *f;
		struct mapi_store *s;

		server_begin();
		f = add_folder(20, NULL, 0);
		server.take = cases[i].take;
		server.takes = cases[i].takes;
		if (cases[i].busy) {
			f->refuse = 0x54;
			f->with = cases[i].busy;
			f->times = 1;
		}
		s = open_store(MAPI_MAILBOX);
		for (unsigned k = 0; k < 3; k++) {
			struct source from = {m.data, m.len, 0, 777, 0};
			struct err err = {0};

			assert_int_equal(mapi_put(s, 20, give, &from, &err),
			        k == 0 ? cases[i].first : ERR_OK);
			assert_int_equal(server_open_handles(), 0);
		}
		assert_int_equal(f->puts, cases[i].puts);
		assert_int_equal(f->put.len, cases[i].puts * m.len);
		for (unsigned k = 0; k < cases[i].puts; k++)
			assert_memory_equal(f->put.data + k * m.len, m.data, m.len);
		mapi_close(s);
		buf_clear(&m);
		server_end();
	}
}

static void test_not_taken(void **state)
{
	static const struct {
		unsigned rop;
		uint32_t with;
		enum err_code code;
		const char *text;
	} cases[] = {
	        {0x54, 0x80040115, ERR_REFUSED, "PutBuffer"},
	        {0x54, 0x4d9, ERR_REFUSED, "no space"},
	        {0x53, 0x80070005, ERR_REFUSED, "no right"},
	        {0x02, 0x8004010f, ERR_NOTFOUND, "RopOpenFolder"},
	};
	struct buf m = message(50000);

	(void)state;
	for (size_t i = 0; i <= COUNT(cases); i++) {
		struct source from = {m.data, m.len, 0, 777, i == COUNT(cases) ? 40000 : 0};
		struct server_folder *f;
		struct mapi_store *s;
		struct err err;

		server_begin();
		f = add_folder(20, NULL, 0);
		if (i < COUNT(cases)) {
			f->refuse = cases[i].rop;
			f->with = cases[i].with;
		}
		s = open_store(MAPI_MAILBOX);
		assert_int_equal(mapi_put(s, 20, give, &from, &err),
		        i < COUNT(cases) ? cases[i].code : ERR_IO);
		if (i < COUNT(cases))
			assert_non_null(strstr(err.text, cases[i].text));
		assert_int_equal(f->puts, 0);
		f->refuse = 0;
		from = (struct source){m.data, m.len, 0, 777, 0};
		assert_int_equal(mapi_put(s, 20, give, &from, &err), 0);
		assert_int_equal(f->puts, 1);
		assert_int_equal(server_open_handles(), 0);
		mapi_close(s);
		server_end();
	}
	buf_clear(&m);
}

/* ---- cuts ---- */

/* Whether a place is between two, or within a value with a length, said octet by octet. */
static void test_cuts(void **state)
{
	/*
	 * As message(4) has it: octets that stay together, with those behind them where more
	 * follow; -1: octets of a value, -2: of a text.
	 */
	static const struct {
		size_t n;
		int kind;
	} parts[] = {{4, 0}, {8, 1}, {8, -2}, {4 + 2, 0}, {4 + 16 + 1 + 4 + 4, 0},
	        {4 + 17 + 8 + 4 + 4, 1}, {2, -2}, {4, 1}, {4, -2}, {4 + 4 + 12, 0}, {4, 0}, {8, 1},
	        {4, -1}, {4, 0}, {4, 0}};
	struct buf m = message(4);
	bool may[300] = {false};
	size_t at = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(parts); i++) {
		for (size_t k = 1; parts[i].kind < 0 && k < parts[i].n; k++)
			may[at + k] = parts[i].kind == -1 || k % 2 == 0;
		at += parts[i].n;
		may[at] = parts[i].kind <= 0;
	}
	assert_int_equal(at, m.len);
	for (size_t n = 1; n <= m.len; n++) {
		struct fx_cut c = {0};
		size_t want = n;

		while (want > 0 && !may[want])
			want--;
		assert_int_equal(fx_cut(&c, m.data, n), want);
		/* and what follows, from there on */
		c = (struct fx_cut){0};
		assert_int_equal(fx_cut(&c, m.data, want), want);
		assert_int_equal(fx_cut(&c, m.data + want, m.len - want), m.len - want);
	}
	buf_clear(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_make_folder),
	        cmocka_unit_test(test_put),
	        cmocka_unit_test(test_taken_in_part),
	        cmocka_unit_test(test_not_taken),
	        cmocka_unit_test(test_cuts),
	};

	return cmocka_run_group_tests_name("mapi put", tests, NULL, NULL);
}
