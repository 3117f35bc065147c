/* What a report says besides the outcome: servers, folders by year, seals, what was not looked at.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "valise/account/account.h"
#include "valise/account/protocols.h"
#include "valise/base/date.h"
#include "valise/base/mem.h"
#include "valise/pack/archive.h"
#include "valise/restore/restore.h"
#include "valise/tree/words.h"
#include "cli/cli.h"
#include "cli/report/report.h"

#define YEAR_SIZE 5 /* "2019" */

static void put_fact(json_t *o, const char *key, struct service_facts *f, enum service_fact which)
{
	char *text = facts_get(f, which);

	put_text(o, key, text);
	free(text);
}

/* What TLS says of the server: {"version","cipher","sha256",...}. */
static void put_tls(json_t *server, struct service_facts *f)
{
	static const struct {
		const char *key;
		enum service_fact which;
	} members[] = {{"version", FACT_TLS}, {"cipher", FACT_CIPHER}, {"sha256", FACT_CERT_SHA256},
	        {"subject", FACT_CERT_SUBJECT}, {"issuer", FACT_CERT_ISSUER},
	        {"names", FACT_CERT_NAMES}, {"valid_from", FACT_CERT_FROM},
	        {"valid_until", FACT_CERT_UNTIL}};
	json_t *tls;

	if (!facts_has(f, FACT_TLS))
		return;
	tls = json_object();
	for (size_t i = 0; i < COUNT(members); i++)
		put_fact(tls, members[i].key, f, members[i].which);
	json_object_set_new(server, "tls", tls);
}

void gather_servers(json_t *list, const struct account *a, const char *side)
{
	static const char *const security[] = {
	        [SECURITY_TLS] = "tls", [SECURITY_STARTTLS] = "starttls", [SECURITY_NONE] = "none"};

	for (unsigned k = 0; k < SERVICE_KINDS; k++) {
		const struct service *s = &a->services[k];
		json_t *o;

		if (!a->present[k])
			continue;
		o = json_object();
		json_set_text(o, "side", side);
		json_set_text(o, "service", s->name);
		put_text(o, "host", s->at.host);
		json_set_number(o, "port", s->at.port);
		json_set_text(o, "security", security[s->at.security]);
		put_text(o, "user", s->login.user);
		put_text(o, "account", service_owner(s));
		put_fact(o, "sign_in", s->facts, FACT_SIGN_IN);
		put_fact(o, "software", s->facts, FACT_SOFTWARE);
		put_fact(o, "greeting", s->facts, FACT_GREETING);
		put_fact(o, "dav", s->facts, FACT_DAV);
		put_tls(o, s->facts);
		json_array_append_new(list, o);
	}
}

static char *year_of(int64_t utc, char out[YEAR_SIZE])
{
	char text[DATE_TEXT_SIZE];

	snprintf(out, YEAR_SIZE, "%.4s", date_format_iso(utc, text));
	return out;
}

/* To member ${year} of ${years}: {"2019":{"items","bytes"}}. */
static void add_year(json_t *years, const char *year, uint64_t items, uint64_t bytes)
{
	json_t *o = json_object_get(years, year);

	if (!o) {
		o = json_object();
		json_object_set_new(years, year, o);
	}
	json_set_number(o, "items", items + (uint64_t)json_get_int(o, "items", 0));
	json_set_number(o, "bytes", bytes + (uint64_t)json_get_int(o, "bytes", 0));
}

/* What of a folder's mail is of which year; NULL: its catalog cannot be read. */
static json_t *folder_years(struct tree_reader *r, const struct tree_head *h)
{
	struct tree_coll *c = NULL;
	struct err err = {0};
	json_t *years;

	if (r->ops->coll(r, h, &c, &err) < 0)
		return NULL;
	years = json_object();
	for (size_t i = 0; i < c->n_items;) {
		char year[YEAR_SIZE], next[YEAR_SIZE];
		uint64_t items = 0, bytes = 0;

		/* messages of one year mostly lie together */
		year_of(c->items[i].date_utc, year);
		do {
			items++;
			bytes += c->items[i++].size;
		} while (i < c->n_items && strcmp(year_of(c->items[i].date_utc, next), year) == 0);
		add_year(years, year, items, bytes);
	}
	tree_coll_free(c);
	return years;
}

json_t *report_collections(
        struct tree_reader *r, bool (*takes)(void *ctx, const struct tree_head *h), void *ctx)
{
	const struct tree_manifest *m = r->ops->manifest(r);
	json_t *list = json_array();

	for (size_t i = 0; i < m->n_heads; i++) {
		const struct tree_head *h = &m->heads[i];
		json_t *o, *years;

		if (takes && !takes(ctx, h))
			continue;
		o = json_object();
		json_set_text(o, "kind", coll_kind_dir(h->kind));
		put_text(o, "name", h->name);
		json_set_text(o, "status", status_word(h->status));
		put_text(o, "reason", h->reason);
		json_set_number(o, "items", h->roots.items);
		json_set_number(o, "bytes", h->roots.bytes);
		json_set_number(o, "errors", h->roots.errors);
		json_set_number(o, "gone", h->roots.gone);
		if (h->left_out) {
			json_set_number(o, "left_out", h->left_out);
			put_text(o, "selection", h->selection);
		}
		years = h->kind == COLL_MAIL && h->roots.items ? folder_years(r, h) : NULL;
		if (years)
			json_object_set_new(o, "years", years);
		json_array_append_new(list, o);
	}
	return list;
}

/* Text keys in their order. */
static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The members of ${sum} as a list in the order of their names. */
static json_t *sorted_years(json_t *sum)
{
	size_t n = json_object_size(sum), i = 0;
	const char **keys = xcalloc(n + 1, sizeof *keys), *key;
	json_t *list = json_array(), *v;

	json_object_foreach(sum, key, v) keys[i++] = key;
	qsort(keys, n, sizeof *keys, by_text);
	for (i = 0; i < n; i++) {
		json_t *o = json_object();

		json_set_text(o, "year", keys[i]);
		json_object_update(o, json_object_get(sum, keys[i]));
		json_array_append_new(list, o);
	}
	free(keys);
	return list;
}

json_t *gather_years(const json_t *folders)
{
	json_t *sum = json_object(), *list = NULL, *folder, *v;
	const char *key;
	size_t i;

	json_array_foreach(folders, i, folder)
	{
		json_object_foreach(json_object_get(folder, "years"), key, v)
		        add_year(sum, key, (uint64_t)json_get_int(v, "items", 0),
		                (uint64_t)json_get_int(v, "bytes", 0));
	}
	if (json_object_size(sum))
		list = sorted_years(sum);
	json_decref(sum);
	return list;
}

json_t *gather_seals(const char *archive)
{
	struct archive_snapshot *snapshots;
	struct err err = {0};
	char when[DATE_TEXT_SIZE];
	json_t *list;
	size_t n;

	if (archive_snapshots(archive, &snapshots, &n, &err) < 0)
		return NULL;
	list = json_array();
	for (size_t i = 0; i < n; i++) {
		const struct archive_snapshot *s = &snapshots[i];
		uint64_t items = 0;
		json_t *o = json_object();

		json_set_number(o, "snapshot", s->number);
		json_array_append_new(list, o);
		if (s->damage[0]) {
			put_text(o, "damage", s->damage);
			continue;
		}
		for (unsigned k = 0; k < COLL_KINDS; k++)
			items += s->totals.items[k];
		json_set_text(o, "created", date_format_iso(s->created, when));
		json_set_number(o, "items", items);
		json_set_number(o, "bytes", s->totals.bytes);
		json_set_number(o, "stored_bytes", s->stored_bytes);
		json_set_text(o, "verdict", s->totals.complete ? "complete" : "incomplete");
		json_set_hex(o, "content", s->totals.content, SHA256_LEN);
		json_set_hex(o, "state", s->totals.state, SHA256_LEN);
		json_set_text(o, "seal", s->seal);
		if (s->parent[0])
			json_set_text(o, "parent", s->parent);
	}
	free(snapshots);
	return list;
}

char *gather_local_time(int64_t utc, char out[LOCAL_TIME_SIZE])
{
	time_t t = (time_t)utc;
	struct tm tm;
	size_t n;

	if (!localtime_r(&t, &tm))
		return date_format_iso(utc, out);
	n = strftime(out, LOCAL_TIME_SIZE - 8, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, LOCAL_TIME_SIZE - n, "%c%02ld:%02ld", tm.tm_gmtoff < 0 ? '-' : '+',
	        labs(tm.tm_gmtoff) / 3600, labs(tm.tm_gmtoff) / 60 % 60);
	return out;
}

/* What no protocol shows, whatever the account has. */
static void add_unseen(json_t *list)
{
	put_unexamined(list, "Filters, forwarding and out-of-office replies at the server",
	        "the protocols that were spoken do not show them: look at the provider's settings");
	put_unexamined(list, "Aliases, signatures, passwords for apps and other settings",
	        "the protocols that were spoken do not show them: look at the provider's settings");
}

/* Kinds of which the account has no service. */
static void add_absent(json_t *list, const struct account *account)
{
	static const char *const names[] = {
	        [COLL_MAIL] = "Mail", [COLL_CALENDAR] = "Calendars", [COLL_CONTACTS] = "Contacts"};
	unsigned kinds = 0;

	for (unsigned k = 0; k < SERVICE_KINDS; k++)
		kinds |= account->present[k] ? protocols[k].kinds : 0;
	for (unsigned k = 0; k < COUNT(names); k++)
		if (!(kinds & 1u << k))
			put_unexamined(list, names[k], "no service for them was named");
}

/* What options leave out, whether it was ever there or not. */
static void add_options(json_t *list, const struct args *a)
{
	static const struct {
		const char *option, *why;
	} limits[] = {{"include", "nothing else is looked at"},
	        {"folder", "nothing else is looked at"}, {"only", "nothing else is looked at"},
	        {"exclude", "left out by this option"}, {"exclude-use", "left out by this option"},
	        {"since", "what is older is left out"}, {"until", "what is newer is left out"},
	        {"larger", "what is smaller is left out"},
	        {"smaller", "what is larger is left out"}, {"from", "nothing else is looked at"},
	        {"to", "nothing else is looked at"}, {"subject", "nothing else is looked at"},
	        {"item", "nothing else is looked at"}};

	for (size_t i = 0; i < COUNT(limits); i++) {
		const char *values[ARGS_MAX];
		size_t n = args_all(a, limits[i].option, values, ARGS_MAX);

		for (size_t k = 0; k < n; k++) {
			char *what = xasprintf("--%s %s", limits[i].option, values[k]);

			put_unexamined(list, what, limits[i].why);
			free(what);
		}
	}
}

static void add_left_out(json_t *list, const struct tree_head *h, const char *what)
{
	char n[COUNTED_SIZE],
	        *why = xasprintf("%s left out by options of this backup or an earlier one: %s",
	                counted(h->left_out, "item is", "items are", n),
	                h->selection ? h->selection : "");

	put_unexamined(list, what, why);
	free(why);
}

/* Collections that keep an earlier state, or lack what options left out. */
static void add_left(json_t *list, const struct args *a, const struct tree_manifest *m)
{
	struct choice *choice = xcalloc(1, sizeof *choice);
	unsigned only = 0;
	int rc = choice_init(choice, a);

	rc = rc ? rc : args_only(a, &only);
	for (size_t i = 0; i < m->n_heads && rc == 0; i++) {
		const struct tree_head *h = &m->heads[i];
		struct pattern_name name;
		char *what = xasprintf("%s: %s", coll_kind_dir(h->kind), h->name);

		target_name(h, &name);
		if (h->status == COLL_STALE)
			put_unexamined(list, what, h->reason ? h->reason : "it could not be read");
		else if (h->left_out)
			add_left_out(list, h, what);
		else if (!coll_is_beside(h->kind) && (!pattern_chooses(&choice->of, &name) ||
		                                             (only && !(only & 1u << h->kind))))
			put_unexamined(list, what, "left out by an option: it has its last state");
		free(what);
	}
	choice_clear(choice);
	free(choice);
}

json_t *gather_unexamined(
        const struct args *a, const struct account *account, const struct tree_manifest *m)
{
	json_t *list = json_array();

	add_unseen(list);
	if (account->present[SERVICE_IMAP] && args_takes(a, "all-namespaces") &&
	        !args_has(a, "all-namespaces"))
		put_unexamined(list, "Folders of others that are shared with this account",
		        "left out without --all-namespaces");
	add_absent(list, account);
	if (args_takes(a, "fetch-links") && !args_has(a, "fetch-links") &&
	        (account->present[SERVICE_CALDAV] || account->present[SERVICE_CARDDAV]))
		put_unexamined(list, "Files behind the links of events and contacts",
		        "left out without --fetch-links");
	add_options(list, a);
	if (m)
		add_left(list, a, m);
	return list;
}
