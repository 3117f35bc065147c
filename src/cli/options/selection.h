#ifndef VALISE_CLI_OPTIONS_SELECTION_H
#define VALISE_CLI_OPTIONS_SELECTION_H

#include "valise/find/find.h"
#include "valise/tree/select.h"
#include "cli/cli.h"

/*
 * The options of a selection, the same for every command that has them: --folder, --include,
 * --exclude, --exclude-use, --only; --since, --until, --larger, --smaller, --flagged,
 * --unseen; --from, --to, --subject, --text, --item (valise help select).
 */
struct selected {
	const struct args *args;
	struct selection of; /* all of it points to what follows and to the arguments */
	struct choice choice;
	const char *from[ARGS_MAX + 1], *to[ARGS_MAX + 1], *subject[ARGS_MAX + 1],
	        *items[ARGS_MAX + 1], *text[ARGS_MAX + 1];
	struct find_hits *hits; /* of selected_search; NULL: no words are looked for */
};
/*
 * What the arguments say; an option that the command has not says nothing. 0, or EXIT_USAGE
 * after a message. To be cleared in any case; it must not be moved.
 */
int args_selection(const struct args *a, struct selected *s);
void selected_clear(struct selected *s);
/*
 * The part that a source can decide, of an account (backup, fetch); *out: for source_opts, NULL
 * where all is meant. What the services cannot tell is refused, or told: 0, or EXIT_USAGE
 * after a message.
 */
int selected_source(const struct selected *s, const struct account *account, struct ui *ui,
        const struct selection **out);
/**
 * selected_search(s, archive, words, from, progress, err): what holds the words of --text, or
 * these (NULL-ended; NULL: none), is meant, and nothing else. ${from}: a snapshot of the archive
 * at this path as archive_reader gives it. Nothing where there are no words. Errors: those of
 * find_contents.
 */
int selected_search(struct selected *s, const char *archive, const char *const *words,
        struct tree_reader *from, struct progress *progress, struct err *err) MUST_CHECK;
void selected_holds(struct selected *s); /* selected_search does it: the hits alone are meant */
/* How many contents could not be searched. */
uint64_t selected_unread(const struct selected *s);
/**
 * selected_view(s, reader): *reader becomes a reader of what is meant of it; first each pattern,
 * kind and --item is to name something there. 0, or an exit code after a message; *reader is
 * NULL then, and what was there is freed.
 */
int selected_view(struct selected *s, struct tree_reader **reader);
/*
 * The same, where the caller chooses collections himself (selection.keep_others) and has held
 * the patterns against them.
 */
int selected_items(struct selected *s, struct tree_reader **reader);

#endif
