/* POP3 source: the listing, and what it has in common with those before. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/lookup.h"
#include "run.h"

struct listing {
	struct pop3_entry *list;
	size_t n;
	uint8_t *taken; /* a message stands for it */
	size_t *by_uidl; /* indexes of those with a valid UIDL, sorted */
	size_t n_uidl;
};

/*
 * RFC 1939 7: 1 to 70 characters 0x21 to 0x7E. Blanks and more characters are met and do
 * no harm; nothing else is believed.
 */
static bool uidl_valid(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n > 1000 || strspn(s, " ") == n)
		return false;
	for (; *s; s++)
		if (*s < 0x20 || *s > 0x7e)
			return false;
	return true;
}

static void forget_uidl(struct pop3_entry *e)
{
	free(e->uidl);
	e->uidl = NULL;
}

static int compare_uidl(const void *a, const void *b, void *ctx)
{
	const struct pop3_entry *list = ctx;
	size_t i = *(const size_t *)a, k = *(const size_t *)b;
	int c = strcmp(list[i].uidl, list[k].uidl);

	return c ? c : (i > k) - (i < k);
}

/* Forget UIDLs that are not valid, and sort the others. */
static void sort_uidls(struct pop3_run *r, struct listing *l)
{
	l->taken = xcalloc(l->n + 1, 1);
	l->by_uidl = xcalloc(l->n + 1, sizeof *l->by_uidl);
	l->n_uidl = 0;
	for (size_t i = 0; i < l->n; i++) {
		if (l->list[i].uidl && (r->maildrop.no_uidl || !uidl_valid(l->list[i].uidl)))
			forget_uidl(&l->list[i]);
		if (l->list[i].uidl)
			l->by_uidl[l->n_uidl++] = i;
	}
	qsort_r(l->by_uidl, l->n_uidl, sizeof *l->by_uidl, compare_uidl, l->list);
}

/* The first entry with this UIDL, as an index into by_uidl; n_uidl if there is none. */
static size_t find_uidl(const struct listing *l, const char *uidl)
{
	size_t i;

	LOOKUP_FIRST(i, l->n_uidl, strcmp(l->list[l->by_uidl[i]].uidl, uidl) < 0);
	return i < l->n_uidl && !strcmp(l->list[l->by_uidl[i]].uidl, uidl) ? i : l->n_uidl;
}

/*
 * Messages with a UIDL get their number; returns how many with one there are,
 * *found_out: that are listed.
 */
static size_t number_named(struct pop3_run *r, struct listing *l, size_t *found_out)
{
	size_t named = 0;

	*found_out = 0;
	for (size_t i = 0; i < r->maildrop.n_messages; i++) {
		struct message *m = &r->maildrop.messages[i];
		size_t at;

		m->number = 0;
		if (!m->uidl)
			continue;
		named++;
		at = find_uidl(l, m->uidl);
		if (at == l->n_uidl)
			continue;
		m->number = l->list[l->by_uidl[at]].number;
		l->taken[l->by_uidl[at]] = 1;
		++*found_out;
	}
	return named;
}

/* Same sizes in the same order: the same messages, under new UIDLs. */
static bool same_sizes(const struct pop3_run *r, const struct listing *l)
{
	size_t at = 0;

	for (size_t i = 0; i < r->maildrop.n_messages; i++)
		if (!r->maildrop.messages[i].gone &&
		        (at == l->n || l->list[at++].size != r->maildrop.messages[i].size))
			return false;
	return true;
}

/* UIDLs that no session repeats name nothing: from here on the messages go by content. */
static void give_up_uidls(struct pop3_run *r, struct listing *l)
{
	r->maildrop.no_uidl = true;
	progress_say(r->base.progress, SAY_WARNING,
	        "the server names its messages otherwise in each session (UIDL): they are told "
	        "apart by their content, and all of them are retrieved each time");
	for (size_t i = 0; i < r->maildrop.n_messages; i++) {
		struct message *m = &r->maildrop.messages[i];

		if (m->uidl && m->hashed)
			(void)tally_add(r->maildrop.tally, m->sha256);
		free(m->uidl);
		m->uidl = NULL;
	}
	for (size_t i = 0; i < l->n; i++)
		forget_uidl(&l->list[i]);
	l->n_uidl = 0;
}

/*
 * A UIDL that messages share names none of them (RFC 1939 7 allows it for equal
 * messages), but for one that it named before.
 */
static void forget_doubles(struct listing *l)
{
	for (size_t i = 0; i < l->n_uidl;) {
		size_t end = i + 1;

		while (end < l->n_uidl &&
		        !strcmp(l->list[l->by_uidl[i]].uidl, l->list[l->by_uidl[end]].uidl))
			end++;
		for (size_t k = i + 1; k < end; k++)
			forget_uidl(&l->list[l->by_uidl[k]]);
		if (end - i > 1 && !l->taken[l->by_uidl[i]])
			forget_uidl(&l->list[l->by_uidl[i]]);
		i = end;
	}
}

static int compare_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* How many of the sorted sizes ${was} are not among the sorted ${now}. */
static size_t count_lost(const uint64_t *was, size_t n_was, const uint64_t *now, size_t n_now)
{
	size_t lost = 0, k = 0;

	for (size_t i = 0; i < n_was; i++) {
		while (k < n_now && now[k] < was[i])
			k++;
		if (k < n_now && now[k] == was[i])
			k++;
		else
			lost++;
	}
	return lost;
}

/**
 * Drops without UIDL keep their places while the listing only grows at its end. Else
 * nobody knows which is which: all are read again, and the tally tells what is new. What
 * got less by its sizes is lost.
 */
static void number_unnamed(struct pop3_run *r, struct listing *l)
{
	uint64_t *was = xcalloc(r->maildrop.n_messages + 1, sizeof *was),
	         *now = xcalloc(l->n + 1, sizeof *now);
	size_t n_was = 0, n_now = 0, k = 0;
	bool grown = true;

	for (size_t i = 0; i < r->maildrop.n_messages; i++)
		if (!r->maildrop.messages[i].uidl && !r->maildrop.messages[i].gone)
			was[n_was++] = r->maildrop.messages[i].size;
	for (size_t i = 0; i < l->n; i++)
		if (!l->taken[i] && !l->list[i].uidl)
			now[n_now++] = l->list[i].size;
	for (size_t i = 0; i < n_was; i++)
		grown = grown && i < n_now && was[i] == now[i];
	for (size_t i = 0; i < r->maildrop.n_messages; i++) {
		struct message *m = &r->maildrop.messages[i];

		if (m->uidl || m->gone)
			continue;
		m->gone = !grown;
		while (grown && (l->taken[k] || l->list[k].uidl))
			k++;
		if (grown) {
			m->number = l->list[k].number;
			l->taken[k] = 1;
		}
	}
	if (!grown) {
		tally_pass(r->maildrop.tally);
		SORT(was, n_was, compare_size);
		SORT(now, n_now, compare_size);
		r->maildrop.lost += count_lost(was, n_was, now, n_now);
	}
	free(was);
	free(now);
}

/* What the listing has and no message stands for is new. */
static void add_messages(struct pop3_run *r, const struct listing *l)
{
	r->maildrop.fresh = 0;
	for (size_t i = 0; i < l->n; i++) {
		struct message *m;

		if (l->taken[i])
			continue;
		m = ARR_PUSH(
		        r->maildrop.messages, r->maildrop.n_messages, r->maildrop.messages_cap);
		m->number = l->list[i].number;
		m->size = l->list[i].size;
		m->uidl = xstrdup(l->list[i].uidl);
		r->maildrop.fresh++;
	}
}

static void count_vanished(struct pop3_run *r)
{
	r->maildrop.vanished = r->maildrop.lost;
	for (size_t i = 0; i < r->maildrop.n_messages; i++)
		r->maildrop.vanished +=
		        !r->maildrop.messages[i].gone && r->maildrop.messages[i].number == 0;
}

/*
 * Servers that show the newest or oldest 250 messages: wildduck, Gmail (about so many).
 */
static void judge_window(struct pop3_run *r)
{
	bool named = strcasestr(pop3_caps(r->visit.pop3)->implementation, "wildduck") != NULL;

	if (r->maildrop.window)
		return;
	r->maildrop.window =
	        r->maildrop.counted > r->maildrop.listed || r->maildrop.listed == POP3_WINDOW;
	if (r->maildrop.counted > r->maildrop.listed)
		progress_say(r->base.progress, SAY_WARNING, "the server counts %s and lists %zu",
		        counted(r->maildrop.counted, "message", "messages",
		                (char[COUNTED_SIZE]){0}),
		        r->maildrop.listed);
	else if (r->maildrop.window)
		progress_say(r->base.progress, named ? SAY_WARNING : SAY_NOTE,
		        "exactly %d messages are listed: some servers show no more of a maildrop. "
		        "Compare with what webmail counts, or use IMAP",
		        POP3_WINDOW);
}

int pop3_relist(struct pop3_run *r, struct err *err)
{
	struct listing l = {0};
	uint64_t octets;
	size_t named, found;
	int rc = pop3_stat(r->visit.pop3, &r->maildrop.counted, &octets, err);

	/* a maildrop whose STAT is refused is not empty: nothing is known of it */
	if (rc < 0)
		return err_widen(err, ERR_WHOLE);
	rc = pop3_list(r->visit.pop3, &l.list, &l.n, err);
	/* some servers refuse LIST where there is nothing to list */
	if (rc == ERR_REFUSED && r->maildrop.counted == 0)
		rc = 0;
	if (rc < 0)
		return err_widen(err, ERR_WHOLE);
	r->maildrop.listed = l.n;
	sort_uidls(r, &l);
	named = number_named(r, &l, &found);
	if (named && !found && l.n && same_sizes(r, &l))
		give_up_uidls(r, &l);
	forget_doubles(&l);
	number_unnamed(r, &l);
	add_messages(r, &l);
	count_vanished(r);
	judge_window(r);
	pop3_list_free(l.list, l.n);
	free(l.taken);
	free(l.by_uidl);
	return 0;
}
