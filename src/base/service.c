/* One service of an account, as plain data: its owner and time-out; cleared. */
#include "valise/base/service.h"
#include <stdlib.h>
#include <string.h>

#define SLOW_TIMES 5
#define OCTETS_PER_MS 100

int64_t slow_timeout_ms(int idle_ms, uint64_t octets)
{
	return (int64_t)idle_ms * SLOW_TIMES + (int64_t)(octets / OCTETS_PER_MS);
}

static void drop_text(char **p)
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
	drop_text(&s->at.host);
	drop_text(&s->at.path);
	drop_text(&s->at.address);
	drop_text(&s->at.ca_file);
	if (s->at.proxy)
		wipe(s->at.proxy, strlen(s->at.proxy));
	drop_text(&s->at.proxy);
	drop_text(&s->at.pin);
	drop_text(&s->login.user);
	drop_text(&s->login.authzid);
	drop_text(&s->login.mech);
	drop_text(&s->login.command);
}
