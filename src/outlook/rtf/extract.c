/* What was in RTF: HTML or text that was put into it (MS-OXRTFEX), or the text that it says. */
#include "outlook/rtf/internal.h"
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"

enum {
	GROUPS_MAX = 512, /* within each other; what is deeper is passed over */
	FONTS_MAX = 32768,
	FIELDS_MAX = 16, /* within each other that are read */
	HEAD_TOKENS = 64, /* \fromhtml1, \fromtext are among the first ten, MS-OXRTFEX 2.2.3.1 */
};

/* Where the text of a group goes. */
enum place { TO_TEXT, TO_NOTHING, TO_FONTS, TO_TAG, TO_INSTRUCTION };
struct group {
	uint8_t place, outer; /* outer: of the group that an \upr stands in */
	uint8_t run; /* enum rtf_run */
	uint8_t hidden; /* bits */
	bool htmlrtf, list;
	bool note; /* this group is a footnote */
	uint8_t uc;
	int16_t field, field_of; /* whose text this is; which one this group is: -1 none */
	int32_t font, double_font; /* -1: none was chosen */
	int32_t cchs;
};
struct field {
	struct buf instruction;
	size_t text_at; /* where its text begins in the result */
};
struct rtf {
	struct rtf_lex lex;
	struct rtf_out out;
	enum rtf_was was;
	struct group *groups, *g; /* g: the one that is open */
	size_t depth; /* of all, those beyond GROUPS_MAX, too */
	bool first, starred; /* the group has had no token yet; but \* */
	unsigned skip; /* characters that stand for the \u before them */
	unsigned page;
	int32_t deff;
	uint16_t *fonts; /* code pages by number; 0: not said */
	int32_t font_now; /* whose entry in the table is read */
	bool font_has_page; /* it has a \cpg, which counts more than \fcharset */
	struct field fields[FIELDS_MAX];
	int n_fields; /* open now */
};

static unsigned page_of_font(const struct rtf *r, int32_t font)
{
	font = font < 0 ? r->deff : font;
	return font >= 0 && font < FONTS_MAX && r->fonts[font] ? r->fonts[font] : r->page;
}

/* The code page of an octet that comes now. */
static unsigned page_now(const struct rtf *r)
{
	const struct group *g = r->g;

	if (g->place == TO_TAG)
		return r->page;
	if (g->cchs >= 0 && rtf_charset_page(g->cchs))
		return rtf_charset_page(g->cchs);
	if (g->run == RUN_DOUBLE && g->double_font >= 0)
		return page_of_font(r, g->double_font);
	return page_of_font(r, g->font);
}

static bool shows(const struct rtf *r)
{
	const struct group *g = r->g;

	switch ((enum place)g->place) {
	case TO_TEXT:
		if (r->was == RTF_WAS_HTML)
			return !g->htmlrtf;
		return r->was == RTF_WAS_TEXT || !g->hidden;
	case TO_TAG:
		return !g->htmlrtf;
	case TO_INSTRUCTION:
		return true;
	default:
		return false;
	}
}

/* ---- groups ---- */

static void open_group(struct rtf *r)
{
	if (r->depth++ >= GROUPS_MAX)
		return;
	if (r->depth > 1) {
		r->groups[r->depth - 1] = r->groups[r->depth - 2];
		r->g = &r->groups[r->depth - 1];
		r->g->note = false;
		r->g->field_of = -1;
	}
	r->first = true;
	r->starred = false;
	r->skip = 0;
}

/* Behind the text of a link: where it leads, if that is not what it says. */
static void close_field(struct rtf *r)
{
	struct field *f = &r->fields[r->g->field_of];
	struct buf target = buf_of(FIELD_SIZE);
	const char *text;
	size_t n;

	out_flush(&r->out);
	n = r->out.main->len - MIN(f->text_at, r->out.main->len);
	text = buf_str(r->out.main) + r->out.main->len - n;
	if (field_target(&f->instruction, &target) && !field_says(text, n, &target)) {
		out_text(&r->out, n > 0 ? " <" : "<", n > 0 ? 2 : 1);
		out_text(&r->out, buf_str(&target), target.len);
		out_text(&r->out, ">", 1);
	}
	buf_clear(&target);
	buf_clear(&f->instruction);
	r->n_fields--;
}

static void close_group(struct rtf *r)
{
	struct group *closed = r->g;

	if (r->depth-- > GROUPS_MAX || r->depth == 0)
		return;
	if (closed->note && shows(r))
		out_octet(&r->out, 1252, ']');
	if (closed->field_of >= 0)
		close_field(r);
	r->g = &r->groups[r->depth - 1];
	if (closed->place == TO_INSTRUCTION && r->g->place != TO_INSTRUCTION)
		out_turn(&r->out, r->out.main);
	r->first = r->starred = false;
	r->skip = 0;
}

static void begin_field(struct rtf *r)
{
	struct field *f = &r->fields[r->n_fields];

	if (r->was != RTF_IS_RTF || !shows(r) || r->g->place != TO_TEXT ||
	        r->n_fields == FIELDS_MAX)
		return;
	f->instruction = buf_of(FIELD_SIZE);
	out_flush(&r->out);
	f->text_at = r->out.main->len;
	r->g->field = r->g->field_of = (int16_t)r->n_fields++;
}

static void begin_instruction(struct rtf *r)
{
	if (r->g->place == TO_TEXT && r->g->field >= 0) {
		out_turn(&r->out, &r->fields[r->g->field].instruction);
		r->g->place = TO_INSTRUCTION;
	} else if (r->g->place != TO_INSTRUCTION) {
		r->g->place = TO_NOTHING;
	}
}

static void begin_note(struct rtf *r)
{
	r->g->note = shows(r);
	if (r->g->note)
		out_text(&r->out, " [", 2);
}

/* A word that a group begins with, if it is a destination. false: it is none. */
static bool begin_place(struct rtf *r, const struct rtf_word *w)
{
	struct group *g = r->g;

	switch (w ? (enum rtf_kind)w->kind : RTF_FORMAT) {
	case RTF_SKIP:
		g->place = TO_NOTHING;
		return true;
	case RTF_LIST:
		g->list = true;
		if (r->was == RTF_WAS_HTML)
			g->place = TO_NOTHING;
		return true;
	case RTF_PASS:
		return true;
	case RTF_NOTE:
		begin_note(r);
		return true;
	case RTF_FONTS:
		g->place = TO_FONTS;
		r->font_now = -1;
		return true;
	case RTF_FIELD:
		begin_field(r);
		return true;
	case RTF_INSTRUCTION:
		begin_instruction(r);
		return true;
	case RTF_RESULT:
		if (g->field >= 0 && g->place == TO_TEXT) {
			out_flush(&r->out);
			r->fields[g->field].text_at = r->out.main->len;
		}
		return true;
	case RTF_UPR:
		g->outer = g->place;
		g->place = TO_NOTHING;
		return true;
	case RTF_TAG:
		if (r->was == RTF_WAS_HTML)
			g->place = TO_TAG;
		else
			g->place = TO_NOTHING;
		return true;
	default:
		if (r->starred) /* a reader that does not know it passes it over */
			g->place = TO_NOTHING;
		return r->starred;
	}
}

/* ---- words ---- */

static void read_font_table(struct rtf *r, const struct rtf_word *w)
{
	int32_t n = r->lex.number;

	if (w->kind == RTF_FONT && r->lex.has_number) {
		r->font_now = n >= 0 && n < FONTS_MAX ? n : -1;
		r->font_has_page = false;
	} else if (w->kind == RTF_FCHARSET && r->font_now >= 0 && !r->font_has_page) {
		r->fonts[r->font_now] = (uint16_t)rtf_charset_page(n);
	} else if (w->kind == RTF_CPG && r->font_now >= 0 && n > 0 && n <= UINT16_MAX) {
		r->fonts[r->font_now] = (uint16_t)n;
		r->font_has_page = true;
	}
}

/* Words that say how what follows is read. */
static void change_state(struct rtf *r, const struct rtf_word *w)
{
	struct group *g = r->g;
	int32_t n = r->lex.has_number ? r->lex.number : -1;

	switch ((enum rtf_kind)w->kind) {
	case RTF_UC:
		g->uc = n >= 0 && n < 256 ? (uint8_t)n : 1;
		break;
	case RTF_FONT:
	case RTF_AF:
		if (g->run == RUN_DOUBLE)
			g->double_font = n;
		else if (w->kind == RTF_FONT)
			g->font = n;
		break;
	case RTF_RUN:
		g->run = (uint8_t)w->value;
		break;
	case RTF_PLAIN:
		g->run = RUN_PLAIN;
		g->hidden = 0;
		g->font = g->double_font = g->cchs = -1;
		break;
	case RTF_HIDDEN:
		g->hidden = (uint8_t)(n == 0 ? g->hidden & ~w->value : g->hidden | w->value);
		break;
	case RTF_HTMLRTF:
		g->htmlrtf = n != 0;
		break;
	case RTF_CCHS:
		g->cchs = n;
		break;
	case RTF_PAGE:
		if (w->value || (n > 0 && n <= UINT16_MAX))
			r->page = w->value ? w->value : (unsigned)n;
		break;
	case RTF_DEFF:
		r->deff = n;
		break;
	default:
		break;
	}
}

static void put_point(struct rtf *r, uint32_t point)
{
	if (shows(r))
		out_point(&r->out, point);
}

static void end_row(struct rtf *r)
{
	struct buf *b = r->out.main;

	if (!shows(r) || r->g->place == TO_INSTRUCTION)
		return;
	out_flush(&r->out);
	if (b->len > r->out.start && b->data[b->len - 1] == '\t') /* of its last cell */
		b->data[--b->len] = '\0';
	out_text(&r->out, "\r\n", 2);
}

static void put_unicode(struct rtf *r)
{
	uint32_t point = (uint32_t)r->lex.number;

	if (!r->lex.has_number)
		return;
	if (r->lex.number < 0)
		point = (uint32_t)(r->lex.number + 65536);
	if (point >= 0xf020 && point <= 0xf0ff && page_now(r) == RTF_SYMBOL_PAGE)
		point = r->g->list ? 0x2022 : point - 0xf000;
	if (point != 0)
		put_point(r, point);
	r->skip = r->g->uc;
}

/* Words of which text comes; false: it is none of them. */
static bool put_word(struct rtf *r, const struct rtf_word *w)
{
	switch ((enum rtf_kind)w->kind) {
	case RTF_CHAR:
		if (r->skip > 0)
			r->skip--;
		else
			put_point(r, w->value);
		return true;
	case RTF_BREAK:
		if (shows(r))
			out_text(&r->out, "\r\n", 2);
		break;
	case RTF_CELL:
		if (r->was != RTF_WAS_HTML)
			put_point(r, '\t');
		break;
	case RTF_ROW:
		if (r->was != RTF_WAS_HTML)
			end_row(r);
		break;
	case RTF_UNICODE:
		put_unicode(r);
		return true;
	default:
		return false;
	}
	r->skip = 0;
	return true;
}

static void take_word(struct rtf *r)
{
	const struct rtf_word *w = rtf_word_of(r->lex.word);
	bool began = r->first;

	r->first = false;
	if (r->g->place == TO_NOTHING) { /* but for the Unicode of an \upr, nothing in it counts */
		if (began && r->starred && w && w->kind == RTF_UD)
			r->g->place = r->g->outer;
		r->g->outer = TO_NOTHING;
		return;
	}
	if (began && begin_place(r, w))
		return;
	if (!w)
		r->skip = 0;
	else if (r->g->place == TO_FONTS)
		read_font_table(r, w);
	else if (!put_word(r, w)) {
		r->skip = 0;
		change_state(r, w);
	}
}

static void take_symbol(struct rtf *r)
{
	uint8_t sign = r->lex.octet;

	if (sign == '*' && r->first) {
		r->starred = true;
		return;
	}
	r->first = false;
	if (r->skip > 0) {
		r->skip--;
		return;
	}
	if (sign == '~')
		put_point(r, 0xa0);
	else if (sign == '_') /* MS-OXRTFEX 2.1.3.1.4.2 has it as &shy; */
		put_point(r, r->was == RTF_WAS_HTML ? 0xad : 0x2011);
	else if (sign == '-' && r->was == RTF_WAS_HTML)
		put_point(r, 0xad);
}

static void take_octet(struct rtf *r)
{
	unsigned page;

	r->first = false;
	if (r->skip > 0) {
		r->skip--;
		return;
	}
	if (!shows(r))
		return;
	page = page_now(r);
	if (page == RTF_SYMBOL_PAGE && r->g->list && r->lex.octet > ' ')
		out_point(&r->out, 0x2022);
	else
		out_octet(&r->out, page, r->lex.octet);
}

static void read_all(struct rtf *r)
{
	enum rtf_token token;

	while (!r->out.full && (token = rtf_next(&r->lex)) != RTF_END) {
		if (token == RTF_OPEN) {
			open_group(r);
		} else if (token == RTF_CLOSE) {
			close_group(r);
			if (r->depth == 0) /* what follows is no part of it */
				break;
		} else if (r->depth > GROUPS_MAX) {
			continue;
		} else if (token == RTF_WORD) {
			take_word(r);
		} else if (token == RTF_SYMBOL) {
			take_symbol(r);
		} else {
			take_octet(r);
		}
	}
	/* Of fields that are still open the text is there. */
	out_turn(&r->out, r->out.main);
}

enum rtf_was rtf_what(const void *p, size_t n)
{
	struct rtf_lex l = {.p = p, .end = (const uint8_t *)p + n};
	enum rtf_token token;

	while (l.p < l.end && (*l.p <= ' ' || *l.p == 0xef || *l.p == 0xbb || *l.p == 0xbf))
		l.p++;
	if (rtf_next(&l) != RTF_OPEN || rtf_next(&l) != RTF_WORD || strcmp(l.word, "rtf") != 0)
		return RTF_NONE;
	for (int i = 0; i < HEAD_TOKENS; i++) {
		token = rtf_next(&l);
		if (token != RTF_WORD)
			break;
		if (strcmp(l.word, "fromtext") == 0)
			return RTF_WAS_TEXT;
		if (strcmp(l.word, "fromhtml") == 0 && (!l.has_number || l.number != 0))
			return RTF_WAS_HTML;
	}
	return RTF_IS_RTF;
}

int rtf_extract(const void *p, size_t n, struct buf *out, struct err *err)
{
	struct rtf *r;
	size_t from = out->len;
	enum rtf_was was = rtf_what(p, n);
	bool full;

	if (was == RTF_NONE)
		return 0;
	r = xcalloc(1, sizeof *r);
	r->lex.p = memchr(p, '{', n);
	r->lex.end = (const uint8_t *)p + n;
	r->was = was;
	r->page = 1252;
	r->deff = r->font_now = -1;
	r->fonts = xcalloc(FONTS_MAX, sizeof *r->fonts);
	r->groups = xcalloc(GROUPS_MAX, sizeof *r->groups);
	r->g = r->groups;
	*r->g = (struct group){.outer = TO_NOTHING,
	        .uc = 1,
	        .field = -1,
	        .field_of = -1,
	        .font = -1,
	        .double_font = -1,
	        .cchs = -1};
	out_init(&r->out, out);
	read_all(r);
	full = r->out.full;
	while (r->n_fields > 0)
		buf_clear(&r->fields[--r->n_fields].instruction);
	out_clear(&r->out);
	free(r->groups);
	free(r->fonts);
	free(r);
	if (was == RTF_WAS_HTML)
		html_say_utf8(out, from);
	return full ? err_set(err, ERR_LIMIT, ERR_ITEM, "RTF with more than %d octets of text",
	                      RTF_MAX)
	            : 0;
}
