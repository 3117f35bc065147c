/* What every item is made of: tree/intake.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "valise/tree/intake.h"

/* A sink that takes one body at a time and fails where it is told to. */
struct tree_body {
	struct buf got;
};
enum { FAIL_NEVER, FAIL_OPEN, FAIL_WRITE, FAIL_CLOSE };
struct fake {
	struct tree_sink base;
	struct tree_body body;
	enum coll_kind kind;
	unsigned opened, closed, aborted;
	int fails; /* FAIL_ */
};
static struct fake *fake_of_body; /* body_write and body_close do not get the sink */

static int disk_full(struct err *err)
{
	return err_set(err, ERR_SPACE, ERR_ITEM, "the disk is full");
}

static int fake_open(
        struct tree_sink *s, enum coll_kind kind, struct tree_body **out, struct err *err)
{
	struct fake *f = (struct fake *)s;

	*out = &f->body; /* nothing may be made of it after an error */
	if (f->fails == FAIL_OPEN)
		return disk_full(err);
	f->kind = kind;
	f->opened++;
	buf_reset(&f->body.got);
	return 0;
}

static int fake_write(struct tree_body *b, const void *p, size_t n, struct err *err)
{
	if (fake_of_body->fails == FAIL_WRITE)
		return disk_full(err);
	buf_put(&b->got, p, n);
	return 0;
}

static int fake_close(struct tree_body *b, struct tree_object *out, struct err *err)
{
	fake_of_body->closed++;
	if (fake_of_body->fails == FAIL_CLOSE)
		return disk_full(err);
	sha256_of(b->got.data, b->got.len, out->sha256);
	out->size = b->got.len;
	out->has_nul = memchr(b->got.data, 0, b->got.len) != NULL;
	return 0;
}

static void fake_abort(struct tree_body *b)
{
	(void)b;
	fake_of_body->aborted++;
}

static const struct tree_sink_ops fake_ops = {.body_open = fake_open,
        .body_write = fake_write,
        .body_close = fake_close,
        .body_abort = fake_abort};

static void fake_init(struct fake *f)
{
	memset(f, 0, sizeof *f);
	f->base.ops = &fake_ops;
	buf_init(&f->body.got, SIZE_MAX);
	fake_of_body = f;
}

#define DATE "Date: Thu, 01 Jan 1970 00:01:40 +0100\r\n"
#define WHOLE(s) s, sizeof(s) - 1

static const struct row {
	const char *name;
	enum coll_kind kind;
	const char *text;
	size_t n, head_cap;
	unsigned told;
	uint64_t size; /* as told */
	unsigned warn;
	int64_t date_utc;
	int16_t zone_min;
} rows[] = {
        {"all is told", COLL_MAIL, WHOLE(DATE "\r\nx"), 100, INTAKE_SIZE | INTAKE_DATE, 42, 0, 7,
                3},
        {"the size lies upwards", COLL_MAIL, WHOLE("\r\nabc"), 100, INTAKE_SIZE | INTAKE_DATE, 6,
                WARN_SIZE, 7, 3},
        {"the size lies downwards", COLL_MAIL, WHOLE("\r\nabc"), 100, INTAKE_SIZE | INTAKE_DATE, 4,
                WARN_SIZE, 7, 3},
        {"no size is told", COLL_MAIL, WHOLE("\r\nabc"), 100, INTAKE_DATE, 4, 0, 7, 3},
        {"a NUL", COLL_MAIL, WHOLE("\r\na\0b"), 100, INTAKE_SIZE | INTAKE_DATE, 5, WARN_NUL, 7, 3},
        {"a date in the header", COLL_MAIL, WHOLE(DATE "\r\nx"), 100, INTAKE_SIZE, 42, WARN_DATE,
                -3500, 60},
        {"no date in the header", COLL_MAIL, WHOLE("Subject: x\r\n\r\n"), 100, 0, 0, WARN_DATE, 7,
                3},
        {"a date beyond what is kept", COLL_MAIL, WHOLE("Subject: x\r\n" DATE "\r\n"), 12, 0, 0,
                WARN_DATE, 7, 3},
        {"nothing is kept", COLL_MAIL, WHOLE(DATE "\r\nx"), 0, 0, 0, WARN_DATE, 7, 3},
        {"a calendar has no date", COLL_CALENDAR, WHOLE(DATE "\r\nx"), 100, 0, 0, 0, 7, 3},
        {"everything at once", COLL_MAIL, WHOLE(DATE "\r\n\0"), 100, INTAKE_SIZE, 1,
                WARN_SIZE | WARN_NUL | WARN_DATE, -3500, 60},
        {"no octets, none told", COLL_MAIL, WHOLE(""), 100, INTAKE_SIZE | INTAKE_DATE, 0, 0, 7, 3},
        {"no octets, some told", COLL_CONTACTS, WHOLE(""), 100, INTAKE_SIZE, 9, WARN_SIZE, 7, 3},
};

/* Each row in one piece, then octet by octet, through the same intake. */
static void items_by_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct row *r = &rows[i];
		struct intake in;
		struct fake f;

		print_message("%s\n", r->name);
		fake_init(&f);
		intake_begin(&in, &f.base, r->kind, r->head_cap);
		for (size_t step = r->n ? r->n : 1;; step = 1) {
			struct tree_item it = {
			        .size = r->size, .date_utc = 7, .zone_min = 3, .uid = 5};
			size_t kept = r->n < r->head_cap ? r->n : r->head_cap;
			uint8_t sum[SHA256_LEN];
			struct err err = {0};

			for (size_t at = 0; at < r->n; at += step)
				assert_int_equal(intake_write(&in, r->text + at, step, &err), 0);
			assert_int_equal(in.len, r->n);
			assert_int_equal(intake_finish(&in, &it, r->told, &err), 0);
			sha256_of(r->text, r->n, sum);
			assert_memory_equal(it.sha256, sum, SHA256_LEN);
			assert_int_equal(it.size, r->n);
			assert_int_equal(it.warn, r->warn);
			assert_int_equal(it.date_utc, r->date_utc);
			assert_int_equal(it.zone_min, r->zone_min);
			assert_int_equal(it.uid, 5);
			assert_int_equal(in.len, 0);
			/* still there, and nothing of the item before is */
			assert_int_equal(in.head.len, kept);
			assert_memory_equal(in.head.data, r->text, kept);
			assert_int_equal(f.kind, r->kind);
			if (step == 1)
				break;
		}
		assert_int_equal(f.opened, f.closed);
		intake_clear(&in);
		assert_int_equal(f.aborted, 0);
		buf_clear(&f.body.got);
	}
}

/* Aborted in the middle: nothing of it is in the next item. */
static void drop_in_the_middle(void **state)
{
	(void)state;
	struct tree_item it = {.size = 1};
	struct err err = {0};
	struct intake in;
	struct fake f;

	fake_init(&f);
	intake_begin(&in, &f.base, COLL_MAIL, 100);
	intake_drop(&in);
	assert_int_equal(f.aborted, 0);
	assert_int_equal(intake_write(&in, "", 0, &err), 0);
	assert_int_equal(f.opened, 0);
	assert_int_equal(intake_write(&in, "\0half", 5, &err), 0);
	intake_drop(&in);
	assert_int_equal(f.aborted, 1);
	assert_int_equal(in.len, 0);
	assert_int_equal(in.head.len, 0);
	assert_int_equal(intake_write(&in, "b", 1, &err), 0);
	assert_int_equal(f.opened, 2);
	assert_int_equal(intake_finish(&in, &it, INTAKE_SIZE | INTAKE_DATE, &err), 0);
	assert_int_equal(it.warn, 0);
	assert_int_equal(intake_write(&in, "c", 1, &err), 0);
	assert_false(in.failed);
	intake_clear(&in);
	assert_int_equal(f.aborted, 2);
	intake_clear(&in);
	intake_clear(&(struct intake){0});
	assert_int_equal(f.aborted, 2);
	buf_clear(&f.body.got);
}

/* An error of the sink costs the run; each body that was opened is closed or aborted once. */
static void sink_errors(void **state)
{
	(void)state;
	for (int fails = FAIL_OPEN; fails <= FAIL_CLOSE; fails++) {
		struct tree_item it = {.size = 1};
		struct err err = {0};
		struct intake in;
		struct fake f;
		int rc;

		fake_init(&f);
		f.fails = fails;
		intake_begin(&in, &f.base, COLL_MAIL, 100);
		rc = intake_write(&in, "a", 1, &err);
		assert_int_equal(rc, fails == FAIL_CLOSE ? 0 : ERR_SPACE);
		if (rc == 0)
			assert_int_equal(intake_finish(&in, &it, 0, &err), ERR_SPACE);
		assert_true(in.failed);
		assert_int_equal(err.scope, ERR_WHOLE);
		intake_clear(&in);
		assert_int_equal(f.opened, f.closed + f.aborted);

		intake_begin(&in, &f.base, COLL_MAIL, 0);
		if (fails == FAIL_OPEN)
			assert_int_equal(intake_finish(&in, &it, 0, NULL), ERR_SPACE);
		intake_clear(&in);
		buf_clear(&f.body.got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(items_by_the_table),
	        cmocka_unit_test(drop_in_the_middle),
	        cmocka_unit_test(sink_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
