/*
 * Modified UTF-7, RFC 3501 5.1.3: printable US-ASCII stands for itself, "&-" for "&", and
 * any other run is UTF-16BE in base64 with "," for "/" and without padding, between "&"
 * and "-".
 */
#include "valise/format/mutf7.h"
#include "valise/base/escape.h"
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static bool is_direct(char c)
{
	return c >= 0x20 && c <= 0x7e;
}

/* Base64 digits of a run while it is written. */
struct run {
	uint32_t bits; /* the lowest ${count} are still to be written */
	unsigned count;
};

static int run_unit(struct run *r, uint32_t unit, struct buf *out)
{
	int rc = 0;

	/* at most 5 bits were left: nothing needed is shifted out */
	r->bits = r->bits << 16 | unit;
	r->count += 16;
	while (rc == 0 && r->count >= 6) {
		r->count -= 6;
		rc = buf_addc(out, digits[r->bits >> r->count & 63]);
	}
	return rc;
}

static int run_point(struct run *r, uint32_t point, struct buf *out)
{
	int rc;

	if (point < 0x10000)
		return run_unit(r, point, out);
	point -= 0x10000;
	rc = run_unit(r, 0xd800 | point >> 10, out);
	return rc ? rc : run_unit(r, 0xdc00 | (point & 0x3ff), out);
}

static int run_end(struct run *r, struct buf *out)
{
	int rc = 0;

	if (r->count > 0)
		rc = buf_addc(out, digits[r->bits << (6 - r->count) & 63]);
	return rc ? rc : buf_addc(out, '-');
}

/* Write the run that starts at ${s}; *used_out is what it takes. */
static bool encode_run(const char *s, size_t n, size_t *used_out, struct buf *out)
{
	struct run r = {0, 0};
	size_t at = 0;

	if (buf_addc(out, '&') != 0)
		return false;
	while (at < n && !is_direct(s[at])) {
		uint32_t point;
		size_t len = utf8_next(s + at, n - at, &point);

		if (len == 0 || point == 0 || run_point(&r, point, out) != 0)
			return false;
		at += len;
	}
	*used_out = at;
	return run_end(&r, out) == 0;
}

static void cut_back(struct buf *b, size_t len)
{
	if (b->len == len)
		return;
	b->len = len;
	b->data[len] = '\0';
}

bool mutf7_encode(const char *s, size_t n, struct buf *out)
{
	size_t before = out->len, used = 1;
	bool ok = true;

	for (size_t i = 0; ok && i < n; i += used) {
		used = 1;
		if (s[i] == '&')
			ok = buf_add(out, "&-", 2) == 0;
		else if (is_direct(s[i]))
			ok = buf_addc(out, s[i]) == 0;
		else
			ok = encode_run(s + i, n - i, &used, out);
	}
	if (!ok)
		cut_back(out, before);
	return ok;
}

static int digit_value(char c)
{
	const char *p = c ? strchr(digits, c) : NULL;

	return p ? (int)(p - digits) : -1;
}

/* Take one UTF-16 unit; *high is the surrogate that waits for its second half, or 0. */
static bool decode_unit(uint32_t unit, uint32_t *high, struct buf *out)
{
	char text[4];

	if (unit >= 0xdc00 && unit <= 0xdfff) {
		if (!*high)
			return false;
		unit = 0x10000 + ((*high & 0x3ff) << 10 | (unit & 0x3ff));
		*high = 0;
	} else if (*high || unit == 0) {
		return false;
	} else if (unit >= 0xd800 && unit <= 0xdbff) {
		*high = unit;
		return true;
	}
	return buf_add(out, text, utf8_put(unit, text)) == 0;
}

/* Read the run behind "&"; *used_out is what it takes with its "-". */
static bool decode_run(const char *s, size_t n, size_t *used_out, struct buf *out)
{
	uint32_t bits = 0, high = 0;
	unsigned count = 0;
	size_t i;

	for (i = 0; i < n && s[i] != '-'; i++) {
		int digit = digit_value(s[i]);

		if (digit < 0)
			return false;
		bits = bits << 6 | (uint32_t)digit;
		count += 6;
		if (count < 16)
			continue;
		count -= 16;
		if (!decode_unit(bits >> count & 0xffff, &high, out))
			return false;
	}
	if (i == n || high)
		return false;
	*used_out = i + 1;
	return true;
}

/*
 * Does ${text} encode to just the n bytes of ${s}? This refuses every second spelling of
 * a name.
 */
static bool encodes_to(const char *text, size_t text_len, const char *s, size_t n)
{
	struct buf again = buf_of(n);
	bool same;

	same = mutf7_encode(text, text_len, &again) && again.len == n &&
	       memcmp(again.data, s, n) == 0;
	buf_clear(&again);
	return same;
}

bool mutf7_decode(const char *s, size_t n, struct buf *out)
{
	size_t before = out->len, used;
	bool ok = true;

	for (size_t i = 0; ok && i < n; i += used) {
		used = 1;
		if (!is_direct(s[i])) {
			ok = false;
		} else if (s[i] != '&') {
			ok = buf_addc(out, s[i]) == 0;
		} else if (i + 1 < n && s[i + 1] == '-') {
			ok = buf_addc(out, '&') == 0;
			used = 2;
		} else {
			ok = decode_run(s + i + 1, n - i - 1, &used, out);
			used += 1;
		}
	}
	ok = ok && encodes_to(buf_str(out) + before, out->len - before, s, n);
	if (!ok)
		cut_back(out, before);
	return ok;
}
