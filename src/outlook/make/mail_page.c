/* Code pages of Windows for charsets of messages (RFC 2978, WHATWG's labels). */
#include <stdlib.h>
#include <string.h>
#include "outlook/make/mail.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

static const struct {
	const char *charset;
	unsigned page;
} pages[] = {
        {"ansi_x3.4-1968", 20127},
        {"ascii", 20127},
        {"big5", 950},
        {"cp932", 932},
        {"cp936", 936},
        {"cp949", 949},
        {"cp950", 950},
        {"euc-jp", 51932},
        {"euc-kr", 51949},
        {"gb18030", 54936},
        {"gb2312", 936},
        {"gbk", 936},
        {"iso-2022-jp", 50220},
        {"iso-2022-kr", 50225},
        {"iso-8859-11", 874},
        {"iso-8859-13", 28603},
        {"iso-8859-15", 28605},
        {"iso-8859-8-i", 38598},
        {"koi8-r", 20866},
        {"koi8-u", 21866},
        {"ks_c_5601-1987", 949},
        {"latin1", 28591},
        {"macintosh", 10000},
        {"ms_kanji", 932},
        {"shift-jis", 932},
        {"shift_jis", 932},
        {"sjis", 932},
        {"tis-620", 874},
        {"us-ascii", 20127},
        {"utf-7", 65000},
        {"utf-8", 65001},
        {"utf8", 65001},
        {"windows-31j", 932},
        {"windows-874", 874},
        {"windows-949", 949},
        {"x-gbk", 936},
        {"x-sjis", 932},
};

/* The number behind ${prefix}, from ${from} to ${to}; 0: it is another word. */
static unsigned numbered(const char *charset, const char *prefix, unsigned from, unsigned to)
{
	size_t n = strlen(prefix), digits;
	int number;

	if (strncmp(charset, prefix, n) != 0)
		return 0;
	digits = strspn(charset + n, "0123456789");
	if (digits == 0 || digits > 4 || charset[n + digits])
		return 0;
	number = text_number(charset + n, digits);
	return number >= (int)from && number <= (int)to ? (unsigned)number : 0;
}

unsigned in_page(const char *charset)
{
	unsigned n;

	for (size_t i = 0; i < COUNT(pages); i++)
		if (strcmp(pages[i].charset, charset) == 0)
			return pages[i].page;
	n = numbered(charset, "windows-", 1250, 1258);
	n = n ? n : numbered(charset, "cp", 1250, 1258);
	if (n)
		return n;
	n = numbered(charset, "iso-8859-", 1, 9);
	n = n ? n : numbered(charset, "iso8859-", 1, 9);
	return n ? 28590 + n : 0;
}
