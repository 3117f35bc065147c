/*
 * One mailbox: SELECT, EXAMINE, STATUS, SEARCH, and what a target does to it (RFC 3501
 * 6.3, 6.4; RFC 7162; RFC 3691; RFC 6154; RFC 2087 and 9208 for quota).
 */
#include "internal.h"
#include <stdlib.h>
#include <string.h>
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

#define STATUS_DEPTH 32

void imap_selected_clear(struct imap_selected *s)
{
	texts_free(s->permanent, s->n_permanent);
	texts_free(s->flags, s->n_flags);
	memset(s, 0, sizeof *s);
}

/* EXISTS and FLAGS of the answer to SELECT. */
static void selected_line(void *ctx, struct untagged *u)
{
	struct imap_selected *s = ctx;

	if (u->numbered && token_is(&u->word, "EXISTS")) {
		s->exists = u->number > UINT32_MAX ? UINT32_MAX : (uint32_t)u->number;
	} else if (!u->numbered && token_is(&u->word, "FLAGS")) {
		texts_free(s->flags, s->n_flags);
		flags_parse(&u->rest, &s->flags, &s->n_flags);
	}
}

/* What its response codes say. */
static void selected_code(void *ctx, const struct status_line *line)
{
	struct imap_selected *s = ctx;
	struct line args = line->args;
	struct token t = line_peek(&args);

	if (line->status != STATUS_OK)
		return;
	if (strcmp(line->code, "UIDVALIDITY") == 0) {
		(void)token_u32(&t, &s->uidvalidity);
	} else if (strcmp(line->code, "UIDNEXT") == 0) {
		(void)token_u32(&t, &s->uidnext);
	} else if (strcmp(line->code, "HIGHESTMODSEQ") == 0) {
		(void)token_u64(&t, &s->highestmodseq);
	} else if (strcmp(line->code, "NOMODSEQ") == 0) {
		s->highestmodseq = 0;
	} else if (strcmp(line->code, "PERMANENTFLAGS") == 0) {
		texts_free(s->permanent, s->n_permanent);
		flags_parse(&args, &s->permanent, &s->n_permanent);
		s->says_permanent = true;
	} else if (strcmp(line->code, "READ-ONLY") == 0) {
		s->read_only = true;
	} else if (strcmp(line->code, "READ-WRITE") == 0) {
		s->read_only = false;
	}
}

static bool has_condstore(const struct imap *m)
{
	return imap_has(m, "CONDSTORE") || imap_has(m, "QRESYNC");
}

/* SELECT or EXAMINE, sent and not waited for. */
static int send_select(struct imap *m, const uint8_t *name, size_t name_len, bool write,
        bool condstore, struct err *err)
{
	int r = command_named(m, write ? "SELECT" : "EXAMINE", name, name_len, err);

	if (r == 0 && condstore)
		buf_puts(&m->cmd, " (CONDSTORE)");
	if (r == 0)
		r = command_end(m, NULL, err);
	return r ? r : command_flush(m, err);
}

static int select_once(struct imap *m, const uint8_t *name, size_t name_len, bool write,
        bool condstore, struct err *err)
{
	int r;

	lines_forget(m, true);
	r = send_select(m, name, name_len, write, condstore, err);
	return r ? r : command_wait(m, m->tag, write ? "SELECT" : "EXAMINE", err);
}

/* The answer to it, which ended with ${r}. */
static int take_selected(struct imap *m, int r, struct imap_selected *out)
{
	if (r == 0) {
		each_untagged(m, selected_line, out);
		each_status(m, selected_code, out);
	}
	lines_forget(m, false);
	return r;
}

/*
 * A UIDNEXT that was not said (Courier): without it a new message cannot be told from an
 * old one.
 */
static int ask_uidnext(struct imap *m, const uint8_t *name, size_t name_len,
        struct imap_selected *s, struct err *err)
{
	struct imap_mailbox box = {.name = (uint8_t *)(uintptr_t)name, .name_len = name_len};
	struct imap_status status = {0};
	int r = imap_status_many(m, &box, 1, false, &status, err);

	if (r == 0 && status.ok) {
		s->uidnext = status.uidnext;
		if (!s->uidvalidity)
			s->uidvalidity = status.uidvalidity;
	}
	return r;
}

int imap_select(struct imap *m, const uint8_t *name, size_t name_len, bool write,
        struct imap_selected *out, struct err *err)
{
	bool condstore = has_condstore(m);
	int r;

	memset(out, 0, sizeof *out);
	out->read_only = !write;
	r = select_once(m, name, name_len, write, condstore, err);
	/* It was offered; some refuse the parameter all the same. */
	if (r == ERR_REFUSED && condstore && !*m->last_code && imap_alive(m))
		r = select_once(m, name, name_len, write, false, err);
	/*
	 * Dovecot makes a mailbox when it is first opened, and says so to the session
	 * that came second.
	 */
	if (r == ERR_REFUSED && strcmp(m->last_code, "ALREADYEXISTS") == 0)
		r = select_once(m, name, name_len, write, condstore, err);
	r = take_selected(m, r, out);
	if (r == 0 && !out->uidnext)
		r = ask_uidnext(m, name, name_len, out, err);
	if (r != 0)
		imap_selected_clear(out);
	return r;
}

int imap_examine_send(struct imap *m, const uint8_t *name, size_t name_len, struct err *err)
{
	return send_select(m, name, name_len, false, has_condstore(m), err);
}

int imap_examine_wait(struct imap *m, struct imap_selected *out, struct err *err)
{
	memset(out, 0, sizeof *out);
	out->read_only = true;
	lines_forget(m, true);
	return take_selected(m, command_wait_oldest(m, "EXAMINE", err), out);
}

/* ---- STATUS ---- */

static void status_line_seen(void *ctx, struct untagged *u)
{
	struct imap_status got;

	if (!u->numbered && token_is(&u->word, "STATUS") && status_items_parse(u->rest, &got)) {
		got.ok = true;
		*(struct imap_status *)ctx = got;
	}
}

/* STATUS of one mailbox, not flushed. */
static int send_status(struct imap *m, const struct imap_mailbox *box, bool sizes, struct err *err)
{
	int r = command_named(m, "STATUS", box->name, box->name_len, err);

	if (r != 0)
		return r;
	buf_puts(&m->cmd, " (MESSAGES UIDNEXT UIDVALIDITY");
	if (sizes && imap_has(m, "STATUS=SIZE"))
		buf_puts(&m->cmd, " SIZE");
	buf_puts(&m->cmd, has_condstore(m) ? " HIGHESTMODSEQ)" : ")");
	return command_end(m, NULL, err);
}

/* One answer of the window that begins at ${from}; its lines stand before its tag. */
static int take_status(struct imap *m, const unsigned *tags, size_t from, size_t to,
        struct imap_status *out, struct err *err)
{
	struct imap_status got = {0};
	struct err soft = {0};
	unsigned ended;
	int r;

	lines_forget(m, true);
	if ((r = command_next(m, &ended, err)) != 0)
		return r;
	each_untagged(m, status_line_seen, &got);
	lines_forget(m, false);
	r = command_wait(m, ended, "STATUS", &soft);
	for (size_t i = from; i < to; i++)
		if (tags[i - from] == ended) {
			out[i] = got;
			out[i].ok = got.ok && r == 0;
			out[i].later = r == ERR_BUSY || r == ERR_THROTTLED;
		}
	return 0;
}

int imap_status_many(struct imap *m, const struct imap_mailbox *boxes, size_t n, bool sizes,
        struct imap_status *out, struct err *err)
{
	unsigned tags[STATUS_DEPTH];
	int r = 0;

	memset(out, 0, n * sizeof *out);
	for (size_t from = 0, to; from < n && r == 0; from = to) {
		for (to = from; to < n && to - from < STATUS_DEPTH && r == 0; to++) {
			enum string_form form = string_form(m, boxes[to].name, boxes[to].name_len);

			/* A synchronising literal must stand alone. */
			if (form == FORM_LITERAL_SYNC && to > from)
				break;
			tags[to - from] = 0;
			if (form != FORM_NONE && (r = send_status(m, &boxes[to], sizes, err)) == 0)
				tags[to - from] = m->tag;
			/* the name was refused: no status */
			else if (form == FORM_LITERAL_SYNC && r != 0 && imap_alive(m))
				r = 0;
			if (form == FORM_LITERAL_SYNC) {
				to++;
				break;
			}
		}
		if (r == 0)
			r = command_flush(m, err);
		for (size_t i = from; i < to && r == 0; i++)
			if (tags[i - from])
				r = take_status(m, tags, from, to, out, err);
	}
	return r;
}

/* ---- SEARCH ---- */

struct uids {
	uint32_t *list;
	size_t n, size;
};

/* The numbers of SEARCH, by libetpan's reading and by ours. */
static void gather_uids(struct imap *m, struct uids *to)
{
	const clist *found =
	        m->lib->imap_response_info ? m->lib->imap_response_info->rsp_search_result : NULL;

	if (found) {
		to->list =
		        arr_grow(NULL, &to->size, (size_t)clist_count(found) + 1, sizeof *to->list);
		for (clistiter *i = clist_begin(found); i; i = clist_next(i))
			to->list[to->n++] = *(uint32_t *)clist_content(i);
		/* 72 bytes a number: not kept until the next command. */
		mailimap_response_info_free(m->lib->imap_response_info);
		m->lib->imap_response_info = NULL;
	}
	for (size_t k = 0; k < m->n_raw; k++) {
		struct untagged u;

		if (!untagged_parse(m->raw[k].p, m->raw[k].n, &u) || !token_is(&u.word, "SEARCH"))
			continue;
		for (struct token t = line_next(&u.rest); t.kind == TOKEN_ATOM;
		        t = line_next(&u.rest)) {
			uint32_t uid;

			if (token_u32(&t, &uid))
				*ARR_PUSH(to->list, to->n, to->size) = uid;
		}
	}
}

int imap_search(
        struct imap *m, const char *key, uint32_t **uids_out, size_t *n_out, struct err *err)
{
	struct uids uids = {0};
	size_t kept = 0;
	int r;

	*uids_out = NULL;
	*n_out = 0;
	lines_forget(m, false);
	command_start(m, "UID SEARCH ");
	if (buf_adds(&m->cmd, key) != 0)
		return err_set(err, ERR_LIMIT, ERR_COLLECTION, "UID SEARCH with too long a key");
	if ((r = command_run(m, "UID SEARCH", err)) != 0)
		return r;
	gather_uids(m, &uids);
	SORT(uids.list, uids.n, lookup_by_number);
	for (size_t i = 0; i < uids.n; i++)
		if (uids.list[i] && (!kept || uids.list[i] != uids.list[kept - 1]))
			uids.list[kept++] = uids.list[i];
	*uids_out = uids.list;
	*n_out = kept;
	return 0;
}

/* ---- target ---- */

/* CREATE, without its end. */
static int begin_create(struct imap *m, const uint8_t *name, size_t name_len,
        const char *special_use, struct err *err)
{
	int r = command_named(m, "CREATE", name, name_len, err);

	if (r == 0 && special_use && imap_has(m, "CREATE-SPECIAL-USE"))
		buf_putf(&m->cmd, " (USE (%s))", special_use);
	return r;
}

int imap_create(struct imap *m, const uint8_t *name, size_t name_len, const char *special_use,
        struct err *err)
{
	struct err soft = {0};
	bool there = false;
	int r;

	lines_forget(m, false);
	if ((r = begin_create(m, name, name_len, special_use, err)) != 0)
		return r;
	r = command_run(m, "CREATE", err);
	if (r != ERR_REFUSED)
		return r;
	if (strcmp(m->last_code, "ALREADYEXISTS") == 0)
		there = true;
	else if (mailbox_there(m, name, name_len, &there, &soft) != 0 && !imap_alive(m))
		return session_net_error(m, err);
	return there ? err_set(err, ERR_EXISTS, ERR_COLLECTION, "CREATE: the mailbox is there") : r;
}

/*
 * CREATE and SUBSCRIBE in flight; a name that needs a synchronising literal is left out.
 */
static int send_make(struct imap *m, const struct imap_make *it, unsigned tags[2], struct err *err)
{
	enum string_form form = string_form(m, it->name, it->name_len);
	int r;

	tags[0] = tags[1] = 0;
	if (form != FORM_QUOTED && form != FORM_LITERAL_PLUS)
		return 0;
	if (it->create) {
		if ((r = begin_create(m, it->name, it->name_len, it->special_use, err)) != 0 ||
		        (r = command_end(m, NULL, err)) != 0)
			return r;
		tags[0] = m->tag;
	}
	if (it->subscribe) {
		if ((r = command_named(m, "SUBSCRIBE", it->name, it->name_len, err)) != 0 ||
		        (r = command_end(m, NULL, err)) != 0)
			return r;
		tags[1] = m->tag;
	}
	return 0;
}

/* *ok: the command was answered with OK; only a dead session is an error. */
static int wait_make(struct imap *m, unsigned tag, bool *ok, struct err *err)
{
	int r;

	if (!tag)
		return 0;
	r = command_wait(m, tag, "CREATE", err);
	*ok = r == 0;
	return r != 0 && m->dead ? r : 0;
}

int imap_make_many(struct imap *m, struct imap_make *list, size_t n, struct err *err)
{
	unsigned tags[STATUS_DEPTH][2];
	int r = 0;

	lines_forget(m, false);
	for (size_t from = 0, to; from < n && r == 0; from = to) {
		for (to = from; to < n && to - from < STATUS_DEPTH && r == 0; to++) {
			list[to].created = list[to].subscribed = false;
			r = send_make(m, &list[to], tags[to - from], err);
		}
		if (r == 0)
			r = command_flush(m, err);
		for (size_t i = from; i < to && r == 0; i++) {
			r = wait_make(m, tags[i - from][0], &list[i].created, err);
			if (r == 0)
				r = wait_make(m, tags[i - from][1], &list[i].subscribed, err);
		}
	}
	return r;
}

int imap_subscribe(struct imap *m, const uint8_t *name, size_t name_len, struct err *err)
{
	int r;

	lines_forget(m, false);
	r = command_named(m, "SUBSCRIBE", name, name_len, err);
	return r ? r : command_run(m, "SUBSCRIBE", err);
}

int imap_store_add(struct imap *m, const char *set, const char *flags, struct err *err)
{
	if (strspn(set, "0123456789:,*") != strlen(set) || strpbrk(flags, "\r\n{\""))
		return err_set(err, ERR_USAGE, ERR_ITEM, "UID STORE of a malformed set or flag");
	lines_forget(m, false);
	command_start(m, "UID STORE ");
	if (buf_addf(&m->cmd, "%s +FLAGS.SILENT %s", set, flags) != 0)
		return err_set(err, ERR_LIMIT, ERR_ITEM, "UID STORE with too many flags");
	return command_run(m, "UID STORE", err);
}

/* ---- quota ---- */

static uint64_t room_of(uint64_t used, uint64_t limit)
{
	return limit > used ? limit - used : 0;
}

/* One resource of a root: it counts where it leaves less room than what is known. */
static void take_resource(uint64_t a, uint64_t b, uint64_t *used, uint64_t *limit)
{
	if (!b || (*limit && room_of(*used, *limit) <= room_of(a, b)))
		return;
	*used = a;
	*limit = b;
}

/* "* QUOTA root (STORAGE 10 512 MESSAGE 3 100)": STORAGE in units of 1024 octets */
static void quota_line(void *ctx, struct untagged *u)
{
	struct imap_quota *q = ctx;
	struct token t;

	if (u->numbered || !token_is(&u->word, "QUOTA") || !line_skip(&u->rest))
		return;
	t = line_next(&u->rest);
	if (t.kind != TOKEN_OPEN)
		return;
	for (t = line_next(&u->rest); t.kind == TOKEN_ATOM; t = line_next(&u->rest)) {
		struct token used = line_next(&u->rest), limit = line_next(&u->rest);
		uint64_t a, b;

		if (!token_u64(&used, &a) || !token_u64(&limit, &b))
			continue;
		if (token_is(&t, "MESSAGE"))
			take_resource(a, b, &q->messages, &q->messages_limit);
		else if (token_is(&t, "STORAGE") && a <= UINT64_MAX / 1024 &&
		         b <= UINT64_MAX / 1024)
			take_resource(a * 1024, b * 1024, &q->used, &q->limit);
	}
}

int imap_quota(struct imap *m, struct imap_quota *out, struct err *err)
{
	memset(out, 0, sizeof *out);
	if (!imap_has(m, "QUOTA"))
		return 0;
	return command_ask(m, "GETQUOTAROOT INBOX", quota_line, out, err);
}
