/*
 * LIST, STATUS and FETCH lines in the forms that servers send and libetpan refuses (RFC
 * 3501 7.2.2, 7.2.4, 7.4.2; RFC 5258; RFC 6154; XLIST of Gmail).
 */
#include "line.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/mem.h"

#define KEYWORD_MAX 1024
#define LABELS_MAX ((size_t)256 << 10)

/* ---- LIST ---- */

void mailbox_clear(struct imap_mailbox *box)
{
	free(box->name);
	free(box->special_use);
	free(box->gap);
	memset(box, 0, sizeof *box);
}

/* Insert ${use} at its place in the sorted list, once. */
static void add_use(struct imap_mailbox *box, const char *use)
{
	const char *old = box->special_use ? box->special_use : "", *at = old;
	size_t n;
	char *more;

	for (; *at; at += n + (at[n] == ' ')) {
		int order;

		n = strcspn(at, " ");
		order = strncmp(at, use, n);
		if (order == 0 && strlen(use) == n)
			return;
		if (order > 0 || (order == 0 && strlen(use) < n))
			break;
	}
	if (*at)
		more = xasprintf("%.*s%s %s", (int)(at - old), old, use, at);
	else
		more = xasprintf("%s%s%s", old, *old ? " " : "", use);
	free(box->special_use);
	box->special_use = more;
}

void mailbox_flag(struct imap_mailbox *box, const char *flag, size_t n)
{
	/* XLIST's names are those of RFC 6154 in another dress. */
	static const struct {
		const char *flag, *use;
	} uses[] = {{"\\All", NULL}, {"\\AllMail", "\\All"}, {"\\Archive", NULL},
	        {"\\Drafts", NULL}, {"\\Flagged", NULL}, {"\\Starred", "\\Flagged"},
	        {"\\Important", NULL}, {"\\Junk", NULL}, {"\\Spam", "\\Junk"}, {"\\Sent", NULL},
	        {"\\Trash", NULL}};
	const struct {
		const char *flag;
		bool *mark;
	} marks[] = {{"\\Noselect", &box->noselect}, {"\\NonExistent", &box->nonexistent},
	        {"\\Noinferiors", &box->noinferiors}, {"\\Subscribed", &box->subscribed}};

	for (size_t i = 0; i < COUNT(marks); i++)
		if (strlen(marks[i].flag) == n && strncasecmp(flag, marks[i].flag, n) == 0)
			*marks[i].mark = true;
	if (box->nonexistent) /* RFC 5258 3: it implies \Noselect */
		box->noselect = true;
	for (size_t i = 0; i < COUNT(uses); i++)
		if (strlen(uses[i].flag) == n && strncasecmp(flag, uses[i].flag, n) == 0)
			add_use(box, uses[i].use ? uses[i].use : uses[i].flag);
}

/* Flags up to the delimiter, in parentheses or bare. */
static bool list_flags(struct line *l, struct imap_mailbox *out)
{
	struct token t = line_peek(l);
	bool parens = t.kind == TOKEN_OPEN;

	if (parens)
		(void)line_next(l);
	for (t = line_peek(l); t.kind == TOKEN_ATOM; t = line_peek(l)) {
		if (!parens && (t.n < 2 || *t.p != '\\'))
			return true;
		mailbox_flag(out, t.p, t.n);
		(void)line_next(l);
	}
	if (parens)
		(void)line_next(l);
	return parens ? t.kind == TOKEN_CLOSE : t.kind == TOKEN_STRING;
}

/*
 * The delimiter: one character, quoted or not; NIL, or what is longer, counts as unknown.
 */
static bool list_delimiter(struct line *l, struct imap_mailbox *out)
{
	struct token t = line_next(l);
	size_t n;
	char *text;

	if (t.kind != TOKEN_ATOM && t.kind != TOKEN_STRING)
		return false;
	if (token_is(&t, "NIL"))
		return true;
	text = token_dup(&t, &n);
	if (n == 1 || (n > 1 && strspn(text, (char[]){text[0], '\0'}) == n))
		out->delimiter = text[0];
	free(text);
	return true;
}

/* The name of a mailbox: a string, or all up to the end of the line. */
static bool list_name(struct line *l, struct imap_mailbox *out)
{
	struct token t;

	while (l->p < l->end && *l->p == ' ')
		l->p++;
	while (l->end > l->p && (l->end[-1] == '\n' || l->end[-1] == '\r'))
		l->end--;
	if (l->p == l->end)
		return false;
	if (*l->p == '"' || *l->p == '{' || *l->p == '~') {
		struct line start = *l;

		t = line_next(l);
		if (t.kind != TOKEN_STRING && *start.p != '~')
			return false;
		if (t.kind == TOKEN_STRING) {
			struct token after = line_peek(l);

			out->name = (uint8_t *)token_dup(&t, &out->name_len);
			return after.kind == TOKEN_END || after.kind == TOKEN_OPEN;
		}
		*l = start;
	}
	/*
	 * A bare name runs to the end of the line, blanks included, but for extended
	 * data.
	 */
	t = (struct token){.kind = TOKEN_ATOM, .p = l->p, .n = (size_t)(l->end - l->p)};
	if (t.p[t.n - 1] == ')') {
		const char *data = memmem(t.p, t.n, " (", 2);

		t.n = data ? (size_t)(data - t.p) : t.n;
	}
	out->name = (uint8_t *)token_dup(&t, &out->name_len);
	return true;
}

bool list_parse(const char *p, size_t n, struct imap_mailbox *out)
{
	struct line l = {p, p + n};
	struct token t = line_next(&l);

	memset(out, 0, sizeof *out);
	if (token_is(&t, "*"))
		t = line_next(&l);
	if ((token_is(&t, "LIST") || token_is(&t, "LSUB") || token_is(&t, "XLIST")) &&
	        list_flags(&l, out) && list_delimiter(&l, out) && list_name(&l, out))
		return true;
	mailbox_clear(out);
	return false;
}

/* ---- STATUS ---- */

/* Behind the "(" up to the ")". */
static bool status_list(struct line *l, struct imap_status *out)
{
	struct token t;

	for (t = line_next(l); t.kind == TOKEN_ATOM; t = line_next(l)) {
		struct token v = line_peek(l);

		if (token_is(&t, "MESSAGES"))
			(void)token_u32(&v, &out->messages);
		else if (token_is(&t, "UIDNEXT"))
			(void)token_u32(&v, &out->uidnext);
		else if (token_is(&t, "UIDVALIDITY"))
			(void)token_u32(&v, &out->uidvalidity);
		else if (token_is(&t, "HIGHESTMODSEQ"))
			(void)token_u64(&v, &out->highestmodseq);
		else if (token_is(&t, "SIZE"))
			out->has_size = token_u64(&v, &out->size);
		if (!line_skip(l))
			return false;
	}
	return t.kind == TOKEN_CLOSE && line_peek(l).kind == TOKEN_END;
}

bool status_items_parse(struct line rest, struct imap_status *out)
{
	struct line all = rest;
	const char *last;
	struct token t = {0};

	memset(out, 0, sizeof *out);
	if (line_skip(&rest)) /* the name */
		t = line_next(&rest);
	/* An unquoted name with blanks: go on to the list. */
	while (t.kind == TOKEN_ATOM)
		t = line_next(&rest);
	if (t.kind == TOKEN_OPEN && status_list(&rest, out))
		return true;
	/* An unquoted name with '"' or '(': the list is the last one. */
	memset(out, 0, sizeof *out);
	last = memrchr(all.p, '(', (size_t)(all.end - all.p));
	all.p = last ? last + 1 : all.end;
	return last && last[-1] == ' ' && status_list(&all, out);
}

/* ---- FETCH ---- */

void fetch_init(struct fetch_build *b)
{
	memset(b, 0, sizeof *b);
	buf_init(&b->labels, LABELS_MAX);
}

void fetch_reset(struct fetch_build *b)
{
	for (size_t i = 0; i < b->n_keywords; i++)
		free(b->keywords[i]);
	b->n_keywords = 0;
	buf_reset(&b->labels);
	memset(&b->msg, 0, sizeof b->msg);
}

void fetch_clear(struct fetch_build *b)
{
	fetch_reset(b);
	free(b->keywords);
	buf_clear(&b->labels);
	memset(b, 0, sizeof *b);
}

const struct imap_msg *fetch_msg(struct fetch_build *b)
{
	b->msg.keywords = (const char *const *)b->keywords;
	b->msg.n_keywords = b->n_keywords;
	b->msg.labels = b->labels.len ? buf_str(&b->labels) : NULL;
	return &b->msg;
}

/*
 * An atom as wide as servers take it: 8-bit, "]" and "{" are real, blanks, quotes and
 * lists cannot be.
 */
static bool keyword_ok(const char *s, size_t n)
{
	/* "\\*" belongs to PERMANENTFLAGS */
	if (!n || n > KEYWORD_MAX || (*s == '\\' && (n == 1 || (n == 2 && s[1] == '*'))))
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c <= ' ' || c == 0x7f || strchr("()\"", c) || (c == '\\' && i))
			return false;
	}
	return true;
}

const char *const system_flags[SYSTEM_FLAGS] = {
        "\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft"};

void fetch_flag(struct fetch_build *b, const char *flag, size_t n)
{
	b->msg.has_flags = true;
	for (unsigned i = 0; i < SYSTEM_FLAGS; i++)
		if (strlen(system_flags[i]) == n && strncasecmp(flag, system_flags[i], n) == 0) {
			b->msg.flags |= 1u << i;
			return;
		}
	if (keyword_ok(flag, n) && !(n == 7 && strncasecmp(flag, "\\Recent", n) == 0)) {
		char *copy = xstrndup(flag, n);

		*ARR_PUSH(b->keywords, b->n_keywords, b->keywords_size) = copy;
	}
}

/* FLAGS, a list or NIL. */
static bool item_flags(struct fetch_build *b, struct line *l)
{
	struct token t = line_next(l);

	b->msg.has_flags = true;
	if (token_is(&t, "NIL"))
		return true;
	if (t.kind != TOKEN_OPEN)
		return false;
	for (t = line_next(l); t.kind == TOKEN_ATOM || t.kind == TOKEN_STRING; t = line_next(l)) {
		size_t n;
		char *flag = token_dup(&t, &n);

		fetch_flag(b, flag, n);
		free(flag);
	}
	return t.kind == TOKEN_CLOSE;
}

/* INTERNALDATE, which may be NIL or no date. */
static bool item_date(struct fetch_build *b, const struct token *t)
{
	char text[64];

	b->msg.has_date = true;
	b->msg.date.known = false;
	if (t->kind == TOKEN_STRING && t->n < sizeof text) {
		memcpy(text, t->p, t->n);
		text[t->n] = '\0';
		b->msg.date.known = date_parse_imap(text, &b->msg.date);
	}
	return t->kind == TOKEN_STRING || t->kind == TOKEN_ATOM;
}

/* MODSEQ (12), also without its parentheses. */
static bool item_modseq(struct fetch_build *b, struct line *l)
{
	struct token t = line_next(l);
	bool list = t.kind == TOKEN_OPEN;

	if (list)
		t = line_next(l);
	if (!token_u64(&t, &b->msg.modseq))
		return false;
	if (list)
		t = line_next(l);
	return !list || t.kind == TOKEN_CLOSE;
}

static bool item_body(struct fetch_build *b, const struct token *value)
{
	b->msg.has_body = !token_is(value, "NIL");
	return value->kind == TOKEN_ATOM || value->kind == TOKEN_STRING;
}

bool fetch_item(struct fetch_build *b, struct line *l)
{
	struct token name = line_next(l), v;
	const char *start;
	bool ok;

	if (name.kind != TOKEN_ATOM)
		return false;
	if (token_is(&name, "FLAGS"))
		return item_flags(b, l);
	if (token_is(&name, "MODSEQ"))
		return item_modseq(b, l);
	v = line_peek(l);
	start = v.kind == TOKEN_OPEN ? memchr(l->p, '(', (size_t)(l->end - l->p)) : v.p;
	if (!line_skip(l))
		return false;
	if (token_is(&name, "UID"))
		ok = token_u32(&v, &b->msg.uid);
	else if (token_is(&name, "INTERNALDATE"))
		ok = item_date(b, &v);
	else if (token_is(&name, "RFC822.SIZE"))
		ok = b->msg.has_size = token_u64(&v, &b->msg.size);
	else if (token_is(&name, "X-GM-MSGID"))
		ok = token_u64(&v, &b->msg.gm_msgid);
	else if (token_is(&name, "X-GM-THRID"))
		ok = token_u64(&v, &b->msg.gm_thrid);
	else if (token_is(&name, "X-GM-LABELS"))
		ok = start && buf_add(&b->labels, start, (size_t)(l->p - start)) == 0;
	else if ((name.n > 5 && strncasecmp(name.p, "BODY[", 5) == 0) ||
	         (name.n > 10 && strncasecmp(name.p, "BODY.PEEK[", 10) == 0))
		ok = item_body(b, &v);
	else
		ok = true;
	return ok;
}

bool fetch_parse(struct fetch_build *b, const char *p, size_t n)
{
	struct line l = {p, p + n};
	struct token t = line_next(&l);
	uint64_t number;

	if (token_is(&t, "*"))
		t = line_next(&l);
	if (!token_u64(&t, &number))
		return false;
	t = line_next(&l);
	if (!token_is(&t, "FETCH"))
		return false;
	if (line_peek(&l).kind == TOKEN_OPEN)
		(void)line_next(&l);
	/*
	 * An item that cannot be read costs itself; what is inside a list is never taken
	 * for an item.
	 */
	for (t = line_peek(&l);
	        t.kind == TOKEN_ATOM || t.kind == TOKEN_STRING || t.kind == TOKEN_CLOSE;
	        t = line_peek(&l)) {
		struct line start = l;

		if (t.kind == TOKEN_ATOM && fetch_item(b, &l))
			continue;
		l = start;
		(void)line_next(&l);
	}
	return true;
}

/* ---- what follows a body ---- */

static bool is_body_name(const struct token *t)
{
	return t->kind == TOKEN_ATOM &&
	       ((t->n > 5 && strncasecmp(t->p, "BODY[", 5) == 0) ||
	               (t->n > 10 && strncasecmp(t->p, "BODY.PEEK[", 10) == 0) ||
	               (t->n > 7 && strncasecmp(t->p, "BINARY[", 7) == 0));
}

static bool is_known_name(const struct token *t)
{
	static const char *const names[] = {
	        "UID", "FLAGS", "MODSEQ", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE"};

	for (size_t i = 0; i < COUNT(names); i++)
		if (token_is(t, names[i]))
			return true;
	return is_body_name(t);
}

/* Or another one in capitals, "X-GM-MSGID": text is hardly ever like that. */
static bool item_name(const struct token *t)
{
	bool section = false;

	if (is_known_name(t))
		return true;
	if (t->kind != TOKEN_ATOM || !isupper((unsigned char)*t->p))
		return false;
	for (size_t i = 0; i < t->n; i++) {
		unsigned char c = (unsigned char)t->p[i];

		section |= c == '[';
		if (!section && !isupper(c) && !isdigit(c) && !strchr("-._<>", c))
			return false;
	}
	return true;
}

static bool line_is_over(const struct line *l)
{
	const char *p = l->p;

	while (p < l->end && *p == ' ')
		p++;
	if (p < l->end && *p == '\r')
		p++;
	return p == l->end || (p + 1 == l->end && *p == '\n');
}

/* Items, the last one perhaps without its value, and ")". */
static bool ends_well(struct line l)
{
	while (l.p < l.end && *l.p == ' ') {
		struct token t = line_peek(&l);

		if (t.kind == TOKEN_CLOSE) {
			l.p += strspn(l.p, " ");
			break;
		}
		(void)line_next(&l);
		if (!item_name(&t))
			return false;
		if (l.p < l.end && *l.p == ')')
			break;
		if (l.p == l.end || *l.p != ' ' || !line_skip(&l))
			return false;
	}
	if (l.p == l.end || *l.p++ != ')')
		return false;
	return line_is_over(&l);
}

bool fetch_ends_well(const char *p, size_t n)
{
	struct line l = {p, p + n};
	struct token t;

	for (t = line_next(&l); t.kind != TOKEN_END && t.kind != TOKEN_BAD; t = line_next(&l))
		if (is_body_name(&t))
			return line_skip(&l) && ends_well(l);
	return false;
}
