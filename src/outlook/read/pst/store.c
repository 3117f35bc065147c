/* What a store says of its folders: MS-OXCSTOR 2.2.2.1, MS-OXOSFLD 2.2, in any language. */
#include <stdlib.h>
#include <string.h>
#include "outlook/read/pst/pst.h"
#include "valise/base/mem.h"
#include "valise/base/le.h"

enum {
	ENTRY_ID_SIZE = 24, /* flags, the store's record key, the node's id: MS-PST 2.4.3.2 */
	ENTRY_ID_NID = 20,
	/* Of a server's folder: MS-OXCDATA 2.2.4.1, its counter six octets, the highest first */
	SERVER_ID_SIZE = 46,
	SERVER_ID_COUNTER = 38,
	FOLDER_ID = 0x67f4, /* what an OST calls each folder: two octets, then such a counter */
	FOLDER_ID_COUNTER = 2,
	STORE_CODE_PAGE = 0x66c3,
	IPM_SUBTREE = 0x35e0,
	ADDITIONAL_REN = 0x36d8,
	REN_JUNK = 4, /* place of the junk folder among these */
	REN_MAX = 16384,
};

struct role {
	uint16_t id;
	enum special use;
};
static const struct role of_store[] = {
        {0x35e3, SPECIAL_TRASH}, /* PidTagIpmWastebasketEntryId */
        {0x35e4, SPECIAL_SENT}, /* PidTagIpmSentMailEntryId */
};
static const struct role of_inbox[] = {
        {0x36d7, SPECIAL_DRAFTS}, /* PidTagIpmDraftsEntryId */
        {0x35ff, SPECIAL_ARCHIVE}, /* PidTagIpmArchiveEntryId */
};

/*
 * An OST has no entries in its store: it makes these folders first, and calls them by their
 * number, 0 before it. Seen in those of Outlook 2016 and later.
 */
enum { OST_SUBTREE = 0x0a, OST_TRASH, OST_INBOX, OST_OUTBOX, OST_SENT };

enum special pst_special(const struct pst *p, uint32_t nid)
{
	for (size_t i = 0; i < p->n_special; i++)
		if (p->special[i].nid == nid)
			return p->special[i].use;
	return SPECIAL_NONE;
}

/* The first that says so counts. */
static void add(struct pst *p, uint32_t nid, enum special use)
{
	if (nid == 0 || pst_special(p, nid) != SPECIAL_NONE || p->n_special == PST_SPECIALS)
		return;
	for (size_t i = 0; i < p->n_special; i++)
		if (p->special[i].use == use)
			return;
	p->special[p->n_special].nid = nid;
	p->special[p->n_special++].use = use;
}

static uint64_t counter_of(const uint8_t *p)
{
	uint64_t v = 0;

	for (size_t i = 0; i < 6; i++)
		v = v << 8 | p[i];
	return v;
}

/* The folder that an OST has under that number; ${own}: of those that it made itself. */
static uint32_t by_number(const struct pst *p, uint64_t number, bool own)
{
	for (size_t i = 0; i < p->n_numbered; i++)
		if (p->numbered[i].number == number && p->numbered[i].own == own)
			return p->numbered[i].nid;
	return 0;
}

static uint32_t nid_of(const struct pst *p, const uint8_t *entry, size_t n)
{
	uint32_t nid = n == ENTRY_ID_SIZE ? (uint32_t)le_get(entry + ENTRY_ID_NID, 4) : 0;

	if (n == SERVER_ID_SIZE)
		return by_number(p, counter_of(entry + SERVER_ID_COUNTER), false);
	return (nid & NID_TYPE_MASK) == NID_FOLDER || (nid & NID_TYPE_MASK) == NID_SEARCH_FOLDER
	               ? nid
	               : 0;
}

static uint32_t folder_of(const struct pst *p, libpff_record_set_t *set, uint16_t id)
{
	size_t n = 0;
	uint8_t *entry = pst_entry(set, id, BAG_BINARY, SERVER_ID_SIZE, &n);
	uint32_t nid = entry ? nid_of(p, entry, n) : 0;

	free(entry);
	return nid;
}

/* One of several entry ids. */
static uint32_t folder_at(const struct pst *p, libpff_record_set_t *set, uint16_t id, size_t place)
{
	uint16_t type = BAG_BINARY | BAG_MULTIPLE;
	struct buf several = buf_of(2 * REN_MAX);
	size_t n = 0, at = 4;
	uint8_t *ids = pst_entry(set, id, type, REN_MAX, &n);
	uint32_t nid = 0;

	if (ids && pst_several(type, ids, n, &several) && le_get(several.data, 4) > place) {
		while (place--)
			at += 4 + (size_t)le_get(several.data + at, 4);
		nid = nid_of(p, several.data + at + 4, (size_t)le_get(several.data + at, 4));
	}
	buf_clear(&several);
	free(ids);
	return nid;
}

/* The root folder and the inbox have the entries of the default folders, both the same. */
static bool take_defaults(struct pst *p, libpff_item_t *folder)
{
	libpff_record_set_t *set = NULL;
	libpff_error_t *error = NULL;
	bool any = false;

	if (libpff_item_get_record_set_by_index(folder, 0, &set, &error) == 1) {
		for (size_t i = 0; i < COUNT(of_inbox); i++)
			add(p, folder_of(p, set, of_inbox[i].id), of_inbox[i].use);
		add(p, folder_at(p, set, ADDITIONAL_REN, REN_JUNK), SPECIAL_JUNK);
		/* from PidTagIpmAppointmentEntryId to PidTagIpmDraftsEntryId */
		for (uint16_t id = 0x36d0; id <= 0x36d7; id++)
			any = any || folder_of(p, set, id);
	}
	libpff_record_set_free(&set, &error);
	libpff_error_free(&error);
	return any;
}

/* Among the children of the subtree, the inbox is the one that knows the others. */
static void find_inbox(struct pst *p)
{
	libpff_error_t *error = NULL;
	libpff_item_t *subtree = NULL;
	int n = 0;

	if (!p->subtree ||
	        libpff_file_get_item_by_identifier(p->file, p->subtree, &subtree, &error) != 1)
		goto out;
	if (libpff_item_get_number_of_sub_items(subtree, &n, &error) != 1)
		n = 0;
	for (int i = 0; i < n; i++) {
		libpff_item_t *folder = NULL;
		uint32_t nid = 0;

		if (libpff_item_get_sub_item(subtree, i, &folder, &error) == 1 &&
		        libpff_item_get_identifier(folder, &nid, &error) == 1 &&
		        (nid & NID_TYPE_MASK) == NID_FOLDER && take_defaults(p, folder))
			add(p, nid, SPECIAL_INBOX);
		if (folder)
			libpff_item_free(&folder, &error);
		libpff_error_free(&error);
	}
out:
	if (subtree)
		libpff_item_free(&subtree, &error);
	libpff_error_free(&error);
}

/* The numbers of all folders below one. */
static void number_folders(struct pst *p, libpff_item_t *folder, unsigned deep)
{
	libpff_error_t *error = NULL;
	int n = 0;

	if (libpff_item_get_number_of_sub_items(folder, &n, &error) != 1)
		n = 0;
	for (int i = 0; i < n && p->n_numbered < PST_NUMBERED_MAX; i++) {
		libpff_item_t *child = NULL;
		libpff_record_set_t *set = NULL;
		uint32_t nid = 0;
		uint8_t *id = NULL;
		size_t len = 0;

		if (libpff_item_get_sub_item(folder, i, &child, &error) == 1 &&
		        libpff_item_get_identifier(child, &nid, &error) == 1 &&
		        (nid & NID_TYPE_MASK) == NID_FOLDER &&
		        libpff_item_get_record_set_by_index(child, 0, &set, &error) == 1)
			id = pst_entry(set, FOLDER_ID, BAG_INT64, 8, &len);
		if (id && len == 8) {
			struct pst_numbered *one =
			        ARR_PUSH(p->numbered, p->n_numbered, p->numbered_cap);

			one->nid = nid;
			one->number = counter_of(id + FOLDER_ID_COUNTER);
			one->own = le_get(id, FOLDER_ID_COUNTER) == 0;
		}
		free(id);
		libpff_record_set_free(&set, &error);
		if ((nid & NID_TYPE_MASK) == NID_FOLDER && deep < PST_FOLDERS_DEEP)
			number_folders(p, child, deep + 1);
		if (child)
			libpff_item_free(&child, &error);
		libpff_error_free(&error);
	}
	libpff_error_free(&error);
}

static void ask_ost(struct pst *p, libpff_item_t *root)
{
	number_folders(p, root, 0);
	p->subtree = by_number(p, OST_SUBTREE, true);
	add(p, by_number(p, OST_TRASH, true), SPECIAL_TRASH);
	add(p, by_number(p, OST_INBOX, true), SPECIAL_INBOX);
	add(p, by_number(p, OST_SENT, true), SPECIAL_SENT);
}

void pst_store(struct pst *p, libpff_item_t *root)
{
	libpff_error_t *error = NULL;
	libpff_item_t *store = NULL;
	libpff_record_set_t *set = NULL;

	if (libpff_file_get_message_store(p->file, &store, &error) == 1 && store &&
	        libpff_item_get_record_set_by_index(store, 0, &set, &error) == 1) {
		uint32_t page = pst_number(set, STORE_CODE_PAGE, 0);

		p->code_page = (uint16_t)(page <= UINT16_MAX ? page : 0);
		p->subtree = folder_of(p, set, IPM_SUBTREE);
		for (size_t i = 0; i < COUNT(of_store); i++)
			add(p, folder_of(p, set, of_store[i].id), of_store[i].use);
	}
	libpff_record_set_free(&set, &error);
	if (store)
		libpff_item_free(&store, &error);
	libpff_error_free(&error);
	if (!p->subtree)
		ask_ost(p, root);
	(void)take_defaults(p, root);
	find_inbox(p);
	if (p->code_page)
		(void)libpff_file_set_ascii_codepage(p->file, p->code_page, &error);
	libpff_error_free(&error);
}
