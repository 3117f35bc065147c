/* Sets of ids: what their commands mean, and what is none. */
#include "outlook/make.h"
#include "valise/outlook/idset.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void unhex(const char *hex, struct buf *out)
{
	unsigned octet;

	for (; sscanf(hex, " %2x", &octet) == 1; hex += 2) {
		hex += strspn(hex, " ");
		buf_putc(out, (char)octet);
	}
}

/* "1:12-15 2:3": the first octet of the replica, counters in hexadecimal. */
static char *shown(const struct idset *s)
{
	struct buf out = buf_of(1 << 20);
	char *text;

	for (size_t i = 0; i < s->n; i++) {
		buf_putf(&out, "%s%x:%jx", i ? " " : "", s->list[i].replica[0],
		        (uintmax_t)s->list[i].low);
		if (s->list[i].high != s->list[i].low)
			buf_putf(&out, "-%jx", (uintmax_t)s->list[i].high);
	}
	text = buf_take(&out);
	buf_clear(&out);
	return text;
}

static void reading(void **state)
{
	static const struct {
		const char *hex, *wanted; /* NULL: ERR_PROTO */
	} cases[] = {
	        {"", ""},
	        {"0100 00", ""},
	        /* as a server said it: a push of all octets, a range of all octets */
	        {"0100 06 0000000c0000 00", "1:c0000"},
	        {"0100 52 000000000001 000000000027 00", "1:1-27"},
	        /* MS-OXCFXICS 3.1.5.4.3: octets in common, then ranges, masks and single ones */
	        {"0100 05 0000000000 52 05 09 50 00", "1:5-9"},
	        {"0100 04 00000000 02 0105 02 0203 52 0300 0310 50 00", "1:105 1:203 1:300-310"},
	        {"0100 05 0000000001 42 10 83 01 20 50 00", "1:110-112 1:118 1:120"},
	        {"0100 03 000000 02 0000 42 10 00 50 50 00", "1:10"},
	        /* two replicas; ranges that meet are one */
	        {"0200 06 000000000001 00 0100 06 000000000005 06 000000000003 06 000000000004 00",
	                "1:3-5 2:1"},
	        {"0100 52 000000000001 000000000009 52 000000000003 000000000004 00", "1:1-9"},
	        /* none */
	        {"01", NULL},
	        {"0100", NULL},
	        {"0100 06 0000", NULL},
	        {"0100 07 00000000000000 00", NULL},
	        {"0100 05 0000000000 02 0000 00", NULL},
	        {"0100 05 0000000000 00", NULL}, /* what was pushed is still there */
	        {"0100 50 00", NULL},
	        {"0100 42 01 00 00", NULL},
	        {"0100 05 0000000000 42 fe 02 50 00", NULL}, /* beyond the last octet */
	        {"0100 52 000000000009 000000000001 00", NULL},
	        {"0100 99 00", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf octets = buf_of(4096);
		struct idset s = {0};
		struct err err = {0};
		char *text;
		int rc;

		unhex(cases[i].hex, &octets);
		rc = idset_read(&s, IDSET_REPLID, octets.data, octets.len, &err);
		if (rc != (cases[i].wanted ? 0 : ERR_PROTO))
			fail_msg("%s: %d", cases[i].hex, rc);
		text = shown(&s);
		if (cases[i].wanted && strcmp(text, cases[i].wanted) != 0)
			fail_msg("%s: %s", cases[i].hex, text);
		free(text);
		idset_clear(&s);
		buf_clear(&octets);
	}
}

/* A set is written and read back, and has what was put into it. */
static void back(void **state)
{
	static const uint8_t one[16] = {1, 2, 3}, two[16] = {2};
	struct idset s = {0}, again = {0};
	struct buf octets = buf_of(4096);
	struct err err = {0};
	char *a, *b;

	(void)state;
	make_check(idset_add(&s, two, 7, 7, &err), &err);
	make_check(idset_add(&s, one, 0x100, 0x1ff, &err), &err);
	make_check(idset_add(&s, one, 0xffffffffffff, 0xffffffffffff, &err), &err);
	make_check(idset_add(&s, one, 0x200, 0x200, &err), &err);
	idset_settle(&s);
	make_check(idset_write(&s, &octets, &err), &err);
	make_check(idset_read(&again, IDSET_REPLGUID, octets.data, octets.len, &err), &err);
	a = shown(&s);
	b = shown(&again);
	assert_string_equal(a, "1:100-200 1:ffffffffffff 2:7");
	assert_string_equal(a, b);
	assert_true(idset_has(&s, one, 0x100));
	assert_true(idset_has(&s, one, 0x200));
	assert_false(idset_has(&s, one, 0x201));
	assert_false(idset_has(&s, one, 0xff));
	assert_false(idset_has(&s, two, 0x100));
	assert_true(idset_has(&s, two, 7));
	free(a);
	free(b);
	idset_clear(&s);
	idset_clear(&again);
	buf_clear(&octets);
}

/* An id as it is on the wire, and what it is in a set. */
static void ids(void **state)
{
	const uint64_t id = 0x0000030000000001; /* 01 00 | 00 00 00 03 00 00 */
	uint8_t replica[16];

	(void)state;
	idset_replid(id, replica);
	assert_memory_equal(replica, "\x01\x00\x00\x00", 4);
	assert_int_equal(idset_counter_of(id), 0x30000);
	assert_int_equal(idset_counter((const uint8_t *)"\0\0\0\x03\0\0"), 0x30000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(reading),
	        cmocka_unit_test(back),
	        cmocka_unit_test(ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
