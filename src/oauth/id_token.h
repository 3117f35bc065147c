#ifndef VALISE_OAUTH_ID_TOKEN_H
#define VALISE_OAUTH_ID_TOKEN_H

#include "valise/oauth/oauth.h"

/*
 * The claims of an id_token (OpenID Connect Core 2, 5.1) that say who signed in. It came
 * from the token endpoint over TLS, which stands for its signature (3.1.3.7, 6). What is
 * no such token, or has no such claim, leaves ${out} as it is.
 */
void id_token_read(const char *token, struct oauth_who *out);

#endif
