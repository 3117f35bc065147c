#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "oauth/peer.h"
#include "valise/base/mem.h"

#define HEAD "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
#define REST " 00000000:00000000 00:00000000 00000000"
#define LISTENS "   0: 0100007F:1F90 00000000:0000 0A" REST "  1000        0 1 1 0\n"
/* our end of the same connection */
#define OURS "   1: 0100007F:1F90 0100007F:C001 01" REST "  1000        0 2 1 0\n"

static void whose_it_is(void **state)
{
	static const struct {
		const char *table;
		enum peer peer;
	} rows[] = {
	        {HEAD LISTENS OURS "   2: 0100007F:C001 0100007F:1F90 01" REST
	                           "  1000        0 3\n",
	                PEER_OURS},
	        {HEAD LISTENS OURS "   2: 0100007F:C001 0100007F:1F90 01" REST
	                           "     0        0 3\n",
	                PEER_OURS}, /* root may do what it likes */
	        {HEAD LISTENS OURS "   2: 0100007F:C001 0100007F:1F90 01" REST
	                           "  1001        0 3\n",
	                PEER_OTHER},
	        {HEAD LISTENS OURS "   2: 0100007F:C001 0100007F:1F90 05" REST
	                           "     0        0 0\n",
	                PEER_GONE},
	        {HEAD "  12: 7F000001:C001 7F000001:1F90 01" REST "  1000        0 3\n", PEER_OURS},
	        {HEAD "   2: 0000000000000000FFFF00000100007F:C001 "
	              "0000000000000000FFFF00000100007F:1F90 01" REST "  1001        0 3\n",
	                PEER_OTHER},
	        /* others' connections */
	        {HEAD LISTENS OURS "   2: 0100007F:C002 0100007F:1F90 01" REST
	                           "  1001        0 3\n",
	                PEER_UNKNOWN},
	        {HEAD "   2: 0200007F:C001 0100007F:1F90 01" REST "  1001        0 3\n",
	                PEER_UNKNOWN},
	        {HEAD, PEER_UNKNOWN},
	        {"", PEER_UNKNOWN},
	        {"nonsense\n\n:::\n", PEER_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (peer_judge(rows[i].table, 0xC001, 0x1F90, 1000) != rows[i].peer)
			fail_msg("row %zu", i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(whose_it_is)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
