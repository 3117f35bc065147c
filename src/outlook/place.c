/* Where folders and items of Outlook go, and what they are called there. Pure. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/escape.h"
#include "valise/base/hash.h"
#include "valise/base/mem.h"
#include "valise/outlook/place.h"

enum { PATH_DIGITS = 32, SUBJECT_MAX = 80 };

static const char recovered[] = "Recovered"; /* what was deleted, or is in no folder */

/* What the folder is for (MS-OXOSFLD 2.2.8): its items, or nothing that an account has. */
static bool form_of(const char *container_class, enum outlook_form *out)
{
	static const struct {
		const char *class;
		enum outlook_form form;
	} classes[] = {
	        {"IPF.Appointment", OUTLOOK_CALENDAR},
	        {"IPF.Task", OUTLOOK_CALENDAR},
	        {"IPF.Journal", OUTLOOK_CALENDAR},
	        {"IPF.StickyNote", OUTLOOK_CALENDAR},
	        {"IPF.Contact", OUTLOOK_CONTACT},
	        {"IPF.Note", OUTLOOK_MAIL},
	        {"IPF.Imap", OUTLOOK_MAIL},
	};

	*out = OUTLOOK_MAIL;
	if (!container_class || !*container_class)
		return true;
	for (size_t i = 0; i < COUNT(classes); i++) {
		size_t n = strlen(classes[i].class);

		if (strncasecmp(container_class, classes[i].class, n) == 0 &&
		        (!container_class[n] || container_class[n] == '.')) {
			*out = classes[i].form;
			/* IPF.Contact.MOC.QuickContacts and the like: lists that Outlook keeps */
			return *out != OUTLOOK_CONTACT || !container_class[n];
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

void outlook_place_clear(struct outlook_place *p)
{
	free(p->name);
	free(p->special_use);
	memset(p, 0, sizeof *p);
}

void outlook_place(const struct outlook_folder *f, const char *inbox, const char *alone,
        const char *into, struct outlook_place *out)
{
	struct buf name = buf_of(SIZE_MAX);
	const char *path = f->path;

	*out = (struct outlook_place){.form = OUTLOOK_MAIL};
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
	out->empty = form_of(f->container_class, &out->form) && !f->search &&
	             (f->container_class || !f->items);
}

void outlook_path(const char *uid, struct buf *out)
{
	static const char plain[] =
	        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@._+-";
	char hex[SHA256_HEX_SIZE];

	if (strncmp(uid, "urn:uuid:", 9) == 0)
		uid += 9;
	if (strlen(uid) <= 128 && *uid != '.' && *uid != '-' && strspn(uid, plain) == strlen(uid)) {
		buf_puts(out, uid);
		return;
	}
	sha256_hex(uid, strlen(uid), hex);
	buf_putf(out, "valise-%.*s", PATH_DIGITS, hex);
}

/* No converter has found a home for it by that. */
static const char *text_unused(struct bag *item, bag_key key)
{
	struct bag_prop *p = (struct bag_prop *)bag_peek(item, key);
	bool used = p && p->used;
	const char *text = p ? bag_text(item, key) : NULL;

	if (p)
		p->used = used;
	return text;
}

void outlook_put_subject(struct bag *item, struct buf *out)
{
	static const bag_key names[] = {PidTagSubject, PidTagDisplayName};

	for (size_t i = 0; i < COUNT(names); i++) {
		const char *text = text_unused(item, names[i]);
		struct buf line = buf_of(SUBJECT_MAX + 1);

		if (text)
			text_one_line(text, strlen(text), SUBJECT_MAX, &line);
		if (line.len) {
			buf_putf(out, ", \"%s\"", buf_str(&line));
			i = COUNT(names);
		}
		buf_clear(&line);
	}
}

const char *outlook_class(struct bag *item)
{
	const char *class = text_unused(item, PidTagMessageClass);

	return class ? class : "?";
}
