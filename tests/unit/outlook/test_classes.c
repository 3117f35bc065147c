/* What an item becomes, by its class. */
#include "outlook/make.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "valise/outlook/convert.h"

static void forms(void **state)
{
	static const struct {
		const char *class;
		enum outlook_form form;
	} cases[] = {
	        {"IPM.Note", OUTLOOK_MAIL},
	        {"ipm.note.SMIME.MultipartSigned", OUTLOOK_MAIL},
	        {"IPM", OUTLOOK_MAIL},
	        {"IPM.Notes", OUTLOOK_MAIL},
	        {"IPM.Post.Rss", OUTLOOK_MAIL},
	        {"IPM.Document.txtfile", OUTLOOK_MAIL},
	        {"IPM.TaskRequest.Accept", OUTLOOK_MAIL},
	        {"IPM.Schedule.Meeting.Request", OUTLOOK_MAIL},
	        {"REPORT.IPM.Note.NDR", OUTLOOK_MAIL},
	        {"", OUTLOOK_MAIL},
	        {"IPM.Appointment", OUTLOOK_CALENDAR},
	        {"IPM.APPOINTMENT.Own.Form", OUTLOOK_CALENDAR},
	        {"IPM.Task", OUTLOOK_CALENDAR},
	        {"IPM.StickyNote", OUTLOOK_CALENDAR},
	        {"IPM.Activity", OUTLOOK_CALENDAR},
	        {"IPM.Contact.Mine", OUTLOOK_CONTACT},
	        {"IPM.DistList", OUTLOOK_CONTACT},
	        {"IPM.Contacts", OUTLOOK_MAIL},
	        {"IPM.Configuration.CategoryList", OUTLOOK_UNKNOWN},
	        {"IPM.Microsoft.FolderDesign.NamedView", OUTLOOK_UNKNOWN},
	        {"IPMx", OUTLOOK_UNKNOWN},
	        {"Own.Thing", OUTLOOK_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct bag *wide = bag_new(), *narrow = bag_new();

		make_text(wide, PidTagMessageClass, cases[i].class);
		make_string8(narrow, PidTagMessageClass, 1252, cases[i].class);
		if (outlook_form_of(wide) != cases[i].form ||
		        outlook_form_of(narrow) != cases[i].form)
			fail_msg("%s: %d", cases[i].class, outlook_form_of(wide));
		assert_false(bag_peek(wide, PidTagMessageClass)->used);
		bag_free(wide);
		bag_free(narrow);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(forms)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
