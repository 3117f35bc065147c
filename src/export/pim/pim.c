/* Files of calendars and address books: where they begin, what stands beside them, what is said. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/format/amend.h"
#include "pim.h"

enum { SAID_MAX = 380 };

void pim_init(struct pim *p, struct export_run *run, const char *ext)
{
	*p = (struct pim){.run = run, .ext = ext};
	buf_init(&p->stem, PIM_PATH_CAP);
	buf_init(&p->octets, PIM_ITEM_MAX);
	buf_init(&p->other, PIM_TEXT_MAX);
	buf_init(&p->said, SAID_MAX);
}

void pim_clear(struct pim *p)
{
	names_clear(&p->files);
	buf_clear(&p->stem);
	buf_clear(&p->octets);
	buf_clear(&p->other);
	buf_clear(&p->said);
}

static size_t clash_ics(const char *component, size_t n)
{
	return names_extension(component, n, ".ics");
}

static size_t clash_vcf(const char *component, size_t n)
{
	return names_extension(component, n, ".vcf");
}

void pim_coll(struct pim *p, const struct tree_head *h, const struct tree_coll *c)
{
	buf_reset(&p->stem);
	names_folder(h->path, h->kind == COLL_CONTACTS ? clash_vcf : clash_ics, &p->stem);
	p->number = 0;
	export_called(p->run, h, c, buf_str(&p->stem));
}

int pim_begin(struct pim *p, struct err *err)
{
	struct buf path = buf_of(2 * PIM_PATH_CAP);
	char *stem = ++p->number > 1 ? xasprintf("%s-%u", buf_str(&p->stem), p->number)
	                             : xstrdup(buf_str(&p->stem));
	int rc;

	names_take(&p->files, stem, p->ext, &path);
	rc = export_out_file(p->run->out, buf_str(&path),
	        p->run->from->ops->manifest(p->run->from)->created, EXPORT_SIZE_UNKNOWN, err);
	p->in_file = 0;
	p->has_item = false;
	free(stem);
	buf_clear(&path);
	return rc;
}

int pim_write(struct pim *p, const void *s, size_t n, struct err *err)
{
	p->in_file += n;
	return export_out_write(p->run->out, s, n, err);
}

int pim_read(struct pim *p, const struct tree_coll *c, const struct tree_item *it, struct err *err)
{
	int rc;

	buf_reset(&p->octets);
	buf_reset(&p->other);
	buf_reset(&p->said);
	if (it->size > PIM_ITEM_MAX)
		return 0;
	rc = tree_reader_octets(p->run->from, c, it, &p->octets, err);
	return rc < 0 ? rc : 1;
}

void pim_say(struct pim *p, const char *fmt, ...)
{
	char text[SAID_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (p->said.len)
		(void)buf_fill(&p->said, "; ", 2);
	(void)buf_fill(&p->said, text, strlen(text));
}

void pim_tell(struct pim *p, const struct tree_coll *c, const struct tree_item *it)
{
	if (p->said.len)
		export_altered(p->run, c, it, "%s", buf_str(&p->said));
	buf_reset(&p->said);
}

int pim_apart(struct pim *p, const struct tree_coll *c, const struct tree_item *it, const char *why,
        struct err *err)
{
	struct date when = {it->date_utc, it->zone_min, it->date_utc != 0};
	struct buf name = buf_of(PIM_PATH_CAP), path = buf_of(2 * PIM_PATH_CAP);
	struct item_about about;
	char *stem;
	int rc;

	tree_item_about(p->run->from, c, it, &about);
	name_of_item(&when, about_title(&about), &name);
	stem = xasprintf("%s (apart)/%s", buf_str(&p->stem), name.len ? buf_str(&name) : "item");
	names_take(&p->files, stem, p->ext, &path);
	rc = export_item_file(p->run, c, it, buf_str(&path), err);
	if (rc == 0)
		export_altered(p->run, c, it, "it is in a file of its own, \"%s\": %s",
		        buf_str(&path), why);
	if (rc == 0)
		rc = 1;
	else if (!export_out_failed(p->run->out) && (rc == ERR_DAMAGED || rc == ERR_NOTFOUND))
		rc = 0;
	about_clear(&about);
	free(stem);
	buf_clear(&name);
	buf_clear(&path);
	return rc;
}

static bool has_controls(const struct buf *b)
{
	for (size_t i = 0; i < b->len; i++)
		if ((b->data[i] < 0x20 && b->data[i] != '\t' && b->data[i] != '\r' &&
		            b->data[i] != '\n') ||
		        b->data[i] == 0x7f)
			return true;
	return false;
}

/* What a step would leave out without a word is not left out. */
static bool is_well_formed(const struct buf *b)
{
	struct content_summary s = {0};
	bool good = content_summarize(b->data, b->len, &s, NULL) == 0 && !s.wrong;

	content_summary_clear(&s);
	return good;
}

const char *pim_mend(struct pim *p)
{
	static const char *const done[] = {NULL, "control characters were left out of it",
	        "octets that are no UTF-8 were read as Windows-1252",
	        "control characters were left out of it, and octets that are no UTF-8 read as "
	        "Windows-1252"};
	bool controls = has_controls(&p->octets), other;
	struct buf plain = buf_of(PIM_TEXT_MAX);

	if (!controls && utf8_valid(buf_str(&p->octets), p->octets.len))
		return NULL;
	if (!is_well_formed(&p->octets))
		return NULL;
	controls = controls &&
	           content_amend(p->octets.data, p->octets.len, AMEND_TEXT, &plain, NULL) > 0;
	if (!controls)
		buf_put(&plain, p->octets.data, p->octets.len);
	other = !utf8_valid(buf_str(&plain), plain.len) &&
	        content_amend(plain.data, plain.len, AMEND_UTF8, &p->other, NULL) > 0;
	if (!other)
		buf_swap(&plain, &p->other);
	buf_clear(&plain);
	return done[(controls ? 1 : 0) + (other ? 2 : 0)];
}
