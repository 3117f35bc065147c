/* Contacts and distribution lists as cards: every property in its place, hostile texts, UIDs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "outlook/contact/internal.h"
#include "outlook/make.h"
#include "valise/format/content.h"

struct result {
	struct buf card, lost;
	char *uid;
};

static int put(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	buf_put(&((struct result *)ctx)->card, p, n);
	return 0;
}

static void lose(void *ctx, const char *what)
{
	struct result *r = ctx;

	buf_puts(&r->lost, what);
	buf_putc(&r->lost, '\n');
}

static void convert(struct bag *b, struct result *r)
{
	struct outlook_to to = {put, lose, r};
	struct outlook_made made;
	struct err err = {0};

	*r = (struct result){.card = buf_of(64 << 20), .lost = buf_of(65536)};
	bag_sort(b);
	assert_int_equal(outlook_contact(b, &to, &made, &err), 0);
	assert_int_equal(made.form, OUTLOOK_CONTACT);
	r->uid = made.uid;
	free(made.keywords);
}

static void result_clear(struct result *r)
{
	buf_clear(&r->card);
	buf_clear(&r->lost);
	free(r->uid);
}

static struct bag *contact(void)
{
	struct bag *b = bag_new();

	make_text(b, PidTagMessageClass, "IPM.Contact");
	return b;
}

/* Unfolded, without what each card has; free it. */
static char *lines_of(const struct result *r)
{
	struct buf out = buf_of(64 << 20);
	const char *s = buf_str(&r->card);

	for (; *s; s++) {
		if (s[0] == '\r' && s[1] == '\n' && s[2] == ' ')
			s += 2;
		else if (*s != '\r')
			buf_putc(&out, *s);
	}
	return buf_take(&out);
}

/* Of these lines the card has all, in this order. */
static void expect_lines(struct bag *b, const char *const *want, size_t n)
{
	struct result r;
	char *text, *at;

	convert(b, &r);
	text = lines_of(&r);
	at = text;
	for (size_t i = 0; i < n; i++) {
		char *line = xasprintf("\n%s\n", want[i]);
		char *found = strstr(at, line);

		if (!found)
			print_error("no %s\nin %s\n", want[i], text);
		assert_non_null(found);
		at = found + 1;
		free(line);
	}
	free(text);
	result_clear(&r);
	bag_free(b);
}
#define EXPECT(b, ...)                                                                             \
	do {                                                                                       \
		static const char *const want[] = {__VA_ARGS__};                                   \
		expect_lines(b, want, COUNT(want));                                                \
	} while (0)

static void test_whole_card(void **state)
{
	struct bag *b = contact();
	struct result r;

	(void)state;
	make_text(b, PidTagDisplayName, "Dr. Ann M. Lee Jr.");
	make_text(b, PidTagSubject, "Dr. Ann M. Lee Jr.");
	make_text(b, PidTagSurname, "Lee");
	make_text(b, PidTagGivenName, "Ann");
	make_text(b, PidTagMiddleName, "M.");
	make_text(b, PidTagDisplayNamePrefix, "Dr.");
	make_text(b, PidTagGeneration, "Jr.");
	make_text(b, PidTagCompanyName, "Example; Sons, Ltd");
	make_text(b, PidTagDepartmentName, "R&D");
	make_octets(b, PidTagSearchKey, BAG_BINARY, "0123456789abcdef", 16);
	make_time(b, PidTagLastModificationTime, 1400000000);
	convert(b, &r);
	assert_string_equal(buf_str(&r.card), "BEGIN:VCARD\r\n"
	                                      "VERSION:3.0\r\n"
	                                      "UID:8d76ee3a-88ea-882f-a47d-dec379ea8a2f\r\n"
	                                      "FN:Dr. Ann M. Lee Jr.\r\n"
	                                      "N:Lee;Ann;M.;Dr.;Jr.\r\n"
	                                      "ORG:Example\\; Sons\\, Ltd;R&D\r\n"
	                                      "REV:2014-05-13T16:53:20Z\r\n"
	                                      "END:VCARD\r\n");
	assert_string_equal(r.uid, "8d76ee3a-88ea-882f-a47d-dec379ea8a2f");
	assert_string_equal(buf_str(&r.lost), "");
	result_clear(&r);
	bag_free(b);
}

/* One property, one line. */
static const struct {
	bag_key key;
	const char *text, *line;
} one_line[] = {
        {PidTagNickname, "Annie", "NICKNAME:Annie"},
        {PidTagTitle, "Engineer", "TITLE:Engineer"},
        {PidTagProfession, "Baker", "ROLE:Baker"},
        {PidLidYomiFirstName, "an", "X-PHONETIC-FIRST-NAME:an"},
        {PidLidYomiLastName, "ri", "X-PHONETIC-LAST-NAME:ri"},
        {PidLidYomiCompanyName, "ex", "X-PHONETIC-ORG:ex"},
        {PidLidFileUnder, "Lee, Ann", "X-EVOLUTION-FILE-AS:Lee\\, Ann"},
        {PidTagPrimaryTelephoneNumber, "1", "TEL;TYPE=PREF,VOICE:1"},
        {PidTagBusinessTelephoneNumber, "2", "TEL;TYPE=WORK,VOICE:2"},
        {PidTagBusiness2TelephoneNumber, "3", "TEL;TYPE=WORK,VOICE:3"},
        {PidTagHomeTelephoneNumber, "4", "TEL;TYPE=HOME,VOICE:4"},
        {PidTagHome2TelephoneNumber, "5", "TEL;TYPE=HOME,VOICE:5"},
        {PidTagMobileTelephoneNumber, "6", "TEL;TYPE=CELL,VOICE:6"},
        {PidTagCarTelephoneNumber, "7", "TEL;TYPE=CAR,VOICE:7"},
        {PidTagOtherTelephoneNumber, "8", "TEL;TYPE=VOICE:8"},
        {PidTagPagerTelephoneNumber, "9", "TEL;TYPE=PAGER:9"},
        {PidTagIsdnNumber, "10", "TEL;TYPE=ISDN:10"},
        {PidTagBusinessFaxNumber, "11", "TEL;TYPE=WORK,FAX:11"},
        {PidTagHomeFaxNumber, "12", "TEL;TYPE=HOME,FAX:12"},
        {PidTagPrimaryFaxNumber, "13", "TEL;TYPE=FAX:13"},
        {PidTagAssistantTelephoneNumber, "14",
                "item1.TEL;TYPE=VOICE:14\nitem1.X-ABLabel:_$!<Assistant>!$_"},
        {PidTagCallbackTelephoneNumber, "15", "item1.TEL;TYPE=VOICE:15\nitem1.X-ABLabel:Callback"},
        {PidTagCompanyMainTelephoneNumber, "16",
                "item1.TEL;TYPE=WORK,VOICE:16\nitem1.X-ABLabel:Company"},
        {PidTagRadioTelephoneNumber, "17", "item1.TEL;TYPE=VOICE:17\nitem1.X-ABLabel:Radio"},
        {PidTagTelexNumber, "18", "item1.TEL;TYPE=MSG:18\nitem1.X-ABLabel:Telex"},
        {PidTagTelecommunicationsDeviceForDeafTelephoneNumber, "19",
                "item1.TEL;TYPE=MSG:19\nitem1.X-ABLabel:TTY/TDD"},
        {PidTagBusinessHomePage, "https://example.org/a,b;c",
                "URL;TYPE=WORK:https://example.org/a\\,b\\;c"},
        {PidTagPersonalHomePage, "www.example.org", "URL;TYPE=HOME:www.example.org"},
        {PidLidHtml, "http://example.org/", "URL:http://example.org/"},
        {PidTagFtpSite, "ftp://example.org", "item1.URL:ftp://example.org\nitem1.X-ABLabel:FTP"},
        {PidLidFreeBusyLocation, "http://example.org/a b.ifb",
                "FBURL:http://example.org/a%20b.ifb"},
        {PidTagSpouseName, "Bo", "item1.X-ABRELATEDNAMES:Bo\nitem1.X-ABLabel:_$!<Spouse>!$_"},
        {PidTagManagerName, "Cy", "item1.X-ABRELATEDNAMES:Cy\nitem1.X-ABLabel:_$!<Manager>!$_"},
        {PidTagAssistant, "Di", "item1.X-ABRELATEDNAMES:Di\nitem1.X-ABLabel:_$!<Assistant>!$_"},
        {PidTagReferredByName, "Ed", "item1.X-ABRELATEDNAMES:Ed\nitem1.X-ABLabel:Referred by"},
        {PidTagHobbies, "chess, tea", "HOBBY:chess\\, tea"},
        {PidTagInitials, "A.L.", "X-OUTLOOK-INITIALS:A.L."},
        {PidTagLanguage, "German", "X-OUTLOOK-LANGUAGE:German"},
        {PidTagLocation, "Rome", "X-OUTLOOK-LOCATION:Rome"},
        {PidTagAccount, "acc", "X-OUTLOOK-ACCOUNT:acc"},
        {PidTagCustomerId, "c1", "X-OUTLOOK-CUSTOMER-ID:c1"},
        {PidLidBilling, "b1", "X-OUTLOOK-BILLING:b1"},
        {PidLidMileage, "m1", "X-OUTLOOK-MILEAGE:m1"},
        {PidTagGovernmentIdNumber, "g1", "X-OUTLOOK-GOVERNMENT-ID:g1"},
        {PidTagOrganizationalIdNumber, "o1", "X-OUTLOOK-ORGANIZATIONAL-ID:o1"},
        {PidTagComputerNetworkName, "pc", "X-OUTLOOK-COMPUTER-NETWORK-NAME:pc"},
        {PidLidContactUserField1, "u1", "X-OUTLOOK-USER-FIELD-1:u1"},
        {PidLidContactUserField2, "u2", "X-OUTLOOK-USER-FIELD-2:u2"},
        {PidLidContactUserField3, "u3", "X-OUTLOOK-USER-FIELD-3:u3"},
        {PidLidContactUserField4, "u4", "X-OUTLOOK-USER-FIELD-4:u4"},
        {PidLidInstantMessagingAddress, "ann@example.org", "IMPP:im:ann@example.org"},
        {PidLidInstantMessagingAddress, "sip:ann@example.org", "IMPP:sip:ann@example.org"},
        {PidTagOfficeLocation, "B 12", "ADR;TYPE=WORK:;B 12;;;;;"},
        {PidLidHomeAddress, "1 Way\r\nTown", "LABEL;TYPE=HOME:1 Way\\nTown"},
        {PidTagPostalAddress, "1 Way", "LABEL;TYPE=POSTAL,PREF:1 Way"},
        {PidTagBody, "a\r\nb\nc\rd\t;", "NOTE:a\\nb\\nc\\nd\t\\;"},
        {PidLidFlagRequest, "Call", "X-OUTLOOK-FLAG:Call"},
        {PidNameKeywords, "Friends", "CATEGORIES:Friends"},
        {PidLidCategories, "Family", "CATEGORIES:Family"},
};

static void no_homeless(void *ctx, const char *line)
{
	(void)ctx;
	print_error("homeless: %s\n", line);
	fail();
}

static void test_each_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(one_line); i++) {
		struct bag *b = contact();
		char *want = xasprintf("\n%s\n", one_line[i].line), *text;
		struct result r;

		make_text(b, one_line[i].key, one_line[i].text);
		convert(b, &r);
		text = lines_of(&r);
		if (!strstr(text, want))
			print_error("no %s in %s", want, text);
		assert_non_null(strstr(text, want));
		outlook_homeless(b, no_homeless, NULL);
		free(text);
		free(want);
		result_clear(&r);
		bag_free(b);
	}
}

static void test_several(void **state)
{
	struct bag *b = contact();

	(void)state;
	make_texts(b, PidTagChildrensNames, (const char *const[]){"Flo", "Gus", NULL});
	make_texts(b, PidNameKeywords, (const char *const[]){"Work", "a,b", NULL});
	make_text(b, PidLidHtml, "http://example.org/");
	make_text(b, PidTagBusinessHomePage, "http://example.org/");
	make_int(b, PidTagGender, 1);
	make_int(b, PidTagSensitivity, 2);
	make_int(b, PidTagImportance, 2);
	EXPECT(b, "URL;TYPE=WORK:http://example.org/", "item1.X-ABRELATEDNAMES:Flo",
	        "item1.X-ABLabel:_$!<Child>!$_", "item2.X-ABRELATEDNAMES:Gus", "GENDER:F",
	        "CLASS:PRIVATE", "CATEGORIES:Work,a\\,b", "X-OUTLOOK-IMPORTANCE:HIGH");
}

static void test_flag_and_reminder(void **state)
{
	struct bag *b = contact();

	(void)state;
	make_int(b, PidTagFlagStatus, 2);
	make_text(b, PidLidFlagRequest, "Follow up");
	make_int(b, PidTagFollowupIcon, 6);
	make_time(b, PidLidCommonStart, 1400000000);
	make_time(b, PidLidCommonEnd, 79870665600); /* none */
	make_bool(b, PidLidReminderSet, true);
	make_time(b, PidLidReminderTime, 1400003600);
	make_bool(b, PidLidPrivate, true);
	EXPECT(b, "CLASS:PRIVATE", "X-OUTLOOK-FLAG;X-STATUS=FLAGGED:Follow up",
	        "X-OUTLOOK-FLAG-COLOR:6", "X-OUTLOOK-FLAG-START:2014-05-13T16:53:20Z",
	        "X-OUTLOOK-REMINDER:2014-05-13T17:53:20Z");
}

static void test_addresses(void **state)
{
	struct bag *b = contact();

	(void)state;
	make_text(b, PidTagHomeAddressStreet, "1 Home Rd\r\nFlat 2");
	make_text(b, PidTagHomeAddressCity, "Leeds");
	make_text(b, PidLidHomeAddressCountryCode, "gb");
	make_text(b, PidLidWorkAddressStreet, "2 Work St");
	make_text(b, PidLidWorkAddressCity, "York");
	make_text(b, PidLidWorkAddressState, "N");
	make_text(b, PidLidWorkAddressPostalCode, "Y1");
	make_text(b, PidLidWorkAddressCountry, "UK");
	make_text(b, PidLidWorkAddressPostOfficeBox, "PO 3");
	make_text(b, PidLidWorkAddress, "2 Work St\r\nYork");
	make_text(b, PidTagOtherAddressCity, "Bath");
	/* the mailing address is that of work once more */
	make_int(b, PidLidPostalAddressId, 2);
	make_text(b, PidTagStreetAddress, "2 Work St");
	make_text(b, PidTagLocality, "York");
	make_text(b, PidTagStateOrProvince, "N");
	make_text(b, PidTagPostalCode, "Y1");
	make_text(b, PidTagCountry, "UK");
	make_text(b, PidTagPostOfficeBox, "PO 3");
	make_text(b, PidTagPostalAddress, "2 Work St\r\nYork");
	make_text(b, PidTagOfficeLocation, "B;12");
	EXPECT(b, "item1.ADR;TYPE=HOME:;;1 Home Rd\\nFlat 2;Leeds;;;", "item1.X-ABADR:gb",
	        "ADR;TYPE=WORK,PREF:PO 3;B\\;12;2 Work St;York;N;Y1;UK",
	        "LABEL;TYPE=WORK,PREF:2 Work St\\nYork", "item2.ADR;TYPE=POSTAL:;;;Bath;;;",
	        "item2.X-ABLabel:_$!<Other>!$_", "END:VCARD");
	/* the one address that others write */
	b = contact();
	make_text(b, PidTagStreetAddress, "2 Work St");
	make_text(b, PidTagLocality, "York");
	EXPECT(b, "ADR;TYPE=WORK:;;2 Work St;York;;;");
	/* one that is none of the three */
	b = contact();
	make_text(b, PidLidWorkAddressCity, "York");
	make_text(b, PidTagLocality, "Bath");
	EXPECT(b, "ADR;TYPE=WORK:;;;York;;;", "ADR;TYPE=POSTAL,PREF:;;;Bath;;;");
}

static void make_mail(struct bag *b, unsigned i, const char *name, const char *type,
        const char *address, const char *original)
{
	bag_key base = BAG_LID(PSETID_ADDRESS, 0x8080 + 0x10 * i);

	if (name)
		make_text(b, base, name);
	if (type)
		make_text(b, base + 2, type);
	if (address)
		make_text(b, base + 3, address);
	if (original)
		make_text(b, base + 4, original);
}

static void test_mails(void **state)
{
	struct bag *b = contact();

	(void)state;
	make_text(b, PidTagDisplayName, "Ann Lee");
	make_mail(b, 0, "Ann Lee (ann@example.org)", "SMTP", "ann@example.org", "ann@example.org");
	make_mail(b, 1, "Ann at \"home\" (ann@example.net)", "SMTP", "ann@example.net", NULL);
	make_mail(b, 2, "Ann Lee", "EX", "/o=Org/ou=Site/cn=Recipients/cn=ann", "ann@corp.example");
	make_text(b, PidLidFax1EmailAddress, "Ann Lee@/FN=+1 555 1");
	make_text(b, PidLidFax2EmailAddress, "Ann Lee@+1 555 2");
	make_text(b, PidTagBusinessFaxNumber, "+1 555 2");
	EXPECT(b, "TEL;TYPE=WORK,FAX:+1 555 2", "EMAIL;TYPE=INTERNET,PREF:ann@example.org",
	        "EMAIL;TYPE=INTERNET;X-CN=\"Ann at 'home'\":ann@example.net",
	        "EMAIL;TYPE=INTERNET:ann@corp.example",
	        "X-OUTLOOK-EX-ADDRESS:/o=Org/ou=Site/cn=Recipients/cn=ann", "TEL;TYPE=FAX:+1 555 1",
	        "END:VCARD");
	b = contact();
	make_mail(b, 0, "Ann", "EX", "/o=Org/cn=ann", NULL);
	EXPECT(b, "X-OUTLOOK-EX-ADDRESS;X-CN=\"Ann\":/o=Org/cn=ann");
}

static void test_called(void **state)
{
	struct bag *b = contact();

	(void)state;
	make_text(b, PidTagGivenName, "Ann");
	make_text(b, PidTagSurname, "Lee");
	EXPECT(b, "FN:Ann Lee", "N:Lee;Ann;;;");
	b = contact();
	make_text(b, PidTagCompanyName, "Example Ltd");
	EXPECT(b, "FN:Example Ltd", "N:;;;;", "ORG:Example Ltd");
	b = contact();
	EXPECT(b, "FN:(no name)");
	b = contact();
	make_text(b, PidTagMessageClass, "IPM.Contact.Ours");
	EXPECT(b, "X-OUTLOOK-CLASS:IPM.Contact.Ours");
}

static const struct {
	int64_t utc;
	bool local;
	const char *day;
} days[] = {
        {323740800, false, "1980-04-05"}, /* 00:00 UTC: London */
        {323740800 - 2 * 3600, false, "1980-04-05"}, /* Berlin in summer */
        {323740800 - 9 * 3600, false, "1980-04-05"}, /* Tokyo */
        {323740800 - 12 * 3600, false, "1980-04-05"}, /* Auckland in winter */
        {323740800 - 13 * 3600, false, "1980-04-05"}, /* and in summer */
        {323740800 + 5 * 3600, false, "1980-04-05"}, /* New York */
        {323740800 + 8 * 3600, false, "1980-04-05"}, /* Los Angeles */
        {323740800 + 10 * 3600, false, "1980-04-05"}, /* Honolulu */
        {323740800, true, "1980-04-05"},
        {323740800 + 86399, true, "1980-04-05"},
        {-11549865600 + 6 * 3600, false, "BDAY;X-APPLE-OMIT-YEAR=1604:1604-01-01"},
};

static void test_days(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(days); i++) {
		struct bag *b = contact();
		const char *want = days[i].day;
		char *line = *want == 'B' ? xstrdup(want) : xasprintf("BDAY:%s", want);
		bag_key key = PidTagBirthday;

		if (days[i].local)
			key = PidLidBirthdayLocal;
		make_time(b, key, days[i].utc);
		expect_lines(b, (const char *const *)&line, 1);
		free(line);
	}
	/* what somebody has written as a day counts */
	struct bag *b = contact();
	make_time(b, PidTagWeddingAnniversary, 323740800 - 3600);
	make_time(b, PidLidWeddingAnniversaryLocal, 323740800 - 86400);
	EXPECT(b, "item1.X-ABDATE:1980-04-04", "item1.X-ABLabel:_$!<Anniversary>!$_");
}

static void test_files(void **state)
{
	static const uint8_t jpeg[] = {0xff, 0xd8, 0xff, 0xe0, 1};
	struct bag *b = contact(), *photo;
	struct result r;
	char *text;

	(void)state;
	make_attachment(b, "plan.pdf", "%PDF", 4);
	photo = make_attachment(b, "x.jpg", jpeg, sizeof jpeg);
	make_bool(photo, PidTagAttachmentContactPhoto, true);
	/* one certificate among fields of others, one as it is, and what is none */
	make_hex(b, PidTagUserX509Certificate, BAG_BINARY | BAG_MULTIPLE,
	        "02000000 0f000000 0100 0800 01000000 0300 0700 aabbcc 04000000 3082 0001");
	convert(b, &r);
	text = lines_of(&r);
	assert_non_null(strstr(text, "\nPHOTO;ENCODING=b;TYPE=JPEG:/9j/4AE=\n"));
	assert_non_null(strstr(text, "\nKEY;ENCODING=b;TYPE=X509:qrvM\n"));
	assert_non_null(strstr(text, "\nKEY;ENCODING=b;TYPE=X509:MIIAAQ==\n"));
	assert_string_equal(buf_str(&r.lost), "attachment 1 (plan.pdf): a card holds no files\n");
	outlook_homeless(b, no_homeless, NULL);
	free(text);
	result_clear(&r);
	bag_free(b);
}

static char *uid_of(struct bag *b)
{
	struct result r;
	char *uid;

	convert(b, &r);
	uid = xstrdup(r.uid);
	result_clear(&r);
	bag_free(b);
	return uid;
}

static struct bag *with_key(const char *key, const char *name)
{
	struct bag *b = contact();

	make_octets(b, PidTagSearchKey, BAG_BINARY, key, 16);
	make_text(b, PidTagDisplayName, name);
	return b;
}

static void test_uid(void **state)
{
	char *a = uid_of(with_key("0123456789abcdef", "Ann"));
	char *moved = uid_of(with_key("0123456789abcdef", "Anna"));
	char *other = uid_of(with_key("0123456789abcdeg", "Ann"));
	struct bag *b = with_key("0123456789abcdef", "Ann");
	char *known, *none, *again;

	(void)state;
	make_text(b, PidNameVcardUid, "ann@example.org");
	known = uid_of(b);
	none = uid_of(with_key("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "Ann"));
	again = uid_of(with_key("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "Bob"));
	assert_string_equal(a, moved);
	assert_string_not_equal(a, other);
	assert_string_equal(known, "ann@example.org");
	assert_string_not_equal(none, again);
	free(a);
	free(moved);
	free(other);
	free(known);
	free(none);
	free(again);
}

/* A text with all that could end a line or begin another one. */
static const char hostile[] =
        "x\r\nEND:VCARD\r\nBEGIN:VCARD\r\nUID:1\n \"\x01;:,\\\x7f\r\n\r\nNOTE:a\xe2\x80\xa8"
        "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz\xc3\xa4\xf0\x9f\x98\x80";

static int count_line(void *ctx, const struct content_line *l, struct err *err)
{
	(void)err;
	assert_true(l->depth <= 1);
	assert_true(strcmp(l->name, "BEGIN") != 0 || l->depth == 0);
	++*(size_t *)ctx;
	return 0;
}

static void test_hostile(void **state)
{
	static const bag_key more[] = {PidTagDisplayName, PidTagSurname, PidTagCompanyName,
	        PidTagDepartmentName, PidTagMessageClass, PidTagSubject, PidLidEmail1EmailAddress,
	        PidLidEmail1DisplayName, PidLidEmail1AddressType, PidLidEmail2OriginalDisplayName,
	        PidLidFax1EmailAddress, PidTagHomeAddressCity, PidLidHomeAddressCountryCode,
	        PidLidOtherAddress, PidNameVcardUid, PidTagLocality};
	struct bag *b = contact();
	size_t lines = 0, breaks = 0, column = 0;
	unsigned wrong;
	struct result r;

	(void)state;
	for (size_t i = 0; i < COUNT(one_line); i++)
		make_text(b, one_line[i].key, hostile);
	for (size_t i = 0; i < COUNT(more); i++)
		make_text(b, more[i], hostile);
	convert(b, &r);
	assert_int_equal(
	        content_read(r.card.data, r.card.len, count_line, &lines, &wrong, NULL), 0);
	assert_int_equal(wrong, 0);
	for (size_t i = 0; i < r.card.len; i++) {
		uint8_t c = r.card.data[i];

		assert_true(c >= 0x20 || c == '\r' || c == '\n' || c == '\t');
		if (c == '\n') {
			assert_true(column <= 76); /* and CR */
			assert_int_equal(r.card.data[i - 1], '\r');
			breaks += r.card.data[i + 1] != ' ';
			column = 0;
		} else {
			column++;
		}
	}
	assert_int_equal(lines, breaks);
	result_clear(&r);
	bag_free(b);
}

static void tell_line(void *ctx, const char *line)
{
	buf_puts(ctx, line);
	buf_putc(ctx, '\n');
}

/* What nobody knows is told, wherever it is; what only a store means is not. */
static void test_homeless(void **state)
{
	static const uint8_t guid[16] = {0xde, 0xad, 0xbe, 0xef};
	struct bag_name name = {.lid = 0x1234};
	struct bag *b = contact(), *r, *a, *in;
	struct buf told = buf_of(65536);
	struct err err = {0};
	struct result made;

	(void)state;
	memcpy(name.set, guid, sizeof guid);
	make_text(b, 0x6abc, "what is it");
	make_int(b, 0x6abd, 0); /* nothing */
	make_octets(b, 0x0fff, BAG_BINARY, "entry", 5); /* PidTagEntryId */
	make_text(b, 0x3ffa, "Bob"); /* PidTagLastModifierName */
	assert_int_equal(bag_begin(b, 0x8000, BAG_UNICODE, &name, &err), 0);
	assert_int_equal(bag_put(b, "x\0", 2, &err), 0);
	assert_int_equal(bag_end(b, &err), 0);
	name.text = (char *)"colour\x1b";
	assert_int_equal(bag_begin(b, 0x8000, BAG_UNICODE, &name, &err), 0);
	assert_int_equal(bag_put(b, "x\0", 2, &err), 0);
	assert_int_equal(bag_end(b, &err), 0);
	r = make_recipient(b, 1, "Ann", "ann@example.org");
	make_text(r, 0x6abe, "x");
	convert(b, &made);
	outlook_homeless(b, tell_line, &told);
	assert_non_null(strstr(buf_str(&told), "0x6abc\n"));
	assert_non_null(strstr(buf_str(&told), "{efbeadde-0000-0000-0000-000000000000} 0x1234\n"));
	assert_non_null(strstr(buf_str(&told), "colour\\x1b\n"));
	assert_non_null(strstr(buf_str(&told), "0x6abe (recipient 1)\n"));
	assert_null(strstr(buf_str(&told), "0x6abd"));
	assert_null(strstr(buf_str(&told), "EntryId"));
	assert_null(strstr(buf_str(&told), "3ffa"));
	result_clear(&made);
	bag_free(b);
	b = bag_new();
	in = make_embedded(b);
	make_text(in, 0x6abc, "deep");
	a = make_attachment(in, "a", "b", 1);
	make_text(a, 0x6abe, "deeper");
	buf_reset(&told);
	outlook_homeless(b, tell_line, &told);
	assert_non_null(strstr(buf_str(&told), "0x6abc (attachment 1, its item)\n"));
	assert_non_null(strstr(buf_str(&told), "0x6abe (attachment 1, its item, attachment 1)\n"));
	bag_free(b);
	buf_clear(&told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_whole_card),
	        cmocka_unit_test(test_each_text),
	        cmocka_unit_test(test_several),
	        cmocka_unit_test(test_flag_and_reminder),
	        cmocka_unit_test(test_addresses),
	        cmocka_unit_test(test_mails),
	        cmocka_unit_test(test_called),
	        cmocka_unit_test(test_days),
	        cmocka_unit_test(test_files),
	        cmocka_unit_test(test_uid),
	        cmocka_unit_test(test_hostile),
	        cmocka_unit_test(test_homeless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
