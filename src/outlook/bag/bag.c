/* Filling a bag, and the one order that it has (MS-OXCMSG, MS-OXCDATA). */
#include <assert.h>
#include <stdlib.h>
#include "outlook/bag/internal.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

enum {
	ITEM_COST = 64 << 20, /* octets of memory that one item may take */
	VALUES_COST = 8 << 20, /* beyond it only short values stay in memory */
	SHORT_VALUE = 64,
};

static struct bag *bag_make(enum bag_role role, struct bag *parent)
{
	struct bag *b = xcalloc(1, sizeof *b);

	b->role = role;
	if (parent) {
		b->parent = parent;
		b->store = parent->store;
		b->depth = parent->depth;
	}
	return b;
}

struct bag *bag_new(void)
{
	struct bag *b = bag_make(BAG_MESSAGE, NULL);

	b->store = xcalloc(1, sizeof *b->store);
	spool_init(&b->store->spool);
	buf_init(&b->store->value, BAG_MEMORY);
	return b;
}

static void clear_prop(struct bag_prop *p)
{
	if (p->name)
		free(p->name->text);
	free(p->name);
	free(p->data);
	free(p->text);
}

void bag_free(struct bag *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->n_props; i++)
		clear_prop(&b->props[i]);
	free(b->props);
	for (size_t i = 0; i < b->n_recipients; i++)
		bag_free(b->recipients[i]);
	free(b->recipients);
	for (size_t i = 0; i < b->n_attachments; i++)
		bag_free(b->attachments[i]);
	free(b->attachments);
	bag_free(b->embedded);
	texts_free(b->texts, b->n_texts);
	if (!b->parent) {
		spool_clear(&b->store->spool);
		buf_clear(&b->store->value);
		free(b->store);
	}
	free(b);
}

static int pay(struct bag *b, size_t n, struct err *err)
{
	if (b->store->cost + n > ITEM_COST)
		return err_set(err, ERR_LIMIT, ERR_ITEM,
		        "an item with more properties than %d MiB hold", ITEM_COST >> 20);
	b->store->cost += n;
	return 0;
}

static struct bag *add_child(struct bag *b, enum bag_role role, struct bag ***list, size_t *n,
        size_t *cap, struct err *err)
{
	if (*n >= BAG_CHILDREN_MAX) {
		err_set(err, ERR_LIMIT, ERR_ITEM, "an item with more than %d %s", BAG_CHILDREN_MAX,
		        role == BAG_RECIPIENT ? "recipients" : "attachments");
		return NULL;
	}
	if (pay(b, sizeof *b + sizeof b, err) < 0)
		return NULL;
	*ARR_PUSH(*list, *n, *cap) = bag_make(role, b);
	return (*list)[*n - 1];
}

struct bag *bag_add_recipient(struct bag *b, struct err *err)
{
	return add_child(
	        b, BAG_RECIPIENT, &b->recipients, &b->n_recipients, &b->recipients_cap, err);
}

struct bag *bag_add_attachment(struct bag *b, struct err *err)
{
	return add_child(
	        b, BAG_ATTACHMENT, &b->attachments, &b->n_attachments, &b->attachments_cap, err);
}

struct bag *bag_embed(struct bag *attachment, struct err *err)
{
	assert(attachment->role == BAG_ATTACHMENT && !attachment->embedded);
	if (attachment->depth + 1 > BAG_DEPTH_MAX) {
		err_set(err, ERR_LIMIT, ERR_ITEM, "items within items, more than %d deep",
		        BAG_DEPTH_MAX);
		return NULL;
	}
	if (pay(attachment, sizeof *attachment, err) < 0)
		return NULL;
	attachment->embedded = bag_make(BAG_MESSAGE, attachment);
	attachment->embedded->depth++;
	return attachment->embedded;
}

/* ---- one property ---- */

size_t bag_type_size(unsigned type)
{
	switch (type & ~(unsigned)BAG_MULTIPLE) {
	case BAG_INT16:
	case BAG_BOOLEAN:
		return 2;
	case BAG_INT32:
	case BAG_FLOAT:
	case BAG_ERROR:
		return 4;
	case BAG_DOUBLE:
	case BAG_CURRENCY:
	case BAG_APPTIME:
	case BAG_INT64:
	case BAG_TIME:
		return 8;
	case BAG_GUID:
		return 16;
	default:
		return 0;
	}
}

bool type_is_text(unsigned type)
{
	type &= ~(unsigned)BAG_MULTIPLE;
	return type == BAG_STRING8 || type == BAG_UNICODE;
}

static bool is_type(unsigned type)
{
	switch (type) {
	case BAG_OBJECT:
	case BAG_SERVER_ID:
	case BAG_RESTRICTION:
	case BAG_ACTIONS:
		return true;
	default:
		type &= ~(unsigned)BAG_MULTIPLE;
		return type_is_text(type) || type == BAG_BINARY || bag_type_size(type);
	}
}

static struct bag_name *name_dup(const struct bag_name *name)
{
	struct bag_name *n = xmemdup(name, sizeof *name);

	n->text = xstrdup(name->text);
	return n;
}

int bag_begin(
        struct bag *b, uint16_t id, uint16_t type, const struct bag_name *name, struct err *err)
{
	struct bag_name nameless = {.lid = id};
	struct bag_store *s = b->store;
	struct bag_prop *p;
	size_t text_len = name && name->text ? strlen(name->text) : 0;

	assert(!s->filled);
	if (b->n_props >= BAG_PROPS_MAX || text_len > BAG_NAME_MAX)
		return err_set(err, ERR_LIMIT, ERR_ITEM,
		        b->n_props >= BAG_PROPS_MAX ? "an item with more than %d properties"
		                                    : "a property's name of more than %d octets",
		        b->n_props >= BAG_PROPS_MAX ? BAG_PROPS_MAX : BAG_NAME_MAX);
	if (id >= 0x8000 && !name)
		name = &nameless; /* nobody knows its name: a set of zeros, and what we know */
	if (pay(b, sizeof *p + (name ? sizeof *name + text_len + 1 : 0), err) < 0)
		return err->code;
	p = ARR_PUSH(b->props, b->n_props, b->props_cap);
	p->id = name ? 0x8000 : id;
	p->type = is_type(type) ? type : BAG_BINARY;
	p->name = name ? name_dup(name) : NULL;
	b->is_sorted = false;
	s->several = NULL;
	s->filled = b;
	s->len = 0;
	s->spilled = false;
	buf_reset(&s->value);
	return 0;
}

/* After an error the property is not there. */
static int drop(struct bag *b, int rc)
{
	clear_prop(&b->props[--b->n_props]);
	b->store->filled = NULL;
	return rc;
}

/* What is in memory goes to the spool, where the rest will follow it. */
static int spill(struct bag_store *s, struct err *err)
{
	s->at = s->spool.len;
	s->spilled = true;
	return spool_add(&s->spool, s->value.data, s->value.len, err);
}

int bag_put(struct bag *b, const void *p, size_t n, struct err *err)
{
	struct bag_store *s = b->store;
	int rc = 0;

	assert(s->filled == b);
	/* A text has a NUL behind it where it is written. */
	if (n > BAG_VALUE_MAX - 2 - s->len)
		return drop(b, err_set(err, ERR_LIMIT, ERR_ITEM, "a value of more than 4 GiB"));
	s->len += n;
	if (!s->spilled && s->len > BAG_MEMORY)
		rc = spill(s, err);
	if (rc == 0 && s->spilled)
		rc = spool_add(&s->spool, p, n, err);
	else if (rc == 0)
		buf_put(&s->value, p, n);
	return rc < 0 ? drop(b, rc) : 0;
}

/*
 * Are these octets as many values as they say, with nothing behind them? Else nobody could
 * read what follows them in FastTransfer.
 */
static int check_multiple(const struct bag *b, const struct bag_prop *p, bool *is, struct err *err)
{
	uint8_t four[4];
	uint64_t at = 4, n = 0;
	size_t size = bag_type_size(p->type);
	int rc = 0;

	*is = p->len >= 4;
	if (*is) {
		rc = prop_read(b, p, 0, four, 4, err);
		n = le32(four);
	}
	if (size)
		*is = *is && n * size == p->len - 4;
	else
		*is = *is && n <= VALUES_MAX;
	for (uint64_t i = 0; !size && *is && rc == 0 && i < n; i++) {
		*is = p->len - at >= 4;
		if (*is)
			rc = prop_read(b, p, at, four, 4, err);
		if (*is && rc == 0) {
			*is = p->len - at - 4 >= le32(four);
			at += 4 + (uint64_t)le32(four);
		}
	}
	*is = *is && (size || at == p->len);
	return rc;
}

/* As many octets as the type has; a text without the NUL behind it. */
static int settle_value(struct bag *b, struct bag_prop *p, struct err *err)
{
	static const uint8_t zeros[16];
	size_t size = p->type & BAG_MULTIPLE ? 0 : bag_type_size(p->type);
	size_t unit = p->type == BAG_UNICODE ? 2 : 1;
	uint8_t end[2] = {1, 1};
	bool is = true;
	int rc = 0;

	if (size) {
		uint8_t *fixed = xmemdup(zeros, size);

		memcpy(fixed, p->data ? p->data : zeros, (size_t)MIN(p->len, size));
		free(p->data);
		p->data = fixed;
		p->len = size;
	} else if (p->type & BAG_MULTIPLE) {
		rc = check_multiple(b, p, &is, err);
		if (!is)
			p->type = BAG_BINARY;
	} else if (type_is_text(p->type) && p->len >= unit) {
		rc = prop_read(b, p, p->len - unit, end, unit, err);
		if (!end[0] && (unit == 1 || !end[1]))
			p->len -= unit;
	}
	return rc;
}

int bag_end(struct bag *b, struct err *err)
{
	struct bag_store *s = b->store;
	struct bag_prop *p = &b->props[b->n_props - 1];
	int rc = 0;

	assert(s->filled == b);
	s->filled = NULL;
	p->len = s->len;
	if (!s->spilled && s->len > SHORT_VALUE && s->cost + s->len > VALUES_COST)
		rc = spill(s, err);
	if (rc == 0 && !s->spilled)
		rc = pay(b, (size_t)s->len, err);
	p->at = s->at;
	if (!s->spilled)
		p->data = xmemdup(
		        s->value.data, s->value.len + 1); /* with its NUL: never of no size */
	if (rc == 0)
		rc = settle_value(b, p, err);
	return rc < 0 ? drop(b, rc) : 0;
}

int bag_set(struct bag *b, bag_key key, uint16_t type, const void *p, size_t n, struct err *err)
{
	struct bag_ident who = ident_of_key(key);
	struct bag_name name = {.text = (char *)who.text, .lid = who.number};
	int rc;

	if (who.set)
		memcpy(name.set, who.set, sizeof name.set);
	rc = bag_begin(b, (uint16_t)key, type, who.set ? &name : NULL, err);
	if (rc == 0)
		rc = bag_put(b, p, n, err);
	return rc < 0 ? rc : bag_end(b, err);
}

int bag_set_int(struct bag *b, bag_key key, uint16_t type, int64_t value, struct err *err)
{
	uint8_t octets[16] = {0};

	le_put(octets, (uint64_t)value, 8);
	return bag_set(b, key, type, octets, bag_type_size(type), err);
}

void bag_remove(struct bag *b, uint16_t id)
{
	size_t kept = 0;

	assert(!b->store->filled && id < 0x8000);
	b->store->several = NULL;
	for (size_t i = 0; i < b->n_props; i++)
		if (!b->props[i].name && b->props[i].id == id)
			clear_prop(&b->props[i]);
		else
			b->props[kept++] = b->props[i];
	b->n_props = kept;
}

/* ---- order ---- */

struct bag_ident ident_of(const struct bag_prop *p)
{
	if (!p->name)
		return (struct bag_ident){.number = p->id};
	return (struct bag_ident){p->name->set, p->name->text, p->name->text ? 0 : p->name->lid};
}

struct bag_ident ident_of_key(bag_key key)
{
	struct bag_ident who = {.number = key};
	enum bag_set set;

	if (key & 0x80000000u) {
		who.number = 0;
		who.text = bag_key_text(key, &set);
		who.set = bag_set_guid(set);
	} else if (key > 0xffff) {
		who.number = key & 0xffffff;
		who.set = bag_set_guid((enum bag_set)(key >> 24));
	}
	return who;
}

int ident_order(const struct bag_ident *a, const struct bag_ident *b)
{
	int order;

	if (!a->set || !b->set) {
		order = ORDER_OF(!!a->set, !!b->set);
	} else {
		order = memcmp(a->set, b->set, 16);
		if (!order)
			order = ORDER_OF(!!a->text, !!b->text);
	}
	if (!order && a->text)
		return strcmp(a->text, b->text);
	return order ? order : ORDER_OF(a->number, b->number);
}

static int by_ident(const struct bag_prop *a, const struct bag_prop *b)
{
	struct bag_ident x = ident_of(a), y = ident_of(b);
	int order = ident_order(&x, &y);

	return order ? order : ORDER_OF(a->type, b->type);
}

/* The later one of the same name and type counts: it comes first among them here. */
static int props_order(const void *p, const void *q)
{
	const struct bag_prop *a = p, *b = q;
	int order = by_ident(a, b);

	return order ? order : ORDER_OF(b->number, a->number);
}

static void sort_props(struct bag *b)
{
	size_t kept = 0;

	for (size_t i = 0; i < b->n_props; i++)
		b->props[i].number = (uint32_t)i;
	SORT(b->props, b->n_props, props_order);
	for (size_t i = 0; i < b->n_props; i++)
		if (kept && by_ident(&b->props[kept - 1], &b->props[i]) == 0)
			clear_prop(&b->props[i]);
		else
			b->props[kept++] = b->props[i];
	b->n_props = kept;
	b->is_sorted = true;
}

void bag_sort(struct bag *b)
{
	assert(!b->store->filled);
	b->store->several = NULL;
	sort_props(b);
	for (size_t i = 0; i < b->n_recipients; i++)
		bag_sort(b->recipients[i]);
	for (size_t i = 0; i < b->n_attachments; i++)
		bag_sort(b->attachments[i]);
	if (b->embedded)
		bag_sort(b->embedded);
}

void bag_drop(struct bag *b, bool (*unwanted)(void *ctx, const struct bag *of, struct bag_prop *p),
        void *ctx)
{
	size_t kept = 0;

	assert(!b->store->filled);
	b->store->several = NULL;
	for (size_t i = 0; i < b->n_props; i++)
		if (unwanted(ctx, b, &b->props[i]))
			clear_prop(&b->props[i]);
		else
			b->props[kept++] = b->props[i];
	b->n_props = kept;
	for (size_t i = 0; i < b->n_recipients; i++)
		bag_drop(b->recipients[i], unwanted, ctx);
	for (size_t i = 0; i < b->n_attachments; i++)
		bag_drop(b->attachments[i], unwanted, ctx);
	if (b->embedded)
		bag_drop(b->embedded, unwanted, ctx);
}
