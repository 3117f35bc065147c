/* What a server is told of what is here, and what it says by ids. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>
#include "fetch/mapi/state.h"
#include "valise/base/mem.h"

/* As a server gave it at the end of a synchronization. */
static const uint8_t recorded[] = "\x03\x00\x17\x40\x18\x00\x00\x00"
                                  "\x03\x00\x00\x00\xa5\x18\x7b\x6f\xbc\xdc\xea\x1e\xd0\x3c\x56\x57"
                                  "\x06\x00\x00\x00\x0c\x00\x00\x00"
                                  "\x02\x01\x96\x67\x1e\x00\x00\x00"
                                  "\x03\x00\x00\x00\xa5\x18\x7b\x6f\xbc\xdc\xea\x1e\xd0\x3c\x56\x57"
                                  "\x52\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x27\x00"
                                  "\x02\x01\xda\x67\x1e\x00\x00\x00"
                                  "\x03\x00\x00\x00\xa5\x18\x7b\x6f\xbc\xdc\xea\x1e\xd0\x3c\x56\x57"
                                  "\x52\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x27\x00"
                                  "\x02\x01\xd2\x67\x00\x00\x00\x00";
#define GUID "03000000a5187b6fbcdcea1ed03c5657"
static const uint8_t guid[16] = "\x03\x00\x00\x00\xa5\x18\x7b\x6f\xbc\xdc\xea\x1e\xd0\x3c\x56\x57";

static void back_as_it_was(void **state)
{
	struct sync_state s = {0};
	struct buf out = buf_of(4096);
	struct err err = {0};

	(void)state;
	assert_int_equal(sync_state_read(&s, recorded, sizeof recorded - 1, &err), 0);
	assert_true(idset_has(&s.given, guid, 0xc0000));
	assert_true(idset_has(&s.seen, guid, 0x27) && !idset_has(&s.seen, guid, 0x28));
	assert_int_equal(sync_state_write(&s, &out, &err), 0);
	assert_int_equal(out.len, sizeof recorded - 1);
	assert_memory_equal(out.data, recorded, out.len);
	sync_state_clear(&s);
	buf_clear(&out);
}

static void no_states(void **state)
{
	(void)state;
	for (size_t n = 1; n < sizeof recorded - 1; n++) {
		struct sync_state s = {0};
		struct err err = {0};
		int rc = sync_state_read(&s, recorded, n, &err);

		/* whole properties are a state, if not a whole one */
		assert_int_equal(rc, n == 32 || n == 70 || n == 108 ? 0 : ERR_PROTO);
		sync_state_clear(&s);
	}
}

/* Of items that are here: their ids, and the change numbers that their server gave. */
static void of_items(void **state)
{
	static const struct {
		const char *key, *change;
		bool is_told;
	} cases[] = {
	        {GUID "0000000d0000", GUID "000000000030", true},
	        {GUID "0000000d0001", GUID "0000000000", false}, /* of another length */
	        {GUID "0000000d0002", "", false},
	        {"0000030000000001", GUID "000000000031", false}, /* an id, as there was no key */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sync_state s = {0};
		struct err err = {0};

		assert_int_equal(sync_state_add(&s, cases[i].key, cases[i].change, &err), 0);
		assert_int_equal(s.given.n == 1, cases[i].is_told);
		assert_int_equal(s.seen.n == 1, cases[i].is_told);
		if (cases[i].is_told) {
			assert_true(idset_has(&s.given, guid, 0xd0000 + i));
			assert_true(idset_has(&s.seen, guid, 0x30) && s.seen_fai.n == 1);
			assert_false(idset_has(&s.seen, guid, 0x31));
		}
		sync_state_clear(&s);
	}
}

static void by_ids(void **state)
{
	/* replica 1: 0c0000; replica 5: 0d0000 */
	static const uint8_t octets[] = "\x01\x00\x06\x00\x00\x00\x0c\x00\x00\x00"
	                                "\x05\x00\x06\x00\x00\x00\x0d\x00\x00\x00";
	struct replicas r = {.n = 0};
	struct idset s = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(idset_read(&s, IDSET_REPLID, octets, sizeof octets - 1, &err), 0);
	/* of a replica that nobody has seen: by its counter */
	assert_true(ids_have(&s, &r, GUID "0000000c0000"));
	assert_true(ids_have(&s, &r, GUID "0000000d0000"));
	assert_false(ids_have(&s, &r, GUID "0000000e0000"));
	/* 01 00 | 00 00 00 03 00 00, with the key of another item: it says nothing */
	replicas_learn(&r, (const uint8_t *)"0123456789abcdef\0\0\0\x04\0\0", 0x0000030000000001);
	assert_int_equal(r.n, 0);
	{
		uint8_t key[22] = {0};

		memcpy(key, guid, 16);
		key[19] = 3;
		replicas_learn(&r, key, 0x0000030000000001);
	}
	assert_int_equal(r.n, 1);
	assert_int_equal(r.list[0].id, 1);
	assert_true(ids_have(&s, &r, GUID "0000000c0000"));
	assert_false(ids_have(&s, &r, GUID "0000000d0000")); /* it is replica 5's */
	/* and of others what is not replica 1's */
	assert_true(ids_have(&s, &r, "ff000000a5187b6fbcdcea1ed03c56570000000d0000"));
	assert_false(ids_have(&s, &r, "ff000000a5187b6fbcdcea1ed03c56570000000c0000"));
	assert_false(ids_have(&s, &r, "0000030000000001"));
	assert_true(replicas_know(&r, GUID "0000000c0000"));
	assert_false(replicas_know(&r, "ff000000a5187b6fbcdcea1ed03c56570000000c0000"));
	/* its number is 5 now: 05 00 | 00 00 00 03 00 00 */
	{
		uint8_t key[22] = {0};

		memcpy(key, guid, 16);
		key[19] = 3;
		replicas_learn(&r, key, 0x0000030000000005);
		assert_int_equal(r.n, 1);
		assert_int_equal(r.list[0].id, 5);
		assert_true(ids_have(&s, &r, GUID "0000000d0000"));
		assert_false(ids_have(&s, &r, GUID "0000000c0000"));
		/* and another one's: nobody knows that of the first */
		key[0] ^= 1;
		replicas_learn(&r, key, 0x0000030000000005);
		assert_int_equal(r.n, 1);
		assert_false(replicas_know(&r, GUID "0000000c0000"));
	}
	idset_clear(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(back_as_it_was),
	        cmocka_unit_test(no_states),
	        cmocka_unit_test(of_items),
	        cmocka_unit_test(by_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
