/* Attributes that stand for a property or two: MS-OXTNEF 2.1.3.3. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/le.h"
#include "outlook/read/tnef/in.h"
#include "valise/base/date.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

enum { /* properties of them alone */
	CONVERSATION_KEY = 0x000b,
	PARENT_KEY = 0x0025,
	ORIGINAL_MESSAGE_CLASS = 0x004b,
	RECEIVED_FOR_ENTRY_ID = 0x0043,
	RECEIVED_FOR_NAME = 0x0044,
	RECEIVED_FOR_TYPE = 0x0077,
	RECEIVED_FOR_ADDRESS = 0x0078,
	ATTACH_TRANSPORT_NAME = 0x370c,
};

static const struct tnef_attribute attributes[] = {
        {0x00008000, "attFrom", TNEF_FROM, 0},
        {0x00018004, "attSubject", TNEF_STRING, PidTagSubject},
        {0x00018009, "attMessageID", TNEF_HEX, PidTagSearchKey},
        {0x0001800a, "attParentID", TNEF_HEX, PARENT_KEY},
        {0x0001800b, "attConversationID", TNEF_HEX, CONVERSATION_KEY},
        {0x00018010, "attAttachTitle", TNEF_STRING, PidTagAttachFilename},
        {0x0002800c, "attBody", TNEF_STRING, PidTagBody},
        {0x00030006, "attDateStart", TNEF_DATE, PidTagStartDate},
        {0x00030007, "attDateEnd", TNEF_DATE, PidTagEndDate},
        {0x00038005, "attDateSent", TNEF_DATE, PidTagClientSubmitTime},
        {0x00038006, "attDateRecd", TNEF_DATE, PidTagMessageDeliveryTime},
        {0x00038012, "attAttachCreateDate", TNEF_DATE, PidTagCreationTime},
        {0x00038013, "attAttachModifyDate", TNEF_DATE, PidTagLastModificationTime},
        {0x00038020, "attDateModified", TNEF_DATE, PidTagLastModificationTime},
        {0x00040009, "attRequestRes", TNEF_BOOL, PidTagResponseRequested},
        {0x0004800d, "attPriority", TNEF_PRIORITY, PidTagImportance},
        {0x00050008, "attAidOwner", TNEF_LONG, PidTagOwnerAppointmentId},
        {0x00060000, "attOwner", TNEF_OWNER, RECEIVED_FOR_NAME},
        {0x00060001, "attSentFor", TNEF_OWNER, PidTagSentRepresentingName},
        {0x00060002, "attDelegate", TNEF_OCTETS, RECEIVED_FOR_ENTRY_ID},
        {0x00068007, "attMessageStatus", TNEF_STATUS, PidTagMessageFlags},
        {0x0006800f, "attAttachData", TNEF_OCTETS, PidTagAttachDataBinary},
        {0x00068011, "attAttachMetaFile", TNEF_OCTETS, PidTagAttachRendering},
        {0x00069001, "attAttachTransportFilename", TNEF_STRING, ATTACH_TRANSPORT_NAME},
        {0x00069002, "attAttachRenddata", TNEF_RENDDATA, 0},
        {0x00069003, "attMsgProps", TNEF_PROPS, 0},
        {0x00069004, "attRecipTable", TNEF_RECIPIENTS, 0},
        {0x00069005, "attAttachment", TNEF_ATTACHMENT, 0},
        {0x00069007, "attOemCodepage", TNEF_CODE_PAGE, 0},
        {0x00070006, "attOriginalMessageClass", TNEF_CLASS, ORIGINAL_MESSAGE_CLASS},
        {0x00078008, "attMessageClass", TNEF_CLASS, PidTagMessageClass},
        {0x00089006, "attTnefVersion", TNEF_PASS, 0},
};

const struct tnef_attribute *tnef_attribute_of(uint32_t id)
{
	const struct tnef_attribute *a = FIND(&id, attributes, COUNT(attributes), lookup_by_number);

	/* Some programs leave out the type, the upper half. */
	for (size_t i = 0; !a && id > 0 && id <= 0xffff && i < COUNT(attributes); i++)
		if ((attributes[i].id & 0xffff) == id)
			a = &attributes[i];
	return a;
}

/* The length of a text of at most ${n} octets that may end with a NUL. */
static size_t length(const uint8_t *p, size_t n)
{
	return strnlen((const char *)p, n);
}

/*
 * Year, month, day, hour, minute, second, day of the week: on the sender's clock, whose zone
 * nobody says. It is taken for UTC.
 */
static int set_date(struct bag *old, uint16_t tag, const uint8_t *p, size_t n, struct err *err)
{
	struct day day;
	int64_t seconds;

	if (n < 12)
		return 0;
	day = (struct day){(int)le16(p), (int)le16(p + 2), (int)le16(p + 4)};
	if (day.year < 1601 || !day_is_valid(&day) || le16(p + 6) > 23 || le16(p + 8) > 59 ||
	        le16(p + 10) > 60)
		return 0;
	seconds = day_start(&day) + (int64_t)le16(p + 6) * 3600 + (int64_t)le16(p + 8) * 60 +
	          (int64_t)le16(p + 10);
	return bag_set_int(old, tag, BAG_TIME, (seconds + 11644473600) * 10000000, err);
}

static int set_hex(struct bag *old, uint16_t tag, const uint8_t *p, size_t n, struct err *err)
{
	uint8_t octets[TNEF_OLD_MAX / 2];
	size_t digits = length(p, n);

	for (size_t i = 0; i + 1 < digits; i += 2) {
		int octet = hex_octet((const char[]){(char)p[i], (char)p[i + 1], '\0'});

		if (octet < 0)
			return bag_set(old, tag, BAG_BINARY, p, digits, err);
		octets[i / 2] = (uint8_t)octet;
	}
	return bag_set(old, tag, BAG_BINARY, octets, digits / 2, err);
}

/* The names of Microsoft Mail for some classes. */
static int set_class(struct bag *old, uint16_t tag, const uint8_t *p, size_t n, struct err *err)
{
	static const struct {
		const char *mail, *mapi;
	} classes[] = {
	        {"IPM.Microsoft Mail.Note", "IPM.Note"},
	        {"IPM.Microsoft Mail.Read Receipt", "Report.IPM.Note.IPNRN"},
	        {"IPM.Microsoft Mail.Non-Delivery", "Report.IPM.Note.NDR"},
	        {"IPM.Microsoft Schedule.MtgReq", "IPM.Schedule.Meeting.Request"},
	        {"IPM.Microsoft Schedule.MtgCncl", "IPM.Schedule.Meeting.Canceled"},
	        {"IPM.Microsoft Schedule.MtgRespP", "IPM.Schedule.Meeting.Resp.Pos"},
	        {"IPM.Microsoft Schedule.MtgRespN", "IPM.Schedule.Meeting.Resp.Neg"},
	        {"IPM.Microsoft Schedule.MtgRespA", "IPM.Schedule.Meeting.Resp.Tent"},
	};

	n = length(p, n);
	for (size_t i = 0; i < COUNT(classes); i++)
		if (text_is((const char *)p, n, classes[i].mail))
			return bag_set_text(old, tag, classes[i].mapi, err);
	return bag_set(old, tag, BAG_STRING8, p, n, err);
}

static int set_status(struct bag *old, uint16_t tag, const uint8_t *p, size_t n, struct err *err)
{
	/* fmsRead, fmsSubmitted, fmsLocal, fmsHasAttach as MSGFLAG_*; fmsModified: the contrary */
	static const uint8_t flags[][2] = {{0x20, 0x01}, {0x04, 0x04}, {0x02, 0x08}, {0x80, 0x10}};
	unsigned all = 0;

	if (n < 1)
		return 0;
	for (size_t i = 0; i < COUNT(flags); i++)
		all |= p[0] & flags[i][0] ? flags[i][1] : 0u;
	all |= p[0] & 0x01 ? 0u : 0x02u;
	return bag_set_int(old, tag, BAG_INT32, all, err);
}

/* A name and an address, "SMTP:a@example". */
struct person {
	const uint8_t *name, *address;
	size_t n_name, n_address;
	uint16_t tags[3]; /* of name, type, address */
};

static int set_person(struct bag *old, const struct person *who, struct err *err)
{
	size_t n = length(who->address, who->n_address);
	const uint8_t *colon = n ? memchr(who->address, ':', n) : NULL;
	size_t n_type = colon ? (size_t)(colon - who->address) : 0;
	int rc = bag_set(
	        old, who->tags[0], BAG_STRING8, who->name, length(who->name, who->n_name), err);

	if (rc == 0 && colon)
		rc = bag_set(old, who->tags[1], BAG_STRING8, who->address, n_type, err);
	n_type += colon != NULL;
	if (rc == 0 && n > n_type)
		rc = bag_set(
		        old, who->tags[2], BAG_STRING8, who->address + n_type, n - n_type, err);
	return rc;
}

/* A TRP structure: kind, length of all, of the name and of the address; these. */
static int set_from(struct bag *old, const uint8_t *p, size_t n, struct err *err)
{
	struct person who = {
	        .tags = {PidTagSenderName, PidTagSenderAddressType, PidTagSenderEmailAddress}};

	if (n < 8)
		return 0;
	who.name = p + 8;
	who.n_name = MIN(n - 8, le16(p + 4));
	who.address = who.name + who.n_name;
	who.n_address = MIN(n - 8 - who.n_name, le16(p + 6));
	return set_person(old, &who, err);
}

/* Two texts, each with its length before it. The organizer, but in a response: who got it. */
static int set_owner(struct bag *old, uint16_t tag, const uint8_t *p, size_t n, struct err *err)
{
	struct person who = {.tags = {PidTagSentRepresentingName, PidTagSentRepresentingAddressType,
	                             PidTagSentRepresentingEmailAddress}};
	const char *class = bag_text(old, PidTagMessageClass);

	if (tag == RECEIVED_FOR_NAME && class &&
	        strncmp(class, "IPM.Schedule.Meeting.Resp", 25) == 0) {
		who.tags[0] = RECEIVED_FOR_NAME;
		who.tags[1] = RECEIVED_FOR_TYPE;
		who.tags[2] = RECEIVED_FOR_ADDRESS;
	}
	if (n < 4)
		return 0;
	who.name = p + 2;
	who.n_name = MIN(n - 4, le16(p));
	who.address = who.name + who.n_name + 2;
	who.n_address = MIN(n - 4 - who.n_name, le16(who.address - 2));
	return set_person(old, &who, err);
}

int tnef_old(struct bag *old, const struct tnef_attribute *a, const uint8_t *p, size_t n,
        struct err *err)
{
	switch ((enum tnef_how)a->how) {
	case TNEF_DATE:
		return set_date(old, a->tag, p, n, err);
	case TNEF_LONG:
		return n < 4 ? 0 : bag_set_int(old, a->tag, BAG_INT32, (int32_t)le32(p), err);
	case TNEF_BOOL:
		return n < 2 ? 0 : bag_set_int(old, a->tag, BAG_BOOLEAN, le16(p) != 0, err);
	case TNEF_HEX:
		return set_hex(old, a->tag, p, n, err);
	case TNEF_CLASS:
		return set_class(old, a->tag, p, n, err);
	case TNEF_PRIORITY: /* 3 is low, 1 high */
		if (n < 2 || le16(p) < 1 || le16(p) > 3)
			return 0;
		return bag_set_int(old, a->tag, BAG_INT32, 3 - (int64_t)le16(p), err);
	case TNEF_STATUS:
		return set_status(old, a->tag, p, n, err);
	case TNEF_FROM:
		return set_from(old, p, n, err);
	case TNEF_OWNER:
		return set_owner(old, a->tag, p, n, err);
	default:
		return 0;
	}
}

static int to_bag(void *ctx, const void *p, size_t n, struct err *err)
{
	return bag_put(ctx, p, n, err);
}

int tnef_merge(struct bag *b, struct bag *old, struct err *err)
{
	int rc = 0;

	bag_sort(old);
	for (size_t i = 0; i < old->n_props && rc == 0; i++) {
		const struct bag_prop *p = &old->props[i];

		if (bag_peek(b, p->id))
			continue;
		rc = bag_begin(b, p->id, p->type, NULL, err);
		if (rc == 0)
			rc = bag_stream(old, p, to_bag, b, err);
		if (rc == 0)
			rc = bag_end(b, err);
	}
	return rc;
}
