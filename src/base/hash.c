/* SHA-256, hexadecimal and base64 (RFC 4648 4). */
#include "valise/base/hash.h"
#include "valise/base/mem.h"
#include <nettle/base64.h>

void sha256_start(struct sha256 *h)
{
	sha256_init(&h->ctx);
}

void sha256_add(struct sha256 *h, const void *p, size_t n)
{
	sha256_update(&h->ctx, n, p);
}

void sha256_end(struct sha256 *h, uint8_t out[SHA256_LEN])
{
	sha256_digest(&h->ctx, SHA256_LEN, out);
}

void sha256_of(const void *p, size_t n, uint8_t out[SHA256_LEN])
{
	struct sha256 h;

	sha256_start(&h);
	sha256_add(&h, p, n);
	sha256_end(&h, out);
}

void sha256_hex(const char *text, size_t n, char out[SHA256_HEX_SIZE])
{
	uint8_t sum[SHA256_LEN];

	sha256_of(text, n, sum);
	hex_format(sum, SHA256_LEN, out);
}

void hex_format(const uint8_t *p, size_t n, char *out)
{
	/* Without a table, so that a compiler makes many digits at a time. */
	for (size_t i = 0; i < n; i++) {
		uint8_t high = p[i] >> 4, low = p[i] & 15;

		out[2 * i] = (char)(high + (high > 9 ? 'a' - 10 : '0'));
		out[2 * i + 1] = (char)(low + (low > 9 ? 'a' - 10 : '0'));
	}
	out[2 * n] = '\0';
}

/* By a table, as catalogs and journals have millions of them; -1: none. */
static int hex_digit(char c)
{
	static const int8_t more[256] = {['0'] = 1,
	        ['1'] = 2,
	        ['2'] = 3,
	        ['3'] = 4,
	        ['4'] = 5,
	        ['5'] = 6,
	        ['6'] = 7,
	        ['7'] = 8,
	        ['8'] = 9,
	        ['9'] = 10,
	        ['a'] = 11,
	        ['b'] = 12,
	        ['c'] = 13,
	        ['d'] = 14,
	        ['e'] = 15,
	        ['f'] = 16};

	return more[(uint8_t)c] - 1;
}

bool hex_parse(const char *s, uint8_t *out, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int high = hex_digit(s[2 * i]);
		int low = high < 0 ? -1 : hex_digit(s[2 * i + 1]);

		if (low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return s[2 * n] == '\0';
}

char *base64_encode(const void *p, size_t n)
{
	size_t len = BASE64_ENCODE_RAW_LENGTH(n);
	char *text = xmalloc(len + 1);

	base64_encode_raw(text, n, p);
	text[len] = '\0';
	return text;
}

int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

long base64_decode(const char *s, size_t n, uint8_t *out, size_t out_size)
{
	size_t pad = 0, len;
	uint32_t bits = 0;
	uint8_t *o = out;

	if (n % 4 != 0)
		return -1;
	if (n > 0 && s[n - 1] == '=')
		pad = s[n - 2] == '=' ? 2 : 1;
	len = n / 4 * 3 - pad;
	if (len > out_size)
		return -1;
	for (size_t i = 0; i < n - pad; i++) {
		int digit = base64_digit(s[i]);

		if (digit < 0)
			return -1;
		bits = bits << 6 | (uint32_t)digit;
		if (i % 4 != 0)
			*o++ = (uint8_t)(bits >> (6 - 2 * (i % 4)));
	}
	/* Bits beyond the last byte must be zero, so that each value has one text. */
	if (pad && (bits & (pad == 2 ? 15u : 3u)))
		return -1;
	return (long)len;
}
