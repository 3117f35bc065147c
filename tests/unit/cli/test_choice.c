#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "valise/restore/restore.h"
#include "given.h"

/* A snapshot of these collections. */
static void fill_manifest(struct tree_manifest *m)
{
	static const struct {
		enum coll_kind kind;
		const char *name;
	} heads[] = {{COLL_MAIL, "INBOX"}, {COLL_MAIL, "Lists"}, {COLL_MAIL, "Lists/C"},
	        {COLL_MAIL, "Entw\xc3\xbcrfe"}, {COLL_CALENDAR, "Work"}};

	tree_manifest_init(m);
	for (size_t i = 0; i < COUNT(heads); i++) {
		char name[32], content[32];
		struct tree_head h = {.kind = heads[i].kind, .name = name, .content_name = content};

		snprintf(name, sizeof name, "%s", heads[i].name);
		snprintf(content, sizeof content, "%s", heads[i].name);
		tree_manifest_add(m, &h);
	}
}

static void a_pattern_means_something(void **state)
{
	static const struct {
		const char *line;
		bool settled;
		int rc;
	} table[] = {
	        {"a", true, 0},
	        {"a --include INBOX", true, 0},
	        {"a --include inbox --folder Lists", true, 0},
	        {"a --include INBOXX", false, EXIT_USAGE},
	        {"a --exclude Work", true, 0},
	        {"a --exclude Werk", false, EXIT_USAGE},
	        {"a --include Lists --exclude Lists*", false, EXIT_USAGE}, /* nothing is left */
	        {"a --exclude *", false, EXIT_USAGE},
	        {"a --include No --one-of-many", false, EXIT_USAGE}, /* it chooses nothing */
	        {"a --include INBOX --include No --one-of-many", false, 0},
	};
	struct tree_manifest m;

	(void)state;
	fill_manifest(&m);
	for (size_t i = 0; i < COUNT(table); i++) {
		struct choice c;
		struct given g;

		assert_int_equal(give(&g, CMD_RESTORE, true, table[i].line), 0);
		choice_init(&c, &g.args);
		for (size_t k = 0; k < m.n_heads; k++) {
			struct pattern_name name;

			target_name(&m.heads[k], &name);
			choice_see(&c, &name, true);
		}
		if (choice_settled(&c) != table[i].settled || choice_check(&c) != table[i].rc)
			fail_msg("%s", table[i].line);
		choice_clear(&c);
	}
	tree_manifest_clear(&m);
}

static void near_names_are_hints(void **state)
{
	struct choice c = {0};
	struct buf out = buf_of(1000);

	(void)state;
	choice_see(&c, &(struct pattern_name){.full = "INBOX", .mail = true}, true);
	choice_see(&c, &(struct pattern_name){.full = "Archive", .mail = true}, true);
	choice_near(&c, "Archiv", &out);
	assert_string_equal(buf_str(&out), "; near to it: \"Archive\"");
	buf_reset(&out);
	/* a calendar of the same name */
	choice_see(&c, &(struct pattern_name){.full = "Archive"}, true);
	choice_near(&c, "Archiv", &out);
	assert_string_equal(buf_str(&out), "; near to it: \"Archive\"");
	buf_reset(&out);
	choice_near(&c, "Something else", &out);
	assert_string_equal(buf_str(&out), "");
	buf_clear(&out);
	choice_clear(&c);
}

static void a_mapping_means_something(void **state)
{
	static const struct {
		const char *line;
		unsigned kinds;
		int rc;
		const char *from, *to; /* of the first */
	} table[] = {
	        {"a", ~0u, 0, NULL, NULL},
	        {"a --map Lists=Old", ~0u, 0, "Lists", "Old"},
	        {"a --map Lists/C=Old", ~0u, 0, "Lists/C", "Old"},
	        {"a --map inbox=Old", ~0u, 0, "INBOX", "Old"},
	        {"a --map Entw&APw-rfe=Drafts", ~0u, 0, "Entw\xc3\xbcrfe", "Drafts"},
	        {"a --map Work=Arbeit", ~0u, 0, "Work", "Arbeit"},
	        {"a --map Work=a/", ~0u, 0, "Work", "a/"}, /* a calendar has no levels */
	        {"a --map Lists=a/", ~0u, EXIT_USAGE, NULL, NULL},
	        {"a --map Lists", ~0u, EXIT_USAGE, NULL, NULL},
	        {"a --map =Old", ~0u, EXIT_USAGE, NULL, NULL},
	        {"a --map Lists=", ~0u, EXIT_USAGE, NULL, NULL},
	        {"a --map Nothing=Old", ~0u, EXIT_USAGE, NULL, NULL},
	        {"a --map Nothing=Old --one-of-many", ~0u, 0, "Nothing", "Old"},
	        {"a --map Work=Arbeit", 1u << COLL_MAIL, EXIT_USAGE, NULL, NULL},
	        {"a --map Lists=A --map Lists=A", ~0u, 0, "Lists", "A"},
	        {"a --map Lists=A --map Lists=B", ~0u, EXIT_USAGE, NULL, NULL},
	        {"a --map Lists=A --map INBOX=A", ~0u, EXIT_USAGE, NULL, NULL},
	};
	struct tree_manifest m;

	(void)state;
	fill_manifest(&m);
	for (size_t i = 0; i < COUNT(table); i++) {
		struct target_opts opts = {0};
		struct maps maps = {0};
		struct choice c;
		struct given g;
		int rc;

		assert_int_equal(give(&g, CMD_RESTORE, true, table[i].line), 0);
		choice_init(&c, &g.args);
		rc = maps_read(&maps, &m, &opts, table[i].kinds, &c);
		if (rc != table[i].rc)
			fail_msg("%s: %d", table[i].line, rc);
		if (rc == 0 && table[i].from) {
			assert_string_equal(opts.maps[0].from, table[i].from);
			assert_string_equal(opts.maps[0].to, table[i].to);
		}
		maps_clear(&maps);
		choice_clear(&c);
	}
	tree_manifest_clear(&m);
}

static void levels_have_names(void **state)
{
	static const struct {
		const char *name;
		bool empty;
	} table[] = {{"a", false}, {"a/b", false}, {"", true}, {"/", true}, {"/a", true},
	        {"a/", true}, {"a//b", true}};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		assert_int_equal(maps_empty_level(table[i].name), table[i].empty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_pattern_means_something),
	        cmocka_unit_test(near_names_are_hints),
	        cmocka_unit_test(a_mapping_means_something),
	        cmocka_unit_test(levels_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
