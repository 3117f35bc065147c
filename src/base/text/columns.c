/* How wide text is on a terminal: wcwidth of a UTF-8 locale, not of the process's. */
#include "valise/base/columns.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include <locale.h>
#include <stdbool.h>
#include <string.h>
#include <wchar.h>

/*
 * wcwidth asks the thread's locale: ours, for as long as text is measured. It takes a while
 * to make one, and most text is ASCII.
 */
struct measure {
	bool begun;
	locale_t utf8, before;
};

static void begin_measure(struct measure *m)
{
	m->begun = true;
	m->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	m->before = m->utf8 ? uselocale(m->utf8) : (locale_t)0;
}

static void end_measure(struct measure *m)
{
	if (!m->utf8)
		return;
	(void)uselocale(m->before);
	freelocale(m->utf8);
}

/* Octets and columns of the next character; what is none takes a column. */
static size_t next_char(struct measure *m, const char *s, size_t *columns_out)
{
	uint32_t point = 0;
	size_t len;
	int width;

	*columns_out = 1;
	if (*s >= ' ' && *s < 0x7f)
		return 1;
	if (!m->begun)
		begin_measure(m);
	len = utf8_next(s, strnlen(s, 4), &point);
	width = len && m->utf8 ? wcwidth((wchar_t)point) : 1;
	*columns_out = width < 0 ? 1 : (size_t)width;
	return len ? len : 1;
}

size_t text_columns(const char *s)
{
	struct measure m = {0};
	size_t sum = 0, wide;

	while (*s) {
		s += next_char(&m, s, &wide);
		sum += wide;
	}
	end_measure(&m);
	return sum;
}

char *text_cut(const char *s, size_t columns, char *out, size_t size)
{
	size_t dots = MIN(columns, 3), wide, fit = 0, width = 0, len = 0;
	struct measure m = {0};

	if (size == 0)
		return out;
	/* fit: the octets that leave room for the dots */
	while (s[len]) {
		size_t n = next_char(&m, s + len, &wide);

		if (width + wide > columns || len + n > size - 1)
			break;
		width += wide;
		len += n;
		if (width + dots <= columns && len + dots <= size - 1)
			fit = len;
	}
	end_measure(&m);
	if (!s[len]) {
		memcpy(out, s, len + 1);
		return out;
	}
	dots = MIN(dots, size - 1 - fit);
	memcpy(out, s, fit);
	memcpy(out + fit, "...", dots);
	out[fit + dots] = '\0';
	return out;
}
