/*
 * A catch-all extension for libetpan's parser: untagged responses, FETCH items and STATUS
 * items that it does not know are read over instead of ending the session. FETCH and LIST
 * lines that nobody understood go to the fallback; a literal8 body (RFC 3516) is streamed
 * like any other.
 */
#include "internal.h"
#include <ctype.h>
#include <libetpan/mailimap_extension.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/mem.h"

#define KEPT_LITERAL_MAX ((size_t)1 << 20)
#define DEPTH_MAX 32
#define CHUNK 16384

struct scan {
	struct imap *m;
	mailstream *fd;
	MMAPString *b;
	size_t at;
	bool fetch; /* inside a FETCH response */
	/* the last atom: the name of the item whose value follows */
	size_t word, word_len;
};

static struct mailimap_extension_api tolerant;

static bool at_end(const struct scan *s)
{
	return s->at >= s->b->len;
}

static char char_here(const struct scan *s)
{
	return s->b->str[s->at];
}

/* libetpan reads on after a literal: so do we, up to the end of the line. */
static int rest_of_line(struct scan *s)
{
	return mailstream_read_line_append(s->fd, s->b) ? MAILIMAP_NO_ERROR : MAILIMAP_ERROR_STREAM;
}

/* Past a literal of ${n} octets, which stays in the buffer. */
static int keep_literal(struct scan *s, size_t n)
{
	char chunk[CHUNK];
	size_t have = s->b->len - s->at;

	if (n > KEPT_LITERAL_MAX)
		return MAILIMAP_ERROR_PARSE;
	if (have >= n) { /* read already, in an earlier try */
		s->at += n;
		return at_end(s) ? rest_of_line(s) : MAILIMAP_NO_ERROR;
	}
	while (have < n) {
		ssize_t got = mailstream_read(s->fd, chunk, n - have < CHUNK ? n - have : CHUNK);

		if (got <= 0)
			return MAILIMAP_ERROR_STREAM;
		if (!mmap_string_append_len(s->b, chunk, (size_t)got))
			return MAILIMAP_ERROR_MEMORY;
		have += (size_t)got;
	}
	s->at += n;
	return rest_of_line(s);
}

/* The number in "BODY[]<8388608>", its low 32 bits. */
static uint32_t origin_octet(const struct scan *s)
{
	const char *p = s->b->str + s->word, *less = memrchr(p, '<', s->word_len);

	return less ? (uint32_t)strtoull(less + 1, NULL, 10) : 0;
}

/* As libetpan does it: in the buffer the literal is left as an empty one. */
static int stream_literal(struct scan *s, size_t brace, size_t n, bool whole)
{
	static const char item; /* any address that is no section of libetpan's */
	char chunk[CHUNK];

	fetch_confirm(s->m);
	s->m->body_origin = origin_octet(s);
	while (n) {
		ssize_t got = mailstream_read(s->fd, chunk, MIN(n, CHUNK));

		if (got <= 0)
			return MAILIMAP_ERROR_STREAM;
		if (!fetch_octets(s->m, &item, whole, chunk, (size_t)got))
			return MAILIMAP_ERROR_MEMORY;
		n -= (size_t)got;
	}
	if (!mmap_string_truncate(s->b, brace) || !mmap_string_append(s->b, "{0}\r\n"))
		return MAILIMAP_ERROR_MEMORY;
	s->at = s->b->len;
	return rest_of_line(s);
}

/*
 * BODY[...] or BINARY[...]: its name stands just before. Some answer with the name that
 * asked for it.
 */
static bool is_body_item(const struct scan *s, bool *whole)
{
	static const char *const names[] = {"BODY[", "BODY.PEEK[", "BINARY["};
	const char *word = s->b->str + s->word;

	for (size_t i = 0; s->fetch && i < COUNT(names); i++) {
		size_t n = strlen(names[i]);

		if (s->word_len <= n || strncasecmp(word, names[i], n) != 0)
			continue;
		*whole = word[n] == ']';
		return true;
	}
	return false;
}

/* "{" digits "}" CRLF, also with "~" before it. */
static int skip_literal(struct scan *s)
{
	size_t n = 0, digits = 0, brace;
	bool whole;

	s->at += char_here(s) == '~';
	brace = s->at++;
	for (; !at_end(s) && isdigit((unsigned char)char_here(s)); s->at++, digits++)
		n = digits < 10 ? n * 10 + (size_t)(char_here(s) - '0') : n;
	if (!digits || digits > 10 || n > UINT32_MAX || at_end(s) || char_here(s) != '}')
		return MAILIMAP_ERROR_PARSE;
	for (s->at++; !at_end(s) && (char_here(s) == ' ' || char_here(s) == '\r'); s->at++)
		;
	if (at_end(s) || char_here(s) != '\n')
		return MAILIMAP_ERROR_PARSE;
	s->at++;
	if (n && at_end(s) && is_body_item(s, &whole))
		return stream_literal(s, brace, n, whole);
	return keep_literal(s, n);
}

static int skip_quoted(struct scan *s)
{
	for (s->at++; !at_end(s) && char_here(s) != '"' && char_here(s) != '\n'; s->at++)
		if (char_here(s) == '\\')
			s->at++;
	if (at_end(s) || char_here(s) != '"')
		return MAILIMAP_ERROR_PARSE;
	s->at++;
	return MAILIMAP_NO_ERROR;
}

static int skip_atom(struct scan *s)
{
	size_t start = s->at;

	while (!at_end(s) && !strchr(" ()\r\n\"", char_here(s))) {
		if (char_here(s) == '[') {
			const char *close = memchr(s->b->str + s->at, ']', s->b->len - s->at);
			const char *lf = memchr(s->b->str + s->at, '\n', s->b->len - s->at);

			if (close && (!lf || close < lf))
				s->at = (size_t)(close - s->b->str);
		}
		s->at++;
	}
	if (s->at == start)
		return MAILIMAP_ERROR_PARSE;
	s->word = start;
	s->word_len = s->at - start;
	return MAILIMAP_NO_ERROR;
}

static int skip_value(struct scan *s, unsigned depth)
{
	int r;

	if (depth > DEPTH_MAX || at_end(s))
		return MAILIMAP_ERROR_PARSE;
	if (char_here(s) == '"')
		return skip_quoted(s);
	if (char_here(s) == '{' ||
	        (char_here(s) == '~' && s->at + 1 < s->b->len && s->b->str[s->at + 1] == '{'))
		return skip_literal(s);
	if (char_here(s) != '(')
		return skip_atom(s);
	for (s->at++;;) {
		while (!at_end(s) && char_here(s) == ' ')
			s->at++;
		if (at_end(s))
			return MAILIMAP_ERROR_PARSE;
		if (char_here(s) == ')') {
			s->at++;
			return MAILIMAP_NO_ERROR;
		}
		if ((r = skip_value(s, depth + 1)) != MAILIMAP_NO_ERROR)
			return r;
	}
}

/* name SP value */
static int skip_item(struct scan *s)
{
	int r;

	if (at_end(s) || !isalpha((unsigned char)char_here(s)))
		return MAILIMAP_ERROR_PARSE;
	if ((r = skip_atom(s)) != MAILIMAP_NO_ERROR)
		return r;
	if (at_end(s) || char_here(s) != ' ')
		return MAILIMAP_ERROR_PARSE;
	s->at++;
	return skip_value(s, 0);
}

/* A whole response, to the end of its line; what cannot be cut into values is text. */
static int skip_response(struct scan *s)
{
	const char *word = s->b->str + s->at;
	size_t digits = strspn(word, "0123456789");
	int r;

	if (at_end(s) || !isalnum((unsigned char)char_here(s)))
		return MAILIMAP_ERROR_PARSE;
	s->fetch = digits && strncasecmp(word + digits, " FETCH ", 7) == 0;
	while (!at_end(s) && char_here(s) != '\r' && char_here(s) != '\n') {
		if (char_here(s) == ' ' || char_here(s) == ')') {
			s->at++;
			continue;
		}
		r = skip_value(s, 0);
		if (r != MAILIMAP_NO_ERROR && r != MAILIMAP_ERROR_PARSE)
			return r;
		if (r == MAILIMAP_NO_ERROR)
			continue;
		while (!at_end(s) && char_here(s) != '\r' && char_here(s) != '\n')
			s->at++;
	}
	return at_end(s) ? MAILIMAP_ERROR_PARSE : MAILIMAP_NO_ERROR;
}

static void keep_response(const struct scan *s, size_t start)
{
	const char *p = s->b->str + start;
	size_t n = s->at - start;

	if (s->fetch)
		fetch_raw(s->m, p, n);
	else if (n > 5 && (strncasecmp(p, "LIST ", 5) == 0 || strncasecmp(p, "LSUB ", 5) == 0 ||
	                          strncasecmp(p, "XLIST ", 6) == 0))
		raw_add(s->m, p, n);
}

static int tolerant_parse(int calling, mailstream *fd, MMAPString *b,
        struct mailimap_parser_context *parser, size_t *indx,
        struct mailimap_extension_data **result, size_t progress_rate, progress_function *progress)
{
	struct scan s = {.m = fd ? fd->logger_context : NULL, .fd = fd, .b = b, .at = *indx};
	bool item = calling == MAILIMAP_EXTENDED_PARSER_FETCH_DATA ||
	            calling == MAILIMAP_EXTENDED_PARSER_STATUS_ATT;
	size_t start;
	char *text;
	int r;

	(void)parser;
	(void)progress_rate;
	(void)progress;
	if (!s.m || (!item && calling != MAILIMAP_EXTENDED_PARSER_RESPONSE_DATA))
		return MAILIMAP_ERROR_PARSE;
	while (!at_end(&s) && char_here(&s) == ' ')
		s.at++;
	start = s.at;
	s.fetch = calling == MAILIMAP_EXTENDED_PARSER_FETCH_DATA;
	r = item ? skip_item(&s) : skip_response(&s);
	if (r != MAILIMAP_NO_ERROR)
		return r;
	if (!item)
		keep_response(&s, start);
	text = xstrndup(item ? b->str + start : "", item ? s.at - start : 0);
	*result = mailimap_extension_data_new(&tolerant, calling, text);
	if (!*result) {
		free(text);
		return MAILIMAP_ERROR_MEMORY;
	}
	*indx = s.at;
	return MAILIMAP_NO_ERROR;
}

static void tolerant_free(struct mailimap_extension_data *d)
{
	free(d->ext_data);
	free(d);
}

static char tolerant_name[] = "RAW";
/* Not const for the sake of libetpan's interface; nothing writes to it. */
static struct mailimap_extension_api tolerant = {tolerant_name, -1, tolerant_parse, tolerant_free};

void tolerant_register(void)
{
	shim_link();
	(void)mailimap_extension_register(&tolerant);
}

const char *tolerant_text(const struct mailimap_extension_data *d)
{
	return d->ext_extension == &tolerant ? d->ext_data : NULL;
}
