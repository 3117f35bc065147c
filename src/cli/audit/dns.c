/* Is mail still sent to the old account? The MX of the domain that moves (--dns). */
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/migration/migration.h"
#include "run.h"

static const struct migration_row *find_mx(const struct migration *m)
{
	for (size_t i = 0; i < m->n_rows; i++)
		if (m->rows[i].kind == KIND_MX && strcmp(m->rows[i].name, m->domain) == 0)
			return &m->rows[i];
	return NULL;
}

/* Why, for people: who says what, and until when. The caller frees. */
static char *reason_of(const struct migration *m, const struct migration_row *mx)
{
	struct buf b = buf_of(1000);
	char at[MIGRATION_TIME_SIZE], *text;

	for (size_t i = 0; mx && i <= m->n_servers; i++) {
		const struct migration_view *v = &mx->views[i];
		const char *who = !i                        ? "the resolver"
		                  : *m->servers[i - 1].name ? m->servers[i - 1].name
		                                            : m->servers[i - 1].address;
		const char *said = v->alias ? v->alias : v->n ? v->records[0] : "nothing";

		text = xasprintf("%s%s: %s", b.len ? "; " : "", who,
		        v->outcome == DNS_FAILED ? v->why ? v->why : "no answer" : said);
		(void)buf_fill(&b, text, strlen(text));
		free(text);
	}
	if (mx && mx->gone_at) {
		text = xasprintf("; %s by %s",
		        mx->unpublished ? "if it is changed now, gone" : "gone",
		        migration_time(mx->gone_at, m->asked_at, at));
		(void)buf_fill(&b, text, strlen(text));
		free(text);
	}
	text = buf_take(&b);
	buf_clear(&b);
	return text;
}

int audit_dns(struct audit_run *r)
{
	const char *domain = args_get(r->args, "dns");
	char *why;
	int rc;

	if (!domain)
		return args_has(r->args, "old")
		               ? usage_error(r->args, "--old goes with --dns DOMAIN")
		               : 0;
	rc = look_at_dns(r->args, domain, r->source.account, &r->dns);
	if (rc || r->dns->mx == MIGRATION_MX_NEW)
		return rc;
	why = reason_of(r->dns, find_mx(r->dns));
	audit_say(&r->audit, AUDIT_DNS,
	        r->dns->mx == MIGRATION_MX_OLD ? AUDIT_OLD_DNS : AUDIT_DNS_UNREAD, AUDIT_NO_KIND,
	        r->dns->domain, why);
	free(why);
	return 0;
}
