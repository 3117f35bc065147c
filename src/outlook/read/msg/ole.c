/* Storages and streams of a compound file, by libolecf. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "outlook/read/msg/cfb.h"
#include "outlook/read/msg/msg.h"
#include "valise/base/escape.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct ole_item *)a)->name, ((const struct ole_item *)b)->name);
}

static bool open_item(libolecf_item_t *storage, int nth, struct ole_item *out)
{
	libolecf_error_t *error = NULL;
	uint8_t type = 0;
	size_t n = 0;
	bool fine;

	memset(out, 0, sizeof *out);
	fine = libolecf_item_get_sub_item(storage, nth, &out->item, &error) == 1 &&
	       libolecf_item_get_type(out->item, &type, &error) == 1 &&
	       libolecf_item_get_utf8_name_size(out->item, &n, &error) == 1 && n > 0 &&
	       n <= sizeof out->name &&
	       libolecf_item_get_utf8_name(out->item, (uint8_t *)out->name, n, &error) == 1 &&
	       libolecf_item_get_size(out->item, &out->size, &error) == 1;
	out->storage = type == LIBOLECF_ITEM_TYPE_STORAGE;
	if (!fine && out->item)
		(void)libolecf_item_free(&out->item, NULL);
	libolecf_error_free(&error);
	return fine;
}

bool ole_list(libolecf_item_t *storage, struct ole_list *out)
{
	libolecf_error_t *error = NULL;
	bool fine;
	int n = 0;

	memset(out, 0, sizeof *out);
	fine = libolecf_item_get_number_of_sub_items(storage, &n, &error) == 1;
	for (int i = 0; i < n; i++) {
		struct ole_item one;

		if (open_item(storage, i, &one))
			*ARR_PUSH(out->i, out->n, out->cap) = one;
		else
			fine = false;
	}
	libolecf_error_free(&error);
	SORT(out->i, out->n, by_name);
	return fine;
}

void ole_list_free(struct ole_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->i[i].item)
			(void)libolecf_item_free(&l->i[i].item, NULL);
	free(l->i);
	memset(l, 0, sizeof *l);
}

struct ole_item *ole_find(struct ole_list *l, const char *name)
{
	struct ole_item key = {.item = NULL};

	(void)snprintf(key.name, sizeof key.name, "%s", name);
	return FIND(&key, l->i, l->n, by_name);
}

size_t ole_read(struct ole_item *i, uint64_t off, void *p, size_t n)
{
	libolecf_error_t *error = NULL;
	ssize_t got = libolecf_stream_read_buffer_at_offset(i->item, p, n, (off64_t)off, &error);

	libolecf_error_free(&error);
	return got < 0 ? 0 : (size_t)got;
}

uint8_t *ole_whole(struct ole_item *i, size_t max, size_t *n)
{
	uint8_t *p;

	if (!i || i->storage || i->size > max)
		return NULL;
	*n = i->size;
	p = malloc(*n + 1);
	if (p && *n && ole_read(i, 0, p, *n) != *n) {
		free(p);
		p = NULL;
	}
	return p;
}

/* ---- a storage as a file of its own ---- */

struct object {
	struct send *to;
	struct cfb_entry *entry;
	size_t n, cap;
	libolecf_item_t **item; /* of each entry */
	size_t n_items, items_cap;
	bool cut; /* something in it could not be read */
};

static void add_entry(struct object *o, const struct ole_item *i, size_t parent)
{
	struct cfb_entry *e = ARR_PUSH(o->entry, o->n, o->cap);
	size_t at = 0, len = strlen(i->name), units = 0, k;
	uint32_t point;

	e->storage = i->storage;
	e->parent = parent;
	e->size = i->storage ? 0 : i->size;
	while ((k = utf8_next(i->name + at, len - at, &point)) != 0) {
		if (units + 2 < COUNT(e->name) && point > 0xffff) {
			e->name[units++] = (uint16_t)(0xd800 + ((point - 0x10000) >> 10));
			e->name[units++] = (uint16_t)(0xdc00 + ((point - 0x10000) & 0x3ff));
		} else if (units + 1 < COUNT(e->name) && point <= 0xffff) {
			e->name[units++] = (uint16_t)point;
		}
		at += k;
	}
	*ARR_PUSH(o->item, o->n_items, o->items_cap) = i->item;
}

static void add_storage(struct object *o, libolecf_item_t *storage, size_t parent, unsigned deep,
        struct ole_list *l)
{
	o->cut |= !ole_list(storage, l);
	for (size_t i = 0; i < l->n && o->n < CFB_ENTRIES_MAX; i++) {
		size_t place = o->n;

		add_entry(o, &l->i[i], parent);
		if (l->i[i].storage && deep < BAG_DEPTH_MAX) {
			struct ole_list below;

			add_storage(o, l->i[i].item, place, deep + 1, &below);
			/* Handles of streams are needed until the end, and nothing follows. */
			free(below.i);
		}
	}
}

static void read_stream(void *ctx, size_t i, uint64_t off, void *p, size_t n)
{
	struct object *o = ctx;
	struct ole_item one = {.item = o->item[i]};

	o->cut |= ole_read(&one, off, p, n) != n;
}

static void write_octets(void *ctx, const void *p, size_t n)
{
	send_data(((struct object *)ctx)->to, p, n);
}

void msg_object(struct send *to, uint16_t id, const struct bag_name *name, struct ole_item *i)
{
	struct object o = {.to = to};
	struct cfb_source source = {.read = read_stream, .write = write_octets, .ctx = &o};
	struct ole_item root = {.name = "Root Entry", .storage = true};
	struct ole_list l;
	struct err err = {.code = ERR_OK};

	add_entry(&o, &root, 0);
	add_storage(&o, i->item, 0, 0, &l);
	send_prop(to, id, BAG_OBJECT, name);
	if (cfb_write(o.entry, o.n, &source, &err) < 0)
		o.cut = true;
	send_frame(to, FRAME_PROP_END, NULL, 0);
	if (o.cut)
		send_lost(to, FRAME_OF_ITEM, "the object in property %#06x: %s", id,
		        err.code ? err.text : "some of it cannot be read");
	for (size_t k = 1; k < o.n_items; k++)
		if (o.item[k])
			(void)libolecf_item_free(&o.item[k], NULL);
	free(l.i);
	free(o.entry);
	free(o.item);
}
