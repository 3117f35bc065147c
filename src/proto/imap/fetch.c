/*
 * UID FETCH (RFC 3501 6.4.8, 7.4.2; RFC 7162 MODSEQ; Gmail's X-GM-EXT-1). libetpan calls
 * back with the octets of a body as they come and with each answer when it is whole.
 */
#include "internal.h"
#include <libetpan/condstore.h>
#include <libetpan/condstore_types.h>
#include <libetpan/xgmlabels.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/mem.h"

#define SET_MAX 7000
#define ITEMS_MAX 2000
#define SMALL_CHUNK 512
#define LOOK_BACK 65536

static const char *const months[] = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* ---- bodies ---- */

static bool flush_small(struct imap *m)
{
	size_t n = m->small_len;

	m->small_len = 0;
	if (!n)
		return true;
	return m->ops->body(m->ops_ctx, m->small, n, &m->ops_err) == 0;
}

/* A callback said no without saying why: still an error. */
static bool callback_failed(struct imap *m)
{
	if (!m->ops_err.code)
		err_set(&m->ops_err, ERR_IO, ERR_WHOLE, "the message was not taken");
	return false;
}

static bool section_asked(const struct imap *m)
{
	for (size_t i = 0; i < m->n_pending; i++)
		if (m->pending[i].section)
			return true;
	return false;
}

bool fetch_octets(struct imap *m, const void *item, bool whole, const char *p, size_t n)
{
	fetch_confirm(m);
	if (m->ops_err.code)
		return false;
	if (!m->ops || !m->ops->body || (!whole && !section_asked(m)))
		return true;
	if (item != m->body_item || !m->body_items) {
		m->body_item = item;
		if (++m->body_items > 1) {
			err_set(&m->ops_err, ERR_PROTO, ERR_WHOLE,
			        "the server sent two bodies for one message");
			return false;
		}
	}
	m->body_octets += n;
	/* A quoted body comes an octet at a time. */
	if (n < SMALL_CHUNK) {
		if (m->small_len + n > sizeof m->small && !flush_small(m))
			return callback_failed(m);
		memcpy(m->small + m->small_len, p, n);
		m->small_len += n;
		return true;
	}
	if (!flush_small(m) || m->ops->body(m->ops_ctx, p, n, &m->ops_err) != 0)
		return callback_failed(m);
	return true;
}

/* Called by libetpan with octets of a body. */
static bool on_body(int att_type, struct mailimap_msg_att_body_section *section, const char *p,
        size_t n, void *ctx)
{
	/* RFC822 and its parts are never asked for. */
	if (att_type != MAILIMAP_MSG_ATT_BODY_SECTION)
		return true;
	fetch_confirm(ctx);
	if (section)
		((struct imap *)ctx)->body_origin = section->sec_origin_octet;
	return fetch_octets(ctx, section, section && !section->sec_section, p, n);
}

/* ---- items that libetpan understood ---- */

static void take_flags(struct fetch_build *b, const struct mailimap_msg_att_dynamic *d)
{
	static const char *const names[] = {[MAILIMAP_FLAG_ANSWERED] = "\\Answered",
	        [MAILIMAP_FLAG_FLAGGED] = "\\Flagged",
	        [MAILIMAP_FLAG_DELETED] = "\\Deleted",
	        [MAILIMAP_FLAG_SEEN] = "\\Seen",
	        [MAILIMAP_FLAG_DRAFT] = "\\Draft"};

	b->msg.has_flags = true;
	if (!d->att_list)
		return;
	for (clistiter *i = clist_begin(d->att_list); i; i = clist_next(i)) {
		const struct mailimap_flag_fetch *f = clist_content(i);
		const struct mailimap_flag *flag = f->fl_flag;
		char *extension;

		if (f->fl_type == MAILIMAP_FLAG_FETCH_RECENT || !flag)
			continue;
		switch (flag->fl_type) {
		case MAILIMAP_FLAG_KEYWORD:
			fetch_flag(b, flag->fl_data.fl_keyword, strlen(flag->fl_data.fl_keyword));
			break;
		case MAILIMAP_FLAG_EXTENSION:
			extension = xasprintf("\\%s", flag->fl_data.fl_extension);
			fetch_flag(b, extension, strlen(extension));
			free(extension);
			break;
		default:
			if (flag->fl_type >= 0 && flag->fl_type < (int)COUNT(names) &&
			        names[flag->fl_type])
				fetch_flag(b, names[flag->fl_type], strlen(names[flag->fl_type]));
		}
	}
}

/* A date as libetpan parsed it, parsed again by us. */
static void take_date(struct imap_msg *msg, const struct mailimap_date_time *d)
{
	char text[80];

	msg->has_date = true;
	msg->date.known = false;
	if (!d || d->dt_month < 1 || d->dt_month > 12)
		return;
	snprintf(text, sizeof text, "%2d-%s-%04d %02d:%02d:%02d %+05d", d->dt_day,
	        months[d->dt_month - 1], d->dt_year, d->dt_hour, d->dt_min, d->dt_sec, d->dt_zone);
	msg->date.known = date_parse_imap(text, &msg->date);
}

/**
 * wide_number(m, item, low): libetpan cuts numbers to 32 bits. The line that it is
 * reading is the last in its buffer: the number after ${item} there, if it is ${low} cut.
 */
static uint64_t wide_number(const struct imap *m, const char *item, uint32_t low)
{
	const MMAPString *b = m->lib->imap_stream_buffer;
	size_t n = strlen(item), back = MIN(b->len, LOOK_BACK);
	const char *end = b->str + b->len, *p = end, *start = end - back;
	uint64_t v;

	/* Backwards, blank by blank: the item is near the end of the buffer. */
	while ((p = memrchr(start, ' ', (size_t)(p - start))) != NULL) {
		struct line l = {p + 1, end};
		struct token t;

		if ((size_t)(p - start) < n || strncasecmp(p - n, item, n) != 0)
			continue;
		t = line_next(&l);
		return token_u64(&t, &v) && (uint32_t)v == low ? v : low;
	}
	return low;
}

/* UID, INTERNALDATE, RFC822.SIZE, and whether there is a body. */
static void take_static(struct imap *m, const struct mailimap_msg_att_static *s)
{
	struct imap_msg *msg = &m->build.msg;

	switch (s->att_type) {
	case MAILIMAP_MSG_ATT_UID:
		msg->uid = s->att_data.att_uid;
		break;
	case MAILIMAP_MSG_ATT_INTERNALDATE:
		take_date(msg, s->att_data.att_internal_date);
		break;
	case MAILIMAP_MSG_ATT_RFC822_SIZE:
		msg->has_size = true;
		msg->size = wide_number(m, "RFC822.SIZE", s->att_data.att_rfc822_size);
		break;
	case MAILIMAP_MSG_ATT_BODY_SECTION:
		if (s->att_data.att_body_section && s->att_data.att_body_section->sec_body_part) {
			msg->has_body = true;
			m->body_origin = s->att_data.att_body_section->sec_origin_octet;
		}
		break;
	default:
		break;
	}
}

/* X-GM-LABELS written again as a list of quoted strings. */
static void take_labels(struct buf *out, const struct mailimap_msg_att_xgmlabels *labels)
{
	bool ok = buf_addc(out, '(') == 0;

	for (clistiter *i = clist_begin(labels->att_labels); i && ok; i = clist_next(i)) {
		const char *s = clist_content(i);

		ok = (out->len == 1 || buf_addc(out, ' ') == 0) && buf_addc(out, '"') == 0;
		for (; ok && *s; s++)
			ok = ((*s != '"' && *s != '\\') || buf_addc(out, '\\') == 0) &&
			     buf_addc(out, *s) == 0;
		ok = ok && buf_addc(out, '"') == 0;
	}
	if (!ok || buf_addc(out, ')') != 0)
		buf_reset(out);
}

/* MODSEQ and what X-GM-EXT-1 has, or an item that only the fallback can read. */
static void take_extension(struct fetch_build *b, const struct mailimap_extension_data *d)
{
	const char *text = tolerant_text(d);
	const struct mailimap_condstore_fetch_mod_resp *modseq = d->ext_data;
	uint64_t number;

	if (text) {
		struct line l = {text, text + strlen(text)};

		(void)fetch_item(b, &l);
		return;
	}
	switch (d->ext_extension->ext_id) {
	case MAILIMAP_EXTENSION_CONDSTORE:
		if (d->ext_type == MAILIMAP_CONDSTORE_TYPE_FETCH_DATA)
			b->msg.modseq = modseq->cs_modseq_value;
		break;
	case MAILIMAP_EXTENSION_XGMLABELS:
		take_labels(&b->labels, d->ext_data);
		break;
	case MAILIMAP_EXTENSION_XGMMSGID:
	case MAILIMAP_EXTENSION_XGMTHRID:
		memcpy(&number, d->ext_data, sizeof number);
		if (d->ext_extension->ext_id == MAILIMAP_EXTENSION_XGMMSGID)
			b->msg.gm_msgid = number;
		else
			b->msg.gm_thrid = number;
		break;
	default:
		break;
	}
}

/* ---- an answer is whole ---- */

static void deliver_msg(struct imap *m, const char *raw, bool good)
{
	struct imap_msg *msg = &m->build.msg;

	if (m->ops && !m->ops_err.code) {
		msg->body_octets = m->body_octets;
		msg->raw = raw;
		msg->spoiled = !good;
		msg->has_body &= good;
		if (!flush_small(m) ||
		        (m->ops->message && m->ops->message(m->ops_ctx, fetch_msg(&m->build),
		                                    &m->ops_err) != 0))
			(void)callback_failed(m);
	}
	if (!good && !m->ops_err.code)
		err_set(&m->ops_err, ERR_PROTO, ERR_WHOLE,
		        "the server announced a wrong length for a message (UID %u): the "
		        "connection "
		        "is out of step",
		        msg->uid);
	/* The handler cannot say no: stop the reading under it. */
	if (m->ops_err.code)
		transport_kill(m->t, "ended by us");
	m->small_len = 0;
	m->body_item = NULL;
	m->body_items = 0;
	m->body_octets = 0;
	m->body_origin = 0;
	fetch_reset(&m->build);
}

void fetch_confirm(struct imap *m)
{
	char *raw = m->held_raw;

	if (!m->held)
		return;
	m->held = false;
	m->held_raw = NULL;
	deliver_msg(m, raw, true);
	free(raw);
}

/**
 * answered(m, line, n, raw): the answer that stands in ${line} is read; ${raw} is a copy
 * of it, taken over, or NULL. A body is believed when what follows its literal ends the
 * answer well and the next line is one of the protocol: until then it is held. Where the
 * announced length was a lie, it is spoiled.
 */
static void take_answer(struct imap *m, const char *line, size_t n, char *raw)
{
	/* One body was counted only if its octets came: an empty one has none. */
	m->build.msg.has_body |= m->body_items != 0;
	if (m->build.msg.has_body && fetch_ends_well(line, n)) {
		m->held = true;
		m->held_raw = raw;
		return;
	}
	deliver_msg(m, raw, !m->build.msg.has_body);
	free(raw);
}

/* The response that libetpan is reading is the last in its buffer. */
static const char *this_response(const struct imap *m, size_t *n)
{
	const MMAPString *b = m->lib->imap_stream_buffer;
	const char *p = b->str + b->len;

	while ((p = memrchr(b->str, '\n', (size_t)(p - b->str))) != NULL)
		if (b->str + b->len - p > 2 && p[1] == '*' && p[2] == ' ')
			break;
	p = p ? p + 1 : b->str;
	*n = (size_t)(b->str + b->len - p);
	return p;
}

/* Called by libetpan with a whole FETCH answer, but for its bodies. */
static void on_message(struct mailimap_msg_att *att, void *ctx)
{
	struct imap *m = ctx;
	const char *line;
	size_t n;

	fetch_confirm(m);
	for (clistiter *i = clist_begin(att->att_list); i; i = clist_next(i)) {
		const struct mailimap_msg_att_item *item = clist_content(i);

		switch (item->att_type) {
		case MAILIMAP_MSG_ATT_ITEM_DYNAMIC:
			take_flags(&m->build, item->att_data.att_dyn);
			break;
		case MAILIMAP_MSG_ATT_ITEM_STATIC:
			take_static(m, item->att_data.att_static);
			break;
		case MAILIMAP_MSG_ATT_ITEM_EXTENSION:
			take_extension(&m->build, item->att_data.att_extension_data);
			break;
		default:
			break;
		}
	}
	/* not the message that it seems to be */
	if (m->build.msg.uid && wide_number(m, "UID", m->build.msg.uid) > UINT32_MAX)
		m->build.msg.uid = 0;
	line = this_response(m, &n);
	take_answer(m, line, n, NULL);
}

void fetch_raw(struct imap *m, const char *p, size_t n)
{
	char *copy;

	fetch_confirm(m);
	/* The reading goes on in the buffer that ${p} points into. */
	copy = xmalloc(n + 1);
	memcpy(copy, p, n);
	copy[n] = '\0';
	if (fetch_parse(&m->build, copy, n)) {
		take_answer(m, copy, n, copy);
		return;
	}
	fetch_reset(&m->build);
	free(copy);
}

static void no_progress(size_t current, size_t maximum, void *ctx)
{
	(void)current;
	(void)maximum;
	(void)ctx;
}

void fetch_hooks(struct imap *m)
{
	/* Without a progress callback libetpan does not call the message handler. */
	mailimap_set_progress_callback(m->lib, no_progress, NULL, NULL);
	mailimap_set_msg_att_handler(m->lib, on_message, m);
	mailimap_set_msg_body_handler(m->lib, on_body, m);
	/*
	 * How the catch-all extension, which has no context of its own, finds the
	 * session.
	 */
	m->stream->logger_context = m;
}

/* ---- commands ---- */

int imap_fetch_send(struct imap *m, const char *set, const char *items, struct err *err)
{
	const char *peek = items;
	struct pending *p;
	bool section = false;
	int r;

	if (strlen(set) > SET_MAX || strlen(items) > ITEMS_MAX || !*set ||
	        strspn(set, "0123456789:,*") != strlen(set) || strpbrk(items, "\r\n{\""))
		return err_set(err, ERR_USAGE, ERR_WHOLE, "UID FETCH of a malformed set or items");
	while ((peek = strchr(peek, '[')) != NULL)
		section |= *++peek != ']';
	command_start(m, "UID FETCH ");
	buf_putf(&m->cmd, "%s %s", set, items);
	m->slow = !strstr(items, "BODY") && !strstr(items, "RFC822 ");
	if ((r = command_end(m, &p, err)) != 0)
		return r;
	p->section = section;
	/* The server starts at once, while the caller looks for more to ask. */
	return command_flush(m, err);
}

/* One "41" or "43:116" of a set. */
static void vanished_range(struct imap *m, const char *p, size_t n)
{
	const char *colon = memchr(p, ':', n);
	struct token low = {.kind = TOKEN_ATOM, .p = p, .n = colon ? (size_t)(colon - p) : n};
	struct token high = low;
	uint32_t first, last;

	if (colon) {
		high.p = colon + 1;
		high.n = (size_t)(p + n - high.p);
	}
	if (token_u32(&low, &first) && token_u32(&high, &last))
		m->ops->vanished(m->ops_ctx, MIN(first, last), first < last ? last : first);
}

/* "* VANISHED (EARLIER) 41,43:116,118" */
static void vanished_line(void *ctx, struct untagged *u)
{
	struct imap *m = ctx;
	struct token t = line_peek(&u->rest);

	if (u->numbered || !token_is(&u->word, "VANISHED"))
		return;
	if (t.kind == TOKEN_OPEN && !line_skip(&u->rest))
		return;
	t = line_next(&u->rest);
	for (size_t at = 0, n; t.kind == TOKEN_ATOM && at < t.n; at += n + 1) {
		const char *comma = memchr(t.p + at, ',', t.n - at);

		n = comma ? (size_t)(comma - t.p) - at : t.n - at;
		vanished_range(m, t.p + at, n);
	}
}

/* "* OK [UIDVALIDITY 7]": said when a mailbox is opened, and at no other time. */
static void opened_code(void *ctx, const struct status_line *line)
{
	*(bool *)ctx |= line->status == STATUS_OK && strcmp(line->code, "UIDVALIDITY") == 0;
}

int imap_fetch_wait(struct imap *m, const struct imap_fetch_ops *ops, void *ctx, struct err *err)
{
	bool more = m->n_pending > 1, opened = false;
	int r;

	lines_forget(m, ops->vanished != NULL || more);
	m->ops = ops;
	m->ops_ctx = ctx;
	r = command_wait_oldest(m, "UID FETCH", err);
	if (ops->vanished)
		each_untagged(m, vanished_line, m);
	if (more)
		each_status(m, opened_code, &opened);
	lines_forget(m, false);
	m->ops = NULL;
	m->ops_ctx = NULL;
	if (r == 0 && opened)
		r = err_set(err, ERR_PROTO, ERR_COLLECTION,
		        "the next mailbox was opened before the answer to a FETCH ended");
	return r;
}

int imap_fetch_one(struct imap *m, uint32_t uid, const char *items,
        const struct imap_fetch_ops *ops, void *ctx, struct err *err)
{
	char set[16];
	int r;

	snprintf(set, sizeof set, "%u", uid);
	r = imap_fetch_send(m, set, items, err);
	return r ? r : imap_fetch_wait(m, ops, ctx, err);
}

uint32_t imap_body_origin(const struct imap *m)
{
	return m->body_origin;
}

size_t imap_in_flight(const struct imap *m)
{
	return m->n_pending;
}
