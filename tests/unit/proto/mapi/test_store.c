/*
 * A store beside a server that does remote operations on a few folders: what is asked, in how
 * few requests, and what comes of the answers, recorded ones among them.
 */
#include "proto/mapi/server.h"
#include "proto/mapi/table.h"

static int keep(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	buf_put(ctx, p, n);
	return 0;
}

static void assert_octets(const struct buf *have, const void *p, size_t n)
{
	assert_int_equal(have->len, n);
	assert_memory_equal(have->data, p, n);
}

/* ---- logon ---- */

static void test_logon(void **state)
{
	struct service service = {.kind = SERVICE_MAPI, .mailbox = (char *)"/o=x/cn=y"};
	static const struct {
		uint32_t value;
		enum err_code code;
		const char *text;
	} cases[] = {
	        {0x478, ERR_REFUSED, "other.x"},
	        {0x3f2, ERR_AUTH, "ecLoginPerm"},
	        {0x80070005, ERR_AUTH, "MAPI_E_NO_ACCESS"},
	        {0x80040111, ERR_AUTH, "MAPI_E_LOGON_FAILED"},
	        {0x12345678, ERR_REFUSED, "0x12345678"},
	};
	struct mapi_store *s;

	(void)state;
	server_begin();
	s = open_store(MAPI_MAILBOX);
	assert_memory_equal(mapi_store_guid(s), "0123456789abcdef", 16);
	assert_memory_equal(mapi_store_life(s), "replica---------", 16);
	assert_string_equal(mapi_store_greeting(s)->display_name, "Fixture User");
	mapi_close(s);
	mapi_close(NULL);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct err err = {0};

		server.logon_value = cases[i].value;
		assert_int_equal(
		        mapi_open(&service, GUARD_MAPI_SOURCE, MAPI_MAILBOX, NULL, &s, &err),
		        cases[i].code);
		assert_int_equal(err.code, cases[i].code);
		assert_null(s);
		assert_non_null(strstr(err.text, cases[i].text));
	}
	server_end();
}

/* ---- rows ---- */

struct rows {
	struct buf octets;
	size_t at[6001];
	size_t n;
};

static void put(struct buf *b, uint64_t v, size_t n)
{
	uint8_t le[8];

	le_put(le, v, n);
	buf_put(b, le, n);
}

static void put_wide(struct buf *b, const char *text)
{
	for (; *text; text++)
		put(b, (uint8_t)*text, 2);
	put(b, 0, 2);
}

/* A folder entry id (MS-OXCDATA 2.2.4.1) of this counter. */
static void put_entry_id(struct buf *b, unsigned counter)
{
	put(b, 46, 2);
	put(b, 0, 4);
	buf_put(b, "PROVIDER--------", 16);
	put(b, 1, 2);
	buf_put(b, "DATABASE--------", 16);
	put(b, 0, 5);
	put(b, counter, 1);
	put(b, 0, 2);
}

/* A flagged row of a hierarchy, as this store asks for it; where ${v} is NULL, an error. */
static void put_folder(struct rows *r, const struct mapi_folder *f, const struct rop_value *name,
        const struct rop_value *class)
{
	struct buf *b = &r->octets;

	r->at[r->n++] = b->len;
	put(b, 1, 1);
	put(b, 0, 1);
	put(b, f->id, 8);
	put(b, 0, 1);
	put(b, f->parent, 8);
	put(b, 0, 1);
	put_entry_id(b, (unsigned)(f->id >> 56));
	put(b, 0, 1);
	if (name)
		buf_put(b, name->p, name->n + 2);
	else
		put_wide(b, f->name);
	if (class) {
		put(b, 0, 1);
		buf_put(b, class->p, class->n + 2);
	} else {
		put(b, 0x0a, 1);
		put(b, 0x8004010f, 4);
	}
	put(b, 0, 1);
	put(b, f->items, 4);
	put(b, 1, 1); /* PidTagAssociatedContentCount: not there */
	put(b, 0, 1);
	put(b, f->type, 4);
	put(b, 0, 1);
	put(b, f->hidden, 1);
	put(b, 0, 1);
	put(b, f->changed, 8);
	put(b, 0, 1);
	put(b, f->deleted, 4);
	put(b, 0, 1);
	put(b, f->unread, 4);
	put(b, 0, 1);
	put(b, f->size, 8);
	r->at[r->n] = b->len;
}

static mapi_id id_of(unsigned counter)
{
	return (uint64_t)counter << 56 | 1;
}

/* The rows of the recorded hierarchy (its five columns) as such. */
static void take_recorded(void *ctx, const uint8_t *p, size_t n)
{
	static const uint32_t tags[] = {0x67480014, 0x3001001f, 0x36020003, 0x3613001f, 0x67490014};
	struct rop_in in = {p, n, false};
	size_t rows;

	assert_int_equal(rop_get(&in, 1), 0x15);
	rop_get(&in, 5);
	assert_int_equal(rop_get(&in, 1), 2); /* BOOKMARK_END */
	rows = (size_t)rop_get(&in, 2);
	assert_int_equal(rows, 19);
	while (rows-- > 0) {
		struct rop_value v[5];
		struct mapi_folder f = {.type = MAPI_FOLDER_GENERIC,
		        .changed = 77,
		        .size = 5,
		        .deleted = 6,
		        .unread = 7};

		assert_true(row_read(&in, tags, 5, v));
		f.id = v[0].number;
		f.parent = v[4].number;
		f.items = (uint32_t)v[2].number;
		f.hidden = f.id == id_of(0x1d);
		if (f.id == id_of(0x1b))
			f.type = MAPI_FOLDER_SEARCH;
		put_folder(ctx, &f, &v[1], &v[3]);
	}
	assert_int_equal(in.n, 0);
}

static void give_rows(struct server_folder *f, struct rows *r)
{
	f->rows = r->octets.data;
	f->row_at = r->at;
	f->n_rows = r->n;
}

/* Inbox and root say: which is what. */
static void put_uses(struct buf *b)
{
	put(b, 1, 1);
	for (unsigned i = 0; i < 6; i++) {
		static const unsigned counters[] = {0x0f, 0x13, 0x10, 0x11, 0x12, 0x0e};

		put(b, 0, 1);
		put_entry_id(b, counters[i]);
	}
	put(b, 0, 1);
	put(b, 5, 4);
	put_entry_id(b, 0x1a);
	put_entry_id(b, 0x19);
	put_entry_id(b, 0x1b);
	put(b, 0, 2);
	put_entry_id(b, 0x17);
}

static void test_recorded_folders(void **state)
{
	static const struct {
		unsigned counter, parent, depth, items;
		const char *name, *class, *use;
	} want[] = {
	        {0x0a, 9, 1, 0, "Sent Items", "IPF.Note", "\\Sent"},
	        {0x0b, 9, 1, 0, "Deleted Items", "IPF.Note", "\\Trash"},
	        {0x0c, 9, 1, 0, "Outbox", "IPF.Note", NULL},
	        {0x0d, 9, 1, 5, "Inbox", "IPF.Note", "\\Inbox"},
	        {0x0e, 9, 1, 0, "Drafts", "IPF.Note", "\\Drafts"},
	        {0x0f, 9, 1, 2, "Calendar", "IPF.Appointment", "calendar"},
	        {0x10, 9, 1, 0, "Journal", "IPF.Journal", "journal"},
	        {0x11, 9, 1, 0, "Notes", "IPF.StickyNote", "notes"},
	        {0x12, 9, 1, 1, "Tasks", "IPF.Task", "tasks"},
	        {0x13, 9, 1, 2, "Contacts", "IPF.Contact", "contacts"},
	        {0x14, 0x13, 2, 0, "Quick Contacts", "IPF.Contact.MOC.QuickContacts", NULL},
	        {0x15, 0x13, 2, 0, "IM Contacts List", "IPF.Contact.MOC.ImContactList", NULL},
	        {0x16, 0x13, 2, 0, "GAL Contacts", "IPF.Contact.GalContacts", NULL},
	        {0x17, 9, 1, 0, "Junk Email", "IPF.Note", "\\Junk"},
	        {0x19, 9, 1, 0, "Sync Issues", "IPF.Note", NULL},
	        {0x1a, 0x19, 2, 0, "Conflicts", "IPF.Note", NULL},
	        {0x1b, 0x19, 2, 0, "Local Failures", "IPF.Note", NULL},
	        {0x1c, 0x19, 2, 0, "Server Failures", "IPF.Note", NULL},
	        {0x1d, 9, 1, 0, "Conversation Action Settings", "IPF.Configuration", NULL},
	};
	struct rows *r = calloc(1, sizeof *r);
	struct buf uses = buf_of(SIZE_MAX);
	struct mapi_folders folders;
	struct mapi_store *s;
	struct err err;

	(void)state;
	server_begin();
	r->octets = buf_of(SIZE_MAX);
	recorded("005-Execute.rsp", take_recorded, r);
	put_uses(&uses);
	server.props = uses.data;
	server.n_props = uses.len;
	add_folder(id_of(1), NULL, 0);
	add_folder(id_of(13), NULL, 0);
	give_rows(add_folder(id_of(9), NULL, 0), r);
	s = open_store(MAPI_MAILBOX);
	assert_int_equal(mapi_folders(s, &folders, &err), 0);
	assert_string_equal(
	        buf_str(&server.log), "Get Open Get Open Get Open Hierarchy Columns Rows \n");
	assert_int_equal(folders.n, COUNT(want));
	for (size_t i = 0; i < COUNT(want); i++) {
		const struct mapi_folder *f = &folders.list[i];

		assert_int_equal(f->id, id_of(want[i].counter));
		assert_int_equal(f->parent, id_of(want[i].parent));
		assert_int_equal(f->depth, want[i].depth);
		assert_int_equal(f->items, want[i].items);
		assert_string_equal(f->name, want[i].name);
		assert_string_equal(f->container_class, want[i].class);
		assert_int_equal(f->changed, 77);
		assert_int_equal(f->size, 5);
		assert_int_equal(f->deleted, 6);
		assert_int_equal(f->unread, 7);
		assert_int_equal(f->hidden, want[i].counter == 0x1d);
		assert_int_equal(f->type,
		        want[i].counter == 0x1b ? MAPI_FOLDER_SEARCH : MAPI_FOLDER_GENERIC);
		if (want[i].use)
			assert_string_equal(f->use, want[i].use);
		else
			assert_null(f->use);
	}
	mapi_folders_clear(&folders);
	mapi_close(s);
	buf_clear(&uses);
	buf_clear(&r->octets);
	free(r);
	server_end();
}

/* A row of its own, with what an order of rows is about. */
static void add_row(struct rows *r, unsigned counter, unsigned parent)
{
	struct mapi_folder f = {.id = id_of(counter), .parent = id_of(parent), .name = (char *)"x"};

	put_folder(r, &f, NULL, NULL);
}

static char *order_of(const struct mapi_folders *folders, char *out)
{
	*out = '\0';
	for (size_t i = 0; i < folders->n; i++)
		sprintf(out + strlen(out), "%u:%u<%u ", folders->list[i].depth,
		        (unsigned)(folders->list[i].id >> 56),
		        (unsigned)(folders->list[i].parent >> 56));
	return out;
}

static void test_order_of_folders(void **state)
{
	static const struct {
		unsigned rows[8][2]; /* counter, parent */
		const char *order;
		enum err_code code;
	} cases[] = {
	        {{{0}}, "", ERR_OK},
	        {{{20, 9}, {21, 20}, {22, 9}}, "1:20<9 2:21<20 1:22<9 ", ERR_OK},
	        {{{21, 20}, {22, 21}, {20, 9}}, "1:20<9 2:21<20 3:22<21 ", ERR_OK},
	        /* listed twice, or with its top */
	        {{{20, 9}, {21, 20}, {20, 9}, {9, 2}}, "1:20<9 2:21<20 ", ERR_OK},
	        /* whose parent nobody sees */
	        {{{20, 99}, {21, 20}}, "1:20<9 2:21<20 ", ERR_OK},
	        /* each in another one, for ever */
	        {{{20, 21}, {21, 20}}, "1:20<9 2:21<20 ", ERR_OK},
	        {{{20, 20}, {22, 20}}, "1:20<9 2:22<20 ", ERR_OK},
	        {{{22, 20}, {20, 21}, {21, 20}}, "1:22<9 1:20<9 2:21<20 ", ERR_OK},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct rows *r = calloc(1, sizeof *r);
		struct mapi_folders folders;
		struct mapi_store *s;
		struct err err;
		char order[400];

		server_begin();
		r->octets = buf_of(SIZE_MAX);
		for (size_t k = 0; cases[i].rows[k][0]; k++)
			add_row(r, cases[i].rows[k][0], cases[i].rows[k][1]);
		give_rows(add_folder(id_of(9), NULL, 0), r);
		s = open_store(MAPI_MAILBOX); /* Inbox and root are refused: no matter */
		assert_int_equal(mapi_folders(s, &folders, &err), cases[i].code);
		assert_string_equal(order_of(&folders, order), cases[i].order);
		mapi_folders_clear(&folders);
		mapi_close(s);
		buf_clear(&r->octets);
		free(r);
		server_end();
	}
}

/* 310 in one another, the innermost with a name of 3,000 octets. */
static void test_deep_folders(void **state)
{
	struct rows *r = calloc(1, sizeof *r);
	struct mapi_folders folders;
	struct mapi_store *s;
	struct err err;
	char name[3001];

	(void)state;
	server_begin();
	r->octets = buf_of(SIZE_MAX);
	memset(name, 'x', 3000);
	name[3000] = '\0';
	for (uint64_t i = 0; i < 310; i++) {
		struct mapi_folder f = {.id = id_of(200) + (i << 16),
		        .parent = i ? id_of(200) + ((i - 1) << 16) : id_of(9),
		        .name = i == 309 ? name : (char *)"x"};

		put_folder(r, &f, NULL, NULL);
	}
	give_rows(add_folder(id_of(9), NULL, 0), r);
	s = open_store(MAPI_MAILBOX);
	assert_int_equal(mapi_folders(s, &folders, &err), 0);
	assert_int_equal(folders.n, 310);
	for (size_t i = 0; i < 310; i++) {
		assert_int_equal(folders.list[i].id, id_of(200) + ((uint64_t)i << 16));
		/* what is deeper is at the top, each of them: the server could go on for ever */
		assert_int_equal(folders.list[i].depth, i < 300 ? i + 1 : i - 299);
	}
	assert_int_equal(strlen(folders.list[309].name), 1024);
	mapi_folders_clear(&folders);
	mapi_close(s);
	buf_clear(&r->octets);
	free(r);
	server_end();
}

/* A table that says it has more, and has none: no folder is passed over in silence. */
static void test_rows_that_do_not_come(void **state)
{
	struct rows *r = calloc(1, sizeof *r);
	struct mapi_folders folders;
	struct mapi_store *s;
	struct err err;

	(void)state;
	server_begin();
	r->octets = buf_of(SIZE_MAX);
	add_row(r, 20, 4);
	give_rows(add_folder(id_of(9), NULL, 0), r);
	s = open_store(MAPI_MAILBOX);
	server.has_no_rows = true;
	assert_int_equal(mapi_folders(s, &folders, &err), ERR_PROTO);
	assert_int_equal(err.scope, ERR_WHOLE);
	assert_true(server.requests < 20);
	mapi_close(s);
	buf_clear(&r->octets);
	free(r);
	server_end();
}

/* Many rows come in few requests; handles are released. */
static void test_many_folders(void **state)
{
	struct rows *r = calloc(1, sizeof *r);
	struct mapi_folders folders;
	struct mapi_store *s;
	struct err err;

	(void)state;
	server_begin();
	r->octets = buf_of(SIZE_MAX);
	for (unsigned i = 0; i < 3000; i++) {
		struct mapi_folder f = {.id = id_of(200) + ((uint64_t)i << 16),
		        .parent = id_of(2),
		        .name = (char *)"a folder"};

		put_folder(r, &f, NULL, NULL);
	}
	give_rows(add_folder(id_of(2), NULL, 0), r);
	s = open_store(MAPI_PUBLIC_FOLDERS);
	assert_int_equal(mapi_folders(s, &folders, &err), 0);
	assert_int_equal(folders.n, 3000);
	assert_int_equal(server.requests, 3); /* 1,000 rows each */
	mapi_folders_clear(&folders);
	assert_int_equal(server_open_handles(), 2);
	assert_int_equal(mapi_folders(s, &folders, &err), 0);
	mapi_folders_clear(&folders);
	assert_int_equal(server_open_handles(), 2); /* of the second time alone */
	mapi_close(s);
	buf_clear(&r->octets);
	free(r);
	server_end();
}

/* ---- contents ---- */

static int count_row(void *ctx, const struct mapi_row *row, struct err *err)
{
	size_t *n = ctx;

	(void)err;
	if (*n == 0) {
		assert_int_equal(row->id, 7);
		assert_int_equal(row->size, 1234);
		assert_int_equal(row->flags, 1);
		assert_int_equal(row->n_search_key, 4);
		assert_memory_equal(row->search_key, "key!", 4);
		assert_null(row->change_key);
		assert_int_equal(row->modified, 0);
		assert_int_equal(row->delivered, INT64_MIN);
		assert_string_equal(row->message_class, "IPM.Note");
		assert_string_equal(row->subject, "Gr\xc3\xbc\xc3\x9f"
		                                  "e \xf0\x9f\x98\x80 \xef\xbf\xbd");
		assert_null(row->message_id);
	}
	++*n;
	return 0;
}

static void put_item(struct rows *r, uint64_t id)
{
	static const uint16_t subject[] = {
	        'G', 'r', 0xfc, 0xdf, 'e', ' ', 0xd83d, 0xde00, ' ', 0xdc00, 0};
	struct buf *b = &r->octets;

	r->at[r->n++] = b->len;
	put(b, 1, 1);
	put(b, 0, 1);
	put(b, id, 8);
	put(b, 0, 1);
	put(b, 1234, 4);
	put(b, 0, 1);
	put(b, 1, 4);
	put(b, 0, 1);
	put(b, 4, 2);
	buf_put(b, "key!", 4);
	put(b, 1, 1);
	put(b, 0x0a, 1);
	put(b, 0x8004010f, 4);
	put(b, 0, 1);
	put(b, 116444736000000000, 8);
	put(b, 1, 1);
	put(b, 0, 1);
	put_wide(b, "IPM.Note");
	put(b, 0, 1);
	for (size_t i = 0; i < COUNT(subject); i++)
		put(b, subject[i], 2);
	put(b, 1, 1);
	r->at[r->n] = b->len;
}

static void test_contents(void **state)
{
	struct rows *r = calloc(1, sizeof *r);
	struct server_folder *f;
	struct mapi_store *s;
	struct err err;
	size_t n = 0;

	(void)state;
	server_begin();
	r->octets = buf_of(SIZE_MAX);
	for (unsigned i = 0; i < 2500; i++)
		put_item(r, 7 + i);
	f = add_folder(id_of(20), NULL, 0);
	give_rows(f, r);
	s = open_store(MAPI_MAILBOX);
	assert_int_equal(mapi_contents(s, id_of(20), false, count_row, &n, &err), 0);
	assert_int_equal(n, 2500);
	assert_int_equal(server.requests, 3 + 2); /* one is begun again: see source_keys */
	assert_int_equal(mapi_contents(s, id_of(21), false, count_row, &n, &err), ERR_NOTFOUND);
	f->refuse = 0x05;
	f->with = 0x80070005;
	server.associated = true;
	assert_int_equal(mapi_contents(s, id_of(20), true, count_row, &n, &err), ERR_REFUSED);
	assert_non_null(strstr(err.text, "MAPI_E_NO_ACCESS"));
	mapi_close(s);
	buf_clear(&r->octets);
	free(r);
	server_end();
}

struct keyed {
	size_t n, with;
};

static int keep_key(void *ctx, const struct mapi_row *row, struct err *err)
{
	struct keyed *k = ctx;
	uint8_t expected[22] = "replica of one..";

	(void)err;
	k->n++;
	if (!row->source_key)
		return 0;
	k->with++;
	expected[21] = (uint8_t)(row->id >> 56);
	assert_int_equal(row->n_source_key, 22);
	assert_memory_equal(row->source_key, expected, 22);
	return 0;
}

/*
 * A table without source keys: they are those that a synchronization has, by the GUID of the
 * replica, which is asked for once. Items of another replica, and those of a server that does
 * not say it, have none.
 */
static void source_keys(void **state)
{
	struct rows *r = calloc(1, sizeof *r);
	struct mapi_store *s;
	struct keyed k = {0};
	struct err err;

	(void)state;
	server_begin();
	r->octets = buf_of(SIZE_MAX);
	put_item(r, id_of(31));
	put_item(r, id_of(32));
	put_item(r, id_of(33) + 1);
	give_rows(add_folder(id_of(20), NULL, 0), r);
	s = open_store(MAPI_MAILBOX);
	assert_int_equal(mapi_contents(s, id_of(20), false, keep_key, &k, &err), 0);
	assert_int_equal(k.n, 3);
	assert_int_equal(k.with, 2);
	assert_int_equal(server.requests, 3);
	assert_int_equal(mapi_contents(s, id_of(20), false, keep_key, &k, &err), 0);
	assert_int_equal(k.with, 4);
	assert_int_equal(server.requests, 4);
	mapi_close(s);
	server.no_replicas = true;
	k = (struct keyed){0};
	s = open_store(MAPI_MAILBOX);
	assert_int_equal(mapi_contents(s, id_of(20), false, keep_key, &k, &err), 0);
	assert_int_equal(k.n, 3);
	assert_int_equal(k.with, 0);
	mapi_close(s);
	buf_clear(&r->octets);
	free(r);
	server_end();
}

/* ---- rows that are none ---- */

static void test_rows_at_every_cut(void **state)
{
	static const uint32_t tags[] = {0x67480014, 0x3001001f, 0x0fff0102, 0x10f4000b, 0x36d81102,
	        0x001a001e, 0x00010002, 0x00020048};
	struct buf b = buf_of(SIZE_MAX);
	struct rop_value v[8], one;
	struct rop_in in;

	(void)state;
	put(&b, 1, 1);
	put(&b, 0, 1);
	put(&b, 99, 8);
	put(&b, 0, 1);
	put_wide(&b, "name");
	put(&b, 0, 1);
	put(&b, 3, 2);
	buf_puts(&b, "abc");
	put(&b, 0, 1);
	put(&b, 1, 1);
	put(&b, 0, 1);
	put(&b, 2, 4);
	put(&b, 1, 2);
	buf_puts(&b, "x");
	put(&b, 0, 2);
	put(&b, 0, 1);
	buf_put(&b, "IPM", 4);
	put(&b, 0x0a, 1);
	put(&b, 5, 4);
	put(&b, 0, 1);
	buf_put(&b, "0123456789abcdef", 16);
	for (size_t n = 0; n < b.len; n++) {
		uint8_t *exact = malloc(n + 1);

		memcpy(exact, b.data, n);
		exact = realloc(exact, n ? n : 1);
		in = (struct rop_in){exact, n, false};
		assert_false(row_read(&in, tags, 8, v));
		assert_true(in.is_short);
		free(exact);
	}
	in = (struct rop_in){b.data, b.len, false};
	assert_true(row_read(&in, tags, 8, v));
	assert_int_equal(in.n, 0);
	assert_int_equal(v[0].number, 99);
	assert_int_equal(v[1].n, 8);
	assert_true(row_next_binary(&v[4], &one) && one.n == 1 && one.p[0] == 'x');
	assert_true(row_next_binary(&v[4], &one) && one.n == 0);
	assert_false(row_next_binary(&v[4], &one));
	assert_int_equal(v[5].n, 3);
	assert_false(v[6].is_there);
	assert_int_equal(v[7].n, 16);
	b.data[0] = 2; /* no such row */
	in = (struct rop_in){b.data, b.len, false};
	assert_false(row_read(&in, tags, 8, v));
	b.data[0] = 1;
	b.data[1] = 7; /* no such flag */
	in = (struct rop_in){b.data, b.len, false};
	assert_false(row_read(&in, tags, 8, v));
	buf_clear(&b);
}

/* ---- synchronizations ---- */

static void take_stream(void *ctx, const uint8_t *p, size_t n)
{
	struct rop_in in = {p, n, false};
	size_t size;
	const uint8_t *octets;

	assert_int_equal(rop_get(&in, 1), 0x4e);
	rop_get(&in, 1 + 4);
	rop_get(&in, 2 + 2 + 2 + 1);
	size = (size_t)rop_get(&in, 2);
	octets = rop_get_octets(&in, size);
	assert_int_equal(in.n, 0);
	buf_put(ctx, octets, size);
}

static void count_step(void *ctx, uint32_t done, uint32_t of)
{
	(void)ctx;
	assert_int_equal(done, 1);
	assert_int_equal(of, 7);
}

static void test_recorded_streams(void **state)
{
	static const struct {
		const char *sync, *sync_answer, *copy, *copy_answer;
		unsigned requests;
	} cases[] = {
	        {"Inbox.ics-sync.fx", "009-Execute.rsp", "Inbox.copymessages.fx", "015-Execute.rsp",
	                1},
	        {"Calendar.ics-sync.fx", "020-Execute.rsp", "Calendar.copymessages.fx",
	                "026-Execute.rsp", 1},
	        {"Contacts.ics-sync.fx", "042-Execute.rsp", "Contacts.copymessages.fx",
	                "048-Execute.rsp", 1},
	        {"Tasks.ics-sync.fx", "031-Execute.rsp", "Tasks.copymessages.fx", "037-Execute.rsp",
	                1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf sync = buf_of(SIZE_MAX), copy = buf_of(SIZE_MAX),
		           have = buf_of(SIZE_MAX);
		struct mapi_sync y = {
		        .folder = id_of(20), .write = keep, .step = count_step, .ctx = &have};
		static const mapi_id ids[] = {1, 2, 3};
		struct mapi_store *s;
		struct err err;
		size_t n;
		uint8_t *want;

		server_begin();
		recorded(cases[i].sync_answer, take_stream, &sync);
		recorded(cases[i].copy_answer, take_stream, &copy);
		add_folder(id_of(20), sync.data, sync.len);
		add_folder(id_of(21), copy.data, copy.len);
		s = open_store(MAPI_MAILBOX);
		assert_int_equal(mapi_sync(s, &y, &err), 0);
		want = fixture(cases[i].sync, &n);
		assert_octets(&have, want, n);
		free(want);
		assert_int_equal(server.requests, cases[i].requests);
		assert_int_equal(strncmp(buf_str(&server.log), "Open Sync Buffer ", 17), 0);
		buf_reset(&have);
		assert_int_equal(mapi_copy(s, id_of(21), ids, 3, keep, &have, &err), 0);
		want = fixture(cases[i].copy, &n);
		assert_octets(&have, want, n);
		free(want);
		assert_int_equal(server.requests, 2 * cases[i].requests);
		assert_int_equal(server_open_handles(), 2);
		mapi_close(s);
		buf_clear(&sync);
		buf_clear(&copy);
		buf_clear(&have);
		server_end();
	}
}

/* A state with its four parts, the set of given ids with ${n} octets. */
static void put_state(struct buf *b, size_t n)
{
	static const uint32_t tags[] = {0x67960102, 0x67da0102, 0x67d20102};

	put(b, 0x403a0003, 4);
	put(b, 0x40170003, 4);
	put(b, n, 4);
	while (n-- > 0)
		buf_put(b, &"given"[n % 5], 1);
	for (size_t i = 0; i < 3; i++) {
		put(b, tags[i], 4);
		put(b, 3, 4);
		buf_put(b, "set", 3);
	}
	put(b, 0x403b0003, 4);
}

/* What the server keeps of an uploaded state: all but its markers. */
static void assert_state(const struct server_folder *f, const struct buf *state)
{
	assert_octets(&f->state, state->data + 4, state->len - 8);
}

static void test_long_state(void **state)
{
	static const struct {
		size_t octets;
		unsigned requests;
	} cases[] = {{60, 1}, {20000, 1}, {40000, 4}, {200000, 10}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf given = buf_of(SIZE_MAX), have = buf_of(SIZE_MAX);
		struct mapi_sync y = {.folder = id_of(20), .write = keep, .ctx = &have};
		struct server_folder *f;
		struct mapi_store *s;
		struct err err;

		server_begin();
		put_state(&given, cases[i].octets);
		f = add_folder(id_of(20), (const uint8_t *)"stream", 6);
		y.state = given.data;
		y.n_state = given.len;
		s = open_store(MAPI_MAILBOX);
		assert_int_equal(mapi_sync(s, &y, &err), 0);
		assert_octets(&have, "stream", 6);
		assert_state(f, &given);
		assert_int_equal(server.requests, cases[i].requests);
		y.n_state--;
		assert_int_equal(mapi_sync(s, &y, &err), ERR_DAMAGED);
		mapi_close(s);
		buf_clear(&given);
		buf_clear(&have);
		server_end();
	}
}

/* ---- many at a time ---- */

enum { MANY = 60 };
struct ends {
	struct mapi_sync list[MANY];
	struct buf have[MANY], state, big;
	char text[MANY][640];
	enum err_code code[MANY];
	size_t n, next;
	enum err_code stop; /* at the third */
};

static int end_one(void *ctx, size_t i, const struct err *why, struct err *err)
{
	struct ends *e = ctx;

	assert_int_equal(i, e->next);
	e->next++;
	e->code[i] = why->code;
	snprintf(e->text[i], sizeof e->text[i], "%s", why->code ? why->text : "");
	return i == 2 && e->stop ? err_set(err, e->stop, ERR_WHOLE, "enough") : 0;
}

static struct ends *begin_many(size_t n)
{
	struct ends *e = calloc(1, sizeof *e);

	server_begin();
	e->n = n;
	e->state = buf_of(SIZE_MAX);
	e->big = buf_of(SIZE_MAX);
	put_state(&e->state, 60);
	for (unsigned i = 0; i < 300000; i++)
		put(&e->big, i * 7, 1);
	for (size_t i = 0; i < n; i++) {
		e->have[i] = buf_of(SIZE_MAX);
		add_folder(id_of(20 + (unsigned)i), (const uint8_t *)"nothing is new", 14);
		e->list[i] = (struct mapi_sync){.folder = id_of(20 + (unsigned)i),
		        .state = e->state.data,
		        .n_state = e->state.len,
		        .write = keep,
		        .ctx = &e->have[i]};
	}
	return e;
}

static void end_many(struct ends *e)
{
	for (size_t i = 0; i < e->n; i++)
		buf_clear(&e->have[i]);
	buf_clear(&e->state);
	buf_clear(&e->big);
	free(e);
	server_end();
}

/* Each stream once and whole, but of those that have an error. */
static void assert_streams(const struct ends *e)
{
	assert_int_equal(e->next, e->n);
	for (size_t i = 0; i < e->n; i++)
		if (e->code[i] == ERR_OK)
			assert_octets(&e->have[i], server.folders[i].stream, server.folders[i].n);
}

static void test_nothing_new(void **state)
{
	struct ends *e = begin_many(MANY);
	struct mapi_store *s = open_store(MAPI_MAILBOX);
	struct err err;

	(void)state;
	assert_int_equal(mapi_sync_many(s, e->list, e->n, end_one, e, &err), 0);
	assert_streams(e);
	for (size_t i = 0; i < e->n; i++) {
		assert_int_equal(e->code[i], ERR_OK);
		assert_state(&server.folders[i], &e->state);
	}
	assert_int_equal(server.requests, (MANY + MAPI_SYNCS - 1) / MAPI_SYNCS);
	assert_int_equal(server_open_handles(), 2 * (MANY % MAPI_SYNCS));
	mapi_close(s);
	end_many(e);
}

/* The first time: small folders together, others each by itself. */
static void test_small_folders(void **state)
{
	struct ends *e = begin_many(30);
	struct mapi_store *s = open_store(MAPI_MAILBOX);
	struct err err;

	(void)state;
	for (size_t i = 0; i < e->n; i++) {
		e->list[i].state = NULL;
		e->list[i].n_state = 0;
		e->list[i].is_small = i != 3 && i != 4;
	}
	assert_int_equal(mapi_sync_many(s, e->list, e->n, end_one, e, &err), 0);
	assert_streams(e);
	assert_int_equal(server.requests, 1 + 2 + 2); /* 3; one, one; 24, 1 */
	mapi_close(s);
	end_many(e);
}

/* Some have much that is new, some are refused, one is busy, one has no state. */
static void test_some_of_many(void **state)
{
	struct ends *e = begin_many(MANY);
	struct mapi_store *s = open_store(MAPI_MAILBOX);
	struct err err;

	(void)state;
	server.folders[0].stream = e->big.data;
	server.folders[0].n = e->big.len;
	server.folders[5].stream = e->big.data;
	server.folders[5].n = 2000;
	server.folders[7].refuse = 0x70;
	server.folders[7].with = 0x80070005;
	server.folders[8].refuse = 0x02;
	server.folders[8].with = 0x8004010f;
	server.folders[9].refuse = 0x4e;
	server.folders[9].with = 0x480;
	server.folders[9].times = 3;
	server.folders[9].wait_ms = 1;
	server.folders[10].refuse = 0x4e;
	server.folders[10].with = 0x80004005;
	server.folders[10].times = 1; /* it wants more room */
	server.folders[11].refuse = 0x02;
	server.folders[11].with = 0x480;
	server.folders[11].times = 1;
	e->list[30].state = NULL;
	e->list[30].n_state = 0;
	e->list[31].n_state -= 3;
	assert_int_equal(mapi_sync_many(s, e->list, e->n, end_one, e, &err), 0);
	assert_streams(e);
	assert_int_equal(e->code[7], ERR_REFUSED);
	assert_non_null(strstr(e->text[7], "MAPI_E_NO_ACCESS"));
	assert_non_null(strstr(e->text[7], "RopSynchronizationConfigure"));
	assert_int_equal(e->code[8], ERR_NOTFOUND);
	assert_int_equal(e->code[9], ERR_OK);
	assert_int_equal(e->code[10], ERR_OK);
	assert_int_equal(e->code[11], ERR_OK);
	assert_int_equal(e->code[30], ERR_OK);
	assert_int_equal(e->code[31], ERR_DAMAGED);
	mapi_close(s);
	end_many(e);
}

/* Servers that give as much as has room, whatever they are asked for. */
static void test_no_room(void **state)
{
	struct ends *e = begin_many(10);
	struct mapi_store *s = open_store(MAPI_MAILBOX);
	struct err err;

	(void)state;
	server.ignores_most = true;
	for (size_t i = 0; i < 10; i++) {
		server.folders[i].stream = e->big.data;
		server.folders[i].n = e->big.len / 4;
	}
	assert_int_equal(mapi_sync_many(s, e->list, e->n, end_one, e, &err), 0);
	assert_streams(e);
	assert_non_null(strstr(buf_str(&server.log), "(no room)"));
	mapi_close(s);
	end_many(e);
}

static void test_many_that_end(void **state)
{
	struct ends *e = begin_many(10);
	struct mapi_store *s = open_store(MAPI_MAILBOX);
	struct err err;

	(void)state;
	e->stop = ERR_SPACE;
	assert_int_equal(mapi_sync_many(s, e->list, e->n, end_one, e, &err), ERR_SPACE);
	assert_int_equal(e->next, 3);
	server.is_lost = true;
	e->next = 0;
	assert_int_equal(mapi_sync_many(s, e->list, e->n, end_one, e, &err), ERR_NET);
	assert_int_equal(e->next, 0);
	assert_true(mapi_store_is_lost(s));
	mapi_close(s);
	end_many(e);
}

static int fail_to_keep(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)ctx;
	(void)p;
	(void)n;
	return err_set(err, ERR_PROTO, ERR_ITEM, "not to be read");
}

/* What is wrong with one folder's stream, or with who takes it, leaves the others alone. */
static void test_broken_streams(void **state)
{
	struct ends *e = begin_many(10);
	struct mapi_store *s = open_store(MAPI_MAILBOX);
	struct err err;

	(void)state;
	server.folders[2].status = 1; /* Error, and ReturnValue 0 */
	server.folders[3].status = 10; /* no such status */
	server.folders[4].is_empty = true;
	e->list[5].write = fail_to_keep;
	server.folders[6].refuse = 0x4e;
	server.folders[6].with = 0x480;
	server.folders[6].wait_ms = 5;
	server.folders[7].stream = e->big.data;
	server.folders[7].n = e->big.len;
	e->list[7].write = fail_to_keep;
	server.folders[8].refuse = 0x02;
	server.folders[8].with = 0x480;
	assert_int_equal(mapi_sync_many(s, e->list, e->n, end_one, e, &err), 0);
	assert_streams(e);
	for (size_t i = 0; i < e->n; i++) {
		static const enum err_code want[] = {ERR_OK, ERR_OK, ERR_REFUSED, ERR_REFUSED,
		        ERR_REFUSED, ERR_PROTO, ERR_BUSY, ERR_PROTO, ERR_BUSY, ERR_OK};

		assert_int_equal(e->code[i], want[i]);
	}
	assert_true(server.requests < 120);
	mapi_close(s);
	end_many(e);
}

/* A server that does not understand requests of many folders gets them one by one. */
static void test_one_by_one(void **state)
{
	struct ends *e = begin_many(10);
	struct mapi_store *s = open_store(MAPI_MAILBOX);
	struct err err;

	(void)state;
	server.only_one = true;
	assert_int_equal(mapi_sync_many(s, e->list, e->n, end_one, e, &err), 0);
	assert_streams(e);
	assert_int_equal(server.requests, 11);
	e->next = 0;
	for (size_t i = 0; i < e->n; i++)
		buf_reset(&e->have[i]);
	assert_int_equal(mapi_sync_many(s, e->list, e->n, end_one, e, &err), 0);
	assert_streams(e);
	assert_int_equal(server.requests, 22); /* it is tried once more */
	e->next = 0;
	assert_int_equal(mapi_sync_many(s, e->list, e->n, end_one, e, &err), 0);
	assert_int_equal(server.requests, 32);
	mapi_close(s);
	end_many(e);
}

/* So does one that refuses streams in pieces of a kilobyte. */
static void test_too_small(void **state)
{
	struct ends *e = begin_many(MANY);
	struct mapi_store *s = open_store(MAPI_MAILBOX);
	struct err err;

	(void)state;
	server.least = 15480;
	assert_int_equal(mapi_sync_many(s, e->list, e->n, end_one, e, &err), 0);
	assert_streams(e);
	for (size_t i = 0; i < e->n; i++)
		assert_int_equal(e->code[i], ERR_OK);
	assert_int_equal(server.requests, 2 + MANY);
	mapi_close(s);
	end_many(e);
}

/* Refusals that say busy, before anything was done and later. */
static void test_busy(void **state)
{
	static const struct {
		unsigned rop, times;
		uint32_t wait_ms;
		unsigned requests;
		int64_t paused_ms;
		enum err_code code;
	} cases[] = {
	        {0x02, 2, 0, 3, 1000 + 2000, ERR_OK},
	        {0x70, 1, 0, 2, 1000, ERR_OK},
	        {0x4e, 2, 5, 3, 5 + 5, ERR_OK},
	        {0x4e, 0, 100, 22, 21 * 100, ERR_BUSY},
	        {0x4e, 0, 200000, 10, 200000 * 10, ERR_BUSY},
	        {0x02, 0, 0, 21, 0, ERR_BUSY},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ends *e = begin_many(1);
		struct mapi_store *s = open_store(MAPI_MAILBOX);
		struct err err;

		server.folders[0].refuse = cases[i].rop;
		server.folders[0].with = 0x480;
		server.folders[0].times = cases[i].times;
		server.folders[0].wait_ms = cases[i].wait_ms;
		e->list[0].associated = server.associated = i == 0;
		assert_int_equal(mapi_sync(s, &e->list[0], &err), cases[i].code);
		if (!cases[i].code)
			assert_octets(&e->have[0], "nothing is new", 14);
		assert_int_equal(server.requests, cases[i].requests);
		if (cases[i].paused_ms)
			assert_int_equal(server.paused_ms, cases[i].paused_ms);
		mapi_close(s);
		end_many(e);
	}
}

/*
 * RopBackoff in the middle of answers: what has none is asked for again, and no stream is
 * written twice, even where the server did what it says it did not.
 */
static void test_backoff(void **state)
{
	(void)state;
	for (unsigned at = 2; at < 120; at++) {
		struct ends *e = begin_many(at % 3 == 0 ? 1 : 4);
		struct mapi_store *s = open_store(MAPI_MAILBOX);
		struct err err;

		server.backoff = at / 2;
		server.backoff_lies = at % 2;
		assert_int_equal(mapi_sync_many(s, e->list, e->n, end_one, e, &err), 0);
		assert_streams(e);
		for (size_t i = 0; i < e->n; i++)
			assert_true(e->code[i] == ERR_OK || e->code[i] == ERR_BUSY);
		mapi_close(s);
		end_many(e);
	}
}

/* ---- what is cut off, at each octet ---- */

static int no_row(void *ctx, const struct mapi_row *row, struct err *err)
{
	(void)ctx;
	(void)row;
	(void)err;
	return 0;
}

static void test_cut_answers(void **state)
{
	struct rows *r = calloc(1, sizeof *r);
	struct buf have = buf_of(SIZE_MAX);
	struct mapi_sync y = {.folder = id_of(9), .write = keep, .ctx = &have};
	struct mapi_folders folders;
	struct mapi_store *s;
	struct err err;

	(void)state;
	server_begin();
	r->octets = buf_of(SIZE_MAX);
	add_row(r, 20, 4);
	add_row(r, 21, 20);
	give_rows(add_folder(id_of(9), (const uint8_t *)"stream", 6), r);
	s = open_store(MAPI_MAILBOX);
	for (size_t cut = 1; cut < 400; cut++) {
		server.cut = cut;
		assert_int_not_equal(mapi_folders(s, &folders, &err), 0);
		assert_int_equal(folders.n, 0);
	}
	for (size_t cut = 1; cut <= 35; cut++) {
		server.cut = cut;
		assert_int_equal(mapi_sync(s, &y, &err), ERR_PROTO);
	}
	buf_clear(&r->octets);
	r->n = 0;
	r->octets = buf_of(SIZE_MAX);
	put_item(r, 7);
	give_rows(&server.folders[0], r);
	for (size_t cut = 1; cut < 100; cut++) {
		server.cut = cut;
		assert_int_equal(mapi_contents(s, id_of(9), false, no_row, NULL, &err), ERR_PROTO);
	}
	assert_int_equal(mapi_contents(s, id_of(9), false, no_row, NULL, &err), 0);
	assert_int_equal(server_open_handles(), 2);
	mapi_close(s);
	buf_clear(&r->octets);
	buf_clear(&have);
	free(r);
	server_end();
}

static void test_error_names(void **state)
{
	(void)state;
	assert_string_equal(mapi_error_name(0x478), "ecWrongServer");
	assert_string_equal(mapi_error_name(0x80070005), "MAPI_E_NO_ACCESS");
	assert_string_equal(mapi_error_name(0x80040604), "MAPI_E_COLLISION");
	assert_null(mapi_error_name(0x478 + 0x10000));
	assert_int_equal(rop_kind_of(0x480), ROP_BUSY);
	assert_int_equal(rop_kind_of(0x8004010f), ROP_NOT_FOUND);
	assert_int_equal(rop_kind_of(0x4d9), ROP_NO_SPACE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_logon),
	        cmocka_unit_test(test_recorded_folders),
	        cmocka_unit_test(test_order_of_folders),
	        cmocka_unit_test(test_deep_folders),
	        cmocka_unit_test(test_rows_that_do_not_come),
	        cmocka_unit_test(test_many_folders),
	        cmocka_unit_test(test_contents),
	        cmocka_unit_test(source_keys),
	        cmocka_unit_test(test_rows_at_every_cut),
	        cmocka_unit_test(test_recorded_streams),
	        cmocka_unit_test(test_long_state),
	        cmocka_unit_test(test_nothing_new),
	        cmocka_unit_test(test_small_folders),
	        cmocka_unit_test(test_some_of_many),
	        cmocka_unit_test(test_no_room),
	        cmocka_unit_test(test_many_that_end),
	        cmocka_unit_test(test_broken_streams),
	        cmocka_unit_test(test_one_by_one),
	        cmocka_unit_test(test_too_small),
	        cmocka_unit_test(test_busy),
	        cmocka_unit_test(test_backoff),
	        cmocka_unit_test(test_cut_answers),
	        cmocka_unit_test(test_error_names),
	};

	return cmocka_run_group_tests_name("mapi store", tests, NULL, NULL);
}
