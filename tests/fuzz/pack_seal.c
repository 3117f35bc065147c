/*
 * A seal as it could stand in anybody's archive: seal.json, a line "----", seal.sha256.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/hash.h"
#include "pack/seal.h"

/*
 * With a checksum line for seal.json that is right, so that what stands behind it is
 * reached.
 */
static void with_right_sum(const char *json, size_t n, const char *sums, size_t n_sums)
{
	char line[SHA256_HEX_SIZE + 64], hex[SHA256_HEX_SIZE];
	struct seal s;
	struct buf all;
	uint8_t sum[SHA256_LEN];
	const char *self;

	sha256_of(json, n, sum);
	hex_format(sum, SHA256_LEN, hex);
	snprintf(line, sizeof line, "%s  data/000001/seal.json\n", hex);
	buf_init(&all, n_sums + sizeof line);
	self = memmem(sums, n_sums, "  data/000001/seal.json\n", 24);
	if (self && self - sums >= 64) {
		buf_put(&all, sums, (size_t)(self - sums) - 64);
		buf_puts(&all, line);
		buf_put(&all, self + 24, n_sums - (size_t)(self + 24 - sums));
	} else {
		buf_puts(&all, line);
		buf_put(&all, sums, n_sums);
	}
	if (seal_parse(1, json, n, all.data, all.len, &s, NULL) == 0) {
		struct buf again, again_sums;

		buf_init(&again, SEAL_CAP);
		buf_init(&again_sums, SEAL_CAP);
		seal_format(&s, &again, &again_sums);
		for (size_t i = 0; i < s.n_files; i++)
			if (seal_find(&s, s.files[i].path) != &s.files[i])
				abort();
		buf_clear(&again);
		buf_clear(&again_sums);
		seal_clear(&s);
	}
	buf_clear(&all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *cut = memmem(data, size, "----\n", 5);
	size_t n = cut ? (size_t)(cut - text) : size;
	const char *sums = cut ? cut + 5 : text + size;
	size_t n_sums = size - (size_t)(sums - text);
	struct seal s;

	if (seal_parse(1, text, n, sums, n_sums, &s, NULL) == 0)
		seal_clear(&s);
	with_right_sum(text, n, sums, n_sums);
	return 0;
}
