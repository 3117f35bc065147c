/*
 * The wire trace: one line an event, "#FD C: ..." sent, "#FD S: ..." received, "#FD --
 * ..." about the connection. It never shows a secret, the octets of a literal or the
 * lines of a POP3 message.
 */
#include "transport_internal.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#define REDACTED "<redacted>"

void trace_start(struct trace *t, FILE *out, int id, bool imap)
{
	t->out = out;
	t->id = id;
	t->imap = imap;
	t->sent.mark = 'C';
	t->received.mark = 'S';
}

/* ${text} comes from outside: escaped here. */
static void put_line(struct trace *t, char mark, const char *text, size_t n, const char *more)
{
	char safe[2048], raw[sizeof t->sent.text];

	n = n < sizeof raw ? n : sizeof raw - 1;
	memcpy(raw, text, n);
	raw[n] = '\0';
	n = secret_mask_octets(raw, n);
	term_escape(raw, n, safe, sizeof safe);
	flockfile(t->out);
	fprintf(t->out, "#%d %c: %s%s\n", t->id, mark, safe, more);
	fflush(t->out);
	funlockfile(t->out);
}

void trace_note(struct trace *t, const char *fmt, ...)
{
	char text[512], safe[1024];
	va_list ap;

	if (!t->out)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	secret_mask(text, fmt);
	term_escape(text, strlen(text), safe, sizeof safe);
	flockfile(t->out);
	fprintf(t->out, "#%d -- %s\n", t->id, safe);
	fflush(t->out);
	funlockfile(t->out);
}

static size_t word_len(const char *s)
{
	return strcspn(s, " ");
}

static bool word_is(const char *s, const char *word)
{
	size_t n = strlen(word);

	return word_len(s) == n && strncasecmp(s, word, n) == 0;
}

/*
 * Bytes of the line, verb included, that may be shown of a command that carries a secret;
 * 0: it is none.
 */
static size_t secret_command(const struct trace *t, const char *s)
{
	static const char *const imap[] = {"LOGIN", "AUTHENTICATE"};
	static const char *const pop3[] = {"PASS", "APOP", "AUTH"};
	const char *const *verbs = t->imap ? imap : pop3;
	size_t n = t->imap ? 2 : 3;
	const char *verb = s;

	if (t->imap) {
		verb += word_len(s);
		verb += strspn(verb, " ");
	}
	for (size_t i = 0; i < n; i++)
		if (word_is(verb, verbs[i]))
			return (size_t)(verb - s) + strlen(verbs[i]);
	return 0;
}

/* The mechanism of AUTHENTICATE or AUTH is no secret: ${n} grown to include it. */
static size_t with_mechanism(const char *s, size_t n)
{
	static const char *const known[] = {"PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1",
	        "SCRAM-SHA-256", "XOAUTH2", "OAUTHBEARER"};

	if (n < 4 || s[n] != ' ' ||
	        (strncasecmp(s + n - 4, "AUTH", 4) != 0 && strncasecmp(s + n - 4, "CATE", 4) != 0))
		return n;
	for (size_t i = 0; i < COUNT(known); i++)
		if (word_is(s + n + 1, known[i]))
			return n + 1 + strlen(known[i]);
	return n;
}

static void put_sent(struct trace *t, struct trace_line *l)
{
	size_t n = l->continued ? 0 : secret_command(t, l->text);

	if (n) {
		n = with_mechanism(l->text, n);
		put_line(t, 'C', l->text, n, l->text[n] ? " " REDACTED : "");
		l->redact = true;
		return;
	}
	if (!t->imap && (word_is(l->text, "RETR") || word_is(l->text, "TOP")))
		t->bodies = true;
	if (l->secret || l->redact) {
		put_line(t, 'C', "", 0, REDACTED);
		l->redact = true;
		return;
	}
	put_line(t, 'C', l->text, l->kept, l->kept < l->len ? "..." : "");
}

static void put_received(struct trace *t, struct trace_line *l)
{
	bool status = l->text[0] == '+' || l->text[0] == '-' || strcmp(l->text, ".") == 0;
	char more[48] = "...";
	size_t n = l->kept;

	if (t->bodies && !status) {
		l->hidden++;
		return;
	}
	if (l->hidden) {
		snprintf(
		        more, sizeof more, "<%llu lines not shown>", (unsigned long long)l->hidden);
		put_line(t, 'S', "", 0, more);
		l->hidden = 0;
	}
	if (l->secret) { /* a server may repeat what it was sent */
		n = word_len(l->text);
		if (t->imap && l->text[n] == ' ' && l->text[0] != '+')
			n += 1 + word_len(l->text + n + 1);
		put_line(t, 'S', l->text, n, l->text[n] ? " " REDACTED : "");
		return;
	}
	if (l->kept < l->len)
		snprintf(more, sizeof more, "... (%zu bytes)", l->len);
	put_line(t, 'S', l->text, n, l->kept < l->len ? more : "");
}

static void line_end(struct trace *t, struct trace_line *l)
{
	bool literal = literal_scan_end(&l->scan) && t->imap;
	char text[48];

	if (l->kept && l->text[l->kept - 1] == '\r')
		l->text[--l->kept] = '\0', l->len--;
	if (l->mark == 'C')
		put_sent(t, l);
	else
		put_received(t, l);
	l->kept = l->len = 0;
	l->text[0] = '\0';
	l->secret = false;
	l->continued = literal;
	l->literal = literal ? l->scan.n : 0;
	if (!literal)
		l->redact = false;
	if (l->literal && !l->redact) {
		snprintf(text, sizeof text, "<%llu octets>", (unsigned long long)l->literal);
		put_line(t, l->mark, "", 0, text);
	}
}

static void take_octets(struct trace *t, struct trace_line *l, const char *p, size_t n, bool secret)
{
	while (n) {
		if (l->literal) {
			size_t pass = n < l->literal ? n : (size_t)l->literal;

			l->literal -= pass;
			p += pass;
			n -= pass;
			continue;
		}
		l->secret |= secret;
		if (*p == '\n') {
			line_end(t, l);
		} else {
			literal_scan_byte(&l->scan, *p);
			l->len++;
			if (l->kept < sizeof l->text - 1) {
				l->text[l->kept++] = *p;
				l->text[l->kept] = '\0';
			}
		}
		p++;
		n--;
	}
}

void trace_sent(struct trace *t, const char *p, size_t n, bool secret)
{
	if (t->out)
		take_octets(t, &t->sent, p, n, secret);
}

void trace_received(struct trace *t, const char *p, size_t n, bool secret)
{
	if (t->out)
		take_octets(t, &t->received, p, n, secret);
}
