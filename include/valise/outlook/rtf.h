#ifndef VALISE_OUTLOOK_RTF_H
#define VALISE_OUTLOOK_RTF_H

#include "valise/base/buf.h"
#include "valise/base/err.h"

/* Bodies in RTF: compressed (MS-OXRTFCP), and what was put into them (MS-OXRTFEX). */

enum { RTF_MAX = 64 << 20 }; /* octets of RTF, and of what comes of it */

/*
 * PidTagRtfCompressed as RTF: LZFu and MELA, both checked (size, CRC). ERR_DAMAGED: ${out}
 * has what could be read. ERR_LIMIT: RTF_MAX.
 */
int lzfu_inflate(const void *p, size_t n, struct buf *out, struct err *err) MUST_CHECK;

enum rtf_was {
	RTF_IS_RTF, /* written as RTF: text is only what it says, and the RTF is worth keeping */
	RTF_WAS_TEXT, /* \fromtext: plain text was put into it */
	RTF_WAS_HTML, /* \fromhtml1 */
	RTF_NONE, /* no RTF at all */
};
enum rtf_was rtf_what(const void *p, size_t n);
/**
 * rtf_extract(p, n, out, err): append, in UTF-8, what was in it: the HTML of RTF_WAS_HTML (its
 * meta charset said as utf-8 where it says one), the text of the others, lines ended by CRLF.
 * Pictures and objects of RTF_IS_RTF are left out. However damaged it is, it gives what it
 * can. ERR_LIMIT: RTF_MAX, ${out} has what came before.
 */
int rtf_extract(const void *p, size_t n, struct buf *out, struct err *err) MUST_CHECK;

#endif
