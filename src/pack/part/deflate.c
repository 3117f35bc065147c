/* A deflate encoder (RFC 1951) that codes base64 as literals and searches the rest. */
#include "deflate.h"
#include "huffman.h"
#include "valise/base/mem.h"
#include <endian.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_MAX 65535 /* plain bytes of a block: it may have to be stored */
#define RUN_MIN 4096 /* base64 shorter than this has no block of its own */
#define LITLEN_MAX 14 /* bits of a code: four literals fit between two flushes */
#define WINDOW 32768
#define MATCH_MIN 4
#define MATCH_MAX 258
#define HASH_BITS 15
#define KNOW_STEP 2 /* inside a match every second position is remembered */

/*
 * ${literals} bytes as they are, then a match (the last of a block has none: length 0).
 */
struct step {
	uint32_t literals;
	uint16_t length, distance;
};

struct deflater {
	struct huffman litlen, dist;
	struct block_head head;
	uint8_t length_symbol[MATCH_MAX + 1]; /* less 257 */
	uint8_t in_base64[256];
	struct step steps[BLOCK_MAX / MATCH_MIN + 2];
	size_t n_steps;
	/* the last two positions + 1, the newer one low; 0: none */
	uint64_t table[1 << HASH_BITS];
	/* code and length in one word, for the block at hand */
	uint32_t literal[256];
};

/* RFC 1951 3.2.5 */
static const uint16_t length_base[29] = {3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31,
        35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
static const uint8_t length_extra[29] = {
        0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};

struct deflater *deflater_new(void)
{
	static const char digits[] =
	        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct deflater *d = xcalloc(1, sizeof *d);

	for (unsigned s = 0; s < 29; s++)
		for (unsigned i = length_base[s]; i <= MATCH_MAX; i++)
			d->length_symbol[i] = (uint8_t)s;
	for (size_t i = 0; i < sizeof digits - 1; i++)
		d->in_base64[(uint8_t)digits[i]] = 1;
	return d;
}

void deflater_free(struct deflater *d)
{
	free(d);
}

static uint32_t load_32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

static uint64_t load_64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

/* Base64 lines. */

/*
 * The length of the line at ${p} with its line end if it is a full one of base64, else 0.
 */
static size_t base64_line(const struct deflater *d, const uint8_t *p, size_t n)
{
	size_t i = 0;

	if (n > 80)
		n = 80;
	while (i < n && d->in_base64[p[i]])
		i++;
	if (i < 56 || i > 76)
		return 0;
	if (i < n && p[i] == '\r')
		i++;
	return i < n && p[i] == '\n' ? i + 1 : 0;
}

/* The bytes of equal base64 lines that start at ${p}. */
static size_t base64_run(const struct deflater *d, const uint8_t *p, size_t n)
{
	size_t first = base64_line(d, p, n), at = first;

	if (first == 0)
		return 0;
	/*
	 * Of the lines after the first a look at a few places is enough: their letters
	 * are counted later.
	 */
	while (at + first <= n && p[at + first - 1] == '\n' && d->in_base64[p[at]] &&
	        d->in_base64[p[at + first / 3]] && d->in_base64[p[at + first - 3]])
		at += first;
	return at;
}

/*
 * Where the text at ${p} ends: at the end, or where a long run of base64 starts, whose
 * length is *run_out.
 */
static size_t text_end(const struct deflater *d, const uint8_t *p, size_t n, size_t *run_out)
{
	const uint8_t *lf;
	size_t at = 0, run;

	*run_out = 0;
	while (at < n) {
		run = base64_run(d, p + at, n - at);
		if (run >= RUN_MIN) {
			*run_out = run;
			return at;
		}
		at += run;
		lf = at < n ? memchr(p + at, '\n', n - at) : NULL;
		at = lf ? (size_t)(lf - p) + 1 : n;
	}
	return n;
}

/* Searching. */

static size_t match_length(const uint8_t *a, const uint8_t *b, size_t max)
{
	size_t n = 0;

	for (; n + 8 <= max; n += 8) {
		uint64_t differ = load_64(a + n) ^ load_64(b + n);

		if (differ)
			return n + (unsigned)__builtin_ctzll(le64toh(differ)) / 8;
	}
	while (n < max && a[n] == b[n])
		n++;
	return n;
}

static void add_step(struct deflater *d, size_t literals, size_t length, size_t distance)
{
	struct step *s = &d->steps[d->n_steps++];

	s->literals = (uint32_t)literals;
	s->length = (uint16_t)length;
	s->distance = (uint16_t)distance; /* 32768 fits */
}

static uint64_t *find_bucket(struct deflater *d, uint32_t four)
{
	return &d->table[four * 2654435761u >> (32 - HASH_BITS)];
}

static void know_place(struct deflater *d, const uint8_t *in, size_t at)
{
	uint64_t *b = find_bucket(d, load_32(in + at));

	*b = *b << 32 | (at + 1);
}

/* Divide [from, to) of ${in} into steps. */
static void search_steps(struct deflater *d, const uint8_t *in, size_t from, size_t to)
{
	size_t at = from, literals = from;

	while (at + MATCH_MIN <= to) {
		size_t max = to - at < MATCH_MAX ? to - at : MATCH_MAX, best = 0, distance = 0, n,
		       before;
		uint32_t four = load_32(in + at);
		uint64_t *b = find_bucket(d, four), known = *b;

		*b = known << 32 | (at + 1);
		/* Two positions, the newer one first. */
		for (; known != 0; known >>= 32) {
			before = at + 1 - (uint32_t)known;
			if (before > WINDOW)
				break;
			if (load_32(in + at - before) != four)
				continue;
			n = 4 + match_length(in + at - before + 4, in + at + 4, max - 4);
			if (n > best) {
				best = n;
				distance = before;
			}
		}
		if (best == 0) {
			/* Where nothing matches for long, look less often. */
			at += 1 + (at - literals) / 128;
			continue;
		}
		add_step(d, at - literals, best, distance);
		for (size_t i = at + 1; i < at + best && i + 4 <= to; i += KNOW_STEP)
			know_place(d, in, i);
		at += best;
		literals = at;
	}
	add_step(d, to - literals, 0, 0);
}

/* Blocks. */

static unsigned distance_symbol(unsigned distance)
{
	unsigned v = distance - 1, log;

	if (v < 2)
		return v;
	log = 31u - (unsigned)__builtin_clz(v);
	return 2 * log + (v >> (log - 1) & 1);
}

static unsigned distance_extra(unsigned symbol)
{
	return symbol < 4 ? 0 : symbol / 2 - 1;
}

static void count_literals(const uint8_t *p, size_t n, uint32_t *freq)
{
	uint32_t more[3][256];
	size_t i = 0;

	if (n < 1024) {
		for (; i < n; i++)
			freq[p[i]]++;
		return;
	}
	/* Four tables: equal letters in a row do not wait for each other. */
	memset(more, 0, sizeof more);
	for (; i + 4 <= n; i += 4) {
		freq[p[i]]++;
		more[0][p[i + 1]]++;
		more[1][p[i + 2]]++;
		more[2][p[i + 3]]++;
	}
	for (; i < n; i++)
		freq[p[i]]++;
	for (int c = 0; c < 256; c++)
		freq[c] += more[0][c] + more[1][c] + more[2][c];
}

/* Count the symbols of the steps over ${p}; returns the extra bits. */
static size_t count_steps(struct deflater *d, const uint8_t *p)
{
	size_t extra = 0;

	for (size_t i = 0; i < d->n_steps; i++) {
		const struct step *s = &d->steps[i];
		unsigned symbol;

		for (uint32_t k = 0; k < s->literals && s->literals < 1024; k++)
			d->litlen.freq[p[k]]++;
		if (s->literals >= 1024)
			count_literals(p, s->literals, d->litlen.freq);
		p += s->literals + s->length;
		if (s->length == 0)
			continue;
		symbol = d->length_symbol[s->length];
		d->litlen.freq[257 + symbol]++;
		extra += length_extra[symbol];
		symbol = distance_symbol(s->distance);
		d->dist.freq[symbol]++;
		extra += distance_extra(symbol);
	}
	return extra;
}

static void put_literals(const struct deflater *d, struct bits *out, const uint8_t *p, size_t n)
{
	struct bits b = *out;
	size_t i = 0;

	for (; i + 4 <= n; i += 4) {
		/* Codes are at most 14 bits long. */
		for (size_t k = i; k < i + 4; k++)
			bits_put(&b, d->literal[p[k]] >> 8, d->literal[p[k]] & 255);
		bits_flush(&b);
	}
	for (; i < n; i++) {
		bits_put(&b, d->literal[p[i]] >> 8, d->literal[p[i]] & 255);
		bits_flush(&b);
	}
	*out = b;
}

static void put_match(const struct deflater *d, struct bits *out, const struct step *s)
{
	unsigned symbol = d->length_symbol[s->length];

	bits_put(out, d->litlen.code[257 + symbol], d->litlen.len[257 + symbol]);
	bits_put(out, s->length - length_base[symbol], length_extra[symbol]);
	symbol = distance_symbol(s->distance);
	bits_put(out, d->dist.code[symbol], d->dist.len[symbol]);
	if (symbol >= 4) {
		unsigned n = distance_extra(symbol);

		bits_put(out, (unsigned)(s->distance - 1) & ((1u << n) - 1), n);
	}
	bits_flush(out);
}

static void put_stored(struct bits *out, const uint8_t *p, size_t n, bool final)
{
	bits_put(out, final, 3);
	out->n = (out->n + 7) & ~7u;
	bits_put(out, n | (n ^ 0xffff) << 16, 32);
	bits_flush(out);
	memcpy(out->out, p, n);
	out->out += n;
}

static void put_steps(struct deflater *d, struct bits *out, const uint8_t *p, bool final)
{
	block_head_put(&d->head, final, out);
	for (int c = 0; c < 256; c++)
		d->literal[c] = (uint32_t)d->litlen.code[c] << 8 | d->litlen.len[c];
	for (size_t i = 0; i < d->n_steps; i++) {
		put_literals(d, out, p, d->steps[i].literals);
		if (d->steps[i].length > 0)
			put_match(d, out, &d->steps[i]);
		p += d->steps[i].literals + d->steps[i].length;
	}
	bits_put(out, d->litlen.code[END_OF_BLOCK], d->litlen.len[END_OF_BLOCK]);
	bits_flush(out);
}

/* The steps found for the ${n} bytes at ${p} as a block; stored if that is smaller. */
static void put_block(
        struct deflater *d, struct bits *out, const uint8_t *p, size_t n, size_t extra, bool final)
{
	size_t size = extra;

	d->litlen.freq[END_OF_BLOCK] = 1;
	huffman_build(&d->litlen, LITLEN_SYMBOLS, LITLEN_MAX);
	huffman_build(&d->dist, DIST_SYMBOLS, CODE_MAX);
	block_head_make(&d->head, &d->litlen, &d->dist);
	size += d->head.size;
	for (int i = 0; i < LITLEN_SYMBOLS; i++)
		size += (size_t)d->litlen.freq[i] * d->litlen.len[i];
	for (int i = 0; i < DIST_SYMBOLS; i++)
		size += (size_t)d->dist.freq[i] * d->dist.len[i];
	if (size >= 8 * (n + 4))
		put_stored(out, p, n, final);
	else
		put_steps(d, out, p, final);
}

static void start_block(struct deflater *d)
{
	memset(d->litlen.freq, 0, sizeof d->litlen.freq);
	memset(d->dist.freq, 0, sizeof d->dist.freq);
	d->n_steps = 0;
}

/*
 * Is nearly all of it base64 letters, spread as evenly as in compressed data? The sum of
 * squares is least when they are.
 */
static bool is_even(const struct deflater *d, size_t n)
{
	uint64_t sum = 0, letters = 0;

	for (int c = '+'; c <= 'z'; c++) {
		uint64_t k = d->in_base64[c] ? d->litlen.freq[c] : 0;

		letters += k;
		sum += k * k;
	}
	return letters >= n - n / 16 && sum * 64 < letters * letters + letters * letters / 32;
}

static void put_base64(
        struct deflater *d, struct bits *out, const uint8_t *in, size_t from, size_t to, bool final)
{
	size_t extra = 0;

	start_block(d);
	count_literals(in + from, to - from, d->litlen.freq);
	if (is_even(d, to - from)) {
		add_step(d, to - from, 0, 0);
	} else {
		start_block(d);
		search_steps(d, in, from, to);
		extra = count_steps(d, in + from);
	}
	put_block(d, out, in + from, to - from, extra, final);
}

static void put_text(
        struct deflater *d, struct bits *out, const uint8_t *in, size_t from, size_t to, bool final)
{
	size_t extra;

	start_block(d);
	search_steps(d, in, from, to);
	extra = count_steps(d, in + from);
	put_block(d, out, in + from, to - from, extra, final);
}

size_t deflater_run(struct deflater *d, const uint8_t *in, size_t n, uint8_t *out)
{
	struct bits b = {.out = out};
	size_t at = 0, run, end;

	memset(d->table, 0, sizeof d->table);
	while (at < n) {
		for (end = at + text_end(d, in + at, n - at, &run); at < end;) {
			size_t now = end - at < BLOCK_MAX ? end - at : BLOCK_MAX;

			put_text(d, &b, in, at, at + now, at + now == n);
			at += now;
		}
		for (end = at + run; at < end;) {
			size_t now = end - at < BLOCK_MAX ? end - at : BLOCK_MAX;

			put_base64(d, &b, in, at, at + now, at + now == n);
			at += now;
		}
	}
	b.n = (b.n + 7) & ~7u;
	bits_flush(&b);
	return (size_t)(b.out - out);
}
