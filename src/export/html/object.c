/* The page of an event, a task or a card, and its octets as a file. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/format/amend.h"
#include "html.h"

/* The picture of a card as a file of its own, and on the page. */
static int put_photo(struct html *x, const char *stem, const struct html_entry *e,
        const struct buf *card, int64_t mtime, struct err *err)
{
	struct buf photo = buf_of(HTML_ITEM_MAX), path = buf_of(HTML_PATH_CAP);
	const char *ext = html_photo(card->data, card->len, &photo);
	int rc = 0;

	if (ext) {
		buf_putf(&path, "%s/photo.%s", stem, ext);
		rc = html_file(x, buf_str(&path), mtime, photo.data, photo.len, err);
		buf_putf(&x->page, "<p class=\"photo\"><img src=\"%s/photo.%s\" alt=\"\"></p>\n",
		        e->name, ext);
	}
	buf_clear(&photo);
	buf_clear(&path);
	return rc;
}

/* As vCard 3.0 has it, which is what the page is made of: pictures in base64, text in UTF-8. */
static int put_card(struct html *x, const char *stem, const struct html_entry *e,
        const struct buf *octets, int64_t mtime, struct err *err)
{
	struct buf card3 = buf_of(4u * HTML_ITEM_MAX);
	int rc;

	if (content_amend(octets->data, octets->len, AMEND_CARD3, &card3, NULL) <= 0) {
		buf_reset(&card3);
		buf_put(&card3, octets->data, octets->len);
	}
	rc = put_photo(x, stem, e, &card3, mtime, err);
	html_card(card3.data, card3.len, &x->page);
	buf_clear(&card3);
	return rc;
}

static int put_page(struct html *x, const struct html_folder *f, const struct tree_coll *c,
        const struct tree_item *it, const struct html_entry *e, const char *stem,
        const struct buf *octets, struct err *err)
{
	static const char *const shown[COLL_KINDS] = {
	        [COLL_CALENDAR] = "The calendar object as it is",
	        [COLL_CONTACTS] = "The card as it is"};
	struct item_about about;
	struct buf *b = &x->page;
	const char *title;
	int rc = 0;

	tree_item_about(x->run->from, c, it, &about);
	title = about_title(&about) ? about_title(&about) : "(without a title)";
	html_begin(b, title, "../../../");
	html_crumbs(x, f, &x->plan.pages[e->page], b);
	markup_element(b, "h1", title);
	buf_putc(b, '\n');
	html_steps(x, f, e, b);
	if (it->size > HTML_ITEM_MAX)
		markup_element(b, "p class=\"note\"", "It is too large to be shown here.");
	else if (c->kind == COLL_CONTACTS)
		rc = put_card(x, stem, e, octets, it->date_utc, err);
	else
		html_event(octets->data, octets->len, b);
	html_raw(b, "As it is", octets->data, MIN(octets->len, (size_t)HTML_RAW_MAX),
	        it->size > HTML_RAW_MAX);
	buf_putf(b, "<p><a href=\"%s.%s\">%s</a></p>\n", e->name, coll_kind_ext(c->kind),
	        shown[c->kind]);
	html_end(b);
	about_clear(&about);
	return rc;
}

int html_object(struct html *x, const struct html_folder *f, const struct tree_coll *c,
        const struct tree_item *it, const struct html_entry *e, struct err *err)
{
	struct buf stem = buf_of(HTML_PATH_CAP), path = buf_of(HTML_PATH_CAP),
	           octets = buf_of(HTML_ITEM_MAX);
	int rc = 0;

	html_item_path(x, f, e, &stem);
	if (it->size <= HTML_ITEM_MAX)
		rc = tree_reader_octets(x->run->from, c, it, &octets, err);
	buf_putf(&path, "%s.%s", buf_str(&stem), coll_kind_ext(c->kind));
	rc = rc == 0 ? export_item_file(x->run, c, it, buf_str(&path), err) : rc;
	rc = rc == 0 ? put_page(x, f, c, it, e, buf_str(&stem), &octets, err) : rc;
	if (rc == 0) {
		buf_reset(&path);
		buf_putf(&path, "%s.html", buf_str(&stem));
		rc = html_write(x, buf_str(&path), err);
	}
	buf_clear(&stem);
	buf_clear(&path);
	buf_clear(&octets);
	return rc;
}
