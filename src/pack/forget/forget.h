#ifndef VALISE_PACK_FORGET_FORGET_H
#define VALISE_PACK_FORGET_FORGET_H

#include "pack/sink/sink.h"

/*
 * archive_forget, inside: forget.c goes from step to step; plan.c looks at what the kept
 * snapshots need; copy.c makes one of them again; proof.c verifies and compares.
 */
struct forget {
	const char *path;
	struct progress *progress;
	struct archive_sink *old; /* its lock is held, its directories are open */
	struct seals seals; /* of the archive as it is */
	const struct seal **keep; /* of them those that stay, in order */
	size_t n;
	char *at; /* PATH/.work/forget */
	bool unsure; /* the exchange failed, perhaps only in being made durable */
	struct archive_forgotten *out;
};

/* Objects and an upper limit of what they and their catalogs take, into f->out. */
int forget_plan(struct forget *f, struct err *err) MUST_CHECK;
/* The kept snapshots, one after the other, into an archive at f->at. */
int forget_copy(struct forget *f, struct err *err) MUST_CHECK;
/* Is every byte at f->at right, and each snapshot what it was? *seals_out: its seals. */
int forget_prove(const struct forget *f, struct seals *seals_out, struct err *err) MUST_CHECK;

#endif
