#ifndef VALISE_BASE_HASH_H
#define VALISE_BASE_HASH_H

#include <stdint.h>
#include <stddef.h>
#include <stdbool.h>
#include <nettle/sha2.h>

#define SHA256_LEN 32
#define SHA256_HEX_SIZE 65

struct sha256 {
	struct sha256_ctx ctx;
};

void sha256_start(struct sha256 *h);
void sha256_add(struct sha256 *h, const void *p, size_t n);
void sha256_end(struct sha256 *h, uint8_t out[SHA256_LEN]);
void sha256_of(const void *p, size_t n, uint8_t out[SHA256_LEN]);
/* Of a text, in hexadecimal. */
void sha256_hex(const char *text, size_t n, char out[SHA256_HEX_SIZE]);

/*
 * Lower-case hexadecimal and back; hex_parse takes exactly 2*n lower-case digits and then
 * the NUL.
 */
void hex_format(const uint8_t *p, size_t n, char *out /* 2n+1 */);
bool hex_parse(const char *s, uint8_t *out, size_t n);

/*
 * Base64, RFC 4648 4, with padding. base64_decode: returns the length, or -1 when ${s} is
 * not exactly what base64_encode gives, or ${out} is too small.
 */
char *base64_encode(const void *p, size_t n); /* caller frees */
long base64_decode(const char *s, size_t n, uint8_t *out, size_t out_size);
int base64_digit(char c); /* 0 to 63, -1: none */

#endif
