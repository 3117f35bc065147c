#ifndef VALISE_RESTORE_IMAP_MAP_NAME_H
#define VALISE_RESTORE_IMAP_MAP_NAME_H

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>

/*
 * Names of mailboxes between the target's wire, people, and the archive. All results are
 * malloc'ed.
 */

/*
 * Bytes on the wire as text; not decodable ones stay as they are, escaped where they are
 * not UTF-8.
 */
char *name_shown(const uint8_t *raw, size_t n);
/* Modified UTF-7 of a name. */
uint8_t *name_wire(const char *shown, size_t *n_out);
/*
 * The content name (tree_content_name) of a name with this delimiter; ${prefix} may be
 * NULL.
 */
char *name_content(const char *shown, char delimiter, const char *prefix);
/**
 * name_is_below_inbox(name, content): is ${content} the name ${name} of a server whose
 * prefix is INBOX and the delimiter, without that prefix?
 */
bool name_is_below_inbox(const char *name, const char *content);
/**
 * name_place(name, content): the content name, or what stands for it where that is
 * INBOX's although the mailbox is not INBOX: "INBOX.Inbox" of a server with the prefix
 * "INBOX." is "INBOX/Inbox", and what is below it "INBOX/Inbox/x". The mapping compares
 * these, no two mailboxes of an ordinary account have the same.
 */
char *name_place(const char *name, const char *content);
/*
 * Names that a target may take for the same: equal but for case, accents' encoding and
 * blanks have equal keys.
 */
char *name_key(const char *content);

/* How a name is changed for a target that does not take it (docs/RESTORE.md). */
enum {
	/*
	 * all of ASCII but letters, digits and " ._-()" becomes '_'; no blanks at the
	 * ends, no double ones
	 */
	NAME_PLAIN = 1,
	/*
	 * a component of more than 40 bytes is cut and gets "~" and 8 digits of the
	 * SHA-256 of its name
	 */
	NAME_SHORT = 2,
	/* beside NAME_PLAIN: '.', '(', ')' and everything else than ASCII becomes '_' */
	NAME_ASCII = 4,
	NAME_FLAT = 8, /* one component: '_' between them */
};

/**
 * name_on_target(content, delimiter, how, why):
 * A content name as a name of the target in UTF-8, without prefix. An empty component
 * becomes "_", a delimiter (0: no hierarchy) inside of one '_'. *why is set where that
 * was needed.
 */
char *name_on_target(const char *content, char delimiter, unsigned how, const char **why);

#endif
