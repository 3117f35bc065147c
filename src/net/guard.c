/*
 * The wire guard over outgoing IMAP (RFC 3501, RFC 7888, RFC 3516) and POP3 (RFC 1939,
 * RFC 5034).
 *
 * 	command  = tag SP verb [SP arguments] CRLF
 * 	literal  = ["~"] "{" number ["+"] "}" CRLF *OCTET the line after it continues
 *           the command
 *
 * A line is vetted at its CR, before the server can see an end of line.
 */
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/net/guard.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>

#define TAG_MAX 32
#define LITERAL_DIGITS 19

enum { SOURCE = 1, TARGET = 2, POP3 = 4 };

struct rule {
	const char *verb;
	unsigned roles;
	bool clear; /* also allowed before STARTTLS */
	bool (*args)(const char *args);
};

static bool fetch_args(const char *s);
static bool store_args(const char *s);

static const struct rule rules[] = {
        {"CAPABILITY", SOURCE | TARGET, true, NULL},
        {"STARTTLS", SOURCE | TARGET, true, NULL},
        {"NOOP", SOURCE | TARGET | POP3, true, NULL},
        {"LOGOUT", SOURCE | TARGET, true, NULL},
        {"ID", SOURCE | TARGET, false, NULL},
        {"AUTHENTICATE", SOURCE | TARGET, false, NULL},
        {"LOGIN", SOURCE | TARGET, false, NULL},
        {"ENABLE", SOURCE | TARGET, false, NULL},
        {"NAMESPACE", SOURCE | TARGET, false, NULL},
        {"LIST", SOURCE | TARGET | POP3, false, NULL},
        {"LSUB", SOURCE | TARGET, false, NULL},
        {"XLIST", SOURCE | TARGET, false, NULL},
        {"STATUS", SOURCE | TARGET, false, NULL},
        {"EXAMINE", SOURCE | TARGET, false, NULL},
        {"UNSELECT", SOURCE | TARGET, false, NULL},
        {"UID FETCH", SOURCE | TARGET, false, fetch_args},
        {"UID SEARCH", SOURCE | TARGET, false, NULL},
        {"COMPRESS", SOURCE | TARGET, false, NULL},
        {"GETQUOTAROOT", SOURCE | TARGET, false, NULL},
        {"CREATE", TARGET, false, NULL},
        {"SUBSCRIBE", TARGET, false, NULL},
        {"SELECT", TARGET, false, NULL},
        {"APPEND", TARGET, false, NULL},
        {"UID STORE", TARGET, false, store_args},
        {"CAPA", POP3, true, NULL},
        {"STLS", POP3, true, NULL},
        {"QUIT", POP3, true, NULL},
        {"AUTH", POP3, false, NULL},
        {"USER", POP3, false, NULL},
        {"PASS", POP3, false, NULL},
        {"APOP", POP3, false, NULL},
        {"UTF8", POP3, false, NULL},
        {"STAT", POP3, false, NULL},
        {"UIDL", POP3, false, NULL},
        {"TOP", POP3, false, NULL},
        {"RETR", POP3, false, NULL},
        {"RSET", POP3, false, NULL},
};

void guard_init(struct guard *g, enum guard_role role)
{
	memset(g, 0, sizeof *g);
	g->role = role;
}

bool guard_idle(const struct guard *g)
{
	return g->line_len == 0 && g->literal == 0 && !g->continued && !g->at_cr;
}

/* The arguments may hold a secret, so that only the verb is shown. */
static int refuse_line(struct guard *g, struct err *err, const char *what, const char *verb)
{
	g->refused = true;
	return err_set(err, ERR_GUARD, ERR_WHOLE, "the guard refused to send %s%s%s", what,
	        *verb ? ": " : "", verb);
}

static bool begins_with(const char *s, size_t n, const char *word)
{
	return n >= strlen(word) && strncasecmp(s, word, strlen(word)) == 0;
}

/*
 * One word of a UID FETCH: false for an item that sets \Seen (RFC 3501 6.4.5, RFC 3516
 * 4.2).
 */
static bool fetch_item(const char *s, size_t n)
{
	const char *next = s + n;

	if (begins_with(s, n, "BODY")) {
		if (text_is(s, n, "BODYSTRUCTURE") || text_is(s, n, "BODY.PEEK"))
			return true;
		next += strspn(next, " ");
		return text_is(s, n, "BODY") && *next != '[' && *next != '<';
	}
	if (begins_with(s, n, "RFC822"))
		return text_is(s, n, "RFC822.SIZE") || text_is(s, n, "RFC822.HEADER");
	if (begins_with(s, n, "BINARY"))
		return text_is(s, n, "BINARY.SIZE") || text_is(s, n, "BINARY.PEEK");
	return true;
}

static bool word_char(char c)
{
	return isalnum((unsigned char)c) || c == '.' || c == '-' || c == '_';
}

/* May the arguments of UID FETCH go out? */
static bool fetch_args(const char *s)
{
	while (*s) {
		size_t n = 0;

		while (word_char(s[n]))
			n++;
		if (n && !fetch_item(s, n))
			return false;
		s += n ? n : 1;
	}
	return true;
}

/* store = sequence-set SP ["(UNCHANGEDSINCE" SP number ")" SP] item SP values */
static bool store_args(const char *s)
{
	static const char *const items[] = {
	        "+FLAGS", "+FLAGS.SILENT", "+X-GM-LABELS", "+X-GM-LABELS.SILENT"};
	static const char since[] = "(UNCHANGEDSINCE ";
	size_t n = strspn(s, "0123456789:,*$");

	if (!n || s[n] != ' ')
		return false;
	s += n + 1;
	if (strncasecmp(s, since, strlen(since)) == 0) {
		s += strlen(since);
		n = strspn(s, "0123456789");
		if (!n || s[n] != ')' || s[n + 1] != ' ')
			return false;
		s += n + 2;
	}
	n = strcspn(s, " ");
	for (size_t i = 0; i < COUNT(items); i++)
		if (s[n] == ' ' && text_is(s, n, items[i]))
			return true;
	return false;
}

static unsigned role_bit(enum guard_role role)
{
	switch (role) {
	case GUARD_IMAP_SOURCE:
		return SOURCE;
	case GUARD_IMAP_TARGET:
		return TARGET;
	case GUARD_POP3_SOURCE:
		return POP3;
	case GUARD_NONE:
	case GUARD_DAV_SOURCE: /* requests, not lines: http/guard.c */
	case GUARD_DAV_TARGET:
	case GUARD_DAV_UPDATE:
	case GUARD_MAPI_SOURCE:
	case GUARD_MAPI_TARGET:
	case GUARD_AUTODISCOVER:
	case GUARD_OAUTH:
		break;
	}
	return 0;
}

static size_t verb_len(const char *s)
{
	size_t n = 0;

	while (isalnum((unsigned char)s[n]))
		n++;
	return n;
}

/* ${s} stands on the verb of a command. */
static int vet_command(struct guard *g, const char *s, struct err *err)
{
	char shown[24];
	size_t n = verb_len(s);

	if (g->role != GUARD_POP3_SOURCE && text_is(s, n, "UID") && s[n] == ' ')
		n += 1 + verb_len(s + n + 1);
	memcpy(shown, s, n < sizeof shown ? n : sizeof shown - 1);
	shown[n < sizeof shown ? n : sizeof shown - 1] = '\0';
	if (!n || (s[n] && s[n] != ' '))
		return refuse_line(g, err, "a line that is no command", shown);
	for (size_t i = 0; i < COUNT(rules); i++) {
		const struct rule *r = &rules[i];

		if (!text_is(s, n, r->verb) || !(r->roles & role_bit(g->role)))
			continue;
		if (g->before_tls && !r->clear)
			return refuse_line(
			        g, err, "a command before the connection is encrypted", shown);
		if (r->args && (s[n] != ' ' || !r->args(s + n + 1)))
			return refuse_line(g, err, "a command that could change the server", shown);
		return 0;
	}
	return refuse_line(g, err, "a command that is not allowed here", shown);
}

/*
 * The answer in a SASL exchange: base64, "*" to cancel, or nothing (RFC 3501 6.2.2, RFC
 * 5034 4).
 */
static bool is_sasl(const char *s)
{
	if (strcmp(s, "*") == 0)
		return true;
	while (isalnum((unsigned char)*s) || *s == '+' || *s == '/' || *s == '=')
		s++;
	return *s == '\0';
}

/**
 * literal_at_end(g, err): find the literal that the line announces (continued,
 * announced). What only some servers would take for one is refused, for they would see
 * commands where the guard does not.
 */
static int literal_at_end(struct guard *g, struct err *err)
{
	const char *s = g->line, *open = NULL, *before;
	bool quoted = false;
	size_t digits;

	for (; *s && !open; s++) {
		if (quoted && *s == '\\' && s[1])
			s++;
		else if (*s == '"')
			quoted = !quoted;
		else if (!quoted && *s == '{')
			open = s;
	}
	g->continued = false;
	if (quoted)
		return refuse_line(g, err, "a quoted string without an end", "");
	if (!open)
		return 0;
	before = open > g->line && open[-1] == '~' ? open - 1 : open;
	digits = strspn(open + 1, "0123456789");
	s = open + 1 + digits;
	s += *s == '+';
	if (before == g->line || !strchr(" (", before[-1]) || !digits || digits > LITERAL_DIGITS ||
	        strcmp(s, "}") != 0)
		return refuse_line(g, err, "a malformed literal", "");
	g->announced = 0;
	for (s = open + 1; digits--; s++)
		g->announced = g->announced * 10 + (uint64_t)(*s - '0');
	g->continued = true;
	return 0;
}

/* A line of IMAP: a command, or the rest of one after its literal. */
static int vet_imap(struct guard *g, struct err *err)
{
	const char *s = g->line;
	size_t n = 0;
	bool fetch;

	if (!g->continued) {
		while (word_char(s[n]))
			n++;
		if (!n || n > TAG_MAX || s[n] != ' ')
			return refuse_line(g, err, "a line that is no command", "");
		s += n + 1;
		if (vet_command(g, s, err) != 0)
			return ERR_GUARD;
	}
	fetch = !g->continued && strncasecmp(s, "UID FETCH", 9) == 0;
	if (literal_at_end(g, err) != 0)
		return ERR_GUARD;
	if (fetch && g->continued)
		return refuse_line(g, err, "a command that could change the server", "UID FETCH");
	return 0;
}

/* The line that is whole. */
static int vet_line(struct guard *g, struct err *err)
{
	g->line[g->line_len] = '\0';
	if (g->secret && !g->before_tls && !g->continued && is_sasl(g->line))
		return 0;
	if (g->role == GUARD_POP3_SOURCE)
		return vet_command(g, g->line, err);
	return vet_imap(g, err);
}

/* One octet of a line. */
static int take_byte(struct guard *g, char c, struct err *err)
{
	if (c == '\0')
		return refuse_line(g, err, "a NUL in a command", "");
	if (g->at_cr && c != '\n')
		return refuse_line(g, err, "a bare CR in a command", "");
	if (g->at_cr) {
		g->at_cr = false;
		g->line_len = 0;
		g->literal = g->continued ? g->announced : 0;
		return 0;
	}
	if (c == '\n')
		return refuse_line(g, err, "a bare LF in a command", "");
	if (c == '\r') {
		g->at_cr = true;
		return vet_line(g, err);
	}
	if (g->line_len == sizeof g->line - 1)
		return refuse_line(g, err, "a command line that is too long", "");
	g->line[g->line_len++] = c;
	return 0;
}

int guard_check(struct guard *g, const void *p, size_t n, struct err *err)
{
	const char *s = p;

	if (g->refused)
		return refuse_line(g, err, "more after a refused command", "");
	while (n) {
		if (g->literal) {
			size_t pass = n < g->literal ? n : (size_t)g->literal;

			g->literal -= pass;
			s += pass;
			n -= pass;
			continue;
		}
		if (take_byte(g, *s, err) != 0)
			return ERR_GUARD;
		s++;
		n--;
	}
	return 0;
}

int guard_literal_refused(struct guard *g, struct err *err)
{
	if (g->refused || !g->continued || g->line_len || g->at_cr || g->literal != g->announced)
		return refuse_line(g, err, "the rest of a literal that the server refused", "");
	g->literal = 0;
	g->continued = false;
	return 0;
}
