/* Where the items of a mailbox's folders go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include "fetch/mapi/plan.h"
#include "valise/base/mem.h"

static struct mapi_folder folder(
        mapi_id id, mapi_id parent, const char *name, const char *class, const char *use)
{
	return (struct mapi_folder){.id = id,
	        .parent = parent,
	        .type = MAPI_FOLDER_GENERIC,
	        .name = (char *)name,
	        .container_class = (char *)class,
	        .use = use};
}

static void places(void **state)
{
	struct mapi_folder list[] = {
	        folder(1, 99, "Posteingang", "IPF.Note", "\\Inbox"),
	        folder(2, 1, "Work / play", "IPF.Note", NULL),
	        folder(3, 99, "Gesendet", NULL, "\\Sent"),
	        folder(4, 99, "Kalender", NULL, "calendar"),
	        folder(5, 4, "Second", "IPF.Appointment", NULL),
	        folder(6, 99, "Kontakte", "IPF.Contact", "contacts"),
	        folder(7, 99, "Notes", NULL, "notes"),
	        folder(8, 99, "Found", "IPF.Note", NULL),
	        folder(9, 99, "Settings", "IPF.Configuration", NULL),
	        folder(10, 99, "Kalender", "IPF.Note", NULL),
	        folder(11, 99, "Kalender", "IPF.Note", NULL),
	        folder(12, 77, "", NULL, NULL), /* its parent is not there */
	        folder(13, 13, "Self", NULL, NULL), /* below itself */
	        folder(14, 15, "Child first", NULL, NULL), /* its parent comes later */
	        folder(15, 99, "Parent", NULL, NULL),
	        folder(16, 99, "inbox", "IPF.Note", NULL),
	        folder(17, 99, "Things", NULL, NULL),
	};
	static const struct {
		const char *name, *use;
		enum outlook_form form;
		bool empty;
		enum plan_why why;
	} wanted[COUNT(list)] = {
	        {"INBOX", NULL, OUTLOOK_MAIL, true, PLAN_TAKEN},
	        {"INBOX/Work _ play", NULL, OUTLOOK_MAIL, true, PLAN_TAKEN},
	        {"Gesendet", "\\Sent", OUTLOOK_MAIL, true, PLAN_TAKEN},
	        {"Kalender", NULL, OUTLOOK_CALENDAR, true, PLAN_TAKEN},
	        {"Kalender/Second", NULL, OUTLOOK_CALENDAR, true, PLAN_TAKEN},
	        {"Kontakte", NULL, OUTLOOK_CONTACT, true, PLAN_TAKEN},
	        {"Notes", NULL, OUTLOOK_CALENDAR, true, PLAN_TAKEN},
	        {"Found", NULL, OUTLOOK_MAIL, false, PLAN_SEARCH},
	        {"Settings", NULL, OUTLOOK_MAIL, false, PLAN_HIDDEN},
	        {"Kalender (2)", NULL, OUTLOOK_MAIL, true, PLAN_TAKEN},
	        {"Kalender (3)", NULL, OUTLOOK_MAIL, true, PLAN_TAKEN},
	        {"_", NULL, OUTLOOK_MAIL, true, PLAN_TAKEN},
	        {"Self", NULL, OUTLOOK_MAIL, true, PLAN_TAKEN},
	        {"Child first", NULL, OUTLOOK_MAIL, true, PLAN_TAKEN},
	        {"Parent", NULL, OUTLOOK_MAIL, true, PLAN_TAKEN},
	        {"INBOX (2)", NULL, OUTLOOK_MAIL, true, PLAN_TAKEN},
	        {"Things", NULL, OUTLOOK_MAIL, false, PLAN_TAKEN},
	};
	struct mapi_folders f = {list, COUNT(list)};
	struct planned out[COUNT(list)];

	(void)state;
	list[7].type = MAPI_FOLDER_SEARCH;
	list[8].hidden = true;
	list[16].items = 3; /* what they are says what it is */
	plan_folders(&f, NULL, false, out);
	for (size_t i = 0; i < COUNT(list); i++) {
		const struct outlook_place *p = &out[i].place;

		if (strcmp(p->name, wanted[i].name) != 0 || p->form != wanted[i].form ||
		        p->empty != wanted[i].empty || out[i].why != wanted[i].why)
			fail_msg("%s: %s, form %d, empty %d, %d", wanted[i].name, p->name,
			        (int)p->form, p->empty, (int)out[i].why);
		assert_true(!p->special_use == !wanted[i].use);
		outlook_place_clear(&out[i].place);
	}
	plan_folders(&f, "Public Folders", true, out);
	assert_string_equal(out[3].place.name, "Public Folders/Kalender");
	assert_int_equal(out[8].why, PLAN_TAKEN);
	for (size_t i = 0; i < COUNT(list); i++)
		outlook_place_clear(&out[i].place);
}

/* INBOX is a name of mailboxes alone. */
static void names(void **state)
{
	static const struct {
		const char *folder;
		size_t form;
		const char *wanted;
	} cases[] = {
	        {"INBOX", OUTLOOK_MAIL, "INBOX"},
	        {"INBOX", OUTLOOK_CALENDAR, "Inbox"},
	        {"INBOX/Work", OUTLOOK_CONTACT, "Inbox/Work"},
	        {"INBOXES", OUTLOOK_CALENDAR, "INBOXES"},
	        {"Calendar", OUTLOOK_CALENDAR, "Calendar"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct outlook_place p = {.name = (char *)cases[i].folder};
		char *name = plan_coll_name(&p, cases[i].form);

		assert_string_equal(name, cases[i].wanted);
		free(name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(places),
	        cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
