/* How a command's run ended, for a person: by its report alone. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "cli/cli.h"
#include "cli/report/report.h"

enum { AUDIT = 4 }; /* its place */
static const struct verdict {
	const char *command;
	const char *title; /* of what, before its name */
	const char *done, *incomplete, *failed;
	const char *ended; /* by an error */
} verdicts[] = {
        {"backup", "Backup of", "Complete: all that the server shows is in the archive.",
                "Incomplete: what is missing is named below.", "Failed.", "Failed."},
        {"fetch", "Fetch of", "Complete: all that the server shows is in the directory.",
                "Incomplete: what is missing is named below.", "Failed.", "Failed."},
        {"restore", "Restore into", "Done: the target has all that was to be restored.",
                "Done, but not everything is there as in the archive: it is named below.",
                "Failed: it ended before everything was done.",
                "Failed: it ended before everything was done."},
        {"check", "Check of", "Every service was signed in to.",
                "Something will not, or may not, go as it is: it is named below.",
                "A service could not be read.", "A service could not be read."},
        [AUDIT] = {"audit", "Audit of", "SAFE TO DEACTIVATE: YES", "SAFE TO DEACTIVATE: NO",
                "SAFE TO DEACTIVATE: NO: not everything could be looked at.",
                "SAFE TO DEACTIVATE: NO: not everything could be looked at."},
        {"verify", "Verification of", "Sound: every byte is what it was.",
                "Sound, but the newest snapshot says of itself that it is incomplete.",
                "DAMAGED: what is wrong is named below.",
                "Failed: it ended before everything was read."},
        {"import", "Import into", "Done: all that was found is there.",
                "Done, but not everything could be read: it is named below.",
                "Failed: nothing was kept.", "Failed: nothing was kept."},
        {"export", "Export of", "Done: all that was to be written is there.",
                "Done, but not everything is there as in the archive: it is named below.",
                "Failed: nothing was written.", "Failed: nothing was written."},
        {"dns", "DNS of", "Done: all is as it is to be.",
                "Not done: something is old, wrong or on its way. It is named below.",
                "It could not be asked for.", "It could not be asked for."},
};

/* Of many accounts. */
static const struct verdict many = {NULL, NULL, "Done: every account.",
        "Done, but some accounts are incomplete: they are named below.",
        "Some accounts failed: they are named below.", "Failed."};
/* Of a command that has none of its own. */
static const struct verdict otherwise = {
        NULL, NULL, "Done.", "Done, but not everything: it is named below.", "Failed.", "Failed."};

static const struct verdict *find_verdict(const json_t *o)
{
	const char *command = json_get_str(o, "command");

	if (json_object_get(o, "accounts"))
		return &many;
	for (size_t i = 0; command && i < COUNT(verdicts); i++)
		if (strcmp(verdicts[i].command, command) == 0)
			return &verdicts[i];
	return &otherwise;
}

/* Is what makes this EXIT_INCOMPLETE only damage that this run made good? */
static bool is_whole_again(const json_t *o)
{
	const char *verdict = json_get_str(o, "verdict");

	return json_get_int(o, "damaged", 0) && verdict && strcmp(verdict, "complete") == 0 &&
	       json_get_int(o, "shrunk", 0) == 0;
}

/* Done, but options had a part of it left out; NULL: it is no part of what is said. */
static const char *left_out_text(const char *command)
{
	if (!command)
		return NULL;
	if (strcmp(command, "verify") == 0)
		return "Sound: every byte is what it was. Options of the backup left items out.";
	return "Done: all that was asked for. Options left out the rest: it is named below.";
}

/* What is said instead where the exit code tells too little; NULL: nothing. */
static const char *special_text(const json_t *o, int64_t code)
{
	if (json_get_bool(o, "dry_run") && (code == EXIT_DONE || code == EXIT_INCOMPLETE))
		return "Dry run: nothing was done.";
	if (json_get_bool(o, "unexpected") && json_get_int(o, "damages", 0) == 1)
		return "Not the expected archive: its newest seal is another.";
	if (code == EXIT_DONE && json_get_int(o, "left_out", 0))
		return left_out_text(json_get_str(o, "command"));
	if (code == EXIT_INCOMPLETE && json_get_int(o, "unhealed", 0))
		return "DAMAGED: the newest snapshot needs what is named below (--heal).";
	if (code == EXIT_INCOMPLETE && is_whole_again(o))
		return "Done; older snapshots are damaged: it is named below.";
	return NULL;
}

const char *verdict_text(const json_t *o, enum verdict_mood *mood_out)
{
	const struct verdict *v = find_verdict(o);
	const char *said = json_get_str(o, "verdict"), *special;
	int64_t code = json_get_int(o, "exit", EXIT_FAILED);
	bool no = said && strcmp(said, "no") == 0, bad = no || json_get_int(o, "unhealed", 0);

	*mood_out = code == EXIT_DONE && !bad         ? VERDICT_GOOD
	            : code == EXIT_INCOMPLETE && !bad ? VERDICT_PART
	                                              : VERDICT_BAD;
	special = special_text(o, code);
	if (special)
		return special;
	if (no)
		return v->incomplete;
	if (code == EXIT_DONE)
		return v->done;
	if (code == EXIT_INCOMPLETE)
		return v->incomplete;
	return json_get_str(o, "text") ? v->ended : v->failed;
}

/* Findings that would say NO, had nobody accepted them. */
static uint64_t count_accepted(const json_t *o)
{
	uint64_t n = 0;
	size_t i;
	json_t *f;

	json_array_foreach(json_object_get(o, "findings"), i, f)
	{
		n += json_get_bool(f, "accepted") != 0;
	}
	return n;
}

char *verdict_more(const json_t *o)
{
	const char *said = json_get_str(o, "verdict"), *safe;
	uint64_t reasons = (uint64_t)MAX(json_get_int(o, "reasons", 0), 0),
	         accepted = count_accepted(o);
	char n[COUNTED_SIZE], *text, *more;

	if (find_verdict(o) != &verdicts[AUDIT] || !said)
		return NULL;
	if (strcmp(said, "no") == 0)
		return reasons ? xasprintf("%s, each named below.",
		                         counted(reasons, "reason", "reasons", n))
		               : NULL;
	if (json_get_int(o, "exit", EXIT_FAILED) != EXIT_DONE)
		return NULL;
	safe = "What was looked at is safe in the archive and in the new account.";
	if (!json_object_get(o, "target"))
		safe = "What was looked at is safe in the archive. That is the only copy: no new "
		       "account was looked at.";
	text = accepted ? xasprintf(" Somebody has accepted %s that would say NO.",
	                          counted(accepted, "finding", "findings", n))
	                : xstrdup("");
	more = xasprintf("%s%s What was not examined is named below.", safe, text);
	free(text);
	return more;
}

char *verdict_title(const json_t *o)
{
	static const char *const names[] = {"account", "archive", "to"};
	const struct verdict *v = find_verdict(o);
	const char *of = NULL, *command = json_get_str(o, "command");

	if (v == &otherwise || v == &many)
		return xasprintf("valise %s%s", command ? command : "",
		        v == &many ? " of many accounts" : "");
	if (v == &verdicts[AUDIT])
		of = json_get_str(json_object_get(o, "source"), "account");
	if (!of && (v == &verdicts[AUDIT] || strcmp(v->command, "verify") == 0))
		of = json_get_str(o, "archive");
	if (strcmp(v->command, "dns") == 0)
		of = json_get_str(json_object_get(o, "dns"), "domain");
	for (size_t i = 0; i < COUNT(names) && !of; i++)
		of = json_get_str(o, names[i]);
	return xasprintf("%s %s", v->title,
	        of                               ? of
	        : strcmp(v->command, "dns") == 0 ? "a domain"
	                                         : "an account");
}
