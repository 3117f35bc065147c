/* What a person is told about a restore. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "run.h"

void say_coll(struct drun *r, enum say_level level, const char *coll, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	target_vsay(r->opts, level, coll, NULL, fmt, ap);
	va_end(ap);
}

/* "lunch.ics, UID ..., 20260102T120000, "Lunch"" */
void name_entry(struct drun *r, const struct entry *e, struct buf *out)
{
	char *segment = entry_segment(r, e);
	const struct tree_coll *c = r->acolls[e->acoll].coll;
	const struct tree_item *it = e->more || e->part ? NULL : entry_item(r, e);
	struct content_summary s;
	struct item_about a = {0};

	buf_putf(out, "%.200s", segment);
	if (e->uid)
		buf_putf(out, ", UID %.200s", e->uid);
	if (it)
		tree_item_about(r->reader, c, it, &a);
	if (about_title(&a)) {
		if (a.text[ABOUT_START])
			buf_putf(out, ", %.40s", a.text[ABOUT_START]);
		buf_putf(out, ", \"%.200s\"", about_title(&a));
	} else if (entry_summary(r, e, &s)) {
		if (s.start)
			buf_putf(out, ", %.40s", s.start);
		if (s.title)
			buf_putf(out, ", \"%.200s\"", s.title);
		content_summary_clear(&s);
	}
	about_clear(&a);
	free(segment);
}

void say_entry(struct drun *r, enum say_level level, const struct entry *e, const char *fmt, ...)
{
	struct buf item;
	va_list ap;

	if (!r->opts->report)
		return;
	buf_init(&item, 4096);
	name_entry(r, e, &item);
	va_start(ap, fmt);
	target_vsay(r->opts, level, r->acolls[e->acoll].head->name, buf_str(&item), fmt, ap);
	va_end(ap);
	buf_clear(&item);
}

void say_plan_dav(struct drun *r)
{
	const char *kind = r->contacts ? "address book" : "calendar";
	char n[COUNTED_SIZE];

	for (size_t i = 0; i < r->n_acolls; i++) {
		const struct acoll *a = &r->acolls[i];

		if (!a->coll)
			continue;
		if (a->to == NONE)
			say_coll(r, SAY_INFO, a->head->name, "%s into %s new %s \"%s\"",
			        counted(a->coll->n_items, "item", "items", n),
			        a->joins == NONE ? "a" : "the same", kind, a->name);
		else
			say_coll(r, SAY_INFO, a->head->name, "%s into the %s \"%s\"",
			        counted(a->coll->n_items, "item", "items", n), kind,
			        r->tcolls[a->to].name);
	}
	if (r->contacts || !r->silence.schedules)
		return;
	if (r->opts->with_attendees)
		say_coll(r, SAY_WARNING, NULL, "--with-attendees: the server may mail invitations");
	else if (!r->silence.assured)
		say_coll(r, SAY_WARNING, NULL,
		        "events with attendees are held back: %s (--with-attendees sends them)",
		        r->silence.why);
}

/* How like the archive's what is on the target now is. */
static void say_grades(struct drun *r)
{
	static const char *const words[] = {
	        [CONTENT_IDENTICAL] = "identical",
	        [CONTENT_CANONICAL] = "the same, written differently",
	        [CONTENT_EQUIVALENT] = "the same but for what a server notes by itself",
	        [CONTENT_ALTERED] = "altered",
	};
	struct buf b = buf_of(1000);
	char n[32];

	for (unsigned i = 0; i < COUNT(words); i++)
		if (r->outcome.grades[i])
			buf_putf(&b, "%s%s %s", b.len ? "; " : "",
			        human_count(r->outcome.grades[i], n), words[i]);
	if (b.len)
		say_coll(r, SAY_INFO, NULL, "%s on the target: %s",
		        r->contacts ? "cards" : "calendar objects", buf_str(&b));
	buf_clear(&b);
}

/* Collections that the same is lost of are one line for people; the report has each. */
static void say_lost_properties(struct drun *r)
{
	const struct outcome *o = &r->outcome;

	for (size_t i = 0; i < o->n_lost; i++) {
		const struct lost *l = &o->lost[i];
		size_t same = 0, before = 0;

		for (size_t k = 0; k < o->n_lost; k++) {
			bool is = strcmp(o->lost[k].text, l->text) == 0;

			same += is;
			before += is && k < i;
		}
		say_coll(r, same > 1 ? SAY_LISTED : SAY_NOTE, r->acolls[l->acoll].head->name, "%s",
		        l->text);
		if (same > 1 && before == 0)
			say_coll(r, SAY_NOTE, NULL, "%s %s: %s", human_count(same, (char[32]){0}),
			        r->contacts ? "address books" : "calendars", l->text);
	}
}

void say_end(struct drun *r)
{
	char n[COUNTED_SIZE];

	say_grades(r);
	say_lost_properties(r);
	if (r->outcome.links)
		say_coll(r, SAY_NOTE, NULL,
		        "%s to files on the old server that the archive has "
		        "(--attach-links puts the files in)",
		        counted(r->outcome.links, "link leads", "links lead", n));
	if (r->outcome.held)
		say_coll(r, SAY_WARNING, NULL, "%s held back: %s",
		        counted(r->outcome.held, "event with attendees was",
		                "events with attendees were", n),
		        r->silence.why);
	for (size_t i = 0; i < r->n_tcolls; i++)
		if (r->tcolls[i].not_sent)
			say_coll(r, SAY_WARNING, r->tcolls[i].name, "%s not sent: %s",
			        counted(r->tcolls[i].not_sent, "item was", "items were", n),
			        r->tcolls[i].full);
}
