/* Ordinary items, with all that Outlook writes beside what people do: nothing of them is homeless.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "outlook/make.h"
#include "valise/outlook/convert.h"

static int nowhere(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)ctx;
	(void)p;
	(void)n;
	(void)err;
	return 0;
}

static void tell(void *ctx, const char *line)
{
	buf_puts(ctx, line);
	buf_putc(ctx, '\n');
}

/* What a store keeps with every item. */
static struct bag *ordinary(const char *class)
{
	struct bag *b = bag_new();

	make_text(b, PidTagMessageClass, class);
	make_text(b, PidTagSubject, "Lunch");
	make_text(b, PidTagNormalizedSubject, "Lunch");
	make_text(b, PidTagConversationTopic, "Lunch");
	make_text(b, PidTagBody, "At noon");
	make_int(b, PidTagImportance, 1);
	make_int(b, PidTagPriority, 0);
	make_int(b, PidTagSensitivity, 0);
	make_int(b, PidTagMessageFlags, 1);
	make_time(b, PidTagCreationTime, 1400000000);
	make_time(b, PidTagLastModificationTime, 1400000001);
	make_octets(b, PidTagSearchKey, BAG_BINARY, "0123456789abcdef", 16);
	make_octets(b, PidTagConversationIndex, BAG_BINARY, "0123456789abcdef012345", 22);
	make_octets(b, 0x0ff9, BAG_BINARY, "key", 3); /* PidTagRecordKey */
	make_octets(b, 0x0fff, BAG_BINARY, "entry", 5); /* PidTagEntryId */
	make_octets(b, 0x65e2, BAG_BINARY, "change", 6); /* PidTagChangeKey */
	make_text(b, 0x3ff8, "Ann"); /* PidTagCreatorName */
	make_int(b, PidTagInternetCodepage, 65001);
	make_int(b, PidTagMessageCodepage, 1252);
	make_int(b, PidTagIconIndex, -1);
	make_int(b, (bag_key)PidLidSideEffects, 368);
	make_bool(b, (bag_key)PidLidPrivate, false);
	make_bool(b, (bag_key)PidLidReminderSet, false);
	make_int(b, BAG_LID(PSETID_COMMON, 0x8552), 160000); /* PidLidCurrentVersion */
	make_text(b, BAG_LID(PSETID_COMMON, 0x8554), "16.0"); /* PidLidCurrentVersionName */
	return b;
}

static void sent(struct bag *b)
{
	make_text(b, PidTagSenderName, "Ann");
	make_text(b, PidTagSenderAddressType, "SMTP");
	make_text(b, PidTagSenderEmailAddress, "ann@example.org");
	make_text(b, PidTagSentRepresentingName, "Ann");
	make_text(b, PidTagSentRepresentingAddressType, "SMTP");
	make_text(b, PidTagSentRepresentingEmailAddress, "ann@example.org");
	make_time(b, PidTagClientSubmitTime, 1400000000);
	make_time(b, PidTagMessageDeliveryTime, 1400000010);
	make_recipient(b, 1, "Bob", "bob@example.org");
}

static void expect_none(struct bag *b, enum outlook_form form)
{
	struct outlook_to to = {nowhere, NULL, NULL};
	struct buf told = buf_of(65536);
	struct outlook_made made;
	struct err err = {0};

	bag_sort(b);
	assert_int_equal(outlook_convert(b, &to, &made, &err), 0);
	assert_int_equal(made.form, form);
	outlook_homeless(b, tell, &told);
	assert_string_equal(buf_str(&told), "");
	outlook_made_clear(&made);
	buf_clear(&told);
	bag_free(b);
}

static void test_message(void **state)
{
	struct bag *b = ordinary("IPM.Note");

	(void)state;
	sent(b);
	make_text(b, PidTagInternetMessageId, "<1@example.org>");
	make_attachment(b, "menu.pdf", "%PDF", 4);
	expect_none(b, OUTLOOK_MAIL);
}

static void test_appointment(void **state)
{
	struct bag *b = ordinary("IPM.Appointment");

	(void)state;
	sent(b);
	make_time(b, (bag_key)PidLidAppointmentStartWhole, 1400000000);
	make_time(b, (bag_key)PidLidAppointmentEndWhole, 1400003600);
	make_time(b, (bag_key)PidLidCommonStart, 1400000000);
	make_time(b, (bag_key)PidLidCommonEnd, 1400003600);
	make_int(b, (bag_key)PidLidBusyStatus, 2);
	make_int(b, (bag_key)PidLidReminderDelta, 15);
	expect_none(b, OUTLOOK_CALENDAR);
}

static void test_task(void **state)
{
	struct bag *b = ordinary("IPM.Task");

	(void)state;
	make_int(b, (bag_key)PidLidTaskStatus, 1);
	make_time(b, (bag_key)PidLidTaskDueDate, 1400025600);
	make_time(b, (bag_key)PidLidCommonEnd, 1400018400);
	expect_none(b, OUTLOOK_CALENDAR);
}

static void test_contact(void **state)
{
	struct bag *b = ordinary("IPM.Contact");

	(void)state;
	make_text(b, PidTagDisplayName, "Lunch");
	make_text(b, PidTagSurname, "Lunch");
	make_text(b, (bag_key)PidLidFileUnder, "Lunch");
	make_int(b, (bag_key)PidLidFileUnderId, 32791);
	make_text(b, (bag_key)PidLidEmail1EmailAddress, "ann@example.org");
	make_text(b, (bag_key)PidLidEmail1AddressType, "SMTP");
	make_text(b, (bag_key)PidLidEmail1DisplayName, "Lunch (ann@example.org)");
	expect_none(b, OUTLOOK_CONTACT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_message),
	        cmocka_unit_test(test_appointment),
	        cmocka_unit_test(test_task),
	        cmocka_unit_test(test_contact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
