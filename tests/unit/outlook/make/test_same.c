/* What of an item counts when it comes back from a store, and how a difference is told. */
#include "outlook/make.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "valise/outlook/make.h"

/* An item with a bit of everything. */
static struct bag *item(void)
{
	static const char *const words[] = {"Blue", "Red", NULL};
	struct bag *b = bag_new(), *r, *in;

	make_text(b, PidTagMessageClass, "IPM.Note");
	make_text(b, PidTagSubject, "Lunch");
	make_int(b, PidTagImportance, 1);
	make_int(b, PidTagMessageFlags, 0x11);
	make_time(b, PidTagMessageDeliveryTime, 1400000000);
	make_octets(b, PidTagSearchKey, BAG_BINARY, "0123456789abcdef", 16);
	make_texts(b, PidNameKeywords, words);
	make_bool(b, (bag_key)PidLidReminderSet, true);
	r = make_recipient(b, 1, "Bob", "bob@example.org");
	make_int(r, PidTagRowid, 7);
	make_attachment(b, "menu.pdf", "%PDF", 4);
	in = make_embedded(b);
	make_text(in, PidTagSubject, "Inner");
	return b;
}

/* Both are freed. */
static void expect(struct bag *was, struct bag *is, const char *lines)
{
	struct buf told = buf_of(65536);
	bool same;

	bag_sort(was);
	bag_sort(is);
	same = outlook_same(was, is, make_line, &told);
	assert_string_equal(buf_str(&told), lines);
	assert_int_equal(same, *lines == '\0');
	assert_int_equal(outlook_same(was, is, NULL, NULL), same);
	buf_clear(&told);
	bag_free(was);
	bag_free(is);
}

static void same_items(void **state)
{
	(void)state;
	expect(bag_new(), bag_new(), "");
	expect(item(), item(), "");
}

static void values(void **state)
{
	struct bag *was = item(), *is = item();

	(void)state;
	make_int(is, PidTagImportance, 2);
	make_text(is, PidTagSubject, "Lunch\033");
	make_int(was, PidTagPriority, 1);
	make_int(is, PidTagSensitivity, 3);
	make_octets(is, PidTagSearchKey, BAG_BINARY, "0123456789abcdeF", 16);
	make_time(is, PidTagMessageDeliveryTime, 1400000001);
	make_bool(is, (bag_key)PidLidReminderSet, false);
	expect(was, is,
	        "PidTagImportance: 2, was 1\n"
	        "PidTagPriority: lost, was 1\n"
	        "PidTagSensitivity: 3, was not there\n"
	        "PidTagSubject: \"Lunch\\x1b\", was \"Lunch\"\n"
	        "PidTagMessageDeliveryTime: 2014-05-13T16:53:21Z, was 2014-05-13T16:53:20Z\n"
	        "PidTagSearchKey: 30313233343536373839616263646546, was "
	        "30313233343536373839616263646566\n"
	        "PidLidReminderSet: false, was true\n");
}

/* What was said in another type or code page. */
static void types(void **state)
{
	static const char several[] = "\2\0\0\0\4\0\0\0Blue\3\0\0\0Red";
	struct bag *was = item(), *is = item();
	struct err err;

	(void)state;
	make_string8(was, PidTagBody, 1251, "\xcf\xf0\xe8\xe2\xe5\xf2");
	make_text(is, PidTagBody, "\u041f\u0440\u0438\u0432\u0435\u0442");
	assert_int_equal(bag_set_int(was, PidTagPriority, BAG_INT16, -1, &err), 0);
	make_int(is, PidTagPriority, -1);
	/* One of two types counts, as for who asks; an error is no value. */
	make_string8(was, PidTagHtml, 1252, "one");
	make_text(was, PidTagHtml, "two");
	make_text(is, PidTagHtml, "two");
	assert_int_equal(bag_set_int(is, 0x1234, BAG_ERROR, 5, &err), 0);
	expect(was, is, "");
	was = item();
	is = item();
	make_octets(was, PidTagConversationTopic, BAG_STRING8, "a", 1);
	make_octets(is, PidTagConversationTopic, BAG_BINARY, "a", 1);
	expect(was, is, "PidTagConversationTopic: 61, was \"a\"\n");
	was = bag_new();
	is = bag_new();
	make_texts(was, PidNameKeywords, (const char *const[]){"Blue", "Red", NULL});
	make_octets(is, PidNameKeywords, BAG_STRING8 | BAG_MULTIPLE, several, sizeof several - 1);
	expect(was, is, "");
	was = bag_new();
	is = bag_new();
	make_texts(was, PidNameKeywords, (const char *const[]){"Bl", "ueRed", NULL});
	make_octets(is, PidNameKeywords, BAG_STRING8 | BAG_MULTIPLE, several, sizeof several - 1);
	expect(was, is, "PidNameKeywords: [\"Blue\", \"Red\"], was [\"Bl\", \"ueRed\"]\n");
}

/* Each of these is a store's own: another, none, or one alone. */
static void of_stores(void **state)
{
	static const uint16_t ids[] = {0x0e04, 0x0e08, 0x0e09, 0x0e17, 0x0e1b,
	        PidTagNormalizedSubject, PidTagAttachSize, PidTagAttachNumber, 0x0e69, 0x0ff4,
	        0x0ff6, 0x0ff9, 0x0ffe, 0x0fff, PidTagRowid, PidTagCreationTime,
	        PidTagLastModificationTime, 0x340d, 0x3ff8, 0x3ffb, 0x65e0, 0x65e2, 0x65e3, 0x674a,
	        0x67a4};
	/* And these are not, though homeless.c passes them over. */
	static const uint16_t compared[] = {0x003b, 0x0041, 0x0c19, 0x1080, 0x1081, 0x3016,
	        PidTagSearchKey, PidTagAttachMethod, 0x3714, PidTagInternetCodepage, 0x3ff1,
	        PidTagMessageCodepage, 0x5fdf, 0x6001, 0x7ffd};

	(void)state;
	for (size_t i = 0; i < COUNT(ids); i++) {
		struct bag *was = item(), *is = item();

		make_int(was, ids[i], 1);
		make_int(is, ids[i], 2);
		make_int(was->recipients[0], ids[i], 1);
		make_int(is->attachments[1]->embedded, ids[i], 2);
		expect(was, is, "");
	}
	for (size_t i = 0; i < COUNT(compared); i++) {
		struct bag *was = bag_new(), *is = bag_new();

		make_int(was, compared[i], 1);
		make_int(is, compared[i], 2);
		bag_sort(was);
		bag_sort(is);
		assert_false(outlook_same(was, is, NULL, NULL));
		bag_free(was);
		bag_free(is);
	}
}

/* A named one of such a number is nobody's but its own. */
static void named(void **state)
{
	struct bag *was = item(), *is = item();

	(void)state;
	make_int(was, BAG_LID(PSETID_COMMON, 0x0e08), 1);
	make_int(is, BAG_LID(PSETID_COMMON, 0x0e08), 2);
	expect(was, is, "{00062008-0000-0000-c000-000000000046} 0x0e08: 2, was 1\n");
}

static void make_named(struct bag *b, enum bag_set set, char *name, const char *value)
{
	struct bag_name n = {.text = name};
	struct err err = {0};

	memcpy(n.set, bag_set_guid(set), sizeof n.set);
	make_check(bag_begin(b, 0x8000, BAG_UNICODE, &n, &err), &err);
	for (; *value; value++) {
		char unit[2] = {*value, 0};

		make_check(bag_put(b, unit, 2, &err), &err);
	}
	make_check(bag_end(b, &err), &err);
}

/* A name of text is the same one in another case of its letters, as servers have it. */
static void cases(void **state)
{
	struct bag *was = item(), *is = item();

	(void)state;
	make_named(was, PS_INTERNET_HEADERS, "content-type", "text/plain");
	make_named(was, PS_INTERNET_HEADERS, "x-mailer", "Pine");
	make_named(was, PS_INTERNET_HEADERS, "x-old", "1");
	make_named(was, PS_PUBLIC_STRINGS, "Way", "1"); /* of another set */
	make_named(is, PS_INTERNET_HEADERS, "Content-Type", "text/plain");
	make_named(is, PS_INTERNET_HEADERS, "X-Mailer", "Elm");
	make_named(is, PS_INTERNET_HEADERS, "Way", "1");
	expect(was, is,
	        "{00020329-0000-0000-c000-000000000046} Way: lost, was \"1\"\n"
	        "{00020386-0000-0000-c000-000000000046} Way: \"1\", was not there\n"
	        "{00020386-0000-0000-c000-000000000046} x-mailer: \"Elm\", was \"Pine\"\n"
	        "{00020386-0000-0000-c000-000000000046} x-old: lost, was \"1\"\n");
}

static void flags(void **state)
{
	static const struct {
		int was, is;
		const char *line;
	} rows[] = {
	        {0x01, 0x401, ""}, /* mfEverRead */
	        {0x01, 0x13, ""}, /* mfHasAttach, mfUnmodified */
	        {0x01, 0x00, "PidTagMessageFlags: 0x00, was 0x01\n"},
	        {0x09, 0x01, "PidTagMessageFlags: 0x01, was 0x09\n"},
	        {0x01, 0x21, "PidTagMessageFlags: 0x21, was 0x01\n"},
	        {0x81, 0x01, "PidTagMessageFlags: 0x01, was 0x81\n"},
	        {-1, 0x402, ""}, /* none at all: nothing is set */
	        {-1, 0x01, "PidTagMessageFlags: 0x01, was not there\n"},
	        {0x01, -1, "PidTagMessageFlags: lost, was 0x01\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bag *was = bag_new(), *is = bag_new();

		if (rows[i].was >= 0)
			make_int(was, PidTagMessageFlags, rows[i].was);
		if (rows[i].is >= 0)
			make_int(is, PidTagMessageFlags, rows[i].is);
		expect(was, is, rows[i].line);
	}
}

static void parts(void **state)
{
	struct bag *was = item(), *is = item(), *in;

	(void)state;
	make_text(is->recipients[0], PidTagEmailAddress, "eve@example.org");
	make_octets(is->attachments[0], PidTagAttachDataBinary, BAG_BINARY, "%PDf", 4);
	make_text(is->attachments[1]->embedded, PidTagSubject, "Other");
	make_recipient(is, 2, "Ann", "ann@example.org");
	in = make_embedded(was->attachments[1]->embedded);
	make_text(in, PidTagSubject, "Innermost");
	expect(was, is,
	        "PidTagEmailAddress (recipient 1): \"eve@example.org\", was \"bob@example.org\"\n"
	        "recipients: 2, was 1\n"
	        "PidTagAttachDataBinary (attachment 1): 25504466, was 25504446\n"
	        "PidTagSubject (attachment 2, its item): \"Other\", was \"Inner\"\n"
	        "attachments (attachment 2, its item): 0, was 1\n");
	was = item();
	is = item();
	bag_free(is->attachments[1]->embedded);
	is->attachments[1]->embedded = NULL;
	expect(was, is, "item (attachment 2): lost\n");
}

/* Beyond what is in memory, in pieces; the difference is at the end. */
static void large(void **state)
{
	struct bag *of[3] = {bag_new(), bag_new(), bag_new()};
	struct err err;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(bag_begin(of[i], PidTagBody, BAG_UNICODE, NULL, &err), 0);
		for (int k = 0; k < 100000; k++)
			assert_int_equal(bag_put(of[i], "a\0b\0", 4, &err), 0);
		assert_int_equal(bag_put(of[i], i == 2 ? "c" : "d", 2, &err), 0);
		assert_int_equal(bag_end(of[i], &err), 0);
		bag_sort(of[i]);
	}
	assert_true(outlook_same(of[0], of[1], NULL, NULL));
	bag_free(of[1]);
	expect(of[0], of[2], "PidTagBody: 400002 octets, was 400002 others\n");
}

static void count_changes(void *ctx, const struct outlook_difference *d)
{
	int *counts = ctx;

	counts[d->how]++;
	assert_true(strlen(d->name) > 0 && !strchr(d->name, ':'));
}

static void changes(void **state)
{
	struct bag *was = item(), *is = item();
	int counts[3] = {0};

	(void)state;
	make_int(is, PidTagImportance, 2);
	make_int(was, PidTagPriority, 1);
	make_int(is, PidTagSensitivity, 3);
	make_attachment(is, "more", "x", 1);
	bag_sort(was);
	bag_sort(is);
	assert_false(outlook_compare(was, is, count_changes, counts));
	assert_int_equal(counts[OUTLOOK_OTHER], 1);
	assert_int_equal(counts[OUTLOOK_LOST], 1);
	assert_int_equal(counts[OUTLOOK_ADDED], 2);
	bag_free(was);
	bag_free(is);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(same_items),
	        cmocka_unit_test(values),
	        cmocka_unit_test(types),
	        cmocka_unit_test(of_stores),
	        cmocka_unit_test(named),
	        cmocka_unit_test(cases),
	        cmocka_unit_test(flags),
	        cmocka_unit_test(parts),
	        cmocka_unit_test(large),
	        cmocka_unit_test(changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
