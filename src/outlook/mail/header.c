/*
 * The header of a message: the one that it came with (PidTagTransportMessageHeaders) as it is,
 * or one made of properties (MS-OXCMAIL 2.1.3). MIME's own fields are written elsewhere.
 */
#include <stdlib.h>
#include <string.h>
#include "outlook/mail/mail.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/format/header.h"
#include "valise/format/mend.h"

/* ---- fields made of properties ---- */

static void put_people(struct buf *h, const char *name, struct mail_list *l)
{
	field_addresses(h, name, l->list, l->n);
	mail_list_clear(l);
}

static void put_from(struct mail *m, struct buf *h, const char *name)
{
	struct field_address a;

	if (!mail_from(m, &a))
		return;
	field_addresses(h, name, &a, 1);
	mail_address_clear(&a);
}

/* Only where somebody else sent it: RFC 5322 3.6.2. */
static void put_sender(struct mail *m, struct buf *h, const char *name)
{
	struct field_address from = {0}, a;

	if (!mail_sender(m, &a))
		return;
	if (mail_from(m, &from) && strcasecmp(from.spec, a.spec) != 0)
		field_addresses(h, name, &a, 1);
	mail_address_clear(&from);
	mail_address_clear(&a);
}

static void put_reply_to(struct mail *m, struct buf *h, const char *name)
{
	struct mail_list l = {0};

	mail_reply_to(m, &l);
	put_people(h, name, &l);
}

static void put_recipients(struct mail *m, struct buf *h, const char *name)
{
	struct mail_list l = {0};

	mail_recipients(m, *name == 'T' ? 1 : *name == 'C' ? 2 : 3, &l);
	put_people(h, name, &l);
}

static void put_subject(struct mail *m, struct buf *h, const char *name)
{
	const char *subject = bag_text(m->b, PidTagSubject);
	const char *prefix = bag_text(m->b, PidTagSubjectPrefix);
	const char *normal = bag_text(m->b, PidTagNormalizedSubject);
	struct buf made = buf_of(SIZE_MAX);

	/* in a PST the first two characters are the length of the prefix: MS-PST 2.5.3.1.1.1 */
	if (subject && *subject == 1 && subject[1]) {
		subject += 2;
		while (((uint8_t)*subject & 0xc0) == 0x80)
			subject++;
	}
	if (!subject && normal) {
		buf_puts(&made, prefix ? prefix : "");
		buf_puts(&made, normal);
		subject = buf_str(&made);
	}
	if (subject)
		field_text(h, name, subject);
	buf_clear(&made);
}

static void put_date(struct mail *m, struct buf *h, const char *name)
{
	int64_t t;

	if (bag_time(m->b, PidTagClientSubmitTime, &t) ||
	        bag_time(m->b, PidTagMessageDeliveryTime, &t) ||
	        bag_time(m->b, PidTagCreationTime, &t))
		field_date(h, name, t);
}

/* "<id>" of what may stand in it; ids without brackets get them. */
static void put_ids(struct buf *h, const char *name, const char *text)
{
	struct buf ids = buf_of(SIZE_MAX);

	while (text && *text) {
		size_t n;

		text += strspn(text, " \t\r\n<>,");
		n = strcspn(text, " \t\r\n<>,");
		if (n)
			buf_putf(&ids, "%s<%.*s>", ids.len ? " " : "", (int)n, text);
		text += n;
	}
	field_tokens(h, name, buf_str(&ids));
	buf_clear(&ids);
}

static void put_message_id(struct mail *m, struct buf *h, const char *name)
{
	put_ids(h, name, bag_text(m->b, PidTagInternetMessageId));
}

static void put_in_reply_to(struct mail *m, struct buf *h, const char *name)
{
	put_ids(h, name, bag_text(m->b, PidTagInReplyToId));
}

static void put_references(struct mail *m, struct buf *h, const char *name)
{
	put_ids(h, name, bag_text(m->b, PidTagInternetReferences));
}

static void put_topic(struct mail *m, struct buf *h, const char *name)
{
	const char *s = bag_text(m->b, PidTagConversationTopic);

	if (s)
		field_text(h, name, s);
}

static void put_thread(struct mail *m, struct buf *h, const char *name)
{
	size_t n = 0;
	const uint8_t *p = bag_octets(m->b, PidTagConversationIndex, 1024, &n);
	char *text = p && n ? base64_encode(p, n) : NULL;
	struct buf lines = buf_of(SIZE_MAX);

	for (size_t at = 0; text && at < strlen(text); at += 64)
		buf_putf(&lines, "%s%.64s", at ? " " : "", text + at);
	field_tokens(h, name, buf_str(&lines));
	buf_clear(&lines);
	free(text);
}

/* A word of a list, by number; the usual one is not said. */
static void put_word(
        struct buf *h, const char *name, int64_t value, const char *const *words, size_t n)
{
	if (value >= 0 && value < (int64_t)n && words[value])
		buf_putf(h, "%s: %s\r\n", name, words[value]);
}

static void put_importance(struct mail *m, struct buf *h, const char *name)
{
	static const char *const words[] = {"low", NULL, "high"};

	put_word(h, name, bag_int(m->b, PidTagImportance, 1), words, COUNT(words));
}

static void put_priority(struct mail *m, struct buf *h, const char *name)
{
	static const char *const words[] = {"non-urgent", NULL, "urgent"};

	put_word(h, name, bag_int(m->b, PidTagPriority, 0) + 1, words, COUNT(words));
}

static void put_sensitivity(struct mail *m, struct buf *h, const char *name)
{
	static const char *const words[] = {NULL, "Personal", "Private", "Company-Confidential"};

	put_word(h, name, bag_int(m->b, PidTagSensitivity, 0), words, COUNT(words));
}

static void put_receipt(struct mail *m, struct buf *h, const char *name)
{
	bool wanted = *name == 'D' ? bag_bool(m->b, PidTagReadReceiptRequested)
	                           : bag_bool(m->b, PidTagOriginatorDeliveryReportRequested);
	struct field_address a;

	if (!wanted || !mail_receipt_to(m, &a))
		return;
	field_addresses(h, name, &a, 1);
	mail_address_clear(&a);
}

static void put_keywords(struct mail *m, struct buf *h, const char *name)
{
	size_t n = bag_count(m->b, PidNameKeywords);
	char **list = NULL;
	size_t k = 0, cap = 0;

	for (size_t i = 0; i < n; i++) {
		const char *s = bag_text_at(m->b, PidNameKeywords, i);

		if (s)
			*ARR_PUSH(list, k, cap) = xstrdup(s);
	}
	field_phrases(h, name, list, k);
	texts_free(list, k);
}

/* Texts and times that are a field as they are. */
static const struct plain {
	const char *field;
	bag_key key;
	bool time, tokens;
} plain[] = {
        {"List-Help", PidTagListHelp, false, true},
        {"List-Subscribe", PidTagListSubscribe, false, true},
        {"List-Unsubscribe", PidTagListUnsubscribe, false, true},
        {"Reply-By", PidTagReplyTime, true, false},
        {"Expires", PidTagExpiryTime, true, false}, /* RFC 4021 2.1.50 */
        {"Deferred-Delivery", PidTagDeferredDeliveryTime, true, false},
        {"X-Message-Flag", PidLidFlagRequest, false, false},
        {"Content-Base", PidLidPostRssItemLink, false, true}, /* as Thunderbird's feeds */
        {"X-CallingTelephoneNumber", PidTagSenderTelephoneNumber, false, false},
        {"X-VoiceMessageSenderName", PidTagVoiceMessageSenderName, false, false},
        {"X-AttachmentOrder", PidTagVoiceMessageAttachmentOrder, false, false},
        {"X-CallID", PidTagCallId, false, false},
};
/* The same of numbers. */
static const struct plain numbers[] = {
        {"X-VoiceMessageDuration", PidTagVoiceMessageDuration, false, false},
        {"X-FaxNumberOfPages", PidTagFaxNumberOfPages, false, false},
};

static void put_plain(struct mail *m, struct buf *h, const char *name)
{
	for (size_t i = 0; i < COUNT(plain); i++) {
		int64_t t;

		if (strcmp(plain[i].field, name) != 0)
			continue;
		if (plain[i].time && bag_time(m->b, plain[i].key, &t))
			field_date(h, name, t);
		else if (!plain[i].time && bag_text(m->b, plain[i].key))
			(plain[i].tokens ? field_tokens : field_text)(
			        h, name, bag_text(m->b, plain[i].key));
	}
	for (size_t i = 0; i < COUNT(numbers); i++)
		if (strcmp(numbers[i].field, name) == 0 && bag_has(m->b, numbers[i].key))
			buf_putf(h, "%s: %lld\r\n", name,
			        (long long)bag_int(m->b, numbers[i].key, 0));
}

/* In the order in which they are written. */
static const struct maker {
	const char *field;
	void (*put)(struct mail *m, struct buf *h, const char *field);
	/* how it goes with a header that came with the message and has no such field */
	enum { LEAVE, SUPPLY, COPY } without; /* COPY: a store makes it of what is there */
} makers[] = {
        {"From", put_from, SUPPLY},
        {"Sender", put_sender, COPY},
        {"Reply-To", put_reply_to, COPY},
        {"To", put_recipients, SUPPLY},
        {"Cc", put_recipients, SUPPLY},
        {"Bcc", put_recipients, SUPPLY},
        {"Subject", put_subject, SUPPLY},
        {"Date", put_date, SUPPLY},
        {"Message-ID", put_message_id, SUPPLY},
        {"In-Reply-To", put_in_reply_to, LEAVE},
        {"References", put_references, LEAVE},
        {"Thread-Topic", put_topic, COPY},
        {"Thread-Index", put_thread, COPY},
        {"Importance", put_importance, LEAVE},
        {"Priority", put_priority, LEAVE},
        {"Sensitivity", put_sensitivity, LEAVE},
        {"Disposition-Notification-To", put_receipt, LEAVE},
        {"Return-Receipt-To", put_receipt, LEAVE},
        {"Keywords", put_keywords, COPY}, /* they are keywords of the item */
        {"List-Help", put_plain, LEAVE},
        {"List-Subscribe", put_plain, LEAVE},
        {"List-Unsubscribe", put_plain, LEAVE},
        {"Reply-By", put_plain, LEAVE},
        {"Expires", put_plain, LEAVE},
        {"Deferred-Delivery", put_plain, LEAVE},
        {"X-Message-Flag", put_plain, LEAVE},
        {"Content-Base", put_plain, LEAVE},
        {"X-CallingTelephoneNumber", put_plain, LEAVE},
        {"X-VoiceMessageSenderName", put_plain, LEAVE},
        {"X-VoiceMessageDuration", put_plain, LEAVE},
        {"X-FaxNumberOfPages", put_plain, LEAVE},
        {"X-AttachmentOrder", put_plain, LEAVE},
        {"X-CallID", put_plain, LEAVE},
};

static bool is_made(const char *name)
{
	for (size_t i = 0; i < COUNT(makers); i++)
		if (strcasecmp(makers[i].field, name) == 0)
			return true;
	return false;
}

/*
 * Fields that describe a structure which is no more: those of MIME, and a length. What says
 * something else of the message (Content-Language, Content-Class ...) stays.
 */
static bool is_structure(const char *name, size_t n)
{
	static const char *const words[] = {"Type", "Transfer-Encoding", "Disposition", "ID",
	        "Description", "Length", "MD5", "Location", "Features", "Duration"};

	if (text_is(name, n, "MIME-Version"))
		return true;
	if (n <= 8 || strncasecmp(name, "Content-", 8) != 0)
		return false;
	for (size_t i = 0; i < COUNT(words); i++)
		if (text_is(name + 8, n - 8, words[i]))
			return true;
	return false;
}

/* ---- PS_INTERNET_HEADERS ---- */

static bool has_field(const struct buf *h, const char *name)
{
	struct buf value = buf_of(16);
	bool found = header_find(buf_str(h), h->len, name, &value) == 1;

	buf_clear(&value);
	return found;
}

/*
 * Fields that were kept by name. With a header that came with the message they are copies; what
 * it does not have is told.
 */
static int put_named(struct mail *m, bool copies, struct err *err)
{
	enum { LOOKS_MAX = 512 }; /* fields that are looked for in the header */
	size_t looked = 0;

	for (size_t i = 0; i < m->b->n_props; i++) {
		struct bag_prop *p = &m->b->props[i];
		unsigned type = p->type;
		struct buf text;
		int rc = 0;

		if (!p->name || !p->name->text || bag_set_of(p->name->set) != PS_INTERNET_HEADERS)
			continue;
		if (type != BAG_UNICODE && type != BAG_STRING8)
			continue;
		if (is_made(p->name->text) || is_structure(p->name->text, strlen(p->name->text))) {
			p->used = true;
			continue;
		}
		if (copies) {
			p->used = looked++ < LOOKS_MAX && has_field(&m->header, p->name->text);
			continue;
		}
		if (!field_is_token(p->name->text, strlen(p->name->text)) || p->len > BAG_TEXT_MAX)
			continue;
		text = buf_of(SIZE_MAX);
		rc = bag_stream_text(m->b, p, mail_to_buf, &text, err);
		if (rc == 0)
			field_text(&m->header, p->name->text, buf_str(&text));
		p->used = true;
		buf_clear(&text);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* ---- the header that it came with ---- */

/* The field of ${n} octets at ${s}, its folded lines with it; 0: the header ends here. */
static size_t field_size(const char *s, size_t n)
{
	size_t at = 0;

	do {
		const char *lf = memchr(s + at, '\n', n - at);

		if (at == 0 && (n == 0 || s[0] == '\n' || (s[0] == '\r' && n > 1 && s[1] == '\n')))
			return 0;
		at = lf ? (size_t)(lf - s) + 1 : n;
	} while (at < n && (s[at] == ' ' || s[at] == '\t'));
	return at;
}

/* Octets of the field's name, 0: it has none. Blanks may stand before the colon (RFC 5322 4.5). */
static size_t name_size(const char *s, size_t n)
{
	size_t k = 0, at;

	while (k < n && s[k] > ' ' && s[k] < 127 && s[k] != ':')
		k++;
	for (at = k; at < n && at < HEADER_COLON_MAX - 1 && (s[at] == ' ' || s[at] == '\t'); at++)
		;
	return at < n && s[at] == ':' ? k : 0;
}

/* What stands before the first field, and is none: a From line of mbox, Exchange's own words. */
static bool is_preface(const char *s, size_t n)
{
	static const char exchange[] = "Microsoft Mail Internet Headers Version";

	return (n > 5 && memcmp(s, "From ", 5) == 0 && name_size(s, n) == 0) ||
	       (n >= sizeof exchange - 1 && memcmp(s, exchange, sizeof exchange - 1) == 0);
}

/*
 * The header with LF at the end of each line, from its first field on. Some programs end lines
 * with CR CR LF, or all of them with CR. Any other CR is a blank, as by a line of its own a
 * value would become a field, or the end of the header.
 */
static void even_lines(const char *text, struct buf *out)
{
	const char *lf = strchr(text, '\n');
	bool has_lf = lf && lf[strspn(lf, "\r\n \t")];

	for (text += strspn(text, "\r\n \t"); *text; text++) {
		size_t crs = strspn(text, "\r");

		if (crs == 0) {
			buf_putc(out, *text);
			continue;
		}
		text += crs - 1;
		for (size_t i = 0; text[1] != '\n' && i < (has_lf ? 1 : crs); i++)
			buf_putc(out, has_lf && text[1] ? ' ' : '\n');
	}
}

/* Its fields with CRLF, those of MIME left out, up to its end; false: it has none. */
static bool take_transport(const char *text, struct buf *out)
{
	struct mail_lines lines = {mail_to_buf, out, false};
	struct buf even = buf_of(SIZE_MAX);
	const char *s;
	size_t n, size, blanks;
	bool any = false;

	even_lines(text, &even);
	s = buf_str(&even);
	n = even.len;
	if (is_preface(s, n)) {
		size = field_size(s, n);
		s += size;
		n -= size;
	}
	for (; n && (size = field_size(s, n)) > 0; s += size, n -= size) {
		size_t name = name_size(s, size);

		if (name && is_structure(s, name))
			continue;
		any |= name > 0;
		blanks = name ? strspn(s + name, " \t") : 0; /* no server takes them */
		if (mail_lines_write(&lines, s, name, NULL) < 0 ||
		        mail_lines_write(&lines, s + name + blanks, size - name - blanks, NULL) < 0)
			break;
		if (out->len && out->data[out->len - 1] != '\n' && buf_adds(out, "\r\n") < 0)
			break;
	}
	buf_clear(&even);
	return any;
}

static int mend_to_buf(void *buf, const void *p, size_t n, struct err *err)
{
	return mail_to_buf(buf, p, n, err);
}

/* A word of over 998 octets, which no fold at a blank makes shorter, is parted. */
static void part_lines(struct buf *h)
{
	struct buf out = buf_of(SIZE_MAX);
	size_t n, most = 998;

	for (const char *s = buf_str(h), *end = s + h->len; s < end; s += n) {
		size_t line = strcspn(s, "\r\n");

		n = line > most ? most : line + strspn(s + line, "\r\n");
		buf_put(&out, s, n);
		if (line > most)
			buf_puts(&out, "\r\n ");
		most = line > most ? 997 : 998; /* a blank is before it */
	}
	buf_swap(h, &out);
	buf_clear(&out);
}

/* Lines that no server takes (8-bit, too long, no field) in a form that all of them take. */
static int mend_header(struct buf *h, struct err *err)
{
	enum { WHAT = MEND_8BIT | MEND_LONG | MEND_NUL | MEND_FIELDS };
	static const uint8_t no_cover[SHA256_LEN];
	struct mend *look = mend_new(WHAT, no_cover);
	struct buf out = buf_of(MAIL_HEADER_MAX);
	int rc = 0;

	buf_puts(h, "\r\n");
	mend_look(look, h->data, h->len);
	if (mend_flaws(look)) {
		mend_start(look, mend_to_buf, &out);
		rc = mend_add(look, h->data, h->len, err);
		if (rc == 0)
			rc = mend_end(look, err);
		if (rc == 0)
			buf_swap(h, &out);
		if (rc == 0 && mend_flaws(look) & MEND_LONG)
			part_lines(h);
	}
	if (h->len >= 2)
		h->len -= 2; /* the empty line again */
	h->data[h->len] = '\0';
	buf_clear(&out);
	mend_free(look);
	return rc;
}

bool mail_header_was(struct mail *m, const char *name, struct buf *out)
{
	const char *text = bag_text(m->b, PidTagTransportMessageHeaders);
	struct buf even = buf_of(SIZE_MAX);
	bool found;

	if (!text)
		return false;
	even_lines(text, &even);
	found = header_find(buf_str(&even), even.len, name, out) == 1;
	buf_clear(&even);
	return found;
}

/*
 * A field beside the header that it came with. What stands there counts, the property is a copy
 * of it; what only the property says is added if a message must have it, and else stays
 * without a home. Whom Bcc names no header that was on its way says.
 */
static void put_beside(struct mail *m, const struct maker *k, bool people)
{
	struct bag *b = m->b;
	struct buf made = buf_of(SIZE_MAX); /* of any number of recipients */
	bool there = has_field(&m->header, k->field) ||
	             (k->put == put_importance && has_field(&m->header, "X-Priority")) ||
	             (k->put == put_importance && has_field(&m->header, "X-MSMail-Priority"));
	bool known = people && k->put == put_recipients && strcmp(k->field, "Bcc") != 0;
	bool *used = xcalloc(b->n_props + 1, sizeof *used);

	for (size_t i = 0; i < b->n_props; i++)
		used[i] = b->props[i].used;
	k->put(m, &made, k->field);
	if (!there && k->without == SUPPLY && !known) {
		buf_put(&m->header, made.data, made.len);
	} else if (!there && made.len && k->without == LEAVE) {
		for (size_t i = 0; i < b->n_props; i++)
			b->props[i].used = used[i];
	}
	free(used);
	buf_clear(&made);
}

int mail_header(struct mail *m, struct err *err)
{
	const char *text = bag_text(m->b, PidTagTransportMessageHeaders);
	struct buf came = buf_of(MAIL_HEADER_MAX);
	int rc = 0;

	buf_init(&m->header, SIZE_MAX);
	if (text && take_transport(text, &came)) {
		bool people;

		rc = mend_header(&came, err);
		buf_swap(&m->header, &came);
		m->header.cap = SIZE_MAX - 1;
		people = has_field(&m->header, "To") || has_field(&m->header, "Cc") ||
		         has_field(&m->header, "Bcc");
		for (size_t i = 0; rc == 0 && i < COUNT(makers); i++)
			put_beside(m, &makers[i], people);
		if (rc == 0)
			rc = put_named(m, true, err);
	} else {
		for (size_t i = 0; i < COUNT(makers); i++)
			makers[i].put(m, &m->header, makers[i].field);
		rc = put_named(m, false, err);
	}
	buf_clear(&came);
	return rc;
}
