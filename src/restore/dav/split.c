/*
 * Calendars of several components on servers whose collections take only some (iCloud,
 * Zimbra, Open-Xchange): what one does not take goes into another that does, of the same
 * name, or "NAME (tasks)".
 */
#include <stdlib.h>
#include <string.h>
#include "run.h"

static const char *const words[] = {[COMP_VEVENT] = "events",
        [COMP_VTODO] = "tasks",
        [COMP_VJOURNAL] = "journal",
        [COMP_VFREEBUSY] = "free-busy"};

/* May objects of this component be stored there? */
static bool tcoll_takes(const struct tcoll *t, unsigned bit)
{
	return !t->readonly && !t->aside && (t->comps & bit);
}

static bool any_takes(const struct drun *r, unsigned bit)
{
	for (size_t i = 0; i < r->n_tcolls; i++)
		if (tcoll_takes(&r->tcolls[i], bit))
			return true;
	return false;
}

/* One of the same name that is nobody's yet, or that of an earlier restore. */
static uint32_t find_other(const struct drun *r, const struct acoll *part, const char *name)
{
	for (uint32_t i = 0; i < r->n_tcolls; i++)
		if (tcoll_takes(&r->tcolls[i], part->comps) && !r->tcolls[i].taken &&
		        strcmp(r->tcolls[i].name, name) == 0)
			return i;
	for (uint32_t i = 0; i < r->n_tcolls; i++)
		if (tcoll_takes(&r->tcolls[i], part->comps) &&
		        strcmp(r->tcolls[i].name, part->name) == 0)
			return i;
	/* Also one that does not take it: another would not, either. */
	return made_before(r, part);
}

/*
 * The part of a collection of the archive that is of this component: another collection,
 * as far as the target goes.
 */
static int split_off(
        struct drun *r, uint32_t from, unsigned bit, uint32_t *index_out, struct err *err)
{
	struct acoll *part = ARR_PUSH(r->acolls, r->n_acolls, r->cap_acolls);
	const struct acoll *whole = &r->acolls[from];
	const char *word = words[bit];
	*index_out = (uint32_t)(r->n_acolls - 1);
	part->head = whole->head;
	part->coll = whole->coll;
	part->part = true;
	part->joins = NONE;
	part->comps = bit;
	for (unsigned i = 0; i < PROPS_N; i++)
		if (whole->props.xml[i])
			props_set(&part->props, i, whole->props.xml[i], whole->props.value[i]);
	props_set_comps(&part->props, bit);
	acoll_rename(part, xasprintf("%s (%s)", whole->name, word));
	part->to = find_other(r, part, whole->name);
	if (part->to != NONE)
		r->tcolls[part->to].taken = true;
	say_coll(r, SAY_INFO, part->head->name,
	        "what is of the kind \"%s\" goes into %s \"%s\", for \"%s\" does not take it", word,
	        part->to == NONE ? "a new calendar" : "the calendar",
	        part->to == NONE ? part->name : r->tcolls[part->to].name,
	        r->tcolls[whole->to].name);
	return part->to == NONE && !r->looks ? dav_make_one(r, *index_out, err) : 0;
}

/*
 * Each new item that its collection does not take goes into the part for its component.
 */
static int split_coll(struct drun *r, uint32_t from, struct err *err)
{
	uint32_t parts[COUNT(words)];
	int rc = 0;

	for (size_t i = 0; i < COUNT(words); i++)
		parts[i] = NONE;
	for (size_t i = 0; i < r->n_entries && rc == 0; i++) {
		struct entry *e = &r->entries[i];
		unsigned bit =
		        e->acoll == from && e->state == ENTRY_NEW ? entry_component(r, e) : 0;

		/*
		 * One made for this component alone that does not take it: the server has
		 * none that does (SOGo: no journal). Free-busy time is in no calendar of
		 * its own: the target says whether it takes it.
		 */
		if (!bit || bit == r->acolls[from].comps ||
		        tcoll_takes(&r->tcolls[r->acolls[from].to], bit) ||
		        (bit == COMP_VFREEBUSY && !any_takes(r, bit)))
			continue;
		if (parts[bit] == NONE)
			rc = split_off(r, from, bit, &parts[bit], err);
		e->acoll = parts[bit];
	}
	return rc;
}

int dav_split(struct drun *r, struct err *err)
{
	/* --into: everything goes there, or is named. */
	size_t n = r->contacts || r->opts->into ? 0 : r->n_acolls;
	int rc = 0;

	for (uint32_t i = 0; i < n && rc == 0; i++) {
		const struct acoll *a = &r->acolls[i];
		unsigned takes_now = a->to == NONE ? 0 : r->tcolls[a->to].comps;

		/*
		 * What a calendar declares is believed; one that does not say is looked
		 * into.
		 */
		if (takes_now && (!a->comps || a->comps & ~takes_now))
			rc = split_coll(r, i, err);
	}
	return rc < 0 ? err_widen(err, ERR_WHOLE) : 0;
}
