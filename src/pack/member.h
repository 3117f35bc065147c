#ifndef VALISE_PACK_MEMBER_H
#define VALISE_PACK_MEMBER_H

#include <stdint.h>
#include <stddef.h>
#include <stdbool.h>
#include "valise/base/buf.h"
#include "valise/base/err.h"

/*
 * Gzip members (RFC 1952) as parts, links and catalogs are made of. Each file is a run of data members and one end member.
 *
 * Header, 10 bytes: 1f 8b 08 04 (FLG: FEXTRA alone) MTIME 0, XFL 0, OS 255; XLEN 28 (2 bytes); one subfield 'V' 'L', length 24 (2+2 bytes):
 *   u32 sequence (0, 1, ...)   u64 size of this member in the file   u64 plain size   u32 CRC-32 of "VL" and these 20 bytes
 * all little-endian; then raw deflate data, CRC32, ISIZE.
 * End member: as above with subfield 'V' 'E', length 36:
 *   u32 sequence   u64 size of the whole file, this member included   u64 plain size of the whole file   u64 count of entries (tar entries or lines)
 *   u32 reserved 0   u32 CRC-32 of "VE" and the 32 bytes before; then 03 00 (empty deflate block), CRC32 0, ISIZE 0.
 */
#define MEMBER_MIN (256u << 10)   /* plain bytes after which a member is closed */
#define MEMBER_MAX (4u << 20)     /* an item beyond this spans members; no data member is larger */
#define MEMBER_HEAD 40            /* bytes of a data member before the deflate data */
#define MEMBER_END_SIZE 62        /* adjust to what the layout gives; fixed */

/* ... the functions are the author's to design ... */

#endif
