/* Where the items of Outlook's folders go. Pure. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "import/outlook/outlook.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"

static const char recovered[] = "Recovered"; /* what was deleted, or is in no folder */

/* What the folder is for (MS-OXOSFLD 2.2.8): its items, or nothing that an account has. */
static bool kind_of(const char *container_class, enum coll_kind *out)
{
	static const struct {
		const char *class;
		enum coll_kind kind;
	} classes[] = {
	        {"IPF.Appointment", COLL_CALENDAR},
	        {"IPF.Task", COLL_CALENDAR},
	        {"IPF.Journal", COLL_CALENDAR},
	        {"IPF.StickyNote", COLL_CALENDAR},
	        {"IPF.Contact", COLL_CONTACTS},
	        {"IPF.Note", COLL_MAIL},
	        {"IPF.Imap", COLL_MAIL},
	};

	*out = COLL_MAIL;
	if (!container_class || !*container_class)
		return true;
	for (size_t i = 0; i < COUNT(classes); i++) {
		size_t n = strlen(classes[i].class);

		if (strncasecmp(container_class, classes[i].class, n) == 0 &&
		        (!container_class[n] || container_class[n] == '.')) {
			*out = classes[i].kind;
			/* IPF.Contact.MOC.QuickContacts and the like: lists that Outlook keeps */
			return *out != COLL_CONTACTS || !container_class[n];
		}
	}
	return false;
}

static bool is_below(const char *path, const char *above)
{
	size_t n = above ? strlen(above) : 0;

	return n && strncmp(path, above, n) == 0 && (!path[n] || path[n] == '/');
}

/* RFC 9051 5.1: INBOX in any case is one mailbox. */
static bool is_inbox(const char *path)
{
	return strncasecmp(path, "inbox", 5) == 0 && (!path[5] || path[5] == '/');
}

/* Levels as one line each. */
static void put_levels(const char *path, struct buf *out)
{
	for (const char *p = path; *p; p += strcspn(p, "/"), p += *p == '/') {
		struct buf line = buf_of(256);

		if (*p == '/')
			continue;
		text_one_line(p, strcspn(p, "/"), 255, &line);
		buf_putf(out, "%s%s", p == path ? "" : "/", line.len ? buf_str(&line) : "_");
		buf_clear(&line);
	}
}

void plan_clear(struct folder_plan *p)
{
	free(p->name);
	free(p->special_use);
	memset(p, 0, sizeof *p);
}

void folder_plan(const struct outlook_folder *f, const char *inbox, const char *alone,
        const char *into, struct folder_plan *out)
{
	struct buf name = buf_of(SIZE_MAX);
	const char *path = f->path;

	*out = (struct folder_plan){.kind = COLL_MAIL};
	if (f->deleted) {
		if (into)
			buf_putf(&name, "%s/", into);
		buf_putf(&name, "%s%s", recovered, *path ? "/" : "");
		put_levels(path, &name);
		out->name = buf_take(&name);
		return;
	}
	if (!*path) {
		out->name = xstrdup(alone);
		buf_clear(&name);
		return;
	}
	if (into)
		buf_putf(&name, "%s/", into);
	if (is_below(path, inbox) || is_inbox(path)) {
		buf_puts(&name, "INBOX");
		path += is_below(path, inbox) ? strlen(inbox) : 5;
		buf_puts(&name, *path ? "/" : "");
		path += *path == '/';
	}
	put_levels(path, &name);
	out->name = buf_take(&name);
	if (f->special_use && strcmp(f->special_use, "\\Inbox") != 0)
		out->special_use = xstrdup(f->special_use);
	/* What a folder without a class holds, its items say. */
	out->empty = kind_of(f->container_class, &out->kind) && !f->search &&
	             (f->container_class || !f->items);
}
