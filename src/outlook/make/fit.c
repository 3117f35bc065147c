/* What an item leaves behind when it goes to another store. */
#include "valise/base/le.h"
#include "valise/base/mem.h"
#include "valise/outlook/make.h"

enum { MF_SUBMIT = 0x04, OBJECT_TYPE = 0x0ffe, ENTRY_ID = 0x0fff };

/*
 * Ids, by ranges. A store that takes them would have an item that says of itself that it is
 * another one, in another folder; servers differ in which of them they pass over.
 */
static const struct {
	uint16_t first, last;
} of_its_store[] = {
        {0x0e08, 0x0e0a}, /* PidTagMessageSize, PidTagParentEntryId, PidTagSentMailEntryId */
        {0x0e12, 0x0e14}, /* tables of recipients and attachments; PidTagSubmitFlags */
        {0x0e17, 0x0e17}, /* PidTagMessageStatus */
        {0x0e23, 0x0e23}, /* PidTagInternetArticleNumber */
        {0x0e27, 0x0e27}, /* PidTagSecurityDescriptor */
        {0x0e30, 0x0e3d}, /* PidTagReplItemid ...: versions in a PST */
        {0x0e58, 0x0e59}, /* PidTagCreatorSid, PidTagLastModifierSid */
        {0x0ff4, 0x0ffd}, /* access, rows, instances, record keys, entry id of the store */
        {0x3400, 0x36ff}, /* of stores, folders and containers */
        {0x65e0, 0x65e6}, /* source keys, change keys, lists of changes */
        {0x6600, 0x67ff}, /* what a store defines for itself, and transmits to nobody */
};

static bool is_left(void *ctx, const struct bag *of, struct bag_prop *p)
{
	(void)ctx;
	if (p->name)
		return p->type == BAG_ERROR;
	if (p->type == BAG_ERROR)
		return true;
	/* That there is an item in it says the item. */
	if (p->id == PidTagAttachDataBinary && p->type == BAG_OBJECT)
		return of->embedded != NULL;
	/* Of a recipient they say who it is. */
	if (p->id == OBJECT_TYPE || p->id == ENTRY_ID)
		return of->role != BAG_RECIPIENT;
	if (p->id == PidTagMessageFlags && p->type == BAG_INT32)
		le_put(p->data, le32(p->data) & ~(uint32_t)MF_SUBMIT, 4);
	for (size_t i = 0; i < COUNT(of_its_store); i++)
		if (p->id >= of_its_store[i].first && p->id <= of_its_store[i].last)
			return true;
	return false;
}

void outlook_fit(struct bag *b)
{
	bag_drop(b, is_left, NULL);
}
