/* The verdict for people: why, item by item, and what it is worth. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/date.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "run.h"

enum {
	SHOWN_NO = 20, /* items of a reason */
	SHOWN_NOTE = 5, /* of what is fine */
	TEXT_SIZE = 300,
};

static void put_part(struct buf *b, const char *text, const char *before, const char *after)
{
	char safe[TEXT_SIZE];

	if (!text || !*text)
		return;
	term_escape(text, strlen(text), safe, sizeof safe);
	buf_putf(b, "%s%s%s", before, safe, after);
}

/* "INBOX, 2026-11-02 10:11, Bob <bob@x>, \"Lunch?\": there also \Seen" */
static void put_finding(struct buf *b, const struct audit_finding *f)
{
	const struct audit_name *n = &f->name;
	char uid[32];

	buf_puts(b, "   ");
	put_part(b, f->collection, " ", "");
	if (!f->collection && f->kind != AUDIT_NO_KIND)
		put_part(b, coll_kind_dir(f->kind), " ", "");
	put_part(b, n->date, ", ", "");
	put_part(b, n->start, ", ", "");
	put_part(b, n->from, ", ", "");
	put_part(b, n->subject, ", \"", "\"");
	put_part(b, n->title, ", \"", "\"");
	snprintf(uid, sizeof uid, "UID %u", (unsigned)f->uid);
	if (f->of_item && !n->subject && !n->title)
		put_part(b, f->uid ? uid : f->href, ", ", "");
	if (f->what == AUDIT_DAMAGED)
		put_part(b, f->place, " in ", "");
	else if (f->what != AUDIT_MISSING && !text_same(f->place, f->collection))
		put_part(b, f->place, " (there: ", ")");
	put_part(b, f->differs, f->collection || f->kind != AUDIT_NO_KIND ? ": " : " ", "");
}

/* All findings of one kind of a side. */
static void tell_group(const struct audit *a, enum audit_side side, enum audit_what what, bool no)
{
	const struct audit_rule *rule = &audit_rules[what];
	size_t n = 0, shown = 0, max = no ? SHOWN_NO : SHOWN_NOTE;
	struct buf b = buf_of(64u << 10);
	char count[32];

	for (size_t i = 0; i < a->n; i++)
		n += a->items[i].side == side && a->items[i].what == what &&
		     audit_says_no(&a->items[i]) == no;
	if (!n)
		return;
	printf("\n%s %s: %s", human_count(n, count), rule->word, rule->title);
	if (!no && !rule->safe)
		printf(" (accepted)");
	else if (rule->advice)
		printf(" (%s)", rule->advice);
	putchar('\n');
	for (size_t i = 0; i < a->n && shown < max; i++) {
		const struct audit_finding *f = &a->items[i];

		if (f->side != side || f->what != what || audit_says_no(f) != no)
			continue;
		buf_reset(&b);
		put_finding(&b, f);
		puts(buf_str(&b));
		shown++;
	}
	if (n > shown)
		printf("    ... and %s more: --report FILE.html, FILE.json or --json has each\n",
		        human_count(n - shown, count));
	buf_clear(&b);
}

static void tell_side(const struct audit_run *r, const struct audit_side_run *s, const char *who)
{
	const struct audit_counts *c = &r->audit.counts[s->side];
	char items[COUNTED_SIZE], colls[COUNTED_SIZE], n[32], name[TEXT_SIZE];

	if (!s->args)
		return;
	printf("%s %s: %s in %s, %s as in the archive", who,
	        term_escape(s->account->name, strlen(s->account->name), name, sizeof name),
	        counted(c->items, "item", "items", items),
	        counted(c->collections, "collection", "collections", colls),
	        human_count(c->same, n));
	if (c->gone)
		printf(", %s of the archive there no more", human_count(c->gone, n));
	if (c->extra)
		printf(", %s besides", human_count(c->extra, n));
	putchar('\n');
}

static void tell_unexamined(const struct audit_run *r)
{
	json_t *list = audit_unexamined_json(r);

	puts("\nNot examined:");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *e = json_array_get(list, i);
		char what[TEXT_SIZE], why[TEXT_SIZE];
		const char *w = json_get_str(e, "what"), *y = json_get_str(e, "why");

		printf("    %s: %s\n", term_escape(w, strlen(w), what, sizeof what),
		        term_escape(y, strlen(y), why, sizeof why));
	}
	json_decref(list);
}

void audit_tell(const struct audit_run *r)
{
	const struct audit *a = &r->audit;
	bool safe = audit_is_safe(a->items, a->n);
	char when[DATE_TEXT_SIZE], items[COUNTED_SIZE];

	printf("archive: %s, sealed %s",
	        counted(a->counts[AUDIT_ARCHIVE].items, "item", "items", items),
	        date_format_iso(r->created, when));
	if (r->proof.when)
		printf(", found sound %s", date_format_iso(r->proof.when, when));
	printf("; seal %s\n", r->seal);
	tell_side(r, &r->source, "source");
	tell_side(r, &r->target, "target");
	for (unsigned side = 0; side < AUDIT_SIDES; side++)
		for (unsigned what = 0; what < AUDIT_WHATS; what++)
			tell_group(a, side, what, false);
	for (unsigned side = 0; side < AUDIT_SIDES; side++)
		for (unsigned what = 0; what < AUDIT_WHATS; what++)
			tell_group(a, side, what, true);
	tell_unexamined(r);
	printf("\nSAFE TO DEACTIVATE: %s\n", safe ? "YES" : "NO");
	if (safe && !r->target.args)
		puts("No new account was looked at: the archive is the only copy.");
}
