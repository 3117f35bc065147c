/* Address books as files: cards one after the other (vCard 2.1, RFC 2426, RFC 6350). */
#include <stdlib.h>
#include <string.h>
#include "import/pim/objects.h"
#include "valise/base/mem.h"

static void on_begin(struct pim *p, const struct pim_line *l, const char *name)
{
	if (p->depth == 0 && strcmp(name, "VCARD") == 0) {
		object_begin(p, l);
	} else if (p->depth == 0) {
		box_error(p->box, NULL, "something other than a card is among the cards");
		p->broken = true;
	}
}

static void on_end(struct pim *p, const struct pim_line *l, const char *name)
{
	(void)name;
	if (p->depth == 0 && p->object_depth == 0)
		object_end(p, l);
}

static const struct pim_ops ops = {on_begin, on_end, object_property};

static int give(struct pim *p, const struct pim_object *o, bool older, struct err *err)
{
	int rc;

	if (pimfile_whole(p)) {
		rc = pimfile_copy(p, 0, p->spool.len, err);
	} else if (o->has_uid) {
		rc = pimfile_copy(p, o->from, o->to, err);
	} else {
		rc = pimfile_copy(p, o->from, o->tail_from, err);
		if (rc == 0)
			rc = pimfile_uid_line(p, o, err);
		if (rc == 0)
			rc = pimfile_copy(p, o->tail_from, o->to, err);
	}
	return rc == 0 ? pimfile_item(p, o, older, err) : rc;
}

int read_vcf(struct import_file *f, struct import_box *b, struct err *err)
{
	struct pim *p = xmalloc(sizeof *p);
	int rc;

	pimfile_init(p, f, b);
	rc = pimfile_read(p, &ops, err);
	if (rc == 0)
		rc = objects_sort(p, err);
	if (rc == 0 && p->n == 1)
		box_single(b);
	for (size_t i = 0, end; i < p->n && rc == 0; i = end) {
		size_t newest, older;

		for (end = i + 1; end < p->n && p->objects[end].first == p->objects[i].first;)
			end++;
		rc = objects_pick(p, &p->objects[i], end - i, &newest, &older, err);
		for (size_t k = 0; k < newest + older && rc == 0; k++)
			rc = give(p, &p->objects[i + k], k >= newest, err);
	}
	if (rc == 0)
		pimfile_tell(p, "card");
	pimfile_clear(p);
	free(p);
	return rc;
}
