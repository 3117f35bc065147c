/* The bytes of a journal to the records of its whole batches. */
#include "journal_scan.h"
#include "valise/base/hash.h"
#include <string.h>

uint32_t journal_crc32(const void *p, size_t n)
{
	/* By nibbles: journals are small, and 16 numbers can be read. */
	static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
	        0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8,
	        0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
	uint32_t crc = 0xffffffff;

	for (const uint8_t *b = p; n > 0; n--, b++) {
		crc ^= *b;
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

void journal_scan_init(struct journal_scan *s, journal_replay_fn replay, void *ctx)
{
	memset(s, 0, sizeof *s);
	s->replay = replay;
	s->ctx = ctx;
	buf_init(&s->pending, JOURNAL_BATCH_MAX);
}

void journal_scan_clear(struct journal_scan *s)
{
	buf_clear(&s->pending);
}

/* "<8 hex> <json>": the JSON object, or NULL if the line is not whole. */
static json_t *parse_line(const char *line, size_t n)
{
	uint8_t sum[4];
	char hex[9];
	json_t *o;

	if (n < 10 || n > JOURNAL_LINE_MAX || line[8] != ' ')
		return NULL;
	memcpy(hex, line, 8);
	hex[8] = '\0';
	if (!hex_parse(hex, sum, 4))
		return NULL;
	if (((uint32_t)sum[0] << 24 | (uint32_t)sum[1] << 16 | (uint32_t)sum[2] << 8 | sum[3]) !=
	        journal_crc32(line + 9, n - 9))
		return NULL;
	if (json_read(line + 9, n - 9, JOURNAL_LINE_MAX, &o, NULL) != 0)
		return NULL;
	if (json_is_object(o))
		return o;
	json_decref(o);
	return NULL;
}

/* The lines before the commit line are known to be good: give their records out. */
static int replay_batch(struct journal_scan *s, size_t n, struct err *err)
{
	const char *p = buf_str(&s->pending), *end = p + n;
	int rc = 0;

	while (rc == 0 && p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		json_t *o = lf ? parse_line(p, (size_t)(lf - p)) : NULL;

		if (!lf)
			break;
		rc = s->replay(s->ctx, o, err);
		json_decref(o);
		p = lf + 1;
	}
	return rc;
}

/*
 * One more whole line of ${n} bytes and its LF stands after the s->lines bytes before it.
 */
static int take_line(struct journal_scan *s, size_t n, struct err *err)
{
	json_t *o = parse_line(buf_str(&s->pending) + s->lines, n), *commit;
	int rc = 0;

	if (!o) {
		s->torn = true;
		return 0;
	}
	commit = json_object_get(o, "commit");
	if (!commit) {
		s->lines += n + 1;
		s->records++;
	} else if (!json_is_integer(commit) ||
	           json_integer_value(commit) != (json_int_t)s->records) {
		s->torn = true;
	} else {
		rc = replay_batch(s, s->lines, err);
		s->good += s->lines + n + 1;
		buf_drop(&s->pending, s->lines + n + 1);
		s->lines = 0;
		s->records = 0;
	}
	json_decref(o);
	return rc;
}

int journal_scan_add(struct journal_scan *s, const void *p, size_t n, struct err *err)
{
	const char *bytes = p;
	int rc = 0;

	while (rc == 0 && n > 0 && !s->torn) {
		const char *lf = memchr(bytes, '\n', n);
		size_t len = lf ? (size_t)(lf - bytes) + 1 : n;

		/* no batch of ours is so large */
		if (buf_add(&s->pending, bytes, len) != 0 ||
		        s->pending.len - s->lines > JOURNAL_LINE_MAX + 1)
			s->torn = true;
		else if (lf)
			rc = take_line(s, s->pending.len - s->lines - 1, err);
		bytes += len;
		n -= len;
	}
	return rc;
}
