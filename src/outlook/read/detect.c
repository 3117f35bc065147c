/* Which of Outlook's files octets are: MS-PST 2.2.2.6, MS-CFB 2.2, MS-OXTNEF 2.1.3.1. */
#include <string.h>
#include "valise/base/text.h"
#include "valise/outlook/read.h"
#include "valise/base/le.h"

static const uint8_t cfb_magic[] = {0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1};
enum {
	TNEF_SIGNATURE = 0x223e9f78,
	PST_CLIENT_AT = 8, /* wMagicClient: SM of a PST, SO of an OST; AB is an address book */
};

static bool is_pst(const uint8_t *p, size_t n)
{
	return n >= PST_CLIENT_AT + 2 && memcmp(p, "!BDN", 4) == 0 && p[PST_CLIENT_AT] == 'S' &&
	       (p[PST_CLIENT_AT + 1] == 'M' || p[PST_CLIENT_AT + 1] == 'O');
}

/* A signature, a key, and an attribute of the message: its level is 1. */
static bool is_tnef(const uint8_t *p, size_t n)
{
	return n >= 7 && le_get(p, 4) == TNEF_SIGNATURE && p[6] == 1;
}

enum outlook_file outlook_detect(const void *head, size_t n, const char *name)
{
	const uint8_t *p = head;

	if (is_pst(p, n))
		return OUTLOOK_PST;
	if (is_tnef(p, n))
		return OUTLOOK_TNEF;
	if (n >= sizeof cfb_magic && memcmp(p, cfb_magic, sizeof cfb_magic) == 0 && name &&
	        (text_ends_with(name, ".msg") || text_ends_with(name, ".oft")))
		return OUTLOOK_MSG;
	return OUTLOOK_NONE;
}
