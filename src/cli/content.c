/* verify --content: what is wrong with calendars and contacts. No damage of the archive: they came so from the server. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/format/content.h"
#include "valise/pack/archive.h"
#include "cli.h"

#define BODY_MAX ((size_t)128 << 20)

struct reading {
	struct ui *ui;
	const struct tree_coll *coll;
	const struct tree_item *item;
	bool *odd; /* which items of the collection have findings */
	uint64_t resources, with_findings, by_problem[CONTENT_PROBLEMS];
};

/* "lunch.ics, UID 17@a" */
static void put_item(const struct reading *r, const struct tree_item *it, struct buf *out)
{
	const struct tree_ext *x = tree_item_ext(r->coll, it);
	struct buf path;

	buf_init(&path, SIZE_MAX);
	tree_item_path(r->coll, it, &path);
	buf_puts(out, strrchr(buf_str(&path), '/') + 1);
	if (x && x->uid)
		buf_putf(out, ", UID %.200s", x->uid);
	buf_clear(&path);
}

static void on_problem(void *ctx, enum content_problem what, const char *text)
{
	struct reading *r = ctx;
	struct buf item, line;

	buf_init(&item, SIZE_MAX);
	buf_init(&line, SIZE_MAX);
	put_item(r, r->item, &item);
	buf_putf(&line, "%s: %s", content_problem_word(what), text);
	r->by_problem[what]++;
	r->odd[r->item - r->coll->items] = true;
	ui_report(r->ui, SAY_NOTE, r->coll->name, buf_str(&item), buf_str(&line));
	buf_clear(&item);
	buf_clear(&line);
}

static int keep(void *ctx, const void *p, size_t n, struct err *err)
{
	return buf_add(ctx, p, n) == 0
	               ? 0
	               : err_set(err, ERR_LIMIT, ERR_ITEM,
	                         "larger than %zu MiB: it was not looked at", BODY_MAX >> 20);
}

static int read_item(struct reading *r, struct tree_reader *from, struct err *err)
{
	struct buf body;
	bool ends = false;
	int rc;

	buf_init(&body, BODY_MAX);
	rc = from->ops->body(from, r->coll, r->item, keep, &body, err);
	if (rc == 0)
		content_check(buf_str(&body), body.len, on_problem, r);
	else if (err->scope == ERR_ITEM && err->code != ERR_STOPPED)
		on_problem(r, CONTENT_UNREADABLE, err->text);
	else
		ends = true;
	buf_clear(&body);
	r->resources++;
	return ends ? rc : 0;
}

static const char *uid_of(const struct tree_coll *c, const struct tree_item *it)
{
	const struct tree_ext *x = tree_item_ext(c, it);

	return x && x->uid ? x->uid : "";
}

static int uid_cmp(const void *a, const void *b, void *ctx)
{
	const struct tree_coll *c = ctx;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int order = strcmp(uid_of(c, &c->items[x]), uid_of(c, &c->items[y]));

	return order ? order : (x > y) - (x < y);
}

static void find_doubled(struct reading *r, struct tree_coll *c)
{
	uint32_t *by_uid = xcalloc(c->n_items + 1, sizeof *by_uid);

	for (uint32_t i = 0; i < c->n_items; i++)
		by_uid[i] = i;
	if (c->n_items)
		qsort_r(by_uid, c->n_items, sizeof *by_uid, uid_cmp, c);
	for (size_t i = 1; i < c->n_items; i++) {
		const struct tree_item *before = &c->items[by_uid[i - 1]];
		struct buf text;

		r->item = &c->items[by_uid[i]];
		if (!uid_of(c, before)[0] || strcmp(uid_of(c, before), uid_of(c, r->item)) != 0)
			continue;
		buf_init(&text, SIZE_MAX);
		buf_puts(&text, "has the same UID as ");
		put_item(r, before, &text);
		on_problem(r, CONTENT_DOUBLED_UID, buf_str(&text));
		buf_clear(&text);
	}
	free(by_uid);
}

static int read_coll(
        struct reading *r, struct tree_reader *from, const struct tree_head *h, struct err *err)
{
	struct tree_coll *c = NULL;
	int rc = from->ops->coll(from, h, &c, err);

	r->coll = c;
	r->odd = xcalloc(rc == 0 ? c->n_items + 1 : 1, sizeof *r->odd);
	for (size_t i = 0; rc == 0 && i < c->n_items; i++) {
		rc = stop_check(err);
		r->item = &c->items[i];
		if (rc == 0)
			rc = read_item(r, from, err);
	}
	if (rc == 0)
		find_doubled(r, c);
	for (size_t i = 0; rc == 0 && i < c->n_items; i++)
		r->with_findings += r->odd[i];
	free(r->odd);
	tree_coll_free(c);
	return rc;
}

static json_t *outcome(const struct reading *r)
{
	json_t *o = json_object(), *problems = json_object();

	json_object_set_new(o, "resources", json_integer((json_int_t)r->resources));
	json_object_set_new(o, "with_findings", json_integer((json_int_t)r->with_findings));
	for (unsigned i = 0; i < CONTENT_PROBLEMS; i++)
		if (r->by_problem[i])
			json_object_set_new(problems, content_problem_word((enum content_problem)i),
			        json_integer((json_int_t)r->by_problem[i]));
	json_object_set_new(o, "problems", problems);
	return o;
}

int content_report(const char *path, struct ui *ui, json_t **out, struct err *err)
{
	struct reading r = {.ui = ui};
	struct tree_reader *from = NULL;
	const struct tree_manifest *m;
	int rc = archive_reader(path, 0, &from, err);

	*out = NULL;
	if (rc < 0)
		return rc;
	m = from->ops->manifest(from);
	for (size_t i = 0; i < m->n_heads && rc == 0; i++)
		if (m->heads[i].kind == COLL_CALENDAR || m->heads[i].kind == COLL_CONTACTS)
			rc = read_coll(&r, from, &m->heads[i], err);
	if (rc == 0)
		*out = outcome(&r);
	from->ops->free(from);
	return rc;
}

void content_tell(json_t *o)
{
	const char *word, *between = " (";
	char n[32];
	json_t *v;

	printf("content: %s resources read, ",
	        human_count((uint64_t)json_get_int(o, "resources", 0), n));
	printf("%s with findings", human_count((uint64_t)json_get_int(o, "with_findings", 0), n));
	json_object_foreach(json_object_get(o, "problems"), word, v)
	{
		printf("%s%s %s", between, human_count((uint64_t)json_integer_value(v), n), word);
		between = ", ";
	}
	printf("%s\n", between[0] == ',' ? ")" : "");
}
