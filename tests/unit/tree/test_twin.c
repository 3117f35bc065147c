/* What proves that two services show the same item, and what does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "valise/tree/twin.h"

static void twin_of_octets(
        enum coll_kind kind, const char *uid, const char *octets, struct item_twin *out)
{
	struct item_about about;

	about_of_octets(kind, octets, strlen(octets), &about);
	item_twin_of(kind, uid, &about, out);
	about_clear(&about);
}

static bool are_twins(const struct item_twin *a, const struct item_twin *b)
{
	for (unsigned i = 0; i < a->n; i++)
		for (unsigned j = 0; j < b->n; j++)
			if (memcmp(a->keys[i], b->keys[j], TWIN_KEY) == 0)
				return true;
	return false;
}

#define DATE "Date: Tue, 3 Nov 2026 10:00:00 +0100\r\n"
#define SENT "Date: Tue, 03 Nov 2026 09:00:00 +0000\r\n"

static const struct {
	const char *what;
	enum coll_kind kind;
	const char *uid_a, *a, *uid_b, *b;
	bool same;
} cases[] = {
        {"the same id and second, in another zone and header", COLL_MAIL, NULL,
                "Received: x\r\nMessage-ID: <1@a>\r\n" DATE "Subject: a\r\n\r\nbody", NULL,
                SENT "Subject: a \r\nmessage-id:  <1@a>\r\n\r\nother body", true},
        {"an id without its brackets", COLL_MAIL, NULL, "Message-ID: <1@a>\r\n" DATE "\r\n", NULL,
                "Message-ID: 1@a\r\n" DATE "\r\n", true},
        {"another second", COLL_MAIL, NULL, "Message-ID: <1@a>\r\n" DATE "\r\n", NULL,
                "Message-ID: <1@a>\r\nDate: Tue, 3 Nov 2026 10:00:01 +0100\r\n\r\n", false},
        {"another id", COLL_MAIL, NULL, "Message-ID: <1@a>\r\n" DATE "\r\n", NULL,
                "Message-ID: <1@A>\r\n" DATE "\r\n", false},
        {"no id: date, sender and subject", COLL_MAIL, NULL,
                DATE "From: Ann <ann@example.org>\r\nSubject: Lunch\r\n\r\n", NULL,
                SENT "From: \"A. N.\" <Ann@Example.org>\r\nSubject: Lunch\r\n\r\n", true},
        {"no id: another subject", COLL_MAIL, NULL,
                DATE "From: ann@example.org\r\nSubject: Lunch\r\n\r\n", NULL,
                DATE "From: ann@example.org\r\nSubject: Dinner\r\n\r\n", false},
        {"no id and no subject", COLL_MAIL, NULL, DATE "From: ann@example.org\r\n\r\n", NULL,
                DATE "From: ann@example.org\r\n\r\n", false},
        {"an id on one side alone", COLL_MAIL, NULL,
                "Message-ID: <1@a>\r\n" DATE "From: a@b\r\nSubject: s\r\n\r\n", NULL,
                DATE "From: a@b\r\nSubject: s\r\n\r\n", false},
        {"no id and no date", COLL_MAIL, NULL, "From: a@b\r\nSubject: s\r\n\r\n", NULL,
                "From: a@b\r\nSubject: s\r\n\r\n", false},
        {"a UID", COLL_CALENDAR, "u1", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "u1",
                "BEGIN:VEVENT\r\nSUMMARY:x\r\nEND:VEVENT\r\n", true},
        {"another UID", COLL_CALENDAR, "u1", "", "u2", "", false},
        {"no UID", COLL_CALENDAR, NULL, "", NULL, "", false},
        {"no UID is no empty one", COLL_CALENDAR, "", "", "", "", false},
        {"a card's UID", COLL_CONTACTS, "u1", "", "u1", "", true},
        {"another UID, but name and address", COLL_CONTACTS, "u1",
                "BEGIN:VCARD\r\nFN:Ann\r\nEMAIL:a@b\r\nEND:VCARD\r\n", "u2",
                "BEGIN:VCARD\r\nVERSION:3.0\r\nEMAIL;TYPE=work:a@b\r\nFN:Ann\r\nEND:VCARD\r\n",
                true},
        {"the same name alone", COLL_CONTACTS, "u1", "BEGIN:VCARD\r\nFN:Ann\r\nEND:VCARD\r\n", "u2",
                "BEGIN:VCARD\r\nFN:Ann\r\nEND:VCARD\r\n", false},
        {"a telephone number in the place of an address", COLL_CONTACTS, NULL,
                "BEGIN:VCARD\r\nFN:Ann\r\nEMAIL:1\r\nEND:VCARD\r\n", NULL,
                "BEGIN:VCARD\r\nFN:Ann\r\nTEL:1\r\nEND:VCARD\r\n", false},
        {"what stands beside", COLL_MAPI, "u1", "x", "u1", "x", false},
};

static void proofs(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct item_twin a, b;

		twin_of_octets(cases[i].kind, cases[i].uid_a, cases[i].a, &a);
		twin_of_octets(cases[i].kind, cases[i].uid_b, cases[i].b, &b);
		if (are_twins(&a, &b) != cases[i].same)
			fail_msg("%s", cases[i].what);
	}
}

/* What an older run kept is compared with what a newer one makes. */
static void keys_stay_as_they_are(void **state)
{
	static const uint8_t key[TWIN_KEY] = {0x73, 0xd1, 0xf1, 0x66, 0x0d, 0x00, 0x60, 0x34, 0x2d,
	        0x82, 0xf6, 0xd5, 0x4a, 0xa4, 0xdf, 0xb8};
	struct item_twin t;

	(void)state;
	item_twin_of(COLL_CALENDAR, "u1", NULL, &t);
	assert_int_equal(t.n, 1);
	assert_memory_equal(t.keys[0], key, TWIN_KEY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(proofs),
	        cmocka_unit_test(keys_stay_as_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
