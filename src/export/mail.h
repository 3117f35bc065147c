#ifndef EXPORT_MAIL_H
#define EXPORT_MAIL_H

#include "valise/base/buf.h"
#include "valise/tree/model.h"
#include "export/format.h"

/* What the formats for mail say besides a message's octets; functions of an item alone. */

/* "ann@example.org" of "Ann <ann@example.org>, ..."; "MAILER-DAEMON" where there is none. */
void export_mail_sender(const char *from, struct buf *out);
/* "From ann@example.org Sun Nov  3 12:00:00 2024" and LF: RFC 4155, the moment in UTC. */
void mail_from_line(const char *from, int64_t utc, struct buf *out);
/* As mbox_top_put (format/mbox.h) has them. */
void mail_status(unsigned flags, const char *keywords, struct buf *out);
/* Flags of a Maildir in their order; ${letters}: of keywords, in theirs. */
void mail_maildir_flags(unsigned flags, bool forwarded, const char *letters, struct buf *out);
/**
 * mail_maildir_folder(content_name, name_out, called_out): append the folder of a mailbox below
 * INBOX as Maildir++ has it, ".Work.2023" in modified UTF-7, and the content name that this
 * means. What such a name cannot say ('.', '/', controls) is '_'; one that is too long for a
 * file's name is cut, with "~" and the beginning of its SHA-256.
 */
void mail_maildir_folder(const char *content_name, struct buf *name_out, struct buf *called_out);
/* Name what lines.h has seen of the message; ${mbox}: what an mbox is told of, too. */
void mail_altered(struct export_run *run, const struct tree_coll *c, const struct tree_item *it,
        unsigned seen, bool mbox);

#endif
