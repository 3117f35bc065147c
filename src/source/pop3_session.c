/* POP3 source: sessions, the listing across sessions, and what EXPIRE says. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "valise/base/date.h"
#include "pop3.h"

static int nap(unsigned seconds, struct err *err)
{
	for (unsigned i = 0; i < seconds * 10; i++) {
		struct timespec t = {0, 100000000};
		int rc = stop_check(err);

		if (rc < 0)
			return rc;
		nanosleep(&t, NULL);
	}
	return 0;
}

int pop3_connect(struct pop3_run *r, struct err *err)
{
	static const unsigned pause[] = {1, 2, 5, 10, 20, 30, 60, 60, 60, 60};
	int rc = 0;

	for (size_t i = 0; i < sizeof pause / sizeof *pause; i++) {
		rc = pop3_open(r->service, r->progress, &r->session, err);
		if (rc != ERR_BUSY && rc != ERR_NET)
			break;
		if (rc == ERR_NET && i >= 3)
			break;
		progress_say(r->progress, SAY_NOTE, "%s; waiting %u s", err->text, pause[i]);
		if (nap(pause[i], err) < 0)
			return (int)err->code;
		err_clear(err);
	}
	r->retrieved = false;
	return rc;
}

int pop3_disconnect(struct pop3_run *r, struct err *err)
{
	struct pop3 *p = r->session;
	int rc = 0;

	r->session = NULL;
	if (p && (!r->retrieved || r->opts->pop3_quit))
		rc = pop3_quit(p, err);
	else
		pop3_close(p);
	/* The good-bye is a courtesy: everything is here already. */
	if (rc == ERR_NET || rc == ERR_REFUSED || rc == ERR_BUSY)
		rc = 0;
	return rc;
}

/* RFC 1939 7: 1 to 70 characters 0x21 to 0x7E. Blanks and more characters are met and do no harm; nothing else is believed. */
static bool uidl_valid(const char *s)
{
	size_t n = s ? strlen(s) : 0;

	if (n == 0 || n > 1000 || strspn(s, " ") == n)
		return false;
	for (const char *p = s; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return false;
	return true;
}

struct by_uidl {
	const char *uidl;
	size_t index;
};

static int compare_uidl(const void *a, const void *b)
{
	const struct by_uidl *x = a, *y = b;

	return strcmp(x->uidl, y->uidl);
}

/* The valid UIDLs of a listing, sorted; one that two messages share names neither (RFC 1939 7 allows it for equal messages). */
static struct by_uidl *sort_uidls(struct pop3_entry *list, size_t n, size_t *n_out)
{
	struct by_uidl *sorted = xcalloc(n ? n : 1, sizeof *sorted);
	size_t k = 0, unique = 0;

	for (size_t i = 0; i < n; i++)
		if (uidl_valid(list[i].uidl))
			sorted[k++] = (struct by_uidl){list[i].uidl, i};
	qsort(sorted, k, sizeof *sorted, compare_uidl);
	for (size_t i = 0; i < k;) {
		size_t j = i + 1;

		while (j < k && !strcmp(sorted[i].uidl, sorted[j].uidl))
			j++;
		if (j - i == 1)
			sorted[unique++] = sorted[i];
		i = j;
	}
	*n_out = unique;
	return sorted;
}

static struct by_uidl *find_uidl(struct by_uidl *sorted, size_t n, const char *uidl)
{
	const struct by_uidl key = {uidl, 0};

	return n ? bsearch(&key, sorted, n, sizeof *sorted, compare_uidl) : NULL;
}

/* Drops with a UIDL get the number that it has now; returns which entries are spoken for. */
static uint8_t *number_by_uidl(struct pop3_run *r, struct pop3_entry *list, size_t n)
{
	uint8_t *taken = xcalloc(n ? n : 1, 1);
	struct by_uidl *sorted;
	size_t k;

	sorted = sort_uidls(list, n, &k);
	for (size_t i = 0; i < r->n_drops; i++) {
		struct drop *d = &r->drops[i];
		const struct by_uidl *u = d->uidl ? find_uidl(sorted, k, d->uidl) : NULL;

		d->number = u ? list[u->index].number : 0;
		if (u)
			taken[u->index] = 1;
	}
	/* What is not unique is not a name. */
	for (size_t i = 0; i < n; i++)
		if (list[i].uidl &&
		        (!uidl_valid(list[i].uidl) || !find_uidl(sorted, k, list[i].uidl)))
			list[i].uidl[0] = '\0';
	free(sorted);
	return taken;
}

/* Drops without a UIDL are matched in order by size: the order of a maildrop is stable but for what was removed. */
static void number_by_size(
        struct pop3_run *r, const struct pop3_entry *list, size_t n, uint8_t *taken)
{
	size_t at = 0;

	for (size_t i = 0; i < r->n_drops; i++) {
		struct drop *d = &r->drops[i];

		if (d->uidl)
			continue;
		for (size_t k = at; k < n; k++)
			if (!taken[k] && (!list[k].uidl || !list[k].uidl[0]) &&
			        list[k].size == d->size) {
				taken[k] = 1;
				d->number = list[k].number;
				at = k + 1;
				break;
			}
	}
}

int pop3_relist(struct pop3_run *r, size_t *new_out, struct err *err)
{
	struct pop3_entry *list;
	size_t n;
	uint8_t *taken;
	int rc = pop3_list(r->session, &list, &n, err);

	*new_out = 0;
	if (rc < 0)
		return rc;
	taken = number_by_uidl(r, list, n);
	number_by_size(r, list, n, taken);
	for (size_t i = 0; i < n; i++) {
		struct drop *d;

		if (taken[i])
			continue;
		d = ARR_PUSH(r->drops, r->n_drops, r->drops_cap);
		d->number = list[i].number;
		d->size = list[i].size;
		if (list[i].uidl && list[i].uidl[0])
			d->uidl = xstrdup(list[i].uidl);
		++*new_out;
	}
	free(taken);
	pop3_list_free(list, n);
	return 0;
}

int pop3_check_expire(struct pop3_run *r, struct err *err)
{
	const struct pop3_caps *c = pop3_caps(r->session);
	char day[DATE_TEXT_SIZE];

	if (!c->expire_given || c->expire_never)
		return 0;
	if (c->expire_days == 0 && !r->opts->pop3_accept_expire)
		return err_set(err, ERR_REFUSED, ERR_WHOLE,
		        "%s says EXPIRE 0: it deletes mail once it was retrieved, whatever we ask. "
		        "Nothing was retrieved. Use IMAP, have the setting "
		        "changed, or accept the risk with --pop3-accept-deletion-by-server (the "
		        "connection is then closed without QUIT)",
		        r->service->at.host);
	if (c->expire_days == 0)
		progress_say(r->progress, SAY_WARNING,
		        "%s says EXPIRE 0: it may delete what is retrieved now",
		        r->service->at.host);
	else if (c->expire_days < POP3_EXPIRE_WARN) {
		date_format_iso((int64_t)time(NULL) + (int64_t)c->expire_days * 86400, day);
		day[10] = '\0';
		progress_say(r->progress, SAY_WARNING,
		        "%s keeps mail for %u days only: what is there now may vanish from %s on",
		        r->service->at.host, c->expire_days, day);
	}
	return 0;
}
