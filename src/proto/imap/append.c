/*
 * APPEND (RFC 3501 6.3.11), several in one command (RFC 3502), without waiting for the
 * server's leave where it takes literals at once (RFC 7888), UIDs from APPENDUID (RFC
 * 4315). The octets go out as they are.
 *
 * 	append = "APPEND" SP mailbox 1*(SP ["(" flags ")" SP] [date-time SP] literal)
 */
#include "internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/base/text.h"

#define BATCH_MESSAGES 100
#define BATCH_OCTETS ((uint64_t)16 << 20)
#define DEPTH 64 /* commands in flight: their answers fit any socket buffer */
/* of batches: all that is in flight when a connection ends has to be looked for */
#define BATCH_DEPTH 4

enum state {
	STATE_NEW,
	STATE_PART, /* its literal was begun */
	STATE_SENT, /* all its octets went out */
	STATE_AGAIN, /* its batch was refused: on its own now */
	STATE_DONE,
};

struct flight {
	unsigned tag;
	size_t first, count;
};

struct appender {
	struct imap *m;
	const uint8_t *name;
	size_t name_len;
	struct imap_append *list;
	size_t n;
	uint8_t *state; /* enum state of each */
	struct flight flights[DEPTH];
	size_t n_flights;
	unsigned unfinished; /* the tag of the command that is being written */
	uint64_t given; /* octets of the literal being written */
	uint64_t size;
	char bye[200]; /* why the server ends the connection */
};

/* ---- answers ---- */

/*
 * The UIDs of "5:7,9", in order, to the messages from ${first}; only if there are just as
 * many.
 */
static void spread_uids(
        struct appender *a, const struct flight *f, uint32_t uidvalidity, const struct token *set)
{
	const char *p = set->p, *end = p + set->n;
	uint32_t *uids = xcalloc(f->count, sizeof *uids);
	size_t n = 0;

	while (p < end) {
		uint64_t from = 0, to;

		while (p < end && *p >= '0' && *p <= '9' && from <= UINT32_MAX)
			from = from * 10 + (uint64_t)(*p++ - '0');
		to = from;
		if (p < end && *p == ':')
			for (to = 0, p++; p < end && *p >= '0' && *p <= '9' && to <= UINT32_MAX;
			        p++)
				to = to * 10 + (uint64_t)(*p - '0');
		if (from > to) { /* "7:5" is the same set */
			uint64_t swap = from;

			from = to;
			to = swap;
		}
		if (!from || to > UINT32_MAX || to - from >= f->count - n ||
		        (p < end && *p++ != ','))
			goto out;
		while (from <= to)
			uids[n++] = (uint32_t)from++;
		if (n == f->count && p < end)
			goto out;
	}
	for (size_t i = 0; i < f->count && n == f->count; i++) {
		a->list[f->first + i].uid = uids[i];
		a->list[f->first + i].uidvalidity = uidvalidity;
	}
out:
	free(uids);
}

/*
 * A command was answered with OK: its messages are stored, with their UIDs if they are
 * said.
 */
static void note_taken(struct appender *a, const struct flight *f, const struct status_line *s)
{
	struct line args = s->args;
	struct token validity = line_next(&args), set = line_next(&args);
	uint32_t uidvalidity;

	for (size_t i = f->first; i < f->first + f->count; i++) {
		a->list[i].result = APPEND_OK;
		a->state[i] = STATE_DONE;
	}
	if (strcmp(s->code, "APPENDUID") == 0 && token_u32(&validity, &uidvalidity) &&
	        set.kind == TOKEN_ATOM)
		spread_uids(a, f, uidvalidity, &set);
}

static void refuse_one(
        struct appender *a, size_t i, const char *code, const char *text, size_t text_len)
{
	struct imap_append *it = &a->list[i];

	it->result = APPEND_REFUSED;
	snprintf(it->code, sizeof it->code, "%s", code);
	snprintf(it->text, sizeof it->text, "%.*s", text_len > 190 ? 190 : (int)text_len, text);
	a->state[i] = STATE_DONE;
}

/* A refusal that every message of the batch would meet. */
static bool meant_for_all(const char *code, const char *text)
{
	static const char *const codes[] = {"TRYCREATE", "NONEXISTENT", "NOPERM", "READ-ONLY",
	        "UNAVAILABLE", "INUSE", "THROTTLED", "EXPIRED", "AUTHORIZATIONFAILED"};

	return text_among(code, codes, COUNT(codes)) || imap_classify(code, text) == IMAP_THROTTLE;
}

/* It was refused: its messages are, or are tried one by one. */
static void not_taken(struct appender *a, const struct flight *f, const struct status_line *s)
{
	/* A refused MULTIAPPEND stored nothing (RFC 3502 6.3.11). */
	bool again = f->count > 1 && !meant_for_all(s->code, a->m->last_text);

	for (size_t i = f->first; i < f->first + f->count; i++) {
		if (again)
			a->state[i] = STATE_AGAIN;
		else
			refuse_one(a, i, s->code, s->text, s->text_len);
	}
}

/* A tagged line; false if it is none of ours. */
static bool has_landed(struct appender *a, const struct status_line *s)
{
	for (size_t i = 0; i < a->n_flights; i++) {
		struct flight f = a->flights[i];

		if (f.tag != s->tag)
			continue;
		/* Nothing can be stored before it was sent. */
		if (s->status == STATUS_OK && f.tag == a->unfinished)
			return false;
		memmove(&a->flights[i], &a->flights[i + 1],
		        (--a->n_flights - i) * sizeof *a->flights);
		snprintf(a->m->last_code, sizeof a->m->last_code, "%s", s->code);
		snprintf(a->m->last_text, sizeof a->m->last_text, "%.*s",
		        s->text_len > 250 ? 250 : (int)s->text_len, s->text);
		if (s->status == STATUS_OK)
			note_taken(a, &f, s);
		else
			not_taken(a, &f, s);
		return true;
	}
	return false;
}

enum heard { HEARD_OTHER, HEARD_PLUS, HEARD_TAGGED };

/* One line from the server. */
static int hear_line(struct appender *a, enum heard *out, unsigned *tag, struct err *err)
{
	struct status_line s;
	const char *p;
	size_t n;
	int r;

	*out = HEARD_OTHER;
	if ((r = read_line(a->m, &p, &n, err)) != 0)
		return r;
	if (n && *p == '+') {
		*out = HEARD_PLUS;
	} else if (!status_parse(p, n, &s)) {
		return 0;
	} else if (s.status == STATUS_BYE) {
		snprintf(a->bye, sizeof a->bye, "%.*s", s.text_len > 190 ? 190 : (int)s.text_len,
		        s.text);
	} else if (s.tag) {
		if (!has_landed(a, &s))
			return session_fail(
			        a->m, ERR_PROTO, err, "an answer to a command that was not sent");
		*out = HEARD_TAGGED;
		*tag = s.tag;
	}
	return 0;
}

/*
 * Answers that are there already are read between two commands, so that neither side
 * waits for the other for ever.
 */
static int hear_waiting(struct appender *a, struct err *err)
{
	enum heard heard;
	unsigned tag;
	int r = 0;

	while (r == 0 && a->n_flights && transport_readable(a->m->t))
		r = hear_line(a, &heard, &tag, err);
	return r;
}

/* Until at most ${left} commands are unanswered. */
static int hear_until(struct appender *a, size_t left, struct err *err)
{
	enum heard heard;
	unsigned tag;
	int r = 0;

	if (a->n_flights > left && (r = command_flush(a->m, err)) == 0)
		count_wait(a->m);
	while (r == 0 && a->n_flights > left)
		r = hear_line(a, &heard, &tag, err);
	return r;
}

/* After a synchronising literal's header: *${go} if the server wants the octets. */
static int hear_plus(struct appender *a, unsigned own, bool *go, struct err *err)
{
	enum heard heard = HEARD_OTHER;
	unsigned tag = 0;
	int r;

	*go = false;
	if ((r = command_flush(a->m, err)) != 0)
		return r;
	count_wait(a->m);
	while (r == 0 && heard != HEARD_PLUS && tag != own)
		r = hear_line(a, &heard, &tag, err);
	if (r == 0 && heard == HEARD_PLUS)
		*go = true;
	else if (r == 0 && (r = transport_literal_refused(a->m->t, err)) != 0)
		r = session_net_error(a->m, err);
	return r;
}

/* ---- sending ---- */

static bool keyword_sendable(const char *s)
{
	if (*s == '\\')
		s++;
	if (!*s)
		return false;
	for (; *s; s++)
		if (*s <= ' ' || *s > '~' || strchr("(){%*\"\\]", *s))
			return false;
	return true;
}

static bool is_sendable(const struct imap_append *it)
{
	for (size_t i = 0; i < it->n_keywords; i++)
		if (!keyword_sendable(it->keywords[i]))
			return false;
	return it->size <= UINT32_MAX;
}

/* SP ["(" flags ")" SP] [date SP] */
static int add_options(struct appender *a, const struct imap_append *it)
{
	struct buf *out = &a->m->cmd;
	char date[DATE_TEXT_SIZE];
	const char *sep = " (";
	int r = 0;

	for (unsigned i = 0; i < SYSTEM_FLAGS && r == 0; i++)
		if (it->flags & 1u << i) {
			r = buf_addf(out, "%s%s", sep, system_flags[i]);
			sep = " ";
		}
	for (size_t i = 0; i < it->n_keywords && r == 0; i++, sep = " ")
		r = buf_addf(out, "%s%s", sep, it->keywords[i]);
	if (r == 0 && sep[1] == '\0')
		r = buf_addc(out, ')');
	if (r == 0 && it->date.known)
		r = buf_addf(out, " \"%s\"", date_format_imap(&it->date, date));
	return r;
}

static int give_octets(void *ctx, const void *p, size_t n, struct err *err)
{
	struct appender *a = ctx;

	if (n > a->size - a->given)
		return err_set(err, ERR_DAMAGED, ERR_ITEM, "a message is longer than was said");
	a->given += n;
	return write_bytes(a->m, p, n, err);
}

/*
 * What the giver cannot give leaves the command half said: no way on but a new
 * connection.
 */
static int give_literal(struct appender *a, size_t i, struct err *err)
{
	struct imap_append *it = &a->list[i];
	struct err why = {0};
	int r;

	a->given = 0;
	a->size = it->size;
	a->state[i] = STATE_PART;
	r = it->give(it->ctx, give_octets, a, &why);
	if (r == 0 && a->given != it->size)
		r = err_set(&why, ERR_DAMAGED, ERR_ITEM, "a message is shorter than was said");
	if (r == 0) {
		a->state[i] = STATE_SENT;
		return 0;
	}
	if (!a->m->dead)
		(void)session_fail(a->m, (enum err_code)r, NULL, "a message was not given in full");
	if (err)
		*err = why;
	return r;
}

/* One message of the command; *${go} false when the server refused before its octets. */
static int send_message(struct appender *a, size_t i, bool *go, struct err *err)
{
	struct imap *m = a->m;
	bool plus = literal_plus(m, a->list[i].size);
	unsigned own = m->tag;
	int r;

	if (add_options(a, &a->list[i]) != 0 ||
	        buf_addf(&m->cmd, " {%llu%s}\r\n", (unsigned long long)a->list[i].size,
	                plus ? "+" : "") != 0)
		return session_fail(m, ERR_LIMIT, err, "too many keywords on a message");
	r = write_bytes(m, m->cmd.data, m->cmd.len, err);
	buf_reset(&m->cmd);
	*go = true;
	if (r == 0 && !plus)
		r = hear_plus(a, own, go, err);
	return r == 0 && *go ? give_literal(a, i, err) : r;
}

/* Messages ${first} and on as one command. */
static int send_batch(struct appender *a, size_t first, size_t count, struct err *err)
{
	struct imap *m = a->m;
	bool go = true;
	int r;

	r = hear_until(a, (count > 1 ? BATCH_DEPTH : DEPTH) - 1, err);
	if (r != 0 || (r = hear_waiting(a, err)) != 0)
		return r;
	/*
	 * A name that needs the server's leave cannot go out among unanswered commands.
	 */
	if (string_form(m, a->name, a->name_len) == FORM_LITERAL_SYNC &&
	        (r = hear_until(a, 0, err)) != 0)
		return r;
	if ((r = command_named(m, "APPEND", a->name, a->name_len, err)) != 0) {
		if (m->dead)
			return r;
		for (size_t i = first; i < first + count; i++)
			refuse_one(a, i, m->last_code, err->text, strlen(err->text));
		return 0;
	}
	a->flights[a->n_flights++] = (struct flight){.tag = m->tag, .first = first, .count = count};
	a->unfinished = m->tag;
	for (size_t i = first; i < first + count && go && r == 0; i++)
		r = send_message(a, i, &go, err);
	if (r == 0 && go)
		r = write_bytes(m, "\r\n", 2, err);
	a->unfinished = 0;
	return r;
}

/*
 * How many from ${first} go into one command: a message of no octets would cancel it (RFC
 * 3502).
 */
static size_t batch_size(const struct appender *a, size_t first)
{
	uint64_t octets = a->list[first].size;
	size_t count = 1;

	if (!imap_has(a->m, "MULTIAPPEND") || !octets)
		return 1;
	while (first + count < a->n && count < BATCH_MESSAGES &&
	        a->state[first + count] == STATE_NEW) {
		uint64_t size = a->list[first + count].size;

		if (!size || size > BATCH_OCTETS || octets + size > BATCH_OCTETS)
			break;
		octets += size;
		count++;
	}
	return count;
}

/* All messages in batches, then those of refused batches alone. */
static int send_all(struct appender *a, struct err *err)
{
	int r = 0;

	for (size_t i = 0, count; i < a->n && r == 0; i += count) {
		count = 1;
		if (a->state[i] == STATE_NEW) {
			count = batch_size(a, i);
			r = send_batch(a, i, count, err);
		}
	}
	if (r == 0)
		r = hear_until(a, 0, err);
	for (size_t i = 0; i < a->n && r == 0; i++)
		if (a->state[i] == STATE_AGAIN)
			r = send_batch(a, i, 1, err);
	return r ? r : hear_until(a, 0, err);
}

int imap_append(struct imap *m, const uint8_t *name, size_t name_len, struct imap_append *list,
        size_t n, struct err *err)
{
	struct appender a = {.m = m, .name = name, .name_len = name_len, .list = list, .n = n};
	struct err own = {0};
	uint64_t octets = 0;
	int r;

	for (size_t i = 0; i < n; i++) {
		list[i].result = APPEND_NOT_SENT;
		list[i].uid = list[i].uidvalidity = 0;
		list[i].code[0] = list[i].text[0] = '\0';
	}
	if (m->dead || m->n_pending)
		return m->dead ? session_net_error(m, err)
		               : err_set(err, ERR_USAGE, ERR_WHOLE,
		                         "APPEND while other commands are in flight");
	lines_forget(m, false);
	a.state = xcalloc(n ? n : 1, 1);
	for (size_t i = 0; i < n; i++)
		if (!is_sendable(&list[i]))
			refuse_one(&a, i, "",
			        "not sent: a keyword that is no atom, or 4 GiB and more", 54);
	for (size_t i = 0; i < n; i++)
		octets += list[i].size;
	transport_patient(m->t, true, octets);
	r = send_all(&a, &own);
	transport_patient(m->t, false, 0);
	/*
	 * Whatever was begun and not answered when the connection ended may be there, if
	 * all of it was sent.
	 */
	for (size_t i = 0; i < n && r != 0; i++) {
		if (a.state[i] == STATE_SENT)
			list[i].result = APPEND_UNKNOWN;
		if (a.state[i] == STATE_SENT || a.state[i] == STATE_PART)
			snprintf(list[i].text, sizeof list[i].text, "%s", a.bye);
	}
	free(a.state);
	if (r != 0 && err)
		*err = own;
	return r;
}
