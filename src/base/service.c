/* One service of an account, as plain data: its owner and time-out; cleared. */
#include "valise/base/service.h"
#include <stdlib.h>

#define SLOW_TIMES 5
#define OCTETS_PER_MS 100

int64_t slow_timeout_ms(int idle_ms, uint64_t octets)
{
	return (int64_t)idle_ms * SLOW_TIMES + (int64_t)(octets / OCTETS_PER_MS);
}

static void drop(char **p)
{
	free(*p);
	*p = NULL;
}

const char *service_owner(const struct service *s)
{
	return s->login.authzid ? s->login.authzid : s->login.user;
}

void service_clear(struct service *s)
{
	drop(&s->at.host);
	drop(&s->at.path);
	drop(&s->at.ca_file);
	drop(&s->at.pin);
	drop(&s->login.user);
	drop(&s->login.authzid);
	drop(&s->login.mech);
}
