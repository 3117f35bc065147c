#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "valise/base/mem.h"
#include "valise/tree/model.h"

static void flags_have_names(void **state)
{
	(void)state;
	assert_string_equal(flag_name(FLAG_SEEN), "\\Seen");
	assert_string_equal(flag_name(FLAG_DRAFT), "\\Draft");
	assert_null(flag_name(32));
}

static void keyword_sets_are_shared(void **state)
{
	const char *a[] = {"work", "$Label1"}, *b[] = {"$Label1", "work", "work"}, *c[] = {"work"};
	struct tree_coll *x = tree_coll_new(COLL_MAIL, "INBOX"),
	                 *y = tree_coll_new(COLL_MAIL, "Sent");
	uint32_t set;

	(void)state;
	set = tree_coll_keywords(x, a, 2);
	assert_int_not_equal(set, 0);
	assert_string_equal(tree_coll_keyword_text(x, set), "$Label1 work");
	assert_int_equal(tree_coll_keywords(x, b, 3), set);
	assert_int_not_equal(tree_coll_keywords(x, c, 1), set);
	assert_int_equal(tree_coll_keywords(x, NULL, 0), 0);
	assert_string_equal(tree_coll_keyword_text(x, 0), "");
	assert_string_equal(tree_coll_keyword_text(x, 99), "");
	assert_string_equal(
	        tree_coll_keyword_text(y, tree_coll_keywords_copy(y, x, set)), "$Label1 work");
	assert_int_equal(tree_coll_keywords_copy(y, x, 0), 0);
	tree_coll_free(x);
	tree_coll_free(y);
}

static void many_keyword_sets(void **state)
{
	struct tree_coll *c = tree_coll_new(COLL_MAIL, "INBOX");
	char word[16];
	const char *w = word;

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 5000; i++) {
			snprintf(word, sizeof word, "k%d", i);
			assert_int_equal(tree_coll_keywords(c, &w, 1), i + 1);
		}
	}
	assert_int_equal(c->n_keyword_sets, 5001);
	tree_coll_free(c);
}

static void mail_is_sorted_by_uid(void **state)
{
	static const uint32_t uids[] = {7, 3, 4294967295u, 1};
	struct tree_coll *c = tree_coll_new(COLL_MAIL, "INBOX");

	(void)state;
	for (size_t i = 0; i < 4; i++)
		tree_coll_add(c, &(struct tree_item){.uid = uids[i], .size = uids[i]});
	tree_coll_error(c, 9, NULL, NULL, "b", "gone");
	tree_coll_error(c, 2, NULL, NULL, NULL, "gone");
	tree_coll_sort(c);
	assert_int_equal(c->items[0].uid, 1);
	assert_int_equal(c->items[3].uid, 4294967295u);
	assert_int_equal(tree_coll_find(c, 7)->size, 7);
	assert_null(tree_coll_find(c, 2));
	assert_int_equal(c->errors[0].uid, 2);
	assert_int_equal(c->status, COLL_PARTIAL);
	tree_coll_free(c);
}

static void resources_are_sorted_by_href(void **state)
{
	static const char *const hrefs[] = {"/c/b.ics", "/c/a.ics", "/c/c.ics"};
	struct tree_coll *c = tree_coll_new(COLL_CALENDAR, "Home");

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct tree_item it = {.size = i};

		tree_coll_ext(c, &it.ext)->href = strdup(hrefs[i]);
		tree_coll_add(c, &it);
	}
	tree_coll_sort(c);
	assert_int_equal(tree_coll_find_href(c, "/c/a.ics")->size, 1);
	assert_int_equal(c->items[2].size, 2);
	assert_null(tree_coll_find_href(c, "/c/d.ics"));
	tree_coll_free(c);
}

static void an_item_takes_its_texts_along(void **state)
{
	const char *words[] = {"a", "b"};
	struct tree_coll *from = tree_coll_new(COLL_CALENDAR, "x"), *to = tree_coll_like(from);
	struct tree_item it = {.size = 5, .keywords = tree_coll_keywords(from, words, 2)}, copy;

	(void)state;
	tree_coll_ext(from, &it.ext)->href = strdup("/h");
	tree_item_copy(to, from, &it, &copy);
	tree_coll_free(from);
	assert_string_equal(tree_item_ext(to, &copy)->href, "/h");
	assert_string_equal(tree_coll_keyword_text(to, copy.keywords), "a b");
	tree_coll_free(to);
}

struct account_case {
	const char *what;
	const char *old[4], *now[4]; /* kind, host, whose, who signed in for it */
	bool same;
	int rc;
};

static void add_account(struct tree_account *a, const char *const s[4])
{
	if (s[0] && s[3])
		tree_account_add(a, s[0], s[1], 993, s[2])->authcid = strdup(s[3]);
	else if (s[0])
		tree_account_add(a, s[0], s[1], 993, s[2]);
}

static void accounts_are_told_apart(void **state)
{
	static const struct account_case cases[] = {
	        {"the same", {"imap", "a.example", "al"}, {"imap", "a.example", "al"}, false, 0},
	        {"host in another case", {"imap", "a.example", "al"}, {"imap", "A.EXAMPLE", "al"},
	                false, 0},
	        {"another login", {"imap", "a.example", "al"}, {"imap", "a.example", "bo"}, false,
	                ERR_ACCOUNT},
	        {"another login is never the same", {"imap", "a.example", "al"},
	                {"imap", "a.example", "bo"}, true, ERR_ACCOUNT},
	        {"another host", {"imap", "a.example", "al"}, {"imap", "b.example", "al"}, false,
	                ERR_ACCOUNT},
	        {"another host, said to be the same", {"imap", "a.example", "al"},
	                {"imap", "b.example", "al"}, true, 0},
	        {"a new service", {"imap", "a.example", "al"}, {"caldav", "a.example", "al"}, false,
	                ERR_ACCOUNT},
	        {"a new service, said to be of it", {"imap", "a.example", "al"},
	                {"caldav", "a.example", "al"}, true, 0},
	        {"a service left out", {"imap", "a.example", "al"}, {NULL, NULL, NULL}, false, 0},
	        {"acted for, then and now", {"imap", "a.example", "al", "root"},
	                {"imap", "a.example", "al", "root"}, false, 0},
	        {"by another", {"imap", "a.example", "al", "root"},
	                {"imap", "a.example", "al", "admin"}, false, 0},
	        {"acted for, then by itself", {"imap", "a.example", "al", "root"},
	                {"imap", "a.example", "al"}, false, 0},
	        {"one login acts for two", {"imap", "a.example", "al", "root"},
	                {"imap", "a.example", "bo", "root"}, true, ERR_ACCOUNT},
	        {"acted for, then the login's own", {"imap", "a.example", "al", "root"},
	                {"imap", "a.example", "root"}, true, ERR_ACCOUNT},
	        {"an older version told the login alone", {"imap", "a.example", "root"},
	                {"imap", "a.example", "al", "root"}, false, ERR_ACCOUNT},
	        {"said to be the same", {"imap", "a.example", "root"},
	                {"imap", "a.example", "al", "root"}, true, 0},
	        {"another's, said to be the same", {"imap", "a.example", "bo"},
	                {"imap", "a.example", "al", "root"}, true, ERR_ACCOUNT},
	        {"a login is not folded", {"imap", "a.example", "al"}, {"imap", "a.example", "Al"},
	                true, ERR_ACCOUNT},
	        {"nor cut", {"imap", "a.example", "al"}, {"imap", "a.example", "al@a.example"},
	                true, ERR_ACCOUNT},
	        {"nor taken apart", {"imap", "a.example", "al"}, {"imap", "a.example", "al*root"},
	                true, ERR_ACCOUNT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct account_case *t = &cases[i];
		struct tree_account old = {0}, now = {0};
		struct err err = {0};

		add_account(&old, t->old);
		add_account(&now, t->now);
		if (tree_account_check(&old, &now, t->same, &err) != t->rc)
			fail_msg("%s: %s", t->what, err.text);
		tree_account_clear(&old);
		tree_account_clear(&now);
	}
}

/* Two servers of one host differ in the port alone; TLS from the start is no other server. */
static void ports_are_told_apart(void **state)
{
	static const struct {
		const char *kind;
		uint16_t old, now;
		bool same;
		int rc;
	} cases[] = {
	        {"imap", 993, 993, false, 0},
	        {"imap", 143, 993, false, 0},
	        {"imap", 993, 143, false, 0},
	        {"imap", 993, 1143, false, ERR_ACCOUNT},
	        {"imap", 1143, 993, false, ERR_ACCOUNT},
	        {"imap", 1143, 2143, false, ERR_ACCOUNT},
	        {"imap", 1143, 1143, false, 0},
	        {"imap", 1143, 993, true, 0},
	        {"imap", 993, 995, false, ERR_ACCOUNT},
	        {"imap", 0, 1143, false, 0},
	        {"pop3", 110, 995, false, 0},
	        {"pop3", 110, 1110, false, ERR_ACCOUNT},
	        {"caldav", 80, 443, false, 0},
	        {"carddav", 443, 8443, false, ERR_ACCOUNT},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct tree_account old = {0}, now = {0};
		struct err err = {0};

		tree_account_add(&old, cases[i].kind, "a.example", cases[i].old, "al");
		tree_account_add(&now, cases[i].kind, "A.example", cases[i].now, "al");
		if (tree_account_check(&old, &now, cases[i].same, &err) != cases[i].rc)
			fail_msg("%s %u, %u: %s", cases[i].kind, cases[i].old, cases[i].now,
			        err.text);
		tree_account_clear(&old);
		tree_account_clear(&now);
	}
}

static void accounts_merge(void **state)
{
	struct tree_account old = {0}, now = {0}, copy;

	(void)state;
	old.name = strdup("alice");
	tree_account_add(&old, "imap", "a.example", 993, "al");
	tree_account_add(&old, "caldav", "d.example", 443, "al")->authcid = strdup("root");
	tree_account_add(&now, "imap", "b.example", 993, "al");
	tree_account_merge(&now, &old);
	tree_account_copy(&copy, &now);
	assert_int_equal(copy.n_services, 2);
	assert_string_equal(copy.services[0].host, "b.example");
	assert_string_equal(copy.services[1].host, "d.example");
	assert_string_equal(copy.services[1].authcid, "root");
	assert_string_equal(copy.name, "alice");
	tree_account_clear(&old);
	tree_account_clear(&now);
	tree_account_clear(&copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(flags_have_names),
	        cmocka_unit_test(keyword_sets_are_shared),
	        cmocka_unit_test(many_keyword_sets),
	        cmocka_unit_test(mail_is_sorted_by_uid),
	        cmocka_unit_test(resources_are_sorted_by_href),
	        cmocka_unit_test(an_item_takes_its_texts_along),
	        cmocka_unit_test(accounts_are_told_apart),
	        cmocka_unit_test(ports_are_told_apart),
	        cmocka_unit_test(accounts_merge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
