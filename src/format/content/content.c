/*
 * Content lines: RFC 5545 3.1, RFC 6350 3.3, RFC 6868, vCard 2.1.
 *
 *   contentline = [group "."] name *(";" param) ":" value EOL
 *   param       = param-name "=" param-value *("," param-value) / word (the latter vCard
 *               2.1)
 *   param-value = *SAFE-CHAR / DQUOTE *QSAFE-CHAR DQUOTE
 *   EOL         = CRLF / LF / CR
 *
 * An EOL and one blank after it are a fold and vanish. Each octet is looked at a fixed
 * number of times, whatever the input is.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "internal.h"

/* What a line is taken apart into. */
struct content_parser {
	struct buf head; /* NUL-terminated group, name and parameters */
	size_t param_at[CONTENT_PARAMS_MAX][2];
	struct content_param params[CONTENT_PARAMS_MAX];
};

struct reader {
	const char *p;
	size_t n, pos;
	/* of the first LF at or after pos, n if there is none: found once for each LF */
	size_t next_lf;
	struct buf line; /* unfolded */
	struct content_parser parser;
	char *open[CONTENT_DEPTH_MAX]; /* names of the open components */
	int depth;
	unsigned wrong;
};

static char upper_char(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool name_char(char c)
{
	return (c >= '0' && c <= '9') || (upper_char(c) >= 'A' && upper_char(c) <= 'Z') ||
	       c == '-' || c == '_';
}

/* The physical line at pos without its EOL; pos moves behind it. */
static size_t take_line(struct reader *r, const char **out)
{
	size_t from = r->pos, end;
	const char *cr;

	if (r->next_lf == SIZE_MAX || r->next_lf < from) {
		const char *lf = memchr(r->p + from, '\n', r->n - from);

		r->next_lf = lf ? (size_t)(lf - r->p) : r->n;
	}
	cr = memchr(r->p + from, '\r', r->next_lf - from);
	end = cr ? (size_t)(cr - r->p) : r->next_lf;
	r->pos = end < r->n ? end + 1 : r->n;
	if (cr && r->pos < r->n && r->p[r->pos] == '\n')
		r->pos++;
	*out = r->p + from;
	return end - from;
}

/*
 * Does the head of a line name this vCard 2.1 encoding? (Such heads are not folded and
 * have no quotes.)
 */
static bool names_encoding(const char *s, size_t n, const char *word)
{
	size_t len = strlen(word);
	const char *colon = memchr(s, ':', n);
	size_t end = colon ? (size_t)(colon - s) : 0;

	for (size_t i = 1; i + len <= end; i++)
		if ((s[i - 1] == ';' || s[i - 1] == '=') && strncasecmp(s + i, word, len) == 0)
			return true;
	return false;
}

bool content_soft_ends(const char *s, size_t n)
{
	return names_encoding(s, n, "QUOTED-PRINTABLE");
}

/* A line of base64 alone goes on with a vCard 2.1 value although it is not indented. */
static bool base64_line(const struct reader *r)
{
	size_t i = r->pos;

	for (; i < r->n && r->p[i] != '\r' && r->p[i] != '\n'; i++)
		if (r->p[i] == '\0' || (!name_char(r->p[i]) && !strchr("+/=", r->p[i])))
			return false;
	return i > r->pos;
}

/* The logical line at pos into r->line. */
static int unfold_line(struct reader *r, struct err *err)
{
	const char *s;
	size_t n = take_line(r, &s);
	bool qp = content_soft_ends(s, n), b64 = names_encoding(s, n, "BASE64");

	buf_reset(&r->line);
	for (;;) {
		if (buf_add(&r->line, s, n) < 0)
			return err_set(err, ERR_LIMIT, ERR_ITEM,
			        "a content line is longer than %u MiB", CONTENT_LINE_MAX >> 20);
		if (r->pos >= r->n || r->line.len == 0)
			return 0;
		/* a soft break; what follows is text */
		if (qp && n && s[n - 1] == '=')
			r->line.data[--r->line.len] = '\0';
		else if (r->p[r->pos] == ' ' || r->p[r->pos] == '\t')
			r->pos++;
		else if (!b64 || !base64_line(r))
			return 0;
		n = take_line(r, &s);
	}
}

/* Append a NUL-terminated piece to the head; returns where it begins. */
static size_t keep_piece(struct content_parser *r, const char *s, size_t n, bool fold_case)
{
	size_t at = r->head.len;

	buf_put(&r->head, s, n);
	for (size_t i = at; fold_case && i < r->head.len; i++)
		r->head.data[i] = (uint8_t)upper_char((char)r->head.data[i]);
	buf_putc(&r->head, '\0');
	return at;
}

/* A value without its quotes, RFC 6868 decoded. */
static void keep_value(struct content_parser *r, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char next = i + 1 < n ? s[i + 1] : '\0';

		if (s[i] == '^' && (next == '^' || next == '\'' || next == 'n')) {
			buf_putc(&r->head, (char)(next == 'n' ? '\n' : next == '\'' ? '"' : '^'));
			i++;
		} else {
			buf_putc(&r->head, s[i]);
		}
	}
}

/*
 * The values at ${s} up to the ';' or ':' behind them; how many octets they take. A quote
 * that nothing closes is text.
 */
static size_t param_value(struct content_parser *r, const char *s, size_t n, bool *unclosed)
{
	size_t i = 0;
	bool start = true;

	while (i < n && s[i] != ';' && s[i] != ':') {
		const char *quote = NULL;
		size_t from = i;

		if (start && s[i] == '"' && !*unclosed) {
			quote = memchr(s + i + 1, '"', n - i - 1);
			*unclosed = quote == NULL;
		}
		if (quote) {
			keep_value(r, s + i + 1, (size_t)(quote - s) - i - 1);
			i = (size_t)(quote - s) + 1;
			start = false;
			continue;
		}
		while (i < n && s[i] != ';' && s[i] != ':' && s[i] != ',')
			i++;
		keep_value(r, s + from, i - from);
		start = i < n && s[i] == ',';
		if (start) {
			buf_putc(&r->head, ',');
			i++;
		}
	}
	buf_putc(&r->head, '\0');
	return i;
}

/*
 * One parameter at ${s}, behind its ';'. Octets taken; 0 with *n_params unchanged for an
 * empty one.
 */
static size_t parse_param(
        struct content_parser *r, const char *s, size_t n, size_t count, bool *unclosed)
{
	size_t len = 0;

	while (len < n && s[len] != '=' && s[len] != ';' && s[len] != ':' && s[len] != '"')
		len++;
	if (len < n && s[len] == '=' && len > 0) {
		r->param_at[count][0] = keep_piece(r, s, len, true);
		r->param_at[count][1] = r->head.len;
		return len + 1 + param_value(r, s + len + 1, n - len - 1, unclosed);
	}
	r->param_at[count][0] = keep_piece(r, "TYPE", 4, false);
	r->param_at[count][1] = r->head.len;
	return param_value(r, s, n, unclosed);
}

/* Group and name: octets up to the ';' or ':' behind them, 0 if the line is none. */
static size_t name_of(const char *s, size_t n, size_t *group_len)
{
	size_t i = 0;

	*group_len = 0;
	for (; i < n && s[i] != ';' && s[i] != ':'; i++) {
		if (s[i] == '.' && i > 0 && *group_len == 0)
			*group_len = i;
		else if (!name_char(s[i]))
			return 0;
	}
	return i < n && (*group_len == 0 || i > *group_len + 1) ? i : 0;
}

/* An unfolded line taken apart; 1 it is a content line, 0 it is none. */
static int parse_line(
        struct content_parser *r, const char *s, size_t n, struct content_line *l, struct err *err)
{
	size_t group, at = name_of(s, n, &group), name_at, count = 0;
	bool unclosed = false;

	if (at == 0)
		return 0;
	buf_reset(&r->head);
	if (group)
		(void)keep_piece(r, s, group, false);
	name_at = group ? keep_piece(r, s + group + 1, at - group - 1, true)
	                : keep_piece(r, s, at, true);
	while (at < n && s[at] == ';') {
		size_t before = r->head.len, taken;

		if (count == CONTENT_PARAMS_MAX)
			return err_set(err, ERR_LIMIT, ERR_ITEM,
			        "a content line has more than %d parameters", CONTENT_PARAMS_MAX);
		taken = parse_param(r, s + at + 1, n - at - 1, count, &unclosed);
		at += 1 + taken;
		if (taken)
			count++;
		else
			r->head.len = before;
	}
	if (at >= n || memchr(s, '\0', at))
		return 0;
	l->group = group ? buf_str(&r->head) : NULL;
	l->name = buf_str(&r->head) + name_at;
	for (size_t i = 0; i < count; i++) {
		r->params[i].name = buf_str(&r->head) + r->param_at[i][0];
		r->params[i].value = buf_str(&r->head) + r->param_at[i][1];
	}
	l->params = r->params;
	l->n_params = count;
	l->value = s + at + 1;
	l->value_len = n - at - 1;
	return 1;
}

struct content_parser *content_parser_new(void)
{
	struct content_parser *r = xcalloc(1, sizeof *r);

	buf_init(&r->head, SIZE_MAX); /* not longer than twice the line */
	return r;
}

void content_parser_free(struct content_parser *r)
{
	if (r)
		buf_clear(&r->head);
	free(r);
}

bool content_parse(struct content_parser *r, const char *s, size_t n, struct content_line *out)
{
	*out = (struct content_line){0};
	return parse_line(r, s, n, out, NULL) == 1;
}

char *content_component(const struct content_line *l)
{
	const char *s = l->value;
	size_t n = l->value_len;

	for (; n && (*s == ' ' || *s == '\t'); n--)
		s++;
	while (n && (s[n - 1] == ' ' || s[n - 1] == '\t'))
		n--;
	return text_upper(xstrndup(s, n));
}

bool content_component_is(const struct content_line *l, const char *name)
{
	char *own = content_component(l);
	bool is = strcmp(own, name) == 0;

	free(own);
	return is;
}

/* BEGIN and END move the depth. 1: ${l} counts; 0: an END of nothing. */
static int nest_line(struct reader *r, struct content_line *l, struct err *err)
{
	char *name;
	int at;

	l->depth = r->depth;
	if (strcmp(l->name, "BEGIN") == 0) {
		if (r->depth == CONTENT_DEPTH_MAX)
			return err_set(err, ERR_LIMIT, ERR_ITEM,
			        "components are nested deeper than %d", CONTENT_DEPTH_MAX);
		r->open[r->depth++] = content_component(l);
		return 1;
	}
	if (strcmp(l->name, "END") != 0)
		return 1;
	name = content_component(l);
	for (at = r->depth - 1; at >= 0 && strcmp(r->open[at], name) != 0; at--)
		;
	free(name);
	if (at < 0)
		return 0;
	r->wrong += (unsigned)(r->depth - 1 - at); /* those in between were not closed */
	while (r->depth > at)
		free(r->open[--r->depth]);
	l->depth = r->depth;
	return 1;
}

static bool is_blank(const struct buf *b)
{
	for (size_t i = 0; i < b->len; i++)
		if (b->data[i] != ' ' && b->data[i] != '\t')
			return false;
	return true;
}

/* Each line to ${fn}; what is none only with ${stray}. */
static int read_all(struct reader *r, content_fn fn, bool stray, void *ctx, struct err *err)
{
	int rc = 0;

	r->pos = text_bom(r->p, r->n);
	while (r->pos < r->n && rc == 0) {
		struct content_line l = {.offset = r->pos};

		rc = unfold_line(r, err);
		if (rc < 0 || is_blank(&r->line))
			continue;
		rc = parse_line(&r->parser, buf_str(&r->line), r->line.len, &l, err);
		if (rc == 1)
			rc = nest_line(r, &l, err);
		if (rc == 0) {
			r->wrong++;
			l = (struct content_line){.name = "",
			        .value = buf_str(&r->line),
			        .value_len = r->line.len,
			        .offset = l.offset,
			        .depth = r->depth};
		}
		if (rc == 1 || (rc == 0 && stray))
			rc = fn(ctx, &l, err);
	}
	return rc;
}

int content_scan(const void *p, size_t n, content_fn fn, bool stray, void *ctx, unsigned *wrong_out,
        struct err *err)
{
	struct reader *r = xcalloc(1, sizeof *r);
	int rc;

	r->p = p;
	r->n = p ? n : 0;
	r->next_lf = SIZE_MAX;
	buf_init(&r->line, CONTENT_LINE_MAX);
	buf_init(&r->parser.head, SIZE_MAX); /* not longer than twice the line */
	rc = read_all(r, fn, stray, ctx, err);
	if (wrong_out)
		*wrong_out = r->wrong + (unsigned)r->depth;
	while (r->depth > 0)
		free(r->open[--r->depth]);
	buf_clear(&r->line);
	buf_clear(&r->parser.head);
	free(r);
	return rc;
}

int content_read(const void *p, size_t n,
        int (*fn)(void *ctx, const struct content_line *l, struct err *err), void *ctx,
        unsigned *wrong_out, struct err *err)
{
	return content_scan(p, n, fn, false, ctx, wrong_out, err);
}
