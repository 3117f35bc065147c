/* What valise dns found: a table for people, JSON for programs. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/columns.h"
#include "valise/base/date.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/migration/migration.h"
#include "cli/cli.h"

enum { LINE_CAP = 1 << 20, SHOWN = 76 };

/* One line, escaped as a whole: whatever DNS says, it is text. */
static void put_line(const char *fmt, ...) PRINTF_LIKE(1, 2);

static void put_line(const char *fmt, ...)
{
	char *line = NULL, *safe;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&line, fmt, ap) < 0)
		line = NULL;
	va_end(ap);
	safe = term_escape_dup(line ? line : "");
	puts(safe);
	free(safe);
	free(line);
}

/* "1 h", "90 s": the largest unit that it is whole in. */
static char *duration_text(uint32_t seconds, char out[24])
{
	static const struct {
		uint32_t seconds;
		const char *word;
	} units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
	size_t i = 0;

	while (seconds % units[i].seconds || (!seconds && units[i].seconds > 1))
		i++;
	snprintf(out, 24, "%u %s", seconds / units[i].seconds, units[i].word);
	return out;
}

/* As much as there is room for: a line is no place for more. */
static void add_words(struct buf *b, const char *before, const char *text)
{
	(void)buf_fill(b, before, strlen(before));
	(void)buf_fill(b, text, strlen(text));
}

/* What a server says, in a line; the caller frees. */
static char *view_text(const struct migration_row *row, const struct migration_view *v)
{
	struct buf all = buf_of(LINE_CAP);
	char *text, *shown, cut[4 * SHOWN];

	if (v->outcome == DNS_FAILED)
		return xasprintf("not known: %s", v->why ? v->why : "not asked");
	if (v->alias)
		add_words(&all, "CNAME ", v->alias);
	for (size_t i = 0; i < v->n && (!v->alias || row->kind == KIND_SPF); i++)
		add_words(&all, all.len ? ", " : "", v->records[i]);
	if (!all.len)
		add_words(&all, "", "nothing");
	text = term_escape_dup(buf_str(&all));
	shown = xstrdup(text_cut(text, SHOWN, cut, sizeof cut));
	free(text);
	buf_clear(&all);
	return shown;
}

static const char *server_name(const struct migration *m, size_t view)
{
	const struct migration_server *s = view ? &m->servers[view - 1] : NULL;

	return !s ? "the resolver" : *s->name ? s->name : s->address;
}

/* The view that the row's line shows: the first server of the zone that answers. */
static size_t shown_view(const struct migration *m, const struct migration_row *row)
{
	for (size_t i = 1; i <= m->n_servers; i++)
		if (row->views[i].outcome != DNS_FAILED)
			return i;
	return 0;
}

/* Those that say something else than the line above. */
static void put_others(const struct migration *m, const struct migration_row *row, size_t shown)
{
	char *above = view_text(row, &row->views[shown]), ttl[24];

	for (size_t i = 0; i <= m->n_servers; i++) {
		const struct migration_view *v = &row->views[i];
		char *text = view_text(row, v);

		if (i != shown && strcmp(text, above) != 0 &&
		        (i == 0 || m->servers[i - 1].state == SERVER_GOOD))
			put_line("%-32s%s: %s (TTL %s)", "", server_name(m, i), text,
			        duration_text(v->ttl, ttl));
		free(text);
	}
	free(above);
}

static void put_notes(const struct migration_note *list, size_t n, size_t indent)
{
	for (size_t i = 0; i < n; i++)
		put_line("%*s%s%s", (int)indent, "", list[i].weight == NOTE_WRONG ? "wrong: " : "",
		        list[i].text);
}

static void put_row(const struct migration *m, const struct migration_row *row)
{
	size_t shown = shown_view(m, row);
	char *text = view_text(row, &row->views[shown]), ttl[24], at[MIGRATION_TIME_SIZE];

	put_line("%-18s %-12s %s%s%s%s", row->label, migration_state_word(row->state), text,
	        row->views[shown].outcome == DNS_FAILED ? "" : " (TTL ",
	        row->views[shown].outcome == DNS_FAILED ? ""
	                                                : duration_text(row->views[shown].ttl, ttl),
	        row->views[shown].outcome == DNS_FAILED ? "" : ")");
	free(text);
	put_others(m, row, shown);
	for (size_t i = 0; i < row->n_wanted && row->state != MIGRATION_NEW; i++)
		put_line("%-32swanted: %s", "", row->wanted[i]);
	put_notes(row->notes, row->n_notes, 32);
	if (row->state == MIGRATION_GOING)
		put_line("%-32sold answers are gone by %s", "",
		        migration_time(row->gone_at, m->asked_at, at));
}

static const char *dnssec_text(enum migration_dnssec d)
{
	static const char *const words[] = {[DNSSEC_UNSIGNED] = "not signed",
	        [DNSSEC_SIGNED] = "signed, not validated by the resolver",
	        [DNSSEC_VALID] = "signed, validated by the resolver",
	        [DNSSEC_BOGUS] = "its signatures do not validate"};

	return words[d];
}

static void put_servers(const struct migration *m)
{
	put_line("%s: zone %s, DNSSEC: %s", m->domain, m->zone, dnssec_text(m->dnssec));
	for (size_t i = 0; i < m->n_servers; i++) {
		const struct migration_server *s = &m->servers[i];

		if (s->state == SERVER_GOOD)
			put_line("  %s%s%s: serial %u", s->name, *s->name ? " " : "", s->address,
			        s->serial);
		else
			put_line("  %s%s%s: %s", s->name, *s->name ? " " : "", s->address,
			        s->state == SERVER_LAME ? "lame" : "silent");
	}
	put_notes(m->notes, m->n_notes, 2);
}

void dns_table(const struct migration *m)
{
	struct buf none = buf_of(LINE_CAP);

	put_servers(m);
	putchar('\n');
	for (size_t i = 0; i < m->n_rows; i++) {
		const struct migration_row *row = &m->rows[i];

		if (row->state == MIGRATION_NONE && !row->n_notes)
			add_words(&none, none.len ? ", " : "", row->label);
		else
			put_row(m, row);
	}
	if (none.len) {
		putchar('\n');
		put_line("Not there: %s", buf_str(&none));
	}
	putchar('\n');
	put_line("Next: %s.", m->next);
	buf_clear(&none);
}

/* ---- JSON ---- */

static json_t *texts_json(char *const *list, size_t n)
{
	json_t *a = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *o = json_object();

		put_text(o, "t", list[i]);
		json_array_append(a, json_object_get(o, "t"));
		json_decref(o);
	}
	return a;
}

static json_t *notes_json(const struct migration_note *list, size_t n)
{
	static const char *const words[] = {[NOTE_ONLY] = "note",
	        [NOTE_DOUBT] = "doubt",
	        [NOTE_GOING] = "propagating",
	        [NOTE_WRONG] = "wrong"};
	json_t *a = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *o = json_object();

		json_set_text(o, "level", words[list[i].weight]);
		put_text(o, "text", list[i].text);
		json_array_append_new(a, o);
	}
	return a;
}

static void set_time(json_t *o, const char *key, int64_t at)
{
	char text[DATE_TEXT_SIZE];

	if (at)
		json_set_text(o, key, date_format_iso(at, text));
}

/* ${server} as in "servers"; the resolver has no name. */
static json_t *view_json(const struct migration *m, const struct migration_view *v, size_t at)
{
	static const char *const words[] = {[DNS_FOUND] = "found",
	        [DNS_NO_DATA] = "none",
	        [DNS_NO_NAME] = "no-name",
	        [DNS_FAILED] = "failed"};
	json_t *o = json_object();

	json_set_text(o, "from", at ? "zone" : "resolver");
	if (at) {
		put_text(o, "server", m->servers[at - 1].name);
		put_text(o, "address", m->servers[at - 1].address);
	}
	json_set_text(o, "outcome", words[v->outcome]);
	if (v->outcome == DNS_FAILED) {
		put_text(o, "why", v->why ? v->why : "not asked");
		return o;
	}
	put_text(o, "cname", v->alias);
	json_object_set_new(o, "records", texts_json(v->records, v->n));
	json_set_number(o, "ttl", v->ttl);
	return o;
}

static json_t *row_json(const struct migration *m, const struct migration_row *row)
{
	json_t *o = json_object(), *answers = json_array();

	put_text(o, "record", row->label);
	put_text(o, "name", row->name);
	json_set_text(o, "type", dns_type_word(row->type));
	json_set_text(o, "state", migration_state_word(row->state));
	json_object_set_new(o, "wanted", texts_json(row->wanted, row->n_wanted));
	for (size_t i = 0; i <= m->n_servers; i++)
		json_array_append_new(answers, view_json(m, &row->views[i], i));
	json_object_set_new(o, "answers", answers);
	json_object_set_new(o, "notes", notes_json(row->notes, row->n_notes));
	json_object_set_new(o, "unpublished", json_boolean(row->unpublished));
	set_time(o, "gone_at", row->gone_at);
	return o;
}

static json_t *server_json(const struct migration_server *s)
{
	static const char *const words[] = {
	        [SERVER_GOOD] = "good", [SERVER_LAME] = "lame", [SERVER_SILENT] = "silent"};
	json_t *o = json_object();

	put_text(o, "name", s->name);
	put_text(o, "address", s->address);
	json_set_text(o, "state", words[s->state]);
	if (s->state == SERVER_GOOD)
		json_set_number(o, "serial", s->serial);
	put_text(o, "why", s->why);
	return o;
}

json_t *dns_json(const struct migration *m)
{
	static const char *const dnssec[] = {[DNSSEC_UNSIGNED] = "unsigned",
	        [DNSSEC_SIGNED] = "signed",
	        [DNSSEC_VALID] = "validated",
	        [DNSSEC_BOGUS] = "bogus"},
	                         *const mx[] = {[MIGRATION_MX_UNKNOWN] = "unknown",
	                                 [MIGRATION_MX_OLD] = "old",
	                                 [MIGRATION_MX_NEW] = "new"},
	                         *const step[] = {[STEP_DONE] = "done",
	                                 [STEP_WAIT] = "wait",
	                                 [STEP_MEND] = "mend",
	                                 [STEP_PUBLISH] = "publish",
	                                 [STEP_ASK] = "ask"};
	json_t *o = json_object(), *servers = json_array(), *rows = json_array();

	put_text(o, "domain", m->domain);
	put_text(o, "zone", m->zone);
	json_set_text(o, "dnssec", dnssec[m->dnssec]);
	set_time(o, "asked_at", m->asked_at);
	for (size_t i = 0; i < m->n_servers; i++)
		json_array_append_new(servers, server_json(&m->servers[i]));
	json_object_set_new(o, "servers", servers);
	for (size_t i = 0; i < m->n_rows; i++)
		json_array_append_new(rows, row_json(m, &m->rows[i]));
	json_object_set_new(o, "records", rows);
	json_object_set_new(o, "notes", notes_json(m->notes, m->n_notes));
	json_set_text(o, "mx", mx[m->mx]);
	json_set_text(o, "step", step[m->step]);
	put_text(o, "next", m->next);
	set_time(o, "gone_at", m->gone_at);
	json_set_number(o, "longest_ttl", m->longest_ttl);
	return o;
}
