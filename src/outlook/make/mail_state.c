/* What a mailbox says of a message: flags, keywords, when it arrived (MS-OXCMSG, MS-OXOFLAG). */
#include <stdlib.h>
#include <string.h>
#include "outlook/make/mail.h"
#include "valise/base/le.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/format/header.h"
#include "valise/format/mutf7.h"

/* As FLAG_* of items. */
enum { SEEN = 1, ANSWERED = 2, FLAGGED = 4, DRAFT = 16 };
/* PidTagMessageFlags, MS-OXCMSG 2.2.1.6; PidTagFlagStatus, MS-OXOFLAG 2.2.1.1, 2.2.1.2, 2.2.1.6 */
enum { MF_READ = 1, MF_UNSENT = 8, STATUS_FLAGGED = 2, ICON_RED = 6, TODO_FLAGGED = 1 };
/* PidTagLastVerbExecuted and PidTagIconIndex, MS-OXOMSG 2.2.2.19 and 2.2.2.20 */
enum { VERB_REPLY = 102, VERB_FORWARD = 104, ICON_REPLIED = 0x105, ICON_FORWARDED = 0x106 };

/*
 * Keywords that programs set for themselves: as categories people would see them at each of
 * their messages.
 */
static const char *const technical[] = {"$MDNSent", "$Junk", "$NotJunk", "$NonJunk", "Junk",
        "NonJunk", "NotJunk", "JunkRecorded", "$SubmitPending", "$Submitted", "$HasAttachment",
        "$HasNoAttachment", "$X-ME-Annot-2", "$ATTACHMENT"};

static bool is_technical(const char *s, size_t n)
{
	for (size_t i = 0; i < COUNT(technical); i++)
		if (text_is(s, n, technical[i]))
			return true;
	return false;
}

/* Keywords of IMAP as texts, each with its length before it; how many. */
static uint32_t put_categories(struct in_item *in, struct buf *out)
{
	const char *s = in->all->m->keywords;
	uint32_t n = 0;

	while (s && *s) {
		size_t len = strcspn(s, " ");
		struct buf text = buf_of(SIZE_MAX), wide = buf_of(SIZE_MAX);
		uint8_t four[4];

		if (is_technical(s, len)) {
			in_lost(in->all, "the keyword %.*s", (int)MIN(len, 100), s);
		} else if (len && !text_is(s, len, "$Forwarded")) {
			if (!mutf7_decode(s, len, &text))
				buf_put(&text, s, len);
			in_utf16(buf_str(&text), &wide);
			le_put(four, wide.len, 4);
			buf_put(out, four, 4);
			buf_put(out, wide.data, wide.len);
			n++;
		}
		buf_clear(&text);
		buf_clear(&wide);
		s += len + (s[len] != '\0');
	}
	return n;
}

static int set_categories(struct in_item *in, struct err *err)
{
	struct buf list = buf_of(SIZE_MAX), all = buf_of(SIZE_MAX);
	uint32_t n = put_categories(in, &list);
	uint8_t four[4];
	int rc = 0;

	le_put(four, n, 4);
	buf_put(&all, four, 4);
	buf_put(&all, list.data, list.len);
	if (n)
		rc = bag_set(
		        in->b, PidNameKeywords, BAG_UNICODE | BAG_MULTIPLE, all.data, all.len, err);
	buf_clear(&list);
	buf_clear(&all);
	return rc;
}

/* The last one of what was done says the verb; the icon of a message that was answered, too. */
static int set_verbs(struct in_item *in, struct err *err)
{
	bool answered = in->all->m->flags & ANSWERED;
	bool forwarded =
	        in->all->m->keywords && text_has_word(in->all->m->keywords, "$Forwarded", 10);
	int rc = 0;

	if (answered || forwarded) {
		rc = bag_set_int(in->b, PidTagLastVerbExecuted, BAG_INT32,
		        answered ? VERB_REPLY : VERB_FORWARD, err);
		if (rc == 0)
			rc = bag_set_int(in->b, PidTagIconIndex, BAG_INT32,
			        forwarded ? ICON_FORWARDED : ICON_REPLIED, err);
	}
	return rc;
}

static int set_flag(struct in_item *in, struct err *err)
{
	int rc;

	if (!(in->all->m->flags & FLAGGED))
		return 0;
	rc = bag_set_int(in->b, PidTagFlagStatus, BAG_INT32, STATUS_FLAGGED, err);
	if (rc == 0)
		rc = bag_set_int(in->b, PidTagFollowupIcon, BAG_INT32, ICON_RED, err);
	return rc < 0 ? rc : bag_set_int(in->b, PidTagToDoItemFlags, BAG_INT32, TODO_FLAGGED, err);
}

static int set_arrival(struct in_item *in, struct err *err)
{
	struct date d;

	if (in->root == 0 && in->all->m->date_utc != INT64_MIN)
		return in_set_time(in->b, PidTagMessageDeliveryTime, in->all->m->date_utc, err);
	if (!header_arrival_date(buf_str(&in->header), in->header.len, &d, NULL))
		return 0;
	return in_set_time(in->b, PidTagMessageDeliveryTime, d.utc, err);
}

int in_state(struct in_item *in, struct err *err)
{
	uint16_t flags = in->all->m->flags;
	int rc = set_arrival(in, err);

	if (rc < 0 || in->root) /* only in a mailbox is it read or not */
		return rc < 0 ? rc
		              : bag_set_int(in->b, PidTagMessageFlags, BAG_INT32, MF_READ, err);
	rc = bag_set_int(in->b, PidTagMessageFlags, BAG_INT32,
	        (flags & SEEN ? MF_READ : 0) | (flags & DRAFT ? MF_UNSENT : 0), err);
	if (rc == 0)
		rc = set_verbs(in, err);
	if (rc == 0)
		rc = set_flag(in, err);
	return rc < 0 ? rc : set_categories(in, err);
}
