/* What the runs of all sources share: fetch/run.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "fetch/run.h"

/* A sink that notes what it is asked for, and fails if told to. */
static struct {
	char log[200];
	bool fails;
	bool has; /* something of the collection */
} seen;

static int note(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
static int note(struct err *err, const char *fmt, ...)
{
	size_t n = strlen(seen.log);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(seen.log + n, sizeof seen.log - n, fmt, ap);
	va_end(ap);
	return seen.fails ? err_set(err, ERR_SPACE, ERR_ITEM, "the disk is full") : 0;
}

static int fake_prev(struct tree_sink *s, enum tree_prev which, enum coll_kind kind,
        const char *name, struct tree_coll **out, struct err *err)
{
	int rc = note(err, "[prev %d %s %s]", which, coll_kind_dir(kind), name);

	(void)s;
	*out = rc == 0 && seen.has ? tree_coll_new(kind, name) : NULL;
	return rc;
}

static struct tree_reader reader;

static int fake_last(struct tree_sink *s, struct tree_reader **out, struct err *err)
{
	int rc = note(err, "[last]");

	(void)s;
	*out = rc == 0 ? &reader : NULL;
	return rc;
}

static int fake_item(
        struct tree_sink *s, struct tree_coll *c, const struct tree_item *it, struct err *err)
{
	(void)s;
	return note(err, "[item %s %u]", c->name, it->uid);
}

static int fake_coll(struct tree_sink *s, struct tree_coll *c, struct err *err)
{
	int rc = note(err, "[coll %s]", c->name);

	(void)s;
	tree_coll_free(c);
	return rc;
}

static int fake_keep(struct tree_sink *s, enum coll_kind kind, const char *name,
        enum coll_status status, const char *reason, struct err *err)
{
	(void)s;
	return note(err, "[keep %s %s %d %s]", coll_kind_dir(kind), name, status, reason);
}

static const struct tree_sink_ops fake_ops = {.prev = fake_prev,
        .last = fake_last,
        .item = fake_item,
        .coll = fake_coll,
        .keep = fake_keep};
static struct tree_sink sink = {&fake_ops};

/* The disk is full, but to none of them it is another item's fault. */
static void to_the_sink(void **state)
{
	(void)state;
	for (int fails = 0; fails < 2; fails++) {
		const struct source_opts opts = {.dry = false};
		const struct tree_item it = {.uid = 7};
		struct tree_coll *c = tree_coll_new(COLL_CALENDAR, "A"), *old[2];
		struct source_result out = {.items = 1};
		const int want = fails ? ERR_SPACE : 0;
		struct tree_reader *last;
		struct fetch_run r;
		struct err err = {0};

		memset(&seen, 0, sizeof seen);
		seen.fails = fails;
		seen.has = true;
		run_begin(&r, NULL, &sink, &opts, NULL, COLL_CALENDAR);
		assert_int_equal(run_load(&r, "A", &old[0], &old[1], &err), want);
		assert_int_equal(old[0] != NULL, !fails);
		assert_int_equal(old[1] != NULL, !fails);
		assert_int_equal(err.scope, fails ? ERR_WHOLE : 0);
		err_clear(&err);
		assert_int_equal(run_last(&r, &last, &err), want);
		assert_int_equal(last == &reader, !fails);
		assert_int_equal(err.scope, fails ? ERR_WHOLE : 0);
		err_clear(&err);
		assert_int_equal(run_item(&r, c, &it, &err), want);
		assert_int_equal(err.scope, fails ? ERR_WHOLE : 0);
		err_clear(&err);
		assert_int_equal(run_keep(&r, "B", COLL_STALE, "why", &err), want);
		assert_int_equal(err.scope, fails ? ERR_WHOLE : 0);
		err_clear(&err);
		assert_int_equal(run_coll(&r, &c, &err), want);
		assert_null(c);
		assert_int_equal(err.scope, fails ? ERR_WHOLE : 0);
		assert_string_equal(
		        seen.log, fails ? "[prev 0 calendars A][last][item A 7][keep calendars B 2 "
		                          "why][coll A]"
		                        : "[prev 0 calendars A][prev 1 calendars A][last][item A "
		                          "7][keep calendars B 2 why][coll A]");
		assert_int_equal(run_finish(&r, want, &out, &err), want);
		assert_int_equal(out.items, 1);
		tree_coll_free(old[0]);
		tree_coll_free(old[1]);
	}
}

static void dry(void **state)
{
	(void)state;
	const struct source_opts opts = {.dry = true};
	struct tree_coll *old[2] = {0};
	struct source_result out = {0};
	struct tree_reader *last;
	struct fetch_run r;

	memset(&seen, 0, sizeof seen);
	run_begin(&r, NULL, NULL, &opts, NULL, COLL_MAIL);
	assert_int_equal(run_keep(&r, "A", COLL_SKIPPED, NULL, NULL), 0);
	assert_int_equal(run_load(&r, "A", &old[0], &old[1], NULL), 0);
	assert_null(old[0]);
	assert_null(old[1]);
	assert_int_equal(run_last(&r, &last, NULL), 0);
	assert_null(last);
	assert_int_equal(run_finish(&r, 0, &out, NULL), 0);
}

static void counts(void **state)
{
	(void)state;
	struct tree_coll *c = tree_coll_new(COLL_MAIL, "A");
	struct source_result out = {.collections = 1, .errors = 2};
	struct err err = {.code = ERR_NET, .scope = ERR_COLLECTION};
	struct fetch_run r;

	run_begin(&r, NULL, &sink, NULL, NULL, COLL_MAIL);
	run_count(&r, &(struct source_result){1, 2, 3, 4, 5, 6, 7, true});
	run_count(&r, &(struct source_result){1, 1, 1, 1, 1, 1, 1, false});
	run_lose(&r, c, 0, "uidl", "gone");
	run_lose(&r, c, 9, NULL, "cut");
	assert_int_equal(c->n_errors, 2);
	assert_string_equal(c->errors[0].href, "uidl");
	assert_string_equal(c->errors[0].reason, "gone");
	assert_int_equal(c->errors[1].uid, 9);
	assert_int_equal(c->status, COLL_PARTIAL);
	assert_int_equal(run_finish(&r, ERR_NET, &out, &err), ERR_NET);
	assert_int_equal(err.scope, ERR_WHOLE);
	assert_int_equal(out.collections, 3);
	assert_int_equal(out.items, 3);
	assert_int_equal(out.fetched, 4);
	assert_int_equal(out.bytes_fetched, 5);
	assert_int_equal(out.errors, 2 + 6 + 2);
	assert_int_equal(out.unchanged, 7);
	assert_int_equal(out.elsewhere, 8);
	assert_true(out.unlisted);
	tree_coll_free(c);
}

static void on_listed(void *ctx, const struct pattern_name *name, bool taken)
{
	snprintf(ctx, 40, "%s %d %d", name->full, name->mail, taken);
}

static void chosen(void **state)
{
	(void)state;
	static const char *const include[] = {"inbox", "W*"}, *const exclude[] = {"Work"};
	static const struct {
		enum coll_kind kind;
		const char *name;
		bool wanted;
	} rows[] = {
	        {COLL_MAIL, "INBOX", true},
	        {COLL_CALENDAR, "INBOX", false},
	        {COLL_CALENDAR, "Weekend", true},
	        {COLL_CALENDAR, "Work", false},
	        {COLL_CALENDAR, "Home", false},
	};
	char told[40];
	const struct source_opts opts = {
	        .choice = {include, 2, exclude, 1, 0}, .listed = on_listed, .listed_ctx = told};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct source_result out = {0};
		struct fetch_run r;

		run_begin(&r, NULL, &sink, &opts, NULL, rows[i].kind);
		if (run_wants(&r, rows[i].name) != rows[i].wanted)
			fail_msg("row %zu: %s", i, rows[i].name);
		run_tell(&r, rows[i].name);
		assert_int_equal(strncmp(told, rows[i].name, strlen(rows[i].name)), 0);
		assert_string_equal(strchr(told, ' '), rows[i].kind == COLL_MAIL ? " 1 1" : " 0 1");
		assert_int_equal(run_finish(&r, 0, &out, NULL), 0);
	}
}

static void miscounted(void **state)
{
	(void)state;
	static const struct {
		uint64_t came, said;
		bool wrong;
	} rows[] = {{100, 100, false}, {99, 100, false}, {101, 100, true}, {108, 100, true},
	        {109, 100, false}, {200021, 200018, true}, {65000, 64000, true},
	        {65001, 64000, false}, {8, 0, true}, {9, 0, false}, {196, 99, false},
	        {UINT64_MAX, 1, false}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(run_is_miscounted(rows[i].came, rows[i].said), rows[i].wrong);
}

/* Of an interrupted run. */
static void doubts_sizes(void **state)
{
	(void)state;
	static const struct {
		unsigned right, wrong;
		bool doubted;
	} rows[] = {{0, 0, true}, {0, 1, true}, {0, 4, true}, {0, 5, false}, {19, 5, false},
	        {20, 5, true}, {100, 26, false}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct tree_coll *c = tree_coll_new(COLL_MAIL, "INBOX");

		for (unsigned k = 0; k < rows[i].right + rows[i].wrong; k++) {
			struct tree_item it = {.uid = k + 1};

			it.warn = k < rows[i].wrong ? WARN_SIZE | WARN_DATE : WARN_DATE;
			tree_coll_add(c, &it);
		}
		if (run_doubts_sizes(c) != rows[i].doubted)
			fail_msg("row %zu", i);
		tree_coll_free(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(miscounted),
	        cmocka_unit_test(doubts_sizes),
	        cmocka_unit_test(to_the_sink),
	        cmocka_unit_test(dry),
	        cmocka_unit_test(counts),
	        cmocka_unit_test(chosen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
