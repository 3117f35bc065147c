#include "parts_help.h"
#include "pack/part/deflate.h"
#include "pack/part/huffman.h"
#include <zlib.h>

/*
 * zlib, which is not what the program inflates with, gets the bytes back; the bound
 * holds.
 */
static void round_trip(struct deflater *d, const uint8_t *p, size_t n)
{
	uint8_t *out = xmalloc(DEFLATE_BOUND(n)), *back = xmalloc(n + 1);
	size_t len = deflater_run(d, p, n, out);
	z_stream z = {0};

	assert_in_range(len, 1, DEFLATE_BOUND(n) - 8);
	assert_int_equal(inflateInit2(&z, -15), Z_OK);
	z.next_in = out;
	z.avail_in = (uInt)len;
	z.next_out = back;
	z.avail_out = (uInt)n + 1;
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(z.avail_in, 0);
	assert_int_equal(z.total_out, n);
	assert_memory_equal(back, p, n);
	inflateEnd(&z);
	free(back);
	free(out);
}

static uint32_t next(uint32_t *x)
{
	*x = *x * 1664525u + 1013904223u;
	return *x >> 8;
}

enum { KINDS = 9 };

/* Kinds of bytes: each takes another way through the encoder. */
static void fill(uint8_t *p, size_t n, int kind, uint32_t seed)
{
	static const char digits[] =
	        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t x = seed;

	for (size_t i = 0; i < n; i++) {
		size_t column = i % 78;
		uint8_t letter = (uint8_t)digits[next(&x) % 64];
		uint8_t base64 = column == 76 ? '\r' : column == 77 ? '\n' : letter;

		switch (kind) {
		case 0:
			p[i] = 0;
			break;
		case 1:
			p[i] = (uint8_t)next(&x);
			break; /* stored */
		case 2:
			p[i] = base64;
			break;
		case 3:
			p[i] = i % 20000 < 9000 ? base64 : (uint8_t) "some words "[next(&x) % 11];
			break;
		case 4:
			p[i] = i > 40000 ? p[i - 32768] : (uint8_t)next(&x);
			break; /* the farthest distance */
		case 5:
			p[i] = i > 40000 ? p[i - 32769] : (uint8_t)next(&x);
			break; /* just too far */
		case 6:
			p[i] = (uint8_t)(i / 700);
			break; /* matches of 258 */
		case 7:
			p[i] = column < 76 && column > 5 ? (uint8_t) "AB"[next(&x) % 2] : base64;
			break; /* uneven */
		default:
			p[i] = i % 3000 < 5 ? (uint8_t)i : (uint8_t)(i & next(&x) & 15);
			break;
		}
	}
}

static void kinds(void **state)
{
	static const size_t sizes[] = {
	        1, 2, 3, 4, 5, 77, 78, 300, 4095, 4096, 5000, 65534, 65535, 65536, 65537, 200000};
	struct deflater *d = deflater_new();

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		for (int k = 0; k < KINDS; k++) {
			uint8_t *p = xmalloc(sizes[i]);

			fill(p, sizes[i], k, (uint32_t)(i * 31 + (size_t)k));
			round_trip(d, p, sizes[i]);
			free(p);
		}
	}
	deflater_free(d);
}

/* Made of pieces of every kind; the same encoder gives the same bytes again. */
static void mixed(void **state)
{
	struct deflater *d = deflater_new();
	size_t n = MEMBER_MAX, at = 0;
	uint8_t *p = xmalloc(n), *a = xmalloc(DEFLATE_BOUND(n)), *b = xmalloc(DEFLATE_BOUND(n));
	uint32_t x = 4;
	size_t len;

	(void)state;
	while (at < n) {
		size_t now = next(&x) % 30000 + 1;

		if (now > n - at)
			now = n - at;
		fill(p + at, now, (int)(next(&x) % KINDS), x);
		at += now;
	}
	round_trip(d, p, n);
	len = deflater_run(d, p, n, a);
	fill(b, 1000, 2, 1);
	(void)deflater_run(d, p, 1000, b);
	assert_int_equal(deflater_run(d, p, n, b), len);
	assert_memory_equal(a, b, len);
	free(a);
	free(b);
	free(p);
	deflater_free(d);
}

/*
 * Fibonacci frequencies make the deepest code there is: it is limited, and still
 * complete.
 */
static void deep_codes(void **state)
{
	static const unsigned limits[] = {7, 14, 15};

	(void)state;
	for (int k = 0; k < 3; k++) {
		struct huffman h = {0};
		uint32_t a = 1, b = 1;
		uint64_t kraft = 0;
		size_t n = limits[k] == 7 ? 19 : 22;

		for (size_t i = 0; i < n; i++) {
			h.freq[i] = a;
			b += a;
			a = b - a;
		}
		huffman_build(&h, n, limits[k]);
		for (size_t i = 0; i < n; i++) {
			assert_in_range(h.len[i], 1, limits[k]);
			kraft += 1u << (limits[k] - h.len[i]);
		}
		assert_int_equal(kraft, 1u << limits[k]);
	}
}

static void few_symbols(void **state)
{
	(void)state;
	for (int used = 0; used < 3; used++) {
		struct huffman h = {0};
		size_t codes = 0;

		for (int i = 0; i < used; i++)
			h.freq[7 * i + 3] = 9;
		huffman_build(&h, DIST_SYMBOLS, CODE_MAX);
		for (size_t i = 0; i < DIST_SYMBOLS; i++)
			codes += h.len[i] == 1;
		assert_int_equal(codes, 2);
		for (int i = 0; i < used; i++)
			assert_int_equal(h.len[7 * i + 3], 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(kinds),
	        cmocka_unit_test(mixed),
	        cmocka_unit_test(deep_codes),
	        cmocka_unit_test(few_symbols),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
