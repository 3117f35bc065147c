/*
 * A look at what an IMAP server sends, for its limits alone: lines, counted literals, and
 * whether a large literal is a body that is streamed. It never decides what anything
 * means.
 */
#include "transport_internal.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>

#define PLAIN_MAX ((uint64_t)64 << 20)
#define LITERAL_MAX ((uint64_t)1 << 20)
#define DIGITS_MAX 19
/*
 * libetpan reads what is nested (BODYSTRUCTURE, ENVELOPE) by recursion, asked for or not:
 * the stack has an end.
 */
#define DEPTH_MAX 2200 /* below a kilobyte a level, of 2 MiB at least */
/* What libetpan makes of a line, however short it is. */
#define LINE_COST 128
#define LIST_COST 384

enum { SCAN_NONE, SCAN_OPEN, SCAN_PLUS, SCAN_CLOSED, SCAN_CR };

void literal_scan_byte(struct literal_scan *s, char c)
{
	if (c == '{') {
		s->state = SCAN_OPEN;
		s->n = 0;
		s->digits = 0;
	} else if (s->state == SCAN_OPEN && isdigit((unsigned char)c)) {
		s->n = s->digits < DIGITS_MAX ? s->n * 10 + (uint64_t)(c - '0') : UINT64_MAX;
		s->digits++;
	} else if (s->state == SCAN_OPEN && c == '+' && s->digits) {
		s->state = SCAN_PLUS;
	} else if ((s->state == SCAN_OPEN || s->state == SCAN_PLUS) && c == '}' && s->digits) {
		s->state = SCAN_CLOSED;
	} else if (s->state != SCAN_CLOSED || c != ' ') {
		/* blanks are read over, as libetpan does */
		s->state = s->state == SCAN_CLOSED && c == '\r' ? SCAN_CR : SCAN_NONE;
	}
}

bool literal_scan_end(struct literal_scan *s)
{
	bool literal = s->state == SCAN_CLOSED || s->state == SCAN_CR;

	s->state = SCAN_NONE;
	return literal;
}

/* "* 12 FETCH (" */
static bool is_fetch(const struct inbound *in)
{
	size_t i = 2;

	if (in->head_len < sizeof "* 1 FETCH (" - 1 || strncmp(in->head, "* ", 2) != 0)
		return false;
	while (i < in->head_len && isdigit((unsigned char)in->head[i]))
		i++;
	return in->head_len - i >= 8 && strncasecmp(in->head + i, " FETCH (", 8) == 0;
}

static char recent_octet(const struct inbound *in, unsigned back)
{
	return in->recent[(in->at - back) % sizeof in->recent];
}

static bool recent_ends(const struct inbound *in, unsigned back, const char *word)
{
	unsigned n = (unsigned)strlen(word);

	for (unsigned i = 0; i < n; i++)
		if (toupper((unsigned char)recent_octet(in, back + n - 1 - i)) != word[i])
			return false;
	return true;
}

/* The brace stands after BODY[...], BODY[...]<0>, BINARY[...] or RFC822 and its parts. */
static bool after_body_item(const struct inbound *in)
{
	unsigned back = recent_octet(in, 1) == '~' ? 2 : 1;

	if (recent_octet(in, back) != ' ')
		return false;
	back++;
	return recent_octet(in, back) == ']' || recent_octet(in, back) == '>' ||
	       recent_ends(in, back, "RFC822") || recent_ends(in, back, "RFC822.TEXT") ||
	       recent_ends(in, back, "822.HEADER");
}

/* One octet of a line: its parentheses, quotes and literal. */
static void line_byte(struct inbound *in, char c)
{
	if (!in->quoted && c == '(')
		in->depth++;
	else if (!in->quoted && c == ')' && in->depth)
		in->depth--;
	if (in->escaped)
		in->escaped = false;
	else if (in->quoted && c == '\\')
		in->escaped = true;
	else if (c == '"')
		in->quoted = !in->quoted;
	if (c == '{')
		in->body = after_body_item(in);
	if (in->quoted)
		in->scan.state = SCAN_NONE;
	else
		literal_scan_byte(&in->scan, c);
	in->recent[in->at++ % sizeof in->recent] = c;
	if (in->head_len < sizeof in->head)
		in->head[in->head_len++] = c;
}

static bool head_is(const struct inbound *in, const char *words)
{
	size_t n = strlen(words);

	return in->head_len >= n && strncasecmp(in->head, words, n) == 0;
}

/*
 * A response is whole. One that tells nothing but that the server is still there gives it
 * no more time.
 */
static void response_end(struct inbound *in)
{
	bool list = head_is(in, "* LIST ") || head_is(in, "* LSUB ") || head_is(in, "* XLIST ");

	in->plain += list ? LIST_COST : LINE_COST;
	if (head_is(in, "* OK ") || head_is(in, "* NO ") || head_is(in, "* BAD "))
		in->idle += in->line;
	in->line = 0;
	in->head_len = 0;
	in->depth = 0;
}

/* A line ended, perhaps with a literal. */
static int line_end(struct inbound *in, struct err *err)
{
	bool literal = literal_scan_end(&in->scan), body = in->body && is_fetch(in);

	in->quoted = in->escaped = in->body = false;
	memset(in->recent, 0, sizeof in->recent);
	if (!literal) {
		response_end(in);
		return 0;
	}
	in->literal = in->scan.n;
	if (!body)
		in->plain += in->literal;
	if (in->literal > UINT32_MAX || (!body && in->literal > LITERAL_MAX))
		return err_set(err, ERR_LIMIT, ERR_WHOLE,
		        "the server announces a literal of %llu octets where valise takes no more "
		        "than %llu",
		        (unsigned long long)in->literal,
		        (unsigned long long)(body ? UINT32_MAX : LITERAL_MAX));
	return 0;
}

int inbound_take(struct inbound *in, const char *p, size_t n, struct err *err)
{
	while (n) {
		if (in->literal) {
			size_t pass = n < in->literal ? n : (size_t)in->literal;

			in->literal -= pass;
			p += pass;
			n -= pass;
			continue;
		}
		in->plain++;
		in->line++;
		/*
		 * libetpan takes a bare CR for the end of the line, and makes room for
		 * the literal at once.
		 */
		if (in->scan.state == SCAN_CR && *p != '\n' && in->scan.n > LITERAL_MAX)
			return err_set(err, ERR_LIMIT, ERR_WHOLE,
			        "the server announces a literal of %llu octets, and no line end",
			        (unsigned long long)in->scan.n);
		if (*p != '\n')
			line_byte(in, *p);
		else if (line_end(in, err) != 0)
			return ERR_LIMIT;
		if (in->depth > DEPTH_MAX)
			return err_set(err, ERR_LIMIT, ERR_WHOLE,
			        "the server nests more than %d parentheses in one answer",
			        DEPTH_MAX);
		if (in->plain > PLAIN_MAX)
			return err_set(err, ERR_LIMIT, ERR_WHOLE,
			        "the server sent more than %d MiB, or far too many lines, in "
			        "answer to one command",
			        (int)(PLAIN_MAX >> 20));
		p++;
		n--;
	}
	return 0;
}
