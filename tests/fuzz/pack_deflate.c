/*
 * Any bytes through the encoder, several times over so that blocks of every kind come up:
 * two inflaters get them back.
 */
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "pack/part/deflate.h"
#include "valise/base/mem.h"

#define CHECK(x) ((x) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t times, n, len;
	uint8_t *in, *out, *back;
	struct deflater *d;
	struct libdeflate_decompressor *inflate_other;
	z_stream z = {0};

	if (size < 2 || size > 100000)
		return 0;
	times = (size_t)data[0] % 64 + 1;
	size--;
	n = size * times;
	in = xmalloc(n);
	for (size_t i = 0; i < times; i++)
		memcpy(in + i * size, data + 1, size);
	out = xmalloc(DEFLATE_BOUND(n));
	back = xmalloc(n);
	d = deflater_new();
	len = deflater_run(d, in, n, out);
	CHECK(len <= DEFLATE_BOUND(n) - 8);
	inflate_other = libdeflate_alloc_decompressor();
	CHECK(libdeflate_deflate_decompress(inflate_other, out, len, back, n, NULL) ==
	        LIBDEFLATE_SUCCESS);
	CHECK(memcmp(in, back, n) == 0);
	libdeflate_free_decompressor(inflate_other);
	CHECK(inflateInit2(&z, -15) == Z_OK);
	z.next_in = out;
	z.avail_in = (uInt)len;
	z.next_out = back;
	z.avail_out = (uInt)n;
	CHECK(inflate(&z, Z_FINISH) == Z_STREAM_END && z.avail_in == 0 && z.total_out == n);
	CHECK(memcmp(in, back, n) == 0);
	inflateEnd(&z);
	deflater_free(d);
	free(in);
	free(out);
	free(back);
	return 0;
}
