#ifndef VALISE_OUTLOOK_READ_FRAMES_H
#define VALISE_OUTLOOK_READ_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "valise/outlook/read.h"

/*
 * What the reading process says through its pipe: frames of a kind (1 octet), a length (4,
 * little-endian) and so many octets. Values go as they come, in pieces, so neither side holds
 * a large one. The reader of the frames (gather.h) believes nothing of it.
 */
enum frame_kind {
	/* number of the step (4): what is begun now. Steps only grow; who dies in one is
	 * replaced by a process that leaves it out
	 */
	FRAME_STEP = 'S',
	/* FRAME_* flags (1), enum special (1), items (8), path, NUL, container class, NUL */
	FRAME_FOLDER = 'F',
	FRAME_ITEM = 'I', /* "item 17 of 40": a new item, whose bag is filled by what follows */
	FRAME_TITLE = 'T', /* its subject, for messages of what is lost */
	/* id (2), type (2), kind of name (1), and of a name its set (16) and number (4) or text */
	FRAME_PROP = 'P',
	FRAME_DATA = 'D', /* octets of its value */
	FRAME_PROP_END = 'p',
	FRAME_CODE_PAGE = 'C', /* of the bag (2) */
	FRAME_RECIPIENT = 'R', /* a bag within the bag: what follows fills it */
	FRAME_ATTACHMENT = 'A',
	FRAME_EMBEDDED = 'E', /* of the attachment */
	FRAME_UP = 'U', /* it is filled */
	FRAME_ITEM_END = 'i', /* sort it, hand it over */
	FRAME_ITEM_LOST = 'X', /* why: what there is of it is thrown away */
	FRAME_LOST = 'L', /* FRAME_OF_ITEM or 0 (1), why: something of the item, or of the folder */
	FRAME_END = 'Z', /* all was said */
};
enum { FRAME_SEARCH = 1, FRAME_DELETED = 2 }; /* of a folder */
enum { FRAME_OF_ITEM = 1 };
enum { FRAME_NO_NAME, FRAME_LID, FRAME_TEXT }; /* of a property */
enum { FRAME_HEAD = 5, FRAME_MAX = 65536, FRAME_SHOWN_MAX = 400, FRAME_PATH_MAX = 8192 };

/* Names of RFC 6154 and the like; 0 is none. */
enum special {
	SPECIAL_NONE,
	SPECIAL_INBOX,
	SPECIAL_SENT,
	SPECIAL_TRASH,
	SPECIAL_DRAFTS,
	SPECIAL_JUNK,
	SPECIAL_ARCHIVE,
	SPECIALS
};

/* ---- the writing side, in the reading process ---- */

struct send {
	int fd;
	size_t n;
	uint8_t buf[FRAME_MAX + FRAME_HEAD];
};
/* What cannot be written ends the process: nobody is there to hear of it. */
void send_frame(struct send *s, enum frame_kind kind, const void *p, size_t n);
void send_flush(struct send *s);
void send_text(struct send *s, enum frame_kind kind, const char *text);
void send_step(struct send *s, uint32_t step);
void send_lost(struct send *s, int of, const char *fmt, ...) PRINTF_LIKE(3, 4);
void send_folder(struct send *s, const struct outlook_folder *f, enum special use);
void send_prop(struct send *s, uint16_t id, uint16_t type, const struct bag_name *name);
void send_data(struct send *s, const void *p, size_t n);
/* All of one property. */
void send_value(struct send *s, const struct bag_prop *p);

#endif
