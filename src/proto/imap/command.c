/*
 * Commands as we write them (RFC 3501 2.2, RFC 7888) and answers as libetpan reads them.
 * Several commands may be in flight; a tagged line ends whichever command it names.
 */
#include "internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"

#define MINUS_MAX 4096 /* LITERAL-, RFC 7888 5 */
#define REPAIRS_MAX 1000 /* lines of one answer that libetpan refuses */
#define QUOTED_MAX 1000

/* ---- errors ---- */

int session_fail(struct imap *m, enum err_code code, struct err *err, const char *why)
{
	if (transport_error(m->t, NULL) == ERR_OK)
		transport_kill(m->t, why);
	m->dead = true;
	return err_set(err, code, ERR_WHOLE, "%s", why);
}

int session_net_error(struct imap *m, struct err *err)
{
	struct status_line s;
	enum err_code code;
	char last[300];

	m->dead = true;
	if (m->ops_err.code)
		return err_copy(err, &m->ops_err);
	transport_last_line(m->t, last, sizeof last);
	code = transport_error(m->t, err);
	if ((code == ERR_OK || code == ERR_NET) && status_parse(last, strlen(last), &s) &&
	        s.status == STATUS_BYE)
		code = (enum err_code)bye(&s, "the server closed the connection, saying", err);
	if (code != ERR_OK) {
		transport_kill(m->t, "BYE");
		return (int)code;
	}
	transport_kill(m->t, "an answer that is not IMAP");
	return err_set(
	        err, ERR_PROTO, ERR_WHOLE, "the server's answer is not IMAP: \"%.200s\"", last);
}

/* ---- writing ---- */

bool literal_plus(const struct imap *m, uint64_t size)
{
	return imap_has(m, "LITERAL+") || (imap_has(m, "LITERAL-") && size <= MINUS_MAX);
}

enum string_form string_form(const struct imap *m, const uint8_t *s, size_t n)
{
	bool plain = n <= QUOTED_MAX;

	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\0' || s[i] == '\r' || s[i] == '\n')
			return FORM_NONE;
		if (s[i] < ' ' || s[i] > '~')
			plain = false;
	}
	if (n > NAME_MAX_OCTETS)
		return FORM_NONE;
	if (plain)
		return FORM_QUOTED;
	return literal_plus(m, n) ? FORM_LITERAL_PLUS : FORM_LITERAL_SYNC;
}

/* ${s} quoted, or as a literal that is not waited for. */
static int add_string(enum string_form form, const uint8_t *s, size_t n, struct buf *out)
{
	if (form == FORM_LITERAL_PLUS) {
		int r = buf_addf(out, "{%zu+}\r\n", n);

		return r ? r : buf_add(out, s, n);
	}
	if (buf_addc(out, '"') != 0)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++)
		if (((s[i] == '"' || s[i] == '\\') && buf_addc(out, '\\') != 0) ||
		        buf_addc(out, (char)s[i]) != 0)
			return ERR_LIMIT;
	return buf_addc(out, '"');
}

bool imap_quote(const struct imap *m, const char *s, size_t n, struct buf *out)
{
	enum string_form form = string_form(m, (const uint8_t *)s, n);

	if (form != FORM_QUOTED && form != FORM_LITERAL_PLUS)
		return false;
	return add_string(form, (const uint8_t *)s, n, out) == 0;
}

int write_bytes(struct imap *m, const void *p, size_t n, struct err *err)
{
	if (n && mailstream_write(m->stream, p, n) != (ssize_t)n)
		return session_net_error(m, err);
	return 0;
}

int command_flush(struct imap *m, struct err *err)
{
	return mailstream_flush(m->stream) == 0 ? 0 : session_net_error(m, err);
}

/*
 * Opening a mailbox that was not opened for years, or counting and listing a large one,
 * takes some servers minutes. A body has to begin sooner: a server that is silent about
 * one message is given up, so that the others are fetched.
 */
static bool is_slow(const char *verb)
{
	static const char *const slow[] = {"EXAMINE", "SELECT", "STATUS", "LIST", "LSUB", "XLIST",
	        "CREATE", "UID SEARCH", "UID STORE", "GETQUOTAROOT"};

	for (size_t i = 0; i < COUNT(slow); i++)
		if (strncmp(verb, slow[i], strlen(slow[i])) == 0)
			return true;
	return false;
}

void command_start(struct imap *m, const char *verb)
{
	buf_reset(&m->cmd);
	buf_putf(&m->cmd, "%u %s", ++m->tag, verb);
	m->slow = is_slow(verb);
}

/* The server's word on a synchronising literal: 0 for "+". Other lines are read over. */
static int await_plus(struct imap *m, struct err *err)
{
	struct status_line s;
	const char *p;
	size_t n;
	int r;

	if ((r = command_flush(m, err)) != 0)
		return r;
	count_wait(m);
	for (;;) {
		if ((r = read_line(m, &p, &n, err)) != 0)
			return r;
		if (*p == '+')
			return 0;
		if (!status_parse(p, n, &s) || s.tag != m->tag)
			continue;
		if ((r = transport_literal_refused(m->t, err)) != 0)
			return session_net_error(m, err);
		snprintf(m->last_code, sizeof m->last_code, "%s", s.code);
		snprintf(m->last_text, sizeof m->last_text, "%.*s", (int)s.text_len, s.text);
		return refusal(s.status, m->last_code, m->last_text, "a name", err);
	}
}

int command_string(struct imap *m, const uint8_t *s, size_t n, struct err *err)
{
	enum string_form form = string_form(m, s, n);
	int r;

	if (form == FORM_NONE)
		return err_set(err, ERR_REFUSED, ERR_COLLECTION,
		        "its name holds a NUL or a line end, or is too long, and cannot be sent");
	buf_putc(&m->cmd, ' ');
	if (form != FORM_LITERAL_SYNC)
		return add_string(form, s, n, &m->cmd);
	/* Its answer must be the next one. */
	if (m->n_pending)
		return err_set(err, ERR_REFUSED, ERR_COLLECTION,
		        "a synchronising literal while other commands are in flight");
	buf_putf(&m->cmd, "{%zu}\r\n", n);
	if ((r = write_bytes(m, m->cmd.data, m->cmd.len, err)) != 0 ||
	        (r = await_plus(m, err)) != 0)
		return r;
	buf_reset(&m->cmd);
	return buf_add(&m->cmd, s, n);
}

int command_named(
        struct imap *m, const char *verb, const uint8_t *name, size_t name_len, struct err *err)
{
	command_start(m, verb);
	return command_string(m, name, name_len, err);
}

static struct pending *oldest_open(const struct imap *m)
{
	for (size_t i = 0; i < m->n_pending; i++)
		if (!m->pending[i].done)
			return &m->pending[i];
	return NULL;
}

int command_end(struct imap *m, struct pending **out, struct err *err)
{
	bool behind = oldest_open(m) != NULL;
	struct pending *p;
	int r;

	if (m->dead)
		return session_net_error(m, err);
	buf_puts(&m->cmd, "\r\n");
	if (!(behind && m->one_by_one) && (r = write_bytes(m, m->cmd.data, m->cmd.len, err)) != 0)
		return r;
	p = ARR_PUSH(m->pending, m->n_pending, m->pending_size);
	p->tag = m->tag;
	p->slow = m->slow;
	p->behind = behind;
	if (behind && m->one_by_one) {
		p->later = xmemdup(m->cmd.data, m->cmd.len);
		p->later_len = m->cmd.len;
	}
	if (out)
		*out = p;
	return 0;
}

/* The command whose answer comes next, if it was held back until now. */
static int send_later(struct imap *m, struct err *err)
{
	struct pending *p = oldest_open(m);
	int r;

	if (!p || !p->later)
		return 0;
	r = write_bytes(m, p->later, p->later_len, err);
	free(p->later);
	p->later = NULL;
	return r ? r : command_flush(m, err);
}

bool ignores_pipelining(const struct imap *m)
{
	const struct pending *p = oldest_open(m);

	return transport_timed_out(m->t) && p && p->behind && !m->one_by_one && !m->pipelined;
}

/* ---- reading ---- */

void count_wait(struct imap *m)
{
	m->waited = m->tag;
	if (m->progress)
		m->progress->round_trips++;
}

/* Commands sent together, or while others are waited for, cost one round trip. */
static void count_oldest(struct imap *m)
{
	const struct pending *p = oldest_open(m);

	if (p && p->tag > m->waited)
		count_wait(m);
}

/*
 * A server may be found to answer one command at a time only: that is not waited for as
 * long.
 */
static void await_oldest(struct imap *m)
{
	const struct pending *p = oldest_open(m);

	transport_patient(m->t, p && p->slow && (!p->behind || m->pipelined || m->one_by_one), 0);
	transport_tags(m->t, p ? p->tag : 0, m->tag);
}

/* Does the line end with a literal of *size octets? */
static bool line_literal(const char *p, size_t n, uint64_t *size)
{
	const char *brace = memrchr(p, '{', n);
	struct status_line s;

	/* Text may end in "{5}": there are no literals in it. */
	return brace && *p != '+' && !status_parse(p, n, &s) &&
	       literal_header(brace, p + n, size) == (size_t)(p + n - brace);
}

/* Read ${n} octets, and forget them. */
static int drain_octets(struct imap *m, uint64_t n, struct err *err)
{
	char skip[4096];

	while (n) {
		ssize_t got = mailstream_read(m->stream, skip, MIN(n, sizeof skip));

		if (got <= 0)
			return session_net_error(m, err);
		n -= (uint64_t)got;
	}
	return 0;
}

int read_line(struct imap *m, const char **p, size_t *n, struct err *err)
{
	bool literal = false, more;
	uint64_t size;
	int r;

	do {
		if (!mailimap_read_line(m->lib))
			return session_net_error(m, err);
		*p = m->lib->imap_stream_buffer->str;
		*n = m->lib->imap_stream_buffer->len;
		more = line_literal(*p, *n, &size);
		if (more && (r = drain_octets(m, size, err)) != 0)
			return r;
		literal |= more;
	} while (more);
	/* What held a literal is none of the lines that are read this way. */
	if (literal)
		*n = 0, *p = "";
	return 0;
}

void lines_forget(struct imap *m, bool keep)
{
	buf_reset(&m->lines);
	for (size_t i = 0; i < m->n_raw; i++)
		free(m->raw[i].p);
	m->n_raw = 0;
	m->keep_lines = keep;
}

void raw_add(struct imap *m, const char *p, size_t n)
{
	struct raw_line *raw = ARR_PUSH(m->raw, m->n_raw, m->raw_size);

	raw->p = xmemdup(p, n);
	raw->n = n;
}

static struct pending *find_pending(struct imap *m, unsigned tag)
{
	for (size_t i = 0; i < m->n_pending; i++)
		if (m->pending[i].tag == tag && !m->pending[i].done)
			return &m->pending[i];
	return NULL;
}

/* The last response in libetpan's buffer; a tagged line is the last line as well. */
static const char *last_response(const char *p, size_t n, size_t *len)
{
	size_t span;

	while ((span = line_span(p, n)) != 0 && span < n) {
		p += span;
		n -= span;
	}
	*len = n;
	return p;
}

static const char *last_line(const MMAPString *b, size_t *len)
{
	const char *lf = b->len > 1 ? memrchr(b->str, '\n', b->len - 1) : NULL,
	           *p = lf ? lf + 1 : b->str;

	*len = b->len - (size_t)(p - b->str);
	return p;
}

/* A tagged line that ends a command of ours; false when ${p} is none. */
static bool take_tagged(struct imap *m, const char *p, size_t n, unsigned *tag_out)
{
	struct status_line s;
	struct pending *done;

	if (!status_parse(p, n, &s) || !s.tag || !(done = find_pending(m, s.tag)))
		return false;
	done->done = true;
	transport_answered(m->t);
	m->pipelined |= done->behind;
	done->status = s.status;
	snprintf(done->code, sizeof done->code, "%s", s.code);
	snprintf(done->text, sizeof done->text, "%.*s", (int)MIN(s.text_len, 250), s.text);
	if (strcmp(s.code, "CAPABILITY") == 0 && s.status == STATUS_OK)
		caps_take(m, s.args);
	*tag_out = s.tag;
	return true;
}

static bool is_list(const struct untagged *u)
{
	return !u->numbered && (token_is(&u->word, "LIST") || token_is(&u->word, "LSUB") ||
	                               token_is(&u->word, "XLIST"));
}

/**
 * repair(m, tag, err): libetpan refused the last response in its buffer, and dropped what
 * came before it in the same answer. All of it is read again by us, but for FETCH, which
 * was handed on as it came. 1: the answer is whole; 0: go on reading; or an error.
 */
static int repair_line(struct imap *m, unsigned *tag_out, struct err *err)
{
	const MMAPString *b = m->lib->imap_stream_buffer;
	const char *p = b->str, *last;
	size_t n = b->len, len, span;
	struct untagged u;

	for (; (span = line_span(p, n)) != 0; p += span, n -= span) {
		if (!untagged_parse(p, span, &u))
			continue;
		if (is_list(&u) || token_is(&u.word, "SEARCH"))
			raw_add(m, p, span);
		/* libetpan took the literal out of the line: it cannot be read again. */
		if (is_list(&u) && memmem(p, span, "{0}\r\n", 5))
			return session_fail(
			        m, ERR_PROTO, err, "a list of mailboxes that cannot be understood");
	}
	last = last_line(b, &len);
	if (take_tagged(m, last, len, tag_out)) {
		fetch_confirm(m);
		return m->ops_err.code ? session_net_error(m, err) : 1;
	}
	last = last_response(b->str, b->len, &len);
	if (n || !untagged_parse(last, len, &u))
		return session_net_error(m, err);
	fetch_confirm(m);
	if (u.numbered && token_is(&u.word, "FETCH"))
		fetch_raw(m, last, len);
	return 0;
}

/* The stream ended: an answer that was whole before that is one. */
static int cut_off(struct imap *m, struct err *err)
{
	if (transport_error(m->t, NULL) == ERR_NET)
		fetch_confirm(m);
	return session_net_error(m, err);
}

/* One call of libetpan. As repair_line(). */
static int read_response(struct imap *m, unsigned *tag_out, struct err *err)
{
	struct mailimap_response *response = NULL;
	MMAPString *b;
	const char *last;
	size_t len;
	int r;

	if (m->lib->imap_response_info) {
		mailimap_response_info_free(m->lib->imap_response_info);
		m->lib->imap_response_info = NULL;
	}
	m->lib->imap_tag = (int)m->pending[0].tag;
	if (!mailimap_read_line(m->lib))
		return cut_off(m, err);
	r = mailimap_parse_response(m->lib, &response);
	if (r == MAILIMAP_NO_ERROR)
		mailimap_response_free(response);
	b = m->lib->imap_stream_buffer;
	if (m->keep_lines &&
	        (r == MAILIMAP_NO_ERROR || r == MAILIMAP_ERROR_PROTOCOL ||
	                r == MAILIMAP_ERROR_PARSE) &&
	        buf_add(&m->lines, b->str, b->len) != 0)
		return session_fail(m, ERR_LIMIT, err, "an answer of more than 64 MiB");
	if (m->ops_err.code)
		return session_net_error(m, err);
	if (r == MAILIMAP_ERROR_PARSE && transport_error(m->t, NULL) == ERR_OK)
		return repair_line(m, tag_out, err);
	/* PROTOCOL is a BAD, or the tag of another command in flight. */
	if (r != MAILIMAP_NO_ERROR && r != MAILIMAP_ERROR_PROTOCOL)
		return cut_off(m, err);
	last = last_line(b, &len);
	if (!take_tagged(m, last, len, tag_out))
		return session_net_error(m, err);
	fetch_confirm(m);
	return m->ops_err.code ? session_net_error(m, err) : 1;
}

int command_next(struct imap *m, unsigned *tag_out, struct err *err)
{
	int r;

	if (m->dead || !m->n_pending)
		return session_net_error(m, err);
	if ((r = send_later(m, err)) != 0)
		return r;
	count_oldest(m);
	await_oldest(m);
	for (unsigned i = 0; i < REPAIRS_MAX; i++)
		if ((r = read_response(m, tag_out, err)) != 0)
			return r > 0 ? 0 : r;
	return session_fail(m, ERR_PROTO, err, "too many lines that cannot be understood");
}

/* The answer of a finished command is given out once. */
static int take_answer(struct imap *m, size_t at, const char *what, struct err *err)
{
	struct pending p = m->pending[at];

	memmove(m->pending + at, m->pending + at + 1, (--m->n_pending - at) * sizeof *m->pending);
	memcpy(m->last_code, p.code, sizeof m->last_code);
	memcpy(m->last_text, p.text, sizeof m->last_text);
	return p.status == STATUS_OK ? 0 : refusal(p.status, p.code, p.text, what, err);
}

int command_wait(struct imap *m, unsigned tag, const char *what, struct err *err)
{
	unsigned ended;
	int r;

	for (;;) {
		size_t at = 0;

		while (at < m->n_pending && m->pending[at].tag != tag)
			at++;
		if (at == m->n_pending)
			return err_set(
			        err, ERR_USAGE, ERR_WHOLE, "%s: no such command in flight", what);
		if (m->pending[at].done)
			return take_answer(m, at, what, err);
		if ((r = command_next(m, &ended, err)) != 0)
			return r;
	}
}

int command_run(struct imap *m, const char *what, struct err *err)
{
	int r = command_end(m, NULL, err);

	if (r == 0)
		r = command_flush(m, err);
	return r ? r : command_wait(m, m->tag, what, err);
}

int command_wait_oldest(struct imap *m, const char *what, struct err *err)
{
	return command_wait(m, m->n_pending ? m->pending[0].tag : 0, what, err);
}

/* ---- kept lines ---- */

void each_untagged(struct imap *m, void (*fn)(void *ctx, struct untagged *u), void *ctx)
{
	const char *p = (const char *)m->lines.data;
	size_t n = m->lines.len, span;
	struct untagged u;

	for (; (span = line_span(p, n)) != 0; p += span, n -= span)
		if (untagged_parse(p, span, &u))
			fn(ctx, &u);
}

int command_ask(struct imap *m, const char *command, void (*fn)(void *ctx, struct untagged *u),
        void *ctx, struct err *err)
{
	char what[32];
	int r;

	snprintf(what, sizeof what, "%.*s", (int)strcspn(command, " "), command);
	lines_forget(m, fn != NULL);
	command_start(m, command);
	r = command_run(m, what, err);
	if (r == 0 && fn)
		each_untagged(m, fn, ctx);
	lines_forget(m, false);
	return r;
}

void each_status(struct imap *m, void (*fn)(void *ctx, const struct status_line *s), void *ctx)
{
	const char *p = (const char *)m->lines.data;
	size_t n = m->lines.len, span;
	struct status_line s;

	for (; (span = line_span(p, n)) != 0; p += span, n -= span)
		if (status_parse(p, span, &s))
			fn(ctx, &s);
}
