#ifndef VALISE_TREE_PATTERN_H
#define VALISE_TREE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Patterns of people on names of collections (--include, --exclude). '*' stands for any
 * text, '?' for one character, "\*", "\?" and "\\" for these characters; all else is
 * itself, brackets too. A mailbox is named by its content name or its full name, in UTF-8
 * or as the server spells it (modified UTF-7); INBOX in any case.
 */

struct pattern_name {
	const char *full, *content; /* content may be NULL */
	char delimiter; /* of the full name; 0: none, or not known */
	bool mail;
	const char *uses; /* of a mailbox: its announced uses, or NULL */
};

/* Does it match? ${below}: what is below a match counts, too. */
bool pattern_matches(const char *pattern, const struct pattern_name *name, bool below);
/*
 * The delimiter that parts a mailbox's levels, from its two names; 0 where they do not
 * tell.
 */
char pattern_delimiter(const char *full, const char *content);

/*
 * What is chosen: included (no pattern: everything) with what is below it, and not
 * excluded, by name or by use.
 */
struct pattern_choice {
	const char *const *include;
	size_t n_include;
	const char *const *exclude;
	size_t n_exclude;
	unsigned exclude_uses; /* of use_set_read; INBOX is never meant */
};
bool pattern_chooses(const struct pattern_choice *c, const struct pattern_name *name);

/*
 * The use for which a mailbox is left out ("\\Junk"), whatever the patterns say; NULL:
 * none. *announced_out (may be NULL): its server says so, else its name.
 */
const char *pattern_use(
        const struct pattern_choice *c, const struct pattern_name *name, bool *announced_out);

/*
 * How near a name is to what somebody wrote that matches nothing: less is nearer, 0 means
 * not near at all.
 */
size_t pattern_nearness(const char *pattern, const char *name);

#endif
