#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "restore/imap/map/map.h"
#include "valise/tree/use.h"

enum { MOST = 6 };

struct from {
	const char *content, *special;
	unsigned attrs;
	unsigned items;
};
struct on {
	const char *raw, *special;
	bool noselect, noinferiors, foreign;
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
        {"the same names", '/', "", NULL, {{"INBOX", NULL, 0, 0}, {"A/B", NULL, 0, 0}},
                {{.raw = "INBOX", .special = NULL, .noselect = false},
                        {.raw = "A", .special = NULL, .noselect = false},
                        {.raw = "A/B", .special = NULL, .noselect = false}},
                {{"INBOX", true}, {"A/B", true}}},
        {"another separator", '.', "", NULL, {{"A/B", NULL, 0, 0}, {"Ren\xc3\xa9", NULL, 0, 0}},
                {{0}}, {{"A.B", false}, {"Ren&AOk-", false}}},
        {"under INBOX", '.', "INBOX.", NULL,
                {{"INBOX", NULL, 0, 0}, {"INBOX/x", NULL, 0, 0}, {"Work", NULL, 0, 0}},
                {{.raw = "INBOX", .special = NULL, .noselect = false},
                        {.raw = "INBOX.Work", .special = NULL, .noselect = false}},
                {{"INBOX", true}, {"INBOX.x", false}, {"INBOX.Work", true}}},
        {"the separator inside", '.', "", NULL,
                {{"v1.2", NULL, 0, 0}, {"v1_2", NULL, 0, 0}, {"a=2Fb", NULL, 0, 0},
                        {"x=3Dy", NULL, 0, 0}},
                {{0}}, {{"v1_2_2", false}, {"v1_2", false}, {"a/b", false}, {"x=y", false}}},
        {"the substitute of an earlier run is there", '.', "", NULL, {{"v1.2", NULL, 0, 0}},
                {{.raw = "v1_2", .special = NULL, .noselect = false}}, {{"v1_2", true}}},
        {"special use", '/', "", NULL,
                {{"Sent Items", "\\Sent", 0, 0}, {"Drafts", "\\Drafts", 0, 0}},
                {{.raw = "Drafts", .special = "\\Drafts", .noselect = false},
                        {.raw = "Sent", .special = "\\Sent", .noselect = false}},
                {{"Sent", true}, {"Drafts", true}}},
        {"the same name wins over special use", '/', "", NULL, {{"Sent", "\\Sent", 0, 0}},
                {{.raw = "Outbox", .special = "\\Sent", .noselect = false},
                        {.raw = "Sent", .special = NULL, .noselect = false}},
                {{"Sent", true}}},
        {"the same name of another use", '/', "", NULL, {{"Old", "\\Archive", 0, 0}},
                {{.raw = "Archive", .special = "\\Archive", .noselect = false},
                        {.raw = "Old", .special = "\\Trash", .noselect = false}},
                {{"Archive", true}}},
        {"never two in one", '/', "", NULL, {{"Gesendet", "\\Sent", 0, 0}, {"Sent", NULL, 0, 0}},
                {{.raw = "Sent", .special = "\\Sent", .noselect = false}},
                {{"Gesendet", false}, {"Sent", true}}},
        {"two of the same use", '/', "", NULL, {{"S1", "\\Sent", 0, 0}, {"S2", "\\Sent", 0, 0}},
                {{.raw = "Sent", .special = "\\Sent", .noselect = false}},
                {{"Sent", true}, {"S2", false}}},
        {"virtual ones are not mapped", '/', "", NULL, {{"All Mail", "\\All", 0, 0}},
                {{.raw = "All", .special = "\\All", .noselect = false}}, {{"All Mail", false}}},
        {"not selectable", '/', "", NULL, {{"A", NULL, 0, 0}},
                {{.raw = "A", .special = NULL, .noselect = true}}, {{"A", false}}},
        {"--under", '.', "", "Old=2Fbox/x", {{"INBOX", NULL, 0, 0}, {"Sent", "\\Sent", 0, 0}},
                {{.raw = "INBOX", .special = NULL, .noselect = false},
                        {.raw = "Sent", .special = "\\Sent", .noselect = false}},
                {{"Old/box.x.INBOX", false}, {"Old/box.x.Sent", false}}},
        {"empty components", '/', "", NULL, {{"a//b", NULL, 0, 0}, {"/c", NULL, 0, 0}}, {{0}},
                {{"a/_/b", false}, {"_/c", false}}},
        {"by name on both sides", '/', "", NULL,
                {{"Gesendete Objekte", NULL, 0, 0}, {"Papierkorb", NULL, 0, 0}},
                {{.raw = "Deleted Items"}, {.raw = "Sent"}},
                {{"Sent", true}, {"Deleted Items", true}}},
        {"by name, below INBOX", '.', "", NULL, {{"Sent Items", NULL, 0, 0}},
                {{.raw = "INBOX.Sent"}}, {{"INBOX.Sent", true}}},
        {"the largest of several, one place", '/', "", NULL,
                {{"Gesendet", NULL, 0, 5}, {"Sent Items", NULL, 0, 9}},
                {{.raw = "Envoy&AOk-s"}, {.raw = "Sent"}},
                {{"Gesendet", false}, {"Envoy&AOk-s", true}}},
        {"who announces it wins over names", '/', "", NULL,
                {{"Gesendet", "\\Sent", 0, 0}, {"Sent Items", NULL, 0, 9}},
                {{.raw = "Envoy&AOk-s"}, {.raw = "Outbox", .special = "\\Sent"}},
                {{"Outbox", true}, {"Sent Items", false}}},
        {"names of others' mailboxes say nothing", '/', "", NULL,
                {{"Gesendet", NULL, 0, 0}, {"Spam", "\\Junk", ATTR_SHARED, 0}},
                {{.raw = "Sent", .foreign = true}, {.raw = "Junk"}},
                {{"Gesendet", false}, {"Spam", false}}},
        {"the name is there for something else", '/', "", NULL, {{"Old", "\\Archive", 0, 0}},
                {{.raw = "Old", .special = "\\Trash"}}, {{"Old_2", false}}},
        {"INBOX takes none below it", '/', "", NULL, {{"INBOX/x/y", NULL, 0, 0}},
                {{.raw = "INBOX", .noinferiors = true}}, {{"INBOX_x_y", false}}},
        {"a parent without mail takes nobody's name", '.', "INBOX.", NULL,
                {{"INBOX", NULL, ATTR_NOSELECT, 0}, {"INBOX", NULL, 0, 0}, {"INBOX/x", NULL, 0, 0}},
                {{.raw = "INBOX"}}, {{"INBOX", false}, {"INBOX", true}, {"INBOX.x", false}}},
        {"no hierarchy", 0, "", NULL, {{"a/b", NULL, 0, 0}, {"a_b", NULL, 0, 0}}, {{0}},
                {{"a_b_2", false}, {"a_b", false}}},
};

static struct map_entry *run_case(const struct map_case *c, struct tree_head *heads,
        const struct tree_head **list, struct imap_mailbox *boxes, struct map_target *t, size_t *n)
{
	*n = 0;
	*t = (struct map_target){0};
	for (size_t i = 0; i < MOST && c->archive[i].content; i++) {
		memset(&heads[i], 0, sizeof heads[i]);
		heads[i].content_name = heads[i].name = (char *)(uintptr_t)c->archive[i].content;
		heads[i].special_use = (char *)(uintptr_t)c->archive[i].special;
		heads[i].attrs = c->archive[i].attrs;
		heads[i].roots.items = c->archive[i].items;
		list[(*n)++] = &heads[i];
	}
	for (size_t i = 0; i < MOST && c->target[i].raw; i++) {
		memset(&boxes[i], 0, sizeof boxes[i]);
		boxes[i].name = (uint8_t *)(uintptr_t)c->target[i].raw;
		boxes[i].name_len = strlen(c->target[i].raw);
		boxes[i].special_use = (char *)(uintptr_t)c->target[i].special;
		boxes[i].noselect = c->target[i].noselect;
		boxes[i].noinferiors = c->target[i].noinferiors;
		boxes[i].foreign = c->target[i].foreign;
		boxes[i].delimiter = c->delimiter;
		t->n++;
	}
	t->list = boxes;
	t->prefix = c->prefix;
	t->delimiter = c->delimiter;
	return map_plan(list, *n, t, &(struct map_wish){.under = c->under});
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

/*
 * Where INBOX is, what is below it, and what is called like it: full name and content
 * name in the archive, the mailbox of the target.
 */
struct inbox_case {
	const char *what;
	char delimiter;
	const char *prefix, *under;
	struct {
		const char *name, *content, *raw;
	} boxes[MOST];
	const char *there[MOST]; /* beside INBOX, before */
};

static const struct inbox_case inbox_cases[] = {
        {"below INBOX of a server without prefix", '.', "INBOX.", NULL,
                {{"INBOX", "INBOX", "INBOX"}, {"INBOX/Clients", "INBOX/Clients", "INBOX.Clients"},
                        {"INBOX/Clients/A", "INBOX/Clients/A", "INBOX.Clients.A"},
                        {"Work", "Work", "INBOX.Work"}},
                {0}},
        {"one of that name is there besides", '.', "INBOX.", NULL,
                {{"INBOX/Clients", "INBOX/Clients", "INBOX.Clients_2"},
                        {"Clients", "Clients", "INBOX.Clients"}, {"INBOX", "INBOX", "INBOX"}},
                {0}},
        {"that of the target, and an older restore's", '.', "INBOX.", NULL,
                {{"INBOX", "INBOX", "INBOX"}, {"INBOX/a", "INBOX/a", "INBOX.a"},
                        {"INBOX/b", "INBOX/b", "INBOX.INBOX.b"}},
                {"INBOX.a", "INBOX.INBOX", "INBOX.INBOX.b"}},
        {"INBOX.Inbox into itself", '.', "INBOX.", NULL,
                {{"INBOX", "INBOX", "INBOX"}, {"INBOX.Inbox", "INBOX", "INBOX.Inbox"},
                        {"INBOX.Inbox.x", "INBOX/x", "INBOX.Inbox.x"},
                        {"INBOX.INBOX.x", "INBOX/x", "INBOX.INBOX.x"}},
                {"INBOX.INBOX.x", "INBOX.Inbox", "INBOX.Inbox.x"}},
        {"the same, all new", '.', "INBOX.", NULL,
                {{"INBOX.INBOX", "INBOX", "INBOX.INBOX"}, {"INBOX", "INBOX", "INBOX"},
                        {"INBOX.Inbox", "INBOX", "INBOX.Inbox"},
                        {"INBOX.INBOX.x", "INBOX/x", "INBOX.INBOX.x"},
                        {"INBOX.Inbox.x", "INBOX/x", "INBOX.Inbox.x"}},
                {0}},
        {"to a server without prefix", '/', "", NULL,
                {{"INBOX", "INBOX", "INBOX"}, {"INBOX.Inbox", "INBOX", "INBOX/Inbox"},
                        {"INBOX.inbox", "INBOX", "INBOX/inbox"},
                        {"INBOX.Inbox.x", "INBOX/x", "INBOX/Inbox/x"},
                        {"INBOX.Clients", "Clients", "Clients"}},
                {0}},
        {"and back", '.', "INBOX.", NULL,
                {{"INBOX", "INBOX", "INBOX"}, {"INBOX/Inbox", "INBOX/Inbox", "INBOX.Inbox"},
                        {"INBOX/Inbox/x", "INBOX/Inbox/x", "INBOX.Inbox.x"},
                        {"INBOX/x", "INBOX/x", "INBOX.x"}},
                {0}},
        {"back to where it was below INBOX", '/', "", NULL,
                {{"INBOX", "INBOX", "INBOX"}, {"INBOX.Clients", "Clients", "INBOX/Clients"},
                        {"INBOX.Work", "Work", "Work"}},
                {"INBOX/Clients", "INBOX/Work", "Work"}},
        {"two servers without prefix", '.', "", NULL,
                {{"INBOX", "INBOX", "INBOX"}, {"INBOX/Inbox", "INBOX/Inbox", "INBOX.Inbox"},
                        {"INBOX/x", "INBOX/x", "INBOX.x"}, {"x", "x", "x"}},
                {0}},
        {"an INBOX and an Inbox", '.', "INBOX.", NULL,
                {{"INBOX", "INBOX", "INBOX"}, {"Inbox", "INBOX", "INBOX.Inbox"}}, {0}},
        {"below another prefix", '/', "", NULL,
                {{"INBOX", "INBOX", "INBOX"}, {"mail/Inbox", "INBOX", "INBOX/Inbox"}}, {0}},
        {"INBOX/INBOX", '.', "INBOX.", NULL,
                {{"INBOX/x", "INBOX/x", "INBOX.x"}, {"INBOX/INBOX", "INBOX/INBOX", "INBOX.INBOX"},
                        {"INBOX/INBOX/x", "INBOX/INBOX/x", "INBOX.INBOX.x"},
                        {"INBOX", "INBOX", "INBOX"}},
                {0}},
        {"--under a mailbox below INBOX", '.', "INBOX.", "INBOX/Old",
                {{"INBOX", "INBOX", "INBOX.Old.INBOX"}, {"INBOX/x", "INBOX/x", "INBOX.Old.INBOX.x"},
                        {"y", "y", "INBOX.Old.y"}},
                {0}},
        {"--under INBOX", '.', "INBOX.", "INBOX",
                {{"INBOX", "INBOX", "INBOX.INBOX"}, {"y", "y", "INBOX.y"}}, {0}},
        {"--under, of a server with prefix", '/', "", "Old",
                {{"INBOX", "INBOX", "Old/INBOX"}, {"INBOX.Inbox", "INBOX", "Old/INBOX/Inbox"},
                        {"INBOX.INBOX", "INBOX", "Old/INBOX/INBOX"}},
                {0}},
};

static struct map_entry *plan_inbox(const struct inbox_case *c, bool again, struct tree_head *heads,
        struct imap_mailbox *boxes, size_t *n_out)
{
	const struct tree_head *list[MOST];
	struct map_target t = {.list = boxes, .prefix = c->prefix, .delimiter = c->delimiter};
	const char *raw[2 * MOST + 1] = {"INBOX"};
	size_t n = 0;

	t.n = 1;
	for (size_t i = 0; i < MOST && c->there[i]; i++)
		raw[t.n++] = c->there[i];
	for (size_t i = 0; i < MOST && c->boxes[i].name; i++) {
		bool known = !again;

		memset(&heads[n], 0, sizeof heads[n]);
		heads[n].name = (char *)(uintptr_t)c->boxes[i].name;
		heads[n].content_name = (char *)(uintptr_t)c->boxes[i].content;
		list[n] = &heads[n];
		n++;
		for (size_t k = 0; k < t.n && !known; k++)
			known = strcmp(raw[k], c->boxes[i].raw) == 0;
		if (!known)
			raw[t.n++] = c->boxes[i].raw;
	}
	for (size_t i = 0; i < t.n; i++)
		boxes[i] = (struct imap_mailbox){.name = (uint8_t *)(uintptr_t)raw[i],
		        .name_len = strlen(raw[i]),
		        .delimiter = c->delimiter};
	*n_out = n;
	return map_plan(list, n, &t, &(struct map_wish){.under = c->under});
}

/* A second run, without a journal, agrees with the first. */
static void inboxes(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * (sizeof inbox_cases / sizeof inbox_cases[0]); i++) {
		const struct inbox_case *c = &inbox_cases[i / 2];
		struct tree_head heads[MOST];
		struct imap_mailbox boxes[2 * MOST + 1];
		size_t n;
		struct map_entry *map = plan_inbox(c, i % 2, heads, boxes, &n);

		for (size_t k = 0; k < n; k++)
			if (!is_raw(&map[k], c->boxes[k].raw) || (i % 2 && !map[k].exists))
				fail_msg("%s, run %zu: %s goes to %s", c->what, i % 2 + 1,
				        heads[k].name, map[k].shown);
		map_free(map, n);
	}
}

static void parents_are_implied(void **state)
{
	static const struct map_case c = {"", '/', "", NULL,
	        {{"A", NULL, ATTR_NOSELECT, 0}, {"A/B", NULL, 0, 0}, {"AB", NULL, ATTR_NOSELECT, 0},
	                {"New", "\\Junk", 0, 0}},
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

struct soft_case {
	const char *content;
	char delimiter;
	const char *prefix;
	const char *names[MAP_LEVELS]; /* one a level; NULL: it changes nothing */
};

static const struct soft_case soft_cases[] = {
        {"a*b%/c:d", '/', "", {NULL, "a_b_/c_d", NULL, NULL, "a*b%/c:d_2", "a*b%_c:d", "a_b__c_d"}},
        {" two  blanks ", '/', "", {NULL, "two blanks", NULL, NULL, " two  blanks _2"}},
        {"*", '.', "", {NULL, "_", NULL, NULL, "*_2"}},
        {"tab\there", '/', "", {NULL, "tab_here", NULL, NULL, "tab\there_2"}},
        {"twin", '/', "", {NULL, NULL, NULL, NULL, "twin_2"}},
        {"Gr\xc3\xbc\xc3\x9f"
         "e",
                '.', "INBOX.",
                {NULL, NULL, NULL, "INBOX.Gr__e",
                        "INBOX.Gr\xc3\xbc\xc3\x9f"
                        "e_2"}},
        {"Work", '.', NULL, {"INBOX.Work", "Work", NULL, NULL, "Work_2", NULL, NULL, "INBOX.Work"}},
        {"123456789012345678901234567890123456789\xc3\xa9z", '/', "",
                {NULL, NULL, "123456789012345678901234567890123456789~92297ef8",
                        "123456789012345678901234567890123456789_~92297ef8"}},
};

/* Each level in turn, from what the one before left. */
static void softened_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof soft_cases / sizeof soft_cases[0]; i++) {
		const struct soft_case *c = &soft_cases[i];
		struct tree_head head = {.name = (char *)(uintptr_t)c->content,
		        .content_name = (char *)(uintptr_t)c->content};
		const struct tree_head *list[] = {&head};
		struct map_target t = {.prefix = c->prefix, .delimiter = c->delimiter};
		struct map_entry *map = map_plan(list, 1, &t, &(struct map_wish){0});
		char *planned = strdup(map[0].shown);

		for (unsigned level = 1; level <= MAP_LEVELS; level++) {
			const char *want = c->names[level - 1];
			bool changed = map_soften(map, 1, 0, &t, level);

			if (want && (!changed || strcmp(map[0].shown, want) != 0))
				fail_msg("%s, level %u: %s", c->content, level, map[0].shown);
			if (!want && changed && level < MAP_NUMBERED)
				fail_msg("%s, level %u changes it to %s", c->content, level,
				        map[0].shown);
		}
		map_soften(map, 1, 0, &t, 0);
		assert_string_equal(map[0].shown, planned);
		free(planned);
		map_free(map, 1);
	}
}

/* A server that folds case, composes characters or drops blanks. */
static void twins(void **state)
{
	static const struct map_case c = {"", '/', "", NULL,
	        {{"Twin", NULL, 0, 0}, {"twin ", NULL, 0, 0}, {"e\xcc\x81t\xc3\xa9", NULL, 0, 0}},
	        {{0}}, {{0}}};
	struct imap_mailbox there[2] = {
	        {.name = (uint8_t *)(uintptr_t) "Twin", .name_len = 4, .delimiter = '/'},
	        {.name = (uint8_t *)(uintptr_t) "&AOk-t&AOk-", .name_len = 11, .delimiter = '/'}};
	struct tree_head heads[MOST];
	const struct tree_head *list[MOST];
	struct imap_mailbox boxes[MOST];
	struct map_target t;
	size_t n;
	struct map_entry *map = run_case(&c, heads, list, boxes, &t, &n);

	(void)state;
	assert_true(map_has_twin(map, n, 0));
	assert_true(map_has_twin(map, n, 1));
	assert_false(map_has_twin(map, n, 2));
	assert_false(map_adopt(map, n, 1, there, 2, &t)); /* it is the other one's */
	assert_true(map_adopt(map, n, 2, there, 2, &t));
	assert_true(is_raw(&map[2], "&AOk-t&AOk-"));
	map_free(map, n);
}

static const char *earlier(const void *ctx, const char *name)
{
	return strcmp(name, "v1.2") == 0 ? ctx : NULL;
}

/* The user's word first, then where it went before, then the rest. */
static void wishes(void **state)
{
	static const struct target_map maps[] = {
	        {"Old", "Attic/2020=2F21"}, {"Old/Deep", "Cellar"}, {"v1_2", "Work"}};
	static const struct map_case c = {"", '.', "", NULL,
	        {{"Old", NULL, 0, 0}, {"Old/Deep/x", NULL, 0, 0}, {"Work", NULL, 0, 0},
	                {"v1.2", NULL, 0, 0}, {"v1_2", NULL, 0, 0}, {"Older", NULL, 0, 0}},
	        {{.raw = "Work"}, {.raw = "v1_2_old"}}, {{0}}};
	static const struct map_wish wish = {
	        .maps = maps, .n_maps = 3, .earlier = earlier, .ctx = "v1_2_old"};
	static const char *const want[] = {
	        "Attic.2020/21", "Cellar.x", "Work_2", "v1_2_old", "Work", "Older"};
	struct tree_head heads[MOST];
	const struct tree_head *list[MOST];
	struct imap_mailbox boxes[MOST];
	struct map_target t;
	struct map_entry *map;
	size_t n;

	(void)state;
	map = run_case(&c, heads, list, boxes, &t, &n);
	map_free(map, n);
	map = map_plan(list, n, &t, &wish);
	for (size_t i = 0; i < n; i++)
		if (!is_raw(&map[i], want[i]))
			fail_msg("%s: %s", heads[i].name, map[i].shown);
	map_free(map, n);
}

/*
 * OLD as the source spells it, with what is below; NEW as the target does, and INBOX in
 * any case.
 */
static void spellings(void **state)
{
	static const struct {
		const char *name, *content, *from, *to, *raw;
	} spelt[] = {
	        {"INBOX.Work.2024", "Work/2024", "INBOX.Work", "Job", "INBOX.Job.2024"},
	        {"INBOX.Work.2024", "Work/2024", "Work", "Job", "INBOX.Job.2024"},
	        {"INBOX.Work.2024", "Work/2024", "INBOX", "Job", "INBOX.Work.2024"},
	        {"INBOX.Work.2024", "Work/2024", "INBOX.Wor", "Job", "INBOX.Work.2024"},
	        {"user.bob.a/b.c", "user/bob/a=2Fb/c", "user.bob", "Bob", "INBOX.Bob.a/b.c"},
	        {"Work", "Work", "Work", "INBOX.Attic", "INBOX.Attic"},
	        {"Work", "Work", "Work", "INBOX.New.2024", "INBOX.New.2024"},
	        {"Work", "Work", "Work", "Attic", "INBOX.Attic"},
	        {"Work", "Work", "Work", "inbox", "INBOX"},
	        {"Work/2024", "Work/2024", "Work", "Inbox", "INBOX.2024"},
	};
	static uint8_t raw[2][16] = {"INBOX", "INBOX.Attic"};
	struct imap_mailbox boxes[2] = {{.name = raw[0], .name_len = 5, .delimiter = '.'},
	        {.name = raw[1], .name_len = 11, .delimiter = '.'}};
	struct map_target t = {.list = boxes, .n = 2, .delimiter = '.', .prefix = "INBOX."};

	(void)state;
	for (size_t i = 0; i < sizeof spelt / sizeof spelt[0]; i++) {
		const struct target_map m = {spelt[i].from, spelt[i].to};
		struct tree_head h = {.name = (char *)(uintptr_t)spelt[i].name,
		        .content_name = (char *)(uintptr_t)spelt[i].content};
		const struct tree_head *list[] = {&h};
		struct map_entry *map =
		        map_plan(list, 1, &t, &(struct map_wish){.maps = &m, .n_maps = 1});

		if (!is_raw(map, spelt[i].raw))
			fail_msg("%s, --map %s=%s: %s", spelt[i].name, m.from, m.to, map->shown);
		map_free(map, 1);
	}
}

static void uses(void **state)
{
	static const struct {
		const char *name, *use;
	} known[] = {
	        {"Sent", "\\Sent"},
	        {"SENT ITEMS", "\\Sent"},
	        {"INBOX/Sent", "\\Sent"},
	        {"[Gmail]/Papierkorb", "\\Trash"},
	        {"Entwu\xcc\x88rfe", "\\Drafts"},
	        {"\xc3\x89l\xc3\xa9ments envoy\xc3\xa9s", "\\Sent"},
	        {"Courrier ind\xc3\xa9sirable", "\\Junk"},
	        {"\xd0\x9e\xd0\xa2\xd0\x9f\xd0\xa0\xd0\x90\xd0\x92\xd0\x9b\xd0\x95\xd0\x9d\xd0\x9d"
	         "\xd0\xab\xd0\x95",
	                "\\Sent"},
	        {"\xe3\x82\xb4\xe3\x83\x9f\xe7\xae\xb1", "\\Trash"},
	        {"Ar\xc5\x9fiv", "\\Archive"},
	        {"Kos", NULL},
	        {"Work/Sent", NULL},
	        {"INBOX", NULL},
	        {"Sent2", NULL},
	        {"", NULL},
	        {"[Gmail]", NULL},
	        {"Se\xff"
	         "nt",
	                NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		const char *use = use_by_name(known[i].name);

		if (use != known[i].use &&
		        (!use || !known[i].use || strcmp(use, known[i].use) != 0))
			fail_msg("%s: %s", known[i].name, use ? use : "none");
	}
	assert_ptr_equal(use_announced("\\Important \\sent"), use_by_name("Sent"));
	assert_null(use_announced("\\All \\Flagged"));
	assert_null(use_announced(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(mapping),
	        cmocka_unit_test(spellings),
	        cmocka_unit_test(inboxes),
	        cmocka_unit_test(parents_are_implied),
	        cmocka_unit_test(softened_names),
	        cmocka_unit_test(twins),
	        cmocka_unit_test(wishes),
	        cmocka_unit_test(uses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
