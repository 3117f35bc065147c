/* What formats for mail say besides a message's octets. */
#include "mail.h"
#include <string.h>
#include "valise/base/date.h"
#include "valise/base/mem.h"
#include "lines.h"

enum { SENDER_MAX = 254 };

void export_mail_sender(const char *from, struct buf *out)
{
	const char *start = from ? strchr(from, '<') : NULL;
	size_t n = 0, from_len = out->len;

	start = start ? start + 1 : from;
	while (start && start[n] > ' ' && start[n] < 127 && !strchr("<>,", start[n]))
		n++;
	if (n > 0 && n <= SENDER_MAX && memchr(start, '@', n))
		buf_put(out, start, n);
	if (out->len == from_len)
		buf_puts(out, "MAILER-DAEMON");
}

void mail_from_line(const char *from, int64_t utc, struct buf *out)
{
	static const char days[] = "ThuFriSatSunMonTueWed"; /* from 1 January 1970 on */
	int64_t day = utc / 86400 - (utc % 86400 < 0);
	char text[DATE_TEXT_SIZE];

	/* "17-Jul-1996 02:44:25 +0000" */
	date_format_imap(&(struct date){utc, 0, true}, text);
	buf_puts(out, "From ");
	export_mail_sender(from, out);
	buf_putf(out, " %.3s %.3s %.2s %.8s %.4s\n", days + 3 * ((day % 7 + 7) % 7), text + 3, text,
	        text + 12, text + 7);
}

void mail_status(unsigned flags, const char *keywords, struct buf *out)
{
	const struct mbox_top top = {.seen = flags & FLAG_SEEN,
	        .answered = flags & FLAG_ANSWERED,
	        .flagged = flags & FLAG_FLAGGED,
	        .deleted = flags & FLAG_DELETED,
	        .draft = flags & FLAG_DRAFT,
	        .keywords = keywords,
	        .n_keywords = strlen(keywords)};

	mbox_top_put(&top, out);
}

void mail_maildir_flags(unsigned flags, bool forwarded, const char *letters, struct buf *out)
{
	static const struct {
		unsigned flag;
		char letter;
	} before[] = {{FLAG_DRAFT, 'D'}, {FLAG_FLAGGED, 'F'}},
	  after[] = {{FLAG_ANSWERED, 'R'}, {FLAG_SEEN, 'S'}, {FLAG_DELETED, 'T'}};

	for (size_t i = 0; i < COUNT(before); i++)
		if (flags & before[i].flag)
			buf_putc(out, before[i].letter);
	if (forwarded)
		buf_putc(out, 'P');
	for (size_t i = 0; i < COUNT(after); i++)
		if (flags & after[i].flag)
			buf_putc(out, after[i].letter);
	buf_puts(out, letters);
}

void mail_altered(struct export_run *run, const struct tree_coll *c, const struct tree_item *it,
        unsigned seen, bool mbox)
{
	static const struct {
		unsigned bit;
		bool mbox;
		const char *text;
	} texts[] = {
	        {LINES_NOT_CRLF, false,
	                "it has line ends other than CRLF, which are LF here like the others"},
	        {LINES_NO_END, true, "its last line has no end, and gets one"},
	        {LINES_RENAMED, true,
	                "fields of its header that speak of an mbox are called X-Original-..."},
	        {LINES_BLANK_FIRST, true,
	                "its first line begins with a blank, and is taken for a part of the field "
	                "before it"},
	};
	struct buf said = buf_of(1000);

	for (size_t i = 0; i < COUNT(texts); i++)
		if (seen & texts[i].bit && (mbox || !texts[i].mbox))
			buf_putf(&said, "%s%s", said.len ? "; " : "", texts[i].text);
	if (said.len)
		export_altered(run, c, it, "%s", buf_str(&said));
	buf_clear(&said);
}
