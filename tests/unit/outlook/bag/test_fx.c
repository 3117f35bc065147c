/* A bag as octets of FastTransfer, and back. */
#include "outlook/make.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static int keep(void *ctx, struct bag *b, struct err *err)
{
	struct bag **out = ctx;

	(void)err;
	assert_null(*out);
	*out = b;
	return 0;
}

/* The bag of these octets, which come in pieces of ${piece}. */
static struct bag *read_back(const struct buf *octets, size_t piece)
{
	struct bag *b = NULL;
	struct fx_reader *r = fx_reader_new(keep, &b);
	struct err err = {0};

	for (size_t at = 0; at < octets->len; at += piece)
		make_check(fx_read(r, octets->data + at, MIN(piece, octets->len - at), &err), &err);
	make_check(fx_read_end(r, &err), &err);
	fx_reader_free(r);
	assert_non_null(b);
	return b;
}

/* All that a bag can hold, filled from its first to its last, or the other way. */
static struct bag *all_of_it(bool backwards)
{
	static const char *const words[] = {"one", "", "three", NULL};
	static const struct bag_name own = {.set = {1, 2, 3}, .text = "gr\u00fcn"};
	struct bag *b = bag_new(), *in;
	struct err err = {0};
	char *large = xcalloc(1, 200000);

	b->code_page = 1250;
	for (int k = 0; k < 10; k++) {
		switch (backwards ? 9 - k : k) {
		case 0:
			make_text(b, PidTagSubject, "Hi");
			break;
		case 1:
			make_string8(b, PidTagBody, 65001, "\xc3\xbc");
			break;
		case 2:
			make_string8(b, PidTagSenderName, 0, "\xfc");
			break;
		case 3:
			make_texts(b, PidNameKeywords, words);
			break;
		case 4:
			make_octets(b, PidTagHtml, BAG_BINARY, large, 200000);
			break;
		case 5:
			make_check(
			        bag_begin(b, (uint16_t)(0x8000 + k), BAG_GUID, &own, &err), &err);
			make_check(bag_put(b, "0123456789abcdef", 16, &err), &err);
			make_check(bag_end(b, &err), &err);
			break;
		case 6:
			make_hex(b, 0x10f4, BAG_BINARY | BAG_MULTIPLE,
			        "02000000 00000000 01000000 ff");
			break;
		case 7:
			make_hex(b, 0x10f5, BAG_INT64 | BAG_MULTIPLE, "00000000");
			break;
		case 8:
			make_int(b, PidLidReminderDelta, 15);
			break;
		default:
			make_hex(b, 0x10f6, BAG_STRING8 | BAG_MULTIPLE, "01000000 02000000 6100");
		}
	}
	make_recipient(b, 1, "Ann", "ann@example.com");
	make_recipient(b, 2, "Bob", "bob@example.com");
	make_attachment(b, "a.txt", "hello", 5);
	in = make_embedded(b);
	make_text(in, PidTagSubject, "within");
	make_attachment(in, "b.txt", "", 0);
	free(large);
	return b;
}

static void round_trip(void **state)
{
	struct buf first = buf_of(1 << 20), second = buf_of(1 << 20);
	struct bag *b = all_of_it(false), *back;
	char *shown, *again;

	(void)state;
	make_fx(b, &first);
	for (size_t piece = 1; piece < 4000; piece = piece * 7 + 1) {
		back = read_back(&first, piece);
		buf_reset(&second);
		make_fx(back, &second);
		assert_int_equal(second.len, first.len);
		assert_memory_equal(second.data, first.data, first.len);
		assert_string_equal(bag_text(back, PidTagBody), "\u00fc");
		assert_string_equal(bag_text(back, PidTagSenderName), "\u00fc");
		assert_int_equal(bag_peek(back, PidTagSenderName)->code_page, 1250);
		assert_string_equal(bag_text_at(back, PidNameKeywords, 2), "three");
		assert_int_equal(bag_peek(back, PidTagHtml)->len, 200000);
		assert_string_equal(
		        bag_text(back->attachments[1]->embedded, PidTagSubject), "within");
		/* What was written is what is shown, but for the numbers of parts. */
		shown = make_shown(b);
		again = make_shown(back);
		assert_non_null(strstr(again, "attachment 2: PidTagAttachNumber int32 1\n"));
		assert_non_null(strstr(again, "recipient 2: PidTagRowid int32 1\n"));
		assert_memory_equal(shown, again, (size_t)(strstr(shown, "recipient 1") - shown));
		free(shown);
		free(again);
		bag_free(back);
	}
	bag_free(b);
	b = all_of_it(true);
	buf_reset(&second);
	make_fx(b, &second);
	assert_memory_equal(second.data, first.data, first.len);
	assert_int_equal(second.len, first.len);
	bag_free(b);
	buf_clear(&first);
	buf_clear(&second);
}

/* Octet by octet, as MS-OXCFXICS has them. */
static void octets(void **state)
{
	static const uint8_t wanted[] = {
	        0x03, 0x00, 0x0c, 0x40, /* StartMessage */
	        0x1f, 0x00, 0x37, 0x00, 6, 0, 0, 0, 'H', 0, 'i', 0, 0, 0, /* Subject */
	        0xe2, 0x84, 0x00, 0x10, 2, 0, 0, 0, 0xfc, 0, /* Body in 1250 */
	        0x03, 0x00, 0x00, 0x80, 0x08, 0x20, 0x06, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0,
	        0x46, 0, 0x01, 0x85, 0, 0, 15, 0, 0, 0, /* ReminderDelta */
	        0x03, 0x00, 0x03, 0x40, /* StartRecip */
	        0x03, 0x00, 0x00, 0x30, 0, 0, 0, 0, /* Rowid */
	        0x03, 0x00, 0x04, 0x40, 0x03, 0x00, 0x0d, 0x40, /* EndToRecip, EndMessage */
	};
	struct buf out = buf_of(1 << 20);
	struct bag *b = bag_new();

	(void)state;
	make_int(b, PidLidReminderDelta, 15);
	make_string8(b, PidTagBody, 1250, "\xfc");
	make_text(b, PidTagSubject, "Hi");
	make_int(b, 0x400d, 1); /* nobody could tell it from EndMessage */
	assert_non_null(bag_add_recipient(b, NULL));
	make_fx(b, &out);
	assert_int_equal(out.len, sizeof wanted);
	assert_memory_equal(out.data, wanted, sizeof wanted);
	bag_free(b);
	buf_clear(&out);
}

/* Names that are no UTF-16: halves of pairs, as many as fit. */
static void odd_names(void **state)
{
	static const char head[] = "\x03\x00\x0c\x40"
	                           "\x03\x00\x00\x80"
	                           "0123456789abcdef\x01";
	static const char rest[] = "\0\0"
	                           "\x07\0\0\0"
	                           "\x03\x00\x0d\x40";
	struct buf octets = buf_of(1 << 20), again = buf_of(1 << 20);
	struct bag *b, *back;

	(void)state;
	buf_put(&octets, head, sizeof head - 1);
	for (int i = 0; i < 341; i++)
		buf_put(&octets, "\xdc\xdc", 2);
	buf_put(&octets, rest, sizeof rest - 1);
	b = read_back(&octets, 7);
	assert_int_equal(strlen(b->props[0].name->text), 1023);
	assert_memory_equal(b->props[0].name->text, "\ufffd\ufffd", 6);
	make_fx(b, &again);
	back = read_back(&again, 7);
	assert_string_equal(back->props[0].name->text, b->props[0].name->text);
	bag_free(b);
	bag_free(back);
	/* Longer ones end the stream. */
	buf_reset(&octets);
	buf_put(&octets, head, sizeof head - 1);
	for (int i = 0; i < 1000; i++)
		buf_put(&octets, "\xdc\xdc", 2);
	buf_put(&octets, rest, sizeof rest - 1);
	{
		struct bag *none = NULL;
		struct fx_reader *r = fx_reader_new(keep, &none);
		struct err err;

		assert_int_equal(fx_read(r, octets.data, octets.len, &err), ERR_PROTO);
		fx_reader_free(r);
	}
	buf_clear(&octets);
	buf_clear(&again);
}

/* Markers of folders and of synchronisation, and properties outside of messages. */
static void around(void **state)
{
	static const char before[] = "\x03\x00\x09\x40"
	                             "\x1f\x00\x01\x30\x04\x00\x00\x00"
	                             "A\0\0"
	                             "\0\x03\x00\x12\x40"
	                             "\x14\x00\x4a\x67"
	                             "12345678";
	static const char after[] = "\x03\x00\x0b\x40"
	                            "\x03\x00\x14\x40";
	struct buf out = buf_of(1 << 20);
	struct bag *b = bag_new(), *back;

	(void)state;
	make_text(b, PidTagSubject, "Hi");
	buf_put(&out, before, sizeof before - 1);
	make_fx(b, &out);
	buf_put(&out, after, sizeof after - 1);
	back = read_back(&out, 3);
	assert_string_equal(bag_text(back, PidTagSubject), "Hi");
	bag_free(back);
	bag_free(b);
	buf_clear(&out);
}

static void no_streams(void **state)
{
	static const struct {
		const char *name, *octets;
		size_t n;
	} cases[] = {
	        {"a type that is none", "\x03\x00\x0c\x40\x99\x00\x37\x00", 8},
	        {"an end without a start", "\x03\x00\x0d\x40", 4},
	        {"a message within a message", "\x03\x00\x0c\x40\x03\x00\x0c\x40", 8},
	        {"a recipient outside", "\x03\x00\x03\x40", 4},
	        {"an item without an attachment", "\x03\x00\x0c\x40\x03\x00\x01\x40", 8},
	        {"an attachment in a recipient", "\x03\x00\x0c\x40\x03\x00\x03\x40\x03\x00\x00\x40",
	                12},
	        {"a recipient that ends as an attachment",
	                "\x03\x00\x0c\x40\x03\x00\x03\x40\x03\x00\x0e\x40", 12},
	        {"a folder within a message", "\x03\x00\x0c\x40\x03\x00\x0b\x40", 8},
	        {"an end within a message", "\x03\x00\x0c\x40", 4},
	        {"an end within a tag", "\x03\x00", 2},
	        {"an end within a value", "\x1f\x00\x37\x00\x09\x00\x00\x00xx", 10},
	        {"a name of an unknown kind",
	                "\x03\x00\x0c\x40\x03\x00\x01\x80"
	                "0123456789abcdef\x02",
	                25},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct bag *b = NULL;
		struct fx_reader *r = fx_reader_new(keep, &b);
		struct err err;
		int rc = fx_read(r, cases[i].octets, cases[i].n, &err);

		if (rc == 0)
			rc = fx_read_end(r, &err);
		if (rc != ERR_PROTO)
			fail_msg("%s: %d", cases[i].name, rc);
		fx_reader_free(r);
		bag_free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(round_trip),
	        cmocka_unit_test(octets),
	        cmocka_unit_test(odd_names),
	        cmocka_unit_test(around),
	        cmocka_unit_test(no_streams),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
