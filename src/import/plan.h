#ifndef IMPORT_PLAN_H
#define IMPORT_PLAN_H

#include <stdint.h>
#include "valise/base/buf.h"
#include "valise/base/textindex.h"

/*
 * Where files go: which mailbox is meant by a place. Decided from names alone, all of which
 * were seen before: what is a Maildir, a profile of Thunderbird, which flags stand beside.
 */

enum {
	SEEN_CUR = 1, /* folders of a Maildir */
	SEEN_NEW = 2,
	SEEN_TMP = 4,
	SEEN_MSF = 8, /* of Thunderbird: an index beside a mailbox */
	SEEN_PROFILE = 16, /* prefs.js */
	SEEN_OURS = 32, /* an archive or a tree of valise */
	SEEN_OBJECTS = 64, /* .ics, .vcf */
	SEEN_TOLD = 128, /* of SEEN_OURS: it was said */
};
/* What stands in a folder beside the messages. Texts are as in their files. */
struct seen_folder {
	char *place; /* "" for PATH itself */
	unsigned seen;
	char *keywords; /* dovecot-keywords: "0 NAME" a line */
	char *sequences; /* .mh_sequences: "unseen: 1 3-5" a line */
	char *subscriptions; /* of Dovecot or Courier */
	char *labels; /* of Proton: labels.json */
	/* Of a folder with a file for each event or card (vdir), as one line; or NULL. */
	char *displayname, *color;
	uint32_t n_ics; /* files of that name */
};
struct import_seen {
	struct seen_folder *list;
	size_t n, cap;
	size_t n_ours; /* archives and trees of valise among them */
	struct text_index by_place;
	const char *root; /* the last component of PATH, "Sent.mbox"; lent */
	bool is_dir; /* PATH is a folder */
};
void seen_clear(struct import_seen *s);
/* NULL: nothing is known of this folder, and ${make} is false. */
struct seen_folder *seen_find(struct import_seen *s, const char *place, size_t n, bool make);
/* A file or folder is there: what its name says of the folder that it is in. */
void seen_add(struct import_seen *s, const char *place, bool is_dir);
/* Is a message in a Maildir (in its folder cur or new)? */
bool seen_in_maildir(const struct import_seen *s, const char *place);

/* Is the folder a Maildir? */
bool seen_is_maildir(const struct import_seen *s, const char *place, size_t n);
/* Is it in tmp of one? */
bool seen_in_tmp(const struct import_seen *s, const char *place);
/*
 * A file that archives ("data/000017/seal.json", of whatever snapshots are left) and trees of
 * ours have: which of them it shows. *root_out: the octets of the place of their folder.
 */
enum seen_ours { SEEN_NONE, SEEN_ARCHIVE, SEEN_TREE };
enum seen_ours seen_ours_file(const char *place, size_t *root_out);
/*
 * Is it part of an archive or a tree of ours, below PATH? NULL: no; what is to be said of it,
 * once of each, else "".
 */
const char *seen_is_ours(struct import_seen *s, const char *place);

/*
 * What programs keep beside mail, and what their names say is none: not worth a word.
 * PLACE_SIDE: its text is wanted (seen_take_side).
 */
enum place_is { PLACE_ANY, PLACE_KNOWN, PLACE_SIDE };
enum place_is place_is(const struct import_seen *s, const char *place);
/* Is it a file of a vdir about the collection? It is one only where objects are, too. */
bool seen_is_vdir_file(const char *name);
/* The text of such a file; takes ${text}. */
void seen_take_side(struct import_seen *s, const char *place, char *text);

enum plan_how {
	PLAN_FILE, /* the file is the mailbox, calendar, address book */
	PLAN_FOLDER, /* the folder of the file is */
	PLAN_MAILDIR, /* the folder above cur and new is */
	PLAN_EMLX, /* the folder of Apple Mail around it is */
};
/**
 * plan_place(s, how, place, into, out): append the full name, '/' between its levels, UTF-8:
 * "INBOX", "Work/2024". ${into} may be NULL.
 */
void plan_place(const struct import_seen *s, enum plan_how how, const char *place, const char *into,
        struct buf *out);

/*
 * Flags in the name of a message in a Maildir (":2,FS", also after ';' and '!'), and of a
 * folder's sequences (MH): FLAG_*; *keywords_out to be freed, or NULL. The seconds at the
 * beginning of a Maildir's name; INT64_MIN: none.
 */
unsigned maildir_flags(const char *name, bool in_new, const char *list, char **keywords_out);
unsigned mh_flags(const char *sequences, const char *name, char **keywords_out);
int64_t maildir_seconds(const char *name);
/* Is the mailbox subscribed by ${list} (seen_folder.subscriptions)? ${name}: without ${into}. */
bool subscribed_by(const char *list, const char *name);

#endif
