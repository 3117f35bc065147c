/* Tasks, journal entries, notes; invitations and answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "outlook/calendar/items.h"

enum { JANUARY = 1767225600, DAY = 86400 }; /* 2026-01-01 */

static struct bag *item(const char *class, const char *subject)
{
	struct bag *b = bag_new();

	make_text(b, PidTagMessageClass, class);
	make_text(b, PidTagSubject, subject);
	make_octets(b, PidTagSearchKey, BAG_BINARY, "0123456789abcdef", 16);
	make_time(b, PidTagLastModificationTime, JANUARY);
	return b;
}

static void make_double(struct bag *b, bag_key key, double value)
{
	make_octets(b, key, BAG_DOUBLE, &value, sizeof value);
}

static void a_task_is_this(void **state)
{
	struct bag *b = item("IPM.Task", "Report");
	struct made m;

	(void)state;
	make_time(b, (bag_key)PidLidTaskStartDate, JANUARY);
	make_time(b, (bag_key)PidLidTaskDueDate, JANUARY + 10 * DAY);
	make_int(b, (bag_key)PidLidTaskStatus, 1);
	make_double(b, (bag_key)PidLidPercentComplete, 0.25);
	make_text(b, (bag_key)PidLidTaskOwner, "Jane");
	make_int(b, (bag_key)PidLidTaskEstimatedEffort, 480);
	make_int(b, PidTagImportance, 0);
	make_bool(b, (bag_key)PidLidReminderSet, true);
	make_time(b, (bag_key)PidLidReminderTime, JANUARY + 9 * DAY + 28800);
	m = items_make(b, false);
	assert_string_equal(strstr(m.text, "BEGIN:VTODO"),
	        "BEGIN:VTODO\nUID:30313233343536373839616263646566\nDTSTAMP:20260101T000000Z\n"
	        "LAST-MODIFIED:20260101T000000Z\nDTSTART;VALUE=DATE:20260101\n"
	        "DUE;VALUE=DATE:20260111\nSUMMARY:Report\nSEQUENCE:0\nSTATUS:IN-PROCESS\n"
	        "PERCENT-COMPLETE:25\nCLASS:PUBLIC\nPRIORITY:9\nX-OUTLOOK-OWNER:Jane\n"
	        "X-OUTLOOK-ESTIMATED-WORK:PT480M\n"
	        "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER;VALUE=DATE-TIME:20260110T080000Z\n"
	        "DESCRIPTION:Report\nEND:VALARM\nEND:VTODO\nEND:VCALENDAR\n");
	for (size_t i = 0; i < b->n_props; i++)
		assert_true(b->props[i].used);
	items_clear(&m);
	bag_free(b);
	b = item("IPM.Task.Special", "Done");
	make_int(b, (bag_key)PidLidTaskStatus, 2);
	make_double(b, (bag_key)PidLidPercentComplete, 1);
	make_time(b, (bag_key)PidLidTaskDateCompleted, JANUARY);
	m = items_make(b, false);
	has(&m, "\nSTATUS:COMPLETED\nPERCENT-COMPLETE:100\nCOMPLETED:20260101T000000Z\n");
	items_clear(&m);
	bag_free(b);
}

static void a_task_recurs(void **state)
{
	struct bag *b = item("IPM.Task", "Monthly");
	struct recur r = {.pattern = RECUR_MONTH,
	        .frequency = 0x200c,
	        .period = 1,
	        .day = 31,
	        .end = RECUR_COUNT,
	        .count = 5};
	struct made m;

	(void)state;
	r.start_date = blob_day(2026, 1, 31);
	items_blob(b, (bag_key)PidLidTaskRecurrence, blob_of(&r));
	make_bool(b, (bag_key)PidLidTaskFRecurring, true);
	make_time(b, (bag_key)PidLidTaskDueDate, JANUARY + 58 * DAY); /* 28 February */
	m = items_make(b, false);
	has(&m, "\nDTSTART;VALUE=DATE:20260228\nDUE;VALUE=DATE:20260228\n"
	        "RRULE:FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=5\n");
	items_clear(&m);
	bag_free(b);
	b = item("IPM.Task", "Anew");
	r.sliding = true;
	items_blob(b, (bag_key)PidLidTaskRecurrence, blob_of(&r));
	make_bool(b, (bag_key)PidLidTaskFRecurring, true);
	m = items_make(b, false);
	has_not(&m, "RRULE");
	assert_non_null(strstr(buf_str(&m.lost), "when this one is done"));
	items_clear(&m);
	bag_free(b);
}

static void journal_and_notes_are_this(void **state)
{
	struct bag *b = item("IPM.Activity", "Call");
	struct made m;

	(void)state;
	make_time(b, (bag_key)PidLidLogStart, JANUARY);
	make_time(b, (bag_key)PidLidLogEnd, JANUARY + 1800);
	make_int(b, (bag_key)PidLidLogDuration, 30);
	make_text(b, (bag_key)PidLidLogType, "Phone call");
	m = items_make(b, false);
	has(&m, "BEGIN:VJOURNAL\nUID:30313233343536373839616263646566\n");
	has(&m, "\nDTSTART:20260101T000000Z\nX-OUTLOOK-END:20260101T003000Z\n"
	        "X-OUTLOOK-DURATION:PT30M\nSUMMARY:Call\nX-OUTLOOK-TYPE:Phone call\n");
	items_clear(&m);
	bag_free(b);
	b = item("IPM.StickyNote", "Milk");
	make_text(b, PidTagBody, "Milk\r\nand bread");
	make_int(b, (bag_key)PidLidNoteColor, 3);
	make_int(b, (bag_key)PidLidNoteX, 17);
	make_texts(b, PidNameKeywords, (const char *const[]){"Home", NULL});
	m = items_make(b, false);
	has(&m, "\nSUMMARY:Milk\nCOLOR:yellow\nX-OUTLOOK-NOTE-X:17\n"
	        "DESCRIPTION:Milk\\nand bread\n");
	has(&m, "\nCATEGORIES:Home\n");
	items_clear(&m);
	bag_free(b);
}

static struct bag *invitation(const char *class)
{
	struct bag *b = items_appointment("Invited");

	make_text(b, PidTagMessageClass, class);
	items_hex(b, (bag_key)PidLidGlobalObjectId, BLOB_ID);
	make_int(b, (bag_key)PidLidAppointmentStateFlags, 3);
	make_text(b, PidTagSentRepresentingName, "Anne");
	make_text(b, PidTagSentRepresentingAddressType, "SMTP");
	make_text(b, PidTagSentRepresentingEmailAddress, "anne@example.org");
	make_recipient(b, 1, "Bob", "bob@example.org");
	make_text(b, PidTagBody, "words");
	bag_sort(b);
	return b;
}

static void invitations_have_their_method(void **state)
{
	static const struct {
		const char *class, *method, *line;
	} cases[] = {
	        {"IPM.Schedule.Meeting.Request", "REQUEST",
	                "\nORGANIZER;CN=Anne:mailto:anne@example.org\n"},
	        {"ipm.schedule.meeting.canceled", "CANCEL", "\nSTATUS:CANCELLED\n"},
	        {"IPM.Schedule.Meeting.Resp.Pos", "REPLY",
	                "\nCOMMENT:words\nSEQUENCE:0\nORGANIZER;CN=Bob:mailto:bob@example.org\n"
	                "ATTENDEE;PARTSTAT=ACCEPTED;CN=Anne:mailto:anne@example.org\n"},
	        {"IPM.Schedule.Meeting.Resp.Tent", "REPLY", ";PARTSTAT=TENTATIVE;"},
	        {"IPM.Schedule.Meeting.Resp.Neg", "REPLY", ";PARTSTAT=DECLINED;"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct bag *b = invitation(cases[i].class);
		struct made m = items_make(b, true);
		char *method = xasprintf("\nMETHOD:%s\n", cases[i].method);

		assert_string_equal(m.method, cases[i].method);
		has(&m, method);
		has(&m, cases[i].line);
		/* the day that the id names, at the time that the item begins */
		has(&m, "\nRECURRENCE-ID;TZID=W. Europe Standard Time:20080325T090000\n");
		free(method);
		items_clear(&m);
		bag_free(b);
	}
}

static void a_counter_proposal_asks_for_other_times(void **state)
{
	struct bag *b = invitation("IPM.Schedule.Meeting.Resp.Tent");
	struct made m;

	(void)state;
	make_bool(b, (bag_key)PidLidAppointmentCounterProposal, true);
	make_time(b, (bag_key)PidLidAppointmentProposedStartWhole, ITEMS_MARCH + 7200);
	make_time(b, (bag_key)PidLidAppointmentProposedEndWhole, ITEMS_MARCH + 9000);
	make_time(b, (bag_key)PidLidExceptionReplaceTime, ITEMS_MARCH);
	m = items_make(b, true);
	assert_string_equal(m.method, "COUNTER");
	has(&m, "\nRECURRENCE-ID;TZID=W. Europe Standard Time:20260302T090000\n");
	has(&m, "\nDTSTART;TZID=W. Europe Standard Time:20260302T110000\n"
	        "DTEND;TZID=W. Europe Standard Time:20260302T113000\n");
	has(&m, "\nX-MS-OLK-ORIGINALSTART:20260302T080000Z\n");
	items_clear(&m);
	bag_free(b);
}

static void mail_is_no_invitation(void **state)
{
	static const char *const classes[] = {"IPM.Note", "IPM.Schedule.Meeting.Requested",
	        "IPM.Schedule.Meeting.Notification.Forward", "IPM.Appointment"};

	(void)state;
	for (size_t i = 0; i < COUNT(classes); i++) {
		struct bag *b = item(classes[i], "x");
		struct outlook_to to = {NULL, NULL, NULL};
		struct err err = {0};
		const char *method;
		bool is = true;

		assert_int_equal(outlook_invitation(b, &to, &method, &is, &err), 0);
		assert_false(is);
		bag_free(b);
	}
}

/* What an item within an item loses is named as the outer one's is. */
static void losses_within_are_named(void **state)
{
	struct bag *b = items_appointment("outer"), *in = make_embedded(b);
	struct made m;

	(void)state;
	make_text(in, PidTagMessageClass, "IPM.Contact");
	make_text(in, PidTagDisplayName, "Ann");
	make_attachment(in, "a.txt", "x", 1);
	m = items_make(b, false);
	has(&m, "FMTTYPE=text/vcard");
	assert_string_equal(
	        buf_str(&m.lost), "attachment 1: attachment 1 (a.txt): a card holds no files\n");
	items_clear(&m);
	bag_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_task_is_this),
	        cmocka_unit_test(a_task_recurs),
	        cmocka_unit_test(journal_and_notes_are_this),
	        cmocka_unit_test(invitations_have_their_method),
	        cmocka_unit_test(a_counter_proposal_asks_for_other_times),
	        cmocka_unit_test(mail_is_no_invitation),
	        cmocka_unit_test(losses_within_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
