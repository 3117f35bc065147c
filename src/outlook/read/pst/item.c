/* Items of a PST: their properties, recipients, attachments, and the items in these. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "outlook/read/pst/pst.h"
#include "valise/base/mem.h"
#include "valise/base/le.h"

enum {
	SUBJECT = 0x0037,
	MESSAGE_CODE_PAGE = 0x3ffd,
	ATTACH_DATA = 0x3701,
	ATTACH_METHOD = 0x3705,
	ATTACH_EMBEDDED = 5, /* afEmbeddedMessage, MS-OXCMSG 2.2.2.9 */
	CODE_PAGE_MAX = 65535,
};

static void fill_message(
        struct pst *p, libpff_item_t *item, libpff_record_set_t *set, unsigned deep);

/* One loss of the item; the error is freed. */
static void lost(struct pst *p, const char *what, libpff_error_t **error)
{
	char why[PST_WHY];

	send_lost(p->to, FRAME_OF_ITEM, "%s: %s", what, pst_why(error, why));
}

static libpff_record_set_t *first_set(libpff_item_t *item, libpff_error_t **error)
{
	libpff_record_set_t *set = NULL;
	int n = 0;

	if (libpff_item_get_number_of_record_sets(item, &n, error) != 1 || n < 1 ||
	        libpff_item_get_record_set_by_index(item, 0, &set, error) != 1)
		return NULL;
	return set;
}

static void send_code_page(struct pst *p, libpff_record_set_t *set)
{
	uint32_t page = pst_number(set, MESSAGE_CODE_PAGE, p->code_page);
	uint8_t b[2];

	le_put(b, page <= CODE_PAGE_MAX ? page : 0, sizeof b);
	send_frame(p->to, FRAME_CODE_PAGE, b, sizeof b);
}

static void send_recipients(struct pst *p, libpff_item_t *item)
{
	libpff_item_t *table = NULL;
	libpff_error_t *error = NULL;
	int n = 0, rc = libpff_message_get_recipients(item, &table, &error);

	if (rc == 1 && libpff_item_get_number_of_record_sets(table, &n, &error) != 1)
		rc = -1;
	if (rc < 0)
		lost(p, "its recipients", &error);
	for (int i = 0; i < n; i++) {
		libpff_record_set_t *set = NULL;

		send_frame(p->to, FRAME_RECIPIENT, NULL, 0);
		if (libpff_item_get_record_set_by_index(table, i, &set, &error) != 1 ||
		        pst_props(p, set, PST_ROW, &error) < 0)
			lost(p, "a recipient", &error);
		libpff_record_set_free(&set, &error);
		send_frame(p->to, FRAME_UP, NULL, 0);
	}
	libpff_item_free(&table, &error);
	libpff_error_free(&error);
}

/* An OLE object: a compound file, as octets of a node of its own. */
static void send_object(struct pst *p, libpff_item_t *attachment)
{
	libpff_error_t *error = NULL;
	uint8_t *piece = xmalloc(FRAME_MAX / 2);
	size64_t left = 0;
	ssize_t n = 1;

	send_prop(p->to, ATTACH_DATA, BAG_OBJECT, NULL);
	if (libpff_attachment_get_data_size(attachment, &left, &error) != 1)
		n = -1;
	while (left && n > 0) {
		n = libpff_attachment_data_read_buffer(
		        attachment, piece, MIN(left, FRAME_MAX / 2), &error);
		if (n > 0) {
			send_data(p->to, piece, (size_t)n);
			left -= MIN(left, (size64_t)n);
		}
	}
	send_frame(p->to, FRAME_PROP_END, NULL, 0);
	if (left || n < 0)
		lost(p, "the object in an attachment", &error);
	libpff_error_free(&error);
	free(piece);
}

/*
 * libpff looks for the node of an embedded item among those of the whole file first, where
 * another item may have the same number: that one is never taken for it.
 */
static bool is_another(struct pst *p, libpff_record_set_t *set)
{
	libpff_error_t *error = NULL;
	libpff_item_t *other = NULL;
	bool found = false;
	size_t n = 0;
	uint8_t *data = pst_entry(set, ATTACH_DATA, BAG_OBJECT, 64, &n);

	if (data && n >= 4)
		found = libpff_file_get_item_by_identifier(
		                p->file, (uint32_t)le_get(data, 4), &other, &error) == 1;
	if (other)
		libpff_item_free(&other, &error);
	libpff_error_free(&error);
	free(data);
	return found;
}

static void send_embedded(
        struct pst *p, libpff_item_t *attachment, libpff_record_set_t *of, unsigned deep)
{
	libpff_error_t *error = NULL;
	libpff_record_set_t *set = NULL;
	libpff_item_t *item = NULL;

	if (is_another(p, of)) {
		send_lost(p->to, FRAME_OF_ITEM,
		        "the item in an attachment: its number is another item's, too");
		return;
	}
	if (libpff_attachment_get_item(attachment, &item, &error) == 1 && item)
		set = first_set(item, &error);
	if (!set) {
		lost(p, "the item in an attachment", &error);
	} else {
		send_frame(p->to, FRAME_EMBEDDED, NULL, 0);
		fill_message(p, item, set, deep + 1);
		send_frame(p->to, FRAME_UP, NULL, 0);
	}
	libpff_record_set_free(&set, &error);
	if (item)
		libpff_item_free(&item, &error);
	libpff_error_free(&error);
}

static void send_attachment(struct pst *p, libpff_item_t *attachment, unsigned deep)
{
	libpff_error_t *error = NULL;
	libpff_record_set_t *set = first_set(attachment, &error);
	uint8_t *object;
	size_t n = 0;

	if (!set || pst_props(p, set, PST_NO_OBJECT, &error) < 0) {
		lost(p, "an attachment", &error);
		return;
	}
	object = pst_entry(set, ATTACH_DATA, BAG_OBJECT, 64, &n);
	if (object && pst_number(set, ATTACH_METHOD, 0) == ATTACH_EMBEDDED) {
		if (deep < BAG_DEPTH_MAX)
			send_embedded(p, attachment, set, deep);
		else
			send_lost(p->to, FRAME_OF_ITEM, "an item too deep within others");
	} else if (object) {
		send_object(p, attachment);
	}
	free(object);
	libpff_record_set_free(&set, &error);
	libpff_error_free(&error);
}

static void send_attachments(struct pst *p, libpff_item_t *item, unsigned deep)
{
	libpff_error_t *error = NULL;
	int n = 0;

	if (libpff_message_get_number_of_attachments(item, &n, &error) != 1 && error)
		lost(p, "its attachments", &error);
	for (int i = 0; i < n; i++) {
		libpff_item_t *attachment = NULL;

		send_frame(p->to, FRAME_ATTACHMENT, NULL, 0);
		if (libpff_message_get_attachment(item, i, &attachment, &error) == 1 && attachment)
			send_attachment(p, attachment, deep);
		else
			lost(p, "an attachment", &error);
		if (attachment)
			libpff_item_free(&attachment, &error);
		send_frame(p->to, FRAME_UP, NULL, 0);
	}
	libpff_error_free(&error);
}

static void fill_message(
        struct pst *p, libpff_item_t *item, libpff_record_set_t *set, unsigned deep)
{
	libpff_error_t *error = NULL;

	send_code_page(p, set);
	if (pst_props(p, set, 0, &error) < 0)
		lost(p, "its properties", &error);
	libpff_error_free(&error);
	send_recipients(p, item);
	send_attachments(p, item, deep);
}

/* The subject without its mark, for people. */
static void send_title(struct pst *p, libpff_record_set_t *set)
{
	char *subject = pst_text(set, SUBJECT);

	if (subject && subject[0] == 1 && subject[1])
		send_text(p->to, FRAME_TITLE, subject + 2);
	else if (subject)
		send_text(p->to, FRAME_TITLE, subject);
	free(subject);
}

void pst_item(struct pst *p, libpff_item_t *item, const char *shown)
{
	libpff_error_t *error = NULL;
	libpff_record_set_t *set;
	char why[PST_WHY];

	send_text(p->to, FRAME_ITEM, shown);
	send_flush(p->to);
	set = first_set(item, &error);
	if (!set) {
		send_text(p->to, FRAME_ITEM_LOST, pst_why(&error, why));
		return;
	}
	send_title(p, set);
	fill_message(p, item, set, 0);
	pst_tell_sums(p, FRAME_OF_ITEM);
	send_frame(p->to, FRAME_ITEM_END, NULL, 0);
	libpff_record_set_free(&set, &error);
	libpff_error_free(&error);
}
