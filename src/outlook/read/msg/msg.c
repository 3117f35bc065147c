/* .msg files, MS-OXMSG: storages and streams named by what they are. */
#include "outlook/read/msg/msg.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "outlook/read/window.h"
#include "valise/base/le.h"

enum {
	HEAD_TOP = 32, /* octets before the first property, MS-OXMSG 2.4.1 */
	HEAD_EMBEDDED = 24,
	HEAD_CHILD = 8,
	ENTRY = 16,
	PROPS_SIZE_MAX = HEAD_TOP + BAG_PROPS_MAX * ENTRY,
	SEVERAL_MAX = 64 << 20,
	MESSAGE_CODE_PAGE = 0x3ffd,
	WHY = 200,
};

struct msg {
	struct send *to;
	struct msg_names names;
};

static void fill(struct msg *m, struct ole_list *l, size_t head, unsigned deep);

static const struct bag_name *name_of(const struct msg *m, uint16_t id)
{
	return id >= 0x8000 ? &m->names.name[id - 0x8000] : NULL;
}

static void lost(struct msg *m, uint16_t id, const char *why)
{
	send_lost(m->to, FRAME_OF_ITEM, "its property 0x%04x: %s", id, why);
}

/* The stream or storage of a property, marked as taken; ${nth} of several values, or -1. */
static struct ole_item *item_of(struct ole_list *l, uint16_t id, uint16_t type, int64_t nth)
{
	char name[OLE_NAME_MAX];
	struct ole_item *i;

	if (nth < 0)
		(void)snprintf(name, sizeof name, "__substg1.0_%04X%04X", id, type);
	else
		(void)snprintf(
		        name, sizeof name, "__substg1.0_%04X%04X-%08X", id, type, (unsigned)nth);
	i = ole_find(l, name);
	if (i)
		i->taken = true;
	return i;
}

static void send_octets(struct msg *m, struct ole_item *i)
{
	uint8_t *piece = xmalloc(FRAME_MAX / 2);
	uint64_t off = 0;

	while (off < i->size) {
		size_t n = (size_t)MIN((uint64_t)i->size - off, FRAME_MAX / 2);

		n = ole_read(i, off, piece, n);
		if (n == 0)
			break;
		send_data(m->to, piece, n);
		off += n;
	}
	free(piece);
	if (off < i->size)
		send_lost(m->to, FRAME_OF_ITEM, "%s: its end cannot be read", i->name);
}

/* A value of its own stream. */
static void send_stream(struct msg *m, uint16_t id, uint16_t type, struct ole_item *i)
{
	if (!i) {
		lost(m, id, "its value is not there");
	} else if (i->storage) {
		msg_object(m->to, id, name_of(m, id), i);
	} else {
		send_prop(m->to, id, type, name_of(m, id));
		send_octets(m, i);
		send_frame(m->to, FRAME_PROP_END, NULL, 0);
	}
}

static void send_number(struct send *to, uint64_t v)
{
	uint8_t b[4];

	le_put(b, v, sizeof b);
	send_data(to, b, sizeof b);
}

/* Several values: one stream of all, or one of their lengths and one for each. */
static void send_several(struct msg *m, struct ole_list *l, uint16_t id, uint16_t type)
{
	struct ole_item *all = item_of(l, id, type, -1);
	size_t width = bag_type_size(type), n;

	if (!all || all->storage || all->size > SEVERAL_MAX) {
		lost(m, id, "its values are not there");
		return;
	}
	n = all->size / (width ? width : (type & ~BAG_MULTIPLE) == BAG_BINARY ? 8 : 4);
	send_prop(m->to, id, type, name_of(m, id));
	send_number(m->to, n);
	if (width)
		send_octets(m, all);
	for (size_t k = 0; !width && k < n; k++) {
		struct ole_item *one = item_of(l, id, type, (int64_t)k);
		bool there = one && !one->storage;

		send_number(m->to, there ? one->size : 0);
		if (there)
			send_octets(m, one);
		else
			lost(m, id, "one of its values is not there");
	}
	send_frame(m->to, FRAME_PROP_END, NULL, 0);
}

static void send_fixed(struct msg *m, uint16_t id, uint16_t type, const uint8_t *value)
{
	uint8_t page[2];

	send_prop(m->to, id, type, name_of(m, id));
	send_data(m->to, value, bag_type_size(type));
	send_frame(m->to, FRAME_PROP_END, NULL, 0);
	if (id != MESSAGE_CODE_PAGE || type != BAG_INT32 || le_get(value, 4) > UINT16_MAX)
		return;
	le_put(page, le_get(value, 4), sizeof page);
	send_frame(m->to, FRAME_CODE_PAGE, page, sizeof page);
}

static bool is_message(struct ole_item *i)
{
	struct ole_list l;
	bool is;

	if (!i || !i->storage)
		return false;
	(void)ole_list(i->item, &l);
	is = ole_find(&l, "__properties_version1.0") != NULL;
	ole_list_free(&l);
	return is;
}

static void send_prop_of(struct msg *m, struct ole_list *l, const uint8_t *e)
{
	uint16_t type = (uint16_t)le_get(e, 2), id = (uint16_t)le_get(e + 2, 2);

	if (type & BAG_MULTIPLE)
		send_several(m, l, id, type);
	else if (type != BAG_GUID && bag_type_size(type))
		send_fixed(m, id, type, e + 8);
	else if (type == BAG_OBJECT && is_message(ole_find(l, "__substg1.0_3701000D")))
		; /* an item: it follows */
	else
		send_stream(m, id, type, item_of(l, id, type, -1));
}

static void send_props(struct msg *m, struct ole_list *l, size_t head)
{
	size_t n = 0;
	struct ole_item *i = ole_find(l, "__properties_version1.0");
	uint8_t *p = ole_whole(i, PROPS_SIZE_MAX, &n);

	if (i)
		i->taken = true;
	if (!p)
		send_lost(m->to, FRAME_OF_ITEM, "the list of its properties cannot be read");
	for (size_t at = head; p && at + ENTRY <= n; at += ENTRY)
		send_prop_of(m, l, p + at);
	free(p);
}

/* Values that the list of properties forgot. */
static void send_others(struct msg *m, struct ole_list *l)
{
	for (size_t k = 0; k < l->n; k++) {
		struct ole_item *i = &l->i[k];
		unsigned id, type;
		int end = 0;

		if (i->taken || sscanf(i->name, "__substg1.0_%4x%4x%n", &id, &type, &end) != 2 ||
		        i->name[end] || (type & BAG_MULTIPLE) || is_message(i))
			continue;
		send_stream(m, (uint16_t)id, (uint16_t)type, i);
	}
}

static void send_embedded(struct msg *m, struct ole_list *l, unsigned deep)
{
	struct ole_item *i = ole_find(l, "__substg1.0_3701000D");
	struct ole_list in;

	if (!is_message(i))
		return;
	if (deep >= BAG_DEPTH_MAX) {
		send_lost(m->to, FRAME_OF_ITEM, "an item too deep within others");
		return;
	}
	(void)ole_list(i->item, &in);
	send_frame(m->to, FRAME_EMBEDDED, NULL, 0);
	fill(m, &in, HEAD_EMBEDDED, deep + 1);
	send_frame(m->to, FRAME_UP, NULL, 0);
	ole_list_free(&in);
}

/* Storages of recipients or attachments, in the order of their numbers. */
static void send_children(
        struct msg *m, struct ole_list *l, const char *prefix, enum frame_kind kind, unsigned deep)
{
	for (size_t k = 0; k < l->n; k++) {
		struct ole_list in;

		if (!l->i[k].storage || strncmp(l->i[k].name, prefix, strlen(prefix)) != 0)
			continue;
		if (!ole_list(l->i[k].item, &in))
			send_lost(m->to, FRAME_OF_ITEM, "%s: not all of it is there", l->i[k].name);
		send_frame(m->to, kind, NULL, 0);
		send_props(m, &in, HEAD_CHILD);
		send_others(m, &in);
		if (kind == FRAME_ATTACHMENT)
			send_embedded(m, &in, deep);
		send_frame(m->to, FRAME_UP, NULL, 0);
		ole_list_free(&in);
	}
}

static void fill(struct msg *m, struct ole_list *l, size_t head, unsigned deep)
{
	send_props(m, l, head);
	send_others(m, l);
	send_children(m, l, "__recip_version1.0_#", FRAME_RECIPIENT, deep);
	send_children(m, l, "__attach_version1.0_#", FRAME_ATTACHMENT, deep);
}

static const char *why_not(libolecf_error_t **error, char why[WHY])
{
	char *text, *end;

	(void)snprintf(why, WHY, "libolecf cannot read it");
	if (*error && libolecf_error_sprint(*error, why, WHY) < 0)
		(void)snprintf(why, WHY, "libolecf cannot read it");
	text = strstr(why, ": "); /* behind the name of a function */
	text = text ? text + 2 : why;
	end = text + strlen(text);
	while (end > text && (end[-1] == '.' || end[-1] == '\n' || end[-1] == ' '))
		*--end = '\0';
	libolecf_error_free(error);
	return text;
}

static void read_open(struct msg *m, libolecf_item_t *root)
{
	struct outlook_folder none = {.path = ""};
	struct ole_list l;

	send_folder(m->to, &none, SPECIAL_NONE);
	send_step(m->to, 2);
	send_text(m->to, FRAME_ITEM, "the item");
	send_flush(m->to);
	msg_names(root, &m->names);
	if (!ole_list(root, &l))
		send_lost(m->to, FRAME_OF_ITEM, "not all of it is there");
	if (ole_find(&l, "__properties_version1.0")) {
		fill(m, &l, HEAD_TOP, 0);
		send_frame(m->to, FRAME_ITEM_END, NULL, 0);
	} else {
		send_text(m->to, FRAME_ITEM_LOST, "it has no properties");
	}
	ole_list_free(&l);
	msg_names_free(&m->names);
}

void msg_read(struct reading *r)
{
	struct window w = {.fd = r->fd, .size = r->size};
	struct msg m = {.to = r->to};
	libbfio_handle_t *handle = window_handle(&w);
	libolecf_error_t *error = NULL;
	libolecf_file_t *file = NULL;
	libolecf_item_t *root = NULL;
	char why[WHY];

	if (r->n_dead)
		return;
	send_step(r->to, 1);
	send_flush(r->to);
	if (handle && libolecf_file_initialize(&file, &error) == 1 &&
	        libolecf_file_open_file_io_handle(file, handle, LIBOLECF_OPEN_READ, &error) == 1 &&
	        libolecf_file_get_root_item(file, &root, &error) == 1)
		read_open(&m, root);
	else
		send_lost(r->to, 0, "it cannot be opened: %s", why_not(&error, why));
	/* Nothing is freed: the process ends. */
}
