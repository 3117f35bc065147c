/*
 * Proton Mail's Export Tool: beside NAME.eml stands NAME.metadata.json, and labels.json in the
 * folder. A message is in one folder and has any number of labels; they become mailboxes as
 * Proton's own IMAP bridge shows them.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "import/mail/mail.h"
#include "valise/base/escape.h"
#include "valise/base/json.h"
#include "valise/base/mem.h"

enum { TEXT_MAX = 4 << 20, TYPE_LABEL = 1, TYPE_FOLDER = 3 };

/* The folders of Proton itself, by their numbers. */
static const struct {
	const char *id, *name;
} system_folders[] = {{"0", "INBOX"}, {"3", "Trash"}, {"4", "Spam"}, {"6", "Archive"},
        {"7", "Sent"}, {"8", "Drafts"}, {"9", "Outbox"}};

struct places {
	char **list;
	size_t n, cap;
};

static void add_place(struct places *p, const char *top, const char *name, bool levels)
{
	struct buf line = buf_of(SIZE_MAX), full = buf_of(SIZE_MAX);

	text_one_line(name, strlen(name), 1000, &line);
	buf_puts(&full, top);
	for (const char *s = buf_str(&line); *s; s++) {
		if (*s != '/')
			buf_putc(&full, *s);
		else if (!levels)
			buf_putc(&full, '_');
		else if (s[1] && s[1] != '/' && full.len && full.data[full.len - 1] != '/')
			buf_putc(&full, '/');
	}
	if (full.len == strlen(top))
		buf_putc(&full, '_');
	*ARR_PUSH(p->list, p->n, p->cap) = buf_take(&full);
	buf_clear(&line);
}

/* What the owner calls it. */
static void add_named(struct places *p, const json_t *labels, const char *id)
{
	const json_t *list = json_object_get(labels, "Payload"), *l;
	size_t i;

	json_array_foreach(list, i, l)
	{
		const char *its = json_get_str(l, "ID"), *name = json_get_str(l, "Name");
		const char *path = json_get_str(l, "Path");
		int64_t type = json_get_int(l, "Type", 0);

		if (!its || !name || !*name || strcmp(its, id) != 0)
			continue;
		if (type == TYPE_FOLDER)
			add_place(p, "Folders/", path && *path ? path : name, true);
		else if (type == TYPE_LABEL)
			add_place(p, "Labels/", name, false);
		return;
	}
}

static void add_label(
        struct places *p, const json_t *labels, const char *id, struct import_labels *out)
{
	if (!isdigit((unsigned char)*id) || strlen(id) > 4) {
		add_named(p, labels, id);
		return;
	}
	for (size_t i = 0; i < COUNT(system_folders); i++)
		if (strcmp(id, system_folders[i].id) == 0)
			add_place(p, "", system_folders[i].name, true);
	out->flags |= strcmp(id, "10") == 0 ? FLAG_FLAGGED : 0;
	out->flags |= strcmp(id, "8") == 0 ? FLAG_DRAFT : 0;
}

static json_t *read_object(const char *text, size_t n)
{
	struct err ignored;
	json_t *o = NULL;

	if (!text || json_read(text, n, TEXT_MAX, &o, &ignored) < 0)
		return NULL;
	return o;
}

bool proton_read(const char *text, size_t n, const char *labels, struct import_labels *out,
        int64_t *date_out)
{
	json_t *meta = read_object(text, n);
	json_t *names = read_object(labels, labels ? strlen(labels) : 0);
	const json_t *o = json_object_get(meta, "Payload");
	const json_t *ids = json_object_get(o, "LabelIDs"), *id;
	struct places p = {0};
	size_t i;

	memset(out, 0, sizeof *out);
	if (!json_is_array(ids)) {
		json_decref(meta);
		json_decref(names);
		return false;
	}
	*date_out = json_get_int(o, "Time", INT64_MIN);
	out->flags |= json_get_int(o, "Unread", 1) == 0 ? FLAG_SEEN : 0;
	if (json_get_int(o, "IsReplied", 0) || json_get_int(o, "IsRepliedAll", 0))
		out->flags |= FLAG_ANSWERED;
	if (json_get_int(o, "IsForwarded", 0))
		out->keywords = xstrdup("$Forwarded");
	json_array_foreach(ids, i, id)
	{
		if (json_is_string(id))
			add_label(&p, names, json_string_value(id), out);
	}
	if (!p.n)
		add_place(&p, "", "Archive", true);
	*ARR_PUSH(p.list, p.n, p.cap) = NULL;
	out->folders = p.list;
	json_decref(meta);
	json_decref(names);
	return true;
}
