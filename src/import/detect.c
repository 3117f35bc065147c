/* What a file is, told from its first octets. Pure. */
#include "import/detect.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "valise/base/date.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/outlook/read.h"

static bool begins(const char *s, size_t n, const char *with)
{
	return n >= strlen(with) && memcmp(s, with, strlen(with)) == 0;
}

/* The same whatever the case, after blanks and a byte order mark. */
static bool begins_component(const char *s, size_t n, const char *with)
{
	size_t bom = text_bom(s, n);

	s += bom;
	n -= bom;
	while (n && strchr(" \t\r\n", *s) && *s) {
		s++;
		n--;
	}
	return n >= strlen(with) && strncasecmp(s, with, strlen(with)) == 0;
}

bool looks_like_field(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && s[i] > ' ' && s[i] < 127 && s[i] != ':')
		i++;
	if (i == 0)
		return false;
	while (i < n && (s[i] == ' ' || s[i] == '\t')) /* obsolete syntax: RFC 5322 4.5 */
		i++;
	return i < n && s[i] == ':';
}

/* The tokens of a From line, from its end: they are a date there. */
static size_t split_blanks(const char *s, size_t n, const char **tokens, size_t *lens, size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < n;) {
		size_t from;

		while (i < n && (s[i] == ' ' || s[i] == '\t'))
			i++;
		from = i;
		while (i < n && s[i] != ' ' && s[i] != '\t')
			i++;
		if (i == from)
			break;
		if (count == max) { /* the first ones are who sent it */
			memmove(tokens, tokens + 1, (max - 1) * sizeof *tokens);
			memmove(lens, lens + 1, (max - 1) * sizeof *lens);
			count--;
		}
		tokens[count] = s + from;
		lens[count++] = i - from;
	}
	return count;
}

static int place_of(const char *s, size_t n, const char *words)
{
	for (int i = 0; words[(size_t)i * 3] && n >= 3; i++)
		if (strncasecmp(words + (size_t)i * 3, s, 3) == 0)
			return i;
	return -1;
}

static bool is_number(const char *s, size_t n, size_t least, size_t most)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	return n >= least && n <= most;
}

/* "10:00", "10:00:59" */
static bool is_clock(const char *s, size_t n)
{
	return (n == 4 || n == 5 || n == 7 || n == 8) && memchr(s, ':', n) && s[n - 1] >= '0' &&
	       s[n - 1] <= '9' && s[0] >= '0' && s[0] <= '2';
}

static bool is_zone(const char *s, size_t n)
{
	bool letters = n > 0 && n <= 5;

	for (size_t i = 0; i < n; i++)
		letters = letters && s[i] >= 'A' && s[i] <= 'Z';
	return letters || (n == 5 && (*s == '+' || *s == '-') && is_number(s + 1, 4, 4, 4));
}

/*
 * asctime, "Sat Nov  3 10:00:00 2018", with a zone before or after the year: put into the
 * order of RFC 5322, and read as that.
 */
static bool read_asctime(const char *const *t, const size_t *l, size_t n, struct from_line *out)
{
	char text[64];
	struct date d;
	const char *zone = NULL;
	size_t zone_len = 0, year = 4;

	if (n < 5 || place_of(t[0], l[0], "SunMonTueWedThuFriSat") < 0 || l[0] != 3 ||
	        place_of(t[1], l[1], "JanFebMarAprMayJunJulAugSepOctNovDec") < 0 || l[1] != 3 ||
	        !is_number(t[2], l[2], 1, 2) || !is_clock(t[3], l[3]))
		return false;
	if (n > 5 && is_zone(t[4], l[4])) {
		zone = t[4];
		zone_len = l[4];
		year = 5;
	}
	if (!is_number(t[year], l[year], 4, 4))
		return false;
	if (n > year + 1 && !zone && is_zone(t[year + 1], l[year + 1])) {
		zone = t[year + 1];
		zone_len = l[year + 1];
	}
	snprintf(text, sizeof text, "%.*s %.*s %.*s %.*s%s %.*s", (int)l[2], t[2], (int)l[1], t[1],
	        4, t[year], (int)l[3], t[3], l[3] == 4 || l[3] == 5 ? ":00" : "",
	        zone ? (int)zone_len : 5, zone ? zone : "+0000");
	if (!date_parse_rfc5322(text, strlen(text), &d))
		return true; /* a date that no calendar has is one of a From line all the same */
	out->utc = d.utc;
	out->zone_min = d.zone_min;
	out->zoned = zone != NULL;
	return true;
}

/* "Sat, 03 Nov 2018 10:00:00 +0000", as some programs write it there. */
static bool read_rfc5322(const char *const *t, const size_t *l, size_t n, struct from_line *out)
{
	const char *end;
	struct date d;

	if (n < 5 || l[0] != 4 || t[0][3] != ',' || place_of(t[0], 3, "SunMonTueWedThuFriSat") < 0)
		return false;
	end = t[n - 1] + l[n - 1];
	if (!date_parse_rfc5322(t[0], (size_t)(end - t[0]), &d))
		return false;
	out->utc = d.utc;
	out->zone_min = d.zone_min;
	out->zoned = true;
	return true;
}

bool from_line_read(const char *s, size_t n, struct from_line *out)
{
	enum { TOKENS = 12, LINE_MAX_OCTETS = 1024 };
	const char *t[TOKENS];
	size_t l[TOKENS], count;

	*out = (struct from_line){.utc = INT64_MIN};
	while (n && (s[n - 1] == '\r' || s[n - 1] == '\n'))
		n--;
	if (!begins(s, n, "From ") || n > LINE_MAX_OCTETS)
		return false;
	out->thunderbird = begins(s, n, "From - ");
	count = split_blanks(s + 5, n - 5, t, l, TOKENS);
	for (size_t i = 0; i + 5 <= count; i++)
		if (read_asctime(t + i, l + i, count - i, out) ||
		        read_rfc5322(t + i, l + i, count - i, out))
			return true;
	return false;
}

/* How many lines, from the first, are header fields that mail has? */
static unsigned count_mail_fields(const char *s, size_t n, bool *all_out)
{
	static const char *const known[] = {"from", "to", "date", "subject", "received",
	        "message-id", "return-path", "mime-version", "content-type", "delivered-to",
	        "sender", "reply-to", "cc", "bcc", "x-mozilla-status", "x-mozilla-keys",
	        "dkim-signature", "authentication-results", "x-originating-ip", "x-mailer",
	        "content-transfer-encoding", "in-reply-to", "references", "x-received",
	        "envelope-to", "x-original-to", "status", "user-agent", "x-account-key", "list-id",
	        "resent-from", "arc-seal", "newsgroups", "x-uidl", "x-priority"};
	unsigned found = 0;

	*all_out = n > 0;
	for (size_t i = 0; i < n;) {
		const char *line = s + i, *end = memchr(line, '\n', n - i);
		size_t len = end ? (size_t)(end - line) : n - i, name = 0;

		i += len + 1;
		if (len == 0 || (len == 1 && *line == '\r'))
			return found;
		if (*line == ' ' || *line == '\t') {
			*all_out = *all_out && line != s;
			continue;
		}
		/* A line that the end of the head cuts is passed over. */
		if (!looks_like_field(line, len)) {
			*all_out = *all_out && !end && len < n;
			return found;
		}
		name = strcspn(line, ": \t");
		for (size_t k = 0; k < COUNT(known); k++)
			found += text_is(line, name, known[k]);
	}
	return found;
}

/* "12345   " and LF, then a header. */
static bool is_emlx(const char *s, size_t n)
{
	size_t i = strspn(s, "0123456789"), digits = i;

	while (i < n && (s[i] == ' ' || s[i] == '\r'))
		i++;
	return digits > 0 && digits < 16 && i < n && s[i] == '\n' &&
	       looks_like_field(s + i + 1, n - i - 1);
}

static const struct {
	size_t at, n;
	const char *magic, *why;
} foreign[] = {
        {0, 4, "!BDN", "a data file of Outlook, but no PST or OST"},
        {0, 4, "\xcf\xad\x12\xfe", "a folder of Outlook Express (DBX), which is not read here"},
        {0, 5, "*mbx*", "a mailbox in the MBX format of UW IMAP, which is not read here"},
        {0, 5, "\1\1\1\1\n", "a mailbox in the MMDF format, which is not read here"},
        {0, 13, "BABYL OPTIONS", "a mailbox in the Babyl format, which is not read here"},
        {0, 3, "2 M", "a mailbox in the dbox format of Dovecot, which is not read here"},
        {0, 3, "BZh", "compressed with bzip2, which is not read here"},
        {0, 6,
                "\xfd"
                "7zXZ\0",
                "compressed with xz, which is not read here"},
        {0, 4, "\x28\xb5\x2f\xfd", "compressed with zstd, which is not read here"},
        {0, 4, "\x04\x22\x4d\x18", "compressed with lz4, which is not read here"},
};

/* Of these many are no mail at all: what their names say counts; NULL: it is to be mail. */
static bool is_meant(size_t i, const char *name)
{
	static const char *const ends[] = {".bz2", ".xz", ".zst", ".lz4"};
	bool meant = !name || i < 5;

	for (size_t k = 0; k < COUNT(ends) && !meant; k++)
		meant = text_ends_with(name, ends[k]);
	return meant || (i == 5 && strspn(name, "mu.0123456789") == strlen(name));
}

static const char *is_foreign(const char *s, size_t n, const char *name)
{
	for (size_t i = 0; i < COUNT(foreign); i++)
		if (n >= foreign[i].at + foreign[i].n &&
		        memcmp(s + foreign[i].at, foreign[i].magic, foreign[i].n) == 0)
			return is_meant(i, name) ? foreign[i].why : NULL;
	return NULL;
}

static bool is_mbox(const char *s, size_t n)
{
	size_t skip = 0;
	const char *end;
	struct from_line f;

	while (skip < n && (s[skip] == '\n' || s[skip] == '\r'))
		skip++;
	end = memchr(s + skip, '\n', n - skip);
	return end && from_line_read(s + skip, (size_t)(end - s) - skip, &f);
}

/* As programs of the Mac wrote them before OS X. */
static bool is_mbox_of_cr(const char *s, size_t n)
{
	const char *end = memchr(s, '\r', n);
	struct from_line f;

	return end && !memchr(s, '\n', n) && from_line_read(s, (size_t)(end - s), &f);
}

/*
 * A mail has fields from its first line to an empty one, two of which only mail has; a file
 * that says by its name that it is one, one.
 */
static bool is_eml(const char *s, size_t n, const char *name)
{
	bool all, named = name && text_ends_with(name, ".eml");
	unsigned fields = count_mail_fields(s, n, &all);

	return fields >= (named ? 1u : 3u) || (all && fields >= 2);
}

/* UTF-16 with its mark, as far as it is ASCII: calendars and cards are met so. */
static size_t narrow(char *s, size_t n)
{
	bool big = n > 2 && begins(s, n, "\xfe\xff"), little = n > 2 && begins(s, n, "\xff\xfe");
	size_t kept = 0;

	if (!big && !little)
		return n;
	for (size_t i = 2; i + 1 < n; i += 2)
		s[kept++] = s[i + little] ? '?' : s[i + big];
	s[kept] = '\0';
	return kept;
}

enum import_what import_detect(const void *head, size_t n, const char *name, const char **why_out)
{
	char s[4097];
	bool all;

	*why_out = NULL;
	n = MIN(n, sizeof s - 1);
	memcpy(s, head, n);
	s[n] = '\0';
	if (n == 0)
		return WHAT_EMPTY;
	if (begins(s, n, "\x1f\x8b"))
		return WHAT_GZIP;
	if (outlook_detect(s, n, name) != OUTLOOK_NONE)
		return WHAT_OUTLOOK;
	*why_out = is_foreign(s, n, name);
	if (!*why_out && is_mbox_of_cr(s, n))
		*why_out = "a mailbox whose lines end in CR alone, which is not read here";
	if (*why_out)
		return WHAT_FOREIGN;
	if (is_mbox(s, n))
		return WHAT_MBOX;
	n = narrow(s, n);
	if (begins_component(s, n, "BEGIN:VCALENDAR"))
		return WHAT_ICS;
	if (begins_component(s, n, "BEGIN:VCARD"))
		return WHAT_VCF;
	if (is_emlx(s, n) && count_mail_fields(strchr(s, '\n') + 1,
	                             n - (size_t)(strchr(s, '\n') + 1 - s), &all) > 0)
		return WHAT_EMLX;
	return is_eml(s, n, name) ? WHAT_EML : WHAT_NONE;
}
