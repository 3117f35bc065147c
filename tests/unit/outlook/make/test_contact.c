/* Cards as contacts and distribution lists, and back: MS-OXVCARD 2.1.3, MS-OXOCNTC. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "outlook/contact/entry.h"
#include "outlook/make/back.h"

/* Each line comes back as it was; what stands for it is a property. */
static const struct {
	const char *lines;
	int key;
	const char *text; /* NULL: none has it */
} rows[] = {
        {"NICKNAME:Anni", PidTagNickname, "Anni"},
        {"TITLE:Engineer", PidTagTitle, "Engineer"},
        {"ROLE:Baker", PidTagProfession, "Baker"},
        {"ORG:A\\;B;R&D", PidTagDepartmentName, "R&D"},
        {"ORG:A;B;C", PidTagDepartmentName, "B, C"},
        {"TEL;TYPE=WORK,VOICE:1", PidTagBusinessTelephoneNumber, "1"},
        {"TEL;TYPE=WORK:1", PidTagBusinessTelephoneNumber, "1"},
        {"TEL;TYPE=WORK:1\nTEL;TYPE=WORK:2", PidTagBusiness2TelephoneNumber, "2"},
        {"TEL;TYPE=HOME,VOICE,PREF:1", PidTagHomeTelephoneNumber, "1"},
        {"TEL;TYPE=CELL:1", PidTagMobileTelephoneNumber, "1"},
        {"TEL;TYPE=CELL:1\nTEL;TYPE=CELL:2\nTEL;TYPE=CELL:3", PidTagOtherTelephoneNumber, "2"},
        {"TEL;TYPE=FAX,WORK:1", PidTagBusinessFaxNumber, "1"},
        {"TEL;TYPE=FAX:1\nTEL;TYPE=FAX:2", PidLidFax1EmailAddress, "2"},
        {"TEL;TYPE=PAGER:1", PidTagPagerTelephoneNumber, "1"},
        {"TEL:1", PidTagOtherTelephoneNumber, "1"},
        {"item1.TEL;TYPE=VOICE:1\nitem1.X-ABLabel:Callback", PidTagCallbackTelephoneNumber, "1"},
        {"item1.TEL:1\nitem1.X-ABLabel:Cottage", PidTagOtherTelephoneNumber, "1"},
        {"EMAIL;TYPE=INTERNET:a@b.c", PidLidEmail1EmailAddress, "a@b.c"},
        {"EMAIL:a@b.c\nEMAIL;TYPE=PREF:d@e.f", PidLidEmail1EmailAddress, "d@e.f"},
        {"EMAIL:a@b.c\nEMAIL:b@b.c\nEMAIL:c@b.c\nEMAIL:d@b.c", PidLidEmail3EmailAddress, "c@b.c"},
        {"EMAIL;TYPE=INTERNET;X-CN=\"At work\":a@b.c", PidLidEmail1DisplayName, "At work"},
        {"EMAIL;TYPE=INTERNET,PREF:a@b.c\nX-OUTLOOK-EX-ADDRESS:/o=x/cn=a", PidLidEmail1AddressType,
                "EX"},
        {"ADR;TYPE=WORK:box;B 12;Street 1\\n2nd;Town;State;123;Land", PidLidWorkAddressStreet,
                "Street 1\r\n2nd"},
        {"ADR;TYPE=WORK:box;B 12;Street 1;Town;State;123;Land", PidTagOfficeLocation, "B 12"},
        {"ADR;TYPE=HOME,PREF:;;Street 1;Town;State;123;Land", PidTagStreetAddress, "Street 1"},
        {"ADR;TYPE=HOME:;;Street 1;Town;State;123;Land", PidLidHomeAddress,
                "Street 1\r\nTown, State 123\r\nLand"},
        {"ADR;TYPE=HOME:;;a;;;;\nLABEL;TYPE=HOME:As\\nI like", PidLidHomeAddress, "As\r\nI like"},
        {"ADR;TYPE=HOME:;;a;;;;\nADR;TYPE=HOME:;;b;;;;", PidTagHomeAddressStreet, "a"},
        {"ADR:;;a;;;;", PidTagOtherAddressStreet, "a"},
        {"item1.ADR;TYPE=WORK:;;a;;;;\nitem1.X-ABADR:de", PidLidWorkAddressCountryCode, "de"},
        {"URL;TYPE=WORK:https://x/", PidTagBusinessHomePage, "https://x/"},
        {"URL:https://x/a\\,b", PidLidHtml, "https://x/a,b"},
        {"IMPP:im:anne", PidLidInstantMessagingAddress, "anne"},
        {"IMPP:xmpp:a@b", PidLidInstantMessagingAddress, "xmpp:a@b"},
        {"item1.X-ABRELATEDNAMES:Otto\nitem1.X-ABLabel:_$!<Spouse>!$_", PidTagSpouseName, "Otto"},
        {"NOTE:a\\nb\\, c", PidTagBody, "a\r\nb, c"},
        {"X-OUTLOOK-USER-FIELD-2:x", PidLidContactUserField2, "x"},
        {"X-EVOLUTION-FILE-AS:Doe", PidLidFileUnder, "Doe"},
        {"GENDER:F", 0, NULL},
        {"GENDER:O;other", 0, NULL},
        {"CATEGORIES:a,b\\,c", 0, NULL},
        {"CLASS:PRIVATE", 0, NULL},
        {"CLASS:PUBLIC", 0, NULL},
        {"REV:20240101T000000Z", 0, NULL},
        {"BDAY:1980-04-05", 0, NULL},
        {"BDAY:19800405", 0, NULL},
        {"BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-05", 0, NULL},
        {"BDAY:sometime in spring", 0, NULL},
        {"item1.X-ABDATE:2001-09-09\nitem1.X-ABLabel:_$!<Anniversary>!$_", 0, NULL},
        {"X-ANNIVERSARY:2001-09-09", 0, NULL},
        {"PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRg==", 0, NULL},
        {"PHOTO;VALUE=uri:https://example.org/a.jpg", 0, NULL},
        {"KEY;ENCODING=b;TYPE=X509:MIIAAwECAw==", 0, NULL},
        {"KEY:https://example.org/key", 0, NULL},
        {"GEO:1;2", 0, NULL},
        {"SOUND;ENCODING=b:YQ==", 0, NULL},
        {"X-FOO;A=\"b:c\";D=e:f\\;g", 0, NULL},
        {"X-OUTLOOK-FLAG;X-STATUS=FLAGGED:Call", PidLidFlagRequest, "Call"},
        {"X-OUTLOOK-REMINDER:2026-05-01T08:00:00Z", 0, NULL},
};

static void each_line_comes_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *text = xasprintf(
		        "BEGIN:VCARD\nVERSION:3.0\nUID:u\nFN:Anne Doe\nN:Doe;Anne;;;\n%s\n"
		        "END:VCARD\n",
		        rows[i].lines);
		struct back k = back_of(OUTLOOK_CONTACT, text);

		back_equal(text, strlen(text), &k);
		if (rows[i].text)
			assert_string_equal(bag_text(k.b, (bag_key)rows[i].key), rows[i].text);
		assert_string_equal(bag_text(k.b, PidTagMessageClass), "IPM.Contact");
		assert_string_equal(bag_text(k.b, PidNameVcardUid), "u");
		free(text);
		back_clear(&k);
	}
}

static void what_outlook_sorts_by_is_there_and_no_line(void **state)
{
	struct back k = back_card("FN:Anne Doe\nN:Doe;Anne;;;\n");

	(void)state;
	assert_string_equal(bag_text(k.b, PidLidFileUnder), "Doe, Anne");
	assert_string_equal(bag_text(k.b, PidTagSubject), "Anne Doe");
	back_has_not(&k, "X-EVOLUTION-FILE-AS");
	assert_string_equal(buf_str(&k.lost), "");
	back_clear(&k);
}

static void a_photo_is_an_attachment(void **state)
{
	struct back k = back_card("FN:a\nN:a;;;;\nPHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRg==\n");
	size_t n;

	(void)state;
	assert_int_equal(k.b->n_attachments, 1);
	assert_true(bag_bool(k.b->attachments[0], PidTagAttachmentContactPhoto));
	assert_true(bag_bool(k.b, PidLidHasPicture));
	assert_memory_equal(bag_octets(k.b->attachments[0], PidTagAttachDataBinary, 100, &n),
	        "\xff\xd8\xff\xe0", 4);
	back_clear(&k);
}

/* vCard 2.1 and 4.0 are read as 3.0. */
static void other_versions_are_read(void **state)
{
	static const char old
	        [] = "BEGIN:VCARD\nVERSION:2.1\n"
	             "N;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:M=FCller;Jo=\nhn\n"
	             "FN:x\nTEL;WORK;FAX:1\nEND:VCARD\n",
	     new[] = "BEGIN:VCARD\nVERSION:4.0\nFN:x\nTEL;VALUE=uri;TYPE=\"voice,home\":tel:+1-2\n"
	             "BDAY:--0405\nANNIVERSARY:20010909\nGENDER:M\n"
	             "RELATED;TYPE=spouse;VALUE=text:Otto\nEMAIL;PREF=1:a@b.c\n"
	             "PHOTO:data:image/jpeg;base64,/9j/4AAQSkZJRg==\nEND:VCARD\n";
	struct back k = back_of(OUTLOOK_CONTACT, old);
	int64_t t;

	(void)state;
	assert_string_equal(bag_text(k.b, PidTagSurname), "Müller");
	assert_string_equal(bag_text(k.b, PidTagGivenName), "John");
	assert_string_equal(bag_text(k.b, PidTagBusinessFaxNumber), "1");
	back_clear(&k);
	k = back_of(OUTLOOK_CONTACT, new);
	assert_string_equal(bag_text(k.b, PidTagHomeTelephoneNumber), "+1-2");
	assert_string_equal(bag_text(k.b, PidTagSpouseName), "Otto");
	assert_string_equal(bag_text(k.b, PidLidEmail1EmailAddress), "a@b.c");
	assert_int_equal(bag_int(k.b, PidTagGender, 0), 2);
	assert_true(bag_time(k.b, PidLidWeddingAnniversaryLocal, &t));
	assert_int_equal(t, 999993600);
	assert_int_equal(k.b->n_attachments, 1);
	back_clear(&k);
}

static void a_group_is_a_list_with_one_off_members(void **state)
{
	static const char text[] = "BEGIN:VCARD\nVERSION:3.0\nUID:g\nFN:Team\nN:Team;;;;\n"
	                           "X-ADDRESSBOOKSERVER-KIND:group\n"
	                           "X-ADDRESSBOOKSERVER-MEMBER;X-CN=\"Ann\":mailto:ann@b.c\n"
	                           "X-ADDRESSBOOKSERVER-MEMBER:mailto:c%2Bd@b.c\n"
	                           "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:1\nEND:VCARD\n";
	struct back k = back_of(OUTLOOK_CONTACT, text);
	struct entry e;
	size_t n;
	const uint8_t *p = bag_octets(k.b, PidLidDistributionListMembers, 1 << 16, &n);

	(void)state;
	assert_string_equal(bag_text(k.b, PidTagMessageClass), "IPM.DistList");
	assert_string_equal(bag_text(k.b, PidLidDistributionListName), "Team");
	assert_int_equal(p[0], 2);
	entry_read(p + 8, p[4], NULL, &e);
	assert_int_equal(e.kind, ENTRY_ONE_OFF);
	assert_string_equal(e.name, "Ann");
	assert_string_equal(e.type, "SMTP");
	assert_string_equal(e.address, "ann@b.c");
	entry_clear(&e);
	back_equal(text, sizeof text - 1, &k);
	back_tells(&k, "X-ADDRESSBOOKSERVER-MEMBER");
	back_clear(&k);
}

/* Beyond 15,000 octets they are a stream. */
static void long_lists_are_streams(void **state)
{
	struct buf text = buf_of(1 << 20);
	struct back k;

	(void)state;
	buf_puts(&text, "BEGIN:VCARD\nVERSION:3.0\nUID:g\nFN:Team\nN:Team;;;;\n"
	                "X-ADDRESSBOOKSERVER-KIND:group\n");
	for (int i = 0; i < 500; i++)
		buf_putf(&text, "X-ADDRESSBOOKSERVER-MEMBER;X-CN=\"A %d\":mailto:a%d@b.c\n", i, i);
	buf_puts(&text, "END:VCARD\n");
	k = back_of(OUTLOOK_CONTACT, buf_str(&text));
	assert_true(bag_has(k.b, PidLidDistributionListStream));
	assert_false(bag_has(k.b, PidLidDistributionListMembers));
	back_equal(buf_str(&text), text.len, &k);
	buf_clear(&text);
	back_clear(&k);
}

static void what_changed_there_is_written_as_it_is_now(void **state)
{
	struct back k = back_card("FN:a\nN:a;;;;\nTEL;TYPE=CELL:1\nX-FOO:kept\n");
	struct outlook_made made = {0};
	struct outlook_to to = {make_put, NULL, &k.text};
	struct err err = {0};

	(void)state;
	back_has(&k, "\nTEL;TYPE=CELL:1\n");
	make_text(k.b, PidTagMobileTelephoneNumber, "2");
	bag_sort(k.b);
	buf_reset(&k.text);
	make_check(outlook_convert(k.b, &to, &made, &err), &err);
	outlook_made_clear(&made);
	back_has(&k, "\nTEL;TYPE=CELL,VOICE:2\n");
	back_has_not(&k, "TEL;TYPE=CELL:1");
	back_has(&k, "\nX-FOO:kept\n");
	back_clear(&k);
}

static void what_is_no_card_is_refused(void **state)
{
	struct back k;
	struct err err = {0};

	(void)state;
	assert_int_equal(back_try(OUTLOOK_CONTACT, "FN:x\n", 5, &k, &err), ERR_PROTO);
	back_clear(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(each_line_comes_back),
	        cmocka_unit_test(what_outlook_sorts_by_is_there_and_no_line),
	        cmocka_unit_test(a_photo_is_an_attachment),
	        cmocka_unit_test(other_versions_are_read),
	        cmocka_unit_test(a_group_is_a_list_with_one_off_members),
	        cmocka_unit_test(long_lists_are_streams),
	        cmocka_unit_test(what_changed_there_is_written_as_it_is_now),
	        cmocka_unit_test(what_is_no_card_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
