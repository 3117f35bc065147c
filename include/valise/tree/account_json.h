#ifndef VALISE_TREE_ACCOUNT_JSON_H
#define VALISE_TREE_ACCOUNT_JSON_H

#include "valise/tree/manifest.h"

/* The "account" member of a manifest. */
json_t *account_to_json(const struct tree_account *a);
bool account_from_json(const json_t *o, struct tree_account *a);

#endif
