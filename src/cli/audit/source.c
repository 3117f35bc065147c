/* The account's own sources, into a sink that only compares. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "cli/beside.h"
#include "cli/protocols.h"
#include "cli/side_by_side.h"
#include "run.h"

/* What is known of the services of the source while they run. */
struct services {
	unsigned read, lost; /* kinds */
	unsigned unlisted;
};

static void say_no_service(
        struct audit_side_run *s, enum coll_kind kind, const char *service, const char *why)
{
	audit_say(&s->run->audit, AUDIT_SOURCE, AUDIT_NO_SERVICE, kind, service, why);
}

/* What the archive has of services that the account lacks, or that --only leaves out. */
static void say_left_out(struct audit_side_run *s)
{
	const struct tree_account *old = &s->reader->ops->manifest(s->reader)->account;
	const struct account *now = s->account;
	unsigned there = 0;

	for (size_t i = 0; i < old->n_services; i++) {
		const struct protocol *p = protocol_find(old->services[i].kind);

		if (!p)
			continue;
		there |= p->kinds;
		/* what POP3 gave is in IMAP's INBOX */
		if (p->kinds & s->kinds && !now->present[p->kind] &&
		        !(p->kind == SERVICE_POP3 && now->present[SERVICE_IMAP]))
			say_no_service(s, AUDIT_NO_KIND, p->name,
			        "the archive has it, and --source has no such service");
	}
	for (unsigned k = 0; k < SERVICE_KINDS; k++)
		there |= now->present[k] ? protocols[k].kinds : 0;
	for (unsigned k = 0; k < COLL_LINKED; k++)
		if (there & ~s->kinds & 1u << k)
			say_no_service(s, k, NULL, "left out by --only");
}

/* A pattern that neither the snapshot nor the account knows is a slip of the pen. */
static int check_choice(struct audit_side_run *s)
{
	bool known;
	int rc;

	choice_see_heads(&s->choice, s->reader->ops->manifest(s->reader), s->kinds);
	if (choice_settled(&s->choice))
		return 0;
	rc = choice_ask(&s->choice, s->account, s->kinds, &s->from, &known);
	return rc || !known ? rc : choice_check(&s->choice);
}

int audit_source_options(struct audit_side_run *s)
{
	static const struct tree_accept all = {.all = true}; /* POP3: what is there now */
	int rc;

	s->from = (struct source_opts){.accept = &all,
	        .same_account = true, /* tree_account_check is asked before */
	        .choice = s->choice.of,
	        .own = s->own};
	rc = args_at_most(s->args, "connections", CONNECTIONS_MAX, &s->from.connections);
	if (rc == 0)
		rc = args_at_most(s->args, "max-wait", MAX_WAIT_S, &s->from.max_wait_s);
	if (rc == 0)
		rc = args_own(s->args, s->own, &s->from.n_own);
	return rc ? rc : check_choice(s);
}

/* What came of a service. */
static void settle_service(
        struct audit_side_run *s, const struct service_read *of, struct services *done)
{
	const char *name = s->account->services[of->kind].name, *why = of->err.text;

	if (of->without) {
		done->lost |= of->without;
		audit_say(&s->run->audit, AUDIT_SOURCE, AUDIT_SERVICE_UNREAD, AUDIT_NO_KIND, name,
		        "not all of it: what another service has of it could not be read");
		if (of->left_out)
			return;
	}
	if (!of->left_out && of->rc == 0) {
		done->read |= of->kinds;
		done->unlisted |= of->result.unlisted ? of->kinds : 0;
		return;
	}
	if (of->left_out) {
		why = "left out, as IMAP could not be read";
	} else {
		done->lost |= of->kinds;
		s->failed = true;
		s->err = of->err;
	}
	audit_say(&s->run->audit, AUDIT_SOURCE, AUDIT_SERVICE_UNREAD, AUDIT_NO_KIND, name, why);
}

/* All services side by side; POP3 gives only what IMAP did not. */
static void read_services(struct audit_side_run *s, struct services *done)
{
	struct tree_sink *sink = audit_source_sink(s->run->look);
	bool both = s->account->present[SERVICE_IMAP] && s->account->present[SERVICE_POP3];
	struct recorder *imap = both ? recorder_new(sink) : NULL;
	char *state_dir = both ? state_path("pop3") : NULL;
	struct service_read list[SERVICE_KINDS] = {0};
	struct beside *beside =
	        s->account->present[SERVICE_MAPI] ? beside_new(s->reader, false) : NULL;
	struct source_opts mapi;
	unsigned n = 0;

	if (both) {
		s->from.seen = recorder_seen;
		s->from.seen_ctx = imap;
		s->from.state_dir = state_dir;
	}
	for (unsigned k = 0; k < SERVICE_KINDS; k++) {
		unsigned kinds = protocols[k].kinds & s->kinds;

		if (!s->account->present[k] || !kinds)
			continue;
		list[n] = (struct service_read){.kind = k,
		        .kinds = kinds,
		        .sink = imap && k == SERVICE_IMAP ? recorder_sink(imap) : sink,
		        .opts = k == SERVICE_MAPI ? &mapi : &s->from,
		        .after = both && k == SERVICE_POP3 ? &list[0] : NULL,
		        .last = k == SERVICE_MAPI && n > 0};
		if (beside && k != SERVICE_MAPI)
			list[n].sink = beside_watch(beside, k, list[n].sink);
		n++;
	}
	mapi = s->from;
	mapi.beside = beside && n > 1 ? beside_opts(beside) : NULL;
	read_side_by_side(s->account->services, list, n, &s->run->ui->progress);
	for (unsigned i = 0; i < n && s->err.code != ERR_STOPPED; i++)
		settle_service(s, &list[i], done);
	recorder_free(imap);
	beside_free(beside);
	free(state_dir);
}

void *audit_run_source(void *side)
{
	struct audit_side_run *s = side;
	const struct tree_manifest *m = s->reader->ops->manifest(s->reader);
	struct services done = {0};
	struct tree_account now;
	struct err err = {0};

	account_to_tree(s->account, &now);
	if (tree_account_check(&m->account, &now, args_has(s->args, "same-account"), &err) < 0) {
		audit_say(&s->run->audit, AUDIT_SOURCE, AUDIT_OTHER_ACCOUNT, AUDIT_NO_KIND, NULL,
		        err.text);
	} else {
		say_left_out(s);
		read_services(s, &done);
		if (s->err.code != ERR_STOPPED &&
		        audit_source_end(
		                s->run->look, done.read & ~done.lost, done.unlisted, &err) < 0) {
			s->failed = true;
			s->err = err;
			audit_say(&s->run->audit, AUDIT_SOURCE, AUDIT_SERVICE_UNREAD, AUDIT_NO_KIND,
			        NULL, err.text);
		}
	}
	tree_account_clear(&now);
	return NULL;
}
