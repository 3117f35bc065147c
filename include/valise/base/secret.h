#ifndef VALISE_BASE_SECRET_H
#define VALISE_BASE_SECRET_H

#include <stddef.h>
#include "valise/base/err.h"

/* A password or token: wiped when cleared, never logged, at most SECRET_MAX bytes. */
#define SECRET_MAX 16384

struct secret {
	char *data; /* NUL-terminated; NULL when unset */
	size_t len;
};

int secret_set(struct secret *s, const char *p, size_t n, struct err *err) MUST_CHECK;
void secret_clear(struct secret *s);
/*
 * A server may repeat in its words what it was sent. What secret_learn was told (once for
 * each secret, where it comes to be known) is masked by secret_mask as "***": err_set,
 * progress_say, the traces and the notes in an archive call it, so that all text which
 * holds foreign words has passed it. Found are: the secret itself, in any case of
 * letters; percent-encoded, quoted-printable, quoted or escaped as in JSON, HTML or by
 * term_escape; in base64 alone or inside a SASL message; and the first 12 octets or three
 * quarters of a longer one, which a text that was cut may end with. A secret of less than
 * 8 octets counts only where it stands alone; one of less than 4, or that is a word which
 * servers and this program say all the time ("password", "mailbox"), is masked in base64
 * only or not at all: the rest would be unreadable, and would tell it.
 * Thread-safe. The one more thing that is global: a secret belongs to the process.
 */
void secret_learn(const struct secret *s);
void secret_forget_all(void);
/*
 * In place, never longer; returns ${text}. ${own} (may be NULL): what is ours of the
 * text, the format; a secret that is a word of it stays.
 */
char *secret_mask(char *text, const char *own);
/*
 * The same for octets, which may hold NULs; ${text}[n] is one. Returns how many are left.
 */
size_t secret_mask_octets(char *text, size_t n);

void wipe(void *p, size_t n); /* memset that is not optimised away */

#endif
