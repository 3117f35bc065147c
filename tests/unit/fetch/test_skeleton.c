/* The skeleton of a source into a real archive, which is verified. */
#include "pack/archive_help.h"
#include "account/service_url.h"
#include "skeleton.h"

static int set_up(void **state)
{
	int rc = fake_setup(state);
	struct fake *f = *state;

	if (rc)
		return rc;
	tree_account_clear(&f->account);
	f->account.name = xstrdup("alice@skeleton.example.org");
	tree_account_add(&f->account, skeleton.name, "skeleton.example.org", 4711, "alice");
	return 0;
}

/* As cli/backup_services.c does it: kinds that are not asked for keep their last state. */
static struct source_result back_up(struct fake *f, unsigned kinds, const struct source_opts *opts)
{
	struct service service = {.name = skeleton.name};
	struct source_result r = {0};
	struct tree_sink *s = fake_open(f);
	struct progress progress;

	progress_init(&progress);
	assert_non_null(s);
	assert_int_equal(source_skeleton.run(&service, kinds, s, opts, &progress, &r, &f->err), 0);
	for (unsigned k = 0; k < COLL_KINDS; k++)
		if (!(kinds & 1u << k))
			assert_int_equal(s->ops->keep(s, k, NULL, COLL_SKIPPED, NULL, &f->err), 0);
	assert_int_equal(s->ops->commit(s, &f->commit, &f->err), 0);
	s->ops->free(s);
	assert_sound(f, 0);
	return r;
}

static uint64_t items_of(const struct fake *f, enum coll_kind kind)
{
	return f->commit.totals.items[kind];
}

static void three_kinds_from_one_service(void **state)
{
	struct fake *f = *state;
	const struct source_opts opts = {0};
	struct source_result r = back_up(f, skeleton.kinds, &opts);

	assert_int_equal(r.fetched, SKELETON_HAS);
	assert_int_equal(r.items, SKELETON_HAS);
	assert_int_equal(r.collections, 3);
	assert_true(f->verdict.complete && f->commit.totals.complete);
	assert_int_equal(f->verdict.objects, SKELETON_HAS);
	assert_int_equal(items_of(f, COLL_MAIL), 2);
	assert_int_equal(items_of(f, COLL_CALENDAR), 1);
	assert_int_equal(items_of(f, COLL_CONTACTS), 1);
	r = back_up(f, skeleton.kinds, &opts);
	assert_int_equal(r.fetched, 0);
	assert_int_equal(r.items, SKELETON_HAS);
	assert_false(f->commit.changed);
}

static void only_the_kinds_that_are_wanted(void **state)
{
	struct fake *f = *state;
	const struct source_opts opts = {0};
	struct source_result r = back_up(f, 1u << COLL_CONTACTS, &opts);

	assert_int_equal(r.fetched, 1);
	assert_int_equal(items_of(f, COLL_CONTACTS), 1);
	assert_int_equal(items_of(f, COLL_MAIL) + items_of(f, COLL_CALENDAR), 0);
	r = back_up(f, 1u << COLL_MAIL | 1u << COLL_CALENDAR, &opts);
	assert_int_equal(r.fetched, 3);
	assert_int_equal(items_of(f, COLL_CONTACTS), 1);
	assert_int_equal(items_of(f, COLL_MAIL), 2);
}

static void what_is_lost_is_named(void **state)
{
	struct fake *f = *state;
	const struct source_option own[] = {{"skeleton-lose", ""}};
	const struct source_opts opts = {0}, lose = {.own = own, .n_own = 1};
	struct source_result r;

	(void)back_up(f, 1u << COLL_MAIL, &opts);
	r = back_up(f, skeleton.kinds, &lose);
	assert_int_equal(r.errors, 2);
	assert_int_equal(r.items, 2);
	assert_int_equal(f->commit.totals.errors, 2);
	assert_false(f->commit.totals.complete || f->verdict.complete);
}

static void count_name(void *ctx, const struct pattern_name *name, bool taken)
{
	*(size_t *)ctx += taken && *name->full;
}

static void names_are_told(void **state)
{
	size_t n = 0;
	const struct source_opts opts = {.dry = true, .listed = count_name, .listed_ctx = &n};
	struct service service = {.name = skeleton.name};
	struct source_result r = {0};
	struct progress progress;

	(void)state;
	progress_init(&progress);
	assert_int_equal(
	        source_skeleton.run(&service, skeleton.kinds, NULL, &opts, &progress, &r, NULL), 0);
	assert_int_equal(n, 3);
	assert_int_equal(r.items, SKELETON_HAS);
}

static void its_row_does_the_rest(void **state)
{
	static const struct {
		const char *url;
		unsigned port; /* 0: refused */
	} urls[] = {{"skels://alice@h", 4711}, {"skel://h", 4712}, {"skels://h:1", 1},
	        {"skels://h/path", 0}, {"imaps://h", 0}};

	(void)state;
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		struct endpoint at = {0};
		struct err err = {0};
		char *user = NULL;
		int rc = service_url_parse(&skeleton, urls[i].url, false, &at, &user, &err);

		assert_int_equal(rc, urls[i].port ? 0 : ERR_USAGE);
		assert_true(rc == 0 ? at.port == urls[i].port
		                    : strstr(err.text, skeleton.example) != NULL);
		free(at.host);
		free(user);
	}
	assert_non_null(protocol_option(&skeleton, "skeleton-lose", PROTOCOL_FETCH));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(
	                three_kinds_from_one_service, set_up, fake_teardown),
	        cmocka_unit_test_setup_teardown(
	                only_the_kinds_that_are_wanted, set_up, fake_teardown),
	        cmocka_unit_test_setup_teardown(what_is_lost_is_named, set_up, fake_teardown),
	        cmocka_unit_test(names_are_told),
	        cmocka_unit_test(its_row_does_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
