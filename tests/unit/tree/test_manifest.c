#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "valise/base/mem.h"
#include "valise/tree/shrink.h"

static void add_head(struct tree_manifest *m, enum coll_kind kind, const char *name, uint64_t items)
{
	struct tree_coll *c = tree_coll_new(kind, name);
	struct tree_head h;
	struct tree_roots roots;

	c->path = xasprintf("%s/%s", coll_kind_dir(kind), name);
	for (uint64_t i = 0; i < items; i++)
		tree_coll_add(c, &(struct tree_item){.uid = (uint32_t)i + 1, .size = 10});
	tree_coll_number(c, NULL);
	catalog_roots(c, &roots);
	tree_head_of(&h, c, &roots);
	h.catalog = xasprintf("catalog/%s.jsonl", c->path);
	tree_manifest_add(m, &h);
	tree_head_clear(&h);
	tree_coll_free(c);
}

static void sample(struct tree_manifest *m)
{
	tree_manifest_init(m);
	m->account.name = xstrdup("alice");
	tree_account_add(&m->account, "imap", "mail.old.example", 993, "alice");
	m->created = 1795281360;
	m->tool = xstrdup("valise 0.1.0");
	add_head(m, COLL_MAIL, "Sent", 3);
	add_head(m, COLL_MAIL, "INBOX", 2);
	add_head(m, COLL_CALENDAR, "Home", 0);
	m->heads[0].attrs = ATTR_SUBSCRIBED;
	m->heads[0].special_use = xstrdup("\\Sent");
	tree_manifest_sort(m);
}

static char *text_of(const struct tree_manifest *m)
{
	json_t *o = json_object();
	struct buf text;

	buf_init(&text, SIZE_MAX);
	tree_manifest_to_json(m, o);
	json_put(&text, o);
	json_decref(o);
	return buf_take(&text);
}

static int from_text(const char *text, struct tree_manifest *m)
{
	json_t *o;
	int rc;

	if (json_read(text, strlen(text), 1 << 20, &o, NULL) != 0)
		return ERR_DAMAGED;
	rc = tree_manifest_from_json(o, m, NULL);
	json_decref(o);
	return rc;
}

static void written_and_read(void **state)
{
	struct tree_manifest m, back;
	char *text, *again;

	(void)state;
	sample(&m);
	assert_string_equal(m.heads[0].name, "INBOX");
	text = text_of(&m);
	assert_non_null(strstr(text,
	        "\"account\":{\"name\":\"alice\",\"services\":[{\"host\":\"mail.old.example\","
	        "\"kind\":\"imap\",\"login\":\"alice\",\"port\":993}]}"));
	assert_non_null(strstr(text,
	        "\"counts\":{\"bytes\":50,\"calendars\":{\"collections\":1,\"items\":0},"
	        "\"contacts\":{\"collections\":0,\"items\":0},\"errors\":0,"
	        "\"mail\":{\"collections\":2,\"items\":5}},\"created\":\"2026-11-21T"));
	assert_non_null(strstr(text, "\"verdict\":\"complete\"}"));
	assert_int_equal(from_text(text, &back), 0);
	again = text_of(&back);
	assert_string_equal(text, again);
	assert_int_equal(tree_manifest_find(&back, COLL_MAIL, "Sent")->attrs, ATTR_SUBSCRIBED);
	assert_null(tree_manifest_find(&back, COLL_CONTACTS, "Sent"));
	tree_manifest_clear(&back);
	tree_manifest_clear(&m);
	free(text);
	free(again);
}

static char *replaced(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	if (!at)
		fail_msg("%s is not there", from);
	return xasprintf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

static void what_does_not_fit_is_refused(void **state)
{
	static const struct {
		const char *from, *to;
	} cases[] = {
	        {"\"account\"", "\"count\""},
	        {"\"port\":993", "\"port\":65536"},
	        {"\"login\":\"alice\"", "\"login\":1"},
	        {"\"collections\":[", "\"collections\":1,\"c\":["},
	        {"\"items\":2", "\"items\":3"},
	        {"\"items\":2", "\"items\":-1"},
	        {"\"kind\":\"calendars\"", "\"kind\":\"calendar\""},
	        {"\"name\":\"INBOX\"", "\"name\":\"Sent\""},
	        {"\"name\":\"INBOX\"", "\"name\":\"Z\""},
	        {"\"path\":\"mail/INBOX\"", "\"path\":\"mail/Sent\""},
	        {"\"path\":\"mail/INBOX\"", "\"path\":\"/mail/INBOX\""},
	        {"catalog/mail/INBOX.jsonl", "catalog/../x"},
	        {"\"status\":\"complete\"", "\"status\":\"partial\""},
	        {"\"status\":\"complete\"", "\"status\":\"fine\""},
	        {"\"verdict\":\"complete\"", "\"verdict\":\"incomplete\""},
	        {"\"attrs\":[\"subscribed\"]", "\"attrs\":[\"subscribe\"]"},
	        {"\"attrs\":[\"subscribed\"]", "\"attrs\":\"subscribed\""},
	        {"\"special_use\":\"\\\\Sent\"", "\"special_use\":[]"},
	        {"\"created\":\"2026", "\"created\":\"x026"},
	        {"\"content_name\":\"INBOX\"", "\"content_name\":\"INBOXX\""},
	};
	struct tree_manifest m, back;
	char *text;

	(void)state;
	sample(&m);
	text = text_of(&m);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *bad = replaced(text, cases[i].from, cases[i].to);

		if (from_text(bad, &back) != ERR_DAMAGED)
			fail_msg("%s", cases[i].to);
		free(bad);
	}
	free(text);
	tree_manifest_clear(&m);
}

static void keep_says_what_stands(void **state)
{
	static const struct {
		enum coll_status was;
		uint64_t errors;
		enum coll_status keep, now;
	} cases[] = {
	        {COLL_COMPLETE, 0, COLL_COMPLETE, COLL_COMPLETE},
	        {COLL_PARTIAL, 2, COLL_COMPLETE, COLL_PARTIAL},
	        {COLL_SKIPPED, 0, COLL_COMPLETE, COLL_COMPLETE},
	        {COLL_STALE, 0, COLL_COMPLETE, COLL_COMPLETE},
	        {COLL_COMPLETE, 0, COLL_SKIPPED, COLL_SKIPPED},
	        {COLL_STALE, 0, COLL_SKIPPED, COLL_STALE},
	        {COLL_SKIPPED, 0, COLL_STALE, COLL_STALE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct tree_head h = {.status = cases[i].was, .roots.errors = cases[i].errors};

		tree_head_keep(&h, cases[i].keep, "why");
		assert_int_equal(h.status, cases[i].now);
		tree_head_clear(&h);
	}
}

static void what_counts_as_shrunk(void **state)
{
	(void)state;
	assert_false(tree_shrunk(0, 0));
	assert_true(tree_shrunk(1, 1));
	assert_false(tree_shrunk(2, 1));
	assert_true(tree_shrunk(3, 2));
	assert_false(tree_shrunk(100, 50));
	assert_true(tree_shrunk(100, 51));
}

/* Collections of two states: "kind name" and what is in it, one letter an item. */
struct state_case {
	const char *name, *before, *after; /* NULL: not there */
};

struct world {
	const struct state_case *colls;
	size_t n;
	unsigned loads;
};

static struct tree_coll *letters(enum coll_kind kind, const char *name, const char *text)
{
	struct tree_coll *c = tree_coll_new(kind, name);

	c->path = xasprintf("%s/%s", coll_kind_dir(kind), name);
	for (uint32_t i = 0; text[i]; i++) {
		struct tree_item it = {
		        .uid = kind == COLL_MAIL ? i + 1 : 0, .sha256 = {(uint8_t)text[i]}};

		if (kind != COLL_MAIL)
			tree_coll_ext(c, &it.ext)->href = xasprintf("/%s/%u", name, i);
		tree_coll_add(c, &it);
	}
	tree_coll_number(c, NULL);
	return c;
}

static enum coll_kind kind_of(const char *name)
{
	return *name == '@' ? COLL_CALENDAR : COLL_MAIL;
}

static int load(
        void *ctx, const struct tree_head *h, bool after, struct tree_coll **out, struct err *err)
{
	struct world *w = ctx;

	w->loads++;
	for (size_t i = 0; i < w->n; i++) {
		const struct state_case *c = &w->colls[i];

		if (strcmp(c->name, h->name) == 0) {
			*out = letters(h->kind, c->name, after ? c->after : c->before);
			return 0;
		}
	}
	return err_set(err, ERR_NOTFOUND, ERR_COLLECTION, "no %s", h->name);
}

static void state_of(const struct world *w, bool after, struct tree_manifest *m)
{
	tree_manifest_init(m);
	for (size_t i = 0; i < w->n; i++) {
		const char *text = after ? w->colls[i].after : w->colls[i].before;
		struct tree_coll *c;
		struct tree_roots roots;
		struct tree_head h;

		if (!text)
			continue;
		c = letters(kind_of(w->colls[i].name), w->colls[i].name, text);
		catalog_roots(c, &roots);
		tree_head_of(&h, c, &roots);
		tree_manifest_add(m, &h);
		tree_head_clear(&h);
		tree_coll_free(c);
	}
	tree_manifest_sort(m);
}

static void expect_refused(
        const struct state_case *colls, size_t n, const char *refused, unsigned max_loads)
{
	struct world w = {colls, n, 0};
	struct tree_manifest before, after;
	struct tree_shrink s = {&before, load, &w, NULL};
	unsigned count = 99;
	char names[64] = "";

	state_of(&w, false, &before);
	state_of(&w, true, &after);
	assert_int_equal(tree_shrink_refuse(&s, &after, &count, NULL), 0);
	for (size_t i = 0; i < after.n_heads; i++)
		if (after.heads[i].status == COLL_STALE)
			strcat(names, after.heads[i].name);
	assert_string_equal(names, refused);
	assert_int_equal(count, strlen(refused) - (strchr(refused, '@') ? 1 : 0));
	assert_true(w.loads <= max_loads);
	tree_manifest_clear(&before);
	tree_manifest_clear(&after);
}

static void shrunk_collections_are_refused(void **state)
{
	(void)state;
	/* nothing changed: nothing is loaded */
	expect_refused((struct state_case[]){{"A", "abc", "abc"}, {"B", "", ""}}, 2, "", 0);
	expect_refused((struct state_case[]){{"A", "abcd", "ab"}}, 1, "", 2);
	expect_refused((struct state_case[]){{"A", "abcd", "a"}}, 1, "A", 4);
	expect_refused((struct state_case[]){{"A", "a", ""}, {"B", "x", "x"}}, 2, "A", 5);
	/* moved, renamed, merged: nothing is lost */
	expect_refused((struct state_case[]){{"A", "abcd", ""}, {"B", "x", "xabcd"}}, 2, "", 9);
	expect_refused((struct state_case[]){{"A", "abcd", NULL}, {"B", NULL, "abcd"}}, 2, "", 9);
	/* gone with its mailbox */
	expect_refused((struct state_case[]){{"A", "abcd", NULL}, {"B", "x", "x"}}, 2, "A", 9);
	expect_refused((struct state_case[]){{"A", "ab", NULL}, {"B", "cd", NULL}, {"C", "", "a"}},
	        3, "B", 9);
	/* as many others do not make up for it */
	expect_refused((struct state_case[]){{"A", "abcd", "efgh"}}, 1, "A", 9);
	/* an edited event is there still */
	expect_refused((struct state_case[]){{"@", "abcd", "efgh"}}, 1, "", 9);
	expect_refused((struct state_case[]){{"@A", "abcd", "a"}}, 1, "@A", 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(written_and_read),
	        cmocka_unit_test(what_does_not_fit_is_refused),
	        cmocka_unit_test(keep_says_what_stands),
	        cmocka_unit_test(what_counts_as_shrunk),
	        cmocka_unit_test(shrunk_collections_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
