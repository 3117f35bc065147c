/* HTML as text, by libxml2's push parser, which keeps no tree. */
#include <libxml/HTMLparser.h>
#include "mime/prose.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	SNIFFED = 2048, /* octets at the beginning that may say the charset */
	CHARSET_SIZE = 40,
	DEPTH_MAX = 400, /* of open elements: then the parser begins afresh */
	ENDS = 20, /* of documents that are in one */
	TAG_MAX = 32 << 10, /* of a tag: pictures stand in some */
	READ_MAX = 4 << 20, /* octets that are looked at: the parser may keep them all */
};

struct mime_html {
	struct prose *prose;
	htmlParserCtxtPtr parser;
	unsigned depth;
	struct mime_charset *charset; /* NULL: it is not known yet */
	char *said; /* of the part */
	struct buf head; /* octets that may say it */
	/* what keeps tags short: */
	bool in_tag, held; /* held: a "<" that may begin one */
	char quote, before; /* that is open in it, or 0; the octet before, no blank */
	size_t tag, read; /* octets of it; of all that the parser got */
	char name[8]; /* of its element, in small letters */
	size_t named; /* octets of that */
	const char *skipped; /* what ends the script or style that we are in; or NULL */
	size_t matched; /* octets of that which were just seen */
};

static void on_start(void *ctx, const xmlChar *name, const xmlChar **atts)
{
	struct mime_html *h = ctx;

	h->depth++;
	prose_open(h->prose, (const char *)name, (const char **)atts);
}

static void on_end(void *ctx, const xmlChar *name)
{
	struct mime_html *h = ctx;

	h->depth -= h->depth > 0;
	prose_close(h->prose, (const char *)name);
}

static void on_text(void *ctx, const xmlChar *p, int n)
{
	struct mime_html *h = ctx;

	prose_text(h->prose, (const char *)p, (size_t)n);
}

static void parse(struct mime_html *h, const char *p, size_t n)
{
	h->read += n;
	if (h->parser && n > 0 && prose_state(h->prose) == 0)
		htmlParseChunk(h->parser, p, (int)n, 0);
}

static void begin_parser(struct mime_html *h)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	htmlSAXHandler sax = {.startElement = on_start,
	        .endElement = on_end,
	        .characters = on_text,
	        .ignorableWhitespace = on_text,
	        .cdataBlock = on_text};

	pthread_once(&once, xmlInitParser);
	h->depth = 0;
	h->parser = htmlCreatePushParserCtxt(&sax, h, NULL, 0, NULL, XML_CHAR_ENCODING_UTF8);
	if (h->parser)
		htmlCtxtUseOptions(h->parser, HTML_PARSE_RECOVER | HTML_PARSE_NOERROR |
		                                      HTML_PARSE_NOWARNING | HTML_PARSE_NONET |
		                                      HTML_PARSE_IGNORE_ENC);
	/*
	 * It takes an end where nothing is open for the end of all, and what stands behind
	 * </html> is read by people, too: of these ends it passes over as many as it has seen
	 * beginnings that were out of place.
	 */
	parse(h, "<html><body>", 12);
	for (unsigned i = 0; i < ENDS; i++)
		parse(h, "<html>", 6);
}

static void end_parser(struct mime_html *h)
{
	if (h->parser) {
		htmlParseChunk(h->parser, NULL, 0, 1);
		htmlFreeParserCtxt(h->parser);
	}
	h->parser = NULL;
}

/* Does a tag begin with this octet behind "<"? */
static bool is_tag(char c)
{
	return c == '/' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/*
 * The parser looks through all open elements at each end of one: where these are too many,
 * it begins afresh before a tag.
 */
static void begin_tag(struct mime_html *h)
{
	if (h->depth > DEPTH_MAX) {
		end_parser(h);
		begin_parser(h);
	}
	h->in_tag = true;
	h->quote = h->before = 0;
	h->tag = 0;
	h->named = 0;
}

static char small(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Octet ${at} of the tag: the name is the letters from the second one on. */
static void take_name(struct mime_html *h, size_t at, char c)
{
	c = small(c);
	if (at == h->named + 1 && h->named < sizeof h->name && c >= 'a' && c <= 'z')
		h->name[h->named++] = c;
}

/* No text is in these, and libxml2 2.9 may miss their ends. */
static void end_tag(struct mime_html *h)
{
	static const char *const ends[] = {"</script", "</style"};

	h->in_tag = false;
	for (size_t i = 0; i < COUNT(ends); i++)
		if (text_is(h->name, h->named, ends[i] + 2))
			h->skipped = ends[i];
	h->matched = 0;
}

/* Of a script or style; returns how many octets were passed over. */
static size_t skip(struct mime_html *h, const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && h->skipped[h->matched]) {
		char c = small(p[i++]);

		h->matched = c == h->skipped[h->matched] ? h->matched + 1 : c == '<';
	}
	if (h->skipped[h->matched])
		return i;
	begin_tag(h);
	parse(h, h->skipped, h->matched);
	h->tag = h->matched;
	h->skipped = NULL;
	return i;
}

/* Octets up to the end of the tag, or all. */
static size_t tag_length(struct mime_html *h, const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && h->in_tag) {
		char c = p[i];

		if (c == '<' && !h->quote && h->tag + i > 0) { /* another one begins */
			h->in_tag = false;
			break;
		}
		take_name(h, h->tag + i++, c);
		if (h->quote)
			h->quote = c == h->quote ? 0 : h->quote;
		else if ((c == '"' || c == '\'') && h->before == '=')
			h->quote = c;
		else if (c == '>')
			end_tag(h);
		h->before = c == ' ' ? h->before : c;
	}
	return i;
}

/* The parser keeps a tag as a whole: what is too long for that is left out. */
static size_t pass_tag(struct mime_html *h, const char *p, size_t n)
{
	size_t room = h->tag < TAG_MAX ? TAG_MAX - h->tag : 0;
	size_t len = tag_length(h, p, room > 0 ? MIN(n, room) : n);
	char end[2] = {h->quote, '>'};

	h->tag += len;
	if (room > 0)
		parse(h, p, len);
	if (room > 0 && len == room && h->in_tag)
		parse(h, h->quote ? end : end + 1, h->quote ? 2 : 1);
	return len;
}

/* UTF-8. */
static int write_text(void *html, const void *octets, size_t n, struct err *err)
{
	struct mime_html *h = html;
	const char *p = octets, *end = p + n;

	(void)err;
	if (h->held && p < end) {
		h->held = false;
		if (is_tag(*p))
			begin_tag(h);
		parse(h, "<", 1);
	}
	while (p < end && h->read < READ_MAX) {
		const char *lt = h->in_tag ? p : memchr(p, '<', (size_t)(end - p));
		size_t len = (size_t)((lt ? lt : end) - p);

		if (h->skipped) {
			len = skip(h, p, (size_t)(end - p));
		} else if (h->in_tag) {
			len = pass_tag(h, p, (size_t)(end - p));
		} else if (len > 0) {
			parse(h, p, len = MIN(len, READ_MAX - h->read));
		} else if (p + 1 == end) { /* what it is the next octet tells */
			h->held = true;
			len = 1;
		} else if (is_tag(p[1])) {
			begin_tag(h);
		} else {
			parse(h, p, len = 1);
		}
		p += len;
	}
	return prose_state(h->prose);
}

/* What HTML says of its charset: <meta charset=...>, or within a content=. */
static void sniff(const struct buf *head, char out[CHARSET_SIZE])
{
	const char *p = buf_str(head), *end = p + head->len;
	size_t n;

	*out = '\0';
	while ((p = memmem(p, (size_t)(end - p), "harset", 6)) != NULL) {
		p += 6;
		p += strspn(p, " \t\r\n");
		if (*p != '=')
			continue;
		p++;
		p += strspn(p, " \t\r\n\"'");
		n = strcspn(p, " \t\r\n\"';/>");
		if (n > 0 && n < CHARSET_SIZE && strncasecmp(p, "utf-16", 6) != 0) {
			memcpy(out, p, n);
			out[n] = '\0';
		}
		return;
	}
}

static int begin_text(struct mime_html *h, struct err *err)
{
	char found[CHARSET_SIZE];
	bool known = mime_charset_known(h->said);

	if (!known)
		sniff(&h->head, found);
	h->charset = mime_charset_new(known    ? h->said
	                              : *found ? found
	                                       : NULL,
	        (struct mime_step){write_text, h});
	begin_parser(h);
	return mime_charset_write(h->charset, h->head.data, h->head.len, err);
}

struct mime_html *mime_html_new(const char *charset, struct mime_step to)
{
	struct mime_html *h = xcalloc(1, sizeof *h);

	h->said = xstrdup(charset);
	h->prose = prose_new(to);
	buf_init(&h->head, SNIFFED);
	return h;
}

int mime_html_write(void *html, const void *octets, size_t n, struct err *err)
{
	struct mime_html *h = html;
	const char *p = octets;
	int rc = 0;

	if (!h->charset) {
		size_t taken = buf_fill(&h->head, p, n);

		p += taken;
		n -= taken;
		if (n == 0)
			return 0;
		rc = begin_text(h, err);
	}
	return rc != 0 ? rc : mime_charset_write(h->charset, p, n, err);
}

int mime_html_end(struct mime_html *h, struct err *err)
{
	int rc = h->charset ? 0 : begin_text(h, err);

	if (rc == 0)
		rc = mime_charset_end(h->charset, err);
	if (h->held)
		parse(h, "<", 1);
	end_parser(h);
	if (h->read >= READ_MAX)
		prose_text(h->prose, MIME_LEFT_OUT, strlen(MIME_LEFT_OUT));
	return prose_end(h->prose, err);
}

void mime_html_free(struct mime_html *h)
{
	if (!h)
		return;
	end_parser(h);
	mime_charset_free(h->charset);
	prose_free(h->prose);
	buf_clear(&h->head);
	free(h->said);
	free(h);
}
