/* Properties of a contact whose text is a line of the card, and those that Outlook keeps for
 * itself. */
#include <stdio.h>
#include <string.h>
#include "outlook/contact/internal.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

const char *contact_text(struct card *c, struct bag *b, bag_key key)
{
	const struct bag_prop *p = bag_peek(b, key);
	const char *text = bag_text(b, key);
	char line[120];

	if (!text || p->len < BAG_TEXT_MAX / 2 || strlen(text) < BAG_TEXT_MAX - 4)
		return text;
	snprintf(line, sizeof line, "%s: what is behind its first MiB",
	        bag_key_name(key) ? bag_key_name(key) : "a text");
	if (c->to->lost)
		c->to->lost(c->to->ctx, line);
	return text;
}

void contact_names(struct card *c, struct bag *b, const char *called, bool list)
{
	static const bag_key parts[] = {PidTagSurname, PidTagGivenName, PidTagMiddleName,
	        PidTagDisplayNamePrefix, PidTagGeneration};
	const char *org = contact_text(c, b, PidTagCompanyName);
	const char *department = contact_text(c, b, PidTagDepartmentName);

	card_line(c, "FN", called);
	card_head(c, "N:");
	for (size_t i = 0; i < COUNT(parts); i++) {
		if (i)
			card_raw(c, ";");
		card_text(c, list && i == 0 ? called : contact_text(c, b, parts[i]));
	}
	card_end(c);
	if (!org && !department)
		return;
	card_head(c, "ORG:");
	card_text(c, org);
	if (department) {
		card_raw(c, ";");
		card_text(c, department);
	}
	card_end(c);
}

const struct contact_line contact_lines[] = {
        {PidTagNickname, "NICKNAME", NULL, false},
        {PidTagTitle, "TITLE", NULL, false},
        {PidTagProfession, "ROLE", NULL, false},
        {PidLidYomiFirstName, "X-PHONETIC-FIRST-NAME", NULL, false},
        {PidLidYomiLastName, "X-PHONETIC-LAST-NAME", NULL, false},
        {PidLidYomiCompanyName, "X-PHONETIC-ORG", NULL, false},
        {PidLidFileUnder, "X-EVOLUTION-FILE-AS", NULL, false},
        {PidTagPrimaryTelephoneNumber, "TEL;TYPE=PREF,VOICE", NULL, false},
        {PidTagBusinessTelephoneNumber, "TEL;TYPE=WORK,VOICE", NULL, false},
        {PidTagBusiness2TelephoneNumber, "TEL;TYPE=WORK,VOICE", NULL, false},
        {PidTagHomeTelephoneNumber, "TEL;TYPE=HOME,VOICE", NULL, false},
        {PidTagHome2TelephoneNumber, "TEL;TYPE=HOME,VOICE", NULL, false},
        {PidTagMobileTelephoneNumber, "TEL;TYPE=CELL,VOICE", NULL, false},
        {PidTagCarTelephoneNumber, "TEL;TYPE=CAR,VOICE", NULL, false},
        {PidTagOtherTelephoneNumber, "TEL;TYPE=VOICE", NULL, false},
        {PidTagPagerTelephoneNumber, "TEL;TYPE=PAGER", NULL, false},
        {PidTagIsdnNumber, "TEL;TYPE=ISDN", NULL, false},
        {PidTagBusinessFaxNumber, "TEL;TYPE=WORK,FAX", NULL, false},
        {PidTagHomeFaxNumber, "TEL;TYPE=HOME,FAX", NULL, false},
        {PidTagPrimaryFaxNumber, "TEL;TYPE=FAX", NULL, false},
        {PidTagAssistantTelephoneNumber, "TEL;TYPE=VOICE", "_$!<Assistant>!$_", false},
        {PidTagCallbackTelephoneNumber, "TEL;TYPE=VOICE", "Callback", false},
        {PidTagCompanyMainTelephoneNumber, "TEL;TYPE=WORK,VOICE", "Company", false},
        {PidTagRadioTelephoneNumber, "TEL;TYPE=VOICE", "Radio", false},
        {PidTagTelexNumber, "TEL;TYPE=MSG", "Telex", false},
        {PidTagTelecommunicationsDeviceForDeafTelephoneNumber, "TEL;TYPE=MSG", "TTY/TDD", false},
        {PidTagBusinessHomePage, "URL;TYPE=WORK", NULL, true},
        {PidTagPersonalHomePage, "URL;TYPE=HOME", NULL, true},
        {PidTagFtpSite, "URL", "FTP", true},
        {PidLidFreeBusyLocation, "FBURL", NULL, true},
        {PidTagSpouseName, "X-ABRELATEDNAMES", "_$!<Spouse>!$_", false},
        {PidTagChildrensNames, "X-ABRELATEDNAMES", "_$!<Child>!$_", false},
        {PidTagManagerName, "X-ABRELATEDNAMES", "_$!<Manager>!$_", false},
        {PidTagAssistant, "X-ABRELATEDNAMES", "_$!<Assistant>!$_", false},
        {PidTagReferredByName, "X-ABRELATEDNAMES", "Referred by", false},
        {PidLidContacts, "X-ABRELATEDNAMES", "Contact", false},
        {PidTagHobbies, "HOBBY", NULL, false},
        {PidTagInitials, "X-OUTLOOK-INITIALS", NULL, false},
        {PidTagLanguage, "X-OUTLOOK-LANGUAGE", NULL, false},
        {PidTagLocation, "X-OUTLOOK-LOCATION", NULL, false},
        {PidTagKeyword, "X-OUTLOOK-KEYWORD", NULL, false},
        {PidTagAccount, "X-OUTLOOK-ACCOUNT", NULL, false},
        {PidTagCustomerId, "X-OUTLOOK-CUSTOMER-ID", NULL, false},
        {PidLidBilling, "X-OUTLOOK-BILLING", NULL, false},
        {PidLidMileage, "X-OUTLOOK-MILEAGE", NULL, false},
        {PidLidCompanies, "X-OUTLOOK-COMPANY", NULL, false},
        {PidTagGovernmentIdNumber, "X-OUTLOOK-GOVERNMENT-ID", NULL, false},
        {PidTagOrganizationalIdNumber, "X-OUTLOOK-ORGANIZATIONAL-ID", NULL, false},
        {PidTagComputerNetworkName, "X-OUTLOOK-COMPUTER-NETWORK-NAME", NULL, false},
        {PidLidContactUserField1, "X-OUTLOOK-USER-FIELD-1", NULL, false},
        {PidLidContactUserField2, "X-OUTLOOK-USER-FIELD-2", NULL, false},
        {PidLidContactUserField3, "X-OUTLOOK-USER-FIELD-3", NULL, false},
        {PidLidContactUserField4, "X-OUTLOOK-USER-FIELD-4", NULL, false},
};
const size_t n_contact_lines = COUNT(contact_lines);

static void put_line(struct card *c, size_t i, const char *text)
{
	if (!text || !*text)
		return;
	if (contact_lines[i].label) {
		card_labelled(c, contact_lines[i].head, contact_lines[i].label, text);
	} else if (contact_lines[i].is_uri) {
		card_head(c, contact_lines[i].head);
		card_raw(c, ":");
		card_uri(c, text);
		card_end(c);
	} else {
		card_line(c, contact_lines[i].head, text);
	}
}

static void put_sex(struct card *c, struct bag *b)
{
	int64_t sex = bag_int(b, PidTagGender, 0);

	if (sex == 1 || sex == 2)
		card_line(c, "GENDER", sex == 1 ? "F" : "M");
}

/* RFC 4770: a URI; people write names into it. */
static void put_im(struct card *c, struct bag *b)
{
	const char *im = contact_text(c, b, PidLidInstantMessagingAddress);
	size_t scheme;

	if (!im)
		return;
	scheme = strspn(im, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");
	card_head(c, scheme && im[scheme] == ':' ? "IMPP:" : "IMPP:im:");
	card_uri(c, im);
	card_end(c);
}

void contact_texts(struct card *c, struct bag *b)
{
	const char *page = contact_text(c, b, PidLidHtml);

	for (size_t i = 0; i < COUNT(contact_lines); i++) {
		size_t n = bag_count(b, contact_lines[i].key);

		if (n == 1)
			put_line(c, i, contact_text(c, b, contact_lines[i].key));
		for (size_t k = 0; k < n && n > 1; k++)
			put_line(c, i, bag_text_at(b, contact_lines[i].key, k));
	}
	/* Outlook writes its one web page into two properties. */
	if (page && !text_same(page, bag_text(b, PidTagBusinessHomePage))) {
		card_head(c, "URL:");
		card_uri(c, page);
		card_end(c);
	}
	put_im(c, b);
	put_sex(c, b);
}

static void use_if_text(struct bag *b, bag_key key, const char *text)
{
	struct bag_prop *p = (struct bag_prop *)bag_peek(b, key);
	bool was_used = p && p->used;
	const char *has = bag_text(b, key);

	if (p && has && !text_same(has, text))
		p->used = was_used;
}

void contact_use_rest(struct bag *b, const char *called)
{
	static const bag_key names[] = {PidTagSubject, PidTagNormalizedSubject,
	        PidTagConversationTopic, PidTagTransmittableDisplayName, PidTagOriginalDisplayName};
	static const bag_key keys[] = {PidTagMessageClass, PidTagSubjectPrefix, PidTagPriority,
	        PidTagCreationTime, PidTagMessageFlags, PidTagSearchKey,
	        /* whoever wrote it, and when */
	        PidTagClientSubmitTime, PidTagMessageDeliveryTime, PidTagSenderName,
	        PidTagSenderAddressType, PidTagSenderEmailAddress, PidTagSenderSmtpAddress,
	        PidTagSentRepresentingName, PidTagSentRepresentingAddressType,
	        PidTagSentRepresentingEmailAddress, PidTagSentRepresentingSmtpAddress,
	        /* what follows from other properties */
	        PidLidFileUnderId, PidLidFileUnderList, PidLidDepartment, PidLidHasPicture,
	        PidLidAddressBookProviderEmailList, PidLidAddressBookProviderArrayType,
	        PidLidContactLinkName, PidTagConversationIndex, PidLidTaskVersion, PidLidTaskState,
	        PidLidTaskOrdinal, PidLidTaskStatus, PidLidTaskComplete, PidLidTaskStartDate,
	        PidLidTaskDueDate, PidLidContactLinkEntry, PidLidContactLinkSearchKey,
	        PidLidToDoOrdinalDate, PidLidToDoSubOrdinal, PidLidToDoTitle, PidTagToDoItemFlags,
	        /* of Outlook's windows */
	        PidLidContactItemData, PidLidContactCharacterSet, PidLidAutoLog,
	        PidLidBusinessCardDisplayDefinition, PidLidBusinessCardCardPicture,
	        PidLidSideEffects, PidLidBirthdayEventEntryId, PidLidAnniversaryEventEntryId,
	        PidLidIsContactLinked};

	for (size_t i = 0; i < COUNT(names); i++)
		use_if_text(b, names[i], called);
	for (size_t i = 0; i < COUNT(keys); i++)
		bag_use(b, keys[i]);
}
