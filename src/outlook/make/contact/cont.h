#ifndef VALISE_OUTLOOK_MAKE_CONTACT_CONT_H
#define VALISE_OUTLOOK_MAKE_CONTACT_CONT_H

#include "outlook/contact/internal.h"
#include "outlook/make/into.h"

/* A card on its way to a contact or distribution list, and the parts of it that read. */
struct cont {
	struct making k;
	struct object o;
	struct part *p; /* VCARD */
	struct bag *b;
	char *called; /* FN */
	bool is_list;
	struct line **labels; /* X-ABLabel, by group: there may be many */
	size_t n_labels;
};

/* Apple's label of a line (X-ABLabel of its group): lent; NULL: none. */
const char *label_of(const struct cont *c, const struct line *l);
/* The same by any name of its group. */
struct line *in_group(const struct cont *c, const struct line *l, const char *name);
/* Marks the lines of its group that only say what it is. */
void use_group(const struct cont *c, const struct line *l);
/* Words of TYPE, one behind the other; false: no more. *at is 0 at first. */
bool next_type(const struct line *l, size_t *at, char word[32]);

/* ---- texts.c: a line is a text ---- */
void cont_names(struct cont *c);
void cont_texts(struct cont *c);
/* ---- address.c, mails.c, marks.c, files.c, members.c ---- */
void cont_addresses(struct cont *c);
void cont_mails(struct cont *c);
void cont_days(struct cont *c);
void cont_marks(struct cont *c);
void cont_files(struct cont *c);
void cont_members(struct cont *c);

#endif
