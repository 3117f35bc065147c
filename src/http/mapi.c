/*
 * What may be asked over MAPI over HTTP (MS-OXCMAPIHTTP 2.2.4, MS-OXCROPS 2.2): each
 * remote operation of an Execute is read to its last octet by the layouts below, which
 * the code that speaks the protocol does not know. What is not wholly understood does
 * not leave.
 */
#include "guard.h"
#include "valise/base/le.h"
#include "valise/base/mem.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
	LAST = 4, /* the one flag of RPC_HEADER_EXT that is understood, MS-OXCRPC 2.2.2.1 */
	NUMBERS = 6,
	HANDLES_MAX = 255,
};

/* What is left to read; ${bad} once something was not there. */
struct octets {
	const uint8_t *p;
	size_t n;
	bool bad;
};

static const uint8_t *take(struct octets *o, size_t n)
{
	const uint8_t *p = o->p;

	o->bad |= n > o->n;
	if (o->bad)
		return NULL;
	o->p += n;
	o->n -= n;
	return p;
}

/* The next ${n} octets, to be read by themselves. */
static struct octets apart(struct octets *o, size_t n)
{
	struct octets part = {.p = take(o, n), .n = n};

	part.bad = o->bad;
	return part;
}

static uint32_t number(struct octets *o, size_t n)
{
	const uint8_t *p = take(o, n);

	return p ? (uint32_t)le_get(p, n) : 0;
}

/* Text up to its end: a NUL of ${unit} octets. */
static void text(struct octets *o, size_t unit)
{
	while (!o->bad && number(o, unit))
		;
}

/* One operation, as far as its layout tells it. */
struct rop {
	unsigned id;
	unsigned input, output; /* places in the table of handles */
	bool has_output;
	uint32_t v[NUMBERS]; /* the numbers of its request, in their order */
	size_t n;
	struct octets values; /* 'P' */
};

/* An Execute that is being read. */
struct walk {
	const uint8_t *handles; /* four octets each */
	size_t n_handles;
	bool used[HANDLES_MAX + 1]; /* something was put there by this request */
	bool made[HANDLES_MAX + 1]; /* a folder that this request makes, or nothing */
};

/* May it be as it is? */
typedef bool fine_fn(const struct walk *w, const struct rop *r);

/* ---- what is looked at beyond the layout ---- */

/*
 * LogonFlags, OpenFlags, StoreState (MS-OXCSTOR 2.2.1.1.1): as the owner, or to public
 * folders; no administrator, no taking of ownership, no spooler.
 */
static bool logon_is_fine(const struct walk *w, const struct rop *r)
{
	const uint32_t open = 0x2 | 0x4 | 0x100 | 0x200 | 0x400 | 0x10000 | 0x1000000 | 0x20000000;

	(void)w;
	return !(r->v[0] & ~7u) && !(r->v[1] & ~open) && !r->v[2];
}

/* OpenModeFlags, the last of its numbers: ReadOnly. */
static bool opens_to_read(const struct walk *w, const struct rop *r)
{
	(void)w;
	return r->v[r->n - 1] == 0;
}

/* Without Create (MS-OXCPRPT 2.2.12.1). */
static bool only_asks(const struct walk *w, const struct rop *r)
{
	(void)w;
	return r->v[0] == 0;
}

/* SendOptions of MS-OXCFXICS 2.2.3.1.1.1.1: never both low bits, which are ForUpload. */
static bool is_for_reading(uint32_t send)
{
	return (send & 3) != 3 && !(send & ~0x1fu);
}

/* CopyFlags: BestBody and SendEntryId at most, never Move. */
static bool copies(const struct walk *w, const struct rop *r)
{
	(void)w;
	return !(r->v[0] & ~0x30u) && is_for_reading(r->v[1]);
}

static bool copies_to(const struct walk *w, const struct rop *r)
{
	(void)w;
	return !(r->v[1] & ~0x2000u) && is_for_reading(r->v[2]);
}

/* Contents or hierarchy, without a restriction. */
static bool synchronizes(const struct walk *w, const struct rop *r)
{
	(void)w;
	return (r->v[0] == 1 || r->v[0] == 2) && is_for_reading(r->v[1]) && r->v[3] == 0;
}

/* FolderType, UseUnicodeStrings, OpenExisting, Reserved: a new one, or none. */
static bool makes_new(const struct walk *w, const struct rop *r)
{
	(void)w;
	return r->v[0] == 1 && r->v[1] == 1 && r->v[2] == 0 && r->v[3] == 0;
}

/*
 * Of the folder that this request makes: at its place in the table of handles nothing
 * was before, so that it is nothing where that fails. PidTagContainerClass alone.
 */
static bool sets_new_folder(const struct walk *w, const struct rop *r)
{
	struct octets o = r->values;

	if (!w->made[r->input] || number(&o, 2) != 1 || number(&o, 4) != 0x3613001f)
		return false;
	text(&o, 2);
	return !o.bad && !o.n;
}

/* SourceOperation CopyMessages: what is put in is new; and no Move. */
static bool adds_messages(const struct walk *w, const struct rop *r)
{
	(void)w;
	return r->v[0] == 3 && r->v[1] == 0;
}

/* ---- the layouts ---- */

/*
 * After RopId and LogonId, octet by octet:
 *	i, o	places of the input's and the output's handle
 *	1 2 4	a number that is kept; 8, L: ids of 8 and 24 octets
 *	t h m	a count of two octets, and as many of four, two, eight octets
 *	b B	a size of two or four octets, and as many octets
 *	z w	text to its NUL, of one or two octets
 *	s n	sort orders; names of properties
 *	g	a size, and after 0xbabe another one
 *	P	a size, and the values of properties
 */
static const struct layout {
	uint8_t id;
	const char *name, *layout;
	fine_fn *fine; /* NULL: whatever its numbers are */
} layouts[] = {
        {0x01, "RopRelease", "i", NULL},
        {0x02, "RopOpenFolder", "io81", opens_to_read},
        {0x03, "RopOpenMessage", "io2818", opens_to_read},
        {0x04, "RopGetHierarchyTable", "io1", NULL},
        {0x05, "RopGetContentsTable", "io1", NULL},
        {0x07, "RopGetPropertiesSpecific", "i22t", NULL},
        {0x08, "RopGetPropertiesAll", "i22", NULL},
        {0x0a, "RopSetProperties", "iP", sets_new_folder},
        {0x12, "RopSetColumns", "i1t", NULL},
        {0x13, "RopSortTable", "i1s", NULL},
        {0x15, "RopQueryRows", "i112", NULL},
        {0x17, "RopQueryPosition", "i", NULL},
        {0x18, "RopSeekRow", "i141", NULL},
        {0x1c, "RopCreateFolder", "io1111ww", makes_new},
        {0x27, "RopGetReceiveFolder", "iz", NULL},
        {0x43, "RopLongTermIdFromId", "i8", NULL},
        {0x44, "RopIdFromLongTermId", "iL", NULL},
        {0x4b, "RopFastTransferSourceCopyMessages", "iom11", copies},
        {0x4d, "RopFastTransferSourceCopyTo", "io141t", copies_to},
        {0x4e, "RopFastTransferSourceGetBuffer", "ig", NULL},
        {0x53, "RopFastTransferDestinationConfigure", "io11", adds_messages},
        {0x54, "RopFastTransferDestinationPutBuffer", "ib", NULL},
        {0x55, "RopGetNamesFromPropertyIds", "ih", NULL},
        {0x56, "RopGetPropertyIdsFromNames", "i1n", only_asks},
        {0x70, "RopSynchronizationConfigure", "io112b4t", synchronizes},
        {0x75, "RopSynchronizationUploadStateStreamBegin", "i44", NULL},
        {0x76, "RopSynchronizationUploadStateStreamContinue", "iB", NULL},
        {0x77, "RopSynchronizationUploadStateStreamEnd", "i", NULL},
        {0x7b, "RopGetStoreState", "i", NULL},
        {0x9d, "RopFastTransferDestinationPutBufferExtended", "ib", NULL},
        {0xfe, "RopLogon", "o144b", logon_is_fine},
};

/* Some that write: named, so that a refusal says what it was. */
static const struct {
	uint8_t id;
	const char *name;
} writers[] = {
        {0x06, "RopCreateMessage"},
        {0x0b, "RopDeleteProperties"},
        {0x0c, "RopSaveChangesMessage"},
        {0x0d, "RopRemoveAllRecipients"},
        {0x0e, "RopModifyRecipients"},
        {0x11, "RopSetMessageReadFlag"},
        {0x1d, "RopDeleteFolder"},
        {0x1e, "RopDeleteMessages"},
        {0x20, "RopSetMessageStatus"},
        {0x23, "RopCreateAttachment"},
        {0x24, "RopDeleteAttachment"},
        {0x25, "RopSaveChangesAttachment"},
        {0x26, "RopSetReceiveFolder"},
        {0x2d, "RopWriteStream"},
        {0x2f, "RopSetStreamSize"},
        {0x30, "RopSetSearchCriteria"},
        {0x32, "RopSubmitMessage"},
        {0x33, "RopMoveCopyMessages"},
        {0x35, "RopMoveFolder"},
        {0x36, "RopCopyFolder"},
        {0x39, "RopCopyTo"},
        {0x40, "RopModifyPermissions"},
        {0x41, "RopModifyRules"},
        {0x4a, "RopTransportSend"},
        {0x57, "RopUpdateDeferredActionMessages"},
        {0x58, "RopEmptyFolder"},
        {0x5d, "RopCommitStream"},
        {0x64, "RopWritePerUserInformation"},
        {0x66, "RopSetReadFlags"},
        {0x67, "RopCopyProperties"},
        {0x72, "RopSynchronizationImportMessageChange"},
        {0x73, "RopSynchronizationImportHierarchyChange"},
        {0x74, "RopSynchronizationImportDeletes"},
        {0x78, "RopSynchronizationImportMessageMove"},
        {0x79, "RopSetPropertiesNoReplicate"},
        {0x7a, "RopDeletePropertiesNoReplicate"},
        {0x7e, "RopSynchronizationOpenCollector"},
        {0x80, "RopSynchronizationImportReadStateChanges"},
        {0x8a, "RopDeletePublicFolderByName"},
        {0x90, "RopWriteAndCommitStream"},
        {0x91, "RopHardDeleteMessages"},
        {0x92, "RopHardDeleteMessagesAndSubfolders"},
        {0xa3, "RopWriteStreamExtended"},
};

static const struct post_operation allowed[] = {
        {"Connect", false},
        {"Disconnect", false},
        {"PING", false},
        {"RopRelease", false},
        {"RopOpenFolder", false},
        {"RopOpenMessage", false},
        {"RopGetHierarchyTable", false},
        {"RopGetContentsTable", false},
        {"RopGetPropertiesSpecific", false},
        {"RopGetPropertiesAll", false},
        {"RopSetColumns", false},
        {"RopSortTable", false},
        {"RopQueryRows", false},
        {"RopQueryPosition", false},
        {"RopSeekRow", false},
        {"RopGetReceiveFolder", false},
        {"RopLongTermIdFromId", false},
        {"RopIdFromLongTermId", false},
        {"RopFastTransferSourceCopyMessages", false},
        {"RopFastTransferSourceCopyTo", false},
        {"RopFastTransferSourceGetBuffer", false},
        {"RopGetNamesFromPropertyIds", false},
        {"RopGetPropertyIdsFromNames", false},
        {"RopSynchronizationConfigure", false},
        {"RopSynchronizationUploadStateStreamBegin", false},
        {"RopSynchronizationUploadStateStreamContinue", false},
        {"RopSynchronizationUploadStateStreamEnd", false},
        {"RopGetStoreState", false},
        {"RopLogon", false},
        {"RopCreateFolder", true},
        {"RopSetProperties", true},
        {"RopFastTransferDestinationConfigure", true},
        {"RopFastTransferDestinationPutBuffer", true},
        {"RopFastTransferDestinationPutBufferExtended", true},
        {NULL, false},
};

/* ---- reading ---- */

/* SortOrderCount, CategoryCount, ExpandedCount, and the orders. */
static void sort_orders(struct octets *o)
{
	uint32_t n = number(o, 2);

	(void)take(o, 4);
	(void)take(o, (size_t)n * 5);
}

/* PropertyName structures (MS-OXCDATA 2.6.1). */
static void property_names(struct octets *o)
{
	for (uint32_t n = number(o, 2); n && !o->bad; n--) {
		uint32_t kind = number(o, 1);

		(void)take(o, 16);
		if (kind == 0)
			(void)take(o, 4);
		else if (kind == 1)
			(void)take(o, number(o, 1));
		else
			o->bad |= kind != 0xff;
	}
}

static void keep(struct rop *r, uint32_t v)
{
	if (r->n < NUMBERS)
		r->v[r->n++] = v;
}

/* Parts whose octets tell how many they are; nothing of them is looked at. */
static void pass_over(struct octets *o, char part)
{
	switch (part) {
	case '8':
		(void)take(o, 8);
		break;
	case 'L':
		(void)take(o, 24);
		break;
	case 't':
		(void)take(o, (size_t)number(o, 2) * 4);
		break;
	case 'h':
		(void)take(o, (size_t)number(o, 2) * 2);
		break;
	case 'm':
		(void)take(o, (size_t)number(o, 2) * 8);
		break;
	case 'z':
		text(o, 1);
		break;
	case 'w':
		text(o, 2);
		break;
	case 's':
		sort_orders(o);
		break;
	case 'n':
		property_names(o);
		break;
	case 'g':
		if (number(o, 2) == 0xbabe)
			(void)take(o, 2);
		break;
	default: /* a layout that is wrong */
		o->bad = true;
	}
}

static void read_part(struct octets *o, struct rop *r, char part)
{
	uint32_t v;

	switch (part) {
	case 'i':
		r->input = number(o, 1);
		break;
	case 'o':
		r->output = number(o, 1);
		r->has_output = true;
		break;
	case '1':
	case '2':
	case '4':
		keep(r, number(o, (size_t)(part - '0')));
		break;
	case 'b':
	case 'B':
		v = number(o, part == 'b' ? 2 : 4);
		keep(r, v);
		(void)take(o, v);
		break;
	case 'P':
		r->values = apart(o, number(o, 2));
		break;
	default:
		pass_over(o, part);
	}
}

static const struct layout *layout_of(unsigned id)
{
	for (size_t i = 0; i < COUNT(layouts); i++)
		if (layouts[i].id == id)
			return &layouts[i];
	return NULL;
}

/* Give the name of one that has no layout here: it is on no list, and nothing follows it. */
static bool name_stranger(unsigned id, post_operation_fn *each, void *ctx)
{
	char name[16];

	for (size_t i = 0; i < COUNT(writers); i++)
		if (writers[i].id == id)
			return each(ctx, writers[i].name, strlen(writers[i].name)) && false;
	snprintf(name, sizeof name, "ROP 0x%02x", id);
	return each(ctx, name, strlen(name)) && false;
}

/* Its handles are in the table; what it puts there is known to what follows. */
static bool place_handles(struct walk *w, const struct rop *r)
{
	bool fresh;

	if (r->id != 0xfe && r->input >= w->n_handles)
		return false;
	if (!r->has_output)
		return true;
	if (r->output >= w->n_handles)
		return false;
	fresh = !w->used[r->output] && le32(w->handles + (size_t)r->output * 4) == UINT32_MAX;
	w->used[r->output] = true;
	w->made[r->output] = r->id == 0x1c && fresh;
	return true;
}

static bool read_rop(struct walk *w, struct octets *o, post_operation_fn *each, void *ctx)
{
	struct rop r = {.id = number(o, 1)};
	const struct layout *l = layout_of(r.id);

	(void)take(o, 1); /* LogonId */
	if (!l)
		return name_stranger(r.id, each, ctx);
	for (const char *part = l->layout; *part && !o->bad; part++)
		read_part(o, &r, *part);
	if (o->bad || (l->fine && !l->fine(w, &r)) || !place_handles(w, &r))
		return false;
	return each(ctx, l->name, strlen(l->name));
}

/* RopSize, the operations, the table of handles (MS-OXCROPS 2.2.1). */
static bool read_rops(struct octets *all, post_operation_fn *each, void *ctx)
{
	uint32_t size = number(all, 2);
	struct octets o = apart(all, size < 2 ? SIZE_MAX : size - 2);
	struct walk w = {0};

	if (o.bad || all->n % 4 || all->n / 4 > HANDLES_MAX)
		return false;
	w.handles = all->p;
	w.n_handles = all->n / 4;
	while (o.n)
		if (!read_rop(&w, &o, each, ctx))
			return false;
	return true;
}

/* One buffer, neither compressed nor obfuscated. */
static bool read_execute(struct octets *o, post_operation_fn *each, void *ctx)
{
	uint32_t flags = number(o, 4), size = number(o, 4);
	struct octets buffer = apart(o, size);
	uint32_t version = number(&buffer, 2), coding = number(&buffer, 2);
	uint32_t stored = number(&buffer, 2), actual = number(&buffer, 2);

	(void)take(o, 4); /* MaxRopOut */
	if (number(o, 4) != 0 || o->bad || o->n || buffer.bad || flags & ~7u)
		return false;
	if (version != 0 || coding != LAST || stored != actual || stored != buffer.n)
		return false;
	return read_rops(&buffer, each, ctx);
}

/* UserDn, Flags (none: no administrator), code page, two locales, no auxiliary buffer. */
static bool is_connect(struct octets *o)
{
	text(o, 1);
	if (number(o, 4) != 0)
		return false;
	(void)take(o, 12);
	return number(o, 4) == 0 && !o->bad && !o->n;
}

/* The one field that says what is asked for; NULL: none, or several. */
static const char *request_type(const struct http_request *rq)
{
	static const char name[] = "X-RequestType";
	const char *found = NULL;

	for (size_t i = 0; i < HTTP_HEADERS_MAX && rq->header[i]; i++) {
		const char *h = rq->header[i];
		size_t n = strcspn(h, ":"), same = 0;

		/* Some servers take "_" for "-". */
		while (same < n && same < sizeof name - 1 &&
		        (strncasecmp(h + same, name + same, 1) == 0 ||
		                (h[same] == '_' && name[same] == '-')))
			same++;
		if (same != n || n != sizeof name - 1)
			continue;
		if (found || h[1] != '-' || strncmp(h + n, ": ", 2) != 0)
			return NULL;
		found = h + n + 2;
	}
	return found;
}

static bool read_mapi(const struct http_request *rq, post_operation_fn *each, void *ctx)
{
	struct octets o = {.p = rq->body, .n = rq->body_size};
	const char *type = request_type(rq);

	if (!type)
		return false;
	if (strcmp(type, "Execute") == 0)
		return read_execute(&o, each, ctx);
	if (strcmp(type, "Connect") == 0)
		return is_connect(&o) && each(ctx, type, strlen(type));
	if (strcmp(type, "Disconnect") == 0)
		return number(&o, 4) == 0 && !o.bad && !o.n && each(ctx, type, strlen(type));
	if (strcmp(type, "PING") == 0)
		return !o.n && each(ctx, type, strlen(type));
	return each(ctx, type, strlen(type)) && false;
}

const struct post_rules http_mapi_posts = {"application/mapi-http", read_mapi, allowed};
