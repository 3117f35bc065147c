#include "valise/target/target.h"

static const struct target_ops *const targets[] = {
        &target_imap,
        &target_caldav,
        &target_carddav,
};

const struct target_ops *target_for(enum coll_kind coll)
{
	for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++)
		if (targets[i]->coll == coll)
			return targets[i];
	return NULL;
}
