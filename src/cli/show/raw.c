/* A raw item of Outlook's (kind mapi): its properties, a line each. */
#include <string.h>
#include "valise/base/text.h"
#include "valise/outlook/fx.h"
#include "cli/show/show.h"

struct telling {
	void (*tell)(void *ctx, const char *line);
	void *ctx;
};

static int take_bag(void *ctx, struct bag *b, struct err *err)
{
	const struct telling *t = ctx;

	(void)err;
	bag_tell(b, t->tell, t->ctx);
	bag_free(b);
	return 0;
}

static int read_piece(void *reader, const void *p, size_t n, struct err *err)
{
	return fx_read(reader, p, n, err);
}

/* What is large in it goes to a temporary file: an item has any size. */
static int tell_item(const struct shown_item *s, struct telling *t, struct err *err)
{
	struct fx_reader *reader = fx_reader_new(take_bag, t);
	int rc = s->reader->ops->body(s->reader, s->coll, s->item, read_piece, reader, err);

	if (rc == 0)
		rc = fx_read_end(reader, err);
	fx_reader_free(reader);
	return rc;
}

struct printing {
	struct printer *to;
	struct err err;
	int rc;
};

static void print_line(void *ctx, const char *line)
{
	struct printing *p = ctx;

	if (p->rc == 0)
		p->rc = printer_write(p->to, line, strlen(line), &p->err);
	if (p->rc == 0)
		p->rc = printer_write(p->to, "\n", 1, &p->err);
}

int show_raw(const struct shown_item *s, struct err *err)
{
	struct printing p = {.to = printer_new()};
	int rc;

	print_listing(s);
	putchar('\n');
	rc = tell_item(s, &(struct telling){print_line, &p}, err);
	printer_end(p.to);
	return rc == 0 && p.rc < 0 ? err_copy(err, &p.err) : rc;
}

static void put_line(void *ctx, const char *line)
{
	append_text(ctx, line);
}

int raw_to_json(const struct shown_item *s, json_t *o, struct err *err)
{
	json_t *list = json_array();
	int rc = tell_item(s, &(struct telling){put_line, list}, err);

	json_object_set_new(o, "properties", list);
	return rc;
}
