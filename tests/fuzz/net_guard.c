/*
 * What the guard lets through is read again by a slow parser of its own, as a lenient
 * server would read it: no forbidden verb may stand where a command begins.
 *
 * Input: a byte of role and flags, a byte for the size of the writes, then the outgoing
 * bytes.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/net/guard.h"

/* Also where NDEBUG silences assert. */
#define CHECK(x) ((x) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const never[] = {"DELETE", "EXPUNGE", "CLOSE", "RENAME", "MOVE", "COPY", "STORE",
        "FETCH", "SEARCH", "SETACL", "DELETEACL", "SETQUOTA", "SETMETADATA", "UNSUBSCRIBE", "IDLE",
        "REPLACE", "UID MOVE", "UID COPY", "UID EXPUNGE", "UID REPLACE"};
static const char *const never_source[] = {"SELECT", "CREATE", "SUBSCRIBE", "APPEND", "UID STORE"};
static const char *const never_clear[] = {"LOGIN", "AUTHENTICATE", "USER", "PASS", "APOP", "AUTH"};

static void forbid(const char *verb, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(verb, list[i]) == 0)
			abort();
}
#define FORBID(verb, list) forbid(verb, list, sizeof list / sizeof *list)

/* The upper-case word at ${s}; with "UID" the one after it too. */
static void read_verb(const char *s, const char *end, char out[64])
{
	size_t n = 0;

	while (s < end && n < 63 &&
	        (isalnum((unsigned char)*s) ||
	                (*s == ' ' && n == 3 && strncmp(out, "UID", 3) == 0)))
		out[n++] = (char)toupper((unsigned char)*s++);
	out[n] = '\0';
}

/* The size of the literal that ends the line, however it is written; -1: none. */
static long long literal_size(const char *s, const char *end)
{
	const char *p = end;

	if (p == s || *--p != '}')
		return -1;
	while (p > s && *p != '{')
		p--;
	if (*p != '{' || !isdigit((unsigned char)p[1]))
		return -1;
	return strtoll(p + 1, NULL, 10);
}

/* Items that set \Seen, wherever a word begins. */
static void check_fetch(const char *s, const char *end)
{
	for (char before = ' '; s < end; before = *s++) {
		if (isalnum((unsigned char)before) || strchr("._-", before))
			continue;
		CHECK(strncasecmp(s, "BODY[", 5) != 0);
		CHECK(strncasecmp(s, "BINARY[", 7) != 0);
		CHECK(strncasecmp(s, "RFC822.TEXT", 11) != 0);
		CHECK(strncasecmp(s, "RFC822)", 7) != 0 && strncasecmp(s, "RFC822\r", 7) != 0);
	}
}

static void check_command(const struct guard *g, const char *s, const char *end)
{
	char verb[64] = "";

	if (g->role != GUARD_POP3_SOURCE) {
		while (s < end && *s != ' ')
			s++;
		while (s < end && *s == ' ')
			s++;
	}
	read_verb(s, end, verb);
	/*
	 * In POP3 these need an argument; without one it may be the base64 of a SASL
	 * exchange.
	 */
	if (g->role == GUARD_POP3_SOURCE)
		CHECK(strncasecmp(s, "XTND ", 5) != 0 && strncasecmp(s, "DELE ", 5) != 0);
	else
		FORBID(verb, never);
	if (g->role == GUARD_IMAP_SOURCE)
		FORBID(verb, never_source);
	if (g->before_tls)
		FORBID(verb, never_clear);
	if (strcmp(verb, "UID FETCH") == 0)
		check_fetch(s, end);
}

/* ${text} is NUL-terminated. Only whole lines count: a server acts on nothing else. */
static void check_sent(const struct guard *g, const char *text, size_t n)
{
	const char *s = text, *end = text + n;
	bool command = true;

	while (s < end) {
		const char *eol = s;
		long long literal;

		while (eol < end && *eol != '\r' && *eol != '\n')
			eol++;
		if (eol == end)
			return;
		if (command)
			check_command(g, s, eol);
		literal = g->role == GUARD_POP3_SOURCE ? -1 : literal_size(s, eol);
		s = eol + (eol + 1 < end && eol[0] == '\r' && eol[1] == '\n' ? 2 : 1);
		command = literal < 0;
		if (literal > 0)
			s = literal > end - s ? end : s + literal;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum guard_role roles[] = {
	        GUARD_IMAP_SOURCE, GUARD_IMAP_TARGET, GUARD_POP3_SOURCE};
	struct guard *g;
	size_t step, sent = 0;
	char *text;

	if (size < 2)
		return 0;
	g = malloc(sizeof *g);
	text = malloc(size);
	CHECK(g && text);
	guard_init(g, roles[data[0] % 3]);
	g->secret = data[0] & 64;
	g->before_tls = data[0] & 128;
	step = data[1] + 1U;
	data += 2;
	size -= 2;
	while (sent < size) {
		size_t n = size - sent < step ? size - sent : step;

		if (guard_check(g, data + sent, n, NULL) != 0)
			break;
		sent += n;
	}
	memcpy(text, data, sent);
	text[sent] = '\0';
	check_sent(g, text, sent);
	free(text);
	free(g);
	return 0;
}
