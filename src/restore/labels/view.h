#ifndef VALISE_RESTORE_LABELS_VIEW_H
#define VALISE_RESTORE_LABELS_VIEW_H

#include "valise/restore/restore.h"

/*
 * An archive as a target is to see it that shows, or showed, one message in many
 * mailboxes: Gmail (X-GM-EXT-1), and mailboxes with the special use \All. A tree_reader
 * over another one: some items are left out, some keywords or labels are added. Messages
 * are one message if X-GM-MSGID and content are equal; to Gmail, which keeps a content
 * once, if the content is.
 *
 *   to Gmail    each message once, in the first of: \Drafts, \Sent, \All, INBOX, other
 *               mailboxes by name, \Important, \Flagged, \Junk, \Trash. ext->labels then
 *               lists what else it belongs to: names of mailboxes of the archive, system
 *               labels ("\Inbox"), labels without a mailbox. Where the target does not
 *               show \All, the order is that of "first"
 *   folders     as it stands; but of what is in \All only that which is in no other
 *               wanted mailbox
 *   first       messages with an X-GM-MSGID once, in the first of: INBOX, \Drafts, \Sent,
 *               other mailboxes by name, \All, \Important, \Flagged, \Junk, \Trash
 *   keywords    the same with other mailboxes, \Important and \Flagged at the end; the
 *               labels are keywords (label_keyword)
 *
 * Everywhere but on Gmail, \All becomes \Archive, with the content name "Archive" if that
 * is free. A mailbox whose messages all stand elsewhere now is left out, to Gmail only
 * \All, \Important and \Flagged; so is a \Noselect one when nothing is left below it.
 */

struct label_opts {
	const struct target_opts *target; /* labels, choice, report */
	bool gmail; /* the target is one */
	bool gmail_all; /* and shows \All */
};

/**
 * label_view(from, o, out, err): *out is NULL if ${from} may be taken as it is. A catalog
 * that cannot be read counts as a mailbox of its own; whoever asks for it gets the error.
 * Frees nothing of ${from}.
 */
int label_view(struct tree_reader *from, const struct label_opts *o, struct tree_reader **out,
        struct err *err) MUST_CHECK;
/* The head of ${from} that a head of the view stands for. */
const struct tree_head *label_view_origin(
        const struct tree_reader *view, const struct tree_head *h);

/**
 * label_keyword(label, out): the keyword for a label: its modified UTF-7 with '_' for
 * what no IMAP atom holds; "$Important" for the system label "\Important". True if it is
 * spelled otherwise than the label.
 */
bool label_keyword(const char *label, struct buf *out);

#endif
