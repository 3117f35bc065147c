#ifndef VALISE_CLI_CLI_H
#define VALISE_CLI_CLI_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "valise/account/account.h"
#include "valise/account/sign_in.h"
#include "valise/base/err.h"
#include "valise/base/json.h"
#include "valise/base/progress.h"
#include "valise/dir/dir.h"
#include "valise/tree/shrink.h"
#include "valise/tree/pattern.h"
#include "valise/tree/sink.h"

/* Shared by the commands. Only this room talks to people. */

enum exit_code {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_INCOMPLETE = 3,
	EXIT_NO_ARCHIVE = 10,
	EXIT_LOCKED = 11, /* another run is at work on the archive */
	EXIT_SIGN_IN = 12, /* the server refused the sign-in */
	EXIT_INTERRUPTED = 130,
};

/* One option. The tables print the help, too. */
struct option_def {
	unsigned commands; /* bits CMD_x: those that have it */
	const char *name; /* without the dashes */
	char letter; /* short form, or 0 */
	/* name of its value, NULL: takes none; in brackets: may be left out */
	const char *arg;
	const char *help; /* NULL: for the workers of --accounts, not for people */
};

enum {
	CMD_BACKUP = 1 << 0,
	CMD_RESTORE = 1 << 1,
	CMD_VERIFY = 1 << 2,
	CMD_LIST = 1 << 3,
	CMD_SHOW = 1 << 4,
	CMD_SNAPSHOTS = 1 << 5,
	CMD_CHECK = 1 << 6,
	CMD_FETCH = 1 << 7,
	CMD_PACK = 1 << 8,
	CMD_UNPACK = 1 << 9,
	CMD_SALVAGE = 1 << 10,
	CMD_LOGIN = 1 << 11,
	CMD_LOGOUT = 1 << 12,
	CMD_SETUP = 1 << 13,
	CMD_AUDIT = 1 << 14,
	CMD_DNS = 1 << 15,
	CMD_MOVE = 1 << 16,
	CMD_FIND = 1 << 17,
	CMD_IMPORT = 1 << 18,
	CMD_EXPORT = 1 << 19,
	CMD_FORGET = 1 << 20,
	CMD_DIFF = 1 << 21,
	CMD_ALL = (1 << 22) - 1,
};
extern const struct option_def options[]; /* of all commands; ends with a NULL name */

struct args;
struct command {
	const char *name;
	const char *synopsis; /* positional arguments, "ARCHIVE [FOLDER]" */
	const char *summary;
	const char *details; /* for "help COMMAND", or NULL */
	unsigned bit; /* CMD_x */
	bool account; /* takes the service options */
	bool stores; /* in an account: POP3 is of no use */
	size_t min_pos, max_pos;
	int (*run)(const struct args *a);
};
extern const struct command *const commands[]; /* ends with NULL */

/*
 * How the run ends: what main tells programs at last (ending.c). main's; commands fill it
 * by fail, usage_error and the functions below.
 */
struct ending {
	struct err why; /* the last error that was told; code ERR_OK: none */
	json_t *outcome; /* what was done; NULL: a listing, or it failed before that */
	int64_t started; /* clock_ms */
	bool reported; /* --report was served */
	FILE *trace; /* --trace, closed at the end; NULL: none */
};
/* An error that ends the command, where people read of it otherwise. */
void end_why(const struct args *a, const struct err *err);
/* What programs tell errors apart by; the words are a contract (docs/JSON.md). */
const char *code_word(enum err_code code);
/* The outcome, which becomes the last event; takes the reference. */
void end_outcome(const struct args *a, json_t *o);
/*
 * With --json: the last event, "failed" after an error, else "done"; none for a listing.
 * Frees what ${e} holds.
 */
void end_tell(struct ending *e, const struct command *cmd, bool json, int rc);

/*
 * The account that a name means in this run, loaded before: a command that is made of others
 * (move) asks for a password once.
 */
struct known_account {
	const char *name; /* lent */
	struct account *account;
};
struct known_accounts {
	struct known_account items[2];
	size_t n;
};

/* The one of a->known of that name, to be freed as one's own; NULL: none is. */
struct account *find_known(const struct args *a, const char *name);

#define MAX_WAIT_S 604800 /* a week is long enough for --max-wait */
#define CONNECTIONS_MAX 32
#define ARGS_MAX 128
#define ARGS_KEY_SIZE 64
#define POS_MAX 1024 /* words that are no options */
struct args {
	const struct command *cmd; /* NULL: none is known yet */
	struct ending *ending;
	const char *pos[POS_MAX];
	size_t n_pos;
	struct {
		const struct option_def *def;
		const char *value;
		const struct account_option *from; /* of accounts.ini, or NULL */
		bool in_environment; /* else, without from, on the command line */
	} given[ARGS_MAX];
	size_t n_given;
	struct account_setting settings[ARGS_MAX];
	char keys[ARGS_MAX][ARGS_KEY_SIZE]; /* what the settings' keys point to */
	size_t n_settings;
	struct prepared *prepared; /* section.c */
	const struct known_accounts *known; /* or NULL */
};

/**
 * run_words(a, argc, argv): the command a->cmd with the words after its name, from its
 * options to its reports; a->ending is set, and a->known may be. The exit code. The caller
 * tells the ending (end_tell), or uses it.
 */
int run_words(struct args *a, int argc, char **argv);
/*
 * Fill ${a}, whose cmd and ending are set and all else is zero, from argv (after the
 * command's name). Prints what is wrong; 0, or EXIT_USAGE.
 */
int args_parse(struct args *a, int argc, char **argv);
/* All options of a command that people may give, those of its account among them. */
void args_each(
        const struct command *c, void (*visit)(void *ctx, const struct option_def *d), void *ctx);
bool args_takes(const struct args *a, const char *option); /* does the command know it? */
const struct option_def *args_option(const struct args *a, const char *option); /* or NULL */
bool args_has(const struct args *a, const char *option);
/* The value of an account's key that is given as an option, lent; NULL. */
const char *args_setting(const struct args *a, const char *key);
bool args_name_service(const struct args *a); /* --imap, --caldav ... */
/* the last one given; NULL */
const char *args_get(const struct args *a, const char *option);
size_t args_all(const struct args *a, const char *option, const char **out, size_t max);
/* --accept-shrink: names are put into ${names}, ARGS_MAX long. */
struct tree_accept args_accept(const struct args *a, const char **names);
/* A whole number; 0 or EXIT_USAGE with a message. Absent: the fallback. */
int args_number(const struct args *a, const char *option, uint64_t fallback, uint64_t *out);
/* The same, no more than ${max}; absent: 0. */
int args_at_most(const struct args *a, const char *option, unsigned max, unsigned *out);
/* *out: the value's place in ${words}, "close|quit"; absent: 0. */
int args_word(const struct args *a, const char *option, const char *words, unsigned *out);
/* --snapshot; 0 in *out: the newest. */
int args_snapshot(const struct args *a, unsigned *out);
/*
 * --only mail,calendars,contacts as bits 1 << COLL_x; 0 in *out: all. What asks for flags or
 * recipients means mail alone.
 */
int args_only(const struct args *a, unsigned *out);
/*
 * Whether there is all of ${only} in ${what}, which has these kinds (bits); 0, or
 * EXIT_USAGE after a message.
 */
int args_only_of(const struct args *a, unsigned only, unsigned have, const char *what);
/*
 * No option of single protocols (account/protocols.h; ${when}: PROTOCOL_FETCH or
 * PROTOCOL_RESTORE) is given for nothing: of ${services} (bits 1 << SERVICE_x), which are
 * those that the command deals with. 0, or EXIT_USAGE after a message.
 */
int args_have_use(const struct args *a, unsigned when, unsigned services);
struct source_option;
/*
 * What is given of the options of single protocols for source_opts.own; at most ARGS_MAX.
 * 0, or EXIT_USAGE after a message about a value that is none of theirs.
 */
int args_own(const struct args *a, struct source_option *out, size_t *n_out);
/*
 * What the values of options mean; false: nothing. Bytes: "500", "64K", units of 1000.
 * Kinds: bits 1 << COLL_x.
 */
#define BYTES_WANTED "a number of bytes such as 500000, 500K, 20M or 2G"
bool bytes_read(const char *text, uint64_t *out);
bool kinds_read(const char *text, unsigned *out);

/**
 * section_apply(a): load the account that a positional argument names, and take what its
 * section of accounts.ini says of options of the command as given, unless the command
 * line gives them. 0, or an exit code after a message; an account that cannot be loaded
 * is left to load_account.
 */
int section_apply(struct args *a);
void section_clear(struct args *a);
/*
 * Of whose account is meant, on which servers, and of all that its section says of commands: the
 * same for the same. The caller frees it.
 */
char *account_sum(const struct account *account, const struct account_options *own);
/* Of load_account: false if section_apply did not look; else *out is the caller's, or NULL and
 * *err. */
bool section_account(const struct args *a, struct account **out, struct err *err);
/* Are the values such as options take? ERR_USAGE with file and line. */
int section_check(const struct account_options *o, struct err *err) MUST_CHECK;
/*
 * Is what the option says for many accounts ([defaults], --accounts), so that it need not
 * have a meaning for each?
 */
bool option_is_shared(const struct args *a, const char *option);
/* "--exclude", or where in which file. */
#define OPTION_PLACE_SIZE 400
const char *option_place(
        const struct args *a, const char *option, const char *value, char out[OPTION_PLACE_SIZE]);

/* --names of a directory tree. */
int args_names(const struct args *a, enum dir_names *out);

/* "VALISE_MAX_RATE" of "max-rate"; the caller frees. */
char *environment_name(const char *option);
bool environment_has(const char *option); /* may the option stand there? */
bool environment_json(void); /* VALISE_JSON, before the options are parsed */
/* Take what stands there and not on the command line. 0, or EXIT_USAGE after a message. */
int environment_apply(struct args *a);
/* The variable with the path that ${text} tells of; the caller frees. NULL: none. */
char *environment_told(const struct args *a, const char *text);
/* ${text} with "--max-rate" as "VALISE_MAX_RATE" where it came from there. */
void environment_names(const struct args *a, const char *text, struct buf *out);

/* valise help TOPIC; false: there is none of that name. */
bool help_topic(const char *name, FILE *f);
extern const struct help_topic {
	const char *name, *summary, *text; /* text NULL: made from the tables */
} help_topics[]; /* ends with a NULL name */
/* valise completion bash|zsh|fish, or accounts: those of accounts.ini. */
int completion(struct args *a, int argc, char **argv);

int help_all(FILE *f);
int help_command(const struct command *cmd, FILE *f);
int usage_error(const struct args *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

/**
 * The progress line (line.c). line_draw shows ${text}, which is safe for a terminal, cut
 * at the terminal's width. Whoever writes to the terminal otherwise does so between
 * line_begin, which takes the line away, and line_end. Thread-safe.
 */
bool line_possible(void); /* standard error is a terminal that can have one */
size_t line_columns(void); /* that it may take */
/* Of standard output; 0: it is no terminal. */
size_t reading_columns(void);
void line_draw(const char *text);
void line_begin(void);
void line_end(void);

/*
 * Messages for people, on standard error. Arguments that come from outside are escaped by
 * the callee.
 */
void talk(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* "valise COMMAND: text", and the exit code for it. */
int fail(const struct args *a, const struct err *err);
/* Data on standard output, escaped for a terminal only by the caller. */
void put_json(json_t *o); /* one canonical line; takes the reference */
/* A copy of ${o} as the event ${name}. */
void print_event(const json_t *o, const char *name);
/*
 * A member of ${o}, left out for NULL. Text from outside may not be UTF-8, which JSON
 * cannot hold: it is then escaped as for a terminal.
 */
void put_text(json_t *o, const char *key, const char *text);
void append_text(json_t *list, const char *text);
/* One more {"what","why"} of a list of what was not examined. */
void put_unexamined(json_t *list, const char *what, const char *why);

/* A running command: its progress, its line on the terminal, what it said. */
struct ui {
	struct progress progress;
	const struct args *args;
	/* events on standard output; a progress line on standard error */
	bool json, line;
	bool ticks; /* progress events, too */
	int64_t started;
	pthread_t thread;
	bool thread_runs;
	pthread_mutex_t lock;
	json_t *notes; /* what was said: [{"level","collection","item","text"}] */
	unsigned warnings;
	struct said *said; /* what people were told, and how often (ui.c) */
	size_t n_said, said_cap, said_max;
	char **kept; /* notes that --quiet keeps back */
	size_t n_kept, kept_cap;
};
void ui_start(struct ui *u, const struct args *a);
/*
 * A line about a collection or item. Thread-safe; fits target_opts.report and archive
 * findings.
 */
void ui_report(
        void *ui, enum say_level level, const char *collection, const char *item, const char *text);
/* The same for programs and the report, where a line for people comes from elsewhere. */
void ui_note(
        void *ui, enum say_level level, const char *collection, const char *item, const char *text);
struct archive_finding;
/* of archive_verify and archive_salvage */
void ui_finding(void *ui, const struct archive_finding *f);
/* A line on standard error, escaped here. Thread-safe. */
void ui_talk(struct ui *u, const char *text);
void ui_stop(struct ui *u); /* ends the line; keeps the notes */
/*
 * Is nothing to be told of a run that ends with ${rc}? With --quiet all is done or else
 * told, notes that were kept back first.
 */
bool ui_quiet(struct ui *u, int rc);
void ui_clear(struct ui *u);
/* --stats: round trips, bytes on the wire, time. */
void ui_stats(const struct ui *u);
/* What a report says besides the outcome. All is borrowed. */
struct report {
	int rc; /* how the run ends */
	/* what was read, and what was written to or looked at; NULL: no server was asked */
	const struct account *account, *target;
	json_t *collections; /* report_collections of what the tree holds; or NULL */
	/* of the tree that account was read into: which folders options left out; or NULL */
	const struct tree_manifest *manifest;
	json_t *offers; /* [{"service","capabilities","quota_used","quota_limit"}]; or NULL */
};
/*
 * The collections that ${r} reads and for which ${takes} (NULL: all) is true, with what each
 * holds: [{"kind","name","status","reason","items","bytes","errors","gone","years"}].
 */
json_t *report_collections(
        struct tree_reader *r, bool (*takes)(void *ctx, const struct tree_head *h), void *ctx);
/*
 * --report FILE.html or FILE.json (several may be given). ${outcome}: what was done;
 * borrowed. 0 or an error that was told.
 */
int ui_write_reports(const struct ui *u, const json_t *outcome, const struct report *r);
/*
 * The reports of a run that ended with ${rc} and wrote none: an older "Complete" does not stay.
 */
void report_unwritten(const struct args *a, int rc);
/*
 * Before anything is done: can there be a file of that name? 0 or an exit code after a
 * message.
 */
int report_check(const struct args *a);

/*
 * The account that positional argument ${name} (may be NULL) and the settings name. 0, or
 * an exit code after a message.
 */
int load_account(const struct args *a, const char *name, struct account **out);
/**
 * by_address.c. may_be_found: is ${name} an address whose services are to be looked for?
 * ${err}: why account_load gave no account; NULL: it gave one.
 * find_account: look for them, say what was found, ask about hosts that nothing speaks
 * for; ${why} as above. 0, or an exit code after a message.
 */
bool may_be_found(const struct args *a, const char *name, const struct err *err);
int find_account(const struct args *a, const char *name, const struct err *why, FILE *trace,
        struct account **out);
/* Up to a URL, a user and a way to sign in for each service. */
#define FOUND_SETTINGS (3 * SERVICE_KINDS)
struct found_settings {
	struct account_setting list[FOUND_SETTINGS]; /* owned */
	size_t n;
	char *at[SERVICE_KINDS]; /* the address that the service was found for; or NULL */
};
/*
 * find_account without loading: what was found as settings, to be cleared whatever came
 * back.
 */
int find_settings(const struct args *a, const char *address, const struct err *why, FILE *trace,
        struct found_settings *out);
void found_settings_clear(struct found_settings *f);
/**
 * mailbox.c: what a MAPI service lacks is looked for (valise/discover/autodiscover.h) and told; a
 * person is asked about hosts that nothing speaks for. *found_out (may be NULL): to be cleared
 * whatever comes back. 0, or an exit code after a message; where other services can be read
 * without it, the error is the service's own (service.unfound).
 */
struct autodiscovered;
int find_mailbox(const struct args *a, struct account *account, struct autodiscovered *found_out);
/* What load_account does at its end: the trace, clients of OAuth, warnings. */
int prepare_account(const struct args *a, struct account *account, FILE *trace);
/* --trace: *out is NULL without it, and stays open. 0, or an exit code after a message. */
int open_trace(const struct args *a, FILE **out);

/**
 * accounts_write.c. section_preview: the account ${name} as the file ${path} would give it
 * with this section of ${lines} at its end, under its [defaults]; section_add: put it
 * there. The rest of the file stays as it is, a link one. ERR_USAGE: a table, an account of
 * that name, a value that no line can hold; ERR_LOCKED: another one is being written.
 */
int section_preview(const char *path, const char *name, const struct account_setting *lines,
        size_t n, struct account **out, struct err *err) MUST_CHECK;
int section_add(const char *path, const char *name, const struct account_setting *lines, size_t n,
        struct err *err) MUST_CHECK;

/**
 * Questions at the terminal (ask.c), with echo. ask_line: the answer without its line end;
 * ask_yes: 1, 0, or ${otherwise} for an empty one. -1: there is nobody to ask, or a stop was
 * asked for.
 */
#define ASK_SIZE 512
int ask_line(const char *question, char *answer, size_t size);
int ask_yes(const char *question, bool otherwise);
/*
 * Sign in to ${s}, count what is there, tell it, and add it to ${sum}; ${choice} (may be
 * NULL) sees its collections, and limits the count to what it chooses. 0, or an exit code.
 */
struct source_result;
struct choice;
int check_service(const struct args *a, const struct service *s, struct choice *choice,
        struct ui *ui, struct source_result *sum);
/*
 * What a restore of an archive would do, with the options of restore that ${a} has (restore.c): a
 * dry run that foresees. 0 or an exit code after a message.
 */
struct predictor;
struct foresight {
	const char *archive; /* its path */
	const struct predictor *to;
	/* each line of the dry run, as target_opts.report */
	void (*report)(void *ctx, enum say_level level, const char *collection, const char *item,
	        const char *text);
	void *ctx;
	json_t *outcome; /* out, the caller's: as restore --dry-run has it */
	bool incomplete; /* out: a dry run ends with exit code 3 */
};
int restore_foresee(
        const struct args *a, struct account *account, struct ui *ui, struct foresight *f);
/* valise login of an account that is loaded: 0, or an exit code after a message. */
int login_account(const struct args *a, const struct account *account);
void account_to_tree(const struct account *a, struct tree_account *out);

/*
 * "alice@old.example.valise" from the account's name, whatever it holds; in the directory
 * ${dir}, NULL: here. The caller frees.
 */
char *archive_name(const char *dir, const char *account);

/* totals as JSON members of ${o}; "12 mailboxes, 3,456 messages (1.2 GB)" for people. */
void totals_to_json(const struct tree_totals *t, json_t *o);
void commit_to_json(const struct tree_commit *c, json_t *o);
void totals_text(const struct tree_totals *t, struct buf *out);

/*
 * What is wrong with the calendars and contacts of the newest snapshot: told on ${ui},
 * counted in *out (the caller's).
 */
int content_report(const char *path, struct ui *ui, json_t **out, struct err *err) MUST_CHECK;
void content_tell(json_t *o); /* a line of it for people */

/*
 * What backup and fetch bring an account into: a sink at t->path, a reader of what it
 * committed, and how the outcome is told (0, or an exit code that goes before ${rc}).
 */
struct take;
struct take_to {
	int (*sink)(struct take *t, struct err *err);
	int (*reader)(const char *path, struct tree_reader **out, struct err *err);
	int (*tell)(struct take *t, int rc);
	int (*space_check)(void *path, uint64_t bytes, struct err *err); /* or NULL */
};
struct take {
	const struct args *args;
	const struct take_to *to;
	char *path; /* malloc'ed */
	enum dir_names names;
	uint64_t part_size;
	/* what follows is take_run's */
	struct account *account;
	struct tree_account who;
	struct tree_accept accept;
	const char *accepted[ARGS_MAX]; /* what accept points to */
	struct tree_sink *sink; /* open */
	struct ui *ui;
	struct tree_commit commit;
	json_t *outcome;
	bool failed; /* a service could not be read */
	uint64_t kept_links; /* linked files that take_say_kept named */
};
/*
 * Bring all services of the account that the arguments name into a sink, and commit; with
 * --fetch-links what they link to, too. Frees t->path. Returns an exit code.
 */
int take_run(struct take *t);
/* take_kept.c: name what is missing in collections that were not asked for. An exit code. */
int take_say_kept(struct take *t);
/* --report of a run that ends with ${rc}, whatever that is; 0 or an error that was told. */
int take_report(struct take *t, int rc);
/*
 * The names that --include, --folder and --exclude may mean, so that one which means none
 * is told before anything is done.
 */
struct choice {
	const struct args *args;
	struct pattern_choice of;
	const char *include[2 * ARGS_MAX], *exclude[ARGS_MAX];
	bool included[2 * ARGS_MAX], excluded[ARGS_MAX]; /* matches something */
	size_t taken, chosen; /* how many there are of what is asked for, and how many are chosen */
	char **names;
	size_t n, cap;
};
/* 0, or EXIT_USAGE after a message: --exclude-use has a word that is no use */
int choice_init(struct choice *c, const struct args *a);
void choice_clear(struct choice *c);
/* of source_opts */
void choice_see(void *choice, const struct pattern_name *name, bool taken);
/* The collections of a snapshot; ${only}: these kinds (bits), 0 for all. */
void choice_see_heads(struct choice *c, const struct tree_manifest *m, unsigned only);
/*
 * The services are asked for their names, all of them: what is a mailbox's name for nobody may be
 * a calendar's. *known_out: each has told; the run itself says why one did not. 0, or an exit code
 * after a message.
 */
struct source_opts;
int choice_ask(struct choice *c, const struct account *account, unsigned only,
        const struct source_opts *o, bool *known_out);
/* each pattern has matched, and something is chosen */
bool choice_settled(const struct choice *c);
/* The names that are nearest to ${pattern}, as "; near to it: ..."; empty if none is. */
void choice_near(const struct choice *c, const char *pattern, struct buf *out);
int choice_check(const struct choice *c); /* 0, or EXIT_USAGE after a message */
/*
 * One of many may lack what a pattern names, all of them together may not: "unmatched" of the
 * outcome tells them, by option and pattern, once all collections were seen.
 */
void choice_put_unmatched(const struct choice *c, json_t *outcome);
/* --map, as the target wants it. Fill with zeros first. */
struct target_map;
struct target_opts;
struct maps {
	struct target_map *list;
	char **from; /* what list points to */
	size_t n;
};
/**
 * maps_read(m, manifest, opts, kinds, choice): read them into ${opts}; each must have
 * something to do with the ${kinds} (bits) of the snapshot that ${opts} selects, and none
 * may contradict another. 0, or EXIT_USAGE after a message.
 */
int maps_read(struct maps *m, const struct tree_manifest *manifest, struct target_opts *opts,
        unsigned kinds, const struct choice *choice);
void maps_clear(struct maps *m);
bool maps_empty_level(const char *name); /* "", "/x", "x/", "x//y" */
/**
 * --max-rate and --daily-limit: what the wire may carry, set in every service of
 * ${account} until limits_end. 0, or an exit code after a message.
 */
struct limits;
int limits_start(const struct args *a, struct account *account, struct limits **out);
void limits_end(struct limits *l); /* NULL is fine */

/**
 * A sink that hands everything on to ${to} (borrowed) and remembers the content of all
 * mail that is given to it, so that a second source of mail does not give the same again.
 * recorder_seen fits source_opts.seen, with the recorder as its ctx.
 */
struct recorder;
struct recorder *recorder_new(struct tree_sink *to);
struct tree_sink *recorder_sink(struct recorder *r);
bool recorder_seen(void *ctx, const uint8_t sha256[SHA256_LEN]);
void recorder_free(struct recorder *r); /* not ${to}; NULL is fine */
/*
 * A run that reads mail over one of IMAP and POP3, while the last snapshot has some of
 * the other: that stays. Fill with zeros first.
 */
struct other_mail {
	struct tree_reader *last; /* NULL: there is none */
	bool by_imap;
	struct recorder *imap; /* what IMAP gives is to go through it; or NULL */
};
int other_mail_open(struct take *t, bool by_imap, struct other_mail *o, struct err *err) MUST_CHECK;
int other_mail_keep(struct take *t, const struct other_mail *o, struct err *err) MUST_CHECK;
void other_mail_close(struct other_mail *o);
/**
 * verified.c: an archive whose newest seal is ${seal} was found sound: ${depth} "full", "newest",
 * "quick". verified_since: was this very seal, and no file changed since? When (UTC), and how.
 */
void verified_note(const char *archive, const char *seal, const char *depth);
bool verified_since(const char *archive, const char *seal, int64_t *when_out, char depth_out[16]);
/*
 * A directory below $XDG_CACHE_HOME/valise, for what can be made again; the caller frees. NULL:
 * there is no place.
 */
char *cache_path(const char *name);
/* What a restore journal belongs to, besides the service. */
struct state_target {
	const char *archive_id, *under, *into; /* under, into: as given, or NULL */
	bool make; /* make the directory that it lies in */
};
/**
 * state_journal(s, t, out, untold_out, err): the path of the restore journal for the
 * account that is written, whoever signs in. *untold_out: there is none yet, and there is
 * one of an older version, which wrote one for everybody that the login acts for.
 */
int state_journal(const struct service *s, const struct state_target *t, char **out,
        bool *untold_out, struct err *err) MUST_CHECK;
/**
 * state_ledger(account, out, err): where the bytes of the day are counted: by server and
 * owner of the first service. Providers limit an account, not an administrator who reads
 * many.
 */
int state_ledger(const struct account *account, char **out, struct err *err) MUST_CHECK;

/*
 * What a restore and an audit of its target share (into.c). target_service: where collections
 * of the kind go, of the services that the account has, else of all that there could be.
 * target_options: what is given of it that says where things are; ${choice} is lent.
 * target_journal: the path of the restore journal; a directory for it is made but for a dry
 * run. archive_identity: whose journals they are, by the seal of the first snapshot (the second
 * one names it, too, and all where forget left it out), wherever the archive lies.
 */
enum service_kind target_service(const struct account *account, enum coll_kind kind);
int target_options(const struct args *a, const struct choice *choice, struct target_opts *o);
int target_journal(const struct service *s, const struct target_opts *o, struct progress *progress,
        char **out, struct err *err) MUST_CHECK;
int archive_identity(const char *path, char out[SHA256_HEX_SIZE], struct err *err) MUST_CHECK;

/*
 * The collection that a person names: content name, full name, or "calendars/NAME". NULL
 * if none.
 */
const struct tree_head *find_head(const struct tree_manifest *m, const char *name, size_t n);
/* EXIT_USAGE, after a message that there is none, with the names that are near. */
int no_such_head(const struct args *a, const struct tree_manifest *m, const char *name, size_t n);
/* The next of the same name, of another kind; NULL if none is. */
const struct tree_head *next_head(const struct tree_manifest *m, const struct tree_head *h);

/* An item as programs see it. */
json_t *item_json(struct tree_reader *r, const struct tree_coll *c, const struct tree_item *it);

/*
 * Between trees, without a server; each tells what went wrong, and returns an exit code.
 */
/*
 * A directory for what an archive holds, with the account of its manifest (may be NULL).
 */
int open_tree(const char *dir, const struct tree_manifest *m, struct ui *ui, struct tree_sink **to);
/*
 * Commit, and print what ${to} now holds, under the name ${where}. ${lost}: there was more,
 * which makes it EXIT_INCOMPLETE.
 */
int finish_tree(struct tree_sink *to, const char *where, bool lost, struct ui *ui);
/*
 * Everything of ${from} (${only}: these kinds; what ${to} has of the others stays) into
 * ${to}, and finish_tree.
 */
int copy_tree(struct tree_reader *from, struct tree_sink *to, unsigned only, const char *where,
        struct ui *ui);

int cmd_backup(const struct args *a);
int batch_run(const struct args *a); /* any with --accounts: batch.c */
int batch_misused(const struct args *a); /* 0; EXIT_USAGE: an option that goes with it alone */
int cmd_restore(const struct args *a);
int cmd_verify(const struct args *a);
int cmd_list(const struct args *a);
int cmd_show(const struct args *a);
int cmd_fetch(const struct args *a);
int cmd_pack(const struct args *a);
int cmd_unpack(const struct args *a);
int cmd_salvage(const struct args *a);
int cmd_snapshots(const struct args *a);
int cmd_check(const struct args *a);
int cmd_login(const struct args *a);
int cmd_logout(const struct args *a);
int cmd_setup(const struct args *a);
int cmd_audit(const struct args *a);
int cmd_diff(const struct args *a);
int cmd_forget(const struct args *a);
int cmd_dns(const struct args *a);

/*
 * The DNS of the domain as the options --for, --expect, --old, --selector, --nameserver,
 * --authority and --timeout of ${a} have it (dns_names.c), for other commands, too. 0, or an
 * exit code after a message. ${source}: an account whose hosts are the old provider's, too;
 * or NULL. As a table on standard output, and as the member "dns" of an
 * outcome (tell/dns.c).
 */
struct migration;
int look_at_dns(const struct args *a, const char *domain, const struct account *source,
        struct migration **out);
void dns_table(const struct migration *m);
json_t *dns_json(const struct migration *m);
int cmd_move(const struct args *a);

#endif
