/* The bytes of a journal to the records of its whole batches. */
#include "journal_scan.h"
#include "valise/base/hash.h"
#include <stdio.h>
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

void journal_scan_init(struct journal_scan *s, journal_text_fn replay, void *ctx)
{
	memset(s, 0, sizeof *s);
	s->replay = replay;
	s->ctx = ctx;
	buf_init(&s->pending, JOURNAL_LINE_MAX + 1);
	buf_init(&s->batch, JOURNAL_BATCH_MAX);
}

void journal_scan_clear(struct journal_scan *s)
{
	buf_clear(&s->pending);
	buf_clear(&s->batch);
}

/* "<8 hex> <json>": where the JSON text begins, or NULL if the line is not whole. */
static const char *check_line(const char *line, size_t n)
{
	uint8_t sum[4];
	char hex[9];

	if (n < 10 || n > JOURNAL_LINE_MAX || line[8] != ' ')
		return NULL;
	memcpy(hex, line, 8);
	hex[8] = '\0';
	if (!hex_parse(hex, sum, 4))
		return NULL;
	if (((uint32_t)sum[0] << 24 | (uint32_t)sum[1] << 16 | (uint32_t)sum[2] << 8 | sum[3]) !=
	        journal_crc32(line + 9, n - 9))
		return NULL;
	return line + 9;
}

/* The lines before the commit line are known to be good: give their records out. */
static int replay_batch(struct journal_scan *s, struct err *err)
{
	const char *p = buf_str(&s->batch), *end = p + s->batch.len;
	int rc = 0;

	while (rc == 0 && p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));

		rc = s->replay(s->ctx, p, (size_t)(lf - p), err);
		p = lf + 1;
	}
	buf_reset(&s->batch);
	return rc;
}

/* A commit line: *torn_out, it is none of this batch. */
static bool is_commit(const struct journal_scan *s, const char *json, size_t n, bool *torn_out)
{
	static const char begin[] = "{\"commit\":";
	char commit[48];
	int len = snprintf(commit, sizeof commit, "%s%zu}", begin, s->records);

	*torn_out = n != (size_t)len || memcmp(json, commit, n) != 0;
	return n >= sizeof begin && memcmp(json, begin, sizeof begin - 1) == 0;
}

/* The line of ${n} bytes in s->pending is whole. */
static int take_line(struct journal_scan *s, size_t n, struct err *err)
{
	const char *json = check_line(buf_str(&s->pending), n);
	size_t len = n - 9;
	bool torn;
	int rc;

	s->lines += n + 1;
	if (!json) {
		s->torn = true;
		return 0;
	}
	if (!is_commit(s, json, len, &torn)) {
		/* no batch of ours is too large */
		s->torn = buf_add(&s->batch, json, len + 1) != 0;
		s->records++;
		return 0;
	}
	s->torn = torn;
	if (torn)
		return 0;
	rc = replay_batch(s, err);
	s->good += s->lines;
	s->lines = 0;
	s->records = 0;
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

int journal_parse(void *parsing, const char *json, size_t n, struct err *err)
{
	const struct journal_parsing *p = parsing;
	json_t *o;
	int rc = json_read(json, n, n, &o, err);

	if (rc == 0 && !json_is_object(o))
		rc = err_set(
		        err, ERR_DAMAGED, ERR_WHOLE, "a journal holds a line that is no record");
	if (rc == 0)
		rc = p->replay(p->ctx, o, err);
	json_decref(o);
	return rc;
}
