/* A dry run that foresees: what it asks the target, what it says of collections and resources. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/clock.h"
#include "foresee.h"
#include "run.h"

#define P_FREE "{DAV:}quota-available-bytes"

enum {
	IDLES = 3,
	COLL_TRIPS = 8, /* MKCALENDAR, a PROPPATCH each, the listings */
	ITEM_US = 200000, /* a slow server's time for a PUT */
};

static void say(const struct drun *r, enum predict what, bool sure, const char *collection,
        const char *item, uint64_t items, const char *fmt, ...) PRINTF_LIKE(7, 8);

static void say(const struct drun *r, enum predict what, bool sure, const char *collection,
        const char *item, uint64_t items, const char *fmt, ...)
{
	const struct prediction p = {what, sure, collection, item, NULL, items};
	va_list ap;

	va_start(ap, fmt);
	predict_vsay(r->opts->predictor, p, fmt, ap);
	va_end(ap);
}

static int on_quota(void *ctx, struct dav_response *resp, struct err *err)
{
	struct drun *r = ctx;
	const char *text = dav_prop_text(resp, P_FREE);

	(void)err;
	if (text && *text && strspn(text, "0123456789") == strlen(text) && strlen(text) < 19) {
		r->foreseen.has_quota = true;
		r->foreseen.room = strtoull(text, NULL, 10);
	}
	return 0;
}

int predict_dav_probe(struct drun *r, struct err *err)
{
	static const char *const props[] = {P_FREE};
	int rc = 0;

	for (unsigned i = 0; i < IDLES && rc == 0; i++) {
		int64_t began = clock_us(), took;

		rc = dav_propfind(r->http, r->home.urls[0], 0, props, 1, on_quota, r, NULL, err);
		took = clock_us() - began;
		if (rc == 0)
			r->foreseen.idle_us =
			        r->foreseen.idle_us ? MIN(r->foreseen.idle_us, took) : took;
	}
	return rc < 0 && err_ends(err) ? rc : 0;
}

void predict_collection(const struct drun *r, const struct acoll *a)
{
	const struct tcoll *t = a->to == NONE ? NULL : &r->tcolls[a->to];
	struct buf list = buf_of(1000);
	bool any = false;

	for (unsigned i = 0; i < PROPS_N; i++) {
		if (!a->props.xml[i] || !props_of_kind(i, r->contacts) ||
		        (t && (i == PROP_COMPS || t->props.value[i] ||
		                      props_equal(&a->props, &t->props, i))))
			continue;
		buf_putf(&list, "%s%s", any ? ", " : "", props_word(i));
		any = true;
	}
	if (any)
		say(r, PREDICT_PROPERTY, false, a->head->name, NULL, 0,
		        "the server may not keep: %s", buf_str(&list));
	buf_clear(&list);
	if (!t && !r->contacts && (a->comps & (a->comps - 1)))
		say(r, PREDICT_PROPERTY, false, a->head->name, NULL, a->coll->n_items,
		        "what is of another component may need a calendar of its own");
}

void predict_place(const struct drun *r, const struct acoll *a, size_t items)
{
	for (size_t i = 0; i < r->home.n; i++)
		if (!keys_find(&r->readonly_homes, dav_key(r->home.urls[i]), NULL))
			return;
	say(r, PREDICT_PLACE, false, a->head->name, NULL, items,
	        "it may not be possible to make it: the server says that nothing may be written "
	        "beside what is there");
}

/* Another item of the archive that is to be stored has its UID. */
static bool shares_uid(const struct drun *r, const struct entry *e)
{
	size_t n = 0;

	if (!e->uid)
		return false;
	(void)entries_of(r, e->uid, &n);
	return n > 1;
}

void predict_entry(struct drun *r, const struct entry *e, const struct buf *body)
{
	const struct acoll *a = &r->acolls[e->acoll];
	const struct tcoll *t = a->to == NONE ? NULL : &r->tcolls[a->to];
	unsigned bits = foresee_resource(body->data, body->len, t && t->v4);
	unsigned bit = r->contacts ? 0 : entry_component(r, e);
	bool elsewhere = t && t->comps && bit && bit != COMP_VFREEBUSY && !(t->comps & bit);
	struct buf item = buf_of(4096);

	r->foreseen.bytes += body->len;

	if (bits || elsewhere || shares_uid(r, e))
		name_entry(r, e, &item);
	if (elsewhere)
		say(r, PREDICT_COMPONENT, false, a->head->name, buf_str(&item), 1,
		        "\"%.300s\" does not take it, another calendar perhaps", t->name);
	for (unsigned i = 0; i < FORESEES; i++) {
		bool form = foresee_is_form((enum foresee)i);

		if (bits & 1u << i)
			say(r, form ? PREDICT_FORM : PREDICT_REWRITTEN, false, a->head->name,
			        buf_str(&item), 1, "it may be %s: %s",
			        form ? "refused as it is" : "written otherwise",
			        foresee_word((enum foresee)i));
	}
	if (shares_uid(r, e))
		say(r, PREDICT_UID, false, a->head->name, buf_str(&item), 1,
		        "another item of the archive has its UID, which many servers take once");
	buf_clear(&item);
}

void predict_dav_end(const struct drun *r)
{
	const struct predictor *to = r->opts->predictor;
	struct predict_cost cost = {.items = r->outcome.sum.added,
	        .bytes = r->foreseen.bytes,
	        .idle_us = r->foreseen.idle_us,
	        .item_us = ITEM_US / PARALLEL};

	if (r->foreseen.has_quota && r->foreseen.bytes > r->foreseen.room)
		say(r, PREDICT_QUOTA, true, NULL, NULL, cost.items,
		        "the quota has room for %llu of the %llu octets to be added",
		        (unsigned long long)r->foreseen.room,
		        (unsigned long long)r->foreseen.bytes);
	cost.trips =
	        r->n_acolls * COLL_TRIPS + cost.items / PARALLEL + cost.items / LOOK_BATCH + 10;
	to->cost(to->ctx, &cost);
}
