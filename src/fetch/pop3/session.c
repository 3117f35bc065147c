/* POP3 source: sessions, what EXPIRE says, and advice. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/clock.h"
#include "valise/base/date.h"
#include "valise/base/json.h"
#include "valise/base/text.h"
#include "run.h"

/* Of a server that was never there: a wrong port must be told soon. */
#define FIRST_PAUSES 2

/* What was waited for until one session is open. */
struct pop3_pauses {
	size_t busy, broken; /* tries */
	uint64_t waited; /* tenths */
};

/* Tenths of a second until the next try; 0: no more. */
static unsigned next_pause(const struct pop3_run *r, int rc, struct pop3_pauses *p)
{
	/*
	 * A lock that nobody holds any more ends by the server's timer, of 10 minutes at
	 * least (RFC 1939 3).
	 */
	static const unsigned in_use[] = {10, 20, 50, 100, 200, 300, 600, 600, 600, 600, 600, 600,
	        600, 600, 600, 600},
	                      network[] = {2, 10, 20, 50};
	unsigned tenths = 0;

	if (rc == ERR_BUSY && p->busy < sizeof in_use / sizeof *in_use)
		tenths = in_use[p->busy++];
	else if ((rc == ERR_NET || rc == ERR_PROTO || (rc == ERR_TLS && r->visit.sessions)) &&
	         p->broken < (r->visit.sessions ? sizeof network / sizeof *network : FIRST_PAUSES))
		tenths = network[p->broken++];
	p->waited += tenths;
	return r->base.opts->max_wait_s && p->waited > r->base.opts->max_wait_s * 10ull ? 0
	                                                                                : tenths;
}

/*
 * What to do about a lock that did not end: whose it is shows whether we were signed in
 * before.
 */
static int locked_for_good(const struct pop3_run *r, struct err *err)
{
	char text[sizeof err->text];

	memcpy(text, err->text, sizeof text);
	if (!r->visit.sessions)
		return err_set(err, ERR_BUSY, ERR_WHOLE,
		        "%s, and nothing changed about that: does another program read this "
		        "maildrop?",
		        text);
	if (r->visit.end_by_quit)
		return err->code;
	return err_set(err, ERR_BUSY, ERR_WHOLE,
	        "%s. This server keeps a maildrop locked after a connection that ended without "
	        "QUIT: "
	        "--pop3-end quit ends them by it (one message is tried first)",
	        text);
}

/* Say once that sessions ended by QUIT would not have to wait. */
static void say_lock(struct pop3_run *r, const struct pop3_pauses *p)
{
	if (!p->busy || !r->visit.sessions || r->visit.quits || r->visit.lock_said)
		return;
	r->visit.lock_said = true;
	progress_say(r->base.progress, SAY_NOTE,
	        "%s keeps a maildrop locked for a while after a connection that ended without "
	        "QUIT; --pop3-end quit would spare the waiting",
	        r->base.service->at.host);
}

int pop3_connect(struct pop3_run *r, struct err *err)
{
	struct pop3_pauses pauses = {0};

	r->visit.retrieved = false;
	for (;;) {
		unsigned tenths;
		int rc = pop3_open(r->base.service, r->base.progress, &r->visit.pop3, err);

		if (rc == 0) {
			r->visit.signed_in = clock_ms();
			rc = pop3_relist(r, err);
			if (rc == 0) {
				say_lock(r, &pauses);
				return 0;
			}
			pop3_close(r->visit.pop3);
			r->visit.pop3 = NULL;
		}
		tenths = next_pause(r, rc, &pauses);
		if (!tenths)
			return rc == ERR_BUSY ? locked_for_good(r, err) : rc;
		if (rc == ERR_NET && !r->visit.sessions && pauses.broken == 1)
			progress_say(r->base.progress, SAY_INFO,
			        "%s: no connection yet; trying again", r->base.service->at.host);
		if (rc == ERR_BUSY)
			progress_say(r->base.progress, SAY_NOTE, "%s; waiting %u s", err->text,
			        tenths / 10);
		rc = clock_sleep((int64_t)tenths * 100, err);
		if (rc < 0)
			return rc;
		err_clear(err);
	}
}

void pop3_disconnect(struct pop3_run *r)
{
	struct pop3 *p = r->visit.pop3;
	struct err ignored = {0};

	r->visit.pop3 = NULL;
	if (!p)
		return;
	/* The good-bye is a courtesy: everything is here already. */
	if (r->visit.retrieved && !r->visit.end_by_quit)
		pop3_close(p);
	else if (pop3_quit(p, &ignored) < 0)
		err_clear(&ignored);
}

int pop3_renew(struct pop3_run *r, struct err *err)
{
	unsigned delay = r->visit.pop3 ? pop3_caps(r->visit.pop3)->login_delay : 0;
	int64_t passed = (clock_ms() - r->visit.signed_in) / 1000;
	int rc = 0;

	delay = passed > delay ? 0 : delay - (unsigned)passed + (delay > 0);
	pop3_disconnect(r);
	if (++r->visit.sessions > POP3_SESSIONS)
		return err_set(err, ERR_LIMIT, ERR_WHOLE, "the POP3 server has no end of mail");
	if (delay) {
		progress_say(r->base.progress, delay > 10 ? SAY_NOTE : SAY_INFO,
		        "the server wants some time between two sign-ins: waiting %u s", delay);
		rc = clock_sleep((int64_t)delay * 1000, err);
	}
	return rc ? rc : pop3_connect(r, err);
}

char *pop3_capa_json(const struct pop3 *p)
{
	const char *after = pop3_caps(p)->lines, *before = pop3_caps_before(p)->lines;
	struct buf b = buf_of(SIZE_MAX);

	if (!*after && !*before)
		return NULL;
	buf_puts(&b, "{\"capa\":");
	json_put_string(&b, after, strlen(after));
	buf_puts(&b, ",\"capa_before\":");
	json_put_string(&b, before, strlen(before));
	buf_puts(&b, "}");
	return buf_take(&b);
}

/* EXPIRE 0: refused, unless the user accepts it. */
static int refuse_expire(struct pop3_run *r, struct err *err)
{
	if (source_option(r->base.opts, "pop3-accept-deletion-by-server") || r->base.opts->dry) {
		progress_say(r->base.progress, SAY_WARNING,
		        "%s says EXPIRE 0: it may delete what is retrieved, whatever we ask",
		        r->base.service->at.host);
		return 0;
	}
	return err_set(err, ERR_REFUSED, ERR_WHOLE,
	        "%s says EXPIRE 0: it deletes mail once it was retrieved, whatever we ask. "
	        "Nothing was retrieved. Use IMAP, have the setting changed, or accept the risk "
	        "with --pop3-accept-deletion-by-server (the connection is then closed without "
	        "QUIT)",
	        r->base.service->at.host);
}

int pop3_check_expire(struct pop3_run *r, struct err *err)
{
	const struct pop3_caps *c = pop3_caps(r->visit.pop3);
	char day[DATE_TEXT_SIZE];

	/*
	 * It may differ from user to user: what is said after the sign-in counts (RFC
	 * 2449 6.7).
	 */
	if (!c->expire_given)
		c = pop3_caps_before(r->visit.pop3);
	if (!c->expire_given || c->expire_never)
		return 0;
	if (c->expire_days == 0)
		return refuse_expire(r, err);
	date_format_iso((int64_t)time(NULL) + (int64_t)c->expire_days * 86400, day);
	day[10] = '\0';
	progress_say(r->base.progress, c->expire_days < POP3_EXPIRE_WARN ? SAY_WARNING : SAY_INFO,
	        "%s keeps mail for %u days only: what is there now may vanish from %s on",
	        r->base.service->at.host, c->expire_days, day);
	return 0;
}

void pop3_advise(struct pop3_run *r)
{
	const char *host = r->base.service->at.host, *user = r->base.service->login.user;
	char imap[300];

	if (!strncmp(user, "recent:", strlen("recent:")))
		user += strlen("recent:");
	if (text_ends_with(host, "gmail.com") || text_ends_with(host, "googlemail.com")) {
		r->maildrop.window = true;
		progress_say(r->base.progress, SAY_WARNING,
		        "Gmail shows POP3 only a part of the mail, and does with it what its "
		        "setting \"When messages are accessed with POP\" says: set it to keep "
		        "Gmail's copy in the Inbox, or use IMAP. The user recent:%s is shown the "
		        "last 30 days, whatever other clients have read",
		        user);
	}
	if (!r->base.opts->seen &&
	        pop3_imap_host(r->base.service, r->base.progress, imap, sizeof imap))
		progress_say(r->base.progress, SAY_NOTE,
		        "%s also speaks IMAP, which gives folders, flags and dates, too: --imap "
		        "imaps://%s",
		        host, imap);
}
