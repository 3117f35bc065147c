/*
 * Server lines, read tolerantly (RFC 3501 9):
 *
 * 	response = "*" SP [number SP] word rest CRLF / tag SP status CRLF
 * 	status   = ("OK" / "NO" / "BAD" / "PREAUTH" / "BYE") [SP ["[" code [SP args]
 *           "]" SP] text]
 * 	value    = atom / quoted / literal / "(" *value ")"
 */
#include "line.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "valise/base/mem.h"

#define DEPTH_MAX 64

size_t literal_header(const char *p, const char *end, uint64_t *size)
{
	const char *s = p;
	size_t digits = 0;

	if (s < end && *s == '~')
		s++;
	if (s == end || *s++ != '{')
		return 0;
	for (*size = 0; s < end && isdigit((unsigned char)*s); s++, digits++)
		*size = digits < 18 ? *size * 10 + (uint64_t)(*s - '0') : UINT64_MAX;
	if (s < end && (*s == '+' || *s == '-'))
		s++;
	if (!digits || s == end || *s++ != '}')
		return 0;
	while (s < end && *s == ' ')
		s++;
	if (s < end && *s == '\r')
		s++;
	return s < end && *s == '\n' ? (size_t)(s + 1 - p) : 0;
}

/* "..." at l->p; TOKEN_BAD if it does not end. */
static struct token read_quoted(struct line *l)
{
	struct token t = {.kind = TOKEN_BAD};
	const char *s = l->p + 1;

	for (t.p = s; s < l->end && *s != '"' && *s != '\n'; s++)
		if (*s == '\\' && s + 1 < l->end) {
			t.escaped = true;
			s++;
		}
	if (s >= l->end || *s != '"')
		return t;
	t.kind = TOKEN_STRING;
	t.n = (size_t)(s - t.p);
	l->p = s + 1;
	return t;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* All up to a blank, parenthesis or quote outside of brackets. */
static struct token read_atom(struct line *l)
{
	struct token t = {.kind = TOKEN_ATOM, .p = l->p};
	const char *s = l->p;

	while (s < l->end && !is_blank(*s) && *s != '(' && *s != ')' && *s != '"') {
		const char *close = *s == '[' ? memchr(s, ']', (size_t)(l->end - s)) : NULL;

		s = close ? close + 1 : s + 1;
	}
	t.n = (size_t)(s - t.p);
	l->p = s;
	return t;
}

struct token line_next(struct line *l)
{
	struct token t = {.kind = TOKEN_END};
	uint64_t size;
	size_t head;

	while (l->p < l->end && is_blank(*l->p))
		l->p++;
	if (l->p == l->end)
		return t;
	if (*l->p == '(' || *l->p == ')') {
		t.kind = *l->p++ == '(' ? TOKEN_OPEN : TOKEN_CLOSE;
		return t;
	}
	if (*l->p == '"')
		return read_quoted(l);
	head = literal_header(l->p, l->end, &size);
	if (!head)
		return read_atom(l);
	if (size > (uint64_t)(l->end - l->p) - head) {
		t.kind = TOKEN_BAD;
		return t;
	}
	t.kind = TOKEN_STRING;
	t.p = l->p + head;
	t.n = (size_t)size;
	l->p = t.p + t.n;
	return t;
}

struct token line_peek(const struct line *l)
{
	struct line copy = *l;

	return line_next(&copy);
}

bool line_skip(struct line *l)
{
	unsigned depth = 0;

	do {
		struct token t = line_next(l);

		if (t.kind == TOKEN_END || t.kind == TOKEN_BAD)
			return false;
		if (t.kind == TOKEN_OPEN && ++depth > DEPTH_MAX)
			return false;
		if (t.kind == TOKEN_CLOSE && depth-- == 0)
			return false;
	} while (depth);
	return true;
}

char *token_dup(const struct token *t, size_t *n_out)
{
	char *copy = xmalloc(t->n + 1);
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++) {
		if (t->escaped && t->p[i] == '\\' && i + 1 < t->n)
			i++;
		copy[n++] = t->p[i];
	}
	copy[n] = '\0';
	if (n_out)
		*n_out = n;
	return copy;
}

bool token_is(const struct token *t, const char *word)
{
	return t->kind == TOKEN_ATOM && t->n == strlen(word) && strncasecmp(t->p, word, t->n) == 0;
}

bool token_u64(const struct token *t, uint64_t *out)
{
	uint64_t v = 0;

	if ((t->kind != TOKEN_ATOM && t->kind != TOKEN_STRING) || !t->n)
		return false;
	for (size_t i = 0; i < t->n; i++) {
		unsigned digit = (unsigned)(unsigned char)t->p[i] - '0';

		if (digit > 9)
			return false;
		v = v > (UINT64_MAX - digit) / 10 ? UINT64_MAX : v * 10 + digit;
	}
	*out = v;
	return true;
}

bool token_u32(const struct token *t, uint32_t *out)
{
	uint64_t v;

	if (!token_u64(t, &v) || v > UINT32_MAX)
		return false;
	*out = (uint32_t)v;
	return true;
}

size_t line_span(const char *p, size_t n)
{
	size_t at = 0;

	for (;;) {
		const char *lf = memchr(p + at, '\n', n - at), *brace;
		struct status_line s;
		uint64_t size;
		size_t end;

		if (!lf)
			return 0;
		end = (size_t)(lf - p) + 1;
		/* Text may end in "{5}": there are no literals in it. */
		if (at == 0 && status_parse(p, end, &s))
			return end;
		brace = memrchr(p + at, '{', end - at);
		if (!brace || literal_header(brace, p + end, &size) != (size_t)(p + end - brace))
			return end;
		if (size > n - end)
			return 0;
		at = end + (size_t)size;
	}
}

/* OK, NO, BAD, PREAUTH or BYE. */
static enum line_status status_word(const struct token *t)
{
	static const struct {
		const char *word;
		enum line_status status;
	} words[] = {{"OK", STATUS_OK}, {"NO", STATUS_NO}, {"BAD", STATUS_BAD},
	        {"PREAUTH", STATUS_PREAUTH}, {"BYE", STATUS_BYE}};

	for (size_t i = 0; i < COUNT(words); i++)
		if (token_is(t, words[i].word))
			return words[i].status;
	return STATUS_NONE;
}

/* The end of "[...]" at ${p}, quoted strings skipped; NULL if there is none. */
static const char *code_end(const char *p, const char *end)
{
	bool in_quotes = false;

	for (; p < end; p++) {
		if (in_quotes && *p == '\\')
			p++;
		else if (*p == '"')
			in_quotes = !in_quotes;
		else if (*p == ']' && !in_quotes)
			return p;
	}
	return NULL;
}

/* [CODE args], the code in capitals; l->p goes behind it. */
static void parse_code(struct line *l, struct status_line *out)
{
	const char *close;
	size_t n;

	while (l->p < l->end && *l->p == ' ')
		l->p++;
	if (l->p == l->end || *l->p != '[')
		return;
	close = code_end(l->p, l->end);
	if (!close)
		close = memchr(l->p, ']', (size_t)(l->end - l->p));
	if (!close)
		return;
	out->args.p = l->p + 1;
	out->args.end = close;
	l->p = close + 1;
	while (out->args.p < out->args.end && *out->args.p == ' ')
		out->args.p++;
	for (n = 0; out->args.p < out->args.end && *out->args.p != ' '; out->args.p++)
		if (n < sizeof out->code - 1)
			out->code[n++] = (char)toupper((unsigned char)*out->args.p);
	out->code[n] = '\0';
}

bool status_parse(const char *p, size_t n, struct status_line *out)
{
	struct line l = {p, p + n};
	struct token tag, word;

	memset(out, 0, sizeof *out);
	/* "* 12 FETCH (...)", as most lines are */
	if (n > 2 && *p == '*' && isdigit((unsigned char)p[2]))
		return false;
	while (l.end > l.p && is_blank(l.end[-1]))
		l.end--;
	tag = line_next(&l);
	word = line_next(&l);
	out->args.p = out->args.end = out->text = l.end;
	if (!token_is(&tag, "*") && !token_u32(&tag, &out->tag))
		return false;
	out->status = status_word(&word);
	if (out->status == STATUS_NONE)
		return false;
	parse_code(&l, out);
	while (l.p < l.end && *l.p == ' ')
		l.p++;
	out->text = l.p;
	out->text_len = (size_t)(l.end - l.p);
	return true;
}

bool untagged_parse(const char *p, size_t n, struct untagged *out)
{
	struct token star;

	memset(out, 0, sizeof *out);
	out->rest.p = p;
	out->rest.end = p + n;
	star = line_next(&out->rest);
	if (!token_is(&star, "*"))
		return false;
	out->word = line_next(&out->rest);
	if (token_u64(&out->word, &out->number)) {
		out->numbered = true;
		out->word = line_next(&out->rest);
	}
	return out->word.kind == TOKEN_ATOM;
}

void flags_parse(struct line *l, char ***list, size_t *n_out)
{
	struct token t = line_next(l);
	size_t cap = 0;

	*list = NULL;
	*n_out = 0;
	if (t.kind != TOKEN_OPEN)
		return;
	for (t = line_next(l); t.kind == TOKEN_ATOM || t.kind == TOKEN_STRING; t = line_next(l)) {
		char *flag = token_dup(&t, NULL);

		*ARR_PUSH(*list, *n_out, cap) = flag;
	}
}
