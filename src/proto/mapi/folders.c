/*
 * All folders of a store: one table of the whole hierarchy, asked for together with what says
 * what the folders are for (MS-OXCFOLD 2.2.1.13, MS-OXOSFLD).
 */
#include <stdlib.h>
#include "proto/mapi/folders.h"

enum {
	FOLDERS_MAX = 100000,
	NAME_MAX_OCTETS = 1024,
	NAMES_MAX_OCTETS = 32 << 20, /* of all together */
	TABLE_DEPTH = 0x04, /* TableFlags */
	TABLE_NO_NOTIFICATIONS = 0x10,
	/* places of the 13, MS-OXCSTOR 2.2.1.1.3 */
	PLACE_ROOT = 0,
	PLACE_TOP = 3,
	PLACE_INBOX = 4,
	PLACE_SENT = 6,
	PLACE_TRASH = 7,
	PLACE_PUBLIC_TOP = 1, /* MS-OXCSTOR 2.2.1.1.4 */
};

enum column {
	COL_ID,
	COL_PARENT,
	COL_ENTRY_ID,
	COL_NAME,
	COL_CLASS,
	COL_ITEMS,
	COL_ASSOCIATED,
	COL_TYPE,
	COL_HIDDEN,
	COL_CHANGED,
	COL_DELETED,
	COL_UNREAD,
	COL_SIZE,
	COLS
};
static const uint32_t columns[COLS] = {
        [COL_ID] = 0x67480014, /* PidTagFolderId */
        [COL_PARENT] = 0x67490014, /* PidTagParentFolderId */
        [COL_ENTRY_ID] = 0x0fff0102, /* PidTagEntryId */
        [COL_NAME] = 0x3001001f, /* PidTagDisplayName */
        [COL_CLASS] = 0x3613001f, /* PidTagContainerClass */
        [COL_ITEMS] = 0x36020003, /* PidTagContentCount */
        [COL_ASSOCIATED] = 0x36170003, /* PidTagAssociatedContentCount */
        [COL_TYPE] = 0x36010003, /* PidTagFolderType */
        [COL_HIDDEN] = 0x10f4000b, /* PidTagAttributeHidden */
        [COL_CHANGED] = 0x670a0040, /* PidTagLocalCommitTimeMax */
        [COL_DELETED] = 0x670b0003, /* PidTagDeletedCountTotal */
        [COL_UNREAD] = 0x36030003, /* PidTagContentUnreadCount */
        [COL_SIZE] = 0x0e080014, /* PidTagMessageSizeExtended */
};

/* What tells uses: of the store, of Inbox, of the root; none of them has to be there. */
struct asked_uses {
	struct properties store, folder;
	struct rop_fate of_store, of_inbox, of_root;
};

struct gather {
	struct mapi_store *store;
	struct mapi_folders *out;
	mapi_id top;
	size_t cap;
	size_t octets; /* of names */
	struct folder_uses uses;
	struct asked_uses *asked;
};

static const char *use_of(const struct gather *g, mapi_id id, const struct rop_value *entry_id)
{
	const mapi_id *special = g->store->special;

	if (g->store->which != MAPI_MAILBOX)
		return NULL;
	if (id == special[PLACE_INBOX])
		return "\\Inbox";
	if (id == special[PLACE_SENT])
		return "\\Sent";
	if (id == special[PLACE_TRASH])
		return "\\Trash";
	return uses_find(&g->uses, entry_id);
}

static enum mapi_folder_type type_of(const struct rop_value *v)
{
	if (!v->is_there || v->number > MAPI_FOLDER_SEARCH)
		return MAPI_FOLDER_GENERIC;
	return (enum mapi_folder_type)v->number;
}

static int take_row(void *ctx, const struct rop_value *v, struct err *err)
{
	struct gather *g = ctx;
	struct mapi_folder *f;
	bool is_cut;

	if (!v[COL_ID].is_there || v[COL_ID].number == 0)
		return err_set(err, ERR_PROTO, ERR_WHOLE, "the server has a folder without an id");
	if (v[COL_ID].number == g->top)
		return 0;
	f = ARR_PUSH(g->out->list, g->out->n, g->cap);
	f->id = v[COL_ID].number;
	f->parent = v[COL_PARENT].number;
	f->type = type_of(&v[COL_TYPE]);
	f->use = use_of(g, f->id, &v[COL_ENTRY_ID]);
	f->items = (uint32_t)v[COL_ITEMS].number;
	f->associated = (uint32_t)v[COL_ASSOCIATED].number;
	f->hidden = v[COL_HIDDEN].number != 0;
	f->changed = v[COL_CHANGED].number;
	f->deleted = (uint32_t)v[COL_DELETED].number;
	f->unread = (uint32_t)v[COL_UNREAD].number;
	f->size = v[COL_SIZE].number;
	f->container_class = row_text(&v[COL_CLASS], NAME_MAX_OCTETS, &is_cut);
	f->name = row_text(&v[COL_NAME], NAME_MAX_OCTETS, &is_cut);
	if (is_cut && g->store->progress)
		progress_name(g->store->progress, SAY_NOTE, f->name, NULL,
		        "its name is longer than %d octets, and cut", NAME_MAX_OCTETS);
	if (!f->name)
		f->name = xstrdup("");
	if (f->container_class && !f->container_class[0]) {
		free(f->container_class);
		f->container_class = NULL;
	}
	g->octets += strlen(f->name) + (f->container_class ? strlen(f->container_class) : 0);
	return g->octets <= NAMES_MAX_OCTETS
	               ? 0
	               : err_set(err, ERR_LIMIT, ERR_WHOLE,
	                         "the names of the server's folders are longer "
	                         "than %d octets",
	                         NAMES_MAX_OCTETS);
}

static void ask_uses(struct gather *g, struct asked_uses *a)
{
	struct mapi_store *s = g->store;

	*a = (struct asked_uses){
	        .store = {uses_tags_store, USES_TAGS_STORE, uses_take_store, &g->uses},
	        .folder = {uses_tags_folder, USES_TAGS_FOLDER, uses_take_folder, &g->uses},
	};
	properties_ask(s, 0, &a->store, &a->of_store);
	properties_ask(s, rop_open_folder(s, s->special[PLACE_INBOX], &a->of_inbox), &a->folder,
	        &a->of_inbox);
	properties_ask(s, rop_open_folder(s, s->special[PLACE_ROOT], &a->of_root), &a->folder,
	        &a->of_root);
}

static unsigned open_table(void *ctx, struct table *t)
{
	struct gather *g = ctx;
	struct mapi_store *s = g->store;
	unsigned slot;

	if (s->which == MAPI_MAILBOX)
		ask_uses(g, g->asked);
	slot = rop_begin_making(&s->call, ROP_GET_HIERARCHY_TABLE,
	        rop_open_folder(s, g->top, &t->fate), &t->fate, table_take_count, t);
	rop_put(&s->call, TABLE_DEPTH | TABLE_NO_NOTIFICATIONS, 1);
	return slot;
}

int mapi_folders(struct mapi_store *s, struct mapi_folders *out, struct err *err)
{
	struct asked_uses asked;
	struct gather g = {.store = s, .out = out, .asked = &asked};
	struct table t = {.store = s,
	        .tags = columns,
	        .n_tags = COLS,
	        .open = open_table,
	        .row = take_row,
	        .ctx = &g,
	        .most = FOLDERS_MAX};
	int rc;

	*out = (struct mapi_folders){0};
	g.top = s->special[s->which == MAPI_MAILBOX ? PLACE_TOP : PLACE_PUBLIC_TOP];
	rc = table_read(&t, err);
	if (rc < 0 && err && err->scope < ERR_WHOLE)
		err->scope = ERR_WHOLE; /* without them there is nothing */
	rop_let_go(s);
	if (rc == 0)
		folders_arrange(s, out, g.top);
	if (rc != 0)
		mapi_folders_clear(out);
	return rc;
}

static void clear_folder(struct mapi_folder *f)
{
	free(f->name);
	free(f->container_class);
}

void mapi_folders_clear(struct mapi_folders *f)
{
	for (size_t i = 0; i < f->n; i++)
		clear_folder(&f->list[i]);
	free(f->list);
	*f = (struct mapi_folders){0};
}
