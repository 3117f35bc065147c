#ifndef VALISE_DNS_RECORDS_H
#define VALISE_DNS_RECORDS_H

#include <ldns/ldns.h>
#include "valise/dns/dns.h"

/* What ldns has read, as a record of ours (read.c). */

/* In lower case, without its last dot; escaped where it is no name of letters. NULL: none. */
char *dns_rr_name(const ldns_rdf *rdf);
/* false: it lacks fields; then there is nothing to clear. */
bool dns_rr_take(const ldns_rr *rr, struct dns_record *r);
void dns_rr_clear(struct dns_record *r);

#endif
