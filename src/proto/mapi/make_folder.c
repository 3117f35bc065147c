/*
 * A new folder with its class, in one request (MS-OXCFOLD 2.2.1.2; MS-OXCPRPT 2.2.5).
 */
#include "proto/mapi/rop.h"

enum {
	FOLDER_GENERIC = 1, /* FolderType */
	NAME_OCTETS_MAX = 1024,
	CONTAINER_CLASS = 0x3613001f,
};

struct made {
	mapi_id id;
	bool was_there;
	struct rop_fate fate;
	uint32_t problem; /* ErrorCode of a PropertyProblem */
};

static int take_made(void *ctx, struct rop_in *in, uint32_t value, struct err *err)
{
	struct made *m = ctx;

	(void)value;
	(void)err;
	m->id = rop_get(in, 8);
	m->was_there = rop_get(in, 1) != 0;
	if (m->was_there)
		rop_pass_folder(in);
	return 0;
}

static int take_problems(void *ctx, struct rop_in *in, uint32_t value, struct err *err)
{
	struct made *m = ctx;
	size_t n = (size_t)rop_get(in, 2);

	(void)value;
	(void)err;
	for (size_t i = 0; i < n && !in->is_short; i++) {
		rop_get(in, 2 + 4);
		m->problem = (uint32_t)rop_get(in, 4);
	}
	return 0;
}

static void set_class(struct rop_call *c, unsigned slot, const char *class, struct made *m)
{
	size_t length;

	rop_begin(c, ROP_SET_PROPERTIES, slot, &m->fate, take_problems, m);
	length = rop_put_begin(c);
	rop_put(c, 1, 2);
	rop_put(c, CONTAINER_CLASS, 4);
	rop_put_text(c, class);
	rop_put_end(c, length);
}

static int judge(const struct made *m, const char *name, struct err *err)
{
	if (m->fate.value && rop_kind_of(m->fate.value) == ROP_EXISTS && m->id == 0)
		return err_set(err, ERR_EXISTS, ERR_COLLECTION, "the server has a folder %s", name);
	if (m->fate.value)
		return rop_judge(&m->fate, ERR_COLLECTION, err);
	if (m->fate.is_left)
		return err_set(err, ERR_BUSY, ERR_COLLECTION,
		        "the server left a new folder%s undone", m->id ? "'s class" : "");
	if (m->was_there)
		return err_set(err, ERR_EXISTS, ERR_COLLECTION, "the server had a folder %s", name);
	if (m->problem) {
		struct rop_fate fate = {.rop = ROP_SET_PROPERTIES, .value = m->problem};

		return rop_judge(&fate, ERR_COLLECTION, err);
	}
	return m->id ? 0
	             : err_set(err, ERR_PROTO, ERR_COLLECTION,
	                       "a folder that the server made has no id");
}

int mapi_make_folder(struct mapi_store *s, mapi_id parent, const char *name,
        const char *container_class, mapi_id *out, struct err *err)
{
	struct made m = {0};
	struct rop_call *c = rop_start(s);
	unsigned slot;
	int rc;

	*out = 0;
	if (!name[0] || strlen(name) > NAME_OCTETS_MAX)
		return err_set(err, ERR_LIMIT, ERR_COLLECTION,
		        "a folder needs a name of at most %d octets", NAME_OCTETS_MAX);
	slot = rop_begin_making(
	        c, ROP_CREATE_FOLDER, rop_open_folder(s, parent, &m.fate), &m.fate, take_made, &m);
	rop_put(c, FOLDER_GENERIC, 1);
	rop_put(c, 1, 1); /* UseUnicodeStrings */
	rop_put(c, 0, 1); /* OpenExisting: one that is there is not taken for a new one */
	rop_put(c, 0, 1);
	rop_put_text(c, name);
	rop_put_text(c, ""); /* Comment */
	if (container_class && container_class[0])
		set_class(c, slot, container_class, &m);
	rc = rop_execute(s, false, err);
	rop_let_go(s);
	if (rc == 0)
		rc = judge(&m, name, err);
	*out = m.id;
	return rc;
}
