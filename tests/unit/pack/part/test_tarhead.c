#include "parts_help.h"

static void golden(void **state)
{
	uint8_t sha[SHA256_LEN], block[TAR_BLOCK];

	(void)state;
	sha256_of("", 0, sha);
	tarhead_make(COLL_MAIL, sha, 0, block);
	assert_string_equal((char *)block,
	        "objects/e3/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855.eml");
	assert_memory_equal(block + 100,
	        "0000600\0"
	        "0000000\0"
	        "0000000\0"
	        "00000000000\0"
	        "00000000000\0"
	        "021070\0 "
	        "0",
	        57);
	assert_memory_equal(block + 257,
	        "ustar\0"
	        "00",
	        8);
	assert_true(tar_is_zero(block + 157, 100));
	assert_true(tar_is_zero(block + 265, 247));
}

static void round_trip(void **state)
{
	static const uint64_t sizes[] = {0, 1, 511, 512, 1u << 20, (1ull << 33) - 1, 1ull << 33,
	        (1ull << 40) + 77, TAR_SIZE_MAX - 1};
	uint8_t sha[SHA256_LEN], got[SHA256_LEN], block[TAR_BLOCK];
	enum coll_kind kind;
	uint64_t size;

	(void)state;
	sha256_of("x", 1, sha);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		for (int k = 0; k < COLL_KINDS; k++) {
			tarhead_make((enum coll_kind)k, sha, sizes[i], block);
			assert_true(tarhead_parse(block, &kind, got, &size));
			assert_int_equal(kind, k);
			assert_int_equal(size, sizes[i]);
			assert_memory_equal(got, sha, SHA256_LEN);
		}
	}
	tarhead_make(COLL_MAIL, sha, TAR_SIZE_MAX, block);
	assert_false(tarhead_parse(block, &kind, got, &size));
}

static void every_bit(void **state)
{
	static const uint64_t sizes[] = {1234, 1ull << 34};
	uint8_t sha[SHA256_LEN], got[SHA256_LEN], block[TAR_BLOCK];
	enum coll_kind kind;
	uint64_t size;

	(void)state;
	sha256_of("x", 1, sha);
	for (int i = 0; i < 2; i++) {
		tarhead_make(COLL_CONTACTS, sha, sizes[i], block);
		for (size_t bit = 0; bit < TAR_BLOCK * 8; bit++) {
			block[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_false(tarhead_parse(block, &kind, got, &size));
			block[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(golden),
	        cmocka_unit_test(round_trip),
	        cmocka_unit_test(every_bit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
