#ifndef VALISE_CLI_PROTOCOLS_H
#define VALISE_CLI_PROTOCOLS_H

#include "valise/account/protocols.h"
#include "valise/fetch/fetch.h"
#include "valise/restore/restore.h"

/* Who speaks a protocol. What is known of it otherwise: account/protocols.h. */
struct protocol_ops {
	const struct source_ops *source;
	const struct target_ops *target; /* NULL: it can only be read */
};

/* SERVICE_KINDS rows, by kind. */
extern const struct protocol_ops protocol_ops[];

#endif
