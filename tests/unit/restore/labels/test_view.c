#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "valise/base/mem.h"
#include "restore/labels/view.h"

/*
 * Archives in memory. A mailbox is "name use: items"; an item is a letter, its content,
 * with a digit, its X-GM-MSGID (0: none), and perhaps the names of its labels in braces.
 */
enum { MOST = 8 };

struct box {
	const char *name, *use, *items;
	unsigned attrs;
};

struct archive {
	struct tree_reader reader;
	struct tree_manifest manifest;
	const struct box *boxes;
	const char *broken; /* the catalog of this mailbox cannot be read */
	char said[4000];
};

static const struct tree_manifest *get_manifest(struct tree_reader *r)
{
	return &((struct archive *)r)->manifest;
}

static int get_coll(
        struct tree_reader *r, const struct tree_head *h, struct tree_coll **out, struct err *err)
{
	struct archive *a = (struct archive *)r;
	struct tree_coll *c;
	const char *p = "";
	uint32_t uid = 1;

	if (a->broken && strcmp(a->broken, h->name) == 0)
		return err_set(err, ERR_DAMAGED, ERR_COLLECTION, "broken");
	for (size_t i = 0; a->boxes[i].name; i++)
		if (strcmp(a->boxes[i].name, h->name) == 0)
			p = a->boxes[i].items;
	c = tree_coll_new(COLL_MAIL, h->name);
	while (*p) {
		struct tree_item it = {.uid = uid++, .size = 10};
		const char *end;

		memset(it.sha256, *p, sizeof it.sha256);
		if (p[1] > '0') {
			struct tree_ext *e = tree_coll_ext(c, &it.ext);

			e->gm_msgid = (uint64_t)(p[1] - '0');
			if (p[2] == '{') {
				end = strchr(p, '}');
				e->labels = xasprintf("[%.*s]", (int)(end - p - 3), p + 3);
			}
		}
		tree_coll_add(c, &it);
		p += p[2] == '{' ? strchr(p, '}') + 1 - p : 2;
		p += *p == ' ';
	}
	*out = c;
	return 0;
}

static const struct tree_reader_ops ops = {.manifest = get_manifest, .coll = get_coll};

static void archive_init(struct archive *a, const struct box *boxes)
{
	memset(a, 0, sizeof *a);
	a->reader.ops = &ops;
	a->boxes = boxes;
	tree_manifest_init(&a->manifest);
	for (size_t i = 0; boxes[i].name; i++) {
		struct tree_head h = {.kind = COLL_MAIL,
		        .name = (char *)(uintptr_t)boxes[i].name,
		        .content_name = (char *)(uintptr_t)boxes[i].name,
		        .special_use = (char *)(uintptr_t)boxes[i].use,
		        .attrs = boxes[i].attrs};
		struct tree_head *made = tree_manifest_add(&a->manifest, &h);
		struct tree_coll *c = NULL;
		struct err err = {0};

		assert_int_equal(get_coll(&a->reader, made, &c, &err), 0);
		made->roots.items = c->n_items;
		made->roots.bytes = 10 * c->n_items;
		tree_coll_free(c);
	}
}

static void note(
        void *ctx, enum say_level level, const char *collection, const char *item, const char *text)
{
	struct archive *a = ctx;
	size_t n = strlen(a->said);

	assert_int_equal(level, SAY_NOTE);
	assert_null(item);
	snprintf(a->said + n, sizeof a->said - n, "%s: %s\n", collection ? collection : "", text);
}

/*
 * "INBOX: a1 b2{labels}; Archive: c" of what the view shows: content names, contents,
 * labels or keywords.
 */
static void show_view(struct tree_reader *v, char *out, size_t size)
{
	const struct tree_manifest *m = v->ops->manifest(v);
	size_t n = 0;

	*out = '\0';
	for (size_t i = 0; i < m->n_heads; i++) {
		struct tree_coll *c;
		struct err err = {0};

		n += (size_t)snprintf(
		        out + n, size - n, "%s%s:", i ? "; " : "", m->heads[i].content_name);
		if (v->ops->coll(v, &m->heads[i], &c, &err) < 0) {
			n += (size_t)snprintf(out + n, size - n, " broken");
			continue;
		}
		assert_int_equal(c->n_items, m->heads[i].roots.items);
		for (size_t k = 0; k < c->n_items; k++) {
			const struct tree_item *it = &c->items[k];
			const struct tree_ext *e = tree_item_ext(c, it);
			const char *words = tree_coll_keyword_text(c, it->keywords);

			n += (size_t)snprintf(out + n, size - n, " %c%u%s%s%s", it->sha256[0],
			        it->uid, it->flags & FLAG_FLAGGED ? "*" : "",
			        e && e->labels ? e->labels : "", words);
		}
		tree_coll_free(c);
	}
}

struct view_case {
	const char *what;
	enum label_policy policy;
	bool gmail, no_all;
	const char *unwanted, *broken;
	struct box boxes[MOST];
	const char *shown; /* NULL: as it is */
	const char *said;
};

/*
 * A Gmail account: a is in INBOX and Work, starred; b archived; c sent, in Work; d in the
 * trash.
 */
#define GMAIL                                                                                      \
	{                                                                                          \
		{"INBOX", NULL, "a1{\"Work\",\"\\\\Starred\"}", 0}, {"Work", NULL, "a1 c3", 0},    \
		        {"[Gmail]", NULL, "", ATTR_NOSELECT},                                      \
		        {"[Gmail]/Alle", "\\All", "a1 b2 c3{\"No Box\"}", 0},                      \
		        {"[Gmail]/Sent", "\\Sent", "c3{\"No Box\"}", 0},                           \
		        {"[Gmail]/Stars", "\\Flagged", "a1", 0},                                   \
		{                                                                                  \
			"[Gmail]/Trash", "\\Trash", "d4", 0                                        \
		}                                                                                  \
	}

static const struct view_case cases[] = {
        {"folders", LABELS_FOLDERS, false, false, NULL, NULL, GMAIL,
                "INBOX: a1[\"Work\",\"\\\\Starred\"]; Work: a1 c2; [Gmail]:; Archive: b2; "
                "[Gmail]/Sent: c1[\"No Box\"]; [Gmail]/Stars: a1; [Gmail]/Trash: d1",
                "[Gmail]/Alle: it shows all messages: 2 stand"},
        {"folders without Work", LABELS_FOLDERS, false, false, "Work", NULL, GMAIL,
                "INBOX: a1[\"Work\",\"\\\\Starred\"]; Work: a1 c2; [Gmail]:; Archive: b2; "
                "[Gmail]/Sent: c1[\"No Box\"]; [Gmail]/Stars: a1; [Gmail]/Trash: d1",
                NULL},
        {"first", LABELS_FIRST, false, false, NULL, NULL, GMAIL,
                "INBOX: a1[\"Work\",\"\\\\Starred\"]; [Gmail]:; Archive: b2; "
                "[Gmail]/Sent: c1[\"No Box\"]; [Gmail]/Trash: d1",
                "2 messages have several labels"},
        {"keywords", LABELS_KEYWORDS, false, false, NULL, NULL, GMAIL,
                "INBOX: a1[\"Work\",\"\\\\Starred\"]Work; [Gmail]:; Archive: b2; "
                "[Gmail]/Sent: c1[\"No Box\"]No_Box Work; [Gmail]/Trash: d1",
                "No Box: the label is restored as the keyword No_Box"},
        {"to Gmail", LABELS_FOLDERS, true, false, NULL, NULL, GMAIL,
                "INBOX:; Work:; [Gmail]:; [Gmail]/Alle: a1*[\"INBOX\",\"Work\"] b2; "
                "[Gmail]/Sent: c1[\"No Box\",\"Work\"]; [Gmail]/Trash: d1",
                "2 messages of several mailboxes become one"},
        {"to Gmail without Work", LABELS_FOLDERS, true, false, "Work", NULL, GMAIL,
                "INBOX:; Work: a1 c2; [Gmail]:; [Gmail]/Alle: a1*[\"INBOX\"] b2; "
                "[Gmail]/Sent: c1[\"No Box\"]; [Gmail]/Trash: d1",
                NULL},
        {"to a Gmail that hides All Mail", LABELS_FOLDERS, true, true, NULL, NULL, GMAIL,
                "INBOX: a1*[\"Work\"]; Work:; [Gmail]:; [Gmail]/Alle: b2; "
                "[Gmail]/Sent: c1[\"No Box\",\"Work\"]; [Gmail]/Trash: d1",
                NULL},
        {"an ordinary archive", LABELS_FOLDERS, false, false, NULL, NULL,
                {{"INBOX", NULL, "a0 a0", 0}, {"Work", NULL, "a0", 0}}, NULL, NULL},
        {"an ordinary archive, one copy", LABELS_FIRST, false, false, NULL, NULL,
                {{"INBOX", NULL, "a0 a0", 0}, {"Work", NULL, "a0", 0}}, "INBOX: a1 a2; Work: a1",
                NULL},
        {"an ordinary archive to Gmail", LABELS_FOLDERS, true, false, NULL, NULL,
                {{"INBOX", NULL, "a0 a0 b0", 0}, {"Bin", "\\Trash", "b0 c0", 0},
                        {"Work", NULL, "a0", 0}},
                "INBOX: a1[\"Work\"] b3; Bin: c2; Work:", "1 message is left out"},
        {"a virtual \\All holds each as often as all others together", LABELS_FOLDERS, false, false,
                NULL, NULL,
                {{"INBOX", NULL, "a0", 0}, {"Work", NULL, "a0", 0},
                        {"all", "\\All", "a0 a0 a0 b0", 0}},
                "INBOX: a1; Work: a1; Archive: a3 b4", "2 stand in other mailboxes"},
        {"equal contents with numbers of their own are two", LABELS_FOLDERS, false, false, NULL,
                NULL, {{"INBOX", NULL, "a1", 0}, {"all", "\\All", "a1 a2", 0}},
                "INBOX: a1; Archive: a2", NULL},
        {"what cannot be read covers nothing", LABELS_FOLDERS, false, false, NULL, "Work",
                {{"INBOX", NULL, "a1", 0}, {"Work", NULL, "b2", 0}, {"all", "\\All", "a1 b2", 0}},
                "INBOX: a1; Work: broken; Archive: b2", NULL},
        {"nor is it left out", LABELS_FOLDERS, true, false, NULL, "all",
                {{"INBOX", NULL, "a1", 0}, {"all", "\\All", "a1 b2", 0}}, "INBOX: a1; all: broken",
                NULL},
        {"Archive is taken", LABELS_FOLDERS, false, false, NULL, NULL,
                {{"Archive", NULL, "c3", 0}, {"INBOX", NULL, "a1", 0},
                        {"all", "\\All", "a1 b2", 0}},
                "Archive: c1; INBOX: a1; all: b2", NULL},
};

static void views(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct view_case *t = &cases[i];
		struct archive a;
		struct tree_reader *v;
		struct err err = {0};
		char shown[4000];
		const struct target_opts target = {.labels = t->policy,
		        .choice = {.exclude = &t->unwanted, .n_exclude = t->unwanted != NULL},
		        .report = note,
		        .ctx = &a};
		struct label_opts o = {
		        .target = &target, .gmail = t->gmail, .gmail_all = !t->no_all};

		archive_init(&a, t->boxes);
		a.broken = t->broken;
		assert_int_equal(label_view(&a.reader, &o, &v, &err), 0);
		if (!t->shown) {
			assert_null(v);
		} else {
			show_view(v, shown, sizeof shown);
			if (strcmp(shown, t->shown) != 0)
				fail_msg("%s:\n  %s\ninstead of\n  %s", t->what, shown, t->shown);
			if (t->said && !strstr(a.said, t->said))
				fail_msg("%s: said %s", t->what, a.said);
			tree_reader_free(v);
		}
		tree_manifest_clear(&a.manifest);
	}
}

static void keywords(void **state)
{
	static const struct {
		const char *label, *keyword;
		bool changed;
	} table[] = {{"Work", "Work", false}, {"Work/Sub", "Work/Sub", false},
	        {"a b(c)", "a_b_c_", true}, {"\\Important", "$Important", true},
	        {"M\xc3\xbcll", "M&APw-ll", true}, {"R&D", "R&-D", true}, {"", "_", true},
	        {"x]%*\"\\{", "x______", true}};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct buf b;

		buf_init(&b, 1000);
		assert_int_equal(label_keyword(table[i].label, &b), table[i].changed);
		assert_string_equal(buf_str(&b), table[i].keyword);
		buf_clear(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(views),
	        cmocka_unit_test(keywords),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
