/*
 * The header of a message in its item: kept whole (PidTagTransportMessageHeaders), and what of
 * it has properties of its own (MS-OXCMAIL 2.2.3.1, 2.2.3.2).
 */
#include <stdlib.h>
#include <string.h>
#include "outlook/make/mail.h"
#include "valise/base/escape.h"
#include "valise/base/hash.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/format/header.h"

/* ---- fields ---- */

static size_t line_size(const char *s, size_t n)
{
	const char *lf = memchr(s, '\n', n);

	return lf ? (size_t)(lf - s) + 1 : n;
}

bool in_next_field(const struct buf *header, size_t *at, struct in_field *out)
{
	const char *s = buf_str(header) + *at;
	size_t left = header->len - *at, n, k = 0, colon;

	if (left == 0)
		return false;
	n = line_size(s, left);
	while (n < left && (s[n] == ' ' || s[n] == '\t'))
		n += line_size(s + n, left - n);
	while (k < n && s[k] > ' ' && s[k] < 127 && s[k] != ':')
		k++;
	colon = k + strspn(s + k, " \t");
	*out = (struct in_field){.name = s, .line = s, .line_len = n};
	if (k && colon < n && s[colon] == ':') {
		out->name_len = k;
		out->value = s + colon + 1;
		out->value_len = n - colon - 1;
	}
	*at += n;
	return true;
}

/* A field that is no UTF-8, by the octet: what Windows-1252 has no letter for is a control. */
static void put_1252(const char *s, size_t n, struct buf *out)
{
	static const uint16_t letters[32] = {0x20ac, 0x81, 0x201a, 0x192, 0x201e, 0x2026, 0x2020,
	        0x2021, 0x2c6, 0x2030, 0x160, 0x2039, 0x152, 0x8d, 0x17d, 0x8f, 0x90, 0x2018,
	        0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x2dc, 0x2122, 0x161, 0x203a, 0x153,
	        0x9d, 0x17e, 0x178};

	for (size_t i = 0; i < n; i++) {
		uint8_t o = (uint8_t)s[i];
		char text[4];

		buf_put(out, text, utf8_put(o >= 0x80 && o < 0xa0 ? letters[o - 0x80] : o, text));
	}
}

static void put_field(const struct in_field *f, struct buf *out)
{
	struct buf even = buf_of(SIZE_MAX);

	for (size_t i = 0, n; i < f->line_len; i += n) {
		const char *p = f->line + i;
		size_t left = f->line_len - i;

		for (n = 0; n < left && p[n] == '\r'; n++)
			;
		if (n == 0) {
			if (*p)
				buf_putc(&even, *p);
			n = 1;
			continue;
		}
		for (size_t k = 0; k < n; k++)
			buf_putc(&even, n == left || p[n] == '\n' ? '\r' : ' ');
	}
	if (utf8_valid(buf_str(&even), even.len))
		buf_put(out, even.data, even.len);
	else
		put_1252(buf_str(&even), even.len, out);
	buf_clear(&even);
}

bool in_header_text(const struct buf *header, size_t max, struct buf *out)
{
	struct in_field f;
	bool all = true;

	for (size_t at = 0; in_next_field(header, &at, &f);) {
		size_t before = out->len;

		put_field(&f, out);
		if (out->len > max) {
			out->len = before;
			out->data[before] = '\0';
			all = false;
		}
	}
	return all;
}

bool in_text(const struct in_item *in, const char *name, size_t cap, struct buf *out)
{
	struct buf raw = buf_of(IN_HEADER_MAX);
	size_t from = out->len;

	if (header_find(buf_str(&in->header), in->header.len, name, &raw))
		header_whole_text(buf_str(&raw), raw.len, cap, out);
	buf_clear(&raw);
	return out->len > from;
}

/* ---- properties ---- */

int in_set_time(struct bag *b, bag_key key, int64_t utc, struct err *err)
{
	const int64_t to_1601 = 11644473600, to_10000 = 253402300800;

	if (utc <= -to_1601 || utc >= to_10000)
		return 0;
	return bag_set_int(b, key, BAG_TIME, (utc + to_1601) * 10000000, err);
}

static int set_transport(struct in_item *in, struct err *err)
{
	struct buf text = buf_of(SIZE_MAX);
	int rc = 0;

	if (!in_header_text(&in->header, IN_HEADER_MAX, &text))
		in_lost(in->all, "fields of a header that is too long");
	if (memchr(in->header.data, '\0', in->header.len))
		in_lost(in->all, "NUL in the header");
	if (text.len)
		rc = bag_set_text(in->b, PidTagTransportMessageHeaders, buf_str(&text), err);
	buf_clear(&text);
	return rc;
}

/* "RE: ", "Fwd: ": up to three letters, a colon and a blank (MS-OXCMSG 2.2.1.9). */
static size_t prefix_size(const char *s)
{
	size_t n = strlen(s), at = 0;

	for (unsigned letters = 0; letters <= 3 && at < n; letters++) {
		size_t k = utf8_next(s + at, n - at, NULL);

		if (s[at] == ':')
			return letters && s[at + 1] == ' ' ? at + 2 : 0;
		if (k == 0 || s[at] == ' ' || (s[at] >= '0' && s[at] <= '9'))
			return 0;
		at += k;
	}
	return 0;
}

static int set_subject(struct in_item *in, struct err *err)
{
	struct buf text = buf_of(SIZE_MAX), topic = buf_of(SIZE_MAX);
	bool there = in_text(in, "Subject", IN_TEXT_MAX, &text);
	size_t prefix = prefix_size(buf_str(&text));
	const char *normal = buf_str(&text) + prefix;
	char *first = xstrndup(buf_str(&text), prefix);
	int rc = 0;

	if (there) {
		rc = bag_set_text(in->b, PidTagSubject, buf_str(&text), err);
		if (rc == 0) /* an empty one, too: a store has its own idea of it else */
			rc = bag_set_text(in->b, PidTagSubjectPrefix, first, err);
		if (rc == 0 && *normal)
			rc = bag_set_text(in->b, PidTagNormalizedSubject, normal, err);
	}
	if (!in_text(in, "Thread-Topic", IN_TEXT_MAX, &topic))
		buf_puts(&topic, normal);
	if (rc == 0 && topic.len)
		rc = bag_set_text(in->b, PidTagConversationTopic, buf_str(&topic), err);
	buf_clear(&text);
	buf_clear(&topic);
	free(first);
	return rc;
}

/* Thread-Index: 22 octets and five for each answer (MS-OXOMSG 2.2.1.3). */
static int set_thread(struct in_item *in, struct err *err)
{
	struct buf text = buf_of(SIZE_MAX);
	uint8_t octets[IN_TEXT_MAX];
	long n = -1;
	int rc = 0;

	if (in_text(in, "Thread-Index", IN_TEXT_MAX, &text)) {
		size_t k = 0;

		for (size_t i = 0; i < text.len; i++)
			if (text.data[i] != ' ')
				text.data[k++] = text.data[i];
		n = base64_decode(buf_str(&text), k, octets, sizeof octets);
	}
	if (n >= 22 && (n - 22) % 5 == 0)
		rc = bag_set(in->b, PidTagConversationIndex, BAG_BINARY, octets, (size_t)n, err);
	buf_clear(&text);
	return rc;
}

/* Fields that are a text, a time, or a word of a list, as they are. */
static const struct plain {
	const char *field;
	bag_key key;
	enum { TEXT, LIST, TIME } kind;
} plain[] = {
        {"Message-ID", PidTagInternetMessageId, TEXT},
        {"In-Reply-To", PidTagInReplyToId, LIST},
        {"References", PidTagInternetReferences, LIST},
        {"List-Help", PidTagListHelp, TEXT},
        {"List-Subscribe", PidTagListSubscribe, TEXT},
        {"List-Unsubscribe", PidTagListUnsubscribe, LIST},
        {"X-Message-Flag", PidLidFlagRequest, TEXT},
        {"Date", PidTagClientSubmitTime, TIME},
        {"Reply-By", PidTagReplyTime, TIME},
        {"Expires", PidTagExpiryTime, TIME},
        {"Deferred-Delivery", PidTagDeferredDeliveryTime, TIME},
};

static int set_plain(struct in_item *in, const struct plain *p, struct err *err)
{
	struct buf text = buf_of(SIZE_MAX);
	struct date d;
	int rc = 0;

	if (!in_text(in, p->field, p->kind == LIST ? IN_LIST_MAX : IN_TEXT_MAX, &text))
		;
	else if (p->kind != TIME)
		rc = bag_set_text(in->b, p->key, buf_str(&text), err);
	else if (date_parse_rfc5322(buf_str(&text), text.len, &d))
		rc = in_set_time(in->b, p->key, d.utc, err);
	buf_clear(&text);
	return rc;
}

/* The first word of the field among ${words}, "a|b": its place; -1: none of them. */
static int word_of(struct in_item *in, const char *field, const char *words)
{
	struct buf text = buf_of(IN_TEXT_MAX);
	int place = -1;

	if (in_text(in, field, IN_TEXT_MAX, &text)) {
		char *s = text_lower(buf_take(&text));

		s[strcspn(s, " ;(")] = '\0';
		place = text_place(s, words);
		free(s);
	}
	buf_clear(&text);
	return place;
}

/* MS-OXCMAIL 2.2.3.2.5 to 2.2.3.2.7 */
static int set_importance(struct in_item *in, struct err *err)
{
	int place = word_of(in, "Importance", "low|normal|high");
	int priority = word_of(in, "Priority", "non-urgent|normal|urgent");
	int sensitivity =
	        word_of(in, "Sensitivity", "normal|personal|private|company-confidential");
	int rc = 0;

	if (place < 0) { /* 1 is the highest, 3 usual */
		int number = word_of(in, "X-Priority", "1|2|3|4|5");

		place = number < 0 ? -1 : number < 2 ? 2 : number > 2 ? 0 : 1;
	}
	if (place < 0)
		place = word_of(in, "X-MSMail-Priority", "low|normal|high");
	rc = bag_set_int(in->b, PidTagImportance, BAG_INT32, place < 0 ? 1 : place, err);
	if (rc == 0 && priority >= 0)
		rc = bag_set_int(in->b, PidTagPriority, BAG_INT32, priority - 1, err);
	if (rc == 0 && sensitivity > 0)
		rc = bag_set_int(in->b, PidTagSensitivity, BAG_INT32, sensitivity, err);
	return rc;
}

int in_header(struct in_item *in, struct err *err)
{
	int rc = set_transport(in, err);

	if (rc == 0)
		rc = set_subject(in, err);
	if (rc == 0)
		rc = set_thread(in, err);
	for (size_t i = 0; rc == 0 && i < COUNT(plain); i++)
		rc = set_plain(in, &plain[i], err);
	return rc < 0 ? rc : set_importance(in, err);
}
