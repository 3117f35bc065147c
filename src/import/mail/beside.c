/* Flags and dates in names of messages, and in files beside them. Pure. */
#include <stdlib.h>
#include <string.h>
#include "import/plan.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/format/mutf7.h"
#include "valise/tree/model.h"

/* The line of a list that begins with the number ${letter}: "0 $Label1". NULL: none. */
static const char *keyword_of(const char *list, unsigned letter, size_t *n)
{
	for (const char *p = list; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL) {
		char *end;
		unsigned long number = strtoul(p, &end, 10);

		if (end == p || *end != ' ' || number != letter)
			continue;
		*n = strcspn(end + 1, "\r\n");
		return *n ? end + 1 : NULL;
	}
	return NULL;
}

static void add_word(struct buf *out, const char *s, size_t n)
{
	if (out->len)
		buf_putc(out, ' ');
	buf_put(out, s, n);
}

unsigned maildir_flags(const char *name, bool in_new, const char *list, char **keywords_out)
{
	static const struct {
		char letter;
		unsigned flag;
	} letters[] = {{'D', FLAG_DRAFT}, {'F', FLAG_FLAGGED}, {'R', FLAG_ANSWERED},
	        {'S', FLAG_SEEN}, {'T', FLAG_DELETED}};
	const char *info = strstr(name, "2,");
	struct buf words = buf_of(SIZE_MAX);
	unsigned flags = 0;

	*keywords_out = NULL;
	for (; info && !(info > name && strchr(":;!", info[-1])); info = strstr(info + 1, "2,"))
		;
	for (const char *p = in_new || !info ? "" : info + 2; *p && *p != ','; p++) {
		const char *word = NULL;
		size_t n = 0;

		for (size_t i = 0; i < COUNT(letters); i++)
			flags |= *p == letters[i].letter ? letters[i].flag : 0;
		if (*p == 'P')
			add_word(&words, "$Forwarded", 10);
		if (*p >= 'a' && *p <= 'z')
			word = keyword_of(list, (unsigned)(*p - 'a'), &n);
		if (word)
			add_word(&words, word, n);
	}
	if (words.len)
		*keywords_out = buf_take(&words);
	buf_clear(&words);
	return flags;
}

/* Is ${number} among "1 3-5 9"? Up to the end of the line. */
static bool holds_number(const char *p, unsigned long number)
{
	while (*p && *p != '\n') {
		char *end;
		unsigned long from = strtoul(p, &end, 10), to = from;

		if (end == p) {
			p++;
			continue;
		}
		p = end;
		if (*p == '-') {
			to = strtoul(p + 1, &end, 10);
			p = end == p + 1 ? p + 1 : end;
		}
		if (from <= number && number <= to)
			return true;
	}
	return false;
}

unsigned mh_flags(const char *sequences, const char *name, char **keywords_out)
{
	static const struct {
		const char *word;
		unsigned flag;
	} known[] = {{"unseen", 0}, {"replied", FLAG_ANSWERED}, {"flagged", FLAG_FLAGGED},
	        {"cur", 0}, {"forwarded", 0}};
	unsigned long number = strtoul(name, NULL, 10);
	struct buf words = buf_of(SIZE_MAX);
	unsigned flags = FLAG_SEEN;

	*keywords_out = NULL;
	for (const char *p = sequences; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL) {
		size_t n = strcspn(p, ":\n"), i = 0;

		if (p[n] != ':' || !holds_number(p + n + 1, number))
			continue;
		while (i < COUNT(known) && !text_is(p, n, known[i].word))
			i++;
		if (i == 0)
			flags &= ~(unsigned)FLAG_SEEN;
		else if (i < COUNT(known))
			flags |= known[i].flag;
		if (i == COUNT(known) || i == 4)
			add_word(&words, i == 4 ? "$Forwarded" : p, i == 4 ? 10 : n);
	}
	if (words.len)
		*keywords_out = buf_take(&words);
	buf_clear(&words);
	return flags;
}

int64_t maildir_seconds(const char *name)
{
	size_t n = strspn(name, "0123456789");

	/* "1700000000.M1P2.host": between 1980 and 2106 */
	if (n < 9 || n > 10 || name[n] != '.')
		return INT64_MIN;
	return strtoll(name, NULL, 10);
}

/* ${n} octets of one line as a mailbox name with '/', INBOX before it left out. */
static void read_name(const char *s, size_t n, bool tabs, struct buf *out)
{
	struct buf raw = buf_of(4096);

	if (n >= 6 && strncmp(s, "INBOX", 5) == 0 && strchr(tabs ? "\t" : "./", s[5])) {
		s += 6;
		n -= 6;
	}
	for (size_t i = 0; i < MIN(n, 2000); i++)
		buf_putc(&raw, strchr(tabs ? "\t" : "./", s[i]) ? '/' : s[i]);
	buf_reset(out);
	if (!mutf7_decode(buf_str(&raw), raw.len, out))
		buf_put(out, raw.data, raw.len);
	buf_clear(&raw);
}

bool subscribed_by(const char *list, const char *name)
{
	bool tabs = strncmp(list, "V\t2", 3) == 0, found = strcmp(name, "INBOX") == 0;
	struct buf line = buf_of(8192);

	for (const char *p = list; p && *p && !found;
	        p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL) {
		read_name(p, strcspn(p, "\r\n"), tabs, &line);
		found = line.len && strcmp(buf_str(&line), name) == 0;
	}
	buf_clear(&line);
	return found;
}
