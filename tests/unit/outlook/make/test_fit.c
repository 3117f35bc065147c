/* What goes to another store: all but what the old one gave the item, and nothing that sends it. */
#include "outlook/make.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "valise/outlook/make.h"

static void what_is_left(void **state)
{
	static const uint16_t gone[] = {0x0e08, 0x0e09, 0x0e14, 0x0ff4, 0x0ff9, 0x0ffb, 0x0ffe,
	        0x0fff, 0x340d, 0x65e0, 0x65e3, 0x674a, 0x67f2};
	static const uint16_t stays[] = {PidTagImportance, 0x0c19, 0x0e04, PidTagNormalizedSubject,
	        0x300b, PidTagCreationTime, PidTagLastModificationTime, 0x3013, 0x3ff8, 0x1080,
	        0x65e7, 0x6800};
	struct bag *b = bag_new(), *in = make_embedded(b);

	(void)state;
	for (size_t i = 0; i < COUNT(gone); i++) {
		make_int(b, gone[i], 1);
		make_int(in, gone[i], 1);
	}
	for (size_t i = 0; i < COUNT(stays); i++) {
		make_int(b, stays[i], 1);
		make_int(in, stays[i], 1);
	}
	make_int(b, BAG_LID(PSETID_COMMON, 0x0e08), 1);
	bag_sort(b);
	outlook_fit(b);
	for (size_t i = 0; i < COUNT(gone); i++) {
		assert_null(bag_peek(b, gone[i]));
		assert_null(bag_peek(in, gone[i]));
	}
	for (size_t i = 0; i < COUNT(stays); i++) {
		assert_non_null(bag_peek(b, stays[i]));
		assert_non_null(bag_peek(in, stays[i]));
	}
	assert_non_null(bag_peek(b, BAG_LID(PSETID_COMMON, 0x0e08)));
	assert_int_equal(b->n_props, COUNT(stays) + 1);
	bag_free(b);
}

/* Of a recipient its entry id is who it is. */
static void recipients(void **state)
{
	struct bag *b = bag_new(), *r = make_recipient(b, 1, "Ann", "ann@example.org");
	struct err err;

	(void)state;
	make_octets(r, 0x0fff, BAG_BINARY, "one-off", 7);
	make_int(r, 0x0ffe, 6);
	make_octets(r, 0x0ff6, BAG_BINARY, "instance", 8);
	assert_int_equal(bag_set_int(r, PidTagDisplayType, BAG_ERROR, 5, &err), 0);
	bag_sort(b);
	outlook_fit(b);
	assert_non_null(bag_peek(r, 0x0fff));
	assert_non_null(bag_peek(r, 0x0ffe));
	assert_null(bag_peek(r, 0x0ff6));
	assert_null(bag_peek(r, PidTagDisplayType));
	bag_free(b);
}

/* What waits to be sent does not go on to be. */
static void never_sent(void **state)
{
	struct bag *b = bag_new();

	(void)state;
	make_int(b, PidTagMessageFlags, 0x0d);
	bag_sort(b);
	outlook_fit(b);
	assert_int_equal(bag_int(b, PidTagMessageFlags, 0), 0x09);
	bag_free(b);
}

static void objects(void **state)
{
	struct bag *b = bag_new(), *a;
	struct err err;

	(void)state;
	make_embedded(b);
	make_octets(b->attachments[0], PidTagAttachDataBinary, BAG_OBJECT, "", 0);
	a = bag_add_attachment(b, &err);
	make_octets(a, PidTagAttachDataBinary, BAG_OBJECT, "ole", 3);
	bag_sort(b);
	outlook_fit(b);
	assert_null(bag_peek(b->attachments[0], PidTagAttachDataBinary));
	assert_non_null(bag_peek(a, PidTagAttachDataBinary));
	bag_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(what_is_left),
	        cmocka_unit_test(recipients),
	        cmocka_unit_test(never_sent),
	        cmocka_unit_test(objects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
