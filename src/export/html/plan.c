/* Which items stand on which page, in which order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/date.h"
#include "valise/base/escape.h"
#include "valise/base/hash.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "export/names.h"
#include "plan.h"

#define SECONDS_MAX INT64_C(10000000000)
enum { KEY_MAX = 512, FIRST_YEAR = 1900, LAST_YEAR = 2200, SLUG_MAX = 32 };

void html_plan_clear(struct html_plan *p)
{
	for (size_t i = 0; i < p->n_entries; i++)
		free(p->entries[i].key);
	free(p->entries);
	free(p->place);
	free(p->pages);
	free(p->months);
	*p = (struct html_plan){0};
}

static void set_month(struct html_entry *e)
{
	struct day day;

	if (e->local < -SECONDS_MAX || e->local > SECONDS_MAX)
		return;
	day = day_of(e->local);
	if (day.year < FIRST_YEAR || day.year > LAST_YEAR)
		return;
	e->month = (uint32_t)(day.year * 12 + day.month - 1);
}

/* "2024-11-03", "2024-11-03T10:00:00 Europe/Berlin": as it stands, whatever the zone. */
static bool read_start(const char *s, int64_t *out)
{
	char iso[DATE_TEXT_SIZE];

	if (!s || strlen(s) < 10)
		return false;
	snprintf(iso, sizeof iso, "%.10sT%.8sZ", s,
	        s[10] == 'T' && strlen(s) >= 19 ? s + 11 : "00:00:00");
	return date_parse_iso(iso, out);
}

void html_date_entry(enum coll_kind kind, const struct tree_item *it,
        const struct item_about *about, struct html_entry *e)
{
	const char *text = about->text[kind == COLL_MAIL ? ABOUT_DATE : ABOUT_START];
	struct date when = {it->date_utc, it->zone_min, true}, said;

	if (kind == COLL_CONTACTS) {
		struct buf key = buf_of(8 * KEY_MAX);
		const char *title = about_title(about);

		path_fold(title ? title : "", &key);
		e->key = buf_take(&key);
		return;
	}
	if (kind == COLL_CALENDAR) {
		if (read_start(text, &e->local))
			set_month(e);
		e->order = e->local;
		return;
	}
	if (text && date_parse_rfc5322(text, strlen(text), &said)) {
		e->local = said.utc + said.zone_min * 60;
		set_month(e);
		when = e->month ? said : when;
	}
	e->local = when.utc + when.zone_min * 60;
	e->zone = when.zone_min;
	e->order = when.utc;
	if (!e->month && it->date_utc != 0)
		set_month(e);
}

static int by_place(const void *a, const void *b)
{
	const struct html_entry *x = a, *y = b;
	int key = x->key && y->key ? strcmp(x->key, y->key) : 0;

	if (x->month != y->month)
		return ORDER_OF(x->month, y->month);
	if (key != 0)
		return key;
	return x->order != y->order ? ORDER_OF(x->order, y->order) : ORDER_OF(x->item, y->item);
}

/* The page for the next entry, and its month. */
static struct html_page *page_for(struct html_plan *p, const struct html_entry *e, size_t at)
{
	struct html_page *last = p->n_pages ? &p->pages[p->n_pages - 1] : NULL;
	struct html_page *page = last;

	if (!last || last->month != e->month || last->n == HTML_ROWS) {
		uint32_t number = last && last->month == e->month ? last->number + 1 : 1;

		page = ARR_PUSH(p->pages, p->n_pages, p->pages_cap);
		*page = (struct html_page){e->month, number, at, 0};
		if (number == 1)
			*ARR_PUSH(p->months, p->n_months, p->months_cap) =
			        (struct html_month){e->month, 0};
	}
	return page;
}

static void name_entry(struct html_entry *e, const struct tree_item *it,
        const struct html_page *page, struct export_names *names)
{
	char hex[SHA256_HEX_SIZE], stem[64];
	struct buf out = buf_of(128);

	hex_format(it->sha256, SHA256_LEN, hex);
	snprintf(stem, sizeof stem, "%u-%u/%.16s", page->month, page->number, hex);
	names_take(names, stem, "", &out);
	snprintf(e->name, sizeof e->name, "%s", strchr(buf_str(&out), '/') + 1);
	buf_clear(&out);
}

void html_plan_make(
        struct html_plan *p, struct html_entry *entries, size_t n, const struct tree_coll *c)
{
	struct export_names names = {0};

	html_plan_clear(p);
	SORT(entries, n, by_place);
	p->entries = entries;
	p->n_entries = n;
	p->place = xcalloc(n ? n : 1, sizeof *p->place);
	for (size_t i = 0; i < n; i++) {
		struct html_entry *e = &entries[i];
		struct html_page *page = page_for(p, e, i);

		if (page->n++ == 0)
			names_clear(&names); /* each page has a folder of its own */
		p->months[p->n_months - 1].items++;
		e->page = (uint32_t)(p->n_pages - 1);
		name_entry(e, &c->items[e->item], page, &names);
		p->place[e->item] = i;
	}
	names_clear(&names);
}

void html_page_dir(enum coll_kind kind, uint32_t month, uint32_t number, struct buf *out)
{
	if (month)
		buf_putf(out, "%04u-%02u", month / 12, month % 12 + 1);
	else
		buf_puts(out, kind == COLL_CONTACTS ? "all" : "undated");
	if (number > 1)
		buf_putf(out, "-%u", number);
}

/* Letters and digits of ASCII, lower case; whatever is between them is one '-'. */
static void put_slug(const char *s, size_t n, size_t max, struct buf *out)
{
	size_t from = out->len;
	bool gap = false;

	for (size_t i = 0; i < n && out->len - from < max; i++) {
		char c = (char)(s[i] >= 'A' && s[i] <= 'Z' ? s[i] | 0x20 : s[i]);

		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
			if (gap && out->len > from)
				buf_putc(out, '-');
			buf_putc(out, c);
			gap = false;
		} else {
			gap = true;
		}
	}
}

void html_folder_dir(const char *name, struct buf *out)
{
	char hex[SHA256_HEX_SIZE];
	size_t from = out->len;

	put_slug(name, strlen(name), SLUG_MAX, out);
	sha256_hex(name, strlen(name), hex);
	buf_putf(out, "%s%.8s", out->len > from ? "-" : "", hex);
}
