#ifndef VALISE_PROTO_MAPI_FOLDERS_H
#define VALISE_PROTO_MAPI_FOLDERS_H

#include "proto/mapi/table.h"

/*
 * What folders are for, by the entry ids that a mailbox has of them (MS-OXOSFLD 2.2.2 to 2.2.5).
 */

enum {
	ENTRY_ID_SIZE = 46, /* of a folder, MS-OXCDATA 2.2.4.1 */
	ENTRY_KEY = 22, /* what names it in that: DatabaseGuid and GlobalCounter */
	USES_MAX = 8,
};

struct folder_uses {
	struct folder_use {
		bool is_known;
		uint8_t key[ENTRY_KEY];
	} of[USES_MAX];
};
/* What is asked of the store, and of Inbox and root. */
extern const uint32_t uses_tags_store[], uses_tags_folder[];
enum { USES_TAGS_STORE = 1, USES_TAGS_FOLDER = 7 };
/* For properties_ask, ${ctx} a struct folder_uses. What is known already stays. */
int uses_take_store(void *ctx, const struct rop_value *values, struct err *err);
int uses_take_folder(void *ctx, const struct rop_value *values, struct err *err);
/* The use of the folder with this entry id, NULL: none. */
const char *uses_find(const struct folder_uses *u, const struct rop_value *entry_id);

/* arrange.c: parents first, each once; depths. What is no tree is put at the top. */
void folders_arrange(struct mapi_store *s, struct mapi_folders *f, mapi_id top);

#endif
