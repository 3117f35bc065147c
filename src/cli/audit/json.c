/* The outcome of an audit as JSON: for programs, reports and the certificate. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/date.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/tree/words.h"
#include "cli/protocols.h"
#include "run.h"

json_t *audit_finding_json(const struct audit_finding *f)
{
	json_t *o = json_object();

	json_set_text(o, "side", audit_side_word(f->side));
	json_set_text(o, "finding", audit_rules[f->what].word);
	json_object_set_new(o, "safe", json_boolean(!audit_says_no(f)));
	if (f->accepted)
		json_object_set_new(o, "accepted", json_true());
	if (f->kind != AUDIT_NO_KIND)
		json_set_text(o, "kind", coll_kind_dir(f->kind));
	put_text(o, "collection", f->collection);
	if (f->uid)
		json_set_number(o, "uid", f->uid);
	put_text(o, "href", f->href);
	put_text(o, "date", f->name.date);
	put_text(o, "from", f->name.from);
	put_text(o, "subject", f->name.subject);
	put_text(o, "start", f->name.start);
	put_text(o, f->kind == COLL_CONTACTS ? "name" : "summary", f->name.title);
	put_text(o, "differs", f->differs);
	put_text(o, "place", f->place);
	return o;
}

static json_t *side_json(const struct audit_run *r, const struct audit_side_run *s)
{
	const struct audit_counts *c = &r->audit.counts[s->side];
	json_t *o = json_object();

	put_text(o, "account", s->account->name);
	json_set_number(o, "collections", c->collections);
	json_set_number(o, "items", c->items);
	json_set_number(o, "same", c->same);
	if (s->side == AUDIT_SOURCE)
		json_set_number(o, "gone", c->gone);
	else
		json_set_number(o, "extra", c->extra);
	json_object_set_new(o, "looked_at", json_boolean(!s->failed));
	return o;
}

/* What options leave out, as far as it is no reason by itself to be listed twice. */
static void add_left_out(json_t *list, const struct audit *a)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct audit_finding *f = &a->items[i];
		char *what;

		if (f->what != AUDIT_EXCLUDED && f->what != AUDIT_EXCLUDED_JUNK &&
		        f->what != AUDIT_NO_SERVICE)
			continue;
		what = xasprintf("%s%s%s",
		        f->kind == AUDIT_NO_KIND ? "service" : coll_kind_dir(f->kind),
		        f->collection ? ": " : "", f->collection ? f->collection : "");
		put_unexamined(list, what, f->differs ? f->differs : "left out by an option");
		free(what);
	}
}

static bool has_kind(const struct tree_account *of, enum coll_kind kind)
{
	for (size_t i = 0; i < of->n_services; i++) {
		const struct protocol *p = protocol_find(of->services[i].kind);

		if (p && p->kinds & 1u << kind)
			return true;
	}
	return false;
}

/* What the old account may have, and nobody was told where. */
static void add_unknown(json_t *list, const struct audit_side_run *s)
{
	const struct tree_account *old = &s->reader->ops->manifest(s->reader)->account;
	struct tree_account now;

	account_to_tree(s->account, &now);
	for (unsigned k = 0; k < COLL_LINKED; k++) {
		char *what = xasprintf("%s of the old account", coll_kind_dir(k));

		if (!has_kind(&now, k) && !has_kind(old, k))
			put_unexamined(list, what, "no service of it is known that has them");
		free(what);
	}
	if (s->account->present[SERVICE_POP3] && !s->account->present[SERVICE_IMAP])
		put_unexamined(list, "mailboxes of the old account besides INBOX",
		        "POP3 does not show them");
	tree_account_clear(&now);
}

json_t *audit_unexamined_json(const struct audit_run *r)
{
	json_t *list = json_array();

	add_left_out(list, &r->audit);
	if (r->source.args)
		add_unknown(list, &r->source);
	if (!r->target.args)
		put_unexamined(list, "the new account", "no --target was given");
	if (!r->dns)
		put_unexamined(list, "where new mail goes: the MX of a domain that moves along",
		        "no --dns DOMAIN was given");
	put_unexamined(list, "filters, forwarding, redirects and vacation replies at the server",
	        "IMAP, POP3, CalDAV and CardDAV do not show them");
	put_unexamined(list,
	        "mailboxes, calendars and address books that others share, and who may "
	        "use the account's own",
	        r->source.args && args_has(r->source.args, "all-namespaces")
	                ? "rights of others are not part of an archive"
	                : "they belong to others (--all-namespaces looks at mailboxes)");
	put_unexamined(list, "files that events and contacts only link to",
	        "they are on other servers, or in the archive by --fetch-links");
	put_unexamined(list, "settings of the account, app passwords, sign-in by it elsewhere",
	        "no protocol shows them");
	return list;
}

json_t *audit_json(const struct audit_run *r)
{
	const struct audit *a = &r->audit;
	json_t *o = json_object(), *list = json_array(), *proof = json_object();
	char when[DATE_TEXT_SIZE];
	size_t no = 0;

	put_text(o, "archive", r->args->pos[0]);
	json_set_text(o, "seal", r->seal);
	json_set_text(o, "snapshot_created", date_format_iso(r->created, when));
	json_set_text(o, "verdict", audit_is_safe(a->items, a->n) ? "yes" : "no");
	json_object_set_new(o, "full", json_boolean(r->full));
	if (r->proof.when) {
		json_set_text(proof, "when", date_format_iso(r->proof.when, when));
		json_set_text(proof, "depth", r->proof.depth);
		json_object_set(o, "verified", proof);
	}
	json_decref(proof);
	json_set_number(o, "items", a->counts[AUDIT_ARCHIVE].items);
	json_set_number(o, "collections", a->counts[AUDIT_ARCHIVE].collections);
	if (r->source.args)
		json_object_set_new(o, "source", side_json(r, &r->source));
	if (r->target.args)
		json_object_set_new(o, "target", side_json(r, &r->target));
	if (r->dns)
		json_object_set_new(o, "dns", dns_json(r->dns));
	for (size_t i = 0; i < a->n; i++) {
		json_array_append_new(list, audit_finding_json(&a->items[i]));
		no += audit_says_no(&a->items[i]);
	}
	json_set_number(o, "reasons", no);
	json_object_set_new(o, "findings", list);
	json_object_set_new(o, "not_examined", audit_unexamined_json(r));
	return o;
}

/* What the sides have of a collection, as members of its ${folder}. */
static void put_sides(json_t *folder, const struct audit_coll *c)
{
	static const enum audit_side sides[] = {AUDIT_SOURCE, AUDIT_TARGET};

	for (size_t i = 0; c && i < COUNT(sides); i++) {
		json_t *o;

		if (!c->side[sides[i]].known)
			continue;
		o = json_object();
		json_set_number(o, "items", c->side[sides[i]].items);
		json_set_number(o, "bytes", c->side[sides[i]].bytes);
		json_object_set_new(folder, audit_side_word(sides[i]), o);
	}
}

/* Has the archive this collection? */
static bool is_listed(const json_t *folders, const struct audit_coll *c)
{
	size_t i;
	json_t *f;

	json_array_foreach(folders, i, f)
	{
		if (text_same(json_get_str(f, "kind"), coll_kind_dir(c->kind)) &&
		        text_same(json_get_str(f, "name"), c->name))
			return true;
	}
	return false;
}

void audit_put_folders(const struct audit_run *r, json_t *folders)
{
	size_t known = json_array_size(folders);

	for (size_t i = 0; i < known; i++) {
		json_t *f = json_array_get(folders, i);
		const char *name = json_get_str(f, "name");
		enum coll_kind kind;

		if (name && kind_parse(json_get_str(f, "kind"), &kind))
			put_sides(f, audit_coll_of(&r->audit, kind, name));
	}
	for (size_t i = 0; i < r->audit.n_colls; i++) {
		const struct audit_coll *c = &r->audit.colls[i];
		json_t *f;

		if (is_listed(folders, c))
			continue;
		f = json_object();
		json_set_text(f, "kind", coll_kind_dir(c->kind));
		put_text(f, "name", c->name);
		json_set_number(f, "items", 0);
		json_set_number(f, "bytes", 0);
		put_sides(f, c);
		json_array_append_new(folders, f);
	}
}
