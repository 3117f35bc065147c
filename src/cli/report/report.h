#ifndef VALISE_CLI_REPORT_REPORT_H
#define VALISE_CLI_REPORT_REPORT_H

#include "valise/base/json.h"

/*
 * --report: report.c writes what gather.c knows, as it is or as page.c shows it. The page
 * is a function of the JSON alone (docs/JSON.md, "Reports"): it holds no fact that the
 * other one lacks.
 */

struct account;
struct args;
struct tree_manifest;

/* gather.c: the services of an account as list members, "side" of each as given. */
void gather_servers(json_t *list, const struct account *a, const char *side);
/* All snapshots of the archive; NULL: there is none, or it cannot be read. */
json_t *gather_seals(const char *archive);
/* [{"year","items","bytes"}] of all mail in ${folders}, in order; NULL: nothing is known. */
json_t *gather_years(const json_t *folders);
/*
 * [{"what","why"}]: what a run that reads the ${account} does not look at. ${m}: of the
 * tree that it is read into, or NULL.
 */
json_t *gather_unexamined(
        const struct args *a, const struct account *account, const struct tree_manifest *m);
/* "2026-11-29T15:53:39+02:00" for this machine's zone. */
#define LOCAL_TIME_SIZE 48
char *gather_local_time(int64_t utc, char out[LOCAL_TIME_SIZE]);

/* page.c: the page of a report; a function of ${o} alone. */
void report_page(const json_t *o, struct buf *b);

/* verdict.c: how it ended, for a person, in one line; and how that is to be taken. */
enum verdict_mood { VERDICT_GOOD, VERDICT_PART, VERDICT_BAD };
const char *verdict_text(const json_t *o, enum verdict_mood *mood_out);
/* What else is to be said at once of an audit's verdict; the caller frees. NULL: nothing. */
char *verdict_more(const json_t *o);
/* "Backup of alice@old.example"; the caller frees. */
char *verdict_title(const json_t *o);

/* picture.c: mail by year, a bar for each; nothing where no year is known. */
void picture_years(const json_t *o, struct buf *b);

/* style.c: pieces of one text; ends with NULL */
extern const char *const report_style[];

#endif
