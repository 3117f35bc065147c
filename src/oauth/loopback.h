#ifndef VALISE_OAUTH_LOOPBACK_H
#define VALISE_OAUTH_LOOPBACK_H

#include "redirect.h"
#include "valise/base/buf.h"
#include "valise/oauth/oauth.h"

/* A port of 127.0.0.1 that takes one answer (RFC 8252 7.3). */

/* Listen on a free port. */
int loopback_open(int *fd_out, unsigned *port_out, struct err *err) MUST_CHECK;
/*
 * Until the answer is there, and the browser has its page; then the port is closed,
 * whatever came.
 */
int loopback_wait(int fd, const struct redirect_want *want, const struct oauth_ui *ui,
        struct secret *code, struct err *err) MUST_CHECK;

#endif
