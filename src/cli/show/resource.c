/* A calendar object or card for people. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/format/content.h"
#include "cli/show/show.h"

enum { RESOURCE_MAX = 64 << 20 };

static void print_told(void *ctx, const char *label, const char *text)
{
	bool *any = ctx;

	if (!label && *any)
		putchar('\n');
	print_field(label ? label : "What", text);
	*any = true;
}

bool print_resource(const void *p, size_t n)
{
	bool any = false;

	content_told(p, n, print_told, &any);
	return any;
}

int show_resource(const struct shown_item *s, struct err *err)
{
	struct buf b = buf_of(RESOURCE_MAX);
	int rc = tree_reader_octets(s->reader, s->coll, s->item, &b, err);

	if (rc == 0) {
		bool told = print_resource(b.data, b.len);

		print_listing(s);
		if (!told) { /* whatever it is */
			struct printer *printer = printer_new();

			putchar('\n');
			rc = printer_write(printer, b.data, b.len, err);
			printer_end(printer);
		}
	}
	buf_clear(&b);
	return rc;
}

/* {"label": "text"}: of several of a label each. */
static void put_told(void *ctx, const char *label, const char *text)
{
	json_t *list = ctx, *o = json_object();

	put_text(o, "label", label ? label : "What");
	put_text(o, "text", text);
	json_array_append_new(list, o);
}

int resource_to_json(const struct shown_item *s, json_t *o, struct err *err)
{
	struct buf b = buf_of(RESOURCE_MAX);
	json_t *list = json_array();
	int rc = tree_reader_octets(s->reader, s->coll, s->item, &b, err);

	if (rc == 0)
		content_told(b.data, b.len, put_told, list);
	json_object_set_new(o, "told", list);
	buf_clear(&b);
	return rc;
}
