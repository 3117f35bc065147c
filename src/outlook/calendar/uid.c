/* UID of items: MS-OXCICAL 2.1.3.1.1.20.26, MS-OXOCAL 2.2.1.27. */
#include <stdio.h>
#include <stdlib.h>
#include "outlook/calendar/calendar.h"
#include "valise/base/date.h"
#include "valise/base/escape.h"
#include "valise/base/hash.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

enum { ID_MAX = 4096, HEAD = 40, DATE_AT = 16 };
/* What begins the data of an id that was made of the UID of a calendar object. */
static const uint8_t foreign[12] = "vCal-Uid\x01";

static char *hex_upper(const uint8_t *p, size_t n)
{
	char *out = xmalloc(2 * n + 1);

	hex_format(p, n, out);
	return text_upper(out);
}

static char *foreign_uid(const uint8_t *p, size_t n)
{
	size_t len;

	if (n <= HEAD + sizeof foreign || memcmp(p + HEAD, foreign, sizeof foreign) != 0)
		return NULL;
	p += HEAD + sizeof foreign;
	n -= HEAD + sizeof foreign;
	len = strnlen((const char *)p, n);
	if (!len || !text_is_one_line((const char *)p, len, ID_MAX))
		return NULL;
	return xstrndup((const char *)p, len);
}

static char *uid_of_id(struct bag *b)
{
	size_t n, n_clean;
	const uint8_t *clean = bag_octets(b, (bag_key)PidLidCleanGlobalObjectId, ID_MAX, &n_clean);
	const uint8_t *id = bag_octets(b, (bag_key)PidLidGlobalObjectId, ID_MAX, &n);
	uint8_t copy[ID_MAX];
	char *uid;

	if (!clean && !id)
		return NULL;
	if (clean) {
		id = clean;
		n = n_clean;
	}
	if (n == 0)
		return NULL;
	if ((uid = foreign_uid(id, n)))
		return uid;
	memcpy(copy, id, n);
	/* all instances of a series have one UID: the date of the instance goes */
	if (n >= HEAD)
		memset(copy + DATE_AT, 0, 4);
	return hex_upper(copy, n);
}

uint32_t day_of_id(struct bag *b)
{
	size_t n;
	const uint8_t *p = bag_octets(b, (bag_key)PidLidGlobalObjectId, ID_MAX, &n);
	struct day d;

	if (!p || n < HEAD)
		return 0;
	d = (struct day){p[DATE_AT] << 8 | p[DATE_AT + 1], p[DATE_AT + 2], p[DATE_AT + 3]};
	if (d.year < 1602 || !day_is_valid(&d))
		return 0;
	return (uint32_t)((day_start(&d) - when_of_minutes(0)) / 60);
}

struct hashed {
	struct sha256 h;
};

static int hash_more(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	sha256_add(&((struct hashed *)ctx)->h, p, n);
	return 0;
}

/* An item without any name of its own: by what it says. */
static char *uid_of_content(struct bag *b)
{
	static const bag_key said[] = {PidTagMessageClass, PidTagSubject, PidTagCreationTime,
	        (bag_key)PidLidAppointmentStartWhole, (bag_key)PidLidAppointmentEndWhole,
	        (bag_key)PidLidTaskDueDate, (bag_key)PidLidLogStart, PidTagBody};
	struct hashed sum;
	uint8_t digest[SHA256_LEN];
	struct err err = {0};
	char hex[2 * SHA256_LEN + 1];

	sha256_start(&sum.h);
	for (size_t i = 0; i < COUNT(said); i++) {
		const struct bag_prop *p = bag_peek(b, said[i]);
		uint8_t head[2] = {(uint8_t)i, p != NULL};

		sha256_add(&sum.h, head, sizeof head);
		/* a temporary file that cannot be read is met again, and told, by its own line */
		if (p && bag_stream(b, p, hash_more, &sum, &err) < 0)
			break;
	}
	sha256_end(&sum.h, digest);
	hex_format(digest, 16, hex);
	return xasprintf("%s@outlook.invalid", hex);
}

char *uid_of_other(struct bag *b)
{
	size_t n;
	const uint8_t *key = bag_octets(b, PidTagSearchKey, ID_MAX, &n);

	return key && n >= 8 ? hex_upper(key, n) : uid_of_content(b);
}

char *uid_of_meeting(struct bag *b)
{
	char *uid = uid_of_id(b);

	return uid ? uid : uid_of_other(b);
}

char *uid_of_task(struct bag *b)
{
	size_t n;
	const uint8_t *id = bag_octets(b, (bag_key)PidLidTaskGlobalId, ID_MAX, &n);
	char *uid = uid_of_id(b);

	if (uid)
		return uid;
	return id && n >= 8 ? hex_upper(id, n) : uid_of_other(b);
}
