/* A whole look at the DNS of a domain that moves. */
#include "look.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void clear_notes(struct migration_note *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(list[i].text);
	free(list);
}

static void clear_row(struct migration_row *row, size_t n_views)
{
	for (size_t i = 0; row->views && i < n_views; i++) {
		texts_free(row->views[i].records, row->views[i].n);
		free(row->views[i].alias);
		free(row->views[i].why);
	}
	free(row->views);
	clear_notes(row->notes, row->n_notes);
	texts_free(row->wanted, row->n_wanted);
	free(row->name);
	free(row->label);
}

void migration_free(struct migration *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->n_rows; i++)
		clear_row(&m->rows[i], m->n_servers + 1);
	for (size_t i = 0; i < m->n_servers; i++) {
		free(m->servers[i].name);
		free(m->servers[i].address);
		free(m->servers[i].why);
		dns_close(m->servers[i].dns);
	}
	clear_notes(m->notes, m->n_notes);
	free(m->rows);
	free(m->servers);
	free(m->domain);
	free(m->zone);
	free(m->next);
	free(m);
}

/* Selectors that were only guessed are left out where nobody has them. */
static void drop_guessed(struct migration *m)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->n_rows; i++) {
		if (m->rows[i].guessed && m->rows[i].absent)
			clear_row(&m->rows[i], m->n_servers + 1);
		else
			m->rows[kept++] = m->rows[i];
	}
	m->n_rows = kept;
}

/* The port behind "HOST:" or "[ADDRESS]:"; NULL: the usual one. */
static const char *port_of(const char *place)
{
	const char *colon = place ? strrchr(place, ':') : NULL;

	if (!colon || (*place != '[' && strchr(place, ':') != colon) ||
	        (*place == '[' && colon[-1] != ']'))
		return NULL;
	return strcmp(colon + 1, "53") == 0 ? NULL : colon + 1;
}

static int ask_all(struct look *l, struct err *err)
{
	struct migration *m = l->m;
	int rc = look_servers(l, err);

	if (rc == 0)
		look_rows(l);
	for (size_t i = 0; i < m->n_rows && rc == 0; i++)
		rc = look_ask(l, &m->rows[i], err);
	if (rc == 0)
		drop_guessed(m);
	for (size_t i = 0; i < m->n_rows && rc == 0; i++)
		rc = look_content(l, &m->rows[i], err);
	if (rc == 0 && m->dnssec == DNSSEC_BOGUS)
		note_add(&m->notes, &m->n_notes, &m->notes_cap, NOTE_WRONG,
		        xstrdup("DNSSEC: the signatures do not validate, for which "
		                "resolvers answer SERVFAIL"));
	return rc;
}

int migration_look(const char *domain, const struct migration_opts *opts, struct migration **out,
        struct err *err)
{
	struct migration *m = xcalloc(1, sizeof *m);
	struct look l = {.m = m, .opts = opts, .port = port_of(opts->nameserver)};
	size_t n = strlen(domain);
	int rc;

	m->domain = text_lower(xstrndup(domain, n && domain[n - 1] == '.' ? n - 1 : n));
	m->asked_at = time(NULL);
	rc = dns_open(opts->nameserver, opts->timeout_ms, &l.resolver, err);
	if (rc == 0)
		rc = ask_all(&l, err);
	dns_close(l.resolver);
	if (rc == 0)
		migration_judge(m, opts->old, opts->n_old);
	else
		migration_free(m);
	*out = rc == 0 ? m : NULL;
	return rc;
}
