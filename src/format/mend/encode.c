/* Bodies of parts, encoded again (RFC 2045 6.7, 6.8). */
#include "internal.h"

enum { COLUMNS = 76 };

/* One unit that no line end may stand in, after a soft line break where it must. */
static void quote_put(struct mend *m, const char *p, unsigned n)
{
	if (m->column + n > COLUMNS - 1) {
		mend_emit(m, "=\r\n", 3);
		m->column = 0;
	}
	mend_emit(m, p, n);
	m->column += n;
}

/* An octet as it is, or as "=XX". */
static void quote_octet(struct mend *m, uint8_t c, bool plain)
{
	static const char hex[] = "0123456789ABCDEF";
	char q[3] = {'=', hex[c >> 4], hex[c & 15]};

	if (plain)
		quote_put(m, (const char *)&c, 1);
	else
		quote_put(m, q, 3);
}

/* The line end that was kept back: CRLF is one, a bare LF is an octet like others. */
static void quote_eol(struct mend *m)
{
	if (m->eol == EOL_CRLF) {
		mend_emit(m, "\r\n", 2);
		m->column = 0;
	} else if (m->eol == EOL_LF) {
		quote_octet(m, '\n', false);
	}
	m->eol = EOL_NONE;
}

/*
 * A piece ends at the end of a line, or goes on: blanks at its end are encoded either
 * way.
 */
void quote_add(struct mend *m, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t c = p[i];
		bool blank = c == ' ' || c == '\t';
		bool ends = i + 1 == n || p[i + 1] == '\r' || p[i + 1] == '\n';

		if (c != '\n' && m->cr_held) {
			quote_eol(m);
			quote_octet(m, '\r', false);
		} else if (m->eol) {
			quote_eol(m);
		}
		if (c == '\n')
			m->eol = m->cr_held ? EOL_CRLF : EOL_LF;
		m->cr_held = c == '\r';
		if (c != '\n' && c != '\r')
			quote_octet(m, c, blank ? !ends : c > ' ' && c < 127 && c != '=');
	}
}

void quote_end(struct mend *m, bool at_boundary)
{
	if (m->cr_held)
		quote_octet(m, '\r', false);
	if (at_boundary)
		m->eol = EOL_CRLF;
	quote_eol(m);
	m->cr_held = false;
	m->column = 0;
}

void base64_fold(struct mend *m, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] <= ' ')
			continue;
		if (m->column == COLUMNS) {
			mend_emit(m, "\r\n", 2);
			m->column = 0;
		}
		mend_emit(m, &p[i], 1);
		m->column++;
	}
}

void base64_fold_end(struct mend *m)
{
	if (m->column)
		mend_emit(m, "\r\n", 2);
	m->column = 0;
}
