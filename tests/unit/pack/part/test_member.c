#include "parts_help.h"

static void heads(void **state)
{
	struct member_maker *m = member_maker_new(MEMBER_PARTS);
	uint8_t plain[5000], out[MEMBER_SIZE_MAX(5000)];
	struct member_head h;
	size_t n;

	(void)state;
	memset(plain, 'a', sizeof plain);
	n = member_make(m, 7, plain, sizeof plain, out);
	assert_true(member_parse(out, n, &h));
	assert_true(member_parse(out, MEMBER_HEAD, &h));
	assert_false(member_parse(out, MEMBER_HEAD - 1, &h));
	assert_false(h.end);
	assert_int_equal(h.seq, 7);
	assert_int_equal(h.size, n);
	assert_int_equal(h.plain, 5000);
	for (size_t bit = 0; bit < MEMBER_HEAD * 8; bit++) {
		out[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(member_parse(out, n, &h));
		out[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	member_maker_free(m);
}

static void ends(void **state)
{
	struct member_head h = {.end = true,
	                           .seq = 3,
	                           .size = 1ull << 40,
	                           .plain = 1ull << 41,
	                           .entries = 17},
	                   got;
	uint8_t out[MEMBER_END_SIZE];

	(void)state;
	member_put_end(&h, out);
	assert_true(member_parse(out, sizeof out, &got));
	assert_true(got.end);
	assert_int_equal(got.seq, 3);
	assert_int_equal(got.size, 1ull << 40);
	assert_int_equal(got.plain, 1ull << 41);
	assert_int_equal(got.entries, 17);
	assert_false(member_parse(out, sizeof out - 1, &got));
	for (size_t bit = 0; bit < sizeof out * 8; bit++) {
		out[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(member_parse(out, sizeof out, &got));
		out[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

/*
 * A head that is right in itself but claims sizes out of bounds takes no memory and no
 * place.
 */
static void bounds(void **state)
{
	static const struct {
		uint64_t size, plain;
	} bad[] = {
	        {100, 0},
	        {100, MEMBER_MAX + 1},
	        {MEMBER_HEAD + MEMBER_TAIL, 1},
	        {MEMBER_SIZE_MAX(10) + 1, 10},
	        {UINT64_MAX, UINT64_MAX},
	};
	struct member_maker *m = member_maker_new(MEMBER_PARTS);
	uint8_t plain[10] = {0}, out[MEMBER_SIZE_MAX(10)];
	struct member_head h;

	(void)state;
	member_make(m, 0, plain, sizeof plain, out);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		uint32_t crc = UINT32_MAX;

		for (int b = 0; b < 8; b++) {
			out[20 + b] = (uint8_t)(bad[i].size >> (8 * b));
			out[28 + b] = (uint8_t)(bad[i].plain >> (8 * b));
		}
		/*
		 * CRC-32 of "VL" and the 20 bytes, bit by bit: not by the library that
		 * the room uses.
		 */
		for (int at = 12; at < 36; at++) {
			if (at == 14)
				at = 16;
			crc ^= out[at];
			for (int b = 0; b < 8; b++)
				crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
		}
		crc = ~crc;
		for (int b = 0; b < 4; b++)
			out[36 + b] = (uint8_t)(crc >> (8 * b));
		assert_false(member_parse(out, sizeof out, &h));
	}
	member_maker_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(heads),
	        cmocka_unit_test(ends),
	        cmocka_unit_test(bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
