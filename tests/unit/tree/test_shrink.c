/* The shrink rule: what stays as gone, for how long, and what is told of it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "valise/base/mem.h"
#include "valise/tree/shrink.h"

/* One letter an item: the letter is its content. */
#define L20 "abcdefghijklmnopqrst"
#define L21 L20 "u"
#define L40 L20 "ABCDEFGHIJKLMNOPQRST"
#define L41 L40 "U"

/*
 * A collection in two states. Its name begins with @ for a calendar, # for an address
 * book, % for linked files.
 */
struct state_case {
	const char *name, *before, *gone, *after; /* before, after NULL: not there */
	unsigned runs; /* that found ${gone} missing */
	const char *use;
	enum coll_status status; /* of the new state */
};

struct world {
	const struct state_case *colls;
	size_t n;
	unsigned loads;
	/* "A 5+40@1 ": what was put: items, what is gone, and since how many runs */
	char result[256];
};

static enum coll_kind kind_of(const char *name)
{
	return *name == '@'   ? COLL_CALENDAR
	       : *name == '#' ? COLL_CONTACTS
	       : *name == '%' ? COLL_LINKED
	                      : COLL_MAIL;
}

static struct tree_item item_of(struct tree_coll *c, char letter, uint32_t number)
{
	struct tree_item it = {
	        .uid = c->kind == COLL_MAIL ? number : 0, .sha256 = {(uint8_t)letter}};

	if (c->kind != COLL_MAIL)
		tree_coll_ext(c, &it.ext)->href = xasprintf("/%s/%u", c->name, number);
	return it;
}

static struct tree_coll *letters(const struct state_case *s, bool after)
{
	struct tree_coll *c = tree_coll_new(kind_of(s->name), s->name);
	const char *text = after ? s->after : s->before, *gone = after ? "" : s->gone;
	uint32_t n = 0;

	c->path = xasprintf("%s/%s", coll_kind_dir(c->kind), s->name);
	c->special_use = xstrdup(s->use);
	c->delimiter = '/';
	c->status = after ? s->status : COLL_COMPLETE;
	for (; *text; text++) {
		struct tree_item it = item_of(c, *text, ++n);

		tree_coll_add(c, &it);
	}
	for (; gone && *gone; gone++) {
		struct tree_item it = item_of(c, *gone, 1000 + ++n);

		it.gone = (uint16_t)s->runs;
		tree_coll_add_gone(c, &it);
	}
	tree_coll_number(c, NULL);
	return c;
}

static int load(
        void *ctx, const struct tree_head *h, bool after, struct tree_coll **out, struct err *err)
{
	struct world *w = ctx;

	w->loads++;
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->colls[i].name, h->name) == 0) {
			*out = letters(&w->colls[i], after);
			return 0;
		}
	return err_set(err, ERR_NOTFOUND, ERR_COLLECTION, "no %s", h->name);
}

static int put(void *ctx, struct tree_coll *c, struct err *err)
{
	struct world *w = ctx;
	size_t at = strlen(w->result);

	(void)err;
	snprintf(w->result + at, sizeof w->result - at, "%s%s %zu+%zu@%u ", c->name,
	        c->attrs & ATTR_GONE ? "!" : "", c->n_items, c->n_gone,
	        c->n_gone ? c->gone[0].gone : 0);
	tree_coll_free(c);
	return 0;
}

static void state_of(const struct world *w, bool after, struct tree_manifest *m)
{
	tree_manifest_init(m);
	for (size_t i = 0; i < w->n; i++) {
		struct tree_coll *c;
		struct tree_roots roots;
		struct tree_head h;

		if (!(after ? w->colls[i].after : w->colls[i].before))
			continue;
		c = letters(&w->colls[i], after);
		catalog_roots(c, &roots);
		tree_head_of(&h, c, &roots);
		tree_manifest_add(m, &h);
		tree_head_clear(&h);
		tree_coll_free(c);
	}
	tree_manifest_sort(m);
}

struct outcome {
	const char *put;
	unsigned marked, max_loads;
};

static void expect_with(const struct tree_accept *accept, const struct state_case *colls, size_t n,
        struct outcome want)
{
	struct world w = {colls, n, 0, ""};
	struct tree_manifest before, after;
	struct tree_shrink_head heads[8];
	struct tree_shrink s = {&before, heads, load, put, &w, accept, NULL};
	unsigned marked = 99;

	state_of(&w, false, &before);
	state_of(&w, true, &after);
	for (size_t i = 0; i < before.n_heads; i++) {
		const struct tree_head *now =
		        tree_manifest_find(&after, before.heads[i].kind, before.heads[i].name);

		heads[i] = (struct tree_shrink_head){!now || now->status < COLL_STALE, UINT64_MAX};
	}
	assert_int_equal(tree_shrink_keep(&s, &after, &marked, NULL), 0);
	assert_string_equal(w.result, want.put);
	assert_int_equal(marked, want.marked);
	assert_true(w.loads <= want.max_loads);
	tree_manifest_clear(&before);
	tree_manifest_clear(&after);
}

#define CASES(...)                                                                                 \
	(const struct state_case[]){__VA_ARGS__},                                                  \
	        sizeof((const struct state_case[]){__VA_ARGS__}) / sizeof(struct state_case)

static const struct tree_accept nothing;

#define EXPECT(put, marked, ...)                                                                   \
	expect_with(&nothing, CASES(__VA_ARGS__), (struct outcome){put, marked, 30})

static void what_counts_as_shrunk(void **state)
{
	(void)state;
	assert_false(tree_shrunk(0, 0));
	assert_false(tree_shrunk(1, 1));
	assert_false(tree_shrunk(20, 20));
	assert_true(tree_shrunk(21, 21));
	assert_false(tree_shrunk(42, 21));
	assert_true(tree_shrunk(41, 21));
	assert_false(tree_shrunk(100, 50));
	assert_true(tree_shrunk(100, 51));
}

static void what_is_suspicious_stays(void **state)
{
	(void)state;
	/* nothing changed: nothing is loaded */
	expect_with(&nothing,
	        CASES({.name = "A", .before = "abc", .after = "abc"},
	                {.name = "B", .before = "", .after = ""}),
	        (struct outcome){"", 0, 0});
	EXPECT("A 20+21@1 ", 1, {.name = "A", .before = L41, .after = L20},
	        {.name = "B", .before = "x", .after = "x"});
	/* half */
	EXPECT("", 0, {.name = "A", .before = L40, .after = L20},
	        {.name = "B", .before = "x", .after = "x"});
	/* not more than 20 */
	EXPECT("", 0, {.name = "A", .before = L20, .after = ""},
	        {.name = "B", .before = "x", .after = "x"});
	/* what is new is there */
	EXPECT("A 5+21@1 ", 1, {.name = "A", .before = L21, .after = "vwxyz"},
	        {.name = "B", .before = "0", .after = "0"});
	EXPECT("A 0+21@1 ", 1, {.name = "A", .before = L21, .after = ""},
	        {.name = "B", .before = "0", .after = "0"});
	/* with its mailbox */
	EXPECT("A! 0+21@1 ", 1, {.name = "A", .before = L21},
	        {.name = "B", .before = "0", .after = "0"});
	/* moved, renamed, merged: nothing is lost */
	EXPECT("", 0, {.name = "A", .before = L21, .after = ""},
	        {.name = "B", .before = "0", .after = "0" L21});
	EXPECT("", 0, {.name = "A", .before = L21}, {.name = "B", .before = NULL, .after = L21});
	/* edited events */
	EXPECT("", 0, {.name = "@A", .before = L21, .after = "ABCDEFGHIJKLMNOPQRSTU"});
	EXPECT("@A 1+21@1 ", 1, {.name = "@A", .before = "x" L21, .after = "x"},
	        {.name = "@B", .before = "0", .after = "0"});
}

static void what_comes_and_goes_is_believed(void **state)
{
	(void)state;
	EXPECT("", 0, {.name = "Trash", .before = L21, .after = ""},
	        {.name = "B", .before = "0", .after = "0"});
	EXPECT("", 0, {.name = "Papierkorb", .before = L21, .after = ""},
	        {.name = "B", .before = "0", .after = "0"});
	EXPECT("", 0, {.name = "Bin", .before = L21, .after = "", .use = "\\Trash"},
	        {.name = "B", .before = "0", .after = "0"});
	EXPECT("", 0, {.name = "Muell", .before = L21, .after = "", .use = "\\Junk"},
	        {.name = "B", .before = "0", .after = "0"});
	EXPECT("", 0, {.name = "Drafts", .before = L21},
	        {.name = "B", .before = "0", .after = "0"});
	/* below it */
	EXPECT("", 0, {.name = "Trash/2020", .before = L21},
	        {.name = "B", .before = "0", .after = "0"});
	EXPECT("", 0, {.name = "Bin", .before = "", .after = "", .use = "\\Trash"},
	        {.name = "Bin/2020", .before = L21}, {.name = "B", .before = "0", .after = "0"});
	EXPECT("Sent 0+21@1 ", 1, {.name = "Sent", .before = L21, .after = ""},
	        {.name = "B", .before = "0", .after = "0"});
	EXPECT("Spam 0+21@1 ", 1, {.name = "Spam", .before = L21, .after = "", .use = "\\Archive"},
	        {.name = "B", .before = "0", .after = "0"});
	/* links */
	EXPECT("", 0, {.name = "%calendars: A", .before = L21},
	        {.name = "B", .before = "0", .after = "0"});
}

static void a_whole_account_is_suspicious(void **state)
{
	(void)state;
	EXPECT("A 0+2@1 B! 0+1@1 ", 2, {.name = "A", .before = "ab", .after = ""},
	        {.name = "B", .before = "c"}, {.name = "C", .before = "", .after = ""});
	/* new mail alone */
	EXPECT("A 1+2@1 ", 1, {.name = "A", .before = "ab", .after = "c"});
	EXPECT("A 0+1@1 Trash 0+2@1 ", 2, {.name = "A", .before = "a", .after = ""},
	        {.name = "Trash", .before = "bc", .after = ""});
	EXPECT("", 0, {.name = "Trash", .before = "bc", .after = ""},
	        {.name = "INBOX", .before = "", .after = ""});
	EXPECT("", 0, {.name = "A", .before = "ab", .after = ""},
	        {.name = "B", .before = "c", .after = "c"});
	EXPECT("", 0, {.name = "A", .before = "ab", .after = ""},
	        {.name = "B", .before = "c", .after = "c", .status = COLL_STALE});
	/* each kind is another server's */
	/* it is back */
	EXPECT("A 2+0@0 ", 0, {.name = "A", .before = "x", .gone = "ab", .after = "ab", .runs = 1});
	EXPECT("@C 0+2@1 ", 1, {.name = "A", .before = "a", .after = "a"},
	        {.name = "@C", .before = "bc", .after = ""});
	EXPECT("", 0, {.name = "A", .before = "a", .after = "a"},
	        {.name = "@C", .before = "bc", .after = ""},
	        {.name = "@D", .before = "e", .after = "e"});
}

static void what_is_gone_waits_for_two_runs(void **state)
{
	(void)state;
	EXPECT("A 1+2@2 ", 0, {.name = "A", .before = "a", .gone = "bc", .after = "a", .runs = 1});
	EXPECT("A 1+0@0 ", 0, {.name = "A", .before = "a", .gone = "bc", .after = "a", .runs = 2});
	EXPECT("A! 0+2@2 ", 0, {.name = "A", .before = "", .gone = "bc", .after = NULL, .runs = 1},
	        {.name = "B", .before = "d", .after = "d"});
	/* nothing is left of it */
	EXPECT("", 0, {.name = "A", .before = "", .gone = "bc", .after = NULL, .runs = 2},
	        {.name = "B", .before = "d", .after = "d"});
	/* an incomplete run says nothing, one that did not look neither */
	EXPECT("A 1+2@1 ", 0,
	        {.name = "A",
	                .before = "a",
	                .gone = "bc",
	                .after = "a",
	                .runs = 1,
	                .status = COLL_PARTIAL});
	EXPECT("", 0,
	        {.name = "A",
	                .before = "a",
	                .gone = "bc",
	                .after = "a",
	                .runs = 1,
	                .status = COLL_STALE});
	EXPECT("", 0,
	        {.name = "A",
	                .before = "a",
	                .gone = "bc",
	                .after = "a",
	                .runs = 1,
	                .status = COLL_SKIPPED});
	/* back again, here or elsewhere, whole or in part */
	EXPECT("A 3+0@0 ", 0,
	        {.name = "A", .before = "a", .gone = "bc", .after = "abc", .runs = 1});
	EXPECT("A 1+0@0 ", 0, {.name = "A", .before = "a", .gone = "bc", .after = "a", .runs = 1},
	        {.name = "B", .before = "x", .after = "xbc"});
	EXPECT("A 2+1@2 ", 0, {.name = "A", .before = "a", .gone = "bc", .after = "ab", .runs = 1});
	/* more goes while some is gone */
	EXPECT("A 1+22@1 ", 1,
	        {.name = "A", .before = "z" L21, .gone = "0", .after = "z", .runs = 1});
}

static void the_user_is_believed(void **state)
{
	static const char *const a[] = {"A"}, *const path[] = {"mail/A"};
	const struct tree_accept all = {.all = true}, one = {.names = a, .n_names = 1},
	                         by_path = {.names = path, .n_names = 1};

	(void)state;
	expect_with(&all,
	        CASES({.name = "A", .before = L21, .after = ""}, {.name = "B", .before = L21}),
	        (struct outcome){"", 0, 0});
	expect_with(&one,
	        CASES({.name = "A", .before = L21, .after = ""},
	                {.name = "B", .before = "0" L40, .after = "0"}),
	        (struct outcome){"B 1+40@1 ", 1, 30});
	expect_with(&by_path,
	        CASES({.name = "A", .before = L21, .after = ""},
	                {.name = "B", .before = "0", .after = "0"}),
	        (struct outcome){"", 0, 30});
	expect_with(&one,
	        CASES({.name = "A", .before = "a", .gone = "bc", .after = "a", .runs = 1},
	                {.name = "B", .before = "d", .gone = "e", .after = "d", .runs = 1}),
	        (struct outcome){"A 1+0@0 B 1+1@2 ", 0, 30});
}

static void names_are_checked(void **state)
{
	static const char *const good[] = {"A", "mail/B"}, *const bad[] = {"A", "b"};
	const struct tree_accept g = {.names = good, .n_names = 2},
	                         b = {.names = bad, .n_names = 2};
	struct world w = {(const struct state_case[]){
	                          {.name = "A", .before = "a"}, {.name = "B", .before = "b"}},
	        2, 0, ""};
	struct tree_manifest m, none = {0};
	struct err err = {0};

	(void)state;
	state_of(&w, false, &m);
	assert_int_equal(tree_accept_check(&g, &m, &err), 0);
	assert_int_equal(tree_accept_check(&b, &m, &err), ERR_USAGE);
	assert_non_null(strstr(err.text, "\"b\""));
	assert_int_equal(tree_accept_check(&b, &none, NULL), 0);
	tree_manifest_clear(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(what_counts_as_shrunk),
	        cmocka_unit_test(what_is_suspicious_stays),
	        cmocka_unit_test(what_comes_and_goes_is_believed),
	        cmocka_unit_test(a_whole_account_is_suspicious),
	        cmocka_unit_test(what_is_gone_waits_for_two_runs),
	        cmocka_unit_test(the_user_is_believed),
	        cmocka_unit_test(names_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
