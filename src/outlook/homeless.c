/* What converters found no home for, but what only a store means. */
#include <stdio.h>
#include <stdlib.h>
#include "valise/base/mem.h"
#include "valise/outlook/convert.h"

/*
 * Ids, by ranges, of what says where and how a store keeps an item, what it works out from
 * other properties, and what Outlook keeps for its windows.
 */
static const struct {
	uint16_t first, last;
} of_stores[] = {
        {0x0002, 0x0002}, /* PidTagAlternateRecipientAllowed: of every item */
        {0x003b, 0x003b}, /* PidTagSentRepresentingSearchKey */
        {0x003f, 0x003f}, /* PidTagReceivedByEntryId */
        {0x0041, 0x0041}, /* PidTagSentRepresentingEntryId */
        {0x0043, 0x0043}, /* PidTagReceivedRepresentingEntryId */
        {0x0045, 0x0046}, /* PidTagReportEntryId, PidTagReadReceiptEntryId */
        {0x004b, 0x004b}, /* PidTagOriginalMessageClass: in front of its store's own class */
        {0x0051, 0x0054}, /* search keys of the receiver, of whom reports go to */
        {0x0c19, 0x0c19}, /* PidTagSenderEntryId */
        {0x0c1d, 0x0c1d}, /* PidTagSenderSearchKey */
        {0x0e00, 0x0fff}, /* what is not transmitted: sizes, access, keys, entry ids */
        {0x1006, 0x1008}, /* PidTagRtfSyncBodyCrc, ...Count, ...Tag */
        {0x100a, 0x1011}, /* PidTagBlobCodepage; PidTagRtfSyncPrefixCount, ...TrailingCount */
        {0x1015, 0x1016}, /* PidTagBodyContentId, PidTagNativeBody */
        {0x1080, 0x1082}, /* PidTagIconIndex; what was done last with it: flags say it */
        {0x10f3, 0x10f6}, /* PidTagUrlCompName, PidTagAttributeHidden, ...ReadOnly */
        {0x3000, 0x3000}, /* PidTagRowid */
        {0x3007, 0x3008}, /* PidTagCreationTime, PidTagLastModificationTime: in that store */
        {0x300b, 0x300b}, /* PidTagSearchKey */
        {0x3010, 0x3019}, /* PidTagTargetEntryId, PidTagConversationId, archive tags and dates */
        {0x3400, 0x36ff}, /* of stores, folders and containers */
        {0x3705, 0x3705}, /* PidTagAttachMethod */
        {0x3709, 0x3709}, /* PidTagAttachRendering: the icon */
        {0x370b, 0x370b}, /* PidTagRenderingPosition */
        {0x3714, 0x3714}, /* PidTagAttachFlags */
        {0x371f, 0x371f}, /* of Outlook's own */
        {0x3900, 0x3905}, /* PidTagDisplayType, PidTagDisplayTypeEx */
        {0x39ff, 0x39ff}, /* PidTag7BitDisplayName */
        {0x3a40, 0x3a40}, /* PidTagSendRichInfo */
        {0x3a71, 0x3a71}, /* PidTagSendInternetEncoding */
        {0x3fde, 0x3fde}, /* PidTagInternetCodepage */
        {0x3fe3, 0x3fe3}, /* PidTagOrganizationalFormsRootEntryId */
        {0x3ff1, 0x3ff1}, /* PidTagMessageLocaleId */
        {0x3ff8, 0x3ffd}, /* who made and changed it in the store; PidTagMessageCodepage */
        {0x4019, 0x405e}, /* flags and simple names of those who wrote it */
        {0x5902, 0x5909}, /* PidTagInternetMailOverrideFormat, PidTagMessageEditorFormat */
        {0x5fde, 0x5fe0}, /* PidTagRecipientResourceState, ...Order */
        {0x5ff6, 0x5ff7}, /* PidTagRecipientDisplayName, PidTagRecipientEntryId */
        {0x5ffd, 0x5ffe}, /* PidTagRecipientFlags */
        {0x6000, 0x67ff}, /* what a store or an address book defines for itself */
        {0x7ffa, 0x7ffa}, /* PidTagAttachmentLinkId */
        {0x7ffd, 0x7ffe}, /* PidTagAttachmentFlags, PidTagAttachmentHidden */
};

/* The same of named properties. */
static const struct {
	enum bag_set set;
	uint16_t lid;
} of_outlook[] = {
        {PSETID_ADDRESS, 0x8027}, /* of no known name, in every contact */
        {PSETID_COMMON, 0x850e}, /* PidLidAgingDontAgeMe */
        {PSETID_COMMON, 0x8510}, /* PidLidSideEffects */
        {PSETID_COMMON, 0x8513}, /* PidLidPageDirStream */
        {PSETID_COMMON, 0x8514}, /* PidLidSmartNoAttach */
        {PSETID_COMMON, 0x851b}, /* PidLidFormPropStream */
        {PSETID_COMMON, 0x8540}, /* PidLidPropertyDefinitionStream */
        {PSETID_COMMON, 0x8541}, /* PidLidScriptStream */
        {PSETID_COMMON, 0x8552}, /* PidLidCurrentVersion */
        {PSETID_COMMON, 0x8554}, /* PidLidCurrentVersionName */
        {PSETID_COMMON, 0x8580}, /* PidLidInternetAccountName */
        {PSETID_COMMON, 0x8581}, /* PidLidInternetAccountStamp */
        {PSETID_COMMON, 0x8582}, /* PidLidUseTnef */
        {PSETID_COMMON, 0x85a0}, /* PidLidToDoOrdinalDate */
        {PSETID_COMMON, 0x85a1}, /* PidLidToDoSubOrdinal */
        {PSETID_COMMON, 0x85a4}, /* PidLidToDoTitle */
        {PSETID_COMMON, 0x85bd}, /* PidLidReferenceEntryId */
        {PSETID_COMMON, 0x85bf}, /* PidLidValidFlagStringProof */
};

struct teller {
	void (*tell)(void *ctx, const char *line);
	void *ctx;
};

static bool is_of_store(const struct bag_prop *p)
{
	if (!p->name) {
		for (size_t i = 0; i < COUNT(of_stores); i++)
			if (p->id >= of_stores[i].first && p->id <= of_stores[i].last)
				return true;
		return false;
	}
	if (p->name->text)
		return false;
	for (size_t i = 0; i < COUNT(of_outlook); i++)
		if (p->name->lid == of_outlook[i].lid &&
		        bag_set_of(p->name->set) == of_outlook[i].set)
			return true;
	return false;
}

/* 0, false and no text say what a property says that is not there. */
static bool has_value(const struct bag_prop *p)
{
	if (p->type == BAG_ERROR)
		return false;
	if (!p->data || p->type & BAG_MULTIPLE)
		return p->len > 0;
	switch (p->type) {
	case BAG_INT16:
	case BAG_INT32:
	case BAG_INT64:
	case BAG_FLOAT:
	case BAG_DOUBLE:
	case BAG_CURRENCY:
	case BAG_APPTIME:
	case BAG_BOOLEAN:
	case BAG_TIME:
	case BAG_GUID:
		for (uint64_t i = 0; i < p->len; i++)
			if (p->data[i])
				return true;
		return false;
	default:
		return p->len > 0;
	}
}

static void walk(const struct bag *b, const char *where, const struct teller *t);

static void walk_children(struct bag *const *children, size_t n, const char *kind,
        const char *where, const struct teller *t)
{
	for (size_t i = 0; i < n; i++) {
		char *in = xasprintf("%s%s%s %zu", where, *where ? ", " : "", kind, i + 1);
		char *item;

		walk(children[i], in, t);
		if (children[i]->embedded) {
			item = xasprintf("%s, its item", in);
			walk(children[i]->embedded, item, t);
			free(item);
		}
		free(in);
	}
}

static void walk(const struct bag *b, const char *where, const struct teller *t)
{
	struct buf line = buf_of(65536);

	for (size_t i = 0; i < b->n_props; i++) {
		const struct bag_prop *p = &b->props[i];

		if (p->used || !has_value(p) || is_of_store(p))
			continue;
		buf_reset(&line);
		bag_prop_name(p, &line);
		if (*where)
			buf_putf(&line, " (%s)", where);
		t->tell(t->ctx, buf_str(&line));
	}
	buf_clear(&line);
	walk_children(b->recipients, b->n_recipients, "recipient", where, t);
	walk_children(b->attachments, b->n_attachments, "attachment", where, t);
}

void outlook_homeless(const struct bag *b, void (*tell)(void *ctx, const char *line), void *ctx)
{
	struct teller t = {tell, ctx};

	walk(b, "", &t);
}
