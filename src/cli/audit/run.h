#ifndef VALISE_CLI_AUDIT_RUN_H
#define VALISE_CLI_AUDIT_RUN_H

#include "valise/audit/audit.h"
#include "valise/fetch/fetch.h"
#include "cli/cli.h"

/* valise audit: the archive, and one or two accounts that are looked at side by side. */

struct audit_side_run {
	struct audit_run *run;
	enum audit_side side;
	struct args *args; /* with what the account's section says; NULL: it was not asked for */
	struct account *account;
	struct tree_reader *reader; /* of its own */
	struct choice choice;
	unsigned kinds; /* bits: what is to be looked at */
	struct source_opts from; /* of the source */
	struct source_option own[ARGS_MAX]; /* what from points to */
	struct target_opts to; /* of the target */
	struct maps maps; /* what to points to */
	bool running;
	pthread_t thread;
	bool failed; /* a service could not be looked at */
	struct err err; /* the last reason; ERR_STOPPED: it was stopped */
};

/* How it is known that the archive is sound. */
struct audit_proof {
	int64_t when; /* UTC; 0: it is not known */
	char depth[16]; /* "full", "newest", "quick" */
};

struct audit_run {
	const struct args *args;
	struct ui *ui;
	bool full;
	struct audit audit;
	struct audit_side_run source, target;
	struct audit_source *look; /* of the source */
	struct migration *dns; /* of --dns, or NULL */
	struct audit_proof proof;
	char seal[SHA256_HEX_SIZE], archive_id[SHA256_HEX_SIZE];
	int64_t created; /* of the newest snapshot */
};

/* s->from, s->to; 0, or an exit code after a message. */
int audit_source_options(struct audit_side_run *s);
int audit_target_options(struct audit_side_run *s);
/*
 * Each looks at its side to the end, whatever of it fails (side->failed, side->err). A stop
 * ends it. For threads.
 */
void *audit_run_source(void *side);
void *audit_run_target(void *side);
/*
 * Once both sides have ended: what options leave out of the target is not known to be there. What
 * was said of the source is not said again.
 */
void audit_target_excluded(struct audit_side_run *target);
/*
 * verify must have passed since the last snapshot, or it is done now; damage becomes findings.
 * 0, or an exit code after a message.
 */
int audit_verify(struct audit_run *r);

/*
 * --dns DOMAIN: an MX that is still the old server's, or that nobody could be asked for,
 * becomes a finding. 0, or an exit code after a message.
 */
int audit_dns(struct audit_run *r);

/* The outcome for programs, reports and the certificate (docs/JSON.md). */
json_t *audit_json(const struct audit_run *r);
/*
 * What source and target have of each of the report's ${folders}, as its members "source" and
 * "target"; those that the archive lacks are added.
 */
void audit_put_folders(const struct audit_run *r, json_t *folders);
json_t *audit_finding_json(const struct audit_finding *f);
/* [{"what","why"}] of what the verdict says nothing of. */
json_t *audit_unexamined_json(const struct audit_run *r);
/* The same for people, on standard output. */
void audit_tell(const struct audit_run *r);

#endif
