#ifndef IMPORT_DETECT_H
#define IMPORT_DETECT_H

#include <stdbool.h>
#include <stddef.h>

/* What a file is, by its first octets; its name is a hint alone. */
enum import_what {
	WHAT_NONE, /* nothing of an account */
	WHAT_EMPTY, /* no octets */
	WHAT_MBOX, /* mbox in all its variants (RFC 4155 and the others) */
	WHAT_EML, /* one message (RFC 5322) */
	WHAT_EMLX, /* one message of Apple Mail: a line with its length, and flags at its end */
	WHAT_ICS, /* RFC 5545 */
	WHAT_VCF, /* RFC 6350 and older */
	WHAT_OUTLOOK, /* PST, OST, .msg, winmail.dat: outlook_detect says which */
	WHAT_GZIP, /* one of these within gzip (RFC 1952) */
	WHAT_FOREIGN, /* mail or the like, of a format that is not read: *why_out says which */
};
/*
 * ${n}: up to IMPORT_HEAD octets. ${name}: the last component of its place; NULL: it is to be
 * mail, and is asked whether it can be read.
 */
enum import_what import_detect(const void *head, size_t n, const char *name, const char **why_out);

/*
 * Is a line one that begins a message of an mbox: "From ", who, and a date? Without its line
 * end. *utc_out (may be NULL): the date, as UTC where no zone is told, INT64_MIN: none is
 * known; *zoned_out: one is told.
 */
struct from_line {
	long long utc;
	int zone_min;
	bool zoned;
	bool thunderbird; /* "From - ...": when it was saved, in the time of the machine */
};
bool from_line_read(const char *s, size_t n, struct from_line *out);
/* Does text begin like a header field, "Name:"? */
bool looks_like_field(const char *s, size_t n);

#endif
