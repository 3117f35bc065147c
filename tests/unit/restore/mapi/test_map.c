/* Which folder of a mailbox takes which collection of the archive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "restore/mapi/map/map.h"
#include "valise/base/mem.h"

/* A mailbox in German. Ids are 1 and the place in this list. */
#define FOLDER(i, above, deep, kind, called, class, its)                                           \
	{                                                                                          \
		.id = (i), .parent = (above), .depth = (deep), .type = (kind),                     \
		.name = (char *)(uintptr_t)(called),                                               \
		.container_class = (char *)(uintptr_t)(class), .use = (its)                        \
	}
static struct mapi_folder german[] = {
        FOLDER(1, 99, 1, MAPI_FOLDER_GENERIC, "Posteingang", "IPF.Note", "\\Inbox"),
        FOLDER(2, 99, 1, MAPI_FOLDER_GENERIC, "Gesendete Elemente", "IPF.Note", "\\Sent"),
        FOLDER(3, 99, 1, MAPI_FOLDER_GENERIC, "Gel\u00f6schte Elemente", NULL, "\\Trash"),
        FOLDER(4, 99, 1, MAPI_FOLDER_GENERIC, "Kalender", "IPF.Appointment", "calendar"),
        FOLDER(5, 99, 1, MAPI_FOLDER_GENERIC, "Kontakte", "IPF.Contact", "contacts"),
        FOLDER(6, 99, 1, MAPI_FOLDER_GENERIC, "Aufgaben", "IPF.Task", "tasks"),
        FOLDER(7, 99, 1, MAPI_FOLDER_GENERIC, "Notizen", "IPF.StickyNote", "notes"),
        FOLDER(8, 1, 2, MAPI_FOLDER_GENERIC, "Work", "IPF.Note", NULL),
        FOLDER(9, 8, 3, MAPI_FOLDER_GENERIC, "2024", "IPF.Note.OutlookHomepage", NULL),
        FOLDER(10, 99, 1, MAPI_FOLDER_SEARCH, "Unread", "IPF.Note", NULL),
        FOLDER(11, 4, 2, MAPI_FOLDER_GENERIC, "Team", "IPF.Appointment", NULL),
};

/* What of a collection is given in a test, and where it is to go. */
struct row {
	enum coll_kind kind;
	const char *content, *use;
	enum folder_class class;
	bool together;
	uint64_t items;
	const char *path; /* of its folder; "+": that is new */
};

struct setting {
	const char *under;
	struct target_map maps[2];
	size_t n_maps;
	const char *earlier; /* content name of what an earlier restore put into ${earlier_id} */
	mapi_id earlier_id;
};

static mapi_id earlier(const void *ctx, const struct map_coll *c)
{
	const struct setting *s = ctx;

	return s->earlier && strcmp(s->earlier, c->content) == 0 ? s->earlier_id : 0;
}

static void expect_with(const struct setting *s, const struct row *rows, size_t n)
{
	const struct mapi_folders there = {german, COUNT(german)};
	const struct map_wish wish = {s->under, s->maps, s->n_maps, earlier, s};
	struct map_coll *colls = xcalloc(n, sizeof *colls);
	struct tree_head *heads = xcalloc(n, sizeof *heads);
	struct map m;

	for (size_t i = 0; i < n; i++) {
		heads[i].kind = rows[i].kind;
		heads[i].name = heads[i].content_name = (char *)(uintptr_t)rows[i].content;
		heads[i].special_use = (char *)(uintptr_t)rows[i].use;
		colls[i] = (struct map_coll){.head = &heads[i],
		        .kind = rows[i].kind,
		        .content = rows[i].content,
		        .class = rows[i].class,
		        .together = rows[i].together,
		        .items = rows[i].items};
	}
	mapi_map_begin(&m, &there);
	assert_int_equal(m.top, 99);
	mapi_map_plan(&m, colls, n, &wish);
	for (size_t i = 0; i < n; i++) {
		struct buf path = buf_of(4096);
		const struct map_node *d = &m.nodes[colls[i].node];

		mapi_map_path(&m, colls[i].node, &path);
		if (!d->id)
			buf_puts(&path, " +");
		assert_string_equal(buf_str(&path), rows[i].path);
		buf_clear(&path);
	}
	mapi_map_colls_free(colls, n);
	mapi_map_clear(&m);
	free(heads);
}

static void expect(const struct row *rows, size_t n)
{
	expect_with(&(struct setting){0}, rows, n);
}

#define CAL FOLDER_APPOINTMENT

static void by_use(void **state)
{
	static const struct row rows[] = {
	        {COLL_MAIL, "INBOX", NULL, FOLDER_NOTE, false, 9, "Posteingang"},
	        {COLL_MAIL, "INBOX/work", NULL, FOLDER_NOTE, false, 1, "Posteingang/Work"},
	        {COLL_MAIL, "INBOX/Work/2024", NULL, FOLDER_NOTE, false, 1,
	                "Posteingang/Work/2024"},
	        {COLL_MAIL, "INBOX/Work/2025", NULL, FOLDER_NOTE, false, 1,
	                "Posteingang/Work/2025 +"},
	        {COLL_MAIL, "Sent", "\\Sent", FOLDER_NOTE, false, 1, "Gesendete Elemente"},
	        {COLL_MAIL, "Sent/Old", NULL, FOLDER_NOTE, false, 1, "Gesendete Elemente/Old +"},
	        {COLL_MAIL, "Sent Items", NULL, FOLDER_NOTE, false, 99, "Sent Items +"},
	        {COLL_MAIL, "Papierkorb", NULL, FOLDER_NOTE, false, 1, "Gel\u00f6schte Elemente"},
	        {COLL_CALENDAR, "Calendar", NULL, CAL, false, 1, "Kalender"},
	        {COLL_CALENDAR, "Calendar/Team", NULL, CAL, true, 1, "Calendar/Team +"},
	        {COLL_CALENDAR, "Personal", NULL, CAL, false, 1, "Personal +"},
	        {COLL_CALENDAR, "T\u00e2ches", NULL, FOLDER_TASK, false, 1, "Aufgaben"},
	        {COLL_CALENDAR, "Notes", NULL, FOLDER_STICKY_NOTE, false, 1, "Notizen"},
	        {COLL_CONTACTS, "Contacts", NULL, FOLDER_CONTACT, false, 1, "Kontakte"},
	};

	(void)state;
	expect(rows, COUNT(rows));
}

/* The parent of what came from Outlook's calendar is that calendar here. */
static void together(void **state)
{
	static const struct row rows[] = {
	        {COLL_MAIL, "Calendar", NULL, FOLDER_NOTE, true, 1, "Kalender"},
	        {COLL_MAIL, "Deleted Items", "\\Trash", FOLDER_NOTE, true, 1,
	                "Gel\u00f6schte Elemente"},
	        {COLL_CALENDAR, "Calendar", NULL, CAL, true, 5, "Kalender"},
	        {COLL_CALENDAR, "Calendar/Team", NULL, CAL, true, 1, "Kalender/Team"},
	        {COLL_CALENDAR, "Deleted Items", NULL, CAL, true, 1, "Gel\u00f6schte Elemente"},
	        {COLL_CONTACTS, "Deleted Items", NULL, FOLDER_CONTACT, true, 1,
	                "Gel\u00f6schte Elemente"},
	        {COLL_MAPI, "Deleted Items", NULL, FOLDER_NOTE, true, 0, "Gel\u00f6schte Elemente"},
	        {COLL_MAPI, "Only Raw", NULL, FOLDER_NOTE, true, 0, "Only Raw +"},
	};

	(void)state;
	expect(rows, COUNT(rows));
}

static void conflicts(void **state)
{
	static const struct row rows[] = {
	        {COLL_MAIL, "Work", NULL, FOLDER_NOTE, false, 1, "Work +"},
	        {COLL_MAIL, "work", NULL, FOLDER_NOTE, false, 1, "work_2 +"},
	        {COLL_MAIL, "Kalender", NULL, FOLDER_NOTE, false, 1, "Kalender (mail) +"},
	        {COLL_MAIL, "Unread", NULL, FOLDER_NOTE, false, 1, "Unread (mail) +"},
	        {COLL_MAIL, "a=2Fb", NULL, FOLDER_NOTE, false, 1, "a/b +"},
	        {COLL_MAIL, "x//y", NULL, FOLDER_NOTE, false, 1, "x/_/y +"},
	        {COLL_CALENDAR, "Work", NULL, CAL, false, 1, "Work (calendar) +"},
	        {COLL_CONTACTS, "Work", NULL, FOLDER_CONTACT, false, 1, "Work (contacts) +"},
	};

	(void)state;
	expect(rows, COUNT(rows));
}

static void wishes(void **state)
{
	static const struct row under[] = {
	        {COLL_MAIL, "INBOX", NULL, FOLDER_NOTE, false, 9, "Old/INBOX +"},
	        {COLL_MAIL, "Sent", "\\Sent", FOLDER_NOTE, false, 9, "Old/Sent +"},
	        {COLL_CALENDAR, "Calendar", NULL, CAL, false, 1, "Old/Calendar +"},
	};
	static const struct row in_inbox[] = {
	        {COLL_MAIL, "INBOX", NULL, FOLDER_NOTE, false, 9, "Posteingang/Work/INBOX +"},
	        {COLL_MAIL, "2024", NULL, FOLDER_NOTE, false, 9, "Posteingang/Work/2024"},
	};
	static const struct row mapped[] = {
	        {COLL_MAIL, "A", NULL, FOLDER_NOTE, false, 9, "Posteingang"},
	        {COLL_MAIL, "A/B", NULL, FOLDER_NOTE, false, 9, "Posteingang/B +"},
	        {COLL_MAIL, "INBOX", NULL, FOLDER_NOTE, false, 9, "X/Y +"},
	};
	static const struct row before[] = {
	        {COLL_MAIL, "Moved", NULL, FOLDER_NOTE, false, 9, "Posteingang/Work/2024"},
	        {COLL_MAIL, "Other", NULL, FOLDER_NOTE, false, 9, "Other +"},
	};

	(void)state;
	expect_with(&(struct setting){.under = "Old"}, under, COUNT(under));
	expect_with(&(struct setting){.under = "INBOX/Work"}, in_inbox, COUNT(in_inbox));
	expect_with(&(struct setting){.maps = {{"A", "INBOX"}, {"INBOX", "X/Y"}}, .n_maps = 2},
	        mapped, COUNT(mapped));
	expect_with(&(struct setting){.earlier = "Moved", .earlier_id = 9}, before, COUNT(before));
	/* A folder that is not there any more says nothing. */
	expect_with(&(struct setting){.earlier = "Moved", .earlier_id = 77},
	        &(struct row){COLL_MAIL, "Moved", NULL, FOLDER_NOTE, false, 9, "Moved +"}, 1);
}

/* Hostile names: levels and octets without end. */
static void hostile(void **state)
{
	char *deep = xcalloc(1, 200001), *wide = xcalloc(1, 5001);
	const struct mapi_folders there = {german, COUNT(german)};
	const struct map_wish wish = {0};
	struct tree_head head = {.kind = COLL_MAIL};
	struct map_coll c[2] = {
	        {.head = &head, .kind = COLL_MAIL}, {.head = &head, .kind = COLL_MAIL}};
	struct map m;

	(void)state;
	for (size_t i = 0; i < 200000; i++)
		deep[i] = i % 2 ? '/' : 'a';
	memset(wide, 'w', 5000);
	head.name = head.content_name = deep;
	c[0].content = deep;
	c[1].content = wide;
	mapi_map_begin(&m, &there);
	mapi_map_plan(&m, c, 2, &wish);
	assert_true(m.n < COUNT(german) + 40);
	assert_true(strlen(m.nodes[c[1].node].name) < 256);
	free(c[0].want);
	free(c[1].want);
	mapi_map_clear(&m);
	free(deep);
	free(wide);
}

static void parts(void **state)
{
	const struct mapi_folders there = {german, COUNT(german)};
	struct map_coll c = {.kind = COLL_CALENDAR, .node = 10};
	struct map m;
	size_t part;

	(void)state;
	mapi_map_begin(&m, &there);
	part = mapi_map_part(&m, &c, FOLDER_TASK);
	assert_string_equal(m.nodes[part].name, "Team (tasks)");
	assert_int_equal(m.nodes[part].parent, m.nodes[10].parent);
	assert_int_equal(m.nodes[part].class, FOLDER_TASK);
	assert_int_equal(mapi_map_part(&m, &c, FOLDER_TASK), part);
	m.nodes[part].class = FOLDER_NOTE;
	part = mapi_map_part(&m, &c, FOLDER_TASK);
	assert_string_equal(m.nodes[part].name, "Team (tasks)_2");
	mapi_map_clear(&m);
}

static void classes(void **state)
{
	static const struct {
		const char *item;
		enum folder_class folder;
	} rows[] = {
	        {"IPM.Note", FOLDER_NOTE},
	        {"ipm.appointment", CAL},
	        {"IPM.Appointment.Live Meeting Request", CAL},
	        {"IPM.AppointmentX", FOLDER_NOTE},
	        {"IPM.Task", FOLDER_TASK},
	        {"IPM.TaskRequest", FOLDER_NOTE},
	        {"IPM.StickyNote", FOLDER_STICKY_NOTE},
	        {"IPM.Activity", FOLDER_JOURNAL},
	        {"IPM.DistList", FOLDER_CONTACT},
	        {"IPM.Schedule.Meeting.Request", FOLDER_NOTE},
	        {NULL, FOLDER_NOTE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(folder_class_for(rows[i].item), rows[i].folder);
	for (unsigned c = 0; c < FOLDER_CLASSES; c++)
		assert_int_equal(folder_class_of(folder_class_name((enum folder_class)c)), c);
	assert_int_equal(folder_class_of("IPF.Contact.MOC.QuickContacts"), FOLDER_CONTACT);
	assert_int_equal(folder_class_of("IPF.Configuration"), FOLDER_NOTE);
	assert_int_equal(folder_class_of(NULL), FOLDER_NOTE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(by_use),
	        cmocka_unit_test(together),
	        cmocka_unit_test(conflicts),
	        cmocka_unit_test(wishes),
	        cmocka_unit_test(hostile),
	        cmocka_unit_test(parts),
	        cmocka_unit_test(classes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
