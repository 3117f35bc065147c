#ifndef VALISE_EXPORT_EXPORT_H
#define VALISE_EXPORT_EXPORT_H

#include "valise/base/progress.h"
#include "valise/tree/sink.h"

/* A tree into files that other programs take. */
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
const char *export_format_word(enum export_format f); /* "mbox" */
unsigned export_format_kinds(enum export_format f); /* bits 1 << COLL_x: what it can hold */
/* What the format cannot say of such items, one sentence; NULL: it says everything. */
const char *export_format_loss(enum export_format f);

struct export_opts {
	enum export_format format;
	/* a folder that does not exist or is empty; or FILE.zip, which does not exist */
	const char *path;
	uint64_t
	        split; /* mbox, ics, vcf: begin another file before one has more octets; 0: never */
	unsigned vcard; /* 3 or 4: cards of another version are turned into this one; 0: as they are
	                 */
};
struct export_result {
	uint64_t collections, items, files, bytes, failed;
	uint64_t lost; /* items of which the format could not say everything: named */
};

/**
 * export_run(r, opts, progress, out, err): write all that ${r} shows of the format's kinds.
 * Made beside ${path} and put in place as a whole. ERR_EXISTS, ERR_IO, ERR_SPACE; an item
 * that cannot be read is named and counted as failed.
 */
int export_run(struct tree_reader *r, const struct export_opts *opts, struct progress *progress,
        struct export_result *out, struct err *err) MUST_CHECK;

#endif
