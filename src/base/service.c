/* One service of an account, as plain data: its owner and time-out; cleared. */
#include "valise/base/service.h"
#include "valise/base/mem.h"
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

static struct service *copy_beside(const struct service *from)
{
	struct service *to = from ? xcalloc(1, sizeof *to) : NULL;

	if (from)
		service_copy(to, from);
	return to;
}

void service_copy(struct service *to, const struct service *from)
{
	*to = *from;
	to->at.host = xstrdup(from->at.host);
	to->at.path = xstrdup(from->at.path);
	to->at.address = xstrdup(from->at.address);
	to->at.ca_file = xstrdup(from->at.ca_file);
	to->at.proxy = xstrdup(from->at.proxy);
	to->at.pin = xstrdup(from->at.pin);
	to->login.user = xstrdup(from->login.user);
	to->login.authzid = xstrdup(from->login.authzid);
	to->login.mech = xstrdup(from->login.mech);
	to->login.command = xstrdup(from->login.command);
	to->mailbox = xstrdup(from->mailbox);
	to->own_mailbox = xstrdup(from->own_mailbox);
	to->lookup = xstrdup(from->lookup);
	to->archive = copy_beside(from->archive);
	to->public_folders = copy_beside(from->public_folders);
	to->unfound = NULL;
	if (from->unfound) {
		to->unfound = xmalloc(sizeof *to->unfound);
		*to->unfound = *from->unfound;
	}
}

static void drop_beside(struct service **s)
{
	if (*s)
		service_clear(*s);
	free(*s);
	*s = NULL;
}

void service_clear(struct service *s)
{
	drop_text(&s->mailbox);
	drop_text(&s->own_mailbox);
	drop_text(&s->lookup);
	drop_beside(&s->archive);
	drop_beside(&s->public_folders);
	free(s->unfound);
	s->unfound = NULL;
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
