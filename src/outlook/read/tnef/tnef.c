/* winmail.dat: MS-OXTNEF. Attributes, and the attachments that they make. */
#include "valise/outlook/tnef.h"
#include <stdlib.h>
#include <string.h>
#include "outlook/read/tnef/in.h"
#include "valise/base/mem.h"

enum { LEVEL_MESSAGE = 1, LEVEL_ATTACHMENT = 2, KEY_LEN = 2, RENDDATA_LEN = 14 };
enum { METHOD_FILE = 1, METHOD_EMBEDDED = 5, METHOD_OLE = 6, RENDDATA_OLE = 2 };
static const uint8_t signature[4] = {0x78, 0x9f, 0x3e, 0x22};

struct attribute {
	const struct tnef_attribute *is; /* NULL: it is not known */
	uint32_t id;
	uint64_t end; /* of its octets */
	uint8_t level;
};

/* ---- attachments ---- */

/* What its attributes say where its properties did not. */
static int end_attachment(struct tnef_message *m, struct err *err)
{
	struct bag *b = m->attachment;
	int rc = 0;

	if (!b)
		return 0;
	if (b->embedded && !bag_peek(b, PidTagAttachMethod))
		rc = bag_set_int(b, PidTagAttachMethod, BAG_INT32, METHOD_EMBEDDED, err);
	if (rc == 0)
		rc = tnef_merge(b, m->old_attachment, err);
	bag_free(m->old_attachment);
	m->attachment = m->old_attachment = NULL;
	return tnef_pardon(m, "attachment", rc, err);
}

static int begin_attachment(struct tnef_message *m, struct err *err)
{
	int rc = end_attachment(m, err);

	if (rc < 0)
		return rc;
	m->attachment = bag_add_attachment(m->bag, err);
	if (!m->attachment)
		return err->code;
	m->old_attachment = bag_new();
	m->seen = 0;
	return 0;
}

/* An attachment begins with attAttachRenddata; where that is missing, with what it has already. */
static int choose_attachment(struct tnef_message *m, const struct attribute *a, struct err *err)
{
	unsigned bit = 1u << (a->id & 31);

	if (!m->attachment || a->is->how == TNEF_RENDDATA || m->seen & bit) {
		int rc = begin_attachment(m, err);

		if (rc < 0)
			return rc;
		if (a->is->how != TNEF_RENDDATA)
			tnef_wrong(m->in, m->where,
			        "attachment %zu begins without attAttachRenddata",
			        m->bag->n_attachments);
	}
	m->seen |= bit;
	return 0;
}

static int read_renddata(struct tnef_message *m, const struct attribute *a, struct err *err)
{
	uint8_t p[RENDDATA_LEN];
	int rc = tnef_get(m->in, a->end, p, sizeof p, err);
	struct bag *old = m->old_attachment;

	if (rc)
		return rc;
	rc = bag_set_int(old, PidTagAttachMethod, BAG_INT32,
	        p[0] == RENDDATA_OLE ? METHOD_OLE : METHOD_FILE, err);
	return rc ? rc : bag_set(old, PidTagRenderingPosition, BAG_INT32, p + 2, 4, err);
}

/* ---- attributes ---- */

static int read_code_page(struct tnef_message *m, const struct attribute *a, struct err *err)
{
	uint32_t page;
	int rc = tnef_get32(m->in, a->end, &page, err);

	if (rc == 0 && page <= UINT16_MAX)
		m->bag->code_page = (uint16_t)page;
	return rc;
}

static int read_old(
        struct tnef_message *m, const struct attribute *a, struct bag *old, struct err *err)
{
	uint8_t p[TNEF_OLD_MAX];
	size_t n = (size_t)MIN(a->end - m->in->taken, sizeof p);
	int rc = tnef_get(m->in, a->end, p, n, err);

	return rc ? rc : tnef_old(old, a->is, p, n, err);
}

/* 0, TNEF_SHORT or an error, of the bag's caps, too. */
static int read_value(struct tnef_message *m, const struct attribute *a, struct err *err)
{
	struct bag *old = a->level == LEVEL_MESSAGE ? m->old : m->old_attachment;
	uint64_t len = a->end - m->in->taken;

	switch ((enum tnef_how)a->is->how) {
	case TNEF_PASS:
		return 0;
	case TNEF_CODE_PAGE:
		return read_code_page(m, a, err);
	case TNEF_PROPS:
		return tnef_props(m, m->bag, a->end, err);
	case TNEF_RECIPIENTS:
		return tnef_recipients(m, a->end, err);
	case TNEF_RENDDATA:
		return read_renddata(m, a, err);
	case TNEF_ATTACHMENT:
		return tnef_props(m, m->attachment, a->end, err);
	case TNEF_STRING:
		return tnef_value(m, old, a->is->tag, BAG_STRING8, len, a->end, err);
	case TNEF_OCTETS: /* an attachment's octets, which are many, go where they will stay */
		if (a->level == LEVEL_ATTACHMENT && !bag_peek(m->attachment, a->is->tag))
			old = m->attachment;
		return tnef_value(m, old, a->is->tag, BAG_BINARY, len, a->end, err);
	default:
		return read_old(m, a, old, err);
	}
}

/* "attachment 2, attAttachData" */
static char *name_of(const struct tnef_message *m, const struct attribute *a)
{
	char *name = a->is ? xstrdup(a->is->name) : xasprintf("attribute 0x%08x", a->id);
	char *all;

	if (a->level != LEVEL_ATTACHMENT)
		return name;
	all = xasprintf("attachment %zu, %s", m->bag->n_attachments, name);
	free(name);
	return all;
}

/* Does an attribute of this kind stand at this level? */
static bool fits(const struct attribute *a)
{
	switch (a->id & 0xffff) {
	case 0x800f:
	case 0x8010:
	case 0x8011:
	case 0x8012:
	case 0x8013:
	case 0x9001:
	case 0x9002:
	case 0x9005:
		return a->level == LEVEL_ATTACHMENT;
	default:
		return a->level == LEVEL_MESSAGE;
	}
}

static int read_attribute(struct tnef_message *m, const struct attribute *a, struct err *err)
{
	uint16_t sum = m->in->sum, is;
	uint8_t said[2];
	char *name;
	int rc = 0;

	if (a->is && !fits(a)) {
		tnef_wrong(m->in, m->where, "%s stands at level %u", a->is->name, a->level);
	} else if (a->is) {
		if (a->level == LEVEL_ATTACHMENT)
			rc = choose_attachment(m, a, err);
		if (rc == 0)
			rc = read_value(m, a, err);
	}
	name = name_of(m, a);
	if (!a->is)
		tnef_wrong(m->in, m->where, "%s is not known", name);
	rc = tnef_pardon(m, name, rc, err);
	if (rc == TNEF_SHORT && m->in->taken <= a->end && !m->in->ended)
		tnef_wrong(m->in, m->where, "%s: less is in it than it says", name);
	if (rc >= 0)
		rc = tnef_skip(m->in, a->end, err);
	is = (uint16_t)(m->in->sum - sum);
	if (rc == 0)
		rc = tnef_get(m->in, m->end, said, sizeof said, err);
	if (rc == TNEF_SHORT)
		tnef_wrong(m->in, m->where, "%s: the end is missing", name);
	else if (rc == 0 && (said[0] | said[1] << 8) != is)
		tnef_wrong(m->in, m->where, "%s: its checksum is wrong", name);
	free(name);
	return rc;
}

/* The head of the next attribute; TNEF_SHORT: there is none. */
static int read_head(struct tnef_message *m, struct attribute *a, struct err *err)
{
	uint64_t at = m->in->taken;
	uint32_t len;
	int rc = tnef_get(m->in, m->end, &a->level, 1, err);

	if (rc)
		return rc;
	if (a->level != LEVEL_MESSAGE && a->level != LEVEL_ATTACHMENT) {
		if (a->level) /* some programs fill up with NULs */
			tnef_wrong(m->in, m->where, "what begins at octet %llu is no attribute",
			        (unsigned long long)at);
		return TNEF_SHORT;
	}
	rc = tnef_get32(m->in, m->end, &a->id, err);
	if (rc == 0)
		rc = tnef_get32(m->in, m->end, &len, err);
	if (rc == TNEF_SHORT)
		tnef_wrong(m->in, m->where, "it ends within the head of an attribute");
	if (rc)
		return rc;
	a->is = tnef_attribute_of(a->id);
	a->end = m->in->taken + len;
	if (a->end > m->end) {
		tnef_wrong(m->in, m->where, "an attribute is longer than what it stands in");
		a->end = m->end;
	}
	return 0;
}

int tnef_message(struct tnef_in *in, uint64_t end, struct bag *b, const char *where,
        uint8_t head[4], bool *is_out, struct err *err)
{
	struct tnef_message m = {.in = in, .bag = b, .end = end, .where = where};
	struct attribute a;
	uint8_t key[KEY_LEN];
	int rc = tnef_get(in, end, head, sizeof signature, err);

	*is_out = rc == 0 && memcmp(head, signature, sizeof signature) == 0;
	if (!*is_out)
		return rc;
	m.old = bag_new();
	rc = tnef_get(in, end, key, sizeof key, err);
	while (rc == 0) {
		rc = read_head(&m, &a, err);
		if (rc == 0)
			rc = read_attribute(&m, &a, err);
	}
	if (rc >= 0)
		rc = end_attachment(&m, err);
	if (rc >= 0)
		rc = tnef_pardon(&m, "attributes", tnef_merge(b, m.old, err), err);
	bag_free(m.old_attachment);
	bag_free(m.old);
	return rc;
}

int tnef_read(tnef_source_fn read, void *ctx, struct bag **out, struct buf *wrong, struct err *err)
{
	struct tnef_in *in = xcalloc(1, sizeof *in);
	struct bag *b = bag_new();
	struct err own = {0};
	uint8_t head[4];
	bool is;
	int rc;

	in->read = read;
	in->ctx = ctx;
	in->wrong = wrong;
	*out = NULL;
	rc = tnef_message(in, UINT64_MAX, b, "", head, &is, &own);
	if (rc >= 0 && !is)
		rc = err_set(&own, ERR_DAMAGED, ERR_ITEM, "it does not begin as TNEF does");
	free(in);
	if (rc < 0) {
		bag_free(b);
		return err_copy(err, &own);
	}
	bag_sort(b);
	*out = b;
	return 0;
}
