#ifndef VALISE_OUTLOOK_READ_PST_SUMS_H
#define VALISE_OUTLOOK_READ_PST_SUMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Every block and page of a PST has a checksum (MS-PST 2.2.2.7.1, 2.2.2.8.1), which libpff
 * looks at and says nothing of. So what it reads is looked at on its way.
 */
enum pst_kind { PST_NO_SUMS, PST_ANSI, PST_UNICODE, PST_4K };
/* By the head of the file, MS-PST 2.2.2.6 (wVer). */
enum pst_kind pst_kind_of(const uint8_t *head, size_t n);
/* False: ${n} octets that were read at once are no block or page that its sum says. */
bool pst_sound(enum pst_kind kind, const uint8_t *p, size_t n);

#endif
