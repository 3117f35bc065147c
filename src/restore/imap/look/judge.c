/* What a message of the target is to the item that it is taken for. */
#include "look.h"
#include "valise/format/mend.h"

/* One more thing that differs. */
static void put_part(struct buf *out, size_t begin)
{
	if (out->len > begin)
		buf_puts(out, "; ");
}

static const char *unlike_text(unsigned unlike)
{
	switch (unlike) {
	case UNLIKE_ENDS:
		return "line ends or NUL differ";
	case UNLIKE_HEAD:
		return "the header differs";
	case UNLIKE_TEXT:
		return "the text differs";
	default:
		return "header and text differ";
	}
}

static void put_octets(const struct tmsg_facts *f, struct buf *out)
{
	if (*f->form)
		buf_putf(out, "in another form (%s)", f->form);
	else
		buf_puts(out, unlike_text(f->unlike));
	if (f->size_there != f->size)
		buf_putf(out, ", %llu octets instead of %llu", (unsigned long long)f->size_there,
		        (unsigned long long)f->size);
}

static void put_date(const struct tmsg_facts *f, struct buf *out)
{
	const struct date there = {f->date_there, 0, true}, here = {f->date_utc, 0, true};
	char a[DATE_TEXT_SIZE], b[DATE_TEXT_SIZE];

	buf_putf(out, "INTERNALDATE %s instead of %s", date_format_imap(&there, a),
	        date_format_imap(&here, b));
}

static bool has_other_date(const struct tmsg_facts *f)
{
	return f->date_there != INT64_MIN && f->date_there != f->date_utc;
}

unsigned imap_look_by(const struct tmsg_facts *f, unsigned mended)
{
	unsigned by = 0;

	if (mended & (MEND_ALL | MEND_WRAP))
		by |= mended & MEND_NUL ? LOOK_BY_ENDS : LOOK_BY_FORM;
	else if (f->unlike & ~(unsigned)UNLIKE_ENDS || (*f->form && !f->unlike))
		by |= LOOK_BY_CONTENT;
	else if (f->unlike)
		by |= LOOK_BY_ENDS;
	return by | (has_other_date(f) ? LOOK_BY_DATE : 0u) |
	       (*f->lacks || f->doomed ? LOOK_BY_FLAGS : 0u);
}

enum look_state imap_look_judge(const struct tmsg_facts *f, struct buf *differs)
{
	size_t begin = differs->len;
	enum look_state state = LOOK_SAME;

	if (f->unlike || *f->form) {
		put_octets(f, differs);
		state = LOOK_OTHER;
	}
	if (has_other_date(f)) {
		put_part(differs, begin);
		put_date(f, differs);
		state = LOOK_OTHER;
	}
	if (*f->lacks) {
		put_part(differs, begin);
		buf_putf(differs, "without %s", f->lacks);
		state = state == LOOK_SAME ? LOOK_FLAGS : state;
	}
	if (f->doomed) {
		put_part(differs, begin);
		buf_puts(differs, "marked \\Deleted there: it goes when a program clears up");
		state = state == LOOK_SAME ? LOOK_FLAGS : state;
	}
	if (f->copy) {
		put_part(differs, begin);
		buf_putf(differs, "there once more, as UID %u", f->copy);
		state = state == LOOK_OTHER ? state : LOOK_TWICE;
	}
	return f->elsewhere ? LOOK_ELSEWHERE : state;
}
