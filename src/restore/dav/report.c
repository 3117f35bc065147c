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
static void name_entry(struct drun *r, const struct entry *e, struct buf *out)
{
	char *segment = entry_segment(r, e);
	struct content_summary s;

	buf_putf(out, "%.200s", segment);
	if (e->uid)
		buf_putf(out, ", UID %.200s", e->uid);
	if (entry_summary(r, e, &s)) {
		if (s.start)
			buf_putf(out, ", %.40s", s.start);
		if (s.title)
			buf_putf(out, ", \"%.200s\"", s.title);
		content_summary_clear(&s);
	}
	free(segment);
}

void say_entry(struct drun *r, enum say_level level, const struct entry *e, const char *fmt, ...)
{
	struct buf item = buf_of(4096);
	va_list ap;

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

void say_end(struct drun *r)
{
	const uint64_t *g = r->outcome.grades;
	char n[COUNTED_SIZE];

	if (g[0] + g[1] + g[2] + g[3])
		say_coll(r, SAY_INFO, NULL,
		        "%s on the target: %llu identical, %llu canonical, %llu equivalent, %llu "
		        "altered",
		        r->contacts ? "cards" : "calendar objects", (unsigned long long)g[0],
		        (unsigned long long)g[1], (unsigned long long)g[2],
		        (unsigned long long)g[3]);
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
