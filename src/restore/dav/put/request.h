/* One item that is PUT, from its octets to what became of it. */
#ifndef VALISE_RESTORE_DAV_PUT_REQUEST_H
#define VALISE_RESTORE_DAV_PUT_REQUEST_H

#include "put.h"

struct put {
	struct entry *e;
	uint32_t tcoll;
	struct buf body;
	char *url;
	struct dav_send sent;
	struct dav_form form;
	struct attached attached;
	char *no_files; /* why it goes with its links after all, or NULL */
	char *first_url; /* under its ordinary name, while another is tried; or NULL */
	/* sent again: outcome unknown; the server was busy within itself */
	unsigned tries, agains;
	bool pending;
	enum put_verdict verdict;
	size_t res; /* index in the list of what is looked at */
};

/* prepare.c */
/* Read it, and see whether it can be sent. False: it is settled. */
bool put_prepare(struct drun *r, struct entry *e, struct put *p, struct err *err) MUST_CHECK;
/* A URL of its own in the collection, by p->form.name or its own segment. */
void put_url(struct drun *r, struct put *p);
void put_clear(struct put *p);

/* settle.c */
/* Read back what may be there: added to ${found}, p->res says where. */
int put_look(struct drun *r, struct put *list, size_t n, struct reslist *found,
        struct err *err) MUST_CHECK;
/*
 * What became of one, with what was read back (NULL: nothing was looked at); it stays
 * pending when it is to be sent again.
 */
void put_settle(struct drun *r, struct put *p, const struct res *x);

#endif
