/* What an IMAP server may refuse or change: names, keywords, messages. No server is asked. */
#include "foresee.h"
#include <stdlib.h>
#include <string.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/format/header.h"
#include "valise/format/mend.h"
#include "restore/imap/map/name.h"

enum {
	DAY = 86400,
	LEVEL_MAX = 100, /* octets of a level; of a whole name twice as many */
	KEYWORD_LEN_MAX = 50,
};

/* No header, or no empty line behind it: servers make one, or write the message otherwise. */
static bool has_odd_header(const char *head, size_t n, bool whole)
{
	if (n && (head[0] == '\n' || head[0] == '\r'))
		return true;
	return whole && header_length(head, n) == n &&
	       !(n > 2 && head[n - 1] == '\n' && (head[n - 2] == '\n' || head[n - 3] == '\n'));
}

unsigned foresee_message(const struct tree_item *it, unsigned flaws, const char *head, size_t n,
        bool whole, int64_t now)
{
	static const struct {
		unsigned flaw;
		enum predict what;
	} of[] = {{MEND_NUL, PREDICT_NUL}, {MEND_LINES, PREDICT_LINE_ENDS},
	        {MEND_END, PREDICT_FINAL_CRLF}, {MEND_FIELDS, PREDICT_HEADER},
	        {MEND_8BIT, PREDICT_8BIT}, {MEND_LONG, PREDICT_LONG_LINES}};
	unsigned bits = 0;

	for (size_t i = 0; i < COUNT(of); i++)
		bits |= flaws & of[i].flaw ? 1u << of[i].what : 0;
	if (has_odd_header(head, n, whole))
		bits |= 1u << PREDICT_HEADER;
	if (it->warn & WARN_NUL)
		bits |= 1u << PREDICT_NUL;
	if (it->date_utc <= DAY || it->date_utc > now + DAY)
		bits |= 1u << PREDICT_DATE;
	return bits;
}

const char *foresee_text(enum predict what)
{
	static const char *const texts[PREDICTS] = {
	        [PREDICT_DATE] = "its date lies in the future or before 1970",
	        [PREDICT_NUL] = "it holds NUL",
	        [PREDICT_LINE_ENDS] = "it holds bare CR or bare LF",
	        [PREDICT_FINAL_CRLF] = "it does not end with a line end",
	        [PREDICT_HEADER] = "its header is none, or holds lines that are no field",
	        [PREDICT_8BIT] = "its header holds 8-bit octets",
	        [PREDICT_LONG_LINES] = "it holds lines over 998 octets",
	};

	return texts[what];
}

/* A character that some server makes another of: beyond the BMP, or one that combines. */
static bool has_odd_character(const char *s)
{
	size_t n = strlen(s), k;
	uint32_t c;

	for (; *s; s += k ? k : 1, n -= k ? k : 1) {
		k = utf8_next(s, n, &c);
		if (k == 0 || c > 0xffff || (c >= 0x300 && c < 0x370))
			return true;
	}
	return false;
}

static bool has_long_level(const char *s)
{
	if (strlen(s) > 2 * LEVEL_MAX)
		return true;
	for (; *s; s += strcspn(s, "/"), s += *s == '/')
		if (strcspn(s, "/") > LEVEL_MAX)
			return true;
	return false;
}

const char *foresee_name(const char *content, char delimiter)
{
	const char *why = NULL;
	char *plain = name_on_target(content, delimiter, NAME_PLAIN, &why),
	     *as_is = name_on_target(content, delimiter, 0, &why);
	bool differs = strcmp(plain, as_is) != 0;

	free(plain);
	free(as_is);
	if (differs)
		return "some servers do not take its blanks or signs";
	if (has_long_level(content))
		return "it is longer than some servers take";
	if (has_odd_character(content))
		return "some servers do not take, or write otherwise, its characters";
	return NULL;
}

const char *foresee_keyword(const char *word)
{
	if (strlen(word) > KEYWORD_LEN_MAX)
		return "it is longer than some servers take";
	for (const char *p = word; *p; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
		            (*p >= '0' && *p <= '9') || strchr("$_-.", *p)))
			return "some servers do not take its signs";
	return NULL;
}
