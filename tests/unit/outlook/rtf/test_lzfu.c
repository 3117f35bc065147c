/* Compressed RTF: the examples of MS-OXRTFCP, and what is damaged. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include "valise/base/mem.h"
#include "valise/outlook/rtf.h"

/* 3.1.1 and 3.1.2 */
#define SIMPLE                                                                                     \
	"\x2d\0\0\0\x2b\0\0\0LZFu\xf1\xc5\xc7\xa7\x03\0\x0a\0rcpg125\x42\x32\x0a\xf3 hel\x09\0 "   \
	"bw\x05\xb0ld}\x0a\x80\x0f\xa0"
#define CROSSING "\x1a\0\0\0\x1c\0\0\0LZFu\xe2\xd4KQ\x41\0\x04 WXYZ\x0dn}\x01\x0e\xb0"
#define STORED "\x16\0\0\0\x0a\0\0\0MELA\0\0\0\0{\\rtf1 ab}"

#define CASE(octets, ...)                                                                          \
	{                                                                                          \
		octets, sizeof octets - 1, __VA_ARGS__                                             \
	}

static void test_inflate(void **state)
{
	static const struct {
		const char *octets;
		size_t n;
		const char *want;
		int rc;
		const char *said;
	} cases[] = {
	        CASE(SIMPLE, "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n", 0, ""),
	        CASE(CROSSING, "{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}", 0, ""),
	        CASE(STORED, "{\\rtf1 ab}", 0, ""),
	        /* what follows the size that it says is no part of it */
	        CASE(CROSSING "\0\0\0", "{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}", 0, ""),
	        CASE("\x1a\0\0\0\x1c\0\0\0LZFu\xe2\xd4KR\x41\0\x04 WXYZ\x0dn}\x01\x0e\xb0",
	                "{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}", ERR_DAMAGED,
	                "compressed RTF: its checksum is wrong"),
	        CASE("\x1a\0\0\0\x1d\0\0\0LZFu\xe2\xd4KQ\x41\0\x04 WXYZ\x0dn}\x01\x0e\xb0",
	                "{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}", ERR_DAMAGED,
	                "compressed RTF: it has another length than it says"),
	        CASE("\x1a\0\0\0\x1c\0\0\0LZFu\xe2\xd4KQ\x41\0\x04 WXYZ\x0dn}\x01\x0e",
	                "{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}", ERR_DAMAGED,
	                "compressed RTF: its end is missing"),
	        CASE("\x16\0\0\0\x0a\0\0\0MELA\0\0\0\0{\\rtf1", "{\\rtf1", ERR_DAMAGED,
	                "compressed RTF: its end is missing"),
	        CASE("\x16\0\0\0\x0a\0\0\0ZIPP\0\0\0\0{\\rtf1 ab}", "", ERR_DAMAGED,
	                "compressed RTF: it is of an unknown kind"),
	        CASE("\x16\0\0\0\x0a\0\0\0LZF", "", ERR_DAMAGED,
	                "compressed RTF: its header is cut off"),
	        CASE("{\\rtf1 ab}", "{\\rtf1 ab}", ERR_DAMAGED,
	                "compressed RTF: it is not compressed"),
	        CASE("", "", ERR_DAMAGED, "compressed RTF: its header is cut off"),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf out = buf_of(SIZE_MAX);
		struct err err = {0};

		assert_int_equal(
		        lzfu_inflate(cases[i].octets, cases[i].n, &out, &err), cases[i].rc);
		assert_string_equal(buf_str(&out), cases[i].want);
		assert_string_equal(err.text, cases[i].said);
		buf_clear(&out);
	}
}

/* References to themselves: little input, and no more than RTF_MAX of output. */
static void test_limit(void **state)
{
	size_t groups = RTF_MAX / (8 * 17) + 2, n = 16 + groups * 17;
	uint8_t *p = xcalloc(1, n);
	struct buf out = buf_of(SIZE_MAX);
	struct err err = {0};

	(void)state;
	memcpy(p + 8, "LZFu", 4);
	memset(p, 0xff, 8);
	for (size_t i = 0, at = 207; i < groups; i++) {
		uint8_t *group = p + 16 + i * 17;

		*group++ = 0xff;
		for (size_t k = 0; k < 8; k++, at += 17) { /* never where the next octet goes */
			size_t token = (at + 100) % 4096 << 4 | 15;

			*group++ = (uint8_t)(token >> 8);
			*group++ = (uint8_t)token;
		}
	}
	assert_int_equal(lzfu_inflate(p, n, &out, &err), ERR_LIMIT);
	assert_int_equal(out.len, RTF_MAX);
	buf_clear(&out);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_inflate),
	        cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
