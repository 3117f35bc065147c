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
	m->heads[0].left_out = 5;
	m->heads[0].selection = xstrdup("--since 2024-01-01");
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
	        "\"contacts\":{\"collections\":0,\"items\":0},\"errors\":0,\"left_out\":5,"
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
	        {"\"left_out\":5", "\"left_out\":6"},
	        {"\"left_out\":5", "\"left_out\":0"},
	        {"\"left_out\":5,", ""},
	        {"\"selection\":\"--since 2024-01-01\"", "\"selection\":1"},
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(written_and_read),
	        cmocka_unit_test(what_does_not_fit_is_refused),
	        cmocka_unit_test(keep_says_what_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
