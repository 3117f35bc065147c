/* POP3 answers, octet by octet (RFC 1939 3): lines, multi-line answers, and messages. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "valise/base/mem.h"
#include "internal.h"

int pop3_send(struct pop3 *p, struct err *err, const char *fmt, ...)
{
	char line[POP3_LINE_MAX];
	va_list ap;
	int n, rc;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof line - 2, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof line - 2)
		return err_set(err, ERR_LIMIT, ERR_WHOLE, "a POP3 command would be too long");
	line[n] = '\r';
	line[n + 1] = '\n';
	/*
	 * The lock, the index and the sizes of a large maildrop take some servers
	 * minutes.
	 */
	transport_patient(p->t,
	        strncmp(line, "PASS ", 5) == 0 || strncmp(line, "STAT", 4) == 0 ||
	                strncmp(line, "LIST", 4) == 0 || strncmp(line, "UIDL", 4) == 0,
	        0);
	rc = transport_write(p->t, line, (size_t)n + 2, err);
	wipe(line, sizeof line);
	return rc;
}

int pop3_fill(struct pop3 *p, struct err *err)
{
	size_t got;
	int rc = transport_read(p->t, p->in, sizeof p->in, &got, err);

	if (rc < 0)
		return rc;
	p->pos = 0;
	p->len = got;
	return 0;
}

/* Append to the line what fits; ${n}: its length so far, also of what did not fit. */
static void keep_line(struct pop3 *p, size_t n, const uint8_t *from, size_t take)
{
	size_t room = n < sizeof p->line - 1 ? sizeof p->line - 1 - n : 0;

	if (take > room)
		p->odd = true;
	memcpy(p->line + (room ? n : 0), from, MIN(take, room));
}

/* Without CR and NUL: a server's text never ends early because of what it holds. */
static void settle_line(struct pop3 *p, size_t n)
{
	if (n > sizeof p->line - 1)
		n = sizeof p->line - 1;
	if (n && p->line[n - 1] == '\r')
		n--;
	for (size_t i = 0; i < n; i++)
		if (p->line[i] == '\0') {
			p->line[i] = '\x01';
			p->odd = true;
		}
	p->line[n] = '\0';
}

int pop3_line(struct pop3 *p, struct err *err)
{
	size_t n = 0;

	p->odd = false;
	for (;;) {
		const uint8_t *lf;
		size_t take;

		if (p->pos == p->len) {
			int rc = pop3_fill(p, err);

			if (rc < 0)
				return rc;
		}
		lf = memchr(p->in + p->pos, '\n', p->len - p->pos);
		take = lf ? (size_t)(lf - (p->in + p->pos)) : p->len - p->pos;
		if (n + take > POP3_LINE_LIMIT) {
			transport_kill(p->t, "a line of the server is too long");
			return err_set(err, ERR_PROTO, ERR_WHOLE,
			        "the POP3 server sent a line of more than %u octets",
			        POP3_LINE_LIMIT);
		}
		keep_line(p, n, p->in + p->pos, take);
		n += take;
		p->pos += take + (lf != NULL);
		if (lf)
			break;
	}
	settle_line(p, n);
	return 0;
}

int pop3_ok(struct pop3 *p, const char *what, struct err *err)
{
	const char *text;
	int rc;

	if (p->progress && p->pos == p->len)
		atomic_fetch_add(&p->progress->round_trips, 1);
	rc = pop3_line(p, err);
	if (rc < 0)
		return rc;
	if (!strncasecmp(p->line, "+OK", 3) && (!p->line[3] || p->line[3] == ' '))
		return 0;
	if (strncasecmp(p->line, "-ERR", 4)) {
		transport_kill(p->t, "out of step");
		return err_set(err, ERR_PROTO, ERR_WHOLE,
		        "the POP3 server answered %s with \"%.200s\"", what, p->line);
	}
	text = p->line + 4 + strspn(p->line + 4, " ");
	return err_set(err, pop3_refusal(text, ERR_REFUSED), ERR_ITEM,
	        "the POP3 server refused %s: \"%.200s\"", what, text);
}

int pop3_ask(struct pop3 *p, const char *command, struct err *err)
{
	int rc = pop3_send(p, err, "%s", command);

	return rc ? rc : pop3_ok(p, command, err);
}

int pop3_item(struct pop3 *p, struct err *err)
{
	int rc = pop3_line(p, err);

	if (rc < 0)
		return rc;
	if (!strcmp(p->line, "."))
		return 0;
	if (p->line[0] == '.')
		memmove(p->line, p->line + 1, strlen(p->line));
	return 1;
}

/* In DOT_TEXT: everything up to and with the next CR at once. */
static size_t text_run(const uint8_t *p, size_t n)
{
	const uint8_t *cr = memchr(p, '\r', n);

	return cr ? (size_t)(cr - p) + 1 : n;
}

struct dot_step {
	bool skip; /* the octet is not part of the message */
	const char *late; /* what was held back goes before it */
};

/* After a dot at the start of a line, which is held back. */
static enum dot_state after_dot(struct dot *d, uint8_t c, struct dot_step *step)
{
	if (c == '\r') {
		step->skip = true;
		return DOT_DOT_CR;
	}
	if (c == '.') {
		d->doubled++;
		return DOT_TEXT;
	}
	d->single++;
	step->late = d->keep_single ? "." : "";
	return DOT_TEXT;
}

static enum dot_state after_dot_cr(struct dot *d, uint8_t c, struct dot_step *step)
{
	if (c == '\n') {
		step->skip = true;
		return DOT_END;
	}
	d->single++;
	step->late = d->keep_single ? ".\r" : "\r";
	return c == '\r' ? DOT_CR : DOT_TEXT;
}

/* The state after octet ${c}. */
static enum dot_state dot_next(struct dot *d, uint8_t c, struct dot_step *step)
{
	*step = (struct dot_step){false, ""};
	switch (d->state) {
	case DOT_LINE_START:
		if (c == '.') {
			step->skip = true;
			return DOT_DOT;
		}
		return c == '\r' ? DOT_CR : DOT_TEXT;
	case DOT_DOT:
		return after_dot(d, c, step);
	case DOT_DOT_CR:
		return after_dot_cr(d, c, step);
	case DOT_CR:
		if (c == '\n') {
			d->lines++;
			return DOT_LINE_START;
		}
		return c == '\r' ? DOT_CR : DOT_TEXT;
	case DOT_TEXT:
		return c == '\r' ? DOT_CR : DOT_TEXT;
	default:
		return DOT_END;
	}
}

struct dot_out {
	int (*give)(void *ctx, const void *p, size_t n, struct err *err);
	void *ctx;
	struct err *err;
};

static bool give_octets(struct dot *d, const struct dot_out *to, const void *p, size_t n)
{
	if (n && to->give(to->ctx, p, n, to->err) < 0)
		return false;
	d->octets += n;
	return true;
}

long dot_feed(struct dot *d, const uint8_t *p, size_t n,
        int (*give_to)(void *ctx, const void *p, size_t n, struct err *err), void *ctx,
        struct err *err)
{
	const struct dot_out to = {give_to, ctx, err};
	size_t i = 0, from = 0;
	bool ok = true;

	while (i < n && d->state != DOT_END && ok) {
		struct dot_step step;

		if (d->state == DOT_TEXT) {
			i += text_run(p + i, n - i);
			d->state = p[i - 1] == '\r' ? DOT_CR : DOT_TEXT;
			continue;
		}
		d->state = dot_next(d, p[i], &step);
		if (step.skip || *step.late) {
			/* give out what was collected, without this octet */
			ok = give_octets(d, &to, p + from, i - from) &&
			     give_octets(d, &to, step.late, strlen(step.late));
			from = i + (step.skip ? 1 : 0);
		}
		i++;
	}
	if (ok && i > from)
		ok = give_octets(d, &to, p + from, i - from);
	if (!ok)
		return err ? (long)err->code : ERR_IO;
	return (long)i;
}
