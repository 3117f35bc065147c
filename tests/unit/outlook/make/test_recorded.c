/*
 * Messages that a server of MAPI took from a mail server, as it keeps them (fixtures/mapi), beside
 * what is made of the same messages here.
 */
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdarg.h>
#include <cmocka.h>
#include "outlook/make.h"
#include "valise/outlook/make.h"

/* What may differ, and why. */
static const char *const differs[] = {
        "PidTagSensitivity", /* the usual one is not said here */
        "PidTagConversationIndex", /* it makes one up */
        "PidTagSentRepresentingEntryId", /* the flag that address books are left alone: here */
        "PidTagSenderEntryId", /* the same */
        "PidTagTransportMessageHeaders", /* it keeps the empty line, with another line end */
        "PidTagMessageDeliveryTime", /* it has none */
        "PidTagBody", /* it keeps LF */
        "PidTagHtml", /* it makes it of the text, where there is none */
        "PidTagSearchKey", /* each its own */
        "PidTagMessageFlags", /* of an item in another one */
        "PidTagTransmittableDisplayName", /* the name again */
        "PidTagRecipientFlags",
        "PidTagDisplayName", /* of files, here; quotes within a name, there */
        "PidTagRenderingPosition", /* of files, here */
        "PidTagAttachFlags", "PidTagAttachmentHidden", "0x1015", /* PidTagBodyContentId */
        "0x3016", /* PidTagConversationIndexTracking */
        "0x5ff7", /* PidTagRecipientEntryId */
};

struct items {
	struct bag *list[16];
	size_t n;
};

static int take(void *ctx, struct bag *b, struct err *err)
{
	struct items *items = ctx;

	(void)err;
	assert_true(items->n < COUNT(items->list));
	items->list[items->n++] = b;
	return 0;
}

static void load(
        const char *name, int (*add)(void *, const void *, size_t, struct err *), void *ctx)
{
	char *path = xasprintf(FIXTURES "/mapi/recorded/%s", name), piece[4096];
	FILE *f = fopen(path, "rb");
	struct err err = {0};
	size_t n;

	assert_non_null(f);
	while ((n = fread(piece, 1, sizeof piece, f)) > 0)
		make_check(add(ctx, piece, n, &err), &err);
	fclose(f);
	free(path);
}

static int to_reader(void *ctx, const void *p, size_t n, struct err *err)
{
	return fx_read(ctx, p, n, err);
}

static int to_spool(void *ctx, const void *p, size_t n, struct err *err)
{
	return spool_add(ctx, p, n, err);
}

static void expected(void *ctx, const char *line)
{
	size_t n = strcspn(line, ": ");

	(void)ctx;
	for (size_t i = 0; i < COUNT(differs); i++)
		if (strlen(differs[i]) == n && memcmp(differs[i], line, n) == 0)
			return;
	fail_msg("%s", line);
}

static struct bag *find(const struct items *items, struct bag *like)
{
	const char *id = bag_text(like, PidTagInternetMessageId);

	for (size_t i = 0; i < items->n; i++)
		if (strcmp(bag_text(items->list[i], PidTagInternetMessageId), id) == 0)
			return items->list[i];
	fail_msg("no item is %s", id);
	return NULL;
}

static void same_properties(void **state)
{
	static const char *const names[] = {"m1", "m2", "bulk000", "bulk001", "bulk002"};
	struct items items = {.n = 0};
	struct fx_reader *r = fx_reader_new(take, &items);

	(void)state;
	load("Inbox.copymessages.fx", to_reader, r);
	fx_reader_free(r);
	assert_int_equal(items.n, COUNT(names));
	for (size_t i = 0; i < COUNT(names); i++) {
		char *name = xasprintf("input/%s.eml", names[i]);
		struct spool octets;
		struct outlook_make m = {
		        .form = OUTLOOK_MAIL, .octets = &octets, .date_utc = INT64_MIN};
		struct err err = {0};
		struct bag *b;

		spool_init(&octets);
		load(name, to_spool, &octets);
		make_check(outlook_make(&m, &b, &err), &err);
		outlook_same(find(&items, b), b, expected, NULL);
		bag_free(b);
		spool_clear(&octets);
		free(name);
	}
	for (size_t i = 0; i < items.n; i++)
		bag_free(items.list[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(same_properties)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
