/* .msg files that are made here: properties, names, several values, what is in what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#include <libolecf.h>
#include "outlook/read/msg/cfb.h"
#include "outlook/read/window.h"
#include "valise/base/le.h"
#include "valise/base/mem.h"
#include "valise/outlook/read.h"

/* A compound file that is put together. */
struct made {
	struct cfb_entry e[512];
	uint8_t *data[512];
	size_t n;
	int fd;
};

static size_t add(
        struct made *m, size_t parent, const char *name, bool storage, const void *p, size_t n)
{
	struct cfb_entry *e = &m->e[m->n];

	for (size_t i = 0; name[i] && i < 31; i++)
		e->name[i] = (uint8_t)name[i];
	e->storage = storage;
	e->parent = parent;
	e->size = n;
	if (n)
		m->data[m->n] = xmemdup(p, n);
	return m->n++;
}

static size_t storage(struct made *m, size_t parent, const char *name)
{
	return add(m, parent, name, true, NULL, 0);
}

static void stream(struct made *m, size_t parent, const char *name, const void *p, size_t n)
{
	(void)add(m, parent, name, false, p, n);
}

static void give(void *ctx, size_t i, uint64_t off, void *p, size_t n)
{
	memcpy(p, ((struct made *)ctx)->data[i] + off, n);
}

static void take(void *ctx, const void *p, size_t n)
{
	assert_int_equal(write(((struct made *)ctx)->fd, p, n), (ssize_t)n);
}

static void finish(struct made *m)
{
	struct cfb_source source = {.read = give, .write = take, .ctx = m};
	struct err err;

	m->fd = memfd_create("made.msg", MFD_CLOEXEC);
	assert_int_equal(cfb_write(m->e, m->n, &source, &err), 0);
}

static void clear(struct made *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->data[i]);
	(void)close(m->fd);
	free(m);
}

/* ---- lists of properties ---- */

struct list {
	uint8_t b[4096];
	size_t n;
};

static void tag(struct list *l, uint16_t id, uint16_t type, uint64_t value)
{
	le_put(l->b + l->n, type, 2);
	le_put(l->b + l->n + 2, id, 2);
	le_put(l->b + l->n + 4, 6, 4);
	le_put(l->b + l->n + 8, value, 8);
	l->n += 16;
}

static void text(struct made *m, size_t in, struct list *l, uint16_t id, const char *s)
{
	uint8_t wide[256];
	char name[40];
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++)
		le_put(wide + 2 * i, (uint8_t)s[i], 2);
	tag(l, id, BAG_UNICODE, 2 * n + 2);
	(void)snprintf(name, sizeof name, "__substg1.0_%04X001F", id);
	stream(m, in, name, wide, 2 * n);
}

static void properties(struct made *m, size_t in, const struct list *l)
{
	stream(m, in, "__properties_version1.0", l->b, l->n);
}

static void names(struct made *m)
{
	static const uint8_t set[16] = {
	        0x08, 0x20, 0x06, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46};
	static const uint8_t entries[] = {0x16, 0x85, 0, 0, 6, 0, 0, 0, /* 0x8516 of the set */
	        0, 0, 0, 0, 5, 0, 1, 0}; /* a text of PS_PUBLIC_STRINGS */
	static const uint8_t texts[] = {
	        16, 0, 0, 0, 'K', 0, 'e', 0, 'y', 0, 'w', 0, 'o', 0, 'r', 0, 'd', 0, 's', 0};
	size_t map = storage(m, 0, "__nameid_version1.0");

	stream(m, map, "__substg1.0_00020102", set, sizeof set);
	stream(m, map, "__substg1.0_00030102", entries, sizeof entries);
	stream(m, map, "__substg1.0_00040102", texts, sizeof texts);
}

static void several(struct made *m, struct list *l)
{
	static const uint8_t lengths[] = {6, 0, 0, 0, 4, 0, 0, 0},
	                     numbers[] = {7, 0, 0, 0, 9, 0, 0, 0};
	static const uint8_t pair[] = {1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0};

	tag(l, 0x8001, BAG_UNICODE | BAG_MULTIPLE, 0);
	stream(m, 0, "__substg1.0_8001101F", lengths, sizeof lengths);
	stream(m, 0, "__substg1.0_8001101F-00000000", "r\0d\0\0\0", 6);
	stream(m, 0, "__substg1.0_8001101F-00000001", "g\0\0\0", 4);
	tag(l, 0x6001, BAG_INT32 | BAG_MULTIPLE, 0);
	stream(m, 0, "__substg1.0_60011003", numbers, sizeof numbers);
	tag(l, 0x6002, BAG_BINARY | BAG_MULTIPLE, 0);
	stream(m, 0, "__substg1.0_60021102", pair, sizeof pair);
	stream(m, 0, "__substg1.0_60021102-00000000", "a", 1);
	stream(m, 0, "__substg1.0_60021102-00000001", "bc", 2);
}

static void attachments(struct made *m)
{
	struct list by_value = {.n = 8}, message = {.n = 8}, inner = {.n = 24}, ole = {.n = 8};
	size_t a = storage(m, 0, "__attach_version1.0_#00000000");
	size_t b = storage(m, 0, "__attach_version1.0_#00000001");
	size_t c = storage(m, 0, "__attach_version1.0_#00000002");
	size_t in = storage(m, b, "__substg1.0_3701000D");
	size_t object = storage(m, c, "__substg1.0_3701000D");
	size_t deeper = storage(m, object, "Deeper");

	text(m, a, &by_value, 0x3707, "one.bin");
	tag(&by_value, 0x3705, BAG_INT32, 1);
	tag(&by_value, 0x3701, BAG_BINARY, 5000);
	stream(m, a, "__substg1.0_37010102", m->e, 5000);
	properties(m, a, &by_value);
	tag(&message, 0x3705, BAG_INT32, 5);
	tag(&message, 0x3701, BAG_OBJECT, 1);
	properties(m, b, &message);
	text(m, in, &inner, 0x0037, "within");
	tag(&inner, 0x8000, BAG_INT32, 11);
	properties(m, in, &inner);
	tag(&ole, 0x3705, BAG_INT32, 6);
	tag(&ole, 0x3701, BAG_OBJECT, 4);
	properties(m, c, &ole);
	stream(m, object, "CONTENTS", "the object's octets", 19);
	stream(m, deeper, "\1Ole", "deep", 4);
}

/* libolecf on octets. */
struct opened {
	libbfio_handle_t *handle;
	libolecf_file_t *file;
	libolecf_item_t *root;
};

static struct opened open_it(struct window *w)
{
	struct opened o = {.handle = window_handle(w)};

	assert_int_equal(libolecf_file_initialize(&o.file, NULL), 1);
	assert_int_equal(
	        libolecf_file_open_file_io_handle(o.file, o.handle, LIBOLECF_OPEN_READ, NULL), 1);
	assert_int_equal(libolecf_file_get_root_item(o.file, &o.root, NULL), 1);
	return o;
}

static void close_it(struct opened *o)
{
	(void)libolecf_item_free(&o->root, NULL);
	(void)libolecf_file_close(o->file, NULL);
	(void)libolecf_file_free(&o->file, NULL);
	(void)libbfio_handle_free(&o->handle, NULL);
}

static libolecf_item_t *named(struct opened *o, const char *name)
{
	libolecf_item_t *item = NULL;

	assert_int_equal(libolecf_item_get_sub_item_by_utf8_name(
	                         o->root, (const uint8_t *)name, strlen(name), &item, NULL),
	        1);
	return item;
}

static int to_file(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	return write(*(int *)ctx, p, n) == (ssize_t)n ? 0 : -1;
}

static void check_object(struct bag *attachment)
{
	const struct bag_prop *p = bag_peek(attachment, 0x3701);
	struct window w = {.fd = memfd_create("object", MFD_CLOEXEC)};
	struct opened o;
	libolecf_item_t *item;
	uint8_t octets[32] = {0};
	struct err err;

	assert_non_null(p);
	assert_int_equal(p->type, BAG_OBJECT);
	assert_int_equal(bag_stream(attachment, p, to_file, &w.fd, &err), 0);
	w.size = p->len;
	o = open_it(&w);
	item = named(&o, "CONTENTS");
	assert_int_equal(libolecf_stream_read_buffer(item, octets, 19, NULL), 19);
	assert_memory_equal(octets, "the object's octets", 19);
	(void)libolecf_item_free(&item, NULL);
	item = named(&o, "Deeper");
	(void)libolecf_item_free(&item, NULL);
	close_it(&o);
	(void)close(w.fd);
}

static int items, losses;

static int on_folder(void *ctx, const struct outlook_folder *f, struct err *err)
{
	(void)ctx;
	(void)err;
	assert_string_equal(f->path, "");
	return 0;
}

static int on_item(void *ctx, const struct outlook_folder *f, struct bag *b, struct err *err)
{
	const struct bag_prop *p;
	struct bag *within;

	(void)ctx;
	(void)err;
	(void)f;
	items++;
	assert_string_equal(bag_text(b, 0x0037), "a subject");
	assert_string_equal(bag_text(b, 0x1000), "nobody lists it");
	assert_int_equal(bag_int(b, 0x0e07, 0), 17);
	assert_int_equal(b->code_page, 1251);
	assert_int_equal(bag_int(b, BAG_LID(PSETID_COMMON, 0x8516), 0), 42);
	assert_int_equal(bag_count(b, 0x6001), 2);
	p = bag_peek(b, 0x6002);
	assert_int_equal(p->len, 4 + 4 + 1 + 4 + 2);
	assert_memory_equal(p->data, "\2\0\0\0\1\0\0\0a\2\0\0\0bc", 15);
	p = NULL;
	for (size_t i = 0; i < b->n_props; i++)
		if (b->props[i].name && b->props[i].name->text)
			p = &b->props[i];
	assert_non_null(p);
	assert_string_equal(p->name->text, "Keywords");
	assert_memory_equal(p->data, "\2\0\0\0\6\0\0\0r\0d\0\0\0\4\0\0\0g\0\0\0", 22);
	assert_int_equal(b->n_recipients, 2);
	assert_string_equal(bag_text(b->recipients[1], 0x3001), "second");
	assert_int_equal(b->n_attachments, 3);
	assert_string_equal(bag_text(b->attachments[0], 0x3707), "one.bin");
	assert_int_equal(bag_peek(b->attachments[0], 0x3701)->len, 5000);
	within = b->attachments[1]->embedded;
	assert_non_null(within);
	assert_string_equal(bag_text(within, 0x0037), "within");
	assert_int_equal(bag_int(within, BAG_LID(PSETID_COMMON, 0x8516), 0), 11);
	check_object(b->attachments[2]);
	return 0;
}

static void on_lost(void *ctx, const struct outlook_folder *f, const char *shown, const char *why)
{
	(void)ctx;
	(void)f;
	losses++;
	print_message("%s: %s\n", shown ? shown : "-", why);
}

static void read_made(struct made *m)
{
	const struct outlook_visit visit = {.folder = on_folder, .item = on_item, .lost = on_lost};
	const struct outlook_read_opts opts = {.deleted = false};
	struct err err = {.code = ERR_OK};

	items = losses = 0;
	assert_int_equal(outlook_read(m->fd, OUTLOOK_MSG, &opts, &visit, &err), 0);
}

static struct made *whole(bool forget)
{
	struct made *m = xcalloc(1, sizeof *m);
	struct list top = {.n = 32};

	(void)storage(m, 0, "Root Entry");
	names(m);
	text(m, 0, &top, 0x0037, "a subject");
	tag(&top, 0x0e07, BAG_INT32, 17);
	tag(&top, 0x3ffd, BAG_INT32, 1251);
	tag(&top, 0x8000, BAG_INT32, 42);
	if (forget)
		tag(&top, 0x1001, BAG_UNICODE, 8);
	several(m, &top);
	stream(m, 0, "__substg1.0_1000001E", "nobody lists it", 15);
	for (int i = 0; i < 2; i++) {
		struct list l = {.n = 8};
		size_t r = storage(
		        m, 0, i ? "__recip_version1.0_#00000001" : "__recip_version1.0_#00000000");

		text(m, r, &l, 0x3001, i ? "second" : "first");
		properties(m, r, &l);
	}
	attachments(m);
	properties(m, 0, &top);
	finish(m);
	return m;
}

static void all_of_it(void **state)
{
	struct made *m = whole(false);

	(void)state;
	read_made(m);
	assert_int_equal(items, 1);
	assert_int_equal(losses, 0);
	clear(m);
	m = whole(true); /* a value that is listed and not there is named */
	read_made(m);
	assert_int_equal(items, 1);
	assert_int_equal(losses, 1);
	clear(m);
}

static void not_one(void **state)
{
	struct made *m = xcalloc(1, sizeof *m);

	(void)state;
	(void)storage(m, 0, "Root Entry");
	stream(m, 0, "WordDocument", "text", 4);
	finish(m);
	read_made(m);
	assert_int_equal(items, 0);
	assert_int_equal(losses, 1);
	assert_int_equal(ftruncate(m->fd, 700), 0);
	read_made(m);
	assert_int_equal(losses, 1);
	clear(m);
}

/* Many streams, short ones and one that needs a table of tables: libolecf reads them all back. */
static void large_files(void **state)
{
	enum { LARGE = 9 << 20, SHORT = 300 };
	struct made *m = xcalloc(1, sizeof *m);
	uint8_t *large = xmalloc(LARGE), *back = xmalloc(LARGE);
	struct window w = {0};
	struct opened o;
	char name[32];

	(void)state;
	for (size_t i = 0; i < LARGE; i++)
		large[i] = (uint8_t)(i * 7 + (i >> 9));
	(void)storage(m, 0, "Root Entry");
	stream(m, 0, "large", large, LARGE);
	for (int i = 0; i < SHORT; i++) {
		(void)snprintf(name, sizeof name, "short %d", i);
		stream(m, 0, name, large + i, (size_t)i);
	}
	finish(m);
	w = (struct window){.fd = m->fd, .size = (uint64_t)lseek(m->fd, 0, SEEK_END)};
	o = open_it(&w);
	for (int i = -1; i < SHORT; i++) {
		size_t n = i < 0 ? LARGE : (size_t)i;
		libolecf_item_t *item;

		(void)snprintf(name, sizeof name, i < 0 ? "large" : "short %d", i);
		item = named(&o, name);
		assert_int_equal(n ? libolecf_stream_read_buffer(item, back, n, NULL) : 0, n);
		assert_memory_equal(back, i < 0 ? large : large + i, n);
		(void)libolecf_item_free(&item, NULL);
	}
	close_it(&o);
	free(large);
	free(back);
	clear(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(all_of_it),
	        cmocka_unit_test(not_one),
	        cmocka_unit_test(large_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
