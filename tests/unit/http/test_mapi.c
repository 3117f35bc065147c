/*
 * The guard over MAPI over HTTP: each ROP that may be sent, each that may not, and
 * requests that are cut, too long, or say two things at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "http/guard.h"
#include "valise/base/buf.h"
#include "valise/base/le.h"
#include "valise/base/mem.h"

#define TYPE "Content-Type: application/mapi-http"
#define EXECUTE "X-RequestType: Execute"
#define URL "https://h.example/mapi"

enum { NONE, TARGET, SOURCE /* and target */ };

/* ---- a request ---- */

static void put(struct buf *b, uint64_t v, size_t n)
{
	uint8_t p[8];

	le_put(p, v, n);
	buf_put(b, p, n);
}

/* The body of an Execute; its table has four handles, of which the last two are empty. */
static void put_execute(struct buf *b, const void *rops, size_t n)
{
	size_t size = 2 + n + 16;

	buf_reset(b);
	put(b, 3, 4);
	put(b, size + 8, 4);
	put(b, 0, 2);
	put(b, 4, 2);
	put(b, size, 2);
	put(b, size, 2);
	put(b, n + 2, 2);
	buf_put(b, rops, n);
	put(b, 7, 4);
	put(b, 8, 4);
	put(b, UINT32_MAX, 4);
	put(b, UINT32_MAX, 4);
	put(b, 0x40000, 4);
	put(b, 0, 4);
}

static int check_as(
        enum guard_role role, const char *type, const void *body, size_t n, struct err *err)
{
	uint8_t *exact = xmemdup(n ? body : "", n ? n : 1);
	struct http_request rq = {.method = "POST",
	        .url = URL,
	        .header = {TYPE, type},
	        .body = exact,
	        .body_size = n};
	int rc;

	err_clear(err);
	rc = http_guard_check(http_guard_of(role), &rq, URL, err);
	free(exact);
	return rc;
}

/* Who may send these ROPs? */
static int who_may(const void *rops, size_t n, struct err *err)
{
	struct buf b = buf_of(SIZE_MAX);
	bool source, target;

	put_execute(&b, rops, n);
	target = check_as(GUARD_MAPI_TARGET, EXECUTE, b.data, b.len, err) == 0;
	source = check_as(GUARD_MAPI_SOURCE, EXECUTE, b.data, b.len, err) == 0;
	buf_clear(&b);
	if (source)
		return target ? SOURCE : -1;
	return target ? TARGET : NONE;
}

/* ---- the table of ROPs ---- */

#define Z2 "\0\0"
#define Z4 Z2 Z2
#define Z8 Z4 Z4
#define ID "\1\0\0\0\0\0\0\1"
#define GUID Z8 Z8
#define W(a) a "\0"

struct row {
	const char *p;
	size_t n;
	int who;
	const char *says; /* of the refusal; NULL: whatever it says */
};
#define ROW(text, who, says)                                                                       \
	{                                                                                          \
		text, sizeof(text) - 1, who, says                                                  \
	}

static const struct row allowed[] = {
        ROW("\x01\0\0", SOURCE, NULL), /* Release */
        ROW("\x02\0\0\1" ID "\0", SOURCE, NULL), /* OpenFolder */
        ROW("\x03\0\0\1\xb0\4" ID "\0" ID, SOURCE, NULL), /* OpenMessage */
        ROW("\x04\0\0\1\x04", SOURCE, NULL), /* GetHierarchyTable */
        ROW("\x05\0\0\1\x02", SOURCE, NULL), /* GetContentsTable */
        ROW("\x07\0\0" Z2 "\1\0"
            "\2\0"
            "\x1f\0\1\x30\x03\0\2\x36",
                SOURCE, NULL), /* GetPropertiesSpecific */
        ROW("\x08\0\0" Z2 "\1\0", SOURCE, NULL), /* GetPropertiesAll */
        ROW("\x12\0\0\0\1\0\x14\0\x48\x67", SOURCE, NULL), /* SetColumns */
        ROW("\x12\0\0\0\0\0", SOURCE, NULL),
        ROW("\x13\0\0\0\1\0\0\0\0\0\x40\0\6\xe\1", SOURCE, NULL), /* SortTable */
        ROW("\x15\0\0\0\1\0\x10", SOURCE, NULL), /* QueryRows */
        ROW("\x17\0\0", SOURCE, NULL), /* QueryPosition */
        ROW("\x18\0\0\1\0\0\0\0\0", SOURCE, NULL), /* SeekRow */
        ROW("\x27\0\0IPM\0", SOURCE, NULL), /* GetReceiveFolder */
        ROW("\x43\0\0" ID, SOURCE, NULL), /* LongTermIdFromId */
        ROW("\x44\0\0" GUID Z8, SOURCE, NULL), /* IdFromLongTermId */
        ROW("\x4b\0\0\1\2\0" ID ID "\x20\1", SOURCE, NULL), /* SourceCopyMessages */
        ROW("\x4d\0\0\1\0" Z4 "\1\0\0", SOURCE, NULL), /* SourceCopyTo */
        ROW("\x4d\0\0\1\0\0\x20\0\0\x9\1\0\x1f\0\1\x30", SOURCE, NULL),
        ROW("\x4e\0\0\xba\xbe\xff", NONE, NULL), /* 0xbeba is a size */
        ROW("\x4e\0\0\xba\xbe", SOURCE, NULL), /* SourceGetBuffer */
        ROW("\x4e\0\0\xbe\xba\xc0\x7b", SOURCE, NULL),
        ROW("\x55\0\0\2\0\1\x80\2\x80", SOURCE, NULL), /* GetNamesFromPropertyIds */
        ROW("\x56\0\0\0\3\0\0" GUID "\1\0\0\0\1" GUID "\4a\0b\0\xff" GUID, SOURCE,
                NULL), /* GetPropertyIdsFromNames */
        ROW("\x70\0\0\1\1\1\x09\x01\0\0\xd\0\0\0\0\0", SOURCE, NULL), /* SynchronizationConfigure */
        ROW("\x70\0\0\1\2\1" Z2 Z2 Z4 "\1\0\x1f\0\1\x30", SOURCE, NULL),
        ROW("\x75\0\0\2\1\x17\x40\3\0\0\0", SOURCE, NULL), /* UploadStateStreamBegin */
        ROW("\x76\0\0\3\0\0\0abc", SOURCE, NULL), /* ...Continue */
        ROW("\x76\0\0\0\0\0\0", SOURCE, NULL),
        ROW("\x77\0\0", SOURCE, NULL), /* ...End */
        ROW("\x7b\0\0", SOURCE, NULL), /* GetStoreState */
        ROW("\xfe\0\0\1\0\0\0\1\0\0\0\0\4\0dn/\0", SOURCE, NULL), /* Logon */
        ROW("\xfe\0\0\0\2\0\0\0\0\0\0\0\0\0", SOURCE, NULL), /* to public folders */
        ROW("\x1c\0\0\2\1\1\0\0" W("a") W("b") Z2 W("c") Z2, TARGET,
                "RopCreateFolder"), /* CreateFolder */
        ROW("\x53\0\0\2\3\0", TARGET, "RopFastTransferDestinationConfigure"),
        ROW("\x54\0\0\3\0abc", TARGET, "RopFastTransferDestinationPutBuffer"),
        ROW("\x9d\0\0\3\0abc", TARGET, "RopFastTransferDestinationPutBufferExten"),
};

static void allowed_as_they_are(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(allowed); i++) {
		const struct row *r = &allowed[i];
		struct err err = {0};
		int who = who_may(r->p, r->n, &err);

		if (who != r->who || (r->says && !strstr(err.text, r->says)))
			fail_msg("row %zu: %d %s", i, who, err.text);
	}
}

/*
 * Each of them cut anywhere, or with an octet more, is another one: refused, but for what
 * is whole before the cut. An octet more begins ROP 0x00.
 */
static void neither_cut_nor_longer(void **state)
{
	(void)state;
	struct err err = {0};
	char more[400];

	for (size_t i = 0; i < COUNT(allowed); i++) {
		const struct row *r = &allowed[i];

		if (r->who == NONE)
			continue;
		for (size_t n = 1; n < r->n; n++)
			if (who_may(r->p, n, &err) != NONE)
				fail_msg("row %zu, cut to %zu", i, n);
		memcpy(more, r->p, r->n);
		more[r->n] = '\0';
		if (who_may(more, r->n + 1, &err) != NONE)
			fail_msg("row %zu and an octet", i);
		/* and twice in one request it is as good as once */
		memcpy(more + r->n, r->p, r->n);
		if (who_may(more, 2 * r->n, &err) != r->who)
			fail_msg("row %zu, twice", i);
	}
}

static const struct row refused[] = {
        /* what changes something, and is never asked for */
        ROW("\x32\0\0\0", NONE, "RopSubmitMessage"),
        ROW("\x4a\0\0", NONE, "RopTransportSend"),
        ROW("\x0c\0\0\0\0", NONE, "RopSaveChangesMessage"),
        ROW("\x06\0\0\1\0\0" ID "\0", NONE, "RopCreateMessage"),
        ROW("\x11\0\0\0\0", NONE, "RopSetMessageReadFlag"),
        ROW("\x66\0\0\0\0\1\0" ID, NONE, "RopSetReadFlags"),
        ROW("\x1d\0\0\5" ID, NONE, "RopDeleteFolder"),
        ROW("\x1e\0\0\0\0\1\0" ID, NONE, "RopDeleteMessages"),
        ROW("\x91\0\0\0\0\1\0" ID, NONE, "RopHardDeleteMessages"),
        ROW("\x58\0\0\0\0", NONE, "RopEmptyFolder"),
        ROW("\x92\0\0\0\0", NONE, "RopHardDeleteMessagesAndSubfolders"),
        ROW("\x33\0\0\1\1\0" ID "\0\0", NONE, "RopMoveCopyMessages"),
        ROW("\x35\0\0\1\0\1" ID "a\0\0", NONE, "RopMoveFolder"),
        ROW("\x0b\0\0\0\0", NONE, "RopDeleteProperties"),
        ROW("\x79\0\0\2\0\0\0", NONE, "RopSetPropertiesNoReplicate"),
        ROW("\x40\0\0\0\0\0", NONE, "RopModifyPermissions"),
        ROW("\x41\0\0\0\0\0", NONE, "RopModifyRules"),
        ROW("\x30\0\0", NONE, "RopSetSearchCriteria"),
        ROW("\x26\0\0" ID "IPM\0", NONE, "RopSetReceiveFolder"),
        ROW("\x74\0\0\0\0\0", NONE, "RopSynchronizationImportDeletes"),
        ROW("\x7e\0\0\1\1", NONE, "RopSynchronizationOpenCollector"),
        ROW("\x2d\0\0\0\0", NONE, "RopWriteStream"),
        ROW("\x14\0\0\0\0\0", NONE, "ROP 0x14"), /* Restrict: not asked for */
        ROW("\0\0\0", NONE, "ROP 0x00"),
        ROW("\xff\0\0", NONE, "ROP 0xff"),
        ROW("\xf9\0\0", NONE, "ROP 0xf9"),
        /* what reads, asked for in a way that would not only read */
        ROW("\x02\0\0\1" ID "\4", NONE, "not understood"), /* what was deleted */
        ROW("\x03\0\0\1\xb0\4" ID "\1" ID, NONE, "not understood"), /* ReadWrite */
        ROW("\x03\0\0\1\xb0\4" ID "\3" ID, NONE, "not understood"), /* BestAccess */
        ROW("\x4b\0\0\1\1\0" ID "\1\1", NONE, "not understood"), /* Move */
        ROW("\x4b\0\0\1\1\0" ID "\x20\3", NONE, "not understood"), /* ForUpload */
        ROW("\x4d\0\0\1\0\1\0\0\0\1\0\0", NONE, "not understood"), /* Move */
        ROW("\x4d\0\0\1\0" Z4 "\3\0\0", NONE, "not understood"),
        ROW("\x56\0\0\2\1\0\0" GUID "\1\0\0\0", NONE, "not understood"), /* Create */
        ROW("\x56\0\0\0\1\0\2" GUID "\1\0\0\0", NONE, "not understood"), /* kind 2 */
        ROW("\x70\0\0\1\1\3\x09\x01\0\0\xd\0\0\0\0\0", NONE, "not understood"),
        ROW("\x70\0\0\1\3\1\x09\x01\0\0\xd\0\0\0\0\0", NONE, "not understood"),
        ROW("\x70\0\0\1\1\1\x09\x01\1\0\0\xd\0\0\0\0\0", NONE, "not understood"),
        ROW("\xfe\0\0\x9\0\0\0\1\0\0\0\0\4\0dn/\0", NONE, NULL), /* as the spooler */
        ROW("\xfe\0\0\1\1\0\0\0\0\0\0\0\0\0", NONE, NULL), /* as administrator */
        ROW("\xfe\0\0\1\x8\0\0\0\0\0\0\0\0\0", NONE, NULL), /* to take ownership */
        ROW("\xfe\0\0\1\0\0\0\0\1\0\0\0\0\0", NONE, NULL), /* StoreState */
        ROW("\x1c\0\0\2\1\1\1\0" W("a") Z2 Z2, NONE, "not understood"), /* OpenExisting */
        ROW("\x1c\0\0\2\2\1\0\0" W("a") Z2 Z2, NONE, "not understood"), /* a search */
        ROW("\x1c\0\0\2\1\0\0\0"
            "a\0\0",
                NONE, "not understood"), /* not Unicode */
        ROW("\x53\0\0\2\3\1", NONE, "not understood"), /* Move */
        ROW("\x53\0\0\2\1\0", NONE, "not understood"), /* CopyTo changes what is there */
        ROW("\x53\0\0\2\2\0", NONE, "not understood"),
        ROW("\x53\0\0\2\4\0", NONE, "not understood"),
        /* places that the table of handles does not have */
        ROW("\x01\0\4", NONE, "not understood"),
        ROW("\x02\0\0\4" ID "\0", NONE, "not understood"),
        ROW("\xfe\0\4\1\0\0\0\1\0\0\0\0\0\0", NONE, "not understood"),
        /* behind something that is allowed */
        ROW("\x01\0\0\x32\0\0\0", NONE, "RopSubmitMessage"),
        ROW("\x54\0\0\1\0a\x0c\0\0\0\0", NONE, NULL),
};

static void refused_by_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		const struct row *r = &refused[i];
		struct err err = {0};
		int who = who_may(r->p, r->n, &err);

		if (who != NONE || (r->says && !strstr(err.text, r->says)))
			fail_msg("row %zu: %d %s", i, who, err.text);
	}
}

/* Whatever is no layout of ours is refused, even if nothing but its id is there. */
static void all_other_ids(void **state)
{
	(void)state;
	for (unsigned id = 0; id < 256; id++) {
		char rop[40] = {(char)id};
		bool known = false;

		for (size_t i = 0; i < COUNT(allowed); i++)
			known |= (uint8_t)allowed[i].p[0] == id;
		for (size_t n = 1; n < sizeof rop; n++) {
			struct err err = {0};

			/* the properties of what is not new */
			if ((!known || id == 0x0a) && who_may(rop, n, &err) != NONE)
				fail_msg("ROP 0x%02x of %zu octets", id, n);
		}
	}
}

/* ---- the class of a folder that this request makes ---- */

#define CREATE(place) "\x1c\0\0" place "\1\1\0\0" W("a") Z2 Z2
#define VALUES(count, tag) "\x0a\0" count "\0" tag W("I") Z2
#define SET(place) "\x0a\0" place VALUES("\1", "\x1f\0\x13\x36")
#define OPEN(place) "\x02\0\0" place ID "\0"

static const struct row new_folders[] = {
        ROW(CREATE("\2") SET("\2"), TARGET, NULL),
        ROW(CREATE("\2") CREATE("\3") SET("\2") SET("\3"), TARGET, NULL),
        ROW(CREATE("\2") OPEN("\3") SET("\2"), TARGET, NULL),
        ROW(SET("\2"), NONE, NULL),
        ROW(SET("\2") CREATE("\2"), NONE, NULL),
        ROW(CREATE("\2") SET("\3"), NONE, NULL),
        /* where something is: if the folder cannot be made, it would be changed */
        ROW(CREATE("\1") SET("\1"), NONE, NULL),
        ROW(OPEN("\2") CREATE("\2") SET("\2"), NONE, NULL),
        ROW(CREATE("\2") OPEN("\2") SET("\2"), NONE, NULL),
        ROW(CREATE("\2") CREATE("\2") SET("\2"), NONE, NULL),
        /* anything but its class */
        ROW(CREATE("\2") "\x0a\0\2" VALUES("\1", "\x1f\0\1\x30"), NONE, NULL),
        ROW(CREATE("\2") "\x0a\0\2" VALUES("\2", "\x1f\0\x13\x36"), NONE, NULL),
        ROW(CREATE("\2") "\x0a\0\2" VALUES("\0", "\x1f\0\x13\x36"), NONE, NULL),
        ROW(CREATE("\2") "\x0a\0\2\xb\0\1\0\x1f\0\x13\x36I\0" Z2 "x", NONE, NULL),
        ROW(CREATE("\2") "\x0a\0\2\x9\0\1\0\x1f\0\x13\x36I\0\0", NONE, NULL),
};

static void only_new_folders_are_set(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(new_folders); i++) {
		const struct row *r = &new_folders[i];
		struct err err = {0};
		int who = who_may(r->p, r->n, &err);

		if (who != r->who)
			fail_msg("row %zu: %d %s", i, who, err.text);
	}
}

/* ---- around the ROPs ---- */

#define RELEASE "\x05\0\1\0\0"
#define HANDLE "\7\0\0\0"
#define AROUND(flags, version, coding, size, actual, rops, out, aux)                               \
	flags "\x11\0\0\0" version coding size actual rops HANDLE out aux

static const struct row executes[] = {
        ROW(AROUND("\3\0\0\0", Z2, "\4\0", "\x9\0", "\x9\0", RELEASE, "\0\0\4\0", Z4), SOURCE,
                NULL),
        ROW(AROUND("\7\0\0\0", Z2, "\4\0", "\x9\0", "\x9\0", RELEASE, Z4, Z4), SOURCE, NULL),
        ROW(AROUND("\x8\0\0\0", Z2, "\4\0", "\x9\0", "\x9\0", RELEASE, Z4, Z4), NONE, NULL),
        ROW(AROUND("\3\0\0\0", "\1\0", "\4\0", "\x9\0", "\x9\0", RELEASE, Z4, Z4), NONE, NULL),
        ROW(AROUND("\3\0\0\0", Z2, "\0\0", "\x9\0", "\x9\0", RELEASE, Z4, Z4), NONE, NULL),
        ROW(AROUND("\3\0\0\0", Z2, "\5\0", "\x9\0", "\x9\0", RELEASE, Z4, Z4), NONE, NULL),
        ROW(AROUND("\3\0\0\0", Z2, "\6\0", "\x9\0", "\x9\0", RELEASE, Z4, Z4), NONE, NULL),
        ROW(AROUND("\3\0\0\0", Z2, "\4\0", "\x8\0", "\x9\0", RELEASE, Z4, Z4), NONE, NULL),
        ROW(AROUND("\3\0\0\0", Z2, "\4\0", "\x9\0", "\xa\0", RELEASE, Z4, Z4), NONE, NULL),
        ROW(AROUND("\3\0\0\0", Z2, "\4\0", "\x8\0", "\x8\0", RELEASE, Z4, Z4), NONE, NULL),
        ROW(AROUND("\3\0\0\0", Z2, "\4\0", "\xa\0", "\xa\0", RELEASE, Z4, Z4), NONE, NULL),
        ROW(AROUND("\3\0\0\0", Z2, "\4\0", "\x9\0", "\x9\0", "\x06\0\1\0\0", Z4, Z4), NONE, NULL),
        ROW(AROUND("\3\0\0\0", Z2, "\4\0", "\x9\0", "\x9\0", "\x04\0\1\0\0", Z4, Z4), NONE, NULL),
        ROW(AROUND("\3\0\0\0", Z2, "\4\0", "\x9\0", "\x9\0", "\x01\0\1\0\0", Z4, Z4), NONE, NULL),
        ROW(AROUND("\3\0\0\0", Z2, "\4\0", "\x9\0", "\x9\0", "\x00\0\1\0\0", Z4, Z4), NONE, NULL),
        ROW(AROUND("\3\0\0\0", Z2, "\4\0", "\x9\0", "\x9\0", RELEASE, Z4, "\1\0\0\0a"), NONE, NULL),
        ROW(AROUND("\3\0\0\0", Z2, "\4\0", "\x9\0", "\x9\0", RELEASE, Z4, Z4 "a"), NONE, NULL),
        ROW(AROUND("\3\0\0\0", Z2, "\4\0", "\x9\0", "\x9\0", RELEASE, Z4, "\0\0\0"), NONE, NULL),
        ROW("", NONE, NULL),
        ROW(AROUND("\3\0\0\0", Z2, "\4\0", "\x9\0", "\x9\0", RELEASE, Z4, "\1\0\0\0"), NONE, NULL),
        /* a handle of three octets */
        ROW("\3\0\0\0\x14\0\0\0" Z2 "\4\0\xc\0\xc\0" RELEASE HANDLE "\0\0\0" Z8, NONE, NULL),
        /* sizes beyond what is there */
        ROW("\3\0\0\0\0\x3b\0\0" Z2 "\4\0\x9\0\x9\0" RELEASE HANDLE Z8, NONE, NULL),
        ROW("\3\0\0\0\xff\xff\xff\xff" Z2 "\4\0\x9\0\x9\0" RELEASE HANDLE Z8, NONE, NULL),
        /* nothing is asked for */
        ROW("\3\0\0\0\xe\0\0\0" Z2 "\4\0\6\0\6\0\2\0" HANDLE Z8, NONE, "asks for nothing"),
};

static void around_the_rops(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(executes); i++) {
		const struct row *r = &executes[i];
		struct err err = {0};
		int rc = check_as(GUARD_MAPI_SOURCE, EXECUTE, r->p, r->n, &err);

		if (rc != (r->who == SOURCE ? 0 : ERR_GUARD) ||
		        (r->says && !strstr(err.text, r->says)))
			fail_msg("row %zu: %d %s", i, rc, err.text);
	}
}

/* ---- the other kinds of requests ---- */

#define CONNECT "/o=x\0" Z4 "\xe4\4\0\0\x9\4\0\0\x9\4\0\0" Z4

static const struct kind_row {
	const char *type;
	struct row row;
} kinds[] = {
        {"X-RequestType: Connect", ROW(CONNECT, SOURCE, NULL)},
        {"X-RequestType: Disconnect", ROW(Z4, SOURCE, NULL)},
        {"X-RequestType: PING", ROW("", SOURCE, NULL)},
        {"X-RequestType: Connect", ROW(CONNECT "a", NONE, NULL)},
        {"X-RequestType: Connect",
                ROW("/o=x\0\1\0\0\0\xe4\4\0\0\x9\4\0\0\x9\4\0\0" Z4, NONE, NULL)},
        {"X-RequestType: Connect", ROW("/o=x\0" Z4 Z4 Z8 "\1\0\0\0a", NONE, NULL)},
        {"X-RequestType: Connect", ROW("/o=x", NONE, NULL)},
        {"X-RequestType: Disconnect", ROW(Z4 "a", NONE, NULL)},
        {"X-RequestType: Disconnect", ROW("\1\0\0\0a", NONE, NULL)},
        {"X-RequestType: Disconnect", ROW("", NONE, NULL)},
        {"X-RequestType: PING", ROW("a", NONE, NULL)},
        {"X-RequestType: NotificationWait", ROW(Z8, NONE, "NotificationWait")},
        {"X-RequestType: ModLinkAtt", ROW("", NONE, "ModLinkAtt")},
        {"X-RequestType: connect", ROW(CONNECT, NONE, "connect")},
        {"X-RequestType: PING ", ROW("", NONE, NULL)},
        {"X-RequestType:PING", ROW("", NONE, NULL)},
        {"X_RequestType: PING", ROW("", NONE, NULL)},
        {"X-Other: PING", ROW("", NONE, NULL)},
        {NULL, ROW("", NONE, NULL)},
};

static void other_kinds(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		const struct row *r = &kinds[i].row;
		struct err err = {0};
		int rc = check_as(GUARD_MAPI_SOURCE, kinds[i].type, r->p, r->n, &err);

		if (rc != (r->who == SOURCE ? 0 : ERR_GUARD) ||
		        (r->says && !strstr(err.text, r->says)))
			fail_msg("row %zu: %d %s", i, rc, err.text);
	}
}

static int check_fields_of(const char *first, const char *second, const char *third)
{
	struct http_request rq = {.method = "POST",
	        .url = URL,
	        .header = {first, second, third},
	        .body = "",
	        .body_size = 0};

	return http_guard_check(http_guard_of(GUARD_MAPI_SOURCE), &rq, URL, NULL);
}

/* One type, said once; cookies may go along; and the methods of DAV may not. */
static void fields_and_methods(void **state)
{
	(void)state;
	const char *ping = "X-RequestType: PING";
	const struct http_guard *source = http_guard_of(GUARD_MAPI_SOURCE);
	struct http_request rq = {
	        .method = "POST", .header = {TYPE, ping}, .body = "", .body_size = 0};

	assert_int_equal(check_fields_of(TYPE, ping, NULL), 0);
	assert_int_equal(check_fields_of(TYPE, ping, "Cookie: a=b"), 0);
	assert_int_equal(check_fields_of(TYPE, ping, "Cookie: a=b\r\nX: y"), ERR_GUARD);
	assert_int_equal(check_fields_of(TYPE, ping, "X-RequestType: PING"), ERR_GUARD);
	assert_int_equal(check_fields_of(TYPE, ping, "x-requesttype: Execute"), ERR_GUARD);
	assert_int_equal(check_fields_of(TYPE, ping, "X-RequestType: Execute"), ERR_GUARD);
	assert_int_equal(check_fields_of(TYPE, ping, "X_requesttype: Execute"), ERR_GUARD);
	assert_int_equal(check_fields_of(TYPE, "X-REQUESTTYPE: Execute", ping), ERR_GUARD);
	assert_int_equal(check_fields_of(TYPE, ping, "Content-Encoding: gzip"), ERR_GUARD);
	assert_int_equal(
	        check_fields_of("Content-Type: application/octet-stream", ping, NULL), ERR_GUARD);
	assert_int_equal(check_fields_of(TYPE, ping, "Authorization: Basic eA=="), ERR_GUARD);
	/* a session is one: what only reads is not sent twice either */
	assert_true(http_guard_reads(source, &rq));
	assert_false(http_guard_repeatable(source, &rq));
	assert_true(source->one_url);
	for (int i = 0; i < 5; i++) {
		static const char *const others[] = {
		        "PUT", "PROPFIND", "DELETE", "REPORT", "MKCOL"};

		rq.method = others[i];
		assert_int_equal(http_guard_check(source, &rq, URL, NULL), ERR_GUARD);
	}
}

/* Every octet of a request of several ROPs, changed to any other: never one that writes. */
static void no_change_lets_it_write(void **state)
{
	(void)state;
	static const char rops[] = OPEN("\2") "\x12\0\0\0\1\0\x14\0\x48\x67"
	                                      "\x4e\0\0\xbe\xba\xc0\x7b";
	static const uint8_t writes[] = {0x06, 0x0a, 0x0b, 0x0c, 0x11, 0x1c, 0x1d, 0x1e, 0x32, 0x33,
	        0x53, 0x54, 0x58, 0x66, 0x91, 0x92, 0x9d};
	struct buf b = buf_of(SIZE_MAX);
	struct err err = {0};

	put_execute(&b, rops, sizeof rops - 1);
	assert_int_equal(check_as(GUARD_MAPI_SOURCE, EXECUTE, b.data, b.len, &err), 0);
	for (size_t i = 0; i < COUNT(writes); i++) {
		/* the id of each of its three ROPs */
		static const size_t at[] = {18, 18 + 13, 18 + 13 + 10};

		for (size_t k = 0; k < COUNT(at); k++) {
			uint8_t was = b.data[at[k]];

			b.data[at[k]] = writes[i];
			assert_int_equal(check_as(GUARD_MAPI_SOURCE, EXECUTE, b.data, b.len, &err),
			        ERR_GUARD);
			b.data[at[k]] = was;
		}
	}
	assert_int_equal(check_as(GUARD_MAPI_SOURCE, EXECUTE, b.data, b.len, &err), 0);
	buf_clear(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(allowed_as_they_are),
	        cmocka_unit_test(neither_cut_nor_longer),
	        cmocka_unit_test(refused_by_name),
	        cmocka_unit_test(all_other_ids),
	        cmocka_unit_test(only_new_folders_are_set),
	        cmocka_unit_test(around_the_rops),
	        cmocka_unit_test(other_kinds),
	        cmocka_unit_test(fields_and_methods),
	        cmocka_unit_test(no_change_lets_it_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
