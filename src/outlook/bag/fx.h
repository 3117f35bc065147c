#ifndef OUTLOOK_BAG_FX_H
#define OUTLOOK_BAG_FX_H

#include <stdbool.h>
#include <stdint.h>

/* What reading and writing FastTransfer have in common (MS-OXCFXICS 2.2.4.1.4). */
enum fx_marker {
	FX_START_TOP_FOLDER = 0x40090003,
	FX_START_SUB_FOLDER = 0x400a0003,
	FX_END_FOLDER = 0x400b0003,
	FX_START_MESSAGE = 0x400c0003,
	FX_START_FAI = 0x40100003,
	FX_END_MESSAGE = 0x400d0003,
	FX_START_EMBED = 0x40010003,
	FX_END_EMBED = 0x40020003,
	FX_START_RECIPIENT = 0x40030003,
	FX_END_RECIPIENT = 0x40040003,
	FX_NEW_ATTACHMENT = 0x40000003,
	FX_END_ATTACHMENT = 0x400e0003,
	FX_SYNC_CHANGE = 0x40120003,
	FX_SYNC_PARTIAL = 0x407d0003,
	FX_SYNC_DELETIONS = 0x40130003,
	FX_SYNC_END = 0x40140003,
	FX_SYNC_MESSAGE = 0x40150003,
	FX_SYNC_READ = 0x402f0003,
	FX_SYNC_STATE_BEGIN = 0x403a0003,
	FX_SYNC_STATE_END = 0x403b0003,
	FX_SYNC_PROGRESS = 0x4074000b,
	FX_SYNC_PROGRESS_MESSAGE = 0x4075000b,
	FX_SYNC_GROUP_INFO = 0x407b0102,
	FX_ERROR_INFO = 0x40180003,
};
/* Properties that say something of the stream, 2.2.4.1.5. */
enum fx_meta {
	FX_DELETED_PROPERTY = 0x40160003,
	FX_WARNING = 0x400f0003,
	FX_SYNC_PART = 0x407a0003, /* MetaTagIncrementalSyncMessagePartial */
	FX_SYNC_GROUP = 0x407c0003, /* MetaTagIncrSyncGroupId */
	FX_IDSET_GIVEN = 0x40170003,
};

bool fx_is_marker(uint32_t tag);
bool fx_is_meta(uint32_t tag);
/*
 * The type of a text in a code page, 2.2.4.1.1.1: the page and 0x8000; those from 0x8000 on
 * as they are.
 */
uint16_t fx_page_type(unsigned page);
/* And back: the page of such a type. */
unsigned fx_type_page(uint16_t type);

#endif
