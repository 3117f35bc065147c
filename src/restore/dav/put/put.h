/* What the other steps of a DAV restore use of the one that PUTs. */
#ifndef VALISE_RESTORE_DAV_PUT_PUT_H
#define VALISE_RESTORE_DAV_PUT_PUT_H

#include "restore/dav/run.h"

/* A write of unknown outcome is sent so often, one that stood in another's way so often again. */
enum { PUT_TRIES = 3, PUT_AGAINS = 6 };

/* prepare.c: why it is not even sent, which the caller frees; NULL: it is */
char *put_objection(
        struct drun *r, const struct tcoll *t, const struct content_summary *s, size_t len);
/* Is it held back for its attendees? */
bool put_held(const struct drun *r, const struct content_summary *s);

/* put.c */
int dav_put_all(struct drun *r, struct err *err) MUST_CHECK;

/* await.c */
/*
 * How long a write is looked for that took ${took_ms} and whose outcome is unknown; the
 * nth pause of that, at most ${left_ms}.
 */
int64_t await_limit_ms(bool keeps_names, int64_t took_ms);
int64_t await_pause_ms(unsigned nth, int64_t left_ms);
/*
 * Look for the items of list[] that are unknown; what is found is settled, what is not
 * stays ENTRY_NEW.
 */
int dav_await(
        struct drun *r, struct res *list, size_t n, int64_t took_ms, struct err *err) MUST_CHECK;

/* forms.c: what is refused, in other forms */
struct dav_form {
	unsigned at; /* how many were looked at */
	unsigned steps; /* bits of enum amend that the body has now */
	char *name; /* another segment, or NULL */
	char *why; /* the first refusal */
	/* bits of enum amend that are not tried, and not together with others */
	unsigned never, not_all;
	/* how many objects; the body is one of them. 0: they are together */
	unsigned apart;
	bool about_name;
	unsigned char order[AMENDS];
};
/* Is it worth it, after this answer? */
bool form_allowed(const struct drun *r, const struct tcoll *t, const struct put_reply *p);
bool form_about_name(const struct put_reply *p);
/*
 * The steps as they are tried: what the answer speaks of, then what helped before
 * (${learnt}, -1: nothing).
 */
void form_order(const struct put_reply *p, int learnt, unsigned char order[AMENDS]);
/* The first refusal, in words (taken). */
void form_began(struct dav_form *f, const struct tcoll *t, const struct put_reply *p, char *why);
/* The next form: ${body} and f->name. False: there is none. */
bool form_next(struct drun *r, struct entry *e, struct dav_form *f, struct buf *body);
/* It helped: what a person is told (the caller frees), NULL when it is as it was. */
char *form_helped(struct dav_form *f, struct tcoll *t);
void form_clear(struct dav_form *f);

/* apart.c */
/*
 * The other objects of items that were taken apart become entries: of those stored just
 * now (1: there are some), as the journal says, as what is there shows. Entries move.
 */
int apart_stored(struct drun *r, struct err *err) MUST_CHECK;
int apart_by_journal(struct drun *r, const struct reslist *all, struct err *err) MUST_CHECK;
int apart_there(struct drun *r, struct reslist *all, struct err *err) MUST_CHECK;

/* attach.c: files that items link to, from the collection "linked" of the archive */
struct attached {
	unsigned n; /* that are in the item now */
	unsigned missing; /* links whose files the archive does not have */
	unsigned large; /* that stay links */
	struct buf which; /* the large ones, for people */
	struct wanted {
		const struct tree_item *item;
		char *url, *name, *type; /* type: may be NULL */
		bool there, otherwise; /* as a managed attachment; as a link or inline */
		/* those that are to be managed attachments: their lines are taken out */
	} * wanted;
	size_t n_wanted, cap_wanted;
};
/*
 * Put the files into ${body}, or, with ${managed}, keep them for later where the item is
 * fit for that. ${out} (may be NULL) is cleared by the caller.
 */
int dav_attach(struct drun *r, const struct entry *e, bool managed, struct buf *body,
        struct attached *out, struct err *err) MUST_CHECK;
/* The item as it is to be on the target: with --attach-links, the files in it. */
int entry_body(struct drun *r, const struct entry *e, struct buf *out, struct err *err) MUST_CHECK;
/* The octets of a file of out->wanted. */
int dav_attach_file(struct drun *r, const struct entry *e, const struct wanted *w, struct buf *out,
        struct err *err) MUST_CHECK;
void attached_clear(struct attached *a);
/* What a person is told; NULL: nothing. The caller frees. */
char *attached_text(struct attached *a);
/* Without --attach-links: count the links of the item that could have been followed. */
void dav_count_links(struct drun *r, const struct entry *e, const struct buf *body);
void linked_free(struct linked *l);

/*
 * What the target may hold without the lines that are our files there, or NULL (appends
 * to ${view}); which of them are there. False: there is none of them, and nothing is
 * appended.
 */
bool managed_view(struct attached *a, const void *text, size_t n, struct buf *view);
/* Are files missing that are in the text in no other way, either? */
bool managed_open(struct attached *a, const void *text, size_t n);

/* managed.c */
/* Post what is missing of all items that are open. */
int managed_post(struct drun *r, struct err *err) MUST_CHECK;

#endif
