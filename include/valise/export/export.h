#ifndef VALISE_EXPORT_EXPORT_H
#define VALISE_EXPORT_EXPORT_H

#include "valise/base/progress.h"
#include "valise/tree/sink.h"

/* A tree into files that other programs take; docs/EXPORT.md says what each format loses. */
enum export_format {
	EXPORT_MBOX, /* mboxrd, one file a mailbox */
	EXPORT_EML, /* a folder a mailbox, a file a message */
	EXPORT_MAILDIR, /* Maildir++ as Dovecot takes it */
	EXPORT_MH,
	EXPORT_ICS, /* one file a calendar */
	EXPORT_VCF, /* one file an address book */
	EXPORT_HTML, /* pages without script, all kinds */
	EXPORT_FORMATS
};
const char *export_format_word(enum export_format f); /* "mbox"; NULL: it is not made */
unsigned export_format_kinds(enum export_format f); /* bits 1 << COLL_x: what it can hold */
/* What the format cannot say of any item, one clause; NULL: it says everything. */
const char *export_format_loss(enum export_format f);

struct export_opts {
	enum export_format format;
	/*
	 * a folder that does not exist or is empty; or FILE.zip (in any case), which does not
	 * exist
	 */
	const char *path;
	/* mbox, ics, vcf: begin another file before one has more octets; 0: never */
	uint64_t split;
	bool resized; /* what the reader gives of mail has another size than its items say */
	/* 3 or 4: cards of another version are turned into this one; 0: as they are */
	unsigned vcard;
};
struct export_result {
	uint64_t collections, items, files, bytes; /* written; bytes: octets of the files */
	uint64_t failed; /* items that could not be read: named */
	uint64_t missing; /* items that the tree itself lacks: named */
	/* items that came out otherwise than the format had to make them: named */
	uint64_t altered;
};

/**
 * export_run(r, opts, progress, out, err): write all that ${r} shows of the format's kinds.
 * Made beside ${path} and put in place as a whole, durable; what a run that was killed left
 * beside it is taken away. ERR_EXISTS, ERR_USAGE (the path), ERR_LOCKED, ERR_IO, ERR_SPACE.
 */
int export_run(struct tree_reader *r, const struct export_opts *opts, struct progress *progress,
        struct export_result *out, struct err *err) MUST_CHECK;

#endif
