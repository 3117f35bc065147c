/*
 * Which folder is the calendar, which has the drafts: entry ids that stand on Inbox and root
 * (MS-OXOSFLD 2.2.3 to 2.2.5).
 */
#include "proto/mapi/folders.h"

enum {
	JUNK = 6, /* place in names[] */
	ARCHIVE = 7,
	JUNK_PLACE = 4, /* in PidTagAdditionalRenEntryIds, MS-OXOSFLD 2.2.4 */
	KEY_AT = 22, /* in an entry id */
	COUNTER_END = 44,
};

static const char *const names[USES_MAX] = {
        "calendar", "contacts", "journal", "notes", "tasks", "\\Drafts", "\\Junk", "\\Archive"};

const uint32_t uses_tags_store[USES_TAGS_STORE] = {
        0x35ff0102, /* of the archive folder: no document of Microsoft's has it, Outlook does */
};
/* In the order of names[]. */
const uint32_t uses_tags_folder[USES_TAGS_FOLDER] = {
        0x36d00102, /* PidTagIpmAppointmentEntryId */
        0x36d10102, /* PidTagIpmContactEntryId */
        0x36d20102, /* PidTagIpmJournalEntryId */
        0x36d30102, /* PidTagIpmNoteEntryId */
        0x36d40102, /* PidTagIpmTaskEntryId */
        0x36d70102, /* PidTagIpmDraftsEntryId */
        0x36d81102, /* PidTagAdditionalRenEntryIds */
};

static bool is_entry_id(const struct rop_value *v)
{
	return v->is_there && v->p && v->n >= COUNTER_END && v->n <= ENTRY_ID_SIZE;
}

static void learn(struct folder_use *u, const struct rop_value *entry_id)
{
	if (u->is_known || !is_entry_id(entry_id))
		return;
	u->is_known = true;
	memcpy(u->key, entry_id->p + KEY_AT, ENTRY_KEY);
}

int uses_take_store(void *ctx, const struct rop_value *values, struct err *err)
{
	struct folder_uses *u = ctx;

	(void)err;
	learn(&u->of[ARCHIVE], &values[0]);
	return 0;
}

int uses_take_folder(void *ctx, const struct rop_value *values, struct err *err)
{
	struct folder_uses *u = ctx;
	struct rop_value several = values[JUNK], one;

	(void)err;
	for (size_t i = 0; i < JUNK; i++)
		learn(&u->of[i], &values[i]);
	for (size_t i = 0; row_next_binary(&several, &one); i++)
		if (i == JUNK_PLACE)
			learn(&u->of[JUNK], &one);
	return 0;
}

const char *uses_find(const struct folder_uses *u, const struct rop_value *entry_id)
{
	if (!is_entry_id(entry_id))
		return NULL;
	for (size_t i = 0; i < USES_MAX; i++)
		if (u->of[i].is_known && memcmp(u->of[i].key, entry_id->p + KEY_AT, ENTRY_KEY) == 0)
			return names[i];
	return NULL;
}
