/* What the records of DKIM, DMARC, MTA-STS and TLS-RPT say, and what is wrong with it. */
#include "judge.h"
#include "valise/base/hash.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include <ctype.h>
#include <gnutls/abstract.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { RSA_LEAST = 1024, RSA_ADVISED = 2048, ED25519_LEN = 32 };

static void say_wrong(struct migration_row *row, const char *text)
{
	row_note(row, NOTE_WRONG, xstrdup(text));
}

/* Is ${word} one of those with colons between, blanks aside? */
static bool has_item(const char *list, const char *word)
{
	for (;;) {
		size_t n = strcspn(list, ":"), len = n;
		const char *item = list;

		text_trim(&item, &len);
		if (text_is(item, len, word))
			return true;
		if (!list[n])
			return false;
		list += n + 1;
	}
}

/* Octets of the key, without the blanks that may stand in its base64; 0: it is none. */
static size_t decode_key(const char *text, uint8_t **out)
{
	size_t n = 0, len = strlen(text);
	char *bare = xmalloc(len + 1);
	long got;

	for (const char *s = text; *s; s++)
		if (!isspace((unsigned char)*s))
			bare[n++] = *s;
	*out = xmalloc(len + 1);
	got = base64_decode(bare, n, *out, len + 1);
	free(bare);
	return got > 0 ? (size_t)got : 0;
}

/* Bits of an RSA key in its SubjectPublicKeyInfo, 0: it is none. */
static unsigned rsa_bits(const uint8_t *der, size_t n)
{
	gnutls_datum_t data = {(unsigned char *)(uintptr_t)der, (unsigned)n};
	gnutls_pubkey_t key;
	unsigned bits = 0;
	bool rsa;

	if (gnutls_pubkey_init(&key) < 0)
		return 0;
	rsa = gnutls_pubkey_import(key, &data, GNUTLS_X509_FMT_DER) >= 0 &&
	      gnutls_pubkey_get_pk_algorithm(key, &bits) == GNUTLS_PK_RSA;
	gnutls_pubkey_deinit(key);
	return rsa ? bits : 0;
}

static void judge_rsa(const uint8_t *der, size_t n, struct migration_row *row)
{
	unsigned bits = n ? rsa_bits(der, n) : 0;

	if (!bits)
		say_wrong(row, "its key does not parse: p= is no RSA public key in base64");
	else if (bits < RSA_LEAST)
		row_note(row, NOTE_WRONG,
		        xasprintf("its RSA key has %u bits: less than 1024 counts for nothing",
		                bits));
	else if (bits < RSA_ADVISED)
		row_note(row, NOTE_ONLY,
		        xasprintf("its RSA key has %u bits: 2048 are advised", bits));
}

static void judge_key(const char *kind, const char *text, struct migration_row *row)
{
	uint8_t *der = NULL;
	size_t n;

	if (!*text) {
		/* as old ones are, whose selector nobody asked for */
		row_note(row, row->guessed ? NOTE_ONLY : NOTE_WRONG,
		        xstrdup("its key is revoked: p= is empty"));
		return;
	}
	n = decode_key(text, &der);
	if (strcmp(kind, "rsa") == 0)
		judge_rsa(der, n, row);
	else if (strcmp(kind, "ed25519") != 0)
		say_wrong(row, "its key is of a kind that is not known: k= is rsa or ed25519");
	else if (n != ED25519_LEN)
		say_wrong(
		        row, "its key does not parse: p= is no Ed25519 key of 32 octets in base64");
	free(der);
}

void judge_dkim(const char *text, struct migration_row *row)
{
	struct tags t;
	const char *why = tags_parse(text, &t), *key = tags_get(&t, "p");
	const char *kind = tags_get(&t, "k"), *hash = tags_get(&t, "h"), *use = tags_get(&t, "s");
	const char *flags = tags_get(&t, "t"), *version = tags_get(&t, "v");

	if (why)
		say_wrong(row, why);
	else if (version && (strcmp(version, "DKIM1") != 0 || strcmp(t.list[0].name, "v") != 0))
		say_wrong(row, "v=DKIM1 has to be its first tag");
	else if (!key)
		say_wrong(row, "it has no key: p= is missing");
	else
		judge_key(kind ? kind : "rsa", key, row);
	if (hash && !has_item(hash, "sha256"))
		say_wrong(row, "h= leaves sha256 out, which signatures are made with");
	if (use && !has_item(use, "*") && !has_item(use, "email"))
		say_wrong(row, "s= says that the key is not for mail");
	if (flags && has_item(flags, "y"))
		row_note(row, NOTE_ONLY, xstrdup("t=y: it is marked as a test"));
	tags_clear(&t);
}

static bool is_policy(const char *word)
{
	static const char *const words[] = {"none", "quarantine", "reject"};

	for (size_t i = 0; i < COUNT(words); i++)
		if (strcasecmp(word, words[i]) == 0)
			return true;
	return false;
}

static bool is_percent(const char *s)
{
	size_t n = strlen(s);

	return n && n <= 3 && strspn(s, "0123456789") == n && atoi(s) <= 100;
}

void judge_dmarc(const char *text, struct migration_row *row)
{
	struct tags t;
	const char *why = tags_parse(text, &t), *p = tags_get(&t, "p"), *sp = tags_get(&t, "sp");
	const char *percent = tags_get(&t, "pct");

	if (why)
		say_wrong(row, why);
	else if (!p)
		say_wrong(row, "it has no policy: p= is missing");
	else if (!is_policy(p))
		say_wrong(row, "its policy is none of none, quarantine and reject");
	if (sp && !is_policy(sp))
		say_wrong(row, "its policy for subdomains is none of none, quarantine and reject");
	if (percent && !is_percent(percent))
		say_wrong(row, "pct= is a number from 0 to 100");
	tags_clear(&t);
}

void judge_mta_sts(const char *text, struct migration_row *row)
{
	struct tags t;
	const char *why = tags_parse(text, &t), *id = tags_get(&t, "id");
	size_t n = id ? strlen(id) : 0;
	bool good = n && n <= 32;

	for (size_t i = 0; i < n; i++)
		good = good && isalnum((unsigned char)id[i]);
	if (why)
		say_wrong(row, why);
	else if (!good)
		say_wrong(row, "id= is missing, or not of 1 to 32 letters and digits");
	tags_clear(&t);
}

void judge_tls_rpt(const char *text, struct migration_row *row)
{
	struct tags t;
	const char *why = tags_parse(text, &t), *rua = tags_get(&t, "rua");

	if (why)
		say_wrong(row, why);
	else if (!rua ||
	         (strncasecmp(rua, "mailto:", 7) != 0 && strncasecmp(rua, "https:", 6) != 0))
		say_wrong(row, "rua= is missing, or neither mailto: nor https:");
	tags_clear(&t);
}
