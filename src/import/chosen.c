/* Which items of files are meant (--since and so on): decided before the sink has them. */
#include "import/run.h"
#include "valise/base/mem.h"
#include "valise/format/header.h"

/* Of a message's header; of a calendar object or card. */
enum { HEAD_MAX = 1 << 20, OBJECT_MAX = 64 << 20 };

size_t chosen_octets(const struct import_box *b)
{
	if (!b->run->opts->selection || b->kind == COLL_MAPI)
		return 0;
	return b->kind == COLL_MAIL ? HEAD_MAX : OBJECT_MAX;
}

/* The date of arrival that the item would have. */
static void take_date(
        const struct import_box *b, const struct import_item *it, struct tree_item *out)
{
	struct date d = {0};

	if (it->date_utc != INT64_MIN) {
		out->date_utc = it->date_utc;
		out->zone_min = it->zone_min;
	} else if (b->date_utc != INT64_MIN) {
		out->date_utc = b->date_utc;
	} else if (b->kind == COLL_MAIL &&
	           header_arrival_date(buf_str(&b->in.head), b->in.head.len, &d, NULL)) {
		out->date_utc = d.utc;
		out->zone_min = d.zone_min;
	} else if (b->kind == COLL_MAIL && b->date_last != INT64_MIN) {
		out->date_utc = b->date_last;
	}
}

static bool is_meant(const struct import_box *b, const struct import_item *it)
{
	const struct selection *s = b->run->opts->selection;
	struct tree_item listed = {.size = b->in.len, .flags = it->flags};

	take_date(b, it, &listed);
	return selection_listed(s, b->kind, &listed) &&
	       selection_octets(s, b->kind, buf_str(&b->in.head), b->in.head.len);
}

bool chosen_leaves_out(
        struct import_box *b, const struct import_item *it, uint8_t sha_out[SHA256_LEN])
{
	if (!b->run->opts->selection || b->kind == COLL_MAPI)
		return false;
	sha256_end(&b->hash, sha_out);
	sha256_start(&b->hash);
	if (is_meant(b, it))
		return false;
	intake_drop(&b->in);
	b->run->result.items++;
	atomic_fetch_add(&b->run->progress->items_done, 1);
	return true;
}
