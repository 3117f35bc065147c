/*
 * POP3: RETR and TOP (RFC 1939 5 and 7): many messages in flight, and servers that do not
 * stuff dots.
 */
#include <string.h>
#include <strings.h>
#include "internal.h"

#define MOST_SLACK (64ull << 20) /* LIST may be wrong by so much */
#define MOST_UNKNOWN (1ull << 30) /* LIST names no size */
#define MOST_EVER (4ull << 30)
/* more than any message has; fetchmail's number, so servers have met it */
#define ALL_LINES "99999999"

uint64_t pop3_most(uint64_t size)
{
	if (size == 0)
		return MOST_UNKNOWN;
	return size > (MOST_EVER - MOST_SLACK) / 2 ? MOST_EVER : 2 * size + MOST_SLACK;
}

struct receiver {
	const struct pop3_sink *sink;
	void *ctx;
};

static int too_long(struct pop3 *p, const struct pop3_want *w, struct err *err)
{
	transport_kill(p->t, "a message is longer than it may be");
	return err_set(err, ERR_LIMIT, ERR_ITEM,
	        "the server lists it with %ju octets and sends more than %ju: not kept",
	        (uintmax_t)w->size, (uintmax_t)pop3_most(w->size));
}

/* One message, after its +OK. */
static int read_stuffed(struct pop3 *p, const struct pop3_want *w, const struct receiver *to,
        struct pop3_shape *shape, struct err *err)
{
	struct dot d = {.state = DOT_LINE_START, .keep_single = w->dots == POP3_DOUBLED};
	const uint64_t most = pop3_most(w->size);

	while (d.state != DOT_END) {
		long taken;

		if (p->pos == p->len) {
			int rc = pop3_fill(p, err);

			if (rc < 0)
				return rc;
		}
		taken = dot_feed(&d, p->in + p->pos, p->len - p->pos, to->sink->body, to->ctx, err);
		if (taken < 0)
			return (int)taken;
		p->pos += (size_t)taken;
		if (d.octets > most)
			return too_long(p, w, err);
	}
	*shape = (struct pop3_shape){
	        .octets = d.octets, .lines = d.lines, .doubled = d.doubled, .single = d.single};
	return 0;
}

/*
 * As many octets as LIST says, whatever they are; then the dot must come, after a line
 * end that was lent where there was none.
 */
static int read_by_size(struct pop3 *p, const struct pop3_want *w, const struct receiver *to,
        struct pop3_shape *shape, struct err *err)
{
	uint64_t left = w->size;
	int rc = 0;

	while (left && rc == 0) {
		size_t n;

		if (p->pos == p->len)
			rc = pop3_fill(p, err);
		if (rc < 0)
			return rc;
		n = p->len - p->pos < left ? p->len - p->pos : (size_t)left;
		rc = to->sink->body(to->ctx, p->in + p->pos, n, err);
		p->pos += n;
		left -= n;
	}
	shape->octets = w->size;
	if (rc == 0)
		rc = pop3_line(p, err);
	if (rc == 0 && p->line[0] == '\0')
		rc = pop3_line(p, err);
	shape->astray = rc == 0 && strcmp(p->line, ".") != 0;
	return rc;
}

/**
 * The answer to the STAT behind a message: as many messages as before, or the message did
 * not end where it seemed to. The octets may be others (GNU mailutils 3.15 counts again
 * what it has sent).
 */
static int check_step(struct pop3 *p, struct pop3_shape *shape, struct err *err)
{
	const char *s = p->line + 3;
	uint64_t count, octets;
	int rc = shape->astray ? 0 : pop3_line(p, err);

	if (rc < 0 || shape->astray)
		return rc;
	shape->astray = true;
	if (strncasecmp(p->line, "+OK", 3) != 0)
		return 0;
	s += strspn(s, " ");
	if (pop3_number(&s, UINT32_MAX, &count) && pop3_number(&s, UINT64_MAX / 16, &octets))
		shape->astray = count != p->count;
	return 0;
}

static int ask_for(struct pop3 *p, const struct pop3_want *w, struct err *err)
{
	int rc = w->top ? pop3_send(p, err, "TOP %u " ALL_LINES, w->number)
	                : pop3_send(p, err, "RETR %u", w->number);

	return rc || !w->check ? rc : pop3_send(p, err, "STAT");
}

/* What was asked for with ${w}: ${refused} if the server says no. */
static int read_answer(struct pop3 *p, const struct pop3_want *w, const struct receiver *to,
        struct pop3_shape *shape, struct err *refused, struct err *err)
{
	int rc = pop3_ok(p, w->top ? "TOP" : "RETR", refused);

	if (rc == 0)
		rc = w->dots == POP3_BY_SIZE ? read_by_size(p, w, to, shape, err)
		                             : read_stuffed(p, w, to, shape, err);
	else if (refused->code == ERR_REFUSED || refused->code == ERR_BUSY)
		rc = 0;
	else
		*err = *refused;
	return rc || !w->check ? rc : check_step(p, shape, err);
}

static bool may_ask(const struct receiver *to, size_t index, struct pop3_want *want)
{
	return !to->sink->ask || to->sink->ask(to->ctx, index, want);
}

int pop3_retr(struct pop3 *p, struct pop3_want *wants, size_t n, const struct pop3_sink *sink,
        void *ctx, struct err *err)
{
	const struct receiver to = {sink, ctx};
	size_t most = sink->ask ? POP3_DEPTH_MAX : POP3_DEPTH, sent = 0;
	size_t depth = p->after.pipelining ? most : 1;
	struct err own = {0};
	int rc = 0;

	if (!err)
		err = &own;
	/* Whatever goes wrong, answers of what was asked for already may be under way. */
	for (size_t i = 0; i < n && rc == 0; i++) {
		struct pop3_shape shape = {0};
		struct err refused = {0};

		for (; sent < n && sent < i + depth && rc == 0; sent++) {
			if (!may_ask(&to, sent, &wants[sent]))
				break;
			rc = ask_for(p, &wants[sent], err);
		}
		if (rc == 0 && sent == i)
			return 0;
		if (rc == 0)
			rc = read_answer(p, &wants[i], &to, &shape, &refused, err);
		if (rc == 0)
			rc = sink->end(ctx, i, &shape, refused.code ? &refused : NULL, err);
		if (rc == 0 && shape.astray)
			rc = err_set(err, ERR_PROTO, ERR_WHOLE,
			        "what followed message %u is no answer: \"%.100s\"",
			        wants[i].number, p->line);
	}
	if (rc < 0)
		transport_kill(p->t, "it ended in the middle of a batch");
	return rc;
}
