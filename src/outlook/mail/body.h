#ifndef VALISE_OUTLOOK_MAIL_BODY_H
#define VALISE_OUTLOOK_MAIL_BODY_H

#include "outlook/mail/mail.h"
#include "valise/outlook/rtf.h"

/* PidTagNativeBody, MS-OXCMSG 2.2.1.58.2 */
enum { NATIVE_TEXT = 1, NATIVE_RTF = 2, NATIVE_HTML = 3 };

/* Which texts of an item are given. */
struct mail_choice {
	bool text, html; /* those of their own properties */
	bool rtf_text, rtf_html; /* what is in the RTF instead */
	bool attach; /* the RTF itself, as it says more */
};
/* ${rtf}: RTF_NONE if there is none, or nobody looked. */
struct mail_choice mail_body_choose(int64_t native, bool text, bool html, enum rtf_was rtf);

#endif
