/*
 * Tables of contents (MS-OXCFOLD 2.2.1.14): what a folder has, without the items.
 */
#include <stdlib.h>
#include <string.h>
#include "proto/mapi/table.h"
#include "valise/base/le.h"

enum {
	ROWS_MAX = 50000000,
	TEXT_MAX = 4096, /* octets; tables cut what is longer than 255 characters */
	TABLE_ASSOCIATED = 0x02, /* TableFlags */
	TABLE_NO_NOTIFICATIONS = 0x10,
	GUID = 16,
	KEY = GUID + 6, /* with a counter: MS-OXCFXICS 2.2.2.2, XID */
	LONG_TERM_ID = 24, /* GUID, counter, two octets: MS-OXCDATA 2.2.1.3.1 */
};

enum column {
	COL_ID,
	COL_SIZE,
	COL_FLAGS,
	COL_SEARCH_KEY,
	COL_SOURCE_KEY,
	COL_CHANGE_KEY,
	COL_MODIFIED,
	COL_DELIVERED,
	COL_CLASS,
	COL_SUBJECT,
	COL_MESSAGE_ID,
	COLS
};
static const uint32_t columns[COLS] = {
        [COL_ID] = 0x674a0014, /* PidTagMid */
        [COL_SIZE] = 0x0e080003, /* PidTagMessageSize */
        [COL_FLAGS] = 0x0e070003, /* PidTagMessageFlags */
        [COL_SEARCH_KEY] = 0x300b0102, /* PidTagSearchKey */
        [COL_SOURCE_KEY] = 0x65e00102, /* PidTagSourceKey */
        [COL_CHANGE_KEY] = 0x65e20102, /* PidTagChangeKey */
        [COL_MODIFIED] = 0x30080040, /* PidTagLastModificationTime */
        [COL_DELIVERED] = 0x0e060040, /* PidTagMessageDeliveryTime */
        [COL_CLASS] = 0x001a001f, /* PidTagMessageClass */
        [COL_SUBJECT] = 0x0037001f, /* PidTagSubject */
        [COL_MESSAGE_ID] = 0x1035001f, /* PidTagInternetMessageId */
};

struct list {
	struct mapi_store *store;
	mapi_id folder;
	bool associated;
	mapi_row_fn row;
	void *ctx;
	size_t n;
	bool lacks_keys; /* and nobody has asked for their replica: begin again */
};

/*
 * Some servers have no source keys in tables. What was made in this mailbox has the GUID of its
 * replica and its counter (MS-OXCFXICS 2.2.1.2.5), the same that a synchronization says.
 */
static void make_source_key(const struct mapi_store *s, struct mapi_row *row, uint8_t key[KEY])
{
	if (row->n_source_key || !s->replica_id || (uint16_t)row->id != s->replica_id)
		return;
	memcpy(key, s->replica, GUID);
	le_put(key + GUID, row->id >> 16, KEY - GUID);
	row->source_key = key;
	row->n_source_key = KEY;
}

static int take_replica(void *ctx, struct rop_in *in, uint32_t value, struct err *err)
{
	struct list *l = ctx;
	const uint8_t *id = rop_get_octets(in, LONG_TERM_ID);

	(void)value;
	(void)err;
	if (id) {
		memcpy(l->store->replica, id, GUID);
		l->store->replica_id = (uint16_t)l->folder;
	}
	return 0;
}

/* Which replica the number in the folder's id stands for, and so that of most of its items. */
static int ask_replica(struct list *l, struct err *err)
{
	struct rop_call *c = rop_start(l->store);
	struct rop_fate fate = {0};
	int rc;

	l->store->has_asked_replica = true;
	rop_begin(c, ROP_LONG_TERM_ID_FROM_ID, 0, &fate, take_replica, l);
	rop_put(c, l->folder, 8);
	rc = rop_execute(l->store, false, err);
	rop_let_go(l->store);
	return rc; /* refused: there are no keys */
}

static int take_row(void *ctx, const struct rop_value *v, struct err *err)
{
	struct list *l = ctx;
	char *texts[3] = {0};
	struct mapi_row row = {
	        .id = v[COL_ID].number,
	        .size = v[COL_SIZE].number,
	        .flags = (uint32_t)v[COL_FLAGS].number,
	        .search_key = v[COL_SEARCH_KEY].p,
	        .source_key = v[COL_SOURCE_KEY].p,
	        .change_key = v[COL_CHANGE_KEY].p,
	        .n_search_key = v[COL_SEARCH_KEY].n,
	        .n_source_key = v[COL_SOURCE_KEY].n,
	        .n_change_key = v[COL_CHANGE_KEY].n,
	        .modified = row_time(&v[COL_MODIFIED]),
	        .delivered = row_time(&v[COL_DELIVERED]),
	};
	uint8_t key[KEY];
	bool is_cut;
	int rc;

	if (row.id == 0)
		return err_set(
		        err, ERR_PROTO, ERR_COLLECTION, "the server has an item without an id");
	l->lacks_keys = l->n++ == 0 && !row.n_source_key && !l->store->has_asked_replica;
	if (l->lacks_keys)
		return err_set(err, ERR_PROTO, ERR_COLLECTION, "a table without source keys");
	make_source_key(l->store, &row, key);
	for (size_t i = 0; i < COUNT(texts); i++)
		texts[i] = row_text(&v[COL_CLASS + i], TEXT_MAX, &is_cut);
	row.message_class = texts[0];
	row.subject = texts[1];
	row.message_id = texts[2];
	rc = l->row(l->ctx, &row, err);
	for (size_t i = 0; i < COUNT(texts); i++)
		free(texts[i]);
	return rc;
}

static unsigned open_table(void *ctx, struct table *t)
{
	struct list *l = ctx;
	unsigned folder = rop_open_folder(l->store, l->folder, &t->fate);
	unsigned slot = rop_begin_making(
	        &l->store->call, ROP_GET_CONTENTS_TABLE, folder, &t->fate, table_take_count, t);

	rop_put(&l->store->call, TABLE_NO_NOTIFICATIONS | (l->associated ? TABLE_ASSOCIATED : 0),
	        1);
	return slot;
}

int mapi_contents(struct mapi_store *s, mapi_id folder, bool associated, mapi_row_fn row, void *ctx,
        struct err *err)
{
	struct list l = {
	        .store = s, .folder = folder, .associated = associated, .row = row, .ctx = ctx};
	struct table t = {.store = s,
	        .tags = columns,
	        .n_tags = COLS,
	        .open = open_table,
	        .row = take_row,
	        .ctx = &l,
	        .most = ROWS_MAX};
	struct table again = t;
	int rc = table_read(&t, err);

	rop_let_go(s);
	if (rc < 0 && l.lacks_keys) {
		err_clear(err);
		rc = ask_replica(&l, err);
		rc = rc < 0 ? rc : table_read(&again, err);
		rop_let_go(s);
	}
	return rc;
}
