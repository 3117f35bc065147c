/* Flags in fields of the header, as mail programs keep them there. Pure. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "import/mail/mail.h"
#include "valise/base/mem.h"
#include "valise/format/header.h"

enum { VALUE_MAX = 65536 };

static const struct letter {
	const char *field;
	char letter;
	uint16_t flag;
} letters[] = {
        {"Status", 'R', FLAG_SEEN},
        {"Status", 'D', FLAG_DELETED},
        {"X-Status", 'A', FLAG_ANSWERED},
        {"X-Status", 'F', FLAG_FLAGGED},
        {"X-Status", 'D', FLAG_DELETED},
        {"X-Status", 'T', FLAG_DRAFT},
};
static const struct bit {
	const char *field;
	unsigned long bit;
	uint16_t flag;
	const char *keyword;
} bits[] = {
        {"X-Mozilla-Status", 0x0001, FLAG_SEEN, NULL},
        {"X-Mozilla-Status", 0x0002, FLAG_ANSWERED, NULL},
        {"X-Mozilla-Status", 0x0004, FLAG_FLAGGED, NULL},
        {"X-Mozilla-Status", 0x1000, 0, "$Forwarded"},
        {"X-Mozilla-Status2", 0x00200000, FLAG_DELETED, NULL},
        {"X-Mozilla-Status2", 0x00800000, 0, "$MDNSent"},
};
enum { MOZILLA_EXPUNGED = 0x0008 };

static void add_words(struct buf *out, const char *s)
{
	while (*s) {
		size_t n;

		s += strspn(s, " \t\r\n,");
		n = strcspn(s, " \t\r\n,");
		if (n && out->len)
			buf_putc(out, ' ');
		buf_put(out, s, n);
		s += n;
	}
}

/* No header has these fields that does not have their letters: most have none of them. */
static bool may_have(const char *head, size_t n)
{
	for (const char *p = head; p && n;) {
		const char *next;

		if ((n > 2 && strncasecmp(p, "X-", 2) == 0) ||
		        (n > 7 && strncasecmp(p, "Status:", 7) == 0) ||
		        (n > 7 && strncasecmp(p, "Status ", 7) == 0))
			return true;
		next = memchr(p, '\n', n);
		n -= next ? (size_t)(next + 1 - p) : n;
		p = next ? next + 1 : NULL;
	}
	return false;
}

static void read_letters(const char *head, size_t n, struct mail_status *out)
{
	struct buf value = buf_of(VALUE_MAX);
	const char *of = "";

	for (size_t i = 0; i < COUNT(letters); i++) {
		if (strcmp(of, letters[i].field) != 0) {
			buf_reset(&value);
			(void)header_find(head, n, letters[i].field, &value);
			of = letters[i].field;
		}
		/* "Status: RO", of mail alone: "Status: delivered" is something else */
		if (value.len <= 8 && strspn(buf_str(&value), "RODFATUN ") == value.len &&
		        memchr(value.data, letters[i].letter, value.len))
			out->flags |= letters[i].flag;
	}
	buf_clear(&value);
}

/*
 * Thunderbird writes its fields at the top of a message; one that arrived with such a field in
 * its header was deleted elsewhere, if at all.
 */
static bool is_at_top(const char *head, size_t n)
{
	static const char *const before[] = {"X-Account-Key:", "X-UIDL:", "X-Mozilla-"};

	for (size_t at = 0; at < n;) {
		const char *p = head + at, *end = memchr(p, '\n', n - at);
		bool known = *p == ' ' || *p == '\t';

		if (n - at > 17 && strncasecmp(p, "X-Mozilla-Status:", 17) == 0)
			return true;
		for (size_t i = 0; i < COUNT(before) && !known; i++)
			known = n - at > strlen(before[i]) &&
			        strncasecmp(p, before[i], strlen(before[i])) == 0;
		if (!known || !end)
			return false;
		at = (size_t)(end - head) + 1;
	}
	return false;
}

static void read_bits(const char *head, size_t n, struct mail_status *out, struct buf *words)
{
	struct buf value = buf_of(VALUE_MAX);
	const char *of = "";
	unsigned long number = 0;

	for (size_t i = 0; i < COUNT(bits); i++) {
		if (strcmp(of, bits[i].field) != 0) {
			buf_reset(&value);
			number = header_find(head, n, bits[i].field, &value)
			                 ? strtoul(buf_str(&value), NULL, 16)
			                 : 0;
			of = bits[i].field;
			out->expunged |= i == 0 && number & MOZILLA_EXPUNGED && is_at_top(head, n);
		}
		if (!(number & bits[i].bit))
			continue;
		out->flags |= bits[i].flag;
		if (bits[i].keyword)
			add_words(words, bits[i].keyword);
	}
	buf_clear(&value);
}

/* The message that c-client, and programs after it, keep at the beginning of a mailbox. */
static bool is_internal(const char *head, size_t n)
{
	static const char subject[] = "DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA";
	struct buf value = buf_of(VALUE_MAX);
	bool is = header_find(head, n, "Subject", &value) && !strcmp(buf_str(&value), subject);

	buf_reset(&value);
	is = is &&
	     (header_find(head, n, "X-IMAP", &value) || header_find(head, n, "X-IMAPbase", &value));
	buf_clear(&value);
	return is;
}

void mail_status_read(const char *head, size_t n, struct mail_status *out)
{
	static const char *const lists[] = {"X-Keywords", "X-Mozilla-Keys"};
	struct buf words = buf_of(SIZE_MAX), value = buf_of(VALUE_MAX);

	*out = (struct mail_status){0};
	if (!may_have(head, n))
		return;
	read_letters(head, n, out);
	read_bits(head, n, out, &words);
	for (size_t i = 0; i < COUNT(lists); i++) {
		buf_reset(&value);
		if (header_find(head, n, lists[i], &value))
			add_words(&words, buf_str(&value));
	}
	out->internal = is_internal(head, n);
	if (words.len)
		out->keywords = buf_take(&words);
	buf_clear(&words);
	buf_clear(&value);
}

void mail_status_clear(struct mail_status *s)
{
	free(s->keywords);
}
