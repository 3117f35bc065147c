/* A message of a hostile name server, as the answer to each kind of question. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "valise/dns/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_record(const struct dns_record *r)
{
	const char *shown = r->type == DNS_TXT ? r->text : r->target;

	if (!shown || (r->type == DNS_TXT) != (r->strings != NULL))
		abort();
	/* what is taken for a host name is one, whatever was sent */
	if (r->type == DNS_SRV && *r->target && !r->odd && !dns_is_host(r->target))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum dns_type types[] = {
	        DNS_A, DNS_AAAA, DNS_MX, DNS_TXT, DNS_SRV, DNS_NS, DNS_SOA};

	for (size_t i = 0; size >= 2 && i < sizeof types / sizeof *types; i++) {
		struct dns_question q = {(uint16_t)(data[0] << 8 | data[1]),
		        "_imaps._tcp.old.example", types[i], DNS_REFERRED};
		struct dns_answer a = {0};
		char *next = NULL;
		bool cut;

		if (dns_read(&q, data, size, &a, &next, &cut)) {
			if (a.outcome == DNS_FAILED ? !a.why : !cut && !a.name)
				abort();
			for (size_t k = 0; k < a.n; k++)
				check_record(&a.list[k]);
		}
		free(next);
		dns_answer_clear(&a);
	}
	return 0;
}
