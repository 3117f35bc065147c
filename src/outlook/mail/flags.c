/* What a store knows of a message beside its octets: flags, keywords, dates. */
#include <stdlib.h>
#include <string.h>
#include "outlook/mail/mail.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/format/mutf7.h"

/* As FLAG_* of items. */
enum { SEEN = 1, ANSWERED = 2, FLAGGED = 4, DRAFT = 16 };
/* PidTagMessageFlags, MS-OXCMSG 2.2.1.6; PidTagFlagStatus, MS-OXOFLAG 2.2.1.1 */
enum { MF_READ = 1, MF_UNSENT = 8, STATUS_FLAGGED = 2 };
/* PidTagLastVerbExecuted and PidTagIconIndex, MS-OXOMSG 2.2.2.19 and 2.2.2.20 */
enum { VERB_REPLY = 102, VERB_REPLY_ALL = 103, VERB_FORWARD = 104 };
enum { ICON_REPLIED = 0x105, ICON_FORWARDED = 0x106 };

static void add_word(struct buf *out, const char *word)
{
	if (*word == '\0' || text_has_word(buf_str(out), word, strlen(word)))
		return;
	if (out->len)
		buf_putc(out, ' ');
	buf_puts(out, word);
}

/* As restore spells labels: modified UTF-7, '_' for what no atom of IMAP holds. */
static void add_category(struct buf *out, const char *category)
{
	struct buf word = buf_of(SIZE_MAX);
	size_t n = strlen(category);

	text_trim(&category, &n);
	if (mutf7_encode(category, n, &word)) {
		for (size_t i = 0; i < word.len; i++) {
			uint8_t c = word.data[i];

			if (c <= ' ' || c >= 127 || strchr("(){%*\"\\]", c))
				word.data[i] = '_';
		}
		add_word(out, buf_str(&word));
	}
	buf_clear(&word);
}

static char *take_keywords(struct bag *b, bool forwarded)
{
	struct buf out = buf_of(SIZE_MAX);
	size_t n = bag_count(b, PidNameKeywords);

	if (forwarded)
		add_word(&out, "$Forwarded");
	for (size_t i = 0; i < n; i++) {
		const char *s = bag_text_at(b, PidNameKeywords, i);

		if (s)
			add_category(&out, s);
	}
	if (out.len)
		return buf_take(&out);
	buf_clear(&out);
	return NULL;
}

void mail_state(struct bag *b, struct outlook_made *made)
{
	int64_t flags = bag_int(b, PidTagMessageFlags, MF_READ);
	int64_t verb = bag_int(b, PidTagLastVerbExecuted, 0), icon = bag_int(b, PidTagIconIndex, 0);
	int64_t icons = bag_int(b, PidTagFollowupIcon, 0);
	/* outlook_make says both, one of them by the icon alone */
	bool forwarded = verb == VERB_FORWARD || icon == ICON_FORWARDED;
	bool replied =
	        verb == VERB_REPLY || verb == VERB_REPLY_ALL || (verb == 0 && icon == ICON_REPLIED);
	int64_t t;

	made->form = OUTLOOK_MAIL;
	made->flags = (uint16_t)((flags & MF_READ ? SEEN : 0) | (replied ? ANSWERED : 0) |
	                         (flags & MF_UNSENT ? DRAFT : 0));
	/* a mark without a status is of programs before Outlook 2003; 1 is completed */
	if (bag_int(b, PidTagFlagStatus, icons ? STATUS_FLAGGED : 0) == STATUS_FLAGGED)
		made->flags |= FLAGGED;
	made->keywords = take_keywords(b, forwarded);
	made->date_utc = INT64_MIN;
	if (bag_time(b, PidTagMessageDeliveryTime, &t) || bag_time(b, PidTagClientSubmitTime, &t) ||
	        bag_time(b, PidTagCreationTime, &t))
		made->date_utc = t;
}
