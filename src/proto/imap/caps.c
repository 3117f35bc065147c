/*
 * What the server can (RFC 3501 6.1.1) and how it names things (RFC 2342).
 */
#include "internal.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/mem.h"
#include "valise/base/text.h"

#define CAPS_MAX 500
#define CAP_LEN_MAX 400
#define FOREIGN_MAX 100

void caps_forget(struct imap *m)
{
	texts_free(m->caps, m->n_caps);
	m->caps = NULL;
	m->n_caps = 0;
	m->caps_known = false;
}

void caps_take(struct imap *m, struct line words)
{
	struct token t;
	size_t cap = 0;

	caps_forget(m);
	m->caps_known = true;
	for (t = line_next(&words); t.kind == TOKEN_ATOM && m->n_caps < CAPS_MAX;
	        t = line_next(&words))
		if (t.n <= CAP_LEN_MAX) {
			char *word = token_dup(&t, NULL);

			*ARR_PUSH(m->caps, m->n_caps, cap) = word;
		}
}

static void caps_line(void *ctx, struct untagged *u)
{
	if (!u->numbered && token_is(&u->word, "CAPABILITY"))
		caps_take(ctx, u->rest);
}

int caps_ask(struct imap *m, struct err *err)
{
	int r;

	if (m->caps_known)
		return 0;
	r = command_ask(m, "CAPABILITY", caps_line, m, err);
	if (r == 0 && !m->caps_known)
		return session_fail(
		        m, ERR_PROTO, err, "the server does not say what it can (CAPABILITY)");
	return r;
}

/* "NAME" or "NAME=value" in any case, or NULL. */
static const char *find_cap(const struct imap *m, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < m->n_caps; i++)
		if (strncasecmp(m->caps[i], name, n) == 0 &&
		        (m->caps[i][n] == '\0' || m->caps[i][n] == '='))
			return m->caps[i];
	return NULL;
}

bool imap_has(const struct imap *m, const char *capability)
{
	return find_cap(m, capability) != NULL;
}

const char *imap_capability_value(const struct imap *m, const char *name)
{
	const char *cap = find_cap(m, name), *equals = cap ? strchr(cap, '=') : NULL;

	return equals ? equals + 1 : NULL;
}

static void enabled_line(void *ctx, struct untagged *u)
{
	if (u->numbered || !token_is(&u->word, "ENABLED"))
		return;
	for (struct token t = line_next(&u->rest); t.kind == TOKEN_ATOM; t = line_next(&u->rest))
		*(bool *)ctx |= token_is(&t, "QRESYNC");
}

int imap_enable_qresync(struct imap *m, bool *on_out, struct err *err)
{
	int r;

	*on_out = false;
	r = command_ask(m, "ENABLE QRESYNC", enabled_line, on_out, err);
	return m->dead ? r : 0;
}

uint64_t imap_append_limit(const struct imap *m)
{
	const char *value = imap_capability_value(m, "APPENDLIMIT");
	struct token t = {.kind = TOKEN_ATOM, .p = value, .n = value ? strlen(value) : 0};
	uint64_t limit = 0;

	return value && token_u64(&t, &limit) ? limit : 0;
}

/* namespace = "NIL" / "(" 1*("(" string SP (string / "NIL") *extension ")") ")" */
static void read_namespace(struct imap *m, struct line *l, bool personal)
{
	struct token t = line_next(l);
	size_t cap = m->n_foreign;

	if (t.kind != TOKEN_OPEN)
		return;
	for (t = line_next(l); t.kind == TOKEN_OPEN; t = line_next(l)) {
		struct token prefix = line_next(l), delimiter = line_peek(l);
		size_t n = 0;
		char *text, *one;

		if (prefix.kind != TOKEN_STRING || !line_skip(l))
			return;
		text = token_dup(&prefix, NULL);
		one = delimiter.kind == TOKEN_STRING ? token_dup(&delimiter, &n) : NULL;
		if (personal && !m->ns_prefix) {
			m->ns_prefix = text;
			m->ns_delimiter = n == 1 ? *one : '\0';
		} else if (!personal && m->n_foreign < FOREIGN_MAX) {
			*ARR_PUSH(m->foreign, m->n_foreign, cap) = text;
		} else {
			free(text);
		}
		free(one);
		while (line_peek(l).kind != TOKEN_CLOSE)
			if (!line_skip(l))
				return;
		(void)line_next(l);
	}
}

static void namespace_line(void *ctx, struct untagged *u)
{
	struct imap *m = ctx;

	if (u->numbered || !token_is(&u->word, "NAMESPACE") || m->ns_prefix)
		return;
	read_namespace(m, &u->rest, true);
	read_namespace(m, &u->rest, false);
	read_namespace(m, &u->rest, false);
}

/* The value of one field of an ID answer, "name"; the caller frees it. NULL: there is none. */
static char *id_value(struct line list, const char *field)
{
	struct token key;

	for (key = line_next(&list); key.kind == TOKEN_STRING; key = line_next(&list)) {
		bool wanted = text_is(key.p, key.n, field);
		struct token value = line_peek(&list);

		if (wanted)
			return value.kind == TOKEN_STRING ? token_dup(&value, NULL) : NULL;
		if (!line_skip(&list))
			return NULL;
	}
	return NULL;
}

/* id_response = "ID" SP ("(" [field SP value ...] ")" / "NIL"), RFC 2971 */
static void id_line(void *ctx, struct untagged *u)
{
	struct imap *m = ctx;
	char *name, *version;

	if (u->numbered || !token_is(&u->word, "ID") || line_next(&u->rest).kind != TOKEN_OPEN)
		return;
	name = id_value(u->rest, "name");
	version = id_value(u->rest, "version");
	if (!name)
		name = id_value(u->rest, "vendor");
	if (name) {
		char *text = xasprintf("%s%s%s", name, version ? " " : "", version ? version : "");

		facts_set(m->facts, FACT_SOFTWARE, text);
		free(text);
	}
	free(name);
	free(version);
}

/*
 * ID and NAMESPACE in one round trip. ID (RFC 2971) is a courtesy that some servers
 * insist on; a refusal of either costs nothing.
 */
int session_namespace(struct imap *m, struct err *err)
{
	const char *const commands[] = {
	        imap_has(m, "ID") ? "ID (\"name\" \"valise\" \"version\" \"" VALISE_VERSION "\")"
	                          : NULL,
	        imap_has(m, "NAMESPACE") ? "NAMESPACE" : NULL};
	unsigned tags[2] = {0, 0};
	struct err soft;
	int r = 0;

	/* As they come: libetpan takes literals out of the lines that it keeps. */
	lines_forget(m, false);
	transport_tee(m->t, &m->lines);
	for (size_t i = 0; i < 2 && r == 0; i++) {
		if (!commands[i])
			continue;
		command_start(m, commands[i]);
		r = command_end(m, NULL, err);
		tags[i] = m->tag;
	}
	if (r == 0)
		r = command_flush(m, err);
	for (size_t i = 0; i < 2 && r == 0; i++) {
		if (!tags[i])
			continue;
		err_clear(&soft);
		r = command_wait(m, tags[i], "NAMESPACE", &soft);
		if (r != 0 && m->dead && err)
			*err = soft;
		r = m->dead ? r : 0;
	}
	transport_tee(m->t, NULL);
	if (r == 0) {
		each_untagged(m, namespace_line, m);
		each_untagged(m, id_line, m);
	}
	lines_forget(m, false);
	return r;
}

const char *imap_namespace(const struct imap *m, char *delimiter_out)
{
	if (delimiter_out)
		*delimiter_out = m->ns_delimiter;
	return m->ns_prefix ? m->ns_prefix : "";
}
