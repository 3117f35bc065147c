/* The bytes of a journal to the records of its whole batches. */
#include "journal_scan.h"
#include "valise/base/hash.h"
#include "valise/base/mem.h"
#include <stdlib.h>
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
	buf_init(&s->pending, JOURNAL_LINE_MAX + 1);
}

static void drop_batch(struct journal_scan *s)
{
	for (size_t i = 0; i < s->records; i++)
		json_decref(s->batch[i]);
	s->records = 0;
}

void journal_scan_clear(struct journal_scan *s)
{
	drop_batch(s);
	free(s->batch);
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
static int replay_batch(struct journal_scan *s, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < s->records && rc == 0; i++)
		rc = s->replay(s->ctx, s->batch[i], err);
	drop_batch(s);
	return rc;
}

/* The line of ${n} bytes in s->pending is whole. */
static int take_line(struct journal_scan *s, size_t n, struct err *err)
{
	json_t *o = parse_line(buf_str(&s->pending), n), *commit;
	int rc = 0;

	s->lines += n + 1;
	if (!o || s->lines > JOURNAL_BATCH_MAX) { /* no batch of ours is so large */
		s->torn = true;
		json_decref(o);
		return 0;
	}
	commit = json_object_get(o, "commit");
	if (!commit) {
		*ARR_PUSH(s->batch, s->records, s->batch_cap) = o;
		return 0;
	}
	if (json_is_integer(commit) && json_integer_value(commit) == (json_int_t)s->records) {
		rc = replay_batch(s, err);
		s->good += s->lines;
		s->lines = 0;
	} else {
		s->torn = true;
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

		s->torn = buf_add(&s->pending, bytes, len) != 0;
		if (lf && !s->torn) {
			rc = take_line(s, s->pending.len - 1, err);
			buf_reset(&s->pending);
		}
		bytes += len;
		n -= len;
	}
	return rc;
}
