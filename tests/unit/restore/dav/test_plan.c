/* Which collection of the archive goes into which of the target, and what goes apart. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "restore/dav/run.h"

enum { MOST = 3 };

struct coll {
	const char *name, *href, *comps; /* of the archive: the component of its set */
	unsigned attrs;
};

struct archive {
	struct tree_reader reader;
	struct tree_manifest manifest;
	const struct coll *colls;
};

static const struct tree_manifest *get_manifest(struct tree_reader *r)
{
	return &((struct archive *)r)->manifest;
}

static int get_coll(
        struct tree_reader *r, const struct tree_head *h, struct tree_coll **out, struct err *err)
{
	const struct coll *c = ((struct archive *)r)->colls;

	(void)err;
	while (strcmp(c->name, h->name) != 0)
		c++;
	*out = tree_coll_new(COLL_CALENDAR, h->name);
	(*out)->href = xstrdup(c->href);
	if (c->comps)
		(*out)->props = xasprintf("{\"{urn:ietf:params:xml:ns:caldav}"
		                          "supported-calendar-component-set\":\"<C:comp "
		                          "xmlns:C=\\\"urn:ietf:params:xml:ns:caldav\\\" "
		                          "name=\\\"%s\\\"/>\"}",
		        c->comps);
	return 0;
}

static const struct tree_reader_ops ops = {.manifest = get_manifest, .coll = get_coll};

static const struct {
	const char *what;
	struct coll archive[MOST];
	struct {
		const char *name, *segment;
		unsigned comps;
		bool readonly, aside;
	} target[MOST];
	const char *into, *under;
	struct target_map map;
	uint32_t to[MOST]; /* where each goes; NONE: into a new one */
	enum err_code rc;
	const char *name; /* of the first, where it is to be made */
} cases[] = {
        {"of the same name", {{"Work", "/c/w/", NULL, 0}},
                {{"Home", "h", 0, false, false}, {"Work", "x", 0, false, false}}, NULL, NULL,
                {NULL, NULL}, {1}, ERR_OK, NULL},
        {"of the same name and segment first", {{"Work", "/c/w/", NULL, 0}},
                {{"Work", "x", 0, false, false}, {"Work", "w", 0, false, false}}, NULL, NULL,
                {NULL, NULL}, {1}, ERR_OK, NULL},
        {"two of one name need two", {{"Work", "/c/w/", NULL, 0}, {"Home", "/c/h/", NULL, 0}},
                {{"Work", "x", 0, false, false}}, NULL, NULL, {NULL, NULL}, {0, NONE}, ERR_OK,
                NULL},
        {"a new one", {{"Work", "/c/w/", NULL, 0}}, {{"Home", "h", 0, false, false}}, NULL, NULL,
                {NULL, NULL}, {NONE}, ERR_OK, "Work"},
        {"not what only reads", {{"Work", "/c/w/", NULL, 0}}, {{"Work", "w", 0, true, false}}, NULL,
                NULL, {NULL, NULL}, {NONE}, ERR_OK, "Work"},
        {"not what is somebody else's", {{"Work", "/c/w/", NULL, 0}},
                {{"Work", "w", 0, false, true}}, NULL, NULL, {NULL, NULL}, {NONE}, ERR_OK, "Work"},
        {"XML escaped once too often", {{"A & B", "/c/w/", NULL, 0}},
                {{"A &amp; B", "x", 0, false, false}}, NULL, NULL, {NULL, NULL}, {0}, ERR_OK, NULL},
        {"not one for tasks", {{"Work", "/c/w/", "VEVENT", 0}},
                {{"Work", "x", COMP_VTODO, false, false}}, NULL, NULL, {NULL, NULL}, {NONE}, ERR_OK,
                "Work"},
        {"generated ones stay out",
                {{"Birthdays", "/c/b/", NULL, ATTR_GENERATED}, {"Work", "/c/w/", NULL, 0}},
                {{"Work", "x", 0, false, false}}, NULL, NULL, {NULL, NULL}, {0}, ERR_OK, NULL},
        {"--under", {{"Work", "/c/w/", NULL, 0}}, {{"Work", "x", 0, false, false}}, NULL, "Old",
                {NULL, NULL}, {NONE}, ERR_OK, "Old/Work"},
        {"--into", {{"Work", "/c/w/", NULL, 0}, {"Home", "/c/h/", NULL, 0}},
                {{"Work", "x", 0, false, false}, {"All", "y", 0, false, false}}, "All", NULL,
                {NULL, NULL}, {1, 1}, ERR_OK, NULL},
        {"--into by the segment", {{"Work", "/c/w/", NULL, 0}}, {{"All", "y", 0, false, false}},
                "y", NULL, {NULL, NULL}, {0}, ERR_OK, NULL},
        {"--into nowhere", {{"Work", "/c/w/", NULL, 0}}, {{"All", "y", 0, false, false}}, "No",
                NULL, {NULL, NULL}, {NONE}, ERR_NOTFOUND, NULL},
        {"--into what only reads", {{"Work", "/c/w/", NULL, 0}}, {{"All", "y", 0, true, false}},
                "All", NULL, {NULL, NULL}, {NONE}, ERR_USAGE, NULL},
        {"--map into what is there", {{"Work", "/c/w/", NULL, 0}},
                {{"Work", "x", 0, false, false}, {"All", "y", 0, false, false}}, NULL, NULL,
                {"Work", "All"}, {1}, ERR_OK, NULL},
        {"--map into a new one", {{"Work", "/c/w/", NULL, 0}}, {{"Work", "x", 0, false, false}},
                NULL, NULL, {"Work", "All"}, {NONE}, ERR_OK, "All"},
        {"--map beside another", {{"Work", "/c/w/", NULL, 0}, {"Home", "/c/h/", NULL, 0}},
                {{"Home", "x", 0, false, false}}, NULL, NULL, {"Work", "Home"}, {0, 0}, ERR_OK,
                NULL},
};

static void plans(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct archive a = {.reader = {.ops = &ops}, .colls = cases[i].archive};
		struct tcoll t[MOST] = {{.url = NULL}};
		struct target_opts opts = {.into = cases[i].into,
		        .under = cases[i].under,
		        .maps = &cases[i].map,
		        .n_maps = cases[i].map.from != NULL};
		struct drun r = {
		        .reader = &a.reader, .opts = &opts, .kind = COLL_CALENDAR, .tcolls = t};
		struct err err = {0};

		tree_manifest_init(&a.manifest);
		for (size_t k = 0; k < MOST && cases[i].archive[k].name; k++)
			tree_manifest_add(&a.manifest,
			        &(struct tree_head){.kind = COLL_CALENDAR,
			                .name = (char *)(uintptr_t)cases[i].archive[k].name,
			                .content_name = (char *)(uintptr_t)cases[i].archive[k].name,
			                .attrs = cases[i].archive[k].attrs});
		for (; r.n_tcolls < MOST && cases[i].target[r.n_tcolls].name; r.n_tcolls++)
			t[r.n_tcolls] = (struct tcoll){
			        .name = (char *)(uintptr_t)cases[i].target[r.n_tcolls].name,
			        .segment = (char *)(uintptr_t)cases[i].target[r.n_tcolls].segment,
			        .url = (char *)(uintptr_t)cases[i].target[r.n_tcolls].segment,
			        .comps = cases[i].target[r.n_tcolls].comps,
			        .readonly = cases[i].target[r.n_tcolls].readonly,
			        .aside = cases[i].target[r.n_tcolls].aside};
		assert_int_equal(put_journal_open(NULL, NULL, true, &r.journal, &err), 0);
		if (dav_plan(&r, &err) != (int)cases[i].rc)
			fail_msg("%s: %s", cases[i].what, err.text);
		for (size_t k = 0; k < r.n_acolls; k++) {
			if (!cases[i].rc && r.acolls[k].to != cases[i].to[k])
				fail_msg("%s: %zu goes to %d", cases[i].what, k,
				        (int)r.acolls[k].to);
			if (k == 0 && cases[i].name)
				assert_string_equal(r.acolls[k].name, cases[i].name);
			tree_coll_free(r.acolls[k].coll);
			props_clear(&r.acolls[k].props);
			free(r.acolls[k].name);
			free(r.acolls[k].refused);
		}
		free(r.acolls);
		put_journal_free(r.journal);
		tree_manifest_clear(&a.manifest);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(plans)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
