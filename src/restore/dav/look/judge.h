/* What a look at the target makes of one item. Pure decisions. */
#ifndef VALISE_RESTORE_DAV_LOOK_JUDGE_H
#define VALISE_RESTORE_DAV_LOOK_JUDGE_H

#include "restore/dav/run.h"

struct look_facts {
	bool there, home; /* a resource is the item; where a restore puts it */
	bool altered; /* its content is another, or linked files are missing */
	bool again; /* so is one more resource than the archive has */
	bool unreadable; /* the archive does not give it */
	enum look_asked asked;
	bool hidden; /* it may be in what the target does not give */
	bool held;
};
enum look_state look_judge(const struct look_facts *f);
/* Of an item that is on the target as several resources: what two of these make. */
enum look_state look_join(enum look_state a, enum look_state b);
/*
 * May the item be what the target does not give? ${gone}: the collection is no more;
 * ${unlisted}: its listing is not whole; ${holes}: resources that cannot be read and are
 * no other item by their name.
 */
bool look_hidden(bool gone, bool unlisted, size_t holes, enum look_asked asked, bool by_journal);

#endif
