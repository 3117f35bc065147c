/*
 * Calendar objects and cards that a server of MAPI imported itself, as it keeps them
 * (fixtures/mapi), beside what is made of the same octets here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "outlook/make/back.h"

/* What may differ, and why. */
static const char *const differs[] = {
        /* what is usual is not said here */
        "PidTagImportance", "PidTagSensitivity", "PidTagSubjectPrefix", "PidTagConversationTopic",
        "PidTagConversationIndex",
        /* each its own; and whether it was read */
        "PidTagSearchKey", "PidTagMessageFlags", "PidTagSentRepresentingSearchKey",
        "PidTagSenderSearchKey", "0x1015", "0x3016",
        /* what Outlook shows, and sorts by */
        "PidTagIconIndex", "PidLidSideEffects", "PidLidFileUnder", "PidLidWorkAddress",
        "PidLidReminderSet", "PidLidClipStart", "PidLidClipEnd", "PidLidFInvited",
        "PidLidTaskState", "PidLidTaskComplete", "PidLidTaskFRecurring", "PidLidCommonEnd",
        "PidLidAppointmentSubType", "PidLidRecurring", "PidLidBusyStatus",
        "PidLidAddressBookProviderEmailList", "PidLidAddressBookProviderArrayType",
        "PidLidEmail1DisplayName", "PidLidEmail1OriginalDisplayName", "PidLidEmail1OriginalEntryId",
        "PidLidEmail2DisplayName", "PidLidEmail2OriginalDisplayName", "PidLidEmail2OriginalEntryId",
        "PidLidBirthdayLocal",
        /* what comes back */
        "PidNameContentForms", "PidNameContentLines", "PidLidHtml",
        /* it knows who its users are, there; one-off here */
        "PidTagSentRepresentingEntryId", "PidTagSenderEntryId", "PidLidAppointmentStateFlags",
        "recipients",
        /* days with the zone that they are of; the time of a rule's year, there */
        "PidLidAppointmentTimeZoneDefinitionStartDisplay",
        "PidLidAppointmentTimeZoneDefinitionEndDisplay", "PidLidAppointmentTimeZoneDefinitionRecur",
        /* an instance without a place has that of the series, there */
        "PidLidAppointmentRecur",
        /* the NUL behind a UID (MS-OXCICAL 2.1.3.1.1.20.26): here */
        "PidLidGlobalObjectId", "PidLidCleanGlobalObjectId",
        /* of the item in an exception: what the series says, too */
        "PidTagSentRepresentingName", "PidTagSentRepresentingAddressType",
        "PidTagSentRepresentingEmailAddress", "PidTagSentRepresentingSmtpAddress",
        "PidTagSenderName", "PidTagSenderAddressType", "PidTagSenderEmailAddress",
        "PidTagSenderSmtpAddress", "PidTagResponseRequested", "PidTagReplyRequested",
        "PidTagDisplayName", "PidTagAttachEncoding", "PidTagRenderingPosition", "PidTagAttachFlags",
        "0x7ffa", "PidTagAttachmentContactPhoto", "PidTagExceptionReplaceTime",
        /* it puts numbers of one set of properties into those of another, there */
        "PidLidTaskStatus", "PidLidPercentComplete", "PidLidTaskStartDate",
        "PidLidOwnerCriticalChange",
        /* a fax number is a telephone number, there */
        "PidTagBusinessTelephoneNumber", "PidTagBusinessFaxNumber",
        /* categories by the number that they had before they had a name, there */
        "PidLidCategories", "PidNameKeywords"};

struct items {
	struct bag *list[64];
	size_t n;
};

static int take(void *ctx, struct bag *b, struct err *err)
{
	struct items *items = ctx;

	(void)err;
	assert_true(items->n < COUNT(items->list));
	items->list[items->n++] = b;
	return 0;
}

static void load(const char *name, struct buf *out)
{
	char *path = xasprintf(FIXTURES "/mapi/recorded/%s", name), piece[4096];
	FILE *f = fopen(path, "rb");
	size_t n;

	assert_non_null(f);
	*out = buf_of(1 << 24);
	while ((n = fread(piece, 1, sizeof piece, f)) > 0)
		buf_put(out, piece, n);
	fclose(f);
	free(path);
}

static void expected(void *ctx, const char *line)
{
	size_t n = strcspn(line, ": ");

	for (size_t i = 0; i < COUNT(differs); i++)
		if (strlen(differs[i]) == n && memcmp(differs[i], line, n) == 0)
			return;
	fail_msg("%s: %s", (const char *)ctx, line);
}

static struct bag *find(const struct items *items, struct bag *like)
{
	const char *subject = bag_text(like, PidTagSubject);

	for (size_t i = 0; i < items->n; i++) {
		const char *own = bag_text(items->list[i], PidTagSubject);

		if (!own)
			own = bag_text(items->list[i], PidTagDisplayName);
		if (own && subject && strcmp(own, subject) == 0)
			return items->list[i];
	}
	return NULL;
}

static void same_properties(void **state)
{
	static const struct {
		const char *folder, *input;
	} rows[] = {{"Calendar", "a1.ics"}, {"Calendar", "e1.ics"}, {"Tasks", "t1.ics"},
	        {"Contacts", "c1.vcf"}, {"Contacts", "g1.vcf"}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *fx = xasprintf("%s.copymessages.fx", rows[i].folder),
		     *in = xasprintf("input/%s", rows[i].input);
		struct items items = {.n = 0};
		struct fx_reader *r = fx_reader_new(take, &items);
		struct buf octets, text;
		struct err err = {0};
		struct back k;
		struct bag *theirs;

		load(fx, &octets);
		load(in, &text);
		make_check(fx_read(r, octets.data, octets.len, &err), &err);
		fx_reader_free(r);
		make_check(back_try(strstr(in, ".vcf") ? OUTLOOK_CONTACT : OUTLOOK_CALENDAR,
		                   buf_str(&text), text.len, &k, &err),
		        &err);
		theirs = find(&items, k.b);
		assert_non_null(theirs);
		outlook_same(theirs, k.b, expected, in);
		for (size_t n = 0; n < items.n; n++)
			bag_free(items.list[n]);
		back_clear(&k);
		buf_clear(&octets);
		buf_clear(&text);
		free(fx);
		free(in);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(same_properties)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
