/* Which file is Outlook's, several values as a PST has them, checksums of its blocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "outlook/read/pst/pst.h"
#include "outlook/read/pst/sums.h"
#include "valise/base/le.h"
#include "valise/base/mem.h"

#define CFB "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

static void detection(void **state)
{
	static const struct {
		const char *name, *head;
		size_t n;
		enum outlook_file what;
	} table[] = {
	        {"x", "!BDN\0\0\0\0SM\x17\0", 12, OUTLOOK_PST},
	        {"x", "!BDN\0\0\0\0SO\x24\0", 12, OUTLOOK_PST},
	        {"x.pst", "!BDN\0\0\0\0AB\x0e\0", 12, OUTLOOK_NONE}, /* an address book */
	        {"x.pst", "!BDN\0\0\0\0S", 9, OUTLOOK_NONE},
	        {"x.pst", "hello", 5, OUTLOOK_NONE},
	        {"x.msg", CFB, 8, OUTLOOK_MSG},
	        {"DIR/X.MSG", CFB, 8, OUTLOOK_MSG},
	        {"x.oft", CFB, 8, OUTLOOK_MSG},
	        {"x.doc", CFB, 8, OUTLOOK_NONE},
	        {NULL, CFB, 8, OUTLOOK_NONE},
	        {"x.msg", CFB, 7, OUTLOOK_NONE},
	        {"winmail.dat", "\x78\x9f\x3e\x22\x01\x00\x01\x06", 8, OUTLOOK_TNEF},
	        {"x", "\x78\x9f\x3e\x22\x01\x00\x01", 7, OUTLOOK_TNEF},
	        {"x", "\x78\x9f\x3e\x22\x01\x00\x03", 7, OUTLOOK_NONE},
	        {"x", "", 0, OUTLOOK_NONE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		if (outlook_detect(table[i].head, table[i].n, table[i].name) != table[i].what)
			fail_msg("case %zu", i);
}

static void several_values(void **state)
{
	static const struct {
		uint16_t type;
		const char *in;
		size_t n;
		const char *out; /* NULL: no sense */
		size_t len;
	} table[] = {
#define IN(s) s, sizeof(s) - 1
	        {BAG_INT32, IN("\1\0\0\0\2\0\0\0"), IN("\2\0\0\0\1\0\0\0\2\0\0\0")},
	        {BAG_INT32, IN("\1\0\0"), NULL, 0},
	        {BAG_INT16, IN(""), IN("\0\0\0\0")},
	        {BAG_BINARY, IN(""), IN("\0\0\0\0")},
	        {BAG_BINARY, IN("\2\0\0\0\x0c\0\0\0\x0d\0\0\0abc"),
	                IN("\2\0\0\0\1\0\0\0a\2\0\0\0bc")},
	        {BAG_STRING8, IN("\1\0\0\0\x08\0\0\0ab\0"), IN("\1\0\0\0\2\0\0\0ab")},
	        {BAG_UNICODE, IN("\1\0\0\0\x08\0\0\0a\0\0\0"), IN("\1\0\0\0\2\0\0\0a\0")},
	        {BAG_BINARY, IN("\2\0\0\0\x0d\0\0\0\x0c\0\0\0abc"), NULL, 0}, /* goes back */
	        {BAG_BINARY, IN("\1\0\0\0\x04\0\0\0abc"), NULL, 0}, /* within the head */
	        {BAG_BINARY, IN("\1\0\0\0\xff\0\0\0abc"), NULL, 0},
	        {BAG_BINARY, IN("\xff\xff\xff\xff\x08\0\0\0"), NULL, 0},
	        {BAG_BINARY, IN("\1\0"), NULL, 0},
#undef IN
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct buf out = buf_of(4096);
		bool sense = pst_several((uint16_t)(table[i].type | BAG_MULTIPLE),
		        (const uint8_t *)table[i].in, table[i].n, &out);

		if (sense != (table[i].out != NULL))
			fail_msg("case %zu", i);
		if (sense &&
		        (out.len != table[i].len || memcmp(out.data, table[i].out, out.len) != 0))
			fail_msg("case %zu: other octets", i);
		buf_clear(&out);
	}
}

/* MS-PST 5.3: the CRC-32 of everybody else, but begun with 0 and not turned round at the end. */
static uint32_t slow_sum(const uint8_t *p, size_t n)
{
	uint32_t sum = 0;

	while (n--) {
		sum ^= *p++;
		for (int k = 0; k < 8; k++)
			sum = sum & 1 ? sum >> 1 ^ 0xedb88320 : sum >> 1;
	}
	return sum;
}

static void checksums(void **state)
{
	static const struct {
		uint16_t version;
		enum pst_kind kind;
		size_t end, sum, unit, page;
	} table[] = {{14, PST_ANSI, 12, 8, 64, 512}, {15, PST_ANSI, 12, 8, 64, 512},
	        {23, PST_UNICODE, 16, 4, 64, 512}, {36, PST_4K, 24, 4, 512, 4096}};
	uint8_t head[16] = "!BDN", b[4096];

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		size_t len = 300,
		       n = (len + table[i].end + table[i].unit - 1) / table[i].unit * table[i].unit;
		uint8_t *end = b + n - table[i].end;

		le_put(head + 10, table[i].version, 2);
		assert_int_equal(pst_kind_of(head, sizeof head), table[i].kind);
		memset(b, 0x5a, sizeof b);
		le_put(end, len, 2);
		le_put(end + table[i].sum, slow_sum(b, len), 4);
		assert_true(pst_sound(table[i].kind, b, n));
		b[len - 1] ^= 1;
		assert_false(pst_sound(table[i].kind, b, n));
		assert_true(pst_sound(PST_NO_SUMS, b, n));
		memset(b, 0, n); /* nothing is no block */
		assert_false(pst_sound(table[i].kind, b, n));
		n = table[i].page;
		end = b + n - table[i].end;
		memset(b, 0x5a, sizeof b);
		end[0] = end[1] = 0x81;
		le_put(end + table[i].sum, slow_sum(b, n - table[i].end), 4);
		assert_true(pst_sound(table[i].kind, b, n));
		b[0] ^= 0x80;
		assert_false(pst_sound(table[i].kind, b, n));
		for (size_t k = 0; k < 64; k++) /* of any length */
			(void)pst_sound(table[i].kind, b, k);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(detection),
	        cmocka_unit_test(several_values),
	        cmocka_unit_test(checksums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
