/* The item model: what is put into a bag comes out of it, whatever its type and size. */
#include "outlook/make.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void numbers(void **state)
{
	struct bag *b = bag_new();
	struct err err;
	int64_t t;
	double half = 0.5;

	(void)state;
	make_int(b, PidTagImportance, -2);
	make_bool(b, PidLidReminderSet, true);
	assert_int_equal(bag_set_int(b, 0x1234, BAG_INT16, -3, &err), 0);
	assert_int_equal(bag_set_int(b, 0x1235, BAG_INT64, INT64_MIN, &err), 0);
	assert_int_equal(bag_set_int(b, 0x1236, BAG_ERROR, 5, &err), 0);
	make_octets(b, 0x1237, BAG_APPTIME, &half, sizeof half);
	for (int sorted = 0; sorted < 2; sorted++) {
		assert_int_equal(bag_int(b, PidTagImportance, 0), -2);
		assert_true(bag_bool(b, PidLidReminderSet));
		assert_int_equal(bag_int(b, 0x1234, 0), -3);
		assert_true(bag_int(b, 0x1235, 0) == INT64_MIN);
		assert_int_equal(bag_int(b, 0x1236, 77), 77);
		assert_false(bag_has(b, 0x1236));
		assert_true(bag_double(b, 0x1237, 0) > 0.4);
		assert_int_equal(bag_int(b, 0x4321, 9), 9);
		assert_null(bag_peek(b, PidLidReminderDelta));
		bag_sort(b);
	}
	make_time(b, PidTagCreationTime, -1);
	assert_true(bag_time(b, PidTagCreationTime, &t));
	assert_int_equal(t, -1);
	assert_int_equal(bag_set_int(b, PidTagCreationTime, BAG_TIME, 116444735999999999, &err), 0);
	assert_true(bag_time(b, PidTagCreationTime, &t));
	assert_int_equal(t, -1);
	assert_int_equal(bag_set_int(b, PidTagCreationTime, BAG_TIME, 0, &err), 0);
	assert_false(bag_time(b, PidTagCreationTime, &t));
	assert_int_equal(bag_set_int(b, PidTagCreationTime, BAG_TIME, -1, &err), 0);
	assert_false(bag_time(b, PidTagCreationTime, &t));
	bag_free(b);
}

static void texts(void **state)
{
	static const char *const words[] = {"one", "", "three", NULL};
	struct bag *b = bag_new(), *r;

	(void)state;
	make_text(b, PidTagSubject, "Gr\u00fc\u00dfe \U0001f600");
	assert_string_equal(bag_text(b, PidTagSubject), "Gr\u00fc\u00dfe \U0001f600");
	assert_ptr_equal(bag_text(b, PidTagSubject), bag_text(b, PidTagSubject));
	/* Unicode counts, whatever came last. */
	make_string8(b, PidTagSubject, 1252, "other");
	bag_sort(b);
	assert_string_equal(bag_text(b, PidTagSubject), "Gr\u00fc\u00dfe \U0001f600");
	for (size_t i = 0; i < b->n_props; i++)
		assert_true(b->props[i].used);
	/* Code pages: of the text, of the bag, of those around it, of what the item says. */
	make_string8(b, PidTagBody, 1251, "\xcf\xf0\xe8\xe2\xe5\xf2");
	assert_string_equal(bag_text(b, PidTagBody), "\u041f\u0440\u0438\u0432\u0435\u0442");
	make_string8(b, PidTagSenderName, 0, "\xfc");
	assert_string_equal(bag_text(b, PidTagSenderName), "\u00fc");
	r = make_recipient(b, 1, "x", "x@example.com");
	make_int(b, PidTagMessageCodepage, 28595);
	make_string8(r, PidTagSenderName, 0, "\xbf");
	assert_string_equal(bag_text(r, PidTagSenderName), "\u041f");
	b->code_page = 932;
	make_string8(r, PidTagSubject, 0, "\x93\xfa\x96");
	assert_string_equal(bag_text(r, PidTagSubject), "\u65e5\ufffd");
	make_hex(b, PidTagDisplayName, BAG_UNICODE, "41 00 00 d8 42 00 00 00 43 00");
	assert_string_equal(bag_text(b, PidTagDisplayName), "A\ufffdB");
	make_text(b, PidTagGivenName, "");
	assert_null(bag_text(b, PidTagGivenName));
	make_texts(b, PidNameKeywords, words);
	assert_int_equal(bag_count(b, PidNameKeywords), 3);
	assert_string_equal(bag_text_at(b, PidNameKeywords, 2), "three");
	assert_null(bag_text_at(b, PidNameKeywords, 1));
	assert_null(bag_text_at(b, PidNameKeywords, 3));
	assert_string_equal(bag_text_at(b, PidTagBody, 0), bag_text(b, PidTagBody));
	bag_free(b);
}

static int count_octets(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)p;
	(void)err;
	*(uint64_t *)ctx += n;
	return 0;
}

/* Beyond what is in memory, in pieces, and a text over the borders of pieces. */
static void large(void **state)
{
	struct bag *b = bag_new();
	struct err err;
	uint64_t sum = 0;
	size_t n;
	const char *text;

	(void)state;
	assert_int_equal(bag_begin(b, 0x3701, BAG_BINARY, NULL, &err), 0);
	for (int i = 0; i < 100000; i++)
		assert_int_equal(
		        bag_put(b, "0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghi", 55,
		                &err),
		        0);
	assert_int_equal(bag_end(b, &err), 0);
	assert_int_equal(bag_begin(b, PidTagBody, BAG_UNICODE, NULL, &err), 0);
	for (int i = 0; i < 700000; i++)
		assert_int_equal(bag_put(b, "\x3d\xd8\x00\xde", 4, &err), 0);
	assert_int_equal(bag_put(b, "\0", 2, &err), 0);
	assert_int_equal(bag_end(b, &err), 0);
	bag_sort(b);
	assert_int_equal(bag_peek(b, PidTagBody)->len, 2800000);
	assert_null(bag_octets(b, PidTagAttachDataBinary, 5499999, &n));
	assert_memory_equal(bag_octets(b, PidTagAttachDataBinary, 5500000, &n) + 5499945,
	        "0123456789abcdefghijklmnopqrstuvwxyz", 36);
	assert_int_equal(n, 5500000);
	assert_int_equal(bag_stream(b, bag_peek(b, PidTagBody), count_octets, &sum, &err), 0);
	assert_int_equal(sum, 2800000);
	sum = 0;
	assert_int_equal(bag_stream_text(b, bag_peek(b, PidTagBody), count_octets, &sum, &err), 0);
	assert_int_equal(sum, 2800000);
	text = bag_text(b, PidTagBody);
	assert_int_equal(strlen(text), BAG_TEXT_MAX);
	assert_string_equal(text + BAG_TEXT_MAX - 8, "\U0001f600\U0001f600");
	make_string8(b, PidTagSubject, 65001, "x");
	assert_int_equal(bag_begin(b, PidTagDisplayName, BAG_STRING8, NULL, &err), 0);
	b->props[b->n_props - 1].code_page = 65001;
	assert_int_equal(bag_put(b, "x", 1, &err), 0);
	for (int i = 0; i < 700000; i++)
		assert_int_equal(bag_put(b, "\xf0\x9f\x98\x80", 4, &err), 0);
	assert_int_equal(bag_end(b, &err), 0);
	assert_int_equal(strlen(bag_text(b, PidTagDisplayName)), BAG_TEXT_MAX - 3);
	bag_free(b);
}

static void order(void **state)
{
	static const uint8_t zeros[16];
	struct bag_name own = {.text = "Zz", .lid = 7};
	struct bag *b = bag_new();
	struct err err;
	char *shown;

	(void)state;
	memcpy(own.set, zeros, 16);
	make_int(b, PidLidReminderDelta, 15);
	make_text(b, PidTagSubject, "first");
	assert_int_equal(bag_begin(b, 0x8123, BAG_BINARY, &own, &err), 0);
	assert_int_equal(bag_put(b, "\x1b[m", 3, &err), 0);
	assert_int_equal(bag_end(b, &err), 0);
	make_int(b, PidTagImportance, 1);
	make_text(b, PidTagSubject, "Hi\x1b");
	make_int(b, 0x8001, 3);
	make_bool(make_recipient(b, 1, "Ann", "a@example.com"), PidTagRowid, true);
	make_time(make_embedded(b), PidTagCreationTime, 1000000000);
	make_hex(b, 0x10f4, BAG_INT32 | BAG_MULTIPLE, "02000000 01000000 ffffffff");
	make_hex(b, 0x10f5, BAG_INT32 | BAG_MULTIPLE, "03000000 01000000 ffffffff");
	make_hex(b, 0x10f6, 0x0001, "");
	make_hex(b, 0x10f7, BAG_INT32, "01");
	bag_sort(b);
	shown = make_shown(b);
	assert_string_equal(shown,
	        "PidTagImportance int32 1\n"
	        "PidTagSubject unicode \"Hi\\x1b\"\n"
	        "0x10f4 several int32 [1, -1]\n"
	        "0x10f5 binary 0300000001000000ffffffff\n"
	        "0x10f6 binary \n"
	        "0x10f7 int32 1\n"
	        "{00000000-0000-0000-0000-000000000000} 0x8001 int32 3\n"
	        "{00000000-0000-0000-0000-000000000000} Zz binary 1b5b6d\n"
	        "PidLidReminderDelta int32 15\n"
	        "recipient 1: PidTagRecipientType int32 1\n"
	        "recipient 1: PidTagRowid boolean true\n"
	        "recipient 1: PidTagDisplayName unicode \"Ann\"\n"
	        "recipient 1: PidTagAddressType unicode \"SMTP\"\n"
	        "recipient 1: PidTagEmailAddress unicode \"a@example.com\"\n"
	        "attachment 1: PidTagAttachMethod int32 5\n"
	        "attachment 1: item: PidTagCreationTime time 2001-09-09T01:46:40Z\n");
	free(shown);
	bag_free(b);
}

static void caps(void **state)
{
	char long_name[BAG_NAME_MAX + 2];
	struct bag_name name = {.text = long_name};
	struct bag *b = bag_new(), *in = b;
	struct err err;
	int deep = 0, n = 0;

	(void)state;
	memset(long_name, 'x', sizeof long_name - 1);
	long_name[sizeof long_name - 1] = '\0';
	assert_int_equal(bag_begin(b, 0x8000, BAG_INT32, &name, &err), ERR_LIMIT);
	assert_int_equal(b->n_props, 0);
	while (in) {
		in = bag_embed(bag_add_attachment(in, &err), &err);
		deep++;
	}
	assert_int_equal(deep, BAG_DEPTH_MAX + 1);
	assert_int_equal(err.code, ERR_LIMIT);
	while (bag_add_recipient(b, &err))
		n++;
	assert_int_equal(n, BAG_CHILDREN_MAX);
	for (n = 0; n < BAG_PROPS_MAX; n++)
		make_int(b, (bag_key)(n & 0x7fff), n);
	assert_int_equal(bag_set_int(b, 1, BAG_INT32, 1, &err), ERR_LIMIT);
	bag_sort(b);
	assert_int_equal(b->n_props, 0x8000);
	assert_int_equal(bag_int(b, 5, 0), 0x8005);
	bag_free(b);
	/* Memory: values that are small alone. */
	b = bag_new();
	for (n = 0; n < 12000; n++)
		make_octets(b, (bag_key)n, BAG_BINARY, long_name, sizeof long_name);
	bag_sort(b);
	assert_null(b->props[11999].data);
	assert_int_equal(b->props[11999].len, sizeof long_name);
	bag_free(b);
}

/* ${n} texts "x" as one property. */
static void many_texts(struct bag *b, bag_key key, uint32_t n)
{
	static const uint8_t one[] = {2, 0, 0, 0, 'x', 0};
	struct buf out = buf_of(SIZE_MAX);

	buf_put(&out, &n, sizeof n);
	for (uint32_t i = 0; i < n; i++)
		buf_put(&out, one, sizeof one);
	make_octets(b, key, BAG_UNICODE | BAG_MULTIPLE, out.data, out.len);
	buf_clear(&out);
}

/* Items that ask for much: time that grows with what they have, and memory that has an end. */
static void much(void **state)
{
	struct bag *b = bag_new();
	char *mib = xmalloc((1 << 20) + 1);
	size_t held = 0;

	(void)state;
	many_texts(b, PidNameKeywords, 300000);
	many_texts(b, PidTagChildrensNames, (1 << 20) + 1);
	bag_sort(b);
	assert_int_equal(bag_count(b, PidNameKeywords), 300000);
	for (size_t i = 0; i < 300000; i++)
		assert_string_equal(bag_text_at(b, PidNameKeywords, i), "x");
	assert_string_equal(bag_text_at(b, PidNameKeywords, 1), "x");
	assert_int_equal(bag_peek(b, PidTagChildrensNames)->type, BAG_BINARY);
	bag_free(b);
	b = bag_new();
	memset(mib, 'x', 1 << 20);
	mib[1 << 20] = '\0';
	for (unsigned i = 0; i < 100; i++)
		make_text(b, (bag_key)i, mib);
	bag_sort(b);
	for (unsigned i = 0; i < 100; i++)
		held += strlen(bag_text(b, (bag_key)i));
	assert_true(held < (66u << 20));
	assert_int_equal(strlen(bag_text(b, (bag_key)99)), 256);
	bag_free(b);
	free(mib);
}

static void pages(void **state)
{
	(void)state;
	assert_string_equal(code_page_charset(437), "CP437");
	assert_string_equal(code_page_charset(65001), "UTF-8");
	assert_string_equal(code_page_charset(1252), "WINDOWS-1252");
	assert_null(code_page_charset(0));
	assert_null(code_page_charset(1259));
	assert_null(code_page_charset(70000));
	for (unsigned p = 0; p < 70000; p++) {
		struct bag *b;

		if (!code_page_charset(p) || p == 1200 || p == 1201 || p == 12000 || p == 12001)
			continue;
		b = bag_new();
		make_string8(b, PidTagSubject, p, "A1");
		assert_string_equal(bag_text(b, PidTagSubject), "A1");
		bag_free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(numbers),
	        cmocka_unit_test(texts),
	        cmocka_unit_test(large),
	        cmocka_unit_test(order),
	        cmocka_unit_test(caps),
	        cmocka_unit_test(much),
	        cmocka_unit_test(pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
