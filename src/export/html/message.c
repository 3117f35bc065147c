/* The page of a message: what its header says, its text, its attachments as files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/format/header.h"
#include "valise/mime/mime.h"
#include "html.h"

enum { BODIES_MAX = 64, PICTURES_MAX = 24, FIELD_MAX = 8192 };

/* A message on its way into its file, and into what reads it. */
struct passing {
	struct html *x;
	const struct tree_item *it;
	const char *path;
	struct mime_spool *spool;
	struct buf head; /* its beginning */
	bool begun;
};

static int begin(struct passing *k, struct err *err)
{
	k->begun = true;
	return export_out_file(
	        k->x->run->out, k->path, k->it->date_utc, export_size(k->x->run, k->it), err);
}

static int pass(void *ctx, const void *p, size_t n, struct err *err)
{
	struct passing *k = ctx;
	int rc = k->begun ? 0 : begin(k, err);

	(void)buf_fill(&k->head, p, n);
	if (rc == 0)
		rc = export_out_write(k->x->run->out, p, n, err);
	return rc == 0 ? mime_spool_write(k->spool, p, n, err) : rc;
}

static int take_octets(struct passing *k, const struct tree_coll *c, struct err *err)
{
	struct tree_reader *r = k->x->run->from;
	int rc = r->ops->body(r, c, k->it, pass, k, err);

	if (rc == 0 && !k->begun)
		rc = begin(k, err);
	return rc == 0 ? export_out_end(k->x->run->out, err) : rc;
}

/* ---- files ---- */

/* A part on its way into its file. */
struct part_file {
	struct export_out *out;
	uint64_t octets;
};

static int write_part(void *ctx, const void *p, size_t n, struct err *err)
{
	struct part_file *f = ctx;

	f->octets += n;
	return export_out_write(f->out, p, n, err);
}

/* What is written of an attachment is told on the page. */
struct files {
	struct buf list, pictures;
	unsigned n, n_pictures;
};

/* ${file}: what it is called here, which people need to know where that ends otherwise. */
static void put_file(struct files *f, const struct html_entry *e, const struct mime_part *part,
        const char *file, uint64_t octets)
{
	char size[32];

	buf_putf(&f->list, "<li><a href=\"%s/%s\">", e->name, file);
	html_short(&f->list, part->name ? part->name : "(without a name)", FIELD_MAX);
	buf_puts(&f->list, "</a> <span>");
	html_short(&f->list, part->type, 100);
	buf_putf(&f->list, ", %s", human_bytes(octets, size));
	if (part->name && !text_ends_with(part->name, strrchr(file, '.')))
		buf_putf(&f->list, ", here as %s", file);
	buf_puts(&f->list, "</span></li>\n");
}

static void put_picture(
        struct files *f, const struct html_entry *e, const struct mime_part *part, const char *file)
{
	if (f->n_pictures == PICTURES_MAX)
		return;
	f->n_pictures++;
	buf_putf(&f->pictures, "<a href=\"%s/%s\"><img loading=\"lazy\" src=\"%s/%s\" alt=\"",
	        e->name, file, e->name, file);
	html_short(&f->pictures, part->name ? part->name : "", 200);
	buf_puts(&f->pictures, "\"></a>\n");
}

static int write_file(struct html *x, struct mime_message *m, size_t i, const char *path,
        uint64_t *octets_out, struct err *err)
{
	struct part_file to = {.out = x->run->out};
	int rc = export_out_file(x->run->out, path,
	        x->run->from->ops->manifest(x->run->from)->created, EXPORT_SIZE_UNKNOWN, err);

	rc = rc == 0 ? mime_part_octets(m, i, write_part, &to, err) : rc;
	*octets_out = to.octets;
	return rc == 0 ? export_out_end(x->run->out, err) : rc;
}

static int write_files(struct html *x, struct mime_message *m, const char *stem,
        const struct html_entry *e, struct files *f, struct err *err)
{
	const struct mime_part *parts;
	size_t n = mime_parts(m, &parts);
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		struct buf file = buf_of(HTML_PATH_CAP), path = buf_of(HTML_PATH_CAP);
		uint64_t octets;
		bool picture;

		if (parts[i].attachment && !parts[i].multipart) {
			picture = html_safe_file(++f->n, parts[i].name, parts[i].type, &file);
			buf_putf(&path, "%s/%s", stem, buf_str(&file));
			rc = write_file(x, m, i, buf_str(&path), &octets, err);
			put_file(f, e, &parts[i], buf_str(&file), octets);
			if (picture)
				put_picture(f, e, &parts[i], buf_str(&file));
		}
		buf_clear(&file);
		buf_clear(&path);
	}
	return rc;
}

/* ---- the page ---- */

static void put_fact(struct buf *b, const char *name, const char *value)
{
	markup_element(b, "dt", name);
	buf_puts(b, "<dd>");
	html_short(b, value, FIELD_MAX);
	buf_puts(b, "</dd>\n");
}

static void put_flags(struct buf *b, const struct tree_coll *c, const struct tree_item *it)
{
	static const struct {
		unsigned flag;
		const char *word;
	} words[] = {{FLAG_FLAGGED, "flagged"}, {FLAG_ANSWERED, "answered"}, {FLAG_DRAFT, "draft"},
	        {FLAG_DELETED, "marked for deletion"}};
	const char *keywords = tree_coll_keyword_text(c, it->keywords);
	const struct tree_ext *ext = tree_item_ext(c, it);
	struct buf text = buf_of(HTML_PAGE_CAP);

	buf_puts(&text, it->flags & FLAG_SEEN ? "read" : "unread");
	for (size_t i = 0; i < COUNT(words); i++)
		if (it->flags & words[i].flag)
			buf_putf(&text, ", %s", words[i].word);
	if (*keywords)
		buf_putf(&text, ", %s", keywords);
	if (it->gone)
		buf_puts(&text, ", gone from the server");
	put_fact(b, "Flags", buf_str(&text));
	if (ext && ext->labels)
		put_fact(b, "Labels", ext->labels);
	buf_clear(&text);
}

static void put_facts(struct html *x, struct mime_message *m, const struct tree_coll *c,
        const struct tree_item *it)
{
	static const char *const names[] = {"From", "To", "Cc", "Bcc", "Reply-To", "Date"};
	struct date when = {it->date_utc, it->zone_min, true};
	char arrived[DATE_TEXT_SIZE], size[32];
	struct buf *b = &x->page;

	buf_puts(b, "<dl class=\"facts\">\n");
	for (size_t i = 0; i < COUNT(names); i++) {
		struct buf value = buf_of(HTML_PAGE_CAP);

		if (mime_field(m, names[i], &value))
			put_fact(b, names[i], buf_str(&value));
		buf_clear(&value);
	}
	date_format_imap(&when, arrived);
	put_fact(b, "Arrived", arrived + strspn(arrived, " "));
	put_flags(b, c, it);
	put_fact(b, "Size", human_bytes(it->size, size));
	buf_puts(b, "</dl>\n");
}

static int append(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	(void)buf_fill(ctx, p, n);
	return 0;
}

static int put_texts(struct html *x, struct mime_message *m, struct err *err)
{
	size_t bodies[BODIES_MAX], n = mime_body_parts(m, bodies, BODIES_MAX), left = HTML_TEXT_MAX;
	const struct mime_part *parts;
	int rc = 0;

	(void)mime_parts(m, &parts);
	for (size_t i = 0; i < n && rc == 0 && left; i++) {
		struct buf text = buf_of(left);

		rc = mime_part_text(m, bodies[i], left, append, &text, err);
		buf_puts(&x->page, "<section class=\"text\">");
		if (strcmp(parts[bodies[i]].type, "text/html") == 0)
			buf_puts(&x->page, "<p class=\"kind\">HTML, as text</p>\n");
		buf_puts(&x->page, "<pre>");
		markup_lines(&x->page, buf_str(&text), text.len);
		buf_puts(&x->page, "</pre></section>\n");
		left -= text.len;
		buf_clear(&text);
	}
	if (!left || n == BODIES_MAX)
		markup_element(&x->page, "p class=\"note\"",
		        "There is more of it than is shown here: see the message as it is.");
	return rc;
}

static int put_page(struct html *x, const struct html_folder *f, const struct tree_coll *c,
        const struct passing *k, const struct html_entry *e, struct mime_message *m,
        const struct files *files, struct err *err)
{
	struct buf subject = buf_of(HTML_PAGE_CAP), *b = &x->page;
	size_t head = header_length(buf_str(&k->head), k->head.len);
	const char *title;
	int rc;

	title = mime_field(m, "Subject", &subject) ? buf_str(&subject) : "(without a subject)";
	html_begin(b, title, "../../../");
	html_crumbs(x, f, &x->plan.pages[e->page], b);
	buf_puts(b, "<h1>");
	html_short(b, title, FIELD_MAX);
	buf_puts(b, "</h1>\n");
	html_steps(x, f, e, b);
	put_facts(x, m, c, k->it);
	if (mime_cut(m))
		markup_element(b, "p class=\"note\"", mime_cut(m));
	if (files->n) {
		buf_puts(b, "<section><h2>Attachments</h2>\n<ul class=\"files\">\n");
		buf_put(b, files->list.data, files->list.len);
		buf_puts(b, "</ul>\n</section>\n");
	}
	rc = put_texts(x, m, err);
	if (files->pictures.len) {
		buf_puts(b, "<div class=\"pictures\">\n");
		buf_put(b, files->pictures.data, files->pictures.len);
		buf_puts(b, "</div>\n");
	}
	html_raw(b, "Header", k->head.data, head, head == k->head.len && k->it->size > head);
	buf_putf(b, "<p><a href=\"%s.eml\">The message as it is</a></p>\n", e->name);
	html_end(b);
	buf_clear(&subject);
	return rc;
}

int html_message(struct html *x, const struct html_folder *f, const struct tree_coll *c,
        const struct tree_item *it, const struct html_entry *e, struct err *err)
{
	struct buf stem = buf_of(HTML_PATH_CAP), path = buf_of(HTML_PATH_CAP);
	struct passing k = {.x = x, .it = it, .spool = mime_spool_new()};
	struct files files = {.list = buf_of(HTML_PAGE_CAP), .pictures = buf_of(HTML_PAGE_CAP)};
	struct mime_message *m = NULL;
	int rc;

	buf_init(&k.head, HTML_RAW_MAX);
	html_item_path(x, f, e, &stem);
	buf_putf(&path, "%s.eml", buf_str(&stem));
	k.path = buf_str(&path);
	rc = take_octets(&k, c, err);
	rc = rc == 0 ? mime_spool_open(k.spool, &m, err) : rc;
	rc = rc == 0 ? write_files(x, m, buf_str(&stem), e, &files, err) : rc;
	rc = rc == 0 ? put_page(x, f, c, &k, e, m, &files, err) : rc;
	if (rc == 0) {
		buf_reset(&path);
		buf_putf(&path, "%s.html", buf_str(&stem));
		rc = html_write(x, buf_str(&path), err);
	}
	mime_free(m);
	mime_spool_free(k.spool);
	buf_clear(&k.head);
	buf_clear(&stem);
	buf_clear(&path);
	buf_clear(&files.list);
	buf_clear(&files.pictures);
	return rc;
}
