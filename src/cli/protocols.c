/* The table of who reads and writes each protocol. */
#include "protocols.h"
#include "valise/base/mem.h"

const struct protocol_ops protocol_ops[] = {
        /* SERVICE_IMAP */ {&source_imap, &target_imap},
        /* SERVICE_POP3 */ {&source_pop3, NULL},
        /* SERVICE_CALDAV */ {&source_caldav, &target_caldav},
        /* SERVICE_CARDDAV */ {&source_carddav, &target_carddav},
        /* SERVICE_MAPI */ {&source_mapi, &target_mapi},
};
_Static_assert(COUNT(protocol_ops) == SERVICE_KINDS, "a row for each service kind, in its order");
