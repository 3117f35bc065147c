#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "valise/tree/manifest.h"
#include "valise/tree/model.h"

static void paths_of_items(void **state)
{
	static const struct {
		int64_t date;
		unsigned flags, dup;
		const char *keyword, *path;
	} cases[] = {
	        {837596665, 0, 0, NULL, "mail/INBOX/cur/837596665.V0102030405060708.valise:2,"},
	        {837596665, FLAG_SEEN | FLAG_ANSWERED, 0, NULL,
	                "mail/INBOX/cur/837596665.V0102030405060708.valise:2,RS"},
	        {0, FLAG_SEEN | FLAG_ANSWERED | FLAG_FLAGGED | FLAG_DELETED | FLAG_DRAFT, 2,
	                "$Forwarded", "mail/INBOX/cur/0.V0102030405060708_2.valise:2,DFPRST"},
	        {-5, 0, 70000, "$forwardedX", "mail/INBOX/cur/0.V0102030405060708_70000.valise:2,"},
	        {5, 0, 0, "$FORWARDED", "mail/INBOX/cur/5.V0102030405060708.valise:2,P"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct tree_coll *c = tree_coll_new(COLL_MAIL, "INBOX");
		struct tree_item it = {.date_utc = cases[i].date,
		        .flags = (uint16_t)cases[i].flags,
		        .dup = cases[i].dup};
		const char *words[] = {"zz", cases[i].keyword, "aa"};
		struct buf path;

		for (uint8_t k = 0; k < SHA256_LEN; k++)
			it.sha256[k] = (uint8_t)(k + 1);
		if (cases[i].keyword)
			it.keywords = tree_coll_keywords(c, words, 3);
		c->path = strdup("mail/INBOX");
		buf_init(&path, 1000);
		tree_item_path(c, &it, &path);
		assert_string_equal(buf_str(&path), cases[i].path);
		buf_clear(&path);
		tree_coll_free(c);
	}
}

static void object_names(void **state)
{
	uint8_t sum[SHA256_LEN] = {0xab, 0x01};
	char name[OBJECT_NAME_SIZE];

	(void)state;
	tree_object_name(COLL_CONTACTS, sum, name);
	assert_string_equal(name,
	        "objects/ab/ab01000000000000000000000000000000000000000000000000000000000000.vcf");
}

static void content_names(void **state)
{
	static const struct {
		const char *name, *prefix;
		char delimiter;
		enum coll_kind kind;
		const char *content;
	} cases[] = {
	        {"INBOX", "INBOX.", '.', COLL_MAIL, "INBOX"},
	        {"inbox", NULL, '/', COLL_MAIL, "INBOX"},
	        {"Inbox.Work", NULL, '.', COLL_MAIL, "INBOX/Work"},
	        {"INBOX.Work.2020", "INBOX.", '.', COLL_MAIL, "Work/2020"},
	        {"inbox.Work", "INBOX.", '.', COLL_MAIL, "Work"},
	        {"Inboxes", NULL, '.', COLL_MAIL, "Inboxes"},
	        {"a/b.c=d", NULL, '.', COLL_MAIL, "a=2Fb/c=3Dd"},
	        {"a/b", NULL, '/', COLL_MAIL, "a/b"},
	        {"a/b", NULL, 0, COLL_MAIL, "a=2Fb"},
	        {"Other.x", "INBOX.", '.', COLL_MAIL, "Other/x"},
	        {"", NULL, '/', COLL_MAIL, ""},
	        {"inbox", NULL, 0, COLL_CALENDAR, "inbox"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct tree_coll *c = tree_coll_new(cases[i].kind, cases[i].name);
		struct buf name;

		c->delimiter = cases[i].delimiter;
		if (cases[i].prefix)
			c->prefix = strdup(cases[i].prefix);
		buf_init(&name, 1000);
		tree_content_name(c, &name);
		assert_string_equal(buf_str(&name), cases[i].content);
		buf_clear(&name);
		tree_coll_free(c);
	}
}

/* Items given as "uid date content dup". */
struct plain {
	uint32_t uid;
	int64_t date;
	uint8_t content;
	uint32_t dup;
};

static struct tree_coll *mail_of(const struct plain *p, size_t n)
{
	struct tree_coll *c = tree_coll_new(COLL_MAIL, "INBOX");

	for (size_t i = 0; i < n; i++) {
		struct tree_item it = {.uid = p[i].uid, .date_utc = p[i].date, .dup = p[i].dup};

		memset(it.sha256, p[i].content, SHA256_LEN);
		tree_coll_add(c, &it);
	}
	tree_coll_sort(c);
	return c;
}

static void expect_numbers(const struct plain *now, size_t n, const struct plain *before, size_t m,
        const uint32_t *want)
{
	struct tree_coll *c = mail_of(now, n), *prev = before ? mail_of(before, m) : NULL;

	tree_coll_number(c, prev);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(c->items[i].dup, want[i]);
	tree_coll_free(c);
	tree_coll_free(prev);
}

static void twins_are_numbered(void **state)
{
	(void)state;
	expect_numbers((struct plain[]){{1, 5, 9, 0}, {2, 5, 9, 0}, {3, 6, 9, 0}, {4, 5, 9, 0}}, 4,
	        NULL, 0, (uint32_t[]){0, 2, 0, 3});
	/* before 1970 all seconds are 0 */
	expect_numbers(
	        (struct plain[]){{1, -5, 9, 0}, {2, 0, 9, 0}}, 2, NULL, 0, (uint32_t[]){0, 2});
}

static void numbers_are_kept(void **state)
{
	const struct plain before[] = {{1, 5, 9, 0}, {2, 5, 9, 2}, {3, 5, 9, 3}};

	(void)state;
	expect_numbers((struct plain[]){{2, 5, 9, 0}, {3, 5, 9, 0}, {7, 5, 9, 0}, {8, 5, 9, 0}}, 4,
	        before, 3, (uint32_t[]){2, 3, 0, 4});
	/* another date is another file */
	expect_numbers((struct plain[]){{2, 6, 9, 0}}, 1, before, 3, (uint32_t[]){0});
	/* a number that the item brings is kept, one that is taken is not */
	expect_numbers((struct plain[]){{2, 5, 9, 0}, {4, 5, 9, 2}, {5, 5, 9, 5}}, 3, before, 3,
	        (uint32_t[]){2, 0, 5});
	/* a last snapshot that holds twins does no harm */
	expect_numbers((struct plain[]){{1, 5, 9, 0}, {2, 5, 9, 0}}, 2,
	        (struct plain[]){{1, 5, 9, 4}, {2, 5, 9, 4}}, 2, (uint32_t[]){4, 0});
}

static struct tree_coll *calendar_of(const char *const *hrefs, const char *const *names, size_t n)
{
	struct tree_coll *c = tree_coll_new(COLL_CALENDAR, "Home");

	for (size_t i = 0; i < n; i++) {
		struct tree_item it = {.size = i};
		struct tree_ext *e = tree_coll_ext(c, &it.ext);

		e->href = strdup(hrefs[i]);
		e->path = names && names[i] ? strdup(names[i]) : NULL;
		tree_coll_add(c, &it);
	}
	tree_coll_sort(c);
	return c;
}

static void resources_get_names(void **state)
{
	const char *const hrefs[] = {
	        "/c/%2e.ics", "/c/A.ics", "/c/a.ics", "/c/b%2Fc.ICS", "/c/d.txt"};
	const char *const want[] = {"=2E", "A", "a_2", "b=2Fc", "d.txt"};
	struct tree_coll *c = calendar_of(hrefs, NULL, 5), *again;

	(void)state;
	tree_coll_number(c, NULL);
	for (size_t i = 0; i < 5; i++)
		assert_string_equal(tree_item_ext(c, &c->items[i])->path, want[i]);
	/* the last snapshot's name wins, also over what the item brings */
	again = calendar_of((const char *const[]){"/c/a.ics"}, (const char *const[]){"zz"}, 1);
	tree_coll_number(again, c);
	assert_string_equal(tree_item_ext(again, &again->items[0])->path, "a_2");
	tree_coll_free(again);
	again = calendar_of(
	        (const char *const[]){"/c/fresh.ics"}, (const char *const[]){"../x"}, 1);
	tree_coll_number(again, c);
	assert_string_equal(tree_item_ext(again, &again->items[0])->path, "fresh");
	tree_coll_free(again);
	tree_coll_free(c);
}

static void paths_of_collections(void **state)
{
	static const struct {
		const char *name;
		char delimiter;
		enum coll_kind kind;
		const char *path;
	} cases[] = {
	        {"INBOX", '/', COLL_MAIL, "mail/INBOX"},
	        {"INBOX/Work", '/', COLL_MAIL, "mail/INBOX/Work"},
	        {"inbox.work", '.', COLL_MAIL, "mail/inbox/work_2"},
	        {"a/b", '.', COLL_MAIL, "mail/a=2Fb"},
	        {"cur", '/', COLL_MAIL, "mail/=63ur"},
	        {"x/../y", '/', COLL_MAIL, "mail/x/=2E=2E/y"},
	        {"x//y", '/', COLL_MAIL, "mail/x/=/y"},
	        {".hidden", '/', COLL_MAIL, "mail/=2Ehidden"},
	        {"A.jsonl", '/', COLL_MAIL, "mail/A=2Ejsonl"},
	        {"A.jsonl.GZ", '/', COLL_MAIL, "mail/A.jsonl=2EGZ"},
	        {"Home", 0, COLL_CALENDAR, "calendars/Home"},
	        {"a/b", 0, COLL_CONTACTS, "contacts/a=2Fb"},
	        {"INBOX", '/', COLL_MAIL, "mail/INBOX"},
	};
	struct tree_names *names = tree_names_new();

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct tree_coll *c = tree_coll_new(cases[i].kind, cases[i].name);
		char *path;

		c->delimiter = cases[i].delimiter;
		path = tree_names_path(names, c);
		assert_string_equal(path, cases[i].path);
		free(path);
		tree_coll_free(c);
	}
	tree_names_free(names);
}

static void a_long_name_is_cut(void **state)
{
	struct tree_names *names = tree_names_new();
	char name[4001];
	struct tree_coll *c;
	char *path;

	(void)state;
	for (size_t i = 0; i < 4000; i++)
		name[i] = i % 100 == 99 ? '/' : 'x';
	name[4000] = '\0';
	c = tree_coll_new(COLL_MAIL, name);
	c->delimiter = '/';
	path = tree_names_path(names, c);
	assert_memory_equal(path, "mail/=~", 7);
	assert_int_equal(strlen(path), 23);
	free(path);
	tree_coll_free(c);
	tree_names_free(names);
}

static void given_paths_are_kept(void **state)
{
	struct tree_names *names = tree_names_new();
	struct tree_coll *c = tree_coll_new(COLL_MAIL, "Work"),
	                 *d = tree_coll_new(COLL_MAIL, "Work_2");
	char *path;

	(void)state;
	tree_names_keep(names, COLL_MAIL, "Work", "mail/Work_2");
	tree_names_keep(names, COLL_MAIL, "Evil", "mail/../x");
	path = tree_names_path(names, c);
	assert_string_equal(path, "mail/Work_2");
	free(path);
	path = tree_names_path(names, d);
	assert_string_equal(path, "mail/Work_2_2");
	free(path);
	tree_coll_free(c);
	/* a path that the collection brings */
	c = tree_coll_new(COLL_MAIL, "Evil");
	c->path = strdup("mail/A/cur");
	path = tree_names_path(names, c);
	assert_string_equal(path, "mail/Evil");
	free(path);
	tree_coll_free(c);
	c = tree_coll_new(COLL_MAIL, "Old");
	c->path = strdup("mail/Older");
	path = tree_names_path(names, c);
	assert_string_equal(path, "mail/Older");
	free(path);
	tree_coll_free(c);
	/*
	 * Of before: where the files are, paths stay; a new archive takes none that some
	 * file system refuses.
	 */
	c = tree_coll_new(COLL_MAIL, "Aux?");
	c->path = strdup("mail/Aux?");
	tree_names_keep_portable(names, COLL_MAIL, "Aux?", "mail/Aux?");
	path = tree_names_path(names, c);
	assert_string_equal(path, "mail/Aux=3F");
	free(path);
	tree_names_keep(names, COLL_MAIL, "Nul", "mail/Nul");
	tree_names_keep(names, COLL_MAIL, "NUL", "mail/NUL");
	tree_names_keep_portable(names, COLL_MAIL, "OLDER", "mail/OLDER");
	free(c->name);
	c->name = strdup("NUL");
	path = tree_names_path(names, c);
	assert_string_equal(path, "mail/NUL");
	free(path);
	free(c->name);
	c->name = strdup("OLDER");
	path = tree_names_path(names, c);
	assert_string_equal(path, "mail/OLDER_2");
	free(path);
	tree_coll_free(c);
	tree_coll_free(d);
	tree_names_free(names);
}

/*
 * A server may give all its resources and collections one name: with time by the cube of
 * their number this would not end.
 */
static void many_twins(void **state)
{
	struct tree_coll *c = tree_coll_new(COLL_CALENDAR, "Twins");
	struct tree_names *names = tree_names_new();
	char text[40], *path = NULL;

	(void)state;
	for (int i = 0; i < 30000; i++) {
		struct tree_item it = {.size = 1};

		snprintf(text, sizeof text, "/c/%05d/a.ics", i);
		tree_coll_ext(c, &it.ext)->href = strdup(text);
		tree_coll_add(c, &it);
	}
	tree_coll_number(c, NULL);
	assert_string_equal(tree_item_ext(c, &c->items[29999])->path, "a_30000");
	tree_coll_free(c);
	for (int i = 0; i < 3000; i++) {
		for (int k = 0; k < 12; k++)
			text[k] = (char)((i >> k & 1 ? 'A' : 'a') + k);
		text[12] = '\0';
		c = tree_coll_new(COLL_CALENDAR, text);
		free(path);
		path = tree_names_path(names, c);
		tree_coll_free(c);
	}
	assert_string_equal(path + strlen(path) - 5, "_3000");
	free(path);
	tree_names_free(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(paths_of_items),
	        cmocka_unit_test(object_names),
	        cmocka_unit_test(content_names),
	        cmocka_unit_test(twins_are_numbered),
	        cmocka_unit_test(numbers_are_kept),
	        cmocka_unit_test(resources_get_names),
	        cmocka_unit_test(paths_of_collections),
	        cmocka_unit_test(a_long_name_is_cut),
	        cmocka_unit_test(given_paths_are_kept),
	        cmocka_unit_test(many_twins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
