/* An item of a tree as a finding. */
#include "internal.h"
#include "valise/base/date.h"
#include "valise/base/mem.h"
#include <stdlib.h>
#include <string.h>

/* As much of it as a name needs. */
enum { HEAD_MAX = 64 << 10, OBJECT_MAX = 1 << 20 };

struct audit_finding finding_of(enum audit_side side, enum audit_what what,
        const struct tree_coll *c, const struct tree_item *it)
{
	const struct tree_ext *x = tree_item_ext(c, it);
	char when[DATE_TEXT_SIZE];
	struct audit_finding f = {.side = side,
	        .what = what,
	        .kind = c->kind,
	        .collection = xstrdup(c->name),
	        .of_item = true,
	        .uid = it->uid,
	        .href = x ? xstrdup(x->href) : NULL};

	if (c->kind == COLL_MAIL)
		f.name.date = xstrdup(date_format_iso(it->date_utc, when));
	return f;
}

/* All of it comes, as it is checked; the rest is dropped. */
static int keep_head(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	buf_fill(ctx, p, n);
	return 0;
}

void name_from(struct tree_reader *archive, const struct tree_coll *c, const struct tree_item *it,
        struct audit_name *out)
{
	struct buf head = buf_of(c->kind == COLL_MAIL ? HEAD_MAX : OBJECT_MAX);
	struct audit_name read;
	struct err ignored = {0};

	if (archive->ops->body(archive, c, it, keep_head, &head, &ignored) == 0) {
		audit_name_read(c->kind, buf_str(&head), head.len, &read);
		read.date = out->date;
		*out = read;
	}
	buf_clear(&head);
}
