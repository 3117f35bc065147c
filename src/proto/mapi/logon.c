/*
 * A store: its session, RopLogon (MS-OXCSTOR 2.2.1.1), and RopOpenFolder.
 */
#include <stdlib.h>
#include "proto/mapi/rop.h"

enum {
	LOGON_PRIVATE = 0x01, /* LogonFlags */
	OPEN_PUBLIC = 0x02, /* OpenFlags */
	OPEN_PER_MDB_REPLICA_IDS = 0x01000000,
};

struct logon {
	struct mapi_store *store;
	struct rop_fate fate;
	char server[256]; /* that the mailbox is on instead; "" */
};

/* MS-OXCROPS 2.2.3.1.3: the server that is to be asked instead. */
static void take_other_server(struct logon *l, struct rop_in *in)
{
	size_t n;
	const uint8_t *name;

	rop_get(in, 1);
	n = (size_t)rop_get(in, 1);
	name = rop_get_octets(in, n);
	if (name) {
		memcpy(l->server, name, n);
		l->server[n] = '\0';
	}
}

static int take_logon(void *ctx, struct rop_in *in, uint32_t value, struct err *err)
{
	struct logon *l = ctx;
	struct mapi_store *s = l->store;
	const uint8_t *guid, *life;
	uint8_t flags;

	(void)err;
	if (value != 0) {
		take_other_server(l, in);
		return 0;
	}
	flags = (uint8_t)rop_get(in, 1);
	for (size_t i = 0; i < STORE_FOLDERS; i++)
		s->special[i] = rop_get(in, 8);
	if (flags & LOGON_PRIVATE) {
		rop_get(in, 1); /* ResponseFlags */
		guid = rop_get_octets(in, 16);
		rop_get(in, 2); /* ReplId */
		life = rop_get_octets(in, 16); /* ReplGuid */
		rop_get_octets(in, 8 + 8 + 4); /* LogonTime, GwartTime, StoreState */
	} else {
		rop_get(in, 2);
		guid = life = rop_get_octets(in, 16); /* ReplGuid: there is no other */
		rop_get_octets(in, 16); /* PerUserGuid */
	}
	if (guid)
		memcpy(s->guid, guid, 16);
	if (life)
		memcpy(s->life, life, 16);
	return 0;
}

/* EssdnSize and Essdn, which the public folders do without. */
static void put_mailbox(struct rop_call *c, const char *dn)
{
	size_t n = dn ? strlen(dn) + 1 : 0;

	rop_put(c, n, 2);
	rop_put_octets(c, dn, n);
}

static int log_on(struct mapi_store *s, const char *dn, struct err *err)
{
	struct logon l = {.store = s};
	struct rop_call *c = &s->call;
	bool is_public = s->which == MAPI_PUBLIC_FOLDERS;
	int rc;

	s->logon = (uint32_t)ROP_NO_HANDLE;
	rop_start(s);
	rop_begin(c, ROP_LOGON, 0, &l.fate, take_logon, &l);
	c->steps[0].makes = true;
	rop_put(c, is_public ? 0 : LOGON_PRIVATE, 1);
	rop_put(c, OPEN_PER_MDB_REPLICA_IDS | (is_public ? OPEN_PUBLIC : 0), 4);
	rop_put(c, 0, 4); /* StoreState */
	put_mailbox(c, is_public ? NULL : dn);
	rc = rop_execute(s, false, err);
	if (rc != 0)
		return rc;
	if (l.server[0])
		return err_set(err, ERR_REFUSED, ERR_WHOLE,
		        "the mailbox is on another server (ecWrongServer): %s", l.server);
	if (l.fate.value && rop_kind_of(l.fate.value) == ROP_NO_RIGHT) {
		rc = rop_judge(&l.fate, ERR_WHOLE, err);
		if (err)
			err->code = ERR_AUTH;
		return rc == 0 ? 0 : ERR_AUTH;
	}
	s->logon = c->handles[0];
	s->n_open = 0; /* it stays */
	return rop_judge(&l.fate, ERR_WHOLE, err);
}

int mapi_open(const struct service *service, enum guard_role role, enum mapi_which which,
        struct progress *progress, struct mapi_store **out, struct err *err)
{
	struct mapi_store *s = xcalloc(1, sizeof *s);
	int rc;

	*out = NULL;
	s->progress = progress;
	s->which = which;
	rc = mapi_connect(service, role, progress, &s->session, err);
	if (rc == 0)
		rc = log_on(s, service->mailbox, err);
	if (rc == 0)
		*out = s;
	else
		mapi_close(s);
	return rc;
}

void mapi_close(struct mapi_store *s)
{
	if (!s)
		return;
	mapi_disconnect(s->session);
	free(s->open);
	free(s->leaving);
	free(s);
}

void rop_pass_folder(struct rop_in *in)
{
	rop_get(in, 1); /* HasRules */
	if (rop_get(in, 1)) { /* IsGhosted */
		size_t servers = (size_t)rop_get(in, 2);

		rop_get(in, 2);
		while (servers > 0 && !in->is_short)
			if (rop_get(in, 1) == 0)
				servers--;
	}
}

static int take_open(void *ctx, struct rop_in *in, uint32_t value, struct err *err)
{
	(void)ctx;
	(void)value;
	(void)err;
	rop_pass_folder(in);
	return 0;
}

unsigned rop_open_folder(struct mapi_store *s, mapi_id id, struct rop_fate *fate)
{
	struct rop_call *c = &s->call;
	unsigned slot = rop_begin_making(c, ROP_OPEN_FOLDER, 0, fate, take_open, NULL);

	rop_put(c, id, 8);
	rop_put(c, 0, 1); /* OpenModeFlags: no soft-deleted ones */
	return slot;
}

bool mapi_store_is_lost(const struct mapi_store *s)
{
	return mapi_is_lost(s->session);
}

const struct mapi_greeting *mapi_store_greeting(const struct mapi_store *s)
{
	return mapi_greeting(s->session);
}

uint64_t mapi_store_requests(const struct mapi_store *s)
{
	return mapi_requests(s->session);
}

const uint8_t *mapi_store_guid(const struct mapi_store *s)
{
	return s->guid;
}

const uint8_t *mapi_store_life(const struct mapi_store *s)
{
	return s->life;
}
