/*
 * The structure of a message (RFC 2046): headers, and parts between boundaries. A first
 * pass notes which parts need another encoding, since their headers go out before them.
 */
#include <string.h>
#include <strings.h>
#include "valise/base/mem.h"
#include "internal.h"

void walk_start(struct mend *m)
{
	buf_reset(&m->line);
	buf_reset(&m->field);
	m->line_begun = m->field_over = m->cr_held = false;
	m->line_len = 0;
	m->place = IN_HEADER;
	m->top = true;
	memset(&m->now, 0, sizeof m->now);
	m->depth = m->part = 0;
	m->column = 0;
	m->eol = EOL_NONE;
	m->n_rest = 0;
}

/* What is known of the part; NULL: there are too many to be told apart. */
static uint8_t *known_part(struct mend *m)
{
	while (m->looking && m->n_parts <= m->part && m->part < PARTS_MAX)
		*ARR_PUSH(m->parts, m->n_parts, m->parts_cap) = 0;
	return m->part < m->n_parts ? &m->parts[m->part] : NULL;
}

/* ---- header ---- */

/*
 * The value of a parameter of a Content-Type, unquoted; "" if there is none or it is too
 * long.
 */
static void read_parameter(const char *s, const char *name, char out[BOUNDARY_SIZE])
{
	size_t len = strlen(name), n = 0;

	for (s = strchr(s, ';'); s; s = strchr(s, ';')) {
		s += 1 + strspn(s + 1, " \t\r\n");
		if (strncasecmp(s, name, len) == 0 && s[len + strspn(s + len, " \t")] == '=')
			break;
	}
	out[0] = '\0';
	if (!s)
		return;
	s = strchr(s, '=') + 1;
	s += strspn(s, " \t\r\n");
	if (*s == '"') {
		for (s++; *s && *s != '"' && n < BOUNDARY_SIZE - 1; s++) {
			if (*s == '\\' && s[1])
				s++;
			out[n++] = *s;
		}
	} else {
		n = strcspn(s, "; \t\r\n");
		n = n < BOUNDARY_SIZE ? n : BOUNDARY_SIZE - 1;
		memcpy(out, s, n);
	}
	out[n == BOUNDARY_SIZE - 1 ? 0 : n] = '\0';
}

/* What a Content-Type says of the entity. */
static void learn_type(struct entity *e, const char *v)
{
	char protocol[BOUNDARY_SIZE];

	v += strspn(v, " \t\r\n");
	e->has_type = true;
	e->rfc822 = strncasecmp(v, "message/rfc822", 14) == 0;
	e->other_message = !e->rfc822 && strncasecmp(v, "message/", 8) == 0;
	e->multipart = strncasecmp(v, "multipart/", 10) == 0;
	if (!e->multipart)
		return;
	read_parameter(v, "boundary", e->boundary);
	read_parameter(v, "protocol", protocol);
	e->digest = strncasecmp(v + 10, "digest", 6) == 0;
	if (strncasecmp(v + 10, "signed", 6) == 0 || strncasecmp(v + 10, "encrypted", 9) == 0 ||
	        *protocol)
		e->sealed = true;
}

/* What a field says of the entity: type, encoding, MIME or not. */
static void learn_field(struct mend *m)
{
	const char *s = buf_str(&m->field), *v = strchr(s, ':');
	struct entity *e = &m->now;

	if (!v)
		return;
	v++;
	if (field_named(m->field.data, m->field.len, "Content-Type") && !e->has_type) {
		learn_type(e, v);
	} else if (field_named(m->field.data, m->field.len, "Content-Transfer-Encoding")) {
		v += strspn(v, " \t\r\n");
		e->cte = strncasecmp(v, "base64", 6) == 0 ? CTE_BASE64
		         : strncasecmp(v, "7bit", 4) == 0 || strncasecmp(v, "8bit", 4) == 0 ||
		                         strncasecmp(v, "binary", 6) == 0
		                 ? CTE_PLAIN
		                 : CTE_OTHER;
	} else if (field_named(m->field.data, m->field.len, "MIME-Version")) {
		e->has_mime = true;
	}
}

/* Within a signed or encrypted part, which must stay as it is. */
static bool is_sealed(const struct mend *m)
{
	return m->depth && m->stack[m->depth - 1].sealed;
}

/* First pass: what flaws the field has. */
static void look_field(struct mend *m)
{
	const uint8_t *p = m->field.data;
	size_t n = m->field.len;

	if (m->top && octets_8bit(p, n))
		m->flaws |= MEND_8BIT;
	if (m->top && !m->field_over && field_is_bad(p, n))
		m->flaws |= MEND_FIELDS;
	if (!is_sealed(m) && field_foldable(p, n))
		m->flaws |= MEND_LONG;
	if (m->top && !m->field_over && m->what == MEND_WRAP)
		cover_field(m, p, n);
}

/* One field goes out. */
static void give_field(struct mend *m)
{
	struct buf two = buf_of(20 * FIELD_MAX);
	struct buf one = buf_of(16 * FIELD_MAX);
	const struct buf *from = &m->field;

	if (m->top && m->what & MEND_FIELDS && !m->field_over &&
	        field_is_bad(from->data, from->len)) {
		buf_puts(&one, "X-Invalid-Header: ");
		buf_put(&one, from->data, from->len);
		from = &one;
	}
	if (m->top && m->what & MEND_8BIT && octets_8bit(from->data, from->len)) {
		field_encode(from->data, from->len, &two);
		buf_reset(&one);
		buf_put(&one, two.data, two.len);
		buf_reset(&two);
		from = &one;
	}
	if (m->what & MEND_LONG && !is_sealed(m)) {
		field_fold(from->data, from->len, &two);
		from = &two;
	}
	mend_emit(m, from->data, from->len);
	buf_clear(&one);
	buf_clear(&two);
}

/* Is the part encoded again, as the first pass found? */
static bool encode_now(struct mend *m)
{
	const uint8_t *known = known_part(m);

	return known && ((*known & PART_LONG && m->what & MEND_LONG) ||
	                        (*known & PART_NUL && m->what & MEND_NUL));
}

/* The field is whole: learn from it, then look at it or give it out. */
static void field_done(struct mend *m)
{
	if (m->field.len == 0)
		return;
	if (!m->field_over)
		learn_field(m);
	if (m->looking)
		look_field(m);
	/* The new encoding is named at the end of the header. */
	else if (!(encode_now(m) && m->now.cte == CTE_PLAIN &&
	                 field_named(m->field.data, m->field.len, "Content-Transfer-Encoding")))
		give_field(m);
	buf_reset(&m->field);
	m->field_over = false;
}

/* Leaf parts whose octets stand for themselves or are base64 can be encoded again. */
static bool can_encode(const struct mend *m)
{
	const struct entity *e = &m->now;

	return !is_sealed(m) && !e->other_message && !e->multipart && !e->rfc822;
}

/* The multipart whose header was just read is open now. */
static void push_multipart(struct mend *m)
{
	struct frame *f = &m->stack[m->depth];
	bool seal = is_sealed(m) || m->now.sealed;

	f->len = strlen(m->now.boundary);
	memcpy(f->boundary, m->now.boundary, f->len + 1);
	f->sealed = seal;
	f->digest = m->now.digest;
	m->depth++;
}

/* A header begins: of a message, or of a part. */
static void entity_start(struct mend *m)
{
	memset(&m->now, 0, sizeof m->now);
	m->place = IN_HEADER;
	m->top = false;
	m->part++;
}

/* The empty line. */
static void header_done(struct mend *m, const uint8_t *p, size_t n)
{
	struct entity *e = &m->now;

	field_done(m);
	e->encode = !m->looking && can_encode(m) && encode_now(m) && e->cte == CTE_PLAIN;
	e->fold = !m->looking && can_encode(m) && encode_now(m) && e->cte == CTE_BASE64;
	if (e->encode && m->top && !e->has_mime)
		mend_emit(m, "MIME-Version: 1.0\r\n", 19);
	if (e->encode)
		mend_emit(m, "Content-Transfer-Encoding: quoted-printable\r\n", 45);
	mend_emit(m, p, n);
	m->place = IN_LEAF;
	m->top = false;
	if (e->multipart && *e->boundary && m->depth < DEPTH_MAX) {
		push_multipart(m);
		m->place = IN_BETWEEN;
	} else if (e->rfc822 && e->cte == CTE_PLAIN) {
		entity_start(m);
	}
}

/* ---- bodies ---- */

static void leaf_done(struct mend *m, bool at_boundary)
{
	if (m->place == IN_LEAF && m->now.encode)
		quote_end(m, at_boundary);
	if (m->place == IN_LEAF && m->now.fold)
		base64_fold_end(m);
}

/* First pass: does this part need another encoding? */
static void look_leaf(struct mend *m, const uint8_t *p, size_t n)
{
	uint8_t *known = known_part(m);

	if (!known || !can_encode(m))
		return;
	if (m->line_len > MEND_LINE_MAX && m->now.cte != CTE_OTHER) {
		*known |= PART_LONG;
		m->flaws |= MEND_LONG;
	}
	if (m->now.cte == CTE_PLAIN && memchr(p, 0, n))
		*known |= PART_NUL;
}

/* A line that is a boundary: the multipart it belongs to is what is open now. */
static bool take_boundary(struct mend *m, const uint8_t *p, size_t n)
{
	if (m->depth == 0 || n < 3 || p[0] != '-' || p[1] != '-')
		return false;
	for (size_t i = m->depth; i-- > 0;) {
		const struct frame *f = &m->stack[i];
		size_t at = 2 + f->len;
		bool ends;

		if (n < at || memcmp(p + 2, f->boundary, f->len) != 0)
			continue;
		ends = n >= at + 2 && p[at] == '-' && p[at + 1] == '-';
		for (at += ends ? 2 : 0; at < n && strchr(" \t\r\n", p[at]) && p[at];)
			at++;
		if (at < n)
			continue;
		field_done(m);
		leaf_done(m, true);
		mend_emit(m, p, n);
		m->depth = ends ? i : i + 1;
		entity_start(m);
		/* RFC 2046 5.1.5 */
		m->now.rfc822 = m->depth && m->stack[m->depth - 1].digest;
		if (ends)
			m->place = IN_BETWEEN;
		return true;
	}
	return false;
}

/* A line of a header, or a piece of a long one. */
static void header_piece(struct mend *m, const uint8_t *p, size_t n, bool first)
{
	size_t room = FIELD_MAX - m->field.len;

	if (first && (n == 1 || (n == 2 && *p == '\r')) && p[n - 1] == '\n') {
		header_done(m, p, n);
		return;
	}
	if (first && m->field.len && *p != ' ' && *p != '\t')
		field_done(m);
	if (n > room) { /* goes out in several, and is not understood */
		field_done(m);
		m->field_over = true;
	}
	buf_put(&m->field, p, n);
}

/* A line, or a piece of a long one. */
static void take_piece(struct mend *m, const uint8_t *p, size_t n, bool first)
{
	if (first && take_boundary(m, p, n))
		return;
	if (m->place == IN_HEADER) {
		header_piece(m, p, n, first);
		return;
	}
	if (m->looking && m->place == IN_LEAF)
		look_leaf(m, p, n);
	if (m->place == IN_LEAF && m->now.encode)
		quote_add(m, p, n);
	else if (m->place == IN_LEAF && m->now.fold)
		base64_fold(m, p, n);
	else
		mend_emit(m, p, n);
}

/* What was gathered of the line is passed on. */
static void line_flush(struct mend *m)
{
	if (m->line.len == 0)
		return;
	take_piece(m, m->line.data, m->line.len, !m->line_begun);
	m->line_begun = true;
	buf_reset(&m->line);
}

void walk_add(struct mend *m, const uint8_t *p, size_t n)
{
	while (n) {
		size_t room = PIECE_MAX - m->line.len, k = MIN(n, room);
		const uint8_t *lf = memchr(p, '\n', k);

		if (lf)
			k = (size_t)(lf - p) + 1;
		buf_put(&m->line, p, k);
		m->line_len += k - (lf != NULL);
		if (lf && m->line.len > 1 && m->line.data[m->line.len - 2] == '\r')
			m->line_len--;
		if (lf || m->line.len == PIECE_MAX)
			line_flush(m);
		if (lf) {
			m->line_begun = false;
			m->line_len = 0;
		}
		p += k;
		n -= k;
	}
}

void walk_end(struct mend *m)
{
	line_flush(m);
	field_done(m);
	leaf_done(m, false);
}
