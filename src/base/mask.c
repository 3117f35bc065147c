/*
 * Secrets that come back in foreign text: told once, masked wherever text is made. See
 * secret.h.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/hash.h"
#include "valise/base/mem.h"
#include "valise/base/secret.h"
#include "valise/base/text.h"

#define MASK "***"
#define SECRETS_MAX 16 /* tokens that were renewed: the oldest is let go */
#define WHOLE_FROM 8 /* shorter ones count only where they stand alone */
#define LEAST 4
#define BASE64_RUN 8

struct known {
	char *text;
	size_t len;
	bool word; /* letters alone */
	bool common; /* a word that we and servers say all the time */
	/*
	 * of its base64, which is the same whatever stands before it: that at offset 0, 1
	 * and 2
	 */
	char *core[3];
};

/*
 * A secret belongs to the process, as a request to stop does: text leaves it on many
 * ways, and none of them may be forgotten. So this is kept once, guarded, for all of
 * them.
 */
static struct {
	pthread_rwlock_t lock;
	struct known list[SECRETS_MAX];
	size_t next;
	atomic_size_t n;
} all = {.lock = PTHREAD_RWLOCK_INITIALIZER};

static int lower_char(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : (unsigned char)c;
}

static bool is_letter(char c)
{
	return lower_char(c) >= 'a' && lower_char(c) <= 'z';
}

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || is_letter(c);
}

/* Words that tell nothing, even if they are the password. */
static bool is_common(const char *s)
{
	static const char *const words[] = {"account", "address", "archive", "authentication",
	        "backup", "calendar", "changed", "command", "connection", "contact", "contacts",
	        "denied", "error", "failed", "folder", "hello", "host", "imap", "inbox",
	        "incorrect", "internet", "invalid", "locked", "login", "mail", "mailbox", "message",
	        "messages", "name", "pass", "passwd", "password", "pop3", "refused", "restore",
	        "secret", "server", "service", "sign", "snapshot", "test", "token", "user",
	        "username", "valise", "wrong"};

	for (size_t i = 0; i < COUNT(words); i++)
		if (!strcasecmp(s, words[i]))
			return true;
	return false;
}

/*
 * The characters of base64 that ${text} alone decides, with ${before} octets in front of
 * it.
 */
static char *base64_core(const char *text, size_t len, size_t before)
{
	size_t n = before + len, from = (8 * before + 5) / 6, to = 8 * n / 6;
	char *raw = xcalloc(n + 1, 1), *b64, *core = NULL;

	memcpy(raw + before, text, len);
	b64 = base64_encode(raw, n);
	if (to >= from + LEAST) {
		core = xmalloc(to - from + 1);
		memcpy(core, b64 + from, to - from);
		core[to - from] = '\0';
	}
	wipe(raw, n);
	wipe(b64, strlen(b64));
	free(raw);
	free(b64);
	return core;
}

static void forget_secret(struct known *k)
{
	for (size_t i = 0; i < 3; i++) {
		if (k->core[i])
			wipe(k->core[i], strlen(k->core[i]));
		free(k->core[i]);
	}
	if (k->text)
		wipe(k->text, k->len);
	free(k->text);
	memset(k, 0, sizeof *k);
}

static bool is_known(const struct secret *s)
{
	for (size_t i = 0; i < SECRETS_MAX; i++)
		if (all.list[i].len == s->len && all.list[i].text &&
		        !memcmp(all.list[i].text, s->data, s->len))
			return true;
	return false;
}

void secret_learn(const struct secret *s)
{
	struct known *k;

	if (!s->data || s->len < LEAST)
		return;
	pthread_rwlock_wrlock(&all.lock);
	if (!is_known(s)) {
		k = &all.list[all.next++ % SECRETS_MAX];
		forget_secret(k);
		k->text = xstrdup(s->data);
		k->len = s->len;
		k->common = is_common(s->data);
		k->word = true;
		for (size_t i = 0; i < s->len; i++)
			k->word &= is_letter(s->data[i]);
		for (size_t i = 0; i < 3; i++)
			k->core[i] = base64_core(s->data, s->len, i);
		atomic_store(&all.n, all.next);
	}
	pthread_rwlock_unlock(&all.lock);
}

void secret_forget_all(void)
{
	pthread_rwlock_wrlock(&all.lock);
	for (size_t i = 0; i < SECRETS_MAX; i++)
		forget_secret(&all.list[i]);
	all.next = 0;
	atomic_store(&all.n, 0);
	pthread_rwlock_unlock(&all.lock);
}

/*
 * The forms of one octet: percent-encoded (once or twice), quoted-printable, escaped as
 * by us or by JSON, HTML.
 */
static size_t match_encoded(const char *s, char c)
{
	static const struct {
		const char *before;
		const char *after;
	} forms[] = {{"%", ""}, {"%25", ""}, {"=", ""}, {"\\x", ""}, {"\\u00", ""}, {"&#x", ";"}};
	static const struct {
		const char *name;
		char c;
	} names[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#34;", '"'},
	        {"&apos;", '\''}, {"&#39;", '\''}, {"+", ' '}};

	if (!s[0] || !strchr("%=\\&+", s[0]))
		return 0;
	for (size_t i = 0; i < COUNT(forms); i++) {
		size_t n = strlen(forms[i].before), k = strlen(forms[i].after);
		int v = strncasecmp(s, forms[i].before, n) ? -1 : hex_octet(s + n);

		if (v >= 0 && lower_char((char)v) == lower_char(c) &&
		        !strncmp(s + n + 2, forms[i].after, k))
			return n + 2 + k;
	}
	for (size_t i = 0; i < COUNT(names); i++)
		if (c == names[i].c && !strncasecmp(s, names[i].name, strlen(names[i].name)))
			return strlen(names[i].name);
	return s[0] == '\\' && s[1] && lower_char(s[1]) == lower_char(c) ? 2 : 0;
}

/*
 * How much of ${s} is the secret, plainly or in those forms; 0: it does not begin here.
 * What is cut near its end counts.
 */
static size_t match_plain(const char *s, const struct known *k, bool forms)
{
	size_t at = 0, i = 0;

	for (; i < k->len && s[at]; i++) {
		size_t used = forms ? match_encoded(s + at, k->text[i]) : 0;

		if (!used)
			used = lower_char(s[at]) == lower_char(k->text[i]);
		if (!used)
			break;
		at += used;
	}
	if (i == k->len || (k->len >= WHOLE_FROM && (i >= 12 || i >= (3 * k->len + 3) / 4)))
		return at;
	return 0;
}

/* A word that our own sentence has tells nothing there. */
static bool is_ours(const struct known *k, const char *own)
{
	return k->common || (k->word && own && strcasestr(own, k->text));
}

/* Octets of the secret at this place; a short one counts only where it stands alone. */
static size_t plain_at(const char *text, size_t at, const struct known *k)
{
	size_t n = match_plain(text + at, k, false), coded = match_plain(text + at, k, true);

	if (coded > n) /* what began plainly may go on in another form */
		n = coded;
	if (n && k->len < WHOLE_FROM &&
	        ((at && is_word(text[at - 1]) && is_word(text[at])) ||
	                (is_word(text[at + n - 1]) && is_word(text[at + n]))))
		return 0;
	return n;
}

static char base64_char(char c)
{
	return c == '-' ? '+' : c == '_' ? '/' : c;
}

static bool in_base64(char c)
{
	return base64_digit(base64_char(c)) >= 0 || c == '=';
}

/* The secret in base64, alone or in a SASL message: all of that base64, from *from on. */
static size_t base64_at(const char *text, size_t at, const struct known *k, size_t *from)
{
	for (size_t i = 0; i < 3; i++) {
		const char *core = k->core[i];
		size_t n = 0, start = at, end;

		while (core && core[n] && base64_char(text[at + n]) == core[n])
			n++;
		if (!core || core[n])
			continue;
		while (start > *from && in_base64(text[start - 1]))
			start--;
		for (end = at + n; in_base64(text[end]);)
			end++;
		if (end - start < BASE64_RUN && n < BASE64_RUN)
			continue;
		*from = start;
		return end - start;
	}
	return 0;
}

/*
 * The longest that begins at ${at}, or, in base64, about it; *from: where it begins, not
 * before what it was.
 */
static size_t mask_at(const char *text, const char *own, size_t at, size_t *from)
{
	const size_t since = *from;
	size_t longest = 0;

	for (size_t i = 0; i < SECRETS_MAX; i++) {
		const struct known *k = &all.list[i];
		size_t begin = at, n = 0;

		if (k->text && !is_ours(k, own))
			n = plain_at(text, at, k);
		if (k->text && !n) {
			begin = since;
			n = base64_at(text, at, k, &begin);
		}
		if (n > longest) {
			longest = n;
			*from = begin;
		}
	}
	return longest;
}

char *secret_mask(char *text, const char *own)
{
	/* text[0..out) is settled; text[done..at) is looked at and stays so far */
	size_t at = 0, done = 0, out = 0;

	if (atomic_load(&all.n) == 0)
		return text;
	pthread_rwlock_rdlock(&all.lock);
	while (text[at]) {
		size_t from = done, n = mask_at(text, own, at, &from);

		if (!n) {
			at++;
			continue;
		}
		memmove(text + out, text + done, from - done);
		out += from - done;
		memcpy(text + out, MASK, strlen(MASK));
		out += strlen(MASK);
		at = done = from + n;
	}
	memmove(text + out, text + done, at - done + 1);
	pthread_rwlock_unlock(&all.lock);
	return text;
}

size_t secret_mask_octets(char *text, size_t n)
{
	size_t from = 0, out = 0;

	while (from <= n) {
		size_t len = strlen(text + from), kept;

		kept = strlen(secret_mask(text + from, NULL)) + 1;
		memmove(text + out, text + from, kept);
		out += kept;
		from += len + 1;
	}
	return out - 1;
}
