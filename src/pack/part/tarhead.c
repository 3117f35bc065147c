/* The one valid tar header of an object (POSIX.1-1988 ustar): made, and compared. */
#include "tarhead.h"
#include <string.h>

/* Offsets and widths of the fields. */
enum {
	AT_NAME = 0,
	AT_MODE = 100,
	AT_UID = 108,
	AT_GID = 116,
	AT_SIZE = 124,
	AT_MTIME = 136,
	AT_CHECKSUM = 148,
	AT_TYPE = 156,
	AT_MAGIC = 257,
	SIZE_LEN = 12,
	CHECKSUM_LEN = 8,
};

#define NAME_PREFIX 11 /* "objects/ab/" */
#define OCTAL_MAX (((uint64_t)1 << 33) - 1)

static void put_octal(uint8_t *field, size_t digits, uint64_t v)
{
	for (size_t i = digits; i-- > 0; v >>= 3)
		field[i] = (uint8_t)('0' + (v & 7));
	/* The NUL after the digits is there already. */
}

static void put_size(uint8_t *field, uint64_t size)
{
	if (size <= OCTAL_MAX) {
		put_octal(field, SIZE_LEN - 1, size);
		return;
	}
	for (size_t i = SIZE_LEN; i-- > 1; size >>= 8)
		field[i] = (uint8_t)size;
	field[0] = 0x80;
}

static bool get_size(const uint8_t *field, uint64_t *out)
{
	uint64_t v = 0;

	if (field[0] == 0x80) {
		/* tarhead_parse compares the bytes above, too. */
		for (int i = SIZE_LEN - 8; i < SIZE_LEN; i++)
			v = v << 8 | field[i];
	} else {
		for (int i = 0; i < SIZE_LEN - 1; i++) {
			if (field[i] < '0' || field[i] > '7')
				return false;
			v = v << 3 | (uint64_t)(field[i] - '0');
		}
	}
	*out = v;
	return v < TAR_SIZE_MAX;
}

void tar_put_fixed(uint8_t block[TAR_BLOCK], unsigned mode, uint64_t size, char type)
{
	put_octal(block + AT_MODE, 7, mode);
	put_octal(block + AT_UID, 7, 0);
	put_octal(block + AT_GID, 7, 0);
	put_size(block + AT_SIZE, size);
	put_octal(block + AT_MTIME, 11, 0);
	block[AT_TYPE] = (uint8_t)type;
	memcpy(block + AT_MAGIC, "ustar\00000", 8);
}

void tar_put_checksum(uint8_t block[TAR_BLOCK])
{
	unsigned sum = 0;

	memset(block + AT_CHECKSUM, ' ', CHECKSUM_LEN);
	for (int i = 0; i < TAR_BLOCK; i++)
		sum += block[i];
	put_octal(block + AT_CHECKSUM, 6, sum);
	block[AT_CHECKSUM + 6] = '\0';
}

void tarhead_make(enum coll_kind kind, const uint8_t sha256[SHA256_LEN], uint64_t size,
        uint8_t out[TAR_BLOCK])
{
	char name[OBJECT_NAME_SIZE];

	memset(out, 0, TAR_BLOCK);
	tree_object_name(kind, sha256, name);
	memcpy(out + AT_NAME, name, strlen(name));
	tar_put_fixed(out, 0600, size, '0');
	tar_put_checksum(out);
}

static bool parse_kind(const char *ext, enum coll_kind *out)
{
	for (int k = 0; k < COLL_KINDS; k++) {
		if (strncmp(ext, coll_kind_ext((enum coll_kind)k), 3) == 0) {
			*out = (enum coll_kind)k;
			return true;
		}
	}
	return false;
}

bool tarhead_parse(const uint8_t block[TAR_BLOCK], enum coll_kind *kind_out,
        uint8_t sha256_out[SHA256_LEN], uint64_t *size_out)
{
	char hex[SHA256_HEX_SIZE];
	uint8_t same[TAR_BLOCK];

	if (memcmp(block, "objects/", 8) != 0)
		return false;
	memcpy(hex, block + NAME_PREFIX, SHA256_HEX_SIZE - 1);
	hex[SHA256_HEX_SIZE - 1] = '\0';
	if (!hex_parse(hex, sha256_out, SHA256_LEN) || !get_size(block + AT_SIZE, size_out))
		return false;
	if (!parse_kind((const char *)block + NAME_PREFIX + SHA256_HEX_SIZE, kind_out))
		return false;
	tarhead_make(*kind_out, sha256_out, *size_out, same);
	return memcmp(block, same, TAR_BLOCK) == 0;
}

bool tar_is_zero(const uint8_t *p, size_t n)
{
	return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}
