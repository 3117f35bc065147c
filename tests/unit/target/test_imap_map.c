#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "imap_map.h"

enum { MOST = 6 };

struct from {
	const char *content, *special;
	unsigned attrs;
};
struct on {
	const char *raw, *special;
	bool noselect;
};
struct want {
	const char *raw;
	bool exists;
};

struct map_case {
	const char *what;
	char delimiter;
	const char *prefix, *under;
	struct from archive[MOST];
	struct on target[MOST];
	struct want want[MOST];
};

static const struct map_case cases[] = {
        {"the same names", '/', "", NULL, {{"INBOX", NULL, 0}, {"A/B", NULL, 0}},
                {{"INBOX", NULL, false}, {"A", NULL, false}, {"A/B", NULL, false}},
                {{"INBOX", true}, {"A/B", true}}},
        {"another separator", '.', "", NULL, {{"A/B", NULL, 0}, {"Ren\xc3\xa9", NULL, 0}}, {{0}},
                {{"A.B", false}, {"Ren&AOk-", false}}},
        {"under INBOX", '.', "INBOX.", NULL,
                {{"INBOX", NULL, 0}, {"INBOX/x", NULL, 0}, {"Work", NULL, 0}},
                {{"INBOX", NULL, false}, {"INBOX.Work", NULL, false}},
                {{"INBOX", true}, {"INBOX.INBOX.x", false}, {"INBOX.Work", true}}},
        {"the separator inside", '.', "", NULL,
                {{"v1.2", NULL, 0}, {"v1_2", NULL, 0}, {"a=2Fb", NULL, 0}, {"x=3Dy", NULL, 0}},
                {{0}}, {{"v1_2", false}, {"v1_2_2", false}, {"a/b", false}, {"x=y", false}}},
        {"the substitute of an earlier run is there", '.', "", NULL, {{"v1.2", NULL, 0}},
                {{"v1_2", NULL, false}}, {{"v1_2", true}}},
        {"special use", '/', "", NULL, {{"Sent Items", "\\Sent", 0}, {"Drafts", "\\Drafts", 0}},
                {{"Drafts", "\\Drafts", false}, {"Sent", "\\Sent", false}},
                {{"Sent", true}, {"Drafts", true}}},
        {"the same name wins over special use", '/', "", NULL, {{"Sent", "\\Sent", 0}},
                {{"Outbox", "\\Sent", false}, {"Sent", NULL, false}}, {{"Sent", true}}},
        {"the same name of another use", '/', "", NULL, {{"Old", "\\Archive", 0}},
                {{"Archive", "\\Archive", false}, {"Old", "\\Trash", false}}, {{"Archive", true}}},
        {"never two in one", '/', "", NULL, {{"Gesendet", "\\Sent", 0}, {"Sent", NULL, 0}},
                {{"Sent", "\\Sent", false}}, {{"Gesendet", false}, {"Sent", true}}},
        {"two of the same use", '/', "", NULL, {{"S1", "\\Sent", 0}, {"S2", "\\Sent", 0}},
                {{"Sent", "\\Sent", false}}, {{"Sent", true}, {"S2", false}}},
        {"virtual ones are not mapped", '/', "", NULL, {{"All Mail", "\\All", 0}},
                {{"All", "\\All", false}}, {{"All Mail", false}}},
        {"not selectable", '/', "", NULL, {{"A", NULL, 0}}, {{"A", NULL, true}}, {{"A", false}}},
        {"--under", '.', "", "Old=2Fbox/x", {{"INBOX", NULL, 0}, {"Sent", "\\Sent", 0}},
                {{"INBOX", NULL, false}, {"Sent", "\\Sent", false}},
                {{"Old/box.x.INBOX", false}, {"Old/box.x.Sent", false}}},
        {"empty components", '/', "", NULL, {{"a//b", NULL, 0}, {"/c", NULL, 0}}, {{0}},
                {{"a/_/b", false}, {"_/c", false}}},
        {"no hierarchy", 0, "", NULL, {{"a/b", NULL, 0}, {"a_b", NULL, 0}}, {{0}},
                {{"a_b", false}, {"a_b_2", false}}},
};

static struct map_entry *run_case(const struct map_case *c, struct tree_head *heads,
        const struct tree_head **list, struct imap_mailbox *boxes, struct map_target *t, size_t *n)
{
	*n = 0;
	t->n = 0;
	for (size_t i = 0; i < MOST && c->archive[i].content; i++) {
		memset(&heads[i], 0, sizeof heads[i]);
		heads[i].content_name = heads[i].name = (char *)(uintptr_t)c->archive[i].content;
		heads[i].special_use = (char *)(uintptr_t)c->archive[i].special;
		heads[i].attrs = c->archive[i].attrs;
		list[(*n)++] = &heads[i];
	}
	for (size_t i = 0; i < MOST && c->target[i].raw; i++) {
		memset(&boxes[i], 0, sizeof boxes[i]);
		boxes[i].name = (uint8_t *)(uintptr_t)c->target[i].raw;
		boxes[i].name_len = strlen(c->target[i].raw);
		boxes[i].special_use = (char *)(uintptr_t)c->target[i].special;
		boxes[i].noselect = c->target[i].noselect;
		boxes[i].delimiter = c->delimiter;
		t->n++;
	}
	t->list = boxes;
	t->prefix = c->prefix;
	t->delimiter = c->delimiter;
	return map_plan(list, *n, t, c->under);
}

static bool is_raw(const struct map_entry *e, const char *raw)
{
	return e->raw_len == strlen(raw) && memcmp(e->raw, raw, e->raw_len) == 0;
}

static void mapping(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct tree_head heads[MOST];
		const struct tree_head *list[MOST];
		struct imap_mailbox boxes[MOST];
		struct map_target t;
		size_t n;
		struct map_entry *map = run_case(&cases[i], heads, list, boxes, &t, &n);

		for (size_t k = 0; k < n; k++)
			if (!is_raw(&map[k], cases[i].want[k].raw) ||
			        map[k].exists != cases[i].want[k].exists)
				fail_msg("%s: %s", cases[i].what, map[k].shown);
		map_free(map, n);
	}
}

static void parents_are_implied(void **state)
{
	static const struct map_case c = {"", '/', "", NULL,
	        {{"A", NULL, ATTR_NOSELECT}, {"A/B", NULL, 0}, {"AB", NULL, ATTR_NOSELECT},
	                {"New", "\\Junk", 0}},
	        {{0}}, {{0}}};
	struct tree_head heads[MOST];
	const struct tree_head *list[MOST];
	struct imap_mailbox boxes[MOST];
	struct map_target t;
	size_t n;
	struct map_entry *map = run_case(&c, heads, list, boxes, &t, &n);

	(void)state;
	assert_true(map[0].implied);
	assert_false(map[1].implied);
	assert_false(map[2].implied);
	assert_string_equal(map[3].special_use, "\\Junk");
	map_free(map, n);
}

static void softened_names(void **state)
{
	static const struct map_case c = {"", '/', "", NULL,
	        {{"a*b%/c:d", NULL, 0},
	                {"1234567890123456789012345678901234567890123456789\xc3\xa9", NULL, 0}},
	        {{0}}, {{0}}};
	struct tree_head heads[MOST];
	const struct tree_head *list[MOST];
	struct imap_mailbox boxes[MOST];
	struct map_target t;
	size_t n;
	struct map_entry *map = run_case(&c, heads, list, boxes, &t, &n);

	(void)state;
	assert_true(map_soften(map, n, 0, &t, 1));
	assert_string_equal(map[0].shown, "a_b_/c_d");
	assert_false(map_soften(map, n, 0, &t, 1)); /* nothing more to change */
	assert_string_equal(map[0].shown, "a_b_/c_d");
	assert_true(map_soften(map, n, 1, &t, 2));
	assert_int_equal(strlen(map[1].shown), 48 + 9);
	assert_memory_equal(map[1].shown + 48, "~", 1);
	map_free(map, n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(mapping),
	        cmocka_unit_test(parents_are_implied),
	        cmocka_unit_test(softened_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
