/*
 * SCRAM-SHA-1 and SCRAM-SHA-256, client side (RFC 5802 3 and 7, RFC 7677).
 *
 *	client-first  = gs2-header "n=" user ",r=" nonce
 *	server-first  = "r=" nonce ",s=" base64 ",i=" number [extensions]
 *	client-final  = "c=" base64(gs2-header) ",r=" nonce ",p=" base64(proof)
 *	server-final  = "v=" base64(signature) / "e=" error
 */
#include "scram.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <gnutls/crypto.h>
#include <nettle/nettle-meta.h>
#include <nettle/pbkdf2.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include "valise/base/hash.h"
#include "valise/base/mem.h"

#define NAME_MAX_OCTETS 500
#define SALT_MAX 1024
#define ITERATIONS_MAX 2000000 /* about a second: more would be an attack on our time */
#define HASH_MAX 32

static size_t hash_len(const struct scram *s)
{
	return s->sha256 ? SHA256_DIGEST_SIZE : SHA1_DIGEST_SIZE;
}

static void hash_of(const struct scram *s, const uint8_t *p, size_t n, uint8_t out[HASH_MAX])
{
	struct sha1_ctx sha1;

	if (s->sha256) {
		sha256_of(p, n, out);
		return;
	}
	sha1_init(&sha1);
	sha1_update(&sha1, n, p);
	sha1_digest(&sha1, SHA1_DIGEST_SIZE, out);
}

static void hmac_of(
        const struct scram *s, const uint8_t *key, const void *p, size_t n, uint8_t out[HASH_MAX])
{
	const struct nettle_mac *mac = s->sha256 ? &nettle_hmac_sha256 : &nettle_hmac_sha1;
	void *h = xmalloc(mac->context_size);

	mac->set_key(h, key);
	mac->update(h, n, p);
	mac->digest(h, mac->digest_size, out);
	wipe(h, mac->context_size);
	free(h);
}

bool saslname_add(char *out, size_t size, const char *name)
{
	size_t at = strlen(out);

	for (; *name; name++) {
		const char *form = *name == ',' ? "=2C" : *name == '=' ? "=3D" : NULL;
		int n = form ? snprintf(out + at, size - at, "%s", form)
		             : snprintf(out + at, size - at, "%c", *name);

		if (n < 0 || (size_t)n >= size - at)
			return false;
		at += (size_t)n;
	}
	return true;
}

int scram_start(
        struct scram *s, bool sha256, const char *user, const char *authzid, struct err *err)
{
	uint8_t random[18];
	char *text;

	memset(s, 0, sizeof *s);
	s->sha256 = sha256;
	if (gnutls_rnd(GNUTLS_RND_NONCE, random, sizeof random) != 0)
		return err_set(err, ERR_IO, ERR_WHOLE, "no random numbers for SCRAM");
	text = base64_encode(random, sizeof random);
	snprintf(s->nonce, sizeof s->nonce, "%s", text);
	free(text);
	if (strlen(user) > NAME_MAX_OCTETS || (authzid && strlen(authzid) > NAME_MAX_OCTETS / 3))
		return err_set(err, ERR_AUTH, ERR_WHOLE, "the user name is too long");
	snprintf(s->gs2, sizeof s->gs2, authzid ? "n,a=" : "n,");
	if (authzid && !saslname_add(s->gs2, sizeof s->gs2 - 1, authzid))
		return err_set(err, ERR_AUTH, ERR_WHOLE, "the authorization identity is too long");
	memcpy(s->gs2 + strlen(s->gs2), ",", 2);
	snprintf(s->first_bare, sizeof s->first_bare, "n=");
	if (!saslname_add(s->first_bare, sizeof s->first_bare - SCRAM_NONCE_SIZE - 4, user))
		return err_set(err, ERR_AUTH, ERR_WHOLE, "the user name is too long");
	return 0;
}

struct server_first {
	char nonce[256];
	uint8_t salt[SALT_MAX];
	size_t salt_len;
	unsigned iterations;
};

/* The value of "x=value" at *${p}, up to the comma, and past it. */
static bool next_attribute(const char **p, char name, const char **value, size_t *n)
{
	if ((*p)[0] != name || (*p)[1] != '=')
		return false;
	*value = *p + 2;
	*n = strcspn(*value, ",");
	*p = *value + *n;
	if (**p == ',')
		++*p;
	return true;
}

/* ${p} is NUL-terminated. */
static bool parse_server_first(const struct scram *s, const char *p, struct server_first *f)
{
	const char *value;
	unsigned long count;
	char *end;
	long got;
	size_t n;

	if (!next_attribute(&p, 'r', &value, &n) || n >= sizeof f->nonce)
		return false;
	memcpy(f->nonce, value, n);
	f->nonce[n] = '\0';
	/*
	 * The server's nonce is ours and more: else it answers somebody else's exchange.
	 */
	if (n <= strlen(s->nonce) || strncmp(f->nonce, s->nonce, strlen(s->nonce)) != 0)
		return false;
	if (!next_attribute(&p, 's', &value, &n))
		return false;
	got = base64_decode(value, n, f->salt, sizeof f->salt);
	if (got < 1 || !next_attribute(&p, 'i', &value, &n) || *value < '1' || *value > '9')
		return false;
	f->salt_len = (size_t)got;
	count = strtoul(value, &end, 10);
	f->iterations = (unsigned)count;
	return end == value + n && count <= ITERATIONS_MAX;
}

static void salted_password(const struct scram *s, const struct secret *password,
        const struct server_first *f, uint8_t out[HASH_MAX])
{
	const uint8_t *key = (const uint8_t *)password->data;

	if (s->sha256)
		pbkdf2_hmac_sha256(
		        password->len, key, f->iterations, f->salt_len, f->salt, hash_len(s), out);
	else
		pbkdf2_hmac_sha1(
		        password->len, key, f->iterations, f->salt_len, f->salt, hash_len(s), out);
}

/* RFC 5802 3: the proof over ${auth}; what the server must answer is kept. */
static void make_proof(
        struct scram *s, const uint8_t *salted, const char *auth, uint8_t proof[HASH_MAX])
{
	uint8_t client_key[HASH_MAX], stored[HASH_MAX], signature[HASH_MAX], server_key[HASH_MAX];

	hmac_of(s, salted, "Client Key", 10, client_key);
	hash_of(s, client_key, hash_len(s), stored);
	hmac_of(s, stored, auth, strlen(auth), signature);
	for (size_t i = 0; i < hash_len(s); i++)
		proof[i] = client_key[i] ^ signature[i];
	hmac_of(s, salted, "Server Key", 10, server_key);
	hmac_of(s, server_key, auth, strlen(auth), s->server_signature);
	wipe(client_key, sizeof client_key);
	wipe(stored, sizeof stored);
	wipe(server_key, sizeof server_key);
}

/* The answer to server-first: the proof. */
static int client_final(struct scram *s, const struct secret *password, const char *server_first,
        struct buf *out, struct err *err)
{
	uint8_t salted[HASH_MAX], proof[HASH_MAX];
	struct server_first f;
	char *gs2, *without, *auth, *text;

	if (!parse_server_first(s, server_first, &f))
		return err_set(err, ERR_AUTH, ERR_WHOLE,
		        "the server's part of the SCRAM exchange is not valid");
	gs2 = base64_encode(s->gs2, strlen(s->gs2));
	without = xasprintf("c=%s,r=%s", gs2, f.nonce);
	auth = xasprintf("%s,%s,%s", s->first_bare, server_first, without);
	salted_password(s, password, &f, salted);
	make_proof(s, salted, auth, proof);
	wipe(salted, sizeof salted);
	text = base64_encode(proof, hash_len(s));
	buf_reset(out);
	buf_putf(out, "%s,p=%s", without, text);
	free(text);
	free(auth);
	free(without);
	free(gs2);
	return 0;
}

/* Has the server proved that it knows the password? */
static int server_final(struct scram *s, const char *in, struct err *err)
{
	uint8_t got[HASH_MAX], differs = 0;
	const char *value;
	size_t n;

	if (next_attribute(&in, 'e', &value, &n))
		return err_set(
		        err, ERR_AUTH, ERR_WHOLE, "the server says: %.*s", (int)MIN(n, 100), value);
	if (!next_attribute(&in, 'v', &value, &n) ||
	        base64_decode(value, n, got, sizeof got) != (long)hash_len(s))
		differs = 1;
	for (size_t i = 0; !differs && i < hash_len(s); i++)
		differs |= (uint8_t)(got[i] ^ s->server_signature[i]);
	if (differs)
		return err_set(err, ERR_AUTH, ERR_WHOLE,
		        "the server did not prove that it knows the password (SCRAM signature)");
	s->verified = true;
	return 0;
}

int scram_step(struct scram *s, const struct secret *password, const char *in, size_t n,
        struct buf *out, struct err *err)
{
	char *text;
	int r;

	buf_reset(out);
	switch (s->step++) {
	case 0:
		snprintf(s->first_bare + strlen(s->first_bare),
		        sizeof s->first_bare - strlen(s->first_bare), ",r=%s", s->nonce);
		buf_putf(out, "%s%s", s->gs2, s->first_bare);
		return 0;
	case 1:
	case 2:
		if (n > 4096 || memchr(in, '\0', n))
			return err_set(err, ERR_AUTH, ERR_WHOLE,
			        "the server's part of the SCRAM exchange is not valid");
		text = xstrndup(in, n);
		r = s->step == 2 ? client_final(s, password, text, out, err)
		                 : server_final(s, text, err);
		free(text);
		return r;
	default:
		return err_set(err, ERR_AUTH, ERR_WHOLE, "the SCRAM exchange does not end");
	}
}
