/* Is an item that came back from a store what went in? */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/le.h"
#include "valise/base/mem.h"
#include "valise/outlook/make.h"

/*
 * Ids, by ranges, that a store gives each item itself, or works out from the rest of it.
 * homeless.c has more of them: what only has no place in a message is compared here.
 */
static const struct {
	uint16_t first, last;
} of_stores[] = {
        {0x0e02, 0x0e05}, /* PidTagDisplayBcc, ...Cc, ...To, PidTagParentDisplay */
        {0x0e08, 0x0e0a}, /* PidTagMessageSize, PidTagParentEntryId, PidTagSentMailEntryId */
        {0x0e0f, 0x0e0f}, /* PidTagResponsibility */
        {0x0e12, 0x0e14}, /* tables of recipients and attachments; PidTagSubmitFlags */
        {0x0e17, 0x0e17}, /* PidTagMessageStatus: in its folder */
        {0x0e1b, 0x0e1b}, /* PidTagHasAttachments */
        {0x0e1d, 0x0e1d}, /* PidTagNormalizedSubject: subject and prefix say it */
        {0x0e1f, 0x0e21}, /* PidTagRtfInSync, PidTagAttachSize, PidTagAttachNumber */
        {0x0e23, 0x0e23}, /* PidTagInternetArticleNumber */
        {0x0e27, 0x0e27}, /* PidTagSecurityDescriptor */
        {0x0e30, 0x0e3d}, /* PidTagReplItemid ...: versions in a PST */
        {0x0e58, 0x0e59}, /* PidTagCreatorSid, PidTagLastModifierSid */
        {0x0e62, 0x0e62}, /* PidTagUrlCompNameSet */
        {0x0e69, 0x0e69}, /* PidTagRead: PidTagMessageFlags says it */
        {0x0f00, 0x0fff}, /* access, rows, instances, entry ids, record keys of the store */
        {0x1006, 0x1008}, /* PidTagRtfSyncBodyCrc, ...Count, ...Tag */
        {0x1010, 0x1011}, /* PidTagRtfSyncPrefixCount, ...TrailingCount */
        {0x1016, 0x1016}, /* PidTagNativeBody: the bodies are compared */
        {0x10f3, 0x10f3}, /* PidTagUrlCompName */
        {0x3000, 0x3000}, /* PidTagRowid */
        {0x3007, 0x3008}, /* PidTagCreationTime, PidTagLastModificationTime */
        {0x3013, 0x3013}, /* PidTagConversationId: made of topic and index */
        {0x3400, 0x36ff}, /* of stores, folders and containers */
        {0x3ff8, 0x3ffb}, /* names and entry ids of who made and who changed it there */
        {0x4022, 0x4025}, /* addresses of these */
        {0x4038, 0x4039}, /* simple names of these */
        {0x4059, 0x405a}, /* flags of these */
        {0x65e0, 0x65e6}, /* source keys, change keys, lists of changes */
        {0x6600, 0x67ff}, /* what a store defines for itself, and transmits to nobody */
};
/* Of PidTagMessageFlags, MS-OXCMSG 2.2.1.6: mfRead, mfUnsent, mfFromMe, mfResend. */
enum { OF_PEOPLE = 0x01 | 0x08 | 0x20 | 0x80, LINE_MAX = 4096 };

struct comparing {
	outlook_differs_fn differs;
	void *ctx;
	bool same;
};

static bool is_of_store(const struct bag *b, const struct bag_prop *p)
{
	if (p->name)
		return false;
	/* The item in it, which is compared itself. */
	if (p->id == PidTagAttachDataBinary && p->type == BAG_OBJECT && b->embedded)
		return true;
	for (size_t i = 0; i < COUNT(of_stores); i++)
		if (p->id >= of_stores[i].first && p->id <= of_stores[i].last)
			return true;
	return false;
}

static bool is_flags(const struct bag_prop *p)
{
	return !p->name && p->id == PidTagMessageFlags && p->type == BAG_INT32;
}

static uint32_t flags_of(const struct bag_prop *p)
{
	return p ? le32(p->data) & OF_PEOPLE : 0;
}

static void put_value(const struct bag *b, const struct bag_prop *p, struct buf *out)
{
	if (is_flags(p))
		buf_putf(out, "0x%02" PRIx32, flags_of(p));
	else
		bag_prop_value(b, p, out);
}

static void tell(struct comparing *c, enum outlook_change how, const char *name, const char *line)
{
	struct outlook_difference d = {how, name, line};

	c->same = false;
	if (c->differs)
		c->differs(c->ctx, &d);
}

/* Values that only begin alike are told by their lengths. */
static void put_both(const struct bag *was, const struct bag_prop *x, const struct bag *is,
        const struct bag_prop *y, struct buf *line)
{
	struct buf old = buf_of(LINE_MAX), now = buf_of(LINE_MAX);

	put_value(was, x, &old);
	put_value(is, y, &now);
	if (strcmp(buf_str(&old), buf_str(&now)) == 0)
		buf_putf(line, "%" PRIu64 " octets, was %" PRIu64 " others", y->len, x->len);
	else
		buf_putf(line, "%s, was %s", buf_str(&now), buf_str(&old));
	buf_clear(&old);
	buf_clear(&now);
}

/* One property that differs: ${x} or ${y} is NULL where an item lacks it. */
static void tell_prop(struct comparing *c, const char *where, const struct bag *was,
        const struct bag_prop *x, const struct bag *is, const struct bag_prop *y)
{
	enum outlook_change how = !y ? OUTLOOK_LOST : !x ? OUTLOOK_ADDED : OUTLOOK_OTHER;
	struct buf name = buf_of(LINE_MAX), line = buf_of(4 * LINE_MAX);

	bag_prop_name(x ? x : y, &name);
	buf_puts(&line, buf_str(&name));
	if (*where)
		buf_putf(&line, " (%s)", where);
	buf_puts(&line, ": ");
	if (x && y) {
		put_both(was, x, is, y, &line);
	} else if (x) {
		buf_puts(&line, "lost, was ");
		put_value(was, x, &line);
	} else {
		put_value(is, y, &line);
		buf_puts(&line, ", was not there");
	}
	tell(c, how, buf_str(&name), buf_str(&line));
	buf_clear(&name);
	buf_clear(&line);
}

/* Of the properties from ${from} on that are the same one: where they end, and which counts. */
static size_t pick(const struct bag *b, size_t from, const struct bag_prop **out)
{
	size_t i = from;

	*out = NULL;
	for (; i < b->n_props && !bag_prop_order(&b->props[from], &b->props[i]); i++) {
		const struct bag_prop *p = &b->props[i];

		if (p->type != BAG_ERROR && (!*out || p->type == BAG_UNICODE))
			*out = p;
	}
	if (*out && is_of_store(b, *out))
		*out = NULL;
	return i;
}

/* A message without flags has none of them set. */
static bool differ(const struct bag *was, const struct bag_prop *x, const struct bag *is,
        const struct bag_prop *y)
{
	const struct bag_prop *one = x ? x : y;

	if (!one)
		return false;
	if (is_flags(one) && (!x || !y || is_flags(y)))
		return flags_of(x) != flags_of(y);
	return !x || !y || !bag_prop_same(was, x, is, y);
}

/*
 * Of ${b}, what has the name of ${p} but for the case of letters. Servers have one name of both
 * (MS-OXCPRPT 3.2.5.9 for headers): that in which somebody wrote it first.
 */
static const struct bag_prop *find_in_case(const struct bag *b, const struct bag_prop *p)
{
	for (size_t i = 0; p && p->name && p->name->text && i < b->n_props; i++) {
		const struct bag_name *n = b->props[i].name;

		if (n && n->text && b->props[i].type != BAG_ERROR &&
		        memcmp(n->set, p->name->set, sizeof n->set) == 0 &&
		        strcasecmp(n->text, p->name->text) == 0)
			return &b->props[i];
	}
	return NULL;
}

static void compare_props(
        struct comparing *c, const struct bag *was, const struct bag *is, const char *where)
{
	size_t i = 0, k = 0;

	while (i < was->n_props || k < is->n_props) {
		const struct bag_prop *x = NULL, *y = NULL;
		int order = i == was->n_props  ? 1
		            : k == is->n_props ? -1
		                               : bag_prop_order(&was->props[i], &is->props[k]);

		if (order <= 0)
			i = pick(was, i, &x);
		if (order >= 0)
			k = pick(is, k, &y);
		if (x && !y)
			y = find_in_case(is, x);
		else if (y && !x && find_in_case(was, y))
			continue;
		if (differ(was, x, is, y))
			tell_prop(c, where, was, x, is, y);
	}
}

static void compare(
        struct comparing *c, const struct bag *was, const struct bag *is, const char *where);

/* Recipients or attachments; of more or fewer of them how many there are. */
static void compare_children(struct comparing *c, const char *kind, const char *where,
        struct bag *const *was, size_t n_was, struct bag *const *is, size_t n_is)
{
	for (size_t i = 0; i < MIN(n_was, n_is); i++) {
		char *in = xasprintf("%s%s%s %zu", where, *where ? ", " : "", kind, i + 1);

		compare(c, was[i], is[i], in);
		free(in);
	}
	if (n_was != n_is) {
		char *name = xasprintf("%ss", kind);
		char *line = xasprintf("%s%s%s%s: %zu, was %zu", name, *where ? " (" : "", where,
		        *where ? ")" : "", n_is, n_was);

		tell(c, n_is < n_was ? OUTLOOK_LOST : OUTLOOK_ADDED, name, line);
		free(name);
		free(line);
	}
}

static void compare_embedded(
        struct comparing *c, const struct bag *was, const struct bag *is, const char *where)
{
	char *text;

	if (was->embedded && is->embedded) {
		text = xasprintf("%s, its item", where);
		compare(c, was->embedded, is->embedded, text);
		free(text);
	} else if (was->embedded || is->embedded) {
		text = xasprintf(
		        "item (%s): %s", where, was->embedded ? "lost" : "there, was not there");
		tell(c, was->embedded ? OUTLOOK_LOST : OUTLOOK_ADDED, "item", text);
		free(text);
	}
}

static void compare(
        struct comparing *c, const struct bag *was, const struct bag *is, const char *where)
{
	compare_props(c, was, is, where);
	compare_children(c, "recipient", where, was->recipients, was->n_recipients, is->recipients,
	        is->n_recipients);
	compare_children(c, "attachment", where, was->attachments, was->n_attachments,
	        is->attachments, is->n_attachments);
	compare_embedded(c, was, is, where);
}

bool outlook_compare(
        const struct bag *was, const struct bag *is, outlook_differs_fn differs, void *ctx)
{
	struct comparing c = {differs, ctx, true};

	compare(&c, was, is, "");
	return c.same;
}

struct lines {
	void (*differs)(void *ctx, const char *line);
	void *ctx;
};

static void tell_line(void *ctx, const struct outlook_difference *d)
{
	const struct lines *l = ctx;

	if (l->differs)
		l->differs(l->ctx, d->line);
}

bool outlook_same(const struct bag *was, const struct bag *is,
        void (*differs)(void *ctx, const char *line), void *ctx)
{
	struct lines l = {differs, ctx};

	return outlook_compare(was, is, tell_line, &l);
}
